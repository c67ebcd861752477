//! Chat and conversations through the door, here and there.

use std::io::Read;
use std::process::Stdio;

use super::home::{self, Home, SCRIPTED, Said, files};

/// Runs the lines in a home of their own, once as the owner and once attached to this process; both say the same.
pub fn on_both(lines: &[&str]) -> String {
    let [here, there] = home::on_both(Home::new, |home| home.transcript(lines));
    assert_eq!(here, there, "as the owner, and attached to one");
    here
}

#[test]
fn a_conversation_is_held_listed_shown_searched_forked_and_removed() {
    insta::assert_snapshot!(
        "conversation",
        on_both(&[
            "chat 'Why do rivers meander?'",
            "chat --continue 'And why do they braid?'",
            "chat -m scripted/reasoning think",
            "conversations list",
            "conversations search braid",
            "conversations list --json",
            "conversations search nowhere",
            "conversations search '\"And why\"'",
            "conversations search ' '",
            "conversations list -n 1",
            "conversations list -n 0",
            "conversations request none",
            "conversations remove none --yes",
            "conversations show zzz",
        ])
    );
}

#[test]
fn of_a_model_or_a_provider_that_is_misspelt_the_one_that_was_meant_is_said() {
    let home = Home::with(SCRIPTED);
    for (args, meant) in [
        (&["chat", "-m", "scripte/echo", "hello"][..], "Did you mean scripted? Providers are: "),
        // It is known how that one is had, though it is not there.
        (&["chat", "-m", "opnai/gpt-5", "hello"][..], "Did you mean openai? Providers are: "),
        (&["chat", "-m", "local/smolm2", "hello"][..], "Did you mean local/smollm2-"),
        (&["models", "show", "scripted/ehco"][..], "Did you mean scripted/echo? "),
        (&["models", "show", "local/smolm2-135m"][..], "Did you mean local/smollm2-135m? "),
        (&["models", "pull", "local/smollm2-153m", "--yes"][..], "Did you mean local/smollm2-135m? It has "),
    ] {
        let said = home.run(args);
        assert!(said.code == Some(2) && said.stderr.contains(&format!("hint: {meant}")), "{said:?}");
    }
    assert!(!home.run(&["chat", "-m", "nobody/x", "hello"]).stderr.contains("Did you mean"));
}

