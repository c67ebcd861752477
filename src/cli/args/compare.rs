//! The arguments of comparing models.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::Said;

/// `outcrop compare`
#[derive(Debug, Args)]
pub struct Compare {
    /// A model, 2 to 8 times; what is its own stands behind it: "local/smollm2-135m temperature=1 preset=brief"
    ///
    /// `system=FILE` is a system prompt of its own. The values hold no blanks: such a file, and a preset of the configuration, may.
    #[arg(short, long, value_name = "MODEL", required = true)]
    pub model: Vec<String>,
    /// The system prompt of every column that has none of its own
    #[arg(short, long, value_name = "TEXT")]
    pub system: Option<String>,
    /// An inference setting of every column, like temperature=0.2; may be repeated
    #[arg(long, value_name = "NAME=VALUE")]
    pub set: Vec<String>,
    /// Ask each model so many times
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub repeat: u32,
    /// A table of values for the {{variables}} of the prompt, each row asked by itself: CSV, TSV, or a JSON object a line
    #[arg(long, value_name = "FILE")]
    pub vars: Option<PathBuf>,
    /// What it is about: leaderboards are made by category too
    #[arg(long, value_name = "NAME")]
    pub category: Option<String>,
    /// Print answers byte for byte, also what could drive a terminal
    #[arg(long)]
    pub raw: bool,
    #[command(flatten)]
    pub said: Said,
}

/// `outcrop comparisons …`
#[derive(Debug, Subcommand)]
pub enum Comparisons {
    /// Newest first: id, time, columns, what was asked
    List {
        /// How many at most; 0 for all
        #[arg(short = 'n', long, value_name = "COUNT", default_value_t = 20)]
        limit: usize,
    },
    /// Every answer with its figures
    Show {
        /// The first or last digits of its id, as `comparisons list` shows them
        id: String,
        /// Show who answers, also where it is blind and nobody has chosen: what you choose then is kept as not blind
        #[arg(long)]
        reveal: bool,
        /// Print answers byte for byte, also what could drive a terminal
        #[arg(long)]
        raw: bool,
    },
    /// Choose the best of the last answers: a column's letter, tie or bad
    Choose {
        /// The first or last digits of its id
        id: String,
        /// A, B …, tie, or bad for both or all; undo takes back what you chose there last
        choice: String,
        /// The page, where there are several, from 1
        #[arg(long, value_name = "NUMBER", default_value_t = 1)]
        page: u32,
    },
    /// Ask again for the last answers that failed or were broken off
    Retry(RetryComparison),
    /// Say what a comparison is about; what was chosen in it counts for that category too
    Categorise {
        /// The first or last digits of its id
        id: String,
        /// The category; none takes it away
        category: Option<String>,
    },
    /// Who was chosen over whom
    #[command(alias = "board")]
    Leaderboard {
        /// Only of comparisons of this category
        #[arg(long, value_name = "NAME")]
        category: Option<String>,
    },
    /// Take battles from other leaderboards onto this one (FastChat's JSONL)
    Import {
        /// The file; - for the standard input
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// Take the good lines where others are bad
        #[arg(long)]
        skip_bad: bool,
        /// Take the battles of the file off the leaderboard again
        #[arg(long)]
        remove: bool,
    },
    /// Write a comparison out, or what was chosen in all of them
    Export(ExportComparison),
    /// Delete comparisons with their answers; what was chosen stays on the leaderboard
    Remove {
        /// The first or last digits of their ids
        #[arg(required = true)]
        ids: Vec<String>,
        /// Take what was chosen off the leaderboard too
        #[arg(long)]
        choices: bool,
        /// Do not ask first
        #[arg(short, long)]
        yes: bool,
    },
}

/// `outcrop comparisons retry`
#[derive(Debug, Args)]
pub struct RetryComparison {
    /// The first or last digits of its id
    pub id: String,
    /// Only in the column of this letter: A, B …
    pub column: Option<String>,
    /// Only on this page, from 1; on all where none is named
    #[arg(long, value_name = "NUMBER")]
    pub page: Option<u32>,
    /// Print answers byte for byte, also what could drive a terminal
    #[arg(long)]
    pub raw: bool,
}

/// The forms in which comparisons are written out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ComparisonForm {
    /// Every answer with its figures, for people
    #[value(alias = "md")]
    Markdown,
    /// An object a line, as `show --json` prints them
    Json,
    /// The choices, a battle of two a line, as FastChat and Chatbot Arena have them
    Battles,
}

/// `outcrop comparisons export`
#[derive(Debug, Args)]
pub struct ExportComparison {
    /// The first or last digits of its id; with battles all comparisons where none is named
    pub id: Option<String>,
    /// Write who answers, also where it is blind and nobody has chosen: what you choose then is kept as not blind
    #[arg(long)]
    pub reveal: bool,
    /// The form
    #[arg(long, value_enum, default_value_t = ComparisonForm::Markdown)]
    pub form: ComparisonForm,
    /// A new file; the standard output where none is named
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Write over a file that is there
    #[arg(long, requires = "output")]
    pub force: bool,
    /// Print Markdown byte for byte, also what could drive a terminal; files always are
    #[arg(long, conflicts_with = "output")]
    pub raw: bool,
}
