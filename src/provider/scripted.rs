//! A voice that plays a script: for tests of every layer, for benches, and for trying the screen without a model.
//!
//! `[providers.NAME] kind = "scripted"` configures it. The model's name selects the script; `@R` after it plays R
//! pieces a second (on tokio's clock, so a paused one plays at once), without it they come at once:
//!
//! | model | what it does |
//! |---|---|
//! | `echo` | says the last message of the person again, a word a piece |
//! | `stream-N` | N words in paragraphs of sixty, `stream-400@500` in 0.8 s |
//! | `reasoning` | thinks for twelve words, seals the thought, answers |
//! | `markdown` | headings, lists, tasks, a quote, a table, code, maths |
//! | `wide` | CJK, emoji with joiners, combining marks, right-to-left text |
//! | `hostile` | escape sequences, C1, bidi and tag characters, as text and as reasoning |
//! | `tools` | asks for the tool `get_weather` |
//! | `acts` | plays the message whose first line is `acts`: parts between lines of `---`, one an answer; a line `call NAME JSON` calls that tool |
//! | `picture` | shows a picture between two sentences |
//! | `queue` | waits behind two others, reads the prompt in steps, answers |
//! | `silent` | ends without a word |
//! | `replace` | says a sentence, then a check takes half of it back |
//! | `stall` | three words, nothing for 60 s, then the error of a stalled stream |
//! | `hang` | never says anything |
//! | `cut` | three words, then the connection breaks |
//! | `fail-401` `fail-404` `fail-429` `fail-500` `fail-529` `fail-context` | that error, before any word |
//!
//! Every script counts a word as a token, obeys `max_tokens`, and ends with usage and a stop reason. Another name is
//! `NotFound` and lists these.

use std::time::Duration;

use futures_util::{StreamExt, stream};
use tokio::time::Instant;

use super::answering::keeps_none;
use super::{Events, Provider};
use crate::domain::call::{Call, Converse, Turn};
use crate::domain::catalog::{Capability, ModelCard, ModelId};
use crate::domain::delta::Event;
use crate::domain::left_out::LeftOut;
use crate::domain::message::{Block, Role, StopReason, Usage};
use crate::domain::{Error, ErrorKind, Result};
use crate::net::Client;

/// How long `stall` says nothing before it fails, as `net` would after its idle time-out.
const STALL: Duration = Duration::from_mins(1);
/// The context of every scripted model, in words.
const CONTEXT: u32 = 8192;
/// The names that a list shows; `stream-N` and `fail-…` take other numbers too.
const NAMES: &[&str] = &[
    "echo",
    "stream-400@500",
    "reasoning",
    "markdown",
    "wide",
    "hostile",
    "tools",
    "queue",
    "silent",
    "replace",
    "stall",
    "hang",
    "cut",
    "fail-401",
    "fail-404",
    "fail-429",
    "fail-500",
    "fail-529",
    "fail-context",
];
const WORDS: &[&str] = &[
    "the", "river", "carries", "silt", "past", "stone", "walls", "while", "quiet", "engines", "count",
    "every", "grain", "and", "patient", "readers", "compare", "two", "answers", "line", "by", "line",
];
const MARKDOWN: &str = include_str!("scripted/markdown.md");
/// A PNG of one pixel.
const PICTURE: &[u8] = include_bytes!("scripted/pixel.png");
const WIDE: &str = "漢字かな交じり文 한국어 👩‍👩‍👧‍👦 🇫🇷 👍🏽 e\u{301} ñ ｆｕｌｌ ｗｉｄｔｈ \u{5e2}\u{5d1}\u{5e8}\u{5d9}\u{5ea} \u{627}\u{644}\u{639}\u{631}\u{628}\u{64a}\u{629} ﷽ नमस्ते ไทย done";
const HOSTILE: &str = "before \u{1b}[31mred\u{1b}[0m \u{1b}]52;c;ZXZpbA==\u{7} \u{1b}]0;title\u{7} \u{1b}[2J\u{1b}[H \
    \u{1b}]8;;https://evil.example\u{1b}\\click\u{1b}]8;;\u{1b}\\ \u{9b}31m \u{1b}[6n \u{1b}P+q544e\u{1b}\\ \u{7f}\u{8}\r \
    \u{202e}drawkcab\u{202c} \u{e0041}\u{e0042} &#27;[31m zero\u{200b}width \u{1b}]8;;unclosed after";

