//! Documents: from a file's bytes to its text with places (`domain::knowledge::document`).
//!
//! ```text
//! name, bytes ─► format (by content, then by ending) ─► its parser ─► Building ─► Document
//! ```
//!
//! Every parser counts what it makes against `Limits` as it goes, and none recurses on what it reads. They are pure, and
//! written to be run in a child (`worker`), which holds time and memory. Never here: files, time, the child.

mod building;
mod charset;
mod code;
mod csv;
mod doc;
mod docx;
mod fault;
mod format;
mod html;
mod markdown;
mod number;
mod numbering;
mod package;
pub mod pdf;
mod table;
mod text;
mod xls;
mod xlsx;
mod xml;

use crate::domain::knowledge::document::{Document, Limits, Mark};
use crate::domain::{Error, Result};
use building::Building;
use fault::Fault;
use format::{Format, Found};

/// Reads a file; its name tells its format where its content does not.
pub fn read(name: &str, bytes: &[u8], limits: &Limits) -> Result<Document> {
    parsed(name, bytes, limits).map_err(|fault| fault.into_error(name))
}

/// Whether a file of this name is one that can be read, without a look into it.
pub fn is_known(name: &str) -> bool {
    format::by_name(name).is_some()
}

/// What a document of the web is called for those who tell formats by names: by its path, and by the type that it was said to
/// have where the path does not tell, or tells a source of what came.
pub fn web_name(path: &str, media_type: Option<&str>) -> String {
    let name = path.rsplit('/').next().filter(|name| !name.is_empty()).unwrap_or("page");
    let media_type = media_type.unwrap_or_default().split(';').next().unwrap_or_default();
    let ending = format::ending_of(&media_type.trim().to_ascii_lowercase());
    match ending {
        Some(ending) if ending == "html" || !is_known(name) => format!("{name}.{ending}"),
        _ => name.to_owned(),
    }
}

/// The error of a file whose parser did not come to an end: it broke down, or took more time or memory than it may.
pub fn broken(name: &str, why: &str) -> Error {
    Fault::damaged(why).into_error(name)
}

/// The pages of a PDF, each a section of its own.
fn pages(bytes: &[u8], limits: &Limits, made: &mut Building<'_>) -> Result<(), Fault> {
    let found = pdf::read(bytes, &pdf::Limits::of(limits))?;
    for (page, number) in found.pages.iter().zip(1..) {
        let start = made.at();
        made.mark(start, Mark::Page(number))?;
        made.push(page)?;
        made.section(start);
    }
    made.notes.extend(found.notes);
    Ok(())
}

fn parsed(name: &str, bytes: &[u8], limits: &Limits) -> Result<Document, Fault> {
    if bytes.len() as u64 > limits.file {
        return Err(Fault::too_large("it", bytes.len() as u64, limits.file, "documents.file_mb"));
    }
    let Found { format, note } = format::recognise(name, bytes)?;
    let mut made = Building::new(format.name(), limits);
    made.notes.extend(note);
    match format {
        Format::Text => text::read(bytes, &mut made)?,
        Format::Code(_) => code::read(bytes, &mut made)?,
        Format::Markdown => markdown::read(bytes, &mut made)?,
        Format::Html => html::read(bytes, &mut made)?,
        Format::Csv => csv::read(name, bytes, &mut made)?,
        Format::Docx => docx::read(bytes, &mut made)?,
        Format::Doc => doc::read(bytes, &mut made)?,
        Format::Xlsx => xlsx::read(bytes, &mut made)?,
        Format::Xls => xls::read(bytes, &mut made)?,
        Format::Pdf => pages(bytes, limits, &mut made)?,
    }
    Ok(made.finished())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_page_is_told_to_be_counts_where_its_path_does_not_tell() {
        for (path, media_type, name) in [
            ("/", Some("text/html; charset=utf-8"), "page.html"),
            ("/blob/README.md", Some("text/html"), "README.md.html"),
            ("/raw/README.md", Some("text/plain"), "README.md"),
            ("/index.php", Some("Text/HTML"), "index.php.html"),
            ("/paper", Some("application/pdf"), "paper.pdf"),
            ("/notes", Some("text/plain"), "notes.txt"),
            ("/report.docx", Some("application/octet-stream"), "report.docx"),
            ("/thing", None, "thing"),
        ] {
            assert_eq!(web_name(path, media_type), name, "{path}");
        }
    }
}
