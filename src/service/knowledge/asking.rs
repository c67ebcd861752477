//! Passages to vectors. The documents in hand share requests, so that a far server is waited for by the batch and not by the
//! document; what a model refuses is found within the batch, and costs nobody else.

use std::collections::{BTreeSet, HashMap, VecDeque};

use tokio_util::sync::CancellationToken;

use super::embedding::{BATCH, Embedder, name_of, refuses_text};
use super::pass::Pass;
use crate::domain::id::DocumentId;
use crate::domain::knowledge::passage::Passage;
use crate::domain::{Error, Result};

/// A request has at most so many bytes of text, unless one text has more: servers bound the tokens of a request too.
const BYTES: usize = 256 * 1024;

/// After so many refusals with nothing taken the model is taken to refuse all of a document.
const ENOUGH: usize = 8;

/// What the index has of a document, read when it is asked for first.
pub(super) enum Before {
    Unread(DocumentId),
    /// By their texts as they are embedded.
    Read(HashMap<String, Vec<f32>>),
}

impl Before {
    pub fn nothing() -> Self {
        Self::Read(HashMap::new())
    }
}

/// The passages of a document, or of a part of one, on their way to vectors.
#[derive(Debug)]
pub(super) struct Asked {
    uri: String,
    /// In the order of the passages, as all that follows.
    texts: Vec<String>,
    vectors: Vec<Option<Vec<f32>>>,
    /// So many of them were known, or made for another document.
    known: u64,
    /// Those of which the model was asked and did not make any, each text counted once.
    refusals: usize,
    /// Texts without a vector that the model has not refused either.
    open: usize,
    /// Why the first one was refused.
    refused: Option<Error>,
}

/// The vectors of passages.
pub(super) struct Made {
    /// In the order of the passages; none of one that the model refused.
    pub vectors: Vec<Option<Vec<f32>>>,
    /// So many of them were known.
    pub known: u64,
    /// Why the first of those was refused.
    pub refused: Option<Error>,
}

/// A text that is to be embedded, and every passage that says it: which document, and which of its passages; by documents.
#[derive(Debug, PartialEq)]
struct Wanted {
    text: String,
    of: Vec<(usize, usize)>,
}

impl Asked {
    fn new(uri: &str, texts: Vec<String>, vectors: Vec<Option<Vec<f32>>>) -> Self {
        let known = vectors.iter().flatten().count();
        let open = texts.len() - known;
        let uri = uri.to_owned();
        Self { uri, texts, vectors, known: known as u64, refusals: 0, open, refused: None }
    }

    /// Passages in it.
    pub fn passages(&self) -> u64 {
        self.texts.len() as u64
    }

    /// Those of them whose vectors are there.
    pub fn made(&self) -> u64 {
        self.vectors.iter().flatten().count() as u64
    }

    pub fn uri(&self) -> &str {
        &self.uri
    }

    /// Whether nothing is left to be asked for.
    pub fn is_answered(&self) -> bool {
        self.open == 0 || self.is_hopeless()
    }

    fn is_hopeless(&self) -> bool {
        self.refusals >= ENOUGH && self.vectors.iter().all(Option::is_none)
    }

    /// These passages, which say the same, have their vector; whether it was made for another document.
    fn take(&mut self, passages: &[(usize, usize)], vector: &[f32], known: bool) {
        for (_, at) in passages {
            self.vectors[*at] = Some(vector.to_vec());
        }
        self.open -= passages.len();
        self.known += if known { passages.len() as u64 } else { 0 };
    }

    /// The model refuses what these passages say.
    fn refuse(&mut self, passages: &[(usize, usize)], error: &Error) {
        self.refusals += 1;
        self.open -= passages.len();
        self.refused.get_or_insert_with(|| error.clone());
    }

    /// What came of it. An error is of all of them: the model refuses one after the other.
    pub fn answer(self) -> Result<Made> {
        let hopeless = self.is_hopeless();
        match self.refused {
            Some(error) if hopeless => Err(error),
            refused => Ok(Made { vectors: self.vectors, known: self.known, refused }),
        }
    }
}

