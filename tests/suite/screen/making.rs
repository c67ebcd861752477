//! Making an evaluation, and the datasets: each state at every size, what each key asks of the door, what is closed to raters.

use outcrop::domain::evaluation::dataset::{
    Answered, BadLine, Dataset, Doubled, Form, Import, LARGEST_FILE, Placed,
};
use outcrop::domain::evaluation::job::{Estimate, GenerationState, Plan};
use outcrop::domain::evaluation::metric::Method;
use outcrop::domain::evaluation::{Item, Response};
use outcrop::domain::id::{DatasetId, EvaluationId};
use outcrop::domain::time::Timestamp;
use outcrop::domain::{Error, ErrorKind};
use outcrop::tui::effect::Effect;
use outcrop::tui::event::{Contents, Event};
use outcrop::workbench::request::datasets::Datasets;
use outcrop::workbench::request::evaluations::Evaluations;
use outcrop::workbench::{Reply, Request};

use super::evaluate::{evaluation, evaluations, list};
use super::shoot;
use crate::stage::{NOW, Stage};

fn dataset(n: u8, name: &str, items: u32, source: Option<&str>) -> Dataset {
    let built_in = name.starts_with("builtin/");
    let licence = built_in.then(|| "CC0-1.0: written for this program and given to everyone".to_owned());
    Dataset {
        id: DatasetId::from_bytes([n; 16]),
        name: name.into(),
        created: Timestamp(NOW - i64::from(n) * 86_400_000),
        updated: Timestamp(NOW - i64::from(n) * 86_400_000),
        items,
        source: source.map(str::to_owned),
        licence,
    }
}

fn shelf() -> Vec<Dataset> {
    vec![
        dataset(1, "answered", 120, Some("answered.jsonl")),
        dataset(2, "Support questions of the spring and the summer, cleaned", 2_048, Some("support.csv")),
        dataset(3, "gathered", 7, None),
        dataset(4, "builtin/classification", 24, Some("built in")),
        dataset(5, "builtin/generation", 24, Some("built in")),
    ]
}

fn placed(place: u32, prompt: &str, whose: &[&str]) -> Placed {
    let response = |model: &&str| Response { model: (*model).into(), text: "Yes.".into() };
    let item = Item {
        reference: Some("It says what a delta is, and why it grows.".into()),
        category: Some("rivers".into()),
        responses: whose.iter().map(response).collect(),
        ..Item::asking(prompt)
    };
    Placed { place, item }
}

/// The form, with the datasets known.
fn form(stage: &mut Stage) {
    list(stage, vec![evaluation(1, "generation", GenerationState::Ended, 400, 0)]);
    stage.keys("n");
    stage.answer("datasets\":\"list", vec![Reply::Datasets { datasets: shelf() }]);
}

/// Its dataset is that one, and brings the answers of `whose`.
fn on(stage: &mut Stage, name: &str, whose: &[&str]) {
    stage.keys(&format!("<home><down><enter>{name}<enter>"));
    let of: Vec<(&str, u32)> = whose.iter().map(|source| (*source, 3)).collect();
    brings(stage, &of);
}

/// It has three items, of which sources answered so many.
fn brings(stage: &mut Stage, of: &[(&str, u32)]) {
    let answered = |(source, items): &(&str, u32)| Answered { source: (*source).to_owned(), items: *items };
    let answered = of.iter().map(answered).collect();
    stage.answer("datasets\":{\"answered\"", vec![Reply::DatasetAnswered { answered, items: 3 }]);
}

fn estimate(stage: &mut Stage, calls: u64, dollars: Option<f64>, unpriced: &[&str]) {
    let unpriced = unpriced.iter().map(|name| (*name).to_owned()).collect();
    let (input_tokens, output_tokens) = (calls * 67, calls * 1024);
    let estimate = Estimate { calls, input_tokens, output_tokens, assumed: 0, dollars, unpriced };
    stage.answer("evaluations\":{\"estimate\"", vec![Reply::Estimate { estimate }]);
}

fn wrong(stage: &mut Stage, what: &str, why: &str, hint: &str) {
    let task = stage.task(what);
    let error = Error::new(ErrorKind::Invalid, "making the evaluation \"x\"", why, hint);
    stage.event(Event::Ended { task, error: Some(error) });
}

