//! Judgements in the forms of other programs: Bedrock, `FastChat`, Label Studio, Argilla, and preference data.

use std::fmt::Debug;

use outcrop::domain::evaluation::agreement::{Level, Table, alpha, percent_agreement};
use outcrop::domain::evaluation::battle::Fought;
use outcrop::domain::evaluation::battle::{Battle, Outcome};
use outcrop::domain::evaluation::figure::Missing;
use outcrop::domain::evaluation::item::{Item, Response, Turn};
use outcrop::domain::evaluation::metric::{Method, Metric};
use outcrop::domain::evaluation::tally::thumbs_up;
use outcrop::domain::evaluation::vote::{Chosen, ResponseId, Said, Skip, Value, Vote};
use outcrop::domain::id::VoteId;
use outcrop::domain::message::Role;
use outcrop::domain::time::Timestamp;
use outcrop::wire::evaluation::battles;
use outcrop::wire::evaluation::human::{self, About, Line};
use outcrop::wire::evaluation::{Judged, Opinion, Read, argilla, label_studio, preference};
use proptest::prelude::*;
use serde_json::{Value as Json, json};

const EXAMPLE: &str = include_str!("../../data/evaluation/bedrock_human.jsonl");

fn id(at: usize) -> ResponseId {
    ResponseId(at.to_string().into())
}

fn taken<T: Debug>(read: Read<T>) -> Vec<T> {
    assert!(read.bad.is_empty(), "{:?}", read.bad);
    read.into_taken()
}

fn why<T>(read: &Read<T>) -> Vec<String> {
    read.bad.iter().map(|bad| format!("{}: {}", bad.line, bad.why)).collect()
}

fn item(models: &[&str]) -> Item {
    let responses =
        models.iter().map(|model| Response { model: (*model).into(), text: format!("I am {model}") });
    Item { responses: responses.collect(), category: Some("who".into()), ..Item::asking("who?") }
}

fn opinion(rater: &str, shown: &[usize], values: Vec<(&str, Value)>) -> Opinion {
    Opinion {
        rater: rater.into(),
        shown: shown.to_vec(),
        said: Said::Values(values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()),
        active_ms: 4_250,
        at: Timestamp(1_717_799_542_994),
        comment: None,
    }
}

fn metric(name: &str, method: Method) -> Metric {
    Metric { name: name.into(), description: "Is it?".into(), method, labels: Vec::new() }
}

#[test]
fn the_documented_line_of_bedrock_is_written_as_it_was_read() {
    let lines = taken(human::read(EXAMPLE.as_bytes()));
    let written = human::write(&lines).unwrap();
    let (told, known): (Json, Json) =
        (serde_json::from_str(&written).unwrap(), serde_json::from_str(EXAMPLE).unwrap());
    assert_eq!(told, known);
    // Every byte of it, in fact.
    assert_eq!(written, EXAMPLE);
}

#[test]
fn what_two_workers_said_in_it_is_counted_and_compared() {
    let [line] = taken(human::read(EXAMPLE.as_bytes())).try_into().unwrap();
    let judged = line.judged;
    assert_eq!(judged.item.prompt(), "What does vitamin C serum do for skin?");
    assert_eq!(judged.item.category.as_deref(), Some("Skincare"));
    let methods: Vec<Method> = judged.metrics.iter().map(|metric| metric.method).collect();
    assert_eq!(methods, [Method::ThumbsUpDown, Method::ThumbsUpDown, Method::IndividualLikertScale]);
    let [first, second] = judged.opinions.as_slice() else { panic!("{judged:?}") };
    assert_eq!((first.active_ms, first.at), (22_574, Timestamp(1_717_799_539_640)));
    assert_eq!((second.active_ms, second.rater.as_str()), (3_000, "f1b2c3d4e5a6b7c8"));

    let votes = judged.votes(7, 1, || VoteId::from_bytes([1; 16]));
    let thumbs = |metric: &str| {
        thumbs_up(votes.iter().filter_map(|vote| match vote.value(metric)? {
            Value::Thumbs(said) => Some(said[0].1),
            _ => None,
        }))
        .unwrap()
        .value
    };
    assert_eq!((thumbs("Accuracy"), thumbs("Coherence")), (1.0, 0.5));
    let toxicity = Table::of(votes.iter().filter_map(|vote| match vote.value("Toxicity")? {
        Value::Points(said) => Some((vote.rater.as_str(), vote.item.0.as_str(), f64::from(said[0].1))),
        _ => None,
    }));
    assert!(percent_agreement(&toxicity).unwrap().share <= 0.0);
    assert_eq!(alpha(&toxicity, Level::Interval), Err(Missing::OneItem));
}

