//! The arguments of making and keeping pictures.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::Written;

/// `outcrop pictures …`
#[derive(Debug, Subcommand)]
pub enum Pictures {
    /// Ask a model for pictures; they are kept in the workspace, and written to files where -o says so
    Make(Make),
    /// Newest first: id, time, model, what came, the prompt
    List {
        /// How many; 0 for all
        #[arg(short = 'n', long, default_value_t = 50)]
        limit: usize,
    },
    /// Print the request that makes them, as a program to run elsewhere; keys are left out
    Request {
        /// The first or last digits of their id, as `list` shows them
        id: String,
        /// What it is written for
        #[arg(long = "as", value_enum, value_name = "FORM", default_value_t = Written::Curl)]
        written: Written,
    },
    /// Write kept pictures to files
    Save {
        /// The first or last digits of their id, as `list` shows them; with :2 the second of them alone
        id: String,
        /// A new file, or a folder (DIR/ makes it); this folder where none is named
        #[arg(short, long, value_name = "PATH")]
        output: Option<PathBuf>,
        /// Write over files that are there
        #[arg(long)]
        force: bool,
    },
    /// Delete pictures
    Remove {
        /// The first or last digits of their ids, as `list` shows them
        #[arg(required = true)]
        id: Vec<String>,
        /// Delete without asking
        #[arg(short, long)]
        yes: bool,
    },
}

/// `outcrop pictures make`
#[derive(Debug, Args)]
pub struct Make {
    /// The model, like openai/gpt-image-1
    #[arg(short, long, value_name = "MODEL")]
    pub model: String,
    /// What must not be seen
    #[arg(long, value_name = "TEXT")]
    pub negative: Option<String>,
    /// Width and height in pixels, like 1024x768; the model's own where none is named
    #[arg(long, value_name = "WxH")]
    pub size: Option<String>,
    /// The same seed makes the same pictures
    #[arg(long)]
    pub seed: Option<u64>,
    /// How many
    #[arg(short = 'n', long, default_value_t = 1, value_name = "NUMBER")]
    pub count: u32,
    /// Vary the picture of this file
    #[arg(long, value_name = "FILE")]
    pub from: Option<PathBuf>,
    /// Vary a kept picture: the first or last digits of its id, as `list` shows them; with :2 the second of them
    #[arg(long, value_name = "ID", conflicts_with = "from")]
    pub vary: Option<String>,
    /// Also write them to a new file, or into a folder (DIR/ makes it)
    #[arg(short, long, value_name = "PATH")]
    pub output: Option<PathBuf>,
    /// Write over files that are there
    #[arg(long, requires = "output")]
    pub force: bool,
    /// What is to be seen
    #[arg(value_name = "PROMPT")]
    pub prompt: Vec<String>,
}
