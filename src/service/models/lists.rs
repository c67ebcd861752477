//! Every provider's list of models: those of this machine as they are now, those behind the network as they were given
//! last, kept with their age. A server that may be there or not is on this machine and asked in a moment: its list is
//! not kept, for it may be gone.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, Stream, StreamExt, stream};
use tokio::time::{Instant, timeout_at};

use super::cards;
use crate::domain::catalog::ModelCard;
use crate::domain::listing::Listing;
use crate::domain::time::Timestamp;
use crate::domain::{Error, ErrorKind, Result};
use crate::service::archive::Archive;
use crate::service::fresh;
use crate::service::invoke::{Invoke, Terms};
use crate::store::Batch;
use crate::store::record::ModelList;

/// Providers that answer so shortly after another are shown with it.
const TOGETHER: Duration = Duration::from_millis(100);

/// The lists, and where they are kept.
#[derive(Debug, Clone)]
pub struct Lists(Archive);

/// How the lists of those behind the network stand, and the cards of every provider.
pub type Listed = (Vec<Listing>, Vec<ModelCard>);

impl Lists {
    /// Kept in this archive.
    pub fn new(archive: Archive) -> Self {
        Self(archive)
    }

    /// The cards of every provider in the order of their names, and how the lists of those behind the network stand. With
    /// `probe` those are asked now; what they say comes whenever some of them have answered, each time all that is known,
    /// so that a slow one holds nobody up. One that fails keeps its old list; where it has none, one card stands for it
    /// that says why, unless it is all there is.
    pub fn list(
        &self,
        invoke: Arc<Invoke>,
        probe: bool,
        terms: Terms,
    ) -> impl Stream<Item = Result<Listed>> + Send + use<> {
        let lists = self.clone();
        let begun = async move { Asking::begin(lists, invoke, probe, &terms).await };
        begun.into_stream().flat_map(|asking| {
            stream::unfold(asking, |mut asking| async move {
                let news = asking.hear().await;
                news.then(|| (asking.told(), asking))
            })
            .filter_map(std::future::ready)
        })
    }

    /// What these providers gave last. A list that cannot be read costs itself only: it is asked for again.
    async fn kept(&self, providers: Vec<String>) -> Vec<ModelList> {
        let read = self.0.run(move |store| {
            Ok(providers
                .iter()
                .filter_map(|provider| {
                    store.get::<ModelList>(&store.name(provider)).unwrap_or_else(|error| {
                        tracing::warn!(%error, provider, "a kept list of models cannot be read");
                        None
                    })
                })
                .collect())
        });
        read.await.unwrap_or_else(|error| {
            tracing::warn!(%error, "the kept lists of models cannot be read");
            Vec::new()
        })
    }

    /// Keeps a list. That it cannot be kept does not take it from who asked for it.
    async fn keep(&self, list: ModelList) {
        let kept = self.0.run(move |store| {
            let mut batch = Batch::new();
            let key = store.name(&list.provider);
            if list.cards.is_empty() {
                batch.remove::<ModelList>(&key);
            } else {
                batch.put(&key, &list)?;
            }
            store.commit(batch)
        });
        if let Err(error) = kept.await {
            tracing::warn!(%error, "a list of models could not be kept");
        }
    }
}

/// Whether the key is taken, and only may not list models: others may be asked with it.
pub fn only_lists_are_refused(error: &Error) -> bool {
    let low = error.why.to_ascii_lowercase();
    low.contains("not authorized to perform") || low.contains("insufficient permissions")
}

/// The providers while they are asked.
struct Asking {
    lists: Lists,
    invoke: Arc<Invoke>,
    providers: Vec<Asked>,
    waiting: FuturesUnordered<BoxFuture<'static, (usize, Result<Vec<ModelCard>>)>>,
    done: bool,
}

/// One of them, in the order of their names.
struct Asked {
    name: String,
    address: Option<String>,
    /// It answers without a network.
    near: bool,
    /// Its list is kept.
    kept: bool,
    /// What it gave last.
    old: Option<ModelList>,
    /// What it says now, and when.
    answer: Option<(Result<Vec<ModelCard>>, Timestamp)>,
}

