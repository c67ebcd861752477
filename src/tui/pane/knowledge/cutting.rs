//! A file as it would be cut, by one way or by two, before it is part of a base.

use std::path::PathBuf;

use super::{State, Wait, layout};
use crate::domain::Error;
use crate::domain::catalog::ModelId;
use crate::domain::id::BaseId;
use crate::domain::knowledge::chunking::Chunking;
use crate::domain::knowledge::passage::Passage;
use crate::domain::knowledge::preview::{Piece, Preview, ToCut};
use crate::tui::action::Action;
use crate::tui::app::Desk;
use crate::tui::effect::{Effect, Lane};
use crate::tui::event::{Mouse, MouseKind};
use crate::tui::overlay::prompt::Prompt;
use crate::tui::overlay::{Choice, Overlay};
use crate::tui::rows::{followed, refitted, stepped};
use crate::workbench::Request;
use crate::workbench::request::knowledge::{Knowledge, Wish};

/// So many passages of each way are shown.
pub(super) const SHOWN: u32 = 2_000;

/// The ways that one key goes through.
const WAYS: [Chunking; 6] = [
    Chunking::Default,
    Chunking::Today,
    Chunking::Fixed { max_tokens: 300, overlap_percent: 20 },
    Chunking::Hierarchical { parent: 1500, child: 300, overlap: 60 },
    Chunking::Semantic { max_tokens: 300, buffer: 0, breakpoint_percentile: 95 },
    Chunking::None,
];

/// The file that is looked at.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Cuts {
    pub path: PathBuf,
    /// The base that it is cut for, if any.
    pub base: Option<BaseId>,
    /// Whose tokens count; the model of this program where none is named.
    embedder: Option<ModelId>,
    /// One or two.
    pub sides: Vec<Side>,
    /// The side that keys act on.
    pub at: usize,
    pub told: Option<Preview>,
    pub error: Option<Error>,
    /// The first row in sight of the card.
    pub scroll: u16,
}

/// What one way makes of it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Side {
    pub chunking: Chunking,
    /// The first ones.
    pub list: Vec<Passage>,
    pub selected: usize,
    pub top: usize,
}

impl Side {
    fn new(chunking: Chunking) -> Self {
        Self { chunking, list: Vec::new(), selected: 0, top: 0 }
    }

    /// The first row of so many that are in sight: the selected one is among them, also where another side has come beside it.
    pub fn first(&self, height: usize) -> usize {
        refitted(self.top, self.selected, height, self.list.len())
    }

    /// Bytes of the selected passage that its neighbours have too.
    pub fn overlaps(&self) -> (usize, usize) {
        let Some(passage) = self.list.get(self.selected) else { return (0, 0) };
        let before = self.selected.checked_sub(1).and_then(|at| self.list.get(at));
        super::passages::shared(before, passage, self.list.get(self.selected + 1))
    }
}

impl Cuts {
    pub fn side(&self) -> Option<&Side> {
        self.sides.get(self.at)
    }

    /// The same, to be changed.
    fn side_mut(&mut self) -> Option<&mut Side> {
        self.sides.get_mut(self.at)
    }
}

/// The way after that one.
fn next(chunking: Chunking) -> Chunking {
    let at = WAYS.iter().position(|way| *way == chunking);
    WAYS[at.map_or(0, |at| (at + 1) % WAYS.len())]
}

impl State {
    /// Asks for the file.
    pub(super) fn ask_for_file(desk: &mut Desk<'_>) {
        desk.overlays.push(Overlay::Prompt(Prompt::preview()));
    }

    /// Takes what was chosen of a preview; `false` where it is of something else.
    pub(super) fn chosen_of_cuts(&mut self, choice: &Choice, desk: &mut Desk<'_>) -> bool {
        match choice {
            Choice::PreviewFile(path) => {
                let base = self.meant().map(|base| {
                    let chunking = base.sources.first().map(|source| source.chunking);
                    (base.id, base.embedder.clone(), chunking.unwrap_or_default())
                });
                let chunking = base.as_ref().map(|(_, _, chunking)| *chunking).unwrap_or_default();
                self.cuts = Some(Cuts {
                    path: desk.options.whole_path(path),
                    base: base.as_ref().map(|(id, ..)| *id),
                    embedder: base.map(|(_, embedder, _)| embedder),
                    sides: vec![Side::new(chunking)],
                    at: 0,
                    told: None,
                    error: None,
                    scroll: 0,
                });
                self.cut(desk);
            }
            Choice::Chunking(chunking) => self.cut_so(*chunking, desk),
            _ => return false,
        }
        true
    }

    /// Asks what the file would become.
    fn cut(&mut self, desk: &mut Desk<'_>) {
        let Some(cuts) = &mut self.cuts else { return };
        cuts.error = None;
        let wanted = ToCut {
            path: cuts.path.clone(),
            chunkings: cuts.sides.iter().map(|side| side.chunking).collect(),
            embedder: cuts.embedder.clone(),
            most: Some(SHOWN),
        };
        let task = desk.call(Some(Lane("cuts")), Request::Knowledge(Knowledge::Preview { wanted }));
        self.instead(|wait| *wait == Wait::Cut);
        self.wait(task, Wait::Cut);
    }

    /// The side that keys act on is cut in another way.
    fn cut_so(&mut self, chunking: Chunking, desk: &mut Desk<'_>) {
        if let Some(side) = self.cuts.as_mut().and_then(Cuts::side_mut) {
            *side = Side::new(chunking);
            self.cut(desk);
        }
    }

