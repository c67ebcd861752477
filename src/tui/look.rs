//! Colours and modifiers: roles, themes, and what becomes of them on terminals with fewer colours.
//!
//! The only file that names a colour. Everything else asks for a [`Role`].

use std::collections::BTreeMap;

use ratatui::style::{Color, Modifier, Style};

use crate::domain::{Error, ErrorKind, Result};

/// What a piece of the screen is, never how it looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Role {
    /// What is read.
    Text,
    /// What stands beside it.
    Muted,
    /// What is there if one looks for it.
    Faint,
    /// The ground.
    Surface,
    /// Ground of code, drawers and overlays.
    Raised,
    /// Ground of the chosen row and of selected text.
    Selected,
    /// Focus, and the one thing that is live.
    Accent,
    Link,
    Good,
    Warn,
    Bad,
    Info,
    /// The person's words.
    You,
    /// The model's name and marks.
    Model,
    Tool,
    System,
    /// Lines between areas; never text.
    Rule,
    /// A caret drawn in cells, where the terminal's own cannot stand.
    Cursor,
    /// What a search found.
    Match,
    Added,
    Removed,
    Changed,
    Keyword,
    String,
    Number,
    Comment,
    Function,
    Kind,
    Constant,
    Punctuation,
}

impl Role {
    /// Every role with its name in a theme's file.
    pub const ALL: [(Self, &'static str); 30] = [
        (Self::Text, "text"),
        (Self::Muted, "muted"),
        (Self::Faint, "faint"),
        (Self::Surface, "surface"),
        (Self::Raised, "raised"),
        (Self::Selected, "selected"),
        (Self::Accent, "accent"),
        (Self::Link, "link"),
        (Self::Good, "good"),
        (Self::Warn, "warn"),
        (Self::Bad, "bad"),
        (Self::Info, "info"),
        (Self::You, "you"),
        (Self::Model, "model"),
        (Self::Tool, "tool"),
        (Self::System, "system"),
        (Self::Rule, "rule"),
        (Self::Cursor, "cursor"),
        (Self::Match, "match"),
        (Self::Added, "added"),
        (Self::Removed, "removed"),
        (Self::Changed, "changed"),
        (Self::Keyword, "keyword"),
        (Self::String, "string"),
        (Self::Number, "number"),
        (Self::Comment, "comment"),
        (Self::Function, "function"),
        (Self::Kind, "kind"),
        (Self::Constant, "constant"),
        (Self::Punctuation, "punctuation"),
    ];

    /// Grounds that text stands on.
    pub const GROUNDS: [Self; 3] = [Self::Surface, Self::Raised, Self::Selected];
}

/// How many colours the terminal shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// 24 bits.
    True,
    /// The 6×6×6 cube and the greys of xterm.
    Cube,
    /// ANSI 0 to 15: the `terminal` theme stands in for every other.
    Sixteen,
}

impl Depth {
    /// The colour of a picture's point, as near as the terminal comes to it.
    pub fn nearest(self, colour: Color) -> Color {
        let Color::Rgb(r, g, b) = colour else { return colour };
        match self {
            Self::True => colour,
            Self::Cube => in_cube(colour),
            Self::Sixteen => {
                let far = |other: [u8; 3]| -> i32 {
                    let pairs = [r, g, b].into_iter().zip(other);
                    pairs.map(|(one, other)| (i32::from(one) - i32::from(other)).pow(2)).sum()
                };
                let nearest = (0..16).min_by_key(|index| far(ANSI[usize::from(*index)]));
                nearest.map_or(colour, Color::Indexed)
            }
        }
    }
}

/// Whether the terminal's own ground is dark or light.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Background {
    Dark,
    Light,
}

/// The embedded themes.
const THEMES: &[(&str, &str)] = &[
    ("dark", include_str!("../../themes/dark.toml")),
    ("light", include_str!("../../themes/light.toml")),
    ("high-contrast", include_str!("../../themes/high-contrast.toml")),
    ("high-contrast-light", include_str!("../../themes/high-contrast-light.toml")),
    ("terminal", include_str!("../../themes/terminal.toml")),
    ("terminal-dark", include_str!("../../themes/terminal-dark.toml")),
    ("terminal-light", include_str!("../../themes/terminal-light.toml")),
];

/// A theme in effect: a style for every role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    name: String,
    background: Option<Background>,
    styles: [Style; Role::ALL.len()],
}