fn datasets(effects: &[Effect]) -> Vec<Datasets> {
    let own = |request| match request {
        Request::Datasets(request) => Some(request),
        _ => None,
    };
    Stage::requests(effects).into_iter().filter_map(own).collect()
}

/// The last plan whose cost was asked for.
fn plan(effects: &[Effect]) -> Plan {
    let asked = evaluations(effects).into_iter().rev().find_map(|request| match request {
        Evaluations::Estimate { plan } => Some(plan),
        _ => None,
    });
    asked.expect("a plan")
}

#[test]
fn an_empty_form_says_what_it_lacks() {
    shoot("making-empty", form);
}

#[test]
fn a_form_says_what_the_answers_may_cost() {
    shoot("making-priced", |stage| {
        form(stage);
        on(stage, "builtin/gen", &[]);
        stage.keys("a<enter>ahome/qwen3 <backspace><enter>");
        estimate(stage, 48, Some(0.0), &["home/qwen3"]);
    });
}

#[test]
fn a_form_of_brought_answers_costs_nothing() {
    shoot("making-brought", |stage| {
        form(stage);
        on(stage, "answered", &["gpt-4 turbo", "claude"]);
        estimate(stage, 0, None, &[]);
        stage.keys("Gk<enter>");
    });
}

#[test]
fn a_form_uses_the_rows_below_it_before_one_of_its_lines_is_out_of_sight() {
    let mut stage = Stage::settled(80, 24, "dark");
    form(&mut stage);
    on(&mut stage, "answered", &["gpt-4 turbo", "claude"]);
    estimate(&mut stage, 0, None, &[]);
    let text = stage.text();
    assert!(!text.contains('▼') && text.contains("self-naming") && text.contains("all 120"), "{text}");
    assert!(text.contains("Alt+C makes it."), "{text}");
}

#[test]
fn what_is_chosen_for_a_line_of_the_form_leaves_it_in_sight() {
    for (width, height) in super::SIZES {
        for (keys, line, title) in [
            ("<home><down><enter>", "none yet", "Datasets"),
            ("<home><down><down><down><enter>", "method", "How raters say it"),
        ] {
            let mut stage = Stage::settled(width, height, "dark");
            form(&mut stage);
            let before = stage.text();
            let row = before.lines().position(|row| row.contains(line)).expect(line);
            stage.keys(keys);
            let text = stage.text();
            assert!(text.contains(title), "{text}");
            assert!(text.lines().nth(row).is_some_and(|row| row.contains(line)), "{line}: {text}");
        }
    }
}

#[test]
fn who_did_not_answer_every_item_is_rated_only_when_told_to() {
    let mut stage = Stage::settled(120, 40, "dark");
    form(&mut stage);
    stage.keys("<home><down><enter>answered<enter>");
    brings(&mut stage, &[("my-model", 1), ("claude", 3)]);
    let text = stage.text();
    assert!(text.contains("✓ claude") && text.contains("  my-model"), "{text}");
    assert!(text.contains("1 of 3 items; not rated") && !text.contains("✓ my-model"), "{text}");
    // Below the dataset: another model, then those that it brings.
    stage.keys("<down><down><down>");
    assert!(stage.text().contains("1 of 3 items; not rated; Enter rates them"), "{}", stage.text());
    stage.keys("<enter>");
    let text = stage.text();
    assert!(text.contains("✓ my-model") && text.contains("1 of 3 items · Enter leaves them out"), "{text}");
}

#[test]
fn what_is_wrong_with_the_plan_is_said_in_place() {
    shoot("making-wrong", |stage| {
        form(stage);
        on(stage, "builtin/gen", &[]);
        stage.keys("a<enter>j<down><down><down><down>");
        let why = "the metric \"Preference\" holds two answers against each other, there is 1";
        wrong(stage, "evaluations\":{\"estimate\"", why, "Change that, then try again.");
    });
}

#[test]
fn the_methods_each_have_a_line() {
    shoot("making-methods", |stage| {
        form(stage);
        stage.keys("<down><down><down><enter>");
    });
}

#[test]
fn the_datasets_are_listed_with_where_they_come_from() {
    shoot("datasets", |stage| {
        list(stage, Vec::new());
        stage.keys("D");
        stage.answer("datasets\":\"list", vec![Reply::Datasets { datasets: shelf() }]);
        stage.keys("Gk");
    });
}

