//! Agents that answer in a conversation: chosen, looked at, agreed with, answered.

use super::keeping::{chosen, entry};
use super::{Focus, State, Wait};
use crate::domain::agent::acting::Consent;
use crate::domain::agent::group::BuiltIn;
use crate::domain::agent::replay::Edit;
use crate::domain::agent::{Acting, Agent, Book, Chosen, Definition, Executor, Group, Step, Version};
use crate::domain::conversation::Answers;
use crate::domain::figures::{count, grouped, span};
use crate::domain::id::{AgentId, MessageId, RunId};
use crate::domain::message::{Message, Outcome};
use crate::domain::untrusted::safe_line;
use crate::domain::usage::budget::money;
use crate::tui::action::Action;
use crate::tui::app::Desk;
use crate::tui::effect::{Lane, TaskId};
use crate::tui::keymap::Context;
use crate::tui::look::Role;
use crate::tui::overlay::agent::Deed;
use crate::tui::overlay::menu::{Entry, Menu};
use crate::tui::overlay::pad::Pad;
use crate::tui::overlay::reading::{Line, Reading};
use crate::tui::overlay::{Choice, Overlay};
use crate::tui::thread::{Thread, Turn};
use crate::workbench::Request;
use crate::workbench::request::agents::Agents;
use crate::workbench::request::chat::Chat;
use crate::workbench::request::conversations::{Change, Conversations};

impl State {
    /// Asks which agents there are: one of them is to be chosen, to answer or for that to be done with it.
    pub(super) fn choose_agent(&mut self, deed: Option<Deed>, desk: &mut Desk<'_>) {
        let task = desk.call(Some(Lane("agents")), Request::Agents(Agents::List));
        self.waits.retain(|_, wait| !matches!(wait, Wait::Agents(_)));
        self.waits.insert(task, Wait::Agents(deed));
    }

    /// Offers them.
    pub(super) fn offer_agents(&self, agents: &[Agent], desk: &mut Desk<'_>) {
        let now = self.thread.agent.as_ref();
        let wall = desk.wall();
        let line = |agent: &Agent| Entry {
            right: wall.ago(agent.updated),
            current: now.is_some_and(|now| now.id == agent.id),
            ..entry(&agent.name, &in_short(agent), Choice::Answers(Answers::Agent(chosen(agent))))
        };
        let mut entries: Vec<Entry> = agents.iter().map(line).collect();
        if let Some(now) = now {
            let about = format!("about {}", safe_line(&now.name));
            entries.push(entry("none", "the model alone answers", Choice::Answers(Answers::Model)));
            entries.push(entry(&about, "model, limits, what it may call", Choice::Act(Action::ShowAgent)));
        }
        entries.push(entry(
            "make a new agent",
            "of a text that says what it is",
            Choice::Act(Action::NewAgent),
        ));
        if !agents.is_empty() {
            let deeds = [
                ("edit an agent", "as a new version of it", Action::EditAgent),
                ("versions of an agent", "compare them, go back to one", Action::ShowAgentVersions),
                ("prompts of an agent", "set one back to the default", Action::ShowAgentPrompts),
                ("memory of an agent", "change it, have it forgotten", Action::ShowAgentMemory),
                ("delete an agent", "with its versions and runs", Action::RemoveAgent),
            ];
            entries.extend(deeds.map(|(label, detail, action)| entry(label, detail, Choice::Act(action))));
        }
        let answers = agents.len() + usize::from(now.is_some());
        let menu = Menu::new("Answered by", "take it", "Nothing of that name.", entries).apart(answers);
        desk.overlays.push(Overlay::Menu(menu));
    }

    /// From now on it answers, or the model alone.
    pub(super) fn set_answers(&mut self, answers: Answers, desk: &mut Desk<'_>) {
        self.thread.agent = answers.clone().agent();
        if self.thread.agent.is_some() {
            self.put_offer_away();
        }
        match &self.thread.agent {
            Some(agent) => {
                let shows = desk.key(Context::Composer, Action::ChooseAgent);
                desk.say(format!(
                    "{} answers from here on; {shows} shows what it is.",
                    safe_line(&agent.name)
                ));
            }
            None => desk.say("The model alone answers from here on."),
        }
        self.change(Change { answers: Some(answers), ..Change::default() }, desk);
        self.focus = Focus::Composer;
    }

