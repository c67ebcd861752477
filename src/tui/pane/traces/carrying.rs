//! Files of traces, read and written, and runs that are removed.

use std::fmt::Write as _;

use super::{State, Wait};
use crate::domain::figures::{count, grouped};
use crate::domain::trace::run::{Destination, Sent};
use crate::domain::trace::{Brought, TraceId};
use crate::domain::{Error, ErrorKind};
use crate::tui::app::Desk;
use crate::tui::effect::{Effect, Pieces, TaskId, Written};
use crate::tui::overlay::Choice;
use crate::tui::overlay::prompt::{is_server, trace_form_of};
use crate::workbench::Request;
use crate::workbench::request::traces::Traces;

/// Bytes that are held here before they are written: the command line writes what is larger, piece by piece.
const LARGEST: usize = 256 << 20;

/// A run on its way to a file, as far as it has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Export {
    pub task: TaskId,
    id: TraceId,
    path: String,
    replace: bool,
    pieces: Pieces,
    /// Bytes of them all.
    size: usize,
    /// What of it could not be read.
    damaged: Vec<String>,
}

impl State {
    /// Takes what was chosen in an overlay.
    pub(super) fn was_chosen(&mut self, choice: Choice, desk: &mut Desk<'_>) {
        match choice {
            Choice::Write { of: Written::Trace(id), path, replace } => self.write(id, path, replace, desk),
            Choice::ImportTraces(path) => {
                let file = desk.options.whole_path(&path);
                let task = desk.call(None, Request::Traces(Traces::Import { file }));
                desk.say("Reading the file…");
                self.wait(task, Wait::Import);
            }
            Choice::Model(model) => self.take_model(model, desk),
            Choice::AskAgain(asked) => self.ask_again(asked, desk),
            Choice::RemoveTrace(id) => {
                let task = desk.call(None, Request::Traces(Traces::Remove { id }));
                self.wait(task, Wait::Remove);
            }
            Choice::Opine(of, said) => self.opine(&of, said, desk),
            Choice::Listen(port) => self.listen(port, desk),
            Choice::AddSpan(of, dataset, row_for) => self.make_row(of, dataset, row_for, desk),
            _ => {}
        }
    }

    /// Writes a run to the file, in the form that its name asks for, or sends it to the server.
    fn write(&mut self, id: TraceId, path: String, replace: bool, desk: &mut Desk<'_>) {
        if is_server(&path) {
            let to = Destination { url: path, headers: Vec::new(), json: false };
            let task = desk.call(None, Request::Traces(Traces::Send { id, to }));
            desk.say("Sending the run…");
            return self.wait(task, Wait::Send);
        }
        let Some(form) = trace_form_of(&path) else { return };
        if self.export.is_some() {
            desk.say("Another run is still on its way to its file. Try again when it is there.");
            return;
        }
        let task = desk.call(None, Request::Traces(Traces::Export { id, form }));
        self.export =
            Some(Export { task, id, path, replace, pieces: Pieces::default(), size: 0, damaged: Vec::new() });
    }

    /// A piece of it.
    pub(super) fn take_piece(&mut self, piece: Vec<u8>, desk: &mut Desk<'_>) {
        let Some(export) = &mut self.export else { return };
        export.size += piece.len();
        if export.size <= LARGEST {
            // Not joined: every piece would be copied, and all of them again and again.
            export.pieces.0.push(piece);
            return;
        }
        let doing = format!("writing {}", export.path);
        let why = format!("it is larger than {} MB", LARGEST >> 20);
        let hint = format!("`outcrop traces export {} -o FILE` writes it piece by piece.", export.id);
        desk.ask(Effect::Cancel(export.task));
        desk.complain(&Error::new(ErrorKind::Invalid, doing, why, hint));
        self.export = None;
    }

    /// What of it could not be read.
    pub(super) fn lack(&mut self, places: Vec<String>) {
        if let Some(export) = &mut self.export {
            export.damaged.extend(places);
        }
    }

    /// All of it is here, or no more of it comes.
    pub(super) fn exported(&mut self, error: Option<&Error>, desk: &mut Desk<'_>) {
        let Some(Export { id, path, replace, pieces, damaged, .. }) = self.export.take() else { return };
        if let Some(error) = error {
            return desk.complain(error);
        }
        if pieces.size() == 0 {
            return desk.note("Nothing of the run can be written in this form: no file was made.");
        }
        if let Some(first) = damaged.first() {
            let parts = count(damaged.len() as u64, "part", "parts");
            desk.note(format!("{parts} of the run could not be read, the rest is written: {first}"));
        }
        desk.ask(Effect::SaveBytes { of: Written::Trace(id), path, pieces, replace });
    }

    /// A run was sent.
    pub(super) fn sent(sent: &Sent, desk: &mut Desk<'_>) {
        let mut said = format!("{} sent to {}", count(sent.spans, "span", "spans"), sent.to);
        if sent.rejected > 0 {
            let _ = write!(said, ", {} of them not taken", grouped(sent.rejected));
        }
        if !sent.words.is_empty() {
            let _ = write!(said, ": {}", sent.words);
        }
        if let Some(first) = sent.damaged.first() {
            let parts = count(sent.damaged.len() as u64, "part", "parts");
            return desk.note(format!("{said}; {parts} of the run could not be read: {first}"));
        }
        desk.say(said);
    }

    /// A file was read.
    pub(super) fn imported(&mut self, brought: &Brought, desk: &mut Desk<'_>) {
        let spans = count(brought.spans, "span", "spans");
        let mut said = format!("{spans} of {}", count(brought.traces.len() as u64, "run", "runs"));
        said.push_str(&brought.already());
        if brought.rejected > 0 {
            let _ = write!(said, ", {} rejected", grouped(brought.rejected));
        }
        if !brought.remarks.is_empty() {
            let _ = write!(said, ": {}", brought.remarks);
        }
        desk.say(said);
        // The one that was read is what one wants to see.
        if let Some(id) = brought.traces.last()
            && let Some(at) = self.runs.iter().position(|run| run.id == *id)
        {
            self.select(at, desk);
        }
    }
}
