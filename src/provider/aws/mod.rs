//! Amazon's keys and signatures: whoever asks one of its services asks with these. What a service is asked for is its own
//! file's.

mod credentials;
mod fetch;
mod login;
mod sign;

pub(super) use credentials::Right;
pub use credentials::{Credentials, Fetched};
pub(super) use sign::{S3, Signing};
