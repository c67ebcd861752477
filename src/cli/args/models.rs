//! The arguments of what is done with models as things.

use std::path::PathBuf;

use clap::Subcommand;

/// `outcrop models …`
#[derive(Debug, Subcommand)]
pub enum Models {
    /// Every model that is on this machine or can be fetched
    List {
        /// Ask the configured servers what they have now; without it, what they said last is shown
        #[arg(long)]
        probe: bool,
        /// Show too what cannot be asked: models of vendors for whom there is no key, and those that are retired
        #[arg(long)]
        all: bool,
    },
    /// What is known of one model
    Show {
        /// Its id, like local/smollm2-135m
        model: String,
    },
    /// Fetch a local model; shows what will happen and asks first
    Pull {
        /// Its id, like local/smollm2-135m; that of new conversations where none is named
        model: Option<String>,
        /// Fetch it without asking
        #[arg(short, long)]
        yes: bool,
        /// Fetch it again, also where it is here already
        #[arg(long)]
        force: bool,
    },
    /// Make a model of a GGUF file; the file stays as it is
    Add {
        /// The GGUF file
        file: PathBuf,
        /// Its name after local/; the file's where none is given
        #[arg(long)]
        name: Option<String>,
    },
    /// Make one vector a text with a model that does so
    Embed {
        /// Its id, like openai/text-embedding-3-small; that of new conversations where none is named
        #[arg(short, long)]
        model: Option<String>,
        /// The texts, each an argument of its own; - or none takes one a line from the standard input
        #[arg(value_name = "TEXT")]
        text: Vec<String>,
    },
    /// Put texts in order by how well they answer a question, with a model that does so; the best first, with its score
    Rerank {
        /// Its id, like bedrock/cohere.rerank-v3-5:0
        #[arg(short, long)]
        model: String,
        /// What the texts are to answer
        question: String,
        /// The texts, each an argument of its own; - or none takes one a line from the standard input
        #[arg(value_name = "TEXT")]
        text: Vec<String>,
    },
    /// Delete a local model's files
    Remove {
        /// Its id, like local/smollm2-135m
        model: String,
        /// Delete without asking
        #[arg(short, long)]
        yes: bool,
    },
}
