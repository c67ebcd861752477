//! Values over time in little room: a line of bars, or a field of them. The newest value stands at the right.

const EIGHTHS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// One bar a column, in eighths of `height` rows, the highest value full; rows from the top. Where there are more values
/// than columns, each column is what lies in it, laid together by `join`.
pub fn bars(values: &[f64], width: u16, height: u16, join: fn(f64, f64) -> f64) -> Vec<String> {
    let columns = columns(values, usize::from(width), join);
    let most = columns.iter().copied().fold(0.0, f64::max);
    let full = f64::from(height) * 8.0;
    let eighths = |value: f64| match value {
        value if value > 0.0 && most > 0.0 => (value / most * full).round().max(1.0) as usize,
        _ => 0,
    };
    let pad = usize::from(width).saturating_sub(columns.len());
    (0..usize::from(height))
        .rev()
        .map(|row| {
            let cell = |value: &f64| EIGHTHS[eighths(*value).saturating_sub(row * 8).min(8)];
            std::iter::repeat_n(' ', pad).chain(columns.iter().map(cell)).collect()
        })
        .collect()
}

/// A single line of bars; where nothing was the line goes on.
pub fn spark(values: &[f64], width: u16, join: fn(f64, f64) -> f64) -> String {
    let line = bars(values, width, 1, join).pop().unwrap_or_default();
    let from = usize::from(width).saturating_sub(values.len().min(usize::from(width)));
    line.chars().enumerate().map(|(at, cell)| if cell == ' ' && at >= from { '▁' } else { cell }).collect()
}

fn columns(values: &[f64], width: usize, join: fn(f64, f64) -> f64) -> Vec<f64> {
    if values.len() <= width {
        return values.to_vec();
    }
    (0..width)
        .filter_map(|column| {
            let (from, to) = (column * values.len() / width, (column + 1) * values.len() / width);
            values.get(from..to)?.iter().copied().reduce(join)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(a: f64, b: f64) -> f64 {
        a + b
    }

    #[test]
    fn the_highest_bar_is_full_and_the_newest_stands_at_the_right() {
        assert_eq!(spark(&[1.0, 4.0, 8.0, 0.0], 6, sum), "  ▁▄█▁");
        assert_eq!(bars(&[8.0, 4.0, 12.0, 16.0], 4, 2, sum), ["  ▄█", "█▄██"]);
        assert_eq!(spark(&[0.001, 100.0], 2, sum), "▁█", "little is seen");
        assert_eq!(spark(&[0.0, 0.0], 3, sum), " ▁▁");
    }

    #[test]
    fn more_values_than_columns_are_laid_together() {
        assert_eq!(spark(&[1.0, 1.0, 2.0, 2.0], 2, sum), "▄█");
        assert_eq!(spark(&[1.0, 8.0, 2.0, 4.0], 2, f64::max), "█▄");
        assert_eq!(spark(&[1.0, 2.0], 0, sum), "");
        assert_eq!(bars(&[], 3, 2, sum), ["   ", "   "]);
    }
}
