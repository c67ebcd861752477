//! Agents as they are kept: made, edited, deleted. Whatever is done with one begins with what the store has of it.

use super::{State, Wait};
use crate::domain::agent::{Agent, Book, Chosen, Definition, Version};
use crate::domain::catalog::{Availability, ModelId};
use crate::domain::conversation::Answers;
use crate::domain::id::AgentId;
use crate::domain::library::name_of;
use crate::domain::untrusted::safe_line;
use crate::domain::{Error, ErrorKind};
use crate::tui::action::Action;
use crate::tui::app::Desk;
use crate::tui::effect::TaskId;
use crate::tui::keymap::Context;
use crate::tui::overlay::agent::Deed;
use crate::tui::overlay::confirm::Confirm;
use crate::tui::overlay::menu::{Entry, Menu};
use crate::tui::overlay::pad::Pad;
use crate::tui::overlay::{Choice, Overlay};
use crate::workbench::request::agents::Agents;
use crate::workbench::request::conversations::Change;
use crate::workbench::request::knowledge::Knowledge;
use crate::workbench::{Reply, Request};

/// What was read of what is written.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Read {
    name: String,
    definition: Definition,
    /// What of it is not as may be thought.
    remarks: Vec<String>,
}

/// What a reply is for. What was written goes along until it is kept: it comes back where it cannot be taken.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Doing {
    /// The agent, for that to be done with it.
    Open(Deed),
    /// The file of its newest version, to be edited.
    File {
        of: Chosen,
        number: u32,
        json: bool,
    },
    /// What is written means this: a new agent, or the next version of that one, which it was written from.
    Read {
        of: Option<(AgentId, u32)>,
        pad: Box<Pad>,
    },
    /// The agent as it is now, for what was read to be the next version of; it was written from that one.
    Against {
        from: u32,
        pad: Box<Pad>,
        read: Box<Read>,
    },
    /// It has another name; what was read is yet to be kept.
    Rename {
        pad: Box<Pad>,
        read: Box<Read>,
    },
    /// What was written is kept.
    Keep {
        pad: Box<Pad>,
        remarks: Vec<String>,
    },
    /// Whether there is a knowledge base of that name, which what was kept may search; those that are `left` come behind it.
    Base {
        said: String,
        remarks: Vec<String>,
        name: String,
        left: Vec<String>,
    },
    /// A version that nobody wrote is kept; in words, what it is.
    Change(String),
    /// The file of the older one of two versions.
    Older {
        of: AgentId,
        from: u32,
        to: u32,
        /// One that is written out is another one.
        secret: bool,
        json: bool,
    },
    /// The file of the newer one, beside that of the older.
    Newer {
        of: AgentId,
        older: String,
        from: u32,
        to: u32,
        secret: bool,
        json: bool,
    },
    /// What it remembers, and for how many days, for that to be done with a session of it.
    Sessions {
        of: Chosen,
        days: u16,
        deed: Deed,
    },
    /// What was written of a session is kept.
    Remember(Box<Pad>),
    Forget,
    Remove(Chosen),
}

impl Doing {
    /// It only shows more of what a list is of.
    const fn leads_on(&self) -> bool {
        matches!(self, Self::Open(deed) if deed.leads_on())
    }

    /// Something is written that the store has not acknowledged, or asked what is to be known before it is written.
    pub(super) const fn is_writing(&self) -> bool {
        match self {
            Self::Open(deed) => deed.writes(),
            Self::Read { .. }
            | Self::Against { .. }
            | Self::Rename { .. }
            | Self::Keep { .. }
            | Self::Change(_)
            | Self::Remember(_)
            | Self::Forget
            | Self::Remove(_) => true,
            Self::File { .. }
            | Self::Base { .. }
            | Self::Older { .. }
            | Self::Newer { .. }
            | Self::Sessions { .. } => false,
        }
    }

    /// What was written and goes along.
    fn written(self) -> Option<Pad> {
        match self {
            Self::Open(Deed::Remember(_, pad))
            | Self::Read { pad, .. }
            | Self::Against { pad, .. }
            | Self::Rename { pad, .. }
            | Self::Keep { pad, .. }
            | Self::Remember(pad) => Some(*pad),
            _ => None,
        }
    }
}

