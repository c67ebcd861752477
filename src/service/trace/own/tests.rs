use super::*;
use crate::domain::message::Usage;
use crate::domain::trace::facts::GAVE_UP;
use crate::domain::trace::{Failure, Fault, Kind, Row, Went};
use crate::store::{Batch, Options, Owner, Unlock};

fn id(number: u8) -> SpanId {
    SpanId::from_bytes([number; 16])
}

fn begun(number: u8, parent: Option<u8>, kind: SpanKind) -> Span {
    let provider = if kind.is_step() { "" } else { "local" };
    let started = Timestamp(1_000 * i64::from(number));
    Span { parent: parent.map(id), ..Span::begun(id(number), kind, provider, started) }
}

fn put(store: &Store, span: &Span) {
    let mut batch = Batch::new();
    batch.put(&span.id, span).unwrap();
    store.commit(batch).unwrap();
}

fn ended(mut span: Span) -> Span {
    (span.status, span.timing.total_ms) = (SpanStatus::Done, Some(500));
    span
}

#[test]
fn an_agent_that_runs_is_one_run_from_its_first_call_on() {
    let folder = tempfile::tempdir().unwrap();
    let owner = Owner::try_take(folder.path()).unwrap().unwrap();
    let store = Store::open_with(&owner, &Unlock::default(), Options::default()).unwrap().0;
    let price: Price = Arc::new(|_, _, _| None);
    let since = Timestamp(500);
    let runs = |since: Timestamp| -> Vec<Run> {
        Runs::new(&store, &[], &price, (since, None)).collect::<Result<_>>().unwrap()
    };
    let told = |since: Timestamp| -> Vec<(TraceId, u64, u64)> {
        runs(since).iter().map(|run| (run.id, run.spans, run.running)).collect()
    };
    let agent = begun(1, None, SpanKind::Agent);
    put(&store, &Span { running: Some(Timestamp(1_000)), ..agent.clone() });
    assert_eq!(told(since), [(trace(id(1)), 1, 1)]);
    assert_eq!(runs(since)[0].kind, Kind::Agent);
    put(&store, &ended(begun(2, Some(1), SpanKind::Converse)));
    // A tool that looks something up: what is called for that is of the agent too.
    let tool = begun(3, Some(1), SpanKind::Tool);
    put(&store, &Span { running: Some(Timestamp(3_000)), ..tool.clone() });
    put(&store, &ended(begun(4, Some(3), SpanKind::Embed)));
    assert_eq!(told(since), [(trace(id(1)), 4, 2)]);
    let open = opened(&store, &spans(&store, &[], trace(id(1))).unwrap(), &price, since).unwrap();
    assert_eq!(open.rows.iter().map(Row::is_running).collect::<Vec<_>>(), [true, false, true, false]);
    assert!(!runs(since)[0].stopped);
    // The process that ran it is dead: nothing runs, and it was stopped.
    assert_eq!(told(Timestamp(9_000)), [(trace(id(1)), 4, 0)]);
    assert!(runs(Timestamp(9_000))[0].stopped);
    let dead = opened(&store, &spans(&store, &[], trace(id(1))).unwrap(), &price, Timestamp(9_000)).unwrap();
    assert_eq!(dead.rows.iter().map(|row| row.stopped).collect::<Vec<_>>(), [true, false, true, false]);
    put(&store, &ended(tool));
    put(&store, &ended(agent));
    assert_eq!(told(since), [(trace(id(1)), 4, 0)]);
    assert!(!runs(since)[0].stopped);
}

