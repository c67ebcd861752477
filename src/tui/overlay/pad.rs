//! A text of many lines that is asked for: the system prompt, what a tool gives back.

use std::borrow::Cow;
use std::collections::BTreeMap;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::agent::Deed;
use super::prompt::Blank;
use super::{Choice, Hidden, Outcome};
use crate::domain::Error;
use crate::domain::agent::Step;
use crate::domain::agent::replay::Edit;
use crate::domain::catalog::ModelId;
use crate::domain::conversation::Draft;
use crate::domain::id::{AgentId, MessageId, RunId};
use crate::domain::rerank::read_lines;
use crate::domain::settings::{Field, Settings};
use crate::domain::trace::form;
use crate::domain::trace::replay::Asked;
use crate::domain::untrusted::safe_line;
use crate::tui::action::Action;
use crate::tui::key::Key;
use crate::tui::keymap::{Context, Keymap, label};
use crate::tui::look::{Look, Role};
use crate::tui::paint::{put, wrap};
use crate::tui::stroke::Stroke;
use crate::tui::widget::composer::{self, Composer};

/// Rows of one.
const USUAL: u16 = 16;
/// Rows of what is said of a text below it.
const NOTE: u16 = 3;
/// The same of an agent: of a file, with the place in it.
const AGENT_NOTE: u16 = 6;

/// What texts a model is first tried with that puts them in order.
const TEXTS: &str = "How long is green tea steeped?
Tins of tea keep well in a dark cupboard.
Green tea takes two minutes, in water of 80 °C.
Black tea takes four minutes, in boiling water.";

/// A tool that a model called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The answer that it is of.
    pub of: MessageId,
    pub id: String,
    pub name: String,
    /// As JSON.
    pub input: String,
    /// What an agent asks the person by it.
    pub question: Option<String>,
}

/// What the text is for.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Of {
    #[default]
    System,
    /// What raters read first.
    Instructions,
    Tool(Call),
    /// The value of a setting, as JSON.
    Setting(&'static Field),
    /// What the model says in a step of the agent that gave an answer.
    Step(MessageId, u32),
    /// The prompt of such steps, for one run.
    Prompt(MessageId, Step),
    /// What a model is asked again, from what it was asked.
    Call(Box<Asked>),
    /// The file of an agent, from that version of it; `None` for a new one.
    Agent(Option<(AgentId, u32)>),
    /// What an agent remembers of that session.
    Session(AgentId, RunId),
    /// A question, and texts that a model on trial puts in order by it.
    Texts(ModelId),
}

impl Of {
    /// What the text may be, and what is wrong with it, is told in rows below it.
    const fn is_noted_below(&self) -> bool {
        matches!(
            self,
            Self::Setting(_)
                | Self::Step(..)
                | Self::Prompt(..)
                | Self::Call(_)
                | Self::Agent(_)
                | Self::Session(..)
                | Self::Texts(_)
        )
    }
}

/// The text as it is being written.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Pad {
    of: Of,
    title: String,
    pub composer: Composer,
    /// The text as it was.
    before: String,
    /// Why the text was not taken.
    wrong: String,
    /// It was to be left: once more drops what was changed.
    leaving: bool,
    /// The key that it was to be left by, where that is not its own.
    by: Option<Key>,
    /// It is in the person's editor.
    away: bool,
}

impl Pad {
    /// Asks for the system prompt, from the text as it is.
    pub fn system(text: &str) -> Self {
        Self::new(Of::System, "System prompt".to_owned(), text)
    }

    /// Asks for what a tool gives back, from the text as it was left.
    /// `of` is its place among the calls, from 1, and their number.
    pub fn tool(call: Call, of: (usize, usize), text: &str) -> Self {
        let count = if of.1 > 1 { format!(" ({} of {})", of.0, of.1) } else { String::new() };
        let title = match &call.question {
            Some(_) => format!("What the agent asks{count}"),
            None => format!("What {} gives back{count}", safe_line(&call.name)),
        };
        Self::new(Of::Tool(call), title, text)
    }

