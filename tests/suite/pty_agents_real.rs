//! Agents of the small model of this machine in the real program: its steps are valid, it computes, looks things up and answers,
//! and what it did is a trace on the screen.

use std::fs;
use std::path::PathBuf;

use crate::engine::real::model;
use crate::tty::{Home, Tty};

const SIZE: (u16, u16) = (120, 40);

/// The files of the small encoder, where the machine has them.
fn encoder() -> Option<PathBuf> {
    let file = std::env::var_os("OUTCROP_TEST_ENCODER").filter(|file| !file.is_empty()).map(PathBuf::from);
    if file.is_none() {
        crate::skipped!("the real encoder; OUTCROP_TEST_ENCODER names its file");
        assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "OUTCROP_TEST_ENCODER is not set");
    }
    file?.parent().map(PathBuf::from)
}

/// An agent whose model always takes what is likeliest.
fn made(home: &Home, name: &str, instruction: &str, more: &str) {
    let text = format!(
        "name = '{name}'\ninstruction = \"{instruction}\"\nmodel = 'local/small'\n[settings]\ntemperature = 0.0\n\
         [limits]\nsteps = 8\n{more}"
    );
    let file = home.path().join(format!("{name}.toml"));
    fs::write(&file, text).unwrap();
    home.said(&["agent", "create", file.to_str().unwrap()]);
}

/// Has that agent answer, and not the other one.
fn choose(tty: &Tty, name: &str, other: &str) {
    tty.send("\x1be");
    tty.wait_for("Answered by");
    tty.send(name);
    tty.wait("it alone is offered", |screen| {
        let text = screen.contents();
        text.contains(&format!("{name}  local/small")) && !text.contains(&format!("{other}  local/small"))
    });
    tty.send("\r");
    tty.wait_for(&format!("agent {name}"));
}

/// The screen once the agent has answered. Each of its steps may take its time.
fn answered(tty: &Tty) -> String {
    let mut steps = 0;
    loop {
        tty.wait("one step more, or the answer", |screen| {
            let text = screen.contents();
            text.contains("answered · run") || text.matches(" ● ").count() > steps
        });
        let text = tty.text();
        if text.contains("answered · run") {
            return text;
        }
        steps = text.matches(" ● ").count();
    }
}

#[test]
fn the_small_model_computes_looks_up_and_answers_on_the_screen_and_its_trace_is_there() {
    let (Some(model), Some(encoder)) = (model(), encoder()) else { return };
    let home = Home::new("model = 'local/small'\n");
    home.said(&["models", "add", model.to_str().unwrap(), "--name", "small"]);
    let own = home.path().join("data/models/all-minilm-l6-v2");
    fs::create_dir_all(&own).unwrap();
    for file in fs::read_dir(encoder).unwrap().map(|entry| entry.unwrap().path()) {
        fs::copy(&file, own.join(file.file_name().unwrap())).unwrap();
    }
    let docs = home.path().join("museum");
    fs::create_dir(&docs).unwrap();
    let tickets = "A ticket costs 8 euros, for children 3 euros. Families pay 18 euros.";
    fs::write(docs.join("tickets.txt"), tickets).unwrap();
    let way = "The museum is at 4 River Street. Take bus 27 from the station.";
    fs::write(docs.join("way.txt"), way).unwrap();
    let from = docs.to_str().unwrap();
    home.said(&["kb", "create", "museum", "--from", from, "--embedder", "local/all-minilm-l6-v2"]);
    let base = "[[bases]]\nname = 'museum'\ndescription = 'Hours, tickets and the way of the museum.'\n";
    made(&home, "guide", "You answer questions about the town's museum.", base);
    let sums = "[[groups]]\nname = 'sums'\nruns = { built_in = { tool = 'calculator' } }\n";
    made(&home, "sums", "You are a helpful assistant who is good at arithmetic.", sums);

    let mut tty = home.open(SIZE, &[]);
    tty.wait_for_composer();
    tty.wait_for("ask something");
    choose(&tty, "sums", "guide");
    tty.ask("What is 12 * 31?");
    let text = answered(&tty);
    assert!(text.contains("calculator") && text.contains("→ 372"), "{text}");
    assert!(!text.contains("could not be read"), "{text}");

    tty.send("\x0e");
    tty.wait("a new conversation", |screen| !screen.contents().contains("→ 372"));
    choose(&tty, "guide", "sums");
    tty.ask("What does a ticket for children cost?");
    let text = answered(&tty);
    assert!(text.contains("search_museum") && text.contains("reads the passages"), "{text}");
    assert!(!text.contains("could not be read"), "{text}");

    tty.send("\t");
    tty.wait("the focus in what is read", vt100::Screen::hide_cursor);
    tty.send("T");
    tty.wait_for("retrieval");
    let text = tty.text();
    for span in ["◆ guide", "chat small", "embeddings"] {
        assert!(text.contains(span), "{span}: {text}");
    }
    tty.send("\x11");
    tty.ends_restored(0);
}
