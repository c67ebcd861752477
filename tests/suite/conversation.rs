//! The whole program as a person meets it: the real binary in a terminal, a conversation from prompt to next morning.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::tty::{Home, Tty};

const SIZE: (u16, u16) = (100, 30);

/// What this machine cannot show is said, and is a failure in CI.
fn skipped(what: &str) {
    assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "CI must be able to test {what}");
    crate::skipped!("{what}");
}

fn quit(mut tty: Tty) {
    tty.send("\x11");
    assert_eq!(tty.ended(), Some(0));
}

/// The id of the newest conversation, as a listing shows it.
fn newest(home: &Home) -> String {
    let list = home.said(&["conversations", "list", "--limit", "1"]);
    list.split_whitespace().next().unwrap_or_else(|| panic!("no conversation: {list}")).to_owned()
}

/// The newest conversation as its stored object.
fn thread(home: &Home) -> serde_json::Value {
    let text = home.said(&["conversations", "show", &newest(home), "--json"]);
    let reply: serde_json::Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    reply["thread"].clone()
}

/// The texts of its messages in order.
fn texts(thread: &serde_json::Value) -> Vec<String> {
    let of = |message: &serde_json::Value| {
        let blocks = message["blocks"].as_array().unwrap().iter();
        blocks.filter_map(|block| block["text"].as_str()).collect::<Vec<_>>().join("\n\n")
    };
    thread["messages"].as_array().unwrap().iter().map(of).collect()
}

/// Asks in a terminal, with a preset where one is named, quits, comes back; the answer.
fn talk_and_come_back(home: &Home, model: &str, preset: Option<&str>, prompt: &str) -> String {
    let tty = home.open(SIZE, &["-m", model]);
    tty.wait_for_composer();
    tty.wait_for(model);
    if let Some(name) = preset {
        tty.send("\x1bp");
        tty.wait_for("Presets");
        tty.send(name);
        tty.send("\r");
        // Beside the model, where it stays.
        tty.wait_for(&format!("{model} · temperature 0"));
    }
    tty.ask(prompt);
    // The footer offers to stop while an answer comes, and the answer's line of figures ends it.
    tty.wait("the end of the answer", |screen| {
        let text = screen.contents();
        let told = text.lines().any(|line| line.contains('→') && line.contains(" tok"));
        told && !text.contains("Esc stop")
    });
    quit(tty);

    let texts = texts(&thread(home));
    assert_eq!(texts.len(), 2, "{texts:?}");
    assert_eq!(texts[0], prompt);
    let first: String = texts[1].split_whitespace().take(3).collect::<Vec<_>>().join(" ");
    assert!(!first.is_empty());

    let again = home.open(SIZE, &[]);
    again.wait_for_composer();
    again.wait("the conversation", |screen| {
        let text = screen.contents();
        text.contains(prompt) && text.contains(&first)
    });
    quit(again);
    texts[1].clone()
}

#[test]
fn a_conversation_is_there_after_the_program_was_quit() {
    let home = Home::scripted();
    let answer = talk_and_come_back(&home, "scripted/stream-40@400", None, "why do rivers meander?");
    assert!(answer.starts_with("the river carries silt"), "{answer}");
}

#[test]
fn a_real_model_answers_in_the_terminal_and_the_conversation_is_there_afterwards() {
    let named = std::env::var_os("OUTCROP_TEST_MODEL").filter(|path| !path.is_empty());
    let Some(model) = named.and_then(|path| path.into_string().ok()) else {
        return skipped("a real model (OUTCROP_TEST_MODEL names no GGUF file)");
    };
    // Without randomness: a tiny model that samples answers beside the question now and then.
    let home = Home::new("[presets.exact]\ntemperature = 0\n");
    home.said(&["models", "add", &model, "--name", "smollm"]);
    let prompt = "What is the capital of France? Answer in one sentence.";
    let answer = talk_and_come_back(&home, "local/smollm", Some("exact"), prompt);
    assert!(answer.contains("Paris"), "{answer}");
}

