//! The list that a model is chosen from: empty, waiting, full, failed.

use outcrop::domain::catalog::{Availability, Capability, ModelCard, Price};
use outcrop::domain::listing::Listing;
use outcrop::domain::time::Timestamp;
use outcrop::domain::{Error, ErrorKind};
use outcrop::tui::event::Event;
use outcrop::workbench::{Reply, Request};

use super::shoot;
use crate::stage::{MODEL, NOW, Stage, card};

const HOUR: i64 = 3_600_000;

pub fn listing(provider: &str, hours: i64, error: Option<&str>) -> Listing {
    Listing {
        provider: provider.into(),
        address: Some(format!("https://{provider}.example/v1")),
        listed: Some(Timestamp(NOW - hours * HOUR)),
        models: 1,
        error: error.map(|why| Error::new(ErrorKind::Network, "listing", why, "")),
    }
}

/// A model behind the network: its id, its name, context, prices, what it can.
fn remote(
    id: &str,
    title: &str,
    context: Option<u32>,
    price: Option<(f64, f64)>,
    can: &[Capability],
) -> ModelCard {
    ModelCard {
        title: title.into(),
        capabilities: [&[Capability::Chat], can].concat(),
        context,
        price: price.map(|(input, output)| Price {
            input: Some(input),
            output: Some(output),
            cache_read: None,
            cache_write: None,
            image: None,
            search: None,
            as_of: "2026-11-22".into(),
            source: "openai.example/pricing".into(),
        }),
        ..ModelCard::unknown(id.parse().unwrap())
    }
}

pub fn cards() -> Vec<ModelCard> {
    use Capability as C;
    let mut off = remote("groq/…", "groq", None, None, &[]);
    off.availability = Availability::Unusable { why: "the variable GROQ_API_KEY is not set".into() };
    let mut cards = vec![
        card(MODEL, Availability::Ready),
        card("local/qwen2.5-0.5b", Availability::NotPulled),
        remote(
            "bedrock/us.anthropic.claude-sonnet-4-5-20250929-v1:0",
            "Claude Sonnet 4.5",
            Some(200_000),
            Some((3.0, 15.0)),
            &[C::Vision, C::Documents, C::Tools, C::Reasoning],
        ),
        remote(
            "bedrock/us.anthropic.claude-sonnet-4-5-20250929-v2:0",
            "us.anthropic.claude-sonnet-4-5-20250929-v2:0",
            Some(1_000_000),
            None,
            &[C::Vision],
        ),
        remote(
            "openai/gpt-4o",
            "GPT-4o",
            Some(128_000),
            Some((2.5, 10.0)),
            &[C::Vision, C::Tools, C::Schema],
        ),
        remote("openai/gpt-4o-mini", "GPT-4o mini", Some(128_000), Some((0.15, 0.6)), &[C::Vision, C::Tools]),
        remote("openai/o-new", "o-new", None, None, &[]),
        remote("home/漢字モデル-とても長い名前", "漢字モデル", Some(8_192), None, &[]),
    ];
    cards.push(off);
    cards
}

/// The picker, opened, with the servers' lists.
fn answered(stage: &mut Stage, lists: Vec<Listing>, cards: Vec<ModelCard>) {
    stage.keys("<ctrl+l>");
    stage.answer("\"probe\":true", vec![Reply::Lists { lists }, Reply::Models { cards }]);
}

#[test]
fn the_picker_shows_what_can_answer_what_it_costs_and_what_can_be_fetched() {
    shoot("picker", |stage| {
        answered(stage, vec![listing("openai", 3, None), listing("bedrock", 50, None)], cards());
        stage.keys("<down><down><ctrl+f><down>");
    });
}

#[test]
fn an_open_picker_is_filled_by_what_comes_late_and_a_cached_list_waits_for_nobody() {
    shoot("picker-busy", |stage| {
        let replies =
            vec![Reply::Lists { lists: vec![listing("openai", 3, None)] }, Reply::Models { cards: cards() }];
        stage.reply(
            "\"topic\":\"models\"",
            vec![Reply::Changed { number: 1, change: outcrop::domain::change::Changed::Models }],
        );
        stage.answer("\"probe\":false", replies);
        stage.keys("<ctrl+l>gpt");
    });
}