impl Pass<'_> {
    /// What there is of the vectors of passages: made before, or in the index.
    pub async fn asked(
        &self,
        uri: &str,
        passages: &[Passage],
        before: &str,
        old: &mut Before,
    ) -> Result<Asked> {
        let texts: Vec<String> =
            passages.iter().map(|passage| format!("{before}{}", passage.with_columns())).collect();
        let mut vectors = self.embedder.known(&texts.iter().map(String::as_str).collect::<Vec<_>>()).await;
        if vectors.iter().any(Option::is_none) {
            if let Before::Unread(document) = old {
                let entries = self.entries(*document).await?;
                let by_text = entries
                    .into_iter()
                    .map(|entry| (entry.passage.with_columns().into_owned(), entry.vector));
                *old = Before::Read(by_text.collect());
            }
            if let Before::Read(old) = old {
                for (vector, text) in vectors.iter_mut().zip(&texts).filter(|(vector, _)| vector.is_none()) {
                    *vector = old.get(text).cloned();
                }
            }
        }
        Ok(Asked::new(uri, texts, vectors))
    }

    /// The vectors of passages that nothing else is asked with.
    pub async fn vectors(
        &mut self,
        uri: &str,
        passages: &[Passage],
        before: &str,
        old: &mut Before,
    ) -> Result<Made> {
        let mut asked = self.asked(uri, passages, before, old).await?;
        self.embedded(asked.made());
        self.embed(&mut [&mut asked]).await?;
        asked.answer()
    }

    /// Has what is open of these embedded, each text once. An error is of none of them: nobody can be asked. What was made
    /// until then stays.
    pub async fn embed(&mut self, documents: &mut [&mut Asked]) -> Result<()> {
        let (embedder, stop) = (self.embedder, self.stop.clone());
        let mut left = batches(wanted(documents));
        while let Some(mut batch) = left.pop_front() {
            batch.retain(|wanted| wanted.of.iter().any(|(document, _)| !documents[*document].is_hopeless()));
            let Some(first) = batch.first().and_then(|wanted| wanted.of.first()) else { continue };
            if let Some(at) = &mut self.sync.at {
                documents[first.0].uri().clone_into(&mut at.uri);
            }
            let texts: Vec<String> = batch.iter().map(|wanted| wanted.text.clone()).collect();
            let of = named(&batch, documents);
            match made(embedder, (texts.as_slice(), of.as_str()), &stop).await {
                Ok(vectors) => {
                    for (wanted, vector) in batch.iter().zip(vectors) {
                        for (nth, own) in wanted.by_document().enumerate() {
                            documents[own[0].0].take(own, &vector, nth > 0);
                        }
                    }
                }
                // Which of them it is only parts can tell.
                Err(error) if refuses_text(&error) && batch.len() > 1 => {
                    let rest = batch.split_off(batch.len() / 2);
                    left.push_front(rest);
                    left.push_front(batch);
                    continue;
                }
                Err(error) if refuses_text(&error) => {
                    for wanted in &batch {
                        for own in wanted.by_document() {
                            documents[own[0].0].refuse(own, &error);
                        }
                    }
                }
                Err(error) => return Err(error),
            }
            self.embedded(batch.iter().map(|wanted| wanted.of.len() as u64).sum());
        }
        Ok(())
    }

    /// So many more passages of what is in hand have their vectors.
    fn embedded(&mut self, many: u64) {
        if let Some(at) = &mut self.sync.at {
            at.passages_done += many;
        }
        self.tell();
    }
}

impl Wanted {
    /// The passages that say it, those of a document together.
    fn by_document(&self) -> impl Iterator<Item = &[(usize, usize)]> {
        self.of.chunk_by(|one, other| one.0 == other.0)
    }
}

/// What is open of these documents, in their order.
fn wanted(documents: &[&mut Asked]) -> Vec<Wanted> {
    let (mut all, mut places): (Vec<Wanted>, HashMap<&str, usize>) = (Vec::new(), HashMap::new());
    for (document, asked) in documents.iter().enumerate() {
        for (at, text) in asked.texts.iter().enumerate().filter(|(at, _)| asked.vectors[*at].is_none()) {
            let place = *places.entry(text.as_str()).or_insert(all.len());
            if place == all.len() {
                all.push(Wanted { text: text.clone(), of: Vec::new() });
            }
            all[place].of.push((document, at));
        }
    }
    all
}

/// As many as are sent at once.
fn batches(wanted: Vec<Wanted>) -> VecDeque<Vec<Wanted>> {
    let (mut batches, mut bytes) = (VecDeque::<Vec<Wanted>>::new(), 0);
    for one in wanted {
        bytes += one.text.len();
        match batches.back_mut() {
            Some(batch) if batch.len() < BATCH && bytes <= BYTES => batch.push(one),
            _ => {
                bytes = one.text.len();
                batches.push_back(vec![one]);
            }
        }
    }
    batches
}

/// What is asked for at once, by the name of the first document that it is of.
fn named(batch: &[Wanted], documents: &[&mut Asked]) -> String {
    let of: BTreeSet<usize> =
        batch.iter().filter_map(|wanted| wanted.of.first()).map(|(document, _)| *document).collect();
    let uri = of.first().map_or("", |first| documents[*first].uri());
    let name = name_of(uri);
    if of.len() > 1 { format!("{name} and {} more", of.len() - 1) } else { name.to_owned() }
}

