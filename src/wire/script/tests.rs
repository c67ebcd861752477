use serde_json::{Value, json};

use super::literal::{Language, quoted};
use super::*;
use crate::domain::script::{Api, Credential, Operation};

fn sent(api: Api, credential: Credential, body: &Value) -> Sent {
    Sent {
        url: "https://box.example/v1/it's".to_owned(),
        headers: vec![("content-type", "application/json".to_owned())],
        body: body.to_string().into_bytes(),
        credential,
        api,
    }
}

fn key(header: &'static str, before: &'static str) -> Credential {
    Credential::Key { header, before, variable: "BOX_API_KEY".to_owned() }
}

fn chat() -> Api {
    Api::ChatCompletions { base: "https://box.example/v1".to_owned() }
}

fn bedrock(operation: Operation) -> Api {
    Api::Bedrock { model: "m:0".to_owned(), region: "us-east-1".to_owned(), endpoint: None, operation }
}

#[test]
fn a_line_for_curl_quotes_the_address_and_names_the_key_by_its_variable() {
    let body = Literal::Map(vec![
        ("z".into(), Literal::Text("it's\n\0\u{1b}[2J \u{202e}é 漢 \u{e0041}\nJSON\n$HOME `id`".into())),
        ("a".into(), Literal::List(vec![Literal::Map(Vec::new()), Literal::Plain(json!(0.2))])),
    ]);
    let sent = sent(chat(), key("authorization", "Bearer "), &json!({}));
    assert_eq!(
        curl::code(&sent, &body),
        r#"curl -sSN --globoff 'https://box.example/v1/it'\''s' \
  -H 'content-type: application/json' \
  -H "authorization: Bearer $BOX_API_KEY" \
  --data-binary @- <<'JSON'
{
  "z": "it's\n\u0000\u001b[2J \u202eé 漢 \udb40\udc41\nJSON\n$HOME `id`",
  "a": [
    {},
    0.2
  ]
}
JSON
"#
    );
}

#[test]
fn amazon_s_signature_takes_the_keys_of_the_environment_and_a_session_s_token_where_there_is_one() {
    let credential = Credential::Signature { region: "eu-west-1".to_owned() };
    let mut sent = sent(bedrock(Operation::ConverseStream), credential, &json!({}));
    let line = code(Script::Curl, &sent).unwrap();
    assert!(line.contains("--aws-sigv4 'aws:amz:eu-west-1:bedrock' \\\n  --user \"$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY\" \\\n"), "{line}");
    assert!(line.contains("${AWS_SESSION_TOKEN:+-H\"x-amz-security-token: $AWS_SESSION_TOKEN\"}"), "{line}");
    assert!(line.contains("--output -") && line.starts_with("curl "), "{line}");
    sent.url = "https://bedrock-runtime.example/model/m%3A0/converse".to_owned();
    assert!(code(Script::Curl, &sent).unwrap().starts_with("# curl before 8.13"));
}

