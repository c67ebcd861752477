//! `outcrop kb preview`

use futures_util::StreamExt;

use super::found;
use crate::cli::args::PreviewFile;
use crate::cli::item::Item;
use crate::cli::out::Out;
use crate::cli::{Asker, End};
use crate::domain::figures::{count, grouped};
use crate::domain::knowledge::chunking::Chunking;
use crate::domain::knowledge::preview::{Piece, Preview, ToCut, Way};
use crate::domain::untrusted::safe_line;
use crate::domain::{Error, Result};
use crate::workbench::request::knowledge::Knowledge;
use crate::workbench::{Reply, Request};

pub(super) async fn preview(wanted: PreviewFile, asker: &Asker, out: &mut Out) -> Result<(), End> {
    let PreviewFile { file, chunking, embedder, base, passages, raw } = wanted;
    out.set_raw(raw)?;
    let mut chunkings = chunking.iter().map(|said| said.parse()).collect::<Result<Vec<Chunking>>>()?;
    let mut embedder = embedder.map(|model| model.parse()).transpose()?;
    let path =
        std::fs::canonicalize(&file).map_err(|why| Error::io(format!("reading {}", file.display()), &why))?;
    if let Some(name) = base {
        let base = found(&name, asker, out).await?;
        if chunkings.is_empty() {
            chunkings.extend(base.sources.first().map(|source| source.chunking));
        }
        embedder = embedder.or(Some(base.embedder));
    }
    if chunkings.is_empty() {
        chunkings.push(Chunking::default());
    }
    let wanted = ToCut { path, chunkings, embedder, most: passages };
    let mut replies = asker.ask(Request::Knowledge(Knowledge::Preview { wanted }));
    let mut told = None;
    let mut shown = None;
    while let Some(reply) = replies.next().await {
        let reply = reply?;
        match &reply {
            Reply::Preview { preview } => {
                if out.json {
                    out.object(&reply)?;
                }
                told = Some(preview.clone());
            }
            Reply::Pieces { way, pieces } => {
                let of = told.as_ref().and_then(|told: &Preview| told.ways.get(*way as usize));
                let Some(chunking) = of.map(|way| way.chunking) else { continue };
                let several = told.as_ref().is_some_and(|told| told.ways.len() > 1);
                if several && shown.replace(*way) != Some(*way) && !out.json {
                    out.line(&format!("══ {chunking}"))?;
                }
                pieces.iter().try_for_each(|piece| one(chunking, piece, out))?;
            }
            _ => {}
        }
    }
    match told {
        Some(told) if !out.json => summary(&told, out),
        _ => Ok(()),
    }
}

/// A passage with its place, and what it has in common with the one before.
fn one(chunking: Chunking, piece: &Piece, out: &mut Out) -> Result<(), End> {
    if out.json {
        return out.object(&Item::Piece { chunking: chunking.to_string(), piece });
    }
    let passage = &piece.passage;
    let mut head = vec![count(passage.tokens.into(), "token", "tokens")];
    if piece.overlap > 0 {
        head.push(format!("{} of them in the one before too", grouped(piece.overlap.into())));
    }
    let place = passage.place().map(|place| format!("  {place}")).unwrap_or_default();
    out.line(&format!("── {}  {}{place}", passage.ordinal + 1, head.join(", ")))?;
    out.text(&passage.with_columns())?;
    out.end_line()
}

/// What the passages come to.
fn summary(told: &Preview, out: &mut Out) -> Result<(), End> {
    out.line("")?;
    let about = if told.exact { "" } else { "about " };
    let tokens = count(told.tokens, "token", "tokens");
    out.line(&format!("{}  {}, {about}{tokens} by {}", told.uri, told.format, told.embedder))?;
    for way in &told.ways {
        out.line(&format!("  {}: {}", way.chunking, words(way, told)))?;
    }
    told.notes.iter().try_for_each(|note| out.note(&safe_line(note)))
}

fn words(way: &Way, told: &Preview) -> String {
    let mut words = vec![
        count(way.passages, "passage", "passages"),
        count(way.tokens, "token", "tokens"),
        format!("{} of them twice", grouped(way.overlap)),
        format!("the shortest {}, the longest {}", grouped(way.shortest.into()), grouped(way.longest.into())),
    ];
    if let Some(window) = told.window {
        let reads = format!("longer than the {} that the model reads at once", grouped(window.into()));
        words.push(match way.windowed {
            0 => format!("none {reads}"),
            some => format!("{} {reads}: read in windows", grouped(some)),
        });
    }
    words.join(" · ")
}
