use std::io::{Cursor, Write};

use serde_json::json;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::*;
use crate::domain::trace::contents::Said;
use crate::domain::trace::{Rollups, TraceSpan, Tree};
use crate::wire::trace::meaning::{contents, facts};
use crate::wire::trace::tests::{drawn, outlined};

const LOG: &[u8] = include_bytes!("../../../../tests/data/traces/inspect_mockllm.eval");
const MOST: u64 = 64 << 20;

fn samples(log: &Log) -> Vec<Decoded> {
    let mut found: Vec<Decoded> = Vec::new();
    for span in &log.decoded.spans {
        match found.last_mut().filter(|last| last.spans[0].trace == span.trace) {
            Some(last) => last.spans.push(span.clone()),
            None => found.push(Decoded { spans: vec![span.clone()], ..Decoded::default() }),
        }
    }
    found
}

fn named<'a>(decoded: &'a Decoded, start: &str) -> Vec<&'a TraceSpan> {
    decoded.spans.iter().filter(|span| span.name.starts_with(start)).collect()
}

#[test]
fn inspect_s_own_log_is_read_with_its_figures() {
    let log = decode(LOG, MOST).unwrap();
    assert_eq!((log.decoded.rejected, log.decoded.repaired), (0, 0), "{}", log.decoded.remarks());
    assert_eq!((log.samples, log.status.as_str(), log.model.as_str()), (2, "success", "mockllm/model"));
    let results: Vec<(&str, f64)> =
        log.results.iter().map(|metric| (metric.name.as_str(), metric.value)).collect();
    assert_eq!(results, [("accuracy", 0.5), ("stderr", 0.5)]);
    let samples = samples(&log);
    assert_eq!(samples.len(), 2);
    let outline = outlined(&samples[0]);
    let tree = Tree::of(&outline);
    assert_eq!(
        drawn(&outline, &tree),
        [
            "workflow task sample 1 epoch 1",
            "  workflow init",
            "  workflow solvers",
            "    workflow use_tools",
            "    workflow generate",
            "      model chat mockllm/model",
            "      tool execute_tool add",
            "      model chat mockllm/model",
            "  workflow scorers",
            "    evaluation includes",
        ]
    );
    let whole = Rollups::of(&outline, &tree).whole;
    assert_eq!((whole.input, whole.output), (Some(101), Some(18)));
    assert!(tree.order().iter().all(|row| tree.marks(*row).is_empty()));
}

#[test]
fn prompts_that_are_pooled_are_resolved() {
    let log = decode(LOG, MOST).unwrap();
    let samples = samples(&log);
    let models = named(&samples[0], "chat");
    let first = contents(models[0]);
    assert_eq!(first.input, [Said::new("user", "2+3?")]);
    assert_eq!(first.offered[0].name, "add");
    assert_eq!(contents(models[1]).input.len(), 3);
    assert_eq!(contents(models[1]).output, [Said::new("assistant", "The sum is 5")]);
    assert_eq!(facts(models[0]).finish, "tool_calls");
    let ran = contents(named(&samples[0], "execute_tool")[0]).ran.unwrap();
    assert_eq!(
        (ran.name.as_str(), ran.arguments, ran.result),
        ("add", Some(json!({"x": 2, "y": 3})), Some(json!(5)))
    );
    let scores = contents(&samples[0].spans[0]).scores;
    assert_eq!(
        (scores[0].name.as_str(), scores[0].value, scores[0].label.as_deref()),
        ("includes", Some(1.0), Some("C"))
    );
    assert_eq!(contents(&samples[1].spans[0]).scores[0].value, Some(0.0));
    let said = contents(&samples[0].spans[0]);
    assert_eq!(
        (said.input, said.output),
        (vec![Said::new("input", "2+3?")], vec![Said::new("output", "The sum is 5")])
    );
}

#[test]
fn cached_tokens_are_put_back_and_attachments_too() {
    let usage = json!({"input_tokens": 10, "output_tokens": 2, "input_tokens_cache_read": 30, "input_tokens_cache_write": 5,
        "reasoning_tokens": 1, "total_cost": 0.25});
    let model = json!({"event": "model", "uuid": "m", "model": "x/y", "timestamp": "2026-01-01T00:00:00Z", "input": [],
        "input_refs": [[0, 1]], "output": {"usage": usage, "choices": []}, "working_time": 1.5});
    let beyond = json!({"event": "model", "uuid": "n", "model": "x/y", "input": [], "input_refs": [[0, 9]]});
    let log = json!({"version": 2, "status": "started", "eval": {"task": "t"}, "samples": [{"id": 1, "epoch": 1,
        "input": "attachment://h", "events": [model, beyond], "attachments": {"h": "a long text"},
        "events_data": {"messages": [{"role": "user", "content": "attachment://h"}]}}]});
    let log = decode(log.to_string().as_bytes(), MOST).unwrap();
    let model = &log.decoded.spans[1];
    let told = facts(model);
    assert_eq!(
        (told.usage.input, told.usage.cache_read, told.usage.cache_write),
        (Some(45), Some(30), Some(5))
    );
    assert_eq!((told.usage.reasoning, told.dollars, told.provider), (Some(1), Some(0.25), "x"));
    assert_eq!(model.duration(), 1_500_000_000);
    assert_eq!(contents(model).input, [Said::new("user", "a long text")]);
    assert_eq!(contents(&log.decoded.spans[0]).input, [Said::new("input", "a long text")]);
    // A prompt outside of the pool is marked.
    assert_eq!((log.decoded.spans[2].repaired, log.decoded.repaired), (1, 1));
    assert_eq!(log.decoded.spans[0].end, 0);
}

