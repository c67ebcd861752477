//! Every theme reads well: WCAG's 4.5:1 for every text role on every ground.

use outcrop::config::{Config, Environment, Flags};
use outcrop::domain::message::Role as Speaker;
use outcrop::tui::app::{Options, Start, Theme};
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
    for name in Look::names().filter(|name| !name.starts_with("terminal")) {
        let (contrast, where_) = worst(&Look::named(name).unwrap());
        let least = if name.starts_with("high-contrast") { 7.0 } else { 4.5 };
        assert!(contrast >= least, "{where_} reads at {contrast:.2}:1");
    }
}

#[test]
fn it_still_reads_with_the_colours_of_xterm() {
    for name in Look::names().filter(|name| !name.starts_with("terminal")) {
        let (contrast, where_) = worst(&Look::named(name).unwrap().at_depth(Depth::Cube, None).unwrap());
        assert!(contrast >= 4.5, "{where_} reads at {contrast:.2}:1 in 256 colours");
    }
}

#[test]
fn a_known_background_gets_a_theme_made_for_it() {
    for background in [Background::Dark, Background::Light] {
        assert_eq!(Look::for_background(background).unwrap().background(), Some(background));
    }
}

/// The first sixteen colours of xterm, of the Linux console, and of GNOME's terminal (Tango).
const PALETTES: [[u32; 16]; 3] = [
    [
        0x00_0000, 0xcd_0000, 0x00_cd00, 0xcd_cd00, 0x00_00ee, 0xcd_00cd, 0x00_cdcd, 0xe5_e5e5, 0x7f_7f7f,
        0xff_0000, 0x00_ff00, 0xff_ff00, 0x5c_5cff, 0xff_00ff, 0x00_ffff, 0xff_ffff,
    ],
    [
        0x00_0000, 0xaa_0000, 0x00_aa00, 0xaa_5500, 0x00_00aa, 0xaa_00aa, 0x00_aaaa, 0xaa_aaaa, 0x55_5555,
        0xff_5555, 0x55_ff55, 0xff_ff55, 0x55_55ff, 0xff_55ff, 0x55_ffff, 0xff_ffff,
    ],
    [
        0x2e_3436, 0xcc_0000, 0x4e_9a06, 0xc4_a000, 0x34_65a4, 0x75_507b, 0x06_989a, 0xd3_d7cf, 0x55_5753,
        0xef_2929, 0x8a_e234, 0xfc_e94f, 0x72_9fcf, 0xad_7fa8, 0x34_e2e2, 0xee_eeec,
    ],
];

const NAMED: [Color; 16] = [
    Color::Black,
    Color::Red,
    Color::Green,
    Color::Yellow,
    Color::Blue,
    Color::Magenta,
    Color::Cyan,
    Color::Gray,
    Color::DarkGray,
    Color::LightRed,
    Color::LightGreen,
    Color::LightYellow,
    Color::LightBlue,
    Color::LightMagenta,
    Color::LightCyan,
    Color::White,
];

/// WCAG 2.2's contrast of two colours.
fn contrast(one: u32, other: u32) -> f64 {
    let luminance = |colour: u32| {
        let part = |shift: u32| {
            let share = f64::from(colour >> shift & 0xff) / 255.0;
            if share <= 0.04045 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * part(16) + 0.7152 * part(8) + 0.0722 * part(0)
    };
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

/// A palette is not known, but those that most terminals come with are. Text in the terminal's own colour reads as all of its
/// text does.
#[test]
fn the_themes_of_the_terminal_s_own_colours_read_with_the_palettes_that_terminals_come_with() {
    for (name, ground, text) in
        [("terminal-dark", 0x00_0000, 0xff_ffff), ("terminal-light", 0xff_ffff, 0x00_0000)]
    {
        let look = Look::named(name).unwrap();
        let mut coloured = 0;
        for (role, what) in Role::ALL.into_iter().filter(|(role, _)| !NOT_TEXT.contains(role)) {
            for palette in PALETTES {
                let of = |colour: Option<Color>, own: u32| match colour.unwrap_or(Color::Reset) {
                    Color::Reset => own,
                    colour => palette[NAMED.iter().position(|named| *named == colour).unwrap()],
                };
                let style = look.style(role);
                let (ink, under) = (of(style.fg, text), of(style.bg, ground));
                coloured += usize::from(ink != text);
                let contrast = contrast(ink, under);
                assert!(contrast >= 4.5, "{name}: {what} reads at {contrast:.2}:1 with {palette:x?}");
            }
        }
        assert!(coloured > 30, "{name} uses the palette");
    }
}

#[test]
fn where_the_terminal_does_not_say_its_ground_its_text_has_no_colour_but_its_own() {
    let look = Look::named("terminal").unwrap();
    for (role, name) in Role::ALL {
        let style = look.style(role);
        for colour in [style.fg, style.bg] {
            assert_eq!(colour.unwrap_or(Color::Reset), Color::Reset, "{name}");
        }
    }
    for name in ["terminal", "dark"] {
        let theme = Theme { name: name.to_owned(), no_color: false, depth: Depth::Sixteen };
        let chosen = |background| theme.look(background).unwrap().name().to_owned();
        assert_eq!(chosen(None), "terminal");
        assert_eq!(chosen(Some(Background::Light)), "terminal-light");
        assert_eq!(chosen(Some(Background::Dark)), "terminal-dark");
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
        let theme = Options::of(&config, crate::stage::TERMINAL, 1, 0).unwrap().theme;
        let mut stage = Stage::made(120, 40, Options { theme, ..options("dark") }, Start::default());
        stage.settle();
        let code = "Look:\n\n```rust\nfn main() {}\n```\n[a link](https://example.org)";
        stage.open(vec![message(1, None, Speaker::User, "q"), answer(2, Some(1), code, COMPLETE)]);
        let keys =
            (1..=9).map(|place| format!("<alt+{place}>")).chain(["<f1>", "<esc><ctrl+p>"].map(String::from));
        keys.map(|keys| {
            stage.keys(&keys);
            stage.picture().content.iter().any(|cell| cell.fg != Color::Reset || cell.bg != Color::Reset)
        })
        .collect::<Vec<_>>()
    };
    assert_eq!(coloured(None), [true; 11]);
    assert_eq!(coloured(Some("1")), [false; 11]);
}
