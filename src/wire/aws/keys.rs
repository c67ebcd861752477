//! Keys that were fetched, in the shapes of those who tell them.

use jiff::Timestamp as Moment;
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::Value;

use super::unreadable;
use crate::domain::time::Timestamp;
use crate::domain::{Error, ErrorKind, Result};

/// What requests are signed with.
#[derive(Debug, Clone)]
pub struct Keys {
    pub id: String,
    pub secret: SecretString,
    /// Of keys that run out.
    pub token: Option<SecretString>,
    /// `None` where they do not.
    pub ends: Option<Timestamp>,
}

/// The moment that is written as RFC 3339.
pub(super) fn moment(text: &str) -> Option<Timestamp> {
    // Older tools write "UTC" for "Z".
    let text = text.trim().replace("UTC", "Z");
    text.parse::<Moment>().ok().map(|moment| Timestamp(moment.as_millisecond()))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Metadata {
    code: Option<String>,
    message: Option<String>,
    access_key_id: Option<String>,
    secret_access_key: Option<String>,
    token: Option<String>,
    expiration: Option<String>,
}

/// What a machine or a container is told of its role
/// (<https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-metadata-security-credentials.html>).
pub fn of_metadata(doing: &str, body: &[u8]) -> Result<Keys> {
    let told: Metadata = serde_json::from_slice(body)
        .map_err(|why| unreadable(doing, &format!("no keys came ({})", without_values(&why))))?;
    let (Some(id), Some(secret)) = (told.access_key_id, told.secret_access_key) else {
        let code = told.code.unwrap_or_else(|| "no keys came".to_owned());
        let why = told.message.map_or(code.clone(), |words| format!("{code}: {words}"));
        return Err(unreadable(doing, &why));
    };
    let ends = told.expiration.as_deref().and_then(moment);
    Ok(Keys { id, secret: secret.into(), token: told.token.map(Into::into), ends })
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Process {
    version: Option<Value>,
    access_key_id: String,
    secret_access_key: String,
    session_token: Option<String>,
    expiration: Option<String>,
}

/// What a `credential_process` writes
/// (<https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html>).
pub fn of_process(doing: &str, written: &[u8]) -> Result<Keys> {
    let told: Process = serde_json::from_slice(written)
        .map_err(|why| unreadable(doing, &format!("it wrote no keys ({})", without_values(&why))))?;
    if told.version.as_ref().and_then(Value::as_i64) != Some(1) {
        return Err(unreadable(doing, "it wrote keys of another version than 1"));
    }
    let ends = told.expiration.as_deref().and_then(moment);
    let token = told.session_token.map(Into::into);
    Ok(Keys { id: told.access_key_id, secret: told.secret_access_key.into(), token, ends })
}

/// The place, not the words: these may quote what was read.
fn without_values(why: &serde_json::Error) -> String {
    match why.classify() {
        serde_json::error::Category::Data => format!("something is missing before column {}", why.column()),
        _ => format!("no JSON at line {}, column {}", why.line(), why.column()),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Sso {
    role_credentials: RoleCredentials,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RoleCredentials {
    access_key_id: String,
    secret_access_key: String,
    session_token: Option<String>,
    /// In milliseconds.
    expiration: Option<i64>,
}

/// The answer of SSO's `GetRoleCredentials`.
pub fn of_sso(doing: &str, body: &[u8]) -> Result<Keys> {
    let told: Sso = serde_json::from_slice(body)
        .map_err(|why| unreadable(doing, &format!("no keys came ({})", without_values(&why))))?;
    let told = told.role_credentials;
    let ends = told.expiration.filter(|ends| *ends > 0).map(Timestamp);
    let (secret, token) = (told.secret_access_key.into(), told.session_token.map(Into::into));
    Ok(Keys { id: told.access_key_id, secret, token, ends })
}

/// An answer of one of these without success, in its own words.
pub(super) fn refusal(doing: &str, status: u16, words: &str, hint: &str) -> Error {
    let kind = match status {
        400..=499 if status != 429 => ErrorKind::Auth,
        429 => ErrorKind::RateLimited { retry_after_ms: None },
        _ => ErrorKind::Server { status },
    };
    Error::new(kind, doing, format!("the server says ({status}): {words}"), hint)
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    fn shown(keys: &Keys) -> (&str, &str, Option<&str>, Option<i64>) {
        let token = keys.token.as_ref().map(ExposeSecret::expose_secret);
        (&keys.id, keys.secret.expose_secret(), token, keys.ends.map(|ends| ends.0))
    }

    #[test]
    fn every_teller_has_its_own_words_for_the_same_keys() {
        let metadata = br#"{"Code":"Success","LastUpdated":"x","Type":"AWS-HMAC","AccessKeyId":"AK","SecretAccessKey":"canary","Token":"tok","Expiration":"2026-11-27T21:00:00Z","of tomorrow":1}"#;
        let process = br#"{"Version":1,"AccessKeyId":"AK","SecretAccessKey":"canary","SessionToken":"tok","Expiration":"2026-11-27T21:00:00+00:00"}"#;
        let sso = br#"{"roleCredentials":{"accessKeyId":"AK","secretAccessKey":"canary","sessionToken":"tok","expiration":1795813200000}}"#;
        for keys in [of_metadata("x", metadata), of_process("x", process), of_sso("x", sso)] {
            let keys = keys.unwrap();
            assert_eq!(shown(&keys), ("AK", "canary", Some("tok"), Some(1_795_813_200_000)));
            assert!(!format!("{keys:?}").contains("canary"));
        }
        let bare = of_process("x", br#"{"Version":1,"AccessKeyId":"AK","SecretAccessKey":"s"}"#).unwrap();
        assert_eq!(shown(&bare), ("AK", "s", None, None));
    }

    #[test]
    fn what_holds_no_keys_says_so_and_is_not_repeated() {
        let failed = br#"{"Code":"AssumeRoleUnauthorizedAccess","Message":"EC2 cannot assume the role"}"#;
        let error = of_metadata("asking", failed).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Auth);
        assert!(error.why.contains("EC2 cannot assume"), "{error}");
        for written in [
            &br#"{"Version":2,"AccessKeyId":"a","SecretAccessKey":"canary"}"#[..],
            br#"{"Version":1,"SecretAccessKey":"canary"}"#,
            br#"{"Version":1,"AccessKeyId":"canary","SecretAccessKey":["canary"]}"#,
            b"canary",
            b"",
        ] {
            for error in [of_process("asking", written), of_sso("asking", written)] {
                let error = error.unwrap_err();
                assert!(!error.to_string().contains("canary"), "{error}");
            }
        }
    }
}
