//! Programs without a network, and without anybody who outlives them.

use std::process::{Command, Stdio};

/// Gives a program a network of its own, in which there is nothing, and leaves it the person's rights.
pub(super) const WAY: [&str; 4] = ["unshare", "--map-current-user", "--net", "--"];

/// Has a program be the first of its own processes: all who come after it end with it. It ends with who waits for it.
pub(super) const APART: [&str; 6] =
    ["unshare", "--map-current-user", "--pid", "--fork", "--kill-child", "--"];

/// Both.
pub(super) const BOTH: [&str; 7] =
    ["unshare", "--map-current-user", "--net", "--pid", "--fork", "--kill-child", "--"];

/// Whether this machine can keep the network from a program.
pub(super) fn can() -> bool {
    let mut trial = Command::new(WAY[0]);
    trial.args(&WAY[1..]).arg("true").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    trial.status().is_ok_and(|ended| ended.success())
}
