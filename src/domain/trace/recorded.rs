//! A run as its trace tells it, so that it can be done once more: what its model was asked first, and what its tools gave.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value as Json, json};

use super::contents::{Contents, Part, Said};
use super::facts::{Facts, Kind, MADE_ALREADY};
use super::replay::{Asked, Original, Place, arguments_of, text_of};
use super::span::{Status, TraceSpan};
use crate::domain::agent::replay::Made;
use crate::domain::message::Role;
use crate::domain::tool::Tool;

/// A run that can be done once more.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded {
    /// Its first span.
    pub of: Place,
    /// Of its agent where it names one, else of its first span.
    pub name: String,
    /// The model that was asked first, as its span names it.
    pub model: String,
    /// What it was asked.
    pub asked: Asked,
    /// What its tools gave, in the order of their calls.
    pub made: Vec<Made>,
    /// What of it is not as it was there, a line each.
    pub remarks: Vec<String>,
}

impl Recorded {
    /// A run whose first call is `original`, with what was said in that span. Tools that the trace does not define are those whose
    /// calls it has.
    pub fn of(of: Place, name: String, original: Original, contents: &Contents, made: Vec<Made>) -> Self {
        let Original { model, mut asked, mut remarks, .. } = original;
        let known = known_by(&made);
        let is_told = |name: &str| {
            contents.offered.iter().any(|offered| offered.name == name && offered.schema.is_object())
        };
        let mut guessed: Vec<&str> = Vec::new();
        let tools = &mut asked.settings.tools;
        if tools.is_empty() {
            tools.clone_from(&known);
            guessed.extend(known.iter().map(|tool| tool.name.as_str()));
        }
        for tool in tools.iter_mut().filter(|tool| !is_told(&tool.name)) {
            let own = known.iter().find(|own| own.name == tool.name && own.schema != tool.schema);
            if let Some(own) = own {
                tool.schema.clone_from(&own.schema);
                guessed.push(&own.name);
            }
        }
        if !guessed.is_empty() {
            remarks.push(format!(
                "the trace does not define {}: offered with the arguments that recorded calls have",
                guessed.join(", ")
            ));
        }
        let before = asked.turns.len();
        while asked.turns.pop_if(|turn| turn.role == Role::Assistant).is_some() {}
        if asked.turns.len() < before {
            remarks.push("how the answer was to begin is left out".to_owned());
        }
        Self { of, name, model, asked, made, remarks }
    }
}

/// Tools as their recorded calls let them be known: every argument that one of these has, of any type, none of them needed.
fn known_by(made: &[Made]) -> Vec<Tool> {
    let mut names: Vec<&str> = Vec::new();
    let mut arguments: BTreeMap<&str, Map<String, Json>> = BTreeMap::new();
    for call in made {
        if !names.contains(&call.name.as_str()) {
            names.push(&call.name);
        }
        let known = arguments.entry(&call.name).or_default();
        for (name, _) in call.input.as_object().into_iter().flatten() {
            known.insert(name.clone(), json!({}));
        }
    }
    let tool = |name: &str| Tool {
        name: name.to_owned(),
        description: String::new(),
        schema: json!({"type": "object", "properties": arguments.get(name)}),
    };
    names.into_iter().map(tool).collect()
}

/// What the tools of a run gave, gathered from its spans in whatever order they come: from those of tools, and from messages where
/// there are none.
#[derive(Debug, Default)]
pub struct Results {
    ran: Vec<Gave>,
    heard: Vec<Gave>,
    /// The calls that models made, by their ids.
    calls: BTreeMap<String, (String, Json)>,
    /// What was heard, by id, name and input: every call of a model says again what was said before it.
    known: BTreeSet<(String, String, String)>,
}

#[derive(Debug)]
struct Gave {
    /// Nanoseconds since the Unix epoch.
    at: u64,
    /// Empty where none is told.
    id: String,
    made: Made,
}

impl Gave {
    fn key(&self) -> (String, String, String) {
        (self.id.clone(), self.made.name.clone(), self.made.input.to_string())
    }
}

