//! Amazon's signatures (Signature Version 4), by Amazon's own crate.

use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4::SigningParams;

use crate::domain::{Error, Result};

/// What is signed.
pub(super) struct Signing<'a> {
    pub doing: &'a str,
    pub method: &'a str,
    pub url: &'a str,
    pub body: &'a [u8],
    pub region: &'a str,
    pub time: SystemTime,
}

/// The headers that a request must carry beside its own: the first are no secrets, the second are.
pub(super) struct Signed {
    pub plain: Vec<(&'static str, String)>,
    pub secret: Vec<(&'static str, String)>,
}

impl Signing<'_> {
    /// Signs with keys; `headers` are the request's own that count, host and time not among them.
    pub fn with(
        &self,
        id: &str,
        secret: &str,
        token: Option<&str>,
        headers: &[(&'static str, &str)],
    ) -> Result<Signed> {
        let fault = |why: String| Error::internal(self.doing, format!("the request cannot be signed: {why}"));
        let identity = Credentials::new(id, secret, token.map(str::to_owned), None, "outcrop").into();
        let params = SigningParams::builder()
            .identity(&identity)
            .region(self.region)
            .name("bedrock")
            .time(self.time)
            .settings(SigningSettings::default())
            .build()
            .map_err(|why| fault(why.to_string()))?
            .into();
        let body = SignableBody::Bytes(self.body);
        let request = SignableRequest::new(self.method, self.url, headers.iter().copied(), body)
            .map_err(|why| fault(why.to_string()))?;
        let (instructions, _) = sign(request, &params).map_err(|why| fault(why.to_string()))?.into_parts();
        let (headers, _) = instructions.into_parts();
        let named = headers.iter().map(|header| (header.name(), header.value().to_owned()));
        let (plain, secret) = named.partition(|(name, _)| *name == "x-amz-date");
        Ok(Signed { plain, secret })
    }
}
