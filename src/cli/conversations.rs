//! `outcrop conversations …`

use std::fs::File;
use std::path::Path;

use futures_util::StreamExt;

use super::args::{Conversations as Verb, Format, Written};
use super::export::{Wanted, export};
use super::item::Item;
use super::out::Out;
use super::{Asker, End, Exit, ask, prompt, unexpected, words};
use crate::domain::agent::acting::{Called, Doing, End as Came};
use crate::domain::conversation::{Change, Conversation, Thread};
use crate::domain::id::{MessageId, is_piece, piece};
use crate::domain::message::{Block, Message, Outcome, Role};
use crate::domain::script::{Script, Scripted};
use crate::domain::search::Hit;
use crate::domain::tree::Tree;
use crate::domain::untrusted::safe_line;
use crate::domain::{Error, ErrorKind, Result};
use crate::workbench::request::chat::Chat;
use crate::workbench::request::conversations::Conversations;
use crate::workbench::{Reply, Request};

/// The largest file that is imported, in bytes.
const LARGEST: u64 = 200 << 20;

/// The fewest digits that name a conversation: with fewer, a slip of the finger names another one.
const DIGITS: usize = 4;

pub(super) async fn conversations(verb: Verb, asker: &Asker, out: &mut Out) -> Result<Exit, End> {
    match verb {
        Verb::List { limit } => list(limit, asker, out).await?,
        Verb::Show { id, raw } => {
            out.set_raw(raw)?;
            show(&id, asker, out).await?;
        }
        Verb::Search { query, limit } => return search(query, limit, asker, out).await,
        Verb::Rename { id, title } => rename(&id, title, asker, out).await?,
        Verb::Export { id, format, output, force, attachments, raw } => {
            out.set_raw(raw)?;
            let mut ids = Vec::new();
            for text in &id {
                ids.push(thread(text, asker, out).await?.conversation.id);
            }
            let form = format.or_else(|| Format::of(output.as_deref()?)).unwrap_or(Format::Markdown);
            export(Wanted { ids, form, output, force, attachments }, asker, out).await?;
        }
        Verb::Import { file, skip_known } => return import(&file, skip_known, asker, out).await,
        Verb::Request { id, at, written } => request(&id, at.as_deref(), written, asker, out).await?,
        Verb::Fork { id, at } => fork(&id, at.as_deref(), asker, out).await?,
        Verb::Remove { id, yes } => remove(&id, yes, asker, out).await?,
    }
    Ok(Exit::Done)
}

/// How many a person means: 0 is all.
fn limited(limit: usize) -> usize {
    if limit == 0 { usize::MAX } else { limit }
}

async fn list(limit: usize, asker: &Asker, out: &mut Out) -> Result<(), End> {
    let limit = limited(limit);
    let reply = asker.one(Request::Conversations(Conversations::List { limit, before: None }), out).await?;
    let Reply::Conversations { heads, more } = &reply else { return Err(unexpected(&reply)) };
    heads_of(heads, out)?;
    if heads.is_empty() && !out.json {
        out.note("there is none yet; `outcrop chat PROMPT` begins one")?;
    }
    if *more {
        out.note("there are older ones; -n 0 shows all")?;
    }
    Ok(())
}

/// A line for each.
fn heads_of(heads: &[Conversation], out: &mut Out) -> Result<(), End> {
    if out.json {
        return heads.iter().try_for_each(|head| out.object(&Item::Conversation { head }));
    }
    words::table(&heads.iter().map(row).collect::<Vec<_>>()).iter().try_for_each(|line| out.line(line))
}

fn row(head: &Conversation) -> Vec<String> {
    vec![
        head.id.short(),
        words::time(head.updated),
        head.model.as_ref().map_or_else(String::new, ToString::to_string),
        head.title.clone(),
    ]
}

/// The one whose id starts or ends with `text`.
pub(super) async fn thread(text: &str, asker: &Asker, out: &mut Out) -> Result<Thread, End> {
    let text = text.replace('-', "");
    if text.chars().count() < DIGITS {
        return Err(Error::new(
            ErrorKind::Invalid,
            format!("finding conversation {text:?}"),
            format!("an id takes at least {DIGITS} of its digits"),
            "`outcrop conversations list` shows the ids.",
        )
        .into());
    }
    let reply = asker.one(Request::Conversations(Conversations::Find { text }), out).await?;
    match reply {
        Reply::Thread { thread } => Ok(thread),
        other => Err(unexpected(&other)),
    }
}