#[test]
fn an_answer_that_breaks_its_schema_is_marked_and_a_schema_that_is_none_is_refused() {
    let schema =
        r#"'response_schema={"type":"object","properties":{"age":{"type":"number"}},"required":["age"]}'"#;
    let asked = |text: &str| format!("chat --set {schema} '{text}'");
    let lines = [
        asked(r#"{"age": 4}"#),
        asked(r#"{"age": "x"}"#),
        asked("```json\n{\"age\": 4}\n```"),
        "conversations list".to_owned(),
        "chat --set 'response_schema={\"type\":\"objekt\"}' hello".to_owned(),
        "chat --set 'response_schema={\"$ref\":\"https://far.example/a.json\"}' hello".to_owned(),
        "chat --set 'response_schema=[]' hello".to_owned(),
        "chat --set 'tools=[{\"name\":\"look\",\"schema\":{\"pattern\":\"(\"}}]' hello".to_owned(),
    ];
    insta::assert_snapshot!("schema", on_both(&lines.each_ref().map(String::as_str)));
    let home = Home::new();
    let said = home.run(&["chat", "--json", "--set", schema.trim_matches('\''), "{\"age\": \"x\"}"]);
    let last = said.objects().pop().unwrap();
    let found = serde_json::json!({
        "verdict": "broken", "breaks": [{"at": "/age", "why": "it is not of type \"number\""}], "more": 0,
    });
    assert_eq!((said.code, &last["answer"]["answer"]["schema"]), (Some(1), &found), "{last}");
    let id = home.run(&["conversations", "list"]).stdout.split(' ').next().unwrap().to_owned();
    for verb in ["show", "export"] {
        let said = home.run(&["conversations", verb, &id]).stdout;
        assert!(said.contains("✗ schema: /age: it is not of type \"number\""), "{said}");
    }
}

#[test]
fn chat_says_what_is_wrong_and_how_to_mend_it() {
    insta::assert_snapshot!(
        "chat_errors",
        on_both(&[
            "chat -m smollm2 hello",
            "chat -m nobody/x hello",
            "chat -m scripted/none hello",
            "chat -m scripted/fail-401 hello",
            "chat -m scripted/fail-context hello",
            "chat --set temperature=9 hello",
            "chat --set temperature hello",
            "chat --preset exact hello",
            "chat --continue hello",
            "chat --conversation xyz hello",
            "chat -f missing.txt hello",
            "chat",
            "chat -m scripted/cut hello",
            "chat -m scripted/stream-40 --set max_tokens=3 hello",
        ])
    );
}

#[test]
fn a_tool_that_is_called_is_said_and_answered_with_the_next_question() {
    let home = Home::new();
    let said = home.run(&["chat", "-m", "scripted/tools", "weather?"]);
    assert_eq!((said.code, said.stdout.as_str()), (Some(0), "Let me look.\n"));
    assert!(
        said.stderr.contains("the model calls get_weather {\"city\":\"Oslo\"} as call_1"),
        "{}",
        said.stderr
    );
    let id = home.run(&["conversations", "list"]).stdout[..8].to_owned();
    let answers = format!("outcrop chat --conversation {id} --tool-result call_1=TEXT");
    assert!(said.stderr.contains(&answers), "{}", said.stderr);

    std::fs::write(home.beside().join("sun.txt"), "sunny\n").unwrap();
    std::fs::write(home.beside().join("logo.md"), "![sun](a.png)\n").unwrap();
    for (given, content, is_error) in [
        ("call_1=sunny", "sunny", false),
        ("1=sunny", "sunny", false),
        ("1=@logo.md", "![sun](a.png)", false),
        ("1=!@sun.txt", "sunny", true),
        ("get_weather=@sun.txt", "sunny", false),
        ("call_1=! no such city", "no such city", true),
    ] {
        home.run(&["chat", "-m", "scripted/tools", "weather?"]);
        let said = home.run(&["chat", "--json", "--continue", "--tool-result", given]);
        let block = &said.objects()[0]["asked"]["blocks"][0];
        assert_eq!(
            (block["content"].as_str(), block["is_error"].as_bool().unwrap_or_default()),
            (Some(content), is_error),
            "{block}"
        );
    }
    let said = home.run(&["chat", "--json", "--continue", "--tool-result", "call_1=", "and", "then?"]);
    assert_eq!(said.objects()[0]["asked"]["blocks"][1]["text"], "and then?");
}

#[test]
fn a_result_that_no_call_waits_for_is_an_error_that_names_the_calls() {
    let home = Home::new();
    home.run(&["chat", "-m", "scripted/tools", "weather?"]);
    for (arguments, why) in [
        (&["--continue", "--tool-result", "x=1"][..], "no call \"x\" waits"),
        (&["--continue", "--tool-result", "sunny"], "not of the form ID=TEXT"),
        (&["--continue", "--tool-result", "call_1=1", "--tool-result", "get_weather=2"], "answered twice"),
        (&["--tool-result", "call_1=1"], "--continue"),
        (&["--continue", "--tool-result", "call_1=@nothing.txt"], "nothing.txt"),
    ] {
        let said = home.run(&[&["chat"], arguments].concat());
        assert_eq!(said.code, Some(2), "{}", said.stderr);
        assert!(said.stderr.contains(why), "{why}: {}", said.stderr);
    }
}

#[test]
fn a_provider_without_its_key_names_the_variable_and_the_command() {
    let home = Home::new();
    for (model, words) in [
        ("openai/gpt-4o", ["OPENAI_API_KEY", "outcrop keys set openai"]),
        ("anthropic/claude", ["ANTHROPIC_API_KEY", "outcrop keys set anthropic"]),
        ("bedrock/x", ["AWS_REGION", "providers.bedrock.region"]),
    ] {
        let said = home.run(&["chat", "-m", model, "hi"]);
        assert_eq!(said.code, Some(2));
        for word in words {
            assert!(said.stderr.contains(word), "{model}: {}", said.stderr);
        }
    }
}

#[test]
fn prompts_come_from_arguments_files_and_input_together() {
    let home = Home::new();
    std::fs::write(home.beside().join("notes.txt"), "one\ntwo\n").unwrap();
    let said = home.fed("piped\n", &["chat", "--json", "-f", "notes.txt", "typed", "words"]);
    let started = &said.objects()[0];
    assert_eq!(started["asked"]["blocks"][0]["text"], "notes.txt:\n\n```\none\ntwo\n```");
    assert_eq!(started["asked"]["blocks"][1]["text"], "typed words\n\npiped");
    assert_eq!(home.fed("from input", &["chat", "-"]).stdout, "from input\n");
    assert_eq!(home.fed("from input", &["chat"]).stdout, "from input\n");
}

#[test]
fn settings_presets_and_the_system_prompt_reach_the_turn() {
    let home = Home::with(
        "model = 'scripted/echo'\n[providers.scripted]\nkind = 'scripted'\n\
         [defaults]\ntop_p = 0.5\ntemperature = 1\nsystem = 'Overruled.'\n\
         [presets.exact]\ntemperature = 0\nsystem = 'Be brief.'\n",
    );
    let plain = home.run(&["chat", "--json", "hi"]).objects();
    assert_eq!(plain[0]["conversation"]["system"], "Overruled.");
    assert_eq!(plain[0]["answer"]["answer"]["settings"]["temperature"], 1.0);
    let said = home.run(&["chat", "--json", "--preset", "exact", "--set", "seed=7", "hi"]);
    let started = &said.objects()[0];
    assert_eq!(started["conversation"]["system"], "Be brief.");
    assert_eq!(started["answer"]["answer"]["settings"]["temperature"], 0.0);
    assert_eq!(started["answer"]["answer"]["settings"]["seed"], 7);
    assert_eq!(started["answer"]["answer"]["settings"]["top_p"], 0.5);
    let said = home.run(&["chat", "--json", "--continue", "--set", "top_k=5", "-s", "Be long.", "on"]);
    let started = &said.objects()[0];
    assert_eq!(started["conversation"]["system"], "Be long.");
    assert_eq!(started["answer"]["answer"]["settings"]["top_k"], 5);
    assert_eq!(started["answer"]["answer"]["settings"]["seed"], 7);
}

#[test]
fn json_carries_hostile_text_whole_and_no_control() {
    let home = Home::new();
    let said = home.run(&["chat", "--json", "-m", "scripted/hostile", "go"]);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    for c in said.stdout.chars() {
        let hidden =
            matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{e0000}'..='\u{e007f}');
        assert!(c == '\n' || !c.is_control() && !hidden, "{c:?}");
    }
    let finished = said.objects().pop().unwrap();
    assert_eq!(finished["reply"], "finished");
    let text = finished["answer"]["blocks"].to_string();
    assert!(text.contains("\\u001b]52"), "{text}");
    // A list is one line each, whatever the title is.
    let said = home.run(&["conversations", "list"]);
    assert_eq!(said.stdout.lines().count(), 1);
}

#[test]
fn what_a_model_says_is_safe_in_a_pipe_too_and_whole_when_raw() {
    let home = Home::new();
    let id = |home: &Home| home.run(&["conversations", "list"]).stdout[..8].to_owned();
    let safe = home.run(&["chat", "-m", "scripted/hostile", "go"]).stdout;
    let raw = home.run(&["chat", "--raw", "-m", "scripted/hostile", "go"]).stdout;
    let id = id(&home);
    for text in [
        safe.as_str(),
        &home.run(&["conversations", "show", &id]).stdout,
        &home.run(&["conversations", "export"]).stdout,
        &home.run(&["conversations", "export", "-f", "json"]).stdout,
        &home.run(&["conversations", "export", "-f", "jsonl"]).stdout,
    ] {
        assert!(!text.contains(|c: char| c.is_control() && !"\n\t".contains(c)), "{text:?}");
        assert!(!text.contains(['\u{202e}', '\u{2066}', '\u{e0041}']), "{text:?}");
    }
    assert!(safe.contains('␛') && raw.contains('\u{1b}'), "{raw:?}");
    // A file gets it as it is, and so does whoever asks for that.
    home.run(&["conversations", "export", "-o", "out.md", &id]);
    let file = std::fs::read_to_string(home.beside().join("out.md")).unwrap();
    assert!(file.contains('\u{1b}'), "{file:?}");
    for arguments in [["conversations", "show", "--raw", &id], ["conversations", "export", "--raw", &id]] {
        assert!(home.run(&arguments).stdout.contains('\u{1b}'), "{arguments:?}");
    }
}

#[test]
fn a_question_that_brought_nothing_leaves_nothing() {
    let home = Home::new();
    for model in ["local/nope", "nobody/x", "scripted/fail-500", "scripted/fail-401"] {
        assert_eq!(home.run(&["chat", "-m", model, "lost"]).code, Some(2));
    }
    assert_eq!(home.run(&["conversations", "list"]).stdout, "");
    home.run(&["chat", "kept"]);
    let before = home.run(&["conversations", "export"]).stdout;
    let shown = |home: &Home| home.run(&["conversations", "show", "--json", &first(home)]).objects();
    let updated = shown(&home)[0]["thread"]["conversation"]["updated"].clone();
    for model in ["scripted/fail-500", "nobody/x"] {
        let arguments = ["chat", "-C", "-m", model, "-s", "Be odd.", "--set", "seed=3", "lost"];
        assert_eq!(home.run(&arguments).code, Some(2));
        // The branch, the model, the system prompt and the settings are what they were.
        assert_eq!(home.run(&["conversations", "export"]).stdout, before);
        let head = &shown(&home)[0]["thread"]["conversation"];
        assert_eq!((head["settings"].to_string().as_str(), head["system"].as_str()), ("{}", None));
        // To the millisecond: what was asked in vain is no turn.
        assert_eq!(head["updated"], updated);
    }
    assert_eq!(home.run(&["chat", "-C", "and on"]).stdout, "and on\n");
    // What brought a part of an answer stays.
    home.run(&["chat", "-m", "scripted/cut", "half"]);
    assert_eq!(home.run(&["conversations", "list"]).stdout.lines().count(), 2);
}

#[test]
fn an_answer_is_asked_for_again_or_gone_on_with_and_its_question_put_in_other_words() {
    let home = Home::new();
    let messages = |home: &Home| {
        let shown = home.run(&["conversations", "show", "--json", &first(home)]).objects();
        shown[0]["thread"]["messages"].as_array().unwrap().clone()
    };
    home.run(&["chat", "one"]);
    let answered = home.run(&["chat", "-C", "--retry"]);
    assert_eq!((answered.code, answered.stdout.as_str()), (Some(0), "one\n"), "{answered:?}");
    let now = messages(&home);
    assert_eq!(now.len(), 3);
    assert_eq!(now[1]["parent"], now[2]["parent"], "two answers to one question: {now:?}");
    let id = |message: &serde_json::Value| message["id"].as_str().unwrap().to_owned();
    let said = home.run(&["chat", "-C", "--instead", &id(&now[0]), "two"]);
    assert_eq!(said.stdout, "two\n", "{said:?}");
    let now = messages(&home);
    assert!(now.len() == 5 && now[3]["parent"].is_null(), "{now:?}");
    let said = home.run(&["chat", "-C", "--retry", "--at", &id(&now[1])]);
    assert_eq!(said.stdout, "one\n", "a branch that is not shown: {said:?}");

    for (args, why) in [
        (&["-C", "--instead", &id(&now[1]), "x"][..], "names an answer"),
        (&["-C", "--retry", "--at", "zzzz"], "there is none in this conversation"),
        (&["-C", "--retry", "x"], "cannot be used with"),
        (&["-C", "--retry", "--finish"], "cannot be used with"),
        (&["--retry"], "--continue"),
        (&["-C", "--at", "abcd", "x"], "--retry"),
    ] {
        let said = home.run(&[&["chat"][..], args].concat());
        assert!(said.code == Some(2) && said.stderr.contains(why), "{args:?}: {said:?}");
    }
    // What was asked again in vain changes nothing of what is gone on with.
    let before = home.run(&["conversations", "export"]).stdout;
    let said = home.run(&["chat", "-C", "--retry", "-m", "scripted/fail-500"]);
    assert!(said.code == Some(2) && said.stderr.contains("goes on where it did before"), "{said:?}");
    assert_eq!(home.run(&["conversations", "export"]).stdout, before);

    home.run(&["chat", "-m", "scripted/stream-40", "--set", "max_tokens=3", "more"]);
    let text = |home: &Home| -> String {
        let answer = messages(home).remove(1);
        let blocks = answer["blocks"].as_array().unwrap();
        blocks.iter().filter_map(|block| block["text"].as_str()).collect()
    };
    let part = text(&home);
    let said = home.run(&["chat", "-C", "--finish"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    let whole = text(&home);
    assert!(messages(&home).len() == 2 && whole.len() > part.len() && whole.starts_with(&part), "{whole}");
}

fn first(home: &Home) -> String {
    home.run(&["conversations", "list"]).stdout[..8].to_owned()
}

/// Reads a pipe until a text has come.
fn read_until(pipe: &mut impl Read, wanted: &str) -> String {
    let (mut seen, mut byte) = (Vec::new(), [0; 1]);
    while pipe.read(&mut byte).unwrap() > 0 {
        seen.push(byte[0]);
        if String::from_utf8_lossy(&seen).contains(wanted) {
            break;
        }
    }
    String::from_utf8_lossy(&seen).into_owned()
}

#[test]
fn an_answer_that_does_not_come_is_spoken_of() {
    let home = Home::new();
    let mut child = home.start(&["chat", "-m", "scripted/hang", "go"]);
    let said = read_until(&mut child.stderr.take().unwrap(), "hang");
    assert!(said.contains("waiting for scripted/hang"), "{said}");
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
}

#[test]
fn a_question_that_waits_for_its_turn_says_how_many_are_before_it() {
    let home = Home::with(&format!("{SCRIPTED}at_once = 1\n"));
    let mut first = home.start(&["chat", "-m", "scripted/stream-1000000@5", "go"]);
    first.stdout.as_mut().unwrap().read_exact(&mut [0; 1]).unwrap();
    let mut second = home.start(&["chat", "hello"]);
    let mut stderr = second.stderr.take().unwrap();
    let said = read_until(&mut stderr, "before it");
    assert!(said.contains("waiting for scripted/echo: 1 before it"), "{said}");
    // Whoever is before it goes, and it is its turn.
    let pid = rustix::process::Pid::from_child(&first);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    assert_eq!(first.wait().unwrap().code(), Some(130));
    let said = Said::of(second.wait_with_output().unwrap());
    assert_eq!((said.code, said.stdout.as_str()), (Some(0), "hello\n"));
}

#[test]
fn a_pipe_that_stays_open_is_spoken_of_and_never_given_up() {
    let home = Home::new();
    let mut child = home.command(&["chat", "hello"]).stdin(Stdio::piped()).spawn().unwrap();
    let mut held = child.stdin.take().unwrap();
    let said = read_until(&mut child.stderr.take().unwrap(), "/dev/null");
    assert!(said.contains("< /dev/null"), "{said}");
    std::io::Write::write_all(&mut held, b"late").unwrap();
    drop(held);
    let mut answer = String::new();
    child.stdout.take().unwrap().read_to_string(&mut answer).unwrap();
    assert_eq!((child.wait().unwrap().code(), answer.as_str()), (Some(0), "hello\n\nlate\n"));
}

#[test]
fn every_line_for_programs_says_its_kind_and_holds_one_thing() {
    let home = Home::new();
    home.run(&["chat", "one river"]);
    home.run(&["chat", "two rivers"]);
    for (arguments, kind, least) in [
        (&["conversations", "list"][..], "conversation", 2),
        (&["conversations", "search", "river"], "hit", 4),
        (&["models", "list"], "model", 5),
        (&["models", "show", "scripted/echo"], "model", 1),
        (&["doctor"], "check", 5),
        (&["paths"], "path", 5),
        (&["config", "path"], "path", 1),
        (&["config", "show"], "value", 5),
        (&["config", "check"], "configuration", 1),
    ] {
        let objects = home.run(&[arguments, &["--json"]].concat()).objects();
        assert!(objects.len() >= least, "{arguments:?}: {objects:?}");
        assert!(objects.iter().all(|object| object["reply"] == kind), "{arguments:?}: {objects:?}");
    }
}

#[test]
fn an_interrupted_answer_keeps_what_came_and_exits_with_128_and_the_signal() {
    use rustix::process::Signal;
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143), (Signal::HUP, 129)] {
        is_kept_after(signal, code);
    }
}

fn is_kept_after(signal: rustix::process::Signal, code: i32) {
    let home = Home::new();
    let mut child = home.start(&["chat", "-m", "scripted/stream-10000@100", "go"]);
    let mut stdout = child.stdout.take().unwrap();
    let mut first = [0; 1];
    stdout.read_exact(&mut first).unwrap();
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, signal).unwrap();
    let mut printed = String::from_utf8(first.to_vec()).unwrap();
    stdout.read_to_string(&mut printed).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(code));
    let id = home.run(&["conversations", "list"]).stdout[..8].to_owned();
    let shown = home.run(&["conversations", "show", "--json", &id]).objects();
    let answer = &shown[0]["thread"]["messages"][1];
    assert_eq!(answer["answer"]["outcome"]["state"], "stopped", "{answer}");
    let kept = answer["blocks"][0]["text"].as_str().unwrap();
    assert!(
        kept.starts_with(printed.trim_end()) || printed.trim_end().starts_with(kept),
        "{kept:?} {printed:?}"
    );
}

