//! Loading a file where breaking down costs nothing.

use std::path::Path;

use super::Options;
use super::backend::{CHUNK, Scratch};
use super::loaded::Loaded;
use super::loading::Wanted;
use crate::domain::Result;
use crate::domain::catalog::Backend;

/// Has files tried in a process of their own, before this one takes them.
pub trait Trial: Send + Sync + std::fmt::Debug {
    /// Returns once the file was loaded there and answered, or soon after `wanted` says no; an error says why it must
    /// not be loaded here. Blocks.
    fn pass(&self, path: &Path, wanted: &dyn Fn() -> bool) -> Result<()>;

    /// The file is the copy of one that has passed.
    fn vouch(&self, path: &Path);
}

/// Loads the file into this process, and has it read something and choose a word.
pub fn try_out(path: &Path, backend: Backend) -> Result<()> {
    let options = Options { threads: Some(1), backend: Some(backend) };
    let loaded = Loaded::load(path, options, &Wanted::always())?;
    let vocabulary = loaded.model.vocabulary() as u32;
    let mut ids = loaded.speech.words.encode("Hello, world. 1 + 1 =")?;
    ids.retain(|id| *id < vocabulary);
    ids.truncate(CHUNK.min(loaded.model.context()));
    if ids.is_empty() {
        return Ok(());
    }
    let mut scratch = Scratch::default();
    let logits = loaded.model.forward(&ids, &mut loaded.model.cache(), &mut scratch)?;
    let likeliest = (0_u32..).zip(logits).max_by(|a, b| a.1.total_cmp(b.1)).map_or(0, |(id, _)| id);
    let _ = (loaded.speech.words.bytes(likeliest), loaded.speech.words.ends(likeliest));
    Ok(())
}
