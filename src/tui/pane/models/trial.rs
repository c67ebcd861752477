//! A question on trial: what was asked, what the model answers, how fast and for how much.

use std::time::Duration;

use crate::domain::catalog::ModelId;
use crate::domain::delta::{Event, Fold};
use crate::domain::figures::{count, grouped, rate, seconds};
use crate::domain::message::Block;
use crate::domain::rerank::Relevance;
use crate::domain::{Error, tried::Tried, vector};
use crate::tui::effect::TaskId;

/// How it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Trial {
    pub model: ModelId,
    pub question: String,
    /// What a model that puts texts in order was given besides.
    texts: Vec<String>,
    /// `None` once it is over.
    pub task: Option<TaskId>,
    pub since: Duration,
    fold: Fold,
    /// Of a model that makes vectors: what it made.
    vector: Option<String>,
    /// Of one that puts texts in order: the best first, and for how many searches it counts.
    order: Option<(Vec<Relevance>, u32)>,
    pub tried: Option<Tried>,
    pub error: Option<Error>,
    pub stopped: bool,
}

impl Trial {
    /// Of a question, with texts for a model that puts them in order.
    pub fn new(
        model: ModelId,
        (question, texts): (String, Vec<String>),
        task: TaskId,
        since: Duration,
    ) -> Self {
        Self {
            model,
            question,
            texts,
            task: Some(task),
            since,
            fold: Fold::default(),
            vector: None,
            order: None,
            tried: None,
            error: None,
            stopped: false,
        }
    }

    pub fn runs(&self) -> bool {
        self.task.is_some()
    }

    pub fn take(&mut self, event: &Event) {
        match event {
            Event::Embeddings { vectors } => {
                self.vector = vectors.first().map(|vector| vector::words(vector));
            }
            Event::Reranked { results, searches } => self.order = Some((results.clone(), *searches)),
            _ => {}
        }
        self.fold.push(event);
    }

    /// The question with its texts, as a person writes them; `None` where there were none.
    pub fn written(&self) -> Option<String> {
        let lines = || std::iter::once(&self.question).chain(&self.texts).map(String::as_str);
        (!self.texts.is_empty()).then(|| lines().collect::<Vec<_>>().join("\n"))
    }

    /// The texts in the order that came, each with its score.
    pub fn order(&self) -> Vec<(f64, &str)> {
        let results = self.order.as_ref().map_or(&[][..], |(results, _)| results.as_slice());
        let text = |of: &Relevance| Some((of.score, self.texts.get(of.index)?.as_str()));
        results.iter().filter_map(text).collect()
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
        let told = |tokens: Option<u32>| tokens.map_or_else(|| "?".to_owned(), |n| grouped(n.into()));
        parts.push(match (&self.order, &self.vector) {
            // Many of those that put texts in order count searches, and tell no tokens.
            (Some((_, searches)), _) if tried.usage.input.is_none() => {
                count((*searches).into(), "search", "searches")
            }
            // It writes nothing.
            (Some(_), _) | (_, Some(_)) => format!("{} tok", told(tried.usage.input)),
            (None, None) => format!("{}→{} tok", told(tried.usage.input), told(tried.usage.output)),
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
    use crate::domain::message::Usage;

    #[test]
    fn what_costs_nothing_is_not_told_as_a_sum() {
        let told = |model: &str, cost| {
            let asked = ("q".to_owned(), Vec::new());
            let mut trial = Trial::new(model.parse().unwrap(), asked, TaskId(1), Duration::ZERO);
            trial.tried = Some(Tried { cost, ..Tried::default() });
            trial.figures().unwrap()
        };
        assert_eq!(told("local/small", Some(0.0)), "?→? tok · on this machine");
        assert_eq!(told("local/small", None), "?→? tok · on this machine");
        assert_eq!(told("far/free", Some(0.0)), "?→? tok · $0");
        assert_eq!(told("far/big", Some(0.000_026)), "?→? tok · about $0.000026");
        assert_eq!(told("far/big", None), "?→? tok · cost unknown");
    }

    #[test]
    fn what_counts_searches_is_told_by_them() {
        let told = |input, searches| {
            let asked = ("q".to_owned(), vec!["text".to_owned()]);
            let mut trial = Trial::new("far/ranks".parse().unwrap(), asked, TaskId(1), Duration::ZERO);
            trial.take(&Event::Reranked { results: vec![Relevance { index: 0, score: 0.5 }], searches });
            assert_eq!(trial.order(), [(0.5, "text")]);
            let usage = Usage { input, ..Usage::default() };
            trial.tried = Some(Tried { usage, cost: Some(0.002), ..Tried::default() });
            trial.figures().unwrap()
        };
        assert_eq!(told(None, 1), "1 search · about $0.002000");
        assert_eq!(told(None, 2), "2 searches · about $0.002000");
        assert_eq!(told(Some(815), 1), "815 tok · about $0.002000");
    }
}
