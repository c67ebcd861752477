//! The list of conversations: heads by age, the search line over them, what is selected.

use super::when::Now;
use crate::domain::Error;
use crate::domain::conversation::Conversation;
use crate::domain::id::ConversationId;
use crate::domain::time::Timestamp;
use crate::tui::effect::TaskId;
use crate::tui::overlay::input::Input;
use crate::workbench::reply::Hit;

/// How many heads are asked for at once.
pub const PAGE: usize = 100;

/// A search over every message: its line and what was found.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Search {
    pub input: Input,
    /// The line still takes what is typed.
    pub typing: bool,
    /// What is waited for.
    pub task: Option<TaskId>,
    /// What was found for the text of `of`.
    pub hits: Vec<Hit>,
    pub of: String,
    pub error: Option<Error>,
}

/// The list as it stands.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct List {
    /// Newest first: every one down to the end of the last page.
    heads: Vec<Conversation>,
    /// Known ones from below that end, as the open one: they are listed when their page comes.
    beyond: Vec<Conversation>,
    /// The end of the last page, while there is more.
    end: Option<(Timestamp, ConversationId)>,
    /// The last one of all is gone to as the pages come.
    to_end: bool,
    /// The store has answered once.
    pub known: bool,
    /// The store has more behind the last one.
    pub more: bool,
    pub task: Option<TaskId>,
    pub error: Option<Error>,
    pub search: Option<Search>,
    /// The place of the selection among `entries`.
    pub selected: usize,
    /// The first row that is shown.
    pub top: usize,
}

/// One row of the list.
#[derive(Debug, Clone, PartialEq)]
pub enum Row {
    Group(String),
    /// The place among `entries`.
    Entry(usize),
    /// The words around a match, under its conversation.
    Snippet(usize),
}

/// What the list is sorted by.
fn key(head: &Conversation) -> (Timestamp, ConversationId) {
    (head.updated, head.id)
}

impl List {
    /// How many conversations are shown.
    pub fn len(&self) -> usize {
        match self.results() {
            Some(search) => search.hits.len(),
            None => self.heads.len(),
        }
    }

    /// Nothing is shown.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The conversation at a place.
    pub fn entry(&self, at: usize) -> Option<&Conversation> {
        match self.results() {
            Some(search) => search.hits.get(at).map(|hit| &hit.conversation),
            None => self.heads.get(at),
        }
    }

    /// The search whose results stand in place of the heads.
    pub fn results(&self) -> Option<&Search> {
        self.search.as_ref().filter(|search| !search.input.text().trim().is_empty())
    }

    /// The head of a conversation, where it was listed.
    pub fn head(&self, id: ConversationId) -> Option<&Conversation> {
        self.heads.iter().chain(&self.beyond).find(|head| head.id == id)
    }

    /// The rows: groups by age, or what was found with its words.
    pub fn rows(&self, now: Now) -> Vec<Row> {
        let mut rows = Vec::new();
        if let Some(search) = self.results() {
            for (at, hit) in search.hits.iter().enumerate() {
                rows.push(Row::Entry(at));
                if hit.message.is_some() {
                    rows.push(Row::Snippet(at));
                }
            }
            return rows;
        }
        let mut group = None;
        for (at, head) in self.heads.iter().enumerate() {
            let own = Some(now.group_number(head.updated));
            if own != group {
                rows.push(Row::Group(now.group(head.updated)));
                group = own;
            }
            rows.push(Row::Entry(at));
        }
        rows
    }

    /// The row of the selection, the number of rows, and whether a group's head is right above it: counted, because
    /// this is asked with every key and the rows of a long list are dear.
    fn place_in_rows(&self, now: Now) -> (usize, usize, bool) {
        if let Some(search) = self.results() {
            let rows = |hits: &[Hit]| hits.len() + hits.iter().filter(|hit| hit.message.is_some()).count();
            let before = &search.hits[..self.selected.min(search.hits.len())];
            return (rows(before), rows(&search.hits), false);
        }
        let (mut rows, mut found, mut group) = (0, (0, false), None);
        for (at, head) in self.heads.iter().enumerate() {
            let own = Some(now.group_number(head.updated));
            let begins = own != group;
            rows += usize::from(begins);
            group = own;
            if at == self.selected {
                found = (rows, begins);
            }
            rows += 1;
        }
        (found.0, rows, found.1)
    }

    /// A page of heads: the first one, or what comes after the last.
    pub fn take(&mut self, heads: Vec<Conversation>, more: bool, first: bool) {
        let selected = self.entry(self.selected).map(|head| head.id);
        self.known = true;
        self.error = None;
        let end = heads.last().filter(|_| more).map(key);
        if first {
            // What was listed within this page and is not there any more is gone; what lies below it stays.
            self.heads.retain(|head| end.is_some_and(|end| key(head) < end));
        }
        if !first || self.heads.is_empty() {
            self.more = more;
            self.end = end;
        }
        for head in heads.into_iter().chain(std::mem::take(&mut self.beyond)) {
            self.put(head);
        }
        self.select(selected);
        if self.to_end {
            self.go_to_end();
        }
    }

