//! What is particular to each architecture. All of them are norms, attention and a gated feed-forward.

use crate::domain::Result;
use outcrop_kernel::vector::{Gate, Pairing};

use super::shape::Scales;

/// One architecture.
#[derive(Debug, PartialEq)]
pub(super) struct Style {
    /// `general.architecture`.
    pub(super) name: &'static str,
    /// Which two values of a head are turned together.
    pub(super) pairing: Pairing,
    /// What opens the gate of the feed-forward.
    pub(super) gate: Gate,
    /// Queries, keys and values have something added.
    pub(super) biases: bool,
    /// Each head of queries and keys is normed.
    pub(super) head_norms: bool,
    /// What a layer adds is normed first.
    pub(super) post_norms: bool,
    /// Every so many layers one sees everything, the others look through a window.
    pub(super) window_of: Option<usize>,
    /// Every so many layers one knows no positions.
    pub(super) unturned: Option<usize>,
    /// Where its factors come from.
    scaling: Scaling,
}

#[derive(Debug, PartialEq)]
enum Scaling {
    Usual,
    /// Embeddings grow by the root of their width.
    Root,
    /// The file says.
    Told,
}

/// The usual: neighbouring pairs, a gate of `silu`, nothing besides.
const LLAMA: Style = Style {
    name: "llama",
    pairing: Pairing::Neighbours,
    gate: Gate::Silu,
    biases: false,
    head_norms: false,
    post_norms: false,
    window_of: None,
    unturned: None,
    scaling: Scaling::Usual,
};

/// The architectures whose greedy text was seen to equal llama.cpp's; each has a model in
/// `tests/suite/engine/tiny.rs`.
pub(super) const STYLES: &[Style] = &[
    LLAMA,
    Style { name: "qwen2", pairing: Pairing::Halves, biases: true, ..LLAMA },
    Style { name: "qwen3", pairing: Pairing::Halves, head_norms: true, ..LLAMA },
    Style {
        name: "gemma3",
        pairing: Pairing::Halves,
        gate: Gate::Gelu,
        head_norms: true,
        post_norms: true,
        window_of: Some(6),
        scaling: Scaling::Root,
        ..LLAMA
    },
    Style { name: "smollm3", unturned: Some(4), ..LLAMA },
    Style { name: "granite", scaling: Scaling::Told, ..LLAMA },
];

impl Style {
    /// The factors of a model; `float` reads one from the file, or gives what is usual.
    pub(super) fn scales(
        &self,
        width: usize,
        head: usize,
        float: impl Fn(&str, f32) -> Result<f32>,
    ) -> Result<Scales> {
        let usual =
            Scales { embedding: 1.0, residual: 1.0, attention: 1.0 / (head as f32).sqrt(), logits: 1.0 };
        Ok(match self.scaling {
            Scaling::Usual => usual,
            Scaling::Root => Scales { embedding: (width as f32).sqrt(), ..usual },
            Scaling::Told => Scales {
                embedding: float("embedding_scale", usual.embedding)?,
                residual: float("residual_scale", usual.residual)?,
                attention: float("attention.scale", usual.attention)?,
                logits: 1.0 / float("logit_scale", usual.logits)?,
            },
        })
    }
}
