//! What a model says of its own name, masked: one that calls itself by it unblinds its rater.
//!
//! Names are masked in phrases of self-naming alone ("As Claude, …", "I'm a language model trained by …"), so that an answer
//! about a maker keeps its sense. A phrase is an opening, as "I am", and the words that such phrases are made of: where another
//! word comes it is over, and what follows is left as it is. So are labels and signatures, by where they stand. Known by words of
//! English and the openings of a few other languages: a mask hides what is usual, and proves nothing.

mod names;
mod signs;
mod unspaced;

use std::ops::Range;

use names::{
    BARE, BETWEEN, FROM, KINDS, KNOWN, LAST, MAKERS, SPEAKING, TEXTS, VARIANTS, VERBS, WORDS, WRITTEN,
};
use unspaced::is_unspaced;

/// What stands in a name's place: of one width, whatever was there.
pub const MASK: &str = "▇▇▇";

/// The fewest letters of a source's family that are a name by themselves.
const FAMILY: usize = 4;

/// The text with what it says of its own name masked: these sources' names and those that assistants and their makers are
/// known by, their versions with them. Every answer to an item is to be masked, or the mask would tell.
pub fn masked<'a>(text: &str, sources: impl IntoIterator<Item = &'a str>) -> String {
    let names = Names::with(sources);
    let mut text = text.to_owned();
    let seen = without_unseen(&text);
    if seen != text && masked_once(&seen, &names) != seen {
        // A name was hidden from the mask, not from the rater.
        text = seen;
    }
    loop {
        // A mask may bring two words apart that were one, the second of them a name.
        let again = masked_once(&text, &names);
        if again == text {
            return again;
        }
        text = again;
    }
}

/// The text without the signs of no width that stand inside its words of Latin letters.
fn without_unseen(text: &str) -> String {
    let is_unseen = |c: char| matches!(c, '\u{ad}' | '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}');
    let mut before = None;
    let mut seen = String::with_capacity(text.len());
    for c in text.chars() {
        if !(is_unseen(c) && before.is_some_and(|before: char| before.is_ascii_alphanumeric())) {
            seen.push(c);
            before = Some(c);
        }
    }
    seen
}

fn masked_once(text: &str, names: &Names<'_>) -> String {
    let words = words(text);
    let mut hidden: Vec<Range<usize>> = Vec::new();
    for at in 0..words.len() {
        if let Some((opening, next)) = opening(text, &words, at) {
            hidden.extend(Phrase { text, words: &words, names, opening }.names_from(next));
        }
    }
    hidden.extend(signs::signs(text, &words, names));
    hidden.extend(unspaced::named(text, names));
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
    /// "It's".
    It,
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
    (&["my", "model", "is"], Opening::Being),
    (&["my", "model", "name", "is"], Opening::Being),
    (&["my", "underlying", "model", "is"], Opening::Being),
    (&["call", "me"], Opening::Being),
    (&["i", "run", "on"], Opening::Being),
    (&["i", "identify", "as"], Opening::Being),
    (&["we", "at"], Opening::Being),
    (&["we", "here", "at"], Opening::Being),
    (&["us", "at"], Opening::Being),
    (&["you", "are", "talking", "to"], Opening::Being),
    (&["you're", "talking", "to"], Opening::Being),
    (&["you", "are", "chatting", "with"], Opening::Being),
    (&["you're", "chatting", "with"], Opening::Being),
    (&["you", "are", "speaking", "with"], Opening::Being),
    (&["you're", "speaking", "with"], Opening::Being),
    (&["ich", "bin"], Opening::Being),
    (&["ich", "wurde"], Opening::Being),
    (&["ich", "heiße"], Opening::Being),
    (&["mein", "name", "ist"], Opening::Being),
    (&["mon", "nom", "est"], Opening::Being),
    (&["j'ai", "été"], Opening::Being),
    (&["mi", "nombre", "es"], Opening::Being),
    (&["fui"], Opening::Being),
    (&["mi", "chiamo"], Opening::Being),
    (&["sono", "stato"], Opening::Being),
    (&["meu", "nome", "é"], Opening::Being),
    (&["меня", "зовут"], Opening::Being),
    (&["я"], Opening::Being),
    (&["je", "suis"], Opening::Being),
    (&["je", "m'appelle"], Opening::Being),
    (&["me", "llamo"], Opening::Being),
    (&["soy"], Opening::Being),
    (&["sono"], Opening::Being),
    (&["eu", "sou"], Opening::Being),
    (&["as"], Opening::As),
    (&["this", "is"], Opening::This),
    (&["hier", "ist"], Opening::This),
    (&["hier", "spricht"], Opening::This),
    (&["it's"], Opening::It),
    (&["it", "is"], Opening::It),
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
        are_together(text, here) && here.iter().zip(said).all(|(word, said)| word.plain == *said)
    };
    if let Some((said, opening)) = OPENINGS.iter().find(|(said, _)| is_here(said)) {
        // "My knowledge as", "me as": it is of the speaker.
        let of_me = *opening == Opening::As && is_of_me(text, words, at);
        return Some((if of_me { Opening::Being } else { *opening }, at + said.len()));
    }
    if let Some(next) = behind_text(text, words, at) {
        return Some((Opening::Being, next));
    }
    let begins = at == 0 || is_over(&text[words[at - 1].at.end..words[at].at.start]);
    (begins && VERBS.contains(&words[at].plain.as_str())).then_some((Opening::Made, at + 1))
}

