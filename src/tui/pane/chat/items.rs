//! The open conversation as the transcript widget takes it.

use super::thread::{Phase, Turn};
use super::{Focus, State};
use crate::domain::figures::seconds;
use crate::tui::event::Now;
use crate::tui::widget::transcript::{Item, Transcript};

/// What a spinner shows while nothing else moves.
const SPINNER: [char; 8] = ['⣾', '⣽', '⣻', '⢿', '⡿', '⣟', '⣯', '⣷'];

impl State {
    /// What is being waited for, in words; empty where text is its own progress.
    pub(super) fn status(&self, now: Now, reduced_motion: bool) -> String {
        let Some(since) = self.thread.turn.since() else { return String::new() };
        let waited = now.wall.since(since);
        let words = match &self.thread.turn {
            Turn::Idle | Turn::Streaming { phase: Phase::Writing, .. } => return String::new(),
            Turn::Asking { .. } => "sending".to_owned(),
            Turn::Streaming { phase: Phase::Waiting, .. } => "waiting".to_owned(),
            Turn::Streaming { phase: Phase::Queued(0), .. } => "next in line".to_owned(),
            Turn::Streaming { phase: Phase::Queued(ahead), .. } => format!("{ahead} before this one"),
            Turn::Streaming { phase: Phase::Reading(done, total), .. } => {
                format!("reading the prompt, {done} of {total} tokens")
            }
        };
        let elapsed =
            if waited >= 1000 || reduced_motion { format!(" · {}", seconds(waited)) } else { String::new() };
        if reduced_motion {
            return format!("{words}{elapsed}");
        }
        let frame = (now.elapsed.as_millis() / 100) as usize % SPINNER.len();
        format!("{} {words}{elapsed}", SPINNER[frame])
    }

    /// The messages that are shown, borrowed.
    pub(super) fn items<'a>(&'a self, status: &'a str) -> Vec<Item<'a>> {
        let streaming = match &self.thread.turn {
            Turn::Streaming { answer, .. } => Some(*answer),
            _ => None,
        };
        self.thread
            .shown()
            .map(|item| {
                let id = item.message.id;
                Item {
                    message: &item.message,
                    epoch: item.epoch,
                    branch: item.branch,
                    folded: self.folded.contains(&id),
                    open: self.opened.contains(&id),
                    thought_ms: item.thought_ms,
                    when: &item.when,
                    status: if streaming == Some(id) { status } else { "" },
                }
            })
            .collect()
    }

    /// The transcript with what is marked in it.
    pub(super) fn transcript<'a>(&'a self, items: &'a [Item<'a>]) -> Transcript<'a> {
        let mut transcript = Transcript::new(items);
        transcript.focus = self.at;
        transcript.active = self.focus == Focus::Transcript;
        transcript.selection = self.selection.as_ref();
        if let Some(find) = &self.find {
            transcript.query = find.input.text();
            transcript.found = find.at;
        }
        transcript
    }
}
