//! Vectors of texts as people look at them.

/// So many of its numbers are shown.
const SHOWN: usize = 6;

/// The length of a vector (Euclid's): vectors of length 1 are compared by their dot product alone.
pub fn norm(vector: &[f32]) -> f64 {
    vector.iter().map(|number| f64::from(*number).powi(2)).sum::<f64>().sqrt()
}

/// `768 numbers, norm 1.0000: 0.0123, -0.0456, …`
pub fn words(vector: &[f32]) -> String {
    let first: Vec<_> = vector.iter().take(SHOWN).map(|number| format!("{number:.4}")).collect();
    let more = if vector.len() > SHOWN { ", …" } else { "" };
    let numbers = if vector.len() == 1 { "number" } else { "numbers" };
    format!("{} {numbers}, norm {:.4}: {}{more}", vector.len(), norm(vector), first.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vector_is_told_by_its_size_its_length_and_its_first_numbers() {
        assert_eq!(words(&[3.0, -4.0]), "2 numbers, norm 5.0000: 3.0000, -4.0000");
        assert_eq!(words(&[1.0]), "1 number, norm 1.0000: 1.0000");
        assert!(words(&[0.0; 7]).ends_with(": 0.0000, 0.0000, 0.0000, 0.0000, 0.0000, 0.0000, …"));
    }
}
