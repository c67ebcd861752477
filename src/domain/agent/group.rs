//! Action groups: what an agent may do, and who does it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::function::Function;

/// One action group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    pub name: String,
    /// What its actions are for.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Actions of a group that is off are not offered.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub enabled: bool,
    /// A person must agree before every call of an action of it, whatever the action says.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub confirm: bool,
    /// Its actions by their details.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub functions: Vec<Function>,
    /// Its actions by the operations of an `OpenAPI` document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub openapi: Option<Value>,
    pub runs: Executor,
}

const fn yes() -> bool {
    true
}

#[allow(clippy::trivially_copy_pass_by_ref)] // serde gives it so.
const fn is_yes(enabled: &bool) -> bool {
    *enabled
}

/// Who does what an agent asks for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Executor {
    /// The API of the `OpenAPI` document, or for functions one endpoint that takes Bedrock's event.
    Http(Endpoint),
    /// A program of this machine: Bedrock's event on its standard input, its response on its standard output.
    Program(Program),
    /// A server of the Model Context Protocol.
    Mcp(Server),
    BuiltIn(BuiltIn),
    /// A function of AWS Lambda, by its name or ARN.
    Lambda {
        function: String,
    },
    /// The person, or the program that runs the agent: it is asked for the result.
    Person {},
}

impl Executor {
    /// In a word or two.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Http(_) => "HTTP",
            Self::Program(_) => "program",
            Self::Mcp(_) => "MCP server",
            Self::BuiltIn(_) => "built in",
            Self::Lambda { .. } => "Lambda",
            Self::Person {} => "you",
        }
    }

    /// Whether it has a list of actions of its own: an MCP server's tools, or what is built in.
    pub const fn has_own(&self) -> bool {
        matches!(self, Self::Mcp(_) | Self::BuiltIn(_))
    }
}

/// Where an HTTP API is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Endpoint {
    /// In the place of the document's own server; without a document, where events go.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Names and values. `$NAME` and `${NAME}` in a value are read from the environment when it is sent; a secret has no other
    /// place.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
}

/// A program and its bounds. It sees no file, network or variable but those named here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Program {
    /// The program and its arguments; no shell reads them.
    pub command: Vec<String>,
    /// Folders and files that it may read, besides what programs need to run at all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub read: Vec<PathBuf>,
    /// Folders that it may read and write.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub write: Vec<PathBuf>,
    /// Variables of the environment that it is given, by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub environment: Vec<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub network: bool,
    #[serde(default)]
    pub bounds: Bounds,
}

/// The most that one call of a program may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Bounds {
    pub seconds: u32,
    /// Of memory, in MiB.
    pub memory_mb: u32,
    /// Of standard output, in KiB.
    pub output_kb: u32,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { seconds: 30, memory_mb: 512, output_kb: 256 }
    }
}

/// An MCP server as everybody's `mcpServers` blocks name one: a program, or an address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Server {
    Stdio {
        command: String,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        args: Vec<String>,
        /// `$NAME` and `${NAME}` in a value are read from the environment when the server is started.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        env: BTreeMap<String, String>,
        /// The most memory that each of its processes may have for itself, in MiB.
        #[serde(default = "server_memory_mb", skip_serializing_if = "is_server_memory_mb")]
        memory_mb: u32,
    },
    Http {
        url: String,
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        headers: BTreeMap<String, String>,
    },
}

/// What a server's process may have where its definition does not say: many times what one takes, and less than a machine has.
pub const fn server_memory_mb() -> u32 {
    4096
}

#[allow(clippy::trivially_copy_pass_by_ref)] // serde gives it so.
const fn is_server_memory_mb(memory_mb: &u32) -> bool {
    *memory_mb == server_memory_mb()
}

/// What this program can do for an agent itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "tool", rename_all = "snake_case", deny_unknown_fields)]
pub enum BuiltIn {
    /// Arithmetic, exact where it can be.
    Calculator,
    /// Reads files under a folder, and lists them.
    ReadFiles { folder: PathBuf },
    /// Fetches pages by GET: of these hosts alone where any are named, and never of an inside address.
    HttpGet {
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        hosts: Vec<String>,
    },
    /// Asks the person for what is missing.
    AskUser,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn groups_are_written_as_a_person_would_write_them() {
        let files = json!({
            "name": "files", "confirm": true,
            "runs": {"mcp": {"command": "npx", "args": ["-y", "server-filesystem", "/data"]}},
        });
        let group: Group = serde_json::from_value(files.clone()).unwrap();
        assert!(group.enabled && group.confirm && group.runs.has_own());
        assert_eq!(serde_json::to_value(&group).unwrap(), files);

        let small = json!({"command": "npx", "memory_mb": 512});
        let server: Server = serde_json::from_value(small.clone()).unwrap();
        assert!(matches!(server, Server::Stdio { memory_mb: 512, .. }));
        assert_eq!(serde_json::to_value(&server).unwrap(), small);
        let remote = json!({"url": "https://mcp.example.org/mcp", "headers": {"Authorization": "$TOKEN"}});
        assert!(matches!(serde_json::from_value(remote).unwrap(), Server::Http { .. }));
        let sums = json!({"name": "sums", "runs": {"built_in": {"tool": "calculator"}}});
        let group: Group = serde_json::from_value(sums).unwrap();
        assert_eq!(group.runs, Executor::BuiltIn(BuiltIn::Calculator));
        let person =
            json!({"name": "p", "functions": [{"name": "f", "description": ""}], "runs": {"person": {}}});
        assert_eq!(
            serde_json::to_value(serde_json::from_value::<Group>(person.clone()).unwrap()).unwrap(),
            person
        );
    }
}
