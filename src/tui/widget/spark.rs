//! Values over time in little room: a line of bars, or a field of them. The newest value stands at the right; `None` is a
//! value that nobody knows, which is not drawn.

const EIGHTHS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// One bar a column, in eighths of `height` rows, the highest value full; rows from the top. Where there are more values
/// than columns, each column is what lies in it, laid together by `join`.
pub fn bars(values: &[Option<f64>], width: u16, height: u16, join: fn(f64, f64) -> f64) -> Vec<String> {
    rows(&columns(values, usize::from(width), join), width, height, height * 8)
}

/// A single line of bars; where nothing was the line goes on. The highest one leaves an eighth of its row free: what stands
/// in the row above is another line, and no part of it.
pub fn spark(values: &[Option<f64>], width: u16, join: fn(f64, f64) -> f64) -> String {
    let columns = columns(values, usize::from(width), join);
    let line = rows(&columns, width, 1, 7).pop().unwrap_or_default();
    let pad = usize::from(width).saturating_sub(columns.len());
    let known = std::iter::repeat_n(false, pad).chain(columns.iter().map(Option::is_some));
    line.chars().zip(known).map(|(cell, known)| if cell == ' ' && known { '▁' } else { cell }).collect()
}

/// `full` eighths have the highest value.
fn rows(columns: &[Option<f64>], width: u16, height: u16, full: u16) -> Vec<String> {
    let most = columns.iter().copied().flatten().fold(0.0, f64::max);
    let full = f64::from(full);
    let eighths = |value: Option<f64>| match value {
        Some(value) if value > 0.0 => (value / most * full).round().max(1.0) as usize,
        _ => 0,
    };
    let pad = usize::from(width).saturating_sub(columns.len());
    (0..usize::from(height))
        .rev()
        .map(|row| {
            let cell = |value: &Option<f64>| EIGHTHS[eighths(*value).saturating_sub(row * 8).min(8)];
            std::iter::repeat_n(' ', pad).chain(columns.iter().map(cell)).collect()
        })
        .collect()
}

fn columns(values: &[Option<f64>], width: usize, join: fn(f64, f64) -> f64) -> Vec<Option<f64>> {
    if values.len() <= width {
        return values.to_vec();
    }
    (0..width)
        .filter_map(|column| {
            let (from, to) = (column * values.len() / width, (column + 1) * values.len() / width);
            Some(values.get(from..to)?.iter().copied().flatten().reduce(join))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(a: f64, b: f64) -> f64 {
        a + b
    }

    fn known<const N: usize>(values: [f64; N]) -> [Option<f64>; N] {
        values.map(Some)
    }

    #[test]
    fn the_highest_bar_is_full_and_the_newest_stands_at_the_right() {
        assert_eq!(spark(&known([1.0, 4.0, 8.0, 0.0]), 6, sum), "  ▁▄▇▁", "lines do not touch");
        assert_eq!(bars(&known([8.0, 4.0, 12.0, 16.0]), 4, 2, sum), ["  ▄█", "█▄██"]);
        assert_eq!(spark(&known([0.001, 100.0]), 2, sum), "▁▇", "little is seen");
        assert_eq!(spark(&known([0.0, 0.0]), 3, sum), " ▁▁");
    }

    #[test]
    fn what_nobody_knows_is_not_drawn() {
        assert_eq!(spark(&[Some(4.0), None, Some(0.0), Some(8.0)], 5, sum), " ▄ ▁▇");
        assert_eq!(spark(&[None, None], 3, sum), "   ");
        assert_eq!(spark(&[None, Some(2.0), None, None], 2, sum), "▇ ");
    }

    #[test]
    fn more_values_than_columns_are_laid_together() {
        assert_eq!(spark(&known([1.0, 1.0, 2.0, 2.0]), 2, sum), "▄▇");
        assert_eq!(spark(&known([1.0, 8.0, 2.0, 4.0]), 2, f64::max), "▇▄");
        assert_eq!(spark(&known([1.0, 2.0]), 0, sum), "");
        assert_eq!(bars(&[], 3, 2, sum), ["   ", "   "]);
    }
}
