//! Pictures on a real terminal: each way's own bytes get there, once, and nothing is left behind.

use crate::loopback::{Server, whole};
use crate::paint::{answered, png};
use crate::tty::Home;

/// What a terminal says whose cells have 10 by 20 pixels.
const ANSWERS: &[u8] =
    b"\x1b]11;rgb:1212/1212/1212\x1b\\\x1b[?2004;2$y\x1b_Gi=31;OK\x1b\\\x1b[6;20;10t\x1b[?62;22c";

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_reaches_the_terminal_in_its_own_way_and_is_taken_back_at_the_end() {
    let server = Server::start(|_, _| whole(200, &[], answered(&[png(64, 48, 9)]))).await;
    let config =
        format!("model = 'box/m'\n[providers.box]\nkind = 'openai'\nbase_url = '{}'\n", server.url("/v1"));
    tokio::task::block_in_place(|| {
        let home = Home::new(&config);
        home.said(&["pictures", "make", "-m", "box/m", "a river"]);
        for (way, begins) in [
            // What it answered: Kitty's graphics, and nothing of another way.
            ("auto", &b"\x1b_Gq=2,i="[..]),
            ("kitty", b"\x1b_Gq=2,i="),
            ("iterm2", b"\x1b]1337;File=inline=1"),
            ("sixel", b"\x1bP"),
        ] {
            let arguments = ["-c", &format!("ui.pictures={way}")];
            let mut tty = crate::tty::Tty::start(home.command(&arguments), (80, 24), ANSWERS);
            tty.wait_for_composer();
            tty.send("\x1b6");
            tty.wait_for("a river");
            tty.wait_until(way, |seen| seen.count(begins) == 1);
            assert_eq!(tty.look(|seen| seen.count(b"a=d,d=I")), 0, "{way}: it is there to stay");
            tty.send("\x1b1");
            tty.wait("another place", |screen| !screen.contents().contains("a river"));
            tty.send("\x11");
            tty.ends_restored(0);
            let kitty = begins.starts_with(b"\x1b_G");
            assert_eq!(tty.look(|seen| seen.count(b"a=d,d=I")), usize::from(kitty), "{way}: taken back");
            assert_eq!(tty.look(|seen| seen.count(begins)), 1, "{way}: sent once");
        }
        // Without an answer, and where that is wanted, half blocks.
        for arguments in [&[][..], &["-c", "ui.pictures=blocks"]] {
            let mut tty = home.open((80, 24), arguments);
            tty.wait_for_composer();
            tty.send("\x1b6");
            tty.wait("half blocks", |screen| {
                screen.contents().contains('▀') || screen.contents().contains('▄')
            });
            tty.send("\x11");
            tty.ends_restored(0);
        }
    });
}