async fn show(text: &str, asker: &Asker, out: &mut Out) -> Result<(), End> {
    let thread = thread(text, asker, out).await?;
    if out.json {
        return out.object(&Reply::Thread { thread });
    }
    let head = &thread.conversation;
    out.line(&head.title)?;
    out.line(&row(head)[..3].join("  "))?;
    if let Some(system) = &head.system {
        out.text("\nsystem\n")?;
        out.text(system)?;
        out.end_line()?;
    }
    let tree = Tree::new(&thread.messages);
    for message in head.leaf.map(|leaf| tree.path(leaf)).unwrap_or_default() {
        out.text("\n")?;
        out.line(&caption(message))?;
        acted(message, out)?;
        for block in &message.blocks {
            self::block(block, out)?;
        }
        let check = message.answer.as_ref().and_then(|answer| answer.schema.as_ref());
        for line in check.iter().flat_map(|check| check.lines()) {
            out.line(&format!("✗ {line}"))?;
        }
    }
    Ok(())
}

/// Who said it, when, and how it ended.
fn caption(message: &Message) -> String {
    let mut caption = match (message.role, &message.answer) {
        (Role::Assistant, Some(answer)) => match &answer.agent {
            Some(acting) => format!("{} version {} ({})", acting.agent.name, acting.version, answer.model),
            None => answer.model.to_string(),
        },
        (Role::User, _) => "you".to_owned(),
        (role, _) => role.as_str().to_owned(),
    };
    caption = format!("{caption}  {}", words::time(message.created));
    match message.answer.as_ref().map(|answer| &answer.outcome) {
        Some(Outcome::Stopped) => caption.push_str("  stopped"),
        Some(Outcome::Interrupted) => caption.push_str("  interrupted"),
        Some(Outcome::Failed { error }) => caption = format!("{caption}  failed: {}", error.why),
        Some(Outcome::Streaming) => caption.push_str("  being written"),
        Some(Outcome::Complete { .. }) | None => {}
    }
    let acting = message.answer.as_ref().and_then(|answer| answer.agent.as_ref());
    match acting.and_then(|acting| acting.end.as_ref()) {
        Some(Came::GaveUp { why }) => caption = format!("{caption}  gave up: {}", why.words()),
        Some(Came::Waiting { .. }) => caption.push_str("  waits for an answer"),
        Some(Came::Answered) | None => {}
    }
    caption
}

/// What an agent called for an answer, and what that gave.
fn acted(message: &Message, out: &mut Out) -> Result<(), End> {
    let Some(acting) = message.answer.as_ref().and_then(|answer| answer.agent.as_ref()) else {
        return Ok(());
    };
    for doing in &acting.doings {
        let Doing::Called(call) = doing else { continue };
        let Called { action, input, gave, .. } = call.as_ref();
        let gave = gave.as_ref().map_or_else(String::new, |gave| {
            let how = if gave.is_error { "failed" } else { "gave" };
            format!("; it {how}: {}", words::cut(&safe_line(&gave.content), 160))
        });
        out.line(&format!("[calls {action} with {input}{gave}]"))?;
    }
    Ok(())
}

fn block(block: &Block, out: &mut Out) -> Result<(), End> {
    match block {
        Block::Text { text } => out.text(text)?,
        Block::Reasoning { text, .. } => {
            for line in text.lines() {
                out.text("│ ")?;
                out.text(line)?;
                out.text("\n")?;
            }
        }
        Block::Image { media_type, file, .. } => {
            let name = file.as_ref().map_or_else(String::new, |file| format!(" {}", file.name));
            out.line(&format!("[image{name}, {media_type}]"))?;
        }
        Block::Document { name, media_type, .. } => out.line(&format!("[document {name}, {media_type}]"))?,
        Block::ToolUse { name, input, .. } => out.line(&format!("[calls {name} with {input}]"))?,
        Block::ToolResult { content, is_error, .. } => {
            out.line(if *is_error { "[the tool failed]" } else { "[the tool answered]" })?;
            out.text(content)?;
        }
        Block::RedactedReasoning { .. } => out.line("[thought, which only its provider can read]")?,
        Block::CachePoint => {}
    }
    out.end_line()
}

