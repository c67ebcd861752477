//! What the engine must know of files that llama.cpp runs: number types it has and we have not, and what a sound header
//! holds. llama.cpp ends the process where it meets what it never expected, so files are judged here first.

use std::collections::HashSet;

use super::gguf::{Header, Kind, Tensor, Value};
use crate::domain::{Error, ErrorKind, Result};

/// A number type that only llama.cpp computes with.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct Foreign {
    pub(crate) code: u32,
    pub(crate) name: &'static str,
    /// Values of a block, and its bytes.
    pub(crate) block: u64,
    pub(crate) bytes: u64,
}

const fn kind(code: u32, name: &'static str, block: u64, bytes: u64) -> Foreign {
    Foreign { code, name, block, bytes }
}

/// Blocks as `ggml.c` has them.
static KINDS: [Foreign; 20] = [
    kind(16, "IQ2_XXS", 256, 66),
    kind(17, "IQ2_XS", 256, 74),
    kind(18, "IQ3_XXS", 256, 98),
    kind(19, "IQ1_S", 256, 50),
    kind(20, "IQ4_NL", 32, 18),
    kind(21, "IQ3_S", 256, 110),
    kind(22, "IQ2_S", 256, 82),
    kind(23, "IQ4_XS", 256, 136),
    kind(24, "I8", 1, 1),
    kind(25, "I16", 1, 2),
    kind(26, "I32", 1, 4),
    kind(27, "I64", 1, 8),
    kind(28, "F64", 1, 8),
    kind(29, "IQ1_M", 256, 56),
    kind(34, "TQ1_0", 256, 54),
    kind(35, "TQ2_0", 256, 66),
    kind(39, "MXFP4", 32, 17),
    kind(40, "NVFP4", 64, 36),
    kind(41, "Q1_0", 128, 18),
    kind(42, "Q2_0", 64, 18),
];

/// The number type of that code.
pub(crate) fn of_code(code: u32) -> Option<Kind> {
    KINDS.iter().find(|kind| kind.code == code).map(Kind::Foreign)
}

/// Refuses a file with numbers that the own engine cannot read.
pub(super) fn none(header: &Header, doing: &str) -> Result<()> {
    let foreign = header.tensors.iter().find(|tensor| matches!(tensor.kind, Kind::Foreign(_)));
    foreign.map_or(Ok(()), |tensor| Err(refusal(tensor, doing)))
}

pub(super) fn refusal(tensor: &Tensor, doing: &str) -> Error {
    let name: String = tensor.name.chars().take(64).collect();
    let kind = tensor.kind.name();
    Error::new(
        ErrorKind::Invalid,
        doing,
        format!("its tensor {name:?} has numbers of type {kind}, which this engine cannot read"),
        "Take the model in a Q8_0 file, or build with the `llama-cpp` feature.",
    )
}

/// The context length of a file whose header is sound enough for llama.cpp.
pub(super) fn check(header: &Header, doing: &str) -> Result<u32> {
    let damaged = |what: &str| {
        Error::new(ErrorKind::Corrupt, doing, format!("it has no sound {what}"), "Fetch it again.")
    };
    let refused = |what: &str, hint: &str| Error::new(ErrorKind::Invalid, doing, what, hint);
    let architecture = header.text("general.architecture").unwrap_or_default();
    let key = |name: &str| format!("{architecture}.{name}");
    let number = |name: &str, most: u64| {
        let key = key(name);
        header.number(&key).filter(|n| (1..=most).contains(n)).ok_or_else(|| damaged(&key))
    };
    if header.number("split.count").unwrap_or(1) > 1 {
        return Err(refused(
            "it is one part of a model that is split over several files",
            "Join the parts with llama.cpp's `llama-gguf-split --merge`.",
        ));
    }
    if header.flag(&key("attention.causal")) == Some(false) || architecture.starts_with("t5") {
        return Err(refused("it reads text and writes none", "Take a model that was taught to converse."));
    }
    let width = number("embedding_length", 1 << 20)?;
    number("block_count", 4096)?;
    // Some models have another number for each layer, some have no heads at all.
    for name in ["attention.head_count", "attention.head_count_kv", "feed_forward_length"] {
        if matches!(header.get(&key(name)), Some(Value::Unsigned(_) | Value::Signed(_))) {
            header.number(&key(name)).filter(|n| *n <= 1 << 24).ok_or_else(|| damaged(&key(name)))?;
        }
    }
    let heads = header.number(&key("attention.head_count")).filter(|n| *n > 0);
    let head = header.number(&key("attention.key_length")).or(heads.map(|n| width / n));
    if let (Some(turned), Some(head)) = (header.number(&key("rope.dimension_count")), head)
        && (turned > head || !turned.is_multiple_of(2))
    {
        return Err(damaged(&key("rope.dimension_count")));
    }
    words(header).map_err(damaged)?;
    Ok(number("context_length", 1 << 30)? as u32)
}

/// Context length, tokens of the vocabulary and its kind, as the header has them.
pub(super) fn facts(header: &Header, doing: &str) -> Result<(u32, u32, String)> {
    let text = |name: &str| header.text(&format!("tokenizer.ggml.{name}"));
    let kind = [text("model"), text("pre")].into_iter().flatten().collect::<Vec<_>>().join("/");
    let tokens = header.count("tokenizer.ggml.tokens").unwrap_or(0) as u32;
    Ok((check(header, doing)?, tokens, kind.chars().take(60).collect()))
}

/// The vocabulary's lists agree with each other; an error is the list that does not.
fn words(header: &Header) -> std::result::Result<(), &'static str> {
    let key = |name: &str| format!("tokenizer.ggml.{name}");
    let tokens = header.count(&key("tokens")).filter(|n| *n > 0).ok_or("vocabulary")?;
    for name in ["token_type", "scores"] {
        if header.get(&key(name)).is_some() && header.count(&key(name)) != Some(tokens) {
            return Err("list of the vocabulary's kinds and scores");
        }
    }
    let texts = header.texts(&key("tokens")).ok_or("vocabulary")?;
    let mut seen = HashSet::new();
    if !texts.iter().filter(|text| !text.is_empty()).all(|text| seen.insert(text)) {
        return Err("vocabulary: a token is in it twice");
    }
    let marks = ["bos", "eos", "eot", "eom", "unknown", "seperator", "padding", "mask"];
    for name in marks {
        let id = header.get(&key(&format!("{name}_token_id")));
        if id.is_some() && header.number(&key(&format!("{name}_token_id"))).is_none_or(|id| id >= tokens) {
            return Err("token that marks a beginning or an end");
        }
    }
    if header.get(&key("merges")).is_some() {
        let sound = |merge: &String| merge.char_indices().skip(1).any(|(_, c)| c == ' ');
        let merges = header.texts(&key("merges")).ok_or("merges")?;
        if !merges.iter().all(sound) {
            return Err("merges");
        }
    }
    Ok(())
}
