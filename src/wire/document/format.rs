//! What a file is: by its content first, by its ending where content cannot tell.

use std::io::Cursor;

use super::code;
use super::fault::Fault;

/// The formats that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Text,
    /// In this language.
    Code(&'static str),
    Markdown,
    Html,
    Csv,
    Docx,
    Doc,
    Xlsx,
    Xls,
    Pdf,
}

/// What a file was found to be.
#[derive(Debug)]
pub struct Found {
    pub format: Format,
    /// Said where its name says another.
    pub note: Option<String>,
}

impl Format {
    /// Its name in `Document::format`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Code(language) => language,
            Self::Markdown => "markdown",
            Self::Html => "html",
            Self::Csv => "csv",
            Self::Docx => "docx",
            Self::Doc => "doc",
            Self::Xlsx => "xlsx",
            Self::Xls => "xls",
            Self::Pdf => "pdf",
        }
    }

    /// Its text is the file's own.
    fn is_plain(self) -> bool {
        matches!(self, Self::Text | Self::Code(_) | Self::Markdown | Self::Html | Self::Csv)
    }
}

/// The ending of a name, in small letters; empty where it has none.
fn ending(name: &str) -> String {
    let file = name.rsplit(['/', '\\']).next().unwrap_or(name);
    file.rsplit_once('.').map_or_else(String::new, |(_, ending)| ending.to_lowercase())
}

/// What a name says.
pub fn by_name(name: &str) -> Option<Format> {
    Some(match ending(name).as_str() {
        "txt" | "text" | "log" => Format::Text,
        "md" | "markdown" | "mdown" | "mkd" => Format::Markdown,
        "html" | "htm" | "xhtml" => Format::Html,
        "csv" | "tsv" => Format::Csv,
        "docx" | "docm" | "dotx" => Format::Docx,
        "doc" | "dot" => Format::Doc,
        "xlsx" | "xlsm" | "xltx" => Format::Xlsx,
        "xls" | "xlt" => Format::Xls,
        "pdf" => Format::Pdf,
        _ => return code::language(name).map(Format::Code),
    })
}

/// The ending of files of a media type.
pub fn ending_of(media_type: &str) -> Option<&'static str> {
    Some(match media_type {
        "text/html" | "application/xhtml+xml" => "html",
        "text/plain" => "txt",
        "text/markdown" | "text/x-markdown" => "md",
        "text/csv" => "csv",
        "text/tab-separated-values" => "tsv",
        "application/pdf" => "pdf",
        "application/msword" => "doc",
        "application/vnd.ms-excel" => "xls",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document" => "docx",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" => "xlsx",
        "application/json" => "json",
        _ => return None,
    })
}

/// What the first bytes say.
enum Content {
    Known(Format),
    /// It has a name, and nobody here reads it.
    Foreign {
        what: &'static str,
        save_as: &'static str,
    },
    Html,
    /// No signature: text, or nothing known.
    Unknown,
}

fn by_content(bytes: &[u8]) -> Result<Content, Fault> {
    let head = &bytes[..bytes.len().min(1024)];
    Ok(if head.windows(5).any(|window| window == b"%PDF-") {
        Content::Known(Format::Pdf)
    } else if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") {
        packed(bytes)?
    } else if head.starts_with(b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1") {
        compound(bytes)?
    } else if head.starts_with(b"{\\rtf") {
        Content::Foreign { what: "RTF", save_as: "docx" }
    } else if head.starts_with(b"\xDB\xA5-\0") || head.starts_with(b"1\xBE\0\0") {
        Content::Foreign { what: "a document of Word 5 or older", save_as: "docx" }
    } else if head.starts_with(b"\x09\x08\x10\0\0\x06\x05\0")
        || head.starts_with(b"\x09\x08\x08\0\0\x05\x05\0")
    {
        // A workbook that was never put into a compound file.
        Content::Known(Format::Xls)
    } else if head.starts_with(b"<?xml")
        && bytes[..bytes.len().min(4096)].windows(14).any(|w| w == b"progid=\"Word.D")
    {
        Content::Foreign { what: "XML of Word 2003", save_as: "docx" }
    } else if head.starts_with(b"<?xml")
        && bytes[..bytes.len().min(4096)].windows(14).any(|w| w == b"progid=\"Excel.")
    {
        Content::Foreign { what: "XML of Excel 2003", save_as: "xlsx" }
    } else if is_html(head) {
        Content::Html
    } else {
        Content::Unknown
    })
}

