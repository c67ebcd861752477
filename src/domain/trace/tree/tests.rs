use proptest::prelude::*;

use super::*;
use crate::domain::message::Usage;
use crate::domain::trace::{Facts, Kind, Outline, SpanKey, Status, TraceSpan};

/// A span of a test: id, parent, start, end; what else it says is set after.
#[derive(Debug, Clone)]
struct Made {
    span: TraceSpan,
    kind: Kind,
    usage: Usage,
    dollars: Option<f64>,
}

fn made(id: u64, parent: u64, start: u64, end: u64) -> Made {
    let span = TraceSpan {
        id: SpanKey(id),
        parent: Some(SpanKey(parent)).filter(|parent| !parent.is_zero()),
        name: format!("s{id}"),
        start,
        end,
        ..TraceSpan::default()
    };
    Made { span, kind: Kind::Other, usage: Usage::default(), dollars: None }
}

impl Made {
    fn spoke(mut self, kind: Kind, input: u32, output: u32) -> Self {
        self.kind = kind;
        self.usage = Usage { input: Some(input), output: Some(output), ..Usage::default() };
        self
    }

    fn failed(mut self) -> Self {
        self.span.status = Status::Error;
        self
    }

    fn cost(mut self, kind: Kind, dollars: f64) -> Self {
        self.kind = kind;
        self.dollars = Some(dollars);
        self
    }
}

fn outline(made: &[Made]) -> Outline {
    let mut outline = Outline::default();
    for one in made {
        let facts = Facts { kind: one.kind, usage: one.usage, dollars: one.dollars, ..Facts::default() };
        outline.add(&one.span, &facts, |_| None);
    }
    outline
}

fn grown(made: &[Made]) -> (Outline, Tree) {
    let outline = outline(made);
    let tree = Tree::of(&outline);
    (outline, tree)
}

/// The tree as text: ids by depth, with their marks.
fn drawn(outline: &Outline, tree: &Tree) -> String {
    let line = |row: &u32| {
        let marks: Vec<&str> = tree.marks(*row).iter().map(Mark::as_str).collect();
        let marks = if marks.is_empty() { String::new() } else { format!(" {}", marks.join(" ")) };
        let indent = "  ".repeat(tree.depth(*row) as usize);
        format!("{indent}{}{marks}\n", outline.rows[*row as usize].id)
    };
    tree.order().iter().map(line).collect()
}

#[test]
fn children_that_come_before_their_parents_find_them() {
    let (outline, tree) = grown(&[made(3, 1, 5, 9), made(4, 2, 2, 3), made(2, 1, 1, 4), made(1, 0, 0, 10)]);
    assert_eq!(drawn(&outline, &tree), "1\n  2\n    4\n  3\n");
    assert_eq!(tree.subtree(2), [2, 1]);
    assert_eq!(tree.span(), (0, 10));
}

#[test]
fn orphans_cycles_and_twins_have_a_place_and_a_mark() {
    let (outline, tree) = grown(&[
        made(1, 0, 0, 10),
        made(2, 99, 1, 2),
        made(3, 98, 0, 2),
        made(4, 5, 4, 5),
        made(5, 6, 3, 5),
        made(6, 4, 5, 6),
        made(7, 7, 7, 8),
        made(8, 4, 5, 5),
        made(9, 1, 1, 2),
        made(9, 1, 2, 3),
        made(10, 1, 5, 6),
        made(10, 1, 5, 6),
    ]);
    let wanted = "1\n  9 same_id\n  9 same_id\n  10\n  10 again\n\
                  5 cycle\n  4 cycle\n    6 cycle skewed\n    8\n7 cycle\n3 orphan\n2 orphan\n";
    assert_eq!(drawn(&outline, &tree), wanted);
    assert_eq!(tree.order().len(), outline.rows.len());
    assert_eq!(tree.count(Mark::Cycle), 4);
}

#[test]
fn clocks_that_do_not_agree_are_clamped_and_marked() {
    let (outline, tree) = grown(&[
        made(1, 0, 10, 20),
        made(2, 1, 5, 15),
        made(3, 1, 18, 30),
        made(4, 3, 40, 35),
        made(5, 1, 12, 0),
    ]);
    assert_eq!(
        drawn(&outline, &tree),
        "1\n  2 skewed\n  5 skewed running\n  3 skewed\n    4 skewed backwards\n"
    );
    assert_eq!((tree.shown(1), tree.shown(2), tree.shown(3)), ((10, 15), (18, 20), (20, 20)));
    assert_eq!(tree.shown(4), (12, 20));
}

