//! Who can be compared with whom: strengths are finite only within a group in which everyone has, over others, won
//! against everyone (Ford, 1957). A tie is half a win, and so both ways.

/// Where a contestant stands to the largest such group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    Within,
    /// It won against the group, over others perhaps, and never lost to it.
    Above,
    /// It lost to the group and never won against it.
    Below,
    /// Neither.
    Apart,
}

/// The relation "has, over others, won against".
pub(super) struct Reach {
    n: usize,
    words: usize,
    bits: Vec<u64>,
}

impl Reach {
    /// From pairs of winner and loser, closed by Warshall's method.
    pub(super) fn of(n: usize, won: impl Iterator<Item = (usize, usize)>) -> Self {
        let words = n.div_ceil(64).max(1);
        let mut reach = Self { n, words, bits: vec![0; n * words] };
        for (winner, loser) in won {
            reach.bits[winner * words + loser / 64] |= 1 << (loser % 64);
        }
        for over in 0..n {
            let through = reach.bits[over * words..(over + 1) * words].to_vec();
            for from in 0..n {
                if reach.has(from, over) {
                    let row = &mut reach.bits[from * words..(from + 1) * words];
                    row.iter_mut().zip(&through).for_each(|(word, more)| *word |= more);
                }
            }
        }
        reach
    }

    pub(super) fn has(&self, from: usize, to: usize) -> bool {
        from == to || self.bits[from * self.words + to / 64] >> (to % 64) & 1 == 1
    }

    fn both_ways(&self, a: usize, b: usize) -> bool {
        self.has(a, b) && self.has(b, a)
    }

    /// Whether all are one group.
    pub(super) fn is_one_group(&self) -> bool {
        (1..self.n).all(|other| self.both_ways(0, other))
    }

    /// Where each stands to the largest group of two or more, the first one of them if several are; `None` where there
    /// is no such group.
    pub(super) fn standings(&self) -> Option<Vec<Standing>> {
        let size = |of: usize| (0..self.n).filter(|other| self.both_ways(of, *other)).count();
        let largest = (0..self.n).rev().max_by_key(|of| size(*of)).filter(|of| size(*of) > 1)?;
        Some(
            (0..self.n)
                .map(|at| match (self.has(at, largest), self.has(largest, at)) {
                    (true, true) => Standing::Within,
                    (true, false) => Standing::Above,
                    (false, true) => Standing::Below,
                    (false, false) => Standing::Apart,
                })
                .collect(),
        )
    }
}

/// How many groups there are between which nobody ever met.
pub(super) fn islands(n: usize, met: impl Iterator<Item = (usize, usize)>) -> usize {
    let mut parent: Vec<usize> = (0..n).collect();
    let root = |parent: &mut Vec<usize>, mut at: usize| {
        while parent[at] != at {
            parent[at] = parent[parent[at]];
            at = parent[at];
        }
        at
    };
    let mut groups = n;
    for (a, b) in met {
        let (a, b) = (root(&mut parent, a), root(&mut parent, b));
        if a != b {
            parent[a] = b;
            groups -= 1;
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_circle_of_wins_is_one_group_and_a_line_is_none() {
        assert!(Reach::of(3, [(0, 1), (1, 2), (2, 0)].into_iter()).is_one_group());
        let line = Reach::of(3, [(0, 1), (1, 2)].into_iter());
        assert!(line.has(0, 2) && !line.is_one_group());
        assert_eq!(line.standings(), None);
    }

    #[test]
    fn everyone_else_stands_above_below_or_apart() {
        use Standing::{Above, Apart, Below, Within};
        // 1 and 2 won against each other; 0 beats 1, 2 beats 3, 4 lost to 0 alone.
        let reach = Reach::of(5, [(1, 2), (2, 1), (0, 1), (2, 3), (0, 4)].into_iter());
        assert_eq!(reach.standings(), Some(vec![Above, Within, Within, Below, Apart]));
    }

    #[test]
    fn more_than_a_word_of_contestants_reach_each_other() {
        let circle = (0..200).map(|at| (at, (at + 1) % 200));
        assert!(Reach::of(200, circle.clone()).is_one_group());
        assert!(!Reach::of(200, circle.take(199)).is_one_group());
    }

    #[test]
    fn islands_are_counted() {
        assert_eq!(islands(4, [(0, 1), (2, 3), (1, 0)].into_iter()), 2);
        assert_eq!(islands(3, std::iter::empty()), 3);
    }
}
