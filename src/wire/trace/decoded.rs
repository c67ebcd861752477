//! What a request or a file held: its spans, and everything that was not as it should be, counted.

use crate::domain::trace::TraceSpan;

/// Reasons that are told; more of them are counted.
const REASONS: usize = 8;

/// The spans that were read, in order, and what became of the rest.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Decoded {
    pub spans: Vec<TraceSpan>,
    /// Spans that could not be taken.
    pub rejected: u64,
    /// Places that were mended.
    pub repaired: u64,
    /// It ends in the middle; what stood before that is here.
    pub cut: bool,
    /// Why something was rejected or mended, each reason once with how often it came.
    pub reasons: Vec<(String, u64)>,
}

impl Decoded {
    /// Takes a span, or rejects one that no trace could hold.
    pub(super) fn take(&mut self, span: TraceSpan) {
        if span.trace.is_zero() || span.id.is_zero() {
            let which = if span.trace.is_zero() { "trace id" } else { "span id" };
            self.reject(&format!("a span has no valid {which}"));
            return;
        }
        self.repaired += u64::from(span.repaired);
        self.spans.push(span);
    }

    /// Counts a span that cannot be taken.
    pub(super) fn reject(&mut self, why: &str) {
        self.rejected += 1;
        self.say(why);
    }

    /// Counts places that were mended outside of spans.
    pub(super) fn repair(&mut self, places: u32, why: &str) {
        if places > 0 {
            self.repaired += u64::from(places);
            self.say(why);
        }
    }

    /// Says that it ended in the middle.
    pub(super) fn cut(&mut self, why: &str) {
        if !self.cut {
            self.cut = true;
            self.say(why);
        }
    }

    fn say(&mut self, why: &str) {
        if let Some((_, times)) = self.reasons.iter_mut().find(|(reason, _)| reason == why) {
            *times += 1;
        } else if self.reasons.len() < REASONS {
            self.reasons.push((why.to_owned(), 1));
        }
    }

    /// What there is to say of it, in one line; empty where all was well.
    pub fn remarks(&self) -> String {
        let mut said: Vec<String> = self
            .reasons
            .iter()
            .map(|(why, times)| if *times == 1 { why.clone() } else { format!("{why} ({times} times)") })
            .collect();
        if self.repaired > 0 {
            let things = if self.repaired == 1 { "place was" } else { "places were" };
            said.push(format!("{} {things} written in an unusual way, and read all the same", self.repaired));
        }
        said.join("; ")
    }
}
