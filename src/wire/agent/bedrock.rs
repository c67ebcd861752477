//! Agents of Amazon Bedrock: what `GetAgent`, `GetAgentActionGroup` and `GetAgentKnowledgeBase` give, as a definition.
//!
//! The three are read from one JSON text in any mixture: one of them, a list, or an object whose values they are; as boto3 and the
//! AWS command line print them. What has no counterpart here is told, never dropped in silence.

use serde_json::{Map, Value};

use super::{messages, openapi};
use crate::domain::agent::group::Endpoint;
use crate::domain::agent::{
    BuiltIn, Definition, Executor, Function, Group, Parameter, ParameterKind, Step, UsedBase,
};
use crate::domain::settings::Settings;
use crate::domain::{Error, ErrorKind, Result};

/// How Bedrock's templates have a model answer in a step, for Bedrock's parsers; they are not here. Of several the one that matters most
/// is first.
const fn forms(step: Step) -> &'static [&'static str] {
    match step {
        Step::PreProcessing => &["<category>"],
        Step::Orchestration => &["<function_calls>", "<function_call>", "<invoke>", "<answer>"],
        Step::KnowledgeBaseResponse => &["<answer_part>"],
        Step::PostProcessing => &["<final_response>"],
        Step::MemorySummary => &[],
    }
}

/// An agent that was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Imported {
    pub name: String,
    pub definition: Definition,
    /// What is not as it was there, a line each.
    pub remarks: Vec<String>,
}

/// Reads the JSON.
///
/// # Errors
///
/// `Invalid`: no agent or several in it, a schema that cannot be read.
pub fn read(json: &Value) -> Result<Imported> {
    let mut parts = Parts::default();
    parts.gather(json);
    let [agent] = parts.agents.as_slice() else {
        let why = match parts.agents.len() {
            0 => "there is no agent in it".to_owned(),
            many => format!("there are {many} agents in it"),
        };
        return Err(bad(why));
    };
    let mut remarks = Vec::new();
    let definition = of(agent, &parts, &mut remarks)?;
    Ok(Imported { name: text_of(agent, "agentName").to_owned(), definition, remarks })
}

/// What is found in the JSON, wherever it lies.
#[derive(Default)]
struct Parts<'a> {
    agents: Vec<&'a Map<String, Value>>,
    groups: Vec<&'a Map<String, Value>>,
    bases: Vec<&'a Map<String, Value>>,
    /// What there is beside them, in words.
    others: Vec<String>,
}

/// What says which one it is in Bedrock, and how it stands there: of an agent, a group, a base.
const ITS_OWN: [&str; 13] = [
    "actionGroupId",
    "agentArn",
    "agentId",
    "agentResourceRoleArn",
    "agentStatus",
    "agentVersion",
    "clientToken",
    "createdAt",
    "failureReasons",
    "preparedAt",
    "recommendedActions",
    "updatedAt",
    "description",
];

/// The members of an agent that are read.
const OF_AGENT: [&str; 13] = [
    "actionGroups",
    "agentCollaboration",
    "agentName",
    "customOrchestration",
    "foundationModel",
    "guardrailConfiguration",
    "idleSessionTTLInSeconds",
    "instruction",
    "knowledgeBases",
    "memoryConfiguration",
    "orchestrationType",
    "promptOverrideConfiguration",
    "agentCollaborators",
];

/// The members of a group that are read.
const OF_GROUP: [&str; 8] = [
    "actionGroupExecutor",
    "actionGroupName",
    "actionGroupState",
    "apiSchema",
    "functionSchema",
    "parentActionGroupSignature",
    "parentActionGroupSignatureParams",
    "parentActionSignature",
];

/// The members of a base that are read.
const OF_BASE: [&str; 2] = ["knowledgeBaseId", "knowledgeBaseState"];

/// The members of a prompt that are read.
const OF_PROMPT: [&str; 8] = [
    "additionalModelRequestFields",
    "basePromptTemplate",
    "foundationModel",
    "inferenceConfiguration",
    "parserMode",
    "promptCreationMode",
    "promptState",
    "promptType",
];

