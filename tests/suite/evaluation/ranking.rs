//! Strengths, ratings and their guards.

use outcrop::domain::evaluation::battle::{Battle, Outcome};
use outcrop::domain::evaluation::figure::Missing;
use outcrop::domain::evaluation::ranking::bradley_terry::{Meeting, fit};
use outcrop::domain::evaluation::ranking::{
    Intervals, Leaderboard, Options, Row, elo, leaderboard, win_rate_by_prompt,
};
use proptest::prelude::*;
use serde_json::Value;

use super::{close, number, numbers, vectors};

fn strings(value: &Value) -> Vec<String> {
    value.as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_owned()).collect()
}

/// A table of who beat whom how often.
fn meetings(wins: &Value) -> Vec<Meeting> {
    let wins: Vec<Vec<f64>> = wins.as_array().unwrap().iter().map(numbers).collect();
    let n = wins.len();
    (0..n)
        .flat_map(|a| (a + 1..n).map(move |b| (a, b)))
        .map(|(a, b)| Meeting { a, b, score: wins[a][b], weight: wins[a][b] + wins[b][a] })
        .collect()
}

fn many(a: &str, b: &str, outcome: Outcome, times: usize) -> Vec<Battle> {
    vec![Battle::new(a, b, outcome); times]
}

fn baseball() -> Vec<Battle> {
    let known = vectors("bt_baseball");
    let teams = strings(&known["teams"]);
    let mut battles = Vec::new();
    for (a, row) in teams.iter().zip(known["wins_row_beats_col"].as_array().unwrap()) {
        for (b, wins) in teams.iter().zip(numbers(row)) {
            battles.extend(many(a, b, Outcome::A, wins as usize));
        }
    }
    battles
}

/// The set with ties of the vectors: who beat whom is told in words there.
fn with_ties() -> Vec<Battle> {
    [("A", "B", 30, 18, 12), ("B", "C", 25, 25, 10), ("C", "A", 15, 35, 10)]
        .into_iter()
        .flat_map(|(a, b, won, lost, tied)| {
            [(Outcome::A, won), (Outcome::B, lost), (Outcome::Tie, tied)]
                .into_iter()
                .flat_map(move |(outcome, times)| many(a, b, outcome, times))
        })
        .collect()
}

fn row<'a>(board: &'a Leaderboard, name: &str) -> &'a Row {
    board.rows.iter().find(|row| row.name == name).unwrap()
}

fn missing(board: &Leaderboard, name: &str) -> Missing {
    row(board, name).rating.clone().unwrap_err()
}

#[test]
fn strengths_errors_and_deviance_of_the_american_league_are_agrestis() {
    let known = vectors("bt_baseball");
    let (teams, meetings) = (strings(&known["teams"]), meetings(&known["wins_row_beats_col"]));
    let fit = fit(teams.len(), &meetings, None).unwrap();
    close(fit.beta.iter().sum(), 0.0, 1e-12);
    let baltimore = teams.iter().position(|team| team == "Bal").unwrap();
    for (at, team) in teams.iter().enumerate().filter(|(at, _)| *at != baltimore) {
        let (beta, error) = fit.difference(at, baltimore);
        close(beta, number(&known["beta_ref_Bal"][team]), 1e-12);
        close(beta, number(&known["choix_ilsr_minus_Bal"][team]), 1e-12);
        // Found by another search, which stops earlier.
        close(beta, number(&known["choix_opt_pairwise_minus_Bal"][team]), 1e-9);
        close(error, number(&known["se"][team]), 1e-12);
    }
    close(fit.deviance(&meetings), number(&known["deviance"]), 1e-9);
    assert_eq!(meetings.len() - (teams.len() - 1), known["df"].as_u64().unwrap() as usize);
    for (at, team) in teams.iter().enumerate() {
        close(elo::CENTRE + elo::points(fit.beta[at]), number(&known["elo_scale_mean1000"][team]), 1e-7);
    }
}

#[test]
fn strengths_and_errors_of_the_journals_are_stiglers() {
    let known = vectors("bt_citations");
    let journals = strings(&known["journals"]);
    let fit = fit(journals.len(), &meetings(&known["wins"]), None).unwrap();
    for (at, journal) in journals.iter().enumerate().skip(1) {
        let (beta, error) = fit.difference(at, 0);
        close(beta, number(&known["beta_ref_Biometrika"][journal]), 1e-12);
        close(error, number(&known["se"][journal]), 1e-12);
    }
}

