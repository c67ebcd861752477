//! What an agent was before: its versions read, compared, gone back to, its prompts set back to the default.

use super::State;
use super::agents::{card, verbatim};
use super::keeping::{Doing, entry};
use crate::domain::agent::{Book, Step};
use crate::domain::id::AgentId;
use crate::domain::untrusted::safe_line;
use crate::tui::app::Desk;
use crate::tui::overlay::agent::Deed;
use crate::tui::overlay::difference::{Difference, Side};
use crate::tui::overlay::menu::{Entry, Menu};
use crate::tui::overlay::reading::Reading;
use crate::tui::overlay::{Choice, Overlay};
use crate::workbench::request::agents::Agents;

impl State {
    /// Does with a version, or with a prompt, what was chosen.
    pub(super) fn do_with_version(&mut self, book: &Book, deed: &Deed, desk: &mut Desk<'_>) {
        let id = book.agent.id;
        match deed {
            Deed::Version(number) => offer_version(book, *number, desk),
            Deed::Read(number) => {
                let Some(version) = book.version(Some(*number)) else { return };
                let title = format!("Version {number} of {}", safe_line(&book.agent.name));
                let said = card(version, &desk.wall().ago(version.created));
                desk.overlays.push(Overlay::Reading(Box::new(Reading::new(&title, said))));
            }
            Deed::Compare(from, to) => {
                let of = |number: &u32| book.version(Some(*number)).map(|version| &version.definition);
                let secret = of(from).zip(of(to)).is_some_and(|(from, to)| from.has_other_secrets(to));
                self.compare_versions(id, (*from, *to), secret, false, desk);
            }
            Deed::GoBack(number) => {
                let Some(version) = book.version(Some(*number)) else { return };
                self.save_agent(id, version.definition.clone(), format!("as version {number} was"), desk);
            }
            Deed::Prompts => offer_prompts(book, desk),
            Deed::Prompt(step) => offer_prompt(book, *step, desk),
            Deed::DefaultPrompt(step) => {
                let lines = verbatim(step.baseline()).collect();
                let reading = Reading::new(&format!("The default prompt of {step}"), lines);
                desk.overlays.push(Overlay::Reading(Box::new(reading)));
            }
            Deed::ComparePrompt(step) => {
                let Some(newest) = book.version(None) else { return };
                let own = newest.definition.steps.template(*step).to_owned();
                let usual = ("the default".to_owned(), step.baseline().to_owned());
                desk.overlays.push(over(beside([usual, ("its own".to_owned(), own)])));
            }
            Deed::ResetPrompt(step) => {
                let Some(newest) = book.version(None) else { return };
                let mut definition = newest.definition.clone();
                definition.steps.of_mut(*step).template = None;
                self.save_agent(id, definition, format!("the prompt of {step} is the default"), desk);
            }
            // Of its versions, or of something else that is done with it.
            _ => offer_versions(book, desk),
        }
    }

    /// Asks for the files of two versions, the older first, in which a `secret` that is another one does not show. They are of one
    /// form: two would differ everywhere.
    pub(super) fn compare_versions(
        &mut self,
        of: AgentId,
        (from, to): (u32, u32),
        secret: bool,
        json: bool,
        desk: &mut Desk<'_>,
    ) {
        let export = Agents::Export { id: of, version: Some(from), json };
        self.go_on_with_agent(Doing::Older { of, from, to, secret, json }, export, desk);
    }
}

/// Two texts of an agent, each with what it is called.
fn beside(sides: [(String, String); 2]) -> Difference {
    let side = |(place, (called, text)): (usize, (String, String))| Side {
        place,
        called,
        name: String::new(),
        text,
        goes_on: false,
    };
    let sides = sides.into_iter().enumerate().map(side).collect();
    Difference::new(sides, (0, 1))
}

fn over(difference: Difference) -> Overlay {
    Overlay::Difference(Box::new(difference))
}

/// The files of two versions; a `secret` that is another one is not in them.
pub(super) fn compared(sides: [(String, String); 2], secret: bool) -> Overlay {
    let difference = beside(sides);
    over(if secret { difference.besides("A secret is another one; it is not shown.") } else { difference })
}

/// Offers the versions, the newest first.
fn offer_versions(book: &Book, desk: &mut Desk<'_>) {
    let wall = desk.wall();
    let entries = book.versions.iter().rev().map(|version| Entry {
        right: wall.ago(version.created),
        current: version.number == book.agent.latest,
        ..entry(
            &format!("version {}", version.number),
            &version.note,
            Choice::Agent(book.agent.id, Deed::Version(version.number)),
        )
    });
    let title = format!("Versions of {}", safe_line(&book.agent.name));
    let menu = Menu::new(&title, "choose it", "", entries.collect());
    desk.overlays.push(Overlay::Menu(menu));
}

/// Offers what can be done with one of them.
fn offer_version(book: &Book, number: u32, desk: &mut Desk<'_>) {
    let (wall, latest) = (desk.wall(), book.agent.latest);
    let choice = |deed| Choice::Agent(book.agent.id, deed);
    let mut entries = vec![entry("read it", "model, limits, what it may call", choice(Deed::Read(number)))];
    if number != latest {
        let detail = format!("saved once more, as version {}", latest.saturating_add(1));
        entries.push(entry("go back to it", &detail, choice(Deed::GoBack(number))));
    }
    let others = book.versions.iter().rev().filter(|other| other.number != number);
    entries.extend(others.map(|other| {
        let (from, to) = (number.min(other.number), number.max(other.number));
        let label = format!("compare with version {}", other.number);
        Entry {
            right: wall.ago(other.created),
            ..entry(&label, &other.note, choice(Deed::Compare(from, to)))
        }
    }));
    let title = format!("Version {number} of {}", safe_line(&book.agent.name));
    desk.overlays.push(Overlay::Menu(Menu::new(&title, "do it", "", entries)));
}

/// Offers the prompts of the newest version: its own, and the defaults of the others to read.
fn offer_prompts(book: &Book, desk: &mut Desk<'_>) {
    let Some(newest) = book.version(None) else { return };
    let own = |step: &Step| newest.definition.steps.of(*step).template.is_some();
    let name = safe_line(&book.agent.name);
    let offer = |step: Step| {
        let (detail, deed) = if own(&step) {
            ("its own", Deed::Prompt(step))
        } else {
            ("the default", Deed::DefaultPrompt(step))
        };
        entry(&format!("the prompt of {step}"), detail, Choice::Agent(book.agent.id, deed))
    };
    // Its own stand first: of the others there is only the default to read.
    let (first, rest): (Vec<Step>, Vec<Step>) = Step::ALL.into_iter().partition(own);
    let entries = first.into_iter().chain(rest).map(offer).collect();
    let menu = Menu::new(&format!("Prompts of {name}"), "choose it", "", entries);
    desk.overlays.push(Overlay::Menu(menu));
}

/// Offers what can be done with one of them.
fn offer_prompt(book: &Book, step: Step, desk: &mut Desk<'_>) {
    let choice = |deed| Choice::Agent(book.agent.id, deed);
    let next = format!("saved as version {}", book.agent.latest.saturating_add(1));
    let entries = vec![
        entry("compare with the default", "word by word", choice(Deed::ComparePrompt(step))),
        entry("back to the default", &next, choice(Deed::ResetPrompt(step))),
    ];
    let title = format!("The prompt of {step}");
    desk.overlays.push(Overlay::Menu(Menu::new(&title, "do it", "", entries)));
}
