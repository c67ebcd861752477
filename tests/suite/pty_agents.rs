//! An agent in the real program: chosen in the chat, asked, seen at work, looked into.

use futures_util::StreamExt;
use outcrop::config::{Config, Environment, Flags};
use outcrop::domain::agent::run::State;
use outcrop::workbench::request::agents::Agents;
use outcrop::workbench::{self, Attached, Context, Face, Reply, Request, Workbench};
use rustix::process::Signal;
use tokio::task::block_in_place;

use crate::tty::{ALONE, Home, Tty};

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
fn an_agent_is_made_and_edited_on_the_screen() {
    let home = Home::new(CONFIG);
    let mut tty = home.open(SIZE, &[]);
    tty.wait_for_composer();
    tty.send("\x1be");
    tty.wait_for("make a new agent");
    tty.send("\r");
    tty.wait_for("A new agent");
    tty.send("shop");
    tty.wait_for("name = \"shop\"");
    tty.send("\r");
    // The text is there again, with what is wrong in it; the instruction stands two lines below the name.
    tty.wait_for("it is empty");
    tty.send("\x1b[B\x1b[B\x1b[F\x1b[D");
    tty.send("You help.");
    tty.wait_for("\"You help.\"");
    tty.send("\r");
    tty.wait_for("shop is made");
    let shown = home.said(&["agent", "export", "shop"]);
    assert!(shown.contains("\"You help.\"") && shown.contains("scripted/echo"), "{shown}");
    tty.send("\x10");
    tty.wait_for("Actions");
    tty.send("edit an agent");
    tty.wait_for("Edit an agent, as a new version");
    tty.send("\r");
    tty.wait_for("from version 1");
    tty.send("\r");
    tty.wait_for("nothing was changed");
    tty.send("# Mine.");
    tty.wait_for("# Mine.");
    tty.send("\x1b\r");
    tty.wait("a line was begun", |screen| !screen.contents().contains("# Mine.name"));
    tty.send("\r");
    tty.wait_for("it is the same as version 1");
    tty.send("\x1b[B\x1b[F\x1b[D");
    tty.send("Indeed.");
    tty.wait_for("Indeed.");
    tty.send("\r");
    tty.wait_for("Saved as version 2 of shop");
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

/// What the first reply to a request is.
async fn replied(door: &Attached, request: Agents) -> Reply {
    let mut replies = door.call(Context::of(Face::Tui), Request::Agents(request));
    replies.next().await.expect("a reply").unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_of_the_command_line_is_taken_back_when_another_window_has_answered_it() {
    let home = Home::new(CONFIG);
    let file = home.path().join("shop.toml");
    std::fs::write(&file, AGENT.replace("runs =", "confirm = true\nruns =")).unwrap();
    block_in_place(|| home.said(&["agent", "create", file.to_str().unwrap()]));
    let told = [("OUTCROP_HOME", home.path().to_str().unwrap()), ALONE];
    let variables = told.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let mut config = Config::load(&Environment::from_vars(variables), &Flags::default()).unwrap();
    config.program = env!("CARGO_BIN_EXE_outcrop").into();
    let door = workbench::open(&config);
    door.ready().await.unwrap();
    for (agreed, said) in [(true, "it was agreed to in another window"), (false, "it was refused in another")]
    {
        let script = format!("acts\n{COMPUTES}---\nThat is all.");
        let mut tty = home.open(SIZE, &["agent", "run", "shop", &script]);
        block_in_place(|| tty.wait_for("Call it? [y/N]"));
        // Typed and not sent off, it is an answer to nothing.
        tty.send("y");
        let Reply::Agents { agents } = replied(&door, Agents::List).await else { panic!("no agents") };
        let runs = replied(&door, Agents::Runs { id: agents[0].id, limit: 9 }).await;
        let Reply::AgentRuns { runs } = runs else { panic!("{runs:?}") };
        let waiting = runs.iter().find(|run| run.state == State::Running).expect("a run");
        let decide = Agents::Decide { run: waiting.id, call: "1:call_0_0".to_owned(), agreed };
        assert_eq!(replied(&door, decide).await, Reply::Done);
        block_in_place(|| {
            tty.wait_for(said);
            tty.wait_for("That is all.");
            assert_eq!(tty.ended(), Some(0));
        });
    }
    door.close().await;
}