async fn search(query: String, limit: usize, asker: &Asker, out: &mut Out) -> Result<Exit, End> {
    if query.trim().is_empty() {
        return Err(Error::new(
            ErrorKind::Invalid,
            "searching conversations",
            "the text to find is empty",
            "Write a word of it.",
        )
        .into());
    }
    let quoted = query.contains('"');
    let limit = limited(limit);
    let mut found = 0;
    let mut replies = asker.ask(Request::Conversations(Conversations::Search { query, limit }));
    while let Some(reply) = replies.next().await {
        let reply = reply?;
        let Reply::Hits { hits } = &reply else { return Err(unexpected(&reply)) };
        found += hits.len();
        if out.json {
            hits.iter().try_for_each(|hit| out.object(&Item::Hit { hit }))?;
        } else {
            // The title is mostly a message's first words, and the answer has them again: to people one place is enough.
            for hits in hits.chunk_by(|hit, next| hit.conversation.id == next.conversation.id) {
                let Some(hit) = best(hits) else { continue };
                let head = &hit.conversation;
                out.line(&format!("{}  {}  {}", head.id.short(), words::time(head.updated), head.title))?;
                if hit.message.is_some() {
                    out.line(&format!("    {}", hit.snippet))?;
                }
            }
        }
        out.flush()?;
    }
    if found == 0 {
        let quotes = if quoted { "; the quotes were looked for as well" } else { "" };
        out.note(&format!("nothing was found{quotes}"))?;
        return Ok(Exit::Negative);
    }
    if found == limit {
        out.note("there may be more; -n 0 shows all")?;
    }
    Ok(Exit::Done)
}

/// The place of a conversation that tells most: in a message, where it is in one.
fn best(hits: &[Hit]) -> Option<&Hit> {
    hits.iter().find(|hit| hit.message.is_some()).or_else(|| hits.first())
}

async fn rename(text: &str, title: String, asker: &Asker, out: &mut Out) -> Result<(), End> {
    let id = thread(text, asker, out).await?.conversation.id;
    let change = Change { title: Some(title), ..Change::default() };
    let reply = asker.one(Request::Conversations(Conversations::Change { id, change }), out).await?;
    let Reply::Conversation { head } = &reply else { return Err(unexpected(&reply)) };
    heads_of(std::slice::from_ref(head), out)
}

async fn import(file: &Path, skip_known: bool, asker: &Asker, out: &mut Out) -> Result<Exit, End> {
    let text = if file == Path::new("-") {
        prompt::limited("the standard input", std::io::stdin().lock(), LARGEST)?
    } else {
        let name = file.display().to_string();
        let file = File::open(file).map_err(|why| Error::io(format!("reading {name}"), &why))?;
        prompt::limited(&name, file, LARGEST)?
    };
    let reply = asker.one(Request::Conversations(Conversations::Import { text, skip_known }), out).await?;
    let Reply::Imported { heads, skipped, known } = &reply else { return Err(unexpected(&reply)) };
    heads_of(heads, out)?;
    for why in skipped {
        if out.json { out.object(&Item::Skipped { why })? } else { out.note(&format!("skipped: {why}"))? }
    }
    let here = match (*known, skip_known) {
        (0, _) => String::new(),
        (known, true) => format!("; {} left out: here already", words::grouped(known)),
        (known, false) => {
            let copies = words::count(known, "copy", "copies");
            format!("; {copies} of what is here already: --skip-known leaves such out")
        }
    };
    let many = words::count(heads.len() as u64, "conversation", "conversations");
    out.note(&format!("{many} imported{here}"))?;
    Ok(if heads.is_empty() && *known == 0 { Exit::Negative } else { Exit::Done })
}

