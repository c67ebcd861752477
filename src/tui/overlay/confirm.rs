//! A question before an act that cannot be taken back. Its key is the verb's letter.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Modifier;

use super::agent::Deed;
use super::{Choice, Outcome};
use crate::domain::agent::{Agent, Chosen, Remembered};
use crate::domain::catalog::ModelId;
use crate::domain::comparison::Comparison;
use crate::domain::conversation::Conversation;
use crate::domain::evaluation::Dataset;
use crate::domain::figures::{bytes, count};
use crate::domain::id::EvaluationId;
use crate::domain::knowledge::base::{Base, Source};
use crate::domain::knowledge::rebuild::{RebuildPlan, Wish};
use crate::domain::message::BlobId;
use crate::domain::picture::Making;
use crate::domain::prompt::Prompt;
use crate::domain::pull::{Checked, PullPlan};
use crate::domain::trace::{Run, TraceId};
use crate::domain::untrusted::safe_line;
use crate::tui::action::Action;
use crate::tui::effect::Written;
use crate::tui::key::Key;
use crate::tui::keymap::{Context, Keymap};
use crate::tui::look::{Look, Role};
use crate::tui::paint::{columns, put, wrap};

/// Columns between its two buttons.
const GAP: u16 = 3;
/// Of what goes on in one place, so many are named.
const MOST_NAMED: usize = 2;

/// What goes on in a place.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Running {
    /// Answers that are being written, by no agent.
    pub answers: usize,
    /// The names of agents that write one.
    pub agents: Vec<String>,
    /// Answers of a blind comparison are being written.
    pub blind: bool,
    /// Messages that wait for them.
    pub waiting: usize,
    pub fetching: bool,
    /// Makings of pictures.
    pub pictures: usize,
    /// Knowledge bases that are synced, and how far they are.
    pub syncs: Vec<String>,
    /// Evaluations for which models are asked, and how far they are.
    pub evaluations: Vec<String>,
    /// A new evaluation was begun and is not made.
    pub unmade: bool,
}

impl Running {
    /// Something would be cut off.
    pub fn goes_on(&self) -> bool {
        self.stops() || self.unmade
    }

    fn stops(&self) -> bool {
        self.asks() || self.fetching || !self.syncs.is_empty()
    }

    /// Models are asked for something.
    fn asks(&self) -> bool {
        let named = !self.agents.is_empty() || !self.evaluations.is_empty();
        self.answers > 0 || self.blind || self.pictures > 0 || named
    }

    /// What would be cut off, each in a few words.
    fn parts(&self) -> Vec<String> {
        let mut parts = Vec::new();
        match self.answers {
            0 => {}
            1 => parts.push("1 answer".to_owned()),
            count => parts.push(format!("{count} answers")),
        }
        let agents = self.agents.iter().map(|name| format!("the agent {name}")).collect();
        parts.extend(named(agents, "agents"));
        if self.blind {
            parts.push("the blind comparison".to_owned());
        }
        parts.extend(named(self.evaluations.clone(), "evaluations"));
        match self.pictures {
            0 => {}
            1 => parts.push("making a picture".to_owned()),
            count => parts.push(format!("making pictures for {count} prompts")),
        }
        if self.fetching {
            parts.push("fetching a model".to_owned());
        }
        parts.extend(named(self.syncs.clone(), "knowledge bases that are read"));
        parts
    }
}

/// Each of a few by its name, or how many there are.
fn named(names: Vec<String>, kind: &str) -> Vec<String> {
    if names.len() > MOST_NAMED { vec![format!("{} {kind}", names.len())] } else { names }
}

/// The act in a sentence, its object, what stays; the letter that does it, and what leaving does.
#[derive(Debug, Clone, PartialEq)]
pub struct Confirm {
    act: &'static str,
    object: String,
    rest: String,
    letter: char,
    /// What the letter does.
    does: &'static str,
    pub choice: Choice,
    /// What leaving does.
    pub keeps: &'static str,
}

impl Confirm {
    /// Asks before a conversation is deleted.
    pub fn delete(head: &Conversation) -> Self {
        Self {
            act: "Delete",
            object: head.title.clone(),
            rest: "with all its messages and branches? It cannot be brought back.".to_owned(),
            letter: 'd',
            does: "delete it",
            choice: Choice::Delete(head.id),
            keeps: "keep it",
        }
    }

