//! `outcrop chat`: one turn, its answer on the standard output as it comes.

use futures_util::FutureExt;
use tokio::time::{Duration, Instant, interval_at};

use super::args::Chat as Arguments;
use super::conversations::{message, thread};
use super::out::Out;
use super::progress::Progress;
use super::prompt::blocks;
use super::wishes::Wishes;
use super::{Asker, End, Exit, agents, tools, unexpected};
use crate::domain::agent::acting::End as AgentEnd;
use crate::domain::conversation::{Change, Conversation};
use crate::domain::delta::Event;
use crate::domain::figures::count;
use crate::domain::id::ConversationId;
use crate::domain::knowledge::grounding::Source;
use crate::domain::knowledge::retrieval::is_alike;
use crate::domain::message::{Block, Message, Outcome, Role, StopReason};
use crate::domain::schema::SchemaCheck;
use crate::domain::settings::Settings;
use crate::domain::tree::Tree;
use crate::domain::untrusted::safe_line;
use crate::domain::{Error, ErrorKind, Result};
use crate::workbench::request::chat::{Chat, Target};
use crate::workbench::request::conversations::Conversations;
use crate::workbench::{Reply, Request};

/// A pause is worth a line from so many milliseconds on.
const SHORT: u64 = 100;

/// How long nothing comes before that is said.
const PATIENCE: Duration = Duration::from_secs(5);

pub(super) async fn chat(arguments: Arguments, asker: &Asker, out: &mut Out) -> Result<Exit, End> {
    out.set_raw(arguments.raw)?;
    if let Some(file) = &asker.config.record {
        out.note(&format!("the call is recorded on {}", file.display()))?;
    }
    let wishes = Wishes::of(&arguments.wishes, &asker.config)?;
    let again = arguments.retry || arguments.finish;
    let mut blocks = if again {
        Vec::new()
    } else {
        blocks(&arguments.said, !arguments.tool_result.is_empty(), asker, out).await?
    };
    if !arguments.tool_result.is_empty() {
        blocks.splice(0..0, given(&arguments, asker, out).await?);
    }
    let existing = existing(&arguments, asker, out).await?;
    let aside = match &existing {
        Some(head) if again || arguments.instead.is_some() => {
            Some(aside(&arguments, head.id, std::mem::take(&mut blocks), asker, out).await?)
        }
        _ => None,
    };
    let (to, mut before) = target(existing, wishes, asker, out).await?;
    let kept = before.change.is_some();
    let request = Request::Chat(aside.unwrap_or(Chat::Send { to, blocks }));
    let answered = turn(request, &mut before, asker, out).await;
    let in_vain = match &answered {
        Ok(answer) => answer.blocks.is_empty() && failure(answer).is_some(),
        Err(End::Error(_)) => !before.started,
        Err(End::BrokenPipe) => false,
    };
    if in_vain && let Some(request) = before.back() {
        // What went wrong first is what the person is told.
        if asker.one(Request::Conversations(request), out).await.is_ok() {
            out.note(if kept {
                "the conversation goes on where it did before"
            } else {
                "the question is kept nowhere, so that --continue does not go on with it"
            })?;
        }
    }
    let answer = answered?;
    tools::say(&answer, out)?;
    end(&answer, out)
}

/// What the tools give back that the last answer of the conversation calls.
async fn given(arguments: &Arguments, asker: &Asker, out: &mut Out) -> Result<Vec<Block>, End> {
    let thread = match &arguments.conversation {
        Some(text) => thread(text, asker, out).await?,
        None if arguments.go_on => {
            let id = newest(asker, out).await?.id;
            match asker.one(Request::Conversations(Conversations::Open { id }), out).await? {
                Reply::Thread { thread } => thread,
                other => return Err(unexpected(&other)),
            }
        }
        None => {
            return Err(Error::new(
                ErrorKind::Invalid,
                "answering the calls of tools",
                "--tool-result goes on with a conversation, and none is named",
                "Add --continue for the newest one, or --conversation ID.",
            )
            .into());
        }
    };
    let tree = Tree::new(&thread.messages);
    let path = thread.conversation.leaf.map(|leaf| tree.path(leaf)).unwrap_or_default();
    Ok(tools::results(arguments, &path)?)
}

