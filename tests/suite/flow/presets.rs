//! Presets are made, changed, named anew, deleted and brought back in the models place; the file is the runtime's to write.

use outcrop::config::{Preset, PresetChange};
use outcrop::domain::settings::Settings;
use outcrop::domain::{Error, ErrorKind};
use outcrop::tui::effect::Effect;
use outcrop::tui::event::{Event, Mouse, MouseKind};
use outcrop::tui::key::KeyModifiers;

use crate::stage::{MODEL, Stage};

pub fn shown(width: u16, height: u16, theme: &str) -> Stage {
    let mut stage = Stage::settled(width, height, theme);
    stage.keys("<alt+7>e");
    stage
}

/// What the file is asked to say, as the runtime would do it; its words come back.
pub fn write(stage: &mut Stage, effects: &[Effect]) -> Vec<PresetChange> {
    let mut done = Vec::new();
    for effect in effects {
        let Effect::ChangePreset { change, said } = effect else { continue };
        let mut presets = stage.state.options.presets.clone();
        match change.clone() {
            PresetChange::Set { name, preset } => drop(presets.insert(name, preset)),
            PresetChange::Remove { name } => drop(presets.remove(&name)),
            PresetChange::Rename { from, to } => {
                let preset = presets.remove(&from).unwrap();
                presets.insert(to, preset);
            }
        }
        done.push(change.clone());
        stage.event(Event::PresetChanged { said: said.clone(), presets: Ok(presets) });
    }
    done
}

fn temperature(preset: &Preset) -> Option<f32> {
    preset.settings.temperature
}

#[test]
fn a_new_preset_is_what_the_conversation_is_asked_with() {
    let mut stage = Stage::settled(120, 40, "dark");
    stage.keys("<ctrl+o>jjj<right><right><esc><alt+7>e");
    let effects = stage.keys("nmy own<enter>");
    let settings = Settings { temperature: Some(0.9), ..Settings::default() };
    let preset = Preset { settings, system: None, model: MODEL.parse().ok() };
    let expected = PresetChange::Set { name: "my own".into(), preset };
    assert_eq!(write(&mut stage, &effects), [expected]);
    assert!(stage.text().contains("u takes that back"), "{}", stage.text());
    let effects = stage.keys("u");
    assert_eq!(write(&mut stage, &effects), [PresetChange::Remove { name: "my own".into() }]);
    assert!(stage.keys("nprecise<enter>").is_empty(), "that name is taken");
    let shown = stage.text();
    assert!(shown.contains("There is one of that name already") && shown.contains("precise"), "{shown}");
    let effects = stage.keys(" too<enter>");
    assert!(
        matches!(&write(&mut stage, &effects)[..], [PresetChange::Set { name, .. }] if name == "precise too"),
        "{effects:?}"
    );
}

#[test]
fn a_preset_is_changed_in_the_drawer_and_kept_after_a_moment() {
    let mut stage = shown(120, 40, "dark");
    let effects = stage.keys("<enter>jjj<right><right>");
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::ChangePreset { .. })), "{effects:?}");
    let after = |stage: &mut Stage| {
        let from = stage.effects.len();
        stage.event(Event::Timer(outcrop::tui::effect::TimerId("save_preset")));
        stage.effects[from..].to_vec()
    };
    let effects = after(&mut stage);
    let done = write(&mut stage, &effects);
    let PresetChange::Set { name, preset } = &done[0] else { panic!("{done:?}") };
    assert_eq!((name.as_str(), temperature(preset)), ("precise", Some(0.3)));
    assert_eq!(preset.system.as_deref(), Some("Be exact."));
    assert!(after(&mut stage).is_empty(), "nothing is written twice");

    // What was not kept yet is kept on the way out; one step takes all of it back.
    stage.keys("<right>");
    let effects = stage.keys("<esc>");
    let done = write(&mut stage, &effects);
    assert!(
        matches!(&done[..], [PresetChange::Set { preset, .. }] if temperature(preset) == Some(0.4)),
        "{done:?}"
    );
    let effects = stage.keys("u");
    write(&mut stage, &effects);
    assert_eq!(temperature(&stage.state.options.presets["precise"]), Some(0.1));
    let effects = stage.keys("u");
    write(&mut stage, &effects);
    assert_eq!(temperature(&stage.state.options.presets["precise"]), Some(0.4), "undone is done again");
}

