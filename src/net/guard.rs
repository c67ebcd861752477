//! Where a request may go: the schemes, `--offline`, and what a server elsewhere may not lead into.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

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

/// An address of the web, as a person named it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebAddress {
    /// Without what is behind a `#`, which no server gets to see.
    pub url: String,
    /// Its path alone.
    pub path: String,
    /// It shows that it is of this machine or its network. A name may lead there without showing it.
    pub is_inside: bool,
}

/// Reads an address of the web. One with a name and a password in it is refused: they would be kept and shown with it.
pub fn web_address(doing: &str, text: &str) -> Result<WebAddress> {
    let wrong = |why: String| {
        Error::new(ErrorKind::Invalid, doing, why, "Write an address as https://example.com/page.html.")
    };
    let mut url = Url::parse(text).map_err(|why| wrong(format!("it is no address ({why})")))?;
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return Err(wrong(format!("{}: is read by nobody here", url.scheme())));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("it has a name or a password in it".to_owned()));
    }
    url.set_fragment(None);
    Ok(WebAddress { path: url.path().to_owned(), is_inside: names_inside(&url), url: url.into() })
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

/// Whether an address is this machine itself.
pub fn leads_here(url: &str) -> bool {
    Url::parse(url).is_ok_and(|url| is_this_machine(&url))
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
pub(super) fn is_loopback(ip: IpAddr) -> bool {
    ip.to_canonical().is_loopback()
}

/// Whether a URL names what only this machine or its network has. A name may do so without showing it: see
/// [`OutsideOnly`].
pub(super) fn names_inside(url: &Url) -> bool {
    let host = url.host_str().unwrap_or("");
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare.parse().map_or_else(|_| is_inside_name(host), is_inside)
}

fn is_inside_name(name: &str) -> bool {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    is_local_name(&name)
        || !name.contains('.')
        || [".internal", ".local", ".localdomain", ".home.arpa"].iter().any(|end| name.ends_with(end))
}

/// Whether an address is of this machine, of its network, or of the service that tells a machine in a cloud its secrets:
/// the ranges that IANA keeps from the public network and that can lead to somebody, also inside of the ways to write
/// IPv4 in IPv6.
pub(super) fn is_inside(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(v4) => {
            let [a, b, c, _] = v4.octets();
            v4.is_loopback()
                || v4.is_private()
                || v4.is_link_local()
                || a == 0
                || a >= 224
                || (a == 100 && b & 0xc0 == 64)
                || (a, b, c) == (192, 0, 0)
                || (a == 198 && b & 0xfe == 18)
        }
        IpAddr::V6(v6) => {
            let parts = v6.segments();
            let inner = |high: u16, low: u16| {
                let [a, b] = high.to_be_bytes();
                let [c, d] = low.to_be_bytes();
                is_inside(Ipv4Addr::new(a, b, c, d).into())
            };
            v6.is_loopback()
                || v6 == Ipv6Addr::UNSPECIFIED
                || parts[0] & 0xfe00 == 0xfc00
                || parts[0] & 0xff80 == 0xfe80
                || parts[0] & 0xff00 == 0xff00
                || (parts[..6] == [0; 6] && inner(parts[6], parts[7]))
                // As IPv4 is written by translators between both.
                || (parts[..6] == [0, 0, 0, 0, 0xffff, 0] && inner(parts[6], parts[7]))
                || (parts[..6] == [0x64, 0xff9b, 0, 0, 0, 0] && inner(parts[6], parts[7]))
                || parts[..3] == [0x64, 0xff9b, 1]
                || (parts[0] == 0x2002 && inner(parts[1], parts[2]))
                // Teredo: the client's address, all bits turned.
                || (parts[..2] == [0x2001, 0] && inner(!parts[6], !parts[7]))
        }
    }
}

/// The resolver for addresses that a server elsewhere chose: no name leads inside, whatever it was resolved to before.
#[derive(Debug, Clone)]
pub(super) struct OutsideOnly {
    /// The proxies' own hosts, which the person chose.
    pub(super) chosen: Arc<[String]>,
}

impl Resolve for OutsideOnly {
    fn resolve(&self, name: Name) -> Resolving {
        let chosen = self.chosen.iter().any(|host| host.eq_ignore_ascii_case(name.as_str()));
        Box::pin(async move {
            let mut found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            if !chosen {
                found.retain(|address| !is_inside(address.ip()));
                if found.is_empty() {
                    return Err("the name leads into this network".into());
                }
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
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
            let found = tokio::net::lookup_host(("localhost", 0)).await;
            let found: Vec<SocketAddr> = found.map_or_else(|_| Vec::new(), Iterator::collect);
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
    fn what_lies_inside_is_known_in_every_way_to_write_it() {
        let url = |text: &str| allowed("asking", text, false).unwrap();
        for inside in [
            "http://localhost",
            "http://127.1",
            "http://0x7f000001",
            "http://2130706433",
            "http://0",
            "http://10.1.2.3",
            "http://172.31.0.1",
            "http://192.168.0.1",
            "http://100.100.0.1",
            "http://169.254.169.254/latest/meta-data",
            "http://metadata.google.internal",
            "http://printer.local.",
            "http://router",
            "http://224.0.0.1",
            "http://255.255.255.255",
            "http://[::]",
            "http://[::1]",
            "http://[::ffff:127.0.0.1]",
            "http://[::127.0.0.1]",
            "http://[::ffff:0:127.0.0.1]",
            "http://[64:ff9b::169.254.169.254]",
            "http://[2002:a00:1::]",
            "http://[fd00:ec2::254]",
            "http://[fe80::1]",
            "http://[ff02::1]",
        ] {
            assert!(names_inside(&url(inside)), "{inside}");
        }
        for outside in [
            "http://example.com",
            "http://8.8.8.8",
            "http://172.32.0.1",
            "http://100.128.0.1",
            "http://[2606:4700::1111]",
            "http://[64:ff9b::8.8.8.8]",
            "http://internal.example.com",
        ] {
            assert!(!names_inside(&url(outside)), "{outside}");
        }
    }

    #[tokio::test]
    async fn a_name_that_leads_inside_resolves_to_nothing_unless_the_person_chose_it() {
        let resolve = |chosen: &[&str]| {
            let chosen = chosen.iter().map(|&host| host.to_owned()).collect();
            OutsideOnly { chosen }.resolve("localhost".parse().unwrap())
        };
        assert!(resolve(&[]).await.is_err());
        assert!(resolve(&["LOCALHOST"]).await.is_ok());
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
    fn an_address_of_the_web_is_one_without_a_password_and_shows_whether_it_is_inside() {
        let read = |text: &str| web_address("adding a source", text);
        let page = read("HTTPS://Example.com/a/b.html?q=1#part").unwrap();
        assert_eq!((&*page.url, &*page.path), ("https://example.com/a/b.html?q=1", "/a/b.html"));
        assert!(!page.is_inside && read("http://0x7f000001/").unwrap().is_inside);
        for bad in
            ["ftp://example.com/", "example.com", "https://me:canary@example.com/", "file:///etc/passwd"]
        {
            let told = read(bad).unwrap_err().to_string();
            assert!(
                told.contains("https://example.com/page.html") && !told.contains("canary"),
                "{bad}: {told}"
            );
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
