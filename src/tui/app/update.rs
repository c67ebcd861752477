//! What an event does to the screen.

use super::unlock::{sealed, unlock, unlocked};
use super::{AGAIN, Cache, LEAVE, Out, PATIENCE, State};
use crate::domain::Result;
use crate::domain::id::ConversationId;
use crate::tui::action::Action;
use crate::tui::effect::Effect;
use crate::tui::event::{Capability, Copied, Event, Made, Mouse, MouseKind, Now, Saved};
use crate::tui::key::Key;
use crate::tui::keymap::{Context, label};
use crate::tui::look::Background;
use crate::tui::overlay::confirm::Confirm;
use crate::tui::overlay::help::Help;
use crate::tui::overlay::menu::{Entry, Menu};
use crate::tui::overlay::{Choice, Outcome, Overlay};
use crate::tui::pane::chat;
use ratatui::layout::Rect;

/// Takes an event in; says what is asked of the world.
pub fn update(state: &mut State, cache: &mut Cache, event: Event) -> Vec<Effect> {
    let mut out = Out { cache, effects: Vec::new() };
    let out = &mut out;
    match event {
        Event::Started => state.with_chat(out, chat::State::start),
        Event::Ending => quit(state, out),
        Event::Tick(now) => tick(state, now),
        Event::Key(key) => press(state, key, out),
        Event::Paste { text, dropped } => {
            match state.overlays.last_mut() {
                Some(overlay) => {
                    let outcome = overlay.paste(&text);
                    settle(state, outcome, out);
                }
                None => state.with_chat(out, |chat, desk| chat.paste(&text, desk)),
            }
            if dropped > 0 {
                state.say("The paste was longer than this program takes; its end is missing.", true);
            }
        }
        Event::Mouse(mouse) => click(state, mouse, out),
        Event::Resize { width, height } => {
            state.area = Rect::new(0, 0, width, height);
            state.with_chat(out, chat::State::refit);
        }
        Event::Focus(_)
        | Event::Resumed
        | Event::Terminal(Capability::Answered)
        | Event::Computed(Made::Nothing) => {}
        Event::Terminal(Capability::FullKeys) => state.full_keys = true,
        Event::Terminal(Capability::Background(red, green, blue)) => {
            // Rec. 601 luma: whether dark or light text is easier to read on it.
            let luma = 299 * u32::from(red) + 587 * u32::from(green) + 114 * u32::from(blue);
            let background = if luma > 127_500 { Background::Light } else { Background::Dark };
            if let Ok(look) = state.options.theme.look(Some(background)) {
                state.look = look;
            }
        }
        Event::Replies { task, replies } => {
            for reply in replies {
                state.with_chat(out, |chat, desk| chat.reply(task, reply, desk));
            }
            refresh(state);
        }
        Event::Ended { task, error } => {
            if state.unlocking == Some(task) {
                unlocked(state, error, out);
            } else if !sealed(state, task, error.as_ref()) {
                state.with_chat(out, |chat, desk| chat.ended(task, error, desk));
            }
            refresh(state);
            if state.leaving && !state.chat.is_writing() {
                out.effects.push(Effect::Quit);
            }
        }
        Event::Timer(LEAVE) => out.effects.push(Effect::Quit),
        Event::Timer(timer) => state.with_chat(out, |chat, desk| chat.timer(timer, desk)),
        Event::Computed(Made::Highlighted(inked)) => state.highlights.take(inked),
        Event::Copied(how) => copied(state, how),
        Event::Saved { id, path, saved } => saved_as(state, id, path, saved),
        Event::Edited(Ok(text)) => state.with_chat(out, |chat, desk| chat.edited(&text, desk)),
        Event::Edited(Err(error)) => state.say(&error.to_string(), true),
    }
    if state.options.title {
        let title = state.chat.title();
        if title != state.title {
            state.title.clone_from(&title);
            out.effects.push(Effect::Title(title));
        }
    }
    std::mem::take(&mut out.effects)
}

fn tick(state: &mut State, now: Now) {
    state.now = now;
    if state.notice.as_ref().is_some_and(|notice| notice.until <= now.elapsed) {
        state.notice = None;
    }
    if state.quitting.is_some_and(|until| until <= now.elapsed) {
        state.quitting = None;
    }
}

fn saved_as(state: &mut State, id: ConversationId, path: String, saved: Result<Saved>) {
    match saved {
        Ok(Saved::To(place)) => state.say(&format!("Written to {}", place.display()), false),
        Ok(Saved::Exists) => state.overlays.push(Overlay::Confirm(Confirm::replace(id, path))),
        Err(error) => state.say(&error.to_string(), true),
    }
}

fn copied(state: &mut State, how: Result<Copied>) {
    match how {
        Ok(Copied::Clipboard) => state.say("Copied.", false),
        Ok(Copied::SentToTerminal) => {
            state
                .say("Sent to the terminal's clipboard; whether it arrived, only the terminal knows.", false);
        }
        Err(error) => state.say(&error.to_string(), true),
    }
}

fn press(state: &mut State, key: Key, out: &mut Out<'_>) {
    if let Some(top) = state.overlays.last_mut() {
        let action = state.options.keymap.action(Context::Menu, key);
        match action {
            Some(Action::Suspend) => return act(state, Action::Suspend, Some(key), out),
            Some(Action::Quit) if !matches!(top, Overlay::Confirm(_)) => {
                return act(state, Action::Quit, Some(key), out);
            }
            Some(Action::Help) if !matches!(top, Overlay::Help(_)) => {
                return act(state, Action::Help, Some(key), out);
            }
            _ => {}
        }
        let outcome = top.key(key, &state.options.keymap, state.area);
        return settle(state, outcome, out);
    }
    let context = state.chat.context();
    match state.options.keymap.action(context, key) {
        Some(action) => act(state, action, Some(key), out),
        None => state.with_chat(out, |chat, desk| chat.key(key, desk)),
    }
}

