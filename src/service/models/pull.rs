//! Fetching a model: sources in order, the digest, the conversion, the folder in its place.

use std::collections::HashMap;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::files::{self, blocking};
use super::report::{Report, Steps, steps};
use super::{Claim, Shelf, hub, wheel};
use crate::domain::catalog::{
    Converted, InstalledFile, InstalledModel, LocalModel, ModelFile, ModelId, Source,
};
use crate::domain::pull::PullStep;
use crate::domain::untrusted::brief;
use crate::domain::{Error, ErrorKind, Result};
use crate::engine;
use crate::net::Client;

/// Bytes that are copied before it is asked whether anybody still wants them.
const PIECE: u64 = 16 << 20;
/// What a fetch needs where a size is not known: a small model, a package around it, and the form in which it is run.
const UNKNOWN: u64 = 900 << 20;

/// Columns of the reason of one source among several: pip tells of its misfortune at length.
const WHY: usize = 120;

/// The folder, in that of an unfinished model, that pip works in.
const PIP: &str = "pip";

/// What goes when the fetch is over, stopped or dropped.
pub(super) struct Scratch(pub(super) PathBuf);

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

impl Shelf {
    /// Fetches a model of the catalogue over `net`. The caller has the person's yes.
    pub fn pull(&self, id: &ModelId, net: Client) -> Steps {
        let (shelf, id) = (self.clone(), id.clone());
        steps(|report| async move {
            let doing = format!("fetching {id}");
            let model = shelf.entry(&id, &doing)?.clone();
            if net.is_offline() {
                let hint = format!("Start without --offline. {}", by_hand());
                return Err(Error::new(ErrorKind::Offline, doing, "--offline forbids the network", hint));
            }
            let claim = shelf.claim(&model.name, &doing)?;
            Pull { shelf, net, doing, model, report, wheels: HashMap::new(), claim }.run().await
        })
    }
}

fn by_hand() -> &'static str {
    "A file from another machine does as well: `outcrop models add FILE.gguf`."
}

struct Pull {
    shelf: Shelf,
    net: Client,
    doing: String,
    model: LocalModel,
    report: Report,
    /// Packages that were downloaded in this pull.
    wheels: HashMap<String, PathBuf>,
    /// Threads that write hold a clone: dropping the pull must not let another one write beside them.
    claim: Claim,
}

impl Pull {
    async fn run(mut self) -> Result<()> {
        let models = self.shelf.options.models.clone();
        let folder = files::unfinished(&models, &self.model.name);
        files::make_home(&self.doing, &models)?;
        files::make_folder(&self.doing, &folder)?;
        let staging = folder.join("ready");
        let _ = fs::remove_dir_all(&staging);
        files::room(&self.doing, &folder, needed(&self.model, &folder))?;
        files::make_folder(&self.doing, &staging)?;
        // pip cannot resume: what it began is of no use to the next fetch, however this one ends.
        let _scratch = Scratch(folder.join(PIP));
        let mut from = Vec::new();
        let mut fetched = Vec::new();
        for file in self.model.files.clone() {
            let (path, source, converted) = self.fetch(&file, &folder).await?;
            if !from.contains(&source) {
                from.push(source);
            }
            fetched.push((file.name, path, converted));
        }
        let (shelf, doing, model) = (self.shelf, self.doing, self.model);
        let (report, claim) = (self.report, self.claim);
        let source = from.join(", ");
        blocking(move || {
            let _claim = claim;
            let mut installed = InstalledModel {
                name: model.name,
                title: model.title,
                licence: Some(model.licence),
                capabilities: model.capabilities,
                architecture: String::new(),
                context: None,
                files: Vec::new(),
                source,
            };
            for (name, path, converted) in &fetched {
                let to = staging.join(name);
                let file = settle(&shelf, &doing, (path, converted.as_ref()), &to, &mut installed, &report)?;
                installed.files.push(file);
            }
            read_config(&staging, &mut installed);
            files::install(&doing, &models, &staging, &installed)
        })
        .await
    }

