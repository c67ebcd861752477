//! What gives a name away by where it stands: a label before the answer, a signature behind it, a maker who "trained me".

use std::ops::Range;

use super::names::{ACTIVE, AROUND, BESIDE, FOREIGN_ACTIVE, OWN, SIGNED, SPEAKING, SPOKEN_TO};
use super::{Names, Word, is_over};

/// What may stand around a name, as Markdown has it.
const MARKS: [char; 7] = ['*', '_', '`', '"', '“', '”', '>'];

/// Where names stand as signs of who speaks.
pub(super) fn signs(text: &str, words: &[Word], names: &Names<'_>) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = label(text, names).into_iter().collect();
    for at in 0..words.len() {
        let Some((name, is_plain)) = names.find(text, words[at].at.start) else { continue };
        let place = Place { text, words, at, name: &name };
        let of_any = place.is_at_service() || place.made_me() || place.is_apposed() || place.is_signed();
        if of_any
            || place.is_power()
            || place.is_of_mine()
            || !is_plain && (place.is_here() || place.is_aside())
        {
            found.push(name);
        }
    }
    found
}

/// The name that the answer begins with, as a script has who speaks: "Claude:", "[GPT-4]". A list of several stays, and so does
/// a word that is looked up ("Titan: a moon").
fn label(text: &str, names: &Names<'_>) -> Option<Range<usize>> {
    let is_before = |c: char| c.is_whitespace() || MARKS.contains(&c);
    let head = text.trim_start_matches(is_before);
    let close = match head.chars().next() {
        Some('[') => Some(']'),
        Some('(') => Some(')'),
        Some('<') => Some('>'),
        _ => None,
    };
    let start = text.len() - head.len() + usize::from(close.is_some());
    let (name, is_plain) = names.find(text, start)?;
    let after = text[name.end..].trim_start_matches(MARKS);
    let after_close = close.map(|close| text[name.end..].strip_prefix(close));
    let is_label = match after_close {
        // A link is what is written about.
        Some(rest) => rest.is_some_and(|rest| !rest.starts_with(['(', '['])),
        None => after.strip_prefix(':').is_some_and(|rest| !rest.starts_with([':', '/'])),
    };
    let is_name = text[start..].starts_with(|c: char| c.is_uppercase() || !c.is_alphabetic());
    (is_label && is_name && !is_plain && !goes_on(&text[name.end..], names)).then_some(name)
}

/// Whether another line is labelled so as well: then models are told of.
fn goes_on(rest: &str, names: &Names<'_>) -> bool {
    rest.split('\n').skip(1).any(|line| {
        let line = line.trim_start_matches(|c: char| !c.is_alphanumeric());
        names
            .find(line, 0)
            .is_some_and(|(name, _)| line[name.end..].trim_start_matches(MARKS).starts_with([':', ']']))
    })
}

/// A name among the words of a text.
struct Place<'a> {
    text: &'a str,
    words: &'a [Word],
    at: usize,
    name: &'a Range<usize>,
}

