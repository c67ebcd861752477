//! The models place: empty, full, busy, failed.

use outcrop::domain::catalog::{Availability, Capability, ModelCard, Price};
use outcrop::domain::delta::Event as Delta;
use outcrop::domain::listing::Listing;
use outcrop::domain::message::{Timing, Usage};
use outcrop::domain::pull::{Checked, PullPlan, PullStep};
use outcrop::domain::rerank::Relevance;
use outcrop::domain::{Error, ErrorKind};
use outcrop::tui::effect::Effect;
use outcrop::tui::event::Event;
use outcrop::workbench::reply::{Check, Tried, Verdict};
use outcrop::workbench::{Reply, Request};

use super::picker::{cards, listing};
use super::{SIZES, first_run, shoot};
use crate::stage::{Stage, card};

/// The place, with what the servers said.
fn opened(stage: &mut Stage, lists: Vec<Listing>, cards: Vec<ModelCard>) {
    stage.keys("<alt+7>");
    stage.answer("\"probe\":true", vec![Reply::Lists { lists }, Reply::Models { cards }]);
}

pub(super) fn full(stage: &mut Stage) {
    opened(
        stage,
        vec![listing("openai", 3, None), listing("bedrock", 50, Some("no route to host"))],
        cards(),
    );
}

fn to_fetch() -> Reply {
    Reply::Plan {
        plan: PullPlan {
            id: "local/qwen2.5-0.5b".parse().unwrap(),
            title: "Qwen 2.5 0.5B".into(),
            licence: "Apache-2.0".into(),
            bytes: Some(491_400_064),
            rough: false,
            kept: None,
            to: "/home/you/.local/share/outcrop/models/qwen2.5-0.5b".into(),
            sources: vec![
                "a model hub over HTTPS".into(),
                "Python package a 1 with pip; starts over if stopped".into(),
            ],
            checked: Checked::Here,
        },
    }
}

fn asked(effects: &[Effect]) -> String {
    serde_json::to_string(&Stage::requests(effects)).unwrap()
}

#[test]
fn without_any_model_the_place_teaches() {
    shoot("models-empty", |stage| opened(stage, Vec::new(), Vec::new()));
}

#[test]
fn every_model_has_a_card_with_all_that_is_known() {
    shoot("models-full", |stage| {
        full(stage);
        stage.keys("jjjjsh<enter>");
        let check = |what: &str, verdict, found: &str, advice: &str| Check {
            what: what.into(),
            verdict,
            found: found.into(),
            advice: advice.into(),
        };
        let checks = vec![
            check(
                "provider openai",
                Verdict::Good,
                "reached at https://openai.example/v1; its key was taken; 3 models can be asked",
                "",
            ),
            check(
                "clock of openai",
                Verdict::Note,
                "its clock is 2 min 3 s ahead of this machine's",
                "Set this machine's clock.",
            ),
        ];
        stage.answer("\"health\"", vec![Reply::Checks { checks }]);
    });
}

