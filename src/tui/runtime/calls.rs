//! Calls that are under way: their replies, merged until the next frame takes them.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::StreamExt;
use tokio::sync::{Notify, oneshot};
use tokio::task::{AbortHandle, JoinSet};

use crate::domain::Error;
use crate::domain::agent::AgentEvent;
use crate::domain::delta::Event as Delta;
use crate::tui::effect::{Lane, Order, TaskId};
use crate::tui::event::Event;
use crate::workbench::{Context, Door, Replies, Reply, Request};

/// Replies that one stream may have waiting. Beyond, it is not read until a frame has taken them.
const WAITING: usize = 1_024;

/// Everything that was asked through the door and is not over.
#[derive(Debug)]
pub struct Calls {
    door: Door,
    open: BTreeMap<TaskId, Call>,
    lanes: HashMap<Lane, TaskId>,
    /// Is over when the act that was asked last has its first reply.
    acted: Option<oneshot::Receiver<()>>,
    pumps: JoinSet<()>,
    bells: Bells,
}

/// What the loop is woken by.
#[derive(Debug, Default, Clone)]
struct Bells {
    /// Some stream has something to take.
    arrived: Arc<Notify>,
    /// An answer has come to its end: nobody waits for a frame to see its last words.
    ended: Arc<Notify>,
}

#[derive(Debug)]
struct Call {
    slot: Arc<Slot>,
    pump: AbortHandle,
}

/// Where a stream's replies wait.
#[derive(Debug, Default)]
struct Slot {
    waiting: Mutex<Waiting>,
    /// A frame took what was here.
    taken: Notify,
}

/// How a stream ended.
#[derive(Debug)]
enum End {
    Over,
    Failed(Error),
}

#[derive(Debug, Default)]
struct Waiting {
    replies: Vec<Reply>,
    end: Option<End>,
    /// The door was asked.
    asked: bool,
    /// It was cancelled before that.
    unwanted: bool,
}

impl Waiting {
    fn take(&mut self) -> (Vec<Reply>, Option<End>) {
        (std::mem::take(&mut self.replies), self.end.take())
    }
}

impl Slot {
    /// A pump that panicked leaves whole values behind.
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Calls {
    pub fn new(door: Door) -> Self {
        Self {
            door,
            open: BTreeMap::new(),
            lanes: HashMap::new(),
            acted: None,
            pumps: JoinSet::new(),
            bells: Bells::default(),
        }
    }

    /// Asks, when its order says.
    pub fn start(&mut self, task: TaskId, order: Order, context: Context, request: Request) {
        if let Order::Instead(lane) = order
            && let Some(before) = self.lanes.insert(lane, task)
        {
            self.cancel(before);
        }
        let slot = Arc::new(Slot::default());
        let pump = if order == Order::After {
            let (acts, acted) = oneshot::channel();
            let before = self.acted.replace(acted);
            self.pumps.spawn(act(
                self.door.clone(),
                (context, request),
                before,
                acts,
                slot.clone(),
                self.bells.clone(),
            ))
        } else {
            slot.lock().asked = true;
            let replies = self.door.call(context, request);
            self.pumps.spawn(pump(replies, None, slot.clone(), self.bells.clone()))
        };
        if let Some(replaced) = self.open.insert(task, Call { slot, pump }) {
            replaced.pump.abort();
        }
    }

    /// Drops the replies of a call, and what waits of them.
    pub fn cancel(&mut self, task: TaskId) {
        let Some(call) = self.open.remove(&task) else { return };
        let mut waiting = call.slot.lock();
        if waiting.asked {
            call.pump.abort();
        } else {
            // Those after it still wait for the one before it.
            waiting.unwanted = true;
        }
    }

    /// Whether anything that was asked is not over.
    pub fn are_open(&self) -> bool {
        !self.open.is_empty()
    }

    /// Until something can be drained.
    pub async fn woken(&self) {
        self.bells.arrived.notified().await;
    }

    /// Until an answer has ended.
    pub async fn ended(&self) {
        self.bells.ended.notified().await;
    }

    /// What arrived since the last time: one event a stream, and its end.
    pub fn drain(&mut self) -> Vec<Event> {
        // Finished pumps are let go of.
        while self.pumps.try_join_next().is_some() {}
        let mut events = Vec::new();
        self.open.retain(|task, call| {
            let (replies, end) = call.slot.lock().take();
            if !replies.is_empty() {
                call.slot.taken.notify_one();
                events.push(Event::Replies { task: *task, replies });
            }
            let Some(end) = end else { return true };
            let error = match end {
                End::Over => None,
                End::Failed(error) => Some(error),
            };
            events.push(Event::Ended { task: *task, error });
            false
        });
        events
    }

    /// Cancels everything and waits until every stream is dropped.
    pub async fn end(&mut self) {
        self.open.clear();
        self.pumps.shutdown().await;
    }
}

/// Asks when the act before is done, and pumps.
async fn act(
    door: Door,
    (context, request): (Context, Request),
    before: Option<oneshot::Receiver<()>>,
    acts: oneshot::Sender<()>,
    slot: Arc<Slot>,
    bells: Bells,
) {
    if let Some(before) = before {
        // Dropped unsent, it is over as well.
        let _ = before.await;
    }
    {
        let mut waiting = slot.lock();
        if waiting.unwanted {
            return;
        }
        waiting.asked = true;
    }
    pump(door.call(context, request), Some(acts), slot, bells).await;
}

/// Moves replies from the door into the slot; the first one lets the next act begin.
async fn pump(mut replies: Replies, mut acts: Option<oneshot::Sender<()>>, slot: Arc<Slot>, bells: Bells) {
    loop {
        let next = replies.next().await;
        drop(acts.take());
        let full = {
            let mut waiting = slot.lock();
            match next {
                Some(Ok(reply)) => {
                    if is_stop(&reply) {
                        bells.ended.notify_one();
                    }
                    merge(&mut waiting.replies, reply);
                }
                Some(Err(error)) => waiting.end = Some(End::Failed(error)),
                None => waiting.end = Some(End::Over),
            }
            if waiting.end.is_some() {
                bells.arrived.notify_one();
                return;
            }
            waiting.replies.len() >= WAITING
        };
        bells.arrived.notify_one();
        if full {
            slot.taken.notified().await;
        }
    }
}

fn is_stop(reply: &Reply) -> bool {
    matches!(
        reply,
        Reply::Delta { event: Delta::Stop { .. } }
            | Reply::AgentEvent { event: AgentEvent::Delta { event: Delta::Stop { .. } } }
    )
}

/// Appends a reply; a piece of text joins the piece before it.
fn merge(replies: &mut Vec<Reply>, reply: Reply) {
    let both = match (replies.last_mut(), &reply) {
        (Some(Reply::Delta { event: last }), Reply::Delta { event: next })
        | (
            Some(Reply::AgentEvent { event: AgentEvent::Delta { event: last } }),
            Reply::AgentEvent { event: AgentEvent::Delta { event: next } },
        ) => Some((last, next)),
        _ => None,
    };
    match both {
        Some(
            (Delta::Text { text }, Delta::Text { text: more })
            | (Delta::Reasoning { text }, Delta::Reasoning { text: more }),
        ) => text.push_str(more),
        _ => replies.push(reply),
    }
}
