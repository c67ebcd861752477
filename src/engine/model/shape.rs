//! The numbers of a model: read from its file's metadata, checked against its tensors.

use std::collections::HashSet;

use super::style::{STYLES, Style};
use crate::domain::{Error, ErrorKind, Result};
use crate::engine::gguf::Header;
use outcrop_kernel::BLOCK;

/// How positions become angles.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Turning {
    pub(super) base: f32,
    /// Positions are divided by it.
    pub(super) stretch: f32,
    /// Whether the file's own factors of the angles apply.
    pub(super) factors: bool,
}

/// What one layer sees.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct View {
    /// Which of the shape's turnings it uses, where it knows positions at all.
    pub(super) turning: Option<usize>,
    /// Positions that it looks back, its own included.
    pub(super) window: usize,
}

/// Factors of what flows through the model; one for each place that has any.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Scales {
    pub(super) embedding: f32,
    /// Of what a layer adds.
    pub(super) residual: f32,
    /// Of a query's product with a key.
    pub(super) attention: f32,
    pub(super) logits: f32,
}

/// The numbers of a model.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::engine) struct Shape {
    pub(super) style: &'static Style,
    pub(super) layers: usize,
    pub(super) width: usize,
    pub(super) hidden: usize,
    pub(super) heads: usize,
    /// Heads of keys and values, each shared by several of queries.
    pub(super) shared_heads: usize,
    /// Values of a head.
    pub(super) head: usize,
    /// Of layers that see everything, then of those that look through a window.
    pub(super) turnings: Vec<Turning>,
    pub(super) scales: Scales,
    pub(super) epsilon: f32,
    /// Positions that a layer with a window looks back.
    window: Option<usize>,
    /// Context length in tokens.
    pub(in crate::engine) context: usize,
    pub(in crate::engine) vocabulary: usize,
}

/// Reads numbers of one architecture.
struct Reader<'a> {
    header: &'a Header,
    architecture: &'a str,
    doing: &'a str,
}

impl Reader<'_> {
    fn key(&self, name: &str) -> String {
        format!("{}.{name}", self.architecture)
    }

    fn number(&self, name: &str, least: u64, most: u64) -> Result<usize> {
        let key = self.key(name);
        let number = self.header.number(&key).filter(|n| (least..=most).contains(n));
        number.map(|n| n as usize).ok_or_else(|| self.damaged(&key))
    }

    fn optional(&self, name: &str, or: usize) -> Result<usize> {
        match self.header.get(&self.key(name)) {
            None => Ok(or),
            Some(_) => self.number(name, 1, 1 << 24),
        }
    }

    fn float(&self, name: &str, or: f32) -> Result<f32> {
        let key = self.key(name);
        if self.header.get(&key).is_none() {
            return Ok(or);
        }
        let value = self.header.float(&key).map(|x| x as f32);
        value.filter(|x| x.is_finite() && *x > 0.0).ok_or_else(|| self.damaged(&key))
    }

    fn damaged(&self, what: &str) -> Error {
        Error::new(ErrorKind::Corrupt, self.doing, format!("it has no sound {what}"), "Fetch it again.")
    }

    fn refuse(&self, what: &str) -> Error {
        let names: Vec<_> = STYLES.iter().map(|style| style.name).collect();
        Error::new(
            ErrorKind::Invalid,
            self.doing,
            format!("{what}, which this engine does not run"),
            format!("It runs {}; build with the `llama-cpp` feature for others.", names.join(", ")),
        )
    }

    /// By how much positions are stretched.
    fn stretch(&self) -> Result<f32> {
        match self.header.text(&self.key("rope.scaling.type")) {
            None | Some("none") => Ok(1.0),
            Some("linear") => self.float("rope.scaling.factor", 1.0),
            Some(kind) => {
                let kind: String = kind.chars().take(40).collect();
                Err(self.refuse(&format!("it scales its positions by the rule {kind:?}")))
            }
        }
    }
}

