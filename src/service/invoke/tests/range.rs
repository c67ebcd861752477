//! What an API is known not to take of a setting.

use super::*;
use crate::provider::anthropic::Anthropic;
use crate::provider::bedrock::{Bedrock, Credentials};
use crate::provider::key::Key;
use crate::provider::openai::OpenAi;
use secrecy::SecretString;

fn admitted(voice: &dyn Provider, model: &str, set: &[(&str, &str)]) -> Result<Option<String>> {
    let (_, Call::Converse(mut converse)) = call("") else { panic!("no conversation") };
    converse.model = model.parse().unwrap();
    for (name, value) in set {
        converse.settings.set(name, value).unwrap();
    }
    SeenCards::default().admit(&Call::Converse(converse), voice, "asking")
}

/// A setting and its value.
type Set = (&'static str, &'static str);

#[test]
fn a_value_that_a_vendors_api_does_not_take_is_refused_by_name_with_what_it_takes() {
    let claude = Anthropic::new("anthropic", "https://api.anthropic.com/v1", Key::None);
    let key = Credentials::Bearer(SecretString::from("k").into());
    let bedrock = Bedrock::new("bedrock", "eu-west-1", None, key);
    let openai = OpenAi::new("openai", "https://api.openai.com/v1", Key::None);
    let sonnet = "bedrock/eu.anthropic.claude-sonnet-4-5-20250929-v1:0";
    let cases: [(&dyn Provider, &str, Set, &str); 5] = [
        (&claude, "anthropic/claude-sonnet-4-5", ("temperature", "1.5"), "0 – 1"),
        (&bedrock, "bedrock/amazon.nova-lite-v1:0", ("temperature", "1.1"), "0 – 1"),
        (&bedrock, sonnet, ("top_k", "600"), "0 – 500"),
        (&bedrock, sonnet, ("temperature", "2"), "0 – 1"),
        (&openai, "openai/gpt-4o", ("stop", "a,b,c,d,e"), "up to 4"),
    ];
    for (voice, model, set, takes) in cases {
        let error = admitted(voice, model, &[set]).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Invalid, "{error}");
        for part in [set.0, model, takes] {
            assert!(error.why.contains(part), "{error}");
        }
    }
}

#[test]
fn what_is_taken_not_sent_or_unknown_is_let_through() {
    let claude = Anthropic::new("anthropic", "https://api.anthropic.com/v1", Key::None);
    let nobodys = Anthropic::new("anthropic", "http://127.0.0.1:8080/v1", Key::None);
    let openai = OpenAi::new("openai", "https://api.openai.com/v1", Key::None);
    let cases: [(&dyn Provider, &str, &[Set]); 5] = [
        (&claude, "anthropic/claude-sonnet-4-5", &[("temperature", "1")]),
        // One that thinks is sent none.
        (&claude, "anthropic/claude-sonnet-4-5", &[("temperature", "1.5"), ("reasoning", "low")]),
        (&nobodys, "anthropic/qwen3", &[("temperature", "1.5")]),
        (&openai, "openai/gpt-4o", &[("temperature", "2"), ("stop", "a,b,c,d")]),
        (&openai, "openai/gpt-99", &[]),
    ];
    for (voice, model, set) in cases {
        assert!(admitted(voice, model, set).is_ok(), "{model} {set:?}");
    }
}
