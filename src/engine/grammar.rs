//! What an answer is held to: a JSON schema as a grammar, and the tokens that it leaves at each place.
//!
//! The grammars are `llguidance`'s. Choosing among the tokens that are left is the sampler's, as ever.

use std::fmt;
use std::sync::Arc;

use llguidance::api::TopLevelGrammar;
use llguidance::earley::SlicedBiasComputer;
use llguidance::toktrie::{
    INVALID_TOKEN, InferenceCapabilities, SimpleVob, TokEnv, TokRxInfo, TokTrie, TokenizerEnv,
};
use llguidance::{JsonCompileOptions, Matcher, ParserFactory};
use serde_json::Value;

use super::backend::Words;
use crate::domain::{Error, ErrorKind, Result};

/// A longer token is never written: the tree of tokens is not as deep. No vocabulary has such words of use.
const LONGEST: usize = 512;
/// Between two parts of JSON: a model might write blanks for ever.
const BLANKS: &str = r" |\n {0,10}";
/// No text has this byte, and the tree takes what begins with it for a mark of its own.
const MARK: u8 = TokTrie::SPECIAL_TOKEN_MARKER;

/// The tokens of a model as grammars see them: made once, when the first grammar is asked for.
pub(super) struct Grammars(ParserFactory);

impl fmt::Debug for Grammars {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Grammars").field(&self.0.tok_env().tok_trie().vocab_size()).finish()
    }
}

impl Grammars {
    /// Of a model's words, of which so many have logits.
    pub(super) fn of(words: Arc<Words>, vocabulary: usize) -> Result<Self> {
        let failed = |why: String| Error::internal("reading a model's vocabulary for grammars", why);
        let ids = 0..u32::try_from(vocabulary).map_err(|why| failed(why.to_string()))?;
        let ends: Vec<u32> = ids.clone().filter(|id| words.ends(*id)).collect();
        let text = |id: u32| {
            let bytes = words.bytes(id);
            let is_text = bytes.len() <= LONGEST && bytes.first() != Some(&MARK) && !ends.contains(&id);
            if is_text { bytes.into_owned() } else { Vec::new() }
        };
        let texts: Vec<Vec<u8>> = ids.clone().map(text).collect();
        let end = ends.first().copied().unwrap_or(INVALID_TOKEN);
        let mut tree = TokTrie::from(&TokRxInfo::new(ids.end, end), &texts);
        if ends.len() > 1 {
            tree = tree.with_eos_tokens(&ends);
        }
        let tokens: TokEnv = Arc::new(Tokens { words, tree });
        // What has to follow is written without asking the model.
        let able = InferenceCapabilities { ff_tokens: true, ..InferenceCapabilities::default() };
        let factory = ParserFactory::new(&tokens, able, &SlicedBiasComputer::general_slices());
        let mut factory = factory.map_err(|why| failed(said(&format!("{why:#}"))))?;
        // It would write to the terminal, and its errors would hold the answer.
        factory.quiet().limits_mut().verbose_errors = false;
        Ok(Self(factory))
    }

    /// The grammar of the JSON texts that keep a schema, on one line or on several, as the model is used to. What no grammar can hold
    /// is let go, and told by the check of the whole answer.
    pub(super) fn of_schema(&self, schema: &Value, doing: &str) -> Result<Grammar> {
        let mut schema = schema.clone();
        if schema.is_object() {
            let options = JsonCompileOptions {
                whitespace_pattern: Some(BLANKS.to_owned()),
                lenient: true,
                ..JsonCompileOptions::default()
            };
            options.apply_to(&mut schema);
        }
        let parser = self.0.create_parser(TopLevelGrammar::from_json_schema(schema));
        let mut matcher = Matcher::new(parser);
        if let Some(why) = matcher.get_error() {
            return Err(Error::new(
                ErrorKind::Invalid,
                doing,
                format!("no grammar can be made of the schema: {}", said(&why)),
                "Leave out of the schema what is named there, or ask without one.",
            ));
        }
        let left = matcher.grammar_warnings().len();
        if left > 0 {
            tracing::debug!(left, "parts of a schema are left out of its grammar");
        }
        Ok(Grammar { matcher, tokens: Arc::clone(self.0.tok_env()) })
    }
}

/// The first line of an error: what follows tells where in the crate it arose.
fn said(why: &str) -> String {
    why.lines().next().unwrap_or_default().chars().take(300).collect()
}

/// A model's words and their tree.
struct Tokens {
    words: Arc<Words>,
    tree: TokTrie,
}

impl TokenizerEnv for Tokens {
    fn tok_trie(&self) -> &TokTrie {
        &self.tree
    }

    /// As the model itself would be given that text, wherever the tokens stand for these very bytes: a mark of a turn in them
    /// is text, and no blank is put before them.
    fn tokenize_bytes(&self, bytes: &[u8]) -> Vec<u32> {
        let own = std::str::from_utf8(bytes).ok().and_then(|text| self.words.encode_on(text).ok());
        let is_same = |ids: &Vec<u32>| ids.iter().flat_map(|id| self.tree.token(*id)).eq(bytes);
        own.filter(is_same).unwrap_or_else(|| self.tree.greedy_tokenize(bytes))
    }
}

/// Where an answer is in its grammar.
pub(super) struct Grammar {
    matcher: Matcher,
    tokens: TokEnv,
}

impl fmt::Debug for Grammar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Grammar").field("is_over", &self.is_over()).finish_non_exhaustive()
    }
}

/// The tokens that may come next.
pub(super) struct Allowed(SimpleVob);

impl Allowed {
    pub(super) fn has(&self, id: u32) -> bool {
        (id as usize) < self.0.len() && self.0.is_allowed(id)
    }
}

impl Grammar {
    /// Takes in the beginning of an answer; whether one that is kept to can begin so.
    pub(super) fn begin(&mut self, text: &str) -> Result<bool> {
        let ids = self.tokens.tokenize_bytes(text.as_bytes());
        let kept = self.matcher.validate_tokens(&ids).map_err(|why| failed(&format!("{why:#}")))?;
        if kept < ids.len() {
            return Ok(false);
        }
        self.matcher.consume_tokens(&ids).map_err(|why| failed(&format!("{why:#}")))?;
        Ok(true)
    }

    /// The answer is whole, and nothing can follow.
    pub(super) fn is_over(&self) -> bool {
        self.matcher.is_stopped()
    }

    /// The tokens that must come next, taken in; none where there is a choice.
    pub(super) fn forced(&mut self) -> Result<Vec<u32>> {
        if self.is_over() {
            return Ok(Vec::new());
        }
        let forced = self.matcher.consume_ff_tokens();
        match self.matcher.get_error() {
            None => Ok(forced),
            Some(why) => Err(failed(&why)),
        }
    }

    /// The tokens among which the next one is chosen: one at least.
    pub(super) fn allowed(&mut self) -> Result<Allowed> {
        self.matcher.compute_mask().map(Allowed).map_err(|why| failed(&format!("{why:#}")))
    }

    /// Takes in the token that was chosen.
    pub(super) fn take(&mut self, token: u32) -> Result<()> {
        self.matcher.consume_token(token).map_err(|why| failed(&format!("{why:#}")))
    }
}

fn failed(why: &str) -> Error {
    Error::new(
        ErrorKind::Invalid,
        "holding an answer to its schema",
        said(why),
        "Take a simpler schema, or another model.",
    )
}
