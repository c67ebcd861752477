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
    /// From so many columns of room on these cells stand beside the names: the most room first, the last for any.
    shown: &'static [(u16, &'static [usize])],
}

impl Table {
    pub fn new(rows: Vec<Vec<String>>, shown: &'static [(u16, &'static [usize])]) -> Self {
        Self { rows, shown }
    }

    /// As much of each row as there is room for.
    fn cut(&self, room: u16) -> Vec<Vec<String>> {
        let fits = self.shown.iter().find(|(from, _)| *from <= room).or(self.shown.last());
        let shown = fits.map(|(_, shown)| *shown).unwrap_or_default();
        let wide = |at: &usize| {
            self.rows.iter().filter_map(|row| row.get(*at)).map(|cell| columns(cell)).max().unwrap_or(0) + 2
        };
        let taken: u16 = shown.iter().map(wide).sum();
        let name = usize::from(room.saturating_sub(taken).max(NAME));
        let cut = |row: &Vec<String>| {
            let first = row.first().map(|first| fit(first, name).into_owned());
            first.into_iter().chain(shown.iter().filter_map(|at| row.get(*at).cloned())).collect()
        };
        self.rows.iter().map(cut).collect()
    }

    /// Its lines in that room.
    pub fn lines(&self, room: u16) -> Vec<Line> {
        Line::table(&self.cut(room))
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
        assert_eq!(lines(60)[1], "a name that goes on and on  4.82 s  4.82 s");
        assert_eq!(lines(40)[1], "a name that goes on and…  4.82 s  4.82 s");
        assert_eq!(lines(39)[1], "a name that goes on and on  4.82 s");
        assert_eq!(lines(24)[1], "a name that goe…  4.82 s");
        // Of a name something is left; a row that is too long is cut where it is shown.
        assert_eq!(lines(10), ["name             p50", "a name that…  4.82 s"]);
        assert!(Table::new(Vec::new(), &[]).lines(10).is_empty());
    }
}
