//! Every theme reads well: WCAG's 4.5:1 for every text role on every ground.

use outcrop::config::{Config, Environment, Flags};
use outcrop::domain::message::Role as Speaker;
use outcrop::tui::app::{Options, Start};
use outcrop::tui::event::{Capability, Event};
use outcrop::tui::look::{Background, Depth, Look, Role};
use ratatui::style::Color;

use crate::stage::{COMPLETE, Stage, answer, message, options};

/// Not text: grounds are what text stands on, rules are lines.
const NOT_TEXT: [Role; 4] = [Role::Surface, Role::Raised, Role::Selected, Role::Rule];

fn worst(look: &Look) -> (f32, String) {
    let mut worst = (f32::MAX, String::new());
    for (role, name) in Role::ALL {
        if NOT_TEXT.contains(&role) {
            continue;
        }
        for ground in Role::GROUNDS {
            let contrast =
                look.contrast(role, ground).unwrap_or_else(|| panic!("{name} on {ground:?} is no colour"));
            if contrast < worst.0 {
                worst = (contrast, format!("{}: {name} on {ground:?}", look.name()));
            }
        }
    }
    worst
}

#[test]
fn every_text_role_reads_at_four_and_a_half_to_one_on_every_ground() {
    for name in Look::names().filter(|name| *name != "terminal") {
        let (contrast, where_) = worst(&Look::named(name).unwrap());
        let least = if name.starts_with("high-contrast") { 7.0 } else { 4.5 };
        assert!(contrast >= least, "{where_} reads at {contrast:.2}:1");
    }
}

#[test]
fn it_still_reads_with_the_colours_of_xterm() {
    for name in Look::names().filter(|name| *name != "terminal") {
        let (contrast, where_) = worst(&Look::named(name).unwrap().at_depth(Depth::Cube).unwrap());
        assert!(contrast >= 4.5, "{where_} reads at {contrast:.2}:1 in 256 colours");
    }
}

#[test]
fn a_known_background_gets_a_theme_made_for_it() {
    for background in [Background::Dark, Background::Light] {
        assert_eq!(Look::for_background(background).unwrap().background(), Some(background));
    }
}

/// The terminal's own palette is not known, and so neither is how it reads: the theme keeps to colours that palettes keep
/// apart from their ground, dark or light, and to the ground that the terminal's own text stands on.
#[test]
fn the_theme_of_the_terminal_s_own_colours_names_no_colour_that_could_vanish_on_a_ground() {
    let look = Look::named("terminal").unwrap();
    for (role, name) in Role::ALL {
        let style = look.style(role);
        let ink = style.fg.unwrap_or(Color::Reset);
        let inks = [Color::Reset, Color::Red, Color::Green, Color::Yellow, Color::Magenta, Color::Cyan];
        if role == Role::Match {
            assert_eq!((ink, style.bg), (Color::Black, Some(Color::Yellow)));
        } else {
            assert!(inks.contains(&ink), "{name} is {ink:?}");
            assert_eq!(style.bg.unwrap_or(Color::Reset), Color::Reset, "{name}");
        }
    }
}

#[test]
fn a_light_background_that_the_terminal_tells_of_changes_the_theme_at_once() {
    let ground = |said: Option<(u8, u8, u8)>, theme: &str| {
        let mut stage = Stage::settled(80, 24, theme);
        if let Some((red, green, blue)) = said {
            stage.event(Event::Terminal(Capability::Background(red, green, blue)));
        }
        stage.picture()[(40, 10)].bg
    };
    let dark = Look::for_background(Background::Dark).unwrap().style(Role::Surface).bg.unwrap();
    let light = Look::for_background(Background::Light).unwrap().style(Role::Surface).bg.unwrap();
    assert_eq!(ground(None, "auto"), dark);
    assert_eq!(ground(Some((20, 20, 30)), "auto"), dark);
    assert_eq!(ground(Some((253, 246, 227)), "auto"), light);
    assert_eq!(ground(Some((253, 246, 227)), "dark"), dark, "a theme that was chosen stays");
}

#[test]
fn no_color_in_the_environment_takes_every_colour_from_the_screen() {
    let coloured = |variable: Option<&str>| {
        let home = tempfile::tempdir().unwrap();
        let place = ("OUTCROP_HOME".to_owned(), home.path().display().to_string());
        let terminal = ("COLORTERM".to_owned(), "truecolor".to_owned());
        let variables = variable.map(|value| ("NO_COLOR".to_owned(), value.to_owned()));
        let environment = Environment::from_vars([place, terminal].into_iter().chain(variables));
        let config = Config::load(&environment, &Flags::default()).unwrap();
        let theme = Options::of(&config, crate::stage::TERMINAL, 0).unwrap().theme;
        let mut stage = Stage::made(120, 40, Options { theme, ..options("dark") }, Start::default());
        stage.settle();
        let code = "Look:\n\n```rust\nfn main() {}\n```\n[a link](https://example.org)";
        stage.open(vec![message(1, None, Speaker::User, "q"), answer(2, Some(1), code, COMPLETE)]);
        stage.picture().content.iter().any(|cell| cell.fg != Color::Reset || cell.bg != Color::Reset)
    };
    assert!(coloured(None));
    assert!(!coloured(Some("1")));
}
