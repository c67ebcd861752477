//! What a person is asked to agree to while a run waits for their word.

use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};

use super::halt::Halt;
use super::kept;
use super::offered::Offered;
use super::run::Running;
use crate::domain::agent::action::{What, named, shown};
use crate::domain::agent::turn::Asked;
use crate::domain::agent::{AgentEvent, Executor};
use crate::domain::{Error, ErrorKind};

impl Running {
    /// Asks about tools that nobody has agreed to as they are now, before a model hears of them.
    pub(super) async fn agree_to_servers(&mut self) -> Result<(), Halt> {
        let asks = self.servers.asks();
        if asks.is_empty() {
            return Ok(());
        }
        for (at, shown) in asks {
            let (run, group) = (self.run.id, self.definition.groups[at].name.clone());
            let id = format!("tools of {group}");
            let ask = AgentEvent::Agree { run, id: id.clone(), group: group.clone(), shown };
            if self.waits(id, ask).await? {
                let (agent, pinned) = (self.run.agent, self.servers.agree(at));
                self.agents.archive.run(move |store| kept::pin(store, agent, group, pinned)).await?;
            } else {
                let left = self.servers.refuse(at).join(", ");
                let text = format!("left out of {group}, since nobody has agreed to them: {left}");
                self.tell(AgentEvent::Remark { text }).await;
            }
        }
        self.offered = Offered::of(&self.definition, &self.servers)?;
        self.run.hashes = self.offered.hashes(&self.definition);
        self.store().await?;
        Ok(())
    }

    /// Asks whether a call may be made. Only the person's own word counts.
    pub(super) async fn agreed(&mut self, asked: &Asked) -> Result<bool, Halt> {
        // A server may give calls of several steps one id: a word about one is none about another.
        let id = format!("{}:{}", self.run.spent.steps, asked.id);
        let confirm = AgentEvent::Confirm {
            run: self.run.id,
            id: id.clone(),
            action: asked.name.clone(),
            shown: self.request(asked),
            again: self.was_made(asked),
        };
        self.waits(id, confirm).await
    }

    /// What a call would send: of an API the request, of what takes events the event as it is written, of all else the values;
    /// below what has several values these once more, to be read.
    fn request(&self, asked: &Asked) -> String {
        let sent = self.sent(asked);
        sent.unwrap_or_else(|| shown(&asked.input.to_string(), &asked.input))
    }

    fn sent(&self, asked: &Asked) -> Option<String> {
        let action = named(&self.offered.actions, &asked.name)?;
        let group = &self.definition.groups[action.group];
        match (&group.runs, &action.what) {
            (Executor::Http(endpoint), What::Operation(operation)) => {
                let base = endpoint.url.as_deref().or(self.offered.servers[action.group].as_deref())?;
                Some(operation.request(&asked.input).ok()?.under(&endpoint.headers).shown(base))
            }
            (Executor::Http(_) | Executor::Program(_) | Executor::Lambda { .. }, _) => {
                let event = self.event(group, action, &asked.input);
                Some(shown(&event.to_string(), &asked.input))
            }
            _ => None,
        }
    }

    /// Waits for a person's word on what is told by `event`, and no longer than who asks waits for all of it.
    async fn waits(&mut self, id: String, event: AgentEvent) -> Result<bool, Halt> {
        let (say, said) = oneshot::channel();
        let (key, told) = ((self.run.id, id.clone()), id);
        self.agents.pending().insert(key, say);
        let since = Instant::now();
        self.tell(event).await;
        let said = match self.until {
            Some(until) => timeout_at(until, said).await,
            None => Ok(said.await),
        };
        self.waited += since.elapsed();
        let agreed = said.map_err(|_| unsaid())?.unwrap_or(false);
        self.tell(AgentEvent::Decided { id: told, agreed }).await;
        Ok(agreed)
    }
}

/// The time of who asks is over, and nobody has said a word.
fn unsaid() -> Error {
    let why = "nobody has said in time whether it may do what it asks for";
    Error::new(ErrorKind::Timeout, "running an agent", why, "Run it again with more time, and answer it.")
}
