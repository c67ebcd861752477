//! Bytes of a terminal ⇄ events: keys, pastes, the mouse, and answers to questions. Pure; the clock is the reader's.
//!
//! One read is one `feed`. When nothing came for as long as `patience` says, the reader calls `quiet`, which settles what
//! only time can tell: a lone Esc from the start of a sequence, the end of a paste from an end mark within one, a paste
//! that has no end.

use std::time::Duration;

use super::sequence::{Parsed, parse};
use crate::tui::event::{Capability, Event};
use crate::tui::key::{Key, KeyCode, KeyModifiers};

/// The most bytes of one paste that are kept.
pub const PASTE_MAX: usize = 16 << 20;

/// How long a lone Esc may still become a sequence.
const ESC_PATIENCE: Duration = Duration::from_millis(25);
/// How long what follows a paste, or a burst of keys, still belongs to it.
const PASTE_PATIENCE: Duration = Duration::from_millis(30);
/// How long after a paste an Enter that comes alone is a line of it: nobody reads what was pasted in less.
const FRESH_PATIENCE: Duration = Duration::from_millis(250);
/// How long after that several keys in one piece are taken for its rest: its end mark may have been one within it, and a
/// slow line brings what follows late.
const REST_PATIENCE: Duration = Duration::from_millis(500);

/// How long a paste whose end mark does not come may be silent; then it is handed out, and keys are keys again.
const END_PATIENCE: Duration = Duration::from_secs(3);

/// Keys in reads of their own after which nothing belongs to the paste before them.
const ALONE: u8 = 3;

const PASTE_START: &[u8] = b"\x1b[200~";
const PASTE_END: &[u8] = b"\x1b[201~";

/// What is being read.
#[derive(Debug, Default)]
enum Mode {
    #[default]
    Keys,
    /// Within a bracketed paste; `matched` bytes of the end mark have been seen.
    Paste { paste: Paste, matched: usize },
    /// An end mark was seen. If another one follows at once, the first was a part of the text.
    Tail { paste: Paste, tail: Vec<u8> },
}

#[derive(Debug, Default)]
struct Paste {
    bytes: Vec<u8>,
    dropped: usize,
}

impl Paste {
    fn push(&mut self, bytes: &[u8]) {
        let room = PASTE_MAX.saturating_sub(self.bytes.len()).min(bytes.len());
        self.bytes.extend_from_slice(&bytes[..room]);
        self.dropped += bytes.len() - room;
    }

    fn into_event(self) -> Event {
        let text = String::from_utf8(self.bytes)
            .unwrap_or_else(|e| String::from_utf8_lossy(e.as_bytes()).into_owned());
        let text = if text.contains('\r') { text.replace("\r\n", "\n").replace('\r', "\n") } else { text };
        Event::Paste { text, dropped: self.dropped }
    }
}

/// The state between two reads.
#[allow(clippy::struct_excessive_bools, reason = "independent facts, each learned at its own time")]
#[derive(Debug, Default)]
pub struct Parser {
    mode: Mode,
    /// The start of a sequence or character whose end has not come.
    pending: Vec<u8>,
    /// The last bytes belonged to a burst of keys that is taken for a paste.
    burst: bool,
    /// A bracketed paste has just ended: so many keys that come alone, as a person's do, end that too.
    pasted: u8,
    /// It ended a moment ago.
    fresh: bool,
    /// Questions are out: what looks like an answer is one, even after its Esc was taken for a key.
    asked: bool,
    /// An Esc was just told to be a key.
    lone_esc: bool,
    /// The terminal brackets its pastes, so keys are never one.
    brackets: bool,
}

impl Parser {
    /// Questions are sent.
    pub fn asked(&mut self) {
        self.asked = true;
    }

