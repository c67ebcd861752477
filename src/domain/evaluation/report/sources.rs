//! Whose each answer is and how long, in little room: results know it of hundreds of thousands.

use std::collections::HashMap;

use crate::domain::evaluation::vote::ResponseId;

/// Whose an answer is, by the name that results have for it, and how long.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sources {
    /// Each name once, in the order in which they came.
    names: Vec<String>,
    /// By the number that the answer's id is written as.
    numbered: HashMap<u64, Answer>,
    /// The same of ids that are written otherwise, as other programs do.
    other: HashMap<ResponseId, Answer>,
}

/// What is known of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Answer {
    /// Of the name.
    place: u32,
    /// In characters.
    length: u32,
}

/// The length of an answer that is not told.
const UNTOLD: u32 = u32::MAX;

impl Sources {
    /// With room for so many answers.
    pub fn with_room(answers: usize) -> Self {
        Self { numbered: HashMap::with_capacity(answers), ..Self::default() }
    }

    /// Notes whose an answer is.
    pub fn insert(&mut self, id: ResponseId, name: &str) {
        let known = self.names.iter().position(|other| other == name);
        let place = known.unwrap_or_else(|| {
            self.names.push(name.to_owned());
            self.names.len() - 1
        }) as u32;
        let answer = Answer { place, length: UNTOLD };
        match number(&id) {
            Some(number) => self.numbered.insert(number, answer),
            None => self.other.insert(id, answer),
        };
    }

    /// Notes how many characters an answer has, whose it is being known. One of which that is not told says nothing of lengths.
    pub fn measure(&mut self, id: &ResponseId, characters: usize) {
        let known = match number(id) {
            Some(number) => self.numbered.get_mut(&number),
            None => self.other.get_mut(id),
        };
        if let Some(answer) = known {
            answer.length = u32::try_from(characters).unwrap_or(UNTOLD);
        }
    }

    /// Whose an answer is.
    pub fn get(&self, id: &ResponseId) -> Option<&str> {
        self.names.get(self.place(id)?).map(String::as_str)
    }

    /// The same as the place of the name.
    pub(super) fn place(&self, id: &ResponseId) -> Option<usize> {
        self.answer(id).map(|answer| answer.place as usize)
    }

    /// How many characters an answer has.
    pub(super) fn length(&self, id: &ResponseId) -> Option<u64> {
        self.answer(id).map(|answer| answer.length).filter(|length| *length != UNTOLD).map(u64::from)
    }

    fn answer(&self, id: &ResponseId) -> Option<&Answer> {
        match number(id) {
            Some(number) => self.numbered.get(&number),
            None => self.other.get(id),
        }
    }

    /// The names, each once.
    pub(super) fn names(&self) -> &[String] {
        &self.names
    }
}

/// The number that an id is written as, as our own are: 16 small hexadecimal digits, so that none is meant by two ids.
fn number(id: &ResponseId) -> Option<u64> {
    let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    let is_ours = id.0.len() == 16 && id.0.bytes().all(is_digit);
    is_ours.then(|| u64::from_str_radix(&id.0, 16).ok()).flatten()
}

impl Extend<(ResponseId, String)> for Sources {
    fn extend<T: IntoIterator<Item = (ResponseId, String)>>(&mut self, answers: T) {
        answers.into_iter().for_each(|(id, name)| self.insert(id, &name));
    }
}

impl FromIterator<(ResponseId, String)> for Sources {
    fn from_iter<T: IntoIterator<Item = (ResponseId, String)>>(answers: T) -> Self {
        let mut sources = Self::default();
        sources.extend(answers);
        sources
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::evaluation::item::ItemHash;

    #[test]
    fn whose_an_answer_is_is_known_however_its_id_is_written() {
        let own = ResponseId::of(7, &ItemHash("item".into()), "heron");
        let ids = [own.0.as_str(), "0", "00000000000000ab", "00000000000000AB", "+0000000000000ab"];
        let names = ["heron", "wren", "gull", "wren", "heron"];
        let answers = ids.iter().zip(names).map(|(id, name)| (ResponseId((*id).into()), name.to_owned()));
        let sources: Sources = answers.collect();
        for (id, name) in ids.iter().zip(names) {
            assert_eq!(sources.get(&ResponseId((*id).into())), Some(name), "{id}");
        }
        assert_eq!((sources.names().len(), sources.get(&ResponseId("ab".into()))), (3, None));
    }

    #[test]
    fn the_length_of_an_answer_is_known_where_it_was_told() {
        let id = |name: &str| ResponseId(name.into());
        let mut sources: Sources =
            ["00000000000000ab", "x", "y"].map(|name| (id(name), "a".to_owned())).into_iter().collect();
        sources.measure(&id("00000000000000ab"), 7);
        sources.measure(&id("x"), 0);
        sources.measure(&id("z"), 9);
        let told = ["00000000000000ab", "x", "y", "z"].map(|name| sources.length(&id(name)));
        assert_eq!(told, [Some(7), Some(0), None, None]);
        assert_eq!(sources.get(&id("x")), Some("a"));
    }
}