impl Shape {
    /// Reads and checks the shape; a model that this engine does not run is refused by the name of what it lacks.
    pub(in crate::engine) fn read(header: &Header, doing: &str) -> Result<Self> {
        let architecture = header.text("general.architecture").unwrap_or_default();
        let read = Reader { header, architecture, doing };
        let Some(style) = STYLES.iter().find(|style| style.name == architecture) else {
            let name: String = architecture.chars().take(40).collect();
            return Err(read.refuse(&format!("it is of the architecture {name:?}")));
        };
        if header.number(&read.key("expert_count")).unwrap_or(0) > 0 {
            return Err(read.refuse("it is a mixture of experts"));
        }
        let heads = read.number("attention.head_count", 1, 1024)?;
        let width = read.number("embedding_length", 32, 1 << 16)?;
        let head = read.optional("attention.key_length", width / heads)?;
        if read.optional("rope.dimension_count", head)? != head {
            return Err(read.refuse("it turns a part of each head only"));
        }
        let vocabulary = header
            .count("tokenizer.ggml.tokens")
            .filter(|n| *n > 0)
            .ok_or_else(|| read.damaged("vocabulary"))?;
        let whole = Turning {
            base: read.float("rope.freq_base", 10_000.0)?,
            stretch: read.stretch()?,
            factors: true,
        };
        let window = match style.window_of {
            None => None,
            Some(_) => Some(read.number("attention.sliding_window", 1, 1 << 24)?),
        };
        let near = window.map(|_| -> Result<_> {
            Ok(Turning { base: read.float("rope.freq_base_swa", 10_000.0)?, stretch: 1.0, factors: false })
        });
        let shape = Self {
            style,
            layers: read.number("block_count", 1, 1024)?,
            width,
            hidden: read.number("feed_forward_length", 32, 1 << 20)?,
            heads,
            shared_heads: read.optional("attention.head_count_kv", heads)?,
            head,
            turnings: std::iter::once(Ok(whole)).chain(near).collect::<Result<_>>()?,
            scales: style.scales(width, head, |name, or| read.float(name, or))?,
            epsilon: read.float("attention.layer_norm_rms_epsilon", 1e-5)?,
            window,
            context: read.number("context_length", 1, 1 << 24)?,
            vocabulary: vocabulary as usize,
        };
        let sound = shape.width.is_multiple_of(BLOCK)
            && shape.hidden.is_multiple_of(BLOCK)
            && (shape.heads * shape.head).is_multiple_of(BLOCK)
            && read.optional("attention.value_length", head)? == head
            && head.is_multiple_of(2)
            && head <= 1 << 12
            && shape.heads.is_multiple_of(shape.shared_heads);
        if !sound {
            return Err(read.refuse("its matrices have widths that are no multiples of 32"));
        }
        shape.check(header, doing)?;
        Ok(shape)
    }

    /// What layer `layer` sees.
    pub(super) fn view(&self, layer: usize) -> View {
        let nth = |every: Option<usize>| every.is_some_and(|every| (layer + 1).is_multiple_of(every));
        let everything = View { turning: Some(0), window: usize::MAX };
        match self.window {
            Some(window) if !nth(self.style.window_of) => View { turning: Some(1), window },
            _ if nth(self.style.unturned) => View { turning: None, ..everything },
            _ => everything,
        }
    }

    /// Every tensor that the model has: name, row length, rows.
    fn tensors(&self) -> Vec<(String, usize, usize)> {
        let (queries, keys) = (self.heads * self.head, self.shared_heads * self.head);
        let width = self.width;
        let mut all = vec![
            ("token_embd.weight".to_owned(), width, self.vocabulary),
            ("output_norm.weight".to_owned(), width, 1),
        ];
        for layer in 0..self.layers {
            let mut want = |part: &str, width, rows| all.push((format!("blk.{layer}.{part}"), width, rows));
            want("attn_norm.weight", width, 1);
            want("attn_q.weight", width, queries);
            want("attn_k.weight", width, keys);
            want("attn_v.weight", width, keys);
            want("attn_output.weight", queries, width);
            want("ffn_norm.weight", width, 1);
            want("ffn_gate.weight", width, self.hidden);
            want("ffn_up.weight", width, self.hidden);
            want("ffn_down.weight", self.hidden, width);
            if self.style.biases {
                want("attn_q.bias", queries, 1);
                want("attn_k.bias", keys, 1);
                want("attn_v.bias", keys, 1);
            }
            if self.style.head_norms {
                want("attn_q_norm.weight", self.head, 1);
                want("attn_k_norm.weight", self.head, 1);
            }
            if self.style.post_norms {
                want("post_attention_norm.weight", width, 1);
                want("post_ffw_norm.weight", width, 1);
            }
        }
        all
    }

    /// Every tensor is there, in its size, and none that would go unused.
    fn check(&self, header: &Header, doing: &str) -> Result<()> {
        let mut wanted = self.tensors();
        for (name, width, rows) in
            [("output.weight", self.width, self.vocabulary), ("rope_freqs.weight", self.head / 2, 1)]
        {
            if header.tensor(name).is_some() {
                wanted.push((name.to_owned(), width, rows));
            }
        }
        for (name, width, rows) in &wanted {
            let (why, hint) = match header.tensor(name) {
                Some(tensor) if tensor.shape() == (*width, *rows) => continue,
                Some(tensor) => (
                    format!("its tensor {name:?} is {:?} and should be {:?}", tensor.shape(), (width, rows)),
                    "Fetch it again.",
                ),
                None => (
                    format!("its tensor {name:?} is missing"),
                    "Fetch it again; a model split over several files is not supported.",
                ),
            };
            return Err(Error::new(ErrorKind::Corrupt, doing, why, hint));
        }
        let known: HashSet<&str> = wanted.iter().map(|(name, ..)| name.as_str()).collect();
        if let Some(other) = header.tensors.iter().find(|tensor| !known.contains(tensor.name.as_str())) {
            let name: String = other.name.chars().take(40).collect();
            return Err(Error::new(
                ErrorKind::Invalid,
                doing,
                format!("it has the tensor {name:?}, for which this engine has no use"),
                "Build with the `llama-cpp` feature.",
            ));
        }
        Ok(())
    }
}
