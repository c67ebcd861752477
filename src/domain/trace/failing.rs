//! Why a run failed: the deepest of its spans that failed and that those above it failed of.
//!
//! A failure goes up from the span in which it happened. Where something that was called failed and its caller went on
//! after it, the caller failed of something else, if at all.

use super::outline::{Outline, Row};
use super::tree::{Mark, Tree};

/// The row in which a run failed; `None` where nothing in it did. Of a run that came to its end all the same it is the
/// first failure.
pub fn of_run(outline: &Outline, tree: &Tree) -> Option<u32> {
    let is_whole = |row: u32| outline.rows.get(row as usize).is_some_and(|row| row.parent == 0);
    let whole = tree.roots().iter().copied().find(|root| is_whole(*root) && fails(outline, tree, *root));
    let first = || tree.order().iter().copied().find(|row| fails(outline, tree, *row));
    whole.or_else(first).map(|row| cause(outline, tree, row))
}

/// The rows in which something failed, in the order of the tree: none that failed of one below it.
pub fn causes(outline: &Outline, tree: &Tree) -> Vec<u32> {
    let mut seen = vec![false; outline.rows.len()];
    let mut causes = Vec::new();
    for row in tree.order().iter().copied().filter(|row| fails(outline, tree, *row)) {
        let mut at = row;
        // Where another one led to is told already.
        while !std::mem::replace(&mut seen[at as usize], true) {
            match below(outline, tree, at) {
                Some(below) => at = below,
                None => causes.push(at),
            }
        }
    }
    causes
}

/// The row that a failure came from: the row itself, or one below it.
pub fn cause(outline: &Outline, tree: &Tree, row: u32) -> u32 {
    let mut at = row;
    while let Some(below) = below(outline, tree, at) {
        at = below;
    }
    at
}

/// Whether a row failed; one that came again failed once.
fn fails(outline: &Outline, tree: &Tree, at: u32) -> bool {
    outline.rows.get(at as usize).is_some_and(Row::is_error) && !tree.marks(at).has(Mark::Again)
}

/// What is below a row that failed, and that it failed of.
fn below(outline: &Outline, tree: &Tree, at: u32) -> Option<u32> {
    let row = outline.rows.get(at as usize)?;
    if outline.gave_up(row) {
        return None;
    }
    let children = tree.children(at);
    let tells_nothing = row.error.is_none() && row.words.is_none();
    if let Some(last) = children.iter().rposition(|child| fails(outline, tree, *child)) {
        let ended = tree.shown(children[last]).1;
        let went_on = children[last + 1..].iter().any(|later| tree.shown(*later).1 > ended);
        return (tells_nothing || !went_on).then_some(children[last]);
    }
    if !tells_nothing {
        return None;
    }
    // Whoever is in between says nothing of it.
    tree.subtree(at).iter().skip(1).rev().copied().find(|row| fails(outline, tree, *row))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::trace::facts::GAVE_UP;
    use crate::domain::trace::{Facts, SpanKey, Status, TraceSpan};

    /// A span: its id, its parent, its start and its end; the error of one that failed, which may be empty.
    type Made = (u64, u64, u64, u64, Option<&'static str>);

    fn outlined(spans: &[Made]) -> Outline {
        let mut outline = Outline::default();
        for (id, parent, start, end, error) in spans {
            let span = TraceSpan {
                id: SpanKey(*id),
                parent: (*parent > 0).then_some(SpanKey(*parent)),
                start: *start,
                end: *end,
                status: if error.is_some() { Status::Error } else { Status::Ok },
                ..TraceSpan::default()
            };
            outline.add(&span, &Facts { error: error.unwrap_or_default(), ..Facts::default() }, |_| None);
        }
        outline
    }

    fn found(spans: &[Made]) -> Option<u64> {
        let outline = outlined(spans);
        of_run(&outline, &Tree::of(&outline)).map(|row| outline.rows[row as usize].id)
    }

    #[test]
    fn the_deepest_span_that_failed_tells_why_where_nobody_went_on_after_it() {
        let chain = [(1, 0, 0, 90, Some("x")), (2, 1, 10, 80, Some("x")), (3, 2, 20, 70, Some("timeout"))];
        assert_eq!(found(&chain), Some(3));
        let one = |error| (1, 0, 0, 90, error);
        assert_eq!(found(&[one(None)]), None);
        // What was called failed, and the model was asked once more.
        let went_on = [(2, 1, 10, 20, Some("tool")), (3, 1, 20, 80, None)];
        assert_eq!(found(&[one(Some("x")), went_on[0], went_on[1]]), Some(1));
        assert_eq!(found(&[one(Some("")), went_on[0], went_on[1]]), Some(2), "the run says nothing itself");
        // It was tried again.
        assert_eq!(found(&[one(Some("x")), went_on[0], (3, 1, 20, 80, Some("tool"))]), Some(3));
    }

    #[test]
    fn a_run_that_came_to_its_end_tells_of_what_failed_first_and_one_that_gave_up_of_that() {
        assert_eq!(
            found(&[(1, 0, 0, 90, None), (2, 1, 10, 20, Some("a")), (3, 1, 30, 40, Some("b"))]),
            Some(2)
        );
        assert_eq!(found(&[(1, 0, 0, 90, Some(GAVE_UP)), (2, 1, 10, 90, Some("tool"))]), Some(1));
        // The span between them says nothing of it.
        assert_eq!(
            found(&[(1, 0, 0, 90, Some("")), (2, 1, 10, 80, None), (3, 2, 20, 70, Some("deep"))]),
            Some(3)
        );
    }

    #[test]
    fn each_failure_is_told_once_where_it_happened() {
        let told = |spans: &[Made]| {
            let outline = outlined(spans);
            let causes = causes(&outline, &Tree::of(&outline));
            causes.into_iter().map(|row| outline.rows[row as usize].id).collect::<Vec<_>>()
        };
        let chain = [(1, 0, 0, 90, Some("x")), (2, 1, 10, 80, Some("x")), (3, 2, 20, 70, Some("timeout"))];
        assert_eq!(told(&chain), [3]);
        // A first try that the run did not fail of, and the one that it did.
        let tries = [(1, 0, 0, 90, Some("x")), (2, 1, 10, 20, Some("first")), (3, 1, 30, 90, Some("last"))];
        assert_eq!(told(&tries), [3, 2]);
        assert!(told(&[(1, 0, 0, 90, None)]).is_empty());
    }
}
