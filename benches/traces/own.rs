//! What the record of this program's own calls costs: processor time of a turn of 400 tokens with it and without.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use outcrop::domain::conversation::Target;
use outcrop::domain::message::Block;
use outcrop::domain::settings::Settings;
use outcrop::domain::trace::Span;
use outcrop::net::{Egress, EgressSink, NetOptions, Network, Reach};
use outcrop::provider::Provider;
use outcrop::provider::key::Key;
use outcrop::provider::openai::OpenAi;
use outcrop::service::archive::Archive;
use outcrop::service::changes::Changes;
use outcrop::service::chat::{Chat, Step};
use outcrop::service::invoke::{Invoke, SpanSink, Terms};
use outcrop::service::recorder::Recorder;
use outcrop::service::turns::Turns;
use outcrop::store::{Owner, Store, Unlock};

use crate::server::Server;

/// Turns of each kind, taken in turn.
const TURNS: usize = 100;
/// The threads whose time counts; the server's are called otherwise.
const OURS: &str = "ours";

#[derive(Debug)]
struct Nobody;

impl SpanSink for Nobody {
    fn record(&self, _: Span) {}
}

impl EgressSink for Nobody {
    fn record(&self, _: &Egress) {}
}

/// A workspace whose calls are recorded, or not.
struct Side {
    chat: Chat,
    terms: Terms,
    recorder: Option<Recorder>,
    _home: tempfile::TempDir,
}

impl Side {
    fn new(port: u16, records: bool) -> Self {
        let home = tempfile::tempdir().unwrap();
        let owner = Owner::try_take(home.path()).unwrap().unwrap();
        let store = Store::open(&owner, &Unlock::default()).unwrap().0;
        let changes = Changes::default();
        let recorder = records.then(|| Recorder::start(store.clone(), changes.clone()));
        let (spans, egress): (Arc<dyn SpanSink>, Arc<dyn EgressSink>) = match &recorder {
            Some(recorder) => (Arc::new(recorder.clone()), Arc::new(recorder.clone())),
            None => (Arc::new(Nobody), Arc::new(Nobody)),
        };
        let url = format!("http://127.0.0.1:{port}/v1");
        let voice: Arc<dyn Provider> = Arc::new(OpenAi::new("loop", url, Key::None));
        let invoke = Arc::new(Invoke::new([voice], Vec::new(), spans));
        let chat = Chat::new(Archive::new(store), invoke, changes, Turns::default());
        let terms = Terms::new(Network::new(NetOptions::default(), egress).client(Reach::default()));
        Self { chat, terms, recorder, _home: home }
    }

    /// The processor time of a turn, until it is stored and recorded.
    async fn turn(&self) -> Duration {
        let before = cpu();
        let model = "loop/words-400@2000".parse().unwrap();
        let to = Target::New { model, system: None, settings: Settings::default() };
        let blocks = vec![Block::Text { text: "four hundred words".to_owned() }];
        let mut steps = self.chat.send(to, blocks, self.terms.clone());
        let mut last = None;
        while let Some(step) = steps.next().await {
            last = Some(step.unwrap());
        }
        assert!(matches!(last, Some(Step::Finished { .. })), "{last:?}");
        if let Some(recorder) = &self.recorder {
            recorder.settled().await;
        }
        cpu().saturating_sub(before)
    }

    async fn end(&self) {
        self.chat.finish().await;
        if let Some(recorder) = &self.recorder {
            recorder.finish().await;
        }
    }
}

/// Processor time that our threads have had. None of them ends meanwhile.
fn cpu() -> Duration {
    let threads = std::fs::read_dir("/proc/self/task").unwrap();
    let of = |path: std::path::PathBuf| {
        let name = std::fs::read_to_string(path.join("comm")).ok()?;
        let text = std::fs::read_to_string(path.join("schedstat")).ok()?;
        let nanos = text.split_whitespace().next()?.parse().ok()?;
        (name.trim() == OURS).then(|| Duration::from_nanos(nanos))
    };
    threads.flatten().filter_map(|thread| of(thread.path())).sum()
}

async fn compared(port: u16) -> [Vec<Duration>; 2] {
    let sides = [Side::new(port, false), Side::new(port, true)];
    let mut spent = [Vec::new(), Vec::new()];
    for number in 0..=TURNS {
        for (side, spent) in sides.iter().zip(&mut spent) {
            let one = side.turn().await;
            // The first one makes what later ones find.
            if number > 0 {
                spent.push(one);
            }
        }
    }
    for side in &sides {
        side.end().await;
    }
    spent
}

/// Prints the row.
pub fn measure() {
    let server = Server::start();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name(OURS)
        .thread_keep_alive(Duration::from_hours(1))
        .enable_all()
        .build()
        .unwrap();
    let spent = runtime.block_on(runtime.spawn(compared(server.port))).unwrap();
    let median = |spent: &[Duration]| {
        let mut sorted = spent.to_vec();
        sorted.sort_unstable();
        sorted[sorted.len() / 2].as_secs_f64() * 1000.0
    };
    let [without, with] = spent.each_ref().map(|spent| median(spent));
    let whole = spent.map(|spent| spent.into_iter().sum::<Duration>().as_secs_f64());
    println!(
        "a turn of 400 tokens: {without:.2} ms of the processor, {with:.2} ms with the record of its calls: {:+.1} %, of \
         all {TURNS} {:+.1} %",
        (with / without - 1.0) * 100.0,
        (whole[1] / whole[0] - 1.0) * 100.0
    );
}
