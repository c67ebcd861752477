//! What a child that reads foreign bytes may still do, taken from itself before it reads the first of them: no file is
//! opened, none written, no connection made, no other process sent a signal; memory and time have an end.

use std::fs::File;
use std::io::Read;
use std::path::PathBuf;

#[cfg(target_os = "linux")]
use rustix::io::Errno;
#[cfg(target_os = "linux")]
use rustix::process::prlimit;
use rustix::process::{Pid, Resource, Rlimit, getppid, getrlimit, setrlimit};

use super::beneath::Written;
#[cfg(target_os = "linux")]
use super::beneath::{self, Shut};
use crate::domain::{Error, ErrorKind, Result};

/// Input, output, errors.
const FILES: u64 = 3;

/// Files that a program may have open at once.
const OPEN: u64 = 256;

/// Bytes that a program may write into one file.
const WRITTEN: u64 = 256 * 1024 * 1024;

/// What programs need to run at all: themselves, their libraries, the time zone.
#[cfg(target_os = "linux")]
const SYSTEM: &[&str] = &[
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/libx32",
    "/nix/store",
    "/etc/alternatives",
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/localtime",
    "/etc/hosts",
    "/etc/nsswitch.conf",
    "/etc/resolv.conf",
    "/etc/ssl",
    "/etc/pki",
];

/// Devices that hold nothing of anybody's.
#[cfg(target_os = "linux")]
const DEVICES: &[&str] = &["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"];

/// How far the guard reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Guard {
    /// The system's limits, and the kernel refuses files and connections by Landlock; signals too, since Linux 6.12.
    Landlock,
    /// The system's limits alone: this kernel has no Landlock.
    Limits,
}

/// The account that this process keeps of itself, open since before the guard.
#[derive(Debug)]
pub struct Account(Option<File>);

impl Account {
    pub fn open() -> Self {
        Self(File::open("/proc/self/status").ok())
    }

    /// Bytes of a line of it.
    fn bytes(&self, line: &str) -> Option<u64> {
        use std::os::unix::fs::FileExt;
        let mut text = [0; 4096];
        let read = self.0.as_ref()?.read_at(&mut text, 0).ok()?;
        let text = String::from_utf8_lossy(&text[..read]);
        let line = text.lines().find_map(|own| own.strip_prefix(line))?;
        Some(line.trim().trim_end_matches("kB").trim().parse::<u64>().ok()? * 1024)
    }

    /// The most memory that this process had.
    pub fn peak(&self) -> Option<u64> {
        self.bytes("VmHWM:")
    }

    /// The address space that the program has already.
    fn program(&self) -> u64 {
        self.bytes("VmSize:").unwrap_or(0)
    }
}

/// Has this process end with `parent`, the one that started it, also where that is killed and ends nobody any more: where the
/// kernel knows of that. Linux means the thread that did so; those of the runtime stay for as long as the process.
pub fn end_with(parent: u32) -> Result<()> {
    let doing = "guarding a child";
    #[cfg(target_os = "linux")]
    rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))
        .map_err(|why| Error::io(doing, &why.into()))?;
    // It may have ended before that.
    if getppid().is_some_and(|now| now.as_raw_pid().unsigned_abs() == parent) {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Cancelled, doing, "who started it is gone", ""))
}

/// Takes all that from this process, and tries whether it is gone.
pub fn hold(memory: u64, seconds: u64, account: &Account) -> Result<Guard> {
    let doing = "guarding the reader of documents";
    let guard = landlock(doing)?;
    let limits = |what, current: u64, most: u64| {
        // Another may have lowered it before.
        let most = getrlimit(what).maximum.map_or(most, |before| before.min(most));
        setrlimit(what, Rlimit { current: Some(current.min(most)), maximum: Some(most) })
            .map_err(|why| Error::io(doing, &why.into()))
    };
    let limit = |what, most| limits(what, most, most);
    // Breaking down is expected: it leaves no copy of the memory behind.
    limit(Resource::Core, 0)?;
    limit(Resource::Fsize, 0)?;
    // The first limit is told by a signal of its own, the last one kills.
    limits(Resource::Cpu, seconds, seconds.saturating_add(1))?;
    limit(Resource::Nofile, FILES + u64::from(account.0.is_some()))?;
    // Not every system counts an address space.
    let all = limit(Resource::As, account.program().saturating_add(memory));
    if cfg!(target_os = "linux") {
        all?;
    }
    gone(doing, guard)
}

