//! Where a voice's key comes from, and what is said of it when a server does not take it.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use futures_util::{FutureExt, StreamExt, stream};
use secrecy::SecretString;
use tokio::time::{Duration, Instant};

use super::Events;
use super::sent::variable;
use crate::domain::delta::Event;
use crate::domain::{Error, ErrorKind, Result};
use crate::net::Client;
use crate::wire::fault::CHECK_KEY;

/// A key that takes longer is spoken of: somebody may have to unlock a password manager.
const SOON: Duration = Duration::from_secs(2);

/// Finds a key when it is needed.
pub trait KeySource: Send + Sync + std::fmt::Debug {
    /// The key now; who goes out for it takes leave of `net` first.
    fn key<'a>(&'a self, net: &'a Client) -> BoxFuture<'a, Result<SecretString>>;

    /// What to do where a server does not take the key, for the person.
    fn remedy(&self) -> String;

    /// A server has not taken the key that was told last.
    fn refused(&self) -> BoxFuture<'_, ()> {
        std::future::ready(()).boxed()
    }

    /// Who is being asked for the key at this moment, where that may take long.
    fn asking(&self) -> Option<&str> {
        None
    }
}

/// A command that writes a secret.
#[derive(Debug, Clone, Copy)]
pub struct Command<'a> {
    /// For error texts.
    pub doing: &'a str,
    /// What the record of what left the machine calls it.
    pub name: &'a str,
    /// For a shell.
    pub line: &'a str,
    /// What to do where it fails.
    pub hint: &'a str,
}

/// Runs such commands.
pub trait Commands: Send + Sync + std::fmt::Debug {
    /// What the command writes. Offline none is run: nobody knows where it would connect.
    fn written<'a>(&'a self, net: &'a Client, command: Command<'a>) -> BoxFuture<'a, Result<SecretString>>;
}

/// A voice's key.
#[derive(Debug, Clone, Default)]
pub enum Key {
    /// The server needs none.
    #[default]
    None,
    /// From where a person has put it: "the variable `OPENAI_API_KEY`".
    Given {
        key: SecretString,
        place: String,
    },
    Found(Arc<dyn KeySource>),
}

impl Key {
    /// Whether the server is to get one.
    pub fn is_some(&self) -> bool {
        !matches!(self, Self::None)
    }

    /// The key now; `None` where none is needed.
    pub async fn get(&self, net: &Client) -> Result<Option<SecretString>> {
        match self {
            Self::None => Ok(None),
            Self::Given { key, .. } => Ok(Some(key.clone())),
            Self::Found(source) => source.key(net).await.map(Some),
        }
    }

    /// A server has not taken it: one that can be told anew will be.
    pub async fn refused(&self) {
        if let Self::Found(source) = self {
            source.refused().await;
        }
    }

    /// The events of a call to the server `name` with this key: one that takes long to be told is spoken of, and where the
    /// server does not take it, the error says which it was.
    pub(super) fn attended(&self, name: &str, events: Events) -> Events {
        let (key, name, asked) = (self.clone(), name.to_owned(), self.clone());
        let checked = move |item: Result<Event>| {
            let wrong = |error: &Error| error.kind == ErrorKind::Auth && error.hint == CHECK_KEY;
            // Of an answer's many pieces none is one.
            let refused =
                item.as_ref().err().filter(|error| wrong(error)).map(|_| (key.clone(), key.remedy(&name)));
            async move {
                let Some((key, hint)) = refused else { return item };
                key.refused().await;
                item.map_err(|error| Error { hint, ..error })
            }
        };
        announced(events, move || asked.asking()).then(checked).boxed()
    }

    /// Who is being asked for it at this moment, where that may take long.
    pub(super) fn asking(&self) -> Option<String> {
        match self {
            Self::Found(source) => source.asking().map(str::to_owned),
            Self::None | Self::Given { .. } => None,
        }
    }

    fn remedy(&self, name: &str) -> String {
        match self {
            Self::None => {
                let variable = variable(name);
                format!("No key was sent. Set {variable}, or keep one with `outcrop keys set {name}`.")
            }
            Self::Given { place, .. } => format!("The key came from {place}: check it there."),
            Self::Found(source) => source.remedy(),
        }
    }
}

impl From<SecretString> for Key {
    fn from(key: SecretString) -> Self {
        Self::Given { key, place: "the configuration".to_owned() }
    }
}

/// The events, and before the first a word about whom `asking` names then, once that takes long.
pub(super) fn announced(
    events: Events,
    asking: impl Fn() -> Option<String> + Send + Sync + 'static,
) -> Events {
    let waiting = (events, Some(Instant::now() + SOON), asking);
    stream::unfold(waiting, |(mut events, soon, asking)| async move {
        let Some(soon) = soon else { return events.next().await.map(|item| (item, (events, None, asking))) };
        match tokio::time::timeout_at(soon, events.next()).await {
            Ok(item) => item.map(|item| (item, (events, None, asking))),
            Err(_) => match asking() {
                Some(whom) => {
                    let text = format!("still waiting for {whom}: it may want something of you");
                    Some((Ok(Event::Notice { text }), (events, None, asking)))
                }
                None => events.next().await.map(|item| (item, (events, None, asking))),
            },
        }
    })
    .boxed()
}
