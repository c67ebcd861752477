use super::*;
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
        Runs::new(&store, &price, since, None).collect::<Result<_>>().unwrap()
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
    let open = opened(&store, &spans(&store, trace(id(1))).unwrap(), &price, since).unwrap();
    assert_eq!(open.rows.iter().map(Row::is_running).collect::<Vec<_>>(), [true, false, true, false]);
    assert!(!runs(since)[0].stopped);
    // The process that ran it is dead: nothing runs, and it was stopped.
    assert_eq!(told(Timestamp(9_000)), [(trace(id(1)), 4, 0)]);
    assert!(runs(Timestamp(9_000))[0].stopped);
    let dead = opened(&store, &spans(&store, trace(id(1))).unwrap(), &price, Timestamp(9_000)).unwrap();
    assert_eq!(dead.rows.iter().map(|row| row.stopped).collect::<Vec<_>>(), [true, false, true, false]);
    put(&store, &ended(tool));
    put(&store, &ended(agent));
    assert_eq!(told(since), [(trace(id(1)), 4, 0)]);
    assert!(!runs(since)[0].stopped);
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
