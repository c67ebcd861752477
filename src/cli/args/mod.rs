//! What can be said on the command line.

mod agents;
mod compare;
mod datasets;
mod evaluations;
mod knowledge;
mod models;
mod pictures;
mod prompts;
mod slips;
mod traces;
mod usage;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use crate::config::Flags;

pub use agents::{AgentForm, AgentMemory, Agents, EditAgent, MissingCall, ReplayAgent, RunAgent};
pub use compare::{Compare, ComparisonForm, Comparisons, ExportComparison, RetryComparison};
pub use datasets::{AddItem, Datasets, ExportDataset, ImportDataset, ItemForm};
pub use evaluations::{
    AdjudicateEvaluation, CreateEvaluation, Evaluations, ExportEvaluation, ExportForm, HandOut,
    ImportEvaluation, ImportForm, RateEvaluation, ReportEvaluation, ReportedAs,
};
pub use knowledge::{
    AddSource, AskBase, ChangeSource, CreateBase, Cutting, EvaluateBase, Knowledge, Looking, PreviewFile,
    Reaching, RebuildBase, SearchBase, SearchMode,
};
pub use models::Models;
pub use pictures::{Make, Pictures};
pub use prompts::{Prompts, RunPrompt, SavePrompt};
pub use traces::{ReplayTrace, TraceForm, Traces};
pub use usage::{By, Usage, UsageFormat, UsageVerb};

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
#[command(next_help_heading = "With every command")]
pub struct Global {
    /// Print for programs: one JSON object a line, its kind in "reply"; a file that is not sent to -o is in its "text"
    #[arg(long, global = true)]
    pub json: bool,
    /// Connect to nothing but this machine
    #[arg(long, global = true)]
    pub offline: bool,
    /// Set a configuration key for this run, like log=debug
    #[arg(short = 'c', long = "config", global = true, value_name = "KEY=VALUE")]
    pub config: Vec<String>,
    /// The file whose first line is the passphrase, where one opens the workspace or the cassette that is shown
    #[arg(long, global = true, value_name = "FILE")]
    pub passphrase_file: Option<PathBuf>,
}