#[test]
fn what_goes_on_after_its_parent_took_what_it_says() {
    let (_, tree) = grown(&[
        made(1, 0, 0, 100),
        made(2, 1, 150, 190),
        made(3, 2, 160, 170),
        made(4, 2, 165, 175),
        made(5, 1, 80, 130),
    ]);
    assert_eq!((tree.shown(1), tree.shown(4)), ((100, 100), (80, 100)));
    assert_eq!([0, 1, 2, 3, 4].map(|row| tree.duration(row)), [100, 40, 10, 10, 50]);
    assert_eq!([0, 1, 2, 4].map(|row| tree.own_time(row)), [80, 25, 10, 50]);
    let path = tree.critical(0, |_| false);
    assert_eq!(path.iter().map(|stretch| stretch.to - stretch.from).sum::<u64>(), 100);
    assert!(path.iter().all(|stretch| [0, 4].contains(&stretch.row)), "{path:?}");
}

#[test]
fn tokens_that_an_agent_tells_again_count_once() {
    let agent = |id, parent, start, end| made(id, parent, start, end).spoke(Kind::Agent, 250, 45);
    let (rows, tree) = grown(&[
        agent(1, 0, 0, 10),
        made(2, 1, 0, 4).spoke(Kind::Model, 100, 20),
        made(3, 1, 4, 5).failed(),
        made(4, 1, 5, 9).spoke(Kind::Model, 150, 25),
    ]);
    let sums = Rollups::of(&rows, &tree);
    assert_eq!((sums.whole.input, sums.whole.output, sums.whole.errors), (Some(250), Some(45), 1));
    assert!(sums.disagree.is_empty());
    // With no call below, its own word counts.
    let (rows, tree) = grown(&[agent(1, 0, 0, 10), made(2, 1, 0, 4)]);
    assert_eq!(Rollups::of(&rows, &tree).whole.tokens(), 295);
    // Where they do not agree, what is below counts, and it is told.
    let (rows, tree) = grown(&[agent(1, 0, 0, 10), made(2, 1, 0, 4).spoke(Kind::Model, 100, 20)]);
    let sums = Rollups::of(&rows, &tree);
    assert_eq!((sums.whole.tokens(), sums.disagree), (120, vec![0]));
}

#[test]
fn a_model_s_call_seen_by_two_layers_counts_once() {
    let (rows, tree) =
        grown(&[made(1, 0, 0, 10).spoke(Kind::Model, 100, 20), made(2, 1, 1, 9).spoke(Kind::Model, 100, 20)]);
    let sums = Rollups::of(&rows, &tree);
    assert_eq!(sums.whole.tokens(), 120);
    // A tool within that embeds is another matter: no inference is below an inference's own answer but this one.
    assert_eq!(sums.get(1).tokens(), 120);
}

#[test]
fn a_span_that_was_sent_twice_counts_once() {
    let call = made(2, 1, 1, 9).spoke(Kind::Model, 100, 20).failed();
    let (rows, tree) = grown(&[made(1, 0, 0, 10), call.clone(), call]);
    let sums = Rollups::of(&rows, &tree);
    assert_eq!((sums.whole.tokens(), sums.whole.errors, sums.whole.spans), (120, 1, 3));
}

#[test]
fn what_is_unknown_is_not_nothing() {
    let (rows, tree) = grown(&[
        made(1, 0, 0, 10),
        made(2, 1, 0, 4).cost(Kind::Model, 0.5),
        made(3, 1, 4, 5).spoke(Kind::Model, 1, 1),
    ]);
    let whole = Rollups::of(&rows, &tree).whole;
    assert_eq!((whole.dollars, whole.unpriced, whole.inferences), (Some(0.5), 1, 2));
    let (rows, tree) = grown(&[made(1, 0, 0, 10)]);
    let whole = Rollups::of(&rows, &tree).whole;
    assert_eq!((whole.dollars, whole.is_counted()), (None, false));
    let mut cut = made(2, 1, 0, 4).spoke(Kind::Model, 7, 1);
    cut.usage.output = None;
    let (rows, tree) = grown(&[made(1, 0, 0, 10), cut]);
    let whole = Rollups::of(&rows, &tree).whole;
    assert_eq!(
        (whole.input, whole.output, whole.tokens()),
        (Some(7), None, 7),
        "what was written is unknown"
    );
    assert_eq!((whole.untold_input, whole.untold_output), (0, 1));
    let (rows, tree) =
        grown(&[made(1, 0, 0, 10).cost(Kind::Agent, 2.0), made(2, 1, 0, 4).spoke(Kind::Model, 1, 1)]);
    let whole = Rollups::of(&rows, &tree).whole;
    assert_eq!((whole.dollars, whole.unpriced), (Some(2.0), 0));
}

