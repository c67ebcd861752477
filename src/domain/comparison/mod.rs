//! Models side by side: the same messages to each column, and what a person chose.
//!
//! A lane is one column's conversation on one page. Pages are rows of values and repeats: each is a whole conversation
//! with every column.

pub mod measure;
mod own;

use std::collections::BTreeMap;
use std::fmt::Write;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub use own::{own, shared};

use crate::domain::attachment::Attachment;
use crate::domain::catalog::ModelId;
use crate::domain::conversation::Thread;
use crate::domain::evaluation::chance::Chance;
use crate::domain::evaluation::{Battle, Choice, battles};
use crate::domain::figures;
use crate::domain::hex::hex;
use crate::domain::id::{BallotId, ComparisonId, ConversationId, MessageId};
use crate::domain::message::{Block, Message, Role};
use crate::domain::prompt::{Template, Values};
use crate::domain::settings::Settings;
use crate::domain::time::Timestamp;
use crate::domain::tree::Tree;
use crate::domain::{Error, ErrorKind, Result};

/// The fewest and the most columns.
pub const COLUMNS: std::ops::RangeInclusive<usize> = 2..=8;

/// The most lanes: columns times rows of values times repeats.
pub const MOST_LANES: usize = 4096;

/// How a person says that braces are no variable.
pub const MEANT: &str = "Where the models shall read {{, write {{{{.";

/// Values of settings that are longer, in characters, stand as a digest in a contestant's name.
const LONGEST_VALUE: usize = 24;

/// Who answers in a column, and with what.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Column {
    pub model: ModelId,
    /// It may have variables.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system: Option<String>,
    #[serde(default)]
    pub settings: Settings,
}

impl Column {
    /// A model with its defaults.
    pub fn new(model: ModelId) -> Self {
        Self { model, system: None, settings: Settings::default() }
    }

    /// Its name on a leaderboard: the model, and what else it was asked with. The same everywhere and for ever, so that
    /// votes of many comparisons meet under it; of a system prompt and of a long value it tells a digest.
    pub fn contestant(&self) -> String {
        let template = Template { settings: self.settings.clone(), ..Template::default() };
        let mut name = self.model.to_string();
        for (setting, value) in template.facts() {
            let plain = value.chars().count() <= LONGEST_VALUE && !value.contains(char::is_whitespace);
            let _ = if plain {
                write!(name, " {setting}={value}")
            } else {
                write!(name, " {setting}#{}", digest(&value))
            };
        }
        if let Some(system) = self.system.as_deref().filter(|system| !system.trim().is_empty()) {
            let _ = write!(name, " system#{}", digest(system));
        }
        name
    }
}

fn digest(text: &str) -> String {
    hex(&Sha256::digest(text.as_bytes())[..4])
}

/// One conversation with every column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Page {
    /// In the places of the variables.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub values: Values,
    /// Which repeat it is, from 0.
    #[serde(default)]
    pub sample: u32,
    /// The conversation of each column, in the order of the columns.
    pub lanes: Vec<ConversationId>,
}

impl Page {
    /// What is sent on it: values in the place of the variables of what a person wrote, `{{` where they wrote `{{{{`; files
    /// stay as they are.
    pub fn filled(&self, blocks: &[Block]) -> Vec<Block> {
        let fill = |block: &Block| match block {
            Block::Text { text } if Attachment::of(block).is_none() => {
                let template = Template { text: text.clone(), ..Template::default() };
                Block::Text { text: template.filled(&self.values).text }
            }
            other => other.clone(),
        };
        blocks.iter().map(fill).collect()
    }

    /// The system prompt of a column on it.
    pub fn system(&self, column: &Column) -> Option<String> {
        let template = Template { system: column.system.clone(), ..Template::default() };
        template.filled(&self.values).system.filter(|system| !system.trim().is_empty())
    }
}

