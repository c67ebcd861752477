//! An owner that ends: nothing that others ask of it then is cut or left in doubt without need, and its successor is left
//! alone.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::StreamExt;
use outcrop::domain::{Error, ErrorKind};
use outcrop::workbench::attached::{Attached, Knock, Open, Owning};
use outcrop::workbench::hello::Hello;
use outcrop::workbench::request::workspace::Workspace;
use outcrop::workbench::there::There;
use outcrop::workbench::{Request, Workbench};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::yield_now;

use super::fake::folder;
use super::{all, context, flood, served};

/// Behind its length, as it crosses the socket.
fn framed(bytes: &[u8]) -> Vec<u8> {
    let length = u32::try_from(bytes.len()).unwrap();
    [length.to_be_bytes().as_slice(), bytes].concat()
}

#[tokio::test]
async fn an_owner_that_has_left_does_not_take_away_a_socket_that_has_the_inode_of_its_own() {
    let (_kept, folder) = folder();
    let (_fake, serving) = served(&folder);
    let (socket, kept) = (folder.join("socket"), folder.join("kept"));
    // The inode stays in use, as if the next owner's socket had got it.
    std::fs::hard_link(&socket, &kept).unwrap();
    serving.leave().await;
    assert!(!socket.exists());
    std::fs::rename(&kept, &socket).unwrap();
    serving.stop();
    drop(serving);
    assert!(socket.symlink_metadata().is_ok());
}

#[tokio::test]
async fn an_owner_that_leaves_has_patience_with_a_connection_that_is_full() {
    const CALLS: u64 = 500;
    let (_kept, folder) = folder();
    let (fake, serving) = served(&folder);
    let mut slow = tokio::net::UnixStream::connect(folder.join("socket")).await.unwrap();
    let asked = serde_json::to_vec(&(context(), flood())).unwrap();
    let mut said = framed(&serde_json::to_vec(&Hello::own()).unwrap());
    for id in 1..=CALLS {
        said.extend(framed(&[b"C".as_slice(), id.to_be_bytes().as_slice(), asked.as_slice()].concat()));
    }
    slow.write_all(&said).await.unwrap();
    // Until nothing goes into it any more.
    let mut flooded = 0;
    loop {
        for _ in 0..100 {
            yield_now().await;
        }
        let now = fake.flooded.load(Ordering::SeqCst);
        if now > 0 && now == flooded {
            break;
        }
        flooded = now;
    }
    assert!(flooded < CALLS * 64, "the connection has room for all of it");

    let leaving = tokio::spawn(async move { serving.leave().await });
    for _ in 0..10 {
        yield_now().await;
    }
    // A reader that gets no turn for a second.
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(1)).await;
    tokio::time::resume();
    for _ in 0..10 {
        yield_now().await;
    }
    loop {
        let mut frame = vec![0; slow.read_u32().await.expect("cut without a word") as usize];
        slow.read_exact(&mut frame).await.unwrap();
        if frame[0] == b'L' {
            break;
        }
    }
    drop(slow);
    leaving.await.unwrap();
}

#[tokio::test]
async fn a_restore_that_meets_an_owner_about_to_end_is_known_to_be_not_begun() {
    let (_kept, folder) = folder();
    let theirs = Arc::new(AtomicBool::new(false));
    let others = Arc::clone(&theirs);
    let open: Open = Arc::new(move |_: &Knock| {
        if others.load(Ordering::SeqCst) {
            return Ok(Owning::Anothers { pid: None });
        }
        Err(Error::new(ErrorKind::Corrupt, "opening the store", "its head is gone", "Restore a backup."))
    });
    let door = Attached::begin(&folder, open);
    assert_eq!(door.ready().await.unwrap_err().kind, ErrorKind::Corrupt);
    let (fake, serving) = served(&folder);
    let other = There::connect(&folder).await.unwrap();
    let running = other.call(context(), Request::Workspace(Workspace::Verify));
    fake.begun.notified().await;
    let leaving = tokio::spawn(async move { serving.leave().await });
    while !other.is_gone() {
        yield_now().await;
    }

    theirs.store(true, Ordering::SeqCst);
    let replies = all(&door, Request::Workspace(Workspace::Restore { from: folder.join("a backup") })).await;
    let [Err(error)] = replies.as_slice() else { panic!("{replies:?}") };
    assert_eq!(error.kind, ErrorKind::NotBegun, "{error}");
    assert!(!folder.join("restored").exists());

    fake.go.notify_one();
    assert_eq!(running.collect::<Vec<_>>().await.len(), 1);
    leaving.await.unwrap();
}