async fn request(
    text: &str,
    at: Option<&str>,
    written: Written,
    asker: &Asker,
    out: &mut Out,
) -> Result<(), End> {
    let thread = thread(text, asker, out).await?;
    let conversation = thread.conversation.id;
    let message = match at {
        Some(at) => message(&thread, at)?,
        None => last_answer(&thread)?,
    };
    let reply = asker.one(Request::Chat(Chat::Scripts { conversation, message }), out).await?;
    scripted(reply, written, out)
}

/// The one form of a request that is wanted.
pub(super) fn scripted(reply: Reply, written: Written, out: &mut Out) -> Result<(), End> {
    let Reply::Scripts { scripts } = reply else { return Err(unexpected(&reply)) };
    let wanted = match written {
        Written::Curl => Script::Curl,
        Written::Boto3 => Script::Boto3,
        Written::OpenaiPython => Script::OpenaiPython,
    };
    for Scripted { code, .. } in scripts.into_iter().filter(|scripted| scripted.script == wanted) {
        let text = code?;
        // Whatever could drive a terminal is escaped in it already.
        if out.json { out.object(&Reply::Text { text })? } else { out.json_text(&text)? }
    }
    Ok(())
}

/// The last answer of the shown branch.
pub(super) fn last_answer(thread: &Thread) -> Result<MessageId> {
    answers(thread).map(|answers| answers[answers.len() - 1])
}

/// The answers of the shown branch: one at least.
pub(super) fn answers(thread: &Thread) -> Result<Vec<MessageId>> {
    let tree = Tree::new(&thread.messages);
    let path = thread.conversation.leaf.map(|leaf| tree.path(leaf)).unwrap_or_default();
    let answers = path.iter().filter(|message| message.answer.is_some());
    let answers: Vec<MessageId> = answers.map(|message| message.id).collect();
    if answers.is_empty() {
        let why = "the conversation has none";
        return Err(Error::new(ErrorKind::NotFound, "finding an answer", why, "Ask something first."));
    }
    Ok(answers)
}

async fn fork(text: &str, at: Option<&str>, asker: &Asker, out: &mut Out) -> Result<(), End> {
    let thread = thread(text, asker, out).await?;
    let at = at.map(|at| message(&thread, at)).transpose()?;
    let id = thread.conversation.id;
    let reply = asker.one(Request::Conversations(Conversations::Fork { id, at }), out).await?;
    let Reply::Conversation { head } = &reply else { return Err(unexpected(&reply)) };
    heads_of(std::slice::from_ref(head), out)
}

/// The message whose id starts or ends with `text`.
pub(super) fn message(thread: &Thread, text: &str) -> Result<MessageId> {
    let wanted = piece(text);
    let ids = thread.messages.iter().map(|message| message.id);
    let mut found = ids.filter(|id| is_piece(&wanted, &id.to_string()));
    let bad = |why: &str| {
        Error::new(
            ErrorKind::NotFound,
            format!("finding the message {text}"),
            why,
            "`outcrop conversations show ID --json` shows the ids.",
        )
    };
    match (found.next(), found.next()) {
        (Some(id), None) => Ok(id),
        (Some(_), Some(_)) => Err(bad("there is more than one")),
        (None, _) => Err(bad("there is none in this conversation")),
    }
}

async fn remove(texts: &[String], yes: bool, asker: &Asker, out: &mut Out) -> Result<(), End> {
    let mut found: Vec<Thread> = Vec::new();
    for text in texts {
        let thread = thread(text, asker, out).await?;
        // The same one may be named twice.
        if found.iter().all(|known| known.conversation.id != thread.conversation.id) {
            found.push(thread);
        }
    }
    let question = match found.as_slice() {
        [Thread { conversation, messages }] => {
            let messages = words::count(messages.len() as u64, "message", "messages");
            format!("Delete “{}”, {messages}?", conversation.title)
        }
        several => {
            format!("Delete {}?", words::count(several.len() as u64, "conversation", "conversations"))
        }
    };
    ask::agreed(yes, &question, "removing conversations").await?;
    for Thread { conversation: head, .. } in found {
        let reply = asker.one(Request::Conversations(Conversations::Remove { id: head.id }), out).await?;
        if out.json {
            out.object(&reply)?;
        } else {
            out.line(&format!("removed {}  {}", head.id.short(), head.title))?;
        }
    }
    Ok(())
}
