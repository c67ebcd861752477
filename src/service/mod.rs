//! What the program can do, one file or folder a service.
//!
//! Services speak in `domain` values and know no face and no door. `invoke` is the only caller of a provider; `chat`
//! makes turns of conversations with it; `conversations` keeps them as things. `prompts` keeps texts that are asked alone,
//! `comparisons` what is asked of several models at once,
//! `agent` keeps agents and runs them, `mcp` has tools of others called, `datasets` what models are evaluated with,
//! `evaluations` what people say of answers, `unblinding` who of them saw elsewhere whose these are; `trace` shows step by
//! step what was done.

pub mod agent;
pub mod archive;
pub mod attachments;
pub mod blocking;
pub mod cassettes;
pub mod changes;
pub mod chat;
pub mod comparisons;
pub mod completion;
pub mod conversations;
pub mod datasets;
pub mod doctor;
pub mod evaluations;
pub mod fresh;
pub mod invoke;
pub mod key_commands;
pub mod keys;
pub mod knowledge;
pub mod mcp;
pub mod models;
mod naming;
mod paging;
pub mod pictures;
pub mod prompts;
pub mod recorder;
pub mod replay;
pub mod retention;
mod space;
pub mod trace;
pub mod turns;
pub mod unblinding;
pub mod usage;
pub mod workspace;
