//! A short question to one model, kept nowhere: what it answers, how fast, for how much.

use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};

use crate::domain::Result;
use crate::domain::call::{Blobs, Call, Converse, Turn};
use crate::domain::catalog::ModelId;
use crate::domain::delta::{Event, Fold};
use crate::domain::message::{Block, Role};
use crate::domain::settings::Settings;
use crate::domain::tried::Tried;
use crate::service::invoke::{Clock, Invoke, Terms};

/// The longest answer, in tokens, of a model that can write so much: enough to judge by.
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
    let card = invoke.card(model);
    let longest = card.max_output.map_or(LONGEST, |tokens| tokens.min(LONGEST));
    let price = card.price;
    let converse = Converse {
        model: model.clone(),
        system: None,
        turns: vec![Turn { role: Role::User, blocks: vec![Block::Text { text }] }],
        settings: Settings { max_tokens: Some(longest), ..Settings::default() },
        conversation: None,
        blobs: Blobs::default(),
    };
    let clock = Clock::default();
    let terms = Terms { clock: Some(clock.clone()), ..terms.clone() };
    let events = invoke.serve(model, Call::Converse(converse), &terms);
    let asking = Some((events, Fold::default()));
    stream::unfold(asking, move |asking| {
        let (price, clock) = (price.clone(), clock.clone());
        async move {
            let (mut events, mut fold) = asking?;
            match events.next().await {
                Some(Ok(event)) => {
                    fold.push(&event);
                    Some((Ok(Step::Delta(event)), Some((events, fold))))
                }
                Some(Err(error)) => Some((Err(error), None)),
                None => {
                    let timing = clock.timing();
                    let cost = price.and_then(|price| price.of(&fold.usage));
                    Some((Ok(Step::Tried(Tried { usage: fold.usage, timing, cost })), None))
                }
            }
        }
    })
    .boxed()
}
