//! Texts to vectors: BERT with the mean of its last layer, as sentence-transformers' `MiniLM` is.
//!
//! Weights are of eleven bits and a sign: with seven the vectors would be another model's in the fourth decimal.

mod encoding;
mod forward;
mod pieces;
mod tokeniser;
mod weights;

use std::path::{Path, PathBuf};

use rayon::prelude::*;

pub(super) use self::encoding::Encoding;
use self::forward::Scratch;
use self::pieces::Pieces;
pub use self::pieces::WINDOW;
pub use self::tokeniser::Tokeniser;
use self::weights::Weights;
use super::loaded::Stamp;
use super::loading::Wanted;
use crate::domain::Result;

/// What lies beside the weights.
const PIECES: &str = "tokenizer.json";
const CONFIG: &str = "config.json";

/// An encoder in memory.
#[derive(Debug)]
pub(super) struct Encoder {
    pub(super) path: PathBuf,
    pub(super) stamp: Stamp,
    weights: Weights,
    pieces: Pieces,
}

/// A part of a text that the encoder reads at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Window {
    /// Which of the texts it is of.
    pub(super) text: usize,
    ids: Vec<u32>,
}

impl Window {
    /// Its pieces, the marks of its begin and end among them.
    pub(super) fn tokens(&self) -> usize {
        self.ids.len()
    }
}

impl Encoder {
    /// Whether the file at `path` holds an encoder's weights.
    pub(super) fn is_at(path: &Path) -> bool {
        path.extension().is_some_and(|end| end.eq_ignore_ascii_case("safetensors"))
    }

    /// Loads the weights of the file at `path`, beside which its vocabulary and its shape lie, as long as that is `wanted`.
    pub(super) fn load(path: &Path, wanted: &Wanted) -> Result<Self> {
        let stamp = Stamp::of(path)?;
        let weights = Weights::load(&path.with_file_name(CONFIG), path, wanted)?;
        let pieces = Pieces::load(&path.with_file_name(PIECES), weights.vocabulary(), weights.positions())?;
        Ok(Self { path: path.to_owned(), stamp, weights, pieces })
    }

    /// A text as the encoder reads it: one that is too long in windows of about the same length. `text` is its number.
    pub(super) fn windows(&self, text: usize, words: &str) -> Result<impl Iterator<Item = Window>> {
        Ok(self.pieces.cut(words)?.into_iter().map(move |ids| Window { text, ids }))
    }

    /// Adds each window's vector to its text's, weighted by its length. Runs on the threads of the pool that it is called in.
    pub(super) fn add(&self, windows: &[Window], sums: &mut [Vec<f32>]) {
        let vectors: Vec<Vec<f32>> = windows
            .par_iter()
            .map_init(Scratch::default, |scratch, window| self.weights.encode(&window.ids, scratch))
            .collect();
        for (window, vector) in windows.iter().zip(vectors) {
            let Some(sum) = sums.get_mut(window.text) else { continue };
            sum.resize(vector.len(), 0.0);
            for (sum, x) in sum.iter_mut().zip(vector) {
                *sum += x * window.ids.len() as f32;
            }
        }
    }
}

/// Makes a vector's length one; one of nothing but zeros stays as it is.
pub(super) fn normalise(vector: &mut [f32]) {
    let length = vector.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>().sqrt();
    if length > 0.0 {
        for x in vector {
            *x = (f64::from(*x) / length) as f32;
        }
    }
}
