//! What an event does to the screen.

use super::late;
use super::leading::{gives_way, place_meant};
use super::palette::{commands, palette, past};
use super::place;
use super::quitting::{ask_to_quit, asks_to_quit, is_writing, quit};
use super::told::{copied, saved_as};
use super::unlock::{sealed, unlock, unlocked};
use super::view::{self, tabs};
use super::{AGAIN, Cache, LEAVE, Out, State};
use crate::domain::trace::TraceId;
use crate::tui::action::Action;
use crate::tui::effect::{Effect, TaskId, Written};
use crate::tui::event::{Button, Capability, Event, Made, Mouse, MouseKind, Now, Saved};
use crate::tui::hinting::ways_out;
use crate::tui::key::Key;
use crate::tui::keymap::{Context, label};
use crate::tui::look::Background;
use crate::tui::overlay::confirm::Confirm;
use crate::tui::overlay::help::Help;
use crate::tui::overlay::prompt::Told;
use crate::tui::overlay::{Choice, Outcome, Overlay};
use crate::tui::pane::{Pane, Place, chat, pictures};
use crate::workbench::{Reply, person};
use ratatui::layout::Rect;

/// Takes an event in; says what is asked of the world.
pub fn update(state: &mut State, cache: &mut Cache, event: Event) -> Vec<Effect> {
    let mut out = Out { cache, effects: Vec::new() };
    let out = &mut out;
    let body = state.frame().body;
    let over = state.overlays.last().map(|over| matches!(over, Overlay::Difference(_)));
    let comes_late = !late::is_by_hand(&event) && !late::asks(state);
    match event {
        Event::Started => state.begin(out),
        Event::Ending => quit(state, out),
        Event::Tick(now) => tick(state, now),
        Event::Key(key) => press(state, key, out),
        Event::Paste { text, dropped } => {
            match state.overlays.last_mut() {
                Some(overlay) => {
                    let outcome = overlay.paste(&text);
                    settle(state, outcome, out);
                }
                None => state.with_pane(out, |pane, desk| pane.paste(&text, desk)),
            }
            if dropped > 0 {
                state.say("The paste was longer than this program takes; its end is missing.", true);
            }
        }
        Event::Mouse(mouse) => click(state, mouse, out),
        Event::Resize { width, height } => {
            state.area = Rect::new(0, 0, width, height);
            state.with_pane(out, |pane, desk| pane.refit(desk));
        }
        Event::Focus(_) => {}
        // Whoever had the terminal meanwhile left no picture in it.
        Event::Resumed => state.with_pictures(out, pictures::State::draw_again),
        Event::Computed(Made::Nothing) => {
            state.pictures.not_drawn();
            state.traces.not_laid_out();
            state.at_desk(out, |panes, desk| panes.traces.was_not_read(desk));
        }
        Event::Computed(Made::Read(read)) => {
            state.at_desk(out, |panes, desk| panes.traces.was_read(read, desk));
        }
        Event::Computed(Made::Trace(number, laid)) => {
            state.at_desk(out, |panes, desk| panes.traces.laid_out(number, laid, desk));
        }
        Event::Computed(Made::Picture(key, drawn)) => {
            state.with_pictures(out, |pictures, desk| pictures.drawn(&key, drawn, desk));
        }
        Event::Kept(number) => state.pictures.kept(number),
        Event::Terminal(
            said @ (Capability::KittyGraphics
            | Capability::Program(_)
            | Capability::Cell(..)
            | Capability::Answered { .. }),
        ) => {
            let before = state.way();
            state.graphics.learn(said);
            if state.way() != before {
                state.with_pictures(out, pictures::State::draw_again);
            }
        }
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
            if let Some(place) = place::recalled(state, task, &replies) {
                bring(state, place, out);
            }
            let waits = waiting(state, task);
            let is_told_whose = replies.iter().any(|reply| matches!(reply, Reply::Differences { .. }));
            for reply in replies {
                state.with(waits, out, |pane, desk| pane.reply(task, reply, desk));
            }
            if is_told_whose {
                // What the owner works on, this process or another, is told of before its place was visited. Nothing is read for
                // that, and the first frame is drawn by now.
                state.at_desk(out, |panes, desk| {
                    panes.knowledge.follow(desk);
                    panes.evaluate.follow(desk);
                });
            }
            refresh(state);
        }
        Event::Ended { task, error } => {
            if state.unlocking == Some(task) {
                unlocked(state, error, out);
            } else if !place::ended(state, task) && !sealed(state, task, error.as_ref()) {
                let waits = waiting(state, task);
                state.with(waits, out, |pane, desk| pane.ended(task, error, desk));
            }
            refresh(state);
            if state.leaving && !is_writing(state) {
                out.effects.push(Effect::Quit);
            }
        }
        Event::Timer(LEAVE) => out.effects.push(Effect::Quit),
        Event::Timer(timer) => {
            for place in Place::ALL {
                state.with(*place, out, |pane, desk| pane.timer(timer, desk));
            }
        }
        Event::Computed(Made::Highlighted(inked)) => state.highlights.take(inked),
        Event::Copied(how) => copied(state, how),
        Event::Clipboard(Ok(clipped)) => state.with_chat(out, |chat, desk| chat.paste_clipped(clipped, desk)),
        Event::Saved { of, path, saved } => saved_as(state, of, path, saved),
        Event::PictureSaved { blob, path, saved } => match saved {
            Ok(Saved::To(place)) => state.say(format!("Written to {}", place.display()), false),
            Ok(Saved::Exists) => {
                state.overlays.push(Overlay::Confirm(Confirm::replace_by_picture(blob, path)));
            }
            Err(error) => state.say(error.to_string(), true),
        },
        Event::FileRead { path, read } => {
            state.at_desk(out, |panes, desk| {
                panes.compare.file_read(&path, &read, desk);
                panes.knowledge.file_read(&path, &read, desk);
                panes.evaluate.file_read(&path, read, desk);
            });
        }
        Event::Edited(Ok(text)) => match state.back_from_editor() {
            Some(pad) => pad.edited(&text),
            None => state.with_pane(out, |pane, desk| pane.edited(&text, desk)),
        },
        Event::Edited(Err(error)) => {
            state.back_from_editor();
            state.say(error.to_string(), true);
        }
        Event::Configured(Ok(presets)) => {
            state.options.presets = presets;
            state.say("The configuration file was read again.", false);
        }
        Event::PresetChanged { said, presets } => {
            let taken = presets.is_ok();
            match presets {
                Ok(presets) => {
                    state.options.presets = presets;
                    if !said.is_empty() {
                        state.say(said, false);
                    }
                }
                Err(error) => state.say(error.to_string(), true),
            }
            state.at_desk(out, |panes, desk| panes.models.preset_changed(taken, desk));
        }
        Event::Clipboard(Err(error)) | Event::Configured(Err(error)) => state.say(error.to_string(), true),
    }
    if let (Some(boxed), Some(Overlay::Prompt(prompt))) = (state.boxed.take(), state.overlays.last_mut()) {
        match prompt.told(boxed) {
            Told::Stays => {}
            Told::Taken => drop(state.overlays.pop()),
            Told::Attached(file) => {
                state.overlays.pop();
                state.with_chat(out, |chat, desk| chat.attach_read(file, desk));
            }
        }
    }
    if state.evaluate.has_unread() {
        let in_sight = state.place == Place::Evaluate && state.overlays.is_empty();
        state.at_desk(out, |panes, desk| panes.evaluate.show_unread(in_sight, desk));
    }
    match (over, state.overlays.is_empty()) {
        (None, false) => state.evaluate.covered(state.now.elapsed),
        (Some(was_the_item), true) => state.evaluate.uncovered(was_the_item, state.now.elapsed),
        _ => {}
    }
    if let Some(id) = state.opens.take() {
        show(state, Place::Chat, out);
        state.with_chat(out, |chat, desk| chat.open(id, desk));
    }
    if let Some(question) = state.asks.take() {
        show(state, Place::Compare, out);
        state.at_desk(out, |panes, desk| panes.compare.ask_as(question, desk));
    }
    if let Some(dataset) = state.rates.take() {
        show(state, Place::Evaluate, out);
        state.at_desk(out, |panes, desk| panes.evaluate.make_of(dataset, desk));
    }
    if state.place != Place::Chat || !state.chat.may_offer() {
        state.notices.say_later(state.now.elapsed);
    }
    if comes_late && late::asks(state) {
        late::came(state);
    }
    if state.frame().body != body {
        state.with_pane(out, |pane, desk| pane.refit(desk));
    }
    if let Some(overlay) = state.overlays.last_mut() {
        overlay.fit(state.area);
    }
    if state.options.title {
        let title = state.pane().title();
        if title != state.title {
            state.title.clone_from(&title);
            out.effects.push(Effect::Title(title));
        }
    }
    std::mem::take(&mut out.effects)
}

