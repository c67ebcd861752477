//! Calls of the kernel that are refused to a program that is about to be run, by seccomp. Landlock knows files and TCP, but
//! neither datagrams nor sockets that are files: by the one of the workspace a program could agree to its own calls.

use std::collections::BTreeMap;
use std::env::consts::ARCH;
use std::fmt::Display;

use seccompiler::{
    BackendError, BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, TargetArch,
};

use crate::domain::{Error, ErrorKind, Result};

/// Ways into other processes, to sockets past this filter, and to the kernel's keys.
const REFUSED: [i64; 8] = [
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_pidfd_getfd,
    libc::SYS_io_uring_setup,
    libc::SYS_keyctl,
    libc::SYS_add_key,
    libc::SYS_request_key,
];

/// Beside its own numbers a kernel for x86-64 may know a second set, of calls with pointers of 32 bits: the same with this bit,
#[cfg(target_arch = "x86_64")]
const SECOND: i64 = 0x4000_0000;
/// and these of the refused ones by numbers of their own: `ptrace`, `process_vm_readv`, `process_vm_writev`.
#[cfg(target_arch = "x86_64")]
const RENUMBERED: [i64; 3] = [521, 539, 540];

/// The families of sockets of a program that has a network; names are looked up with the help of the last.
const NETWORK: [i32; 3] = [libc::AF_INET, libc::AF_INET6, libc::AF_NETLINK];

/// Refuses them to this process and to what it becomes, for good. A kernel or a processor without that is left as it is.
pub(super) fn refuse(doing: &str, network: bool) -> Result<()> {
    let Ok(arch) = TargetArch::try_from(ARCH) else { return Ok(()) };
    let wrong = |why: &dyn Display| Error::new(ErrorKind::Internal, doing, why.to_string(), "");
    let filter = filter(arch, network).map_err(|why| wrong(&why))?;
    match seccompiler::apply_filter(&filter) {
        Ok(()) => Ok(()),
        Err(seccompiler::Error::Seccomp(why))
            if matches!(why.raw_os_error(), Some(libc::EINVAL | libc::ENOSYS)) =>
        {
            Ok(())
        }
        Err(why) => Err(wrong(&why)),
    }
}

fn filter(arch: TargetArch, network: bool) -> std::result::Result<BpfProgram, BackendError> {
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> =
        REFUSED.into_iter().map(|call| (call, Vec::new())).collect();
    // Without a rule every socket is refused; with one those that are of none of the families.
    let mut sockets = Vec::new();
    if network {
        let is_other = |family: i32| {
            let family = u64::from(family.unsigned_abs());
            SeccompCondition::new(0, SeccompCmpArgLen::Dword, SeccompCmpOp::Ne, family)
        };
        let others = NETWORK.into_iter().map(is_other).collect::<std::result::Result<Vec<_>, _>>()?;
        sockets.push(SeccompRule::new(others)?);
    }
    #[cfg(target_arch = "x86_64")]
    {
        let calls = REFUSED.into_iter().chain(RENUMBERED).chain([libc::SYS_socket]);
        rules.extend(calls.map(|call| (call | SECOND, Vec::new())));
    }
    rules.insert(libc::SYS_socket, sockets);
    let refused = SeccompAction::Errno(libc::EACCES.unsigned_abs());
    SeccompFilter::new(rules, SeccompAction::Allow, refused, arch)?.try_into()
}
