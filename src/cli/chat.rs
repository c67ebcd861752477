//! `outcrop chat`: one turn, its answer on the standard output as it comes.

use std::io::{IsTerminal, Read};
use std::path::Path;

use futures_util::StreamExt;

use super::args::Chat as Arguments;
use super::out::Out;
use super::wishes::Wishes;
use super::{Asker, End, Exit, unexpected};
use crate::domain::conversation::Change;
use crate::domain::delta::Event;
use crate::domain::id::ConversationId;
use crate::domain::message::{Block, Message, Outcome, StopReason};
use crate::domain::{Error, ErrorKind, Result};
use crate::workbench::request::chat::{Chat, Target};
use crate::workbench::request::conversations::Conversations;
use crate::workbench::{Reply, Request};

/// The largest file or input that is taken into a prompt, in bytes.
const LARGEST: u64 = 16 << 20;

pub(super) async fn chat(arguments: Arguments, asker: &Asker, out: &mut Out) -> Result<Exit, End> {
    let wishes = Wishes::of(&arguments.wishes, &asker.config)?;
    let blocks = blocks(&arguments).await?;
    let to = target(&arguments, wishes, asker, out).await?;
    let mut replies = asker.ask(Request::Chat(Chat::Send { to, blocks }));
    let mut finished = None;
    // Streamed text so far: a check may take some of it back.
    let mut streamed = String::new();
    while let Some(reply) = replies.next().await {
        let reply = reply?;
        if out.json {
            out.object(&reply)?;
        }
        match reply {
            Reply::Delta { event } if !out.json => delta(event, &mut streamed, out)?,
            Reply::Started { .. } | Reply::Delta { .. } => {}
            Reply::Finished { answer } => finished = Some(answer),
            other => return Err(unexpected(&other)),
        }
    }
    if !out.json {
        out.end_line()?;
    }
    finished.map_or_else(
        || Err(Error::internal("waiting for the answer", "it never ended").into()),
        |answer| end(&answer, out),
    )
}

fn delta(event: Event, streamed: &mut String, out: &mut Out) -> Result<(), End> {
    match event {
        Event::Text { text } => {
            streamed.push_str(&text);
            out.piece(&text)?;
        }
        Event::Replace { from, text, why } => {
            // What is printed cannot be taken back: the answer is printed again as it is now.
            let cut =
                (0..=from.min(streamed.len())).rev().find(|at| streamed.is_char_boundary(*at)).unwrap_or(0);
            streamed.truncate(cut);
            streamed.push_str(&text);
            out.note(&format!("the answer was changed ({why}); it now is:"))?;
            out.piece(streamed)?;
        }
        _ => {}
    }
    Ok(())
}

/// The exit that an answer's outcome means.
fn end(answer: &Message, out: &mut Out) -> Result<Exit, End> {
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
            Ok(Exit::Done)
        }
        Some(Outcome::Streaming) | None => Ok(Exit::Done),
    }
}

/// Where the message goes; an existing conversation is changed first where the arguments say so.
async fn target(arguments: &Arguments, wishes: Wishes, asker: &Asker, out: &mut Out) -> Result<Target, End> {
    let existing = match &arguments.conversation {
        Some(text) => Some(find(text, asker, out).await?),
        None if arguments.go_on => Some(newest(asker, out).await?),
        None => None,
    };
    let Some(id) = existing else {
        let model = wishes.model.clone().unwrap_or_else(|| asker.config.model.clone());
        let Wishes { system, settings, .. } = wishes.over(&asker.config.defaults);
        return Ok(Target::New { model, system, settings });
    };
    let reply = asker.one(Request::Conversations(Conversations::Open { id }), out).await?;
    let Reply::Thread { thread } = reply else { return Err(unexpected(&reply)) };
    let head = thread.conversation;
    let settings =
        Some(head.settings.overlaid(&wishes.settings)).filter(|settings| *settings != head.settings);
    if wishes.model.is_some() || wishes.system.is_some() || settings.is_some() {
        let change = Change { model: wishes.model, system: wishes.system, settings, ..Change::default() };
        asker.one(Request::Conversations(Conversations::Change { id, change }), out).await?;
    }
    Ok(Target::After { conversation: id, parent: head.leaf })
}

/// The one whose id starts or ends with `text`.
pub(super) async fn find(text: &str, asker: &Asker, out: &mut Out) -> Result<ConversationId, End> {
    let reply =
        asker.one(Request::Conversations(Conversations::Find { text: text.replace('-', "") }), out).await?;
    match reply {
        Reply::Thread { thread } => Ok(thread.conversation.id),
        other => Err(unexpected(&other)),
    }
}

