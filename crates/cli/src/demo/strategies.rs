//! The strategies that the demo trades with: those of `brier run`, with the parameters they have there unless told otherwise.
//!
//! Volatility is the strategies' own estimate off the spot that they are told; until it has moved they believe in 45 % a year.
//! The demo tells them nothing of it.

use std::time::Duration;

use anyhow::Context as _;
use brier_engine::Strategy;
use brier_strategies::{Range, RangeParameters, Settlement, Stake, UpOrDown, UpOrDownParameters};
use brier_types::{MarketTicker, Money, Qty, Venue};

/// What trades Kalshi's windows.
pub(crate) const UP_OR_DOWN: &str = "up_or_down";
/// What trades Polymarket's.
pub(crate) const RANGE: &str = "range";
/// Most contracts held in one market, YES or NO.
pub(crate) const CAP: u64 = 100;
/// Most contracts of one order.
const CLIP: u64 = 20;
/// Prints, one a second, whose mean settles a window at Kalshi.
const PRINTS: u32 = 60;
/// Annual volatility that is believed until the spot has moved.
const BELIEF: f64 = 0.45;
/// How sure the chance itself is: standard deviation.
const DOUBT: f64 = 0.03;

fn stake() -> anyhow::Result<Stake> {
    let contracts = |contracts| Qty::from_contracts(contracts).context("contracts out of range");
    Ok(Stake {
        bankroll: Money::from_micros(1_000_000_000),
        kelly: 0.25,
        cap: contracts(CAP)?,
        clip: contracts(CLIP)?,
        margin: Money::from_micros(20_000),
    })
}

fn on(venue: Venue, markets: Vec<MarketTicker>) -> Vec<(Venue, MarketTicker)> {
    markets.into_iter().map(|market| (venue, market)).collect()
}

/// Kalshi's fifteen-minute windows settle on the mean of the index's last sixty prints, held against the sixty before the
/// window. The recorded spot is Coinbase's, one of the exchanges behind that index.
///
/// Source: reference (feeds), section 2.4.
pub(crate) fn up_or_down(markets: Vec<MarketTicker>, spot: String) -> anyhow::Result<Box<dyn Strategy>> {
    Ok(Box::new(UpOrDown::new(UpOrDownParameters {
        markets: on(Venue::Kalshi, markets),
        stake: stake()?,
        spot,
        prints: PRINTS,
        belief: BELIEF,
        half_life: Duration::from_mins(5),
        quiet: Duration::from_secs(5),
        doubt: DOUBT,
    })))
}

/// Polymarket's recorded windows settle on the oracle's last price, as their rules say: they end before the sixty-second mean
/// came in August 2026. The recorded spot is not the oracle's.
///
/// Source: reference (feeds), section 2.3; the rules are `data/demo/polymarket/series.json`.
pub(crate) fn range(markets: Vec<MarketTicker>, spot: String) -> anyhow::Result<Box<dyn Strategy>> {
    Ok(Box::new(Range::new(RangeParameters {
        markets: on(Venue::Polymarket, markets),
        stake: stake()?,
        spot,
        implied: None,
        implied_weight: 0.5,
        belief: BELIEF,
        half_life: Duration::from_hours(1),
        settlement: Settlement::Last,
        tails: None,
        step: 0.01,
        quiet: Duration::from_secs(10),
        doubt: DOUBT,
    })))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_strategies_are_called_as_the_summary_says() {
        assert_eq!(up_or_down(Vec::new(), String::new()).unwrap().name(), UP_OR_DOWN);
        assert_eq!(range(Vec::new(), String::new()).unwrap().name(), RANGE);
    }
}
