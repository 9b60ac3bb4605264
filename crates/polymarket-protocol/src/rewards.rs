//! Liquidity rewards: how resting orders score, and what a sample of a market's pool pays.
//!
//! Invariants: everything is in YES terms, where a bid for NO is an ask and an ask for NO a bid; scores are integers in
//! units of 1e-6 share, rounded down; nothing panics. Not here: when samples are taken, and whose orders they are.
//!
//! Source: reference, section 15.2, 2026-11-20. Of the size-cutoff middle the reference gives the name only: it is taken
//! between the best levels that hold the least size that scores.

use brier_types::{BookSide, Money, Price, Qty};

/// Samples of one day: one a minute. An epoch is a week of them.
pub const SAMPLES_PER_DAY: u32 = 1_440;

/// What a market asks of orders that score.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RewardTerms {
    /// Smallest order, in shares.
    pub min_size: Qty,
    /// Furthest distance from the middle, in dollars.
    pub max_spread: Price,
}

/// An order or a level, in YES terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quote {
    /// Its side.
    pub side: BookSide,
    /// Its price.
    pub price: Price,
    /// Shares that rest.
    pub size: Qty,
}

/// The middle between the best levels of at least the least size, or `None` when a side has none. Levels come best first.
pub fn middle(bids: &[(Price, Qty)], asks: &[(Price, Qty)], min_size: Qty) -> Option<Money> {
    let best = |levels: &[(Price, Qty)]| levels.iter().find(|(_, size)| *size >= min_size).map(|(price, _)| *price);
    let (bid, ask) = (best(bids)?, best(asks)?);
    Some(Money::from_micros((i64::from(bid.pips()) + i64::from(ask.pips())) * 50))
}

/// What one order scores: `((v - s) / v)² × size`, with `v` the furthest distance and `s` its own, in 1e-6 share.
///
/// Zero for an order that is too small, or further away than `v`.
pub fn score(terms: &RewardTerms, middle: Money, quote: &Quote) -> u64 {
    let furthest = u64::from(terms.max_spread.pips()) * 100;
    let distance = middle.micros().abs_diff(i64::from(quote.price.pips()) * 100);
    if quote.size < terms.min_size || furthest == 0 || distance > furthest {
        return 0;
    }
    let left = u128::from(furthest - distance);
    // Below 10^6 each, so their squares are below 10^12; sizes are below 2^63: the product is below 2^103.
    let exact = left * left * u128::from(quote.size.micros()) / (u128::from(furthest) * u128::from(furthest));
    u64::try_from(exact).unwrap_or(u64::MAX)
}

/// What all orders of one maker score together: both sides are wanted.
///
/// With a middle from $0.10 to $0.90 a single side still counts a third; outside only what both sides have.
pub fn combined(terms: &RewardTerms, middle: Money, quotes: &[Quote]) -> u64 {
    let side = |side| {
        let of_side = quotes.iter().filter(|quote| quote.side == side);
        of_side.fold(0_u64, |sum, quote| sum.saturating_add(score(terms, middle, quote)))
    };
    let (bids, asks) = (side(BookSide::Bid), side(BookSide::Ask));
    let least = bids.min(asks);
    if (100_000..=900_000).contains(&middle.micros()) { least.max(bids.max(asks) / 3) } else { least }
}

