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
    /// Files for `$EDITOR`; gone when the program ends.
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
            let doing = format!("finding OUTCROP_HOME {}", home.display());
            let home = std::path::absolute(&home).map_err(|why| Error::io(&doing, &why))?;
            // Behind a slash at its end a link is what it leads to.
            let home: PathBuf = home.components().collect();
            if home.is_symlink() {
                return Err(Error::new(
                    ErrorKind::Config,
                    doing,
                    "it is a symbolic link, which could lead to somebody else's files",
                    "Name the folder that it leads to.",
                ));
            }
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
        Ok(Self {
            config: place("XDG_CONFIG_HOME", ".config")?.join("config.toml"),
            data: place("XDG_DATA_HOME", ".local/share")?,
            cache: place("XDG_CACHE_HOME", ".cache")?,
            state,
            runtime: runtime(environment),
        })
    }

    fn under(home: &Path, environment: &Environment) -> Self {
        Self {
            config: home.join("config.toml"),
            data: home.join("data"),
            cache: home.join("cache"),
            state: home.join("state"),
            runtime: runtime(environment),
        }
    }
}

/// The system's own folder for what lasts no longer than a session; where it has none, one of this user's in that for what
/// is temporary. What an editor has open lies beside no conversation, in no folder that is copied and kept.
fn runtime(environment: &Environment) -> PathBuf {
    let place = |variable: &str| environment.path(variable).filter(|path| path.is_absolute());
    place("XDG_RUNTIME_DIR").map_or_else(
        || {
            let temporary = place("TMPDIR").unwrap_or_else(|| "/tmp".into());
            temporary.join(format!("outcrop-{}", rustix::process::getuid().as_raw()))
        },
        |path| path.join("outcrop"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcrop_home_moves_everything_together() {
        let paths =
            Paths::of(&Environment::from_vars([("OUTCROP_HOME", "/x"), ("XDG_DATA_HOME", "/y")])).unwrap();
        for (name, path) in paths.named().into_iter().filter(|(name, _)| *name != "runtime") {
            assert!(path.starts_with("/x"), "{name}: {}", path.display());
        }
        let beside = [("OUTCROP_HOME", "/x"), ("XDG_RUNTIME_DIR", "/run/user/7")];
        let beside = Paths::of(&Environment::from_vars(beside)).unwrap();
        assert_eq!(beside.runtime, Path::new("/run/user/7/outcrop"), "no text lies open under it");
        assert_eq!(paths.config, Path::new("/x/config.toml"));
    }

    #[test]
    fn without_a_folder_for_the_session_texts_lie_in_one_of_this_user_s_under_the_temporary_one() {
        let runtime = |variables: &[(&str, &str)]| {
            Paths::of(&Environment::from_vars(variables.iter().copied())).unwrap().runtime
        };
        let own = format!("outcrop-{}", rustix::process::getuid().as_raw());
        assert_eq!(runtime(&[("OUTCROP_HOME", "/x")]), Path::new("/tmp").join(&own));
        assert_eq!(runtime(&[("OUTCROP_HOME", "/x"), ("TMPDIR", "/t")]), Path::new("/t").join(&own));
        assert_eq!(runtime(&[("HOME", "/h"), ("TMPDIR", "t")]), Path::new("/tmp").join(&own));
    }

    #[test]
    fn a_home_that_is_a_link_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(folder.path(), &link).unwrap();
        for home in [format!("{}", link.display()), format!("{}/", link.display())] {
            let error = Paths::of(&Environment::from_vars([("OUTCROP_HOME", home)])).unwrap_err();
            assert!(error.why.contains("symbolic link"), "{error}");
        }
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
