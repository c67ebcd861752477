//! The smallest strokes: text cut to a width with `…`, rows of parts, a box. Every text passes the sanitiser here.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::overlay::Hidden;
use crate::domain::figures::grouped;
use crate::domain::untrusted::{safe_line, safe_text};
use crate::tui::look::Role;
use crate::tui::widget::text::{self, Ink, Inline};

/// Columns that a text takes.
pub fn columns(text: &str) -> u16 {
    u16::try_from(text::width(text)).unwrap_or(u16::MAX)
}

/// Writes one line from `x` on, cut at `right`; returns the column after it.
pub fn put(cells: &mut Buffer, x: u16, y: u16, right: u16, text: &str, style: Style) -> u16 {
    let area = cells.area;
    let right = right.min(area.right());
    if x >= right || y < area.top() || y >= area.bottom() || x < area.left() {
        return x;
    }
    let safe = safe_line(text);
    let shown = text::fit(&safe, usize::from(right - x));
    cells.set_stringn(x, y, &shown, (right - x).into(), style).0
}

/// Writes a line whose end is at `right`; returns the column of its start. Nothing is written left of `left`.
pub fn put_right(cells: &mut Buffer, left: u16, y: u16, right: u16, text: &str, style: Style) -> u16 {
    let wide = columns(&safe_line(text));
    let x = right.saturating_sub(wide).max(left);
    put(cells, x, y, right, text, style);
    x
}

/// As many parts of a line as there is room for, ` · ` between them: a part is told whole or not at all. The first one stays
/// in any case.
pub fn first_parts(line: &str, width: u16) -> &str {
    let mut kept = line;
    while columns(kept) > width
        && let Some((before, _)) = kept.rsplit_once(" · ")
    {
        kept = before;
    }
    kept
}

/// As many lines as there is room for; where there are more the last one ends in `…`.
pub fn first_lines(mut lines: Vec<String>, room: u16) -> Vec<String> {
    if lines.len() > usize::from(room) {
        lines.truncate(room.into());
        if let Some(last) = lines.last_mut() {
            last.push_str(" …");
        }
    }
    lines
}

/// Gives every cell of an area a ground, and blanks it.
pub fn fill(cells: &mut Buffer, area: Rect, style: Style) {
    let area = area.intersection(cells.area);
    for y in area.top()..area.bottom() {
        for x in area.left()..area.right() {
            if let Some(cell) = cells.cell_mut((x, y)) {
                cell.reset();
                cell.set_style(style);
            }
        }
    }
}

/// Lays a style over the cells of an area, leaving what they show.
pub fn tint(cells: &mut Buffer, area: Rect, style: Style) {
    cells.set_style(area.intersection(cells.area), style);
}

/// Breaks a text into lines of at most `width` columns, at blanks where it can.
pub fn wrap(untrusted: &str, width: u16) -> Vec<String> {
    let inline = Inline::plain(&safe_text(untrusted), Ink::of(Role::Text));
    text::wrap(&inline, usize::from(width)).iter().map(text::Row::text).collect()
}

/// Lines behind a mark and a blank, under which all but the first are set in.
pub fn hang(mark: &str, lines: Vec<String>) -> Vec<String> {
    let blank = " ".repeat(usize::from(columns(mark)));
    let mark_at = |at: usize| if at == 0 { mark } else { blank.as_str() };
    lines.into_iter().enumerate().map(|(at, line)| format!("{} {line}", mark_at(at))).collect()
}

/// A text broken into such lines, at most `width` columns with the mark.
pub fn hanging(mark: &str, untrusted: &str, width: u16) -> Vec<String> {
    hang(mark, wrap(untrusted, width.saturating_sub(columns(mark) + 1)))
}

/// The first rows, at most `most`, of a text that tells of files: a path is broken behind a slash and nowhere else, save
/// where one name is wider than a row.
pub fn first_rows(untrusted: &str, width: u16, most: usize) -> Vec<String> {
    let width = usize::from(width).max(1);
    let words = untrusted.split_whitespace().collect::<Vec<_>>().join(" ");
    let safe = safe_line(&words);
    let mut rows = Vec::new();
    let mut row = String::new();
    for word in safe.split(' ') {
        for (at, part) in word.split_inclusive('/').enumerate() {
            let gap = if at == 0 && !row.is_empty() { " " } else { "" };
            if text::width(&row) + gap.len() + text::width(part) <= width {
                row.push_str(gap);
                row.push_str(part);
                continue;
            }
            if !row.is_empty() {
                rows.push(std::mem::take(&mut row));
            }
            let mut rest = part;
            while text::width(rest) > width {
                let (head, _) = text::prefix(rest, width);
                if head.is_empty() {
                    break;
                }
                rows.push(head.to_owned());
                rest = &rest[head.len()..];
            }
            row.push_str(rest);
        }
    }
    rows.push(row);
    if rows.len() > most {
        rows.truncate(most);
        if let Some(last) = rows.last_mut() {
            *last = text::fit(&format!("{last} …"), width).into_owned();
        }
    }
    rows
}

