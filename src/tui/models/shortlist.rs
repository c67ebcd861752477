//! Of all models those that a person looks for, in the order in which they are likely meant; and which one is selected.

use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

use super::{Stock, is_local, rank};
use crate::domain::catalog::{Availability, Capability, ModelCard, ModelId};

/// Which of the models are looked through; `None` leaves out none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    pub provider: Option<String>,
    pub can: Option<Capability>,
    /// On this machine, or behind the network.
    pub local: Option<bool>,
}

impl Filter {
    /// Whether the model passes.
    pub fn passes(&self, card: &ModelCard) -> bool {
        self.provider.as_ref().is_none_or(|provider| card.id.provider() == provider)
            && self.can.is_none_or(|can| card.is_for(can))
            && self.local.is_none_or(|local| is_local(card) == local)
    }
}

/// The list, narrowed by what is typed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Shortlist {
    stock: Stock,
    filter: Filter,
    query: String,
    /// Places in the stock that pass the filter, in the order that they have while nothing is typed.
    order: Vec<u32>,
    /// Those of them that fit what is typed, the best first.
    shown: Vec<u32>,
    selected: usize,
    /// The person has moved the selection: it stays where it is. Until then it is on `home`, or on the first row.
    moved: bool,
    home: Option<ModelId>,
    /// What can this comes before what nobody knows it of.
    leads: Option<Capability>,
}

impl Shortlist {
    /// The models of `stock` that pass: those used last, then those with a star, then the others, first what can answer.
    pub fn new(stock: Stock, filter: Filter) -> Self {
        let mut list = Self { stock, filter, ..Self::default() };
        list.arrange();
        list.narrow();
        list
    }

    /// The same, in which what can this comes first.
    #[must_use]
    pub fn leading(mut self, can: Capability) -> Self {
        self.leads = Some(can);
        self.arrange();
        self.narrow();
        self
    }

    fn arrange(&mut self) {
        let likes = &self.stock.likes;
        let place = |ids: &[ModelId], id: &ModelId| ids.iter().position(|other| other == id);
        let key = |at: &u32| {
            let card = &self.stock.cards[*at as usize];
            let (recent, star) = (place(&likes.recent, &card.id), place(&likes.favourites, &card.id));
            let liked = recent.map_or((1, 0), |at| (0, at));
            let off = matches!(card.availability, Availability::Unusable { .. });
            let behind = self.leads.is_some_and(|can| !card.is_for(can));
            (liked, star.unwrap_or(usize::MAX), off, behind, rank(card), *at)
        };
        let count = u32::try_from(self.stock.cards.len()).unwrap_or(u32::MAX);
        self.order = (0..count).filter(|at| self.filter.passes(&self.stock.cards[*at as usize])).collect();
        self.order.sort_by_cached_key(key);
    }

    /// Puts a newer stock in the place of the old one; what is typed and what is selected stays. The order changes with the
    /// cards only: nothing jumps for a star.
    pub fn restock(&mut self, stock: Stock) {
        if std::sync::Arc::ptr_eq(&self.stock.cards, &stock.cards) {
            self.stock = stock;
            return;
        }
        let selected = self.chosen();
        self.stock = stock;
        self.arrange();
        self.narrow();
        self.select(selected.as_ref());
    }

    /// Looks through others; the selected model stays so where it is among them.
    pub fn filter_by(&mut self, filter: Filter) {
        if self.filter == filter {
            return;
        }
        let selected = self.chosen();
        self.filter = filter;
        self.arrange();
        self.narrow();
        self.select(selected.as_ref());
    }

    pub fn filter(&self) -> &Filter {
        &self.filter
    }

    /// Stars and uses without a new order: nothing jumps under the fingers.
    pub fn like(&mut self, likes: &super::Likes) {
        self.stock.likes.clone_from(likes);
    }

    /// Narrows to what fits `query`; the best one is selected, and where nothing is typed any more, `home` again.
    pub fn type_in(&mut self, query: &str) {
        if query.trim() != self.query {
            // What fits a longer word fits its beginning too.
            let grown = query.trim().starts_with(&self.query) && !query.contains(char::is_whitespace);
            let within = (grown && !self.query.is_empty()).then(|| std::mem::take(&mut self.shown));
            query.trim().clone_into(&mut self.query);
            self.narrow_within(within.as_deref());
            self.moved = false;
            self.select(self.chosen().as_ref());
        }
    }