/// The place that waits for a call; what nobody waits for is dropped by the chat.
fn waiting(state: &State, task: TaskId) -> Place {
    let waits = |place: &&Place| state.pane_of(**place).waits_for(task);
    Place::ALL.iter().find(waits).copied().unwrap_or_default()
}

/// Shows a place that the person goes to, or that run in it; whoever judges blindly is asked before they see whose answers
/// those are.
fn visit(state: &mut State, place: Place, run: Option<TraceId>, out: &mut Out<'_>) {
    let tells = matches!(place, Place::Traces | Place::Usage) && state.place != place;
    let rates = place == Place::Traces && state.evaluate.rates_blindly(&person(&state.options.principal));
    if tells && rates {
        state.overlays.push(Overlay::Confirm(Confirm::see_calls(run)));
    } else if tells && state.compare.chooses_blindly() {
        state.overlays.push(Overlay::Confirm(Confirm::see_calls_before_choosing(place.action(), run)));
    } else {
        go(state, place, run, out);
    }
}

fn go(state: &mut State, place: Place, run: Option<TraceId>, out: &mut Out<'_>) {
    show(state, place, out);
    if let Some(id) = run {
        state.at_desk(out, |panes, desk| panes.traces.look_into(id, desk));
    }
}

/// Shows a place.
fn show(state: &mut State, place: Place, out: &mut Out<'_>) {
    if state.place != place {
        bring(state, place, out);
        place::keep(state, out);
        if matches!(place, Place::Traces | Place::Usage) {
            state.at_desk(out, |panes, desk| panes.compare.strays(desk));
        }
    }
}

