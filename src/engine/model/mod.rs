//! A model in memory: what its architecture wants, its weights, its forward pass.

mod cache;
mod forward;
mod shape;
mod style;
mod weights;

pub(super) use cache::Cache;
pub(super) use forward::Scratch;
pub(super) use shape::Shape;
pub(super) use weights::{Model, form};