#[test]
fn a_reader_that_leaves_ends_it_in_silence() {
    let home = Home::new();
    let mut child = home.start(&["chat", "-m", "scripted/stream-100000", "go"]);
    drop(child.stdout.take());
    let said = Said::of(child.wait_with_output().unwrap());
    assert_eq!((said.code, said.stderr.as_str()), (Some(0), ""));
}

#[test]
fn of_two_at_once_both_are_served_and_the_conversations_are_both_there() {
    let home = Home::new();
    let children: Vec<_> = (0..8).map(|i| home.start(&["chat", &format!("question {i}")])).collect();
    for (i, child) in children.into_iter().enumerate() {
        let said = Said::of(child.wait_with_output().unwrap());
        assert_eq!(
            (said.code, said.stdout.trim_end()),
            (Some(0), format!("question {i}").as_str()),
            "{said:?}"
        );
    }
    assert_eq!(home.run(&["conversations", "list"]).stdout.lines().count(), 8);
}

#[test]
fn a_killed_owner_leaves_a_workspace_that_opens() {
    let home = Home::new();
    assert_eq!(home.run(&["chat", "kept"]).code, Some(0));
    let mut owner = home.command(&["chat", "-m", "scripted/stream-100000@50", "go"]).spawn().unwrap();
    owner.stdout.take().unwrap().read_exact(&mut [0; 1]).unwrap();
    let attached = home.run(&["conversations", "list"]);
    assert_eq!(attached.stdout.lines().count(), 2, "{attached:?}");
    owner.kill().unwrap();
    owner.wait().unwrap();
    let said = home.run(&["conversations", "list"]);
    assert_eq!((said.code, said.stdout.lines().count()), (Some(0), 2), "{said:?}");
}

