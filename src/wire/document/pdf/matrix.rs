//! The six numbers of a PDF transformation (ISO 32000-1, 8.3.4).

/// Maps `(x, y)` to `(a x + c y + e, b x + d y + f)`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Matrix(pub [f64; 6]);

impl Matrix {
    pub const SAME: Self = Self([1.0, 0.0, 0.0, 1.0, 0.0, 0.0]);

    /// First this one, then `outer`.
    pub fn then(&self, outer: &Self) -> Self {
        let of = self.0;
        let (right, up) = (outer.direction(of[0], of[1]), outer.direction(of[2], of[3]));
        let origin = outer.point(of[4], of[5]);
        Self([right.0, right.1, up.0, up.1, origin.0, origin.1])
    }

    pub fn point(&self, x: f64, y: f64) -> (f64, f64) {
        let (dx, dy) = self.direction(x, y);
        (dx + self.0[4], dy + self.0[5])
    }

    /// Where a difference of two points goes.
    pub fn direction(&self, dx: f64, dy: f64) -> (f64, f64) {
        let [a, b, c, d, ..] = self.0;
        (a * dx + c * dy, b * dx + d * dy)
    }
}
