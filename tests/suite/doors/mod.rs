//! Two terminals: the door over the socket, whose end is whose, and what happens when the owner ends.

mod fake;
mod parting;
mod spoken;

use std::collections::HashMap;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use fake::{FLOOD, Fake, Process, folder, open};
use futures_util::StreamExt;
use outcrop::domain::{Error, ErrorKind, Result};
use outcrop::workbench::attached::{Attached, Knock, Open, Owning};
use outcrop::workbench::hello::Hello;
use outcrop::workbench::request::Topic;
use outcrop::workbench::request::models::Models;
use outcrop::workbench::request::workspace::Workspace;
use outcrop::workbench::there::There;
use outcrop::workbench::{Changed, Context, Door, Face, Replies, Reply, Request, Workbench, socket};
use tokio::io::AsyncReadExt;

fn context() -> Context {
    Context::of(Face::Cli)
}

fn recall(name: &str) -> Request {
    Request::Workspace(Workspace::Recall { name: name.to_owned() })
}

fn remember(name: &str) -> Request {
    Request::Workspace(Workspace::Remember { name: name.to_owned(), value: serde_json::Value::Null })
}

fn flood() -> Request {
    Request::Models(Models::List { probe: false })
}

async fn all(door: &dyn Workbench, request: Request) -> Vec<Result<Reply>> {
    door.call(context(), request).collect().await
}

/// The name that came back and the process that answered.
async fn recalled(door: &dyn Workbench, name: &str) -> (String, u32) {
    match all(door, recall(name)).await.as_slice() {
        [Ok(Reply::Remembered { value: Some(value) })] => (
            value["name"].as_str().unwrap().to_owned(),
            u32::try_from(value["pid"].as_u64().unwrap()).unwrap(),
        ),
        other => panic!("{other:?}"),
    }
}

/// What this machine cannot show is said, and is a failure in CI.
fn skipped(what: &str) {
    assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "CI must be able to test {what}");
    crate::skipped!("{what}");
}

/// A fake with the lock that another one took.
#[derive(Debug)]
struct Kept {
    fake: Fake,
    _lock: Door,
}

impl Workbench for Kept {
    fn call(&self, context: Context, request: Request) -> Replies {
        self.fake.call(context, request)
    }

    fn close(&self) -> futures_util::future::BoxFuture<'static, ()> {
        self.fake.close()
    }
}

