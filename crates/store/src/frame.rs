//! One record on disk: a fixed head, then the payload.
//!
//! The head is the payload's length (4 bytes), a CRC-32 (4), the number of the batch it was committed in (8) and a byte
//! that is 1 on the last record of its batch; all little-endian. The checksum covers everything but itself, so that no
//! flipped bit, and no run of zeros a crash may leave, reads as a record.

/// Bytes before the payload.
pub(crate) const HEAD_LEN: usize = 17;

/// The longest payload, 16 MiB: a length beyond it is damage, not a record.
pub const MAX_RECORD_LEN: usize = 16 * 1024 * 1024;

/// The head of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub len: usize,
    pub crc: u32,
    pub batch: u64,
    pub ends_batch: bool,
}

fn checksum(len: u32, batch: u64, ends_batch: bool, payload: &[u8]) -> u32 {
    let mut crc = crc32fast::Hasher::new();
    crc.update(&len.to_le_bytes());
    crc.update(&batch.to_le_bytes());
    crc.update(&[u8::from(ends_batch)]);
    crc.update(payload);
    crc.finalize()
}

/// Writes a record to the end of `out`. The payload is at most [`MAX_RECORD_LEN`] long.
pub(crate) fn encode(out: &mut Vec<u8>, batch: u64, ends_batch: bool, payload: &[u8]) {
    let len = payload.len() as u32;
    out.extend_from_slice(&len.to_le_bytes());
    out.extend_from_slice(&checksum(len, batch, ends_batch, payload).to_le_bytes());
    out.extend_from_slice(&batch.to_le_bytes());
    out.push(u8::from(ends_batch));
    out.extend_from_slice(payload);
}

/// Marks the record that starts at `start` as the last of its batch.
pub(crate) fn mark_end(out: &mut [u8], start: usize) {
    let record = &mut out[start..];
    let head = Head::decode(record.first_chunk().expect("a record has a whole head")).expect("written by `encode`");
    let crc = checksum(head.len as u32, head.batch, true, &record[HEAD_LEN..HEAD_LEN + head.len]);
    record[4..8].copy_from_slice(&crc.to_le_bytes());
    record[16] = 1;
}

impl Head {
    /// Reads a head, or `None` when it cannot be one.
    pub(crate) fn decode(bytes: &[u8; HEAD_LEN]) -> Option<Self> {
        let word = |at: usize| u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
        let len = word(0) as usize;
        let ends_batch = match bytes[16] {
            0 => false,
            1 => true,
            _ => return None,
        };
        let batch = u64::from(word(8)) | u64::from(word(12)) << 32;
        (len <= MAX_RECORD_LEN).then_some(Self { len, crc: word(4), batch, ends_batch })
    }

    /// Whether `payload` is what was written.
    pub(crate) fn fits(&self, payload: &[u8]) -> bool {
        payload.len() == self.len && checksum(self.len as u32, self.batch, self.ends_batch, payload) == self.crc
    }
}

/// The first whole record in `bytes` of a batch after `batch`, wherever it starts: proof that a later commit happened.
pub(crate) fn find_later_batch(bytes: &[u8], batch: u64) -> Option<usize> {
    (0..bytes.len().saturating_sub(HEAD_LEN - 1)).find(|start| {
        let rest = &bytes[*start..];
        let Some(head) = rest.first_chunk().and_then(Head::decode) else { return false };
        // A chance match must also name a believable batch, which keeps this from summing megabytes at every byte.
        head.batch > batch
            && head.batch - batch <= bytes.len() as u64
            && rest.get(HEAD_LEN..HEAD_LEN + head.len).is_some_and(|payload| head.fits(payload))
    })
}
