//! Atoms to passages: as many as fit, the last ones again in the next.

use std::ops::Range;

use super::atoms::{Atom, atoms, boundary};
use super::{Cut, Text};

/// A row that names the columns of a table, as passages below it have it before them.
#[derive(Debug)]
struct Repeated {
    row: Range<usize>,
    tokens: u32,
    /// What of its table lies in the part that is cut.
    table: Range<usize>,
}

/// The passages of a part of a text: none with more than `limit` tokens, none repeats more than `overlap` of the one before.
/// Where one begins with rows of a table, it has the row that names their columns too, unless that would take more than half of
/// each.
pub(super) fn cut(
    text: Text<'_>,
    part: Range<usize>,
    limit: u32,
    overlap: u32,
    parent: Option<usize>,
) -> Vec<Cut> {
    let repeated = repeated(text, &part, limit);
    let (mut found, mut from) = (Vec::new(), part.start);
    for own in &repeated {
        found.extend(atoms(text, from..own.table.start, limit));
        found.extend(atoms(text, own.table.clone(), limit - own.tokens));
        from = own.table.end;
    }
    found.extend(atoms(text, from..part.end, limit));
    let above = |atom: &Atom| over(&repeated, atom.range.start).map_or(0, |own| own.tokens);
    let spans = spans(&found, limit, overlap, above);
    let ranges = spans.into_iter().map(|span| found[span.start].range.start..found[span.end - 1].range.end);
    let below = |mut cut: Cut| {
        if let Some(own) = over(&repeated, cut.range.start) {
            cut.tokens += own.tokens;
            cut.header = Some(own.row.clone());
        }
        cut
    };
    ranges.filter_map(|range| text.cut(range, parent)).map(below).collect()
}

/// The rows that passages of a part repeat, in order.
fn repeated(text: Text<'_>, part: &Range<usize>, limit: u32) -> Vec<Repeated> {
    let (mut found, mut from) = (Vec::new(), part.start);
    let before = text.headers.partition_point(|header| header.end <= part.start);
    for header in text.headers[before..].iter().take_while(|header| header.row.end < part.end) {
        let tokens = text.tokens.count(&header.row);
        let start = boundary(text.text, header.row.start.max(from));
        let end = boundary(text.text, header.end).min(part.end);
        if tokens.saturating_mul(2) <= limit && start < end {
            found.push(Repeated { row: header.row.clone(), tokens, table: start..end });
            from = end;
        }
    }
    found
}

/// What is repeated before a passage that begins here.
fn over(repeated: &[Repeated], byte: usize) -> Option<&Repeated> {
    let begun = repeated.partition_point(|own| own.table.start <= byte);
    let own = repeated.get(begun.checked_sub(1)?)?;
    (own.row.end <= byte && byte < own.table.end).then_some(own)
}

/// Which atoms make a passage; one that begins with an atom has so many tokens `above` it. Each begins and ends later than the
/// one before it.
fn spans(atoms: &[Atom], limit: u32, overlap: u32, above: impl Fn(&Atom) -> u32) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut first = 0;
    let mut sum = atoms.first().map_or(0, &above);
    for (at, atom) in atoms.iter().enumerate() {
        if at > first && sum + atom.tokens > limit {
            found.push(first..at);
            let (mut start, mut kept) = (at, 0);
            while start > first + 1 {
                let before = &atoms[start - 1];
                let more = kept + before.tokens;
                if more > overlap || above(before) + more + atom.tokens > limit {
                    break;
                }
                kept = more;
                start -= 1;
            }
            (first, sum) = (start, kept + above(&atoms[start]));
        }
        sum += atom.tokens;
    }
    if first < atoms.len() {
        found.push(first..atoms.len());
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packed(tokens: &[u32], limit: u32, overlap: u32) -> Vec<Range<usize>> {
        let atoms: Vec<_> = tokens.iter().map(|tokens| Atom { range: 0..0, tokens: *tokens }).collect();
        spans(&atoms, limit, overlap, |_| 0)
    }

    #[test]
    fn passages_are_filled_and_repeat_whole_atoms_as_far_as_there_is_room() {
        assert_eq!(packed(&[4, 4, 4, 4], 10, 0), [0..2, 2..4]);
        assert_eq!(packed(&[4, 4, 4, 4], 10, 4), [0..2, 1..3, 2..4]);
        assert_eq!(packed(&[4, 4, 4, 4], 10, 3), [0..2, 2..4]);
        // The one that is to come is larger than what the overlap leaves.
        assert_eq!(packed(&[4, 4, 9, 1], 10, 4), [0..2, 2..4]);
        assert_eq!(packed(&[12, 1], 10, 4), [0..1, 1..2]);
        assert_eq!(packed(&[], 10, 4), Vec::<Range<usize>>::new());
    }
}