#[test]
fn of_an_answer_that_was_being_written_when_the_program_was_killed_at_most_a_second_is_lost() {
    const RATE: usize = 100;
    let home = Home::scripted();
    let shown = |screen: &vt100::Screen| {
        let text = screen.contents();
        ["river", "silt", "stone", "engines", "grain", "patient", "readers", "answers"]
            .iter()
            .map(|word| text.matches(word).count())
            .sum::<usize>()
    };
    // Eight of the script's twenty-two words are counted, once in twenty-two.
    let in_all = |counted: usize| counted * 22 / 8;
    // Tall and wide enough that all of the answer stays in sight.
    let mut tty = home.open((200, 100), &["-m", &format!("scripted/stream-1000@{RATE}")]);
    tty.wait_for_composer();
    tty.ask("go");
    tty.wait("three seconds of the answer", |screen| in_all(shown(screen)) >= 3 * RATE);
    tty.kill();
    let seen = 3 * RATE;

    let again = home.open(SIZE, &[]);
    again.wait_for_composer();
    again.wait_for("interrupted");
    quit(again);
    let thread = thread(&home);
    let kept = texts(&thread)[1].split_whitespace().count();
    assert!(kept + RATE >= seen, "{kept} of {seen} words were kept");
    assert_eq!(thread["messages"][1]["answer"]["outcome"]["state"], "interrupted");
}

#[test]
fn what_was_typed_is_there_after_the_program_was_told_to_end_at_once() {
    use rustix::process::{Pid, Signal, kill_process};
    let home = Home::scripted();
    for (signal, word, code) in [(Signal::TERM, "meander", 143), (Signal::HUP, "rivers", 129)] {
        let mut tty = home.open(SIZE, &["-m", "scripted/echo"]);
        tty.wait_for_composer();
        tty.wait_for("scripted/echo");
        tty.send(word);
        tty.wait_for(word);
        kill_process(Pid::from_raw(i32::try_from(tty.pid()).unwrap()).unwrap(), signal).unwrap();
        assert_eq!(tty.ended(), Some(code));
        let again = home.open(SIZE, &[]);
        again.wait_for(word);
        quit(again);
    }
}

#[test]
fn a_servers_model_is_asked_though_there_is_none_on_this_machine() {
    let home = Home::new(
        "model = \"far/x\"\n[providers.far]\nkind = \"openai\"\nbase_url = \"http://127.0.0.1:9/v1\"\n",
    );
    let tty = home.open(SIZE, &[]);
    tty.wait_for_composer();
    tty.ask("are you there?");
    // Nobody listens there, which is said where the answer would be.
    tty.wait("the error", |screen| {
        let text = screen.contents();
        text.contains("✗") && text.contains("127.0.0.1:9") && !text.contains("Welcome")
    });
    quit(tty);
}

/// Every file under a folder.
fn files(under: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(under).unwrap() {
        let path = entry.unwrap().path();
        let kind = path.symlink_metadata().unwrap().file_type();
        if kind.is_dir() {
            found.extend(files(&path));
        } else if kind.is_file() {
            found.push(path);
        }
    }
    found
}

#[test]
fn neither_a_prompt_nor_an_answer_nor_a_key_is_found_in_any_file() {
    let key = "sk-canary-5b1f60";
    let home = Home::new(&format!(
        "log = \"trace\"\n[providers.scripted]\nkind = \"scripted\"\napi_key = \"{key}\"\n\
         [providers.nowhere]\nkind = \"openai\"\nbase_url = \"http://127.0.0.1:9/v1\"\napi_key = \"{key}\"\n"
    ));
    let tty = home.open(SIZE, &["-m", "scripted/echo"]);
    tty.wait_for_composer();
    tty.ask("the-canary-prompt sings");
    tty.wait_for("→");
    tty.send("a-canary-draft");
    tty.wait_for("a-canary-draft");
    quit(tty);
    home.said(&["chat", "-m", "scripted/echo", "--set", "temperature=0.5", "another-canary-prompt"]);
    home.said(&["conversations", "search", "another-canary-prompt"]);
    // One that fails on its way.
    let failed = home.run(&["chat", "-m", "nowhere/x", "a-lost-canary-prompt"]);
    assert_eq!(failed.status.code(), Some(2));
    let said = [failed.stdout, failed.stderr].concat();
    assert!(!String::from_utf8_lossy(&said).contains(key));

    let logged =
        files(home.path()).iter().filter(|path| path.extension().is_some_and(|e| e == "log")).count();
    assert!(logged > 0, "there is no log to look into");
    for path in files(home.path()).iter().filter(|path| !path.ends_with("config.toml")) {
        let bytes = std::fs::read(path).unwrap();
        for canary in ["canary-prompt", "canary-draft", key] {
            let found = bytes.windows(canary.len()).any(|window| window == canary.as_bytes());
            assert!(!found, "{canary} stands in {}", path.display());
        }
    }
}

