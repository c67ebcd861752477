//! The forward pass: token ids to logits.

use rayon::prelude::*;

use super::cache::Cache;
use super::shape::{Shape, View};
use super::weights::{Layer, Model};
use outcrop_kernel::attention::{self, Head, Sight};
use outcrop_kernel::{Matrix, Quantised, ROWS, vector};

/// Tokens whose queries one task of attention takes.
const QUERIES: usize = 16;

/// Cosine and sine of the angles of some tokens, one after the other.
type Angles = Vec<(f32, f32)>;

/// Buffers of a forward pass, kept from one to the next.
#[derive(Debug, Default)]
pub(in crate::engine) struct Scratch {
    residual: Vec<f32>,
    quantised: Quantised,
    product: Vec<[f32; ROWS]>,
    queries: Vec<f32>,
    attended: Vec<f32>,
    /// By turning.
    angles: Vec<Angles>,
    logits: Vec<f32>,
}

impl Model {
    /// Reads `tokens` after those in the cache and returns the logits that follow the last one. Runs on the threads
    /// of the pool that it is called in.
    pub(in crate::engine) fn forward<'s>(
        &self,
        tokens: &[u32],
        cache: &mut Cache,
        scratch: &'s mut Scratch,
    ) -> &'s mut [f32] {
        self.read(tokens, cache, scratch);
        let Shape { width, epsilon, scales, vocabulary, .. } = self.shape;
        let last = scratch.residual.len() - width;
        scratch.residual.copy_within(last.., 0);
        scratch.normed(width, &self.norm, epsilon, 1);
        scratch.multiply(self.output.as_ref().unwrap_or(&self.embedding), None, 1);
        scratch.logits.clear();
        let logits = scratch.product.as_flattened().iter().take(vocabulary);
        scratch.logits.extend(logits.map(|x| x * scales.logits));
        &mut scratch.logits
    }

    /// The same for tokens behind which nobody looks, of a prompt that goes on: without the product with the whole
    /// vocabulary.
    pub(in crate::engine) fn read(&self, tokens: &[u32], cache: &mut Cache, scratch: &mut Scratch) {
        let shape = &self.shape;
        let Shape { width, hidden, heads, shared_heads, head, epsilon, scales, .. } = *shape;
        let count = tokens.len();
        let first = cache.length;
        let part = heads / shared_heads * head;
        scratch.residual.resize(count * width, 0.0);
        for (token, out) in tokens.iter().zip(scratch.residual.chunks_exact_mut(width)) {
            self.embedding.row(*token as usize, out);
            for x in out {
                *x *= scales.embedding;
            }
        }
        self.turn(first, count, &mut scratch.angles);
        for (i, (layer, kept)) in self.layers.iter().zip(&mut cache.heads).enumerate() {
            scratch.normed(width, &layer.attention_norm, epsilon, count);
            scratch.multiply(&layer.attention_in, layer.biases.as_deref(), count);
            scratch.attend(kept, first, count, shape, layer, shape.view(i));
            scratch.quantised.resize(count, heads * head);
            let attended = &scratch.attended;
            each(scratch.quantised.places(), count, |token, place, row: &mut Vec<f32>| {
                row.clear();
                for kv in 0..shared_heads {
                    let at = (kv * count + token) * part;
                    row.extend_from_slice(&attended[at..at + part]);
                }
                place.quantise(row);
            });
            scratch.multiply(&layer.attention_out, None, count);
            scratch.add(shape, layer.post_norms.as_ref().map(|norms| &norms.0[..]), count);

            scratch.normed(width, &layer.feed_norm, epsilon, count);
            scratch.multiply(&layer.feed_in, None, count);
            scratch.quantised.resize(count, hidden);
            let product = &scratch.product;
            each(scratch.quantised.places(), count, |token, place, row: &mut Vec<f32>| {
                row.resize(2 * hidden, 0.0);
                gather(product, count, token, 0, row);
                let (gate, up) = row.split_at_mut(hidden);
                vector::gated(shape.style.gate, gate, up);
                place.quantise(gate);
            });
            scratch.multiply(&layer.feed_out, None, count);
            scratch.add(shape, layer.post_norms.as_ref().map(|norms| &norms.1[..]), count);
        }
        cache.length += count;
    }

    /// The angles of `count` tokens from position `first` on.
    fn turn(&self, first: usize, count: usize, all: &mut Vec<Angles>) {
        let pairs = self.shape.head / 2;
        all.resize_with(self.shape.turnings.len(), Vec::new);
        for (turning, angles) in self.shape.turnings.iter().zip(all) {
            angles.resize(count * pairs, (0.0, 0.0));
            let factors = self.factors.as_deref().filter(|_| turning.factors);
            for (i, out) in angles.chunks_exact_mut(pairs).enumerate() {
                vector::angles(first + i, turning.base, turning.stretch, factors, out);
            }
        }
    }
}

/// Does `work` for every token, on all threads where there are several tokens.
fn each<P: Send, F>(places: impl Iterator<Item = P>, count: usize, work: F)
where
    F: Fn(usize, P, &mut Vec<f32>) + Sync,
{
    if count == 1 {
        let mut row = Vec::new();
        places.take(1).for_each(|place| work(0, place, &mut row));
    } else {
        let places: Vec<_> = places.take(count).enumerate().collect();
        places.into_par_iter().for_each_init(Vec::new, |row, (i, place)| work(i, place, row));
    }
}

