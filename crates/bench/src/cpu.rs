//! CPU time of the calling thread: these machines are shared, so wall time says little.

use std::time::{Duration, Instant};

/// Counts CPU time of the thread that made it, where the system tells it; wall time elsewhere.
#[derive(Clone, Copy, Debug)]
pub struct CpuTimer {
    cpu: Option<Duration>,
    wall: Instant,
}

impl CpuTimer {
    /// Starts counting.
    pub fn start() -> Self {
        Self { cpu: thread_time(), wall: Instant::now() }
    }

    /// Time since the start.
    pub fn elapsed(&self) -> Duration {
        match (self.cpu, thread_time()) {
            (Some(start), Some(now)) => now.saturating_sub(start),
            _ => self.wall.elapsed(),
        }
    }
}

/// Linux says it in nanoseconds as the first number of this file.
fn thread_time() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split_whitespace().next()?.parse().ok().map(Duration::from_nanos)
}