#[test]
fn ratings_and_their_sandwich_intervals_are_arena_ranks() {
    for (battles, known) in [
        (baseball(), vectors("arena_rank_baseball_rating_lo_hi")),
        (with_ties(), vectors("arena_rank_ties_ABC")["result"].clone()),
    ] {
        let board = leaderboard(&battles, &Options::default());
        assert_eq!(board.battles, battles.len() as u64);
        let known = known.as_object().unwrap();
        assert_eq!(board.rows.len(), known.len());
        for (name, known) in known {
            let rating = row(&board, name).rating.clone().unwrap();
            let (low, high) = rating.interval.unwrap();
            // They were computed in single precision there.
            for (told, known) in [rating.elo, low, high].into_iter().zip(numbers(known)) {
                close(told, known, 1e-5);
            }
        }
        assert!(
            board
                .rows
                .is_sorted_by(|a, b| { a.rating.as_ref().unwrap().elo >= b.rating.as_ref().unwrap().elo })
        );
    }
}

#[test]
fn ranks_are_as_wide_as_the_intervals_allow() {
    let board = leaderboard(&baseball(), &Options::default());
    let rank = |name| row(&board, name).rating.clone().unwrap().rank.unwrap();
    assert_eq!((rank("Mil"), rank("Bos"), rank("Bal")), ((1, 5), (1, 6), (6, 7)));
}

#[test]
fn online_ratings_are_those_of_the_formula() {
    let known = vectors("elo_online_K4");
    let battles: Vec<Battle> = known["battles"]
        .as_array()
        .unwrap()
        .iter()
        .map(strings)
        .map(|said| {
            let outcome = match said[2].as_str() {
                "a" => Outcome::A,
                "b" => Outcome::B,
                _ => Outcome::Tie,
            };
            Battle::new(said[0].as_str(), said[1].as_str(), outcome)
        })
        .collect();
    let told = elo::online(&battles);
    let known = known["ratings"].as_object().unwrap();
    assert_eq!(told.len(), known.len());
    for (name, rating) in known {
        close(told[name.as_str()], number(rating), 1e-10);
    }
    close(elo::expected(1000.0, 1200.0), number(&vectors("elo_expected_1000_1200")), 1e-15);
}

#[test]
fn one_that_wins_all_is_called_separated_and_the_others_are_rated_without_it() {
    let mut battles = with_ties();
    let alone = leaderboard(&battles, &Options::default());
    for other in ["A", "B", "C"] {
        battles.extend(many("Best", other, Outcome::A, 10));
        battles.extend(many("Worst", other, Outcome::B, 10));
    }
    let board = leaderboard(&battles, &Options::default());
    let order: Vec<&str> = board.rows.iter().map(|row| row.name.as_str()).collect();
    assert_eq!(order, ["Best", "A", "B", "C", "Worst"]);
    assert_eq!(missing(&board, "Best"), Missing::OnlyWon);
    assert_eq!(missing(&board, "Worst"), Missing::OnlyLost);
    assert_eq!(missing(&board, "Best").words(), "n/a: it only won against the others");
    for name in ["A", "B", "C"] {
        assert_eq!(row(&board, name).rating, row(&alone, name).rating);
    }
    // What needs no strengths is told all the same.
    close(row(&board, "Best").win_rate.as_ref().unwrap().value, 1.0, 0.0);
}

#[test]
fn two_of_which_one_always_wins_have_no_ratings() {
    let board = leaderboard(&many("x", "y", Outcome::B, 30), &Options::default());
    assert_eq!((missing(&board, "y"), missing(&board, "x")), (Missing::OnlyWon, Missing::OnlyLost));
    assert_eq!(board.rows[0].name, "y");
    let said =
        ["no rating of y: it only won against the others", "no rating of x: it only lost against the others"];
    assert_eq!(board.unrated(), said);
}

#[test]
fn two_groups_that_never_met_are_not_compared() {
    let mut battles = with_ties();
    for (outcome, times) in [(Outcome::A, 12), (Outcome::B, 14)] {
        battles.extend(many("X", "Y", outcome, times));
    }
    let board = leaderboard(&battles, &Options::default());
    for row in &board.rows {
        assert_eq!(row.rating, Err(Missing::Disconnected { groups: 2 }));
        assert!(row.win_rate.is_ok());
    }
}

#[test]
fn ties_alone_and_too_few_battles_are_told_in_words() {
    let mut ties = many("x", "y", Outcome::Tie, 20);
    ties.extend(many("x", "y", Outcome::BothBad, 5));
    let board = leaderboard(&ties, &Options::default());
    assert_eq!(missing(&board, "x"), Missing::OnlyUndecided);
    let alone = leaderboard(&many("x", "y", Outcome::Tie, 20), &Options::default());
    assert_eq!(missing(&alone, "x"), Missing::OnlyTies);
    let record = row(&board, "x").record;
    assert_eq!((record.tied, record.both_bad, record.battles), (20.0, 5.0, 25));

    let mut few = with_ties();
    few.extend(many("D", "A", Outcome::A, 1));
    few.extend(many("D", "A", Outcome::B, 1));
    let board = leaderboard(&few, &Options::default());
    assert_eq!(missing(&board, "D").words(), "n/a: 2 battles of the 10 that it needs");
    assert!(row(&board, "A").rating.is_ok());
    assert_eq!(leaderboard(&[], &Options::default()), Leaderboard::default());
}

