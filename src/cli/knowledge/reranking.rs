//! `outcrop kb rerank`, and `--rerank` of the others.

use super::{found, one, told};
use crate::cli::out::Out;
use crate::cli::{Asker, End};
use crate::domain::Result;
use crate::domain::figures::grouped;
use crate::domain::knowledge::reranking::{Reranked, Reranker, Reranking};
use crate::domain::knowledge::retrieval::Retrieved;
use crate::domain::untrusted::safe_line;
use crate::workbench::request::knowledge::Knowledge;

/// What stands for no model.
const NOBODY: &str = "none";

/// Who puts hits in order, as it is written.
pub(super) fn wished(said: Option<&str>, candidates: Option<u32>) -> Result<Reranking> {
    Ok(match said {
        None => Reranking::AsBase,
        Some(NOBODY) => Reranking::Off,
        Some(model) => {
            let reranker = Reranker { model: model.parse()?, candidates };
            reranker.check()?;
            Reranking::By(reranker)
        }
    })
}

/// Has a base rerank by that model, or by none.
pub(super) async fn rerank(
    name: &str,
    model: &str,
    candidates: Option<u32>,
    asker: &Asker,
    out: &mut Out,
) -> Result<(), End> {
    let reranker = wished(Some(model), candidates)?.or(None);
    let id = found(name, asker, out).await?.id;
    let base = one(Knowledge::Rerank { id, reranker }, asker, out).await?;
    let said = match &base.reranker {
        None => "what is found stands as it was found".to_owned(),
        Some(reranker) => format!("what is found is put in order by {}", reranker.words()),
    };
    told(&base, &said, out)
}

/// Says by whom hits were put in order, or why they were not.
pub(super) fn note(retrieved: &Retrieved, out: &mut Out) -> Result<(), End> {
    let Some(reranked) = &retrieved.reranked else { return Ok(()) };
    let Reranked { model, given, .. } = reranked;
    let went = || format!("{model} put the first {} in order", grouped(*given));
    out.note(&safe_line(&reranked.remark().unwrap_or_else(went)))
}