/// A fake, served in a folder.
fn served(folder: &Path) -> (Arc<Fake>, socket::Serving) {
    let fake = Arc::new(Fake::new(folder, None));
    let serving = socket::serve(fake.clone(), socket::bind(folder).unwrap());
    (fake, serving)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_calls_at_once_get_each_their_own_reply() {
    let (_kept, folder) = folder();
    let (_fake, _serving) = served(&folder);
    let door = There::connect(&folder).await.unwrap();
    assert_eq!(door.owner_pid(), std::process::id());
    let calls = (0..1000).map(|i| {
        let replies = door.call(context(), recall(&format!("call {i}")));
        async move { (i, replies.collect::<Vec<_>>().await) }
    });
    for (i, replies) in futures_util::future::join_all(calls).await {
        let [Ok(Reply::Remembered { value: Some(value) })] = replies.as_slice() else {
            panic!("{replies:?}")
        };
        assert_eq!(value["name"], format!("call {i}"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_crosses_the_socket_whole() {
    let (_kept, folder) = folder();
    let (_fake, _serving) = served(&folder);
    let door = There::connect(&folder).await.unwrap();
    let id = "local/none".parse().unwrap();
    let replies = all(&door, Request::Models(Models::Plan { id })).await;
    let [Err(error)] = replies.as_slice() else { panic!("{replies:?}") };
    assert_eq!(error.kind, ErrorKind::NotFound);
    assert_eq!(error.to_string(), "planning local/none: no such model. Try another.");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_reader_stalls_nobody_and_little_is_sent_ahead_of_it() {
    let (_kept, folder) = folder();
    let (fake, _serving) = served(&folder);
    let door = There::connect(&folder).await.unwrap();
    let mut slow = door.call(context(), flood());
    assert!(matches!(slow.next().await, Some(Ok(Reply::Progress { done: 0, .. }))));
    // Others go on, on the same connection and on another.
    for _ in 0..50 {
        assert_eq!(recalled(&door, "quick").await.0, "quick");
    }
    let other = There::connect(&folder).await.unwrap();
    assert_eq!(all(&other, flood()).await.len() as u64, FLOOD);
    let ahead = fake.flooded.load(Ordering::SeqCst) - FLOOD;
    assert!(ahead <= 66, "{ahead} replies were taken for a reader that took one");
    let rest: Vec<_> = slow.collect().await;
    assert_eq!(rest.len() as u64, FLOOD - 1);
    for (i, reply) in rest.into_iter().enumerate() {
        assert!(matches!(reply, Ok(Reply::Progress { done, .. }) if done == i as u64 + 1));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn dropping_the_replies_cancels_the_call_at_its_owner() {
    let (_kept, folder) = folder();
    let (fake, _serving) = served(&folder);
    let door = There::connect(&folder).await.unwrap();
    let replies = door.call(context(), Request::Watch { topic: Topic::Models });
    fake.begun.notified().await;
    drop(replies);
    fake.dropped.notified().await;
    // And so does the end of the connection.
    let replies = door.call(context(), Request::Watch { topic: Topic::Models });
    fake.begun.notified().await;
    drop((door, replies));
    fake.dropped.notified().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_version_is_refused_with_both_versions_named() {
    let (_kept, folder) = folder();
    let (_fake, _serving) = served(&folder);
    for other in [Hello { version: "99.0.0".into(), ..Hello::own() }, Hello { protocol: 99, ..Hello::own() }]
    {
        let error = There::connect_as(&folder, &other).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Version);
        assert!(error.why.contains("99") && error.why.contains(&Hello::own().version), "{error}");
    }
    There::connect(&folder).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_outcrop_is_hung_up_on_and_others_are_still_served() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let (_kept, folder) = folder();
    let (_fake, _serving) = served(&folder);
    for junk in [b"GET / HTTP/1.1\r\n\r\n".as_slice(), &[0xff; 64], b"\0\0\0\x02{}"] {
        let mut stream = tokio::net::UnixStream::connect(folder.join("socket")).await.unwrap();
        stream.write_all(junk).await.unwrap();
        let mut got = Vec::new();
        // It ends: by a hang-up or a reset.
        let _ = stream.read_to_end(&mut got).await;
    }
    let door = There::connect(&folder).await.unwrap();
    assert_eq!(recalled(&door, "x").await.0, "x");
}

#[tokio::test]
async fn the_socket_is_private_and_a_stale_one_is_replaced() {
    let (_kept, folder) = folder();
    let path = folder.join("socket");
    // As a killed owner leaves it: a file that nobody listens on.
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    assert_eq!(There::connect(&folder).await.unwrap_err().kind, ErrorKind::Detached);
    let (_fake, serving) = served(&folder);
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    There::connect(&folder).await.unwrap();
    drop(serving);
    assert!(!path.exists());
}

#[tokio::test]
async fn an_ended_owner_leaves_its_successors_socket_alone() {
    let (_kept, folder) = folder();
    let (_first, serving) = served(&folder);
    let (_second, _still) = served(&folder);
    drop(serving);
    There::connect(&folder).await.unwrap();
}

#[tokio::test]
async fn a_folder_that_others_may_enter_or_a_link_is_refused() {
    let (kept, folder) = folder();
    let link = kept.path().join("link");
    std::os::unix::fs::symlink(&folder, &link).unwrap();
    assert!(socket::bind(&link).unwrap_err().why.contains("0700"));
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o750)).unwrap();
    assert!(socket::bind(&folder).unwrap_err().why.contains("0700"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_that_is_too_long_for_an_address_works_all_the_same() {
    let (_kept, folder) = folder();
    let long = folder.join("a".repeat(120)).join("b".repeat(120));
    std::fs::create_dir_all(&long).unwrap();
    std::fs::set_permissions(&long, std::fs::Permissions::from_mode(0o700)).unwrap();
    let (_fake, _serving) = served(&long);
    let door = There::connect(&long).await.unwrap();
    assert_eq!(recalled(&door, "far down").await.0, "far down");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_account_is_hung_up_on_before_a_word() {
    use std::os::unix::process::CommandExt;
    if !rustix::process::geteuid().is_root() {
        return skipped("another account (needs root)");
    }
    let (kept, folder) = folder();
    let (_fake, _serving) = served(&folder);
    // Everything that stands in its way but the check itself is opened.
    for path in [kept.path(), &folder, &folder.join("socket")] {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o777)).unwrap();
    }
    let socket = folder.join("socket");
    let script = "use Socket; socket(S, AF_UNIX, SOCK_STREAM, 0); connect(S, pack_sockaddr_un($ARGV[0])) or die; \
                  print 'heard:', join('', <S>)";
    let output = tokio::task::spawn_blocking(move || {
        std::process::Command::new("perl").args(["-e", script]).arg(&socket).uid(65534).gid(65534).output()
    })
    .await
    .unwrap();
    let Ok(output) = output else {
        return skipped("another account (needs perl)");
    };
    assert_eq!(String::from_utf8_lossy(&output.stdout), "heard:", "{output:?}");
    There::connect(&folder).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_processes_that_race_one_owns_and_the_other_attaches_a_hundred_times() {
    let (_kept, folder) = folder();
    for _ in 0..100 {
        let (mut one, mut two) = (Process::start(&folder), Process::start(&folder));
        let (one_is, two_is) = (one.says(), two.says());
        let mut roles = [one_is.as_str(), two_is.as_str()];
        roles.sort_unstable();
        assert_eq!(roles, ["attached", "owner"]);
        // Whichever way the owner ends, the folder is good for the next two.
        let (owner, other) = if one_is == "owner" { (one, two) } else { (two, one) };
        drop(other);
        owner.end();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_owner_is_killed_one_takes_over_and_calls_end_as_they_must() {
    let (_kept, folder) = folder();
    let mut owner = Process::start(&folder);
    assert_eq!(owner.says(), "owner");
    let door = Attached::open(&folder, open(&folder)).await.unwrap();
    assert!(!door.is_owner());
    assert_eq!(recalled(&door, "a").await, ("a".into(), owner.pid()));

    let mut watch = door.call(context(), Request::Watch { topic: Topic::Conversations });
    let mut write = door.call(context(), Request::Workspace(Workspace::Compact));
    // Answered by the owner after it took the two above: calls of one connection are begun in order.
    recalled(&door, "b").await;
    owner.kill();

    let error = write.next().await.unwrap().unwrap_err();
    assert_eq!(error.kind, ErrorKind::Detached, "{error}");
    assert!(write.next().await.is_none());
    let missed = watch.next().await.unwrap().unwrap();
    assert_eq!(missed, Reply::Changed { number: 1, change: Changed::Missed });
    assert_eq!(recalled(&door, "c").await, ("c".into(), std::process::id()));
    assert!(door.is_owner());
    // The next one finds the new owner.
    let mut third = Process::start(&folder);
    assert_eq!(third.says(), "attached");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_that_wait_one_takes_over_and_the_others_attach_to_it() {
    let (_kept, folder) = folder();
    let mut owner = Process::start(&folder);
    assert_eq!(owner.says(), "owner");
    let mut doors = Vec::new();
    for _ in 0..8 {
        doors.push(Attached::open(&folder, open(&folder)).await.unwrap());
    }
    owner.kill();
    for door in &doors {
        assert_eq!(recalled(door, "x").await.1, std::process::id());
    }
    assert_eq!(doors.iter().filter(|door| door.is_owner()).count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_that_lets_go_is_served_by_whoever_has_the_workspace_when_it_is_back_and_its_watch_goes_on()
{
    let (_kept, folder) = folder();
    let door = Attached::open(&folder, open(&folder)).await.unwrap();
    let mut watch = door.call(context(), Request::Watch { topic: Topic::Conversations });
    assert_eq!(recalled(&door, "a").await.1, std::process::id());
    assert!(door.let_go().await);
    assert!(!door.is_owner());
    let asked = door.call(context(), recall("b"));
    let mut other = Process::start(&folder);
    assert_eq!(other.says(), "owner");
    door.take_up();
    let [Ok(Reply::Remembered { value: Some(value) })] = &asked.collect::<Vec<_>>().await[..] else {
        panic!("what was asked meanwhile is not served")
    };
    assert_eq!(value["pid"], other.pid());
    let missed = watch.next().await.unwrap().unwrap();
    assert_eq!(missed, Reply::Changed { number: 1, change: Changed::Missed });
    // And it is as before: when that one ends this one owns again.
    other.kill();
    assert_eq!(recalled(&door, "c").await.1, std::process::id());
    for _ in 0..20 {
        assert!(door.let_go().await);
        door.take_up();
        assert_eq!(recalled(&door, "again").await.1, std::process::id());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_on_which_something_runs_keeps_the_workspace() {
    let (_kept, folder) = folder();
    let door = Attached::open(&folder, open(&folder)).await.unwrap();
    let other = There::connect(&folder).await.unwrap();
    for asked in [&door as &dyn Workbench, &other] {
        let running = asked.call(context(), Request::Workspace(Workspace::Compact));
        // Begun after the one above.
        recalled(asked, "a").await;
        assert!(!door.let_go().await);
        door.take_up();
        assert!(door.is_owner());
        assert_eq!(recalled(&other, "still there").await.1, std::process::id());
        drop(running);
    }
    assert!(door.let_go().await);
    door.take_up();
    assert_eq!(recalled(&door, "b").await.1, std::process::id());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_attached_and_rests_takes_nothing_over() {
    let (_kept, folder) = folder();
    let mut owner = Process::start(&folder);
    assert_eq!(owner.says(), "owner");
    let door = Attached::open(&folder, open(&folder)).await.unwrap();
    assert!(door.let_go().await);
    owner.kill();
    let mut next = Process::start(&folder);
    assert_eq!(next.says(), "owner");
    door.take_up();
    assert_eq!(recalled(&door, "a").await.1, next.pid());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_that_leaves_serves_what_was_asked_and_the_rest_waits_for_the_next() {
    let (_kept, folder) = folder();
    let owner = Attached::open(&folder, open(&folder)).await.unwrap();
    let mut doors = Vec::new();
    for _ in 0..4 {
        doors.push(Attached::open(&folder, open(&folder)).await.unwrap());
    }
    let writers = doors.iter().enumerate().map(|(d, door)| async move {
        for i in 0..200 {
            let replies = all(door, remember(&format!("{d}-{i}"))).await;
            assert!(matches!(replies.as_slice(), [Ok(Reply::Done)]), "{replies:?}");
        }
    });
    let leave = async {
        while std::fs::read_to_string(folder.join("journal")).unwrap_or_default().lines().count() < 100 {
            tokio::task::yield_now().await;
        }
        owner.close().await;
        drop(owner);
    };
    tokio::join!(futures_util::future::join_all(writers), leave);
    let journal = std::fs::read_to_string(folder.join("journal")).unwrap();
    let mut lines: Vec<_> = journal.lines().collect();
    lines.sort_unstable();
    let all = lines.len();
    lines.dedup();
    assert_eq!((all, lines.len()), (800, 800));
}

#[tokio::test(start_paused = true)]
async fn an_owner_that_leaves_finishes_what_it_began_and_does_nothing_of_what_comes_then() {
    let (_kept, folder) = folder();
    let (fake, serving) = served(&folder);
    let door = There::connect(&folder).await.unwrap();
    let mut running = door.call(context(), Request::Workspace(Workspace::Verify));
    fake.begun.notified().await;
    assert_eq!(serving.calls(), 1);
    let leaving = tokio::spawn(async move { serving.leave().await });
    tokio::time::sleep(Duration::from_hours(1)).await;
    assert!(!leaving.is_finished());

    // Whoever comes is greeted. What they ask is theirs to ask the next owner.
    let late = There::connect(&folder).await.unwrap();
    let replies = all(&late, remember("late")).await;
    let [Err(error)] = replies.as_slice() else { panic!("{replies:?}") };
    assert_eq!(error.kind, ErrorKind::NotBegun, "{error}");
    let gone = late.gone();
    assert!(!folder.join("journal").exists());

    fake.go.notify_one();
    assert!(matches!(running.next().await, Some(Ok(Reply::Done))));
    assert!(running.next().await.is_none());
    leaving.await.unwrap();
    gone.await;
    assert_eq!(There::connect(&folder).await.unwrap_err().kind, ErrorKind::Detached);
}

#[tokio::test]
async fn who_comes_while_an_owner_leaves_is_told_with_the_greeting_that_nothing_is_begun() {
    let (_kept, folder) = folder();
    let (fake, serving) = served(&folder);
    let door = There::connect(&folder).await.unwrap();
    let running = door.call(context(), Request::Workspace(Workspace::Verify));
    fake.begun.notified().await;
    let leaving = tokio::spawn(async move { serving.leave().await });
    while !door.is_gone() {
        tokio::task::yield_now().await;
    }

    // The owner may end at any moment after its hello: whoever has heard that has heard the word, too.
    let mut late = tokio::net::UnixStream::connect(folder.join("socket")).await.unwrap();
    let mut frames = Vec::new();
    for _ in 0..2 {
        let mut frame = vec![0; late.read_u32().await.unwrap() as usize];
        late.read_exact(&mut frame).await.unwrap();
        frames.push(frame);
    }
    assert!(serde_json::from_slice::<Hello>(&frames[0]).is_ok(), "{frames:?}");
    assert_eq!(frames[1], b"N\0\0\0\0\0\0\0\0");

    fake.go.notify_one();
    assert_eq!(running.collect::<Vec<_>>().await.len(), 1);
    leaving.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_is_asked_while_an_owner_leaves_is_done_once_by_the_next_and_the_wait_is_told() {
    let (_kept, folder) = folder();
    let go = Arc::new(tokio::sync::Notify::new());
    let place = folder.clone();
    let (mine, ends) = (open(&folder), go.clone());
    let open_mine: Open = Arc::new(move |knock: &Knock| match mine(knock)? {
        Owning::Ours(lock) => {
            let mut fake = Fake::new(&place, None);
            fake.go = ends.clone();
            Ok(Owning::Ours(Arc::new(Kept { fake, _lock: lock })))
        }
        other @ Owning::Anothers { .. } => Ok(other),
    });
    let owner = Attached::open(&folder, open_mine).await.unwrap();
    let first = Attached::open(&folder, open(&folder)).await.unwrap();
    let running = first.call(context(), Request::Workspace(Workspace::Verify));
    // Begun after the one above.
    recalled(&first, "a").await;
    assert!(owner.serves_others());
    let closing = tokio::spawn(async move {
        owner.close().await;
        drop(owner);
    });
    let probe = There::connect(&folder).await.unwrap();
    while !probe.is_gone() {
        tokio::task::yield_now().await;
    }

    let second = Attached::begin(&folder, open(&folder));
    let mut said = second.silence();
    let asked = tokio::spawn(second.call(context(), remember("once")).collect::<Vec<_>>());
    let told = said.wait_for(Option::is_some).await.unwrap().clone().unwrap();
    assert!(told.contains("about to end"), "{told}");
    assert!(!closing.is_finished());

    go.notify_one();
    let replies: Vec<_> = running.collect().await;
    assert!(matches!(replies.as_slice(), [Ok(Reply::Done)]), "{replies:?}");
    let replies = asked.await.unwrap();
    assert!(matches!(replies.as_slice(), [Ok(Reply::Done)]), "{replies:?}");
    closing.await.unwrap();
    assert_eq!(std::fs::read_to_string(folder.join("journal")).unwrap(), "once\n");
}

#[tokio::test(start_paused = true)]
async fn an_owner_that_leaves_waits_for_no_reader_that_does_not_read() {
    let (_kept, folder) = folder();
    let (_fake, serving) = served(&folder);
    let door = There::connect(&folder).await.unwrap();
    let mut slow = door.call(context(), flood());
    assert!(matches!(slow.next().await, Some(Ok(Reply::Progress { done: 0, .. }))));
    serving.leave().await;
    let mut last = None;
    while let Some(reply) = slow.next().await {
        last = Some(reply);
    }
    // It had begun: whoever reads on learns that it was cut.
    assert_eq!(last.unwrap().unwrap_err().kind, ErrorKind::Detached);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_write_is_done_twice_and_none_that_was_acknowledged_is_lost() {
    let (_kept, folder) = folder();
    let mut acknowledged = Vec::new();
    for round in 0..5 {
        let mut owner = Process::start(&folder);
        assert_eq!(owner.says(), "owner");
        let door = Attached::open(&folder, open(&folder)).await.unwrap();
        let mut written = 0;
        for i in 0..400 {
            if i == 100 {
                owner.kill();
            }
            let name = format!("{round}-{i}");
            match all(&door, remember(&name)).await.as_slice() {
                [Ok(Reply::Done)] => {
                    acknowledged.push(name);
                    written += 1;
                }
                [Err(error)] if error.kind == ErrorKind::Detached => {}
                other => panic!("{other:?}"),
            }
        }
        assert!(written > 300, "{written}");
    }
    let journal = std::fs::read_to_string(folder.join("journal")).unwrap();
    let mut counted = HashMap::<&str, u32>::new();
    for line in journal.lines() {
        *counted.entry(line).or_default() += 1;
    }
    assert!(counted.values().all(|count| *count == 1));
    assert!(acknowledged.iter().all(|name| counted.contains_key(name.as_str())));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_owner_is_told_and_not_waited_for() {
    let (_kept, folder) = folder();
    // Somebody holds the lock and is another version.
    let open = open(&folder);
    let _lock = open(&Knock::default()).unwrap();
    let listener = tokio::net::UnixListener::bind(folder.join("socket")).unwrap();
    let old = tokio::spawn(async move {
        use tokio::io::AsyncWriteExt;
        let (mut stream, _) = listener.accept().await.unwrap();
        let hello = serde_json::to_vec(&Hello { version: "0.0.1".into(), ..Hello::own() }).unwrap();
        stream.write_u32(u32::try_from(hello.len()).unwrap()).await.unwrap();
        stream.write_all(&hello).await.unwrap();
        stream
    });
    let error = Attached::open(&folder, open).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Version, "{error}");
    assert!(error.hint.contains("Quit the other one"), "{error}");
    drop(old.await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restore_is_done_by_whoever_has_the_workspace_by_then_and_never_again() {
    let (_kept, folder) = folder();
    let theirs = Arc::new(AtomicBool::new(false));
    let (told, mut tries) = tokio::sync::mpsc::unbounded_channel();
    let others = Arc::clone(&theirs);
    let open: Open = Arc::new(move |knock: &Knock| {
        told.send(knock.restore.clone()).unwrap();
        if others.load(Ordering::SeqCst) {
            return Ok(Owning::Anothers { pid: None });
        }
        Err(Error::new(ErrorKind::Corrupt, "opening the store", "its head is gone", "Restore a backup."))
    });
    let door = Attached::begin(&folder, open);
    assert_eq!(door.ready().await.unwrap_err().kind, ErrorKind::Corrupt);
    // Another outcrop has it open by now, which nobody here has learned yet.
    theirs.store(true, Ordering::SeqCst);
    let (_owner, serving) = served(&folder);
    let from = folder.join("a backup");
    let replies = all(&door, Request::Workspace(Workspace::Restore { from: from.clone() })).await;
    assert!(matches!(replies.as_slice(), [Ok(Reply::Done)]), "{replies:?}");
    assert_eq!(std::fs::read_to_string(folder.join("restored")).unwrap(), from.to_string_lossy());
    // The owner goes: what was asked then is not done to what comes next.
    while tries.try_recv().is_ok() {}
    theirs.store(false, Ordering::SeqCst);
    serving.stop();
    drop(serving);
    assert_eq!(tries.recv().await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restore_that_comes_while_the_store_opens_is_done_by_it_and_one_that_opens_it_is_done_once() {
    for late in [true, false] {
        let (_kept, folder) = folder();
        let (trying, mut tries) = tokio::sync::mpsc::unbounded_channel();
        let (go, wait) = std::sync::mpsc::channel();
        let (opens, wait) = (AtomicBool::new(false), std::sync::Mutex::new(wait));
        let place = folder.clone();
        let open: Open = Arc::new(move |knock: &Knock| {
            // What tries by itself meanwhile must not open it for the restore that is to come.
            let refused = if late { !opens.swap(true, Ordering::SeqCst) } else { knock.restore.is_none() };
            if refused {
                let why = "a key is missing";
                return Err(Error::new(ErrorKind::Locked, "opening the store", why, "Restore a backup."));
            }
            trying.send(knock.restore.clone()).unwrap();
            wait.lock().unwrap().recv().unwrap();
            Ok(Owning::Ours(Arc::new(Fake::new(&place, None))))
        });
        let door = Attached::begin(&folder, open);
        assert_eq!(door.ready().await.unwrap_err().kind, ErrorKind::Locked);
        let from = folder.join("a backup");
        let restore = Request::Workspace(Workspace::Restore { from: from.clone() });
        let restored = if late {
            let passphrase = serde_json::from_str("\"words\"").unwrap();
            let _opening = door.call(context(), Request::Workspace(Workspace::Unlock { passphrase }));
            assert_eq!(tries.recv().await.unwrap(), None);
            door.call(context(), restore)
        } else {
            let restored = door.call(context(), restore);
            assert_eq!(tries.recv().await.unwrap(), Some(from.clone()));
            restored
        };
        go.send(()).unwrap();
        let replies: Vec<_> = restored.collect().await;
        assert!(matches!(replies.as_slice(), [Ok(Reply::Done)]), "{replies:?}");
        assert_eq!(
            std::fs::read_to_string(folder.join("restored")).ok(),
            late.then(|| from.display().to_string())
        );
    }
}
