//! Amazon's signatures (Signature Version 4), by Amazon's own crate.

use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningSettings,
    UriPathNormalizationMode, sign,
};
use aws_sigv4::sign::v4::SigningParams;
use secrecy::ExposeSecret;

use crate::domain::{Error, Result};
use crate::net::Request;
use crate::wire::aws::Keys;

/// The service whose signatures differ from those of all others.
pub(in crate::provider) const S3: &str = "s3";

/// What is signed.
pub(in crate::provider) struct Signing<'a> {
    pub doing: &'a str,
    pub method: &'a str,
    pub url: &'a str,
    pub body: &'a [u8],
    /// The type of the body, where there is one.
    pub media_type: Option<&'static str>,
    pub region: &'a str,
    /// "bedrock", or another of Amazon's services.
    pub service: &'static str,
}

impl Signing<'_> {
    /// The request with the headers that say who asks, as of now.
    pub fn with(&self, keys: &Keys, mut request: Request) -> Result<Request> {
        let fault = |why: String| Error::internal(self.doing, format!("the request cannot be signed: {why}"));
        let token = keys.token.as_ref().map(|token| token.expose_secret().to_owned());
        let identity = Credentials::new(&keys.id, keys.secret.expose_secret(), token, None, "outcrop").into();
        let mut settings = SigningSettings::default();
        if self.service == S3 {
            // Paths as they are sent, and what is sent told beside the signature.
            settings.percent_encoding_mode = PercentEncodingMode::Single;
            settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
            settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
        }
        let params = SigningParams::builder()
            .identity(&identity)
            .region(self.region)
            .name(self.service)
            .time(SystemTime::now())
            .settings(settings)
            .build()
            .map_err(|why| fault(why.to_string()))?
            .into();
        let headers = self.media_type.map(|media_type| ("content-type", media_type));
        let body = SignableBody::Bytes(self.body);
        let signable = SignableRequest::new(self.method, self.url, headers.into_iter(), body)
            .map_err(|why| fault(why.to_string()))?;
        let (instructions, _) = sign(signable, &params).map_err(|why| fault(why.to_string()))?.into_parts();
        for header in instructions.into_parts().0 {
            let (name, value) = (header.name(), header.value());
            request = if matches!(name, "x-amz-date" | "x-amz-content-sha256") {
                request.header(name, value)
            } else {
                request.secret(name, Some(&value.into()))
            };
        }
        Ok(request)
    }
}
