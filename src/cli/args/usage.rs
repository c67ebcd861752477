//! The arguments of asking what calls came to.

use clap::{Args, Subcommand, ValueEnum};

use crate::domain::usage::definitions;

/// `outcrop usage`
#[derive(Debug, Args)]
#[command(after_long_help = format!("The columns, with their names in Bedrock:\n\n{}", definitions::listed()))]
pub struct Usage {
    #[command(subcommand)]
    pub verb: Option<UsageVerb>,
    /// What a row is [default: model]
    #[arg(long, value_enum)]
    pub by: Option<By>,
    /// From then on: 24h, 7d, or a day or time like 2026-11-22 or 2026-11-22T14:00; counted by whole hours
    #[arg(long, value_name = "TIME")]
    pub since: Option<String>,
    /// Up to then, a day to its end
    #[arg(long, value_name = "TIME")]
    pub until: Option<String>,
    /// Print it for other programs
    #[arg(short, long, value_enum, conflicts_with = "json")]
    pub format: Option<UsageFormat>,
    /// Also what each row was over time: by the hour up to two days and in rows of days, else by the day
    #[arg(long, conflicts_with = "format")]
    pub series: bool,
    /// With --format jsonl: what was asked and answered too, as far as the conversations are still there
    #[arg(long, requires = "format")]
    pub texts: bool,
}

impl Usage {
    /// The argument that was given of those that are not of a verb. Clap's own word for it would keep `--json` and its like
    /// from standing there too.
    pub fn of_no_verb(&self) -> Option<&'static str> {
        let given = [
            (self.by.is_some(), "--by"),
            (self.since.is_some(), "--since"),
            (self.until.is_some(), "--until"),
            (self.format.is_some(), "--format"),
            (self.series, "--series"),
            (self.texts, "--texts"),
        ];
        given.into_iter().find(|(given, _)| *given).map(|(_, name)| name)
    }
}

/// `outcrop usage …`
#[derive(Debug, Clone, Subcommand)]
pub enum UsageVerb {
    /// What left this machine, newest first: when, bytes out and in, status, to which server, for which call
    Egress {
        /// How many at most; 0 for all
        #[arg(short = 'n', long, value_name = "COUNT", default_value_t = 20)]
        limit: usize,
        /// From then on: 90m, 24h, 7d, or a day or time like 2026-11-22 or 2026-11-22T14:00
        #[arg(long, value_name = "TIME")]
        since: Option<String>,
    },
}

/// What a row of usage is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum By {
    /// A model
    Model,
    /// A day
    Day,
    /// A provider
    #[value(name = "provider")]
    Voice,
}

/// The forms of usage for other programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum UsageFormat {
    /// Prometheus' text format
    Prometheus,
    /// A table
    Csv,
    /// A line for each call, in the shape of Bedrock's log of model invocations
    Jsonl,
}
