//! Errors of the transport, in words: never with a URL, which may hold a secret.

use std::error::Error as _;

use secrecy::ExposeSecret;

use super::request::Secrets;
use crate::domain::{Error, ErrorKind};

/// What a failed exchange is called. `place` is the server's `host:port`.
pub(super) fn of_transport(doing: &str, place: &str, error: reqwest::Error) -> Error {
    let error = error.without_url();
    if error.is_builder() {
        let why = format!("the request could not be made: {}", root(&error));
        return Error::new(ErrorKind::Config, doing, why, "Check the base_url, the key and the proxies.");
    }
    if error.is_connect() && error.is_timeout() {
        let why = format!("{place} did not accept a connection in time");
        return Error::new(ErrorKind::Timeout, doing, why, "Check the address, and that the network is up.");
    }
    let root = root(&error);
    let hint = if root.contains("certificate") || root.contains("UnknownIssuer") {
        "If the server has a certificate of your own authority, name it in net.ca_file."
    } else if root.contains("InvalidContentType") {
        "It does not speak TLS there: perhaps its address begins with http://."
    } else if root.contains("HTTP version") {
        "What answers there is no HTTP server: check the address and the port."
    } else if root.contains("refused") {
        "Check that the server is running."
    } else if root.contains("lookup") || root.contains("resolve") || root.contains("not known") {
        "Check the name, and that the network is up."
    } else {
        "Try again."
    };
    let why = if error.is_connect() {
        format!("no connection to {place}: {root}")
    } else if error.is_body() || error.is_decode() {
        format!("the connection to {place} broke in the middle of the answer: {root}")
    } else {
        format!("the connection to {place} broke: {root}")
    };
    Error::new(ErrorKind::Network, doing, why, hint)
}

/// The deepest cause: the outer ones only say that something went wrong.
fn root(error: &reqwest::Error) -> String {
    let mut deepest: &dyn std::error::Error = error;
    while let Some(source) = deepest.source() {
        deepest = source;
    }
    if error.source().is_none() { error.to_string() } else { deepest.to_string() }
}

/// Takes the keys that a server repeats out of its words.
pub(super) fn without(text: String, secrets: &Secrets) -> String {
    secrets.iter().fold(text, |text, (_, value)| {
        // Behind the name of its scheme: "Bearer …".
        let value = value.expose_secret();
        without_one(text, value.rsplit(' ').next().unwrap_or(value))
    })
}

fn without_one(text: String, secret: &str) -> String {
    const PLACE: &str = "[key]";
    if secret.len() < 4 {
        return text;
    }
    let mut text = if text.contains(secret) { text.replace(secret, PLACE) } else { text };
    // Words that were cut may end inside of it.
    let begins = (4..secret.len()).rev().filter_map(|bytes| secret.get(..bytes));
    if let Some(begin) = begins.into_iter().find(|begin| text.ends_with(begin)) {
        text.truncate(text.len() - begin.len());
        text.push_str(PLACE);
    }
    text
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;

    use super::*;

    #[test]
    fn a_key_is_taken_out_also_where_the_words_end_inside_of_it() {
        let keys = vec![
            ("authorization".into(), SecretString::from("Bearer sk-canary-é-1234")),
            ("x-api-key".into(), SecretString::from("other-key")),
        ];
        let clean = |text: &str| without(text.to_owned(), &keys);
        assert_eq!(clean("bad key sk-canary-é-1234, and sk-canary-é-1234"), "bad key [key], and [key]");
        assert_eq!(clean("bad key sk-canary-é-12"), "bad key [key]");
        assert_eq!(clean("bad key sk-c"), "bad key [key]");
        assert_eq!(clean("risk-"), "risk-");
        assert_eq!(clean("Bearer and other-key"), "Bearer and [key]");
        assert_eq!(without("sk-canary-é-1234".into(), &Vec::new()), "sk-canary-é-1234");
    }
}
