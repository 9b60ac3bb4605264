//! Fair value against market: what the strategy thought and where the market was quoted, at fixed times before the close, and
//! how good both were.
//!
//! With so few markets the scores are no evidence of anything: `brier score` has more.

use std::time::Duration;

use brier_book::BookView;
use brier_models::calibration::{Scored, log_score};
use brier_types::{MarketResult, Price, Prob, Timestamp};

/// What was thought and quoted at one time before a market's close.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Mark {
    pub(crate) before_close: Duration,
    /// The strategy's opinion, while it may decide.
    pub(crate) fair: Option<Prob>,
    pub(crate) mid: Option<Prob>,
}

impl Mark {
    /// Fair value less mid.
    pub(crate) fn difference(&self) -> Option<f64> {
        Some(self.fair?.get() - self.mid?.get())
    }
}

/// The marks of a market that trades.
#[derive(Clone, Debug)]
pub(crate) struct Marks {
    close_time: Timestamp,
    /// Those to come, the longest before the close first.
    ahead: Vec<Duration>,
    taken: Vec<Mark>,
}

impl Marks {
    /// At these times before the close, as far as they lie behind `start`.
    pub(crate) fn new(times: &[Duration], start: Timestamp, close_time: Timestamp) -> Self {
        let mut ahead: Vec<Duration> = times.iter().copied().filter(|time| close_time.minus(*time) >= start).collect();
        ahead.sort_unstable();
        ahead.reverse();
        Self { close_time, ahead, taken: Vec::new() }
    }

    /// Takes what is due.
    pub(crate) fn observe(&mut self, now: Timestamp, fair: Option<Prob>, mid: Option<Prob>) {
        let due = |time: &Duration| self.close_time.minus(*time) <= now;
        let count = self.ahead.iter().take_while(|time| due(time)).count();
        self.taken.extend(self.ahead.drain(..count).map(|before_close| Mark { before_close, fair, mid }));
    }

    /// What was taken.
    pub(crate) fn into_taken(self) -> Vec<Mark> {
        self.taken
    }
}

/// The middle of a book; a side without an offer is at its end.
pub(crate) fn mid(book: &BookView<'_>) -> Option<Prob> {
    let dollars = |price: Price| f64::from(price.pips()) / 10_000.0;
    let (bid, ask) = (book.best_bid().map(|level| level.price), book.best_ask().map(|level| level.price));
    let quoted = bid.is_some() || ask.is_some();
    let middle = f64::midpoint(bid.map_or(0.0, dollars), ask.map_or(1.0, dollars));
    quoted.then(|| Prob::new(middle).ok()).flatten()
}

/// How good both were at one time before the close.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Score {
    pub(crate) before_close: Duration,
    /// Markets that had both.
    pub(crate) markets: usize,
    /// Mean negative logarithm of the chance given to what happened: less is better.
    pub(crate) fair: f64,
    pub(crate) mid: f64,
}

/// The loss of one forecast of a market with this result.
pub(crate) fn loss(forecast: Prob, result: MarketResult) -> Option<f64> {
    log_score(&[Scored { forecast, happened: happened(result)? }])
}

fn happened(result: MarketResult) -> Option<bool> {
    match result {
        MarketResult::Yes => Some(true),
        MarketResult::No => Some(false),
        MarketResult::Scalar(_) => None,
    }
}

/// Scores by time before the close, the longest first, over the markets that had a fair value and a mid then.
pub(crate) fn scores(markets: &[(&[Mark], MarketResult)]) -> Vec<Score> {
    let mut times: Vec<Duration> =
        markets.iter().flat_map(|(marks, _)| marks.iter().map(|mark| mark.before_close)).collect();
    times.sort_unstable();
    times.dedup();
    let score = |before_close: Duration| {
        let both = markets.iter().filter_map(|(marks, result)| {
            let mark = marks.iter().find(|mark| mark.before_close == before_close)?;
            Some((mark.fair?, mark.mid?, happened(*result)?))
        });
        let said = |of: fn(&(Prob, Prob, bool)) -> Prob| -> Vec<Scored> {
            both.clone().map(|it| Scored { forecast: of(&it), happened: it.2 }).collect()
        };
        let (fair, mid) = (said(|it| it.0), said(|it| it.1));
        Some(Score { before_close, markets: fair.len(), fair: log_score(&fair)?, mid: log_score(&mid)? })
    };
    times.into_iter().rev().filter_map(score).collect()
}

