//! The last thing: what was left running comes to its end, and the door is closed, which waits for what other processes have
//! asked of this one.

use std::future::{pending, poll_fn};
use std::io::Write;
use std::task::Poll;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio::time::sleep;

use crate::workbench::{Door, LULL, PARTING, RUNNING};

/// How often it is looked whether that has ended.
const LOOK: Duration = Duration::from_millis(500);

/// Waits for what goes on by itself; a signal ends the wait.
pub async fn outlast(door: &Door) {
    if !door.is_busy() {
        return;
    }
    // Nobody may be there to read it.
    let _ = writeln!(std::io::stderr(), "outcrop: {RUNNING}");
    let over = async {
        while door.is_busy() {
            sleep(LOOK).await;
        }
    };
    tokio::select! {
        () = over => {}
        () = asked_to_end() => {}
    }
}

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

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use futures_util::future::BoxFuture;
    use futures_util::{FutureExt as _, StreamExt as _, stream};

    use super::*;
    use crate::workbench::{Context, Replies, Request, Workbench};

    /// Something goes on for so many looks.
    #[derive(Debug)]
    struct Busy(AtomicU32);

    impl Workbench for Busy {
        fn call(&self, _context: Context, _request: Request) -> Replies {
            stream::empty().boxed()
        }

        fn close(&self) -> BoxFuture<'static, ()> {
            std::future::ready(()).boxed()
        }

        fn is_busy(&self) -> bool {
            let less = |left: u32| left.checked_sub(1);
            self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less).is_ok()
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_left_running_is_waited_for_and_where_nothing_runs_nothing_is() {
        for (looks, waited) in [(0, 0), (4, 1500)] {
            let began = tokio::time::Instant::now();
            let busy = Arc::new(Busy(AtomicU32::new(looks)));
            let door: Door = busy.clone();
            outlast(&door).await;
            assert_eq!(busy.0.load(Ordering::SeqCst), 0);
            assert_eq!(began.elapsed().as_millis(), waited);
        }
    }
}
