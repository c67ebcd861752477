//! One trait, many voices.
//!
//! A provider turns a `Call` into a stream of `domain::delta::Event`. It keeps no conversation, runs no checks and
//! records nothing: `service/invoke` is its only caller and does all that. Bytes and JSON shapes are `wire`'s, sockets
//! are `net`'s, weights are `engine`'s.

mod answering;
pub mod anthropic;
mod aws;
pub mod bedrock;
mod fitted;
pub mod key;
pub mod lambda;
pub mod limited;
pub mod local;
pub mod ollama;
pub mod openai;
pub mod optional;
pub mod recording;
pub mod replay;
pub mod s3;
pub mod scripted;
mod sent;
pub mod told_key;
pub mod unavailable;

use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;

use crate::domain::call::{Call, Converse, Picture};
use crate::domain::catalog::ModelId;
use crate::domain::delta::Event;
use crate::domain::left_out::LeftOut;
use crate::domain::script::{Operation, Sent};
use crate::domain::{Error, ErrorKind, Result};
use crate::net::Client;

/// What a provider answers with. It ends after `Event::Stop` or after the first error; dropping it cancels the call.
pub type Events = BoxStream<'static, Result<Event>>;

/// What became of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyCheck {
    Taken,
    /// What was asked is answered without a key too.
    NotAsked,
}

/// One voice.
pub trait Provider: Send + Sync + std::fmt::Debug {
    /// The name in front of its model ids.
    fn name(&self) -> &str;

    /// The voice that this one is wrapped around: it answers for what the wrapper does not.
    fn within(&self) -> Option<&dyn Provider> {
        None
    }

    /// Whether it is reached over the network: such a one is asked for its models only when the person wants that.
    fn is_remote(&self) -> bool {
        self.within().is_some_and(Provider::is_remote)
    }

    /// The Region whose endpoints are asked, where it has such.
    fn region(&self) -> Option<String> {
        self.within().and_then(Provider::region)
    }

    /// What a conversation is asked for by as far as is known now, in Bedrock's words; `None` is a stream of Converse, as
    /// others would be called there.
    fn operation(&self, converse: &Converse) -> Option<Operation> {
        self.within().and_then(|voice| voice.operation(converse))
    }

    /// Where its API is, for one that has an address: its list of models is that address's.
    fn address(&self) -> Option<String> {
        self.within()?.address()
    }

    /// The vendor whose API it speaks that nobody else has: the ids of that API are the vendor's, whatever its address.
    fn vendor(&self) -> Option<&'static str> {
        self.within()?.vendor()
    }

    /// Whether it says who asks, with a key.
    fn has_key(&self) -> bool {
        self.within().is_some_and(Provider::has_key)
    }

    /// Whether it may be there or not: that it has no models is nothing to speak of.
    fn is_optional(&self) -> bool {
        self.within().is_some_and(Provider::is_optional)
    }

    /// Whether its answers cost nothing: they were made before.
    fn is_free(&self) -> bool {
        self.within().is_some_and(Provider::is_free)
    }

    /// Whether it fetches and deletes models where it runs, when it is asked to.
    fn keeps_models(&self) -> bool {
        self.within().is_some_and(Provider::keeps_models)
    }

    /// Whether its server may leave the beginning of a conversation out that is longer than the context, and say nothing.
    fn may_cut(&self) -> bool {
        self.within().is_some_and(Provider::may_cut)
    }

    /// Whether it holds the answers of every model to a schema that is asked for, whatever the model can.
    fn holds_to_schema(&self) -> bool {
        self.within().is_some_and(Provider::holds_to_schema)
    }

    /// Asks whether its key is taken, where a list of models says nothing of that: anybody may have got it. `None` where
    /// there is nothing more to ask.
    fn check_key(&self, net: &Client) -> Option<BoxFuture<'static, Result<KeyCheck>>> {
        self.within()?.check_key(net)
    }

    /// The request by which it would ask for an answer first, its key left out. A server may have made it ask once more in
    /// other words.
    ///
    /// # Errors
    ///
    /// `Refused` where there is no request: nothing leaves this program. `Invalid` or `NotFound` where it could not be sent.
    fn sent(&self, converse: &Converse) -> Result<Sent> {
        if let Some(voice) = self.within() {
            return voice.sent(converse);
        }
        Err(Error::new(
            ErrorKind::Refused { capability: "endpoint".to_owned() },
            format!("writing the request to {}", converse.model),
            format!("{} has no endpoint: its answers come from nowhere else", self.name()),
            "Models of a server and of this machine have such requests.",
        ))
    }

    /// The request by which it would ask for the first of these pictures, its key left out.
    ///
    /// # Errors
    ///
    /// `Refused` where there is no request that can be written down, `Invalid` or `NotFound` where it could not be sent.
    fn sent_picture(&self, picture: &Picture) -> Result<Sent> {
        if let Some(voice) = self.within() {
            return voice.sent_picture(picture);
        }
        Err(Error::new(
            ErrorKind::Refused { capability: "images".to_owned() },
            format!("writing the request to {}", picture.model),
            format!("{} makes no pictures", self.name()),
            "Models that make pictures have such requests.",
        ))
    }

    /// The settings of the conversation that it would not send, since its API has no room for them.
    fn left_out(&self, converse: &Converse) -> Vec<LeftOut> {
        self.within().map_or_else(Vec::new, |voice| voice.left_out(converse))
    }

    /// Tokens that it would ask for on top of the longest answer, to think with, where its API counts both as one.
    fn on_top(&self, converse: &Converse) -> u32 {
        self.within().map_or(0, |voice| voice.on_top(converse))
    }

    /// The longest answer that it asks for where nothing is set, in tokens; `None` where that is left to the server.
    fn usual_longest(&self, converse: &Converse) -> Option<u32> {
        self.within()?.usual_longest(converse)
    }

    /// What a picture cannot be asked for of that model, by the names of the pictures' rows.
    fn unpictured(&self, model: &ModelId) -> Vec<LeftOut> {
        self.within().map_or_else(Vec::new, |voice| voice.unpictured(model))
    }

    /// Hears which model stands behind one of its own whose name does not tell it.
    fn based_on(&self, model: &ModelId, base: &str) {
        if let Some(voice) = self.within() {
            voice.based_on(model, base);
        }
    }

    /// Serves a call. Never blocks: connecting and waiting happen inside the stream. `net` is the call's own way to the
    /// network; a provider keeps none of its own.
    ///
    /// A conversation yields `Queued`/`Prefill` (if known), then text and reasoning, then `Usage`, then `Stop`.
    /// `ListModels` yields one `Models`. What the model cannot do is the error `Refused`.
    fn serve(&self, call: Call, net: &Client) -> Events;
}
