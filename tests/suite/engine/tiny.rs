//! A model file of a few hundred kilobytes: the `llama` architecture with noise for weights, a byte-level vocabulary
//! and a chat template. It says nonsense, the same nonsense every time.

use std::path::{Path, PathBuf};

pub const CONTEXT: u32 = 512;
const WIDTH: u64 = 64;
const HIDDEN: u64 = 96;
const HEADS: u64 = 4;
const SHARED: u64 = 2;
const LAYERS: u64 = 2;
const TEMPLATE: &str = "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\n' + m['content'] + '<|im_end|>\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";

/// Writes GGUF, as far as a small model needs it.
#[derive(Default)]
pub struct Writer {
    entries: Vec<Vec<u8>>,
    tensors: Vec<(String, Vec<u64>, Vec<f32>)>,
}

fn text(out: &mut Vec<u8>, text: &str) {
    out.extend((text.len() as u64).to_le_bytes());
    out.extend(text.as_bytes());
}

impl Writer {
    fn entry(&mut self, key: &str, kind: u32, value: &[u8]) {
        let mut entry = Vec::new();
        text(&mut entry, key);
        entry.extend(kind.to_le_bytes());
        entry.extend(value);
        self.entries.push(entry);
    }

    pub fn text(&mut self, key: &str, value: &str) {
        let mut bytes = Vec::new();
        text(&mut bytes, value);
        self.entry(key, 8, &bytes);
    }

    pub fn number(&mut self, key: &str, value: u32) {
        self.entry(key, 4, &value.to_le_bytes());
    }

    /// Another number in the place of one that is there.
    pub fn replace(&mut self, key: &str, value: u32) {
        let mut named = Vec::new();
        text(&mut named, key);
        let count = self.entries.len();
        self.entries.retain(|entry| !entry.starts_with(&named));
        assert_eq!(self.entries.len() + 1, count, "{key}");
        self.number(key, value);
    }

    pub fn float(&mut self, key: &str, value: f32) {
        self.entry(key, 6, &value.to_le_bytes());
    }

    pub fn texts(&mut self, key: &str, values: &[String]) {
        let mut bytes = 8_u32.to_le_bytes().to_vec();
        bytes.extend((values.len() as u64).to_le_bytes());
        for value in values {
            text(&mut bytes, value);
        }
        self.entry(key, 9, &bytes);
    }

    pub fn numbers(&mut self, key: &str, values: &[i32]) {
        let mut bytes = 5_u32.to_le_bytes().to_vec();
        bytes.extend((values.len() as u64).to_le_bytes());
        bytes.extend(values.iter().flat_map(|v| v.to_le_bytes()));
        self.entry(key, 9, &bytes);
    }

    pub fn floats(&mut self, key: &str, values: &[f32]) {
        let mut bytes = 6_u32.to_le_bytes().to_vec();
        bytes.extend((values.len() as u64).to_le_bytes());
        bytes.extend(values.iter().flat_map(|v| v.to_le_bytes()));
        self.entry(key, 9, &bytes);
    }

    pub fn flag(&mut self, key: &str, value: bool) {
        self.entry(key, 7, &[u8::from(value)]);
    }

    pub fn tensor(&mut self, name: &str, dims: &[u64], values: Vec<f32>) {
        self.tensors.push((name.to_owned(), dims.to_vec(), values));
    }

    pub fn bytes(&self) -> Vec<u8> {
        let mut out = b"GGUF\x03\0\0\0".to_vec();
        out.extend((self.tensors.len() as u64).to_le_bytes());
        out.extend((self.entries.len() as u64).to_le_bytes());
        out.extend(self.entries.iter().flatten());
        let mut offset = 0_u64;
        for (name, dims, values) in &self.tensors {
            text(&mut out, name);
            out.extend((dims.len() as u32).to_le_bytes());
            out.extend(dims.iter().flat_map(|dim| dim.to_le_bytes()));
            out.extend(0_u32.to_le_bytes());
            out.extend(offset.to_le_bytes());
            offset += (values.len() as u64 * 4).next_multiple_of(32);
        }
        for (_, _, values) in &self.tensors {
            out.resize(out.len().next_multiple_of(32), 0);
            out.extend(values.iter().flat_map(|v| v.to_le_bytes()));
        }
        out
    }
}

