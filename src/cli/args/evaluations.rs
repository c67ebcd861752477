//! The arguments of evaluation by people.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};

/// `outcrop eval hand-out`
#[derive(Debug, Args)]
pub struct HandOut {
    /// Its name, or the first or last digits of its id
    pub name: String,
    /// Who rates
    #[arg(long, value_name = "NAME")]
    pub rater: String,
    /// So many items at most: the next of their queue that they could rate now; the others stay for whoever sits here
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
    pub items: Option<u32>,
    /// Their whole queue, also what has as many raters as it needs
    #[arg(long, conflicts_with = "items")]
    pub all: bool,
    /// Write it to this file
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Write over the file
    #[arg(long)]
    pub force: bool,
}

/// `outcrop eval …`
#[derive(Debug, Subcommand)]
pub enum Evaluations {
    /// Make one: answers of models, or those that a dataset brings, and what people are asked of them
    Create(CreateEvaluation),
    /// Newest first: id, last change, items, answers, raters, name
    List {
        /// How many at most; 0 for all
        #[arg(short = 'n', long, value_name = "COUNT", default_value_t = 20)]
        limit: usize,
    },
    /// Its task, whose answers are rated, how far they are, who rates
    Show {
        /// Its name, or the first or last digits of its id
        name: String,
        /// Print the rating task as a file, as `create --task` and `change --task` read it
        #[arg(long)]
        task: bool,
    },
    /// Ask for every answer that is missing, the failed ones again; Ctrl+C pauses it; exits 1 when answers failed
    Run {
        /// Its name, or the first or last digits of its id
        name: String,
    },
    /// Stop asking; `run` goes on from there
    Pause {
        /// Its name, or the first or last digits of its id
        name: String,
    },
    /// Change the task; where votes would mean something else, and a rater has sat down already, a new version begins
    Change {
        /// Its name, or the first or last digits of its id
        name: String,
        /// The rating task, TOML or JSON; - is the standard input
        #[arg(long, value_name = "FILE")]
        task: PathBuf,
    },
    /// Rate: on the screen, or for programs with --json; a hand-out is rated without its evaluation
    ///
    /// A hand-out, the file that `hand-out` wrote, needs no workspace and no model: each vote goes into a ratings file as it is
    /// given, and rating it again goes on there. That file goes back to whoever sent the hand-out: `take-in` reads it.
    ///
    /// With --json what lies before the rater is written as a line, and a line is read: `{"values": {METRIC: …}}`, `{"skip":
    /// "unclear"}` (or `"offensive"`, `"not_my_field"`, `"other"`), `{"undo": true}` or `{"to": 3}`; then the next one is
    /// written, until nothing is left or the input ends. Values go by place from the left: thumbs `[true, false]`, points
    /// `[4, 2]`, a preference `2`, a choice `0`, `1`, `"tie"` or `"both_bad"`, ranks `[1, 2]`; words of the metric's own are taken for
    /// all of these but the places of a choice. `"comment"` and `"active_ms"` may stand beside them.
    Rate(RateEvaluation),
    /// What the votes come to: coverage, each metric, agreement, ranking, biases
    Report(ReportEvaluation),
    /// Write the file that a rater takes to another machine: their items, by nobody's name
    ///
    /// There `outcrop eval rate FILE --rater NAME` opens the screen on it and makes the ratings file that `take-in` reads. The
    /// answers bear no names and no category, and no item tells its known answer; references are in it, as raters are shown them.
    ///
    /// Without --items it is their whole queue. Its items are held for that rater for 14 days: others get one only where it needs
    /// more raters than that. It ends when `take-in` reads their ratings, and a new hand-out for them begins it anew.
    HandOut(HandOut),
    /// Take the ratings files in that raters bring back, as `rate` makes them of a hand-out; exits 1 when lines or files were
    /// left out
    TakeIn {
        /// The files; - is the standard input
        #[arg(required = true)]
        file: Vec<PathBuf>,
    },
    /// Make an evaluation of what another program wrote; exits 1 when lines were left out
    Import(ImportEvaluation),
    /// Write it in the form of another program, or as preference data
    Export(ExportEvaluation),
    /// List what raters differ on, or decide one of it; what was decided before is kept
    Adjudicate(AdjudicateEvaluation),
    /// Delete evaluations with their answers and votes
    Remove {
        /// Their names, or the first or last digits of their ids
        #[arg(required = true)]
        name: Vec<String>,
        /// Delete without asking
        #[arg(short, long)]
        yes: bool,
    },
}

