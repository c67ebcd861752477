//! What can be asked, one small enum a service.

pub mod chat;
pub mod conversations;
pub mod models;
pub mod workspace;

use serde::{Deserialize, Serialize};

pub use crate::domain::change::Topic;

/// Everything that can be asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "service", rename_all = "snake_case")]
pub enum Request {
    Chat(chat::Chat),
    Conversations(conversations::Conversations),
    Models(models::Models),
    Workspace(workspace::Workspace),
    /// Numbered changes of a topic, from now on, until the replies are dropped.
    Watch {
        topic: Topic,
    },
}
