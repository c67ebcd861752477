//! AWS Lambda, as far as functions are invoked (<https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html>).

use serde_json::Value;

use crate::domain::{Error, ErrorKind, Result};
use crate::wire::bedrock::fault;
use crate::wire::written::encoded;

/// The longest name of a function, its ARN and a qualifier with it.
const LONGEST: usize = 300;

/// A function by its name, its partial or its whole ARN, each with a version or an alias where one is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Function<'a>(&'a str);

impl<'a> Function<'a> {
    /// Reads a name.
    ///
    /// # Errors
    ///
    /// `Invalid`: nothing that a function can be called.
    pub fn read(name: &'a str) -> Result<Self> {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_:.$".contains(c);
        if name.is_empty() || name.len() > LONGEST || !name.chars().all(plain) {
            let hint = "It is a name like my-function or my-function:alias, or an ARN.";
            return Err(Error::new(
                ErrorKind::Invalid,
                "reading the name of a Lambda function",
                "it is none",
                hint,
            ));
        }
        Ok(Self(name))
    }

    /// The Region that its ARN names.
    pub fn region(&self) -> Option<&'a str> {
        let mut parts = self.0.strip_prefix("arn:")?.split(':');
        let (_, service, region) = (parts.next()?, parts.next()?, parts.next()?);
        (service == "lambda" && !region.is_empty()).then_some(region)
    }

    /// Where it is invoked, behind the service's address.
    pub fn path(&self) -> String {
        format!("/2015-03-31/functions/{}/invocations", encoded(self.0))
    }
}

/// What a function says went wrong in it. `kind` is the header `X-Amz-Function-Error`.
pub fn failed(kind: &str, payload: &[u8]) -> String {
    let json: Value = serde_json::from_slice(payload).unwrap_or(Value::Null);
    let text = |name: &str| json.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    match (text("errorType"), text("errorMessage")) {
        (Some(of), Some(message)) => format!("The function failed ({of}): {message}"),
        (None, Some(message)) => format!("The function failed: {message}"),
        _ => format!("The function failed ({kind})"),
    }
}

/// An answer of Lambda itself with a status that is no success. `name` is the header `x-amzn-ErrorType`.
pub fn refused(doing: &str, status: u16, name: Option<&str>, body: &str) -> Error {
    let error = fault::of_status(doing, status, name, body, None);
    let hint = match error.kind {
        ErrorKind::NotFound => "Check the function's name, and the Region that it is in.",
        ErrorKind::Auth if ![fault::RENEW, fault::CLOCK].contains(&error.hint.as_str()) => {
            "Check the credentials: they must be allowed lambda:InvokeFunction on it."
        }
        ErrorKind::Invalid => "Check the function's name, and how large its event is.",
        _ => return error,
    };
    Error { hint: hint.to_owned(), ..error }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_are_named_in_every_way_that_lambda_takes() {
        let arn = "arn:aws:lambda:us-west-2:123456789012:function:orders:live";
        for (name, region, path) in [
            ("orders", None, "orders"),
            ("orders:$LATEST", None, "orders%3A%24LATEST"),
            ("123456789012:function:orders", None, "123456789012%3Afunction%3Aorders"),
            (
                arn,
                Some("us-west-2"),
                "arn%3Aaws%3Alambda%3Aus-west-2%3A123456789012%3Afunction%3Aorders%3Alive",
            ),
        ] {
            let function = Function::read(name).unwrap();
            assert_eq!(function.region(), region, "{name}");
            assert_eq!(function.path(), format!("/2015-03-31/functions/{path}/invocations"));
        }
        for bad in ["", "a b", "../x", "a/b", "é", &"x".repeat(301)] {
            assert_eq!(Function::read(bad).unwrap_err().kind, ErrorKind::Invalid, "{bad}");
        }
    }

    #[test]
    fn what_failed_within_is_told_by_its_own_words() {
        let payload = br#"{"errorMessage": "no tea", "errorType": "KeyError", "stackTrace": ["secret"]}"#;
        assert_eq!(failed("Unhandled", payload), "The function failed (KeyError): no tea");
        let timed_out = br#"{"errorMessage": "Task timed out after 3.00 seconds"}"#;
        assert_eq!(failed("Unhandled", timed_out), "The function failed: Task timed out after 3.00 seconds");
        assert_eq!(failed("Unhandled", b"?"), "The function failed (Unhandled)");
    }

    #[test]
    fn refusals_of_lambdas_own_say_what_to_look_at() {
        let of = |status, name: &str| {
            refused("calling", status, Some(name), r#"{"Message": "its words", "Type": "User"}"#)
        };
        for (status, name, kind, hint) in [
            (404, "ResourceNotFoundException", ErrorKind::NotFound, "Region"),
            (403, "AccessDeniedException", ErrorKind::Auth, "lambda:InvokeFunction"),
            (403, "ExpiredTokenException", ErrorKind::Auth, "aws sso login"),
            (400, "InvalidRequestContentException", ErrorKind::Invalid, "event"),
            (429, "TooManyRequestsException", ErrorKind::RateLimited { retry_after_ms: None }, ""),
            (500, "ServiceException", ErrorKind::Server { status: 500 }, ""),
        ] {
            let error = of(status, name);
            assert!(error.kind == kind && error.hint.contains(hint), "{name}: {error:?}");
            assert!(error.why.contains("its words"), "{error}");
        }
    }
}
