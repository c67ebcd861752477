//! Raters and agents whose program is killed, whether or not it is the one that keeps the store; and what it had started.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Read, Write};
use std::os::fd::AsFd;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use outcrop::domain::knowledge::document::Limits;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use serde_json::{Value, json};

use super::agents;
use super::evaluation::{Rater, brought, choosing, good};
use super::home::{Home, on_both};

/// The question that lies before a rater.
fn question(seat: &Value) -> &Value {
    &seat["sheet"]["turns"][0]["text"]
}

#[test]
fn a_rater_whose_program_is_killed_has_lost_no_vote_and_sits_before_the_same_item_again() {
    let [(), ()] = on_both(Home::new, |home| {
        brought(home, 5);
        good(&home.run(&["eval", "create", "which", "--dataset", "pairs"]));
        for done in [0, 2, 4] {
            let mut ada = Rater::at(home, "which", "ada");
            let seat = ada.seat();
            assert_eq!(seat["pace"]["done"], done, "{seat}");
            // A vote that was answered is on the disk.
            let one = ada.say(&choosing(0));
            let last = if done < 4 { ada.say(&choosing(1)) } else { one };
            ada.kill();
            let mut again = Rater::at(home, "which", "ada");
            let seat = again.seat();
            assert_eq!(
                (&seat["pace"]["done"], question(&seat), &seat["sheet"]["answers"]),
                (&last["pace"]["done"], question(&last), &last["sheet"]["answers"])
            );
            again.kill();
        }
        let report = home.run(&["eval", "report", "which", "--json"]).objects().remove(0);
        assert_eq!(report["coverage"]["votes"], 5, "{report}");
    });
}

/// Another program of the workspace, which keeps the store.
fn owner(home: &Home) -> Child {
    let mut owner = home.start(&["traces", "listen", "--port", "0", "--json"]);
    let mut said = BufReader::new(owner.stdout.take().unwrap()).lines();
    assert!(said.next().unwrap().unwrap().contains("traces_listening"));
    owner
}

/// An agent at work: it has computed, and is calling a program that takes its time. Whoever keeps the store then is killed.
fn killed(home: &Home, attached: bool) {
    let group = agents::program(home, "sleep 5", "");
    agents::made(home, &format!("{}{group}", agents::SUMS));
    let owner = attached.then(|| owner(home));
    let script = "acts\ncall calculator {\"expression\": \"6 * 7\"}\n---\ncall one {}\n---\nDone.";
    let mut agent = home.start(&["agent", "run", "a", script]);
    let mut said = BufReader::new(agent.stderr.take().unwrap()).lines().map_while(Result::ok);
    assert!(said.any(|line| line.contains("calls one")), "it came not so far");
    if let Some(mut owner) = owner {
        owner.kill().unwrap();
        owner.wait().unwrap();
        assert!(said.any(|line| line.contains("it ended before it answered")));
        assert_eq!(agent.wait().unwrap().code(), Some(2));
    } else {
        agent.kill().unwrap();
        agent.wait().unwrap();
    }
    let shown = home.run(&["agent", "show", "a"]);
    let runs = good(&shown).rsplit("\n\n").next().unwrap();
    assert!(runs.contains("stopped") && runs.trim().lines().count() == 1, "{shown:?}");
    let kept = home.run(&["agent", "show", "a", "--json"]).stdout;
    assert!(kept.contains("\"content\":\"42\""), "what it did is kept: {kept}");
    assert_eq!(agents::run(home, "Hello again.", &[]).stdout, "Hello again.\n");
}

#[test]
fn an_agent_whose_program_is_killed_stands_as_stopped_with_what_it_did_and_is_asked_again() {
    for attached in [false, true] {
        killed(&agents::home(), attached);
    }
}

/// Whether there soon is something to read, or nobody left who could write it.
fn is_ready(pipe: &impl AsFd) -> bool {
    let within = Timespec { tv_sec: 20, tv_nsec: 0 };
    poll(&mut [PollFd::new(pipe, PollFlags::IN)], Some(&within)) == Ok(1)
}

