//! The voices against a real server: llama.cpp's own, with the real model.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use outcrop::domain::call::{Blobs, Call, Converse, Turn};
use outcrop::domain::delta::{Event, Fold};
use outcrop::domain::message::{Block, Role};
use outcrop::domain::settings::Settings;
use outcrop::net::{Client, NetOptions, Network, Reach};
use outcrop::provider::Provider;
use outcrop::provider::anthropic::Anthropic;
use outcrop::provider::key::Key;
use outcrop::provider::openai::{Api, OpenAi};

use crate::answer;
use crate::engine::real::{model, peers};
use crate::provider_openai::Kept;

/// Ends with the test that holds it.
pub struct Real {
    server: Child,
    url: String,
}

impl Real {
    /// Where it serves, without the path of an API.
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Real {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// The server, once it serves; `None` where the machine lacks it.
pub fn serve() -> Option<Real> {
    started(&[])
}

/// The server with more words to it.
fn started(more: &[&str]) -> Option<Real> {
    let (model, python) = (model()?, peers()?);
    let mut server = Command::new(python)
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers/llama_cpp_server.py"))
        .arg(model)
        .args(more)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // llama.cpp writes there too.
    let mut lines = BufReader::new(server.stdout.take().unwrap()).lines();
    let port = lines.find_map(|line| Some(line.ok()?.strip_prefix("serving at ")?.to_owned())).unwrap();
    // What it writes later must not fill the pipe.
    std::thread::spawn(move || lines.for_each(drop));
    Some(Real { server, url: format!("http://127.0.0.1:{port}") })
}

fn net() -> Client {
    Network::new(NetOptions::default(), std::sync::Arc::new(Kept::default())).client(Reach::default())
}

fn say(role: Role, text: &str) -> Turn {
    Turn { role, blocks: vec![Block::Text { text: text.into() }] }
}

/// A conversation of several turns, at temperature 0.
fn conversation(model: &str, max_tokens: u32) -> Converse {
    Converse {
        model: model.parse().unwrap(),
        system: Some("You are helpful.".into()),
        turns: vec![
            say(Role::User, "Say hello."),
            say(Role::Assistant, "Hello!"),
            say(Role::User, "Where do rivers end?"),
        ],
        settings: Settings { temperature: Some(0.0), max_tokens: Some(max_tokens), ..Settings::default() },
        conversation: None,
        blobs: Blobs::default(),
    }
}

/// Chat Completions is the yardstick: the same server, model and conversation bring the same words.
#[tokio::test(flavor = "multi_thread")]
async fn a_real_server_says_the_same_in_each_of_its_apis() {
    let Some(real) = serve() else { return };
    let url = format!("{}/v1", real.url);
    let chat = OpenAi::new("chat", &url, Key::None);
    let responses = OpenAi::new("responses", &url, Key::None).by(Api::Responses);
    let messages = Anthropic::new("messages", &url, Key::None);
    let voices: Vec<(&str, Box<dyn Provider>)> = vec![
        ("chat", Box::new(chat.clone())),
        ("chat, whole", Box::new(chat.whole(true))),
        ("responses", Box::new(responses.clone())),
        ("responses, whole", Box::new(responses.whole(true))),
        ("messages", Box::new(messages.clone())),
        ("messages, whole", Box::new(messages.whole(true))),
    ];
    let mut said: Vec<String> = Vec::new();
    for (name, voice) in voices {
        let listed = answer::events(voice.serve(Call::ListModels, &net())).await;
        let [Event::Models { cards }] = &listed[..] else { panic!("{name}: {listed:?}") };
        let id = cards[0].id.as_str();
        let events = answer::events(voice.serve(Call::Converse(conversation(id, 24)), &net())).await;
        let pieces = events.iter().filter(|event| matches!(event, Event::Text { .. })).count();
        assert_eq!(pieces == 1, name.ends_with("whole"), "{name}: {pieces} pieces");
        let mut fold = Fold::default();
        for event in &events {
            fold.push(event);
        }
        assert!(fold.usage.input.is_some_and(|tokens| tokens > 20), "{name}: {:?}", fold.usage);
        assert!(fold.usage.output.is_some_and(|tokens| tokens > 0), "{name}: {:?}", fold.usage);
        assert!(fold.stop.is_some(), "{name}");
        said.push(answer::text(&fold));
    }
    assert!(said[0].len() > 10, "{said:?}");
    for other in &said {
        assert_eq!(other, &said[0]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_server_embeds_texts_that_mean_the_same_alike() {
    let Some(real) = started(&["embeddings"]) else { return };
    let voice = OpenAi::new("vectors", format!("{}/v1", real.url), Key::None);
    let texts = ["Rivers flow to the sea.", "A river flows to the sea.", "def f(x): return x[::-1]"];
    let texts = texts.map(str::to_owned).to_vec();
    let embed = Call::Embed { model: "vectors/any".parse().unwrap(), texts, query: false };
    let events = answer::events(voice.serve(embed, &net())).await;
    let vectors: Vec<_> = events
        .iter()
        .filter_map(|event| if let Event::Embeddings { vectors } = event { Some(vectors) } else { None })
        .flatten()
        .collect();
    assert_eq!(vectors.len(), 3, "{events:?}");
    let length = |a: &[f32]| a.iter().map(|x| x * x).sum::<f32>().sqrt();
    let alike =
        |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(x, y)| x * y).sum::<f32>() / (length(a) * length(b));
    assert!(vectors.iter().all(|vector| vector.len() == 576), "the width of the model");
    assert!(alike(vectors[0], vectors[1]) > alike(vectors[0], vectors[2]) + 0.05);
}
