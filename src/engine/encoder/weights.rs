//! The weights of an encoder, as safetensors have them.

use std::collections::HashMap;
use std::path::Path;

use candle_core::{DType, Device, Tensor};
use serde::Deserialize;

use crate::domain::{Error, ErrorKind, Result};
use crate::engine::loading::Wanted;
use outcrop_kernel::{BLOCK, Matrix, ROWS};

/// The most values of any dimension, so that a file cannot ask for all memory.
const LARGEST: usize = 1 << 20;

/// What the model's `config.json` says of its shape.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Shape {
    #[serde(rename = "model_type")]
    kind: String,
    #[serde(rename = "hidden_act")]
    activation: String,
    #[serde(rename = "position_embedding_type", default = "absolute")]
    position: String,
    #[serde(rename = "hidden_size")]
    pub(super) width: usize,
    #[serde(rename = "intermediate_size")]
    pub(super) hidden: usize,
    #[serde(rename = "num_attention_heads")]
    pub(super) heads: usize,
    #[serde(rename = "num_hidden_layers")]
    layers: usize,
    #[serde(rename = "max_position_embeddings")]
    positions: usize,
    #[serde(rename = "vocab_size")]
    vocabulary: usize,
    #[serde(rename = "layer_norm_eps")]
    pub(super) epsilon: f32,
}

fn absolute() -> String {
    "absolute".to_owned()
}

/// A matrix and what is added to its products.
#[derive(Debug)]
pub(super) struct Linear {
    pub(super) matrix: Matrix<i16>,
    pub(super) bias: Vec<f32>,
}

/// The weight and bias of a layer norm.
#[derive(Debug)]
pub(super) struct Norm(pub(super) Vec<f32>, pub(super) Vec<f32>);

#[derive(Debug)]
pub(super) struct Layer {
    /// Queries, keys and values, one under the other.
    pub(super) attention_in: Linear,
    pub(super) attention_out: Linear,
    pub(super) attention_norm: Norm,
    pub(super) feed_in: Linear,
    pub(super) feed_out: Linear,
    pub(super) feed_norm: Norm,
}

/// All of them.
#[derive(Debug)]
pub(super) struct Weights {
    pub(super) shape: Shape,
    /// By token, by position; the kind of a text that stands alone is in the positions.
    pub(super) words: Vec<f32>,
    pub(super) places: Vec<f32>,
    pub(super) norm: Norm,
    pub(super) layers: Vec<Layer>,
}

impl Weights {
    /// Loads the weights of the file at `path`, whose shape the file at `config` tells.
    pub(super) fn load(config: &Path, path: &Path, wanted: &Wanted) -> Result<Self> {
        let shape = Shape::read(config)?;
        let doing = format!("loading the model {}", path.display());
        let tensors = candle_core::safetensors::load(path, &Device::Cpu).map_err(|why| match why {
            candle_core::Error::Io(why) => Error::io(&doing, &why),
            why => Error::new(ErrorKind::Corrupt, &doing, why.to_string(), "Fetch the model again."),
        })?;
        let file = Tensors { tensors, doing: &doing };
        let Shape { width, hidden, positions, vocabulary, .. } = shape;
        let layer = |at: usize| -> Result<Layer> {
            wanted.check(&doing)?;
            let name = |part: &str| format!("encoder.layer.{at}.{part}");
            let inner = ["query", "key", "value"].map(|part| name(&format!("attention.self.{part}")));
            Ok(Layer {
                attention_in: file.linear(&inner, width, width)?,
                attention_out: file.linear(&[name("attention.output.dense")], width, width)?,
                attention_norm: file.norm(&name("attention.output.LayerNorm"), width)?,
                feed_in: file.linear(&[name("intermediate.dense")], hidden, width)?,
                feed_out: file.linear(&[name("output.dense")], width, hidden)?,
                feed_norm: file.norm(&name("output.LayerNorm"), width)?,
            })
        };
        let mut places = file.values("embeddings.position_embeddings.weight", &[positions, width])?;
        let kinds = file.values("embeddings.token_type_embeddings.weight", &[2, width])?;
        for place in places.chunks_exact_mut(width) {
            place.iter_mut().zip(&kinds).for_each(|(place, kind)| *place += kind);
        }
        Ok(Self {
            words: file.values("embeddings.word_embeddings.weight", &[vocabulary, width])?,
            places,
            norm: file.norm("embeddings.LayerNorm", width)?,
            layers: (0..shape.layers).map(layer).collect::<Result<_>>()?,
            shape,
        })
    }

