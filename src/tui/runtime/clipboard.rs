//! Copying: to the clipboard of this machine, or through the terminal to the person's. The answer says which.
//! Pasting: from the clipboard of this machine alone; a terminal gives a text to who has its own key pressed, and no picture.

use std::future::Future;
use std::sync::{Arc, Mutex, TryLockError};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{Answer, Desk, Host};
use crate::config::Osc52;
use crate::domain::{Error, ErrorKind, Result};
use crate::tui::event::{Clipped, Copied, Event};
use crate::tui::widget::picture::png;

/// The most bytes that terminals commonly take by OSC 52: 100,000 of base64.
const OSC52_MAX: usize = 74_994;

/// A clipboard that does not answer, as over a dead X connection, is given up on.
const PATIENCE: Duration = Duration::from_secs(2);

/// A large picture takes longer to come, and to be written as PNG.
const READING: Duration = Duration::from_secs(20);

const DOING: &str = "copying";

/// The ways that are open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Way {
    /// This machine's clipboard is tried first.
    pub native: bool,
    plain: bool,
    wrapped: bool,
}

impl Way {
    pub fn of(host: &Host) -> Self {
        let (plain, wrapped) = match host.osc52 {
            // tmux takes the one or the other, by its settings; setting a clipboard twice does no harm.
            Osc52::Auto => (true, host.tmux),
            Osc52::Raw => (true, false),
            Osc52::Tmux => (false, true),
            Osc52::Off => (false, false),
        };
        let native = match (host.desk, host.osc52) {
            (Desk::Forbidden, _) | (Desk::Elsewhere, Osc52::Auto) => false,
            (_, osc52) => matches!(osc52, Osc52::Auto | Osc52::Off),
        };
        Self { native, plain, wrapped }
    }
}

/// The machine's clipboard. It is kept: on X11 and Wayland the text is there as long as its owner.
#[derive(Default)]
pub struct Clipboard(Arc<Mutex<Option<arboard::Clipboard>>>);

impl Clipboard {
    /// Copies beside the loop. A failure brings the text back, for the way through the terminal.
    pub fn copy(&self, text: String) -> impl Future<Output = Answer> + Send + 'static {
        let held = self.0.clone();
        async move {
            let owned = text.clone();
            let native = tokio::task::spawn_blocking(move || set(&held, owned));
            match tokio::time::timeout(PATIENCE, native).await {
                Ok(Ok(Ok(()))) => Answer::Event(Event::Copied(Ok(Copied::Clipboard))),
                Ok(Ok(Err(why))) => Answer::NotCopied { text, why },
                Ok(Err(_)) | Err(_) => Answer::NotCopied { text, why: "it does not answer".to_owned() },
            }
        }
    }
}

impl Clipboard {
    /// Reads beside the loop what is there; only a `native` one can be read.
    pub fn read(&self, native: bool, desk: Desk) -> impl Future<Output = Answer> + Send + 'static {
        let held = self.0.clone();
        async move {
            if !native {
                let why = match desk {
                    Desk::Forbidden => "its display is on another machine, and --offline forbids the network",
                    Desk::Persons | Desk::Elsewhere => "it is on another machine",
                };
                return Answer::Event(Event::Clipboard(Err(not_pasted(why))));
            }
            let read = tokio::task::spawn_blocking(move || get(&held));
            let clipped = match tokio::time::timeout(READING, read).await {
                Ok(Ok(read)) => read,
                Ok(Err(_)) | Err(_) => Err(not_pasted("it does not answer")),
            };
            Answer::Event(Event::Clipboard(clipped))
        }
    }
}

fn not_pasted(why: &str) -> Error {
    let hint = "Paste a text with the terminal's own key; for a picture write @path.";
    Error::new(ErrorKind::Io, "pasting", format!("the clipboard cannot be read here: {why}"), hint)
}

/// The text, which programs that give both mean; else the picture.
fn get(held: &Mutex<Option<arboard::Clipboard>>) -> Result<Clipped> {
    let mut held = match held.try_lock() {
        Ok(held) => held,
        Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
        Err(TryLockError::WouldBlock) => return Err(not_pasted("it does not answer")),
    };
    let wrong = |why: arboard::Error| match why {
        arboard::Error::ContentNotAvailable => {
            let why = "there is neither a text nor a picture on the clipboard";
            Error::new(ErrorKind::NotFound, "pasting", why, "Copy one first.")
        }
        why => not_pasted(&why.to_string()),
    };
    let mut clipboard = match held.take() {
        Some(clipboard) => clipboard,
        None => arboard::Clipboard::new().map_err(|why| {
            tracing::info!("no clipboard: {why}");
            not_pasted("there is no display")
        })?,
    };
    let read = match clipboard.get_text() {
        Ok(text) if !text.is_empty() => Ok(Clipped::Text(text)),
        Ok(_) | Err(arboard::Error::ContentNotAvailable) => clipboard
            .get_image()
            .map_err(wrong)
            .and_then(|picture| png(picture.width, picture.height, &picture.bytes))
            .map(Clipped::Picture),
        Err(why) => Err(wrong(why)),
    };
    *held = Some(clipboard);
    read
}