impl State {
    /// Offers the agents, for that to be done with one; where there is no other, it is meant.
    pub(super) fn offer_agents_for(&mut self, deed: &Deed, agents: &[Agent], desk: &mut Desk<'_>) {
        match agents {
            [] => {
                let makes = desk.key(Context::Composer, Action::NewAgent);
                desk.say(format!("There is no agent yet: {makes} makes one."));
            }
            [only] => self.open_agent(only.id, deed.clone(), desk),
            several => {
                let (wall, now) = (desk.wall(), self.thread.agent.as_ref());
                let line = |agent: &Agent| Entry {
                    current: now.is_some_and(|now| now.id == agent.id),
                    right: wall.ago(agent.updated),
                    ..entry(
                        &agent.name,
                        &super::agents::in_short(agent),
                        Choice::Agent(agent.id, deed.clone()),
                    )
                };
                let entries = several.iter().map(line).collect();
                let menu = Menu::new(deed.title(), deed.verb(), "", entries);
                desk.overlays.push(Overlay::Menu(menu));
            }
        }
    }

    /// Asks for an agent, for that to be done with it.
    pub(super) fn open_agent(&mut self, id: AgentId, deed: Deed, desk: &mut Desk<'_>) {
        // A list stays while it is asked, and may be asked twice.
        if deed.leads_on() {
            self.waits.retain(|_, wait| match wait {
                Wait::Doing(doing) => !doing.leads_on(),
                _ => true,
            });
        }
        self.go_on_with_agent(Doing::Open(deed), Agents::Open { id }, desk);
    }

    /// Asks for something of an agent; `doing` says what for.
    pub(super) fn go_on_with_agent(&mut self, doing: Doing, request: Agents, desk: &mut Desk<'_>) {
        let task = desk.call(None, Request::Agents(request));
        self.waits.insert(task, Wait::Doing(Box::new(doing)));
    }

    /// Writes a new agent, which the model of the conversation would be asked for.
    pub(super) fn new_agent(&self, desk: &mut Desk<'_>) {
        let pad = Pad::new_agent(&blank(self.thread.setup.model.as_ref()));
        desk.overlays.push(Overlay::Pad(Box::new(pad)));
    }

    /// What is written is to be the next version of that agent, or a new one: asks what it says.
    pub(super) fn read_agent(&mut self, of: Option<(AgentId, u32)>, pad: Box<Pad>, desk: &mut Desk<'_>) {
        let text = pad.composer.text();
        self.go_on_with_agent(Doing::Read { of, pad }, Agents::Read { text }, desk);
    }

