//! Stop texts: found across the borders of tokens, never shown, not even in part.

/// Watches an answer's text for the texts that end it.
#[derive(Debug)]
pub(super) struct Stop {
    texts: Vec<String>,
    /// What may be the beginning of a stop text.
    held: String,
}

impl Stop {
    pub(super) fn new(texts: &[String]) -> Self {
        Self { texts: texts.iter().filter(|t| !t.is_empty()).cloned().collect(), held: String::new() }
    }

    /// Takes text in and moves to `out` what can be shown. True when a stop text came: the answer ends before it.
    pub(super) fn push(&mut self, text: &str, out: &mut String) -> bool {
        self.held.push_str(text);
        if let Some(at) = self.texts.iter().filter_map(|t| self.held.find(t.as_str())).min() {
            out.push_str(&self.held[..at]);
            self.held.clear();
            return true;
        }
        let keep = self
            .held
            .char_indices()
            .map(|(at, _)| at)
            .find(|at| self.texts.iter().any(|t| t.starts_with(&self.held[*at..])))
            .unwrap_or(self.held.len());
        out.push_str(&self.held[..keep]);
        self.held.drain(..keep);
        false
    }

    /// Gives out what was held when the answer ends by itself.
    pub(super) fn finish(&mut self, out: &mut String) {
        out.push_str(&self.held);
        self.held.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Feeds the pieces and returns what was shown after each, and whether it stopped.
    fn run(stops: &[&str], pieces: &[&str]) -> (Vec<String>, bool) {
        let mut stop = Stop::new(&stops.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>());
        let mut shown = Vec::new();
        for piece in pieces {
            let mut out = String::new();
            let stopped = stop.push(piece, &mut out);
            shown.push(out);
            if stopped {
                return (shown, true);
            }
        }
        let mut out = String::new();
        stop.finish(&mut out);
        shown.push(out);
        (shown, false)
    }

    #[test]
    fn a_stop_text_over_several_pieces_never_shows() {
        assert_eq!(
            run(&["END"], &["the E", "N", "D of it"]),
            (vec!["the ".into(), String::new(), String::new()], true)
        );
    }

    #[test]
    fn what_was_held_for_nothing_is_given_out() {
        assert_eq!(run(&["END"], &["the E", "N", "tire"]).0.concat(), "the ENtire");
        assert_eq!(run(&["\n\n"], &["a\n"]), (vec!["a".into(), "\n".into()], false));
    }

    #[test]
    fn the_earliest_of_several_stop_texts_wins() {
        assert_eq!(run(&["yz", "x"], &["wxyz"]), (vec!["w".into()], true));
        assert_eq!(run(&["日本", ""], &["a日", "本b"]), (vec!["a".into(), String::new()], true));
    }
}
