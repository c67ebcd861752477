//! Programs without a network.

use std::process::{Command, Stdio};

/// Gives a program a network of its own, in which there is nothing, and leaves it the person's rights.
pub(super) const WAY: [&str; 4] = ["unshare", "--map-current-user", "--net", "--"];

/// Whether this machine can keep the network from a program.
pub(super) fn can() -> bool {
    let mut trial = Command::new(WAY[0]);
    trial.args(&WAY[1..]).arg("true").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    trial.status().is_ok_and(|ended| ended.success())
}
