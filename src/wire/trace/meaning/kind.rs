//! What was done, by each convention's word for it.

use crate::domain::trace::{Kind, TraceSpan};

/// Whether a model was asked for a step beside the work itself, as Bedrock's agents have the question judged first.
pub fn is_beside(span: &TraceSpan) -> bool {
    span.attributes.text("bedrock.prompt.type").is_some_and(|step| step != "ORCHESTRATION")
}

/// By `gen_ai.operation.name`.
pub(super) fn of_operation(operation: &str) -> Option<Kind> {
    Some(match operation {
        "chat" | "generate_content" | "text_completion" => Kind::Model,
        "embeddings" => Kind::Embedding,
        "retrieval" => Kind::Retrieval,
        "rerank" => Kind::Rerank,
        "execute_tool" => Kind::Tool,
        "create_agent" | "invoke_agent" => Kind::Agent,
        "invoke_workflow" | "plan" => Kind::Workflow,
        // No convention has a name for these yet.
        "guardrail" | "apply_guardrail" => Kind::Guardrail,
        "evaluation" | "evaluate" => Kind::Evaluation,
        memory if memory.contains("memory") => Kind::Memory,
        _ => return None,
    })
}

/// By `openinference.span.kind`.
pub(super) fn of_openinference(kind: &str) -> Kind {
    match kind.to_ascii_uppercase().as_str() {
        "LLM" => Kind::Model,
        "EMBEDDING" => Kind::Embedding,
        "CHAIN" | "DECISION" | "PROMPT" => Kind::Workflow,
        "RETRIEVER" => Kind::Retrieval,
        "RERANKER" => Kind::Rerank,
        "TOOL" => Kind::Tool,
        "AGENT" => Kind::Agent,
        "GUARDRAIL" => Kind::Guardrail,
        "EVALUATOR" => Kind::Evaluation,
        _ => Kind::Other,
    }
}

/// By OpenLLMetry's `traceloop.span.kind`.
pub(super) fn of_traceloop(kind: &str) -> Option<Kind> {
    Some(match kind {
        "workflow" | "task" => Kind::Workflow,
        "agent" => Kind::Agent,
        "tool" => Kind::Tool,
        _ => return None,
    })
}
