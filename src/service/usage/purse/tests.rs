//! Budgets over a real store, and through the one place where models are used.

use futures_util::StreamExt;

use super::*;
use crate::domain::call::{Blobs, Converse};
use crate::domain::change::Topic;
use crate::domain::delta::Event;
use crate::domain::known::Correction;
use crate::domain::message::{Block, Role};
use crate::domain::settings::Settings;
use crate::domain::usage::budget::{Limits, Period, Scope};
use crate::net::{EgressLog, NetOptions, Network, Reach};
use crate::provider::Events;
use crate::provider::scripted::Scripted;
use crate::service::invoke::{Invoke, Terms};
use crate::store::{Owner, Unlock};

struct Desk {
    _home: tempfile::TempDir,
    invoke: Invoke,
    purse: Purse,
    changes: Changes,
    recorder: Recorder,
    store: Store,
}

/// The model that writes a thousand tokens.
const PAID: &str = "voice/stream-1000";

/// A dollar for a million tokens read, two for those written: one of its calls costs $0.002004.
fn desk(budgets: &[Budget]) -> Desk {
    let home = tempfile::tempdir().unwrap();
    let owner = Owner::take(home.path()).unwrap();
    let store = Store::open(&owner, &Unlock { passphrase: None, ask: false }).unwrap().0;
    let changes = Changes::default();
    let recorder = Recorder::start(store.clone(), changes.clone());
    let purse = Purse::new(Archive::new(store.clone()), recorder.clone(), changes.clone());
    purse.set(budgets);
    let invoke = Invoke::new([Arc::new(Scripted::new("voice")) as _], vec![], Arc::new(recorder.clone()))
        .behind(Arc::new(purse.clone()));
    let price = Correction { input_price: Some(1.0), output_price: Some(2.0), ..Correction::default() };
    invoke.correct([(PAID.parse().unwrap(), price)].into());
    Desk { _home: home, invoke, purse, changes, recorder, store }
}

impl Desk {
    async fn ask(&self, model: &str) -> Vec<Result<Event>> {
        self.begin(model, Settings::default()).collect().await
    }

    fn begin(&self, model: &str, settings: Settings) -> Events {
        let model: ModelId = model.parse().unwrap();
        let turn = crate::domain::call::Turn {
            role: Role::User,
            blocks: vec![Block::Text { text: "why do rivers meander?".into() }],
        };
        let call = Call::Converse(Converse {
            model: model.clone(),
            system: None,
            turns: vec![turn],
            settings,
            conversation: None,
            blobs: Blobs::default(),
        });
        let net = Network::new(NetOptions::default(), Arc::new(EgressLog)).client(Reach::default());
        self.invoke.serve(&model, call, &Terms::new(net))
    }

    async fn refusal(&self, model: &str) -> Option<Error> {
        self.ask(model).await.into_iter().find_map(Result::err)
    }
}

fn budget(scope: Scope, limits: Limits) -> Budget {
    Budget { scope, period: Period::Day, limits }
}

