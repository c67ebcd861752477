//! What goes on in a place, in the words of those who do not look at it.

use crate::domain::figures::{count, grouped};
use crate::domain::untrusted::safe_line;
use crate::tui::widget::text::fit;

/// Columns of a name in the first line.
const NAME: usize = 16;

/// Something that goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Work {
    /// For a question: `syncing src2, 5 of 40 files`.
    pub told: String,
    /// For the first line: `sync src2 8 %`.
    pub line: String,
    /// For a short first line: `sync 8 %`.
    pub short: String,
}

impl Work {
    /// So many answers, as they are called there.
    pub fn answers(many: usize, place: &str) -> Option<Self> {
        let told = count(many as u64, "answer", "answers");
        (many > 0).then(|| Self { line: format!("{told} {place}"), short: told.clone(), told })
    }

    /// The agents of those names wait for the person's word.
    pub fn waits(agents: &[&str]) -> Option<Self> {
        match agents {
            [] => None,
            [name] => {
                let name = safe_line(name);
                let line = format!("{} waits", fit(&name, NAME));
                Some(Self { told: format!("{name} waits"), short: line.clone(), line })
            }
            several => Some(Self::called(&format!("{} agents wait", several.len()), "agents wait")),
        }
    }

    /// What is called the same wherever it is told.
    pub fn called(words: &str, short: &str) -> Self {
        Self { told: words.to_owned(), line: words.to_owned(), short: short.to_owned() }
    }

    /// A sync or a rebuild of the knowledge base of that name, as far as it is known how far it is.
    pub fn sync(rebuilds: bool, name: &str, files: Option<(u64, u64)>, share: Option<f64>) -> Self {
        let (does, noun) = if rebuilds { ("rebuilding", "rebuild") } else { ("syncing", "sync") };
        let files = files.map(|(done, of)| format!(", {} of {} files", grouped(done), grouped(of)));
        Self::on(&format!("{does} {}", safe_line(name)), noun, name, files.as_deref(), share)
    }

    /// An evaluation for which models are asked: how many of their answers there are.
    pub fn evaluation(name: &str, done: u64, of: u64) -> Self {
        let answers = (of > 0).then(|| format!(", {} of {} answers", grouped(done), grouped(of)));
        let share = (of > 0).then(|| done as f64 / of as f64);
        Self::on(&format!("the evaluation {}", safe_line(name)), "eval", name, answers.as_deref(), share)
    }

    fn on(told: &str, noun: &str, name: &str, progress: Option<&str>, share: Option<f64>) -> Self {
        let share = share.map_or_else(String::new, |share| format!(" {:.0} %", share * 100.0));
        let name = safe_line(name);
        Self {
            told: format!("{told}{}", progress.unwrap_or_default()),
            line: format!("{noun} {}{share}", fit(&name, NAME)),
            short: format!("{noun}{share}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_on_is_told_whole_and_in_a_short_line_in_less() {
        let sync = Work::sync(false, "src2", Some((5, 40)), Some(0.08));
        assert_eq!(
            (sync.told.as_str(), sync.line.as_str()),
            ("syncing src2, 5 of 40 files", "sync src2 8 %")
        );
        assert_eq!(sync.short, "sync 8 %");
        let listing = Work::sync(true, "src2", None, None);
        assert_eq!((listing.told.as_str(), listing.line.as_str()), ("rebuilding src2", "rebuild src2"));
        let rivers = Work::evaluation("rivers", 3, 12);
        assert_eq!(rivers.told, "the evaluation rivers, 3 of 12 answers");
        assert_eq!((rivers.line.as_str(), rivers.short.as_str()), ("eval rivers 25 %", "eval 25 %"));
        assert_eq!(Work::answers(0, "elsewhere"), None);
        assert_eq!(
            Work::answers(2, "elsewhere").map(|work| work.line).as_deref(),
            Some("2 answers elsewhere")
        );
        let waits = |agents: &[&str]| Work::waits(agents).map(|work| work.line);
        assert_eq!(waits(&[]), None);
        assert_eq!(waits(&["tea shop"]).as_deref(), Some("tea shop waits"));
        assert_eq!(waits(&["the shop of teas and cups"]).as_deref(), Some("the shop of tea… waits"));
        assert_eq!(waits(&["tea shop", "harbour"]).as_deref(), Some("2 agents wait"));
    }
}
