//! A conversation's head: what a list shows and what the next turn is sent with.

use serde::{Deserialize, Serialize};

use super::agent::Chosen;
use super::attachment::Attachment;
use super::catalog::ModelId;
use super::id::{ComparisonId, ConversationId, DraftId, MessageId};
use super::message::{Block, Message};
use super::prompt::Run;
use super::settings::Settings;
use super::time::Timestamp;

/// The longest title made from first words, in characters.
const TITLE_CHARS: usize = 60;

/// The head of a conversation; its messages are records of their own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Conversation {
    pub id: ConversationId,
    /// From the first words of the first message, or given by the person.
    pub title: String,
    /// The person gave the title; it is never made again.
    #[serde(default)]
    pub titled: bool,
    pub created: Timestamp,
    /// Last turn or change.
    pub updated: Timestamp,
    /// The model that the next turn is sent to.
    pub model: Option<ModelId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system: Option<String>,
    #[serde(default)]
    pub settings: Settings,
    /// The end of the branch that is shown; `None` while there is no message.
    pub leaf: Option<MessageId>,
    /// The prompt that it is a run of: no list of conversations has it until the person goes on with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<Run>,
    /// The comparison that it is a column of: no list of conversations has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub side: Option<ComparisonId>,
    /// The conversation that it is a copy of; that one may be gone since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forked_from: Option<ConversationId>,
    /// The agent that answers the next turn; `None` leaves it to the model alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<Chosen>,
}

impl Conversation {
    /// Whether it stands by itself: lists have it.
    pub const fn is_listed(&self) -> bool {
        self.run.is_none() && self.side.is_none()
    }
}

/// A conversation with every message of its tree, in order of creation. The form of export and import.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Thread {
    pub conversation: Conversation,
    pub messages: Vec<Message>,
}

/// A text in the composer that was not sent yet, with the pastes that its chips stand for.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Draft {
    /// What the composer shows; a chip is one private-use character that indexes `pastes`.
    pub text: String,
    pub pastes: Vec<Held>,
}

/// A draft as the store has it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SavedDraft {
    /// `None` where a program before this one saved it.
    pub id: Option<DraftId>,
    pub draft: Draft,
}

/// What a chip stands for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
#[allow(clippy::large_enum_variant, reason = "a text has few of them; a box would only move the bytes")]
pub enum Held {
    /// A text that was pasted.
    Text(String),
    /// A file that goes with the message.
    File(Attachment),
}

impl Held {
    /// The file, where it is one.
    pub fn file(&self) -> Option<&Attachment> {
        match self {
            Self::File(file) => Some(file),
            Self::Text(_) => None,
        }
    }
}

impl From<&str> for Held {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Held {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

/// Where a message goes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "target", rename_all = "snake_case")]
pub enum Target {
    /// A new conversation.
    New { model: ModelId, system: Option<String>, settings: Settings },
    /// A new one that an agent answers in. The rest is for when the model alone answers again; the model also for an agent that
    /// names none.
    Agent { agent: Chosen, model: Option<ModelId>, system: Option<String>, settings: Settings },
    /// After `parent` in an existing one: its leaf, or, to edit and fork, the parent of the edited message.
    After { conversation: ConversationId, parent: Option<MessageId> },
}

/// Who answers from then on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "who", rename_all = "snake_case")]
pub enum Answers {
    /// The model alone.
    Model,
    Agent(Chosen),
}

impl Answers {
    /// That agent, or the model where there is none.
    pub fn of(agent: Option<Chosen>) -> Self {
        agent.map_or(Self::Model, Self::Agent)
    }

    /// The agent, where one is to answer.
    pub fn agent(self) -> Option<Chosen> {
        match self {
            Self::Model => None,
            Self::Agent(agent) => Some(agent),
        }
    }
}

/// A change of a conversation's head.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Change {
    pub title: Option<String>,
    pub model: Option<ModelId>,
    /// `Some("")` takes the system prompt away.
    pub system: Option<String>,
    pub settings: Option<Settings>,
    /// Shows the branch that ends here.
    pub leaf: Option<MessageId>,
    /// The time of its last turn, where what stood before a turn is brought back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answers: Option<Answers>,
}

/// The forms that conversations are exported in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// The shown branch, with a front matter.
    Markdown,
    /// The whole tree, one pretty object.
    Json,
    /// The whole tree, one object a line: the conversation, then its messages.
    Jsonl,
}

/// A title from the first words of a message: one line, whole words, at most 60 characters.
pub fn title_from(text: &str) -> String {
    let mut title = String::new();
    let mut length = 0;
    for word in text.split_whitespace() {
        let word_length = word.chars().count();
        if length + word_length + usize::from(length > 0) > TITLE_CHARS {
            if length == 0 {
                title.extend(word.chars().take(TITLE_CHARS - 1));
            }
            title.push('…');
            break;
        }
        if length > 0 {
            title.push(' ');
            length += 1;
        }
        title.push_str(word);
        length += word_length;
    }
    title
}

/// A title for what a person sent: from their own words, else of the names of the files.
pub fn title_of(blocks: &[Block]) -> String {
    let (mut words, mut names) = (String::new(), Vec::new());
    for block in blocks {
        match (Attachment::of(block), block) {
            (Some(file), _) => names.push(file.name),
            (None, Block::Text { text }) => {
                words.push_str(text);
                words.push(' ');
            }
            _ => {}
        }
    }
    title_from(if words.trim().is_empty() { names.join(", ") } else { words }.as_str())
}

#[cfg(test)]
mod tests {
    use super::super::attachment::fenced;
    use super::*;

    #[test]
    fn a_title_is_of_the_words_and_of_files_only_where_there_are_none() {
        let text = |text: &str| Block::Text { text: text.to_owned() };
        let file = text(&fenced("many.txt", "line 0\nline 1\n"));
        assert_eq!(title_of(&[file.clone(), text(" sum it\nup")]), "sum it up");
        assert_eq!(title_of(&[text("what is "), file.clone(), text(" and why?")]), "what is and why?");
        assert_eq!(title_of(&[file.clone(), text("\n"), file]), "many.txt, many.txt");
        assert_eq!(title_of(&[]), "");
    }

    #[test]
    fn a_title_is_the_first_words_on_one_line() {
        assert_eq!(title_from("  why do\nrivers   meander? "), "why do rivers meander?");
        assert_eq!(title_from(""), "");
        let long = "word ".repeat(40);
        let title = title_from(&long);
        assert!(title.chars().count() <= TITLE_CHARS + 1 && title.ends_with("word…"), "{title}");
        assert_eq!(title_from(&"長".repeat(100)).chars().count(), TITLE_CHARS);
    }
}
