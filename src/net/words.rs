//! Errors of the transport, in words: never with a URL, which may hold a secret.

use std::error::Error as _;

use secrecy::{ExposeSecret, SecretString};

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

/// Takes a key that a server repeats out of its words.
pub(super) fn without(text: String, secret: Option<&SecretString>) -> String {
    match secret.map(ExposeSecret::expose_secret) {
        Some(secret) if secret.len() >= 4 && text.contains(secret) => text.replace(secret, "[key]"),
        _ => text,
    }
}