    /// Takes in what the store says.
    pub(super) fn heard_of_agent(&mut self, doing: Doing, reply: Reply, desk: &mut Desk<'_>) {
        match (doing, reply) {
            (Doing::Open(deed), Reply::Agent { book }) => self.do_with_agent(&book, deed, desk),
            (Doing::File { of, number, .. }, Reply::Text { text }) => {
                let pad = Pad::agent(of.id, (of.name.as_str(), number), text.trim_end());
                desk.overlays.push(Overlay::Pad(Box::new(pad)));
            }
            (Doing::Read { of, pad }, Reply::AgentRead { name, definition, mut remarks }) => {
                if let Some(guardrail) = &definition.guardrail {
                    remarks.push(format!("the guardrail {guardrail:?} is kept, and not applied yet"));
                }
                let read = Read { name, definition, remarks };
                match of {
                    None => self.make_agent(pad, read, desk),
                    Some((id, from)) => {
                        let doing = Doing::Against { from, pad, read: Box::new(read) };
                        self.go_on_with_agent(doing, Agents::Open { id }, desk);
                    }
                }
            }
            (Doing::Against { from, pad, mut read }, Reply::Agent { book }) => {
                let latest = book.agent.latest;
                if latest > from {
                    let meanwhile = format!("nothing of version {latest}, which came meanwhile, is in it");
                    read.remarks.push(meanwhile);
                }
                self.keep_agent(&book, pad, *read, false, desk);
            }
            (Doing::Rename { pad, read }, Reply::Agent { book }) => {
                self.agent_renamed(&book.agent, desk);
                self.keep_agent(&book, pad, *read, true, desk);
            }
            (Doing::Keep { remarks, .. }, Reply::Agent { book }) => self.agent_kept(&book, remarks, desk),
            (Doing::Base { said, remarks, left, .. }, Reply::Base { .. }) => {
                self.tell_what_is_missing(said, remarks, left, desk);
            }
            (Doing::Change(what), Reply::Agent { book }) => {
                let Agent { name, latest, .. } = &book.agent;
                desk.say(format!("Saved as version {latest} of {}: {what}.", safe_line(name)));
            }
            (Doing::Older { of, from, to, secret, json }, Reply::Text { text }) => {
                let export = Agents::Export { id: of, version: Some(to), json };
                let doing = Doing::Newer { of, older: text, from, to, secret, json };
                self.go_on_with_agent(doing, export, desk);
            }
            (Doing::Newer { older, from, to, secret, .. }, Reply::Text { text }) => {
                let sides = [(format!("version {from}"), older), (format!("version {to}"), text)];
                desk.overlays.push(super::versions::compared(sides, secret));
            }
            (Doing::Sessions { of, days, deed }, Reply::AgentMemories { sessions }) => {
                Self::do_with_session(&of, days, &sessions, &deed, desk);
            }
            (Doing::Remember(_), Reply::AgentMemories { .. }) => desk.say("It remembers that now."),
            (Doing::Forget, Reply::Done) => desk.say("It is forgotten."),
            (Doing::Remove(of), Reply::Done) => self.agent_removed(&of, desk),
            (doing, _) => self.agent_refused(doing, &unanswered(), desk),
        }
    }

    /// What was to be done was refused: what was written comes back with what is wrong in it.
    pub(super) fn agent_refused(&mut self, doing: Doing, error: &Error, desk: &mut Desk<'_>) {
        match doing {
            // JSON has a way to write whatever it is.
            Doing::File { of, number, json: false } if error.kind == ErrorKind::Invalid => {
                let export = Agents::Export { id: of.id, version: Some(number), json: true };
                self.go_on_with_agent(Doing::File { of, number, json: true }, export, desk);
            }
            Doing::Older { of, from, to, secret, json: false }
            | Doing::Newer { of, from, to, secret, json: false, .. }
                if error.kind == ErrorKind::Invalid =>
            {
                self.compare_versions(of, (from, to), secret, true, desk);
            }
            Doing::Base { said, mut remarks, name, left } => {
                if error.kind == ErrorKind::NotFound {
                    remarks.push(format!("there is no knowledge base {name:?} yet"));
                }
                self.tell_what_is_missing(said, remarks, left, desk);
            }
            doing => match doing.written() {
                Some(pad) => mend(pad, error, desk),
                None => desk.complain(error),
            },
        }
    }

    /// What was written and went along with a call, with why it comes back.
    pub fn given_back(&self, task: TaskId, error: &Error) -> Option<Pad> {
        let Some(Wait::Doing(doing)) = self.waits.get(&task) else { return None };
        Some((**doing).clone().written()?.mended(error))
    }

    fn do_with_agent(&mut self, book: &Book, deed: Deed, desk: &mut Desk<'_>) {
        let id = book.agent.id;
        match deed {
            Deed::Edit => {
                let number = book.agent.latest;
                let doing = Doing::File { of: chosen(&book.agent), number, json: false };
                let export = Agents::Export { id, version: Some(number), json: false };
                self.go_on_with_agent(doing, export, desk);
            }
            Deed::Versions
            | Deed::Version(_)
            | Deed::Read(_)
            | Deed::Compare(..)
            | Deed::GoBack(_)
            | Deed::Prompts
            | Deed::Prompt(_)
            | Deed::DefaultPrompt(_)
            | Deed::ComparePrompt(_)
            | Deed::ResetPrompt(_) => self.do_with_version(book, &deed, desk),
            Deed::Memory | Deed::Session(_) | Deed::EditSession(_) | Deed::AskToForget(..) => {
                let days = book.version(None).map_or(0, |version| version.definition.memory.days);
                let doing = Doing::Sessions { of: chosen(&book.agent), days, deed };
                self.go_on_with_agent(doing, Agents::Memories { id, user: None }, desk);
            }
            Deed::Remember(session, pad) => {
                let summary = pad.composer.text();
                let request = Agents::EditMemory { id, session, summary };
                self.go_on_with_agent(Doing::Remember(pad), request, desk);
            }
            Deed::Forget(session, runs) => {
                let request = Agents::Forget { id, sessions: vec![session], runs };
                self.go_on_with_agent(Doing::Forget, request, desk);
            }
            Deed::AskToRemove => match self.answered_by(id) {
                Some(thread) => still_answering(&book.agent, &thread.title, desk),
                None => desk.overlays.push(Overlay::Confirm(Confirm::remove_agent(&book.agent))),
            },
            Deed::Remove => {
                self.go_on_with_agent(Doing::Remove(chosen(&book.agent)), Agents::Remove { id }, desk);
            }
        }
    }

