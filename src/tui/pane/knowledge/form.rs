//! A source as it is written on the screen, a new one or one that is there: which of its files are read, and when.

use super::{State, Wait, bases};
use crate::domain::Error;
use crate::domain::attachment::dropped_path;
use crate::domain::id::BaseId;
use crate::domain::knowledge::base::{Base, Origin, Source, SourceChange, SourcePlan};
use crate::domain::knowledge::chunking::Chunking;
use crate::domain::knowledge::patterns;
use crate::domain::knowledge::schedule::Schedule;
use crate::tui::action::Action;
use crate::tui::app::Desk;
use crate::tui::keymap::Context;
use crate::tui::overlay::menu::{Entry, Menu};
use crate::tui::overlay::prompt::Prompt;
use crate::tui::overlay::source::SourceBlank;
use crate::tui::overlay::{Choice, Overlay};
use crate::tui::when;
use crate::workbench::Request;
use crate::workbench::request::knowledge::Knowledge;

/// What was written so far.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Form {
    base: BaseId,
    /// The one that is changed, as it was.
    source: Option<Source>,
    place: String,
    /// Of a bucket, as is the next one; empty for the usual one.
    endpoint: String,
    region: String,
    /// A page may lie in the person's own network.
    private: bool,
    chunking: Chunking,
    include: Vec<String>,
    exclude: Vec<String>,
    ignored: bool,
    /// A cron expression; empty for none.
    cron: String,
    watch: bool,
}

impl Form {
    fn of(base: BaseId, source: Option<&Source>) -> Self {
        let patterns = source.and_then(|source| source.origin.patterns());
        let (include, exclude) = patterns.map(|(i, e)| (i.to_vec(), e.to_vec())).unwrap_or_default();
        let origin = source.map(|source| &source.origin);
        let (endpoint, region) = match origin {
            Some(Origin::S3 { endpoint, region, .. }) => (endpoint.clone(), region.clone()),
            _ => (None, None),
        };
        Self {
            base,
            source: source.cloned(),
            place: origin.map(Origin::place).unwrap_or_default(),
            endpoint: endpoint.unwrap_or_default(),
            region: region.unwrap_or_default(),
            private: matches!(origin, Some(Origin::Url { private: true, .. })),
            chunking: source.map(|source| source.chunking).unwrap_or_default(),
            include,
            exclude,
            ignored: matches!(origin, Some(Origin::Files { ignored: true, .. })),
            cron: source
                .and_then(|source| source.schedule.as_ref())
                .map_or("", |times| &times.cron)
                .to_owned(),
            watch: source.is_some_and(|source| source.watch),
        }
    }

    /// Whether it is of that source as it is now, or of a new one of that base.
    fn is_of(&self, base: BaseId, source: Option<&Source>) -> bool {
        let settings = |source: &Source| Self::of(base, Some(source)).change(&Self::of(base, None));
        self.base == base
            && match (&self.source, source) {
                (None, None) => true,
                (Some(was), Some(is)) => was.id == is.id && settings(was) == settings(is),
                _ => false,
            }
    }

    /// It lies on this machine.
    fn is_near(&self) -> bool {
        self.source.as_ref().map_or_else(|| !bases::is_far(&self.place), |source| source.origin.is_near())
    }

    /// It has files to choose among.
    fn has_files(&self) -> bool {
        self.is_near() || !bases::is_page(&self.place)
    }

    /// What of it is another than of `was`.
    fn change(&self, was: &Self) -> SourceChange {
        let other = |is: &Vec<String>, was: &Vec<String>| (is != was).then(|| is.clone());
        SourceChange {
            schedule: (self.cron != was.cron).then(|| self.cron.clone()),
            watch: (self.watch != was.watch).then_some(self.watch),
            include: other(&self.include, &was.include),
            exclude: other(&self.exclude, &was.exclude),
            ignored: (self.ignored != was.ignored).then_some(self.ignored),
        }
    }