    /// Asks for the value of a setting that is JSON, from the one that it has.
    pub fn setting(field: &'static Field, settings: &Settings) -> Self {
        let value = settings.get(field.name).unwrap_or_default();
        let json: Option<serde_json::Value> = serde_json::from_str(&value).ok();
        let lines = json.and_then(|json| serde_json::to_string_pretty(&json).ok());
        let mut pad = Self::new(Of::Setting(field), field.name.to_owned(), &lines.unwrap_or(value));
        pad.composer.go(composer::Move::Start, false);
        pad
    }

    /// Asks for what the model says in a step, which the screen calls `number`, from what it said.
    pub fn step(of: MessageId, (step, number): (u32, u32), text: &str) -> Self {
        Self::new(Of::Step(of, step), format!("What the model says in step {number}"), text)
    }

    /// Asks for the prompt of an agent's steps, for one run, from the one that they had.
    pub fn prompt(of: MessageId, step: Step, text: &str) -> Self {
        Self::new(Of::Prompt(of, step), format!("The prompt of {step}, for one run"), text)
    }

    /// Asks for what a model is to be asked again, from what it was asked.
    pub fn call(asked: &Asked) -> Self {
        let text = form::write(asked);
        Self::new(Of::Call(Box::new(asked.clone())), "What is asked again".to_owned(), &text)
    }

    /// Asks for the file of a new agent, from one that has no name yet: that is where the caret stands.
    pub fn new_agent(text: &str) -> Self {
        let mut pad = Self::new(Of::Agent(None), "A new agent".to_owned(), text);
        for to in [composer::Move::Start, composer::Move::LineEnd, composer::Move::Left] {
            pad.composer.go(to, false);
        }
        pad
    }

    /// Asks for the next version of an agent, from the file of its newest one, which has that number.
    pub fn agent(id: AgentId, (name, number): (&str, u32), text: &str) -> Self {
        let title = format!("The agent {}, from version {number}", safe_line(name));
        let mut pad = Self::new(Of::Agent(Some((id, number))), title, text);
        pad.composer.go(composer::Move::Start, false);
        pad
    }

    /// Asks for what an agent remembers of a session, from what it does.
    pub fn session(id: AgentId, session: RunId, text: &str) -> Self {
        Self::new(Of::Session(id, session), "What it remembers of the session".to_owned(), text)
    }

    /// Asks for what a model on trial puts in order, from what was written last or else an example.
    pub fn texts(model: &ModelId, before: Option<String>) -> Self {
        let text = before.unwrap_or_else(|| TEXTS.to_owned());
        let title = format!("Texts that {} puts in order", safe_line(model.as_str()));
        Self::new(Of::Texts(model.clone()), title, &text)
    }

    /// The same as it was left, with what was written and could not be taken: it is to be mended. The caret stands where that
    /// is, as far as the error tells; what commands would do is no advice here.
    #[must_use]
    pub fn mended(mut self, error: &Error) -> Self {
        let mut error = error.clone();
        if error.hint.contains("`outcrop") {
            error.hint.clear();
        }
        let said = match place_in(&error.why) {
            Some((line, column)) => {
                self.composer.go_to(line, column);
                error.said()
            }
            None => error.to_string(),
        };
        Self { wrong: said.split_whitespace().collect::<Vec<_>>().join(" "), ..self }
    }

    /// Asks for what raters read first.
    pub fn instructions(text: &str) -> Self {
        Self::new(Of::Instructions, "Instructions for raters".to_owned(), text)
    }

    /// Its head.
    pub fn title(&self) -> &str {
        &self.title
    }

    fn new(of: Of, title: String, text: &str) -> Self {
        let mut composer = Composer::default();
        composer.set_draft(&Draft { text: text.to_owned(), pastes: Vec::new() });
        Self { of, title, composer, before: text.to_owned(), ..Self::default() }
    }

