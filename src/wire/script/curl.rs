//! A line for curl.

use std::fmt::Write;

use super::literal::{Language, Literal};
use crate::domain::script::{Api, Credential, Operation, Sent};

/// The line. The body comes from a here-document: as an argument a long one would not be taken.
pub(super) fn code(sent: &Sent, body: &Literal) -> String {
    let mut out = format!("curl -sSN --globoff {}", quoted(&sent.url));
    for (name, value) in &sent.headers {
        let _ = write!(out, " \\\n  -H {}", quoted(&format!("{name}: {value}")));
    }
    match &sent.credential {
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

/// A word of a shell, whatever it holds.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}
