//! The 14 fonts that need not be in a file: their widths and heights.

use super::names::Base;

/// Glyphs with their widths in seven fonts; after `@symbol` and `@zapfdingbats` those of these two.
const WIDTHS: &str = include_str!("../data/widths.txt");

/// One of the fonts; slanted ones have the widths of the upright but for Times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standard {
    Courier,
    Helvetica,
    HelveticaBold,
    Times,
    TimesBold,
    TimesItalic,
    TimesBoldItalic,
    Symbol,
    Dingbats,
}

impl Standard {
    /// The font that a name, without its subset's tag, stands for; where it is none of the fourteen, `None`.
    pub fn named(name: &str) -> Option<Self> {
        let name: String = name.chars().filter(|char| !matches!(char, ' ' | ',' | '-')).collect();
        let (family, style) = ["CourierNew", "Courier", "Helvetica", "Arial", "TimesNewRoman", "Times"]
            .iter()
            .find_map(|family| Some((*family, name.strip_prefix(family)?)))
            .or_else(|| matches!(name.as_str(), "Symbol" | "ZapfDingbats").then_some((name.as_str(), "")))?;
        let style = style.trim_start_matches("PS").trim_start_matches("MT").trim_end_matches("MT");
        let (bold, italic) = match style {
            "" | "Roman" => (false, false),
            "Bold" => (true, false),
            "Italic" | "Oblique" => (false, true),
            "BoldItalic" | "BoldOblique" => (true, true),
            _ => return None,
        };
        Some(match family {
            "Symbol" => Self::Symbol,
            "ZapfDingbats" => Self::Dingbats,
            _ => Self::of(family.chars().next(), bold, italic),
        })
    }

    fn of(family: Option<char>, bold: bool, italic: bool) -> Self {
        match (family, bold, italic) {
            (Some('C'), ..) => Self::Courier,
            (Some('T'), false, false) => Self::Times,
            (Some('T'), true, false) => Self::TimesBold,
            (Some('T'), false, true) => Self::TimesItalic,
            (Some('T'), true, true) => Self::TimesBoldItalic,
            (_, true, _) => Self::HelveticaBold,
            _ => Self::Helvetica,
        }
    }

    /// What comes nearest to a font that is not in the file, by its name and the flags of its descriptor (fixed, serif,
    /// bold).
    pub fn nearest(name: &str, flags: i64) -> Self {
        let has = |part: &str| name.to_ascii_lowercase().contains(part);
        let family = if flags & 1 != 0 {
            'C'
        } else if flags & 2 != 0 {
            'T'
        } else {
            'H'
        };
        let italic = has("italic") || has("oblique") || flags & 0x40 != 0;
        Self::of(Some(family), has("bold") || flags & 0x4_0000 != 0, italic)
    }

    pub fn encoding(self) -> Base {
        match self {
            Self::Symbol => Base::Symbol,
            Self::Dingbats => Base::Dingbats,
            _ => Base::Standard,
        }
    }

    /// The height of letters over the baseline and their depth under it, in parts of the size.
    pub fn heights(self) -> (f64, f64) {
        match self {
            Self::Courier => (0.629, -0.157),
            Self::Helvetica | Self::HelveticaBold => (0.718, -0.207),
            Self::Times => (0.683, -0.217),
            Self::TimesBold => (0.676, -0.205),
            Self::TimesItalic => (0.683, -0.205),
            Self::TimesBoldItalic => (0.699, -0.205),
            Self::Symbol => (1.010, -0.293),
            Self::Dingbats => (0.820, -0.143),
        }
    }

    /// The widths of named glyphs, in parts of the size.
    pub fn widths(self, names: &[Option<String>]) -> Vec<Option<f64>> {
        let (section, column) = match self {
            Self::Symbol => ("@symbol", 0),
            Self::Dingbats => ("@zapfdingbats", 0),
            _ => ("", self as usize),
        };
        let mut known = std::collections::HashMap::new();
        let mut here = "";
        for line in WIDTHS.lines().filter(|line| !line.starts_with('#')) {
            if line.starts_with('@') {
                here = line;
            } else if here == section
                && let Some((name, widths)) = line.split_once(' ')
                && let Some(width) = widths.split(' ').nth(column).and_then(|width| width.parse::<f64>().ok())
            {
                known.insert(name, width / 1000.0);
            }
        }
        names.iter().map(|name| known.get(name.as_deref()?).copied()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Standard;

    #[test]
    fn fonts_are_known_by_all_their_names() {
        let named = Standard::named;
        assert_eq!(named("Helvetica-BoldOblique"), Some(Standard::HelveticaBold));
        assert_eq!(named("TimesNewRomanPS-BoldItalicMT"), Some(Standard::TimesBoldItalic));
        assert_eq!(named("Arial,Bold"), Some(Standard::HelveticaBold));
        assert_eq!(named("ArialMT"), Some(Standard::Helvetica));
        assert_eq!(named("Times-Roman"), Some(Standard::Times));
        assert_eq!(named("ArialNarrow"), None);
        assert_eq!(named("Symbol"), Some(Standard::Symbol));
    }

    #[test]
    fn widths_are_those_of_the_metrics_files() {
        let names = ["A", "nonsense"].map(|name| Some(name.to_owned()));
        assert_eq!(Standard::Times.widths(&names), [Some(0.722), None]);
        let names = [Some("alpha".to_owned())];
        assert_eq!(Standard::Symbol.widths(&names), [Some(0.631)]);
    }
}