    /// Takes a key.
    pub fn key(&mut self, stroke: Option<Stroke>, action: Option<Action>) -> Outcome {
        match action {
            Some(Action::Accept) if !self.composer.newline_for_backslash() => {
                self.leaving = false;
                let text = self.composer.text().trim().to_owned();
                return Outcome::Chosen(match &self.of {
                    Of::System => Choice::System(text),
                    Of::Instructions => Choice::Fill(Blank::Instructions, text),
                    Of::Tool(call) => Choice::Tool { of: call.of, id: call.id.clone(), text, taken: true },
                    Of::Step(..) | Of::Prompt(..) | Of::Agent(_) | Of::Session(..) if text.is_empty() => {
                        "it is empty".clone_into(&mut self.wrong);
                        return Outcome::Stay;
                    }
                    Of::Agent(Some(_)) | Of::Session(..) if text == self.before.trim() => {
                        "nothing was changed".clone_into(&mut self.wrong);
                        return Outcome::Stay;
                    }
                    Of::Texts(_) if read_lines(&text).is_none() => {
                        "a question is needed, and below it texts, one a line".clone_into(&mut self.wrong);
                        return Outcome::Stay;
                    }
                    Of::Texts(model) => Choice::TryOrder(model.clone(), text),
                    Of::Agent(of) => Choice::KeepAgent(*of, Box::new(self.clone())),
                    Of::Session(id, session) => {
                        Choice::Agent(*id, Deed::Remember(*session, Box::new(self.clone())))
                    }
                    Of::Step(message, step) => {
                        let edit = Edit { step: Some(*step), said: Some(text), ..Edit::default() };
                        Choice::RunOn(*message, edit)
                    }
                    Of::Prompt(message, step) => {
                        let prompts = BTreeMap::from([(*step, text)]);
                        Choice::RunOn(*message, Edit { prompts, ..Edit::default() })
                    }
                    Of::Call(before) => match form::read(&text, before) {
                        Ok(asked) => Choice::AskAgain(Box::new(asked)),
                        Err(error) => {
                            self.wrong = error.said();
                            return Outcome::Stay;
                        }
                    },
                    Of::Setting(field) => match Settings::default().set(field.name, &text) {
                        Ok(()) => Choice::Setting { field, text },
                        Err(error) => {
                            self.wrong = error.why;
                            return Outcome::Stay;
                        }
                    },
                });
            }
            Some(Action::Cancel) => return self.leave(None),
            Some(Action::Accept) => {}
            Some(Action::EditInEditor) => {
                self.away = true;
                return Outcome::Told(Choice::InEditor(self.composer.text()));
            }
            Some(Action::Newline) => self.composer.newline(),
            Some(Action::Undo) => {
                self.composer.undo();
            }
            Some(Action::Redo) => {
                self.composer.redo();
            }
            _ => {
                self.wrong.clear();
                self.leaving = false;
                if let Some(stroke) = stroke {
                    self.composer.press(stroke);
                }
            }
        }
        Outcome::Stay
    }

    /// Takes a pasted text, whole: it is to be read here.
    pub fn paste(&mut self, text: &str) {
        self.wrong.clear();
        self.leaving = false;
        self.composer.paste_whole(text);
    }

    /// The person's editor is over; whether it had this text.
    pub fn comes_back(&mut self) -> bool {
        std::mem::take(&mut self.away)
    }

    /// Takes what the person's editor left.
    pub fn edited(&mut self, text: &str) {
        self.wrong.clear();
        self.leaving = false;
        self.composer.set_text(text);
    }

    /// Leaves it: a text that was changed is kept, and a value, which half written is none, dropped only when asked twice.
    /// `by` is the key that was pressed, where that is not its own.
    pub fn leave(&mut self, by: Option<Key>) -> Outcome {
        let text = self.composer.text();
        match &self.of {
            _ if !self.is_changed() => Outcome::Close,
            Of::System if !text.trim().is_empty() => Outcome::Chosen(Choice::SystemAside(text)),
            Of::Tool(call) if !text.trim().is_empty() => {
                Outcome::Chosen(Choice::Tool { of: call.of, id: call.id.clone(), text, taken: false })
            }
            Of::System | Of::Tool(_) => Outcome::Close,
            _ if self.leaving => Outcome::Close,
            _ => {
                self.leaving = true;
                self.by = by;
                Outcome::Stay
            }
        }
    }