/// Brings a place into sight.
fn bring(state: &mut State, place: Place, out: &mut Out<'_>) {
    if state.place != place {
        state.place = place;
        out.effects.push(Effect::Redraw);
        if place == Place::Compare {
            let setup = state.chat.setup().clone();
            state.compare.would_ask(&setup);
        }
        if place == Place::Prompt {
            let model = state.chat.model().cloned();
            state.prompt.would_ask(model.as_ref());
        }
        if place == Place::Models {
            state.with_chat(out, chat::State::look_through_models);
            refresh(state);
        }
        state.with_pane(out, |pane, desk| pane.shown(desk));
    }
}

fn tick(state: &mut State, now: Now) {
    state.now = now;
    state.notices.tick(now.elapsed);
    if state.quitting.is_some_and(|until| until <= now.elapsed) {
        state.quitting = None;
    }
}

fn press(state: &mut State, key: Key, out: &mut Out<'_>) {
    state.notices.press(state.now.elapsed);
    if state.overlays.is_empty() {
        let context = state.pane().context();
        return match state.options.keymap.action(context, key) {
            Some(action) => act(state, action, Some(key), out),
            None => {
                if let Some(stroke) = state.options.keymap.stroke(key) {
                    state.with_pane(out, |pane, desk| pane.key(stroke, desk));
                }
            }
        };
    }
    if leads_out(state, key, out) {
        return;
    }
    if let Some(Overlay::Reading(reading)) = state.overlays.last_mut()
        && reading.is_deaf(state.now.elapsed)
    {
        return;
    }
    if late::is_deaf(state) {
        return;
    }
    if let Some(top) = state.overlays.last_mut() {
        let outcome = top.key(key, &state.options.keymap, state.area);
        settle(state, outcome, out);
    }
}

/// What holds everywhere holds over a place as well, where the key means nothing to what lies there.
fn leads_out(state: &mut State, key: Key, out: &mut Out<'_>) -> bool {
    if let Some(action) = place_meant(state, key) {
        if gives_way(state) {
            act(state, action, Some(key), out);
        }
        return true;
    }
    let Some(top) = state.overlays.last() else { return false };
    let keymap = &state.options.keymap;
    let action = keymap.action(Context::Menu, key);
    let new = keymap.action(Context::Everywhere, key) == Some(Action::NewConversation);
    match (action, top) {
        (Some(Action::Quit), _) if asks_to_quit(top) => quit(state, out),
        (Some(Action::Quit), Overlay::Pad(_)) => leave_first(state, Action::Quit, key, out),
        (Some(Action::Suspend | Action::Quit), _) => {
            act(state, action.unwrap_or(Action::Quit), Some(key), out);
        }
        (Some(Action::Help), Overlay::Help(_)) => return false,
        (Some(Action::Help), _) => act(state, Action::Help, Some(key), out),
        (_, Overlay::Confirm(_) | Overlay::Prompt(_) | Overlay::Pad(_)) if new && key.typed().is_none() => {
            leave_first(state, Action::NewConversation, key, out);
        }
        _ => return false,
    }
    true
}

