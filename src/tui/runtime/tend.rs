//! Knowledge bases are tended while the screen is open: the times of their sources, and files that change.

use std::time::Duration;

use futures_util::StreamExt;
use tokio_util::task::AbortOnDropHandle;

use crate::domain::change::Topic;
use crate::workbench::context::Face;
use crate::workbench::{Context, Door, Request};

/// A workspace that does not open now may do so later.
const AGAIN: Duration = Duration::from_secs(30);

/// Has them tended until what is given back is dropped. What comes of it is seen in the bases.
pub fn tend(door: Door) -> AbortOnDropHandle<()> {
    AbortOnDropHandle::new(tokio::spawn(async move {
        loop {
            let request = Request::Watch { topic: Topic::Tending(None) };
            let mut replies = door.call(Context::of(Face::Tui), request);
            while replies.next().await.is_some() {}
            tokio::time::sleep(AGAIN).await;
        }
    }))
}
