//! The screen's state and its three pure functions: `update` from events to effects, `view` to a frame, `pulse`.
//!
//! All three get time as a value. `update` may use the cache to lay text out faster; what it does never depends on it, but
//! for a press on a notice: that is meant for the cells in which it was last seen.

mod late;
mod leading;
mod notice;
mod palette;
mod place;
mod quitting;
mod said;
mod told;
mod unlock;
mod update;
mod view;

pub use notice::{Notice, Notices, Tone};
pub use update::update;
pub use view::view;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use ratatui::Frame as Screen;
use ratatui::layout::Rect;

use super::action::Action;
use super::effect::{Effect, Lane, Order, TaskId, TimerId, Work};
use super::event::{Event, Made, Now};
use super::graphics::{Graphics, Wish};
use super::key::Key;
use super::keymap::{Context as Where, Keymap};
use super::layout::{self, Frame};
use super::look::{Background, Depth, Look};
use super::overlay::Overlay;
use super::overlay::pad::Pad;
use super::overlay::prompt::Boxed;
use super::pane::{Pane, Place, chat, compare, evaluate, knowledge, models, pictures, prompt, traces, usage};
use super::runtime;
use super::setup::Question;
use super::stroke::Stroke;
use super::when;
use super::widget::code::{Highlights, Want};
use super::widget::picture::Way;
use super::widget::transcript;
use crate::config::{Config, Preset};
use crate::domain::catalog::ModelId;
use crate::domain::evaluation::Dataset;
use crate::domain::id::{ConversationId, RunId, TerminalId};
use crate::domain::knowledge::vectors::VectorSearch;
use crate::domain::settings::Settings;
use crate::domain::{Error, Result};
use crate::workbench::request::chat::Chat;
use crate::workbench::request::conversations::Conversations;
use crate::workbench::request::prompts::Prompts;
use crate::workbench::{Context, Face, Request};

/// The delay after which the program ends though the store has not answered.
const LEAVE: TimerId = TimerId("leave");
/// The delay after which a draft is kept.
pub const SAVE_DRAFT: TimerId = TimerId("save_draft");
/// How long quitting waits for the store.
const PATIENCE: Duration = Duration::from_millis(1500);
/// How long a first Ctrl+C waits for the second.
const AGAIN: Duration = Duration::from_secs(3);

/// What the config file and the flags say of the screen.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "switches of the config file, each on its own")]
pub struct Options {
    pub keymap: Keymap,
    pub theme: Theme,
    /// The model of a new conversation.
    pub model: ModelId,
    /// What new conversations begin with.
    pub defaults: Preset,
    pub presets: BTreeMap<String, Preset>,
    /// Configured servers, by the name in front of their models: they are asked for those only when the person wants that.
    pub servers: Vec<String>,
    /// Whose drafts are this screen's own.
    pub terminal: TerminalId,
    /// This process, among those that may own the workspace.
    pub process: u32,
    /// For `Context::principal`.
    pub principal: String,
    pub mouse: bool,
    pub title: bool,
    /// How pictures are to be shown.
    pub pictures: Wish,
    pub reduced_motion: bool,
    pub offline: bool,
    /// Calls and their answers are to be recorded on a cassette.
    pub recording: bool,
    /// How vectors are looked for in knowledge bases of this workspace.
    pub vectors: VectorSearch,
    /// Seconds east of Greenwich.
    pub utc_offset: i32,
    /// What `~` stands for.
    pub home: Option<PathBuf>,
    /// Where relative paths begin.
    pub folder: PathBuf,
    /// The server and the Region of buckets, where none are named.
    pub buckets: (Option<String>, Option<String>),
}

/// Which theme is used.
#[derive(Debug, Clone, PartialEq)]
pub struct Theme {
    /// "auto", or a theme's name.
    pub name: String,
    pub no_color: bool,
    pub depth: Depth,
}

impl Theme {
    /// The look on a terminal with this background, as far as that is known.
    pub fn look(&self, background: Option<Background>) -> Result<Look> {
        if self.no_color {
            return Ok(Look::colourless());
        }
        let look = match (self.name.as_str(), background) {
            ("auto", known) => Look::for_background(known.unwrap_or(Background::Dark)),
            ("high-contrast", Some(Background::Light)) => Look::named("high-contrast-light"),
            ("terminal", known) => Look::of_terminal(known),
            (name, _) => Look::named(name),
        }?;
        look.at_depth(self.depth, background)
    }
}

