//! What a picture is made with besides the prompt, and the rows in which that is changed.

use crate::domain::call::{Blobs, Picture};
use crate::domain::catalog::ModelId;
use crate::domain::message::BlobId;
use crate::domain::picture::{MOST, size};
use crate::domain::{Error, ErrorKind, Result};
use crate::tui::overlay::input::Input;

/// Sizes that models make, to step through; any other one can be typed.
const SIZES: [(u32, u32); 8] = [
    (512, 512),
    (768, 768),
    (1024, 1024),
    (1024, 1536),
    (1536, 1024),
    (1024, 1792),
    (1792, 1024),
    (2048, 2048),
];

/// The picture to begin with.
#[derive(Debug, Clone, PartialEq)]
pub enum Source {
    /// One that was made here.
    Kept { blob: BlobId, name: String },
    /// One of this machine, by its path.
    File(String),
}

/// What is asked for, without the prompt.
#[derive(Debug, Clone, PartialEq)]
pub struct Setup {
    pub model: Option<ModelId>,
    pub negative: String,
    pub size: Option<(u32, u32)>,
    pub seed: Option<u64>,
    pub count: u32,
    pub from: Option<Source>,
}

impl Default for Setup {
    fn default() -> Self {
        Self { model: None, negative: String::new(), size: None, seed: None, count: 1, from: None }
    }
}

/// One row of the drawer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Row {
    Model,
    Negative,
    Size,
    Seed,
    Count,
    From,
}

impl Row {
    pub const ALL: [Self; 6] = [Self::Model, Self::Negative, Self::Size, Self::Seed, Self::Count, Self::From];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Model => "model",
            Self::Negative => "negative prompt",
            Self::Size => "size",
            Self::Seed => "seed",
            Self::Count => "pictures",
            Self::From => "vary",
        }
    }

    /// Whether its value goes up and down.
    pub const fn steps(self) -> bool {
        matches!(self, Self::Size | Self::Seed | Self::Count)
    }

    /// What it does, in a sentence.
    pub const fn about(self) -> &'static str {
        match self {
            Self::Model => "Who makes the pictures.",
            Self::Negative => "What must not be seen. OpenAI's models take none.",
            Self::Size => "Width and height in pixels, like 1024x768; each model has its own.",
            Self::Seed => "The same seed makes the same pictures. OpenAI's models take none.",
            Self::Count => "How many are made at once, 1 to 10.",
            Self::From => "A picture to begin with: a file of this machine, or one that was made here.",
        }
    }
}

/// The rows: which is selected, what is typed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Drawer {
    pub selected: usize,
    /// A value that is being typed.
    pub input: Option<Input>,
    /// Why the last value was not taken.
    pub error: Option<Error>,
}

impl Drawer {
    pub fn row(&self) -> Row {
        Row::ALL.get(self.selected).copied().unwrap_or(Row::Model)
    }

    /// Moves the selection; it stops at the ends.
    pub fn step(&mut self, steps: isize) {
        self.selected = self.selected.saturating_add_signed(steps).min(Row::ALL.len() - 1);
        (self.input, self.error) = (None, None);
    }
}

impl Setup {
    /// The call for this prompt; a file to vary is not in it.
    pub fn picture(&self, model: ModelId, prompt: String) -> Picture {
        let from = match &self.from {
            Some(Source::Kept { blob, .. }) => Some(blob.clone()),
            _ => None,
        };
        Picture {
            model,
            prompt,
            negative: Some(self.negative.trim().to_owned()).filter(|negative| !negative.is_empty()),
            size: self.size,
            seed: self.seed,
            count: self.count,
            from,
            blobs: Blobs::default(),
        }
    }

    /// A value as it is shown; `None` where it is left to the model.
    pub fn value(&self, row: Row) -> Option<String> {
        match row {
            Row::Model => self.model.as_ref().map(ToString::to_string),
            Row::Negative => Some(self.negative.trim().to_owned()).filter(|negative| !negative.is_empty()),
            Row::Size => self.size.map(|(width, height)| format!("{width}x{height}")),
            Row::Seed => self.seed.map(|seed| seed.to_string()),
            Row::Count => (self.count != 1).then(|| self.count.to_string()),
            Row::From => self.from.as_ref().map(|from| match from {
                Source::Kept { name, .. } | Source::File(name) => name.clone(),
            }),
        }
    }

