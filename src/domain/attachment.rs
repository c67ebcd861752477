//! A file that goes with a message.

use serde::{Deserialize, Serialize};

use super::figures;
use super::message::{BlobId, Block};
use super::{Error, ErrorKind, Result};

/// A picture, a document or a text that was read from a file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Attachment {
    /// The file's name, without its folder.
    pub name: String,
    /// Its size in bytes; `None` where nobody knows it any more.
    pub bytes: Option<u64>,
    /// What is sent of it.
    pub block: Block,
}

impl Attachment {
    /// Of a block that was sent before; `None` for one that is no file.
    pub fn of(block: &Block) -> Option<Self> {
        let (name, bytes) = match block {
            Block::Text { text } => {
                let (name, body) = unfenced(text)?;
                (name.to_owned(), Some(body.len() as u64))
            }
            Block::Document { name, .. } => (name.clone(), None),
            Block::Image { file: Some(file), .. } => (file.name.clone(), Some(file.bytes)),
            Block::Image { media_type, .. } => (media_type.replace('/', "."), None),
            _ => return None,
        };
        Some(Self { name, bytes, block: block.clone() })
    }

    /// Its name and size, in a few words.
    pub fn label(&self) -> String {
        match self.bytes {
            Some(bytes) => format!("@{} · {}", self.name, figures::bytes(bytes)),
            None => format!("@{}", self.name),
        }
    }
}

/// A file that goes out with an export.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Enclosed {
    /// As `file_name` makes it.
    pub name: String,
    #[serde(with = "super::base64")]
    pub bytes: Vec<u8>,
}

/// How the name of a file of a kind ends.
const KINDS: [(&str, &str); 13] = [
    ("image/png", "png"),
    ("image/jpeg", "jpg"),
    ("image/gif", "gif"),
    ("image/webp", "webp"),
    ("application/pdf", "pdf"),
    ("application/msword", "doc"),
    ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx"),
    ("application/vnd.ms-excel", "xls"),
    ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"),
    ("text/csv", "csv"),
    ("text/html", "html"),
    ("text/markdown", "md"),
    ("text/plain", "txt"),
];

/// The name that a picture or document gets in a folder: what it was called, of letters, digits and `-` alone, then a part
/// of its bytes' name, so that two are never one, and an end that its kind alone decides. `None` for what is no file.
pub fn file_name(block: &Block) -> Option<String> {
    let (called, media_type, blob) = match block {
        Block::Image { media_type, blob, file } => {
            (file.as_ref().map_or("picture", |file| file.name.as_str()), media_type, blob)
        }
        Block::Document { name, media_type, blob } => (name.as_str(), media_type, blob),
        _ => return None,
    };
    let kind = media_type.split(';').next().unwrap_or_default().trim();
    let end = KINDS.iter().find(|(known, _)| known.eq_ignore_ascii_case(kind)).map_or("bin", |(_, end)| *end);
    let stem = called.rsplit_once('.').map_or(called, |(stem, _)| stem);
    let plain: String = stem.chars().map(|c| if c.is_alphanumeric() { c } else { '-' }).take(40).collect();
    let parts: Vec<&str> = plain.split('-').filter(|part| !part.is_empty()).collect();
    let stem = if parts.is_empty() { "document".to_owned() } else { parts.join("-") };
    let mark: String = blob.0.chars().filter(char::is_ascii_alphanumeric).take(8).collect();
    Some(format!("{stem}-{mark}.{end}"))
}