#[test]
fn sagemakers_twin_is_read_whichever_side_its_metrics_stood_on() {
    let line = json!({
        "humanEvaluationResult": {
            "humanAnswers": [{"workerId": "w", "answerContent": {"evaluationResults": {
                "comparisonChoice": [{"metricName": "choice", "result": {"modelResponseId": "0"}}],
                "comparisonLikertScale": [
                    {"metricName": "one", "leftModelResponseId": "0", "rightModelResponseId": "1", "result": 1},
                    {"metricName": "two", "leftModelResponseId": "1", "rightModelResponseId": "0", "result": 1}],
                "comparisonRank": [{"metricName": "rank", "result": [
                    {"modelResponseId": "0", "rank": 1}, {"modelResponseId": "1", "rank": 1}]}],
            }}}],
            "inputContent": {"disableRandomization": "true", "evaluationMetrics": [
                {"metricName": "one", "metricType": "ComparisonLikertScale", "description": "?"}]},
            // The ids are not the order of the responses.
            "modelResponseIdMap": {"0": "b", "1": "a"},
        },
        "inputRecord": {"prompt": {"text": "who?"}},
        "modelResponses": [{"text": "A", "modelIdentifier": "a"}, {"text": "B", "modelIdentifier": "b"}],
    });
    let [line] = taken(human::read(line.to_string().as_bytes())).try_into().unwrap();
    let opinion = &line.judged.opinions[0];
    assert_eq!(opinion.shown, [1, 0]);
    let Said::Values(values) = &opinion.said else { panic!("{opinion:?}") };
    let values: Vec<(&str, &Value)> = values.iter().map(|(name, value)| (name.as_str(), value)).collect();
    assert_eq!(
        values,
        [
            ("one", &Value::Preference(1)),
            ("two", &Value::Preference(5)),
            ("choice", &Value::Choice(Chosen::One(id(1)))),
            ("rank", &Value::Ranks(vec![(id(1), 1), (id(0), 1)])),
        ]
    );
}

#[test]
fn lines_that_are_none_of_bedrocks_are_named() {
    let worker = |results: Json| {
        json!({"humanEvaluationResult": {"humanAnswers": [{"workerId": "w", "answerContent": {"evaluationResults": results}}],
               "modelResponseIdMap": {"0": "a"}},
               "inputRecord": {"prompt": "?"}, "modelResponses": [{"response": "A", "modelIdentifier": "a"}]})
    };
    let lines = [
        json!({"prompt": "?"}),
        worker(json!({"thumbsUpDown": [{"metricName": "m", "modelResponseId": "1", "result": true}]})),
        worker(json!({"comparisonLikertScale": [
            {"metricName": "m", "leftModelResponseId": "0", "rightModelResponseId": "0", "result": 6}]})),
        json!({"humanEvaluationResult": {"inputContent": {"evaluationMetrics": [
            {"metricName": "m", "description": "", "ratingMethod": "Dice"}]}}, "inputRecord": {"prompt": "?"}}),
        worker(json!({})),
    ];
    let read = human::read(lines.map(|line| line.to_string()).join("\n").as_bytes());
    assert_eq!(
        why(&read),
        [
            "1: missing field `humanEvaluationResult`",
            "2: the answer of worker \"w\" names the response \"1\", which there is not",
            "3: the answer of worker \"w\" has 6 on a scale from 1 to 5",
            "4: its metric \"m\" is rated by \"Dice\"",
        ]
    );
    assert_eq!(read.taken[0].1.judged.opinions[0].said, Said::Skipped(Skip::Other));
}

#[test]
fn a_point_of_a_scale_that_bedrock_does_not_have_is_left_out_and_named() {
    let item = item(&["a", "b"]);
    let scale = |name: &str, points: usize| Metric {
        labels: vec!["word".into(); points],
        ..metric(name, Method::IndividualLikertScale)
    };
    let points = || Value::Points(vec![(id(0), 3), (id(1), 1)]);
    let judged = Judged {
        item: item.clone(),
        metrics: vec![scale("three", 3), scale("five", 5)],
        opinions: vec![opinion("ana", &[0, 1], vec![("three", points()), ("five", points())])],
        ..Judged::default()
    };
    let (line, left_out) = Line::of(&judged, &About { instructions: "Rate.".into(), fixed_sides: false });
    let twelve = &item.hash().0[..12];
    // 3 of 3 would be the middle of 5.
    assert_eq!(left_out, [format!("ana on {twelve}: a point of \"three\", whose scale has not 5 of them")]);
    let told: Json = serde_json::from_str(&human::write([&line]).unwrap()).unwrap();
    let said = &told["humanEvaluationResult"]["humanAnswers"][0]["answerContent"]["evaluationResults"];
    let scales = said["individualLikertScale"].as_array().unwrap();
    assert_eq!(scales.len(), 2);
    assert!(scales.iter().all(|said| said["metricName"] == "five"), "{told}");
}