#[test]
fn the_items_of_a_dataset_are_read() {
    shoot("dataset-items", |stage| {
        shown(stage);
        stage.keys("<enter>");
        let items = vec![
            placed(0, "What is a delta?", &["gpt-4 turbo", "claude"]),
            placed(1, "Why do rivers meander, and \u{1b}[31mwhy 川?", &[]),
        ];
        stage.answer("datasets\":{\"items\"", vec![Reply::DatasetItems { items, more: true }]);
    });
}

fn shown(stage: &mut Stage) {
    list(stage, Vec::new());
    stage.keys("D");
    stage.answer("datasets\":\"list", vec![Reply::Datasets { datasets: shelf() }]);
}

/// A file with two bad lines is on its way.
fn half_bad(stage: &mut Stage) {
    with_bad_lines(stage, 1_015);
}

fn with_bad_lines(stage: &mut Stage, good: u64) {
    shown(stage);
    stage.keys("a~/rivers.jsonl<enter>");
    let read = Ok(Contents(b"{}\n".to_vec()));
    stage.event(Event::FileRead { path: "~/rivers.jsonl".into(), read });
    let bad = |line, why: &str| BadLine { line, why: why.to_owned() };
    let bad = vec![bad(3, "it has no \"prompt\""), bad(1_017, "it is no JSON: expected `,` at column 17")];
    stage.reply("datasets\":{\"import\"", vec![Reply::DatasetRead { bad, doubled: Vec::new(), good }]);
    wrong(stage, "datasets\":{\"import\"", "2 lines cannot be read", "Mend them.");
}

#[test]
fn every_bad_line_of_a_file_is_named() {
    shoot("dataset-bad-lines", half_bad);
}

#[test]
fn a_dataset_and_models_make_a_plan_with_what_is_usual() {
    let mut stage = Stage::settled(100, 30, "dark");
    form(&mut stage);
    assert!(stage.text().contains("A dataset is needed"), "{}", stage.text());
    assert!(evaluations(&stage.keys("<alt+c>")).is_empty(), "there is nothing to make yet");
    on(&mut stage, "builtin/gen", &[]);
    assert!(stage.text().contains("Answers are needed"), "{}", stage.text());
    let asked = stage.keys("a<enter>");
    let one = plan(&asked);
    assert_eq!((one.task.name.as_str(), one.dataset.as_str()), ("generation-2", "builtin/generation"));
    assert_eq!(one.task.metrics[0].method, Method::ThumbsUpDown, "one answer is good or is not");
    assert!(one.task.blinding.models && one.task.raters_per_item == 1 && one.limit.is_none());
    let two = plan(&stage.keys("ahome/qwen3<enter>"));
    let names: Vec<_> = two.sources.iter().map(|source| source.name.as_str()).collect();
    assert_eq!(names, ["local/smollm2-135m", "home/qwen3"]);
    assert_eq!(two.task.metrics[0].method, Method::ComparisonChoice, "of two one is the better");
    estimate(&mut stage, 48, Some(1.2), &[]);
    assert!(stage.text().contains("At most $1.20"), "{}", stage.text());
    let one = plan(&stage.keys("kx"));
    estimate(&mut stage, 24, Some(0.0), &[]);
    assert!(stage.text().contains("Costs nothing: answered on this machine."), "{}", stage.text());
    assert_eq!(one.sources.len(), 1, "a model is taken away");
}

