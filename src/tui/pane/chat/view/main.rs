//! The transcript, or what stands in its place.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Modifier;

use super::{Sight, first_run};
use crate::domain::Error;
use crate::domain::catalog::{Availability, Capability, ModelCard, ModelId};
use crate::domain::figures::{count, grouped};
use crate::domain::near::nearest_begun;
use crate::tui::action::Action;
use crate::tui::app::Cache;
use crate::tui::keymap::{Context, label};
use crate::tui::look::Role;
use crate::tui::paint::{columns, hanging, put, put_right, wrap};
use crate::tui::pane::chat::layout::Areas;
use crate::tui::pane::chat::{Focus, State};
use crate::tui::thread::{Load, Turn};
use crate::tui::widget::code::Want;

/// Draws what is read; returns the cell of the end of a selection that keys move.
pub fn draw(
    state: &State,
    (cache, wants): (&mut Cache, &mut Vec<Want>),
    sight: &Sight<'_>,
    areas: &Areas,
    cells: &mut Buffer,
) -> Option<Position> {
    let area = areas.transcript;
    if let (Some(first), Some(area)) = (&state.first_run, areas.offer) {
        first_run::draw(state, first, sight, area, cells);
        if state.is_bare() {
            return None;
        }
    }
    match &state.thread.load {
        Load::Failed(error) => {
            failed(error, sight, area, cells);
            return None;
        }
        Load::Opening(_) if state.thread.shown().next().is_none() => return None,
        _ => {}
    }
    if state.is_bare() {
        bare(state, sight, area, cells);
        return None;
    }
    let status = state.status(sight.now, sight.options.reduced_motion);
    let items = state.items(&status);
    let mut transcript = state.transcript(&items);
    transcript.highlights = Some(sight.highlights);
    let geometry = transcript.layout(area, &state.scroll, &mut cache.transcript);
    transcript.draw(&geometry, sight.look, cells);
    // Before there is an answer to show it on, the wait stands under the question.
    if matches!(state.thread.turn, Turn::Asking { .. })
        && let Some(y) = geometry.rows.last().map(|row| row.y + 1).filter(|y| *y < area.bottom())
    {
        put(cells, area.x + 2, y, area.right(), &status, sight.look.style(Role::Muted));
    }
    if !geometry.at_end {
        let new =
            geometry.new_rows.filter(|new| *new > 0).map(|new| count(new.into(), "new line", "new lines"));
        let key = sight.options.keymap.key(state.context(), Action::Follow).map(label);
        let parts: Vec<String> = new.into_iter().chain(key).collect();
        let words = format!(" ↓ {} ", parts.join(" · "));
        let style = sight.look.style(Role::Selected).patch(sight.look.style(Role::Accent));
        // In the blank row below what is read: under the line of a search, where there is one.
        let y = areas.find.map_or(area.bottom(), Rect::bottom);
        put_right(cells, area.x, y, area.right().saturating_sub(2), &words, style);
    }
    let caret = state.marked_end().and_then(|at| geometry.cell(at));
    *wants = geometry.wants;
    caret.map(Position::from)
}