    /// What is written is not what stood there.
    pub fn is_changed(&self) -> bool {
        self.composer.text() != self.before
    }

    /// Rows that it takes: as many as there are where a model was asked much. They stay as they are while it is written.
    pub fn height(&self, screen: Rect) -> u16 {
        let long = self.before.lines().count() > 10 || self.before.len() > 600;
        if matches!(self.of, Of::Call(_)) && long || matches!(self.of, Of::Agent(_)) {
            screen.height.saturating_sub(4).max(USUAL)
        } else {
            USUAL
        }
    }

    /// Tells the text its room: its rows are those that the caret goes up and down by.
    pub fn fit(&mut self, area: Rect) {
        let told = if self.leaving { 1 } else { wrap(&safe_line(&self.wrong), area.width).len() };
        let below = told.min(self.most_told()) as u16 + 1;
        self.composer.fit(area.width, area.height.saturating_sub(below.max(3)));
    }

    /// Rows in which it is told what is wrong.
    const fn most_told(&self) -> usize {
        let most = if matches!(self.of, Of::Agent(_)) { AGENT_NOTE } else { NOTE };
        most as usize
    }

    /// Rows at its end that are to be read: what is wrong, what leaving it drops, what the text may be.
    pub fn foot(&self, width: u16) -> u16 {
        let words = if self.wrong.is_empty() { self.note() } else { self.wrong.as_str().into() };
        match &*words {
            _ if self.leaving => 1,
            "" => 0,
            words => wrap(&safe_line(words), width).len().min(self.most_told()) as u16,
        }
    }

