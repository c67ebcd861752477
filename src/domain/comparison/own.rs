//! What columns are asked with: what tells each from the others, and what is the same for all.

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
    let systems = columns.iter().map(system).collect();
    tell(systems, &|text| format!("system “{text}”"), "no system prompt".to_owned());
    said.into_iter().map(|parts| parts.join(", ")).collect()
}

/// What all of them are asked with, in words: `temperature 1.5, seed 1`. `None` where that is all left to the defaults.
pub fn shared(columns: &[Column]) -> Option<String> {
    let (first, rest) = columns.split_first()?;
    let alike = |of: &dyn Fn(&Column) -> Option<String>| {
        of(first).filter(|value| rest.iter().all(|column| of(column).as_ref() == Some(value)))
    };
    let field = |name: &str| {
        let value = alike(&|column| column.settings.shown(name))?;
        Some(format!("{} {}", name.replace('_', " "), brief(&value, WIDE)))
    };
    let mut said: Vec<String> = FIELDS.iter().filter_map(|of| field(of.name)).collect();
    said.extend(alike(&system).map(|text| format!("system “{}”", brief(&text, WIDE))));
    (!said.is_empty()).then(|| said.join(", "))
}

fn system(column: &Column) -> Option<String> {
    column.system.clone().filter(|system| !system.trim().is_empty())
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

    #[test]
    fn what_all_columns_are_asked_with_is_said_once_and_no_default_is() {
        let [low, high] = ["0.2", "0.9"].map(|t| column("a/x", &[("temperature", t), ("seed", "1")], None));
        assert_eq!(shared(&[low.clone(), high]).as_deref(), Some("seed 1"));
        assert_eq!(shared(&[low.clone(), low.clone()]).as_deref(), Some("temperature 0.2, seed 1"));
        assert_eq!(shared(&[low]).as_deref(), Some("temperature 0.2, seed 1"));
        let brief = column("a/y", &[], Some("Be brief."));
        assert_eq!(shared(&[brief.clone(), brief]).as_deref(), Some("system “Be brief.”"));
        assert_eq!(shared(&[column("a/x", &[], None), column("a/y", &[], None)]), None);
        assert_eq!(shared(&[]), None);
    }
}