/// What a program may still do that is about to be run in the place of this process.
#[derive(Debug)]
pub struct Fence<'a> {
    pub read: &'a [PathBuf],
    pub write: &'a [PathBuf],
    /// Where programs write: no link that lies there leads out of it.
    pub written: &'a Written,
    pub network: bool,
}

/// Takes all else from this process, for good: what it runs has no more. Sockets that are files it has none, whatever it may
/// read. No limit of memory is set yet.
pub fn fence(fence: &Fence<'_>, seconds: u64) -> Result<Guard> {
    let doing = "guarding a program";
    let guard = landlock_but(doing, fence)?;
    let limit = |what, current: u64, most: u64| {
        let most = getrlimit(what).maximum.map_or(most, |before| before.min(most));
        setrlimit(what, Rlimit { current: Some(current.min(most)), maximum: Some(most) })
            .map_err(|why| Error::io(doing, &why.into()))
    };
    limit(Resource::Core, 0, 0)?;
    limit(Resource::Fsize, WRITTEN, WRITTEN)?;
    limit(Resource::Cpu, seconds, seconds.saturating_add(1))?;
    limit(Resource::Nofile, OPEN, OPEN)?;
    #[cfg(all(target_os = "linux", target_pointer_width = "64"))]
    super::calls::refuse(doing, fence.network)?;
    Ok(guard)
}

/// Bounds the address space of what this process runs next. It needs next to no memory itself from here on.
pub fn bound_memory(bytes: u64) -> Result<()> {
    let doing = "guarding a program";
    let most = getrlimit(Resource::As).maximum.map_or(bytes, |before| before.min(bytes));
    let set = setrlimit(Resource::As, Rlimit { current: Some(most), maximum: Some(most) });
    if cfg!(target_os = "linux") { set.map_err(|why| Error::io(doing, &why.into())) } else { Ok(()) }
}

/// Bounds what another process may have for itself to write to, and each that it starts from then on. Not the address space: much
/// of that is laid aside for nothing by programs that make their own code, such as Node.
#[cfg(target_os = "linux")]
pub fn bound_data(of: Pid, bytes: u64) -> std::io::Result<()> {
    let most = getrlimit(Resource::Data).maximum.map_or(bytes, |before| before.min(bytes));
    match prlimit(Some(of), Resource::Data, Rlimit { current: Some(most), maximum: Some(most) }) {
        // One of other rights than this process, such as `sudo`, is not its to bound.
        Ok(_) | Err(Errno::PERM) => Ok(()),
        Err(why) => Err(why.into()),
    }
}

#[cfg(not(target_os = "linux"))]
pub fn bound_data(_: Pid, _: u64) -> std::io::Result<()> {
    Ok(())
}

/// Whether a file can no longer be opened.
fn gone(doing: &str, guard: Guard) -> Result<Guard> {
    if File::open("/").is_err() && File::open("/dev/null").and_then(|mut file| file.read(&mut [0])).is_err() {
        return Ok(guard);
    }
    Err(Error::new(ErrorKind::Internal, doing, "it can still open files", ""))
}

#[cfg(target_os = "linux")]
fn landlock(doing: &str) -> Result<Guard> {
    use landlock::{
        ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, Ruleset, RulesetAttr, RulesetStatus, Scope,
    };
    let wrong = |why: landlock::RulesetError| Error::new(ErrorKind::Internal, doing, why.to_string(), "");
    // What this kernel does not know is left out; a rule set without rules forbids all that it handles.
    let status = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(ABI::V6))
        .and_then(|rules| rules.handle_access(AccessNet::from_all(ABI::V6)))
        .and_then(|rules| rules.scope(Scope::from_all(ABI::V6)))
        .and_then(landlock::Ruleset::create)
        .and_then(landlock::RulesetCreated::restrict_self)
        .map_err(wrong)?;
    if status.ruleset == RulesetStatus::NotEnforced {
        return Ok(Guard::Limits);
    }
    // Who started this can be ended by it no more, where the kernel knows of that.
    let parent = getppid().filter(|_| status.ruleset == RulesetStatus::FullyEnforced);
    if parent.is_some_and(|parent| rustix::process::test_kill_process(parent).is_ok()) {
        return Err(Error::new(ErrorKind::Internal, doing, "it can still send signals", ""));
    }
    gone(doing, Guard::Landlock)
}

