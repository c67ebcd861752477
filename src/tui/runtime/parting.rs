//! The last thing: what was left running comes to its end, and the door is closed, which waits for what other processes have
//! asked of this one.

use std::future::{pending, poll_fn};
use std::io::Write;
use std::task::Poll;
use std::time::Duration;

use signal_hook::consts::SIGTSTP;
use tokio::signal::unix::{self, SignalKind};
use tokio::time::sleep;

use crate::tui::terminal::{self, Signal};
use crate::workbench::{Door, LULL, PARTING, RUNNING};

/// How often it is looked whether that has ended.
const LOOK: Duration = Duration::from_millis(500);

/// Waits for what goes on by itself; the signal that ended the wait before that was over.
pub async fn outlast(door: &Door) -> Option<Signal> {
    if !door.is_busy() {
        return None;
    }
    let mut ear = Ear::new();
    // Nobody may be there to read it.
    let _ = writeln!(std::io::stderr(), "outcrop: {RUNNING}");
    let over = async {
        while door.is_busy() {
            sleep(LOOK).await;
        }
    };
    tokio::select! {
        () = over => None,
        signal = ear.end() => Some(signal),
    }
}

/// Closes the door where the shell goes on: the terminal was given back. What keeps it is said; a signal makes it quick.
pub async fn part(door: &Door) {
    let mut ear = Ear::new();
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
        _ = ear.end() => {}
    }
    door.hurry();
    closing.await;
}

/// What the system tells the process: the screen's own ear is gone with it, and signals that nobody hears are lost.
struct Ear(Vec<(Signal, unix::Signal)>);

impl Ear {
    fn new() -> Self {
        let kinds = [
            (Signal::Interrupt, SignalKind::interrupt()),
            (Signal::Terminate, SignalKind::terminate()),
            (Signal::HangUp, SignalKind::hangup()),
            (Signal::Stop, SignalKind::from_raw(SIGTSTP)),
        ];
        Self(kinds.into_iter().filter_map(|(what, kind)| Some((what, unix::signal(kind).ok()?))).collect())
    }

    async fn next(&mut self) -> Signal {
        poll_fn(|context| {
            let mut signals = self.0.iter_mut();
            let came =
                signals.find_map(|(what, signal)| signal.poll_recv(context).is_ready().then_some(*what));
            came.map_or(Poll::Pending, Poll::Ready)
        })
        .await
    }

    /// Until the person or the system wants the end. Ctrl+Z stops the process as it does any other.
    async fn end(&mut self) -> Signal {
        loop {
            match self.next().await {
                Signal::Stop => terminal::stop(),
                signal => return signal,
            }
        }
    }
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
            assert_eq!(outlast(&door).await, None);
            assert_eq!(busy.0.load(Ordering::SeqCst), 0);
            assert_eq!(began.elapsed().as_millis(), waited);
        }
    }
}