/// As if what lies over the place had been left first: a text that was written in it is kept, or dropped when asked twice.
fn leave_first(state: &mut State, action: Action, key: Key, out: &mut Out<'_>) {
    let left = state.overlays.last_mut().map_or(Outcome::Stay, |top| top.leave(key));
    let stays = left == Outcome::Stay;
    settle(state, left, out);
    if !stays {
        act(state, action, Some(key), out);
    }
}

fn settle(state: &mut State, outcome: Outcome, out: &mut Out<'_>) {
    match outcome {
        Outcome::Stay => {}
        Outcome::Close => {
            state.overlays.pop();
        }
        Outcome::Told(choice @ Choice::ImportDataset { .. }) => {
            state.at_desk(out, |panes, desk| panes.evaluate.chosen(choice, desk));
        }
        Outcome::Told(choice) => state.with_chat(out, |chat, desk| chat.chosen(choice, desk)),
        // The list stays below what it leads to: a step back leads to it.
        Outcome::Chosen(Choice::Agent(id, deed))
            if deed.leads_on() && matches!(state.overlays.last(), Some(Overlay::Menu(_))) =>
        {
            state.with_chat(out, |chat, desk| chat.chosen(Choice::Agent(id, deed), desk));
        }
        Outcome::Chosen(choice) => {
            state.overlays.pop();
            if matches!(&choice, Choice::Agent(_, deed) if deed.writes()) {
                // What the lists below it are of is not so any more.
                while matches!(state.overlays.last(), Some(Overlay::Menu(_))) {
                    state.overlays.pop();
                }
            }
            match choice {
                Choice::Act(action) => {
                    state.recent.retain(|other| *other != action);
                    state.recent.insert(0, action);
                    act(state, action, None, out);
                }
                Choice::Quit | Choice::StopAndQuit => quit(state, out),
                Choice::LeaveRunning => {
                    out.effects.push(Effect::LeaveRunning);
                    quit(state, out);
                }
                Choice::SeeCalls(to, run) => go(state, Place::of(to).unwrap_or(Place::Traces), run, out),
                Choice::Unlock(passphrase) => unlock(state, passphrase, out),
                // Whatever is in front by now, it is of the place that it came from.
                choice @ (Choice::ImportDataset { .. } | Choice::Write { of: Written::Results(_), .. }) => {
                    state.at_desk(out, |panes, desk| panes.evaluate.chosen(choice, desk));
                }
                choice @ Choice::Write { of: Written::Usage, .. } => {
                    state.at_desk(out, |panes, desk| panes.usage.chosen(choice, desk));
                }
                choice @ (Choice::Write { of: Written::Trace(_), .. }
                | Choice::ImportTraces(_)
                | Choice::AskAgain(_)
                | Choice::Opine(..)
                | Choice::AddSpan(..)
                | Choice::RemoveTrace(_)
                | Choice::Listen(_)) => {
                    state.at_desk(out, |panes, desk| panes.traces.chosen(choice, desk));
                }
                choice @ Choice::Write { of: Written::Comparison(_), .. } => {
                    state.at_desk(out, |panes, desk| panes.compare.chosen(choice, desk));
                }
                choice @ (Choice::Write { of: Written::Conversation(_), .. }
                | Choice::Answers(_)
                | Choice::Agent(..)
                | Choice::KeepAgent(..)
                | Choice::EditStep(..)
                | Choice::EditPrompt(..)
                | Choice::RunOn(..)
                | Choice::Consent { .. }) => {
                    state.with_chat(out, |chat, desk| chat.chosen(choice, desk));
                }
                choice => state.with_pane(out, |pane, desk| pane.chosen(choice, desk)),
            }
        }
    }
}