/// The one that owns the workspace and has said something, and another one on it that shows what was said.
fn two_terminals(home: &Home) -> (Tty, Tty) {
    let first = home.open(SIZE, &["-m", "scripted/echo"]);
    first.wait_for_composer();
    first.ask("said in the first");
    first.wait_for("→");
    let second = home.open(SIZE, &["-m", "scripted/echo"]);
    second.wait_for_composer();
    second.wait_for("said in the first");
    (first, second)
}

/// What the second one said is answered.
fn wait_for_the_second(second: &Tty) {
    second.wait("the answer", |screen| {
        let text = screen.contents();
        text.contains("→") && text.matches("said in the second").count() >= 2
    });
}

#[test]
fn when_the_first_of_two_terminals_is_killed_the_second_goes_on() {
    let home = Home::scripted();
    let (mut first, second) = two_terminals(&home);
    first.kill();
    second.ask("said in the second");
    wait_for_the_second(&second);
    quit(second);
    let list = home.said(&["conversations", "list"]);
    assert!(list.contains("said in the first") && list.contains("said in the second"), "{list}");
}

/// Stops the program with Ctrl+Z; what stands on the terminal once the shell is back.
fn stop(tty: &Tty) -> String {
    tty.send("\x1a");
    tty.wait_until("the shell", |seen| {
        let text = seen.text();
        !seen.screen().alternate_screen() && text.contains("Stopped") && text.trim_end().ends_with("ready>")
    });
    tty.text()
}

#[test]
fn one_that_is_stopped_lets_others_have_the_workspace_and_goes_on_as_before() {
    let home = Home::scripted();
    let mut tty = home.shell(SIZE);
    tty.send(format!("{} -m scripted/echo\r", env!("CARGO_BIN_EXE_outcrop")));
    tty.wait_for_composer();
    tty.ask("said before");
    tty.wait_for("→");
    tty.send("kept");
    tty.wait_for("kept");
    for round in ["first", "second"] {
        let said = stop(&tty);
        assert!(!said.contains("still runs"), "{said}");
        let list = home.said(&["conversations", "list"]);
        assert!(list.contains("said before"), "{list}");
        let meanwhile = format!("said meanwhile, the {round} time");
        home.said(&["chat", "-m", "scripted/echo", &meanwhile]);
        tty.send("fg\r");
        // The list has what others did, and the composer what was typed.
        tty.wait_until("the picture", |seen| {
            let text = seen.text();
            seen.screen().alternate_screen() && text.contains("kept") && text.contains(&meanwhile[..20])
        });
    }
    tty.send(" and sent");
    tty.wait_for("kept and sent");
    tty.send("\r");
    tty.wait("the answer", |screen| screen.contents().matches("kept and sent").count() >= 2);
    tty.wait("its end", |screen| screen.contents().matches('→').count() >= 2);
    tty.send("\x11");
    tty.wait_until("the shell", |seen| {
        !seen.screen().alternate_screen() && seen.text().trim_end().ends_with("ready>")
    });
    tty.send("exit\r");
    assert_eq!(tty.ended(), Some(0));
    let texts = texts(&thread(&home));
    assert_eq!(texts, ["said before", "said before", "kept and sent", "kept and sent"]);
}

#[test]
fn one_that_is_stopped_while_it_answers_keeps_the_workspace_and_others_are_told_whom_they_wait_for() {
    let home = Home::scripted();
    let tty = home.shell(SIZE);
    tty.send(format!("{} -m scripted/stream-100000@20\r", env!("CARGO_BIN_EXE_outcrop")));
    tty.wait_for_composer();
    tty.ask("go");
    tty.wait_for("river");
    let said = stop(&tty);
    assert!(said.contains("something still runs"), "{said}");
    let refused = home.run(&["conversations", "list"]);
    assert_eq!(refused.status.code(), Some(2));
    let error = String::from_utf8_lossy(&refused.stderr);
    let pid = std::fs::read_to_string(home.path().join("lock"))
        .or_else(|_| std::fs::read_to_string(home.path().join("workspace/lock")))
        .unwrap_or_default();
    assert!(error.contains(&format!("process {}", pid.trim())) && error.contains("fg"), "{error}");
    tty.send("fg\r");
    tty.wait_until("the picture", |seen| seen.screen().alternate_screen() && seen.text().contains("river"));
    tty.send("\x1b");
    tty.wait_for("stopped");
    home.said(&["conversations", "list"]);
}

