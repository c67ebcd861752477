//! What an API takes of a setting, where that is known to be less than the table of settings allows.

use serde::Deserialize;

use super::catalog::ModelId;
use super::known::{met, plain};
use super::settings::Settings;

/// One row of the catalogue. What it does not say is unknown.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Range {
    /// Whose: `provider/model` as the catalogue writes it; a trailing `*` stands for any continuation.
    pub models: Vec<String>,
    /// The least and the most.
    pub temperature: Option<(f32, f32)>,
    /// The most.
    pub top_k: Option<u32>,
    /// How many texts at most.
    pub stop: Option<usize>,
    /// Where it was read.
    pub source: String,
}

/// A setting that an API does not take as it is set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outside {
    /// By its name in the table of settings.
    pub setting: &'static str,
    pub is: String,
    /// What is taken: "0 – 1", "up to 4".
    pub takes: String,
}

impl Range {
    /// The settings that are out of it.
    pub fn outside(&self, settings: &Settings) -> Vec<Outside> {
        let temperature = self.temperature.zip(settings.temperature);
        let temperature = temperature.filter(|((least, most), value)| value < least || value > most);
        let top_k = self.top_k.zip(settings.top_k).filter(|(most, value)| value > most);
        let stop = self.stop.filter(|most| settings.stop.len() > *most);
        let outside = |setting, is, takes| Outside { setting, is, takes };
        let all = [
            temperature.map(|((least, most), value)| {
                outside("temperature", value.to_string(), format!("{least} – {most}"))
            }),
            top_k.map(|(most, value)| outside("top_k", value.to_string(), format!("0 – {most}"))),
            stop.map(|most| {
                outside("stop", format!("{} texts", settings.stop.len()), format!("up to {most}"))
            }),
        ];
        all.into_iter().flatten().collect()
    }

    fn closeness(&self, id: &str) -> Option<usize> {
        self.models.iter().filter_map(|known| met(known, id)).max()
    }
}

/// The row that the id means: the closest one counts.
pub fn find<'a>(ranges: &'a [Range], id: &ModelId) -> Option<&'a Range> {
    let id = plain(id);
    let close = |range: &'a Range| Some((range.closeness(&id)?, range));
    ranges.iter().filter_map(close).max_by_key(|(closeness, _)| *closeness).map(|(_, range)| range)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(model: &str) -> Range {
        Range {
            models: vec![model.to_owned()],
            temperature: Some((0.0, 1.0)),
            top_k: Some(500),
            stop: Some(2),
            source: "a page".to_owned(),
        }
    }

    #[test]
    fn what_is_out_of_a_range_is_named_with_what_is_taken_and_what_is_unset_or_unknown_is_not() {
        let mut settings = Settings::default();
        assert!(range("a/*").outside(&settings).is_empty());
        for (name, value) in [("temperature", "1"), ("top_k", "500"), ("stop", "a,b")] {
            settings.set(name, value).unwrap();
        }
        assert!(range("a/*").outside(&settings).is_empty());
        for (name, value) in [("temperature", "1.5"), ("top_k", "501"), ("stop", "a,b,c")] {
            settings.set(name, value).unwrap();
        }
        let said = range("a/*").outside(&settings);
        let said: Vec<_> = said.iter().map(|it| (it.setting, it.is.as_str(), it.takes.as_str())).collect();
        assert_eq!(
            said,
            [("temperature", "1.5", "0 – 1"), ("top_k", "501", "0 – 500"), ("stop", "3 texts", "up to 2")]
        );
        let unknown = Range { temperature: None, top_k: None, stop: None, ..range("a/*") };
        assert!(unknown.outside(&settings).is_empty());
    }

    #[test]
    fn the_closest_row_counts_and_a_geography_hides_none() {
        let ranges = [range("bedrock/*"), range("bedrock/anthropic.*"), range("openai/*")];
        let found = |id: &str| find(&ranges, &id.parse().unwrap()).map(|range| range.models[0].as_str());
        assert_eq!(found("bedrock/amazon.nova"), Some("bedrock/*"));
        assert_eq!(found("bedrock/eu.anthropic.claude-x"), Some("bedrock/anthropic.*"));
        assert_eq!(found("home/amazon.nova"), None);
    }
}
