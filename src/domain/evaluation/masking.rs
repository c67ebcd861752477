//! What a model says of its own name, masked: one that calls itself by it unblinds its rater.
//!
//! Names are masked in phrases of self-naming alone ("As Claude, …", "I'm a language model trained by …"), so that an answer
//! about a maker keeps its sense. A phrase is an opening, as "I am", and the words that such phrases are made of: where another
//! word comes it is over, and what follows is left as it is. Known by words of English and the openings of a few other
//! languages: a mask hides what is usual, and proves nothing.

mod names;

use std::ops::Range;

use names::{BARE, BETWEEN, KINDS, KNOWN, VARIANTS, VERBS, WORDS};

/// What stands in a name's place: of one width, whatever was there.
pub const MASK: &str = "▇▇▇";

/// The fewest letters of a source's family that are a name by themselves.
const FAMILY: usize = 4;

/// The text with what it says of its own name masked: these sources' names and those that assistants and their makers are
/// known by, their versions with them. Every answer to an item is to be masked, or the mask would tell.
pub fn masked<'a>(text: &str, sources: impl IntoIterator<Item = &'a str>) -> String {
    let names = Names::with(sources);
    let mut text = text.to_owned();
    loop {
        // A mask may bring two words apart that were one, the second of them a name.
        let again = masked_once(&text, &names);
        if again == text {
            return again;
        }
        text = again;
    }
}

fn masked_once(text: &str, names: &Names<'_>) -> String {
    let words = words(text);
    let mut hidden: Vec<Range<usize>> = Vec::new();
    for at in 0..words.len() {
        if let Some((opening, next)) = opening(text, &words, at) {
            hidden.extend(Phrase { text, words: &words, names, opening }.names_from(next));
        }
    }
    hidden.sort_by_key(|range| (range.start, std::cmp::Reverse(range.end)));
    let mut masked = String::with_capacity(text.len());
    let mut at = 0;
    for range in hidden {
        if range.start >= at {
            masked.push_str(&text[at..range.start]);
            masked.push_str(MASK);
            at = range.end;
        }
    }
    masked.push_str(&text[at..]);
    masked
}

/// A word of the text.
#[derive(Debug, Clone)]
struct Word {
    at: Range<usize>,
    /// In lower case, with a plain apostrophe.
    plain: String,
}

/// Runs of letters and digits, an apostrophe inside among them.
fn words(text: &str) -> Vec<Word> {
    let word = |at: Range<usize>| Word { plain: plain(&text[at.clone()]), at };
    let mut words = Vec::new();
    let mut begin = None;
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let next = chars.peek().map(|(_, next)| *next);
        let joins = begin.is_some() && is_apostrophe(c) && next.is_some_and(char::is_alphanumeric);
        if c.is_alphanumeric() || joins {
            begin.get_or_insert(at);
        } else if let Some(from) = begin.take() {
            words.push(word(from..at));
        }
    }
    words.extend(begin.map(|from| word(from..text.len())));
    words
}

fn plain(word: &str) -> String {
    word.to_lowercase().replace('’', "'")
}

const fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '’')
}

/// How a phrase of self-naming begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Opening {
    /// "I am".
    Being,
    /// "As".
    As,
    /// "This is".
    This,
    /// "My developer".
    Mine,
    /// A sentence that begins with "Developed".
    Made,
}

