//! What calls came to, for other programs: Prometheus' text format, a table, Bedrock's log of model invocations.

mod csv;
mod invocation;
mod prometheus;

pub use csv::csv;
pub use invocation::invocation;
pub use prometheus::prometheus;
