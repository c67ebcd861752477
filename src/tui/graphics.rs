//! How pictures are shown here: what the person wants and what the terminal has said of itself.

use super::event::{Capability, Program};
use super::widget::picture::{By, Way};
use crate::config::{Config, Pictures};

/// What the configuration and the environment say.
#[allow(clippy::struct_excessive_bools, reason = "independent facts, each a variable that is there or not")]
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wish {
    pub choice: Pictures,
    pub no_color: bool,
    pub tmux: bool,
    /// GNU screen, which lets no pictures through.
    pub screen: bool,
    /// `TERM_PROGRAM` says that it is iTerm2.
    pub iterm2: bool,
}

impl Wish {
    pub fn of(config: &Config) -> Self {
        let terminal = &config.terminal;
        Self {
            choice: config.ui.pictures,
            no_color: terminal.no_color,
            tmux: terminal.tmux,
            screen: terminal.screen,
            iterm2: terminal.program.as_deref() == Some("iTerm.app"),
        }
    }

    /// Whether the terminal must be asked: half blocks and words need no answer.
    pub fn asks(&self) -> bool {
        match self.choice {
            Pictures::Blocks | Pictures::Off => false,
            Pictures::Auto => !self.no_color,
            _ => true,
        }
    }
}

/// What the terminal has said.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Graphics {
    kitty: bool,
    sixel: bool,
    program: Option<Program>,
    cell: Option<(u16, u16)>,
}

impl Graphics {
    /// Takes an answer in; what says nothing of pictures changes nothing.
    pub fn learn(&mut self, said: Capability) {
        match said {
            Capability::KittyGraphics => self.kitty = true,
            Capability::Program(program) => self.program = Some(program),
            Capability::Cell(width, height) => self.cell = Some((width, height)),
            Capability::Answered { sixel } => self.sixel = sixel,
            Capability::Background(..) | Capability::FullKeys => {}
        }
    }

    /// The way that is used. Before the terminal has answered these are half blocks.
    pub fn way(&self, wish: &Wish) -> Way {
        let by = match wish.choice {
            Pictures::Kitty => By::Kitty,
            Pictures::Iterm2 => By::Iterm2,
            Pictures::Sixel => By::Sixel,
            Pictures::Blocks => By::Blocks,
            Pictures::Off => By::Words,
            Pictures::Auto if wish.no_color => By::Words,
            Pictures::Auto => self.best(wish),
        };
        let asked_for = wish.choice != Pictures::Auto;
        // What tmux understands itself it is not asked to pass on.
        let tmux = wish.tmux && asked_for && !(by == By::Sixel && self.sixel);
        let cell = self.cell.unwrap_or(Way::default().cell);
        Way { by, cell, tmux }
    }

    fn best(&self, wish: &Wish) -> By {
        // Without the size of a cell a picture would cover too much or too little.
        let measured = self.cell.is_some();
        // They answer for Kitty's graphics and lack its placeholders.
        let inline = match self.program {
            Some(Program::Iterm2 | Program::WezTerm | Program::Konsole) => true,
            Some(Program::Other) => false,
            None => wish.iterm2,
        };
        if wish.screen {
            By::Blocks
        } else if wish.tmux {
            // It passes nothing on unasked, and says itself whether it has Sixel.
            if self.sixel && measured { By::Sixel } else { By::Blocks }
        } else if inline && measured {
            By::Iterm2
        } else if self.kitty && !inline {
            By::Kitty
        } else if self.sixel && measured {
            By::Sixel
        } else {
            By::Blocks
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(all: &[Capability]) -> Graphics {
        let mut graphics = Graphics::default();
        for said in all {
            graphics.learn(*said);
        }
        graphics
    }

    #[test]
    fn the_best_way_is_the_one_that_the_terminal_has() {
        use Capability as C;
        let (kitty, cell) = (C::KittyGraphics, C::Cell(9, 18));
        let (sixel, last) = (C::Answered { sixel: true }, C::Answered { sixel: false });
        let plain = Wish::default();
        let tmux = Wish { tmux: true, ..Wish::default() };
        for (all, wish, by) in [
            (&[][..], &plain, By::Blocks),
            (&[last][..], &plain, By::Blocks),
            (&[kitty, C::Program(Program::Other), cell, last][..], &plain, By::Kitty),
            (&[kitty, last][..], &plain, By::Kitty),
            (&[kitty, C::Program(Program::WezTerm), cell, sixel][..], &plain, By::Iterm2),
            (&[kitty, C::Program(Program::Konsole), sixel][..], &plain, By::Blocks),
            (&[cell, sixel][..], &plain, By::Sixel),
            (&[sixel][..], &plain, By::Blocks),
            (&[cell, last][..], &Wish { iterm2: true, ..Wish::default() }, By::Iterm2),
            (&[kitty, cell, last][..], &tmux, By::Blocks),
            (&[cell, sixel][..], &tmux, By::Sixel),
            (&[kitty, cell, sixel][..], &Wish { screen: true, ..Wish::default() }, By::Blocks),
            (&[kitty, cell, sixel][..], &Wish { no_color: true, ..Wish::default() }, By::Words),
        ] {
            assert_eq!(said(all).way(wish).by, by, "{all:?} {wish:?}");
        }
    }

    #[test]
    fn what_the_person_wants_is_done_and_goes_through_tmux() {
        let wish = |choice, tmux| Wish { choice, tmux, ..Wish::default() };
        let way = said(&[]).way(&wish(Pictures::Kitty, true));
        assert_eq!(way, Way { by: By::Kitty, cell: (10, 20), tmux: true });
        let way = said(&[Capability::Answered { sixel: true }]).way(&wish(Pictures::Sixel, true));
        assert!(!way.tmux, "tmux has it itself");
        let coloured = Wish { no_color: true, ..wish(Pictures::Blocks, false) };
        assert_eq!(said(&[]).way(&coloured).by, By::Blocks);
        assert_eq!(said(&[Capability::KittyGraphics]).way(&wish(Pictures::Off, false)).by, By::Words);
        for (choice, no_color, asks) in [
            (Pictures::Auto, false, true),
            (Pictures::Auto, true, false),
            (Pictures::Blocks, false, false),
            (Pictures::Sixel, true, true),
        ] {
            assert_eq!(Wish { choice, no_color, ..Wish::default() }.asks(), asks, "{choice:?}");
        }
    }
}