/// Kills whoever runs a program for an agent while that waits for what never comes.
fn program_left(attached: bool) {
    let home = agents::home();
    let folder = home.beside().join("meet");
    std::fs::create_dir(&folder).unwrap();
    let [held, never] = ["held", "never"].map(|name| folder.join(name));
    assert!(Command::new("mkfifo").args([&held, &never]).status().unwrap().success());
    let open = |path: &Path| OpenOptions::new().read(true).write(true).open(path).unwrap();
    // Opened first for both, so that neither side waits for the other.
    let (holding, mut never_said) = (open(&held), open(&never));
    let mut told = File::open(&held).unwrap();
    let script = format!("exec 3>{} 4<>{}; echo up >&3; read -r line <&4", held.display(), never.display());
    agents::made(&home, &agents::program(&home, &script, ", write = ['meet']"));
    let mut owner = attached.then(|| owner(&home));
    let mut agent = home.start(&["agent", "run", "a", "acts\ncall one {}\n---\nDone."]);
    let mut up = [0; 3];
    assert!(is_ready(&told), "the program was not started");
    told.read_exact(&mut up).unwrap();
    assert_eq!(&up, b"up\n");
    drop(holding);
    let killed = owner.as_mut().unwrap_or(&mut agent);
    killed.kill().unwrap();
    killed.wait().unwrap();
    let has_ended = is_ready(&told);
    // One that lives still goes on, so that the test leaves nothing behind.
    never_said.write_all(b"on\n").unwrap();
    agent.wait().unwrap();
    assert!(has_ended, "the program outlived who ran it, attached: {attached}");
    assert_eq!(told.read(&mut up).unwrap(), 0);
}

#[test]
fn the_program_that_an_agent_runs_ends_with_whoever_runs_it_also_where_that_is_killed() {
    if !cfg!(target_os = "linux") {
        crate::skipped!("a system that tells a process of its parent's end");
        return;
    }
    for attached in [false, true] {
        program_left(attached);
    }
}

/// A shell that has had this program read a document, which is told all but the document, and what the reader answers.
fn reader() -> (Child, BufReader<ChildStdout>) {
    // A shell gives what it starts beside itself another input, unless it stands elsewhere too.
    let script = "exec 3<&0; \"$0\" worker parse <&3 3<&- & echo $!; wait";
    let mut shell = Command::new("/bin/sh")
        .args(["-c", script, env!("CARGO_BIN_EXE_outcrop")])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let task = json!({"name": "a.txt", "limits": Limits::default(), "parent": shell.id()});
    writeln!(shell.stdin.as_mut().unwrap(), "{task}").unwrap();
    let mut said = BufReader::new(shell.stdout.take().unwrap());
    let mut number = String::new();
    said.read_line(&mut number).unwrap();
    assert!(number.trim().parse::<u32>().is_ok(), "{number:?}");
    (shell, said)
}

#[test]
fn a_reader_of_documents_ends_with_who_waits_for_it_also_where_that_is_killed() {
    if !cfg!(target_os = "linux") {
        crate::skipped!("a system that tells a process of its parent's end");
        return;
    }
    // One whose starter lives answers when it has the document.
    let (mut shell, mut said) = reader();
    shell.stdin.take().unwrap().write_all(b"Words.").unwrap();
    let mut answer = String::new();
    said.read_to_string(&mut answer).unwrap();
    assert!(answer.contains("Words."), "{answer}");
    shell.wait().unwrap();
    let (mut shell, mut said) = reader();
    // Kept open, so that nothing but its starter's end can be told to it.
    let input = shell.stdin.take();
    shell.kill().unwrap();
    shell.wait().unwrap();
    assert!(is_ready(said.get_ref()), "it outlived who started it");
    let mut answer = String::new();
    said.read_to_string(&mut answer).unwrap();
    assert_eq!(answer, "");
    drop(input);
}
