//! The whole program on simulated network, disk and clock, tortured by seed and judged by an independent auditor.

pub mod chance;
pub mod plan;
pub mod story;
pub mod trader;
