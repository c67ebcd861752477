//! Conversations out and in again, and the exports of others.

use std::fmt::Write;
use std::path::Path;

use outcrop::domain::attachment::blobs_of;
use outcrop::domain::call::Blobs;
use outcrop::domain::catalog::ModelId;
use outcrop::domain::conversation::{Conversation, Thread};
use outcrop::domain::id::{ConversationId, MessageId};
use outcrop::domain::message::{
    Answer, BlobId, Block, Message, MessageOrigin, Outcome, Role, StopReason, Timing, Usage,
};
use outcrop::domain::settings::{Effort, Settings};
use outcrop::domain::time::Timestamp;
use outcrop::domain::tool::{self, ToolChoice};
use outcrop::domain::tree::Tree;
use outcrop::domain::{Error, ErrorKind};
use outcrop::wire::thread::{Ids, json, jsonl, markdown, read, renumbered};
use proptest::prelude::*;
use serde_json::json as value;
use uuid::Uuid;

use crate::damage::{blows, damaged, soup};

/// Ids that count.
#[derive(Default)]
struct Counting(u128);

impl Ids for Counting {
    fn conversation(&mut self) -> ConversationId {
        self.0 += 1;
        ConversationId::from_uuid(Uuid::from_u128(self.0))
    }

    fn message(&mut self) -> MessageId {
        self.0 += 1;
        MessageId::from_uuid(Uuid::from_u128(self.0))
    }
}

/// What the blocks' files hold.
fn blobs() -> Blobs {
    let mut blobs = Blobs::default();
    blobs.put(BlobId("ab".into()), *b"\x00\xffbytes");
    blobs
}

fn message_id(n: u128) -> MessageId {
    MessageId::from_uuid(Uuid::from_u128(n))
}

fn block() -> impl Strategy<Value = Block> {
    prop_oneof![
        any::<String>().prop_map(|text| Block::Text { text }),
        (any::<String>(), any::<Option<String>>())
            .prop_map(|(text, signature)| Block::Reasoning { text, signature }),
        any::<String>().prop_map(|name| Block::Document {
            name,
            media_type: "text/plain".into(),
            blob: BlobId("ab".into())
        }),
        (any::<String>(), any::<i64>()).prop_map(|(name, n)| Block::ToolUse {
            id: "c".into(),
            name,
            input: serde_json::json!({"n": n, "x": [null, true]}),
            extra: None
        }),
        (any::<String>(), any::<bool>()).prop_map(|(content, is_error)| Block::ToolResult {
            id: "c".into(),
            content,
            is_error
        }),
        Just(Block::CachePoint),
    ]
}