#[test]
fn one_model_answers_twice_with_settings_of_its_own() {
    let mut stage = Stage::settled(120, 40, "dark");
    form(&mut stage);
    on(&mut stage, "builtin/gen", &[]);
    stage.keys("<ctrl+o>");
    assert!(stage.text().contains("Add a model first"), "{}", stage.text());
    stage.keys("a<enter>a<enter>");
    let text = stage.text();
    assert!(text.contains("answers twice: Ctrl+O gives this one settings of its own."), "{text}");
    assert!(text.contains("are the same model, asked the same way."), "{text}");
    assert!(evaluations(&stage.keys("c")).is_empty(), "two that are one are not made");
    stage.keys("<ctrl+o>");
    assert!(stage.text().contains("of this model"), "{}", stage.text());
    let two = plan(&stage.keys("jjj<right>"));
    let names: Vec<_> = two.sources.iter().map(|source| source.name.as_str()).collect();
    assert_eq!(names, ["local/smollm2-135m", "local/smollm2-135m temperature=0.8"]);
    stage.keys("<enter><ctrl+u>0.2<enter>");
    assert_eq!(plan(&stage.effects).sources[1].name, "local/smollm2-135m temperature=0.2");
    stage.keys("<esc>");
    assert!(!stage.text().contains("of this model") && stage.text().contains("A new evaluation"));
    let exact = plan(&stage.keys("<alt+p>precise<enter>"));
    let column = exact.sources[1].column.as_ref().unwrap();
    assert_eq!(column.system.as_deref(), Some("Be exact."));
    stage.keys("<esc>");
    assert!(stage.text().contains("preset precise"), "{}", stage.text());
    // Another model is chosen for the line, and keeps what it is asked with.
    let other = plan(&stage.keys("<ctrl+l>home/qwen3<enter>"));
    let column = other.sources[1].column.as_ref().unwrap();
    assert_eq!(
        (column.model.to_string().as_str(), column.system.as_deref()),
        ("home/qwen3", Some("Be exact."))
    );
    assert!(stage.text().contains("A new evaluation"), "the form stays: {}", stage.text());
}

#[test]
fn the_settings_of_a_model_stand_beside_the_form() {
    shoot("making-settings", |stage| {
        form(stage);
        on(stage, "builtin/gen", &[]);
        stage.keys("a<enter>a<enter><ctrl+o>jjj<right>");
        estimate(stage, 48, Some(0.0), &[]);
    });
}

#[test]
fn what_raters_are_asked_is_changed_line_by_line() {
    let mut stage = Stage::settled(100, 40, "dark");
    form(&mut stage);
    on(&mut stage, "answered", &["a", "b"]);
    assert_eq!(plan(&stage.effects).sources.len(), 2, "what the dataset brings is rated");
    // From the first: name, dataset, a model, a, b, then the method.
    let asked = stage.keys("g<enter><end>-blind<enter><down><down><down><down><down><right>");
    let rank = plan(&asked);
    assert_eq!(rank.task.name, "answered-blind");
    assert_eq!(rank.task.metrics[0].method, Method::ComparisonRank);
    assert!(rank.task.metrics[0].description.contains("Which answers"), "{rank:?}");
    let asked = stage.keys("<enter>individual<enter>");
    assert_eq!(plan(&asked).task.metrics[0].method, Method::IndividualLikertScale);
    let asked = stage.keys("j<enter><ctrl+u>Tone<enter><down><enter><ctrl+u>How kind is it?<enter>");
    let tone = &plan(&asked).task.metrics[0];
    assert_eq!((tone.name.as_str(), tone.description.as_str()), ("Tone", "How kind is it?"));
    let asked = stage.keys("<down><down><down><enter><ctrl+a><ctrl+k>Be fair.<enter>");
    assert_eq!(plan(&asked).task.instructions, "Be fair.");
    let asked = stage.keys("<down><right><right>j<enter>10<enter>j<enter>j<enter>j<enter>j<enter>5<enter>");
    let all = plan(&asked);
    assert_eq!((all.task.raters_per_item, all.task.repeats, all.limit), (3, 10, Some(5)));
    let blinding = all.task.blinding;
    assert!(!blinding.models && !blinding.sides && blinding.self_naming, "{blinding:?}");
    let asked = stage.keys("<backspace>");
    assert_eq!(plan(&asked).limit, None);
    assert!(stage.keys("<enter>none<enter>").iter().all(|effect| !matches!(effect, Effect::Call { .. })));
    assert!(stage.text().contains("A number from 1 on is needed."), "{}", stage.text());
}