    fn narrow(&mut self) {
        self.narrow_within(None);
        self.selected = self.selected.min(self.shown.len().saturating_sub(1));
    }

    fn narrow_within(&mut self, within: Option<&[u32]>) {
        if self.query.is_empty() {
            self.shown.clone_from(&self.order);
            return;
        }
        let pattern = Pattern::new(
            &self.query,
            CaseMatching::Ignore,
            Normalization::Smart,
            nucleo_matcher::pattern::AtomKind::Fuzzy,
        );
        let mut matcher = Matcher::new(Config::DEFAULT);
        let mut letters = Vec::new();
        let mut kept = Vec::new();
        if let Some(within) = within {
            kept = vec![false; self.stock.cards.len()];
            for at in within {
                kept[*at as usize] = true;
            }
        }
        let mut scored: Vec<(std::cmp::Reverse<u32>, usize, u32)> = Vec::new();
        for (place, at) in self.order.iter().enumerate() {
            if within.is_some() && !kept[*at as usize] {
                continue;
            }
            let card = &self.stock.cards[*at as usize];
            // A match in the id weighs more than one in the name for people.
            let score = pattern
                .score(Utf32Str::new(card.id.as_str(), &mut letters), &mut matcher)
                .map(|score| score * 2)
                .or_else(|| pattern.score(Utf32Str::new(&card.title, &mut letters), &mut matcher));
            if let Some(score) = score {
                scored.push((std::cmp::Reverse(score), place, *at));
            }
        }
        scored.sort_unstable();
        self.shown = scored.into_iter().map(|(_, _, at)| at).collect();
    }

    /// What the selection stays on when the rows change.
    fn chosen(&self) -> Option<ModelId> {
        if self.moved {
            return self.selected().map(|card| card.id.clone());
        }
        self.home.clone().filter(|_| self.query.is_empty())
    }

    fn select(&mut self, id: Option<&ModelId>) {
        let place = id.and_then(|id| self.position(id));
        self.selected = place.unwrap_or(0);
    }

    /// Selects this model where it is shown, now or once it has come, until the person selects another.
    pub fn go_to(&mut self, id: &ModelId) {
        (self.home, self.moved) = (Some(id.clone()), false);
        self.select(self.chosen().as_ref());
    }

    fn position(&self, id: &ModelId) -> Option<usize> {
        self.shown.iter().position(|at| self.stock.cards[*at as usize].id == *id)
    }

    pub fn query(&self) -> &str {
        &self.query
    }

    /// The model that keys act on.
    pub fn selected(&self) -> Option<&ModelCard> {
        self.at(self.selected)
    }

    pub fn selected_at(&self) -> usize {
        self.selected
    }

    /// The model in that row.
    pub fn at(&self, row: usize) -> Option<&ModelCard> {
        self.shown.get(row).map(|at| &self.stock.cards[*at as usize])
    }

    pub fn set_selected(&mut self, row: usize) {
        self.moved = true;
        self.selected = row.min(self.shown.len().saturating_sub(1));
    }

    /// Moves the selection, not beyond the ends.
    pub fn step(&mut self, steps: isize) {
        self.set_selected(self.selected.saturating_add_signed(steps));
    }

    /// Rows that are shown.
    pub fn len(&self) -> usize {
        self.shown.len()
    }

    pub fn is_empty(&self) -> bool {
        self.shown.is_empty()
    }

    /// Models that it looks through.
    pub fn all(&self) -> usize {
        self.order.len()
    }

    pub fn stock(&self) -> &Stock {
        &self.stock
    }

