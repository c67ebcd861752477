//! The bases: made of a folder, filled, synced, renamed, removed.

use std::path::Path;

use super::{Open, State, Wait, is_worked_on, layout, name_of};
use crate::domain::Error;
use crate::domain::id::{BaseId, SourceId};
use crate::domain::knowledge::base::{BUCKETS, Base, Origin, Plan, SourcePlan, bucket_of};
use crate::domain::knowledge::chunking::Chunking;
use crate::domain::knowledge::store::StoreKind;
use crate::tui::action::Action;
use crate::tui::app::{Desk, Options};
use crate::tui::effect::Lane;
use crate::tui::overlay::confirm::Confirm;
use crate::tui::overlay::input::Input;
use crate::tui::overlay::prompt::{Prompt, Said};
use crate::tui::overlay::{Choice, Overlay};
use crate::tui::rows::{followed, stepped};
use crate::workbench::Request;
use crate::workbench::request::Topic;
use crate::workbench::request::knowledge::{Knowledge, Wish};

impl State {
    /// Asks for the bases, and to be told of changes.
    pub(super) fn enter(&mut self, desk: &mut Desk<'_>) {
        self.follow(desk);
        self.read(desk);
    }

    /// Is told from now on what becomes of bases.
    pub fn follow(&mut self, desk: &mut Desk<'_>) {
        if self.watch.is_none() {
            self.watch = Some(desk.call(None, Request::Watch { topic: Topic::Knowledge }));
        }
    }

    pub(super) fn read(&mut self, desk: &mut Desk<'_>) {
        let task = desk.call(Some(Lane("bases")), Request::Knowledge(Knowledge::List));
        self.instead(|wait| *wait == Wait::List);
        self.wait(task, Wait::List);
    }

    pub(super) fn can_among_bases(&self, action: Action) -> bool {
        use Action as A;
        match action {
            A::NewBase | A::PreviewCuts | A::ImportBase | A::Help => true,
            A::Open
            | A::AddDocuments
            | A::SyncBase
            | A::ShowDocuments
            | A::ShowSources
            | A::ChooseReranker
            | A::RebuildBase
            | A::ExportBase
            | A::Rename
            | A::Delete => self.current().is_some(),
            action => stepped(action, 0, 1, 1).is_some() && self.bases.len() > 1,
        }
    }

    /// What is done among the bases.
    pub(super) fn among_bases(&mut self, action: Action, desk: &mut Desk<'_>) {
        let page = usize::from(layout::bases(desk.area).0.height);
        if let Some(to) = stepped(action, self.selected, page, self.bases.len()) {
            return self.select_base(to, desk);
        }
        match action {
            Action::NewBase => desk.overlays.push(Overlay::Prompt(Prompt::documents(None))),
            Action::PreviewCuts => Self::ask_for_file(desk),
            Action::ImportBase => desk.overlays.push(Overlay::Prompt(Prompt::import_base())),
            Action::Open | Action::ShowDocuments | Action::ShowSources => {
                let Some(id) = self.current().map(|base| base.id) else { return };
                if self.open.as_ref().is_none_or(|open| open.id != id) {
                    self.look_into(Some(Open::new(id)));
                }
                match action {
                    Action::ShowDocuments => self.show_documents(desk),
                    Action::ShowSources => self.show_sources(desk),
                    _ => {}
                }
            }
            action => self.on_base(action, desk),
        }
    }

    pub(super) fn select_base(&mut self, at: usize, desk: &Desk<'_>) {
        let page = usize::from(layout::bases(desk.area).0.height);
        self.selected = at.min(self.bases.len().saturating_sub(1));
        self.top = followed(self.top, self.selected, page);
    }

    /// What is done with the base that is meant, wherever it is shown.
    pub(super) fn on_base(&mut self, action: Action, desk: &mut Desk<'_>) {
        let Some(base) = self.meant().cloned() else { return };
        match action {
            Action::AddDocuments => {
                let prompt = Prompt::documents(Some((base.id, &base.name)));
                desk.overlays.push(Overlay::Prompt(prompt));
            }
            Action::SyncBase if is_worked_on(&base) => self.do_it(Knowledge::Pause { id: base.id }, desk),
            Action::SyncBase if base.sources.is_empty() => {
                desk.say("It has no source yet.");
                let prompt = Prompt::documents(Some((base.id, &base.name)));
                desk.overlays.push(Overlay::Prompt(prompt));
            }
            Action::SyncBase => self.sync(base.id, None, desk),
            Action::ChooseReranker => self.offer_base_reranking(desk),
            Action::RebuildBase if is_worked_on(&base) => {
                desk.say("It is being worked on; that must end first, or be stopped.");
            }
            Action::RebuildBase => {
                desk.overlays.push(Overlay::Prompt(Prompt::rebuild_base(base.id, &base.name)));
            }
            Action::ExportBase => {
                desk.overlays.push(Overlay::Prompt(Prompt::export_base(base.id, &base.name)));
            }
            Action::Rename => {
                desk.overlays.push(Overlay::Prompt(Prompt::rename_base(base.id, &base.name)));
            }
            Action::Delete => desk.overlays.push(Overlay::Confirm(Confirm::remove_base(&base))),
            _ => {}
        }
    }

