//! How a provider's list of models stands: how old it is, and what went wrong when it was asked for last.

use serde::{Deserialize, Serialize};

use super::Error;
use super::figures::ago;
use super::time::Timestamp;

/// A list that a provider behind the network gave, or was to give.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Listing {
    pub provider: String,
    /// Where its API is; `None` for one that has no address.
    pub address: Option<String>,
    /// When the list is from; `None` where there is none: without an error, it was not asked yet.
    pub listed: Option<Timestamp>,
    pub models: u32,
    /// Why it gave none when it was asked now; an older list stands in then.
    pub error: Option<Error>,
}

impl Listing {
    /// Whether nobody has asked it yet.
    pub fn is_unasked(&self) -> bool {
        self.listed.is_none() && self.error.is_none()
    }

    /// "listed 3 h ago".
    pub fn age(&self, now: Timestamp) -> Option<String> {
        self.listed.map(|listed| format!("listed {}", ago(now.since(listed))))
    }

    /// Whether it is from now or from so short a time ago that nobody needs to be told.
    pub fn is_fresh(&self, now: Timestamp) -> bool {
        const MINUTE: u64 = 60_000;
        self.error.is_none() && self.listed.is_some_and(|listed| now.since(listed) < MINUTE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ErrorKind;

    #[test]
    fn a_list_says_its_age_and_one_that_never_came_has_none() {
        let list =
            |listed, error| Listing { provider: "home".into(), address: None, listed, models: 1, error };
        let now = Timestamp(100 * 3_600_000);
        let old = list(Some(Timestamp(97 * 3_600_000)), None);
        assert_eq!(old.age(now).as_deref(), Some("listed 3 h ago"));
        assert!(!old.is_fresh(now) && list(Some(now), None).is_fresh(now));
        let error = Error::new(ErrorKind::Network, "listing", "no route", "");
        let never = list(None, Some(error));
        assert!(never.age(now).is_none() && !never.is_fresh(now) && !never.is_unasked());
        assert!(list(None, None).is_unasked() && !list(Some(now), None).is_unasked());
    }
}
