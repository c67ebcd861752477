//! What an owner decided where raters differ. It takes the place of no vote: both are kept.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use super::item::ItemHash;
use super::task::TaskDefinition;
use super::vote::{ResponseId, Said, Value, Vote};
use crate::domain::Result;
use crate::domain::id::VoteId;
use crate::domain::time::Timestamp;

/// One decision. A later one about the same item and metric stands; those before it are its history.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    pub id: VoteId,
    pub item: ItemHash,
    pub metric: String,
    /// By response id.
    pub value: Value,
    pub reason: String,
    pub by: String,
    pub at: Timestamp,
    /// Of the task.
    pub version: u32,
}

impl Decision {
    /// Whether the task could have led to it, for an item with these answers.
    pub fn check(&self, task: &TaskDefinition, shown: Vec<ResponseId>) -> Result<()> {
        let vote = Vote {
            id: self.id,
            rater: self.by.clone(),
            item: self.item.clone(),
            version: task.version,
            shown,
            said: Said::Values(vec![(self.metric.clone(), self.value.clone())]),
            active_ms: 0,
            at: self.at,
            supersedes: None,
            comment: None,
            repeat: false,
        };
        vote.check_said(task)
    }

    /// Those that stand: of each item and metric the last one.
    pub fn standing(decisions: &[Self]) -> Vec<&Self> {
        let mut later = HashSet::new();
        let mut standing: Vec<&Self> = decisions
            .iter()
            .rev()
            .filter(|decision| later.insert((&decision.item, decision.metric.as_str())))
            .collect();
        standing.reverse();
        standing
    }
}