    /// Asks before a prompt is deleted.
    pub fn delete_prompt(prompt: &Prompt) -> Self {
        let versions = count(prompt.latest.into(), "version", "versions");
        Self {
            act: "Delete",
            object: safe_line(&prompt.name).into_owned(),
            rest: format!(", {versions}, and its runs? It cannot be brought back."),
            letter: 'd',
            does: "delete it",
            choice: Choice::DeletePrompt(prompt.id),
            keeps: "keep it",
        }
    }

    /// Asks before a prompt that is not saved is put away for another one.
    pub fn empty_prompt() -> Self {
        Self {
            act: "Empty",
            object: "the prompt".to_owned(),
            rest: "that is written? It has no name yet and is not saved.".to_owned(),
            letter: 'e',
            does: "empty it",
            choice: Choice::EmptyPrompt,
            keeps: "keep it",
        }
    }

    /// Asks before an agent is deleted: what goes with it, and what stays.
    pub fn remove_agent(agent: &Agent) -> Self {
        let versions = count(agent.latest.into(), "version", "versions");
        Self {
            act: "Delete the agent",
            object: safe_line(&agent.name).into_owned(),
            rest: format!(
                ", {versions}, with its runs, what their traces say, and what it remembers? Conversations keep its answers, and \
                 usage its calls. It cannot be brought back."
            ),
            letter: 'd',
            does: "delete it",
            choice: Choice::Agent(agent.id, Deed::Remove),
            keeps: "keep it",
        }
    }

    /// Asks before an agent forgets a session, `runs` also what was said in it.
    pub fn forget_session(of: &Chosen, session: &Remembered, runs: bool) -> Self {
        let name = safe_line(&of.name);
        let (act, rest, letter, does) = if runs {
            let goes = "with its runs and what was said in them? It cannot be brought back.";
            ("Delete the session with", format!("that {name} remembers, {goes}"), 'd', "delete it")
        } else {
            let rest = format!("that {name} remembers? What was said in it stays in its runs.");
            ("Forget the session with", rest, 'f', "forget it")
        };
        Self {
            act,
            object: safe_line(&session.user).into_owned(),
            rest,
            letter,
            does,
            choice: Choice::Agent(of.id, Deed::Forget(session.session, runs)),
            keeps: "keep it",
        }
    }

    /// Asks before a preset is deleted.
    pub fn delete_preset(name: &str) -> Self {
        Self {
            act: "Delete",
            object: safe_line(name).into_owned(),
            rest: "from the configuration file? What was asked with it stays as it is.".to_owned(),
            letter: 'd',
            does: "delete it",
            choice: Choice::DeletePreset(name.to_owned()),
            keeps: "keep it",
        }
    }

    /// Asks before a model is fetched: what comes from where, and where it goes.
    pub fn fetch(plan: &PullPlan) -> Self {
        let size = plan.size().unwrap_or_else(|| "a size that is not known yet".to_owned());
        let checked = match plan.checked {
            Checked::Here => "its SHA-256 is checked",
            Checked::Partly => "its SHA-256 is checked, unless it comes from a source that is unpinned",
            Checked::There => "the server checks it",
            Checked::Nowhere => "nothing here can check it",
        };
        let rest = format!(
            "? It is {size} under the licence {}, goes to {} and comes from {}; {checked}.",
            plan.licence,
            plan.to,
            plan.sources.join(", else from ")
        );
        Self {
            act: "Fetch",
            object: safe_line(&plan.title).into_owned(),
            rest: safe_line(&rest).into_owned(),
            letter: 'f',
            does: "fetch it",
            choice: Choice::Fetch(plan.id.clone()),
            keeps: "not now",
        }
    }

    /// Asks before a model's files are deleted.
    pub fn remove_model(id: &ModelId, size: Option<u64>) -> Self {
        let size = size.map_or_else(String::new, |size| format!(", {}", bytes(size)));
        Self {
            act: "Delete the files of",
            object: id.to_string(),
            rest: format!("{size}? Conversations with it stay.").trim_start_matches(' ').to_owned(),
            letter: 'd',
            does: "delete them",
            choice: Choice::RemoveModel(id.clone()),
            keeps: "keep them",
        }
    }

    /// Asks before a file is written over.
    pub fn replace(of: Written, path: String) -> Self {
        let by = match of {
            Written::Conversation(_) => "the conversation",
            Written::Comparison(_) => "the comparison",
            Written::Results(_) => "the results",
            Written::Usage => "the usage",
            Written::Trace(_) => "the trace",
        };
        Self {
            act: "Replace the file",
            object: safe_line(&path).into_owned(),
            rest: format!("by {by}? What is in it now is lost."),
            letter: 'r',
            does: "replace it",
            choice: Choice::Write { of, path, replace: true },
            keeps: "keep it",
        }
    }

