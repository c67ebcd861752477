//! One sequence at the front of the bytes that a terminal sent.
//!
//! Sources: xterm's control sequences (ctlseqs), the kitty keyboard protocol, ECMA-48. Whatever is well-formed and
//! unknown is swallowed whole, so a late or foreign answer never becomes typed text.

use crate::tui::event::{Button, Capability, Event, Mouse, MouseKind, Program};
use crate::tui::key::{Key, KeyCode, KeyModifiers};

/// What stands at the front, and how many bytes it takes.
#[derive(Debug, PartialEq)]
pub enum Parsed {
    Event(Event, usize),
    /// Understood, and nothing to tell.
    Nothing(usize),
    /// The start mark of a bracketed paste.
    PasteStart(usize),
    /// The terminal says that it brackets pastes.
    Brackets(usize),
    /// The rest has not come yet.
    More,
}

/// Longest sequence that is waited for. Answers are far shorter.
const LONGEST: usize = 4096;

/// Reads the front of `bytes`, which are not empty.
pub fn parse(bytes: &[u8]) -> Parsed {
    match bytes[0] {
        0x1b => escape(bytes),
        byte @ (..0x20 | 0x7f) => key(control(byte), 1),
        byte @ 0x20..0x80 => key(Key::char(char::from(byte)), 1),
        _ => character(bytes),
    }
}

fn key(key: Key, length: usize) -> Parsed {
    Parsed::Event(Event::Key(key), length)
}

fn control(byte: u8) -> Key {
    match byte {
        b'\r' => Key::plain(KeyCode::Enter),
        b'\t' => Key::plain(KeyCode::Tab),
        0x7f => Key::plain(KeyCode::Backspace),
        0 => Key::ctrl(' '),
        letter @ 1..=26 => Key::ctrl(char::from(letter - 1 + b'a')),
        other => Key::ctrl(char::from(other + 0x40)),
    }
}

fn character(bytes: &[u8]) -> Parsed {
    let length = match bytes[0] {
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => return key(Key::char(char::REPLACEMENT_CHARACTER), 1),
    };
    let have = bytes.len().min(length);
    match std::str::from_utf8(&bytes[..have]) {
        Ok(text) => text.chars().next().map_or(Parsed::Nothing(have), |c| key(Key::char(c), have)),
        Err(error) if have < length && error.error_len().is_none() => Parsed::More,
        Err(error) => key(Key::char(char::REPLACEMENT_CHARACTER), error.error_len().unwrap_or(have)),
    }
}

fn escape(bytes: &[u8]) -> Parsed {
    match bytes.get(1) {
        None => Parsed::More,
        Some(b'[') => csi(bytes),
        Some(b'O') => ss3(bytes),
        Some(b']') => string(bytes, |first| first.is_ascii_digit()),
        Some(b'P') => string(bytes, |first| b"01>+$!".contains(&first)),
        Some(b'_') => string(bytes, |first| first == b'G'),
        // Alt with a key that is itself a sequence, or Esc twice.
        Some(0x1b) => match bytes.get(2) {
            None => Parsed::More,
            Some(b'[' | b'O') => alt(parse(&bytes[1..])),
            Some(_) => key(Key::plain(KeyCode::Esc), 1),
        },
        Some(_) => alt(parse(&bytes[1..])),
    }
}

fn alt(parsed: Parsed) -> Parsed {
    match parsed {
        Parsed::Event(Event::Key(k), length) => {
            key(Key::new(k.code, k.modifiers | KeyModifiers::ALT), length + 1)
        }
        Parsed::Event(event, length) => Parsed::Event(event, length + 1),
        Parsed::Nothing(length) => Parsed::Nothing(length + 1),
        Parsed::PasteStart(length) => Parsed::PasteStart(length + 1),
        Parsed::Brackets(length) => Parsed::Brackets(length + 1),
        Parsed::More => Parsed::More,
    }
}

/// OSC, DCS and APC: up to ST or BEL. `begins` tells an answer from Alt with that letter and a typed character.
fn string(bytes: &[u8], begins: impl Fn(u8) -> bool) -> Parsed {
    let Some(first) = bytes.get(2) else { return Parsed::More };
    if !begins(*first) {
        return key(Key::alt(char::from(bytes[1])), 2);
    }
    let Some(end) = bytes[2..].iter().position(|b| !(0x20..0x7f).contains(b)).map(|i| i + 2) else {
        return if bytes.len() > LONGEST { Parsed::Nothing(bytes.len()) } else { Parsed::More };
    };
    let length = match (bytes[end], bytes.get(end + 1)) {
        (0x07, _) => end + 1,
        (0x1b, Some(b'\\')) => end + 2,
        (0x1b, None) => return Parsed::More,
        // Broken off: what comes next is something else.
        _ => return Parsed::Nothing(end),
    };
    let body = &bytes[2..end];
    let told = match bytes[1] {
        b']' => background(body).map(|(r, g, b)| Capability::Background(r, g, b)),
        b'P' => program(body).map(Capability::Program),
        _ => (body == b"Gi=31;OK").then_some(Capability::KittyGraphics),
    };
    told.map_or(Parsed::Nothing(length), |told| Parsed::Event(Event::Terminal(told), length))
}