/// The members of how a prompt is sent that are read.
const OF_INFERENCE: [&str; 5] = ["maximumLength", "stopSequences", "temperature", "topK", "topP"];

impl<'a> Parts<'a> {
    fn gather(&mut self, value: &'a Value) {
        match value {
            Value::Array(all) => all.iter().for_each(|inner| self.gather(inner)),
            Value::Object(object) if object.contains_key("actionGroupName") => self.groups.push(object),
            Value::Object(object) if object.contains_key("agentName") => {
                self.agents.push(object);
                // An agent of before inline definitions holds its groups itself.
                for inner in ["actionGroups", "knowledgeBases", "agentCollaborators"] {
                    object.get(inner).into_iter().for_each(|inner| self.gather(inner));
                }
            }
            Value::Object(object) if object.contains_key("knowledgeBaseId") => self.bases.push(object),
            Value::Object(object) if object.contains_key("agentAliasName") => {
                self.others.push(format!("the alias {:?} is left out", text_of(object, "agentAliasName")));
            }
            Value::Object(object) if object.contains_key("collaboratorName") => {
                let name = text_of(object, "collaboratorName");
                self.others.push(format!("the collaborator {name:?} is left out"));
            }
            Value::Object(object) => object.values().for_each(|inner| self.gather(inner)),
            _ => {}
        }
    }
}

fn of(agent: &Map<String, Value>, parts: &Parts<'_>, remarks: &mut Vec<String>) -> Result<Definition> {
    let mut definition = Definition {
        description: text_of(agent, "description").to_owned(),
        instruction: text_of(agent, "instruction").to_owned(),
        ..Definition::default()
    };
    let model = text_of(agent, "foundationModel");
    if !model.is_empty() {
        match format!("bedrock/{model}").parse() {
            Ok(model) => definition.model = Some(model),
            Err(_) => remarks.push(format!("the model {model:?} is no id: choose one")),
        }
    }
    if let Some(guardrail) = agent.get("guardrailConfiguration").and_then(Value::as_object) {
        let id = text_of(guardrail, "guardrailIdentifier");
        if !id.is_empty() {
            definition.guardrail = Some(id.to_owned());
            let version = text_of(guardrail, "guardrailVersion");
            remarks.push(format!(
                "the guardrail {id}, version {version} there, stays in Bedrock: its name is kept, and it is not applied yet"
            ));
        }
    }
    if let Some(seconds) = agent.get("idleSessionTTLInSeconds").and_then(Value::as_u64) {
        remarks.push(format!(
            "its sessions end after {seconds} idle seconds there; here one can always be gone on with"
        ));
    }
    if let Some(memory) = agent.get("memoryConfiguration").and_then(Value::as_object) {
        let kinds = memory.get("enabledMemoryTypes").and_then(Value::as_array);
        let is_on = kinds.is_none_or(|kinds| kinds.iter().any(|kind| kind == "SESSION_SUMMARY"));
        let days = memory.get("storageDays").and_then(Value::as_u64).unwrap_or(30);
        definition.memory.days = if is_on { u16::try_from(days).unwrap_or(365) } else { 0 };
        let sessions = memory.get("sessionSummaryConfiguration").and_then(|of| of.get("maxRecentSessions"));
        if let Some(sessions) = sessions.and_then(Value::as_u64) {
            definition.memory.sessions = u16::try_from(sessions).unwrap_or(u16::MAX);
        }
    }
    if says(agent, "customOrchestration") {
        let what = "its own orchestration, a Lambda function, is left out: the steps here are used";
        remarks.push(what.to_owned());
    }
    if matches!(text_of(agent, "agentCollaboration"), "SUPERVISOR" | "SUPERVISOR_ROUTER") {
        remarks.push("it has collaborators, which are left out: give it their action groups".to_owned());
    }
    remarks.extend(parts.others.iter().cloned());
    leave_out(agent, &OF_AGENT, "the agent", remarks);
    prompts(agent, &mut definition, remarks);
    for base in &parts.bases {
        let name = text_of(base, "knowledgeBaseId").to_owned();
        leave_out(base, &OF_BASE, &format!("the knowledge base {name}"), remarks);
        if text_of(base, "knowledgeBaseState") == "DISABLED" {
            remarks.push(format!("the knowledge base {name} is off there and left out"));
            continue;
        }
        remarks.push(format!("the knowledge base {name} stays in Bedrock: make one of that name here"));
        definition.bases.push(UsedBase { name, description: text_of(base, "description").to_owned() });
    }
    for group in &parts.groups {
        definition.groups.extend(of_group(group, remarks)?);
    }
    Ok(definition)
}

