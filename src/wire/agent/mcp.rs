//! Blocks that name MCP servers, as everybody writes them: `mcpServers` (Claude Desktop, Claude Code, Cursor and most others),
//! `servers` (VS Code's `mcp.json`, or its `mcp` setting), or the servers alone; and groups as such a block again.
//!
//! What has no counterpart here is told, never dropped in silence.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::domain::agent::definition::{LONGEST_NAME, name_of};
use crate::domain::agent::group::server_memory_mb;
use crate::domain::agent::{Executor, Group, Server, variable, written_out};
use crate::domain::{Error, ErrorKind, Result};

/// The members that name a server's address, by who writes them so: everybody, Windsurf, Gemini.
const ADDRESSES: [&str; 3] = ["url", "serverUrl", "httpUrl"];

/// The members of a server that are read.
const READ: [&str; 10] = [
    "args",
    "command",
    "description",
    "disabled",
    "enabled",
    "env",
    "headers",
    "memory_mb",
    "transport",
    "type",
];

/// What VS Code puts in itself, and what is no variable.
const PLACES: [&str; 4] = ["userHome", "workspaceFolder", "workspaceFolderBasename", "pathSeparator"];

/// What was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Imported {
    /// One a server, in the order of the file.
    pub groups: Vec<Group>,
    /// What is not as it was there, a line each.
    pub remarks: Vec<String>,
}

/// Reads the JSON.
///
/// # Errors
///
/// `Invalid`: no JSON, or no server in it.
pub fn read(text: &str) -> Result<Imported> {
    let json: Value = serde_json::from_str(text).map_err(|why| bad(format!("it is no JSON: {why}")))?;
    let servers = servers(&json).ok_or_else(|| bad("there is no server in it".to_owned()))?;
    let mut imported = Imported { groups: Vec::new(), remarks: Vec::new() };
    for (name, server) in servers {
        let Some(server) = server.as_object() else {
            return Err(bad(format!("{name:?} is no server")));
        };
        imported.add(name, server)?;
    }
    if imported.groups.is_empty() {
        let why = imported.remarks.first().cloned().unwrap_or_else(|| "there is no server in it".to_owned());
        return Err(bad(why));
    }
    Ok(imported)
}

/// The servers by their names, wherever the file has them.
fn servers(json: &Value) -> Option<&Map<String, Value>> {
    let inner =
        [json.get("mcpServers"), json.get("servers"), json.get("mcp").and_then(|mcp| mcp.get("servers"))];
    if let Some(found) = inner.into_iter().flatten().find_map(Value::as_object) {
        return Some(found);
    }
    let looks = |server: &Value| {
        server.get("command").is_some() || ADDRESSES.iter().any(|name| server.get(name).is_some())
    };
    json.as_object().filter(|all| !all.is_empty() && all.values().all(looks))
}

impl Imported {
    fn add(&mut self, name: &str, server: &Map<String, Value>) -> Result<()> {
        let is = |name: &str| server.get(name).and_then(Value::as_bool);
        if ["type", "transport"].iter().any(|member| server.get(*member).is_some_and(|kind| kind == "sse")) {
            self.remarks.push(format!(
                "{name:?} is left out: it speaks the protocol of before 2025 (SSE), which is not spoken here"
            ));
            return Ok(());
        }
        let address = ADDRESSES.iter().find_map(|name| server.get(*name)?.as_str());
        let mut unread: Vec<&str> = Vec::new();
        let runs = match (server.get("command").and_then(Value::as_str), address) {
            (Some(command), _) => {
                let args = server.get("args").and_then(Value::as_array).into_iter().flatten();
                let args: Vec<String> =
                    args.map(|arg| arg.as_str().map_or_else(|| arg.to_string(), str::to_owned)).collect();
                for arg in args.iter().filter(|arg| arg.contains("${")) {
                    let remark =
                        format!("the argument {arg:?} of {name:?} stays as it is: write what it stands for");
                    self.remarks.push(remark);
                }
                let memory_mb = server.get("memory_mb").and_then(Value::as_u64);
                let memory_mb = memory_mb.and_then(|memory| u32::try_from(memory).ok());
                // What is of an address says nothing of a program, and the other way round.
                unread.extend(ADDRESSES.iter().chain(&["headers"]));
                Server::Stdio {
                    command: command.to_owned(),
                    args,
                    env: self.values(name, server, "env"),
                    memory_mb: memory_mb.unwrap_or(server_memory_mb()),
                }
            }
            (None, Some(url)) => {
                unread.extend(["args", "env", "memory_mb"]);
                Server::Http { url: url.to_owned(), headers: self.values(name, server, "headers") }
            }
            (None, None) => return Err(bad(format!("{name:?} has neither a command nor a url"))),
        };
        for member in server.keys().map(String::as_str) {
            let is_read = READ.contains(&member) || ADDRESSES.contains(&member);
            if (is_read && !unread.contains(&member)) || !says(server.get(member)) {
                continue;
            }
            let advice = match member {
                "cwd" => ": servers are started in the home folder",
                "envFile" => ": name its variables as env",
                "alwaysAllow" | "autoApprove" => ": a person agrees to tools here",
                "oauth" | "auth" => ": send a token as a header",
                _ => "",
            };
            self.remarks.push(format!("{member} of {name:?} is left out{advice}"));
        }
        let group = Group {
            name: self.name(name),
            description: server.get("description").and_then(Value::as_str).unwrap_or_default().to_owned(),
            enabled: is("disabled") != Some(true) && is("enabled") != Some(false),
            confirm: false,
            functions: Vec::new(),
            openapi: None,
            runs: Executor::Mcp(runs),
        };
        self.remarks.extend(written_out::hidden(&group));
        self.groups.push(group);
        Ok(())
    }

