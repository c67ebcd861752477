//! A model that is being fetched or added, and what came of it.

use std::time::Duration;

use crate::domain::Error;
use crate::domain::pull::PullStep;
use crate::tui::effect::TaskId;

/// How it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Making {
    /// The model, or the file that is added.
    pub name: String,
    /// `None` once it is over.
    pub task: Option<TaskId>,
    pub since: Duration,
    pub step: Option<PullStep>,
    /// The source that is asked keeps nothing of a fetch that is stopped.
    pub starts_over: bool,
    /// Sources that failed, and why.
    pub failed: Vec<(String, String)>,
    pub error: Option<Error>,
}

impl Making {
    pub fn new(name: String, task: TaskId, since: Duration) -> Self {
        Self {
            name,
            task: Some(task),
            since,
            step: None,
            starts_over: false,
            failed: Vec::new(),
            error: None,
        }
    }

    pub fn runs(&self) -> bool {
        self.task.is_some()
    }

    pub fn progress(&mut self, step: PullStep) {
        if let PullStep::SourceFailed { source, why } = &step {
            self.failed.push((source.clone(), why.clone()));
        }
        if let PullStep::Trying { starts_over, .. } = &step {
            self.starts_over = *starts_over;
        }
        self.step = Some(step);
    }
}
