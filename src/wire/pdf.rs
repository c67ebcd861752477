//! What a PDF tells of itself (ISO 32000).

/// Its pages, as its own page tree counts them; `None` where it cannot be read, as with a password, or tells none.
pub fn pages(bytes: &[u8]) -> Option<usize> {
    let told = lopdf::Document::load_metadata_mem(bytes).ok()?.page_count;
    usize::try_from(told).ok().filter(|pages| *pages > 0)
}

/// A PDF of empty pages.
#[cfg(test)]
pub fn with_pages(pages: usize) -> Vec<u8> {
    let kids = "3 0 R ".repeat(pages);
    let objects = [
        "<</Type/Catalog/Pages 2 0 R>>".to_owned(),
        format!("<</Type/Pages/Count {pages}/Kids[{kids}]>>"),
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 10 10]>>".to_owned(),
    ];
    let mut pdf = vec!["%PDF-1.4\n".to_owned()];
    let mut table = vec!["xref\n0 4\n0000000000 65535 f \n".to_owned()];
    let mut length = pdf[0].len();
    for (at, object) in objects.iter().enumerate() {
        table.push(format!("{length:010} 00000 n \n"));
        let object = format!("{} 0 obj{object}endobj\n", at + 1);
        length += object.len();
        pdf.push(object);
    }
    let end = format!("trailer<</Size 4/Root 1 0 R>>\nstartxref\n{length}\n%%EOF");
    [pdf.concat(), table.concat(), end].concat().into_bytes()
}

#[cfg(test)]
mod tests {
    use super::{pages, with_pages};
    use proptest::prelude::*;

    #[test]
    fn pages_are_as_the_page_tree_counts_them() {
        assert_eq!(pages(&with_pages(3)), Some(3));
        assert_eq!(pages(b""), None);
        assert_eq!(pages(b"no PDF"), None);
    }

    proptest! {
        #[test]
        fn no_broken_pdf_is_more_than_unknown(at: prop::sample::Index, byte: u8, cut: prop::sample::Index) {
            let mut pdf = with_pages(3);
            let (at, cut) = (at.index(pdf.len()), cut.index(pdf.len()));
            pdf[at] = byte;
            pages(&pdf);
            pdf.truncate(cut);
            pages(&pdf);
        }
    }
}