#[test]
fn letters_on_a_line_that_holds_a_text_are_its_and_commands_everywhere_else() {
    let mut stage = Stage::settled(100, 40, "dark");
    form(&mut stage);
    on(&mut stage, "answered", &["a", "b"]);
    // The usual name gives way, what was entered is gone on with.
    assert_eq!(plan(&stage.keys("gcamx<enter>")).task.name, "camx");
    assert_eq!(plan(&stage.keys("-2<enter>")).task.name, "camx-2");
    assert_eq!(plan(&stage.keys("<backspace>3<enter>")).task.name, "camx-3");
    assert!(stage.text().contains("Alt+C make it"), "{}", stage.text());
    stage.keys("?<esc>");
    assert!(stage.text().contains("camx-3"), "left as it was: {}", stage.text());
    // Instructions are a text of lines; a number takes digits, and its letters command.
    stage.keys("<down><down><down><down><down><down><down><down><down><down>");
    assert_eq!(plan(&stage.keys("cold<enter>")).task.instructions, "cold");
    assert_eq!(plan(&stage.keys("<down>3<enter>")).task.raters_per_item, 3);
    assert!(matches!(&evaluations(&stage.keys("c"))[..], [Evaluations::Create { .. }]));
}

#[test]
fn several_things_are_rated_each_in_its_own_way() {
    shoot("making-metrics", |stage| {
        form(stage);
        on(stage, "answered", &["a", "b"]);
        // Down to the method; a second and a third metric.
        let asked = plan(&stage.keys("m"));
        let names = |plan: &Plan| plan.task.metrics.iter().map(|of| of.name.clone()).collect::<Vec<_>>();
        assert_eq!(names(&asked), ["Preference", "Preference-2"], "each name is free");
        stage.keys(
            "<enter>individual<enter>j<enter><ctrl+u>Tone<enter><down><down><enter>cold, cool , plain,warm,kind<enter>",
        );
        let asked = plan(&stage.effects);
        assert_eq!(asked.task.metrics[1].labels, ["cold", "cool", "plain", "warm", "kind"]);
        let asked = plan(&stage.keys("<alt+m><enter>thumbs<enter>"));
        assert_eq!(names(&asked), ["Preference", "Tone", "Helpful"]);
        let asked = plan(&stage.keys("x"));
        assert_eq!(names(&asked), ["Preference", "Tone"]);
        estimate(stage, 0, None, &[]);
    });
    let mut stage = Stage::settled(80, 24, "dark");
    form(&mut stage);
    stage.keys("<down><down><down>x");
    assert!(stage.text().contains("One thing at least is rated."), "{}", stage.text());
}

#[test]
fn what_is_made_is_selected_and_nothing_is_asked_yet() {
    let mut stage = Stage::settled(100, 30, "dark");
    form(&mut stage);
    on(&mut stage, "builtin/gen", &[]);
    stage.keys("a<enter>");
    estimate(&mut stage, 24, Some(0.0), &[]);
    let asked = evaluations(&stage.keys("c"));
    assert!(
        matches!(&asked[..], [Evaluations::Create { plan }] if plan.task.name == "generation-2"),
        "{asked:?}"
    );
    assert!(evaluations(&stage.keys("c")).is_empty(), "it is being made");
    let mut made = evaluation(9, "generation-2", GenerationState::Ready, 0, 0);
    made.generation.total = 24;
    stage.answer("evaluations\":{\"create", vec![Reply::Evaluation { evaluation: made }]);
    let text = stage.text();
    assert!(text.contains("▌ generation-2") && text.contains("f asks for the 24 answers"), "{text}");
    let id = EvaluationId::from_bytes([9; 16]);
    assert_eq!(evaluations(&stage.keys("f")), [Evaluations::Run { id }]);
}

#[test]
fn a_plan_that_is_refused_stays_in_the_form() {
    let mut stage = Stage::settled(100, 30, "dark");
    form(&mut stage);
    on(&mut stage, "builtin/gen", &[]);
    stage.keys("a<enter>c");
    wrong(&mut stage, "evaluations\":{\"create", "there is one of that name already", "Choose another name.");
    let text = stage.text();
    assert!(text.contains("There is one of that name already. Choose another name."), "{text}");
    assert_eq!(evaluations(&stage.keys("c")).len(), 1, "it can be tried again");
}

