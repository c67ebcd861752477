//! The lines that are asked for: what each begins with.

use super::blank::Blank;
use super::input::Input;
use super::prompt::{Of, Prompt, Said};
use super::source::SourceBlank;
use crate::domain::Error;
use crate::domain::catalog::ModelId;
use crate::domain::figures::grouped;
use crate::domain::id::{BaseId, ComparisonId, ConversationId, DatasetId, EvaluationId, PromptId};
use crate::domain::knowledge::reranking::Reranker;
use crate::domain::message::BlobId;
use crate::domain::trace::TraceId;
use crate::domain::untrusted::safe_line;
use crate::tui::trace::{RowFor, Target};

impl Prompt {
    /// Asks for a conversation's name.
    pub fn rename(of: ConversationId, title: &str) -> Self {
        let title_of = "Rename the conversation".to_owned();
        Self { title: title_of, input: Input::new(title), of: Of::Name(of), wrong: "", said: Said::Nothing }
    }

    /// Asks for the file that a conversation is written to.
    pub fn export(of: ConversationId, title: &str) -> Self {
        let input = Input::new(&format!("{}.md", file_stem(title)));
        Self {
            title: "Write the conversation to".to_owned(),
            input,
            of: Of::File(of),
            wrong: "",
            said: Said::Nothing,
        }
    }

    /// Asks for the file that what votes come to is written to.
    pub fn report(of: EvaluationId, name: &str) -> Self {
        let input = Input::new(&format!("{}.md", file_stem(name)));
        let title = "Write the results to".to_owned();
        Self { title, input, of: Of::Report(of), wrong: "", said: Said::Nothing }
    }

    /// Asks for the file that usage is written to.
    pub fn usage() -> Self {
        let title = "Write the usage to".to_owned();
        Self { title, input: Input::new("usage.csv"), of: Of::Usage, wrong: "", said: Said::Nothing }
    }

    /// Asks for a file that goes with the next message.
    pub fn attach() -> Self {
        let title = "Attach a file".to_owned();
        Self { title, input: Input::new(""), of: Of::Attachment, wrong: "", said: Said::Nothing }
    }

    /// Asks for the file that a picture is written to.
    pub fn picture(of: BlobId, name: &str) -> Self {
        let title = "Write the picture to".to_owned();
        Self { title, input: Input::new(name), of: Of::Picture(of), wrong: "", said: Said::Nothing }
    }

    /// Asks for the file of a picture to vary.
    pub fn source() -> Self {
        let title = "Vary the picture of the file".to_owned();
        Self { title, input: Input::default(), of: Of::Source, wrong: "", said: Said::Nothing }
    }

    /// Asks for a model file.
    pub fn weights() -> Self {
        let title = "Add a GGUF file, or fetch PROVIDER/MODEL".to_owned();
        Self { title, input: Input::default(), of: Of::Weights, wrong: "", said: Said::Nothing }
    }

    /// Asks for what a model is asked on trial; `before` is what was asked last.
    pub fn question(model: &ModelId, before: &str) -> Self {
        let title = format!("Ask {}", safe_line(model.as_str()));
        let of = Of::Question(model.clone());
        Self { title, input: Input::new(before), of, wrong: "", said: Said::Nothing }
    }

    /// Asks for the name of a prompt that is saved for the first time.
    pub fn save_as() -> Self {
        let title = "Save the prompt as".to_owned();
        Self { title, input: Input::default(), of: Of::PromptName(None), wrong: "", said: Said::Nothing }
    }

    /// Asks for another name of a prompt.
    pub fn rename_prompt(id: PromptId, name: &str) -> Self {
        let title = "Rename the prompt".to_owned();
        Self { title, input: Input::new(name), of: Of::PromptName(Some(id)), wrong: "", said: Said::Nothing }
    }

    /// Asks for the name of a new preset.
    pub fn new_preset() -> Self {
        let title = "A preset of what the conversation is asked with".to_owned();
        Self { title, input: Input::default(), of: Of::PresetName(None), wrong: "", said: Said::Nothing }
    }

    /// Asks for another name of a preset.
    pub fn rename_preset(name: &str) -> Self {
        let title = "Rename the preset".to_owned();
        Self {
            title,
            input: Input::new(name),
            of: Of::PresetName(Some(name.to_owned())),
            wrong: "",
            said: Said::Nothing,
        }
    }

    /// Asks why there is a new version.
    pub fn note(number: u32) -> Self {
        let title = format!("Save version {number}");
        Self { title, input: Input::default(), of: Of::Note, wrong: "", said: Said::Nothing }
    }

    /// Asks for the dataset that something goes into; `before` is the one that was named last.
    pub fn dataset(before: &str) -> Self {
        let title = "Add it to the dataset".to_owned();
        Self { title, input: Input::new(before), of: Of::Dataset, wrong: "", said: Said::Nothing }
    }

