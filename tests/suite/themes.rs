//! Every theme reads well: WCAG's 4.5:1 for every text role on every ground.

use outcrop::tui::look::{Background, Depth, Look, Role};

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
