//! Who goes first where calls wait for each other.

/// How soon the answer to a call is wanted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Priority {
    /// A person looks at what comes while it comes.
    #[default]
    Interactive,
    /// It belongs to work that goes on by itself, and gives way.
    Background,
}

impl Priority {
    /// The other one.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Interactive => Self::Background,
            Self::Background => Self::Interactive,
        }
    }
}

/// So many interactive calls go one after the other while a background one waits; then that one goes.
pub const IN_A_ROW: u32 = 8;

/// Whose turn it is: interactive calls go first, and background ones are not starved.
#[derive(Debug, Default)]
pub struct Precedence {
    /// Interactive calls that went one after the other while a background one waited.
    in_a_row: u32,
}

impl Precedence {
    /// Whose turn it is where calls of both wait.
    pub fn first(&self) -> Priority {
        if self.in_a_row < IN_A_ROW { Priority::Interactive } else { Priority::Background }
    }

    /// A call has had its turn; `background_waits` says whether a background one waits for its own.
    pub fn went(&mut self, priority: Priority, background_waits: bool) {
        self.in_a_row = match priority {
            Priority::Interactive if background_waits => self.in_a_row.saturating_add(1),
            Priority::Interactive | Priority::Background => 0,
        };
    }

    /// The place at which a call joins `line`, which stands in the order in which its calls go.
    pub fn place(&self, line: impl IntoIterator<Item = Priority>, joining: Priority) -> usize {
        let (mut length, mut in_a_row) = (0, self.in_a_row);
        // Behind the last interactive one, and how many go in a row up to there.
        let (mut place, mut before) = (0, in_a_row);
        for priority in line {
            length += 1;
            if priority == Priority::Interactive {
                in_a_row = in_a_row.saturating_add(1);
                (place, before) = (length, in_a_row);
            } else {
                in_a_row = 0;
            }
        }
        match joining {
            Priority::Background => length,
            Priority::Interactive if before < IN_A_ROW => place,
            Priority::Interactive => length.min(place + 1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Priority::{Background, Interactive};
    use super::*;

    #[test]
    fn who_is_interactive_passes_those_in_the_background_and_nobody_else() {
        let precedence = Precedence::default();
        let place = |line: &[Priority], joining| precedence.place(line.iter().copied(), joining);
        assert_eq!((place(&[], Interactive), place(&[], Background)), (0, 0));
        let line = [Interactive, Background, Background];
        assert_eq!((place(&line, Interactive), place(&line, Background)), (1, 3));
    }

    #[test]
    fn one_in_the_background_goes_after_every_eight_that_passed_it() {
        let mut precedence = Precedence::default();
        let mut line = vec![Background, Background];
        for _ in 0..10 {
            let place = precedence.place(line.iter().copied(), Interactive);
            line.insert(place, Interactive);
        }
        assert_eq!(line.iter().position(|priority| *priority == Background), Some(8));
        assert_eq!(line[9..], [Interactive, Interactive, Background]);
        // The same where those before it have gone already.
        for _ in 0..IN_A_ROW {
            assert_eq!(precedence.first(), Interactive);
            precedence.went(Interactive, true);
        }
        assert_eq!(precedence.first(), Background);
        assert_eq!(precedence.place([Background, Background], Interactive), 1);
        precedence.went(Background, true);
        assert_eq!(precedence.first(), Interactive);
        // Where nobody waits nobody is passed.
        (0..IN_A_ROW).for_each(|_| precedence.went(Interactive, false));
        assert_eq!(precedence.first(), Interactive);
    }
}