    /// A name that groups may have, and none has yet.
    fn name(&mut self, told: &str) -> String {
        let plain = |c: char| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' };
        let name: String = told.chars().take(LONGEST_NAME - 4).map(plain).collect();
        let name = name_of(&name).unwrap_or_else(|| "server".to_owned());
        let free = |name: &str| self.groups.iter().all(|group| group.name != name);
        let numbered = (2..1000).map(|number| format!("{name}-{number}"));
        let name = std::iter::once(name.clone()).chain(numbered).find(|name| free(name)).unwrap_or(name);
        if name != told {
            self.remarks.push(format!("{told:?} is called {name} here"));
        }
        name
    }

    /// Variables, or headers.
    fn values(&mut self, server: &str, of: &Map<String, Value>, member: &str) -> BTreeMap<String, String> {
        let members = of.get(member).and_then(Value::as_object).into_iter().flatten();
        let mut values = BTreeMap::new();
        for (name, value) in members {
            let told = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let value = self.value(server, name, &told);
            if written_out::is_secret(name, &value) {
                self.remarks.push(written_out::remark(name, server));
            }
            values.insert(name.clone(), value);
        }
        values
    }

    /// A value with variables as they are written here.
    fn value(&mut self, server: &str, name: &str, told: &str) -> String {
        let mut value = String::new();
        let mut rest = told;
        while let Some((before, from)) = rest.split_once("${") {
            value.push_str(before);
            let Some((inner, after)) = from.split_once('}') else {
                value.push_str("${");
                rest = from;
                continue;
            };
            if let Some(variable) = inner.strip_prefix("env:") {
                value.extend(["${", variable, "}"]);
            } else if let Some(input) = inner.strip_prefix("input:") {
                let variable = written_out::variable_of(input);
                self.remarks.push(format!(
                    "{name} of {server:?} is asked for there: here it is read from the variable {variable}"
                ));
                value.extend(["${", variable.as_str(), "}"]);
            } else {
                if PLACES.contains(&inner) || variable::names(&format!("${{{inner}}}")).is_empty() {
                    self.remarks.push(format!(
                        "${{{inner}}} in {name} of {server:?} stays as it is: write what it stands for"
                    ));
                }
                value.extend(["${", inner, "}"]);
            }
            rest = after;
        }
        value.push_str(rest);
        value
    }
}

/// The groups of MCP servers among these as a block of `mcpServers`.
pub fn write(groups: &[Group]) -> Value {
    let mut servers = Map::new();
    for group in groups {
        let Executor::Mcp(server) = &group.runs else { continue };
        let mut written = match server {
            Server::Stdio { command, args, env, memory_mb } => {
                let mut written = json!({"command": command, "args": args});
                if !env.is_empty() {
                    written["env"] = json!(env);
                }
                if *memory_mb != server_memory_mb() {
                    written["memory_mb"] = json!(memory_mb);
                }
                written
            }
            Server::Http { url, headers } => {
                let mut written = json!({"type": "http", "url": url});
                if !headers.is_empty() {
                    written["headers"] = json!(headers);
                }
                written
            }
        };
        if !group.enabled {
            written["disabled"] = true.into();
        }
        servers.insert(group.name.clone(), written);
    }
    json!({ "mcpServers": servers })
}

/// Whether a member says something.
fn says(value: Option<&Value>) -> bool {
    value.is_some_and(|value| match value {
        Value::Null => false,
        Value::Array(all) => !all.is_empty(),
        Value::Object(members) => !members.is_empty(),
        _ => true,
    })
}

