//! A voice that may be there or not: where nobody listens at its address, it has no models, which is no error.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt, stream};

use super::{Events, Provider};
use crate::domain::call::Call;
use crate::domain::delta::Event;
use crate::net::Client;

/// How long a server of this machine may take to accept a connection.
const PATIENCE: Duration = Duration::from_millis(50);

/// A voice at an address of this machine.
#[derive(Debug)]
pub struct Optional {
    voice: Arc<dyn Provider>,
    url: String,
}

impl Optional {
    /// `voice`, whose API starts at `url`.
    pub fn new(voice: Arc<dyn Provider>, url: impl Into<String>) -> Self {
        Self { voice, url: url.into() }
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
        stream::once(async move {
            if net.is_there(&url, PATIENCE).await {
                voice.serve(call, &net)
            } else {
                stream::once(std::future::ready(Ok(Event::Models { cards: Vec::new() }))).boxed()
            }
        })
        .flatten()
        .boxed()
    }
}