/// The line of the search in the conversation; returns its caret where it has the focus.
pub fn find(state: &State, sight: &Sight<'_>, areas: &Areas, cells: &mut Buffer) -> Option<Position> {
    let (Some(find), Some(area)) = (&state.find, areas.find) else { return None };
    let typing = state.focus == Focus::Find;
    let bar = if typing { Role::Accent } else { Role::Rule };
    let x = put(cells, area.x, area.y, area.right(), "▌", sight.look.style(bar));
    let x = put(cells, x, area.y, area.right(), "/ ", sight.look.style(Role::Accent));
    let hint = match (find.missing, typing) {
        (true, _) => "not here".to_owned(),
        (false, true) => {
            let says =
                [(Action::Accept, "keep"), (Action::SelectNext, "next"), (Action::SelectPrevious, "before")];
            sight.options.keymap.line(Context::Menu, &says)
        }
        (false, false) => {
            let says =
                [(Action::SearchNext, "next"), (Action::SearchPrevious, "before"), (Action::Back, "close")];
            sight.options.keymap.line(Context::Transcript, &says)
        }
    };
    let role = if find.missing { Role::Warn } else { Role::Faint };
    let figures =
        find.at.map(|_| format!("{} of {}", grouped(find.place.0 as u64), grouped(find.place.1 as u64)));
    let hint = match figures {
        // How many there are is said in the narrowest column, the keys where they leave room for a word.
        Some(figures) if columns(&figures) + columns(&hint) + 24 > area.width => figures,
        Some(figures) => format!("{figures} · {hint}"),
        None => hint,
    };
    let end = put_right(cells, x + 10, area.y, area.right().saturating_sub(2), &hint, sight.look.style(role));
    let line = Rect { x, y: area.y, width: end.saturating_sub(x + 2), height: 1 };
    let caret = find.input.draw(line, cells, sight.look.style(Role::Text));
    typing.then_some(caret)
}

/// An error where the conversation would be.
fn failed(error: &Error, sight: &Sight<'_>, area: Rect, cells: &mut Buffer) {
    let look = sight.look;
    let width = area.width.saturating_sub(6).min(80);
    let mut y = area.y + area.height / 4;
    let x = area.x + 2;
    let mut say = |text: &str, role: Role| {
        for line in wrap(text, width) {
            if y < area.bottom() {
                put(cells, x, y, area.right(), &line, look.style(role));
                y += 1;
            }
        }
    };
    say(&format!("✗ {}", error.doing), Role::Bad);
    say(&error.why, Role::Text);
    if !error.hint.is_empty() {
        say(&error.hint, Role::Muted);
    }
    say("", Role::Muted);
    let [go, again] = [(Context::Composer, Action::FocusNext), (Context::Transcript, Action::Retry)]
        .map(|(context, action)| sight.key(context, action));
    let new = sight.key(Context::Composer, Action::NewConversation);
    say(&format!("{go}, then {again}, tries again · {new} starts a new conversation"), Role::Muted);
}

