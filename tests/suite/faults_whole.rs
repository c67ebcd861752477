//! Faults of answers that come whole, and what the program says of faults without a screen; and that what each API said is
//! played again.

use futures_util::StreamExt;
use outcrop::domain::ErrorKind;
use outcrop::domain::call::Call;
use outcrop::domain::catalog::ModelCard;
use outcrop::domain::delta::Event;
use outcrop::domain::message::StopReason;
use serde_json::Value;

use crate::answer::text;
use crate::cli::home::Home;
use crate::faults::{ALL, PIECES, VOICES, WORDS, client, wholes, with_strangers};
use crate::loopback::{Part, Server, head, whole};
use crate::soon;

/// A server that answers with this as JSON.
async fn answering(body: Vec<u8>) -> Server {
    Server::start(move |_, _| whole(200, &[("content-type", "application/json")], body.clone())).await
}

#[tokio::test]
async fn what_nobody_knows_is_passed_over_in_an_answer_that_comes_whole_too() {
    for voice in wholes() {
        let mut body = (voice.whole)(ALL);
        with_strangers(&mut body);
        let (fold, error) = voice.ask(&answering(body.to_string().into_bytes()).await).await;
        assert_eq!((text(&fold).as_str(), error), (ALL, None), "{}", voice.name);
        assert_eq!(fold.stop, Some(StopReason::EndTurn), "{}", voice.name);
    }
}

#[tokio::test]
async fn what_nobody_knows_is_passed_over_in_a_list_of_models_too() {
    for voice in &VOICES {
        let list = voice.list;
        let mut known = Vec::new();
        for strange in [false, true] {
            let server = Server::start(move |_, seen| {
                let mut body: Value = serde_json::from_slice(&list(3, seen)).unwrap();
                if strange {
                    with_strangers(&mut body);
                }
                whole(200, &[("content-type", "application/json")], body.to_string())
            })
            .await;
            let listed = soon((voice.make)(&server).serve(Call::ListModels, &client()).next()).await;
            let Some(Ok(Event::Models { cards })) = listed else { panic!("{}: {listed:?}", voice.name) };
            assert_eq!(cards.len(), 3, "{}", voice.name);
            let facts = |card: ModelCard| (card.id, card.title, card.capabilities, card.lacks, card.context);
            known.push(cards.into_iter().map(facts).collect::<Vec<_>>());
        }
        assert_eq!(known[0], known[1], "{}", voice.name);
    }
}

#[tokio::test]
async fn an_answer_that_should_come_whole_and_does_not_is_the_same_kind_of_error_everywhere() {
    for voice in wholes() {
        let all = (voice.whole)(ALL).to_string().into_bytes();
        let half = all[..all.len() / 2].to_vec();
        let nonsense = voice.ask(&answering(half.clone()).await).await.1.unwrap();
        assert_eq!(nonsense.kind, ErrorKind::Server { status: 200 }, "{}: {nonsense}", voice.name);
        for (stalls, kind) in [(false, ErrorKind::Network), (true, ErrorKind::Timeout)] {
            let (half, length) = (half.clone(), all.len().to_string());
            let server = Server::start(move |_, _| {
                let headers = [("content-type", "application/json"), ("content-length", length.as_str())];
                let mut parts = vec![head(200, &headers), Part::Bytes(half.clone())];
                parts.extend(stalls.then_some(Part::Stall));
                parts
            })
            .await;
            let (fold, error) = voice.ask(&server).await;
            assert_eq!((error.unwrap().kind, fold.blocks.is_empty()), (kind, true), "{}", voice.name);
        }
    }
}