    /// Who was chosen while a new conversation was not kept yet answers in it, where that is somebody else than was asked.
    pub(super) fn keep_late_answers(&mut self, task: TaskId, late: Option<Answers>, desk: &mut Desk<'_>) {
        let (Some(answers), Some(thread)) = (late, self.thread_of(task)) else { return };
        let agent = answers.clone().agent();
        let Some(id) = thread.id.filter(|_| agent != thread.agent) else { return };
        thread.agent = agent;
        let change = Change { answers: Some(answers), ..Change::default() };
        self.write(Request::Conversations(Conversations::Change { id, change }), desk);
    }

    /// Asks what the agent is that answers, or that gave the answer that keys act on.
    pub(super) fn show_agent(&mut self, desk: &mut Desk<'_>) {
        let Some(id) = self.agent_meant().map(|agent| agent.id) else { return };
        let task = desk.call(Some(Lane("agent")), Request::Agents(Agents::Open { id }));
        self.waits.retain(|_, wait| !matches!(wait, Wait::AgentCard | Wait::AgentPrompt(..)));
        self.waits.insert(task, Wait::AgentCard);
    }

    pub(super) fn agent_meant(&self) -> Option<&Chosen> {
        let of_answer = || Some(&self.answer()?.acting()?.agent);
        self.thread.agent.as_ref().or_else(of_answer)
    }

    /// What another word or prompt would lead elsewhere from: one of them is to be chosen.
    pub(super) fn edit_step(&self, desk: &mut Desk<'_>) {
        let Some((id, acting)) = self.work_meant() else { return desk.say(self.why_no_step(desk)) };
        let text = self.thread.message(id).map(Message::text).unwrap_or_default();
        let mut entries = Vec::new();
        let first = |said: &str| said.lines().next().unwrap_or_default().to_owned();
        let steps = acting.said(&text);
        for ((number, said), step) in steps.iter().zip(1..) {
            entries.push(entry(&format!("step {number}"), &first(said), Choice::EditStep(id, step)));
        }
        if let Some((number, said)) = acting.broken_off() {
            let dots = if said.is_empty() { "" } else { ": " };
            let detail = format!("it broke off here{dots}{}", first(said));
            let step = u32::try_from(steps.len() + 1).unwrap_or(u32::MAX);
            entries.push(entry(&format!("step {number}"), &detail, Choice::EditStep(id, step)));
        }
        for step in Step::ALL.into_iter().filter(|step| acting.took(*step)) {
            let detail = "from the question on, for this run alone";
            entries.push(entry(&format!("the prompt of {step}"), detail, Choice::EditPrompt(id, step)));
        }
        if entries.is_empty() {
            return desk.say(self.why_no_step(desk));
        }
        desk.overlays.push(Overlay::Menu(Menu::new("Run on from", "write it anew", "", entries)));
    }

    /// Why no step of the answer that keys act on can be written anew.
    fn why_no_step(&self, desk: &Desk<'_>) -> String {
        let again = desk.key(Context::Transcript, Action::Retry);
        if self.thread.turn != Turn::Idle {
            let stops = desk.key(Context::Transcript, Action::Back);
            return format!("It is still at work: {stops} stops it, then a step can be written anew.");
        }
        match self.answer().filter(|answer| answer.acting().is_some()) {
            Some(answer) if !is_over(answer) => {
                "It is still at work in another window: a step can be written anew when that is over."
                    .to_owned()
            }
            Some(_) => {
                format!(
                    "It broke off before its first step: there is none to write anew. {again} asks again."
                )
            }
            None => "No agent gave this answer: it has no steps to write anew.".to_owned(),
        }
    }

    /// A step was chosen.
    pub(super) fn write_step(&self, of: MessageId, step: u32, desk: &mut Desk<'_>) {
        let Some(message) = self.thread.message(of) else { return };
        let mut steps = message.acting().map(|acting| acting.said(&message.text())).unwrap_or_default();
        // Behind them stands the one that broke off.
        let broken_off = message.acting().and_then(Acting::broken_off);
        steps.extend(broken_off.map(|(number, said)| (number, said.to_owned())));
        let place = usize::try_from(step).unwrap_or(0).checked_sub(1);
        if let Some((number, text)) = place.and_then(|place| steps.get(place)) {
            desk.overlays.push(Overlay::Pad(Box::new(Pad::step(of, (step, *number), text))));
        }
    }

