//! What comes back through the door.

use futures_util::stream::BoxStream;
use serde::{Deserialize, Serialize};

use crate::domain::Result;
use crate::domain::agent::{
    Agent, AgentEvent, Book as AgentBook, Definition as AgentDefinition, Remembered, Run as AgentRun,
};
use crate::domain::attachment::{Attachment, Enclosed};
use crate::domain::cassette::Take;
use crate::domain::catalog::ModelCard;
pub use crate::domain::change::Changed;
use crate::domain::comparison::measure::Summary;
use crate::domain::comparison::{Ballot, Comparison};
use crate::domain::completion::Completion;
use crate::domain::conversation::{Conversation, SavedDraft, Thread};
use crate::domain::delta::Event;
use crate::domain::evaluation::battle::BattlesRead;
pub use crate::domain::evaluation::dataset::{Answered, BadLine, Doubled, Placed};
use crate::domain::evaluation::decision::Decision;
use crate::domain::evaluation::exchange::{TakenIn, Written};
use crate::domain::evaluation::item::Numbered;
use crate::domain::evaluation::job::{Estimate, Evaluation, Failure, Known};
use crate::domain::evaluation::report::Report as EvaluationReport;
use crate::domain::evaluation::sheet::Seat;
use crate::domain::evaluation::{Dataset, Item, Leaderboard, TaskDefinition, Vote};
use crate::domain::id::{ComparisonId, ConversationId};
use crate::domain::knowledge::base::Base;
use crate::domain::knowledge::passage::Passage;
use crate::domain::knowledge::preview::{Piece, Preview};
use crate::domain::knowledge::quality::Quality;
use crate::domain::knowledge::rebuild::RebuildPlan;
use crate::domain::knowledge::retrieval::{Citation, Looked, Retrieved};
use crate::domain::knowledge::sync::{Filed, SyncRun};
use crate::domain::listing::Listing;
use crate::domain::message::Message;
pub use crate::domain::picture::Making;
use crate::domain::prompt::{Book, Prompt, Sketch};
use crate::domain::provider_key::KeptKey;
pub use crate::domain::pull::{PullPlan, PullStep};
use crate::domain::script::Scripted;
pub use crate::domain::search::Hit;
use crate::domain::time::Timestamp;
pub use crate::domain::trace::Exchange;
use crate::domain::trace::aligned::Pair;
use crate::domain::trace::contents::Contents;
use crate::domain::trace::latency::Latency;
use crate::domain::trace::lint::Finding;
use crate::domain::trace::replay::{Original, Replay};
use crate::domain::trace::run::Sent;
use crate::domain::trace::{Brought, Made, Note, Packed, Run, TraceSpan};
pub use crate::domain::tried::Tried;
pub use crate::domain::usage::Report;
pub use crate::domain::workspace::{Check, Difference, Verdict, WorkspaceInfo};

/// A bounded stream; an error is its last item. Dropping it cancels the call.
pub type Replies = BoxStream<'static, Result<Reply>>;