    /// Asks for the dataset that what was said in a span goes into.
    pub fn row(of: Target, before: &str, row_for: RowFor) -> Self {
        let title = match row_for {
            RowFor::Later => format!("Add {} to the dataset", of.words()),
            RowFor::Raters => format!("Have {} rated, in the dataset", of.words()),
        };
        let of = Of::Row(Box::new(of), row_for);
        Self { title, input: Input::new(before), of, wrong: "", said: Said::Nothing }
    }

    /// Asks what a rater says of an item besides; `before` is what they have said.
    pub fn comment(before: &str) -> Self {
        let title = "A comment on this item".to_owned();
        Self { title, input: Input::new(before), of: Of::Comment, wrong: "", said: Said::Nothing }
    }

    /// Asks why what raters differ on is decided so.
    pub fn reason() -> Self {
        let title = "Why is it decided so?".to_owned();
        Self { title, input: Input::default(), of: Of::Reason, wrong: "", said: Said::Nothing }
    }

    /// Asks why an item is skipped; `before` is what the rater has said of it.
    pub fn skip_reason(before: &str) -> Self {
        let title = "Why is it skipped?".to_owned();
        Self { title, input: Input::new(before), of: Of::SkipReason, wrong: "", said: Said::Nothing }
    }

    /// Asks for the number of one of a rater's so many votes.
    pub fn vote(votes: u64) -> Self {
        let title = match votes {
            0 | 1 => "Back to the item of your vote number 1".to_owned(),
            _ => format!("Back to the item of your vote number 1 to {}", grouped(votes)),
        };
        Self { title, input: Input::default(), of: Of::Vote(votes), wrong: "", said: Said::Nothing }
    }

    /// Asks for what stands in a blank of a new evaluation; `before` is what stands there.
    pub fn blank(of: Blank, before: &str) -> Self {
        let title = of.title().to_owned();
        Self { title, input: Input::new(before), of: Of::Blank(of), wrong: "", said: Said::Nothing }
    }

    /// Asks for the file that a dataset is read from.
    pub fn items() -> Self {
        let title = "Read the dataset from the file".to_owned();
        Self { title, input: Input::default(), of: Of::Items, wrong: "", said: Said::Nothing }
    }

    /// Asks for the file that a comparison is written to.
    pub fn comparison(of: ComparisonId, title: &str) -> Self {
        let input = Input::new(&format!("{}.md", file_stem(title)));
        let title = "Write the comparison to".to_owned();
        Self { title, input, of: Of::Comparison(of), wrong: "", said: Said::Nothing }
    }

    /// Asks what the comparison is about; `before` is what was said of it.
    pub fn category(before: &str) -> Self {
        let title = "What the comparison is about".to_owned();
        Self { title, input: Input::new(before), of: Of::Category, wrong: "", said: Said::Nothing }
    }

    /// Asks how often each column is asked; once is usual.
    pub fn repeats(before: u32) -> Self {
        let title = "How often each column is asked".to_owned();
        let input = if before > 1 { Input::new(&before.to_string()) } else { Input::default() };
        Self { title, input, of: Of::Repeats, wrong: "", said: Said::Nothing }
    }

    /// Asks for the file whose rows have the values for what is asked; `before` is the one that is taken now.
    pub fn values(before: &str) -> Self {
        let title = "Ask once for each row of the file".to_owned();
        Self { title, input: Input::new(before), of: Of::Values, wrong: "", said: Said::Nothing }
    }

    /// Asks for another name of a dataset.
    pub fn rename_dataset(id: DatasetId, name: &str) -> Self {
        let title = "Rename the dataset".to_owned();
        Self { title, input: Input::new(name), of: Of::DatasetName(id), wrong: "", said: Said::Nothing }
    }

    /// Asks for the folder or file that a knowledge base reads, a new one or that one.
    pub fn documents(base: Option<(BaseId, &str)>) -> Self {
        let title = match base {
            Some((_, name)) => format!("Add to {} the documents of", safe_line(name)),
            None => "Make a knowledge base of".to_owned(),
        };
        let of = Of::Documents(base.map(|(id, _)| id));
        Self { title, input: Input::default(), of, wrong: "", said: Said::Nothing }
    }

    /// Asks for what stands in a blank of a source; `before` is what stands there.
    pub fn source_blank(of: SourceBlank, before: &str) -> Self {
        let title = of.title().to_owned();
        Self { title, input: Input::new(before), of: Of::SourceBlank(of), wrong: "", said: Said::Nothing }
    }

    /// Asks for the file that is shown as it would be cut.
    pub fn preview() -> Self {
        let title = "Show the passages that this file would become".to_owned();
        Self { title, input: Input::default(), of: Of::Preview, wrong: "", said: Said::Nothing }
    }

    /// Asks how it is cut; `before` is how it is cut now.
    pub fn chunking(before: &str) -> Self {
        let title = "How the file is cut".to_owned();
        Self { title, input: Input::new(before), of: Of::Chunking, wrong: "", said: Said::Nothing }
    }

