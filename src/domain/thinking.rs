//! Reasoning that a model writes into its answer's text, between tags of its own, told apart from the answer.
//!
//! Only what an answer opens with counts: a tag further in, or in code, is text like any other.

use super::delta::Event;

/// What opens and what closes reasoning: Qwen, `DeepSeek` and `SmolLM`; Mistral.
static TAGS: [(&str, &str); 2] = [("<think>", "</think>"), ("[THINK]", "[/THINK]")];
/// Blanks beyond so many bytes are not held back: a model may write nothing else for ever.
const BLANKS: usize = 1024;

/// The tag that a prompt leaves open: an answer to it begins inside the reasoning and holds the closing tag alone.
pub fn left_open(prompt: &str) -> Option<&'static str> {
    let end = prompt.trim_end();
    TAGS.iter().map(|(open, _)| *open).find(|open| end.ends_with(open))
}

/// What closes the reasoning that a tag opens.
pub fn closes(open: &str) -> Option<&'static str> {
    TAGS.iter().find(|(tag, _)| *tag == open).map(|(_, close)| *close)
}

/// The tags that a chat template speaks of.
pub fn tags_of(template: &str) -> Option<(&'static str, &'static str)> {
    TAGS.iter().copied().find(|(_, close)| template.contains(close))
}

/// Where in the answer the text is.
#[derive(Debug, Clone, PartialEq, Eq)]
enum At {
    /// Nothing but blanks and perhaps the beginning of a tag has come; they are held.
    Start(String),
    /// Inside, until `close`. `held` may be the beginning of that, or blanks before it.
    Thought { close: &'static str, held: String, begun: bool },
    /// Closed, and only blanks since.
    Closed,
    /// In the answer, to its end.
    Text,
}

/// Splits the text of one answer, however it is cut into pieces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Splitter(At);

impl Default for Splitter {
    fn default() -> Self {
        Self(At::Start(String::new()))
    }
}

impl Splitter {
    /// Everything that comes from now on is the answer's text as it is.
    pub fn is_over(&self) -> bool {
        self.0 == At::Text
    }

    /// Takes an event in; adds those that it becomes.
    pub fn push(&mut self, event: Event, out: &mut impl Extend<Event>) {
        match event {
            Event::Text { text } => self.text(text, out),
            // What says nothing of the answer's text passes beside what is held.
            Event::Context { .. }
            | Event::Queued { .. }
            | Event::Paused { .. }
            | Event::Begun
            | Event::Prefill { .. }
            | Event::Usage { .. } => out.extend([event]),
            // The end; or a server that tells reasoning apart by itself.
            _ => {
                self.finish(out);
                out.extend([event]);
            }
        }
    }

    /// Nothing follows: gives out what is held. A tag that was never closed leaves all of it reasoning.
    pub fn finish(&mut self, out: &mut impl Extend<Event>) {
        match std::mem::replace(&mut self.0, At::Text) {
            At::Start(held) => say(held, out),
            At::Thought { held, begun, .. } => {
                think(held.trim_end(), begun, out);
            }
            At::Closed | At::Text => {}
        }
    }