const OPENINGS: &[(&[&str], Opening)] = &[
    (&["i", "am"], Opening::Being),
    (&["i'm"], Opening::Being),
    (&["i", "was"], Opening::Being),
    (&["i", "have", "been"], Opening::Being),
    (&["i've", "been"], Opening::Being),
    (&["i", "go", "by"], Opening::Being),
    (&["my", "name", "is"], Opening::Being),
    (&["my", "name's"], Opening::Being),
    (&["call", "me"], Opening::Being),
    (&["you", "are", "talking", "to"], Opening::Being),
    (&["you're", "talking", "to"], Opening::Being),
    (&["you", "are", "chatting", "with"], Opening::Being),
    (&["you're", "chatting", "with"], Opening::Being),
    (&["you", "are", "speaking", "with"], Opening::Being),
    (&["you're", "speaking", "with"], Opening::Being),
    (&["ich", "bin"], Opening::Being),
    (&["ich", "heiße"], Opening::Being),
    (&["je", "suis"], Opening::Being),
    (&["je", "m'appelle"], Opening::Being),
    (&["me", "llamo"], Opening::Being),
    (&["soy"], Opening::Being),
    (&["sono"], Opening::Being),
    (&["eu", "sou"], Opening::Being),
    (&["as"], Opening::As),
    (&["this", "is"], Opening::This),
    (&["my", "creator"], Opening::Mine),
    (&["my", "creators"], Opening::Mine),
    (&["my", "developer"], Opening::Mine),
    (&["my", "developers"], Opening::Mine),
    (&["my", "maker"], Opening::Mine),
    (&["my", "makers"], Opening::Mine),
    (&["my", "training"], Opening::Mine),
];

/// The opening at a word, and the word behind it.
fn opening(text: &str, words: &[Word], at: usize) -> Option<(Opening, usize)> {
    let is_here = |said: &[&str]| {
        let Some(here) = words.get(at..at + said.len()) else { return false };
        let together = here.windows(2).all(|two| text[two[0].at.end..two[1].at.start].trim().is_empty());
        together && here.iter().zip(said).all(|(word, said)| word.plain == *said)
    };
    if let Some((said, opening)) = OPENINGS.iter().find(|(said, _)| is_here(said)) {
        return Some((*opening, at + said.len()));
    }
    let begins = at == 0 || is_over(&text[words[at - 1].at.end..words[at].at.start]);
    (begins && VERBS.contains(&words[at].plain.as_str())).then_some((Opening::Made, at + 1))
}

/// Whether a sentence ends between two words.
fn is_over(gap: &str) -> bool {
    gap.contains(['.', '!', '?', ';', '\n'])
}

/// A phrase behind its opening.
struct Phrase<'a> {
    text: &'a str,
    words: &'a [Word],
    names: &'a Names<'a>,
    opening: Opening,
}

impl Phrase<'_> {
    /// Where it names itself or its maker, from a word on.
    fn names_from(&self, from: usize) -> Vec<Range<usize>> {
        let (mut sure, mut perhaps) = (Vec::new(), Vec::new());
        // So far it may still be the name itself; it has called itself a model; it says who is behind it.
        let (mut is_bare, mut is_model, mut is_made) = (true, false, self.opening == Opening::Mine);
        let mut at = from;
        let mut end = self.words[from - 1].at.end;
        while let Some(word) = self.words.get(at) {
            let gap = &self.text[end..word.at.start];
            let plain = word.plain.as_str();
            if is_over(gap) {
                break;
            }
            if let Some(name) = self.names.at(self.text, word.at.start) {
                let aside = self.opening == Opening::As && gap.contains(',');
                let told = is_bare && self.is_the_name(name.end) || (is_model || is_made) && !aside;
                let list = if told { &mut sure } else { &mut perhaps };
                end = name.end;
                list.push(name);
                at += self.words[at..].iter().take_while(|word| word.at.start < end).count();
                // Of "Google's assistant" the rest of the word.
                end = end.max(self.words[at - 1].at.end);
                continue;
            }
            if KINDS.contains(&plain) {
                is_model = true;
                sure.append(&mut perhaps);
            } else if VERBS.contains(&plain) {
                is_made |= self.opening == Opening::Being || is_model;
            } else if !BETWEEN.contains(&plain) && !BARE.contains(&plain) {
                if self.opening == Opening::Made && is_first_person(plain) {
                    sure.append(&mut perhaps);
                }
                break;
            }
            is_bare &= BARE.contains(&plain);
            end = word.at.end;
            at += 1;
        }
        sure
    }

    /// Whether a name right behind the opening is the speaker's, by what follows it: "I am Claude Monet's heir" is of
    /// somebody else, "As Google said" of another thing.
    fn is_the_name(&self, end: usize) -> bool {
        let rest = &self.text[end..];
        let next = rest.trim_start_matches(['"', '*', '_', '`', '”', ')']);
        let behind = next.trim_start();
        let word: &str =
            behind.split(|c: char| !c.is_alphanumeric() && !is_apostrophe(c)).next().unwrap_or_default();
        let said = plain(word);
        match self.opening {
            Opening::As => next.starts_with(',') || next.starts_with(' ') && is_first_person(&said),
            Opening::This => next.is_empty() || next.starts_with(['.', ',', '!', ':', ';', '\n']),
            Opening::Made => false,
            Opening::Being | Opening::Mine => {
                let is_possessive = next.starts_with(is_apostrophe) && word.chars().count() > 1;
                let goes_on = next.starts_with(' ') && word.starts_with(char::is_uppercase);
                let goes_on_so = || {
                    let at = self.text.len() - behind.len();
                    KINDS.contains(&said.as_str()) || self.names.at(self.text, at).is_some()
                };
                !is_possessive && (!goes_on || is_first_person(&said) || goes_on_so())
            }
        }
    }
}

