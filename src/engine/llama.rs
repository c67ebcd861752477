//! The `llama` architecture: its shape, its weights, its forward pass.

use std::path::Path;

use rayon::prelude::*;

use super::convert::{BLOCK, quantise, widen};
use super::gguf::{Header, Kind, Tensor, tensor_bytes};
use super::kernel::attention::{self, Head};
use super::kernel::{Matrix, Quantised, ROWS, vector};
use crate::domain::{Error, ErrorKind, Result};

/// The architectures whose greedy text was seen to equal llama.cpp's.
const SUPPORTED: &[&str] = &["llama"];
/// Tokens whose queries one task of attention takes.
const QUERIES: usize = 16;

/// The numbers of a model.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Shape {
    pub(super) layers: usize,
    pub(super) width: usize,
    pub(super) hidden: usize,
    pub(super) heads: usize,
    /// Heads of keys and values, each shared by several of queries.
    pub(super) shared_heads: usize,
    /// Values of a head.
    pub(super) head: usize,
    /// Values of a head that are turned.
    turned: usize,
    base: f32,
    epsilon: f32,
    /// Context length in tokens.
    pub(super) context: usize,
    pub(super) vocabulary: usize,
}

impl Shape {
    /// Reads and checks the shape; a model that this engine does not run is refused by the name of what it lacks.
    pub(super) fn read(header: &Header, doing: &str) -> Result<Self> {
        let architecture = header.text("general.architecture").unwrap_or_default();
        let refuse = |what: String| {
            Error::new(
                ErrorKind::Invalid,
                doing,
                format!("{what}, which this engine does not run"),
                format!("It runs {}; build with the `llama-cpp` feature for others.", SUPPORTED.join(", ")),
            )
        };
        if !SUPPORTED.contains(&architecture) {
            let name: String = architecture.chars().take(40).collect();
            return Err(refuse(format!("it is of the architecture {name:?}")));
        }
        let key = |name: &str| format!("{architecture}.{name}");
        let damaged = |what: &str| {
            Error::new(ErrorKind::Corrupt, doing, format!("it has no sound {what}"), "Fetch it again.")
        };
        let number = |name: &str, least: u64, most: u64| {
            header
                .number(&key(name))
                .filter(|n| (least..=most).contains(n))
                .map(|n| n as usize)
                .ok_or_else(|| damaged(&key(name)))
        };
        if header.number(&key("expert_count")).unwrap_or(0) > 0 {
            return Err(refuse("it is a mixture of experts".into()));
        }
        if let Some(scaling) = header.text(&key("rope.scaling.type"))
            && scaling != "none"
        {
            return Err(refuse("it scales its positions".into()));
        }
        let heads = number("attention.head_count", 1, 1024)?;
        let width = number("embedding_length", 32, 1 << 16)?;
        let optional = |name: &str, or: usize| match header.get(&key(name)) {
            None => Ok(or),
            Some(_) => number(name, 1, 1 << 16),
        };
        let head = optional("attention.key_length", width / heads)?;
        let vocabulary =
            header.count("tokenizer.ggml.tokens").filter(|n| *n > 0).ok_or_else(|| damaged("vocabulary"))?;
        let shape = Self {
            layers: number("block_count", 1, 1024)?,
            width,
            hidden: number("feed_forward_length", 32, 1 << 20)?,
            heads,
            shared_heads: optional("attention.head_count_kv", heads)?,
            head,
            turned: optional("rope.dimension_count", head)?,
            base: header.float(&key("rope.freq_base")).unwrap_or(10_000.0) as f32,
            epsilon: header.float(&key("attention.layer_norm_rms_epsilon")).unwrap_or(1e-5) as f32,
            context: number("context_length", 1, 1 << 24)?,
            vocabulary: vocabulary as usize,
        };
        let whole = shape.width.is_multiple_of(BLOCK)
            && shape.hidden.is_multiple_of(BLOCK)
            && (shape.heads * shape.head).is_multiple_of(BLOCK)
            && optional("attention.value_length", head)? == head
            && head.is_multiple_of(2)
            && shape.turned <= head
            && shape.turned.is_multiple_of(2)
            && shape.heads.is_multiple_of(shape.shared_heads);
        if !whole {
            return Err(refuse("its matrices have widths that are no multiples of 32".into()));
        }
        shape.check(header, doing)?;
        Ok(shape)
    }

