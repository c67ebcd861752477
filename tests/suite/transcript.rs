//! The transcript: pictures, places, scrolling, selection, search.

use std::hash::{DefaultHasher, Hash, Hasher};

use outcrop::domain::id::{ConversationId, MessageId};
use outcrop::domain::message::{
    Answer, Block, Message, MessageOrigin, Outcome, Role, StopReason, Timing, Usage,
};
use outcrop::domain::time::Timestamp;
use outcrop::domain::{Error, ErrorKind};
use outcrop::tui::look::Look;
use outcrop::tui::widget::code::{Highlighter, Highlights};
use outcrop::tui::widget::transcript::{Cache, Geometry, Item, Part, Scroll, Selection, Transcript, find};
use proptest::prelude::*;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::sanitiser::{forbidden, hostile};

const TOUR: &str = include_str!("../data/markdown/tour.md");

fn message(number: u8, role: Role, blocks: Vec<Block>, outcome: Option<Outcome>) -> Message {
    let answer = outcome.map(|outcome| Answer {
        usage: Usage {
            input: Some(182),
            output: Some(64),
            // A voice counts at the end.
            estimated: !matches!(outcome, Outcome::Complete { .. }),
            ..Usage::default()
        },
        timing: Timing { first_token_ms: Some(140), total_ms: Some(1510), ..Timing::default() },
        context: Some(2048),
        ..Answer::untold("local/smollm2-135m".parse().unwrap(), outcome)
    });
    Message {
        id: MessageId::from_bytes([number; 16]),
        conversation: ConversationId::from_bytes([0; 16]),
        parent: None,
        role,
        blocks,
        created: Timestamp(0),
        answer,
        origin: MessageOrigin::Here,
    }
}

fn text(text: &str) -> Block {
    Block::Text { text: text.to_owned() }
}

fn thought(text: &str) -> Block {
    Block::Reasoning { text: text.to_owned(), signature: None }
}

fn done() -> Outcome {
    Outcome::Complete { reason: StopReason::EndTurn }
}

fn conversation() -> Vec<Message> {
    let error = Error::new(
        ErrorKind::RateLimited { retry_after_ms: None },
        "asking openai/gpt at api.example",
        "the server said 429: slow down\x1b[2J",
        "Wait a moment, then press r.",
    );
    vec![
        message(1, Role::User, vec![text("why do rivers meander?")], None),
        message(
            2,
            Role::Assistant,
            vec![
                thought("The user wants physics.\nSecondary flow, helicoidal."),
                text(
                    "A river bends because the current on the **outer** bank is faster:\n\n1. it cuts the outer bank away,\n2. and lays its silt on the inner one.\n\n```python\ndef sinuosity(path):\n    return path.length / path.chord\n```",
                ),
            ],
            Some(done()),
        ),
        message(3, Role::User, vec![text("und auf 日本語?\nzweite Zeile 👩‍👩‍👧‍👦 שלום")], None),
        message(4, Role::Assistant, vec![text("川は曲がる。")], Some(Outcome::Stopped)),
        message(5, Role::Assistant, vec![text("Half an ans")], Some(Outcome::Failed { error })),
    ]
}

fn items(messages: &[Message]) -> Vec<Item<'_>> {
    messages
        .iter()
        .map(|message| {
            let mut item = Item::of(message);
            if message.role == Role::User {
                item.when = "14:02";
            } else if message.id == MessageId::from_bytes([2; 16]) {
                item.branch = (1, 3);
                item.thought_ms = Some(3100);
            }
            item
        })
        .collect()
}

fn frame(transcript: &Transcript<'_>, geometry: &Geometry) -> Buffer {
    let mut buffer = Buffer::empty(geometry.area);
    transcript.draw(geometry, &Look::named("dark").unwrap(), &mut buffer);
    buffer
}

fn picture(buffer: &Buffer) -> String {
    let mut lines = String::new();
    for y in buffer.area.top()..buffer.area.bottom() {
        let mut line = String::new();
        let mut x = buffer.area.left();
        while x < buffer.area.right() {
            let symbol = buffer[(x, y)].symbol();
            line.push_str(symbol);
            x += (outcrop::tui::widget::text::width(symbol) as u16).max(1);
        }
        lines.push_str(line.trim_end());
        lines.push('\n');
    }
    let mut hasher = DefaultHasher::new();
    for cell in buffer.content() {
        format!("{:?}{:?}{:?}", cell.fg, cell.bg, cell.modifier).hash(&mut hasher);
    }
    format!("{lines}styles_hash: {:016x}\n", hasher.finish())
}

