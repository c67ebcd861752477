use super::*;
use crate::domain::id::NoteId;
use crate::domain::time::Timestamp;
use crate::domain::trace::contents::{Ran, Said};
use crate::domain::trace::facts::GAVE_UP;
use crate::domain::trace::{Facts, Grade, Opinion, Rollups, Status, TraceId, Tree};

struct Kept {
    outline: Outline,
    tree: Tree,
    rollups: Rollups,
    spans: Vec<TraceSpan>,
}

impl Kept {
    /// An agent that asked a model and called a tool which failed.
    fn new() -> Self {
        let mut kept = Self {
            outline: Outline::default(),
            tree: Tree::default(),
            rollups: Rollups::default(),
            spans: Vec::new(),
        };
        let lines = [
            (1, None, Kind::Agent, "invoke_agent Weather", 0, 4_820),
            (2, Some(1), Kind::Model, "chat m1", 0, 1_200),
            (3, Some(1), Kind::Tool, "execute_tool get_weather", 1_200, 3_700),
        ];
        for (id, parent, kind, name, start, end) in lines {
            let span = TraceSpan {
                id: SpanKey(id),
                parent: parent.map(SpanKey),
                name: name.to_owned(),
                start: 1 + start * 1_000_000,
                end: 1 + end * 1_000_000,
                status: if kind == Kind::Tool { Status::Error } else { Status::Ok },
                ..TraceSpan::default()
            };
            let mut facts = Facts { kind, ..Facts::default() };
            if kind == Kind::Model {
                (facts.provider, facts.model, facts.finish) = ("openai", "m1", "tool_call");
                (facts.usage.input, facts.usage.output) = (Some(100), Some(20));
            }
            if kind == Kind::Tool {
                (facts.error, facts.words) = ("timeout", "the server is slow");
            }
            kept.outline.add(&span, &facts, |_| Some(0.0031));
            kept.spans.push(span);
        }
        kept.tree = Tree::of(&kept.outline);
        kept.rollups = Rollups::of(&kept.outline, &kept.tree);
        kept
    }

    fn run(&self) -> Run<'_> {
        Run { outline: &self.outline, tree: &self.tree, rollups: &self.rollups }
    }

    fn card(&self, row: u32) -> Card {
        Card::of(self.run(), row, &[], "e exports all of it".to_owned())
    }
}

fn drawn(card: &mut Card, width: u16, height: u16) -> Vec<String> {
    let area = Rect::new(0, 0, width, height);
    card.fit(area);
    let mut cells = Buffer::empty(area);
    card.draw(area, &Look::colourless(), true, &mut cells);
    let row = |y| (0..width).map(|x| cells[(x, y)].symbol()).collect::<String>();
    (0..height).map(|y| row(y).trim_end().to_owned()).collect()
}

#[test]
fn the_head_tells_what_it_was_and_what_it_took_before_the_span_has_come() {
    let kept = Kept::new();
    let rows = drawn(&mut kept.card(1), 80, 10);
    assert!(rows[0].starts_with("▌ ● chat m1  model") && rows[0].ends_with("✓ ok"), "{rows:#?}");
    assert_eq!(rows[1], "  1.20 s · 100→20 tok · $0.0031");
    assert_eq!(rows[3], "  openai · m1 · stopped by tool_call");
    assert_eq!(rows[4], "  reading …");
    let rows = drawn(&mut kept.card(0), 80, 10);
    assert_eq!(rows[1], "  4.82 s · self 1.12 s · 100→20 tok · $0.0031");
    assert_eq!(rows[3], "  ✗ in execute_tool get_weather: timeout: the server is slow");
    let rows = drawn(&mut kept.card(2), 80, 10);
    assert_eq!(rows[3], "  ✗ timeout: the server is slow");
}

#[test]
fn one_that_was_stopped_failed_or_gave_up_says_so_and_why() {
    let told = |root: Facts<'_>, status: Status| {
        let mut kept = Kept::new();
        let (spans, mut outline) = (std::mem::take(&mut kept.spans), Outline::default());
        let tool = Facts { kind: Kind::Tool, words: "no such city", ..Facts::default() };
        for (span, facts) in [(&spans[0], root), (&spans[2], tool)] {
            let status = if span.parent.is_none() { status } else { Status::Error };
            outline.add(&TraceSpan { status, ..span.clone() }, &facts, |_| None);
        }
        kept.tree = Tree::of(&outline);
        kept.rollups = Rollups::of(&outline, &kept.tree);
        kept.outline = outline;
        let rows = drawn(&mut kept.card(0), 80, 10);
        let end = rows[0].strip_prefix("▌ ◆ Weather  agent").unwrap().trim();
        [end, rows[3].as_str(), rows[4].as_str()].map(str::to_owned)
    };
    let agent = Facts { kind: Kind::Agent, ..Facts::default() };
    let below = "  ✗ in execute_tool get_weather: no such city";
    // What is said below it is said once.
    assert_eq!(told(agent.clone(), Status::Error), ["✗ failed", below, "  reading …"]);
    let same = Facts { words: "no such city", ..agent.clone() };
    assert_eq!(told(same.clone(), Status::Error), ["✗ failed", below, "  reading …"]);
    let other = Facts { error: "lost", ..same };
    assert_eq!(told(other.clone(), Status::Error), ["✗ failed", "  ✗ lost", below]);
    let more = Facts { words: "it knows no city", ..other };
    assert_eq!(told(more, Status::Error), ["✗ failed", "  ✗ lost: it knows no city", below]);
    let gave_up = Facts { error: GAVE_UP, words: "its limit is reached", ..agent.clone() };
    assert_eq!(
        told(gave_up, Status::Error),
        ["! gave up", "  ! gave up: its limit is reached", "  reading …"]
    );
    let stopped = Facts { stopped: true, ..agent };
    let words = "  ! it was stopped before it was done";
    assert_eq!(told(stopped, Status::Unset), ["■ stopped", below, words]);
}

