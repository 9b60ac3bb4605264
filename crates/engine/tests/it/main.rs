//! What crosses the engine's border: inputs in, commands out.

#![allow(clippy::unwrap_used, clippy::unused_self, reason = "helpers of tests")]

mod allocations;
mod facts;
mod harness;
mod legs;
mod legs_at_random;
mod lifecycle;
mod pains;
mod tortured;
