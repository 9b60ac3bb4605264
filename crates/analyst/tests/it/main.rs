//! Analysts from the outside: the models on dossiers, and a language model behind an endpoint on loopback that plays both
//! dialects and every fault. Nothing here waits: time is an argument.

#![allow(clippy::unwrap_used, reason = "helpers of tests may fail as tests do")]

mod faults;
mod injection;
mod language;
mod quantitative;
mod server;
mod world;
