//! What tells columns apart: what each is asked with that not all of them are.

use super::Column;
use crate::domain::settings::FIELDS;
use crate::domain::untrusted::brief;

/// The most columns of a value, and of the beginning of a system prompt.
const WIDE: usize = 24;

/// Of each column, in words: `temperature 0.2, seed 1`. What is the same everywhere is left out; of what is set for some,
/// the others of the same model say that they have it not.
pub fn own(columns: &[Column]) -> Vec<String> {
    let mut said: Vec<Vec<String>> = vec![Vec::new(); columns.len()];
    let mut tell = |values: Vec<Option<String>>, with: &dyn Fn(&str) -> String, without: String| {
        if values.windows(2).all(|pair| pair[0] == pair[1]) {
            return;
        }
        for (at, (column, value)) in columns.iter().zip(&values).enumerate() {
            let alike = columns.iter().zip(&values).any(|(c, v)| c.model == column.model && v.is_some());
            match value {
                Some(value) => said[at].push(with(&brief(value, WIDE))),
                None if alike => said[at].push(without.clone()),
                None => {}
            }
        }
    };
    for field in FIELDS {
        let name = field.name.replace('_', " ");
        let values = columns.iter().map(|column| column.settings.shown(field.name)).collect();
        tell(values, &|value| format!("{name} {value}"), format!("default {name}"));
    }
    let system = |column: &Column| column.system.clone().filter(|system| !system.trim().is_empty());
    let systems = columns.iter().map(system).collect();
    tell(systems, &|text| format!("system “{text}”"), "no system prompt".to_owned());
    said.into_iter().map(|parts| parts.join(", ")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(model: &str, settings: &[(&str, &str)], system: Option<&str>) -> Column {
        let mut column = Column::new(model.parse().unwrap());
        for (name, value) in settings {
            column.settings.set(name, value).unwrap();
        }
        column.system = system.map(str::to_owned);
        column
    }

    #[test]
    fn columns_say_what_not_all_of_them_are_asked_with() {
        let [low, high] = ["0.2", "0.9"].map(|t| column("a/x", &[("temperature", t), ("seed", "1")], None));
        assert_eq!(own(&[low.clone(), high]), ["temperature 0.2", "temperature 0.9"], "the seed is the same");
        let plain = column("a/x", &[("seed", "1")], Some("Be brief, and say what you do not know."));
        let both = own(&[low.clone(), plain]);
        assert_eq!(both[0], "temperature 0.2, no system prompt");
        assert_eq!(both[1], "default temperature, system “Be brief, and say what…”");
        let other = column("a/y", &[("seed", "1")], None);
        assert_eq!(own(&[low.clone(), other]), ["temperature 0.2", ""], "the model tells it apart");
        assert_eq!(own(&[low.clone(), low]), ["", ""]);
    }
}
