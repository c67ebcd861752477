//! `outcrop kb export` and `outcrop kb import`

use std::path::Path;

use futures_util::StreamExt;

use super::{found, holds, told};
use crate::cli::out::Out;
use crate::cli::progress::Progress;
use crate::cli::{Asker, End};
use crate::domain::knowledge::base::{Base, Origin};
use crate::domain::{Error, ErrorKind};
use crate::workbench::request::knowledge::Knowledge;
use crate::workbench::{Reply, Request};

pub(super) async fn export(
    name: &str,
    file: &Path,
    vectors: bool,
    asker: &Asker,
    out: &mut Out,
) -> Result<(), End> {
    let path =
        std::path::absolute(file).map_err(|why| Error::io(format!("writing {}", file.display()), &why))?;
    let id = found(name, asker, out).await?.id;
    let request = Knowledge::Export { id, path, vectors };
    let base = carried(request, "exporting a knowledge base", asker, out).await?;
    told(&base, &format!("{} in {}", holds(&base), file.display()), out)
}

pub(super) async fn import(
    file: &Path,
    name: Option<String>,
    asker: &Asker,
    out: &mut Out,
) -> Result<(), End> {
    let path =
        std::fs::canonicalize(file).map_err(|why| Error::io(format!("reading {}", file.display()), &why))?;
    let request = Knowledge::Import { path, name };
    let base = carried(request, "importing a knowledge base", asker, out).await?;
    told(&base, &format!("{}, embedded by {}", holds(&base), base.embedder), out)?;
    if base.sources.is_empty() {
        return Ok(());
    }
    out.note("its sources are as the file has them, and nothing of them is read before `outcrop kb sync`:")?;
    base.sources.iter().try_for_each(|source| match &source.origin {
        Origin::S3 { endpoint: Some(endpoint), .. } => {
            out.note(&format!("{} at {endpoint}", source.origin.place()))
        }
        origin => out.note(&origin.place()),
    })
}

/// Shows how far it is; the base, once all is done.
async fn carried(request: Knowledge, doing: &str, asker: &Asker, out: &Out) -> Result<Base, End> {
    let mut replies = asker.ask(Request::Knowledge(request));
    let mut progress = Progress::new(out.json);
    let mut whole = None;
    while let Some(reply) = replies.next().await {
        match reply? {
            Reply::Progress { what, done, total } => progress.show(&what, done, total),
            Reply::Base { base } => whole = Some(base),
            _ => {}
        }
    }
    progress.clear();
    whole.ok_or_else(|| {
        let why = "it ended before all of it was there";
        Error::new(ErrorKind::Detached, doing, why, "Do it again.").into()
    })
}
