//! A voice that plays a cassette: the same answers again, for demonstrations, tests and new raters.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::BoxFuture;
use futures_util::{StreamExt, stream};
use tokio::time::{Duration, Instant};

use super::answering::once;
use super::{Events, Provider};
use crate::domain::call::Call;
use crate::domain::cassette::{Take, answering, question};
use crate::domain::catalog::{Capability, ModelCard, ModelId};
use crate::domain::delta::Event;
use crate::domain::figures;
use crate::domain::{Error, ErrorKind, Result};
use crate::net::Client;

/// Where takes come from; they are read when they are first needed.
pub trait Tape: Send + Sync + std::fmt::Debug {
    fn takes<'a>(&'a self, net: &'a Client) -> BoxFuture<'a, Result<Arc<Vec<Take>>>>;
}

/// How fast answers come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Pace {
    /// As they came when they were recorded.
    #[default]
    Recorded,
    AtOnce,
}

/// A cassette as a provider. The model that `box/m` was when it was recorded is `NAME/box/m`.
#[derive(Debug, Clone)]
pub struct Replay {
    name: String,
    tape: Arc<dyn Tape>,
    pace: Pace,
    /// How often a question was asked, by the first take that answers it.
    asked: Arc<Mutex<BTreeMap<usize, usize>>>,
}

impl Replay {
    /// Plays `tape`.
    pub fn new(name: impl Into<String>, tape: Arc<dyn Tape>, pace: Pace) -> Self {
        Self { name: name.into(), tape, pace, asked: Arc::default() }
    }

    async fn find(&self, net: &Client, call: Call) -> Result<Take> {
        let takes = self.tape.takes(net).await?;
        let call = recorded(call)?;
        let Some(first) = answering(&takes, &call, 0) else {
            let model = call.model().map_or_else(String::new, ToString::to_string);
            return Err(Error::new(
                ErrorKind::NotFound,
                format!("playing the answer of {model}"),
                format!(
                    "the cassette has no answer to this; it has {}",
                    figures::count(takes.len() as u64, "answer", "answers")
                ),
                "Ask word for word what was asked when it was recorded; `outcrop cassettes show FILE` lists it.",
            ));
        };
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let count = asked.entry(first).or_default();
        let at = answering(&takes, &call, *count).unwrap_or(first);
        *count += 1;
        Ok(takes[at].clone())
    }

    async fn list(self, net: Client) -> Result<Event> {
        let takes = self.tape.takes(&net).await?;
        let mut models: BTreeMap<&ModelId, Vec<Capability>> = BTreeMap::new();
        for take in takes.iter() {
            let Some(model) = take.call.model() else { continue };
            let can = models.entry(model).or_default();
            for needed in take.call.needs() {
                if !can.contains(&needed) {
                    can.push(needed);
                }
            }
        }
        let cards = models.into_iter().map(|(model, capabilities)| {
            let id = ModelId::new(&self.name, model.as_str())?;
            let detail = "played from a cassette".to_owned();
            Ok(ModelCard { capabilities, detail, ..ModelCard::unknown(id) })
        });
        Ok(Event::Models { cards: cards.collect::<Result<_>>()? })
    }
}

/// The call as it was recorded: of the model that this one stands for.
fn recorded(mut call: Call) -> Result<Call> {
    let model = match &mut call {
        Call::Converse(converse) | Call::CountTokens(converse) => &mut converse.model,
        Call::Embed { model, .. } | Call::Pull { model } | Call::Remove { model } => model,
        Call::Rerank(asked) => &mut asked.model,
        Call::Image(picture) => &mut picture.model,
        Call::ListModels => return Ok(call),
    };
    *model = model.model().parse()?;
    Ok(question(&call))
}

impl Provider for Replay {
    fn name(&self) -> &str {
        &self.name
    }

    fn is_free(&self) -> bool {
        true
    }

    fn serve(&self, call: Call, net: &Client) -> Events {
        let (voice, net) = (self.clone(), net.clone());
        if matches!(call, Call::ListModels) {
            return once(voice.list(net));
        }
        let pace = self.pace;
        let found = async move { voice.find(&net, call).await };
        stream::once(found)
            .flat_map(move |found| match found {
                Ok(take) => play(take, pace),
                Err(error) => once(std::future::ready(Err(error))),
            })
            .boxed()
    }
}

fn play(take: Take, pace: Pace) -> Events {
    let began = Instant::now();
    let events = take.events.into_iter().map(|(at, event)| (at, Ok(event)));
    let events = events.chain(take.error.map(|(at, error)| (at, Err(error))));
    stream::iter(events.collect::<Vec<_>>())
        .then(move |(at, event)| async move {
            if pace == Pace::Recorded {
                tokio::time::sleep_until(began + Duration::from_millis(at)).await;
            }
            event
        })
        .boxed()
}
