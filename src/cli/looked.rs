//! What a look at calls, or at a dataset, told of answers whose givers are hidden elsewhere: that it is kept is said.

use futures_util::StreamExt;

use super::Asker;
use super::out::say;
use crate::domain::evaluation::job::Unblinded;
use crate::domain::time::Timestamp;
use crate::workbench::request::comparisons::Comparisons;
use crate::workbench::request::evaluations::Evaluations;
use crate::workbench::{Reply, Request, person};

/// So many of the newest of each are looked through.
const NEWEST: usize = 256;

/// Says of what is blind to this person no more since `began`. What cannot be asked for is kept all the same.
pub(super) async fn tell(began: Timestamp, asker: &Asker) {
    let who = person(&asker.config.user);
    let since = |looks: &[Unblinded]| looks.iter().any(|look| look.by == who && look.at >= began);
    let list = Comparisons::List { limit: NEWEST, before: None };
    if let Some(Ok(Reply::Comparisons { comparisons, .. })) =
        asker.ask(Request::Comparisons(list)).next().await
    {
        for comparison in comparisons.iter().filter(|comparison| since(&comparison.unblinded)) {
            let id = comparison.id.short();
            say(&format!(
                "note: this may tell who answers in the comparison {id}: what you choose in it from here on is not kept as blind"
            ));
        }
    }
    let list = Evaluations::List { limit: NEWEST, before: None };
    if let Some(Ok(Reply::Evaluations { evaluations, .. })) =
        asker.ask(Request::Evaluations(list)).next().await
    {
        for evaluation in evaluations.iter().filter(|evaluation| since(&evaluation.unblinded)) {
            let name = evaluation.name();
            say(&format!(
                "note: this may tell whose the answers of {name:?} are: that you looked is kept with the evaluation"
            ));
        }
    }
}
