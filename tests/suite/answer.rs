//! A whole answer of a voice, from the stream that it is.

use futures_util::StreamExt;
use outcrop::domain::Error;
use outcrop::domain::delta::{Event, Fold};
use outcrop::domain::message::Block;
use outcrop::provider::Events;

/// What came, and the error that ended it.
pub async fn whole(mut events: Events) -> (Fold, Option<Error>) {
    let mut fold = Fold::default();
    while let Some(event) = events.next().await {
        match event {
            Ok(event) => fold.push(&event),
            Err(error) => return (fold, Some(error)),
        }
    }
    (fold, None)
}

/// Its text.
pub fn text(fold: &Fold) -> String {
    let text = |block: &Block| if let Block::Text { text } = block { text.clone() } else { String::new() };
    fold.blocks.iter().map(text).collect()
}

/// Everything that came; none of it may be an error.
pub async fn events(events: Events) -> Vec<Event> {
    let events: Vec<_> = events.collect().await;
    events.into_iter().map(Result::unwrap).collect()
}
