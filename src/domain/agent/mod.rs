//! Agents: what they are told, what they may do, and how far they may go.
//!
//! Here live the nouns and their rules. Never here: the JSON of Bedrock's definitions, of `OpenAPI` and of MCP (`wire`), and
//! whoever runs anything (`service`, `worker`).

pub mod acting;
pub mod action;
pub mod built_in;
pub mod calculator;
pub mod definition;
pub mod function;
pub mod group;
pub mod limits;
pub mod memory;
pub mod operation;
pub mod pin;
pub mod repeat;
pub mod replay;
pub mod run;
pub mod said;
pub mod step;
pub mod template;
pub mod told;
pub mod turn;
pub mod variable;
pub mod written_out;

pub use acting::{Acting, Chosen};
pub use definition::{Agent, Book, Brief, Definition, UsedBase, Version};
pub use function::{Function, Parameter, ParameterKind};
pub use group::{BuiltIn, Executor, Group, Program, Server};
pub use limits::{Limit, Limits, Spent};
pub use memory::{Memory, Remembered};
pub use pin::{Pinned, Pins};
pub use replay::{Missing, Refused, Replayed};
pub use run::{AgentEvent, GaveUp, Run, Wanted};
pub use step::{Step, StepPrompt, Steps};