/// What is asked elsewhere than at the end: an answer again, or further, or a message in the place of another one.
async fn aside(
    arguments: &Arguments,
    conversation: ConversationId,
    blocks: Vec<Block>,
    asker: &Asker,
    out: &mut Out,
) -> Result<Chat, End> {
    let reply = asker.one(Request::Conversations(Conversations::Open { id: conversation }), out).await?;
    let Reply::Thread { thread } = reply else { return Err(unexpected(&reply)) };
    let named = arguments.at.as_deref().or(arguments.instead.as_deref());
    let id = match named {
        Some(text) => Some(message(&thread, text)?),
        None => thread.conversation.leaf,
    };
    let bad = |why: &str, hint: &str| Error::new(ErrorKind::Invalid, "asking in another branch", why, hint);
    let Some(found) = thread.messages.iter().find(|message| Some(message.id) == id) else {
        return Err(bad("nothing was said in the conversation yet", "Say something first.").into());
    };
    if arguments.retry {
        return Ok(Chat::Retry { conversation, message: found.id });
    }
    if arguments.finish {
        return Ok(Chat::Continue { conversation, message: found.id });
    }
    if found.role != Role::User {
        let hint = "Name a message of yours; --retry answers again.";
        return Err(bad("--instead names an answer", hint).into());
    }
    Ok(Chat::Send { to: Target::After { conversation, parent: found.parent }, blocks })
}

/// What stood before the turn. A question that brought nothing at all leaves nothing that the next `--continue` would go on
/// with.
#[derive(Debug)]
pub(super) struct Before {
    /// The conversation; a new one is not known before it begins.
    id: Option<ConversationId>,
    /// What makes an existing one as it was.
    change: Option<Change>,
    started: bool,
}

impl Before {
    /// Nothing is brought back.
    pub(super) const fn nothing() -> Self {
        Self { id: None, change: None, started: false }
    }

    /// The request that brings it back, where there is something to bring back.
    fn back(self) -> Option<Conversations> {
        match (self.id?, self.change) {
            (id, Some(change)) => Some(Conversations::Change { id, change }),
            (id, None) => Some(Conversations::Remove { id }),
        }
    }
}

/// Asks and prints the answer as it comes.
pub(super) async fn turn(
    request: Request,
    before: &mut Before,
    asker: &Asker,
    out: &mut Out,
) -> Result<Message, End> {
    let mut replies = agents::Following::of(asker.ask(request));
    let mut wait = Wait::new(out.json);
    let mut seconds = interval_at(wait.began + PATIENCE, Duration::from_secs(1));
    let mut finished = None;
    // Streamed text so far: a check may take some of it back.
    let mut streamed = String::new();
    let mut shown = false;
    loop {
        let next = if let Some(next) = replies.next().now_or_never() {
            next
        } else {
            out.show().await?;
            if std::mem::take(&mut shown) {
                gather();
            }
            tokio::select! {
                biased;
                next = replies.next() => next,
                _ = seconds.tick(), if wait.on => {
                    wait.show();
                    continue;
                }
            }
        };
        let Some(reply) = next else { break };
        let reply = reply?;
        if out.json {
            out.streamed(&reply).await?;
        }
        match reply {
            Reply::Started { conversation, answer, .. } => {
                before.started = true;
                before.id = Some(conversation.id);
                if let Some(answer) = answer.answer {
                    wait.whom = answer.model.to_string();
                }
            }
            Reply::Delta { event } => {
                wait.hear(&event);
                shown |= matches!(event, Event::Text { .. } | Event::Reasoning { .. });
                if !out.json {
                    delta(event, &mut streamed, out).await?;
                }
            }
            Reply::AgentEvent { event } => {
                wait.end();
                if !agents::decides(&event, false, &mut replies, asker, out).await? && !out.json {
                    agents::tell(&event, out)?;
                }
            }
            Reply::Finished { answer } => {
                if !out.json && answer.acting().is_some() {
                    // What comes of an agent's steps may be none of the answer: it is printed whole.
                    out.piece(&answer.text()).await?;
                }
                finished = Some(answer);
            }
            other => return Err(unexpected(&other)),
        }
    }
    drop(wait);
    if !out.json {
        out.end_piece().await?;
    }
    finished.ok_or_else(|| Error::internal("waiting for the answer", "it never ended").into())
}

/// How long what comes is left to gather once something was shown: a thirtieth of a second, which still reads as flowing text.
const FRAME: Duration = Duration::from_millis(33);

/// Lets what comes next gather: a token that wakes this process by itself costs more than all that is done with it, and it
/// would wake whatever waits on this thread, the only one of the command. Whom the process serves besides waits as long.
#[expect(
    clippy::disallowed_methods,
    reason = "what sleeps on tokio's clock is woken by each token all the same"
)]
fn gather() {
    std::thread::sleep(FRAME);
}

/// Says on the standard error that nothing came so far: a line that counts on a terminal, one remark elsewhere.
struct Wait {
    on: bool,
    whom: String,
    doing: &'static str,
    /// It waits for its turn: so many calls are before it.
    ahead: Option<u32>,
    began: Instant,
    progress: Progress,
}

impl Wait {
    fn new(silent: bool) -> Self {
        Self {
            on: true,
            whom: "an answer".to_owned(),
            doing: "waiting for",
            ahead: None,
            began: Instant::now(),
            progress: Progress::new(silent),
        }
    }