#[test]
fn presets_are_listed_with_what_they_say_and_changed_beside_that() {
    shoot("models-presets", |stage| {
        let mut more = stage.state.options.presets["precise"].clone();
        more.model = "bedrock/eu.anthropic.claude-haiku-4-5-20251001-v1:0".parse().ok();
        more.settings.set("tools", r#"[{"name":"get_weather"},{"name":"look_up"}]"#).unwrap();
        stage.state.options.presets.insert("with tools, and a name that is long \u{1b}[2J漢字".into(), more);
        stage.keys("<alt+7>ej");
    });
    shoot("models-presets-change", |stage| {
        stage.keys("<alt+7>e<enter>jjj<right>");
    });
    shoot("models-presets-empty", |stage| {
        stage.state.options.presets.clear();
        stage.keys("<alt+7>e");
    });
}

#[test]
fn every_provider_that_gave_no_list_is_named_however_narrow_it_is() {
    let refused = "no connection to 127.0.0.1:9: Connection refused (os error 111)";
    for (width, height) in [(60, 20), (80, 24), (100, 30)] {
        let mut stage = Stage::settled(width, height, "dark");
        let lists = vec![
            listing("dead", 0, Some(refused)),
            listing("keyed", 0, Some("its key was not taken")),
            listing("openai", 3, None),
        ];
        opened(&mut stage, lists, cards());
        assert!(stage.text().contains("dead and keyed gave no list"), "{}", stage.text());
    }
    let lists =
        ["one", "two", "three", "four", "five", "six", "seven"].map(|name| listing(name, 0, Some(refused)));
    let mut stage = Stage::settled(60, 20, "dark");
    opened(&mut stage, lists.into(), cards());
    assert!(
        stage.text().contains("one, two, three, four, five, six and 1 more gave no list"),
        "{}",
        stage.text()
    );
}

#[test]
fn the_health_of_a_provider_is_said_where_its_card_is_not_in_sight() {
    let mut stage = Stage::settled(80, 24, "dark");
    full(&mut stage);
    stage.keys("h");
    assert!(stage.text().contains("Checking"), "{}", stage.text());
    let check = |verdict, found: &str, advice: &str| Check {
        what: "key".into(),
        verdict,
        found: found.into(),
        advice: advice.into(),
    };
    let checks = vec![
        check(Verdict::Good, "reached", ""),
        check(Verdict::Bad, "its key was not taken", "Set another."),
    ];
    stage.answer("\"health\"", vec![Reply::Checks { checks }]);
    assert!(stage.text().contains("✗ its key was not taken. Set another."), "{}", stage.text());
}

#[test]
fn escape_shows_all_models_again_and_then_says_the_ways_out() {
    let mut stage = Stage::settled(80, 24, "dark");
    full(&mut stage);
    stage.keys("/claude<enter>v");
    assert!(stage.text().contains("can chat"), "{}", stage.text());
    stage.keys("<esc>");
    assert!(stage.text().contains("any use") && stage.text().contains("narrows by name"), "{}", stage.text());
    stage.keys("<esc>");
    let text = stage.text();
    assert!(text.contains("narrows by name") && text.contains("Alt+1…9 lead to the places"), "{text}");
    // The list of models is here already.
    stage.keys("<ctrl+l>opus");
    let text = stage.text();
    assert!(text.contains("opus") && !text.contains("means nothing here"), "{text}");
    assert_eq!(stage.state.place, outcrop::tui::pane::Place::Models);
}

#[test]
fn a_list_without_a_match_says_the_key_that_shows_all_again_where_it_is() {
    let mut stage = Stage::settled(100, 24, "dark");
    full(&mut stage);
    stage.keys("/nothing-like-it");
    assert!(stage.text().contains("No model is like that. Esc shows all models again."), "{}", stage.text());
    stage.keys("<enter>");
    assert!(stage.text().contains("No model is like that. Bksp shows all models again."), "{}", stage.text());
    stage.keys("<backspace>");
    stage.keys("v/nothing-like-it");
    assert!(stage.text().contains("Esc, then Bksp"), "{}", stage.text());
}

#[test]
fn the_card_of_a_model_that_does_not_chat_offers_none_and_says_what_it_can() {
    let card = |id: &str, can: &[Capability]| ModelCard {
        capabilities: can.to_vec(),
        lacks: vec![Capability::Chat],
        ..ModelCard::unknown(id.parse().unwrap())
    };
    let cards = [
        (card("a/paints", &[Capability::Images]), "It does not chat. What it can do: images.", "t try it"),
        (card("a/embeds", &[Capability::Embed]), "It does not chat. What it can do: embed.", "star"),
        (card("a/unknown", &[]), "It does not chat; what it can do is not", "star"),
    ];
    for (card, words, key) in cards {
        let mut stage = Stage::settled(120, 40, "dark");
        opened(&mut stage, vec![listing("a", 1, None)], vec![card]);
        stage.keys("<enter>");
        let shown = stage.text();
        assert!(shown.contains(words) && shown.contains(key), "{shown}");
        assert!(!shown.contains("chat ·"), "{shown}");
        // What makes vectors can be asked for one, and what makes pictures in their place.
        assert_eq!(shown.contains("try it"), !words.contains("is not"), "{shown}");
        stage.keys("c");
        let shown = stage.text();
        assert!(shown.contains("does not chat; its card says what it can do"), "{shown}");
    }
}

#[test]
fn the_focus_of_a_card_is_one_mark_however_high_the_screen_is() {
    let mut stage = Stage::settled(240, 70, "dark");
    full(&mut stage);
    let bars = |stage: &mut Stage| stage.text().matches('▌').count();
    let before = bars(&mut stage);
    stage.keys("<enter>");
    assert_eq!(bars(&mut stage), before + 1, "{}", stage.text());
}

#[test]
fn a_list_is_narrowed_by_its_filters_and_by_typing() {
    shoot("models-filtered", |stage| {
        full(stage);
        stage.keys("vvvoo/gpt");
    });
}

#[test]
fn the_day_of_the_prices_is_said_whatever_row_is_chosen() {
    let priced = |id: &str, day: &str| {
        let mut card = card(id, Availability::Ready);
        card.price = Some(Price {
            input: Some(1.0),
            output: Some(2.0),
            as_of: day.into(),
            source: "a page".into(),
            ..Price::nothing()
        });
        card
    };
    let bare = card("home/a", Availability::Ready);
    let mut stage = Stage::settled(120, 40, "dark");
    opened(
        &mut stage,
        Vec::new(),
        vec![bare, priced("openai/b", "2026-11-22"), priced("openai/c", "2026-11-25")],
    );
    stage.keys("g");
    assert!(stage.text().contains("~$ since 2026-11-22"), "{}", stage.text());
    stage.keys("G");
    assert!(stage.text().contains("~$ of 2026-11-25"), "{}", stage.text());
}

#[test]
fn a_filter_is_seen_where_the_card_hid_the_list() {
    let mut stage = Stage::settled(60, 20, "dark");
    full(&mut stage);
    stage.keys("<enter>");
    assert!(!stage.text().contains("any provider"), "{}", stage.text());
    stage.keys("p");
    let text = stage.text();
    assert!(text.contains("narrows by name") && !text.contains("any provider"), "{text}");
}

#[test]
fn rows_out_of_sight_are_counted_and_a_price_of_a_list_is_as_old_as_that() {
    let many = {
        let price = Price {
            input: Some(1.0),
            output: Some(2.0),
            cache_read: None,
            cache_write: None,
            image: None,
            search: None,
            as_of: String::new(),
            source: Price::LISTED.into(),
        };
        let one = |n| ModelCard {
            price: Some(price.clone()),
            ..card(&format!("openai/model-{n:02}"), Availability::Ready)
        };
        (0..30).map(one).collect::<Vec<_>>()
    };
    let mut stage = Stage::settled(60, 20, "dark");
    opened(&mut stage, vec![listing("openai", 3, None)], many);
    assert!(stage.text().contains("▼ 16 more"), "{}", stage.text());
    stage.keys("G");
    assert!(stage.text().contains("▲ 16 more"), "{}", stage.text());
    stage.keys("<enter>");
    assert!(stage.text().contains("listed 3 h ago"), "{}", stage.text());
    let text = stage.text().split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains("(the provider's list), listed 3 h ago"), "{text}");
}