#[test]
fn messages_settings_and_raw_attributes_are_tabs_and_empty_ones_are_stepped_over() {
    let kept = Kept::new();
    let mut card = kept.card(1);
    let mut contents = Contents {
        input: vec![Said::new("user", "Weather in Paris?")],
        output: vec![Said::new("assistant", "It *rains*.")],
        ..Contents::default()
    };
    contents.parameters.push("temperature", 0.2);
    let mut span = kept.spans[1].clone();
    span.attributes.push("gen_ai.request.temperature", 0.2);
    card.take(span, contents);
    let rows = drawn(&mut card, 100, 20);
    assert_eq!(rows[2], "  ▸Messages 2  Settings 1  Tools  Scores  Raw 1");
    assert_eq!(drawn(&mut card, 47, 20)[2], rows[2], "they just fit");
    assert_eq!(drawn(&mut card, 46, 20)[2], "  ▸Messages  Settings  Raw");
    assert!(rows.iter().any(|row| row == "    It rains."), "{rows:#?}");
    card.turn(false);
    assert_eq!((card.tab(), card.says().as_str()), (Tab::Settings, "temperature  0.2"));
    card.turn(false);
    assert_eq!(card.tab(), Tab::Raw);
    assert!(card.says().contains("gen_ai.request.temperature  0.2"));
    card.turn(true);
    assert_eq!(card.tab(), Tab::Settings);
    let rows = drawn(&mut card, 34, 20);
    assert_eq!(rows[2], "   Messages ▸Settings  Raw");
}

#[test]
fn notes_stand_on_their_span_and_those_on_the_run_on_its_root() {
    let kept = Kept::new();
    let note = |id: u8, span: Option<u64>| Note {
        id: NoteId::from_bytes([id; 16]),
        trace: TraceId([1; 16]),
        span: span.map(SpanKey),
        said: Opinion::new(Some(Grade::Number(0.75)), "too slow"),
        by: "me".to_owned(),
        at: Timestamp(1),
    };
    let notes = [note(1, Some(3)), note(2, None)];
    for (row, found) in [(0, vec![2]), (1, vec![]), (2, vec![1])] {
        let mut card = kept.card(row);
        card.take(kept.spans[row as usize].clone(), Contents::default());
        card.note(&notes);
        let ids: Vec<u8> = card.notes.iter().map(|note| note.id.as_bytes()[0]).collect();
        assert_eq!(ids, found);
    }
    let mut card = kept.card(2);
    let ran = Ran { name: "get_weather".to_owned(), ..Ran::default() };
    card.take(kept.spans[2].clone(), Contents { ran: Some(ran), ..Contents::default() });
    card.note(&notes);
    card.show(Tab::Scores);
    assert_eq!(card.says(), "★ score 0.75  me\ntoo slow");
    // Whichever part of it is read, and however little room there is.
    card.show(Tab::Said);
    assert!(drawn(&mut card, 58, 18)[1].starts_with("  ★ 0.75  2.50 s"));
    assert!(drawn(&mut card, 58, 6)[0].contains("tool  ★ 0.75"));
}

#[test]
fn what_says_nothing_shows_what_it_came_with_and_every_size_is_drawn() {
    let kept = Kept::new();
    let mut card = kept.card(1);
    card.take(kept.spans[1].clone(), Contents::default());
    assert_eq!(card.tab(), Tab::Raw);
    for (width, height) in [(1, 1), (2, 9), (9, 2), (40, 7), (40, 24), (200, 60)] {
        let _ = drawn(&mut card, width, height);
    }
}

#[test]
fn a_span_that_was_read_while_it_ran_is_read_anew_when_it_has_ended() {
    let kept = Kept::new();
    let mut card = kept.card(0);
    card.head.running = true;
    card.take(kept.spans[0].clone(), Contents::default());
    assert!(!card.lacks());
    assert!(card.renew(kept.run(), &[]) && card.lacks());
    assert!(card.whole().is_some());
    let said = vec![Said::new("assistant", "It rains.")];
    card.take(kept.spans[0].clone(), Contents { output: said, ..Contents::default() });
    assert!(!card.renew(kept.run(), &[]) && !card.lacks());
    assert!(card.says().contains("It rains."));
}

#[test]
fn what_cannot_be_read_says_why() {
    let mut card = Kept::new().card(1);
    card.failed(Error::internal("opening a span", "its bytes are damaged"));
    assert!(card.says().contains("its bytes are damaged"));
}

#[test]
fn one_that_goes_on_says_so_once_and_nothing_looks_wrong_with_it() {
    let mut kept = Kept::new();
    let mut outline = Outline::default();
    let facts = Facts { kind: Kind::Tool, ..Facts::default() };
    let runs = TraceSpan { end: 0, parent: None, status: Status::Unset, ..kept.spans[2].clone() };
    outline.add(&runs, &facts, |_| None);
    kept.tree = Tree::of(&outline);
    kept.rollups = Rollups::of(&outline, &kept.tree);
    kept.outline = outline;
    let mut card = kept.card(0);
    let ran = Ran { name: "get_weather".to_owned(), ..Ran::default() };
    card.take(runs, Contents { ran: Some(ran), ..Contents::default() });
    let rows = drawn(&mut card, 80, 10);
    assert!(rows[0].ends_with("… runs"), "{rows:#?}");
    let text = rows.join("\n");
    assert!(text.matches("runs").count() == 1 && !text.contains("has not come"), "{text}");
}
