//! What agents are made of outside of this program: `OpenAPI` documents, the events of Bedrock's action groups, Bedrock's
//! definitions, the blocks that name MCP servers. Pure: whoever calls anything is elsewhere.

pub mod bedrock;
pub mod event;
pub mod file;
pub mod mcp;
mod messages;
pub mod openapi;
mod place;