#[test]
fn what_was_entered_is_not_lost_by_one_key() {
    let mut stage = Stage::settled(100, 30, "dark");
    form(&mut stage);
    stage.keys("<esc>");
    assert!(stage.text().contains("items × answers"), "nothing was entered: {}", stage.text());
    form(&mut stage);
    on(&mut stage, "builtin/gen", &[]);
    stage.keys("a<enter><esc>");
    let text = stage.text();
    assert!(text.contains("items × answers") && text.contains("Put aside; n goes on with it."), "{text}");
    stage.keys("<ctrl+q>");
    let text = stage.text();
    assert!(text.contains("Quit and drop the new evaluation") && text.contains("q quit"), "{text}");
    assert!(!stage.effects.contains(&Effect::Quit));
    stage.keys("<esc><alt+1><alt+4>n");
    let text = stage.text();
    assert!(text.contains("go on with generation-2") && text.contains("begin anew"), "{text}");
    let asked = plan(&stage.keys("<enter>"));
    assert_eq!((asked.dataset.as_str(), asked.sources.len()), ("builtin/generation", 1), "as it was left");
    stage.keys("<esc>n<down><enter>");
    assert!(stage.text().contains("A dataset is needed"), "{}", stage.text());
    stage.keys("<esc><ctrl+q>");
    assert!(!stage.text().contains("Quit and drop"), "nothing is there to be lost: {}", stage.text());
}

#[test]
fn the_datasets_are_read_renamed_removed_and_evaluated() {
    let mut stage = Stage::settled(100, 30, "dark");
    shown(&mut stage);
    let id = DatasetId::from_bytes([1; 16]);
    assert_eq!(datasets(&stage.keys("<enter>")), [Datasets::Items { id, from: 0, limit: 200 }]);
    let text = stage.text();
    assert!(text.contains("r rename") && text.contains("x delete"), "{text}");
    let asked = datasets(&stage.keys("r<ctrl+u>other<enter>"));
    assert_eq!(asked, [Datasets::Rename { id, name: "other".into() }]);
    let renamed = dataset(1, "other", 120, None);
    assert_eq!(datasets(&stage.effects.clone()).last(), Some(&Datasets::Rename { id, name: "other".into() }));
    stage.answer("datasets\":{\"rename\"", vec![Reply::Dataset { dataset: renamed }]);
    assert_eq!(datasets(&stage.keys("xd")), [Datasets::Remove { id }]);
    assert!(datasets(&stage.keys("Gx")).is_empty());
    let text = stage.text();
    assert!(text.contains("It came with the program"), "{text}");
    assert!(
        !text.contains("r rename") && !text.contains("x delete"),
        "not offered for one that stays: {text}"
    );
    stage.keys("n");
    let text = stage.text();
    assert!(text.contains("A new evaluation") && text.contains("builtin/generation"), "{text}");
    stage.keys("<esc>");
    assert!(stage.text().contains("changed"), "back to the datasets, nothing was entered: {}", stage.text());
    stage.keys("<esc>");
    assert!(stage.text().contains("judged by people"), "{}", stage.text());
}

#[test]
fn a_file_becomes_a_dataset_by_its_ending() {
    let mut stage = Stage::settled(100, 30, "dark");
    shown(&mut stage);
    let asked = stage.keys("a~/in/answered.csv<enter>");
    let read = Effect::ReadFile { path: "~/in/answered.csv".into(), most: LARGEST_FILE };
    assert!(asked.contains(&read), "{asked:?}");
    let bytes = b"prompt\nwhy?\n".to_vec();
    let read = Ok(Contents(bytes.clone()));
    let asked = stage.event(Event::FileRead { path: "~/in/answered.csv".into(), read });
    let import = Import {
        name: "answered-2".into(),
        form: Form::Csv,
        bytes,
        source: Some("answered.csv".into()),
        licence: None,
        skip_bad: false,
    };
    assert_eq!(datasets(&asked), [Datasets::Import(import)]);
    let doubled = vec![Doubled { line: 9, first: 2 }];
    let made = dataset(8, "answered-2", 12, Some("answered.csv"));
    let replies =
        vec![Reply::DatasetRead { bad: Vec::new(), doubled, good: 12 }, Reply::Dataset { dataset: made }];
    stage.answer("datasets\":{\"import\"", replies);
    let text = stage.text();
    assert!(text.contains("▌ answered-2"), "{text}");
    assert!(text.contains("Read as answered-2: 12 items; 1 line says the same"), "{text}");
}