    /// One file, from the first source that has it; its path, where it came from, what its conversion makes.
    async fn fetch(
        &mut self,
        file: &ModelFile,
        folder: &Path,
    ) -> Result<(PathBuf, String, Option<Converted>)> {
        let mut failures: Vec<(String, Error)> = Vec::new();
        for (number, source) in file.sources.iter().enumerate() {
            let words = self.shelf.words(source);
            let starts_over = matches!(source, Source::Wheel { .. });
            self.report.say(PullStep::Trying { source: words.clone(), starts_over }).await;
            let part = part_of(folder, file, number);
            let got = match self.fetch_from(source, &part, folder).await {
                Ok(()) => self.check(source, &part).await,
                Err(error) => Err(error),
            };
            match got {
                Ok(()) => return Ok((part, words, source.converted().cloned())),
                Err(error) if error.kind == ErrorKind::Full => return Err(error),
                Err(error) => {
                    let why = format!("{}. {}", error.why, error.hint);
                    self.report.say(PullStep::SourceFailed { source: words.clone(), why }).await;
                    failures.push((words, error));
                }
            }
        }
        let kind = match &failures[..] {
            [(_, only)] => only.kind.clone(),
            _ => ErrorKind::Network,
        };
        let hint = match &failures[..] {
            [(_, only)] if only.kind == ErrorKind::Auth => only.hint.clone(),
            _ => format!("Check the network, then try again. {}", by_hand()),
        };
        let why = match &failures[..] {
            [(words, only)] => format!("{words}: {}", only.why),
            // Each was said in full when it failed.
            all => {
                let each = all.iter().map(|(words, error)| format!("{words}: {}", brief(&error.why, WHY)));
                each.collect::<Vec<_>>().join("; ")
            }
        };
        Err(Error::new(kind, &self.doing, format!("no source had it: {why}"), hint))
    }

    async fn fetch_from(&mut self, source: &Source, part: &Path, folder: &Path) -> Result<()> {
        let options = &self.shelf.options;
        match source {
            Source::Hub { repository, revision, path, gated, .. } => {
                let url = format!("{}/{repository}/resolve/{revision}/{path}", options.hub);
                let pass = (options.hub_token.as_ref(), *gated);
                hub::fetch(&self.net, &self.doing, &url, pass, part, &self.report).await
            }
            Source::Wheel { package, version, member, bytes, .. } => {
                let wanted = format!("{package}=={version}");
                let wheel = if let Some(wheel) = self.wheels.get(&wanted) {
                    wheel.clone()
                } else {
                    let folder = folder.join(PIP).join(&wanted);
                    let _ = fs::remove_dir_all(&folder);
                    let (doing, pips) = (&self.doing, &options.pips);
                    let mut leave = self.net.leave(doing, &format!("pip download {wanted}"))?;
                    let wheel = wheel::download(
                        &mut leave,
                        doing,
                        (pips, &options.around),
                        &wanted,
                        &folder,
                        *bytes,
                        &self.report,
                    )
                    .await?;
                    self.wheels.insert(wanted, wheel.clone());
                    wheel
                };
                let (doing, member, part) = (self.doing.clone(), member.clone(), part.to_owned());
                let claim = self.claim.clone();
                blocking(move || {
                    let _claim = claim;
                    wheel::extract(&doing, &wheel, &member, &part)
                })
                .await
            }
        }
    }

    /// The digest of what was fetched. A file that is not the one is deleted, so that it is not resumed.
    async fn check(&self, source: &Source, part: &Path) -> Result<()> {
        self.report.say(PullStep::Checking).await;
        let Some(wanted) = source.sha256().map(str::to_owned) else { return Ok(()) };
        let (doing, part, claim) = (self.doing.clone(), part.to_owned(), self.claim.clone());
        blocking(move || {
            let _claim = claim;
            let (found, _) = files::digest(&doing, &part)?;
            if found.eq_ignore_ascii_case(&wanted) {
                return Ok(());
            }
            let _ = fs::remove_file(&part);
            let why = format!("the file is another one: its SHA-256 is {found}, the catalogue says {wanted}");
            Err(Error::new(ErrorKind::Corrupt, &doing, why, "It was deleted."))
        })
        .await
    }
}