/// The prompts that were put in the place of Bedrock's.
fn prompts(agent: &Map<String, Value>, definition: &mut Definition, remarks: &mut Vec<String>) {
    let Some(overridden) = agent.get("promptOverrideConfiguration").and_then(Value::as_object) else {
        return;
    };
    if says(overridden, "overrideLambda") {
        remarks.push("its parser, a Lambda function, is left out".to_owned());
    }
    let prompts = overridden.get("promptConfigurations").and_then(Value::as_array).into_iter().flatten();
    for prompt in prompts.filter_map(Value::as_object) {
        let kind = text_of(prompt, "promptType");
        let step = match kind {
            "PRE_PROCESSING" => Step::PreProcessing,
            "ORCHESTRATION" => Step::Orchestration,
            "KNOWLEDGE_BASE_RESPONSE_GENERATION" => Step::KnowledgeBaseResponse,
            "POST_PROCESSING" => Step::PostProcessing,
            "MEMORY_SUMMARIZATION" => Step::MemorySummary,
            other => {
                remarks.push(format!("the prompt of {other} is left out"));
                continue;
            }
        };
        let of_step = definition.steps.of_mut(step);
        match text_of(prompt, "promptState") {
            "ENABLED" => of_step.enabled = Some(true),
            "DISABLED" => of_step.enabled = Some(false),
            _ => {}
        }
        leave_out(prompt, &OF_PROMPT, &format!("the prompt of {step}"), remarks);
        if text_of(prompt, "parserMode") == "OVERRIDDEN" {
            remarks.push(format!("the parser of {step} is left out"));
        }
        if says(prompt, "additionalModelRequestFields") {
            remarks.push(format!(
                "what {step} sends its model besides, additionalModelRequestFields, is left out"
            ));
        }
        let model = text_of(prompt, "foundationModel");
        if !model.is_empty() && model != text_of(agent, "foundationModel") {
            of_step.model = format!("bedrock/{model}").parse().ok();
        }
        // Without words of its own it is asked with those of Bedrock, and sent as they are there.
        if text_of(prompt, "promptCreationMode") != "OVERRIDDEN" {
            continue;
        }
        let template = text_of(prompt, "basePromptTemplate");
        if !template.is_empty() {
            let plain = messages::plain(template, step, remarks);
            if let Some(form) = forms(step).iter().find(|form| plain.contains(**form)) {
                remarks.push(format!(
                    "the template of {step} has {form} in the answer, which is not read here: \
                     `outcrop agent edit NAME --reset {step}` takes the default one"
                ));
            }
            of_step.template = Some(plain);
        }
        if let Some(inference) = prompt.get("inferenceConfiguration").and_then(Value::as_object) {
            leave_out(inference, &OF_INFERENCE, &format!("the settings of {step}"), remarks);
            of_step.settings = settings(inference);
        }
    }
    for (step, name) in definition.steps.unknown_places() {
        remarks.push(format!("nothing is put into ${name}$ of the template of {step}"));
    }
}

#[allow(clippy::cast_possible_truncation)] // A temperature is no such number that it matters.
fn settings(inference: &Map<String, Value>) -> Settings {
    let number = |name: &str| inference.get(name).and_then(Value::as_f64).map(|number| number as f32);
    let whole = |name: &str| {
        inference.get(name).and_then(Value::as_u64).and_then(|number| u32::try_from(number).ok())
    };
    let stops = inference.get("stopSequences").and_then(Value::as_array).into_iter().flatten();
    Settings {
        temperature: number("temperature"),
        top_p: number("topP"),
        top_k: whole("topK"),
        max_tokens: whole("maximumLength").filter(|tokens| *tokens > 0),
        stop: stops.filter_map(Value::as_str).map(str::to_owned).collect(),
        ..Settings::default()
    }
}

