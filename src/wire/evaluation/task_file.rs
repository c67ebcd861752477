//! A rating task as a file that people write, TOML or JSON: what is left out has a default, an unknown field is refused by
//! its name, a mistake is told with its line.
//!
//! ```toml
//! instructions = "Read the question, then both answers."
//! raters_per_item = 2
//! repeats = 5                      # of a hundred items that come again
//!
//! [blinding]
//! sides = true
//!
//! [[metrics]]
//! name = "Preference"
//! method = "choice"                # thumbs, likert, compare, choice, rank
//!
//! [[gold]]
//! item = 3                         # from 1
//! metric = "Preference"
//! choice = "local/smollm2-135m"    # or "tie", "both_bad"; thumbs, points, ranks = { SOURCE = … },
//!                                  # of compare: preference = { SOURCE = 5 }, the last point being strongly that one
//! ```

use std::collections::BTreeMap;
use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::dataset::no_json;
use crate::domain::evaluation::job::{Known, KnownValue};
use crate::domain::evaluation::metric::{Method, Metric};
use crate::domain::evaluation::task::{self, TaskDefinition};
use crate::domain::{Error, ErrorKind, Result};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a rating task")]
struct File {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(default)]
    instructions: String,
    #[serde(default = "one")]
    raters_per_item: u32,
    #[serde(default)]
    repeats: u8,
    #[serde(default)]
    blinding: Blinding,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    metrics: Vec<Asked>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    examples: Vec<Example>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    gold: Vec<Right>,
}

fn one() -> u32 {
    1
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, expecting = "a table of models, sides, self_naming")]
struct Blinding {
    models: bool,
    sides: bool,
    self_naming: bool,
}

impl Default for Blinding {
    fn default() -> Self {
        let task::Blinding { models, sides, self_naming } = task::Blinding::default();
        Self { models, sides, self_naming }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table of name, method, description, labels")]
struct Asked {
    name: String,
    method: Word,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    description: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    labels: Vec<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table of prompt, response, rating")]
struct Example {
    prompt: String,
    response: String,
    rating: String,
}

/// A method by its short word.
struct Word(Method);

impl Serialize for Word {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.word())
    }
}

impl<'de> Deserialize<'de> for Word {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct Read;
        impl Visitor<'_> for Read {
            type Value = Word;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "a method: {}", Method::words())
            }

            fn visit_str<E: serde::de::Error>(self, said: &str) -> std::result::Result<Word, E> {
                Method::meant(said)
                    .map(Word)
                    .ok_or_else(|| E::custom(format!("{said:?} is no method; there are {}", Method::words())))
            }
        }
        deserializer.deserialize_str(Read)
    }
}

/// An item whose answer is known.
struct Right(Known);

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RightFields {
    item: u32,
    metric: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    choice: Option<Chosen>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    thumbs: Option<BTreeMap<String, bool>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    points: Option<BTreeMap<String, u8>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ranks: Option<BTreeMap<String, u8>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    preference: Option<BTreeMap<String, u8>>,
}

/// The second form is for sources that are called like what is no source.
#[derive(Serialize, Deserialize)]
#[serde(untagged, expecting = "a choice is the name of a source, \"tie\" or \"both_bad\"")]
enum Chosen {
    Plain(String),
    Source { source: String },
}

impl<'de> Deserialize<'de> for Right {
    // By hand, so that what is wrong is told with the line of the table.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Right;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a table of item, metric, and choice, thumbs, points, ranks or preference")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> std::result::Result<Right, A::Error> {
                let fields = RightFields::deserialize(MapAccessDeserializer::new(map))?;
                fields.known().map(Right).map_err(A::Error::custom)
            }
        }
        deserializer.deserialize_map(Read)
    }
}

impl Serialize for Right {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        RightFields::of(&self.0).serialize(serializer)
    }
}

