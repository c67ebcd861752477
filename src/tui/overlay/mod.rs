//! What lies over a place: a stack of plain state whose top takes the event first.
//!
//! An overlay decides nothing: it gives back what the person chose, and the app does it.

pub mod agent;
mod blank;
pub mod confirm;
pub mod difference;
mod forms;
pub mod given;
pub mod help;
pub mod input;
pub mod menu;
pub mod notices;
pub mod pad;
mod page;
pub mod passphrase;
pub mod picker;
pub mod prompt;
mod prompts;
pub mod reading;
pub mod source;
pub mod table;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::action::Action;
use super::effect::Written;
use super::key::Key;
use super::keymap::{Context, Keymap, label};
use super::look::{Look, Role};
use super::paint::{fill, more, put};
use super::trace::{RowFor, Target};
use crate::domain::agent::Step;
use crate::domain::agent::replay::Edit;
use crate::domain::catalog::ModelId;
use crate::domain::conversation::{Answers, Draft};
use crate::domain::evaluation::metric::Method;
use crate::domain::evaluation::vote::Skip;
use crate::domain::id::{
    AgentId, BaseId, ComparisonId, ConversationId, DatasetId, EvaluationId, MakingId, MessageId, PromptId,
    RunId, SourceId,
};
use crate::domain::knowledge::chunking::Chunking;
use crate::domain::knowledge::rebuild::Wish;
use crate::domain::knowledge::reranking::{Reranker, Reranking};
use crate::domain::message::BlobId;
use crate::domain::secret::Secret;
use crate::domain::settings::Field;
use crate::domain::trace::replay::Asked;
use crate::domain::trace::{Opinion, TraceId};
use agent::Deed;
use confirm::Confirm;
use difference::Difference;
use help::Help;
use menu::Menu;
use notices::Past;
use pad::Pad;
use passphrase::Ask;
use picker::Picker;
use prompt::{Blank, Prompt, Said};
use reading::Reading;
use source::SourceBlank;

/// Columns of a list.
const WIDEST: u16 = 80;
/// Columns of a text.
const LONGEST: u16 = 110;
/// Rows that a list has at least, where it gives way.
const FEWEST: u16 = 9;

/// What can lie over a place.
#[derive(Debug, Clone, PartialEq)]
pub enum Overlay {
    Help(Help),
    /// The palette and the smaller pickers.
    Menu(Menu),
    /// The models.
    Picker(Box<Picker>),
    Confirm(Confirm),
    /// One line: a name.
    Prompt(Prompt),
    /// Many lines: the system prompt, what a tool gives back.
    Pad(Box<Pad>),
    /// What opens a sealed workspace.
    Passphrase(Ask),
    /// What was said before.
    Past(Past),
    /// Two answers compared.
    Difference(Box<Difference>),
    /// A text to be read.
    Reading(Box<Reading>),
}

/// What of a list is not in sight.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Hidden {
    pub above: usize,
    pub below: usize,
}

