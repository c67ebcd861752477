//! Pictures in cells.
//!
//! Decoding, scaling and encoding are slow and are done away from the screen's thread, within bounds: a [`Want`] is made a
//! [`Drawn`], whose cells a frame only copies. How a terminal shows pictures is a [`Way`]; where it shows none, half blocks
//! stand for two pixels a cell.

mod decode;
mod encode;
mod way;

use std::fmt;
use std::sync::Arc;

use image::DynamicImage;
use image::imageops::FilterType;
use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::{Rect, Size};
use ratatui::style::Style;
use ratatui::widgets::Widget;
use ratatui_image::Image;
use ratatui_image::protocol::Protocol;
use ratatui_image::protocol::halfblocks::Halfblocks;
use ratatui_image::protocol::iterm2::Iterm2;
use ratatui_image::protocol::kitty::Kitty;
use ratatui_image::protocol::sixel::Sixel;

pub use encode::png;
pub use way::{By, Way};

use crate::domain::message::BlobId;
use crate::domain::{Error, ErrorKind, Result};
use crate::tui::look::Depth;
use crate::tui::paint::put;

/// The character that Kitty puts a part of a picture in the place of
/// (<https://sw.kovidgoyal.net/kitty/graphics-protocol/#unicode-placeholders>).
const PLACEHOLDER: char = '\u{10EEEE}';
/// The first of the numbers under which pictures are sent to a terminal that keeps them: no other program's.
const FIRST: u32 = 0x4f43_0000;
/// So many are kept there at most; the next one takes the number of the first.
pub const KEPT: u32 = 64;

/// The bytes of a picture.
#[derive(Clone, PartialEq, Eq)]
pub struct Bytes(pub Arc<[u8]>);

impl fmt::Debug for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Bytes({})", self.0.len())
    }
}

/// Which picture at which size.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    pub blob: BlobId,
    /// Columns and rows that it may take.
    pub room: (u16, u16),
    pub way: Way,
}

/// What a worker needs to draw one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Want {
    pub key: Key,
    pub bytes: Bytes,
    /// Counts the pictures that are drawn.
    pub number: u32,
    pub depth: Depth,
}

/// A picture as cells.
#[derive(Clone, PartialEq, Eq)]
pub struct Drawn {
    pub key: Key,
    pub number: u32,
    cells: Buffer,
    /// What the terminal must get before the cells mean anything to it.
    pub first: Option<Vec<u8>>,
}

impl fmt::Debug for Drawn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Drawn({:?}, {}x{})", self.key.blob, self.cells.area.width, self.cells.area.height)
    }
}

/// Decodes, scales and encodes. Blocks, for as long as a picture within the bounds takes.
pub fn draw(want: &Want) -> Result<Drawn> {
    let picture = decode::decode(&want.bytes.0)?;
    let way = want.key.way;
    let (cell_width, cell_height) = way.pixels();
    let (room_width, room_height) = want.key.room;
    let fits = fit(
        (picture.width(), picture.height()),
        (u32::from(room_width) * u32::from(cell_width), u32::from(room_height) * u32::from(cell_height)),
    );
    let cells = Size {
        width: fits.0.div_ceil(cell_width.into()) as u16,
        height: fits.1.div_ceil(cell_height.into()) as u16,
    };
    let scaled = if fits == (picture.width(), picture.height()) {
        picture
    } else {
        picture.resize_exact(fits.0, fits.1, FilterType::Triangle)
    };
    let protocol = encode(scaled, cells, way, number_of(want.number))
        .map_err(|why| failed(&why.to_string(), "Another size, or ui.pictures = \"blocks\", may do."))?;
    Ok(rendered(want, cells, &protocol))
}