impl RightFields {
    fn known(self) -> std::result::Result<Known, &'static str> {
        let item = self.item.checked_sub(1).ok_or("items count from 1")?;
        let choice = self.choice.map(|chosen| match chosen {
            Chosen::Plain(word) if word == "tie" => KnownValue::Tie,
            Chosen::Plain(word) if word == "both_bad" => KnownValue::BothBad,
            Chosen::Plain(source) | Chosen::Source { source } => KnownValue::Choice(source),
        });
        let preference = match self.preference.map(|said| said.into_iter().collect::<Vec<_>>()) {
            None => None,
            Some(said) => {
                let [(source, point)] = <[_; 1]>::try_from(said).map_err(
                    |_| "a preference names one source, and its point where that stands on the right",
                )?;
                Some(KnownValue::Preference(source, point))
            }
        };
        let said = [
            choice,
            preference,
            self.thumbs.map(|said| KnownValue::Thumbs(said.into_iter().collect())),
            self.points.map(|said| KnownValue::Points(said.into_iter().collect())),
            self.ranks.map(|said| KnownValue::Ranks(said.into_iter().collect())),
        ];
        let mut said = said.into_iter().flatten();
        let (Some(value), None) = (said.next(), said.next()) else {
            return Err("it takes one of choice, thumbs, points, ranks, preference");
        };
        Ok(Known { item, metric: self.metric, value })
    }

    fn of(known: &Known) -> Self {
        let mut fields = Self {
            item: known.item.saturating_add(1),
            metric: known.metric.clone(),
            choice: None,
            thumbs: None,
            points: None,
            ranks: None,
            preference: None,
        };
        match &known.value {
            KnownValue::Tie => fields.choice = Some(Chosen::Plain("tie".to_owned())),
            KnownValue::BothBad => fields.choice = Some(Chosen::Plain("both_bad".to_owned())),
            KnownValue::Choice(source) => {
                let source = source.clone();
                let is_word = matches!(source.as_str(), "tie" | "both_bad");
                fields.choice = Some(if is_word { Chosen::Source { source } } else { Chosen::Plain(source) });
            }
            KnownValue::Thumbs(said) => fields.thumbs = Some(said.iter().cloned().collect()),
            KnownValue::Points(said) => fields.points = Some(said.iter().cloned().collect()),
            KnownValue::Ranks(said) => fields.ranks = Some(said.iter().cloned().collect()),
            KnownValue::Preference(source, point) => {
                fields.preference = Some(BTreeMap::from([(source.clone(), *point)]));
            }
        }
        fields
    }
}

/// The task in the text of the file `file`, and the items whose answer is known; `name` is the task's where it names none.
pub fn read(text: &str, file: &str, name: &str) -> Result<(TaskDefinition, Vec<Known>)> {
    let wrong = |line: Option<usize>, why: String| {
        let why = line.map_or_else(|| why.clone(), |line| format!("line {line}: {why}"));
        let doing = format!("reading the rating task {file}");
        Error::new(ErrorKind::Invalid, doing, why, "Correct that, then try again.")
    };
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let read: File = if is_json(text, file) {
        serde_json::from_str(text).map_err(|why| wrong(Some(why.line().max(1)), no_json(&why)))?
    } else {
        toml::from_str(text).map_err(|why| {
            let line = why.span().map(|span| line_of(text, span.start));
            wrong(line, why.message().lines().collect::<Vec<_>>().join(" "))
        })?
    };
    let metrics: Vec<Metric> = read.metrics.into_iter().map(metric).collect();
    let known: Vec<Known> = read.gold.into_iter().map(|Right(known)| known).collect();
    for (at, known) in known.iter().enumerate() {
        if let Some(why) = unfit(known, &metrics) {
            return Err(wrong(gold_line(text, at), why));
        }
    }
    let Blinding { models, sides, self_naming } = read.blinding;
    let example = |Example { prompt, response, rating }: Example| task::Example { prompt, response, rating };
    let task = TaskDefinition {
        instructions: read.instructions,
        examples: read.examples.into_iter().map(example).collect(),
        metrics,
        raters_per_item: read.raters_per_item,
        blinding: task::Blinding { models, sides, self_naming },
        repeats: read.repeats,
        ..TaskDefinition::named(read.name.unwrap_or_else(|| name.to_owned()))
    };
    Ok((task, known))
}

/// The file of a task.
pub fn write(task: &TaskDefinition, known: &[Known]) -> Result<String> {
    let task::Blinding { models, sides, self_naming } = task.blinding;
    let asked = |metric: &Metric| Asked {
        name: metric.name.clone(),
        method: Word(metric.method),
        description: metric.description.clone(),
        labels: metric.labels.clone(),
    };
    let example = |example: &task::Example| {
        let task::Example { prompt, response, rating } = example.clone();
        Example { prompt, response, rating }
    };
    let file = File {
        name: Some(task.name.clone()),
        instructions: task.instructions.clone(),
        raters_per_item: task.raters_per_item,
        repeats: task.repeats,
        blinding: Blinding { models, sides, self_naming },
        metrics: task.metrics.iter().map(asked).collect(),
        examples: task.examples.iter().map(example).collect(),
        gold: known.iter().cloned().map(Right).collect(),
    };
    toml::to_string_pretty(&file).map_err(|why| Error::internal("writing a rating task", why.to_string()))
}

