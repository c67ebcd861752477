//! The arguments of datasets.

use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand, ValueEnum};

/// `outcrop datasets …`
#[derive(Debug, Subcommand)]
pub enum Datasets {
    /// Read a file as a new dataset: an object a line with prompt, referenceResponse, category, modelResponses; or CSV
    ///
    /// All of it is taken, or nothing: every bad line is named. A line of JSONL, of which `prompt` alone must be there:
    ///
    /// `{"prompt": "Who wrote Emma?", "referenceResponse": "Jane Austen", "category": "books", "modelResponses": [{"response":
    /// "Jane Austen did.", "modelIdentifier": "my-model"}]}`
    ///
    /// `precedingTurns` holds what was said before the prompt, as `[{"role": "user", "text": "…"}]` with the roles user, assistant
    /// and system; `conversation` names the conversation that it is of. A table has the columns prompt, referenceResponse,
    /// category, precedingTurns, conversation, and one `response:MODEL` for each model's answers. Other fields are ignored.
    Import(ImportDataset),
    /// By name: id, last change, items, name; then those that came with the program
    List,
    /// A dataset and its first items
    Show {
        /// Its name, or the first or last digits of its id
        name: String,
        /// How many items; 0 for all
        #[arg(short = 'n', long, value_name = "COUNT", default_value_t = 5)]
        limit: u32,
        /// Print texts byte for byte, also what could drive a terminal
        #[arg(long)]
        raw: bool,
    },
    /// Write all items out, as `import` reads them
    Export(ExportDataset),
    /// Add an item of what was asked: an answer of a conversation, or a turn of a comparison
    Add(AddItem),
    /// Give a dataset another name
    Rename {
        /// Its name, or the first or last digits of its id
        name: String,
        /// The new name
        to: String,
    },
    /// Delete datasets with their items
    Remove {
        /// Their names, or the first or last digits of their ids
        #[arg(required = true)]
        name: Vec<String>,
        /// Delete without asking
        #[arg(short, long)]
        yes: bool,
    },
}

/// The forms of files of items.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ItemForm {
    /// An object a line
    Jsonl,
    /// A table whose first line names its columns
    Csv,
}

/// `outcrop datasets import`
#[derive(Debug, Args)]
pub struct ImportDataset {
    /// The file; - is the standard input
    pub file: PathBuf,
    /// The dataset's name; the file's where none is given
    #[arg(long)]
    pub name: Option<String>,
    /// The file's form; by its name where none is given
    #[arg(long, value_enum)]
    pub form: Option<ItemForm>,
    /// Take the good lines of a file that has bad ones as well
    #[arg(long)]
    pub skip_bad: bool,
    /// What its texts may be used for, to be shown with it
    #[arg(long, value_name = "TEXT")]
    pub licence: Option<String>,
}

/// `outcrop datasets export`
#[derive(Debug, Args)]
pub struct ExportDataset {
    /// Its name, or the first or last digits of its id
    pub name: String,
    /// The form; by the file's name where none is given
    ///
    /// CSV has no empty texts: an empty answer is left out.
    #[arg(long, value_enum)]
    pub form: Option<ItemForm>,
    /// A new file; the standard output where none is named
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Write over a file that is there
    #[arg(long, requires = "output")]
    pub force: bool,
    /// Print CSV byte for byte, also what could drive a terminal; files always are
    #[arg(long, conflicts_with = "output")]
    pub raw: bool,
}

/// `outcrop datasets add`
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("asked").required(true).args(["conversation", "comparison"]))]
pub struct AddItem {
    /// The dataset; one is made where the name is new
    pub name: String,
    /// The conversation of an answer: the first or last digits of its id
    #[arg(long, value_name = "ID")]
    pub conversation: Option<String>,
    /// The answer: the end of its id, from `conversations show --json`; the last one where none is named
    #[arg(long, value_name = "ID", requires = "conversation")]
    pub message: Option<String>,
    /// Take the answer as what a good answer says, instead of as its model's
    #[arg(long, requires = "conversation")]
    pub reference: bool,
    /// The comparison: the first or last digits of its id
    #[arg(long, value_name = "ID")]
    pub comparison: Option<String>,
    /// The page, where there are several, from 1
    #[arg(long, value_name = "NUMBER", default_value_t = 1, requires = "comparison")]
    pub page: u32,
    /// The turn, from 1; the last one where none is named
    #[arg(long, value_name = "NUMBER", requires = "comparison")]
    pub turn: Option<u32>,
    /// Every turn, as an item each
    #[arg(long, conflicts_with_all = ["message", "turn"])]
    pub all_turns: bool,
}
