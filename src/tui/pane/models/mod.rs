//! The models place: every model that there is, the card of one, its provider's health, a question on trial, and what is
//! fetched, added or deleted on this machine.
//!
//! What there is the chat knows first; the app hands it on. Here lives what is looked for in it and done with it.

mod making;
mod place;
mod presets;
mod replies;
mod trial;
mod update;
mod view;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use making::Making;
use presets::Presets;
use ratatui::layout::Rect;
use trial::Trial;

use crate::domain::catalog::{ModelCard, ModelId};
use crate::domain::workspace::Check;
use crate::domain::{Error, Result};
use crate::tui::app::Desk;
use crate::tui::effect::TaskId;
use crate::tui::models::shortlist::{Filter, Shortlist};
use crate::tui::models::{Stock, paints};
use crate::tui::overlay::input::Input;
use crate::workbench::Request;
use crate::workbench::request::models::Models;

/// From so many columns on the card stands beside the list.
const BESIDE: u16 = 100;

/// Where keys go.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Focus {
    #[default]
    List,
    /// The line that narrows the list.
    Search,
    Card,
}

/// What a reply is for.
#[derive(Debug, Clone, PartialEq)]
enum Wait {
    /// What fetching that model would do.
    Plan,
    Making,
    Remove(ModelId),
    Health(String),
    Trial,
    Keyless,
}

/// Everything of the models place.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct State {
    focus: Focus,
    list: Shortlist,
    /// All that there is, while what has no key is looked through.
    stock: Option<Stock>,
    /// What the catalogue has of vendors without a key; `None` until it was asked for.
    keyless: Option<Vec<ModelCard>>,
    search: Input,
    /// What the card shows begins with this row.
    scroll: u16,
    /// The presets, in the place of the models.
    presets: Option<Presets>,
    making: Option<Making>,
    trial: Option<Trial>,
    /// What the doctor says of providers that were checked; `None` while one is.
    health: BTreeMap<String, Option<Result<Vec<Check>, Error>>>,
    /// Servers are being asked for their models.
    asking: bool,
    waits: BTreeMap<TaskId, Wait>,
}

impl State {
    /// What is known of the models has changed, or how it is being asked for.
    pub fn restock(&mut self, stock: &Stock, asking: bool) {
        self.asking = asking;
        // With other lists there may be a key more.
        if !self.stock.as_ref().unwrap_or(self.list.stock()).is(stock) {
            self.keyless = None;
        }
        if let Some(kept) = &mut self.stock {
            kept.clone_from(stock);
            return;
        }
        if !self.list.stock().is(stock) {
            self.list.restock(stock.clone());
        }
    }

    /// The model that keys act on.
    pub fn selected(&self) -> Option<&ModelId> {
        self.list.selected().map(|card| &card.id)
    }

    /// Whether that one makes pictures, and can be asked for one.
    pub fn paints(&self) -> bool {
        let here = |card: &ModelCard| card.unusable().is_none() && !card.is_fetchable();
        self.card().is_some_and(|card| paints(card) && here(card))
    }

    fn card(&self) -> Option<&ModelCard> {
        self.list.selected()
    }

    /// Something is being fetched or added.
    pub fn makes(&self) -> bool {
        self.making.as_ref().is_some_and(Making::runs)
    }

    /// The question on trial is being answered.
    fn tries(&self) -> bool {
        self.trial.as_ref().is_some_and(Trial::runs)
    }

    fn filter(&mut self, filter: Filter) {
        self.list.filter_by(filter);
        self.scroll = 0;
    }

    /// Looks through what has no key, and through nothing else.
    fn look_at_keyless(&mut self, desk: &mut Desk<'_>) {
        self.forget_keyless_asked();
        if self.stock.is_some() {
            return;
        }
        let stock = self.list.stock().clone();
        let Some(cards) = self.keyless.clone() else {
            let task = desk.call(None, Request::Models(Models::Keyless));
            self.waits.insert(task, Wait::Keyless);
            return;
        };
        self.list.restock(Stock { cards: Arc::new(cards), ..stock.clone() });
        self.stock = Some(stock);
        self.scroll = 0;
    }

    /// What was asked for is not to be shown any more when it comes.
    fn forget_keyless_asked(&mut self) {
        self.waits.retain(|_, wait| *wait != Wait::Keyless);
    }

    /// Looks through all that there is again.
    fn leave_keyless(&mut self) {
        self.forget_keyless_asked();
        if let Some(stock) = self.stock.take() {
            self.list.restock(stock);
            self.scroll = 0;
        }
    }

    /// How often the time is wanted.
    fn beat(&self) -> Option<Duration> {
        (self.makes() || self.tries()).then_some(Duration::from_secs(1))
    }
}

/// The list and the card in the place's area; on a narrow screen one of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Areas {
    list: Option<Rect>,
    card: Option<Rect>,
}

impl State {
    fn areas(&self, body: Rect) -> Areas {
        if body.width < BESIDE {
            let card = self.focus == Focus::Card;
            return Areas { list: (!card).then_some(body), card: card.then_some(body) };
        }
        let card = (body.width * 2 / 5).clamp(40, 72);
        let list = body.width - card - 1;
        Areas {
            list: Some(Rect { width: list, ..body }),
            card: Some(Rect { x: body.x + list + 1, width: card, ..body }),
        }
    }
}

/// The rows of the models: under what is typed, what is filtered and the heads, above what is said of the lists.
fn rows(list: Rect) -> Rect {
    let top = 3.min(list.height);
    Rect {
        x: list.x + 1.min(list.width),
        y: list.y + top,
        // A blank parts the last figure from the bar that shows how far the list goes.
        width: list.width.saturating_sub(3),
        height: (list.height - top).saturating_sub(1),
    }
}

/// The first row of the list that is shown.
fn top(selected: usize, rows: u16) -> usize {
    (selected + 1).saturating_sub(usize::from(rows))
}
