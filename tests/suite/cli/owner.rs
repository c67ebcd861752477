//! What belongs to the process that calls and what to the one that owns the workspace, where these are two.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Child;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::StreamExt;
use outcrop::domain::message::Block;
use outcrop::domain::settings::Settings;
use outcrop::workbench::request::Topic;
use outcrop::workbench::request::chat::{Chat, Target};
use outcrop::workbench::request::models::Models;
use outcrop::workbench::{self, Changed, Context, Face, Reply, Request, Workbench};
use tokio::task::block_in_place;

use super::home::{Home, SCRIPTED, Said};
use super::knowledge::{self, embedded};
use crate::loopback::{Part, Seen, Server};
use crate::soon;

/// A server that the owner takes for its proxy: who connects there wanted to leave this machine.
struct World {
    port: u16,
    connections: Arc<AtomicUsize>,
}

impl World {
    fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let connections = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&connections);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                count.fetch_add(1, Ordering::SeqCst);
                let Ok(mut stream) = stream else { return };
                let mut asked = [0; 4096];
                let _ = stream.read(&mut asked);
                let _ = stream.write_all(b"HTTP/1.1 404 X\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
            }
        });
        Self { port, connections }
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

/// A home with a server far away, and programs named like pip that only write down that they ran.
struct Land {
    home: Home,
    world: World,
    bins: PathBuf,
}

impl Land {
    fn new() -> Self {
        let far = "[providers.far]\nkind = 'openai'\nbase_url = 'http://far.example/v1'\n";
        let home = Home::with(&format!("{SCRIPTED}{far}"));
        let bins = home.beside().join("bins");
        std::fs::create_dir(&bins).unwrap();
        for name in ["python3", "pip", "pip3", "uvx"] {
            let script =
                format!("#!/bin/sh\necho ran >> '{}'\nexit 1\n", home.beside().join("ran").display());
            std::fs::write(bins.join(name), script).unwrap();
            std::fs::set_permissions(bins.join(name), std::fs::Permissions::from_mode(0o755)).unwrap();
        }
        Self { home, world: World::new(), bins }
    }

    /// An owner that may go anywhere: it streams until it is killed.
    fn owner(&self) -> Owner {
        let mut command = self.home.command(&["chat", "-m", "scripted/stream-1000000@5", "go"]);
        let mut child = command.env("all_proxy", self.world.url()).env("PATH", &self.bins).spawn().unwrap();
        let mut first = [0; 1];
        child.stdout.as_mut().unwrap().read_exact(&mut first).unwrap();
        Owner(child)
    }

    fn run(&self, offline: bool, line: &[&str]) -> Said {
        let flag: &[&str] = if offline { &["--offline"] } else { &[] };
        self.home.run(&[flag, line].concat())
    }

    fn pip_ran(&self) -> bool {
        self.home.beside().join("ran").exists()
    }
}

struct Owner(Child);

impl Drop for Owner {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

const FETCHING: &[&[&str]] = &[
    &["chat", "-m", "far/x", "hello"],
    &["models", "list", "--probe"],
    &["models", "show", "far/x"],
    &["models", "pull", "local/smollm2-135m", "--yes"],
    &["doctor"],
];

#[test]
fn an_offline_process_goes_nowhere_though_an_owner_that_may_serves_it() {
    let land = Land::new();
    let _owner = land.owner();
    for line in FETCHING {
        let said = land.run(true, line);
        assert_eq!(land.world.connections(), 0, "{line:?}: {said:?}");
        assert!(!land.pip_ran(), "{line:?}: {said:?}");
    }
    let said = land.run(true, &["chat", "-m", "far/x", "hello"]);
    assert!(said.stderr.contains("--offline forbids"), "{said:?}");
    let said = land.run(true, &["chat", "still here"]);
    assert_eq!(said.stdout, "still here\n", "what needs no network works: {said:?}");
    // The trap is one: without the flag every one of them falls into it.
    for line in FETCHING {
        let before = land.world.connections();
        let said = land.run(false, line);
        assert!(land.world.connections() > before, "{line:?}: {said:?}");
    }
    assert!(land.pip_ran());
}

#[test]
fn values_that_are_the_owners_are_said_where_they_differ_and_waits_travel_with_the_call() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    // It takes connections and says nothing.
    let mute = format!("[providers.mute]\nkind = 'openai'\nbase_url = 'http://127.0.0.1:{port}/v1'\n");
    let home = Home::with(&format!("{SCRIPTED}{mute}api_key = '$MUTE_KEY'\n"));
    let owner =
        home.command(&["chat", "-m", "scripted/stream-1000000@5", "go"]).env("MUTE_KEY", "canary-1").spawn();
    let mut owner = Owner(owner.unwrap());
    owner.0.stdout.as_mut().unwrap().read_exact(&mut [0; 1]).unwrap();
    let pid = owner.0.id().to_string();

