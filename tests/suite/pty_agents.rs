//! An agent in the real program: chosen in the chat, asked, seen at work, looked into.

use rustix::process::Signal;

use crate::tty::{Home, Tty};

const SIZE: (u16, u16) = (100, 30);

const CONFIG: &str = "model = 'scripted/echo'\n[providers.scripted]\nkind = 'scripted'\n\
                      [models.\"scripted/acts\"]\ncan = ['tools']\n";

const AGENT: &str = "name = 'shop'\ninstruction = 'You help.'\nmodel = 'scripted/acts'\n\
                     [[groups]]\nname = 'sums'\nruns = { built_in = { tool = 'calculator' } }\n";

const COMPUTES: &str = "call calculator {\"expression\": \"6 * 7\"}\n";

/// A terminal in which the agent was asked to do what the script says.
fn asked(home: &Home, agent: &str, script: &str) -> Tty {
    let file = home.path().join("shop.toml");
    std::fs::write(&file, agent).unwrap();
    home.said(&["agent", "create", file.to_str().unwrap()]);
    let tty = home.open(SIZE, &[]);
    tty.wait_for_composer();
    tty.send("\x1be");
    tty.wait_for("Answered by");
    tty.send("\r");
    tty.wait_for("agent shop");
    tty.send(format!("\x1b[200~acts\n{script}\x1b[201~"));
    tty.wait_for("[Pasted #1");
    tty.enter_after_paste();
    tty
}

#[test]
fn an_agent_answers_in_the_chat_and_one_key_leads_to_its_trace() {
    let home = Home::new(CONFIG);
    let mut tty = asked(&home, AGENT, &format!("{COMPUTES}---\nIt is 42."));
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

#[test]
fn an_agent_at_work_is_stopped_with_what_it_did_when_the_terminal_goes_or_a_signal_comes() {
    let waits = "[[groups]]\nname = 'slow'\nruns = { program = { command = ['/bin/sleep', '60'] } }\n\
                 functions = [{ name = 'wait', description = '' }]\n";
    for hangs_up in [false, true] {
        let home = Home::new(CONFIG);
        let script = format!("{COMPUTES}---\ncall wait {{}}\n---\nDone.");
        let mut tty = asked(&home, &format!("{AGENT}{waits}"), &script);
        tty.wait_for("→ 42");
        if hangs_up {
            tty.hang_up();
            assert_eq!(tty.ended(), Some(129));
        } else {
            tty.signal(Signal::TERM);
            tty.ends_restored(143);
        }
        assert!(home.said(&["agent", "show", "shop"]).contains("stopped"));
        let list = home.said(&["conversations", "list"]);
        let kept = home.said(&["conversations", "show", list.split_whitespace().next().unwrap()]);
        assert!(kept.contains("it gave: 42"), "{kept}");
    }
}
