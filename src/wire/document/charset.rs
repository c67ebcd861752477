//! From bytes of an unknown character set to text.

use std::borrow::Cow;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};

use super::fault::Fault;

/// Bytes that a guess looks at.
const LOOKED_AT: usize = 1024 * 1024;

/// A text, and what was guessed to read it.
#[derive(Debug)]
pub struct Decoded<'a> {
    pub text: Cow<'a, str>,
    pub note: Option<String>,
}

/// Reads bytes as text: by their mark, as UTF-8 if they are, as they say themselves (`told`), else by a guess.
pub fn decode<'a>(bytes: &'a [u8], told: Option<&'static Encoding>) -> Result<Decoded<'a>, Fault> {
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        let text = by(encoding, &bytes[mark..])?;
        let note = (encoding != UTF_8).then(|| format!("charset: {}", encoding.name()));
        return Ok(Decoded { text, note });
    }
    if let Some(encoding) = wide(bytes) {
        let note = Some(format!("charset guessed: {}", encoding.name()));
        return Ok(Decoded { text: by(encoding, bytes)?, note });
    }
    if bytes.contains(&0) {
        return Err(Fault::damaged("it holds zero bytes, which no text does"));
    }
    if let Ok(text) = std::str::from_utf8(bytes)
        && !may_be_iso_2022_jp(bytes)
    {
        return Ok(Decoded { text: text.into(), note: None });
    }
    if let Some(encoding) = told {
        let note = Some(format!("charset: {}", encoding.name()));
        return Ok(Decoded { text: encoding.decode_without_bom_handling(bytes).0, note });
    }
    let head = &bytes[..bytes.len().min(LOOKED_AT)];
    let odd = head.iter().filter(|byte| **byte < 0x20 && !b"\t\n\r\x0C\x1B".contains(byte)).count();
    if odd * 50 > head.len() {
        return Err(Fault::damaged("its bytes are no text in any character set"));
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Allow);
    detector.feed(head, head.len() == bytes.len());
    let encoding = detector.guess(None, Utf8Detection::Deny);
    let note = Some(format!("charset guessed: {}", encoding.name()));
    Ok(Decoded { text: encoding.decode_without_bom_handling(bytes).0, note })
}

/// Whether escapes to its Japanese sets stand in plain ASCII.
fn may_be_iso_2022_jp(bytes: &[u8]) -> bool {
    let head = &bytes[..bytes.len().min(LOOKED_AT)];
    let escapes = |set| head.windows(3).any(|window| window == set);
    head.contains(&0x1B) && (escapes(b"\x1B$B") || escapes(b"\x1B$@")) && bytes.is_ascii()
}

fn by<'a>(encoding: &'static Encoding, bytes: &'a [u8]) -> Result<Cow<'a, str>, Fault> {
    let (text, broken) = encoding.decode_without_bom_handling(bytes);
    if broken && text.matches('\u{FFFD}').count() > 1 + text.len() / 100 {
        return Err(Fault::damaged(format!("it is marked as {}, which it is not", encoding.name())));
    }
    Ok(text)
}

/// UTF-16 without a mark: text of any language has characters below 256, whose upper byte is zero.
fn wide(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = &bytes[..bytes.len().min(4096) & !1];
    if head.len() < 4 || !bytes.len().is_multiple_of(2) {
        return None;
    }
    let zeros = |from: usize| head.iter().skip(from).step_by(2).filter(|byte| **byte == 0).count();
    let (even, odd) = (zeros(0), zeros(1));
    let many = head.len() / 2 / 20 + 1;
    match (even, odd) {
        (0, odd) if odd >= many => Some(UTF_16LE),
        (even, 0) if even >= many => Some(UTF_16BE),
        _ => None,
    }
}

/// The line ends of Unix, of which there are as many.
pub fn unix_lines(text: Cow<'_, str>) -> String {
    if !text.contains('\r') {
        return text.into_owned();
    }
    let mut made = String::with_capacity(text.len());
    let mut rest = &*text;
    while let Some(at) = rest.find('\r') {
        made.push_str(&rest[..at]);
        made.push('\n');
        rest = &rest[at + 1..];
        rest = rest.strip_prefix('\n').unwrap_or(rest);
    }
    made.push_str(rest);
    made
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> (String, String) {
        let decoded = decode(bytes, None).unwrap();
        (decoded.text.into_owned(), decoded.note.unwrap_or_default())
    }

    #[test]
    fn marks_tell_and_are_left_out() {
        assert_eq!(read(b"\xEF\xBB\xBFa\xC3\xA4"), ("aä".into(), String::new()));
        assert_eq!(read(b"\xFF\xFEa\0\xE4\0"), ("aä".into(), "charset: UTF-16LE".into()));
        assert_eq!(read(b"\xFE\xFF\0a\0\xE4"), ("aä".into(), "charset: UTF-16BE".into()));
    }

    #[test]
    fn utf_16_is_seen_without_its_mark() {
        let wide: Vec<u8> = "Ein Text über Öl".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(read(&wide), ("Ein Text über Öl".into(), "charset guessed: UTF-16LE".into()));
    }

    #[test]
    fn old_character_sets_are_guessed_and_said() {
        let german =
            encoding_rs::WINDOWS_1252.encode("Zwölf große Boxkämpfer jagen Viktor über den Deich.").0;
        let (text, note) = read(&german);
        assert!(text.contains("Zwölf große") && note == "charset guessed: windows-1252", "{text} {note}");
    }

    #[test]
    fn what_is_no_text_is_refused() {
        assert!(decode(b"\x89PNG\0\0\0\rIHDR\x01", None).is_err());
        assert!(decode(&[0xFF, 0x01, 0x02, 0x90, 0x03], None).is_err());
    }

    #[test]
    fn line_ends_become_those_of_unix_and_stay_as_many() {
        assert_eq!(unix_lines("a\r\nb\rc\n\r\n".into()), "a\nb\nc\n\n");
    }
}
