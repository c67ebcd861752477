//! A process at work for long: whether its memory grows, and what its store takes of the disk beyond what is in it.
//!
//! A turn is asked for on its screen, another one by a second process, an agent of it computes; of the conversations the newest stay,
//! and the agent is made anew with every sweep, so that as much is wanted at the end as soon after the beginning.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::server::Server;
use super::tty::Home;
use super::{SIZE, ends, line, quit, resident, rest};

/// For how many minutes; a day has 1440.
const MINUTES: &str = "OUTCROP_BENCH_MINUTES";
const USUAL: f64 = 2.0;
/// No round begins sooner than so long after the one before.
const PACE: Duration = Duration::from_millis(500);
/// Conversations that stay.
const KEPT: usize = 200;
/// Rounds from one sweep to the next.
const SWEEP: u64 = 40;
/// The share of the time in which memory is not yet measured: caches fill.
const WARM: f64 = 1.0 / 3.0;

const AGENT: &str = "name = 'sums'\ninstruction = 'You compute.'\nmodel = 'scripted/acts'\n\
                     [[groups]]\nname = 'sums'\nruns = { built_in = { tool = 'calculator' } }\n";

pub fn measure() {
    let minutes: f64 = std::env::var(MINUTES).map_or(USUAL, |text| text.parse().expect("minutes, a number"));
    let time = Duration::from_secs_f64(minutes * 60.0);
    let server = Server::start();
    let acts = "[providers.scripted]\nkind = \"scripted\"\n[models.\"scripted/acts\"]\ncan = ['tools']\n";
    let home = Home::new(&format!("{}{acts}", server.config()));
    let agent = home.path().join("sums.toml");
    fs::write(&agent, AGENT).unwrap();
    let agent = agent.to_str().unwrap();
    home.said(&["agent", "create", agent]);
    let tty = home.open(SIZE, &["-m", "loop/words-10@1000"]);
    tty.wait_for_composer();
    let long = "A river that is slow lets fall what it carries. ".repeat(60);
    let begun = Instant::now();
    let (mut rounds, mut samples) = (0_u64, Vec::new());
    while begun.elapsed() < time {
        let round = Instant::now();
        rounds += 1;
        let fin = format!("fin{rounds}");
        tty.ask(&format!("a turn ends with {fin}"));
        tty.wait(&fin, |screen| ends(screen, &fin));
        tty.send("\x0e");
        tty.wait("a new conversation", |screen| !screen.contents().contains("word word"));
        home.said(&["chat", "-m", "loop/words-500@50000", &format!("{long} {rounds}")]);
        let script = format!("acts\ncall calculator {{\"expression\": \"{rounds} * 2\"}}\n---\nDone.");
        home.said(&["agent", "run", "sums", &script]);
        if rounds.is_multiple_of(SWEEP) {
            sweep(&home, agent);
        }
        // What nobody looks at any more: the bench is to last as long as the program.
        server.written.try_iter().for_each(drop);
        tty.forget();
        samples.push((begun.elapsed().as_secs_f64() / 3600.0, resident(&tty)));
        std::thread::sleep(PACE.saturating_sub(round.elapsed()));
    }
    sweep(&home, agent);
    rest(&tty);
    let from = samples.partition_point(|(hours, _)| *hours < time.as_secs_f64() / 3600.0 * WARM);
    let measured = &samples[from..];
    let (first, last) = (measured.first().expect("a round"), measured.last().expect("a round"));
    line(
        &format!("{rounds} rounds in {minutes} min: resident, from / to / most"),
        &format!(
            "{:.1} / {:.1} / {:.1} MB",
            first.1,
            last.1,
            measured.iter().fold(0.0_f64, |most, (_, mb)| most.max(*mb))
        ),
        "",
    );
    line("what it grows by an hour, by least squares", &format!("{:+.2} MB", slope(measured)), "0");
    let workspace = workspace(&home);
    let before = records(&workspace);
    home.said(&["workspace", "compact"]);
    let after = records(&workspace);
    line("its records on the disk / written anew", &format!("{:.1} / {:.1} MB", mb(before), mb(after)), "");
    line("the one against the other, in times", &format!("{:.2}", before as f64 / after as f64), "3");
    let others = under(home.path()).saturating_sub(under(&workspace));
    line("beside the workspace: its log, its settings", &format!("{:.2} MB", mb(others)), "");
    quit(tty);
}

/// Removes all conversations but the newest, and the agent with its runs, which is made anew.
fn sweep(home: &Home, agent: &str) {
    let listed = home.said(&["conversations", "list", "-n", "0", "--json"]);
    let id = |line: &str| {
        let line: Value = serde_json::from_str(line).unwrap();
        line["head"]["id"].as_str().map(str::to_owned)
    };
    let old: Vec<String> = listed.lines().filter_map(id).skip(KEPT).collect();
    if !old.is_empty() {
        let mut remove = vec!["conversations", "remove", "--yes"];
        remove.extend(old.iter().map(String::as_str));
        home.said(&remove);
    }
    home.said(&["agent", "remove", "sums", "--yes"]);
    home.said(&["agent", "create", agent]);
}

/// By how much the second number grows where the first grows by one, by least squares.
fn slope(points: &[(f64, f64)]) -> f64 {
    let count = points.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / count;
    let (x, y) = (mean(|point| point.0), mean(|point| point.1));
    let both: f64 = points.iter().map(|point| (point.0 - x) * (point.1 - y)).sum();
    let square: f64 = points.iter().map(|point| (point.0 - x) * (point.0 - x)).sum();
    if square > 0.0 { both / square } else { 0.0 }
}

fn workspace(home: &Home) -> PathBuf {
    let said = home.said(&["workspace", "info", "--json"]);
    let info: Value = serde_json::from_str(said.lines().next().unwrap()).unwrap();
    PathBuf::from(info["info"]["path"].as_str().unwrap())
}

/// Bytes of the records and of their large values: neither the room that is set aside for a full disk nor the store's own backup.
fn records(workspace: &Path) -> u64 {
    let entries = fs::read_dir(workspace).unwrap().flatten();
    entries
        .filter(|entry| entry.file_name().to_string_lossy().starts_with("gen-"))
        .map(|entry| under(&entry.path()))
        .sum()
}

/// Bytes of all files under a folder, as far as they are written.
fn under(folder: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(folder) else { return 0 };
    let bytes = |entry: fs::DirEntry| match entry.metadata() {
        Ok(about) if about.is_dir() => under(&entry.path()),
        Ok(about) => about.len().min(about.blocks() * 512),
        Err(_) => 0,
    };
    entries.flatten().map(bytes).sum()
}

fn mb(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}
