//! Plain text: as it is.

use super::building::Building;
use super::charset::{decode, unix_lines};
use super::fault::Fault;

pub fn read(bytes: &[u8], made: &mut Building<'_>) -> Result<(), Fault> {
    let decoded = decode(bytes, None)?;
    made.notes.extend(decoded.note);
    made.take(unix_lines(decoded.text))
}
