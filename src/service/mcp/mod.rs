//! Servers of the Model Context Protocol, whose tools agents call: programs of this machine, and addresses.
//!
//! The official SDK speaks the protocol. Programs are started by `worker`, in a group of their own and without secrets, and
//! every address is asked through `net`; the SDK starts and opens nothing itself. What a server says is a stranger's
//! text: bounded here, and shown through the sanitiser alone. Never here: which tools may be called (`domain::agent::pin`,
//! and who runs the agent).

mod bounded;
mod fault;
mod outcome;
mod program;
mod web;

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

pub use outcome::Outcome;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, ClientCapabilities, ClientConfig, Implementation,
    PaginatedRequestParams, ProtocolVersion, ToolAnnotations,
};
use rmcp::service::{
    ClientCacheConfig, ClientInitializeError, ClientLifecycleMode, ClientServiceExt, NotificationContext,
    RunningService, ServiceError,
};
use rmcp::{ClientHandler, RoleClient};
use serde_json::Value;

use crate::domain::agent::Server;
use crate::domain::tool::Tool;
use crate::domain::{Error, ErrorKind, Result};
use crate::net::Client;
use crate::worker::Surroundings;

/// Pages of tools that are asked for, and tools that a server may have.
const PAGES: usize = 100;
const TOOLS: usize = 1000;
/// Bytes of all that a server tells of them.
const TOLD: usize = 16 << 20;

/// How long a server may take to leave.
const LEAVING: Duration = Duration::from_secs(2);

/// How a server is opened.
#[derive(Clone, Copy)]
pub struct Terms<'a> {
    /// The group's name: for errors, and for the record of what left the machine.
    pub name: &'a str,
    pub net: &'a Client,
    /// Where programs are started.
    pub folder: &'a Path,
    /// The environment of programs: without secrets.
    pub around: &'a Surroundings,
    /// What a variable of the person's environment holds, for values that name one.
    pub variable: &'a (dyn Fn(&str) -> Option<String> + Sync),
    pub patience: Patience,
}

/// How long a server is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// Until it has said who it is, and again until it has told its tools. The first start of a program may fetch it.
    pub start: Duration,
    /// For the result of one call.
    pub call: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { start: Duration::from_mins(1), call: Duration::from_mins(2) }
    }
}

/// A server that is open. Dropped, its program ends, and what that started with it.
pub struct Session {
    name: String,
    patience: Patience,
    client: RunningService<RoleClient, Listener>,
    changed: Arc<AtomicBool>,
    /// Tools of which it said last that they only look at something, or do no more where they are called again.
    safe: Mutex<Vec<String>>,
    behind: Behind,
}

/// Whom the protocol is spoken with.
enum Behind {
    Program(Box<program::Program>),
    Web(web::Fault),
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").field("name", &self.name).finish_non_exhaustive()
    }
}

/// What a server says unasked: of all that, only that it has other tools now.
#[derive(Clone)]
struct Listener {
    changed: Arc<AtomicBool>,
}

impl ClientHandler for Listener {
    async fn on_tool_list_changed(&self, _: NotificationContext<RoleClient>) {
        self.changed.store(true, Ordering::Relaxed);
    }

    fn get_info(&self) -> ClientConfig {
        let own = Implementation::new("outcrop", env!("CARGO_PKG_VERSION"));
        ClientConfig::new(ClientCapabilities::default(), own)
            .with_protocol_version(ProtocolVersion::LATEST_WITH_INITIALIZE)
    }
}

impl Session {
    /// Starts the program, or asks at the address, and hears who answers.
    pub async fn open(server: &Server, terms: Terms<'_>) -> Result<Self> {
        if let Ok(session) = Self::begin(server, terms, ClientLifecycleMode::Initialize).await? {
            return Ok(session);
        }
        // One of those that greet nobody any more: since 2026 servers tell what they are when they are asked.
        let mode = ClientLifecycleMode::Discover { preferred_versions: vec![ProtocolVersion::LATEST] };
        Self::begin(server, terms, mode).await?.map_err(|refused| {
            let why = format!("it refuses to begin: {}", fault::brief(&refused));
            let hint = "It may want another version of the protocol, or something in its settings.";
            Error::new(ErrorKind::Invalid, doing(terms.name), why, hint)
        })
    }