    pub(super) fn vocabulary(&self) -> usize {
        self.shape.vocabulary
    }

    pub(super) fn positions(&self) -> usize {
        self.shape.positions
    }
}

impl Shape {
    fn read(path: &Path) -> Result<Self> {
        let doing = || format!("reading {}", path.display());
        let bytes = std::fs::read(path).map_err(|why| Error::io(doing(), &why))?;
        let corrupt = |why: String| Error::new(ErrorKind::Corrupt, doing(), why, "Fetch the model again.");
        let shape: Self = serde_json::from_slice(&bytes).map_err(|why| corrupt(why.to_string()))?;
        let Self { width, hidden, heads, layers, positions, vocabulary, .. } = shape;
        let dims = [width, hidden, heads, layers, positions, vocabulary];
        if dims.iter().any(|dim| !(1..=LARGEST).contains(dim)) {
            return Err(corrupt(format!("sizes of {dims:?} are none of a model")));
        }
        let blocks = [width, hidden].iter().all(|dim| dim.is_multiple_of(BLOCK) && dim.is_multiple_of(ROWS));
        let ours = shape.kind == "bert" && shape.activation == "gelu" && shape.position == "absolute";
        if !ours || !blocks || !width.is_multiple_of(heads) {
            let Self { kind, activation, position, .. } = shape;
            let why = format!(
                "a {kind} with {activation}, {position} positions and a width of {width} is not run here"
            );
            let hint = "Take all-MiniLM-L6-v2, or an embedding model of a provider.";
            return Err(Error::new(ErrorKind::Invalid, doing(), why, hint));
        }
        Ok(shape)
    }
}

/// The tensors of one file.
struct Tensors<'a> {
    tensors: HashMap<String, Tensor>,
    doing: &'a str,
}

impl Tensors<'_> {
    /// The values of a tensor, which has this shape.
    fn values(&self, name: &str, dims: &[usize]) -> Result<Vec<f32>> {
        let corrupt = |why: String| Error::new(ErrorKind::Corrupt, self.doing, why, "Fetch the model again.");
        let tensor = self.tensors.get(name).ok_or_else(|| corrupt(format!("{name} is missing")))?;
        if tensor.dims() != dims {
            return Err(corrupt(format!("{name} has the shape {:?}, not {dims:?}", tensor.dims())));
        }
        let values =
            tensor.flatten_all().and_then(|flat| flat.to_dtype(DType::F32)).and_then(|flat| flat.to_vec1());
        values.map_err(|why| corrupt(why.to_string()))
    }

    fn norm(&self, name: &str, width: usize) -> Result<Norm> {
        let part = |part: &str| self.values(&format!("{name}.{part}"), &[width]);
        Ok(Norm(part("weight")?, part("bias")?))
    }

    /// Matrices of `rows` rows of `width` values, one under the other.
    fn linear(&self, names: &[String], rows: usize, width: usize) -> Result<Linear> {
        let mut matrix = Matrix::zeroed(names.len() * rows, width);
        let mut bias = Vec::with_capacity(names.len() * rows);
        for (at, name) in names.iter().enumerate() {
            matrix.put_values(at * rows, &self.values(&format!("{name}.weight"), &[rows, width])?);
            bias.extend(self.values(&format!("{name}.bias"), &[rows])?);
        }
        Ok(Linear { matrix, bias })
    }
}
