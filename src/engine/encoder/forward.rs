//! The forward pass of an encoder: the pieces of one window to one vector.

use super::normalise;
use super::weights::{Layer, Linear, Norm, Shape, Weights};
use outcrop_kernel::attention::{self, Head, Sight};
use outcrop_kernel::{Quantised, vector};

/// Buffers of a forward pass, kept from one to the next.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    /// By token.
    residual: Vec<f32>,
    inner: Vec<f32>,
    quantised: Quantised,
    heads: Vec<Head>,
    queries: Vec<f32>,
    attended: Vec<f32>,
}

impl Weights {
    /// The vector of a window's pieces, of length one.
    pub(super) fn encode(&self, ids: &[u32], scratch: &mut Scratch) -> Vec<f32> {
        let Shape { width, epsilon, .. } = self.shape;
        scratch.residual.clear();
        for (id, place) in ids.iter().zip(self.places.chunks_exact(width)) {
            let word = &self.words[*id as usize * width..][..width];
            scratch.residual.extend(word.iter().zip(place).map(|(word, place)| word + place));
        }
        norm(&mut scratch.residual, &self.norm, epsilon);
        for layer in &self.layers {
            self.attend(layer, scratch);
            scratch.feed(layer, epsilon);
        }
        let mut mean = vec![0.0; width];
        for token in scratch.residual.chunks_exact(width) {
            mean.iter_mut().zip(token).for_each(|(mean, x)| *mean += x);
        }
        normalise(&mut mean);
        mean
    }

    /// Every token takes from all others what they have for it.
    fn attend(&self, layer: &Layer, scratch: &mut Scratch) {
        let Shape { width, heads, epsilon, .. } = self.shape;
        let size = width / heads;
        let count = scratch.residual.len() / width;
        scratch.multiply(&layer.attention_in, width, Source::Residual);
        scratch.heads.resize_with(heads, Head::default);
        scratch.attended.resize(count * width, 0.0);
        let sight =
            Sight { shared: 1, size, scale: 1.0 / (size as f32).sqrt(), window: usize::MAX, ahead: true };
        let mut out = vec![0.0; count * size];
        for (at, head) in scratch.heads.iter_mut().enumerate() {
            let column = at * size;
            scratch.queries.clear();
            for (position, row) in scratch.inner.chunks_exact(3 * width).enumerate() {
                let part = |of: usize| &row[of * width + column..][..size];
                scratch.queries.extend_from_slice(part(0));
                head.put(position, part(1), part(2));
            }
            attention::attend(head, 0, sight, &scratch.queries, &mut out);
            for (row, values) in scratch.attended.chunks_exact_mut(width).zip(out.chunks_exact(size)) {
                row[column..column + size].copy_from_slice(values);
            }
        }
        scratch.multiply(&layer.attention_out, width, Source::Attended);
        scratch.add(&layer.attention_norm, epsilon);
    }
}

/// Which rows a matrix is multiplied with.
#[derive(Debug, Clone, Copy)]
enum Source {
    Residual,
    Attended,
    Inner,
}

impl Scratch {
    /// Each token by itself: wider, through the gate, and back.
    fn feed(&mut self, layer: &Layer, epsilon: f32) {
        let (width, hidden) = (layer.feed_out.bias.len(), layer.feed_in.bias.len());
        self.multiply(&layer.feed_in, width, Source::Residual);
        vector::gelu(&mut self.inner);
        self.multiply(&layer.feed_out, hidden, Source::Inner);
        self.add(&layer.feed_norm, epsilon);
    }

    /// Puts the products of rows of `width` values, and the bias, into the inner rows.
    fn multiply(&mut self, linear: &Linear, width: usize, source: Source) {
        let rows = match source {
            Source::Residual => &self.residual,
            Source::Attended => &self.attended,
            Source::Inner => &self.inner,
        };
        let count = rows.len() / width;
        self.quantised.resize(count, width);
        for (place, row) in self.quantised.places().zip(rows.chunks_exact(width)) {
            place.quantise(row);
        }
        self.inner.resize(count * linear.bias.len(), 0.0);
        linear.matrix.rows(&self.quantised, &linear.bias, &mut self.inner);
    }

    /// Adds the inner rows to the residual, and makes that even.
    fn add(&mut self, by: &Norm, epsilon: f32) {
        self.residual.iter_mut().zip(&self.inner).for_each(|(sum, x)| *sum += x);
        norm(&mut self.residual, by, epsilon);
    }
}

fn norm(rows: &mut [f32], Norm(weight, bias): &Norm, epsilon: f32) {
    for row in rows.chunks_exact_mut(weight.len()) {
        vector::layer_norm(row, weight, bias, epsilon);
    }
}
