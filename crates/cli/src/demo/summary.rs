//! The end of the demo: what the bot's own books say, what each exchange says, and the difference.

use std::fmt;

use brier_types::{MarketResult, Money, Qty, SignedQty, Venue};
use serde_json::value::RawValue;

use super::screen::toward_zero;

/// How one market went.
#[derive(Clone, Debug)]
pub(crate) struct MarketSummary {
    pub(crate) venue: Venue,
    pub(crate) market: String,
    pub(crate) result: MarketResult,
    pub(crate) fills: usize,
    pub(crate) contracts: Qty,
    pub(crate) fees: Money,
    pub(crate) position: SignedQty,
    pub(crate) profit: Money,
    /// Steps at which the exchange's book equalled the recorded one, and steps at which the recorded one could be read.
    pub(crate) equal_steps: usize,
    pub(crate) readable_steps: usize,
    /// Comparisons of the connector's book with the exchange's REST answer, and those that found them equal.
    pub(crate) rest_equal: usize,
    pub(crate) rest_compared: usize,
}

/// What was replayed at a venue.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Recorded {
    /// Every change of the books.
    Frames(usize),
    /// Moments only; between them the last one stands.
    Samples(usize),
}

/// Something else that was compared, so often.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Check {
    pub(crate) what: &'static str,
    pub(crate) equal: usize,
    pub(crate) compared: usize,
}

/// How one venue went.
#[derive(Clone, Debug)]
pub(crate) struct VenueSummary {
    pub(crate) venue: Venue,
    pub(crate) markets: Vec<MarketSummary>,
    pub(crate) recorded: Recorded,
    pub(crate) house_orders: u64,
    pub(crate) start_cash: Money,
    /// What the exchange says the bot has.
    pub(crate) end_cash: Money,
    /// What the bot's own books say it has.
    pub(crate) reckoned_cash: Money,
    /// What external money, cash, collateral and fees of the exchange sum to.
    pub(crate) exchange_difference: Money,
    /// Fills by the exchange's list, to be held against the bot's.
    pub(crate) exchange_fills: usize,
    /// Fills of the bot whose match failed afterwards: by its own books, and by the exchange's list.
    pub(crate) undone_fills: usize,
    pub(crate) exchange_undone: usize,
    pub(crate) checks: Vec<Check>,
    pub(crate) state_hash: u64,
}

impl VenueSummary {
    pub(crate) fn fills(&self) -> usize {
        self.markets.iter().map(|market| market.fills).sum()
    }

    pub(crate) fn profit(&self) -> Money {
        self.end_cash.checked_sub(self.start_cash).expect("play money is bounded")
    }

    /// What does not add up: the bot's books against the exchange's, and the exchange's ledger within itself.
    pub(crate) fn ledger_difference(&self) -> Money {
        let own = self.end_cash.checked_sub(self.reckoned_cash).expect("play money is bounded");
        let sum = |a: Money, b: Money| Money::from_micros(a.micros().abs() + b.micros().abs());
        sum(own, self.exchange_difference)
    }

    fn reconciles(&self) -> bool {
        let books = |market: &MarketSummary| {
            market.equal_steps == market.readable_steps && market.rest_equal == market.rest_compared
        };
        self.ledger_difference() == Money::ZERO
            && self.exchange_fills == self.fills()
            && self.exchange_undone == self.undone_fills
            && self.markets.iter().all(books)
            && self.checks.iter().all(|check| check.equal == check.compared)
    }
}

/// How the demo went.
#[derive(Clone, Debug)]
pub(crate) struct Summary {
    pub(crate) seed: u64,
    pub(crate) venues: Vec<VenueSummary>,
    pub(crate) elapsed_seconds: f64,
}

impl Summary {
    pub(crate) fn markets(&self) -> impl Iterator<Item = &MarketSummary> {
        self.venues.iter().flat_map(|venue| &venue.markets)
    }

    pub(crate) fn fills(&self) -> usize {
        self.venues.iter().map(VenueSummary::fills).sum()
    }

    fn total(&self, of: impl Fn(&VenueSummary) -> Money) -> Money {
        let add = |sum: Money, venue| sum.checked_add(of(venue)).expect("play money is bounded");
        self.venues.iter().fold(Money::ZERO, add)
    }

