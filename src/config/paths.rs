//! Where files live.

use std::path::{Path, PathBuf};

use super::Environment;
use crate::domain::{Error, ErrorKind, Result};

/// `OUTCROP_HOME` holds all of them together; without it they are the XDG places.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paths {
    /// The configuration file, whether it exists or not.
    pub config: PathBuf,
    /// Conversations, models.
    pub data: PathBuf,
    /// What may be deleted at any time.
    pub cache: PathBuf,
    /// The program's own log.
    pub state: PathBuf,
    /// Sockets and files for `$EDITOR`; gone when the program ends.
    pub runtime: PathBuf,
}

impl Paths {
    /// The workspace: store, key file, lock, socket.
    pub fn workspace(&self) -> PathBuf {
        self.data.join("home")
    }

    /// A folder a local model.
    pub fn models(&self) -> PathBuf {
        self.data.join("models")
    }

    /// The folder of the rotating log.
    pub fn logs(&self) -> PathBuf {
        self.state.join("log")
    }

    /// Each with its name, as `outcrop paths` lists them.
    pub fn named(&self) -> [(&'static str, PathBuf); 7] {
        [
            ("config", self.config.clone()),
            ("workspace", self.workspace()),
            ("models", self.models()),
            ("data", self.data.clone()),
            ("cache", self.cache.clone()),
            ("logs", self.logs()),
            ("runtime", self.runtime.clone()),
        ]
    }

    /// As the environment says.
    pub fn of(environment: &Environment) -> Result<Self> {
        if let Some(home) = environment.path("OUTCROP_HOME") {
            let home = std::path::absolute(&home)
                .map_err(|why| Error::io(format!("finding OUTCROP_HOME {}", home.display()), &why))?;
            return Ok(Self::under(&home, environment));
        }
        let home = environment.path("HOME");
        // The XDG specification: a relative path is invalid and is ignored.
        let place = |variable: &str, below_home: &str| {
            environment
                .path(variable)
                .filter(|path| path.is_absolute())
                .or_else(|| home.as_ref().map(|home| home.join(below_home)))
                .map(|path| path.join("outcrop"))
                .ok_or_else(|| {
                    Error::new(
                        ErrorKind::Config,
                        "finding a place for files",
                        format!("neither {variable} nor HOME is set"),
                        "Set OUTCROP_HOME to a folder of yours.",
                    )
                })
        };
        let state = place("XDG_STATE_HOME", ".local/state")?;
        let runtime = runtime(environment).unwrap_or_else(|| state.join("run"));
        Ok(Self {
            config: place("XDG_CONFIG_HOME", ".config")?.join("config.toml"),
            data: place("XDG_DATA_HOME", ".local/share")?,
            cache: place("XDG_CACHE_HOME", ".cache")?,
            state,
            runtime,
        })
    }

    /// What an editor has open lies in no folder that may be on a disk, where the system has another.
    fn under(home: &Path, environment: &Environment) -> Self {
        Self {
            config: home.join("config.toml"),
            data: home.join("data"),
            cache: home.join("cache"),
            state: home.join("state"),
            runtime: runtime(environment).unwrap_or_else(|| home.join("run")),
        }
    }
}

/// The system's own folder for what lasts no longer than a session.
fn runtime(environment: &Environment) -> Option<PathBuf> {
    environment.path("XDG_RUNTIME_DIR").filter(|path| path.is_absolute()).map(|path| path.join("outcrop"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcrop_home_moves_everything_together() {
        let paths =
            Paths::of(&Environment::from_vars([("OUTCROP_HOME", "/x"), ("XDG_DATA_HOME", "/y")])).unwrap();
        for (name, path) in paths.named() {
            assert!(path.starts_with("/x"), "{name}: {}", path.display());
        }
        let beside = [("OUTCROP_HOME", "/x"), ("XDG_RUNTIME_DIR", "/run/user/7")];
        let beside = Paths::of(&Environment::from_vars(beside)).unwrap();
        assert_eq!(beside.runtime, Path::new("/run/user/7/outcrop"), "no text lies open under it");
        assert_eq!(paths.config, Path::new("/x/config.toml"));
    }

    #[test]
    fn without_it_they_are_the_xdg_places_and_relative_ones_are_ignored() {
        let paths = Paths::of(&Environment::from_vars([
            ("HOME", "/home/ada"),
            ("XDG_DATA_HOME", "data"),
            ("XDG_CONFIG_HOME", "/etc/ada"),
            ("XDG_RUNTIME_DIR", "/run/user/7"),
        ]))
        .unwrap();
        assert_eq!(paths.config, Path::new("/etc/ada/outcrop/config.toml"));
        assert_eq!(paths.data, Path::new("/home/ada/.local/share/outcrop"));
        assert_eq!(paths.runtime, Path::new("/run/user/7/outcrop"));
    }

    #[test]
    fn with_no_home_at_all_the_error_says_what_to_set() {
        let error = Paths::of(&Environment::default()).unwrap_err();
        assert!(error.hint.contains("OUTCROP_HOME"), "{error}");
    }
}
