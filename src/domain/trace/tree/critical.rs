//! The critical path: what would have to be faster for the whole to be.
//!
//! As Jaeger has it: from the end of the root backwards, at each moment the child that ended last before it; where none ran,
//! the span itself. The stretches meet each other, so that their sum is the time that the root is shown to take.

use std::cmp::Reverse;

use super::Tree;

/// A stretch of the path: from one moment to another it lay in that row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    pub row: u32,
    pub from: u64,
    pub to: u64,
}

/// A row on the way down, walked from its end to its start.
struct Level {
    row: u32,
    /// Children by their ends, the last one last; those that are left.
    left: Vec<u32>,
    /// What is before this moment is still to be told.
    until: u64,
}

impl Tree {
    /// The critical path of a row, from its start to its end. What `runs` goes on with no end in sight: all that it is part of
    /// waits for it. Of what ended, or runs, at once it is what began first.
    pub fn critical(&self, row: u32, runs: impl Fn(u32) -> bool) -> Vec<Stretch> {
        let time = |row: u32| {
            let (start, end) = self.shown(row);
            (start, if runs(row) { u64::MAX } else { end })
        };
        let level = |row: u32| {
            let mut left = self.children(row).to_vec();
            left.sort_by_key(|child| {
                let (start, end) = time(*child);
                (end, Reverse(start))
            });
            Level { row, left, until: time(row).1 }
        };
        let mut path = Vec::new();
        let mut levels = vec![level(row)];
        while let Some(last) = levels.last_mut() {
            let (start, _) = time(last.row);
            // A child that is still running then did not hold anything up.
            let child = std::iter::from_fn(|| last.left.pop()).find(|child| {
                let (from, to) = time(*child);
                from < to && to <= last.until
            });
            let from = child.map_or(start, |child| time(child).1);
            if from < last.until {
                path.push(Stretch { row: last.row, from, to: last.until });
            }
            match child {
                Some(child) => {
                    last.until = time(child).0;
                    levels.push(level(child));
                }
                None => {
                    levels.pop();
                }
            }
        }
        path.reverse();
        path
    }
}
