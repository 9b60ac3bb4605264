//! The end of the demo: what the bot's own books say, what the exchange says, and the difference.

use std::fmt;

use brier_types::{MarketResult, Money, Qty, Rounding, SignedQty};
use serde_json::value::RawValue;

/// How one market went.
#[derive(Clone, Debug)]
pub(crate) struct MarketSummary {
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

/// How the demo went.
#[derive(Clone, Debug)]
pub(crate) struct Summary {
    pub(crate) seed: u64,
    pub(crate) markets: Vec<MarketSummary>,
    pub(crate) frames: usize,
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
    pub(crate) state_hash: u64,
    pub(crate) elapsed_seconds: f64,
}

impl Summary {
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

    /// Whether everything adds up.
    pub(crate) fn reconciles(&self) -> bool {
        let books = |market: &MarketSummary| {
            market.equal_steps == market.readable_steps && market.rest_equal == market.rest_compared
        };
        self.ledger_difference() == Money::ZERO && self.exchange_fills == self.fills() && self.markets.iter().all(books)
    }

    /// The machine-readable form. Dollars are numbers written with six decimals, exactly.
    pub(crate) fn to_json(&self) -> serde_json::Result<SummaryJson<'_>> {
        let dollars = |amount: Money| RawValue::from_string(amount.to_string());
        let markets = self.markets.iter().map(|market| {
            let entry = MarketJson {
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
            };
            Ok(entry)
        });
        Ok(SummaryJson {
            seed: self.seed,
            fills: self.fills(),
            ledger_difference: dollars(self.ledger_difference())?,
            pnl: dollars(self.profit())?,
            start_cash: dollars(self.start_cash)?,
            end_cash: dollars(self.end_cash)?,
            frames: self.frames,
            house_orders: self.house_orders,
            state_hash: format!("{:016x}", self.state_hash),
            elapsed_seconds: (self.elapsed_seconds * 1_000.0).round() / 1_000.0,
            markets: markets.collect::<serde_json::Result<_>>()?,
        })
    }
}

#[derive(serde::Serialize)]
pub(crate) struct MarketJson<'a> {
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
pub(crate) struct SummaryJson<'a> {
    seed: u64,
    fills: usize,
    ledger_difference: Box<RawValue>,
    pnl: Box<RawValue>,
    start_cash: Box<RawValue>,
    end_cash: Box<RawValue>,
    frames: usize,
    house_orders: u64,
    state_hash: String,
    elapsed_seconds: f64,
    markets: Vec<MarketJson<'a>>,
}

impl fmt::Display for Summary {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |amount: Money| amount.to_dollars4(Rounding::Floor);
        writeln!(out, "\nSummary (seed {})\n", self.seed)?;
        let titles = [
            "market",
            "resolved",
            "fills>",
            "contracts>",
            "fees $>",
            "held>",
            "P&L $>",
            "book = recording>",
            "book = REST>",
        ];
        let rows = self.markets.iter().map(|market| {
            [
                market.market.clone(),
                market.result.to_string(),
                market.fills.to_string(),
                market.contracts.to_string(),
                shown(market.fees),
                market.position.to_string(),
                shown(market.profit),
                format!("{} of {}", market.equal_steps, market.readable_steps),
                format!("{} of {}", market.rest_equal, market.rest_compared),
            ]
        });
        writeln!(out, "{}\n", crate::output::table(titles, rows))?;
        writeln!(out, "recorded frames replayed      {:>14}", self.frames)?;
        writeln!(out, "orders of the house           {:>14}", self.house_orders)?;
        writeln!(out, "fills of the bot              {:>14}", self.fills())?;
        writeln!(out, "cash at the start           $ {:>14}", self.start_cash)?;
        writeln!(out, "cash by the bot's own books $ {:>14}", self.reckoned_cash)?;
        writeln!(out, "cash by the exchange        $ {:>14}", self.end_cash)?;
        writeln!(out, "profit and loss             $ {:>14}", self.profit())?;
        writeln!(out, "ledger difference           $ {:>14}", self.ledger_difference())?;
        write!(out, "took {:.1} s", self.elapsed_seconds)
    }
}
