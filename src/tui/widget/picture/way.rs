//! How a terminal shows pictures.

/// By which means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum By {
    /// Kitty's graphics with placeholders: the terminal keeps the picture, cells stand for its parts.
    Kitty,
    /// iTerm2's inline images.
    Iterm2,
    Sixel,
    /// Two pixels a cell.
    Blocks,
    /// Nothing but its description.
    Words,
}

/// The means, with what it needs to know of the terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Way {
    pub by: By,
    /// Width and height of a cell, in pixels.
    pub cell: (u16, u16),
    /// Through tmux to the terminal behind it.
    pub tmux: bool,
}

impl Default for Way {
    fn default() -> Self {
        Self { by: By::Blocks, cell: (10, 20), tmux: false }
    }
}

impl Way {
    /// Pixels of a picture that a cell has room for.
    pub(super) fn pixels(self) -> (u16, u16) {
        match self.by {
            By::Blocks | By::Words => (1, 2),
            _ => (self.cell.0.max(1), self.cell.1.max(1)),
        }
    }

    /// Text over it, and away again, leaves a hole: it must be sent anew.
    pub fn is_fragile(self) -> bool {
        matches!(self.by, By::Sixel | By::Iterm2)
    }
}