#[test]
fn the_plan_of_a_fetch_is_shown_before_it() {
    shoot("models-plan", |stage| {
        full(stage);
        stage.keys("/qwen<enter>f");
        stage.answer("\"plan\"", vec![to_fetch()]);
    });
}

#[test]
fn fetching_shows_how_far_it_is() {
    shoot("models-busy", |stage| {
        full(stage);
        stage.keys("/qwen<enter>f");
        stage.answer("\"plan\"", vec![to_fetch()]);
        stage.pass(600);
        stage.keys("f<enter>");
        stage.pass(9_000);
        let step = PullStep::Fetching {
            done: 61_000_000,
            total: Some(491_400_064),
            resumed: 0,
            per_second: Some(6_700_000),
        };
        let source = "a model hub over HTTPS".to_owned();
        let failed = PullStep::SourceFailed { source, why: "no route to host".into() };
        stage.reply("\"pull\"", vec![Reply::Pulling { step: failed }, Reply::Pulling { step }]);
    });
}

#[test]
fn a_question_on_trial_is_answered_with_its_figures() {
    shoot("models-trial", |stage| {
        full(stage);
        stage.keys("/4o-mini<enter>twhy do rivers meander?<enter>");
        stage.reply(
            "\"try\"",
            vec![
                Reply::Delta { event: Delta::Reasoning { text: "let me think".into() } },
                Reply::Delta {
                    event: Delta::Text { text: "Because the outer bank is cut away. 川は".into() },
                },
            ],
        );
        let tried = Tried {
            usage: Usage { input: Some(12), output: Some(41), ..Usage::default() },
            timing: Timing { first_token_ms: Some(210), total_ms: Some(1_210), ..Timing::default() },
            cost: Some(0.000_026_4),
        };
        stage.answer("\"try\"", vec![Reply::Tried { tried }]);
    });
}

