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
    timing: Timing,
}

impl Hands {
    fn elapsed_ms(&self) -> Option<u32> {
        Some(u32::try_from(self.began?.elapsed().as_millis()).unwrap_or(u32::MAX))
    }
}

impl Clock {
    fn hands(&self) -> MutexGuard<'_, Hands> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Now it begins, or begins again.
    pub(super) fn begin(&self) {
        *self.hands() = Hands { began: Some(Instant::now()), timing: Timing::default() };
    }

    /// The first piece of the answer is here; later ones change nothing.
    pub(super) fn first(&self) {
        let mut hands = self.hands();
        if hands.timing.first_token_ms.is_none() {
            hands.timing.first_token_ms = hands.elapsed_ms();
        }
    }

    /// The call is over.
    pub(super) fn stop(&self) {
        let mut hands = self.hands();
        hands.timing.total_ms = hands.elapsed_ms();
    }

    /// What it shows; nothing where it never began.
    pub fn timing(&self) -> Timing {
        let hands = self.hands();
        Timing { total_ms: hands.timing.total_ms.or_else(|| hands.elapsed_ms()), ..hands.timing }
    }
}
