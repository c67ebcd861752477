//! A voice that may be there or not: where nobody listens at its address, or something that is no server of models, it has
//! no models, which is no error.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt, stream};

use super::{Events, Provider};
use crate::domain::call::Call;
use crate::domain::catalog::ModelCard;
use crate::domain::delta::Event;
use crate::net::Client;

/// How long a server of this machine may take to accept a connection.
const PATIENCE: Duration = Duration::from_millis(50);

/// How long what listens there may take to say what it has.
const LISTING: Duration = Duration::from_secs(1);

/// A voice at an address of this machine.
#[derive(Debug)]
pub struct Optional {
    voice: Arc<dyn Provider>,
    url: String,
    /// Nobody said that it is there: it is looked for where such servers are by custom.
    looked_for: bool,
}

impl Optional {
    /// `voice`, whose API starts at `url`.
    pub fn new(voice: Arc<dyn Provider>, url: impl Into<String>) -> Self {
        Self { voice, url: url.into(), looked_for: false }
    }

    /// Nobody said that it is there: what listens and has no list is something else, and is not spoken of.
    #[must_use]
    pub fn looked_for(self, looked_for: bool) -> Self {
        Self { looked_for, ..self }
    }
}

impl Provider for Optional {
    fn name(&self) -> &str {
        self.voice.name()
    }

    fn within(&self) -> Option<&dyn Provider> {
        Some(&*self.voice)
    }

    fn is_optional(&self) -> bool {
        true
    }

    fn serve(&self, call: Call, net: &Client) -> Events {
        if !matches!(call, Call::ListModels) {
            return self.voice.serve(call, net);
        }
        let (voice, url, net) = (Arc::clone(&self.voice), self.url.clone(), net.clone());
        let looked_for = self.looked_for;
        stream::once(async move {
            if !net.is_there(&url, PATIENCE).await {
                return only(Vec::new());
            }
            let events = voice.serve(call, &net);
            if looked_for { only(listed(events).await) } else { events }
        })
        .flatten()
        .boxed()
    }
}

fn only(cards: Vec<ModelCard>) -> Events {
    stream::once(std::future::ready(Ok(Event::Models { cards }))).boxed()
}

/// What is listed in time; nothing where that fails.
async fn listed(mut events: Events) -> Vec<ModelCard> {
    let listed = async {
        while let Some(Ok(event)) = events.next().await {
            if let Event::Models { cards } = event {
                return cards;
            }
        }
        Vec::new()
    };
    tokio::time::timeout(LISTING, listed).await.unwrap_or_default()
}
