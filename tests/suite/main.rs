//! The one test binary: each module is a kind of test (see `DESIGN`, section 7).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

/// Says on the standard error, past what keeps the output of tests that pass, what this machine lacks for a test.
macro_rules! skipped {
    ($($what:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(std::io::stderr(), "skipped: {}", format_args!($($what)*));
    }};
}
pub(crate) use skipped;

mod acting;
mod answer;
mod blind;
mod chat;
mod cli;
mod config;
mod conversation;
mod damage;
mod datasets;
mod documents;
mod documents_pdf;
mod doors;
mod engine;
mod evaluation;
mod faults;
mod faults_whole;
mod flow;
mod index;
mod judging;
mod layers;
mod limits;
mod lists;
mod loopback;
mod markdown;
mod mcp;
mod mcp_real;
mod paint;
mod pictures;
mod prompts;
mod provider_anthropic;
mod provider_bedrock;
mod provider_bedrock_judge;
mod provider_bedrock_keys;
mod provider_bedrock_lists;
mod provider_keys;
mod provider_lambda;
mod provider_ollama;
mod provider_openai;
mod provider_openai_sdk;
mod provider_scripted;
mod pty_agents;
mod pty_agents_real;
mod pty_inert;
mod pty_left;
mod pty_life;
mod pty_traces;
mod pull;
mod readme;
mod real_server;
mod repeated;
mod reranking;
mod sanitiser;
mod screen;
mod scripts;
mod stage;
mod start_up;
mod store;
mod strangers;
mod tending;
mod terminal;
mod themes;
mod tls;
mod transcript;
mod tty;
mod wire;

/// So many cases of a property that is dear to try, unless `PROPTEST_CASES` asks for others.
fn cases(few: u32) -> proptest::test_runner::Config {
    let known = proptest::test_runner::Config::default();
    let cases = if std::env::var_os("PROPTEST_CASES").is_some() { known.cases } else { few };
    proptest::test_runner::Config { cases, ..known }
}

/// What must come: only what is broken takes so long.
async fn soon<T>(coming: impl Future<Output = T>) -> T {
    tokio::time::timeout(std::time::Duration::from_mins(1), coming).await.expect("it never came")
}
