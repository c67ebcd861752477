//! The only outward sockets: TLS, proxy, offline, egress log, retries.
