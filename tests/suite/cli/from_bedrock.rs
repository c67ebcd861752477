//! What Bedrock wrote of a human evaluation, through the program and out again.

use serde_json::{Value, json};

use super::evaluation::{good, shown};
use super::home::{Home, on_both};
use super::rated::lines;

const BEDROCK: &str = include_str!("../../data/evaluation/bedrock_human.jsonl");

#[test]
fn what_bedrock_wrote_goes_through_the_program_and_comes_out_equal() {
    let [(), ()] = on_both(Home::new, |home| {
        // One that declined, one who answered a metric of three, ids that are no places.
        let mut other = lines(BEDROCK).remove(0);
        let result = &mut other["humanEvaluationResult"];
        result["modelResponseIdMap"] = json!({"7": "arn:aws:bedrock:us-west-2::foundation-model/model-id"});
        let said = &mut result["humanAnswers"];
        *said = serde_json::from_str(
            &said.to_string().replace("\"modelResponseId\":\"0\"", "\"modelResponseId\":\"7\""),
        )
        .unwrap();
        said[0]["answerContent"]["evaluationResults"] = json!({});
        said[0]["declined"] = true.into();
        said[1]["answerContent"]["evaluationResults"]["thumbsUpDown"].as_array_mut().unwrap().pop();
        other["inputRecord"]["prompt"] = "And for hair?".into();
        let file = format!("{}\n{other}\n", BEDROCK.trim_end());
        let said = home.fed(&file, &["eval", "import", "-", "--name", "skin"]);
        assert_eq!(good(&said), "skin: 4 votes taken\n", "{said:?}");
        let instructions = "You are a professional rater.\nRate each response.";
        assert_eq!(shown(home, "skin")["task"]["instructions"], instructions);
        let back = home.run(&["eval", "export", "skin", "--form", "bedrock"]);
        assert_eq!(lines(good(&back)), lines(&file));
        assert_eq!(back.stderr, "");
        let said = home.run(&["eval", "report", "skin", "--json"]);
        let report = said.objects().remove(0);
        assert_eq!(report["metrics"][0]["votes"], 2, "{report}");
        assert_eq!(report["metrics"][1]["votes"], 3, "{report}");
    });
}

/// A line of two answers that two workers have rated.
fn of_two(workers: [&str; 2]) -> Value {
    let mut line = lines(BEDROCK).remove(0);
    let result = &mut line["humanEvaluationResult"];
    let thumb = |id: &str, up: bool| json!({"metricName": "Coherence", "modelResponseId": id, "result": up});
    let both = json!({"thumbsUpDown": [thumb("0", false), thumb("1", true)]});
    result["modelResponseIdMap"] = json!({"0": "a", "1": "b"});
    for (at, worker) in workers.into_iter().enumerate() {
        result["humanAnswers"][at]["workerId"] = worker.into();
        result["humanAnswers"][at]["answerContent"]["evaluationResults"] = both.clone();
    }
    line["modelResponses"] = json!([
        {"modelIdentifier": "a", "response": "It brightens."}, {"modelIdentifier": "b", "response": "It dries."}]);
    line
}

fn results(line: &mut Value, worker: usize) -> &mut Value {
    &mut line["humanEvaluationResult"]["humanAnswers"][worker]["answerContent"]["evaluationResults"]
}

/// What an export of Bedrock's form says after such a file was imported; and what was told of the import.
fn through(home: &Home, name: &str, file: &[&Value]) -> (Vec<Value>, String) {
    let mut text = String::new();
    for line in file {
        text += &line.to_string();
        text.push('\n');
    }
    let said = home.fed(&text, &["eval", "import", "-", "--name", name]);
    let back = home.run(&["eval", "export", name, "--form", "bedrock"]);
    (lines(good(&back)), format!("{}{}", said.stderr, said.stdout))
}

fn report(home: &Home, name: &str) -> Value {
    home.run(&["eval", "report", name, "--json"]).objects().remove(0)
}

#[test]
fn a_worker_who_rated_one_of_two_answers_is_heard_on_that_one() {
    let home = Home::new();
    let mut line = of_two(["ann", "ben"]);
    results(&mut line, 1)["thumbsUpDown"].as_array_mut().unwrap().pop();
    let (back, said) = through(&home, "half", &[&line]);
    assert_eq!(said, "half: 2 votes taken\n");
    assert_eq!(back, [line]);
    let report = report(&home, "half");
    assert_eq!(report["metrics"][0]["votes"], 2, "{report}");
}

#[test]
fn what_is_not_taken_of_a_line_is_named_and_still_in_what_is_exported() {
    let home = Home::new();
    let mut line = of_two(["ann", "ben"]);
    // One answer by one metric, two by the other; a worker who comes twice; points beside the scale.
    *results(&mut line, 0) = json!({
        "thumbsUpDown": [{"metricName": "Coherence", "modelResponseId": "1", "result": true}],
        "individualLikertScale": [
            {"metricName": "Toxicity", "modelResponseId": "0", "result": 2},
            {"metricName": "Toxicity", "modelResponseId": "1", "result": 5}]});
    let answers = line["humanEvaluationResult"]["humanAnswers"].as_array_mut().unwrap();
    let mut again = answers[1].clone();
    again["submissionTime"] = "2024-06-07T23:00:00.000Z".into();
    let mut beside = answers[1].clone();
    beside["workerId"] = "cy".into();
    beside["answerContent"]["evaluationResults"] = json!({"individualLikertScale": [
        {"metricName": "Toxicity", "modelResponseId": "0", "result": 9},
        {"metricName": "Toxicity", "modelResponseId": "1", "result": 1}]});
    answers.extend([again, beside]);
    let (back, said) = through(&home, "odd", &[&line]);
    assert_eq!(back, [line]);
    for words in [
        "of \"ann\" of \"Coherence\" it says something of other answers than were shown, or not of all",
        "\"ben\" rates it twice, the first time counts",
        "of \"cy\" of \"Toxicity\" it says 9, which is not from 1 to 5",
        "odd: 2 votes taken, 1 line left out",
    ] {
        assert!(said.contains(words), "{words} in {said}");
    }
}

#[test]
fn lines_of_one_item_are_joined_and_come_out_as_they_were() {
    let [(), ()] = on_both(Home::new, |home| {
        let (first, mut second) = (of_two(["ann", "ben"]), of_two(["cy", "dan"]));
        second["humanEvaluationResult"]["humanLoopName"] = "another loop".into();
        // There the answers stand the other way round, and have other ids.
        second["humanEvaluationResult"]["modelResponseIdMap"] = json!({"0": "b", "1": "a"});
        second["modelResponses"].as_array_mut().unwrap().reverse();
        let mut between = of_two(["ann", "cy"]);
        between["inputRecord"]["prompt"] = "And for hair?".into();
        let (back, said) = through(home, "joined", &[&first, &between, &second]);
        assert_eq!(said, "joined: 6 votes taken\n");
        assert_eq!(back, [first.clone(), between, second.clone()]);
        let shown = shown(home, "joined");
        assert_eq!((&shown["items"], &shown["task"]["raters_per_item"]), (&2.into(), &4.into()), "{shown}");
        // The same texts, each of the other source.
        second["humanEvaluationResult"]["modelResponseIdMap"] = json!({"0": "a", "1": "b"});
        second["modelResponses"][0]["modelIdentifier"] = "a".into();
        second["modelResponses"][1]["modelIdentifier"] = "b".into();
        let (back, said) = through(home, "swapped", &[&first, &second]);
        assert!(said.contains("line 2: a line before it has the same question"), "{said}");
        assert_eq!(back, [first]);
    });
}
