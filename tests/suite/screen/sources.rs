//! The sources of a base on the screen: their syncs, which of their files are read and when; and what keys ask for.

use outcrop::domain::id::{SourceId, SyncId};
use outcrop::domain::knowledge::base::{Base, Origin, Source, SourceChange};
use outcrop::domain::knowledge::schedule::Schedule;
use outcrop::domain::knowledge::sync::{Started, Statistics, Sync, SyncRun, SyncState};
use outcrop::domain::time::Timestamp;
use outcrop::domain::{Error, ErrorKind};
use outcrop::tui::event::Event;
use outcrop::workbench::request::knowledge::Knowledge;
use outcrop::workbench::{Changed, Reply};

use super::knowledge::{base, bases, enter, failing, requests, running, source};
use super::shoot;
use crate::stage::{NOW, Stage};

/// The sync of that number, so many hours ago.
fn run(n: u8, hours: i64, state: SyncState, started: Option<Started>) -> Sync {
    let began = Timestamp(NOW - hours * 3_600_000);
    let statistics = Statistics { scanned: 64, unchanged: 64, ..Statistics::default() };
    Sync {
        state,
        started,
        updated: Timestamp(began.0 + 12_000),
        statistics,
        ..Sync::begun(SyncId::from_bytes([n; 16]), began)
    }
}

/// A base with a source that is looked through by itself, and what came of that so far.
fn tended() -> (Base, Vec<SyncRun>) {
    let last =
        Sync { started: Some(Started::Change), resumes: Some(SyncId::from_bytes([2; 16])), ..failing() };
    let (include, exclude) = (vec!["*.md".to_owned(), "my notes/**".to_owned()], Vec::new());
    let source = Source {
        origin: Origin::Files { path: "/home/ada/billing".into(), include, exclude, ignored: false },
        schedule: Some(Schedule::of("0 6 * * *", Timestamp(NOW)).unwrap()),
        watch: true,
        ..source(Some(last.clone()))
    };
    let killed = Sync {
        why: Some("the program ended".to_owned()),
        ..run(2, 1, SyncState::Stopped, Some(Started::Schedule))
    };
    let runs = [last, killed, run(1, 30, SyncState::Complete, None)];
    let runs = runs.map(|sync| SyncRun { source: source.id, sync }).to_vec();
    (base(1, "billing", vec![source]), runs)
}

fn shown(stage: &mut Stage) {
    let (base, runs) = tended();
    let others = bases().into_iter().skip(1);
    enter(stage, std::iter::once(base).chain(others).collect());
    let asked = requests(&stage.keys("S"));
    assert!(matches!(asked[..], [Knowledge::Runs { .. }]), "{asked:?}");
    stage.answer("\"runs\"", vec![Reply::SyncRuns { runs }]);
}

#[test]
fn a_source_is_a_row_with_its_syncs_under_it() {
    shoot("knowledge-sources", shown);
    shoot("knowledge-sync", |stage| {
        shown(stage);
        stage.keys("jj");
    });
    shoot("knowledge-sources-none", |stage| {
        enter(stage, vec![base(3, "empty", Vec::new())]);
        stage.keys("S");
        stage.answer("\"runs\"", vec![Reply::SyncRuns { runs: Vec::new() }]);
    });
    shoot("knowledge-source-form", |stage| {
        shown(stage);
        stage.keys("e");
    });
}

#[test]
fn what_a_sync_came_to_keeps_to_its_column_where_it_is_longer_than_a_row() {
    let mut stage = Stage::settled(60, 20, "dark");
    shown(&mut stage);
    stage.keys("j<enter>");
    let text = stage.text();
    let begins = text.lines().position(|line| line.contains("counts   64 files")).unwrap();
    let under = text.lines().nth(begins + 1).unwrap();
    let column = |line: &str, words: &str| line.find(words).map(|at| line[..at].chars().count());
    let first = column(text.lines().nth(begins).unwrap(), "64 files").unwrap();
    let blank: String = under.chars().take(first).filter(|c| *c != '│').collect();
    assert!(blank.trim().is_empty() && under.chars().nth(first).is_some_and(|c| c != ' '), "{text}");
}

