//! How long a stream is waited for, by what it brings.
//!
//! What says something of the answer starts the clock again. A sign of life (a comment, a ping, a part of a frame) does so
//! too, but not for ever: whoever shows nothing else is waited for [`LIFE`] times as long, since a server that keeps its
//! connection warm may have lost its model. A model that thinks in silence before its first words has the time of the
//! first words, whatever was said about the answer before them.

use std::time::Duration;

use tokio::time::Instant;

/// So many times the idle time may pass with signs of life alone: ten minutes at the usual minute, which is how long the
/// makers' own clients wait.
const LIFE: u32 = 10;

/// What a piece of a stream brought, as its reader says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Brought {
    /// Nothing that can be told from a sign of life.
    Life,
    /// Something about the answer: what the question counted, that it has begun.
    Notes,
    /// Something of the answer: a word, a thought, a part of a tool's call, its end.
    Words,
}

/// What a wait was for when it ran out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wait {
    pub until: Instant,
    pub long: Duration,
    /// The setting that makes it longer.
    pub setting: &'static str,
    /// Signs of life came all the while.
    pub alive: bool,
}

/// The clocks of one answer.
#[derive(Debug)]
pub(super) struct Patience {
    idle: Duration,
    /// Until when the first words must come, and how long that was from the request; `None` once they came. A server may
    /// send the head at once and then read the prompt for minutes.
    first: Option<(Instant, Duration)>,
    /// When the last byte came.
    lived: Instant,
    /// When the last piece came that said something.
    told: Instant,
}

impl Patience {
    /// From the head of an answer on, whose first words must be there at `until`, `long` after the request.
    pub fn new(idle: Duration, until: Instant, long: Duration) -> Self {
        let now = Instant::now();
        Self { idle, first: Some((until, long)), lived: now, told: now }
    }

    /// A piece came.
    pub fn lived(&mut self) {
        self.lived = Instant::now();
    }

    /// And this was in it.
    pub fn brought(&mut self, what: Brought) {
        if what == Brought::Life {
            return;
        }
        self.told = Instant::now();
        if what == Brought::Words {
            self.first = None;
        }
    }

    /// How long the next piece is waited for.
    pub fn wait(&self) -> Wait {
        let (silent, setting) = (self.lived + self.idle, "net.idle_timeout");
        let wait = match self.first {
            Some((until, long)) if until >= silent => {
                return Wait { until, long, setting: "net.answer_timeout", alive: false };
            }
            _ => Wait { until: silent, long: self.idle, setting, alive: false },
        };
        let bound = self.idle * LIFE;
        let at_most = self.told + bound;
        if at_most < silent {
            return Wait { until: at_most, long: bound, setting, alive: true };
        }
        wait
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const IDLE: Duration = Duration::from_mins(1);
    const ANSWER: Duration = Duration::from_mins(2);

    fn patience() -> Patience {
        Patience::new(IDLE, Instant::now() + ANSWER, ANSWER)
    }

    /// Waits for pieces of this sort, which come every so many seconds, as long as the clocks let it.
    async fn lasts(patience: &mut Patience, every: u64, what: Brought) -> (u64, Wait) {
        let start = Instant::now();
        for _ in 0..10_000 {
            let (wait, next) = (patience.wait(), Instant::now() + Duration::from_secs(every));
            if wait.until < next {
                tokio::time::sleep_until(wait.until).await;
                return (start.elapsed().as_secs(), wait);
            }
            tokio::time::sleep_until(next).await;
            patience.lived();
            patience.brought(what);
        }
        (u64::MAX, patience.wait())
    }

    #[tokio::test(start_paused = true)]
    async fn silence_after_words_ends_at_the_idle_time() {
        let mut patience = patience();
        patience.brought(Brought::Words);
        let (seconds, wait) = lasts(&mut patience, 3600, Brought::Words).await;
        assert_eq!((seconds, wait.long, wait.setting, wait.alive), (60, IDLE, "net.idle_timeout", false));
    }

    #[tokio::test(start_paused = true)]
    async fn a_model_that_thinks_in_silence_before_its_first_words_has_the_time_of_the_first_words() {
        let mut patience = patience();
        patience.brought(Brought::Notes);
        let (seconds, wait) = lasts(&mut patience, 3600, Brought::Words).await;
        assert_eq!((seconds, wait.long, wait.setting), (120, ANSWER, "net.answer_timeout"));
    }

    #[tokio::test(start_paused = true)]
    async fn signs_of_life_alone_keep_a_stream_for_ten_times_the_idle_time() {
        for begun in [false, true] {
            let mut patience = patience();
            if begun {
                patience.brought(Brought::Words);
            }
            let (seconds, wait) = lasts(&mut patience, 7, Brought::Life).await;
            assert_eq!((seconds, wait.alive, wait.setting), (600, true, "net.idle_timeout"), "{begun}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_stream_that_drips_lives_for_ever() {
        let mut patience = patience();
        assert_eq!(lasts(&mut patience, 59, Brought::Words).await.0, u64::MAX);
    }
}
