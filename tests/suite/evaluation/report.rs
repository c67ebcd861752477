//! The report: what votes come to, what is left out of it, and what it says where there is nothing to say.

use outcrop::domain::evaluation::chance::Chance;
use outcrop::domain::evaluation::figure::{Estimate, Figure, Missing};
use outcrop::domain::evaluation::item::ItemHash;
use outcrop::domain::evaluation::job::Unblinded;
use outcrop::domain::evaluation::metric::{Method, Metric};
use outcrop::domain::evaluation::report::{
    Presented, Rated, RatedItem, Report, Sources, Strength, Unanswered, Votes, definition,
};
use outcrop::domain::evaluation::task::{Blinding, Gold, TaskDefinition};
use outcrop::domain::evaluation::vote::{Chosen, ResponseId, Said, Skip, Value, Vote};
use outcrop::domain::id::VoteId;
use outcrop::domain::time::Timestamp;
use outcrop::wire::evaluation::report::{csv as report_csv, html, markdown};

/// A task with its votes, as they come.
pub(super) struct World {
    pub task: TaskDefinition,
    pub items: Vec<RatedItem>,
    pub sources: Sources,
    pub votes: Vec<Vote>,
    pub rounds: u32,
    pub unblinded: Vec<Unblinded>,
}

pub(super) fn metric(name: &str, method: Method) -> Metric {
    Metric { name: name.into(), description: "Is it good?".into(), method, labels: Vec::new() }
}

pub(super) fn id(item: usize, source: &str) -> ResponseId {
    ResponseId::of(7, &ItemHash(format!("item-{item:03}")), source)
}

impl World {
    pub fn new(metrics: Vec<Metric>, items: usize, sources: &[&str]) -> Self {
        let task = TaskDefinition {
            name: "helpful".into(),
            instructions: "Say which helps.".into(),
            examples: Vec::new(),
            metrics,
            raters_per_item: 2,
            blinding: Blinding::default(),
            gold: Vec::new(),
            repeats: 0,
            version: 1,
        };
        let rated = |at: usize| RatedItem {
            hash: (&ItemHash(format!("item-{at:03}"))).into(),
            category: None,
            conversation: None,
        };
        let mut whose = Sources::default();
        for at in 0..items {
            for (source, many) in sources.iter().zip(1..) {
                whose.insert(id(at, source), source);
                whose.measure(&id(at, source), many * 100);
            }
        }
        Self {
            task,
            items: (0..items).map(rated).collect(),
            sources: whose,
            votes: Vec::new(),
            rounds: 50,
            unblinded: Vec::new(),
        }
    }

    /// A vote of a rater on an item with these sources from the left.
    pub fn vote(
        &mut self,
        rater: &str,
        item: usize,
        shown: &[&str],
        values: Vec<(&str, Value)>,
    ) -> &mut Vote {
        let values = values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let number = self.votes.len() as u64 + 1;
        let mut bytes = [0; 16];
        bytes[8..].copy_from_slice(&number.to_be_bytes());
        self.votes.push(Vote {
            id: VoteId::from_bytes(bytes),
            rater: rater.into(),
            item: ItemHash(format!("item-{item:03}")),
            version: 1,
            shown: shown.iter().map(|source| id(item, source)).collect(),
            said: Said::Values(values),
            active_ms: 4_000,
            at: Timestamp(number as i64 * 1_000),
            supersedes: None,
            comment: None,
            repeat: false,
        });
        self.votes.last_mut().unwrap()
    }

    pub fn choose(&mut self, rater: &str, item: usize, shown: &[&str], chosen: &str) -> &mut Vote {
        let chosen = match chosen {
            "tie" => Chosen::Tie,
            "both bad" => Chosen::BothBad,
            source => Chosen::One(id(item, source)),
        };
        self.vote(rater, item, shown, vec![("m", Value::Choice(chosen))])
    }

    pub fn report(&self) -> Report {
        Report::of(&Rated {
            task: &self.task,
            votes: &Votes::of(&self.task, self.votes.iter().cloned()),
            items: &self.items,
            sources: &self.sources,
            raters: &[],
            unblinded: &self.unblinded,
            rounds: self.rounds,
            seed: 3,
        })
    }
}

fn value(figure: &Figure<Estimate>) -> Option<f64> {
    figure.as_ref().ok().map(|told| told.value)
}

fn choice(items: usize) -> World {
    World::new(vec![metric("m", Method::ComparisonChoice)], items, &["a", "b"])
}