/// Whether nothing but blanks stands between words.
fn are_together(text: &str, words: &[Word]) -> bool {
    words.windows(2).all(|two| text[two[0].at.end..two[1].at.start].trim().is_empty())
}

/// The word behind "This answer was written by", where that begins at a word.
fn behind_text(text: &str, words: &[Word], at: usize) -> Option<usize> {
    if words[at].plain != "this" {
        return None;
    }
    let said: Vec<&str> = words[at..].iter().take(6).map(|word| word.plain.as_str()).collect();
    let is_so = |noun: &str, verb: &str, by: &str| {
        TEXTS.contains(&noun) && WRITTEN.contains(&verb) && ["by", "using", "with"].contains(&by)
    };
    let many = match said.as_slice() {
        [_, noun, "was" | "is", verb, by, ..] if is_so(noun, verb, by) => 5,
        [_, noun, "has", "been", verb, by, ..] if is_so(noun, verb, by) => 6,
        _ => return None,
    };
    are_together(text, &words[at..at + many]).then_some(at + many)
}

/// Whether the words before one are "me" or "my" something.
fn is_of_me(text: &str, words: &[Word], at: usize) -> bool {
    let is = |back: usize, known: &[&str]| {
        at.checked_sub(back).is_some_and(|before| {
            let together = !text[words[before].at.end..words[at].at.start]
                .contains(|c: char| !c.is_whitespace() && !c.is_alphanumeric());
            together && known.contains(&words[before].plain.as_str())
        })
    };
    is(1, &["i", "me", "myself"]) || is(2, &["my"])
}

/// Whether a sentence ends between two words.
fn is_over(gap: &str) -> bool {
    gap.contains(['.', '!', '?', ';', '\n', '。', '！', '？'])
}

/// Whether a line ends there and nothing else does.
fn is_broken_line(gap: &str) -> bool {
    gap.matches('\n').count() == 1 && !is_over(&gap.replace('\n', " "))
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
        // "As Claude by Anthropic I say": names and "by" alone.
        let mut is_apposed = matches!(self.opening, Opening::As);
        // It has just said its name; "I am Claude, from Anthropic": behind it whose it is.
        let (mut is_named, mut is_from) = (false, false);
        let mut at = from;
        let mut end = self.words[from - 1].at.end;
        while let Some(word) = self.words.get(at) {
            let gap = &self.text[end..word.at.start];
            let plain = word.plain.as_str();
            if is_over(gap) && !(at == from && is_broken_line(gap)) {
                break;
            }
            if let Some(name) = self.names.at(self.text, word.at.start) {
                let aside = self.opening == Opening::As && gap.contains(',');
                is_named = is_bare && self.is_the_name(name.end);
                let told = is_named || is_from || (is_model || is_made) && !aside;
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
                if self.opening == Opening::Being && LAST.contains(&plain) {
                    sure.append(&mut perhaps);
                }
            } else if !BETWEEN.contains(&plain) && !BARE.contains(&plain) {
                if (self.opening == Opening::Made || is_apposed) && is_first_person(plain) {
                    sure.append(&mut perhaps);
                }
                break;
            }
            is_bare &= BARE.contains(&plain);
            is_from |= is_named && FROM.contains(&plain);
            is_named = false;
            is_apposed &= matches!(plain, "by" | "from" | "of");
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
            Opening::This => {
                next.is_empty()
                    || next.starts_with(['.', ',', '!', ':', ';', '\n'])
                    || SPEAKING.contains(&said.as_str())
                    || next.starts_with(' ') && FROM.contains(&said.as_str())
            }
            // What a quiz asks for ends with a full stop: "It's Google."
            Opening::It => next.starts_with('!') || SPEAKING.contains(&said.as_str()),
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
struct Names<'a>(Vec<Name<'a>>);

#[derive(Clone, Copy)]
struct Name<'a> {
    said: &'a str,
    /// It is a word as well, and a name where it begins with a capital letter.
    is_word: bool,
    is_maker: bool,
}

