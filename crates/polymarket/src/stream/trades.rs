//! What our trades make of positions, cash and profit, while each of them may still fail.
//!
//! A match is a promise: its shares and dollars count as provisional until the trade is confirmed, and a failed one leaves no
//! trace. To make the undoing exact whatever happened in between, a token's figures are always those of its trades that have
//! not failed, taken in the order in which they came; trades that are final at the head of that order are folded away.
//!
//! Invariants: after a failure every figure equals that of a book that never saw the trade; a trade's status only moves
//! forward; each (trade, order) counts once. All arithmetic is checked.
//!
//! It deliberately asks nobody and knows no book.
//!
//! Source: reference, sections 7.2, 8.5 and 10.3, 2026-11-20.

use std::collections::{BTreeMap, VecDeque};

use brier_polymarket_protocol::convert::OwnFill;
use brier_polymarket_protocol::ids::Side;
use brier_types::{FillStatus, Input, MarketTicker, Money, Outcome, Qty, SignedQty, TradeId, VenueOrderId};

#[cfg(test)]
mod tests;

/// What a status message does to a trade.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Move {
    /// The trade moves on.
    Moved,
    /// It was there already: a repeat.
    Same,
    /// It is past that already: messages came out of order. Nothing happens.
    Late,
    /// It was final the other way: one of the two messages is wrong. Nothing happens; reconcile.
    Anomaly,
}

/// The whole life of a trade: every pair of statuses is decided here.
///
/// Source: reference, section 7.2.
pub const fn transition(now: FillStatus, next: FillStatus) -> Move {
    use FillStatus::{Confirmed, Failed, Matched, Mined, Retrying};
    match (now, next) {
        (Matched, Matched) | (Mined, Mined) | (Confirmed, Confirmed) | (Retrying, Retrying) | (Failed, Failed) => {
            Move::Same
        }
        // A block can be undone, so mined may go back to retrying.
        (Matched, Mined | Confirmed | Retrying | Failed)
        | (Mined, Confirmed | Retrying | Failed)
        | (Retrying, Mined | Confirmed | Failed) => Move::Moved,
        (Mined | Retrying, Matched) | (Confirmed | Failed, Matched | Mined | Retrying) => Move::Late,
        (Confirmed, Failed) | (Failed, Confirmed) => Move::Anomaly,
    }
}

/// One outcome token.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Token {
    /// The market.
    pub market: MarketTicker,
    /// Whether it is the NO token.
    pub is_no: bool,
}

impl Token {
    fn of(fill: &OwnFill) -> Self {
        Self { market: fill.market.clone(), is_no: fill.outcome == Outcome::No }
    }
}

/// What trades of one token add up to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Holding {
    /// Shares; below zero when more was sold than this book saw bought.
    pub position: SignedQty,
    /// Dollars that the position cost; below zero for a position below zero.
    pub cost: Money,
    /// Dollars gained or lost by closing, before fees.
    pub realized: Money,
    /// Dollars received less dollars paid, fees included.
    pub cash: Money,
    /// Dollars of fees.
    pub fees: Money,
}

impl Holding {
    /// The most that the position can still lose: its cost, or for shares owed a dollar each less what they brought.
    pub fn exposure(&self) -> Option<Money> {
        if self.position.micros() >= 0 {
            return Some(self.cost);
        }
        Money::from_micros(i64::try_from(self.position.abs().micros()).ok()?).checked_add(self.cost)
    }

    /// The figures after one more trade; `None` when they do not fit.
    fn after(mut self, fill: &OwnFill, fee: Money) -> Option<Self> {
        let (sign, cash) = match fill.side {
            Side::Buy => (1, fill.gross.checked_neg()?),
            Side::Sell => (-1, fill.gross),
        };
        self.cash = self.cash.checked_add(cash)?.checked_sub(fee)?;
        self.fees = self.fees.checked_add(fee)?;
        let qty = i128::from(fill.qty.micros());
        let gross = i128::from(fill.gross.micros());
        let held = i128::from(self.position.micros());
        let cost = i128::from(self.cost.micros());
        // What closes has the position's other sign; the rest opens.
        let closing = if held * sign < 0 { qty.min(held.abs()) } else { 0 };
        let (basis, value) = if closing == 0 {
            (0, 0)
        } else {
            ((cost.abs() * closing).div_euclid(held.abs()), (gross * closing).div_euclid(qty))
        };
        let gain = if sign < 0 { value - basis } else { basis - value };
        let realized = i64::try_from(gain).ok().map(Money::from_micros)?;
        self.realized = self.realized.checked_add(realized)?;
        let cost = cost + sign * basis + sign * (gross - value);
        self.cost = i64::try_from(cost).ok().map(Money::from_micros)?;
        self.position = i64::try_from(held + sign * qty).ok().and_then(SignedQty::from_micros)?;
        Some(self)
    }
}

