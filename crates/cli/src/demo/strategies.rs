//! The strategies that the demo trades with: those of `brier run`, with the parameters they have there unless told otherwise.
//!
//! Volatility is the strategies' own estimate off the spot that they are told; until it has moved they believe in 45 % a year.
//! The demo tells them nothing of it.

use std::time::Duration;

use anyhow::Context as _;
use brier_arbitrage::Hurdle;
use brier_engine::Strategy;
use brier_engine::risk::Limits;
use brier_strategies::{
    Arbitrage, ArbitrageParameters, Pair, Range, RangeParameters, Settlement, Stake, Tie, UpOrDown, UpOrDownParameters,
};
use brier_types::{MarketTicker, Money, Price, Qty, Venue};

use super::trader;

/// What trades Kalshi's windows.
pub(crate) const UP_OR_DOWN: &str = "up_or_down";
/// What trades Polymarket's.
pub(crate) const RANGE: &str = "range";
/// What trades the event on both venues.
pub(crate) const ARBITRAGE: &str = "arbitrage";
/// Most contracts held in one market, YES or NO.
pub(crate) const CAP: u64 = 100;
/// Most contracts of one order.
const CLIP: u64 = 20;
/// Most sets of the event on both venues that are held.
const SETS: u64 = 500;
/// Most sets of one try. Twenty, as in a run, would be worth less than Polymarket takes at these prices: a dollar.
const SETS_AT_ONCE: u64 = 100;
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

/// The same event on both venues, with the parameters of a run but for the sizes.
pub(crate) fn arbitrage(kalshi: MarketTicker, polymarket: MarketTicker) -> anyhow::Result<Box<dyn Strategy>> {
    let contracts = |contracts| Qty::from_contracts(contracts).context("contracts out of range");
    Ok(Box::new(Arbitrage::new(ArbitrageParameters {
        pairs: vec![Pair { first: (Venue::Kalshi, kalshi), tie: Tie::Same, second: (Venue::Polymarket, polymarket) }],
        clip: contracts(SETS_AT_ONCE)?,
        cap: contracts(SETS)?,
        margin: Money::from_micros(5_000),
        hurdle: Hurdle::from_micros(50_000).context("a rate out of range")?,
        payout_after: Duration::from_hours(48),
        unwind_loss: Price::from_cents(2).context("a price out of range")?,
        pause: Duration::from_secs(10),
        patience: Duration::from_secs(30),
        rest_for: Duration::ZERO,
    })))
}

/// What may be at risk in the event on both venues: most of a set's dollar is paid for NO.
pub(crate) fn limits_of_sets() -> anyhow::Result<Limits> {
    let contracts = |contracts| Qty::from_contracts(contracts).context("contracts out of range");
    let most = Money::from_micros(SETS_AT_ONCE.cast_signed() * Money::DOLLAR.micros());
    Ok(Limits {
        max_order_qty: contracts(SETS_AT_ONCE)?,
        max_order_cost: most,
        max_open_leg: most,
        max_position: contracts(SETS)?,
        ..trader::limits()?
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
        let [kalshi, polymarket] = ["KXA-1", "0x1"].map(|name| name.parse().unwrap());
        assert_eq!(arbitrage(kalshi, polymarket).unwrap().name(), ARBITRAGE);
    }
}