impl Look {
    /// The names of the embedded themes.
    pub fn names() -> impl Iterator<Item = &'static str> {
        THEMES.iter().map(|(name, _)| *name)
    }

    /// An embedded theme.
    pub fn named(name: &str) -> Result<Self> {
        let Some((name, source)) = THEMES.iter().find(|(known, _)| *known == name) else {
            let names: Vec<_> = Self::names().collect();
            return Err(Error::new(
                ErrorKind::Config,
                format!("choosing the theme {name:?}"),
                "there is no theme of that name",
                format!("Themes are: {}.", names.join(", ")),
            ));
        };
        Self::parse(name, source)
    }

    /// The theme for a terminal whose background is known.
    pub fn for_background(background: Background) -> Result<Self> {
        Self::named(match background {
            Background::Dark => "dark",
            Background::Light => "light",
        })
    }

    /// The theme of the terminal's own colours on this ground, as far as that is known.
    pub fn of_terminal(background: Option<Background>) -> Result<Self> {
        Self::named(match background {
            Some(Background::Dark) => "terminal-dark",
            Some(Background::Light) => "terminal-light",
            None => "terminal",
        })
    }

    /// Reads a theme: every role once, as `colour modifiers on background`. A colour is `#rrggbb`, `default`, or one of
    /// the terminal's sixteen by name.
    pub fn parse(name: &str, source: &str) -> Result<Self> {
        let bad = |why: String| {
            Error::new(
                ErrorKind::Config,
                format!("reading the theme {name:?}"),
                why,
                "A theme is a TOML table of roles; `themes/dark.toml` in the sources is an example.",
            )
        };
        let mut entries: BTreeMap<String, String> =
            toml::from_str(source).map_err(|error| bad(error.message().to_owned()))?;
        let background = match entries.remove("background").as_deref() {
            Some("dark") => Some(Background::Dark),
            Some("light") => Some(Background::Light),
            Some("any") | None => None,
            Some(other) => return Err(bad(format!("background is {other:?}, not dark, light or any"))),
        };
        let mut styles = [Style::new(); Role::ALL.len()];
        for (role, key) in Role::ALL {
            let value = entries.remove(key).ok_or_else(|| bad(format!("the role {key} is missing")))?;
            styles[role as usize] =
                style(&value).ok_or_else(|| bad(format!("{key} is {value:?}, which is no style")))?;
        }
        if let Some(key) = entries.keys().next() {
            return Err(bad(format!("there is no role {key:?}")));
        }
        Ok(Self { name: name.to_owned(), background, styles })
    }

    /// No colour at all: what must stand out does so by modifiers (`NO_COLOR`).
    pub fn colourless() -> Self {
        let mut styles = [Style::new(); Role::ALL.len()];
        for (role, _) in Role::ALL {
            let modifier = match role {
                Role::Selected | Role::Cursor | Role::Match => Modifier::REVERSED,
                Role::Accent | Role::Bad | Role::Warn | Role::Keyword | Role::Function => Modifier::BOLD,
                Role::Link | Role::Added | Role::Changed => Modifier::UNDERLINED,
                Role::Faint | Role::Rule | Role::Comment => Modifier::DIM,
                Role::Removed => Modifier::CROSSED_OUT,
                _ => Modifier::empty(),
            };
            styles[role as usize] = Style::new().add_modifier(modifier);
        }
        Self { name: "no colour".to_owned(), background: None, styles }
    }

    /// The same theme with the colours that the terminal has; where those are its own sixteen, the ground is its own too.
    pub fn at_depth(self, depth: Depth, background: Option<Background>) -> Result<Self> {
        let coloured = |style: &Style| {
            [style.fg, style.bg]
                .into_iter()
                .flatten()
                .any(|c| matches!(c, Color::Rgb(..) | Color::Indexed(_)))
        };
        match depth {
            Depth::Sixteen if self.styles.iter().any(coloured) => Self::of_terminal(background),
            Depth::True | Depth::Sixteen => Ok(self),
            Depth::Cube => {
                let styles = self.styles.map(|style| Style {
                    fg: style.fg.map(in_cube),
                    bg: style.bg.map(in_cube),
                    ..style
                });
                Ok(Self { styles, ..self })
            }
        }
    }

    /// The theme's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The ground that the theme is made for; `None` for any.
    pub fn background(&self) -> Option<Background> {
        self.background
    }

    /// How `role` looks. Text roles set no background: they stand on whatever ground is there.
    pub fn style(&self, role: Role) -> Style {
        self.styles[role as usize]
    }

    /// The contrast of `role` on `ground` as WCAG 2.2 counts it, 1 to 21; `None` where a colour is the terminal's own.
    pub fn contrast(&self, role: Role, ground: Role) -> Option<f32> {
        let of = |colour: Option<Color>| match colour? {
            Color::Rgb(r, g, b) => Some(luminance([r, g, b])),
            Color::Indexed(i) => Some(luminance(cube(i)?)),
            _ => None,
        };
        let style = self.style(role);
        let ground = of(style.bg).or_else(|| of(self.style(ground).bg))?;
        let text = of(style.fg)?;
        Some((text.max(ground) + 0.05) / (text.min(ground) + 0.05))
    }
}

