//! A screen without a terminal, a clock or a door: events in, effects and pictures out.

pub mod shelf;

use std::collections::BTreeMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::time::Duration;

use outcrop::config::Preset;
use outcrop::domain::catalog::{Availability, Capability, ModelCard, ModelId};
use outcrop::domain::conversation::{Conversation, Thread};
use outcrop::domain::delta::Event as Delta;
use outcrop::domain::id::{ConversationId, MessageId, TerminalId};
use outcrop::domain::knowledge::vectors::VectorSearch;
use outcrop::domain::message::{
    Answer, Block, Message, MessageOrigin, Outcome, Role, StopReason, Timing, Usage,
};
use outcrop::domain::settings::Settings;
use outcrop::domain::time::Timestamp;
use outcrop::tui::app::{Cache, Options, Start, State, Theme, update, view};
use outcrop::tui::effect::{Effect, TaskId};
use outcrop::tui::event::{Event, Now};
use outcrop::tui::graphics::Wish;
use outcrop::tui::key::Key;
use outcrop::tui::keymap::Keymap;
use outcrop::tui::look::Depth;
use outcrop::workbench::{Reply, Request};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use uuid::Uuid;

/// 2026-03-12 14:02:00 UTC.
pub const NOW: i64 = 1_773_324_120_000;
pub const MODEL: &str = "local/smollm2-135m";

pub fn model() -> ModelId {
    MODEL.parse().unwrap()
}

/// The screen that is played on.
pub const TERMINAL: TerminalId = TerminalId::from_bytes([1; 16]);

pub fn options(theme: &str) -> Options {
    let mut presets = BTreeMap::new();
    let mut settings = Settings::default();
    settings.set("temperature", "0.1").unwrap();
    presets.insert("precise".to_owned(), Preset { settings, system: Some("Be exact.".into()), model: None });
    Options {
        keymap: Keymap::default(),
        theme: Theme { name: theme.to_owned(), no_color: false, depth: Depth::True },
        model: model(),
        defaults: Preset::default(),
        presets,
        servers: Vec::new(),
        terminal: TERMINAL,
        process: 1,
        principal: "tester".to_owned(),
        mouse: true,
        title: false,
        pictures: Wish::default(),
        reduced_motion: false,
        offline: true,
        recording: false,
        vectors: VectorSearch::default(),
        utc_offset: 0,
        home: Some("/home/ada".into()),
        folder: "/home/ada/rivers".into(),
        buckets: (None, Some("eu-central-1".to_owned())),
    }
}

/// The screen, what it asked of the world, and the time.
pub struct Stage {
    pub state: State,
    cache: Cache,
    pub effects: Vec<Effect>,
    elapsed: Duration,
    size: (u16, u16),
}

impl Stage {
    pub fn new(width: u16, height: u16) -> Self {
        Self::with(width, height, "dark", Start::default())
    }

    pub fn with(width: u16, height: u16, theme: &str, start: Start) -> Self {
        Self::made(width, height, options(theme), start)
    }

    pub fn made(width: u16, height: u16, options: Options, start: Start) -> Self {
        let mut stage = Self {
            state: State::new(options, start),
            cache: Cache::default(),
            effects: Vec::new(),
            elapsed: Duration::ZERO,
            size: (width, height),
        };
        stage.pass(0);
        stage.event(Event::Resize { width, height });
        stage.event(Event::Started);
        stage
    }

    /// A screen whose store answered: three conversations, one model that can answer.
    pub fn settled(width: u16, height: u16, theme: &str) -> Self {
        let mut stage = Self::with(width, height, theme, Start::default());
        stage.settle();
        stage
    }

    pub fn settle(&mut self) {
        self.settle_with(vec![card(MODEL, Availability::Ready)]);
    }

    /// The same with these models.
    pub fn settle_with(&mut self, cards: Vec<ModelCard>) {
        self.answer("recall", vec![Reply::Remembered { value: None }]);
        let heads = vec![
            head(1, "Why rivers meander", 3),
            head(2, "Guardrail wording", 41),
            head(3, "日本語の俳句について", 19 * 60),
            head(4, "A title that is much longer than the list is wide", 30 * 60),
            head(5, "Regex for dates", 5 * 24 * 60),
        ];
        self.answer("\"limit\":100", vec![Reply::Conversations { heads, more: false }]);
        self.answer("\"probe\"", vec![Reply::Models { cards }]);
    }