    /// A prompt was chosen: what it is now, the definition says.
    pub(super) fn ask_prompt(&mut self, of: MessageId, step: Step, desk: &mut Desk<'_>) {
        let Some(id) = self.thread.message(of).and_then(Message::acting).map(|acting| acting.agent.id) else {
            return;
        };
        let task = desk.call(Some(Lane("agent")), Request::Agents(Agents::Open { id }));
        self.waits.retain(|_, wait| !matches!(wait, Wait::AgentCard | Wait::AgentPrompt(..)));
        self.waits.insert(task, Wait::AgentPrompt(of, step));
    }

    /// The definition has come.
    pub(super) fn write_prompt(&self, of: MessageId, step: Step, book: &Book, desk: &mut Desk<'_>) {
        let Some(acting) = self.thread.message(of).and_then(Message::acting) else { return };
        let version = book.version(Some(acting.version)).or_else(|| book.version(None));
        let text = version.map_or("", |version| version.definition.steps.template(step));
        desk.overlays.push(Overlay::Pad(Box::new(Pad::prompt(of, step, text))));
    }

    /// It was written: the agent runs on from there, in a branch of its own.
    pub(super) fn run_on(&mut self, message: MessageId, edit: Edit, desk: &mut Desk<'_>) {
        let parent = self.thread.message(message).and_then(|message| message.parent);
        let Some(conversation) = self.thread.id.filter(|_| self.thread.turn == Turn::Idle) else {
            return self.keep_edit(message, &edit, desk);
        };
        let redo = Chat::Redo { conversation, message, edit: Box::new(edit) };
        let task = desk.call(None, Request::Chat(redo));
        self.thread.ask(task, desk.now.wall, parent, None, "");
        self.scroll.to_end();
        self.at = None;
    }

    /// A turn has begun since it was begun to be written: it stays, and that is said.
    fn keep_edit(&self, of: MessageId, edit: &Edit, desk: &mut Desk<'_>) {
        let pad = match (edit.step.zip(edit.said.as_ref()), edit.prompts.first_key_value()) {
            (Some((step, said)), _) => {
                let steps = self.thread.message(of).and_then(Message::acting).map(|acting| acting.said(""));
                let place = usize::try_from(step).unwrap_or(0).checked_sub(1);
                let number = place.and_then(|place| Some(steps?.get(place)?.0));
                Pad::step(of, (step, number.unwrap_or(step)), said)
            }
            (None, Some((step, template))) => Pad::prompt(of, *step, template),
            (None, None) => return,
        };
        desk.overlays.push(Overlay::Pad(Box::new(pad)));
        desk.say("An answer is being written meanwhile: what you wrote stays here until that is over.");
    }

    /// The answer that keys act on, with what its agent did; `None` where no agent gave it, or not to the end yet.
    pub(super) fn work_meant(&self) -> Option<(MessageId, &Acting)> {
        let answer = self.answer().filter(|_| self.thread.turn == Turn::Idle)?;
        let acting = answer.acting()?;
        // What another window is still receiving, and what never began, can be run on from nowhere.
        (is_over(answer) && acting.run.is_some()).then_some((answer.id, acting))
    }

    /// The run that gave the answer that keys act on: also the id of its trace.
    pub fn run_meant(&self) -> Option<RunId> {
        self.answer()?.acting()?.run
    }

    /// Shows what an agent is.
    pub(super) fn show_card(book: &Book, desk: &mut Desk<'_>) {
        let Some(version) = book.version(None) else { return };
        let title = format!("The agent {}", safe_line(&book.agent.name));
        let said = card(version, &desk.wall().ago(version.created));
        desk.overlays.push(Overlay::Reading(Box::new(Reading::new(&title, said))));
    }

    /// What the agent of the shown conversation asked for before may be answered now, and something else be asked for: here, or by
    /// another window.
    pub(super) fn consent_changed(&self, before: Option<(RunId, String)>, desk: &mut Desk<'_>) {
        let now = self.thread.asks_for();
        if now == before {
            return;
        }
        desk.settled.extend(before);
        if now.is_some() {
            self.asks_consent(desk);
        }
    }