#[cfg(target_os = "linux")]
fn landlock_but(doing: &str, fence: &Fence<'_>) -> Result<Guard> {
    use landlock::{
        ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, Ruleset, RulesetAttr, RulesetCreatedAttr,
        RulesetStatus, Scope, path_beneath_rules,
    };
    let read = opened(doing, fence.read, fence.written)?;
    let write = opened(doing, fence.write, fence.written)?;
    let wrong = |why: landlock::RulesetError| Error::new(ErrorKind::Internal, doing, why.to_string(), "");
    let rules = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(ABI::V6))
        .and_then(|rules| rules.scope(Scope::from_all(ABI::V6)))
        .map_err(wrong)?;
    let rules = if fence.network {
        rules
    } else {
        rules.handle_access(AccessNet::from_all(ABI::V6)).map_err(wrong)?
    };
    let status = rules
        .create()
        .and_then(|rules| rules.add_rules(path_beneath_rules(SYSTEM, AccessFs::from_read(ABI::V6))))
        .and_then(|rules| rules.add_rules(path_beneath_rules(DEVICES, AccessFs::from_all(ABI::V6))))
        .and_then(|rules| rules.add_rules(rules_of(read, AccessFs::from_read(ABI::V6))))
        .and_then(|rules| rules.add_rules(rules_of(write, AccessFs::from_all(ABI::V6))))
        .and_then(landlock::RulesetCreated::restrict_self)
        .map_err(wrong)?;
    Ok(if status.ruleset == RulesetStatus::NotEnforced { Guard::Limits } else { Guard::Landlock })
}

/// What lies at the paths, with whether each is a folder; what is not there is left out.
#[cfg(target_os = "linux")]
fn opened(doing: &str, paths: &[PathBuf], written: &Written) -> Result<Vec<(File, bool)>> {
    let mut opened = Vec::new();
    for path in paths {
        match beneath::open(path, written) {
            Ok(file) => {
                let is_folder = file.metadata().map_err(|why| Error::io(doing, &why))?.is_dir();
                opened.push((file, is_folder));
            }
            Err(led @ Shut::Led(_)) => {
                let hint = "Name a path that no program of an agent can change.";
                return Err(Error::new(ErrorKind::Invalid, doing, led.to_string(), hint));
            }
            Err(Shut::Io(_)) => {}
        }
    }
    Ok(opened)
}

/// The rules that allow this of what was opened, of a file only what can be done with one.
#[cfg(target_os = "linux")]
fn rules_of(
    opened: Vec<(File, bool)>,
    access: landlock::BitFlags<landlock::AccessFs>,
) -> impl Iterator<Item = std::result::Result<landlock::PathBeneath<File>, landlock::RulesetError>> {
    let of_file = access & landlock::AccessFs::from_file(landlock::ABI::V6);
    opened.into_iter().map(move |(file, is_folder)| {
        Ok(landlock::PathBeneath::new(file, if is_folder { access } else { of_file }))
    })
}

/// Whether this system keeps files from a program behind a fence. Nothing is forbidden by asking.
#[cfg(target_os = "linux")]
pub fn keeps_files() -> bool {
    use landlock::{ABI, Access, AccessFs, CompatLevel, Compatible, Ruleset, RulesetAttr};
    let rules = Ruleset::default().set_compatibility(CompatLevel::HardRequirement);
    rules.handle_access(AccessFs::from_all(ABI::V1)).and_then(Ruleset::create).is_ok()
}

#[cfg(not(target_os = "linux"))]
pub fn keeps_files() -> bool {
    false
}

#[cfg(not(target_os = "linux"))]
fn landlock_but(_: &str, _: &Fence<'_>) -> Result<Guard> {
    Ok(Guard::Limits)
}

#[cfg(not(target_os = "linux"))]
fn landlock(_: &str) -> Result<Guard> {
    Ok(Guard::Limits)
}
