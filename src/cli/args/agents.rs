//! The arguments of agents.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

/// `outcrop agent …`
#[derive(Debug, Subcommand)]
pub enum Agents {
    /// Make an agent from a file, as its version 1
    Create {
        /// TOML or JSON, as `export` writes it; - is the standard input
        file: PathBuf,
        /// Its name; the file's own where none is given
        #[arg(long, value_name = "NAME")]
        name: Option<String>,
        /// Why there is this version
        #[arg(short, long, value_name = "TEXT")]
        note: Option<String>,
    },
    /// The last changed first: time, newest version, name, model, what it may call and search
    List,
    /// What an agent is, its runs in comments; or what a run came to. With --json all of it
    Show {
        /// The agent's name, or the first or last digits of a run's id
        name: String,
        /// The version; the newest where none is named
        #[arg(long, value_name = "NUMBER")]
        version: Option<u32>,
    },
    /// Make the next version: from a file, or by what is named here
    Edit(EditAgent),
    /// What became of an agent from one version to another
    Diff {
        /// Its name
        name: String,
        /// The older version; the one before the newer where none is named
        from: Option<u32>,
        /// The newer version; the newest where none is named
        to: Option<u32>,
        /// Compare its templates with those that outcrop comes with instead
        #[arg(long, conflicts_with = "from")]
        baseline: bool,
    },
    /// Ask an agent and print its answer as it comes; exits 1 when it gave up
    Run(RunAgent),
    /// Run once more what was run already, its calls answered from what was recorded; exits as `run` does
    Replay(ReplayAgent),
    /// What an agent remembers of sessions with people, for as many days as its definition says
    Memory {
        #[command(subcommand)]
        verb: AgentMemory,
    },
    /// Write a version out as a file
    Export {
        /// Its name
        name: String,
        /// The version; the newest where none is named
        #[arg(long, value_name = "NUMBER")]
        version: Option<u32>,
        /// The form
        #[arg(short, long, value_enum, default_value_t = AgentForm::Toml)]
        form: AgentForm,
        /// A new file; the standard output where none is named
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Read an agent that `export` wrote, or Bedrock's JSON of an agent, its action groups and knowledge bases, one behind the other
    Import {
        /// The file; - is the standard input
        file: PathBuf,
        /// Its name; the file's own where none is given
        #[arg(long, value_name = "NAME")]
        name: Option<String>,
    },
    /// Delete agents with their versions and runs
    Remove {
        /// Their names
        #[arg(required = true)]
        name: Vec<String>,
        /// Delete without asking
        #[arg(short, long)]
        yes: bool,
    },
}

/// What an agent is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum AgentForm {
    /// For people
    Toml,
    /// For programs
    Json,
}

/// `outcrop agent edit`
#[derive(Debug, Args)]
pub struct EditAgent {
    /// Its name
    pub name: String,
    /// What it is from now on, as `export` writes it; - is the standard input
    pub file: Option<PathBuf>,
    /// The template of a step out of a file, like orchestration=prompt.txt; may be repeated
    #[arg(long, value_name = "STEP=FILE")]
    pub template: Vec<String>,
    /// Go back to the template that outcrop comes with; may be repeated
    #[arg(long, value_name = "STEP")]
    pub reset: Vec<String>,
    /// The model
    #[arg(short, long, value_name = "MODEL")]
    pub model: Option<String>,
    /// Another name for the agent
    #[arg(long, value_name = "NAME")]
    pub rename: Option<String>,
    /// Why there is this version
    #[arg(short, long, value_name = "TEXT")]
    pub note: Option<String>,
}