    /// A conversation in which that agent is answering now, asked here or by another window.
    pub(super) fn answered_by(&self, id: AgentId) -> Option<&Thread> {
        let answers = |thread: &&Thread| {
            if let Some(answer) = thread.last_answer().filter(|answer| !is_over(answer)) {
                return answer.acting().is_some_and(|acting| acting.agent.id == id);
            }
            // The store has not said yet that the answer is begun.
            thread.turn != Turn::Idle && thread.agent.as_ref().is_some_and(|agent| agent.id == id)
        };
        self.threads().find(answers)
    }

    /// The agent of a conversation that runs asks whether something may be done.
    fn asks_consent(&self, desk: &mut Desk<'_>) {
        let shows = desk.key(Context::Composer, Action::AnswerTool);
        let Some((run, consent)) = self.thread.consent() else { return };
        let name = self.thread.acting().map(|acting| safe_line(&acting.agent.name).into_owned());
        let name = name.unwrap_or_default();
        desk.say(format!("{name} waits for your word; {shows} shows what for."));
        // Who writes is not interrupted: a letter of theirs would be an answer.
        if self.composer.is_empty() {
            let asked = asked(&name, run, consent).uninvited(desk.now.elapsed);
            desk.overlays.push(Overlay::Reading(Box::new(asked)));
        }
    }

    /// Whether an agent waits for the person's word, in this conversation or in another one.
    pub fn waits_for_word(&self) -> bool {
        self.threads().any(|thread| thread.consent().is_some())
    }

    /// Goes to another conversation in which an agent waits for that; `false` where none does.
    pub(super) fn go_where_one_waits(&mut self, desk: &mut Desk<'_>) -> bool {
        let other = self.others.iter().find(|thread| thread.consent().is_some());
        let Some(id) = other.and_then(|thread| thread.id).filter(|_| !self.calls_tools()) else {
            return false;
        };
        self.open(id, desk);
        self.show_consent(desk)
    }

    /// Shows what the person is asked to agree to; `false` where there is nothing of that.
    pub(super) fn show_consent(&self, desk: &mut Desk<'_>) -> bool {
        let Some((run, consent)) = self.thread.consent() else { return false };
        let name = self.thread.acting().map(|acting| safe_line(&acting.agent.name).into_owned());
        desk.overlays.push(Overlay::Reading(Box::new(asked(&name.unwrap_or_default(), run, consent))));
        true
    }

    /// The person has said whether it may be done.
    pub(super) fn consented(&mut self, run: RunId, call: String, agreed: bool, desk: &mut Desk<'_>) {
        let waits =
            |thread: &Thread| thread.consent().is_some_and(|(of, consent)| of == run && consent.id == call);
        if self.threads().any(waits) {
            self.write(Request::Agents(Agents::Decide { run, call, agreed }), desk);
        } else {
            desk.say("It is not waited for any more.");
        }
    }

    /// What is written is the first of several answers that an agent waits for: the next one is asked for then.
    pub(super) fn answers_first(&mut self, desk: &mut Desk<'_>) -> bool {
        let free = self.thread.turn == Turn::Idle && self.thread.editing.is_none() && !self.is_opening();
        let waiting = self.thread.waiting();
        if !free || waiting.len() < 2 {
            return false;
        }
        let open = |id: &&str| !self.thread.tools.get(*id).is_some_and(|given| given.taken);
        let Some(id) = waiting.iter().map(|call| call.id.as_str()).find(open).map(str::to_owned) else {
            return false;
        };
        let Some(of) = self.thread.last_answer().map(|answer| answer.id) else { return false };
        let text = self.composer.take();
        self.typed(desk);
        self.tool_answered((of, id), text, true, desk);
        true
    }
}

/// Nobody writes at it any more, in no window.
fn is_over(answer: &Message) -> bool {
    answer.answer.as_ref().is_some_and(|known| known.outcome != Outcome::Streaming)
}

/// What a person is shown before they agree: the very bytes.
fn asked(name: &str, run: RunId, consent: &Consent) -> Reading {
    let of = safe_line(&consent.of);
    let (head, agrees, refuses) = if consent.is_tools {
        let head = format!("The server of {of} has tools that nobody has agreed to:");
        (head, "let it use them", "leave them out")
    } else {
        (format!("It would call {of} with these very bytes:"), "call it", "do not call it")
    };
    let choice = |agreed| Choice::Consent { run, call: consent.id.clone(), agreed };
    let again =
        consent.again.then(|| Line::of("This very call was made already for this question.", Role::Warn));
    let lines = [Line::of(&head, Role::Muted)].into_iter().chain(again).chain([Line::blank()]);
    let lines = lines.chain(consent.shown.split('\n').map(Line::exact));
    Reading::new(&format!("May {name} do this?"), lines.collect())
        .offering('y', agrees, choice(true))
        .offering('n', refuses, choice(false))
}