    /// Takes in what one read gave.
    pub fn feed(&mut self, bytes: &[u8], out: &mut Vec<Event>) {
        const STARTS: [&[u8]; 5] = [b"]1", b"[?", b"_G", b"P>", b"[6;"];
        let split_answer = self.asked && self.lone_esc && STARTS.iter().any(|start| bytes.starts_with(start));
        self.lone_esc = false;
        if split_answer {
            self.pending.push(0x1b);
        }
        let mut rest = bytes;
        if self.pasted > 0 && matches!(self.mode, Mode::Keys) {
            rest = self.read_rest(bytes, out);
        }
        let mut keys = Vec::new();
        while !rest.is_empty() {
            rest = match &mut self.mode {
                Mode::Keys => self.read_keys(rest, &mut keys),
                Mode::Paste { .. } => self.read_paste(rest),
                Mode::Tail { .. } => self.read_tail(rest),
            };
        }
        self.settle(keys, out);
    }

    /// How long to wait for more before `quiet`; `None` where only bytes can change anything.
    pub fn patience(&self) -> Option<Duration> {
        match &self.mode {
            Mode::Tail { .. } => Some(PASTE_PATIENCE),
            Mode::Paste { .. } => Some(END_PATIENCE),
            Mode::Keys if self.lone_start().is_some() => Some(ESC_PATIENCE),
            Mode::Keys if self.burst => Some(PASTE_PATIENCE),
            Mode::Keys if self.fresh => Some(FRESH_PATIENCE),
            Mode::Keys => (self.pasted > 0).then_some(REST_PATIENCE),
        }
    }

    /// Nothing came for that long.
    pub fn quiet(&mut self, out: &mut Vec<Event>) {
        if !self.burst && self.lone_start().is_none() && !std::mem::take(&mut self.fresh) {
            self.pasted = 0;
        }
        self.burst = false;
        while let Some(key) = self.lone_start() {
            self.lone_esc = key.code == KeyCode::Esc;
            let length = if self.lone_esc { 1 } else { 2 };
            self.pending.drain(..length);
            out.push(Event::Key(key));
        }
        if let Mode::Paste { paste, matched } = &mut self.mode {
            let (mut paste, matched) = (std::mem::take(paste), *matched);
            paste.push(&PASTE_END[..matched]);
            self.mode = Mode::Keys;
            out.push(paste.into_event());
            (self.pasted, self.fresh) = (ALONE, true);
            return;
        }
        if let Mode::Tail { paste, tail } = &mut self.mode {
            let (mut paste, mut tail) = (std::mem::take(paste), std::mem::take(tail));
            // Nobody presses Enter that soon: the mark before it was one within the text.
            if tail.contains(&b'\r') || tail.contains(&b'\n') {
                paste.push(&std::mem::take(&mut tail));
            }
            self.mode = Mode::Keys;
            out.push(paste.into_event());
            self.feed(&tail, out);
            (self.pasted, self.fresh) = (ALONE, true);
        }
    }

    /// The key that a start of a sequence is when nothing follows.
    fn lone_start(&self) -> Option<Key> {
        match *self.pending.as_slice() {
            [0x1b] | [0x1b, 0x1b] => Some(Key::plain(KeyCode::Esc)),
            [0x1b, c @ (b'[' | b']' | b'O' | b'P' | b'_')] => Some(Key::alt(char::from(c))),
            _ => None,
        }
    }

