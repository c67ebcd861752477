//! The arguments of looking at traces, and of moving them in and out.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::MissingCall;

/// `outcrop traces …`
#[derive(Debug, Subcommand)]
pub enum Traces {
    /// Newest first: id, time, what it was, how long it took, spans, errors, tokens, cost
    List {
        /// Only those of which a span passes: kind:tool status:error dur>2s "timed out"; `traces show --help` has all of it
        #[arg(value_name = "FILTER")]
        filter: Vec<String>,
        /// How many; 0 for all
        #[arg(short = 'n', long, default_value_t = 50)]
        limit: usize,
    },
    /// A trace as a tree: each span with how long it took, tokens, cost, and what is odd about it
    #[command(after_long_help = FILTERS)]
    Show {
        /// The first or last digits of its id, as `list` shows them
        id: String,
        /// Only the spans that pass
        #[arg(value_name = "FILTER")]
        filter: Vec<String>,
        /// One span with all that was said in it: its number, as the tree shows it
        #[arg(long, value_name = "NUMBER", conflicts_with = "filter")]
        span: Option<u32>,
    },
    /// Bring traces in from files: OTLP as JSON or protobuf, traces of Bedrock's agents, logs of Inspect, sessions of Claude Code
    /// and Codex; packed with gzip or not; exits 1 when some of the files could not be read
    Import {
        /// The files
        #[arg(required = true, value_name = "FILE")]
        file: Vec<PathBuf>,
    },
    /// Write traces for other programs or for people, or send them to a server that takes OTLP over HTTP
    Export {
        /// The first or last digits of their ids, as `list` shows them
        #[arg(required = true)]
        id: Vec<String>,
        /// A new file; the standard output where none is named
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
        /// How they are written: json where nothing is said, or protobuf where they are sent
        #[arg(short, long, value_enum)]
        format: Option<TraceForm>,
        /// Write over a file that is there
        #[arg(long, requires = "output")]
        force: bool,
        /// Send them to that server: its address, with /v1/traces or without
        #[arg(long, value_name = "URL", conflicts_with = "output")]
        to: Option<String>,
        /// A header that the server wants; $VARIABLE stands for what a variable of the environment says
        #[arg(long, value_name = "NAME=VALUE", requires = "to")]
        header: Vec<String>,
    },
    /// Two traces side by side: what is the same, changed, gone, new
    Diff {
        /// The first or last digits of the one's id
        left: String,
        /// Those of the other's
        right: String,
    },
    /// Ask again what a model was asked in a span, by any model, and put what comes beside it; without a span, do a whole run
    /// again, an agent's or another program's, with what its tools gave
    Replay(ReplayTrace),
    /// How long the spans of each name take, and what looks wrong in a trace
    Stats {
        /// The first or last digits of its id, as `list` shows them
        id: String,
    },
    /// Take what other programs of this machine send (OTLP over HTTP), until it is ended
    Listen {
        /// The port; 0 for any that is free
        #[arg(long, value_name = "PORT", default_value_t = 4318)]
        port: u16,
        /// The file whose first line is the bearer token that senders must give
        #[arg(long, value_name = "FILE")]
        token_file: Option<PathBuf>,
    },
    /// Score a trace or one of its spans, note something on it, or take a note away
    Note {
        /// The first or last digits of its id, as `list` shows them
        id: String,
        /// The span's number, as the tree shows it; all of the trace where none is given
        #[arg(value_name = "SPAN")]
        span: Option<u32>,
        /// A number from 0 to 1, 1 the best, or a word such as good
        #[arg(long, value_name = "SCORE")]
        score: Option<String>,
        /// What the score is of, to tell several apart: relevance
        #[arg(long, value_name = "NAME", requires = "score")]
        name: Option<String>,
        /// What there is to say
        #[arg(long, value_name = "TEXT")]
        text: Option<String>,
        /// Take that note away: the first or last digits of its id, as `show` shows them
        #[arg(long, value_name = "NOTE", conflicts_with_all = ["span", "score", "name", "text"])]
        remove: Option<String>,
    },
    /// Delete traces from elsewhere
    Remove {
        /// The first or last digits of their ids, as `list` shows them
        #[arg(required = true)]
        id: Vec<String>,
        /// Delete without asking
        #[arg(short, long)]
        yes: bool,
    },
}

/// `outcrop traces replay`
#[derive(Debug, Args)]
pub struct ReplayTrace {
    /// The first or last digits of the trace's id, as `list` shows them
    pub id: String,
    /// The number of a span that is a call of a model, as `show` has it; without one, the whole run
    pub span: Option<u32>,
    /// The model, in the place of the span's or of the run's
    #[arg(short, long, value_name = "MODEL")]
    pub model: Option<String>,
    /// The system prompt, in the place of the span's
    #[arg(short, long, value_name = "TEXT", requires = "span")]
    pub system: Option<String>,
    /// The file whose text takes the place of what the person said last; - is the standard input
    #[arg(long, value_name = "FILE", requires = "span")]
    pub with: Option<PathBuf>,
    /// An inference setting, over those of the span, like temperature=0.2; may be repeated
    #[arg(long, value_name = "NAME=VALUE", requires = "span")]
    pub set: Vec<String>,
    /// Of an agent's whole run: what becomes of a call that nothing was recorded of [default: fail]
    #[arg(long, value_enum, conflicts_with = "span")]
    pub missing: Option<MissingCall>,
    /// Of an agent's whole run: agree to every call that asks for it, and to the tools of its MCP servers
    #[arg(short, long, conflicts_with = "span")]
    pub yes: bool,
    /// Print the answer byte for byte, also what could drive a terminal
    #[arg(long)]
    pub raw: bool,
}

/// How a trace is written for other programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TraceForm {
    /// OTLP as JSON, a request a line
    Json,
    /// OTLP as protobuf, one request
    Protobuf,
    /// For people
    Markdown,
    /// One page for people
    Html,
    /// What was asked, as rows of a dataset that `datasets import` takes
    Prompts,
    /// Calls of models as messages of `OpenAI`'s chat, one a line
    #[value(name = "openai")]
    OpenAi,
}

/// What filters are made of.
const FILTERS: &str =
    "Filters: terms side by side all hold; `or`, `not` (or a - in front) and brackets do what they say; a \
word by itself stands anywhere in a span.

  kind:      agent, workflow, model, tool, retrieval, rerank, embedding, guardrail, evaluation, memory, other
  name: model: provider: tool: agent: service: error:   has that within; with = it is that
  session:   the session is that
  status:    ok, error, unset, running, stopped
  is:        orphan, cycle, same_id, again, skewed, backwards, running, repaired, stopped
  tok> in> out>          tokens: 2k
  cost>                  US dollars
  dur> self> first>      times: 150ms, 2s, 1.5m
  score.NAME>            a score; : compares its label
  attr.\"KEY\"=            an attribute; : has it within; numbers compare";
