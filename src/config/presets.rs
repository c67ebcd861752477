//! Presets changed in the file, whose comments and order stay.

use std::io::Write as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use toml_edit::{Array, DocumentMut, Item, Table, TableLike, Value, value};

use super::file::begin_file;
use super::{Config, Preset, check};
use crate::domain::settings::{FIELDS, Settings};
use crate::domain::{Error, ErrorKind, Result};

/// Marks the line of a table that goes.
const GONE: &str = " # \u{1}gone";

/// What is done with a preset.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "a person makes one at a time")]
pub enum PresetChange {
    /// It says this; one that is not there is made.
    Set {
        name: String,
        preset: Preset,
    },
    Remove {
        name: String,
    },
    Rename {
        from: String,
        to: String,
    },
}

impl PresetChange {
    /// The preset that it is about.
    fn name(&self) -> &str {
        match self {
            Self::Set { name, .. } | Self::Remove { name } => name,
            Self::Rename { from, .. } => from,
        }
    }
}

impl Config {
    /// Changes a preset in the configuration file, and reads that again.
    ///
    /// # Errors
    ///
    /// `Config`: the file is no TOML, or has no such preset; `Io`: it cannot be written. It is then as it was.
    pub fn change_preset(&self, change: &PresetChange) -> Result<Self> {
        let path = &self.paths.config;
        let doing = format!("changing the preset {:?} in {}", change.name(), path.display());
        let io = |why: std::io::Error| Error::io(&doing, &why);
        begin_file(path, &doing)?;
        // Of one that is linked from somewhere, the file itself is replaced, not the link.
        let path = path.canonicalize().map_err(io)?;
        let text = std::fs::read_to_string(&path).map_err(io)?;
        let changed = changed(&text, change).map_err(|why| {
            Error::new(ErrorKind::Config, &doing, why, "`outcrop config edit` opens the file.")
        })?;
        put(&path, &changed).map_err(io)?;
        self.reload().inspect_err(|_| {
            if let Err(why) = put(&path, &text) {
                tracing::error!(%why, "the configuration file could not be put back");
            }
        })
    }
}

/// Writes the file whole, or leaves it as it is.
fn put(path: &Path, text: &str) -> std::io::Result<()> {
    let mode = std::fs::metadata(path)?.permissions().mode() & 0o777;
    let beside = path.with_extension(format!("toml.{}", std::process::id()));
    let written = std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(mode)
        .open(&beside)
        .and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            file.sync_all()
        })
        .and_then(|()| std::fs::rename(&beside, path));
    if written.is_err() {
        let _ = std::fs::remove_file(&beside);
    }
    written
}

/// The file's text after the change; else why there is none.
fn changed(text: &str, change: &PresetChange) -> std::result::Result<String, String> {
    let mut document: DocumentMut = text.parse().map_err(|_| "the file is no TOML".to_owned())?;
    let presets = document.entry("presets").or_insert_with(|| {
        let mut table = Table::new();
        table.set_implicit(true);
        Item::Table(table)
    });
    let presets = presets.as_table_like_mut().ok_or("presets is no table there")?;
    let missing = |name: &str| format!("the file has no preset {name:?}: it was said elsewhere");
    match change {
        PresetChange::Remove { name } => match presets.get_mut(name) {
            Some(Item::Table(table)) => {
                // What stands above it may be of the whole file: only the lines of the table itself go.
                table.clear();
                table.set_implicit(false);
                table.decor_mut().set_suffix(GONE);
                let text = document.to_string();
                return Ok(text
                    .split_inclusive('\n')
                    .filter(|line| !line.trim_end().ends_with(GONE))
                    .collect());
            }
            _ => drop(presets.remove(name).ok_or_else(|| missing(name))?),
        },
        PresetChange::Rename { from, to } => {
            if presets.contains_key(to) {
                return Err(format!("there is a preset {to:?} already"));
            }
            let preset = presets.remove(from).ok_or_else(|| missing(from))?;
            presets.insert(to, preset);
        }
        PresetChange::Set { name, preset } => {
            if !presets.contains_key(name) {
                presets.insert(name, Item::Table(Table::new()));
            }
            let table = presets.get_mut(name).and_then(Item::as_table_like_mut);
            write(table.ok_or("it is no table there")?, preset)?;
        }
    }
    Ok(document.to_string())
}

fn write(table: &mut dyn TableLike, preset: &Preset) -> std::result::Result<(), String> {
    let text = |text: &str| Value::from(text);
    let model = preset.model.as_ref().map(|model| text(model.as_str()));
    set(table, "model", model);
    set(table, "system", preset.system.as_deref().map(text));
    for field in FIELDS {
        let said = match preset.settings.get(field.name) {
            Some(_) if says(table, field.name, &preset.settings) => continue,
            Some(said) => Some(written(field.name, &said, &preset.settings)?),
            None => None,
        };
        set(table, field.name, said);
    }
    Ok(())
}

