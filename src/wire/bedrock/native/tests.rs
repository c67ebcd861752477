use serde_json::{Value, json};

use super::super::request::Thinking;
use super::*;
use crate::domain::ErrorKind;
use crate::domain::call::{Blobs, Picture, Turn};
use crate::domain::delta::{Event, Fold};
use crate::domain::left_out::LeftOut;
use crate::domain::message::{BlobId, Block, StopReason, Usage};
use crate::domain::settings::Settings;

fn model(name: &str) -> ModelId {
    format!("aws/{name}").parse().unwrap()
}

fn turn(role: Role, text: &str) -> Turn {
    Turn { role, blocks: vec![Block::Text { text: text.into() }] }
}

fn asked(system: Option<&str>, turns: &[(Role, &str)], settings: &[(&str, &str)]) -> Converse {
    let mut converse = Converse {
        model: model("x"),
        system: system.map(str::to_owned),
        turns: turns.iter().map(|(role, text)| turn(*role, text)).collect(),
        settings: Settings::default(),
        conversation: None,
        blobs: Blobs::default(),
    };
    for (name, value) in settings {
        converse.settings.set(name, value).unwrap();
    }
    converse
}

const TALK: &[(Role, &str)] = &[(Role::User, "hi"), (Role::Assistant, "hello"), (Role::User, "why?")];
const SET: &[(&str, &str)] = &[
    ("temperature", "0.2"),
    ("top_p", "0.9"),
    ("top_k", "40"),
    ("max_tokens", "64"),
    ("stop", "END"),
    ("seed", "7"),
];

fn sent(family: Family, converse: &Converse) -> Value {
    serde_json::from_slice(&body(converse, family, Thinking::Budget).unwrap()).unwrap()
}

#[test]
fn a_model_is_known_by_its_id_whatever_stands_around_it() {
    for (id, family) in [
        ("anthropic.claude-v2:1", Some(Family::Claude)),
        ("eu.anthropic.claude-sonnet-4-5-20250929-v1:0", Some(Family::Claude)),
        ("amazon.titan-text-express-v1", Some(Family::TitanText)),
        (
            "arn:aws:bedrock:us-east-1:1:custom-model/amazon.titan-text-lite-v1:0:4k/abc",
            Some(Family::TitanText),
        ),
        ("amazon.titan-embed-text-v1", Some(Family::TitanEmbedV1)),
        ("amazon.titan-embed-g1-text-02", Some(Family::TitanEmbedV1)),
        ("amazon.titan-embed-text-v2:0", Some(Family::TitanEmbedV2)),
        ("amazon.titan-image-generator-v2:0", Some(Family::TitanImage)),
        ("meta.llama2-70b-chat-v1", Some(Family::Llama2)),
        ("us.meta.llama3-1-8b-instruct-v1:0", Some(Family::Llama3)),
        ("cohere.command-text-v14", Some(Family::Command)),
        ("cohere.command-r-plus-v1:0", Some(Family::CommandR)),
        ("cohere.embed-multilingual-v3", Some(Family::CohereEmbed)),
        ("ai21.j2-ultra-v1", Some(Family::Jurassic2)),
        ("stability.stable-diffusion-xl-v1", Some(Family::Sdxl)),
        ("stability.sd3-5-large-v1:0", Some(Family::StableImage)),
        ("amazon.nova-lite-v1:0", None),
        ("arn:aws:bedrock:us-east-1:1:provisioned-model/abcdef123456", None),
    ] {
        assert_eq!(Row::of(&model(id)).map(|row| row.family), family, "{id}");
    }
}

#[test]
fn converse_is_asked_for_what_it_has_room_for() {
    let row = |id: &str| Row::of(&model(id)).unwrap();
    let (one, system, talk) =
        (asked(None, &TALK[..1], &[]), asked(Some("Be brief."), &TALK[..1], &[]), asked(None, TALK, &[]));
    for (id, expected) in [
        ("anthropic.claude-v2", [true, true, true]),
        ("amazon.titan-text-express-v1", [true, false, true]),
        ("ai21.j2-mid-v1", [true, false, false]),
        ("cohere.command-text-v14", [true, false, false]),
        ("amazon.titan-embed-text-v1", [false, false, false]),
    ] {
        assert_eq!([&one, &system, &talk].map(|converse| row(id).converses(converse)), expected, "{id}");
    }
    assert!(!row("stability.stable-image-core-v1:1").chats() && row("ai21.j2-mid-v1").chats());
}

