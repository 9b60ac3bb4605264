//! Candlesticks of one market, kept by the minute as trades and quotes come, merged into longer periods when read.
//!
//! Invariants: a minute without any change is not kept; minutes ascend; a period ends at a multiple of its length and
//! holds what happened up to and at its end. A missing bid counts as $0, a missing ask as $1, as the venue writes them.
//!
//! Source: reference section 7 "Candles", 2026-11-20.

use brier_kalshi_protocol::rest::{BidAskDistribution, MarketCandlestick, PriceDistribution};
use brier_types::{Money, Price, Qty, Rounding, Timestamp, notional};

const MINUTE: i64 = 60;

/// First, lowest, highest, last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Range {
    open: Price,
    low: Price,
    high: Price,
    close: Price,
}

impl Range {
    const fn at(price: Price) -> Self {
        Self { open: price, low: price, high: price, close: price }
    }

    fn add(&mut self, price: Price) {
        self.low = self.low.min(price);
        self.high = self.high.max(price);
        self.close = price;
    }

    fn merge(self, later: Self) -> Self {
        Self { open: self.open, low: self.low.min(later.low), high: self.high.max(later.high), close: later.close }
    }

    const fn quote(self) -> BidAskDistribution {
        BidAskDistribution {
            open_dollars: self.open,
            low_dollars: self.low,
            high_dollars: self.high,
            close_dollars: self.close,
        }
    }
}

/// One period.
#[derive(Clone, Copy, Debug)]
struct Bar {
    /// Its end in seconds.
    end: i64,
    bid: Range,
    ask: Range,
    trades: Option<Range>,
    /// Sum of price times quantity.
    value: Money,
    volume: Qty,
    open_interest: Qty,
    /// Last trade before this period.
    previous: Option<Price>,
}

impl Bar {
    fn merge(self, later: Self) -> Self {
        Self {
            end: later.end,
            bid: self.bid.merge(later.bid),
            ask: self.ask.merge(later.ask),
            trades: match (self.trades, later.trades) {
                (Some(first), Some(second)) => Some(first.merge(second)),
                (first, second) => first.or(second),
            },
            value: self.value.checked_add(later.value).unwrap_or(Money::MAX),
            volume: self.volume.checked_add(later.volume).unwrap_or(Qty::MAX),
            open_interest: later.open_interest,
            previous: self.previous,
        }
    }

    fn candle(&self) -> MarketCandlestick {
        MarketCandlestick {
            end_period_ts: Timestamp::from_secs(self.end).unwrap_or(Timestamp::MAX),
            yes_bid: self.bid.quote(),
            yes_ask: self.ask.quote(),
            price: PriceDistribution {
                open_dollars: self.trades.map(|range| range.open),
                low_dollars: self.trades.map(|range| range.low),
                high_dollars: self.trades.map(|range| range.high),
                close_dollars: self.trades.map(|range| range.close),
                mean_dollars: average(self.value, self.volume),
                previous_dollars: self.previous,
                min_dollars: None,
                max_dollars: None,
            },
            volume_fp: self.volume,
            open_interest_fp: self.open_interest,
        }
    }
}

/// `value` per contract in $0.0001, rounded to the nearest; `None` without contracts.
pub(crate) fn average(value: Money, qty: Qty) -> Option<Money> {
    if qty.is_zero() {
        return None;
    }
    // Micro-dollars times micro-contracts per contract, over micro-contracts, in steps of 100 micro-dollars.
    let divisor = i128::from(qty.micros()) * 100;
    let steps = (i128::from(value.micros()) * i128::from(Qty::PER_CONTRACT) + divisor / 2).div_euclid(divisor);
    i64::try_from(steps).ok().and_then(|steps| Money::CENTICENT.checked_mul(steps))
}

/// A market's history of quotes and trades.
#[derive(Clone, Debug)]
pub(crate) struct Candles {
    bars: Vec<Bar>,
    bid: Price,
    ask: Price,
    last: Option<Price>,
    open_interest: Qty,
}

impl Default for Candles {
    fn default() -> Self {
        Self { bars: Vec::new(), bid: Price::ZERO, ask: Price::ONE, last: None, open_interest: Qty::ZERO }
    }
}

impl Candles {
    fn bar(&mut self, now: Timestamp) -> &mut Bar {
        let end = end_of(now, MINUTE);
        if self.bars.last().is_none_or(|bar| bar.end != end) {
            self.bars.push(Bar {
                end,
                bid: Range::at(self.bid),
                ask: Range::at(self.ask),
                trades: None,
                value: Money::ZERO,
                volume: Qty::ZERO,
                open_interest: self.open_interest,
                previous: self.last,
            });
        }
        self.bars.last_mut().expect("pushed above when there was none")
    }

    /// A match.
    pub(crate) fn trade(&mut self, now: Timestamp, price: Price, qty: Qty) {
        let bar = self.bar(now);
        match &mut bar.trades {
            Some(range) => range.add(price),
            None => bar.trades = Some(Range::at(price)),
        }
        bar.value = bar.value.checked_add(notional(price, qty, Rounding::Floor)).unwrap_or(Money::MAX);
        bar.volume = bar.volume.checked_add(qty).unwrap_or(Qty::MAX);
        self.last = Some(price);
    }

