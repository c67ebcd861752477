//! A knowledge base as one file: a JSON object a line, each checked together with all before it.
//!
//! ```json
//! {"kind":"knowledge_base","version":1,"name":"docs","embedder":"local/all-minilm-l6-v2","dimensions":384,"check":"…"}
//! {"kind":"document","id":"…","source":"…","uri":"/docs/guide.md","passages":1,"check":"…"}
//! {"kind":"passage","ordinal":0,"start":0,"end":31,"tokens":8,"text":"…","attributes":{},"vector":"…","check":"…"}
//! {"kind":"end","documents":1,"passages":1,"check":"…"}
//! ```
//!
//! Behind the first line comes each document with its passages, in order. A vector is its numbers of four bytes, the least one
//! first, in base64. `check` is the last member of every line: the first sixteen hexadecimal digits of SHA-256 over the whole
//! digest of the line before it (of the first line, 32 zeros) and the bytes of its own line up to `,"check"`. It tells what was
//! cut off, damaged or put elsewhere, and by which line; it is no signature.
//!
//! A file may come from anybody: it is data, within bounds, and what cannot be is refused with its line.

mod read;
mod shape;
mod write;

use sha2::{Digest, Sha256};

pub use read::{Carried, Line, Reader};
pub use shape::Head;
pub use write::Writer;

/// What is written here, and read.
const VERSION: u32 = 1;
/// No line has more bytes.
pub const LONGEST_LINE: usize = 128 << 20;
/// How the check begins, behind the last member of a line.
const CHECK: &str = ",\"check\":\"";
/// Digits of a check.
const DIGITS: usize = 16;

/// What a line and those before it come to.
type Chain = [u8; 32];

fn chained(before: &Chain, body: &[u8]) -> Chain {
    Sha256::new().chain_update(before).chain_update(body).finalize().into()
}

/// An address without what opens it: a name and password before its host, and values that sign it or are keys.
fn without_credentials(address: &str) -> String {
    const SECRET: [&str; 12] = [
        "x-amz-",
        "x-goog-",
        "sig",
        "token",
        "access_token",
        "auth",
        "key",
        "api_key",
        "apikey",
        "password",
        "secret",
        "awsaccesskeyid",
    ];
    let Some((scheme, rest)) = address.split_once("://") else { return address.to_owned() };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, rest) = rest.split_at(end);
    let host = authority.rsplit('@').next().unwrap_or(authority);
    let Some((path, query)) = rest.split_once('?') else { return format!("{scheme}://{host}{rest}") };
    let (query, fragment) = query.split_once('#').map_or((query, None), |(query, rest)| (query, Some(rest)));
    let is_secret = |part: &&str| {
        let name = part.split('=').next().unwrap_or_default().to_lowercase();
        SECRET.iter().any(|secret| name == *secret || secret.ends_with('-') && name.starts_with(secret))
            || name.contains("signature")
            || name.contains("token")
    };
    let kept: Vec<&str> = query.split('&').filter(|part| !is_secret(part)).collect();
    let query = if kept.is_empty() { String::new() } else { format!("?{}", kept.join("&")) };
    let fragment = fragment.map(|fragment| format!("#{fragment}")).unwrap_or_default();
    format!("{scheme}://{host}{path}{query}{fragment}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_loses_what_opens_it_and_nothing_else() {
        for (address, expected) in [
            ("https://example.org/a?page=2#top", "https://example.org/a?page=2#top"),
            ("https://me:secret@example.org/a", "https://example.org/a"),
            ("https://me@x@example.org", "https://example.org"),
            ("https://e.org/a?X-Amz-Signature=1&v=2&X-Amz-Date=3", "https://e.org/a?v=2"),
            ("https://e.org/a?access_token=1#x", "https://e.org/a#x"),
            ("https://e.org/a?sig=1&keys=2&apikey=3", "https://e.org/a?keys=2"),
            ("/home/a@b/c?d", "/home/a@b/c?d"),
        ] {
            assert_eq!(without_credentials(address), expected, "{address}");
        }
    }
}