/// Columns that are asked the same.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    pub id: ComparisonId,
    /// From the first words of the first message.
    pub title: String,
    pub created: Timestamp,
    /// The last choice, or the last change of its category.
    pub updated: Timestamp,
    pub columns: Vec<Column>,
    pub pages: Vec<Page>,
    /// Who answers is hidden until a choice is made; the order of the columns is drawn with this seed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blind: Option<u64>,
    /// What it is about, for the leaderboard.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// Who saw who answers before choosing: what they choose is not blind any more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unblinded: Vec<Seen>,
}

/// That somebody saw who answers before choosing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    pub by: String,
    pub at: Timestamp,
    /// The one page, from 0, on which they did: there they waited for one answer alone, say. `None` for all pages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<u32>,
}

impl Comparison {
    /// Whether `who` may not see yet who answers on a page: it is blind, nobody has chosen there, and they have not looked.
    pub fn hides(&self, page: usize, ballots: &[Ballot], who: &str) -> bool {
        let chosen = ballots.iter().any(|ballot| ballot.page as usize == page);
        self.blind.is_some() && !chosen && !self.was_seen_on(page, who)
    }

    /// The first page, from 0, on which `who` may not see yet who answers.
    pub fn hidden_page(&self, ballots: &[Ballot], who: &str) -> Option<usize> {
        (0..self.pages.len()).find(|page| self.hides(*page, ballots, who))
    }

    /// Whether `who` saw who answers on all pages before choosing.
    pub fn was_seen_by(&self, who: &str) -> bool {
        self.unblinded.iter().any(|seen| seen.by == who && seen.page.is_none())
    }

    /// Whether `who` saw who answers on a page, from 0, before choosing there.
    pub fn was_seen_on(&self, page: usize, who: &str) -> bool {
        let there = |of: u32| of as usize == page;
        self.unblinded.iter().any(|seen| seen.by == who && seen.page.is_none_or(there))
    }

    /// The columns in the order in which a page shows them: as they are, and blind in one that is drawn for the page.
    pub fn order(&self, page: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.columns.len()).collect();
        if let Some(seed) = self.blind {
            Chance::of(&[b"columns", &seed.to_be_bytes(), &(page as u64).to_be_bytes()]).shuffle(&mut order);
        }
        order
    }

    /// Whether every page shows the columns in one order.
    pub fn is_of_one_order(&self) -> bool {
        self.blind.is_none() || self.pages.len() <= 1
    }

    /// What a column is called on a page.
    pub fn letter(&self, page: usize, column: usize) -> char {
        letter(self.order(page).into_iter().position(|at| at == column).unwrap_or(column))
    }

    /// What was chosen on a page, in words.
    pub fn chosen(&self, page: usize, choice: Choice) -> String {
        match choice {
            Choice::One(column) => self.letter(page, column).to_string(),
            Choice::Tie => "a tie".to_owned(),
            Choice::BothBad => "none: all are bad".to_owned(),
        }
    }

    /// Every lane with its column and page.
    pub fn lanes(&self) -> impl Iterator<Item = (usize, usize, ConversationId)> + '_ {
        self.pages.iter().enumerate().flat_map(|(page, of)| {
            of.lanes.iter().enumerate().map(move |(column, lane)| (page, column, *lane))
        })
    }
}

/// A comparison as programs are told of it: of its seed only that there is one. Who has the seed knows who stands where on
/// every page.
///
/// # Errors
///
/// As the serializer has them.
pub fn without_seed<S: serde::Serializer>(
    comparison: &Comparison,
    to: S,
) -> std::result::Result<S::Ok, S::Error> {
    let mut told = serde_json::to_value(comparison).map_err(serde::ser::Error::custom)?;
    if let Some(blind) = told.get_mut("blind") {
        *blind = true.into();
    }
    told.serialize(to)
}