fn is_first_person(plain: &str) -> bool {
    plain == "i" || plain.starts_with("i'") || plain == "my"
}

/// What is taken for a name, the longest first.
struct Names<'a>(Vec<&'a str>);

impl<'a> Names<'a> {
    fn with(sources: impl IntoIterator<Item = &'a str>) -> Self {
        let mut names: Vec<&str> = KNOWN.to_vec();
        for source in sources {
            // A source is a model, its settings perhaps behind it; a model its family and its size.
            let model = source.split_whitespace().next().unwrap_or_default();
            let bare = model.rsplit('/').next().unwrap_or_default();
            let family = &bare[..bare.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(bare.len())];
            names.extend([source, model, bare].iter().filter(|name| !name.is_empty()));
            names.extend((family.len() >= FAMILY).then_some(family));
        }
        names.sort_by_key(|name| std::cmp::Reverse(name.len()));
        Self(names)
    }

    /// The name that begins there, its version with it.
    fn at(&self, text: &str, start: usize) -> Option<Range<usize>> {
        let end = self.0.iter().find_map(|name| {
            let said = text.get(start..start + name.len()).filter(|said| said.eq_ignore_ascii_case(name))?;
            let is_word = WORDS.iter().any(|word| word.eq_ignore_ascii_case(name));
            if is_word && said.starts_with(char::is_lowercase) {
                return None;
            }
            version_end(text, start + name.len())
        })?;
        Some(start..variant_end(text, end))
    }
}

/// Where the version behind a name ends: "GPT-4o", "Qwen2.5-7B", "Llama 3.1"; `None` where the word goes on otherwise.
fn version_end(text: &str, mut end: usize) -> Option<usize> {
    let mut in_version = false;
    loop {
        let mut next = text[end..].chars();
        let (first, second) = (next.next(), next.next());
        let is_digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
        let is_letter = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        if is_digit(first) || in_version && is_letter(first) {
            end += first.map_or(0, char::len_utf8);
        } else if matches!(first, Some('-' | '_')) && is_letter(second)
            || matches!(first, Some('.' | ' ')) && is_digit(second)
        {
            end += 1 + second.map_or(0, char::len_utf8);
        } else {
            return (!is_letter(first)).then_some(end);
        }
        in_version = true;
    }
}