impl Options {
    /// What the config says of the screen; a wrong key or theme is an error.
    pub fn of(config: &Config, own: TerminalId, process: u32, utc_offset: i32) -> Result<Self> {
        let keys = config.keys.iter().map(|(action, keys)| (action.as_str(), keys.as_slice()));
        let terminal = &config.terminal;
        let depth = match (terminal.colorterm.as_deref(), terminal.term.as_deref()) {
            (Some("truecolor" | "24bit"), _) => Depth::True,
            (_, Some(term)) if term.contains("256") || term.contains("direct") => Depth::Cube,
            (_, Some("xterm-kitty" | "alacritty" | "wezterm" | "foot" | "ghostty" | "xterm-ghostty")) => {
                Depth::True
            }
            _ => Depth::Sixteen,
        };
        let theme = Theme { name: config.ui.theme.clone(), no_color: terminal.no_color, depth };
        // A name that does not exist is said now, not when the terminal answers.
        theme.look(None)?;
        Ok(Self {
            keymap: Keymap::with(keys)?,
            theme,
            model: config.model.clone(),
            defaults: config.defaults.clone(),
            presets: config.presets.clone(),
            servers: config
                .providers
                .iter()
                .filter(|(_, provider)| provider.is_had())
                .map(|(name, _)| name.clone())
                .collect(),
            terminal: own,
            process,
            principal: config.user.clone(),
            mouse: config.ui.mouse,
            title: config.ui.title,
            pictures: Wish::of(config),
            reduced_motion: config.ui.reduced_motion,
            offline: config.net.offline,
            recording: config.record.is_some(),
            vectors: config.knowledge.vectors,
            utc_offset,
            home: config.home.clone(),
            folder: config.folder.clone(),
            buckets: (config.s3.endpoint.clone(), config.s3.region.clone()),
        })
    }
}

/// What was said of the conversation that the screen opens with.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct New {
    /// No other one stands in for it.
    pub model: Option<ModelId>,
    pub system: Option<String>,
    pub settings: Settings,
}

/// What the screen opens with.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Start {
    /// A new conversation.
    pub new: Option<New>,
    /// This conversation.
    pub conversation: Option<ConversationId>,
    /// Somebody rates, and sees nothing else of the program.
    pub rating: Option<evaluate::Closed>,
}

/// Everything that the screen is.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "what is on, known and closed, each on its own")]
pub struct State {
    pub options: Options,
    pub now: Now,
    pub area: Rect,
    /// The place that is shown.
    pub place: Place,
    pub chat: chat::State,
    pub compare: compare::State,
    pub knowledge: knowledge::State,
    pub evaluate: evaluate::State,
    pub pictures: pictures::State,
    pub prompt: prompt::State,
    pub models: models::State,
    pub usage: usage::State,
    pub traces: traces::State,
    pub overlays: Vec<Overlay>,
    pub notices: Notices,
    /// The theme in effect.
    pub look: Look,
    pub highlights: Highlights,
    pub mouse: bool,
    /// The terminal can tell Shift+Enter from Enter.
    pub full_keys: bool,
    /// What it has said of pictures.
    pub graphics: Graphics,
    /// Actions taken in the palette, the newest first.
    recent: Vec<Action>,
    /// Until when a second Ctrl+C quits.
    quitting: Option<Duration>,
    /// Until when a question that came late takes no key.
    deaf_until: Option<Duration>,
    /// Somebody only rates: the rest of the program is closed to them.
    closed: bool,
    /// The person has quit; what is being written to the store is waited for.
    leaving: bool,
    /// A passphrase is being tried.
    unlocking: Option<TaskId>,
    left: place::Left,
    /// The conversation that a place leads to.
    opens: Option<ConversationId>,
    /// What a place wants other models to be asked.
    asks: Option<Question>,
    /// The dataset of which a place wants an evaluation.
    rates: Option<Dataset>,
    /// What became of a file that is named in a line over the place.
    boxed: Option<Boxed>,
    title: String,
    tasks: u64,
}

/// What may be thrown away at any time: it makes the next frame faster, never different.
#[derive(Debug, Default)]
pub struct Cache {
    pub transcript: transcript::Cache,
    /// The cells of the notice in the last frame.
    said: Rect,
}

/// The states of the places, each to be changed.
struct Panes<'a> {
    chat: &'a mut chat::State,
    compare: &'a mut compare::State,
    knowledge: &'a mut knowledge::State,
    evaluate: &'a mut evaluate::State,
    pictures: &'a mut pictures::State,
    prompt: &'a mut prompt::State,
    models: &'a mut models::State,
    usage: &'a mut usage::State,
    traces: &'a mut traces::State,
}

/// What an update gives out, and what makes it faster.
struct Out<'a> {
    cache: &'a mut Cache,
    effects: Vec<Effect>,
}

