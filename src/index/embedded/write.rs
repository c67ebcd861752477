//! Writing: acts, the words that follow them, and a new generation.

use super::Inner;
use super::ask::Blocks;
use super::generation::{self, Live, Opened, Opening};
use super::table::Table;
use crate::domain::{ErrorKind, Result};
use crate::index::keyword::{Keyword, Watermark};
use crate::index::{Change, fitting};
use crate::store::{Shelf, Span};

/// The words are brought up to date at once when so many rows are unknown to them.
const BEHIND: usize = 4096;
/// Rows whose texts are read for them at once.
const STEP: usize = 1024;
/// Fewer gaps are not worth a new generation.
const FEW_GAPS: usize = 4096;

/// The words of a generation; those that cannot be opened are begun anew, since they hold nothing of their own.
pub(super) fn opened(own: &Shelf) -> Result<Keyword> {
    match Keyword::open(own.inner("words")?) {
        Err(error) if error.kind == ErrorKind::Corrupt => begun_anew(own),
        other => other,
    }
}

fn begun_anew(own: &Shelf) -> Result<Keyword> {
    own.remove("words")?;
    Keyword::open(own.inner("words")?)
}

/// Words that know more than there is belong to another past.
pub(super) fn checked(words: Keyword, own: &Shelf, live: &Live) -> Result<Keyword> {
    let Watermark { covers, rows } = words.watermark();
    if covers > live.covers || rows as usize > live.table.rows.len() {
        drop(words);
        return begun_anew(own);
    }
    Ok(words)
}

impl Inner {
    pub(super) fn apply(&self, change: Change) -> Result<()> {
        let mut entries = change.put.iter();
        entries.try_for_each(|entry| fitting::entry(entry, self.dimensions))?;
        if change.remove.is_empty() && change.put.is_empty() {
            return Ok(());
        }
        let mut desk = self.desk();
        let frames = {
            let live = self.live();
            live.whole()?;
            desk.writer.write(&live.table, change, self.width)?
        };
        let rows = {
            let mut live = self.live_mut();
            live.apply(&frames);
            live.table.rows.len()
        };
        drop(desk);
        let known = self.words().as_ref().map_or(0, |words| words.watermark().rows as usize);
        if rows.saturating_sub(known) >= BEHIND {
            // The act counts already. What keeps the words from it the next question for them is told.
            let _ = self.catch_up();
        }
        Ok(())
    }

    /// Brings to the words what they lack.
    pub(super) fn catch_up(&self) -> Result<()> {
        let known = self.words().as_ref().map(Keyword::watermark);
        let lacks = {
            let live = self.live();
            live.whole()?;
            known.is_none_or(|known| live.covers > known.covers) || !live.gone.is_empty()
        };
        if !lacks {
            return Ok(());
        }
        // Nobody is told that there is a new generation meanwhile: whoever makes one needs these words as well.
        let desk = self.desk();
        let mut words = self.words_mut();
        let mut own = if let Some(words) = words.take() {
            words
        } else {
            let own = desk.base.shelf(&self.shelf)?;
            checked(opened(&own)?, &own, &self.live())?
        };
        // Where it fails, the words go: how much of it their files have is seen when they are opened again.
        self.bring(&mut own)?;
        self.live_mut().gone.clear();
        *words = Some(own);
        Ok(())
    }

    /// Nobody writes meanwhile.
    fn bring(&self, words: &mut Keyword) -> Result<()> {
        let (gone, reader, covers, total) = {
            let live = self.live();
            live.whole()?;
            (live.gone.clone(), live.reader.clone(), live.covers, live.table.rows.len())
        };
        gone.into_iter().try_for_each(|row| words.remove(row))?;
        let mut blocks = Blocks::new(&reader, self.dimensions);
        let mut next = words.watermark().rows as usize;
        while next < total {
            let end = (next + STEP).min(total);
            let batch: Vec<(u32, Span, u32)> = {
                let live = self.live();
                let row = |row: usize| (row as u32, live.table.rows[row].block, live.table.rows[row].within);
                (next..end).filter(|row| live.table.is_alive(*row)).map(row).collect()
            };
            for (row, block, within) in batch {
                words.put(row, &blocks.entry(block, within, false)?.passage.text)?;
            }
            next = end;
        }
        words.commit(Watermark { covers, rows: total as u32 })
    }

