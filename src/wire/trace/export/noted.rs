//! What people thought of a span, as OpenTelemetry's event `gen_ai.evaluation.result` tells a score.

use crate::domain::trace::{Note, SpanEvent};

/// The event. Who said it stands under OpenTelemetry's name for a person; that it was one, under the name that OpenInference has
/// for it, since the convention has none.
pub fn noted(note: &Note) -> SpanEvent {
    let score = note.score();
    let at = u64::try_from(note.at.0).unwrap_or(0).saturating_mul(1_000_000);
    let mut event = SpanEvent { at, name: "gen_ai.evaluation.result".to_owned(), ..SpanEvent::default() };
    let attributes = &mut event.attributes;
    attributes.push("gen_ai.evaluation.name", score.name);
    attributes.put("gen_ai.evaluation.score.value", score.value);
    attributes.put("gen_ai.evaluation.score.label", score.label);
    attributes.put("gen_ai.evaluation.explanation", score.explanation);
    attributes.put("gen_ai.evaluation.annotator_kind", score.by);
    attributes.push("user.name", note.by.as_str());
    event
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::NoteId;
    use crate::domain::time::Timestamp;
    use crate::domain::trace::{Grade, Opinion, SpanKey, TraceId, TraceSpan};
    use crate::wire::trace::meaning::contents;

    #[test]
    fn what_is_written_is_read_as_the_score_that_it_was() {
        for grade in [None, Some(Grade::Number(0.75)), Some(Grade::Label("good".to_owned()))] {
            let note = Note {
                id: NoteId::from_bytes([1; 16]),
                trace: TraceId([2; 16]),
                span: Some(SpanKey(3)),
                said: Opinion::new(grade, "too slow"),
                by: "me".to_owned(),
                at: Timestamp(7),
            };
            let mut span = TraceSpan { id: SpanKey(3), ..TraceSpan::default() };
            span.events.push(noted(&note));
            assert_eq!(contents(&span).scores, [note.score()]);
            assert_eq!(span.events[0].at, 7_000_000);
            assert_eq!(span.events[0].attributes.text("user.name"), Some("me"));
        }
    }
}
