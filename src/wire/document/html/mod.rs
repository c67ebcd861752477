//! HTML, parsed as browsers do (`html5ever`), written as a reader without pictures sees it.

mod tree;
mod write;

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};

use super::building::Building;
use super::charset::{decode, unix_lines};
use super::fault::Fault;

/// Bytes of the beginning in which a page may say its character set.
const SAID_WITHIN: usize = 4096;

pub fn read(bytes: &[u8], made: &mut Building<'_>) -> Result<(), Fault> {
    let decoded = decode(bytes, said(bytes))?;
    made.notes.extend(decoded.note);
    let tree = tree::parse(&unix_lines(decoded.text), made.limits.depth, made.limits.elements)?;
    write::write(&tree, made)
}

/// The character set that a page says it has: `<meta charset=…>`, or within the older form.
fn said(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(SAID_WITHIN)]).to_ascii_lowercase();
    let mut rest = head.as_str();
    while let Some(at) = rest.find("charset") {
        rest = rest[at + "charset".len()..].trim_start();
        let Some(value) = rest.strip_prefix('=') else { continue };
        let value = value.trim_start().trim_start_matches(['"', '\'']);
        let label: String = value.chars().take_while(|letter| !"\"'; >/".contains(*letter)).collect();
        if let Some(encoding) = Encoding::for_label(label.trim().as_bytes()) {
            // One that could say so in single bytes is not of double ones.
            return Some(if [UTF_16LE, UTF_16BE].contains(&encoding) { UTF_8 } else { encoding });
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::super::read as parse;
    use super::*;
    use crate::domain::knowledge::document::{Limits, Places};

    fn text(html: &str) -> String {
        parse("a.html", html.as_bytes(), &Limits::default()).unwrap().text
    }

    #[test]
    fn a_page_says_its_character_set_in_either_form() {
        assert_eq!(said(b"<meta charset=\"iso-8859-2\">").map(Encoding::name), Some("ISO-8859-2"));
        let old = b"<meta http-equiv=Content-Type content='text/html; charset=shift_jis'>";
        assert_eq!(said(old).map(Encoding::name), Some("Shift_JIS"));
        assert_eq!(said(b"<meta charset=utf-16>").map(Encoding::name), Some("UTF-8"));
        let made = parse("a.html", b"<meta charset=iso-8859-2><p>\xB3", &Limits::default()).unwrap();
        assert_eq!((made.text.trim(), made.notes.join("")), ("ł", "charset: ISO-8859-2".to_owned()));
    }

    #[test]
    fn blocks_are_lines_and_white_space_is_one_space() {
        assert_eq!(
            text("<p>one\n  two<b> three</b> &amp; <i>four</i><p>five<br> six"),
            "one two three & four\n\nfive\nsix\n"
        );
        assert_eq!(
            text("<script>x</script><style>y</style><template>z</template>a<div hidden>b</div>c"),
            "ac\n",
            "what is hidden parts nothing"
        );
        assert_eq!(text("<pre>a\n  b</pre>c"), "a\n  b\n\nc\n");
    }

    #[test]
    fn lists_have_their_labels_and_tables_their_rows() {
        assert_eq!(text("<ul><li>a<ol start=3><li>b<li>c</ol><li>d</ul>"), "• a\n  3. b\n  4. c\n• d\n");
        assert_eq!(
            text("<table><caption>T</caption><tr><th>a<th>b<tr><td><p>c<p>d<td>e</table>f"),
            "T\na\tb\nc d\te\n\nf\n"
        );
    }

    #[test]
    fn headings_are_places() {
        let made = parse("a.html", b"<h1>One</h1><p>x<h2>T<em>w</em>o</h2><p>y", &Limits::default()).unwrap();
        let at = made.text.find('y').unwrap();
        assert_eq!(Places::new(&made).name(&(at..at + 1)), "One › Two");
    }

    #[test]
    fn ten_thousand_elements_within_each_other_are_refused() {
        let error = parse("a.html", "<div>".repeat(10_000).as_bytes(), &Limits::default()).unwrap_err();
        assert!(error.why.contains("1000 deep"), "{error}");
        assert_eq!(text(&"<div>".repeat(900)), "");
    }
}