fn style(text: &str) -> Option<Style> {
    let mut style = Style::new();
    let mut words = text.split_whitespace();
    while let Some(word) = words.next() {
        style = match word {
            "on" => style.bg(colour(words.next()?)?),
            "bold" => style.add_modifier(Modifier::BOLD),
            "dim" => style.add_modifier(Modifier::DIM),
            "italic" => style.add_modifier(Modifier::ITALIC),
            "underlined" => style.add_modifier(Modifier::UNDERLINED),
            "reversed" => style.add_modifier(Modifier::REVERSED),
            _ => style.fg(colour(word)?),
        };
    }
    Some(style)
}

fn colour(word: &str) -> Option<Color> {
    Some(match word {
        "default" => Color::Reset,
        "black" => Color::Black,
        "red" => Color::Red,
        "green" => Color::Green,
        "yellow" => Color::Yellow,
        "blue" => Color::Blue,
        "magenta" => Color::Magenta,
        "cyan" => Color::Cyan,
        "white" => Color::Gray,
        "bright-black" => Color::DarkGray,
        "bright-red" => Color::LightRed,
        "bright-green" => Color::LightGreen,
        "bright-yellow" => Color::LightYellow,
        "bright-blue" => Color::LightBlue,
        "bright-magenta" => Color::LightMagenta,
        "bright-cyan" => Color::LightCyan,
        "bright-white" => Color::White,
        _ => {
            let digits = word.strip_prefix('#').filter(|d| d.chars().count() == 6)?;
            let value = u32::from_str_radix(digits, 16).ok()?;
            let [_, r, g, b] = value.to_be_bytes();
            Color::Rgb(r, g, b)
        }
    })
}

/// Relative luminance, WCAG 2.2.
fn luminance(rgb: [u8; 3]) -> f32 {
    let [r, g, b] = rgb.map(|channel| {
        let c = f32::from(channel) / 255.0;
        if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
    });
    0.2126 * r + 0.7152 * g + 0.0722 * b
}

/// ANSI 0 to 15 as xterm has them; a terminal's own are near.
const ANSI: [[u8; 3]; 16] = [
    [0, 0, 0],
    [205, 0, 0],
    [0, 205, 0],
    [205, 205, 0],
    [0, 0, 238],
    [205, 0, 205],
    [0, 205, 205],
    [229, 229, 229],
    [127, 127, 127],
    [255, 0, 0],
    [0, 255, 0],
    [255, 255, 0],
    [92, 92, 255],
    [255, 0, 255],
    [0, 255, 255],
    [255, 255, 255],
];

const STEPS: [u8; 6] = [0, 95, 135, 175, 215, 255];

/// The colour of an index of xterm's palette from 16 on; the first sixteen are the terminal's.
fn cube(index: u8) -> Option<[u8; 3]> {
    match index {
        0..16 => None,
        16..232 => {
            let i = index - 16;
            Some([i / 36, i / 6 % 6, i % 6].map(|s| STEPS[usize::from(s)]))
        }
        232.. => Some([8 + 10 * (index - 232); 3]),
    }
}

/// The nearest colour of xterm's palette.
fn in_cube(colour: Color) -> Color {
    let Color::Rgb(r, g, b) = colour else { return colour };
    let distance = |[x, y, z]: [u8; 3]| -> i32 {
        [(r, x), (g, y), (b, z)].into_iter().map(|(a, b)| (i32::from(a) - i32::from(b)).pow(2)).sum()
    };
    let nearest = (16..=255).min_by_key(|i| cube(*i).map_or(i32::MAX, distance));
    nearest.map_or(colour, Color::Indexed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_has_its_place_in_the_table() {
        for (i, (role, _)) in Role::ALL.into_iter().enumerate() {
            assert_eq!(role as usize, i);
        }
    }

    #[test]
    fn a_theme_names_every_role_once_and_nothing_else() {
        let source = THEMES[0].1;
        assert!(Look::parse("mine", source).is_ok());
        let missing = source.replace("\nfaint = ", "\n# faint = ");
        assert!(Look::parse("mine", &missing).unwrap_err().why.contains("faint"));
        let more = format!("{source}\nsparkle = \"red\"\n");
        assert!(Look::parse("mine", &more).unwrap_err().why.contains("sparkle"));
        let wrong = source.replace("underlined", "wavy");
        assert!(Look::parse("mine", &wrong).unwrap_err().why.contains("link"));
        assert!(Look::named("drak").unwrap_err().hint.contains("dark"));
    }

    #[test]
    fn fewer_colours_keep_the_look() {
        let cube = Look::named("dark").unwrap().at_depth(Depth::Cube, None).unwrap();
        assert!(matches!(cube.style(Role::Accent).fg, Some(Color::Indexed(16..))));
        let sixteen = Look::named("light").unwrap().at_depth(Depth::Sixteen, None).unwrap();
        assert_eq!(sixteen.name(), "terminal");
        for (role, name) in Role::ALL {
            let style = Look::colourless().style(role);
            assert_eq!((style.fg, style.bg), (None, None), "{name}");
        }
    }
}
