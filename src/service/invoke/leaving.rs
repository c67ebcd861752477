//! What is set and not sent: said of a call, and known of a model before one is made.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use futures_util::{StreamExt, stream};

use crate::domain::Result;
use crate::domain::call::{Blobs, Converse};
use crate::domain::catalog::{Capability, ModelCard, ModelId};
use crate::domain::delta::Event;
use crate::domain::id::ConversationId;
use crate::domain::left_out::LeftOut;
use crate::domain::settings::{Effort, Settings};
use crate::provider::{Events, Provider};

/// So many remarks are remembered, so that each is made once in a conversation.
const REMEMBERED: usize = 256;

/// Which remarks were made in which conversations, and on which models.
#[derive(Debug, Default)]
pub(super) struct Told {
    remarks: Mutex<VecDeque<(ConversationId, ModelId, String)>>,
}

impl Told {
    /// Whether this was not said there of that model before; now it is. What is no conversation hears it each time.
    pub fn is_news(&self, conversation: Option<ConversationId>, model: &ModelId, text: &str) -> bool {
        let Some(conversation) = conversation else { return true };
        let remark = (conversation, model.clone(), text.to_owned());
        let mut remarks = self.remarks.lock().unwrap_or_else(PoisonError::into_inner);
        if remarks.contains(&remark) {
            return false;
        }
        if remarks.len() == REMEMBERED {
            remarks.pop_front();
        }
        remarks.push_back(remark);
        true
    }
}

/// The same events, and before the first that is of the answer what `said` then says: by then the voice knows by which of
/// its ways it asks, and one of them may leave nothing out.
pub(super) fn before(events: Events, said: impl FnOnce() -> Option<String> + Send + 'static) -> Events {
    let start = (events, Some(said), None::<Result<Event>>);
    stream::unfold(start, |(mut events, mut said, held)| async move {
        if let Some(item) = held {
            return Some((item, (events, said, None)));
        }
        let item = events.next().await?;
        let waits = matches!(
            item,
            Ok(Event::Queued { .. }
                | Event::Paused { .. }
                | Event::Begun
                | Event::Notice { .. }
                | Event::Context { .. })
        );
        if !waits && let Some(text) = said.take().and_then(|said| said()) {
            return Some((Ok(Event::Notice { text }), (events, said, Some(item))));
        }
        Some((item, (events, said, None)))
    })
    .boxed()
}

/// What the person should know of the settings of a call that are not sent; `None` where all are.
pub(super) fn said(voice: &dyn Provider, converse: &Converse, card: &ModelCard) -> Option<String> {
    let mut all = voice.left_out(converse);
    // That a model which does not think shall not think needs no word.
    if converse.settings.reasoning == Some(Effort::Off) && card.can(Capability::Reasoning) == Some(false) {
        for left in &mut all {
            left.settings.retain(|name| name != "reasoning");
        }
        all.retain(|left| !left.settings.is_empty());
    }
    LeftOut::said(&all)
}

/// The settings that the voice never sends to that model, whatever else is set.
pub(super) fn always(voice: &dyn Provider, model: &ModelId) -> Vec<LeftOut> {
    // Apart from the others: what thinks may not be drawn.
    let thought = Settings { reasoning: Some(Effort::Low), ..Settings::default() };
    let mut all = left_out(voice, model, drawn());
    all.extend(left_out(voice, model, thought));
    all
}

/// Those that it does not send besides while the model of that card thinks first.
pub(super) fn thinking(voice: &dyn Provider, card: &ModelCard) -> Vec<LeftOut> {
    let mut all = left_out(voice, &card.id, Settings { reasoning: Some(Effort::Low), ..drawn() });
    let known = |name: &String| card.unsent.iter().any(|left| left.settings.contains(name));
    for left in &mut all {
        left.settings.retain(|name| !known(name));
    }
    all.retain(|left| !left.settings.is_empty());
    all
}

/// Every setting of how an answer is drawn.
fn drawn() -> Settings {
    Settings {
        temperature: Some(0.5),
        top_p: Some(0.5),
        top_k: Some(1),
        repeat_penalty: Some(1.5),
        max_tokens: Some(1),
        stop: vec![".".to_owned()],
        seed: Some(1),
        ..Settings::default()
    }
}

fn left_out(voice: &dyn Provider, model: &ModelId, settings: Settings) -> Vec<LeftOut> {
    voice.left_out(&Converse {
        model: model.clone(),
        system: None,
        turns: Vec::new(),
        settings,
        conversation: None,
        blobs: Blobs::default(),
    })
}
