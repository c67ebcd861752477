//! What a program of an agent may ask of the kernel, in the hidden mode that becomes it; and that nothing of it outlives who called it.

use std::fs::{File, OpenOptions};
use std::io::Read;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rustix::fs::{CWD, Mode, mkfifoat};
use serde_json::json;

use super::agents::{ANSWER, gave, home, made, program, run};
use super::home::{Home, Said};

/// Runs a line of Perl as the program of an agent.
fn fenced(home: &Home, line: &str, network: bool) -> Said {
    let task = json!({
        "program": "/usr/bin/perl", "arguments": ["-MSocket", "-e", line], "read": [], "write": [],
        "network": network, "seconds": 10, "memory": 1_u64 << 30,
    });
    home.run(&["worker", "run", &task.to_string(), &std::process::id().to_string()])
}

#[test]
fn a_program_of_an_agent_opens_no_sockets_but_those_of_a_network_that_it_has() {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    if !status.contains("\nSeccomp:") || !Path::new("/usr/bin/perl").exists() {
        crate::documents::lacks("the sockets of a program, with seccomp and Perl, which opens them");
        return;
    }
    let home = Home::new();
    if cfg!(target_arch = "x86_64") {
        // By the second set of numbers: a kernel that has none would say that there is no such function.
        for network in [false, true] {
            let said = fenced(&home, "syscall(0x40000029, 2, 1, 0) >= 0 or die \"no: $!\\n\"", network);
            assert!(said.code != Some(0) && said.stderr.contains("Permission denied"), "{said:?}");
        }
    }
    let said = "or die \"no: $!\\n\"; print \"open\\n\"";
    for (network, socket, opens) in [
        (false, "socket(my $s, AF_INET, SOCK_STREAM, 0)", false),
        // Landlock lets datagrams go.
        (false, "socket(my $s, AF_INET, SOCK_DGRAM, 0)", false),
        (true, "socket(my $s, AF_INET, SOCK_DGRAM, 0)", true),
        // Of files: the workspace's own is one.
        (false, "socket(my $s, AF_UNIX, SOCK_STREAM, 0)", false),
        (true, "socket(my $s, AF_UNIX, SOCK_STREAM, 0)", false),
        // What a program and its own children say to each other goes nowhere.
        (false, "socketpair(my $a, my $b, AF_UNIX, SOCK_STREAM, PF_UNSPEC)", true),
    ] {
        let said = fenced(&home, &format!("{socket} {said}"), network);
        if opens {
            assert_eq!((said.code, said.stdout.as_str()), (Some(0), "open\n"), "{socket}: {said:?}");
        } else {
            assert!(said.code != Some(0) && said.stderr.contains("Permission denied"), "{socket}: {said:?}");
        }
    }
}

