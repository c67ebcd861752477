//! A short question to one model, kept nowhere: what it answers, how fast, for how much. And texts to one that makes vectors
//! of them, or puts them in order: what comes is the asker's alone.

use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};

use crate::domain::call::{Blobs, Call, Converse, Turn};
use crate::domain::catalog::{Capability, ModelId};
use crate::domain::delta::{Event, Fold};
use crate::domain::message::{Block, Role, Usage};
use crate::domain::rerank::Rerank;
use crate::domain::settings::Settings;
use crate::domain::tried::Tried;
use crate::domain::{Error, ErrorKind, Result};
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
    let talks = card.is_for(Capability::Chat);
    if card.is_for(Capability::Embed) && !talks {
        return embed(invoke, model, vec![text], terms);
    }
    if card.is_for(Capability::Images) && !talks {
        return stream::once(std::future::ready(Err(paints(model)))).boxed();
    }
    if card.is_for(Capability::Rerank) && !talks {
        return stream::once(std::future::ready(Err(ranks(model)))).boxed();
    }
    let longest = card.max_output.map_or(LONGEST, |tokens| tokens.min(LONGEST));
    let converse = Converse {
        model: model.clone(),
        system: None,
        turns: vec![Turn { role: Role::User, blocks: vec![Block::Text { text }] }],
        settings: Settings { max_tokens: Some(longest), ..Settings::default() },
        conversation: None,
        blobs: Blobs::default(),
    };
    told(invoke, model, Call::Converse(converse), terms)
}

/// One vector a text: `Event::Embeddings` among the deltas. Dropping the stream cancels it.
pub fn embed(
    invoke: &Invoke,
    model: &ModelId,
    texts: Vec<String>,
    terms: &Terms,
) -> BoxStream<'static, Result<Step>> {
    told(invoke, model, Call::Embed { model: model.clone(), texts, query: false }, terms)
}

/// All of the texts, those first that answer `query` best: `Event::Reranked` among the deltas. Dropping the stream cancels it.
pub fn rerank(
    invoke: &Invoke,
    model: &ModelId,
    query: String,
    texts: Vec<String>,
    terms: &Terms,
) -> BoxStream<'static, Result<Step>> {
    let top = texts.len();
    told(invoke, model, Call::Rerank(Rerank { model: model.clone(), query, texts, top }), terms)
}

/// Pictures are kept, and have a place of their own.
fn paints(model: &ModelId) -> Error {
    Error::new(
        ErrorKind::Refused { capability: Capability::Chat.as_str().to_owned() },
        format!("asking {model}"),
        "it makes pictures, and says nothing",
        format!(
            "The pictures place asks it, and `outcrop pictures make -m {model} PROMPT`: there its pictures are kept."
        ),
    )
}

/// It needs texts besides the question.
fn ranks(model: &ModelId) -> Error {
    Error::new(
        ErrorKind::Refused { capability: Capability::Chat.as_str().to_owned() },
        format!("asking {model}"),
        "it puts texts in order, and says nothing",
        format!("Give it texts besides: `outcrop models rerank -m {model} QUESTION TEXT TEXT`."),
    )
}

/// What comes of a call, and at its end how it went.
fn told(invoke: &Invoke, model: &ModelId, call: Call, terms: &Terms) -> BoxStream<'static, Result<Step>> {
    let price = invoke.card(model).price;
    let writes = matches!(call, Call::Converse(_));
    let clock = Clock::default();
    let terms = Terms { clock: Some(clock.clone()), ..terms.clone() };
    let events = invoke.serve(model, call, &terms);
    let asking = Some((events, Fold::default(), 0));
    stream::unfold(asking, move |asking| {
        let (price, clock) = (price.clone(), clock.clone());
        async move {
            let (mut events, mut fold, mut billed) = asking?;
            match events.next().await {
                Some(Ok(event)) => {
                    fold.push(&event);
                    if let Event::Reranked { searches, .. } = &event {
                        billed = *searches;
                    }
                    Some((Ok(Step::Delta(event)), Some((events, fold, billed))))
                }
                Some(Err(error)) => Some((Err(error), None)),
                None => {
                    let timing = clock.timing();
                    // What makes vectors, or an order, writes nothing, and says nothing of it.
                    let output = fold.usage.output.or((!writes).then_some(0));
                    let cost = price.and_then(|price| {
                        let by_search = price.of_searches(billed);
                        by_search.or_else(|| price.of(&Usage { output, ..fold.usage }))
                    });
                    Some((Ok(Step::Tried(Tried { usage: fold.usage, timing, cost })), None))
                }
            }
        }
    })
    .boxed()
}
