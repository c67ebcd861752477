//! The units that a caret steps over: grapheme clusters, and chips as one unit each; and how each is shown.

use std::borrow::Cow;

use ratatui::buffer::CellWidth;
use unicode_segmentation::UnicodeSegmentation;

use super::chip::{Pastes, chip_index};
use crate::domain::untrusted::safe_line;

/// Stands under a mark that has nothing to stand on, and for a character that has no look of its own.
const BLANK: &str = "◌";

/// Columns of a tab: a composer has no columns to align.
const TAB: &str = "    ";

/// The clusters of `text` with their byte offsets. A chip is one by itself, whatever mark follows it.
pub fn clusters(text: &str) -> impl DoubleEndedIterator<Item = (usize, &str)> {
    text.grapheme_indices(true).flat_map(|(at, cluster)| {
        let first = cluster.chars().next().filter(|c| chip_index(*c).is_some()).map_or(0, char::len_utf8);
        let (chip, rest) = cluster.split_at(first);
        [(at, chip), (at + first, rest)].into_iter().filter(|(_, part)| !part.is_empty())
    })
}

/// The end of the cluster that begins at `at`.
pub fn after(text: &str, at: usize) -> usize {
    clusters(&text[at..]).next().map_or(at, |(_, cluster)| at + cluster.len())
}

/// The start of the cluster that ends at `at`. A line's start is far enough back to know it.
pub fn before(text: &str, at: usize) -> usize {
    let line = text[..at].trim_end_matches('\n').rfind('\n').map_or(0, |i| i + 1);
    clusters(&text[line..at]).next_back().map_or(at, |(start, _)| line + start)
}

/// What stands on the screen for a cluster: never a control, never nothing.
pub fn shown<'a>(cluster: &'a str, pastes: &'a Pastes) -> Cow<'a, str> {
    if cluster == "\t" {
        return Cow::Borrowed(TAB);
    }
    if let Some(label) = cluster.chars().next().and_then(chip_index).and_then(|i| pastes.label(i)) {
        return Cow::Borrowed(label);
    }
    let safe = safe_line(cluster);
    if columns(&safe) > 0 { safe } else { Cow::Owned(format!("{BLANK}{safe}")) }
}

/// The columns that ratatui gives to a sanitised text.
pub fn columns(safe: &str) -> u16 {
    if safe.is_ascii() {
        return safe.len() as u16;
    }
    safe.graphemes(true).map(CellWidth::cell_width).fold(0, u16::saturating_add)
}

/// Whether a cluster is a part of a word.
pub fn is_word(cluster: &str) -> bool {
    cluster.chars().next().is_some_and(|c| c.is_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caret_steps_over_what_a_reader_sees_as_one() {
        let pastes = Pastes::default();
        for (cluster, width) in [
            ("e\u{301}", 1),
            ("👩\u{200d}👩\u{200d}👧", 2),
            ("🇩🇪", 2),
            ("한", 2),
            ("\u{301}", 1),
            ("\u{200b}", 1),
        ] {
            let text = format!("a{cluster}b");
            let stood_alone = !cluster.starts_with('\u{301}');
            if stood_alone {
                assert_eq!(after(&text, 1), 1 + cluster.len(), "{cluster:?}");
                assert_eq!(before(&text, 1 + cluster.len()), 1, "{cluster:?}");
            }
            assert_eq!(columns(&shown(cluster, &pastes)), width, "{cluster:?}");
        }
        assert_eq!(before("a\n", 2), 1);
        assert_eq!(before("", 0), 0);
        assert_eq!(after("", 0), 0);
    }

    #[test]
    fn a_chip_is_one_unit_even_before_a_combining_mark() {
        let text = "\u{100000}\u{301}x";
        assert_eq!(clusters(text).map(|(at, _)| at).collect::<Vec<_>>(), [0, 4, 6]);
    }

    #[test]
    fn a_control_is_shown_as_a_picture() {
        let pastes = Pastes::default();
        assert_eq!(shown("\u{1b}", &pastes), "␛");
        assert_eq!(shown("\t", &pastes), "    ");
    }
}