#[test]
fn of_a_sample_without_events_what_was_said_is_kept() {
    let messages =
        json!([{"role": "user", "content": "attachment://h"}, {"role": "assistant", "content": "5"}]);
    let sample = json!({"id": 1, "epoch": 1, "input": "2+3?", "messages": messages, "events": null,
        "output": {"model": "x/y", "completion": "5", "usage": {"input_tokens": 10}},
        "attachments": {"h": "a long text"}});
    let log = json!({"eval": {"task": "t"}, "samples": [sample]});
    let log = decode(log.to_string().as_bytes(), MOST).unwrap();
    let [span] = &log.decoded.spans[..] else { panic!("{:?}", log.decoded.spans) };
    let kept = span.attributes.get("inspect.sample").unwrap().to_json();
    assert_eq!(kept["messages"][0]["content"], "a long text");
    assert_eq!(
        (&kept["messages"][1]["content"], &kept["output"]["usage"]["input_tokens"]),
        (&json!("5"), &json!(10))
    );
    assert_eq!(contents(span).output, [Said::new("output", "5")]);
    // Where events tell all of it, it is kept once.
    let all = decode(LOG, MOST).unwrap();
    let kept = all.decoded.spans[0].attributes.get("inspect.sample").unwrap().to_json();
    assert!(kept["messages"].is_null() && kept["output"].is_null());
}

#[test]
fn tools_that_fail_and_samples_that_fail_are_errors() {
    let tool = json!({"event": "tool", "uuid": "t", "function": "f", "arguments": {}, "result": "",
        "error": {"type": "timeout", "message": "too slow"}});
    let error = json!({"event": "error", "error": {"message": "boom"}});
    let log = json!({"eval": {"task": "t"}, "samples": [{"id": 1, "events": [tool, error]}]});
    let log = decode(log.to_string().as_bytes(), MOST).unwrap();
    let tool = facts(&log.decoded.spans[1]);
    assert_eq!((tool.tool, tool.error, tool.words), ("f", "timeout", "too slow"));
    assert_eq!(log.decoded.spans[0].status_message, "boom");
}

/// A zip of these parts, packed with deflate.
fn zipped(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in parts {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

#[test]
fn a_log_that_is_still_written_is_read_from_its_journal() {
    let start = json!({"version": 2, "eval": {"task": "t", "model": "m"}}).to_string();
    let log = decode(&zipped(&[("_journal/start.json", start.as_bytes())]), MOST).unwrap();
    assert_eq!((log.task.as_str(), log.status.as_str(), log.samples), ("t", "started", 0));
}

#[test]
fn a_zip_that_lies_is_unpacked_no_further_than_is_let_and_what_was_read_is_kept() {
    let large = vec![b' '; 2 << 20];
    let parts: [(&str, &[u8]); 4] = [
        ("header.json", br#"{"eval": {"task": "t"}}"#),
        ("samples/1_epoch_1.json", br#"{"id": 1, "events": []}"#),
        ("samples/2_epoch_1.json", &large),
        ("samples/3_epoch_1.json", br#"{"id": 3, "events": []}"#),
    ];
    let log = decode(&zipped(&parts), 1 << 20).unwrap();
    assert_eq!((log.samples, log.decoded.rejected), (1, 2));
    let says = "a sample cannot be unpacked: the log unpacks to more than the 1 MB that are let (2 times)";
    assert_eq!(log.decoded.remarks(), says);
    // The same of zstd.
    let log = decode(LOG, 8192).unwrap();
    assert!(log.decoded.rejected > 0 && log.samples < 2);
}

#[test]
fn a_damaged_zip_is_told_and_never_a_panic() {
    assert!(decode(&LOG[..LOG.len() / 2], MOST).is_err());
    assert!(
        decode(b"PK", MOST).is_err() && decode(b"{}", MOST).is_err() && decode(b"nonsense", MOST).is_err()
    );
    let mut refused = 0;
    for at in (0..LOG.len()).step_by(7) {
        let mut bytes = LOG.to_vec();
        bytes[at] ^= 0x55;
        match decode(&bytes, MOST) {
            Ok(log) => refused += log.decoded.rejected,
            Err(_) => refused += 1,
        }
    }
    assert!(refused > 0);
}