/// What a person wants compared.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    pub columns: Vec<Column>,
    /// Rows of values for the variables; none is one row without values.
    #[serde(default)]
    pub rows: Vec<Values>,
    /// How often each row is asked.
    pub samples: u32,
    #[serde(default)]
    pub blind: bool,
    #[serde(default)]
    pub category: Option<String>,
    /// What will be asked first: it names the comparison, and its variables have the rows' values.
    pub text: String,
}

/// A table of values as a file has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    /// The file's name.
    pub name: String,
    pub text: String,
}

impl Plan {
    /// How many conversations it makes.
    ///
    /// # Errors
    ///
    /// `Invalid` where there are too few or too many columns, no repeat, more lanes than anybody wants by intent, or a
    /// variable without a value.
    pub fn lanes(&self) -> Result<usize> {
        let failed = |why: String, hint: &str| {
            Err(Error::new(ErrorKind::Invalid, "comparing models", why, hint.to_owned()))
        };
        let columns = self.columns.len();
        if !COLUMNS.contains(&columns) {
            let hint = "Name 2 to 8: -m MODEL -m MODEL. The same one may stand twice, with other settings.";
            let have = figures::count(columns as u64, "column", "columns");
            return failed(format!("it would have {have}"), hint);
        }
        if self.samples == 0 {
            return failed("nothing is asked 0 times".to_owned(), "Ask once or more often.");
        }
        let pages = self.rows.len().max(1).saturating_mul(self.samples as usize);
        let lanes = pages.saturating_mul(columns);
        if lanes > MOST_LANES {
            let why = format!("{columns} columns on {pages} pages are {lanes} answers a turn");
            return failed(why, &format!("Take {MOST_LANES} at most: fewer rows, or fewer repeats."));
        }
        if self.rows.is_empty()
            && let Some(missing) = self.variables().next()
        {
            let hint = format!("Give a file of values: --vars FILE. {MEANT}");
            return failed(format!("{{{{{missing}}}}} has no value"), &hint);
        }
        for (at, row) in self.rows.iter().enumerate() {
            if let Some(missing) = self.variables().find(|name| !row.contains_key(name)) {
                let why = format!("row {} has no value for {{{{{missing}}}}}", at + 1);
                let has = row.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
                return failed(why, &format!("It has {has}."));
            }
        }
        Ok(lanes)
    }

    /// The variables of the text and of the system prompts.
    pub fn variables(&self) -> impl Iterator<Item = String> + '_ {
        let texts = std::iter::once(&self.text).chain(self.columns.iter().filter_map(|c| c.system.as_ref()));
        texts.flat_map(|text| {
            let template = Template { text: text.clone(), ..Template::default() };
            template.variables().into_iter().map(str::to_owned).collect::<Vec<_>>()
        })
    }

    /// The pages without their lanes: every repeat of the first row, then of the next.
    pub fn pages(&self) -> impl Iterator<Item = (Values, u32)> + '_ {
        let one = if self.rows.is_empty() { Some(Values::new()) } else { None };
        let rows = self.rows.iter().cloned().chain(one);
        rows.flat_map(|row| (0..self.samples).map(move |sample| (row.clone(), sample)))
    }
}

/// A choice among the answers of one turn on one page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ballot {
    pub id: BallotId,
    pub at: Timestamp,
    /// Who chose.
    pub who: String,
    pub comparison: ComparisonId,
    pub page: u32,
    /// The answers chosen among, in the order of the columns.
    pub answers: Vec<MessageId>,
    /// The contestants, in the order of the columns.
    pub contestants: Vec<String>,
    /// The columns as they stood on the screen, from the left.
    pub order: Vec<usize>,
    /// The seed of that order, where who answered was hidden when this was chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blind: Option<u64>,
    /// When it was taken back: it is kept, and counts no more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken_back: Option<Timestamp>,
    /// The column, not the place on the screen.
    pub choice: Choice,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// What was asked, as a digest: choices about one prompt belong together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt: Option<String>,
    /// The columns whose answer failed, or was cut off before it had a word: nothing is said of their models.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failed: Vec<usize>,
}

