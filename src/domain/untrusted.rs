//! The one sanitiser: no byte of a model, file, server or clipboard reaches the terminal as a control.
//!
//! Untrusted text is stored, sent and hashed verbatim; it passes here on its way to a span, a title, a log or a line of
//! a terminal, *after* every decoding (entities, escapes) that could still make a control of it. What could drive the
//! terminal is shown as a symbol; what could reorder or hide text is named or dropped:
//!
//! | in | out |
//! |---|---|
//! | C0, DEL | their pictures, `␛` |
//! | C1 | the two-byte form with a picture, `␛[` |
//! | bidirectional embeddings, overrides, isolates | their name, `⟨RLO⟩` |
//! | tag characters | `⟨tags⟩` for a run; dropped in a flag |
//! | zero-width characters, marks of direction, soft hyphens | dropped |
//! | joiners | kept in emoji and in scripts that need them |
//! | combining marks, variation selectors | kept, a stack at most eight high |
//!
//! Sanitising twice changes nothing, and clean text is borrowed, not copied.

use std::borrow::Cow;
use std::fmt::{self, Write as _};
use std::ops::Deref;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Zero-width marks that one base may carry; living scripts need four or five.
const MARKS: u8 = 8;

/// Text that has passed the sanitiser: safe as a span, a title, a log field or a line of a terminal.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SafeText(String);

impl SafeText {
    /// Many lines; line feeds and tabs stay.
    pub fn text(untrusted: &str) -> Self {
        Self(safe_text(untrusted).into_owned())
    }

    /// One line; line feeds and tabs become spaces.
    pub fn line(untrusted: &str) -> Self {
        Self(safe_line(untrusted).into_owned())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text, owned.
    pub fn into_string(self) -> String {
        self.0
    }
}

impl Deref for SafeText {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for SafeText {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SafeText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for SafeText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// Sanitises text of many lines: `\n` and `\t` stay, `\r\n` becomes `\n`.
pub fn safe_text(untrusted: &str) -> Cow<'_, str> {
    sanitise(untrusted, Form::Text)
}

/// Sanitises text for one line: line ends and tabs become spaces.
pub fn safe_line(untrusted: &str) -> Cow<'_, str> {
    sanitise(untrusted, Form::Line)
}

/// The beginning of a text on one line of at most so many columns; what is longer ends in `…`.
pub fn brief(untrusted: &str, columns: usize) -> String {
    let words = untrusted.split_whitespace().collect::<Vec<_>>().join(" ");
    let line = safe_line(&words);
    if line.width() <= columns {
        return line.into_owned();
    }
    let mut kept = String::new();
    for c in line.chars() {
        kept.push(c);
        if kept.width() >= columns {
            kept.pop();
            break;
        }
    }
    format!("{}…", kept.trim_end())
}

/// Escapes serialised JSON for a terminal, losslessly: C0, DEL, C1, marks of direction, zero-width and tag characters
/// become `\uXXXX`. In valid JSON these stand inside strings only, save the white space between tokens, which stays
/// white space.
pub fn json_escape(json: &str) -> Cow<'_, str> {
    let Some(first) = json.find(escapes_in_json) else { return Cow::Borrowed(json) };
    let mut escaped = String::with_capacity(json.len() + 32);
    escaped.push_str(&json[..first]);
    for c in json[first..].chars() {
        if c == '\r' {
            escaped.push(' ');
        } else if escapes_in_json(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(escaped, "\\u{unit:04x}");
            }
        } else {
            escaped.push(c);
        }
    }
    Cow::Owned(escaped)
}

