//! What the columns of usage are, with the names that they have in Bedrock.

/// One column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Definition {
    /// As it is called on the screen and in the table.
    pub name: &'static str,
    /// The metric of `AWS/Bedrock`, where it is one.
    pub bedrock: Option<&'static str>,
    pub text: &'static str,
}

const fn row(name: &'static str, bedrock: &'static str, text: &'static str) -> Definition {
    Definition { name, bedrock: Some(bedrock), text }
}

const fn own(name: &'static str, text: &'static str) -> Definition {
    Definition { name, bedrock: None, text }
}

/// Every column, in the order in which they are shown.
pub const DEFINITIONS: [Definition; 15] = [
    row(
        "calls",
        "Invocations",
        "Calls that were answered. What failed, was put off or was stopped is not among them.",
    ),
    own("failed", "Calls that ended without an answer: throttled, client, server and unanswered together."),
    row(
        "throttled",
        "InvocationThrottles",
        "Answers that asked to slow down (429), those behind which the same was sent again too.",
    ),
    row("client", "InvocationClientErrors", "Answers that what was asked was wrong (any other 4xx)."),
    row("server", "InvocationServerErrors", "Answers that the server failed or had no room (5xx)."),
    own(
        "unanswered",
        "Calls that no server answered: no network, a time-out, or refused here and never sent.",
    ),
    own("stopped", "Calls that were stopped here before they had ended."),
    row("in", "InputTokenCount", "Tokens that were read, those from and into a cache included."),
    row("out", "OutputTokenCount", "Tokens that were written, reasoning included."),
    row("cached", "CacheReadInputTokens", "Of the tokens read, those that came from a cache."),
    row("pictures", "OutputImageCount", "Pictures that were made."),
    row(
        "p50",
        "InvocationLatency, p50",
        "From the request to the last token; half of the answered calls took at most so long.",
    ),
    row("p95", "InvocationLatency, p95", "The same; nineteen of twenty answered calls took at most so long."),
    row(
        "first",
        "TimeToFirstToken, p50",
        "From the request to the first piece of text; half of the answered calls took at most so long.",
    ),
    own("cost, est.", "An estimate, by the catalogue's prices of their date or the configuration's."),
];

/// What the figures say where something is unknown.
pub const UNKNOWN: &str = "? is unknown, 12+ is 12 and more that nobody told, – is none.";

/// The definitions as a text, a line a column.
pub fn listed() -> String {
    let mut text = String::new();
    for Definition { name, bedrock, text: words } in DEFINITIONS {
        let bedrock = bedrock.map(|name| format!(" ({name})")).unwrap_or_default();
        text.push_str(&[name, &bedrock, ": ", words, "\n"].concat());
    }
    text.push_str(UNKNOWN);
    text
}
