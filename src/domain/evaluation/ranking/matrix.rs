//! Small dense symmetric matrices that are positive definite, by Cholesky's factor H = L·Lᵀ.

/// The factor of a matrix of `n` rows.
pub(super) struct Factor {
    n: usize,
    /// Row by row; what stands above the diagonal is not read.
    l: Vec<f64>,
}

impl Factor {
    /// `None` where the matrix is not positive definite.
    pub(super) fn of(n: usize, mut cells: Vec<f64>) -> Option<Self> {
        for row in 0..n {
            for column in 0..=row {
                let (a, b) = (row * n, column * n);
                let dot: f64 = (0..column).map(|k| cells[a + k] * cells[b + k]).sum();
                let rest = cells[a + column] - dot;
                cells[a + column] = if row > column {
                    rest / cells[b + column]
                } else if rest > 0.0 {
                    rest.sqrt()
                } else {
                    return None;
                };
            }
        }
        Some(Self { n, l: cells })
    }

    /// x of H·x = b, in the place of b.
    pub(super) fn solve(&self, b: &mut [f64]) {
        let n = self.n;
        for row in 0..n {
            let dot: f64 = (0..row).map(|k| self.l[row * n + k] * b[k]).sum();
            b[row] = (b[row] - dot) / self.l[row * n + row];
        }
        for row in (0..n).rev() {
            let dot: f64 = (row + 1..n).map(|k| self.l[k * n + row] * b[k]).sum();
            b[row] = (b[row] - dot) / self.l[row * n + row];
        }
    }

    /// The inverse of H.
    pub(super) fn inverse(&self) -> Vec<f64> {
        let mut cells = vec![0.0; self.n * self.n];
        for (at, row) in cells.chunks_exact_mut(self.n.max(1)).enumerate() {
            row[at] = 1.0;
            self.solve(row);
        }
        cells
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_matrix_times_its_inverse_is_one() {
        let cells = vec![4.0, 1.0, -0.5, 1.0, 3.0, 0.25, -0.5, 0.25, 2.0];
        let inverse = Factor::of(3, cells.clone()).unwrap().inverse();
        for (row, column) in (0..3).flat_map(|row| (0..3).map(move |column| (row, column))) {
            let cell: f64 = (0..3).map(|k| cells[row * 3 + k] * inverse[k * 3 + column]).sum();
            assert!((cell - f64::from(u8::from(row == column))).abs() < 1e-12);
        }
    }

    #[test]
    fn a_matrix_that_is_not_positive_definite_has_no_factor() {
        assert!(Factor::of(2, vec![1.0, 2.0, 2.0, 1.0]).is_none());
        assert!(Factor::of(2, vec![1.0, -1.0, -1.0, 1.0]).is_none());
    }
}
