//! What the arguments and their preset say of a conversation, on the screen and without one.

use super::args;
use crate::config::{Config, Preset};
use crate::domain::catalog::ModelId;
use crate::domain::settings::Settings;
use crate::domain::{Error, ErrorKind, Result};

/// The preset with what was said besides put over it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Wishes {
    pub model: Option<ModelId>,
    pub system: Option<String>,
    pub settings: Settings,
}

impl Wishes {
    /// Reads the arguments; an unknown preset or setting is an error that names those that there are.
    pub fn of(arguments: &args::Wishes, config: &Config) -> Result<Self> {
        let preset = arguments.preset.as_deref().map(|name| preset(name, config)).transpose()?;
        let mut settings = preset.map(|preset| preset.settings.clone()).unwrap_or_default();
        set(&mut settings, "--set ", &arguments.set)?;
        let model = match &arguments.model {
            Some(model) => Some(model.parse()?),
            None => preset.and_then(|preset| preset.model.clone()),
        };
        let system = arguments.system.clone().or_else(|| preset.and_then(|preset| preset.system.clone()));
        Ok(Self { model, system, settings })
    }

    /// The same over what every new conversation begins with.
    #[must_use]
    pub fn over(self, defaults: &Preset) -> Self {
        Self {
            model: self.model,
            system: self.system.or_else(|| defaults.system.clone()),
            settings: defaults.settings.overlaid(&self.settings),
        }
    }
}

/// Puts what was said over settings, `name=value` each; `flag` stands before them where that is written.
pub(super) fn set(settings: &mut Settings, flag: &str, said: &[String]) -> Result<()> {
    for set in said {
        let (name, value) = set.split_once('=').ok_or_else(|| {
            Error::new(
                ErrorKind::Invalid,
                format!("reading {flag}{set}"),
                "it is not of the form name=value",
                format!("Write it like {flag}temperature=0.2."),
            )
        })?;
        settings.set(name, value)?;
    }
    Ok(())
}

pub(super) fn preset<'a>(name: &str, config: &'a Config) -> Result<&'a Preset> {
    config.presets.get(name).ok_or_else(|| {
        let names: Vec<_> = config.presets.keys().map(String::as_str).collect();
        let hint = if names.is_empty() {
            format!("There is none; write [presets.{name}] into {}.", config.paths.config.display())
        } else {
            format!("There are: {}.", names.join(", "))
        };
        Error::new(ErrorKind::NotFound, format!("taking the preset {name}"), "there is no such preset", hint)
    })
}
