//! `outcrop workspace …`

use std::path::PathBuf;

use super::args::{KeyKind, Workspace as Verb};
use super::out::{self, Out};
use super::{Asker, End, Exit, absolute, ask, unexpected, words};
use crate::domain::secret::Secret;
use crate::domain::{Error, ErrorKind, Result};
use crate::workbench::reply::WorkspaceInfo;
use crate::workbench::request::workspace::{KeyChoice, Workspace};
use crate::workbench::{Reply, Request};

pub(super) async fn workspace(verb: Verb, asker: &Asker, out: &mut Out) -> Result<Exit, End> {
    let (request, done) = match verb {
        Verb::Info => (Workspace::Info, String::new()),
        Verb::Compact { yes } => {
            agreed_to_lose(asker, yes, out).await?;
            (Workspace::Compact, String::new())
        }
        Verb::Verify => (Workspace::Verify, String::new()),
        Verb::Backup { to } => {
            let to = absolute(&to)?;
            let done = format!("the backup is {}", to.display());
            (Workspace::Backup { to }, done)
        }
        Verb::Restore { from, yes } => {
            let from = absolute(&from)?;
            // Before anybody says yes to it.
            std::fs::metadata(&from)
                .map_err(|why| Error::io(format!("reading the backup {}", from.display()), &why))?;
            let place = asker.config.paths.workspace();
            let (place, by) = (place.display(), from.display());
            let question = match asker.door.ready().await {
                Err(error) if error.kind == ErrorKind::Passphrase => format!(
                    "The passphrase that was given does not open {place}. Put {by} in its place, which opens with \
                     its own key? What is there is kept until `compact`, under its own passphrase."
                ),
                _ => format!(
                    "Replace everything in {place} by {by}? Back up what is there now first: no command brings it back."
                ),
            };
            ask::agreed(yes, &question, &format!("restoring {}", from.display())).await?;
            let done = format!("restored {}", from.display());
            (Workspace::Restore { from }, done)
        }
        Verb::Rekey { data, to, new_passphrase_file, yes } => {
            if data {
                agreed_to_forget(asker, yes, out).await?;
            }
            let to = key(to, new_passphrase_file).await?;
            let done = match &to {
                KeyChoice::File => "a key file beside the store opens the workspace now",
                KeyChoice::Keyring => "the keyring opens the workspace now",
                KeyChoice::Passphrase(_) => "the new passphrase opens the workspace now",
            };
            (Workspace::Rekey { data, to }, done.to_owned())
        }
    };
    let before = match &request {
        Workspace::Compact | Workspace::Rekey { .. } if !out.json => Some(found(asker, out).await?),
        _ => None,
    };
    let restoring = matches!(&request, Workspace::Restore { .. });
    let is_backup = matches!(&request, Workspace::Backup { .. });
    let new_data = matches!(&request, Workspace::Rekey { data: true, .. });
    let reply = asker.one(Request::Workspace(request), out).await?;
    let exit = match &reply {
        Reply::Verified { damaged, rebuilt, .. } if *rebuilt || !damaged.is_empty() => Exit::Negative,
        _ => Exit::Done,
    };
    if out.json {
        out.object(&reply)?;
        return Ok(exit);
    }
    match &reply {
        Reply::Done => {
            out.line(&done)?;
            if is_backup {
                let now = found(asker, out).await?;
                for left in &now.left_out {
                    out.line(&format!("left out: {left}"))?;
                }
                out.line(&opens(&now))?;
            }
            if let Some(before) = before {
                out.line(&earlier_backups(&before.key, new_data))?;
            }
            if restoring {
                for notice in found(asker, out).await?.notices {
                    out::say(&format!("note: {notice}"));
                }
            }
        }
        Reply::Workspace { info: found } => {
            if let Some(before) = before {
                out.line(&given_back(before.bytes, found.bytes))?;
                if before.kept > 0 {
                    let kept = words::bytes(before.kept);
                    out.line(&format!("{kept} of it were kept from before a restore or a repair"))?;
                }
            }
            info(found, out)?;
        }
        Reply::Verified { records, damaged, .. } => {
            out.line(&format!("{} read", words::count(*records, "record", "records")))?;
            for one in damaged {
                out.line(&format!("damaged: {one}"))?;
            }
        }
        other => return Err(unexpected(other)),
    }
    Ok(exit)
}

/// What a backup needs besides itself.
fn opens(info: &WorkspaceInfo) -> String {
    match &info.key_file {
        Some(file) => format!(
            "It opens with {} only: keep a copy of that file, and not where the backup lies.\n\
             To restore it elsewhere, lay the copy beside the backup.",
            file.display()
        ),
        None => {
            format!("It opens with {} that opens the workspace now.", info.key.replace("a pass", "the pass"))
        }
    }
}

/// What it is now.
async fn found(asker: &Asker, out: &mut Out) -> Result<WorkspaceInfo, End> {
    match asker.one(Request::Workspace(Workspace::Info), out).await? {
        Reply::Workspace { info } => Ok(info),
        other => Err(unexpected(&other)),
    }
}