#[test]
fn exported_votes_map_back_to_models_through_the_map_of_ids() {
    let item = item(&["small", "tall"]);
    let hash = item.hash();
    let secret = |model| ResponseId::of(99, &hash, model);
    let vote = |number: u8, rater: &str, value: Value| Vote {
        id: VoteId::from_bytes([number; 16]),
        rater: rater.into(),
        item: hash.clone(),
        version: 1,
        shown: vec![secret("tall"), secret("small")],
        said: Said::Values(vec![("better".into(), value)]),
        active_ms: 1_500,
        at: Timestamp(1_000_000_000_000),
        supersedes: None,
        comment: None,
        repeat: false,
    };
    let votes = [
        vote(1, "ana", Value::Choice(Chosen::One(secret("tall")))),
        vote(2, "bo", Value::Choice(Chosen::Tie)),
        Vote { said: Said::Skipped(Skip::Unclear), ..vote(3, "cy", Value::Preference(1)) },
    ];
    let judged = Judged::of(&item, &[metric("better", Method::ComparisonChoice)], &votes, 99);
    assert_eq!(judged.opinions[0].shown, [1, 0]);
    let about = About { instructions: "Choose.".into(), fixed_sides: false };
    let (line, left_out) = Line::of(&judged, &about);
    let twelve = &hash.0[..12];
    assert_eq!(
        left_out,
        [format!("bo on {twelve}: a tie of \"better\""), format!("cy on {twelve}: a skipped item")]
    );

    let text = human::write([&line]).unwrap();
    let told: Json = serde_json::from_str(&text).unwrap();
    let result = &told["humanEvaluationResult"];
    let answer = &result["humanAnswers"][0];
    let chosen =
        &answer["answerContent"]["evaluationResults"]["comparisonChoice"][0]["result"]["modelResponseId"];
    assert_eq!(result["modelResponseIdMap"][chosen.as_str().unwrap()], "tall");
    assert_eq!(answer["acceptanceTime"], "2001-09-09T01:46:38.500Z");
    assert_eq!(answer["submissionTime"], "2001-09-09T01:46:40.000Z");
    assert_eq!(result["inputContent"]["evaluationMetrics"][0]["ratingMethod"], "ComparisonChoice");
    assert_eq!(told["inputRecord"], json!({"prompt": "who?", "category": "who"}));

    // Read again it is the same vote, and the tie is a skipped one.
    let [again] = taken(human::read(text.as_bytes())).try_into().unwrap();
    let back = again.judged.votes(99, 1, || VoteId::from_bytes([1; 16]));
    assert_eq!((back[0].item.clone(), &back[0].said), (hash, &votes[0].said));
    assert_eq!(back[1].said, Said::Skipped(Skip::Other));
}

#[test]
fn battles_of_fastchat_are_read_from_lines_and_from_an_array() {
    let lines = concat!(
        r#"{"model_a":"x","model_b":"y","winner":"model_a","judge":"arena_user_1","turn":2,"question_id":"q1","tstamp":1679.5}"#,
        "\n",
        r#"{"model_a":"x","model_b":"y","winner":"tie (bothbad)","judge":["gpt-4","pair-v2"],"question_id":81,"anony":true}"#,
        "\n",
        r#"{"model_a":"x","model_b":"y","winner":"both_bad"}"#,
    );
    let read = taken(battles::read(lines.as_bytes()));
    let first = Fought {
        battle: Battle { prompt: Some("q1".into()), ..Battle::new("x", "y", Outcome::A) },
        judge: Some("arena_user_1".into()),
        turn: Some(2),
        at: Some(Timestamp(1_679_500)),
    };
    assert_eq!(read[0], first);
    assert_eq!(
        (read[1].judge.as_deref(), read[1].battle.prompt.as_deref()),
        (Some("gpt-4 pair-v2"), Some("81"))
    );
    assert_eq!([read[1].battle.outcome, read[2].battle.outcome], [Outcome::BothBad; 2]);
    let array = format!("[{}]", lines.replace('\n', ","));
    assert_eq!(taken(battles::read(array.as_bytes())), read);

    let bad = r#"{"model_a":"x","model_b":"y","winner":"x"}
{"model_a":"x","model_b":"x","winner":"tie"}
{"model_a":"x"}"#;
    assert_eq!(
        why(&battles::read(bad.as_bytes())),
        [
            "1: its winner is \"x\", not model_a, model_b, tie or tie (bothbad)",
            "2: \"x\" meets itself",
            "3: missing field `model_b`",
        ]
    );
}

