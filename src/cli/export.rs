//! Conversations out of the store: to the standard output, into one file, into a folder with a file each.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use futures_util::StreamExt;

use super::args::Format as Form;
use super::out::Out;
use super::{Asker, End, unexpected, words};
use crate::domain::attachment::Enclosed;
use crate::domain::id::ConversationId;
use crate::domain::{Error, ErrorKind, Result};
use crate::workbench::request::conversations::{Conversations, Format};
use crate::workbench::{Reply, Request};

/// What is to be exported, and where to.
pub(super) struct Wanted {
    /// All where it is empty.
    pub ids: Vec<ConversationId>,
    pub form: Form,
    pub output: Option<PathBuf>,
    /// Files that are there are written over.
    pub force: bool,
    /// Where pictures and documents go.
    pub attachments: Option<PathBuf>,
}

/// Where the texts go.
enum To<'a> {
    Output,
    /// It is made when the first text is there: what fails before leaves no file.
    File(&'a Path, Option<File>),
    Folder(&'a Path),
}

pub(super) async fn export(wanted: Wanted, asker: &Asker, out: &mut Out) -> Result<(), End> {
    let Wanted { ids, form, output, force, attachments } = wanted;
    let (format, ending) = match form {
        Form::Markdown => (Format::Markdown, "md"),
        Form::Json => (Format::Json, "json"),
        Form::Jsonl => (Format::Jsonl, "jsonl"),
    };
    let mut to = place(output.as_deref())?;
    if let To::File(path, _) = &to {
        refuse_existing(path, force)?;
    }
    let beside = beside(form, attachments, &to)?;
    let folder = beside.as_ref().map(|beside| beside.link.clone());
    // Several conversations in one JSON text are one document all the same: a list.
    let single = match &to {
        To::Output => !out.json,
        To::File(..) => true,
        To::Folder(_) => false,
    };
    let listed = form == Form::Json && ids.len() != 1 && single;
    let mut written = 0;
    let mut replies = asker.ask(Request::Conversations(Conversations::Export { ids, format, folder }));
    while let Some(reply) = replies.next().await {
        let reply = reply?;
        let Reply::Export { id, title, text, attachments } = &reply else { return Err(unexpected(&reply)) };
        if let Some(beside) = &beside {
            beside.write(attachments, force)?;
        }
        let text = match (listed, written) {
            (true, 0) => format!("[\n{}", text.trim_end()),
            (true, _) => format!(",\n{}", text.trim_end()),
            (false, _) => whole_lines(text),
        };
        match &mut to {
            To::Output if out.json => out.object(&reply)?,
            To::Output => print(&text, form, out)?,
            To::File(path, file) => write(path, file, force, &text)?,
            To::Folder(folder) => {
                let path = folder.join(format!("{}.{ending}", file_name(title, *id)));
                write(&path, &mut None, force, &text)?;
            }
        }
        written += 1;
    }
    if listed {
        let end = if written == 0 { "[]\n" } else { "\n]\n" };
        match &mut to {
            To::File(path, file) => write(path, file, force, end)?,
            _ => print(end, form, out)?,
        }
    }
    if let Some(path) = &output {
        let conversations = words::count(written, "conversation", "conversations");
        out.note(&format!("{conversations} in {}", path.display()))?;
        if out.json {
            out.object(&Reply::Done)?;
        }
    }
    Ok(())
}

/// A folder of pictures and documents.
struct Beside {
    folder: PathBuf,
    /// As it is called from where the text is.
    link: String,
}

/// Where pictures and documents go: to the folder that the person named, else beside a folder's files.
fn beside(form: Form, named: Option<PathBuf>, to: &To<'_>) -> Result<Option<Beside>> {
    if form != Form::Markdown {
        return match named {
            None => Ok(None),
            Some(folder) => Err(Error::new(
                ErrorKind::Invalid,
                format!("writing attachments into {}", folder.display()),
                "JSON and JSONL hold them themselves",
                "Leave --attachments out, or export Markdown.",
            )),
        };
    }
    let home = match to {
        To::Folder(folder) => Some(*folder),
        To::File(path, _) => path.parent().filter(|parent| !parent.as_os_str().is_empty()),
        To::Output => None,
    };
    let folder = match (named, to) {
        (Some(folder), _) => folder,
        (None, To::Folder(folder)) => folder.join("attachments"),
        (None, _) => return Ok(None),
    };
    let link = match home.map(|home| folder.strip_prefix(home)) {
        None => folder.clone(),
        Some(Ok(inside)) => inside.to_owned(),
        // From a text in another folder only the whole path leads there.
        Some(Err(_)) => std::path::absolute(&folder)
            .map_err(|why| Error::io(format!("finding {}", folder.display()), &why))?,
    };
    let link = if link.as_os_str().is_empty() { ".".to_owned() } else { link.to_string_lossy().into_owned() };
    Ok(Some(Beside { folder, link }))
}

impl Beside {
    /// Writes what is not there yet; the same bytes have the same name.
    fn write(&self, attachments: &[Enclosed], force: bool) -> Result<()> {
        if attachments.is_empty() {
            return Ok(());
        }
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.folder)
            .map_err(|why| Error::io(format!("making the folder {}", self.folder.display()), &why))?;
        for Enclosed { name, bytes } in attachments {
            // The owner of the store may be another program: its word leads out of no folder.
            let Some(name) = Path::new(name).file_name() else { continue };
            let path = self.folder.join(name);
            if std::fs::read(&path).is_ok_and(|there| there == *bytes) {
                continue;
            }
            let wrong = |why: std::io::Error| Error::io(format!("writing {}", path.display()), &why);
            open(&path, force)?.write_all(bytes).map_err(wrong)?;
        }
        Ok(())
    }
}

