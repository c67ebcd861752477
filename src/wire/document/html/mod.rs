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
    fn tables_and_their_rows_are_places_and_a_marked_header_names_columns() {
        let page = "<h1>Prices</h1><table><caption>T</caption><thead><tr><td>Part<td>Price</thead>\
                    <tr><td>Motor<td>120<tr><th>Hose<td>14<table><thead><tr><th>in<th>another</thead></table></table>\
                    <p>between<table><tr><th>a<th>b<tr><td>c<td>d</table><table><tr><th>x<td>y<tr><td>z</table>after";
        let made = parse("a.html", page.as_bytes(), &Limits::default()).unwrap();
        let places = Places::new(&made);
        let named = |words: &str| {
            let at = made.text.find(words).unwrap();
            places.name(&(at..at + words.len()))
        };
        assert_eq!(named("Part"), "Prices, table 1, row 1");
        assert_eq!(named("another"), "Prices, table 1, row 3", "one within another is of its row");
        assert_eq!(named("between"), "Prices");
        assert_eq!(named("c\td"), "Prices, table 2, row 2");
        assert_eq!(named("z"), "Prices, table 3, row 2");
        assert_eq!(named("after"), "Prices");
        let headers: Vec<&str> = made.headers().into_iter().map(|header| &made.text[header.row]).collect();
        assert_eq!(headers, ["Part\tPrice\n", "a\tb\n"]);
    }

    #[test]
    fn headings_are_places() {
        let made = parse("a.html", b"<h1>One</h1><p>x<h2>T<em>w</em>o</h2><p>y", &Limits::default()).unwrap();
        let at = made.text.find('y').unwrap();
        assert_eq!(Places::new(&made).name(&(at..at + 1)), "One › Two");
    }

    #[test]
    fn what_comes_before_the_first_heading_has_the_title_as_its_place() {
        let places = |html: &str, words: &str| {
            let made = parse("a.html", html.as_bytes(), &Limits::default()).unwrap();
            let at = made.text.find(words).unwrap();
            Places::new(&made).name(&(at..at + words.len()))
        };
        let page = "<title>The\n Page</title><svg><title>drawn</title></svg><p>first<h2>Part</h2><p>second";
        assert_eq!(places(page, "first"), "The Page");
        assert_eq!(places(page, "second"), "Part", "a heading ends it, of whatever level");
        assert_eq!(places("<title>T</title><table><tr><td>a</table><h6>Low</h6>b", "a"), "T, table 1, row 1");
        assert_eq!(places("<title>T</title><h1>One</h1><p>x", "One"), "One");
        assert_eq!(places("<p>nameless<svg><title>drawn</title></svg>", "nameless"), "");
    }

    #[test]
    fn what_leads_elsewhere_or_is_for_the_eye_alone_is_left_out_unless_nothing_else_is_there() {
        assert_eq!(text("a<nav>Home</nav>b"), "a\nb\n", "it parts what stands around it");
        assert_eq!(
            text("<h1>One<a aria-hidden=true>#</a></h1><div role='Navigation menu'>Home</div>b"),
            "One\n\nb\n"
        );
        assert_eq!(text("<p aria-hidden=false>a<p role=note>b"), "a\n\nb\n");
        assert_eq!(text("<nav><ul><li>Home<li hidden>x</ul></nav>"), "• Home\n");
        assert_eq!(
            text("<table><tr><th>a<th>b<th>c<tr><td>1<td aria-hidden=true>→<td>3</table>"),
            "a\tb\tc\n1\t\t3\n",
            "a cell that is left out keeps its column"
        );
        assert_eq!(text("<table><tr><td aria-hidden=true>1</table>").trim(), "1");
        assert_eq!(
            text("<p hidden=until-found>a<p hidden>b"),
            "a\n",
            "what a search in the page finds is read"
        );
    }

    #[test]
    fn ten_thousand_elements_within_each_other_are_refused() {
        let error = parse("a.html", "<div>".repeat(10_000).as_bytes(), &Limits::default()).unwrap_err();
        assert!(error.why.contains("1000 deep"), "{error}");
        assert_eq!(text(&"<div>".repeat(900)), "");
    }
}
