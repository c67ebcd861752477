//! The list of conversations: heads by age, the search line over them, what is selected.

use super::when::Now;
use crate::domain::Error;
use crate::domain::conversation::Conversation;
use crate::domain::id::ConversationId;
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
    /// Newest first.
    heads: Vec<Conversation>,
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

impl List {
    /// The conversations that are shown, in order.
    pub fn entries(&self) -> Vec<&Conversation> {
        match &self.search {
            Some(search) if !search.input.text().trim().is_empty() => {
                search.hits.iter().map(|hit| &hit.conversation).collect()
            }
            _ => self.heads.iter().collect(),
        }
    }

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
        self.heads.iter().find(|head| head.id == id)
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
        let mut group = String::new();
        for (at, head) in self.heads.iter().enumerate() {
            let own = now.group(head.updated);
            if own != group {
                rows.push(Row::Group(own.clone()));
                group = own;
            }
            rows.push(Row::Entry(at));
        }
        rows
    }

    /// A page of heads: the first one, or what comes after the last.
    pub fn take(&mut self, heads: Vec<Conversation>, more: bool) {
        let selected = self.entry(self.selected).map(|head| head.id);
        self.known = true;
        self.more = more;
        self.error = None;
        for head in heads {
            self.put(head);
        }
        self.select(selected);
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
        let at = self.heads.partition_point(|other| (other.updated, other.id) > (head.updated, head.id));
        self.heads.insert(at, head);
    }

    /// A conversation is gone.
    pub fn remove(&mut self, id: ConversationId) {
        self.heads.retain(|head| head.id != id);
        if let Some(search) = &mut self.search {
            search.hits.retain(|hit| hit.conversation.id != id);
        }
        self.selected = self.selected.min(self.len().saturating_sub(1));
    }

    /// Selects a conversation, where it is shown.
    pub fn select(&mut self, id: Option<ConversationId>) {
        let found = id.and_then(|id| self.entries().iter().position(|head| head.id == id));
        self.selected = found.unwrap_or(self.selected).min(self.len().saturating_sub(1));
    }

    /// Moves the selection by `steps`; it stops at the ends.
    pub fn step(&mut self, steps: isize) {
        let last = self.len().saturating_sub(1);
        self.selected = self.selected.saturating_add_signed(steps).min(last);
    }

    /// Brings the selection into the `height` rows that are shown.
    pub fn reveal(&mut self, now: Now, height: usize) {
        let rows = self.rows(now);
        let Some(at) = rows.iter().position(|row| *row == Row::Entry(self.selected)) else {
            self.top = 0;
            return;
        };
        // The group's head comes along with its first entry.
        let first = if at > 0 && matches!(rows[at - 1], Row::Group(_)) { at - 1 } else { at };
        let last = if matches!(rows.get(at + 1), Some(Row::Snippet(_))) { at + 1 } else { at };
        if first < self.top {
            self.top = first;
        } else if last >= self.top + height {
            self.top = last + 1 - height.min(last + 1);
        }
        self.top = self.top.min(rows.len().saturating_sub(height));
    }

    /// The conversation after which the next page begins, when the selection has come near the end.
    pub fn wants_more(&self) -> Option<ConversationId> {
        let near = self.results().is_none() && self.selected + PAGE / 4 >= self.heads.len();
        (self.more && self.task.is_none() && near).then(|| self.heads.last().map(|head| head.id)).flatten()
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::domain::settings::Settings;
    use crate::domain::time::Timestamp;

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
        list.take(vec![head(1, 3), head(2, 0), head(3, 1)], false);
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
        list.take((1..50).map(|n| head(n, n as i64)).collect(), false);
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
