//! Models that a provider keeps where it runs: it is asked to fetch and to delete them.

use futures_util::StreamExt;

use super::report::{Pace, Steps, steps};
use crate::domain::call::Call;
use crate::domain::catalog::ModelId;
use crate::domain::delta::Event;
use crate::domain::pull::{Checked, PullPlan, PullStep};
use crate::domain::{Error, ErrorKind, Result};
use crate::service::invoke::{Invoke, Terms};

/// What [`pull`] would do. Asks nobody.
pub fn plan(invoke: &Invoke, id: &ModelId) -> Result<PullPlan> {
    let place = keeper(invoke, id, &format!("planning to fetch {id}"))?;
    Ok(PullPlan {
        id: id.clone(),
        title: id.model().to_owned(),
        licence: "that it comes with".to_owned(),
        bytes: None,
        rough: false,
        kept: None,
        to: format!("the models of {place}"),
        sources: vec![format!("where {} gets its models", id.provider())],
        checked: Checked::There,
    })
}

/// Has the provider fetch a model. The caller has the person's yes.
pub fn pull(invoke: &std::sync::Arc<Invoke>, id: &ModelId, terms: &Terms) -> Steps {
    let (invoke, id, terms) = (std::sync::Arc::clone(invoke), id.clone(), terms.clone());
    steps(|report| async move {
        let place = keeper(&invoke, &id, &format!("fetching {id}"))?;
        report.say(PullStep::Trying { source: place, starts_over: false }).await;
        let mut events = invoke.serve(&id, Call::Pull { model: id.clone() }, &terms);
        let mut pace = None;
        while let Some(event) = events.next().await {
            let step = match event? {
                Event::Pulling { step: PullStep::Fetching { done, total, .. } } => {
                    let pace = pace.get_or_insert_with(|| Pace::new(done));
                    pace.step(done, total)
                }
                Event::Pulling { step } => Some(step),
                _ => None,
            };
            if let Some(step) = step {
                report.say(step).await;
            }
        }
        Ok(())
    })
}

/// Has the provider delete a model.
pub async fn remove(invoke: &Invoke, id: &ModelId, terms: &Terms) -> Result<()> {
    keeper(invoke, id, &format!("removing {id}"))?;
    let mut events = invoke.serve(id, Call::Remove { model: id.clone() }, terms);
    while let Some(event) = events.next().await {
        event?;
    }
    Ok(())
}

/// The place of the provider that keeps the model, for people.
fn keeper(invoke: &Invoke, id: &ModelId, doing: &str) -> Result<String> {
    let name = id.provider();
    invoke.keeper(name, doing)?.ok_or_else(|| {
        let kind = ErrorKind::Refused { capability: "pull".to_owned() };
        let why = format!("{name} is not asked to fetch or delete models");
        Error::new(
            kind,
            doing,
            why,
            "Providers of the kind ollama are; this machine's own models are local/….",
        )
    })
}
