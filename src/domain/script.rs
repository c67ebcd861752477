//! The request that made an answer or pictures, as a program that a person can run elsewhere.

use serde::{Deserialize, Serialize};

use super::error::Result;

/// What the program is written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Script {
    Curl,
    Boto3,
    OpenaiPython,
}

impl Script {
    /// All of them, in the order in which they are offered.
    pub const ALL: [Self; 3] = [Self::Curl, Self::Boto3, Self::OpenaiPython];

    /// The name in `--as`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Curl => "curl",
            Self::Boto3 => "boto3",
            Self::OpenaiPython => "openai-python",
        }
    }

    /// What it is, in a few words.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Curl => "a line for a shell",
            Self::Boto3 => "Python, Amazon's library",
            Self::OpenaiPython => "Python, OpenAI's library",
        }
    }
}

/// A script, or why the request cannot be written so.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Scripted {
    pub script: Script,
    pub code: Result<String>,
}

/// A request as a voice sends it, without what says who asks.
#[derive(Debug, Clone, PartialEq)]
pub struct Sent {
    /// Of [`Api::Anywhere`] the path behind the address that the person names.
    pub url: String,
    /// Names and values; none is a credential.
    pub headers: Vec<(&'static str, String)>,
    /// JSON.
    pub body: Vec<u8>,
    pub credential: Credential,
    pub api: Api,
}

/// What says who asks, by the name of an environment variable: never by its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credential {
    /// The server wants none.
    None,
    /// A key in a header, behind `before`.
    Key { header: &'static str, before: &'static str, variable: String },
    /// Amazon's signature of version 4, for the service `bedrock`.
    Signature { region: String },
}

/// Whose words the body is in; `base` is the address that a client is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Api {
    ChatCompletions {
        base: String,
    },
    Responses {
        base: String,
    },
    /// Pictures of a text.
    Images {
        base: String,
    },
    /// Pictures made of another one: a form in the place of the body.
    Edits {
        form: Form,
    },
    /// Chat Completions of a server that the person names where the program runs: the model answered inside this one. No
    /// address stands in it, so that it goes nowhere unasked.
    Anywhere,
    Messages,
    Ollama,
    /// Bedrock; `endpoint` is an address in place of Amazon's own.
    Bedrock {
        model: String,
        region: String,
        endpoint: Option<String>,
        operation: Operation,
    },
}

/// Fields and one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form {
    pub fields: Vec<(&'static str, String)>,
    /// The field, the name and the form of the file.
    pub file: (&'static str, String, &'static str),
    pub bytes: Vec<u8>,
}

/// What Bedrock is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Operation {
    Converse,
    ConverseStream,
    InvokeModel,
    InvokeModelWithResponseStream,
}