/// The voice; see the table above.
#[derive(Debug)]
pub struct Scripted {
    name: String,
}

impl Scripted {
    /// A voice whose models are `name/…`.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into() }
    }
}

impl Provider for Scripted {
    fn name(&self) -> &str {
        &self.name
    }

    fn left_out(&self, converse: &Converse) -> Vec<LeftOut> {
        let names = ["temperature", "top_p", "top_k", "repeat_penalty", "stop", "seed", "reasoning"];
        LeftOut::of(&converse.settings, &names, "a script is played as it stands").into_iter().collect()
    }

    fn serve(&self, call: Call, _: &Client) -> Events {
        let steps = match call {
            Call::Converse(converse) => {
                let (name, rate) = rated(converse.model.model());
                match script(name, &converse) {
                    Ok(script) => return play(obeying(script, &converse), rate),
                    Err(error) => vec![Step::Fail(error)],
                }
            }
            Call::ListModels => match cards(&self.name) {
                Ok(cards) => vec![Step::Say(Event::Models { cards })],
                Err(error) => vec![Step::Fail(error)],
            },
            Call::CountTokens(converse) => vec![Step::Say(Event::Tokens { count: prompt_words(&converse) })],
            Call::Image(picture) => vec![Step::Fail(Error::new(
                ErrorKind::Refused { capability: "images".into() },
                format!("making a picture with {}", picture.model),
                "scripted models make no pictures",
                "Ask a model that makes them.",
            ))],
            Call::Rerank(asked) => vec![Step::Fail(Error::new(
                ErrorKind::Refused { capability: "rerank".into() },
                format!("reranking with {}", asked.model),
                "scripted models put nothing in order",
                "Ask a model that reranks.",
            ))],
            Call::Pull { model } | Call::Remove { model } => return keeps_none(&model),
            Call::Embed { model, .. } => vec![Step::Fail(Error::new(
                ErrorKind::Refused { capability: "embed".into() },
                format!("embedding with {model}"),
                "scripted models make no vectors",
                "Ask a model that embeds.",
            ))],
        };
        play(steps, None)
    }
}

/// One thing that a script does.
#[derive(Debug, Clone, PartialEq)]
enum Step {
    Say(Event),
    Wait(Duration),
    Fail(Error),
    Never,
}

/// The name and the pieces a second.
fn rated(model: &str) -> (&str, Option<f64>) {
    match model.split_once('@') {
        Some((name, rate)) => (name, rate.parse().ok().filter(|r: &f64| *r > 0.0)),
        None => (model, None),
    }
}

/// Plays the steps: piece `n` is due `n / rate` after the first, so that late timers do not add up.
fn play(steps: Vec<Step>, rate: Option<f64>) -> Events {
    let start = Instant::now();
    stream::unfold((steps.into_iter(), 0_u32, start), move |(mut steps, mut pieces, mut start)| async move {
        loop {
            match steps.next()? {
                Step::Say(event) => {
                    if let Some(rate) = rate
                        && is_piece(&event)
                    {
                        pieces += 1;
                        tokio::time::sleep_until(start + Duration::from_secs_f64(f64::from(pieces) / rate))
                            .await;
                    }
                    return Some((Ok(event), (steps, pieces, start)));
                }
                Step::Wait(time) => {
                    tokio::time::sleep(time).await;
                    start += time;
                }
                Step::Fail(error) => return Some((Err(error), (Vec::new().into_iter(), pieces, start))),
                Step::Never => std::future::pending::<()>().await,
            }
        }
    })
    .boxed()
}

fn is_piece(event: &Event) -> bool {
    matches!(event, Event::Text { .. } | Event::Reasoning { .. })
}