/// What the person chose in one.
#[derive(Debug, Clone, PartialEq)]
pub enum Choice {
    Act(Action),
    Model(ModelId),
    /// Gives a model a star, or takes it away.
    Star(ModelId),
    /// Shows what fetching a model would do.
    PlanFetch(ModelId),
    /// Fetches a model; its plan was shown.
    Fetch(ModelId),
    /// Deletes a model's files.
    RemoveModel(ModelId),
    /// Adds a model file of this machine.
    AddModel(String),
    /// Asks a model something that is kept nowhere.
    Try(ModelId, String),
    /// Has one put texts in order by the question above them.
    TryOrder(ModelId, String),
    Preset(String),
    /// Names a new preset, or `of` anew.
    NamePreset {
        name: String,
        of: Option<String>,
    },
    DeletePreset(String),
    /// As it was before the preset that was taken last.
    BeforePreset,
    /// What was written before, with its files.
    Written(Draft),
    /// A text for the composer, as if it had been typed there; `meant` where it was said to be no command.
    Typed {
        text: String,
        meant: bool,
    },
    CopyCode(String),
    /// The file of that path goes with the next message.
    Attach(String),
    /// How the path of that file goes on, which is being written.
    Complete(String),
    /// Writes it to the file; `replace` where another one may be lost.
    Write {
        of: Written,
        path: String,
        replace: bool,
    },
    /// Writes a picture to the file.
    SavePicture {
        blob: BlobId,
        path: String,
        replace: bool,
    },
    /// Begins the next picture with the one in the file of that path.
    VaryFile(String),
    RemovePictures(MakingId),
    RemoveComparison(ComparisonId),
    /// Stops answers that come blind.
    StopAnswers,
    /// Asks again for one answer alone, while who answers is hidden.
    RetryBlindly,
    /// How often each column of the next comparison is asked.
    Repeats(u32),
    /// What the comparison is about; nothing for nothing.
    Category(String),
    /// The leaderboard of that category, or of all.
    Board(Option<String>),
    /// The file with the values of the next comparison; nothing for none.
    ValuesFile(String),
    RemoveEvaluation(EvaluationId),
    /// Looks whose the answers are of an evaluation that the person rates in.
    LookAtResults(EvaluationId),
    /// Goes where calls have names, by that action, and looks into that run, though the person judges what came of some.
    SeeCalls(Action, Option<TraceId>),
    /// What is shown goes into the dataset of that name.
    AddToDataset(String),
    /// What was said in a span goes into it.
    AddSpan(Box<Target>, String, RowFor),
    /// The dataset that a new evaluation is made of.
    TakeDataset(DatasetId),
    /// How raters say it in a new evaluation.
    TakeMethod(Method),
    /// What stands in a blank of a new evaluation; nothing for the usual.
    Fill(Blank, String),
    /// On with the new evaluation that was left.
    GoOnMaking,
    /// Another one in its place, of that dataset.
    MakeAnew(Option<DatasetId>),
    /// Reads the file of that path as a new dataset; `skip_bad` leaves out the lines that cannot be read.
    ImportDataset {
        path: String,
        skip_bad: bool,
    },
    /// Has that knowledge base, or a new one, read what lies there.
    AddDocuments {
        base: Option<BaseId>,
        path: String,
    },
    /// A blank of a source that is written, or turned over.
    SourceBlank(SourceBlank),
    /// What stands in it; nothing for the usual.
    FillSource(SourceBlank, String),
    /// The source that is written is added, or is so from now on.
    KeepSource,
    /// What was written of it is taken back.
    DropSource,
    /// Takes a source out of that base.
    RemoveSource(BaseId, SourceId),
    /// Shows what the file of that path would become.
    PreviewFile(String),
    /// How a file is cut that is shown before it is indexed.
    Chunking(Chunking),
    /// The file of questions by which retrieval is measured.
    Questions(String),
    /// Shows what rebuilding that knowledge base so would do and cost.
    PlanRebuild(BaseId, Wish),
    /// Rebuilds it; its plan was shown.
    RebuildBase(BaseId, Wish),
    /// Takes back a rebuild of it that is not at its end.
    DropRebuild(BaseId),
    /// Writes that knowledge base to the file of that path.
    ExportBase(BaseId, String),
    /// Makes a knowledge base of the file of that path.
    ImportBase(String),
    RenameBase(BaseId, String),
    RemoveBase(BaseId),
    /// Reads the traces that the file of that path has.
    ImportTraces(String),
    RemoveTrace(TraceId),
    /// Takes what other programs send to that port.
    Listen(u16),
    /// Asks a model again what it was asked in a span, as a person wrote it.
    AskAgain(Box<Asked>),
    /// What is thought of a span, or of a run.
    Opine(Box<Target>, Opinion),
    /// What passages must be like; nothing for nothing.
    Filter(String),
    /// How near they must be.
    Threshold(Option<f64>),
    /// Who puts what a question finds in order.
    Rerank(Reranking),
    /// The same of all that is found in that base.
    RerankBase(BaseId, Option<Reranker>),
    /// Asks how many of the first hits it puts in order, in that base or for a question alone.
    Candidates(Option<BaseId>, Reranker),
    RenameDataset(DatasetId, String),
    RemoveDataset(DatasetId),
    /// The item before the rater is not rated, for that reason.
    Skip(Skip),
    /// Goes with the next vote.
    Comment(String),
    /// Says that, by its place in the list, of what raters differ on.
    Decide(usize),
    /// Why it is decided so.
    Reason(String),
    /// Back to the item of the rater's vote of that number, from 1.
    GoToVote(u64),
    Rename(ConversationId, String),
    Delete(ConversationId),
    System(String),
    /// Keeps what is written as a new prompt of that name.
    SavePrompt(String),
    /// Keeps what is written as the next version, with that note.
    SaveVersion(String),
    RenamePrompt(PromptId, String),
    DeletePrompt(PromptId),
    /// Another one is begun where one is written that has no name.
    EmptyPrompt,
    /// The text that is asked for over the place is to be written in the person's editor.
    InEditor(String),
    /// A system prompt that was changed and not taken.
    SystemAside(String),
    /// The value of a setting, which is one.
    Setting {
        field: &'static Field,
        text: String,
    },
    /// What the tool call of that id gives back, of that answer: ids are alike in many. Not `taken` is half written.
    Tool {
        of: MessageId,
        id: String,
        text: String,
        taken: bool,
    },
    /// Who answers the next turns of the conversation.
    Answers(Answers),
    /// Something is done with an agent as it is kept.
    Agent(AgentId, Deed),
    /// What is written, from that version of an agent, is its next one; `None` for a new agent.
    KeepAgent(Option<(AgentId, u32)>, Box<Pad>),
    /// One of the steps of an agent, from 1, is to be written anew.
    EditStep(MessageId, u32),
    /// The prompt of its steps of that kind is.
    EditPrompt(MessageId, Step),
    /// The agent that gave that answer runs once more, so edited.
    RunOn(MessageId, Edit),
    /// Whether a call of that run may be made, or tools be used, that wait for it.
    Consent {
        run: RunId,
        call: String,
        agreed: bool,
    },
    Unlock(Secret),
    Quit,
    /// Quits as well, and stops what could go on without the screen.
    StopAndQuit,
    /// Ends the screen; what can go on without it does.
    LeaveRunning,
}