fn of_group(group: &Map<String, Value>, remarks: &mut Vec<String>) -> Result<Option<Group>> {
    let name = text_of(group, "actionGroupName").to_owned();
    let signature = match text_of(group, "parentActionSignature") {
        "" => text_of(group, "parentActionGroupSignature"),
        signature => signature,
    };
    let mut made = Group {
        name: name.clone(),
        description: text_of(group, "description").to_owned(),
        enabled: text_of(group, "actionGroupState") != "DISABLED",
        confirm: false,
        functions: Vec::new(),
        openapi: None,
        runs: Executor::Person {},
    };
    match signature {
        "" => {}
        "AMAZON.UserInput" => {
            made.runs = Executor::BuiltIn(BuiltIn::AskUser);
            return Ok(Some(made));
        }
        other => {
            remarks.push(format!("the group {name:?} is {other}, which is not here, and is left out"));
            return Ok(None);
        }
    }
    if let Some(schema) = group.get("apiSchema").and_then(Value::as_object) {
        if let Some(payload) = schema.get("payload").and_then(Value::as_str) {
            let document = openapi::document(payload)
                .map_err(|error| bad(format!("of the schema of the group {name:?}, {}", error.why)))?;
            made.openapi = Some(document);
        } else {
            remarks
                .push(format!("the schema of the group {name:?} lies in S3: fetch it, and set its openapi"));
        }
    }
    let functions = group.get("functionSchema").and_then(|schema| schema.get("functions"));
    for function in functions.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object) {
        made.functions.push(of_function(function)?);
    }
    leave_out(group, &OF_GROUP, &format!("the group {name:?}"), remarks);
    if let Some(executor) = group.get("actionGroupExecutor").and_then(Value::as_object) {
        if let Some(function) = executor.get("lambda").and_then(Value::as_str) {
            made.runs = Executor::Lambda { function: function.to_owned() };
        } else if text_of(executor, "customControl") != "RETURN_CONTROL" {
            remarks.push(format!("who runs the group {name:?} there is nobody here: you are asked"));
        }
    } else if made.openapi.is_some() {
        made.runs = Executor::Http(Endpoint::default());
    }
    if made.functions.is_empty() && made.openapi.is_none() {
        remarks.push(format!("the group {name:?} has no action here and is left out"));
        return Ok(None);
    }
    Ok(Some(made))
}

fn of_function(function: &Map<String, Value>) -> Result<Function> {
    let name = text_of(function, "name").to_owned();
    let parameters = function.get("parameters").and_then(Value::as_object).into_iter().flatten();
    let parameters = parameters.map(|(parameter, detail)| {
        let kind = match detail.get("type").and_then(Value::as_str) {
            None | Some("string") => ParameterKind::String,
            Some("number") => ParameterKind::Number,
            Some("integer") => ParameterKind::Integer,
            Some("boolean") => ParameterKind::Boolean,
            Some("array") => ParameterKind::Array,
            Some(other) => {
                return Err(bad(format!("the parameter {parameter:?} of {name:?} is of the type {other:?}")));
            }
        };
        Ok(Parameter {
            name: parameter.clone(),
            description: detail.get("description").and_then(Value::as_str).unwrap_or_default().to_owned(),
            kind,
            required: detail.get("required").and_then(Value::as_bool).unwrap_or(false),
        })
    });
    let parameters = parameters.collect::<Result<_>>()?;
    Ok(Function {
        description: text_of(function, "description").to_owned(),
        confirm: text_of(function, "requireConfirmation") == "ENABLED",
        parameters,
        name,
    })
}

