//! Traces on the command line: brought in from files and by senders, looked at, handed on.

use std::io::{BufRead, BufReader, Lines, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command};
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use super::agents;
use super::home::{Home, on_both};
use super::knowledge::{self, create, embedding, good, write};
use crate::engine::real::peers;
use crate::loopback::{Server, whole};

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/traces").join(name)
}

pub(super) fn import(home: &Home, name: &str) -> Value {
    let said = home.run(&["traces", "import", data(name).to_str().unwrap(), "--json"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    said.objects().remove(0)["brought"].clone()
}

/// The runs of the list.
pub(super) fn runs(home: &Home) -> Vec<Value> {
    let said = home.run(&["traces", "list", "--json", "-n", "0"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    said.objects().into_iter().map(|line| line["run"].clone()).collect()
}

/// The kinds of a shown tree's spans, each with how deep it lies.
fn kinds(shown: &[Value]) -> Vec<(String, u64)> {
    let of = |row: &Value| (row["kind"].as_str().unwrap().to_owned(), row["depth"].as_u64().unwrap());
    let mut kinds: Vec<_> = shown[1..].iter().map(of).collect();
    kinds.sort();
    kinds
}

/// `traces listen`, and where it listens.
struct Listening {
    child: Child,
    said: Lines<BufReader<ChildStdout>>,
    address: String,
}

impl Listening {
    fn start(home: &Home, more: &[&str]) -> Self {
        let arguments = [&["traces", "listen", "--port", "0", "--json"][..], more].concat();
        let mut child = home.start(&arguments);
        let mut said = BufReader::new(child.stdout.take().unwrap()).lines();
        let first: Value = serde_json::from_str(&said.next().unwrap().unwrap()).unwrap();
        assert_eq!(first["reply"], "traces_listening");
        Self { child, said, address: first["address"].as_str().unwrap().to_owned() }
    }

    fn next(&mut self) -> Value {
        let line: Value = serde_json::from_str(&self.said.next().unwrap().unwrap()).unwrap();
        assert_eq!(line["reply"], "traces_brought");
        line["brought"].clone()
    }

    /// The status and the body of the answer to a post.
    fn post(&self, headers: &[(&str, &str)], body: &[u8]) -> (u16, Vec<u8>) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let host = [("Host", self.address.as_str())];
        let is_told = headers.iter().any(|(name, _)| *name == "Host");
        let mut head = String::from("POST /v1/traces HTTP/1.1\r\nConnection: close\r\n");
        for (name, value) in host.iter().filter(|_| !is_told).chain(headers) {
            head.extend([*name, ": ", *value, "\r\n"]);
        }
        head.extend(["Content-Length: ", &body.len().to_string(), "\r\n\r\n"]);
        stream.write_all(head.as_bytes()).unwrap();
        // What is refused by its head need not come.
        if body.len() <= 64 << 20 {
            let _ = stream.write_all(body);
        }
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        let status = String::from_utf8_lossy(&answer[9..12]).parse().unwrap();
        let at = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
        (status, answer[at + 4..].to_vec())
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const PROTOBUF: (&str, &str) = ("Content-Type", "application/x-protobuf");
const JSON: (&str, &str) = ("Content-Type", "application/json");
const GZIP: (&str, &str) = ("Content-Encoding", "gzip");

#[test]
fn files_are_brought_in_listed_shown_as_a_tree_and_removed() {
    let act = |home: &Home| {
        let brought = import(home, "otlp_genai.json");
        assert_eq!((&brought["rejected"], &brought["cut"]), (&json!(0), &json!(false)));
        let listed = runs(home);
        assert_eq!(listed.len(), brought["traces"].as_array().unwrap().len());
        // The same once more changes nothing.
        let again = import(home, "otlp_genai.json");
        assert_eq!((&again["known"], &again["spans"]), (&brought["spans"], &brought["spans"]));
        assert_eq!(import(home, "otlp_genai.pb.gz")["known"], brought["spans"]);
        assert_eq!(runs(home), listed);
        let said = home.run(&["traces", "import", data("otlp_genai.json").to_str().unwrap()]);
        assert!(said.stdout.contains(", all there already  "), "{said:?}");
        // An agent's own sum is that of its calls, not one more.
        let agent = listed.iter().find(|run| run["kind"] == "agent").unwrap();
        assert_eq!((&agent["input"], &agent["output"]), (&json!(250), &json!(45)));
        assert_eq!(agent["source"], "imported");
        let id = agent["id"].as_str().unwrap();
        let shown = home.run(&["traces", "show", id, "--json"]).objects();
        assert_eq!(shown[0]["reply"], "trace");
        assert_eq!(shown.len() as u64 - 1, agent["spans"].as_u64().unwrap());
        assert_eq!((&shown[1]["depth"], &shown[1]["input"]), (&json!(0), &json!(250)));
        assert!(shown[2..].iter().all(|row| row["under"].is_u64()), "{shown:?}");
        let failed = home.run(&["traces", "show", id, "status:error", "--json"]).objects();
        assert!(failed.len() > 1 && failed[1..].iter().all(|row| row["status"] == "error"));
        let lists = |filter: &str| home.run(&["traces", "list", filter, "--json"]).objects().len();
        assert_eq!((lists("status:error") > 0, lists("kind:memory")), (true, 0));
        let span = home.run(&["traces", "show", id, "--span", "0", "--json"]).objects();
        assert_eq!(span[0]["reply"], "trace_span");
        assert_eq!(home.run(&["traces", "show", id, "--span", "999"]).code, Some(2));
        assert_eq!(home.run(&["traces", "show", id]).code, Some(0));
        assert_eq!(home.run(&["traces", "stats", id]).code, Some(0));
        assert_eq!(home.run(&["traces", "diff", id, id]).stdout.matches("= ").count() + 1, shown.len());
        for run in &listed {
            let gone = home.run(&["traces", "remove", run["id"].as_str().unwrap(), "--yes"]);
            assert_eq!(gone.code, Some(0), "{gone:?}");
        }
        assert_eq!(runs(home).len(), 0);
        assert_eq!(home.run(&["traces", "show", id]).code, Some(2));
    };
    on_both(Home::new, act);
}

#[test]
fn what_is_written_out_is_read_in_again_as_it_was() {
    let (one, other) = (Home::new(), Home::new());
    import(&one, "otlp_genai.pb.gz");
    import(&one, "otlp_openinference.pb");
    for (at, run) in runs(&one).iter().enumerate() {
        for form in ["json", "protobuf"] {
            let file = one.beside().join(format!("{at}.{form}"));
            let file = file.to_str().unwrap();
            let id = run["id"].as_str().unwrap();
            let said = one.run(&["traces", "export", id, "--format", form, "-o", file]);
            assert_eq!(said.code, Some(0), "{said:?}");
            assert_eq!(other.run(&["traces", "import", file]).code, Some(0));
            let again: Vec<Value> = runs(&other).into_iter().filter(|run| run["id"] == id).collect();
            for what in ["name", "start", "end", "spans", "errors", "input", "output", "service"] {
                assert_eq!(again[0][what], run[what], "{what}");
            }
            assert_eq!(other.run(&["traces", "remove", id, "--yes"]).code, Some(0));
        }
    }
}

#[test]
fn of_several_files_those_in_which_no_trace_stands_are_named_and_the_others_are_brought() {
    let home = Home::new();
    let none = home.beside().join("none.json");
    std::fs::write(&none, "{\"a\": 1}").unwrap();
    let (none, good) = (none.to_str().unwrap(), data("otlp_genai.json"));
    let said = home.run(&["traces", "import", none, good.to_str().unwrap(), "gone.json"]);
    assert_eq!(said.code, Some(1), "a part of them failed: {said:?}");
    assert!(said.stdout.ends_with("otlp_genai.json\n"), "{said:?}");
    assert!(said.stderr.contains("none.json: no trace of any known form stands in it"), "{said:?}");
    assert!(said.stderr.contains("gone.json"), "{said:?}");
    let said = home.run(&["traces", "import", none, good.to_str().unwrap(), "--json"]);
    let objects = said.objects();
    let replies: Vec<&str> = objects.iter().map(|one| one["reply"].as_str().unwrap()).collect();
    assert_eq!(replies, ["traces_not_brought", "traces_brought"], "{said:?}");
    for (files, of_all) in [(&[none][..], false), (&[none, "gone.json"][..], true)] {
        let said = home.run(&[&["traces", "import"], files].concat());
        assert_eq!((said.code, said.stdout.as_str()), (Some(2), ""), "{said:?}");
        assert_eq!(said.stderr.contains("error: reading traces: no file could be read"), of_all, "{said:?}");
    }
}

#[test]
fn a_trace_in_which_no_model_was_asked_is_written_as_what_it_is_and_says_so() {
    let home = Home::new();
    let ids = ("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331");
    let span = json!({"traceId": ids.0, "spanId": ids.1, "name": "step", "startTimeUnixNano": "1", "endTimeUnixNano": "2"});
    let file = home.beside().join("plain.json");
    let request = json!({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]});
    std::fs::write(&file, request.to_string()).unwrap();
    assert_eq!(home.run(&["traces", "import", file.to_str().unwrap()]).code, Some(0));
    for form in ["prompts", "openai"] {
        let said = home.run(&["traces", "export", ids.0, "--format", form]);
        assert_eq!((said.code, said.stdout.as_str()), (Some(0), ""), "{said:?}");
        assert!(said.stderr.contains("no call of a model in it makes a row"), "{said:?}");
    }
    for form in ["json", "markdown"] {
        let said = home.run(&["traces", "export", ids.0, "--format", form]);
        assert!(said.stdout.contains("step") && !said.stderr.contains("note:"), "{said:?}");
    }
    assert_eq!(home.run(&["traces", "remove", ids.0, "--yes"]).code, Some(0));
    let said = home.run(&["traces", "export", ids.0]);
    assert!(said.code == Some(2) && said.stderr.contains("there is none with the id"), "{said:?}");
}

#[test]
fn what_is_sent_is_kept_before_it_is_answered_and_outlives_a_kill() {
    let home = Home::new();
    let mut listening = Listening::start(&home, &[]);
    for (name, headers) in [
        ("otlp_genai.pb", vec![PROTOBUF]),
        ("otlp_genai.pb.gz", vec![PROTOBUF, GZIP]),
        ("otlp_genai.json", vec![JSON]),
        ("otlp_openinference.pb", vec![PROTOBUF]),
        ("otlp_older.json", vec![JSON]),
    ] {
        let (status, body) = listening.post(&headers, &std::fs::read(data(name)).unwrap());
        assert_eq!(status, 200, "{name}: {}", String::from_utf8_lossy(&body));
        if std::path::Path::new(name).extension().is_some_and(|extension| extension == "pb") {
            assert_eq!(body, b"", "{name}");
        }
        assert!(listening.next()["spans"].as_u64().unwrap() > 0);
    }
    listening.child.kill().unwrap();
    listening.child.wait().unwrap();
    let listed = runs(&home);
    let agent = listed.iter().find(|run| run["kind"] == "agent" && run["input"] == 250).unwrap();
    assert_eq!(
        (&agent["output"], &agent["source"]),
        (&json!(45), &json!("received")),
        "came three times, counts once"
    );
}

#[test]
fn a_request_that_is_sent_three_times_is_answered_each_time_and_kept_once_also_after_a_kill() {
    let home = Home::new();
    let body = std::fs::read(data("otlp_genai.pb")).unwrap();
    let mut listening = Listening::start(&home, &[]);
    let mut listed = Vec::new();
    for time in 0..3 {
        assert_eq!(listening.post(&[PROTOBUF], &body), (200, Vec::new()));
        let brought = listening.next();
        if time == 0 {
            assert_eq!(brought["known"], Value::Null, "{brought}");
            listed = runs(&home);
        } else {
            assert_eq!(brought["known"], brought["spans"], "{brought}");
        }
    }
    let spans: u64 = listed.iter().filter_map(|run| run["spans"].as_u64()).sum();
    assert!(spans > 0);
    assert_eq!(runs(&home), listed);
    listening.child.kill().unwrap();
    listening.child.wait().unwrap();
    let mut listening = Listening::start(&home, &[]);
    assert_eq!(listening.post(&[PROTOBUF], &body), (200, Vec::new()));
    assert_eq!(listening.next()["known"], json!(spans));
    assert_eq!(runs(&home), listed);
}

#[test]
fn what_is_wrong_is_refused_as_the_protocol_says_and_what_is_right_beside_it_is_kept() {
    let home = Home::new();
    let mut listening = Listening::start(&home, &[]);
    let good = std::fs::read(data("otlp_genai.pb")).unwrap();
    for (headers, body, status) in [
        (vec![PROTOBUF, ("Host", "evil.example")], &good[..], 403),
        (vec![PROTOBUF, ("Origin", "https://evil.example")], &good[..], 403),
        (vec![("Content-Type", "text/plain")], &good[..], 415),
        (vec![PROTOBUF], &b"\xff\xff\xff"[..], 400),
        (vec![JSON], &b"{\"resourceSpans\": ["[..], 400),
        (vec![PROTOBUF, GZIP], &good[..], 400),
        (vec![PROTOBUF, ("Content-Encoding", "br")], &good[..], 415),
    ] {
        assert_eq!(listening.post(&headers, body).0, status, "{headers:?}");
    }
    // Little that holds too much is refused, however many send it at once.
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(&vec![0; (64 << 20) + 1]).unwrap();
    let bomb = packed.finish().unwrap();
    std::thread::scope(|scope| {
        let post = || listening.post(&[PROTOBUF, GZIP], &bomb).0;
        let posts: Vec<_> = (0..6).map(|_| scope.spawn(post)).collect();
        for post in posts {
            assert_eq!(post.join().unwrap(), 413);
        }
    });
    // A body that breaks off in the middle: what stood before is kept, and the answer says so.
    let (status, told) = listening.post(&[PROTOBUF], &good[..good.len() / 2]);
    assert!(status == 400 || (status == 200 && !told.is_empty()), "{status}");
    if status == 200 {
        assert_eq!(listening.next()["cut"], true);
    }
    // A span without ids is rejected and counted, the one beside it is kept.
    let span = json!({"traceId": "ab".repeat(16), "spanId": "cd".repeat(8), "name": "x",
        "startTimeUnixNano": "1", "endTimeUnixNano": "2"});
    let request = json!({"resourceSpans": [{"scopeSpans": [{"spans": [span, {"name": "y"}]}]}]});
    let (status, told) = listening.post(&[JSON], request.to_string().as_bytes());
    let told: Value = serde_json::from_slice(&told).unwrap();
    assert_eq!((status, &told["partialSuccess"]["rejectedSpans"]), (200, &json!("1")));
    assert_eq!(listening.next()["rejected"], 1);
    // Fifty megabytes in one attribute are kept.
    let mut large = span.clone();
    large["attributes"] = json!([{"key": "k", "value": {"stringValue": "x".repeat(50_000_000)}}]);
    let request = json!({"resourceSpans": [{"scopeSpans": [{"spans": [large]}]}]});
    assert_eq!(listening.post(&[JSON], request.to_string().as_bytes()).0, 200);
    assert_eq!(listening.next()["spans"], 1);
    // More than there is room for is not.
    assert_eq!(listening.post(&[PROTOBUF], &vec![0; (64 << 20) + 1]).0, 413);
}

/// A trace as it is written out, a value a line.
fn written(home: &Home, id: &str) -> Vec<Value> {
    let said = home.run(&["traces", "export", id]);
    assert_eq!(said.code, Some(0), "{said:?}");
    said.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn what_is_sent_to_another_is_there_as_it_is_here() {
    let (one, other) = (agents::home().variable("THERE", "canary-token"), Home::new());
    import(&one, "otlp_genai.pb.gz");
    import(&one, "otlp_openinference.pb");
    import(&one, "bedrock_agent.json");
    agents::made(&one, "[[groups]]\nname = 'sums'\nruns = { built_in = { tool = 'calculator' } }\n");
    let script = "I compute.\ncall calculator {\"expression\": \"6 * 7\"}\n---\nIt is 42.";
    assert_eq!(agents::run(&one, script, &[]).code, Some(0));
    let token = other.beside().join("token");
    std::fs::write(&token, "canary-token").unwrap();
    let mut listening = Listening::start(&other, &["--token-file", token.to_str().unwrap()]);
    let url = format!("http://{}", listening.address);
    let sources: Vec<_> = runs(&one).iter().map(|run| run["source"].clone()).collect();
    assert!(sources.contains(&json!("own")) && sources.contains(&json!("imported")), "{sources:?}");
    for run in runs(&one) {
        let id = run["id"].as_str().unwrap();
        for form in ["protobuf", "json"] {
            let header = ["--header", "Authorization=Bearer $THERE", "--format", form, "--json"];
            let said = one.run(&[&["traces", "export", id, "--to", &url][..], &header[..]].concat());
            assert_eq!(said.code, Some(0), "{said:?}");
            let sent = &said.objects()[0]["sent"];
            assert_eq!((&sent["spans"], &sent["rejected"]), (&run["spans"], &json!(0)), "{said:?}");
            let brought = listening.next();
            assert_eq!((&brought["spans"], &brought["repaired"]), (&run["spans"], &json!(0)), "{brought}");
            assert_eq!(written(&other, id), written(&one, id), "{form}");
            assert_eq!(other.run(&["traces", "remove", id, "--yes"]).code, Some(0));
        }
    }
    let id = runs(&one)[0]["id"].as_str().unwrap().to_owned();
    let said = one.run(&["traces", "export", &id, "--to", &url]);
    assert!(said.code == Some(2) && said.stderr.contains("--header"), "{said:?}");
    let egress = one.run(&["usage", "egress", "--json"]);
    assert!(egress.stdout.contains(&listening.address) && !egress.stdout.contains("canary"), "{egress:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_server_says_to_what_is_sent_is_told() {
    let server = Server::start(|number, _| match number {
        // What may pass is sent again.
        0 => whole(503, &[], "busy"),
        1 => {
            let told = r#"{"partialSuccess": {"rejectedSpans": "1", "errorMessage": "one is odd"}}"#;
            whole(200, &[("content-type", "application/json")], told)
        }
        2 => whole(400, &[("content-type", "application/x-protobuf")], "\x08\x03\x12\x06no way"),
        _ => whole(200, &[("content-type", "text/html")], "<html></html>"),
    })
    .await;
    tokio::task::block_in_place(|| {
        let home = Home::new();
        import(&home, "otlp_genai.json");
        let id = runs(&home)[0]["id"].as_str().unwrap().to_owned();
        let send = |url: &str| home.run(&["traces", "export", &id, "--to", url]);
        let said = send(&server.url("/"));
        assert!(said.code == Some(0) && said.stdout.contains("1 of them not taken"), "{said:?}");
        assert!(said.stderr.contains("one is odd"), "{said:?}");
        for (words, url) in [
            ("no way", server.url("/otel")),
            ("web page", server.url("/v1/traces")),
            ("unencrypted", "http://far.example".to_owned()),
        ] {
            let said = send(&url);
            assert!(said.code == Some(2) && said.stderr.contains(words), "{said:?}");
        }
    });
    let seen = server.seen();
    let lines: Vec<&str> = seen.iter().map(|one| one.line.as_str()).collect();
    let (own, below) = ("POST /v1/traces HTTP/1.1", "POST /otel/v1/traces HTTP/1.1");
    assert_eq!(lines, [own, own, below, own]);
    assert_eq!(seen[0].body, seen[1].body);
    assert_eq!(seen[0].headers["content-encoding"], "gzip");
    assert_eq!(seen[0].headers["content-type"], "application/x-protobuf");
}

#[test]
fn who_must_give_a_token_is_refused_without_it() {
    let home = Home::new();
    let file = home.beside().join("token");
    std::fs::write(&file, "canary-token\n").unwrap();
    let listening = Listening::start(&home, &["--token-file", file.to_str().unwrap()]);
    let good = std::fs::read(data("otlp_genai.pb")).unwrap();
    for (token, status) in [("Bearer other", 401), ("canary-token", 401), ("Bearer canary-token", 200)] {
        assert_eq!(listening.post(&[PROTOBUF, ("Authorization", token)], &good).0, status, "{token}");
    }
    assert_eq!(listening.post(&[PROTOBUF], &good).0, 401);
}

#[test]
fn the_sdk_of_opentelemetry_sends_plain_and_packed() {
    let Some(python) = peers() else { return };
    let home = Home::new();
    let file = home.beside().join("token");
    std::fs::write(&file, "canary").unwrap();
    let mut listening = Listening::start(&home, &["--token-file", file.to_str().unwrap()]);
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers/otel_sdk.py");
    let url = format!("http://{}/v1/traces", listening.address);
    let peer = Command::new(python)
        .args([script, &url, "3", "canary"])
        .env("NO_PROXY", "127.0.0.1")
        .output()
        .unwrap();
    assert!(peer.status.success(), "{}", String::from_utf8_lossy(&peer.stderr));
    // Each span is a request of its own.
    for _ in 0..18 {
        assert_eq!(listening.next()["remarks"], "");
    }
    let sent: Vec<String> = String::from_utf8(peer.stdout).unwrap().lines().map(str::to_owned).collect();
    let mut listed: Vec<String> = runs(&home)
        .iter()
        .map(|run| {
            let told = [&run["name"], &run["service"], &run["spans"], &run["errors"], &run["input"]];
            assert_eq!(
                told,
                [&json!("invoke_agent Weather"), &json!("peer"), &json!(3), &json!(1), &json!(100)]
            );
            run["id"].as_str().unwrap().to_owned()
        })
        .collect();
    listed.sort();
    let mut sent = sent;
    sent.sort();
    assert_eq!(listed, sent);
}

#[test]
fn a_call_of_this_program_is_a_trace_with_what_was_said() {
    let home = Home::new();
    assert_eq!(home.run(&["chat", "-m", "scripted/echo", "canary words"]).code, Some(0));
    let listed = runs(&home);
    assert_eq!((&listed[0]["source"], &listed[0]["spans"]), (&json!("own"), &json!(1)));
    let id = listed[0]["id"].as_str().unwrap();
    let span = home.run(&["traces", "show", id, "--span", "0", "--json"]).objects();
    assert!(span[0]["contents"]["input"].to_string().contains("canary words"), "{span:?}");
    let exported = home.run(&["traces", "export", id]).stdout;
    assert!(exported.contains("gen_ai.input.messages"), "{exported}");
    assert_eq!(home.run(&["traces", "remove", id, "--yes"]).code, Some(2));
}

#[test]
fn what_comes_back_to_who_made_it_is_found_by_a_part_of_its_id() {
    let home = Home::new();
    assert_eq!(home.run(&["chat", "-m", "scripted/echo", "words"]).code, Some(0));
    let id = runs(&home)[0]["id"].as_str().unwrap().to_owned();
    let file = home.beside().join("own.json");
    std::fs::write(&file, home.run(&["traces", "export", &id]).stdout).unwrap();
    let again = home.run(&["traces", "import", file.to_str().unwrap()]);
    assert!(again.code == Some(0) && again.stdout.contains("all there already"), "{again:?}");
    assert_eq!(runs(&home).len(), 1, "it is here");
    // One of its id that has other spans is another one.
    let mut other: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    let span = other.pointer_mut("/resourceSpans/0/scopeSpans/0/spans/0/spanId").unwrap();
    *span = json!("00000000000000aa");
    std::fs::write(&file, other.to_string()).unwrap();
    assert_eq!(home.run(&["traces", "import", file.to_str().unwrap()]).code, Some(0));
    assert_eq!(runs(&home).len(), 2);
    let part = &id[id.len() - 8..];
    let shown = home.run(&["traces", "show", part]);
    assert!(shown.stderr.contains("a trace from elsewhere has this id, too, with 1 span"), "{shown:?}");
    let shown = home.run(&["traces", "show", part, "--json"]).objects();
    assert_eq!(shown[0]["run"]["source"], "own", "{shown:?}");
    assert_eq!(home.run(&["traces", "remove", part, "--yes"]).code, Some(0));
    assert_eq!(runs(&home).len(), 1);
}

#[test]
fn lines_of_json_that_are_no_traces_are_told_as_that() {
    let home = Home::new();
    let file = home.beside().join("rows.jsonl");
    std::fs::write(&file, "{\"prompt\": \"one\"}\n{\"prompt\": \"two\"}\n").unwrap();
    let said = home.run(&["traces", "import", file.to_str().unwrap()]);
    assert!(said.code == Some(2) && said.stderr.contains("no trace stands in it"), "{said:?}");
    assert!(!said.stderr.contains("no JSON"), "{said:?}");
}

#[test]
fn of_several_files_the_one_that_is_no_trace_is_named() {
    let home = Home::new();
    let file = home.beside().join("notes.md");
    std::fs::write(&file, "# Notes").unwrap();
    let files = [data("otlp_genai.json"), file];
    let said = home.run(&["traces", "import", files[0].to_str().unwrap(), files[1].to_str().unwrap()]);
    assert!(said.code == Some(1) && said.stderr.contains("notes.md: "), "{said:?}");
    assert!(said.stdout.contains("otlp_genai.json"), "the other one came: {said:?}");
}

#[test]
fn what_was_said_in_a_run_is_looked_through_for_what_is_wrong() {
    let home = Home::new();
    let text = |key: &str, value: &Value| json!({"key": key, "value": {"stringValue": value.to_string()}});
    let schema = json!({"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]});
    let tools = json!([{"type": "function", "name": "look", "parameters": schema}]);
    let call = json!({"type": "tool_call", "id": "1", "name": "look", "arguments": {"city": 5}});
    let said = json!([{"role": "assistant", "parts": [call]}]);
    let span = json!({
        "traceId": "0af7651916cd43dd8448eb211c80319c", "spanId": "b7ad6b7169203331", "name": "chat m",
        "startTimeUnixNano": "1000000000", "endTimeUnixNano": "2000000000",
        "attributes": [
            {"key": "gen_ai.operation.name", "value": {"stringValue": "chat"}},
            text("gen_ai.tool.definitions", &tools), text("gen_ai.output.messages", &said),
        ],
    });
    let file = home.beside().join("run.json");
    let request = json!({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]});
    std::fs::write(&file, request.to_string()).unwrap();
    assert_eq!(home.run(&["traces", "import", file.to_str().unwrap()]).code, Some(0));
    let told = home.run(&["traces", "stats", "0af76519"]).stdout;
    assert!(told.contains("! the arguments for look are wrong: /city: "), "{told}");
}

#[test]
fn of_two_runs_it_is_told_first_what_they_were_made_with_otherwise() {
    let home = Home::new();
    import(&home, "otlp_genai.json");
    import(&home, "otlp_openinference.json");
    let listed = runs(&home);
    let id = |at: usize| listed[at]["id"].as_str().unwrap();
    let told = home.run(&["traces", "diff", id(0), id(1), "--json"]).objects();
    let kinds: Vec<&str> = told.iter().map(|line| line["reply"].as_str().unwrap()).collect();
    let changes = kinds.iter().take_while(|kind| **kind == "trace_change").count();
    assert!(changes > 0 && kinds[changes..].iter().all(|kind| *kind == "trace_pair"), "{kinds:?}");
    assert!(told[..changes].iter().any(|line| line["what"] == "model"), "{told:?}");
    let people = home.run(&["traces", "diff", id(0), id(1)]).stdout;
    assert!(people.starts_with("~ ") && people.contains(" → "), "{people}");
}

#[test]
fn what_people_think_of_a_run_is_shown_found_written_out_and_goes_with_it() {
    let act = |home: &Home| {
        import(home, "otlp_genai.json");
        let listed = runs(home);
        let run = listed.iter().find(|run| run["kind"] == "agent").unwrap();
        let id = run["id"].as_str().unwrap();
        let noted =
            home.run(&["traces", "note", id, "2", "--score", "0.2", "--text", "wrong city", "--json"]);
        let noted = noted.objects().remove(0);
        assert_eq!((&noted["reply"], &noted["row"]), (&json!("trace_note"), &json!(2)));
        assert_eq!(noted["said"], json!({"name": "score", "grade": 0.2, "text": "wrong city"}));
        let said = home.run(&["traces", "note", id, "--score", "good", "--name", "tone"]);
        assert_eq!(said.code, Some(0), "{said:?}");
        for wrong in [&["--score", "7"][..], &[], &["99", "--text", "x"], &["--name", "x"]] {
            let said = home.run(&[&["traces", "note", id][..], wrong].concat());
            assert_eq!(said.code, Some(2), "{said:?}");
        }
        let listed = runs(home);
        let run = listed.iter().find(|run| run["id"] == id).unwrap();
        assert_eq!((&run["notes"], &run["noted"]), (&json!(2), &json!("tone good · wrong city")));
        let shown = home.run(&["traces", "show", id, "--json"]).objects();
        let notes: Vec<&Value> = shown.iter().filter(|line| line["reply"] == "trace_note").collect();
        assert_eq!(notes.len(), 2);
        assert_eq!((&notes[0]["row"], &notes[1]["row"]), (&json!(2), &Value::Null));
        let people = home.run(&["traces", "show", id]).stdout;
        assert!(people.contains("span 2") && people.contains("all of it  tone good · "), "{people}");
        let span = home.run(&["traces", "show", id, "--span", "2"]).stdout;
        assert!(span.contains("note: 0.2 wrong city · "), "{span}");
        let passing = |filter: &str| home.run(&["traces", "show", id, filter, "--json"]).objects();
        let rows = |shown: &[Value]| shown.iter().filter(|line| line["reply"] == "trace_row").count();
        assert_eq!(rows(&passing("score.score<0.5")), 1);
        assert_eq!(rows(&passing("score.tone:good")), 1);
        assert_eq!(rows(&passing("score.score>0.5")), 0);
        let exported = home.run(&["traces", "export", id]).stdout;
        assert!(exported.contains("wrong city") && exported.contains("gen_ai.evaluation.score.label"));
        let page = home.run(&["traces", "export", id, "--format", "markdown"]).stdout;
        assert!(page.contains("### Score `tone` `good`"), "{page}");
        let note = noted["id"].as_str().unwrap();
        assert_eq!(home.run(&["traces", "note", id, "--remove", &note[24..]]).code, Some(0));
        assert_eq!(home.run(&["traces", "note", id, "--remove", note]).code, Some(2));
        let exported = home.run(&["traces", "export", id]).stdout;
        assert!(!exported.contains("wrong city") && exported.contains("tone"));
        assert_eq!(home.run(&["traces", "remove", id, "--yes"]).code, Some(0));
        import(home, "otlp_genai.json");
        let shown = home.run(&["traces", "show", id, "--json"]).objects();
        assert!(shown.iter().all(|line| line["reply"] != "trace_note"), "{shown:?}");
    };
    on_both(Home::new, act);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_from_a_knowledge_base_is_one_trace_with_all_that_was_done_for_it() {
    let server = embedding(Duration::ZERO).await;
    tokio::task::block_in_place(|| {
        let home = knowledge::home(&server);
        write(&home, "a.md", "Rivers bend.\n");
        good(&create(&home));
        good(&home.run(&["kb", "ask", "docs", "why do rivers bend", "-n", "1"]));
        let run = runs(&home).remove(0);
        let shown = home.run(&["traces", "show", run["id"].as_str().unwrap(), "--json"]).objects();
        let told = kinds(&shown);
        let wanted = [("embedding", 2), ("model", 1), ("retrieval", 1), ("workflow", 0)];
        assert_eq!(told, wanted.map(|(kind, depth)| (kind.to_owned(), depth)));
        assert!(shown[1..].iter().all(|row| row["marks"].as_array().unwrap().is_empty()), "{shown:?}");
    });
}

#[test]
fn an_agent_s_run_is_one_trace_with_its_calls_and_tools() {
    let home = agents::home();
    agents::made(&home, "[[groups]]\nname = 'sums'\nruns = { built_in = { tool = 'calculator' } }\n");
    let script = "I compute.\ncall calculator {\"expression\": \"6 * 7\"}\n---\nIt is 42.";
    let said = agents::run(&home, script, &["--json"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    let run = runs(&home).remove(0);
    assert_eq!((&run["name"], &run["source"]), (&json!("invoke_agent a"), &json!("own")));
    let shown = home.run(&["traces", "show", run["id"].as_str().unwrap(), "--json"]).objects();
    let wanted = [("agent", 0), ("model", 1), ("model", 1), ("tool", 1)];
    assert_eq!(kinds(&shown), wanted.map(|(kind, depth)| (kind.to_owned(), depth)));
}
