//! A line for curl.

use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::literal::{Language, Literal};
use super::{ADDRESS, KEY};
use crate::domain::script::{Api, Credential, Form, Operation, Sent};

/// The line. The body comes from a here-document: as an argument a long one would not be taken.
pub(super) fn code(sent: &Sent, body: &Literal) -> String {
    let address = match &sent.api {
        // A shell that has no such address says so, and asks nobody.
        Api::Anywhere => {
            format!("\"${{{ADDRESS}:?the address of a server that has this model}}{}\"", sent.url)
        }
        _ => quoted(&sent.url),
    };
    let mut out = format!("curl -sSN --globoff {address}");
    if let Api::Edits { .. } = &sent.api {
        // The file comes from the standard input.
        out.insert_str(0, "base64 -d <<'BASE64' | ");
    }
    for (name, value) in &sent.headers {
        let _ = write!(out, " \\\n  -H {}", quoted(&format!("{name}: {value}")));
    }
    match &sent.credential {
        // One word in every shell; none where that server wants no key.
        Credential::None if sent.api == Api::Anywhere => {
            let _ = write!(out, " \\\n  ${{{KEY}:+-H\"authorization: Bearer ${KEY}\"}}");
        }
        Credential::None => {}
        Credential::Key { header, before, variable } => {
            let _ = write!(out, " \\\n  -H \"{header}: {before}${variable}\"");
        }
        Credential::Signature { region } => {
            let _ = write!(out, " \\\n  --aws-sigv4 {}", quoted(&format!("aws:amz:{region}:bedrock")));
            out.push_str(" \\\n  --user \"$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY\"");
            // One word in every shell; none where the keys are no session's.
            out.push_str(" \\\n  ${AWS_SESSION_TOKEN:+-H\"x-amz-security-token: $AWS_SESSION_TOKEN\"}");
        }
    }
    if let Api::Bedrock { operation, .. } = &sent.api
        && matches!(operation, Operation::ConverseStream | Operation::InvokeModelWithResponseStream)
    {
        // Amazon's streams are binary, which curl writes to no terminal unasked.
        out.push_str(" \\\n  --output -");
    }
    if let Api::Edits { form } = &sent.api {
        parts(&mut out, form);
        return out;
    }
    out.push_str(" \\\n  --data-binary @- <<'JSON'\n");
    // Line ends in strings are escapes: no line is the end mark.
    body.write(&mut out, Language::Json, 0);
    out.push_str("\nJSON\n");
    // An id with a colon: older ones sign another path than they ask.
    if matches!(sent.credential, Credential::Signature { .. }) && sent.url.contains('%') {
        out.insert_str(0, "# curl before 8.13 signs this address wrongly; AWS then answers 403.\n");
    }
    out
}

/// The fields as they are, whatever they begin with, and the file, which the here-document holds.
fn parts(out: &mut String, form: &Form) {
    for (name, value) in &form.fields {
        let _ = write!(out, " \\\n  --form-string {}", literal(&format!("{name}={value}")));
    }
    let (field, name, media_type) = &form.file;
    let part = format!("{field}=@-;filename={name};type={media_type}");
    let _ = writeln!(out, " \\\n  -F {}", quoted(&part));
    let bytes = STANDARD.encode(&form.bytes);
    let mut rest = bytes.as_str();
    while !rest.is_empty() {
        let (line, more) = rest.split_at(rest.len().min(76));
        out.push_str(line);
        out.push('\n');
        rest = more;
    }
    out.push_str("BASE64\n");
}

/// A word of a shell; what could drive a terminal is an escape.
fn literal(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_graphic() || c == ' ' || !c.is_ascii() && c.is_alphanumeric();
    if text.chars().all(is_plain) {
        return quoted(text);
    }
    let mut format = String::new();
    // What a shell puts in the place of a command ends before its last line ends: they stand behind it.
    let lines = text.trim_end_matches('\n');
    let ends = &text[lines.len()..];
    for c in lines.chars() {
        match c {
            '%' => format.push_str("%%"),
            '\\' => format.push_str("\\\\"),
            c if is_plain(c) => format.push(c),
            c => {
                for byte in c.encode_utf8(&mut [0; 4]).bytes() {
                    let _ = write!(format, "\\{byte:03o}");
                }
            }
        }
    }
    let ends = if ends.is_empty() { String::new() } else { quoted(ends) };
    format!("\"$(printf {})\"{ends}", quoted(&format))
}

/// A word of a shell, whatever it holds.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}
