//! A model's vocabulary: text to token ids as llama.cpp has them, and ids back to text.

mod detokenise;
mod pairs;
mod pieces;

use tokenizers::Tokenizer;

pub(super) use detokenise::Detokeniser;

use self::pairs::{RULES, Rule};
use self::pieces::Pieces;
use super::gguf::Header;
use crate::domain::{Error, ErrorKind, Result};

/// Kinds of tokens, as the file numbers them.
const UNKNOWN: i64 = 2;
const CONTROL: i64 = 3;
const USER_DEFINED: i64 = 4;
const BYTE: i64 = 6;

/// Marks of a turn's end. Some files forget to say that they end an answer.
const TURN_ENDS: [&str; 7] = [
    "<|im_end|>",
    "<|eot_id|>",
    "<|end|>",
    "<|endoftext|>",
    "<end_of_turn>",
    "<|eom_id|>",
    "<|end_of_text|>",
];

/// A vocabulary in memory.
#[derive(Debug)]
pub(super) struct Vocabulary {
    way: Way,
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

/// How text becomes tokens.
#[derive(Debug)]
enum Way {
    Pairs(Box<Tokenizer>),
    Pieces(Pieces),
}

/// The tokens of a file: their texts and kinds.
#[derive(Debug)]
struct Tokens {
    texts: Vec<String>,
    kinds: Vec<i64>,
}

impl Tokens {
    fn kind(&self, id: usize) -> i64 {
        self.kinds.get(id).copied().unwrap_or(1)
    }
}

/// What the file says of how it cuts text: the model of its tokenizer, and the rule of cutting words.
fn names(header: &Header) -> (&str, &str) {
    let model = header.text("tokenizer.ggml.model").unwrap_or("none");
    (model, header.text("tokenizer.ggml.pre").unwrap_or("default"))
}

/// The rule of cutting words; none for a vocabulary of pieces.
fn rule(header: &Header, doing: &str) -> Result<Option<&'static Rule>> {
    let (model, pre) = names(header);
    let found = match model {
        "llama" => return Ok(None),
        "gpt2" => RULES.iter().find(|rule| rule.names.contains(&pre)),
        _ => None,
    };
    found.map(Some).ok_or_else(|| {
        let name: String = format!("{model}/{pre}").chars().take(60).collect();
        let known: Vec<_> =
            RULES.iter().flat_map(|rule| rule.names).map(|name| format!("gpt2/{name}")).collect();
        Error::new(
            ErrorKind::Invalid,
            doing,
            format!("its vocabulary is of the kind {name:?}, which this engine does not know"),
            format!("It knows llama, {}; build with the `llama-cpp` feature for others.", known.join(", ")),
        )
    })
}

/// The vocabulary's kind, "gpt2/smollm"; one that this engine does not know is an error.
pub(super) fn kind(header: &Header, doing: &str) -> Result<String> {
    let (model, pre) = names(header);
    Ok(match rule(header, doing)? {
        Some(_) => format!("{model}/{pre}"),
        None => model.to_owned(),
    })
}

impl Vocabulary {
    pub(super) fn read(header: &Header, doing: &str) -> Result<Self> {
        let rule = rule(header, doing)?;
        let texts = header.texts("tokenizer.ggml.tokens").ok_or_else(|| {
            Error::new(ErrorKind::Corrupt, doing, "its vocabulary has no sound tokens", "Fetch it again.")
        })?;
        let kinds = header.numbers("tokenizer.ggml.token_type").unwrap_or_default();
        let tokens = Tokens { texts, kinds };
        let (way, bytes) = match rule {
            Some(rule) => {
                let tokenizer = pairs::tokenizer(header, rule, &tokens, doing)?;
                (Way::Pairs(Box::new(tokenizer)), pairs::bytes(&tokens))
            }
            None => (Way::Pieces(Pieces::read(header, &tokens, doing)?), pieces::bytes(&tokens)),
        };
        let id = |name: &str| {
            let id = header.number(&format!("tokenizer.ggml.{name}_token_id"))?;
            u32::try_from(id).ok().filter(|id| (*id as usize) < tokens.texts.len())
        };
        let mut ends: Vec<u32> = ["eos", "eot", "eom"].iter().filter_map(|name| id(name)).collect();
        let texts = || tokens.texts.iter().enumerate();
        ends.extend(
            texts()
                .filter(|(id, text)| tokens.kind(*id) == CONTROL && TURN_ENDS.contains(&text.as_str()))
                .map(|(id, _)| id as u32),
        );
        let text_of =
            |id: Option<u32>| id.and_then(|id| tokens.texts.get(id as usize)).cloned().unwrap_or_default();
        let begins = header.flag("tokenizer.ggml.add_bos_token");
        let begins = begins.unwrap_or(rule.is_none_or(|rule| rule.begins));
        Ok(Self {
            way,
            bytes,
            ends,
            begin: id("bos").filter(|_| begins),
            begin_text: text_of(id("bos")),
            end_text: text_of(id("eos")),
        })
    }

    /// The ids of `text`, marks of turns included.
    pub(super) fn encode(&self, text: &str) -> Result<Vec<u32>> {
        let mut ids = self.ids(text, true)?;
        if let Some(begin) = self.begin
            && ids.first() != Some(&begin)
        {
            ids.insert(0, begin);
        }
        Ok(ids)
    }

    /// The ids of a text that goes on behind another one.
    pub(super) fn encode_on(&self, text: &str) -> Result<Vec<u32>> {
        self.ids(text, false)
    }

    fn ids(&self, text: &str, begins: bool) -> Result<Vec<u32>> {
        match &self.way {
            Way::Pairs(tokenizer) => {
                let encoding = tokenizer.encode_fast(text, false);
                let encoding = encoding
                    .map_err(|why| Error::internal("splitting a text into tokens", why.to_string()))?;
                Ok(encoding.get_ids().to_vec())
            }
            Way::Pieces(pieces) => Ok(pieces.encode(text, begins)),
        }
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