/// Everything that can be answered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(clippy::large_enum_variant, reason = "one at a time is in flight; a box would only move the bytes")]
pub enum Reply {
    /// The act is done and durable.
    Done,
    /// A turn is durable and sent: its conversation, the person's new message (none for a retry), the answer so far.
    Started {
        conversation: Conversation,
        asked: Option<Message>,
        answer: Message,
    },
    /// A piece of the answer.
    Delta {
        event: Event,
    },
    /// A knowledge base.
    Base {
        base: Base,
    },
    Bases {
        bases: Vec<Base>,
    },
    Documents {
        documents: Vec<Filed>,
    },
    /// Syncs of a base.
    SyncRuns {
        runs: Vec<SyncRun>,
    },
    Passages {
        passages: Vec<Passage>,
    },
    /// Each with the length of its vector.
    Norms {
        passages: Vec<(Passage, f64)>,
    },
    /// What a rebuild would do and cost.
    RebuildPlan {
        plan: RebuildPlan,
    },
    /// What a file would become.
    Preview {
        preview: Preview,
    },
    /// Passages that it would become by one of its ways, in order.
    Pieces {
        way: u32,
        pieces: Vec<Piece>,
    },
    /// A passage with all that is known of it.
    Looked {
        looked: Looked,
    },
    /// Questions that were asked so far.
    Measuring {
        done: u64,
        of: u64,
    },
    /// How good retrieval is.
    Quality {
        quality: Quality,
    },
    /// What was found, and what a model is given of it, where one answers.
    Retrieved {
        #[serde(flatten)]
        retrieved: Retrieved,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        prompt: Option<String>,
    },
    /// A whole answer with what it cites.
    Cited {
        text: String,
        citations: Vec<Citation>,
    },
    /// The answer as it was stored last.
    Finished {
        answer: Message,
    },
    /// A comparison, with the choices that count in it where it was opened.
    Comparison {
        comparison: Comparison,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        ballots: Vec<Ballot>,
    },
    Comparisons {
        comparisons: Vec<Comparison>,
        more: bool,
    },
    /// What the answers of each column of a comparison come to, in the order of the columns.
    Summaries {
        columns: Vec<Summary>,
    },
    Ballot {
        ballot: Ballot,
    },
    /// What became of the battles of a file.
    BattlesRead {
        read: BattlesRead,
    },
    /// Who was chosen over whom, the categories that there are, how many battles from elsewhere are left out, and how many choices
    /// rank nobody.
    Leaderboard {
        board: Leaderboard,
        categories: Vec<String>,
        #[serde(default)]
        apart: u64,
        #[serde(default)]
        unranked: u64,
    },
    Evaluation {
        evaluation: Evaluation,
    },
    Evaluations {
        evaluations: Vec<Evaluation>,
        more: bool,
    },
    /// What the answers of an evaluation may cost.
    Estimate {
        estimate: Estimate,
    },
    /// A rating task that was read, and the items whose answer it knows.
    Task {
        task: TaskDefinition,
        known: Vec<Known>,
    },
    /// Why answers of an evaluation are not there.
    Failures {
        failures: Vec<Failure>,
    },
    /// What the votes of an evaluation come to, and what its owner decided.
    EvaluationReport {
        report: EvaluationReport,
        decisions: Vec<Decision>,
    },
    /// Items of an evaluation, by number.
    EvaluationItems {
        items: Vec<Numbered>,
    },
    /// An item of an evaluation, with whose each answer is.
    RatedItem {
        item: Item,
    },
    /// An item of an evaluation with whose each answer is, what raters say of it, and what its owner decided.
    JudgedItem {
        item: Item,
        votes: Vec<Vote>,
        decisions: Vec<Decision>,
    },
    Decision {
        decision: Decision,
    },
    /// What became of a file with votes.
    TakenIn {
        evaluation: Evaluation,
        taken: TakenIn,
    },
    /// The file of a rater elsewhere, and until when its items are held for them.
    HandOut {
        text: String,
        until: Timestamp,
    },
    /// An evaluation in the form of another program.
    EvaluationFile {
        written: Written,
    },
    /// What lies before a rater.
    Seat {
        seat: Seat,
    },
    Conversations {
        heads: Vec<Conversation>,
        more: bool,
    },
    Conversation {
        head: Conversation,
    },
    Dataset {
        dataset: Dataset,
    },
    /// Those of the person by name, then those that came with the program.
    Datasets {
        datasets: Vec<Dataset>,
    },
    /// Items with their places; `more` where others follow.
    DatasetItems {
        items: Vec<Placed>,
        more: bool,
    },
    /// How many of its so many items each source has answered.
    DatasetAnswered {
        answered: Vec<Answered>,
        items: u32,
    },
    /// What is to be said of a file that was read as a dataset. What became of it follows: a `Dataset`, or an error.
    DatasetRead {
        bad: Vec<BadLine>,
        doubled: Vec<Doubled>,
        /// Lines that could be read.
        #[serde(default)]
        good: u64,
    },
    /// An item is the last of this dataset now; `like` is the place of one that says the same, `remarks` tell what is not in it.
    ItemAdded {
        dataset: Dataset,
        place: u32,
        like: Option<u32>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        remarks: Vec<String>,
    },
    Thread {
        thread: Thread,
    },
    Hits {
        hits: Vec<Hit>,
    },
    Export {
        id: ConversationId,
        title: String,
        text: String,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        attachments: Vec<Enclosed>,
    },
    Imported {
        heads: Vec<Conversation>,
        skipped: Vec<String>,
        /// How many of the file say what one says that was here before: copies among `heads`, or left out.
        #[serde(default)]
        known: u64,
    },
    Attached {
        attachment: Attachment,
    },
    /// How a path goes on.
    Completion {
        found: Completion,
    },
    Agents {
        agents: Vec<Agent>,
    },
    /// An agent with its versions.
    Agent {
        book: AgentBook,
    },
    /// What a file says of an agent, and what of it is not as it was there.
    AgentRead {
        name: String,
        definition: AgentDefinition,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        remarks: Vec<String>,
    },
    /// An agent that was made of a file.
    AgentImported {
        book: AgentBook,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        remarks: Vec<String>,
    },
    AgentRuns {
        runs: Vec<AgentRun>,
    },
    /// A run, with its agent.
    AgentRunFound {
        book: AgentBook,
        run: AgentRun,
    },
    /// What an agent remembers of sessions.
    AgentMemories {
        sessions: Vec<Remembered>,
    },
    /// What happened in a run.
    AgentEvent {
        event: AgentEvent,
    },
    Prompts {
        prompts: Vec<Prompt>,
    },
    /// A prompt with its versions and its draft.
    Prompt {
        book: Book,
    },
    /// What is being written of a prompt.
    Sketch {
        draft: Sketch,
    },
    Drafts {
        drafts: Vec<SavedDraft>,
    },
    /// The request that made an answer, in each form.
    Scripts {
        scripts: Vec<Scripted>,
    },
    /// One call of a cassette.
    Take {
        take: Take,
    },
    /// A cassette's end; `cut` where its last take was not written to its end.
    Cassette {
        takes: u64,
        cut: bool,
    },
    Keys {
        keys: Vec<KeptKey>,
    },
    /// How old the lists of providers behind the network are, and which of them could not be had.
    Lists {
        lists: Vec<Listing>,
    },
    Models {
        cards: Vec<ModelCard>,
    },
    /// The end of a question that is kept nowhere.
    Tried {
        tried: Tried,
    },
    Plan {
        plan: PullPlan,
    },
    Pulling {
        step: PullStep,
    },
    /// Pictures as they are kept now: begun, grown by one, or ended.
    Making {
        making: Making,
    },
    Makings {
        makings: Vec<Making>,
        more: bool,
    },
    /// What a picture holds.
    Picture {
        media_type: String,
        #[serde(with = "crate::domain::base64")]
        bytes: Vec<u8>,
    },
    Usage {
        report: Report,
    },
    Exchanges {
        exchanges: Vec<Exchange>,
        more: bool,
    },
    Traces {
        runs: Vec<Run>,
        more: bool,
    },
    Trace {
        run: Run,
    },
    /// Further rows of a trace, to be added to its outline.
    TraceRows {
        rows: Packed,
    },
    /// What cannot be read of a trace: where it is opened, rows stand where its spans were.
    TraceDamaged {
        places: Vec<String>,
    },
    /// A span with what was said in it.
    TraceSpan {
        span: TraceSpan,
        contents: Contents,
    },
    /// What a model was asked in a span, and what it gave.
    TraceCall {
        original: Original,
    },
    /// A call that was asked again, with what it gave: it is kept.
    TraceReplayed {
        replay: Replay,
    },
    TraceReplays {
        replays: Vec<Replay>,
        /// A line for each that cannot be read.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        damaged: Vec<String>,
    },
    /// Rows that pass.
    TraceFound {
        rows: Vec<u32>,
    },
    TraceStats {
        latencies: Vec<Latency>,
    },
    TraceFindings {
        findings: Vec<Finding>,
    },
    /// Two traces side by side, with the rows of each.
    TraceDiff {
        pairs: Vec<Pair>,
        left: Packed,
        right: Packed,
    },
    /// What a run was made with.
    TraceMade {
        made: Made,
    },
    /// What people have noted on a trace.
    TraceNotes {
        notes: Vec<Note>,
        /// A line for each that cannot be read.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        damaged: Vec<String>,
    },
    /// A note, as it is kept.
    TraceNoted {
        note: Note,
    },
    /// Where senders are heard.
    TracesListening {
        address: String,
    },
    /// What became of spans that a file or a sender brought.
    TracesBrought {
        brought: Brought,
    },
    /// A piece of a trace for other programs.
    TraceWritten {
        #[serde(with = "crate::domain::base64")]
        bytes: Vec<u8>,
    },
    /// A trace was sent to a server.
    TraceSent {
        sent: Sent,
    },
    /// A piece of what is written out.
    Text {
        text: String,
    },
    Progress {
        what: String,
        done: u64,
        total: Option<u64>,
    },
    Workspace {
        info: WorkspaceInfo,
    },
    Verified {
        records: u64,
        damaged: Vec<String>,
        /// The store was rebuilt since it was opened: what is not damaged may yet be missing.
        #[serde(default)]
        rebuilt: bool,
    },
    /// What was mended or noticed about the workspace, each told once.
    Notices {
        /// How a workspace that was made now is opened.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        founded: Option<String>,
        notices: Vec<String>,
    },
    /// What may be blind to the person no more: comparisons, and evaluations by their names.
    Unblinded {
        comparisons: Vec<ComparisonId>,
        evaluations: Vec<String>,
    },
    /// What the process `owner` works with and the one that asks was not told.
    Differences {
        owner: u32,
        differences: Vec<Difference>,
    },
    Checks {
        checks: Vec<Check>,
    },
    Remembered {
        value: Option<serde_json::Value>,
    },
    /// A watched topic changed since the call; `number` grows by one from 1. `Changed::Missed` among them stands for those
    /// that a slow reader did not get: list again.
    Changed {
        number: u64,
        change: Changed,
    },
}
