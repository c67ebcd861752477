//! What a look at calls, or at a dataset, told of answers whose givers are hidden elsewhere: that it is kept is said.

use futures_util::StreamExt;

use super::Asker;
use super::out::say;
use crate::domain::time::Timestamp;
use crate::workbench::request::workspace::Workspace;
use crate::workbench::{Reply, Request};

/// Says of what is blind to this person no more since `began`. What cannot be asked for is kept all the same.
pub(super) async fn tell(began: Timestamp, asker: &Asker) {
    let asked = Request::Workspace(Workspace::Unblinded { since: began });
    let Some(Ok(Reply::Unblinded { comparisons, evaluations })) = asker.ask(asked).next().await else {
        return;
    };
    for id in comparisons {
        let id = id.short();
        say(&format!(
            "note: this may tell who answers in the comparison {id}: what you choose in it from here on is not kept as blind"
        ));
    }
    for name in evaluations {
        say(&format!(
            "note: this may tell whose the answers of {name:?} are: that you looked is kept with the evaluation"
        ));
    }
}