/// XTVERSION: `>|name version`.
fn program(body: &[u8]) -> Option<Program> {
    let name = body.strip_prefix(b">|")?;
    let known =
        [(&b"iTerm2"[..], Program::Iterm2), (b"WezTerm", Program::WezTerm), (b"Konsole", Program::Konsole)];
    let found = known.into_iter().find(|(known, _)| name.starts_with(known));
    Some(found.map_or(Program::Other, |(_, program)| program))
}

/// `6;height;width`, the answer to `CSI 16 t`.
fn cell(parameters: &[u8]) -> Option<Capability> {
    let side =
        |text: &[u8]| std::str::from_utf8(text).ok()?.parse().ok().filter(|side| (1..=512).contains(side));
    let mut sides = parameters.split(|byte| *byte == b';').skip(1);
    let (height, width) = (side(sides.next()?)?, side(sides.next()?)?);
    sides.next().is_none().then_some(Capability::Cell(width, height))
}

/// `11;rgb:RRRR/GGGG/BBBB`, one to four digits each, or `rgba:`.
fn background(body: &[u8]) -> Option<(u8, u8, u8)> {
    let body = std::str::from_utf8(body).ok()?.strip_prefix("11;")?;
    let mut parts = body.strip_prefix("rgba:").or_else(|| body.strip_prefix("rgb:"))?.split('/');
    let mut channel = || {
        let digits = parts.next()?;
        let value = u32::from_str_radix(digits, 16).ok()?;
        let most = (1u32 << (4 * digits.len().min(4))) - 1;
        u8::try_from(value * 255 / most.max(1)).ok()
    };
    Some((channel()?, channel()?, channel()?))
}

fn ss3(bytes: &[u8]) -> Parsed {
    let Some(last) = bytes.get(2) else { return Parsed::More };
    let code = match last {
        b'M' => KeyCode::Enter,
        b'j'..=b'y' => KeyCode::Char(char::from(last - 0x40)),
        _ => match cursor(*last) {
            Some(code) => code,
            None => return key(Key::alt('O'), 2),
        },
    };
    key(Key::plain(code), 3)
}

/// Keys that end in a letter, in CSI and in SS3.
fn cursor(last: u8) -> Option<KeyCode> {
    Some(match last {
        b'A' => KeyCode::Up,
        b'B' => KeyCode::Down,
        b'C' => KeyCode::Right,
        b'D' => KeyCode::Left,
        b'H' => KeyCode::Home,
        b'F' => KeyCode::End,
        b'P'..=b'S' => KeyCode::F(last - b'P' + 1),
        _ => return None,
    })
}

fn csi(bytes: &[u8]) -> Parsed {
    // The Linux console's F1 to F5.
    if bytes.get(2) == Some(&b'[') {
        return match bytes.get(3) {
            None => Parsed::More,
            Some(c @ b'A'..=b'E') => key(Key::plain(KeyCode::F(c - b'A' + 1)), 4),
            Some(_) => Parsed::Nothing(3),
        };
    }
    let Some(end) = bytes[2..].iter().position(|b| !(0x20..0x40).contains(b)).map(|i| i + 2) else {
        return if bytes.len() > LONGEST { Parsed::Nothing(bytes.len()) } else { Parsed::More };
    };
    let last = bytes[end];
    if !(0x40..0x7f).contains(&last) {
        return Parsed::Nothing(end);
    }
    let length = end + 1;
    let parameters = &bytes[2..end];
    let told = match (parameters.first(), last) {
        (Some(b'?'), b'u') => Some(Event::Terminal(Capability::FullKeys)),
        (Some(b'?'), b'c') => {
            let sixel =
                parameters[1..].split(|byte| *byte == b';').skip(1).any(|attribute| attribute == b"4");
            Some(Event::Terminal(Capability::Answered { sixel }))
        }
        (Some(b'6'), b't') => cell(parameters).map(Event::Terminal),
        // Mode 2004 is there: 1 set, 2 reset, 3 and 4 for good.
        (Some(b'?'), b'y')
            if matches!(parameters, [b'?', b'2', b'0', b'0', b'4', b';', b'1'..=b'3', b'$']) =>
        {
            return Parsed::Brackets(length);
        }
        (Some(b'<'), b'M' | b'm') => mouse(&parameters[1..], last == b'M'),
        (Some(b'<' | b'=' | b'>' | b'?'), _) => None,
        (None, b'I') => Some(Event::Focus(true)),
        (None, b'O') => Some(Event::Focus(false)),
        (Some(_), b'~') if parameters == b"200" => return Parsed::PasteStart(length),
        _ => csi_key(parameters, last).map(Event::Key),
    };
    told.map_or(Parsed::Nothing(length), |event| Parsed::Event(event, length))
}

