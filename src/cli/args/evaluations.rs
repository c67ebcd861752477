//! The arguments of evaluation by people.

use std::path::PathBuf;

use clap::{Args, Subcommand};

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
        /// Its name, or digits of its id
        name: String,
        /// Print the rating task as a file, as `create --task` and `change --task` read it
        #[arg(long)]
        task: bool,
    },
    /// Ask for every answer that is missing, the failed ones again; Ctrl+C pauses it; exits 1 when answers failed
    Run {
        /// Its name, or digits of its id
        name: String,
    },
    /// Stop asking; `run` goes on from there
    Pause {
        /// Its name, or digits of its id
        name: String,
    },
    /// Change the task; where votes that are there would mean something else, a new version begins
    Change {
        /// Its name, or digits of its id
        name: String,
        /// The rating task, TOML or JSON; - is the standard input
        #[arg(long, value_name = "FILE")]
        task: PathBuf,
    },
    /// Rate: on the screen, or for programs with --json
    ///
    /// With --json what lies before the rater is written as a line, and a line is read: {"values": {METRIC: …}}, {"skip":
    /// "unclear" | "offensive" | "not_my_field" | "other"}, {"undo": true} or {"to": 3}; then the next one is written, until
    /// nothing is left or the input ends. Values go by place from the left: thumbs [true, false], points [4, 2], a preference
    /// 2, a choice 0, 1, "tie" or "both_bad", ranks [1, 2]. "comment" and "active_ms" may stand beside them.
    Rate {
        /// Its name, or digits of its id
        name: String,
        /// Who rates
        #[arg(long, value_name = "NAME")]
        rater: String,
    },
    /// Delete evaluations with their answers and votes
    Remove {
        /// Their names, or digits of their ids
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
    /// The dataset, by its name or digits of its id
    #[arg(long, value_name = "DATASET")]
    pub dataset: String,
    /// A model to ask, may be repeated; what is its own stands behind it: "local/smollm2-135m temperature=1 preset=brief"
    ///
    /// Without one, and without --responses, every source is rated that has answered all items of the dataset.
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
    /// What is rated, and how: thumbs, likert, compare, choice, rank; may be repeated
    #[arg(long, value_name = "NAME=METHOD[:DESCRIPTION]")]
    pub metric: Vec<String>,
    /// What raters read first
    #[arg(long, value_name = "TEXT")]
    pub instructions: Option<String>,
    /// Raters that each item needs
    #[arg(long, value_name = "NUMBER")]
    pub raters: Option<u32>,
    /// So many of a hundred items come again unannounced
    #[arg(long, value_name = "NUMBER")]
    pub repeats: Option<u8>,
    #[command(flatten)]
    pub sight: Sight,
    /// Only the first items
    #[arg(long, value_name = "NUMBER")]
    pub limit: Option<u32>,
    /// Ask for the answers now
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
