//! The arguments of knowledge bases.
#![allow(clippy::doc_markdown, reason = "these are help texts, which are printed as they stand")]

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

/// `outcrop kb …`
#[derive(Debug, Subcommand)]
pub enum Knowledge {
    /// Make a base; with --from it is filled at once
    Create(CreateBase),
    /// The newest first: id, last change, what it has, how it stands, name
    List,
    /// A base with its sources, the last sync of each
    Show {
        /// Its name, or the first or last digits of its id
        name: String,
    },
    /// Add a folder, a file, a bucket's objects or a page of the web as a source, and read it
    AddSource(AddSource),
    /// Have a source looked through by itself, at times or when its files change, or other files of it
    ChangeSource(ChangeSource),
    /// Take a source away with its documents; the files themselves stay
    RemoveSource {
        /// The base: its name, or the first or last digits of its id
        name: String,
        /// The source: its place, or the first or last digits of its id
        source: String,
        /// Remove without asking
        #[arg(short, long)]
        yes: bool,
    },
    /// Look the sources through: what is new, changed, moved or gone becomes so in the base
    Sync {
        /// The base: its name, or the first or last digits of its id
        name: String,
        /// Only this source: its place, or the first or last digits of its id
        #[arg(long)]
        source: Option<String>,
        /// Stop the one that runs; the next one goes on from there
        #[arg(long, conflicts_with = "source")]
        pause: bool,
    },
    /// Stay, and sync sources when their time has come (--schedule) or their files change (--watch)
    Watch {
        /// Only this base: its name, or the first or last digits of its id
        name: Option<String>,
    },
    /// How the last sync of each source went: Amazon Bedrock's status and counts, and each file that failed
    Status {
        /// The base: its name, or the first or last digits of its id
        name: String,
        /// The newest 50 syncs of each source instead: status, begin, how long it took, what had it begin, counts
        #[arg(long, conflicts_with = "run")]
        runs: bool,
        /// One of them with each file that failed, by the first or last digits of its id
        #[arg(long, value_name = "ID")]
        run: Option<String>,
    },
    /// The documents by their places: status, passages, tokens, place
    Documents {
        /// The base: its name, or the first or last digits of its id
        name: String,
    },
    /// The passages of a document in order, with their places and tokens
    Chunks {
        /// The base: its name, or the first or last digits of its id
        name: String,
        /// The document: its path or how that ends, or the first or last digits of its id
        document: String,
        /// Print texts byte for byte, also what could drive a terminal
        #[arg(long)]
        raw: bool,
    },
    /// Show the passages that a file would become, before anything is indexed; nothing of it is kept
    Preview(PreviewFile),
    /// Find passages; each with its rank and score by vectors, by words, and by both
    Search(SearchBase),
    /// Have a model answer from what is found, with citations
    Ask(AskBase),
    /// Measure retrieval: questions whose right passages are known, by one setting or several
    Evaluate(EvaluateBase),
    /// Have a model put what is found in a base in a better order, or none; `--rerank` of a question says otherwise
    Rerank {
        /// The base: its name, or the first or last digits of its id
        name: String,
        /// A reranker, like cohere/rerank-v3.5, or any model that converses; none takes it away
        model: String,
        /// How many of the first hits it puts in order, 1 to 100; else 20, or as many as are wanted where that is more
        #[arg(long, value_name = "COUNT")]
        candidates: Option<u32>,
    },
    /// How a model is asked to answer from a base, here, in the chat and on the screen; `kb ask` can say otherwise
    Answers {
        /// The base: its name, or the first or last digits of its id
        name: String,
        /// A file with the prompt of `kb ask`, in which `$search_results$` and `$query$` stand for what was found and for the
        /// question, which else follows; none takes it away
        #[arg(long, value_name = "FILE", required_unless_present = "threshold")]
        template: Option<PathBuf>,
        /// Take passages whose cosine is below this for not found, -1 to 1; none takes it away
        #[arg(long, value_name = "COSINE", allow_negative_numbers = true)]
        threshold: Option<String>,
    },
    /// Move a base to another store, checked before it is there; what was ended goes on where it was
    Move {
        /// The base: its name, or the first or last digits of its id
        name: String,
        /// Where to: embedded (this workspace), pgvector (PostgreSQL) or qdrant
        #[arg(long, value_name = "STORE")]
        to: String,
    },
    /// Embed a base by another model, or cut it in another way: says what that costs, and asks first
    Rebuild(RebuildBase),
    /// Write a base to a new file: settings, documents and passages, without what opens its sources
    Export {
        /// The base: its name, or the first or last digits of its id
        name: String,
        /// The file, which is not there yet
        file: PathBuf,
        /// With the vectors: importing it needs no model, and it is several times as large
        #[arg(long)]
        vectors: bool,
    },
    /// Make a base of such a file, whole or not at all; its sources are settings that nothing reads before kb sync
    Import {
        /// The file
        file: PathBuf,
        /// What the base is called; else as the file says
        #[arg(long)]
        name: Option<String>,
    },
    /// Give a base another name
    Rename {
        /// Its name, or the first or last digits of its id
        name: String,
        /// The new name
        to: String,
    },
    /// Delete bases; the documents themselves stay where they are
    Remove {
        /// Their names, or the first or last digits of their ids
        #[arg(required = true)]
        name: Vec<String>,
        /// Take them away here alone, where a server that holds their passages is gone; what it has stays there
        #[arg(long)]
        forget: bool,
        /// Delete without asking
        #[arg(short, long)]
        yes: bool,
    },
}