#[test]
fn an_attached_screen_says_that_its_owner_does_not_answer_and_goes_on_when_it_does() {
    use rustix::process::Signal;
    let home = Home::scripted();
    let (first, second) = two_terminals(&home);
    first.signal(Signal::STOP);
    second.ask("said in the second");
    second.wait_for("does not answer");
    second.wait_for(&format!("process {}", first.pid()));
    first.signal(Signal::CONT);
    wait_for_the_second(&second);
    quit(second);
    quit(first);
}

#[test]
fn a_command_says_that_the_owner_it_asks_does_not_answer_and_ends_when_it_does() {
    use rustix::process::Signal;
    use std::io::{BufRead, BufReader};
    let home = Home::scripted();
    let owner = home.open(SIZE, &["-m", "scripted/echo"]);
    owner.wait_for_composer();
    let mut command = Command::new(env!("CARGO_BIN_EXE_outcrop"));
    command.args(["chat", "-m", "scripted/stream-100@20", "go"]).env_clear().envs(home.variables());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut command = command.spawn().unwrap();
    let mut first = [0; 1];
    command.stdout.as_mut().unwrap().read_exact(&mut first).unwrap();
    owner.signal(Signal::STOP);
    let mut said = BufReader::new(command.stderr.take().unwrap()).lines().map_while(Result::ok);
    let note = said.find(|line| line.contains("does not answer")).expect("it is silent itself");
    assert!(note.contains(&format!("process {}", owner.pid())), "{note}");
    owner.signal(Signal::CONT);
    assert!(command.wait().unwrap().success());
    quit(owner);
}

/// What of a program's output drives a terminal and is not what this program sends by itself.
fn foreign(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes);
    let mut found = Vec::new();
    let mut rest = text.as_ref();
    while let Some(at) = rest.find(drives) {
        rest = &rest[at..];
        let length = own(rest);
        if length == 0 {
            found.push(rest.chars().take(24).collect::<String>().escape_debug().to_string());
        }
        let first = rest.chars().next().map_or(1, char::len_utf8);
        rest = &rest[length.max(first)..];
    }
    found
}

/// Controls, and what reorders or hides text.
fn drives(c: char) -> bool {
    let plain = matches!(c, '\n' | '\r' | '\t');
    let unseen = matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200b}' | '\u{e0000}'..='\u{e007f}');
    c.is_control() && !plain || unseen
}

/// The length of one of the program's own sequences at the front; 0 where there is none.
fn own(text: &str) -> usize {
    const EXACT: &[&str] = &[
        // Whether it has Kitty's graphics, its name, the size of a cell.
        "\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\",
        "\x1b[>q",
        "\x1b[16t",
        "\x1b[?1049h",
        "\x1b[?1049l",
        "\x1b[?2004h",
        "\x1b[?2004l",
        "\x1b[?1004h",
        "\x1b[?1004l",
        "\x1b[?2026h",
        "\x1b[?2026l",
        "\x1b[?25h",
        "\x1b[?25l",
        "\x1b[?1000h",
        "\x1b[?1000l",
        "\x1b[?1002h",
        "\x1b[?1002l",
        "\x1b[?1006h",
        "\x1b[?1006l",
        "\x1b]11;?\x1b\\",
        "\x1b[?u",
        "\x1b[?2004$p",
        "\x1b[c",
        "\x1b[22;2t",
        "\x1b[23;2t",
    ];
    if let Some(exact) = EXACT.iter().find(|exact| text.starts_with(**exact)) {
        return exact.len();
    }
    // A title: plain characters up to the string terminator.
    if let Some(title) = text.strip_prefix("\x1b]2;") {
        let end = title.find(drives).filter(|end| title[*end..].starts_with("\x1b\\"));
        return end.map_or(0, |end| 4 + end + 2);
    }
    // Colours, places, clearing.
    let Some(sequence) = text.strip_prefix("\x1b[") else { return 0 };
    let end = sequence.find(|c: char| !c.is_ascii_digit() && c != ';' && c != ':');
    let last = end.and_then(|end| sequence[end..].chars().next());
    match (end, last) {
        (Some(end), Some('m' | 'H' | 'J' | 'K' | 'A' | 'B' | 'C' | 'D' | 'G' | 'd')) => 2 + end + 1,
        _ => 0,
    }
}