#[test]
fn what_does_not_count_is_left_out_and_counted() {
    let mut world = choice(4);
    world.choose("ana", 0, &["a", "b"], "a");
    let first = world.choose("ana", 1, &["a", "b"], "a").id;
    world.choose("ana", 1, &["a", "b"], "b").supersedes = Some(first);
    world.choose("bo", 0, &["b", "a"], "b");
    world.choose("bo", 0, &["b", "a"], "a");
    world.choose("bo", 2, &["b", "a"], "tie").version = 2;
    world.choose("cy", 0, &["b", "a"], "a").item = ItemHash("elsewhere".into());
    world.vote("cy", 1, &["a", "b"], vec![("m", Value::Preference(3))]);
    let skipped = world.choose("cy", 2, &["a", "b"], "a");
    skipped.said = Said::Skipped(Skip::NotMyField);
    skipped.comment = Some("law".into());
    world.choose("ana", 3, &["a", "b"], "a");
    world.choose("ana", 0, &["b", "a"], "a").repeat = true;
    world.task.gold = vec![Gold {
        item: ItemHash("item-003".into()),
        metric: "m".into(),
        value: Value::Choice(Chosen::One(id(3, "a"))),
        shown: Vec::new(),
    }];
    let report = world.report();

    let votes = &report.votes;
    assert_eq!((votes.rated, votes.skipped, votes.on_gold, votes.repeats), (3, 1, 1, 1));
    assert_eq!((votes.other_versions, votes.unfit, votes.strangers, votes.doubled), (1, 1, 1, 1));
    // Three items without the known one, two raters each; the skipped one is not there.
    assert_eq!((report.items, report.coverage.votes, report.coverage.expected), (3, 3, 6));
    assert_eq!((report.coverage.skipped, &report.coverage.share), (1, &Ok(0.5)));
    let Presented::Choice(choices) = &report.metrics[0].whole else { panic!() };
    let told: Vec<_> = choices.sources.iter().map(|of| (of.source.as_str(), of.chosen, of.decided)).collect();
    assert_eq!(told, [("a", 2, 3), ("b", 1, 3)]);
    let skip = &report.skips[0];
    assert_eq!(
        (skip.rater.as_str(), skip.reason, skip.comment.as_deref()),
        ("cy", Skip::NotMyField, Some("law"))
    );

    let ana = &report.raters[0];
    assert_eq!((ana.name.as_str(), ana.votes, ana.skipped), ("ana", 2, 0));
    assert_eq!(ana.mean_seconds, Ok(4.0));
    assert_eq!(value(&ana.gold), Some(1.0));
    assert_eq!(value(&ana.repeats[0].consistency.equal), Some(1.0));
    assert_eq!(report.raters[1].gold, Err(Missing::NoVotes));
    let again = report.raters[1].repeats[0].consistency.equal.clone();
    assert_eq!(again.unwrap_err().words(), "n/a: nothing came again");
    // The repeat stood the other way round, and the winner stayed.
    assert_eq!(value(&report.metrics[0].biases.as_ref().unwrap().flips), Some(0.0));
}

#[test]
fn a_rater_who_answered_some_metrics_only_counts_in_those() {
    let metrics = vec![metric("A", Method::ThumbsUpDown), metric("L", Method::IndividualLikertScale)];
    let mut world = World::new(metrics, 1, &["a"]);
    let thumb = |up| ("A", Value::Thumbs(vec![(id(0, "a"), up)]));
    world.vote("ana", 0, &["a"], vec![thumb(true), ("L", Value::Points(vec![(id(0, "a"), 4)]))]);
    world.vote("bo", 0, &["a"], vec![thumb(false)]);
    world.vote("cy", 0, &["a"], Vec::new());
    let report = world.report();
    assert_eq!((report.votes.rated, report.votes.unfit), (2, 1));
    assert_eq!((report.metrics[0].votes, report.metrics[1].votes), (2, 1));
    let Presented::Thumbs { sources: thumbs } = &report.metrics[0].whole else { panic!() };
    assert_eq!((thumbs[0].up, thumbs[0].votes, &thumbs[0].share), (1, 2, &Err(Missing::OneItem)));
    let Presented::Points { sources: points } = &report.metrics[1].whole else { panic!() };
    assert_eq!((points[0].spread.counts[3], &points[0].mean.value), ((4, 1), &Err(Missing::OneItem)));
}

