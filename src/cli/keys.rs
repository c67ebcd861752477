//! `outcrop keys …`

use super::args::{KeepIn, Keys as Verb};
use super::out::Out;
use super::{Asker, End, Exit, ask, unexpected, words};
use crate::domain::Result;
use crate::domain::provider_key::{KeptKey, KeyPlace};
use crate::domain::secret::Secret;
use crate::workbench::request::keys::Keys;
use crate::workbench::{Reply, Request};

pub(super) async fn keys(verb: Verb, asker: &Asker, out: &mut Out) -> Result<Exit, End> {
    let (request, done) = match verb {
        Verb::List => (Keys::List, String::new()),
        Verb::Set { provider, to } => {
            let at = match to {
                KeepIn::Store => KeyPlace::Store,
                KeepIn::Keyring => KeyPlace::Keyring,
            };
            let key = key(&provider).await?;
            let done = format!("the key of {provider} is kept in {}", place(at));
            (Keys::Keep { provider, key, at }, done)
        }
        Verb::Remove { provider } => {
            let done = format!("the key of {provider} is forgotten");
            (Keys::Forget { provider }, done)
        }
    };
    let reply = asker.one(Request::Keys(request), out).await?;
    if out.json {
        out.object(&reply)?;
        return Ok(Exit::Done);
    }
    match &reply {
        Reply::Done => out.line(&done)?,
        Reply::Keys { keys } if keys.is_empty() => {
            out.line("no key is kept; `outcrop keys set PROVIDER` keeps one, keys of the environment count without")?;
        }
        Reply::Keys { keys } => {
            let rows: Vec<_> = keys.iter().map(row).collect();
            for line in words::table(&rows) {
                out.line(&line)?;
            }
        }
        other => return Err(unexpected(other)),
    }
    Ok(Exit::Done)
}

fn row(key: &KeptKey) -> Vec<String> {
    let not_used = "not used: the configuration or the environment says another";
    let remark = if key.overridden { not_used.to_owned() } else { String::new() };
    vec![key.provider.clone(), place(key.at).to_owned(), remark]
}

fn place(at: KeyPlace) -> &'static str {
    match at {
        KeyPlace::Store => "the sealed store",
        KeyPlace::Keyring => "the keyring",
    }
}

/// Typed without an echo, or the first line of what is piped in. Never an argument: those are seen by everybody.
async fn key(provider: &str) -> Result<Secret> {
    if ask::somebody() {
        return ask::secret(&format!("Key of {provider}: ")).await;
    }
    ask::piped_secret("the key").await
}