/// The bytes that blocks name.
pub fn blobs_of(blocks: &[Block]) -> impl Iterator<Item = &BlobId> {
    blocks.iter().filter_map(|block| match block {
        Block::Image { blob, .. } | Block::Document { blob, .. } => Some(blob),
        _ => None,
    })
}

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    Image(&'static str),
    Document(&'static str),
    Text,
}

/// The form of a file, by its first bytes and, where those say little, by the end of its name; `None` for one that no
/// model takes.
pub fn form(name: &str, bytes: &[u8]) -> Option<Form> {
    let end = name.rsplit_once('.').map(|(_, end)| end.to_ascii_lowercase()).unwrap_or_default();
    let office = |zip: &[(&str, &'static str)]| {
        zip.iter().find(|(ending, _)| *ending == end).map(|(_, media_type)| Form::Document(media_type))
    };
    Some(match bytes {
        [0x89, b'P', b'N', b'G', ..] => Form::Image("image/png"),
        [0xff, 0xd8, 0xff, ..] => Form::Image("image/jpeg"),
        [b'G', b'I', b'F', b'8', ..] => Form::Image("image/gif"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Form::Image("image/webp"),
        [b'%', b'P', b'D', b'F', b'-', ..] => Form::Document("application/pdf"),
        [b'P', b'K', 3, 4, ..] => office(&[
            ("docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
            ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        ])?,
        [0xd0, 0xcf, 0x11, 0xe0, ..] => {
            office(&[("doc", "application/msword"), ("xls", "application/vnd.ms-excel")])?
        }
        _ if std::str::from_utf8(bytes).is_ok_and(|text| !text.contains('\0')) => Form::Text,
        _ => return None,
    })
}

/// The largest file that is taken, in bytes: no API takes more in one request.
pub const LARGEST: u64 = 32 << 20;
/// The largest text, in bytes: it goes into the prompt as it is, and a million tokens are about as much.
pub const LARGEST_TEXT: u64 = 4 << 20;

/// The form of a file that a message may have with it, or why it may not. Of a file that is too large, `bytes` are its
/// beginning: more than `LARGEST`.
pub fn admitted(doing: &str, name: &str, bytes: &[u8]) -> Result<Form> {
    let refused = |why: String, hint: &str| Err(Error::new(ErrorKind::Invalid, doing, why, hint));
    let size = bytes.len() as u64;
    if bytes.is_empty() {
        return refused("it is empty".to_owned(), "Name another file.");
    }
    // The end of a beginning may be half a character.
    let cut = std::str::from_utf8(bytes).err().filter(|why| why.error_len().is_none() && size > LARGEST);
    let Some(form) = form(name, &bytes[..cut.map_or(bytes.len(), |why| why.valid_up_to())]) else {
        return refused(
            "it is neither a text nor a picture or document that models take".to_owned(),
            "Models take PNG, JPEG, GIF, WebP, PDF, Word and Excel files, and texts in UTF-8.",
        );
    };
    let (most, hint) = match form {
        Form::Image(_) => (LARGEST, "Scale it down."),
        Form::Document(_) => (LARGEST, "Give a part of it, or its text."),
        Form::Text => (LARGEST_TEXT, "Give a part of it."),
    };
    if size > most {
        return refused(format!("it is larger than {} MB", most >> 20), hint);
    }
    Ok(form)
}

/// A text file as a part of a prompt: its name, then its text between more back-ticks than it holds in a row.
pub fn fenced(name: &str, text: &str) -> String {
    let (mut run, mut longest) = (0, 2);
    for c in text.chars() {
        run = if c == '`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    let fence = "`".repeat(longest + 1);
    let end = if text.ends_with('\n') { "" } else { "\n" };
    format!("{name}:\n\n{fence}\n{text}{end}{fence}")
}

/// The longest name of a file.
const NAME: usize = 255;
/// So much of a text is looked at to tell whether it is a file: this is asked for each frame.
const LOOKED_AT: usize = 64 << 10;

/// The name of a file, and its text, out of what `fenced` made; `None` for any other text.
pub fn unfenced(text: &str) -> Option<(&str, &str)> {
    let (name, _) = text[..text.floor_char_boundary(NAME + 6)].split_once(":\n\n```")?;
    let rest = &text[name.len() + 3..];
    let fence = &rest[..rest.len() - rest.trim_start_matches('`').len()];
    let body = rest[fence.len()..].strip_prefix('\n')?.strip_suffix(fence)?;
    let ends = body.ends_with('\n') && !name.is_empty() && !name.contains('\n');
    let within = body[..body.floor_char_boundary(LOOKED_AT)].contains(fence);
    (ends && !within).then_some((name, body))
}

/// How the names of pictures and documents end.
const ENDINGS: [&str; 10] = ["png", "jpg", "jpeg", "gif", "webp", "pdf", "doc", "docx", "xls", "xlsx"];

/// The path of a picture or document that a pasted text is, as terminals write what was dropped on them: in quotes, with
/// backslashes before blanks, or as a `file:` URL. `None` for any other text, a path that is spoken of among them.
pub fn dropped_path(text: &str) -> Option<String> {
    let line = text.trim();
    if line.is_empty() || line.len() > 4096 || line.contains(['\n', '\r', '\0']) {
        return None;
    }
    let path = if let Some(url) = line.strip_prefix("file://") {
        path_of_url(url)?
    } else if let Some((path, _)) = quoted(line).filter(|(_, end)| *end == line.len()) {
        path
    } else if let Some(inner) = QUOTES.into_iter().find_map(|q| line.strip_prefix(q)?.strip_suffix(q)) {
        // Quoted without regard for the quotes in its name.
        inner.to_owned()
    } else {
        let (path, end) = unescaped(line)?;
        // A blank that is not written as part of the name ends it: there is more than a path.
        if end < line.len() {
            return None;
        }
        path
    };
    let ending = path.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
    let is_file = ending.is_some_and(|ending| ENDINGS.contains(&ending.as_str()));
    (is_file && (path.starts_with('/') || path.starts_with("~/"))).then_some(path)
}

/// The most files that one paste names: more is a list to be read, not files to be sent.
const MOST_DROPPED: usize = 32;

/// A file that a pasted text names: its path, how that was written, and the blanks and line ends before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dropped {
    pub path: String,
    pub written: String,
    pub gap: String,
}

/// The files of a pasted text that is nothing but whole paths: lines of them, or blanks between them. A line whose words are
/// not all paths may be one path with blanks in its name. `None` for any other text: what it speaks of is not to be read.
/// Nor are hidden files, where keys lie: who wants to send one says so with `@`.
pub fn dropped_paths(text: &str) -> Option<Vec<Dropped>> {
    let text = text.trim();
    if text.is_empty() || text.len() > 4096 * 4 || text.contains('\0') {
        return None;
    }
    let mut all: Vec<Dropped> = Vec::new();
    let mut gap = String::new();
    for line in text.lines() {
        let path = line.trim();
        gap.push_str(&line[..line.len() - line.trim_start().len()]);
        if !path.is_empty() {
            let gap = std::mem::take(&mut gap);
            match paths_in(path, &gap) {
                Some(paths) => all.extend(paths),
                None if is_whole(path) => {
                    all.push(Dropped { path: path.to_owned(), written: path.to_owned(), gap });
                }
                None => return None,
            }
        }
        gap.push('\n');
        if all.len() > MOST_DROPPED {
            return None;
        }
    }
    all.iter().all(|file| !is_hidden(&file.path)).then_some(all)
}

fn is_hidden(path: &str) -> bool {
    path.split('/').any(|part| part.starts_with('.') && part.chars().any(|c| c != '.'))
}

/// The paths of a line that has nothing else; `gap` is what stands before it.
fn paths_in(line: &str, gap: &str) -> Option<Vec<Dropped>> {
    let mut paths = Vec::new();
    let mut rest = line;
    let mut gap = gap.to_owned();
    while !rest.is_empty() {
        let (path, end) = if rest.starts_with(QUOTES) { quoted(rest)? } else { unescaped(rest)? };
        let (written, behind) = rest.split_at(end);
        if behind.chars().next().is_some_and(|c| !c.is_whitespace()) {
            return None;
        }
        let path = match written.strip_prefix("file://") {
            Some(url) => path_of_url(url)?,
            None => path,
        };
        if !is_whole(&path) {
            return None;
        }
        paths.push(Dropped { path, written: written.to_owned(), gap: std::mem::take(&mut gap) });
        rest = behind.trim_start();
        behind[..behind.len() - rest.len()].clone_into(&mut gap);
    }
    Some(paths)
}

/// A path from the root or from home that is more than one word behind a slash, which may be a command.
fn is_whole(path: &str) -> bool {
    let below =
        path.strip_prefix("~/").or_else(|| path.strip_prefix('/').filter(|rest| rest.contains(['/', '.'])));
    below.is_some_and(|below| {
        !below.starts_with('/')
            && !below.contains(char::is_control)
            && below.split('/').all(|part| part.len() < 256)
    })
}

/// The word that a text begins with, in which a backslash takes the next character as it is, and where the word ends;
/// `None` where a backslash has nothing behind it.
pub fn unescaped(text: &str) -> Option<(String, usize)> {
    let mut word = String::new();
    let mut rest = text.char_indices();
    while let Some((at, c)) = rest.next() {
        match c {
            '\\' => word.push(rest.next()?.1),
            c if c.is_whitespace() => return Some((word, at)),
            c => word.push(c),
        }
    }
    Some((word, text.len()))
}

/// What quotes a word.
const QUOTES: [char; 2] = ['\'', '"'];

/// The word that a text begins with in quotes, and where it ends. As for a shell, the word goes on behind the closing quote
/// to the next blank: `'it'\''s.png'` is `it's.png`. `None` where no quote is there, or one is not closed.
fn quoted(text: &str) -> Option<(String, usize)> {
    if !text.starts_with(QUOTES) {
        return None;
    }
    let mut word = String::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next().filter(|c| !c.is_whitespace()) {
        rest = &rest[c.len_utf8()..];
        match c {
            '\'' | '"' => {
                let (inner, behind) = rest.split_once(c)?;
                word.push_str(inner);
                rest = behind;
            }
            '\\' => {
                let c = rest.chars().next()?;
                word.push(c);
                rest = &rest[c.len_utf8()..];
            }
            c => word.push(c),
        }
    }
    Some((word, text.len() - rest.len()))
}

/// The path of a `file:` URL, out of what stands behind its two slashes.
fn path_of_url(url: &str) -> Option<String> {
    let text = url.strip_prefix("localhost").unwrap_or(url);
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digits = [rest.next()?, rest.next()?];
            bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::super::message::FileFacts;
    use super::*;

    #[test]
    fn a_file_is_what_its_first_bytes_say_and_an_office_file_what_its_name_says() {
        assert_eq!(form("a.txt", b"\x89PNG\r\n"), Some(Form::Image("image/png")));
        assert_eq!(form("a", b"\xff\xd8\xff\xe0"), Some(Form::Image("image/jpeg")));
        assert_eq!(form("a", b"RIFF1234WEBPVP8 "), Some(Form::Image("image/webp")));
        assert_eq!(form("a.PDF", b"%PDF-1.7"), Some(Form::Document("application/pdf")));
        assert_eq!(form("a.doc", b"\xd0\xcf\x11\xe0rest"), Some(Form::Document("application/msword")));
        assert_eq!(form("a.zip", b"PK\x03\x04rest"), None);
        assert_eq!(form("a.rs", "fn größe() {}".as_bytes()), Some(Form::Text));
        assert_eq!(form("a.bin", b"\x00\x01\x02"), None);
        assert_eq!(form("a.bin", b"\xfe\xfe"), None);
    }

    #[test]
    fn what_is_too_large_is_refused_with_what_its_form_lets_one_do() {
        let refused = |name: &str, bytes: &[u8]| {
            let error = admitted("attaching it", name, bytes).unwrap_err();
            format!("{} / {}", error.why, error.hint)
        };
        let large = |start: &[u8], fill: &str| {
            let mut bytes = start.to_vec();
            bytes.extend(fill.repeat((LARGEST as usize + fill.len()) / fill.len()).bytes());
            bytes.truncate(LARGEST as usize + 1);
            bytes
        };
        assert_eq!(refused("a.png", &large(b"\x89PNG", "x")), "it is larger than 32 MB / Scale it down.");
        assert_eq!(
            refused("a.pdf", &large(b"%PDF-1.7", "x")),
            "it is larger than 32 MB / Give a part of it, or its text."
        );
        // Cut within a character.
        assert_eq!(refused("a.txt", &large(b"", "長")), "it is larger than 4 MB / Give a part of it.");
        assert!(refused("big.bin", &large(b"\0", "x")).starts_with("it is neither a text nor"));
        assert!(refused("a.txt", b"").starts_with("it is empty"));
        assert_eq!(admitted("", "a.txt", &vec![b'x'; LARGEST_TEXT as usize]).unwrap(), Form::Text);
    }

    #[test]
    fn whatever_a_file_is_called_its_name_in_a_folder_leads_nowhere_else() {
        let named = |name: &str, media_type: &str| {
            let blob = BlobId("0123456789abcdef".into());
            file_name(&Block::Document { name: name.into(), media_type: media_type.into(), blob }).unwrap()
        };
        for (name, media_type, expected) in [
            ("Rechnung März.pdf", "application/pdf", "Rechnung-März-01234567.pdf"),
            ("../../.bashrc", "application/pdf", "document-01234567.pdf"),
            ("/etc/passwd", "text/plain; charset=x", "etc-passwd-01234567.txt"),
            ("a\u{202e}fdp.exe", "application/x-executable", "a-fdp-01234567.bin"),
            ("..", "../sh", "document-01234567.bin"),
            ("\0\n\u{1b}]0;x\u{7}", "image/png", "0-x-01234567.png"),
        ] {
            assert_eq!(named(name, media_type), expected);
        }
        assert!(named(&"長".repeat(500), "text/csv").len() < 150);
        let hostile = BlobId("../..//é".into());
        let picture = Block::Image { media_type: "image/png".into(), blob: hostile, file: None };
        assert_eq!(file_name(&picture).as_deref(), Some("picture-.png"));
        assert_eq!(file_name(&Block::CachePoint), None);
    }

    #[test]
    fn a_text_is_fenced_by_more_than_it_holds() {
        assert_eq!(fenced("a.md", "````rust\nx\n````"), "a.md:\n\n`````\n````rust\nx\n````\n`````");
        assert_eq!(fenced("a", "x\n"), "a:\n\n```\nx\n```");
    }

    #[test]
    fn a_text_that_was_a_file_is_known_as_one_and_what_somebody_wrote_is_not() {
        for (name, body) in [
            ("a.md", "````rust\nx\n````\n"),
            ("a: b.txt", "x\n"),
            ("長.txt", "\n"),
            ("a", &"`\n".repeat(99_000)),
        ] {
            assert_eq!(unfenced(&fenced(name, body)), Some((name, body)));
        }
        assert_eq!(unfenced(&fenced("a", "no end")), Some(("a", "no end\n")));
        for text in [
            "",
            "see a.md:\n\nthat",
            "a.md:\n\n```\nx\n```\nis it right?",
            "one:\n\n```\nx\n```\ntwo:\n```\ny\n```",
            "two\nlines:\n\n```\nx\n```",
            ":\n\n```\nx\n```",
            "a:\n\n```",
            "a:\n\n``````",
        ] {
            assert_eq!(unfenced(text), None, "{text}");
        }
    }

    #[test]
    fn what_was_sent_is_the_file_again_that_it_was() {
        let facts = FileFacts { name: "photo.png".into(), bytes: 212_000 };
        let blob = BlobId("0123456789".into());
        let picture = Block::Image { media_type: "image/png".into(), blob, file: Some(facts) };
        assert_eq!(Attachment::of(&picture).unwrap().label(), "@photo.png · 212 kB");
        assert_eq!(file_name(&picture).as_deref(), Some("photo-01234567.png"));
        let text = Block::Text { text: fenced("a.txt", "four\n") };
        assert_eq!(Attachment::of(&text).unwrap().label(), "@a.txt · 5 B");
        assert_eq!(Attachment::of(&Block::Text { text: "words".into() }), None);
        let before: Block =
            serde_json::from_str(r#"{"type":"image","media_type":"image/png","blob":"00"}"#).unwrap();
        assert_eq!(Attachment::of(&before).unwrap().label(), "@image.png", "a record of before has no name");
    }

    #[test]
    fn what_is_dropped_on_a_terminal_is_a_path_and_other_texts_are_not() {
        for (text, path) in [
            ("/tmp/a.png", "/tmp/a.png"),
            ("'/tmp/a b.png' ", "/tmp/a b.png"),
            (r"'/tmp/it'\''s.png'", "/tmp/it's.png"),
            ("'/tmp/it's.png'", "/tmp/it's.png"),
            ("/tmp/a\\ b\\'s.png", "/tmp/a b's.png"),
            ("file:///tmp/a%20b%C3%A9.png", "/tmp/a bé.png"),
            ("file://localhost/tmp/a.PDF", "/tmp/a.PDF"),
            ("~/a.pdf", "~/a.pdf"),
        ] {
            assert_eq!(dropped_path(text).as_deref(), Some(path), "{text}");
        }
        for text in [
            "",
            "/",
            "word",
            "/tmp/a.png and more",
            "/a\n/b.png",
            "file:///a%2",
            "a/b.png",
            "/a\\",
            "/new",
            "/etc/hosts",
        ] {
            assert_eq!(dropped_path(text), None, "{text}");
        }
    }

    #[test]
    fn a_paste_that_is_nothing_but_paths_names_files_and_prose_names_none() {
        for (text, paths) in [
            ("/tmp/a.png /tmp/b.md", &["/tmp/a.png", "/tmp/b.md"][..]),
            ("/tmp/a.png\r\n'/tmp/b c.png'\n", &["/tmp/a.png", "/tmp/b c.png"]),
            ("/tmp/a\\ b.png \"/tmp/c d\" file:///tmp/e%20f", &["/tmp/a b.png", "/tmp/c d", "/tmp/e f"]),
            (r"'/tmp/it'\''s a.png' '/tmp/b.png'", &["/tmp/it's a.png", "/tmp/b.png"]),
            ("'/tmp/a'b", &["/tmp/ab"]),
            ("/tmp/my pic.png", &["/tmp/my pic.png"]),
            ("/etc/hosts", &["/etc/hosts"]),
            ("~/notes", &["~/notes"]),
        ] {
            let found = dropped_paths(text).unwrap_or_default();
            assert_eq!(found.iter().map(|one| one.path.as_str()).collect::<Vec<_>>(), paths, "{text}");
        }
        for text in [
            "",
            "/new",
            "word",
            "see /tmp/a.png",
            "/tmp/a.png\nis it",
            "// a comment",
            "'/tmp/a.png",
            "'/tmp/a'b'",
            "'/tmp/a'\\",
        ] {
            assert_eq!(dropped_paths(text), None, "{text}");
        }
        assert_eq!(dropped_paths(&"/tmp/a.png\n".repeat(MOST_DROPPED + 1)), None);
        for hidden in ["~/.netrc", "/home/me/.aws/credentials", "'/home/me/.ssh/id'", "/tmp/a.png ~/.env"] {
            assert_eq!(dropped_paths(hidden), None, "{hidden}");
        }
    }

    #[test]
    fn what_stands_between_the_files_of_a_paste_is_known() {
        let gaps = |text: &str| -> Vec<String> {
            dropped_paths(text).unwrap().into_iter().map(|file| file.gap).collect()
        };
        assert_eq!(gaps("/api/users\n/api/orders\n\n  /api/items\n"), ["", "\n", "\n\n  "]);
        assert_eq!(gaps("/tmp/a.png  '/tmp/b.png'\t/tmp/c.png "), ["", "  ", "\t"]);
    }
}
