//! A span as it came, in parts of a sheet: every attribute, event and link, and who made it. Nothing is left out for what it
//! means, so that no mistake in reading hides data.

use jiff::Timestamp;
use ratatui::style::Modifier;

use super::json::value;
use super::said::{head, left_out};
use super::sheet::{Part, Room};
use super::words::took;
use crate::domain::figures::count;
use crate::domain::trace::{Attributes, Side, Status, TraceSpan};
use crate::tui::look::Role;
use crate::tui::widget::text::Ink;

/// Everything that is said of a span.
pub(super) fn all(span: &TraceSpan, unread: &[String], room: &mut Room<'_>, parts: &mut Vec<Part>) {
    for (name, text) in own(span) {
        parts.push(fact(name, &text, 0));
    }
    for key in unread {
        let said = format!("{key} does not hold what its name says; it stands below as it came");
        parts.push(Part::Flow { runs: vec![(format!("! {said}"), Ink::of(Role::Warn))], inset: 0 });
    }
    titled("attributes", &span.attributes, span.dropped_attributes, room, parts);
    for (at, event) in span.events.iter().enumerate() {
        if room.is_full() {
            return left_out(span.events.len() - at, "event", "events", parts);
        }
        parts.push(Part::Gap);
        let when =
            if event.at >= span.start { format!("+{}", took(event.at - span.start)) } else { String::new() };
        parts.push(head(&event.name, &when, Role::Info));
        attributes(&event.attributes, 2, room, parts);
        dropped(event.dropped_attributes, "attribute", "attributes", parts);
    }
    dropped(span.dropped_events, "event", "events", parts);
    for (at, link) in span.links.iter().enumerate() {
        if room.is_full() {
            return left_out(span.links.len() - at, "link", "links", parts);
        }
        parts.push(Part::Gap);
        parts.push(head("link", &format!("{} of {}", link.span, link.trace), Role::Link));
        attributes(&link.attributes, 2, room, parts);
        dropped(link.dropped_attributes, "attribute", "attributes", parts);
    }
    dropped(span.dropped_links, "link", "links", parts);
    let origin = &span.origin;
    titled("resource", &origin.resource, origin.dropped_resource, room, parts);
    let scope = [origin.scope.as_str(), origin.version.as_str()].join(" ");
    if !scope.trim().is_empty() {
        parts.push(Part::Gap);
        parts.push(head("scope", scope.trim(), Role::Muted));
        attributes(&origin.scope_attributes, 2, room, parts);
        dropped(origin.dropped_scope, "attribute", "attributes", parts);
    }
}

/// What has a name of its own.
fn own(span: &TraceSpan) -> Vec<(&'static str, String)> {
    let side = match span.side {
        Side::Unspecified => "",
        Side::Internal => "internal",
        Side::Server => "server",
        Side::Client => "client",
        Side::Producer => "producer",
        Side::Consumer => "consumer",
    };
    let status = match span.status {
        Status::Unset => "",
        Status::Ok => "ok",
        Status::Error => "error",
    };
    let status = [status, span.status_message.as_str()].join(" ").trim().to_owned();
    let repaired = match span.repaired {
        0 => String::new(),
        places => format!("{} written in an unusual way", count(places.into(), "place", "places")),
    };
    let all = [
        ("name", span.name.clone()),
        ("span", span.id.to_string()),
        ("parent", span.parent.map(|parent| parent.to_string()).unwrap_or_default()),
        ("trace", span.trace.to_string()),
        ("side", side.to_owned()),
        ("status", status),
        ("start", moment(span.start)),
        ("end", if span.end == 0 { "not told".to_owned() } else { moment(span.end) }),
        ("state", span.state.clone()),
        ("repaired", repaired),
    ];
    all.into_iter().filter(|(_, text)| !text.is_empty()).collect()
}

/// A moment as people read it, and as it came.
fn moment(nanos: u64) -> String {
    let told =
        i64::try_from(nanos / 1_000_000).ok().and_then(|millis| Timestamp::from_millisecond(millis).ok());
    let told = told.map(|told| format!("{told:.3} · "));
    format!("{}{nanos} ns", told.unwrap_or_default())
}