    /// It is in the stock, whether it is shown or not.
    pub fn knows(&self, id: &str) -> bool {
        self.stock.cards.iter().any(|card| card.id.as_str() == id)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::tui::models::Likes;

    fn stock(ids: &[&str]) -> Stock {
        let cards = ids.iter().map(|id| ModelCard::unknown(id.parse().unwrap())).collect();
        Stock { cards: Arc::new(cards), ..Stock::default() }
    }

    fn shown(list: &Shortlist) -> Vec<&str> {
        (0..list.len()).map(|row| list.at(row).unwrap().id.as_str()).collect()
    }

    #[test]
    fn what_was_used_last_comes_first_then_what_has_a_star_then_what_can_answer() {
        let mut stock = stock(&["a/1", "a/2", "a/3", "a/4", "a/5"]);
        Arc::make_mut(&mut stock.cards)[0].availability = Availability::NotPulled;
        stock.likes.used(&"a/4".parse().unwrap());
        stock.likes.used(&"a/3".parse().unwrap());
        stock.likes.toggle(&"a/5".parse().unwrap());
        assert_eq!(shown(&Shortlist::new(stock, Filter::default())), ["a/3", "a/4", "a/5", "a/2", "a/1"]);
    }

    #[test]
    fn letters_in_order_find_and_more_letters_narrow_the_same_list() {
        let mut list = Shortlist::new(
            stock(&["openai/gpt-4-turbo", "openai/gpt-4o", "local/smollm2", "google/gemini-4o-x"]),
            Filter::default(),
        );
        for (typed, best) in
            [("g", "openai/gpt-4o"), ("g4", ""), ("g4o", "openai/gpt-4o"), ("g4", ""), ("", "")]
        {
            list.type_in(typed);
            let mut anew = Shortlist::new(list.stock.clone(), Filter::default());
            anew.type_in(typed);
            assert_eq!(shown(&list), shown(&anew), "{typed}");
            if typed == "g4o" {
                assert_eq!(list.selected().unwrap().id.as_str(), best);
            }
        }
        list.type_in("zzz");
        assert!(list.is_empty() && list.selected().is_none());
        list.type_in("4o goog");
        assert_eq!(shown(&list), ["google/gemini-4o-x"]);
    }

    #[test]
    fn a_newer_list_and_another_filter_keep_what_is_typed_and_selected() {
        let mut list = Shortlist::new(stock(&["a/x1", "a/x2", "b/x3"]), Filter::default());
        list.type_in("x");
        list.step(1);
        list.restock(stock(&["a/x0", "a/x1", "a/x2", "b/x3"]));
        assert_eq!(list.selected().unwrap().id.as_str(), "a/x2");
        list.filter_by(Filter { provider: Some("b".into()), ..Filter::default() });
        assert_eq!(shown(&list), ["b/x3"]);
        list.filter_by(Filter { local: Some(true), ..Filter::default() });
        assert!(list.is_empty());
        list.filter_by(Filter { can: Some(Capability::Vision), ..Filter::default() });
        assert!(list.is_empty(), "what is unknown does not pass");
    }

    #[test]
    fn until_the_person_moves_it_the_selection_is_on_the_model_in_use_or_the_first_whatever_comes() {
        let mut list = Shortlist::new(stock(&["local/m"]), Filter::default());
        list.restock(stock(&["a/1", "a/2", "local/m"]));
        assert_eq!(list.selected_at(), 0);
        list.go_to(&"a/3".parse().unwrap());
        list.restock(stock(&["a/0", "a/1", "a/3", "local/m"]));
        assert_eq!(list.selected().unwrap().id.as_str(), "a/3");
        list.step(1);
        list.restock(stock(&["local/m", "a/1", "a/3"]));
        assert_eq!(list.selected().unwrap().id.as_str(), "local/m");
        list.type_in("a");
        list.restock(stock(&["a/0", "local/m", "a/1"]));
        assert_eq!(list.selected_at(), 0, "of what is typed the best one");
        list.restock(stock(&["a/0", "local/m", "a/3"]));
        list.type_in("");
        assert_eq!(list.selected().unwrap().id.as_str(), "a/3", "nothing is typed any more");
    }

    #[test]
    fn what_can_what_is_wanted_leads_though_it_is_to_be_fetched() {
        let mut stock = stock(&["a/unknown", "a/off", "a/paints"]);
        let cards = Arc::make_mut(&mut stock.cards);
        cards[1].availability = Availability::Unusable { why: "no key".to_owned() };
        cards[2].availability = Availability::NotPulled;
        for at in [1, 2] {
            cards[at].capabilities = vec![Capability::Images];
        }
        let list = Shortlist::new(stock, Filter::default()).leading(Capability::Images);
        assert_eq!(shown(&list), ["a/paints", "a/unknown", "a/off"]);
    }

    #[test]
    fn a_star_changes_no_order_while_the_list_is_open() {
        let mut list = Shortlist::new(stock(&["a/1", "a/2"]), Filter::default());
        let mut likes = Likes::default();
        likes.toggle(&"a/2".parse().unwrap());
        list.like(&likes);
        assert_eq!(shown(&list), ["a/1", "a/2"]);
        likes.toggle(&"a/2".parse().unwrap());
        assert!(likes.favourites.is_empty());
    }
}