    let line = ["-c", "net.answer_timeout=1", "-c", "engine.threads=3", "chat", "-m", "mute/x", "hello"];
    let mut command = home.command(&line);
    let said = Said::of(command.env("MUTE_KEY", "canary-2").output().unwrap());
    assert!(said.stderr.contains("did not answer within 1 s"), "{said:?}");
    assert!(said.stderr.contains(&format!("process {pid}")), "{said:?}");
    assert!(said.stderr.contains("engine.threads = 0, not 3"), "{said:?}");
    assert!(
        said.stderr.contains("providers.mute.api_key is another one")
            || said.stderr.contains("providers.mute.api_key = "),
        "{said:?}"
    );
    assert!(!said.stderr.contains("answer_timeout ="), "it is in force: {said:?}");
    assert!(!said.stderr.contains("canary"), "{said:?}");

    // Nothing is said where nothing differs, or where it does not matter.
    let said = Said::of(home.command(&["chat", "hello"]).env("MUTE_KEY", "canary-1").output().unwrap());
    assert_eq!((said.stdout.as_str(), said.stderr.as_str()), ("hello\n", ""));
    let said = home.run(&["-c", "engine.threads=3", "conversations", "list"]);
    assert_eq!(said.stderr, "", "{said:?}");
}

#[test]
fn commands_whose_owner_is_done_before_them_come_to_their_end_and_those_that_come_then_too() {
    let home = Home::new();
    // Longer than anything is waited for that may hang.
    let long = ["chat", "-m", "scripted/stream-26@2", "go"];
    let mut owner = home.start(&["chat", "-m", "scripted/stream-4@2", "go"]);
    let mut short = BufReader::new(owner.stdout.take().unwrap());
    short.read_exact(&mut [0; 1]).unwrap();
    let mut others: Vec<_> = (0..3).map(|_| home.start(&long)).collect();
    for other in &mut others {
        other.stdout.as_mut().unwrap().read_exact(&mut [0; 1]).unwrap();
    }
    // Nothing more comes of the owner but its end.
    short.read_line(&mut String::new()).unwrap();
    others.push(home.start(&["chat", "hello"]));
    let said: Vec<_> = others.into_iter().map(|other| Said::of(other.wait_with_output().unwrap())).collect();
    for said in &said {
        assert_eq!(said.code, Some(0), "{said:?}");
    }
    for long in &said[..3] {
        assert_eq!(long.stdout.split_whitespace().count(), 26, "{long:?}");
    }
    assert_eq!(said[3].stdout, "hello\n");
    let owner = Said::of(owner.wait_with_output().unwrap());
    assert_eq!(owner.code, Some(0), "{owner:?}");
    assert!(owner.stderr.contains("another outcrop's call is still served here"), "{owner:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_whose_owner_has_to_end_while_a_base_is_looked_into_was_interrupted_and_not_stopped() {
    let is_asked = |seen: &Seen| String::from_utf8_lossy(&seen.body).contains("lakes");
    // The question's vector never comes.
    let server =
        Server::start(move |_, seen| if is_asked(seen) { vec![Part::Stall] } else { embedded(seen) }).await;
    let home = knowledge::home(&server);
    block_in_place(|| {
        knowledge::write(&home, "rivers.md", "Rivers bend.\n");
        assert_eq!(knowledge::create(&home).code, Some(0));
    });
    let said = block_in_place(|| {
        // All that the owner has goes with its runtime.
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        let asking = runtime.block_on(async {
            let owner = workbench::open(&home.config());
            soon(owner.ready()).await.unwrap();
            let asking = home.start(&["chat", "--set", "knowledge=docs", "why do lakes wait"]);
            let asked = async {
                while !server.seen().iter().any(is_asked) {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            };
            soon(asked).await;
            owner.hurry();
            soon(owner.close()).await;
            asking
        });
        drop(runtime);
        Said::of(asking.wait_with_output().unwrap())
    });
    assert!(said.code == Some(2) && said.stderr.contains("it ended before it answered"), "{said:?}");
    let shown = block_in_place(|| {
        let listed = home.run(&["conversations", "list"]).stdout;
        home.run(&["conversations", "show", listed.split(' ').next().unwrap()])
    });
    assert!(shown.stdout.contains("  interrupted") && !shown.stdout.contains("stopped"), "{shown:?}");
}

#[test]
fn of_many_commands_at_once_every_one_is_answered() {
    let home = Home::new();
    let asked: Vec<_> = (0..4).map(|at| home.start(&["chat", &format!("hello {at}")])).collect();
    for (at, child) in asked.into_iter().enumerate() {
        let said = Said::of(child.wait_with_output().unwrap());
        assert_eq!((said.code, said.stdout), (Some(0), format!("hello {at}\n")), "{}", said.stderr);
    }
}

#[test]
fn a_command_that_is_told_to_record_asks_nothing_where_the_owner_does_not_record() {
    let home = Home::with(SCRIPTED);
    let mut owner = Owner(home.command(&["chat", "-m", "scripted/stream-1000000@5", "go"]).spawn().unwrap());
    owner.0.stdout.as_mut().unwrap().read_exact(&mut [0; 1]).unwrap();
    let pid = owner.0.id().to_string();
    let file = home.beside().join("lost.cassette");
    let record = format!("record={}", file.display());
    for line in [&["chat", "hello"][..], &["compare", "-m", "scripted/echo", "-m", "scripted/cut", "hello"]] {
        let said = home.run(&[&["-c", &record], line].concat());
        assert_eq!((said.code, said.stdout.as_str()), (Some(2), ""), "{line:?}: {said:?}");
        assert!(said.stderr.contains(&format!("process {pid}")), "{line:?}: {said:?}");
        assert!(
            said.stderr.contains("record is not set") && said.stderr.contains("Quit that process"),
            "{said:?}"
        );
        assert!(!said.stderr.contains("recorded on"), "{line:?}: {said:?}");
    }
    assert!(!file.exists());
    assert_eq!(home.run(&["chat", "hello"]).stdout, "hello\n");
}

#[test]
fn a_provider_that_is_added_to_the_file_can_be_asked_while_an_owner_runs() {
    let home = Home::new();
    let _owner = {
        let mut child = home.start(&["chat", "-m", "scripted/stream-1000000@5", "go"]);
        child.stdout.as_mut().unwrap().read_exact(&mut [0; 1]).unwrap();
        Owner(child)
    };
    assert!(home.run(&["chat", "-m", "newer/echo", "hello"]).stderr.contains("no provider"));
    let file = format!("{SCRIPTED}[providers.newer]\nkind = 'scripted'\n");
    std::fs::write(home.path().join("config.toml"), file).unwrap();
    let said = home.run(&["chat", "-m", "newer/echo", "hello"]);
    assert_eq!((said.stdout.as_str(), said.stderr.as_str()), ("hello\n", ""));
    let listed = home.run(&["models", "list"]).stdout;
    assert!(listed.contains("newer/echo") && listed.contains("scripted/echo"), "{listed}");
    std::fs::write(home.path().join("config.toml"), SCRIPTED).unwrap();
    assert!(home.run(&["chat", "-m", "newer/echo", "hello"]).stderr.contains("no provider"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_breaks_while_a_screen_is_open_changes_nothing_and_that_is_said() {
    let home = Home::new();
    let door = workbench::open(&home.config());
    soon(door.ready()).await.unwrap();
    let context = || Context::of(Face::Tui);
    let mut watch = door.call(context(), Request::Watch { topic: Topic::Models });
    std::fs::write(home.path().join("config.toml"), format!("{SCRIPTED}[ui]\nthme = 'dark'\n")).unwrap();
    let models = Request::Models(Models::List { probe: false });
    let listed: Vec<_> = soon(door.call(context(), models.clone()).collect()).await;
    assert!(
        matches!(&listed[..], [Ok(Reply::Models { cards })] if cards.iter().any(|c| c.id.provider() == "scripted"))
    );
    let Some(Ok(Reply::Changed { change: Changed::Notice { text }, .. })) = soon(watch.next()).await else {
        panic!("no notice")
    };
    assert!(text.contains("ui.thme") && text.contains("not in force"), "{text}");
    let to =
        Target::New { model: "newer/echo".parse().unwrap(), system: None, settings: Settings::default() };
    let blocks = vec![Block::Text { text: "hello".into() }];
    let send = Request::Chat(Chat::Send { to, blocks });
    let error = soon(door.call(context(), send.clone()).next()).await.unwrap().unwrap_err();
    assert!(error.hint.contains("ui.thme"), "{error}");
    // Mended, it is in force at the next call, and an open list hears of it.
    let file = format!("{SCRIPTED}[providers.newer]\nkind = 'scripted'\n");
    std::fs::write(home.path().join("config.toml"), file).unwrap();
    assert!(matches!(soon(door.call(context(), send).next()).await, Some(Ok(Reply::Started { .. }))));
    assert!(matches!(soon(watch.next()).await, Some(Ok(Reply::Changed { change: Changed::Models, .. }))));
    soon(door.close()).await;
    // A closed door begins nothing, and leaves nobody in doubt or waiting.
    for request in [models, Request::Watch { topic: Topic::Models }] {
        let replies: Vec<_> = soon(door.call(context(), request).collect()).await;
        let [Err(refused)] = replies.as_slice() else { panic!("{replies:?}") };
        assert_eq!(refused.kind, outcrop::domain::ErrorKind::NotBegun, "{refused}");
    }
}