    /// The same as it was before anything was written.
    fn before(&self) -> Self {
        Self::of(self.base, self.source.as_ref())
    }

    /// What stands in a blank, as it is written.
    fn text(&self, blank: SourceBlank) -> String {
        match blank {
            SourceBlank::Place => self.place.clone(),
            SourceBlank::Endpoint => self.endpoint.clone(),
            SourceBlank::Region => self.region.clone(),
            SourceBlank::Cut => self.chunking.to_string(),
            SourceBlank::Include => patterns::line(&self.include),
            SourceBlank::Exclude => patterns::line(&self.exclude),
            SourceBlank::Schedule => self.cron.clone(),
            SourceBlank::Private | SourceBlank::Ignored | SourceBlank::Watch => String::new(),
        }
    }

    fn fill(&mut self, blank: SourceBlank, text: &str) {
        match blank {
            SourceBlank::Place => self.place = dropped_path(text).unwrap_or_else(|| text.to_owned()),
            SourceBlank::Endpoint => text.clone_into(&mut self.endpoint),
            SourceBlank::Region => text.clone_into(&mut self.region),
            SourceBlank::Private => self.private = !self.private,
            SourceBlank::Cut => self.chunking = text.parse().unwrap_or_default(),
            SourceBlank::Include => self.include = patterns::read(text),
            SourceBlank::Exclude => self.exclude = patterns::read(text),
            SourceBlank::Schedule => self.cron = text.split_whitespace().collect::<Vec<_>>().join(" "),
            SourceBlank::Ignored => self.ignored = !self.ignored,
            SourceBlank::Watch => self.watch = !self.watch,
        }
    }

    /// The blanks that there are.
    fn blanks(&self) -> Vec<SourceBlank> {
        use SourceBlank as B;
        let mut all = vec![B::Place];
        match (self.is_near(), self.has_files()) {
            (false, true) => all.extend([B::Endpoint, B::Region]),
            (false, false) => all.push(B::Private),
            (true, _) => {}
        }
        all.push(B::Cut);
        if self.has_files() {
            all.extend([B::Include, B::Exclude]);
        }
        if self.is_near() {
            all.push(B::Ignored);
        }
        all.push(B::Schedule);
        if self.is_near() {
            all.push(B::Watch);
        }
        all
    }

    /// What stands in a blank, for people.
    fn said(&self, blank: SourceBlank, wall: when::Now) -> String {
        let text = self.text(blank);
        match blank {
            SourceBlank::Place if text.is_empty() => {
                "a folder, a file, s3://BUCKET/PREFIX or https://PAGE".to_owned()
            }
            SourceBlank::Endpoint | SourceBlank::Region if text.is_empty() => "the usual one".to_owned(),
            SourceBlank::Private if self.private => "it may lie on this machine or in its network".to_owned(),
            SourceBlank::Private => "it may not lie there".to_owned(),
            SourceBlank::Include if text.is_empty() => "every file that can be read".to_owned(),
            SourceBlank::Exclude if text.is_empty() => "none is left out".to_owned(),
            SourceBlank::Ignored if self.ignored => "what .gitignore and .ignore name is read too".to_owned(),
            SourceBlank::Ignored => "what .gitignore and .ignore name is left out".to_owned(),
            SourceBlank::Schedule if text.is_empty() => "only when somebody asks for it".to_owned(),
            SourceBlank::Schedule => format!("{text}{}", next_of(&text, wall)),
            SourceBlank::Watch if self.watch => "looked through when its files change".to_owned(),
            SourceBlank::Watch => "off".to_owned(),
            SourceBlank::Place
            | SourceBlank::Endpoint
            | SourceBlank::Region
            | SourceBlank::Cut
            | SourceBlank::Include
            | SourceBlank::Exclude => text,
        }
    }

