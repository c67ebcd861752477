//! Arithmetic for agents: exact on fractions as far as 128 bits go, binary floating point beyond that and for roots and
//! logarithms.
//!
//! `+ - * / % ^`, a minus before a number, parentheses, `pi`, `e` and functions. `^` binds tightest and from the right,
//! `-2^2` is −4 as in mathematics; `%` is the remainder with the sign of the divided.

/// The longest expression, in bytes.
const LONGEST: usize = 2_000;
/// Parentheses and signs within one another.
const DEEPEST: u32 = 64;
/// Digits behind the point that are written of an exact number.
const DIGITS: u32 = 28;

/// What an expression comes to, as text.
///
/// # Errors
///
/// Why it comes to nothing, in words for a model.
pub fn compute(expression: &str) -> Result<String, String> {
    if expression.len() > LONGEST {
        return Err(format!("the expression is longer than {LONGEST} bytes"));
    }
    let mut reader = Reader { rest: expression, depth: 0 };
    let value = reader.sum()?;
    reader.blanks();
    if let Some(left) = reader.rest.chars().next() {
        return Err(format!("{left:?} is not expected there: {:?}", reader.rest));
    }
    value.shown()
}

/// A number.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Number {
    /// In lowest terms, the denominator above 0.
    Exact(i128, i128),
    Near(f64),
}

use Number::{Exact, Near};

fn divisor(mut a: u128, mut b: u128) -> u128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a.max(1)
}

/// A fraction in lowest terms; `None` where it does not fit.
fn fraction(over: i128, under: i128) -> Option<Number> {
    if under == 0 {
        return None;
    }
    let common = i128::try_from(divisor(over.unsigned_abs(), under.unsigned_abs())).ok()?;
    let (over, under) = (over / common, under / common);
    if under < 0 { Some(Exact(over.checked_neg()?, under.checked_neg()?)) } else { Some(Exact(over, under)) }
}

impl Number {
    #[allow(clippy::cast_precision_loss, reason = "near is what is meant")]
    fn near(self) -> f64 {
        match self {
            Exact(over, under) => over as f64 / under as f64,
            Near(number) => number,
        }
    }

    fn is_zero(self) -> bool {
        matches!(self, Exact(0, _)) || self == Near(0.0)
    }

    /// By the exact way where both are exact and it fits, else by the near one.
    fn by(
        self,
        other: Self,
        exact: impl Fn((i128, i128), (i128, i128)) -> Option<Self>,
        near: impl Fn(f64, f64) -> f64,
    ) -> Self {
        if let (Exact(a, b), Exact(c, d)) = (self, other)
            && let Some(number) = exact((a, b), (c, d))
        {
            return number;
        }
        Near(near(self.near(), other.near()))
    }

    fn add(self, other: Self) -> Self {
        let exact = |(a, b): (i128, i128), (c, d): (i128, i128)| {
            fraction(a.checked_mul(d)?.checked_add(c.checked_mul(b)?)?, b.checked_mul(d)?)
        };
        self.by(other, exact, |a, b| a + b)
    }

    fn negative(self) -> Self {
        match self {
            Exact(over, under) => over.checked_neg().map_or(Near(-self.near()), |over| Exact(over, under)),
            Near(number) => Near(-number),
        }
    }

    fn times(self, other: Self) -> Self {
        let exact =
            |(a, b): (i128, i128), (c, d): (i128, i128)| fraction(a.checked_mul(c)?, b.checked_mul(d)?);
        self.by(other, exact, |a, b| a * b)
    }

    fn over(self, other: Self) -> Result<Self, String> {
        if other.is_zero() {
            return Err("it divides by zero".to_owned());
        }
        let exact =
            |(a, b): (i128, i128), (c, d): (i128, i128)| fraction(a.checked_mul(d)?, b.checked_mul(c)?);
        Ok(self.by(other, exact, |a, b| a / b))
    }

    fn rest(self, other: Self) -> Result<Self, String> {
        if other.is_zero() {
            return Err("it divides by zero".to_owned());
        }
        let exact = |(a, b): (i128, i128), (c, d): (i128, i128)| {
            fraction(a.checked_mul(d)?.checked_rem(c.checked_mul(b)?)?, b.checked_mul(d)?)
        };
        Ok(self.by(other, exact, |a, b| a % b))
    }

    fn power(self, other: Self) -> Result<Self, String> {
        if let Exact(times, 1) = other
            && let Ok(times) = i32::try_from(times)
            && let Exact(over, under) = self
        {
            let of = times.unsigned_abs();
            if let (Some(over), Some(under)) = (over.checked_pow(of), under.checked_pow(of)) {
                let (over, under) = if times < 0 { (under, over) } else { (over, under) };
                return fraction(over, under).ok_or_else(|| "it divides by zero".to_owned());
            }
        }
        Ok(Near(self.near().powf(other.near())))
    }