    fn make_agent(&mut self, pad: Box<Pad>, read: Read, desk: &mut Desk<'_>) {
        let Read { name, definition, remarks } = read;
        if name.trim().is_empty() {
            let hint = "Write it at the top, name = \"…\".";
            let error = Error::new(ErrorKind::Invalid, "making an agent", "it has no name", hint);
            return mend(*pad, &error, desk);
        }
        let folder = Some(desk.options.folder.clone());
        let definition = Box::new(definition);
        let request = Agents::Create { name, definition, note: String::new(), folder };
        self.go_on_with_agent(Doing::Keep { pad, remarks }, request, desk);
    }

    /// What was read is the next version of an agent, under the name that it says; `renamed` where that is done.
    fn keep_agent(&mut self, book: &Book, pad: Box<Pad>, mut read: Read, renamed: bool, desk: &mut Desk<'_>) {
        let Agent { id, name: now, latest, .. } = &book.agent;
        let wanted = name_of(&read.name).unwrap_or_else(|| read.name.trim().to_owned());
        if !wanted.is_empty() && wanted != *now && !renamed {
            let request = Agents::Rename { id: *id, name: wanted };
            return self.go_on_with_agent(Doing::Rename { pad, read: Box::new(read) }, request, desk);
        }
        let newest = book.version(None).map(|version| &version.definition);
        match newest {
            Some(newest) if newest.without_secrets() == read.definition && renamed => {
                desk.say(format!("It is called {} from now on.", safe_line(now)));
            }
            Some(newest) if newest.without_secrets() == read.definition => {
                let why = format!("it is the same as version {latest}");
                let hint = "Change something in it first.";
                mend(*pad, &Error::new(ErrorKind::Invalid, "saving a version of an agent", why, hint), desk);
            }
            _ => {
                read.remarks
                    .extend(newest.map(|newest| read.definition.now_read(newest)).unwrap_or_default());
                let folder = Some(desk.options.folder.clone());
                let definition = Box::new(read.definition);
                let request = Agents::Save { id: *id, definition, note: String::new(), folder };
                self.go_on_with_agent(Doing::Keep { pad, remarks: read.remarks }, request, desk);
            }
        }
    }

    /// It is kept: says so, and what it needs that is not there yet.
    fn agent_kept(&mut self, book: &Book, mut remarks: Vec<String>, desk: &mut Desk<'_>) {
        let name = safe_line(&book.agent.name);
        let said = if book.agent.latest == 1 {
            let chooses = desk.key(Context::Composer, Action::ChooseAgent);
            format!("{name} is made; {chooses} has it answer.")
        } else {
            format!("Saved as version {} of {name}.", book.agent.latest)
        };
        let mut bases = Vec::new();
        if let Some(Version { definition, .. }) = book.version(None) {
            if definition.model.is_none() {
                remarks.push("it names no model: that of the conversation answers".to_owned());
            }
            let own = definition.model.as_ref().unwrap_or(&desk.options.model);
            let is_missing = |model: &&ModelId| {
                let mut cards = self.stock.cards.iter();
                cards.any(|card| card.id == **model && card.availability == Availability::NotPulled)
            };
            let missing = definition.asked(own).into_iter().filter(is_missing);
            remarks.extend(missing.map(|model| format!("the model {model} is not on this machine yet")));
            bases.extend(definition.bases.iter().map(|base| base.name.clone()));
        }
        self.tell_what_is_missing(said, remarks, bases, desk);
    }