#[test]
fn claude_is_sent_its_makers_body_with_bedrocks_version() {
    let converse = asked(Some("Be brief."), &TALK[..1], SET);
    assert_eq!(
        sent(Family::Claude, &converse),
        json!({
            "anthropic_version": "bedrock-2023-05-31",
            "max_tokens": 64,
            "system": [{ "type": "text", "text": "Be brief." }],
            "messages": [{ "role": "user", "content": [{ "type": "text", "text": "hi" }] }],
            "temperature": 0.2, "top_p": 0.9, "top_k": 40, "stop_sequences": ["END"],
        })
    );
}

#[test]
fn titan_jurassic_and_command_are_sent_a_dialogue_as_one_text() {
    let (one, talk) = (asked(None, &TALK[..1], &[]), asked(Some("Be brief."), TALK, SET));
    let dialogue = "Be brief.\n\nUser: hi\nBot: hello\nUser: why?\nBot:";
    assert_eq!(sent(Family::TitanText, &one), json!({ "inputText": "hi" }));
    assert_eq!(
        sent(Family::TitanText, &talk),
        json!({ "inputText": dialogue, "textGenerationConfig": {
            "temperature": 0.2, "topP": 0.9, "maxTokenCount": 64, "stopSequences": ["END", "User:"],
        } })
    );
    assert_eq!(sent(Family::Jurassic2, &one), json!({ "prompt": "hi" }));
    assert_eq!(
        sent(Family::Jurassic2, &talk),
        json!({ "prompt": dialogue, "temperature": 0.2, "topP": 0.9, "maxTokens": 64, "stopSequences": ["END", "User:"] })
    );
    assert_eq!(sent(Family::Command, &one), json!({ "prompt": "hi" }));
    assert_eq!(
        sent(Family::Command, &talk),
        json!({
            "prompt": dialogue, "temperature": 0.2, "p": 0.9, "k": 40, "max_tokens": 64, "stop_sequences": ["END", "User:"]
        })
    );
    let begun = asked(None, &TALK[..2], &[]);
    assert_eq!(sent(Family::Command, &begun)["prompt"], "User: hi\nBot: hello", "it is continued");
}

#[test]
fn command_r_has_turns_of_its_own() {
    assert_eq!(
        sent(Family::CommandR, &asked(Some("Be brief."), TALK, SET)),
        json!({
            "message": "why?",
            "chat_history": [{ "role": "USER", "message": "hi" }, { "role": "CHATBOT", "message": "hello" }],
            "preamble": "Be brief.",
            "temperature": 0.2, "p": 0.9, "k": 40, "max_tokens": 64, "stop_sequences": ["END"], "seed": 7,
        })
    );
    assert_eq!(sent(Family::CommandR, &asked(None, &TALK[..1], &[])), json!({ "message": "hi" }));
}

#[test]
fn llamas_prompts_are_in_their_own_forms() {
    let talk = asked(Some("Be brief."), TALK, SET);
    let two = "<s>[INST] <<SYS>>\nBe brief.\n<</SYS>>\n\nhi [/INST] hello </s><s>[INST] why? [/INST]";
    assert_eq!(
        sent(Family::Llama2, &talk),
        json!({ "prompt": two, "temperature": 0.2, "top_p": 0.9, "max_gen_len": 64 })
    );
    let three = "<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\nBe brief.<|eot_id|>\
                 <|start_header_id|>user<|end_header_id|>\n\nhi<|eot_id|>\
                 <|start_header_id|>assistant<|end_header_id|>\n\nhello<|eot_id|>\
                 <|start_header_id|>user<|end_header_id|>\n\nwhy?<|eot_id|>\
                 <|start_header_id|>assistant<|end_header_id|>\n\n";
    assert_eq!(sent(Family::Llama3, &talk)["prompt"], three);
    let begun = asked(None, &TALK[..2], &[]);
    assert_eq!(sent(Family::Llama2, &begun)["prompt"], "<s>[INST] hi [/INST] hello");
    let open = sent(Family::Llama3, &begun);
    assert!(open["prompt"].as_str().unwrap().ends_with("assistant<|end_header_id|>\n\nhello"), "{open}");
}

