//! Who puts what is found in a better order: offered for a question, and for a base.

use std::collections::HashSet;

use super::State;
use crate::domain::catalog::{Capability, ModelCard};
use crate::domain::figures::grouped;
use crate::domain::id::BaseId;
use crate::domain::knowledge::reranking::{Reranker, Reranking};
use crate::tui::app::Desk;
use crate::tui::models::chats;
use crate::tui::overlay::menu::{Entry, Menu};
use crate::tui::overlay::prompt::Prompt;
use crate::tui::overlay::{Choice, Overlay};

/// What a list without models says.
const EMPTY: &str = "No model of that name is known.";

impl State {
    /// Offers who can for the settings that keys act on.
    pub(super) fn offer_reranking(&self, desk: &mut Desk<'_>) {
        let Some((open, base)) = self.opened() else { return };
        let Some(now) = open.column().map(|column| &column.tuning.rerank) else { return };
        let as_base = base.reranker.as_ref().map_or_else(|| "by nobody".to_owned(), Reranker::words);
        let candidates = match now {
            Reranking::By(reranker) => reranker.candidates,
            Reranking::AsBase | Reranking::Off => None,
        };
        let plain = |label: &str, detail: String, rerank: Reranking| {
            entry(label, detail, *now == rerank, Choice::Rerank(rerank))
        };
        let mut entries = vec![
            plain("as the base has it", as_base, Reranking::AsBase),
            plain("by nobody", "hits stand as they are found".to_owned(), Reranking::Off),
        ];
        entries.extend(now.clone().or(base.reranker.clone()).map(|reranker| how_many(None, reranker)));
        let by = |reranker: Reranker| {
            let rerank = Reranking::By(reranker);
            (*now == rerank, Choice::Rerank(rerank))
        };
        entries.extend(self.rerankers(candidates, by));
        let menu = Menu::new("Put what is found in order", "take it", EMPTY, entries);
        desk.overlays.push(Overlay::Menu(menu));
    }

    /// Offers who can for the base that is meant.
    pub(super) fn offer_base_reranking(&self, desk: &mut Desk<'_>) {
        let Some(base) = self.meant() else { return };
        let (id, now) = (base.id, &base.reranker);
        let detail = "hits stand as they are found".to_owned();
        let mut entries = vec![entry("by nobody", detail, now.is_none(), choice(id, None))];
        entries.extend(now.clone().map(|reranker| how_many(Some(id), reranker)));
        let candidates = now.as_ref().and_then(|reranker| reranker.candidates);
        let by = |reranker: Reranker| (now.as_ref() == Some(&reranker), choice(id, Some(reranker)));
        entries.extend(self.rerankers(candidates, by));
        let title = format!("Put what is found in {} in order", base.name);
        desk.overlays.push(Overlay::Menu(Menu::new(&title, "take it", EMPTY, entries)));
    }

    /// Takes what was chosen; `false` where it is of something else.
    pub(super) fn chosen_of_reranking(choice: &Choice, desk: &mut Desk<'_>) -> bool {
        let Choice::Candidates(base, reranker) = choice else { return false };
        desk.overlays.push(Overlay::Prompt(Prompt::candidates(*base, reranker.clone())));
        true
    }

    /// An entry for each model that can: rerankers first, then those that converse.
    fn rerankers(&self, candidates: Option<u32>, by: impl Fn(Reranker) -> (bool, Choice)) -> Vec<Entry> {
        let all = || self.stock.cards.iter().chain(&self.stock.unlisted).filter(|card| can_be_asked(card));
        let reranks = |card: &&ModelCard| card.is_for(Capability::Rerank);
        let first = all().filter(reranks).map(|card| (card, "reranker"));
        let then =
            all().filter(|card| chats(card) && !reranks(card)).map(|card| (card, "grades each passage"));
        let of = |(card, detail): (&ModelCard, &str)| {
            let (current, choice) = by(Reranker { model: card.id.clone(), candidates });
            entry(card.id.as_str(), detail.to_owned(), current, choice)
        };
        // What a list has come to know of a model that was chosen by its name is the same model.
        let mut seen = HashSet::new();
        first.chain(then).filter(|(card, _)| seen.insert(&card.id)).map(of).collect()
    }
}

/// How many of the first hits it puts in order, to be changed.
fn how_many(base: Option<BaseId>, reranker: Reranker) -> Entry {
    let detail = match reranker.candidates {
        Some(many) => format!("the first {} are put in order", grouped(many.into())),
        None => "the first 20 are put in order, or as many as are asked for".to_owned(),
    };
    entry("how many", detail, false, Choice::Candidates(base, reranker))
}

/// Whether it is there: not one that has to be fetched first.
fn can_be_asked(card: &ModelCard) -> bool {
    card.unusable().is_none() && !card.is_fetchable()
}

fn choice(base: BaseId, reranker: Option<Reranker>) -> Choice {
    Choice::RerankBase(base, reranker)
}

fn entry(label: &str, detail: String, current: bool, choice: Choice) -> Entry {
    let (label, right) = (label.to_owned(), String::new());
    Entry { label, detail, right, current, off: false, choice, words: &[] }
}
