//! A question before an act that cannot be taken back. Its keys are the verbs' letters.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

use super::{Choice, Outcome};
use crate::domain::conversation::Conversation;
use crate::domain::id::ConversationId;
use crate::domain::untrusted::safe_line;
use crate::tui::action::Action;
use crate::tui::key::Key;
use crate::tui::look::{Look, Role};
use crate::tui::paint::{put, wrap};

/// What goes on in a place.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Running {
    /// Answers that are being written.
    pub answers: usize,
    /// Messages that wait for them.
    pub waiting: usize,
    pub fetching: bool,
}

impl Running {
    /// Something would be cut off.
    pub fn goes_on(self) -> bool {
        self.answers > 0 || self.fetching
    }
}

/// One answer: its letter, its words, what it does (`None`: nothing).
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    pub letter: char,
    pub words: &'static str,
    pub choice: Option<Choice>,
}

/// The act in a sentence, its object, what stays, the answers.
#[derive(Debug, Clone, PartialEq)]
pub struct Confirm {
    pub act: &'static str,
    pub object: String,
    pub rest: String,
    pub answers: Vec<Answer>,
}

impl Confirm {
    /// Asks before a conversation is deleted.
    pub fn delete(head: &Conversation) -> Self {
        Self {
            act: "Delete",
            object: head.title.clone(),
            rest: "with all its messages and branches? It cannot be brought back.".to_owned(),
            answers: vec![
                Answer { letter: 'd', words: "delete it", choice: Some(Choice::Delete(head.id)) },
                Answer { letter: 'k', words: "keep it", choice: None },
            ],
        }
    }

    /// Asks before a file is written over.
    pub fn replace(id: ConversationId, path: String) -> Self {
        Self {
            act: "Replace the file",
            object: safe_line(&path).into_owned(),
            rest: "by the conversation? What is in it now is lost.".to_owned(),
            answers: vec![
                Answer {
                    letter: 'r',
                    words: "replace it",
                    choice: Some(Choice::Export { id, path, replace: true }),
                },
                Answer { letter: 'k', words: "keep it", choice: None },
            ],
        }
    }

    /// Asks before what goes on is cut off.
    pub fn quit(running: Running) -> Self {
        let mut parts = Vec::new();
        match running.answers {
            0 => {}
            1 => parts.push("1 answer".to_owned()),
            count => parts.push(format!("{count} answers")),
        }
        if running.fetching {
            parts.push("fetching a model".to_owned());
        }
        let waiting = match running.waiting {
            0 => String::new(),
            1 => " 1 message waits; it goes back into the composer.".to_owned(),
            count => format!(" {count} messages wait; they go back into the composer."),
        };
        Self {
            act: "Quit and stop",
            object: parts.join(" and "),
            rest: format!("? What has come is kept.{waiting}"),
            answers: vec![
                Answer { letter: 'q', words: "quit", choice: Some(Choice::Quit) },
                Answer { letter: 's', words: "stay", choice: None },
            ],
        }
    }

    /// Takes a key. Enter answers nothing: such an act needs its own letter.
    pub fn key(&mut self, key: Key, action: Option<Action>) -> Outcome {
        if action == Some(Action::Cancel) {
            return Outcome::Close;
        }
        let letter = key.typed().map(|c| c.to_ascii_lowercase());
        match self.answers.iter().find(|answer| Some(answer.letter) == letter) {
            Some(Answer { choice: Some(choice), .. }) => Outcome::Chosen(choice.clone()),
            Some(_) => Outcome::Close,
            None => Outcome::Stay,
        }
    }

    fn sentence(&self) -> String {
        let gap = if self.rest.starts_with('?') { "" } else { " " };
        format!("{} {}{gap}{}", self.act, self.object, self.rest)
    }

    /// Rows that it needs in an overlay of that width.
    pub fn height(&self, width: u16) -> u16 {
        wrap(&self.sentence(), width.saturating_sub(4)).len().min(8) as u16 + 5
    }

    /// Paints it.
    pub fn draw(&self, area: Rect, cells: &mut Buffer, look: &Look) {
        let raised = look.style(Role::Raised);
        let text = raised.patch(look.style(Role::Text));
        let mut object = self.object.split_whitespace().peekable();
        let act_words = self.act.split_whitespace().count();
        let mut at = 0;
        let objects = self.object.split_whitespace().count();
        let mut y = area.y + 1;
        for line in wrap(&self.sentence(), area.width) {
            let mut x = area.x;
            for word in line.split(' ') {
                let bold = at >= act_words && at < act_words + objects && object.next().is_some();
                let style = if bold { text.add_modifier(Modifier::BOLD) } else { text };
                x = put(cells, x, y, area.right(), word, style) + 1;
                at += 1;
            }
            y += 1;
            if y + 2 >= area.bottom() {
                break;
            }
        }
        let y = area.bottom().saturating_sub(1);
        let mut x = area.x;
        for answer in &self.answers {
            let role = if answer.choice.is_some() { Role::Bad } else { Role::Accent };
            x = put(
                cells,
                x,
                y,
                area.right(),
                &answer.letter.to_string(),
                raised.patch(look.style(role)).add_modifier(Modifier::BOLD),
            );
            x = put(cells, x + 1, y, area.right(), answer.words, raised.patch(look.style(Role::Muted))) + 3;
        }
        put(cells, x, y, area.right(), "Esc back", raised.patch(look.style(Role::Muted)));
    }
}