    /// What taking it does, for the footer.
    pub const fn verb(&self) -> &'static str {
        match self.of {
            Of::Agent(_) | Of::Session(..) => "keep it",
            Of::Texts(_) => "ask",
            _ => "take it",
        }
    }

    /// What of the text is not in sight.
    pub fn hidden(&self, area: Rect, keymap: &Keymap) -> Hidden {
        let (above, below) = self.composer.unseen(self.room(area, keymap));
        Hidden { above, below }
    }

    /// The cells of the text itself.
    fn room(&self, area: Rect, keymap: &Keymap) -> Rect {
        match &self.of {
            of if of.is_noted_below() => {
                let rows = self.told(area, keymap).0.len() as u16 + 1;
                Rect { height: area.height.saturating_sub(rows), ..area }
            }
            Of::Instructions => Rect { height: area.height.saturating_sub(2), ..area },
            Of::Tool(call) => {
                let rows = asked(call, area).len() as u16 + 1;
                Rect { y: area.y + rows, height: area.height.saturating_sub(rows), ..area }
            }
            _ => area,
        }
    }

    /// What the text may be, where that is told below it.
    fn note(&self) -> Cow<'static, str> {
        let note = match &self.of {
            Of::Setting(field) => field.range,
            Of::Prompt(..) => "The agent keeps its own; $name$ stands for what is put there.",
            Of::Call(asked) => {
                // The caret stands at what was said last: of a long text the line that names the model is out of sight.
                let asked = asked.model.as_ref().map(|model| format!(" ({model} was asked)"));
                return format!(
                    "Any model{}, any setting of `outcrop chat --set`; tools and earlier turns stay.",
                    asked.unwrap_or_default()
                )
                .into();
            }
            Of::Agent(_) => "TOML or JSON; paths begin where outcrop was started.",
            Of::Session(..) => "It is told so when a session begins.",
            Of::Texts(_) => "The first line is the question, each further one a text. Kept nowhere.",
            Of::Step(..) => {
                "A text is said; {\"tool\": …, \"input\": …} is a call, one more of them another call."
            }
            Of::System | Of::Instructions | Of::Tool(_) => "",
        };
        note.into()
    }

    /// What is told of the text below it, in rows.
    fn told(&self, area: Rect, keymap: &Keymap) -> (Vec<String>, Role) {
        let (words, role) = match self.wrong.as_str() {
            _ if self.leaving => (self.leaving_words(keymap), Role::Warn),
            "" => (self.note().into_owned(), Role::Muted),
            wrong => (wrong.to_owned(), Role::Bad),
        };
        let mut lines = wrap(&safe_line(&words), area.width);
        lines.truncate(usize::from(area.height.saturating_sub(3)).min(self.most_told()));
        (lines, role)
    }

    /// What leaving it a second time does.
    fn leaving_words(&self, keymap: &Keymap) -> String {
        let key = self.by.map_or_else(|| keymap.name(Context::Menu, Action::Cancel), label);
        let dropped = match self.of {
            Of::Agent(None) => "the new agent",
            Of::Agent(Some(_)) => "what was changed of the agent",
            Of::Session(..) => "what was changed of the memory",
            _ => "what was changed",
        };
        format!("{key} once more drops {dropped}.")
    }

    /// Paints it; returns the caret's cell.
    pub fn draw(&self, area: Rect, cells: &mut Buffer, look: &Look, keymap: &Keymap) -> Option<Position> {
        let ground = look.style(Role::Raised);
        let styles = composer::Look {
            text: ground.patch(look.style(Role::Text)),
            placeholder: ground.patch(look.style(Role::Faint)),
            chip: look.style(Role::Info),
            barred: look.style(Role::Faint),
            selection: look.style(Role::Selected),
        };
        if self.of.is_noted_below() {
            let (lines, role) = self.told(area, keymap);
            let foot = area.bottom().saturating_sub(lines.len() as u16);
            for (y, line) in (foot..area.bottom()).zip(&lines) {
                put(cells, area.x, y, area.right(), line, ground.patch(look.style(role)));
            }
        }
        let placeholder = match &self.of {
            Of::System => "How the model is to behave, in your words.",
            Of::Instructions => {
                let foot = area.bottom().saturating_sub(1);
                if self.leaving {
                    let words = self.leaving_words(keymap);
                    put(cells, area.x, foot, area.right(), &words, ground.patch(look.style(Role::Warn)));
                }
                "What raters read before the first item; nothing for the usual."
            }
            Of::Tool(call) => {
                let style = ground.patch(look.style(Role::Tool));
                for (y, line) in (area.y..).zip(&asked(call, area)) {
                    put(cells, area.x, y, area.right(), line, style);
                }
                if call.question.is_some() {
                    "Your answer."
                } else {
                    "JSON or text; a ! in front makes it an error."
                }
            }
            Of::Setting(_) => "Nothing; it is left out.",
            Of::Session(..) => "What it is to remember.",
            Of::Texts(_) => "A question, and below it texts, one a line.",
            Of::Step(..) => "What the model says.",
            Of::Prompt(..) | Of::Call(_) | Of::Agent(_) => "",
        };
        let area = self.room(area, keymap);
        self.composer.draw(area, cells, &styles, placeholder);
        self.composer.caret_in(area)
    }
}

/// What a call of a tool asks, in the rows above its answer.
fn asked(call: &Call, area: Rect) -> Vec<String> {
    let told = call.question.clone().unwrap_or_else(|| format!("{} {}", call.name, call.input));
    let mut lines = wrap(&safe_line(&told), area.width);
    lines.truncate(usize::from(area.height.saturating_sub(3)).min(5));
    lines
}