#[test]
fn tools_and_a_system_prompt_are_written_in_a_preset_too() {
    let mut stage = shown(120, 40, "dark");
    stage.keys("<enter>jj<enter>");
    stage.keys(" Always.<enter>");
    stage.keys("jjjjjjjjj<enter>[{\"name\":\"look\"}]<enter>");
    let effects = stage.keys("<esc>");
    let done = write(&mut stage, &effects);
    let PresetChange::Set { preset, .. } = &done[0] else { panic!("{done:?}") };
    assert_eq!(preset.settings.tools.len(), 1, "{preset:?}");
    assert_eq!(preset.system.as_deref(), Some("Be exact. Always."));
    assert!(stage.text().contains("tools look"), "{}", stage.text());
}

#[test]
fn a_preset_gets_another_name_and_is_deleted_after_a_question() {
    let mut stage = shown(120, 40, "dark");
    let effects = stage.keys("r2<enter>");
    let expected = PresetChange::Rename { from: "precise".into(), to: "precise2".into() };
    assert_eq!(write(&mut stage, &effects), [expected]);
    assert!(stage.keys("x<esc>").is_empty());
    let effects = stage.keys("xd");
    assert_eq!(write(&mut stage, &effects), [PresetChange::Remove { name: "precise2".into() }]);
    assert!(stage.text().contains("None yet"), "{}", stage.text());
    let effects = stage.keys("u");
    write(&mut stage, &effects);
    assert_eq!(temperature(&stage.state.options.presets["precise2"]), Some(0.1));
}

/// A turn of the wheel over the list.
fn wheel(stage: &mut Stage) -> Vec<Effect> {
    stage.event(Event::Mouse(Mouse {
        kind: MouseKind::ScrollDown,
        column: 5,
        row: 8,
        modifiers: KeyModifiers::NONE,
    }))
}

fn two() -> Stage {
    let mut stage = Stage::settled(120, 40, "dark");
    stage.state.options.presets.insert("wild".into(), Preset::default());
    stage.keys("<alt+7>e");
    stage
}

#[test]
fn what_is_typed_for_one_preset_is_never_written_into_another() {
    let mut stage = two();
    stage.keys("<enter>jjj<enter>1.5");
    wheel(&mut stage);
    let effects = stage.keys("<enter><enter>");
    assert_eq!(write(&mut stage, &effects), [], "what was being typed is dropped");

    let mut stage = two();
    stage.keys("<enter>jjj<right>");
    let effects = wheel(&mut stage);
    let done = write(&mut stage, &effects);
    assert!(
        matches!(&done[..], [PresetChange::Set { name, preset }] if name == "precise" && temperature(preset) == Some(0.2)),
        "what was changed is kept on the way: {done:?}"
    );
}

#[test]
fn what_the_file_did_not_take_is_asked_for_again() {
    let mut stage = shown(120, 40, "dark");
    stage.keys("<enter>jjj<right>");
    let effects = stage.keys("<esc>");
    assert!(effects.iter().any(|effect| matches!(effect, Effect::ChangePreset { .. })), "{effects:?}");
    let error = Error::new(ErrorKind::Io, "writing it", "it is read-only", "");
    stage.event(Event::PresetChanged { said: String::new(), presets: Err(error) });
    let effects = stage.keys("<ctrl+q>");
    let done = write(&mut stage, &effects);
    assert!(
        matches!(&done[..], [PresetChange::Set { preset, .. }] if temperature(preset) == Some(0.2)),
        "{done:?}"
    );
}

#[test]
fn a_system_prompt_that_was_not_taken_comes_back_in_its_preset() {
    let mut stage = two();
    stage.keys("<enter>jj<enter> Always.<esc>");
    assert!(stage.text().contains("Not taken"), "{}", stage.text());
    stage.keys("<enter>");
    assert!(stage.text().contains("Be exact. Always."), "{}", stage.text());
}

#[test]
fn quitting_keeps_what_was_changed_a_moment_ago() {
    let mut stage = shown(120, 40, "dark");
    stage.keys("<enter>jjj<right>");
    let effects = stage.keys("<ctrl+q>");
    assert!(effects.iter().any(|effect| matches!(effect, Effect::ChangePreset { .. })), "{effects:?}");
}

#[test]
fn escape_leads_back_to_the_models_and_from_anywhere_the_palette_leads_here() {
    let mut stage = shown(120, 40, "dark");
    stage.keys("<esc>");
    assert!(!stage.text().contains("Presets") && stage.text().contains(" 7 Mod"), "{}", stage.text());
    stage.keys("<alt+1>/presets<enter>");
    assert!(stage.text().contains("Presets"), "{}", stage.text());
    let effects = stage.keys("e");
    assert!(effects.contains(&Effect::EditConfig), "{effects:?}");
}
