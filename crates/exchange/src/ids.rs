//! The names things have on the wire: UUID texts that carry the core's dense numbers, so that no table is needed to find
//! the thing again.
//!
//! Invariants: the text of a number never changes, over restarts too; a text that was not made here, or was made for
//! another kind of thing, names nothing. Texts look scattered so that nobody counts on their order.

use brier_matching::{AccountId, GroupId, MarketId, OrderId, TradeNo};

use crate::chance;

/// What a UUID names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Order = 1,
    Trade = 2,
    Group = 3,
    User = 4,
    Market = 5,
    ClientOrder = 6,
    Match = 7,
}

/// Any odd number is invertible modulo 2^64; this one scatters well.
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;
const UNSPREAD: u64 = inverse(SPREAD);

/// The inverse of an odd number modulo 2^64, by Newton's iteration: each step doubles the right bits.
const fn inverse(odd: u64) -> u64 {
    let mut found = odd;
    let mut step = 0;
    while step < 6 {
        found = found.wrapping_mul(2_u64.wrapping_sub(odd.wrapping_mul(found)));
        step += 1;
    }
    found
}

const fn fold(bits: u64) -> u64 {
    bits ^ (bits >> 32)
}

fn check(mixed: u64, kind: Kind) -> u32 {
    fold((mixed ^ (kind as u64) << 56).wrapping_mul(SPREAD)) as u32
}

/// A UUID of version 8 (RFC 9562, "custom"): 64 bits of number, the kind, and 46 bits that prove both.
fn encode(kind: Kind, bits: u64) -> String {
    let mixed = fold(fold(bits.wrapping_add(SPREAD)).wrapping_mul(SPREAD));
    let proof = check(mixed, kind);
    format!(
        "{:08x}-{:04x}-8{:03x}-{:04x}-{:04x}{proof:08x}",
        mixed >> 32,
        mixed >> 16 & 0xffff,
        kind as u64,
        0x8000 | proof >> 18,
        mixed & 0xffff,
    )
}

fn decode(kind: Kind, text: &str) -> Option<u64> {
    let part = |range: std::ops::Range<usize>| u64::from_str_radix(text.get(range)?, 16).ok();
    let mixed = part(0..8)? << 32 | part(9..13)? << 16 | part(24..28)?;
    let bits = fold(fold(mixed).wrapping_mul(UNSPREAD)).wrapping_sub(SPREAD);
    // Comparing texts checks the proof, the kind, the dashes and the case at once.
    (encode(kind, bits) == text).then_some(bits)
}

pub(crate) fn order_text(order: OrderId) -> String {
    encode(Kind::Order, order.to_bits())
}

pub(crate) fn order_id(text: &str) -> Option<OrderId> {
    decode(Kind::Order, text).map(OrderId::from_bits)
}

pub(crate) fn trade_text(trade: TradeNo) -> String {
    encode(Kind::Trade, trade.0)
}

/// One of the trades of a match, by the price it met: `bucket` counts them.
pub(crate) fn match_text(trade: TradeNo, bucket: u32) -> String {
    encode(Kind::Match, trade.0 << 16 | u64::from(bucket & 0xffff))
}

/// The match and the bucket that [`match_text`] named.
pub(crate) fn match_parts(text: &str) -> Option<(TradeNo, u32)> {
    decode(Kind::Match, text).map(|bits| (TradeNo(bits >> 16), (bits & 0xffff) as u32))
}

pub(crate) fn group_text(group: GroupId) -> String {
    encode(Kind::Group, u64::from(group.0))
}

pub(crate) fn group_id(text: &str) -> Option<GroupId> {
    decode(Kind::Group, text).and_then(|bits| u32::try_from(bits).ok()).map(GroupId)
}

pub(crate) fn user_text(account: AccountId) -> String {
    encode(Kind::User, u64::from(account.0))
}

pub(crate) fn user_id(text: &str) -> Option<AccountId> {
    decode(Kind::User, text).and_then(|bits| u32::try_from(bits).ok()).map(AccountId)
}

pub(crate) fn market_text(market: MarketId) -> String {
    encode(Kind::Market, u64::from(market.0))
}

/// The client order id the exchange makes when none was given.
pub(crate) fn client_order_text(number: u64) -> String {
    encode(Kind::ClientOrder, number)
}

/// A random UUID of version 4, for keys: the same exchange started twice must not answer to the same key ids.
pub(crate) fn random_uuid() -> Result<String, aws_lc_rs::error::Unspecified> {
    let mut bytes = [0_u8; 16];
    chance::fill(&mut bytes)?;
    let bits = u128::from_be_bytes(bytes);
    Ok(format!(
        "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
        bits >> 96,
        bits >> 80 & 0xffff,
        bits >> 68 & 0xfff,
        0x8000 | (bits >> 50 & 0x3fff),
        bits & 0xffff_ffff_ffff,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn another_kind_or_a_changed_digit_names_nothing() {
        let text = order_text(OrderId::from_bits(7));
        assert_eq!(group_id(&text), None);
        assert_eq!(order_id("00000000-0000-4000-8000-000000000000"), None);
        assert_eq!(order_id(&text.to_uppercase()), None);
        assert_eq!(order_id("näch"), None);
        for at in (0..text.len()).filter(|at| text.as_bytes()[*at] != b'-') {
            let mut changed = text.clone().into_bytes();
            changed[at] = if changed[at] == b'0' { b'1' } else { b'0' };
            assert_eq!(order_id(std::str::from_utf8(&changed).unwrap()), None, "digit {at}");
        }
    }

    proptest! {
        #[test]
        fn every_number_comes_back(bits in any::<u64>()) {
            let text = order_text(OrderId::from_bits(bits));
            prop_assert_eq!(text.len(), 36);
            prop_assert_eq!(order_id(&text), Some(OrderId::from_bits(bits)));
        }
    }
}
