//! The calls themselves, one by one, with what was said in them where that is wanted.

use crate::domain::conversation::{Conversation, Thread};
use crate::domain::id::{ConversationId, MessageId, SpanId};
use crate::domain::message::Message;
use crate::domain::time::Timestamp;
use crate::domain::trace::Span;
use crate::domain::usage::{HOUR, Invocation, Query, Said, Subject};
use crate::domain::{ErrorKind, Result};
use crate::store::{Scan, Store};

/// Calls that are handed over at a time.
const PIECE: usize = 64;

/// Hands over the calls that the store still has, oldest first, until `take` wants no more. Damaged records are left out.
/// Blocks.
pub(super) fn invocations(
    store: &Store,
    query: Query,
    texts: bool,
    mut take: impl FnMut(&[Invocation]) -> bool,
) -> Result<()> {
    let mut piece = Vec::with_capacity(PIECE);
    let mut threads = Threads { store, last: None };
    // Ids are in the order of time, but for the moment between the two clocks of a call.
    let since = query.since.map(|since| Timestamp(since.0 - 2 * HOUR));
    let scan = since.map_or_else(Scan::all, |since| Scan::all().after(&SpanId::before(since)));
    for record in store.scan::<Span>(scan) {
        let span = match record {
            Ok((_, span)) => span,
            Err(error) if error.kind == ErrorKind::Corrupt => continue,
            Err(error) => return Err(error),
        };
        let hour = Timestamp(span.started.0.div_euclid(HOUR) * HOUR);
        if !query.holds(hour) || Subject::of(&span).is_none() {
            continue;
        }
        let said = if texts { threads.said(&span)? } else { None };
        piece.push(Invocation { span, said });
        if piece.len() == PIECE {
            if !take(&piece) {
                return Ok(());
            }
            piece.clear();
        }
    }
    if !piece.is_empty() {
        take(&piece);
    }
    Ok(())
}

/// The conversations of calls; those that follow each other are most often of one.
struct Threads<'a> {
    store: &'a Store,
    last: Option<Thread>,
}

impl Threads<'_> {
    /// What was said in a call; `None` where it was of no conversation, or that is gone.
    fn said(&mut self, span: &Span) -> Result<Option<Said>> {
        let (Some(conversation), Some(answer)) = (span.conversation, span.answer) else { return Ok(None) };
        let stale = |thread: &Thread| {
            thread.conversation.id != conversation || find(&thread.messages, answer).is_none()
        };
        if self.last.as_ref().is_none_or(stale) {
            self.last = self.thread(conversation)?;
        }
        let Some(Thread { conversation, messages }) = &self.last else { return Ok(None) };
        let Some(answer) = find(messages, answer) else { return Ok(None) };
        let mut turns = Vec::new();
        let mut parent = answer.parent;
        while let Some(message) = parent.and_then(|id| find(messages, id))
            && turns.len() < messages.len()
        {
            turns.push(message.clone());
            parent = message.parent;
        }
        turns.reverse();
        Ok(Some(Said { system: conversation.system.clone(), turns, answer: answer.clone() }))
    }

    fn thread(&self, id: ConversationId) -> Result<Option<Thread>> {
        let Some(conversation) = self.store.get::<Conversation>(&id)? else { return Ok(None) };
        let messages = self.store.scan::<Message>(Scan::under(&id)).filter_map(Result::ok);
        Ok(Some(Thread { conversation, messages: messages.map(|(_, message)| message).collect() }))
    }
}

fn find(messages: &[Message], id: MessageId) -> Option<&Message> {
    messages.iter().find(|message| message.id == id)
}
