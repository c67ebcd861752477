//! Traces to a server of OTLP.

use super::{End, Out, all_found, shown, warn};
use crate::cli::args::TraceForm;
use crate::cli::{Asker, out, unexpected, words};
use crate::domain::agent::variable;
use crate::domain::secret::Secret;
use crate::domain::{Error, ErrorKind, Result};
use crate::workbench::request::traces::{Destination, Traces};
use crate::workbench::{Reply, Request};

const DOING: &str = "sending a trace";

pub(super) async fn send(
    texts: &[String],
    url: String,
    headers: &[String],
    form: Option<TraceForm>,
    asker: &Asker,
    out: &mut Out,
) -> Result<(), End> {
    let json = match form {
        None | Some(TraceForm::Protobuf) => false,
        Some(TraceForm::Json) => true,
        Some(_) => {
            let why = "a server takes OTLP alone";
            return Err(Error::new(ErrorKind::Invalid, DOING, why, "--format protobuf, or json.").into());
        }
    };
    let variable = |name: &str| asker.config.key_commands.text(name).map(str::to_owned);
    let headers: Vec<_> = headers.iter().map(|text| header(text, &variable)).collect::<Result<_>>()?;
    for id in all_found(texts, asker, out).await? {
        let to = Destination { url: url.clone(), headers: headers.clone(), json };
        let reply = asker.one(Request::Traces(Traces::Send { id, to }), out).await?;
        let Reply::TraceSent { sent } = &reply else { return Err(unexpected(&reply)) };
        if out.json {
            out.object(&reply)?;
        } else {
            let spans = words::count(sent.spans, "span", "spans");
            let rejected = match sent.rejected {
                0 => String::new(),
                rejected => format!(", {rejected} of them not taken"),
            };
            out.line(&format!("{}  {spans} to {}{rejected}", shown::short(id), sent.to))?;
        }
        warn(&sent.damaged);
        if !sent.words.is_empty() {
            out::say(&format!("note: {} says: {}", sent.to, sent.words));
        }
    }
    Ok(())
}

/// A header as it is typed, `NAME=VALUE` or `NAME: VALUE`, with variables in their places.
fn header(text: &str, variable: &dyn Fn(&str) -> Option<String>) -> Result<(String, Secret)> {
    let parts = text.split_once(['=', ':']).map(|(name, value)| (name.trim(), value.trim()));
    let Some((name, value)) = parts.filter(|(name, _)| !name.is_empty()) else {
        let why = "a header is NAME=VALUE";
        return Err(Error::new(ErrorKind::Invalid, DOING, why, "--header 'Authorization=Bearer $TOKEN'"));
    };
    if holds_key(name) && variable::names(value).is_empty() {
        let why =
            format!("{name} holds a key, and what stands on a command line can be read by everybody here");
        let hint = format!("Name a variable that holds it: --header '{name}=$TOKEN'.");
        return Err(Error::new(ErrorKind::Invalid, DOING, why, hint));
    }
    let value = variable::filled(value, variable).map_err(|name| {
        let why = format!("the variable {name} is not set");
        Error::new(ErrorKind::Config, DOING, why, "A header names it: set it where you call outcrop.")
    })?;
    Ok((name.to_owned(), Secret::new(value)))
}

/// Whether a header of that name is there to prove who asks.
fn holds_key(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["auth", "key", "token", "secret", "cookie"].iter().any(|part| name.contains(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_read_in_either_form_with_variables_in_their_places() {
        let variable = |name: &str| (name == "TOKEN").then(|| "s3cret".to_owned());
        for (text, name, value) in [
            ("Authorization=Bearer $TOKEN", "Authorization", "Bearer s3cret"),
            ("x-key: ${TOKEN}=", "x-key", "s3cret="),
            ("x-plain=a:b", "x-plain", "a:b"),
        ] {
            assert_eq!(header(text, &variable).unwrap(), (name.to_owned(), Secret::new(value)));
        }
        for wrong in ["", "=x", "name", "x=$NOWHERE"] {
            let error = header(wrong, &variable).unwrap_err();
            assert!(!error.to_string().contains("s3cret"), "{wrong}: {error}");
        }
    }

    #[test]
    fn a_key_is_not_taken_from_the_command_line() {
        for literal in ["Authorization=Bearer sk-1", "x-api-key: sk-1", "X-Langfuse-Secret=sk-1"] {
            let error = header(literal, &|_| None).unwrap_err();
            assert!(error.hint.contains("=$TOKEN'") && !error.to_string().contains("sk-1"), "{error}");
        }
    }
}
