//! What screens are made with in benches.

use std::collections::BTreeMap;

use outcrop::config::Preset;
use outcrop::tui::app::{Options, Theme};
use outcrop::tui::keymap::Keymap;
use outcrop::tui::look::Depth;

/// The usual ones, in the dark theme.
pub fn options() -> Options {
    Options {
        keymap: Keymap::default(),
        theme: Theme { name: "dark".to_owned(), no_color: false, depth: Depth::True },
        model: "local/smollm2-135m".parse().unwrap(),
        defaults: Preset::default(),
        presets: BTreeMap::new(),
        servers: vec!["router".to_owned(), "home".to_owned()],
        principal: "bench".to_owned(),
        mouse: true,
        title: false,
        pictures: outcrop::tui::graphics::Wish::default(),
        reduced_motion: false,
        offline: false,
        recording: false,
        utc_offset: 0,
        folder: "/home/ada/rivers".into(),
        home: Some("/home/ada".into()),
    }
}