/// `outcrop eval create`
#[derive(Debug, Args)]
pub struct CreateEvaluation {
    /// Its name
    pub name: String,
    /// The dataset, by its name or the first or last digits of its id
    #[arg(long, value_name = "DATASET")]
    pub dataset: String,
    /// A model to ask, may be repeated; what is its own stands behind it: "local/smollm2-135m temperature=1 preset=brief"
    ///
    /// `system=FILE` is a system prompt of its own. Without a model, and without --responses, every source is rated that has
    /// answered all items of the dataset.
    #[arg(short, long, value_name = "MODEL")]
    pub model: Vec<String>,
    /// The system prompt of every model that has none of its own
    #[arg(short, long, value_name = "TEXT")]
    pub system: Option<String>,
    /// An inference setting of every model, like temperature=0.2; may be repeated
    #[arg(long, value_name = "NAME=VALUE")]
    pub set: Vec<String>,
    /// Rate the answers of this source that the dataset brings; may be repeated
    #[arg(long, value_name = "SOURCE")]
    pub responses: Vec<String>,
    /// The rating task, TOML or JSON; - is the standard input. What is said besides goes before it
    #[arg(long, value_name = "FILE")]
    pub task: Option<PathBuf>,
    /// What is rated, and how: thumbs, likert, compare, choice, rank, or Bedrock's name of one; may be repeated
    #[arg(long, value_name = "NAME=METHOD[:DESCRIPTION]")]
    pub metric: Vec<String>,
    /// The words that raters have for what they say of a metric; may be repeated
    ///
    /// Of a scale one a point, of thumbs for up and down, of a choice for each answer from the left, then for a tie and for all
    /// bad, of a ranking one a place.
    #[arg(long, value_name = "NAME=WORD,WORD…")]
    pub labels: Vec<String>,
    /// What raters read first
    #[arg(long, value_name = "TEXT")]
    pub instructions: Option<String>,
    /// Raters that each item needs
    #[arg(long, value_name = "NUMBER")]
    pub raters: Option<u32>,
    /// So many of a hundred items come again unannounced, ten others later; of fewer than twenty items half as many as there are,
    /// of fewer than four none
    #[arg(long, value_name = "NUMBER")]
    pub repeats: Option<u8>,
    #[command(flatten)]
    pub sight: Sight,
    /// Only the first items
    #[arg(long, value_name = "NUMBER")]
    pub limit: Option<u32>,
    /// Ask for the answers now; without a terminal this needs --yes
    #[arg(long)]
    pub run: bool,
    /// Ask the models without asking first
    #[arg(short, long)]
    pub yes: bool,
}

/// What raters see.
#[derive(Debug, Clone, Copy, Default, Args)]
pub struct Sight {
    /// Every answer stands on the same side in all items
    #[arg(long)]
    pub fixed_sides: bool,
    /// Raters see whose answers they rate
    #[arg(long)]
    pub show_names: bool,
    /// Mask what a model says of its own name
    #[arg(long)]
    pub mask_names: bool,
}

/// `outcrop eval rate`
#[derive(Debug, Clone, Args)]
pub struct RateEvaluation {
    /// Its name, or the first or last digits of its id; or the file of a hand-out
    pub name: String,
    /// Who rates
    #[arg(long, value_name = "NAME")]
    pub rater: String,
    /// Of a hand-out: the file for its ratings; EVALUATION-NAME-ratings.jsonl beside it where none is named
    #[arg(short, long, value_name = "RATINGS")]
    pub output: Option<PathBuf>,
}

/// `outcrop eval report`
#[derive(Debug, Args)]
pub struct ReportEvaluation {
    /// Its name, or the first or last digits of its id
    pub name: String,
    /// Of an earlier version of the task; versions are never mixed
    #[arg(long, value_name = "NUMBER")]
    pub version: Option<u32>,
    /// List its items instead: number, id, how the question begins
    #[arg(long, conflicts_with_all = ["item", "form", "output"])]
    pub items: bool,
    /// Of one item alone, by its number (1, 2, …) or by 4 or more of the first or last digits of its id: its question, whose answers it has, what each rater said of it, what was decided.
    /// It is for the owner: raters see nobody's votes, and that you looked whose the answers are is kept, with votes that you cast later
    #[arg(long, value_name = "ITEM", conflicts_with_all = ["form", "output"])]
    pub item: Option<String>,
    /// Do not ask where you rate in it and have not looked yet: what you rate after that is not blind
    #[arg(long)]
    pub reveal: bool,
    /// The form; by the end of the file's name where one is named
    #[arg(long, value_enum)]
    pub form: Option<ReportedAs>,
    /// Write it to this file
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Write over the file
    #[arg(long)]
    pub force: bool,
}

