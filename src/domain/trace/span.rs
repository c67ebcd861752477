//! A span of a trace, whoever made it: what OTLP says of one, kept whole.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::value::Attributes;
use crate::domain::hex::{hex, unhex};
use crate::domain::id::SpanId;

/// The sixteen bytes that the spans of one trace share.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TraceId(pub [u8; 16]);

impl TraceId {
    /// All zero: OpenTelemetry calls it invalid.
    pub fn is_zero(self) -> bool {
        self.0 == [0; 16]
    }

    /// From 32 hexadecimal digits.
    pub fn read(text: &str) -> Option<Self> {
        unhex(text)?.try_into().ok().map(Self)
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

/// The eight bytes by which the spans of one trace name each other; zero is none's.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SpanKey(pub u64);

impl SpanKey {
    /// All zero: OpenTelemetry calls it invalid.
    pub fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// Of a call of this program: the end of its id, which is the part that is drawn.
    pub fn of(id: SpanId) -> Self {
        let mut last = [0; 8];
        last.copy_from_slice(&id.as_bytes()[8..]);
        Self(u64::from_be_bytes(last))
    }

    /// From 16 hexadecimal digits.
    pub fn read(text: &str) -> Option<Self> {
        Some(Self(u64::from_be_bytes(unhex(text)?.try_into().ok()?)))
    }
}

impl fmt::Display for SpanKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

macro_rules! as_text {
    ($($name:ident)+) => {$(
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let text = String::deserialize(from)?;
                Self::read(&text).ok_or_else(|| de::Error::custom(format_args!("{text:?} is no such id")))
            }
        }
    )+};
}

as_text! { TraceId SpanKey }

/// Which end of an exchange a span saw: OTLP's `SpanKind`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    #[default]
    Unspecified,
    Internal,
    Server,
    Client,
    Producer,
    Consumer,
}

impl Side {
    /// In the order of OTLP's numbers.
    pub const ALL: [Self; 6] =
        [Self::Unspecified, Self::Internal, Self::Server, Self::Client, Self::Producer, Self::Consumer];
}

/// How a span ended, as far as its maker said: OTLP's `StatusCode`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Nothing said: it went as it should.
    #[default]
    Unset,
    Ok,
    Error,
}

/// Who made a span: OTLP's resource and scope. Spans of one request share it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Origin {
    pub resource: Attributes,
    pub dropped_resource: u32,
    pub resource_schema: String,
    pub scope: String,
    pub version: String,
    pub scope_attributes: Attributes,
    pub dropped_scope: u32,
    pub scope_schema: String,
}

/// Something at one moment of a span.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SpanEvent {
    /// Nanoseconds since the Unix epoch.
    pub at: u64,
    pub name: String,
    pub attributes: Attributes,
    pub dropped_attributes: u32,
}

/// Another span that this one belongs with.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SpanLink {
    pub trace: TraceId,
    pub span: SpanKey,
    pub state: String,
    pub attributes: Attributes,
    pub dropped_attributes: u32,
    pub flags: u32,
}

/// A span. Times are nanoseconds since the Unix epoch, as its maker's clock told them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TraceSpan {
    pub trace: TraceId,
    pub id: SpanKey,
    pub parent: Option<SpanKey>,
    pub name: String,
    pub side: Side,
    pub start: u64,
    /// Zero while it runs.
    pub end: u64,
    pub status: Status,
    pub status_message: String,
    pub attributes: Attributes,
    pub events: Vec<SpanEvent>,
    pub links: Vec<SpanLink>,
    pub state: String,
    pub flags: u32,
    /// What its maker says that it left out.
    pub dropped_attributes: u32,
    pub dropped_events: u32,
    pub dropped_links: u32,
    #[serde(with = "crate::domain::shared")]
    pub origin: Arc<Origin>,
    /// Places that were not written as the format says, and were read all the same.
    pub repaired: u32,
}

impl TraceSpan {
    /// Nanoseconds from its start to its end; none for one that runs or ends before it starts.
    pub fn duration(&self) -> u64 {
        self.end.saturating_sub(self.start)
    }

    /// The service that its maker calls itself.
    pub fn service(&self) -> Option<&str> {
        self.origin.resource.text("service.name")
    }

    /// Whether `needle` (in lower case) stands in anything that is said of it.
    pub fn says(&self, needle: &str) -> bool {
        super::find::within(&self.name, needle)
            || super::find::within(&self.status_message, needle)
            || super::find::in_attributes(&self.attributes, needle)
            || self.events.iter().any(|event| {
                super::find::within(&event.name, needle)
                    || super::find::in_attributes(&event.attributes, needle)
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_in_either_case_and_shown_in_lower() {
        let id = TraceId::read("BA5EA011b04c9a79fe0a3521213b1157").unwrap();
        assert_eq!(id.to_string(), "ba5ea011b04c9a79fe0a3521213b1157");
        assert_eq!(SpanKey::read("7cd3b76f528ca015").unwrap().to_string(), "7cd3b76f528ca015");
        for wrong in ["", "7cd3", "7cd3b76f528ca01z", "7cd3b76f528ca01500"] {
            assert_eq!(SpanKey::read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_span_comes_back_from_its_json_as_it_was() {
        let mut span = TraceSpan { id: SpanKey(7), parent: Some(SpanKey(1)), ..TraceSpan::default() };
        span.attributes.push("a", 1.5);
        span.origin = Arc::new(Origin { scope: "s".to_owned(), ..Origin::default() });
        let written = serde_json::to_string(&span).unwrap();
        assert_eq!(serde_json::from_str::<TraceSpan>(&written).unwrap(), span);
    }
}