fn bad(why: String) -> Error {
    Error::new(
        ErrorKind::Invalid,
        "reading MCP servers",
        why,
        r#"They are written as {"mcpServers": {"files": {"command": "npx", "args": […]}}}."#,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stdio(group: &Group) -> (&str, &[String], &BTreeMap<String, String>) {
        match &group.runs {
            Executor::Mcp(Server::Stdio { command, args, env, .. }) => (command, args, env),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_block_is_read_as_claude_desktop_writes_it_and_written_again() {
        let block = json!({"mcpServers": {
            "files": {"command": "npx", "args": ["-y", "@modelcontextprotocol/server-filesystem", "/data"]},
            "github": {"command": "docker", "args": [], "env": {"GITHUB_TOKEN": "${GITHUB_TOKEN}"}, "disabled": true,
                "memory_mb": 512},
            "far": {"type": "http", "url": "https://mcp.example.org/mcp", "headers": {"Authorization": "Bearer ${T}"}},
        }});
        let imported = read(&block.to_string()).unwrap();
        assert_eq!(imported.remarks, Vec::<String>::new());
        let [files, github, far] = imported.groups.as_slice() else { panic!("{imported:?}") };
        assert_eq!(stdio(files).0, "npx");
        assert!(files.enabled && !github.enabled);
        assert_eq!(stdio(github).2["GITHUB_TOKEN"], "${GITHUB_TOKEN}");
        assert!(matches!(&far.runs, Executor::Mcp(Server::Http { url, .. }) if url.ends_with("/mcp")));
        assert_eq!(write(&imported.groups), block);
    }

    #[test]
    fn the_blocks_of_vs_code_and_others_are_read_and_what_they_ask_for_is_told() {
        let code = r#"{"inputs": [{"id": "api-key", "type": "promptString"}], "servers": {
            "My Server!": {"type": "stdio", "command": "srv", "args": ["${workspaceFolder}"], "cwd": "/x",
                "env": {"KEY": "${input:api-key}", "HOME_OF": "${userHome}", "A": "x${env:B}y", "N": 7}},
            "old": {"type": "sse", "url": "https://example.org/sse"}}}"#;
        let imported = read(code).unwrap();
        assert_eq!(imported.groups.len(), 1);
        let group = &imported.groups[0];
        assert_eq!(group.name, "My-Server-");
        let env = stdio(group).2;
        assert_eq!(
            (env["KEY"].as_str(), env["A"].as_str(), env["N"].as_str()),
            ("${API_KEY}", "x${B}y", "7")
        );
        for said in ["API_KEY", "workspaceFolder", "cwd", "userHome", "\"old\"", "My-Server-"] {
            assert!(
                imported.remarks.iter().any(|remark| remark.contains(said)),
                "{said}: {:?}",
                imported.remarks
            );
        }
        for text in [
            r#"{"mcp": {"servers": {"a": {"command": "x"}}}}"#,
            r#"{"a": {"command": "x"}}"#,
            r#"{"mcpServers": {"a": {"serverUrl": "http://127.0.0.1:1/mcp"}}}"#,
        ] {
            assert_eq!(read(text).unwrap().groups.len(), 1, "{text}");
        }
    }

    #[test]
    fn a_secret_that_is_written_out_is_spoken_of_and_names_are_kept_apart() {
        let text = r#"{"mcpServers": {"a b": {"command": "x", "env": {"API_KEY": "sk-1"}}, "a-b": {"command": "y"}}}"#;
        let imported = read(text).unwrap();
        let names: Vec<&str> = imported.groups.iter().map(|group| group.name.as_str()).collect();
        assert_eq!(names, ["a-b", "a-b-2"]);
        assert!(
            imported.remarks.iter().any(|remark| remark.contains("${API_KEY}") && !remark.contains("sk-1"))
        );
    }

    #[test]
    fn no_member_of_a_server_is_left_out_without_a_word() {
        let block = json!({"mcpServers": {
            "a": {"command": "x", "args": [], "cwd": "/x", "timeout": 60, "disabledTools": ["rm"], "alwaysAllow": [],
                "trust": null, "url": "https://example.org/mcp", "headers": {"X": "y"}},
            "b": {"transport": "http", "url": "https://example.org/mcp", "env": {"A": "b"}, "enabled": false},
            "old": {"transport": "sse", "url": "https://example.org/sse"},
        }});
        let imported = read(&block.to_string()).unwrap();
        let mut remarks = imported.remarks;
        remarks.sort_unstable();
        let wanted = [
            "\"old\" is left out: it speaks the protocol of before 2025 (SSE), which is not spoken here",
            "cwd of \"a\" is left out: servers are started in the home folder",
            "disabledTools of \"a\" is left out",
            "env of \"b\" is left out",
            "headers of \"a\" is left out",
            "timeout of \"a\" is left out",
            "url of \"a\" is left out",
        ];
        assert_eq!(remarks, wanted);
        let on: Vec<bool> = imported.groups.iter().map(|group| group.enabled).collect();
        assert_eq!(on, [true, false]);
    }

    #[test]
    fn what_names_no_server_says_why() {
        for (text, why) in [
            ("{", "no JSON"),
            ("{}", "no server"),
            (r#"{"mcpServers": {}}"#, "no server"),
            (r#"{"mcpServers": {"a": 1}}"#, "is no server"),
            (r#"{"mcpServers": {"a": {}}}"#, "neither a command nor a url"),
            (r#"{"mcpServers": {"a": {"type": "sse", "url": "u"}}}"#, "before 2025"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.why.contains(why), "{text}: {error}");
        }
    }
}
