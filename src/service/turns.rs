//! Who is changing which conversation now, and which answers are being written.
//!
//! Reading a conversation and writing it back is one act: whoever does that holds the conversation meanwhile, and the
//! others follow in the order in which they came. An answer that is being written is listed here until it is stored.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::OwnedMutexGuard;
use tokio_util::sync::CancellationToken;

use crate::domain::id::{ConversationId, MessageId};
use crate::domain::message::Outcome;
use crate::domain::{Error, ErrorKind, Result};

/// The registry; copies share it.
#[derive(Debug, Clone, Default)]
pub struct Turns(Arc<Mutex<Book>>);

#[derive(Debug, Default)]
struct Book {
    held: HashMap<ConversationId, Arc<tokio::sync::Mutex<()>>>,
    running: HashMap<u64, Running>,
    /// How many have begun.
    begun: u64,
    closed: bool,
    interrupted: bool,
}

#[derive(Debug, Clone)]
struct Running {
    conversation: ConversationId,
    answer: MessageId,
    /// Asks the turn to stop.
    stop: CancellationToken,
    /// Its answer is stored.
    stored: CancellationToken,
}

/// A conversation is held while this lives.
#[derive(Debug)]
pub struct Hold {
    _held: OwnedMutexGuard<()>,
}

/// An answer is being written until it is `stored`, or this is dropped.
#[derive(Debug)]
pub struct Turn {
    turns: Turns,
    number: u64,
    running: Running,
}

impl Turns {
    /// Waits until nobody else holds the conversation.
    pub async fn hold(&self, conversation: ConversationId) -> Hold {
        let place = {
            let mut book = self.book();
            // Places that nobody holds or waits for.
            book.held.retain(|_, place| Arc::strong_count(place) > 1);
            Arc::clone(book.held.entry(conversation).or_default())
        };
        Hold { _held: place.lock_owned().await }
    }

    /// Begins to write an answer.
    ///
    /// # Errors
    ///
    /// `Busy` where that very answer is still being written; `Cancelled` once the program ends.
    pub fn begin(&self, conversation: ConversationId, answer: MessageId) -> Result<Turn> {
        let mut book = self.book();
        if book.closed {
            return Err(Error::cancelled("asking a model while the program ends"));
        }
        let writes = |running: &Running| running.answer == answer && !running.stored.is_cancelled();
        if book.running.values().any(writes) {
            return Err(Error::new(
                ErrorKind::Busy,
                "continuing an answer",
                "it is still being written",
                "Stop it first, or wait for its end.",
            ));
        }
        let running = Running {
            conversation,
            answer,
            stop: CancellationToken::new(),
            stored: CancellationToken::new(),
        };
        book.begun += 1;
        let number = book.begun;
        book.running.insert(number, running.clone());
        Ok(Turn { turns: self.clone(), number, running })
    }

    /// Stops what is being written in a conversation and waits until it is stored.
    pub async fn end(&self, conversation: ConversationId) {
        self.end_where(|running| running.conversation == conversation).await;
    }

    /// Lets nothing begin any more, stops everything and waits until it is stored.
    pub async fn close(&self) {
        self.book().closed = true;
        self.end_where(|_| true).await;
    }

    /// What is stopped from now on was stopped by nobody: the program ends before those who asked have their answers.
    pub fn interrupt(&self) {
        self.book().interrupted = true;
    }

    /// How an answer has ended.
    pub fn ended(&self, outcome: Outcome) -> Outcome {
        match outcome {
            Outcome::Stopped if self.book().interrupted => Outcome::Interrupted,
            outcome => outcome,
        }
    }

    async fn end_where(&self, chosen: impl Fn(&Running) -> bool) {
        let ending: Vec<Running> =
            self.book().running.values().filter(|running| chosen(running)).cloned().collect();
        for running in &ending {
            running.stop.cancel();
        }
        for running in ending {
            running.stored.cancelled().await;
        }
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Turn {
    /// Asked to stop.
    pub fn stop(&self) -> &CancellationToken {
        &self.running.stop
    }

    /// The answer is stored: nobody needs to wait for it any more.
    pub fn stored(&self) {
        self.running.stored.cancel();
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.turns.book().running.remove(&self.number);
        self.stored();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::fresh;

    #[tokio::test]
    async fn those_who_wait_for_a_conversation_get_it_in_their_order() {
        let turns = Turns::default();
        let id = fresh::conversation_id();
        let first = turns.hold(id).await;
        let order = Arc::new(Mutex::new(Vec::new()));
        let mut waiting = Vec::new();
        for number in 0..5 {
            let (turns, order) = (turns.clone(), Arc::clone(&order));
            waiting.push(tokio::spawn(async move {
                let _held = turns.hold(id).await;
                order.lock().unwrap().push(number);
            }));
            tokio::task::yield_now().await;
        }
        // Another conversation is nobody's concern.
        drop(turns.hold(fresh::conversation_id()).await);
        assert!(order.lock().unwrap().is_empty());
        drop(first);
        for one in waiting {
            one.await.unwrap();
        }
        assert_eq!(*order.lock().unwrap(), [0, 1, 2, 3, 4]);
    }

    #[test]
    fn what_nobody_has_stopped_was_interrupted() {
        let turns = Turns::default();
        assert_eq!(turns.ended(Outcome::Stopped), Outcome::Stopped);
        turns.interrupt();
        assert_eq!(turns.ended(Outcome::Stopped), Outcome::Interrupted);
        let error = Error::internal("asking", "it broke");
        let failed = Outcome::Failed { error };
        assert_eq!(turns.ended(failed.clone()), failed);
    }

    #[tokio::test]
    async fn an_answer_has_one_writer_and_its_end_is_waited_for() {
        let turns = Turns::default();
        let (conversation, answer) = (fresh::conversation_id(), fresh::message_id());
        let turn = turns.begin(conversation, answer).unwrap();
        assert_eq!(turns.begin(conversation, answer).unwrap_err().kind, ErrorKind::Busy);
        let writer = tokio::spawn(async move {
            turn.stop().cancelled().await;
            tokio::task::yield_now().await;
            drop(turn);
        });
        turns.end(conversation).await;
        assert!(turns.begin(conversation, answer).is_ok(), "it had ended");
        writer.await.unwrap();
        turns.close().await;
        assert_eq!(turns.begin(conversation, answer).unwrap_err().kind, ErrorKind::Cancelled);
    }
}
