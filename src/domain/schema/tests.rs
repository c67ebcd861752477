use serde_json::json;

use super::*;

fn said(text: &str) -> Vec<Block> {
    vec![Block::Text { text: text.to_owned() }]
}

fn settings(schema: &Value) -> Settings {
    Settings { response_schema: Some(schema.clone()), ..Settings::default() }
}

fn person() -> Value {
    json!({
        "type": "object",
        "properties": {"name": {"type": "string"}, "age": {"type": "number"}},
        "required": ["name", "age"],
        "additionalProperties": false,
    })
}

fn lines(text: &str, schema: &Value) -> Vec<String> {
    check(&said(text), &settings(schema)).lines()
}

#[test]
fn an_answer_that_keeps_its_schema_has_no_mark() {
    assert_eq!(check(&said(" {\"name\": \"é\", \"age\": 4}\n"), &settings(&person())), SchemaCheck::Kept);
    assert!(lines("{\"name\": \"é\", \"age\": 4}", &person()).is_empty());
}

#[test]
fn each_break_has_its_pointer_and_those_beyond_three_are_counted() {
    assert_eq!(
        lines(r#"{"name": "a", "age": "x"}"#, &person()),
        [r#"schema: /age: it is not of type "number""#]
    );
    let list = json!({"type": "array", "items": {"type": "integer"}});
    assert_eq!(
        lines(r#"["a", 1, "b", "c", "d", 2.5]"#, &list),
        [
            r#"schema: /0: it is not of type "integer""#,
            r#"schema: /2: it is not of type "integer""#,
            r#"schema: /3: it is not of type "integer" (2 more)"#,
        ]
    );
    let pointed = json!({"properties": {"a/b": {"properties": {"~": {"type": "null"}}}}});
    assert_eq!(lines(r#"{"a/b": {"~": 1}}"#, &pointed), [r#"schema: /a~1b/~0: it is not of type "null""#]);
}

#[test]
fn what_a_program_could_not_parse_breaks_and_says_what_it_is() {
    let whole = r#"{"name": "a", "age": 1}"#;
    for (text, why) in [
        (format!("```json\n{whole}\n```"), "JSON inside a code fence, not JSON alone"),
        (format!("Sure:\n```\n{whole}\n```\nThere."), "JSON inside a code fence, not JSON alone"),
        (format!("Sure: {whole} There."), "JSON with words around it, not JSON alone"),
        (String::new(), "the answer is empty"),
        ("I cannot.".to_owned(), "not JSON"),
        (r#"{"name": "a""#.to_owned(), "broken JSON: EOF while parsing an object at line 1 column 12"),
    ] {
        assert_eq!(lines(&text, &person()), [format!("schema: {why}")], "{text}");
    }
}

#[test]
fn a_tool_s_call_is_checked_against_the_tool_and_the_text_beside_it_is_no_last_word() {
    let call = |input: Value| {
        vec![
            Block::Text { text: "I look.".into() },
            Block::ToolUse { id: "1".into(), name: "look".into(), input, extra: None },
        ]
    };
    let mut settings = settings(&person());
    assert_eq!(check(&call(json!({})), &settings), SchemaCheck::Kept, "a tool that nobody described");
    settings
        .set("tools", r#"[{"name":"look","schema":{"type":"object","properties":{"at":{"type":"string"}}}}]"#)
        .unwrap();
    assert_eq!(check(&call(json!({"at": "x"})), &settings), SchemaCheck::Kept);
    let broken = check(&call(json!({"at": 1})), &settings);
    assert_eq!(broken.lines(), [r#"schema: look: /at: it is not of type "string""#]);
    let unread = check(&call(json!("{not json")), &settings);
    assert_eq!(unread.lines(), [r#"schema: look: it is not of type "object""#]);
}

#[test]
fn a_schema_that_is_none_is_refused_with_its_place_and_nothing_is_fetched() {
    for (schema, words) in [
        (json!({"type": "objekt"}), "/type: "),
        (json!({"properties": {"a": {"minLength": -1}}}), "/properties/a/minLength: -1 is less than"),
        (json!({"pattern": "("}), "/pattern: "),
        (json!({"$ref": "#/$defs/gone"}), "/$defs/gone"),
        (json!({"$ref": "https://schemas.example/a.json"}), "https://schemas.example/a.json"),
        (json!({"$ref": "file:///etc/passwd"}), "file:///etc/passwd"),
        (json!({"$schema": "https://schemas.example/own"}), "https://schemas.example/own"),
        (json!({"description": "x".repeat(LARGEST)}), "larger than 256 KB"),
    ] {
        let error = Schema::read(&schema).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Invalid);
        assert!(error.why.contains(words), "{schema}: {error}");
        assert!(error.hint.contains("nothing is fetched"), "{error}");
    }
    for draft in ["http://json-schema.org/draft-04/schema#", "http://json-schema.org/draft-07/schema#"] {
        Schema::read(&json!({"$schema": draft, "type": "object"})).unwrap();
    }
}

#[test]
fn what_is_made_to_hang_a_validator_ends() {
    // A schema that refers to itself without end, deep answers, patterns that go back and forth.
    let _ = check(&said("1"), &settings(&json!({"$ref": "#"})));
    let recursive = json!({"type": "array", "items": {"$ref": "#"}});
    let deep = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    assert_eq!(check(&said(&deep(120)), &settings(&recursive)), SchemaCheck::Kept);
    let unread = check(&said(&deep(50_000)), &settings(&recursive));
    assert_eq!(unread.lines(), ["schema: not checked: the answer is nested too deeply"]);
    let answer = said(&format!("\"{}!\"", "a".repeat(5000)));
    for pattern in ["^(a+)+$", "^(?=a)(a|a)*c$", "(a*)*(?<=b)$"] {
        let broken = check(&answer, &settings(&json!({"pattern": pattern})));
        assert!(matches!(broken, SchemaCheck::Broken { .. }), "{pattern}: {broken:?}");
    }
    Schema::read(&json!({"pattern": "(((a{100}){100}){100}){100}"})).unwrap_err();
    // One that doubles at every step is read in no time; what its check costs is bounded where it is called.
    let mut names = serde_json::Map::new();
    for at in 0..40 {
        let next = json!({"$ref": format!("#/$defs/{}", at + 1)});
        names.insert(at.to_string(), json!({"allOf": [next, next]}));
    }
    names.insert("40".into(), json!({"type": "string"}));
    Schema::read(&json!({"$ref": "#/$defs/0", "$defs": names})).unwrap();
}

#[test]
fn a_long_break_is_cut() {
    let schema = json!({"type": "object", "properties": {"a": false}, "additionalProperties": false});
    let answer = json!({"k".repeat(5000): 1}).to_string();
    let lines = lines(&answer, &schema);
    assert!(lines[0].chars().count() < 250 && lines[0].ends_with('…'), "{lines:?}");
}
