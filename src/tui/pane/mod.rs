//! The places of the screen, each a folder of the same shape. A pane names no other pane.
//!
//! Here lives what all of them answer to. Never here: what is in one of them.

pub mod chat;
pub mod compare;
pub mod evaluate;
pub mod knowledge;
pub mod models;
pub mod pictures;
pub mod prompt;
pub mod traces;
pub mod usage;

use std::borrow::Cow;
use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::action::Action;
use super::app::{Cache, Desk, Options};
use super::effect::{TaskId, TimerId};
use super::event::{Mouse, Now};
use super::key::Key;
use super::keymap::Context;
use super::look::Look;
use super::overlay::Choice;
use super::stroke::Stroke;
use super::when;
use super::widget::code::{Highlights, Want};
use super::widget::picture::Way;
use crate::domain::Error;
use crate::workbench::Reply;

/// The places that there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Place {
    #[default]
    Chat,
    Compare,
    Knowledge,
    Evaluate,
    Prompt,
    Pictures,
    Models,
    Usage,
    Traces,
}

impl Place {
    /// Every place, in the order of its numbers.
    pub const ALL: &'static [Self] = &[
        Self::Chat,
        Self::Compare,
        Self::Knowledge,
        Self::Evaluate,
        Self::Prompt,
        Self::Pictures,
        Self::Models,
        Self::Usage,
        Self::Traces,
    ];

    /// Its name in the first line.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Chat => "Chat",
            Self::Compare => "Compare",
            Self::Knowledge => "Knowledge",
            Self::Evaluate => "Evaluate",
            Self::Pictures => "Pictures",
            Self::Prompt => "Prompt",
            Self::Models => "Models",
            Self::Usage => "Usage",
            Self::Traces => "Traces",
        }
    }

    /// The name where the line is short.
    pub const fn short(self) -> &'static str {
        match self {
            Self::Chat => "Chat",
            Self::Compare => "Comp",
            Self::Knowledge => "Know",
            Self::Evaluate => "Eval",
            Self::Pictures => "Pics",
            Self::Prompt => "Pro",
            Self::Models => "Mod",
            Self::Usage => "Use",
            Self::Traces => "Tra",
        }
    }

    /// The name that it is remembered by.
    pub const fn name(self) -> &'static str {
        self.action().name()
    }

    /// The place that is remembered by that name, where it is still there.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|place| place.name() == name)
    }

    /// The action that leads to it.
    pub const fn action(self) -> Action {
        match self {
            Self::Chat => Action::ShowChat,
            Self::Compare => Action::ShowCompare,
            Self::Knowledge => Action::ShowKnowledge,
            Self::Evaluate => Action::ShowEvaluations,
            Self::Pictures => Action::ShowPictures,
            Self::Prompt => Action::ShowPrompt,
            Self::Models => Action::ShowModels,
            Self::Usage => Action::ShowUsage,
            Self::Traces => Action::ShowTraces,
        }
    }

    /// The place that an action leads to.
    pub fn of(action: Action) -> Option<Self> {
        Self::ALL.iter().copied().find(|place| place.action() == action)
    }
}

/// What a picture is made with besides the place's own state.
#[derive(Debug, Clone, Copy)]
pub struct Sight<'a> {
    pub look: &'a Look,
    pub options: &'a Options,
    pub highlights: &'a Highlights,
    pub now: Now,
    /// An overlay has the keys: nothing here has the caret.
    pub covered: bool,
    /// A notice stands over these rows.
    pub said_over: Rect,
    /// How the terminal shows pictures.
    pub way: Way,
}

impl Sight<'_> {
    /// The key of an action in that context, for a sentence.
    pub fn key(&self, context: Context, action: Action) -> String {
        self.options.keymap.name(context, action)
    }

    /// The wall clock at this place.
    pub fn wall(&self) -> when::Now {
        when::Now { at: self.now.wall, offset: self.options.utc_offset }
    }
}