#[test]
fn annotations_of_other_configurations_are_understood() {
    let export = json!([{
        "id": 7,
        "data": {"prompt": "who?", "left": "A", "right": "B"},
        "annotations": [
            {"completed_by": {"id": 3, "email": "ana@example.org"}, "lead_time": 12.25, "result": [
                {"id": "r", "from_name": "pw", "to_name": "left,right", "type": "pairwise", "value": {"selected": "right"}}]},
            {"completed_by": 5, "was_cancelled": true, "result": []},
            // Points of no answer prefer none.
            {"completed_by": 8, "result": [
                {"from_name": "quality", "to_name": "prompt", "type": "rating", "value": {"rating": 4}},
                {"from_name": "both", "to_name": "left,right", "type": "rating", "value": {"rating": 4}},
                {"from_name": "one", "to_name": "left", "type": "rating", "value": {"rating": 3}}]},
            {"completed_by": 6, "result": [{"from_name": "order", "to_name": "answers", "type": "ranker",
                "value": {"ranker": {"rank": ["right", "left"]}}}]},
        ],
        "predictions": [],
    }]);
    let [judged] = taken(label_studio::read(export.to_string().as_bytes())).try_into().unwrap();
    assert_eq!(judged.item.responses[1], Response { model: "right".into(), text: "B".into() });
    let [ana, five, eight, six] = judged.opinions.as_slice() else { panic!("{judged:?}") };
    assert_eq!((ana.rater.as_str(), ana.active_ms), ("ana@example.org", 12_250));
    assert_eq!(ana.said, Said::Values(vec![("pw".into(), Value::Choice(Chosen::One(id(1))))]));
    assert_eq!((five.rater.as_str(), &five.said), ("5", &Said::Skipped(Skip::Other)));
    assert_eq!(eight.said, Said::Values(vec![("one".into(), Value::Points(vec![(id(0), 3)]))]));
    assert_eq!(
        judged.untold,
        [
            "the rating \"quality\" of \"8\" gives 4 points to no single answer",
            "the rating \"both\" of \"8\" gives 4 points to no single answer"
        ]
    );
    assert_eq!(six.said, Said::Values(vec![("order".into(), Value::Ranks(vec![(id(1), 1), (id(0), 2)]))]));

    let bad = json!([{"data": {"image": "x.png"}}, {"data": {"prompt": "?"}, "annotations": [
        {"result": [{"from_name": "n", "type": "number", "value": {"number": 3}}]}]}]);
    assert_eq!(
        why(&label_studio::read(bad.to_string().as_bytes())),
        [
            "1: it has no field prompt, question, instruction, input, text",
            "2: its number \"n\" says {\"number\":3}",
        ]
    );
}

#[test]
fn a_metric_that_is_called_as_comments_are_in_label_studio_has_a_control_of_its_own() {
    let chosen = |at| Value::Choice(Chosen::One(id(at)));
    let values = vec![("comment", chosen(1)), ("comment_", Value::Preference(2))];
    let mut said = opinion("ana", &[1, 0], values);
    said.comment = Some("both are long".to_owned());
    let mut plain = opinion("bob", &[0, 1], vec![("better", chosen(0))]);
    plain.comment = Some("short".to_owned());
    let of = |opinion| Judged { item: item(&["x", "y"]), opinions: vec![opinion], ..Judged::default() };
    let ours = [of(said), of(plain)];
    let text = label_studio::write(&ours).unwrap();
    let told: Json = serde_json::from_str(&text).unwrap();
    let controls = |task: usize| -> Vec<String> {
        let word = |region: &Json, field: &str| region[field].as_str().unwrap().to_owned();
        let result = told[task]["annotations"][0]["result"].as_array().unwrap();
        result.iter().map(|region| word(region, "from_name") + ": " + &word(region, "type")).collect()
    };
    assert_eq!(controls(0), ["comment: pairwise", "comment_: rating", "comment__: textarea"]);
    assert_eq!(controls(1), ["better: pairwise", "comment__: textarea"], "one form for all tasks");
    assert_eq!(taken(label_studio::read(text.as_bytes())), ours);
}

#[test]
fn a_metric_that_is_called_as_comments_are_in_argilla_comes_back_as_one() {
    let mut said = opinion("ana", &[1, 0], vec![("Comment", Value::Choice(Chosen::One(id(1))))]);
    said.comment = Some("both are long".to_owned());
    let ours = Judged { item: item(&["x", "y"]), opinions: vec![said], ..Judged::default() };
    let text = argilla::write(std::slice::from_ref(&ours)).unwrap();
    let [came] = taken(argilla::read(text.as_bytes())).try_into().unwrap();
    let [opinion] = &came.opinions[..] else { panic!("{came:?}") };
    assert_eq!((&opinion.said, &opinion.comment), (&ours.opinions[0].said, &ours.opinions[0].comment));
}