#[test]
fn what_a_body_has_no_room_for_is_refused_by_name() {
    let mut picture = asked(None, &TALK[..1], &[]);
    picture.turns[0].blocks.push(Block::Image {
        media_type: "image/png".into(),
        blob: BlobId("a".into()),
        file: None,
    });
    let tools = asked(None, &TALK[..1], &[("tools", r#"[{"name":"go"}]"#)]);
    for (converse, family, capability) in [
        (&picture, Family::Llama2, "vision"),
        (&tools, Family::TitanText, "tools"),
        (&tools, Family::Sdxl, "tools"),
    ] {
        let error = body(converse, family, Thinking::Budget).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Refused { capability: capability.into() });
    }
    let chat = body(&asked(None, TALK, &[]), Family::Sdxl, Thinking::Budget).unwrap_err();
    assert_eq!(chat.kind, ErrorKind::Refused { capability: "chat".into() });
}

fn read(value: &Value) -> (String, Option<StopReason>, Option<u32>, Option<u32>) {
    let mut fold = Fold::default();
    for event in answer("asking", value.to_string().as_bytes()).unwrap() {
        fold.push(&event);
    }
    let text = fold.blocks.iter().map(|block| match block {
        Block::Text { text } => text.as_str(),
        other => panic!("{other:?}"),
    });
    (text.collect(), fold.stop, fold.usage.input, fold.usage.output)
}

#[test]
fn every_family_s_whole_answer_is_read() {
    let end = Some(StopReason::EndTurn);
    for (value, text, stop, input, output) in [
        (
            json!({"inputTextTokenCount": 5, "results": [{"tokenCount": 3, "outputText": "\nHello", "completionReason": "FINISH"}]}),
            "\nHello",
            end,
            Some(5),
            Some(3),
        ),
        (
            json!({"generation": "Hi", "prompt_token_count": 4, "generation_token_count": 2, "stop_reason": "length"}),
            "Hi",
            Some(StopReason::MaxTokens),
            Some(4),
            Some(2),
        ),
        (
            json!({"id": "x", "prompt": "hi", "generations": [{"id": "y", "text": " Hello", "finish_reason": "COMPLETE"}]}),
            " Hello",
            end,
            None,
            None,
        ),
        (
            json!({"response_id": "r", "text": "Hello", "generation_id": "g", "chat_history": [], "finish_reason": "MAX_TOKENS"}),
            "Hello",
            Some(StopReason::MaxTokens),
            None,
            None,
        ),
        (
            json!({"id": 1234, "prompt": {"text": "hi", "tokens": []},
                "completions": [{"data": {"text": "Hello", "tokens": []}, "finishReason": {"reason": "endoftext"}}]}),
            "Hello",
            end,
            None,
            None,
        ),
        (
            json!({"type": "message", "content": [{"type": "text", "text": "Hello"}], "stop_reason": "end_turn",
                "usage": {"input_tokens": 3, "output_tokens": 1}}),
            "Hello",
            end,
            Some(3),
            Some(1),
        ),
        (
            json!({"inputTextTokenCount": "x", "results": [{"outputText": "", "completionReason": "CONTENT_FILTERED"}]}),
            "",
            Some(StopReason::Filtered),
            None,
            None,
        ),
    ] {
        assert_eq!(read(&value), (text.to_owned(), stop, input, output), "{value}");
    }
    for nothing in ["{}", "[]", "<html>", r#"{"message": "no"}"#] {
        assert!(answer("asking", nothing.as_bytes()).is_err(), "{nothing}");
    }
}

#[test]
fn texts_are_sent_for_vectors_and_vectors_read_in_every_shape() {
    let texts = ["a".to_owned(), "é".to_owned()];
    let asked = |family, query| serde_json::from_slice::<Value>(&embed::body(family, &texts, query)).unwrap();
    let sent = |family| asked(family, false);
    assert_eq!(sent(Family::TitanEmbedV1), json!({ "inputText": "a" }));
    assert_eq!(sent(Family::TitanEmbedV2), json!({ "inputText": "a", "normalize": true }));
    assert_eq!(
        sent(Family::CohereEmbed),
        json!({ "texts": ["a", "é"], "input_type": "search_document", "truncate": "NONE" })
    );
    // What is looked for by has vectors of its own there, and nowhere else.
    let query = asked(Family::CohereEmbed, true);
    assert_eq!(query, json!({ "texts": ["a", "é"], "input_type": "search_query", "truncate": "NONE" }));
    assert_eq!(asked(Family::TitanEmbedV2, true), sent(Family::TitanEmbedV2));
    let sizes = [Family::TitanEmbedV1, Family::CohereEmbed, Family::Claude].map(embed::at_once);
    assert_eq!(sizes, [Some(1), Some(96), None]);
    for (body, vectors, read) in [
        (json!({"embedding": [1.5, 2], "inputTextTokenCount": 3}), vec![vec![1.5, 2.0]], Some(3)),
        (json!({"embeddingsByType": {"float": [1], "binary": [0]}}), vec![vec![1.0]], None),
        (
            json!({"id": "x", "response_type": "embeddings_floats", "embeddings": [[1], [2]], "texts": []}),
            vec![vec![1.0], vec![2.0]],
            None,
        ),
        (json!({"embeddings": {"float": [[1], [2]], "int8": [[1], [2]]}}), vec![vec![1.0], vec![2.0]], None),
    ] {
        assert_eq!(embed::vectors("embedding", body.to_string().as_bytes()).unwrap(), (vectors, read));
    }
    assert!(embed::vectors("embedding", b"{}").is_err());
    assert!(embed::all("embedding", 2, vec![(vec![vec![1.0]], None)]).is_err());
    let both = |last| embed::all("embedding", 2, vec![(vec![vec![1.0]], Some(3)), (vec![vec![2.0]], last)]);
    let counted = Usage { input: Some(7), ..Usage::default() };
    assert_eq!(both(Some(4)).unwrap()[0], Event::Usage { usage: counted });
    assert!(
        matches!(both(None).unwrap()[..], [Event::Embeddings { .. }]),
        "a sum of what is unknown is unknown"
    );
}

fn picture(name: &str) -> Picture {
    let mut blobs = Blobs::default();
    blobs.put(BlobId("a".into()), *b"png");
    Picture {
        model: model(name),
        prompt: "a river".into(),
        negative: Some("fog".into()),
        size: Some((1152, 896)),
        seed: Some(7),
        count: 2,
        from: None,
        blobs,
    }
}

fn drawn(picture: &Picture, family: Family) -> Vec<Value> {
    let bodies = picture::bodies(picture, family).unwrap();
    bodies.iter().map(|body| serde_json::from_slice(body).unwrap()).collect()
}

#[test]
fn titan_draws_several_at_once_and_varies_a_picture() {
    let mut asked = picture("amazon.titan-image-generator-v2:0");
    let text = json!({
        "taskType": "TEXT_IMAGE",
        "textToImageParams": { "text": "a river", "negativeText": "fog" },
        "imageGenerationConfig": { "numberOfImages": 2, "width": 1152, "height": 896, "seed": 7 },
    });
    assert_eq!(drawn(&asked, Family::TitanImage), [text]);
    (asked.count, asked.negative, asked.size) = (7, None, None);
    asked.from = Some(BlobId("a".into()));
    let part = |count: u32, seed: u32| {
        json!({
            "taskType": "IMAGE_VARIATION",
            "imageVariationParams": { "text": "a river", "images": ["cG5n"] },
            "imageGenerationConfig": { "numberOfImages": count, "seed": seed },
        })
    };
    assert_eq!(drawn(&asked, Family::TitanImage), [part(5, 7), part(2, 8)]);
    asked.seed = Some(2_147_483_646);
    let error = picture::bodies(&asked, Family::TitanImage).unwrap_err();
    assert!(error.why.contains("up to 2147483646, and one is 2147483647"), "{error}");
    (asked.seed, asked.blobs) = (Some(7), Blobs::default());
    assert_eq!(picture::bodies(&asked, Family::TitanImage).unwrap_err().kind, ErrorKind::NotFound);
}

#[test]
fn stabilitys_models_draw_one_at_a_time() {
    let mut asked = picture("stability.stable-diffusion-xl-v1");
    let xl = |seed: u32| {
        json!({
            "text_prompts": [{ "text": "a river", "weight": 1.0 }, { "text": "fog", "weight": -1.0 }],
            "width": 1152, "height": 896, "seed": seed,
        })
    };
    assert_eq!(drawn(&asked, Family::Sdxl), [xl(7), xl(8)]);
    asked.size = Some((1536, 640));
    let error = picture::bodies(&asked, Family::StableImage).unwrap_err();
    assert!(error.why.contains("16:9"), "{error}");
    let error =
        picture::bodies(&Picture { size: Some((1920, 1080)), ..asked.clone() }, Family::Sdxl).unwrap_err();
    assert!(error.why.contains("none of 1920x1080") && error.hint.contains("1536x640"), "{error}");
    asked.model = model("stability.sd3-large-v1:0");
    (asked.size, asked.count) = (Some((1920, 1080)), 1);
    assert_eq!(
        drawn(&asked, Family::StableImage),
        [json!({
            "prompt": "a river", "negative_prompt": "fog", "seed": 7, "output_format": "png", "aspect_ratio": "16:9"
        })]
    );
    (asked.from, asked.size) = (Some(BlobId("a".into())), None);
    assert_eq!(drawn(&asked, Family::Sdxl)[0]["init_image"], "cG5n");
    let varied = &drawn(&asked, Family::StableImage)[0];
    assert_eq!((&varied["mode"], &varied["image"]), (&json!("image-to-image"), &json!("cG5n")));
    let sized = Picture { size: Some((1920, 1080)), ..asked.clone() };
    let error = picture::bodies(&sized, Family::StableImage).unwrap_err();
    assert!(
        matches!(error.kind, ErrorKind::Refused { .. }) && error.why.contains("keeps its size"),
        "{error}"
    );
    asked.model = model("stability.stable-image-core-v1:1");
    let error = picture::bodies(&asked, Family::StableImage).unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Refused { .. }), "{error}");
    assert!(picture::bodies(&asked, Family::Claude).is_err());
}