/// Where the variants behind it end: "3.5 Sonnet", "Pro", with their own version.
fn variant_end(text: &str, end: usize) -> usize {
    let Some(rest) = text[end..].strip_prefix(' ') else { return end };
    let variant = VARIANTS.iter().find(|variant| {
        rest.strip_prefix(**variant).is_some_and(|rest| !rest.starts_with(char::is_alphabetic))
    });
    match variant.and_then(|variant| version_end(text, end + 1 + variant.len())) {
        Some(end) => variant_end(text, end),
        None => end,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn told(text: &str) -> String {
        masked(text, ["local/smollm2-135m temperature=1", "home/inkwell"])
    }

    #[test]
    fn what_a_model_says_of_its_own_name_is_masked() {
        for (said, seen) in [
            ("I am developed by GPT-4’Claude ", "I am developed by ▇▇▇’▇▇▇ "),
            ("As Claude, I cannot.", "As ▇▇▇, I cannot."),
            ("I am ChatGPT", "I am ▇▇▇"),
            ("I'm Claude 3.5 Sonnet.", "I'm ▇▇▇."),
            ("I’m GPT-4o!", "I’m ▇▇▇!"),
            ("Hi! My name is **Qwen2.5-7B-Instruct**.", "Hi! My name is **▇▇▇**."),
            ("I'm a language model trained by OpenAI.", "I'm a language model trained by ▇▇▇."),
            (
                "As a large language model developed by Google, I can't.",
                "As a large language model developed by ▇▇▇, I can't.",
            ),
            (
                "I am Claude, an AI assistant made by Anthropic. Anthropic is in California.",
                "I am ▇▇▇, an AI assistant made by ▇▇▇. Anthropic is in California.",
            ),
            (
                "I was created by the team at Hugging Face, and I help.",
                "I was created by the team at ▇▇▇, and I help.",
            ),
            (
                "I am an AI assistant called Grok, created by xAI.",
                "I am an AI assistant called ▇▇▇, created by ▇▇▇.",
            ),
            ("I'm Google's AI model.", "I'm ▇▇▇'s AI model."),
            ("As Meta AI, my answer is no.", "As ▇▇▇, my answer is no."),
            ("I am a GPT model.", "I am a ▇▇▇ model."),
            ("I am a version of Llama 3.1.", "I am a version of ▇▇▇."),
            ("Developed by DeepSeek, I like maths.", "Developed by ▇▇▇, I like maths."),
            ("My developer is Mistral AI.", "My developer is ▇▇▇."),
            ("I am based on GPT-4.", "I am based on ▇▇▇."),
            ("I'm not Claude, I'm ChatGPT.", "I'm not ▇▇▇, I'm ▇▇▇."),
            ("I am SmolLM2-135M.", "I am ▇▇▇."),
            ("Call me Inkwell.", "Call me ▇▇▇."),
            ("I am local/smollm2-135m temperature=1", "I am ▇▇▇"),
            ("This is Gemini. Hello!", "This is ▇▇▇. Hello!"),
            ("Ich bin Claude.", "Ich bin ▇▇▇."),
            ("I am Claude\nI help", "I am ▇▇▇\nI help"),
            ("I am Qwen, created by Alibaba Cloud.", "I am ▇▇▇, created by ▇▇▇."),
            (
                "I'm part of the Claude family of models by Anthropic.",
                "I'm part of the ▇▇▇ family of models by ▇▇▇.",
            ),
        ] {
            assert_eq!(told(said), seen);
        }
    }

    #[test]
    fn what_it_says_of_others_stays() {
        for said in [
            "Claude Monet painted water lilies.",
            "As Claude Monet painted, so did Renoir.",
            "I am Claude Monet's greatest admirer.",
            "I was at home. Google it, or I'm googling it.",
            "google it",
            "Android was developed by Google.",
            "I like phones developed by Google.",
            "I am a fan of the model trained by OpenAI.",
            "As Google said, and as Apple's CEO agreed, no.",
            "As an AI, Google is not open to me.",
            "I am a Gemini, you are a Leo.",
            "I am meta about it; I was in command.",
            "This is Google's policy.",
            "Developed by NASA and Google, it flies.",
            "OpenAI made ChatGPT, and Anthropic made Claude.",
            "I am Claudette.",
            "As fast as Llama 3.",
            "I'm told that Titan is a moon.",
            "漢字 Claude 漢字",
            "",
        ] {
            assert_eq!(told(said), said);
        }
    }

    proptest! {
        #[test]
        fn any_text_is_masked_without_harm_and_but_once(text in "([A-Za-z’' .,\n]|I am |As |Claude |GPT-4|ß|漢|developed by ){0,40}") {
            let once = told(&text);
            prop_assert_eq!(told(&once), once.clone());
            // What is left stands in the text in its order.
            let mut rest = text.as_str();
            for part in once.split(MASK) {
                let at = rest.find(part);
                prop_assert!(at.is_some(), "{} {}", once, text);
                rest = &rest[at.unwrap() + part.len()..];
            }
        }
    }
}
