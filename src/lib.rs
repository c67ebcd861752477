//! # Outcrop: where foundation models surface in your terminal
//!
//! ```text
//!  1 Chat 2 Comp 3 Know 4 Eval 5 Pro 6 Pics 7 Mod 8 Use 9 Tra  Why riv…  offline     ← tui/layout: two fixed lines
//!                              │                                                     and the place between them
//!  Today                       │  why do rivers meander?                 14:02
//! ▌Why rivers meander      3 m │ ▌smollm2-135m                                  ← tui/widget/transcript draws
//!  Guardrail wording      41 m │  A river bends because the current …              blocks of domain/message
//!         ▲                    │  140 ms · 46 tok/s · 182→64 tok · 12 % of 2,048
//!         │                    │
//!   tui/pane/chat, one of      │ ▌ ask a follow-up                              ← tui/widget/composer
//!   the places of tui/pane     │
//!  Enter send · Ctrl+P palette                                   ctx ▍ 12 %      ← from the table in tui/keymap
//! ```
//!
//! ## The layers, from the bottom
//!
//! | folder | what lives there |
//! |---|---|
//! | [`domain`] | nouns and pure rules: messages, trees, settings, events of an answer, errors, the one sanitiser |
//! | [`wire`] | bytes ⇄ domain for every outside API and file format; pure |
//! | [`config`] | defaults < file < environment < flags; the only reader of the environment |
//! | [`net`] | the only outward sockets, and the one that listens on this machine itself |
//! | [`store`] | the only place that names sled; everything made from user content is sealed |
//! | [`engine`] | the only place that names candle: local models; its arithmetic is the package `outcrop_kernel` |
//! | [`provider`] | one trait, many voices |
//! | [`index`] | passages of knowledge bases and their search; the only place that names tantivy |
//! | [`worker`] | other programs and hidden modes of this one: the only place that starts a child |
//! | [`service`] | what the program can do; `service/invoke` is the only caller of a provider |
//! | [`workbench`] | the one door: requests in, replies out, here or over a socket |
//! | [`log`] | the program's own log file |
//! | [`tui`], [`cli`] | the faces: they know the door, and nothing behind it |
//!
//! Which layer may name which is the table in `tests/suite/layers.rs`, checked against the sources.
//!
//! ## Invariants
//!
//! - `domain` and `wire` know no async, file, socket or clock; `update` and `view` of the screen are pure.
//! - A turn is durable before it is sent; an answer is flushed at least once a second.
//! - Untrusted text becomes a span, title or log line only through `domain::untrusted`.
//! - Nothing is fetched that the person did not ask for.

pub mod cli;
pub mod config;
pub mod domain;
pub mod engine;
pub mod index;
pub mod log;
pub mod net;
pub mod provider;
pub mod service;
pub mod store;
pub mod tui;
pub mod wire;
pub mod workbench;
pub mod worker;