#[test]
fn calls_that_told_no_tokens_are_counted_once_where_they_used_some() {
    let untold = |spans: &[Made]| {
        let (rows, tree) = grown(spans);
        let whole = Rollups::of(&rows, &tree).whole;
        (whole.tokens(), whole.untold_input, whole.untold_output)
    };
    let told = made(2, 1, 0, 4).spoke(Kind::Model, 7, 1);
    let silent = |id, parent, kind, end| {
        let mut made = made(id, parent, 4, end).spoke(kind, 0, 0);
        made.usage = Usage::default();
        made
    };
    let call = silent(3, 1, Kind::Model, 9);
    assert_eq!(untold(&[made(1, 0, 0, 10), told.clone(), call.clone()]), (8, 1, 1));
    assert_eq!(untold(&[made(1, 0, 0, 10), told.clone(), silent(3, 1, Kind::Embedding, 9)]), (8, 1, 0));
    // What runs may tell it yet, and what failed before anything came has used none.
    assert_eq!(untold(&[made(1, 0, 0, 10), told.clone(), silent(3, 1, Kind::Model, 0)]), (8, 0, 0));
    assert_eq!(untold(&[made(1, 0, 0, 10), told.clone(), call.clone().failed()]), (8, 0, 0));
    // A call that holds another is that one; an agent that tells of all its calls tells of those too.
    assert_eq!(untold(&[call.clone(), made(4, 3, 5, 8).spoke(Kind::Model, 7, 1)]), (8, 0, 0));
    assert_eq!(untold(&[made(1, 0, 0, 10).spoke(Kind::Agent, 250, 45), call]), (295, 0, 0));
}

#[test]
fn own_time_counts_children_that_ran_at_once_once() {
    let (_, tree) = grown(&[made(1, 0, 0, 100), made(2, 1, 10, 40), made(3, 1, 20, 50), made(4, 1, 90, 100)]);
    assert_eq!(tree.own_time(0), 50);
    assert_eq!(tree.own_time(1), 30);
    assert_eq!(tree.slowest(2), [0, 1]);
}

#[test]
fn the_critical_path_goes_back_from_the_end_through_who_ended_last() {
    let (_, tree) = grown(&[made(1, 0, 0, 100), made(2, 1, 10, 60), made(3, 1, 20, 50), made(4, 1, 70, 90)]);
    let path: Vec<(u32, u64, u64)> =
        tree.critical(0, |_| false).iter().map(|stretch| (stretch.row, stretch.from, stretch.to)).collect();
    assert_eq!(path, [(0, 0, 10), (1, 10, 60), (0, 60, 70), (3, 70, 90), (0, 90, 100)]);
}

#[test]
fn whatever_runs_is_waited_for_with_no_end_in_sight() {
    let (outline, tree) = grown(&[
        made(1, 0, 0, 0),
        made(2, 1, 10, 60),
        made(3, 1, 70, 0),
        made(4, 1, 80, 0),
        made(5, 2, 20, 0),
    ]);
    let runs = |row: u32| outline.rows[row as usize].is_running();
    let path: Vec<(u32, u64, u64)> =
        tree.critical(0, runs).iter().map(|stretch| (stretch.row, stretch.from, stretch.to)).collect();
    // Of two at once it is the first; what runs on in one that has ended holds up nobody.
    assert_eq!(path, [(0, 0, 10), (1, 10, 60), (0, 60, 70), (2, 70, u64::MAX)]);
    // Taken for over it has run up to the last moment that is told.
    let over: Vec<u64> = tree.critical(0, |_| false).iter().map(|stretch| stretch.to).collect();
    assert_eq!(over.last(), Some(&80));
}

#[test]
fn the_next_of_a_kind_is_found_going_round() {
    let (outline, tree) =
        grown(&[made(1, 0, 0, 9), made(2, 1, 1, 2).failed(), made(3, 1, 3, 4), made(4, 1, 5, 6).failed()]);
    let fails = |row: u32| outline.rows[row as usize].is_error();
    assert_eq!(tree.next(0, fails), Some(1));
    assert_eq!(tree.next(3, fails), Some(1));
    assert_eq!(tree.previous(0, fails), Some(3));
    assert_eq!(tree.next(0, |_| false), None);
}