    /// The file is being cut.
    pub(super) fn is_cutting(&self) -> bool {
        self.waits.values().any(|wait| *wait == Wait::Cut)
    }

    pub(super) fn can_among_cuts(&self, action: Action) -> bool {
        use Action as A;
        let Some(cuts) = &self.cuts else { return false };
        let passages = cuts.side().map_or(0, |side| side.list.len());
        match action {
            A::Back | A::NextChunking | A::SetChunking | A::TwoChunkings | A::NewBase | A::Help => true,
            A::RebuildBase => cuts.base.is_some(),
            A::NextColumn | A::PreviousColumn => cuts.sides.len() > 1,
            A::LineDown | A::LineUp => passages > 0,
            action => stepped(action, 0, 1, 1).is_some() && passages > 1,
        }
    }

    pub(super) fn among_cuts(&mut self, action: Action, desk: &mut Desk<'_>) {
        let area = desk.area;
        let Some(cuts) = &mut self.cuts else { return };
        let page = usize::from(layout::cuts(cuts.sides.len(), cuts.at, area).page(cuts.at));
        if let Some(side) = cuts.side_mut()
            && let Some(to) = stepped(action, side.selected, page, side.list.len())
        {
            side.selected = to;
            side.top = followed(side.first(page), to, page);
            cuts.scroll = 0;
            return;
        }
        let chunking = cuts.side().map(|side| side.chunking).unwrap_or_default();
        match action {
            Action::Back => {
                let task = self.waits.iter().find(|(_, wait)| **wait == Wait::Cut).map(|(task, _)| *task);
                if let Some(task) = task {
                    self.waits.remove(&task);
                    desk.ask(Effect::Cancel(task));
                }
                self.cuts = None;
            }
            Action::NextChunking => self.cut_so(next(chunking), desk),
            Action::SetChunking => {
                desk.overlays.push(Overlay::Prompt(Prompt::chunking(&chunking.to_string())));
            }
            Action::TwoChunkings if cuts.sides.len() > 1 => {
                // Back to where one was; where the second is another than it was at first, the one that keys act on stays.
                let first = cuts.sides[1].chunking == next(cuts.sides[0].chunking);
                let at = if first { 0 } else { cuts.at };
                cuts.sides.swap(0, at);
                cuts.sides.truncate(1);
                cuts.at = 0;
                self.cut(desk);
            }
            Action::TwoChunkings => {
                cuts.sides.push(Side::new(next(chunking)));
                cuts.at = 1;
                self.cut(desk);
            }
            Action::NextColumn | Action::PreviousColumn => {
                cuts.at = (cuts.at + 1) % cuts.sides.len().max(1);
                cuts.scroll = 0;
            }
            Action::LineDown => cuts.scroll = cuts.scroll.saturating_add(1),
            Action::LineUp => cuts.scroll = cuts.scroll.saturating_sub(1),
            Action::RebuildBase => {
                let wish = Wish { chunking: Some(chunking), ..Wish::default() };
                if let Some(id) = cuts.base {
                    self.plan_rebuild(id, wish, desk);
                }
            }
            Action::NewBase => desk.overlays.push(Overlay::Prompt(Prompt::documents(None))),
            _ => {}
        }
    }

    /// How a base that is made now is cut: as what is looked at.
    pub(super) fn chunking_wanted(&self) -> Chunking {
        self.cuts.as_ref().and_then(Cuts::side).map(|side| side.chunking).unwrap_or_default()
    }

    /// What the file would become has come.
    pub(super) fn take_preview(&mut self, preview: Preview) {
        let Some(cuts) = &mut self.cuts else { return };
        for side in &mut cuts.sides {
            side.list.clear();
        }
        (cuts.told, cuts.scroll) = (Some(preview), 0);
    }

    /// Passages that it would become have come.
    pub(super) fn take_pieces(&mut self, way: u32, pieces: Vec<Piece>) {
        let side = self.cuts.as_mut().and_then(|cuts| cuts.sides.get_mut(way as usize));
        if let Some(side) = side {
            side.list.extend(pieces.into_iter().map(|piece| piece.passage));
            side.selected = side.selected.min(side.list.len().saturating_sub(1));
        }
    }

    /// The mouse over what is looked at.
    pub(super) fn pointed_at_cuts(&mut self, mouse: Mouse, desk: &mut Desk<'_>) {
        let at = (mouse.column, mouse.row).into();
        let Some(cuts) = &mut self.cuts else { return };
        let areas = layout::cuts(cuts.sides.len(), cuts.at, desk.area);
        let (up, down) = (mouse.kind == MouseKind::ScrollUp, mouse.kind == MouseKind::ScrollDown);
        if up || down {
            let action = match (areas.card.contains(at), down) {
                (true, true) => Action::LineDown,
                (true, false) => Action::LineUp,
                (false, true) => Action::SelectNext,
                (false, false) => Action::SelectPrevious,
            };
            return self.among_cuts(action, desk);
        }
        if !matches!(mouse.kind, MouseKind::Down(_)) {
            return;
        }
        let Some(place) = areas.rows.iter().position(|rows| rows.contains(at)) else { return };
        cuts.at = place;
        let Some(side) = cuts.sides.get_mut(place) else { return };
        let first = side.first(areas.rows[place].height.into());
        let row = first + usize::from(mouse.row - areas.rows[place].y);
        if row < side.list.len() {
            (side.top, side.selected) = (first, row);
            cuts.scroll = 0;
        }
    }
}
