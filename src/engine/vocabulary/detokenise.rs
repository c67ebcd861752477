//! Token bytes to text, as they come.

/// Makes text of tokens' bytes as they come; a character is given out when it is whole.
#[derive(Debug, Default)]
pub(in crate::engine) struct Detokeniser {
    pending: Vec<u8>,
}

impl Detokeniser {
    /// Takes bytes in and gives out what is whole. Bytes that can be no character become U+FFFD.
    pub(in crate::engine) fn push(&mut self, bytes: &[u8], out: &mut String) {
        self.pending.extend_from_slice(bytes);
        let mut used = 0;
        for chunk in self.pending.utf8_chunks() {
            out.push_str(chunk.valid());
            used += chunk.valid().len();
            let broken = chunk.invalid();
            if !broken.is_empty() {
                // The beginning of a character at the very end may still become one.
                if used + broken.len() == self.pending.len() && may_go_on(broken) {
                    break;
                }
                out.push(char::REPLACEMENT_CHARACTER);
                used += broken.len();
            }
        }
        self.pending.drain(..used);
    }

    /// Gives out what is left when no more comes.
    pub(in crate::engine) fn finish(&mut self, out: &mut String) {
        if !self.pending.is_empty() {
            out.push_str(&String::from_utf8_lossy(&self.pending));
            self.pending.clear();
        }
    }
}

/// Whether bytes are the beginning of a character.
fn may_go_on(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_err_and(|e| e.error_len().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_split_at_every_byte_comes_out_whole() {
        let text = "naïve 日本語 👩‍👩‍👧 e\u{301}";
        for cut in 0..=text.len() {
            let mut detokeniser = Detokeniser::default();
            let mut out = String::new();
            detokeniser.push(&text.as_bytes()[..cut], &mut out);
            assert!(text.starts_with(&out), "{out:?}");
            detokeniser.push(&text.as_bytes()[cut..], &mut out);
            assert_eq!(out, text);
        }
    }

    #[test]
    fn bytes_that_are_no_text_become_one_mark_each_and_lose_nothing_after() {
        let mut detokeniser = Detokeniser::default();
        let mut out = String::new();
        detokeniser.push(b"a\xffb\xe6\x97", &mut out);
        assert_eq!(out, "a\u{fffd}b");
        detokeniser.push(b"c\xe6", &mut out);
        assert_eq!(out, "a\u{fffd}b\u{fffd}c");
        detokeniser.finish(&mut out);
        assert_eq!(out, "a\u{fffd}b\u{fffd}c\u{fffd}");
    }
}
