//! A model's vocabulary: text to token ids as llama.cpp has them, and ids back to text.

use std::collections::HashMap;

use tokenizers::models::bpe::BPE;
use tokenizers::pre_tokenizers::PreTokenizerWrapper;
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::pre_tokenizers::digits::Digits;
use tokenizers::pre_tokenizers::sequence::Sequence;
use tokenizers::{AddedToken, Tokenizer};

use super::gguf::Header;
use crate::domain::{Error, ErrorKind, Result};

/// Kinds of tokens, as the file numbers them.
const CONTROL: i64 = 3;
const USER_DEFINED: i64 = 4;

/// A vocabulary in memory.
#[derive(Debug)]
pub(super) struct Vocabulary {
    tokenizer: Tokenizer,
    /// The bytes that each token stands for; none for a control token.
    bytes: Vec<Box<[u8]>>,
    /// Tokens that end an answer.
    ends: Vec<u32>,
    /// The token that begins a text, where the model wants one.
    begin: Option<u32>,
    /// The texts of the begin and end tokens, for chat templates.
    pub(super) begin_text: String,
    pub(super) end_text: String,
}

/// The vocabulary's kind, "gpt2/smollm"; one that this engine does not know is an error.
pub(super) fn kind(header: &Header, doing: &str) -> Result<String> {
    let model = header.text("tokenizer.ggml.model").unwrap_or("none");
    let pre = header.text("tokenizer.ggml.pre").unwrap_or("default");
    if model != "gpt2" || splitting(pre).is_none() {
        let name: String = format!("{model}/{pre}").chars().take(60).collect();
        return Err(Error::new(
            ErrorKind::Invalid,
            doing,
            format!("its vocabulary is of the kind {name:?}, which this engine does not know"),
            "It knows gpt2/smollm and gpt2/gpt-2; build with the `llama-cpp` feature for others.",
        ));
    }
    Ok(format!("{model}/{pre}"))
}

/// How text is split before pairs are merged.
fn splitting(pre: &str) -> Option<PreTokenizerWrapper> {
    let words = ByteLevel::new(false, false, true);
    match pre {
        "smollm" => Some(Sequence::new(vec![Digits::new(true).into(), words.into()]).into()),
        "gpt-2" => Some(words.into()),
        _ => None,
    }
}

impl Vocabulary {
    pub(super) fn read(header: &Header, doing: &str) -> Result<Self> {
        let damaged = |what: &str| {
            Error::new(
                ErrorKind::Corrupt,
                doing,
                format!("its vocabulary has no sound {what}"),
                "Fetch it again.",
            )
        };
        let internal = |why: tokenizers::Error| {
            Error::new(ErrorKind::Corrupt, doing, why.to_string(), "Fetch it again.")
        };
        kind(header, doing)?;
        let tokens = header.texts("tokenizer.ggml.tokens").ok_or_else(|| damaged("tokens"))?;
        let merges = header.texts("tokenizer.ggml.merges").ok_or_else(|| damaged("merges"))?;
        let kinds = header.numbers("tokenizer.ggml.token_type").unwrap_or_default();
        let kind_of = |id: usize| kinds.get(id).copied().unwrap_or(1);
        let ids: HashMap<String, u32> = tokens.iter().cloned().zip(0_u32..).collect();
        let merges = merges
            .iter()
            // The first character may itself be the space that separates.
            .map(|m| {
                let cut = m.char_indices().skip(1).find(|(_, c)| *c == ' ').map(|(i, _)| i)?;
                Some((m[..cut].to_owned(), m[cut + 1..].to_owned()))
            })
            .collect::<Option<Vec<_>>>()
            .ok_or_else(|| damaged("merges"))?;
        let ids: tokenizers::models::bpe::Vocab = ids.into_iter().collect();
        let bpe = BPE::builder().vocab_and_merges(ids, merges).build().map_err(internal)?;
        let mut tokenizer = Tokenizer::new(bpe);
        tokenizer.with_pre_tokenizer(splitting(header.text("tokenizer.ggml.pre").unwrap_or("gpt-2")));
        let special = tokens
            .iter()
            .enumerate()
            .filter(|(id, text)| matches!(kind_of(*id), CONTROL | USER_DEFINED) && !text.is_empty())
            .map(|(_, text)| AddedToken::from(text.clone(), true).normalized(false));
        tokenizer.add_special_tokens(special).map_err(internal)?;
        let of_char = byte_of_char();
        let bytes = tokens
            .iter()
            .enumerate()
            .map(|(id, text)| match kind_of(id) {
                CONTROL => Box::default(),
                USER_DEFINED => text.as_bytes().into(),
                _ => text.chars().filter_map(|c| of_char.get(&c).copied()).collect(),
            })
            .collect();
        let id = |name: &str| header.number(&format!("tokenizer.ggml.{name}_token_id")).map(|n| n as u32);
        let mut ends: Vec<u32> = ["eos", "eot", "eom"].iter().filter_map(|name| id(name)).collect();
        // Some files forget to say that the mark of a turn's end ends an answer.
        ends.extend(
            ["<|im_end|>", "<|eot_id|>", "<|end|>", "<|endoftext|>", "<end_of_turn>", "<|eom_id|>"]
                .iter()
                .filter_map(|text| tokens.iter().position(|t| t == text))
                .filter(|id| kind_of(*id) == CONTROL)
                .map(|id| id as u32),
        );
        let text_of =
            |id: Option<u32>| id.and_then(|id| tokens.get(id as usize)).cloned().unwrap_or_default();
        let adds = header.flag("tokenizer.ggml.add_bos_token").unwrap_or(false);
        Ok(Self {
            tokenizer,
            bytes,
            ends,
            begin: id("bos").filter(|id| adds && (*id as usize) < tokens.len()),
            begin_text: text_of(id("bos")),
            end_text: text_of(id("eos")),
        })
    }

