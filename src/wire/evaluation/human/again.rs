//! A line that was read, written again with what has changed since: everything of it that is not known here stays.

use serde_json::{Map, Value};

use super::{About, Line, answer};
use crate::wire::evaluation::judged::{Judged, Opinion};

impl Line {
    /// The line of an item that came as this one, and what Bedrock's form has no place for. `told` is what the lines said of
    /// the task when they came; where it says something else now, that is written.
    #[must_use]
    pub fn again(&self, judged: &Judged, told: &About, about: &About) -> (Self, Vec<String>) {
        let (fresh, _) = Self::of(judged, about);
        let mut whole = self.whole.clone();
        let left_out = self.answered_again(judged, &mut whole, &fresh.whole);
        self.asked_again(judged, &mut whole, &fresh.whole, (told, about));
        (Self { whole, judged: judged.clone(), about: about.clone() }, left_out)
    }

    /// Answers that still stand as they came, the others as they would be written.
    fn answered_again(&self, judged: &Judged, whole: &mut Value, fresh: &Value) -> Vec<String> {
        let known = || answers(&self.whole).iter().zip(&self.judged.opinions);
        let (same, others): (Vec<&Opinion>, Vec<&Opinion>) =
            judged.opinions.iter().partition(|opinion| known().any(|(_, known)| known == *opinion));
        let stands = |known: &Opinion| same.contains(&known);
        let mut told: Vec<Value> =
            known().filter(|(_, known)| stands(known)).map(|(answer, _)| answer.clone()).collect();
        let result = &mut whole["humanEvaluationResult"];
        let (ids, places) =
            (&mut result["modelResponseIdMap"], &fresh["humanEvaluationResult"]["modelResponseIdMap"]);
        let mut rewritten = others;
        // What is written here names responses by their places: where the line has other names for them, all of it goes by places.
        if !rewritten.is_empty() && ids != places {
            ids.clone_from(places);
            told.clear();
            rewritten = judged.opinions.iter().collect();
        }
        let mut left_out = Vec::new();
        for opinion in rewritten {
            let (answer, without) = answer(judged, opinion);
            left_out.extend(without);
            let before = known().find(|(_, known)| known.rater == opinion.rater).map(|(answer, _)| answer);
            told.extend(answer.map(|answer| with_foreign(answer, before)));
        }
        result["humanAnswers"] = Value::Array(told);
        left_out
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

/// With the fields of the same worker's answer before that are not known here.
fn with_foreign(mut answer: Value, before: Option<&Value>) -> Value {
    if let (Some(answer), Some(before)) = (answer.as_object_mut(), before.and_then(Value::as_object)) {
        for (name, value) in before {
            answer.entry(name).or_insert_with(|| value.clone());
        }
    }
    answer
}
