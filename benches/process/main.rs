//! Figures of the whole program from outside: the real binary in a pseudo-terminal.
//!
//! `cargo bench --bench process` prints every row; names after `--` choose some: `cargo bench --bench process -- start keys`.
//! What the rows mean and what they came to stands in `benches/README.md`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]
// A measurement waits in real time, and takes its model from the environment.
#![allow(clippy::disallowed_methods)]

mod server;
mod soak;
mod tail;
#[path = "../../tests/suite/tty.rs"]
mod tty;

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::Read;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;
use server::Server;
use tty::{Home, Tty};

const SIZE: (u16, u16) = (120, 40);
/// Conversations in the store for what depends on their number.
const MANY: usize = 10_000;
/// Items of the evaluation that is rated.
const ITEMS: usize = 100_000;
/// Names a GGUF file of SmolLM2-135M-Instruct.
const MODEL: &str = "OUTCROP_TEST_MODEL";

/// Names the binary of aichat, to compare with.
const PEER: &str = "OUTCROP_BENCH_AICHAT";

type Row = (&'static str, fn());

const ROWS: &[Row] = &[
    ("version", version),
    ("start", start),
    ("idle", idle),
    ("keys", keys),
    ("paste", paste),
    ("stream", stream),
    ("last", last),
    ("six", six),
    ("columns", columns),
    ("first", first),
    ("headless", headless),
    ("memory", memory),
    ("rate", rate),
    ("results", results),
    ("tail", tail::measure),
    ("end", end),
    ("soak", soak::measure),
    ("local", local),
];

fn main() {
    let chosen: Vec<_> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    for name in &chosen {
        assert!(ROWS.iter().any(|(row, _)| row == name), "no row {name}; there are {ROWS:?}");
    }
    println!("{:<58} {:>14}   target", "what", "reached");
    for (name, row) in ROWS {
        if chosen.is_empty() || chosen.iter().any(|c| c == name) {
            row();
        }
    }
}

fn line(what: &str, reached: &str, target: &str) {
    println!("{what:<58} {reached:>14}   {target}");
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// The value below which this share of them lies.
fn quantile(times: &[Duration], share: f64) -> Duration {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    sorted[((sorted.len() - 1) as f64 * share).round() as usize]
}

fn median(times: &[Duration]) -> Duration {
    quantile(times, 0.5)
}

fn spread(times: &[Duration]) -> String {
    format!("{:.1} / {:.1} ms", ms(median(times)), ms(quantile(times, 0.99)))
}

/// Processor time that each of the process's threads has had.
fn cpu(tty: &Tty) -> HashMap<PathBuf, Duration> {
    let threads = std::fs::read_dir(format!("/proc/{}/task", tty.pid())).unwrap();
    let of = |path: PathBuf| {
        let text = std::fs::read_to_string(path.join("schedstat")).ok()?;
        let nanos = text.split_whitespace().next()?.parse().ok()?;
        Some((path, Duration::from_nanos(nanos)))
    };
    threads.flatten().filter_map(|thread| of(thread.path())).collect()
}

/// What they have had since then. One that has ended takes what it had with it, so that each is reckoned for itself.
fn used(tty: &Tty, before: &HashMap<PathBuf, Duration>) -> Duration {
    let since = |(thread, now): (PathBuf, Duration)| {
        now.saturating_sub(before.get(&thread).copied().unwrap_or_default())
    };
    cpu(tty).into_iter().map(since).sum()
}

/// Resident memory, in MB of 2^20 bytes.
fn resident(tty: &Tty) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", tty.pid())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<f64>().unwrap() / 1024.0
}

/// Waits until the process rests: half a second in which it used less than a millisecond.
fn rest(tty: &Tty) {
    for _ in 0..40 {
        let before = cpu(tty);
        thread::sleep(Duration::from_millis(500));
        if used(tty, &before) < Duration::from_millis(1) {
            return;
        }
    }
}

fn version() {
    let home = Home::scripted();
    let once = |_| {
        let start = Instant::now();
        home.said(&["--version"]);
        start.elapsed()
    };
    let times: Vec<_> = (0..30).map(once).collect();
    line("outcrop --version, median of 30", &format!("{:.1} ms", ms(median(&times))), "10 ms");
}

/// A home with many conversations: one is asked for and exported, its copies get ids and numbers of their own.
fn filled() -> Home {
    let home = Home::scripted();
    home.said(&["chat", "-m", "scripted/echo", "number", "00000", "about", "rivers", "and", "silt"]);
    let one = home.said(&["conversations", "export", "--format", "jsonl"]);
    let ids = ids_in(&one);
    let mut all = String::with_capacity(one.len() * MANY);
    for number in 1..MANY {
        let mut copy = one.replace("number 00000", &format!("number {number:05}"));
        for id in &ids {
            let fresh = format!("{}{number:08x}", &id[..id.len() - 8]);
            copy = copy.replace(id, &fresh);
        }
        writeln!(all, "{}", copy.trim_end()).unwrap();
    }
    let file = home.path().join("all.jsonl");
    std::fs::write(&file, all).unwrap();
    home.said(&["conversations", "import", file.to_str().unwrap()]);
    let listed = home.said(&["conversations", "list", "--limit", "20000"]);
    assert!(listed.lines().count() >= MANY, "only {} conversations are there", listed.lines().count());
    home
}

/// The UUIDs that a text holds, each once; hyphens or none.
fn ids_in(text: &str) -> Vec<String> {
    let digit = |c: char| c.is_ascii_hexdigit() || c == '-';
    let mut ids: Vec<String> = text
        .split(|c| !digit(c))
        .filter(|word| {
            [32, 36].contains(&word.len()) && word.chars().filter(char::is_ascii_hexdigit).count() == 32
        })
        .map(str::to_owned)
        .collect();
    ids.sort();
    ids.dedup();
    ids
}

fn start() {
    let home = filled();
    for answers in [false, true] {
        let mut usable = Vec::new();
        let mut listed = Vec::new();
        // The first warms the file cache.
        for round in 0..12 {
            let tty = if answers { home.open_answering(SIZE, &[]) } else { home.open(SIZE, &[]) };
            let composer = tty.wait_for_composer() - tty.started;
            let list = tty.wait("the newest conversations", |screen| {
                screen.contents().matches("number 0").count() >= 10
            }) - tty.started;
            if round > 1 {
                usable.push(composer);
                listed.push(list);
            }
            quit(tty);
        }
        let silent = if answers { "answers queries" } else { "answers none" };
        line(
            &format!("start → composer, terminal {silent}"),
            &format!("{:.1} ms", ms(median(&usable))),
            "15 ms",
        );
        line(
            &format!("start → newest of {MANY} listed, terminal {silent}"),
            &format!("{:.1} ms", ms(median(&listed))),
            "50 ms",
        );
    }
}

fn quit(mut tty: Tty) {
    tty.send("\x11");
    tty.ended();
}

/// The terminal is gone in the middle of an answer, until the process is.
fn end() {
    let home = Home::scripted();
    let times: Vec<_> = (0..10)
        .map(|_| {
            let mut tty = home.open(SIZE, &["-m", "scripted/stream-200000@500"]);
            tty.wait_for_composer();
            tty.ask("go");
            tty.wait_for("silt past stone");
            tty.hang_up();
            let start = Instant::now();
            tty.ended();
            start.elapsed()
        })
        .collect();
    line("terminal gone → process ended, median / worst of 10", &in_short(&times), "1000 ms");
}

/// What a model says of an item.
fn sentences(model: &str, at: usize) -> String {
    format!("{model} says of {at}: a river that is slow lets fall what it carries. ").repeat(3)
}

/// A home with an evaluation of many items, each with two answers of a few sentences.
fn to_rate() -> Home {
    let home = Home::scripted();
    let mut lines = String::new();
    for at in 0..ITEMS {
        let answer = |model: &str| {
            let text = sentences(model, at);
            format!(r#"{{"response": "{text}", "modelIdentifier": "{model}"}}"#)
        };
        let answers = [answer("alpha"), answer("beta")].join(", ");
        writeln!(lines, r#"{{"prompt": "question {at}: why?", "modelResponses": [{answers}]}}"#).unwrap();
    }
    let file = home.path().join("many.jsonl");
    std::fs::write(&file, lines).unwrap();
    home.said(&["datasets", "import", file.to_str().unwrap(), "--name", "many"]);
    home.said(&["eval", "create", "many", "--dataset", "many"]);
    home
}

/// A rater's key, the vote on the disk, the next item on the screen.
fn rate() {
    let home = to_rate();
    let tty = home.open(SIZE, &["eval", "rate", "many", "--rater", "ana"]);
    let opened = tty.wait_for("Instructions") - tty.started;
    tty.send("\x1b");
    tty.wait("the first item", |screen| !screen.contents().contains("Instructions"));
    let item = |number: usize| format!("item {number} of");
    let times: Vec<_> = (1..=60)
        .map(|number| {
            tty.wait_for(&item(number));
            // A new item takes no key for a moment.
            thread::sleep(Duration::from_millis(220));
            let start = Instant::now();
            tty.send("1");
            tty.wait_for(&item(number + 1)).saturating_duration_since(start)
        })
        .collect();
    line("rating key → next item, 100,000 items, p50 / p99", &spread(&times), "30 ms");
    line("the evaluation opened, until the first item", &format!("{:.1} s", opened.as_secs_f64()), "");
    line("resident memory, 100,000 items open", &format!("{:.1} MB", resident(&tty)), "150 MB");
    quit(tty);
}

/// A home with an evaluation of as many items, a vote on each, brought from ten people.
fn judged() -> Home {
    let home = Home::scripted();
    let mut lines = String::new();
    for at in 0..ITEMS {
        let answer = |model: &str| json!({"response": sentences(model, at), "modelIdentifier": model});
        // Which of both is as good as drawn, the same in every run.
        let chosen = if at * 7919 % 13 < 7 { "0" } else { "1" };
        let said =
            json!({"comparisonChoice": [{"metricName": "choice", "result": {"modelResponseId": chosen}}]});
        let line = json!({
            "inputRecord": {"prompt": format!("question {at}: why?"), "category": format!("kind {}", at % 5)},
            "modelResponses": [answer("alpha"), answer("beta")],
            "humanEvaluationResult": {
                "humanAnswers": [{
                    "submissionTime": "2026-11-01T10:00:00.000Z",
                    "timeSpentInSeconds": 4.5,
                    "workerId": format!("worker {}", at % 10),
                    "answerContent": {"evaluationResults": said},
                }],
                "inputContent": {"evaluationMetrics": [
                    {"metricName": "choice", "description": "Which is better?", "ratingMethod": "ComparisonChoice"},
                ]},
                "modelResponseIdMap": {"0": "alpha", "1": "beta"},
            },
        });
        writeln!(lines, "{line}").unwrap();
    }
    let file = home.path().join("judged.jsonl");
    std::fs::write(&file, lines).unwrap();
    home.said(&["eval", "import", file.to_str().unwrap(), "--name", "judged"]);
    home
}

/// What the votes on 100,000 items come to, on the screen.
fn results() {
    let home = judged();
    let tty = home.open(SIZE, &["-m", "scripted/echo"]);
    tty.wait_for_composer();
    tty.send("\x1b4");
    tty.wait_for("judged");
    let start = Instant::now();
    tty.send("o");
    let opened = tty.wait_for("each to be rated by").saturating_duration_since(start);
    rest(&tty);
    line(
        "results of 100,000 items, a vote each: on the screen",
        &format!("{:.1} s", opened.as_secs_f64()),
        "2 s",
    );
    line("resident memory with them open", &format!("{:.1} MB", resident(&tty)), "150 MB");
    quit(tty);
}

fn idle() {
    let home = Home::scripted();
    let tty = home.open(SIZE, &["-m", "scripted/markdown"]);
    tty.wait_for_composer();
    tty.ask("once");
    rest(&tty);
    // Threads that wait for more work end ten seconds after their last; half a minute after the start the workspace is looked
    // through once.
    thread::sleep(Duration::from_secs(45));
    let before = cpu(&tty);
    let seconds = 10;
    thread::sleep(Duration::from_secs(seconds));
    let used = used(&tty, &before) / u32::try_from(seconds).unwrap();
    line("CPU a second when idle", &format!("{:.3} ms", ms(used)), "0 ms");
}

/// Types digits and measures each from the key to its glyph.
fn typed(tty: &Tty, count: usize) -> Vec<Duration> {
    let mut times = Vec::with_capacity(count);
    let mut text = String::from("#");
    tty.send("#");
    tty.wait_for(&text);
    let mut seed = 12345_u32;
    for i in 0..count {
        // Unequal pauses, so that keys meet every phase of a frame.
        seed = seed.wrapping_mul(1_103_515_245).wrapping_add(12345);
        thread::sleep(Duration::from_millis(5 + u64::from(seed >> 16) % 30));
        let digit = (i % 10).to_string();
        text.push_str(&digit);
        let start = Instant::now();
        tty.send(&digit);
        times.push(tty.wait_for(&text).saturating_duration_since(start));
        if text.len() > 30 {
            let rubbed = text.clone();
            text.truncate(1);
            tty.send("\x7f".repeat(rubbed.len() - 1));
            tty.wait("an empty composer", |screen| !screen.contents().contains(&rubbed[..3]));
        }
    }
    times
}

fn keys() {
    let server = Server::start();
    let home = Home::new(&server.config());
    let tty = home.open(SIZE, &["-m", "loop/words-200000@5000"]);
    tty.wait_for_composer();
    tty.ask("go");
    tty.wait_for("word word word");
    let times = typed(&tty, 300);
    line("key → glyph at 5,000 tokens/s, p50 / p99", &spread(&times), "8 ms");
    tty.send("\x1b");
}

/// 10 MB in brackets: all of it written → folded to a chip on the screen, then a key beside the chip.
fn paste() {
    let home = Home::scripted();
    let mut whole = b"\x1b[200~".to_vec();
    for _ in 0..10 * 1024 {
        whole.extend_from_slice(&[b'x'; 1023]);
        whole.push(b'\r');
    }
    whole.extend_from_slice(b"\x1b[201~");
    let tty = home.open_answering(SIZE, &["-m", "scripted/echo"]);
    tty.wait_for_composer();
    let start = Instant::now();
    tty.send(&whole);
    let taken = start.elapsed();
    let folded = tty.wait_for("[Pasted #1").saturating_duration_since(start);
    line(
        "paste of 10 MB: taken / folded on the screen",
        &format!("{:.0} / {:.0} ms", ms(taken), ms(folded)),
        "",
    );
    let mut times = Vec::new();
    for round in 0..50 {
        thread::sleep(Duration::from_millis(20));
        let word = format!("~{round:02}");
        let start = Instant::now();
        tty.send(&word);
        times.push(tty.wait_for(&word).saturating_duration_since(start));
        tty.send("\x7f\x7f\x7f");
        tty.wait("what was rubbed out", |screen| !screen.contents().contains(&format!("MB] {word}")));
    }
    line("key → glyph beside that paste, p50 / p99", &spread(&times), "8 ms");
    quit(tty);
}

fn stream() {
    let server = Server::start();
    let home = Home::new(&server.config());
    let used: Vec<_> = (0..3)
        .map(|_| {
            let tty = home.open(SIZE, &["-m", "loop/words-400@500"]);
            tty.wait_for_composer();
            tty.send("go to fin");
            tty.wait_for("go to fin");
            rest(&tty);
            let before = cpu(&tty);
            tty.send("\r");
            tty.wait("the last word", |screen| ends(screen, "fin"));
            thread::sleep(Duration::from_millis(300));
            let used = used(&tty, &before);
            quit(tty);
            used
        })
        .collect();
    line("CPU to stream 400 tokens at 500/s", &format!("{:.3} s", median(&used).as_secs_f64()), "0.08 s");
}

fn last() {
    let server = Server::start();
    let home = Home::new(&server.config());
    let tty = home.open(SIZE, &["-m", "loop/words-200@500"]);
    tty.wait_for_composer();
    let times: Vec<_> = (0..5)
        .map(|turn| {
            // Both ends of the word are its own, so that the question on the screen is not taken for the answer.
            tty.ask(&format!("turn number {turn} ends with fin{turn}"));
            let seen = tty.wait(&format!("fin{turn}"), |screen| ends(screen, &format!("fin{turn}")));
            seen.saturating_duration_since(server.written.recv().unwrap().last)
        })
        .collect();
    line("last token sent → on the screen, median / worst of 5", &in_short(&times), "20 ms");
    quit(tty);
}

/// Whether a line of the answer ends with this word: the question's line has others before it.
fn ends(screen: &vt100::Screen, word: &str) -> bool {
    screen.contents().lines().any(|line| line.contains(&format!("word {word}")))
}

fn in_short(times: &[Duration]) -> String {
    format!("{:.1} / {:.1} ms", ms(median(times)), ms(*times.iter().max().unwrap()))
}

/// Six conversations of one process are answered at once; the screen shows the last one.
fn six() {
    let server = Server::start();
    let home = Home::new(&server.config());
    let tty = home.open(SIZE, &["-m", "loop/words-3000@1000"]);
    tty.wait_for_composer();
    let times: Vec<_> = (0..3)
        .map(|round| {
            for stream in 0..6 {
                tty.ask(&format!("round {round} stream {stream} ends with fin{round}x{stream}"));
                tty.wait_for("word word");
                if stream < 5 {
                    tty.send("\x0e");
                    tty.wait("a new conversation", |screen| !screen.contents().contains("word word"));
                }
            }
            let fin = format!("fin{round}x5");
            let seen = tty.wait(&fin, |screen| ends(screen, &fin));
            let written: Vec<_> = (0..6).map(|_| server.written.recv().unwrap()).collect();
            let begun = written.iter().map(|written| written.first).max().unwrap();
            assert!(written.iter().all(|written| written.last > begun), "they did not stream at once");
            let last = written.iter().map(|written| written.last).max().unwrap();
            tty.send("\x0e");
            tty.wait("a new conversation", |screen| !screen.contents().contains("word word"));
            seen.saturating_duration_since(last)
        })
        .collect();
    line("the same of six streams at 1,000 tokens/s, of 3", &in_short(&times), "50 ms");
    quit(tty);
}

/// Six models are compared, and the screen shows all of them, each as long as a column is high.
fn columns() {
    const MODEL: &str = "loop/words-350@1000";
    let server = Server::start();
    let home = Home::new(&server.config());
    // What the first start says of the key would stand over the last words of a column for its seconds.
    home.said(&["workspace", "info"]);
    let tty = home.open((240, 70), &["-m", MODEL]);
    tty.wait_for_composer();
    tty.send("\x1b2");
    tty.wait_for("The same question to two models or more");
    for column in 2..=6 {
        tty.send("\x1bc");
        tty.wait_for("in→out");
        tty.send(format!("{MODEL}\r"));
        let said = format!("{column} columns");
        tty.wait(&said, |screen| screen.contents().contains(&said));
    }
    let count = |screen: &vt100::Screen, word: &str| screen.contents().matches(word).count();
    let times: Vec<_> = (0..3)
        .map(|round| {
            let fin = format!("fin{round}");
            tty.ask(&format!("round {round} ends with {fin}"));
            // The question has the word, too.
            let asked = format!("with {fin}");
            let ends = |screen: &vt100::Screen| count(screen, &fin) - count(screen, &asked);
            let seen = tty.wait("the last word of each", |screen| ends(screen) == 6);
            // The next question is taken once they have ended, a moment later.
            tty.wait("six answers at their end", |screen| count(screen, "· stop") == 6);
            let written: Vec<_> = (0..6).map(|_| server.written.recv().unwrap()).collect();
            let begun = written.iter().map(|written| written.first).max().unwrap();
            assert!(written.iter().all(|written| written.last > begun), "they did not stream at once");
            seen.saturating_duration_since(written.iter().map(|written| written.last).max().unwrap())
        })
        .collect();
    line("the same of six columns side by side, of 3", &in_short(&times), "50 ms");
    quit(tty);
}

/// Starts `outcrop chat` with its output in a pipe.
fn chat(home: &Home, model: &str, more: &[&str]) -> std::process::Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_outcrop"));
    command.args(["chat", "-m", model]).args(more).env_clear().env("OUTCROP_HOME", home.path());
    command.env(tty::ALONE.0, tty::ALONE.1).stdin(Stdio::null()).stdout(Stdio::piped());
    command.spawn().unwrap()
}

fn first() {
    let server = Server::start();
    let home = Home::new(&server.config());
    let times: Vec<_> = (0..20)
        .map(|_| {
            let mut child = chat(&home, "loop/words-2@100", &["go"]);
            let mut byte = [0];
            child.stdout.as_mut().unwrap().read_exact(&mut byte).unwrap();
            let seen = Instant::now();
            child.wait().unwrap();
            seen.saturating_duration_since(server.written.recv().unwrap().first)
        })
        .collect();
    let (half, worst) = (quantile(&times, 0.5), quantile(&times, 0.9));
    line(
        "first byte sent → first word in the pipe, p50 / p90 of 20",
        &format!("{:.2} / {:.2} ms", ms(half), ms(worst)),
        "1 ms",
    );
}

/// Processor time of all children that have ended, in the kernel's ticks of 10 ms.
fn ended_children() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    // The name in brackets may hold spaces; `cutime` and `cstime` are the 16th and 17th fields of all.
    let fields: Vec<_> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    let ticks: u64 = fields[13].parse::<u64>().unwrap() + fields[14].parse::<u64>().unwrap();
    Duration::from_millis(10 * ticks)
}

fn headless() {
    const TIMES: u32 = 10;
    let server = Server::start();
    let home = Home::new(&server.config());
    let before = ended_children();
    for _ in 0..TIMES {
        let output = chat(&home, "loop/words-1000@500", &["go", "on"]).wait_with_output().unwrap();
        assert!(output.stdout.ends_with(b"word on\n"), "the answer is not whole");
    }
    let used = ended_children().saturating_sub(before) / TIMES;
    line(
        "CPU of `outcrop chat`, 1,000 tokens at 500/s, mean of 10",
        &format!("{:.3} s", used.as_secs_f64()),
        "0.06 s",
    );
    let Ok(peer) = std::env::var(PEER) else {
        println!("skipped: the same of aichat (needs {PEER}, its binary)");
        return;
    };
    let config = format!(
        "model: loop:words-1000@500\nclients:\n- type: openai-compatible\n  name: loop\n  api_base: http://127.0.0.1:{}/v1\n  api_key: none\n  models:\n  - name: words-1000@500\n",
        server.port
    );
    std::fs::write(home.path().join("aichat.yaml"), config).unwrap();
    let before = ended_children();
    for _ in 0..TIMES {
        let mut command = Command::new(&peer);
        command.args(["go", "on"]).env("AICHAT_CONFIG_FILE", home.path().join("aichat.yaml"));
        let output = command.stdin(Stdio::null()).output().unwrap();
        assert!(output.stdout.ends_with(b"word on\n"), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let used = ended_children().saturating_sub(before) / TIMES;
    line("the same of aichat", &format!("{:.3} s", used.as_secs_f64()), "");
}

/// Leaves the program's file to be read from the disk, as after any restart of the machine: of one that the linker has just
/// written the system holds, and counts, larger pieces.
fn settle() {
    let file = std::fs::File::open(env!("CARGO_BIN_EXE_outcrop")).unwrap();
    file.sync_all().unwrap();
    rustix::fs::fadvise(&file, 0, None, rustix::fs::Advice::DontNeed).unwrap();
}

fn memory() {
    let home = filled();
    settle();
    let tty = home.open(SIZE, &[]);
    tty.wait("the newest conversations", |screen| screen.contents().matches("number 0").count() >= 10);
    rest(&tty);
    line(
        &format!("resident memory, {MANY} conversations, no model"),
        &format!("{:.1} MB", resident(&tty)),
        "40 MB",
    );
    quit(tty);
}

fn local() {
    let Some(model) = std::env::var(MODEL).ok().filter(|path| !path.is_empty()) else {
        println!("skipped: local (needs {MODEL}, a GGUF file)");
        return;
    };
    let home = Home::new("");
    home.said(&["models", "add", &model, "--name", "smollm"]);
    let tty = home.open(SIZE, &["-m", "local/smollm"]);
    tty.wait_for_composer();
    tty.ask("Write a very long story about a river, a stone bridge and a patient engineer.");
    tty.wait_for("Esc stop");
    // The model is loaded and the prompt read.
    thread::sleep(Duration::from_secs(2));
    let times = typed(&tty, 150);
    let whole = if tty.text().contains("Esc stop") { "" } else { " (it ended before)" };
    line("key → glyph while the engine decodes, p50 / p99", &spread(&times), &format!("16 ms{whole}"));
    line("resident memory with the model", &format!("{:.0} MB", resident(&tty)), "750 MB");
    tty.send("\x1b");
    rest(&tty);

    // Through the socket the engine and its caches are those of the process in the terminal.
    let long = "The river carries silt past stone walls and patient engines. ".repeat(70);
    let few = ["--set", "max_tokens=8"];
    home.said(&["chat", "-m", "local/smollm", few[0], few[1], &long]);
    home.said(&["chat", "--continue", few[0], few[1], "Now say one word, please."]);
    let list = home.said(&["conversations", "list", "--limit", "1"]);
    let id = list.split_whitespace().next().unwrap();
    let thread = home.said(&["conversations", "show", id, "--json"]);
    let times: Vec<u64> = thread
        .split("\"first_token_ms\":")
        .skip(1)
        .filter_map(|after| after.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok())
        .collect();
    line("first token of a turn with 700 words to read", &format!("{} ms", times[0]), "");
    line("first token of the next turn, 6 words more", &format!("{} ms", times[1]), "the new tokens");
    quit(tty);
}
