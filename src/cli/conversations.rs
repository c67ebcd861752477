//! `outcrop conversations …`

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use futures_util::StreamExt;

use super::args::{Conversations as Verb, Format as Form};
use super::out::Out;
use super::{Asker, End, Exit, ask, chat, unexpected, words};
use crate::domain::conversation::{Conversation, Thread};
use crate::domain::id::{ConversationId, MessageId};
use crate::domain::message::{Block, Message, Outcome, Role};
use crate::domain::tree::Tree;
use crate::domain::{Error, ErrorKind, Result};
use crate::workbench::request::conversations::{Conversations, Format};
use crate::workbench::{Reply, Request};

/// The largest file that is imported, in bytes.
const LARGEST: u64 = 200 << 20;

pub(super) async fn conversations(verb: Verb, asker: &Asker, out: &mut Out) -> Result<Exit, End> {
    match verb {
        Verb::List { limit } => list(limit, asker, out).await?,
        Verb::Show { id } => show(&id, asker, out).await?,
        Verb::Search { query, limit } => search(query, limit, asker, out).await?,
        Verb::Export { id, format, output } => export(&id, format, output, asker, out).await?,
        Verb::Import { file } => import(&file, asker, out).await?,
        Verb::Fork { id, at } => fork(&id, at.as_deref(), asker, out).await?,
        Verb::Remove { id, yes } => remove(&id, yes, asker, out).await?,
    }
    Ok(Exit::Done)
}

async fn list(limit: usize, asker: &Asker, out: &mut Out) -> Result<(), End> {
    let reply = asker.one(Request::Conversations(Conversations::List { limit, before: None }), out).await?;
    if out.json {
        return out.object(&reply);
    }
    let Reply::Conversations { heads, more } = &reply else { return Err(unexpected(&reply)) };
    let rows: Vec<_> = heads.iter().map(row).collect();
    words::table(&rows).iter().try_for_each(|line| out.line(line))?;
    if *more {
        out.note(&format!("there are older ones; -n {} shows more", limit * 2))?;
    }
    Ok(())
}

fn row(head: &Conversation) -> Vec<String> {
    vec![
        head.id.short(),
        words::time(head.updated),
        head.model.as_ref().map_or_else(String::new, ToString::to_string),
        head.title.clone(),
    ]
}

async fn thread(text: &str, asker: &Asker, out: &mut Out) -> Result<Thread, End> {
    let reply =
        asker.one(Request::Conversations(Conversations::Find { text: text.replace('-', "") }), out).await?;
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
        for block in &message.blocks {
            self::block(block, out)?;
        }
    }
    Ok(())
}

/// Who said it, when, and how it ended.
fn caption(message: &Message) -> String {
    let mut caption = match (message.role, &message.answer) {
        (Role::Assistant, Some(answer)) => answer.model.to_string(),
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
    caption
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
        Block::Image { media_type, .. } => out.line(&format!("[image, {media_type}]"))?,
        Block::Document { name, media_type, .. } => out.line(&format!("[document {name}, {media_type}]"))?,
        Block::ToolUse { name, input, .. } => out.line(&format!("[calls {name} with {input}]"))?,
        Block::ToolResult { content, is_error, .. } => {
            out.line(if *is_error { "[the tool failed]" } else { "[the tool answered]" })?;
            out.text(content)?;
        }
        Block::CachePoint => {}
    }
    out.end_line()
}

async fn search(query: String, limit: usize, asker: &Asker, out: &mut Out) -> Result<(), End> {
    let mut replies = asker.ask(Request::Conversations(Conversations::Search { query, limit }));
    while let Some(reply) = replies.next().await {
        let reply = reply?;
        if out.json {
            out.object(&reply)?;
            continue;
        }
        let Reply::Hits { hits } = &reply else { return Err(unexpected(&reply)) };
        for hit in hits {
            let head = &hit.conversation;
            out.line(&format!("{}  {}  {}", head.id.short(), words::time(head.updated), head.title))?;
            if hit.message.is_some() {
                out.line(&format!("    {}", hit.snippet))?;
            }
        }
        out.flush()?;
    }
    Ok(())
}

async fn export(
    texts: &[String],
    form: Form,
    output: Option<PathBuf>,
    asker: &Asker,
    out: &mut Out,
) -> Result<(), End> {
    let mut ids = Vec::new();
    for text in texts {
        ids.push(chat::find(text, asker, out).await?);
    }
    let (format, ending) = match form {
        Form::Markdown => (Format::Markdown, "md"),
        Form::Json => (Format::Json, "json"),
        Form::Jsonl => (Format::Jsonl, "jsonl"),
    };
    let mut file = match &output {
        Some(path) if !path.is_dir() => Some(new_file(path)?),
        _ => None,
    };
    let mut written = 0;
    let mut replies = asker.ask(Request::Conversations(Conversations::Export { ids, format }));
    while let Some(reply) = replies.next().await {
        let reply = reply?;
        let Reply::Export { id, title, text } = &reply else { return Err(unexpected(&reply)) };
        match (&output, &mut file) {
            (None, _) if out.json => out.object(&reply)?,
            (None, _) => {
                out.text(text)?;
                out.end_line()?;
            }
            (Some(path), Some(file)) => write(path, file, text)?,
            (Some(folder), None) => {
                let path = folder.join(format!("{}.{ending}", file_name(title, *id)));
                write(&path, &mut new_file(&path)?, text)?;
            }
        }
        written += 1;
    }
    if let Some(path) = output {
        out.note(&format!(
            "{} in {}",
            words::count(written, "conversation", "conversations"),
            path.display()
        ))?;
    }
    Ok(())
}

