//! A span in time: half a cell is the smallest step. What lies on the critical path is thick, the rest thin, so that no colour
//! is needed to tell them apart.

use crate::domain::trace::tree::Stretch;

/// What half a cell shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Half {
    Nothing,
    Thin,
    Thick,
}

/// The bar of a span that is shown from one moment to another, within the time that `width` cells stand for. One that lies
/// before or after that time is a sign at the edge.
pub(super) fn bar(time: (u64, u64), shown: (u64, u64), path: &[Stretch], width: u16) -> String {
    let halves = usize::from(width) * 2;
    let (from, to) = time;
    let wide = to.saturating_sub(from).max(1);
    if halves == 0 {
        return String::new();
    }
    if shown.1 < from {
        return "‹".to_owned();
    }
    if shown.0 > to {
        return format!("{}›", " ".repeat(usize::from(width) - 1));
    }
    let place = |at: u64| at.saturating_sub(from) as f64 / wide as f64 * halves as f64;
    let first = (place(shown.0).floor() as usize).min(halves - 1);
    let last = (place(shown.1).ceil() as usize).clamp(first + 1, halves);
    let moment = |half: usize| from + (u128::from(wide) * half as u128 / halves as u128) as u64;
    let half = |at: usize| {
        if at < first || at >= last {
            return Half::Nothing;
        }
        // The first stretch that ends behind the beginning of this half: does it begin before its end?
        let next = path.partition_point(|stretch| stretch.to <= moment(at));
        let thick = path.get(next).is_some_and(|stretch| stretch.from < moment(at + 1).max(moment(at) + 1));
        if thick { Half::Thick } else { Half::Thin }
    };
    (0..usize::from(width)).map(|cell| sign(half(cell * 2), half(cell * 2 + 1))).collect()
}

fn sign(left: Half, right: Half) -> char {
    match (left, right) {
        (Half::Nothing, Half::Nothing) => ' ',
        (Half::Thin, Half::Nothing) => '╴',
        (Half::Nothing, Half::Thin) => '╶',
        (Half::Thin, Half::Thin) => '─',
        (Half::Thick, Half::Nothing) => '╸',
        (Half::Nothing, Half::Thick) => '╺',
        (Half::Thick, Half::Thick) => '━',
        (Half::Thick, Half::Thin) => '╾',
        (Half::Thin, Half::Thick) => '╼',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(stretches: &[(u64, u64)]) -> Vec<Stretch> {
        stretches.iter().map(|(from, to)| Stretch { row: 0, from: *from, to: *to }).collect()
    }

    #[test]
    fn a_bar_is_as_long_as_its_span_and_thick_where_all_waits_for_it() {
        assert_eq!(bar((0, 100), (0, 100), &path(&[(0, 50)]), 10), "━━━━━─────");
        assert_eq!(bar((0, 100), (25, 75), &[], 10), "  ╶────╴  ");
        assert_eq!(bar((0, 100), (20, 70), &path(&[(20, 45)]), 10), "  ━━╾──   ");
    }

    #[test]
    fn what_takes_no_time_is_seen_and_what_lies_elsewhere_is_told() {
        assert_eq!(bar((0, 100), (100, 100), &[], 5), "    ╶");
        assert_eq!(bar((0, 100), (0, 0), &[], 5), "╴    ");
        assert_eq!(bar((50, 100), (0, 20), &[], 5), "‹");
        assert_eq!(bar((0, 40), (50, 60), &[], 5), "    ›");
        assert_eq!(bar((40, 60), (0, 100), &path(&[(0, 50), (50, 100)]), 4), "━━━━");
        assert_eq!(bar((7, 7), (7, 7), &[], 2), "╴ ");
        assert_eq!(bar((0, 9), (0, 9), &[], 0), "");
    }
}