fn set(held: &Mutex<Option<arboard::Clipboard>>, text: String) -> Result<(), String> {
    let mut held = match held.try_lock() {
        Ok(held) => held,
        Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
        Err(TryLockError::WouldBlock) => return Err("it does not answer".to_owned()),
    };
    let mut clipboard = match held.take() {
        Some(clipboard) => clipboard,
        None => arboard::Clipboard::new().map_err(|e| e.to_string())?,
    };
    // One that failed is made anew the next time.
    clipboard.set_text(text).map_err(|e| e.to_string())?;
    *held = Some(clipboard);
    Ok(())
}

/// The bytes that ask the terminal to take a text; `native` is why this machine's clipboard did not.
pub fn osc52(text: &str, way: Way, native: Option<&str>) -> Result<Vec<u8>> {
    if !way.plain && !way.wrapped {
        let why = native.unwrap_or("there is no way to a clipboard");
        let hint = "Set `ui.osc52 = \"auto\"` to copy through the terminal.";
        return Err(Error::new(ErrorKind::Io, DOING, format!("the clipboard failed: {why}"), hint));
    }
    if text.len() > OSC52_MAX {
        let why = format!("{} bytes are more than the {OSC52_MAX} that terminals take", text.len());
        return Err(Error::new(
            ErrorKind::Invalid,
            DOING,
            why,
            "Copy a part of it, or export the conversation.",
        ));
    }
    let command = format!("\x1b]52;c;{}\x07", STANDARD.encode(text));
    let mut bytes = Vec::new();
    if way.wrapped {
        bytes.extend_from_slice(b"\x1bPtmux;");
        bytes.extend_from_slice(command.replace('\x1b', "\x1b\x1b").as_bytes());
        bytes.extend_from_slice(b"\x1b\\");
    }
    if way.plain {
        bytes.extend_from_slice(command.as_bytes());
    }
    Ok(bytes)
}

/// The terminal, which was to take the text, is another program's.
pub fn away() -> Error {
    let why = "another program has the terminal, through which it would go";
    Error::new(ErrorKind::Io, DOING, why, "Copy it once more.")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(osc52: Osc52, tmux: bool, remote: bool) -> Host {
        let desk = if remote { Desk::Elsewhere } else { Desk::Persons };
        Host { editor: None, folder: "/".into(), osc52, tmux, desk, offline: false, home: None, config: None }
    }

    #[test]
    fn over_ssh_the_clipboard_is_the_terminals() {
        let way = Way::of(&host(Osc52::Auto, false, true));
        assert!(!way.native);
        assert_eq!(osc52("foo", way, None).unwrap(), b"\x1b]52;c;Zm9v\x07");
        let way = Way::of(&host(Osc52::Tmux, true, true));
        assert_eq!(osc52("foo", way, None).unwrap(), b"\x1bPtmux;\x1b\x1b]52;c;Zm9v\x07\x1b\\");
        assert!(Way::of(&host(Osc52::Auto, true, false)).native);
    }

    #[tokio::test]
    async fn offline_a_display_behind_the_network_is_neither_read_nor_written() {
        for osc52 in [Osc52::Auto, Osc52::Off, Osc52::Raw] {
            assert!(!Way::of(&Host { desk: Desk::Forbidden, ..host(osc52, false, false) }).native);
        }
        let Answer::Event(Event::Clipboard(Err(error))) =
            Clipboard::default().read(false, Desk::Forbidden).await
        else {
            panic!("it was read");
        };
        assert!(error.to_string().contains("--offline"), "{error}");
        let folder = tempfile::tempdir().unwrap();
        let config = |variables: &[(&str, &str)]| {
            let home = ("OUTCROP_HOME", folder.path().to_str().unwrap());
            let variables = variables.iter().copied().chain([home]);
            let environment = crate::config::Environment::from_vars(variables);
            crate::config::Config::load(&environment, &crate::config::Flags::default()).unwrap()
        };
        let (far, offline) = (("DISPLAY", "192.0.2.12:0"), ("OUTCROP_NET_OFFLINE", "true"));
        assert_eq!(Desk::of(&config(&[far, offline])), Desk::Forbidden);
        assert_eq!(Desk::of(&config(&[far])), Desk::Persons);
        assert_eq!(Desk::of(&config(&[("DISPLAY", ":0"), offline])), Desk::Persons);
    }

    #[tokio::test]
    async fn the_clipboard_of_another_machine_is_not_read_and_what_can_be_done_is_said() {
        let Answer::Event(Event::Clipboard(Err(error))) =
            Clipboard::default().read(false, Desk::Elsewhere).await
        else {
            panic!("it was read");
        };
        let said = error.to_string();
        assert!(said.contains("another machine") && said.contains("@path"), "{said}");
    }

    #[test]
    fn what_cannot_be_copied_is_an_error_that_says_why() {
        let off = Way::of(&host(Osc52::Off, false, true));
        assert!(off.native);
        let error = osc52("foo", off, Some("no display")).unwrap_err();
        assert!(error.to_string().contains("no display"), "{error}");
        let auto = Way::of(&host(Osc52::Auto, false, true));
        assert!(osc52(&"x".repeat(OSC52_MAX + 1), auto, None).is_err());
        assert!(osc52(&"x".repeat(OSC52_MAX), auto, None).unwrap().len() < 100_010);
    }
}
