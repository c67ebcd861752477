//! A table that is laid out for the room that there is, and anew where that becomes another: with the columns that fit it, its
//! names cut.

use super::reading::Line;
use crate::tui::paint::columns;
use crate::tui::widget::text::fit;

/// Columns that a name has at least.
const NAME: u16 = 12;

/// Rows of cells: the first row is the head, the first cell of each a name.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    rows: Vec<Vec<String>>,
    /// Columns of the widest of the cells that stand under each other.
    widths: Vec<u16>,
    /// From so many columns of room on these cells stand beside the names: the most room first, the last for any.
    shown: &'static [(u16, &'static [usize])],
}

impl Table {
    pub fn new(rows: Vec<Vec<String>>, shown: &'static [(u16, &'static [usize])]) -> Self {
        let wide = |at: usize| rows.iter().filter_map(|row| row.get(at)).map(|cell| columns(cell)).max();
        let widths = (0..).map_while(wide).collect();
        Self { rows, widths, shown }
    }

    /// The cells that are shown in that room, the columns that they take, and those that are left for a name.
    fn fitted(&self, room: u16) -> (&'static [usize], u16, u16) {
        let fits = self.shown.iter().find(|(from, _)| *from <= room).or(self.shown.last());
        let shown = fits.map(|(_, shown)| *shown).unwrap_or_default();
        let taken: u16 = shown.iter().map(|at| self.widths.get(*at).copied().unwrap_or(0) + 2).sum();
        (shown, taken, room.saturating_sub(taken).max(NAME))
    }

    /// Columns that it takes of that room; more than there are where even so little is too much.
    pub fn width(&self, room: u16) -> u16 {
        let (_, taken, name) = self.fitted(room);
        self.widths.first().map_or(0, |widest| taken + name.min(*widest))
    }

    /// Its lines in that room, as much of each row as fits.
    pub fn lines(&self, room: u16) -> Vec<Line> {
        let (shown, _, name) = self.fitted(room);
        let cut = |row: &Vec<String>| {
            let first = row.first().map(|first| fit(first, name.into()).into_owned());
            first.into_iter().chain(shown.iter().filter_map(|at| row.get(*at).cloned())).collect()
        };
        Line::table(&self.rows.iter().map(cut).collect::<Vec<Vec<String>>>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_as_wide_as_there_is_room_and_its_names_give_way() {
        let row = |name: &str, cell: &str| vec![name.to_owned(), cell.to_owned(), cell.to_owned()];
        let rows = vec![row("name", "p50"), row("a name that goes on and on", "4.82 s")];
        let table = Table::new(rows, &[(40, &[1, 2]), (0, &[2])]);
        let lines = |room: u16| table.lines(room).iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!([60, 40, 39, 10].map(|room| table.width(room)), [42, 40, 34, 20]);
        assert_eq!(lines(60)[1], "a name that goes on and on  4.82 s  4.82 s");
        assert_eq!(lines(40)[1], "a name that goes on and…  4.82 s  4.82 s");
        assert_eq!(lines(39)[1], "a name that goes on and on  4.82 s");
        assert_eq!(lines(24)[1], "a name that goe…  4.82 s");
        // Of a name something is left; a row that is too long is cut where it is shown.
        assert_eq!(lines(10), ["name             p50", "a name that…  4.82 s"]);
        let none = Table::new(Vec::new(), &[]);
        assert!(none.lines(10).is_empty() && none.width(10) == 0);
    }
}