    /// Asks before a trace is deleted.
    pub fn remove_trace(run: &Run) -> Self {
        Self {
            act: "Delete",
            object: safe_line(&run.name).into_owned(),
            rest: format!(", {}? It cannot be brought back.", count(run.spans, "span", "spans")),
            letter: 'd',
            does: "delete it",
            choice: Choice::RemoveTrace(run.id),
            keeps: "keep it",
        }
    }

    /// Asks before a file is written over by a picture.
    pub fn replace_by_picture(blob: BlobId, path: String) -> Self {
        Self {
            act: "Replace the file",
            object: safe_line(&path).into_owned(),
            rest: "by the picture? What is in it now is lost.".to_owned(),
            letter: 'r',
            does: "replace it",
            choice: Choice::SavePicture { blob, path, replace: true },
            keeps: "keep it",
        }
    }

    /// Asks before pictures are deleted.
    pub fn remove_pictures(making: &Making) -> Self {
        let prompt = safe_line(&making.asked.prompt);
        let object = if prompt.trim().is_empty() { "a variation".to_owned() } else { prompt.into_owned() };
        let count = count(making.made.len() as u64, "picture", "pictures");
        Self {
            act: "Delete",
            object,
            rest: format!(", {count}? Those that are used elsewhere stay there."),
            letter: 'd',
            does: if making.made.len() == 1 { "delete it" } else { "delete them" },
            choice: Choice::RemovePictures(making.id),
            keeps: "keep them",
        }
    }

    /// Asks before a comparison is deleted.
    pub fn remove_comparison(comparison: &Comparison) -> Self {
        Self {
            act: "Delete the comparison",
            object: safe_line(&comparison.title).into_owned(),
            rest: "with its answers? What was chosen stays on the leaderboard.".to_owned(),
            letter: 'd',
            does: "delete it",
            choice: Choice::RemoveComparison(comparison.id),
            keeps: "keep it",
        }
    }

    /// Asks before answers that come blind are stopped.
    pub fn stop_blind_answers() -> Self {
        Self {
            act: "Stop",
            object: "the answers".to_owned(),
            rest: "? Who answers is shown then, and choices are not blind.".to_owned(),
            letter: 's',
            does: "stop them",
            choice: Choice::StopAnswers,
            keeps: "let them come",
        }
    }

    /// Asks before one answer of a blind comparison is asked for again alone.
    pub fn ask_blind_answer_again() -> Self {
        Self {
            act: "Ask for",
            object: "this answer".to_owned(),
            rest: "again alone? Who answers is shown then, and choices on this page are not blind."
                .to_owned(),
            letter: 'a',
            does: "ask again",
            choice: Choice::RetryBlindly,
            keeps: "leave it failed",
        }
    }

    /// Asks before an evaluation is deleted.
    pub fn remove_evaluation(id: EvaluationId, name: &str) -> Self {
        Self {
            act: "Delete the evaluation",
            object: safe_line(name).into_owned(),
            rest: "with its items, answers and every vote?".to_owned(),
            letter: 'd',
            does: "delete it",
            choice: Choice::RemoveEvaluation(id),
            keeps: "keep it",
        }
    }

    /// Asks whoever rates in an evaluation before they look whose the answers are.
    pub fn look_at_results(id: EvaluationId, name: &str) -> Self {
        Self {
            act: "Look at the results of",
            object: safe_line(name).into_owned(),
            rest: "? You rate in it, and they tell whose the answers are and what others said: that you looked is kept, and what you \
                   rate after that is not blind."
                .to_owned(),
            letter: 'l',
            does: "look",
            choice: Choice::LookAtResults(id),
            keeps: "not yet",
        }
    }

    /// Asks whoever rates answers that were asked for here before they go where the calls are.
    pub fn see_calls(run: Option<TraceId>) -> Self {
        Self {
            act: "Look at",
            object: "the traces".to_owned(),
            rest: "? Calls have names there, and you rate what came of some: that you looked is kept with the evaluation, and what \
                   you rate after that is not blind."
                .to_owned(),
            letter: 'l',
            does: "look",
            choice: Choice::SeeCalls(Action::ShowTraces, run),
            keeps: "not yet",
        }
    }

