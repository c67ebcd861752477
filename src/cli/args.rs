//! What can be said on the command line.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use crate::config::Flags;

/// A terminal playground for foundation models.
///
/// Without a command it opens where you left off; with -m, -s, --set or --preset it opens a new conversation so made.
#[derive(Debug, Parser)]
#[command(name = "outcrop", version, max_term_width = 100, args_conflicts_with_subcommands = false)]
pub struct Arguments {
    #[command(flatten)]
    pub wishes: Wishes,
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// Flags of every command.
#[derive(Debug, Args)]
pub struct Global {
    /// One JSON object a line, for programs
    #[arg(long, global = true)]
    pub json: bool,
    /// Connect to nothing but this machine
    #[arg(long, global = true)]
    pub offline: bool,
    /// Set a configuration key for this run, like ui.theme=dark
    #[arg(short = 'c', long = "config", global = true, value_name = "KEY=VALUE")]
    pub config: Vec<String>,
    /// Take the workspace's passphrase from the first line of a file
    #[arg(long, global = true, value_name = "FILE")]
    pub passphrase_file: Option<PathBuf>,
}

/// The nouns.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Ask a model and print its answer as it comes
    Chat(Chat),
    /// Models: what there is, fetch one, take a file
    #[command(alias = "model")]
    Models {
        #[command(subcommand)]
        verb: Models,
    },
    /// Conversations: list, read, search, move in and out
    #[command(alias = "conversation")]
    Conversations {
        #[command(subcommand)]
        verb: Conversations,
    },
    /// The workspace: its state, backups, its key
    Workspace {
        #[command(subcommand)]
        verb: Workspace,
    },
    /// Configuration: what is in force and why
    Config {
        #[command(subcommand)]
        verb: Config,
    },
    /// Where files live
    Paths,
    /// Check the installation; exits 1 when something is wrong
    Doctor,
    /// Print the completions for a shell
    Completions { shell: Shell },
}

/// What a conversation is held with.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
pub struct Wishes {
    /// The model, like local/smollm2-135m
    #[arg(short, long, value_name = "MODEL")]
    pub model: Option<String>,
    /// The system prompt
    #[arg(short, long, value_name = "TEXT")]
    pub system: Option<String>,
    /// An inference setting, like temperature=0.2; may be repeated
    #[arg(long, value_name = "NAME=VALUE")]
    pub set: Vec<String>,
    /// A preset of the configuration file
    #[arg(short, long, value_name = "NAME")]
    pub preset: Option<String>,
}

/// `outcrop chat`
#[derive(Debug, Args)]
pub struct Chat {
    #[command(flatten)]
    pub wishes: Wishes,
    /// Go on with the newest conversation
    #[arg(long = "continue", short = 'C', conflicts_with = "conversation")]
    pub go_on: bool,
    /// Go on with this conversation: its id, or the end of it
    #[arg(long, value_name = "ID")]
    pub conversation: Option<String>,
    /// Put a text file before the prompt; may be repeated
    #[arg(short, long, value_name = "FILE")]
    pub file: Vec<PathBuf>,
    /// What to ask; - or nothing reads it from the standard input, and piped input is added to it
    #[arg(value_name = "PROMPT")]
    pub prompt: Vec<String>,
}

/// `outcrop models …`
#[derive(Debug, Subcommand)]
pub enum Models {
    /// Every model that is configured or can be fetched
    List {
        /// Also ask the configured servers what they have
        #[arg(long)]
        probe: bool,
    },
    /// One model
    Show { model: String },
    /// Fetch a local model; shows what will happen and asks first
    Pull {
        /// The model; the default one where none is named
        model: Option<String>,
        /// Do not ask
        #[arg(short, long)]
        yes: bool,
    },
    /// Take a GGUF file of this machine
    Add {
        file: PathBuf,
        /// Its name after local/; the file's where none is given
        #[arg(long)]
        name: Option<String>,
    },
    /// Delete a local model's files
    Remove {
        model: String,
        /// Do not ask
        #[arg(short, long)]
        yes: bool,
    },
}