    fn read_keys<'a>(&mut self, bytes: &'a [u8], keys: &mut Vec<Event>) -> &'a [u8] {
        let carried = self.pending.len();
        self.pending.extend_from_slice(bytes);
        let pending = std::mem::take(&mut self.pending);
        let mut at = 0;
        while at < pending.len() {
            match parse(&pending[at..]) {
                Parsed::Event(event, length) => {
                    self.learn(&event);
                    keys.push(event);
                    at += length;
                }
                Parsed::Brackets(length) => {
                    self.brackets = true;
                    at += length;
                }
                Parsed::Nothing(length) => at += length,
                Parsed::PasteStart(length) => {
                    at += length;
                    self.mode = Mode::Paste { paste: Paste::default(), matched: 0 };
                    return &bytes[at.saturating_sub(carried).min(bytes.len())..];
                }
                Parsed::More => {
                    self.pending = pending[at..].to_vec();
                    return &[];
                }
            }
        }
        &[]
    }

    fn learn(&mut self, event: &Event) {
        if matches!(event, Event::Terminal(Capability::Answered { .. })) {
            self.asked = false;
        }
    }

    fn read_paste<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let Mode::Paste { paste, matched } = &mut self.mode else { return bytes };
        let mut at = 0;
        while at < bytes.len() {
            if *matched == 0 {
                let esc = bytes[at..].iter().position(|b| *b == 0x1b).map_or(bytes.len(), |i| at + i);
                paste.push(&bytes[at..esc]);
                at = (esc + 1).min(bytes.len());
                *matched = usize::from(esc < bytes.len());
            } else if bytes[at] == PASTE_END[*matched] {
                *matched += 1;
                at += 1;
                if *matched == PASTE_END.len() {
                    let paste = std::mem::take(paste);
                    self.mode = Mode::Tail { paste, tail: Vec::new() };
                    return &bytes[at..];
                }
            } else {
                paste.push(&PASTE_END[..*matched]);
                *matched = 0;
            }
        }
        &[]
    }

    /// What stands before an end mark that comes after a paste was a part of it; the rest of the bytes is read on.
    fn read_rest<'a>(&mut self, bytes: &'a [u8], out: &mut Vec<Event>) -> &'a [u8] {
        let Some(end) = bytes.windows(PASTE_END.len()).position(|window| window == PASTE_END) else {
            return bytes;
        };
        let before = [&self.pending, &bytes[..end]].concat();
        // Another paste begins before it: the mark is that one's.
        if before.windows(PASTE_START.len()).any(|window| window == PASTE_START) {
            return bytes;
        }
        self.pending.clear();
        let mut paste = Paste::default();
        paste.push(&before);
        out.push(paste.into_event());
        (self.pasted, self.fresh) = (ALONE, true);
        &bytes[end + PASTE_END.len()..]
    }

    /// What follows a paste at once is kept aside until it is quiet. If it has an end mark, it was a part of the text.
    fn read_tail<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let Mode::Tail { paste, tail } = &mut self.mode else { return bytes };
        let searched = tail.len().saturating_sub(PASTE_END.len() - 1);
        tail.extend_from_slice(bytes);
        let found = tail[searched..].windows(PASTE_END.len()).position(|w| w == PASTE_END);
        if let Some(end) = found.map(|i| searched + i) {
            paste.push(&tail[..end]);
            let after = tail.len() - end - PASTE_END.len();
            tail.clear();
            return &bytes[bytes.len() - after..];
        }
        // A tail of that size is no typing: it is a paste whose second mark is far.
        if tail.len() > PASTE_MAX {
            paste.push(tail);
            tail.clear();
        }
        &[]
    }

    /// Hands on the events of one read; text with an Enter within it is a paste. One at its end is not enough: a slow
    /// line, or a program that types, brings a whole sentence and its Enter in one piece.
    fn settle(&mut self, keys: Vec<Event>, out: &mut Vec<Event>) {
        if self.fresh && matches!(&keys[..], [key] if text_of(key) == Some('\n')) {
            self.pasted = self.pasted.saturating_sub(1);
            out.push(Event::Paste { text: "\n".to_owned(), dropped: 0 });
            return;
        }
        if self.brackets && !self.burst && (self.pasted == 0 || keys.len() == 1) {
            self.pasted = self.pasted.saturating_sub(u8::from(keys.len() == 1));
            self.fresh = self.pasted > 0 && !keys.is_empty();
            out.extend(keys);
            return;
        }
        let mut keys = keys.into_iter().peekable();
        while let Some(event) = keys.next() {
            let Some(first) = text_of(&event) else {
                out.push(event);
                continue;
            };
            let mut run = vec![event];
            let mut text = String::from(first);
            while let Some(c) = keys.peek().and_then(text_of) {
                text.push(c);
                run.extend(keys.next());
            }
            let breaks = text.contains('\n');
            let pasted = if self.burst || self.pasted > 0 {
                text.len() > 1
            } else {
                text.trim_end_matches('\n').contains('\n')
            } || text.ends_with("\n\n");
            if breaks && pasted {
                self.burst = true;
                out.push(Event::Paste { text, dropped: 0 });
            } else {
                out.extend(run);
            }
        }
    }
}

