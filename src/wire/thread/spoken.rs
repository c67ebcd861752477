//! Conversations in Markdown: what `markdown` wrote, and the notes of other programs that have a heading a turn.
//!
//! People and models say what they say as Markdown too: in what this program wrote, only a heading with a date under it
//! begins a turn. Files and calls of tools stay as the text that stands for them.

use super::{Ids, blank, imported_answer};
use crate::domain::catalog::ModelId;
use crate::domain::conversation::{Conversation, Thread, title_from};
use crate::domain::message::{
    Answer, Block, Message, MessageOrigin, Outcome, Role, StopReason, Timing, Usage,
};
use crate::domain::time::Timestamp;

/// The conversations of a text, oldest first; what cannot be taken is added to `skipped`.
pub(super) fn threads(text: &str, ids: &mut dyn Ids, skipped: &mut Vec<String>) -> Vec<Thread> {
    let lines: Vec<&str> = text.lines().collect();
    let mut starts: Vec<usize> = (0..lines.len()).filter(|at| is_front(&lines[*at..])).collect();
    if starts.first() != Some(&0) {
        starts.insert(0, 0);
    }
    let ends = starts.iter().skip(1).copied().chain([lines.len()]);
    starts.iter().zip(ends).filter_map(|(start, end)| thread(&lines[*start..end], ids, skipped)).collect()
}

/// Whether the front matter of an export begins here.
fn is_front(lines: &[&str]) -> bool {
    let begins = |at: usize, with: &str| lines.get(at).is_some_and(|line| line.starts_with(with));
    lines.first() == Some(&"---") && begins(1, "title: \"") && begins(2, "id: \"")
}

/// One turn as it is read.
struct Turn<'a> {
    role: Role,
    model: Option<ModelId>,
    date: Option<Timestamp>,
    lines: Vec<&'a str>,
}

fn thread(lines: &[&str], ids: &mut dyn Ids, skipped: &mut Vec<String>) -> Option<Thread> {
    let mut head = Conversation { titled: true, ..blank(ids.conversation()) };
    let ours = is_front(lines);
    let mut rest = lines;
    if ours {
        let end = lines.iter().skip(1).position(|line| *line == "---")? + 1;
        for line in &lines[1..end] {
            take_field(&mut head, line, skipped);
        }
        rest = &lines[end + 1..];
    }
    let mut turns: Vec<Turn<'_>> = Vec::new();
    let mut at = 0;
    let mut fence = None;
    while at < rest.len() {
        let line = rest[at];
        let begun = if fence.is_none() { begin(&rest[at..], ours) } else { None };
        if let Some((turn, used)) = begun {
            turns.push(turn);
            at += used;
            continue;
        }
        fence = fenced(fence, line);
        match turns.last_mut() {
            Some(turn) => turn.lines.push(line),
            None if head.title.is_empty() => {
                line.strip_prefix("# ").unwrap_or_default().trim().clone_into(&mut head.title);
            }
            None => {}
        }
        at += 1;
    }
    let mut messages: Vec<Message> = Vec::new();
    for turn in turns {
        if turn.role == Role::System && !ours {
            head.system = Some(trimmed(&turn.lines).join("\n"));
            continue;
        }
        let parent = messages.last().map(|message| message.id);
        let message = Message { parent, ..message(turn, &head, ids) };
        if !message.blocks.is_empty() || message.answer.is_some() {
            messages.push(message);
        }
    }
    if head.title.is_empty() {
        let first = messages.iter().find(|message| message.role == Role::User);
        head.title = first.map(|message| title_from(&message.text())).unwrap_or_default();
        head.titled = false;
    }
    head.leaf = Some(messages.last()?.id);
    Some(Thread { conversation: head, messages })
}

/// A line of the front matter.
fn take_field(head: &mut Conversation, line: &str, skipped: &mut Vec<String>) {
    let Some((name, value)) = line.split_once(": ") else { return };
    let Ok(value) = serde_json::from_str::<String>(value) else {
        skipped.push(format!("{:?}: what it says of {name:?}", head.title));
        return;
    };
    match name {
        "title" => head.title = value,
        "model" => head.model = value.parse().ok(),
        "created" => head.created = moment(&value).unwrap_or_default(),
        "updated" => head.updated = moment(&value).unwrap_or_default(),
        "system" => head.system = Some(value),
        "id" => {}
        setting => {
            if let Err(error) = head.settings.set(setting, &value) {
                skipped.push(format!("{:?}: {}", head.title, error.why));
            }
        }
    }
}

fn moment(text: &str) -> Option<Timestamp> {
    text.parse::<jiff::Timestamp>().ok().map(|at| Timestamp(at.as_millisecond()))
}

/// The turn that begins at the first line, and how many lines that takes.
fn begin<'a>(lines: &[&'a str], ours: bool) -> Option<(Turn<'a>, usize)> {
    let heading = lines.first()?.strip_prefix('#')?.trim_start_matches('#').strip_prefix(' ')?;
    let who = heading.trim().trim_end_matches(':');
    let (role, model) = speaker(who, ours)?;
    let date = lines.get(2).and_then(|line| line.strip_prefix('*')?.strip_suffix('*')).and_then(moment);
    let dated = date.is_some() && lines.get(1).is_some_and(|line| line.is_empty());
    if ours && !dated {
        return None;
    }
    let turn = Turn { role, model, date: date.filter(|_| dated), lines: Vec::new() };
    Some((turn, if dated { 3 } else { 1 }))
}