/// One token's values out of a product, from value `from` on.
fn gather(product: &[[f32; ROWS]], count: usize, token: usize, from: usize, out: &mut [f32]) {
    let groups = product.chunks_exact(count).skip(from / ROWS);
    let mut skip = from % ROWS;
    let mut out = out;
    for group in groups {
        let values = &group[token][skip..];
        let take = values.len().min(out.len());
        let (now, later) = out.split_at_mut(take);
        now.copy_from_slice(&values[..take]);
        out = later;
        skip = 0;
        if out.is_empty() {
            return;
        }
    }
}

impl Scratch {
    /// Norms the first `count` tokens of the residual stream into the quantised input.
    fn normed(&mut self, width: usize, weight: &[f32], epsilon: f32, count: usize) {
        self.quantised.resize(count, width);
        let residual = &self.residual;
        each(self.quantised.places(), count, |token, place, row| {
            row.clear();
            row.extend_from_slice(&residual[token * width..(token + 1) * width]);
            vector::norm(row, weight, epsilon);
            place.quantise(row);
        });
    }

    /// Multiplies the quantised input with `matrix` into `product`, and adds `biases`.
    fn multiply(&mut self, matrix: &Matrix, biases: Option<&[f32]>, count: usize) {
        self.product.resize(matrix.groups() * count, [0.0; ROWS]);
        let input = &self.quantised;
        let work = |first: usize, out: &mut [[f32; ROWS]]| {
            matrix.multiply(first, input, out);
            if let Some(biases) = biases {
                for (biases, group) in biases[first * ROWS..].chunks(ROWS).zip(out.chunks_exact_mut(count)) {
                    for (x, bias) in group.iter_mut().flat_map(|values| values.iter_mut().zip(biases)) {
                        *x += bias;
                    }
                }
            }
        };
        // Several tasks a thread, so that one that the system holds up does not hold up all.
        let threads = rayon::current_num_threads();
        if threads == 1 {
            work(0, &mut self.product);
            return;
        }
        let groups = matrix.groups().div_ceil(threads * if count == 1 { 1 } else { 4 }).max(1);
        self.product.par_chunks_mut(groups * count).enumerate().for_each(|(i, out)| work(i * groups, out));
    }

    /// Adds the product to the residual stream, normed first where the architecture wants it.
    fn add(&mut self, shape: &Shape, norm: Option<&[f32]>, count: usize) {
        let product = &self.product;
        each(self.residual.chunks_exact_mut(shape.width), count, |token, out, row| {
            row.resize(shape.width, 0.0);
            gather(product, count, token, 0, row);
            if let Some(weight) = norm {
                vector::norm(row, weight, shape.epsilon);
            }
            for (x, value) in out.iter_mut().zip(row) {
                *x += *value * shape.scales.residual;
            }
        });
    }

    /// Turns queries and keys, keeps keys and values, and attends.
    fn attend(
        &mut self,
        kept: &mut [Head],
        first: usize,
        count: usize,
        shape: &Shape,
        layer: &Layer,
        view: View,
    ) {
        let Shape { heads, shared_heads, head, epsilon, .. } = *shape;
        let shared = heads / shared_heads;
        // By head of keys, then by token: the queries that share it.
        let part = shared * head;
        self.queries.resize(count * heads * head, 0.0);
        let (product, angles) = (&self.product, view.turning.map(|turning| &self.angles[turning]));
        let pairs = head / 2;
        let ready = |values: &mut [f32], norm: Option<&[f32]>, token: usize| {
            for one in values.chunks_exact_mut(head) {
                if let Some(weight) = norm {
                    vector::norm(one, weight, epsilon);
                }
                if let Some(angles) = angles {
                    let angles = &angles[token * pairs..(token + 1) * pairs];
                    vector::rotate(shape.style.pairing, one, angles);
                }
            }
        };
        let norms = layer.head_norms.as_ref();
        let take = |(kv, (kept, queries)): (usize, (&mut Head, &mut [f32]))| {
            let mut wide = vec![0.0; 2 * head];
            for (token, queries) in queries.chunks_exact_mut(part).enumerate() {
                gather(product, count, token, kv * part, queries);
                ready(queries, norms.map(|norms| &norms.0[..]), token);
                let (key, value) = wide.split_at_mut(head);
                gather(product, count, token, heads * head + kv * head, key);
                gather(product, count, token, (heads + shared_heads + kv) * head, value);
                ready(key, norms.map(|norms| &norms.1[..]), token);
                kept.put(first + token, key, value);
            }
        };
        // Below this, waking a thread costs more than it does.
        let alone = first + count < 64;
        if alone || count == 1 {
            kept.iter_mut().zip(self.queries.chunks_exact_mut(count * part)).enumerate().for_each(take);
        } else {
            let places: Vec<_> = kept.iter_mut().zip(self.queries.chunks_exact_mut(count * part)).collect();
            places.into_par_iter().enumerate().for_each(take);
        }
        let sight =
            Sight { shared, size: head, scale: shape.scales.attention, window: view.window, ahead: false };
        self.attended.resize(count * heads * head, 0.0);
        let tasks: Vec<_> = kept
            .iter()
            .zip(self.queries.chunks_exact(count * part))
            .zip(self.attended.chunks_exact_mut(count * part))
            .flat_map(|((kept, queries), out)| {
                let blocks = queries.chunks(QUERIES * part).zip(out.chunks_mut(QUERIES * part));
                blocks.enumerate().map(move |(i, (queries, out))| (kept, first + i * QUERIES, queries, out))
            })
            .collect();
        let work = |(kept, first, queries, out): (&Head, usize, &[f32], &mut [f32])| {
            attention::attend(kept, first, sight, queries, out);
        };
        if alone {
            tasks.into_iter().for_each(work);
        } else {
            tasks.into_par_iter().for_each(work);
        }
    }
}