#[cfg(test)]
mod tests {
    use brier_book::Book;
    use brier_types::{BookSide, Qty};

    use super::*;

    const MINUTE: Duration = Duration::from_mins(1);

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_secs(seconds).unwrap()
    }

    fn prob(value: f64) -> Prob {
        Prob::new(value).unwrap()
    }

    #[test]
    fn a_mark_is_taken_once_at_the_first_look_after_its_time_and_never_before_the_start() {
        let mut marks = Marks::new(&[MINUTE, MINUTE * 5, MINUTE * 2], at(800), at(1_000));
        marks.observe(at(879), Some(prob(0.1)), None);
        marks.observe(at(881), Some(prob(0.2)), Some(prob(0.3)));
        marks.observe(at(900), None, Some(prob(0.4)));
        marks.observe(at(940), Some(prob(0.5)), Some(prob(0.6)));
        marks.observe(at(990), Some(prob(0.7)), Some(prob(0.8)));
        let mark = |before_close, fair, mid| Mark { before_close, fair, mid };
        let expected =
            [mark(MINUTE * 2, Some(prob(0.2)), Some(prob(0.3))), mark(MINUTE, Some(prob(0.5)), Some(prob(0.6)))];
        assert_eq!(marks.into_taken(), expected);
        assert!((expected[0].difference().unwrap() + 0.1).abs() < 1e-12);
    }

    #[test]
    fn a_side_without_an_offer_is_at_its_end() {
        let book = |levels: &[(BookSide, u8)]| {
            let mut book = Book::new();
            let level = |(side, cents): &(BookSide, u8)| (*side, Price::from_cents(*cents).unwrap(), Qty::HUNDREDTH);
            book.load(levels.iter().map(level)).unwrap();
            mid(&book.view().unwrap())
        };
        assert_eq!(book(&[(BookSide::Bid, 44), (BookSide::Ask, 46)]), Some(prob(0.45)));
        assert_eq!(book(&[(BookSide::Ask, 1)]), Some(prob(0.005)));
        assert_eq!(book(&[(BookSide::Bid, 99)]), Some(prob(0.995)));
        assert_eq!(book(&[]), None);
    }

    #[test]
    fn both_are_scored_on_the_markets_that_had_both() {
        let mark = |before_close, fair, mid| Mark { before_close, fair, mid };
        let first =
            [mark(MINUTE * 2, Some(prob(0.8)), Some(prob(0.5))), mark(MINUTE, Some(prob(0.9)), Some(prob(0.7)))];
        let second = [mark(MINUTE * 2, Some(prob(0.4)), Some(prob(0.5))), mark(MINUTE, None, Some(prob(0.2)))];
        let markets = [(first.as_slice(), MarketResult::Yes), (second.as_slice(), MarketResult::No)];
        let scores = scores(&markets);
        assert_eq!(
            scores.iter().map(|score| (score.before_close, score.markets)).collect::<Vec<_>>(),
            [(MINUTE * 2, 2), (MINUTE, 1)]
        );
        assert!((scores[0].fair + f64::midpoint(0.8_f64.ln(), 0.6_f64.ln())).abs() < 1e-12);
        assert!((scores[0].mid - 2.0_f64.ln()).abs() < 1e-12);
        assert!((scores[1].fair + 0.9_f64.ln()).abs() < 1e-12 && (scores[1].mid + 0.7_f64.ln()).abs() < 1e-12);
        assert_eq!(loss(prob(0.25), MarketResult::No), Some(-(0.75_f64.ln())));
    }
}
