//! Who is better than whom: battles to strengths, ratings and ranks.
//!
//! Here lives the model of Bradley and Terry with its guards and intervals, Elo's online ratings, and the table made of
//! them. Agreement of raters is next door.

mod among;
pub mod bradley_terry;
mod contest;
pub mod elo;
mod leaderboard;
mod matrix;
mod reach;
mod spread;
mod win_rate;

pub use among::{among, left_apart};
pub use leaderboard::{
    Intervals, Leaderboard, Options, Pair, Rating, Record, Row, categories, leaderboard, ranks_nobody,
};
pub use win_rate::win_rate_by_prompt;

pub(super) use contest::{Met, Prompt};
pub(super) use leaderboard::of_all;
pub(super) use win_rate::by_prompt;