/// The nouns.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Ask a model and print its answer as it comes
    Chat(Chat),
    /// Models: list, fetch, add a file of yours, remove
    #[command(alias = "model")]
    Models {
        #[command(subcommand)]
        verb: Models,
    },
    /// Conversations: list, read, search, rename, export, import, remove
    #[command(alias = "conversation")]
    Conversations {
        #[command(subcommand)]
        verb: Conversations,
    },
    /// Pictures that models make: make, list, save, remove
    #[command(alias = "picture", alias = "images", alias = "image")]
    Pictures {
        #[command(subcommand)]
        verb: Pictures,
    },
    /// Ask several models the same, and put their answers side by side
    Compare(Compare),
    /// Comparisons: list, show, export, choose the best answer, see who was chosen over whom
    #[command(alias = "comparison")]
    Comparisons {
        #[command(subcommand)]
        verb: Comparisons,
    },
    /// Datasets of questions: import, list, read, export, gather from what was asked, rename, remove
    #[command(alias = "dataset")]
    Datasets {
        #[command(subcommand)]
        verb: Datasets,
    },
    /// Evaluation by people: make, ask models, rate, look how far it is
    #[command(alias = "evaluation", alias = "evaluations")]
    Eval {
        #[command(subcommand)]
        verb: Evaluations,
    },
    /// Knowledge bases: fill them from documents, search them, have a model answer from them
    #[command(alias = "knowledge")]
    Kb {
        #[command(subcommand)]
        verb: Knowledge,
    },
    /// Agents: models that call tools until a task is done; make them, run them, see what they did
    #[command(alias = "agents")]
    Agent {
        #[command(subcommand)]
        verb: Agents,
    },
    /// Prompts: texts with variables, kept in numbered versions; save, compare, run
    #[command(alias = "prompt")]
    Prompts {
        #[command(subcommand)]
        verb: Prompts,
    },
    /// Recorded answers: show what a cassette holds, make a copy to give away
    #[command(alias = "cassette")]
    Cassettes {
        #[command(subcommand)]
        verb: Cassettes,
    },
    /// Keys of providers that are kept for you: list, set, remove
    #[command(alias = "key")]
    Keys {
        #[command(subcommand)]
        verb: Keys,
    },
    /// Traces, step by step what was done here and in other programs: list, look, take in, compare, hand on
    #[command(alias = "trace")]
    Traces {
        #[command(subcommand)]
        verb: Traces,
    },
    /// What calls of models came to: how many, how long they took, what they cost
    Usage(Usage),
    /// The workspace, where conversations are kept: its state, backups, its key
    Workspace {
        #[command(subcommand)]
        verb: Workspace,
    },
    /// Configuration: what is in force and why, the file, its keys
    Config {
        #[command(subcommand)]
        verb: Config,
    },
    /// Where files live
    Paths,
    /// Check the installation; exits 1 when something is wrong
    Doctor,
    /// Print the completions for a shell, to be put where it looks for them
    Completions {
        /// The shell
        shell: Shell,
    },
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
#[allow(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
#[derive(Debug, Args)]
pub struct Chat {
    #[command(flatten)]
    pub wishes: Wishes,
    /// Go on with the newest conversation
    #[arg(long = "continue", short = 'C', group = "of", conflicts_with = "conversation")]
    pub go_on: bool,
    /// Go on with this conversation: the first or last digits of its id, as `conversations list` shows them
    #[arg(long, value_name = "ID", group = "of")]
    pub conversation: Option<String>,
    /// Answer what was said last again, as another branch
    #[arg(long, group = "again", requires = "of", conflicts_with_all = ["prompt", "file", "tool_result"])]
    pub retry: bool,
    /// Have the last answer go on where it ended
    #[arg(long, group = "again", requires = "of", conflicts_with_all = ["prompt", "file", "tool_result"])]
    pub finish: bool,
    /// Of --retry and --finish: another answer, by the end of its id, from `conversations show --json`
    #[arg(long, value_name = "MESSAGE", requires = "again")]
    pub at: Option<String>,
    /// Say it in the place of this message of yours, as another branch; its id as for --at
    #[arg(long, value_name = "MESSAGE", requires = "of", conflicts_with_all = ["again", "tool_result"])]
    pub instead: Option<String>,
    /// What a tool gives back that the last answer called, by the call's id or the tool's name; may be repeated
    ///
    /// =@FILE takes it from a file; a ! before the text or the @ says that the tool failed, and why.
    #[arg(long, value_name = "ID=TEXT")]
    pub tool_result: Vec<String>,
    /// Print the answer byte for byte, also what could drive a terminal
    #[arg(long)]
    pub raw: bool,
    #[command(flatten)]
    pub said: Said,
}

/// What is asked.
#[derive(Debug, Args)]
pub struct Said {
    /// Put a file before the prompt: a text, a picture, a PDF, Word or Excel file; may be repeated
    #[arg(short, long, value_name = "FILE")]
    pub file: Vec<PathBuf>,
    /// What to ask; - or nothing takes it from the standard input
    ///
    /// What is piped in is added after it, to the pipe's end: in a script that has no input for it, write < /dev/null.
    #[arg(value_name = "PROMPT")]
    pub prompt: Vec<String>,
}

/// `outcrop cassettes …`
#[derive(Debug, Subcommand)]
pub enum Cassettes {
    /// What was asked and answered, a line each
    Show {
        /// The cassette
        file: PathBuf,
        /// Take the passphrase of one that was shared from what is piped in, or ask for it
        #[arg(long)]
        passphrase: bool,
    },
    /// Make a copy that a passphrase opens, wherever it is played
    Share {
        /// The cassette
        file: PathBuf,
        /// The new file
        to: PathBuf,
    },
}