/// `outcrop kb create`
#[derive(Debug, Args)]
pub struct CreateBase {
    /// What it is called
    pub name: String,
    /// What to fill it from: a folder, a file, s3://BUCKET/PREFIX, https://PAGE; may be repeated
    #[arg(long, value_name = "WHERE")]
    pub from: Vec<String>,
    #[command(flatten)]
    pub reaching: Reaching,
    #[command(flatten)]
    pub cutting: Cutting,
    /// Who embeds, like local/all-minilm-l6-v2, which is the default
    #[arg(long, value_name = "MODEL")]
    pub embedder: Option<String>,
    /// Where its passages lie: embedded (in this workspace), pgvector (PostgreSQL), qdrant; the servers stand in the configuration
    #[arg(long, value_name = "STORE", default_value = "embedded")]
    pub store: String,
    /// What it is about
    #[arg(long, value_name = "TEXT")]
    pub description: Option<String>,
}

/// `outcrop kb add-source`
#[derive(Debug, Args)]
pub struct AddSource {
    /// The base: its name, or the first or last digits of its id
    pub name: String,
    /// A folder, a file, s3://BUCKET/PREFIX, or https://PAGE
    #[arg(value_name = "WHERE")]
    pub from: String,
    #[command(flatten)]
    pub reaching: Reaching,
    #[command(flatten)]
    pub cutting: Cutting,
    /// Only add it: `kb sync` reads it
    #[arg(long)]
    pub later: bool,
}

/// `outcrop kb change-source`
#[derive(Debug, Args)]
pub struct ChangeSource {
    /// The base: its name, or the first or last digits of its id
    pub name: String,
    /// The source: its place, or the first or last digits of its id
    pub source: String,
    /// A cron expression, like '0 6 * * *', in the local time zone; none takes it away
    #[arg(long, value_name = "CRON", required_unless_present_any = ["watch", "include", "exclude", "ignored"])]
    pub schedule: Option<String>,
    /// Whether it is looked through when its files change
    #[arg(long, value_name = "BOOL")]
    pub watch: Option<bool>,
    /// Only files of such names from the next sync on, in the place of the patterns that it has; none: all; may be repeated
    #[arg(long, value_name = "PATTERN")]
    pub include: Vec<String>,
    /// The same of files that are left out
    #[arg(long, value_name = "PATTERN")]
    pub exclude: Vec<String>,
    /// Whether what .gitignore and .ignore name is read too, from the next sync on
    #[arg(long, value_name = "BOOL")]
    pub ignored: Option<bool>,
}

