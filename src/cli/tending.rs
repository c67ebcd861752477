//! `outcrop kb watch`

use futures_util::StreamExt;

use super::knowledge::{counted, found};
use super::out::Out;
use super::{Asker, End, Exit, words};
use crate::domain::Result;
use crate::domain::change::{Changed, Topic};
use crate::domain::figures::count;
use crate::domain::knowledge::base::Base;
use crate::domain::knowledge::tending::{Cause, Step, Tended, Watched};
use crate::domain::untrusted::safe_line;
use crate::domain::{Error, ErrorKind};
use crate::workbench::request::knowledge::Knowledge;
use crate::workbench::{Reply, Request};

/// Tends a base, or all, and says what it does, until it is ended.
pub(super) async fn watch(name: Option<String>, asker: &Asker, out: &mut Out) -> Result<Exit, End> {
    let base = match &name {
        Some(name) => Some(found(name, asker, out).await?),
        None => None,
    };
    let bases = match &base {
        Some(base) => vec![base.clone()],
        None => all(asker, out).await?,
    };
    if !bases.iter().flat_map(|base| &base.sources).any(|source| source.watch || source.schedule.is_some()) {
        let why = "no source has a schedule, and none is watched";
        let hint = "`outcrop kb change-source` gives it one: --schedule '0 6 * * *', or --watch true.";
        return Err(Error::new(ErrorKind::Invalid, "watching knowledge bases", why, hint).into());
    }
    let topic = Topic::Tending(base.map(|base| base.id));
    let mut replies = asker.ask(Request::Watch { topic });
    while let Some(reply) = replies.next().await {
        let reply = reply?;
        let Reply::Changed { change: Changed::Tended { tended }, .. } = &reply else { continue };
        if out.json {
            out.object(&reply)?;
        } else {
            out.line(&safe_line(&line(tended)))?;
        }
    }
    Ok(Exit::Done)
}

async fn all(asker: &Asker, out: &mut Out) -> Result<Vec<Base>, End> {
    match asker.one(Request::Knowledge(Knowledge::List), out).await? {
        Reply::Bases { bases } => Ok(bases),
        other => Err(super::unexpected(&other)),
    }
}

/// What happened, with the time of day.
fn line(tended: &Tended) -> String {
    let said = match &tended.step {
        Step::Waits { next, watched } => {
            let watched = watched.as_ref().map(|watched| match watched {
                Watched::Events { folders } => format!("watches {}", count(*folders, "folder", "folders")),
                Watched::Looks { seconds, why } => {
                    format!("looks every {seconds} s, since the system tells of no changes ({why})")
                }
            });
            let next = next.map(|next| format!("next at {}", words::time(next)));
            let said: Vec<String> = [watched, next].into_iter().flatten().collect();
            said.join(" · ")
        }
        Step::Began { cause } => match cause {
            Cause::Time => "syncs: its time has come".to_owned(),
            Cause::Missed => "syncs: its time was missed".to_owned(),
            Cause::Files => "syncs: its files changed".to_owned(),
        },
        Step::Ended { sync } => {
            let why = sync.why.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
            format!("{}{why}: {}", sync.state, counted(sync))
        }
        Step::Failed { why } => format!("cannot be synced: {why}"),
    };
    format!("{}  {}  {}  {said}", words::time(words::now()), tended.name, tended.place)
}
