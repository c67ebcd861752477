//! Byte-level vocabularies: words are cut by a rule, then pairs are merged in an order that was learnt.

use std::collections::HashMap;

use tokenizers::models::bpe::{BPE, Vocab};
use tokenizers::pre_tokenizers::PreTokenizerWrapper;
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::pre_tokenizers::digits::Digits;
use tokenizers::pre_tokenizers::sequence::Sequence;
use tokenizers::pre_tokenizers::split::{Split, SplitPattern};
use tokenizers::tokenizer::SplitDelimiterBehavior;
use tokenizers::{AddedToken, Tokenizer};

use super::{CONTROL, Tokens, USER_DEFINED};
use crate::domain::{Error, ErrorKind, Result};
use crate::engine::gguf::Header;

/// How text is cut into words before pairs are merged.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Rule {
    /// The names of `tokenizer.ggml.pre` that mean it.
    pub(super) names: &'static [&'static str],
    words: Words,
    /// A word that is a token is not merged from its parts.
    whole_words: bool,
    /// Texts begin with the begin token where the file does not say.
    pub(super) begins: bool,
}

#[derive(Debug, PartialEq, Eq)]
enum Words {
    /// Those of GPT-2.
    Plain,
    /// The same, each digit alone.
    Digits,
    /// Those of GPT-4, with so many digits together.
    Groups(&'static str),
}

const GROUPS_OF_THREE: Words = Words::Groups("{1,3}");

/// The rules whose token ids were seen to equal llama.cpp's.
pub(super) const RULES: &[Rule] = &[
    Rule { names: &["gpt-2"], words: Words::Plain, whole_words: false, begins: false },
    Rule { names: &["smollm", "refact"], words: Words::Digits, whole_words: false, begins: false },
    Rule {
        names: &["qwen2", "deepseek-r1-qwen"],
        words: Words::Groups(""),
        whole_words: false,
        begins: false,
    },
    Rule {
        names: &["llama-bpe", "llama3", "llama-v3"],
        words: GROUPS_OF_THREE,
        whole_words: true,
        begins: true,
    },
    Rule { names: &["smaug-bpe"], words: GROUPS_OF_THREE, whole_words: false, begins: false },
];

impl Rule {
    fn splitter(&self) -> tokenizers::Result<PreTokenizerWrapper> {
        let plain = || ByteLevel::new(false, false, true);
        Ok(match self.words {
            Words::Plain => plain().into(),
            Words::Digits => Sequence::new(vec![Digits::new(true).into(), plain().into()]).into(),
            Words::Groups(digits) => {
                let pattern = format!(
                    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{{L}}\p{{N}}]?\p{{L}}+|\p{{N}}{digits}| ?[^\s\p{{L}}\p{{N}}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
                );
                let words =
                    Split::new(SplitPattern::Regex(pattern), SplitDelimiterBehavior::Isolated, false)?;
                Sequence::new(vec![words.into(), ByteLevel::new(false, false, false).into()]).into()
            }
        })
    }
}

/// The tokenizer of a file.
pub(super) fn tokenizer(header: &Header, rule: &Rule, tokens: &Tokens, doing: &str) -> Result<Tokenizer> {
    let damaged = |why: &str| Error::new(ErrorKind::Corrupt, doing, why, "Fetch it again.");
    let internal = |why: tokenizers::Error| damaged(&why.to_string());
    let unsound = || damaged("its vocabulary has no sound merges");
    let merges = header.texts("tokenizer.ggml.merges").ok_or_else(unsound)?;
    let merges = merges
        .iter()
        // The first character may itself be the space that separates.
        .map(|m| {
            let cut = m.char_indices().skip(1).find(|(_, c)| *c == ' ').map(|(i, _)| i)?;
            Some((m[..cut].to_owned(), m[cut + 1..].to_owned()))
        })
        .collect::<Option<Vec<_>>>()
        .ok_or_else(unsound)?;
    let ids: Vocab = tokens.texts.iter().cloned().zip(0..).collect();
    let pairs = BPE::builder().vocab_and_merges(ids, merges).ignore_merges(rule.whole_words);
    let mut tokenizer = Tokenizer::new(pairs.build().map_err(internal)?);
    tokenizer.with_pre_tokenizer(Some(rule.splitter().map_err(internal)?));
    let special = tokens.texts.iter().enumerate();
    let special = special
        .filter(|(id, text)| matches!(tokens.kind(*id), CONTROL | USER_DEFINED) && !text.is_empty())
        .map(|(_, text)| AddedToken::from(text.clone(), true).normalized(false));
    tokenizer.add_special_tokens(special).map_err(internal)?;
    Ok(tokenizer)
}

/// The bytes that each token stands for.
pub(super) fn bytes(tokens: &Tokens) -> Vec<Box<[u8]>> {
    let of_char = byte_of_char();
    let texts = tokens.texts.iter().enumerate();
    texts
        .map(|(id, text)| match tokens.kind(id) {
            CONTROL => Box::default(),
            USER_DEFINED => text.as_bytes().into(),
            _ => text.chars().filter_map(|c| of_char.get(&c).copied()).collect(),
        })
        .collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_has_a_character_of_its_own() {
        let table = byte_of_char();
        assert_eq!(table.len(), 256);
        assert_eq!((table[&'Ġ'], table[&'Ċ'], table[&'!']), (b' ', b'\n', b'!'));
    }
}
