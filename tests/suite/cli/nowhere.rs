//! `--offline` as the kernel sees it: every verb runs in a network namespace of its own in which all addresses of the
//! world lead back to the machine, and the kernel counts who connects to one.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use clap::CommandFactory;
use outcrop::cli::args::Arguments;

use super::home::{Home, SCRIPTED};
use super::knowledge::{embedding, good};
use super::traces::{import, runs};
use crate::loopback::Server;
use crate::tty::{ANSWERS, CommandBuilder, Tty};

/// Makes all addresses lead to this machine, runs the rest of the line, and prints what the kernel has counted.
const INSIDE: &str = "ip link set lo up && ip route add local 0.0.0.0/0 dev lo && ip -6 route add local ::/0 dev lo \
                      || exit 99; \"$@\" </dev/null >&2; grep -E '^(Tcp|Udp):' /proc/net/snmp; \
                      grep Udp6OutDatagrams /proc/net/snmp6";

/// The same for the screen, which has the terminal: what was counted goes to a file.
const SCREEN: &str = "ip link set lo up && ip route add local 0.0.0.0/0 dev lo && ip -6 route add local ::/0 dev lo \
                      || exit 99; file=\"$1\"; shift; \"$@\"; ended=$?; grep -E '^(Tcp|Udp):' /proc/net/snmp >\"$file\"; \
                      grep Udp6OutDatagrams /proc/net/snmp6 >>\"$file\"; exit $ended";

/// An agent that has everything called by which one could go out, and one whose MCP server is a program that does.
const ACTING: &str = "agent run acting acts\ncall http_get {\"url\":\"https://far.example/\"}\ncall run {}\ncall \
                      order {}\ncall sell {}\n---\nDone.";
const SERVED: &str = "agent run program hello";