/// A file that was not there: nothing is written over.
fn new_file(path: &Path) -> Result<File> {
    OpenOptions::new().write(true).create_new(true).open(path).map_err(|why| {
        let error = Error::io(format!("writing {}", path.display()), &why);
        if why.kind() == std::io::ErrorKind::AlreadyExists {
            return Error {
                kind: ErrorKind::Invalid,
                hint: "Name a new file, or a folder.".to_owned(),
                ..error
            };
        }
        error
    })
}

fn write(path: &Path, file: &mut File, text: &str) -> Result<()> {
    let end = if text.ends_with('\n') { "" } else { "\n" };
    file.write_all(text.as_bytes())
        .and_then(|()| file.write_all(end.as_bytes()))
        .map_err(|why| Error::io(format!("writing {}", path.display()), &why))
}

/// Letters and digits of the title, then the id's end: a name that every file system takes.
fn file_name(title: &str, id: ConversationId) -> String {
    let mut name = String::new();
    for c in title.chars().flat_map(char::to_lowercase) {
        if c.is_alphanumeric() {
            name.push(c);
        } else if !name.is_empty() && !name.ends_with('-') {
            name.push('-');
        }
        if name.len() >= 60 {
            break;
        }
    }
    format!("{name}-{}", id.short()).replace("--", "-").trim_start_matches('-').to_owned()
}

async fn import(file: &Path, asker: &Asker, out: &mut Out) -> Result<(), End> {
    let text = if file == Path::new("-") {
        chat::limited("the standard input", std::io::stdin().lock(), LARGEST)?
    } else {
        let name = file.display().to_string();
        let file = File::open(file).map_err(|why| Error::io(format!("reading {name}"), &why))?;
        chat::limited(&name, file, LARGEST)?
    };
    let reply = asker.one(Request::Conversations(Conversations::Import { text }), out).await?;
    if out.json {
        return out.object(&reply);
    }
    let Reply::Imported { heads, skipped } = &reply else { return Err(unexpected(&reply)) };
    words::table(&heads.iter().map(row).collect::<Vec<_>>()).iter().try_for_each(|line| out.line(line))?;
    for why in skipped {
        out.note(&format!("skipped: {why}"))?;
    }
    out.note(&format!("{} imported", words::count(heads.len() as u64, "conversation", "conversations")))
}

async fn fork(text: &str, at: Option<&str>, asker: &Asker, out: &mut Out) -> Result<(), End> {
    let thread = thread(text, asker, out).await?;
    let at = at.map(|at| message(&thread, at)).transpose()?;
    let id = thread.conversation.id;
    let reply = asker.one(Request::Conversations(Conversations::Fork { id, at }), out).await?;
    if out.json {
        return out.object(&reply);
    }
    let Reply::Conversation { head } = &reply else { return Err(unexpected(&reply)) };
    words::table(&[row(head)]).iter().try_for_each(|line| out.line(line))
}

/// The message whose id starts or ends with `text`.
fn message(thread: &Thread, text: &str) -> Result<MessageId> {
    let wanted = text.replace('-', "").to_ascii_lowercase();
    let mut found = thread.messages.iter().map(|message| message.id).filter(|id| {
        let id = id.to_string();
        id.starts_with(&wanted) || id.ends_with(&wanted)
    });
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
    let mut found = Vec::new();
    for text in texts {
        let thread = thread(text, asker, out).await?;
        found.push((thread.conversation.id, thread.conversation.title, thread.messages.len()));
    }
    found.dedup_by_key(|(id, ..)| *id);
    let question = match found.as_slice() {
        [(_, title, messages)] => {
            format!("Delete “{title}”, {}?", words::count(*messages as u64, "message", "messages"))
        }
        several => {
            format!("Delete {}?", words::count(several.len() as u64, "conversation", "conversations"))
        }
    };
    ask::agreed(yes, &question, "removing conversations")?;
    for (id, title, _) in found {
        let reply = asker.one(Request::Conversations(Conversations::Remove { id }), out).await?;
        if out.json { out.object(&reply)? } else { out.line(&format!("removed {}  {title}", id.short()))? }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_makes_a_plain_file_name() {
        let id = ConversationId::from_bytes([7; 16]);
        assert_eq!(file_name("Why do rivers/../meander?", id), "why-do-rivers-meander-07070707");
        assert_eq!(file_name("", id), "07070707");
        assert_eq!(file_name("\u{1b}]0;x\u{7}", id), "0-x-07070707");
    }
}
