//! What crosses the engine's border: inputs in, commands out.

mod allocations;
mod harness;
mod lifecycle;
mod pains;
