//! What a model file may be: sound, hostile, or something else.

use std::fs;
use std::path::Path;

use outcrop::domain::{Error, ErrorKind};
use outcrop::engine::{convert, inspect};
use proptest::prelude::*;

use super::tiny;
use crate::damage::{blows, damaged};

fn refused(bytes: &[u8]) -> Error {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.gguf");
    fs::write(&path, bytes).unwrap();
    inspect(&path).unwrap_err()
}

#[test]
fn a_file_says_what_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let facts = inspect(&tiny::file(folder.path())).unwrap();
    assert_eq!((facts.architecture.as_str(), facts.context, facts.tokens), ("llama", tiny::CONTEXT, 266));
    assert_eq!((facts.quantisation.as_str(), facts.vocabulary.as_str()), ("F32", "gpt2/smollm"));
    assert!(facts.chat_template && !facts.ready);
}

#[test]
fn conversion_keeps_the_metadata_and_gives_the_same_bytes_every_time() {
    let folder = tempfile::tempdir().unwrap();
    let from = tiny::file(folder.path());
    let (one, two) = (folder.path().join("one.gguf"), folder.path().join("two.gguf"));
    let mut steps = Vec::new();
    let first = convert(&from, &one, &mut |done, total| {
        steps.push((done, total));
        Ok(())
    })
    .unwrap();
    let second = convert(&one, &two, &mut |_, _| Ok(())).unwrap();
    assert_eq!(first, second, "a converted file is in its final form");
    assert_eq!(first.bytes, fs::metadata(&one).unwrap().len());
    assert!(steps.is_sorted() && steps.last().is_some_and(|(done, total)| done == total), "{steps:?}");
    let (before, after) = (inspect(&from).unwrap(), inspect(&one).unwrap());
    assert!(after.ready);
    assert_eq!((after.quantisation.as_str(), after.parameters), ("Q8_0", before.parameters));
    assert_eq!((after.name, after.vocabulary, after.chat_template), (before.name, before.vocabulary, true));
    let left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(left.len(), 3, "{left:?}");
}

#[cfg(unix)]
#[test]
fn conversion_follows_no_link_and_writes_for_the_owner_alone() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let folder = tempfile::tempdir().unwrap();
    let from = tiny::file(folder.path());
    let (to, victim) = (folder.path().join("to.gguf"), folder.path().join("victim"));
    fs::write(&victim, "precious").unwrap();
    symlink(&victim, folder.path().join("to.gguf.converting")).unwrap();
    convert(&from, &to, &mut |_, _| Ok(())).unwrap();
    assert_eq!(fs::read_to_string(&victim).unwrap(), "precious");
    assert_eq!(fs::metadata(&to).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_conversion_that_nobody_wants_any_more_ends_at_the_next_tensor_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let from = tiny::file(folder.path());
    let mut tensors = 0;
    let stopped = convert(&from, &folder.path().join("to.gguf"), &mut |_, _| {
        tensors += 1;
        if tensors == 2 { Err(Error::cancelled("converting")) } else { Ok(()) }
    });
    assert_eq!((stopped.unwrap_err().kind, tensors), (ErrorKind::Cancelled, 2));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn a_failed_conversion_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let from = tiny::file(folder.path());
    let to = folder.path().join("no/such/folder/to.gguf");
    assert_eq!(convert(&from, &to, &mut |_, _| Ok(())).unwrap_err().kind, ErrorKind::NotFound);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn what_is_no_model_file_is_told_so() {
    assert_eq!(inspect(Path::new("/no/such/file")).unwrap_err().kind, ErrorKind::NotFound);
    for bytes in [&b""[..], b"GG", b"PK\x03\x04 a zip", &[0; 4096]] {
        let error = refused(bytes);
        assert_eq!(error.kind, ErrorKind::Invalid);
        assert!(error.why.contains("not a GGUF"), "{error}");
    }
}

#[cfg(not(feature = "llama-cpp"))]
#[test]
fn an_architecture_that_is_not_run_is_refused_by_name_with_a_way_out() {
    let error = refused(&tiny::model("mamba").bytes());
    assert!(error.why.contains("mamba") && error.hint.contains("llama-cpp"), "{error}");
}

#[test]
fn a_file_cut_anywhere_is_told_to_be_damaged() {
    let whole = tiny::model("llama").bytes();
    for cut in (4..2048).chain((2048..whole.len()).step_by(997)) {
        let error = refused(&whole[..cut]);
        assert_eq!(error.kind, ErrorKind::Corrupt, "cut at {cut}: {error}");
    }
}

#[test]
fn huge_counts_and_lengths_are_refused_before_anything_is_allocated() {
    let whole = tiny::model("llama").bytes();
    // The count of tensors, the count of entries, the length of the first key.
    for at in [8, 16, 24] {
        for count in [u64::MAX, u64::MAX / 2, 1 << 40, 1 << 31] {
            let mut bytes = whole.clone();
            bytes[at..at + 8].copy_from_slice(&count.to_le_bytes());
            assert_eq!(refused(&bytes).kind, ErrorKind::Corrupt, "{count} at {at}");
        }
    }
}

proptest! {
    #![proptest_config(crate::cases(400))]

    #[test]
    fn random_bytes_after_the_magic_never_panic(mut bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        let mut file = b"GGUF\x03\0\0\0\x02\0\0\0\0\0\0\0\x03\0\0\0\0\0\0\0".to_vec();
        file.append(&mut bytes);
        refused(&file);
    }

    #[test]
    fn damaged_files_never_panic(
        flips in proptest::collection::vec((0_usize..9000, any::<u8>()), 0..6), blows in blows(), struck in any::<bool>()
    ) {
        let folder = tempfile::tempdir().unwrap();
        let mut bytes = tiny::model("llama").bytes();
        for (at, flip) in flips {
            bytes[at] ^= flip;
        }
        if struck {
            // In the header, which is what is read.
            let tensors = bytes.split_off(9000);
            bytes = damaged(bytes, &blows);
            bytes.extend(tensors);
        }
        let path = folder.path().join("x.gguf");
        fs::write(&path, bytes).unwrap();
        if inspect(&path).is_ok() {
            let to = folder.path().join("y.gguf");
            let _ = convert(&path, &to, &mut |_, _| Ok(()));
            let _ = outcrop::engine::tokenise(&path, "the <|im_end|> other");
        }
    }
}
