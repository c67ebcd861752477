//! A call on its way to whoever owns the workspace: sent once, and to the next owner where the first did nothing of it.

use std::sync::Arc;

use futures_util::{StreamExt, stream};
use tokio::sync::watch;

use super::attached::{State, while_ours};
use super::silence::{LULL, Silence};
use super::there::not_begun;
use super::{Changed, Context, Replies, Reply, Request, Workbench};
use crate::domain::change::Topic;
use crate::domain::{ErrorKind, Result};

/// A call that may have to change its owner.
pub(super) struct Asking {
    state: watch::Receiver<State>,
    context: Context,
    request: Request,
    /// `None` until it was sent.
    replies: Option<Replies>,
    retries: u32,
    /// Replies that the face has got.
    heard: u64,
    done: bool,
    /// Where a long wait is told.
    silence: Arc<Silence>,
    /// What came of such waits, for the watch that has notices.
    told: Option<watch::Receiver<Option<String>>>,
}

/// What comes to a call that waits for an owner.
enum Wait {
    Over(Result<State>),
    News(String),
}

impl Asking {
    /// A call with the replies that it has where it was sent already.
    pub fn new(
        state: watch::Receiver<State>,
        (context, request): (Context, Request),
        replies: Option<Replies>,
        silence: &Arc<Silence>,
    ) -> Self {
        let told = matches!(request, Request::Watch { topic: Topic::Models }).then(|| silence.follow());
        let silence = Arc::clone(silence);
        Self { state, context, request, replies, retries: 1, heard: 0, done: false, silence, told }
    }

    pub fn replies(self) -> Replies {
        stream::unfold(self, step).boxed()
    }

    fn watches(&self) -> bool {
        matches!(self.request, Request::Watch { .. })
    }

    /// Waits until there is an owner, or there is something to be told meanwhile.
    async fn wait(&mut self) -> Wait {
        let Self { state, silence, told, .. } = self;
        tokio::select! {
            biased;
            state = settled(state, silence) => Wait::Over(state),
            text = news(told) => Wait::News(text),
        }
    }

    /// What a call that was sent hears next: a reply, or what the owner cannot say itself.
    async fn hear(&mut self) -> Option<Result<Reply>> {
        let watches = self.watches();
        let Self { replies: Some(replies), silence, told, .. } = self else {
            return None;
        };
        let mut news = std::pin::pin!(news(told));
        loop {
            tokio::select! {
                biased;
                reply = replies.next() => return reply,
                text = &mut news => return Some(Ok(notice(text))),
                () = tokio::time::sleep(LULL), if !watches => silence.notice(),
            }
        }
    }

    /// A change with its number, which goes on over a change of owner.
    fn numbered(&mut self, change: Changed) -> Reply {
        self.heard += 1;
        Reply::Changed { number: self.heard, change }
    }
}

/// What is told to the watch that has notices; nothing comes to others.
async fn news(told: &mut Option<watch::Receiver<Option<String>>>) -> String {
    while let Some(told) = told
        && told.changed().await.is_ok()
    {
        if let Some(text) = told.borrow_and_update().clone() {
            return text;
        }
    }
    std::future::pending().await
}

/// Its number is given by who passes it on.
fn notice(text: String) -> Reply {
    Reply::Changed { number: 0, change: Changed::Notice { text } }
}

async fn step(mut asking: Asking) -> Option<(Result<Reply>, Asking)> {
    loop {
        if asking.done {
            return None;
        }
        if asking.replies.is_none() {
            match asking.wait().await {
                // `None` where the connection went in this very moment: nothing was sent, the next owner is waited for.
                Wait::Over(Ok(State::There(there))) => {
                    asking.replies = there.try_call(&asking.context, &asking.request);
                }
                Wait::Over(Ok(State::Ours(door, _))) => {
                    let replies = door.call(asking.context.clone(), asking.request.clone());
                    let watches = asking.watches();
                    asking.replies =
                        Some(if watches { while_ours(replies, asking.state.clone()) } else { replies });
                }
                Wait::Over(Ok(State::Failed(error, _)) | Err(error)) => {
                    asking.done = true;
                    return Some((Err(error), asking));
                }
                Wait::Over(Ok(State::Between)) => {}
                Wait::News(text) => {
                    let told = asking.numbered(Changed::Notice { text });
                    return Some((Ok(told), asking));
                }
            }
            continue;
        }
        match asking.hear().await? {
            Ok(Reply::Changed { change, .. }) => {
                let changed = asking.numbered(change);
                return Some((Ok(changed), asking));
            }
            Ok(reply) => {
                asking.heard += 1;
                return Some((Ok(reply), asking));
            }
            // Once this process closes its door nobody looks for the next owner.
            Err(error)
                if matches!(error.kind, ErrorKind::Detached | ErrorKind::NotBegun)
                    && asking.state.has_changed().is_ok() =>
            {
                asking.replies = None;
                if asking.watches() {
                    // What changed meanwhile was missed; the watch itself goes on with the next owner.
                    let missed = asking.numbered(Changed::Missed);
                    return Some((Ok(missed), asking));
                }
                if error.kind == ErrorKind::NotBegun && asking.heard == 0 {
                    continue;
                }
                if asking.request.is_query() && asking.retries > 0 && asking.heard == 0 {
                    asking.retries -= 1;
                    continue;
                }
                asking.done = true;
                return Some((Err(error), asking));
            }
            Err(error) => {
                asking.done = true;
                return Some((Err(error), asking));
            }
        }
    }
}

/// The state, once it is one that can be called or reported.
pub(super) async fn settled(state: &mut watch::Receiver<State>, silence: &Silence) -> Result<State> {
    let ready = |state: &State| match state {
        State::There(there) => !there.is_gone(),
        State::Ours(..) | State::Failed(..) => true,
        State::Between => false,
    };
    let mut settled = std::pin::pin!(async {
        state.wait_for(ready).await.map(|state| state.clone()).map_err(|_| not_begun())
    });
    loop {
        tokio::select! {
            biased;
            state = &mut settled => return state,
            () = tokio::time::sleep(LULL) => silence.stand_by(),
        }
    }
}