#[test]
fn each_method_is_presented_as_its_card_is() {
    let metrics = Method::ALL.map(|method| metric(method.as_str(), method)).to_vec();
    let mut world = World::new(metrics, 12, &["a", "b"]);
    for item in 0..12 {
        for (rater, left, right) in [("ana", "a", "b"), ("bo", "b", "a")] {
            let (x, y) = (id(item, left), id(item, right));
            let best = id(item, "a");
            // Strongly for `a`, wherever it stands.
            let point = if left == "a" { 1 } else { 5 };
            let values = vec![
                ("ThumbsUpDown", Value::Thumbs(vec![(x.clone(), left == "a"), (y.clone(), right == "a")])),
                ("IndividualLikertScale", Value::Points(vec![(x.clone(), 4), (y.clone(), 2)])),
                ("ComparisonLikertScale", Value::Preference(point)),
                ("ComparisonChoice", Value::Choice(Chosen::One(best))),
                ("ComparisonRank", Value::Ranks(vec![(x, 1), (y, 1)])),
            ];
            world.vote(rater, item, &[left, right], values);
        }
    }
    let report = world.report();
    let [thumbs, points, preference, choice, ranks] = report.metrics.as_slice() else { panic!() };

    let Presented::Thumbs { sources } = &thumbs.whole else { panic!() };
    let told: Vec<_> = sources.iter().map(|of| (of.source.as_str(), of.up, of.votes)).collect();
    assert_eq!(told, [("a", 12, 12 * 2), ("b", 0, 24)].map(|(name, up, votes)| (name, up * 2, votes)));

    let Presented::Points { sources } = &points.whole else { panic!() };
    assert_eq!(sources[0].spread.counts, [(1, 0), (2, 12), (3, 0), (4, 12), (5, 0)]);
    assert_eq!(sources[0].mean.value, Ok(3.0));
    // Every item says the same: nothing is known of how others would differ.
    assert_eq!(sources[0].mean.interval, Err(Missing::AllAlike));

    let Presented::Preference { pairs } = &preference.whole else { panic!() };
    assert_eq!((pairs[0].a.as_str(), pairs[0].b.as_str()), ("a", "b"));
    assert_eq!(pairs[0].spread.counts[0], (1, 24));
    assert_eq!(pairs[0].strengths[0].strength, Strength::StronglyA);
    assert_eq!(value(&pairs[0].strengths[0].share), Some(1.0));
    assert_eq!(pairs[0].strengths.len(), 5);

    let Presented::Choice(choices) = &choice.whole else { panic!() };
    assert_eq!((choices.votes, choices.sources[0].chosen, choices.sources[1].chosen), (24, 24, 0));
    let Presented::Ranks { sources } = &ranks.whole else { panic!() };
    assert_eq!((&sources[1].spread.counts, &sources[1].mean.value), (&vec![(1, 24), (2, 0)], &Ok(1.0)));

    // A source that wins all is separated, and said so; ties alone are said so as well.
    let rating = |metric: usize, row: usize| {
        report.metrics[metric].ranking.as_ref().unwrap().leaderboard.rows[row].rating.clone().unwrap_err()
    };
    assert_eq!([rating(3, 0), rating(3, 1)], [Missing::OnlyWon, Missing::OnlyLost]);
    assert_eq!(rating(4, 0), Missing::OnlyTies);
    assert_eq!(report.metrics[3].ranking.as_ref().unwrap().wins.rows, [[None, Some(1.0)], [Some(0.0), None]]);
    assert!(report.metrics[0].ranking.is_none() && report.metrics[1].biases.is_none());
    // `a` stood left half of the time and always won.
    let position = &report.metrics[3].biases.as_ref().unwrap().position;
    assert_eq!((position.votes, position.share.as_ref().unwrap().value), (24, 0.5));
    // The longer one is `b`.
    assert_eq!(value(&report.metrics[3].biases.as_ref().unwrap().length.share), Some(0.0));
    assert_eq!(value(&report.raters[0].left[1].leaning.share), Some(1.0));
    assert_eq!(report.metrics[3].agreement.alpha.value, Err(Missing::NoVariation));
    assert_eq!(report.metrics[3].agreement.raw.as_ref().map(|raw| raw.share), Ok(1.0));
}

#[test]
fn of_one_item_there_are_counts_and_neither_shares_nor_means() {
    let methods = [
        Method::ThumbsUpDown,
        Method::ComparisonLikertScale,
        Method::ComparisonChoice,
        Method::IndividualLikertScale,
    ];
    let metrics = methods.map(|method| metric(method.as_str(), method)).to_vec();
    let mut world = World::new(metrics, 2, &["a", "b"]);
    let said = |item: usize| {
        vec![
            ("ThumbsUpDown", Value::Thumbs(vec![(id(item, "a"), true), (id(item, "b"), false)])),
            ("ComparisonLikertScale", Value::Preference(1)),
            ("ComparisonChoice", Value::Choice(Chosen::One(id(item, "a")))),
            ("IndividualLikertScale", Value::Points(vec![(id(item, "a"), 4), (id(item, "b"), 2)])),
        ]
    };
    for rater in ["ana", "bo"] {
        world.vote(rater, 0, &["a", "b"], said(0));
    }
    let report = world.report();
    let Presented::Thumbs { sources } = &report.metrics[0].whole else { panic!() };
    assert_eq!((sources[0].up, sources[0].votes, &sources[0].share), (2, 2, &Err(Missing::OneItem)));
    let Presented::Preference { pairs } = &report.metrics[1].whole else { panic!() };
    assert_eq!(pairs[0].strengths[0].votes, 2);
    assert!(pairs[0].strengths.iter().all(|of| of.share == Err(Missing::OneItem)), "{pairs:?}");
    assert_eq!(pairs[0].mean.value, Err(Missing::OneItem));
    let Presented::Points { sources } = &report.metrics[3].whole else { panic!() };
    assert_eq!((sources[0].spread.counts[3], &sources[0].mean.value), ((4, 2), &Err(Missing::OneItem)));
    let Presented::Choice(choices) = &report.metrics[2].whole else { panic!() };
    assert_eq!((choices.sources[0].chosen, &choices.sources[0].share), (2, &Err(Missing::OneItem)));
    assert_eq!(
        (&choices.tie_share, &choices.both_bad_share),
        (&Err(Missing::OneItem), &Err(Missing::OneItem))
    );
    let left: Vec<_> = report.raters[0].left.iter().map(|left| left.leaning.share.clone()).collect();
    assert_eq!(left, [Err(Missing::OneItem), Err(Missing::OneItem)]);

    // A second item is enough.
    world.vote("ana", 1, &["b", "a"], said(1));
    let report = world.report();
    let Presented::Points { sources } = &report.metrics[3].whole else { panic!() };
    assert_eq!(sources[0].mean.value, Ok(4.0));
    let Presented::Choice(choices) = &report.metrics[2].whole else { panic!() };
    assert_eq!(value(&choices.sources[0].share), Some(1.0));
    assert_eq!(value(&report.raters[0].left[1].leaning.share), Some(0.5));
    assert_eq!(report.raters[1].left[1].leaning.share, Err(Missing::OneItem), "bo has rated one alone");
}

