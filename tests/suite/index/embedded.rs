//! The embedded store under the suite that every store is run against.

use std::path::PathBuf;

use futures_util::future::{BoxFuture, FutureExt};
use outcrop::domain::knowledge::vectors::VectorSearch;
use outcrop::domain::{ErrorKind, Result};
use outcrop::index::{Embedded, VectorStore};
use outcrop::store::{Shelf, Store, Unlock};

use super::conformance::{DIMENSIONS, Place, conforms};

struct Here {
    folder: tempfile::TempDir,
    store: Option<Store>,
    number: u32,
    search: VectorSearch,
}

impl Here {
    fn new(search: VectorSearch) -> Self {
        Self { folder: tempfile::tempdir().unwrap(), store: None, number: 0, search }
    }

    fn shelf(&mut self) -> Shelf {
        let path: PathBuf = self.folder.path().join("home");
        let store = self.store.get_or_insert_with(|| {
            let owner = crate::store::own(&path);
            Store::open(&owner, &Unlock::default()).unwrap().0
        });
        store.shelf(&format!("base-{}", self.number)).unwrap()
    }

    fn open(&mut self) -> Box<dyn VectorStore> {
        Box::new(Embedded::open_for(self.shelf(), DIMENSIONS, self.search).unwrap())
    }
}

impl Place for Here {
    fn fresh(&mut self) -> BoxFuture<'_, Box<dyn VectorStore>> {
        self.number += 1;
        async move { self.open() }.boxed()
    }

    fn as_another(&mut self) -> BoxFuture<'_, Vec<Result<()>>> {
        // It knows cosines alone.
        async move { vec![Embedded::open(self.shelf(), DIMENSIONS + 1).map(drop)] }.boxed()
    }

    fn again(&mut self) -> BoxFuture<'_, Box<dyn VectorStore>> {
        // The workspace is opened anew as well: its keys must open what was written before.
        self.store = None;
        async move { self.open() }.boxed()
    }
}

#[tokio::test]
async fn the_embedded_store_keeps_what_every_store_keeps() {
    conforms(&mut Here::new(VectorSearch::default())).await;
}

#[tokio::test]
async fn it_keeps_the_same_where_vectors_are_looked_for_by_lists() {
    conforms(&mut Here::new(VectorSearch::Approximate)).await;
}

#[tokio::test]
async fn a_base_of_other_vectors_is_not_opened_and_a_removed_one_is_gone() {
    let mut here = Here::new(VectorSearch::default());
    drop(here.open());
    let error = Embedded::open(here.shelf(), DIMENSIONS + 1).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Invalid);
    assert!(error.to_string().contains("its vectors have 12 numbers, not 13"), "{error}");
    let store = here.store.clone().unwrap();
    let folder = here.shelf().folder().to_owned();
    assert!(folder.exists());
    store.remove_shelf("base-0").unwrap();
    assert!(!folder.exists());
}
