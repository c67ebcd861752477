use super::*;
use crate::domain::ErrorKind;
use crate::domain::call::{Blobs, Turn};
use crate::domain::message::{BlobId, Role};

const CLAUDE: &str = "aws/us.anthropic.claude-sonnet-4-5-20250929-v1:0";
const NOVA: &str = "aws/amazon.nova-lite-v1:0";

fn text(text: &str) -> Block {
    Block::Text { text: text.to_owned() }
}

fn asked(model: &str, turns: Vec<Turn>, settings: &[(&str, &str)]) -> Converse {
    let mut converse = Converse {
        model: model.parse().unwrap(),
        system: None,
        turns,
        settings: Settings::default(),
        conversation: None,
        blobs: Blobs::default(),
    };
    for (name, value) in settings {
        converse.settings.set(name, value).unwrap();
    }
    converse
}

fn hello() -> Vec<Turn> {
    vec![Turn { role: Role::User, blocks: vec![text("hi")] }]
}

fn sent(converse: &Converse) -> Value {
    serde_json::from_slice(&body(converse, Thinking::Budget).unwrap()).unwrap()
}

fn messages() -> Value {
    json!([{ "role": "user", "content": [{ "text": "hi" }] }])
}

#[test]
fn settings_that_nobody_set_are_left_out() {
    assert_eq!(sent(&asked(NOVA, hello(), &[])), json!({ "messages": messages() }));
}

#[test]
fn settings_are_sent_as_they_were_typed_and_what_has_no_room_is_not() {
    let set = [
        ("temperature", "0.2"),
        ("top_p", "0.9"),
        ("top_k", "40"),
        ("max_tokens", "64"),
        ("stop", "END,\\n\\n"),
        ("seed", "7"),
        ("reasoning", "off"),
    ];
    let inference =
        json!({ "maxTokens": 64, "temperature": 0.2, "topP": 0.9, "stopSequences": ["END", "\n\n"] });
    let nova = json!({ "messages": messages(), "inferenceConfig": inference });
    assert_eq!(sent(&asked(NOVA, hello(), &set)), nova);
    let claude = sent(&asked(CLAUDE, hello(), &set));
    assert_eq!(claude["inferenceConfig"], inference);
    assert_eq!(claude["additionalModelRequestFields"], json!({ "top_k": 40 }));
}

#[test]
fn thinking_is_a_budget_or_an_effort_as_the_model_takes_it() {
    for (effort, budget) in [("low", 1024), ("medium", 4096), ("high", 16_384)] {
        let set = [("reasoning", effort), ("max_tokens", "100"), ("temperature", "0.5"), ("top_k", "4")];
        let claude = asked(CLAUDE, hello(), &set);
        assert_eq!(
            sent(&claude),
            json!({
                "messages": messages(),
                "inferenceConfig": { "maxTokens": budget + 100 },
                "additionalModelRequestFields": { "thinking": { "type": "enabled", "budget_tokens": budget } },
            })
        );
        let newer: Value = serde_json::from_slice(&body(&claude, Thinking::Adaptive).unwrap()).unwrap();
        let thinking = json!({ "thinking": { "type": "adaptive", "display": "summarized" } });
        assert_eq!(newer["additionalModelRequestFields"], thinking);
        assert_eq!(newer["outputConfig"], json!({ "effort": effort }));
        let nova = sent(&asked(NOVA, hello(), &set));
        assert_eq!(nova["outputConfig"], json!({ "effort": effort }));
        assert_eq!(nova["inferenceConfig"], json!({ "maxTokens": 100, "temperature": 0.5 }));
    }
}

