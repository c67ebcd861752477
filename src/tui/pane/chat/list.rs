//! The list of conversations: heads by age, the search line over them, what is selected.

use crate::domain::Error;
use crate::domain::conversation::Conversation;
use crate::domain::id::ConversationId;
use crate::domain::time::Timestamp;
use crate::tui::effect::TaskId;
use crate::tui::overlay::input::Input;
use crate::tui::when::Now;
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
    /// The first one is to be opened as soon as it is found.
    pub opens: bool,
    /// What was found for the text of `of`.
    pub hits: Vec<Hit>,
    pub of: String,
    pub error: Option<Error>,
}

impl Search {
    /// Takes what was found in; the hits of a conversation stand together, where its first one does.
    pub fn take(&mut self, hits: Vec<Hit>) {
        for hit in hits {
            let same = |other: &Hit| other.conversation.id == hit.conversation.id;
            match self.hits.iter().rposition(same) {
                // Its title stands there already.
                Some(_) if hit.message.is_none() => {}
                Some(at) => self.hits.insert(at + 1, hit),
                None => self.hits.push(hit),
            }
        }
    }

    /// What is shown was found for what the line says.
    pub fn is_answered(&self) -> bool {
        self.task.is_none() || self.of == self.input.text().trim()
    }

    /// The hit of that place is the first of its conversation.
    fn begins(&self, at: usize) -> bool {
        let of = |at: usize| self.hits.get(at).map(|hit| hit.conversation.id);
        at == 0 || of(at) != of(at - 1)
    }
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Row {
    /// A group begins with the entry of that place.
    Group(usize),
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

    /// The rows: groups by age, or what was found with its words. Nothing is allocated for them: they are asked for
    /// with every key, and a list can be long.
    pub fn rows(&self, now: Now) -> impl Iterator<Item = Row> + '_ {
        let search = self.results();
        let hits = search.into_iter().flat_map(|search| {
            search.hits.iter().enumerate().flat_map(|(at, hit)| {
                [search.begins(at).then_some(Row::Entry(at)), hit.message.map(|_| Row::Snippet(at))]
            })
        });
        let heads = if search.is_some() { &[] } else { self.heads.as_slice() };
        let heads = heads.iter().enumerate().scan(None, move |group, (at, head)| {
            let own = Some(now.group_number(head.updated));
            let begins = std::mem::replace(group, own) != own;
            Some([begins.then_some(Row::Group(at)), Some(Row::Entry(at))])
        });
        hits.chain(heads.flatten()).flatten()
    }

    /// The row of the selection, the number of rows, and whether what it stands under is right above it.
    fn place_in_rows(&self, now: Now) -> (usize, usize, bool) {
        let words = self.results().and_then(|search| search.hits.get(self.selected)?.message).is_some();
        let own = if words { Row::Snippet(self.selected) } else { Row::Entry(self.selected) };
        let (mut count, mut found, mut above) = (0, (0, false), None);
        for row in self.rows(now) {
            if row == own {
                let titled = matches!(above, Some(Row::Group(_))) || above == Some(Row::Entry(self.selected));
                found = (count, titled);
            }
            above = Some(row);
            count += 1;
        }
        (found.0, count, found.1)
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
        for hit in self.search.iter_mut().flat_map(|search| &mut search.hits) {
            if hit.conversation.id == head.id {
                hit.conversation = head.clone();
            }
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
        if first < self.top {
            self.top = first;
        } else if at >= self.top + height {
            self.top = at + 1 - height.min(at + 1);
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
            run: None,
            side: None,
            forked_from: None,
            agent: None,
        }
    }

    const NOW: Now = Now { at: Timestamp(100 * DAY + 5), offset: 0 };

    #[test]
    fn conversations_stand_in_groups_by_age_newest_first() {
        let mut list = List::default();
        list.take(vec![head(1, 3), head(2, 0), head(3, 1)], false, true);
        let rows: Vec<Row> = list.rows(NOW).collect();
        let wanted =
            [Row::Group(0), Row::Entry(0), Row::Group(1), Row::Entry(1), Row::Group(2), Row::Entry(2)];
        assert_eq!(rows, wanted);
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