/// By the file's name, else by how it begins.
fn is_json(text: &str, file: &str) -> bool {
    match file.rsplit_once('.') {
        Some((_, end)) if end.eq_ignore_ascii_case("json") => true,
        Some((_, end)) if end.eq_ignore_ascii_case("toml") => false,
        _ => text.trim_start().starts_with('{'),
    }
}

fn metric(asked: Asked) -> Metric {
    let Asked { name, method: Word(method), description, labels } = asked;
    Metric { name, description, method, labels }
}

/// Why no such thing can be known of that metric.
fn unfit(known: &Known, metrics: &[Metric]) -> Option<String> {
    let name = &known.metric;
    let Some(metric) = metrics.iter().find(|metric| metric.name == *name) else {
        return Some(format!("{name:?} is no metric of the task"));
    };
    let wanted = match metric.method {
        Method::ThumbsUpDown => "thumbs",
        Method::IndividualLikertScale => "points",
        Method::ComparisonChoice => "choice",
        Method::ComparisonRank => "ranks",
        Method::ComparisonLikertScale => "preference",
    };
    let told = match known.value {
        KnownValue::Thumbs(_) => "thumbs",
        KnownValue::Points(_) => "points",
        KnownValue::Ranks(_) => "ranks",
        KnownValue::Preference(..) => "preference",
        KnownValue::Choice(_) | KnownValue::Tie | KnownValue::BothBad => "choice",
    };
    if told != wanted {
        return Some(format!("{name:?} is rated by {}: give {wanted}", metric.method.word()));
    }
    // What no rater can say would be held against all of them.
    let most = metric.points()?;
    let beside = match &known.value {
        KnownValue::Preference(_, point) => !(1..=most).contains(point),
        KnownValue::Points(said) => said.iter().any(|(_, point)| !(1..=most).contains(point)),
        _ => false,
    };
    beside.then(|| format!("{name:?} has points from 1 to {most}"))
}

fn line_of(text: &str, at: usize) -> usize {
    text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
}