    pub fn event(&mut self, event: Event) -> Vec<Effect> {
        if let Event::Resize { width, height } = event {
            self.size = (width, height);
        }
        let effects = update(&mut self.state, &mut self.cache, event);
        self.effects.extend(effects.iter().cloned());
        effects
    }

    /// Time goes by.
    pub fn pass(&mut self, ms: u64) {
        self.elapsed += Duration::from_millis(ms);
        let wall = Timestamp(NOW + self.elapsed.as_millis() as i64);
        self.event(Event::Tick(Now { elapsed: self.elapsed, wall }));
    }

    /// Presses the keys of a script; returns what was asked since.
    pub fn keys(&mut self, script: &str) -> Vec<Effect> {
        let from = self.effects.len();
        for key in Key::script(script).unwrap() {
            self.event(Event::Key(key));
        }
        self.effects[from..].to_vec()
    }

    /// The last call whose request, as JSON, contains `what`.
    pub fn task(&self, what: &str) -> TaskId {
        let found = self.effects.iter().rev().find_map(|effect| match effect {
            Effect::Call { task, request, .. } => {
                serde_json::to_string(request).unwrap().contains(what).then_some(*task)
            }
            _ => None,
        });
        found.unwrap_or_else(|| panic!("nothing asked for {what}: {:?}", Self::requests(&self.effects)))
    }

    pub fn requests(effects: &[Effect]) -> Vec<Request> {
        effects
            .iter()
            .filter_map(|effect| match effect {
                Effect::Call { request, .. } => Some(request.clone()),
                _ => None,
            })
            .collect()
    }

    /// Replies to the last call of that kind, which goes on.
    pub fn reply(&mut self, what: &str, replies: Vec<Reply>) {
        let task = self.task(what);
        self.event(Event::Replies { task, replies });
    }

    /// Replies to the last call of that kind and ends it.
    pub fn answer(&mut self, what: &str, replies: Vec<Reply>) {
        let task = self.task(what);
        self.event(Event::Replies { task, replies });
        self.event(Event::Ended { task, error: None });
    }

    /// The store acknowledges everything that was written.
    pub fn stored(&mut self) {
        let writes = |effect: &Effect| match effect {
            Effect::Call { task, request, .. } => {
                let request = serde_json::to_string(request).unwrap();
                (request.contains("save_draft") || request.contains("\"remember\"")).then_some(*task)
            }
            _ => None,
        };
        let tasks: Vec<TaskId> = self.effects.iter().filter_map(writes).collect();
        for task in tasks {
            self.event(Event::Ended { task, error: None });
        }
    }

    /// Opens conversation 1 with these messages.
    pub fn open(&mut self, messages: Vec<Message>) {
        self.keys("<ctrl+s><enter>");
        let leaf = messages.last().map(|m| m.id);
        let conversation = Conversation { leaf, ..head(1, "Why rivers meander", 3) };
        self.answer("\"open\"", vec![Reply::Thread { thread: Thread { conversation, messages } }]);
    }

    /// Asks `text` in the shown conversation; the answer begins.
    pub fn ask(&mut self, text: &str) {
        self.keys(text);
        self.keys("<enter>");
        let asked = message(90, None, Role::User, text);
        let answer = answer(91, Some(90), "", Outcome::Streaming);
        let conversation = Conversation { leaf: Some(answer.id), ..head(1, text, 0) };
        self.reply("\"send\"", vec![Reply::Started { conversation, asked: Some(asked), answer }]);
    }

    pub fn delta(&mut self, event: Delta) {
        self.reply("\"send\"", vec![Reply::Delta { event }]);
    }

    /// The picture, drawn with what was remembered and with nothing remembered; both must be one.
    pub fn picture(&mut self) -> Buffer {
        let warm = draw(&self.state, &mut self.cache, self.size);
        let cold = draw(&self.state, &mut Cache::default(), self.size);
        assert_eq!(warm, cold, "a frame depends on its cache");
        warm
    }

