//! The steps of a run, each with a template that can be edited, compared with its baseline and reset.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::template::places;
use crate::domain::catalog::ModelId;
use crate::domain::settings::Settings;

/// A step of a run. A step that is off is left out: without orchestration the model is given the person's words alone, without
/// its summary a session is not remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Whether the question is one for this agent.
    PreProcessing,
    /// Thinks, calls tools, asks, answers: the loop.
    Orchestration,
    /// Turns what a knowledge base gave into an answer with citations.
    KnowledgeBaseResponse,
    /// Words the answer for the person.
    PostProcessing,
    /// Sums up the session, where the agent remembers.
    MemorySummary,
}

impl Step {
    /// In the order in which they come.
    pub const ALL: [Self; 5] = [
        Self::PreProcessing,
        Self::Orchestration,
        Self::KnowledgeBaseResponse,
        Self::PostProcessing,
        Self::MemorySummary,
    ];

    /// The name in files and arguments.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PreProcessing => "pre_processing",
            Self::Orchestration => "orchestration",
            Self::KnowledgeBaseResponse => "knowledge_base_response",
            Self::PostProcessing => "post_processing",
            Self::MemorySummary => "memory_summary",
        }
    }

    /// Whether it is taken where nobody has said so, as in Bedrock.
    pub const fn is_on_by_default(self) -> bool {
        matches!(self, Self::Orchestration | Self::KnowledgeBaseResponse | Self::MemorySummary)
    }

    /// The template of an agent that has none of its own.
    pub const fn baseline(self) -> &'static str {
        match self {
            Self::PreProcessing => include_str!("../../../assets/agents/pre_processing.txt"),
            Self::Orchestration => include_str!("../../../assets/agents/orchestration.txt"),
            Self::KnowledgeBaseResponse => include_str!("../../../assets/agents/knowledge_base_response.txt"),
            Self::PostProcessing => include_str!("../../../assets/agents/post_processing.txt"),
            Self::MemorySummary => include_str!("../../../assets/agents/memory_summary.txt"),
        }
    }

    /// The places that a template of it may have.
    pub const fn places(self) -> &'static [&'static str] {
        match self {
            // `functions` is what Bedrock's older templates call the tools.
            Self::PreProcessing => &["instruction", "tools", "functions", "conversation_history", "question"],
            Self::Orchestration => &[
                "instruction",
                "tools",
                "functions",
                "question",
                "agent_scratchpad",
                "conversation_history",
                "prompt_session_attributes",
                "knowledge_base_guideline",
                "memory_content",
                "memory_guideline",
                "memory_action_guideline",
                "any_function_name",
                "ask_user_function",
                "ask_user_missing_information",
                "ask_user_missing_parameters",
                // Of Bedrock's templates: nothing is to be said there.
                "agent_collaborators",
                "ask_user_confirm_parameters",
                "ask_user_function_format",
                "ask_user_input_examples",
                "code_interpreter_files",
                "code_interpreter_guideline",
                "knowledge_base_additional_guideline",
                "model_instruction",
                "multi_agent_payload_reference_guideline",
                "thought",
            ],
            Self::KnowledgeBaseResponse => &["query", "search_results"],
            // `bot_response` is another word of Bedrock's for the answer.
            Self::PostProcessing => &["question", "responses", "latest_response", "bot_response"],
            Self::MemorySummary => &["past_conversation_summary", "conversation"],
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What an agent says of a step.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StepPrompt {
    /// `None` leaves it to [`Step::is_on_by_default`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// In the place of the agent's model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<ModelId>,
    /// In the place of [`Step::baseline`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
    /// Over the agent's own.
    #[serde(skip_serializing_if = "is_plain")]
    pub settings: Settings,
}

fn is_plain(settings: &Settings) -> bool {
    *settings == Settings::default()
}

/// What an agent says of each step.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Steps {
    #[serde(skip_serializing_if = "says_nothing")]
    pub pre_processing: StepPrompt,
    #[serde(skip_serializing_if = "says_nothing")]
    pub orchestration: StepPrompt,
    #[serde(skip_serializing_if = "says_nothing")]
    pub knowledge_base_response: StepPrompt,
    #[serde(skip_serializing_if = "says_nothing")]
    pub post_processing: StepPrompt,
    #[serde(skip_serializing_if = "says_nothing")]
    pub memory_summary: StepPrompt,
}

fn says_nothing(prompt: &StepPrompt) -> bool {
    *prompt == StepPrompt::default()
}

impl Steps {
    /// What is said of a step.
    pub const fn of(&self, step: Step) -> &StepPrompt {
        match step {
            Step::PreProcessing => &self.pre_processing,
            Step::Orchestration => &self.orchestration,
            Step::KnowledgeBaseResponse => &self.knowledge_base_response,
            Step::PostProcessing => &self.post_processing,
            Step::MemorySummary => &self.memory_summary,
        }
    }

    /// The same, to be changed.
    pub const fn of_mut(&mut self, step: Step) -> &mut StepPrompt {
        match step {
            Step::PreProcessing => &mut self.pre_processing,
            Step::Orchestration => &mut self.orchestration,
            Step::KnowledgeBaseResponse => &mut self.knowledge_base_response,
            Step::PostProcessing => &mut self.post_processing,
            Step::MemorySummary => &mut self.memory_summary,
        }
    }

    /// Whether it is taken.
    pub fn is_on(&self, step: Step) -> bool {
        self.of(step).enabled.unwrap_or_else(|| step.is_on_by_default())
    }

    /// The template that is in force.
    pub fn template(&self, step: Step) -> &str {
        self.of(step).template.as_deref().unwrap_or_else(|| step.baseline())
    }

    /// Places of the templates that nothing is ever put into, each with its step.
    pub fn unknown_places(&self) -> Vec<(Step, &str)> {
        let unknown = |step: Step| {
            let names = places(self.template(step)).into_iter();
            names.filter(move |name| !step.places().contains(name)).map(move |name| (step, name))
        };
        Step::ALL.into_iter().flat_map(unknown).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_baselines_have_no_place_that_nothing_is_put_into() {
        assert_eq!(Steps::default().unknown_places(), []);
        for step in Step::ALL {
            assert!(!places(step.baseline()).is_empty(), "{step}");
        }
    }

    #[test]
    fn a_template_of_ones_own_stands_until_it_is_reset() {
        let mut steps = Steps::default();
        steps.of_mut(Step::Orchestration).template = Some("$instruction$ $weather$".to_owned());
        assert_eq!(steps.unknown_places(), [(Step::Orchestration, "weather")]);
        assert_eq!(steps.template(Step::Orchestration), "$instruction$ $weather$");
        steps.of_mut(Step::Orchestration).template = None;
        assert_eq!(steps.template(Step::Orchestration), Step::Orchestration.baseline());
        let on: Vec<bool> = Step::ALL.into_iter().map(|step| steps.is_on(step)).collect();
        assert_eq!(on, [false, true, true, false, true]);
    }

    /// Those of <https://docs.aws.amazon.com/bedrock/latest/userguide/prompt-placeholders.html>.
    #[test]
    fn every_place_of_bedrock_s_templates_is_known() {
        for (step, names) in [
            (Step::PreProcessing, "functions tools conversation_history question"),
            (
                Step::Orchestration,
                "instruction functions tools question agent_scratchpad conversation_history prompt_session_attributes \
                 any_function_name model_instruction thought knowledge_base_guideline \
                 knowledge_base_additional_guideline memory_content memory_guideline memory_action_guideline \
                 code_interpreter_guideline code_interpreter_files ask_user_missing_information \
                 ask_user_missing_parameters ask_user_confirm_parameters ask_user_function ask_user_function_format \
                 ask_user_input_examples agent_collaborators multi_agent_payload_reference_guideline",
            ),
            (Step::KnowledgeBaseResponse, "query search_results"),
            (Step::PostProcessing, "question responses latest_response bot_response"),
            (Step::MemorySummary, "past_conversation_summary conversation"),
        ] {
            for name in names.split(' ') {
                assert!(step.places().contains(&name), "{step}: {name}");
            }
        }
    }
}