fn print(text: &str, form: Form, out: &mut Out) -> Result<(), End> {
    // Controls are escaped in JSON without a loss; Markdown has no escapes for them.
    if form == Form::Markdown { out.text(text) } else { out.json_text(text) }
}

/// A folder that is there, or that a slash at the end asks for; else a file.
fn place(output: Option<&Path>) -> Result<To<'_>> {
    let Some(path) = output else { return Ok(To::Output) };
    if path.as_os_str().as_encoded_bytes().ends_with(b"/") {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(path)
            .map_err(|why| Error::io(format!("making the folder {}", path.display()), &why))?;
    }
    Ok(if path.is_dir() { To::Folder(path) } else { To::File(path, None) })
}

/// Nothing is written over unasked; said before the work, and held again when the file is opened.
pub(super) fn refuse_existing(path: &Path, force: bool) -> Result<()> {
    if force || !path.exists() {
        return Ok(());
    }
    Err(there_already(path))
}

fn there_already(path: &Path) -> Error {
    Error::new(
        ErrorKind::Invalid,
        format!("writing {}", path.display()),
        "there is a file already",
        "Name a new file or a folder, or write over it with --force.",
    )
}

fn open(path: &Path, force: bool) -> Result<File> {
    let mut options = OpenOptions::new();
    options.write(true);
    if force {
        options.create(true).truncate(true);
    } else {
        options.create_new(true);
    }
    options.open(path).map_err(|why| {
        if why.kind() == std::io::ErrorKind::AlreadyExists {
            there_already(path)
        } else {
            Error::io(format!("writing {}", path.display()), &why)
        }
    })
}

pub(super) fn write(path: &Path, file: &mut Option<File>, force: bool, text: &str) -> Result<()> {
    if file.is_none() {
        *file = Some(open(path, force)?);
    }
    let Some(file) = file else { return Ok(()) };
    file.write_all(text.as_bytes()).map_err(|why| Error::io(format!("writing {}", path.display()), &why))
}

fn whole_lines(text: &str) -> String {
    let end = if text.ends_with('\n') { "" } else { "\n" };
    format!("{text}{end}")
}

/// Letters and digits of the title, then the id's end: a name that every file system takes.
fn file_name(title: &str, id: ConversationId) -> String {
    let mut name = String::new();
    for c in title.chars().flat_map(char::to_lowercase) {
        if c.is_alphanumeric() {
            name.push(c);
        } else if !name.is_empty() && !name.ends_with('-') {
            name.push('-');
        }
        if name.len() >= 60 {
            break;
        }
    }
    format!("{name}-{}", id.short()).replace("--", "-").trim_start_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_makes_a_plain_file_name() {
        let id = ConversationId::from_bytes([7; 16]);
        assert_eq!(file_name("Why do rivers/../meander?", id), "why-do-rivers-meander-07070707");
        assert_eq!(file_name("", id), "07070707");
        assert_eq!(file_name("\u{1b}]0;x\u{7}", id), "0-x-07070707");
    }
}
