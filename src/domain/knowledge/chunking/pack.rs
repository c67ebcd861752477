//! Atoms to passages: as many as fit, the last ones again in the next.

use std::ops::Range;

use super::atoms::{Atom, atoms};
use super::{Cut, Text};

/// The passages of a part of a text: none with more than `limit` tokens, none repeats more than `overlap` of the one before.
/// Where they are rows of a table, those below the row that names its columns have that too, unless it would take more than half
/// of each.
pub(super) fn cut(
    text: Text<'_>,
    part: Range<usize>,
    limit: u32,
    overlap: u32,
    parent: Option<usize>,
) -> Vec<Cut> {
    let header = text.header(&part).map(|header| (text.tokens.count(&header), header));
    let repeated = header.filter(|(tokens, header)| {
        let is_all_one = part.start <= header.start && text.tokens.count(&part) <= limit;
        !is_all_one && tokens.saturating_mul(2) <= limit
    });
    let limit = limit - repeated.as_ref().map_or(0, |(tokens, _)| *tokens);
    let atoms = atoms(text, part, limit);
    let spans = spans(&atoms, limit, overlap);
    let ranges = spans.into_iter().map(|span| atoms[span.start].range.start..atoms[span.end - 1].range.end);
    let below = |mut cut: Cut| {
        if let Some((tokens, header)) = repeated.as_ref().filter(|(_, header)| header.end <= cut.range.start)
        {
            cut.tokens += tokens;
            cut.header = Some(header.clone());
        }
        cut
    };
    ranges.filter_map(|range| text.cut(range, parent)).map(below).collect()
}

/// Which atoms make a passage. Each begins and ends later than the one before it.
fn spans(atoms: &[Atom], limit: u32, overlap: u32) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut first = 0;
    let mut sum = 0;
    for (at, atom) in atoms.iter().enumerate() {
        if at > first && sum + atom.tokens > limit {
            found.push(first..at);
            let (mut start, mut kept) = (at, 0);
            while start > first + 1 {
                let more = kept + atoms[start - 1].tokens;
                if more > overlap || more + atom.tokens > limit {
                    break;
                }
                kept = more;
                start -= 1;
            }
            (first, sum) = (start, kept);
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
        spans(&atoms, limit, overlap)
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