fn escapes_in_json(c: char) -> bool {
    match c {
        '\n' | '\t' => false,
        '\0'..='\u{1F}' | '\u{7F}'..='\u{9F}' => true,
        _ => !matches!(class(c), Class::Plain | Class::Joiner | Class::Variant | Class::Ideographic),
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Form {
    Text,
    Line,
}

/// What a character is to the sanitiser.
#[derive(Clone, Copy, PartialEq)]
enum Class {
    Plain,
    Control,
    /// A line or paragraph separator of Unicode.
    Break,
    /// Embeds, overrides or isolates a direction.
    Bidi(&'static str),
    Tag,
    /// Invisible: zero width and no use here.
    Hidden,
    /// ZWJ and ZWNJ.
    Joiner,
    /// A variation selector after an emoji or a letter.
    Variant,
    /// A variation selector after an ideograph.
    Ideographic,
}

fn class(c: char) -> Class {
    match c {
        ' '..='~' => Class::Plain,
        '\0'..='\u{9F}' => Class::Control,
        '\u{2028}' | '\u{2029}' => Class::Break,
        '\u{202A}' => Class::Bidi("⟨LRE⟩"),
        '\u{202B}' => Class::Bidi("⟨RLE⟩"),
        '\u{202C}' => Class::Bidi("⟨PDF⟩"),
        '\u{202D}' => Class::Bidi("⟨LRO⟩"),
        '\u{202E}' => Class::Bidi("⟨RLO⟩"),
        '\u{2066}' => Class::Bidi("⟨LRI⟩"),
        '\u{2067}' => Class::Bidi("⟨RLI⟩"),
        '\u{2068}' => Class::Bidi("⟨FSI⟩"),
        '\u{2069}' => Class::Bidi("⟨PDI⟩"),
        '\u{200C}' | '\u{200D}' => Class::Joiner,
        '\u{FE00}'..='\u{FE0F}' => Class::Variant,
        '\u{E0100}'..='\u{E01EF}' => Class::Ideographic,
        '\u{E0000}'..='\u{E0FFF}' => Class::Tag,
        '\u{AD}'
        | '\u{34F}'
        | '\u{61C}'
        | '\u{180B}'..='\u{180F}'
        | '\u{200B}'
        | '\u{200E}'
        | '\u{200F}'
        | '\u{2060}'..='\u{206F}'
        | '\u{FEFF}'
        | '\u{FFF0}'..='\u{FFFB}'
        | '\u{1BCA0}'..='\u{1BCA3}'
        | '\u{1D173}'..='\u{1D17A}' => Class::Hidden,
        _ => Class::Plain,
    }
}

/// What becomes of a character.
enum Verdict {
    Keep,
    Drop,
    Char(char),
    Text(&'static str),
    /// A picture of ESC and the 7-bit form's second character.
    Escaped(char),
}

impl Verdict {
    /// Adds what became of `c`.
    fn add(self, c: char, safe: &mut String) {
        match self {
            Self::Keep => safe.push(c),
            Self::Drop => {}
            Self::Char(c) => safe.push(c),
            Self::Text(text) => safe.push_str(text),
            Self::Escaped(c) => safe.extend(['␛', c]),
        }
    }
}

/// What the next verdict depends on: the output so far.
#[derive(Default)]
struct Past {
    last: Option<char>,
    marks: u8,
    /// The last character of the input was a tag.
    tagged: bool,
}

impl Past {
    fn judge(&mut self, c: char, next: Option<char>, form: Form) -> Verdict {
        let class = class(c);
        let tagged = std::mem::replace(&mut self.tagged, class == Class::Tag);
        let verdict = match class {
            Class::Plain => return self.plain(c),
            Class::Control => control(c, next, form),
            Class::Break if form == Form::Line => Verdict::Char(' '),
            Class::Break => Verdict::Char('\n'),
            Class::Bidi(name) => Verdict::Text(name),
            Class::Tag if tagged || self.last == Some('🏴') => Verdict::Drop,
            Class::Tag => Verdict::Text("⟨tags⟩"),
            Class::Joiner if self.joins(c, next) => Verdict::Keep,
            Class::Variant if self.last.is_some_and(|l| !l.is_whitespace() && !is_invisible(l)) => {
                Verdict::Keep
            }
            Class::Ideographic if self.last.is_some_and(is_ideograph) => Verdict::Keep,
            Class::Hidden | Class::Joiner | Class::Variant | Class::Ideographic => Verdict::Drop,
        };
        match verdict {
            Verdict::Drop => {}
            Verdict::Keep => self.put(c),
            Verdict::Char(c) | Verdict::Escaped(c) => self.put(c),
            Verdict::Text(_) => self.put('⟩'),
        }
        verdict
    }

    fn plain(&mut self, c: char) -> Verdict {
        if !c.is_ascii() && c.width() == Some(0) {
            if self.marks >= MARKS {
                return Verdict::Drop;
            }
            self.marks += 1;
        } else {
            self.marks = 0;
        }
        self.last = Some(c);
        Verdict::Keep
    }

    fn put(&mut self, c: char) {
        self.last = Some(c);
        if c.width() != Some(0) {
            self.marks = 0;
        }
    }

    fn joins(&self, c: char, next: Option<char>) -> bool {
        let (Some(last), Some(next)) = (self.last, next) else { return false };
        // Only a neighbour that itself comes through counts, or a second pass would see another text.
        if class(next) != Class::Plain || next.width() == Some(0) && self.marks >= MARKS {
            return false;
        }
        let in_script = needs_joiners(last) && needs_joiners(next);
        let in_emoji = c == '\u{200D}'
            && (is_pictograph(last) || last == '\u{FE0F}' || last == '\u{20E3}')
            && is_pictograph(next);
        in_script || in_emoji
    }
}

fn control(c: char, next: Option<char>, form: Form) -> Verdict {
    match c {
        '\n' | '\t' if form == Form::Text => Verdict::Keep,
        '\n' | '\t' => Verdict::Char(' '),
        '\r' if next == Some('\n') => Verdict::Drop,
        '\0'..='\u{1F}' => Verdict::Char(picture(c)),
        '\u{7F}' => Verdict::Char('␡'),
        // ECMA-48, 5.3: a C1 control is ESC and the character 0x40 below it.
        _ => Verdict::Escaped(char::from((c as u32 - 0x40) as u8)),
    }
}

/// The picture of a C0 control: U+2400 and up, in the same order.
fn picture(c: char) -> char {
    char::from_u32(0x2400 + c as u32).unwrap_or('\u{FFFD}')
}

fn is_invisible(c: char) -> bool {
    matches!(class(c), Class::Joiner | Class::Variant | Class::Ideographic)
}

fn is_ideograph(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFD}')
}

/// Scripts whose spelling needs ZWJ or ZWNJ: Arabic and its kin, the Brahmic family, Mongolian, Adlam.
fn needs_joiners(c: char) -> bool {
    matches!(c,
        '\u{600}'..='\u{DFF}' | '\u{F00}'..='\u{109F}' | '\u{1780}'..='\u{18AF}' | '\u{1A00}'..='\u{1CFF}'
        | '\u{A800}'..='\u{ABFF}' | '\u{FB50}'..='\u{FDFF}' | '\u{FE70}'..='\u{FEFC}'
        | '\u{11000}'..='\u{11FFF}' | '\u{1E900}'..='\u{1E95F}')
}

/// The blocks that hold the extended pictographs of Unicode's emoji data; a superset does no harm here.
fn is_pictograph(c: char) -> bool {
    matches!(c,
        '©' | '®' | '\u{203C}' | '\u{2049}' | '\u{2122}' | '\u{2139}' | '\u{2190}'..='\u{21FF}'
        | '\u{2300}'..='\u{23FF}' | '\u{25A0}'..='\u{27BF}' | '\u{2900}'..='\u{297F}' | '\u{2B00}'..='\u{2BFF}'
        | '\u{3030}' | '\u{303D}' | '\u{3297}' | '\u{3299}' | '\u{1F000}'..='\u{1FAFF}')
}

fn sanitise(untrusted: &str, form: Form) -> Cow<'_, str> {
    let plain = |b: &u8| matches!(b, b' '..=b'~') || form == Form::Text && matches!(b, b'\n' | b'\t');
    let Some(mut at) = untrusted.bytes().position(|b| !plain(&b)) else { return Cow::Borrowed(untrusted) };
    // The character before it may be the base of a mark.
    at = at.saturating_sub(1);
    let mut past = Past::default();
    let mut copy: Option<String> = None;
    let mut chars = untrusted[at..].char_indices().peekable();
    while let Some((offset, c)) = chars.next() {
        let verdict = past.judge(c, chars.peek().map(|(_, next)| *next), form);
        if let Verdict::Keep = verdict {
            if let Some(copy) = &mut copy {
                copy.push(c);
            }
            continue;
        }
        let copy = copy.get_or_insert_with(|| {
            let mut copy = String::with_capacity(untrusted.len() + 16);
            copy.push_str(&untrusted[..at + offset]);
            copy
        });
        match verdict {
            Verdict::Keep | Verdict::Drop => {}
            Verdict::Char(c) => copy.push(c),
            Verdict::Text(text) => copy.push_str(text),
            Verdict::Escaped(c) => copy.extend(['␛', c]),
        }
    }
    copy.map_or(Cow::Borrowed(untrusted), Cow::Owned)
}

/// The sanitiser of a text that comes in pieces, as a stream cuts it: what a character becomes may hang on its neighbours,
/// and a joiner that comes alone joins two pieces. The pieces together come out as the whole text would.
#[derive(Default)]
pub struct Pieces {
    past: Past,
    /// What becomes of it, the next piece says.
    held: Option<char>,
}

impl Pieces {
    /// The next piece, many lines.
    pub fn text(&mut self, piece: &str) -> String {
        let mut safe = String::with_capacity(piece.len() + 4);
        let mut chars = self.held.take().into_iter().chain(piece.chars()).peekable();
        while let Some(c) = chars.next() {
            let next = chars.peek().copied();
            if next.is_none() && (c == '\r' || class(c) == Class::Joiner) {
                self.held = Some(c);
                break;
            }
            self.past.judge(c, next, Form::Text).add(c, &mut safe);
        }
        safe
    }

    /// What the last piece held back, where nothing follows it. The next piece begins a new text.
    pub fn end(&mut self) -> String {
        let Self { mut past, held } = std::mem::take(self);
        let mut safe = String::new();
        if let Some(c) = held {
            past.judge(c, None, Form::Text).add(c, &mut safe);
        }
        safe
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn controls_are_shown_and_never_sent() {
        for (from, to) in [
            ("\x1b]52;c;aGk=\x07", "␛]52;c;aGk=␇"),
            ("a\u{9b}31mb", "a␛[31mb"),
            ("\u{9d}0;title\u{9c}", "␛]0;title␛\\"),
            ("del\x7f nul\0", "del␡ nul␀"),
            ("a\r\nb\rc", "a\nb␍c"),
            ("tab\tstays\n", "tab\tstays\n"),
        ] {
            assert_eq!(safe_text(from), to);
        }
        assert_eq!(safe_line("a\r\nb\tc\u{2028}d"), "a b c d");
    }

    #[test]
    fn what_reorders_or_hides_text_is_named_or_dropped() {
        for (from, to) in [
            ("access\u{202E}nimda\u{202C}", "access⟨RLO⟩nimda⟨PDF⟩"),
            ("\u{2066}x\u{2069}", "⟨LRI⟩x⟨PDI⟩"),
            ("pay\u{200B}pal\u{FEFF}\u{2060}\u{AD}", "paypal"),
            ("hi\u{E0069}\u{E0067}\u{E006E}!", "hi⟨tags⟩!"),
            ("🏴\u{E0067}\u{E0062}\u{E0065}\u{E006E}\u{E0067}\u{E007F}!", "🏴!"),
            ("a\u{200D}b \u{200C}c", "ab c"),
            ("😀\u{FE01}\u{FE02}\u{E0101}\u{E0102}", "😀\u{FE01}"),
        ] {
            assert_eq!(safe_text(from), to);
        }
        let stack = format!("a{}b", "\u{301}".repeat(500));
        assert_eq!(safe_text(&stack), format!("a{}b", "\u{301}".repeat(8)));
    }

    #[test]
    fn living_scripts_and_emoji_stay_as_they_are() {
        for text in [
            "👩‍👩‍👧‍👦 👩🏽‍🚀 🏳️‍🌈 ❤️‍🔥 1️⃣ 🇩🇪",
            "می‌خواهم نمی‌دانم",
            "क्‍ष र्‍य ශ්‍රී",
            "Ünïcödé e\u{301} a\u{30A}\u{323} ầ Việt",
            "日本語 葛\u{E0100}城 한국어 中文",
            "שָׁלוֹם עֲלֵיכֶם",
            "ภาษาไทย กำ น้ำ",
            "→ ∑ “quotes” – dash … nbsp\u{A0}here",
        ] {
            assert!(matches!(safe_text(text), Cow::Borrowed(same) if same == text), "{text}");
        }
    }

    #[test]
    fn escaped_json_says_the_same() {
        let value = serde_json::json!({"a": "\u{1b}[31m \u{7f} \u{9b} \u{202e} \u{e0041} é 👩‍🚀 \u{feff}"});
        for json in [value.to_string(), serde_json::to_string_pretty(&value).unwrap_or_default()] {
            let escaped = json_escape(&json);
            assert!(escaped.contains("\\u009b") && escaped.contains("\\udb40\\udc41"), "{escaped}");
            assert_eq!(serde_json::from_str::<serde_json::Value>(&escaped).ok(), Some(value.clone()));
            assert!(escaped.contains("👩‍🚀"), "a joiner in an emoji needs no escape");
        }
        assert!(matches!(json_escape("{\"plain\":1}\n"), Cow::Borrowed(_)));
    }
}