    /// Every tensor is there, in its size.
    fn check(&self, header: &Header, doing: &str) -> Result<()> {
        let (queries, keys) = (self.heads * self.head, self.shared_heads * self.head);
        let want = |name: String, width: usize, rows: usize| match header.tensor(&name) {
            Some(tensor) if tensor.shape() == (width, rows) => Ok(()),
            Some(tensor) => Err(Error::new(
                ErrorKind::Corrupt,
                doing,
                format!("its tensor {name:?} is {:?} and should be {:?}", tensor.shape(), (width, rows)),
                "Fetch it again.",
            )),
            None => Err(Error::new(
                ErrorKind::Corrupt,
                doing,
                format!("its tensor {name:?} is missing"),
                "Fetch it again; a model split over several files is not supported.",
            )),
        };
        want("token_embd.weight".into(), self.width, self.vocabulary)?;
        want("output_norm.weight".into(), self.width, 1)?;
        if header.tensor("output.weight").is_some() {
            want("output.weight".into(), self.width, self.vocabulary)?;
        }
        for layer in 0..self.layers {
            let name = |part: &str| format!("blk.{layer}.{part}.weight");
            want(name("attn_norm"), self.width, 1)?;
            want(name("attn_q"), self.width, queries)?;
            want(name("attn_k"), self.width, keys)?;
            want(name("attn_v"), self.width, keys)?;
            want(name("attn_output"), queries, self.width)?;
            want(name("ffn_norm"), self.width, 1)?;
            want(name("ffn_gate"), self.width, self.hidden)?;
            want(name("ffn_up"), self.width, self.hidden)?;
            want(name("ffn_down"), self.hidden, self.width)?;
        }
        let is_bias = |t: &&Tensor| t.name.starts_with("blk.") && t.name.rsplit('.').next() == Some("bias");
        if let Some(bias) = header.tensors.iter().find(is_bias) {
            let name: String = bias.name.chars().take(40).collect();
            return Err(Error::new(
                ErrorKind::Invalid,
                doing,
                format!("it has the bias {name:?}, which this engine does not add"),
                "Build with the `llama-cpp` feature.",
            ));
        }
        Ok(())
    }
}

/// The number type in which the engine runs a tensor.
pub(super) fn form(tensor: &Tensor) -> Kind {
    if tensor.dims.len() > 1 && tensor.dims.first().is_some_and(|width| width.is_multiple_of(BLOCK as u64)) {
        Kind::Q8_0
    } else {
        Kind::F32
    }
}

#[derive(Debug)]
struct Layer {
    attention_norm: Vec<f32>,
    /// Queries, keys and values, one under the other.
    attention_in: Matrix,
    attention_out: Matrix,
    feed_norm: Vec<f32>,
    /// Gate, then up.
    feed_in: Matrix,
    feed_out: Matrix,
}

/// A model in memory.
#[derive(Debug)]
pub(super) struct Model {
    pub(super) shape: Shape,
    embedding: Matrix,
    layers: Vec<Layer>,
    norm: Vec<f32>,
    /// `None` where the embedding serves as the last matrix too.
    output: Option<Matrix>,
    factors: Option<Vec<f32>>,
}

/// Keys and values of one conversation.
#[derive(Debug, Clone)]
pub(super) struct Cache {
    heads: Vec<Vec<Head>>,
    length: usize,
}

impl Cache {
    pub(super) fn new(shape: &Shape) -> Self {
        Self { heads: vec![vec![Head::default(); shape.shared_heads]; shape.layers], length: 0 }
    }

    /// Forgets what comes after the first `length` tokens.
    pub(super) fn truncate(&mut self, length: usize) {
        self.length = self.length.min(length);
    }

    /// Gives the room of forgotten tokens back.
    pub(super) fn shrink(&mut self, shape: &Shape) {
        let length = self.length;
        self.heads.iter_mut().flatten().for_each(|head| head.shrink(length, shape.head));
    }

    /// Bytes held.
    pub(super) fn bytes(&self) -> usize {
        self.heads.iter().flatten().map(Head::bytes).sum()
    }
}

/// Buffers of a forward pass, kept from one to the next.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    residual: Vec<f32>,
    wide: Vec<f32>,
    quantised: Quantised,
    product: Vec<[f32; ROWS]>,
    queries: Vec<f32>,
    attended: Vec<f32>,
    angles: Vec<(f32, f32)>,
    logits: Vec<f32>,
}