impl<'a> Name<'a> {
    /// One that is known, or that a source has.
    fn of(said: &'a str) -> Self {
        let among = |all: &[&str]| all.iter().any(|known| known.eq_ignore_ascii_case(said));
        Self { said, is_word: among(WORDS), is_maker: among(MAKERS) }
    }

    /// Who has brought a model, by its id: "acme/zebra". It may be a folder as well ("home/zebra").
    fn owner(said: &'a str) -> Self {
        Self { said, is_word: true, is_maker: true }
    }

    /// Whether a text begins with it, in whichever case; what joins its words may be a blank.
    fn begins(&self, text: &str) -> bool {
        let joined = |byte: u8| if matches!(byte, b'-' | b'_') { b' ' } else { byte.to_ascii_lowercase() };
        let (said, text) = (self.said.as_bytes(), text.as_bytes());
        text.len() >= said.len() && said.iter().zip(text).all(|(one, other)| joined(*one) == joined(*other))
    }
}

impl<'a> Names<'a> {
    fn with(sources: impl IntoIterator<Item = &'a str>) -> Self {
        let mut names: Vec<Name<'a>> = KNOWN.iter().map(|known| Name::of(known)).collect();
        for source in sources {
            // A source is a model, its settings perhaps behind it; a model its family and its size.
            let model = source.split_whitespace().next().unwrap_or_default();
            let bare = model.rsplit('/').next().unwrap_or_default();
            names.extend([source, model, bare].into_iter().filter(|name| !name.is_empty()).map(Name::of));
            names.extend(family(bare).map(Name::of));
            if let Some(behind) = behind_maker(bare)
                && let Some(family) = family(behind)
            {
                names.extend([behind, family].map(Name::of));
            }
            names.extend(owners(model).map(Name::owner));
        }
        names.sort_by_key(|name| std::cmp::Reverse(name.said.len()));
        Self(names)
    }

    /// The name that begins there, its version with it.
    fn at(&self, text: &str, start: usize) -> Option<Range<usize>> {
        self.find(text, start).map(|(name, _)| name)
    }

    /// The same, and whether it is but a maker's name or an ordinary word, without a version.
    fn find(&self, text: &str, start: usize) -> Option<(Range<usize>, bool)> {
        let here = text.get(start..)?;
        let (name, end) = self.0.iter().find_map(|name| {
            let fits = name.begins(here) && !(name.is_word && here.starts_with(char::is_lowercase));
            fits.then(|| version_end(text, start + name.said.len())).flatten().map(|end| (name, end))
        })?;
        let end = variant_end(text, end);
        let is_plain = (name.is_word || name.is_maker) && end == start + name.said.len();
        Some((start..end, is_plain))
    }
}

/// The letters that a model's name begins with, where they are a name by themselves.
fn family(bare: &str) -> Option<&str> {
    let family = &bare[..bare.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(bare.len())];
    (family.len() >= FAMILY).then_some(family)
}

/// The model's own name in an id as Bedrock has them, behind the region's and the maker's: "eu.acme.zebra-v2:0".
fn behind_maker(bare: &str) -> Option<&str> {
    let bare = bare.split(':').next().unwrap_or_default();
    let mut dots = bare.match_indices('.').map(|(at, _)| &bare[at + 1..]);
    dots.rfind(|behind| behind.starts_with(|c: char| c.is_ascii_alphabetic()))
}

