//! What was said to the person for a moment: how long it stands, its lines, what was said before.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::time::Duration;

use crate::domain::time::Timestamp;
use crate::tui::event::Now;
use crate::tui::look::Role;
use crate::tui::paint::{columns, hang, wrap};

/// How long good news stands, and how much longer for each so many columns of it beyond a short one; the rest stays until a key.
const STANDS: Duration = Duration::from_secs(3);
const LONGER: Duration = Duration::from_secs(1);
const LONG: u16 = 40;
/// A key that comes so soon after it was not pressed by somebody who had read it.
const UNREAD: Duration = Duration::from_millis(500);
/// Rows of a long one.
const ROWS: usize = 3;
/// How many are remembered.
const KEPT: usize = 100;

/// What kind of news it is; what comes later here is not covered by what comes before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tone {
    /// Something was done, or is to be known for a moment.
    News,
    /// Nothing failed, but it is to be read.
    Note,
    /// Something failed.
    Bad,
}

impl Tone {
    /// What it is shown in.
    pub fn role(self) -> Role {
        match self {
            Self::News => Role::Info,
            Self::Note => Role::Warn,
            Self::Bad => Role::Bad,
        }
    }

    /// What stands before it in rows of its own.
    pub fn mark(self) -> &'static str {
        match self {
            Self::News => "·",
            Self::Note => "!",
            Self::Bad => "✗",
        }
    }
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    pub text: String,
    pub tone: Tone,
    pub at: Timestamp,
    since: Duration,
}

impl Notice {
    /// What is shown of it in a line that it shares: colour alone does not tell what is to be read.
    pub fn shown(&self) -> Cow<'_, str> {
        match self.tone {
            Tone::News => Cow::Borrowed(&self.text),
            tone => Cow::Owned(format!("{} {}", tone.mark(), self.text)),
        }
    }

    /// How long it stands.
    fn stands(&self) -> Duration {
        STANDS + LONGER * u32::from((columns(&self.text) / LONG).saturating_sub(1))
    }

    /// Its lines on a screen of that width; what three do not hold ends in `…`, and is whole among the past ones.
    pub fn lines(&self, width: u16) -> Vec<String> {
        let mark = self.tone.mark();
        let mut lines = wrap(&self.text, width.saturating_sub(3 + columns(mark)));
        if lines.len() > ROWS {
            let rest = lines.split_off(ROWS - 1).join(" ");
            lines.push(rest);
        }
        hang(mark, lines)
    }

    /// Whether those lines are cut there.
    pub fn is_cut(&self, width: u16) -> bool {
        self.lines(width).iter().any(|line| columns(line) > width.saturating_sub(2))
    }
}

/// The one that stands, and those before it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Notices {
    pub now: Option<Notice>,
    /// What is shown as soon as it covers nothing that is to be read first.
    later: Option<Notice>,
    /// The newest first.
    pub past: VecDeque<Notice>,
}

impl Notices {
    /// Says it.
    pub fn say(&mut self, text: String, tone: Tone, now: Now) {
        let notice = Notice { text, tone, at: now.wall, since: now.elapsed };
        // What stands there and is said again, as by the call and to all who watch, was said once.
        let is_it = |other: &Notice| (&other.text, other.tone) == (&notice.text, notice.tone);
        if self.now.as_ref().is_some_and(is_it) && self.past.front().is_some_and(is_it) {
            self.past.pop_front();
        }
        self.past.push_front(notice.clone());
        self.past.truncate(KEPT);
        // Good news that comes late does not cover what the person has to know.
        if self.now.as_ref().is_none_or(|now| now.tone <= tone) {
            self.now = Some(notice);
        }
    }

    /// Keeps good news for `say_later`; among the past ones it stands at once.
    pub fn put_by(&mut self, text: String, now: Now) {
        let notice = Notice { text, tone: Tone::News, at: now.wall, since: now.elapsed };
        self.past.push_front(notice.clone());
        self.past.truncate(KEPT);
        self.later = Some(notice);
    }

    /// Shows what was put by, unless something else stands.
    pub fn say_later(&mut self, now: Duration) {
        if self.now.is_none() {
            self.now = self.later.take().map(|notice| Notice { since: now, ..notice });
        }
    }