#[test]
fn the_good_lines_of_a_file_are_taken_when_that_is_said() {
    let mut stage = Stage::settled(100, 30, "dark");
    half_bad(&mut stage);
    let text = stage.text();
    assert!(text.contains("line 1,017: it is no JSON") && text.contains("t take the good lines"), "{text}");
    let asked = stage.keys("t");
    assert!(asked.iter().any(|effect| matches!(effect, Effect::ReadFile { .. })), "{asked:?}");
    let read = Ok(Contents(b"{}\n".to_vec()));
    let asked = datasets(&stage.event(Event::FileRead { path: "~/rivers.jsonl".into(), read }));
    assert!(matches!(&asked[..], [Datasets::Import(import)] if import.skip_bad), "{asked:?}");
    let mut stage = Stage::settled(100, 30, "dark");
    half_bad(&mut stage);
    assert!(stage.keys("<esc>").is_empty(), "nothing was taken");
}

#[test]
fn a_file_that_is_not_there_is_said() {
    let mut stage = Stage::settled(100, 30, "dark");
    shown(&mut stage);
    stage.keys("a~/none.jsonl<enter>");
    let error =
        Error::new(ErrorKind::NotFound, "reading none.jsonl", "no such file", "Check that the path exists.");
    let asked = stage.event(Event::FileRead { path: "~/none.jsonl".into(), read: Err(error) });
    let text = stage.text();
    assert!(asked.is_empty() && text.contains("there is no such file"), "{text}");
    assert!(text.contains("~/none.jsonl"), "what was typed stays: {text}");
    let asked = stage.keys("<backspace><enter>");
    let read = Effect::ReadFile { path: "~/none.json".into(), most: LARGEST_FILE };
    assert!(asked.contains(&read), "and is mended: {asked:?}");
}

#[test]
fn a_file_waits_until_the_one_before_it_is_read() {
    let mut stage = Stage::settled(100, 30, "dark");
    shown(&mut stage);
    stage.keys("a~/one.jsonl<enter>");
    let read = Ok(Contents(b"{}\n".to_vec()));
    stage.event(Event::FileRead { path: "~/one.jsonl".into(), read });
    let asked = stage.keys("a~/two.jsonl<enter>");
    assert!(!asked.iter().any(|effect| matches!(effect, Effect::ReadFile { .. })), "{asked:?}");
    let text = stage.text();
    assert!(text.contains("one.jsonl is still being read") && text.contains("~/two.jsonl"), "{text}");
}

#[test]
fn bad_lines_wait_for_whoever_is_elsewhere() {
    let mut stage = Stage::settled(100, 30, "dark");
    shown(&mut stage);
    stage.keys("a~/rivers.jsonl<enter>");
    let read = Ok(Contents(b"{}\n".to_vec()));
    stage.event(Event::FileRead { path: "~/rivers.jsonl".into(), read });
    stage.keys("<alt+1>");
    let bad = vec![BadLine { line: 3, why: "it has no \"prompt\"".into() }];
    stage.reply("datasets\":{\"import\"", vec![Reply::DatasetRead { bad, doubled: Vec::new(), good: 2 }]);
    wrong(&mut stage, "datasets\":{\"import\"", "1 line cannot be read", "Mend it.");
    let text = stage.text();
    assert!(text.contains("Nothing was taken of rivers.jsonl") && !text.contains("line 3:"), "{text}");
    stage.keys("<alt+4>");
    assert!(stage.text().contains("line 3: it has no"), "{}", stage.text());
    let asked = stage.keys("t");
    assert!(asked.iter().any(|effect| matches!(effect, Effect::ReadFile { .. })), "{asked:?}");
}

#[test]
fn good_lines_are_offered_only_where_there_are_some() {
    let mut stage = Stage::settled(100, 30, "dark");
    with_bad_lines(&mut stage, 0);
    let text = stage.text();
    assert!(text.contains("line 1,017") && !text.contains("take the good lines"), "{text}");
    assert!(stage.keys("t").is_empty());
}

#[test]
fn what_a_blank_takes_is_said_whole_on_a_small_screen() {
    let mut stage = Stage::settled(60, 20, "dark");
    form(&mut stage);
    on(&mut stage, "answered", &["a", "b"]);
    stage.keys("<down><down><down><down><down><down><down><enter>");
    let text = stage.text();
    assert!(text.contains("Words for what raters say") && text.contains("all bad"), "{text}");
}