    /// The inner error is the refusal of a server that can be spoken with.
    async fn begin(
        server: &Server,
        terms: Terms<'_>,
        mode: ClientLifecycleMode,
    ) -> Result<Result<Self, String>> {
        let changed = Arc::new(AtomicBool::new(false));
        let listener = Listener { changed: Arc::clone(&changed) };
        let start = terms.patience.start;
        let (begun, behind) = match server {
            Server::Stdio { command, args, env, memory_mb } => {
                let memory = u64::from(*memory_mb) << 20;
                let (program, transport) = program::start(&terms, command, args, env, memory).await?;
                let begun = listener.serve_with_lifecycle(transport, mode);
                (tokio::time::timeout(start, Box::pin(begun)).await, Behind::Program(Box::new(program)))
            }
            Server::Http { url, headers } => {
                let (fault, transport) = web::connect(&terms, url, headers)?;
                let begun = listener.serve_with_lifecycle(transport, mode);
                (tokio::time::timeout(start, Box::pin(begun)).await, Behind::Web(fault))
            }
        };
        let doing = doing(terms.name);
        let client = match begun {
            Ok(Ok(client)) => client,
            Ok(Err(ClientInitializeError::JsonRpcError(refused))) => {
                return Ok(Err(refused.message.into_owned()));
            }
            Ok(Err(error)) => return Err(behind.told(&doing, fault::of_begin(&error)).await),
            Err(_) => return Err(behind.silent(&doing, start, "say who it is")),
        };
        // A list that was told before is none: it may have changed since.
        client.peer().set_response_cache_config(ClientCacheConfig::disabled()).await;
        let (name, patience) = (terms.name.to_owned(), terms.patience);
        Ok(Ok(Self { name, patience, client, changed, safe: Mutex::default(), behind }))
    }

    /// What the server calls itself, and its version.
    pub fn server(&self) -> Option<(String, String)> {
        let info = self.client.peer().peer_info()?;
        info.server_info.as_ref().map(|own| (own.name.clone(), own.version.clone()))
    }

    /// The tools that it has now, asked for anew.
    pub async fn tools(&self) -> Result<Vec<Tool>> {
        self.changed.store(false, Ordering::Relaxed);
        let told = self.listed().await;
        if told.is_err() {
            // What it has is as unknown as before.
            self.changed.store(true, Ordering::Relaxed);
        }
        told
    }

    async fn listed(&self) -> Result<Vec<Tool>> {
        let doing = format!("asking the MCP server {} for its tools", self.name);
        let until = tokio::time::Instant::now() + self.patience.start;
        let (mut tools, mut safe): (Vec<Tool>, Vec<String>) = (Vec::new(), Vec::new());
        let (mut cursor, mut told) = (None, 0);
        for _ in 0..PAGES {
            let asked = PaginatedRequestParams::default().with_cursor(cursor);
            let listing = self.client.peer().list_tools(Some(asked));
            let page = match tokio::time::timeout_at(until, listing).await {
                Ok(Ok(page)) => page,
                Ok(Err(error)) => return Err(self.behind.told(&doing, fault::of_call(&error)).await),
                Err(_) => return Err(self.behind.silent(&doing, self.patience.start, "tell them")),
            };
            for tool in page.tools {
                if tool.annotations.as_ref().is_some_and(is_safe) {
                    safe.push(tool.name.clone().into_owned());
                }
                let tool = Tool {
                    name: tool.name.into_owned(),
                    description: tool.description.unwrap_or_default().into_owned(),
                    schema: Value::Object(Arc::unwrap_or_clone(tool.input_schema)),
                };
                if tools.iter().any(|other| other.name == tool.name) {
                    let why = format!("it has two tools that are called {:?}", fault::brief(&tool.name));
                    let hint = "That is for its makers to mend: take the server out of the agent.";
                    return Err(Error::new(ErrorKind::Invalid, doing, why, hint));
                }
                told += tool.name.len() + tool.description.len() + tool.schema.to_string().len();
                tools.push(tool);
            }
            if told > TOLD {
                let why = format!("what it tells of them has more than {} MB", TOLD >> 20);
                return Err(Error::new(ErrorKind::Full, doing, why, "No model can read so much."));
            }
            cursor = page.next_cursor;
            if cursor.is_none() && tools.len() <= TOOLS {
                *self.safe.lock().unwrap_or_else(PoisonError::into_inner) = safe;
                return Ok(tools);
            }
            if tools.len() > TOOLS {
                break;
            }
        }
        let why = format!("there is no end of them: {} came", tools.len());
        let hint = format!("{TOOLS} tools on {PAGES} pages are the most.");
        Err(Error::new(ErrorKind::Full, doing, why, hint))
    }

