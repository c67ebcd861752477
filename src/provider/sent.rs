//! A request as it would be sent, for the person who runs it elsewhere: its key stays behind.

use crate::config::known_providers;
use crate::domain::script::{Api, Credential, Sent};
use crate::net::Request;

use super::key::Key;

/// Of a request that carries no credential yet.
pub(super) fn sent(request: &Request, credential: Credential, api: Api) -> Sent {
    Sent {
        url: without_user(request.url()),
        headers: request.headers().to_vec(),
        body: request.body().unwrap_or_default().to_vec(),
        credential,
        api,
    }
}

/// What goes into `header` where the voice `name` has a key.
pub(super) fn keyed(key: &Key, name: &str, header: &'static str, before: &'static str) -> Credential {
    if key.is_some() {
        Credential::Key { header, before, variable: variable(name) }
    } else {
        Credential::None
    }
}

/// The variable of the voice's key: the usual one, or one after its name.
pub(super) fn variable(name: &str) -> String {
    let known = known_providers().iter().find(|known| known.name == name);
    if let Some(variable) = known.and_then(|known| known.keys.first()) {
        return variable.clone();
    }
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
    let name: String = name.chars().map(plain).collect();
    // A name in a shell begins with no digit.
    let before = if name.starts_with(|c: char| c.is_ascii_digit()) { "_" } else { "" };
    format!("{before}{name}_API_KEY")
}

/// An address without a name and a password in it.
pub(super) fn without_user(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    match rest[..end].rfind('@') {
        Some(at) => format!("{scheme}://{}", &rest[at + 1..]),
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_named_by_its_usual_variable_or_after_its_provider() {
        for (name, expected) in [
            ("openai", "OPENAI_API_KEY"),
            ("azure", "AZURE_OPENAI_API_KEY"),
            ("home", "HOME_API_KEY"),
            ("my-box.2", "MY_BOX_2_API_KEY"),
            ("7b", "_7B_API_KEY"),
        ] {
            assert_eq!(variable(name), expected);
        }
    }

    #[test]
    fn a_password_in_an_address_stays_behind() {
        assert_eq!(
            without_user("https://ada:canary@box.example:1/v1?a=b@c"),
            "https://box.example:1/v1?a=b@c"
        );
        assert_eq!(without_user("http://box.example/a@b"), "http://box.example/a@b");
    }
}
