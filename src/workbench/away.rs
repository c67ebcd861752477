//! The door of a rater who has a hand-out and nothing else: its items are rated, and no workspace is opened for it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures_util::future::BoxFuture;
use futures_util::stream::{self, StreamExt};

use super::request::evaluations::Evaluations as Ask;
use super::{Context, Replies, Reply, Request, Workbench};
use crate::domain::evaluation::sheet::Pace;
use crate::domain::{Error, ErrorKind, Result};
use crate::service::evaluations::away;

/// A hand-out before its rater.
#[derive(Debug, Clone)]
pub struct Away {
    rater: Arc<away::Away>,
}

impl Away {
    /// The hand-out that is meant by what stands for an evaluation; `None` where an evaluation is.
    pub fn meant(name: &str) -> Option<PathBuf> {
        away::Away::meant(name)
    }

    /// Opens a hand-out for its rater, with the file of their votes: beside it where none is named.
    pub fn open(file: &Path, rater: &str, ratings: Option<PathBuf>) -> Result<Self> {
        Ok(Self { rater: Arc::new(away::Away::open(file, rater, ratings)?) })
    }

    /// Where the votes are.
    pub fn ratings(&self) -> &Path {
        self.rater.ratings()
    }

    /// How far its rater is.
    pub fn pace(&self) -> Pace {
        self.rater.pace()
    }
}

fn answered(rater: &away::Away, request: Ask) -> Result<Reply> {
    match request {
        Ask::Find { .. } => Ok(Reply::Evaluation { evaluation: rater.evaluation() }),
        Ask::Sit { step, .. } => Ok(Reply::Seat { seat: rater.sit(step)? }),
        Ask::Rate { cast, .. } => Ok(Reply::Seat { seat: rater.rate(cast)? }),
        _ => Err(closed()),
    }
}

fn closed() -> Error {
    let why = "there is a hand-out here and nothing else";
    let hint = "`outcrop eval take-in` takes its ratings in where the evaluation is.";
    Error::new(ErrorKind::Invalid, "asking for something else than its items", why, hint)
}

impl Workbench for Away {
    fn call(&self, _: Context, request: Request) -> Replies {
        let Request::Evaluations(request) = request else {
            return stream::once(async { Err(closed()) }).boxed();
        };
        let rater = Arc::clone(&self.rater);
        stream::once(async move {
            // A disk may take its time.
            let done = tokio::task::spawn_blocking(move || answered(&rater, request)).await;
            done.map_err(|why| Error::internal("rating a hand-out", why.to_string()))?
        })
        .boxed()
    }

    fn close(&self) -> BoxFuture<'static, ()> {
        // A vote on its way is kept before the process ends.
        let rater = Arc::clone(&self.rater);
        Box::pin(async move {
            let _ = tokio::task::spawn_blocking(move || rater.pace()).await;
        })
    }
}
