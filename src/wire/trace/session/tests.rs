use serde_json::json;

use super::*;
use crate::domain::trace::contents::{Part, Said};
use crate::domain::trace::{Rollups, Status, Tree};
use crate::wire::trace::meaning::{contents, facts};
use crate::wire::trace::tests::{drawn, outlined};

fn log(lines: &[Json]) -> Vec<u8> {
    let lines: Vec<String> = lines.iter().map(Json::to_string).collect();
    lines.join("\n").into_bytes()
}

fn shape(decoded: &Decoded) -> Vec<String> {
    let outline = outlined(decoded);
    drawn(&outline, &Tree::of(&outline))
}

/// A session of Claude Code: a question, an answer in two lines that calls a tool, another agent, an end.
fn claude_code() -> Vec<Json> {
    let line = |second: u32, kind: &str, side: Option<&str>, message: Json| {
        json!({"uuid": format!("u{second}"), "sessionId": "s-1", "type": kind, "version": "2.1.0", "cwd": "/w",
            "isSidechain": side.is_some(), "agentId": side,
            "timestamp": format!("2026-01-01T00:00:{second:02}.000Z"), "message": message})
    };
    let usage = |input: u32, output: u32| {
        json!({"input_tokens": input, "output_tokens": output,
        "cache_read_input_tokens": 30, "cache_creation_input_tokens": 5})
    };
    let said = |id: &str, block: Json, usage: Json| {
        json!({"id": id, "role": "assistant", "model": "claude-x",
        "content": [block], "stop_reason": "tool_use", "usage": usage})
    };
    let result = |id: &str, failed: bool| {
        json!({"role": "user",
        "content": [{"type": "tool_result", "tool_use_id": id, "content": "done", "is_error": failed}]})
    };
    vec![
        json!({"type": "summary", "summary": "A talk", "leafUuid": "x"}),
        line(1, "user", None, json!({"role": "user", "content": "List files"})),
        line(3, "assistant", None, said("m1", json!({"type": "thinking", "thinking": "hm"}), usage(10, 1))),
        line(
            4,
            "assistant",
            None,
            said(
                "m1",
                json!({"type": "tool_use", "id": "t1", "name": "Bash", "input": {"command": "ls"}}),
                usage(10, 7),
            ),
        ),
        line(6, "user", None, result("t1", true)),
        line(
            7,
            "assistant",
            None,
            said(
                "m2",
                json!({"type": "tool_use", "id": "t2", "name": "Task", "input": {"prompt": "look"}}),
                usage(20, 3),
            ),
        ),
        line(8, "user", Some("a1"), json!({"role": "user", "content": "look"})),
        line(9, "assistant", Some("a1"), said("m3", json!({"type": "text", "text": "seen"}), usage(2, 1))),
        line(10, "user", None, result("t2", false)),
        line(
            12,
            "assistant",
            None,
            json!({"id": "m4", "role": "assistant", "model": "claude-x", "stop_reason": "end_turn",
            "content": [{"type": "text", "text": "All done"}], "usage": usage(4, 2)}),
        ),
    ]
}

#[test]
fn a_session_of_claude_code_is_an_agent_with_its_calls() {
    let decoded = decode(&log(&claude_code())).unwrap();
    assert_eq!((decoded.rejected, decoded.cut), (0, false));
    assert_eq!(
        shape(&decoded),
        [
            "agent invoke_agent Claude Code",
            "  model chat claude-x",
            "  tool execute_tool Bash",
            "  model chat claude-x",
            "  tool execute_tool Task",
            "    agent invoke_agent a1",
            "      model chat claude-x",
            "  model chat claude-x",
        ]
    );
    let outline = outlined(&decoded);
    let tree = Tree::of(&outline);
    let whole = Rollups::of(&outline, &tree).whole;
    // The first answer's usage came twice and counts once; cached tokens are in the input.
    assert_eq!(
        (whole.input, whole.output, whole.cache_read, whole.errors),
        (Some(36 + 4 * 35), Some(13), 120, 1)
    );
    assert!(tree.order().iter().all(|row| tree.marks(*row).is_empty()));
    let first = &decoded.spans[1];
    assert_eq!((first.duration(), facts(first).finish), (3_000_000_000, "tool_use"));
    let said = contents(first);
    assert_eq!(said.input, [Said::new("user", "List files")]);
    assert_eq!(said.output[0].parts[0], Part::thought("hm"));
    let ran = contents(&decoded.spans[2]).ran.unwrap();
    assert_eq!(
        (ran.name.as_str(), ran.arguments, ran.result),
        ("Bash", Some(json!({"command": "ls"})), Some(json!("done")))
    );
    assert_eq!(decoded.spans[2].status, Status::Error);
    assert_eq!(decoded.spans[0].events[0].name, "claude_code.summary");
    assert_eq!(facts(&decoded.spans[0]).session, "s-1");
}

