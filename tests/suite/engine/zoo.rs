//! A tiny model of every architecture and vocabulary that the engine runs, with noise for weights. Weights are such that
//! `Q8_0` holds them exactly, so llama.cpp can be asked about the very same numbers as F32.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::tiny::{Writer, letters, noise};

pub const CONTEXT: u32 = 512;
const WIDTH: u64 = 64;
const HIDDEN: u64 = 96;
/// Tokens that a vocabulary learns.
const LEARNT: usize = 320;
/// What vocabularies are learnt from: with what a rule of cutting words must keep apart.
const CORPUS: &str = "It's what we'll say, they've said, I'D've thought; DON'T 's 't 're. The other one in the house of the river. \
    The river runs to the sea, and the sea to the sky.\n\n    def add(a, b):\n        return a + b\n\n\tfn main() {\r\n}\r\n \
    1234567 12 123 2026-11-22 3.14159 1,000,000 x2y 99 bottles 100% $12.50 :-) ... !!! ??? --- ((( ))) {{}} [[]] // ==\n  \n   \n \
    naïve Straße café 日本語の本 日本 한국어 עברית العربية ไทย 👩‍👩‍👧‍👦 🇫🇷 👍🏽 e\u{301} ½ Ⅷ ٣٤٥  two  spaces   three    four\t\ttabs \
    https://example.org/a?b=c&d=%20e the quick brown fox jumps over a lazy dog and runs and runs and runs there then them";

/// One model.
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is a trait of an architecture, and they combine freely"
)]
pub struct Animal {
    pub name: &'static str,
    pub architecture: &'static str,
    /// The rule of cutting words; none for a vocabulary of pieces.
    pre: Option<&'static str>,
    /// A text begins with a space, for vocabularies of pieces.
    spaced: bool,
    layers: u64,
    heads: u64,
    shared: u64,
    head: u64,
    /// The embedding is the last matrix too.
    tied: bool,
    biases: bool,
    head_norms: bool,
    post_norms: bool,
    factors: bool,
    numbers: &'static [(&'static str, u32)],
    floats: &'static [(&'static str, f32)],
    texts: &'static [(&'static str, &'static str)],
}

const LLAMA: Animal = Animal {
    name: "llama",
    architecture: "llama",
    pre: Some("smollm"),
    spaced: false,
    layers: 2,
    heads: 4,
    shared: 2,
    head: 16,
    tied: true,
    biases: false,
    head_norms: false,
    post_norms: false,
    factors: false,
    numbers: &[],
    floats: &[],
    texts: &[],
};

pub const ZOO: &[Animal] = &[
    LLAMA,
    Animal {
        name: "llama, gpt-2, its own output, four heads",
        pre: Some("gpt-2"),
        tied: false,
        shared: 4,
        ..LLAMA
    },
    Animal {
        name: "llama, positions stretched",
        floats: &[("rope.scaling.factor", 2.0)],
        texts: &[("rope.scaling.type", "linear")],
        ..LLAMA
    },
    Animal {
        name: "llama 3.2",
        pre: Some("llama-bpe"),
        factors: true,
        floats: &[("rope.freq_base", 500_000.0)],
        ..LLAMA
    },
    Animal { name: "llama of pieces", pre: None, spaced: true, tied: false, ..LLAMA },
    Animal {
        name: "qwen2",
        architecture: "qwen2",
        pre: Some("qwen2"),
        biases: true,
        floats: &[("rope.freq_base", 1_000_000.0)],
        ..LLAMA
    },
    Animal {
        name: "qwen3",
        architecture: "qwen3",
        tied: false,
        pre: Some("qwen2"),
        head_norms: true,
        head: 32,
        floats: &[("rope.freq_base", 1_000_000.0)],
        ..LLAMA
    },
    Animal {
        name: "gemma3",
        architecture: "gemma3",
        tied: false,
        pre: None,
        layers: 7,
        head: 32,
        shared: 1,
        head_norms: true,
        post_norms: true,
        numbers: &[("attention.sliding_window", 24)],
        floats: &[("rope.freq_base", 1_000_000.0)],
        ..LLAMA
    },
    Animal { name: "smollm3", architecture: "smollm3", pre: Some("smaug-bpe"), layers: 5, ..LLAMA },
    Animal {
        name: "granite",
        architecture: "granite",
        tied: false,
        pre: Some("refact"),
        floats: &[
            ("embedding_scale", 3.0),
            ("residual_scale", 0.75),
            ("attention.scale", 0.125),
            ("logit_scale", 2.0),
        ],
        ..LLAMA
    },
];

impl Animal {
    /// Writes the model into `folder`.
    pub fn file(&self, folder: &Path) -> PathBuf {
        let path = folder.join(format!("{}.gguf", self.name.replace([' ', ','], "-")));
        std::fs::write(&path, self.writer().bytes()).unwrap();
        path
    }

