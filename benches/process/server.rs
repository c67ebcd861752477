//! A server of the `OpenAI` shape whose models are called by what they answer: `words-1000@500` writes 1,000 tokens, 500 a
//! second. The last token is the last word of the question, so that each answer's end is known from all others.

use std::io::{BufRead, BufReader, Read, Result, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// When an answer's first and last token were about to be written.
pub struct Written {
    pub first: Instant,
    pub last: Instant,
}

pub struct Server {
    pub port: u16,
    /// One for each answer that was written to its end.
    pub written: Receiver<Written>,
}

impl Server {
    /// Answers every peer in a thread of its own, for as long as the process lives.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (to, written) = channel();
        thread::spawn(move || {
            for peer in listener.incoming() {
                let to = to.clone();
                // A peer that goes away is the program's affair.
                thread::spawn(move || peer.and_then(|peer| answer(peer, &to)));
            }
        });
        Self { port, written }
    }

    /// A configuration that knows it as the provider `loop`.
    pub fn config(&self) -> String {
        let port = self.port;
        format!(
            "[providers.loop]\nkind = \"openai\"\nbase_url = \"http://127.0.0.1:{port}/v1\"\napi_key = \"none\"\n"
        )
    }
}

fn answer(mut peer: TcpStream, to: &Sender<Written>) -> Result<()> {
    peer.set_nodelay(true)?;
    let request = request(&peer)?;
    if request.is_null() {
        let body =
            json!({"object": "list", "data": [{"id": "words-200@500", "object": "model"}]}).to_string();
        let length = body.len();
        let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close";
        return write!(peer, "{head}\r\ncontent-length: {length}\r\n\r\n{body}");
    }
    let (tokens, rate) = request["model"]
        .as_str()
        .and_then(|model| model.strip_prefix("words-")?.split_once('@'))
        .and_then(|(tokens, rate)| Some((tokens.parse::<u32>().ok()?, rate.parse::<u32>().ok()?)))
        .unwrap_or((200, 500));
    write!(peer, "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n")?;
    let first = Instant::now();
    for token in 0..tokens.saturating_sub(1) {
        let due = first + Duration::from_secs(1) / rate * token;
        thread::sleep(due.saturating_duration_since(Instant::now()));
        peer.write_all(chunk(&json!({"content": "word "}), None).as_bytes())?;
    }
    let question = request["messages"]
        .as_array()
        .and_then(|all| all.last())
        .map_or(&Value::Null, |last| &last["content"]);
    let end = question.as_str().and_then(|text| text.split_whitespace().last()).unwrap_or("end");
    let end = chunk(&json!({"content": end}), None);
    // Whoever does not listen any more has all the figures wanted.
    let _ = to.send(Written { first, last: Instant::now() });
    peer.write_all(end.as_bytes())?;
    peer.write_all(chunk(&json!({}), Some("stop")).as_bytes())?;
    peer.write_all(b"data: [DONE]\n\n")
}

/// The body of a question; null for anything else.
fn request(peer: &TcpStream) -> Result<Value> {
    let mut reader = BufReader::new(peer);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let mut length = 0;
    loop {
        let mut header = String::new();
        reader.read_line(&mut header)?;
        if header.trim().is_empty() {
            break;
        }
        if let Some(value) = header.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or(0);
        }
    }
    let mut body = Vec::new();
    reader.take(length).read_to_end(&mut body)?;
    Ok(serde_json::from_slice(&body).unwrap_or_default())
}

fn chunk(delta: &Value, reason: Option<&str>) -> String {
    let choice = json!({"index": 0, "delta": delta, "finish_reason": reason});
    let chunk = json!({"id": "c", "object": "chat.completion.chunk", "model": "words", "choices": [choice]});
    format!("data: {chunk}\n\n")
}
