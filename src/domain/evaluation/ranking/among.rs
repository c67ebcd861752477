//! Battles that were brought from elsewhere, beside those that were fought here.

use std::collections::{HashMap, HashSet};

use crate::domain::evaluation::battle::Battle;
use crate::domain::figures::count;

/// Those of the `brought` ones whose contestants have met one of `own`, over whichever others, and how many have not: between groups
/// that never met nobody is rated, and what is brought shall not take the ratings away that there are. Where none were fought here
/// all are taken.
pub fn among(own: &[Battle], brought: Vec<Battle>) -> (Vec<Battle>, u64) {
    if own.is_empty() {
        return (brought, 0);
    }
    let mut others: HashMap<&str, Vec<&str>> = HashMap::new();
    for Battle { a, b, .. } in &brought {
        others.entry(a).or_default().push(b);
        others.entry(b).or_default().push(a);
    }
    let mut known: HashSet<&str> = own.iter().flat_map(|battle| [battle.a.as_str(), &battle.b]).collect();
    let mut next: Vec<&str> = known.iter().copied().collect();
    while let Some(name) = next.pop() {
        let fresh = others.get(name).into_iter().flatten().copied();
        let fresh: Vec<&str> = fresh.filter(|other| known.insert(other)).collect();
        next.extend(fresh);
    }
    let meets: Vec<bool> = brought.iter().map(|battle| known.contains(battle.a.as_str())).collect();
    let all = brought.len();
    let taken: Vec<Battle> =
        brought.into_iter().zip(meets).filter_map(|(battle, meets)| meets.then_some(battle)).collect();
    let apart = (all - taken.len()) as u64;
    (taken, apart)
}

/// How many are left out, as a sentence without its end.
pub fn left_apart(many: u64) -> String {
    let battles = count(many, "battle from elsewhere is", "battles from elsewhere are");
    format!("{battles} left out: none of their contestants has met one of here, by the same name")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::evaluation::battle::Outcome;

    #[test]
    fn what_never_met_one_of_here_is_left_out_and_counted() {
        let battle = |a: &str, b: &str| Battle::new(a.to_owned(), b.to_owned(), Outcome::A);
        let brought = || vec![battle("b", "c"), battle("c", "d"), battle("x", "y")];
        let (taken, apart) = among(&[battle("a", "b")], brought());
        assert_eq!((taken, apart), (brought()[..2].to_vec(), 1));
        assert_eq!(among(&[], brought()), (brought(), 0));
    }
}