impl Model {
    /// Loads the file at `path`.
    pub(super) fn load(path: &Path) -> Result<(Self, Header)> {
        let doing = format!("loading the model {}", path.display());
        let (header, mut file) = Header::open(path)?;
        let shape = Shape::read(&header, &doing)?;
        let mut raw = |name: &str| -> Result<(&Tensor, Vec<u8>)> {
            let tensor =
                header.tensor(name).ok_or_else(|| Error::internal(&doing, format!("{name:?} is missing")))?;
            Ok((tensor, tensor_bytes(&mut file, tensor).map_err(|e| Error::io(&doing, &e))?))
        };
        let mut vector = |name: &str| raw(name).and_then(|(tensor, raw)| widen(tensor, &raw, &doing));
        let mut vectors = Vec::new();
        for layer in 0..shape.layers {
            let norm = vector(&format!("blk.{layer}.attn_norm.weight"))?;
            vectors.push((norm, vector(&format!("blk.{layer}.ffn_norm.weight"))?));
        }
        let norm = vector("output_norm.weight")?;
        let factors = header.tensor("rope_freqs.weight").map(|_| vector("rope_freqs.weight")).transpose()?;
        let mut matrix = |names: &[String], width: usize, rows: usize| -> Result<Matrix> {
            let mut matrix = Matrix::zeroed(rows, width);
            let mut first = 0;
            for name in names {
                let (tensor, bytes) = raw(name)?;
                if tensor.kind == Kind::Q8_0 {
                    matrix.put(first, &bytes);
                } else {
                    matrix.put(first, &quantise(&widen(tensor, &bytes, &doing)?));
                }
                first += tensor.shape().1;
            }
            Ok(matrix)
        };
        let (queries, keys) = (shape.heads * shape.head, shape.shared_heads * shape.head);
        let mut layers = Vec::new();
        for (layer, (attention_norm, feed_norm)) in vectors.into_iter().enumerate() {
            let name = |part: &str| format!("blk.{layer}.{part}.weight");
            layers.push(Layer {
                attention_norm,
                attention_in: matrix(
                    &[name("attn_q"), name("attn_k"), name("attn_v")],
                    shape.width,
                    queries + 2 * keys,
                )?,
                attention_out: matrix(&[name("attn_output")], queries, shape.width)?,
                feed_norm,
                feed_in: matrix(&[name("ffn_gate"), name("ffn_up")], shape.width, 2 * shape.hidden)?,
                feed_out: matrix(&[name("ffn_down")], shape.hidden, shape.width)?,
            });
        }
        let embedding = matrix(&["token_embd.weight".into()], shape.width, shape.vocabulary)?;
        let output = header
            .tensor("output.weight")
            .map(|_| matrix(&["output.weight".into()], shape.width, shape.vocabulary))
            .transpose()?;
        Ok((Self { shape, embedding, layers, norm, output, factors }, header))
    }

    /// Reads `tokens` after those in the cache and returns the logits that follow the last one. Runs on the threads
    /// of the pool that it is called in.
    pub(super) fn forward<'s>(
        &self,
        tokens: &[u32],
        cache: &mut Cache,
        scratch: &'s mut Scratch,
    ) -> &'s mut [f32] {
        let Shape { width, hidden, heads, shared_heads, head, turned, epsilon, .. } = self.shape;
        let count = tokens.len();
        let first = cache.length;
        let shared = heads / shared_heads;
        scratch.residual.resize(count * width, 0.0);
        for (token, out) in tokens.iter().zip(scratch.residual.chunks_exact_mut(width)) {
            self.embedding.row(*token as usize, out);
        }
        let pairs = turned / 2;
        scratch.angles.resize(count * pairs, (0.0, 0.0));
        for (i, out) in scratch.angles.chunks_exact_mut(pairs).enumerate() {
            vector::angles(first + i, self.shape.base, self.factors.as_deref(), out);
        }
        for (layer, kept) in self.layers.iter().zip(&mut cache.heads) {
            scratch.normed(width, &layer.attention_norm, epsilon, count);
            scratch.multiply(&layer.attention_in, count);
            scratch.attend(kept, first, count, &self.shape, shared);
            scratch.quantised.resize(count, heads * head);
            let attended = &scratch.attended;
            each(scratch.quantised.places(), count, |token, place, row: &mut Vec<f32>| {
                row.clear();
                for kv in 0..shared_heads {
                    let at = (kv * count + token) * shared * head;
                    row.extend_from_slice(&attended[at..at + shared * head]);
                }
                place.quantise(row);
            });
            scratch.multiply(&layer.attention_out, count);
            scratch.add(width, count);

            scratch.normed(width, &layer.feed_norm, epsilon, count);
            scratch.multiply(&layer.feed_in, count);
            scratch.quantised.resize(count, hidden);
            let product = &scratch.product;
            each(scratch.quantised.places(), count, |token, place, row: &mut Vec<f32>| {
                row.resize(2 * hidden, 0.0);
                gather(product, count, token, 0, row);
                let (gate, up) = row.split_at_mut(hidden);
                vector::swiglu(gate, up);
                place.quantise(gate);
            });
            scratch.multiply(&layer.feed_out, count);
            scratch.add(width, count);
        }
        cache.length += count;
        let last = scratch.residual.len() - width;
        scratch.residual.copy_within(last.., 0);
        scratch.normed(width, &self.norm, epsilon, 1);
        scratch.multiply(self.output.as_ref().unwrap_or(&self.embedding), 1);
        scratch.logits.clear();
        scratch.logits.extend(scratch.product.as_flattened().iter().take(self.shape.vocabulary));
        &mut scratch.logits
    }
}