    /// Takes what was typed; an empty text is the default.
    pub fn set(&mut self, row: Row, text: &str) -> Result<()> {
        let text = text.trim();
        if text.is_empty() {
            self.reset(row);
            return Ok(());
        }
        let wrong = |why: &str, hint: String| {
            Err(Error::new(ErrorKind::Invalid, format!("reading {text:?}"), why.to_owned(), hint))
        };
        match row {
            Row::Negative => text.clone_into(&mut self.negative),
            Row::Size => self.size = Some(size(text)?),
            Row::Seed => match text.parse() {
                Ok(seed) => self.seed = Some(seed),
                Err(_) => return wrong("a seed is a whole number", "From 0 on.".to_owned()),
            },
            Row::Count => match text.parse() {
                Ok(count) if (1..=MOST).contains(&count) => self.count = count,
                _ => return wrong("that many are not made at once", format!("From 1 to {MOST}.")),
            },
            Row::Model | Row::From => {}
        }
        Ok(())
    }

    /// Back to the default.
    pub fn reset(&mut self, row: Row) {
        let default = Self::default();
        match row {
            Row::Model => {}
            Row::Negative => self.negative.clear(),
            Row::Size => self.size = default.size,
            Row::Seed => self.seed = default.seed,
            Row::Count => self.count = default.count,
            Row::From => self.from = default.from,
        }
    }

    /// One step more or less.
    pub fn step(&mut self, row: Row, steps: isize) {
        match row {
            Row::Size => {
                let at = self.size.and_then(|size| SIZES.iter().position(|other| *other == size));
                let next = match at {
                    Some(at) => at.checked_add_signed(steps),
                    // From one that is not among them to the usual one.
                    None => Some(2),
                };
                self.size = next.map(|at| SIZES[at.min(SIZES.len() - 1)]);
            }
            Row::Seed => {
                self.seed = match self.seed {
                    Some(seed) => seed.checked_add_signed(steps as i64),
                    None if steps > 0 => Some(0),
                    None => None,
                };
            }
            Row::Count => self.count = self.count.saturating_add_signed(steps as i32).clamp(1, MOST),
            Row::Model | Row::Negative | Row::From => {}
        }
    }

    /// What differs from the defaults, in a few words each.
    pub fn summary(&self) -> Vec<String> {
        let mut parts = Vec::new();
        parts.extend(self.value(Row::Size));
        parts.extend(self.value(Row::Count).map(|count| format!("{count} pictures")));
        parts.extend(self.value(Row::Seed).map(|seed| format!("seed {seed}")));
        parts.extend(self.value(Row::Negative).map(|negative| format!("not: {negative}")));
        parts.extend(self.value(Row::From).map(|name| format!("varies {name}")));
        parts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_typed_stepped_and_left_to_the_model() {
        let mut setup = Setup::default();
        assert!(setup.summary().is_empty());
        for (row, text) in
            [(Row::Size, "640x480"), (Row::Seed, "7"), (Row::Count, "3"), (Row::Negative, " fog ")]
        {
            setup.set(row, text).unwrap();
        }
        assert_eq!(setup.summary(), ["640x480", "3 pictures", "seed 7", "not: fog"]);
        for (row, text) in [(Row::Size, "huge"), (Row::Seed, "-1"), (Row::Count, "11"), (Row::Count, "0")] {
            assert!(setup.set(row, text).is_err(), "{text}");
        }
        setup.step(Row::Size, 1);
        assert_eq!(setup.size, Some((1024, 1024)));
        setup.step(Row::Size, -2);
        assert_eq!(setup.size, Some((512, 512)));
        setup.step(Row::Size, -1);
        assert_eq!(setup.size, None, "below the smallest it is the model's own");
        setup.step(Row::Count, 99);
        setup.step(Row::Seed, -8);
        assert_eq!((setup.count, setup.seed), (MOST, None));
        for row in Row::ALL {
            setup.reset(row);
        }
        assert_eq!(setup, Setup::default());
    }

    #[test]
    fn a_picture_that_was_made_here_goes_by_its_name_and_a_file_beside_the_call() {
        let mut setup = Setup { negative: " ".into(), ..Setup::default() };
        setup.from = Some(Source::Kept { blob: BlobId("aa".into()), name: "river.png".into() });
        let picture = setup.picture("a/b".parse().unwrap(), "x".into());
        assert_eq!((picture.from, picture.negative), (Some(BlobId("aa".into())), None));
        setup.from = Some(Source::File("~/a.png".into()));
        assert_eq!(setup.picture("a/b".parse().unwrap(), "x".into()).from, None);
        assert_eq!(setup.summary(), ["varies ~/a.png"]);
    }
}
