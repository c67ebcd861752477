//! What an agent remembers of sessions: read, written anew, forgotten.

use super::State;
use super::keeping::entry;
use crate::domain::agent::{Chosen, Remembered};
use crate::domain::untrusted::safe_line;
use crate::tui::app::Desk;
use crate::tui::look::Role;
use crate::tui::overlay::agent::Deed;
use crate::tui::overlay::confirm::Confirm;
use crate::tui::overlay::menu::{Entry, Menu};
use crate::tui::overlay::pad::Pad;
use crate::tui::overlay::reading::{Line, Reading};
use crate::tui::overlay::{Choice, Overlay};

impl State {
    /// Does with a session of those that an agent remembers what was chosen; it remembers each for so many days.
    pub(super) fn do_with_session(
        of: &Chosen,
        days: u16,
        sessions: &[Remembered],
        deed: &Deed,
        desk: &mut Desk<'_>,
    ) {
        let (Deed::Session(id) | Deed::EditSession(id) | Deed::AskToForget(id, _)) = deed else {
            return offer(of, days, sessions, desk);
        };
        let Some(session) = sessions.iter().find(|known| known.session == *id) else {
            return desk.say("It does not remember that session any more.");
        };
        let over = match deed {
            Deed::EditSession(_) => {
                Overlay::Pad(Box::new(Pad::session(of.id, session.session, &session.summary)))
            }
            Deed::AskToForget(_, runs) => Overlay::Confirm(Confirm::forget_session(of, session, *runs)),
            _ => Overlay::Reading(Box::new(read(of, session, desk))),
        };
        desk.overlays.push(over);
    }
}

/// Offers them, the newest first.
fn offer(of: &Chosen, days: u16, sessions: &[Remembered], desk: &mut Desk<'_>) {
    let name = safe_line(&of.name);
    if sessions.is_empty() {
        return desk.say(if days > 0 {
            format!("{name} remembers nothing.")
        } else {
            format!("{name} remembers nothing: its definition keeps it for no day, [memory] days = 30 does.")
        });
    }
    let wall = desk.wall();
    let entries = sessions.iter().map(|session| {
        let edited = if session.edited { ", edited" } else { "" };
        let first = session.summary.lines().next().unwrap_or_default();
        Entry {
            right: wall.ago(session.at),
            ..entry(
                &format!("{}{edited}", session.user),
                first,
                Choice::Agent(of.id, Deed::Session(session.session)),
            )
        }
    });
    let menu = Menu::new(&format!("What {name} remembers"), "read it", "", entries.collect());
    desk.overlays.push(Overlay::Menu(menu));
}

/// All that is remembered of one, with what can be done with that.
fn read(of: &Chosen, session: &Remembered, desk: &Desk<'_>) -> Reading {
    let edited = if session.edited { ", edited" } else { "" };
    let head = format!("{}, {}{edited}", safe_line(&session.user), desk.wall().ago(session.at));
    let lines = session.summary.lines().map(|line| match line.trim() {
        "" => Line::blank(),
        _ => Line::of(line, Role::Text),
    });
    let lines = [Line::of(&head, Role::Muted), Line::blank()].into_iter().chain(lines).collect();
    let choice = |deed| Choice::Agent(of.id, deed);
    let forgets = |runs| choice(Deed::AskToForget(session.session, runs));
    Reading::new(&format!("What {} remembers", safe_line(&of.name)), lines)
        .offering('e', "edit it", choice(Deed::EditSession(session.session)))
        .offering('x', "forget it", forgets(false))
        .offering('X', "delete its runs too", forgets(true))
}