/// What an event did to the top overlay.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    Stay,
    Close,
    Chosen(Choice),
    /// It was chosen, and the overlay stays.
    Told(Choice),
}

impl Overlay {
    /// Takes a key.
    pub fn key(&mut self, key: Key, keymap: &Keymap, area: Rect) -> Outcome {
        let (action, stroke) = (keymap.action(Context::Menu, key), keymap.stroke(key));
        let inside = inner(self.area(area));
        match self {
            Self::Help(help) => help.key(key, action, keymap, inside),
            // The line that is typed, and a blank one.
            Self::Menu(menu) => {
                menu.key(key, stroke, action, usize::from(inside.height.saturating_sub(2)).max(1))
            }
            Self::Picker(picker) => picker.key(key, stroke, action, inside),
            Self::Confirm(confirm) => confirm.key(key, action),
            Self::Prompt(prompt) => {
                let next = keymap.action(Context::Everywhere, key) == Some(Action::FocusNext);
                let completed = if next { prompt.complete() } else { None };
                completed.unwrap_or_else(|| prompt.key(stroke, action))
            }
            Self::Pad(pad) => {
                let writes = |a: &Action| {
                    matches!(a, Action::Undo | Action::Redo | Action::Newline | Action::EditInEditor)
                };
                pad.key(stroke, action.or_else(|| keymap.action(Context::Composer, key).filter(writes)))
            }
            Self::Passphrase(ask) => ask.key(stroke, action),
            Self::Past(past) => past.key(key, action, inside),
            Self::Difference(difference) => difference.key(key, action, inside),
            Self::Reading(reading) => reading.key(key, action, inside),
        }
    }

    /// What it shows fits the screen.
    pub fn fit(&mut self, screen: Rect) {
        match self {
            Self::Difference(difference) => difference.fit(page::width(screen)),
            Self::Reading(reading) => reading.fit(reading.width(screen)),
            Self::Pad(pad) => pad.fit(inner(centred(screen, WIDEST, pad.height(screen)))),
            _ => {}
        }
    }

    /// Leaves it as its own key does; `by` is the one that was pressed.
    pub fn leave(&mut self, by: Key) -> Outcome {
        match self {
            Self::Menu(menu) => menu.leave(),
            Self::Pad(pad) => pad.leave(Some(by)),
            Self::Passphrase(_) => Outcome::Chosen(Choice::Quit),
            Self::Help(_)
            | Self::Picker(_)
            | Self::Confirm(_)
            | Self::Prompt(_)
            | Self::Past(_)
            | Self::Difference(_)
            | Self::Reading(_) => Outcome::Close,
        }
    }

    /// It asks for nothing, and nothing is lost with it: it goes where the person goes to another place.
    pub fn gives_way(&self) -> bool {
        match self {
            Self::Help(_) | Self::Picker(_) | Self::Past(_) | Self::Difference(_) => true,
            Self::Menu(menu) => menu.gives_way(),
            Self::Reading(reading) => !reading.asks_for_consent(),
            Self::Prompt(prompt) => prompt.input.is_as_it_began(),
            Self::Pad(pad) => !pad.is_changed(),
            Self::Confirm(_) | Self::Passphrase(_) => false,
        }
    }