#[test]
fn what_the_test_takes_for_foreign_is_what_drives_a_terminal() {
    let own = "\x1b[?1049h\x1b[38;2;1;2;3m\x1b[12;1Htext\r\n\x1b]2;a title\x1b\\ 漢字 \x1b[0m";
    assert_eq!(foreign(own.as_bytes()), Vec::<String>::new());
    for hostile in [
        "\x1b]52;c;ZXZpbA==\x07",
        "\x1b]8;;https://evil.example\x1b\\",
        "\u{9b}31m",
        "\x1b[6n",
        "\x1bP+q544e\x1b\\",
        "\x7f",
        "\x08",
        "\u{202e}",
        "\u{e0041}",
        "\x1b]2;a\x07b\x1b\\",
        "\x1b]0;x\x07",
        "\x1bc",
    ] {
        assert!(!foreign(hostile.as_bytes()).is_empty(), "{hostile:?}");
    }
}

#[test]
fn a_hostile_model_puts_no_control_on_the_screen() {
    let home = Home::scripted();
    let mut tty = home.open(SIZE, &["-m", "scripted/hostile"]);
    tty.wait_for_composer();
    // A prompt becomes a title of the window and of the list.
    tty.send("\x1b[200~title \x1b]0;evil\x07 \u{9b}2J \u{202e}end\x1b[201~");
    tty.wait_for("title");
    tty.enter_after_paste();
    tty.wait_for("unclosed after");
    // What it thought is shown too.
    tty.send("\t");
    tty.wait_for("→");
    tty.send("\x11");
    assert_eq!(tty.ended(), Some(0));
    // Whole sequences only: in the middle of the run, the last one may be half written.
    assert_eq!(foreign(&tty.bytes()), Vec::<String>::new());
}

#[test]
fn a_hostile_model_puts_no_control_on_a_terminal_that_chat_prints_to() {
    let home = Home::scripted();
    for arguments in [
        &["chat", "-m", "scripted/hostile", "go"][..],
        &["chat", "--json", "-m", "scripted/hostile", "go"][..],
    ] {
        let mut tty = home.open(SIZE, arguments);
        tty.wait_for("unclosed after");
        assert_eq!(tty.ended(), Some(0));
        let plain = tty.bytes();
        assert_eq!(foreign(&plain), Vec::<String>::new(), "{arguments:?}");
        assert!(!plain.contains(&0x1b), "{arguments:?}");
    }
    // Byte for byte is for files and programs.
    for arguments in
        [&["chat", "--raw", "-m", "scripted/hostile", "go"][..], &["conversations", "export", "--raw"][..]]
    {
        let mut tty = home.open(SIZE, arguments);
        tty.wait_for("could drive it");
        assert_eq!(tty.ended(), Some(2));
        assert!(!tty.bytes().contains(&0x1b), "{arguments:?}");
    }
    // Into a pipe the JSON is the same.
    let json = home.said(&["chat", "--json", "-m", "scripted/hostile", "go"]);
    assert!(!json.contains(drives), "{json}");
}

/// What a stranger sends that would drive a terminal.
const EVIL: &str = "evil \u{1b}]52;c;x\u{7} \u{1b}[2J \u{9b}31m \u{202e}end";

/// Two spans of another program, whose every text is such.
fn hostile_trace() -> String {
    use serde_json::json;
    let told = |key: &str, value: &str| json!({"key": key, "value": {"stringValue": value}});
    let span = |id: &str, parent: &str, name: &str| {
        let said =
            json!([{"role": "user", "parts": [{"type": "text", "content": format!("Is it so? {EVIL}")}]}]);
        json!({
            "traceId": "5b8efff798038103d269b633813fc60c", "spanId": id, "parentSpanId": parent, "kind": 3,
            "name": format!("{name} {EVIL}"), "status": {"code": 2, "message": EVIL},
            "startTimeUnixNano": "1764500000000000000", "endTimeUnixNano": "1764500001000000000",
            "attributes": [
                told("gen_ai.operation.name", "chat"), told("gen_ai.request.model", EVIL),
                told("gen_ai.input.messages", &said.to_string()), told(EVIL, EVIL),
            ],
        })
    };
    let spans =
        [span("eee19b7ec3c1b174", "", "outer"), span("eee19b7ec3c1b175", "eee19b7ec3c1b174", "inner")];
    let resource = json!({"attributes": [told("service.name", EVIL)]});
    json!({"resourceSpans": [{"resource": resource, "scopeSpans": [{"scope": {"name": EVIL}, "spans": spans}]}]})
        .to_string()
}

