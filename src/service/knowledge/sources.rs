//! What a source is made of, and changed to: checked before anything of it is kept.

use super::{Knowledge, listing, page};
use crate::domain::id::{BaseId, SourceId};
use crate::domain::knowledge::base::{Base, Origin, Source, SourceChange, SourcePlan};
use crate::domain::knowledge::schedule::Schedule;
use crate::domain::{Error, ErrorKind, Result};
use crate::service::fresh;

const CHANGING: &str = "changing a source of a knowledge base";

impl Knowledge {
    /// Has other files of a source looked through, or at other times by itself. What that takes in or leaves out the next sync does.
    pub async fn change_source(&self, id: BaseId, source: SourceId, change: SourceChange) -> Result<Base> {
        let now = fresh::now();
        let schedule = match &change.schedule {
            Some(cron) if cron.trim().is_empty() => Some(None),
            Some(cron) => Some(Some(Schedule::of(cron, now)?)),
            None => None,
        };
        self.changed(id, move |base| {
            let named = source;
            let Some(source) = base.source_mut(named) else {
                let why = format!("it has no source {}", named.short());
                return Err(Error::new(ErrorKind::NotFound, CHANGING, why, "`outcrop kb show` lists them."));
            };
            watchable(&source.origin, change.watch == Some(true))?;
            let before = source.origin.clone();
            choose(&mut source.origin, &change)?;
            if let Some(schedule) = schedule {
                source.schedule = schedule;
            }
            source.watch = change.watch.unwrap_or(source.watch);
            let after = source.origin.clone();
            match base.sources.iter().find(|known| known.id != named && known.origin == after) {
                Some(known) if after != before => Err(doubled(known, CHANGING)),
                _ => Ok(()),
            }
        })
        .await
    }
}

/// What is said where another source would be the same as one that a base has.
pub(super) fn doubled(known: &Source, doing: &str) -> Error {
    let why = format!("{} is its source {} already", known.origin.place(), known.id.short());
    Error::new(ErrorKind::Invalid, doing, why, "`outcrop kb sync` looks it through again.")
}

/// Has other files of a place looked through.
fn choose(origin: &mut Origin, change: &SourceChange) -> Result<()> {
    let not = |why: &str, hint: &str| Err(Error::new(ErrorKind::Invalid, CHANGING, why, hint));
    match (change.ignored, &mut *origin) {
        (Some(all), Origin::Files { ignored, .. }) => *ignored = all,
        (Some(true), _) => return not("only folders of this machine have ignore files", "Leave that out."),
        (Some(false) | None, _) => {}
    }
    if change.include.is_none() && change.exclude.is_none() {
        return Ok(());
    }
    let (include, exclude) = match origin {
        Origin::Files { include, exclude, .. } | Origin::S3 { include, exclude, .. } => (include, exclude),
        Origin::Url { .. } => {
            return not("a page is one document: no pattern chooses among it", "Leave the patterns out.");
        }
    };
    if let Some(wanted) = &change.include {
        include.clone_from(wanted);
    }
    if let Some(wanted) = &change.exclude {
        exclude.clone_from(wanted);
    }
    listing::can_choose(include, exclude)
}

/// Whether files can be chosen by these patterns.
pub fn check_patterns(patterns: &[String]) -> Result<()> {
    listing::can_choose(patterns, &[])
}

/// Whether a base can have such a source: before one is made for it.
pub fn check_source(plan: SourcePlan) -> Result<()> {
    planned(plan).map(drop)
}

/// The source of a plan.
pub(super) fn planned(plan: SourcePlan) -> Result<Source> {
    plan.chunking.check()?;
    let mut origin = plan.origin;
    match &mut origin {
        Origin::Files { path, include, exclude, .. } => *path = listing::check(path, include, exclude)?,
        Origin::S3 { include, exclude, .. } => listing::can_choose(include, exclude)?,
        Origin::Url { url, private } => *url = page::check(url, *private)?,
    }
    watchable(&origin, plan.watch)?;
    Ok(Source {
        id: fresh::source_id(),
        origin,
        chunking: plan.chunking,
        schedule: plan.schedule.map(|cron| Schedule::of(&cron, fresh::now())).transpose()?,
        watch: plan.watch,
        last: None,
    })
}

/// Only files of this machine tell when they change.
fn watchable(origin: &Origin, watch: bool) -> Result<()> {
    if !watch || origin.is_near() {
        return Ok(());
    }
    let why = "only files and folders of this machine can be watched";
    let doing = format!("watching {}", origin.place());
    Err(Error::new(
        ErrorKind::Invalid,
        doing,
        why,
        "Give it a schedule: --schedule '0 * * * *' is every hour.",
    ))
}
