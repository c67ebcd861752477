//! The critical path: what would have to be faster for the whole to be.
//!
//! As Jaeger has it: from the end of the root backwards, at each moment the child that ended last before it; where none ran,
//! the span itself. The stretches meet each other, so that their sum is the time that the root is shown to take.

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
    /// The critical path of a row, from its start to its end.
    pub fn critical(&self, row: u32) -> Vec<Stretch> {
        let mut path = Vec::new();
        let mut levels = vec![self.level(row)];
        while let Some(level) = levels.last_mut() {
            let (start, _) = self.shown(level.row);
            // A child that is still running then did not hold anything up.
            let child = std::iter::from_fn(|| level.left.pop()).find(|child| {
                let (from, to) = self.shown(*child);
                from < to && to <= level.until
            });
            let from = child.map_or(start, |child| self.shown(child).1);
            if from < level.until {
                path.push(Stretch { row: level.row, from, to: level.until });
            }
            match child {
                Some(child) => {
                    level.until = self.shown(child).0;
                    let level = self.level(child);
                    levels.push(level);
                }
                None => {
                    levels.pop();
                }
            }
        }
        path.reverse();
        path
    }

    fn level(&self, row: u32) -> Level {
        let mut left = self.children(row).to_vec();
        left.sort_by_key(|child| self.shown(*child).1);
        Level { row, left, until: self.shown(row).1 }
    }
}