    /// As text: exact decimals as they are, other fractions and near numbers to the digits of a double.
    fn shown(self) -> Result<String, String> {
        if let Exact(over, under) = self
            && let Some(text) = decimal(over, under)
        {
            return Ok(text);
        }
        let number = self.near();
        if number.is_nan() {
            return Err("it has no value among real numbers".to_owned());
        }
        if number.is_infinite() {
            return Err("it is too large".to_owned());
        }
        Ok(format!("{number}"))
    }
}

/// A fraction as a decimal, where it ends soon enough.
fn decimal(over: i128, under: i128) -> Option<String> {
    let mut digits = 0;
    let mut scaled = 1_i128;
    while scaled % under != 0 {
        digits += 1;
        if digits > DIGITS {
            return None;
        }
        scaled = scaled.checked_mul(10)?;
    }
    let whole = over.checked_mul(scaled / under)?;
    let sign = if whole < 0 { "-" } else { "" };
    let (whole, scaled) = (whole.unsigned_abs(), scaled.unsigned_abs());
    let ones = whole / scaled;
    if digits == 0 {
        return Some(format!("{sign}{ones}"));
    }
    let behind = whole % scaled;
    Some(format!("{sign}{ones}.{behind:0width$}", width = digits as usize))
}

struct Reader<'a> {
    rest: &'a str,
    depth: u32,
}

impl<'a> Reader<'a> {
    fn blanks(&mut self) {
        self.rest = self.rest.trim_start();
    }

    /// Takes the sign if it comes next.
    fn takes(&mut self, sign: &str) -> bool {
        self.blanks();
        self.rest.strip_prefix(sign).is_some_and(|rest| {
            self.rest = rest;
            true
        })
    }

    fn deeper(&mut self) -> Result<(), String> {
        self.depth += 1;
        if self.depth > DEEPEST { Err("it is nested too deeply".to_owned()) } else { Ok(()) }
    }

    fn sum(&mut self) -> Result<Number, String> {
        let mut sum = self.product()?;
        loop {
            if self.takes("+") {
                sum = sum.add(self.product()?);
            } else if self.takes("-") || self.takes("−") {
                sum = sum.add(self.product()?.negative());
            } else {
                return Ok(sum);
            }
        }
    }

    fn product(&mut self) -> Result<Number, String> {
        let mut product = self.signed()?;
        loop {
            if self.takes("*") || self.takes("×") {
                product = product.times(self.signed()?);
            } else if self.takes("/") || self.takes("÷") {
                product = product.over(self.signed()?)?;
            } else if self.takes("%") {
                product = product.rest(self.signed()?)?;
            } else {
                return Ok(product);
            }
        }
    }

    fn signed(&mut self) -> Result<Number, String> {
        if self.takes("-") || self.takes("−") {
            self.deeper()?;
            let number = self.signed()?.negative();
            self.depth -= 1;
            return Ok(number);
        }
        if self.takes("+") {
            self.deeper()?;
            let number = self.signed()?;
            self.depth -= 1;
            return Ok(number);
        }
        let base = self.atom()?;
        if self.takes("**") || self.takes("^") {
            self.deeper()?;
            let power = self.signed()?;
            self.depth -= 1;
            return base.power(power);
        }
        Ok(base)
    }

    fn atom(&mut self) -> Result<Number, String> {
        self.blanks();
        if self.takes("(") {
            self.deeper()?;
            let value = self.sum()?;
            self.depth -= 1;
            if !self.takes(")") {
                return Err("a parenthesis is not closed".to_owned());
            }
            return Ok(value);
        }
        let word = self.while_is(|c| c.is_ascii_alphabetic());
        if !word.is_empty() {
            return self.named(word);
        }
        self.number()
    }

    fn while_is(&mut self, is: impl Fn(char) -> bool) -> &'a str {
        let end = self.rest.find(|c| !is(c)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at(end);
        self.rest = rest;
        taken
    }

    fn number(&mut self) -> Result<Number, String> {
        let digits = |c: char| c.is_ascii_digit() || c == '_';
        let ones = self.while_is(digits).replace('_', "");
        let behind = if self.rest.starts_with('.') {
            self.rest = &self.rest[1..];
            self.while_is(digits).replace('_', "")
        } else {
            String::new()
        };
        if ones.is_empty() && behind.is_empty() {
            return Err(if self.rest.is_empty() {
                "it ends where a number is expected".to_owned()
            } else {
                format!("a number is expected at {:?}", self.rest)
            });
        }
        let mut tens: i32 = 0;
        // `2e3`, but not the number e behind a number.
        if let Some(after) = self.rest.strip_prefix(['e', 'E']) {
            let unsigned = after.strip_prefix(['+', '-']).unwrap_or(after);
            if unsigned.starts_with(|c: char| c.is_ascii_digit()) {
                let minus = after.starts_with('-');
                self.rest = unsigned;
                let power: i32 = self.while_is(|c| c.is_ascii_digit()).parse().unwrap_or(i32::MAX / 2);
                tens = if minus { -power } else { power };
            }
        }
        let exact = || {
            let over: i128 = format!("{ones}{behind}").parse().ok()?;
            let tens = tens.checked_sub(i32::try_from(behind.len()).ok()?)?;
            let scale = 10_i128.checked_pow(tens.unsigned_abs())?;
            if tens < 0 { fraction(over, scale) } else { fraction(over.checked_mul(scale)?, 1) }
        };
        if let Some(number) = exact() {
            return Ok(number);
        }
        let text = format!("{ones}.{behind}0e{tens}");
        text.parse().map(Near).map_err(|_| format!("{text:?} is no number"))
    }