#[test]
fn who_hurries_to_one_side_is_seen_in_the_quick_votes() {
    let mut hasty = choice(40);
    for item in 0..40 {
        // `ana` is slow and looks; what she decides in haste is the left one. `bo` is as quick as she is slow, and looks.
        let (shown, best) = if item % 2 == 0 { (["a", "b"], "a") } else { (["b", "a"], "a") };
        let in_haste = item % 4 > 1;
        let chosen = if in_haste { shown[0] } else { best };
        hasty.choose("ana", item, &shown, chosen).active_ms = if in_haste { 900 } else { 9_000 };
        hasty.choose("bo", item, &shown, best).active_ms = 100 + item as u64 % 10;
    }
    let report = hasty.report();
    let biases = report.metrics[0].biases.as_ref().unwrap();
    assert_eq!((biases.position.votes, value(&biases.position.share)), (80, Some(50.0 / 80.0)));
    // Twenty of each: all of hers to the left, twelve of his.
    assert_eq!((biases.speed.votes, value(&biases.speed.share)), (40, Some(32.0 / 40.0)));

    let mut even = choice(4);
    for item in 0..4 {
        even.choose("ana", item, &["a", "b"], "a").active_ms = 700;
    }
    let report = even.report();
    let speed = &report.metrics[0].biases.as_ref().unwrap().speed;
    assert_eq!(speed.share.as_ref().unwrap_err().words(), "n/a: no vote was quicker than another");
    assert_eq!(speed.left_out, 0);
}

#[test]
fn what_is_compared_alone_and_what_never_met_is_said_in_words() {
    let nothing = choice(2).report();
    let of = &nothing.metrics[0];
    assert_eq!(nothing.coverage.share, Ok(0.0));
    assert_eq!(of.agreement.alpha.value, Err(Missing::NoVotes));
    let Presented::Choice(choices) = &of.whole else { panic!() };
    assert_eq!((choices.sources.len(), &choices.tie_share), (0, &Err(Missing::NoVotes)));
    assert_eq!(of.biases.as_ref().unwrap().position.share, Err(Missing::NoVotes));
    assert_eq!(choice(0).report().coverage.share, Err(Missing::NoVotes));

    let mut alone = choice(2);
    alone.choose("ana", 0, &["a", "b"], "a");
    alone.choose("ana", 1, &["a", "b"], "b");
    let of = &alone.report().metrics[0];
    assert_eq!(of.agreement.alpha.value, Err(Missing::OneRater));
    assert_eq!(of.agreement.ordinal.as_ref().unwrap_err().words(), "n/a: a choice has no order");
    let rating = &of.ranking.as_ref().unwrap().leaderboard.rows[0].rating;
    assert_eq!(rating.as_ref().unwrap_err().words(), "n/a: 2 battles of the 10 that it needs");

    let mut once = choice(1);
    once.choose("ana", 0, &["a", "b"], "a");
    once.choose("bo", 0, &["b", "a"], "b");
    let of = &once.report().metrics[0];
    assert_eq!(of.agreement.alpha.value, Err(Missing::OneItem));
    let told = &of.disagreements[0];
    assert_eq!((told.spread, told.votes), (0.5, 2));
    assert_eq!(told.said, [("a".to_owned(), 1), ("b".to_owned(), 1)]);

    let mut ties = choice(12);
    for item in 0..12 {
        ties.choose("ana", item, &["a", "b"], "both bad");
    }
    let of = &ties.report().metrics[0];
    let Presented::Choice(choices) = &of.whole else { panic!() };
    assert_eq!((choices.both_bad, &choices.sources[0].share), (12, &Err(Missing::OnlyBad)));
    assert_eq!(of.ranking.as_ref().unwrap().leaderboard.rows[0].rating, Err(Missing::OnlyBad));
    let biases = of.biases.as_ref().unwrap();
    assert_eq!(
        biases.position.share,
        Err(Missing::OnlyBad),
        "what they were is said, not that they are ties"
    );
    ties.choose("bo", 0, &["a", "b"], "tie");
    let of = &ties.report().metrics[0];
    let rating = &of.ranking.as_ref().unwrap().leaderboard.rows[0].rating;
    assert_eq!(rating.as_ref().unwrap_err().words(), "n/a: only ties and votes for both bad");

    let mut apart = World::new(vec![metric("m", Method::ComparisonChoice)], 40, &["a", "b", "c", "d"]);
    for item in 0..40 {
        let pair = if item % 2 == 0 { ["a", "b"] } else { ["c", "d"] };
        apart.choose("ana", item, &pair, pair[item / 2 % 2]);
    }
    let of = &apart.report().metrics[0];
    let rating = &of.ranking.as_ref().unwrap().leaderboard.rows[0].rating;
    assert_eq!(rating, &Err(Missing::Disconnected { groups: 2 }));

    let mut three = World::new(vec![metric("m", Method::ComparisonChoice)], 4, &["a", "b", "c"]);
    three.choose("ana", 0, &["a", "b", "c"], "a");
    three.choose("ana", 1, &["c", "a", "b"], "a");
    three.choose("ana", 2, &["c", "b", "a"], "tie");
    let told = three.report().metrics[0].biases.as_ref().unwrap().position.clone();
    assert_eq!((told.votes, told.left_out), (1, 2), "the middle one stands on no side");
}

