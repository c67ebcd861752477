//! A store that has nothing yet, and the view over the traces in it, for tests.

use std::sync::Arc;

use super::kept::{Kept, Price};
use super::view::View;
use crate::domain::time::Timestamp;
use crate::store::{Options, Owner, Store, Unlock};

/// An open store in a folder that goes with it.
pub(super) struct Bench {
    pub(super) kept: Kept,
    pub(super) store: Store,
    price: Price,
    _folder: tempfile::TempDir,
}

impl Bench {
    /// One where every call costs that.
    pub(super) fn new(cost: Option<f64>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let owner = Owner::try_take(folder.path()).unwrap().unwrap();
        let store = Store::open_with(&owner, &Unlock::default(), Options::default()).unwrap().0;
        let price: Price = Arc::new(move |_, _, _| cost);
        let (kept, _) = Kept::open(&store, Arc::clone(&price)).unwrap();
        Self { kept, store, price, _folder: folder }
    }

    /// Both kinds of traces, none of which runs.
    pub(super) fn view(&self) -> View<'_> {
        View { store: &self.store, underway: &[], kept: &self.kept, price: &self.price, since: Timestamp(0) }
    }
}
