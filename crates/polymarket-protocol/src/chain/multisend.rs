//! Several calls of a Safe packed into one, as its multisend library unpacks them.
//!
//! Invariant: [`unpack`] gives back exactly what [`pack`] took.
//!
//! Source: reference, sections 16.1 and 16.5; Safe contracts, `MultiSend`, 2026-11-20.

use alloy_primitives::{Address, Bytes, U256};

use crate::wallet::SafeOperation;

/// One of the packed calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InnerCall {
    /// The contract.
    pub to: Address,
    /// POL sent along, in wei.
    pub value: U256,
    /// The encoded call.
    pub data: Bytes,
}

/// Bytes are no packed calls.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("multisend: expected {expected} at byte {at}, found {found}")]
pub struct MultiSendError {
    /// What should stand there.
    pub expected: &'static str,
    /// Where.
    pub at: usize,
    /// What stands there.
    pub found: String,
}

/// Bytes of a packed call before its data: operation, address, value, length.
const HEAD: usize = 1 + 20 + 32 + 32;

/// Packs calls for `multiSend`.
pub fn pack(calls: &[InnerCall]) -> Bytes {
    let mut out = Vec::with_capacity(calls.iter().map(|call| HEAD + call.data.len()).sum());
    for call in calls {
        out.push(SafeOperation::Call as u8);
        out.extend_from_slice(call.to.as_slice());
        out.extend_from_slice(&call.value.to_be_bytes::<32>());
        out.extend_from_slice(&U256::from(call.data.len()).to_be_bytes::<32>());
        out.extend_from_slice(&call.data);
    }
    out.into()
}

/// The calls that were packed.
///
/// # Errors
/// [`MultiSendError`] when a call is cut off, or would run foreign code as the wallet's own.
pub fn unpack(packed: &[u8]) -> Result<Vec<InnerCall>, MultiSendError> {
    let mut calls = Vec::new();
    let mut rest = packed;
    while !rest.is_empty() {
        let at = packed.len() - rest.len();
        let wrong = |expected, found: String| MultiSendError { expected, at, found };
        let Some((head, tail)) = rest.split_first_chunk::<HEAD>() else {
            return Err(wrong("a call's head of 85 bytes", format!("{} bytes", rest.len())));
        };
        if head[0] != SafeOperation::Call as u8 {
            return Err(wrong("operation 0, a call", head[0].to_string()));
        }
        let value = U256::from_be_slice(&head[21..53]);
        let length = U256::from_be_slice(&head[53..]);
        let fits = usize::try_from(length).ok().filter(|length| *length <= tail.len());
        let length = fits.ok_or_else(|| wrong("as many bytes of data as announced", length.to_string()))?;
        let (data, after) = tail.split_at(length);
        calls.push(InnerCall { to: Address::from_slice(&head[1..21]), value, data: Bytes::copy_from_slice(data) });
        rest = after;
    }
    Ok(calls)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_come_out_as_they_went_in() {
        let calls = vec![
            InnerCall { to: Address::repeat_byte(1), value: U256::MAX, data: Bytes::from_static(b"abc") },
            InnerCall { to: Address::repeat_byte(2), value: U256::ZERO, data: Bytes::new() },
        ];
        let packed = pack(&calls);
        assert_eq!(packed.len(), 2 * HEAD + 3);
        assert_eq!(unpack(&packed), Ok(calls));
        assert_eq!(unpack(&[]), Ok(Vec::new()));
    }

    #[test]
    fn a_cut_or_delegated_call_is_refused() {
        let packed = pack(&[InnerCall { to: Address::ZERO, value: U256::ZERO, data: Bytes::from_static(b"abc") }]);
        let cut = unpack(&packed[..packed.len() - 1]).unwrap_err().to_string();
        assert_eq!(cut, "multisend: expected as many bytes of data as announced at byte 0, found 3");
        assert!(unpack(&packed[..10]).unwrap_err().to_string().contains("found 10 bytes"));
        let mut delegated = packed.to_vec();
        delegated[0] = 1;
        assert!(
            unpack(&delegated).unwrap_err().to_string().contains("expected operation 0, a call at byte 0, found 1")
        );
    }
}