#[test]
fn metrics_whose_names_would_be_one_question_of_argilla_come_back_as_they_were() {
    let preference = Value::Preference;
    let points = |all: [u8; 2]| Value::Points(vec![(id(0), all[0]), (id(1), all[1])]);
    let all = [
        ("Clear", points([1, 2])),
        ("clear", points([3, 4])),
        ("CLEAR", points([5, 1])),
        ("clear_", points([2, 3])),
        ("is.good", preference(1)),
        ("is good", preference(2)),
        // As the questions about one answer are called.
        ("clear-answer_0", preference(3)),
        ("Clear-Answer_1", preference(4)),
        ("comment", preference(5)),
        ("comment_", preference(1)),
    ];
    // Also where one item has votes by one of them alone.
    let of = |values: &[(&str, Value)]| Judged {
        item: item(&["x", "y"]),
        opinions: vec![opinion("ana", &[1, 0], values.to_vec())],
        ..Judged::default()
    };
    let mut ours = vec![of(&all)];
    ours.extend(all.iter().map(|one| of(std::slice::from_ref(one))));
    let text = argilla::write(&ours).unwrap();
    let came = taken(argilla::read(text.as_bytes()));
    for (came, known) in came.iter().zip(&ours) {
        assert_eq!(came.opinions[0].said, known.opinions[0].said);
        assert_eq!(came.untold, Vec::<String>::new());
    }
    assert_eq!((came.len(), argilla::write(&came).unwrap()), (ours.len(), text.clone()));
    let told: Json = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    let asked: Vec<&str> = told["responses"]
        .as_array()
        .unwrap()
        .iter()
        .map(|said| said["question_name"].as_str().unwrap())
        .collect();
    assert_eq!(asked[2..4], ["clear-answer_0", "clear-answer_1"], "what is a question already stays so");
    let mut once = asked.clone();
    once.sort_unstable();
    once.dedup();
    assert_eq!(once.len(), 4 * 2 + 6, "{asked:?}");
}

#[test]
fn drafts_of_argilla_are_no_opinions_and_questions_have_small_letters() {
    let record = json!({
        "fields": {"instruction": "who?", "response-a": "A", "response-b": "B"},
        "metadata": {"source": "web"},
        "suggestions": [{"question_name": "better", "value": "response-a", "score": 0.9, "agent": "m"}],
        "responses": [
            {"question_name": "better", "value": "response-b", "user_id": "u1", "status": "submitted"},
            {"question_name": "clear-response-a", "value": 4, "user_id": "u1", "status": "submitted"},
            // Points of no answer prefer none.
            {"question_name": "quality", "value": 4, "user_id": "u1", "status": "submitted"},
            {"question_name": "better", "value": "response-a", "user_id": "u2", "status": "draft"},
            {"question_name": "better", "value": null, "user_id": "u3", "status": "discarded"},
        ],
    });
    let [judged] = taken(argilla::read(record.to_string().as_bytes())).try_into().unwrap();
    let told: Vec<(&str, &Said)> =
        judged.opinions.iter().map(|opinion| (opinion.rater.as_str(), &opinion.said)).collect();
    let said = Said::Values(vec![
        ("better".into(), Value::Choice(Chosen::One(id(1)))),
        ("clear".into(), Value::Points(vec![(id(0), 4)])),
    ]);
    assert_eq!(told, [("u1", &said), ("u3", &Said::Skipped(Skip::Other))]);
    assert_eq!(judged.untold, ["the question \"quality\" of \"u1\" gives 4 points to no single answer"]);
    // Of one answer alone there is no other that they could be of.
    let mut alone = record;
    alone["fields"] = json!({"instruction": "who?", "response-a": "A"});
    alone["responses"] = json!([{"question_name": "quality", "value": 4, "user_id": "u1"}]);
    let [judged] = taken(argilla::read(alone.to_string().as_bytes())).try_into().unwrap();
    let said = Said::Values(vec![("quality".into(), Value::Points(vec![(id(0), 4)]))]);
    assert_eq!((&judged.opinions[0].said, judged.untold.len()), (&said, 0));
    // Who is not told has no name, and is nobody called "null".
    alone["responses"] = json!([{"question_name": "quality", "value": 4}]);
    let [judged] = taken(argilla::read(alone.to_string().as_bytes())).try_into().unwrap();
    assert_eq!(judged.opinions[0].rater, "");

    let ours = Judged {
        item: item(&["x", "y"]),
        opinions: vec![opinion("ana", &[1, 0], vec![("Is.Good", Value::Preference(2))])],
        ..Judged::default()
    };
    let text = argilla::write(std::slice::from_ref(&ours)).unwrap();
    let told: Json = serde_json::from_str(&text).unwrap();
    assert_eq!(told["responses"][0]["question_name"], "is_good");
    assert_eq!(taken(argilla::read(text.as_bytes()))[0].opinions[0].said, ours.opinions[0].said);
}