/// What an update works with besides its own state.
#[derive(Debug)]
pub struct Desk<'a> {
    pub now: Now,
    pub options: &'a Options,
    pub area: Rect,
    /// The place that is in sight.
    pub place: Place,
    /// How the terminal shows pictures.
    pub way: Way,
    pub cache: &'a mut Cache,
    tasks: &'a mut u64,
    effects: Vec<Effect>,
    /// To be put over the place.
    pub overlays: Vec<Overlay>,
    /// Calls of runs that nobody needs to agree to any more: what asks for that goes.
    pub settled: Vec<(RunId, String)>,
    /// For the line in which a file is named.
    pub boxed: Option<Boxed>,
    /// To be said for a moment.
    pub notice: Option<(String, Tone)>,
    /// The same as soon as no offer of a model is covered by it.
    pub later: Option<String>,
    /// The conversation that the chat is to open.
    pub opens: Option<ConversationId>,
    /// What the compare place is to have ready.
    pub asks: Option<Question>,
    /// The dataset of which the evaluate place is to put together an evaluation.
    pub rates: Option<Dataset>,
}

impl Options {
    /// The whole path of what is named: `~/` is the person's home, and what is relative lies in the working folder.
    pub fn whole_path(&self, path: &str) -> PathBuf {
        match (path.strip_prefix("~/"), &self.home) {
            (Some(rest), Some(home)) => home.join(rest),
            _ => self.folder.join(path),
        }
    }
}

impl Desk<'_> {
    /// Asks through the door. Acts of the person go one after the other; a query of a lane replaces the one before.
    pub fn call(&mut self, lane: Option<Lane>, request: Request) -> TaskId {
        *self.tasks += 1;
        let task = TaskId(*self.tasks);
        let order = match lane {
            Some(lane) => Order::Instead(lane),
            None if is_act(&request) => Order::After,
            None => Order::Beside,
        };
        let context = Context { principal: self.options.principal.clone(), ..Context::of(Face::Tui) };
        self.effects.push(Effect::Call { task, order, context, request });
        task
    }

    /// What a key does to a text that is being written.
    pub fn stroke(&self, key: Option<Key>) -> Option<Stroke> {
        self.options.keymap.stroke(key?)
    }

    /// Asks the world.
    pub fn ask(&mut self, effect: Effect) {
        self.effects.push(effect);
    }

    /// Says something for a moment.
    pub fn say(&mut self, text: impl Into<String>) {
        self.notice = Some((text.into(), Tone::News));
    }

    /// Says what nobody did and nothing failed by, and what is to be read: it stands until a key.
    pub fn note(&mut self, text: impl Into<String>) {
        self.notice = Some((text.into(), Tone::Note));
    }

    /// Says for a moment that something failed.
    pub fn complain(&mut self, error: &Error) {
        self.notice = Some((error.to_string(), Tone::Bad));
    }

    /// The key of an action in that context, for a sentence.
    pub fn key(&self, context: Where, action: Action) -> String {
        self.options.keymap.name(context, action)
    }

    /// The wall clock at this place.
    pub fn wall(&self) -> when::Now {
        when::Now { at: self.now.wall, offset: self.options.utc_offset }
    }
}

/// It is an act of the person on conversations, or reads what the act before it may have written.
fn is_act(request: &Request) -> bool {
    match request {
        Request::Chat(request) => !matches!(request, Chat::Complete { .. }),
        Request::Conversations(Conversations::LoadDraft { .. }) => true,
        Request::Agents(_)
        | Request::Cassettes(_)
        | Request::Comparisons(_)
        | Request::Conversations(_)
        | Request::Evaluations(_)
        | Request::Datasets(_)
        | Request::Keys(_)
        | Request::Knowledge(_)
        | Request::Workspace(_) => !request.is_query(),
        Request::Prompts(_) => !request.is_query() || matches!(request, Request::Prompts(Prompts::LoadDraft)),
        Request::Models(_)
        | Request::Pictures(_)
        | Request::Traces(_)
        | Request::Usage(_)
        | Request::Watch { .. } => false,
    }
}