/// Draws with an empty cache and again with the same, now warm; both must be equal.
fn golden(transcript: &Transcript<'_>, width: u16, height: u16, scroll: &Scroll) -> String {
    let area = Rect::new(0, 0, width, height);
    let mut cache = Cache::default();
    let cold = transcript.layout(area, scroll, &mut cache);
    let warm = transcript.layout(area, scroll, &mut cache);
    assert_eq!(cold, warm);
    let settled = transcript.layout(area, &cold.scroll, &mut Cache::default());
    assert_eq!(settled.rows, cold.rows, "the settled scroll shows the same");
    let (cold, warm) = (frame(transcript, &cold), frame(transcript, &warm));
    assert_eq!(cold, warm);
    picture(&cold)
}

#[test]
fn a_conversation_is_calm_and_aligned() {
    let messages = conversation();
    let items = items(&messages);
    let mut transcript = Transcript::new(&items);
    insta::assert_snapshot!("conversation_80", golden(&transcript, 80, 40, &Scroll::default()));
    insta::assert_snapshot!("conversation_40", golden(&transcript, 40, 44, &Scroll::default()));
    transcript.focus = Some(messages[1].id);
    transcript.query = "BANK";
    transcript.found = find(&items, "BANK", None, true);
    let selection = {
        let geometry = transcript.layout(Rect::new(0, 0, 80, 40), &Scroll::default(), &mut Cache::default());
        let at = |y| geometry.rows.iter().find(|row| row.y == y).map(|row| row.x).unwrap();
        Selection {
            from: geometry.nearest(at(8) + 4, 8).unwrap(),
            to: geometry.nearest(at(13) + 12, 13).unwrap(),
        }
    };
    transcript.selection = Some(&selection);
    insta::assert_snapshot!("marked_80", golden(&transcript, 80, 24, &Scroll::default()));
    insta::assert_snapshot!("marked_text", selection.text(&items));
}

#[test]
fn an_answer_that_is_awaited_thinks_and_streams() {
    let asked = message(1, Role::User, vec![text("why?")], None);
    let mut answer = message(2, Role::Assistant, vec![], Some(Outcome::Streaming));
    let shown = |answer: &Message, status: &'static str| {
        let mut items = [Item::of(&asked), Item::of(answer)];
        items[1].status = status;
        golden(&Transcript::new(&items), 60, 12, &Scroll::default())
    };
    let waiting = shown(&answer, "reading the prompt, 128 of 512");
    answer.blocks.push(thought("First.\nI consider the flow of water around a bend at some length, and then more of it.\nThird.\nLast thought"));
    let thinking = shown(&answer, "");
    answer.blocks.push(text("Because **wat"));
    let streaming = shown(&answer, "");
    insta::assert_snapshot!("awaited", format!("{waiting}\n{thinking}\n{streaming}"));
}

#[test]
fn folded_messages_are_one_line_and_open_reasoning_is_whole() {
    let messages = conversation();
    let mut items = items(&messages);
    items[1].open = true;
    items[3].folded = true;
    insta::assert_snapshot!("folds", golden(&Transcript::new(&items), 70, 34, &Scroll::default()));
}

fn long(count: u8) -> Vec<Message> {
    (0..count)
        .map(|i| match i % 2 {
            0 => message(i, Role::User, vec![text(&format!("question {i}"))], None),
            _ => message(i, Role::Assistant, vec![text(&format!("answer {i}\n\n{TOUR}"))], Some(done())),
        })
        .collect()
}