/// `outcrop keys …`
#[derive(Debug, Subcommand)]
pub enum Keys {
    /// Whose key is kept, and where
    List,
    /// Keep a provider's key: typed without an echo, or the first line of what is piped in
    Set {
        /// The name in front of its models, like openrouter
        provider: String,
        /// Where to keep it
        #[arg(long, value_enum, default_value_t = KeepIn::Store)]
        to: KeepIn,
    },
    /// Forget a provider's key
    Remove {
        /// The name in front of its models
        provider: String,
    },
}

/// Where a provider's key is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum KeepIn {
    /// The workspace's store, sealed
    Store,
    /// The operating system's keyring
    Keyring,
}

/// `outcrop conversations …`
#[derive(Debug, Subcommand)]
pub enum Conversations {
    /// Newest first: id, time, model, title
    List {
        /// How many; 0 for all
        #[arg(short = 'n', long, default_value_t = 50)]
        limit: usize,
    },
    /// The branch that is shown, as text
    Show {
        /// The first or last digits of its id, as `list` shows them
        id: String,
        /// Print it byte for byte, also what could drive a terminal
        #[arg(long)]
        raw: bool,
    },
    /// Find a text in titles and messages; exits 1 when there is none
    Search {
        /// The text as it is written there, in small or capital letters; quotes are part of it
        #[arg(value_name = "TEXT")]
        query: String,
        /// How many hits; 0 for all
        #[arg(short = 'n', long, default_value_t = 50)]
        limit: usize,
    },
    /// Give a conversation another title
    Rename {
        /// The first or last digits of its id, as `list` shows them
        id: String,
        /// The title
        title: String,
    },
    /// Write conversations out; all of them where none is named
    Export {
        /// The first or last digits of their ids, as `list` shows them
        id: Vec<String>,
        /// Markdown has the shown branch, the others all branches [default: as the file's name ends, else markdown]
        #[arg(short, long, value_enum)]
        format: Option<Format>,
        /// A new file, or a folder (DIR/ makes it) that gets a file each; the standard output where none is named
        #[arg(short, long, value_name = "PATH")]
        output: Option<PathBuf>,
        /// Write over files that are there
        #[arg(long, requires = "output")]
        force: bool,
        /// With Markdown: write pictures and documents into this folder and link them (in a folder of files that is
        /// attachments/ in it); JSON holds them itself
        #[arg(long, value_name = "DIR")]
        attachments: Option<PathBuf>,
        /// Print Markdown byte for byte, also what could drive a terminal; files always are
        #[arg(long, conflicts_with = "output")]
        raw: bool,
    },
    /// Read conversations that `export` wrote, ChatGPT's conversations.json, or Markdown with a heading a turn
    ///
    /// JSON and JSONL bring everything back; Markdown the branch that was shown, with files and tools as text. Each becomes a new conversation, also when the same file is read again: how many say what one says that is here is told, and --skip-known leaves them out.
    Import {
        /// The file; - is the standard input
        file: PathBuf,
        /// Leave out what is here already, by what is said in it
        #[arg(long)]
        skip_known: bool,
    },
    /// Print the request of an answer or of what you said, as a program to run elsewhere; keys are left out
    Request {
        /// The first or last digits of its id, as `list` shows them
        id: String,
        /// The message: the end of its id, from `show --json`; the last answer where none is named
        #[arg(long, value_name = "MESSAGE")]
        at: Option<String>,
        /// What it is written for
        #[arg(long = "as", value_enum, value_name = "FORM", default_value_t = Written::Curl)]
        written: Written,
    },
    /// Copy the shown branch into a conversation of its own
    Fork {
        /// The first or last digits of its id, as `list` shows them
        id: String,
        /// Up to this message: the end of its id, from `show --json`
        #[arg(long, value_name = "MESSAGE")]
        at: Option<String>,
    },
    /// Delete conversations
    Remove {
        /// The first or last digits of their ids, as `list` shows them
        #[arg(required = true)]
        id: Vec<String>,
        /// Delete without asking
        #[arg(short, long)]
        yes: bool,
    },
}

