//! The answers in Bedrock's human evaluation: a list a method, answers of models by the ids `0`, `1` …

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::judged::{Opinion, at, place};
use crate::domain::evaluation::item::Response;
use crate::domain::evaluation::metric::{Metric, POINTS};
use crate::domain::evaluation::vote::{Chosen, ResponseId, Value};

#[derive(Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Results {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    thumbs_up_down: Vec<Of<bool>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    individual_likert_scale: Vec<Of<u8>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    comparison_likert_scale: Vec<Sided>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    comparison_choice: Vec<Choice>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    comparison_rank: Vec<Ranks>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Of<T> {
    metric_name: String,
    model_response_id: String,
    result: T,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Sided {
    metric_name: String,
    left_model_response_id: String,
    right_model_response_id: String,
    result: u8,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Choice {
    metric_name: String,
    result: Id,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Id {
    model_response_id: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Ranks {
    metric_name: String,
    result: Vec<Rank>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Rank {
    model_response_id: String,
    rank: u8,
}

/// Which place of the responses an id of Bedrock's stands for.
pub(super) struct Places {
    by_id: BTreeMap<String, usize>,
    count: usize,
}

/// Values by the names of their metrics.
type Values = Vec<(String, Value)>;

impl Places {
    /// By the models that the map names; without a map the ids are the places.
    pub(super) fn of(responses: &[Response], map: &BTreeMap<String, String>) -> Self {
        let place = |model: &String| responses.iter().position(|response| response.model == *model);
        let mut by_id: BTreeMap<String, usize> =
            map.iter().filter_map(|(id, model)| Some((id.clone(), place(model)?))).collect();
        if map.is_empty() {
            by_id = (0..responses.len()).map(|at| (at.to_string(), at)).collect();
        }
        Self { by_id, count: responses.len() }
    }

    fn place(&self, id: &str) -> Result<usize, String> {
        self.by_id.get(id).copied().ok_or_else(|| format!("names the response {id:?}, which there is not"))
    }

    fn id(&self, id: &str) -> Result<ResponseId, String> {
        self.place(id).map(place)
    }
}

impl Results {
    /// The answers as they stood, as far as it is told, and what was said of each metric.
    pub(super) fn values(self, places: &Places) -> Result<(Vec<usize>, Values), String> {
        let mut values: Values = Vec::new();
        for Of { metric_name, model_response_id, result } in self.thumbs_up_down {
            let id = places.id(&model_response_id)?;
            match values.iter_mut().find(|(name, _)| *name == metric_name) {
                Some((_, Value::Thumbs(said))) => said.push((id, result)),
                _ => values.push((metric_name, Value::Thumbs(vec![(id, result)]))),
            }
        }
        for Of { metric_name, model_response_id, result } in self.individual_likert_scale {
            let id = places.id(&model_response_id)?;
            match values.iter_mut().find(|(name, _)| *name == metric_name) {
                Some((_, Value::Points(said))) => said.push((id, result)),
                _ => values.push((metric_name, Value::Points(vec![(id, result)]))),
            }
        }
        let mut shown: Vec<usize> = (0..places.count).collect();
        for (sided, number) in self.comparison_likert_scale.into_iter().zip(0..) {
            let sides = [&sided.left_model_response_id, &sided.right_model_response_id];
            let sides = [places.place(sides[0])?, places.place(sides[1])?];
            if !(1..=POINTS).contains(&sided.result) {
                return Err(format!("has {} on a scale from 1 to {POINTS}", sided.result));
            }
            if number == 0 {
                shown = sides.to_vec();
            }
            // A metric whose sides were the other way round is told by those of the first.
            let turned = shown != sides;
            let points = if turned { POINTS + 1 - sided.result } else { sided.result };
            values.push((sided.metric_name, Value::Preference(points)));
        }
        for Choice { metric_name, result } in self.comparison_choice {
            let id = places.id(&result.model_response_id)?;
            values.push((metric_name, Value::Choice(Chosen::One(id))));
        }
        for Ranks { metric_name, result } in self.comparison_rank {
            let ranks = result.into_iter().map(|said| Ok((places.id(&said.model_response_id)?, said.rank)));
            values.push((metric_name, Value::Ranks(ranks.collect::<Result<_, String>>()?)));
        }
        Ok((shown, values))
    }

    /// The results of an opinion by these metrics, and what they have no place for.
    pub(super) fn of(opinion: &Opinion, metrics: &[Metric]) -> (Self, Vec<String>) {
        let mut results = Self::default();
        let mut left_out = Vec::new();
        // On their scale a point of another one would mean something else.
        let fits = |name: &str| {
            let known = metrics.iter().find(|metric| metric.name == name);
            known.and_then(Metric::points).is_none_or(|points| points == POINTS)
        };
        for (metric, value) in opinion.values() {
            let metric_name = metric.clone();
            match value {
                Value::Points(_) | Value::Preference(_) if !fits(metric) => {
                    left_out.push(format!("a point of {metric:?}, whose scale has not {POINTS} of them"));
                }
                Value::Thumbs(said) => results.thumbs_up_down.extend(each(metric, said)),
                Value::Points(said) => results.individual_likert_scale.extend(each(metric, said)),
                Value::Preference(points) => match opinion.shown.as_slice() {
                    [left, right] => results.comparison_likert_scale.push(Sided {
                        metric_name,
                        left_model_response_id: left.to_string(),
                        right_model_response_id: right.to_string(),
                        result: *points,
                    }),
                    _ => left_out.push(format!("a preference of {metric:?} between other than two")),
                },
                Value::Choice(Chosen::One(id)) => results
                    .comparison_choice
                    .push(Choice { metric_name, result: Id { model_response_id: id.to_string() } }),
                Value::Choice(Chosen::Tie) => left_out.push(format!("a tie of {metric:?}")),
                Value::Choice(Chosen::BothBad) => left_out.push(format!("\"both bad\" of {metric:?}")),
                Value::Ranks(said) => {
                    let rank = |(id, rank): &(ResponseId, u8)| Rank {
                        model_response_id: id.to_string(),
                        rank: *rank,
                    };
                    let result = said.iter().map(rank).collect();
                    results.comparison_rank.push(Ranks { metric_name, result });
                }
            }
        }
        (results, left_out)
    }
}

fn each<T: Copy>(metric: &str, said: &[(ResponseId, T)]) -> impl Iterator<Item = Of<T>> {
    said.iter().filter(|(id, _)| at(id).is_some()).map(|(id, result)| Of {
        metric_name: metric.to_owned(),
        model_response_id: id.to_string(),
        result: *result,
    })
}
