//! A login that `aws sso login` has left in its cache.

use jiff::Timestamp as Moment;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::keys::moment;
use super::unreadable;
use crate::domain::Result;
use crate::domain::time::Timestamp;

/// One file of `~/.aws/sso/cache`.
#[derive(Debug, Clone)]
pub struct Login {
    pub token: SecretString,
    pub ends: Timestamp,
    /// `None` for one that cannot be renewed without the person.
    pub renewal: Option<Renewal>,
}

/// What renews a login.
#[derive(Debug, Clone)]
pub struct Renewal {
    client_id: String,
    client_secret: SecretString,
    token: SecretString,
    /// The client's registration.
    ends: Option<Timestamp>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Cached {
    access_token: String,
    expires_at: String,
    client_id: Option<String>,
    client_secret: Option<String>,
    refresh_token: Option<String>,
    registration_expires_at: Option<String>,
}

/// The answer of `CreateToken` (<https://docs.aws.amazon.com/singlesignon/latest/OIDCAPIReference/API_CreateToken.html>).
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Created {
    access_token: String,
    /// In seconds.
    expires_in: i64,
    refresh_token: Option<String>,
}

impl Renewal {
    /// The body of `CreateToken`.
    pub fn body(&self) -> Vec<u8> {
        let body = json!({
            "clientId": self.client_id,
            "clientSecret": self.client_secret.expose_secret(),
            "grantType": "refresh_token",
            "refreshToken": self.token.expose_secret(),
        });
        body.to_string().into_bytes()
    }

    /// Whether it can be tried at `now`, in milliseconds.
    pub fn holds(&self, now: i64) -> bool {
        self.ends.is_none_or(|ends| ends.0 > now)
    }
}

/// The bytes of the login's file with the token that was created at `now`, in milliseconds; what else is in it stays.
pub fn renewed(doing: &str, file: &[u8], answer: &[u8], now: i64) -> Result<Vec<u8>> {
    let broken = || unreadable(doing, "the login was renewed without a token");
    let created: Created = serde_json::from_slice(answer).map_err(|_| broken())?;
    let mut file: Map<String, Value> = serde_json::from_slice(file).map_err(|_| broken())?;
    let ends = Moment::from_millisecond(now.saturating_add(created.expires_in.saturating_mul(1000)));
    let ends = ends.map_err(|_| broken())?.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    file.insert("accessToken".to_owned(), created.access_token.into());
    file.insert("expiresAt".to_owned(), ends.into());
    if let Some(token) = created.refresh_token {
        file.insert("refreshToken".to_owned(), token.into());
    }
    Ok(Value::Object(file).to_string().into_bytes())
}

impl Login {
    /// Reads a file's bytes.
    pub fn read(doing: &str, bytes: &[u8]) -> Result<Self> {
        let broken = || unreadable(doing, "the login's file holds no token with its end");
        let cached: Cached = serde_json::from_slice(bytes).map_err(|_| broken())?;
        let ends = moment(&cached.expires_at).ok_or_else(broken)?;
        let registered = cached.registration_expires_at.as_deref().and_then(moment);
        let renewal = match (cached.client_id, cached.client_secret, cached.refresh_token) {
            (Some(client_id), Some(secret), Some(token)) => Some(Renewal {
                client_id,
                client_secret: secret.into(),
                token: token.into(),
                ends: registered,
            }),
            _ => None,
        };
        Ok(Self { token: cached.access_token.into(), ends, renewal })
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

    #[test]
    fn a_renewed_login_keeps_what_it_does_not_know_and_asks_with_the_newest_token() {
        let file = br#"{"accessToken":"old","expiresAt":"2026-11-27T20:00:00Z","clientId":"c","clientSecret":"s","refreshToken":"r1","registrationExpiresAt":"2026-12-01T00:00:00Z","of tomorrow":[1]}"#;
        let renewal = Login::read("x", file).unwrap().renewal.unwrap();
        assert!(renewal.holds(1_795_813_200_000) && !renewal.holds(1_896_000_000_000));
        let asked: Value = serde_json::from_slice(&renewal.body()).unwrap();
        let wanted =
            json!({"clientId": "c", "clientSecret": "s", "grantType": "refresh_token", "refreshToken": "r1"});
        assert_eq!(asked, wanted);
        let answer = br#"{"accessToken":"new","expiresIn":3600,"refreshToken":"r2","tokenType":"Bearer"}"#;
        let file = renewed("x", file, answer, 1_795_809_600_000).unwrap();
        let kept: Value = serde_json::from_slice(&file).unwrap();
        assert_eq!((&kept["of tomorrow"], &kept["clientId"]), (&json!([1]), &json!("c")));
        let login = Login::read("x", &file).unwrap();
        assert_eq!((login.token.expose_secret(), login.ends.0), ("new", 1_795_813_200_000));
        assert_eq!(login.renewal.unwrap().token.expose_secret(), "r2");
        let error = renewed("x", &file, br#"{"accessToken":"canary"}"#, 0).unwrap_err();
        assert!(!error.to_string().contains("canary"), "{error}");
    }
}