impl Asking {
    async fn begin(lists: Lists, invoke: Arc<Invoke>, probe: bool, terms: &Terms) -> Self {
        let near = invoke.near();
        let mut providers: Vec<_> = invoke
            .providers()
            .into_iter()
            .map(|name| {
                let (address, near) = (invoke.address(&name), near.contains(&name));
                let kept = !near && !invoke.is_optional(&name);
                Asked { name, address, near, kept, old: None, answer: None }
            })
            .collect();
        let far = providers.iter().filter(|asked| asked.kept).map(|asked| asked.name.clone()).collect();
        for list in lists.kept(far).await {
            let of = |asked: &&mut Asked| asked.name == list.provider && asked.address == list.address;
            if let Some(asked) = providers.iter_mut().find(of) {
                asked.old = Some(list);
            }
        }
        let waiting = FuturesUnordered::new();
        for (at, asked) in providers.iter().enumerate().filter(|(_, asked)| probe || asked.near) {
            let (invoke, terms, name) = (Arc::clone(&invoke), terms.clone(), asked.name.clone());
            waiting.push(async move { (at, cards::of(&invoke, &name, &terms).await) }.boxed());
        }
        Self { lists, invoke, providers, waiting, done: false }
    }

    /// Waits until there is something new to tell; `false` where all is told.
    async fn hear(&mut self) -> bool {
        let mut until = None;
        while !self.done {
            let next = self.waiting.next();
            let heard = match until {
                None => next.await,
                Some(until) => match timeout_at(until, next).await {
                    Ok(heard) => heard,
                    Err(_) => return true,
                },
            };
            let Some((at, answer)) = heard else {
                self.done = true;
                return true;
            };
            self.take(at, answer).await;
            until.get_or_insert_with(|| Instant::now() + TOGETHER);
        }
        false
    }

    async fn take(&mut self, at: usize, answer: Result<Vec<ModelCard>>) {
        let (now, asked) = (fresh::now(), &mut self.providers[at]);
        if let Ok(cards) = &answer
            && asked.kept
            && (!cards.is_empty() || asked.old.is_some())
        {
            let (provider, address) = (asked.name.clone(), asked.address.clone());
            let cards = self.invoke.as_shown(cards);
            self.lists.keep(ModelList { provider, address, listed: now, cards }).await;
        }
        asked.answer = Some((answer, now));
    }

    /// What is known by now; `None` where that is nothing yet.
    fn told(&self) -> Option<Result<Listed>> {
        let (mut lists, mut all, mut silent, mut failure) = (Vec::new(), Vec::new(), Vec::new(), None);
        for asked in &self.providers {
            let listing = |listed, models: usize, error: Option<&Error>| Listing {
                provider: asked.name.clone(),
                address: asked.address.clone(),
                listed,
                models: u32::try_from(models).unwrap_or(u32::MAX),
                error: error.cloned(),
            };
            let old = asked.old.as_ref().filter(|old| !old.cards.is_empty());
            match (&asked.answer, old) {
                (Some((Ok(cards), _)), _) if asked.near => all.extend_from_slice(cards),
                (Some((Ok(cards), at)), _) => {
                    // That nothing answers at an address where something may be is nothing to tell.
                    if !cards.is_empty() || asked.kept {
                        lists.push(listing(Some(*at), cards.len(), None));
                    }
                    all.extend_from_slice(cards);
                }
                (Some((Err(error), _)), None) => {
                    // Whose key is refused has none of them.
                    if asked.kept && (error.kind != ErrorKind::Auth || only_lists_are_refused(error)) {
                        all.extend(cards::catalogued(&self.invoke, &asked.name));
                    }
                    match cards::stand_in(&asked.name, error) {
                        Ok(card) => silent.push(card),
                        Err(error) => return Some(Err(error)),
                    }
                    if !asked.near {
                        lists.push(listing(None, 0, Some(error)));
                    }
                    failure = Some(error.clone());
                }
                (None, None) if asked.kept => {
                    // Where it is being asked now, its answer takes the place of this.
                    lists.push(listing(None, 0, None));
                    all.extend(cards::catalogued(&self.invoke, &asked.name));
                }
                (None, None) => {}
                (answer, Some(old)) => {
                    let error = answer.as_ref().and_then(|(answer, _)| answer.as_ref().err());
                    lists.push(listing(Some(old.listed), old.cards.len(), error));
                    all.extend(self.invoke.recall(&asked.name, old.cards.clone()));
                }
            }
        }
        if all.is_empty() {
            // Others may have some yet.
            return if self.done { Some(failure.map_or(Ok((lists, silent)), Err)) } else { None };
        }
        all.append(&mut silent);
        Some(Ok((lists, all)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_may_not_list_is_told_from_one_that_is_refused() {
        let refused = |why: &str| only_lists_are_refused(&Error::new(ErrorKind::Auth, "listing", why, ""));
        assert!(refused(
            "the server says (403): User: arn:aws:iam::1:user/ada is not authorized to perform: \
             bedrock:ListFoundationModels because no identity-based policy allows it"
        ));
        assert!(refused(
            "the server says (403): You have insufficient permissions for this operation. Missing scopes: x"
        ));
        assert!(!refused("the server says (403): The security token included in the request is invalid."));
        assert!(!refused("the server says (401): Incorrect API key provided"));
    }
}