async fn newest(asker: &Asker, out: &mut Out) -> Result<ConversationId, End> {
    let reply =
        asker.one(Request::Conversations(Conversations::List { limit: 1, before: None }), out).await?;
    let Reply::Conversations { heads, .. } = &reply else { return Err(unexpected(&reply)) };
    heads.first().map(|head| head.id).ok_or_else(|| {
        Error::new(
            ErrorKind::NotFound,
            "going on with the newest conversation",
            "there is none yet",
            "Leave --continue away to begin one.",
        )
        .into()
    })
}

/// The files, then the prompt, then what was piped in.
async fn blocks(arguments: &Arguments) -> Result<Vec<Block>> {
    let mut blocks = Vec::new();
    for path in &arguments.file {
        blocks.push(Block::Text { text: attached(path)? });
    }
    let typed = arguments.prompt.join(" ");
    let from_input = typed == "-" || typed.is_empty();
    let piped = !std::io::stdin().is_terminal();
    let mut parts = Vec::new();
    if !from_input {
        parts.push(typed);
    }
    if piped || from_input {
        if !piped {
            super::out::say("Type the prompt, then Ctrl+D.");
        }
        let input = tokio::task::spawn_blocking(input)
            .await
            .map_err(|why| Error::internal("reading the standard input", why.to_string()))??;
        parts.push(input.trim_end_matches(['\n', '\r']).to_owned());
    }
    parts.retain(|part| !part.trim().is_empty());
    if !parts.is_empty() {
        blocks.push(Block::Text { text: parts.join("\n\n") });
    }
    if blocks.is_empty() {
        return Err(Error::new(
            ErrorKind::Invalid,
            "asking",
            "there is no prompt",
            "Write it after the command, or pipe it in.",
        ));
    }
    Ok(blocks)
}

fn input() -> Result<String> {
    text("the standard input", std::io::stdin().lock())
}

/// A file's name and text, fenced by more back-ticks than it holds in a row.
fn attached(path: &Path) -> Result<String> {
    let name = path.display().to_string();
    let file = std::fs::File::open(path).map_err(|why| Error::io(format!("reading {name}"), &why))?;
    if file.metadata().is_ok_and(|meta| meta.is_dir()) {
        return Err(Error::new(
            ErrorKind::Invalid,
            format!("reading {name}"),
            "it is a folder",
            "Name the files in it.",
        ));
    }
    let text = text(&name, file)?;
    let fence = "`".repeat(longest_run(&text, '`').max(2) + 1);
    let end = if text.ends_with('\n') { "" } else { "\n" };
    let short = path.file_name().map_or(name, |name| name.to_string_lossy().into_owned());
    Ok(format!("{short}:\n\n{fence}\n{text}{end}{fence}"))
}

fn longest_run(text: &str, of: char) -> usize {
    let mut longest = 0;
    let mut run = 0;
    for c in text.chars() {
        run = if c == of { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    longest
}

pub(super) fn text(name: &str, from: impl Read) -> Result<String> {
    limited(name, from, LARGEST)
}

/// All of a text that is not larger than `largest` bytes.
pub(super) fn limited(name: &str, from: impl Read, largest: u64) -> Result<String> {
    let doing = || format!("reading {name}");
    let mut bytes = Vec::new();
    from.take(largest + 1).read_to_end(&mut bytes).map_err(|why| Error::io(doing(), &why))?;
    if bytes.len() as u64 > largest {
        return Err(Error::new(
            ErrorKind::Invalid,
            doing(),
            format!("it is larger than {} MB", largest >> 20),
            "Give a part of it.",
        ));
    }
    String::from_utf8(bytes).map_err(|_| {
        Error::new(ErrorKind::Invalid, doing(), "it is no UTF-8 text", "Only texts can be read so far.")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_fenced_by_more_than_it_holds() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.md");
        std::fs::write(&path, "````rust\nx\n````").unwrap();
        assert_eq!(attached(&path).unwrap(), "a.md:\n\n`````\n````rust\nx\n````\n`````");
        std::fs::write(&path, b"\xff").unwrap();
        assert!(attached(&path).unwrap_err().why.contains("UTF-8"));
        assert!(attached(folder.path()).unwrap_err().why.contains("folder"));
        assert!(limited("x", "abc".as_bytes(), 2).unwrap_err().why.contains("larger"));
    }
}