    /// What can be done in it, for the footer: a key and a word.
    pub fn hints(&self, keymap: &Keymap) -> Vec<(String, &'static str)> {
        let named = |(context, action, word)| Some((label(keymap.key(context, action)?), word));
        let own = match self {
            // Its own letter comes first: no table has it.
            Self::Confirm(confirm) => confirm.verbs(),
            Self::Difference(difference) => vec![(Difference::turn(), difference.turns_to())],
            Self::Reading(reading) => reading.offered().collect(),
            _ => Vec::new(),
        };
        let own = own.into_iter().map(|(key, word)| (label(key), word));
        own.chain(self.actions().into_iter().filter_map(named)).collect()
    }

    /// Where the key of each is found, the action, the word.
    fn actions(&self) -> Vec<(Context, Action, &'static str)> {
        let here = Context::Menu;
        let two = |does, leaves| vec![(here, Action::Accept, does), (here, Action::Cancel, leaves)];
        let scrolls = || {
            let moves =
                [(Action::SelectPrevious, "up"), (Action::SelectNext, "down"), (Action::PageDown, "page")];
            let moves = moves.map(|(action, word)| (here, action, word));
            let leaves = if let Self::Help(help) = self { help.leaves() } else { "close" };
            let mut hints = vec![(here, Action::Cancel, leaves)];
            hints.extend(moves);
            hints
        };
        match self {
            Self::Help(_) | Self::Past(_) | Self::Difference(_) | Self::Reading(_) => scrolls(),
            Self::Menu(menu) => {
                let mut hints = two(menu.verb, menu.leaves());
                hints.retain(|(_, action, _)| *action != Action::Accept || menu.takes());
                hints
            }
            Self::Picker(picker) => {
                let mut hints = two("take it", picker.leaves());
                // Where nothing is found nothing is taken, and what is in no list gets no star.
                hints.retain(|(_, action, _)| *action != Action::Accept || picker.takes());
                if picker.stars() {
                    hints.insert(1, (here, Action::Star, "star"));
                }
                hints
            }
            Self::Confirm(confirm) => vec![(here, Action::Cancel, confirm.keeps)],
            Self::Prompt(prompt) => {
                let mut hints = two(prompt.verb(), "leave it");
                if prompt.complete().is_some() {
                    hints.insert(1, (Context::Everywhere, Action::FocusNext, "complete"));
                }
                hints
            }
            Self::Pad(pad) => {
                let mut hints = two(pad.verb(), "leave it");
                hints.push((Context::Composer, Action::Newline, "line"));
                hints.push((Context::Composer, Action::EditInEditor, "editor"));
                hints
            }
            Self::Passphrase(_) => two("open", "quit"),
        }
    }

    /// Takes a pasted text.
    pub fn paste(&mut self, text: &str) -> Outcome {
        match self {
            Self::Menu(menu) => return menu.paste(text),
            Self::Picker(picker) => picker.paste(text),
            Self::Prompt(prompt) => {
                prompt.wrong = "";
                prompt.said = Said::Nothing;
                prompt.input.insert(text);
            }
            Self::Pad(pad) => pad.paste(text),
            Self::Passphrase(ask) => ask.paste(text),
            Self::Help(help) => help.paste(text),
            Self::Confirm(_) | Self::Past(_) | Self::Difference(_) | Self::Reading(_) => {}
        }
        Outcome::Stay
    }

    /// Takes a click at a cell of the screen; outside of it, one that nothing is written in closes.
    pub fn click(&mut self, at: Position, screen: Rect) -> Outcome {
        let area = self.area(screen);
        if !area.contains(at) {
            // What was typed is not lost by a click.
            return match self {
                Self::Help(_)
                | Self::Menu(_)
                | Self::Picker(_)
                | Self::Past(_)
                | Self::Difference(_)
                | Self::Reading(_) => Outcome::Close,
                Self::Confirm(_) | Self::Prompt(_) | Self::Pad(_) | Self::Passphrase(_) => Outcome::Stay,
            };
        }
        match self {
            Self::Menu(menu) => menu.click(at, inner(area)),
            Self::Picker(picker) => picker.click(at, inner(area)),
            Self::Confirm(confirm) => confirm.click(at, inner(area)),
            _ => Outcome::Stay,
        }
    }

