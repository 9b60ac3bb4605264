//! The whole program on simulated network, disk and clock, tortured by seed and judged by an independent auditor.
//!
//! Under test are the engine, the runtime's node with its journal and recovery, the gateways, the connectors' sessions and both
//! faces of the embedded exchange, all as they run live. Simulated are the wires between them, the disk and the clocks. A seed
//! decides everything: the same seed gives the same run, byte for byte, which every run proves by running twice.

pub mod arbitrageur;
pub mod auditor;
pub mod chance;
pub mod disk;
pub mod legs;
pub mod plan;
pub mod story;
pub mod torture;
pub mod trader;
pub mod venues;
pub mod world;
