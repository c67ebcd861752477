//! The six numbers of a PDF transformation (ISO 32000-1, 8.3.4).

/// Maps `(x, y)` to `(a x + c y + e, b x + d y + f)`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Matrix(pub [f64; 6]);

impl Matrix {
    pub const SAME: Self = Self([1.0, 0.0, 0.0, 1.0, 0.0, 0.0]);

    /// First this one, then `outer`.
    pub fn then(&self, outer: &Self) -> Self {
        let [a, b, c, d, e, f] = self.0;
        let (x1, y1) = outer.direction(a, b);
        let (x2, y2) = outer.direction(c, d);
        let (x3, y3) = outer.point(e, f);
        Self([x1, y1, x2, y2, x3, y3])
    }

    pub fn point(&self, x: f64, y: f64) -> (f64, f64) {
        let [.., e, f] = self.0;
        let (dx, dy) = self.direction(x, y);
        (dx + e, dy + f)
    }

    /// Where a difference of two points goes.
    pub fn direction(&self, x: f64, y: f64) -> (f64, f64) {
        let [a, b, c, d, ..] = self.0;
        (a * x + c * y, b * x + d * y)
    }
}
