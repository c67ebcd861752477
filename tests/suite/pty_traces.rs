//! Traces in the real program: what another process brings is seen at once, opened, walked and searched.

use std::path::Path;

use crate::tty::Home;

const SIZE: (u16, u16) = (100, 30);

fn data(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/traces").join(name);
    path.to_str().unwrap().to_owned()
}

#[test]
fn a_run_that_another_process_brings_is_seen_at_once_and_looked_into() {
    let home = Home::scripted();
    let mut tty = home.open(SIZE, &[]);
    tty.wait_for_composer();
    tty.send("\x1b9");
    tty.wait_for("Every call of a model");
    home.said(&["traces", "import", &data("otlp_genai.json")]);
    tty.wait_for("invoke_agent Weather");
    tty.send("\r");
    tty.wait_for("execute_tool");
    tty.send("]");
    tty.wait_for("timeout: slow");
    // The answer stands in no name: only what was said has it.
    tty.send("/rainy\r");
    tty.wait_for("1 found");
    tty.send("\x1b");
    tty.wait("the line is left", |screen| !screen.contents().contains("1 found"));
    tty.send("v");
    tty.wait_for("Weather in Paris?");
    tty.send("\x11");
    tty.ends_restored(0);
}
