//! Workload drivers behind `brier bench`, and the benchmarks that compare Brier with its peers.

pub mod cpu;
pub mod decode;
pub mod fnv;
pub mod lob;
mod random;
pub mod sign;