/// A maker's part of one sample of a market that pays `daily_rate` a day, rounded down.
pub fn sample_payout(daily_rate: Money, own: u64, all: u64) -> Money {
    if all == 0 {
        return Money::ZERO;
    }
    let exact = i128::from(daily_rate.micros()) * i128::from(own) / (i128::from(all) * i128::from(SAMPLES_PER_DAY));
    Money::from_micros(i64::try_from(exact).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn price(text: &str) -> Price {
        text.parse().unwrap()
    }

    fn shares(count: u64) -> Qty {
        Qty::from_contracts(count).unwrap()
    }

    fn quote(side: BookSide, at: &str, size: u64) -> Quote {
        Quote { side, price: price(at), size: shares(size) }
    }

    const TERMS: RewardTerms =
        RewardTerms { min_size: Qty::from_contracts(50).unwrap(), max_spread: Price::from_cents(3).unwrap() };
    const HALF: Money = Money::from_micros(500_000);

    /// Worked by hand with v = 3 cents: 1 cent away scores (2/3)² = 4/9, 2 cents 1/9, 0 cents the whole size.
    #[test]
    fn the_closer_the_more() {
        for (at, size, micros) in [
            ("0.50", 90, 90_000_000),
            ("0.49", 90, 40_000_000),
            ("0.48", 90, 10_000_000),
            ("0.47", 90, 0),
            ("0.46", 9_000, 0),
            ("0.49", 49, 0),
            ("0.485", 100, 25_000_000),
        ] {
            assert_eq!(score(&TERMS, HALF, &quote(BookSide::Bid, at, size)), micros, "{size} at {at}");
        }
    }

    /// Worked by hand: bids score 40, asks 10; two-sided counts the lesser, one-sided a third, near the ends nothing.
    #[test]
    fn one_side_counts_a_third_and_near_the_ends_nothing() {
        let (bid, ask) = (quote(BookSide::Bid, "0.49", 90), quote(BookSide::Ask, "0.52", 90));
        assert_eq!(combined(&TERMS, HALF, &[bid]), 13_333_333);
        // A third of 40 is more than 10.
        assert_eq!(combined(&TERMS, HALF, &[bid, ask]), 13_333_333);
        let near = quote(BookSide::Ask, "0.51", 90);
        assert_eq!(combined(&TERMS, HALF, &[bid, near]), 40_000_000);
        let edge = Money::from_micros(90_000);
        let (bid, ask) = (quote(BookSide::Bid, "0.08", 90), quote(BookSide::Ask, "0.11", 90));
        assert_eq!(combined(&TERMS, edge, &[bid]), 0);
        assert_eq!(combined(&TERMS, edge, &[bid, ask]), 10_000_000);
    }

    #[test]
    fn the_middle_leaves_out_levels_too_small_to_score() {
        let bids = [(price("0.50"), shares(10)), (price("0.48"), shares(50))];
        let asks = [(price("0.53"), shares(80))];
        assert_eq!(middle(&bids, &asks, shares(50)), Some(Money::from_micros(505_000)));
        assert_eq!(middle(&bids, &asks, shares(10)), Some(Money::from_micros(515_000)));
        assert_eq!(middle(&bids, &[], shares(10)), None);
    }

    /// Worked by hand: $144 a day are $0.1 a sample, of which 40 of 160 earn a quarter.
    #[test]
    fn a_sample_pays_by_score() {
        let daily = Money::from_micros(144_000_000);
        assert_eq!(sample_payout(daily, 40, 160), Money::from_micros(25_000));
        assert_eq!(sample_payout(daily, 0, 0), Money::ZERO);
    }

    proptest! {
        #[test]
        fn no_score_exceeds_the_size_and_no_payout_the_pool(
            pips in 0_u16..=10_000, spread in 0_u16..=10_000, middle in 0_i64..=1_000_000,
            micros in 0_u64..=u64::MAX >> 1, own in any::<u64>(), more in any::<u64>(), rate in 0..=i64::MAX,
        ) {
            let terms = RewardTerms { min_size: Qty::ZERO, max_spread: Price::new(spread).unwrap() };
            let size = Qty::from_micros(micros).unwrap();
            let quote = Quote { side: BookSide::Bid, price: Price::new(pips).unwrap(), size };
            prop_assert!(score(&terms, Money::from_micros(middle), &quote) <= micros);
            let all = own.saturating_add(more);
            prop_assert!(sample_payout(Money::from_micros(rate), own, all).micros() <= rate / i64::from(SAMPLES_PER_DAY));
        }
    }
}