#[test]
fn tools_their_choice_and_a_schema_are_sent() {
    let tools = r#"[{"name":"look","description":"Looks.","schema":{"type":"object"}},{"name":"go"}]"#;
    let set = [("tools", tools), ("tool_choice", "look"), ("response_schema", r#"{"type":"object"}"#)];
    let told = sent(&asked(NOVA, hello(), &set));
    assert_eq!(
        told["toolConfig"],
        json!({
            "tools": [
                { "toolSpec": { "name": "look", "description": "Looks.", "inputSchema": { "json": { "type": "object" } } } },
                { "toolSpec": { "name": "go", "inputSchema": { "json": { "type": "object", "properties": {} } } } },
            ],
            "toolChoice": { "tool": { "name": "look" } },
        })
    );
    let structure = json!({ "jsonSchema": { "schema": r#"{"type":"object"}"# } });
    let format = json!({ "textFormat": { "type": "json_schema", "structure": structure } });
    assert_eq!(told["outputConfig"], format);
    for (choice, said) in [("auto", json!({ "auto": {} })), ("any", json!({ "any": {} }))] {
        let told = sent(&asked(NOVA, hello(), &[("tools", tools), ("tool_choice", choice)]));
        assert_eq!(told["toolConfig"]["toolChoice"], said);
    }
    let none = [("tools", tools), ("tool_choice", "none")];
    assert_eq!(sent(&asked(NOVA, hello(), &none)), json!({ "messages": messages() }));
    let mut called = hello();
    let call = Block::ToolUse { id: "c".into(), name: "go".into(), input: json!({}), extra: None };
    called.push(Turn { role: Role::Assistant, blocks: vec![call] });
    assert_eq!(sent(&asked(NOVA, called, &none))["toolConfig"].get("toolChoice"), None);
}

#[test]
fn every_block_has_its_place_and_turns_of_one_side_become_one_message() {
    let blob = |name: &str| BlobId(name.into());
    let document = |name: &str| Block::Document {
        name: name.into(),
        media_type: "text/markdown; charset=utf-8".into(),
        blob: blob("a"),
    };
    let turns = vec![
        Turn { role: Role::User, blocks: vec![Block::CachePoint, text("one"), text(" \n")] },
        Turn {
            role: Role::User,
            blocks: vec![
                Block::Image { media_type: "image/jpeg".into(), blob: blob("a"), file: None },
                document("Répórt  v1.2 [draft]_(x).md"),
                document("Répórt  v1.2 [draft]_(x).md"),
                document(".é"),
                Block::CachePoint,
            ],
        },
        Turn {
            role: Role::Assistant,
            blocks: vec![
                Block::Reasoning { text: "hm".into(), signature: Some("seal".into()) },
                Block::Reasoning { text: "unsealed".into(), signature: None },
                Block::RedactedReasoning { data: "eA==".into() },
                Block::ToolUse {
                    id: "c1".into(),
                    name: "look".into(),
                    input: json!({ "at": "é" }),
                    extra: None,
                },
                Block::ToolUse {
                    id: "c2".into(),
                    name: "look".into(),
                    input: json!("{no json"),
                    extra: None,
                },
            ],
        },
        Turn {
            role: Role::Tool,
            blocks: vec![
                Block::ToolResult { id: "c1".into(), content: "seen".into(), is_error: false },
                Block::ToolResult { id: "c2".into(), content: String::new(), is_error: true },
            ],
        },
        Turn { role: Role::User, blocks: vec![text("and?")] },
    ];
    let mut converse = asked(CLAUDE, turns, &[]);
    converse.system = Some("Be brief.".into());
    converse.blobs.put(blob("a"), vec![0, 255, 33]);
    let file =
        |name: &str| json!({ "document": { "format": "md", "name": name, "source": { "bytes": "AP8h" } } });
    assert_eq!(
        sent(&converse),
        json!({
            "system": [{ "text": "Be brief." }, { "cachePoint": { "type": "default" } }],
            "messages": [
                { "role": "user", "content": [
                    { "text": "one" },
                    { "image": { "format": "jpeg", "source": { "bytes": "AP8h" } } },
                    file("R-p-rt v1-2 [draft]-(x)"), file("R-p-rt v1-2 [draft]-(x) 2"), file("document"),
                    { "cachePoint": { "type": "default" } },
                ] },
                { "role": "assistant", "content": [
                    { "reasoningContent": { "reasoningText": { "text": "hm", "signature": "seal" } } },
                    { "reasoningContent": { "redactedContent": "eA==" } },
                    { "toolUse": { "toolUseId": "c1", "name": "look", "input": { "at": "é" } } },
                    { "toolUse": { "toolUseId": "c2", "name": "look", "input": { "input": "{no json" } } },
                ] },
                { "role": "user", "content": [
                    { "toolResult": { "toolUseId": "c1", "content": [{ "text": "seen" }], "status": "success" } },
                    { "toolResult": { "toolUseId": "c2", "content": [], "status": "error" } },
                    { "text": "and?" },
                ] },
            ],
        })
    );
    converse.model = NOVA.parse().unwrap();
    let nova = sent(&converse)["messages"][1]["content"].as_array().unwrap().len();
    assert_eq!(nova, 2, "the seals of one maker are nothing to another's model");
    converse.blobs = Blobs::default();
    let error = body(&converse, Thinking::Budget).unwrap_err();
    assert!(error.why.contains("not here"), "{error}");
}

#[test]
fn an_answer_to_be_continued_ends_without_blanks_and_without_thoughts() {
    let seal = || Block::Reasoning { text: "hm".into(), signature: Some("seal".into()) };
    let turns = vec![
        Turn { role: Role::User, blocks: vec![Block::CachePoint, text("hi")] },
        Turn { role: Role::Assistant, blocks: vec![seal(), text("well \n"), seal()] },
        Turn { role: Role::User, blocks: vec![Block::CachePoint, text("and")] },
        Turn { role: Role::Assistant, blocks: vec![text("so \n")] },
    ];
    let thought = json!({ "reasoningContent": { "reasoningText": { "text": "hm", "signature": "seal" } } });
    assert_eq!(
        sent(&asked(CLAUDE, turns, &[]))["messages"],
        json!([
            { "role": "user", "content": [{ "text": "hi" }] },
            { "role": "assistant", "content": [
                thought, { "text": "well \n" }, { "cachePoint": { "type": "default" } },
            ] },
            { "role": "user", "content": [{ "text": "and" }] },
            { "role": "assistant", "content": [{ "text": "so" }] },
        ])
    );
}

#[test]
fn a_picture_of_another_kind_is_refused_by_name() {
    let blob = BlobId("a".into());
    let picture = Block::Image { media_type: "image/tiff".into(), blob, file: None };
    let converse = asked(NOVA, vec![Turn { role: Role::User, blocks: vec![picture] }], &[]);
    let error = body(&converse, Thinking::Budget).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Invalid);
    assert!(error.why.contains("image/tiff") && error.hint.contains("WebP"), "{error}");
}

#[test]
fn an_arn_is_one_part_of_the_path() {
    let model = "aws/arn:aws:bedrock:eu-west-1:1:inference-profile/eu.x-v1:0".parse().unwrap();
    assert_eq!(
        path(&model, Ask::Stream),
        "/model/arn%3Aaws%3Abedrock%3Aeu-west-1%3A1%3Ainference-profile%2Feu.x-v1%3A0/converse-stream"
    );
    assert_eq!(path(&NOVA.parse().unwrap(), Ask::Count), "/model/amazon.nova-lite-v1%3A0/count-tokens");
}

#[test]
fn a_count_is_asked_of_the_conversation_alone() {
    let converse = asked(NOVA, hello(), &[("max_tokens", "9"), ("response_schema", "{}")]);
    let told: Value = serde_json::from_slice(&count(&converse, Thinking::Budget).unwrap()).unwrap();
    assert_eq!(told, json!({ "input": { "converse": { "messages": messages() } } }));
}

#[test]
fn what_is_not_sent_is_told_by_name_and_nothing_is_where_all_is_sent() {
    let told = |model: &str, set: &[(&str, &str)]| LeftOut::said(&left_out(&asked(model, hello(), set)));
    let both = [("temperature", "0.2"), ("top_p", "0.9"), ("max_tokens", "64"), ("stop", "END")];
    for model in [CLAUDE, NOVA] {
        assert_eq!((told(model, &[]), told(model, &both)), (None, None));
        assert_eq!(told(model, &[("seed", "7")]).unwrap(), "seed is not sent: Converse has none");
    }
    assert_eq!(told(CLAUDE, &[("top_k", "4")]), None);
    assert_eq!(told(NOVA, &[("top_k", "4")]).unwrap(), "top_k is not sent: Converse has none");
    let thinking = [("reasoning", "low"), ("temperature", "0.2"), ("top_k", "4")];
    assert_eq!(
        told(CLAUDE, &thinking).unwrap(),
        "temperature and top_k are not sent: a model that thinks takes none"
    );
    assert_eq!(told(NOVA, &thinking[..2]), None, "Nova thinks by an effort");
    assert_eq!(told(CLAUDE, &[("reasoning", "off")]), None);
    assert!(told(NOVA, &[("reasoning", "off")]).unwrap().starts_with("reasoning is not sent"));
}

#[test]
fn a_model_of_anthropic_s_thinks_behind_no_calls_that_were_made_without_a_sealed_thought() {
    let call = Block::ToolUse { id: "c".into(), name: "look".into(), input: json!({}), extra: None };
    let result = Block::ToolResult { id: "c".into(), content: "seen".into(), is_error: false };
    let turns = [
        hello(),
        vec![
            Turn { role: Role::Assistant, blocks: vec![call] },
            Turn { role: Role::Tool, blocks: vec![result] },
        ],
    ]
    .concat();
    let set = [("reasoning", "low"), ("max_tokens", "9"), ("tools", r#"[{"name":"look"}]"#)];
    let claude = asked(CLAUDE, turns.clone(), &set);
    let body = sent(&claude);
    assert_eq!(body.get("additionalModelRequestFields"), None);
    assert_eq!(body["inferenceConfig"], json!({ "maxTokens": 9 }));
    assert_eq!(left_out(&claude)[0].settings, ["reasoning"]);
    assert_eq!(left_out(&asked(NOVA, turns, &set)), []);
}

#[test]
fn that_no_tool_is_to_be_called_is_told_where_converse_has_no_word_for_it() {
    let set = [("tools", r#"[{"name":"look"}]"#), ("tool_choice", "none")];
    assert_eq!(left_out(&asked(NOVA, hello(), &set)), []);
    let mut called = asked(NOVA, hello(), &set);
    let call = Block::ToolUse { id: "c".into(), name: "look".into(), input: json!({}), extra: None };
    called.turns.push(Turn { role: Role::Assistant, blocks: vec![call] });
    assert_eq!(left_out(&called)[0].settings, ["tool_choice"]);
}
