//! `outcrop comparisons retry`: what failed in a comparison is asked for again, and nothing else of it.

use super::args::RetryComparison;
use super::compare::{ask_all, failure, lettered};
use super::comparisons::{opened, page, page_at, see};
use super::out::Out;
use super::{Asker, End, Exit, words};
use crate::domain::comparison::{Ballot, Comparison, Turn, is_question, letter, turns};
use crate::domain::conversation::Thread;
use crate::domain::message::{Message, Outcome};
use crate::domain::tree::Tree;
use crate::domain::{Error, ErrorKind, Result};
use crate::workbench::request::chat::{Chat, Target};
use crate::workbench::{Request, person};

const DOING: &str = "asking again in a comparison";

pub(super) async fn retry(wanted: RetryComparison, asker: &Asker, out: &mut Out) -> Result<Exit, End> {
    let RetryComparison { id, column, page: only, raw } = wanted;
    out.set_raw(raw)?;
    let (comparison, ballots) = opened(&id, asker, out).await?;
    let place = column.map(|said| place(&said, comparison.columns.len())).transpose()?;
    let pages = pages(&comparison, only)?;
    // How long one answer takes alone tells whose it is, and its name stands above it.
    see(&comparison, &ballots, false, || DOING.to_owned(), asker, out).await?;
    let who = person(&asker.config.user);
    let (mut asked, mut chosen) = (Vec::new(), 0_u64);
    for number in pages {
        let threads = page(&comparison, number, asker, out).await?;
        let turns = turns(&threads);
        let Some(turn) = turns.last() else { continue };
        let order = comparison.order(number).into_iter().enumerate();
        let columns = order.filter(|(at, _)| place.is_none_or(|place| place == *at));
        let failed =
            |(_, column): (usize, usize)| Some(((number, column), again(&threads[column], turn, column)?));
        let failed: Vec<_> = columns.filter_map(failed).collect();
        let counts = |ballot: &Ballot| {
            ballot.taken_back.is_none() && ballot.is_of(&who) && ballot.is_about(&turn.answers)
        };
        // What was chosen among stays as it was.
        if !failed.is_empty() && ballots.iter().any(counts) {
            chosen += 1;
        } else {
            asked.extend(failed);
        }
    }
    if chosen > 0 {
        let pages = words::count(chosen, "page", "pages");
        out.note(&format!("you have chosen among the answers of {pages}: nothing is asked again there"))?;
    }
    if asked.is_empty() {
        if chosen == 0 {
            out.note("nothing failed, so nothing is asked again")?;
        }
        return Ok(Exit::Done);
    }
    if let Some(file) = &asker.config.record {
        out.note(&format!("the calls are recorded on {}", file.display()))?;
    }
    let answers = ask_all(&comparison, asked, asker, out).await?;
    out.note(&format!("kept; `outcrop comparisons show {}` shows all of it", comparison.id.short()))?;
    let came = answers.values().all(|answer| matches!(answer, Ok(said) if failure(said).is_none()));
    Ok(if came { Exit::Done } else { Exit::Negative })
}

/// Where the column of a letter stands on a page, from the left.
fn place(said: &str, columns: usize) -> Result<usize> {
    lettered(said, columns).ok_or_else(|| {
        let hint = format!("Name A to {}.", letter(columns.saturating_sub(1)));
        Error::new(ErrorKind::NotFound, DOING, format!("{said:?} is no column of it"), hint)
    })
}

/// The pages that are meant, from 0: the one of that number, which counts from 1, or all.
fn pages(comparison: &Comparison, only: Option<u32>) -> Result<std::ops::Range<usize>> {
    let Some(number) = only else { return Ok(0..comparison.pages.len()) };
    page_at(comparison, number, DOING).map(|at| at..at + 1)
}

/// What asks a column once more; `None` where it has answered the last message.
fn again(thread: &Thread, turn: &Turn<'_>, column: usize) -> Option<Request> {
    let conversation = thread.conversation.id;
    let retry = |of: &Message| Request::Chat(Chat::Retry { conversation, message: of.id });
    if let Some(answer) = turn.answers[column] {
        let outcome = &answer.answer.as_ref()?.outcome;
        let broke = matches!(outcome, Outcome::Failed { .. } | Outcome::Stopped | Outcome::Interrupted);
        return broke.then(|| retry(answer));
    }
    let leaf = thread.conversation.leaf;
    let last = leaf.and_then(|leaf| Tree::new(&thread.messages).path(leaf).pop());
    match last {
        Some(asked) if is_question(asked) => Some(retry(asked)),
        // It never came so far: what the others were asked is sent.
        _ => {
            let to = Target::After { conversation, parent: last.map(|message| message.id) };
            Some(Request::Chat(Chat::Send { to, blocks: turn.asked?.blocks.clone() }))
        }
    }
}