    pub(super) fn rebuild_words(&self) -> Result<()> {
        {
            let desk = self.desk();
            let mut words = self.words_mut();
            // What they were about to write is of no use.
            *words = None;
            desk.base.shelf(&self.shelf)?.remove("words")?;
        }
        self.catch_up()
    }

    pub(super) fn compact(&self) -> Result<()> {
        let _numbers = self.numbers();
        let mut desk = self.desk();
        // What could not be loaded is not what there is, and an act that is in the passages alone would go.
        self.live().whole()?;
        desk.writer.ready()?;
        let base = desk.base.next();
        base.remove(&self.shelf)?;
        let own = base.shelf(&self.shelf)?;
        let written = self.write_anew(&own).and_then(|()| base.write(&own));
        written.inspect_err(|_| {
            // Where that fails too, the next opening does it.
            let _ = base.remove(&self.shelf);
        })?;
        // From here on it is the base; a death leaves either of the two.
        if let Err(error) = base.write(&self.shelf) {
            // Nobody knows which of the two the next opening finds: both hold the same as long as nothing more is written.
            desk.writer.stick(error.clone());
            return Err(error);
        }
        let old = std::mem::replace(&mut desk.base, base);
        let mut words = self.words_mut();
        // What they were about to write nobody reads any more.
        *words = None;
        let mut live = self.live_mut();
        // The old vectors go before the new ones come.
        live.table = Table::new(self.width);
        let opening = Opening { dimensions: self.dimensions, width: self.width, mending: false, told: 0 };
        let opened = generation::open(&own, opening, &mut Vec::new()).inspect_err(|error| {
            desk.writer.stick(error.clone());
            live.broken = Some(error.clone());
        })?;
        desk.writer = opened.writer;
        *live = opened.live;
        drop((live, words, desk));
        let removed = old.remove(&self.shelf);
        self.catch_up().and(removed)
    }

    /// Writes what lives into a generation that is empty.
    fn write_anew(&self, own: &Shelf) -> Result<()> {
        let live = self.live();
        // Of the new rows only what their numbers need is in memory: the vectors are there once already.
        let opening = Opening { dimensions: self.dimensions, width: 0, mending: false, told: 0 };
        let Opened { mut writer, live: mut skeleton, .. } = generation::open(own, opening, &mut Vec::new())?;
        let mut blocks = Blocks::new(&live.reader, self.dimensions);
        let rows: Vec<usize> = (0..live.table.rows.len()).filter(|row| live.table.is_alive(*row)).collect();
        for some in rows.chunks(STEP) {
            let entries = some.iter().map(|row| {
                let row = &live.table.rows[*row];
                blocks.entry(row.block, row.within, true)
            });
            let change = Change { remove: Vec::new(), put: entries.collect::<Result<_>>()? };
            let frames = writer.write(&skeleton.table, change, self.width)?;
            skeleton.apply(&frames);
        }
        // With all else of it, so that it is never the base without them.
        Self::carry_lists(&live, &skeleton.table, own)
    }

    pub(super) fn settle(&self) -> Result<()> {
        let gaps = {
            let live = self.live();
            live.whole()?;
            live.table.gaps() > FEW_GAPS && live.table.gaps() * 2 > live.table.rows.len()
        };
        let known = self.catch_up();
        // Who asks for words they lack waits for whoever writes, and writing all anew takes long. It makes the words anew as well.
        if gaps { self.compact() } else { known }
    }
}