/// Who speaks under a heading; names that other programs write count where the file is not this program's.
fn speaker(who: &str, ours: bool) -> Option<(Role, Option<ModelId>)> {
    let role = match (who.to_lowercase().as_str(), ours) {
        ("you", _) | ("user" | "human" | "me" | "question" | "prompt", false) => Role::User,
        ("assistant", _) | ("ai" | "bot" | "model" | "answer" | "response", false) => Role::Assistant,
        ("system", _) | ("system prompt", false) => Role::System,
        ("tool", _) => Role::Tool,
        _ => {
            let model = who.parse::<ModelId>().ok().filter(|_| !who.contains(' '))?;
            return Some((Role::Assistant, Some(model)));
        }
    };
    Some((role, None))
}

/// The fence that is open after a line.
fn fenced(open: Option<usize>, line: &str) -> Option<usize> {
    let line = line.trim_start();
    let ticks = line.len() - line.trim_start_matches('`').len();
    match open {
        None if ticks >= 3 => Some(ticks),
        Some(open) if ticks >= open && line.trim_end().len() == ticks => None,
        open => open,
    }
}

fn trimmed<'a, 'b>(lines: &'b [&'a str]) -> &'b [&'a str] {
    let blank = |line: &&str| line.trim().is_empty();
    let start = lines.iter().position(|line| !blank(line)).unwrap_or(lines.len());
    let end = lines.iter().rposition(|line| !blank(line)).map_or(start, |at| at + 1);
    &lines[start..end]
}

fn message(turn: Turn<'_>, head: &Conversation, ids: &mut dyn Ids) -> Message {
    let mut lines = trimmed(&turn.lines);
    let answer = turn.model.map(|model| {
        let figures = lines.last().and_then(|line| Figures::read(line));
        if figures.is_some() {
            lines = trimmed(&lines[..lines.len() - 1]);
        }
        figures.unwrap_or_default().answer(model)
    });
    let mut blocks = Vec::new();
    if lines.first() == Some(&"> *Reasoning*") {
        let end = lines.iter().position(|line| !line.starts_with('>')).unwrap_or(lines.len());
        let thought = lines[1..end].iter().map(|line| line[1..].strip_prefix(' ').unwrap_or(&line[1..]));
        let thought: Vec<&str> = thought.collect();
        blocks.push(Block::Reasoning { text: trimmed(&thought).join("\n"), signature: None });
        lines = trimmed(&lines[end..]);
    }
    if !lines.is_empty() {
        blocks.push(Block::Text { text: lines.join("\n") });
    }
    Message {
        id: ids.message(),
        conversation: head.id,
        parent: None,
        role: turn.role,
        blocks,
        created: turn.date.unwrap_or(head.created),
        answer,
        origin: MessageOrigin::Imported,
    }
}

/// What the last line of an answer tells of it.
#[derive(Debug, Default, PartialEq)]
struct Figures {
    first_token_ms: Option<u32>,
    /// Tokens per second.
    rate: Option<f64>,
    input: Option<u32>,
    output: Option<u32>,
    outcome: Option<Outcome>,
}

impl Figures {
    /// `None` where the line is a text of the answer.
    fn read(line: &str) -> Option<Self> {
        let mut figures = Self::default();
        for part in line.strip_prefix('*')?.strip_suffix('*')?.split(" · ") {
            let complete = |reason| Some(Outcome::Complete { reason });
            if let Some(seconds) = part.strip_suffix(" s to the first token") {
                figures.first_token_ms = Some((seconds.parse::<f64>().ok()? * 1000.0).round() as u32);
            } else if let Some(rate) = part.strip_suffix(" tokens/s") {
                figures.rate = Some(rate.parse::<f64>().ok()?);
            } else if let Some(tokens) = part.strip_suffix(" tokens") {
                let (input, output) = match tokens.split_once(" → ") {
                    Some((input, output)) => (Some(input.parse().ok()?), output),
                    None => (None, tokens),
                };
                (figures.input, figures.output) = (input, Some(output.parse().ok()?));
            } else {
                figures.outcome = match part {
                    "cut at the longest answer" => complete(StopReason::MaxTokens),
                    "the context is full" => complete(StopReason::ContextFull),
                    "filtered" => complete(StopReason::Filtered),
                    "stopped" => Some(Outcome::Stopped),
                    "interrupted" => Some(Outcome::Interrupted),
                    _ => return None,
                };
            }
        }
        Some(figures)
    }

    fn answer(self, model: ModelId) -> Answer {
        let window = self.rate.filter(|rate| *rate > 0.0).zip(self.output.filter(|tokens| *tokens > 1));
        let window = window.map(|(rate, tokens)| f64::from(tokens - 1) * 1000.0 / rate);
        let total = self
            .first_token_ms
            .zip(window)
            .map(|(first, window)| first.saturating_add(window.round() as u32));
        let mut answer = imported_answer(model);
        answer.usage = Usage { input: self.input, output: self.output, ..Usage::default() };
        answer.timing = Timing { first_token_ms: self.first_token_ms, total_ms: total, ..Timing::default() };
        if let Some(outcome) = self.outcome {
            answer.outcome = outcome;
        }
        answer
    }
}