#[test]
fn what_no_list_has_named_yet_is_marked_as_from_the_catalogue() {
    let mut stage = Stage::settled(120, 40, "dark");
    let known = ModelCard {
        title: "GPT-4o".into(),
        availability: Availability::Catalogued,
        ..card("openai/gpt-4o", Availability::Catalogued)
    };
    opened(&mut stage, Vec::new(), vec![known]);
    let listed = stage.text();
    let mut rows = listed.lines().filter(|line| line.contains("openai/gpt-4o"));
    assert!(rows.any(|row| row.contains("catalogue")), "{listed}");
    stage.keys("<enter>");
    let shown = stage.text();
    assert!(shown.contains("from the catalogue, unlisted"), "{shown}");
    assert!(asked(&stage.keys("thello<enter>")).contains("models\":{\"try\""), "it can be asked");
}

#[test]
fn a_model_that_makes_pictures_is_tried_where_they_are_kept() {
    let mut stage = Stage::settled(120, 40, "dark");
    let painter = ModelCard {
        capabilities: vec![Capability::Images],
        ..card("openai/gpt-image-1", Availability::Ready)
    };
    opened(&mut stage, Vec::new(), vec![painter]);
    stage.keys("<enter>");
    assert!(stage.text().contains("t try it in Pictures"), "where it leads is said before: {}", stage.text());
    assert!(!asked(&stage.keys("t")).contains("try"));
    let shown = stage.text();
    assert!(shown.contains("what is to be seen"), "{shown}");
    assert!(shown.contains("▌ openai/gpt-image-1"), "{shown}");
}

#[test]
fn a_model_that_cannot_be_asked_is_not_tried_and_it_is_said_why() {
    let keyless = Availability::Unusable { why: "its key is not set".into() };
    let painter = ModelCard { capabilities: vec![Capability::Images], ..card("openai/gpt-image-1", keyless) };
    let vague = ModelCard { capabilities: Vec::new(), ..card("openai/what", Availability::Ready) };
    for (card, why) in
        [(painter, "cannot be asked: its key is not set"), (vague, "Nobody says what openai/what is for")]
    {
        let mut stage = Stage::settled(120, 40, "dark");
        opened(&mut stage, Vec::new(), vec![card]);
        assert!(!stage.text().contains("t try"), "{}", stage.text());
        assert!(!asked(&stage.keys("t")).contains("try"));
        let shown = stage.text();
        assert!(shown.contains(why), "{shown}");
        assert!(!shown.contains("what is to be seen"), "{shown}");
    }
}

