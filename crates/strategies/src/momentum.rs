//! Momentum with a reason: a move too large for chance, together with news or with a run of takers on one side.
//!
//! A fair price has no momentum, so a move alone is only a reason to look. It trades when the move of log odds over a window is
//! beyond a set number of standard deviations *and* there is a catalyst: a fresh fact of the news series, or takers that were
//! one-sided. It leaves after a set time, whatever happened: late followers are what it lives on, and they end.
//!
//! What can go wrong: it is last to a move that is over; the spread and two fees are paid each time; a number of deviations
//! means little when quotes are thin.
//!
//! Source: reference (feeds), section 9.4.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use brier_engine::{Interest, MarketId, Purpose, Signal, Strategy, Take, View, Wants};
use brier_models::logit::sigmoid;
use brier_models::momentum::Move;
use brier_types::{BookSide, MarketTicker, Prob, PublicTrade, Qty, Timestamp, Venue};

use crate::facts::places;
use crate::samples::Samples;

/// Trades that are remembered of a market.
const MOST_TRADES: usize = 512;

/// What bounds the strategy.
#[derive(Clone, Debug, PartialEq)]
pub struct MomentumParameters {
    /// Where it trades.
    pub markets: Vec<(Venue, MarketTicker)>,
    /// Time between samples.
    pub every: Duration,
    /// Samples that a move spans.
    pub span: usize,
    /// Samples by which one sample's usual move is judged.
    pub history: usize,
    /// Least size of a move in standard deviations.
    pub least_z: f64,
    /// Series of news: a fresh fact is a catalyst, its number's sign the direction.
    pub news: Option<String>,
    /// Share of takers' contracts on one side over the move's time that is a catalyst too.
    pub one_sided: f64,
    /// Contracts of a position.
    pub size: Qty,
    /// How long it is held.
    pub hold: Duration,
    /// Price beyond which nothing is chased: none is bought above it, nor sold below one less it.
    pub chase: f64,
}

/// See the module's head.
#[derive(Debug)]
pub struct Momentum {
    it: MomentumParameters,
    samples: Samples,
    trades: BTreeMap<MarketId, VecDeque<(Timestamp, BookSide, Qty)>>,
    held: BTreeMap<MarketId, Timestamp>,
}

impl Momentum {
    /// A strategy with these bounds. What it has seen begins anew with every run.
    pub fn new(parameters: MomentumParameters) -> Self {
        let samples = Samples::new(parameters.every, parameters.history + 1);
        Self { it: parameters, samples, trades: BTreeMap::new(), held: BTreeMap::new() }
    }

    fn remember(&mut self, now: Timestamp, market: MarketId, trade: &PublicTrade) {
        let trades = self.trades.entry(market).or_default();
        trades.push_back((now, trade.taker_side, trade.qty));
        if trades.len() > MOST_TRADES {
            trades.pop_front();
        }
    }

    fn moved(&self, market: MarketId) -> Option<Move> {
        let values = &self.samples.of(market)?.values;
        if values.len() <= self.it.history.min(self.it.span + 10) {
            return None;
        }
        let now = *values.back()?;
        let before = *values.get(values.len().checked_sub(self.it.span + 1)?)?;
        // The usual step by the median, which the move itself does not stretch.
        let mut steps: Vec<f64> =
            values.iter().skip(1).zip(values).map(|(after, before)| (after - before).abs()).collect();
        steps.sort_by(f64::total_cmp);
        let usual = steps.get(steps.len() / 2)? / 0.6745;
        let prob = |logit: f64| Prob::new(sigmoid(logit)).ok();
        Move::between(prob(before)?, prob(now)?, self.it.span as f64, usual)
    }

    /// The direction in which news or takers point, if any do.
    fn catalyst(&self, view: &View<'_>, market: MarketId) -> Option<BookSide> {
        let news = self.it.news.as_ref().and_then(|series| view.fact(series)?.value.number());
        if let Some(direction) = news.filter(|direction| *direction != 0.0) {
            return Some(if direction > 0.0 { BookSide::Bid } else { BookSide::Ask });
        }
        let since = view.now().minus(self.it.every * self.it.span as u32);
        let recent = self.trades.get(&market)?.iter().filter(|(at, ..)| *at >= since);
        let (bought, all) = recent.fold((0.0, 0.0), |(bought, all), (_, side, qty)| {
            let contracts = qty.micros() as f64;
            (if *side == BookSide::Bid { bought + contracts } else { bought }, all + contracts)
        });
        if all <= 0.0 {
            None
        } else if bought / all >= self.it.one_sided {
            Some(BookSide::Bid)
        } else {
            (1.0 - bought / all >= self.it.one_sided).then_some(BookSide::Ask)
        }
    }

    fn look(&mut self, view: &View<'_>, market: MarketId, wants: &mut Wants) {
        let sampled = self.samples.observe(view, market);
        let net = view.position(market).net().micros();
        let take = if net == 0 {
            self.held.remove(&market);
            if sampled { self.entry(view, market) } else { None }
        } else {
            self.exit(view, market, net)
        };
        if let Some(take) = take {
            wants.take(market, take);
        }
    }

    fn entry(&self, view: &View<'_>, market: MarketId) -> Option<Take> {
        let moved = self.moved(market)?;
        let side = if moved.z >= self.it.least_z {
            BookSide::Bid
        } else if moved.z <= -self.it.least_z {
            BookSide::Ask
        } else {
            return None;
        };
        let best = view.book(market).ok()?.best(side.opposite())?;
        let dollars = f64::from(best.price.pips()) / 10_000.0;
        let paid = if side == BookSide::Bid { dollars } else { 1.0 - dollars };
        let qty = self.it.size.min(best.qty);
        (self.catalyst(view, market) == Some(side) && paid <= self.it.chase && !qty.is_zero()).then_some(Take {
            side,
            limit: best.price,
            qty,
            purpose: Purpose::Any,
        })
    }

    fn exit(&mut self, view: &View<'_>, market: MarketId, net: i64) -> Option<Take> {
        let since = *self.held.entry(market).or_insert_with(|| view.now());
        let side = if net > 0 { BookSide::Ask } else { BookSide::Bid };
        let best = view.book(market).ok()?.best(side.opposite())?;
        let qty = Qty::from_micros(net.unsigned_abs())?;
        (view.now().since(since) >= self.it.hold).then_some(Take {
            side,
            limit: best.price,
            qty,
            purpose: Purpose::Close,
        })
    }
}

impl Strategy for Momentum {
    fn name(&self) -> &'static str {
        "momentum"
    }

    fn interest(&self) -> Interest {
        let series = self.it.news.clone().into_iter().collect();
        Interest { markets: self.it.markets.clone(), series, ..Interest::default() }
    }

    fn on(&mut self, signal: Signal<'_>, view: &View<'_>, wants: &mut Wants) {
        match signal {
            Signal::Trade(market, trade) => self.remember(view.now(), market, trade),
            Signal::Book(market) | Signal::Fill(market) => self.look(view, market, wants),
            Signal::Timer | Signal::Fact(_) => {
                let markets = self.it.markets.clone();
                places(view, &markets).for_each(|market| self.look(view, market, wants));
            }
            Signal::Start | Signal::Fair(_) | Signal::Status(_) => {}
        }
    }
}