#[tokio::test]
async fn an_answer_that_comes_whole_and_never_ends_is_the_same_kind_of_error_everywhere() {
    for voice in wholes() {
        let server = Server::start(|_, _| {
            let begun = b"{\"unheard_of\": \"".to_vec();
            let endless = (0..40).map(|_| Part::Bytes(vec![b'x'; 1 << 20]));
            [head(200, &[("content-type", "application/json")]), Part::Bytes(begun)]
                .into_iter()
                .chain(endless)
                .collect()
        })
        .await;
        let (fold, error) = voice.ask(&server).await;
        assert_eq!((error.unwrap().kind, fold.blocks.is_empty()), (ErrorKind::Full, true), "{}", voice.name);
        assert_eq!(server.seen().len(), 1, "{}: it is not asked for again", voice.name);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_screen_the_words_go_to_one_stream_and_the_error_to_the_other() {
    for voice in &VOICES {
        let mut broken = voice.bytes(&[(voice.piece)("!")]);
        let last = broken.len() - 1;
        broken[last] ^= 1;
        let is_framed = voice.content_type.contains("amazon");
        let long = "x".repeat(1 << 20);
        let endless_line = voice.bytes(&[(voice.piece)(&"x".repeat(25 << 20))]);
        let endless: Vec<u8> = voice.bytes(&[(voice.piece)(&long)]).repeat(9);
        let ends = [
            ("an error", Some((voice.failure)()), false, WORDS),
            ("a frame that is no JSON", Some((voice.garbage)()), false, "that cannot be read"),
            ("a line without end", Some(endless_line), false, if is_framed { "bytes long" } else { " MB" }),
            ("an answer without end", Some(endless), false, " MB"),
            ("a cut", Some(Vec::new()), false, "ended in the middle"),
            ("silence", Some(Vec::new()), true, "nothing came from"),
            ("a bad checksum", is_framed.then_some(broken), false, "checksum"),
        ];
        for (what, end, stalls, words) in ends {
            let Some(end) = end else { continue };
            let (content_type, bytes) = (voice.content_type, [voice.begun(), end].concat());
            let server = Server::start(move |_, _| {
                let head = head(200, &[("content-type", content_type)]);
                let mut parts = vec![head, Part::Bytes(bytes.clone())];
                parts.extend(stalls.then_some(Part::Stall));
                parts
            })
            .await;
            let said = voice.without_a_screen(&server, "idle_timeout = 1");
            let name = voice.name;
            assert_eq!(said.code, Some(2), "{name}, {what}: {}", said.stderr);
            let came = said.stdout.trim_end().trim_end_matches('x');
            assert_eq!(came, "Hello é", "{name}, {what}");
            assert_eq!(said.stdout.len() > 1000, what == "an answer without end", "{name}, {what}");
            assert!(said.stderr.contains(words), "{name}, {what}: {}", said.stderr);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_screen_a_refusal_is_an_error_and_nothing_else() {
    let other = Server::start(|_, _| whole(200, &[], "{}")).await;
    let to = other.url("/there");
    for voice in wholes() {
        let refusals = [
            (401, ("retry-after", "0".to_owned()), WORDS, 1),
            (403, ("retry-after", "0".to_owned()), WORDS, 1),
            (404, ("retry-after", "0".to_owned()), WORDS, 1),
            (408, ("retry-after", "0".to_owned()), WORDS, 4),
            (529, ("retry-after", "0".to_owned()), WORDS, 4),
            (429, ("retry-after", "3600".to_owned()), WORDS, 1),
            (500, ("retry-after", "0".to_owned()), WORDS, 4),
            (307, ("location", to.clone()), "redirects what is sent to", 1),
        ];
        for (status, (name, value), words, times) in refusals {
            let refusal = (voice.refusal)().to_string();
            let server =
                Server::start(move |_, _| whole(status, &[(name, value.as_str())], refusal.clone())).await;
            let said = voice.without_a_screen(&server, "");
            let name = voice.name;
            assert_eq!((said.code, said.stdout.as_str()), (Some(2), ""), "{name} {status}: {}", said.stderr);
            assert!(said.stderr.contains(words), "{name} {status}: {}", said.stderr);
            assert_eq!(server.seen().len(), times, "{name} {status}");
        }
    }
    assert!(other.seen().is_empty(), "nothing follows a redirect to another host");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_each_api_said_is_recorded_and_played_again_when_its_server_is_gone() {
    for voice in wholes() {
        let all = voice.bytes(&voice.frames(&PIECES, true));
        // One that has no stream answers whole.
        let (kind, bytes) = match voice.name {
            "bedrock by InvokeModel" => ("application/json", (voice.whole)(ALL).to_string().into_bytes()),
            _ => (voice.content_type, all),
        };
        let server = Server::start(move |_, _| whole(200, &[("content-type", kind)], bytes.clone())).await;
        let home = Home::new();
        let tape = home.beside().join("demo.cassette").display().to_string();
        let config = format!(
            "record = '{tape}'\n{}[providers.demo]\nkind = 'replay'\npace = 'instant'\nfile = '{tape}'\n",
            voice.config_at(&server)
        );
        std::fs::write(home.path().join("config.toml"), config).unwrap();
        tokio::task::block_in_place(|| {
            let model = format!("there/{}", voice.model);
            let said = home.run(&["chat", "-m", &model, "hello"]);
            assert_eq!(
                (said.stdout.trim_end(), said.code),
                (ALL, Some(0)),
                "{}: {}",
                voice.name,
                said.stderr
            );
            assert_eq!(server.seen().len(), 1, "{}", voice.name);
            drop(server);
            let played = home.run(&["--offline", "chat", "-m", &format!("demo/{model}"), "hello"]);
            assert_eq!(
                (played.stdout, played.code),
                (said.stdout, Some(0)),
                "{}: {}",
                voice.name,
                played.stderr
            );
        });
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_says_of_every_kind_how_far_it_is_reached_and_what_to_do_about_it() {
    const JSON: (&str, &str) = ("content-type", "application/json");
    let kinds = ["openai", "anthropic", "ollama", "bedrock"];
    for voice in VOICES.iter().filter(|voice| kinds.contains(&voice.name)) {
        let (name, list, refusal) = (voice.name, voice.list, (voice.refusal)().to_string());
        let has_key = voice.config.contains("api_key");
        let keyless = refusal.clone();
        let lists = Server::start(move |_, seen| {
            let brings = |header: &str| seen.headers.contains_key(header);
            if has_key && !brings("authorization") && !brings("x-api-key") {
                return whole(401, &[JSON], keyless.clone());
            }
            // Its clock stands still.
            whole(200, &[JSON, ("date", "Thu, 01 Jan 2015 00:00:00 GMT")], list(2, seen))
        })
        .await;
        let missing = refusal.clone();
        let lost = Server::start(move |_, _| whole(404, &[JSON], missing.clone())).await;
        let refuses = Server::start(move |_, _| whole(401, &[JSON], refusal.clone())).await;
        let gone = Server::start(|_, _| whole(200, &[JSON], "{}")).await;
        let nowhere = voice.config_at(&gone);
        drop(gone);
        let row = |config: &str, what: &str| -> [String; 3] {
            let said = tokio::task::block_in_place(|| Home::with(config).run(&["doctor", "--json"]));
            let rows = said.objects();
            let row = rows.iter().find(|row| row["what"] == what);
            let row: &Value = row.unwrap_or_else(|| panic!("{name}: no {what} in {said:?}"));
            ["verdict", "found", "advice"].map(|part| row[part].as_str().unwrap().to_owned())
        };
        let [verdict, found, _] = row(&voice.config_at(&lists), "provider there");
        assert_eq!(verdict, "good", "{name}: {found}");
        assert!(found.contains("reached at http://127.0.0.1:"), "{name}: {found}");
        assert!(found.contains("2 models can be asked"), "{name}: {found}");
        assert_eq!(found.contains("its key was taken"), has_key, "{name}: {found}");
        let [_, found, advice] = row(&voice.config_at(&lists), "clock of there");
        assert!(found.contains("behind this machine's") && !advice.is_empty(), "{name}: {found}: {advice}");
        let [verdict, found, advice] = row(&voice.config_at(&refuses), "provider there");
        assert_eq!(verdict, "bad", "{name}: {found}");
        assert!(found.contains("was not taken") && found.contains(WORDS), "{name}: {found}");
        assert!(!advice.is_empty(), "{name}: {found}");
        let [verdict, found, advice] = row(&voice.config_at(&lost), "provider there");
        assert_eq!(verdict, "bad", "{name}: {found}");
        assert!(found.contains("but it lists no models") && found.contains(WORDS), "{name}: {found}");
        assert!(!advice.is_empty(), "{name}: {found}");
        let [verdict, found, advice] = row(&nowhere, "provider there");
        assert_eq!(verdict, "bad", "{name}: {found}");
        assert!(found.contains("not reached at http://127.0.0.1:") && !advice.is_empty(), "{name}: {found}");
    }
}