/// What of a token is final and what is not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TokenView {
    /// Every trade that has not failed.
    pub with_provisional: Holding,
    /// Confirmed trades only: the one proof of a position.
    pub confirmed: Holding,
    /// How many trades are neither confirmed nor failed.
    pub provisional_trades: usize,
}

/// Something about a trade that cannot be right: reconcile.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TradeAnomaly {
    /// A final trade was said to have ended the other way.
    #[error("trade {trade}: expected no status after {now:?}, found {found:?}; reconcile with REST")]
    AfterFinal {
        /// The trade.
        trade: TradeId,
        /// What it is.
        now: FillStatus,
        /// What was said.
        found: FillStatus,
    },
    /// A repeat of a trade has another side, token, quantity or price.
    #[error("trade {trade}: expected the same terms in every message, found others; reconcile with REST")]
    Changed {
        /// The trade.
        trade: TradeId,
    },
    /// The figures do not fit 64 bits.
    #[error("trade {trade}: positions or cash exceed what 64 bits hold; the trade is not counted")]
    Overflow {
        /// The trade.
        trade: TradeId,
    },
}

#[derive(Clone, Debug)]
struct Entry {
    fill: OwnFill,
    fee: Money,
    status: FillStatus,
}

type Key = (TradeId, VenueOrderId);

/// The trades of one token that are not folded away, in the order in which they came.
#[derive(Clone, Debug, Default)]
struct Account {
    /// Folded: final trades from the head.
    base: Holding,
    open: VecDeque<Key>,
}

/// What came of one message about our part of a trade.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// For the core: a fill, a change of its status, or nothing.
    pub inputs: Vec<Input>,
    /// What cannot be right.
    pub anomaly: Option<TradeAnomaly>,
}

/// Our trades with their whole life, and what they make of every token.
#[derive(Clone, Debug, Default)]
pub struct TradeBook {
    entries: BTreeMap<Key, Entry>,
    accounts: BTreeMap<Token, Account>,
}

impl TradeBook {
    /// No trades.
    pub const fn new() -> Self {
        Self { entries: BTreeMap::new(), accounts: BTreeMap::new() }
    }

    /// Takes one message: our part of a trade, its fee and how final it is. A repeat changes nothing.
    pub fn apply(&mut self, fill: &OwnFill, fee: Money, status: FillStatus) -> Applied {
        let key = (fill.trade.clone(), fill.order.clone());
        let Some(entry) = self.entries.get_mut(&key) else { return self.insert(&key, fill, fee, status) };
        if entry.fill != *fill {
            let anomaly = Some(TradeAnomaly::Changed { trade: key.0 });
            return Applied { inputs: Vec::new(), anomaly };
        }
        match transition(entry.status, status) {
            Move::Same | Move::Late => Applied::default(),
            Move::Anomaly => {
                let anomaly = TradeAnomaly::AfterFinal { trade: key.0, now: entry.status, found: status };
                Applied { inputs: Vec::new(), anomaly: Some(anomaly) }
            }
            Move::Moved => {
                entry.status = status;
                let inputs = vec![Input::FillStatus(fill.to_status(status))];
                self.fold(&Token::of(fill));
                Applied { inputs, anomaly: None }
            }
        }
    }

