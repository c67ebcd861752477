//! Two voices before a person: compared side by side and rated, in a real terminal.

use std::time::Duration;

use crate::engine::real::model;
use crate::real_server::serve;
use crate::tty::{Home, Tty};

const SIZE: (u16, u16) = (120, 40);

/// A key within a moment of a new item is taken for one meant for the item before.
#[expect(clippy::disallowed_methods, reason = "nothing shows when that moment is over")]
fn a_moment() {
    std::thread::sleep(Duration::from_millis(250));
}

fn quit(mut tty: Tty) {
    tty.send("\x11");
    assert_eq!(tty.ended(), Some(0));
}

/// The embedded model, and the same one behind llama.cpp's own server with other settings.
#[test]
fn two_real_voices_are_compared_and_rated_on_the_screen() {
    let (Some(model), Some(real)) = (model(), serve()) else { return };
    let home = Home::new(&format!(
        "[defaults]\ntemperature = 0\nmax_tokens = 24\n\n[presets.warm]\ntemperature = 1\nseed = 7\n\n\
         [providers.there]\nkind = \"openai\"\nbase_url = \"{}/v1\"\n",
        real.url()
    ));
    home.said(&["models", "add", model.to_str().unwrap(), "--name", "smollm"]);

    let tty = home.open(SIZE, &["-m", "local/smollm"]);
    tty.wait_for_composer();
    tty.wait_for("local/smollm");
    tty.send("\x1b2");
    tty.wait_for("The same question to two models or more");
    // The second column: the server's model, warmer.
    tty.send("\x1bc");
    tty.wait_for(".gguf there");
    tty.send("gguf\r");
    tty.wait("two columns", |screen| screen.contents().contains("2 columns"));
    tty.send("\x1bp");
    tty.wait_for("Presets");
    tty.send("warm");
    tty.send("\r");
    tty.wait("the place again", |screen| !screen.contents().contains("Presets"));
    // Blind: nobody is named, and nothing tells how quick anybody was, until a choice is made.
    tty.send("\x1bh");
    tty.wait_for("who answers is hidden");
    tty.ask("Where do rivers end? One sentence.");
    tty.wait_for("what all of them are asked next");
    tty.send("\t");
    tty.wait("both answers", |screen| {
        let text = screen.contents();
        !text.contains("appear together") && text.contains("a best") && !text.contains("Esc stop")
    });
    for told in ["local/", "there/", "temperature", "tok/s", "s first"] {
        assert!(!tty.text().contains(told), "{told}: {}", tty.text());
    }
    tty.send("b");
    tty.wait("the choice, and who answered", |screen| {
        let text = screen.contents();
        text.contains("you chose B") && text.matches(" tok/s").count() == 2 && text.contains("/model.gguf")
    });
    tty.send("D");
    tty.wait_for("Add it to the dataset");
    tty.send("asked\r");
    tty.wait_for("Added to asked as item 1");
    quit(tty);

    home.said(&["eval", "create", "voices", "--dataset", "asked"]);
    let tty = home.open((80, 24), &["eval", "rate", "voices", "--rater", "ada"]);
    tty.wait_for("Instructions");
    tty.send("\r");
    tty.wait("both answers, by nobody's name", |screen| {
        let text = screen.contents();
        text.contains("LEFT") && text.contains("RIGHT") && text.contains("item 1 of 1")
    });
    for name in ["smollm", "there/", "temperature"] {
        assert!(!tty.text().contains(name), "{name}: {}", tty.text());
    }
    a_moment();
    tty.send("\x1b[C");
    tty.wait_for("Done: 1 item is rated by you");
    quit(tty);

    let report = home.said(&["eval", "report", "voices"]);
    assert!(report.contains("local/smollm") && report.contains("there/"), "{report}");
    let shown = home.said(&["eval", "show", "voices"]);
    assert!(shown.contains("ada"), "{shown}");
}

#[test]
fn a_blind_comparison_is_told_of_outside_the_screen_only_when_asked_and_that_is_kept() {
    let home = Home::new("[providers.scripted]\nkind = \"scripted\"\n");
    let tty = home.open(SIZE, &["-m", "scripted/echo"]);
    tty.wait_for_composer();
    tty.send("\x1b2");
    tty.wait_for("The same question to two models or more");
    tty.send("\x1bc");
    tty.wait_for("markdown");
    tty.send("markdown\r");
    tty.wait("two columns", |screen| screen.contents().contains("2 columns"));
    tty.send("\x1bh");
    tty.wait_for("who answers is hidden");
    tty.ask("a river");
    tty.wait_for("what all of them are asked next");
    tty.send("\t");
    tty.wait_for("a best");
    quit(tty);

    let id = home.said(&["comparisons", "list"]).split_whitespace().next().unwrap().to_owned();
    let listed = home.said(&["comparisons", "list", "--json"]);
    assert!(listed.contains("\"blind\":true"), "the seed would tell who stands where: {listed}");
    for arguments in [
        &["comparisons", "show", &id][..],
        &["comparisons", "show", &id, "--json"],
        &["comparisons", "export", &id],
        &["comparisons", "choose", &id, "A"],
    ] {
        let refused = home.run(arguments);
        let said = String::from_utf8_lossy(&refused.stderr);
        assert!(!refused.status.success() && said.contains("it is blind"), "{arguments:?}: {said}");
        assert!(!String::from_utf8_lossy(&refused.stdout).contains("scripted/"), "{arguments:?}");
    }
    let shown = home.said(&["comparisons", "show", &id, "--reveal"]);
    assert!(shown.contains("scripted/echo") && shown.contains("scripted/markdown"), "{shown}");
    let chosen = home.said(&["comparisons", "choose", &id, "A"]);
    // A is who stands first on the screen, which is drawn.
    let first = shown.lines().find_map(|line| line.strip_prefix("── A  ")).unwrap();
    assert_eq!(chosen.trim_end(), format!("kept: A, {first}"));
    let kept = home.said(&["comparisons", "show", &id, "--json"]);
    let ballot = kept.lines().find(|line| line.contains("contestants")).unwrap();
    assert!(!ballot.contains("\"blind\""), "{ballot}");
}