/// `outcrop conversations …`
#[derive(Debug, Subcommand)]
pub enum Conversations {
    /// Newest first
    List {
        /// How many
        #[arg(short = 'n', long, default_value_t = 50)]
        limit: usize,
    },
    /// The branch that is shown, as text
    Show { id: String },
    /// Find words in titles and messages
    Search {
        query: String,
        /// How many hits
        #[arg(short = 'n', long, default_value_t = 50)]
        limit: usize,
    },
    /// Write conversations out; all of them where none is named
    Export {
        id: Vec<String>,
        /// Markdown has the shown branch, the others all branches
        #[arg(short, long, value_enum, default_value_t = Format::Markdown)]
        format: Format,
        /// A new file, or a folder that gets a file each; the standard output where none is named
        #[arg(short, long, value_name = "PATH")]
        output: Option<PathBuf>,
    },
    /// Read exported conversations, or `ChatGPT`'s conversations.json
    Import {
        /// The file; - is the standard input
        file: PathBuf,
    },
    /// Copy the shown branch into a conversation of its own
    Fork {
        id: String,
        /// Up to this message: its id, or the end of it
        #[arg(long, value_name = "MESSAGE")]
        at: Option<String>,
    },
    /// Delete conversations
    Remove {
        #[arg(required = true)]
        id: Vec<String>,
        /// Do not ask
        #[arg(short, long)]
        yes: bool,
    },
}

/// The forms of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    #[value(alias = "md")]
    Markdown,
    Json,
    Jsonl,
}

/// `outcrop workspace …`
#[derive(Debug, Subcommand)]
pub enum Workspace {
    /// Where it is, what it holds, what opens it
    Info,
    /// A verified copy of everything, sealed as it is
    Backup {
        /// The new file
        to: PathBuf,
    },
    /// Replace everything by a backup; what was there is kept beside it
    Restore {
        from: PathBuf,
        /// Do not ask
        #[arg(short, long)]
        yes: bool,
    },
    /// Give back the space of what was deleted
    Compact,
    /// Read and open every record; exits 1 when one is damaged
    Verify,
    /// Change what opens the workspace
    Rekey {
        /// Also make a new data key and write everything anew
        #[arg(long)]
        data: bool,
        /// What shall open it
        #[arg(long, value_enum)]
        to: KeyKind,
        /// Take the new passphrase from the first line of a file
        #[arg(long, value_name = "FILE")]
        new_passphrase_file: Option<PathBuf>,
    },
}

/// What can open a workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum KeyKind {
    /// A file beside the store
    File,
    /// The operating system's keyring
    Keyring,
    /// A passphrase
    Passphrase,
}

/// `outcrop config …`
#[derive(Debug, Clone, Copy, Subcommand)]
pub enum Config {
    /// Every value and where it came from
    Show,
    /// The configuration file's path
    Path,
    /// A file with every key, its meaning and its default
    Default,
    /// Read the configuration and say whether it is good
    Check,
    /// The JSON schema of the configuration file
    Schema,
}

impl Arguments {
    /// Reads the process's arguments. `Err` is what clap has to say: help, a version, or a mistake.
    pub fn read(arguments: impl IntoIterator<Item = OsString>) -> Result<Self, clap::Error> {
        Self::try_parse_from(arguments)
    }

    /// What of them configures.
    pub fn flags(&self) -> Flags {
        let mut flags = Flags::default();
        for set in &self.global.config {
            let (key, value) = set.split_once('=').unwrap_or((set, ""));
            flags.set(key, value, "-c");
        }
        if self.global.offline {
            flags.set("net.offline", "true", "--offline");
        }
        if let Some(model) = &self.wishes.model {
            flags.set("model", model, "--model");
        }
        if let Some(file) = &self.global.passphrase_file {
            flags.passphrase_file(file.clone());
        }
        flags
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_of_the_arguments_is_sound() {
        use clap::CommandFactory;
        Arguments::command().debug_assert();
    }
}
