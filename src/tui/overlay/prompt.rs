//! A line that is asked for: the new name of a conversation, the file that one is written to.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

pub use super::blank::Blank;
pub use super::forms::{
    comparison_form_of, format_of, is_server, report_form_of, trace_form_of, usage_form_of,
};
use super::input::Input;
use super::source::SourceBlank;
use super::{Choice, Outcome};
use crate::domain::attachment::{Attachment, dropped_path};
use crate::domain::catalog::ModelId;
use crate::domain::completion::{Completion, Name};
use crate::domain::figures::grouped;
use crate::domain::id::{BaseId, ComparisonId, ConversationId, DatasetId, EvaluationId, PromptId};
use crate::domain::knowledge::reranking::{Reranker, Reranking};
use crate::domain::library::name_of;
use crate::domain::message::BlobId;
use crate::domain::trace::{Opinion, TraceId};
use crate::domain::untrusted::safe_line;
use crate::domain::{Error, ErrorKind};
use crate::tui::action::Action;
use crate::tui::effect::Written;
use crate::tui::look::{Look, Role};
use crate::tui::paint::{put, wrap};
use crate::tui::stroke::Stroke;
use crate::tui::trace::{RowFor, Target};
use crate::tui::widget::text::width;
use crate::workbench::request::knowledge::check_filter;

/// Takes back a rebuild, in the place of what one is to be.
const DROP: &str = "drop";

/// What the line is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Of {
    /// The name of a conversation.
    Name(ConversationId),
    /// The file that a conversation is written to.
    File(ConversationId),
    /// A file that goes with a message.
    Attachment,
    /// The file that a picture is written to.
    Picture(BlobId),
    /// The file of a picture to vary.
    Source,
    /// A model file of this machine.
    Weights,
    /// What a model is asked on trial.
    Question(ModelId),
    /// The name of a prompt; `None` for one that is saved for the first time.
    PromptName(Option<PromptId>),
    /// The name of a preset; `None` for a new one.
    PresetName(Option<String>),
    /// Why there is a new version.
    Note,
    /// The name of a dataset.
    Dataset,
    /// The same, for what was said in a span.
    Row(Box<Target>, RowFor),
    /// What a rater says of an item besides.
    Comment,
    /// Why something is decided so.
    Reason,
    /// Why an item is skipped, in a rater's own words.
    SkipReason,
    /// The number of a rater's vote, from 1 to that many.
    Vote(u64),
    /// What stands in a blank of a new evaluation.
    Blank(Blank),
    /// The file that a dataset is read from.
    Items,
    /// The file that a comparison is written to.
    Comparison(ComparisonId),
    /// What a comparison is about.
    Category,
    /// How often each column is asked.
    Repeats,
    /// The file with values for what is asked.
    Values,
    /// The file that what votes come to is written to.
    Report(EvaluationId),
    /// The file that usage is written to.
    Usage,
    /// Another name of a dataset.
    DatasetName(DatasetId),
    /// The folder or file that a knowledge base reads; `None` for a new one.
    Documents(Option<BaseId>),
    /// What stands in a blank of a source of a knowledge base.
    SourceBlank(SourceBlank),
    /// The file that is cut to be shown.
    Preview,
    /// How it is cut.
    Chunking,
    /// The file of questions by which retrieval is measured.
    Questions,
    /// By whom a knowledge base is embedded from now on, and how it is cut.
    Rebuild(BaseId),
    /// The file that a knowledge base is written to.
    BaseFile(BaseId),
    /// The file that one is made of.
    BaseFrom,
    /// Another name of a knowledge base.
    BaseName(BaseId),
    /// The file that a trace is written to.
    Trace(TraceId),
    /// The file that traces are read from.
    TraceFile,
    /// The port that other programs send their traces to.
    Port,
    /// What is thought of a span, or of a run.
    Opinion(Box<Target>),
    /// What passages must be like.
    Filter,
    /// How near they must be.
    Threshold,
    /// How many of the first hits that model puts in order, in that base or for a question alone.
    Candidates(Option<BaseId>, Reranker),
}

/// The line and what it names.
#[derive(Debug, Clone, PartialEq)]
pub struct Prompt {
    pub title: String,
    pub input: Input,
    pub of: Of,
    /// Why the line was not taken.
    pub wrong: &'static str,
    /// What is known of what it names.
    pub said: Said,
}