    fn writer(&self) -> Writer {
        let mut w = Writer::default();
        let key = |name: &str| format!("{}.{name}", self.architecture);
        w.text("general.architecture", self.architecture);
        w.text("general.name", "Tiny");
        w.number(&key("block_count"), self.layers as u32);
        w.number(&key("context_length"), CONTEXT);
        w.number(&key("embedding_length"), WIDTH as u32);
        w.number(&key("feed_forward_length"), HIDDEN as u32);
        w.number(&key("attention.head_count"), self.heads as u32);
        w.number(&key("attention.head_count_kv"), self.shared as u32);
        w.number(&key("attention.key_length"), self.head as u32);
        w.number(&key("attention.value_length"), self.head as u32);
        w.float(&key("attention.layer_norm_rms_epsilon"), 1e-5);
        self.numbers.iter().for_each(|(name, value)| w.number(&key(name), *value));
        self.floats.iter().for_each(|(name, value)| w.float(&key(name), *value));
        self.texts.iter().for_each(|(name, value)| w.text(&key(name), value));
        // Tokens that are no whole text are given rows so small that they are never chosen.
        let plain = match self.pre {
            Some(pre) => pairs(&mut w, pre),
            None => pieces(&mut w, self.spaced),
        };
        w.text("tokenizer.chat_template", "{{ messages[0]['content'] }}");
        self.tensors(&mut w, &plain);
        w
    }

    fn tensors(&self, w: &mut Writer, plain: &[bool]) {
        let mut seed = 7;
        let table = |w: &mut Writer, name: &str, seed: &mut u32| {
            let mut values = weights(WIDTH, plain.len() as u64, 2.0_f32.powi(-7), seed);
            for (row, _) in values.chunks_mut(WIDTH as usize).zip(plain).filter(|(_, plain)| !**plain) {
                for x in row {
                    *x /= 64.0;
                }
            }
            w.tensor(name, &[WIDTH, plain.len() as u64], values);
        };
        table(w, "token_embd.weight", &mut seed);
        if !self.tied {
            table(w, "output.weight", &mut seed);
        }
        let vector = |w: &mut Writer, name: &str, length: u64, from: f32, size: f32, seed: &mut u32| {
            w.tensor(name, &[length], noise(length, seed, size).iter().map(|x| from + x).collect());
        };
        vector(w, "output_norm.weight", WIDTH, 1.0, 0.5, &mut seed);
        if self.factors {
            let factors = (0..self.head / 2).map(|i| [1.0, 1.5, 4.0, 8.0][i as usize % 4]).collect();
            w.tensor("rope_freqs.weight", &[self.head / 2], factors);
        }
        let (queries, keys) = (self.heads * self.head, self.shared * self.head);
        for layer in 0..self.layers {
            let name = |part: &str| format!("blk.{layer}.{part}");
            for (part, width, rows) in [
                ("attn_q", WIDTH, queries),
                ("attn_k", WIDTH, keys),
                ("attn_v", WIDTH, keys),
                ("attn_output", queries, WIDTH),
                ("ffn_gate", WIDTH, HIDDEN),
                ("ffn_up", WIDTH, HIDDEN),
                ("ffn_down", HIDDEN, WIDTH),
            ] {
                let values = weights(width, rows, 2.0_f32.powi(-9), &mut seed);
                w.tensor(&name(&format!("{part}.weight")), &[width, rows], values);
            }
            for (wanted, part, length, from, size) in [
                (true, "attn_norm.weight", WIDTH, 1.0, 0.5),
                (true, "ffn_norm.weight", WIDTH, 1.0, 0.5),
                (self.biases, "attn_q.bias", queries, 0.0, 1.0),
                (self.biases, "attn_k.bias", keys, 0.0, 1.0),
                (self.biases, "attn_v.bias", keys, 0.0, 1.0),
                (self.head_norms, "attn_q_norm.weight", self.head, 1.0, 0.5),
                (self.head_norms, "attn_k_norm.weight", self.head, 1.0, 0.5),
                (self.post_norms, "post_attention_norm.weight", WIDTH, 3.0, 1.0),
                (self.post_norms, "post_ffw_norm.weight", WIDTH, 3.0, 1.0),
            ] {
                if wanted {
                    vector(w, &name(part), length, from, size, &mut seed);
                }
            }
        }
    }
}

/// Noise in whole multiples of `step`, which is a power of two, up to 127 of them in every block of 32.
fn weights(width: u64, rows: u64, step: f32, seed: &mut u32) -> Vec<f32> {
    let mut values = noise(width * rows, seed, 1.0);
    for block in values.chunks_mut(32) {
        for x in block.iter_mut() {
            *x = (*x * 126.0).round() * step;
        }
        block[0] = 127.0_f32.copysign(block[0]) * step;
    }
    values
}