    /// Says it when it is known of each of these bases whether it is there.
    fn tell_what_is_missing(
        &mut self,
        said: String,
        remarks: Vec<String>,
        mut bases: Vec<String>,
        desk: &mut Desk<'_>,
    ) {
        if let Some(name) = bases.pop() {
            let find = Knowledge::Find { text: name.clone() };
            let task = desk.call(None, Request::Knowledge(find));
            let doing = Doing::Base { said, remarks, name, left: bases };
            self.waits.insert(task, Wait::Doing(Box::new(doing)));
        } else if remarks.is_empty() {
            desk.say(said);
        } else {
            desk.note(format!("{said} To know: {}.", safe_line(&remarks.join("; "))));
        }
    }

    /// A version that nobody wrote is the next one: `what` it is.
    pub(super) fn save_agent(
        &mut self,
        id: AgentId,
        definition: Definition,
        what: String,
        desk: &mut Desk<'_>,
    ) {
        let definition = Box::new(definition);
        let request = Agents::Save { id, definition, note: what.clone(), folder: None };
        self.go_on_with_agent(Doing::Change(what), request, desk);
    }

    /// Where it answers, it does so under its new name.
    fn agent_renamed(&mut self, agent: &Agent, desk: &mut Desk<'_>) {
        if self.thread.agent.as_ref().is_some_and(|now| now.id == agent.id) {
            self.thread.agent = Some(chosen(agent));
            let answers = Some(Answers::Agent(chosen(agent)));
            self.change(Change { answers, ..Change::default() }, desk);
        }
    }

    /// Where it answered, the model alone does.
    fn agent_removed(&mut self, of: &Chosen, desk: &mut Desk<'_>) {
        let name = safe_line(&of.name);
        if self.thread.agent.as_ref().is_some_and(|now| now.id == of.id) {
            self.set_answers(Answers::Model, desk);
            return desk.say(format!("{name} is deleted: the model alone answers from here on."));
        }
        desk.say(format!("{name} is deleted."));
    }
}

/// An agent that answers is not deleted: says where it does, and what ends that.
fn still_answering(agent: &Agent, title: &str, desk: &mut Desk<'_>) {
    let (name, stops) = (safe_line(&agent.name), desk.key(Context::Transcript, Action::Back));
    let place = if title.is_empty() {
        "in a new conversation".to_owned()
    } else {
        format!("in “{}”", safe_line(title))
    };
    desk.note(format!("{name} is answering {place}: {stops} stops it there, then it can be deleted."));
}

/// A line of a list.
pub(super) fn entry(label: &str, detail: &str, choice: Choice) -> Entry {
    Entry {
        label: safe_line(label).into_owned(),
        detail: safe_line(detail).into_owned(),
        right: String::new(),
        current: false,
        off: false,
        choice,
        words: &[],
    }
}

/// A call that gave nothing, or not what was asked for.
pub(super) fn unanswered() -> Error {
    Error::internal("keeping an agent", "what was asked got no answer")
}

pub(super) fn chosen(agent: &Agent) -> Chosen {
    Chosen { id: agent.id, name: agent.name.clone() }
}

/// What was written comes back with what is wrong in it.
fn mend(pad: Pad, error: &Error, desk: &mut Desk<'_>) {
    desk.overlays.push(Overlay::Pad(Box::new(pad.mended(error))));
}

/// The file of an agent that is to be made: its name stands first, and is to be written.
fn blank(model: Option<&ModelId>) -> String {
    let model = model.map(|model| format!("model = \"{model}\"\n")).unwrap_or_default();
    format!(
        "name = \"\"\n# Who it is, what it is for, and what it must never do.\ninstruction = \"\"\n{model}\n\
         # What it may call, a group each: here the calculator.\n[[groups]]\nname = \"sums\"\n\
         runs = {{ built_in = {{ tool = \"calculator\" }} }}\n"
    )
}
