//! What the reference of traces wants, from bytes to sums.

use super::Decoded;
use super::meaning::facts;
use super::otlp::{json, protobuf};
use crate::domain::trace::{Outline, Rollups, Tree};

const OPENINFERENCE: &[u8] = include_bytes!("../../../tests/data/traces/otlp_openinference.pb");
const GENAI: &[u8] = include_bytes!("../../../tests/data/traces/otlp_genai.pb");
const OLDER: &[u8] = include_bytes!("../../../tests/data/traces/otlp_older.json");

pub(super) fn outlined(decoded: &Decoded) -> Outline {
    let mut outline = Outline::default();
    for span in &decoded.spans {
        outline.add(span, &facts(span), |_| None);
    }
    outline
}

pub(super) fn drawn(outline: &Outline, tree: &Tree) -> Vec<String> {
    let line = |row: &u32| {
        let shown = &outline.rows[*row as usize];
        format!(
            "{}{} {}",
            "  ".repeat(tree.depth(*row) as usize),
            shown.kind.as_str(),
            outline.names.get(shown.name)
        )
    };
    tree.order().iter().map(line).collect()
}

#[test]
fn an_agent_s_run_is_a_tree_whose_tokens_count_once() {
    let outline = outlined(&protobuf::decode(GENAI));
    let tree = Tree::of(&outline);
    assert_eq!(
        drawn(&outline, &tree),
        [
            "agent invoke_agent Weather",
            "  model chat m1",
            "  tool execute_tool get_weather",
            "  model chat m1"
        ]
    );
    let whole = Rollups::of(&outline, &tree).whole;
    assert_eq!((whole.input, whole.output, whole.cache_read, whole.errors), (Some(250), Some(45), 40, 1));
    // Nobody told what it cost, and a price is the caller's.
    assert_eq!((whole.dollars, whole.unpriced), (None, 2));
}

#[test]
fn openinference_s_run_tells_its_cost() {
    let outline = outlined(&protobuf::decode(OPENINFERENCE));
    let tree = Tree::of(&outline);
    assert_eq!(
        drawn(&outline, &tree),
        ["agent agent", "  retrieval retrieve", "  model ChatCompletion", "  tool f"]
    );
    let whole = Rollups::of(&outline, &tree).whole;
    assert_eq!(
        (whole.input, whole.output, whole.dollars, whole.unpriced),
        (Some(100), Some(20), Some(0.0012), 0)
    );
}

#[test]
fn the_older_names_sum_up_too() {
    let outline = outlined(&json::decode(OLDER).unwrap());
    let whole = Rollups::of(&outline, &Tree::of(&outline)).whole;
    assert_eq!((whole.input, whole.output, whole.truncated, whole.inferences), (Some(10), Some(3), 1, 3));
}

#[test]
fn what_stands_in_names_models_tools_and_errors_is_found() {
    let outline = outlined(&protobuf::decode(GENAI));
    for (needle, rows) in
        [("weather", vec![1, 3]), ("m1", vec![0, 2]), ("timeout", vec![1]), ("slow", vec![1])]
    {
        assert_eq!(outline.find(needle), rows, "{needle}");
    }
    let spans = protobuf::decode(GENAI).spans;
    assert!(spans[0].says("paris") && spans[2].says("rainy") && !spans[3].says("rainy"));
}
