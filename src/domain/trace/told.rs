//! What was said in a call of this program's own: kept beside its span, which stays small, where nothing else keeps it. A
//! conversation, a comparison and an evaluation keep theirs themselves.

use serde::{Deserialize, Serialize};

use super::contents::{Found, Ran};
use crate::domain::call::Turn;
use crate::domain::id::SpanId;
use crate::domain::message::Block;
use crate::domain::settings::Settings;

/// The most that is kept of one text, in bytes.
const LONGEST: usize = 64 * 1024;

/// The same of all passages that were found.
const LONGEST_FOUND: usize = 4 * LONGEST;

/// What was said.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Told {
    /// So many of the first messages are those of the call before: what that was asked with, and what it gave. The system
    /// prompt is its too then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<(SpanId, u32)>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub system: Option<String>,
    /// What it was asked with; `None` is as the call before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settings: Option<Settings>,
    /// Behind those.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub input: Vec<Turn>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub output: Vec<Block>,
    /// What was looked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub found: Vec<Found>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ran: Option<Ran>,
}

impl Told {
    /// With the end left out of every text that is too long; what is left out is counted in its place.
    #[must_use]
    pub fn bounded(mut self) -> Self {
        self.system.iter_mut().chain(&mut self.query).for_each(cut);
        let said = self.input.iter_mut().flat_map(|turn| &mut turn.blocks).chain(&mut self.output);
        for block in said {
            match block {
                Block::Text { text } => cut(text),
                // The seal of a thought is one of all of it.
                Block::Reasoning { text, signature } => {
                    signature.take_if(|_| text.len() > LONGEST);
                    cut(text);
                }
                Block::ToolResult { content, .. } => cut(content),
                _ => {}
            }
        }
        let mut left = LONGEST_FOUND;
        for found in &mut self.found {
            found.text.iter_mut().for_each(cut);
            let length = found.text.as_ref().map_or(0, String::len);
            // Which passages those are, and how well they fit, is told all the same.
            found.text.take_if(|_| length > left);
            left = left.saturating_sub(length);
        }
        self
    }
}

fn cut(text: &mut String) {
    if text.len() > LONGEST {
        let end = text.floor_char_boundary(LONGEST);
        let left = text.len() - end;
        text.truncate(end);
        text.push_str("\n… (");
        text.push_str(&left.to_string());
        text.push_str(" bytes are left out)");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::message::Role;

    #[test]
    fn a_text_that_is_too_long_is_cut_between_characters_and_says_so() {
        let text = |text: String| Block::Text { text };
        let thought =
            |length: usize| Block::Reasoning { text: "h".repeat(length), signature: Some("s".to_owned()) };
        let told = Told {
            system: Some("short".to_owned()),
            input: vec![Turn { role: Role::User, blocks: vec![text("é".repeat(LONGEST))] }],
            output: vec![text("whole".to_owned()), thought(9)],
            ..Told::default()
        };
        let kept = told.clone().bounded();
        assert_eq!((&kept.system, &kept.output), (&told.system, &told.output));
        let cut = Told { output: vec![thought(LONGEST + 1)], ..Told::default() }.bounded();
        assert!(matches!(&cut.output[0], Block::Reasoning { signature: None, .. }), "a seal of more");
        let said = kept.input[0].blocks[0].said().unwrap();
        assert!(said.len() < LONGEST + 100 && said.ends_with("bytes are left out)"), "{}", said.len());
        let again: Told = serde_json::from_str(&serde_json::to_string(&kept).unwrap()).unwrap();
        assert_eq!(again, kept);
    }
}