/// How a source is reached, and when by itself.
#[derive(Debug, Args)]
pub struct Reaching {
    /// Of s3: another server with the same API, like http://127.0.0.1:9000; else AWS_ENDPOINT_URL_S3
    #[arg(long, value_name = "URL")]
    pub endpoint: Option<String>,
    /// Of s3: the Region; else AWS_REGION or the profile's
    #[arg(long, value_name = "REGION")]
    pub region: Option<String>,
    /// A page may lie on this machine or in its network
    #[arg(long)]
    pub allow_private: bool,
    /// Look it through at these times too: a cron expression, like '0 6 * * *', in the local time zone
    ///
    /// While the screen or `outcrop kb watch` runs. What was missed is made up for once when one of them starts.
    #[arg(long, value_name = "CRON")]
    pub schedule: Option<String>,
    /// Look files through when they change too, while the screen or `outcrop kb watch` runs
    #[arg(long)]
    pub watch: bool,
}

/// Which files of a folder, and how they are cut.
#[derive(Debug, Args)]
pub struct Cutting {
    /// Of folders and buckets only files of such names, as in .gitignore: '*.md', 'guides/**'; may be repeated
    #[arg(long, value_name = "PATTERN")]
    pub include: Vec<String>,
    /// Without files of such names; may be repeated
    #[arg(long, value_name = "PATTERN")]
    pub exclude: Vec<String>,
    /// How documents are cut: default, today, none, fixed:TOKENS:PERCENT, hierarchical:PARENT:CHILD:OVERLAP,
    /// semantic:TOKENS:BUFFER:PERCENTILE
    ///
    /// default: 200 tokens, whole sentences, a fifth of them again in the next (Bedrock's FAQ). today: about 300 tokens.
    /// none: one passage a document. fixed: as large and with as much overlap as said. hierarchical: small passages are found, the
    /// large ones that they lie in are given. semantic: cut where the sense of neighbouring sentences is farthest apart.
    #[arg(long, value_name = "HOW", default_value = "default")]
    pub chunking: String,
}

/// `outcrop kb rebuild`
#[derive(Debug, Args)]
pub struct RebuildBase {
    /// The base: its name, or the first or last digits of its id
    pub name: String,
    /// Who embeds from then on, like local/all-minilm-l6-v2
    #[arg(long, value_name = "MODEL")]
    pub embedder: Option<String>,
    /// How documents are cut from then on, as of kb create; `outcrop kb preview` shows what that makes of one
    #[arg(long, value_name = "HOW")]
    pub chunking: Option<String>,
    /// Only this source is cut so: its place, or the first or last digits of its id
    #[arg(long, requires = "chunking")]
    pub source: Option<String>,
    /// Take back one that is not at its end
    #[arg(long, conflicts_with_all = ["embedder", "chunking", "source"])]
    pub drop: bool,
    /// Rebuild without asking
    #[arg(short, long)]
    pub yes: bool,
}

/// `outcrop kb preview`
#[derive(Debug, Args)]
pub struct PreviewFile {
    /// The file, which is read as a sync reads it
    pub file: PathBuf,
    /// How it is cut, as of kb create: default, today, none, fixed:200:20 …; may be repeated, to see several ways
    #[arg(long, value_name = "HOW")]
    pub chunking: Vec<String>,
    /// Whose tokens are counted, like local/all-minilm-l6-v2, which is the default
    #[arg(long, value_name = "MODEL")]
    pub embedder: Option<String>,
    /// As this base would do it, where nothing else is said: by its embedder, cut as its first source is
    #[arg(long, value_name = "NAME")]
    pub base: Option<String>,
    /// Show only the first so many passages; what is said at the end is of all
    #[arg(short = 'n', long, value_name = "COUNT")]
    pub passages: Option<u32>,
    /// Print texts byte for byte, also what could drive a terminal
    #[arg(long)]
    pub raw: bool,
}

/// How passages are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SearchMode {
    /// By the nearness of vectors
    Semantic,
    /// By both, fused
    Hybrid,
    /// By words (BM25)
    Keyword,
}