#[test]
fn a_sync_that_is_opened_has_each_file_that_failed_and_what_it_goes_on_from() {
    let mut stage = Stage::settled(120, 40, "dark");
    shown(&mut stage);
    stage.keys("j<enter>");
    let text = stage.text();
    for told in
        ["billing/scan.pdf", "word/document.xml", "on change", "which was stopped", "64 files looked at"]
    {
        assert!(text.contains(told), "{told}: {text}");
    }
    stage.keys("<esc>j<enter>");
    let text = stage.text();
    assert!(text.contains("the program ended") && text.contains("on schedule"), "{text}");
    stage.keys("<esc><esc>");
    assert!(stage.text().contains("n new"), "back among the bases: {}", stage.text());
}

#[test]
fn a_sync_that_runs_is_shown_as_it_goes_on_and_the_next_one_is_asked_for() {
    let mut stage = Stage::settled(120, 40, "dark");
    shown(&mut stage);
    let (mut now, _) = tended();
    now.updated = Timestamp(NOW);
    now.sources[0].last = Some(Sync { id: SyncId::from_bytes([9; 16]), ..running() });
    let from = stage.effects.len();
    let change = Changed::Base { base: now.clone() };
    stage.reply("\"knowledge\"}", vec![Reply::Changed { number: 1, change }]);
    let asked = requests(&stage.effects[from..]);
    assert!(matches!(asked[..], [Knowledge::Runs { .. }]), "{asked:?}");
    assert!(stage.text().contains("62 %"), "{}", stage.text());
    assert!(matches!(requests(&stage.keys("s"))[..], [Knowledge::Pause { .. }]));
    // Only how far it is: there is nothing new to be asked for.
    now.updated = Timestamp(NOW + 1);
    let from = stage.effects.len();
    let change = Changed::Base { base: now };
    stage.reply("\"knowledge\"}", vec![Reply::Changed { number: 2, change }]);
    assert_eq!(requests(&stage.effects[from..]), []);
}

#[test]
fn a_sync_that_begins_by_itself_leaves_the_keys_on_the_source_that_was_chosen() {
    let mut stage = Stage::settled(120, 40, "dark");
    let (tended, runs) = tended();
    let other = Source { id: SourceId::from_bytes([7; 16]), ..source(None) };
    let base = base(1, "billing", vec![tended.sources[0].clone(), other.clone()]);
    enter(&mut stage, vec![base.clone()]);
    stage.keys("S");
    stage.answer("\"runs\"", vec![Reply::SyncRuns { runs }]);
    stage.keys("G");
    let mut now = base;
    now.updated = Timestamp(NOW);
    now.sources[0].last = Some(Sync { id: SyncId::from_bytes([9; 16]), ..running() });
    let change = Changed::Base { base: now };
    stage.reply("\"knowledge\"}", vec![Reply::Changed { number: 1, change }]);
    let asked = requests(&stage.keys("xd"));
    assert!(matches!(asked[..], [Knowledge::RemoveSource { source, .. }] if source == other.id), "{asked:?}");
}

#[test]
fn a_source_that_is_kept_late_takes_nothing_of_the_one_that_is_written_meanwhile() {
    let mut stage = Stage::settled(120, 40, "dark");
    shown(&mut stage);
    stage.keys("ewatching<enter>keep it so<enter>a~/other<enter><esc>");
    let (base, _) = tended();
    stage.answer("\"change_source\"", vec![Reply::Base { base }]);
    stage.keys("a");
    assert!(stage.text().contains("~/other"), "{}", stage.text());
}

