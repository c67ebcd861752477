//! Events in, effects out: whole values compared.

pub mod agents;
mod around;
pub mod attaching;
mod chaos;
mod chat;
mod commands;
mod compare;
pub mod copying;
mod first_run;
pub mod keeping;
mod kept;
mod left_off;
mod noting;
pub mod passphrase;
pub mod presets;
mod prompt;
mod reach;
mod reading;
pub mod tools;
