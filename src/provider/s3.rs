//! Objects of buckets, asked for as Bedrock is: with the same keys and signatures. No voice: documents come from here.

use std::sync::{Arc, Mutex, PoisonError};

use super::aws::{Credentials, Right, S3, Signing};
use crate::config::aws_domain;
use crate::domain::{Error, ErrorKind, Result};
use crate::net::{Client, Request, Response};
use crate::wire::s3::{Address, LONGEST, Page, Refusal, is_amazons, page};

/// The Region that servers beside Amazon's are asked as.
const ANYWHERE: &str = "us-east-1";

/// Who opens buckets, and where they are unless somebody says so.
#[derive(Debug, Clone)]
pub struct Buckets {
    /// Of Amazon's own.
    credentials: Result<Credentials>,
    /// Of those at servers of others.
    elsewhere: Result<Credentials>,
    region: Option<String>,
}

impl Buckets {
    /// Opens nothing; the errors are of keys that are not there.
    pub fn new(
        credentials: Result<Credentials>,
        elsewhere: Result<Credentials>,
        region: Option<String>,
    ) -> Self {
        Self { credentials, elsewhere, region }
    }

    /// A bucket at `endpoint`, or Amazon's own.
    pub fn bucket(&self, name: &str, endpoint: Option<String>, region: Option<String>) -> Result<Bucket> {
        let region = region.or_else(|| self.region.clone());
        let own = is_amazons(endpoint.as_deref());
        let credentials = if own { &self.credentials } else { &self.elsewhere };
        Ok(Bucket::new(name, endpoint, region, credentials.clone()?))
    }
}

/// A bucket, and who opens it. Copies are of the same one.
#[derive(Debug, Clone)]
pub struct Bucket {
    name: String,
    endpoint: Option<String>,
    /// Where a refusal says that it is, this is another one from then on.
    region: Arc<Mutex<String>>,
    credentials: Credentials,
}

impl Bucket {
    /// At `endpoint`, or Amazon's own. Opens nothing.
    pub fn new(
        name: impl Into<String>,
        endpoint: Option<String>,
        region: Option<String>,
        credentials: Credentials,
    ) -> Self {
        let region = region.unwrap_or_else(|| ANYWHERE.to_owned());
        Self { name: name.into(), endpoint, region: Arc::new(Mutex::new(region)), credentials }
    }

    /// A page of the objects whose keys begin so, behind what an earlier page ended with.
    pub async fn list(&self, net: &Client, prefix: &str, after: Option<&str>) -> Result<Page> {
        let doing = format!("listing s3://{}/{prefix}", self.name);
        let mut response = self.ask(net, &doing, |address| Some(address.listing(prefix, after))).await?;
        page(&doing, &response.bytes(LONGEST).await?)
    }

    /// The bytes of an object, unless they are more than that.
    pub async fn object(&self, net: &Client, key: &str, most: usize) -> Result<Vec<u8>> {
        let doing = format!("reading s3://{}/{key}", self.name);
        self.ask(net, &doing, |address| address.object(key)).await?.bytes(most).await
    }

    async fn ask(
        &self,
        net: &Client,
        doing: &str,
        url: impl Fn(&Address) -> Option<String>,
    ) -> Result<Response> {
        let mut again = 2;
        loop {
            let region = self.region.lock().unwrap_or_else(PoisonError::into_inner).clone();
            let address = Address::of(&self.name, &region, aws_domain(&region), self.endpoint.as_deref());
            let url = url(&address).ok_or_else(|| {
                let why = "its key has a part . or .., which no address can name";
                Error::new(ErrorKind::Invalid, doing, why, "Copy it to another key.")
            })?;
            let mut response = net.send(self.signed(net, doing, &url, &region).await?).await?;
            if response.is_success() {
                return Ok(response);
            }
            let told = response.header("x-amz-bucket-region").map(str::to_owned);
            let status = response.status();
            let refusal = Refusal::read(&response.complaint().await);
            let elsewhere = told.or_else(|| refusal.region.clone()).filter(|told| *told != region);
            again -= 1;
            if again > 0
                && self.endpoint.is_none()
                && is_elsewhere(status, &refusal)
                && let Some(elsewhere) = elsewhere
            {
                *self.region.lock().unwrap_or_else(PoisonError::into_inner) = elsewhere;
            } else if again > 0 && refusal.is_stale() {
                self.credentials.forget().await;
            } else {
                return Err(refusal.into_error(doing, status));
            }
        }
    }

    async fn signed(&self, net: &Client, doing: &str, url: &str, region: &str) -> Result<Request> {
        let request = Request::get(doing, url);
        let keys = match self.credentials.now(net).await? {
            Right::Keys(keys) => keys,
            Right::Bearer(_) => {
                let hint = "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile.";
                return Err(Error::new(ErrorKind::Auth, doing, "an API key opens no bucket", hint));
            }
        };
        let signing = Signing { doing, method: "GET", url, body: &[], media_type: None, region, service: S3 };
        signing.with(&keys, request)
    }
}

/// Whether it was refused for the Region that it was asked in.
fn is_elsewhere(status: u16, refusal: &Refusal) -> bool {
    matches!(status, 301 | 307)
        || matches!(refusal.code.as_str(), "AuthorizationHeaderMalformed" | "PermanentRedirect")
}
