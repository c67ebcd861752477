//! Amazon S3, as far as documents are read from it: addresses of buckets, `ListObjectsV2`, refusals. Many servers have the
//! same API.

use quick_xml::Reader;
use quick_xml::events::Event;

use super::written::encoded;
use crate::domain::{Error, ErrorKind, Result};

/// The longest answer with names that is read, in bytes: a thousand keys of a kilobyte, each byte written as three.
pub const LONGEST: usize = 8 << 20;

/// An object, as lists show it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Object {
    pub key: String,
    pub bytes: u64,
    /// Nanoseconds since 1970; 0 where it is not told.
    pub modified: i64,
    /// Its entity tag, without its quotes.
    pub etag: String,
}

/// Objects by their keys, at most a thousand.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Page {
    pub objects: Vec<Object>,
    /// What the next page is asked for with.
    pub next: Option<String>,
}

/// Whether an endpoint is Amazon's own: none, or an address of its, as of a network that has a way of its own there.
pub fn is_amazons(endpoint: Option<&str>) -> bool {
    let Some(endpoint) = endpoint else { return true };
    let rest = endpoint.split_once("://").map_or(endpoint, |(_, rest)| rest);
    let place = rest.split(['/', '\\', '?', '#']).next().unwrap_or_default();
    let host = place.rsplit('@').next().and_then(|host| host.split(':').next()).unwrap_or_default();
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    let of = |domain: &str| host.strip_suffix(domain).is_some_and(|front| front.ends_with('.'));
    ["amazonaws.com", "amazonaws.com.cn", "api.aws"].into_iter().any(of)
}

/// Where a bucket is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address(String);

impl Address {
    /// At another server than Amazon's the bucket is a part of the path. At Amazon's it is a part of the name, unless it
    /// has a dot, for which no certificate is valid.
    pub fn of(bucket: &str, region: &str, domain: &str, endpoint: Option<&str>) -> Self {
        Self(match endpoint {
            Some(endpoint) => format!("{}/{bucket}", endpoint.trim_end_matches('/')),
            None if bucket.contains('.') => format!("https://s3.{region}.{domain}/{bucket}"),
            None => format!("https://{bucket}.s3.{region}.{domain}"),
        })
    }

    /// Where an object is; `None` where its key has a part that no address can name.
    pub fn object(&self, key: &str) -> Option<String> {
        let parts: Vec<String> = key.split('/').map(encoded).collect();
        let named = parts.iter().all(|part| part != "." && part != "..");
        named.then(|| format!("{}/{}", self.0, parts.join("/")))
    }

    /// Where a page of the objects is whose keys begin so.
    pub fn listing(&self, prefix: &str, after: Option<&str>) -> String {
        // By their names, as they are signed.
        let after = after.map(|token| format!("continuation-token={}&", encoded(token))).unwrap_or_default();
        format!("{}/?{after}encoding-type=url&list-type=2&prefix={}", self.0, encoded(prefix))
    }
}

/// Reads an answer of `ListObjectsV2`.
pub fn page(doing: &str, body: &[u8]) -> Result<Page> {
    let unreadable = |why: String| {
        let hint = "Check the endpoint: what answers there is to speak the API of S3.";
        Error::new(ErrorKind::Server { status: 200 }, doing, format!("its list cannot be read: {why}"), hint)
    };
    let text = std::str::from_utf8(body).map_err(|_| unreadable("it is no UTF-8".to_owned()))?;
    let (mut page, mut object) = (Page::default(), Object::default());
    let (mut truncated, mut written) = (false, false);
    let leaf = |path: &[&str], value: &str| {
        match path {
            ["ListBucketResult", "IsTruncated"] => truncated = value == "true",
            ["ListBucketResult", "EncodingType"] => written = value == "url",
            ["ListBucketResult", "NextContinuationToken"] => page.next = Some(value.to_owned()),
            ["ListBucketResult", "Contents", "Key"] => value.clone_into(&mut object.key),
            ["ListBucketResult", "Contents", "Size"] => object.bytes = value.parse().ok()?,
            ["ListBucketResult", "Contents", "ETag"] => value.trim_matches('"').clone_into(&mut object.etag),
            ["ListBucketResult", "Contents", "LastModified"] => object.modified = nanoseconds(value),
            ["ListBucketResult", "Contents"] => page.objects.push(std::mem::take(&mut object)),
            _ => {}
        }
        Some(())
    };
    let root = visit(text, leaf).map_err(&unreadable)?;
    if root.as_deref() != Some("ListBucketResult") {
        return Err(unreadable(format!("it is a {}", root.unwrap_or_else(|| "text".to_owned()))));
    }
    if written {
        for object in &mut page.objects {
            object.key = decoded(&object.key).ok_or_else(|| unreadable(format!("the key {}", object.key)))?;
        }
    }
    if !truncated {
        page.next = None;
    } else if page.next.is_none() {
        return Err(unreadable("it is not whole, and does not say where it goes on".to_owned()));
    }
    Ok(page)
}

