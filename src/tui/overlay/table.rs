//! A table that is laid out for the room that there is, and anew where that becomes another: with the columns that fit it, its
//! names cut; or in several tables, one under the other.

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
    scarce: Scarce,
}

/// What becomes of the cells for which there is no room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scarce {
    /// They are not shown. From so many columns of room on these stand beside the names: the most room first, the last for any.
    Dropped(&'static [(u16, &'static [usize])]),
    /// They stand in the next table, beside the names again: these first, then the last ones.
    Parted(&'static [usize]),
}

impl Table {
    /// One table, with the cells that are `shown` from so many columns of room on: the most room first, the last for any.
    pub fn new(rows: Vec<Vec<String>>, shown: &'static [(u16, &'static [usize])]) -> Self {
        Self::of(rows, Scarce::Dropped(shown))
    }

    /// As many tables as it takes to show all: where it is too narrow for one, the `least` cells go into the next one, the first
    /// of them first.
    pub fn parted(rows: Vec<Vec<String>>, least: &'static [usize]) -> Self {
        Self::of(rows, Scarce::Parted(least))
    }

    fn of(rows: Vec<Vec<String>>, scarce: Scarce) -> Self {
        let wide = |at: usize| rows.iter().filter_map(|row| row.get(at)).map(|cell| columns(cell)).max();
        let widths = (0..).map_while(wide).collect();
        Self { rows, widths, scarce }
    }

    /// Columns that these cells take beside the names.
    fn taken(&self, shown: &[usize]) -> u16 {
        shown.iter().map(|at| self.widths.get(*at).copied().unwrap_or(0) + 2).sum()
    }

    /// The columns that are left for a name in that room, and the cells that stand beside it, table by table.
    fn fitted(&self, room: u16) -> (u16, Vec<Vec<usize>>) {
        match self.scarce {
            Scarce::Dropped(shown) => {
                let fits = shown.iter().find(|(from, _)| *from <= room).or(shown.last());
                let shown = fits.map(|(_, shown)| shown.to_vec()).unwrap_or_default();
                (room.saturating_sub(self.taken(&shown)).max(NAME), vec![shown])
            }
            Scarce::Parted(least) => self.parts(room, least),
        }
    }

    fn parts(&self, room: u16, least: &[usize]) -> (u16, Vec<Vec<usize>>) {
        let name = self.widths.first().copied().unwrap_or(0);
        let mut left: Vec<usize> = (1..self.widths.len()).collect();
        let mut parts = Vec::new();
        while !left.is_empty() {
            let (mut shown, mut next) = (left.clone(), Vec::new());
            for at in least.iter().chain(left.iter().rev()) {
                let fits = shown.len() <= 1 || name + self.taken(&shown) <= room;
                // A column alone would look lost in the next one: another goes with it.
                if fits && (next.len() != 1 || shown.len() <= 2) {
                    break;
                }
                if let Some(place) = shown.iter().position(|shown| shown == at) {
                    next.push(shown.remove(place));
                }
            }
            next.sort_unstable();
            parts.push(shown);
            left = next;
        }
        (name, parts)
    }

    /// Columns that it takes of that room; more than there are where even so little is too much.
    pub fn width(&self, room: u16) -> u16 {
        let (name, parts) = self.fitted(room);
        let taken = parts.iter().map(|shown| self.taken(shown)).max().unwrap_or(0);
        self.widths.first().map_or(0, |widest| taken + name.min(*widest))
    }

    /// Its lines in that room, as much of each row as fits.
    pub fn lines(&self, room: u16) -> Vec<Line> {
        let (name, parts) = self.fitted(room);
        let mut lines = Vec::new();
        for shown in parts {
            let cut = |row: &Vec<String>| {
                let first = row.first().map(|first| fit(first, name.into()).into_owned());
                first.into_iter().chain(shown.iter().filter_map(|at| row.get(*at).cloned())).collect()
            };
            if !lines.is_empty() {
                lines.push(Line::blank());
            }
            lines.extend(Line::table(&self.rows.iter().map(cut).collect::<Vec<Vec<String>>>()));
        }
        lines
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

    #[test]
    fn what_a_table_has_no_room_for_stands_in_the_next_one() {
        let rows: Vec<Vec<String>> = [["", "one", "two", "three"], ["A a/b", "1", "22", "333"]]
            .map(|row| row.map(str::to_owned).to_vec())
            .to_vec();
        let table = Table::parted(rows, &[2]);
        let told = |room| -> Vec<String> { table.lines(room).iter().map(Line::to_string).collect() };
        assert_eq!(told(22), ["       one  two  three", "A a/b    1   22    333"]);
        assert_eq!(told(21), ["       one  three", "A a/b    1    333", " ", "       two", "A a/b   22"]);
        // Where nothing was said of what goes, the last one does; and one column is shown however wide it is.
        assert_eq!(told(16)[0], "       one");
        let narrow = told(3);
        assert_eq!(narrow.len(), 8, "{narrow:?}");
        for known in ["1", "22", "333"] {
            assert!(narrow.iter().any(|line| line.ends_with(known)), "{known}: {narrow:?}");
        }
        // What it takes is enough for the same tables again.
        for room in [22, 21, 16] {
            assert!(table.width(room) <= room);
            assert_eq!(told(table.width(room)), told(room));
        }
        assert!(Table::parted(Vec::new(), &[2]).lines(10).is_empty());
    }
}
