//! Agents of the small model of this machine: its steps are held to their form, so that each can be read and made.

use std::fs;
use std::path::PathBuf;

use super::agents::{events, gave, last};
use super::home::{Home, Said};

/// The file that a variable names, where the machine has it.
fn named(variable: &str) -> Option<PathBuf> {
    let path = std::env::var_os(variable).filter(|path| !path.is_empty()).map(PathBuf::from);
    if path.is_none() {
        crate::skipped!("a real model; {variable} names its file");
        assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "{variable} is not set");
    }
    path
}

/// A home with the small model as `local/small`.
fn home() -> Option<Home> {
    let model = named("OUTCROP_TEST_MODEL")?;
    let home = Home::with("model = 'local/small'\n");
    let added = home.run(&["models", "add", model.to_str().unwrap(), "--name", "small"]);
    assert_eq!(added.code, Some(0), "{added:?}");
    Some(home)
}

/// An agent whose model always takes what is likeliest.
fn made(home: &Home, name: &str, instruction: &str, more: &str) {
    let settings = "[settings]\ntemperature = 0.0\n[limits]\nsteps = 8\n";
    let text =
        format!("name = '{name}'\ninstruction = \"{instruction}\"\nmodel = 'local/small'\n{settings}{more}");
    fs::write(home.beside().join("a.toml"), text).unwrap();
    let said = home.run(&["agent", "create", "a.toml"]);
    assert_eq!(said.code, Some(0), "{said:?}");
}

/// Nothing was said that could not be read, and nothing called that could not be.
fn kept_to_the_form(said: &Said) {
    for event in events(said) {
        let text = |name: &str| event[name].as_str().unwrap_or_default().to_owned();
        assert!(!text("text").contains("could not be read"), "{said:?}");
        assert!(!text("content").contains("does not fit"), "{said:?}");
        assert!(!text("content").contains("there is no tool"), "{said:?}");
    }
}

#[test]
fn the_small_model_computes_with_the_calculator_and_answers() {
    let Some(home) = home() else { return };
    let sums = "[[groups]]\nname = 'sums'\nruns = { built_in = { tool = 'calculator' } }\n";
    made(&home, "sums", "You are a helpful assistant who is good at arithmetic.", sums);
    let said = home.run(&["agent", "run", "sums", "What is 12 * 31?", "--json"]);
    kept_to_the_form(&said);
    let calls = gave(&said);
    assert!(
        calls.iter().all(|(action, content, bad)| action == "calculator" && content == "372" && !bad),
        "{calls:?}"
    );
    assert!(!calls.is_empty(), "{said:?}");
    // What so small a model makes of it is counted by a bench, over many tasks.
    let state = last(&said);
    assert!(state["state"] == "answered" && !state["text"].as_str().unwrap().is_empty(), "{state}");
    // What was done is a trace, as of any other agent.
    let traces = home.run(&["traces", "list", "--json"]);
    assert!(traces.stdout.contains("sums"), "{traces:?}");
}

#[test]
fn the_small_model_searches_a_base_and_answers() {
    let Some(home) = home() else { return };
    let Some(encoder) = named("OUTCROP_TEST_ENCODER") else { return };
    let own = home.path().join("data/models/all-minilm-l6-v2");
    fs::create_dir_all(&own).unwrap();
    for file in fs::read_dir(encoder.parent().unwrap()).unwrap().map(|entry| entry.unwrap().path()) {
        fs::copy(&file, own.join(file.file_name().unwrap())).unwrap();
    }
    let docs = home.beside().join("museum");
    fs::create_dir(&docs).unwrap();
    fs::write(
        docs.join("tickets.txt"),
        "A ticket costs 8 euros, for children 3 euros. Families pay 18 euros.",
    )
    .unwrap();
    fs::write(docs.join("way.txt"), "The museum is at 4 River Street. Take bus 27 from the station.")
        .unwrap();
    let created =
        home.run(&["kb", "create", "museum", "--from", "museum", "--embedder", "local/all-minilm-l6-v2"]);
    assert_eq!(created.code, Some(0), "{created:?}");
    let bases = "[[bases]]\nname = 'museum'\ndescription = 'Hours, tickets and the way of the museum.'\n";
    made(&home, "guide", "You answer questions about the town's museum.", bases);
    let said = home.run(&["agent", "run", "guide", "What does a ticket for children cost?", "--json"]);
    kept_to_the_form(&said);
    let calls = gave(&said);
    assert!(calls.iter().all(|(action, _, bad)| action == "search_museum" && !bad), "{calls:?}");
    assert!(calls.iter().any(|(_, content, _)| content.contains("Sources:")), "{said:?}");
    assert_eq!(last(&said)["state"], "answered", "{said:?}");
}