/// The place with a model that puts texts in order, which is selected.
fn with_reranker(stage: &mut Stage) {
    let reranker = ModelCard {
        title: "Rerank 3.5".into(),
        capabilities: vec![Capability::Rerank],
        ..ModelCard::unknown("cohere/rerank-v3.5".parse().unwrap())
    };
    let cards = [cards(), vec![reranker]].concat();
    opened(stage, vec![listing("cohere", 3, None)], cards);
    stage.keys("/rerank-v3<enter>");
}

/// How well the three texts of the example answer.
fn order() -> Reply {
    let results = [(1, 0.9587), (2, 0.271), (0, 0.0132)];
    let results = results.map(|(index, score)| Relevance { index, score }).to_vec();
    Reply::Delta { event: Delta::Reranked { results, searches: 1 } }
}

#[test]
fn texts_on_trial_are_shown_in_their_new_order() {
    shoot("models-trial-texts", |stage| {
        with_reranker(stage);
        stage.keys("t");
    });
    shoot("models-trial-order", |stage| {
        with_reranker(stage);
        stage.keys("t<enter>");
        stage.reply("\"rerank\"", vec![order()]);
        let timing = Timing { total_ms: Some(310), ..Timing::default() };
        let tried = Tried { timing, cost: Some(0.002), ..Tried::default() };
        stage.answer("\"rerank\"", vec![Reply::Tried { tried }]);
    });
}