#[test]
fn a_server_that_fails_keeps_its_list_and_says_why() {
    shoot("picker-error", |stage| {
        let failed = vec![listing("openai", 27, Some("no connection to openai.example:443: refused"))];
        answered(stage, failed, cards());
        stage.keys("zzz");
    });
}

#[test]
fn a_picker_without_models_says_so() {
    shoot("picker-empty", |stage| answered(stage, Vec::new(), Vec::new()));
    let mut stage = Stage::settled(80, 24, "dark");
    answered(&mut stage, Vec::new(), Vec::new());
    let hints = |stage: &mut Stage| stage.text().lines().rev().nth(1).unwrap_or_default().to_owned();
    let none = hints(&mut stage);
    assert!(!none.contains("take it") && !none.contains("star"), "nothing is there to take: {none}");
    stage.keys("home/new");
    let typed = hints(&mut stage);
    assert!(typed.contains("take it") && !typed.contains("star"), "what was typed is in no list: {typed}");
}

#[test]
fn ten_thousand_models_are_narrowed_by_typing() {
    shoot("picker-full", |stage| {
        let many = (0..10_000).map(|n| {
            remote(&format!("router/maker-{}/model-{n:05}", n % 40), "", Some(32_768), Some((0.1, 0.4)), &[])
        });
        answered(stage, vec![listing("router", 0, None)], many.collect());
        stage.keys("m77777<backspace><down>");
    });
}

fn kept(effects: &[outcrop::tui::effect::Effect]) -> String {
    let likes = |request: &Request| serde_json::to_string(request).unwrap();
    Stage::requests(effects).iter().map(likes).find(|r| r.contains("tui.models")).unwrap_or_default()
}

#[test]
fn stars_and_what_was_used_last_are_kept_and_stand_first_the_next_time() {
    let mut stage = Stage::settled(120, 40, "dark");
    answered(&mut stage, Vec::new(), cards());
    let starred = kept(&stage.keys("o-new<ctrl+f>"));
    assert!(starred.contains("\"favourites\":[\"openai/o-new\"]"), "{starred}");
    assert!(stage.text().contains("★ o-new"), "the list stays open: {}", stage.text());
    let used = kept(&stage.keys("<ctrl+u>4o-mini<enter>"));
    assert!(used.contains("\"recent\":[\"openai/gpt-4o-mini\"]"), "{used}");
    let value: serde_json::Value = serde_json::from_str(&used).unwrap();
    let mut next = Stage::with(120, 40, "dark", outcrop::tui::app::Start::default());
    let likes = value["workspace"]["remember"]["value"].clone();
    next.answer("tui.models", vec![Reply::Remembered { value: Some(likes) }]);
    next.settle();
    answered(&mut next, Vec::new(), cards());
    let text = next.text();
    let row = |name: &str| text.lines().position(|line| line.contains(name)).unwrap();
    assert!(row("gpt-4o-mini") < row("o-new") && row("o-new") < row("smollm2-135m  "), "{text}");
}

#[test]
fn what_comes_while_the_picker_is_open_keeps_what_is_typed_and_selected() {
    let mut stage = Stage::settled(100, 30, "dark");
    stage.keys("<ctrl+l>");
    stage.answer("\"probe\":true", vec![Reply::Models { cards: cards() }]);
    stage.keys("gpt<down>");
    stage.reply(
        "\"topic\":\"models\"",
        vec![Reply::Changed { number: 1, change: outcrop::domain::change::Changed::Models }],
    );
    let mut more = cards();
    more.insert(0, remote("openai/gpt-9", "GPT 9", None, None, &[]));
    stage.answer("\"probe\"", vec![Reply::Models { cards: more }]);
    let effects = stage.keys("<enter>");
    let chosen = serde_json::to_string(&Stage::requests(&effects)).unwrap();
    assert!(chosen.contains("openai/gpt-4o-mini"), "{chosen}");
    stage.event(Event::Resize { width: 60, height: 20 });
    assert!(stage.text().contains("gpt-4o-mini"));
}