/// A line for every verb; the files are those of `home`.
const LINES: &[&str] = &[
    "chat -m far/x hello",
    "chat -m named/x hello",
    "chat -m claude/x hello",
    "chat -m asking/x hello",
    "chat -m amazon/x hello",
    "chat -m llamas/x hello",
    "chat -m scripted/echo hello",
    "models list --probe",
    "models show far/x",
    "models pull local/smollm2-135m --yes",
    "models pull llamas/x --yes",
    "models add a.gguf",
    "models embed -m far/x hello",
    "models rerank -m far/reranker hello one two",
    "models remove local/x --yes",
    "models remove llamas/x --yes",
    "cassettes show a.cassette",
    "cassettes share a.cassette b.cassette",
    "keys list",
    "keys set far",
    "keys remove far",
    "conversations list",
    "conversations show 1",
    "conversations search hello",
    "conversations rename 1 title",
    "conversations export",
    "conversations request 1",
    "conversations fork 1",
    "conversations import a.json",
    "conversations remove 1 --yes",
    "compare -m far/x -m named/x hello",
    "comparisons list",
    "comparisons show 1234",
    "comparisons categorise 1234 rivers",
    "comparisons choose 1234 A",
    "comparisons retry 1234",
    "comparisons leaderboard",
    "comparisons import a.json",
    "comparisons export 1234",
    "comparisons remove 1234 --yes",
    "datasets import a.json --name d",
    "datasets list",
    "datasets show builtin/generation",
    "datasets export builtin/generation",
    "datasets add d --conversation 1234",
    "datasets add d --comparison 1234",
    "kb create docs --from a.json",
    "kb list",
    "kb show docs",
    "kb add-source docs words.txt --later",
    "kb add-source docs https://far.example/page",
    "kb add-source docs s3://far/x --region eu-west-1",
    "kb change-source docs a.json --watch true",
    "kb watch nowhere",
    "kb sync docs",
    "kb sync docs --pause",
    "kb status docs",
    "kb status docs --runs",
    "kb documents docs",
    "kb chunks docs a.json",
    "kb rerank docs far/reranker",
    "kb answers docs --threshold 0.1",
    "kb preview words.txt --embedder far/x",
    "kb preview words.txt --embedder far/x --chunking semantic:300:0:95",
    "kb search docs hello",
    "kb search docs hello --rerank named/x",
    "kb ask docs hello",
    "kb evaluate docs q.jsonl",
    "kb create far --store pgvector",
    "kb create far --store qdrant",
    "kb move docs --to pgvector",
    "kb move docs --to qdrant",
    "kb export docs out.jsonl",
    "kb import a.json --name i",
    "kb rebuild docs --embedder far/x --yes",
    "kb rebuild docs --drop",
    "kb remove-source docs 1234 --yes",
    "kb rename docs books",
    "kb remove books --yes",
    "datasets rename d e",
    "datasets remove e --yes",
    "eval create e --dataset builtin/generation -m far/x -m named/x --run --yes",
    "eval list",
    "eval show e",
    "eval run e",
    "eval pause e",
    "eval change e --task task.toml",
    "eval rate e --rater ada --json",
    "eval report e",
    "eval report e --items",
    "eval hand-out e --rater ada",
    "eval hand-out e --rater ada --items 5",
    "eval take-in r.jsonl",
    "eval import r.jsonl --name i",
    "eval export e",
    "eval adjudicate e",
    "eval remove e --yes",
    "pictures make -m far/x a river",
    "pictures list",
    "pictures request 1234",
    "pictures save 1234",
    "pictures remove 1234 --yes",
    "agent create agent.toml",
    "agent list",
    "agent show a",
    "agent edit a -m far/x",
    "agent diff a",
    "agent run a hello",
    "agent run a -m scripted/echo hello",
    "agent create acting.toml",
    ACTING,
    "agent create program.toml",
    SERVED,
    "agent create address.toml",
    "agent run address hello",
    "agent replay 1234",
    "agent memory list a",
    "agent memory show a",
    "agent memory edit a 1234 Tea.",
    "agent memory remove a --yes",
    "agent export a",
    "agent import agent.toml",
    "agent remove a --yes",
    "prompts list",
    "prompts save p {{a}} is it",
    "prompts save p {{a}} was it",
    "prompts show p",
    "prompts versions p",
    "prompts diff p",
    "prompts run p --var a=x",
    "prompts run p --var a=x -m far/x",
    "prompts rename p q",
    "prompts import a.json",
    "prompts remove q --yes",
    "traces import a.json",
    "traces list",
    "traces show 1234",
    "traces export 1234",
    "traces export 1234 --to https://far.example --header a=b",
    "traces diff 1234 5678",
    "traces replay 1234",
    "traces replay 1234 0 -m far/x",
    "traces stats 1234",
    "traces note 1234 0 --score 1",
    "traces listen --token-file nowhere",
    "traces remove 1234 --yes",
    "usage --since 7d",
    "usage --format jsonl --texts",
    "usage egress --since 7d",
    "workspace info",
    "workspace backup saved",
    "workspace restore saved --yes",
    "workspace compact",
    "workspace compact --yes",
    "workspace verify",
    "workspace rekey --yes",
    "workspace rekey --to keyring --yes",
    "config show",
    "config default",
    "config schema",
    "config path",
    "config keys",
    "config check",
    "config edit",
    "paths",
    "doctor",
    "completions bash",
];

fn home() -> Home {
    let far = "[providers.far]\nkind = 'openai'\nbase_url = 'http://192.0.2.7/v1'\n\
               [providers.named]\nkind = 'openai'\nbase_url = 'https://far.example/v1'\n\
               [providers.claude]\nkind = 'anthropic'\nbase_url = 'https://192.0.2.8/v1'\napi_key = 'sk'\n\
               [providers.llamas]\nkind = 'ollama'\nbase_url = 'http://192.0.2.9'\n\
               [providers.asking]\nkind = 'openai'\nbase_url = 'http://127.0.0.1:9/v1'\n\
               api_key_cmd = \"bash -c 'exec 3<>/dev/tcp/192.0.2.10/80'\"\n\
               [stores]\npostgres_url = 'postgres://me@192.0.2.14/x'\nqdrant_url = 'http://192.0.2.15:6333'\n\
               [providers.amazon]\nkind = 'bedrock'\nregion = 'eu-west-1'\n\
               [models.\"scripted/acts\"]\ncan = ['tools']\n";
    let home = Home::with(&format!("{SCRIPTED}{far}")).variable("PATH", "/usr/bin:/bin:/usr/sbin");
    std::fs::create_dir(home.beside().join(".aws")).unwrap();
    let amazon = "[default]\ncredential_process = bash -c 'exec 3<>/dev/tcp/192.0.2.11/80'\n";
    std::fs::write(home.beside().join(".aws/config"), amazon).unwrap();
    std::fs::write(home.beside().join("a.gguf"), "no model").unwrap();
    std::fs::write(home.beside().join("a.json"), "[]").unwrap();
    std::fs::write(home.beside().join("words.txt"), "Sun is up. Moon is up.").unwrap();
    let question = "{\"query\": \"hello\", \"relevant\": [\"a.json\"]}\n";
    std::fs::write(home.beside().join("q.jsonl"), question).unwrap();
    let agent = "name = 'a'\ninstruction = 'Fetch.'\nmodel = 'named/x'\n\
                 [[groups]]\nname = 'pages'\nruns = { built_in = { tool = 'http_get' } }\n";
    std::fs::write(home.beside().join("agent.toml"), agent).unwrap();
    agents(home.beside());
    let task = "instructions = 'Choose.'\n[[metrics]]\nname = 'Which'\nmethod = 'choice'\n";
    std::fs::write(home.beside().join("task.toml"), task).unwrap();
    let beside = home.beside().display().to_string();
    // A bus and a display behind the network, as a careless forwarding leaves them.
    home.variable("HOME", &beside)
        .variable("DBUS_SESSION_BUS_ADDRESS", "tcp:host=192.0.2.12,port=9")
        .variable("DISPLAY", "192.0.2.12:0")
        .variable("EDITOR", "bash -c 'exec 3<>/dev/tcp/192.0.2.13/80' editor")
}