    fn show(&mut self) {
        self.progress.waiting(&self.words(), self.began.elapsed().as_secs());
    }

    /// What is waited for: a whole phrase, whatever the model is called.
    fn words(&self) -> String {
        let doing = if self.ahead.is_some() { "waiting for" } else { self.doing };
        let whom = match self.whom.trim_matches(['…', ' ']) {
            "" => "an answer",
            whom => whom,
        };
        match self.ahead {
            None => format!("{doing} {whom}"),
            Some(0) => format!("{doing} {whom}: next in line"),
            Some(ahead) => format!("{doing} {whom}: {ahead} before it"),
        }
    }

    /// Something came.
    fn end(&mut self) {
        self.on = false;
        self.progress.clear();
    }

    fn hear(&mut self, event: &Event) {
        match event {
            Event::Queued { ahead } => self.ahead = Some(*ahead),
            Event::Context { .. } | Event::Notice { .. } => {}
            _ => self.ahead = None,
        }
        match event {
            Event::Text { .. } | Event::Replace { .. } => self.end(),
            Event::Reasoning { .. } => self.doing = "reasoning:",
            Event::Paused { pause, ms } if *ms >= SHORT => {
                self.progress.step(&format!("{}: {}", self.whom, pause.words(*ms)));
            }
            _ => {}
        }
    }
}

async fn delta(event: Event, streamed: &mut String, out: &mut Out) -> Result<(), End> {
    match event {
        Event::Text { text } => {
            streamed.push_str(&text);
            out.piece(&text).await?;
        }
        Event::Replace { from, text, why } => {
            // What is printed cannot be taken back: the answer is printed again as it is now.
            let cut =
                (0..=from.min(streamed.len())).rev().find(|at| streamed.is_char_boundary(*at)).unwrap_or(0);
            streamed.truncate(cut);
            streamed.push_str(&text);
            out.end_piece().await?;
            out.note(&format!("the answer was changed ({why}); it now is:"))?;
            out.piece(streamed).await?;
        }
        Event::Picture { media_type, .. } => {
            out.end_piece().await?;
            out.note(&format!("a picture came ({media_type}); `outcrop conversations export` saves it"))?;
        }
        Event::Notice { text } => {
            out.end_piece().await?;
            out.note(&text)?;
        }
        _ => {}
    }
    Ok(())
}

/// Why there is no answer, or only a part of one.
fn failure(answer: &Message) -> Option<&Error> {
    match answer.answer.as_ref().map(|answer| &answer.outcome) {
        Some(Outcome::Failed { error }) => Some(error),
        _ => None,
    }
}

/// The exit that an answer's outcome means.
pub(super) fn end(answer: &Message, out: &mut Out) -> Result<Exit, End> {
    if let Some(AgentEnd::GaveUp { why }) = answer.acting().and_then(|acting| acting.end.as_ref()) {
        out.note(&format!("it gave up: {}", why.words()))?;
        return Ok(Exit::Negative);
    }
    let check = answer.answer.as_ref().and_then(|answer| answer.schema.as_ref());
    match answer.answer.as_ref().map(|answer| &answer.outcome) {
        Some(Outcome::Failed { error }) => Err(error.clone().into()),
        Some(Outcome::Stopped | Outcome::Interrupted) => Ok(Exit::Interrupted),
        Some(Outcome::Complete { reason }) => {
            match reason {
                StopReason::MaxTokens => out.note("the answer ends at max_tokens")?,
                StopReason::ContextFull => out.note("the answer ends because the model's context is full")?,
                StopReason::Filtered => out.note("a filter ended the answer")?,
                _ => {}
            }
            for line in check.iter().flat_map(|check| check.lines()) {
                out.note(&line)?;
            }
            for line in grounds(answer) {
                out.note(&line)?;
            }
            Ok(if matches!(check, Some(SchemaCheck::Broken { .. })) { Exit::Negative } else { Exit::Done })
        }
        Some(Outcome::Streaming) | None => Ok(Exit::Done),
    }
}

/// The passages of a knowledge base that an answer was given: those that it names, then how many it does not.
fn grounds(answer: &Message) -> Vec<String> {
    let Some(grounding) = answer.answer.as_ref().and_then(|answer| answer.grounding.as_ref()) else {
        return Vec::new();
    };
    if let Some(nothing) = grounding.nothing() {
        return vec![nothing];
    }
    let sources = (1..).zip(&grounding.sources);
    let (cited, others): (Vec<_>, Vec<_>) = sources.partition(|(number, _)| grounding.is_cited(*number));
    let by = if is_alike(&grounding.citations) { " (not named: by its words)" } else { "" };
    let line = |(number, source): (usize, &Source)| format!("[{number}] {}{by}", source.place);
    let mut lines: Vec<String> = cited.into_iter().map(line).collect();
    if !others.is_empty() {
        let many = count(others.len() as u64, "passage", "passages");
        lines.push(format!("{}: {many} given and not named", grounding.base));
    }
    lines
}