#[test]
fn a_win_rate_has_the_interval_of_its_items_beside_that_of_its_votes() {
    let (mut once, mut thrice) = (choice(20), choice(20));
    for item in 0..20 {
        let chosen = if item % 3 == 0 { "b" } else { "a" };
        once.choose("ana", item, &["a", "b"], chosen);
        for rater in ["ana", "bo", "cy"] {
            thrice.choose(rater, item, &["a", "b"], chosen);
        }
    }
    let width = |figure: &Figure<Estimate>| figure.as_ref().map(|told| told.high - told.low).unwrap();
    let told = |world: &World| {
        let report = world.report();
        let ranking = report.metrics[0].ranking.clone().unwrap();
        let by_votes = ranking.leaderboard.rows.iter().find(|row| row.name == "a").unwrap().win_rate.clone();
        (width(&by_votes), width(ranking.by_item("a").unwrap()))
    };
    let ((votes, items), (more_votes, same_items)) = (told(&once), told(&thrice));
    assert!(more_votes < votes * 0.7, "three raters who say the same make votes surer: {votes} {more_votes}");
    assert!((same_items - items).abs() < 1e-12, "and items not: {items} {same_items}");
    assert!(same_items > more_votes);
}

/// Twelve conversations of three turns, in each of which a vote on the third turn may differ from the others.
fn turn(item: usize) -> (usize, bool) {
    let conversation = item / 3;
    (conversation, !conversation.is_multiple_of(3) ^ (item % 3 == 2 && conversation % 4 == 1))
}

#[test]
fn turns_of_one_conversation_are_one_for_the_interval_of_a_rating() {
    let mut world = choice(36);
    world.rounds = 0;
    for item in 0..36 {
        world.choose("ana", item, &["a", "b"], if turn(item).1 { "a" } else { "b" });
    }
    let interval = |world: &World| {
        let ranking = world.report().metrics[0].ranking.clone().unwrap();
        let row = ranking.leaderboard.rows.into_iter().find(|row| row.name == "a").unwrap();
        row.rating.unwrap().interval.unwrap()
    };
    // Of two the strength is the logit of the share, half of it each; its variance by clusters is Σ(Σ(y − p))²/(n·p·(1 − p))².
    let by_hand = |cluster: &dyn Fn(usize) -> usize| {
        let won = |item: usize| f64::from(u8::from(turn(item).1));
        let p = (0..36).map(won).sum::<f64>() / 36.0;
        let mut sums = [0.0; 36];
        (0..36).for_each(|item| sums[cluster(item)] += won(item) - p);
        let error = sums.iter().map(|sum| sum * sum).sum::<f64>().sqrt() / (36.0 * p * (1.0 - p));
        let scale = 400.0 / 10_f64.ln() / 2.0;
        let (middle, reach) = (1000.0 + scale * (p / (1.0 - p)).ln(), scale * 1.959_964 * error);
        (middle - reach, middle + reach)
    };
    let close = |told: (f64, f64), known: (f64, f64)| {
        assert!((told.0 - known.0).abs() < 0.05 && (told.1 - known.1).abs() < 0.05, "{told:?} {known:?}");
    };
    let apart = interval(&world);
    close(apart, by_hand(&|item| item));
    for (at, item) in world.items.iter_mut().enumerate() {
        item.conversation = Some(format!("c{}", turn(at).0).into());
    }
    let together = interval(&world);
    close(together, by_hand(&|item| turn(item).0));
    assert!(together.1 - together.0 > 1.3 * (apart.1 - apart.0), "{together:?} {apart:?}");
    // Samples are drawn of them as well.
    world.rounds = 400;
    let ranking = world.report().metrics[0].ranking.clone().unwrap();
    let by_item = ranking.by_item("a").unwrap().clone().unwrap();
    let share = (0..36).filter(|item| turn(*item).1).count() as f64 / 36.0;
    let deviations =
        (0..12).map(|c| (0..3).map(|t| f64::from(u8::from(turn(3 * c + t).1)) - share).sum::<f64>());
    let error = deviations.map(|sum| sum * sum).sum::<f64>().sqrt() / 36.0;
    let width = by_item.high - by_item.low;
    assert!((width / (2.0 * 1.96 * error) - 1.0).abs() < 0.15, "{width} {error}");
}

