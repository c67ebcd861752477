//! R1 and R2: whatever the bytes, nothing that drives the terminal, reorders or hides text comes through.

use std::borrow::Cow;

use outcrop::domain::untrusted::{Pieces, SafeText, json_escape, safe_line, safe_text};
use proptest::prelude::*;

/// Said again here, apart from the code that it judges.
pub fn forbidden(c: char) -> bool {
    matches!(c as u32,
        0x00..=0x1F | 0x7F..=0x9F | 0xAD | 0x61C | 0x200B | 0x200E..=0x200F | 0x2028..=0x202E | 0x2060..=0x206F
        | 0xFEFF | 0xFFF9..=0xFFFB | 0xE0000..=0xE00FF)
}

/// Characters that the sanitiser has to think about, among others.
pub fn hostile() -> impl Strategy<Value = String> {
    let suspects: Vec<char> = [
        0x00, 0x07, 0x08, 0x0A, 0x0D, 0x1B, 0x7F, 0x80, 0x84, 0x85, 0x90, 0x9B, 0x9C, 0x9D, 0x9F, 0xAD,
        0x300, 0x301, 0x34F, 0x61C, 0x627, 0x6CC, 0x915, 0x94D, 0x180E, 0x200B, 0x200C, 0x200D, 0x200E,
        0x200F, 0x2028, 0x2029, 0x202A, 0x202E, 0x2060, 0x2066, 0x2069, 0x206F, 0x20E3, 0x2764, 0x4E00,
        0xFE00, 0xFE0F, 0xFEFF, 0xFFF9, 0x1F3F4, 0x1F3FD, 0x1F469, 0x1F680, 0xE0001, 0xE0041, 0xE007F,
        0xE0100, 0xE01EF,
    ]
    .into_iter()
    .filter_map(char::from_u32)
    .collect();
    let one = prop_oneof![
        6 => proptest::sample::select(suspects),
        2 => proptest::char::range(' ', '~'),
        1 => any::<char>(),
    ];
    proptest::collection::vec(one, 0..64).prop_map(String::from_iter)
}

proptest! {
    #[test]
    fn no_forbidden_character_comes_through(text in hostile()) {
        for c in safe_text(&text).chars() {
            prop_assert!(!forbidden(c) || matches!(c, '\n' | '\t'), "{c:?} of {text:?}");
        }
        for c in safe_line(&text).chars() {
            prop_assert!(!forbidden(c), "{c:?} of {text:?}");
        }
    }

    #[test]
    fn no_forbidden_byte_comes_through(bytes in proptest::collection::vec(any::<u8>(), 0..256)) {
        let text = String::from_utf8_lossy(&bytes);
        prop_assert!(!safe_line(&text).chars().any(forbidden));
    }

    #[test]
    fn sanitising_twice_changes_nothing(text in hostile()) {
        for once in [safe_text(&text), safe_line(&text)] {
            let once = once.into_owned();
            prop_assert_eq!(&safe_text(&once), &once);
            prop_assert!(matches!(safe_text(&once), Cow::Borrowed(_)));
        }
    }

    #[test]
    fn clean_text_is_borrowed(text in "[ -~\n\tà-öα-ωа-яא-ת一-龠あ-んァ-ン😀-😏]{0,80}") {
        prop_assert!(matches!(safe_text(&text), Cow::Borrowed(_)));
    }

    #[test]
    fn a_text_cut_anywhere_is_as_safe_as_the_whole(text in hostile(), cut in 0usize..64) {
        let cut = text.char_indices().map(|(i, _)| i).nth(cut).unwrap_or(text.len());
        let (left, right) = text.split_at(cut);
        let joined = format!("{}{}", SafeText::line(left), SafeText::line(right));
        prop_assert!(!joined.chars().any(forbidden), "{joined:?}");
    }

    #[test]
    fn a_text_in_pieces_comes_out_as_the_whole_text_does(text in hostile(), cuts in proptest::collection::vec(any::<bool>(), 64)) {
        let mut pieces = Pieces::default();
        let (mut joined, mut piece) = (String::new(), String::new());
        for (at, c) in text.chars().enumerate() {
            piece.push(c);
            if cuts[at % cuts.len()] {
                joined.push_str(&pieces.text(&std::mem::take(&mut piece)));
            }
        }
        joined.push_str(&pieces.text(&piece));
        joined.push_str(&pieces.end());
        prop_assert!(!joined.chars().any(|c| forbidden(c) && !matches!(c, '\n' | '\t')), "{joined:?}");
        prop_assert_eq!(joined, safe_text(&text));
    }

    #[test]
    fn json_for_a_terminal_says_the_same_without_a_control(text in hostile()) {
        let json = serde_json::to_string(&text).unwrap();
        let escaped = json_escape(&json);
        prop_assert!(!escaped.chars().any(forbidden), "{escaped:?}");
        prop_assert_eq!(serde_json::from_str::<String>(&escaped).unwrap(), text);
    }
}

#[test]
fn an_emoji_that_a_stream_cuts_at_its_joiners_stays_one() {
    for text in ["👩\u{200D}👩\u{200D}👧 and ❤\u{FE0F}\u{200D}🔥", "می\u{200C}خواهم", "1\u{FE0F}\u{20E3}"]
    {
        let mut pieces = Pieces::default();
        let joined: String = text.chars().map(|c| pieces.text(c.encode_utf8(&mut [0; 4]))).collect();
        assert_eq!(joined, text);
    }
    let mut pieces = Pieces::default();
    let apart = ["a", "\u{200D}", "b", "\u{202E}", "\u{200B}", "c\r", "\nd"];
    assert_eq!(
        apart.map(|piece| pieces.text(piece)).concat(),
        "ab⟨RLO⟩c\nd",
        "what hides or reorders does not"
    );
}

#[test]
fn known_attacks_are_visible_text() {
    let attacks = [
        ("clipboard", "\x1b]52;c;cm0gLXJmIC8=\x07"),
        ("title", "\x1b]0;owned\x1b\\"),
        ("link", "\x1b]8;;http://evil\x1b\\click\x1b]8;;\x1b\\"),
        ("report", "\x1b[6n"),
        ("device", "\x1bP+q544e\x1b\\"),
        ("eight bits", "\u{9b}2J\u{9d}52;c;eA==\u{9c}"),
        ("hidden command", "ls\x1b[24D\x1b[Krm -rf /"),
        ("early return", "if admin \u{202e}\u{2066}// check\u{2069} \u{2066}{"),
    ];
    for (name, attack) in attacks {
        let shown = SafeText::line(attack);
        assert!(!shown.chars().any(forbidden), "{name}: {shown:?}");
        assert!(shown.chars().any(|c| c == '␛' || c == '⟨'), "{name} shows what it tried: {shown}");
    }
}