/// Agents that act with what lies elsewhere.
fn agents(folder: &Path) {
    let functions = |name: &str| format!("functions = [{{ name = '{name}', description = '' }}]\n");
    let group = |name: &str, runs: &str| format!("[[groups]]\nname = '{name}'\nruns = {{ {runs} }}\n");
    let agent = |name: &str, groups: &str| {
        let text = format!("name = '{name}'\ninstruction = 'Act.'\nmodel = 'scripted/acts'\n{groups}");
        std::fs::write(folder.join(name).with_extension("toml"), text).unwrap();
    };
    let program =
        "program = { command = ['/bin/bash', '-c', 'exec 3<>/dev/tcp/192.0.2.16/80'], network = true }";
    let server = "mcp = { command = '/bin/bash', args = ['-c', 'exec 3<>/dev/tcp/192.0.2.18/80'] }";
    let groups = [
        group("pages", "built_in = { tool = 'http_get' }"),
        group("program", program) + &functions("run"),
        group("orders", "lambda = { function = 'arn:aws:lambda:eu-west-1:123456789012:function:orders' }")
            + &functions("order"),
        group("shop", "http = { url = 'http://192.0.2.17/' }") + &functions("sell"),
    ];
    agent("acting", &groups.concat());
    agent("program", &group("served", server));
    agent("address", &group("served", "mcp = { url = 'https://192.0.2.19/mcp' }"));
}

/// A base that was filled while its embedder was near, which is far from then on.
fn base(home: &Home, near: &Server) {
    let file = home.path().join("config.toml");
    let own = std::fs::read_to_string(&file).unwrap();
    let at = |url: &str| {
        let embedder = format!("[providers.emb]\nkind = 'openai'\nbase_url = '{url}'\n");
        std::fs::write(&file, format!("{own}{embedder}")).unwrap();
    };
    at(&near.url("/v1"));
    good(&home.run(&["kb", "create", "docs", "--from", "words.txt", "--embedder", "emb/letters"]));
    at("http://192.0.2.21/v1");
}

