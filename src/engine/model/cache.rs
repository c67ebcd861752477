//! What a conversation's tokens left behind in each layer.

use super::shape::Shape;
use outcrop_kernel::attention::Head;

/// Keys and values of one conversation.
#[derive(Debug, Clone)]
pub(in crate::engine) struct Cache {
    /// By layer, then by head.
    pub(super) heads: Vec<Vec<Head>>,
    pub(super) length: usize,
}

impl Cache {
    pub(in crate::engine) fn new(shape: &Shape) -> Self {
        Self { heads: vec![vec![Head::default(); shape.shared_heads]; shape.layers], length: 0 }
    }

    /// Forgets what comes after the first `length` tokens.
    pub(in crate::engine) fn truncate(&mut self, length: usize) {
        self.length = self.length.min(length);
    }

    /// Gives the room of forgotten tokens back.
    pub(in crate::engine) fn shrink(&mut self, shape: &Shape) {
        let length = self.length;
        self.heads.iter_mut().flatten().for_each(|head| head.shrink(length, shape.head));
    }

    /// Bytes held.
    pub(in crate::engine) fn bytes(&self) -> usize {
        self.heads.iter().flatten().map(Head::bytes).sum()
    }
}