fn settings() -> impl Strategy<Value = Settings> {
    (
        prop::option::of(0.0_f32..2.0),
        prop::option::of(0.001_f32..1.0),
        any::<Option<u32>>(),
        any::<Option<u64>>(),
        prop::collection::vec(any::<String>(), 0..3),
    )
        .prop_map(|(temperature, top_p, top_k, seed, stop)| Settings {
            temperature,
            top_p,
            top_k,
            repeat_penalty: top_k.map(|k| 1.0 + (k % 8) as f32 / 8.0),
            max_tokens: top_k,
            stop,
            seed,
            cache: seed.map(|seed| seed % 2 == 0),
            knowledge: seed.map(|_| "docs".to_owned()),
            reasoning: seed.map(|_| Effort::High),
            tools: tool::read(r#"[{"name":"look"}]"#).unwrap(),
            tool_choice: top_k.map(|_| ToolChoice::Any),
            response_schema: seed.map(|seed| value!({ "const": seed })),
        })
}

fn answer() -> impl Strategy<Value = Option<Answer>> {
    let outcome = prop_oneof![
        Just(Outcome::Complete { reason: StopReason::MaxTokens }),
        Just(Outcome::Interrupted),
        any::<String>().prop_map(|why| Outcome::Failed {
            error: Error::new(ErrorKind::RateLimited { retry_after_ms: Some(5) }, "asking", why, "")
        }),
    ];
    prop::option::of((settings(), any::<Option<u32>>(), outcome).prop_map(|(settings, n, outcome)| Answer {
        model: "there/org/m".parse().unwrap(),
        settings,
        usage: Usage {
            input: n,
            output: Some(3),
            cache_read: None,
            cache_write: None,
            reasoning: n,
            estimated: n.is_none(),
        },
        timing: Timing { first_token_ms: n, total_ms: Some(9), ..Timing::default() },
        outcome,
        context: n,
        schema: None,
        grounding: None,
        agent: None,
    }))
}

fn thread() -> impl Strategy<Value = Thread> {
    let message = (
        any::<prop::sample::Index>(),
        prop::collection::vec(block(), 0..3),
        answer(),
        0_i64..1 << 41,
        any::<bool>(),
    );
    let head =
        (any::<String>(), any::<bool>(), any::<Option<String>>(), settings(), any::<prop::sample::Index>());
    (head, prop::collection::vec(message, 0..8)).prop_map(
        |((title, titled, system, settings, leaf), parts)| {
            let id = ConversationId::from_uuid(Uuid::from_u128(7));
            let mut messages: Vec<Message> = Vec::new();
            for (n, (parent, blocks, answer, created, here)) in parts.into_iter().enumerate() {
                let parent = parent.index(n + 1);
                messages.push(Message {
                    id: message_id(100 + n as u128),
                    conversation: id,
                    parent: (parent < n).then(|| messages[parent].id),
                    role: if answer.is_some() { Role::Assistant } else { Role::User },
                    blocks,
                    created: Timestamp(created),
                    answer,
                    origin: if here { MessageOrigin::Here } else { MessageOrigin::Imported },
                });
            }
            let leaf = (!messages.is_empty()).then(|| messages[leaf.index(messages.len())].id);
            let model = ModelId::new("local", "m").ok();
            let (created, updated) = (Timestamp(1), Timestamp(2));
            let conversation = Conversation {
                id,
                title,
                titled,
                created,
                updated,
                model,
                system,
                settings,
                leaf,
                run: None,
                side: None,
                forked_from: None,
                agent: None,
            };
            Thread { conversation, messages }
        },
    )
}

/// What is read of any text is a tree, and what is left out is named.
fn is_read_soundly(bytes: &[u8]) -> Result<(), TestCaseError> {
    let back = match read(&String::from_utf8_lossy(bytes), &mut Counting::default()) {
        Ok(back) => back,
        Err(error) => {
            prop_assert!(!error.why.is_empty() && !error.hint.is_empty(), "{}", error);
            return Ok(());
        }
    };
    prop_assert!(back.skipped.iter().all(|left_out| !left_out.is_empty()));
    for thread in back.threads {
        let tree = Tree::new(&thread.messages);
        for message in &thread.messages {
            prop_assert!(tree.path(message.id).len() <= thread.messages.len());
            prop_assert!(message.parent.is_none_or(|p| tree.get(p).is_some()));
        }
    }
    Ok(())
}

/// Of the three forms.
const PIECES: &str = r#"
    { } [ ] , : null true 0 -1 1e400 18446744073709551616 "" "a" "b" "\ud800" "outcrop": "conversation":
    "messages": "message": "mapping": "parent": "children": "author": "role": "user" "assistant"
    "content": "content_type": "text" "parts": "create_time": "current_node": "title": "id": "blocks":
    "leaf": "00000000-0000-0000-0000-000000000007" {"mapping":{"a":{"parent":"b"},"b":{"parent":"a"}}}
"#;

proptest! {
    #[test]
    fn no_bytes_and_no_pieces_of_an_export_make_reading_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..200), soup in soup(PIECES)
    ) {
        is_read_soundly(&bytes)?;
        is_read_soundly(soup.as_bytes())?;
        is_read_soundly(format!("[{soup}]").as_bytes())?;
    }

    #[test]
    fn a_damaged_export_of_each_form_is_read_soundly_or_refused(thread in thread(), blows in blows()) {
        for whole in [json(&thread, &blobs()).unwrap(), jsonl(&thread, &blobs()).unwrap(), data("chatgpt.json")] {
            is_read_soundly(&damaged(whole.into_bytes(), &blows))?;
        }
    }

    #[test]
    fn what_is_written_is_read_back_the_same(threads in prop::collection::vec(thread(), 1..3)) {
        let mut threads = threads;
        for (n, thread) in threads.iter_mut().enumerate() {
            *thread = renumbered(thread.clone(), &mut Counting(1000 * n as u128));
        }
        for write in [json, jsonl] {
            let text: String = threads.iter().map(|t| write(t, &blobs()).unwrap()).collect();
            let back = read(&text, &mut Counting::default()).unwrap();
            prop_assert_eq!(&back.threads, &threads);
            let attached = threads.iter().flat_map(|t| &t.messages).any(|m| blobs_of(&m.blocks).next().is_some());
            prop_assert_eq!(&back.blobs, &if attached { blobs() } else { Blobs::default() });
            prop_assert!(back.skipped.is_empty(), "{:?}", back.skipped);
        }
        let list: Vec<_> = threads.iter().map(|t| json(t, &Blobs::default()).unwrap()).collect();
        let back = read(&format!("[{}]", list.join(",")), &mut Counting::default()).unwrap();
        prop_assert_eq!(&back.threads, &threads);
    }
}