/// What comes of a file from the source of that number, as it lies until all of it is there.
fn part_of(folder: &Path, file: &ModelFile, number: usize) -> PathBuf {
    folder.join(format!("{}.{number}.part", file.name))
}

/// Bytes that are still to be written where all goes the likeliest way: the fetched files, a package and what is taken out of
/// it, the form in which a file is run. What an earlier fetch left in `folder` is there already.
fn needed(model: &LocalModel, folder: &Path) -> u64 {
    let mut packages = Vec::new();
    let mut needed = 0_u64;
    for file in &model.files {
        let sized = file.sources.iter().enumerate().find_map(|(number, source)| {
            let (Source::Hub { bytes, .. } | Source::Wheel { bytes, .. }) = source;
            Some((number, source, (*bytes)?))
        });
        let Some((number, source, bytes)) = sized else { return UNKNOWN };
        let fetched = match source {
            Source::Hub { .. } => bytes,
            // One package may hold several of the files.
            Source::Wheel { package, version, .. } if packages.contains(&(package, version)) => 0,
            Source::Wheel { package, version, .. } => {
                packages.push((package, version));
                bytes.saturating_mul(2)
            }
        };
        let lies = fs::symlink_metadata(part_of(folder, file, number)).map_or(0, |facts| facts.len());
        let made = match source.converted() {
            Some(converted) => converted.bytes,
            // Whether it has to be converted is seen when it is there.
            None if is_gguf(Path::new(&file.name)) => bytes,
            None => 0,
        };
        needed = needed.saturating_add(fetched.saturating_sub(lies)).saturating_add(made);
    }
    needed
}

fn is_gguf(path: &Path) -> bool {
    path.extension().is_some_and(|end| end.eq_ignore_ascii_case("gguf"))
}

/// Puts a file into the folder that becomes the model's: a GGUF file in the form that the engine runs. One that is so
/// already is moved, one that is converted stays.
pub(super) fn settle(
    shelf: &Shelf,
    doing: &str,
    (from, known): (&Path, Option<&Converted>),
    to: &Path,
    model: &mut InstalledModel,
    report: &Report,
) -> Result<InstalledFile> {
    if !is_gguf(to) {
        fs::rename(from, to).map_err(|why| Error::io(doing, &why))?;
        return files::describe(doing, to);
    }
    let facts = shelf.facts(from)?;
    model.architecture = facts.architecture;
    model.context = Some(facts.context);
    if facts.ready {
        if fs::rename(from, to).is_err() {
            copy(doing, from, to, report)?;
        }
        shelf.vouch(to);
        return files::describe(doing, to);
    }
    let converted = engine::convert(from, to, &mut |done, total| {
        report.mention(PullStep::Converting { done, total });
        report.wanted(doing)
    })?;
    report.mention(PullStep::Checking);
    let found = read_back(doing, to, &converted.sha256)?;
    match known {
        Some(known) if !found.sha256.eq_ignore_ascii_case(&known.sha256) => {
            let why = format!(
                "the converted file is another one: its SHA-256 is {}, the catalogue says {}",
                found.sha256, known.sha256
            );
            let hint = "It was not kept. Try again; where it stays so, the machine computes wrong, or this is no \
                        build of the program that the catalogue is of.";
            Err(Error::new(ErrorKind::Corrupt, doing, why, hint))
        }
        _ => Ok(found),
    }
}

/// What the manifest will say of a converted file: what lies on the disk must be what was meant to be written.
fn read_back(doing: &str, path: &Path, written: &str) -> Result<InstalledFile> {
    let found = files::describe(doing, path)?;
    if found.sha256 == written {
        return Ok(found);
    }
    let why = "the converted file reads back as another one";
    Err(Error::new(ErrorKind::Corrupt, doing, why, "Check the disk, then try again."))
}