/// Cuts the script at `max_tokens`, and puts usage and the stop reason behind it if it ends by itself.
fn obeying(script: Vec<Step>, converse: &Converse) -> Vec<Step> {
    let limit = converse.settings.max_tokens.map_or(usize::MAX, |n| n as usize);
    let mut steps = Vec::with_capacity(script.len() + 3);
    steps.push(Step::Say(Event::Context { tokens: CONTEXT }));
    let mut pieces = 0;
    let mut reasoning = 0;
    let mut reason = StopReason::EndTurn;
    for step in script {
        if let Step::Say(event) = &step {
            if is_piece(event) {
                if pieces == limit {
                    reason = StopReason::MaxTokens;
                    break;
                }
                pieces += 1;
                reasoning += usize::from(matches!(event, Event::Reasoning { .. }));
            } else if matches!(event, Event::ToolUse { .. }) {
                reason = StopReason::ToolUse;
            }
        }
        let last = matches!(step, Step::Fail(_) | Step::Never);
        steps.push(step);
        if last {
            return steps;
        }
    }
    let usage = Usage {
        input: Some(prompt_words(converse)),
        output: Some(pieces as u32),
        cache_read: None,
        cache_write: None,
        reasoning: (reasoning > 0).then_some(reasoning as u32),
        estimated: false,
    };
    steps.extend([Step::Say(Event::Usage { usage }), Step::Say(Event::Stop { reason })]);
    steps
}

fn prompt_words(converse: &Converse) -> u32 {
    let words = |text: &str| text.split_whitespace().count();
    let turns = converse.turns.iter().flat_map(|t| &t.blocks).map(|block| match block {
        Block::Text { text } => words(text),
        _ => 0,
    });
    (turns.sum::<usize>() + converse.system.as_deref().map_or(0, words)) as u32
}

fn script(name: &str, converse: &Converse) -> Result<Vec<Step>> {
    let doing = format!("asking {}", converse.model);
    let mut steps = Vec::new();
    match name {
        "echo" => text(&mut steps, &said_last(converse)),
        "reasoning" => {
            steps.extend(stream_of(12).into_iter().map(|text| Step::Say(Event::Reasoning { text })));
            steps.push(Step::Say(Event::ReasoningSignature { signature: "sealed".into() }));
            text(&mut steps, "So the answer is forty-two.");
        }
        "markdown" => text(&mut steps, MARKDOWN),
        "wide" => text(&mut steps, WIDE),
        "hostile" => {
            steps.push(Step::Say(Event::Reasoning { text: HOSTILE.into() }));
            // Character by character: a sequence that is cut anywhere must stay harmless.
            steps.extend(HOSTILE.chars().map(|c| Step::Say(Event::Text { text: c.to_string() })));
        }
        "tools" => {
            text(&mut steps, "Let me look.");
            steps.push(Step::Say(Event::ToolUse {
                id: "call_1".into(),
                name: "get_weather".into(),
                input: serde_json::json!({ "city": "Oslo" }),
            }));
        }
        "acts" => act(&mut steps, converse),
        "picture" => {
            text(&mut steps, "Here it is:");
            let media_type = "image/png".to_owned();
            steps.push(Step::Say(Event::Image { media_type, bytes: PICTURE.to_vec() }));
            text(&mut steps, "One pixel.");
        }
        "queue" => {
            steps.extend((0..=2).rev().map(|ahead| Step::Say(Event::Queued { ahead })));
            let prefill = |done| Step::Say(Event::Prefill { done, total: 256, cached: 64 });
            steps.extend([64, 128, 192, 256].map(prefill));
            text(&mut steps, "Thank you for waiting.");
        }
        "silent" => {}
        "replace" => {
            text(&mut steps, "The code is 1234 and more.");
            steps.push(Step::Say(Event::Replace {
                from: 12,
                text: "[masked]".into(),
                why: "scripted".into(),
            }));
        }
        "stall" => {
            text(&mut steps, "one two three");
            steps.push(Step::Wait(STALL));
            let why = format!("nothing came for {} s", STALL.as_secs());
            steps.push(Step::Fail(Error::new(
                ErrorKind::Timeout,
                doing,
                why,
                "What came is kept; try again.",
            )));
        }
        "hang" => steps.push(Step::Never),
        "cut" => {
            text(&mut steps, "one two three");
            let why = "the connection broke in the middle of the answer";
            steps.push(Step::Fail(Error::new(
                ErrorKind::Network,
                doing,
                why,
                "What came is kept; try again.",
            )));
        }
        _ => {
            if let Some(failure) = name.strip_prefix("fail-").and_then(|code| failure(code, &doing)) {
                steps.push(Step::Fail(failure));
            } else if let Some(count) = name.strip_prefix("stream-").and_then(|n| n.parse().ok()) {
                steps.extend(stream_of(count).into_iter().map(|text| Step::Say(Event::Text { text })));
            } else {
                return Err(Error::new(
                    ErrorKind::NotFound,
                    doing,
                    format!("there is no script {name:?}"),
                    format!("Scripts are: {}.", NAMES.join(", ")),
                ));
            }
        }
    }
    Ok(steps)
}

