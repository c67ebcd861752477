//! A login that `aws sso login` has left in its cache.

use jiff::Timestamp as Moment;
use secrecy::SecretString;
use serde::Deserialize;

use super::keys::moment;
use super::unreadable;
use crate::domain::Result;
use crate::domain::time::Timestamp;

/// One file of `~/.aws/sso/cache`.
#[derive(Debug, Clone)]
pub struct Login {
    pub token: SecretString,
    pub ends: Timestamp,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Cached {
    access_token: String,
    expires_at: String,
}

impl Login {
    /// Reads a file's bytes.
    pub fn read(doing: &str, bytes: &[u8]) -> Result<Self> {
        let broken = || unreadable(doing, "the login's file holds no token with its end");
        let cached: Cached = serde_json::from_slice(bytes).map_err(|_| broken())?;
        let ends = moment(&cached.expires_at).ok_or_else(broken)?;
        Ok(Self { token: cached.access_token.into(), ends })
    }

    /// When it ran out or will, for people: "2026-11-27 21:00 UTC".
    pub fn end(&self) -> String {
        let ends = Moment::from_millisecond(self.ends.0).unwrap_or_default();
        ends.strftime("%Y-%m-%d %H:%M UTC").to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cached_login_has_a_token_and_an_end() {
        for ends in ["2026-11-27T21:00:00Z", "2026-11-27T21:00:00UTC"] {
            let file =
                format!(r#"{{"startUrl":"x","accessToken":"canary","expiresAt":"{ends}","region":"y"}}"#);
            let login = Login::read("signing in", file.as_bytes()).unwrap();
            assert_eq!((login.ends.0, login.end().as_str()), (1_795_813_200_000, "2026-11-27 21:00 UTC"));
            assert!(!format!("{login:?}").contains("canary"));
        }
        for broken in [r#"{"accessToken":"canary"}"#, r#"{"accessToken":"canary","expiresAt":"soon"}"#, ""] {
            let error = Login::read("signing in", broken.as_bytes()).unwrap_err();
            assert!(!error.to_string().contains("canary"), "{error}");
        }
    }
}
