//! What is written while a long work goes on: nobody waits for it, and nothing of it is lost.

use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use outcrop::domain::conversation::Conversation;
use outcrop::domain::message::Message;
use outcrop::store::{Batch, Faults, Options, Scan, Store, WrapWith};

use super::{conversation_id, head, key, message, open, own, small, turn, unlock, walk};

/// Only a writer that waits for the end of the work waits so long.
const PATIENCE: Duration = Duration::from_mins(1);

/// What the long work waits for at its steps: somebody who writes.
struct Hook {
    ask: Mutex<Sender<u32>>,
    done: Mutex<Receiver<()>>,
}

/// How often the work asks before it copies what was written meanwhile, and how often it asks while it does.
const EARLY: u32 = 3;
const LATE: u32 = 4;

/// Does `work` on a store of many records; each time that it comes to `step`, and to what was written meanwhile, a turn is
/// written, one replaced and one removed by another thread, and the work goes on when that is on the disk.
fn worked(home: &Path, step: &'static str, work: impl FnOnce(&Store)) -> u32 {
    let (ask, asked) = channel::<u32>();
    let (tell, done) = channel();
    let end = ask.clone();
    let hook = Hook { ask: Mutex::new(ask), done: Mutex::new(done) };
    let rounds = Arc::new(AtomicU32::new(u32::MAX));
    let counted = rounds.clone();
    let faults = Faults::new(move |at| {
        let armed = counted.load(Ordering::SeqCst);
        if at == step && armed < EARLY || at == "copy what was written meanwhile" && armed < u32::MAX {
            counted.store(armed + 1, Ordering::SeqCst);
            hook.ask.lock().unwrap().send(armed).unwrap();
            hook.done.lock().unwrap().recv_timeout(PATIENCE).map_err(std::io::Error::other)?;
        }
        Ok(())
    });
    let options = Options { faults, ..small() };
    let (store, _) = Store::open_with(&own(home), &unlock(None), options).unwrap();
    for number in 0..1000 {
        let message = message(number % 10, number, "grain");
        let mut batch = Batch::new();
        batch.put(&key(&message), &message).unwrap();
        store.commit_soft(batch).unwrap();
    }
    for number in 0..10 {
        turn(&store, number, 2000 + number, &"large ".repeat(2000));
    }
    std::thread::scope(|scope| {
        let writer = store.clone();
        scope.spawn(move || {
            for round in asked.into_iter().take_while(|round| *round != u32::MAX) {
                // One conversation lies before what is being copied, one behind it.
                for conversation in [0, 9] {
                    let number = 3000 + 10 * round + conversation;
                    turn(&writer, conversation, number, &format!("meanwhile {number} ").repeat(400));
                    let replaced = message(conversation, 2000 + conversation, &format!("round {round}"));
                    let mut batch = Batch::new();
                    batch.put(&key(&replaced), &replaced).unwrap();
                    batch.remove::<Message>(&key(&message(
                        conversation,
                        100 + 10 * round + conversation,
                        "",
                    )));
                    writer.commit(batch).unwrap();
                }
                tell.send(()).unwrap();
            }
        });
        rounds.store(0, Ordering::SeqCst);
        work(&store);
        end.send(u32::MAX).unwrap();
        rounds.swap(u32::MAX, Ordering::SeqCst)
    })
}

fn has_everything(store: &Store, rounds: u32) {
    let messages = store.scan::<Message>(Scan::all()).map(|record| record.unwrap().1).collect::<Vec<_>>();
    assert_eq!(messages.len() as u32, 1010);
    for conversation in [0, 9] {
        let text = |number| {
            let found = messages.iter().find(|message| message.id == super::message_id(number));
            found.map(Message::text)
        };
        assert_eq!(text(2000 + conversation), Some(format!("round {}", rounds - 1)));
        for round in 0..rounds {
            let number = 3000 + 10 * round + conversation;
            assert_eq!(text(number), Some(format!("meanwhile {number} ").repeat(400)));
            assert_eq!(text(100 + 10 * round + conversation), None, "what was removed stays so");
        }
    }
    let heads = store.newest(20, None).unwrap();
    assert_eq!((heads.heads.len(), heads.damaged.len()), (10, 0));
    assert_eq!(heads.heads[0].id, conversation_id(9));
    assert_eq!(store.get::<Conversation>(&conversation_id(5)).unwrap(), Some(head(5, 2005)));
    assert_eq!(store.verify().unwrap().damaged, []);
}

#[test]
fn who_writes_during_a_backup_does_not_wait_for_it_and_the_backup_has_what_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let (home, saved) = (folder.path().join("home"), folder.path().join("saved"));
    let rounds = worked(&home, "back up a chunk", |store| {
        store.backup(&saved).unwrap();
    });
    assert_eq!(rounds, EARLY + LATE, "somebody wrote until the last moment");
    let store = open(&home);
    has_everything(&store, rounds);
    turn(&store, 3, 9000, "after it");
    store.restore(&saved, &unlock(None)).unwrap();
    has_everything(&store, rounds);
}

#[test]
fn who_writes_during_a_compaction_does_not_wait_for_it_and_nothing_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let rounds = worked(folder.path(), "copy a chunk", |store| store.compact().unwrap());
    assert_eq!(rounds, EARLY + LATE, "somebody wrote until the last moment");
    has_everything(&open(folder.path()), rounds);
    // Eight long messages that nobody replaced, and those that came meanwhile.
    let large = walk(folder.path()).into_iter().filter(|path| path.to_string_lossy().contains("/blobs/"));
    assert_eq!(large.count() as u32, 8 + 2 * rounds);
}

#[test]
fn who_writes_while_space_is_given_back_does_not_wait_for_it_and_nothing_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let rounds = worked(folder.path(), "copy a chunk", |store| {
        store.give_back().unwrap();
    });
    assert_eq!(rounds, EARLY + LATE, "somebody wrote until the last moment");
    has_everything(&open(folder.path()), rounds);
}

#[test]
fn who_writes_while_everything_is_sealed_anew_does_not_wait_for_it_and_nothing_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let rounds = worked(folder.path(), "copy a chunk", |store| store.rekey_data(&WrapWith::KeyFile).unwrap());
    assert_eq!(rounds, EARLY + LATE, "somebody wrote until the last moment");
    has_everything(&open(folder.path()), rounds);
}