/// A text line by line, blank ones too.
pub(super) fn verbatim(text: &str) -> impl Iterator<Item = Line> + '_ {
    text.lines().map(|line| if line.is_empty() { Line::blank() } else { Line::of(line, Role::Text) })
}

/// What an agent of a list is: its model and what it may call, in a line.
pub(super) fn in_short(agent: &Agent) -> String {
    let Some(brief) = &agent.brief else { return format!("version {}", agent.latest) };
    let model =
        brief.model.as_ref().map_or_else(|| "the conversation's model".to_owned(), ToString::to_string);
    safe_line(&format!("{model} · {}", brief.may())).into_owned()
}

/// What an agent is, in lines.
pub(super) fn card(version: &Version, ago: &str) -> Vec<Line> {
    let definition = &version.definition;
    let mut said = Vec::new();
    let mut row = |name: &str, value: String| {
        said.push(Line::term(&format!("{name:<13}"), &safe_line(&value)));
    };
    row("version", format!("{}, {ago}", version.number));
    if !version.note.is_empty() {
        row("note", version.note.clone());
    }
    let model = definition.model.as_ref().map(ToString::to_string);
    let model = model.unwrap_or_else(|| "the conversation's".to_owned());
    row("model", model);
    if let Some(set) = definition.settings.all_said() {
        row("settings", set);
    }
    row("limits", limits(definition));
    let takes = |step: &Step| {
        definition.steps.is_on(*step)
            && match step {
                Step::KnowledgeBaseResponse => !definition.bases.is_empty(),
                Step::MemorySummary => definition.memory.days > 0,
                _ => true,
            }
    };
    let steps: Vec<String> =
        Step::ALL.into_iter().filter(takes).map(|step| step.as_str().replace('_', " ")).collect();
    row("steps", steps.join(", "));
    if definition.memory.days > 0 {
        let days = count(definition.memory.days.into(), "day", "days");
        row("remembers", format!("sessions of the last {days}"));
    }
    if let Some(guardrail) = &definition.guardrail {
        row("guardrail", format!("{guardrail}, which is not applied yet"));
    }
    for base in &definition.bases {
        let about = if base.description.is_empty() { "" } else { ": " };
        row("searches", format!("{}{about}{}", base.name, base.description));
    }
    for group in &definition.groups {
        row("may call", may_call(group));
    }
    said.push(Line::blank());
    said.push(Line::strong("Instruction"));
    said.extend(verbatim(&definition.instruction));
    said
}

fn limits(definition: &Definition) -> String {
    let limits = &definition.limits;
    let time = match u64::from(limits.seconds) {
        whole @ 60..3600 if whole.is_multiple_of(60) => format!("{} min", whole / 60),
        seconds => span(seconds),
    };
    let mut parts =
        vec![count(limits.steps.into(), "step", "steps"), time, format!("{} tokens", grouped(limits.tokens))];
    parts.extend(limits.cost.map(money));
    parts.join(" · ")
}

/// A group, who runs it and what of it there is.
fn may_call(group: &Group) -> String {
    let mut parts = vec![group.name.clone()];
    let runs = match &group.runs {
        Executor::BuiltIn(BuiltIn::Calculator) => "the calculator",
        Executor::BuiltIn(BuiltIn::ReadFiles { .. }) => "files of a folder",
        Executor::BuiltIn(BuiltIn::HttpGet { .. }) => "pages by GET",
        Executor::BuiltIn(BuiltIn::AskUser) => "asks you what is missing",
        other => other.as_str(),
    };
    parts.push(runs.to_owned());
    let names: Vec<&str> = group.functions.iter().map(|function| function.name.as_str()).collect();
    if !names.is_empty() {
        parts.push(names.join(", "));
    }
    if group.openapi.is_some() {
        parts.push("operations of an API".to_owned());
    }
    if group.confirm || group.functions.iter().any(|function| function.confirm) {
        parts.push("asks first".to_owned());
    }
    if !group.enabled {
        parts.push("off".to_owned());
    }
    parts.join(" · ")
}