#[test]
fn pairs_for_dpo_are_what_most_votes_chose() {
    let choice = |at| Value::Choice(Chosen::One(id(at)));
    let said = |rater, value| opinion(rater, &[0, 1], vec![("better", value)]);
    let judged = |opinions| Judged {
        item: item(&["x", "y"]),
        metrics: vec![metric("better", Method::ComparisonChoice)],
        opinions,
        ..Judged::default()
    };
    let decided = |opinions, value| Judged { decisions: vec![("better".into(), value)], ..judged(opinions) };
    let all = [
        judged(vec![
            said("ana", choice(1)),
            said("bo", choice(1)),
            said("cy", choice(0)),
            said("di", Value::Choice(Chosen::Tie)),
        ]),
        judged(vec![said("ana", choice(0)), said("bo", choice(1))]),
        judged(vec![said("ana", Value::Choice(Chosen::BothBad))]),
        judged(vec![said("ana", Value::Choice(Chosen::Tie)), said("bo", choice(1))]),
    ];
    let told = preference::dpo(&all, "better").unwrap();
    let lines: Vec<Json> = told.text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(
        lines,
        [json!({"prompt": "who?", "chosen": "I am y", "rejected": "I am x", "chosen_rating": 0.625,
                "rejected_rating": 0.375, "margin": 0.25, "n_votes": 4, "agreement": 0.5})]
    );
    assert_eq!((told.lines, told.left_out.len()), (1, 1));
    assert!(told.left_out[0].starts_with("3 pairs of answers without a winner"), "{told:?}");
    assert_eq!(preference::dpo(&all, "other").unwrap().lines, 0);
    // What the owner decided holds against most votes, and for a tie.
    let tie = || Value::Choice(Chosen::Tie);
    let all = [
        decided(vec![said("ana", choice(1)), said("bo", choice(0)), said("cy", choice(1))], choice(0)),
        decided(vec![said("ana", choice(1))], tie()),
        decided(Vec::new(), choice(1)),
        judged(Vec::new()),
    ];
    let told = preference::dpo(&all, "better").unwrap();
    let lines: Vec<Json> = told.text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(
        lines[0],
        json!({"prompt": "who?", "chosen": "I am x", "rejected": "I am y", "chosen_rating": 1.0,
                "rejected_rating": 0.0, "margin": 1.0, "n_votes": 3, "agreement": 1.0 / 3.0, "decided": true})
    );
    assert_eq!((lines.len(), &lines[1]["chosen"], &lines[1]["n_votes"]), (2, &"I am y".into(), &0.into()));
    assert_eq!(told.left_out.len(), 2, "{told:?}");
    // One text cannot be better than itself.
    let mut same = judged(vec![said("ana", choice(1))]);
    same.item.responses[0].text = same.item.responses[1].text.clone();
    let ruled = Judged { decisions: vec![("better".into(), choice(0))], ..same.clone() };
    let told = preference::dpo(&[same, ruled, judged(vec![said("ana", choice(1))])], "better").unwrap();
    assert_eq!(told.lines, 1, "{told:?}");
    assert_eq!(told.left_out, ["2 pairs of answers with the same text, of which one was preferred"]);
}

#[test]
fn answers_for_kto_are_what_most_thumbs_say_and_long_prompts_are_messages() {
    let thumbs = |first, second| Value::Thumbs(vec![(id(0), first), (id(1), second)]);
    let said = |rater, value| opinion(rater, &[0, 1], vec![("good", value)]);
    let mut item = item(&["x", "y"]);
    item.turns.insert(0, Turn { role: Role::System, text: "Be brief.".into() });
    let judged = Judged {
        item,
        metrics: vec![metric("good", Method::ThumbsUpDown)],
        opinions: vec![said("ana", thumbs(true, true)), said("bo", thumbs(true, false))],
        ..Judged::default()
    };
    let kept = preference::kto(std::slice::from_ref(&judged), "good").unwrap();
    assert_eq!(kept.left_out, ["1 answer with as many thumbs up as down"]);
    let decided = Judged { decisions: vec![("good".into(), thumbs(false, false))], ..judged };
    let ruled = preference::kto(&[decided], "good").unwrap();
    assert!(ruled.lines == 2 && !ruled.text.contains("true"), "{ruled:?}");
    let told: Json = serde_json::from_str(&kept.text).unwrap();
    assert_eq!(
        told,
        json!({"prompt": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "who?"}],
               "completion": [{"role": "assistant", "content": "I am x"}], "label": true})
    );
}

fn any_value(method: Method, answers: usize) -> BoxedStrategy<Value> {
    let each = prop::collection::vec(1_u8..=5, answers);
    match method {
        Method::ThumbsUpDown => each
            .prop_map(|said| {
                Value::Thumbs((0..).map(id).zip(said.into_iter().map(|value| value > 2)).collect())
            })
            .boxed(),
        Method::IndividualLikertScale => {
            each.prop_map(|said| Value::Points((0..).map(id).zip(said).collect())).boxed()
        }
        Method::ComparisonLikertScale => (1_u8..=5).prop_map(Value::Preference).boxed(),
        Method::ComparisonChoice => (0..answers + 2)
            .prop_map(move |at| {
                Value::Choice(match at.checked_sub(answers) {
                    None => Chosen::One(id(at)),
                    Some(0) => Chosen::Tie,
                    Some(_) => Chosen::BothBad,
                })
            })
            .boxed(),
        Method::ComparisonRank => prop::collection::vec(1..=answers as u8, answers)
            // As Label Studio keeps them: by rank.
            .prop_map(|mut ranks| {
                ranks.sort_unstable();
                Value::Ranks((0..).map(id).zip(ranks).collect())
            })
            .boxed(),
    }
}

