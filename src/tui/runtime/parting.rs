//! The last thing: the door is closed, which waits for what other processes have asked of this one.

use std::future::{pending, poll_fn};
use std::io::Write;
use std::task::Poll;

use tokio::signal::unix::{SignalKind, signal};
use tokio::time::sleep;

use crate::workbench::{Door, LULL, PARTING};

/// Closes the door where the shell goes on: the terminal was given back. What keeps it is said; a signal makes it quick.
pub async fn part(door: &Door) {
    let told = async {
        sleep(LULL).await;
        if door.serves_others() {
            // Nobody may be there to read it.
            let _ = writeln!(std::io::stderr(), "outcrop: {PARTING}");
        }
        pending::<()>().await;
    };
    let mut closing = door.close();
    tokio::select! {
        () = &mut closing => return,
        () = told => {}
        () = asked_to_end() => {}
    }
    door.hurry();
    closing.await;
}

/// Until the person or the system wants the end. The screen's own ear for signals is gone with it.
async fn asked_to_end() {
    let kinds = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()];
    let mut signals: Vec<_> = kinds.into_iter().filter_map(|kind| signal(kind).ok()).collect();
    poll_fn(|context| {
        let came = signals.iter_mut().any(|signal| signal.poll_recv(context).is_ready());
        if came { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}