#[test]
fn turns_of_one_conversation_are_one_for_the_interval_of_a_mean_and_of_alpha() {
    let mut world = World::new(vec![metric("m", Method::IndividualLikertScale)], 36, &["a"]);
    let point = |item: usize| (1 + 2 * (item / 3 % 3) + usize::from(item % 3 == 1)).min(5) as u8;
    for item in 0..36 {
        for rater in ["ana", "bo"] {
            let seen = if rater == "bo" && item % 5 == 0 { 3 } else { point(item) };
            world.vote(rater, item, &["a"], vec![("m", Value::Points(vec![(id(item, "a"), seen)]))]);
        }
    }
    let told = |world: &World| {
        let metric = world.report().metrics.remove(0);
        let Presented::Points { sources } = metric.whole else { panic!() };
        (sources[0].mean.interval.clone().unwrap(), metric.agreement.alpha.interval.unwrap())
    };
    let (apart, alpha_apart) = told(&world);
    for (at, item) in world.items.iter_mut().enumerate() {
        item.conversation = Some(format!("c{}", at / 3).into());
    }
    let (together, alpha_together) = told(&world);
    let said = |item: usize| {
        f64::from(point(item)) + f64::from(if item.is_multiple_of(5) { 3 } else { point(item) })
    };
    let mean = (0..36).map(said).sum::<f64>() / 72.0;
    let squares =
        (0..12).map(|c| ((0..3).map(|t| said(3 * c + t)).sum::<f64>() - 6.0 * mean).powi(2)).sum::<f64>();
    let reach = 1.959_964 * (12.0 / 11.0 * squares).sqrt() / 72.0;
    assert!((together.0 - (mean - reach)).abs() < 1e-6 && (together.1 - (mean + reach)).abs() < 1e-6);
    assert!(together.1 - together.0 > apart.1 - apart.0, "{together:?} {apart:?}");
    assert_ne!(alpha_together, alpha_apart);
}

#[test]
fn categories_are_told_apart_and_those_of_none_stand_last() {
    let mut world = choice(6);
    for (item, category) in ["law", "art", "law"].iter().enumerate() {
        world.items[item].category = Some((*category).into());
    }
    for item in 0..5 {
        world.choose("ana", item, &["a", "b"], "a");
    }
    // One more rater than are due does not make up for another item.
    world.choose("bo", 0, &["b", "a"], "b");
    world.choose("cy", 0, &["b", "a"], "b");
    let report = world.report();
    assert_eq!((report.votes.rated, report.coverage.votes, report.coverage.expected), (7, 6, 12));
    let told: Vec<_> = report
        .coverage_by_category
        .iter()
        .map(|of| (of.category.as_deref(), of.items, of.coverage.votes))
        .collect();
    assert_eq!(told, [(Some("art"), 1, 1), (Some("law"), 2, 3), (None, 3, 2)]);
    let of: Vec<_> =
        report.metrics[0].by_category.iter().map(|of| (of.category.as_deref(), of.votes)).collect();
    assert_eq!(of, [(Some("art"), 1), (Some("law"), 4), (None, 2)]);
    assert_eq!(report.metrics[0].by_category[1].leaderboard.as_ref().unwrap().battles, 4);
}

#[test]
fn the_widest_disagreements_come_first_and_name_whose_answer_it_is() {
    let mut world = World::new(vec![metric("m", Method::IndividualLikertScale)], 3, &["a", "b"]);
    for (rater, points) in [("ana", [[1, 5], [3, 3], [2, 4]]), ("bo", [[5, 5], [3, 2], [4, 4]])] {
        for (item, [a, b]) in points.into_iter().enumerate() {
            let said = vec![(id(item, "a"), a), (id(item, "b"), b)];
            world.vote(rater, item, &["b", "a"], vec![("m", Value::Points(said))]);
        }
    }
    let report = world.report();
    let told: Vec<_> = report.metrics[0]
        .disagreements
        .iter()
        .map(|of| (of.item.0.as_str(), of.source.as_deref(), of.spread, of.votes))
        .collect();
    assert_eq!(told, [("item-000", Some("a"), 4.0, 2), ("item-002", Some("a"), 2.0, 2)]);
}

/// Votes as they come: a better source, ties, a skip now and then, categories.
pub(super) fn lively() -> World {
    let metrics = vec![
        metric("Preference", Method::ComparisonChoice),
        metric("Helpful", Method::IndividualLikertScale),
        metric("Strength", Method::ComparisonLikertScale),
    ];
    let sources = ["gull", "heron", "wren"];
    let mut world = World::new(metrics, 30, &sources);
    let mut chance = Chance::new(11);
    for item in 0..30 {
        world.items[item].category = [Some("art"), Some("law"), None][item % 3].map(Into::into);
        for rater in ["ana", "bo", "cy"] {
            let (left, right) = (chance.below(3), 1 + chance.below(2));
            let shown = [sources[left], sources[(left + right) % 3]];
            let (x, y) = (id(item, shown[0]), id(item, shown[1]));
            let better = usize::from((shown[0] < shown[1]) != (chance.below(10) < 7));
            let chosen = match chance.below(8) {
                0 => Chosen::Tie,
                1 => Chosen::BothBad,
                _ => Chosen::One([&x, &y][better].clone()),
            };
            let points = [2 + chance.below(3) as u8, 2 + chance.below(3) as u8];
            let values = vec![
                ("Preference", Value::Choice(chosen)),
                ("Helpful", Value::Points(vec![(x, points[0]), (y, points[1])])),
                ("Strength", Value::Preference(if better == 0 { 2 } else { 4 })),
            ];
            let active_ms = 5_000 + chance.below(20) as u64 * 500;
            let vote = world.vote(rater, item, &shown, values);
            vote.active_ms = active_ms;
            if item % 13 == 12 {
                vote.said = Said::Skipped(Skip::Unclear);
            }
        }
    }
    world
}