#[test]
fn scrolling_up_stops_following_and_the_end_resumes_it() {
    let mut messages = long(20);
    let area = Rect::new(0, 0, 80, 20);
    let mut cache = Cache::default();
    let mut scroll = Scroll::default();
    {
        let items = items(&messages);
        let transcript = Transcript::new(&items);
        let end = transcript.layout(area, &scroll, &mut cache);
        assert!(end.at_end && end.scroll.follows());
        scroll.by(-3);
        let up = transcript.layout(area, &scroll, &mut cache);
        assert_eq!(up.rows[3].row, end.rows[0].row);
        scroll = up.scroll;
        assert!(!scroll.follows());
    }
    let place = |messages: &[Message], scroll: &Scroll| {
        let items = items(messages);
        Transcript::new(&items).layout(area, scroll, &mut Cache::default())
    };
    let before = place(&messages, &scroll);
    assert_eq!(before.new_rows, None);
    messages.push(message(99, Role::Assistant, vec![text("one\n\ntwo\n\nthree")], Some(Outcome::Streaming)));
    let after = place(&messages, &scroll);
    assert_eq!(after.rows, before.rows, "what is read does not move");
    // The gap above it, the speaker, three lines and two gaps.
    assert_eq!(after.new_rows, Some(7));
    scroll = after.scroll;
    scroll.by(1000);
    let end = place(&messages, &scroll);
    assert!(end.at_end && end.scroll.follows());
    assert_eq!(end.new_rows, None);
}

#[test]
fn a_layout_sets_what_is_visible_and_not_what_is_in_the_history() {
    let messages: Vec<_> = (0..10_000_u32)
        .map(|i| {
            let mut message = message(0, Role::User, vec![text(&format!("question {i}"))], None);
            message.id = MessageId::from_uuid(uuid::Uuid::from_u128(u128::from(i)));
            message
        })
        .collect();
    let items = items(&messages);
    let transcript = Transcript::new(&items);
    let area = Rect::new(0, 0, 80, 40);
    let mut middle = Scroll::default();
    middle.to_message(messages[5000].id);
    let mut start = Scroll::default();
    start.to_message(items[0].message.id);
    for (place, scroll) in [("end", Scroll::default()), ("middle", middle), ("start", start)] {
        let mut cache = Cache::default();
        let geometry = transcript.layout(area, &scroll, &mut cache);
        let seen = geometry.rows.iter().map(|row| row.item).collect::<std::collections::HashSet<_>>().len();
        // What came below is counted over fifty messages at most.
        assert!(cache.held() <= seen + 60, "at the {place} {} were set to show {seen}", cache.held());
        // Going on from there sets what comes into sight.
        let mut up = geometry.scroll;
        up.by(-3);
        transcript.layout(area, &up, &mut cache);
        assert!(cache.held() <= seen + 64, "above the {place} {} are held", cache.held());
    }
}

#[test]
fn every_row_can_be_reached_line_by_line_and_by_pages() {
    let messages = long(8);
    let items = items(&messages);
    let transcript = Transcript::new(&items);
    let area = Rect::new(0, 0, 60, 15);
    let mut cache = Cache::default();
    let mut scroll = Scroll::default();
    let mut up = Vec::new();
    loop {
        let geometry = transcript.layout(area, &scroll, &mut cache);
        let top = geometry.top().unwrap();
        if up.last() == Some(&top) {
            break;
        }
        up.push(top);
        scroll = geometry.scroll;
        scroll.by(-1);
    }
    assert_eq!(up.last(), Some(&(0, 0)));
    up.reverse();
    let mut down = Vec::new();
    scroll.to_message(items[0].message.id);
    loop {
        let geometry = transcript.layout(area, &scroll, &mut cache);
        down.push(geometry.top().unwrap());
        scroll = geometry.scroll;
        if scroll.follows() {
            break;
        }
        scroll.by(1);
    }
    assert_eq!(down, up);
    let mut pages = 0;
    scroll.page(area.height, -1);
    while transcript.layout(area, &scroll, &mut cache).top() != Some((0, 0)) {
        scroll = transcript.layout(area, &scroll, &mut cache).scroll;
        scroll.page(area.height, -1);
        pages += 1;
    }
    assert_eq!(pages, (up.len() - 1) / 13);
}

#[test]
fn a_resize_keeps_the_place() {
    let messages = long(10);
    let items = items(&messages);
    let transcript = Transcript::new(&items);
    let mut cache = Cache::default();
    let mut scroll = Scroll::default();
    scroll.to_message(messages[5].id);
    scroll.by(20);
    let layout = |scroll: &Scroll, width, cache: &mut Cache| {
        transcript.layout(Rect::new(0, 0, width, 20), scroll, cache)
    };
    let wide = layout(&scroll, 120, &mut cache);
    let seen = wide.rows.iter().find_map(|row| row.row.source()).unwrap();
    for width in [60, 37, 100, 200, 24] {
        let other = layout(&wide.scroll, width, &mut cache);
        let (start, end) = other.rows.iter().find_map(|row| row.row.source()).unwrap();
        assert_eq!(other.top().unwrap().0, 5);
        assert!(start <= seen.0 && seen.0 <= end, "{width}: {start}..{end} does not hold {}", seen.0);
        let back = layout(&wide.scroll, 120, &mut cache);
        assert_eq!(back.rows, wide.rows);
    }
}