/// What a server says when it refuses: its code, its words, and the Region where it says that the bucket is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Refusal {
    pub code: String,
    message: String,
    pub region: Option<String>,
}

impl Refusal {
    /// Reads an answer that is no success.
    pub fn read(body: &str) -> Self {
        let mut refusal = Self::default();
        let _ = visit(body, |path, value| {
            match path {
                ["Error", "Code"] => value.clone_into(&mut refusal.code),
                ["Error", "Message"] => refusal.message = value.chars().take(500).collect(),
                ["Error", "Region"] => refusal.region = Some(value.to_owned()),
                _ => {}
            }
            Some(())
        });
        refusal
    }

    /// Whether the keys ran out: new ones may be had.
    pub fn is_stale(&self) -> bool {
        matches!(self.code.as_str(), "ExpiredToken" | "TokenRefreshRequired" | "RequestExpired")
    }

    /// The same as an error.
    pub fn into_error(self, doing: &str, status: u16) -> Error {
        let region =
            self.region.as_ref().map(|region| format!("Its Region is {region}: say --region {region}."));
        let (kind, hint) = match (self.code.as_str(), status) {
            ("NoSuchBucket", _) => (ErrorKind::NotFound, "Check the name of the bucket, and the endpoint."),
            ("NoSuchKey", _) | (_, 404) => (ErrorKind::NotFound, "It is not there any more."),
            ("InvalidAccessKeyId" | "SignatureDoesNotMatch" | "InvalidToken", _) => {
                (ErrorKind::Auth, "Check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or the profile.")
            }
            ("RequestTimeTooSkewed", _) => (ErrorKind::Auth, "Set the clock of this machine."),
            _ if self.is_stale() => (ErrorKind::Auth, "The keys ran out: sign in again."),
            (_, 401 | 403) => (
                ErrorKind::Auth,
                "Its reader needs the rights s3:ListBucket on the bucket and s3:GetObject on its objects.",
            ),
            ("SlowDown", _) | (_, 429) => {
                (ErrorKind::RateLimited { retry_after_ms: None }, "Wait a little, then sync again.")
            }
            (_, 503) => (ErrorKind::Overloaded, "Try again later."),
            (_, 500..=599) => (ErrorKind::Server { status }, "Try again later."),
            _ => (ErrorKind::Invalid, "Check the address, the Region and the endpoint."),
        };
        let why = match (self.code.as_str(), self.message.as_str()) {
            ("", "") => format!("the server answered with status {status} and no words"),
            (code, "") => format!("the server says ({status}) {code}"),
            (code, message) => format!("the server says ({status}) {code}: {message}"),
        };
        Error::new(kind, doing, why, region.unwrap_or_else(|| hint.to_owned()))
    }
}