#[test]
fn a_report_reads_back_as_it_was_written_and_its_seed_repeats_it() {
    let world = lively();
    let report = world.report();
    assert_eq!(world.report(), report);
    let text = serde_json::to_string(&report).unwrap();
    let back: Report = serde_json::from_str(&text).unwrap();
    assert_eq!(back, report);
    let ranking = report.metrics[0].ranking.as_ref().unwrap();
    let best = &ranking.leaderboard.rows[0];
    assert!(best.rating.as_ref().is_ok_and(|rating| rating.interval.is_ok()), "{best:?}");
    assert_eq!(ranking.wins.rows.len(), 3);
    // Answers have lengths of their own.
    assert!(report.metrics[0].biases.as_ref().unwrap().length.votes > 0);
}

/// What of a report comes to a page: names that would be markup, a comment that would be one too.
fn hostile() -> Report {
    let sources = ["<script>alert(1)</script>", "=cmd|' /C calc'!A0"];
    let mut world = World::new(vec![metric("m", Method::ComparisonChoice)], 12, &sources);
    for item in 0..12 {
        let vote = world.choose("<b>ana</b>", item, &sources, sources[item % 2]);
        vote.comment = Some("</td><script>alert(2)</script> | *x* \u{1b}[31m & \"q\"".to_owned());
    }
    world.items[0].category = Some("\"><img src=x onerror=alert(3)>".into());
    world.report()
}

