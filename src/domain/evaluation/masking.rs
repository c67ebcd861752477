//! Masking what an answer says of who wrote it: a model that calls itself by its name unblinds its rater.

/// What stands in a name's place.
pub const MASK: &str = "[name]";

/// What assistants and those who made them are called, beside the names of the sources themselves.
const KNOWN: &[&str] = &[
    "OpenAI",
    "ChatGPT",
    "GPT",
    "Anthropic",
    "Claude",
    "Google DeepMind",
    "Gemini",
    "Gemma",
    "Meta AI",
    "Llama",
    "Mistral AI",
    "Mistral",
    "Mixtral",
    "DeepSeek",
    "Alibaba Cloud",
    "Qwen",
    "Hugging Face",
    "HuggingFace",
    "SmolLM",
    "Grok",
    "Amazon Nova",
];

/// The fewest letters of a model's family that are masked by themselves.
const FAMILY: usize = 4;

/// The text with the names of these sources, and those that assistants are known by, masked where they stand as words, with
/// the version behind them. All answers to an item are masked alike, or the mask would tell.
pub fn masked<'a>(text: &str, sources: impl IntoIterator<Item = &'a str>) -> String {
    let mut names: Vec<&str> = KNOWN.to_vec();
    for source in sources {
        let model = source.split_whitespace().next().unwrap_or_default();
        let bare = model.rsplit('/').next().unwrap_or_default();
        let family = &bare[..bare.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(bare.len())];
        names.extend([source, model, bare].iter().filter(|name| !name.is_empty()));
        names.extend((family.len() >= FAMILY).then_some(family));
    }
    names.sort_by_key(|name| std::cmp::Reverse(name.len()));
    let mut masked = String::with_capacity(text.len());
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let begins = !text[..at].ends_with(char::is_alphanumeric);
        let end = begins.then(|| names.iter().find_map(|name| end_of(text, at, name))).flatten();
        if let Some(end) = end {
            masked.push_str(MASK);
            at = end;
        } else {
            masked.push(c);
            at += c.len_utf8();
        }
    }
    masked
}

/// Where a name that begins there ends, its version with it; `None` where another word begins.
fn end_of(text: &str, at: usize, name: &str) -> Option<usize> {
    let mut end = at + name.len();
    if !text.get(at..end)?.eq_ignore_ascii_case(name) {
        return None;
    }
    // "GPT-4o", "Qwen2.5-7B", "Claude 3.5", but not "Claudette".
    loop {
        let rest = &text[end..];
        let mut next = rest.chars();
        let (first, second) = (next.next(), next.next());
        let is_alphanumeric = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        let is_digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
        let behind = &text[at..end];
        let in_version = behind.ends_with(|c: char| c.is_ascii_digit()) && end > at + name.len();
        if is_digit(first) || is_alphanumeric(first) && in_version {
            end += first.map_or(0, char::len_utf8);
        } else if matches!(first, Some('-' | '.' | '_')) && is_alphanumeric(second)
            || first == Some(' ') && is_digit(second)
        {
            end += 1 + second.map_or(0, char::len_utf8);
        } else {
            return (!is_alphanumeric(first) || end > at + name.len()).then_some(end);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_masked_as_words_with_their_versions() {
        let told = |text: &str| masked(text, ["local/smollm2-135m temperature=1", "home/writer"]);
        for (said, seen) in [
            ("I am SmolLM2-135M.", "I am [name]."),
            ("I am smollm, made by Hugging Face.", "I am [name], made by [name]."),
            ("As ChatGPT-4o, I", "As [name], I"),
            ("It's Claude 3.5, or Qwen2.5-7B!", "It's [name], or [name]!"),
            ("local/smollm2-135m temperature=1 is me", "[name] is me"),
            ("Claudette went home to her local writers.", "Claudette went home to her local writers."),
            ("The Writer: GPT", "The [name]: [name]"),
            ("漢字 Claude 漢字", "漢字 [name] 漢字"),
            ("", ""),
        ] {
            assert_eq!(told(said), seen);
        }
    }
}