/// Whether the file says that already, in its own words.
fn says(table: &dyn TableLike, name: &str, settings: &Settings) -> bool {
    let item = table.get(name).map(|item| format!("value = {}", item.to_string().trim()));
    let parsed = item.and_then(|text| {
        use ::config::{FileFormat, Format as _};
        FileFormat::Toml.parse(None, &text).ok()?.swap_remove("value")
    });
    let mut there = Settings::default();
    parsed.is_some_and(|value| {
        let text = match &value.kind {
            ::config::ValueKind::Array(all) if name == "stop" => {
                there.stop = all.iter().map(ToString::to_string).collect();
                return there.stop == settings.stop;
            }
            kind => check::json_text(kind),
        };
        there.set(name, &text).is_ok() && there.get(name) == settings.get(name)
    })
}

fn written(name: &str, said: &str, settings: &Settings) -> std::result::Result<Value, String> {
    Ok(match name {
        "stop" => Value::Array(settings.stop.iter().map(String::as_str).collect::<Array>()),
        "temperature" | "top_p" | "repeat_penalty" => {
            Value::from(said.parse::<f64>().map_err(|_| "it is no number")?)
        }
        "top_k" | "max_tokens" | "seed" => {
            Value::from(said.parse::<i64>().map_err(|_| format!("{name} {said} is more than TOML holds"))?)
        }
        _ => Value::from(said),
    })
}

/// Puts a value where it differs; what stands behind it on its line stays.
fn set(table: &mut dyn TableLike, name: &str, said: Option<Value>) {
    let Some(mut said) = said else {
        table.remove(name);
        return;
    };
    match table.get(name).and_then(Item::as_value) {
        Some(before) if before.as_str().is_some() && before.as_str() == said.as_str() => {}
        Some(before) => {
            *said.decor_mut() = before.decor().clone();
            // Not `insert`, which takes the comments above it away.
            if let Some(item) = table.get_mut(name) {
                *item = value(said);
            }
        }
        None => {
            table.insert(name, value(said));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn preset(pairs: &[(&str, &str)]) -> Preset {
        let mut settings = Settings::default();
        for (name, text) in pairs {
            settings.set(name, text).unwrap();
        }
        Preset { settings, ..Preset::default() }
    }

    const FILE: &str = "# mine\nmodel = \"a/b\" # usual\n\n[presets.exact] # for facts\n# low\ntemperature = 0.1 # very\nstop = [\n  \"END\", # the end\n]\n\n[ui]\nmouse = false\n";

    #[test]
    fn what_the_person_wrote_beside_a_preset_stays() {
        let change = |change: PresetChange| changed(FILE, &change).unwrap();
        let set = |pairs: &[(&str, &str)]| {
            change(PresetChange::Set { name: "exact".into(), preset: preset(pairs) })
        };
        assert_eq!(set(&[("temperature", "0.1"), ("stop", "END")]), FILE);
        assert_eq!(set(&[("temperature", "0.3"), ("stop", "END")]), FILE.replace("0.1 #", "0.3 #"));
        let more = set(&[
            ("temperature", "0.1"),
            ("stop", "END"),
            ("seed", "7"),
            ("tools", "[{\"name\": \"look\"}]"),
        ]);
        assert!(more.contains("# low\ntemperature = 0.1 # very\n") && more.contains("seed = 7\n"), "{more}");
        assert!(more.contains("[ui]\nmouse = false\n") && more.contains("\"look\""), "{more}");
        let renamed = change(PresetChange::Rename { from: "exact".into(), to: "very exact".into() });
        assert_eq!(renamed, FILE.replace("presets.exact", "presets.\"very exact\""));
        let removed = change(PresetChange::Remove { name: "exact".into() });
        assert!(
            removed.contains("# mine") && removed.contains("[ui]") && !removed.contains("exact"),
            "{removed}"
        );
    }

    #[test]
    fn a_new_preset_is_put_behind_the_others_and_what_is_not_there_is_said() {
        let new = PresetChange::Set { name: "new one".into(), preset: preset(&[("top_p", "0.9")]) };
        for file in ["", FILE, "[presets]\nx = { seed = 1 }\n"] {
            let text = changed(file, &new).unwrap();
            let table: toml::Table = toml::from_str(&text).unwrap();
            assert_eq!(table["presets"]["new one"]["top_p"].as_float(), Some(0.9), "{text}");
        }
        let removed = changed(FILE, &PresetChange::Remove { name: "b".into() });
        assert!(removed.unwrap_err().contains("said elsewhere"));
        let over = PresetChange::Rename { from: "exact".into(), to: "exact".into() };
        assert!(changed(FILE, &over).unwrap_err().contains("already"));
        let large =
            PresetChange::Set { name: "x".into(), preset: preset(&[("seed", "18446744073709551615")]) };
        assert!(changed(FILE, &large).unwrap_err().contains("more than TOML holds"));
        assert!(changed("nonsense", &new).is_err());
    }
}