fn is_html(head: &[u8]) -> bool {
    let text = String::from_utf8_lossy(head).to_lowercase();
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let text = if text.starts_with("<?xml") || text.starts_with("<!--") {
        text.split_once('>').map_or("", |(_, rest)| rest).trim_start()
    } else {
        text
    };
    ["<!doctype html", "<html", "<head", "<body"].iter().any(|tag| text.starts_with(tag))
}

/// A zip file tells by the parts that it has.
fn packed(bytes: &[u8]) -> Result<Content, Fault> {
    let archive = zip::ZipArchive::new(Cursor::new(bytes))
        .map_err(|why| Fault::damaged(format!("its zip directory cannot be read: {why}")))?;
    let has = |name: &str| archive.index_for_name(name).is_some();
    let any = |start: &str| archive.file_names_raw().any(|name| name.starts_with(start.as_bytes()));
    Ok(if any("word/") {
        Content::Known(Format::Docx)
    } else if has("xl/workbook.bin") {
        Content::Foreign { what: "a binary workbook (xlsb)", save_as: "xlsx" }
    } else if any("xl/") {
        Content::Known(Format::Xlsx)
    } else if any("ppt/") {
        Content::Foreign { what: "a presentation of PowerPoint", save_as: "PDF" }
    } else if any("META-INF/container.xml") {
        Content::Foreign { what: "an EPUB", save_as: "HTML or PDF" }
    } else if has("mimetype") && has("content.xml") {
        Content::Foreign { what: "an OpenDocument file", save_as: "docx or xlsx" }
    } else {
        Content::Foreign { what: "a zip archive", save_as: "files of its own, unpacked," }
    })
}

/// A compound file tells by its streams.
fn compound(bytes: &[u8]) -> Result<Content, Fault> {
    let file = cfb::CompoundFile::open(Cursor::new(bytes))
        .map_err(|why| Fault::damaged(format!("its compound file cannot be read: {why}")))?;
    Ok(if file.is_stream("EncryptedPackage") {
        Content::Foreign { what: "encrypted with a password", save_as: "a file without one" }
    } else if file.is_stream("WordDocument") {
        Content::Known(Format::Doc)
    } else if file.is_stream("Workbook") || file.is_stream("Book") {
        Content::Known(Format::Xls)
    } else if file.is_stream("PowerPoint Document") {
        Content::Foreign { what: "a presentation of PowerPoint", save_as: "PDF" }
    } else {
        Content::Foreign { what: "a compound file of an unknown program", save_as: "docx, xlsx or PDF" }
    })
}

/// What a file is.
pub fn recognise(name: &str, bytes: &[u8]) -> Result<Found, Fault> {
    let named = by_name(name);
    let ending = ending(name);
    let found = |format: Format| {
        let note = (named != Some(format) && !ending.is_empty())
            .then(|| format!("named .{ending}, read as {}, which it is", format.name()));
        Ok(Found { format, note })
    };
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(Fault::unsupported("it is empty", "There is nothing in it to be found."));
    }
    match by_content(bytes)? {
        // Endings of one program's kinds are no news.
        Content::Known(format) => found(format),
        Content::Foreign { what, save_as } => {
            let though =
                if named.is_some() { format!(", though its name ends in .{ending}") } else { String::new() };
            Err(Fault::unsupported(format!("it is {what}{though}"), format!("Save it as {save_as} first.")))
        }
        Content::Html if named.is_none_or(|format| !format.is_plain()) => found(Format::Html),
        Content::Html | Content::Unknown => match named {
            Some(format) if format.is_plain() => Ok(Found { format, note: None }),
            // What old programs wrote under these names is often text.
            Some(Format::Xls) if is_text(bytes) => found(Format::Csv),
            Some(Format::Doc) if is_text(bytes) => found(Format::Text),
            Some(format) => {
                Err(Fault::damaged(format!("it ends in .{ending}, but its content is no {}", format.name())))
            }
            None => Err(Fault::unsupported(
                format!("files ending in .{ending} are not known"),
                "Known are txt, md, html, pdf, doc, docx, csv, xls, xlsx and source code.",
            )),
        },
    }
}

fn is_text(bytes: &[u8]) -> bool {
    let head = &bytes[..bytes.len().min(4096)];
    !head.iter().any(|byte| *byte < 0x20 && !b"\t\n\r\x0C\x1B".contains(byte))
}