/// The place that an error begins with, `line 3, column 16: …`.
fn place_in(why: &str) -> Option<(usize, usize)> {
    let (place, _) = why.strip_prefix("line ")?.split_once(": ")?;
    let (line, column) = place.split_once(", column ")?;
    Some((line.parse().ok()?, column.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ErrorKind;

    #[test]
    fn the_caret_goes_up_by_the_rows_that_are_shown() {
        let mut pad = Pad::system("one line\nand another");
        pad.fit(Rect::new(0, 0, 60, 12));
        assert!(pad.composer.step_row(-1));
        pad.composer.insert("X");
        assert_eq!(pad.composer.text(), "one lineX\nand another");
    }

    #[test]
    fn texts_are_put_in_order_by_a_question_above_them() {
        let ranks: ModelId = "a/b".parse().unwrap();
        let mut pad = Pad::texts(&ranks, Some("which?".to_owned()));
        assert_eq!(pad.key(None, Some(Action::Accept)), Outcome::Stay);
        assert!(pad.wrong.contains("texts, one a line"), "{}", pad.wrong);
        pad.paste("\na text");
        let whole = "which?\na text".to_owned();
        assert_eq!(
            pad.key(None, Some(Action::Accept)),
            Outcome::Chosen(Choice::TryOrder(ranks.clone(), whole))
        );
        let mut example = Pad::texts(&ranks, None);
        assert_eq!(example.leave(None), Outcome::Close, "nothing is lost with it");
        assert!(matches!(example.key(None, Some(Action::Accept)), Outcome::Chosen(Choice::TryOrder(..))));
    }

    #[test]
    fn what_is_pasted_stands_there_whole() {
        let mut pad = Pad::new_agent("name = \"\"\n");
        let long = "a line that is pasted\n".repeat(60);
        pad.paste(&long);
        assert_eq!(pad.composer.text(), format!("name = \"{long}\"\n"));
        assert_eq!(pad.composer.shown(), pad.composer.text(), "no chip stands for it");
    }

    #[test]
    fn the_caret_stands_where_the_error_is_and_no_command_is_advised() {
        let pad = Pad::new_agent("name = \"é\"\nmodel = x\n");
        let hint = "It is as `outcrop agent export` writes it.";
        let error = Error::new(ErrorKind::Invalid, "reading an agent", "line 2, column 9: no value", hint);
        let mut pad = pad.mended(&error);
        assert_eq!(pad.wrong, "line 2, column 9: no value");
        pad.composer.insert("!");
        assert_eq!(pad.composer.text(), "name = \"é\"\nmodel = !x\n");
        let error = Error::new(ErrorKind::Invalid, "reading an agent", "it is empty", "Write it.");
        assert_eq!(pad.mended(&error).wrong, "reading an agent: it is empty. Write it.");
    }

    #[test]
    fn what_is_asked_again_names_the_model_that_was_asked_wherever_the_caret_is() {
        let keys = Keymap::default();
        let area = Rect::new(0, 0, 60, 12);
        let mut asked = Asked { model: Some("p/m".parse().unwrap()), ..Asked::default() };
        asked.say("a line\n".repeat(40));
        let mut pad = Pad::call(&asked);
        pad.fit(area);
        assert!(pad.hidden(area, &keys).above > 0, "its first line is out of sight");
        let (told, _) = pad.told(area, &keys);
        assert!(told.concat().starts_with("Any model (p/m was asked), any setting"), "{told:?}");
        let nobody = Pad::call(&Asked::default());
        assert!(nobody.told(area, &keys).0.concat().starts_with("Any model, any setting"));
    }

    #[test]
    fn it_says_that_there_is_more_of_the_text_than_is_in_sight() {
        let keys = Keymap::default();
        let area = Rect::new(0, 0, 60, 12);
        let mut pad = Pad::agent(AgentId::from_bytes([1; 16]), ("a", 1), &"row\n".repeat(40));
        pad.fit(area);
        let hidden = pad.hidden(area, &keys);
        assert!(hidden.above == 0 && hidden.below > 20, "{hidden:?}");
        pad.composer.go(composer::Move::End, false);
        let hidden = pad.hidden(area, &keys);
        assert!(hidden.above > 20 && hidden.below == 0, "{hidden:?}");
    }

    #[test]
    fn leaving_it_names_the_key_that_was_pressed_and_what_it_drops() {
        let keys = Keymap::default();
        let mut pad = Pad::new_agent("name = \"\"\n");
        pad.composer.insert("shop");
        assert_eq!(pad.leave(keys.key(Context::Menu, Action::Quit)), Outcome::Stay);
        assert_eq!(pad.leaving_words(&keys), "Ctrl+Q once more drops the new agent.");
    }
}
