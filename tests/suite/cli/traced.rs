//! Every verb of traces for programs: an object a line, whatever it is that it tells. And what was asked in a run, rated.

use super::evaluation::{Rater, good};
use super::home::{Home, SCRIPTED, on_both};
use super::traces::{import, runs};

#[test]
fn every_verb_of_traces_tells_programs_objects_alone() {
    let act = |home: &Home| {
        import(home, "otlp_genai.json");
        let listed = runs(home);
        let run = listed.iter().find(|run| run["kind"] == "agent").unwrap();
        let id = run["id"].as_str().unwrap();
        for (words, kind) in [
            ("list", "trace"),
            ("list status:error", "trace"),
            ("show ID", "trace"),
            ("show ID --span 0", "trace_span"),
            ("note ID --text odd", "trace_note"),
            ("stats ID", "trace_latency"),
            ("diff ID ID", "trace_pair"),
            ("export ID", "text"),
            ("export ID --format markdown", "text"),
            ("export ID --format html", "text"),
            ("export ID --format prompts", "text"),
            ("export ID --format openai", "text"),
            ("remove ID --yes", "done"),
        ] {
            let words = format!("traces {words} --json").replace("ID", id);
            let said = home.run(&words.split(' ').collect::<Vec<_>>());
            assert_eq!(said.code, Some(0), "{words}: {said:?}");
            let objects = said.objects();
            assert!(objects.iter().all(|object| object["reply"].is_string()), "{words}: {objects:?}");
            assert_eq!(objects.first().map(|object| &object["reply"]), Some(&kind.into()), "{words}");
        }
    };
    let [(), ()] = on_both(Home::new, act);
}

#[test]
fn what_was_asked_in_a_run_becomes_rows_of_a_dataset_whose_answers_are_rated() {
    let home = Home::with(SCRIPTED);
    import(&home, "otlp_older.json");
    let id = runs(&home)[0]["id"].as_str().unwrap().to_owned();
    good(&home.run(&["traces", "export", &id, "--format", "prompts", "-o", "rows.jsonl"]));
    let rows = std::fs::read_to_string(home.beside().join("rows.jsonl")).unwrap();
    assert!(rows.contains("\"modelIdentifier\":\"gpt-old\""), "the answer comes along: {rows}");
    good(&home.run(&["datasets", "import", "rows.jsonl", "--name", "rows"]));
    let create = ["eval", "create", "asked", "--dataset", "rows", "-m", "scripted/echo", "--run", "--yes"];
    good(&home.run(&create));
    let mut ada = Rater::at(&home, "asked", "ada");
    let seat = ada.seat();
    let turns = seat["sheet"]["turns"].as_array().unwrap();
    let asked = turns.last().unwrap()["text"].as_str().unwrap();
    assert!(["Say hello", "Hi"].contains(&asked), "{seat}");
    ada.end();
}