/// Where the table of a known answer begins; `None` where the file writes them in another way.
fn gold_line(text: &str, number: usize) -> Option<usize> {
    let heads = text.lines().zip(1..).filter(|(line, _)| {
        let plain: String = line.chars().filter(|c| !c.is_whitespace()).collect();
        plain.starts_with("[[gold]]")
    });
    heads.map(|(_, line)| line).nth(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str = r#"
name = "helpful"
instructions = """
Read the question.
Then "both" answers.
"""
raters_per_item = 2
repeats = 5

[blinding]
sides = false

[[metrics]]
name = "Preference"
method = "Choice"
description = "Which one?"

[[metrics]]
name = "Tone"
method = "IndividualLikertScale"
labels = ["rude", "kind"]

[[metrics]]
name = "Fit"
method = "thumbs_up_down"

[[metrics]]
name = "Order"
method = "rank"

[[metrics]]
name = "Better"
method = "compare"

[[examples]]
prompt = "Why?"
response = "Because."
rating = "3: no reason"

[[gold]]
item = 3
metric = "Preference"
choice = "tie"

[[gold]]
item = 1
metric = "Preference"
choice = { source = "tie" }

[[gold]]
item = 1
metric = "Tone"
points = { "b/y temperature=1" = 2, a = 1 }

[[gold]]
item = 1
metric = "Fit"
thumbs = { a = true, b = false }

[[gold]]
item = 2
metric = "Order"
ranks = { a = 1, b = 1 }

[[gold]]
item = 4
metric = "Better"
preference = { "b/y temperature=1" = 5 }
"#;

    #[test]
    fn a_task_is_read_with_defaults_and_written_as_it_was() {
        let (task, known) = read(WHOLE, "a.toml", "other").unwrap();
        assert_eq!((task.name.as_str(), task.raters_per_item, task.repeats), ("helpful", 2, 5));
        assert_eq!(task.instructions, "Read the question.\nThen \"both\" answers.\n");
        assert_eq!(task.blinding, task::Blinding { models: true, sides: false, self_naming: false });
        let methods: Vec<_> = task.metrics.iter().map(|metric| metric.method.word()).collect();
        assert_eq!(methods, ["choice", "likert", "thumbs", "rank", "compare"]);
        assert_eq!(known[0], Known { item: 2, metric: "Preference".into(), value: KnownValue::Tie });
        assert_eq!(known[1].value, KnownValue::Choice("tie".into()));
        let said = vec![("a".into(), 1), ("b/y temperature=1".into(), 2)];
        assert_eq!(known[2].value, KnownValue::Points(said));
        assert_eq!(known[5].value, KnownValue::Preference("b/y temperature=1".into(), 5));
        let written = write(&task, &known).unwrap();
        assert_eq!(read(&written, "x", "other").unwrap(), (task, known), "{written}");
    }

    #[test]
    fn what_is_left_out_has_a_default_and_json_is_read_as_well() {
        let (task, known) = read("", "a.toml", "mine").unwrap();
        assert_eq!((task, known), (TaskDefinition::named("mine"), Vec::new()));
        let json = r#"{"instructions": "Read.", "metrics": [{"name": "a", "method": "LIKERT"}],
            "gold": [{"item": 1, "metric": "a", "points": {"x": 5}}]}"#;
        let (task, known) = read(json, "task", "mine").unwrap();
        assert_eq!(task.metrics[0].method, Method::IndividualLikertScale);
        assert_eq!(known.len(), 1);
        assert_eq!(read(json, "task.json", "mine").unwrap().0, task);
    }

    #[test]
    fn a_mistake_is_told_with_its_line() {
        let told = |text: &str, file: &str| read(text, file, "mine").unwrap_err().why;
        let metric = "[[metrics]]\nname = 'a'\nmethod = 'choice'\n";
        let gold = |rest: &str| told(&format!("{metric}[[gold]]\n{rest}"), "a.toml");
        assert_eq!(
            told("raters_per_item = 1\nrater = 3", "a.toml"),
            "line 2: unknown field `rater`, expected one of `name`, `instructions`, `raters_per_item`, `repeats`, \
             `blinding`, `metrics`, `examples`, `gold`"
        );
        assert_eq!(
            told("[[metrics]]\nname = 'a'\n\nmethod = 'star'", "a.toml"),
            "line 4: \"star\" is no method; there are thumbs, likert, compare, choice, rank"
        );
        assert!(told("[blinding]\nmodel = true", "a.toml").starts_with("line 2: unknown field `model`"));
        assert!(told("repeats = 300", "a.toml").starts_with("line 1: "));
        assert!(told("name = 'a", "a.toml").starts_with("line 1: "));
        assert_eq!(gold("item = 0\nmetric = 'a'\nchoice = 'x'"), "line 4: items count from 1");
        let one = "it takes one of choice, thumbs, points, ranks, preference";
        assert_eq!(gold("item = 1\nmetric = 'a'"), format!("line 4: {one}"));
        assert_eq!(gold("item = 1\nmetric = 'a'\nchoice = 'x'\nranks = {x = 1}"), format!("line 4: {one}"));
        assert_eq!(gold("item = 1\nmetric = 'b'\nchoice = 'x'"), "line 4: \"b\" is no metric of the task");
        assert_eq!(
            gold("item = 1\nmetric = 'a'\nranks = {x = 1}"),
            "line 4: \"a\" is rated by choice: give choice"
        );
        let compared = "[[metrics]]\nname = 'c'\nmethod = 'compare'\n[[gold]]\nitem = 1\nmetric = 'c'\n";
        let compared = |rest: &str| told(&format!("{compared}{rest}"), "a.toml");
        let one = "line 4: a preference names one source, and its point where that stands on the right";
        assert_eq!(compared("preference = {x = 1, y = 5}"), one);
        assert_eq!(compared("preference = {}"), one);
        assert_eq!(compared("preference = {x = 6}"), "line 4: \"c\" has points from 1 to 5");
        assert_eq!(compared("choice = 'x'"), "line 4: \"c\" is rated by compare: give preference");
        assert!(told("{\"instructions\": \"x\",\n\"raters\": 3}", "x").starts_with("line 2: unknown field"));
        assert_eq!(told("{\n\"name\": }", "x.json"), "line 2: no JSON at column 9: expected value");
        let json = "{\"metrics\": [{\"name\": \"a\", \"method\": \"choice\"}],\n\"gold\": [\n{\"item\": 0, \"metric\": \"a\"}]}";
        assert_eq!(told(json, "x"), "line 3: items count from 1");
    }
}