#[test]
fn python_s_strings_hold_any_text() {
    for (text, literal) in [
        ("it's \"so\"", r#""it's \"so\"""#),
        ("a\\b\n\t\0", r#""a\\b\n\t\u0000""#),
        ("\u{1b}\u{7f}\u{9b}", r#""\u001b\U0000007f\U0000009b""#),
        ("é 漢 👍 {x} %s", "\"é 漢 👍 {x} %s\""),
        ("\u{202e}\u{e0041}", r#""\U0000202e\U000e0041""#),
    ] {
        assert_eq!(quoted(text, Language::Python), literal);
    }
}

#[test]
fn openai_s_library_gets_what_it_has_no_name_for_beside_the_rest() {
    let body =
        json!({"model": "m", "messages": [{"role": "user", "content": null}], "stream": true, "top_k": 40});
    let code = code(Script::OpenaiPython, &sent(chat(), key("authorization", "Bearer "), &body)).unwrap();
    assert_eq!(
        code,
        r#"import os

from openai import OpenAI

client = OpenAI(
    base_url="https://box.example/v1",
    api_key=os.environ["BOX_API_KEY"],
)
answer = client.chat.completions.create(
    model="m",
    messages=[
        {
            "role": "user",
            "content": None,
        },
    ],
    stream=True,
    extra_body={
        "top_k": 40,
    },
)
for chunk in answer:
    for choice in chunk.choices:
        print(choice.delta.content or "", end="", flush=True)
print()
"#
    );
    let other = super::code(Script::OpenaiPython, &sent(chat(), key("api-key", ""), &body)).unwrap();
    assert!(other.contains(r#"default_headers={"api-key": os.environ["BOX_API_KEY"]},"#), "{other}");
    let none = super::code(Script::OpenaiPython, &sent(chat(), Credential::None, &body)).unwrap();
    assert!(none.starts_with("from openai") && none.contains("api_key=\"none\""), "{none}");
}

#[test]
fn what_was_answered_here_is_asked_of_a_server_that_the_person_names() {
    let anywhere = Sent {
        url: "/chat/completions".to_owned(),
        ..sent(Api::Anywhere, Credential::None, &json!({"model": "m"}))
    };
    assert_eq!(
        code(Script::Curl, &anywhere).unwrap(),
        r#"curl -sSN --globoff "${OPENAI_BASE_URL:?the address of a server that has this model}/chat/completions" \
  -H 'content-type: application/json' \
  ${OPENAI_API_KEY:+-H"authorization: Bearer $OPENAI_API_KEY"} \
  --data-binary @- <<'JSON'
{
  "model": "m"
}
JSON
"#
    );
    let python = code(Script::OpenaiPython, &anywhere).unwrap();
    assert!(
        python.starts_with(
            r#"import os

from openai import OpenAI

# The model answered inside outcrop. OPENAI_BASE_URL is to name a server of this API that has it.
client = OpenAI(
    base_url=os.environ["OPENAI_BASE_URL"],
    api_key=os.environ.get("OPENAI_API_KEY") or "none",
)
"#
        ),
        "{python}"
    );
}

#[test]
fn amazon_s_library_gets_bytes_where_it_takes_bytes_and_nowhere_else() {
    let source = json!({"source": {"bytes": "AP8h"}});
    let body = json!({
        "messages": [{"role": "user", "content": [
            {"image": source},
            {"document": source},
            {"reasoningContent": {"redactedContent": "eA=="}},
            {"toolUse": {"input": {"image": source}}},
        ]}],
        "toolConfig": {"tools": [{"document": source}]},
    });
    let sent_body = |operation| sent(bedrock(operation), Credential::None, &body);
    let code = code(Script::Boto3, &sent_body(Operation::ConverseStream)).unwrap();
    assert_eq!(code.matches(r#"base64.b64decode("AP8h")"#).count(), 2, "{code}");
    assert_eq!(code.matches(r#"base64.b64decode("eA==")"#).count(), 1, "{code}");
    assert_eq!(code.matches(r#""bytes": "AP8h""#).count(), 2, "{code}");
    assert!(
        code.starts_with(
            "import base64\n\nimport boto3\n\nclient = boto3.client(\n    \"bedrock-runtime\",\n"
        )
    );
    let native = super::code(Script::Boto3, &sent_body(Operation::InvokeModel)).unwrap();
    assert!(native.starts_with("import json\n\nimport boto3\n") && !native.contains("b64decode"), "{native}");
}

#[test]
fn a_library_that_does_not_speak_the_api_says_so() {
    let all = [
        (chat(), [true, false, true]),
        (Api::Responses { base: "https://box.example".into() }, [true, false, true]),
        (Api::Anywhere, [true, false, true]),
        (Api::Messages, [true, false, false]),
        (Api::Ollama, [true, false, false]),
        (bedrock(Operation::Converse), [true, true, false]),
    ];
    for (api, can) in all {
        let sent = sent(api, Credential::None, &json!({"model": "m"}));
        for (script, can) in Script::ALL.into_iter().zip(can) {
            match code(script, &sent) {
                Ok(_) => assert!(can, "{script:?} {:?}", sent.api),
                Err(error) => {
                    assert!(!can && matches!(error.kind, ErrorKind::Refused { .. }), "{script:?} {error}");
                    assert!(!error.why.is_empty());
                }
            }
        }
    }
}