    /// It, with what keeps it; what was written last is selected.
    fn menu(&self, name: &str, at: Option<SourceBlank>, wall: when::Now) -> Menu {
        let blanks = self.blanks();
        let fixed = |blank: SourceBlank| self.source.is_some() && blank.is_of_the_place();
        let mut entries: Vec<Entry> = blanks
            .iter()
            .map(|blank| {
                let detail = self.said(*blank, wall);
                entry(blank.name(), detail, fixed(*blank), Choice::SourceBlank(*blank))
            })
            .collect();
        let changed = *self != self.before();
        let (keep, does) = match &self.source {
            None => ("add it", "and read it"),
            Some(_) => ("keep it so", "the next sync takes in and out what that means"),
        };
        let nowhere = self.source.is_none() && self.place.is_empty();
        entries.push(entry(keep, does.to_owned(), nowhere || !changed, Choice::KeepSource));
        if changed {
            entries.push(entry(
                "take it back",
                "nothing of it is kept".to_owned(),
                false,
                Choice::DropSource,
            ));
        }
        let title = match &self.source {
            None => format!("A new source of {name}"),
            Some(_) => format!("A source of {name}"),
        };
        let mut menu = Menu::new(&title, "take it", "It has nothing of that name.", entries);
        let wanted = |blank: &SourceBlank| at.map_or_else(|| !fixed(*blank), |at| at == *blank);
        let at = blanks.iter().position(wanted).unwrap_or(0);
        menu.step(isize::try_from(at).unwrap_or(0));
        menu
    }
}

/// What is said of a source that is there, each with its name: as where it is changed.
pub(super) fn said_of(base: BaseId, source: &Source, wall: when::Now) -> Vec<(&'static str, String)> {
    let form = Form::of(base, Some(source));
    form.blanks().into_iter().map(|blank| (blank.name(), form.said(blank, wall))).collect()
}

/// When a schedule comes next, to be said after it.
fn next_of(cron: &str, wall: when::Now) -> String {
    let next = Schedule::of(cron, wall.at).ok().and_then(|times| times.next(wall.at, &wall.zone()));
    next.map(|next| format!(" · next {}", wall.clock(next))).unwrap_or_default()
}

/// Columns of the names of the blanks, and of what is done with all.
const LABELS: usize = 12;

fn entry(label: &str, detail: String, off: bool, choice: Choice) -> Entry {
    // What is said of each stands below that of the one before.
    let (label, right) = (format!("{label:<LABELS$}"), String::new());
    Entry { label, detail, right, current: false, off, choice, words: &[] }
}

impl State {
    /// Offers a source of a base to be written, a new one or one that is there; what was left of it is gone on with.
    pub(super) fn write_source(&mut self, base: BaseId, source: Option<&Source>, desk: &mut Desk<'_>) {
        if self.form.as_ref().is_none_or(|form| !form.is_of(base, source)) {
            self.form = Some(Form::of(base, source));
        }
        // Nothing can be said of a new one before where it is: a path that is typed at once is written there.
        if source.is_none() && self.form.as_ref().is_some_and(|form| form.place.is_empty()) {
            let prompt = Prompt::source_blank(SourceBlank::Place, "");
            return desk.overlays.push(Overlay::Prompt(prompt));
        }
        self.offer_form(None, desk);
    }

    fn offer_form(&self, at: Option<SourceBlank>, desk: &mut Desk<'_>) {
        let Some(form) = &self.form else { return };
        let name = self.bases.iter().find(|base| base.id == form.base).map_or("", |base| &base.name);
        let wall = desk.wall();
        desk.overlays.push(Overlay::Menu(form.menu(name, at, wall)));
    }

