//! The arithmetic behind collection ids: points of the curve alt_bn128, added so that order does not matter.
//!
//! Invariant: integers only; every result is below the field's prime. A collection id is a point's x coordinate with the
//! parity of y in bit 254.
//!
//! Source: reference, section 16.2; curve: EIP-196, 2026-11-20.

use alloy_primitives::{B256, U256, uint};

/// The field's prime.
const P: U256 = uint!(21888242871839275222246405745257275088696311157297823662689037894645226208583_U256);
/// (P + 1) / 4: raising to it takes a square root, since P is 3 modulo 4.
const ROOT: U256 = uint!(5472060717959818805561601436314318772174077789324455915672259473661306552146_U256);
/// The curve is y² = x³ + 3.
const B: U256 = uint!(3_U256);
/// Where the parity of y stands.
const PARITY: usize = 254;

/// A parent collection is no point of the curve.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("collection id: expected a parent that is zero or names a point of the curve, found {found}")]
pub struct BadCollection {
    /// The parent.
    pub found: B256,
}

/// A point that is not at infinity.
#[derive(Clone, Copy)]
pub(super) struct Point {
    x: U256,
    y: U256,
}

impl Point {
    /// The first point at or after a hash: the hash's top bit is the parity of y, the rest where the search for x starts.
    pub(super) fn from_hash(hash: B256) -> Self {
        let hash = U256::from_be_bytes(hash.0);
        let odd = hash.bit(255);
        let mut x = hash.reduce_mod(P);
        loop {
            x = x.add_mod(U256::ONE, P);
            if let Some(y) = y_of(x) {
                return Self { x, y: with_parity(y, odd) };
            }
        }
    }

    /// The point that a collection id names.
    pub(super) fn from_collection(id: B256) -> Result<Self, BadCollection> {
        let value = U256::from_be_bytes(id.0);
        // No id has bit 255, but the contract reads either of the two top bits as the parity, and so do we.
        let odd = value.bit(PARITY) || value.bit(PARITY + 1);
        // What is left below them may still exceed the prime: the contract then finds no such point.
        let x: U256 = value & (U256::MAX >> 2_usize);
        let y = y_of(x.reduce_mod(P)).ok_or(BadCollection { found: id })?;
        if x < P { Ok(Self { x, y: with_parity(y, odd) }) } else { Err(BadCollection { found: id }) }
    }

    /// The sum, or `None` for the point at infinity.
    pub(super) fn add(self, other: Self) -> Option<Self> {
        let slope = if self.x == other.x {
            if self.y != other.y || self.y == U256::ZERO {
                return None;
            }
            let squared = self.x.mul_mod(self.x, P);
            divide(squared.mul_mod(B, P), self.y.add_mod(self.y, P))
        } else {
            divide(subtract(other.y, self.y), subtract(other.x, self.x))
        };
        let x = subtract(subtract(slope.mul_mod(slope, P), self.x), other.x);
        let y = subtract(slope.mul_mod(subtract(self.x, x), P), self.y);
        Some(Self { x, y })
    }
}

/// The collection id of a point; of the point at infinity, zero.
pub(super) fn to_collection(point: Option<Point>) -> B256 {
    let value = point.map_or(U256::ZERO, |point| {
        let mut value = point.x;
        value.set_bit(PARITY, value.bit(PARITY) ^ point.y.bit(0));
        value
    });
    B256::from(value.to_be_bytes::<32>())
}

/// A y for this x, if the curve has one there.
fn y_of(x: U256) -> Option<U256> {
    let square = x.mul_mod(x, P).mul_mod(x, P).add_mod(B, P);
    let y = square.pow_mod(ROOT, P);
    (y.mul_mod(y, P) == square).then_some(y)
}

fn with_parity(y: U256, odd: bool) -> U256 {
    if y.bit(0) == odd { y } else { P - y }
}

fn subtract(left: U256, right: U256) -> U256 {
    left.add_mod(P - right, P)
}

fn divide(dividend: U256, divisor: U256) -> U256 {
    dividend.mul_mod(divisor.inv_mod(P).expect("every number but zero has an inverse modulo a prime"), P)
}