impl Results {
    /// Takes what a span tells.
    pub fn read(&mut self, span: &TraceSpan, facts: &Facts<'_>, contents: &Contents) {
        match facts.kind {
            Kind::Tool => self.run(span, facts, contents),
            Kind::Model => {
                self.hear(span.start, &contents.input);
                for (id, name, arguments) in contents.output.iter().flat_map(Said::calls) {
                    if let Some(id) = id {
                        self.calls.insert(id.to_owned(), (name.to_owned(), arguments_of(arguments)));
                    }
                }
            }
            _ => {}
        }
    }

    fn run(&mut self, span: &TraceSpan, facts: &Facts<'_>, contents: &Contents) {
        // What was not made since it was made already has its result there.
        let Some(ran) = contents.ran.as_ref().filter(|_| facts.error != MADE_ALREADY) else { return };
        let is_error = span.status == Status::Error;
        let words = [facts.words, facts.error].into_iter().find(|words| is_error && !words.is_empty());
        let Some(content) = ran.result.as_ref().map(text_of).or_else(|| words.map(str::to_owned)) else {
            return;
        };
        let names = [ran.name.as_str(), facts.tool, span.name.as_str()];
        let name = names.into_iter().find(|name| !name.is_empty()).unwrap_or_default().to_owned();
        let input = ran.arguments.as_ref().map_or_else(|| json!({}), arguments_of);
        let made = Made { name, input, content, is_error };
        self.ran.push(Gave { at: span.start, id: ran.id.clone().unwrap_or_default(), made });
    }

    fn hear(&mut self, at: u64, input: &[Said]) {
        let mut calls: Vec<(&str, &str, &Json)> = Vec::new();
        for said in input {
            for part in &said.parts {
                match part {
                    Part::ToolCall { id, name, arguments, .. } => {
                        calls.push((id.as_deref().unwrap_or(name), name, arguments));
                    }
                    Part::ToolResult { id, result, is_error } => {
                        let told = id.as_deref().or(said.name.as_deref()).unwrap_or_default();
                        let call = calls.iter().rfind(|(id, ..)| *id == told);
                        let call = call.map(|(_, name, input)| ((*name).to_owned(), arguments_of(input)));
                        let Some((name, input)) = call.or_else(|| self.calls.get(told).cloned()) else {
                            continue;
                        };
                        let made = Made { name, input, content: text_of(result), is_error: *is_error };
                        let gave = Gave { at, id: id.clone().unwrap_or_default(), made };
                        if self.known.insert(gave.key()) {
                            self.heard.push(gave);
                        }
                    }
                    _ => {}
                }
            }
        }
    }

    /// All of it, in the order of the calls. What a span of a tool tells is not told again by a message.
    pub fn made(self) -> Vec<Made> {
        let ran: BTreeSet<_> = self.ran.iter().map(Gave::key).collect();
        let is_new = |gave: &Gave| {
            let (id, name, input) = gave.key();
            !ran.contains(&(String::new(), name.clone(), input.clone())) && !ran.contains(&(id, name, input))
        };
        let heard = self.heard.into_iter().filter(is_new);
        let mut all: Vec<Gave> = self.ran.into_iter().chain(heard).collect();
        all.sort_by_key(|gave| gave.at);
        all.into_iter().map(|gave| gave.made).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::trace::contents::{Offered, Ran};
    use crate::domain::trace::{SpanKey, TraceId};

    fn facts(kind: Kind) -> Facts<'static> {
        Facts { kind, ..Facts::default() }
    }

    fn span(start: u64) -> TraceSpan {
        TraceSpan { start, ..TraceSpan::default() }
    }

    fn ran(name: &str, id: Option<&str>, arguments: Json, result: Json) -> Contents {
        let ran = Ran {
            name: name.to_owned(),
            id: id.map(str::to_owned),
            arguments: Some(arguments),
            result: Some(result),
            ..Ran::default()
        };
        Contents { ran: Some(ran), ..Contents::default() }
    }

