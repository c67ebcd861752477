//! Files that the own engine does not run: refused by name, or, with the feature `llama-cpp`, answered by llama.cpp.

use outcrop::domain::ErrorKind;
use outcrop::domain::catalog::Backend;
use outcrop::engine::{backend, inspect};

use super::tiny;

/// An architecture with the tensors of `llama` that the own engine does not know.
pub const FOREIGN: &str = "exaone";

#[test]
fn a_file_is_run_by_the_own_engine_where_it_can() {
    let folder = tempfile::tempdir().unwrap();
    let path = tiny::file(folder.path());
    assert_eq!(inspect(&path).unwrap().backend, Backend::Own);
    assert_eq!(backend(&path, None).unwrap(), Backend::Own);
    assert_eq!(backend(&path, Some(Backend::Own)).unwrap(), Backend::Own);
}

#[test]
fn a_foreign_file_is_refused_by_name_where_the_own_engine_alone_may_run_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("foreign.gguf");
    std::fs::write(&path, tiny::model(FOREIGN).bytes()).unwrap();
    let error = backend(&path, Some(Backend::Own)).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Invalid);
    assert!(error.why.contains(FOREIGN) && error.hint.contains("llama-cpp"), "{error}");
}

#[cfg(not(feature = "llama-cpp"))]
#[test]
fn what_llama_cpp_is_to_run_says_how_to_build_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = tiny::file(folder.path());
    let error = backend(&path, Some(Backend::LlamaCpp)).unwrap_err();
    assert!(error.hint.contains("--features llama-cpp"), "{error}");
}
