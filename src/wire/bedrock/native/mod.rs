//! The bodies of `InvokeModel`, which every maker has shaped
//! (<https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters.html>): for what Converse does not do.

mod answer;
pub mod embed;
pub mod picture;
mod prompt;
pub mod rerank;
mod text;

pub use answer::{Told, answer};
pub use picture::unpictured;
pub use text::{body, left_out};

use crate::domain::call::Converse;
use crate::domain::catalog::ModelId;
use crate::domain::message::Role;

/// Models with bodies of one shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// Anthropic's Messages. Claude 2, 2.1 and Instant 1.2 take it on Bedrock as all later ones do ("Anthropic Claude
    /// Messages API" in Amazon's user guide), and Converse too: their older body, a `prompt` with `Human:` and `Assistant:`,
    /// has nothing that these lack, and no system prompt, tools or pictures.
    Claude,
    TitanText,
    Llama2,
    Llama3,
    /// Cohere's Command and Command Light.
    Command,
    /// Cohere's Command R and R+.
    CommandR,
    /// AI21's Jurassic-2.
    Jurassic2,
    TitanEmbedV1,
    TitanEmbedV2,
    CohereEmbed,
    AmazonRerank,
    CohereRerank,
    /// Titan Image, and Nova Canvas after it.
    TitanImage,
    /// Stable Diffusion XL.
    Sdxl,
    /// Stable Image and Stable Diffusion 3.
    StableImage,
}

/// What Converse does for a family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ByConverse {
    All,
    /// No system prompt.
    NoSystem,
    /// One text of a person alone.
    OneTurn,
    Nothing,
}

/// One row of the table.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// What stands in the ids of its models, whatever stands around it: a geography, an ARN.
    name: &'static str,
    pub family: Family,
    by_converse: ByConverse,
    /// Its answers can be streamed.
    pub streams: bool,
}

const fn row(name: &'static str, family: Family, by_converse: ByConverse, streams: bool) -> Row {
    Row { name, family, by_converse, streams }
}

/// Source: "Supported models and model features" of Converse in Amazon's user guide
/// (<https://docs.aws.amazon.com/bedrock/latest/userguide/conversation-inference-supported-models-features.html>) and "Supported
/// foundation models" there. The first name that is met counts.
const TABLE: &[Row] = &[
    row("amazon.titan-embed-text-v2", Family::TitanEmbedV2, ByConverse::Nothing, false),
    row("amazon.titan-embed", Family::TitanEmbedV1, ByConverse::Nothing, false),
    row("cohere.embed", Family::CohereEmbed, ByConverse::Nothing, false),
    row("amazon.rerank", Family::AmazonRerank, ByConverse::Nothing, false),
    row("cohere.rerank", Family::CohereRerank, ByConverse::Nothing, false),
    row("amazon.titan-image", Family::TitanImage, ByConverse::Nothing, false),
    row("amazon.nova-canvas", Family::TitanImage, ByConverse::Nothing, false),
    row("stability.stable-diffusion-xl", Family::Sdxl, ByConverse::Nothing, false),
    row("stability.", Family::StableImage, ByConverse::Nothing, false),
    row("amazon.titan-text", Family::TitanText, ByConverse::NoSystem, true),
    row("amazon.titan-tg1", Family::TitanText, ByConverse::NoSystem, true),
    row("ai21.j2-", Family::Jurassic2, ByConverse::OneTurn, false),
    row("cohere.command-r", Family::CommandR, ByConverse::All, true),
    row("cohere.command", Family::Command, ByConverse::OneTurn, true),
    row("meta.llama2", Family::Llama2, ByConverse::All, true),
    row("meta.llama3", Family::Llama3, ByConverse::All, true),
    row("anthropic.claude", Family::Claude, ByConverse::All, true),
];

impl Row {
    /// The row of a model; `None` where its own bodies are not known here, and Converse is the way.
    pub fn of(model: &ModelId) -> Option<&'static Self> {
        TABLE.iter().find(|row| model.model().contains(row.name))
    }

    /// Whether Converse has room for the conversation.
    pub fn converses(&self, converse: &Converse) -> bool {
        let says = |text: &Option<String>| text.as_ref().is_some_and(|text| !text.trim().is_empty());
        let system = says(&converse.system) || converse.turns.iter().any(|turn| turn.role == Role::System);
        match self.by_converse {
            ByConverse::All => true,
            ByConverse::NoSystem => !system,
            ByConverse::OneTurn => !system && converse.turns.len() == 1,
            ByConverse::Nothing => false,
        }
    }

    /// Whether it puts texts in order, and does nothing else.
    pub fn reranks(&self) -> bool {
        matches!(self.family, Family::AmazonRerank | Family::CohereRerank)
    }

    /// Whether it answers conversations at all.
    pub fn chats(&self) -> bool {
        self.by_converse != ByConverse::Nothing
    }
}

#[cfg(test)]
mod tests;