    /// Takes a turn of the wheel.
    pub fn scroll(&mut self, steps: isize, screen: Rect, keymap: &Keymap) {
        let inside = inner(self.area(screen));
        match self {
            Self::Menu(menu) => menu.step(steps),
            Self::Picker(picker) => picker.step(steps),
            Self::Help(help) => help.scroll(steps, keymap, inside),
            Self::Past(past) => past.scroll(steps, inside),
            Self::Difference(difference) => difference.scroll(steps, inside),
            Self::Reading(reading) => reading.scroll(steps, inside),
            _ => {}
        }
    }

    /// The cells that it covers.
    pub fn area(&self, screen: Rect) -> Rect {
        match self {
            Self::Help(_) => {
                let width = if screen.width >= 2 * WIDEST { 2 * LONGEST } else { LONGEST };
                centred(screen, width, screen.height)
            }
            Self::Menu(menu) => below(screen, menu.row, menu.height()),
            Self::Picker(picker) => {
                let height = screen.height.saturating_sub(picker.spares);
                centred(Rect { height, ..screen }, picker::WIDEST, picker.height())
            }
            Self::Confirm(confirm) => centred(screen, 64, confirm.height(centred(screen, 64, 9).width)),
            Self::Prompt(prompt) => {
                let width = inner(centred(screen, WIDEST, 5)).width;
                centred(screen, WIDEST, prompt.height(width))
            }
            Self::Pad(pad) => centred(screen, WIDEST, pad.height(screen)),
            Self::Passphrase(_) => centred(screen, 64, 7),
            Self::Past(past) => page::area(screen, past.rows(page::width(screen))),
            Self::Difference(difference) => page::area(screen, difference.height(page::width(screen))),
            Self::Reading(reading) => {
                let width = reading.width(screen);
                page::around(screen, width, reading.height(width))
            }
        }
    }

    /// The cells of it over which something may stand for a moment: neither its border nor the lines at its end, unless it has
    /// hardly more.
    pub fn coverable(&self, screen: Rect) -> Rect {
        let foot = match self {
            Self::Picker(_) => 1,
            Self::Pad(pad) => pad.foot(inner(self.area(screen)).width),
            _ => 0,
        };
        let area = self.area(screen);
        let rows = area.height.saturating_sub(2);
        Rect {
            x: area.x + 1.min(area.width),
            y: area.y + 1.min(area.height),
            width: area.width.saturating_sub(2),
            height: if rows < foot + 2 { rows } else { rows - foot },
        }
    }

    fn title(&self) -> &str {
        match self {
            Self::Help(_) => "Keys",
            Self::Menu(menu) => &menu.title,
            Self::Picker(_) => "Models",
            Self::Confirm(_) => "",
            Self::Prompt(prompt) => &prompt.title,
            Self::Pad(pad) => pad.title(),
            Self::Passphrase(_) => "Passphrase",
            Self::Past(_) => "Past notices",
            Self::Difference(difference) => difference.title(),
            Self::Reading(reading) => reading.title(),
        }
    }

    /// Paints it; returns the cell of the caret where a text is typed.
    pub fn draw(&self, screen: Rect, cells: &mut Buffer, look: &Look, keymap: &Keymap) -> Option<Position> {
        let area = self.area(screen);
        let inside = inner(area);
        let hidden = match self {
            Self::Help(help) => help.hidden(keymap, inside),
            Self::Menu(menu) => menu.hidden(inside),
            Self::Picker(picker) => picker.hidden(inside),
            Self::Past(past) => past.hidden(inside),
            Self::Difference(difference) => difference.hidden(inside),
            Self::Reading(reading) => reading.hidden(inside),
            Self::Pad(pad) => pad.hidden(inside, keymap),
            _ => Hidden::default(),
        };
        frame(area, cells, look, self.title(), hidden);
        match self {
            Self::Help(help) => help.draw(inside, cells, look, keymap),
            Self::Menu(menu) => menu.draw(inside, cells, look, keymap),
            Self::Picker(picker) => Some(picker.draw(inside, cells, look, keymap)),
            Self::Confirm(confirm) => {
                confirm.draw(inside, cells, look, keymap);
                None
            }
            Self::Prompt(prompt) => Some(prompt.draw(inside, cells, look)),
            Self::Pad(pad) => pad.draw(inside, cells, look, keymap),
            Self::Passphrase(ask) => ask.draw(inside, cells, look),
            Self::Past(past) => {
                past.draw(inside, cells, look);
                None
            }
            Self::Difference(difference) => {
                difference.draw(inside, cells, look);
                None
            }
            Self::Reading(reading) => {
                reading.draw(inside, cells, look);
                None
            }
        }
    }
}

