//! Who computes next: interactive calls before background ones, and those of one kind in turn.

use std::collections::VecDeque;

use super::session::Step;
use crate::domain::priority::{Precedence, Priority};

/// Interactive calls that take turns, as many as stand side by side at most; more of them wait. Background ones take the places
/// that these leave, and one in any case.
const RUNNING: usize = 8;

/// Tokens that one writes before it is the next one's turn. In the background it is one: who comes waits for no more.
fn tokens(priority: Priority) -> usize {
    match priority {
        Priority::Interactive => 4,
        Priority::Background => 1,
    }
}

/// Calls that take turns.
#[derive(Debug)]
pub(super) struct Turns<T> {
    running: VecDeque<(Priority, T)>,
    precedence: Precedence,
}

/// What became of a turn.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Turned<T> {
    /// The call has more to do.
    More,
    /// The call has ended.
    Done(T),
    /// There is none, or all readers are slow.
    Idle,
}

impl<T> Turns<T> {
    pub(super) fn new() -> Self {
        Self { running: VecDeque::new(), precedence: Precedence::default() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.running.is_empty()
    }

    pub(super) fn calls(&self) -> impl Iterator<Item = &T> {
        self.running.iter().map(|(_, call)| call)
    }

    /// Those that take turns before one of `priority` may.
    pub(super) fn ahead(&self, priority: Priority) -> usize {
        match priority {
            Priority::Interactive => self.many(priority),
            Priority::Background => self.running.len(),
        }
    }

    /// Whether one of `priority` may begin.
    pub(super) fn has_room(&self, priority: Priority) -> bool {
        self.ahead(priority) < RUNNING || self.many(priority) == 0
    }

    pub(super) fn begin(&mut self, priority: Priority, call: T) {
        self.running.push_back((priority, call));
    }

    /// Gives the next one its turn: `step` is told how many tokens it may write.
    pub(super) fn turn(&mut self, mut step: impl FnMut(&mut T, usize) -> Step) -> Turned<T> {
        let first = self.precedence.first();
        for priority in [first, first.other()] {
            for _ in 0..self.many(priority) {
                let at = self.running.iter().position(|(own, _)| *own == priority);
                let Some((_, mut call)) = at.and_then(|at| self.running.remove(at)) else { break };
                let stepped = step(&mut call, tokens(priority));
                if stepped != Step::Full {
                    self.precedence.went(priority, self.many(Priority::Background) > 0);
                }
                match stepped {
                    Step::Done => return Turned::Done(call),
                    Step::More => {
                        self.begin(priority, call);
                        return Turned::More;
                    }
                    Step::Full => self.begin(priority, call),
                }
            }
        }
        Turned::Idle
    }

    fn many(&self, priority: Priority) -> usize {
        self.running.iter().filter(|(own, _)| *own == priority).count()
    }
}

#[cfg(test)]
mod tests {
    use super::Priority::{Background, Interactive};
    use super::*;

    /// The names of those whose turns come, in order. Who is named in capitals has a slow reader.
    fn order(turns: &mut Turns<char>, many: usize) -> String {
        let mut order = String::new();
        for _ in 0..many {
            let turned = turns.turn(|name, _| {
                if name.is_uppercase() {
                    return Step::Full;
                }
                order.push(*name);
                Step::More
            });
            if turned == Turned::Idle {
                order.push('.');
            }
        }
        order
    }

    fn new(running: &[(Priority, char)]) -> Turns<char> {
        let mut turns = Turns::new();
        for (priority, name) in running {
            turns.begin(*priority, *name);
        }
        turns
    }

    #[test]
    fn those_of_one_kind_take_turns_evenly() {
        for priority in [Interactive, Background] {
            let mut turns = new(&[(priority, 'a'), (priority, 'b'), (priority, 'c')]);
            assert_eq!(order(&mut turns, 7), "abcabca");
        }
    }

    #[test]
    fn who_is_looked_at_goes_first_and_the_background_has_one_turn_in_nine() {
        let mut turns = new(&[(Background, 'x'), (Background, 'y'), (Background, 'z')]);
        assert_eq!(order(&mut turns, 2), "xy");
        turns.begin(Interactive, 'a');
        assert_eq!(order(&mut turns, 18), "aaaaaaaazaaaaaaaax");
        turns.begin(Interactive, 'b');
        assert_eq!(order(&mut turns, 9), "ababababy");
        // When they have ended the background goes on.
        for _ in 0..2 {
            assert!(matches!(turns.turn(|_, _| Step::Done), Turned::Done('a' | 'b')));
        }
        assert_eq!(order(&mut turns, 3), "zxy");
    }

    #[test]
    fn a_slow_reader_gives_its_turn_to_the_background() {
        let mut turns = new(&[(Interactive, 'A'), (Background, 'X'), (Background, 'y')]);
        assert_eq!(order(&mut turns, 3), "yyy");
        let mut slow = new(&[(Interactive, 'A'), (Background, 'X')]);
        assert_eq!(order(&mut slow, 1), ".");
    }

    #[test]
    fn the_background_writes_one_token_a_turn_and_others_four() {
        for (priority, most) in [(Interactive, 4), (Background, 1)] {
            let mut told = 0;
            let turned = new(&[(priority, 'a')]).turn(|_, tokens| {
                told = tokens;
                Step::Done
            });
            assert_eq!((turned, told), (Turned::Done('a'), most));
        }
    }

    #[test]
    fn the_background_takes_nobodys_place_and_keeps_one() {
        let mut turns = new(&[(Background, 'x'); RUNNING]);
        assert!(!turns.has_room(Background) && turns.has_room(Interactive));
        assert_eq!((turns.ahead(Background), turns.ahead(Interactive)), (RUNNING, 0));
        (0..RUNNING).for_each(|_| turns.begin(Interactive, 'a'));
        assert!(!turns.has_room(Interactive));
        assert_eq!((turns.ahead(Background), turns.ahead(Interactive)), (2 * RUNNING, RUNNING));
        let alone = new(&[(Interactive, 'a'); RUNNING]);
        assert!(alone.has_room(Background), "one of them always may begin");
    }
}