impl Ballot {
    /// Whether this person made it; one without a name is whoever's who has the store.
    pub fn is_of(&self, who: &str) -> bool {
        self.who.is_empty() || self.who == who
    }

    /// Whether it is about the same answers, by the same person: the later one counts.
    pub fn supersedes(&self, other: &Self) -> bool {
        self.who == other.who && self.answers == other.answers && (self.at, self.id) > (other.at, other.id)
    }

    /// Whether it chose among the answers of this turn.
    pub fn is_about(&self, answers: &[Option<&Message>]) -> bool {
        answers
            .iter()
            .map(|answer| answer.map(|message| message.id))
            .eq(self.answers.iter().map(|id| Some(*id)))
    }

    /// What it says of every two contestants.
    pub fn battles(&self) -> Vec<Battle> {
        let told = |battle| Battle { category: self.category.clone(), prompt: self.prompt.clone(), ..battle };
        let count = self.contestants.len();
        let answered: Vec<usize> = (0..count).filter(|column| !self.failed.contains(column)).collect();
        let choice = match self.choice {
            Choice::One(won) => {
                let Some(at) = answered.iter().position(|column| *column == won) else { return Vec::new() };
                Choice::One(at)
            }
            undecided => undecided,
        };
        let names: Vec<&str> = answered.iter().map(|column| self.contestants[*column].as_str()).collect();
        battles(&names, choice).into_iter().map(told).collect()
    }
}

/// The ballots that count, in their order: of each person the last about the same answers that was not taken back.
pub fn counted(ballots: &[Ballot]) -> Vec<&Ballot> {
    let mut last: BTreeMap<(&str, &[MessageId]), &Ballot> = BTreeMap::new();
    for ballot in ballots.iter().filter(|ballot| ballot.taken_back.is_none()) {
        let held = last.entry((&ballot.who, &ballot.answers)).or_insert(ballot);
        if ballot.supersedes(held) {
            *held = ballot;
        }
    }
    let mut counted: Vec<_> = last.into_values().collect();
    counted.sort_by_key(|ballot| (ballot.at, ballot.id));
    counted
}

/// What a column is called that stands at this place of a page: A to H.
pub fn letter(place: usize) -> char {
    u8::try_from(place).map_or('?', |column| char::from(b'A'.saturating_add(column)))
}

/// The forms in which comparisons are written out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// Every answer with its figures, for people.
    Markdown,
    /// An object a line: the comparison, each conversation, each choice that counts.
    Json,
    /// The choices that count, a battle of two a line, as `FastChat` has them.
    Battles,
}

/// A message to every column, and what each said to it.
#[derive(Debug, Clone, PartialEq)]
pub struct Turn<'a> {
    pub asked: Option<&'a Message>,
    /// In the order of the columns; `None` where a column has none yet.
    pub answers: Vec<Option<&'a Message>>,
}

/// The turns of a page whose conversations are given in the order of the columns: the branch that each shows.
pub fn turns(threads: &[Thread]) -> Vec<Turn<'_>> {
    let mut turns: Vec<Turn<'_>> = Vec::new();
    for (column, thread) in threads.iter().enumerate() {
        let path = thread.conversation.leaf.map(|leaf| Tree::new(&thread.messages).path(leaf));
        let mut at = 0_usize;
        for message in path.unwrap_or_default() {
            at += usize::from(is_question(message));
            let Some(turn) = at.checked_sub(1) else { continue };
            if turns.len() <= turn {
                turns.push(Turn { asked: None, answers: vec![None; threads.len()] });
            }
            if is_question(message) {
                turns[turn].asked.get_or_insert(message);
            } else if message.role == Role::Assistant {
                turns[turn].answers[column] = Some(message);
            }
        }
    }
    turns
}

