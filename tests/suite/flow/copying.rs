//! What is said about a copy: no more than is known.

use outcrop::domain::message::Role;
use outcrop::domain::{Error, ErrorKind};
use outcrop::tui::event::{Copied, Event};

use crate::stage::{COMPLETE, Stage, answer, message};

#[test]
fn copied_is_said_only_when_it_is_known() {
    let said = |how| {
        let mut stage = Stage::settled(120, 30, "dark");
        stage.open(vec![message(1, None, Role::User, "q"), answer(2, Some(1), "a", COMPLETE)]);
        stage.keys("<tab>y");
        let before = stage.text();
        assert!(!before.contains("Copied"), "nobody has answered yet: {before}");
        stage.event(Event::Copied(how));
        stage.text()
    };
    assert!(said(Ok(Copied::Clipboard)).contains("Copied."));
    let sent = said(Ok(Copied::SentToTerminal));
    assert!(sent.contains("Sent to the terminal") && !sent.contains("Copied"), "{sent}");
    let failed = said(Err(Error::new(ErrorKind::Io, "copying", "there is no clipboard", "Export it.")));
    assert!(failed.contains("there is no clipboard") && !failed.contains("Copied"), "{failed}");
}