impl State {
    /// The screen before anything happened.
    pub fn new(options: Options, mut start: Start) -> Self {
        let rating = start.rating.take();
        let told = rating.is_some() || start.new.is_some() || start.conversation.is_some();
        let chat = chat::State::new(start, &options);
        let prompt = prompt::State::new(&options);
        Self {
            look: options.theme.look(None).unwrap_or_else(|_| Look::colourless()),
            highlights: Highlights::default(),
            mouse: options.mouse,
            options,
            now: Now::default(),
            area: Rect::default(),
            place: if rating.is_some() { Place::Evaluate } else { Place::default() },
            closed: rating.is_some(),
            evaluate: rating.map(evaluate::State::closed).unwrap_or_default(),
            chat,
            compare: compare::State::default(),
            knowledge: knowledge::State::default(),
            pictures: pictures::State::default(),
            prompt,
            models: models::State::default(),
            usage: usage::State::default(),
            traces: traces::State::default(),
            overlays: Vec::new(),
            notices: Notices::default(),
            full_keys: false,
            graphics: Graphics::default(),
            recent: Vec::new(),
            quitting: None,
            deaf_until: None,
            leaving: false,
            unlocking: None,
            left: place::Left::new(told),
            opens: None,
            asks: None,
            rates: None,
            boxed: None,
            title: String::new(),
            tasks: 0,
        }
    }

    /// The parts of the screen: the function that `update` and `view` both ask.
    pub fn frame(&self) -> Frame {
        self.frame_of(self.area)
    }

    fn frame_of(&self, area: Rect) -> Frame {
        layout::frame(area, self.pane().reads_alone())
    }

    /// How soon the screen wants to hear the time though nothing happens; `None` sleeps.
    pub fn pulse(&self) -> Option<Duration> {
        let left = |until: Duration| until.saturating_sub(self.now.elapsed).max(Duration::from_millis(20));
        let notice = self.notices.until().map(left);
        let quitting = self.quitting.map(left);
        // Nobody sees time go by in a place that is not shown: what comes of what runs there comes as a reply.
        let busy = self.pane().pulse(self.options.reduced_motion);
        [notice, quitting, busy].into_iter().flatten().min()
    }

    /// Waiting for the second Ctrl+C.
    pub fn quitting(&self) -> bool {
        self.quitting.is_some()
    }

    /// The place that is shown.
    pub fn pane(&self) -> &dyn Pane {
        self.pane_of(self.place)
    }

    /// At the top of a place one stays: a step back too much does not lead away from it.
    pub fn stays(&self) -> bool {
        self.place != Place::Chat && !self.pane().can(Action::Back)
    }

    fn pane_of(&self, place: Place) -> &dyn Pane {
        match place {
            Place::Chat => &self.chat,
            Place::Compare => &self.compare,
            Place::Knowledge => &self.knowledge,
            Place::Evaluate => &self.evaluate,
            Place::Pictures => &self.pictures,
            Place::Prompt => &self.prompt,
            Place::Models => &self.models,
            Place::Usage => &self.usage,
            Place::Traces => &self.traces,
        }
    }

    /// Whether an action can do anything now: in the place that is shown, or in the chat, to which it then leads.
    fn can(&self, action: Action) -> bool {
        if self.closed && !action.while_only_rating() {
            return false;
        }
        match Place::of(action) {
            Some(place) => place != self.place,
            None => self.pane().can(action) || action.anywhere() && self.chat.can(action),
        }
    }

    /// Lets a place act.
    fn with<T>(
        &mut self,
        place: Place,
        out: &mut Out<'_>,
        act: impl FnOnce(&mut dyn Pane, &mut Desk<'_>) -> T,
    ) -> T {
        self.at_desk(out, |panes, desk| {
            let pane: &mut dyn Pane = match place {
                Place::Chat => panes.chat,
                Place::Compare => panes.compare,
                Place::Knowledge => panes.knowledge,
                Place::Evaluate => panes.evaluate,
                Place::Pictures => panes.pictures,
                Place::Prompt => panes.prompt,
                Place::Models => panes.models,
                Place::Usage => panes.usage,
                Place::Traces => panes.traces,
            };
            act(pane, desk)
        })
    }

    /// Lets the place that is shown act.
    fn with_pane<T>(&mut self, out: &mut Out<'_>, act: impl FnOnce(&mut dyn Pane, &mut Desk<'_>) -> T) -> T {
        self.with(self.place, out, act)
    }