/// What a list says that nothing in it is called as was typed, and the way back.
fn nothing(keymap: &Keymap) -> String {
    format!("Nothing of that name. {} shows all again.", keymap.name(Context::Menu, Action::Cancel))
}

/// At most so wide and high, centred, its top in the upper third, between the first line and the last.
fn centred(screen: Rect, width: u16, height: u16) -> Rect {
    let width = width.min(screen.width.saturating_sub(4)).max(screen.width.min(20));
    let room = screen.height.saturating_sub(2);
    let mut height = height.min(room).max(screen.height.min(3));
    // What leaves but a row or two of what lies below it has those as well: nobody could read them.
    let rest = room.saturating_sub(height);
    if rest <= 2 && 8 * rest <= room {
        height += rest;
    }
    let free = screen.height.saturating_sub(height);
    let x = screen.x + (screen.width.saturating_sub(width)) / 2;
    let y = screen.y + (free / 3).max(1).min(free);
    Rect { x, y, width, height }
}

/// The same for a list of so many rows, below the row that it is about where it would cover that and has room there.
fn below(screen: Rect, row: Option<u16>, height: u16) -> Rect {
    let usual = centred(screen, WIDEST, height);
    let Some(row) = row.filter(|row| (usual.top()..usual.bottom()).contains(row)) else { return usual };
    // That row stands above it as the first line of the screen does above others.
    let rest = Rect { y: row, height: screen.bottom().saturating_sub(row), ..screen };
    let below = centred(rest, WIDEST, height);
    if below.height >= height.min(FEWEST) { below } else { usual }
}

/// The room inside the border, one column of air at each side.
fn inner(area: Rect) -> Rect {
    Rect {
        x: area.x + 2.min(area.width),
        y: area.y + 1.min(area.height),
        width: area.width.saturating_sub(4),
        height: area.height.saturating_sub(2),
    }
}

fn frame(area: Rect, cells: &mut Buffer, look: &Look, title: &str, hidden: Hidden) {
    fill(cells, area, look.style(Role::Raised));
    let area = area.intersection(cells.area);
    if area.width < 4 || area.height < 2 {
        return;
    }
    let rule = look.style(Role::Raised).patch(look.style(Role::Rule));
    let (left, right, top, bottom) = (area.left(), area.right() - 1, area.top(), area.bottom() - 1);
    for x in left + 1..right {
        put(cells, x, top, x + 1, "─", rule);
        put(cells, x, bottom, x + 1, "─", rule);
    }
    for y in top + 1..bottom {
        put(cells, left, y, left + 1, "│", rule);
        put(cells, right, y, right + 1, "│", rule);
    }
    for (x, y, corner) in [(left, top, "╭"), (right, top, "╮"), (left, bottom, "╰"), (right, bottom, "╯")]
    {
        put(cells, x, y, x + 1, corner, rule);
    }
    let raised = look.style(Role::Raised);
    if !title.is_empty() {
        put(cells, left + 2, top, right - 1, &format!(" {title} "), raised.patch(look.style(Role::Accent)));
    }
    let muted = raised.patch(look.style(Role::Muted));
    more(hidden, (left + 2, right - 1), [top, bottom], muted, cells);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_large_reaches_from_the_places_to_the_hints_and_what_is_small_leaves_more_than_a_row_or_two() {
        for high in [20, 24, 40, 70] {
            let screen = Rect::new(0, 0, 80, high);
            for wanted in 3..=high + 5 {
                let area = centred(screen, WIDEST, wanted);
                let below = high - 1 - area.bottom();
                assert!(area.y >= 1 && area.height >= wanted.min(high - 2), "{area:?} in {high}");
                assert!(below == 0 && area.y == 1 || below >= 2, "{area:?} in {high}");
            }
            let whole = Rect { x: 2, y: 1, width: 76, height: high - 2 };
            assert_eq!(centred(screen, WIDEST, high), whole);
            assert_eq!(centred(screen, WIDEST, high - 4), whole, "no row or two is left of the page");
        }
        assert_eq!(centred(Rect::new(0, 0, 10, 2), WIDEST, 9).bottom(), 2);
    }
}
