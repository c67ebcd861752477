//! A line that was read, written again with what has changed since: everything of it that is not known here stays.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{About, Line, answer};
use crate::domain::evaluation::Item;
use crate::domain::evaluation::vote::Said;
use crate::wire::evaluation::judged::{Judged, Opinion, at, place};

/// What has become of the lines of a task since they came.
#[derive(Debug)]
pub struct Since<'a> {
    /// What they said of the task.
    pub told: &'a About,
    /// What is to be said now.
    pub about: &'a About,
    /// All that was ever said of the item, so that an answer is told that was never taken as a vote; `None` where those are of
    /// another version of the task.
    pub ever: Option<Vec<Opinion>>,
}

impl Line {
    /// The line of an item that came as this one, and what Bedrock's form has no place for. Where it says something else of the
    /// task than lines do now, that is written.
    #[must_use]
    pub fn again(&self, judged: &Judged, since: &Since<'_>) -> (Self, Vec<String>) {
        let (fresh, _) = Self::of(judged, since.about);
        let mut whole = self.whole.clone();
        let left_out = self.answered_again(judged, &mut whole, &fresh.whole, since);
        self.asked_again(judged, &mut whole, &fresh.whole, (since.told, since.about));
        (Self { whole, judged: judged.clone(), about: since.about.clone() }, left_out)
    }

    /// What of an item is for this line to tell, where it came as several: the opinions that came with it; with the first one
    /// all that came with none.
    #[must_use]
    pub fn share(&self, judged: &Judged, alike: &[&Self]) -> Judged {
        if alike.len() < 2 {
            return judged.clone();
        }
        let came: Vec<Vec<Opinion>> = alike.iter().map(|line| line.opinions_on(&judged.item)).collect();
        let of = |opinion: &Opinion| came.iter().position(|raw| raw.iter().any(|raw| is_of(raw, opinion)));
        let this = alike.iter().position(|line| std::ptr::eq(*line, self));
        let mut judged = judged.clone();
        judged.opinions.retain(|opinion| Some(of(opinion).unwrap_or_default()) == this);
        judged
    }

    /// What the workers said, by the places that answers have in `item`, one an answer of a worker.
    fn opinions_on(&self, item: &Item) -> Vec<Opinion> {
        let own = &self.judged.item.responses;
        let there = |at: usize| {
            let model = &own.get(at)?.model;
            item.responses.iter().position(|response| response.model == *model)
        };
        let moved = |opinion: &Opinion| {
            Some(Opinion {
                shown: opinion.shown.iter().map(|at| there(*at)).collect::<Option<_>>()?,
                said: opinion.said.with_ids(|id| at(id).and_then(there).map(place))?,
                ..opinion.clone()
            })
        };
        let all = self.judged.opinions.iter();
        all.map(|opinion| moved(opinion).unwrap_or_else(|| opinion.clone())).collect()
    }

    /// Answers that still stand as they came or were never taken, then the others as they would be written.
    fn answered_again(
        &self,
        judged: &Judged,
        whole: &mut Value,
        fresh: &Value,
        since: &Since<'_>,
    ) -> Vec<String> {
        let raw = self.opinions_on(&judged.item);
        let known = || answers(&self.whole).iter().zip(&raw);
        let among = |all: &[Opinion], raw: &Opinion| all.iter().any(|opinion| is_of(raw, opinion));
        let stays = |raw: &Opinion| {
            among(&judged.opinions, raw) || since.ever.as_ref().is_some_and(|ever| !among(ever, raw))
        };
        let mut told: Vec<Value> =
            known().filter(|(_, raw)| stays(raw)).map(|(answer, _)| answer.clone()).collect();
        let others: Vec<&Opinion> =
            judged.opinions.iter().filter(|opinion| !raw.iter().any(|raw| is_of(raw, opinion))).collect();
        let result = &mut whole["humanEvaluationResult"];
        let (ids, places) =
            (&mut result["modelResponseIdMap"], &fresh["humanEvaluationResult"]["modelResponseIdMap"]);
        // What is written here names responses by their places: where the line has other names for them, all of it goes by places.
        if !others.is_empty() && ids != places {
            let renamed = self.renamed(judged, ids);
            for answer in &mut told {
                rename(answer, &renamed);
            }
            ids.clone_from(places);
        }
        let mut left_out = Vec::new();
        for opinion in others {
            let (answer, without) = answer(judged, opinion);
            left_out.extend(without);
            let before = known().find(|(_, known)| known.rater == opinion.rater).map(|(answer, _)| answer);
            told.extend(answer.map(|answer| with_foreign(answer, before)));
        }
        result["humanAnswers"] = Value::Array(told);
        left_out
    }

