//! The one door. Everything that the program can do is asked for here, in serde data, by every face.
//!
//! `Here` answers in this process, which owns the store; `There` asks the owner over its socket. A face cannot tell
//! which one it holds. `Away` answers a rater who has a hand-out and nothing else.

mod asking;
pub mod attached;
pub mod away;
pub mod context;
mod frame;
pub mod hello;
pub mod here;
pub mod reply;
pub mod request;
mod rest;
mod silence;
pub mod socket;
mod standing;
pub mod there;
mod voices;

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;

use crate::config::Config;
use crate::net::Reach;
pub use crate::store::shielded;
pub use attached::{Attached, Told};
pub use context::{Context, Face, person};
pub use reply::{Changed, Replies, Reply};
pub use request::Request;

/// The door: a request in, a bounded stream of replies out. Dropping the replies cancels a call.
pub trait Workbench: Send + Sync + std::fmt::Debug {
    /// Starts serving `request`; never blocks. An error is the stream's last item.
    fn call(&self, context: Context, request: Request) -> Replies;

    /// Ends what runs and stores what came of it; a face awaits it before the process ends. Later calls are refused.
    fn close(&self) -> BoxFuture<'static, ()>;

    /// The process has to end at once: what is closed waits for nobody else.
    fn hurry(&self) {}

    /// The calls of others are about to be cut: what they have begun is interrupted then, and stopped by nobody.
    fn interrupt(&self) {}

    /// Whether calls of other processes run, which `close` waits for.
    fn serves_others(&self) -> bool {
        false
    }

    /// Whether something runs that no call waits for.
    fn is_busy(&self) -> bool {
        false
    }

    /// The process is to be stopped for a while: lets go of what others would wait for. `false` where something runs
    /// that would be lost, and nothing is let go. Calls wait until `take_up`.
    fn let_go(&self) -> BoxFuture<'static, bool> {
        Box::pin(std::future::ready(true))
    }

    /// The process runs again.
    fn take_up(&self) {}
}

/// How long a face waits for its door to close before it says why: [`PARTING`], while `serves_others`.
pub const LULL: Duration = silence::LULL;

/// Why a process is still there whose own work is done.
pub const PARTING: &str = "another outcrop's call is still served here, and this one ends after it. \
                           Ctrl+C ends both at once.";

/// Why a process is still there whose screen is gone.
pub const RUNNING: &str = "what was left running goes on without a screen, and this one ends after it. \
                           Ctrl+Z and bg give the shell back; Ctrl+C stops it, to be gone on with later.";

/// A door as faces hold it.
pub type Door = Arc<dyn Workbench>;

/// Begins to own the configured workspace, or to attach to the process that does; calls wait until that is done. Called
/// in a tokio runtime.
pub fn open(config: &Config) -> Arc<Attached> {
    let folder = config.paths.workspace();
    let told = Told { reach: Reach::of(config), standing: config.standing() };
    let config = config.clone();
    Arc::new(Attached::begin(&folder, Arc::new(move |knock| here::Here::open(&config, knock))).told(told))
}
