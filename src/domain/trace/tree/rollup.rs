//! What everything below a span comes to: tokens and dollars counted once, errors, spans.
//!
//! An agent's span may tell the tokens of all its calls again, and a model's span may hold the same call as seen by another
//! layer. So a span's own figures stand for its subtree only where nothing below tells any: of an inference, where no
//! inference below does; of anything else, where nothing below does.

use super::{Mark, Tree};
use crate::domain::trace::facts::Kind;
use crate::domain::trace::outline::{Outline, Row};

/// A subtree's sums.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Sum {
    pub spans: u32,
    pub errors: u32,
    /// Answers that were cut at the limit of their length.
    pub truncated: u32,
    /// Calls of models.
    pub inferences: u32,
    /// Calls of models whose cost nobody knows.
    pub unpriced: u32,
    /// Tokens of the calls that told them; `None` where none did: they are unknown, not none.
    pub input: Option<u64>,
    pub output: Option<u64>,
    /// Calls that have ended and did not tell what they read, and what they wrote: the tokens are more.
    pub untold_input: u32,
    pub untold_output: u32,
    pub cache_read: u64,
    /// US dollars, of what is known; `None` where nothing is.
    pub dollars: Option<f64>,
    /// An inference that told tokens is in it.
    inference_counted: bool,
    inference_priced: bool,
}

impl Sum {
    /// Tokens in and out, as far as they were told.
    pub fn tokens(&self) -> u64 {
        self.input.unwrap_or(0) + self.output.unwrap_or(0)
    }

    /// Whether anybody told any tokens.
    pub fn is_counted(&self) -> bool {
        self.input.is_some() || self.output.is_some()
    }

    fn tells_other(&self, below: &Self) -> bool {
        let told = |sum: &Self| (sum.input.unwrap_or(0), sum.output.unwrap_or(0));
        self.is_counted() && below.is_counted() && told(self) != told(below)
    }
}

/// Both together; `None` where neither was told.
fn both(one: Option<u64>, other: Option<u64>) -> Option<u64> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one + other),
        (one, other) => one.or(other),
    }
}

/// The sums of every row, and of the whole trace.
#[derive(Debug, Clone, Default)]
pub struct Rollups {
    sums: Vec<Sum>,
    pub whole: Sum,
    /// Rows that tell other tokens for everything below than what is below comes to.
    pub disagree: Vec<u32>,
}

impl Rollups {
    /// Sums up, leaves first.
    pub fn of(outline: &Outline, tree: &Tree) -> Self {
        let mut sums = vec![Sum::default(); tree.len()];
        let mut disagree = Vec::new();
        for at in tree.order().iter().rev() {
            let row = &outline.rows[*at as usize];
            let below =
                tree.children(*at).iter().fold(Sum::default(), |sum, child| add(sum, &sums[*child as usize]));
            let again = tree.marks(*at).has(Mark::Again);
            let own = own(row, outline.is_truncated(row), again);
            if own.tells_other(&below) {
                disagree.push(*at);
            }
            sums[*at as usize] = with(own, below, row.kind.is_inference());
        }
        let whole = tree.roots().iter().fold(Sum::default(), |sum, root| add(sum, &sums[*root as usize]));
        disagree.reverse();
        Self { sums, whole, disagree }
    }

    /// What a row and everything below it come to.
    pub fn get(&self, row: u32) -> Sum {
        self.sums.get(row as usize).copied().unwrap_or_default()
    }
}

fn own(row: &Row, truncated: bool, again: bool) -> Sum {
    let mut sum = Sum { spans: 1, ..Sum::default() };
    if again {
        return sum;
    }
    let inference = row.kind.is_inference();
    sum.errors = u32::from(row.is_error());
    sum.truncated = u32::from(truncated);
    sum.inferences = u32::from(inference);
    if row.tokens().is_some() {
        sum.inference_counted = inference;
        sum.input = row.usage.input.map(u64::from);
        sum.output = row.usage.output.map(u64::from);
        sum.cache_read = row.usage.cache_read.map_or(0, u64::from);
    }
    // What failed before anything came has used none.
    let worked = inference && !row.is_running() && (!row.is_error() || row.first.is_some());
    sum.untold_input = u32::from(worked && row.usage.input.is_none());
    // Vectors and rankings are no tokens.
    sum.untold_output = u32::from(worked && row.kind == Kind::Model && row.usage.output.is_none());
    sum.dollars = row.dollars;
    sum.inference_priced = inference && row.dollars.is_some();
    // Of a call that runs still, and has told no tokens, nothing is unknown yet.
    let comes = row.is_running() && !sum.is_counted();
    sum.unpriced = u32::from(inference && row.dollars.is_none() && !comes);
    sum
}

fn add(mut sum: Sum, other: &Sum) -> Sum {
    sum.spans += other.spans;
    sum.errors += other.errors;
    sum.truncated += other.truncated;
    sum.inferences += other.inferences;
    sum.unpriced += other.unpriced;
    sum.input = both(sum.input, other.input);
    sum.output = both(sum.output, other.output);
    sum.untold_input += other.untold_input;
    sum.untold_output += other.untold_output;
    sum.cache_read += other.cache_read;
    sum.inference_counted |= other.inference_counted;
    sum.inference_priced |= other.inference_priced;
    sum.dollars = match (sum.dollars, other.dollars) {
        (Some(one), Some(other)) => Some(one + other),
        (one, other) => one.or(other),
    };
    sum
}

fn with(own: Sum, below: Sum, inference: bool) -> Sum {
    let mut sum = Sum { dollars: None, unpriced: 0, ..own };
    sum.spans += below.spans;
    sum.errors += below.errors;
    sum.truncated += below.truncated;
    sum.inferences += below.inferences;
    sum.inference_counted |= below.inference_counted;
    sum.inference_priced |= below.inference_priced;
    let own_tokens =
        own.is_counted() && if inference { !below.inference_counted } else { !below.is_counted() };
    if !own_tokens && below.is_counted() {
        (sum.input, sum.output, sum.cache_read) = (below.input, below.output, below.cache_read);
    }
    if !own_tokens {
        // A call that only holds another is that one.
        let (input, output) =
            if below.inferences > 0 { (0, 0) } else { (own.untold_input, own.untold_output) };
        (sum.untold_input, sum.untold_output) = (below.untold_input + input, below.untold_output + output);
    }
    let own_dollars =
        own.dollars.is_some() && if inference { !below.inference_priced } else { below.dollars.is_none() };
    if own_dollars {
        // It tells of everything below.
        sum.dollars = own.dollars;
    } else {
        sum.dollars = below.dollars;
        // A call that only holds another is that one.
        sum.unpriced = below.unpriced + if below.inferences > 0 { 0 } else { own.unpriced };
    }
    sum
}