    /// A head that is new or has changed.
    pub fn upsert(&mut self, head: Conversation) {
        let selected = self.entry(self.selected).map(|head| head.id);
        if let Some(hit) =
            self.search.iter_mut().flat_map(|s| &mut s.hits).find(|h| h.conversation.id == head.id)
        {
            hit.conversation = head.clone();
        }
        self.put(head);
        self.select(selected);
    }

    fn put(&mut self, head: Conversation) {
        self.heads.retain(|other| other.id != head.id);
        self.beyond.retain(|other| other.id != head.id);
        if self.end.is_some_and(|end| key(&head) < end) {
            self.beyond.push(head);
            return;
        }
        let at = self.heads.partition_point(|other| key(other) > key(&head));
        self.heads.insert(at, head);
    }

    /// A conversation is gone.
    pub fn remove(&mut self, id: ConversationId) {
        self.heads.retain(|head| head.id != id);
        self.beyond.retain(|head| head.id != id);
        if let Some(search) = &mut self.search {
            search.hits.retain(|hit| hit.conversation.id != id);
        }
        self.selected = self.selected.min(self.len().saturating_sub(1));
    }

    /// Selects a conversation, where it is shown.
    pub fn select(&mut self, id: Option<ConversationId>) {
        self.selected = self.place(id).unwrap_or(self.selected).min(self.len().saturating_sub(1));
    }

    fn place(&self, id: Option<ConversationId>) -> Option<usize> {
        let id = id?;
        (0..self.len()).find(|at| self.entry(*at).is_some_and(|head| head.id == id))
    }

    /// Selects the one `steps` away from the open one; the first where none is open.
    pub fn step_from(&mut self, id: Option<ConversationId>, steps: isize) {
        self.to_end = false;
        match self.place(id) {
            Some(place) => {
                self.selected = place;
                self.step(steps);
            }
            None => self.selected = 0,
        }
    }

    /// Selects the last one, and goes on to what is still to come.
    pub fn go_to_end(&mut self) {
        self.step(isize::MAX);
        self.to_end = self.more && self.results().is_none();
    }

    /// Moves the selection by `steps`; it stops at the ends.
    pub fn step(&mut self, steps: isize) {
        let last = self.len().saturating_sub(1);
        self.to_end = false;
        self.selected = self.selected.saturating_add_signed(steps).min(last);
    }

    /// Brings the selection into the `height` rows that are shown.
    pub fn reveal(&mut self, now: Now, height: usize) {
        if self.is_empty() {
            self.top = 0;
            return;
        }
        let (at, count, grouped) = self.place_in_rows(now);
        // The group's head comes along with its first entry.
        let first = if grouped { at - 1 } else { at };
        let snippet = self.results().and_then(|search| search.hits.get(self.selected)?.message).is_some();
        let last = at + usize::from(snippet);
        if first < self.top {
            self.top = first;
        } else if last >= self.top + height {
            self.top = last + 1 - height.min(last + 1);
        }
        self.top = self.top.min(count.saturating_sub(height));
    }

    /// The conversation after which the next page begins, when the selection has come near the end.
    pub fn wants_more(&self) -> Option<ConversationId> {
        let near = self.results().is_none() && self.selected + PAGE / 4 >= self.heads.len();
        (self.more && self.task.is_none() && (near || self.to_end))
            .then(|| self.heads.last().map(|head| head.id))
            .flatten()
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::domain::settings::Settings;

    const DAY: i64 = 86_400_000;

    fn head(n: u128, days_old: i64) -> Conversation {
        Conversation {
            id: ConversationId::from_uuid(Uuid::from_u128(n)),
            title: format!("c{n}"),
            titled: false,
            created: Timestamp(0),
            updated: Timestamp(100 * DAY - days_old * DAY),
            model: None,
            system: None,
            settings: Settings::default(),
            leaf: None,
        }
    }

    const NOW: Now = Now { at: Timestamp(100 * DAY + 5), offset: 0 };

    #[test]
    fn conversations_stand_in_groups_by_age_newest_first() {
        let mut list = List::default();
        list.take(vec![head(1, 3), head(2, 0), head(3, 1)], false, true);
        let rows = list.rows(NOW);
        assert_eq!(
            rows,
            [
                Row::Group("Today".into()),
                Row::Entry(0),
                Row::Group("Yesterday".into()),
                Row::Entry(1),
                Row::Group("Last week".into()),
                Row::Entry(2)
            ]
        );
        assert_eq!(list.entry(0).unwrap().title, "c2");
    }

    #[test]
    fn the_selection_stays_on_its_conversation_while_others_come_and_go() {
        let mut list = List::default();
        list.take((1..50).map(|n| head(n, n as i64)).collect(), false, true);
        list.step(10);
        let chosen = list.entry(list.selected).unwrap().id;
        list.upsert(head(40, 0));
        assert_eq!(list.entry(list.selected).unwrap().id, chosen);
        list.reveal(NOW, 5);
        assert!(list.top > 0);
        list.remove(head(40, 0).id);
        list.step(-100);
        list.reveal(NOW, 5);
        assert_eq!((list.selected, list.top), (0, 0));
    }
}
