//! The two official servers of the Model Context Protocol, from npm.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use outcrop::domain::agent::Server;
use outcrop::domain::agent::pin::Pinned;
use outcrop::domain::tool::Tool;
use outcrop::service::mcp::{Outcome, Patience, Session};
use serde_json::{Value, json};

use crate::mcp::{client, open};
use crate::soon;

const PATIENCE: Patience = Patience { start: Duration::from_secs(40), call: Duration::from_secs(20) };

/// The program of a server; `None` where there is none here.
pub fn program(server: &str) -> Option<PathBuf> {
    let Some(folder) = std::env::var_os("OUTCROP_TEST_MCP") else {
        crate::skipped!("the official MCP servers; OUTCROP_TEST_MCP names a folder where npm has put them");
        assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "OUTCROP_TEST_MCP is not set");
        return None;
    };
    let program =
        Path::new(&folder).join("node_modules/@modelcontextprotocol").join(server).join("dist/index.js");
    assert!(program.is_file(), "there is no {}", program.display());
    Some(program)
}

fn stdio(program: &Path, argument: &str) -> Server {
    let args = vec![program.to_str().unwrap().to_owned(), argument.to_owned()];
    Server::Stdio { command: "node".to_owned(), args, env: BTreeMap::new(), memory_mb: 4096 }
}

async fn call(session: &Session, tool: &str, input: Value) -> Outcome {
    soon(session.call(tool, &input)).await.unwrap()
}

fn names(tools: &[Tool]) -> Vec<&str> {
    tools.iter().map(|tool| tool.name.as_str()).collect()
}

/// What both ways to `server-everything` have.
async fn everything(session: &Session) {
    let tools = soon(session.tools()).await.unwrap();
    for name in ["echo", "get-sum", "get-tiny-image", "get-structured-content"] {
        assert!(names(&tools).contains(&name), "{:?}", names(&tools));
    }
    assert!(tools.iter().all(|tool| tool.schema["type"] == "object" && !tool.description.is_empty()));
    assert!(
        !Pinned::of(&tools).compare(&soon(session.tools()).await.unwrap()).asks(),
        "it tells the same again"
    );

    let echo = call(session, "echo", json!({"message": "tea, é"})).await;
    assert!(!echo.is_error && echo.text.contains("tea, é"), "{echo:?}");
    let sum = call(session, "get-sum", json!({"a": 2, "b": 40})).await;
    assert!(sum.text.contains("42"), "{sum:?}");
    let wrong = call(session, "get-sum", json!({"a": "two"})).await;
    assert!(wrong.is_error, "{wrong:?}");
    let image = call(session, "get-tiny-image", json!({})).await;
    assert!(image.text.contains(": image/png, ") && image.text.len() < 1000, "{image:?}");
    let weather = call(session, "get-structured-content", json!({"location": "New York"})).await;
    assert!(weather.structured.is_some() && weather.text.matches("temperature").count() == 1, "{weather:?}");
    let links = call(session, "get-resource-links", json!({"count": 2})).await;
    assert_eq!(links.text.matches("[link ").count(), 2, "{links:?}");
    let long = call(session, "trigger-long-running-operation", json!({"duration": 1, "steps": 4})).await;
    assert!(!long.is_error, "{long:?}");
    let none = call(session, "no-such-tool", json!({})).await;
    assert!(none.is_error && none.text.contains("no-such-tool"), "{none:?}");
}

#[tokio::test]
async fn everything_is_driven_as_a_program() {
    let Some(program) = program("server-everything") else { return };
    let folder = tempfile::tempdir().unwrap();
    let server = stdio(&program, "stdio");
    let session = open(&server, &client(false), folder.path(), PATIENCE).await.unwrap();
    everything(&session).await;
    let environment = call(&session, "get-env", json!({})).await;
    let known: BTreeMap<String, String> = serde_json::from_str(&environment.text).unwrap();
    let strange = |name: &&String| !["PATH", "LANG"].contains(&name.as_str());
    assert_eq!(known.keys().find(strange), None, "it knows what it was given");
    soon(session.close()).await;
}

/// The server at an address of this machine, which ends with the test.
struct AtAnAddress(Child);

impl Drop for AtAnAddress {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl AtAnAddress {
    fn start(program: &Path, port: u16) -> Self {
        let mut command = Command::new("node");
        command.arg(program).arg("streamableHttp").env("PORT", port.to_string());
        let mut child =
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap());
        let server = Self(child);
        // What it says after that goes nowhere, and is still taken.
        let mut lines = lines.lines();
        assert!(lines.any(|line| line.unwrap().contains("listening")), "it did not start");
        std::thread::spawn(move || lines.count());
        server
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_is_driven_at_an_address() {
    let Some(program) = program("server-everything") else { return };
    let port = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
    let _server = tokio::task::block_in_place(|| AtAnAddress::start(&program, port));
    let folder = tempfile::tempdir().unwrap();
    let server = Server::Http { url: format!("http://127.0.0.1:{port}/mcp"), headers: BTreeMap::new() };
    // Offline too: it is this machine.
    for offline in [false, true] {
        let session = open(&server, &client(offline), folder.path(), PATIENCE).await.unwrap();
        everything(&session).await;
        soon(session.close()).await;
    }
}

#[tokio::test]
async fn files_are_read_and_written_where_the_server_may_and_nowhere_else() {
    let Some(program) = program("server-filesystem") else { return };
    let folder = tempfile::tempdir().unwrap();
    let own = folder.path().canonicalize().unwrap();
    std::fs::write(own.join("tea.txt"), "green\n").unwrap();
    let server = stdio(&program, own.to_str().unwrap());
    let session = open(&server, &client(false), folder.path(), PATIENCE).await.unwrap();
    let tools = soon(session.tools()).await.unwrap();
    assert!(names(&tools).contains(&"read_text_file"), "{:?}", names(&tools));

    let read = call(&session, "read_text_file", json!({"path": own.join("tea.txt")})).await;
    assert_eq!((read.text.trim(), read.is_error), ("green", false));
    let written =
        call(&session, "write_file", json!({"path": own.join("new.txt"), "content": "black"})).await;
    assert!(!written.is_error, "{written:?}");
    assert_eq!(std::fs::read_to_string(own.join("new.txt")).unwrap(), "black");
    let refused = call(&session, "read_text_file", json!({"path": "/etc/hostname"})).await;
    assert!(refused.is_error && refused.text.contains("denied"), "{refused:?}");
    soon(session.close()).await;
}