    /// Whether it has said of a tool that a call of it only looks at something, or does no more where it is made again. It is a
    /// stranger's word: it lets no call be made that a person did not agree to.
    pub fn is_safe(&self, tool: &str) -> bool {
        self.safe.lock().unwrap_or_else(PoisonError::into_inner).iter().any(|safe| safe == tool)
    }

    /// Whether it has said that it has other tools since it was asked for them. A server need not say so.
    pub fn changed(&self) -> bool {
        self.changed.load(Ordering::Relaxed)
    }

    /// Has a tool called, by its name there. What the server itself calls an error is an outcome; `Err` is of a server that is
    /// gone, silent, or makes no sense. Dropped before it is done, the server is told that nobody waits any more.
    pub async fn call(&self, tool: &str, input: &Value) -> Result<Outcome> {
        let doing = format!("calling {} of the MCP server {}", fault::brief(tool), self.name);
        let mut asked = CallToolRequestParams::new(tool.to_owned());
        match input {
            Value::Null => {}
            Value::Object(members) => asked = asked.with_arguments(members.clone()),
            _ => {
                return Err(Error::new(ErrorKind::Invalid, doing, "its input is no JSON object", ""));
            }
        }
        let calling = self.client.peer().call_tool_once(asked);
        match tokio::time::timeout(self.patience.call, calling).await {
            Ok(Ok(CallToolResponse::Complete(result))) => Ok(Outcome::of(result)),
            Ok(Ok(_)) => Ok(Outcome::refused(
                "The tool asks for something in between, or goes on by itself, which is not done here.",
            )),
            Ok(Err(ServiceError::McpError(refused))) => Ok(Outcome::refused(&format!(
                "The server refuses the call ({}): {}",
                refused.code.0, refused.message
            ))),
            Ok(Err(error)) => Err(self.behind.told(&doing, fault::of_call(&error)).await),
            Err(_) => Err(self.behind.silent(&doing, self.patience.call, "answer")),
        }
    }

    /// Says goodbye; a program that does not leave is ended.
    pub async fn close(mut self) {
        let _ = self.client.close_with_timeout(LEAVING).await;
        if let Behind::Program(program) = &self.behind {
            program.leave(LEAVING).await;
        }
    }
}

/// Whether a tool is said to look at something alone, or to do no more where it is called again.
fn is_safe(told: &ToolAnnotations) -> bool {
    told.read_only_hint == Some(true) || told.idempotent_hint == Some(true)
}

fn doing(name: &str) -> String {
    format!("opening the MCP server {name}")
}

impl Behind {
    /// What went wrong, with what is known of it besides.
    async fn told(&self, doing: &str, why: fault::Why) -> Error {
        match self {
            Self::Program(program) if why.is_end => program.ended(doing).await,
            Self::Program(program) => program.with_words(why.error(doing)),
            // Of what went wrong on the way there, its own words are the better ones.
            Self::Web(fault) => match fault.take() {
                Some(error) => Error { doing: doing.to_owned(), ..error },
                None => why.error(doing),
            },
        }
    }

    fn silent(&self, doing: &str, waited: Duration, what: &str) -> Error {
        let why = format!("it did not {what} within {} s", waited.as_secs_f32());
        let error =
            Error::new(ErrorKind::Timeout, doing, why, "Try again, or look whether it waits for something.");
        match self {
            Self::Program(program) => program.with_words(error),
            Self::Web(fault) => {
                fault.take().map_or(error, |known| Error { doing: doing.to_owned(), ..known })
            }
        }
    }
}
