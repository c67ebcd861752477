//! What is learnt of the models of a server of `OpenAI`'s API: which settings it refuses. Nothing is known of them beforehand:
//! a gateway may pass everything on, or refuse what it does not know.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::domain::call::Converse;
use crate::domain::catalog::ModelId;
use crate::domain::left_out::LeftOut;

/// Why a setting that was learnt of is not sent.
const REFUSED: &str = "the server takes none for this model";

/// Settings that models refuse, by the names of the settings' table, and ways to ask them, by names that are no setting's. It is
/// shared by clones, and ends with the process: the server says it again.
#[derive(Debug, Clone, Default)]
pub(super) struct Refused(Arc<Mutex<BTreeMap<ModelId, BTreeSet<&'static str>>>>);

impl Refused {
    fn inner(&self) -> MutexGuard<'_, BTreeMap<ModelId, BTreeSet<&'static str>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The model was asked with this setting and refused it; whether that is news.
    pub fn learn(&self, model: &ModelId, setting: &'static str) -> bool {
        self.inner().entry(model.clone()).or_default().insert(setting)
    }

    pub fn has(&self, model: &ModelId, setting: &str) -> bool {
        self.inner().get(model).is_some_and(|names| names.contains(setting))
    }

    fn of(&self, model: &ModelId) -> Vec<&'static str> {
        self.inner().get(model).map(|names| names.iter().copied().collect()).unwrap_or_default()
    }

    /// The conversation without what its model refuses.
    pub fn fitted<'a>(&self, converse: &'a Converse) -> Cow<'a, Converse> {
        let names = self.of(&converse.model);
        if LeftOut::of(&converse.settings, &names, REFUSED).is_none() {
            return Cow::Borrowed(converse);
        }
        let mut fitted = converse.clone();
        for name in names {
            // An empty value is none, in every setting.
            let _ = fitted.settings.set(name, "");
        }
        Cow::Owned(fitted)
    }

    /// Those that are set and refused.
    pub fn left_out(&self, converse: &Converse) -> Option<LeftOut> {
        LeftOut::of(&converse.settings, &self.of(&converse.model), REFUSED)
    }
}
