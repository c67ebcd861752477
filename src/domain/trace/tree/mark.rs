//! What is odd about a span's place in its trace.

/// One oddity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// It names a parent that is not here (yet).
    Orphan,
    /// It was its own ancestor; it hangs nowhere.
    Cycle,
    /// Another span has its id, and says otherwise.
    SameId,
    /// It came before, as it is: a sender that tried again. Its tokens count once.
    Again,
    /// It starts before its parent or ends after it; it is shown within.
    Skewed,
    /// It ends before it starts; it is shown to take no time.
    Backwards,
    /// Its end has not come.
    Running,
    /// It was not written as its format says, and was read all the same.
    Repaired,
    /// It ended before it was done.
    Stopped,
}

impl Mark {
    pub const ALL: [Self; 9] = [
        Self::Orphan,
        Self::Cycle,
        Self::SameId,
        Self::Again,
        Self::Skewed,
        Self::Backwards,
        Self::Running,
        Self::Repaired,
        Self::Stopped,
    ];

    /// The word of filters and of `--json`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Orphan => "orphan",
            Self::Cycle => "cycle",
            Self::SameId => "same_id",
            Self::Again => "again",
            Self::Skewed => "skewed",
            Self::Backwards => "backwards",
            Self::Running => "running",
            Self::Repaired => "repaired",
            Self::Stopped => "stopped",
        }
    }

    /// What it means, for people.
    pub const fn says(self) -> &'static str {
        match self {
            Self::Orphan => "its parent has not come",
            Self::Cycle => "its parents lead back to itself",
            Self::SameId => "another span has its id",
            Self::Again => "it came more than once",
            Self::Skewed => "its clock does not agree with its parent's",
            Self::Backwards => "it ends before it starts",
            Self::Running => "its end has not come",
            Self::Repaired => "it was written in an unusual way",
            Self::Stopped => "it was stopped before it was done",
        }
    }
}

/// The oddities of one span.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Marks(u16);

impl Marks {
    pub fn add(&mut self, mark: Mark) {
        self.0 |= 1 << mark as u8;
    }

    pub fn has(self, mark: Mark) -> bool {
        self.0 & 1 << mark as u8 != 0
    }

    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub fn iter(self) -> impl Iterator<Item = Mark> {
        Mark::ALL.into_iter().filter(move |mark| self.has(*mark))
    }
}
