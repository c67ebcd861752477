//! What a span tells of what its run was made with.

use super::{contents, facts};
use crate::domain::trace::contents::Contents;
use crate::domain::trace::made::{Made, What};
use crate::domain::trace::{Kind, TraceSpan};

/// Adds what it tells. Contents are taken apart of calls of models alone.
pub fn made(span: &TraceSpan, to: &mut Made) {
    let facts = facts(span);
    let text = |key: &str| span.attributes.text(key).unwrap_or_default();
    let contents = if facts.kind == Kind::Model { contents(span) } else { Contents::default() };
    to.add(&facts, text("gen_ai.agent.version"), &contents);
    for (name, key) in
        [("template", "llm.prompt_template.template"), ("template version", "llm.prompt_template.version")]
    {
        to.put(What::Prompt, name, text(key));
    }
    if let Some(version) = span.origin.resource.text("service.version") {
        to.put(What::Version, span.service().unwrap_or("service"), version);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_of_the_current_names_tells_its_models_prompt_tools_and_settings() {
        let bytes = include_bytes!("../../../../tests/data/traces/otlp_genai.pb");
        let mut told = Made::default();
        for span in &crate::wire::trace::otlp::protobuf::decode(bytes).spans {
            made(span, &mut told);
        }
        let has = |what, name: &str, value: &str| {
            let is_it = |thing: &&crate::domain::trace::made::Thing| thing.what == what && thing.name == name;
            told.0.iter().find(is_it).is_some_and(|thing| thing.values.iter().any(|known| known == value))
        };
        assert!(has(What::Agent, "name", "Weather"), "{told:?}");
        assert!(has(What::Setting, "temperature", "0.2"), "{told:?}");
        assert!(told.0.iter().any(|thing| thing.what == What::Model), "{told:?}");
    }
}