/// `outcrop agent run`
#[derive(Debug, Args)]
pub struct RunAgent {
    /// Its name
    pub name: String,
    /// What to ask; - or nothing takes it from the standard input
    #[arg(value_name = "QUESTION")]
    pub question: Vec<String>,
    /// Put a file before the question: a text, a picture, a PDF, Word or Excel file; may be repeated
    #[arg(short, long, value_name = "FILE")]
    pub file: Vec<PathBuf>,
    /// What a run waits for, by the id of the call or its action's name: goes on with that run, without a question. =@FILE takes
    /// it from a file
    #[arg(long, value_name = "ID=TEXT")]
    pub answer: Vec<String>,
    /// Tell what it calls something of the session, as attributes of Bedrock's sessions do; may be repeated
    #[arg(long, value_name = "NAME=VALUE", conflicts_with = "answer")]
    pub attribute: Vec<String>,
    /// The same of this turn alone, which its model reads too; may be repeated
    #[arg(long, value_name = "NAME=VALUE", conflicts_with = "answer")]
    pub turn_attribute: Vec<String>,
    /// Go on with this run: the first or last digits of its id, as `show` lists them
    #[arg(long = "run", value_name = "ID")]
    pub run: Option<String>,
    /// The version; the newest where none is named
    #[arg(long, value_name = "NUMBER")]
    pub version: Option<u32>,
    /// The model, in the place of the agent's
    #[arg(short, long, value_name = "MODEL")]
    pub model: Option<String>,
    /// Agree to every call that asks for it, and to the tools of its MCP servers
    #[arg(short, long)]
    pub yes: bool,
    /// Print the answer byte for byte, also what could drive a terminal
    #[arg(long)]
    pub raw: bool,
}

/// `outcrop agent replay`
#[derive(Debug, Args)]
pub struct ReplayAgent {
    /// The first or last digits of the run's id, as `show` lists them
    pub run: String,
    /// The version; the one that it was made with where none is named
    #[arg(long, value_name = "NUMBER")]
    pub version: Option<u32>,
    /// The newest version
    #[arg(long, conflicts_with = "version")]
    pub newest: bool,
    /// The model, in the place of the run's
    #[arg(short, long, value_name = "MODEL")]
    pub model: Option<String>,
    /// What becomes of a call that nothing was recorded of
    #[arg(long, value_enum, default_value_t = MissingCall::Fail)]
    pub missing: MissingCall,
    /// Another question, in the place of the run's last one
    #[arg(long, value_name = "TEXT", conflicts_with = "step")]
    pub question: Option<String>,
    /// Keep the recorded steps before this one: counts what the model said to the last question, from 1
    #[arg(long, value_name = "NUMBER")]
    pub step: Option<u32>,
    /// What the model says in that step, in the place of asking it: a text, or {"tool": …, "input": …} to call one; - is the
    /// standard input
    #[arg(long, value_name = "FILE", requires = "step")]
    pub with: Option<PathBuf>,
    /// A template of the agent's in the place of its own, like orchestration=prompt.txt; may be repeated
    #[arg(long, value_name = "STEP=FILE")]
    pub template: Vec<String>,
    /// Agree to every call that asks for it, and to the tools of its MCP servers
    #[arg(short, long)]
    pub yes: bool,
    /// Print the answer byte for byte, also what could drive a terminal
    #[arg(long)]
    pub raw: bool,
}

/// What becomes of a call that nothing was recorded of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum MissingCall {
    /// It ends the run, with an error
    Fail,
    /// It is made
    Run,
    /// You are asked first
    Ask,
}

/// `outcrop agent memory …`
#[derive(Debug, Subcommand)]
pub enum AgentMemory {
    /// Newest first: session, time, whose it was, how its summary begins
    List {
        /// The agent's name
        agent: String,
        /// Only sessions with that person
        #[arg(long, value_name = "NAME")]
        user: Option<String>,
    },
    /// Whole summaries; of one session also what was said in it, as long as its run is kept
    Show {
        /// The agent's name
        agent: String,
        /// The first or last digits of a session's id; all where none is named
        session: Option<String>,
        /// Only sessions with that person
        #[arg(long, value_name = "NAME")]
        user: Option<String>,
    },
    /// Put your words in the place of a summary
    Edit {
        /// The agent's name
        agent: String,
        /// The first or last digits of the session's id
        session: String,
        /// The summary; - or nothing takes it from the standard input
        #[arg(value_name = "TEXT", conflicts_with = "file")]
        text: Vec<String>,
        /// Take it from a file
        #[arg(short, long, value_name = "FILE")]
        file: Option<PathBuf>,
    },
    /// Forget sessions; what was said in them stays in their runs, which go with the agent or by --runs
    Remove {
        /// The agent's name
        agent: String,
        /// The first or last digits of their ids; all where none is named
        session: Vec<String>,
        /// Only sessions with that person
        #[arg(long, value_name = "NAME")]
        user: Option<String>,
        /// Delete the runs as well in which it was said, and those that were made of them again
        #[arg(long)]
        runs: bool,
        /// Forget without asking
        #[arg(short, long)]
        yes: bool,
    },
}
