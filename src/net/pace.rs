//! So many requests a minute, whoever sends them and for which attempt.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::time::{Duration, Instant};

/// The span of the limit.
const MINUTE: Duration = Duration::from_mins(1);

/// The limit of one server, shared by all of its calls.
#[derive(Debug)]
pub(super) struct Pace {
    per_minute: u32,
    /// When the requests of the last minute began.
    begun: Mutex<VecDeque<Instant>>,
}

impl Pace {
    /// At most `per_minute` requests.
    pub fn new(per_minute: u32) -> Self {
        Self { per_minute, begun: Mutex::default() }
    }

    pub fn per_minute(&self) -> u32 {
        self.per_minute
    }

    /// Begins a request, or says when one may begin at the earliest.
    pub fn begin(&self) -> Result<(), Instant> {
        let now = Instant::now();
        let mut begun = self.within(now);
        let Some(until) = self.spent(&begun) else {
            begun.push_back(now);
            return Ok(());
        };
        Err(until)
    }

    /// When one may begin at the earliest, where none may now.
    pub fn spent_until(&self) -> Option<Instant> {
        self.spent(&self.within(Instant::now()))
    }

    /// When the requests of the minute that ends `now` began.
    fn within(&self, now: Instant) -> MutexGuard<'_, VecDeque<Instant>> {
        let mut begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner);
        while begun.front().is_some_and(|at| now.duration_since(*at) >= MINUTE) {
            begun.pop_front();
        }
        begun
    }

    fn spent(&self, begun: &VecDeque<Instant>) -> Option<Instant> {
        begun.front().filter(|_| begun.len() >= self.per_minute as usize).map(|first| *first + MINUTE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_minute_holds_so_many_requests_wherever_it_begins() {
        let pace = Pace::new(2);
        assert_eq!(pace.begin(), Ok(()));
        tokio::time::advance(Duration::from_secs(50)).await;
        assert_eq!(pace.begin(), Ok(()));
        let wait = pace.begin().unwrap_err() - Instant::now();
        assert_eq!(wait, Duration::from_secs(10));
        tokio::time::advance(wait).await;
        assert_eq!(pace.begin(), Ok(()));
        assert!(pace.begin().is_err());
    }
}