    /// The same of whoever has still to choose in a blind comparison; `to` leads there.
    pub fn see_calls_before_choosing(to: Action, run: Option<TraceId>) -> Self {
        Self {
            act: "Look at",
            object: if to == Action::ShowUsage { "what was used" } else { "the traces" }.to_owned(),
            rest: "? Calls have names there, and a blind comparison waits for your choice: that you looked is kept with it, and \
                   what you choose after that is not blind."
                .to_owned(),
            letter: 'l',
            does: "look",
            choice: Choice::SeeCalls(to, run),
            keeps: "not yet",
        }
    }

    /// Asks before a dataset is deleted.
    pub fn remove_dataset(dataset: &Dataset) -> Self {
        let items = count(dataset.items.into(), "item", "items");
        Self {
            act: "Delete the dataset",
            object: safe_line(&dataset.name).into_owned(),
            rest: format!(", {items}? Evaluations that were made of it keep theirs."),
            letter: 'd',
            does: "delete it",
            choice: Choice::RemoveDataset(dataset.id),
            keeps: "keep it",
        }
    }

    /// Asks before a knowledge base is deleted.
    pub fn remove_base(base: &Base) -> Self {
        let passages = count(base.holds.passages, "passage", "passages");
        Self {
            act: "Delete the knowledge base",
            object: safe_line(&base.name).into_owned(),
            rest: format!(", {passages}? The files stay where they are."),
            letter: 'd',
            does: "delete it",
            choice: Choice::RemoveBase(base.id),
            keeps: "keep it",
        }
    }

    /// Asks before a source is taken out of a knowledge base.
    pub fn remove_source(base: &Base, source: &Source) -> Self {
        Self {
            act: "Take out of the knowledge base",
            object: safe_line(&source.origin.place()).into_owned(),
            rest: "with its documents and syncs? The files stay where they are.".to_owned(),
            letter: 'd',
            does: "take it out",
            choice: Choice::RemoveSource(base.id, source.id),
            keeps: "keep it",
        }
    }

    /// Asks before a knowledge base is rebuilt: what that does and costs.
    pub fn rebuild_base(base: &Base, plan: &RebuildPlan, wish: Wish) -> Self {
        Self {
            act: "Rebuild the knowledge base",
            object: safe_line(&base.name).into_owned(),
            rest: safe_line(&format!("? {}", plan.words())).into_owned(),
            letter: 'r',
            does: "rebuild it",
            choice: Choice::RebuildBase(base.id, wish),
            keeps: "leave it as it is",
        }
    }

    /// Asks before what goes on is cut off.
    pub fn quit(running: &Running) -> Self {
        let waiting = match running.waiting {
            0 => String::new(),
            1 => " 1 message waits; it goes back into the composer.".to_owned(),
            count => format!(" {count} messages wait; they go back into the composer."),
        };
        if !running.stops() {
            return Self {
                act: "Quit and drop",
                object: "the new evaluation".to_owned(),
                rest: "that was begun? It is not made yet: what was entered for it is lost.".to_owned(),
                letter: 'q',
                does: "quit",
                choice: Choice::Quit,
                keeps: "stay here",
            };
        }
        let unmade = if running.unmade { " The new evaluation that was begun is lost." } else { "" };
        let does = if running.asks() { "stop and quit" } else { "quit" };
        let (goes_on, choice) = match (running.syncs.is_empty(), running.evaluations.is_empty()) {
            (true, true) => ("", Choice::Quit),
            (false, true) => (" The syncing can go on without a screen.", Choice::StopAndQuit),
            (true, false) => (" The evaluation can go on without a screen.", Choice::StopAndQuit),
            _ => (" The syncing and the evaluation can go on without a screen.", Choice::StopAndQuit),
        };
        Self {
            act: "Quit and stop",
            object: running.parts().join(" and "),
            rest: format!("? What has come is kept.{waiting}{unmade}{goes_on}"),
            letter: 'q',
            does,
            choice,
            keeps: "stay here",
        }
    }

    /// The keys that do something, and what that is.
    pub fn verbs(&self) -> Vec<(Key, &'static str)> {
        let also = self.also().map(|(letter, does, _)| (letter, does));
        [(self.letter, self.does)].into_iter().chain(also).map(|(c, does)| (Key::char(c), does)).collect()
    }

    /// What another letter does.
    fn also(&self) -> Option<(char, &'static str, Choice)> {
        (self.choice == Choice::StopAndQuit).then_some(('g', "let it go on", Choice::LeaveRunning))
    }

