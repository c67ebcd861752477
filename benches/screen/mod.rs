//! What screens are made with in benches.

use std::collections::BTreeMap;

use outcrop::config::Preset;
use outcrop::tui::app::{Cache, Options, Start, State, Theme, update};
use outcrop::tui::effect::{Effect, TaskId};
use outcrop::tui::event::Event;
use outcrop::tui::key::Key;
use outcrop::tui::keymap::Keymap;
use outcrop::tui::look::Depth;
use outcrop::workbench::Request;

/// A screen without a terminal: events in, effects out.
pub struct Screen {
    pub state: State,
    pub cache: Cache,
}

impl Screen {
    /// One that has started, and what it asked for.
    pub fn started(width: u16, height: u16) -> (Self, Vec<Effect>) {
        let mut screen = Self { state: State::new(options(), Start::default()), cache: Cache::default() };
        let mut effects = screen.event(Event::Resize { width, height });
        effects.extend(screen.event(Event::Started));
        (screen, effects)
    }

    pub fn event(&mut self, event: Event) -> Vec<Effect> {
        update(&mut self.state, &mut self.cache, event)
    }

    /// Presses the keys of a script.
    pub fn keys(&mut self, keys: &str) -> Vec<Effect> {
        let keys = Key::script(keys).unwrap();
        keys.into_iter().flat_map(|key| self.event(Event::Key(key))).collect()
    }
}

/// The calls whose requests, as JSON, contain `words`.
pub fn asking(effects: &[Effect], words: &str) -> Vec<TaskId> {
    let says = |request: &Request| serde_json::to_string(request).unwrap().contains(words);
    let task = |effect: &Effect| match effect {
        Effect::Call { task, request, .. } if says(request) => Some(*task),
        _ => None,
    };
    effects.iter().filter_map(task).collect()
}

/// The usual ones, in the dark theme.
fn options() -> Options {
    Options {
        keymap: Keymap::default(),
        theme: Theme { name: "dark".to_owned(), no_color: false, depth: Depth::True },
        model: "local/smollm2-135m".parse().unwrap(),
        defaults: Preset::default(),
        presets: BTreeMap::new(),
        servers: vec!["router".to_owned(), "home".to_owned()],
        terminal: outcrop::domain::id::TerminalId::from_bytes([1; 16]),
        process: 1,
        principal: "bench".to_owned(),
        mouse: true,
        title: false,
        pictures: outcrop::tui::graphics::Wish::default(),
        reduced_motion: false,
        offline: false,
        recording: false,
        vectors: outcrop::domain::knowledge::vectors::VectorSearch::default(),
        utc_offset: 0,
        folder: "/home/ada/rivers".into(),
        home: Some("/home/ada".into()),
        buckets: (None, None),
    }
}
