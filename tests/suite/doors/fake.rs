//! A door with nothing behind it, and a process that owns or attaches with it.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::future::BoxFuture;
use futures_util::{FutureExt, StreamExt, stream};
use outcrop::domain::{Error, ErrorKind};
use outcrop::workbench::attached::{Attached, Open, Owning};
use outcrop::workbench::request::models::Models;
use outcrop::workbench::request::workspace::Workspace;
use outcrop::workbench::{Context, Replies, Reply, Request, Workbench};
use tokio::sync::Notify;

/// Replies that a flood has.
pub const FLOOD: u64 = 5_000;

/// `Recall` names the process; `Remember` writes a line, `Restore` a file; `Models::List` floods; `Models::Plan` fails;
/// `Verify` begins and ends when it may; `Compact` and `Watch` begin and never end.
#[derive(Debug)]
pub struct Fake {
    folder: PathBuf,
    /// Replies of floods that were taken.
    pub flooded: Arc<AtomicU64>,
    /// Calls that wait may end.
    pub go: Arc<Notify>,
    /// Such calls and endless ones that began, and those that were dropped.
    pub begun: Arc<Notify>,
    pub dropped: Arc<Notify>,
    /// The lock, where the fake owns a workspace.
    _lock: Option<File>,
}

impl Fake {
    pub fn new(folder: &Path, lock: Option<File>) -> Self {
        Self {
            folder: folder.to_owned(),
            flooded: Arc::default(),
            go: Arc::default(),
            begun: Arc::default(),
            dropped: Arc::default(),
            _lock: lock,
        }
    }
}

struct TellDrop(Arc<Notify>);

impl Drop for TellDrop {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}

impl Workbench for Fake {
    fn call(&self, _context: Context, request: Request) -> Replies {
        let one = |reply| stream::once(std::future::ready(reply)).boxed();
        match request {
            Request::Workspace(Workspace::Recall { name }) => one(Ok(Reply::Remembered {
                value: Some(serde_json::json!({ "name": name, "pid": std::process::id() })),
            })),
            Request::Workspace(Workspace::Remember { name, .. }) => {
                let mut journal =
                    OpenOptions::new().append(true).create(true).open(self.folder.join("journal")).unwrap();
                // In one piece: calls that write at the same moment must not mix their lines.
                journal.write_all(format!("{name}\n").as_bytes()).unwrap();
                one(Ok(Reply::Done))
            }
            Request::Workspace(Workspace::Restore { from }) => {
                std::fs::write(self.folder.join("restored"), from.to_string_lossy().as_bytes()).unwrap();
                one(Ok(Reply::Done))
            }
            Request::Models(Models::List { .. }) => {
                let flooded = self.flooded.clone();
                stream::iter(0..FLOOD)
                    .map(move |done| {
                        flooded.fetch_add(1, Ordering::SeqCst);
                        Ok(Reply::Progress { what: "flood".into(), done, total: Some(FLOOD) })
                    })
                    .boxed()
            }
            Request::Models(Models::Plan { id }) => one(Err(Error::new(
                ErrorKind::NotFound,
                format!("planning {id}"),
                "no such model",
                "Try another.",
            ))),
            Request::Workspace(Workspace::Verify) => {
                self.begun.notify_one();
                let go = self.go.clone();
                stream::once(async move {
                    go.notified().await;
                    Ok(Reply::Done)
                })
                .boxed()
            }
            _ => {
                self.begun.notify_one();
                let guard = TellDrop(self.dropped.clone());
                stream::once(async move {
                    let _guard = guard;
                    std::future::pending().await
                })
                .boxed()
            }
        }
    }

    fn close(&self) -> BoxFuture<'static, ()> {
        std::future::ready(()).boxed()
    }
}

/// A private folder to work in.
pub fn folder() -> (tempfile::TempDir, PathBuf) {
    let temporary = tempfile::tempdir().unwrap();
    let folder = temporary.path().join("home");
    std::fs::DirBuilder::new().mode(0o700).create(&folder).unwrap();
    (temporary, folder)
}

/// Takes the folder's lock as the store does, and opens a fake.
pub fn open(folder: &Path) -> Open {
    let folder = folder.to_owned();
    Arc::new(move |_| {
        let lock = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(folder.join("lock"))
            .unwrap();
        match rustix::fs::flock(&lock, rustix::fs::FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Owning::Ours(Arc::new(Fake::new(&folder, Some(lock))))),
            Err(_) => Ok(Owning::Anothers { pid: None }),
        }
    })
}

/// Another process on the same folder; killed when dropped.
pub struct Process {
    child: Child,
    said: BufReader<std::process::ChildStdout>,
}

impl Process {
    /// Starts one; it says "owner" or "attached" when it has settled.
    pub fn start(folder: &Path) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["doors::fake::another_process", "--exact", "--nocapture"])
            .env("DOORS_FOLDER", folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let said = BufReader::new(child.stdout.take().unwrap());
        Self { child, said }
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What it says next.
    pub fn says(&mut self) -> String {
        let mut line = String::new();
        while self.said.read_line(&mut line).unwrap() > 0 {
            if let Some((_, said)) = line.split_once("says: ") {
                return said.trim().to_owned();
            }
            line.clear();
        }
        "nothing".to_owned()
    }

    /// As SIGKILL does it: no clean end.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Lets it end in its own way.
    pub fn end(mut self) {
        drop(self.child.stdin.take());
        self.child.wait().unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Not a test by itself: what `Process::start` runs.
#[test]
fn another_process() {
    let Some(folder) = std::env::var_os("DOORS_FOLDER").map(PathBuf::from) else { return };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let door = Attached::open(&folder, open(&folder)).await.unwrap();
        let role = if door.is_owner() { "owner" } else { "attached" };
        let mut out = std::io::stdout();
        writeln!(out, "says: {role}").unwrap();
        out.flush().unwrap();
        let _ = tokio::task::spawn_blocking(|| std::io::stdin().read_line(&mut String::new())).await;
        door.close().await;
    });
}
