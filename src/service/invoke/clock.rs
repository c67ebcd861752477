//! The clock of a call.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

use crate::domain::message::Timing;

/// Goes from when what answers is asked: not while the call waits in a line of ours. Who asks keeps a clone, and reads it
/// whenever the answer ends.
#[derive(Debug, Clone, Default)]
pub struct Clock(Arc<Mutex<Hands>>);

#[derive(Debug, Default)]
struct Hands {
    began: Option<Instant>,
    /// When it began to reason, as long as it does.
    thinking: Option<u32>,
    timing: Timing,
}

impl Hands {
    fn elapsed_ms(&self) -> Option<u32> {
        Some(u32::try_from(self.began?.elapsed().as_millis()).unwrap_or(u32::MAX))
    }

    fn end_thought(&mut self) {
        if let (Some(since), Some(now)) = (self.thinking.take(), self.elapsed_ms()) {
            let thought = now.saturating_sub(since);
            self.timing.thought_ms = Some(self.timing.thought_ms.unwrap_or_default().saturating_add(thought));
        }
    }
}

impl Clock {
    fn hands(&self) -> MutexGuard<'_, Hands> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Now it begins, or begins again.
    pub(super) fn begin(&self) {
        *self.hands() = Hands { began: Some(Instant::now()), ..Hands::default() };
    }

    /// The first piece of the answer is here; later ones change nothing.
    pub(super) fn first(&self) {
        let mut hands = self.hands();
        if hands.timing.first_token_ms.is_none() {
            hands.timing.first_token_ms = hands.elapsed_ms();
        }
    }

    /// It reasons.
    pub(super) fn thinks(&self) {
        let mut hands = self.hands();
        if hands.thinking.is_none() {
            hands.thinking = hands.elapsed_ms();
        }
    }

    /// It says something; what it thought before that is over.
    pub(super) fn speaks(&self) {
        self.hands().end_thought();
    }

    /// The call is over.
    pub(super) fn stop(&self) {
        let mut hands = self.hands();
        hands.end_thought();
        hands.timing.total_ms = hands.elapsed_ms();
    }

    /// What it shows; nothing where it never began.
    pub fn timing(&self) -> Timing {
        let hands = self.hands();
        Timing { total_ms: hands.timing.total_ms.or_else(|| hands.elapsed_ms()), ..hands.timing }
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::{Duration, sleep};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_is_thought_counts_until_something_is_said() {
        let clock = Clock::default();
        clock.begin();
        clock.thinks();
        sleep(Duration::from_secs(2)).await;
        clock.thinks();
        sleep(Duration::from_secs(1)).await;
        clock.speaks();
        sleep(Duration::from_secs(5)).await;
        clock.speaks();
        clock.stop();
        let timing = clock.timing();
        assert_eq!((timing.thought_ms, timing.total_ms), (Some(3_000), Some(8_000)));
    }
}
