//! An agent in the real program: chosen in the chat, asked, seen at work, looked into.

use crate::tty::Home;

const SIZE: (u16, u16) = (100, 30);

const CONFIG: &str = "model = 'scripted/echo'\n[providers.scripted]\nkind = 'scripted'\n\
                      [models.\"scripted/acts\"]\ncan = ['tools']\n";

const AGENT: &str = "name = 'shop'\ninstruction = 'You help.'\nmodel = 'scripted/acts'\n\
                     [[groups]]\nname = 'sums'\nruns = { built_in = { tool = 'calculator' } }\n";

#[test]
fn an_agent_answers_in_the_chat_and_one_key_leads_to_its_trace() {
    let home = Home::new(CONFIG);
    let file = home.path().join("shop.toml");
    std::fs::write(&file, AGENT).unwrap();
    home.said(&["agent", "create", file.to_str().unwrap()]);
    let mut tty = home.open(SIZE, &[]);
    tty.wait_for_composer();
    tty.send("\x1be");
    tty.wait_for("Answered by");
    tty.send("\r");
    tty.wait_for("agent shop");
    tty.send("\x1b[200~acts\ncall calculator {\"expression\": \"6 * 7\"}\n---\nIt is 42.\x1b[201~");
    tty.wait_for("[Pasted #1");
    tty.enter_after_paste();
    tty.wait_for("answered · run");
    let text = tty.text();
    assert!(text.contains("calculator") && text.contains("→ 42"), "{text}");
    tty.send("\t");
    tty.wait("the focus in what is read", vt100::Screen::hide_cursor);
    tty.send("T");
    tty.wait_for("took");
    tty.send("\x11");
    tty.ends_restored(0);
}