    pub(crate) fn profit(&self) -> Money {
        self.total(VenueSummary::profit)
    }

    /// What does not add up, over all venues.
    pub(crate) fn ledger_difference(&self) -> Money {
        self.total(VenueSummary::ledger_difference)
    }

    /// Of all venues together; with one it is that one's.
    pub(crate) fn state_hash(&self) -> u64 {
        let join = |hash: u64, venue: &VenueSummary| hash.rotate_left(17) ^ venue.state_hash;
        self.venues.iter().fold(0, join)
    }

    /// Whether everything adds up.
    pub(crate) fn reconciles(&self) -> bool {
        self.venues.iter().all(VenueSummary::reconciles)
    }

    /// The machine-readable form. Dollars are numbers written with six decimals, exactly; what stands outside `venues` is
    /// over all of them.
    pub(crate) fn to_json(&self) -> serde_json::Result<SummaryJson<'_>> {
        let frames = |venue: &VenueSummary| match venue.recorded {
            Recorded::Frames(count) => count,
            Recorded::Samples(_) => 0,
        };
        let samples = |venue: &VenueSummary| match venue.recorded {
            Recorded::Frames(_) => 0,
            Recorded::Samples(count) => count,
        };
        Ok(SummaryJson {
            seed: self.seed,
            fills: self.fills(),
            ledger_difference: dollars(self.ledger_difference())?,
            pnl: dollars(self.profit())?,
            start_cash: dollars(self.total(|venue| venue.start_cash))?,
            end_cash: dollars(self.total(|venue| venue.end_cash))?,
            frames: self.venues.iter().map(frames).sum(),
            samples: self.venues.iter().map(samples).sum(),
            house_orders: self.venues.iter().map(|venue| venue.house_orders).sum(),
            state_hash: format!("{:016x}", self.state_hash()),
            elapsed_seconds: (self.elapsed_seconds * 1_000.0).round() / 1_000.0,
            venues: self.venues.iter().map(venue_json).collect::<serde_json::Result<_>>()?,
            markets: self.markets().map(market_json).collect::<serde_json::Result<_>>()?,
        })
    }
}

fn dollars(amount: Money) -> serde_json::Result<Box<RawValue>> {
    RawValue::from_string(amount.to_string())
}

fn market_json(market: &MarketSummary) -> serde_json::Result<MarketJson<'_>> {
    Ok(MarketJson {
        venue: market.venue.to_string(),
        market: &market.market,
        result: market.result.to_string(),
        fills: market.fills,
        contracts: market.contracts.to_string(),
        position: market.position.to_string(),
        fees: dollars(market.fees)?,
        pnl: dollars(market.profit)?,
        book_equal_steps: market.equal_steps,
        book_readable_steps: market.readable_steps,
        rest_equal: market.rest_equal,
        rest_compared: market.rest_compared,
    })
}

fn venue_json(venue: &VenueSummary) -> serde_json::Result<VenueJson> {
    Ok(VenueJson {
        venue: venue.venue.to_string(),
        fills: venue.fills(),
        failed_matches: venue.undone_fills,
        ledger_difference: dollars(venue.ledger_difference())?,
        pnl: dollars(venue.profit())?,
        start_cash: dollars(venue.start_cash)?,
        end_cash: dollars(venue.end_cash)?,
        house_orders: venue.house_orders,
        simulated: simulated(venue.recorded),
        checks: venue
            .checks
            .iter()
            .map(|check| CheckJson { what: check.what, equal: check.equal, compared: check.compared })
            .collect(),
        state_hash: format!("{:016x}", venue.state_hash),
    })
}

/// What of the books was not recorded, for people.
const fn simulated(recorded: Recorded) -> Option<&'static str> {
    match recorded {
        Recorded::Frames(_) => None,
        Recorded::Samples(_) => Some(
            "best prices and depth were recorded at a few moments of each window; between them the last quote stands, and \
             how the depth spreads over three levels is simulated",
        ),
    }
}

#[derive(serde::Serialize)]
pub(crate) struct MarketJson<'a> {
    venue: String,
    market: &'a str,
    result: String,
    fills: usize,
    contracts: String,
    position: String,
    fees: Box<RawValue>,
    pnl: Box<RawValue>,
    book_equal_steps: usize,
    book_readable_steps: usize,
    rest_equal: usize,
    rest_compared: usize,
}

