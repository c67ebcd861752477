//! How far the small local model gets as an agent, held to the form of its steps: fixed tasks, asked through the real
//! binary at temperature 0, twenty with which the prompt of a step was chosen and twenty that had no part in it.
//!
//! `OUTCROP_TEST_MODEL=model.gguf OUTCROP_TEST_ENCODER=model.safetensors cargo bench --bench agents`; what it came to stands in
//! `benches/README.md`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]
// The models are taken from the environment.
#![allow(clippy::disallowed_methods)]

#[path = "../../tests/suite/tty.rs"]
mod tty;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use serde::Deserialize;
use serde_json::Value;
use tty::Home;

/// The tasks, and what is said of them.
const TASKS: [(&str, &str); 2] = [
    ("with which the prompt of a step was chosen", include_str!("tasks.toml")),
    ("which had no part in choosing it", include_str!("fresh.toml")),
];
const ENCODER: &str = "local/all-minilm-l6-v2";

#[derive(Deserialize)]
struct Tasks {
    tasks: Vec<Task>,
}

/// One of them.
#[derive(Deserialize)]
struct Task {
    agent: String,
    question: String,
    /// What knows the answer.
    tool: String,
    /// What a right answer holds.
    answer: String,
}

/// What came of one.
struct Done {
    right: bool,
    called: bool,
    answered: bool,
    unread: usize,
    told: String,
}

fn main() {
    let named = |name: &str| std::env::var_os(name).filter(|path| !path.is_empty()).map(PathBuf::from);
    let (Some(model), Some(encoder)) = (named("OUTCROP_TEST_MODEL"), named("OUTCROP_TEST_ENCODER")) else {
        println!("skipped: OUTCROP_TEST_MODEL and OUTCROP_TEST_ENCODER name the files of the two models");
        return;
    };
    let home = Home::new("model = 'local/small'\n");
    home.said(&["models", "add", model.to_str().unwrap(), "--name", "small"]);
    let own = home.path().join("data/models/all-minilm-l6-v2");
    fs::create_dir_all(&own).unwrap();
    for file in fs::read_dir(encoder.parent().unwrap()).unwrap().map(|entry| entry.unwrap().path()) {
        fs::copy(&file, own.join(file.file_name().unwrap())).unwrap();
    }
    furnish(&home);
    for (said, tasks) in TASKS {
        let Tasks { tasks } = toml::from_str(tasks).unwrap();
        println!("{} tasks {said}", tasks.len());
        ask(&home, &tasks);
    }
}

/// Asks all of them, and counts what came of it.
fn ask(home: &Home, tasks: &[Task]) {
    let begun = Instant::now();
    let done: Vec<Done> = tasks.iter().map(|task| run(home, task)).collect();
    for (task, done) in tasks.iter().zip(&done) {
        println!("{} {}\n{}", if done.right { "right" } else { "wrong" }, task.question, done.told);
    }
    let count = |which: fn(&Done) -> bool| done.iter().filter(|done| which(done)).count();
    println!("answered right          {} of {}", count(|done| done.right), tasks.len());
    println!("called what knows it    {} of {}", count(|done| done.called), tasks.len());
    println!("ended with an answer    {} of {}", count(|done| done.answered), tasks.len());
    println!("steps not to be read    {}", done.iter().map(|done| done.unread).sum::<usize>());
    println!("seconds in all          {:.0}", begun.elapsed().as_secs_f32());
}

/// Asks one.
fn run(home: &Home, task: &Task) -> Done {
    let output = home.run(&["agent", "run", &task.agent, &task.question, "--json"]);
    let mut done = Done { right: false, called: false, answered: false, unread: 0, told: String::new() };
    for line in String::from_utf8(output.stdout).unwrap().lines() {
        let Ok(said) = serde_json::from_str::<Value>(line) else { continue };
        let event = &said["event"];
        let text = |name: &str| event[name].as_str().unwrap_or_default();
        match text("happened") {
            "gave" => {
                let good = event["is_error"] != true;
                done.called |= text("action") == task.tool && good;
                let content: String = text("content").chars().take(60).collect();
                done.told.push_str("      ");
                done.told.push_str(text("action"));
                done.told.push_str(if good { " gave " } else { " failed: " });
                done.told.push_str(&content.replace('\n', " "));
                done.told.push('\n');
            }
            "remark" if text("text").contains("could not be read") => done.unread += 1,
            "ended" => {
                let answer = event["state"]["text"].as_str().unwrap_or_default();
                done.answered = event["state"]["state"] == "answered";
                done.right = done.answered && answer.to_lowercase().contains(&task.answer.to_lowercase());
                done.told.push_str("      ");
                done.told.push_str(&answer.replace('\n', " "));
            }
            _ => {}
        }
    }
    done
}