/// Tells of the members that say something and that nothing here reads.
fn leave_out(object: &Map<String, Value>, known: &[&str], whose: &str, remarks: &mut Vec<String>) {
    let is_known = |name: &str| known.contains(&name) || ITS_OWN.contains(&name);
    let others = object.keys().filter(|name| !is_known(name.as_str()) && says(object, name.as_str()));
    remarks.extend(others.map(|name| format!("{name} of {whose} is left out")));
}

/// Whether something is said of a field.
fn says(object: &Map<String, Value>, name: &str) -> bool {
    object.get(name).is_some_and(|value| match value {
        Value::Null => false,
        Value::Object(members) => !members.is_empty(),
        Value::Array(all) => !all.is_empty(),
        _ => true,
    })
}

/// A text of an object; empty where there is none.
fn text_of<'a>(object: &'a Map<String, Value>, name: &str) -> &'a str {
    object.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn bad(why: String) -> Error {
    Error::new(
        ErrorKind::Invalid,
        "reading an agent of Bedrock",
        why,
        "It is what `aws bedrock-agent get-agent` prints, with what get-agent-action-group prints behind it.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn shop() -> Value {
        json!([
            {"agent": {
                "agentName": "tea-shop", "agentId": "ABCDEFGHIJ", "instruction": "You take orders.",
                "foundationModel": "anthropic.claude-3-haiku-20240307-v1:0",
                "guardrailConfiguration": {"guardrailIdentifier": "gr1", "guardrailVersion": "1"},
                "idleSessionTTLInSeconds": 600,
                "memoryConfiguration": {"enabledMemoryTypes": ["SESSION_SUMMARY"], "storageDays": 30},
                "promptOverrideConfiguration": {"promptConfigurations": [
                    {"promptType": "PRE_PROCESSING", "promptState": "ENABLED", "promptCreationMode": "OVERRIDDEN",
                     "basePromptTemplate": "Is $question$ for $functions$ or $weather$?",
                     "inferenceConfiguration": {"temperature": 0.0, "maximumLength": 256},
                     "additionalModelRequestFields": {"reasoning": true}},
                    {"promptType": "KNOWLEDGE_BASE_RESPONSE_GENERATION", "promptCreationMode": "OVERRIDDEN",
                     "basePromptTemplate": "{\"system\": \"Of $search_results$\", \"messages\": \
                         [{\"role\": \"user\", \"content\": \"$query$\"}]}"},
                    {"promptType": "ORCHESTRATION", "promptState": "ENABLED", "promptCreationMode": "DEFAULT",
                     "basePromptTemplate": "theirs"},
                    {"promptType": "MEMORY_SUMMARIZATION", "promptCreationMode": "OVERRIDDEN",
                     "basePromptTemplate": "Sum up $conversation$"},
                    {"promptType": "ROUTING_CLASSIFIER", "promptCreationMode": "OVERRIDDEN"},
                ]},
            }},
            {"agentActionGroup": {
                "actionGroupName": "orders", "actionGroupState": "ENABLED",
                "actionGroupExecutor": {"lambda": "arn:aws:lambda:eu-west-1:1:function:orders"},
                "functionSchema": {"functions": [{"name": "order", "requireConfirmation": "ENABLED",
                    "parameters": {"tea": {"type": "string", "required": true}, "count": {"type": "integer"}}}]},
            }},
            {"agentActionGroup": {"actionGroupName": "ask", "parentActionSignature": "AMAZON.UserInput"}},
            {"agentActionGroup": {
                "actionGroupName": "stock", "actionGroupExecutor": {"customControl": "RETURN_CONTROL"},
                "apiSchema": {"payload": "openapi: 3.0.0\npaths:\n  /teas:\n    get:\n      operationId: all\n"},
            }},
            {"agentActionGroup": {"actionGroupName": "code", "parentActionSignature": "AMAZON.CodeInterpreter"}},
            {"agentKnowledgeBase": {"knowledgeBaseId": "KB12345678", "description": "Teas.",
                "knowledgeBaseState": "ENABLED"}},
        ])
    }

    #[test]
    fn an_agent_with_its_groups_is_a_definition() {
        let read = read(&shop()).unwrap();
        let definition = &read.definition;
        definition.check().unwrap();
        assert_eq!(read.name, "tea-shop");
        assert_eq!(definition.guardrail.as_deref(), Some("gr1"));
        assert_eq!(definition.memory.days, 30);
        assert!(definition.steps.is_on(Step::PreProcessing));
        assert_eq!(definition.steps.pre_processing.settings.max_tokens, Some(256));
        assert_eq!(definition.steps.orchestration.template, None, "a default there is the default here");
        let names: Vec<&str> = definition.groups.iter().map(|group| group.name.as_str()).collect();
        assert_eq!(names, ["orders", "ask", "stock"]);
        let stock = &definition.groups[2];
        assert_eq!(stock.openapi.as_ref().unwrap()["paths"]["/teas"]["get"]["operationId"], "all");
        assert_eq!(stock.runs, Executor::Person {});
        assert!(definition.groups[0].functions[0].confirm);
        assert_eq!(definition.bases[0].description, "Teas.");
        assert_eq!(definition.steps.template(Step::MemorySummary), "Sum up $conversation$");
        assert_eq!(definition.steps.template(Step::KnowledgeBaseResponse), "Of $search_results$\n\n$query$");
        for said in [
            "ROUTING_CLASSIFIER",
            "AMAZON.CodeInterpreter",
            "$weather$",
            "KB12345678",
            "gr1, version 1 there",
            "600 idle seconds",
            "pre_processing sends its model besides",
        ] {
            assert!(read.remarks.iter().any(|remark| remark.contains(said)), "{said}: {:?}", read.remarks);
        }
    }

    #[test]
    fn no_member_that_says_something_is_left_out_without_a_word() {
        let mut all = shop();
        let agent = &mut all[0]["agent"];
        for own in ["agentArn", "agentStatus", "createdAt", "agentResourceRoleArn"] {
            agent[own] = "theirs".into();
        }
        agent["customOrchestration"] = Value::Null;
        agent["customerEncryptionKeyArn"] = "arn:aws:kms:eu-west-1:1:key/k".into();
        agent["newer"] = json!({"a": 1});
        agent["empty"] = json!({});
        let prompts = &mut agent["promptOverrideConfiguration"];
        prompts["overrideLambda"] = Value::Null;
        let prompts = &mut prompts["promptConfigurations"];
        prompts[0]["inferenceConfiguration"]["topZ"] = 1.into();
        prompts[2]["foundationModel"] = "amazon.nova-lite-v1:0".into();
        prompts[2]["parserMode"] = "OVERRIDDEN".into();
        prompts[3]["foundationModel"] = "anthropic.claude-3-haiku-20240307-v1:0".into();
        all[1]["agentActionGroup"]["newest"] = true.into();
        all[1]["agentActionGroup"]["actionGroupExecutor"] = json!({"somebody": "else"});
        all[5]["agentKnowledgeBase"]["retrievalConfiguration"] = json!({"x": 1});
        let more = [
            json!({"agentAlias": {"agentAliasName": "live", "agentAliasId": "TSTALIASID"}}),
            json!({"agentCollaborator": {"collaboratorName": "maths", "collaborationInstruction": "Adds."}}),
        ];
        all.as_array_mut().unwrap().extend(more);
        let plain = read(&shop()).unwrap();
        let read = read(&all).unwrap();
        let mut told: Vec<&str> = read.remarks.iter().map(String::as_str).collect();
        told.retain(|remark| !plain.remarks.iter().any(|known| known == remark));
        told.sort_unstable();
        let wanted = [
            "customerEncryptionKeyArn of the agent is left out",
            "newer of the agent is left out",
            "newest of the group \"orders\" is left out",
            "retrievalConfiguration of the knowledge base KB12345678 is left out",
            "the alias \"live\" is left out",
            "the collaborator \"maths\" is left out",
            "the parser of orchestration is left out",
            "topZ of the settings of pre_processing is left out",
            "who runs the group \"orders\" there is nobody here: you are asked",
        ];
        assert_eq!(told, wanted);
        let model = |step: Step| read.definition.steps.of(step).model.as_ref().map(ToString::to_string);
        assert_eq!(model(Step::Orchestration).as_deref(), Some("bedrock/amazon.nova-lite-v1:0"));
        assert_eq!(model(Step::MemorySummary), None, "the agent's own");
        assert_eq!(read.definition.groups[0].runs, Executor::Person {});
    }

    #[test]
    fn a_template_that_has_the_answer_in_a_form_of_bedrocks_parsers_is_told_of() {
        let told = |kind: &str, template: &str| {
            let prompt = json!({"promptType": kind, "promptCreationMode": "OVERRIDDEN", "basePromptTemplate": template});
            let agent = json!({"agentName": "a", "instruction": "x",
                "promptOverrideConfiguration": {"promptConfigurations": [prompt]}});
            read(&agent).unwrap().remarks
        };
        for (kind, step, template, form) in [
            ("PRE_PROCESSING", Step::PreProcessing, "Sort: <category>A</category>", "<category>"),
            (
                "ORCHESTRATION",
                Step::Orchestration,
                "Call like so: <function_calls><invoke><tool_name>, or give an <answer>",
                "<function_calls>",
            ),
            ("ORCHESTRATION", Step::Orchestration, "Give the end within <answer></answer> tags.", "<answer>"),
            (
                "KNOWLEDGE_BASE_RESPONSE_GENERATION",
                Step::KnowledgeBaseResponse,
                "<answer><answer_part><text>",
                "<answer_part>",
            ),
            ("POST_PROCESSING", Step::PostProcessing, "Within <final_response>", "<final_response>"),
        ] {
            for template in [template.to_owned(), json!({"system": template, "messages": []}).to_string()] {
                let wanted = format!(
                    "the template of {step} has {form} in the answer, which is not read here: \
                     `outcrop agent edit NAME --reset {step}` takes the default one"
                );
                assert_eq!(told(kind, &template), [wanted]);
            }
        }
        for plain in ["You are to act. $instruction$", "Of the <answer_part>"] {
            assert_eq!(told("ORCHESTRATION", plain), Vec::<String>::new());
        }
        for step in Step::ALL {
            assert!(forms(step).iter().all(|form| !step.baseline().contains(*form)), "{step}");
        }
    }

    #[test]
    fn what_bedrock_builds_in_is_known_by_either_signature() {
        for member in ["parentActionSignature", "parentActionGroupSignature"] {
            let group = |signature: &str| json!([{"agentName": "a", "instruction": "x"}, {"actionGroupName": "g", (member): signature}]);
            let asks = read(&group("AMAZON.UserInput")).unwrap();
            assert_eq!(asks.definition.groups[0].runs, Executor::BuiltIn(BuiltIn::AskUser), "{member}");
            assert_eq!(asks.remarks, Vec::<String>::new());
            let runs = read(&group("ANTHROPIC.Bash")).unwrap();
            assert!(
                runs.definition.groups.is_empty() && runs.remarks[0].contains("ANTHROPIC.Bash"),
                "{member}"
            );
        }
    }

    #[test]
    fn memory_that_is_off_there_is_off_here() {
        for (memory, days) in [
            (json!({"enabledMemoryTypes": ["SESSION_SUMMARY"], "storageDays": 7}), 7),
            (json!({"enabledMemoryTypes": [], "storageDays": 7}), 0),
            (json!({"storageDays": 7}), 7),
            (json!({"enabledMemoryTypes": ["SESSION_SUMMARY"]}), 30),
        ] {
            let agent = json!({"agentName": "a", "instruction": "x", "memoryConfiguration": memory});
            assert_eq!(read(&agent).unwrap().definition.memory.days, days, "{memory}");
        }
    }

    #[test]
    fn what_is_no_agent_is_said() {
        for (json, named) in
            [(json!([]), "no agent"), (json!([{"agentName": "a"}, {"agentName": "b"}]), "2 agents")]
        {
            assert!(read(&json).unwrap_err().why.contains(named), "{json}");
        }
    }
}
