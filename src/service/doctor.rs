//! The doctor: looks at the store, its key, the models of this machine and every provider, and says what to do.

use futures_util::future::join_all;

use tokio::time::Duration;

use crate::domain::catalog::{Availability, LOCAL, ModelCard};
use crate::domain::figures::{count, grouped, span};
use crate::domain::secret::shown_url;
use crate::domain::workspace::{Check, Verdict};
use crate::domain::{Error, ErrorKind, Result};
use crate::provider::KeyCheck;
use crate::service::invoke::{Invoke, Terms};
use crate::service::models::{Shelf, cards, only_lists_are_refused};
use crate::service::workspace::Workspace;

/// How long a provider may take to say whether it takes its key.
const PATIENCE: Duration = Duration::from_secs(10);

/// Every check. Asks the configured providers for their models, and reads the files of those of this machine whole, which
/// is what the person called the doctor for.
pub async fn examine(
    workspace: &Workspace,
    invoke: &Invoke,
    shelf: &Shelf,
    terms: &Terms,
) -> Result<Vec<Check>> {
    let info = workspace.info().await?;
    let (records, damaged, rebuilt) = workspace.verify().await?;
    let mut checks = vec![
        check(
            "store",
            if damaged.is_empty() { Verdict::Good } else { Verdict::Bad },
            format!(
                "{}, {}, {}; {}",
                count(info.conversations, "conversation", "conversations"),
                count(info.comparisons, "comparison", "comparisons"),
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
    let verdict = if rebuilt { Verdict::Bad } else { Verdict::Note };
    let advice = if rebuilt {
        "`outcrop workspace restore FILE` brings a backup back, where there is one."
    } else {
        ""
    };
    checks.extend(info.notices.into_iter().map(|notice| check("store", verdict, notice, advice)));
    let names = invoke.providers();
    checks
        .extend(join_all(names.iter().map(|name| provider(invoke, name, terms))).await.into_iter().flatten());
    checks.extend(compared(invoke, shelf, terms).await);
    Ok(checks)
}

/// Whether the files of the models of this machine are those that were installed.
async fn compared(invoke: &Invoke, shelf: &Shelf, terms: &Terms) -> Vec<Check> {
    // Why they cannot be listed, their provider's row says.
    let cards = cards::of(invoke, LOCAL, terms).await.unwrap_or_default();
    let mut checks = Vec::new();
    let mut same = 0;
    for card in cards.iter().filter(|card| card.availability == Availability::Ready) {
        match shelf.compare(&card.id).await {
            Ok(()) => same += 1,
            Err(error) => checks.push(broken(card, &error.why)),
        }
    }
    if same > 0 {
        let found = format!(
            "the files of {} were read whole: each has the SHA-256 that it had when it was installed",
            count(same, "model", "models")
        );
        checks.push(check("models", Verdict::Good, found, ""));
    }
    checks
}

/// A model of this machine that cannot be used.
fn broken(card: &ModelCard, why: &str) -> Check {
    let id = &card.id;
    let advice = if card.fetched.is_some() {
        format!("`outcrop models pull --force {id}` fetches it again.")
    } else {
        format!("`outcrop models remove {id}`, then `outcrop models add FILE` with a sound file.")
    };
    check(format!("model {id}"), Verdict::Bad, why, advice)
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

/// How one provider stands; one that may be there or not, and is not, is said to be not there.
pub async fn examine_provider(invoke: &Invoke, name: &str, terms: &Terms) -> Vec<Check> {
    let checks = provider(invoke, name, terms).await;
    if !checks.is_empty() {
        return checks;
    }
    let address = invoke.address(name).map(|url| shown_url(&url)).unwrap_or_default();
    vec![check(
        format!("provider {name}"),
        Verdict::Note,
        format!("nobody answers at {address}"),
        "Start it.",
    )]
}

/// How a provider stands: none for one that may be there or not, and is not; a second one where its clock is another one;
/// one for each model of this machine that cannot be used.
async fn provider(invoke: &Invoke, name: &str, terms: &Terms) -> Vec<Check> {
    let what = format!("provider {name}");
    let answer = cards::of(invoke, name, terms).await;
    let reached = invoke.address(name);
    let address = reached.as_deref().map(shown_url);
    let mut unusable = Vec::new();
    let first = match answer {
        Ok(cards) if cards.is_empty() && invoke.is_optional(name) => return Vec::new(),
        Ok(cards) => {
            let key = match invoke.check_key(name, terms) {
                Some(check) => match tokio::time::timeout(PATIENCE, check).await {
                    Ok(Err(error)) => return vec![bad(what, &error, address.as_deref())],
                    Ok(Ok(KeyCheck::Taken)) => Some("its key was taken"),
                    Ok(Ok(KeyCheck::NotAsked)) => Some("its key was not asked for: anybody gets that list"),
                    Err(_) => Some("whether its key is taken was not said in time"),
                },
                None => invoke.has_key(name).then_some("its key was taken"),
            };
            let here = cards.iter().filter(|card| card.id.is_local());
            unusable.extend(here.filter_map(|card| Some(broken(card, card.unusable()?))));
            let ready = cards.iter().filter(|card| card.availability == Availability::Ready).count();
            let advice = if ready > 0 {
                String::new()
            } else if let Some(card) = cards.first() {
                format!("`outcrop models pull {}` fetches one.", card.id)
            } else {
                "Load a model on that server.".to_owned()
            };
            let verdict = if ready > 0 { Verdict::Good } else { Verdict::Note };
            let mut found = Vec::new();
            if let Some(address) = &address {
                found.push(format!("reached at {address}"));
                found.extend(key.map(str::to_owned));
            }
            found.push(format!("{} can be asked", count(ready as u64, "model", "models")));
            check(what, verdict, found.join("; "), advice)
        }
        Err(error) if error.kind == ErrorKind::Auth && only_lists_are_refused(&error) => {
            let address = address.as_deref().unwrap_or(name);
            let found =
                format!("the key for {address} was taken, and may not list the models: {}", error.why);
            let advice = format!("Allow it to, or ask them by their ids: `-m {name}/ID`.");
            check(what, Verdict::Note, found, advice)
        }
        Err(error) => bad(what, &error, address.as_deref()),
    };
    let ahead = reached.and_then(|address| terms.net.clock_of(&address));
    std::iter::once(first).chain(ahead.and_then(|ahead| clock(name, ahead))).chain(unusable).collect()
}

fn bad(what: String, error: &Error, address: Option<&str>) -> Check {
    check(what, Verdict::Bad, failed(error, address), error.hint.clone())
}

/// How far a provider that failed was reached.
fn failed(error: &Error, address: Option<&str>) -> String {
    let why = &error.why;
    let Some(address) = address else { return format!("{}: {why}", error.doing) };
    match error.kind {
        ErrorKind::Network | ErrorKind::Offline => format!("not reached at {address}: {why}"),
        ErrorKind::Timeout => format!("no answer in time from {address}: {why}"),
        ErrorKind::Auth => format!("the key for {address} is missing or was not taken: {why}"),
        _ => format!("reached at {address}, but it lists no models: {why}"),
    }
}

/// Seconds that two clocks may differ before anybody is told, and those beyond which a signature is not taken (AWS:
/// `RequestTimeTooSkewed`).
const MINUTE: u64 = 60;
const SIGNED: u64 = 5 * MINUTE;

/// `None` where the server's clock and this machine's are near enough.
fn clock(name: &str, ahead: i64) -> Option<Check> {
    let apart = ahead.unsigned_abs();
    let side = if ahead > 0 { "ahead of" } else { "behind" };
    let found = format!("its clock is {} {side} this machine's", span(apart));
    let mend = "Set this machine's clock (`timedatectl set-ntp true` lets the network set it), if it is the wrong one.";
    let advice = if apart > SIGNED {
        format!("{mend} Beyond five minutes requests that are signed, as Bedrock's are, are not taken.")
    } else {
        mend.to_owned()
    };
    (apart > MINUTE).then(|| check(format!("clock of {name}"), Verdict::Note, found, advice))
}

fn check(
    what: impl Into<String>,
    verdict: Verdict,
    found: impl Into<String>,
    advice: impl Into<String>,
) -> Check {
    Check { what: what.into(), verdict, found: found.into(), advice: advice.into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::pull::Checked;

    #[test]
    fn a_clock_is_spoken_of_from_a_minute_on_and_signatures_from_five() {
        assert_eq!((clock("home", 60), clock("home", -60)), (None, None));
        let near = clock("home", -61).unwrap();
        assert_eq!(near.found, "its clock is 1 min 1 s behind this machine's");
        assert!(!near.advice.contains("signed"));
        let far = clock("home", 301).unwrap();
        assert_eq!(far.found, "its clock is 5 min 1 s ahead of this machine's");
        assert!(far.advice.contains("signed"));
    }

    #[test]
    fn a_model_that_cannot_be_used_is_a_fault_with_a_way_out() {
        let mut card = ModelCard::unknown("local/a".parse().unwrap());
        let brought = broken(&card, "it is truncated");
        assert_eq!((brought.verdict, brought.found.as_str()), (Verdict::Bad, "it is truncated"));
        assert!(brought.advice.contains("models add FILE"), "{brought:?}");
        card.fetched = Some(Checked::Here);
        assert!(broken(&card, "").advice.contains("models pull --force local/a"));
    }

    #[test]
    fn a_failure_says_how_far_it_came() {
        let said = |kind| failed(&Error::new(kind, "listing", "why", ""), Some("http://a"));
        assert_eq!(said(ErrorKind::Network), "not reached at http://a: why");
        assert_eq!(said(ErrorKind::Auth), "the key for http://a is missing or was not taken: why");
        assert_eq!(
            said(ErrorKind::Server { status: 500 }),
            "reached at http://a, but it lists no models: why"
        );
        assert_eq!(
            failed(&Error::new(ErrorKind::Io, "playing a", "why", ""), None),
            "playing a: why",
            "of a file its path"
        );
    }
}
