//! The weights of a model, in the layout that the kernel multiplies.

use std::fs::File;
use std::path::Path;

use super::shape::Shape;
use crate::domain::{Error, Result};
use crate::engine::convert::widen;
use crate::engine::gguf::{Header, Kind, Tensor, tensor_bytes};
use crate::engine::loading::Wanted;
use outcrop_kernel::{BLOCK, Matrix, quantise};

/// The number type in which the engine runs a tensor.
pub(in crate::engine) fn form(tensor: &Tensor) -> Kind {
    if tensor.dims.len() > 1 && tensor.dims.first().is_some_and(|width| width.is_multiple_of(BLOCK as u64)) {
        Kind::Q8_0
    } else {
        Kind::F32
    }
}

#[derive(Debug)]
pub(super) struct Layer {
    pub(super) attention_norm: Vec<f32>,
    /// Queries, keys and values, one under the other.
    pub(super) attention_in: Matrix,
    /// What is added to them, where the architecture adds anything.
    pub(super) biases: Option<Vec<f32>>,
    /// Norms of a query and of a key.
    pub(super) head_norms: Option<(Vec<f32>, Vec<f32>)>,
    pub(super) attention_out: Matrix,
    /// Norms of what attention and feed-forward add.
    pub(super) post_norms: Option<(Vec<f32>, Vec<f32>)>,
    pub(super) feed_norm: Vec<f32>,
    /// Gate, then up.
    pub(super) feed_in: Matrix,
    pub(super) feed_out: Matrix,
}

/// A model in memory.
#[derive(Debug)]
pub(in crate::engine) struct Model {
    pub(in crate::engine) shape: Shape,
    pub(super) embedding: Matrix,
    pub(super) layers: Vec<Layer>,
    pub(super) norm: Vec<f32>,
    /// `None` where the embedding serves as the last matrix too.
    pub(super) output: Option<Matrix>,
    /// What angles are divided by.
    pub(super) factors: Option<Vec<f32>>,
}

/// Reads tensors of one file.
struct Loader<'a> {
    header: &'a Header,
    file: File,
    wanted: &'a Wanted,
    doing: &'a str,
}

impl Loader<'_> {
    fn raw(&mut self, name: &str) -> Result<(&Tensor, Vec<u8>)> {
        self.wanted.check(self.doing)?;
        let missing = || Error::internal(self.doing, format!("{name:?} is missing"));
        let tensor = self.header.tensor(name).ok_or_else(missing)?;
        Ok((tensor, tensor_bytes(&mut self.file, tensor).map_err(|e| Error::io(self.doing, &e))?))
    }

    fn vector(&mut self, name: &str) -> Result<Vec<f32>> {
        let doing = self.doing;
        self.raw(name).and_then(|(tensor, raw)| widen(tensor, &raw, doing))
    }

    /// Matrices one under the other.
    fn matrix(&mut self, names: &[String], width: usize, rows: usize) -> Result<Matrix> {
        let doing = self.doing;
        let mut matrix = Matrix::zeroed(rows, width);
        let mut first = 0;
        for name in names {
            let (tensor, bytes) = self.raw(name)?;
            if tensor.kind == Kind::Q8_0 {
                matrix.put(first, &bytes);
            } else {
                matrix.put(first, &quantise(&widen(tensor, &bytes, doing)?));
            }
            first += tensor.shape().1;
        }
        Ok(matrix)
    }

    fn layer(&mut self, shape: &Shape, layer: usize) -> Result<Layer> {
        let Shape { width, hidden, style, .. } = *shape;
        let (queries, keys) = (shape.heads * shape.head, shape.shared_heads * shape.head);
        let name = |part: &str| format!("blk.{layer}.{part}.weight");
        let mut pair = |wanted: bool, one: &str, other: &str| -> Result<_> {
            Ok(if wanted { Some((self.vector(&name(one))?, self.vector(&name(other))?)) } else { None })
        };
        let head_norms = pair(style.head_norms, "attn_q_norm", "attn_k_norm")?;
        let post_norms = pair(style.post_norms, "post_attention_norm", "post_ffw_norm")?;
        let mut biases = None;
        if style.biases {
            let mut all = Vec::new();
            for part in ["attn_q", "attn_k", "attn_v"] {
                all.extend(self.vector(&format!("blk.{layer}.{part}.bias"))?);
            }
            biases = Some(all);
        }
        let into = ["attn_q", "attn_k", "attn_v"].map(name);
        Ok(Layer {
            attention_norm: self.vector(&name("attn_norm"))?,
            attention_in: self.matrix(&into, width, queries + 2 * keys)?,
            biases,
            head_norms,
            attention_out: self.matrix(&[name("attn_output")], queries, width)?,
            post_norms,
            feed_norm: self.vector(&name("ffn_norm"))?,
            feed_in: self.matrix(&[name("ffn_gate"), name("ffn_up")], width, 2 * hidden)?,
            feed_out: self.matrix(&[name("ffn_down")], hidden, width)?,
        })
    }
}

impl Model {
    /// Loads the file at `path`; ends at the next tensor when it is no longer `wanted`.
    pub(in crate::engine) fn load(path: &Path, wanted: &Wanted) -> Result<(Self, Header)> {
        let doing = format!("loading the model {}", path.display());
        let (header, file) = Header::open(path)?;
        let shape = Shape::read(&header, &doing)?;
        let has = |name: &str| header.tensor(name).is_some();
        let mut loader = Loader { header: &header, file, wanted, doing: &doing };
        let table = |loader: &mut Loader<'_>, name: &str| {
            loader.matrix(&[name.to_owned()], shape.width, shape.vocabulary)
        };
        let model = Self {
            embedding: table(&mut loader, "token_embd.weight")?,
            layers: (0..shape.layers).map(|layer| loader.layer(&shape, layer)).collect::<Result<_>>()?,
            norm: loader.vector("output_norm.weight")?,
            output: has("output.weight").then(|| table(&mut loader, "output.weight")).transpose()?,
            factors: has("rope_freqs.weight").then(|| loader.vector("rope_freqs.weight")).transpose()?,
            shape,
        };
        Ok((model, header))
    }
}