#[test]
fn a_program_of_an_agent_knows_no_variable_but_the_named_and_what_programs_need() {
    let home = home().variable("SECRET", "canary").variable("NAMED", "yes");
    let tells = format!("{ANSWER} \"$(env | cut -d= -f1 | sort | tr '\\n' ' ')\"");
    made(&home, &program(&home, &tells, ", environment = ['NAMED', 'GONE']"));
    let said = run(&home, "call one {}\n---\nDone.", &["--json"]);
    let (_, names, _) = &gave(&said)[0];
    let needed = ["PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "_", "OLDPWD", "PWD", "SHLVL"];
    let named: Vec<&str> = names.split_whitespace().filter(|name| !needed.contains(name)).collect();
    assert_eq!(named, ["NAMED"], "{said:?}");
}

/// A pipe with a name, and who reads of it when it was written to first, and when nobody holds it any more.
struct Held {
    path: PathBuf,
    reader: File,
    writer: File,
}

impl Held {
    fn new(folder: &Path) -> Self {
        let path = folder.join("held");
        mkfifoat(CWD, &path, Mode::RWXU).unwrap();
        // Opened for both, so that neither side waits for the other.
        let writer = OpenOptions::new().read(true).write(true).open(&path).unwrap();
        let reader = File::open(&path).unwrap();
        Self { path, reader, writer }
    }

    /// A line of a shell that has `another` hold the pipe, and waits for it. What outlives its time says so.
    fn script(&self, another: &str) -> String {
        let late = "sleep 40; echo late >&3";
        format!(
            "exec 3>{}; {another} '{late}' >/dev/null 2>&1 </dev/null & echo begun >&3; wait",
            self.path.display()
        )
    }

    fn begins(&mut self) {
        let mut begun = [0; 6];
        self.reader.read_exact(&mut begun).unwrap();
        assert_eq!(&begun, b"begun\n");
    }

    /// What is still written by those that hold it.
    fn rest(self) -> String {
        let Self { mut reader, writer, .. } = self;
        drop(writer);
        let mut rest = String::new();
        reader.read_to_string(&mut rest).unwrap();
        rest
    }
}

/// A script, kept in a group of its own.
fn kept(script: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_outcrop"));
    command.args(["worker", "keep", "/bin/sh", "-c", script]).process_group(0);
    command
}

/// Whether processes can have numbers of their own here.
fn parts() -> bool {
    let parts = ["--map-current-user", "--pid", "--fork", "--kill-child", "--", "setsid", "true"];
    let can = Command::new("unshare").args(parts).output().is_ok_and(|ended| ended.status.success());
    if !can {
        crate::documents::lacks("numbers of processes of their own (unshare --pid)");
    }
    can
}

#[test]
fn what_a_program_has_started_ends_with_its_time_also_in_a_session_of_its_own() {
    if !parts() {
        return;
    }
    let home = home();
    let folder = home.beside().join("meet");
    std::fs::create_dir(&folder).unwrap();
    let held = Held::new(&folder);
    let bounds = ", write = ['meet'], bounds = { seconds = 3 }";
    made(&home, &program(&home, &held.script("setsid sh -c"), bounds));
    let said = run(&home, "call one {}\n---\nDone.", &["--json"]);
    assert!(gave(&said)[0].1.contains("not done after 3 s"), "{said:?}");
    assert_eq!(held.rest(), "begun\n");
}

#[test]
fn a_program_that_multiplies_is_ended_and_one_that_starts_many_one_after_the_other_is_not() {
    if !parts() {
        return;
    }
    let times = |count: u32, what: &str| format!("i=0; while [ $i -lt {count} ]; do {what} i=$((i+1)); done");
    let home = home();
    let (crowd, queue) = (times(1_500, "sleep 200 &"), times(700, "(:);"));
    let script = format!(
        "case \"$event\" in *'\"two\"'*) {queue}; {ANSWER} done;; *) {crowd}; wait; {ANSWER} done;; esac"
    );
    made(&home, &program(&home, &script, ""));
    let begun = std::time::Instant::now();
    let said = run(&home, "call one {}\n---\nDone.", &["--json"]);
    let (_, content, failed) = &gave(&said)[0];
    assert!(*failed && content.contains("more than 512 processes and threads at once"), "{said:?}");
    assert!(begun.elapsed().as_secs() < 120, "it was not ended before its sleepers were");
    let said = run(&home, "call two {}\n---\nDone.", &["--json", "--yes"]);
    assert_eq!(gave(&said)[0].1, "done", "{said:?}");
}

#[test]
fn what_a_program_has_started_ends_where_who_called_it_is_killed() {
    if !parts() {
        return;
    }
    let home = home();
    let folder = home.beside().join("meet");
    std::fs::create_dir(&folder).unwrap();
    let mut held = Held::new(&folder);
    // In a session of its own, which no signal to a group finds.
    made(&home, &program(&home, &held.script("setsid sh -c"), ", write = ['meet']"));
    let mut outcrop = home.start(&["agent", "run", "a", "acts\ncall one {}\n---\nDone."]);
    held.begins();
    outcrop.kill().unwrap();
    outcrop.wait().unwrap();
    assert_eq!(held.rest(), "");
}

#[test]
fn without_numbers_of_its_own_a_program_ends_with_its_group_once_nobody_hears_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut held = Held::new(folder.path());
    let mut kept = kept(&held.script("sh -c"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    held.begins();
    drop(kept.stderr.take());
    assert_eq!(held.rest(), "");
    assert!(kept.wait().unwrap().code().is_none(), "a signal ended it");
}

#[test]
fn how_a_kept_program_ends_is_told_and_what_it_has_left_in_its_group_ends_with_it() {
    let says = |script: &str| kept(script).output().unwrap().status.code();
    assert_eq!(says("echo out; exit 3"), Some(3));
    assert_eq!(says("kill -9 $$"), Some(128 + 9));
    let folder = tempfile::tempdir().unwrap();
    let mut held = Held::new(folder.path());
    let leaves = held.script("sh -c").replace("; wait", "; exit 4");
    assert_eq!(says(&leaves), Some(4));
    held.begins();
    assert_eq!(held.rest(), "");
}
