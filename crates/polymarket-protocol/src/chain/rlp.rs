//! Ethereum's RLP for what a transaction holds: byte strings, numbers and one level of lists.
//!
//! Invariant: numbers have no leading zeros, so one value has one encoding. Only writing; nothing reads RLP here.
//!
//! Source: Ethereum yellow paper, appendix B, 2026-11-20.

use alloy_primitives::U256;

/// Appends a byte string.
pub(super) fn bytes(value: &[u8], out: &mut Vec<u8>) {
    if let [byte @ 0..=0x7f] = value {
        out.push(*byte);
        return;
    }
    length(0x80, value.len(), out);
    out.extend_from_slice(value);
}

/// Appends a number.
pub(super) fn number(value: U256, out: &mut Vec<u8>) {
    bytes(value.to_be_bytes_trimmed_vec().as_slice(), out);
}

/// Appends a list of what `items` already holds.
pub(super) fn list(items: &[u8], out: &mut Vec<u8>) {
    length(0xc0, items.len(), out);
    out.extend_from_slice(items);
}

fn length(base: u8, length: usize, out: &mut Vec<u8>) {
    if length <= 55 {
        out.push(base + length as u8);
        return;
    }
    let digits = U256::from(length).to_be_bytes_trimmed_vec();
    out.push(base + 55 + digits.len() as u8);
    out.extend_from_slice(&digits);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Source: the examples of ethereum.org's page on RLP, 2026-11-20.
    #[test]
    fn lengths_and_numbers_are_written_short() {
        let encode = |value: &[u8]| {
            let mut out = Vec::new();
            bytes(value, &mut out);
            out
        };
        assert_eq!(encode(b"dog"), b"\x83dog");
        assert_eq!(encode(b""), b"\x80");
        assert_eq!(encode(&[0x7f]), [0x7f]);
        assert_eq!(encode(&[0x80]), [0x81, 0x80]);
        assert_eq!(encode(&[1; 56])[..2], [0xb8, 56]);
        let mut out = Vec::new();
        number(U256::ZERO, &mut out);
        number(U256::from(1024), &mut out);
        assert_eq!(out, [0x80, 0x82, 0x04, 0x00]);
        let mut out = Vec::new();
        list(&[1; 300], &mut out);
        assert_eq!(out[..3], [0xf9, 0x01, 0x2c]);
    }
}
