//! Spans by who made them, as OTLP nests them: a resource, its scopes, their spans.

use std::sync::Arc;

use crate::domain::trace::{Origin, TraceSpan};

/// The spans of one scope.
pub(super) struct Group<'a> {
    pub origin: &'a Origin,
    pub spans: Vec<&'a TraceSpan>,
}

/// The spans by their origins, in order of the first of each; scopes of one resource stand together.
pub(super) fn by_resource(spans: &[TraceSpan]) -> Vec<Vec<Group<'_>>> {
    let mut resources: Vec<Vec<Group<'_>>> = Vec::new();
    for span in spans {
        let same_resource = |group: &Group<'_>| {
            group.origin.resource == span.origin.resource
                && group.origin.resource_schema == span.origin.resource_schema
                && group.origin.dropped_resource == span.origin.dropped_resource
        };
        let found = resources.iter().rposition(|groups| groups.first().is_some_and(same_resource));
        let at = found.unwrap_or_else(|| {
            resources.push(Vec::new());
            resources.len() - 1
        });
        let groups = &mut resources[at];
        // Most spans share the value itself with the one before.
        let group = groups.iter_mut().rev().find(|group| {
            std::ptr::eq(group.origin, Arc::as_ptr(&span.origin)) || *group.origin == *span.origin
        });
        match group {
            Some(group) => group.spans.push(span),
            None => groups.push(Group { origin: &span.origin, spans: vec![span] }),
        }
    }
    resources
}