#[test]
fn a_cell_leads_to_its_byte_and_what_is_copied_is_the_source() {
    let messages = conversation();
    let items = items(&messages);
    let transcript = Transcript::new(&items);
    let area = Rect::new(0, 0, 80, 40);
    let geometry = transcript.layout(area, &Scroll::default(), &mut Cache::default());
    let buffer = frame(&transcript, &geometry);
    let mut checked = 0;
    for y in 0..area.height {
        for x in 0..area.width {
            let Some(hit) = geometry.hit(x, y) else { continue };
            let (Some(position), Some(cell)) = (hit.position, buffer.cell((x, y))) else { continue };
            let Block::Text { text } = &messages[hit.item].blocks[position.block as usize] else { continue };
            let rest = &text[position.byte as usize..];
            // Bars, markers and what lies right of the text lead to the nearest text.
            if cell.symbol().chars().all(char::is_alphabetic) && rest.starts_with(cell.symbol()) {
                checked += 1;
            }
        }
    }
    assert!(checked > 150, "{checked} letters led to themselves");
    let code = geometry.rows.iter().find(|row| row.row.text().contains("sinuosity")).unwrap();
    assert_eq!(geometry.hit(code.x + 5, code.y).unwrap().code, Some(0));
    assert_eq!(geometry.hit(76, 2).unwrap().part, Part::Branch);
    let whole = Selection { from: geometry.nearest(0, 0).unwrap(), to: geometry.nearest(79, 39).unwrap() };
    let copied = whole.text(&items);
    assert!(copied.starts_with("why do rivers meander?\n\nThe user wants physics."), "{copied}");
    assert!(copied.contains("**outer** bank") && copied.ends_with("Half an ans"), "{copied}");
}

#[test]
fn matches_are_walked_round_in_both_directions() {
    let messages = conversation();
    let items = items(&messages);
    let mut at = None;
    let mut walk = |forward| {
        at = find(&items, "the", at, forward);
        at.map(|f| (f.at.block, f.at.byte, f.bytes)).unwrap()
    };
    let first = walk(true);
    let second = walk(true);
    assert_ne!(first, second);
    assert_eq!(walk(false), first);
    let last = walk(false);
    assert_eq!(walk(true), first, "round the end");
    assert!(last > second);
    assert_eq!(find(&items, "no such words", None, true), None);
    assert_eq!(find(&[], "the", None, true), None);
}

#[test]
fn code_is_plain_until_it_is_highlighted_and_nothing_moves_then() {
    let messages = conversation();
    let items = items(&messages);
    let area = Rect::new(0, 0, 80, 40);
    let mut highlights = Highlights::default();
    let geometry = |highlights: &Highlights| {
        let transcript = Transcript { highlights: Some(highlights), ..Transcript::new(&items) };
        transcript.layout(area, &Scroll::default(), &mut Cache::default())
    };
    let plain = geometry(&highlights);
    assert_eq!(plain.wants.len(), 1);
    let inked = Highlighter::load().run(&plain.wants[0]);
    highlights.take(inked);
    let coloured = geometry(&highlights);
    assert!(coloured.wants.is_empty());
    assert_ne!(coloured.rows, plain.rows);
    let words = |geometry: &Geometry| geometry.rows.iter().map(|row| row.row.text()).collect::<Vec<_>>();
    assert_eq!(words(&coloured), words(&plain));
}