#[test]
fn a_call_that_runs_is_a_row_of_its_run_and_its_record_takes_that_place() {
    let folder = tempfile::tempdir().unwrap();
    let owner = Owner::try_take(folder.path()).unwrap().unwrap();
    let store = Store::open_with(&owner, &Unlock::default(), Options::default()).unwrap().0;
    let price: Price = Arc::new(|_, _, usage: &Usage| usage.input.map(f64::from));
    let since = Timestamp(500);
    put(&store, &Span { running: Some(Timestamp(1_000)), ..begun(1, None, SpanKind::Agent) });
    put(&store, &ended(begun(3, Some(1), SpanKind::Converse)));
    // One that began before it runs still, and one stands alone: that is of no run.
    let call = begun(2, Some(1), SpanKind::Converse);
    let alone = begun(4, Some(9), SpanKind::Converse);
    let underway = [&call, &alone].map(|call| Span { running: Some(call.started), ..call.clone() });
    let rows = |underway: &[Span]| {
        let spans = spans(&store, underway, trace(id(1))).unwrap();
        let outline = opened(&store, &spans, &price, since).unwrap();
        let told: Vec<(u64, bool)> =
            outline.rows.iter().map(|row| (row.id & 0xff, row.is_running())).collect();
        told
    };
    let listed = |underway: &[Span]| {
        let runs: Vec<Run> =
            Runs::new(&store, underway, &price, (since, None)).collect::<Result<_>>().unwrap();
        runs.iter().map(|run| (run.spans, run.running, run.unpriced)).collect::<Vec<_>>()
    };
    assert_eq!(rows(&[]), [(1, true), (3, false)]);
    assert_eq!(rows(&underway), [(1, true), (2, true), (3, false)]);
    // What it costs is not unknown: it is not over.
    assert_eq!((listed(&[]), listed(&underway)), (vec![(2, 1, 1)], vec![(3, 2, 1)]));
    // It ends between the two looks: it is there once, as it ended.
    put(&store, &ended(call));
    assert_eq!(rows(&underway), [(1, true), (2, false), (3, false)]);
    assert_eq!((listed(&underway), rows(&[])), (vec![(3, 1, 2)], rows(&underway)));
}

#[test]
fn an_agent_that_gave_up_has_not_failed_and_says_at_what_it_did() {
    let price: Price = Arc::new(|_, _, _| None);
    let mut agent = ended(begun(1, None, SpanKind::Agent));
    agent.status = SpanStatus::Failed { kind: ErrorKind::Invalid };
    agent.fault = Some(Fault::new(Some(GAVE_UP), "its limit of 2 steps is reached"));
    let gave_up = run(&[agent.clone()], &price, Timestamp(0));
    let says = gave_up.failed.as_ref().map(Failure::says);
    assert_eq!((gave_up.went(), says.as_deref()), (Went::GaveUp, Some("its limit of 2 steps is reached")));
    agent.fault = None;
    assert_eq!(run(&[agent], &price, Timestamp(0)).went(), Went::Failed);
}

#[test]
fn a_call_that_was_not_made_again_has_not_failed_and_is_marked() {
    let price: Price = Arc::new(|_, _, _| None);
    let agent = ended(begun(1, None, SpanKind::Agent));
    let fault = Some(Fault::new(Some(MADE_ALREADY), "it was not made again"));
    let again = Span { fault, ..ended(begun(2, Some(1), SpanKind::Tool)) };
    // As it was kept before, too.
    let status = SpanStatus::Failed { kind: ErrorKind::Invalid };
    for again in [again.clone(), Span { status, ..again }] {
        let spans = [agent.clone(), again];
        let told = run(&spans, &price, Timestamp(0));
        assert_eq!((told.went(), told.errors, told.failed), (Went::Well, 0, None));
        let outline = outline(&spans, &price, Timestamp(0));
        let row = &outline.rows[1];
        assert!(outline.was_made_already(row) && !outline.was_made_already(&outline.rows[0]));
        assert_eq!(row.status, Status::Unset);
        let whole = wholes(&spans, Timestamp(0)).remove(1);
        assert_eq!(whole.attributes.text("error.type"), None, "nor do others that it is sent to count it");
    }
}

#[test]
fn steps_of_bases_and_vectors_are_named_by_what_they_are_of() {
    let (name, model) = (Some("docs".to_owned()), "p/m".parse().ok());
    let answer = Span { workflow: name.clone(), ..begun(1, None, SpanKind::Answer) };
    let measurement = Span { workflow: name, ..begun(4, Some(1), SpanKind::Measure) };
    let about = Some("32 passages: rivers.md".to_owned());
    let vectors = Span { workflow: about, model: model.clone(), ..begun(2, Some(1), SpanKind::Embed) };
    let question = Span { model, ..begun(3, Some(1), SpanKind::Embed) };
    let made = wholes(&[answer, vectors, question, measurement], Timestamp(0));
    let names: Vec<&str> = made.iter().map(|span| span.name.as_str()).collect();
    assert_eq!(names, ["answer from docs", "32 passages: rivers.md", "embeddings m", "measure docs"]);
    let workflow = |at: usize| made[at].attributes.text("gen_ai.workflow.name");
    assert_eq!((workflow(0), workflow(1)), (Some("docs"), None));
}