    /// Time goes by.
    pub fn tick(&mut self, now: Duration) {
        if self.until().is_some_and(|until| now >= until) {
            self.now = None;
        }
    }

    /// The person goes on.
    pub fn press(&mut self, now: Duration) {
        if self.now.as_ref().is_some_and(|notice| now >= notice.since + UNREAD) {
            self.now = None;
        }
    }

    /// When the one that stands goes by itself.
    pub fn until(&self) -> Option<Duration> {
        let passes = self.now.as_ref().filter(|notice| notice.tone == Tone::News)?;
        Some(passes.since + passes.stands())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> Now {
        Now { elapsed: Duration::from_millis(ms), wall: Timestamp(0) }
    }

    #[test]
    fn good_news_goes_by_itself_and_bad_news_with_a_key_that_could_have_read_it() {
        let mut notices = Notices::default();
        notices.say("Copied.".into(), Tone::News, at(0));
        notices.tick(Duration::from_millis(2999));
        assert!(notices.now.is_some());
        notices.tick(STANDS);
        assert!(notices.now.is_none());
        notices.say("no room".into(), Tone::Bad, at(0));
        notices.tick(Duration::from_hours(1));
        notices.press(UNREAD / 2);
        assert!(notices.now.is_some());
        notices.press(UNREAD);
        assert!(notices.now.is_none());
        assert_eq!(notices.past.iter().map(|n| n.text.as_str()).collect::<Vec<_>>(), ["no room", "Copied."]);
    }

    #[test]
    fn a_note_stays_until_a_key_has_a_sign_of_its_own_and_covers_no_failure() {
        let mut notices = Notices::default();
        notices.say("its price is unknown".into(), Tone::Note, at(0));
        notices.tick(Duration::from_hours(1));
        notices.say("Copied.".into(), Tone::News, at(0));
        assert_eq!(notices.now.as_ref().unwrap().shown(), "! its price is unknown");
        notices.say("no room".into(), Tone::Bad, at(0));
        notices.say("its price is unknown".into(), Tone::Note, at(0));
        assert_eq!(notices.now.as_ref().unwrap().shown(), "✗ no room");
    }

    #[test]
    fn what_is_put_by_stands_among_the_past_ones_at_once_and_is_shown_once_nothing_else_stands() {
        let mut notices = Notices::default();
        notices.put_by("the key file opens this".into(), at(0));
        assert!(notices.now.is_none() && notices.past.len() == 1);
        notices.say("no room".into(), Tone::Bad, at(10));
        notices.say_later(Duration::from_millis(20));
        assert_eq!(notices.now.as_ref().unwrap().text, "no room");
        notices.press(Duration::from_mins(1));
        notices.say_later(Duration::from_mins(1));
        assert_eq!(notices.now.as_ref().unwrap().text, "the key file opens this");
        // It stands as long as any other, from now on.
        notices.tick(Duration::from_mins(1) + STANDS / 2);
        assert!(notices.now.is_some());
        notices.tick(Duration::from_mins(1) + STANDS);
        notices.say_later(Duration::from_secs(70));
        assert!(notices.now.is_none() && notices.past.len() == 2);
    }

    #[test]
    fn a_long_one_takes_up_to_three_rows_and_none_is_lost_before_them() {
        let notice = |text: &str| Notice {
            text: text.into(),
            tone: Tone::Bad,
            at: Timestamp(0),
            since: Duration::ZERO,
        };
        assert_eq!(notice("Copied.").lines(60), ["✗ Copied."]);
        let words = "what was done, why it failed and what to try ";
        let three = notice(words.repeat(3).trim_end());
        assert_eq!((three.lines(60).len(), three.is_cut(60)), (3, false));
        let long = notice(words.repeat(9).trim_end());
        assert_eq!((long.lines(60).len(), long.is_cut(60)), (3, true));
        let lines = long.lines(60);
        assert!(
            lines[1..].iter().all(|line| line.starts_with("  ") && !line.starts_with("   ")),
            "{lines:?}"
        );
        assert_eq!(lines.join(" ").split_whitespace().collect::<Vec<_>>().join(" "), long.shown());
        assert!(long.shown().starts_with("✗ what was done"));
    }
}
