use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::domain::message::Usage;
use crate::domain::trace::{Facts, Outline};

fn read(text: &str) -> Filter {
    Filter::read(text).unwrap_or_else(|why| panic!("{why}"))
}

fn tool() -> (Outline, TraceSpan, Vec<Score>) {
    let mut span = TraceSpan { name: "execute_tool Get_Weather".to_owned(), ..TraceSpan::default() };
    (span.start, span.end) = (1_000_000_000, 3_500_000_000);
    span.status = Status::Error;
    span.attributes.push("http.status", 503_i64);
    span.attributes.push("a key", "Some Text");
    let facts = Facts {
        kind: Kind::Tool,
        tool: "get_weather",
        session: "s1",
        error: "timeout",
        words: "It was slow",
        usage: Usage { input: Some(1500), output: Some(20), ..Usage::default() },
        dollars: Some(0.0031),
        ..Facts::default()
    };
    let mut outline = Outline::default();
    outline.add(&span, &facts, |_| None);
    let score = |name: &str, value, label: Option<&str>| Score {
        name: name.to_owned(),
        value,
        label: label.map(str::to_owned),
        ..Score::default()
    };
    (outline, span, vec![score("helpful", Some(4.0), None), score("tone", None, Some("Rude"))])
}

fn matches(text: &str) -> bool {
    let (outline, span, scores) = tool();
    let mut marks = Marks::default();
    marks.add(Mark::Orphan);
    let subject = Subject {
        row: &outline.rows[0],
        names: &outline.names,
        marks,
        own: 1_000_000_000,
        span: Some(&span),
        scores: &scores,
    };
    read(text).matches(&subject)
}

#[test]
fn a_word_by_itself_is_found_in_whatever_a_row_shows() {
    let facts = Facts {
        kind: Kind::Model,
        provider: "aws.bedrock",
        model: "m1",
        agent: "Weather",
        session: "s1",
        ..Facts::default()
    };
    let mut span = TraceSpan { name: "chat".to_owned(), ..TraceSpan::default() };
    Arc::make_mut(&mut span.origin).resource.push("service.name", "OpenInference");
    let mut outline = Outline::default();
    outline.add(&span, &facts, |_| None);
    let marks = Marks::default();
    let (row, names) = (&outline.rows[0], &outline.names);
    let subject = Subject { row, names, marks, own: 0, span: None, scores: &[] };
    for word in ["chat", "bedrock", "m1", "weather", "s1", "openinference"] {
        assert!(read(word).matches(&subject), "{word}");
    }
    assert!(!read("genai").matches(&subject));
}

#[test]
fn every_term_holds_where_it_should() {
    for text in [
        "",
        "kind:tool",
        "kind!=model",
        "name:weather",
        "NAME:Weather",
        "name=\"execute_tool Get_Weather\"",
        "tool=get_weather",
        "status:error",
        "session:s1",
        "error:SLOW error:timeout",
        "is:orphan",
        "tok>1.5k tok<=1520 in=1500 out>=20",
        "cost>0.003 cost<$0.004",
        "dur>2s dur<2.6 dur>=2500ms self=1s",
        "score.helpful>3 score.helpful!=5",
        "score.tone:rude",
        "attr.http.status>=500",
        "attr.\"a key\":\"some text\"",
        "attr.absent!=1",
        "slow",
        "\"some text\"",
        "503",
        "kind:model or kind:tool",
        "not kind:model and -status:ok",
        "(kind:model or status:error) (name:weather)",
        "NOT (kind:model OR status:ok)",
    ] {
        assert!(matches(text), "{text}");
    }
}

#[test]
fn and_does_not_where_it_should_not() {
    for text in [
        "kind:model",
        "name=weather",
        "status:running",
        "status:stopped",
        "is:stopped",
        "session:s",
        "is:cycle",
        "tok>2k",
        "first<1s",
        "score.absent>0",
        "score.tone>0",
        "attr.absent=1",
        "attr.http.status<500",
        "absent",
        "kind:tool kind:model",
        "-kind:tool",
    ] {
        assert!(!matches(text), "{text}");
    }
}

#[test]
fn side_by_side_binds_closer_than_or() {
    let term = |kind| Filter::Kind(kind);
    assert_eq!(
        read("kind:tool kind:model or kind:agent"),
        Filter::Any(vec![Filter::All(vec![term(Kind::Tool), term(Kind::Model)]), term(Kind::Agent)])
    );
    assert_eq!(read("kind:llm"), term(Kind::Model));
    // A word that means something elsewhere is a value behind an operator.
    assert_eq!(read("name:or"), Filter::Field(Field::Name, Compare::Has, "or".to_owned()));
    assert_eq!(read("name:a:b"), Filter::Field(Field::Name, Compare::Has, "a:b".to_owned()));
    assert_eq!(read("score.x>-1"), Filter::Score("x".to_owned(), Compare::More, "-1".to_owned()));
    assert_eq!(read("well-known"), Filter::Text("well-known".to_owned()));
}

#[test]
fn what_is_wrong_is_told_with_its_column() {
    for (text, column, why) in [
        ("kind:tol", 6, "\"tol\" is no kind"),
        ("dur>fast", 5, "\"fast\" is none that dur can be compared with"),
        ("dur>", 5, "the value of dur is missing"),
        ("colour:red", 1, "\"colour\" is no key"),
        ("a \"b", 3, "a quotation mark is not closed"),
        ("(a", 1, "a bracket is not closed"),
        ("a) b", 2, "a bracket closes that none has opened"),
        ("a or", 5, "something is missing here"),
        (":x", 1, "nothing stands before the operator"),
        ("kind>tool", 1, "kind is not more or less"),
        ("a ! b", 3, "a ! stands alone"),
        ("grün kind:x", 11, "\"x\" is no kind"),
    ] {
        let error = Filter::read(text).unwrap_err();
        assert_eq!(
            (error.doing, error.why.as_str()),
            (format!("reading the filter at column {column}"), why),
            "{text}"
        );
        assert!(!error.hint.is_empty(), "{text}");
    }
    assert!(Filter::read(&"(".repeat(5000)).is_err());
    assert!(Filter::read(&"not ".repeat(5000)).is_err());
}

#[test]
fn rows_do_where_no_contents_are_asked_of() {
    assert!(!read("kind:tool dur>1s or name:x").needs_spans());
    assert!(read("kind:tool (a or -b)").needs_spans());
    assert!(read("-score.x>1").needs_scores());
    assert!(!read("kind:tool (a or -b) dur>1s").needs_tree());
    assert!(read("a -is:orphan").needs_tree() && read("a or self>1s").needs_tree());
}

proptest! {
    #[test]
    fn no_text_makes_it_fail(text in "[a-z:=<>!()\"\\\\. -]{0,40}") {
        let _ = Filter::read(&text);
    }
}