    fn with_chat<T>(
        &mut self,
        out: &mut Out<'_>,
        act: impl FnOnce(&mut chat::State, &mut Desk<'_>) -> T,
    ) -> T {
        self.at_desk(out, |panes, desk| act(panes.chat, desk))
    }

    /// Begins: where the person left off, or with the item that is to be rated.
    fn begin(&mut self, out: &mut Out<'_>) {
        if self.closed {
            self.at_desk(out, |panes, desk| panes.evaluate.start(desk));
        } else {
            place::recall(self, out);
            self.with_chat(out, chat::State::start);
        }
    }

    fn with_pictures<T>(
        &mut self,
        out: &mut Out<'_>,
        act: impl FnOnce(&mut pictures::State, &mut Desk<'_>) -> T,
    ) -> T {
        self.at_desk(out, |panes, desk| act(panes.pictures, desk))
    }

    /// How the terminal shows pictures, as far as it has said.
    pub fn way(&self) -> Way {
        self.graphics.way(&self.options.pictures)
    }

    fn at_desk<T>(&mut self, out: &mut Out<'_>, act: impl FnOnce(Panes<'_>, &mut Desk<'_>) -> T) -> T {
        let mut desk = Desk {
            now: self.now,
            options: &self.options,
            area: self.frame().body,
            place: self.place,
            way: self.way(),
            cache: out.cache,
            tasks: &mut self.tasks,
            effects: Vec::new(),
            boxed: None,
            overlays: Vec::new(),
            settled: Vec::new(),
            notice: None,
            later: None,
            opens: None,
            asks: None,
            rates: None,
        };
        let panes = Panes {
            chat: &mut self.chat,
            compare: &mut self.compare,
            knowledge: &mut self.knowledge,
            evaluate: &mut self.evaluate,
            prompt: &mut self.prompt,
            pictures: &mut self.pictures,
            models: &mut self.models,
            usage: &mut self.usage,
            traces: &mut self.traces,
        };
        let result = act(panes, &mut desk);
        out.effects.append(&mut desk.effects);
        for (run, call) in std::mem::take(&mut desk.settled) {
            let stays =
                |overlay: &Overlay| !matches!(overlay, Overlay::Reading(text) if text.asks(run, &call));
            desk.overlays.retain(stays);
            let before = self.overlays.len();
            self.overlays.retain(stays);
            if self.overlays.len() < before && desk.notice.is_none() {
                desk.say("It is not waited for any more: it was answered in another window, or stopped.");
            }
        }
        for overlay in std::mem::take(&mut desk.overlays) {
            let uninvited = matches!(&overlay, Overlay::Reading(reading) if reading.is_uninvited());
            // What nobody asked for comes where nothing else has the keys.
            if !uninvited || self.overlays.is_empty() && self.place == Place::Chat {
                self.overlays.push(overlay);
            }
        }
        self.boxed = desk.boxed.or(self.boxed.take());
        self.opens = desk.opens.or(self.opens);
        self.asks = desk.asks.or(self.asks.take());
        self.rates = desk.rates.or(self.rates.take());
        if let Some(text) = desk.later {
            self.notices.put_by(text, self.now);
        }
        if let Some((text, tone)) = desk.notice {
            self.notices.say(text, tone, self.now);
        }
        result
    }

    /// The person's editor is over: the text over the place that it had, where it had one. Another one may have come meanwhile.
    fn back_from_editor(&mut self) -> Option<&mut Pad> {
        self.overlays.iter_mut().find_map(|overlay| {
            let Overlay::Pad(pad) = overlay else { return None };
            pad.comes_back().then_some(&mut **pad)
        })
    }

    fn say(&mut self, text: impl Into<String>, bad: bool) {
        self.notices.say(text.into(), if bad { Tone::Bad } else { Tone::News }, self.now);
    }
}

/// The state with what makes it fast, as the runtime runs it.
#[derive(Debug)]
pub struct App {
    pub state: State,
    cache: Cache,
    /// Code that the last frame showed plain.
    wants: Vec<Want>,
    /// Code is being highlighted; the next is asked for when that is back.
    inking: bool,
}

impl App {
    /// The screen before anything happened.
    pub fn new(options: Options, start: Start) -> Self {
        Self { state: State::new(options, start), cache: Cache::default(), wants: Vec::new(), inking: false }
    }
}

impl runtime::App for App {
    fn update(&mut self, event: Event) -> Vec<Effect> {
        if matches!(event, Event::Computed(Made::Highlighted(_) | Made::Nothing)) {
            self.inking = false;
            // A frame that was drawn meanwhile wanted what has just come.
            self.wants.clear();
        }
        let mut effects = update(&mut self.state, &mut self.cache, event);
        if !self.inking
            && let Some(want) = self.wants.pop()
        {
            self.inking = true;
            effects.push(Effect::Compute(Work::Highlight(want)));
        }
        effects
    }

    fn view(&mut self, frame: &mut Screen<'_>) {
        self.wants = view(&self.state, &mut self.cache, frame);
    }

    fn pulse(&self) -> Option<Duration> {
        let wants = (!self.inking && !self.wants.is_empty()).then_some(Duration::from_millis(1));
        [wants, self.state.pulse()].into_iter().flatten().min()
    }
}
