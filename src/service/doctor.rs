//! The doctor: looks at the store, its key, the models of this machine and every provider, and says what to do.

use futures_util::future::join_all;

use crate::domain::Result;
use crate::domain::catalog::Availability;
use crate::domain::figures::{count, grouped};
use crate::domain::workspace::{Check, Verdict};
use crate::service::invoke::{Invoke, Terms};
use crate::service::models::cards;
use crate::service::workspace::Workspace;

/// Every check. Asks the configured providers for their models, which is what the person called the doctor for.
pub async fn examine(workspace: &Workspace, invoke: &Invoke, terms: &Terms) -> Result<Vec<Check>> {
    let info = workspace.info().await?;
    let (records, damaged) = workspace.verify().await?;
    let mut checks = vec![
        check(
            "store",
            if damaged.is_empty() { Verdict::Good } else { Verdict::Bad },
            format!(
                "{}, {}; {}",
                count(info.conversations, "conversation", "conversations"),
                count(info.messages, "message", "messages"),
                if damaged.is_empty() {
                    "every record could be read".to_owned()
                } else {
                    format!(
                        "{} of {} could not be read",
                        count(damaged.len() as u64, "record", "records"),
                        grouped(records)
                    )
                }
            ),
            if damaged.is_empty() {
                ""
            } else {
                "`outcrop workspace verify` names them; `outcrop workspace restore FILE` brings a backup back."
            },
        ),
        key(workspace, info.key).await,
    ];
    checks.extend(info.notices.into_iter().map(|notice| check("store", Verdict::Note, notice, "")));
    let names = invoke.providers();
    checks
        .extend(join_all(names.iter().map(|name| provider(invoke, name, terms))).await.into_iter().flatten());
    Ok(checks)
}

/// What opens the workspace, and whether it will do so again. The old key is still in memory, so a lost one is mended
/// by a new wrapping.
async fn key(workspace: &Workspace, opened_by: String) -> Check {
    match workspace.check_key().await {
        Ok(()) => check("key", Verdict::Good, opened_by, ""),
        Err(error) => check(
            "key",
            Verdict::Bad,
            format!("{opened_by}, but {}", error.why),
            "While this outcrop runs, `outcrop workspace rekey --to file` makes another; after it, nothing does.",
        ),
    }
}

/// `None` for one that may be there or not, and is not.
async fn provider(invoke: &Invoke, name: &str, terms: &Terms) -> Option<Check> {
    let what = format!("provider {name}");
    Some(match cards::of(invoke, name, terms).await {
        Ok(cards) if cards.is_empty() && invoke.is_optional(name) => return None,
        Ok(cards) => {
            let ready = cards.iter().filter(|card| card.availability == Availability::Ready).count();
            let advice = if ready > 0 {
                String::new()
            } else if let Some(card) = cards.first() {
                format!("`outcrop models pull {}` fetches one.", card.id)
            } else {
                "Load a model on that server.".to_owned()
            };
            let verdict = if ready > 0 { Verdict::Good } else { Verdict::Note };
            check(what, verdict, format!("{} can be asked", count(ready as u64, "model", "models")), advice)
        }
        Err(error) => check(what, Verdict::Bad, error.why, error.hint),
    })
}

fn check(
    what: impl Into<String>,
    verdict: Verdict,
    found: impl Into<String>,
    advice: impl Into<String>,
) -> Check {
    Check { what: what.into(), verdict, found: found.into(), advice: advice.into() }
}
