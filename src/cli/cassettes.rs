//! `outcrop cassettes …`

use futures_util::StreamExt;

use super::args::Cassettes as Verb;
use super::out::{self, Out};
use super::{Asker, End, Exit, absolute, ask, unexpected, words};
use crate::domain::call::Call;
use crate::domain::cassette::Take;
use crate::domain::delta::Event;
use crate::domain::message::{Block, Role};
use crate::domain::secret::Secret;
use crate::domain::{Error, ErrorKind, Result};
use crate::workbench::request::cassettes::Cassettes;
use crate::workbench::{Reply, Request};

/// Characters of a question's or an answer's beginning.
const BEGINNING: usize = 60;

pub(super) async fn cassettes(verb: Verb, asker: &Asker, out: &mut Out) -> Result<Exit, End> {
    match verb {
        Verb::Show { file, passphrase } => {
            let file = absolute(&file)?;
            let given = if passphrase { Some(typed(false).await?) } else { None };
            let show = |passphrase| Cassettes::Show { file: file.clone(), passphrase };
            match print(show(given), None, asker, out).await {
                Err(End::Error(error)) if error.kind == ErrorKind::Auth && !passphrase => {
                    print(show(Some(known(error, asker).await?)), None, asker, out).await?;
                }
                shown => shown?,
            }
        }
        Verb::Share { file, to } => {
            let done =
                format!("{} opens with the passphrase: [providers.NAME] kind = \"replay\"", to.display());
            let (file, to) = (absolute(&file)?, absolute(&to)?);
            let share = Cassettes::Share { file, to, passphrase: typed(true).await? };
            print(share, Some(&done), asker, out).await?;
        }
    }
    Ok(Exit::Done)
}

async fn print(request: Cassettes, done: Option<&str>, asker: &Asker, out: &mut Out) -> Result<(), End> {
    let mut replies = asker.ask(Request::Cassettes(request));
    while let Some(reply) = replies.next().await {
        let reply = reply?;
        if out.json {
            out.object(&reply)?;
            continue;
        }
        match (&reply, done) {
            (Reply::Take { take }, _) => out.line(&line(take))?,
            (Reply::Done, Some(done)) => out.line(done)?,
            (Reply::Cassette { cut: true, .. }, _) => {
                out::say("note: its last take was not written to its end");
            }
            (Reply::Cassette { .. }, _) => {}
            (other, _) => return Err(unexpected(other)),
        }
    }
    Ok(())
}

/// The passphrase of a copy that does not open without one: of this process's own, else asked for; where nobody is there
/// the error says how it is given.
async fn known(error: Error, asker: &Asker) -> Result<Secret> {
    match &asker.config.passphrase {
        Some(passphrase) => Ok(passphrase.clone()),
        None if ask::somebody() => typed(false).await,
        None => {
            let hint = "Give it in OUTCROP_PASSPHRASE or with --passphrase-file; --passphrase takes it from what is \
                        piped in.";
            Err(Error { hint: hint.to_owned(), ..error })
        }
    }
}

/// The model, the end of what was asked, the beginning of what was answered.
fn line(take: &Take) -> String {
    let model = take.call.model().map_or_else(String::new, ToString::to_string);
    let asked = match &take.call {
        Call::Converse(converse) | Call::CountTokens(converse) => {
            let last = converse.turns.iter().rev().find(|turn| turn.role == Role::User);
            last.map_or_else(String::new, |turn| text_of(&turn.blocks))
        }
        Call::Embed { texts, .. } => texts.first().cloned().unwrap_or_default(),
        Call::Rerank(asked) => asked.query.clone(),
        Call::Image(picture) => picture.prompt.clone(),
        _ => String::new(),
    };
    let came = || take.events.iter().map(|(_, event)| said(event)).collect::<String>();
    let (answered, end) = match &take.error {
        Some((_, error)) if error.kind == ErrorKind::Cancelled => (came(), " (stopped)"),
        Some((_, error)) => (format!("failed: {}", error.why), ""),
        None => (came(), ""),
    };
    format!("{model}  {}  → {}{end}", beginning(&asked), beginning(&answered))
}

/// What an event adds to an answer, in words.
fn said(event: &Event) -> String {
    match event {
        Event::Text { text } => text.clone(),
        Event::ToolUse { name, .. } => format!("[tool {name}]"),
        Event::Image { .. } => "[picture]".to_owned(),
        Event::Embeddings { vectors } => words::count(vectors.len() as u64, "vector", "vectors"),
        Event::Reranked { results, .. } => words::count(results.len() as u64, "text", "texts"),
        Event::Tokens { count } => words::count(u64::from(*count), "token", "tokens"),
        _ => String::new(),
    }
}

fn text_of(blocks: &[Block]) -> String {
    let texts = blocks.iter().filter_map(Block::said);
    texts.collect::<Vec<_>>().join(" ")
}

fn beginning(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(BEGINNING) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

/// A passphrase, typed without an echo (twice where it is a new one), or the first line of what is piped in.
async fn typed(new: bool) -> Result<Secret> {
    if !ask::somebody() {
        return ask::piped_secret("the passphrase of the cassette").await;
    }
    let first = ask::secret("Passphrase of the cassette: ").await?;
    if new && ask::secret("The same again: ").await? != first {
        return Err(Error::new(
            ErrorKind::Invalid,
            "asking for a passphrase",
            "the two differ",
            "Try again.",
        ));
    }
    Ok(first)
}