    /// The ids of the line, each with the place of its response in the item.
    fn renamed(&self, judged: &Judged, ids: &Value) -> BTreeMap<String, String> {
        let place = |model: &str| {
            let at = judged.item.responses.iter().position(|response| response.model == model);
            at.map(|at| at.to_string())
        };
        let own = self.judged.item.responses.iter().enumerate();
        let by_place = || own.map(|(at, response)| (at.to_string(), response.model.as_str())).collect();
        let named: Vec<(String, &str)> =
            ids.as_object().filter(|ids| !ids.is_empty()).map_or_else(by_place, |ids| {
                ids.iter().filter_map(|(id, model)| Some((id.clone(), model.as_str()?))).collect()
            });
        named.into_iter().filter_map(|(id, model)| Some((id, place(model)?))).collect()
    }

    /// What was asked, where it is no longer what the line says.
    fn asked_again(&self, judged: &Judged, whole: &mut Value, fresh: &Value, about: (&About, &About)) {
        let (told, about) = about;
        let content = &mut whole["humanEvaluationResult"]["inputContent"];
        if !content.is_object() {
            *content = Value::Object(Map::new());
        }
        let fresh = &fresh["humanEvaluationResult"]["inputContent"];
        if told.instructions != about.instructions {
            content["instructions"] = fresh["instructions"].clone();
        }
        if told.fixed_sides != about.fixed_sides {
            content["disableRandomization"] = Value::from(about.fixed_sides.to_string());
        }
        let asked = &self.judged.metrics;
        let named = |name: &String| asked.iter().any(|metric| metric.name == *name);
        let mut said = judged.opinions.iter().flat_map(Opinion::values);
        let fits = asked.iter().all(|metric| judged.metrics.contains(metric));
        if !fits || !asked.is_empty() && !said.all(|(name, _)| named(name)) {
            content["evaluationMetrics"] = fresh["evaluationMetrics"].clone();
        }
    }
}

/// The answers of the workers, as they came.
fn answers(whole: &Value) -> &[Value] {
    whole["humanEvaluationResult"]["humanAnswers"].as_array().map_or(&[], Vec::as_slice)
}

/// Whether an opinion is what came as that one: votes are never changed, so that all of it that is left is in that.
fn is_of(raw: &Opinion, opinion: &Opinion) -> bool {
    let same = (&raw.rater, raw.at, raw.active_ms, &raw.comment)
        == (&opinion.rater, opinion.at, opinion.active_ms, &opinion.comment);
    same && match (&raw.said, &opinion.said) {
        (Said::Values(raw), Said::Values(values)) => values.iter().all(|value| raw.contains(value)),
        (raw, said) => raw == said,
    }
}

/// The responses of an answer by other ids.
fn rename(answer: &mut Value, ids: &BTreeMap<String, String>) {
    match answer {
        Value::Object(fields) => {
            for (name, value) in fields {
                let is_id = name.ends_with("odelResponseId");
                match value.as_str().filter(|_| is_id).and_then(|id| ids.get(id)) {
                    Some(id) => *value = Value::from(id.as_str()),
                    None => rename(value, ids),
                }
            }
        }
        Value::Array(all) => all.iter_mut().for_each(|value| rename(value, ids)),
        _ => {}
    }
}

/// With the fields of the same worker's answer before that are not known here.
fn with_foreign(mut answer: Value, before: Option<&Value>) -> Value {
    if let (Some(answer), Some(before)) = (answer.as_object_mut(), before.and_then(Value::as_object)) {
        for (name, value) in before {
            answer.entry(name).or_insert_with(|| value.clone());
        }
    }
    answer
}