fn act(state: &mut State, action: Action, key: Option<Key>, out: &mut Out<'_>) {
    if state.closed && !action.while_only_rating() {
        return;
    }
    if action != Action::Interrupt {
        state.quitting = None;
    }
    match action {
        Action::Help => {
            let here = state.pane().context();
            let help = if state.closed { Help::closed() } else { Help::of(here) };
            state.overlays.push(Overlay::Help(help));
        }
        Action::Commands => match key {
            Some(key) if !state.chat.composer.is_empty() => {
                if let Some(stroke) = state.options.keymap.stroke(key) {
                    state.with_chat(out, |chat, desk| chat.key(stroke, desk));
                }
            }
            _ => {
                let commands = commands(state);
                state.overlays.push(Overlay::Menu(commands));
            }
        },
        Action::Palette => {
            let palette = palette(state);
            state.overlays.push(Overlay::Menu(palette));
        }
        Action::ShowNotices => {
            let past = past(state);
            state.overlays.push(Overlay::Past(past));
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
            show(state, Place::Chat, out);
            state.chat.toggle_reading();
            state.with_chat(out, chat::State::refit);
        }
        Action::OpenConfig => out.effects.push(Effect::EditConfig),
        Action::EditPresets => {
            show(state, Place::Models, out);
            let setup = state.chat.setup().clone();
            state.at_desk(out, |panes, desk| panes.models.show_presets(setup, desk));
        }
        Action::AttachKnowledge => attach_knowledge(state, out),
        Action::ShowRunTrace => {
            let Some(run) = state.chat.run_meant() else { return };
            visit(state, Place::Traces, Some(TraceId(*run.as_bytes())), out);
        }
        Action::ListModels => state.with_chat(out, chat::State::list_again),
        Action::UseModel | Action::Star if state.place == Place::Models => {
            let Some(id) = state.models.selected().cloned() else { return };
            if action == Action::UseModel && !state.can(action) {
                state.say(format!("{id} does not chat; its card says what it can do."), false);
            } else if action == Action::UseModel {
                show(state, Place::Chat, out);
                state.with_chat(out, |chat, desk| chat.chosen(Choice::Model(id), desk));
            } else {
                state.with_chat(out, |chat, desk| chat.chosen(Choice::Star(id), desk));
            }
            refresh(state);
        }
        // What makes pictures is tried where pictures are kept.
        Action::TryModel if state.place == Place::Models && state.models.paints() => {
            let Some(id) = state.models.selected().cloned() else { return };
            show(state, Place::Pictures, out);
            state.at_desk(out, |panes, desk| panes.pictures.choose(Choice::Model(id), desk));
        }
        Action::ChooseModel if state.place == Place::Pictures => choose_painter(state, out),
        Action::Send if state.place == Place::Pictures && state.pictures.lacks_model() => {
            choose_painter(state, out);
        }
        Action::AttachPicture => {
            let Some(attachment) = state.pictures.attachment() else { return };
            show(state, Place::Chat, out);
            state.with_chat(out, |chat, desk| chat.attach_read(attachment, desk));
        }
        Action::ReplayRun if state.place == Place::Traces && state.traces.asks_for_model() => {
            state.with_chat(out, chat::State::look_through_models);
            refresh(state);
            state.with_pane(out, |pane, desk| pane.act(action, key, desk));
        }
        Action::ChooseModel | Action::AddColumn | Action::Send
            if state.place == Place::Compare && (action != Action::Send || state.compare.lacks_column()) =>
        {
            state.with_chat(out, chat::State::look_through_models);
            refresh(state);
            state.with_pane(out, |pane, desk| pane.act(action, key, desk));
        }
        Action::ChooseModel
            if matches!(state.place, Place::Prompt | Place::Knowledge) && state.pane().can(action) =>
        {
            state.with_chat(out, chat::State::look_through_models);
            refresh(state);
            state.with_pane(out, |pane, desk| pane.act(action, key, desk));
        }
        Action::AddSource | Action::Open | Action::ChooseModel
            if state.place == Place::Evaluate && state.evaluate.picks_model(action) =>
        {
            state.with_chat(out, chat::State::look_through_models);
            refresh(state);
            state.with_pane(out, |pane, desk| pane.act(action, key, desk));
        }
        Action::Interrupt => {
            if state.with_pane(out, |pane, desk| pane.interrupt(desk)) {
                state.quitting = None;
            } else if state.quitting.take().is_some() {
                ask_to_quit(state, out);
            } else {
                state.quitting = Some(state.now.elapsed + AGAIN);
            }
        }
        action => match Place::of(action) {
            Some(place) => visit(state, place, None, out),
            None => act_here(state, action, key, out),
        },
    }
}