fn codex() -> Vec<Json> {
    let line = |second: u32, kind: &str, payload: Json| json!({"timestamp": format!("2026-01-01T00:00:{second:02}.000Z"), "type": kind, "payload": payload});
    let count = |second: u32, total: u32, last: Option<u32>| {
        let usage = |input: u32| {
            json!({"input_tokens": input, "cached_input_tokens": input / 2, "output_tokens": 10,
            "reasoning_output_tokens": 3})
        };
        line(
            second,
            "event_msg",
            json!({"type": "token_count", "info": {"total_token_usage": usage(total),
            "last_token_usage": last.map(usage)}}),
        )
    };
    vec![
        line(0, "session_meta", json!({"id": "c-1", "cli_version": "0.65.0", "cwd": "/w"})),
        line(1, "turn_context", json!({"model": "gpt-x"})),
        line(
            1,
            "response_item",
            json!({"type": "message", "role": "user", "content": [{"type": "input_text", "text": "List files"}]}),
        ),
        line(
            2,
            "response_item",
            json!({"type": "reasoning", "summary": [{"type": "summary_text", "text": "hm"}], "encrypted_content": "x"}),
        ),
        line(
            3,
            "response_item",
            json!({"type": "function_call", "name": "shell", "arguments": "{\"command\":[\"ls\"]}", "call_id": "f1"}),
        ),
        count(3, 100, Some(100)),
        line(
            5,
            "response_item",
            json!({"type": "function_call_output", "call_id": "f1", "output": "{\"output\":\"a\",\"metadata\":{\"exit_code\":1}}"}),
        ),
        line(
            7,
            "response_item",
            json!({"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "One file"}]}),
        ),
        count(7, 250, Some(150)),
        // Told once more: nothing moved.
        count(8, 250, Some(150)),
    ]
}

#[test]
fn a_session_of_codex_is_an_agent_with_its_calls() {
    let decoded = decode(&log(&codex())).unwrap();
    assert_eq!(
        shape(&decoded),
        ["agent invoke_agent Codex", "  model chat gpt-x", "  tool execute_tool shell", "  model chat gpt-x"]
    );
    let outline = outlined(&decoded);
    let whole = Rollups::of(&outline, &Tree::of(&outline)).whole;
    assert_eq!((whole.input, whole.output, whole.cache_read, whole.errors), (Some(250), Some(20), 125, 1));
    let second = contents(&decoded.spans[3]);
    assert_eq!(second.output, [Said::new("assistant", "One file")]);
    assert!(matches!(&second.input[0].parts[0], Part::ToolResult { id: Some(id), .. } if id == "f1"));
    let first = contents(&decoded.spans[1]);
    assert_eq!(first.input, [Said::new("user", "List files")]);
    assert_eq!(first.output[0].calls().count(), 1);
    assert_eq!(facts(&decoded.spans[1]).usage.reasoning, Some(3));
}

#[test]
fn a_session_that_is_still_written_is_read_as_far_as_it_goes() {
    for whole in [log(&claude_code()), log(&codex())] {
        let spans = decode(&whole).unwrap().spans.len();
        let decoded = decode(&whole[..whole.len() - 20]).unwrap();
        assert!(decoded.cut && decoded.spans.len() <= spans && decoded.spans.len() > 2);
    }
    // A tool that has not answered is running.
    let decoded = decode(&log(&claude_code()[..4])).unwrap();
    assert_eq!((decoded.spans[2].name.as_str(), decoded.spans[2].end), ("execute_tool Bash", 0));
    assert!(decode(b"nonsense").is_err() && decode(b"{}").is_err() && decode(b"").is_err());
}