    /// Takes a key. Enter answers nothing: such an act needs its own letter. Where it is only asked whether to look, it stays.
    pub fn key(&mut self, key: Key, action: Option<Action>) -> Outcome {
        let looks = matches!(self.choice, Choice::LookAtResults(_) | Choice::SeeCalls(..));
        if action == Some(Action::Cancel) || looks && action == Some(Action::Accept) {
            return Outcome::Close;
        }
        let typed = key.typed().map(|c| c.to_ascii_lowercase());
        match self.also() {
            _ if typed == Some(self.letter) => Outcome::Chosen(self.choice.clone()),
            Some((letter, _, choice)) if typed == Some(letter) => Outcome::Chosen(choice),
            _ => Outcome::Stay,
        }
    }

    /// Takes a click inside: its buttons are in the last row.
    pub fn click(&mut self, at: Position, area: Rect) -> Outcome {
        if at.y + 1 != area.bottom() {
            return Outcome::Stay;
        }
        let own = (self.does, self.choice.clone());
        let mut from = area.x;
        for (does, choice) in [own].into_iter().chain(self.also().map(|(_, does, choice)| (does, choice))) {
            let end = from + 2 + columns(does);
            if at.x >= from && at.x < end {
                return Outcome::Chosen(choice);
            }
            from = end + GAP;
        }
        if at.x >= from { Outcome::Close } else { Outcome::Stay }
    }

    fn sentence(&self) -> String {
        let gap = if self.rest.starts_with(['?', ',']) { "" } else { " " };
        format!("{} {}{gap}{}", self.act, self.object, self.rest)
    }

    /// Rows that it needs in an overlay of that width.
    pub fn height(&self, width: u16) -> u16 {
        wrap(&self.sentence(), width.saturating_sub(4)).len().min(8) as u16 + 4
    }

    /// Paints it.
    pub fn draw(&self, area: Rect, cells: &mut Buffer, look: &Look, keymap: &Keymap) {
        let raised = look.style(Role::Raised);
        let text = raised.patch(look.style(Role::Text));
        let mut object = self.object.split_whitespace().peekable();
        let act_words = self.act.split_whitespace().count();
        let mut at = 0;
        let objects = self.object.split_whitespace().count();
        let mut y = area.y;
        for line in wrap(&self.sentence(), area.width) {
            let mut x = area.x;
            for word in line.split(' ') {
                let bold = at >= act_words && at < act_words + objects && object.next().is_some();
                let style = if bold { text.add_modifier(Modifier::BOLD) } else { text };
                x = put(cells, x, y, area.right(), word, style) + 1;
                at += 1;
            }
            y += 1;
            if y + 2 >= area.bottom() {
                break;
            }
        }
        let y = area.bottom().saturating_sub(1);
        let muted = raised.patch(look.style(Role::Muted));
        let bold = |role| raised.patch(look.style(role)).add_modifier(Modifier::BOLD);
        let x = put(cells, area.x, y, area.right(), &self.letter.to_string(), bold(Role::Bad));
        let mut x = put(cells, x + 1, y, area.right(), self.does, muted) + GAP;
        if let Some((letter, does, _)) = self.also() {
            x = put(cells, x, y, area.right(), &letter.to_string(), bold(Role::Accent));
            x = put(cells, x + 1, y, area.right(), does, muted) + GAP;
        }
        let key = keymap.name(Context::Menu, Action::Cancel);
        let x = put(cells, x, y, area.right(), &key, bold(Role::Accent));
        put(cells, x + 1, y, area.right(), self.keeps, muted);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_quitting_stops_is_named_and_of_many_it_is_said_how_many() {
        let asked = |running: &Running| Confirm::quit(running).sentence();
        let one = Running { syncs: vec!["syncing src2, 5 of 40 files".to_owned()], ..Running::default() };
        assert!(asked(&one).starts_with("Quit and stop syncing src2, 5 of 40 files? What has come is kept."));
        let mixed = Running {
            answers: 1,
            agents: vec!["scout".to_owned()],
            evaluations: vec!["the evaluation rivers, 3 of 12 answers".to_owned()],
            ..Running::default()
        };
        let words = "Quit and stop 1 answer and the agent scout and the evaluation rivers, 3 of 12 answers?";
        assert!(asked(&mixed).starts_with(words), "{}", asked(&mixed));
        let many = Running { agents: vec!["scout".to_owned(); 3], ..Running::default() };
        assert!(asked(&many).starts_with("Quit and stop 3 agents?"), "{}", asked(&many));
        let blind = Running { blind: true, ..Running::default() };
        assert!(asked(&blind).starts_with("Quit and stop the blind comparison?"), "{}", asked(&blind));
    }
}
