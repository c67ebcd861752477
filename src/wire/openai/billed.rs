//! What Cohere says it read and bills, beside its vectors and its order.

use serde::Deserialize;

use crate::wire::loose;

#[derive(Deserialize)]
pub(super) struct Meta {
    #[serde(default, deserialize_with = "loose::or_none")]
    tokens: Option<Units>,
    #[serde(default, deserialize_with = "loose::or_none")]
    billed_units: Option<Units>,
}

#[derive(Deserialize)]
struct Units {
    #[serde(default, deserialize_with = "loose::count")]
    input_tokens: Option<u32>,
    #[serde(default, deserialize_with = "loose::count")]
    search_units: Option<u32>,
}

impl Meta {
    /// Tokens that were read; where those are not told, that are billed.
    pub fn read(&self) -> Option<u32> {
        let of = |units: &Option<Units>| units.as_ref()?.input_tokens;
        of(&self.tokens).or_else(|| of(&self.billed_units))
    }

    /// Searches that are billed.
    pub fn searches(&self) -> Option<u32> {
        self.billed_units.as_ref()?.search_units
    }
}
