//! Pure work away from the screen's thread, and the tools that it needs, made once when first asked for.

use std::sync::{Arc, OnceLock};

use crate::tui::effect::Work;
use crate::tui::event::Made;
use crate::tui::trace::Trace;
use crate::tui::widget::code::Highlighter;
use crate::tui::widget::picture;

/// What is dear to make and free to share.
#[derive(Debug, Clone, Default)]
pub struct Tools {
    highlighter: Arc<OnceLock<Highlighter>>,
}

impl Tools {
    pub fn run(&self, work: &Work) -> Made {
        match work {
            Work::Picture(want) => Made::Picture(want.key.clone(), picture::draw(want)),
            Work::Trace(want) => Made::Trace(want.number, Trace::of(&want.packs)),
            Work::Reading(want) => Made::Read(want.run()),
            Work::Highlight(want) => {
                Made::Highlighted(self.highlighter.get_or_init(Highlighter::load).run(want))
            }
        }
    }
}