/// A form of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ReportedAs {
    Markdown,
    /// One file that needs no other
    Html,
    /// A number a line
    Csv,
    /// The report itself
    Json,
}

impl ReportedAs {
    /// The form that a file's name asks for: Markdown where it has no ending, none where nobody knows it.
    pub fn of(path: &Path) -> Option<Self> {
        let Some(ending) = path.extension() else { return Some(Self::Markdown) };
        match ending.to_str()?.to_ascii_lowercase().as_str() {
            "md" | "markdown" | "txt" => Some(Self::Markdown),
            "html" | "htm" => Some(Self::Html),
            "csv" => Some(Self::Csv),
            "json" => Some(Self::Json),
            _ => None,
        }
    }
}

/// `outcrop eval import`
#[derive(Debug, Args)]
pub struct ImportEvaluation {
    /// The file; - is the standard input
    pub file: PathBuf,
    /// The name of the evaluation
    #[arg(long)]
    pub name: String,
    /// Whose form it is; battles go to `outcrop comparisons import`
    #[arg(long, value_enum, default_value = "bedrock")]
    pub form: ImportForm,
}

/// A form that tells of items and raters. The others that `export` writes are known here to say what is to be done with them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ImportForm {
    /// Amazon Bedrock's output of a human evaluation
    Bedrock,
    LabelStudio,
    Argilla,
    #[value(hide = true)]
    Battles,
    #[value(hide = true)]
    Dpo,
    #[value(hide = true)]
    Kto,
}

/// `outcrop eval export`
#[derive(Debug, Args)]
pub struct ExportEvaluation {
    /// Its name, or the first or last digits of its id
    pub name: String,
    /// Whose form it is
    #[arg(long, value_enum, default_value = "bedrock")]
    pub form: ExportForm,
    /// Of battles and preference data: by which metric; the first one that gives any where none is named
    #[arg(long)]
    pub metric: Option<String>,
    /// What was said by an earlier version of the task; versions are never mixed
    #[arg(long, value_name = "NUMBER")]
    pub version: Option<u32>,
    /// Do not ask where you rate in it and have not looked yet: what you rate after that is not blind
    #[arg(long)]
    pub reveal: bool,
    /// Write it to this file
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Write over the file
    #[arg(long)]
    pub force: bool,
}

/// The form of another program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ExportForm {
    /// Amazon Bedrock's output of a human evaluation
    Bedrock,
    LabelStudio,
    Argilla,
    /// `FastChat`'s battles, a line a meeting of two sources
    Battles,
    /// Of every two answers the one that was preferred, and the other; where you decided, that
    Dpo,
    /// Every answer with whether most thumbs are up; where you decided, that
    Kto,
}

/// `outcrop eval adjudicate`
#[derive(Debug, Args)]
pub struct AdjudicateEvaluation {
    /// Its name, or the first or last digits of its id
    pub name: String,
    /// The item: its number (1, 2, …), or 4 or more of the first or last digits of its id; without --value it is shown with its votes
    #[arg(long, value_name = "ITEM")]
    pub item: Option<String>,
    /// By which metric; the first one where none is named
    #[arg(long)]
    pub metric: Option<String>,
    /// What holds: the name of a source, tie or `both_bad`; a point of the scale; SOURCE=yes,SOURCE=no; SOURCE=4,SOURCE=2; words of
    /// the metric's own (`--labels`) as well as numbers
    #[arg(long, requires = "item")]
    pub value: Option<String>,
    /// Why
    #[arg(long, default_value = "")]
    pub reason: String,
    /// Do not ask where you rate in it and have not looked yet: what you rate after that is not blind
    #[arg(long)]
    pub reveal: bool,
    /// Look at an earlier version of the task; what is decided is always of the one in force
    #[arg(long, value_name = "NUMBER", conflicts_with = "value")]
    pub version: Option<u32>,
}