/// Goes through a text of XML. `leaf` hears of each element that ends, by the names of all that it lies in and its own, and of
/// the text in it; `None` is for a text that cannot be. Gives the name of the outermost one.
fn visit(text: &str, mut leaf: impl FnMut(&[&str], &str) -> Option<()>) -> Result<Option<String>, String> {
    /// No answer of S3 is deeper.
    const DEEPEST: usize = 16;
    let mut reader = Reader::from_str(text);
    let (mut path, mut value, mut root) = (Vec::<String>::new(), String::new(), None);
    loop {
        match reader.read_event().map_err(|why| why.to_string())? {
            Event::Start(element) => {
                path.push(element.local_name().as_ref().to_owned());
                value.clear();
                if root.is_none() {
                    root = path.first().cloned();
                }
                if path.len() > DEEPEST {
                    return Err("its elements lie too deep".to_owned());
                }
            }
            Event::End(_) => {
                let names: Vec<&str> = path.iter().map(String::as_str).collect();
                leaf(&names, value.trim()).ok_or_else(|| format!("{} is {value:?}", names.join(" › ")))?;
                path.pop();
                value.clear();
            }
            Event::Text(text) => value.push_str(&text.xml10_content()),
            Event::CData(text) => value.push_str(&text.xml10_content()),
            Event::GeneralRef(reference) => {
                if let Ok(Some(letter)) = reference.resolve_char_ref() {
                    value.push(letter);
                } else if let Some(known) = quick_xml::escape::resolve_xml_entity(&reference) {
                    value.push_str(known);
                } else {
                    return Err("it has an entity of its own".to_owned());
                }
            }
            Event::Eof if path.is_empty() => return Ok(root),
            Event::Eof => return Err("it ends in the middle".to_owned()),
            _ => {}
        }
    }
}

fn nanoseconds(time: &str) -> i64 {
    let parsed = time.parse::<jiff::Timestamp>().ok();
    parsed.and_then(|time| i64::try_from(time.as_nanosecond()).ok()).unwrap_or(0)
}