#[test]
fn what_is_no_battle_is_left_out_and_counted() {
    let mut battles = with_ties();
    battles.push(Battle::new("A", "A", Outcome::A));
    for weight in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        battles.push(Battle { weight, ..Battle::new("A", "B", Outcome::A) });
    }
    let board = leaderboard(&battles, &Options::default());
    assert_eq!(board.ignored, 5);
    assert_eq!(board.rows, leaderboard(&with_ties(), &Options::default()).rows);
}

#[test]
fn a_category_is_a_leaderboard_of_its_own() {
    let mut battles = with_ties();
    let other = Battle { category: Some("code".into()), ..Battle::new("A", "B", Outcome::B) };
    battles.push(other);
    let code = Options { category: Some("code".into()), ..Options::default() };
    assert_eq!(leaderboard(&battles, &code).battles, 1);
    assert_eq!(leaderboard(&battles, &Options::default()).battles, 181);
}

/// Each battle three times under one prompt: as sure as each once, not √3 times as sure.
#[test]
fn votes_on_one_prompt_do_not_make_intervals_narrower() {
    let once: Vec<Battle> = baseball();
    let asked = |battle: &Battle, at: usize| Battle { prompt: Some(at.to_string()), ..battle.clone() };
    let thrice: Vec<Battle> =
        once.iter().enumerate().flat_map(|(at, battle)| vec![asked(battle, at); 3]).collect();
    let apart = vec![once.clone(); 3].concat();
    let width = |battles: &[Battle], intervals| {
        let board = leaderboard(battles, &Options { intervals, ..Options::default() });
        let (low, high) = row(&board, "Mil").rating.clone().unwrap().interval.unwrap();
        high - low
    };
    let boot = Intervals::Bootstrap { rounds: 1000, seed: 1 };
    let known = width(&once, Intervals::Sandwich);
    close(width(&thrice, Intervals::Sandwich), known, 0.1);
    close(width(&apart, Intervals::Sandwich), known / 3.0_f64.sqrt(), 0.1);
    close(width(&thrice, boot) / known, 1.0, 0.1);
    close(width(&thrice, boot), width(&thrice, boot), 0.0);
}

#[test]
fn a_handful_of_prompts_gives_no_interval() {
    let battles: Vec<Battle> = with_ties()
        .into_iter()
        .enumerate()
        .map(|(at, battle)| Battle { prompt: Some((at % 4).to_string()), ..battle })
        .collect();
    for intervals in [Intervals::Sandwich, Intervals::Bootstrap { rounds: 100, seed: 1 }] {
        let board = leaderboard(&battles, &Options { intervals, ..Options::default() });
        let rating = row(&board, "A").rating.clone().unwrap();
        assert_eq!(rating.interval, Err(Missing::too_few(4, 10, "prompt", "prompts")));
        assert!(rating.rank.is_err());
    }
}

#[test]
fn where_samples_are_often_separated_there_is_no_bootstrap_interval() {
    let mut battles = many("x", "y", Outcome::A, 40);
    battles.extend(many("x", "y", Outcome::B, 1));
    let intervals = Intervals::Bootstrap { rounds: 200, seed: 3 };
    let board = leaderboard(&battles, &Options { intervals, ..Options::default() });
    assert_eq!(row(&board, "x").rating.clone().unwrap().interval, Err(Missing::Unstable));
}

#[test]
fn what_was_won_on_one_prompt_alone_is_no_win_rate() {
    let of = |prompt: &str| Battle { prompt: Some(prompt.into()), ..Battle::new("x", "y", Outcome::A) };
    let one = leaderboard(&[of("a"), of("a")], &Options::default());
    assert!(one.rows.iter().all(|row| row.win_rate == Err(Missing::OnePrompt)), "{one:?}");
    assert_eq!((one.pairs[0].record.won, &one.pairs[0].win_rate), (2.0, &Err(Missing::OnePrompt)));
    assert_eq!(one.without_win_rates().as_deref(), Some("no win rates: one prompt"));
    assert_eq!(one.rows[0].name, "x", "who won more still stands first");
    let two = leaderboard(&[of("a"), of("b")], &Options::default());
    close(row(&two, "x").win_rate.as_ref().unwrap().value, 1.0, 0.0);
    assert_eq!(two.without_win_rates(), None);
}