#[test]
fn a_model_that_puts_texts_in_order_is_tried_with_a_question_and_texts() {
    let mut stage = Stage::settled(120, 40, "dark");
    with_reranker(&mut stage);
    assert!(stage.text().contains("t try it"), "{}", stage.text());
    let sent = asked(&stage.keys("t<ctrl+j>Cups are washed by hand.<enter>"));
    let begins =
        r#""models":{"rerank":{"id":"cohere/rerank-v3.5","query":"How long is green tea steeped?","texts":["#;
    assert!(sent.contains(begins) && sent.contains(r#","Cups are washed by hand."]"#), "{sent}");
    assert!(stage.text().contains("waiting"), "{}", stage.text());
    stage.reply("\"rerank\"", vec![order()]);
    let shown = stage.text();
    let place = |text: &str| shown.find(text).unwrap_or_else(|| panic!("no {text}: {shown}"));
    assert!(place("0.9587    Green tea takes") < place("0.2710    Black tea takes"), "{shown}");
    assert!(place("0.2710") < place("0.0132    Tins of tea") && !shown.contains("waiting"), "{shown}");
    let task = stage.task("\"rerank\"");
    let error = Error::new(ErrorKind::Auth, "reranking", "the key was not taken", "Give another one.");
    stage.event(Event::Ended { task, error: Some(error) });
    assert!(stage.text().contains("✗ reranking: the key was not taken"), "{}", stage.text());
    stage.keys("t");
    assert!(stage.text().contains("Cups are washed by hand."), "they stand there again: {}", stage.text());
}

#[test]
fn a_model_that_makes_vectors_is_tried_with_one() {
    let mut stage = Stage::settled(100, 30, "dark");
    full(&mut stage);
    stage.keys("/4o-mini<enter>trivers<enter>");
    let vectors = vec![vec![0.6, -0.8, 0.0]];
    stage.reply("\"try\"", vec![Reply::Delta { event: Delta::Embeddings { vectors } }]);
    let usage = Usage { input: Some(3), ..Usage::default() };
    stage.answer("\"try\"", vec![Reply::Tried { tried: Tried { usage, ..Tried::default() } }]);
    let shown = stage.text();
    assert!(shown.contains("3 numbers, norm 1.0000: 0.6000,") && shown.contains("0.8000, 0.0000"), "{shown}");
    assert!(shown.contains("3 tok · cost unknown"), "{shown}");
}

#[test]
fn a_trial_that_fails_keeps_its_words_and_says_why() {
    shoot("models-error", |stage| {
        full(stage);
        stage.keys("/4o-mini<enter>twhy?<enter>");
        stage.reply("\"try\"", vec![Reply::Delta { event: Delta::Text { text: "Beca".into() } }]);
        let task = stage.task("\"try\"");
        let error =
            Error::new(ErrorKind::Network, "asking openai/gpt-4o-mini", "the connection broke", "Try again.");
        stage.event(Event::Ended { task, error: Some(error) });
    });
}

#[test]
fn fetching_is_offered_for_what_is_not_here_with_its_size_and_what_is_known_of_it() {
    let mut stage = Stage::settled(120, 40, "dark");
    let mut cards = cards();
    let card = cards.iter_mut().find(|card| card.availability == Availability::NotPulled).unwrap();
    (card.context, card.bytes) = (None, Some(491_400_064));
    let id = card.id.model().to_owned();
    opened(&mut stage, vec![listing("openai", 3, None)], cards);
    stage.keys(&format!("/{id}<enter>"));
    let shown = stage.text();
    // It is fetched, not tried: neither its card nor the last line says otherwise.
    assert!(shown.contains("f fetch it") && !shown.contains("t try"), "{shown}");
    let row = shown.lines().find(|line| line.contains(&id) && line.contains("fetch 491 MB")).unwrap();
    assert!(
        row.split_whitespace().any(|word| word == "?"),
        "an unknown context is said to be unknown: {row}"
    );
    stage.keys("<esc>/smollm2-135m<enter>");
    let shown = stage.text();
    assert!(shown.contains("smollm2-135m") && !shown.contains("f fetch"), "it is here: {shown}");
    stage.keys("f");
    assert!(stage.text().contains("is here already"), "{}", stage.text());
}

#[test]
fn a_model_is_fetched_only_after_its_plan_and_a_yes() {
    let mut stage = Stage::settled(120, 40, "dark");
    full(&mut stage);
    let before = asked(&stage.keys("/qwen<enter>f"));
    assert!(before.contains("\"plan\"") && !before.contains("\"pull\""), "{before}");
    stage.answer("\"plan\"", vec![to_fetch()]);
    stage.pass(600);
    assert!(!asked(&stage.keys("<enter>y")).contains("pull"), "a bare yes fetches nothing");
    assert!(asked(&stage.keys("f")).contains("models\":{\"pull\":{\"id\":\"local/qwen2.5-0.5b\""));
    let effects = stage.keys("<esc>");
    assert!(matches!(effects[..], [Effect::Cancel(_)]), "{effects:?}");
}

#[test]
fn a_file_is_added_by_its_whole_path_and_a_model_removed_by_its_verb() {
    let mut stage = Stage::settled(120, 40, "dark");
    full(&mut stage);
    assert!(!asked(&stage.keys("amodel.gguf<enter>")).contains("\"add\""), "{}", stage.text());
    assert!(asked(&stage.keys("<ctrl+u>~/model.gguf<enter>")).contains("\"file\":\"~/model.gguf\""));
    let task = stage.task("\"add\"");
    let error =
        Error::new(ErrorKind::Corrupt, "adding ~/model.gguf", "it is no GGUF file", "Give another one.");
    stage.event(Event::Ended { task, error: Some(error) });
    assert!(stage.text().contains("it is no GGUF file"), "{}", stage.text());
    assert!(!asked(&stage.keys("/smollm<enter>x<enter>")).contains("\"remove\""));
    assert!(asked(&stage.keys("d")).contains("models\":{\"remove\":{\"id\":\"local/smollm2-135m\""));
    let task = stage.task("\"remove\"");
    stage.event(Event::Replies { task, replies: vec![Reply::Done] });
    assert!(stage.text().contains("The files of local/smollm2-135m are deleted"));
}

#[test]
fn the_selected_model_is_talked_to_and_what_is_typed_stays_until_it_is_taken_back() {
    let mut stage = Stage::settled(120, 40, "dark");
    full(&mut stage);
    stage.keys("/4o-mini<enter>");
    assert!(stage.text().contains("1 of 9") || stage.text().contains("2 of 9"), "{}", stage.text());
    stage.keys("c");
    assert!(stage.text().contains("gpt-4o-mini"), "{}", stage.text());
    let effects = stage.keys("hello<enter>");
    assert!(Stage::requests(&effects).iter().any(|r| matches!(r, Request::Chat(_))), "{effects:?}");
    stage.keys("<alt+7>");
    assert!(stage.text().contains("4o-mini"));
    stage.keys("<backspace>");
    assert!(stage.text().contains("9 of 9"), "{}", stage.text());
}

#[test]
fn coming_back_asks_the_servers_only_when_what_they_said_is_old() {
    let mut stage = Stage::settled(100, 30, "dark");
    assert!(!asked(&stage.effects).contains("\"probe\":true"), "start-up asks nobody");
    full(&mut stage);
    stage.keys("<alt+1>");
    assert!(!asked(&stage.keys("<alt+7>")).contains("\"probe\":true"));
    assert!(asked(&stage.keys("r")).contains("\"probe\":true"), "the person wants it");
    stage.keys("<alt+1>");
    stage.pass(60_000);
    assert!(asked(&stage.keys("<alt+7>")).contains("\"probe\":true"));
}

#[test]
fn a_place_that_is_too_small_breaks_nothing() {
    for (width, height) in [(60, 20), (61, 21), (99, 20), (100, 20), (30, 8), (1, 1)] {
        let mut stage = Stage::settled(width, height, "dark");
        full(&mut stage);
        stage.keys("/gpt<enter>t?<enter>");
        stage.text();
        stage.keys("<enter>GGgg<pagedown><esc>");
        stage.text();
    }
}

#[test]
fn a_provider_is_asked_to_fetch_what_is_named_by_its_id_and_to_delete_what_it_keeps() {
    let mut stage = Stage::settled(80, 24, "dark");
    let mut cards = cards();
    cards.truncate(1);
    cards[0].id = "ollama/qwen3:0.6b".parse().unwrap();
    cards[0].removable = true;
    opened(&mut stage, vec![listing("ollama", 3, None)], cards);
    let planned = asked(&stage.keys("aollama/gemma3<enter>"));
    assert!(planned.contains("plan") && planned.contains("ollama/gemma3"), "{planned}");
    stage.keys("x");
    assert!(stage.text().contains("Delete the files of ollama/qwen3:0.6b"), "{}", stage.text());
    let removed = asked(&stage.keys("d<enter>"));
    assert!(removed.contains("remove") && removed.contains("ollama/qwen3:0.6b"), "{removed}");
    assert_eq!(stage.keys("aollama/gemma3.gguf<enter>"), [], "that is a file, and not its whole path");
    let added = asked(&stage.keys("<ctrl+u>/ollama/gemma3.gguf<enter>"));
    assert!(added.contains("add") && added.contains("/ollama/gemma3.gguf"), "{added}");
}

#[test]
fn what_the_catalogue_has_without_a_key_is_one_filter_away_and_says_what_is_missing() {
    shoot("models-no-key", |stage| {
        full(stage);
        stage.keys("ooo");
        let why = "no key: set OPENAI_API_KEY, or a table [providers.openai] and `outcrop keys set openai`";
        let card = |id: &str| ModelCard {
            availability: Availability::Unusable { why: why.into() },
            detail: "from the catalogue: there is no key for it".into(),
            capabilities: vec![Capability::Chat, Capability::Vision],
            context: Some(128_000),
            ..ModelCard::unknown(id.parse().unwrap())
        };
        stage.answer(
            "\"keyless\"",
            vec![Reply::Models { cards: vec![card("openai/gpt-4o"), card("openai/gpt-5")] }],
        );
    });
}

#[test]
fn what_the_first_start_asks_stays_below_the_bar_of_places() {
    for (width, height) in SIZES {
        let text = first_run(width, height, "dark").text();
        let bar = text.lines().next().unwrap_or_default();
        assert!(bar.contains("1 Chat") && !bar.contains("fetches"), "{text}");
        assert_eq!(text.matches("Enter fetches it").count(), 1, "{text}");
    }
}