fn data(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/wire/thread").join(name);
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn chatgpts_export_becomes_trees_and_what_stays_behind_is_named() {
    let imported = read(&data("chatgpt.json"), &mut Counting::default()).unwrap();
    let [rivers, orphan] = &imported.threads[..] else { panic!("{imported:#?}") };
    assert_eq!(rivers.conversation.title, "Rivers");
    assert_eq!(rivers.conversation.created, Timestamp(1_700_000_000_500));
    let tree = Tree::new(&rivers.messages);
    let shown: Vec<_> =
        tree.path(rivers.conversation.leaf.unwrap()).iter().map(|m| m.blocks.clone()).collect();
    let text = |t: &str| Block::Text { text: t.into() };
    let thought = Block::Reasoning { text: "Think of the current".into(), signature: None };
    let code = text("````python\nprint('``` hi')\n````");
    assert_eq!(shown, [vec![text("why do rivers meander?")], vec![thought], vec![code]]);
    assert_eq!(rivers.messages.len(), 4, "the other branch is kept");
    assert!(rivers.messages.windows(2).all(|w| w[0].id < w[1].id && w[0].created <= w[1].created));
    let model = rivers.messages[1].answer.as_ref().unwrap().model.to_string();
    assert_eq!(model, "chatgpt/gpt-4o");
    assert_eq!((orphan.messages.len(), orphan.conversation.title.as_str()), (1, "orphan of nobody"));

    let skipped = imported.skipped.join("\n");
    for named in [
        "image_asset_pointer",
        "role tool",
        "2 × nodes that hang in a circle",
        "\"empty\" holds no message",
        "entry 4",
        "entry 5: it is no conversation",
    ] {
        assert!(skipped.contains(named), "{named} in\n{skipped}");
    }
}

#[test]
fn a_file_that_breaks_off_keeps_what_came_before() {
    let whole = data("chatgpt.json");
    let cut = &whole[..whole.find("orphan of").unwrap()];
    let imported = read(cut, &mut Counting::default()).unwrap();
    assert_eq!(imported.threads.len(), 1);
    assert!(
        imported.skipped.iter().any(|s| s.starts_with("everything after entry 1")),
        "{:?}",
        imported.skipped
    );
}

#[test]
fn a_chain_of_a_hundred_thousand_messages_is_read_without_recursion() {
    let mut text = String::from(r#"[{"title":"deep","current_node":"99999","mapping":{"#);
    for n in 0..100_000_u32 {
        let parent = if n == 0 { "null".to_owned() } else { format!("\"{}\"", n - 1) };
        let comma = if n == 0 { "" } else { "," };
        write!(
            text,
            r#"{comma}"{n}":{{"parent":{parent},"message":{{"author":{{"role":"user"}},"create_time":{n},"content":{{"content_type":"text","parts":["m{n}"]}}}}}}"#
        )
        .unwrap();
    }
    text.push_str("}}]");
    let imported = read(&text, &mut Counting::default()).unwrap();
    let thread = &imported.threads[0];
    assert_eq!(thread.messages.len(), 100_000);
    assert_eq!(Tree::new(&thread.messages).path(thread.conversation.leaf.unwrap()).len(), 100_000);
}

#[test]
fn texts_that_are_no_export_are_refused_with_what_would_be_one() {
    for text in ["hello", "{}", "[1, 2]", "{\"outcrop\": 9, \"conversation\": null}", "[[[[["] {
        let error = read(text, &mut Counting::default()).unwrap_err();
        assert!(error.hint.contains("conversations.json"), "{text}: {error}");
    }
    assert_eq!(read("", &mut Counting::default()).unwrap().threads, []);
}

#[test]
fn a_hostile_file_of_attachments_is_read_as_far_as_it_can_be() {
    let head = |extra: &str| {
        let conversation = "{\"id\":\"00000000-0000-0000-0000-000000000007\",\"title\":\"t\",\"created\":0,\"updated\":0,\"model\":null,\"leaf\":null}";
        format!("{{\"outcrop\":1,\"conversation\":{conversation},\"messages\":[],\"later\":[1]{extra}}}\n")
    };
    let kept = |id: &str, bytes: &str| format!("{{\"id\":\"{id}\",\"bytes\":\"{bytes}\",\"later\":1}}");
    let text = head(&format!(
        ",\"attachments\":[{},{},{}]",
        kept("a", "AP8h"),
        kept("../b", "!!"),
        kept("a", "eA==")
    )) + &format!("{{\"attachment\":{},\"later\":1}}", kept("c", "eA=="));
    let back = read(&text, &mut Counting::default()).unwrap();
    assert_eq!(back.threads.len(), 1);
    let bytes = |id: &str| back.blobs.get(&BlobId(id.into())).map(<[u8]>::to_vec);
    assert_eq!(bytes("a"), Some(b"\x00\xff!".to_vec()), "the first one of a name counts");
    assert_eq!((bytes("../b"), bytes("c")), (None, Some(b"x".to_vec())));
    let [skipped] = &back.skipped[..] else { panic!("{:?}", back.skipped) };
    assert!(skipped.contains("no base64"), "{skipped}");
}

#[test]
fn markdown_names_attachments_and_links_those_that_lie_beside_it() {
    let id = ConversationId::from_uuid(Uuid::from_u128(7));
    let blob = BlobId("0123456789ab".into());
    let document = |name: &str| Block::Document {
        name: name.into(),
        media_type: "application/pdf".into(),
        blob: blob.clone(),
    };
    let blocks = vec![
        Block::Image { media_type: "image/png".into(), blob: blob.clone(), file: None },
        document("a.pdf"),
        document("x](https://evil.example)\n\n# [y.pdf"),
    ];
    let message = Message {
        id: message_id(1),
        conversation: id,
        parent: None,
        role: Role::User,
        blocks,
        created: Timestamp(0),
        answer: None,
        origin: MessageOrigin::Here,
    };
    let conversation = Conversation {
        run: None,
        side: None,
        forked_from: None,
        agent: None,
        id,
        title: "t".into(),
        titled: false,
        created: Timestamp(0),
        updated: Timestamp(0),
        model: None,
        system: None,
        settings: Settings::default(),
        leaf: Some(message_id(1)),
    };
    let thread = Thread { conversation, messages: vec![message] };
    let plain = markdown(&thread, None);
    assert!(
        plain.contains("*[picture, image/png]*") && plain.contains("*[document a.pdf, application/pdf]*"),
        "{plain}"
    );
    let linked = markdown(&thread, Some("my files/(1)/"));
    assert!(linked.contains("![picture](my%20files/%281%29/picture-01234567.png)\n"), "{linked}");
    assert!(linked.contains("[a.pdf](my%20files/%281%29/a-01234567.pdf), application/pdf\n"), "{linked}");
    assert!(linked.contains("[x\\](https://evil.example)  # \\[y.pdf](my%20files"), "{linked}");
}

#[test]
fn markdown_shows_the_branch_with_its_figures() {
    let id = ConversationId::from_uuid(Uuid::from_u128(7));
    let text = |t: &str| Block::Text { text: t.into() };
    let said = |n: u128, parent: Option<u128>, role, blocks: Vec<Block>, answer| Message {
        id: message_id(n),
        conversation: id,
        parent: parent.map(message_id),
        role,
        blocks,
        created: Timestamp(1_700_000_000_000 + n as i64 * 1000),
        answer,
        origin: MessageOrigin::Here,
    };
    let answer = Answer {
        usage: Usage { input: Some(182), output: Some(64), ..Usage::default() },
        timing: Timing { first_token_ms: Some(140), total_ms: Some(1509), ..Timing::default() },
        ..Answer::untold("local/smollm2-135m".parse().unwrap(), Outcome::Stopped)
    };
    let thread = Thread {
        conversation: Conversation {
            id,
            title: "A \"title\": with\u{1b} all".into(),
            titled: false,
            created: Timestamp(1_700_000_000_000),
            updated: Timestamp(1_700_000_009_000),
            model: Some("local/smollm2-135m".parse().unwrap()),
            system: Some("Be brief.\nReally.".into()),
            settings: Settings { temperature: Some(0.2), ..Settings::default() },
            leaf: Some(message_id(3)),
            run: None,
            side: None,
            forked_from: None,
            agent: None,
        },
        messages: vec![
            said(1, None, Role::User, vec![text("hello")], None),
            said(2, Some(1), Role::Assistant, vec![text("another branch")], Some(answer.clone())),
            said(
                3,
                Some(1),
                Role::Assistant,
                vec![
                    Block::Reasoning { text: "one\ntwo".into(), signature: None },
                    text("# Hi"),
                    Block::ToolResult { id: "c".into(), content: "a ``` b".into(), is_error: true },
                ],
                Some(answer),
            ),
        ],
    };
    let text = markdown(&thread, None);
    insta::assert_snapshot!(text);
    let twice = format!("{text}\n{text}");
    let again = read(&twice, &mut Counting(100)).unwrap();
    assert_eq!((again.threads.len(), again.skipped.as_slice()), (2, [].as_slice()));
    for mut thread in again.threads {
        assert_ne!(thread.conversation.id, id, "what is read is another conversation");
        thread.conversation.id = id;
        assert_eq!(markdown(&thread, None).trim_end(), text.trim_end());
        let [asked, answer] = thread.messages.as_slice() else { panic!("{thread:?}") };
        assert_eq!((asked.role, asked.text().as_str()), (Role::User, "hello"));
        let thought = Block::Reasoning { text: "one\ntwo".into(), signature: None };
        assert_eq!(answer.blocks[0], thought);
        assert_eq!(answer.answer.as_ref().map(|answer| &answer.outcome), Some(&Outcome::Stopped));
    }
}

#[test]
fn markdown_of_others_is_read_where_headings_say_who_speaks() {
    let text = "\
# Rivers

## System

Be brief.

## User:

Why do they meander?

```md
## User
not a turn
```

### Assistant

Erosion.

## Why

It cuts the outer bank.
";
    let read = |text: &str| read(text, &mut Counting::default()).unwrap();
    let thread = read(text).threads.remove(0);
    assert_eq!(
        (thread.conversation.title.as_str(), thread.conversation.system.as_deref()),
        ("Rivers", Some("Be brief."))
    );
    let said: Vec<_> = thread.messages.iter().map(|message| (message.role, message.text())).collect();
    let asked = "Why do they meander?\n\n```md\n## User\nnot a turn\n```";
    let answered = "Erosion.\n\n## Why\n\nIt cuts the outer bank.";
    assert_eq!(said, [(Role::User, asked.to_owned()), (Role::Assistant, answered.to_owned())]);
    assert_eq!(thread.messages[1].parent, Some(thread.messages[0].id));
    // In what this program wrote, only a heading with a date is one of a turn.
    let ours = "---\ntitle: \"a\"\nid: \"1\"\nodd: [\n---\n\n## You\n\n*2026-01-02T03:04:05Z*\n\nsay\n## You\n\nme\n";
    let mut imported = read(ours);
    assert_eq!(imported.threads.remove(0).messages[0].text(), "say\n## You\n\nme");
    assert_eq!(imported.skipped, ["\"a\": what it says of \"odd\""]);
}
