//! An owner that says nothing, or that is long in ending: noticed while a call waits for it, and told to whoever watches.

use std::path::Path;
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::time::timeout;

use super::there::There;
use crate::domain::ErrorKind;

/// How long a call waits for a word before the owner is asked whether it is there.
pub(super) const LULL: Duration = Duration::from_secs(2);

/// How long it may take to say so.
const ANSWER: Duration = Duration::from_secs(3);

/// What those who wait and the one who asks share.
#[derive(Debug)]
pub(super) struct Silence {
    noticed: Notify,
    awaited: Notify,
    /// What watchers are told while it lasts.
    said: watch::Sender<Option<String>>,
}

impl Default for Silence {
    fn default() -> Self {
        Self { noticed: Notify::new(), awaited: Notify::new(), said: watch::Sender::new(None) }
    }
}

impl Silence {
    /// A call has waited for long.
    pub fn notice(&self) {
        self.noticed.notify_one();
    }

    /// Until one has.
    pub async fn noticed(&self) {
        self.noticed.notified().await;
    }

    /// A call has waited for long for somebody to be sent to.
    pub fn stand_by(&self) {
        self.awaited.notify_one();
    }

    /// Until one has.
    pub async fn awaited(&self) {
        self.awaited.notified().await;
    }

    /// What is asked now is for the next owner.
    pub fn tell_of_parting(&self, there: &There) {
        let pid = there.owner_pid();
        self.tell(Some(format!(
            "The outcrop that has the workspace open, process {pid}, is about to end and finishes what others asked of it \
             before; this one goes on after that. If it is suspended, fg brings it back."
        )));
    }

    /// Follows what is to be told.
    pub fn follow(&self) -> watch::Receiver<Option<String>> {
        let mut said = self.said.subscribe();
        said.mark_changed();
        said
    }

    /// Greets the owner of `folder` anew, which a process that runs answers at once, however much it has to do.
    pub async fn ask(&self, folder: &Path, there: &There) {
        let silent = match timeout(ANSWER, There::connect(folder)).await {
            Ok(Ok(_)) => false,
            // What else it may be shows itself by the connection that there is.
            Ok(Err(error)) => error.kind == ErrorKind::Timeout,
            Err(_) => true,
        };
        self.tell(silent.then(|| {
            let pid = there.owner_pid();
            format!(
                "The outcrop that has the workspace open, process {pid}, does not answer. It may be suspended: bring it \
                 back with fg, or end it, and this one goes on."
            )
        }));
    }

    /// The owner is another one, or answers.
    pub fn end(&self) {
        self.tell(None);
    }

    fn tell(&self, what: Option<String>) {
        self.said.send_if_modified(|said| {
            let news = *said != what;
            *said = what;
            news
        });
    }
}