    /// The best prices and open interest after a change.
    pub(crate) fn quote(&mut self, now: Timestamp, bid: Option<Price>, ask: Option<Price>, open_interest: Qty) {
        let (bid, ask) = (bid.unwrap_or(Price::ZERO), ask.unwrap_or(Price::ONE));
        if (bid, ask, open_interest) == (self.bid, self.ask, self.open_interest) {
            return;
        }
        let bar = self.bar(now);
        bar.bid.add(bid);
        bar.ask.add(ask);
        bar.open_interest = open_interest;
        (self.bid, self.ask, self.open_interest) = (bid, ask, open_interest);
    }

    /// Bid, ask and last trade as they stood at `time`; zeros before there were any.
    pub(crate) fn quote_at(&self, time: Timestamp) -> (Price, Price, Price) {
        let ended = self.bars.partition_point(|bar| bar.end <= time.secs());
        match ended.checked_sub(1).map(|index| &self.bars[index]) {
            Some(bar) => {
                let last = bar.trades.map(|range| range.close).or(bar.previous);
                (bar.bid.close, bar.ask.close, last.unwrap_or(Price::ZERO))
            }
            None => (Price::ZERO, Price::ZERO, Price::ZERO),
        }
    }

    /// Candles of `minutes` whose end lies within `start..=end` (seconds), oldest first.
    ///
    /// With `lead`, one made-up candle first: quotes and price as they stood before, without trades.
    pub(crate) fn read(&self, start: i64, end: i64, minutes: i64, lead: bool) -> Vec<MarketCandlestick> {
        let length = minutes * MINUTE;
        let mut found: Vec<Bar> = Vec::new();
        let first = self.bars.partition_point(|bar| end_in(bar.end, length) < start);
        for bar in &self.bars[first..] {
            let period = end_in(bar.end, length);
            if period > end {
                break;
            }
            let bar = Bar { end: period, ..*bar };
            match found.last_mut() {
                Some(last) if last.end == period => *last = last.merge(bar),
                _ => found.push(bar),
            }
        }
        let mut candles: Vec<MarketCandlestick> = found.iter().map(Bar::candle).collect();
        let at = end_in(start, length);
        if lead && found.first().is_none_or(|bar| bar.end > at) {
            candles.splice(0..0, self.lead(first, at));
        }
        candles
    }

    /// A candle without trades that ends at `end`: what stood before bar `before`.
    fn lead(&self, before: usize, end: i64) -> Option<MarketCandlestick> {
        let last = &self.bars[before.checked_sub(1)?];
        let previous = last.trades.map(|range| range.close).or(last.previous);
        let bar = Bar {
            end,
            bid: Range::at(last.bid.close),
            ask: Range::at(last.ask.close),
            trades: None,
            value: Money::ZERO,
            volume: Qty::ZERO,
            open_interest: last.open_interest,
            previous,
        };
        Some(bar.candle())
    }
}

/// The end of the period of `length` seconds that `time` falls into; a period includes its end.
fn end_of(time: Timestamp, length: i64) -> i64 {
    let nanos = i128::from(time.nanos());
    let length = i128::from(length);
    let step = length * 1_000_000_000;
    let periods = nanos.div_euclid(step) + i128::from(nanos.rem_euclid(step) != 0);
    i64::try_from(periods * length).expect("a time's seconds are fewer than its nanoseconds")
}

/// The end of the period of `length` seconds that ends at or after second `at`.
const fn end_in(at: i64, length: i64) -> i64 {
    let rest = at.rem_euclid(length);
    if rest == 0 { at } else { at.saturating_add(length - rest) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_secs(seconds).unwrap()
    }

    fn price(cents: u8) -> Price {
        Price::from_cents(cents).unwrap()
    }

    fn qty(contracts: u64) -> Qty {
        Qty::from_contracts(contracts).unwrap()
    }

    #[test]
    fn a_period_includes_its_end_and_carries_quotes_over() {
        let mut candles = Candles::default();
        candles.quote(at(60), Some(price(40)), Some(price(60)), Qty::ZERO);
        candles.trade(at(60), price(40), qty(4));
        candles.quote(at(61), Some(price(45)), Some(price(60)), qty(4));
        candles.trade(at(100), price(45), qty(2));
        let read = candles.read(0, 1_000, 1, false);
        assert_eq!(read.iter().map(|one| one.end_period_ts.secs()).collect::<Vec<_>>(), [60, 120]);
        assert_eq!((read[0].yes_bid.open_dollars, read[0].yes_bid.close_dollars), (Price::ZERO, price(40)));
        assert_eq!((read[1].yes_bid.open_dollars, read[1].yes_bid.low_dollars), (price(40), price(40)));
        assert_eq!(read[1].price.previous_dollars, Some(price(40)));
        let hour = candles.read(0, 3_600, 60, false);
        assert_eq!(hour.len(), 1);
        assert_eq!((hour[0].volume_fp, hour[0].open_interest_fp), (qty(6), qty(4)));
        assert_eq!(hour[0].price.mean_dollars, Some(Money::from_micros(416_700)));
    }

    #[test]
    fn the_lead_shows_what_stood_before() {
        let mut candles = Candles::default();
        candles.trade(at(30), price(40), qty(1));
        let read = candles.read(600, 900, 1, true);
        assert_eq!((read.len(), read[0].end_period_ts.secs()), (1, 600));
        assert_eq!((read[0].price.open_dollars, read[0].price.previous_dollars), (None, Some(price(40))));
        assert!(candles.read(600, 900, 1, false).is_empty());
    }

    #[test]
    fn averages_round_to_the_nearest_ten_thousandth() {
        assert_eq!(average(Money::from_micros(67_800), qty(4)), Some(Money::from_micros(17_000)));
        assert_eq!(average(Money::ZERO, Qty::ZERO), None);
    }
}
