//! `outcrop kb change-source`

use super::{found, one, source_of, status};
use crate::cli::args::ChangeSource;
use crate::cli::item::Item;
use crate::cli::out::Out;
use crate::cli::{Asker, End, words};
use crate::domain::knowledge::base::SourceChange;
use crate::workbench::request::knowledge::Knowledge;

/// Changes it, and shows it as it is now.
pub(super) async fn change_source(wanted: ChangeSource, asker: &Asker, out: &mut Out) -> Result<(), End> {
    let ChangeSource { name, source, schedule, watch, include, exclude, ignored } = wanted;
    let base = found(&name, asker, out).await?;
    let source = source_of(&base, &source)?.id;
    let schedule = schedule.map(|cron| if cron == "none" { String::new() } else { cron });
    let (include, exclude) = (patterns(include), patterns(exclude));
    let files = include.is_some() || exclude.is_some() || ignored.is_some();
    let change = SourceChange { schedule, watch, include, exclude, ignored };
    let base = one(Knowledge::ChangeSource { id: base.id, source, change }, asker, out).await?;
    if out.json {
        return out.object(&Item::Base { base: &base });
    }
    base.source(source).map_or(Ok(()), |source| status(source, out))?;
    if files {
        let name = words::in_shell(&base.name);
        out.note(&format!(
            "`outcrop kb sync {name}` takes in what is chosen now, and takes out what is not"
        ))?;
    }
    Ok(())
}

/// Patterns that take the place of others, if any are told: `none` alone is none.
fn patterns(told: Vec<String>) -> Option<Vec<String>> {
    match told.as_slice() {
        [] => None,
        [one] if one == "none" => Some(Vec::new()),
        _ => Some(told),
    }
}
