//! Requests as programs: a line for curl, Python for boto3 and for `OpenAI`'s library.
//!
//! The body is the one that is sent, laid out anew; keys are names of environment variables. Pictures and documents are in it
//! as they are in the body, so that a script runs wherever it is taken. Whatever could drive a terminal is an escape in a
//! string of JSON or Python.

mod curl;
mod literal;
mod python;

use crate::domain::script::{Script, Scripted, Sent};
use crate::domain::{Error, ErrorKind, Result};
use literal::Literal;

/// Where a person names a server of `OpenAI`'s API, and the key that it wants: the names that its own library has.
const ADDRESS: &str = "OPENAI_BASE_URL";
const KEY: &str = "OPENAI_API_KEY";

/// The request as a program.
///
/// # Errors
///
/// `Refused` with the reason where the library does not speak what is sent.
pub fn code(script: Script, sent: &Sent) -> Result<String> {
    let doing = format!("writing the request for {}", script.as_str());
    let body: Literal =
        serde_json::from_slice(&sent.body).map_err(|why| Error::internal(&doing, why.to_string()))?;
    let code = match script {
        Script::Curl => Ok(curl::code(sent, &body)),
        Script::Boto3 => python::boto3(sent, body),
        Script::OpenaiPython => python::openai(sent, body),
    };
    code.map_err(|why| {
        let kind = ErrorKind::Refused { capability: script.as_str().to_owned() };
        Error::new(kind, doing, why, "curl writes what is sent to any server.")
    })
}

/// The request in each form, with the reason where one cannot be.
pub fn all(sent: &Result<Sent>) -> Vec<Scripted> {
    let script = |script| {
        let code = sent.as_ref().map_err(Clone::clone).and_then(|sent| code(script, sent));
        Scripted { script, code }
    };
    Script::ALL.into_iter().map(script).collect()
}

#[cfg(test)]
mod tests;
