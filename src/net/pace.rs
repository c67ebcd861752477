//! So many requests a minute, whoever sends them and for which attempt.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::time::{Duration, Instant};

/// The span of the limit.
const MINUTE: Duration = Duration::from_mins(1);

/// The limit of one server, shared by all of its calls.
#[derive(Debug)]
pub struct Pace {
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
        let mut begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner);
        while begun.front().is_some_and(|at| now.duration_since(*at) >= MINUTE) {
            begun.pop_front();
        }
        match begun.front() {
            Some(first) if begun.len() >= self.per_minute as usize => Err(*first + MINUTE),
            _ => {
                begun.push_back(now);
                Ok(())
            }
        }
    }
}

/// The pace of one call, whose first request was let through already: what it sends besides waits its turn.
#[derive(Debug)]
pub(super) struct Paced {
    pub pace: Arc<Pace>,
    first: AtomicBool,
}

impl Paced {
    pub fn new(pace: Arc<Pace>) -> Self {
        Self { pace, first: AtomicBool::new(true) }
    }

    /// Begins the next request, or says when it may.
    pub fn begin(&self) -> Result<(), Instant> {
        if self.first.swap(false, Ordering::Relaxed) { Ok(()) } else { self.pace.begin() }
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
