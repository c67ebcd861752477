//! Flows: blocks that go on below each other, in one column.

use super::block::Block;
use super::order::MOST;

/// How far below the last block of a flow the next one starts at most, in parts of the size.
const BELOW: f64 = 2.5;

/// Of each block in reading order, whether it goes on with the flow of the one before.
pub fn goes_on(blocks: &[Block], turn: usize) -> Vec<bool> {
    if blocks.len() > MOST {
        return vec![false; blocks.len()];
    }
    let free = free(blocks, turn);
    let mut goes_on = Vec::with_capacity(blocks.len());
    // The first size of the flow, and the sides that it may reach.
    let mut flow: Option<(f64, (f64, f64))> = None;
    for (at, block) in blocks.iter().enumerate() {
        let (from, to) = along(block, turn);
        let fits = |side: (f64, f64)| from >= side.0 && to <= side.1;
        let fits = flow.is_some_and(|(size, side)| {
            let before = &blocks[at - 1];
            let (top, bottom) = across(before, turn);
            let (start, _) = across(block, turn);
            start - bottom <= BELOW * before.size
                && start > top
                && fits(free[at - 1])
                && block.size <= size
                && fits(side)
        });
        flow = match flow {
            Some((size, side)) if fits => Some((size, (side.0.max(free[at].0), side.1.min(free[at].1)))),
            _ => Some((block.size, free[at])),
        };
        goes_on.push(fits);
    }
    goes_on
}

/// The extent of a block along the lines.
fn along(block: &Block, turn: usize) -> (f64, f64) {
    let place = &block.place;
    if turn.is_multiple_of(2) { (place.left, place.right) } else { (place.top, place.bottom) }
}

/// Its extent across the lines, growing from line to line.
fn across(block: &Block, turn: usize) -> (f64, f64) {
    let place = &block.place;
    match turn {
        0 => (place.top, place.bottom),
        1 => (-place.right, -place.left),
        2 => (-place.bottom, -place.top),
        _ => (place.left, place.right),
    }
}

/// Up to where there is nothing beside each block.
fn free(blocks: &[Block], turn: usize) -> Vec<(f64, f64)> {
    let sides = |block: &Block| {
        let ((from, to), (top, bottom)) = (along(block, turn), across(block, turn));
        let (mut low, mut high) = (f64::MIN, f64::MAX);
        for other in blocks {
            let ((other_from, other_to), (other_top, other_bottom)) =
                (along(other, turn), across(other, turn));
            if other_top < bottom && other_bottom > top {
                if other_from < from {
                    low = low.max(other_to.min(from));
                }
                if other_to > to {
                    high = high.min(other_from.max(to));
                }
            }
        }
        (low, high)
    };
    blocks.iter().map(sides).collect()
}
