//! Keeps what is said in calls that nobody else keeps. Calls of one run say everything again that was said before: what two
//! that follow each other share is kept once.

use std::sync::{Arc, Mutex, PoisonError};

use crate::domain::call::{Converse, Turn};
use crate::domain::id::SpanId;
use crate::domain::message::{Block, Role};
use crate::domain::settings::Settings;
use crate::domain::trace::told::Told;

/// What is said in the calls that are made with it, and its clones, is kept beside their spans.
#[derive(Debug, Clone, Default)]
pub struct Tells(Arc<Mutex<Option<Before>>>);

/// The last call.
#[derive(Debug)]
struct Before {
    span: SpanId,
    system: Option<String>,
    settings: Settings,
    turns: Vec<Turn>,
}

/// What is said in one call.
#[derive(Debug)]
pub(super) struct Telling {
    tells: Tells,
    told: Told,
    system: Option<String>,
    settings: Settings,
    turns: Vec<Turn>,
}

impl Tells {
    /// A call begins.
    pub(super) fn begin(&self, converse: &Converse) -> Telling {
        let (system, turns) = (converse.system.clone(), converse.turns.clone());
        let settings = converse.settings.clone();
        let before = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = before.as_ref().filter(|before| before.system == system);
        let shared =
            |before: &Before| before.turns.iter().zip(&turns).take_while(|(one, other)| one == other).count();
        let shared = known.map(|before| (before, shared(before))).filter(|(_, many)| *many > 0);
        let told = match shared {
            Some((before, many)) => Told {
                after: Some((before.span, u32::try_from(many).unwrap_or(u32::MAX))),
                settings: (before.settings != settings).then(|| settings.clone()),
                input: turns[many..].to_vec(),
                ..Told::default()
            },
            None => Told {
                system: system.clone(),
                settings: Some(settings.clone()),
                input: turns.clone(),
                ..Told::default()
            },
        };
        Telling { tells: self.clone(), told, system, settings, turns }
    }
}

impl Telling {
    /// It has ended with that.
    pub(super) fn end(mut self, span: SpanId, output: &[Block]) -> Told {
        self.told.output = output.to_vec();
        self.turns.push(Turn { role: Role::Assistant, blocks: output.to_vec() });
        let before = Before { span, system: self.system, settings: self.settings, turns: self.turns };
        *self.tells.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(before);
        self.told
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::call::Blobs;

    fn said(text: &str) -> Vec<Block> {
        vec![Block::Text { text: text.to_owned() }]
    }

    fn turn(role: Role, text: &str) -> Turn {
        Turn { role, blocks: said(text) }
    }

    #[test]
    fn what_two_calls_share_is_kept_once() {
        let converse = |system: &str, turns: &[Turn]| Converse {
            model: "a/b".parse().unwrap(),
            system: Some(system.to_owned()),
            turns: turns.to_vec(),
            settings: Settings::default(),
            conversation: None,
            blobs: Blobs::default(),
        };
        let tells = Tells::default();
        let id = |number: u8| SpanId::from_bytes([number; 16]);
        let turns = [
            turn(Role::User, "why"),
            turn(Role::Assistant, "call"),
            turn(Role::User, "gave"),
            turn(Role::User, "so"),
        ];
        let told = |number: u8, system: &str, many: usize, gave: &str| {
            tells.begin(&converse(system, &turns[..many])).end(id(number), &said(gave))
        };
        let first = told(1, "s", 1, "call");
        assert_eq!(
            (first.after, first.system.as_deref(), first.input.as_slice()),
            (None, Some("s"), &turns[..1])
        );
        let second = told(2, "s", 3, "done");
        assert_eq!(
            (second.after, second.system, second.input),
            (Some((id(1), 2)), None, turns[2..3].to_vec())
        );
        // What it gave is none of what is said next.
        assert_eq!(told(3, "s", 4, "done").after, Some((id(2), 3)));
        let other = told(4, "t", 4, "done");
        assert_eq!((other.after, other.input.len()), (None, 4));
    }
}
