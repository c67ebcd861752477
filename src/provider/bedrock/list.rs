//! The models of a region: Amazon's, the profiles by which newer ones are asked, and what the account has made of them.

use futures_util::future::join_all;

use super::{Bedrock, Service};
use crate::domain::delta::Event;
use crate::domain::{Error, ErrorKind, Result};
use crate::net::{Client, Response};
use crate::provider::answering::{LONGEST, scrubbed};
use crate::wire::bedrock::models;
use crate::wire::bedrock::own::{self, List, Own};

/// Pages of a list that are read at most: a server that names the next one without end is left.
const PAGES: usize = 20;

impl Bedrock {
    /// Everything that can be asked by this account. Only Amazon's own list must be there: an account may see it alone.
    pub(super) async fn list(&self, net: &Client) -> Result<Event> {
        let doing = format!("listing the models of {}", self.name);
        let (body, response) = self.get(net, &doing, models::MODELS).await?;
        let mut cards = models::foundation(&doing, &self.name, &self.region, &body)
            .map_err(|error| scrubbed(error, &response))?;
        let read = |body: &[u8]| models::profiles(&doing, &cards, &self.name, body);
        let profiles = match self.pages(net, &doing, models::profiles_path, read).await {
            (profiles, None) => profiles,
            (profiles, Some(error)) if error.kind == ErrorKind::Auth => profiles,
            (_, Some(error)) => return Err(error),
        };
        let owns = self.owns(net, &doing).await;
        let owns = own::cards(&self.name, &self.region, &cards, owns);
        cards.extend(profiles);
        cards.extend(owns);
        cards.sort_by(|a, b| a.id.cmp(&b.id));
        cards.dedup_by(|a, b| a.id == b.id);
        Ok(Event::Models { cards })
    }

    /// What the account has made. A list that it may not see, or that its region does not have, takes nothing from the
    /// others.
    async fn owns(&self, net: &Client, doing: &str) -> Vec<Own> {
        let lists = List::ALL.map(async |list| {
            let read = |body: &[u8]| own::page(doing, list, body);
            let (owns, error) = self.pages(net, doing, |after| list.path(after), read).await;
            if let Some(error) = error {
                tracing::debug!(%error, ?list, "what the account has made is not told whole");
            }
            owns
        });
        join_all(lists).await.concat()
    }

    /// The pages of a list, one after the other, and the error that ended them.
    async fn pages<T>(
        &self,
        net: &Client,
        doing: &str,
        path: impl Fn(Option<&str>) -> String,
        read: impl Fn(&[u8]) -> Result<(Vec<T>, Option<String>)>,
    ) -> (Vec<T>, Option<Error>) {
        let (mut all, mut after) = (Vec::new(), None);
        for _ in 0..PAGES {
            let read = match self.get(net, doing, &path(after.as_deref())).await {
                Ok((body, response)) => read(&body).map_err(|error| scrubbed(error, &response)),
                Err(error) => Err(error),
            };
            match read {
                Ok((page, next)) => {
                    all.extend(page);
                    if next.is_none() || next == after {
                        return (all, None);
                    }
                    after = next;
                }
                Err(error) => return (all, Some(error)),
            }
        }
        (all, None)
    }

    async fn get(&self, net: &Client, doing: &str, path: &str) -> Result<(Vec<u8>, Response)> {
        let request = self.request(net, doing, self.url(Service::Control, path), None).await?;
        let mut response = net.send(request).await?;
        if !response.is_success() {
            return Err(self.complaint(doing, &mut response).await.2);
        }
        Ok((response.bytes(LONGEST).await?, response))
    }
}