/// The vector of each of these texts, unless somebody stops it.
async fn made(
    embedder: &Embedder,
    (texts, of): (&[String], &str),
    stop: &CancellationToken,
) -> Result<Vec<Vec<f32>>> {
    tokio::select! {
        biased;
        () = stop.cancelled() => Err(Error::cancelled("embedding a document")),
        made = embedder.vectors_of_passages(texts, of) => made,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ErrorKind;

    fn asked(texts: &[&str], known: &[usize]) -> Asked {
        let vectors = (0..texts.len()).map(|at| known.contains(&at).then(|| vec![0.0])).collect();
        Asked::new("/a", texts.iter().map(|text| (*text).to_owned()).collect(), vectors)
    }

    fn no() -> Error {
        Error::new(ErrorKind::Invalid, "embedding", "no", "Leave it.")
    }

    #[test]
    fn documents_share_batches_and_what_stands_twice_is_asked_for_once() {
        let (mut one, mut other) = (asked(&["a", "b", "a"], &[1]), asked(&["c", "a"], &[]));
        let all = wanted(&[&mut one, &mut other]);
        let of = |text: &str, of: &[(usize, usize)]| Wanted { text: text.to_owned(), of: of.to_vec() };
        assert_eq!(all, [of("a", &[(0, 0), (0, 2), (1, 1)]), of("c", &[(1, 0)])]);
        let parts: Vec<_> = all[0].by_document().map(<[_]>::len).collect();
        assert_eq!(parts, [2, 1]);
        let many: Vec<String> = (0..=BATCH * 2).map(|n| n.to_string()).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        let (mut first, mut second) = (asked(&many[..=BATCH], &[]), asked(&many[BATCH + 1..], &[]));
        let batches = batches(wanted(&[&mut first, &mut second]));
        assert_eq!(batches.iter().map(Vec::len).collect::<Vec<_>>(), [BATCH, BATCH, 1]);
    }

    #[test]
    fn a_request_is_named_by_the_first_document_that_it_is_of() {
        let mut one = Asked::new("file:///b/rivers.md", vec!["a".to_owned()], vec![None]);
        let mut other = asked(&["b"], &[]);
        let documents = [&mut one, &mut other];
        let all = wanted(&documents);
        assert_eq!(named(&all, &documents), "rivers.md and 1 more");
        assert_eq!(named(&all[..1], &documents), "rivers.md");
        assert_eq!(named(&all[1..], &documents), "a");
    }

    #[test]
    fn long_texts_go_in_more_requests() {
        let texts = ["a", "b", "c", "d", "e", "f"];
        let long = |(n, letter): (usize, &str)| letter.repeat(if n == 3 { BYTES + 1 } else { BYTES / 2 });
        let texts: Vec<String> = texts.into_iter().enumerate().map(long).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let batches = batches(wanted(&[&mut asked(&texts, &[])]));
        assert_eq!(batches.iter().map(Vec::len).collect::<Vec<_>>(), [2, 1, 1, 2]);
        assert!(super::batches(Vec::new()).is_empty());
    }

    #[test]
    fn a_document_is_answered_when_each_passage_was_made_or_refused() {
        let mut one = asked(&["a", "b", "a"], &[1]);
        assert!(!one.is_answered());
        one.take(&[(0, 0), (0, 2)], &[1.0], false);
        assert!(one.is_answered());
        let made = one.answer().unwrap();
        assert_eq!((made.known, made.vectors), (1, vec![Some(vec![1.0]), Some(vec![0.0]), Some(vec![1.0])]));

        let mut one = asked(&["a", "b"], &[]);
        one.take(&[(3, 0)], &[1.0], true);
        one.refuse(&[(3, 1)], &no());
        assert!(one.is_answered());
        let made = one.answer().unwrap();
        assert_eq!((made.known, made.vectors), (1, vec![Some(vec![1.0]), None]));
        assert_eq!(made.refused, Some(no()));
    }

    #[test]
    fn a_document_of_which_enough_is_refused_and_nothing_taken_is_given_up() {
        let texts: Vec<String> = (0..=ENOUGH + 1).map(|n| n.to_string()).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let (mut bad, mut good) = (asked(&texts, &[]), asked(&texts, &[0]));
        for at in 1..=ENOUGH {
            assert!(!bad.is_answered());
            bad.refuse(&[(0, at)], &no());
            good.refuse(&[(0, at)], &no());
        }
        assert!(bad.is_answered() && !good.is_answered());
        assert_eq!(bad.answer().map(|_| ()), Err(no()));
    }
}