    /// Takes what was chosen of a source that is written; `false` where it is of something else.
    pub(super) fn chosen_of_form(&mut self, choice: &Choice, desk: &mut Desk<'_>) -> bool {
        match choice {
            Choice::SourceBlank(blank) => {
                let Some(form) = &mut self.form else { return true };
                if matches!(blank, SourceBlank::Private | SourceBlank::Ignored | SourceBlank::Watch) {
                    form.fill(*blank, "");
                    self.offer_form(Some(*blank), desk);
                } else {
                    let prompt = Prompt::source_blank(*blank, &form.text(*blank));
                    desk.overlays.push(Overlay::Prompt(prompt));
                }
            }
            Choice::FillSource(blank, text) => {
                if let Some(form) = &mut self.form {
                    form.fill(*blank, text);
                }
                self.offer_form(Some(*blank), desk);
            }
            Choice::KeepSource => self.keep_source(desk),
            Choice::DropSource => self.form = None,
            Choice::RemoveSource(id, source) => {
                self.do_it(Knowledge::RemoveSource { id: *id, source: *source }, desk);
            }
            _ => return false,
        }
        true
    }

    /// The source is added, or is so from now on.
    fn keep_source(&mut self, desk: &mut Desk<'_>) {
        let Some(form) = self.form.clone() else { return };
        let id = form.base;
        let request = match &form.source {
            Some(source) => {
                let change = form.change(&form.before());
                Knowledge::ChangeSource { id, source: source.id, change }
            }
            None => match form.plan(desk) {
                Ok(plan) => Knowledge::AddSource { id, plan },
                Err(error) => return self.refused(form, error, desk),
            },
        };
        let task = desk.call(None, Request::Knowledge(request));
        self.wait(task, Wait::Keep(Box::new(form)));
    }

    /// What was written so is kept; another one may be written by now.
    pub(super) fn kept(&mut self, form: &Form, base: Base, desk: &mut Desk<'_>) {
        if self.form.as_ref() == Some(form) {
            self.form = None;
        }
        let (id, new) = (base.id, base.sources.last().map(|source| source.id));
        self.grown(base, desk);
        if form.source.is_none() {
            return self.sync(id, new, desk);
        }
        let change = form.change(&form.before());
        let files = change.include.is_some() || change.exclude.is_some() || change.ignored.is_some();
        if files {
            let key = desk.key(Context::Sources, Action::SyncBase);
            desk.say(format!("Kept. The next sync takes in and out what that means: {key}"));
        } else {
            desk.say("Kept.");
        }
    }

    /// What was written so could not be kept: it is to be mended, unless another one is written by now.
    pub(super) fn refused(&mut self, form: Form, error: Error, desk: &mut Desk<'_>) {
        if self.form.as_ref().is_some_and(|other| *other != form) {
            return desk.complain(&error);
        }
        if form.source.is_none() {
            let prompt = Prompt::source_blank(SourceBlank::Place, "");
            desk.overlays.push(Overlay::Prompt(prompt.mended(&form.place, error)));
            self.form = Some(form);
        } else {
            desk.complain(&error);
            self.form = Some(form);
            self.offer_form(None, desk);
        }
    }
}

impl Form {
    /// What a new source is made of.
    fn plan(&self, desk: &Desk<'_>) -> Result<SourcePlan, Error> {
        let mut origin = bases::origin_of(&self.place, desk.options)?;
        match &mut origin {
            Origin::Files { include, exclude, ignored, .. } => {
                (*include, *exclude, *ignored) = (self.include.clone(), self.exclude.clone(), self.ignored);
            }
            Origin::S3 { endpoint, region, include, exclude, .. } => {
                (*include, *exclude) = (self.include.clone(), self.exclude.clone());
                for (usual, own) in [(endpoint, &self.endpoint), (region, &self.region)] {
                    if !own.is_empty() {
                        *usual = Some(own.clone());
                    }
                }
            }
            Origin::Url { private, .. } => *private = self.private,
        }
        let schedule = Some(self.cron.clone()).filter(|cron| !cron.is_empty());
        // Of what is far nothing tells of changes.
        let watch = self.watch && origin.is_near();
        Ok(SourcePlan { origin, chunking: self.chunking, schedule, watch })
    }
}