/// What stands before the model's own name in the id of a source, as far as people are called so.
fn owners(model: &str) -> impl Iterator<Item = &str> {
    let before = model.rsplit_once('/').map_or("", |(before, _)| before);
    let is_name = |part: &&str| {
        part.len() > 2
            && part.starts_with(|c: char| c.is_ascii_alphabetic())
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    before.split('/').filter(is_name)
}

/// Where the version behind a name ends: "GPT-4o", "Qwen2.5-7B", "Llama 3.1"; `None` where the word goes on otherwise.
fn version_end(text: &str, mut end: usize) -> Option<usize> {
    let mut in_version = false;
    loop {
        let mut next = text[end..].chars();
        let (first, second) = (next.next(), next.next());
        let is_digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
        let is_letter = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() && !is_unspaced(c));
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
        masked(
            text,
            ["local/smollm2-135m temperature=1", "home/inkwell", "acme/zebra-9000", "eu.corp.heron-v2:0"],
        )
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
            ("As Zebra-9000 by Acme I say", "As ▇▇▇ by ▇▇▇ I say"),
            ("I'm zebra 9000, made by Acme.", "I'm ▇▇▇, made by ▇▇▇."),
            ("I am Heron V2.", "I am ▇▇▇."),
            ("It's Claude! It's Claude speaking.", "It's ▇▇▇! It's ▇▇▇ speaking."),
            ("This is Claude speaking", "This is ▇▇▇ speaking"),
            ("We at OpenAI believe", "We at ▇▇▇ believe"),
            ("I am\nClaude", "I am\n▇▇▇"),
            ("This response was generated by GPT-4.", "This response was generated by ▇▇▇."),
            ("This text is written by Claude", "This text is written by ▇▇▇"),
            ("This answer has been produced with Zebra-9000!", "This answer has been produced with ▇▇▇!"),
            ("Bonjour, je suis Claude, de Mistral AI.", "Bonjour, je suis ▇▇▇, de ▇▇▇."),
            ("I'm Zebra from the team at Acme.", "I'm ▇▇▇ from the team at ▇▇▇."),
            ("Hallo, hier ist Claude von Anthropic.", "Hallo, hier ist ▇▇▇ von ▇▇▇."),
            ("Hier spricht Claude.", "Hier spricht ▇▇▇."),
            ("Hello, this is Claude by Anthropic.", "Hello, this is ▇▇▇ by ▇▇▇."),
            ("I run on GPT-4 and identify as Claude", "I run on ▇▇▇ and identify as Claude"),
            ("I identify as Claude", "I identify as ▇▇▇"),
            ("My knowledge as GPT-4 ends", "My knowledge as ▇▇▇ ends"),
            ("my model name is gpt-4o", "my model name is ▇▇▇"),
            ("I'm Cl\u{200b}aude", "I'm ▇▇▇"),
            ("Ich wurde von Google entwickelt", "Ich wurde von ▇▇▇ entwickelt"),
            ("Ich bin ein Modell von Google", "Ich bin ein Modell von ▇▇▇"),
            ("Je suis un modèle développé par Mistral AI, moi", "Je suis un modèle développé par ▇▇▇, moi"),
            (
                "I'm part of the Claude family of models by Anthropic.",
                "I'm part of the ▇▇▇ family of models by ▇▇▇.",
            ),
        ] {
            assert_eq!(told(said), seen);
        }
    }

    #[test]
    fn no_usual_way_of_saying_its_name_leaves_it_open() {
        for said in [
            "I'm Claude (made by Anthropic).",
            "My name is Claude and I was made by Anthropic.",
            "As an AI developed by Anthropic, I",
            "I am Zebra.",
            "I am Zebra-9000, made by Acme.",
            "Hi I am  Claude",
            "I am **Claude**, an AI",
            "I AM CLAUDE",
            "Soy Claude",
            "Soy un modelo de OpenAI",
            "I'm a model called Claude",
            "I am known as Claude",
            "You're chatting with Claude",
            "<think>I am Qwen, created by Alibaba</think>ok",
            "As ChatGPT I would say",
            "I was trained by OpenAI.",
            "Claude here, ready to help.",
            "(Claude) Paris",
        ] {
            let seen = told(said).to_lowercase();
            for name in ["claude", "anthropic", "zebra", "acme", "openai", "gpt", "qwen", "alibaba"] {
                assert!(!seen.contains(name), "{said}: {seen}");
            }
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
            "This text was written by Claude Monet.",
            "This response was generated by a fan of GPT-4.",
            "This painting was produced by Google.",
            "The answer was written by Claude.",
            "Je suis fan de Google.",
            "Hier ist Google langsam.",
            "I am Claude Monet, from Google's gallery.",
            "As fast as Llama 3.",
            "OpenAI was founded in 2015.",
            "What made Android? It's Google.",
            "I was invited by Google. Ich wurde von Google eingeladen.",
            "As Claude is made by Anthropic, I can't ask it.",
            "As a home cook by Acme's standards, I bake.",
            "My friend works at Acme and at home.",
            "zero\u{200b}width Cl\u{200b}aude Monet",
            "# I use Claude here\nlet name = \"claude\"; // as gpt-4o does",
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