#[test]
fn a_passphrase_opens_what_it_closed_and_nothing_else_does() {
    let home = Home::new();
    home.run(&["chat", "kept"]);
    std::fs::write(home.beside().join("pass"), "river stone\n").unwrap();
    let said = home.run(&["workspace", "rekey", "--to", "passphrase", "--new-passphrase-file", "pass"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    let said = home.run(&["conversations", "list"]);
    assert!(said.code == Some(2) && said.stderr.contains("hint: "), "{said:?}");
    let said = home.run(&["conversations", "list", "--passphrase-file", "pass"]);
    assert_eq!((said.code, said.stdout.lines().count()), (Some(0), 1), "{said:?}");
    let home = home.variable("OUTCROP_PASSPHRASE", "wrong");
    assert_eq!(home.run(&["conversations", "list"]).code, Some(2));
}

#[test]
fn a_keyring_that_is_not_there_is_told_and_the_key_file_stays_in_force() {
    let home = Home::new().variable("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus");
    home.run(&["chat", "kept"]);
    let said = home.run(&["workspace", "rekey", "--to", "keyring"]);
    assert_eq!(said.code, Some(2), "{said:?}");
    assert!(said.stderr.contains("no keyring can be used here"), "{said:?}");
    assert!(said.stderr.contains("what opened the workspace opens it still"), "{said:?}");
    let said = home.run(&["workspace", "info"]);
    assert!(said.code == Some(0) && said.stdout.contains("a key file"), "{said:?}");
    assert!(!said.stdout.contains("keyring") && !said.stderr.contains("keyring"), "{said:?}");
    assert!(home.run(&["doctor"]).stdout.contains("a key file"));
}

#[test]
fn no_secret_and_no_prompt_is_in_an_output_a_log_or_a_file_of_the_home() {
    let home = Home::with(
        "model = 'scripted/echo'\nlog = 'trace'\n[providers.scripted]\nkind = 'scripted'\n\
         [providers.box]\nkind = 'openai'\nbase_url = 'http://127.0.0.1:9/v1'\napi_key = '$BOX_KEY'\n",
    )
    .variable("BOX_KEY", "canary-key")
    .variable("HF_TOKEN", "canary-token")
    .variable("HTTP_PROXY", "");
    let mut said = String::new();
    for arguments in [
        vec!["chat", "canary-prompt in full"],
        vec!["chat", "-m", "box/x", "canary-prompt"],
        vec!["models", "list"],
        vec!["doctor"],
        vec!["config", "show"],
        vec!["workspace", "info", "--json"],
    ] {
        let command = home.run(&arguments);
        said.push_str(&command.stderr);
        if arguments[0] != "chat" {
            said.push_str(&command.stdout);
        }
    }
    assert!(!said.contains("canary"), "{said}");
    // What is written out has what was said, and no secret.
    let mut exports = String::new();
    for arguments in [
        vec!["conversations", "export"],
        vec!["conversations", "export", "--format", "json"],
        vec!["conversations", "export", "--format", "jsonl"],
        vec!["usage", "--format", "jsonl", "--texts"],
        vec!["usage", "egress", "--json"],
        vec!["keys", "list", "--json"],
    ] {
        let command = home.run(&arguments);
        assert_eq!(command.code, Some(0), "{arguments:?}: {command:?}");
        exports.push_str(&command.stdout);
    }
    assert!(exports.contains("canary-prompt in full"), "{exports}");
    assert!(!exports.contains("canary-key") && !exports.contains("canary-token"), "{exports}");
    for (path, bytes) in files(&home.path()) {
        let found = bytes.windows(6).any(|window| window == b"canary");
        assert!(!found, "{}", path.display());
    }
    let logs = files(&home.path().join("state/log"));
    assert!(!logs.is_empty());
}

#[test]
fn an_input_that_never_ends_does_not_hold_an_interrupted_process() {
    let home = Home::new();
    let mut child = home.command(&["chat"]).stdin(Stdio::piped()).spawn().unwrap();
    let held = child.stdin.take();
    // It is in its wait once the workspace is there.
    while !home.path().join("data/home/socket").exists() {
        std::thread::yield_now();
    }
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    drop(held);
}

/// A pager that is not scrolled, for one.
#[test]
fn an_answer_whose_reader_pauses_holds_no_other_process_and_can_be_ended() {
    let home = Home::new();
    let mut child = home.start(&["chat", "-m", "scripted/stream-100000", "go"]);
    let stdout = child.stdout.take().unwrap();
    let waiting = || rustix::io::ioctl_fionread(&stdout).unwrap();
    while waiting() == 0 {
        std::thread::yield_now();
    }
    // Until the pipe is full.
    let mut before = 0;
    while waiting() != before {
        before = waiting();
        let listed = home.run(&["conversations", "list"]);
        assert!(listed.stdout.contains("go"), "{listed:?}");
    }
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
}