/// A private copy; it stops where it is when nobody wants it any more.
pub(super) fn copy(doing: &str, from: &Path, to: &Path, report: &Report) -> Result<()> {
    let io = |why: std::io::Error| Error::io(doing, &why);
    let mut source = fs::File::open(from).map_err(io)?;
    let mut target = files::private(to, false).map_err(io)?;
    while std::io::copy(&mut source.by_ref().take(PIECE), &mut target).map_err(io)? > 0 {
        report.wanted(doing)?;
    }
    target.sync_all().map_err(io)
}

/// What a model that is no GGUF file says of itself in `config.json`.
fn read_config(staging: &Path, model: &mut InstalledModel) {
    let text = fs::read(staging.join("config.json")).unwrap_or_default();
    let Ok(config) = serde_json::from_slice::<serde_json::Value>(&text) else { return };
    if let Some(kind) = config.get("model_type").and_then(|kind| kind.as_str()) {
        kind.clone_into(&mut model.architecture);
    }
    let positions = config.get("max_position_embeddings").and_then(serde_json::Value::as_u64);
    let positions = positions.and_then(|n| u32::try_from(n).ok());
    // A longer text is read in windows.
    model.context = model.context.or(positions.map(|positions| positions.min(engine::WINDOW)));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::catalog::Sampling;

    fn hub(bytes: Option<u64>) -> Source {
        Source::Hub {
            repository: "org/model".to_owned(),
            revision: "main".to_owned(),
            path: "model".to_owned(),
            bytes,
            sha256: None,
            gated: false,
        }
    }

    fn wheel(bytes: u64, converted: Option<u64>) -> Source {
        Source::Wheel {
            package: "models".to_owned(),
            version: "1".to_owned(),
            member: "model".to_owned(),
            bytes: Some(bytes),
            sha256: None,
            converted: converted.map(|bytes| Converted { bytes, sha256: String::new() }),
        }
    }

    fn model(files: Vec<(&str, Vec<Source>)>) -> LocalModel {
        let file = |(name, sources): (&str, Vec<Source>)| ModelFile { name: name.to_owned(), sources };
        LocalModel {
            name: "small".to_owned(),
            title: "Small".to_owned(),
            about: String::new(),
            licence: "MIT".to_owned(),
            capabilities: Vec::new(),
            context: None,
            sampling: Sampling::default(),
            files: files.into_iter().map(file).collect(),
        }
    }

    #[test]
    fn a_fetch_needs_room_for_what_is_still_to_be_written() {
        let folder = tempfile::tempdir().unwrap();
        let needs = |files| needed(&model(files), folder.path());
        let plain = || vec![("weights.bin", vec![hub(None), hub(Some(1000))])];
        assert_eq!(needs(plain()), 1000, "it is moved to its place");
        assert_eq!(needs(vec![("model.gguf", vec![hub(Some(1000))])]), 2000, "it may have to be converted");
        assert_eq!(needs(vec![("model.gguf", vec![wheel(1000, Some(1500))])]), 3500);
        let both = vec![("one.bin", vec![wheel(1000, None)]), ("two.bin", vec![wheel(1000, None)])];
        assert_eq!(needs(both), 2000, "one package is fetched once");
        assert_eq!(needs(vec![("weights.bin", vec![hub(None)])]), UNKNOWN);

        // What an earlier fetch left goes on from there, by its own source.
        fs::write(folder.path().join("weights.bin.0.part"), [0_u8; 300]).unwrap();
        assert_eq!(needs(plain()), 1000);
        fs::write(folder.path().join("weights.bin.1.part"), [0_u8; 900]).unwrap();
        assert_eq!(needs(plain()), 100);
        fs::write(folder.path().join("weights.bin.1.part"), [0_u8; 1100]).unwrap();
        assert_eq!(needs(plain()), 0);
    }

    #[test]
    fn a_converted_file_that_reads_back_as_another_one_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.gguf");
        fs::write(&path, "what was written").unwrap();
        let (written, _) = files::digest("reading", &path).unwrap();
        assert_eq!(read_back("converting", &path, &written).unwrap().name, "model.gguf");
        fs::write(&path, "what was wr1tten").unwrap();
        assert_eq!(read_back("converting", &path, &written).unwrap_err().kind, ErrorKind::Corrupt);
    }
}