/// What the place is for, and the keys that begin.
fn bare(state: &State, sight: &Sight<'_>, area: Rect, cells: &mut Buffer) {
    let look = sight.look;
    let agent = state.thread.agent.as_ref();
    let card = state.card().filter(|_| agent.is_none());
    let name = state.thread.setup.model.as_ref().map_or("Who shall answer?", |model| model.model());
    let name = agent.map_or(name, |agent| agent.name.as_str());
    let about = card.map(|card| {
        let context =
            card.context.map(|c| format!("{} tokens of context", crate::domain::figures::grouped(c.into())));
        [Some(card.detail.clone()).filter(|d| !d.is_empty()), context, card.licence.clone()]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join(" · ")
    });
    let chosen = state.thread.setup.model.is_some();
    let servers = &sight.options.servers;
    let choose = match &servers[..] {
        _ if chosen => "another model".to_owned(),
        [server] => format!("choose a model; {server} is asked what it has"),
        _ => "choose a model; the servers are asked what they have".to_owned(),
    };
    let about = if chosen || servers.is_empty() {
        about
    } else {
        Some(format!("configured: {}", servers.join(", ")))
    };
    // Another model changes nothing of who answers while an agent does.
    let who = match agent {
        Some(_) => (Action::ChooseAgent, "another agent, or the model alone"),
        None => (Action::ChooseModel, choose.as_str()),
    };
    let named = |(action, words)| Some((label(sight.options.keymap.key(Context::Composer, action)?), words));
    let first = [
        who,
        (Action::ToggleSettings, "settings, system prompt, presets"),
        (Action::SearchConversations, "search what was said"),
    ];
    let last = [(Action::Palette, "everything else by its name"), (Action::Help, "every key")];
    let places = places(sight).map(|keys| (keys, "the other places of the first line"));
    let keys: Vec<(String, &str)> =
        first.into_iter().filter_map(named).chain(places).chain(last.into_iter().filter_map(named)).collect();
    let width = area.width.saturating_sub(4).min(100);
    let here = state.thread.setup.model.as_ref().is_some_and(ModelId::is_local);
    let send = sight.key(Context::Composer, Action::Send);
    let other = sight.key(Context::Composer, Action::ChooseModel);
    // Before the first list there is none to look in.
    let unknown = here && card.is_none() && !state.stock.cards.is_empty();
    let words = match (chosen, card.map(|card| &card.availability)) {
        _ if agent.is_some() => {
            format!(
                "Write below and press {send}. The agent answers, and its steps are shown as it takes them."
            )
        }
        _ if card.is_some_and(|card| card.can(Capability::Chat) == Some(false)) => {
            format!("It does not chat: {other} chooses another model.")
        }
        _ if unknown => match near(state) {
            Some(near) => format!(
                "There is no such model on this machine. Did you mean {near}? {other} chooses another one."
            ),
            None => format!("There is no such model on this machine: {other} chooses another one."),
        },
        (true, Some(Availability::NotPulled)) if here => format!(
            "It is not on this machine yet. Write below and press {send}: fetching it is offered again. \
             {other} chooses another one."
        ),
        (true, Some(Availability::Unusable { why })) => {
            format!("It cannot be used: {}. {other} chooses another one.", why.trim_end_matches('.'))
        }
        (true, _) if here => {
            format!("Write below and press {send}. It runs here: nothing leaves this machine.")
        }
        (true, _) => format!("Write below and press {send}."),
        (false, _) => format!("Nothing is asked before you choose; then write below and press {send}."),
    };
    let about = about.filter(|about| !about.is_empty()).map(|about| wrap(&about, width)).unwrap_or_default();
    let (words, role) = match state.refusal().filter(|_| agent.is_none()) {
        // It stands above the composer, since somebody was asked all the same.
        Some(error) if state.thread.failed.as_ref().is_some_and(|failed| failed.why == error.why) => {
            (Vec::new(), Role::Text)
        }
        Some(error) => (hanging("✗", &error.to_string(), width), Role::Bad),
        None => (wrap(&words, width), Role::Text),
    };
    let height = (3 + about.len() + words.len() + keys.len()) as u16;
    let mut y = area.y + area.height.saturating_sub(height) / 3;
    let x = area.x + 2;
    let right = area.right();
    put(cells, x, y, right, name, look.style(Role::Model).add_modifier(Modifier::BOLD));
    let blank = String::new();
    let gap = (!words.is_empty()).then_some((&blank, Role::Faint));
    let about = about.iter().map(|line| (line, Role::Faint));
    let words = words.iter().map(|line| (line, role));
    for (line, role) in about.chain(gap).chain(words) {
        y += 1;
        if y < area.bottom() {
            put(cells, x, y, right, line, look.style(role));
        }
    }
    y += 2;
    for (key, words) in &keys {
        if y >= area.bottom() {
            break;
        }
        put(cells, x, y, right, key, look.style(Role::Accent));
        put(cells, x + 9, y, right, words, look.style(Role::Muted));
        y += 1;
    }
}

/// The model of this machine that a name which there is not most likely means.
fn near(state: &State) -> Option<&ModelId> {
    let chats = |card: &&ModelCard| card.id.is_local() && card.can(Capability::Chat) != Some(false);
    let cards = || state.stock.cards.iter().filter(chats);
    let name = state.thread.setup.model.as_ref()?.model();
    let near = nearest_begun(name, cards().map(|card| card.id.model()))?;
    cards().map(|card| &card.id).find(|id| id.model() == near)
}

/// The keys of the places in a word, where they differ by their last sign alone.
fn places(sight: &Sight<'_>) -> Option<String> {
    let [first, last] = [Action::ShowChat, Action::ShowTraces]
        .map(|action| sight.options.keymap.key(Context::Composer, action).map(label));
    let (mut first, mut last) = (first?, last?);
    let (from, to) = (first.pop()?, last.pop()?);
    (first == last).then(|| format!("{first}{from}…{to}"))
}
