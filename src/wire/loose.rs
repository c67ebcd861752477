//! Values that servers write in more ways than the API says: read as far as they make sense, else as absent. A strange
//! count must not cost the text beside it.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// A count: whole, with a point, or as a text.
pub(super) fn count<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u32>, D::Error> {
    let number = match Value::deserialize(from)? {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    Ok(number.filter(|number: &f64| (0.0..=f64::from(u32::MAX)).contains(number)).map(|number| number as u32))
}

/// A text; anything else is none.
pub(super) fn text<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    Ok(match Value::deserialize(from)? {
        Value::String(text) => Some(text),
        _ => None,
    })
}

/// Anything of a known shape; what has another one is none.
pub(super) fn or_none<'de, D: Deserializer<'de>, T: DeserializeOwned>(
    from: D,
) -> Result<Option<T>, D::Error> {
    Ok(T::deserialize(Value::deserialize(from)?).ok())
}

/// The input of a tool, from the text that the model wrote. A model may write what is no JSON: it is kept as it is, for
/// the tool to refuse.
pub(super) fn input(written: String) -> Value {
    if written.trim().is_empty() {
        return Value::Object(serde_json::Map::new());
    }
    serde_json::from_str(&written).unwrap_or(Value::String(written))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Counted {
        #[serde(default, deserialize_with = "count")]
        n: Option<u32>,
    }

    #[test]
    fn counts_are_read_in_every_way_that_servers_write_them() {
        for (written, read) in [
            ("{}", None),
            ("{\"n\": null}", None),
            ("{\"n\": 12}", Some(12)),
            ("{\"n\": 12.0}", Some(12)),
            ("{\"n\": \"12\"}", Some(12)),
            ("{\"n\": -1}", None),
            ("{\"n\": 1e99}", None),
            ("{\"n\": [1]}", None),
        ] {
            assert_eq!(serde_json::from_str::<Counted>(written).unwrap().n, read, "{written}");
        }
    }
}
