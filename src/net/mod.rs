//! The only sockets to the world: TLS, proxy, offline, retries, the record of what left the machine; and the one that
//! listens on this machine itself.
//!
//! Everything goes through a [`Client`], which the [`Network`] of the process hands out for one call, by what that call
//! may reach. It knows HTTP and no API: bodies are bytes, a status is a number, and what they
//! mean is `wire`'s. Databases that speak something else get a [`Stream`] under the same rules. It follows redirects itself, so that credentials never go to another host and `--offline` is
//! checked at every hop. Nothing here reads the environment: proxies and time-outs are given.

mod client;
mod egress;
mod guard;
mod line;
mod listen;
mod options;
mod pace;
mod patience;
mod request;
mod response;
mod retry;
mod stream;
mod words;

pub use client::{Client, Leave, Network};
pub use egress::{Egress, EgressLog, EgressSink};
pub use guard::{WebAddress, leads_here, web_address};
pub use line::{Line, Place, Turn};
pub use listen::{Answer, Answering, Asked, Listener, Rules};
pub use options::{NetOptions, Proxies, Reach, Waits};
pub use patience::Brought;
pub use request::Request;
pub use response::Response;
pub use retry::Retries;
pub use stream::{Ledger, Stream, Trust};