#[test]
fn a_win_rate_is_as_sure_as_there_are_prompts() {
    let single: Vec<Battle> = with_ties();
    let won = row(&leaderboard(&single, &Options::default()), "A").win_rate.clone().unwrap();
    let alone = win_rate_by_prompt(&single, "A", 2000, 1).unwrap();
    close(alone.value, won.value, 1e-12);
    close(alone.low, won.low, 0.02);
    close(alone.high, won.high, 0.02);
    // Ten votes on each prompt that all say the same tell no more than one.
    let tenfold: Vec<Battle> = single
        .iter()
        .enumerate()
        .flat_map(|(at, battle)| vec![Battle { prompt: Some(at.to_string()), ..battle.clone() }; 10])
        .collect();
    let together = win_rate_by_prompt(&tenfold, "A", 2000, 1).unwrap();
    close(together.value, alone.value, 1e-12);
    close(together.high - together.low, alone.high - alone.low, 0.02);
    assert_eq!(win_rate_by_prompt(&single, "Z", 100, 1), Err(Missing::NoVotes));
    assert_eq!(
        win_rate_by_prompt(&single[..5], "A", 100, 1),
        Err(Missing::too_few(5, 10, "prompt", "prompts"))
    );
}

fn any_battles() -> impl Strategy<Value = Vec<Battle>> {
    let outcome = prop::sample::select(vec![Outcome::A, Outcome::B, Outcome::Tie, Outcome::BothBad]);
    let prompt = prop::option::of(0_u8..20);
    let battle = ("[a-e]", "[a-e]", outcome, prompt).prop_map(|(a, b, outcome, prompt)| Battle {
        prompt: prompt.map(|prompt| prompt.to_string()),
        ..Battle::new(a, b, outcome)
    });
    prop::collection::vec(battle, 0..60)
}

proptest! {
    #[test]
    fn neither_order_nor_sides_of_battles_change_the_board(
        battles in any_battles(), seed in any::<u64>(), turned in prop::collection::vec(any::<bool>(), 60)
    ) {
        let mut other = battles.clone();
        for (battle, turned) in other.iter_mut().zip(turned) {
            if turned {
                std::mem::swap(&mut battle.a, &mut battle.b);
                battle.outcome = battle.outcome.swapped();
            }
        }
        outcrop::domain::evaluation::chance::Chance::new(seed).shuffle(&mut other);
        let options = Options { least: 1, ..Options::default() };
        let (one, other) = (leaderboard(&battles, &options), leaderboard(&other, &options));
        prop_assert_eq!(one.rows.len(), other.rows.len());
        for told in &one.rows {
            let known = row(&other, &told.name);
            prop_assert_eq!(told.record, known.record);
            match (&told.rating, &known.rating) {
                (Ok(told), Ok(known)) => prop_assert!((told.elo - known.elo).abs() < 1e-6),
                (told, known) => prop_assert_eq!(told.is_ok(), known.is_ok()),
            }
        }
    }

    #[test]
    fn no_number_on_a_board_is_none(battles in any_battles(), boot in any::<bool>()) {
        let intervals =
            if boot { Intervals::Bootstrap { rounds: 20, seed: 5 } } else { Intervals::Sandwich };
        let board = leaderboard(&battles, &Options { least: 1, intervals, category: None });
        let mut sum = 0.0;
        for row in &board.rows {
            if let Ok(rating) = &row.rating {
                sum += rating.beta;
                prop_assert!(rating.elo.is_finite());
                if let (Ok((low, high)), Ok((best, worst))) = (&rating.interval, &rating.rank) {
                    prop_assert!(low.is_finite() && high.is_finite() && low <= high);
                    prop_assert!(boot || *low <= rating.elo && rating.elo <= *high);
                    prop_assert!(1 <= *best && best <= worst && *worst as usize <= board.rows.len());
                }
            }
        }
        prop_assert!(sum.abs() < 1e-6);
        // A record and `--json` hold all of it.
        let text = serde_json::to_string(&board).unwrap();
        prop_assert!(!text.contains("null"));
        prop_assert_eq!(serde_json::from_str::<Leaderboard>(&text).unwrap().rows.len(), board.rows.len());
    }

    #[test]
    fn what_is_likelier_to_win_is_rated_higher(wins in 1_u32..50, losses in 1_u32..50) {
        let mut battles = many("x", "y", Outcome::A, wins as usize);
        battles.extend(many("x", "y", Outcome::B, losses as usize));
        let board = leaderboard(&battles, &Options { least: 1, ..Options::default() });
        let beta = row(&board, "x").rating.clone().unwrap().beta;
        // Of two, the strength is known: half the logarithm of the odds.
        close(beta, (f64::from(wins) / f64::from(losses)).ln() / 2.0, 1e-9);
    }
}