/// The characters under which byte-level vocabularies write the bytes, in their order.
pub fn letters() -> Vec<char> {
    let mut next = 256;
    (0..=255_u8)
        .map(|byte| {
            let shown = matches!(byte, b'!'..=b'~' | 0xa1..=0xac | 0xae..=0xff);
            let code = if shown { u32::from(byte) } else { next };
            next += u32::from(!shown);
            char::from_u32(code).unwrap()
        })
        .collect()
}

/// Noise that is the same everywhere.
pub fn noise(length: u64, seed: &mut u32, size: f32) -> Vec<f32> {
    (0..length)
        .map(|_| {
            *seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            ((*seed >> 8) as f32 / (1 << 23) as f32 - 1.0) * size
        })
        .collect()
}

/// The tiny model. `architecture` is what it says that it is.
pub fn model(architecture: &str) -> Writer {
    let mut w = Writer::default();
    let key = |name: &str| format!("{architecture}.{name}");
    w.text("general.architecture", architecture);
    w.text("general.name", "Tiny");
    w.number(&key("block_count"), LAYERS as u32);
    w.number(&key("context_length"), CONTEXT);
    w.number(&key("embedding_length"), WIDTH as u32);
    w.number(&key("feed_forward_length"), HIDDEN as u32);
    w.number(&key("attention.head_count"), HEADS as u32);
    w.number(&key("attention.head_count_kv"), SHARED as u32);
    w.number(&key("rope.dimension_count"), (WIDTH / HEADS) as u32);
    w.float(&key("rope.freq_base"), 10_000.0);
    w.float(&key("attention.layer_norm_rms_epsilon"), 1e-5);
    let mut tokens: Vec<String> = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"].map(str::to_owned).to_vec();
    let letters = letters();
    tokens.extend(letters.iter().map(char::to_string));
    let pairs: Vec<(String, String)> =
        [("t", "h"), ("th", "e"), ("Ġ", "the"), ("i", "n"), ("Ġ", "a"), ("e", "r"), ("o", "n")]
            .map(|(a, b)| (a.to_owned(), b.to_owned()))
            .to_vec();
    tokens.extend(pairs.iter().map(|(a, b)| format!("{a}{b}")));
    let kinds: Vec<i32> = (0..tokens.len()).map(|id| if id < 3 { 3 } else { 1 }).collect();
    let merges: Vec<String> = pairs.iter().map(|(a, b)| format!("{a} {b}")).collect();
    w.text("tokenizer.ggml.model", "gpt2");
    w.text("tokenizer.ggml.pre", "smollm");
    w.texts("tokenizer.ggml.tokens", &tokens);
    w.numbers("tokenizer.ggml.token_type", &kinds);
    w.texts("tokenizer.ggml.merges", &merges);
    w.number("tokenizer.ggml.bos_token_id", 1);
    w.number("tokenizer.ggml.eos_token_id", 2);
    w.text("tokenizer.chat_template", TEMPLATE);
    let mut seed = 7;
    let head = WIDTH / HEADS;
    w.tensor(
        "token_embd.weight",
        &[WIDTH, tokens.len() as u64],
        noise(WIDTH * tokens.len() as u64, &mut seed, 1.0),
    );
    w.tensor("output_norm.weight", &[WIDTH], vec![1.0; WIDTH as usize]);
    for layer in 0..LAYERS {
        let mut matrix = |name: &str, width: u64, rows: u64| {
            w.tensor(
                &format!("blk.{layer}.{name}.weight"),
                &[width, rows],
                noise(width * rows, &mut seed, 0.25),
            );
        };
        matrix("attn_q", WIDTH, WIDTH);
        matrix("attn_k", WIDTH, SHARED * head);
        matrix("attn_v", WIDTH, SHARED * head);
        matrix("attn_output", WIDTH, WIDTH);
        matrix("ffn_gate", WIDTH, HIDDEN);
        matrix("ffn_up", WIDTH, HIDDEN);
        matrix("ffn_down", HIDDEN, WIDTH);
        for norm in ["attn_norm", "ffn_norm"] {
            w.tensor(&format!("blk.{layer}.{norm}.weight"), &[WIDTH], vec![1.0; WIDTH as usize]);
        }
    }
    w
}

/// The tiny model as a file in `folder`.
pub fn file(folder: &Path) -> PathBuf {
    let path = folder.join("model.gguf");
    std::fs::write(&path, model("llama").bytes()).unwrap();
    path
}