/// Connections and datagrams that a line tried in its namespace; `None` where no namespace can be made.
fn tried(home: &Home, line: &[&str]) -> Option<u64> {
    let binary = home.command(&[]);
    let mut command = Command::new("unshare");
    command.args(["--map-root-user", "--net", "sh", "-c", INSIDE, "sh"]);
    command.arg(binary.get_program()).args(line).current_dir(home.beside()).env_clear();
    command.envs(binary.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let said = command.stdin(Stdio::null()).output().ok()?;
    counted(&String::from_utf8(said.stdout).unwrap())
}

/// The same, as the kernel's tables have them.
fn counted(counted: &str) -> Option<u64> {
    let of = |table: &str, name: &str| -> Option<u64> {
        let mut rows = counted.lines().filter_map(|row| row.strip_prefix(table)).map(str::split_whitespace);
        let (mut names, mut values) = (rows.next()?, rows.next()?);
        values.nth(names.position(|other| other == name)?)?.parse().ok()
    };
    let six = counted.lines().find_map(|row| row.strip_prefix("Udp6OutDatagrams"))?;
    Some(of("Tcp:", "ActiveOpens")? + of("Udp:", "OutDatagrams")? + six.trim().parse::<u64>().ok()?)
}

/// The verbs of a command, as they are typed.
fn verbs(command: &clap::Command, before: &str, found: &mut Vec<String>) {
    for verb in command.get_subcommands().filter(|verb| verb.get_name() != "help") {
        let name = format!("{before}{} ", verb.get_name());
        if verb.has_subcommands() {
            verbs(verb, &name, found);
        } else {
            found.push(name);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn offline_no_verb_connects_to_anything_as_the_kernel_counts_it() {
    let near = embedding(Duration::ZERO).await;
    tokio::task::block_in_place(|| no_verb_connects(&near));
}

fn no_verb_connects(near: &Server) {
    let home = home();
    if tried(&home, &["paths"]).is_none() {
        assert!(std::env::var_os("CI").is_none(), "no network namespace can be made here");
        crate::skipped!("network namespaces (unshare and ip)");
        return;
    }
    base(&home, near);
    let mut all = Vec::new();
    verbs(&Arguments::command(), "", &mut all);
    for verb in &all {
        assert!(LINES.iter().any(|line| format!("{line} ").starts_with(verb.as_str())), "no line for {verb}");
    }
    // The trap is one for the pages of a base too, which the lines take away.
    let page = ["kb", "add-source", "docs", "https://far.example/first"];
    assert!(tried(&home, &page).unwrap() > 0);
    // And for what is called by an id, which no line knows.
    import(&home, "otlp_genai.json");
    let run = runs(&home).into_iter().find(|run| run["kind"] == "agent").unwrap();
    let trace = run["id"].as_str().unwrap();
    let shown = home.run(&["traces", "show", trace, "--json"]).objects();
    let model = shown[1..].iter().find(|row| row["kind"] == "model").unwrap()["row"].to_string();
    for words in [
        &["kb", "search", "docs", "hello"][..],
        &["traces", "export", trace, "--to", "https://far.example"],
        &["traces", "replay", trace, &model, "-m", "far/x"],
    ] {
        assert_eq!(tried(&home, &[&["--offline"][..], words].concat()), Some(0), "{words:?}");
        assert!(tried(&home, words).unwrap() > 0, "{words:?}");
    }
    for line in LINES {
        let words: Vec<_> = ["--offline"].into_iter().chain(line.split(' ')).collect();
        assert_eq!(tried(&home, &words), Some(0), "{line}");
    }
    // The trap is one: what asks a server falls into it, by its address and by its name.
    for line in [
        "chat -m far/x hello",
        "chat -m named/x hello",
        "chat -m asking/x hello",
        "chat -m amazon/x hello",
        "models list --probe",
        "models pull llamas/x --yes",
        "compare -m far/x -m named/x hello",
        "config edit",
        "doctor",
        ACTING,
        SERVED,
        "agent run address hello",
    ] {
        let words: Vec<_> = line.split(' ').collect();
        assert!(tried(&home, &words).unwrap() > 0, "{line}");
    }
}

#[test]
fn offline_the_screen_connects_to_nothing_where_the_clipboard_is_pasted_and_an_editor_is_opened() {
    let home = home();
    if tried(&home, &["paths"]).is_none() {
        assert!(std::env::var_os("CI").is_none(), "no network namespace can be made here");
        crate::skipped!("network namespaces (unshare and ip)");
        return;
    }
    let file = home.beside().join("counted");
    let binary = home.command(&[]);
    let mut command = CommandBuilder::new("unshare");
    command.args(["--map-root-user", "--net", "sh", "-c", SCREEN, "sh"]);
    command.arg(&file);
    command.arg(binary.get_program());
    command.arg("--offline");
    command.cwd(home.beside());
    command.env_clear();
    for (name, value) in binary.get_envs().filter_map(|(name, value)| Some((name, value?))) {
        command.env(name, value);
    }
    let mut tty = Tty::start(command, (160, 30), ANSWERS);
    tty.wait_for_composer();
    // Ctrl+V, Ctrl+G, Ctrl+Q.
    tty.send("\x16");
    tty.wait_for("--offline forbids the network");
    tty.send("\x07");
    tty.wait_for("ended with");
    tty.send("\x11");
    assert_eq!(tty.ended(), Some(0));
    assert_eq!(counted(&std::fs::read_to_string(file).unwrap()), Some(0));
}
