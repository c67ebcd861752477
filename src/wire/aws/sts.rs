//! The Security Token Service: keys of a role
//! (<https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html>). It is asked by a form and answers in XML.

use super::keys::{Keys, moment, refusal};
use super::unreadable;
use crate::domain::{Error, Result};
use crate::wire::written::encoded;

/// What the form is sent as.
pub const FORM: &str = "application/x-www-form-urlencoded; charset=utf-8";

/// Who is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    pub arn: String,
    /// A name for what is done in it, which its owner sees.
    pub session: String,
    /// What its owner wants to hear.
    pub external_id: Option<String>,
    /// Seconds.
    pub duration: Option<u32>,
}

impl Role {
    /// The form of `AssumeRole`, which is signed with other keys.
    pub fn form(&self) -> Vec<u8> {
        self.said("AssumeRole", self.external_id.as_deref().map(|id| ("ExternalId", id)))
    }

    /// The form of `AssumeRoleWithWebIdentity`, which carries a token of another service instead.
    pub fn form_with_token(&self, token: &str) -> Vec<u8> {
        self.said("AssumeRoleWithWebIdentity", Some(("WebIdentityToken", token)))
    }

    fn said(&self, action: &str, further: Option<(&str, &str)>) -> Vec<u8> {
        let duration = self.duration.map(|seconds| seconds.to_string());
        let pairs = [
            Some(("Action", action)),
            Some(("Version", "2011-06-15")),
            Some(("RoleArn", self.arn.as_str())),
            Some(("RoleSessionName", self.session.as_str())),
            further,
            duration.as_deref().map(|seconds| ("DurationSeconds", seconds)),
        ];
        let pairs: Vec<String> =
            pairs.into_iter().flatten().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        pairs.join("&").into_bytes()
    }
}

/// The keys of a successful answer.
pub fn keys(doing: &str, body: &str) -> Result<Keys> {
    let missing = |name: &str| unreadable(doing, &format!("the answer holds no {name}"));
    let inside = element(body, "Credentials").ok_or_else(|| missing("Credentials"))?;
    let part = |name: &str| element(inside, name).map(plain).ok_or_else(|| missing(name));
    Ok(Keys {
        id: part("AccessKeyId")?,
        secret: part("SecretAccessKey")?.into(),
        token: Some(part("SessionToken")?.into()),
        ends: element(inside, "Expiration").and_then(moment),
    })
}

/// An answer without success.
pub fn refused(doing: &str, status: u16, body: &str, hint: &str) -> Error {
    let part = |name: &str| element(body, name).map(plain);
    let words = match (part("Code"), part("Message")) {
        (Some(code), Some(words)) => format!("{code}: {words}"),
        (code, words) => code.or(words).unwrap_or_else(|| "no words".to_owned()),
    };
    refusal(doing, status, &words, hint)
}

/// What stands in the first element of that name. The answers are flat and without attributes inside.
fn element<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let (_, behind) = text.split_once(&format!("<{name}>"))?;
    behind.split_once(&format!("</{name}>")).map(|(inside, _)| inside.trim())
}

fn plain(text: &str) -> String {
    [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&amp;", "&")]
        .iter()
        .fold(text.to_owned(), |text, (entity, sign)| text.replace(entity, sign))
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;
    use crate::domain::ErrorKind;

    #[test]
    fn a_role_is_asked_for_by_a_form() {
        let role = Role {
            arn: "arn:aws:iam::1:role/a b".into(),
            session: "outcrop".into(),
            external_id: Some("x&y".into()),
            duration: Some(900),
        };
        let text = |form: Vec<u8>| String::from_utf8(form).unwrap();
        assert_eq!(
            text(role.form()),
            "Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fa%20b&RoleSessionName=outcrop\
             &ExternalId=x%26y&DurationSeconds=900"
        );
        let token = text(role.form_with_token("t"));
        assert!(token.contains("WebIdentityToken=t") && !token.contains("ExternalId"), "{token}");
    }

    #[test]
    fn keys_and_refusals_are_read_from_the_xml() {
        let body = r#"<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult>
            <AssumedRoleUser><Arn>x</Arn></AssumedRoleUser><Credentials><AccessKeyId>ASIA</AccessKeyId>
            <SecretAccessKey>canary&amp;</SecretAccessKey><SessionToken>tok==</SessionToken>
            <Expiration>2026-11-27T21:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"#;
        let keys = keys("asking", body).unwrap();
        assert_eq!((keys.id.as_str(), keys.secret.expose_secret()), ("ASIA", "canary&"));
        assert_eq!(keys.token.unwrap().expose_secret(), "tok==");
        assert_eq!(keys.ends.unwrap().0, 1_795_813_200_000);
        let error = super::keys("asking", &body.replace("SessionToken", "X")).unwrap_err();
        assert!(error.why.contains("no SessionToken") && !error.to_string().contains("canary"), "{error}");
        let body = "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>User &lt;x&gt; is not \
                    authorized</Message></Error></ErrorResponse>";
        let error = refused("asking", 403, body, "Look.");
        assert_eq!(error.kind, ErrorKind::Auth);
        assert!(error.why.ends_with("AccessDenied: User <x> is not authorized"), "{error}");
        assert_eq!(refused("asking", 500, "", "Look.").kind, ErrorKind::Server { status: 500 });
    }
}
