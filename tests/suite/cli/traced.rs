//! Every verb of traces for programs: an object a line, whatever it is that it tells. What was asked in a run, rated; and spans as
//! no clock and no sender should make them.

use std::fs;

use serde_json::{Value, json};

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
    let rows = fs::read_to_string(home.beside().join("rows.jsonl")).unwrap();
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

#[test]
fn spans_without_order_parents_or_sense_are_kept_marked_and_counted() {
    let span = |id: u64, parent: u64, start: u64, end: u64| {
        let nanos = |seconds: u64| (1_000_000_000_000_000_000 + seconds * 1_000_000_000).to_string();
        json!({
            "traceId": "ab".repeat(16), "spanId": format!("{id:016x}"), "parentSpanId": format!("{parent:016x}"),
            "name": format!("s{id}"), "startTimeUnixNano": nanos(start), "endTimeUnixNano": nanos(end),
        })
    };
    let mut odd = span(9, 1, 2, 3);
    odd["kind"] = "SPAN_KIND_CLIENT".into();
    odd["links"] = Value::Null;
    odd["attributes"] = json!([{"key": "x", "value": {"doubleValue": "NaN"}}]);
    // Children first, an orphan, a circle, one beyond its parent's end, two of one id, one written oddly, one without ids.
    let spans = [
        span(3, 2, 3, 4),
        span(2, 1, 2, 5),
        span(4, 99, 1, 2),
        span(5, 6, 1, 2),
        span(6, 5, 1, 2),
        span(7, 1, 8, 40),
        span(8, 1, 2, 3),
        span(8, 1, 2, 4),
        odd,
        json!({"name": "none"}),
        span(1, 0, 0, 10),
    ];
    let act = |home: &Home| {
        let request = json!({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]});
        fs::write(home.beside().join("odd.json"), request.to_string()).unwrap();
        let said = home.run(&["traces", "import", "odd.json", "--json"]);
        good(&said);
        let brought = &said.objects()[0]["brought"];
        assert_eq!((&brought["spans"], &brought["rejected"]), (&json!(10), &json!(1)), "{brought}");
        assert!(brought["repaired"].as_u64().unwrap() > 0, "{brought}");
        assert!(brought["remarks"].as_str().unwrap().contains("no valid trace id"), "{brought}");
        let shown = home.run(&["traces", "show", "abab", "--json"]).objects();
        let mut marks: Vec<(String, String)> = shown[1..]
            .iter()
            .map(|row| (row["name"].as_str().unwrap().to_owned(), row["marks"].to_string()))
            .collect();
        marks.sort();
        let wanted = [
            ("s1", "[]"),
            ("s2", "[]"),
            ("s3", "[]"),
            ("s4", "[\"orphan\"]"),
            ("s5", "[\"cycle\"]"),
            ("s6", "[\"cycle\"]"),
            ("s7", "[\"skewed\"]"),
            ("s8", "[\"same_id\"]"),
            ("s8", "[\"same_id\"]"),
            ("s9", "[\"repaired\"]"),
        ];
        assert_eq!(marks, wanted.map(|(name, marks)| (name.to_owned(), marks.to_owned())));
        assert!(
            good(&home.run(&["traces", "stats", "abab"])).contains("! of 1 span the parent has not come")
        );
    };
    let [(), ()] = on_both(Home::new, act);
}

#[test]
fn a_request_that_breaks_off_is_kept_as_far_as_it_came_and_that_is_told() {
    let home = Home::new();
    let whole = fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/traces/otlp_genai.pb")).unwrap();
    fs::write(home.beside().join("cut.pb"), &whole[..whole.len() / 2]).unwrap();
    let said = home.run(&["traces", "import", "cut.pb", "--json"]);
    good(&said);
    let brought = &said.objects()[0]["brought"];
    assert!(brought["cut"] == true && brought["spans"].as_u64().unwrap() > 0, "{brought}");
    assert!(brought["remarks"].as_str().unwrap().contains("ends in the middle"), "{brought}");
}