    /// The ids of `text`, marks of turns included.
    pub(super) fn encode(&self, text: &str) -> Result<Vec<u32>> {
        let encoding = self
            .tokenizer
            .encode_fast(text, false)
            .map_err(|why| Error::internal("splitting the prompt into tokens", why.to_string()))?;
        let mut ids = encoding.get_ids().to_vec();
        if let Some(begin) = self.begin
            && ids.first() != Some(&begin)
        {
            ids.insert(0, begin);
        }
        Ok(ids)
    }

    /// The bytes that a token stands for: perhaps a part of a character, none for a control token.
    pub(super) fn bytes(&self, id: u32) -> &[u8] {
        self.bytes.get(id as usize).map_or(&[], |b| b)
    }

    /// Whether a token ends an answer.
    pub(super) fn ends(&self, id: u32) -> bool {
        self.ends.contains(&id)
    }
}

/// The characters under which byte-level vocabularies write bytes (`bytes_to_unicode` of GPT-2).
fn byte_of_char() -> HashMap<char, u8> {
    let mut next = 256_u32;
    (0..=255_u8)
        .filter_map(|byte| {
            let shown = matches!(byte, b'!'..=b'~' | 0xa1..=0xac | 0xae..=0xff);
            let code = if shown {
                u32::from(byte)
            } else {
                next += 1;
                next - 1
            };
            char::from_u32(code).map(|c| (c, byte))
        })
        .collect()
}

/// Makes text of tokens' bytes as they come; a character is given out when it is whole.
#[derive(Debug, Default)]
pub(super) struct Detokeniser {
    pending: Vec<u8>,
}

impl Detokeniser {
    /// Takes bytes in and gives out what is whole. Bytes that can be no character become U+FFFD.
    pub(super) fn push(&mut self, bytes: &[u8], out: &mut String) {
        self.pending.extend_from_slice(bytes);
        let mut used = 0;
        for chunk in self.pending.utf8_chunks() {
            out.push_str(chunk.valid());
            used += chunk.valid().len();
            let broken = chunk.invalid();
            if !broken.is_empty() {
                // The beginning of a character at the very end may still become one.
                if used + broken.len() == self.pending.len() && may_go_on(broken) {
                    break;
                }
                out.push(char::REPLACEMENT_CHARACTER);
                used += broken.len();
            }
        }
        self.pending.drain(..used);
    }

    /// Gives out what is left when no more comes.
    pub(super) fn finish(&mut self, out: &mut String) {
        if !self.pending.is_empty() {
            out.push_str(&String::from_utf8_lossy(&self.pending));
            self.pending.clear();
        }
    }
}

/// Whether bytes are the beginning of a character.
fn may_go_on(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_err_and(|e| e.error_len().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_split_at_every_byte_comes_out_whole() {
        let text = "naïve 日本語 👩‍👩‍👧 e\u{301}";
        for cut in 0..=text.len() {
            let mut detokeniser = Detokeniser::default();
            let mut out = String::new();
            detokeniser.push(&text.as_bytes()[..cut], &mut out);
            assert!(text.starts_with(&out), "{out:?}");
            detokeniser.push(&text.as_bytes()[cut..], &mut out);
            assert_eq!(out, text);
        }
    }

    #[test]
    fn bytes_that_are_no_text_become_one_mark_each_and_lose_nothing_after() {
        let mut detokeniser = Detokeniser::default();
        let mut out = String::new();
        detokeniser.push(b"a\xffb\xe6\x97", &mut out);
        assert_eq!(out, "a\u{fffd}b");
        detokeniser.push(b"c\xe6", &mut out);
        assert_eq!(out, "a\u{fffd}b\u{fffd}c");
        detokeniser.finish(&mut out);
        assert_eq!(out, "a\u{fffd}b\u{fffd}c\u{fffd}");
    }

    #[test]
    fn every_byte_has_a_character_of_its_own() {
        let table = byte_of_char();
        assert_eq!(table.len(), 256);
        assert_eq!((table[&'Ġ'], table[&'Ċ'], table[&'!']), (b' ', b'\n', b'!'));
    }
}
