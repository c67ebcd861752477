//! The steps of a run when it is read as a conversation: the spans that say something, in the order in which they began.

use std::sync::Arc;

use crate::domain::trace::{Kind, Mark, Outline, Tree};

/// A step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    pub row: u32,
    /// Agents that it is under.
    pub depth: u16,
    pub kind: Kind,
    /// It has no end yet: more may be said in it.
    pub runs: bool,
}

/// The steps of a run. Shared: there may be hundreds of thousands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Steps {
    pub all: Arc<[Step]>,
    /// Spans that are no steps, those that came twice left out.
    pub hidden: usize,
}

impl Steps {
    /// Sorts them by their beginnings: too long for the screen's thread where there are many.
    pub fn of(outline: &Outline, tree: &Tree) -> Self {
        let any = outline.rows.iter().any(|row| is_step(row.kind));
        let again = |at: u32| tree.marks(at).has(Mark::Again);
        let mut depths = vec![0_u16; tree.len()];
        let mut steps = Vec::new();
        for at in tree.order() {
            let row = &outline.rows[*at as usize];
            let above = tree.parent(*at).map_or(0, |parent| {
                let agent = outline.rows[parent as usize].kind == Kind::Agent;
                depths[parent as usize].saturating_add(agent.into())
            });
            depths[*at as usize] = above;
            // What a sender told twice was said once.
            if !again(*at) && (!any || is_step(row.kind) || row.is_error()) {
                steps.push(Step { row: *at, depth: above, kind: row.kind, runs: row.is_running() });
            }
        }
        // Parents stand before their children where both began at once.
        steps.sort_by_key(|step| (tree.shown(step.row).0, tree.place(step.row)));
        let once = tree.order().iter().filter(|at| !again(**at)).count();
        Self { hidden: once - steps.len(), all: steps.into() }
    }
}

/// Whether a span is a step of a conversation.
fn is_step(kind: Kind) -> bool {
    !matches!(kind, Kind::Workflow | Kind::Other | Kind::Embedding)
}