fn encode(
    picture: DynamicImage,
    cells: Size,
    way: Way,
    id: u32,
) -> std::result::Result<Protocol, ratatui_image::errors::Errors> {
    Ok(match way.by {
        By::Kitty => Protocol::Kitty(Kitty::new(picture, cells, id, way.tmux, false)?),
        By::Iterm2 => Protocol::ITerm2(Iterm2::new(picture, cells, way.tmux)?),
        By::Sixel => Protocol::Sixel(Sixel::new(picture, cells, way.tmux)?),
        By::Blocks | By::Words => Protocol::Halfblocks(Halfblocks::new(picture, cells)?),
    })
}

/// The cells that a frame copies. A terminal that keeps pictures gets each once, outside of any frame.
fn rendered(want: &Want, size: Size, protocol: &Protocol) -> Drawn {
    let area = Rect { x: 0, y: 0, width: size.width, height: size.height };
    let mut cells = Buffer::empty(area);
    Image::new(protocol).render(area, &mut cells);
    let mut first = None;
    if want.key.way.by == By::Kitty {
        let head = cells.cell((0, 0)).map_or("", Cell::symbol);
        first = head.find(PLACEHOLDER).map(|at| head.as_bytes()[..at].to_vec());
        cells = Buffer::empty(area);
        Image::new(protocol).render(area, &mut cells);
    } else if want.key.way.by == By::Blocks {
        for (x, y) in area.positions().map(|at| (at.x, at.y)) {
            let Some(cell) = cells.cell((x, y)) else { continue };
            // A half below, or one colour, comes as another sign. Of one sign all know that a picture is there.
            let (mut above, mut below) = (cell.fg, cell.bg);
            if cell.symbol() == "▄" {
                std::mem::swap(&mut above, &mut below);
            }
            let style = Style::new().fg(want.depth.nearest(above)).bg(want.depth.nearest(below));
            put(&mut cells, x, y, x + 1, "▀", style);
        }
    }
    Drawn { key: want.key.clone(), number: want.number, cells, first }
}

/// The largest size of the same shape that fits and is not larger than the picture.
fn fit((width, height): (u32, u32), (room_width, room_height): (u32, u32)) -> (u32, u32) {
    let share = f64::min(
        1.0,
        f64::min(
            f64::from(room_width) / f64::from(width.max(1)),
            f64::from(room_height) / f64::from(height.max(1)),
        ),
    );
    let side = |side: u32, most: u32| ((f64::from(side) * share).round() as u32).clamp(1, most.max(1));
    (side(width, room_width), side(height, room_height))
}

fn failed(why: &str, hint: &str) -> Error {
    Error::new(ErrorKind::Invalid, "showing a picture", why, hint)
}

/// Under which number a terminal keeps it.
fn number_of(number: u32) -> u32 {
    FIRST + number % KEPT
}

/// Tells a terminal that keeps pictures to forget those that this program sent.
pub fn forget(way: Way, number: u32) -> Vec<u8> {
    let id = number_of(number);
    let (start, escape, end) = if way.tmux { ("\x1bPtmux;", "\x1b\x1b", "\x1b\\") } else { ("", "\x1b", "") };
    format!("{start}{escape}_Gq=2,a=d,d=I,i={id}{escape}\\{end}").into_bytes()
}

impl Drawn {
    /// Columns and rows.
    pub fn size(&self) -> (u16, u16) {
        (self.cells.area.width, self.cells.area.height)
    }

    /// Copies it to the top left of `area`. What is one sequence is shown whole or not at all.
    pub fn put(&self, area: Rect, cells: &mut Buffer) {
        let area = area.intersection(cells.area);
        let (width, height) = self.size();
        let whole = matches!(self.key.way.by, By::Sixel | By::Iterm2);
        if whole && (width > area.width || height > area.height) {
            return;
        }
        for y in 0..height.min(area.height) {
            for x in 0..width.min(area.width) {
                if let (Some(from), Some(to)) =
                    (self.cells.cell((x, y)), cells.cell_mut((area.x + x, area.y + y)))
                {
                    to.clone_from(from);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