/// `1:2;3` as numbers; a missing one is `None`.
fn numbers(parameters: &[u8]) -> Vec<Vec<Option<u32>>> {
    let text = std::str::from_utf8(parameters).unwrap_or("");
    text.split(';').map(|part| part.split(':').map(|n| n.parse().ok()).collect()).collect()
}

fn csi_key(parameters: &[u8], last: u8) -> Option<Key> {
    let numbers = numbers(parameters);
    let number = |i: usize, j: usize| numbers.get(i).and_then(|n| n.get(j).copied().flatten());
    let first = number(0, 0);
    // The kitty protocol's third kind of event is the release of a key.
    if number(1, 1) == Some(3) {
        return None;
    }
    let mut modifiers = modifiers(number(1, 0).unwrap_or(1));
    let code = match last {
        b'Z' => KeyCode::BackTab,
        b'u' => unicode_key(first?)?,
        b'~' if first == Some(27) => unicode_key(number(2, 0)?)?,
        b'~' => match first? {
            1 | 7 => KeyCode::Home,
            2 => KeyCode::Insert,
            3 => KeyCode::Delete,
            4 | 8 => KeyCode::End,
            5 => KeyCode::PageUp,
            6 => KeyCode::PageDown,
            n @ 11..=15 => KeyCode::F(n as u8 - 10),
            n @ 17..=21 => KeyCode::F(n as u8 - 11),
            n @ 23..=24 => KeyCode::F(n as u8 - 12),
            29 => KeyCode::Menu,
            _ => return None,
        },
        // rxvt's shifted arrows.
        b'a'..=b'd' => {
            modifiers |= KeyModifiers::SHIFT;
            cursor(last.to_ascii_uppercase())?
        }
        _ => cursor(last)?,
    };
    Some(Key::new(code, modifiers))
}

/// A key by its Unicode value, or by the kitty protocol's number in the private use area.
fn unicode_key(number: u32) -> Option<KeyCode> {
    Some(match number {
        13 | 57414 => KeyCode::Enter,
        27 => KeyCode::Esc,
        9 => KeyCode::Tab,
        127 | 8 => KeyCode::Backspace,
        57363 => KeyCode::Menu,
        n @ 57399..=57408 => KeyCode::Char(char::from(b'0' + (n - 57399) as u8)),
        n @ 57409..=57413 => KeyCode::Char(char::from(b"./*-+"[(n - 57409) as usize])),
        57415 => KeyCode::Char('='),
        57416 => KeyCode::Char(','),
        57417 => KeyCode::Left,
        57418 => KeyCode::Right,
        57419 => KeyCode::Up,
        57420 => KeyCode::Down,
        57421 => KeyCode::PageUp,
        57422 => KeyCode::PageDown,
        57423 => KeyCode::Home,
        57424 => KeyCode::End,
        57425 => KeyCode::Insert,
        57426 => KeyCode::Delete,
        57344..=63743 => return None,
        n => KeyCode::Char(char::from_u32(n).filter(|c| !c.is_control())?),
    })
}

fn modifiers(number: u32) -> KeyModifiers {
    let bits = number.saturating_sub(1);
    let table = [
        (1, KeyModifiers::SHIFT),
        (2, KeyModifiers::ALT),
        (4, KeyModifiers::CONTROL),
        (8, KeyModifiers::SUPER),
        (32, KeyModifiers::ALT),
    ];
    table.iter().filter(|(bit, _)| bits & bit != 0).fold(KeyModifiers::NONE, |sum, (_, m)| sum | *m)
}

/// SGR coordinates: button, column, row, from 1.
fn mouse(parameters: &[u8], pressed: bool) -> Option<Event> {
    let numbers = numbers(parameters);
    let number = |i: usize| numbers.get(i)?.first().copied().flatten();
    let bits = number(0)?;
    let cell = |n: u32| u16::try_from(n.saturating_sub(1)).ok();
    let button = || match bits & 3 {
        0 => Some(Button::Left),
        1 => Some(Button::Middle),
        2 => Some(Button::Right),
        _ => None,
    };
    let kind = match (bits & 64 != 0, bits & 32 != 0) {
        (true, _) => match bits & 3 {
            0 => MouseKind::ScrollUp,
            1 => MouseKind::ScrollDown,
            2 => MouseKind::ScrollLeft,
            _ => MouseKind::ScrollRight,
        },
        (false, true) => MouseKind::Drag(button()?),
        (false, false) if pressed => MouseKind::Down(button()?),
        (false, false) => MouseKind::Up(button()?),
    };
    let held = [(4, KeyModifiers::SHIFT), (8, KeyModifiers::ALT), (16, KeyModifiers::CONTROL)];
    let modifiers =
        held.iter().filter(|(bit, _)| bits & bit != 0).fold(KeyModifiers::NONE, |sum, (_, m)| sum | *m);
    Some(Event::Mouse(Mouse { kind, column: cell(number(1)?)?, row: cell(number(2)?)?, modifiers }))
}