/// How a filter is written; the keys that there are stand with what was found.
const FILTER: &str = "Amazon Bedrock's JSON; nothing for all. Keys stand below a passage's text.
{\"equals\": {\"key\": \"year\", \"value\": 2024}}
equals notEquals · greaterThan lessThan, with OrEquals too · in notIn, of a list [\"a\", \"b\"] · startsWith \
stringContains listContains
{\"andAll\": [FILTER, FILTER]}, or orAll";

/// What is known of a file, or a name, that is written.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Said {
    #[default]
    Nothing,
    Reading,
    Failed(String),
    /// The names that it may have.
    Names(Completion),
}

impl Said {
    /// What is wrong with what is named.
    pub(super) fn failed(error: Error) -> Self {
        let why = match error.kind {
            ErrorKind::NotFound => "there is no such file".to_owned(),
            _ => error.why,
        };
        Self::Failed(Error { why, ..error }.said())
    }
}

/// What became of a file that is named in a line over the place.
#[derive(Debug, Clone, PartialEq)]
pub enum Boxed {
    Attached(Attachment),
    Failed(Error),
    /// It was read.
    Read,
    /// How the path goes on from what stood before the caret.
    Completed {
        before: String,
        found: Completion,
    },
}

/// What becomes of the line by what is known of its file.
#[derive(Debug, Clone, PartialEq)]
#[allow(clippy::large_enum_variant, reason = "one is made at a time; a box would only move the bytes")]
pub enum Told {
    Stays,
    /// It is done with.
    Taken,
    /// So it is, and this goes with the next message.
    Attached(Attachment),
}

impl Prompt {
    /// What taking the line does, for the footer.
    pub fn verb(&self) -> &'static str {
        match self.of {
            Of::Name(_)
            | Of::PromptName(Some(_))
            | Of::PresetName(Some(_))
            | Of::DatasetName(_)
            | Of::BaseName(_) => "rename",
            Of::File(_)
            | Of::Picture(_)
            | Of::Report(_)
            | Of::Usage
            | Of::Comparison(_)
            | Of::BaseFile(_)
            | Of::Trace(_) => "write",
            Of::Source => "vary",
            Of::Attachment => "attach",
            Of::Weights | Of::Dataset | Of::Row(..) => "add",
            Of::Question(_) => "ask",
            Of::PromptName(None) | Of::PresetName(None) | Of::Note => "save",
            Of::Comment | Of::Blank(_) | Of::Repeats | Of::Category | Of::Opinion(_) => "keep it",
            Of::Filter | Of::Threshold | Of::Chunking | Of::Candidates(..) | Of::SourceBlank(_) => "take it",
            Of::Items | Of::Values | Of::Documents(_) | Of::Questions | Of::BaseFrom | Of::TraceFile => {
                "read"
            }
            Of::Port => "listen",
            Of::Preview => "cut it",
            Of::Rebuild(_) => "see what it takes",
            Of::Reason => "decide",
            Of::SkipReason => "skip",
            Of::Vote(_) => "go there",
        }
    }

    /// How its path goes on can be asked.
    fn names_a_file(&self) -> bool {
        matches!(
            self.of,
            Of::Attachment
                | Of::Items
                | Of::Values
                | Of::Documents(_)
                | Of::SourceBlank(SourceBlank::Place)
                | Of::Questions
                | Of::Preview
                | Of::BaseFrom
                | Of::TraceFile
        )
    }

    /// Asks how the path goes on that is being written; `None` where the line names no file that is there.
    pub fn complete(&self) -> Option<Outcome> {
        let before = self.names_a_file().then(|| self.input.before().to_owned())?;
        Some(Outcome::Told(Choice::Complete(before)))
    }

    /// Takes a key.
    pub fn key(&mut self, stroke: Option<Stroke>, action: Option<Action>) -> Outcome {
        let text = self.input.text().trim();
        match (action, &self.of) {
            (Some(Action::Cancel), _) => Outcome::Close,
            (Some(Action::Accept), Of::Name(id)) if !text.is_empty() => {
                Outcome::Chosen(Choice::Rename(*id, text.to_owned()))
            }
            (Some(Action::Accept), Of::File(id)) if format_of(text).is_some() => {
                Outcome::Chosen(write(Written::Conversation(*id), text))
            }
            (Some(Action::Accept), Of::Attachment | Of::Items) if self.said == Said::Reading => Outcome::Stay,
            (Some(Action::Accept), Of::Attachment) if !text.is_empty() => {
                self.said = Said::Reading;
                Outcome::Told(Choice::Attach(dropped_path(text).unwrap_or_else(|| text.to_owned())))
            }
            (Some(Action::Accept), Of::File(_)) => {
                self.wrong = "The name ends in .md, .json or .jsonl: that is the form.";
                Outcome::Stay
            }
            (Some(Action::Accept), Of::Picture(blob)) if !text.is_empty() && !text.ends_with('/') => {
                let (blob, path) = (blob.clone(), text.to_owned());
                Outcome::Chosen(Choice::SavePicture { blob, path, replace: false })
            }
            (Some(Action::Accept), Of::Picture(_)) => {
                self.wrong = "The name of a file is needed.";
                Outcome::Stay
            }
            (Some(Action::Accept), Of::Source) if !text.is_empty() => {
                Outcome::Chosen(Choice::VaryFile(dropped_path(text).unwrap_or_else(|| text.to_owned())))
            }
            (Some(Action::Accept), Of::Weights) if text.starts_with('/') || text.starts_with("~/") => {
                Outcome::Chosen(Choice::AddModel(text.to_owned()))
            }
            (Some(Action::Accept), Of::Weights) => match text.parse() {
                Ok(id) if !text.to_lowercase().ends_with(".gguf") => Outcome::Chosen(Choice::PlanFetch(id)),
                _ => {
                    self.wrong = "The whole path is needed, from the root or from ~/ on.";
                    Outcome::Stay
                }
            },
            (Some(Action::Accept), Of::Question(model)) if !text.is_empty() => {
                Outcome::Chosen(Choice::Try(model.clone(), text.to_owned()))
            }
            (Some(Action::Accept), Of::Dataset) if !text.is_empty() => {
                Outcome::Chosen(Choice::AddToDataset(text.to_owned()))
            }
            (Some(Action::Accept), Of::Row(of, row_for)) if !text.is_empty() => {
                Outcome::Chosen(Choice::AddSpan(of.clone(), text.to_owned(), *row_for))
            }
            (Some(Action::Accept), Of::Comment) => Outcome::Chosen(Choice::Comment(text.to_owned())),
            (Some(Action::Accept), Of::Reason | Of::SkipReason) if !text.is_empty() => {
                Outcome::Chosen(Choice::Reason(text.to_owned()))
            }
            (Some(Action::Accept), Of::Reason) => {
                self.wrong = "A reason is needed: it is what others read later.";
                Outcome::Stay
            }
            (Some(Action::Accept), Of::SkipReason) => {
                self.wrong = "Say why in a few words; without any, leave it and take one of the others.";
                Outcome::Stay
            }
            (Some(Action::Accept), Of::Vote(votes)) => match text.parse() {
                Ok(number) if (1..=*votes).contains(&number) => Outcome::Chosen(Choice::GoToVote(number)),
                _ => {
                    self.said = Said::Failed(match votes {
                        0 | 1 => "There is one vote, number 1.".to_owned(),
                        _ => format!("Your votes count from 1 to {}.", grouped(*votes)),
                    });
                    Outcome::Stay
                }
            },
            (Some(Action::Accept), Of::Blank(blank)) => match blank.wrong(text) {
                None => Outcome::Chosen(Choice::Fill(*blank, text.to_owned())),
                Some(wrong) => {
                    self.wrong = wrong;
                    Outcome::Stay
                }
            },
            (Some(Action::Accept), Of::Items) if !text.is_empty() && !text.ends_with('/') => {
                let path = text.trim_matches(['"', '\'']).to_owned();
                self.said = Said::Reading;
                Outcome::Told(Choice::ImportDataset { path, skip_bad: false })
            }
            (Some(Action::Accept), Of::Report(id)) if report_form_of(text).is_some() => {
                Outcome::Chosen(write(Written::Results(*id), text))
            }
            (Some(Action::Accept), Of::Report(_)) => {
                self.wrong = "The name ends in .md, .html, .csv or .json: that is the form.";
                Outcome::Stay
            }
            (Some(Action::Accept), Of::Usage) if usage_form_of(text).is_some() => {
                Outcome::Chosen(write(Written::Usage, text))
            }
            (Some(Action::Accept), Of::Usage) => {
                self.wrong = "The name ends in .csv, .jsonl or .prom: that is the form.";
                Outcome::Stay
            }
            (Some(Action::Accept), Of::Comparison(id)) if comparison_form_of(text).is_some() => {
                Outcome::Chosen(write(Written::Comparison(*id), text))
            }
            (Some(Action::Accept), Of::Comparison(_)) => {
                self.wrong = "The name ends in .md, .jsonl or .battles.jsonl: that is the form.";
                Outcome::Stay
            }
            (Some(Action::Accept), Of::Category) => Outcome::Chosen(Choice::Category(text.to_owned())),
            (Some(Action::Accept), Of::Values) if !text.ends_with('/') => {
                Outcome::Chosen(Choice::ValuesFile(dropped_path(text).unwrap_or_else(|| text.to_owned())))
            }
            (Some(Action::Accept), Of::Repeats) => match text.parse() {
                Ok(samples) if (1..=100).contains(&samples) => Outcome::Chosen(Choice::Repeats(samples)),
                _ => {
                    self.wrong = "A number from 1 to 100 is needed.";
                    Outcome::Stay
                }
            },
            (Some(Action::Accept), Of::DatasetName(id)) if !text.is_empty() => {
                Outcome::Chosen(Choice::RenameDataset(*id, text.to_owned()))
            }
            (Some(Action::Accept), Of::Documents(base)) if !text.is_empty() => {
                let path = dropped_path(text).unwrap_or_else(|| text.to_owned());
                Outcome::Chosen(Choice::AddDocuments { base: *base, path })
            }
            (Some(Action::Accept), Of::SourceBlank(blank)) => match blank.check(text) {
                Ok(()) => Outcome::Chosen(Choice::FillSource(*blank, text.to_owned())),
                Err(error) => {
                    self.said = Said::Failed(error.said());
                    Outcome::Stay
                }
            },
            (Some(Action::Accept), Of::Questions) if !text.is_empty() && !text.ends_with('/') => {
                Outcome::Chosen(Choice::Questions(dropped_path(text).unwrap_or_else(|| text.to_owned())))
            }
            (Some(Action::Accept), Of::Preview) if !text.is_empty() && !text.ends_with('/') => {
                Outcome::Chosen(Choice::PreviewFile(dropped_path(text).unwrap_or_else(|| text.to_owned())))
            }
            (Some(Action::Accept), Of::Chunking) => match text.parse() {
                Ok(chunking) => Outcome::Chosen(Choice::Chunking(chunking)),
                Err(error) => {
                    self.said = Said::Failed(error.said());
                    Outcome::Stay
                }
            },
            (Some(Action::Accept), Of::Rebuild(id)) if text == DROP => {
                Outcome::Chosen(Choice::DropRebuild(*id))
            }
            (Some(Action::Accept), Of::Rebuild(id)) => match text.parse() {
                Ok(wish) => Outcome::Chosen(Choice::PlanRebuild(*id, wish)),
                Err(error) => {
                    self.said = Said::Failed(error.said());
                    Outcome::Stay
                }
            },
            (Some(Action::Accept), Of::BaseFile(id)) if !text.is_empty() && !text.ends_with('/') => {
                Outcome::Chosen(Choice::ExportBase(*id, text.to_owned()))
            }
            (Some(Action::Accept), Of::BaseFrom) if !text.is_empty() && !text.ends_with('/') => {
                Outcome::Chosen(Choice::ImportBase(dropped_path(text).unwrap_or_else(|| text.to_owned())))
            }
            (Some(Action::Accept), Of::Trace(id)) if is_server(text) || trace_form_of(text).is_some() => {
                Outcome::Chosen(write(Written::Trace(*id), text))
            }
            (Some(Action::Accept), Of::Trace(_)) => {
                self.wrong = "The name ends in .json, .pb, .md or .html: that is the form.";
                Outcome::Stay
            }
            (Some(Action::Accept), Of::TraceFile) if !text.is_empty() && !text.ends_with('/') => {
                Outcome::Chosen(Choice::ImportTraces(dropped_path(text).unwrap_or_else(|| text.to_owned())))
            }
            (Some(Action::Accept), Of::Port) => {
                if let Ok(port) = text.parse() {
                    return Outcome::Chosen(Choice::Listen(port));
                }
                self.wrong = "A port is a number from 1 to 65535; 0 is any that is free.";
                Outcome::Stay
            }
            (Some(Action::Accept), Of::Opinion(of)) => match Opinion::read(text) {
                Ok(said) => Outcome::Chosen(Choice::Opine(of.clone(), said)),
                Err(error) => {
                    self.said = Said::Failed(error.said());
                    Outcome::Stay
                }
            },
            (Some(Action::Accept), Of::BaseName(id)) if !text.is_empty() => {
                Outcome::Chosen(Choice::RenameBase(*id, text.to_owned()))
            }
            (Some(Action::Accept), Of::Filter) => match check_filter(text) {
                Err(error) if !text.is_empty() => {
                    self.said = Said::Failed(error.said());
                    Outcome::Stay
                }
                _ => Outcome::Chosen(Choice::Filter(text.to_owned())),
            },
            (Some(Action::Accept), Of::Threshold) => match text.parse() {
                _ if text.is_empty() => Outcome::Chosen(Choice::Threshold(None)),
                Ok(cosine) if (-1.0..=1.0).contains(&cosine) => {
                    Outcome::Chosen(Choice::Threshold(Some(cosine)))
                }
                _ => {
                    self.wrong = "A number from -1 to 1 is needed, or nothing.";
                    Outcome::Stay
                }
            },
            (Some(Action::Accept), Of::Candidates(base, reranker)) => {
                let candidates = Some(text).filter(|text| !text.is_empty()).map(str::parse::<u32>);
                let reranker = |candidates| Reranker { candidates, ..reranker.clone() };
                let reranker = match candidates {
                    None => reranker(None),
                    Some(Ok(many)) if reranker(Some(many)).check().is_ok() => reranker(Some(many)),
                    Some(_) => {
                        self.wrong = "A number from 1 to 100 is needed, or nothing.";
                        return Outcome::Stay;
                    }
                };
                Outcome::Chosen(match base {
                    Some(id) => Choice::RerankBase(*id, Some(reranker)),
                    None => Choice::Rerank(Reranking::By(reranker)),
                })
            }
            (Some(Action::Accept), Of::Note) => Outcome::Chosen(Choice::SaveVersion(text.to_owned())),
            (Some(Action::Accept), Of::PresetName(of)) if !text.is_empty() => match name_of(text) {
                Some(name) if !name.contains(['"', '\\']) => {
                    Outcome::Chosen(Choice::NamePreset { name, of: of.clone() })
                }
                _ => {
                    self.wrong = "A name is at most 80 characters, without \" and \\.";
                    Outcome::Stay
                }
            },
            (Some(Action::Accept), Of::PromptName(id)) if !text.is_empty() => match (name_of(text), id) {
                (Some(name), None) => Outcome::Chosen(Choice::SavePrompt(name)),
                (Some(name), Some(id)) => Outcome::Chosen(Choice::RenamePrompt(*id, name)),
                (None, _) => {
                    self.wrong = "A name is at most 80 characters.";
                    Outcome::Stay
                }
            },
            _ => {
                self.wrong = "";
                self.said = Said::Nothing;
                if let Some(stroke) = stroke {
                    self.input.press(stroke);
                }
                Outcome::Stay
            }
        }
    }

    fn reads(&self, of: &Of) -> bool {
        self.of == *of && self.said == Said::Reading
    }

    /// What became of the file that it names, where that is still asked.
    pub fn told(&mut self, boxed: Boxed) -> Told {
        match boxed {
            _ if !self.names_a_file() => {}
            Boxed::Attached(file) if self.reads(&Of::Attachment) => return Told::Attached(file),
            Boxed::Read if self.reads(&Of::Items) => return Told::Taken,
            Boxed::Failed(error) => self.said = Said::failed(error),
            Boxed::Completed { before, found } if before == self.input.before() => {
                let start = before.rfind('/').map_or(0, |at| at + 1);
                self.input.insert(found.common.get(before.len() - start..).unwrap_or_default());
                let folder = found.only().map(|name| name.folder);
                if folder == Some(true) {
                    self.input.insert("/");
                }
                self.said = if folder.is_some() { Said::Nothing } else { Said::Names(found) };
            }
            Boxed::Attached(_) | Boxed::Read | Boxed::Completed { .. } => {}
        }
        Told::Stays
    }

    /// The names that the file may have, as many as there is room for.
    fn names(found: &Completion, room: usize) -> String {
        let mut line = String::new();
        for (at, name) in found.names.iter().enumerate() {
            let name = shown(name);
            let rest = match found.count - at - 1 {
                0 => String::new(),
                more => format!("  +{} more", grouped(more as u64)),
            };
            let gap = if at == 0 { "" } else { "  " };
            if at > 0 && width(&line) + width(gap) + width(&name) + width(&rest) > room {
                return format!("{line}  +{} more", grouped((found.count - at) as u64));
            }
            line.push_str(gap);
            line.push_str(&name);
        }
        match found.count - found.names.len() {
            _ if line.is_empty() => "nothing there begins so".to_owned(),
            0 => line,
            more => format!("{line}  +{} more", grouped(more as u64)),
        }
    }

    /// Rows that it takes where a line has so many columns: what is said below stands whole.
    pub fn height(&self, width: u16) -> u16 {
        let width = width.saturating_sub(2);
        // What is known of it takes the place of what it is for: nothing jumps.
        let lines = wrap(self.words().0, width).len().max(self.below(width).0.len());
        4 + u16::try_from(lines.max(1)).unwrap_or(1)
    }

    /// The lines below, that wide: what is known of what it names, else why it is not taken or what it is for.
    fn below(&self, width: u16) -> (Vec<String>, Role) {
        match &self.said {
            Said::Nothing => {
                let (words, role) = self.words();
                (wrap(words, width), role)
            }
            Said::Reading => (vec!["reading…".to_owned()], Role::Muted),
            Said::Failed(why) => (wrap(why, width), Role::Warn),
            Said::Names(found) => (vec![Self::names(found, usize::from(width))], Role::Info),
        }
    }

    /// What is said below: why it is not taken, or what it is for.
    fn words(&self) -> (&'static str, Role) {
        match (self.wrong, &self.of) {
            ("", Of::Weights) => (
                "A file is copied, and stays as it is. A model is fetched where its provider runs: ollama/NAME",
                Role::Muted,
            ),
            ("", Of::Note) => ("What is new in it, in a few words; it may stay empty", Role::Muted),
            ("", Of::Dataset | Of::Row(..)) => ("A new name makes a new dataset", Role::Muted),
            ("", Of::Port) => ("Of this machine alone; 0 is any that is free", Role::Muted),
            ("", Of::Opinion(_)) => ("A number from 0 to 1 in front is a score: 0.2 wrong city", Role::Muted),
            ("", Of::Comment) => ("It goes with your vote; an empty one takes it back", Role::Muted),
            ("", Of::Blank(blank)) => (blank.empty(), Role::Muted),
            ("", Of::Items) => ("JSONL with an object a line, or CSV · ~/ is your home", Role::Muted),
            ("", Of::Comparison(_)) => (
                ".md for people, .jsonl all of it, .battles.jsonl the choices as FastChat has them",
                Role::Muted,
            ),
            ("", Of::Documents(_)) => (SourceBlank::Place.about(), Role::Muted),
            ("", Of::SourceBlank(blank)) => (blank.about(), Role::Muted),
            ("", Of::Preview) => {
                ("Any file that a base can read; nothing of it is kept · ~/ is your home", Role::Muted)
            }
            ("", Of::Chunking) => (
                "default, today, none, fixed:200:20, hierarchical:1500:300:60 or semantic:300:0:95",
                Role::Muted,
            ),
            ("", Of::Rebuild(_)) => (
                "A model, a way of cutting, or both: local/all-minilm-l6-v2 fixed:200:20. Nothing embeds anew, or goes on \
                 with what was begun; drop takes that back",
                Role::Muted,
            ),
            ("", Of::BaseFile(_)) => (
                "A new file, with the vectors; `outcrop kb export` leaves them out · ~/ is your home",
                Role::Muted,
            ),
            ("", Of::BaseFrom) => {
                ("A file that `w` or `outcrop kb export` wrote · ~/ is your home", Role::Muted)
            }
            ("", Of::Trace(_)) => (
                ".json or .pb (OTLP), .md or .html for people, .prompts.jsonl, .openai.jsonl; or a server of OTLP: \
                 http://localhost:6006",
                Role::Muted,
            ),
            ("", Of::TraceFile) => (
                "OTLP, a Bedrock agent's trace, an Inspect log, a session of Claude Code or Codex",
                Role::Muted,
            ),
            ("", Of::Questions) => {
                ("JSONL, a question a line: {\"query\": \"…\", \"relevant\": [\"guide.md\"]}", Role::Muted)
            }
            ("", Of::Filter) => (FILTER, Role::Muted),
            ("", Of::Threshold) => {
                ("-1 to 1; what is less near is taken for not found. Nothing for none", Role::Muted)
            }
            ("", Of::Candidates(..)) => {
                ("1 to 100; nothing for 20, or as many as are asked for where those are more", Role::Muted)
            }
            ("", Of::Category) => {
                ("The leaderboard tells of each category too; nothing for none", Role::Muted)
            }
            ("", Of::Values) => {
                ("CSV with a head, or JSONL; {{name}} stands for a column. Nothing for none", Role::Muted)
            }
            ("", Of::Repeats) => {
                ("Each time is a page of its own; what they took is summed up over all", Role::Muted)
            }
            ("", Of::Reason) => ("It is kept with the decision, and who made it", Role::Muted),
            ("", Of::SkipReason) => ("It is kept as your comment on the item", Role::Muted),
            ("", Of::Vote(_)) => ("Your vote stands until another one takes its place", Role::Muted),
            ("", Of::PromptName(None)) => {
                ("It is version 1; later ones are kept under the same name", Role::Muted)
            }
            ("", Of::PresetName(None)) => {
                ("It lies in the configuration file; --preset NAME takes it too", Role::Muted)
            }
            ("", Of::Question(_)) => ("Kept nowhere; at most 512 tokens come back", Role::Muted),
            ("", Of::Picture(_)) => ("It is written as it came. ~/ is your home", Role::Muted),
            ("", Of::Source) => ("PNG, JPEG or WebP; it is kept with what is made of it", Role::Muted),
            ("", Of::Report(_)) => (".md, .html, .csv or .json · ~/ is your home", Role::Muted),
            ("", Of::Usage) => {
                (".csv, .prom (Prometheus) or .jsonl (Bedrock's record of each call)", Role::Muted)
            }
            ("", Of::File(_)) => (".md, .json or .jsonl · ~/ is your home", Role::Muted),
            ("", Of::Attachment) => ("a picture, document or text · ~/ is your home", Role::Muted),
            (wrong, _) => (wrong, Role::Warn),
        }
    }

    /// Paints it; returns the caret's cell.
    pub fn draw(&self, area: Rect, cells: &mut Buffer, look: &Look) -> Position {
        let y = area.y + 1.min(area.height / 2);
        let raised = look.style(Role::Raised);
        put(cells, area.x, y, area.right(), "▌", raised.patch(look.style(Role::Accent)));
        let line = Rect { x: area.x + 2, y, width: area.width.saturating_sub(2), height: 1 };
        let (lines, role) = self.below(line.width);
        for (y, words) in (y + 1..area.bottom()).zip(lines) {
            put(cells, line.x, y, area.right(), &words, raised.patch(look.style(role)));
        }
        self.input.draw(line, cells, raised.patch(look.style(Role::Text)))
    }
}

/// A name as it is shown: a folder's ends in a slash.
pub fn shown(name: &Name) -> String {
    format!("{}{}", safe_line(&name.name), if name.folder { "/" } else { "" })
}

/// Writes it to the file of that name, if there is none yet.
fn write(of: Written, path: &str) -> Choice {
    Choice::Write { of, path: path.to_owned(), replace: false }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workbench::request::conversations::Format;

    #[test]
    fn the_end_of_the_name_is_the_form() {
        assert_eq!(format_of("a.md"), Some(Format::Markdown));
        assert_eq!(format_of("~/b.c/a.JSONL"), Some(Format::Jsonl));
        for none in ["", "a", "a.txt", ".md", "/tmp/.json", "a.b/c"] {
            assert_eq!(format_of(none), None, "{none}");
        }
    }
}