fn settle(state: &mut State, outcome: Outcome, out: &mut Out<'_>) {
    match outcome {
        Outcome::Stay => {}
        Outcome::Close => {
            state.overlays.pop();
        }
        Outcome::Chosen(choice) => {
            state.overlays.pop();
            match choice {
                Choice::Act(action) => {
                    state.recent.retain(|other| *other != action);
                    state.recent.insert(0, action);
                    act(state, action, None, out);
                }
                Choice::Quit => quit(state, out),
                Choice::Unlock(passphrase) => unlock(state, passphrase, out),
                choice => state.with_chat(out, |chat, desk| chat.chosen(choice, desk)),
            }
        }
    }
}

fn act(state: &mut State, action: Action, key: Option<Key>, out: &mut Out<'_>) {
    if action != Action::Interrupt {
        state.quitting = None;
    }
    match action {
        Action::Help => state.overlays.push(Overlay::Help(Help::default())),
        Action::Commands => match key {
            Some(key) if !state.chat.composer.is_empty() => {
                state.with_chat(out, |chat, desk| chat.key(key, desk));
            }
            _ => {
                let commands = Menu::commands(commands(state));
                state.overlays.push(Overlay::Menu(commands));
            }
        },
        Action::Palette => {
            let palette = palette(state);
            state.overlays.push(Overlay::Menu(palette));
        }
        Action::Quit => ask_to_quit(state, out),
        Action::QuitWhenEmpty if state.chat.composer.is_empty() => ask_to_quit(state, out),
        Action::Suspend => out.effects.push(Effect::Suspend),
        Action::ToggleMouse => {
            state.mouse = !state.mouse;
            out.effects.push(Effect::Mouse(state.mouse));
            state.say(
                if state.mouse { "Mouse on." } else { "Mouse off: select with the terminal's own." },
                false,
            );
        }
        Action::ToggleReading => {
            state.chat.toggle_reading();
            state.with_chat(out, chat::State::refit);
        }
        Action::Interrupt => {
            if state.with_chat(out, chat::State::interrupt) {
                state.quitting = None;
            } else if state.quitting.take().is_some() {
                ask_to_quit(state, out);
            } else {
                state.quitting = Some(state.now.elapsed + AGAIN);
            }
        }
        action => state.with_chat(out, |chat, desk| chat.act(action, key, desk)),
    }
}

fn ask_to_quit(state: &mut State, out: &mut Out<'_>) {
    let running = state.chat.running();
    if running.goes_on() {
        state.overlays.push(Overlay::Confirm(Confirm::quit(running)));
    } else {
        quit(state, out);
    }
}

fn quit(state: &mut State, out: &mut Out<'_>) {
    state.with_chat(out, chat::State::leave);
    state.leaving = state.chat.is_writing();
    let wait = Effect::After { timer: LEAVE, delay: PATIENCE };
    out.effects.push(if state.leaving { wait } else { Effect::Quit });
}

/// Every action that makes sense from anywhere, the ones taken last first.
fn palette(state: &State) -> Menu {
    // What leaves the screen never stands where a hasty Enter falls.
    let rank = |action: Action| {
        let leaves = matches!(action, Action::Quit | Action::Suspend);
        (leaves, state.recent.iter().position(|a| *a == action).unwrap_or(usize::MAX))
    };
    let mut actions: Vec<Action> =
        Action::ALL.iter().copied().filter(|a| a.in_palette() && state.chat.can(*a)).collect();
    actions.sort_by_key(|action| rank(*action));
    Menu::new("Actions", "Enter do it · Esc close", "", entries(state, actions))
}

/// What can be asked for after a `/`: the palette's actions that have a word.
fn commands(state: &State) -> Vec<Entry> {
    let actions = Action::ALL.iter().copied();
    let can = |action: &Action| action.in_palette() && !action.words().is_empty() && state.chat.can(*action);
    let mut entries = entries(state, actions.filter(can).collect());
    for entry in &mut entries {
        entry.detail = std::mem::take(&mut entry.label);
        entry.label = format!("/{}", entry.words.first().copied().unwrap_or_default());
    }
    entries
}

fn entries(state: &State, actions: Vec<Action>) -> Vec<Entry> {
    let entry = |action: Action| Entry {
        label: action.title().to_owned(),
        detail: String::new(),
        right: state.options.keymap.any_key(action).map(label).unwrap_or_default(),
        current: false,
        off: false,
        choice: Choice::Act(action),
        words: action.words(),
    };
    actions.into_iter().map(entry).collect()
}

/// An open list of models shows what has come since.
fn refresh(state: &mut State) {
    if let Some(Overlay::Menu(menu)) = state.overlays.last_mut()
        && menu.holds_models()
    {
        menu.waits = state.chat.is_asking_models();
        menu.replace(state.chat.model_entries());
    }
}

fn click(state: &mut State, mouse: Mouse, out: &mut Out<'_>) {
    let at = (mouse.column, mouse.row).into();
    if let Some(top) = state.overlays.last_mut() {
        let outcome = match mouse.kind {
            MouseKind::Down(_) => top.click(at, state.area),
            MouseKind::ScrollDown => {
                top.scroll(3, state.area, &state.options.keymap);
                Outcome::Stay
            }
            MouseKind::ScrollUp => {
                top.scroll(-3, state.area, &state.options.keymap);
                Outcome::Stay
            }
            _ => Outcome::Stay,
        };
        return settle(state, outcome, out);
    }
    state.with_chat(out, |chat, desk| chat.mouse(mouse, desk));
}
