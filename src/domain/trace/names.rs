//! Texts that many spans share, each kept once.

use std::collections::HashMap;
use std::sync::Arc;

/// The place of a text among the names.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Symbol(u32);

impl Symbol {
    /// The empty text: nothing is said.
    pub const NONE: Self = Self(0);

    /// Whether nothing is said.
    pub fn is_none(self) -> bool {
        self == Self::NONE
    }

    /// Its number, below [`Names::len`].
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// The texts.
#[derive(Debug, Clone)]
pub struct Names {
    texts: Vec<Arc<str>>,
    symbols: HashMap<Arc<str>, Symbol>,
}

impl Default for Names {
    fn default() -> Self {
        let empty: Arc<str> = Arc::from("");
        Self { texts: vec![Arc::clone(&empty)], symbols: HashMap::from([(empty, Symbol::NONE)]) }
    }
}

impl Names {
    /// The symbol of a text, which is kept from now on.
    pub fn keep(&mut self, text: &str) -> Symbol {
        if text.is_empty() {
            return Symbol::NONE;
        }
        if let Some(symbol) = self.symbols.get(text) {
            return *symbol;
        }
        let symbol = Symbol(u32::try_from(self.texts.len()).unwrap_or(0));
        let text: Arc<str> = Arc::from(text);
        self.texts.push(Arc::clone(&text));
        self.symbols.insert(text, symbol);
        symbol
    }

    /// The text of a symbol.
    pub fn get(&self, symbol: Symbol) -> &str {
        self.texts.get(symbol.index()).map_or("", AsRef::as_ref)
    }

    /// The symbol of a text that was kept.
    pub fn find(&self, text: &str) -> Option<Symbol> {
        self.symbols.get(text).copied()
    }

    /// For each symbol whether its text passes: many spans are then looked through without looking at a text.
    pub fn passing(&self, mut passes: impl FnMut(&str) -> bool) -> Vec<bool> {
        self.texts.iter().map(|text| passes(text)).collect()
    }

    /// How many there are, the empty one included.
    pub fn len(&self) -> usize {
        self.texts.len()
    }

    /// Whether none but the empty one is kept.
    pub fn is_empty(&self) -> bool {
        self.texts.len() == 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_kept_once_and_the_empty_one_is_none() {
        let mut names = Names::default();
        let (a, b) = (names.keep("chat"), names.keep("tool"));
        assert_eq!(names.keep("chat"), a);
        assert_ne!(a, b);
        assert!(names.keep("").is_none());
        assert_eq!((names.get(a), names.get(Symbol::NONE), names.len()), ("chat", "", 3));
        assert_eq!(names.find("tool"), Some(b));
        assert_eq!(names.passing(|text| text.contains('t')), [false, true, true]);
    }
}
