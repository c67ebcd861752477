//! Traces that are handed on: as OTLP, for people, as rows of datasets. What of a trace cannot be read costs itself alone: it is
//! named, and the rest goes on.

use futures_util::stream::BoxStream;

use super::view::View;
use super::{Traces, said};
use crate::domain::trace::run::Written;
use crate::domain::trace::{TraceId, TraceSpan};
use crate::domain::{Error, ErrorKind, Result};
use crate::wire::trace::export::{self, Report};
use crate::wire::trace::otlp::{json, protobuf};

const DOING: &str = "writing a trace";

/// Spans of a trace that is written for people.
const READABLE: u64 = 20_000;

/// A trace that is written out: bytes again and again, then a line for each part of it that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WriteStep {
    Bytes(Vec<u8>),
    Damaged(Vec<String>),
}

impl Traces {
    /// A trace for other programs and for people, in pieces.
    pub fn export(&self, id: TraceId, form: Written) -> BoxStream<'static, Result<WriteStep>> {
        self.pieces(move |view, send| {
            let run = view.run(id)?;
            if matches!(form, Written::Markdown | Written::Html) && run.spans > READABLE {
                let why = format!("it has {} spans, and nobody reads more than {READABLE}", run.spans);
                let hint = "Write it as OTLP: --format json.";
                return Err(Error::new(ErrorKind::Invalid, DOING, why, hint));
            }
            let mut whole = Vec::new();
            let damaged = hand_on(view, id, DOING, |spans| {
                Ok(send(WriteStep::Bytes(match form {
                    Written::Json => [json::encode(&spans).as_bytes(), b"\n"].concat(),
                    Written::Protobuf => protobuf::encode(&spans),
                    Written::Prompts => export::prompts(&spans).text.into_bytes(),
                    Written::OpenAi => export::openai(&spans).text.into_bytes(),
                    // The tree of all of them is written, once they are there.
                    Written::Markdown | Written::Html => {
                        whole.extend(spans);
                        return Ok(true);
                    }
                })))
            })?;
            let report = || Report::of(&whole, |facts| view.price_of(facts));
            match form {
                Written::Markdown => send(WriteStep::Bytes(export::markdown(&report()).into_bytes())),
                Written::Html => send(WriteStep::Bytes(export::html(&report()).into_bytes())),
                Written::Json | Written::Protobuf | Written::Prompts | Written::OpenAi => true,
            };
            if !damaged.is_empty() {
                send(WriteStep::Damaged(damaged));
            }
            Ok(())
        })
    }
}

/// Gives the spans of a trace to `take`, some at a time and with what people noted on them, until it says `false`; a line for each
/// part that cannot be read.
pub(super) fn hand_on(
    view: &View<'_>,
    id: TraceId,
    doing: &str,
    mut take: impl FnMut(Vec<TraceSpan>) -> Result<bool>,
) -> Result<Vec<String>> {
    let noted = view.noted(id)?;
    let mut damaged = noted.damaged.clone();
    let (mut given, mut failed) = (0, None);
    view.visit(id, |first, spans| {
        let taken = match spans {
            Ok(mut spans) => {
                given += spans.len();
                // The span itself is handed on, and says so too.
                damaged.extend((first..).zip(&spans).filter_map(|(row, span)| {
                    let why = said::unreadable(span)?;
                    Some(format!("what was said in span {row} cannot be read: {why}"))
                }));
                noted.write(&mut spans);
                take(spans)
            }
            Err(error) if error.kind == ErrorKind::Corrupt => {
                damaged.push(error.to_string());
                Ok(true)
            }
            Err(error) => Err(error),
        };
        taken.unwrap_or_else(|error| {
            failed = Some(error);
            false
        })
    })?;
    match failed {
        Some(error) => Err(error),
        None if given == 0 => Err(none(doing, &damaged)),
        None => Ok(damaged),
    }
}

/// Nothing of a trace is there to be handed on.
fn none(doing: &str, damaged: &[String]) -> Error {
    let hint = "`outcrop traces list` shows the traces that there are.";
    match damaged.first() {
        Some(first) => {
            Error::new(ErrorKind::Corrupt, doing, format!("none of its spans can be read; {first}"), hint)
        }
        None => Error::new(ErrorKind::NotFound, doing, "it has no spans any more", hint),
    }
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};

    use super::*;
    use crate::domain::call::Turn;
    use crate::domain::id::{NoteId, SpanId};
    use crate::domain::message::{Block, Role};
    use crate::domain::time::Timestamp;
    use crate::domain::trace::told::Told;
    use crate::domain::trace::{Grade, Note, Opinion, Span, SpanKind};
    use crate::service::trace::bench::Bench;
    use crate::store::record::{Kind, NoNote, NoteOf};
    use crate::store::{Batch, Record};

    /// What lies in the place of what was said in a call.
    #[derive(Serialize, Deserialize)]
    struct Silence;

    impl Record for Silence {
        const KIND: Kind = Kind::Told;
        const SCHEMA: u8 = 1;
        type Key = SpanId;
    }

    #[test]
    fn of_a_damaged_trace_the_rest_is_handed_on_and_what_is_not_there_is_named() {
        let bench = Bench::new(None);
        let view = bench.view();
        let [root, broken, sound] = [1, 2, 3].map(|number| SpanId::from_bytes([number; 16]));
        let trace = TraceId(*root.as_bytes());
        let mut batch = Batch::new();
        for (id, parent) in [(root, None), (broken, Some(root)), (sound, Some(root))] {
            let span = Span { parent, ..Span::begun(id, SpanKind::Converse, "p", Timestamp(1_000)) };
            batch.put(&id, &span).unwrap();
        }
        let said = vec![Block::Text { text: "Hello".to_owned() }];
        let told = Told { input: vec![Turn { role: Role::User, blocks: said }], ..Told::default() };
        batch.put(&sound, &told).unwrap().put(&broken, &Silence).unwrap();
        let [good, bad] = [1, 2].map(|number| NoteId::from_bytes([number; 16]));
        let said = Opinion { name: "tone".to_owned(), grade: Some(Grade::Number(1.0)), text: String::new() };
        let note = Note { id: good, trace, span: None, said, by: "me".to_owned(), at: Timestamp(1_000) };
        batch.put(&NoteOf(trace, good), &note).unwrap().put(&NoteOf(trace, bad), &NoNote).unwrap();
        bench.store.commit(batch).unwrap();

        let mut given = Vec::new();
        let damaged = hand_on(&view, trace, "writing", |spans| {
            given.extend(spans);
            Ok(true)
        });
        let damaged = damaged.unwrap();
        assert_eq!(damaged.len(), 2, "{damaged:?}");
        assert!(damaged[0].starts_with(&format!("note {} cannot be read", bad.short())), "{damaged:?}");
        assert!(damaged[1].starts_with("what was said in span 1 cannot be read"), "{damaged:?}");
        assert_eq!(given.len(), 3, "the spans themselves are all there");
        assert_eq!(given.iter().filter(|span| said::unreadable(span).is_some()).count(), 1);
        assert!(given[2].attributes.text("gen_ai.input.messages").is_some_and(|said| said.contains("Hello")));
        assert_eq!(given[0].events.len(), 1, "the note on all of it goes with the first span");

        let gone = hand_on(&view, TraceId([9; 16]), "writing", |_| Ok(true)).unwrap_err();
        assert_eq!((gone.kind, gone.why.as_str()), (ErrorKind::NotFound, "it has no spans any more"));
    }
}
