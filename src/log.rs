//! The program's own log: a file a day in the state folder, a week of them. Never a prompt, an answer, a secret, the tty.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;

use tracing_appender::rolling::{RollingFileAppender, Rotation};
use tracing_subscriber::EnvFilter;

use crate::config::Config;
use crate::domain::{Error, Result};

/// Files kept.
const KEPT: usize = 7;

/// Opens the log at the configured level. Libraries are heard from `warn` on.
pub fn start(config: &Config) -> Result<()> {
    let folder = config.paths.logs();
    let doing = || format!("opening the log in {}", folder.display());
    DirBuilder::new().recursive(true).mode(0o700).create(&folder).map_err(|why| Error::io(doing(), &why))?;
    let file = RollingFileAppender::builder()
        .rotation(Rotation::DAILY)
        .filename_prefix("outcrop")
        .filename_suffix("log")
        .max_log_files(KEPT)
        .build(&folder)
        .map_err(|why| Error::internal(doing(), why.to_string()))?;
    let filter = EnvFilter::new(format!("warn,outcrop={}", config.log));
    // A second start, as in tests, keeps the first log.
    let _ = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false).with_writer(file).try_init();
    Ok(())
}
