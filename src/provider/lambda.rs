//! Functions of AWS Lambda, invoked as Bedrock is asked: with the same keys and signatures. No voice: agents act with them.

use std::time::Duration;

use super::aws::{Credentials, Right, Signing};
use crate::config::aws_domain;
use crate::domain::{Error, ErrorKind, Result};
use crate::net::{Client, Request, Response, Waits};
use crate::wire::aws::lambda::{self, Function};
use crate::wire::bedrock::fault;

/// The longest result that is read, in bytes: more than Lambda gives to who waits for one.
const LONGEST: usize = 8 * 1024 * 1024;

const JSON: &str = "application/json";

/// What came of a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Invoked {
    /// What it gave back, as it stands.
    Gave(Vec<u8>),
    /// It went wrong within it; in its own words.
    Failed(String),
}

/// Who invokes functions, and where they are unless their names say so.
#[derive(Debug, Clone)]
pub struct Functions {
    credentials: Result<Credentials>,
    region: Option<String>,
    /// In place of Amazon's own address.
    endpoint: Option<String>,
}

impl Functions {
    /// Asks nobody; the error is of keys that are not there.
    pub fn new(credentials: Result<Credentials>, region: Option<String>, endpoint: Option<String>) -> Self {
        Self { credentials, region, endpoint }
    }

    /// Invokes a function, by its name or ARN, with an event, and waits so long for what it gives back.
    pub async fn invoke(
        &self,
        net: &Client,
        function: &str,
        event: &[u8],
        patience: Duration,
    ) -> Result<Invoked> {
        let doing = format!("invoking the Lambda function {function}");
        let function = Function::read(function)?;
        let credentials = self.credentials.clone()?;
        let region = function.region().or(self.region.as_deref()).ok_or_else(|| {
            let why = "its Region is not known: neither it, AWS_REGION, AWS_DEFAULT_REGION nor the profile in ~/.aws/config names one";
            Error::new(ErrorKind::Config, &doing, why, "Write its ARN, or set AWS_REGION.")
        })?;
        let base = match &self.endpoint {
            Some(endpoint) => endpoint.trim_end_matches('/').to_owned(),
            None => format!("https://lambda.{region}.{}", aws_domain(region)),
        };
        let url = format!("{base}{}", function.path());
        let net = net.patient(Waits { connect: None, first_byte: Some(patience), idle: Some(patience) });
        let mut again = true;
        loop {
            let request = signed(&credentials, &net, &doing, (&url, region), event).await?;
            let mut response = net.send(request).await?;
            if response.is_success() {
                return read(&mut response).await;
            }
            let (status, name) = (response.status(), response.header("x-amzn-errortype").map(str::to_owned));
            let words = response.complaint().await;
            let error = lambda::refused(&doing, status, name.as_deref(), &words);
            // Keys that ran out on the way: nothing was done with them.
            if !(again && error.kind == ErrorKind::Auth && fault::refuses_keys(name.as_deref(), &words)) {
                return Err(error);
            }
            credentials.forget().await;
            again = false;
        }
    }
}

/// The request, signed now. A function may have done its work although it was not heard of: it is sent once.
async fn signed(
    credentials: &Credentials,
    net: &Client,
    doing: &str,
    (url, region): (&str, &str),
    event: &[u8],
) -> Result<Request> {
    let keys = match credentials.now(net).await? {
        Right::Keys(keys) => keys,
        Right::Bearer(_) => {
            let hint = "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile.";
            return Err(Error::new(
                ErrorKind::Auth,
                doing,
                "an API key of Bedrock invokes no function",
                hint,
            ));
        }
    };
    let request = Request::post(doing, url, JSON, event.to_vec()).once();
    let media_type = Some(JSON);
    Signing { doing, method: "POST", url, body: event, media_type, region, service: "lambda" }
        .with(&keys, request)
}

async fn read(response: &mut Response) -> Result<Invoked> {
    let failed = response.header("x-amz-function-error").map(str::to_owned);
    let payload = response.bytes(LONGEST).await?;
    Ok(match failed {
        Some(kind) => Invoked::Failed(lambda::failed(&kind, &payload)),
        None => Invoked::Gave(payload),
    })
}