/// Neighbours that were most often together, and were made one: their texts, in the order of learning. Words are not
/// kept apart, so that a rule that cuts otherwise than llama.cpp's gives other ids.
fn learn(mut text: Vec<String>) -> Vec<(String, String)> {
    let mut learnt: Vec<(String, String)> = Vec::new();
    while learnt.len() < LEARNT {
        let mut counts: HashMap<(&str, &str), (usize, usize)> = HashMap::new();
        for (i, pair) in text.windows(2).enumerate() {
            counts.entry((&pair[0], &pair[1])).or_insert((0, i)).0 += 1;
        }
        let best = counts.into_iter().filter(|((a, b), _)| a.len() + b.len() <= 24);
        // The most frequent; of equals, the one that came first.
        let Some((pair, _)) = best.max_by_key(|(_, (count, first))| (*count, usize::MAX - first)) else {
            break;
        };
        let (a, b) = (pair.0.to_owned(), pair.1.to_owned());
        let mut joined: Vec<String> = Vec::new();
        let mut last_joined = false;
        for part in text {
            match joined.last_mut() {
                Some(last) if !last_joined && *last == a && part == b => {
                    last.push_str(&part);
                    last_joined = true;
                }
                _ => {
                    joined.push(part);
                    last_joined = false;
                }
            }
        }
        text = joined;
        learnt.push((a, b));
    }
    learnt
}

/// A byte-level vocabulary. Returns which tokens are whole texts of their own.
fn pairs(w: &mut Writer, pre: &str) -> Vec<bool> {
    let letters = letters();
    let learnt = learn(CORPUS.bytes().map(|byte| letters[usize::from(byte)].to_string()).collect());
    let special = ["<|endoftext|>", "<|begin|>", "<|im_end|>", "<|im_start|>"];
    let mut tokens: Vec<String> = special.map(str::to_owned).to_vec();
    let mut plain = vec![false; special.len()];
    tokens.extend(letters.iter().map(char::to_string));
    plain.extend((0..=255_u8).map(|byte| byte.is_ascii()));
    for (a, b) in &learnt {
        let joined = format!("{a}{b}");
        if !tokens.contains(&joined) {
            let bytes = joined.chars().map(|c| letters.iter().position(|l| *l == c).unwrap() as u8);
            plain.push(String::from_utf8(bytes.collect()).is_ok());
            tokens.push(joined);
        }
    }
    let kinds: Vec<i32> = (0..tokens.len()).map(|id| if id < special.len() { 3 } else { 1 }).collect();
    let merges: Vec<String> = learnt.iter().map(|(a, b)| format!("{a} {b}")).collect();
    w.text("tokenizer.ggml.model", "gpt2");
    w.text("tokenizer.ggml.pre", pre);
    w.texts("tokenizer.ggml.tokens", &tokens);
    w.numbers("tokenizer.ggml.token_type", &kinds);
    w.texts("tokenizer.ggml.merges", &merges);
    w.number("tokenizer.ggml.bos_token_id", 1);
    w.number("tokenizer.ggml.eos_token_id", 2);
    plain
}

/// A vocabulary of pieces, likewise.
fn pieces(w: &mut Writer, spaced: bool) -> Vec<bool> {
    let text = CORPUS.replace(' ', "\u{2581}");
    let learnt = learn(text.chars().map(String::from).collect());
    let special =
        [("<unk>", 2), ("<s>", 3), ("</s>", 3), ("<|im_start|>", 3), ("<|im_end|>", 4), ("\n\n", 4)];
    let mut tokens: Vec<String> = special.map(|(text, _)| text.to_owned()).to_vec();
    let mut kinds: Vec<i32> = special.map(|(_, kind)| kind).to_vec();
    let mut scores = vec![0.0_f32; special.len()];
    tokens.extend((0..=255_u8).map(|byte| format!("<0x{byte:02X}>")));
    kinds.resize(tokens.len(), 6);
    scores.resize(tokens.len(), 0.0);
    let mut known: Vec<String> = learnt.iter().map(|(a, b)| format!("{a}{b}")).collect();
    // Emoji and Thai have no pieces of their own and go by their bytes.
    known.extend(
        text.chars().filter(|c| (*c as u32) < 0xe00 || *c == '\u{2581}' || *c == '日').map(String::from),
    );
    for piece in known {
        if !tokens.contains(&piece) {
            scores.push(-(tokens.len() as f32));
            tokens.push(piece);
            kinds.push(1);
        }
    }
    w.text("tokenizer.ggml.model", "llama");
    w.texts("tokenizer.ggml.tokens", &tokens);
    w.numbers("tokenizer.ggml.token_type", &kinds);
    w.floats("tokenizer.ggml.scores", &scores);
    w.flag("tokenizer.ggml.add_space_prefix", spaced);
    w.number("tokenizer.ggml.bos_token_id", 1);
    w.number("tokenizer.ggml.eos_token_id", 2);
    w.number("tokenizer.ggml.unknown_token_id", 0);
    kinds.iter().map(|kind| *kind == 1).collect()
}
