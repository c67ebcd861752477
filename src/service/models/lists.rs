//! Every provider's list of models: those of this machine as they are now, those behind the network as they were given
//! last, kept with their age. A server that may be there or not is on this machine and asked in a moment: its list is
//! not kept, for it may be gone.

use futures_util::future::join_all;

use super::cards;
use crate::domain::Result;
use crate::domain::catalog::ModelCard;
use crate::domain::listing::Listing;
use crate::service::archive::Archive;
use crate::service::fresh;
use crate::service::invoke::{Invoke, Terms};
use crate::store::Batch;
use crate::store::record::ModelList;

/// The lists, and where they are kept.
#[derive(Debug, Clone)]
pub struct Lists(Archive);

impl Lists {
    /// Kept in this archive.
    pub fn new(archive: Archive) -> Self {
        Self(archive)
    }

    /// The cards of every provider in the order of their names, and how the lists of those behind the network stand. With
    /// `probe` those are asked now. One that fails keeps its old list; where it has none, one card stands for it that says
    /// why, unless it is all there is.
    pub async fn list(
        &self,
        invoke: &Invoke,
        probe: bool,
        terms: &Terms,
    ) -> Result<(Vec<Listing>, Vec<ModelCard>)> {
        let (near, names) = (invoke.near(), invoke.providers());
        let ask = async |name: &String| {
            if probe || near.contains(name) { Some(cards::of(invoke, name, terms).await) } else { None }
        };
        let answers = join_all(names.iter().map(ask)).await;
        let kept_of = |name: &String| !near.contains(name) && !invoke.is_optional(name);
        let far = names.iter().filter(|name| kept_of(name)).cloned().collect();
        let mut kept = self.kept(far).await;
        let (mut lists, mut all, mut silent, mut failure) = (Vec::new(), Vec::new(), Vec::new(), None);
        for (name, answer) in names.iter().zip(answers) {
            let address = invoke.address(name);
            let old = kept.iter().position(|list| list.provider == *name && list.address == address);
            let old = old.map(|at| kept.swap_remove(at));
            let listing = |listed, models: usize, error| Listing {
                provider: name.clone(),
                address: address.clone(),
                listed,
                models: u32::try_from(models).unwrap_or(u32::MAX),
                error,
            };
            match (answer, old) {
                (Some(Ok(more)), _) if near.contains(name) => all.extend(more),
                (Some(Ok(more)), old) => {
                    let now = fresh::now();
                    // That nothing answers at an address where something may be is nothing to tell.
                    if !more.is_empty() || kept_of(name) {
                        lists.push(listing(Some(now), more.len(), None));
                    }
                    if kept_of(name) && (!more.is_empty() || old.is_some()) {
                        let cards = invoke.as_shown(&more);
                        let list = ModelList { provider: name.clone(), address, listed: now, cards };
                        self.keep(list).await;
                    }
                    all.extend(more);
                }
                (Some(Err(error)), Some(old)) if !old.cards.is_empty() => {
                    lists.push(listing(Some(old.listed), old.cards.len(), Some(error)));
                    all.extend(invoke.recall(name, old.cards));
                }
                (Some(Err(error)), _) => {
                    silent.push(cards::stand_in(name, &error)?);
                    if !near.contains(name) {
                        lists.push(listing(None, 0, Some(error.clone())));
                    }
                    failure = Some(error);
                }
                (None, Some(old)) if !old.cards.is_empty() => {
                    lists.push(listing(Some(old.listed), old.cards.len(), None));
                    all.extend(invoke.recall(name, old.cards));
                }
                (None, _) => {}
            }
        }
        match failure {
            Some(error) if all.is_empty() => Err(error),
            _ => {
                all.append(&mut silent);
                Ok((lists, all))
            }
        }
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