/// What the app asks of a place. A place that is not shown still gets the replies that it waits for.
pub trait Pane {
    /// It comes into sight.
    fn shown(&mut self, _desk: &mut Desk<'_>) {}

    /// Which keys hold.
    fn context(&self) -> Context;

    /// Whether an action can do anything here and now: the palette and the footer show no others, and what cannot be
    /// done here leads to the chat.
    fn can(&self, action: Action) -> bool;

    /// Whether the last line says its key: not of what would only say why it cannot be done now.
    fn offers(&self, action: Action) -> bool {
        self.can(action)
    }

    /// Why what it cannot do now cannot be done, for the last line; `None` where that leads elsewhere, or says itself.
    fn why_not(&self, _action: Action) -> Option<Cow<'static, str>> {
        None
    }

    /// Does what the person means; `key` is the one that said it.
    fn act(&mut self, action: Action, key: Option<Key>, desk: &mut Desk<'_>);

    /// Takes what a key that means no action does to a text that is being written.
    fn key(&mut self, _stroke: Stroke, _desk: &mut Desk<'_>) {}

    fn paste(&mut self, _text: &str, _desk: &mut Desk<'_>) {}

    fn mouse(&mut self, _mouse: Mouse, _desk: &mut Desk<'_>) {}

    /// Takes what was chosen in an overlay that this place opened.
    fn chosen(&mut self, _choice: Choice, _desk: &mut Desk<'_>) {}

    /// Takes a text that comes back from the editor.
    fn edited(&mut self, _text: &str, _desk: &mut Desk<'_>) {}

    /// A delay is over; one that it did not ask for is none of its business.
    fn timer(&mut self, _timer: TimerId, _desk: &mut Desk<'_>) {}

    /// Whether it waits for the replies of that call.
    fn waits_for(&self, task: TaskId) -> bool;

    /// Takes one reply in.
    fn reply(&mut self, task: TaskId, reply: Reply, desk: &mut Desk<'_>);

    /// The stream of a call is over.
    fn ended(&mut self, task: TaskId, error: Option<Error>, desk: &mut Desk<'_>);

    /// Its area may have changed.
    fn refit(&mut self, _desk: &mut Desk<'_>) {}

    /// Stops what runs, or puts aside what is written; `false` where there is nothing of that.
    fn interrupt(&mut self, _desk: &mut Desk<'_>) -> bool {
        false
    }

    /// What an action does here and now, for the last line, where its usual word would not say it.
    fn word(&self, _action: Action) -> Option<&'static str> {
        None
    }

    /// What a step back does, for the last line.
    fn steps_back(&self) -> &'static str {
        "back"
    }

    /// A step back stops something.
    fn stoppable(&self) -> bool {
        false
    }

    /// How often the time is wanted while something goes on.
    fn pulse(&self, _reduced_motion: bool) -> Option<Duration> {
        None
    }

    /// Nothing but the place is shown: no first line.
    fn reads_alone(&self) -> bool {
        false
    }

    /// Rows at the end of `body` in which something is written or asked: what is said for a moment stands above them.
    fn foot(&self, _body: Rect) -> u16 {
        0
    }

    /// What is open in it, for the first line; empty for nothing.
    fn name(&self) -> &str;

    /// The title of the terminal's window.
    fn title(&self) -> String;

    /// Its figures, for the last line.
    fn meter(&self, _now: Now) -> String {
        String::new()
    }

    /// The first keys matter more than its figures: where there is no room for both these are left out.
    fn meter_yields(&self) -> bool {
        false
    }

    /// Draws it into `body`; returns the cell of the caret. Changes nothing but the cache.
    fn draw(
        &self,
        caches: (&mut Cache, &mut Vec<Want>),
        sight: &Sight<'_>,
        body: Rect,
        cells: &mut Buffer,
    ) -> Option<Position>;
}
