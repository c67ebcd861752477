//! Linking rows: who hangs under whom, in which order, and what is odd about it.

use std::cmp::Ordering;
use std::collections::HashMap;

use super::{Mark, Marks, NONE, Tree};
use crate::domain::trace::outline::{Outline, Row};

pub(super) fn link(outline: &Outline) -> Tree {
    let rows = &outline.rows;
    let count = rows.len();
    let sorted = by_start(outline);
    let mut marks = vec![Marks::default(); count];
    for (row, marks) in rows.iter().zip(&mut marks) {
        if row.is_running() {
            marks.add(Mark::Running);
        } else if row.end < row.start {
            marks.add(Mark::Backwards);
        }
        if row.repaired > 0 {
            marks.add(Mark::Repaired);
        }
        if row.stopped {
            marks.add(Mark::Stopped);
        }
    }
    let ids = by_id(rows, &sorted, &mut marks);
    let mut parent: Vec<u32> = rows
        .iter()
        .zip(&mut marks)
        .map(|(row, marks)| match (row.parent, ids.get(&row.parent)) {
            (0, _) => NONE,
            (_, Some(parent)) => *parent,
            (_, None) => {
                marks.add(Mark::Orphan);
                NONE
            }
        })
        .collect();
    break_cycles(&mut parent, &sorted, &mut marks);
    let (begin, children) = children_of(&parent, &sorted);
    let mut roots: Vec<u32> = sorted.iter().copied().filter(|row| parent[*row as usize] == NONE).collect();
    let orphan = |row: u32| marks[row as usize].has(Mark::Orphan);
    roots.sort_by_key(|row| if orphan(*row) { (1, rows[*row as usize].parent) } else { (0, 0) });
    let mut tree = Tree { parent, begin, children, roots, marks, ..Tree::default() };
    walk(&mut tree, rows);
    tree
}

/// The rows by their starts, longer ones first; what else they say decides between equals, so that the order in which they
/// came does not.
fn by_start(outline: &Outline) -> Vec<u32> {
    let mut sorted: Vec<u32> = (0..u32::try_from(outline.rows.len()).unwrap_or(NONE)).collect();
    let compare = |a: &u32, b: &u32| -> Ordering {
        let (a, b) = (&outline.rows[*a as usize], &outline.rows[*b as usize]);
        let name = |row: &Row| outline.names.get(row.name);
        (a.start, b.end, a.id, a.parent)
            .cmp(&(b.start, a.end, b.id, b.parent))
            .then_with(|| name(a).cmp(name(b)))
            .then_with(|| a.kind.cmp(&b.kind))
            .then_with(|| a.tokens().cmp(&b.tokens()))
    };
    sorted.sort_by(compare);
    sorted
}

/// The first row of each id, by start.
fn by_id(rows: &[Row], sorted: &[u32], marks: &mut [Marks]) -> HashMap<u64, u32> {
    let mut ids = HashMap::with_capacity(rows.len());
    for at in sorted {
        let row = &rows[*at as usize];
        let first = *ids.entry(row.id).or_insert(*at);
        if first == *at {
            continue;
        }
        if says_the_same(row, &rows[first as usize]) {
            marks[*at as usize].add(Mark::Again);
        } else {
            marks[*at as usize].add(Mark::SameId);
            marks[first as usize].add(Mark::SameId);
        }
    }
    ids
}

/// Whether two spans of one id are one, told twice. A sender that tells of a running span and then of its end tells twice too.
fn says_the_same(one: &Row, other: &Row) -> bool {
    one.start == other.start
        && one.parent == other.parent
        && one.name == other.name
        && (one.end == other.end || one.is_running() || other.is_running())
}

/// Cuts every circle of parents at its first row by start.
fn break_cycles(parent: &mut [u32], sorted: &[u32], marks: &mut [Marks]) {
    let mut rank = vec![0; parent.len()];
    for (at, row) in (0u32..).zip(sorted) {
        rank[*row as usize] = at;
    }
    // The walk that saw a row; a walk that comes to a row of its own goes in a circle.
    let mut seen = vec![NONE; parent.len()];
    for start in sorted {
        let mut at = *start;
        while at != NONE && seen[at as usize] == NONE {
            seen[at as usize] = *start;
            at = parent[at as usize];
        }
        if at == NONE || seen[at as usize] != *start {
            continue;
        }
        let (mut first, mut on) = (at, at);
        loop {
            marks[on as usize].add(Mark::Cycle);
            if rank[on as usize] < rank[first as usize] {
                first = on;
            }
            on = parent[on as usize];
            if on == at {
                break;
            }
        }
        parent[first as usize] = NONE;
    }
}

/// Children of all rows in one list, by parent and then by start.
fn children_of(parent: &[u32], sorted: &[u32]) -> (Vec<u32>, Vec<u32>) {
    let mut begin = vec![0u32; parent.len() + 1];
    for parent in parent.iter().filter(|parent| **parent != NONE) {
        begin[*parent as usize + 1] += 1;
    }
    for at in 1..begin.len() {
        begin[at] += begin[at - 1];
    }
    let mut next = begin.clone();
    let mut children = vec![NONE; begin.last().copied().unwrap_or(0) as usize];
    for row in sorted {
        let parent = parent[*row as usize];
        if parent != NONE {
            let at = &mut next[parent as usize];
            children[*at as usize] = *row;
            *at += 1;
        }
    }
    (begin, children)
}

/// The order, depths, sizes and shown times, from the roots down.
fn walk(tree: &mut Tree, rows: &[Row]) {
    let count = rows.len();
    tree.order = Vec::with_capacity(count);
    tree.place = vec![0; count];
    tree.depth = vec![0; count];
    tree.size = vec![1; count];
    tree.shown = vec![(0, 0); count];
    // A span that runs is shown up to the last moment that anything tells of.
    let now = rows.iter().map(|row| row.end.max(row.start)).max().unwrap_or(0);
    let mut stack: Vec<u32> = tree.roots.iter().rev().copied().collect();
    while let Some(at) = stack.pop() {
        let row = &rows[at as usize];
        tree.place[at as usize] = tree.order.len() as u32;
        tree.order.push(at);
        let end = if row.is_running() { now } else { row.end.max(row.start) };
        tree.shown[at as usize] = match tree.parent(at) {
            None => (row.start, end),
            Some(parent) => {
                tree.depth[at as usize] = tree.depth[parent as usize] + 1;
                let (from, to) = tree.shown[parent as usize];
                // One that its own clock puts outside stands at the edge.
                let shown = (row.start.clamp(from, to), end.clamp(from, to));
                if shown != (row.start, end) {
                    tree.marks[at as usize].add(Mark::Skewed);
                    tree.apart.insert(at, (row.start, end));
                }
                shown
            }
        };
        stack.extend(tree.children(at).iter().rev());
    }
    for at in (0..tree.order.len()).rev() {
        let row = tree.order[at];
        if let Some(parent) = tree.parent(row) {
            tree.size[parent as usize] += tree.size[row as usize];
        }
    }
    // Clamped to its parent, a later one may stand before an earlier one of the same edge; the sums below want starts in order.
    let Tree { begin, children, shown, .. } = tree;
    for ends in begin.windows(2) {
        let siblings = &mut children[ends[0] as usize..ends[1] as usize];
        siblings.sort_by_key(|row| shown[*row as usize].0);
    }
}