fn stop(dollars: f64) -> Limits {
    Limits { stop: Some(dollars), ..Limits::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_would_pass_a_stop_is_not_sent_and_others_are() {
    let desk = desk(&[budget(Scope::Model(PAID.parse().unwrap()), stop(0.003))]);
    assert_eq!(desk.refusal(PAID).await, None);
    assert_eq!(desk.refusal(PAID).await, None, "$0.002 are used, and more would fit");
    let events = desk.ask(PAID).await;
    let [Err(error)] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!(error.kind, ErrorKind::Budget);
    assert_eq!(error.doing, format!("asking {PAID}"));
    assert!(error.why.contains("$0.0040 are used") && error.hint.contains("day_stop"), "{error}");
    assert_eq!(desk.refusal("voice/echo").await, None);
    // Another budget holds from the next call on.
    desk.purse.set(&[budget(Scope::All, stop(1.0))]);
    assert_eq!(desk.refusal(PAID).await, None);
    desk.recorder.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_has_a_price_counts_and_tokens_count_always() {
    let tokens = Limits { stop_tokens: Some(24), ..Limits::default() };
    let desk = desk(&[budget(Scope::All, stop(0.001)), budget(Scope::Voice("voice".into()), tokens)]);
    for _ in 0..3 {
        assert_eq!(desk.refusal("voice/echo").await, None);
    }
    let error = desk.refusal("voice/echo").await.unwrap();
    assert!(error.hint.contains("budgets.\"voice\".day_stop_tokens"), "{error}");
    desk.recorder.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_warning_is_told_once_right_after_the_call_to_who_asks_and_to_every_screen() {
    let limits = Limits { warn: Some(0.002), ..Limits::default() };
    let desk = desk(&[budget(Scope::All, limits)]);
    let mut watch = desk.changes.watch(Topic::Models);
    let told = |events: &[Result<Event>]| {
        events.iter().filter(|event| matches!(event, Ok(Event::Notice { .. }))).count()
    };
    let events = desk.ask(PAID).await;
    let Some(Ok(Event::Notice { text })) = events.last() else { panic!("{events:?}") };
    assert_eq!(text, "all models: about $0.0020 today, past the $0.0020 to warn at (budget.day_warn).");
    assert_eq!(watch.next().await, Some(Changed::Notice { text: text.clone() }));
    assert_eq!(told(&desk.ask(PAID).await), 0);
    desk.recorder.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn that_money_does_not_hold_a_call_of_unknown_price_is_said_once_of_each_model() {
    let limits = Limits { stop: Some(1.0), stop_tokens: Some(10_000), ..Limits::default() };
    let desk = desk(&[budget(Scope::All, limits)]);
    let said = |events: &[Result<Event>]| -> Vec<String> {
        let notice = |event: &Result<Event>| match event {
            Ok(Event::Notice { text }) => Some(text.clone()),
            _ => None,
        };
        events.iter().filter_map(notice).collect()
    };
    let text =
        "voice/echo: its price is unknown, so budget.day_stop does not hold it; budget.day_stop_tokens does.";
    assert_eq!(said(&desk.ask("voice/echo").await), [text]);
    assert_eq!(said(&desk.ask("voice/echo").await), [""; 0]);
    assert_eq!(said(&desk.ask("voice/markdown").await).len(), 1);
    assert_eq!(said(&desk.ask(PAID).await), [""; 0], "its price is known");
    desk.recorder.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_budgets_that_are_come_to_at_once_are_said_in_one_notice() {
    let limits = Limits { warn: Some(0.001), ..Limits::default() };
    let desk = desk(&[budget(Scope::All, limits), budget(Scope::Voice("voice".into()), limits)]);
    let events = desk.ask(PAID).await;
    let Some(Ok(Event::Notice { text })) = events.last() else { panic!("{events:?}") };
    assert!(text.contains("all models: about") && text.contains("voice: about"), "{text}");
    assert_eq!(events.iter().filter(|event| matches!(event, Ok(Event::Notice { .. }))).count(), 1);
    for event in desk.ask("voice/echo").await {
        assert!(!matches!(event, Ok(Event::Notice { text }) if text.contains("past")), "each is said once");
    }
    let stands =
        desk.purse.stand(&desk.store, &desk.invoke.prices(), &Calendar::system(), fresh::now()).unwrap();
    assert_eq!(stands.len(), 2);
    assert_eq!(stands[0].budget.stand(stands[0].spent).unwrap().0, "$0.0020+ of $0.0010 to warn at");
    desk.recorder.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_day_has_its_own_budget_and_a_month_goes_on() {
    let limits = Limits { warn_tokens: Some(1), ..stop(0.004) };
    let day = budget(Scope::All, limits);
    let month = Budget { period: Period::Month, ..day.clone() };
    let desk = desk(&[]);
    for _ in 0..2 {
        assert_eq!(desk.refusal(PAID).await, None);
    }
    desk.recorder.settled().await;
    let utc = Calendar::named("UTC").unwrap();
    let now = fresh::now();
    let judged = |budget: &Budget, at: Timestamp| {
        let asked = Asked { next: Spent::default(), others: &[], unpriced: None, doing: "asking" };
        judge(&desk.store, std::slice::from_ref(budget), &asked, &desk.invoke.prices(), &utc, at)
    };
    assert_eq!(judged(&day, now).unwrap_err().kind, ErrorKind::Budget);
    assert_eq!(judged(&month, now).unwrap_err().kind, ErrorKind::Budget);
    let tomorrow = Timestamp(utc.begin_of(Period::Day, now).0 + 30 * 60 * 60 * 1000);
    assert_eq!(judged(&day, tomorrow), Ok(Vec::new()));
    let warned = Budget { limits: Limits { stop: None, ..limits }, ..day };
    assert_eq!(judged(&warned, now).unwrap().len(), 1);
    assert_eq!(judged(&warned, now).unwrap().len(), 0, "once a day");
    desk.recorder.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_that_run_beside_each_other_do_not_pass_a_stop_together() {
    let tokens = Limits { stop_tokens: Some(1_500), ..Limits::default() };
    let desk = desk(&[budget(Scope::All, tokens)]);
    let long = Settings { max_tokens: Some(1_000), ..Settings::default() };
    let mut first = desk.begin(PAID, long.clone());
    assert!(matches!(first.next().await, Some(Ok(_))), "it runs");
    assert_eq!(desk.refusal("voice/echo").await, None, "there is room beside it");
    let error = desk.begin(PAID, Settings { max_tokens: Some(1), ..long }).next().await;
    assert!(matches!(error, Some(Ok(_))), "what it writes is not counted before: {error:?}");
    desk.purse.set(&[budget(Scope::All, Limits { stop_tokens: Some(1_000), ..tokens })]);
    let error = desk.refusal("voice/echo").await.unwrap();
    assert!(error.why.contains("are kept for calls that run"), "{error}");
    drop(first);
    assert_eq!(desk.refusal("voice/echo").await, None, "what was kept for it is free again");
    desk.recorder.finish().await;
}