/// An item of two or three answers on which each rater says one thing of each kind.
fn any_judged(methods: &'static [Method]) -> impl Strategy<Value = Judged> {
    (2_usize..=3, any::<String>(), prop::option::of("[k-m]+")).prop_flat_map(
        move |(answers, text, comment)| {
            let values: Vec<BoxedStrategy<Value>> =
                methods.iter().map(|method| any_value(*method, answers)).collect();
            let shown = Just((0..answers).collect::<Vec<_>>()).prop_shuffle();
            let opinions = prop::collection::vec((shown, values, any::<bool>()), 0..4);
            opinions.prop_map(move |said| {
                let mut item = item(&["x", "y", "z"][..answers]);
                item.responses[0].text.clone_from(&text);
                let opinions = said.into_iter().enumerate().map(|(rater, (shown, values, skipped))| {
                    let names = methods.iter().map(|method| method.as_str()).zip(values).collect();
                    let mut opinion = opinion(&format!("rater {rater}"), &shown, names);
                    opinion.comment.clone_from(&comment);
                    if skipped {
                        opinion.said = Said::Skipped(Skip::Other);
                    }
                    opinion
                });
                Judged { item, opinions: opinions.collect(), ..Judged::default() }
            })
        },
    )
}

/// A metric of each method for an item, each with words of its own.
fn labelled(of: &Judged) -> Vec<Metric> {
    let words = |method: Method| -> Vec<&str> {
        match (method, of.item.responses.len()) {
            (Method::ThumbsUpDown, _) => vec!["helps", "harms"],
            // Numbers as well, and not their own.
            (Method::IndividualLikertScale, _) => vec!["5", "cool", "plain", "warm", "1"],
            (Method::ComparisonLikertScale, _) => {
                vec!["left", "rather left", "even", "rather right", "right"]
            }
            (Method::ComparisonChoice, 2) => vec!["A", "B", "as good", "neither helps"],
            (Method::ComparisonChoice, _) => vec!["A", "B", "C", "as good", "neither helps"],
            (Method::ComparisonRank, 2) => vec!["gold", "bronze"],
            (Method::ComparisonRank, _) => vec!["silver", "gold", "bronze"],
        }
    };
    let of = |method: Method| Metric {
        labels: words(method).into_iter().map(str::to_owned).collect(),
        ..metric(method.as_str(), method)
    };
    Method::ALL.map(of).to_vec()
}

