//! Where a database is, as its URL says.

use std::fmt;

use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};

use crate::domain::secret::Secret;
use crate::domain::{Error, ErrorKind, Result};
use crate::net;

const DOING: &str = "reading the address of a PostgreSQL database";

/// An address with what it takes to log in.
#[derive(Clone)]
pub(super) struct Address {
    pub(super) host: String,
    pub(super) port: u16,
    /// The connection may be secured.
    pub(super) secures: bool,
    pub(super) login: Config,
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Address").field("host", &self.host).field("port", &self.port).finish_non_exhaustive()
    }
}

impl Address {
    /// Reads `postgres://user:password@host:port/database`. Errors never repeat it.
    ///
    /// Without an `sslmode` a server elsewhere must speak TLS, one of this machine may. Where TLS is spoken, the server's
    /// certificate is checked, by `require` as by `verify-full`.
    pub(super) fn read(url: &Secret) -> Result<Self> {
        let bad = |why: &str| {
            let hint = "Write postgres://user:password@host:5432/database.";
            Error::new(ErrorKind::Config, DOING, why, hint)
        };
        let plain = url.expose().replace("sslmode=verify-full", "sslmode=require");
        let plain = plain.replace("sslmode=verify-ca", "sslmode=require");
        let is_url = plain.starts_with("postgres://") || plain.starts_with("postgresql://");
        let mut login: Config = plain
            .parse()
            .ok()
            .filter(|_| is_url)
            .ok_or_else(|| bad("it is no URL of a PostgreSQL database"))?;
        let [Host::Tcp(host)] = login.get_hosts() else {
            return Err(bad("it names no host, several, or a socket's folder"));
        };
        let host = host.clone();
        let port = login.get_ports().first().copied().unwrap_or(5432);
        if login.get_user().is_none() {
            return Err(bad("it names no user"));
        }
        let is_here =
            net::leads_here(&format!("http://{host}")) || net::leads_here(&format!("http://[{host}]"));
        if !plain.contains("sslmode=") && !is_here {
            login.ssl_mode(SslMode::Require);
        }
        if login.get_application_name().is_none() {
            login.application_name("outcrop");
        }
        let secures = login.get_ssl_mode() != SslMode::Disable;
        Ok(Self { host, port, secures, login })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(url: &str) -> Result<Address> {
        Address::read(&Secret::new(url))
    }

    #[test]
    fn an_address_is_read_and_a_server_elsewhere_must_speak_tls() {
        let here = read("postgres://me:canary@localhost/docs").unwrap();
        assert_eq!(
            (here.host.as_str(), here.port, here.login.get_ssl_mode()),
            ("localhost", 5432, SslMode::Prefer)
        );
        let modes = [("", SslMode::Require), ("?sslmode=disable", SslMode::Disable)];
        for (query, mode) in modes.into_iter().chain([("?sslmode=verify-full", SslMode::Require)]) {
            let far = read(&format!("postgresql://me@db.example:6543/docs{query}")).unwrap();
            assert_eq!(
                (far.port, far.login.get_ssl_mode(), far.secures),
                (6543, mode, mode != SslMode::Disable)
            );
        }
        assert!(!format!("{here:?}").contains("canary"));
    }

    #[test]
    fn what_is_no_address_is_refused_without_repeating_it() {
        for bad in [
            "canary",
            "host=canary",
            "http://canary",
            "postgres://me:canary@a,b/x",
            "postgres:///canary",
            "postgres://canary.example",
        ] {
            let error = read(bad).unwrap_err();
            assert!(
                error.kind == ErrorKind::Config && !error.to_string().contains("canary"),
                "{bad}: {error}"
            );
        }
    }
}
