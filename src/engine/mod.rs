//! Local models, run in this process.
//!
//! Here live the reading of model files, tokens, chat templates, the forward pass, sampling, and the one compute
//! scheduler. Never here: where models come from, what a conversation is, or who may ask.
//!
//! ```text
//! gguf ─► inspect, convert          a file: what it says of itself; the form that is run
//!   └──► vocabulary, template       turns ─► prompt ─► token ids ─► text
//!   └──► model ─► kernel            token ids ─► logits, on the threads of an own pool
//!   └──► foreign, llama_cpp         the same for other files, by llama.cpp (feature `llama-cpp`)
//! safetensors ─► encoder            texts ─► vectors
//!              backend              chooses between the two, and is the one face of both
//!              grammar              a JSON schema ─► the tokens that may come next
//!              sampler, stop        logits ─► token; text ─► what may be shown
//! scheduler ─► session              one compute thread; conversations take turns
//!   └──► turns                      whose turn it is: interactive calls first
//!   └──► loading ─► loaded          a thread for a model on its way; those in memory
//! ```

mod backend;
mod convert;
mod encoder;
mod foreign;
mod gguf;
mod grammar;
mod inspect;
#[cfg(feature = "llama-cpp")]
mod llama_cpp;
mod loaded;
mod loading;
mod model;
mod sampler;
mod scheduler;
mod session;
mod stop;
mod template;
mod trial;
mod turns;
mod vocabulary;

pub use convert::{Converted, convert};
pub use encoder::{Tokeniser, WINDOW};
pub use inspect::{ModelFacts, Prompt, backend, inspect, prompt, standing, tokenise};
pub use scheduler::{Engine, Options};
pub use trial::{Trial, try_out};
