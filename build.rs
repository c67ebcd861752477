//! How the program is linked. Its tables of pointers (vtables, names, layouts) are a hundred thousand entries that the
//! system corrects at every start; packed, they are a fiftieth of the size and read in a fraction of the time.

// Cargo tells a build by its environment.
#![allow(clippy::disallowed_methods)]

use std::process::Command;

/// The first glibc that reads packed corrections.
const PACKED_SINCE: (u32, u32) = (2, 36);

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    if for_this_machine() && glibc().is_some_and(|version| version >= PACKED_SINCE) {
        println!("cargo:rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
}

/// Whether what is built runs against the C library that is here: another machine's is not known.
fn for_this_machine() -> bool {
    let said = |name: &str| std::env::var(name).unwrap_or_default();
    said("HOST") == said("TARGET") && said("CARGO_CFG_TARGET_ENV") == "gnu"
}

/// The version of the C library, as `getconf` tells it: "glibc 2.36".
fn glibc() -> Option<(u32, u32)> {
    let told = Command::new("getconf").arg("GNU_LIBC_VERSION").output().ok()?;
    let told = String::from_utf8(told.stdout).ok()?;
    let (major, minor) = told.trim().strip_prefix("glibc ")?.split_once('.')?;
    Some((major.parse().ok()?, minor.split('.').next()?.parse().ok()?))
}