/// What a request is written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Written {
    /// A line for a shell
    Curl,
    /// Python with Amazon's own library, for models on Bedrock
    Boto3,
    /// Python with the openai library, for servers that speak its API
    OpenaiPython,
}

/// The forms of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people
    #[value(alias = "md")]
    Markdown,
    /// One document: a conversation, or a list of them
    Json,
    /// An object a line: a conversation, then its messages
    Jsonl,
}

impl Format {
    /// The one whose files end as this one does.
    pub fn of(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()? {
            "md" => Some(Self::Markdown),
            "json" => Some(Self::Json),
            "jsonl" => Some(Self::Jsonl),
            _ => None,
        }
    }
}

/// `outcrop workspace …`
#[derive(Debug, Subcommand)]
pub enum Workspace {
    /// Where it is, what it holds, what opens it
    Info,
    /// A verified copy of everything in one file; it opens only with what opens the workspace now, which it names
    Backup {
        /// The new file
        to: PathBuf,
    },
    /// Replace everything by a backup; back up what is there first, for no command brings it back
    Restore {
        /// The backup's file
        from: PathBuf,
        /// Replace without asking
        #[arg(short, long)]
        yes: bool,
    },
    /// Give back the space of what was deleted, and of what a restore or a repair kept
    Compact {
        /// Remove what was kept without asking, also where something is damaged
        #[arg(short, long)]
        yes: bool,
    },
    /// Read and open every record; exits 1 when one is damaged
    Verify,
    /// Change what opens the workspace; backups made before open with the old key only, of which a copy must have been kept
    Rekey {
        /// Also make a new data key and write everything anew; what a restore or a repair kept goes with the old one
        #[arg(long)]
        data: bool,
        /// Remove what was kept without asking
        #[arg(short, long)]
        yes: bool,
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
    /// Open the configuration file in your editor ($VISUAL, $EDITOR), then check it
    Edit,
    /// A file with every key, its meaning and its default
    Default,
    /// Every action of the screen: its name, its keys, where they hold, what it does
    Keys,
    /// Read the configuration, its keys and models too, and say whether it is good
    Check,
    /// The JSON schema of the configuration file
    Schema,
}

impl Arguments {
    /// Reads the process's arguments. `Err` is what clap has to say: help, a version, or a mistake.
    pub fn read(arguments: impl IntoIterator<Item = OsString>) -> Result<Self, clap::Error> {
        let arguments: Vec<OsString> = arguments.into_iter().collect();
        Self::try_parse_from(&arguments).map_err(|error| slips::mended(error, &arguments))
    }

    /// What is to be rated on the screen, and by whom; `None` where something else is wanted, the rating of programs too.
    pub fn rating(&self) -> Option<RateEvaluation> {
        match &self.command {
            Some(Command::Eval { verb: Evaluations::Rate(wanted) }) if !self.global.json => {
                Some(wanted.clone())
            }
            _ => None,
        }
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
        let asked = match &self.command {
            // What is no id is said with what is asked.
            Some(Command::Chat(chat)) => chat.wishes.model.as_ref().filter(|model| model.contains('/')),
            _ => None,
        };
        if let Some(model) = asked.or(self.wishes.model.as_ref()) {
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
    fn every_command_and_every_argument_says_what_it_is() {
        fn walk(command: &clap::Command, path: &str) {
            assert!(command.get_about().is_some(), "{path} has no help");
            for argument in command.get_arguments() {
                assert!(argument.get_help().is_some(), "{path} {} has no help", argument.get_id());
            }
            for inner in command.get_subcommands() {
                walk(inner, &format!("{path} {}", inner.get_name()));
            }
        }
        use clap::CommandFactory;
        walk(&Arguments::command(), "outcrop");
    }

    #[test]
    fn the_definition_of_the_arguments_is_sound() {
        use clap::CommandFactory;
        Arguments::command().debug_assert();
    }
}