    fn call(id: &str, name: &str, arguments: Json) -> Said {
        let part = Part::ToolCall { id: Some(id.to_owned()), name: name.to_owned(), arguments, extra: None };
        Said { role: "assistant".to_owned(), name: None, parts: vec![part] }
    }

    fn result(id: &str, result: &str) -> Said {
        let part = Part::ToolResult { id: Some(id.to_owned()), result: json!(result), is_error: false };
        Said { role: "tool".to_owned(), name: None, parts: vec![part] }
    }

    fn contents(made: &[Made]) -> Vec<(&str, &str)> {
        made.iter().map(|made| (made.name.as_str(), made.content.as_str())).collect()
    }

    #[test]
    fn results_come_from_spans_of_tools_and_from_messages_each_once_in_order() {
        let mut results = Results::default();
        let at = |at: u32| json!({"at": at});
        // The span of a model that hears all of them comes first here, as it may.
        let input = vec![
            call("1", "look", at(1)),
            result("1", "a rose"),
            call("2", "turn", at(2)),
            result("2", "around"),
        ];
        let heard = Contents { input, output: vec![call("3", "look", at(3))], ..Contents::default() };
        results.read(&span(20), &facts(Kind::Model), &heard);
        results.read(&span(40), &facts(Kind::Model), &heard);
        // Its call stands in the answer before.
        let more = Contents { input: vec![result("3", "a thorn")], ..Contents::default() };
        results.read(&span(30), &facts(Kind::Model), &more);
        results.read(&span(10), &facts(Kind::Tool), &ran("look", Some("1"), at(1), json!("a rose")));
        let failed = TraceSpan { status: Status::Error, ..span(50) };
        let words = Facts { words: "it is dark", ..facts(Kind::Tool) };
        let none =
            Contents { ran: Some(Ran { name: "look".to_owned(), ..Ran::default() }), ..Contents::default() };
        results.read(&failed, &words, &none);
        results.read(&span(60), &facts(Kind::Tool), &none);
        let made = results.made();
        let wanted = [("look", "a rose"), ("turn", "around"), ("look", "a thorn"), ("look", "it is dark")];
        assert_eq!(contents(&made), wanted);
        assert_eq!((made[2].input.clone(), made[3].is_error), (at(3), true));
    }

    #[test]
    fn tools_that_the_trace_does_not_define_are_those_whose_calls_it_has() {
        let made =
            |input: Json| Made { name: "look".to_owned(), input, content: String::new(), is_error: false };
        let made = vec![made(json!({"at": 1})), made(json!({"of": "x"}))];
        let place = Place { trace: TraceId([1; 16]), span: SpanKey(1) };
        let of = |original: Original, contents: &Contents| {
            Recorded::of(place, "a".to_owned(), original, contents, made.clone())
        };
        let schema = json!({"type": "object", "properties": {"at": {}, "of": {}}});
        let told = of(Original::default(), &Contents::default());
        let tool = Tool { name: "look".to_owned(), description: String::new(), schema };
        assert_eq!(told.asked.settings.tools, vec![tool.clone()]);
        assert!(told.remarks[0].contains("does not define look"), "{:?}", told.remarks);
        // What it defines stays, and what it only names gets its arguments.
        let mut original = Original::default();
        let own = json!({"type": "object", "properties": {"at": {"type": "integer"}}});
        original.asked.settings.tools = vec![Tool { schema: own.clone(), ..tool.clone() }];
        let offered = |schema: Json| Contents {
            offered: vec![Offered { name: "look".to_owned(), description: None, schema }],
            ..Contents::default()
        };
        let told = of(original.clone(), &offered(own.clone()));
        assert_eq!((told.asked.settings.tools[0].schema.clone(), told.remarks.len()), (own, 0));
        let told = of(original, &offered(Json::Null));
        assert_eq!((told.asked.settings.tools, told.remarks.len()), (vec![tool], 1));
    }
}
