//! Why a key of this place does nothing here and now, in few words.

use super::open::{Focus, Open};
use super::update::{is_handed_on, leads_on};
use super::{State, Wait};
use crate::domain::trace::Source;
use crate::tui::action::Action;

impl State {
    /// What an action lacks that cannot be done; `None` of what says nothing of itself, such as a step beyond the end.
    pub(super) fn lacks(&self, action: Action) -> Option<&'static str> {
        if self.versus.is_some() {
            return of_one_run(action).then_some("Two runs are compared: go back to one of them first.");
        }
        let Some(open) = &self.open else { return self.lacks_among_runs(action) };
        if open.find.writing {
            return None;
        }
        match action {
            Action::ReplayRun => Some(self.lacks_agent()),
            _ if of_one_run(action) && open.laid.is_none() => {
                let failed = open.error.is_some();
                Some(if failed { "Its spans cannot be read." } else { "Its spans are still being read." })
            }
            Action::AddToDataset | Action::RateCall => {
                Some("Only the call of a model or of an agent: what is chosen is neither.")
            }
            Action::AskOthers | Action::EditCall => Some("Only the call of a model: what is chosen is none."),
            Action::ShowReplays if self.waits_for(&Wait::Replays) => {
                Some("What was asked again is still being read.")
            }
            Action::ShowReplays => Some("What is chosen was not asked again."),
            Action::ScoreSpan | Action::NoteSpan => Some("No span is chosen."),
            Action::Copy if open.talk.is_some() => Some("A conversation is not copied; a span is."),
            _ if open.talk.is_none() && (open.focus == Focus::Spans || leads_on(action)) => {
                lacks_among_spans(open, action)
            }
            _ => None,
        }
    }

    fn lacks_among_runs(&self, action: Action) -> Option<&'static str> {
        match action {
            Action::Open
            | Action::MarkRun
            | Action::CompareRuns
            | Action::WriteTrace
            | Action::ScoreSpan
            | Action::NoteSpan
            | Action::ReplayRun
            | Action::Delete
                if self.current().is_none() =>
            {
                Some(match (self.known, self.narrow.asked.is_empty()) {
                    _ if self.error.is_some() => "The runs cannot be read.",
                    (false, true) => "The runs are still being read.",
                    (false, false) => "The filter still looks through the runs: going back stops it.",
                    (true, true) => "There is no run yet.",
                    (true, false) => "No run passes the filter.",
                })
            }
            Action::ReplayRun => Some(self.lacks_agent()),
            Action::Delete if self.current().is_some_and(|run| run.source == Source::Own) => {
                Some("Runs of this program go by themselves, as trace.keep_days and trace.keep_mb say.")
            }
            _ => None,
        }
    }

    fn lacks_agent(&self) -> &'static str {
        if self.anew.is_some() {
            "One runs again already; going back stops it."
        } else {
            "Only the run of an agent, or of another program, runs again."
        }
    }
}

fn lacks_among_spans(open: &Open, action: Action) -> Option<&'static str> {
    match action {
        Action::NextError | Action::PreviousError => Some("No span of it failed."),
        Action::NextCall | Action::PreviousCall => Some("No model was asked in it."),
        Action::ShowFindings => Some("Nothing looks wrong in it."),
        Action::ZoomSpan => Some("The span took all of the time that is shown, or none of it."),
        Action::ZoomOut => Some("All of the time is shown already."),
        Action::SearchNext | Action::SearchPrevious => {
            let none = open.find.is_empty();
            Some(if none { "Nothing is looked for, and no span looks wrong." } else { "Nothing was found." })
        }
        _ => None,
    }
}

/// What is done with the spans of a run that is looked into.
fn of_one_run(action: Action) -> bool {
    is_handed_on(action)
        || matches!(
            action,
            Action::ShowTranscript
                | Action::NextError
                | Action::PreviousError
                | Action::NextCall
                | Action::PreviousCall
                | Action::NextSlow
                | Action::ZoomSpan
                | Action::ZoomIn
                | Action::ZoomOut
                | Action::ShowLatencies
                | Action::ShowFindings
                | Action::Search
                | Action::ShowSpan
        )
}