#[test]
fn pictures_come_out_of_every_answer_and_a_filter_says_its_reason() {
    let image =
        |media_type: &str, bytes: &[u8]| Event::Image { media_type: media_type.into(), bytes: bytes.into() };
    let read = |value: Value| picture::pictures("making", value.to_string().as_bytes());
    assert_eq!(
        read(json!({"images": ["cG5n", "/9j/"], "error": null})).unwrap(),
        [image("image/png", b"png"), image("image/jpeg", b"\xff\xd8\xff")]
    );
    let artifacts = json!({"result": "success", "artifacts": [
        {"seed": 1, "base64": "cG5n", "finishReason": "SUCCESS"}, {"base64": "cG5n", "finishReason": "CONTENT_FILTERED"}
    ]});
    assert_eq!(read(artifacts).unwrap(), [image("image/png", b"png")]);
    let stable = json!({"seeds": [7], "finish_reasons": [null], "images": ["cG5n"]});
    assert_eq!(read(stable).unwrap(), [image("image/png", b"png")]);
    for (value, words) in [
        (json!({"images": [], "error": "blocked by our content filters"}), "blocked by our content filters"),
        (
            json!({"seeds": [], "finish_reasons": ["Filter reason: prompt"], "images": [""]}),
            "Filter reason: prompt",
        ),
        (json!({"artifacts": [{"base64": "cG5n", "finishReason": "CONTENT_FILTERED"}]}), "CONTENT_FILTERED"),
        (json!({}), "no bytes"),
    ] {
        let error = read(value).unwrap_err();
        assert!(error.why.contains(words), "{error}");
    }
}

#[test]
fn what_a_family_has_no_name_for_is_told_and_nothing_is_where_all_is_sent() {
    let told = |family, set: &[(&str, &str)]| LeftOut::said(&left_out(&asked(None, TALK, set), family));
    let lacks = |names: &str| format!("{names} not sent: the model's own API has none");
    for (family, names) in [
        (Family::TitanText, "top_k and seed are"),
        (Family::Llama2, "top_k, stop and seed are"),
        (Family::Llama3, "top_k, stop and seed are"),
        (Family::Command, "seed is"),
        (Family::Jurassic2, "top_k and seed are"),
    ] {
        assert_eq!(told(family, SET), Some(lacks(names)), "{family:?}");
        assert_eq!((told(family, &SET[..2]), told(family, &[])), (None, None), "{family:?}");
        assert_eq!(told(family, &[("reasoning", "low")]), Some(lacks("reasoning is")), "{family:?}");
        assert_eq!(told(family, &[("reasoning", "off")]), None, "{family:?}");
    }
    assert_eq!(told(Family::CommandR, SET), None);
    assert_eq!(told(Family::Claude, SET).unwrap(), "seed is not sent: the Messages API has none");
}