/// Does `work` for every token, on all threads where there are several tokens.
fn each<P: Send, F>(places: impl Iterator<Item = P>, count: usize, work: F)
where
    F: Fn(usize, P, &mut Vec<f32>) + Sync,
{
    if count == 1 {
        let mut row = Vec::new();
        places.enumerate().for_each(|(i, place)| work(i, place, &mut row));
    } else {
        let places: Vec<_> = places.enumerate().collect();
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
            row.resize(width, 0.0);
            vector::norm(&residual[token * width..(token + 1) * width], weight, epsilon, row);
            place.quantise(row);
        });
    }

    /// Multiplies the quantised input with `matrix` into `product`.
    fn multiply(&mut self, matrix: &Matrix, count: usize) {
        self.product.resize(matrix.groups() * count, [0.0; ROWS]);
        let input = &self.quantised;
        // Several tasks a thread, so that one that the system holds up does not hold up all.
        let threads = rayon::current_num_threads();
        if threads == 1 {
            matrix.multiply(0, input, &mut self.product);
            return;
        }
        let groups = matrix.groups().div_ceil(threads * if count == 1 { 1 } else { 4 }).max(1);
        self.product
            .par_chunks_mut(groups * count)
            .enumerate()
            .for_each(|(i, out)| matrix.multiply(i * groups, input, out));
    }

    /// Adds the product to the residual stream.
    fn add(&mut self, width: usize, count: usize) {
        for (g, group) in self.product.chunks_exact(count).enumerate() {
            for (token, values) in group.iter().enumerate() {
                let at = token * width + g * ROWS;
                for (x, value) in self.residual[at..(token + 1) * width].iter_mut().zip(values) {
                    *x += value;
                }
            }
        }
    }

    /// Turns queries and keys, keeps keys and values, and attends.
    fn attend(&mut self, kept: &mut [Head], first: usize, count: usize, shape: &Shape, shared: usize) {
        let Shape { heads, shared_heads, head, turned, .. } = *shape;
        let pairs = turned / 2;
        let product = &self.product;
        let angles = &self.angles;
        // By head of keys, then by token: the queries that share it.
        self.queries.resize(count * heads * head, 0.0);
        let part = shared * head;
        self.wide.resize(2 * head, 0.0);
        for (kv, (kept, queries)) in
            kept.iter_mut().zip(self.queries.chunks_exact_mut(count * part)).enumerate()
        {
            for (token, queries) in queries.chunks_exact_mut(part).enumerate() {
                let angles = &angles[token * pairs..(token + 1) * pairs];
                gather(product, count, token, kv * part, queries);
                for query in queries.chunks_exact_mut(head) {
                    vector::rotate(&mut query[..turned], angles);
                }
                let (key, value) = self.wide.split_at_mut(head);
                gather(product, count, token, heads * head + kv * head, key);
                gather(product, count, token, (heads + shared_heads + kv) * head, value);
                vector::rotate(&mut key[..turned], angles);
                kept.put(first + token, key, value);
            }
        }
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
            attention::attend(kept, first, shared, head, queries, out);
        };
        // Below this, waking a thread costs more than it does.
        if first + count < 64 {
            tasks.into_iter().for_each(work);
        } else {
            tasks.into_par_iter().for_each(work);
        }
    }
}
