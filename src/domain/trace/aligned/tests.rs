use proptest::prelude::*;

use super::*;
use crate::domain::trace::{Facts, SpanKey, TraceSpan};

/// Spans of a run: their depth, kind, name and arguments.
type Line = (u32, Kind, &'static str, u64);

struct Kept {
    outline: Outline,
    tree: Tree,
    rollups: Rollups,
}

impl Kept {
    fn of(lines: &[Line], begin: u64) -> Self {
        let mut outline = Outline::default();
        let mut path: Vec<u64> = Vec::new();
        for (at, (depth, kind, name, arguments)) in lines.iter().enumerate() {
            let id = begin + at as u64 + 1;
            path.truncate(*depth as usize);
            let span = TraceSpan {
                id: SpanKey(id),
                parent: path.last().map(|parent| SpanKey(*parent)),
                name: (*name).to_owned(),
                start: at as u64 + 1,
                end: 1000 - u64::from(*depth),
                ..TraceSpan::default()
            };
            path.push(id);
            let facts = Facts { kind: *kind, tool: name, arguments: *arguments, ..Facts::default() };
            outline.add(&span, &facts, |_| None);
        }
        let tree = Tree::of(&outline);
        let rollups = Rollups::of(&outline, &tree);
        Self { outline, tree, rollups }
    }

    fn run(&self) -> Run<'_> {
        Run { outline: &self.outline, tree: &self.tree, rollups: &self.rollups }
    }
}

fn drawn(left: &[Line], right: &[Line]) -> Vec<String> {
    let (left, right) = (Kept::of(left, 0), Kept::of(right, 500));
    align(left.run(), right.run())
        .iter()
        .map(|pair| {
            let at = pair.left.map_or(right.run().key(pair.right.unwrap_or(0)), |at| left.run().key(at));
            let what =
                if pair.differs.is_empty() { String::new() } else { format!(" {}", pair.differs.join(" ")) };
            format!("{}{} {}{what}", "  ".repeat(pair.depth as usize), pair.fate.sign(), at.1)
        })
        .collect()
}

#[test]
fn what_was_added_taken_away_and_changed_is_told_where_it_stands() {
    let left = [
        (0, Kind::Agent, "agent", 0),
        (1, Kind::Model, "chat", 0),
        (1, Kind::Tool, "weather", 1),
        (2, Kind::Other, "http", 0),
        (1, Kind::Model, "chat", 0),
    ];
    let right = [
        (0, Kind::Agent, "agent", 0),
        (1, Kind::Retrieval, "look", 0),
        (1, Kind::Model, "chat", 0),
        (1, Kind::Tool, "weather", 2),
        (1, Kind::Model, "chat", 0),
        (1, Kind::Tool, "sum", 3),
    ];
    assert_eq!(
        drawn(&left, &right),
        ["= agent", "  + look", "  = chat", "  ~ weather arguments", "    − http", "  = chat", "  + sum"]
    );
}

#[test]
fn figures_are_right_less_left() {
    let (left, right) = (Kept::of(&[(0, Kind::Agent, "a", 0)], 0), Kept::of(&[(0, Kind::Agent, "a", 0)], 0));
    let mut longer = right.outline.clone();
    longer.rows[0].end += 7;
    let rollups = Rollups::of(&longer, &right.tree);
    let pairs = align(left.run(), Run { outline: &longer, tree: &right.tree, rollups: &rollups });
    assert_eq!((pairs[0].duration, pairs[0].fate), (7, Fate::Same));
}

fn lines() -> impl Strategy<Value = Vec<Line>> {
    let line = (0..4u32, 0..3usize, 0..3usize, 0..2u64).prop_map(|(depth, kind, name, arguments)| {
        let kind = [Kind::Model, Kind::Tool, Kind::Agent][kind];
        (depth, kind, ["a", "b", "c"][name], if kind == Kind::Tool { arguments } else { 0 })
    });
    prop::collection::vec(line, 0..14).prop_map(|mut lines| {
        // No line is more than one below the one before.
        let mut last = None;
        for line in &mut lines {
            line.0 = line.0.min(last.map_or(0, |last: u32| last + 1));
            last = Some(line.0);
        }
        lines
    })
}

proptest! {
    #[test]
    fn a_run_is_the_same_as_itself(lines in lines()) {
        let (one, other) = (Kept::of(&lines, 0), Kept::of(&lines, 300));
        let pairs = align(one.run(), other.run());
        prop_assert_eq!(pairs.len(), lines.len());
        prop_assert!(pairs.iter().all(|pair| pair.fate == Fate::Same && pair.left == pair.right));
    }

    #[test]
    fn the_other_way_round_it_is_the_mirror_image_and_every_span_stands_in_it_once(a in lines(), b in lines()) {
        let (one, other) = (Kept::of(&a, 0), Kept::of(&b, 300));
        let there = align(one.run(), other.run());
        let back = align(other.run(), one.run());
        let sides = |pairs: &[Pair]| pairs.iter().map(|pair| (pair.left, pair.right)).collect::<Vec<_>>();
        let mirrored: Vec<_> = sides(&back).into_iter().map(|(left, right)| (right, left)).collect();
        prop_assert_eq!(sides(&there), mirrored);
        let mut lefts: Vec<u32> = there.iter().filter_map(|pair| pair.left).collect();
        lefts.sort_unstable();
        prop_assert_eq!(lefts, (0..a.len() as u32).collect::<Vec<_>>());
        let mut rights: Vec<u32> = there.iter().filter_map(|pair| pair.right).collect();
        rights.sort_unstable();
        prop_assert_eq!(rights, (0..b.len() as u32).collect::<Vec<_>>());
    }
}