    /// Takes what was chosen of a base; `false` where it is of something else.
    pub(super) fn chosen_of_bases(&mut self, choice: &Choice, desk: &mut Desk<'_>) -> bool {
        match choice {
            Choice::AddDocuments { base: Some(id), path } => {
                let chunking = self.chunking_wanted();
                self.cuts = None;
                self.add(*id, path, chunking, desk);
            }
            // Nothing is made for what is not there.
            Choice::AddDocuments { base: None, path } => {
                let chunking = self.chunking_wanted();
                let plan = match plan_of(path, chunking, desk.options) {
                    Ok(plan) => plan,
                    Err(error) => {
                        self.mend(None, path, error, desk);
                        return true;
                    }
                };
                let task = desk.call(None, Request::Knowledge(Knowledge::CheckSource { plan }));
                self.wait(task, Wait::Check(path.clone(), chunking));
            }
            Choice::RenameBase(id, name) => {
                self.do_it(Knowledge::Rename { id: *id, name: name.clone() }, desk);
            }
            Choice::RerankBase(id, reranker) => {
                self.do_it(Knowledge::Rerank { id: *id, reranker: reranker.clone() }, desk);
            }
            Choice::PlanRebuild(id, wish) => self.plan_rebuild(*id, wish.clone(), desk),
            Choice::RebuildBase(id, wish) => {
                self.cuts = None;
                self.do_it(Knowledge::Rebuild { id: *id, wish: wish.clone() }, desk);
            }
            Choice::DropRebuild(id) => self.do_it(Knowledge::DropRebuild { id: *id }, desk),
            Choice::ExportBase(id, path) => {
                let path = desk.options.whole_path(path);
                let request = Knowledge::Export { id: *id, path: path.clone(), vectors: true };
                let task = desk.call(None, Request::Knowledge(request));
                self.wait(task, Wait::Export(path));
            }
            Choice::ImportBase(path) => {
                let request = Knowledge::Import { path: desk.options.whole_path(path), name: None };
                let task = desk.call(None, Request::Knowledge(request));
                self.wait(task, Wait::Import);
            }
            Choice::RemoveBase(id) => self.do_it(Knowledge::Remove { id: *id, forget: false }, desk),
            _ => return false,
        }
        true
    }

    /// Asks what rebuilding a base so would do and cost.
    pub(super) fn plan_rebuild(&mut self, id: BaseId, wish: Wish, desk: &mut Desk<'_>) {
        let request = Knowledge::PlanRebuild { id, wish: wish.clone() };
        let task = desk.call(Some(Lane("rebuild")), Request::Knowledge(request));
        self.instead(|wait| matches!(wait, Wait::Plan(..)));
        desk.say("Seeing what that takes…");
        self.wait(task, Wait::Plan(id, wish));
    }

    /// What a base of that folder or file is called, which no other one is.
    fn name_for(&self, path: &Path) -> String {
        let whole = path.to_string_lossy();
        let name = name_of(&whole);
        let name = if name.is_empty() { "documents" } else { name };
        let taken =
            |name: &str| self.bases.iter().any(|base| base.name.to_lowercase() == name.to_lowercase());
        let numbered = (2..).map(|number| format!("{name} {number}"));
        std::iter::once(name.to_owned()).chain(numbered).find(|name| !taken(name)).unwrap_or_default()
    }

    /// A base of that folder or file is made, and it is cut so.
    pub(super) fn make(&mut self, typed: String, chunking: Chunking, desk: &mut Desk<'_>) {
        let (name, store) = (self.name_for(&desk.options.whole_path(&typed)), StoreKind::default());
        let plan = Plan { name, description: None, embedder: None, store };
        let task = desk.call(None, Request::Knowledge(Knowledge::Create { plan }));
        desk.say("Making the base…");
        self.wait(task, Wait::Make(typed, chunking));
    }