/// A person asked something; what tools give back is none of that.
pub fn is_question(message: &Message) -> bool {
    let given = |block: &Block| matches!(block, Block::ToolResult { .. });
    message.role == Role::User && !message.blocks.iter().all(given)
}

/// A digest of what was asked.
pub fn prompt_digest(blocks: &[Block]) -> String {
    let mut hash = Sha256::new();
    for block in blocks {
        match block {
            Block::Text { text } => hash.update(text.as_bytes()),
            Block::Image { blob, .. } | Block::Document { blob, .. } => hash.update(blob.0.as_bytes()),
            _ => {}
        }
        hash.update([0]);
    }
    hex(&hash.finalize()[..8])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::conversation::Conversation;
    use crate::domain::evaluation::Outcome;
    use crate::domain::message::MessageOrigin;

    fn column(settings: &[(&str, &str)], system: Option<&str>) -> Column {
        let mut column = Column::new("home/x".parse().unwrap());
        for (name, value) in settings {
            column.settings.set(name, value).unwrap();
        }
        Column { system: system.map(str::to_owned), ..column }
    }

    /// Leaderboards of old votes hang on these names: they never change.
    #[test]
    fn a_contestant_is_its_model_and_what_else_it_was_asked_with() {
        assert_eq!(column(&[], None).contestant(), "home/x");
        assert_eq!(column(&[], Some("  ")).contestant(), "home/x");
        let tuned = column(&[("seed", "7"), ("temperature", "0.5")], Some("Be brief."));
        assert_eq!(tuned.contestant(), "home/x temperature=0.5 seed=7 system#213c22ed");
        let schema = r#"{"type":"object","properties":{"a":{"type":"string"}}}"#;
        let long = column(&[("response_schema", schema)], None).contestant();
        assert!(long.starts_with("home/x response_schema#") && long.len() < 40, "{long}");
        let (blank, none) = (column(&[("stop", "a b")], None), column(&[("stop", "a  b")], None));
        assert_ne!(blank.contestant(), none.contestant());
    }

    fn page(values: &[(&str, &str)]) -> Page {
        let values = values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Page { values, sample: 0, lanes: Vec::new() }
    }

    fn text(text: &str) -> Block {
        Block::Text { text: text.to_owned() }
    }

    #[test]
    fn values_are_put_in_and_four_braces_are_two() {
        let blocks = [text("{{a}} {{{{b}}"), text(&crate::domain::attachment::fenced("a.txt", "{{a}}\n"))];
        assert_eq!(page(&[]).filled(&blocks)[0], text("{{a}} {{b}}"));
        let filled = page(&[("a", "1")]).filled(&blocks);
        assert_eq!(filled, [text("1 {{b}}"), blocks[1].clone()], "a file is no template");
        let column = column(&[], Some("{{a}}"));
        assert_eq!(page(&[]).system(&column).as_deref(), Some("{{a}}"));
        assert_eq!(page(&[("a", "1")]).system(&column).as_deref(), Some("1"));
        assert_eq!(page(&[("a", " ")]).system(&column), None);
    }

    fn plan(columns: usize, rows: Vec<Values>, samples: u32) -> Plan {
        let columns = vec![column(&[], Some("{{b}}")); columns];
        Plan { columns, rows, samples, blind: false, category: None, text: "{{a}}".to_owned() }
    }

    #[test]
    fn a_plan_says_how_many_answers_it_is_and_what_is_wrong_with_it() {
        let row = page(&[("a", "1"), ("b", "2"), ("more", "3")]).values;
        assert_eq!(plan(2, vec![row.clone()], 1).lanes().unwrap(), 2);
        let whole = plan(3, vec![row.clone(), row.clone()], 2);
        assert_eq!((whole.lanes().unwrap(), whole.pages().count()), (12, 4));
        assert_eq!(whole.pages().map(|(_, sample)| sample).collect::<Vec<_>>(), [0, 1, 0, 1]);
        let wrong = |plan: Plan| plan.lanes().unwrap_err().why;
        assert_eq!(wrong(plan(2, Vec::new(), 1)), "{{a}} has no value");
        let meant = Plan {
            columns: vec![column(&[], None); 2],
            text: "{{{{a}} {{ }}".into(),
            ..plan(2, Vec::new(), 1)
        };
        assert_eq!(meant.lanes().unwrap(), 2, "these braces are none");
        assert_eq!(wrong(plan(1, Vec::new(), 1)), "it would have 1 column");
        assert_eq!(wrong(plan(9, Vec::new(), 1)), "it would have 9 columns");
        assert!(wrong(plan(2, Vec::new(), 0)).contains("0 times"));
        assert!(wrong(plan(8, Vec::new(), u32::MAX)).contains("answers a turn"));
        assert_eq!(wrong(plan(2, vec![row, page(&[("a", "1")]).values], 1)), "row 2 has no value for {{b}}");
    }

    #[test]
    fn blind_columns_stand_in_an_order_that_is_drawn_for_the_page_and_can_be_drawn_again() {
        let mut comparison = Comparison {
            id: ComparisonId::from_bytes([1; 16]),
            title: String::new(),
            created: Timestamp(0),
            updated: Timestamp(0),
            columns: vec![column(&[], None); 2],
            pages: vec![page(&[]); 1000],
            blind: None,
            category: None,
            unblinded: Vec::new(),
        };
        assert!((0..9).all(|page| comparison.order(page) == [0, 1]));
        comparison.blind = Some(7);
        let first = (0..1000).filter(|page| comparison.order(*page)[0] == 0).count();
        assert!((450..=550).contains(&first), "each stands first about as often: {first}");
        assert_eq!(comparison.order(3), comparison.clone().order(3));
    }

    #[test]
    fn the_first_page_that_is_hidden_is_the_first_on_which_nobody_has_chosen() {
        let mut comparison = Comparison {
            id: ComparisonId::from_bytes([1; 16]),
            title: String::new(),
            created: Timestamp(0),
            updated: Timestamp(0),
            columns: vec![column(&[], None); 2],
            pages: vec![page(&[]); 2],
            blind: Some(7),
            category: None,
            unblinded: Vec::new(),
        };
        let chosen = ballot(1, "ada", 1, Choice::One(0));
        assert_eq!(comparison.hidden_page(&[], "ada"), Some(0));
        assert_eq!(comparison.hidden_page(std::slice::from_ref(&chosen), "ada"), Some(1));
        let both = [chosen.clone(), Ballot { page: 1, ..chosen }];
        assert_eq!(comparison.hidden_page(&both, "ada"), None);
        let seen = |page| Seen { by: "ada".to_owned(), at: Timestamp(1), page };
        comparison.unblinded.push(seen(Some(0)));
        assert_eq!(comparison.hidden_page(&[], "ada"), Some(1), "they have seen that page alone");
        assert_eq!(comparison.hidden_page(&[], "bob"), Some(0));
        comparison.unblinded.push(seen(None));
        assert_eq!(comparison.hidden_page(&[], "ada"), None, "who has looked may see");
        assert_eq!(comparison.hidden_page(&[], "bob"), Some(0));
    }

    fn ballot(n: u8, who: &str, answers: u8, choice: Choice) -> Ballot {
        Ballot {
            id: BallotId::from_bytes([n; 16]),
            at: Timestamp(n.into()),
            who: who.to_owned(),
            comparison: ComparisonId::from_bytes([1; 16]),
            page: 0,
            answers: vec![MessageId::from_bytes([answers; 16])],
            contestants: vec!["a".to_owned(), "b".to_owned(), "c".to_owned()],
            order: vec![0, 1, 2],
            blind: None,
            taken_back: None,
            choice,
            category: Some("x".to_owned()),
            prompt: Some("p".to_owned()),
            failed: Vec::new(),
        }
    }

    #[test]
    fn nothing_is_said_of_a_model_whose_answer_failed() {
        let without = |choice, failed: &[usize]| {
            let ballot = Ballot { failed: failed.to_vec(), ..ballot(1, "ada", 1, choice) };
            ballot.battles().into_iter().map(|battle| (battle.a, battle.b)).collect::<Vec<_>>()
        };
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(without(Choice::One(2), &[]), [pair("c", "a"), pair("c", "b")]);
        assert_eq!(without(Choice::One(2), &[0]), [pair("c", "b")]);
        assert_eq!(without(Choice::One(0), &[0]), []);
        assert_eq!(without(Choice::BothBad, &[1]), [pair("a", "c")]);
        assert_eq!(without(Choice::Tie, &[1, 2]), []);
    }

    #[test]
    fn of_each_person_the_last_choice_about_the_same_answers_counts() {
        let all = [
            ballot(3, "ada", 1, Choice::Tie),
            ballot(1, "ada", 1, Choice::One(0)),
            ballot(2, "bob", 1, Choice::One(1)),
            ballot(4, "ada", 2, Choice::BothBad),
        ];
        let counting: Vec<_> = counted(&all).into_iter().map(|ballot| ballot.id.as_bytes()[0]).collect();
        assert_eq!(counting, [2, 3, 4]);
        let won = ballot(1, "ada", 1, Choice::One(2)).battles();
        let told: Vec<_> = won.iter().map(|b| (b.a.as_str(), b.b.as_str(), b.outcome)).collect();
        assert_eq!(told, [("c", "a", Outcome::A), ("c", "b", Outcome::A)]);
        assert!(won.iter().all(|b| b.category.as_deref() == Some("x") && b.prompt.as_deref() == Some("p")));
    }

    fn message(n: u8, role: Role, blocks: Vec<Block>) -> Message {
        Message {
            id: MessageId::from_bytes([n; 16]),
            conversation: ConversationId::from_bytes([1; 16]),
            parent: n.checked_sub(1).filter(|n| *n > 0).map(|n| MessageId::from_bytes([n; 16])),
            role,
            blocks,
            created: Timestamp(0),
            answer: None,
            origin: MessageOrigin::Here,
        }
    }

    fn thread(messages: Vec<Message>) -> Thread {
        let conversation = Conversation {
            id: ConversationId::from_bytes([1; 16]),
            title: String::new(),
            titled: false,
            created: Timestamp(0),
            updated: Timestamp(0),
            model: None,
            system: None,
            settings: Settings::default(),
            leaf: messages.last().map(|message| message.id),
            run: None,
            side: None,
            forked_from: None,
            agent: None,
        };
        Thread { conversation, messages }
    }

    #[test]
    fn a_turn_is_a_question_and_the_last_that_each_column_said_to_it() {
        let given = Block::ToolResult { id: "a".into(), content: "4".into(), is_error: false };
        let calls = thread(vec![
            message(1, Role::User, vec![text("one")]),
            message(2, Role::Assistant, vec![text("I ask a tool")]),
            message(3, Role::User, vec![given]),
            message(4, Role::Assistant, vec![text("four")]),
            message(5, Role::User, vec![text("two")]),
        ]);
        let plain = thread(vec![
            message(1, Role::User, vec![text("one")]),
            message(2, Role::Assistant, vec![text("4")]),
        ]);
        let threads = [calls, plain];
        let turns = turns(&threads);
        let said = |message: Option<&Message>| message.map(Message::text);
        let told: Vec<_> = turns
            .iter()
            .map(|turn| {
                (said(turn.asked), turn.answers.iter().map(|answer| said(*answer)).collect::<Vec<_>>())
            })
            .collect();
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(told[0], (some("one"), vec![some("four"), some("4")]));
        assert_eq!(told[1], (some("two"), vec![None, None]));
    }
}
