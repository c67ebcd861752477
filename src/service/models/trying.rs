//! A short question to one model, kept nowhere: what it answers, how fast, for how much.

use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use tokio::time::Instant;

use crate::domain::Result;
use crate::domain::call::{Blobs, Call, Converse, Turn};
use crate::domain::catalog::ModelId;
use crate::domain::delta::{Event, Fold};
use crate::domain::message::{Block, Role, Timing};
use crate::domain::settings::Settings;
use crate::domain::tried::Tried;
use crate::service::invoke::{Invoke, Terms};

/// The longest answer, in tokens: enough to judge by.
const LONGEST: u32 = 512;

/// What comes of it.
#[derive(Debug)]
pub enum Step {
    Delta(Event),
    /// The last one.
    Tried(Tried),
}

/// Asks `text`. Dropping the stream stops the answer.
pub fn ask(
    invoke: &Invoke,
    model: &ModelId,
    text: String,
    terms: &Terms,
) -> BoxStream<'static, Result<Step>> {
    let price = invoke.card(model).price;
    let converse = Converse {
        model: model.clone(),
        system: None,
        turns: vec![Turn { role: Role::User, blocks: vec![Block::Text { text }] }],
        settings: Settings { max_tokens: Some(LONGEST), ..Settings::default() },
        conversation: None,
        blobs: Blobs::default(),
    };
    let began = Instant::now();
    let ms = move || u32::try_from(began.elapsed().as_millis()).unwrap_or(u32::MAX);
    let events = invoke.serve(model, Call::Converse(converse), terms);
    let asking = Some((events, Fold::default(), None));
    stream::unfold(asking, move |asking| {
        let price = price.clone();
        async move {
            let (mut events, mut fold, mut first) = asking?;
            match events.next().await {
                Some(Ok(event)) => {
                    if matches!(event, Event::Text { .. } | Event::Reasoning { .. }) {
                        first.get_or_insert_with(ms);
                    }
                    fold.push(&event);
                    Some((Ok(Step::Delta(event)), Some((events, fold, first))))
                }
                Some(Err(error)) => Some((Err(error), None)),
                None => {
                    let timing = Timing { first_token_ms: first, total_ms: Some(ms()) };
                    let cost = price.and_then(|price| price.of(&fold.usage));
                    Some((Ok(Step::Tried(Tried { usage: fold.usage, timing, cost })), None))
                }
            }
        }
    })
    .boxed()
}
