//! Values in the way that servers and files have them written.

use serde_json::Value;

/// A text as one part of an address (RFC 3986, 2.3).
pub fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.extend(format!("%{byte:02X}").chars());
        }
    }
    encoded
}

/// A number as it was typed: 0.2, and not the nearest double of the nearest single.
pub(super) fn decimal(value: f32) -> Value {
    value.to_string().parse::<f64>().map_or(Value::Null, Value::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_address_has_a_meaning_for_is_written_otherwise() {
        assert_eq!(encoded("arn:aws/a b~c.d-e_f"), "arn%3Aaws%2Fa%20b~c.d-e_f");
        assert_eq!(encoded("é?&="), "%C3%A9%3F%26%3D");
    }

    #[test]
    fn a_number_keeps_the_digits_that_were_typed() {
        for (value, digits) in [(0.2_f32, "0.2"), (1.0, "1.0"), (0.95, "0.95")] {
            assert_eq!(decimal(value).to_string(), digits);
        }
        assert_eq!(decimal(f32::NAN), Value::Null);
    }
}
