//! Strategies on an engine: what they see, and what leaves it.

mod opinions;
mod quotes;
mod world;