#[test]
fn a_chain_of_a_hundred_thousand_is_no_deeper_than_it_may() {
    let chain: Vec<Made> = (1..=100_000).map(|at| made(at, at - 1, at, 1_000_000 - at)).collect();
    let (outline, tree) = grown(&chain);
    assert_eq!(tree.depth(99_999), 99_999);
    let path = tree.critical(0, |_| false);
    assert_eq!(path.iter().map(|stretch| stretch.to - stretch.from).sum::<u64>(), tree.duration(0));
    assert_eq!(Rollups::of(&outline, &tree).whole.spans, 100_000);
    let circle: Vec<Made> = (1..=100_000).map(|at| made(at, at % 100_000 + 1, at, at + 1)).collect();
    let (_, tree) = grown(&circle);
    assert_eq!(tree.count(Mark::Cycle), 100_000);
    assert_eq!(tree.order().len(), 100_000);
}

#[test]
fn a_million_spans_are_one_tree_in_which_every_one_stands() {
    const ALL: u32 = 1_000_000;
    let mut outline = Outline::default();
    let facts = Facts { kind: Kind::Model, ..Facts::default() };
    for id in 1..=u64::from(ALL) {
        let span = TraceSpan {
            id: SpanKey(id),
            parent: (id > 1).then_some(SpanKey(id / 8 + 1)).filter(|parent| parent.0 != id),
            name: "step".to_owned(),
            start: id,
            end: 3_000_000,
            ..TraceSpan::default()
        };
        outline.add(&span, &facts, |_| None);
    }
    let tree = Tree::of(&outline);
    assert_eq!(tree.order().len(), ALL as usize);
    assert_eq!(Rollups::of(&outline, &tree).whole.spans, ALL);
    let path = tree.critical(0, |_| false);
    assert_eq!(path.iter().map(|stretch| stretch.to - stretch.from).sum::<u64>(), tree.duration(0));
}

fn spans() -> impl Strategy<Value = Vec<Made>> {
    let one = (1..12u64, 0..14u64, 0..50u64, 0..60u64, any::<bool>(), 0..3u32).prop_map(
        |(id, parent, start, end, model, tokens)| {
            let one = made(id, parent, start, end);
            if model { one.spoke(Kind::Model, tokens, 1) } else { one }
        },
    );
    prop::collection::vec(one, 0..14)
}

proptest! {
    #[test]
    fn the_order_of_arrival_does_not_change_the_tree((spans, mixed) in spans().prop_flat_map(|spans| {
        (Just(spans.clone()), Just(spans).prop_shuffle())
    })) {
        let ((one, tree), (other, mixed)) = (grown(&spans), grown(&mixed));
        prop_assert_eq!(drawn(&one, &tree), drawn(&other, &mixed));
        prop_assert_eq!(Rollups::of(&one, &tree).whole, Rollups::of(&other, &mixed).whole);
    }

    #[test]
    fn whatever_comes_every_span_stands_in_the_tree_once_and_the_times_add_up(spans in spans()) {
        let (outline, tree) = grown(&spans);
        let mut order = tree.order().to_vec();
        order.sort_unstable();
        prop_assert_eq!(order, (0..spans.len() as u32).collect::<Vec<_>>());
        for row in 0..spans.len() as u32 {
            let (from, to) = tree.shown(row);
            let runs = |row: u32| outline.rows[row as usize].is_running();
            let so_far = (tree.critical(row, runs), if runs(row) { u64::MAX } else { to });
            for (path, end) in [(tree.critical(row, |_| false), to), so_far] {
                prop_assert_eq!(path.iter().map(|s| s.to - s.from).sum::<u64>(), end - from);
                prop_assert!(path.windows(2).all(|pair| pair[0].to == pair[1].from));
            }
            prop_assert!(tree.parent(row).is_some() || tree.duration(row) == to - from);
            prop_assert!(tree.own_time(row) <= tree.duration(row));
            prop_assert!(tree.subtree(row).contains(&row));
        }
        let whole = Rollups::of(&outline, &tree).whole;
        prop_assert_eq!(whole.spans as usize, spans.len());
        // It all comes to what the models told that have no other below them.
        let spoke = |row: u32| outline.rows[row as usize].kind == Kind::Model && !tree.marks(row).has(Mark::Again);
        let lowest =
            |row: &u32| spoke(*row) && !tree.subtree(*row).iter().any(|below| below != row && spoke(*below));
        let told = |row: u32| {
            let usage = &outline.rows[row as usize].usage;
            (u64::from(usage.input.unwrap_or(0)), u64::from(usage.output.unwrap_or(0)))
        };
        let sums = (0..spans.len() as u32).filter(lowest).map(told);
        let sums = sums.fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
        prop_assert_eq!((whole.input.unwrap_or(0), whole.output.unwrap_or(0)), sums);
    }
}