/// A key as lists write it: percent signs, and a plus sign for a space.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
                u8::try_from(digit(rest.next())? * 16 + digit(rest.next())?).ok()?
            }
            other => other,
        });
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>docs</Name><Prefix>a/</Prefix><KeyCount>2</KeyCount>
<MaxKeys>2</MaxKeys><EncodingType>url</EncodingType><IsTruncated>true</IsTruncated>
<NextContinuationToken>1ueGcxLPRx1Tr/XYExHnhbYLgveDs2J/wm36Hy4vbOwM=</NextContinuationToken>
<Contents><Key>a/b+c%2Bd%C3%A9.md</Key><LastModified>2009-10-12T17:50:30.000Z</LastModified>
<ETag>&quot;fba9dede5f27731c9771645a39863328&quot;</ETag><Size>434234</Size><StorageClass>STANDARD</StorageClass>
<Owner><ID>1</ID><DisplayName>Key</DisplayName></Owner></Contents>
<Contents><Key>a/z.txt</Key><LastModified>2009-10-12T17:50:30.5Z</LastModified><ETag>"x-2"</ETag><Size>0</Size></Contents>
</ListBucketResult>"#;

    #[test]
    fn only_an_address_of_amazon_s_is_amazon_s() {
        for own in [
            None,
            Some("https://bucket.vpce-1a-2b.s3.eu-west-1.vpce.amazonaws.com/"),
            Some("https://s3.cn-north-1.amazonaws.com.cn:443"),
            Some("HTTPS://S3.Dualstack.us-east-1.AMAZONAWS.com."),
        ] {
            assert!(is_amazons(own), "{own:?}");
        }
        for other in [
            "http://127.0.0.1:9000",
            "https://amazonaws.com.example/",
            "https://notamazonaws.com",
            "https://example.com/s3.amazonaws.com",
            "https://s3.amazonaws.com@example.com/",
            "https://example.com\\.amazonaws.com",
            "https://example.com?.amazonaws.com",
            "",
        ] {
            assert!(!is_amazons(Some(other)), "{other}");
        }
    }

    #[test]
    fn a_list_tells_keys_as_they_are_and_where_it_goes_on() {
        let page = page("listing", LIST.as_bytes()).unwrap();
        let first = Object {
            key: "a/b c+dé.md".to_owned(),
            bytes: 434_234,
            modified: 1_255_369_830_000_000_000,
            etag: "fba9dede5f27731c9771645a39863328".to_owned(),
        };
        assert_eq!((&page.objects[0], page.objects.len()), (&first, 2));
        assert_eq!((page.objects[1].key.as_str(), page.objects[1].etag.as_str()), ("a/z.txt", "x-2"));
        assert_eq!(page.next.as_deref(), Some("1ueGcxLPRx1Tr/XYExHnhbYLgveDs2J/wm36Hy4vbOwM="));
        let last = LIST.replace(">true<", ">false<").replace("<EncodingType>url</EncodingType>", "");
        let page = super::page("listing", last.as_bytes()).unwrap();
        assert_eq!((page.objects[0].key.as_str(), page.next), ("a/b+c%2Bd%C3%A9.md", None));
    }

    #[test]
    fn what_is_no_whole_list_is_an_error_wherever_it_ends() {
        for end in 0..LIST.len() {
            assert!(page("listing", &LIST.as_bytes()[..end]).is_err(), "{end}");
        }
        for (bad, why) in [
            ("<html><body>no</body></html>", "it is a html"),
            ("", "it is a text"),
            ("<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>", "where it goes on"),
            ("<ListBucketResult><Contents><Size>x</Size></Contents></ListBucketResult>", r#"Size is "x""#),
            ("<!DOCTYPE a [<!ENTITY b 'c'>]><ListBucketResult>&b;</ListBucketResult>", "entity of its own"),
        ] {
            let told = page("listing", bad.as_bytes()).unwrap_err().to_string();
            assert!(told.contains(why), "{bad}: {told}");
        }
    }

    #[test]
    fn a_bucket_is_in_the_name_at_amazon_and_in_the_path_elsewhere() {
        let of = |bucket, endpoint| Address::of(bucket, "eu-west-1", "amazonaws.com", endpoint);
        let own = of("docs", None);
        assert_eq!(
            own.object("a/b c+é.md").unwrap(),
            "https://docs.s3.eu-west-1.amazonaws.com/a/b%20c%2B%C3%A9.md"
        );
        assert_eq!(
            own.listing("a/", None),
            "https://docs.s3.eu-west-1.amazonaws.com/?encoding-type=url&list-type=2&prefix=a%2F"
        );
        assert_eq!(of("my.docs", None).object("a").unwrap(), "https://s3.eu-west-1.amazonaws.com/my.docs/a");
        let near = of("docs", Some("http://127.0.0.1:9000/"));
        assert_eq!(
            near.listing("", Some("a=")),
            "http://127.0.0.1:9000/docs/?continuation-token=a%3D&encoding-type=url&list-type=2&prefix="
        );
        assert_eq!(near.object("a/../b"), None, "addresses cannot name it");
    }

    #[test]
    fn a_refusal_says_in_the_servers_words_what_and_where() {
        let words = "<?xml version='1.0'?><Error><Code>PermanentRedirect</Code><Message>elsewhere</Message>\
                     <Region>eu-central-1</Region></Error>";
        let refusal = Refusal::read(words);
        assert_eq!(refusal.region.as_deref(), Some("eu-central-1"));
        let told = refusal.into_error("listing s3://docs", 301).to_string();
        assert!(
            told.contains("(301) PermanentRedirect: elsewhere") && told.contains("--region eu-central-1"),
            "{told}"
        );
        let kind = |code: &str, status| {
            Refusal::read(&format!("<Error><Code>{code}</Code></Error>")).into_error("listing", status).kind
        };
        assert_eq!(kind("NoSuchBucket", 404), ErrorKind::NotFound);
        assert_eq!(kind("AccessDenied", 403), ErrorKind::Auth);
        assert_eq!(kind("SlowDown", 503), ErrorKind::RateLimited { retry_after_ms: None });
        assert_eq!(kind("InternalError", 500), ErrorKind::Server { status: 500 });
        assert!(Refusal::read("<Error><Code>ExpiredToken</Code></Error>").is_stale());
        assert_eq!(Refusal::read("<html>").into_error("listing", 404).kind, ErrorKind::NotFound);
    }
}