#[test]
fn a_stream_grows_as_if_it_had_come_at_once() {
    let mut answer = message(2, Role::Assistant, vec![text("")], Some(Outcome::Streaming));
    let mut cache = Cache::default();
    let area = Rect::new(0, 0, 72, 30);
    for cut in (0..=TOUR.len()).step_by(23) {
        let cut = TOUR.floor_char_boundary(cut);
        answer.blocks = vec![text(&TOUR[..cut])];
        let items = [Item::of(&answer)];
        let transcript = Transcript::new(&items);
        let grown = transcript.layout(area, &Scroll::default(), &mut cache);
        assert_eq!(
            grown,
            transcript.layout(area, &Scroll::default(), &mut Cache::default()),
            "at byte {cut}"
        );
    }
    // Text that was taken back comes with another epoch, however long what stands there now is.
    let whole = Rect { height: 500, ..area };
    let places = ["masked".to_owned(), format!("hidden\n\n{TOUR}"), format!("masked\n\n{TOUR}")];
    for (epoch, now) in (1..).zip(places) {
        answer.blocks = vec![text(&now)];
        let mut item = Item::of(&answer);
        item.epoch = epoch;
        let items = [item];
        let geometry = Transcript::new(&items).layout(whole, &Scroll::default(), &mut cache);
        assert_eq!(
            geometry,
            Transcript::new(&items).layout(whole, &Scroll::default(), &mut Cache::default())
        );
    }
}

/// Draws `bad` in every place that an answer has, and looks at every cell.
fn hostile_in_cells(bad: &str) {
    let mut messages = vec![
        message(1, Role::User, vec![text(bad)], None),
        message(2, Role::Assistant, vec![thought(bad), text(bad)], Some(done())),
        message(3, Role::Assistant, vec![thought(bad)], Some(Outcome::Streaming)),
    ];
    messages[1].blocks.push(Block::ToolUse {
        id: bad.into(),
        name: bad.into(),
        input: bad.into(),
        extra: None,
    });
    messages[1].blocks.push(Block::ToolResult { id: bad.into(), content: bad.into(), is_error: false });
    let mut items = items(&messages);
    for item in &mut items {
        item.when = bad;
        item.status = bad;
        item.open = item.message.role == Role::Assistant && !item.streams();
    }
    let transcript = Transcript::new(&items);
    let geometry = transcript.layout(Rect::new(0, 0, 90, 60), &Scroll::default(), &mut Cache::default());
    for cell in frame(&transcript, &geometry).content() {
        assert!(!cell.symbol().chars().any(forbidden), "{:?} of {bad:?}", cell.symbol());
    }
}

#[test]
fn hostile_text_reaches_no_cell() {
    hostile_in_cells(
        "\x1b]52;c;x\x07 \u{9b}2J \u{202e}x\u{202c} \u{e0041} &#27;[31m `\x1b[0m`\n\n```\u{1b}\n\u{9d}\n```\n\n| \u{7} |\n|---|\n| \u{85} |",
    );
}

proptest! {
    #[test]
    fn no_text_whatever_puts_a_control_into_a_cell(text in hostile(), marks in "[*_`#>|\\[\\](){}~&;:!<\n 0-9-]{0,24}") {
        let cut = text.char_indices().nth(text.chars().count() / 2).map_or(0, |(at, _)| at);
        hostile_in_cells(&[&text[..cut], &marks, &text[cut..]].concat());
    }
}

proptest! {
    #[test]
    fn no_size_and_no_scroll_can_make_it_fail(
        width in 1u16..300, height in 1u16..100, moves in proptest::collection::vec(-80i64..80, 0..6),
        other in 1u16..300,
    ) {
        let messages = conversation();
        let items = items(&messages);
        let mut transcript = Transcript::new(&items);
        transcript.focus = Some(messages[3].id);
        transcript.query = "a";
        let mut cache = Cache::default();
        let mut scroll = Scroll::default();
        for (i, rows) in moves.into_iter().enumerate() {
            scroll.by(rows);
            let width = if i % 2 == 0 { width } else { other };
            let geometry = transcript.layout(Rect::new(3, 2, width, height), &scroll, &mut cache);
            let mut buffer = Buffer::empty(Rect::new(0, 0, 303, 102));
            transcript.draw(&geometry, &Look::colourless(), &mut buffer);
            // A smaller buffer than was laid out for: the terminal shrank in between.
            transcript.draw(&geometry, &Look::colourless(), &mut Buffer::empty(Rect::new(0, 0, 5, 4)));
            prop_assert!(!geometry.rows.is_empty());
            geometry.nearest(width / 2, height / 2);
            scroll = geometry.scroll;
        }
    }
}