    /// Asks for the file of questions by which retrieval is measured.
    pub fn questions() -> Self {
        let title = "Measure by the questions of the file".to_owned();
        Self { title, input: Input::default(), of: Of::Questions, wrong: "", said: Said::Nothing }
    }

    /// Asks by whom a knowledge base is embedded from now on, and how it is cut.
    pub fn rebuild_base(id: BaseId, name: &str) -> Self {
        let title = format!("Rebuild {} by", safe_line(name));
        Self { title, input: Input::default(), of: Of::Rebuild(id), wrong: "", said: Said::Nothing }
    }

    /// Asks for the file that a knowledge base is written to.
    pub fn export_base(id: BaseId, name: &str) -> Self {
        let title = format!("Write {} to", safe_line(name));
        let input = Input::new(&format!("{}.jsonl", file_stem(name)));
        Self { title, input, of: Of::BaseFile(id), wrong: "", said: Said::Nothing }
    }

    /// Asks for the file that a knowledge base is made of.
    pub fn import_base() -> Self {
        let title = "Make a knowledge base of the file".to_owned();
        Self { title, input: Input::default(), of: Of::BaseFrom, wrong: "", said: Said::Nothing }
    }

    /// Asks for another name of a knowledge base.
    pub fn rename_base(id: BaseId, name: &str) -> Self {
        let title = "Rename the knowledge base".to_owned();
        Self { title, input: Input::new(name), of: Of::BaseName(id), wrong: "", said: Said::Nothing }
    }

    /// Asks for the file that a trace is written to.
    pub fn trace(of: TraceId, name: &str) -> Self {
        let title = "Write the trace to".to_owned();
        let input = Input::new(&format!("{}.json", file_stem(name)));
        Self { title, input, of: Of::Trace(of), wrong: "", said: Said::Nothing }
    }

    /// Asks for the file that traces are read from.
    pub fn import_traces() -> Self {
        let title = "Read traces from the file".to_owned();
        Self { title, input: Input::default(), of: Of::TraceFile, wrong: "", said: Said::Nothing }
    }

    /// Asks for the port that other programs send their traces to; `before` is the one that is usual, or was given last.
    pub fn port(before: u16) -> Self {
        let title = "Take what other programs send to the port".to_owned();
        Self { title, input: Input::new(&before.to_string()), of: Of::Port, wrong: "", said: Said::Nothing }
    }

    /// Asks what is thought of a span, or of a run.
    pub fn opinion(of: Target) -> Self {
        let title = format!("Note on {}", of.words());
        let of = Of::Opinion(Box::new(of));
        Self { title, input: Input::default(), of, wrong: "", said: Said::Nothing }
    }

    /// Asks what passages must be like; `before` is what they must be like now.
    pub fn filter(before: &str) -> Self {
        let title = "Only passages that pass".to_owned();
        Self { title, input: Input::new(before), of: Of::Filter, wrong: "", said: Said::Nothing }
    }

    /// Asks how near passages must be.
    pub fn threshold(before: Option<f64>) -> Self {
        let title = "The least cosine of a passage".to_owned();
        let input = before.map(|cosine| Input::new(&cosine.to_string())).unwrap_or_default();
        Self { title, input, of: Of::Threshold, wrong: "", said: Said::Nothing }
    }

    /// Asks how many of the first hits that model puts in order, in that base or for a question alone.
    pub fn candidates(base: Option<BaseId>, reranker: Reranker) -> Self {
        let title = "How many of the first hits are put in order".to_owned();
        let input = reranker.candidates.map(|many| Input::new(&many.to_string())).unwrap_or_default();
        Self { title, input, of: Of::Candidates(base, reranker), wrong: "", said: Said::Nothing }
    }

    /// The same, with what was written and could not be taken: it is to be mended.
    #[must_use]
    pub fn mended(self, text: &str, error: Error) -> Self {
        Self { input: Input::new(text), said: Said::failed(error), ..self }
    }

    /// The same, with a name that another one has: it is asked for again.
    #[must_use]
    pub fn taken(self, name: &str) -> Self {
        let said = Said::Failed("There is one of that name already; choose another.".to_owned());
        Self { input: Input::new(name), said, ..self }
    }
}

/// Letters and digits of the title: a name that every file system takes.
fn file_stem(title: &str) -> String {
    let mut name = String::new();
    for c in title.chars().flat_map(char::to_lowercase) {
        if name.len() >= 60 {
            break;
        }
        if c.is_alphanumeric() {
            name.push(c);
        } else if !name.is_empty() && !name.ends_with('-') {
            name.push('-');
        }
    }
    let name = name.trim_end_matches('-');
    if name.is_empty() { "conversation".to_owned() } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_becomes_a_name_that_every_file_system_takes() {
        assert_eq!(file_stem("Why / do rivers… meander?"), "why-do-rivers-meander");
        assert_eq!(file_stem("../../"), "conversation");
    }
}
