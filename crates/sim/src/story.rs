//! What happened in a run, for people, and a sum over all of it, for comparing two runs.

use std::collections::VecDeque;

use brier_types::Timestamp;

/// How many lines are kept: the last ones.
const KEPT: usize = 4_000;

/// The story of a run.
#[derive(Clone, Debug, Default)]
pub struct Story {
    digest: u64,
    lines: VecDeque<(Timestamp, String)>,
    /// Whether lines are kept at all: they cost more than the run.
    telling: bool,
}

impl Story {
    /// Nothing has happened. Lines are kept where the environment of the run asks for it with [`Story::keep`].
    pub const fn new() -> Self {
        Self { digest: 0xCBF2_9CE4_8422_2325, lines: VecDeque::new(), telling: false }
    }

    /// Keeps lines from now on.
    pub const fn keep(&mut self) {
        self.telling = true;
    }

    /// Adds bytes to the sum: FNV-1a.
    pub fn hash(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.digest = (self.digest ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3);
        }
    }

    /// One line, and its time into the sum.
    pub fn tell(&mut self, now: Timestamp, line: impl FnOnce() -> String) {
        self.hash(&now.nanos().to_le_bytes());
        if self.telling {
            if self.lines.len() == KEPT {
                self.lines.pop_front();
            }
            self.lines.push_back((now, line()));
        }
    }

    /// The sum over everything.
    pub const fn digest(&self) -> u64 {
        self.digest
    }

    /// The last lines.
    pub fn lines(&self) -> impl Iterator<Item = (Timestamp, &str)> {
        self.lines.iter().map(|(at, line)| (*at, line.as_str()))
    }
}