    fn text(&mut self, piece: String, out: &mut impl Extend<Event>) {
        match &mut self.0 {
            At::Text => say(piece, out),
            At::Closed => {
                let answer = piece.trim_start();
                if !answer.is_empty() {
                    say(answer.to_owned(), out);
                    self.0 = At::Text;
                }
            }
            At::Start(held) => {
                held.push_str(&piece);
                let begun = held.trim_start();
                if let Some((open, close)) = TAGS.iter().find(|(open, _)| begun.starts_with(open)) {
                    let rest = begun[open.len()..].to_owned();
                    self.0 = At::Thought { close, held: String::new(), begun: false };
                    self.text(rest, out);
                } else if held.len() > BLANKS || !TAGS.iter().any(|(open, _)| open.starts_with(begun)) {
                    self.finish(out);
                }
            }
            At::Thought { close, held, begun } => {
                held.push_str(&piece);
                if let Some(at) = held.find(*close) {
                    think(held[..at].trim_end(), *begun, out);
                    let rest = held[at + close.len()..].to_owned();
                    self.0 = At::Closed;
                    return self.text(rest, out);
                }
                let tag = (1..close.len()).rev().find(|n| held.ends_with(&close[..*n])).unwrap_or(0);
                let before = &held[..held.len() - tag];
                let settled = before.trim_end().len();
                let settled = if before.len() - settled > BLANKS { before.len() } else { settled };
                *begun = think(&held[..settled], *begun, out);
                held.drain(..settled);
            }
        }
    }
}

fn say(text: String, out: &mut impl Extend<Event>) {
    if !text.is_empty() {
        out.extend([Event::Text { text }]);
    }
}

/// Gives reasoning out, without the blanks that it begins with; whether any has come by now.
fn think(text: &str, begun: bool, out: &mut impl Extend<Event>) -> bool {
    let text = if begun { text } else { text.trim_start() };
    if !text.is_empty() {
        out.extend([Event::Reasoning { text: text.to_owned() }]);
    }
    begun || !text.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::delta::Fold;
    use crate::domain::message::{Block, StopReason};

    fn fold(pieces: &[&str]) -> Vec<Block> {
        let mut splitter = Splitter::default();
        let mut events = Vec::new();
        for piece in pieces {
            splitter.push(Event::Text { text: (*piece).to_owned() }, &mut events);
        }
        splitter.push(Event::Stop { reason: StopReason::EndTurn }, &mut events);
        assert!(matches!(events.last(), Some(Event::Stop { .. })), "the end comes last");
        let mut fold = Fold::default();
        for event in &events {
            fold.push(event);
        }
        fold.blocks
    }

    fn thought(text: &str) -> Block {
        Block::Reasoning { text: text.to_owned(), signature: None }
    }

    fn said(text: &str) -> Block {
        Block::Text { text: text.to_owned() }
    }

    /// Whole, in two pieces cut at every character, in three, and character by character.
    fn however_it_is_cut(answer: &str, blocks: &[Block]) {
        let cuts: Vec<usize> = answer.char_indices().map(|(at, _)| at).chain([answer.len()]).collect();
        assert_eq!(fold(&[answer]), blocks, "{answer:?} whole");
        for (n, at) in cuts.iter().enumerate() {
            assert_eq!(fold(&[&answer[..*at], &answer[*at..]]), blocks, "{answer:?} cut at {at}");
            for to in &cuts[n..] {
                let pieces = [&answer[..*at], &answer[*at..*to], &answer[*to..]];
                assert_eq!(fold(&pieces), blocks, "{answer:?} cut at {at} and {to}");
            }
        }
        let letters: Vec<&str> = cuts.windows(2).map(|w| &answer[w[0]..w[1]]).collect();
        assert_eq!(fold(&letters), blocks, "{answer:?} letter by letter");
    }

    #[test]
    fn what_an_answer_opens_with_between_tags_is_reasoning() {
        however_it_is_cut("<think>\nlet me sée\n\n</think>\n\nYes.", &[thought("let me sée"), said("Yes.")]);
        however_it_is_cut(
            " \n<think>a < b </thi no</think>\n\tb\n",
            &[thought("a < b </thi no"), said("b\n")],
        );
        however_it_is_cut("[THINK]hm[/THINK]So.", &[thought("hm"), said("So.")]);
    }

    #[test]
    fn an_empty_thought_is_none() {
        however_it_is_cut("<think>\n\n</think>\n\nHello", &[said("Hello")]);
        however_it_is_cut("<think></think>", &[]);
    }

    #[test]
    fn a_tag_that_is_never_closed_leaves_reasoning() {
        however_it_is_cut("<think>so much to\n say </thin", &[thought("so much to\n say </thin")]);
        however_it_is_cut("<think>only blanks then \n", &[thought("only blanks then")]);
    }

    #[test]
    fn a_tag_anywhere_else_is_text() {
        for answer in [
            "The tag <think>x</think> is text.",
            "```\n<think>x</think>\n```",
            "`<think>` opens it",
            "<thinker>no</thinker>",
            "  <thi",
            " \n ",
            "</think> alone",
        ] {
            however_it_is_cut(answer, &[said(answer)]);
        }
        let again = "a <think>b</think> c";
        however_it_is_cut(&format!("<think>t</think>{again}"), &[thought("t"), said(again)]);
    }

    #[test]
    fn what_a_server_tells_apart_itself_is_left_alone() {
        let mut splitter = Splitter::default();
        let mut events = Vec::new();
        splitter.push(Event::Reasoning { text: "hm".into() }, &mut events);
        splitter.push(Event::Text { text: "<think> is a tag".into() }, &mut events);
        assert_eq!(
            events,
            [Event::Reasoning { text: "hm".into() }, Event::Text { text: "<think> is a tag".into() }]
        );
    }

    #[test]
    fn what_is_held_is_bounded_and_nothing_of_it_is_lost() {
        let blanks = " ".repeat(5000);
        assert_eq!(fold(&[&blanks, "x"]), [said(&format!("{blanks}x"))]);
        assert_eq!(fold(&["<think>a", &blanks, "b</think>c"]), [thought(&format!("a{blanks}b")), said("c")]);
    }

    #[test]
    fn a_prompt_that_ends_with_the_tag_has_it_left_open() {
        assert_eq!(left_open("<|assistant|>\n<think>\n"), Some("<think>"));
        assert_eq!(left_open("<think>\n\n</think>\n\n"), None);
        assert_eq!(tags_of("{{ '</think>' }}"), Some(("<think>", "</think>")));
    }
}
