//! What is learnt of models besides their names: the model behind an ARN that says nothing of it, that Converse does not serve
//! one, and that one does not stream.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::domain::call::Converse;
use crate::domain::catalog::ModelId;

/// It is shared by clones, and ends with the process: lists and the person say it again, and Amazon does.
#[derive(Debug, Clone, Default)]
pub(super) struct Learnt {
    known: Arc<Mutex<Known>>,
}

#[derive(Debug, Default)]
struct Known {
    bases: BTreeMap<ModelId, ModelId>,
    native: BTreeSet<ModelId>,
    /// With tools, or whatever is asked.
    whole: BTreeSet<(ModelId, bool)>,
}

impl Learnt {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says whose base is whose; the newest word counts.
    pub fn base(&self, model: &ModelId, base: &str) {
        if let Ok(base) = ModelId::new(model.provider(), base)
            && base != *model
        {
            self.known().bases.insert(model.clone(), base);
        }
    }

    /// The model by which the family is told: the one behind it, else itself.
    pub fn model(&self, model: &ModelId) -> ModelId {
        self.known().bases.get(model).unwrap_or(model).clone()
    }

    /// The same conversation with that model: bodies and settings are its, the address is the ARN's.
    pub fn based<'a>(&self, converse: &'a Converse) -> Cow<'a, Converse> {
        let model = self.model(&converse.model);
        if model == converse.model {
            return Cow::Borrowed(converse);
        }
        Cow::Owned(Converse { model, ..converse.clone() })
    }

    /// Converse refused to serve it, and its maker's own body was taken.
    pub fn wants_native(&self, model: &ModelId) {
        self.known().native.insert(model.clone());
    }

    /// Its model answers such a conversation in one piece alone: one with tools, or, as it has none, any.
    pub fn wants_whole(&self, converse: &Converse) {
        self.known().whole.insert((converse.model.clone(), has_tools(converse)));
    }

    pub fn is_whole(&self, converse: &Converse) -> bool {
        let known = self.known();
        let whole = |tools| known.whole.contains(&(converse.model.clone(), tools));
        whole(false) || has_tools(converse) && whole(true)
    }

    pub fn is_native(&self, model: &ModelId) -> bool {
        self.known().native.contains(model)
    }
}

fn has_tools(converse: &Converse) -> bool {
    !converse.settings.tools.is_empty()
}
