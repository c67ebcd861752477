//! How keys of Amazon's are asked for, and what comes back: from SSO, STS, a container, a machine, or another program. And
//! what functions are invoked by.

mod keys;
pub mod lambda;
pub mod sts;
mod token;

pub use keys::{Keys, of_metadata, of_process, of_sso};
pub use token::{Login, Renewal, renewed};

use super::written::encoded;
use crate::domain::{Error, ErrorKind};

/// The path of SSO's `GetRoleCredentials`.
pub fn sso_path(account: &str, role: &str) -> String {
    format!("/federation/credentials?role_name={}&account_id={}", encoded(role), encoded(account))
}

/// Never what came: it may hold a key.
fn unreadable(doing: &str, why: &str) -> Error {
    let hint = "Look at what answers there: `aws configure export-credentials` shows what Amazon's own tool makes of it.";
    Error::new(ErrorKind::Auth, doing, why, hint)
}
