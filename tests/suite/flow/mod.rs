//! Events in, effects out: whole values compared.

mod chaos;
mod chat;
mod first_run;