#[test]
fn what_agents_and_other_programs_say_puts_no_control_on_a_terminal() {
    let home = Home::new(
        "model = 'scripted/echo'\n[providers.scripted]\nkind = 'scripted'\n[models.\"scripted/acts\"]\ncan = ['tools']\n",
    );
    let file = |name: &str, text: &str| {
        let path = home.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let agent = serde_json::json!({
        "name": "shop", "instruction": EVIL, "model": "scripted/acts",
        "groups": [{"name": "sums", "description": EVIL, "runs": {"built_in": {"tool": "calculator"}}}],
    });
    home.said(&["agent", "create", &file("shop.json", &agent.to_string())]);
    home.said(&["traces", "import", &file("trace.json", &hostile_trace())]);
    let script = format!("acts\n{EVIL}\ncall calculator {{\"expression\": \"6 * 7\"}}\n---\n{EVIL}");
    for arguments in [
        &["traces", "list"][..],
        &["traces", "show", "5b8efff7"],
        &["traces", "show", "5b8efff7", "--span", "1"],
        &["traces", "stats", "5b8efff7"],
        &["traces", "export", "5b8efff7", "--format", "markdown"],
        &["agent", "run", "shop", &script],
        &["agent", "show", "shop"],
    ] {
        for json in [false, true] {
            let json: &[&str] = if json { &["--json"] } else { &[] };
            let mut tty = home.open(SIZE, &[arguments, json].concat());
            assert_eq!(tty.ended(), Some(0), "{arguments:?}: {}", tty.text());
            let said = tty.bytes();
            assert!(!said.is_empty());
            assert_eq!(foreign(&said), Vec::<String>::new(), "{arguments:?} {json:?}");
        }
    }
    // The same on the screen: the list, the tree with a card, the conversation.
    let mut tty = home.open((120, 30), &[]);
    tty.wait_for_composer();
    tty.send("\x1b9");
    tty.wait_for("outer evil");
    // The newest ones are of the agent: the one from elsewhere is the last.
    tty.send("G\r");
    tty.wait_for("inner evil");
    tty.send("v");
    tty.wait_for("Is it so?");
    tty.send("\x11");
    assert_eq!(tty.ended(), Some(0));
    assert_eq!(foreign(&tty.bytes()), Vec::<String>::new());
}

#[test]
fn headless_chat_prints_the_answer_and_nothing_else() {
    let home = Home::scripted();
    assert_eq!(home.said(&["chat", "-m", "scripted/echo", "say", "this"]), "say this\n");
    let lines = home.said(&["chat", "-m", "scripted/echo", "--continue", "--json", "and this"]);
    for line in lines.lines() {
        serde_json::from_str::<serde_json::Value>(line).unwrap();
    }
    assert!(texts(&thread(&home)).contains(&"and this".to_owned()));
    // A reader that goes away is no error.
    let binary = env!("CARGO_BIN_EXE_outcrop");
    let script = format!("'{binary}' chat -m scripted/stream-20000 go | head -c 10");
    let output = Command::new("sh").arg("-c").arg(script).env("OUTCROP_HOME", home.path()).output().unwrap();
    assert_eq!((output.stdout.as_slice(), output.stderr.as_slice()), (&b"the river "[..], &b""[..]));
}

#[test]
fn a_workspace_with_a_passphrase_is_opened_on_the_screen() {
    let home = Home::scripted();
    home.said(&["chat", "-m", "scripted/echo", "a sealed prompt"]);
    let file = home.path().join("words");
    std::fs::write(&file, "river stone").unwrap();
    let file = file.to_str().unwrap();
    home.said(&["workspace", "rekey", "--to", "passphrase", "--new-passphrase-file", file]);
    let tty = home.open(SIZE, &[]);
    tty.wait_for("sealed with a passphrase");
    assert!(!tty.text().contains("sealed prompt"));
    tty.send("battery staple\r");
    tty.wait_for("does not open it");
    // A paste ends with no Enter, and shows nothing either.
    tty.send("\x1b[200~river stone\x1b[201~");
    tty.wait_for("•••••••••••");
    tty.enter_after_paste();
    tty.wait_for("a sealed prompt");
    let bytes = tty.bytes();
    for secret in [&b"battery"[..], b"staple", b"river"] {
        assert!(!bytes.windows(secret.len()).any(|window| window == secret), "it was echoed");
    }
    quit(tty);
    let tty = home.open(SIZE, &[]);
    tty.wait_for("sealed with a passphrase");
    tty.send("\x1b");
    let mut tty = tty;
    assert_eq!(tty.ended(), Some(0));
}
