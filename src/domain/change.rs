//! What can be watched, and what is said when it changes.

use serde::{Deserialize, Serialize};

use super::comparison::Comparison;
use super::conversation::Conversation;
use super::evaluation::Dataset;
use super::evaluation::job::Evaluation;
use super::id::{BaseId, ComparisonId, ConversationId, DatasetId, EvaluationId, MakingId, MessageId};
use super::knowledge::base::Base;
use super::knowledge::tending::Tended;
use super::message::Message;
use super::picture::Making;
use super::trace::{Run, TraceId};

/// What can be watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "topic", content = "id", rename_all = "snake_case")]
pub enum Topic {
    /// Heads of conversations: made, changed, removed.
    Conversations,
    /// Messages of one conversation.
    Conversation(ConversationId),
    /// The list of models, and what is said of the configuration behind it.
    Models,
    /// What calls came to.
    Usage,
    /// Makings of pictures: begun, grown, ended, removed.
    Pictures,
    /// The library of prompts, and their runs.
    Prompts,
    /// Agents and their runs: made, changed, gone on, removed.
    Agents,
    /// Comparisons: made, changed, chosen in, removed.
    Comparisons,
    /// Evaluations: made, changed, grown by an answer or a rater, removed.
    Evaluations,
    /// Datasets: made, grown, renamed, removed.
    Datasets,
    /// Knowledge bases: made, changed, synced a step further, removed.
    Knowledge,
    /// Traces from elsewhere: come, grown, removed. Of this program's own, that there are more (`Changed::Usage`).
    Traces,
    /// What schedules and changed files ask for, of one base or of all. As long as somebody watches it, it is also done.
    Tending(Option<BaseId>),
}

/// What changed in a watched topic.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "changed", rename_all = "snake_case")]
pub enum Changed {
    Conversation {
        head: Conversation,
    },
    ConversationRemoved {
        id: ConversationId,
    },
    /// A message was made, its answer came to an end, or its agent went on.
    Message {
        message: Message,
    },
    /// A streaming answer grew; `blocks` is all of it. Sent a few times a second at most.
    Growing {
        conversation: ConversationId,
        message: MessageId,
        blocks: Vec<super::message::Block>,
    },
    Models,
    /// Calls ended and were counted, or a step that holds such calls began or ended.
    Usage,
    /// Pictures are asked for, have come, or will come no more.
    Making {
        making: Making,
    },
    MakingRemoved {
        id: MakingId,
    },
    /// Prompts were made, saved, renamed or removed, or one of their runs went on as a conversation.
    Prompts,
    /// Agents were made, changed or removed, or a run of one came to an end.
    Agents,
    /// A comparison was made, or something in it changed.
    Comparison {
        comparison: Comparison,
    },
    ComparisonRemoved {
        id: ComparisonId,
    },
    /// An evaluation was made, or something in it changed.
    Evaluation {
        evaluation: Evaluation,
    },
    EvaluationRemoved {
        id: EvaluationId,
    },
    /// A dataset was made, or something of it changed.
    Dataset {
        dataset: Dataset,
    },
    DatasetRemoved {
        id: DatasetId,
    },
    /// A knowledge base was made, or something of it changed.
    Base {
        base: Base,
    },
    BaseRemoved {
        id: BaseId,
    },
    /// Something about a source that is tended.
    Tended {
        tended: Tended,
    },
    /// A trace came, or has grown.
    Trace {
        run: Run,
    },
    TraceRemoved {
        id: TraceId,
    },
    /// Somebody scored a trace or noted something on it, or took that away.
    TraceNoted {
        id: TraceId,
    },
    /// Something that everybody at a screen should read.
    Notice {
        text: String,
    },
    /// The watcher was too slow and changes were lost: read the topic again.
    Missed,
}

impl Changed {
    /// Whether a watcher of `topic` is told.
    pub fn concerns(&self, topic: Topic) -> bool {
        match (self, topic) {
            (Self::Conversation { head }, Topic::Conversations) => head.is_listed(),
            (Self::Conversation { head }, Topic::Prompts) => head.run.is_some(),
            (Self::ConversationRemoved { .. }, Topic::Conversations)
            | (Self::Prompts, Topic::Prompts)
            | (Self::Agents, Topic::Agents)
            | (Self::Models | Self::Notice { .. }, Topic::Models)
            | (Self::Usage, Topic::Usage)
            | (Self::Making { .. } | Self::MakingRemoved { .. }, Topic::Pictures)
            | (Self::Comparison { .. } | Self::ComparisonRemoved { .. }, Topic::Comparisons)
            | (Self::Evaluation { .. } | Self::EvaluationRemoved { .. }, Topic::Evaluations)
            | (Self::Dataset { .. } | Self::DatasetRemoved { .. }, Topic::Datasets)
            | (Self::Base { .. } | Self::BaseRemoved { .. }, Topic::Knowledge)
            | (
                Self::Trace { .. } | Self::TraceRemoved { .. } | Self::TraceNoted { .. } | Self::Usage,
                Topic::Traces,
            )
            | (Self::Missed, _) => true,
            (Self::Conversation { head }, Topic::Conversation(id)) => head.id == id,
            (Self::ConversationRemoved { id: gone }, Topic::Conversation(id)) => *gone == id,
            (Self::Message { message }, Topic::Conversation(id)) => message.conversation == id,
            (Self::Growing { conversation, .. }, Topic::Conversation(id)) => *conversation == id,
            (Self::Tended { tended }, Topic::Tending(base)) => base.is_none_or(|base| base == tended.base),
            _ => false,
        }
    }
}
