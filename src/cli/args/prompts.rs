//! The arguments of prompts.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::Wishes;

/// `outcrop prompts …`
#[derive(Debug, Subcommand)]
pub enum Prompts {
    /// The last changed first: time, newest version, name
    List,
    /// A version's text and what it is sent with; with --json all of the prompt, as `import` reads it
    Show {
        /// Its name
        name: String,
        /// The version; the newest where none is named
        #[arg(long, value_name = "NUMBER")]
        version: Option<u32>,
        /// What is being written of the next version
        #[arg(long, conflicts_with = "version")]
        draft: bool,
        /// Print it byte for byte, also what could drive a terminal
        #[arg(long)]
        raw: bool,
    },
    /// Keep a text under a name: a new prompt, or the next version of the one that has it
    Save(SavePrompt),
    /// The versions of a prompt: number, time, model, note
    Versions {
        /// Its name
        name: String,
    },
    /// What became of the text from one version to another
    Diff {
        /// Its name
        name: String,
        /// The older version; the one before the newer where none is named
        from: Option<u32>,
        /// The newer version; the newest where none is named
        to: Option<u32>,
    },
    /// Ask a model with a prompt and print its answer as it comes
    Run(RunPrompt),
    /// Give a prompt another name
    Rename {
        /// Its name
        name: String,
        /// The new name
        to: String,
    },
    /// Read prompts that `show --json` printed; each becomes a new prompt
    Import {
        /// The file; - is the standard input
        file: PathBuf,
    },
    /// Delete prompts with their versions and runs
    Remove {
        /// Their names
        #[arg(required = true)]
        name: Vec<String>,
        /// Delete without asking
        #[arg(short, long)]
        yes: bool,
    },
}

/// `outcrop prompts save`
#[derive(Debug, Args)]
pub struct SavePrompt {
    /// Its name
    pub name: String,
    /// The text, {{name}} being a variable; - or nothing takes it from the standard input
    #[arg(value_name = "TEXT", conflicts_with = "file")]
    pub text: Vec<String>,
    /// Take the text from a file
    #[arg(short, long, value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// Why there is a new version
    #[arg(short, long, value_name = "TEXT")]
    pub note: Option<String>,
    #[command(flatten)]
    pub wishes: Wishes,
}

/// `outcrop prompts run`
#[derive(Debug, Args)]
pub struct RunPrompt {
    /// Its name
    pub name: String,
    /// The version; the newest where none is named
    #[arg(long, value_name = "NUMBER")]
    pub version: Option<u32>,
    /// What is being written of the next version
    #[arg(long, conflicts_with = "version")]
    pub draft: bool,
    /// The value of a variable, like city=Basel; may be repeated
    #[arg(long, value_name = "NAME=VALUE")]
    pub var: Vec<String>,
    /// The value of a variable out of a file, like letter=letter.txt; may be repeated
    #[arg(long, value_name = "NAME=FILE")]
    pub var_file: Vec<String>,
    /// Take the test values that the screen keeps, where none is given
    #[arg(long)]
    pub test: bool,
    /// Print the answer byte for byte, also what could drive a terminal
    #[arg(long)]
    pub raw: bool,
    #[command(flatten)]
    pub wishes: Wishes,
}
