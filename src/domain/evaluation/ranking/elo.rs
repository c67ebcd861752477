//! Elo's scale, and his ratings as they move battle by battle.
//!
//! Elo, "The rating of chessplayers", 1978; the numbers are those of `FastChat`. Online ratings depend on the order of the
//! battles: they are for watching, the fitted ones for telling.

use std::collections::BTreeMap;

use crate::domain::evaluation::battle::Battle;

/// Where everyone starts, and what the mean of fitted ratings is.
pub const CENTRE: f64 = 1000.0;

/// So many points more are odds of ten to one.
pub const SCALE: f64 = 400.0;

/// How far one battle moves a rating at most.
pub const STEP: f64 = 4.0;

/// A difference in the logarithm of odds, as points.
pub fn points(beta: f64) -> f64 {
    beta * SCALE / std::f64::consts::LN_10
}

/// What `a` is expected to get against `b`: 1 / (1 + 10^((b − a) / 400)).
pub fn expected(a: f64, b: f64) -> f64 {
    1.0 / (1.0 + 10_f64.powf((b - a) / SCALE))
}

/// The ratings after battles in their order: each gains K·(what it got − what was expected), its weight among it.
pub fn online<'a>(battles: impl IntoIterator<Item = &'a Battle>) -> BTreeMap<&'a str, f64> {
    let mut ratings = BTreeMap::new();
    for battle in battles {
        let sound = battle.a != battle.b && battle.weight.is_finite() && battle.weight > 0.0;
        if !sound {
            continue;
        }
        let [a, b] = [&battle.a, &battle.b].map(|name| *ratings.entry(name.as_str()).or_insert(CENTRE));
        let gain = STEP * battle.weight * (battle.outcome.score() - expected(a, b));
        ratings.insert(&battle.a, a + gain);
        ratings.insert(&battle.b, b - gain);
    }
    ratings
}
