//! Why a file was not read, before its name is known.

use crate::domain::{Error, ErrorKind};

/// The parts of an error that a parser knows.
#[derive(Debug)]
pub struct Fault {
    kind: ErrorKind,
    why: String,
    hint: String,
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self { kind: error.kind, why: error.why, hint: error.hint }
    }
}

impl Fault {
    /// The file is not what its format asks for.
    pub fn damaged(why: impl Into<String>) -> Self {
        let hint = "The file may be damaged: open it in its own program and save it again.";
        Self { kind: ErrorKind::Corrupt, why: why.into(), hint: hint.to_owned() }
    }

    /// Nothing here reads such a file.
    pub fn unsupported(why: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { kind: ErrorKind::Invalid, why: why.into(), hint: hint.into() }
    }

    /// `what` takes more bytes than the setting allows.
    pub fn too_large(what: &str, bytes: u64, most: u64, setting: &str) -> Self {
        let mb = |bytes: u64| bytes.div_ceil(1024 * 1024);
        let why = if bytes > most {
            format!("{what} has {} MB, more than the {} MB that it may", mb(bytes), mb(most))
        } else {
            format!("{what} has more than the {} MB that it may", mb(most))
        };
        Self::beyond(why, setting)
    }

    /// A limit was met.
    pub fn beyond(why: impl Into<String>, setting: &str) -> Self {
        let hint = format!("If the file is sound, raise {setting} in the configuration.");
        Self { kind: ErrorKind::Invalid, why: why.into(), hint }
    }

    /// The error of the file called `name`.
    pub fn into_error(self, name: &str) -> Error {
        // A parser may quote the file, lines and all.
        let why = self.why.split_whitespace().collect::<Vec<_>>().join(" ");
        Error::new(self.kind, format!("reading the document {name}"), why, self.hint)
    }
}