/// The conversation that is gone on with.
async fn existing(arguments: &Arguments, asker: &Asker, out: &mut Out) -> Result<Option<Conversation>, End> {
    Ok(match &arguments.conversation {
        Some(text) => Some(thread(text, asker, out).await?.conversation),
        None if arguments.go_on => Some(newest(asker, out).await?),
        None => None,
    })
}

/// Where the message goes; an existing conversation is changed first where the wishes say so.
async fn target(
    existing: Option<Conversation>,
    wishes: Wishes,
    asker: &Asker,
    out: &mut Out,
) -> Result<(Target, Before), End> {
    let Some(head) = existing else {
        let model = wishes.model.clone().unwrap_or_else(|| asker.config.model.clone());
        let Wishes { system, settings, .. } = wishes.over(&asker.config.defaults);
        let to = Target::New { model, system, settings };
        return Ok((to, Before::nothing()));
    };
    let (id, parent) = (head.id, head.leaf);
    for note in head.agent.iter().flat_map(|agent| answers(&agent.name, &wishes)) {
        out.note(&note)?;
    }
    let settings =
        Some(head.settings.overlaid(&wishes.settings)).filter(|settings| *settings != head.settings);
    let mut back = Change { leaf: parent, updated: Some(head.updated), ..Change::default() };
    if wishes.model.is_some() || wishes.system.is_some() || settings.is_some() {
        back.model = head.model;
        back.system = Some(head.system.unwrap_or_default());
        back.settings = Some(head.settings);
        let change = Change { model: wishes.model, system: wishes.system, settings, ..Change::default() };
        asker.one(Request::Conversations(Conversations::Change { id, change }), out).await?;
    }
    let before = Before { id: Some(id), change: Some(back), started: false };
    Ok((Target::After { conversation: id, parent }, before))
}

/// Who answers where an agent does, and what of the wishes does not reach it: its definition has a prompt and settings of its own.
fn answers(agent: &str, wishes: &Wishes) -> Vec<String> {
    let name = safe_line(agent);
    let mut notes = vec![format!("the agent {name} answers here")];
    if wishes.system.is_some() || wishes.settings != Settings::default() {
        notes.push(format!(
            "settings and a system prompt given here do not reach {name}: `outcrop agent edit` changes its own"
        ));
    }
    if wishes.model.is_some() {
        notes.push(format!("a model given here answers only where {name} names none of its own"));
    }
    notes
}

async fn newest(asker: &Asker, out: &mut Out) -> Result<Conversation, End> {
    let reply =
        asker.one(Request::Conversations(Conversations::List { limit: 1, before: None }), out).await?;
    let Reply::Conversations { heads, .. } = reply else { return Err(unexpected(&reply)) };
    heads.into_iter().next().ok_or_else(|| {
        Error::new(
            ErrorKind::NotFound,
            "going on with the newest conversation",
            "there is none yet",
            "Leave --continue away to begin one.",
        )
        .into()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_an_agent_goes_on_it_is_named_with_what_does_not_reach_it() {
        assert_eq!(answers("shop", &Wishes::default()), ["the agent shop answers here"]);
        let settings = Settings { temperature: Some(0.2), ..Settings::default() };
        let told = answers("shop", &Wishes { settings, model: Some("a/b".parse().unwrap()), system: None });
        assert!(told.len() == 3 && told[1].contains("do not reach shop"), "{told:?}");
    }

    #[test]
    fn a_wait_says_for_whom_and_how_many_are_before_it() {
        let mut wait = Wait::new(true);
        assert_eq!(wait.words(), "waiting for an answer");
        for nameless in ["", "…", " … "] {
            nameless.clone_into(&mut wait.whom);
            assert_eq!(wait.words(), "waiting for an answer");
        }
        "box/qwen3…".clone_into(&mut wait.whom);
        assert_eq!(wait.words(), "waiting for box/qwen3");
        wait.hear(&Event::Queued { ahead: 2 });
        wait.hear(&Event::Notice { text: "a remark".to_owned() });
        assert_eq!(wait.words(), "waiting for box/qwen3: 2 before it");
        wait.hear(&Event::Queued { ahead: 0 });
        assert_eq!(wait.words(), "waiting for box/qwen3: next in line");
        wait.hear(&Event::Begun);
        assert_eq!(wait.words(), "waiting for box/qwen3");
        wait.hear(&Event::Reasoning { text: "hm".to_owned() });
        assert_eq!(wait.words(), "reasoning: box/qwen3");
    }
}