#[test]
fn nothing_that_was_said_becomes_markup_or_a_formula() {
    let report = hostile();
    let page = html::write(&report);
    assert!(!page.contains("<script") && !page.contains("<img") && !page.contains("<b>"), "{page}");
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
    assert!(page.contains("&lt;/td&gt;&lt;script&gt;alert(2)"));
    assert!(!page.contains('\u{1b}'));
    // Every tag is one of ours, and nothing is fetched from anywhere.
    let ours = [
        "!doctype", "html", "head", "meta", "style", "title", "body", "h1", "h2", "h3", "p", "div", "table",
        "tr", "th", "td", "svg", "rect", "path", "dl", "dt", "dd", "small",
    ];
    for tag in page.split('<').skip(1) {
        let name: String = tag.trim_start_matches('/').chars().take_while(|c| !" >".contains(*c)).collect();
        assert!(ours.contains(&name.as_str()), "{name}");
    }
    assert!(!page.contains("http://") && !page.contains("https://") && !page.contains("url("));

    let text = markdown::write(&report);
    assert!(!text.contains("<script") && text.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
    assert!(text.contains("\\| \\*x\\*") && !text.contains('\u{1b}'), "{text}");
    let table = report_csv::write(&report).unwrap();
    assert!(table.contains(",'=cmd|"), "{table}");
}

#[test]
fn every_number_of_the_table_has_a_definition() {
    let lacks = |failed| Unanswered { source: "gull".into(), failed, items: 3 };
    let unanswered = choice(2).report().with_unanswered(vec![lacks(true), lacks(false)]);
    for report in [lively().report(), hostile(), choice(0).report(), unanswered] {
        let table = report_csv::write(&report).unwrap();
        let mut reader = csv::Reader::from_reader(table.as_bytes());
        let names = reader.headers().unwrap().clone();
        assert_eq!(names.get(5), Some("name"));
        for record in reader.records() {
            let record = record.unwrap();
            assert!(definition(&record[5]).is_some(), "{}", &record[5]);
            // There is a number or a reason, never both.
            assert_ne!(record[6].is_empty(), record[10].is_empty(), "{record:?}");
            // Bounds, or a reason why there are none, of a number alone.
            let bounded = !record[7].is_empty();
            assert_eq!(bounded, !record[8].is_empty(), "{record:?}");
            assert!(record[11].is_empty() || !bounded && record[10].is_empty(), "{record:?}");
        }
    }
}

#[test]
fn why_a_number_has_no_bounds_stands_beside_it_and_how_likely_a_leaning_is_in_the_table() {
    let mut world = choice(4);
    for item in 0..4 {
        world.choose("ana", item, &["a", "b"], if item < 3 { "a" } else { "b" });
        world.choose("bo", item, &["a", "b"], "a");
    }
    let table = report_csv::write(&world.report()).unwrap();
    let row = |section: &str, name: &str| {
        let mut reader = csv::Reader::from_reader(table.as_bytes());
        let rows = reader.records().map(Result::unwrap);
        let found = rows.filter(|row| &row[0] == section && &row[5] == name);
        found.map(|row| row.iter().map(str::to_owned).collect::<Vec<_>>()).next().unwrap()
    };
    let alpha = row("agreement", "alpha");
    assert!(!alpha[6].is_empty() && alpha[7].is_empty() && alpha[10].is_empty(), "{alpha:?}");
    assert_eq!(alpha[11], "4 items of the 10 that it needs");
    let (leaning, p) = (row("biases", "left choice"), row("biases", "p=left choice"));
    assert_eq!((&leaning[6], &leaning[9], &p[9]), (&"0.875".to_owned(), &"8".to_owned(), &"8".to_owned()));
    // Of eight seven to one side: 2 · (1 + 8) / 2⁸.
    assert!((p[6].parse::<f64>().unwrap() - 18.0 / 256.0).abs() < 1e-12, "{p:?}");
    let equal = row("agreement", "equal");
    assert_eq!((equal[6].as_str(), equal[9].as_str()), ("0.75", "4"));
}

/// What a document has a column or a row of, it says at its end what it is.
#[test]
fn every_number_of_a_document_is_defined_at_its_end() {
    let text = markdown::write(&lively().report());
    let (_, terms) = text.split_once("## What the numbers are").unwrap();
    for name in [
        "votes",
        "items",
        "coverage",
        "skipped",
        "rating",
        "rank",
        "win rate",
        "won",
        "lost",
        "tied",
        "both bad comparisons",
        "battles",
        "left choice",
        "p",
        "kappa",
        "equal",
        "raw agreement",
        "seconds",
    ] {
        assert!(terms.contains(&format!("- **{name}**: ")), "{name}: {terms}");
    }
}

#[test]
fn a_report_is_written_in_each_form() {
    let mut world = World::new(
        vec![metric("Preference", Method::ComparisonChoice), metric("Helpful", Method::ThumbsUpDown)],
        12,
        &["gull", "heron"],
    );
    for item in 0..12 {
        world.items[item].category = Some(if item < 6 { "art" } else { "law" }.into());
        for (rater, left, right) in [("ana", "gull", "heron"), ("bo", "heron", "gull")] {
            let best = if item % 3 == 0 || rater == "bo" && item == 4 { "heron" } else { "gull" };
            let chosen = if item == 7 { Chosen::Tie } else { Chosen::One(id(item, best)) };
            let thumbs = [left, right].map(|name| (id(item, name), name == best)).to_vec();
            let values = vec![("Preference", Value::Choice(chosen)), ("Helpful", Value::Thumbs(thumbs))];
            world.vote(rater, item, &[left, right], values);
        }
    }
    let skipped = world.vote("cy", 0, &["gull", "heron"], Vec::new());
    skipped.said = Said::Skipped(Skip::Offensive);
    skipped.comment = Some("rude".into());
    world.votes[0].comment = Some("both are short".into());
    let report = world.report();
    insta::assert_snapshot!("report_markdown", markdown::write(&report));
    insta::assert_snapshot!("report_html", html::write(&report));
    insta::assert_snapshot!("report_csv", report_csv::write(&report).unwrap());
    insta::assert_snapshot!("report_of_nothing", markdown::write(&choice(2).report()));
}

#[test]
fn votes_after_a_look_at_whose_answers_are_whose_are_told() {
    let mut world = choice(4);
    for item in 0..4 {
        world.choose("ana", item, &["a", "b"], "a");
        world.choose("bo", item, &["b", "a"], "b");
    }
    let sixth = world.votes[5].at;
    world.unblinded =
        vec![Unblinded { by: "ana".into(), at: world.votes[4].at }, Unblinded { by: "bo".into(), at: sixth }];
    let report = world.report();
    assert_eq!((report.votes.rated, report.not_blind), (8, 2 + 2));
    assert!(
        markdown::write(&report).contains("4 votes are of raters who had looked whose answers are whose")
    );
    world.task.blinding.models = false;
    assert_eq!(world.report().not_blind, 0, "nothing was hidden");
}

#[test]
fn what_each_rater_said_is_told_where_there_are_several() {
    let mut world = choice(4);
    for item in 0..4 {
        world.choose("ana", item, &["a", "b"], "a");
    }
    assert!(world.report().metrics[0].by_rater.is_empty());
    world.choose("bo", 0, &["b", "a"], "b");
    let report = world.report();
    let told: Vec<_> = report.metrics[0].by_rater.iter().map(|of| (of.rater.as_str(), of.votes)).collect();
    assert_eq!(told, [("ana", 4), ("bo", 1)]);
    let Presented::Choice(choices) = &report.metrics[0].by_rater[1].presented else { panic!() };
    assert_eq!(choices.sources.iter().map(|of| of.chosen).collect::<Vec<_>>(), [0, 1]);
}

#[test]
fn none_of_two_answers_are_both_bad_and_none_of_three_are_all_bad() {
    let said = |shown: &[&str]| {
        let mut world = World::new(vec![metric("m", Method::ComparisonChoice)], 2, &["a", "b", "c"]);
        world.choose("ana", 0, shown, "both bad");
        world.choose("bo", 0, shown, "a");
        let report = world.report();
        let of = &report.metrics[0];
        let Presented::Choice(choices) = &of.whole else { panic!() };
        (
            choices.none_good(&of.asked()).to_owned(),
            markdown::write(&report),
            of.disagreements[0].said.clone(),
        )
    };
    let (word, text, differ) = said(&["a", "b"]);
    assert_eq!(word, "both bad");
    assert!(text.contains("(both bad)") && !text.contains("all bad"), "{text}");
    assert!(differ.iter().any(|(value, _)| value == "both bad"), "{differ:?}");
    let (word, text, differ) = said(&["a", "b", "c"]);
    assert_eq!(word, "all bad");
    assert!(text.contains("(all bad)") && !text.contains("(both bad)"), "{text}");
    assert!(differ.iter().any(|(value, _)| value == "all bad"), "{differ:?}");
}