/// Has answers be from a base: the one that is looked at, in the chat; elsewhere one is chosen for what is asked there.
fn attach_knowledge(state: &mut State, out: &mut Out<'_>) {
    // Which base a column has may tell who answers in it.
    if state.place == Place::Compare && state.at_desk(out, |panes, desk| panes.compare.may_not_tell(desk)) {
        return;
    }
    match state.place {
        Place::Knowledge => {
            let Some(choice) = state.knowledge.attached() else { return };
            show(state, Place::Chat, out);
            state.with_chat(out, |chat, desk| chat.chosen(choice, desk));
        }
        Place::Chat | Place::Compare | Place::Prompt => {
            let now = match state.place {
                Place::Compare => state.compare.answers_from(),
                Place::Prompt => state.prompt.answers_from(),
                _ => state.chat.setup().settings.knowledge.clone(),
            };
            state.at_desk(out, |panes, desk| panes.knowledge.offer(now, desk));
        }
        _ => state.say("Answers are from a base in the chat, in a comparison and in a prompt.", false),
    }
}

/// Chooses the model that makes pictures: what is known of the models is the chat's to make new.
fn choose_painter(state: &mut State, out: &mut Out<'_>) {
    state.with_chat(out, chat::State::look_through_models);
    refresh(state);
    state.with_pane(out, |pane, desk| pane.act(Action::ChooseModel, None, desk));
}

/// What the place that is shown cannot do leads to the chat. A step back leads out of no place, nor does the key of what other
/// places have each of their own: at its top, and where it has none, the ways out are said.
fn act_here(state: &mut State, action: Action, key: Option<Key>, out: &mut Out<'_>) {
    if (state.closed || state.place != Place::Chat) && !state.pane().can(action) {
        if let Some(why) = state.pane().why_not(action) {
            return state.say(why, false);
        }
        if state.closed {
            return;
        }
        let pressed = key.filter(|_| action.is_of_each_place());
        if action == Action::Back || pressed.is_some() {
            let begin =
                pressed.map_or_else(String::new, |key| format!("{} means nothing here; ", label(key)));
            let ways = ways_out(&state.options.keymap, state.pane().context());
            return state.say(format!("{begin}{ways}"), false);
        }
        // A key of its own that the place cannot follow now is no key of the chat's: what it does there costs, perhaps.
        let own =
            key.is_some_and(|key| state.options.keymap.action(Context::Everywhere, key) != Some(action));
        if own || !action.anywhere() || !state.chat.can(action) {
            return;
        }
        show(state, Place::Chat, out);
    }
    state.with_pane(out, |pane, desk| pane.act(action, key, desk));
}

/// Every list of models shows what has come since.
fn refresh(state: &mut State) {
    let asking = state.chat.is_asking_models();
    state.pictures.restock(state.chat.stock(), asking);
    state.models.restock(state.chat.stock(), asking);
    state.compare.restock(state.chat.stock(), asking);
    state.knowledge.restock(state.chat.stock(), asking);
    state.evaluate.restock(state.chat.stock(), asking);
    state.prompt.restock(state.chat.stock(), asking);
    state.traces.restock(state.chat.stock(), asking);
    for overlay in &mut state.overlays {
        if let Overlay::Picker(picker) = overlay {
            picker.restock(state.chat.stock().clone(), asking, state.now.wall);
        }
    }
}

fn click(state: &mut State, mouse: Mouse, out: &mut Out<'_>) {
    let at = (mouse.column, mouse.row).into();
    // What the last line offers is done by a click on it, as by its key.
    if let MouseKind::Down(Button::Left) = mouse.kind
        && let Some(key) = view::key_at(state, at)
    {
        return press(state, key, out);
    }
    // Nobody means what lies under a notice: a press on it takes it away; one that is cut is then shown whole.
    if matches!(mouse.kind, MouseKind::Down(_))
        && out.cache.said.contains(at)
        && let Some(notice) = &state.notices.now
    {
        // Inside an overlay it has no more than that one's width.
        let width = if state.overlays.is_empty() { state.area.width } else { out.cache.said.width };
        let cut = notice.is_cut(width);
        state.notices.press(state.now.elapsed);
        if cut && state.notices.now.is_none() {
            let past = past(state);
            state.overlays.push(Overlay::Past(past));
        }
        return;
    }
    if matches!(mouse.kind, MouseKind::Down(_)) && late::is_deaf(state) {
        return;
    }
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
    let tab = tabs(state, state.frame().top).into_iter().find(|tab| tab.area.contains(at));
    match (tab, mouse.kind) {
        (Some(tab), MouseKind::Down(_)) => visit(state, tab.place, None, out),
        _ => state.with_pane(out, |pane, desk| pane.mouse(mouse, desk)),
    }
}