proptest! {
    #[test]
    fn label_studio_takes_and_gives_the_same(judged in prop::collection::vec(any_judged(&Method::ALL), 0..4)) {
        let text = label_studio::write(&judged).unwrap();
        let mut told = taken(label_studio::read(text.as_bytes()));
        // Of one skipped nothing tells how it stood.
        for (told, known) in told.iter_mut().zip(&judged) {
            for (told, known) in told.opinions.iter_mut().zip(&known.opinions) {
                if told.said == Said::Skipped(Skip::Other) {
                    told.shown.clone_from(&known.shown);
                }
            }
        }
        prop_assert_eq!(told, judged);
    }

    #[test]
    fn argilla_takes_and_gives_the_same_but_for_times(judged in prop::collection::vec(any_judged(&Method::ALL), 0..4)) {
        let text = argilla::write(&judged).unwrap();
        let mut known = judged;
        for opinion in known.iter_mut().flat_map(|judged| &mut judged.opinions) {
            (opinion.active_ms, opinion.at) = (0, Timestamp(0));
        }
        prop_assert_eq!(taken(argilla::read(text.as_bytes())), known);
    }

    #[test]
    fn words_of_metrics_go_with_them_and_mean_the_same_when_they_come_back(
        judged in prop::collection::vec(any_judged(&Method::ALL), 1..4)
    ) {
        let judged: Vec<Judged> = judged.into_iter().map(|of| Judged { metrics: labelled(&of), ..of }).collect();
        let studio = label_studio::write(&judged).unwrap();
        let came = taken(label_studio::read(studio.as_bytes()));
        prop_assert_eq!(label_studio::write(&came).unwrap(), studio.clone());
        let text = argilla::write(&judged).unwrap();
        let told = taken(argilla::read(text.as_bytes()));
        prop_assert_eq!(argilla::write(&told).unwrap(), text.clone());
        for (known, came) in judged.iter().zip(came.iter().zip(&told)) {
            for came in [came.0, came.1] {
                prop_assert_eq!(&came.metrics, &known.metrics);
                let said = |of: &Judged| of.opinions.iter().map(|of| of.said.clone()).collect::<Vec<_>>();
                prop_assert_eq!(said(came), said(known));
            }
        }
        // A number stands nowhere that there is a word.
        prop_assert!(!studio.contains("\"rating\"") && !studio.contains("\"up\""), "{studio}");
        prop_assert!(!studio.contains("both_bad") && !studio.contains("rank_"), "{studio}");
        prop_assert!(!text.contains("both_bad") && !text.contains("\"value\":3"), "{text}");
    }

    #[test]
    fn battles_are_read_as_they_were_written(
        fought in prop::collection::vec(("[a-d]", "[e-h]", 0_usize..4, prop::option::of("[a-z]{1,4}"), 0_i64..9_999_999), 0..8)
    ) {
        let fought: Vec<Fought> = fought
            .into_iter()
            .map(|(a, b, outcome, word, ms)| Fought {
                battle: Battle {
                    prompt: word.clone(),
                    category: word.clone(),
                    weight: if ms % 2 == 0 { 1.0 } else { 0.5 },
                    ..Battle::new(a, b, [Outcome::A, Outcome::B, Outcome::Tie, Outcome::BothBad][outcome])
                },
                judge: word,
                turn: Some(1),
                at: Some(Timestamp(ms)),
            })
            .collect();
        prop_assert_eq!(taken(battles::read(battles::write(&fought).unwrap().as_bytes())), fought);
    }

    /// Whatever the seed, and whichever side an answer stood on: in Bedrock's form what was said is of the models that it was said of.
    #[test]
    fn exported_votes_are_of_the_models_that_were_meant(
        seed in any::<u64>(), said in prop::collection::vec((any::<bool>(), any::<bool>()), 1..8)
    ) {
        let models = ["small", "tall"];
        let item = item(&models);
        let hash = item.hash();
        let id = |at: usize| ResponseId::of(seed, &hash, models[at]);
        let votes: Vec<Vote> = (0_u8..).zip(&said).map(|(number, (turned, second))| {
            let (best, worst) = (usize::from(*second), usize::from(!*second));
            let (left, right) = (usize::from(*turned), usize::from(!*turned));
            Vote {
                id: VoteId::from_bytes([number; 16]),
                rater: number.to_string(),
                item: hash.clone(),
                version: 1,
                shown: vec![id(left), id(right)],
                said: Said::Values(vec![
                    ("best".into(), Value::Choice(Chosen::One(id(best)))),
                    ("strength".into(), Value::Preference(if left == best { 1 } else { 5 })),
                    ("each".into(), Value::Thumbs(vec![(id(worst), false), (id(best), true)])),
                    ("order".into(), Value::Ranks(vec![(id(left), 1 + u8::from(left != best)), (id(right), 1 + u8::from(right != best))])),
                ]),
                active_ms: 1,
                at: Timestamp(1_000),
                supersedes: None,
                comment: None,
                repeat: false,
            }
        }).collect();
        let metrics = [
            metric("best", Method::ComparisonChoice),
            metric("strength", Method::ComparisonLikertScale),
            metric("each", Method::ThumbsUpDown),
            metric("order", Method::ComparisonRank),
        ];
        let about = About { instructions: "Choose.".into(), fixed_sides: false };
        let (line, left_out) = Line::of(&Judged::of(&item, &metrics, &votes, seed), &about);
        prop_assert!(left_out.is_empty(), "{left_out:?}");
        let text = human::write([&line]).unwrap();
        // By the names that raters had for them nothing is told at home.
        prop_assert!((0..2).all(|at| !text.contains(id(at).0.as_str())), "{text}");
        let told: Json = serde_json::from_str(&text).unwrap();
        let result = &told["humanEvaluationResult"];
        let model = |id: &Json| result["modelResponseIdMap"][id.as_str().unwrap()].as_str().unwrap();
        let answers = result["humanAnswers"].as_array().unwrap();
        prop_assert_eq!(answers.len(), said.len());
        for answer in answers {
            let at: usize = answer["workerId"].as_str().unwrap().parse().unwrap();
            let (turned, second) = said[at];
            let (left, best) = (models[usize::from(turned)], models[usize::from(second)]);
            let said = &answer["answerContent"]["evaluationResults"];
            prop_assert_eq!(model(&said["comparisonChoice"][0]["result"]["modelResponseId"]), best);
            let strength = &said["comparisonLikertScale"][0];
            prop_assert_eq!(model(&strength["leftModelResponseId"]), left);
            prop_assert_eq!(&strength["result"], if left == best { 1 } else { 5 });
            for thumb in said["thumbsUpDown"].as_array().unwrap() {
                prop_assert_eq!(&thumb["result"], model(&thumb["modelResponseId"]) == best);
            }
            for rank in said["comparisonRank"][0]["result"].as_array().unwrap() {
                prop_assert_eq!(&rank["rank"], if model(&rank["modelResponseId"]) == best { 1 } else { 2 });
            }
        }
    }

    #[test]
    fn votes_become_opinions_and_votes_again(judged in any_judged(&Method::ALL), seed in any::<u64>()) {
        let votes = judged.votes(seed, 3, || VoteId::from_bytes([9; 16]));
        prop_assert_eq!(votes.len(), judged.opinions.len());
        // No vote knows a model's name.
        let text = serde_json::to_string(&votes).unwrap();
        for response in &judged.item.responses {
            let named = text.contains(&format!("\"{}\"", response.model));
            prop_assert!(!named);
        }
        prop_assert_eq!(Judged::of(&judged.item, &[], &votes, seed), judged.clone());
        // Another's seed knows none of the answers.
        let all = judged.opinions.len();
        prop_assert!(all == 0 || Judged::of(&judged.item, &[], &votes, seed ^ 1).opinions.is_empty());
    }
}
