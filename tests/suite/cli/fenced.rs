//! What a program of an agent may ask of the kernel, in the hidden mode that becomes it.

use std::path::Path;

use serde_json::json;

use super::home::{Home, Said};

/// Runs a line of Perl as the program of an agent.
fn fenced(home: &Home, line: &str, network: bool) -> Said {
    let task = json!({
        "program": "/usr/bin/perl", "arguments": ["-MSocket", "-e", line], "read": [], "write": [],
        "network": network, "seconds": 10, "memory": 1_u64 << 30, "parent": std::process::id(),
    });
    home.run(&["worker", "run", &task.to_string()])
}

#[test]
fn a_program_of_an_agent_opens_no_sockets_but_those_of_a_network_that_it_has() {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    if !status.contains("\nSeccomp:") || !Path::new("/usr/bin/perl").exists() {
        crate::skipped!("seccomp of this kernel, or Perl, which opens sockets");
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
