//! What a person is asked to agree to while a run waits for their word. Another window may answer first: then the question is taken
//! back, and the run goes on.

use std::collections::VecDeque;

use futures_util::StreamExt;

use super::super::out::{self, Out};
use super::super::{Asker, End, ask};
use crate::domain::agent::AgentEvent;
use crate::domain::untrusted::safe_line;
use crate::domain::{ErrorKind, Result};
use crate::workbench::request::agents::Agents;
use crate::workbench::{Replies, Reply, Request};

/// So much of a run is heard while a question stands; more waits for the answer.
const MOST_AHEAD: usize = 256;

/// The replies about a run. Those that come while a question stands are told after it.
pub(in crate::cli) struct Following {
    replies: Replies,
    ahead: VecDeque<Result<Reply>>,
    is_over: bool,
}

impl Following {
    pub(in crate::cli) const fn of(replies: Replies) -> Self {
        Self { replies, ahead: VecDeque::new(), is_over: false }
    }

    pub(in crate::cli) async fn next(&mut self) -> Option<Result<Reply>> {
        if let Some(reply) = self.ahead.pop_front() {
            return Some(reply);
        }
        if self.is_over {
            return None;
        }
        let reply = self.replies.next().await;
        self.is_over = reply.is_none();
        reply
    }

    /// Waits for what becomes of a call without a word from here; `None` where too much else came to wait for it.
    async fn decided(&mut self, call: &str) -> Option<Elsewhere> {
        if let Some(known) = self.ahead.iter().find_map(|reply| Elsewhere::of(reply, call)) {
            return Some(known);
        }
        while self.ahead.len() < MOST_AHEAD {
            let heard = if self.is_over { None } else { self.replies.next().await };
            let Some(reply) = heard else {
                self.is_over = true;
                return Some(Elsewhere::Ended);
            };
            let decided = Elsewhere::of(&reply, call);
            self.ahead.push_back(reply);
            if decided.is_some() {
                return decided;
            }
        }
        None
    }
}

/// What became of a call without a word from here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Elsewhere {
    Agreed,
    Refused,
    /// The run has come to its end.
    Ended,
}

impl Elsewhere {
    fn of(reply: &Result<Reply>, call: &str) -> Option<Self> {
        match reply {
            Ok(Reply::AgentEvent { event: AgentEvent::Decided { id, agreed } }) if id == call => {
                Some(if *agreed { Self::Agreed } else { Self::Refused })
            }
            Ok(Reply::AgentEvent { event: AgentEvent::Ended { .. } } | Reply::Finished { .. }) | Err(_) => {
                Some(Self::Ended)
            }
            Ok(_) => None,
        }
    }

    const fn words(self) -> &'static str {
        match self {
            Self::Agreed => "note: it was agreed to in another window",
            Self::Refused => "note: it was refused in another window",
            Self::Ended => "note: the run has ended, and waits for nobody's word any more",
        }
    }
}

/// Asks whether something may be done that a run waits with, and says so; `false` of any other event.
pub(in crate::cli) async fn decides(
    event: &AgentEvent,
    yes: bool,
    following: &mut Following,
    asker: &Asker,
    out: &mut Out,
) -> Result<bool, End> {
    let (run, call, asked, (question, doing)) = match event {
        AgentEvent::Confirm { run, id, action, shown, again } => {
            let action = safe_line(action);
            let (asked, question) = if *again {
                let asked =
                    format!("{action} is to be called again, as it was already in this run, with:\n{shown}");
                (asked, "Call it again?")
            } else {
                (format!("{action} is to be called with:\n{shown}"), "Call it?")
            };
            (run, id, asked, (question, "calling it"))
        }
        AgentEvent::Agree { run, id, group, shown } => {
            let group = safe_line(group);
            let asked = format!("The server of {group} has tools that nobody has agreed to:\n{shown}");
            (run, id, asked, ("May the agent use them?", "using them"))
        }
        _ => return Ok(false),
    };
    if !out.json {
        out.end_piece().await?;
    }
    out::say(&asked);
    let agreed = if yes {
        true
    } else if ask::somebody() {
        let answered = tokio::select! {
            biased;
            Some(decided) = following.decided(call) => {
                // The line of the question has no end yet.
                out::say("");
                out::say(decided.words());
                return Ok(true);
            }
            answered = ask::agreed(false, question, doing) => answered,
        };
        match answered {
            Ok(()) => true,
            Err(error) if error.kind == ErrorKind::Cancelled => false,
            Err(error) => return Err(error.into()),
        }
    } else {
        out::say("note: it is refused, since nobody is there to agree; --yes agrees to every call");
        false
    };
    let decide = Agents::Decide { run: *run, call: call.clone(), agreed };
    match asker.one(Request::Agents(decide), out).await {
        Ok(_) => {}
        // Somebody was first: the run goes on with what they have said.
        Err(End::Error(error)) if error.kind == ErrorKind::NotFound => {
            let decided = following.decided(call).await.map(Elsewhere::words);
            out::say(decided.unwrap_or("note: it was answered in another window, or the run has ended"));
        }
        Err(end) => return Err(end),
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use futures_util::stream;

    use super::*;

    #[expect(clippy::unnecessary_wraps, reason = "as the door gives them")]
    fn told(event: AgentEvent) -> Result<Reply> {
        Ok(Reply::AgentEvent { event })
    }

    fn decided(id: &str, agreed: bool) -> Result<Reply> {
        told(AgentEvent::Decided { id: id.to_owned(), agreed })
    }

    fn remark(text: &str) -> Result<Reply> {
        told(AgentEvent::Remark { text: text.to_owned() })
    }

    #[tokio::test]
    async fn a_word_from_elsewhere_is_heard_and_all_that_came_is_told_after_it_in_its_order() {
        let replies =
            [remark("one"), decided("b", false), remark("two"), decided("a", true), remark("three")];
        let mut following = Following::of(stream::iter(replies.clone()).boxed());
        assert_eq!(following.decided("a").await, Some(Elsewhere::Agreed));
        assert_eq!(
            following.decided("b").await,
            Some(Elsewhere::Refused),
            "it came while another question stood"
        );
        assert_eq!(following.decided("c").await, Some(Elsewhere::Ended), "nothing comes any more");
        for reply in replies {
            assert_eq!(following.next().await, Some(reply));
        }
        assert_eq!(following.next().await, None);
    }

    #[tokio::test]
    async fn a_run_that_ends_settles_every_question() {
        let error = crate::domain::Error::internal("running", "it broke");
        let replies = stream::iter([remark("one"), Err(error)]).chain(stream::pending());
        let mut following = Following::of(replies.boxed());
        assert_eq!(following.decided("a").await, Some(Elsewhere::Ended));
        assert_eq!(following.next().await, Some(remark("one")));
    }
}
