//! Every verb of traces for programs: an object a line, whatever it is that it tells.

use super::home::{Home, on_both};
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