/// What is looked for.
#[derive(Debug, Args)]
pub struct Looking {
    /// How passages are looked for
    #[arg(long, value_enum, default_value_t = SearchMode::Hybrid)]
    pub mode: SearchMode,
    /// How many passages, 1 to 100
    #[arg(short = 'n', long, value_name = "COUNT", default_value_t = 5)]
    pub results: usize,
    /// Only passages that pass this filter: Amazon Bedrock's JSON, like '{"equals": {"key": "year", "value": 2022}}'
    #[arg(long, value_name = "JSON")]
    pub filter: Option<String>,
    /// Have this model put what is found in a better order: a reranker, like cohere/rerank-v3.5, or any model that converses.
    /// none: nobody. Else as the base has it
    #[arg(long, value_name = "MODEL")]
    pub rerank: Option<String>,
    /// How many of the first hits it puts in order, 1 to 100; else 20, or as many as are wanted where that is more
    #[arg(long, value_name = "COUNT", requires = "rerank")]
    pub candidates: Option<u32>,
}

/// `outcrop kb search`
#[derive(Debug, Args)]
pub struct SearchBase {
    /// The base: its name, or the first or last digits of its id
    pub name: String,
    /// What is looked for
    pub question: String,
    #[command(flatten)]
    pub looking: Looking,
    /// Tell the ranks of this passage in any case, by its whole id, which `kb chunks` shows; may be repeated
    #[arg(long, value_name = "ID")]
    pub expect: Vec<String>,
    /// Print texts byte for byte, also what could drive a terminal
    #[arg(long)]
    pub raw: bool,
}

/// `outcrop kb ask`
#[derive(Debug, Args)]
pub struct AskBase {
    /// The base: its name, or the first or last digits of its id
    pub name: String,
    /// The question
    pub question: String,
    /// The model that answers, like local/smollm2-135m
    #[arg(short, long, value_name = "MODEL")]
    pub model: Option<String>,
    /// An inference setting, like temperature=0.2; may be repeated
    #[arg(long, value_name = "NAME=VALUE")]
    pub set: Vec<String>,
    #[command(flatten)]
    pub looking: Looking,
    /// Take passages whose cosine is below this for not found, -1 to 1; else as the base has it
    #[arg(long, value_name = "COSINE", allow_negative_numbers = true)]
    pub threshold: Option<f64>,
    /// A file with the prompt, in which `$search_results$` and `$query$` stand for what was found and for the question, which else
    /// follows. Where none is named, as the base has it
    #[arg(long, value_name = "FILE")]
    pub template: Option<PathBuf>,
    /// Print texts byte for byte, also what could drive a terminal
    #[arg(long)]
    pub raw: bool,
}

/// `outcrop kb evaluate`
#[derive(Debug, Args)]
pub struct EvaluateBase {
    /// The base: its name, or the first or last digits of its id
    pub name: String,
    /// A JSONL file, a question a line: {"query": "…", "relevant": ["guide.md", {"document": "faq.md", "passage": 3}]}
    ///
    /// What is relevant is a document by how its place ends, a document's passage by its number, or {"text": "…"} that a passage
    /// has; "grade" says how well it answers, 1 where it is not said. Amazon Bedrock's prompt datasets of retrieval evaluations are
    /// read as well.
    pub questions: PathBuf,
    /// How passages are looked for; may be repeated. All three where none is named
    #[arg(long, value_enum)]
    pub mode: Vec<SearchMode>,
    /// So many hits count, 1 to 100
    #[arg(short, long, value_name = "COUNT", default_value_t = 10)]
    pub k: u32,
    /// Only passages that pass this filter: Amazon Bedrock's JSON
    #[arg(long, value_name = "JSON")]
    pub filter: Option<String>,
    /// Take passages whose cosine is below this for not found, -1 to 1
    #[arg(long, value_name = "COSINE", allow_negative_numbers = true)]
    pub threshold: Option<f64>,
    /// Have this model put what is found in order, or none; may be repeated: each mode is measured with each. Else as the base has it
    #[arg(long, value_name = "MODEL")]
    pub rerank: Vec<String>,
    /// How many of the first hits it puts in order, 1 to 100; else 20, or as many as are looked at where that is more
    #[arg(long, value_name = "COUNT", requires = "rerank")]
    pub candidates: Option<u32>,
}