/// Adds a text, a word a piece, its white space kept.
fn text(steps: &mut Vec<Step>, text: &str) {
    steps
        .extend(text.split_inclusive(char::is_whitespace).map(|t| Step::Say(Event::Text { text: t.into() })));
}

/// Plays the part that is due of the script that the person gave.
fn act(steps: &mut Vec<Step>, converse: &Converse) {
    let mut given: Option<(usize, &str)> = None;
    for (at, turn) in converse.turns.iter().enumerate() {
        let Some(script) = script_of(turn) else { continue };
        // Who says it again with more behind it goes on with it.
        if given.is_none_or(|(_, known)| script == known || !script.starts_with(known)) {
            given = Some((at, script));
        }
    }
    let Some((at, script)) = given else { return text(steps, "There is no script.") };
    let played = converse.turns[at..].iter().filter(|turn| turn.role == Role::Assistant).count();
    let part = script.split("\n---\n").nth(played).unwrap_or("There is no more in the script.");
    for (number, line) in part.lines().enumerate() {
        let call = line.strip_prefix("call ").and_then(|call| {
            let (name, input) = call.split_once(' ')?;
            Some((name.to_owned(), serde_json::from_str(input).ok()?))
        });
        match call {
            Some((name, input)) => {
                let id = format!("call_{played}_{number}");
                steps.push(Step::Say(Event::ToolUse { id, name, input }));
            }
            None => text(steps, &format!("{line}\n")),
        }
    }
}

fn script_of(turn: &Turn) -> Option<&str> {
    turn.blocks.iter().find_map(|block| block.said()?.strip_prefix("acts\n"))
}

/// What the person said last; an answer to be continued goes on with three dots.
fn said_last(converse: &Converse) -> String {
    let continued = converse.turns.last().is_some_and(|t| t.role == Role::Assistant);
    let last = converse.turns.iter().rev().find(|t| t.role == Role::User);
    let mut said: Vec<&str> = if continued { vec!["…"] } else { vec![] };
    for block in last.iter().flat_map(|t| &t.blocks) {
        if let Block::Text { text } = block {
            said.push(text);
        }
    }
    said.join("\n\n")
}

/// `count` words, a full stop and a blank line after every sixtieth.
fn stream_of(count: usize) -> Vec<String> {
    (0..count)
        .map(|i| format!("{}{}", WORDS[i % WORDS.len()], if i % 60 == 59 { ".\n\n" } else { " " }))
        .collect()
}

fn failure(code: &str, doing: &str) -> Option<Error> {
    let (kind, why, hint) = match code {
        "401" => (ErrorKind::Auth, "the key was not accepted", "Check api_key in the configuration."),
        "404" => (ErrorKind::NotFound, "the server has no such model", "`outcrop models list` shows them."),
        "429" => {
            let kind = ErrorKind::RateLimited { retry_after_ms: Some(1000) };
            (kind, "too many requests", "Wait a second, then retry.")
        }
        "500" => (ErrorKind::Server { status: 500 }, "the server failed", "Try again."),
        "529" => (ErrorKind::Overloaded, "the server has no room now", "Try again later."),
        "context" => {
            let kind = ErrorKind::ContextLength { tokens: CONTEXT + 1, limit: CONTEXT };
            (kind, "the conversation is longer than the model's context", "Start a new conversation.")
        }
        _ => return None,
    };
    Some(Error::new(kind, doing, why, hint))
}

fn cards(provider: &str) -> Result<Vec<ModelCard>> {
    NAMES
        .iter()
        .map(|name| {
            Ok(ModelCard {
                capabilities: vec![Capability::Chat],
                lacks: vec![Capability::Embed, Capability::Vision, Capability::Documents, Capability::Images],
                context: Some(CONTEXT),
                detail: "plays a script".to_owned(),
                ..ModelCard::unknown(ModelId::new(provider, name)?)
            })
        })
        .collect()
}