#[test]
fn which_files_of_a_source_are_read_and_when_is_written_and_what_is_wrong_is_told_in_its_line() {
    let mut stage = Stage::settled(120, 40, "dark");
    shown(&mut stage);
    stage.keys("e");
    assert!(stage.text().contains(r"*.md my\ notes/**"), "{}", stage.text());
    stage.keys("schedule<enter><ctrl+u>0 6 * *<enter>");
    let text = stage.text();
    assert!(text.contains("0 6 * *") && text.contains("offices"), "{text}");
    stage.keys(" *<backspace>1<enter>");
    assert!(stage.text().contains("0 6 * * 1 · next "), "{}", stage.text());
    stage.keys("only<enter><ctrl+u>*.md {a<enter>");
    let text = stage.text();
    assert!(text.contains("*.md {a") && text.contains("Patterns"), "{text}");
    // Who leaves it has lost nothing of what stands.
    assert_eq!(requests(&stage.keys("<esc>")), []);
    stage.keys("e");
    assert!(stage.text().contains("0 6 * * 1 · next "), "{}", stage.text());
    stage.keys("without<enter>drafts/** *.log<enter>ignored<enter>watching<enter>");
    let asked = requests(&stage.keys("keep it so<enter>"));
    let exclude = Some(vec!["drafts/**".to_owned(), "*.log".to_owned()]);
    let wanted = SourceChange {
        schedule: Some("0 6 * * 1".to_owned()),
        watch: Some(false),
        include: None,
        exclude,
        ignored: Some(true),
    };
    assert!(matches!(&asked[..], [Knowledge::ChangeSource { change, .. }] if *change == wanted), "{asked:?}");
    // Refused, it is there still.
    let error = Error::new(ErrorKind::Io, "changing a source of a knowledge base", "the disk is full", "");
    let task = stage.task("\"change_source\"");
    stage.event(Event::Ended { task, error: Some(error) });
    let text = stage.text();
    assert!(text.contains("drafts/** *.log") && text.contains("the disk"), "{text}");
    stage.pass(1_000);
    stage.keys("keep it so<enter>");
    let (base, _) = tended();
    stage.answer("\"change_source\"", vec![Reply::Base { base }]);
    let text = stage.text();
    assert!(text.contains("next sync") && !text.contains("keep it so"), "{text}");
    // What is taken back is as it was.
    stage.keys("ewatching<enter>take it back<enter>e");
    assert!(!stage.text().contains("take it back"), "{}", stage.text());
}

#[test]
fn a_new_source_is_written_with_all_that_can_be_said_of_it_and_read_once_it_is_there() {
    let mut stage = Stage::settled(120, 40, "dark");
    enter(&mut stage, vec![base(3, "empty", Vec::new())]);
    stage.keys("S");
    stage.answer("\"runs\"", vec![Reply::SyncRuns { runs: Vec::new() }]);
    stage.keys("a");
    assert!(
        stage.text().contains("Where its documents are"),
        "a path can be typed at once: {}",
        stage.text()
    );
    assert_eq!(requests(&stage.keys("<enter>add it<enter><esc>")), [], "nothing stands there yet");
    stage.keys("where<enter>s3://a<enter>");
    assert!(stage.text().contains("\"a\" is no name"), "{}", stage.text());
    stage.keys("<ctrl+u>~/notse<enter>only<enter>*.md<enter>cut<enter><ctrl+u>fixed:300:10<enter>");
    let asked = requests(&stage.keys("watching<enter>add it<enter>"));
    let [Knowledge::AddSource { plan, .. }] = &asked[..] else { panic!("{asked:?}") };
    let (path, include) = ("/home/ada/notse".into(), vec!["*.md".to_owned()]);
    assert_eq!(plan.origin, Origin::Files { path, include, exclude: Vec::new(), ignored: false });
    assert!(plan.watch && plan.schedule.is_none() && plan.chunking.to_string() == "fixed:300:10", "{plan:?}");
    let hint = "Check that the path exists.";
    let error = Error::new(ErrorKind::NotFound, "adding ~/notse as a source", "No such file", hint);
    let task = stage.task("\"add_source\"");
    stage.event(Event::Ended { task, error: Some(error) });
    let text = stage.text();
    assert!(text.contains("~/notse") && text.contains("there is no such file"), "{text}");
    let asked = requests(&stage.keys("<backspace><backspace>es<enter>add it<enter>"));
    let [Knowledge::AddSource { plan, .. }] = &asked[..] else { panic!("{asked:?}") };
    assert!(plan.origin.place() == "/home/ada/notes" && plan.watch, "{plan:?}");
    let from = stage.effects.len();
    let made = Base { updated: Timestamp(NOW), ..base(3, "empty", vec![source(None)]) };
    stage.answer("\"add_source\"", vec![Reply::Base { base: made }]);
    let asked = requests(&stage.effects[from..]);
    let is_read = |request: &Knowledge| matches!(request, Knowledge::Sync { source: Some(_), .. });
    assert!(asked.iter().any(is_read), "{asked:?}");
}