    fn named(&mut self, word: &str) -> Result<Number, String> {
        match word {
            "pi" => return Ok(Near(std::f64::consts::PI)),
            "e" => return Ok(Near(std::f64::consts::E)),
            _ => {}
        }
        if !self.takes("(") {
            return Err(format!("{word:?} is no number and no function"));
        }
        self.deeper()?;
        let mut values = vec![self.sum()?];
        while self.takes(",") {
            values.push(self.sum()?);
        }
        self.depth -= 1;
        if !self.takes(")") {
            return Err("a parenthesis is not closed".to_owned());
        }
        match (word, values.as_slice()) {
            ("min", all) => {
                Ok(all.iter().copied().fold(all[0], |a, b| if b.near() < a.near() { b } else { a }))
            }
            ("max", all) => {
                Ok(all.iter().copied().fold(all[0], |a, b| if b.near() > a.near() { b } else { a }))
            }
            (_, [value]) => of_one(word, *value),
            _ => Err(format!("{word:?} takes one number")),
        }
    }
}

fn of_one(word: &str, value: Number) -> Result<Number, String> {
    let floor = |value: Number| match value {
        Exact(over, under) => Exact(over.div_euclid(under), 1),
        Near(number) => Near(number.floor()),
    };
    let near = value.near();
    Ok(match word {
        "abs" => {
            if near < 0.0 {
                value.negative()
            } else {
                value
            }
        }
        "floor" => floor(value),
        "ceil" => floor(value.negative()).negative(),
        // Halves away from zero, as people do it.
        "round" => {
            let half = Exact(1, 2);
            if near < 0.0 { floor(value.negative().add(half)).negative() } else { floor(value.add(half)) }
        }
        "sqrt" => root(value),
        "ln" => Near(near.ln()),
        "log" => Near(near.log10()),
        "exp" => Near(near.exp()),
        "sin" => Near(near.sin()),
        "cos" => Near(near.cos()),
        "tan" => Near(near.tan()),
        other => return Err(format!("there is no function {other:?}")),
    })
}

/// Exact where it is a fraction.
fn root(value: Number) -> Number {
    if let Exact(over, under) = value
        && over >= 0
    {
        let (a, b) = (over.isqrt(), under.isqrt());
        if a.checked_mul(a) == Some(over) && b.checked_mul(b) == Some(under) {
            return Exact(a, b);
        }
    }
    Near(value.near().sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_and_fractions_are_exact() {
        for (expression, result) in [
            ("0.1 + 0.2", "0.3"),
            ("1/3*3", "1"),
            ("2^10", "1024"),
            ("2^-2", "0.25"),
            ("-2^2", "-4"),
            ("2^3^2", "512"),
            ("(12.5 + 3) * 4", "62"),
            ("7 % 3 - -1", "2"),
            ("-7 % 3", "-1"),
            ("10/4", "2.5"),
            ("1_000 * 1e3", "1000000"),
            ("123456789012345678 * 1000000007", "123456789876543201086419746"),
            ("sqrt(2.25) + abs(-3)", "4.5"),
            ("round(2.5) + round(-2.5) + floor(-0.5) + ceil(0.2)", "0"),
            ("min(3, 1/2, 2) + max(1, 2)", "2.5"),
            ("1.005 * 100", "100.5"),
        ] {
            assert_eq!(compute(expression).as_deref(), Ok(result), "{expression}");
        }
    }

    #[test]
    fn what_cannot_be_exact_is_near() {
        assert!(compute("2/3").unwrap().starts_with("0.666666666666666"));
        assert!(compute("sqrt(2)").unwrap().starts_with("1.41421356"));
        assert!(compute("2 * pi").unwrap().starts_with("6.28318530"));
        assert!(compute("10^40").unwrap().starts_with('1'));
        assert_eq!(compute("ln(e)").as_deref(), Ok("1"));
    }

    #[test]
    fn what_is_no_expression_says_why() {
        for (expression, why) in [
            ("", "ends where"),
            ("1 +", "ends where"),
            ("1 / 0", "zero"),
            ("5 % (1 - 1)", "zero"),
            ("0^-1", "zero"),
            ("(1", "not closed"),
            ("1 2", "not expected"),
            ("rm(1)", "no function"),
            ("x", "no number"),
            ("sqrt(-1)", "no value"),
            ("9^999999", "too large"),
            ("sin(1, 2)", "one number"),
        ] {
            let said = compute(expression).unwrap_err();
            assert!(said.contains(why), "{expression}: {said}");
        }
        assert!(compute(&"(".repeat(100)).unwrap_err().contains("deeply"));
        assert!(compute(&"1".repeat(3_000)).unwrap_err().contains("longer"));
    }
}