    /// The base has that folder or file as a source, which was `typed` so.
    pub(super) fn add(&mut self, id: BaseId, typed: &str, chunking: Chunking, desk: &mut Desk<'_>) {
        let plan = match plan_of(typed, chunking, desk.options) {
            Ok(plan) => plan,
            Err(error) => return self.mend(Some(id), typed, error, desk),
        };
        let task = desk.call(None, Request::Knowledge(Knowledge::AddSource { id, plan }));
        self.wait(task, Wait::Add(id, typed.to_owned()));
    }

    /// What was typed is no place of documents: it is to be mended, for that base or for a new one.
    pub(super) fn mend(&self, base: Option<BaseId>, typed: &str, error: Error, desk: &mut Desk<'_>) {
        let base = base.and_then(|id| self.bases.iter().find(|base| base.id == id));
        let prompt = Prompt::documents(base.map(|base| (base.id, base.name.as_str())));
        desk.overlays.push(Overlay::Prompt(prompt.mended(typed, error)));
    }

    /// No base could be made of what was typed, though that is there: it stands again, with why, for another try.
    pub(super) fn not_made(typed: &str, error: &Error, desk: &mut Desk<'_>) {
        let (input, said) = (Input::new(typed), Said::Failed(error.to_string()));
        desk.overlays.push(Overlay::Prompt(Prompt { input, said, ..Prompt::documents(None) }));
    }

    /// Looks its sources through, or one of them.
    pub(super) fn sync(&mut self, id: BaseId, source: Option<SourceId>, desk: &mut Desk<'_>) {
        let task = desk.call(None, Request::Knowledge(Knowledge::Sync { id, source }));
        self.wait(task, Wait::Sync(id));
    }

    /// Asks for an act that says no more than whether it was done.
    pub(super) fn do_it(&mut self, request: Knowledge, desk: &mut Desk<'_>) {
        let task = desk.call(None, Request::Knowledge(request));
        self.wait(task, Wait::Act);
    }

    /// A base is as it says now.
    pub(super) fn put(&mut self, base: Base) {
        self.early.retain(|other| other.id != base.id);
        if let Some(base) = renewed(&mut self.bases, base) {
            self.bases.insert(0, base);
            self.selected += usize::from(self.bases.len() > 1);
        }
    }

    /// The same of one that it is told of before there is a list: what is worked on counts, whoever has seen it.
    pub(super) fn put_early(&mut self, base: Base) {
        if let Some(base) = renewed(&mut self.early, base) {
            self.early.push(base);
        }
    }

    /// A base is gone.
    pub(super) fn drop_base(&mut self, id: BaseId) {
        self.bases.retain(|base| base.id != id);
        self.early.retain(|base| base.id != id);
        self.selected = self.selected.min(self.bases.len().saturating_sub(1));
        if self.open.as_ref().is_some_and(|open| open.id == id) {
            self.look_into(None);
        }
    }
}

/// Puts a base in its place among others; gives it back where it is none of them.
fn renewed(among: &mut [Base], base: Base) -> Option<Base> {
    match among.iter_mut().find(|other| other.id == base.id) {
        // Two streams tell of one sync: the later word counts.
        Some(other) if other.updated > base.updated => {}
        Some(other) => *other = base,
        None => return Some(base),
    }
    None
}

/// All of what is there.
fn plan_of(typed: &str, chunking: Chunking, options: &Options) -> Result<SourcePlan, Error> {
    Ok(SourcePlan { origin: origin_of(typed, options)?, chunking, schedule: None, watch: false })
}

/// A page of the web.
pub(super) fn is_page(typed: &str) -> bool {
    typed.starts_with("http://") || typed.starts_with("https://")
}

/// It lies on another machine.
pub(super) fn is_far(typed: &str) -> bool {
    is_page(typed) || typed.starts_with(BUCKETS)
}

/// The place that was typed: a folder with all that lies in it, one file, the objects of a bucket, or a page.
pub(super) fn origin_of(typed: &str, options: &Options) -> Result<Origin, Error> {
    let (include, exclude) = (Vec::new(), Vec::new());
    if is_page(typed) {
        return Ok(Origin::Url { url: typed.to_owned(), private: false });
    }
    if is_far(typed) {
        let (bucket, prefix) = bucket_of(typed)?;
        // As this process was told: whoever syncs it may have been told otherwise.
        let (endpoint, region) = options.buckets.clone();
        return Ok(Origin::S3 { bucket, prefix, endpoint, region, include, exclude });
    }
    Ok(Origin::Files { path: options.whole_path(typed), include, exclude, ignored: false })
}