#[test]
fn a_bucket_and_a_page_are_sources_too() {
    let mut stage = Stage::settled(120, 40, "dark");
    enter(&mut stage, bases());
    let asked = requests(&stage.keys("as3://docs/guides<enter>"));
    let [Knowledge::AddSource { plan, .. }] = &asked[..] else { panic!("{asked:?}") };
    assert_eq!(plan.origin.place(), "s3://docs/guides");
    // The Region is that which this process was told.
    let Origin::S3 { region, endpoint: None, .. } = &plan.origin else { panic!("{plan:?}") };
    assert_eq!(region.as_deref(), Some("eu-central-1"));
    let asked = requests(&stage.keys("nhttps://e.org/guide.html<enter>"));
    let [Knowledge::CheckSource { plan }] = &asked[..] else { panic!("{asked:?}") };
    assert_eq!(plan.origin, Origin::Url { url: "https://e.org/guide.html".to_owned(), private: false });
    let from = stage.effects.len();
    stage.answer("\"check_source\"", vec![Reply::Done]);
    let asked = requests(&stage.effects[from..]);
    assert!(matches!(&asked[..], [Knowledge::Create { plan }] if plan.name == "guide.html"), "{asked:?}");
    assert_eq!(requests(&stage.keys("ns3:///x<enter>")), [], "that is no bucket");
    let text = stage.text();
    assert!(text.contains("s3:///x") && text.contains("\"\" is no name"), "{text}");
}

#[test]
fn of_a_bucket_its_server_and_of_a_page_the_network_can_be_said() {
    let mut stage = Stage::settled(120, 40, "dark");
    shown(&mut stage);
    stage.keys("as3://docs<enter>endpoint<enter>http://127.0.0.1:9000<enter>");
    assert!(stage.text().contains("http://127.0.0.1:9000"), "{}", stage.text());
    let asked = requests(&stage.keys("schedule<enter>0 6 * * *<enter>add it<enter>"));
    let [Knowledge::AddSource { plan, .. }] = &asked[..] else { panic!("{asked:?}") };
    let Origin::S3 { endpoint, .. } = &plan.origin else { panic!("{plan:?}") };
    assert_eq!(endpoint.as_deref(), Some("http://127.0.0.1:9000"));
    assert_eq!((plan.schedule.as_deref(), plan.watch), (Some("0 6 * * *"), false));
    let asked = requests(
        &stage.keys("awhere<enter><ctrl+u>http://127.0.0.1/a.html<enter>network<enter>add it<enter>"),
    );
    let [Knowledge::AddSource { plan, .. }] = &asked[..] else { panic!("{asked:?}") };
    assert_eq!(plan.origin, Origin::Url { url: "http://127.0.0.1/a.html".to_owned(), private: true });
}

#[test]
fn one_source_is_synced_or_taken_out() {
    let mut stage = Stage::settled(80, 24, "dark");
    shown(&mut stage);
    let own = SourceId::from_bytes([5; 16]);
    let asked = requests(&stage.keys("js"));
    assert!(
        matches!(asked[..], [Knowledge::Sync { source: Some(source), .. }] if source == own),
        "{asked:?}"
    );
    assert_eq!(requests(&stage.keys("x")), []);
    assert!(stage.text().contains("syncs?"), "{}", stage.text());
    let asked = requests(&stage.keys("d"));
    assert!(matches!(asked[..], [Knowledge::RemoveSource { source, .. }] if source == own), "{asked:?}");
}
