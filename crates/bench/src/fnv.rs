//! FNV-1a over 64 bits: the checksum of the workloads' answers.

/// A checksum under way.
#[derive(Clone, Copy, Debug)]
pub struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self::new()
    }
}

impl Fnv {
    /// The checksum of nothing.
    pub const fn new() -> Self {
        Self(0xCBF2_9CE4_8422_2325)
    }

    /// Takes a number as eight little-endian bytes.
    pub fn i64(&mut self, number: i64) {
        for byte in number.to_le_bytes() {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3);
        }
    }

    /// The checksum so far.
    pub const fn value(self) -> u64 {
        self.0
    }
}
