//! A question on trial: what was asked, what the model answers, how fast and for how much.

use std::time::Duration;

use crate::domain::catalog::ModelId;
use crate::domain::delta::{Event, Fold};
use crate::domain::figures::{grouped, rate, seconds};
use crate::domain::message::Block;
use crate::domain::{Error, tried::Tried, vector};
use crate::tui::effect::TaskId;

/// How it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Trial {
    pub model: ModelId,
    pub question: String,
    /// `None` once it is over.
    pub task: Option<TaskId>,
    pub since: Duration,
    fold: Fold,
    /// Of a model that makes vectors: what it made.
    vector: Option<String>,
    pub tried: Option<Tried>,
    pub error: Option<Error>,
    pub stopped: bool,
}

impl Trial {
    pub fn new(model: ModelId, question: String, task: TaskId, since: Duration) -> Self {
        Self {
            model,
            question,
            task: Some(task),
            since,
            fold: Fold::default(),
            vector: None,
            tried: None,
            error: None,
            stopped: false,
        }
    }

    pub fn runs(&self) -> bool {
        self.task.is_some()
    }

    pub fn take(&mut self, event: &Event) {
        if let Event::Embeddings { vectors } = event {
            self.vector = vectors.first().map(|vector| vector::words(vector));
        }
        self.fold.push(event);
    }

    /// What was answered so far.
    pub fn text(&self) -> String {
        if let Some(vector) = &self.vector {
            return vector.clone();
        }
        let text = |block: &Block| if let Block::Text { text } = block { Some(text.clone()) } else { None };
        self.fold.blocks.iter().filter_map(text).collect()
    }

    /// Words of its reasoning.
    pub fn thought(&self) -> usize {
        let words = |block: &Block| match block {
            Block::Reasoning { text, .. } => text.split_whitespace().count(),
            _ => 0,
        };
        self.fold.blocks.iter().map(words).sum()
    }

    /// `140 ms first · 46 tok/s · 9→64 tok · about $0.0012`; what is unknown is said so where it was to be known.
    pub fn figures(&self) -> Option<String> {
        let tried = self.tried.as_ref()?;
        let mut parts = Vec::new();
        parts.extend(tried.timing.first_token_ms.map(|ms| format!("{} first", seconds(ms.into()))));
        parts.extend(tried.timing.total_ms.map(|ms| format!("{} in all", seconds(ms.into()))));
        parts.extend(tried.rate().map(|speed| format!("{} tok/s", rate(speed))));
        let count = |tokens: Option<u32>| tokens.map_or_else(|| "?".to_owned(), |n| grouped(n.into()));
        parts.push(match &self.vector {
            // It writes nothing.
            Some(_) => format!("{} tok", count(tried.usage.input)),
            None => format!("{}→{} tok", count(tried.usage.input), count(tried.usage.output)),
        });
        parts.push(match tried.cost {
            Some(cost) if cost > 0.0 => format!("about ${cost:.6}"),
            _ if self.model.is_local() => "on this machine".to_owned(),
            Some(_) => "$0".to_owned(),
            None => "cost unknown".to_owned(),
        });
        Some(parts.join(" · "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_costs_nothing_is_not_told_as_a_sum() {
        let told = |model: &str, cost| {
            let mut trial = Trial::new(model.parse().unwrap(), "q".to_owned(), TaskId(1), Duration::ZERO);
            trial.tried = Some(Tried { cost, ..Tried::default() });
            trial.figures().unwrap()
        };
        assert_eq!(told("local/small", Some(0.0)), "?→? tok · on this machine");
        assert_eq!(told("local/small", None), "?→? tok · on this machine");
        assert_eq!(told("far/free", Some(0.0)), "?→? tok · $0");
        assert_eq!(told("far/big", Some(0.000_026)), "?→? tok · about $0.000026");
        assert_eq!(told("far/big", None), "?→? tok · cost unknown");
    }
}
