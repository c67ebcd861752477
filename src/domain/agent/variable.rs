//! Values that name variables of the environment, where a secret is: `$NAME` and `${NAME}`, alone or within others.

/// The value with what the variables hold in the place of their names.
///
/// # Errors
///
/// The name of the first variable that is not there.
pub fn filled(value: &str, variable: &dyn Fn(&str) -> Option<String>) -> Result<String, String> {
    let mut filled = String::with_capacity(value.len());
    let mut rest = value;
    while let Some(at) = rest.find('$') {
        let (before, from) = rest.split_at(at);
        filled.push_str(before);
        let Some((name, length)) = named(from) else {
            filled.push('$');
            rest = &from[1..];
            continue;
        };
        filled.push_str(&variable(name).ok_or_else(|| name.to_owned())?);
        rest = &from[length..];
    }
    filled.push_str(rest);
    Ok(filled)
}

/// The variables that a value names, in order.
pub fn names(value: &str) -> Vec<&str> {
    let mut names = Vec::new();
    let mut rest = value;
    while let Some(at) = rest.find('$') {
        let from = &rest[at..];
        match named(from) {
            Some((name, length)) => {
                names.push(name);
                rest = &from[length..];
            }
            None => rest = &from[1..],
        }
    }
    names
}

/// The name that such a text begins with, and how many bytes say it; `None` where its `$` stands for itself.
fn named(from: &str) -> Option<(&str, usize)> {
    let after = from.strip_prefix('$')?;
    let part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let is_name = |name: &str| name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    if let Some(braced) = after.strip_prefix('{') {
        let name = &braced[..braced.find('}')?];
        return (is_name(name) && name.chars().all(part)).then_some((name, name.len() + 3));
    }
    let name = &after[..after.find(|c| !part(c)).unwrap_or(after.len())];
    is_name(name).then_some((name, name.len() + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_put_in_wherever_they_are_named_and_a_missing_one_is_told() {
        let variable = |name: &str| (name != "NOT").then(|| format!("<{name}>"));
        for (value, filled_in, named) in [
            ("plain", "plain", vec![]),
            ("$A", "<A>", vec!["A"]),
            ("Bearer ${TOKEN_1}", "Bearer <TOKEN_1>", vec!["TOKEN_1"]),
            ("$A$_b-é", "<A><_b>-é", vec!["A", "_b"]),
            ("costs $5, $, ${}, ${a b}, ${open", "costs $5, $, ${}, ${a b}, ${open", vec![]),
        ] {
            assert_eq!(filled(value, &variable).as_deref(), Ok(filled_in));
            assert_eq!(names(value), named);
        }
        assert_eq!(filled("$A $NOT", &variable), Err("NOT".to_owned()));
    }
}