/// Where the thumb of a scrollbar is: its first row and its rows, of `height`. `before` and `all` are measured in anything
/// that grows with the text; `None` where all of it is in sight.
pub fn thumb(height: u16, before: usize, shown: usize, all: usize) -> Option<(u16, u16)> {
    if height < 2 || shown >= all {
        return None;
    }
    let rows = usize::from(height);
    let long = (rows * shown / all).clamp(1, rows - 1);
    let free = rows - long;
    let hidden = all - shown;
    // Only the very ends touch the ends.
    let at = match before.min(hidden) {
        0 => 0,
        before if before == hidden => free,
        before => (free * before / hidden).clamp(1.min(free), free.saturating_sub(1).max(1)),
    };
    Some((at as u16, long as u16))
}

/// Paints a scrollbar's thumb into the last column of `area`.
pub fn scrollbar(cells: &mut Buffer, area: Rect, thumb: Option<(u16, u16)>, style: Style) {
    let Some((at, long)) = thumb else { return };
    let x = area.right().saturating_sub(1);
    for y in area.y + at..(area.y + at + long).min(area.bottom()) {
        put(cells, x, y, x + 1, "▐", style);
    }
}

/// Says at the right of two lines, the first and the last of a list or those around it, what is not in sight: `▼ 3 more`.
pub fn more(hidden: Hidden, (left, right): (u16, u16), lines: [u16; 2], style: Style, cells: &mut Buffer) {
    for (y, sign, count) in [(lines[0], '▲', hidden.above), (lines[1], '▼', hidden.below)] {
        if count > 0 {
            put_right(cells, left, y, right, &format!(" {sign} {} more ", grouped(count as u64)), style);
        }
    }
}

/// A meter of `width` cells filled to `share` (0 to 1) in eighths.
pub fn meter(share: f64, width: u16) -> String {
    const EIGHTHS: [char; 8] = [' ', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];
    let eighths = (share.clamp(0.0, 1.0) * f64::from(width) * 8.0).round() as usize;
    (0..usize::from(width))
        .map(|cell| match eighths.saturating_sub(cell * 8) {
            8.. => '█',
            part => EIGHTHS[part],
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_broken_behind_slashes_and_the_rest_is_cut() {
        let text = "reading /home/you/smollm2-135m/model.gguf: truncated";
        assert_eq!(first_rows(text, 24, 9), ["reading /home/you/", "smollm2-135m/model.gguf:", "truncated"]);
        assert_eq!(first_rows(text, 24, 2), ["reading /home/you/", "smollm2-135m/model.gguf…"]);
        assert_eq!(first_rows("abcdefgh", 3, 9), ["abc", "def", "gh"]);
        assert_eq!(first_rows("", 3, 9), [""]);
    }

    #[test]
    fn a_line_is_cut_at_its_right_edge_and_never_drives_the_terminal() {
        let area = Rect::new(0, 0, 8, 1);
        let mut cells = Buffer::empty(area);
        assert_eq!(put(&mut cells, 1, 0, 7, "mean\u{1b}ders", Style::new()), 7);
        assert_eq!(cells, Buffer::with_lines([" mean␛… "]));
        assert_eq!(put_right(&mut cells, 0, 0, 8, "漢字", Style::new()), 4);
        assert_eq!(put(&mut cells, 9, 4, 20, "outside", Style::new()), 9);
    }

    #[test]
    fn lines_hang_under_the_words_behind_their_mark() {
        assert_eq!(hanging("✗", "one two three", 9), ["✗ one two", "  three"]);
        assert_eq!(hanging("!", "one", 9), ["! one"]);
    }

    #[test]
    fn parts_that_have_no_room_are_left_out_whole() {
        let line = "1 error · synced 3 m ago · 9 new";
        assert_eq!(first_parts(line, 40), line);
        assert_eq!(first_parts(line, 31), "1 error · synced 3 m ago");
        assert_eq!(first_parts(line, 23), "1 error");
        assert_eq!(first_parts(line, 2), "1 error");
    }

    #[test]
    fn lines_that_have_no_room_are_told_of() {
        let lines = || ["one", "two", "three"].map(str::to_owned).to_vec();
        assert_eq!(first_lines(lines(), 3), lines());
        assert_eq!(first_lines(lines(), 2), ["one", "two …"]);
        assert_eq!(first_lines(lines(), 0), [""; 0]);
    }

    #[test]
    fn a_meter_grows_in_eighths() {
        assert_eq!(meter(0.0, 2), "  ");
        assert_eq!(meter(0.25, 2), "▌ ");
        assert_eq!(meter(1.0, 2), "██");
        assert_eq!(meter(7.0, 1), "█");
    }
}