    fn insert(&mut self, key: &Key, fill: &OwnFill, fee: Money, status: FillStatus) -> Applied {
        let token = Token::of(fill);
        let trade = key.0.clone();
        self.entries.insert(key.clone(), Entry { fill: fill.clone(), fee, status });
        // A trade first heard of when it had failed never counted: nothing is told, and later words of it are known.
        if status == FillStatus::Failed {
            return Applied::default();
        }
        let account = self.accounts.entry(token.clone()).or_default();
        account.open.push_back(key.clone());
        if self.sum(&token, |_status| true).is_none() {
            self.entries.remove(key);
            self.accounts.entry(token).or_default().open.pop_back();
            return Applied { inputs: Vec::new(), anomaly: Some(TradeAnomaly::Overflow { trade }) };
        }
        let mut inputs = vec![Input::Fill(fill.to_fill(fee))];
        if status != FillStatus::Matched {
            inputs.push(Input::FillStatus(fill.to_status(status)));
        }
        self.fold(&token);
        Applied { inputs, anomaly: None }
    }

    /// Folds final trades at the head of a token's order away: they can change no more.
    fn fold(&mut self, token: &Token) {
        let Some(account) = self.accounts.get_mut(token) else { return };
        while let Some(entry) = account.open.front().and_then(|key| self.entries.get(key)) {
            if !entry.status.is_final() {
                break;
            }
            if entry.status == FillStatus::Confirmed {
                // What fitted with the trade among others may not fit alone: then it stays open, which is as good.
                let Some(base) = account.base.after(&entry.fill, entry.fee) else { break };
                account.base = base;
            }
            account.open.pop_front();
        }
    }

    /// The sum of a token's trades whose status is kept; failed ones never count.
    fn sum(&self, token: &Token, keep: impl Fn(FillStatus) -> bool) -> Option<Holding> {
        let Some(account) = self.accounts.get(token) else { return Some(Holding::default()) };
        account.open.iter().filter_map(|key| self.entries.get(key)).try_fold(account.base, |holding, entry| {
            if entry.status == FillStatus::Failed || !keep(entry.status) {
                return Some(holding);
            }
            holding.after(&entry.fill, entry.fee)
        })
    }

    /// What the trades of a token add up to; `None` when that does not fit 64 bits, which only a failure among huge trades
    /// can bring about.
    pub fn token(&self, token: &Token) -> Option<TokenView> {
        let open = self.accounts.get(token).map_or(0, |account| {
            let status = |key: &Key| self.entries.get(key).map(|entry| entry.status);
            account.open.iter().filter_map(status).filter(|status| !status.is_final()).count()
        });
        Some(TokenView {
            with_provisional: self.sum(token, |_status| true)?,
            confirmed: self.sum(token, |status| status == FillStatus::Confirmed)?,
            provisional_trades: open,
        })
    }

    /// The tokens that were traded.
    pub fn tokens(&self) -> impl Iterator<Item = &Token> {
        self.accounts.keys()
    }

    /// Cash and exposure over all tokens; `None` when they do not fit.
    pub fn totals(&self) -> Option<(Money, Money)> {
        self.accounts.keys().try_fold((Money::ZERO, Money::ZERO), |(cash, exposure), token| {
            let holding = self.sum(token, |_status| true)?;
            Some((cash.checked_add(holding.cash)?, exposure.checked_add(holding.exposure()?)?))
        })
    }

    /// Where our part of a trade stands, if it is known.
    pub fn status(&self, trade: &TradeId, order: &VenueOrderId) -> Option<FillStatus> {
        self.entries.get(&(trade.clone(), order.clone())).map(|entry| entry.status)
    }

    /// Shares of an order that matched and did not fail.
    pub fn filled(&self, order: &VenueOrderId) -> Option<Qty> {
        self.entries
            .values()
            .filter(|entry| entry.fill.order == *order && entry.status != FillStatus::Failed)
            .try_fold(Qty::ZERO, |sum, entry| sum.checked_add(entry.fill.qty))
    }

    /// Trades that are neither confirmed nor failed: ask REST for them after every reconnect.
    pub fn provisional(&self) -> impl Iterator<Item = (&TradeId, &VenueOrderId, FillStatus)> {
        self.entries
            .iter()
            .filter(|(_, entry)| !entry.status.is_final())
            .map(|((trade, order), entry)| (trade, order, entry.status))
    }
}