    /// The cell of the caret, where one is shown.
    pub fn caret(&mut self) -> Option<(u16, u16)> {
        let (width, height) = self.size;
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        let mut shown = None;
        terminal
            .draw(|frame| {
                view(&self.state, &mut self.cache, frame);
            })
            .unwrap();
        if terminal.backend().cursor_visible() {
            let at = terminal.backend().cursor_position();
            shown = Some((at.x, at.y));
        }
        shown
    }

    /// The picture as text, with a line that stands for its styles.
    pub fn text(&mut self) -> String {
        let cells = self.picture();
        let mut text = String::new();
        let mut styles = DefaultHasher::new();
        for y in 0..cells.area.height {
            let mut line = String::new();
            let mut skip = 0;
            for x in 0..cells.area.width {
                let cell = &cells[(x, y)];
                (format!("{:?}{:?}{:?}", cell.fg, cell.bg, cell.modifier)).hash(&mut styles);
                if skip > 0 {
                    skip -= 1;
                    continue;
                }
                line.push_str(cell.symbol());
                skip = outcrop::tui::widget::text::width(cell.symbol()).saturating_sub(1);
            }
            text.push_str(line.trim_end());
            text.push('\n');
        }
        format!("{text}styles {:016x}", styles.finish())
    }
}

fn draw(state: &State, cache: &mut Cache, (width, height): (u16, u16)) -> Buffer {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal
        .draw(|frame| {
            view(state, cache, frame);
        })
        .unwrap();
    terminal.backend().buffer().clone()
}

pub fn conversation(n: u128) -> ConversationId {
    ConversationId::from_uuid(Uuid::from_u128(n))
}

pub fn id(n: u128) -> MessageId {
    MessageId::from_uuid(Uuid::from_u128(0x7000 + n))
}

pub fn head(n: u128, title: &str, minutes_old: i64) -> Conversation {
    Conversation {
        id: conversation(n),
        title: title.to_owned(),
        titled: false,
        created: Timestamp(NOW - minutes_old * 60_000),
        updated: Timestamp(NOW - minutes_old * 60_000),
        model: Some(model()),
        system: None,
        settings: Settings::default(),
        leaf: None,
        run: None,
        side: None,
        forked_from: None,
        agent: None,
    }
}

pub fn message(n: u128, parent: Option<u128>, role: Role, text: &str) -> Message {
    Message {
        id: id(n),
        conversation: conversation(1),
        parent: parent.map(id),
        role,
        blocks: if text.is_empty() { Vec::new() } else { vec![Block::Text { text: text.to_owned() }] },
        created: Timestamp(NOW),
        answer: None,
        origin: MessageOrigin::Here,
    }
}

pub fn answer(n: u128, parent: Option<u128>, text: &str, outcome: Outcome) -> Message {
    let done = outcome != Outcome::Streaming;
    // A voice counts at the end.
    let estimated = !matches!(outcome, Outcome::Complete { .. });
    let usage = Usage { input: Some(182), output: Some(64), estimated, ..Usage::default() };
    let timing = Timing { first_token_ms: Some(140), total_ms: Some(1510), ..Timing::default() };
    Message {
        answer: Some(Answer {
            usage: if done { usage } else { Usage::default() },
            timing: if done { timing } else { Timing::default() },
            context: Some(2048),
            ..Answer::untold(model(), outcome)
        }),
        ..message(n, parent, Role::Assistant, text)
    }
}

pub const COMPLETE: Outcome = Outcome::Complete { reason: StopReason::EndTurn };

pub fn card(name: &str, availability: Availability) -> ModelCard {
    // What the weights' own file asks for is known when they are here.
    let defaults =
        Settings { temperature: Some(0.7), top_p: Some(0.95), top_k: Some(40), ..Settings::default() };
    ModelCard {
        defaults: (availability == Availability::Ready).then_some(defaults),
        availability,
        capabilities: vec![Capability::Chat],
        context: Some(2048),
        licence: Some("Apache-2.0".to_owned()),
        bytes: Some(144_811_456),
        detail: "llama at Q8_0".to_owned(),
        ..ModelCard::unknown(name.parse().unwrap())
    }
}