fn fact(name: &str, text: &str, inset: u16) -> Part {
    let runs = vec![(format!("{name}  "), Ink::of(Role::Faint)), (text.to_owned(), Ink::of(Role::Text))];
    Part::Flow { runs, inset }
}

fn titled(title: &str, all: &Attributes, gone: u32, room: &mut Room<'_>, parts: &mut Vec<Part>) {
    if all.is_empty() && gone == 0 {
        return;
    }
    parts.push(Part::Gap);
    parts.push(head(title, "", Role::Muted));
    attributes(all, 2, room, parts);
    dropped(gone, "attribute", "attributes", parts);
}

/// Names and values in the order of the sender; a long value stands below its name.
pub(super) fn attributes(all: &Attributes, inset: u16, room: &mut Room<'_>, parts: &mut Vec<Part>) {
    for (at, (key, said)) in all.iter().enumerate() {
        if room.is_full() {
            return left_out(all.0.len() - at, "attribute", "attributes", parts);
        }
        let (text, left) = value(said, room.most());
        if text.len() <= LINE && !text.contains('\n') {
            // Its room is taken all the same.
            room.take(key);
            room.take(&text);
            parts.push(fact(key, &text, inset));
        } else {
            let key = Ink::of(Role::Faint).with(Modifier::BOLD);
            parts.push(Part::Flow { runs: vec![(all.0[at].0.clone(), key)], inset });
            room.code(&text, inset, parts);
        }
        room.more(left, inset, parts);
    }
}

/// Bytes of a value that stands beside its name.
const LINE: usize = 400;

/// Says what its maker left out.
fn dropped(number: u32, one: &str, more: &str, parts: &mut Vec<Part>) {
    if number > 0 {
        let said = format!("its maker left out {}", count(number.into(), one, more));
        parts.push(Part::Flow { runs: vec![(said, Ink::of(Role::Warn))], inset: 2 });
    }
}

#[cfg(test)]
mod tests {
    use super::super::sheet::Sheet;
    use super::*;
    use crate::domain::trace::{SpanEvent, SpanKey, SpanLink, Value};

    #[test]
    fn everything_that_came_is_there_and_what_was_left_out_is_counted() {
        let name = "invoke_agent Weather".to_owned();
        let mut span =
            TraceSpan { id: SpanKey(7), name, start: 5, dropped_events: 2, ..TraceSpan::default() };
        span.attributes.push("short", 1.5);
        span.attributes.push("long", "line\nline");
        span.attributes.push("twice", "a");
        span.attributes.push("twice", "b");
        let event = SpanEvent { at: 2_000_005, name: "exception".to_owned(), ..SpanEvent::default() };
        span.events.push(event);
        span.links.push(SpanLink { span: SpanKey(9), ..SpanLink::default() });
        let mut parts = Vec::new();
        all(&span, &["odd".to_owned()], &mut Room::new(""), &mut parts);
        let said = Sheet::new(parts).says();
        for wanted in [
            "name  invoke_agent Weather",
            "span  0000000000000007",
            "start  1970-01-01T00:00:00.000Z · 5 ns",
            "short  1.5",
            "long\nline\nline",
            "twice  a",
            "twice  b",
            "exception  +2 ms",
            "0000000000000009 of",
            "left out 2 events",
            "! odd does not hold",
            "end  not told",
        ] {
            assert!(said.contains(wanted), "{wanted}\n{said}");
        }
    }

    #[test]
    fn fifty_megabytes_of_attributes_are_a_sheet_of_one() {
        let mut span = TraceSpan::default();
        span.attributes.push("map", Value::Map(vec![("k".to_owned(), Value::Text("x".repeat(20_000_000)))]));
        span.attributes.push("text", "y ".repeat(10_000_000));
        for at in 0..100_000 {
            span.attributes.push(format!("many.{at}"), "z".repeat(100));
        }
        let mut parts = Vec::new();
        all(&span, &[], &mut Room::new("e exports all of it"), &mut parts);
        let said = Sheet::new(parts).says();
        assert!(said.len() < 2 << 20, "{}", said.len());
        assert!(said.contains("MB more; e exports all of it") && said.contains("more attributes"));
    }
}