#[derive(serde::Serialize)]
pub(crate) struct VenueJson {
    venue: String,
    fills: usize,
    failed_matches: usize,
    ledger_difference: Box<RawValue>,
    pnl: Box<RawValue>,
    start_cash: Box<RawValue>,
    end_cash: Box<RawValue>,
    house_orders: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    simulated: Option<&'static str>,
    checks: Vec<CheckJson>,
    state_hash: String,
}

#[derive(serde::Serialize)]
pub(crate) struct CheckJson {
    what: &'static str,
    equal: usize,
    compared: usize,
}

#[derive(serde::Serialize)]
pub(crate) struct SummaryJson<'a> {
    seed: u64,
    fills: usize,
    ledger_difference: Box<RawValue>,
    pnl: Box<RawValue>,
    start_cash: Box<RawValue>,
    end_cash: Box<RawValue>,
    frames: usize,
    samples: usize,
    house_orders: u64,
    state_hash: String,
    elapsed_seconds: f64,
    venues: Vec<VenueJson>,
    markets: Vec<MarketJson<'a>>,
}

/// What became of matches that the chain refused.
pub(crate) fn undone(matches: usize) -> String {
    let (count, was) =
        (crate::output::counted(matches as u64, "match", "matches"), if matches == 1 { "was" } else { "were" });
    format!("{count} failed on the chain and {was} undone everywhere")
}

/// A venue's name as people write it.
const fn name(venue: Venue) -> &'static str {
    match venue {
        Venue::Kalshi => "Kalshi",
        Venue::Polymarket => "Polymarket",
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |amount: Money| amount.to_dollars4(toward_zero(amount));
        writeln!(out, "\nSummary (seed {})\n", self.seed)?;
        let titles = ["venue", "market", "result", "fills>", "fees $>", "held>", "P&L $>", "= recorded>", "= REST>"];
        let rows = self.markets().map(|market| {
            [
                name(market.venue).to_owned(),
                market.market.clone(),
                market.result.to_string(),
                market.fills.to_string(),
                shown(market.fees),
                market.position.to_string(),
                shown(market.profit),
                format!("{}/{}", market.equal_steps, market.readable_steps),
                format!("{}/{}", market.rest_equal, market.rest_compared),
            ]
        });
        writeln!(out, "{}", crate::output::table(titles, rows))?;
        for venue in &self.venues {
            writeln!(out, "\n{}", name(venue.venue))?;
            match venue.recorded {
                Recorded::Frames(count) => writeln!(out, "recorded frames replayed      {count:>14}")?,
                Recorded::Samples(count) => {
                    writeln!(out, "between recorded quotes the last one stands, and how the recorded depth")?;
                    writeln!(out, "spreads over three levels is simulated; the bot trades within 5 s of a quote")?;
                    writeln!(out, "recorded quotes replayed      {count:>14}")?;
                }
            }
            writeln!(out, "orders of the house           {:>14}", venue.house_orders)?;
            writeln!(out, "fills of the bot              {:>14}", venue.fills())?;
            if venue.undone_fills > 0 {
                writeln!(out, "{}", undone(venue.undone_fills))?;
            }
            for check in &venue.checks {
                writeln!(out, "{:<30}{:>14}", check.what, format!("{}/{}", check.equal, check.compared))?;
            }
            writeln!(out, "cash at the start           $ {:>14}", venue.start_cash)?;
            writeln!(out, "cash by the bot's own books $ {:>14}", venue.reckoned_cash)?;
            writeln!(out, "cash by the exchange        $ {:>14}", venue.end_cash)?;
            writeln!(out, "profit and loss             $ {:>14}", venue.profit())?;
            writeln!(out, "ledger difference           $ {:>14}", venue.ledger_difference())?;
        }
        if self.venues.len() > 1 {
            writeln!(out, "\nBoth venues")?;
            writeln!(out, "fills of the bot              {:>14}", self.fills())?;
            writeln!(out, "profit and loss             $ {:>14}", self.profit())?;
            writeln!(out, "ledger difference           $ {:>14}", self.ledger_difference())?;
        }
        write!(out, "\ntook {:.1} s", self.elapsed_seconds)
    }
}
