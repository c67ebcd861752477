//! Where a request may go: the schemes, and `--offline`.

use std::net::{IpAddr, SocketAddr, ToSocketAddrs};

use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::domain::{Error, ErrorKind, Result};

/// Reads a URL and refuses what may not be asked. Errors never repeat the URL: it may hold a secret.
pub(super) fn allowed(doing: &str, url: &str, offline: bool) -> Result<Url> {
    let bad =
        |why: String| Error::new(ErrorKind::Config, doing, why, "Check the base_url in the configuration.");
    let url = Url::parse(url).map_err(|why| bad(format!("the address is not a URL ({why})")))?;
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return Err(bad(format!("an address starts with http:// or https://, not with {}:", url.scheme())));
    }
    if offline && !is_this_machine(&url) {
        return Err(Error::new(
            ErrorKind::Offline,
            doing,
            format!("--offline forbids a connection to {}", place(&url)),
            "Start without --offline, or ask a model on this machine.",
        ));
    }
    Ok(url)
}

/// `host:port`.
pub(super) fn place(url: &Url) -> String {
    let host = url.host_str().unwrap_or("");
    url.port_or_known_default().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// Whether both go to the same server in the same way: only then are credentials sent along.
pub(super) fn same_origin(a: &Url, b: &Url) -> bool {
    a.scheme() == b.scheme() && a.host() == b.host() && a.port_or_known_default() == b.port_or_known_default()
}

fn is_this_machine(url: &Url) -> bool {
    let host = url.host_str().unwrap_or("");
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare.parse().map_or_else(|_| is_local_name(host), is_loopback)
}

fn is_local_name(name: &str) -> bool {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    name == "localhost" || name.ends_with(".localhost")
}

/// Loopback, also as an IPv4 address in IPv6 clothes.
fn is_loopback(ip: IpAddr) -> bool {
    ip.to_canonical().is_loopback()
}

/// The resolver of an offline client: behind the check of the URL, so that no name leads off this machine, whatever
/// the system's resolver or a hosts file says.
#[derive(Debug)]
pub(super) struct LoopbackOnly;

impl Resolve for LoopbackOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            if !is_local_name(name.as_str()) {
                return Err("--offline forbids asking for other machines' names".into());
            }
            let found = ("localhost", 0).to_socket_addrs().map_or_else(|_| Vec::new(), Iterator::collect);
            let mut local: Vec<SocketAddr> = found.into_iter().filter(|a| is_loopback(a.ip())).collect();
            if local.is_empty() {
                local = vec![([127, 0, 0, 1], 0).into()];
            }
            Ok(Box::new(local.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offline_allows_this_machine_under_every_name_and_nothing_else() {
        for local in [
            "http://localhost:8080/v1",
            "http://LOCALHOST.",
            "http://api.localhost",
            "http://127.0.0.1",
            "http://127.1",
            "http://0x7f000001",
            "http://[::1]:1",
            "http://[::ffff:127.0.0.1]",
        ] {
            assert!(allowed("asking", local, true).is_ok(), "{local}");
        }
        for far in [
            "https://example.com",
            "http://10.0.0.1",
            "http://[::ffff:10.0.0.1]",
            "http://169.254.169.254",
            "http://localhost.example.com",
            "http://notlocalhost",
            "http://0.0.0.0",
        ] {
            assert_eq!(allowed("asking", far, true).unwrap_err().kind, ErrorKind::Offline, "{far}");
            assert!(allowed("asking", far, false).is_ok(), "{far}");
        }
    }

    #[test]
    fn an_address_that_is_none_is_refused_without_repeating_it() {
        for bad in ["file:///etc/passwd?key=canary", "canary", "ftp://canary@host/", "http://:canary@"] {
            let error = allowed("asking", bad, false).unwrap_err();
            assert_eq!(error.kind, ErrorKind::Config, "{bad}");
            assert!(!error.to_string().contains("canary"), "{error}");
        }
    }

    #[test]
    fn another_port_scheme_or_host_is_another_origin() {
        let url = |text| allowed("asking", text, false).unwrap();
        assert!(same_origin(&url("https://a.example/x"), &url("https://A.example:443/y")));
        for other in ["http://a.example", "https://a.example:444", "https://b.a.example"] {
            assert!(!same_origin(&url("https://a.example"), &url(other)), "{other}");
        }
    }
}
