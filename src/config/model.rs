//! What the person says of a model, typed.

use std::path::Path;

use serde::Deserialize;

use super::check;
use crate::domain::catalog::{Capability, ModelId};
use crate::domain::known::Correction;
use crate::domain::near::nearest;
use crate::domain::{Error, ErrorKind, Result};

#[derive(Deserialize)]
pub(super) struct RawModel {
    context: Option<u32>,
    max_output: Option<u32>,
    #[serde(default)]
    can: Vec<String>,
    #[serde(default)]
    lacks: Vec<String>,
    input_price: Option<f64>,
    output_price: Option<f64>,
    cached_price: Option<f64>,
    cache_write_price: Option<f64>,
    picture_price: Option<f64>,
    search_price: Option<f64>,
    regions: Option<Vec<String>>,
    base: Option<String>,
}

impl RawModel {
    pub(super) fn typed(self, id: &str, file: &Path) -> Result<(ModelId, Correction)> {
        let table = check::join("models", id);
        let bad = |key: &str, why: String, hint: String| {
            Error::new(ErrorKind::Config, format!("reading {table}{key} from {}", file.display()), why, hint)
        };
        let model = id.parse::<ModelId>().map_err(|error: Error| {
            bad("", error.why, "Write the whole id in quotes, like [models.\"home/qwen3\"].".to_owned())
        })?;
        let named = |key: &str, names: &[String]| {
            let typed = |name: &String| {
                Capability::ALL.into_iter().find(|known| known.as_str() == name).ok_or_else(|| {
                    let names = Capability::ALL.map(Capability::as_str);
                    let why = match nearest(name, names.into_iter()) {
                        Some(near) => format!("it holds {name:?}; did you mean {near:?}?"),
                        None => format!("it holds {name:?}"),
                    };
                    bad(key, why, format!("There are: {}.", names.join(", ")))
                })
            };
            names.iter().map(typed).collect::<Result<Vec<_>>>()
        };
        let (can, lacks) = (named(".can", &self.can)?, named(".lacks", &self.lacks)?);
        if let Some(both) = can.iter().find(|capability| lacks.contains(capability)) {
            let why = format!("{:?} stands in both", both.as_str());
            return Err(bad(": can and lacks", why, "Take it out of one of them.".to_owned()));
        }
        let correction = Correction {
            context: self.context,
            max_output: self.max_output,
            can,
            lacks,
            input_price: self.input_price,
            output_price: self.output_price,
            cached_price: self.cached_price,
            cache_write_price: self.cache_write_price,
            picture_price: self.picture_price,
            search_price: self.search_price,
            regions: self.regions,
            base: self.base,
        };
        Ok((model, correction))
    }
}