/// The character that a key is in a paste that was not bracketed.
fn text_of(event: &Event) -> Option<char> {
    match event {
        Event::Key(Key { code: KeyCode::Enter, modifiers: KeyModifiers::NONE }) => Some('\n'),
        Event::Key(Key { code: KeyCode::Tab, modifiers: KeyModifiers::NONE }) => Some('\t'),
        Event::Key(key) if *key == Key::ctrl('j') => Some('\n'),
        Event::Key(key) => key.typed(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::tui::event::{Button, Mouse, MouseKind, Program};

    /// The events of reads, each as long as it takes for the next one to be its own.
    fn read(reads: &[&[u8]]) -> Vec<Event> {
        let mut parser = Parser::default();
        parser.asked();
        let mut out = Vec::new();
        for bytes in reads {
            parser.feed(bytes, &mut out);
        }
        parser.quiet(&mut out);
        out
    }

    fn named(events: &[Event]) -> String {
        let name = |event: &Event| match event {
            Event::Key(key) => key.to_string(),
            Event::Paste { text, dropped: 0 } => format!("paste{text:?}"),
            other => format!("{other:?}"),
        };
        events.iter().map(name).collect::<Vec<_>>().join(" ")
    }

    fn keys(bytes: &[u8]) -> String {
        named(&read(&[bytes]))
    }

    #[test]
    fn what_comes_late_behind_an_end_mark_within_a_paste_sends_nothing() {
        let mut parser = Parser::default();
        let mut seen = Vec::new();
        parser.feed(b"\x1b[?2004;1$y\x1b[200~ls \x1b[201~", &mut seen);
        parser.quiet(&mut seen);
        assert_eq!(parser.patience(), Some(FRESH_PATIENCE));
        parser.feed(b"rm -rf ~\r\x1b[201~", &mut seen);
        let enter = Event::Key(Key::plain(KeyCode::Enter));
        assert!(!seen.contains(&enter), "{seen:?}");
        // A person's own Enter comes alone, after they have read what was pasted.
        parser.quiet(&mut seen);
        parser.feed(b"\r", &mut seen);
        assert_eq!(seen.last(), Some(&enter));
        parser.quiet(&mut seen);
        parser.quiet(&mut seen);
        assert_eq!(parser.patience(), None);
        parser.feed(b"yes\r", &mut seen);
        assert_eq!(seen.last(), Some(&enter), "a program that types");
    }

    #[test]
    fn a_paste_with_an_end_mark_that_a_slow_line_brings_in_pieces_sends_nothing() {
        let slow = [
            &[&b"\x1b[200~rm y \x1b[201~\r"[..], b"more text \x1b[201~"][..],
            &[b"\x1b[200~rm z \x1b[201~", b"\r \x1b[201~"],
            &[b"\x1b[200~rm w \x1b[201~", b"l", b"s", b"\r", b"\x1b[201~"],
            &[b"\x1b[200~rm v \x1b[201~", b"\r", b"l", b"\x1b[201~"],
        ];
        for (pieces, brackets) in slow.iter().flat_map(|pieces| [(pieces, true), (pieces, false)]) {
            let mut parser = Parser::default();
            let mut seen = Vec::new();
            if brackets {
                parser.feed(b"\x1b[?2004;1$y", &mut seen);
            }
            for piece in *pieces {
                parser.feed(piece, &mut seen);
                // As the reader does between pieces that come 50 ms apart.
                while parser.patience().is_some_and(|patience| patience <= PASTE_PATIENCE) {
                    parser.quiet(&mut seen);
                }
            }
            let enter = Event::Key(Key::plain(KeyCode::Enter));
            assert!(!seen.contains(&enter), "{}", named(&seen));
        }
    }

    #[test]
    fn keys_of_every_dialect_have_one_name() {
        for (bytes, name) in [
            (&b"a"[..], "a"),
            (b"\r", "enter"),
            (b"\n", "ctrl+j"),
            (b"\x1b\r", "alt+enter"),
            (b"\x1b[13;2u", "shift+enter"),
            (b"\x1b[13;5u", "ctrl+enter"),
            (b"\x1b[27;2;13~", "shift+enter"),
            (b"\x1b[27u", "esc"),
            (b"\x1b[112;5u", "ctrl+p"),
            (b"\x1b[112;5:3u", ""),
            (b"\x1b[57414u", "enter"),
            (b"\x1b[A", "up"),
            (b"\x1bOA", "up"),
            (b"\x1b[1;5A", "ctrl+up"),
            (b"\x1b[1;3D", "alt+left"),
            (b"\x1b\x1b[C", "alt+right"),
            (b"\x1b[3~", "delete"),
            (b"\x1b[5;5~", "ctrl+pageup"),
            (b"\x1b[15~", "f5"),
            (b"\x1bOP", "f1"),
            (b"\x1b[[B", "f2"),
            (b"\x1b[Z", "shift+tab"),
            (b"\x1bb", "alt+b"),
            (b"\x1b\x7f", "alt+backspace"),
            (b"\x1b\x1b", "esc esc"),
            (b"\x1b", "esc"),
            (b"\x1b]", "alt+]"),
            (b"\x1b[", "alt+["),
            (b"\x00", "ctrl+space"),
            (b"\x1a", "ctrl+z"),
            (b"\x1f", "ctrl+_"),
            ("é長👩".as_bytes(), "é 長 👩"),
            (b"\xff\xe4x", "\u{fffd} \u{fffd} x"),
        ] {
            assert_eq!(keys(bytes), name, "{:?}", bytes.escape_ascii().to_string());
        }
    }

    #[test]
    fn the_mouse_and_the_focus_are_told() {
        let mouse =
            |kind, column, row| Event::Mouse(Mouse { kind, column, row, modifiers: KeyModifiers::NONE });
        assert_eq!(
            read(&[b"\x1b[<0;3;4M\x1b[<32;4;4M\x1b[<0;4;4m\x1b[<64;1;1M\x1b[<35;9;9M\x1b[I"]),
            [
                mouse(MouseKind::Down(Button::Left), 2, 3),
                mouse(MouseKind::Drag(Button::Left), 3, 3),
                mouse(MouseKind::Up(Button::Left), 3, 3),
                mouse(MouseKind::ScrollUp, 0, 0),
                Event::Focus(true),
            ]
        );
    }

    const ANSWERS: &[u8] = b"\x1b]11;rgb:1e1e/2020/ffff\x1b\\\x1b[?1u\x1b[?2026;2$y\x1b_Gi=31;OK\x1b\\\
        \x1bP>|WezTerm 20240203\x1b\\\x1b[6;20;10t\x1b[?62;4;22c";

    #[test]
    fn answers_split_anywhere_are_never_typed() {
        let whole = read(&[ANSWERS]);
        assert_eq!(
            whole,
            [
                Event::Terminal(Capability::Background(0x1e, 0x20, 0xff)),
                Event::Terminal(Capability::FullKeys),
                Event::Terminal(Capability::KittyGraphics),
                Event::Terminal(Capability::Program(Program::WezTerm)),
                Event::Terminal(Capability::Cell(10, 20)),
                Event::Terminal(Capability::Answered { sixel: true }),
            ]
        );
        for split in 0..ANSWERS.len() {
            assert_eq!(read(&[&ANSWERS[..split], &ANSWERS[split..]]), whole, "split at {split}");
        }
        let single: Vec<&[u8]> = ANSWERS.chunks(1).collect();
        assert_eq!(read(&single), whole);
    }

    #[test]
    fn each_way_to_show_pictures_is_told_and_nothing_is_read_into_a_refusal() {
        let told = |bytes: &[u8]| {
            let events = read(&[bytes]);
            assert!(events.iter().all(|event| matches!(event, Event::Terminal(_))), "{events:?}");
            events
        };
        let terminal = |capability| vec![Event::Terminal(capability)];
        for (bytes, events) in [
            (&b"\x1b_Gi=31;OK\x1b\\"[..], terminal(Capability::KittyGraphics)),
            (b"\x1b_Gi=31;ENOTSUPPORTED:no\x1b\\", vec![]),
            (b"\x1b_Gi=7;OK\x1b\\", vec![]),
            (b"\x1bP>|iTerm2 3.5.0\x1b\\", terminal(Capability::Program(Program::Iterm2))),
            (b"\x1bP>|Konsole 24.02\x1b\\", terminal(Capability::Program(Program::Konsole))),
            (b"\x1bP>|kitty(0.39.0)\x1b\\", terminal(Capability::Program(Program::Other))),
            (b"\x1b[6;34;17t", terminal(Capability::Cell(17, 34))),
            (b"\x1b[6;0;0t", vec![]),
            (b"\x1b[6;34t", vec![]),
            (b"\x1b[4;800;600t", vec![]),
            (b"\x1b[?62;22c", terminal(Capability::Answered { sixel: false })),
            (b"\x1b[?62;4c", terminal(Capability::Answered { sixel: true })),
            (b"\x1b[?4c", terminal(Capability::Answered { sixel: false })),
            (b"\x1b[?64;14;44c", terminal(Capability::Answered { sixel: false })),
        ] {
            assert_eq!(told(bytes), events, "{}", bytes.escape_ascii());
        }
    }

    #[test]
    fn late_answers_about_pictures_are_never_typed() {
        for answer in [&b"_Gi=31;OK\x1b\\"[..], b"P>|WezTerm 1\x1b\\", b"[6;20;10t"] {
            let mut parser = Parser::default();
            parser.asked();
            let mut out = Vec::new();
            parser.feed(b"\x1b", &mut out);
            parser.quiet(&mut out);
            parser.feed(answer, &mut out);
            parser.quiet(&mut out);
            assert!(out[1..].iter().all(|e| matches!(e, Event::Terminal(_))), "{out:?}");
        }
    }

    #[test]
    fn an_answer_whose_escape_came_long_before_is_swallowed_too() {
        let mut parser = Parser::default();
        parser.asked();
        let mut out = Vec::new();
        parser.feed(b"\x1b", &mut out);
        parser.quiet(&mut out);
        parser.feed(&ANSWERS[1..], &mut out);
        assert_eq!(named(&out[..1]), "esc");
        assert!(out[1..].iter().all(|e| matches!(e, Event::Terminal(_))), "{out:?}");
    }

    #[test]
    fn strange_answers_are_swallowed_whole() {
        for bytes in [
            &b"\x1b]11;?\x07"[..],
            b"\x1b]4;1;rgb:00/00/00\x1b\\",
            b"\x1bP1$r0m\x1b\\",
            b"\x1b_Gi=1;OK\x1b\\",
            b"\x1bP>term\x1b\\",
            b"\x1b[>41;330;0c",
            b"\x1b[?997;1n",
            b"\x1b[8;24;80t",
        ] {
            assert_eq!(keys(&[bytes, b"x"].concat()), "x", "{}", bytes.escape_ascii());
        }
        assert_eq!(keys(b"\x1b]11;rgb:1e/\x1b[Ax"), "up x", "one that broke off ends at the next key");
    }

    #[test]
    fn a_bracketed_paste_is_one_event_wherever_it_is_split() {
        let bytes = "a\x1b[200~one\r\ntwo\x1b[31m\r長\x1b[201~".as_bytes();
        for split in 0..bytes.len() {
            let events = read(&[&bytes[..split], &bytes[split..]]);
            assert_eq!(named(&events), "a paste\"one\\ntwo\\u{1b}[31m\\n長\"", "split at {split}");
        }
    }

    #[test]
    fn a_paste_whose_end_never_comes_is_handed_out_and_keys_are_keys_again() {
        let mut parser = Parser::default();
        let mut seen = Vec::new();
        parser.feed(b"\x1b[?2004;1$y\x1b[200~one\rtwo\x1b[20", &mut seen);
        assert_eq!((parser.patience(), seen.len()), (Some(END_PATIENCE), 0), "its end may still come");
        parser.quiet(&mut seen);
        assert_eq!(named(&seen), "paste\"one\\ntwo\\u{1b}[20\"");
        // Then as after any paste: an Enter counts once a moment has gone by.
        parser.quiet(&mut seen);
        parser.quiet(&mut seen);
        assert_eq!(parser.patience(), None);
        seen.clear();
        parser.feed(b"x", &mut seen);
        parser.feed(b"\r", &mut seen);
        assert_eq!(named(&seen), "x enter");
    }

    #[test]
    fn an_end_mark_within_a_paste_sends_nothing() {
        let bytes = b"\x1b[200~harmless\x1b[201~\rrm -rf\r\x1b[201~";
        for split in 0..bytes.len() {
            let events = read(&[&bytes[..split], &bytes[split..]]);
            assert_eq!(named(&events), "paste\"harmless\\nrm -rf\\n\"", "split at {split}");
        }
        // Without a second mark, and so without proof: still no Enter with text around it.
        let events = read(&[b"\x1b[200~a\x1b[201~b\rc"]);
        assert_eq!(named(&events), "paste\"ab\\nc\"");
    }

    #[test]
    fn what_is_typed_right_after_a_paste_is_not_lost() {
        assert_eq!(keys(b"\x1b[200~one\x1b[201~\r"), "paste\"one\\n\"", "no person is that quick");
        assert_eq!(keys(b"\x1b[200~one\x1b[201~x"), "paste\"one\" x");
        assert_eq!(keys(b"\x1b[200~one\x1b[201~\x1b[A"), "paste\"one\" up");
        assert_eq!(
            keys(b"\x1b[200~one\x1b[201~\x1b[200~two\x1b[201~"),
            "paste\"onetwo\"".replace("onetwo", "one\\u{1b}[200~two")
        );
    }

    #[test]
    fn keys_that_come_as_a_paste_would_never_send() {
        assert_eq!(keys(b"ls\r"), "l s enter", "a slow line gathers some keys");
        assert_eq!(keys(b"one\rtwo"), "paste\"one\\ntwo\"");
        assert_eq!(keys(b"one\r\r"), "paste\"one\\n\\n\"");
        assert_eq!(keys(b"whole\r"), "w h o l e enter", "however long: one Enter at the end sends");
        assert_eq!(named(&read(&[b"one\rtwo", b"three\r"])), "paste\"one\\ntwo\" paste\"three\\n\"");
        assert_eq!(
            keys(b"\x1b[?2004;1$yone\rtwo"),
            "o n e enter t w o",
            "a terminal that brackets types keys"
        );
    }

    #[test]
    fn a_paste_beyond_the_bound_says_how_much_is_missing() {
        let mut parser = Parser::default();
        let mut out = Vec::new();
        parser.feed(b"\x1b[200~", &mut out);
        let block = vec![b'x'; 1 << 20];
        for _ in 0..17 {
            parser.feed(&block, &mut out);
        }
        parser.feed(b"\x1b[201~", &mut out);
        parser.quiet(&mut out);
        let [Event::Paste { text, dropped }] = out.as_slice() else { panic!("{} events", out.len()) };
        assert_eq!((text.len(), *dropped), (PASTE_MAX, 1 << 20));
    }

    proptest! {
        #[test]
        fn any_bytes_in_any_pieces_end_and_leave_nothing_waiting(
            pieces in prop::collection::vec(prop::collection::vec(prop_oneof![
                prop::sample::select(b"\x1b[]OP<?;:~0129$cuMm\r\x07\\".to_vec()), any::<u8>()
            ], 0..24), 0..12)
        ) {
            let mut parser = Parser::default();
            let mut out = Vec::new();
            for piece in &pieces {
                parser.feed(piece, &mut out);
            }
            // Whatever state that left, a key after an end of every kind of sequence is a key.
            parser.feed(b"\x1b[201~\x1b\\\x18", &mut out);
            parser.quiet(&mut out);
            parser.quiet(&mut out);
            out.clear();
            parser.feed(b"~\x1b[201~", &mut out);
            parser.quiet(&mut out);
            out.clear();
            parser.feed(b"z", &mut out);
            parser.quiet(&mut out);
            prop_assert_eq!(out, vec![Event::Key(Key::char('z'))]);
        }
    }
}