/// Makes the agents and what they work on.
fn furnish(home: &Home) {
    let notes = home.path().join("notes");
    let museum = home.path().join("museum");
    write(&notes, "meeting.txt", "The meeting is on Thursday at 10 in the blue room.");
    write(&notes, "shopping.txt", "Buy lentils, onions and rice.");
    write(&notes, "letter.txt", "Dear Charles, the engine runs. Yours, Ada");
    write(
        &museum,
        "hours.txt",
        "The museum opens at 9 from Tuesday to Friday and at 11 on Saturday and Sunday. It is closed on Monday.",
    );
    write(&museum, "tickets.txt", "A ticket costs 8 euros, for children 3 euros. Families pay 18 euros.");
    write(&museum, "way.txt", "The museum is at 4 River Street. Take bus 27 from the station.");
    home.said(&["kb", "create", "museum", "--from", museum.to_str().unwrap(), "--embedder", ENCODER]);
    let read = format!("{{ built_in = {{ tool = 'read_files', folder = '{}' }} }}", notes.display());
    let agents = [
        (
            "sums",
            "You are a helpful assistant who is good at arithmetic.",
            "[[groups]]\nname = 'sums'\nruns = { built_in = { tool = 'calculator' } }\n".to_owned(),
        ),
        ("shop", "You help in a tea shop.", shop()),
        ("notes", "You help with the user's notes.", format!("[[groups]]\nname = 'files'\nruns = {read}\n")),
        (
            "museum",
            "You answer questions about the town's museum.",
            "[[bases]]\nname = 'museum'\ndescription = 'Hours, tickets and the way of the museum.'\n"
                .to_owned(),
        ),
    ];
    for (name, instruction, more) in agents {
        let text = format!(
            "name = '{name}'\ninstruction = \"{instruction}\"\nmodel = 'local/small'\n[settings]\ntemperature = 0.0\n{more}"
        );
        let file = home.path().join(format!("{name}.toml"));
        fs::write(&file, text).unwrap();
        home.said(&["agent", "create", file.to_str().unwrap()]);
    }
}

fn write(folder: &Path, name: &str, text: &str) {
    fs::create_dir_all(folder).unwrap();
    fs::write(folder.join(name), text).unwrap();
}

/// A group whose two functions a shell does, by Bedrock's event.
fn shop() -> String {
    let script = r#"
read -r event
case "$event" in
    *'"function":"price"'*) assam=4.20 darjeeling=6.80 sencha=5.50 oolong=9.10 ceylon=3.60 matcha=12.40 ;;
    *) assam=112 darjeeling=58 sencha=37 oolong=5 ceylon=83 matcha=24 ;;
esac
state=
case "$event" in
    *'"value":"'[Aa]ssam*) said=$assam ;;
    *'"value":"'[Dd]arjeeling*) said=$darjeeling ;;
    *'"value":"'[Ss]encha*) said=$sencha ;;
    *'"value":"'[Oo]olong*) said=$oolong ;;
    *'"value":"'[Cc]eylon*) said=$ceylon ;;
    *'"value":"'[Mm]atcha*) said=$matcha ;;
    *) said='there is no such tea' state='"responseState": "REPROMPT", ' ;;
esac
printf '{"messageVersion": "1.0", "response": {"functionResponse": {%s"responseBody": {"TEXT": {"body": "%s"}}}}}' "$state" "$said"
"#;
    let function = |name: &str, description: &str| {
        format!(
            "{{ name = '{name}', description = '{description}', parameters = [{{ name = 'tea', description = 'Its name', \
             type = 'string', required = true }}] }}"
        )
    };
    format!(
        "[[groups]]\nname = 'shop'\nruns = {{ program = {{ command = ['/bin/sh', '-c', '''{script}'''] }} }}\nfunctions = [{}, {}]\n",
        function("price", "The price of a tea."),
        function("stock", "How many packets of a tea are in stock."),
    )
}