/// A new data key ends with everything that only the old one opens: asks where that is more than earlier backups.
async fn agreed_to_forget(asker: &Asker, yes: bool, out: &mut Out) -> Result<(), End> {
    let kept = found(asker, out).await?.kept;
    if kept == 0 {
        return Ok(());
    }
    let question = format!(
        "Remove the {} that were kept from before a restore or a repair? Only the old data key opens them.",
        words::bytes(kept)
    );
    Ok(ask::agreed(yes, &question, "making a new data key").await?)
}

/// Compacting ends with what a restore or a repair kept: asks where something is damaged, of which that may have the last
/// whole copy.
async fn agreed_to_lose(asker: &Asker, yes: bool, out: &mut Out) -> Result<(), End> {
    if yes || found(asker, out).await?.kept == 0 {
        return Ok(());
    }
    let (damaged, rebuilt) = match asker.one(Request::Workspace(Workspace::Verify), out).await? {
        Reply::Verified { damaged, rebuilt, .. } => (damaged.len() as u64, rebuilt),
        other => return Err(unexpected(&other)),
    };
    let hurt = match (damaged, rebuilt) {
        (0, false) => return Ok(()),
        (0, true) => "what was lost when the damaged store was rebuilt".to_owned(),
        (many, _) => format!("what is damaged here ({many} found)"),
    };
    // Looking may have kept more.
    let kept = words::bytes(found(asker, out).await?.kept);
    let lost = format!("the {kept} that were kept from before a restore or a repair");
    let question = format!("Remove {lost}? The last whole copy of {hurt} may be there.");
    let doing = format!("removing {lost}, which may have the last whole copy of {hurt}");
    Ok(ask::agreed(false, &question, &doing).await?)
}

/// What becomes of the backups that were made while `key` opened the workspace. `data`: there is a new data key.
fn earlier_backups(key: &str, data: bool) -> String {
    let with = match key {
        "a passphrase" => "with the old passphrase",
        "the keyring" => "with the old entry of the keyring, which is removed",
        _ => "with the old key file, which is removed; a copy of it may lie beside the backup",
    };
    let place = if data { "only" } else { "in this workspace, and elsewhere only" };
    format!(
        "backups made until now open {place} {with}.\n\
         `outcrop workspace backup FILE` makes one for the new key."
    )
}

/// What compacting did. The files may grow by it, for the store's own backup is made anew as well.
fn given_back(before: u64, after: u64) -> String {
    match before.checked_sub(after) {
        Some(given) if given > 0 => format!("gave back {}", words::bytes(given)),
        _ => "there was nothing to give back".to_owned(),
    }
}

fn info(info: &WorkspaceInfo, out: &mut Out) -> Result<(), End> {
    let mut rows = vec![
        vec!["folder".to_owned(), info.path.display().to_string()],
        vec!["opened by".to_owned(), info.key.clone()],
        vec!["conversations".to_owned(), words::grouped(info.conversations)],
        vec!["comparisons".to_owned(), words::grouped(info.comparisons)],
        vec!["messages".to_owned(), words::grouped(info.messages)],
        vec!["size".to_owned(), words::bytes(info.bytes)],
    ];
    if info.kept > 0 {
        let kept =
            format!("{}, from before a restore or a repair; `compact` removes it", words::bytes(info.kept));
        rows.push(vec!["of it kept".to_owned(), kept]);
    }
    rows.push(vec!["schema".to_owned(), info.schema.to_string()]);
    rows.push(vec!["owner".to_owned(), format!("process {}", info.owner_pid)]);
    rows.extend(info.notices.iter().map(|notice| vec!["notice".to_owned(), notice.clone()]));
    words::table(&rows).iter().try_for_each(|line| out.line(line))
}

async fn key(kind: KeyKind, file: Option<PathBuf>) -> Result<KeyChoice> {
    match (kind, file) {
        (KeyKind::File, None) => Ok(KeyChoice::File),
        (KeyKind::Keyring, None) => Ok(KeyChoice::Keyring),
        (KeyKind::Passphrase, Some(file)) => {
            let doing = || format!("reading the new passphrase from {}", file.display());
            let text = std::fs::read_to_string(&file).map_err(|why| Error::io(doing(), &why))?;
            match text.lines().next() {
                Some(line) if !line.is_empty() => Ok(KeyChoice::Passphrase(Secret::new(line))),
                _ => Err(Error::new(
                    ErrorKind::Invalid,
                    doing(),
                    "its first line is empty",
                    "Write the passphrase on its first line.",
                )),
            }
        }
        (KeyKind::Passphrase, None) if ask::somebody() => {
            let first = ask::secret("New passphrase: ").await?;
            let again = ask::secret("The same again: ").await?;
            if first != again {
                return Err(Error::new(
                    ErrorKind::Invalid,
                    "asking for a passphrase",
                    "the two differ",
                    "Try again.",
                ));
            }
            Ok(KeyChoice::Passphrase(Secret::new(first.expose())))
        }
        (KeyKind::Passphrase, None) => Err(Error::new(
            ErrorKind::Invalid,
            "changing the key",
            "nobody is there to type a passphrase",
            "Give it with --new-passphrase-file.",
        )),
        (KeyKind::File | KeyKind::Keyring, Some(_)) => Err(Error::new(
            ErrorKind::Invalid,
            "changing the key",
            "--new-passphrase-file goes with --to passphrase",
            "Say that, or leave the file out.",
        )),
    }
}
