//! Agents, their versions and their runs.

use super::{Kind, Record, RecordKey};
use crate::domain::agent::{Agent, Pins, Remembered, Run, Version};
use crate::domain::id::{AgentId, RunId};

impl Record for Agent {
    const KIND: Kind = Kind::Agent;
    const SCHEMA: u8 = 1;
    type Key = AgentId;
}

/// A version's agent and number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AgentVersionOf(pub AgentId, pub u32);

impl Record for Version {
    const KIND: Kind = Kind::AgentVersion;
    const SCHEMA: u8 = 1;
    type Key = AgentVersionOf;
}

impl RecordKey for AgentVersionOf {
    fn write(&self, bytes: &mut Vec<u8>) {
        self.0.write(bytes);
        bytes.extend_from_slice(&self.1.to_be_bytes());
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (id, number) = bytes.split_at_checked(16)?;
        Some(Self(AgentId::read(id)?, u32::from_be_bytes(number.try_into().ok()?)))
    }
}

/// Of an agent, under its own id.
impl Record for Pins {
    const KIND: Kind = Kind::AgentPins;
    const SCHEMA: u8 = 1;
    type Key = AgentId;
}

/// A run's agent, and the run: in the order in which they began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AgentRunOf(pub AgentId, pub RunId);

impl Record for Run {
    const KIND: Kind = Kind::AgentRun;
    const SCHEMA: u8 = 1;
    type Key = AgentRunOf;
}

impl RecordKey for AgentRunOf {
    fn write(&self, bytes: &mut Vec<u8>) {
        self.0.write(bytes);
        self.1.write(bytes);
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (agent, run) = bytes.split_at_checked(16)?;
        Some(Self(AgentId::read(agent)?, RunId::read(run)?))
    }
}

/// The agent, and the session that it is of, which is a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AgentMemoryOf(pub AgentId, pub RunId);

impl Record for Remembered {
    const KIND: Kind = Kind::AgentMemory;
    const SCHEMA: u8 = 1;
    type Key = AgentMemoryOf;
}

impl RecordKey for AgentMemoryOf {
    fn write(&self, bytes: &mut Vec<u8>) {
        self.0.write(bytes);
        self.1.write(bytes);
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (agent, session) = bytes.split_at_checked(16)?;
        Some(Self(AgentId::read(agent)?, RunId::read(session)?))
    }
}
