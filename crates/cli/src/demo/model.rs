//! What the bot thinks that a market is worth: a digital option on the spot price, with the volatility seen so far.

use std::time::Duration;

use brier_book::BookView;
use brier_engine::Fees;
use brier_models::digital::Digital;
use brier_models::volatility::RealizedVolatility;
use brier_types::{BookSide, Money, Prob, Timestamp};

/// Time between two opinions, to which chance adds up to a second.
const PAUSE: Duration = Duration::from_secs(2);
/// The recorded spot is late in the last seconds: no opinion then.
const LAST_WORD: Duration = Duration::from_secs(10);

/// The model of one market.
#[derive(Debug)]
pub(crate) struct Model {
    strike: f64,
    close_time: Timestamp,
    /// How long after the spot was seen it still says something; always, where spot is recorded trade by trade.
    stale_after: Option<Duration>,
    volatility: RealizedVolatility,
    spot: Option<f64>,
    spot_at: Timestamp,
    speaks_at: Timestamp,
}

impl Model {
    /// A model of one market. It believes in an annual volatility of 45 % until it has seen the price move.
    pub(crate) fn new(strike: f64, close_time: Timestamp, stale_after: Option<Duration>) -> Self {
        const SECONDS_A_YEAR: f64 = 365.25 * 86_400.0;
        let belief = 0.45 / SECONDS_A_YEAR.sqrt();
        Self {
            strike,
            close_time,
            stale_after,
            volatility: RealizedVolatility::new(Duration::from_mins(3), belief, Duration::from_mins(1)),
            spot: None,
            spot_at: Timestamp::EPOCH,
            speaks_at: Timestamp::EPOCH,
        }
    }

    /// The last spot price of a step, at the step's time.
    pub(crate) fn observe(&mut self, now: Timestamp, spot: f64) {
        self.spot = Some(spot);
        self.spot_at = now;
        self.volatility.observe(now, spot);
    }

    /// The last spot price seen.
    pub(crate) const fn spot(&self) -> Option<f64> {
        self.spot
    }

    /// Whether the spot is too old to decide by.
    pub(crate) fn is_stale(&self, now: Timestamp) -> bool {
        self.stale_after.is_some_and(|limit| now.since(self.spot_at) > limit)
    }

    /// The chance of YES.
    pub(crate) fn fair(&self, now: Timestamp) -> Option<Prob> {
        let digital = Digital {
            spot: self.spot?,
            strike: self.strike,
            volatility: self.volatility.per_sqrt_second(),
            seconds_left: self.close_time.since(now).as_secs_f64(),
        };
        digital.probability()
    }

    /// An opinion to trade on, if it is time for one.
    pub(crate) fn opinion(&mut self, now: Timestamp, jitter: Duration) -> Option<Prob> {
        if now < self.speaks_at || self.close_time.since(now) < LAST_WORD || self.is_stale(now) {
            return None;
        }
        let fair = self.fair(now)?;
        self.speaks_at = now.plus(PAUSE).plus(jitter);
        Some(fair)
    }
}

/// The better side of a book after fees, and what it promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Edge {
    pub(crate) side: BookSide,
    /// Fair value less price and fee of one contract, for a buyer; the other way round for a seller.
    pub(crate) per_contract: Money,
}

/// What a book promises by this fair value, for the screen.
pub(crate) fn edge(fair: Prob, book: &BookView<'_>, fees: &Fees) -> Option<Edge> {
    let of = |side| brier_strategies::edge(fair, book, fees, side).map(|(_, per_contract)| Edge { side, per_contract });
    [BookSide::Bid, BookSide::Ask].into_iter().filter_map(of).max_by_key(|edge| edge.per_contract)
}

#[cfg(test)]
mod tests {
    use super::*;
    use brier_book::Book;
    use brier_kalshi_protocol::fees::{FeeMultiplier, FeeSchedule, FeeType};
    use brier_types::{Price, Qty};

    const NOON: Timestamp = Timestamp::from_nanos(1_778_673_600_000_000_000);

    fn model(stale_after: Option<Duration>) -> Model {
        let mut model = Model::new(80_000.0, NOON.plus(Duration::from_mins(5)), stale_after);
        model.observe(NOON, 80_000.0);
        model
    }

    #[test]
    fn it_pauses_between_opinions_and_has_none_before_the_close() {
        let mut model = model(None);
        assert!(model.opinion(NOON, Duration::from_millis(500)).is_some());
        assert_eq!(model.opinion(NOON.plus(Duration::from_millis(2_400)), Duration::ZERO), None);
        assert!(model.opinion(NOON.plus(Duration::from_millis(2_500)), Duration::ZERO).is_some());
        assert_eq!(model.opinion(NOON.plus(Duration::from_secs(295)), Duration::ZERO), None);
    }

    #[test]
    fn it_has_no_opinion_by_an_old_spot() {
        let mut model = model(Some(Duration::from_secs(5)));
        assert_eq!(model.opinion(NOON.plus(Duration::from_secs(6)), Duration::ZERO), None);
        assert!(
            model.is_stale(NOON.plus(Duration::from_secs(6))) && !model.is_stale(NOON.plus(Duration::from_secs(5)))
        );
    }

    #[test]
    fn the_better_side_is_shown_after_its_fee() {
        let mut book = Book::new();
        let level = |side, cents| (side, Price::from_cents(cents).unwrap(), Qty::from_contracts(50).unwrap());
        book.load([level(BookSide::Bid, 44), level(BookSide::Ask, 46)]).unwrap();
        let fees = Fees::Kalshi(FeeSchedule::new(FeeType::Quadratic, FeeMultiplier::ONE));
        let fair = model(None).fair(NOON).unwrap();
        let edge = edge(fair, &book.view().unwrap(), &fees).unwrap();
        // Worth 0.4997 as the drift of a log-normal price has it, offered at 0.46, and a fee of 0.07 x 0.46 x 0.54 = 0.017388,
        // rounded up to $0.0001.
        assert_eq!((edge.side, edge.per_contract.to_string().as_str()), (BookSide::Bid, "0.022300"));
    }
}