impl Place<'_> {
    fn after(&self) -> &str {
        self.text[self.name.end..].trim_start_matches(MARKS)
    }

    /// The word so many before it, and what stands between that and the next one.
    fn before(&self, many: usize) -> Option<(&str, &str)> {
        let at = self.at.checked_sub(many)?;
        let gap = &self.text[self.words[at].at.end..self.words[at + 1].at.start];
        Some((&self.words[at].plain, gap))
    }

    /// Whether nothing but marks stands before it in the text, or a sentence ends there.
    fn begins(&self, many: usize) -> bool {
        self.before(many).is_none_or(|(_, gap)| is_over(gap) || gap.contains([',', ':', '—', '–']))
    }

    /// "Claude here!"
    fn is_here(&self) -> bool {
        let said = SPEAKING.iter().find_map(|word| self.after().strip_prefix(' ')?.strip_prefix(word));
        self.begins(1)
            && said.is_some_and(|rest| {
                rest.is_empty()
                    || rest.starts_with(['!', '.', ',', ';', ':', '\n'])
                    || [" to help", " again", " —", " –", " - "].iter().any(|more| rest.starts_with(more))
            })
    }

    /// "Claude at your service".
    fn is_at_service(&self) -> bool {
        self.after().strip_prefix(',').unwrap_or(self.after()).starts_with(" at your service")
    }

    /// "I, Claude, …", "asking me, Claude, …".
    fn is_apposed(&self) -> bool {
        let is_me = || self.before(2).is_none_or(|(word, _)| !SPOKEN_TO.contains(&word));
        let is_i = self
            .before(1)
            .is_some_and(|(word, gap)| gap.trim() == "," && (word == "i" || word == "me" && is_me()));
        is_i && self.after().starts_with(',')
    }

    /// "My training data (`OpenAI`) ends": of what is a model's own.
    fn is_of_mine(&self) -> bool {
        if !self.after().starts_with(')') {
            return false;
        }
        let mut is_own = false;
        for back in 1..=4 {
            let Some((word, gap)) = self.before(back) else { return false };
            let gap = gap.trim_end_matches(MARKS);
            let is_joined = if back == 1 { gap == " (" } else { gap == " " || gap == "-" };
            if !is_joined || word == "my" {
                return is_joined && is_own;
            }
            is_own |= OWN.contains(&word);
            if !OWN.contains(&word) && !BESIDE.contains(&word) {
                return false;
            }
        }
        false
    }

    /// "the assistant (Claude)".
    fn is_aside(&self) -> bool {
        let is_assistant = self.before(1).is_some_and(|(word, gap)| word == "assistant" && gap == " (");
        is_assistant
            && self.before(2).is_some_and(|(word, _)| ["the", "this", "your"].contains(&word))
            && self.after().starts_with(')')
    }

    /// "Signed, Claude", "— Claude": with it a line ends.
    fn is_signed(&self) -> bool {
        let rest = self.after().trim_start_matches(['.', '!', ')', ' ']);
        if !rest.is_empty() && !rest.starts_with('\n') {
            return false;
        }
        let by = self.before(1).is_some_and(|(word, gap)| {
            SIGNED.contains(&word) && gap.contains([',', '\n', ':']) && !gap.contains(['.', '!', '?', ';'])
        });
        let line = self.text[..self.name.start].rsplit('\n').next().unwrap_or_default();
        let is_dash = matches!(line.trim_start().trim_end_matches(MARKS).trim_end(), "—" | "–" | "--" | "~");
        // A list of several is none.
        let is_last = rest.trim().is_empty();
        let more = self.text[..self.name.start].lines().rev().skip(1).find(|line| !line.trim().is_empty());
        by || is_dash
            && is_last
            && more.is_none_or(|line| !line.trim_start().starts_with(['—', '–', '-', '~']))
    }

    /// "Powered by GPT-4." as a sentence, the first or the last one.
    fn is_power(&self) -> bool {
        let is_by = self.before(1).is_some_and(|(word, gap)| word == "by" && !is_over(gap))
            && self.before(2).is_some_and(|(word, gap)| word == "powered" && !is_over(gap));
        if !is_by {
            return false;
        }
        let is_first = self.before(3).is_none();
        let is_whole = is_first || self.before(3).is_some_and(|(_, gap)| is_over(gap));
        let after = self.after();
        let is_last = !after.contains(char::is_alphanumeric);
        is_whole && (is_last || is_first && after.starts_with(['.', '!', '\n']))
    }

    /// "Anthropic made me", "Google's researchers have trained me to".
    fn made_me(&self) -> bool {
        let behind = self.words[self.at..].iter().skip_while(|word| word.at.start < self.name.end);
        let mut end = self.name.end;
        let mut said = Vec::new();
        for word in behind.take(6) {
            if is_over(&self.text[end..word.at.start]) {
                break;
            }
            end = word.at.end;
            said.push(word.plain.as_str());
        }
        let verb = said.iter().position(|word| !AROUND.contains(word)).unwrap_or(said.len());
        match &said[verb..] {
            ["made", "me", rest @ ..] => {
                // "Google made me laugh."
                rest.first().is_none_or(|next| ["as", "for", "in", "so", "to", "with"].contains(next))
            }
            [active, "me", ..] => ACTIVE.contains(active),
            _ => FOREIGN_ACTIVE.iter().any(|phrase| said.starts_with(phrase)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::masked;

    fn told(text: &str) -> String {
        masked(text, ["acme/zebra-9000"])
    }

    #[test]
    fn a_name_that_says_who_speaks_is_masked() {
        for (said, seen) in [
            ("Claude here! Happy to help.", "▇▇▇ here! Happy to help."),
            ("Hi, Claude 3 here.", "Hi, ▇▇▇ here."),
            ("Hello, Claude at your service.", "Hello, ▇▇▇ at your service."),
            ("I, Claude, think so.", "I, ▇▇▇, think so."),
            ("Thanks for asking me, Mistral, about this.", "Thanks for asking me, ▇▇▇, about this."),
            ("My training data (OpenAI) ends in 2023.", "My training data (▇▇▇) ends in 2023."),
            ("My knowledge cut-off (Zebra-9000) is 2023.", "My knowledge cut-off (▇▇▇) is 2023."),
            ("Claude: Paris", "▇▇▇: Paris"),
            ("**GPT-4:** Paris", "**▇▇▇:** Paris"),
            ("[GPT-4] Paris", "[▇▇▇] Paris"),
            ("Zebra-9000: Paris", "▇▇▇: Paris"),
            ("Paris.\n\nSigned, Claude", "Paris.\n\nSigned, ▇▇▇"),
            ("Paris.\n\nBest regards,\nClaude", "Paris.\n\nBest regards,\n▇▇▇"),
            ("Paris.\n\n— Claude", "Paris.\n\n— ▇▇▇"),
            ("OpenAI trained me to be brief.", "▇▇▇ trained me to be brief."),
            ("Anthropic made me.", "▇▇▇ made me."),
            ("Acme's engineers have built me.", "▇▇▇'s engineers have built me."),
            ("Google hat mich entwickelt.", "▇▇▇ hat mich entwickelt."),
            ("Powered by GPT-4.", "Powered by ▇▇▇."),
            ("Paris. Powered by GPT-4", "Paris. Powered by ▇▇▇"),
            ("I'm the assistant (Claude).", "I'm the assistant (▇▇▇)."),
        ] {
            assert_eq!(told(said), seen);
        }
    }

    #[test]
    fn a_name_that_is_written_about_stays() {
        for said in [
            "OpenAI was founded in 2015.",
            "Claude: good at prose\nGPT-4: good at maths",
            "Titan: the largest moon of Saturn.",
            "Google: a company in California.",
            "[Claude](https://example.org) is a model.",
            "# Claude: the model's name\nclient = OpenAI()",
            "// GPT-4: takes pictures as well\nlet model = \"gpt-4\";",
            "gpt-4:\n  temperature: 1",
            "Claude here means Monet.",
            "Google made me laugh.",
            "My boss at Google, who trained me, left.",
            "Amazon offered me a job.",
            "Copilot is new. Powered by GPT-4, it writes code. It costs little.",
            "— Claude\n— GPT-4",
            "Signed, Claude Monet",
            "Between you and me, Claude, the painter, was poor.",
            "Tell me, Claude, why rivers bend.",
            "My phone (Google) is old.",
            "My favourite model (GPT-4) is large.",
            "Her training data (OpenAI) is her own.",
            "They asked the assistant (Siri).",
        ] {
            assert_eq!(told(said), said);
        }
    }
}
