//! A text that no output shows.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroizing;

/// A key, token or passphrase. `Debug` shows nothing of it, and it is wiped when dropped. It is written as itself: across the
/// private socket and into the sealed store, nowhere else.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The text itself, for the one place that sends or hashes it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// A URL without what it may hold of secrets: the part before `@`, and the values of its query.
pub fn shown_url(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").map_or(("", url), |(scheme, rest)| (scheme, rest));
    let separator = if scheme.is_empty() { "" } else { "://" };
    let authority = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let place =
        rest[..authority].rfind('@').map_or_else(|| rest.to_owned(), |at| format!("…@{}", &rest[at + 1..]));
    let (path, query) =
        place.split_once('?').map_or((place.as_str(), None), |(path, query)| (path, Some(query)));
    let shown =
        |pair: &str| pair.split_once('=').map_or_else(|| pair.to_owned(), |(name, _)| format!("{name}=…"));
    let query = query.map(|query| query.split('&').map(shown).collect::<Vec<_>>().join("&"));
    let query = query.map_or_else(String::new, |query| format!("?{query}"));
    format!("{scheme}{separator}{path}{query}")
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.expose())
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shown_url_tells_no_password_and_no_value_of_its_query() {
        for (url, shown) in [
            ("http://127.0.0.1:8080/v1", "http://127.0.0.1:8080/v1"),
            ("http://me:canary@proxy:3128", "http://…@proxy:3128"),
            ("me:c@n@proxy/x@y", "…@proxy/x@y"),
            ("https://a.test/v1?key=canary&beta&api-version=2", "https://a.test/v1?key=…&beta&api-version=…"),
            ("https://u:p@a.test?key=canary", "https://…@a.test?key=…"),
        ] {
            assert_eq!(shown_url(url), shown);
        }
    }
}
