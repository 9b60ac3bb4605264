//! What wallets did: their parts of trades that the chain has taken, and everything else that moved their money.

use alloy_primitives::{Address, B256, keccak256};
use brier_matching::{AccountId, MarketId};
use brier_types::{Action, FillStatus, Money, Outcome, Qty, Timestamp};

use super::page::Key;
use super::{named_markets, user};
use crate::polymarket::gamma;
use crate::polymarket::http::{Failure, Params};
use crate::polymarket::state::{State, TradeRow};

/// A wallet's part of a trade.
#[derive(Clone, Debug)]
pub(super) struct Fill {
    pub key: Key,
    pub account: AccountId,
    pub market: MarketId,
    pub outcome: Outcome,
    pub action: Action,
    pub qty: Qty,
    pub price: Money,
    pub cash: Money,
    pub at: Timestamp,
    pub transaction: String,
}

/// Where the keys of trades start, above those of other deeds.
const TRADES: i64 = 1 << 60;

/// Whether the chain has it: the Data API knows no other trades.
pub(super) const fn is_on_chain(row: &TradeRow) -> bool {
    matches!(row.status, FillStatus::Mined | FillStatus::Confirmed)
}

/// The parts of a trade: the taker's, then the makers'.
pub(super) fn parts(state: &State, index: u32, takers_only: bool) -> Vec<Fill> {
    let row = &state.trades[index as usize];
    if !is_on_chain(row) {
        return Vec::new();
    }
    let part = |number: u16, order: u32, qty, price, cash| {
        let order = state.order(order);
        Fill {
            // Of one moment trades count as later than other deeds, and of one trade the taker's part as the latest.
            key: (row.matched.nanos(), TRADES + (i64::from(index) << 20) - i64::from(number)),
            account: order.account,
            market: row.market,
            outcome: order.outcome,
            action: order.action,
            qty,
            price: gamma::dollars(price),
            cash,
            at: row.matched,
            transaction: row.transaction(),
        }
    };
    let taker = part(0, row.taker, row.qty, row.price, row.cash);
    let makers = row.makers.iter().filter(|_| !takers_only);
    let makers = (1..).zip(makers).map(|(number, it)| part(number, it.order, it.qty, it.price, it.cash));
    std::iter::once(taker).chain(makers).collect()
}

/// What a query lets through.
pub(super) struct Filter {
    user: Option<Address>,
    side: Option<Action>,
    since: Option<i64>,
    until: Option<i64>,
    /// Least cash or least shares, in millionths.
    least: (bool, i64),
}

impl Filter {
    pub(super) fn new(params: &Params) -> Result<Self, Failure> {
        let side = match params.one("side").map(str::to_ascii_uppercase).as_deref() {
            None => None,
            Some("BUY") => Some(Action::Buy),
            Some("SELL") => Some(Action::Sell),
            Some(_) => return Err(Failure::text(400, "invalid side: expected BUY or SELL")),
        };
        let one = |a, b| params.one(a).or_else(|| params.one(b));
        let least = one("filterAmount", "filter_amount").and_then(|text| {
            brier_polymarket_protocol::wire::decimal(text, 6, brier_polymarket_protocol::wire::Surplus::Round)
        });
        let is_cash = one("filterType", "filter_type").is_none_or(|it| it.eq_ignore_ascii_case("cash"));
        Ok(Self {
            user: user(params)?,
            side,
            since: params.number("start", "invalid start: expected Unix seconds")?,
            until: params.number("end", "invalid end: expected Unix seconds")?,
            least: (is_cash, least.unwrap_or(0)),
        })
    }

    /// Lets through what happened in the last so many seconds only.
    pub(super) fn reach_back(&mut self, now: Timestamp, seconds: i64) {
        self.since = Some(now.secs().saturating_sub(seconds));
    }

    pub(super) fn is_within(&self, at: Timestamp) -> bool {
        self.since.is_none_or(|since| at.secs() >= since) && self.until.is_none_or(|until| at.secs() <= until)
    }

    pub(super) fn takes(&self, fill: &Fill) -> bool {
        let (is_cash, least) = self.least;
        let size = if is_cash { fill.cash.micros() } else { fill.qty.signed().micros() };
        self.side.is_none_or(|side| side == fill.action) && self.is_within(fill.at) && size >= least
    }
}

/// Parts of trades that a query asks for, newest first.
pub(super) fn fills(state: &State, params: &Params, takers_only: bool) -> Result<Vec<Fill>, Failure> {
    let (filter, markets) = (Filter::new(params)?, named_markets(state, params)?);
    let indices: Vec<u32> = match (filter.user, &markets) {
        (Some(user), _) => super::account(state, user).map_or_else(Vec::new, |it| state.wallet(it).trades.clone()),
        (None, Some(markets)) => {
            let mut all: Vec<u32> = markets.iter().flat_map(|it| state.market(*it).trades.iter().copied()).collect();
            all.sort_unstable();
            all.dedup();
            all
        }
        (None, None) => (0..).take(state.trades.len()).collect(),
    };
    let wallet = filter.user.and_then(|user| super::account(state, user));
    let all = indices.into_iter().rev().flat_map(|index| parts(state, index, takers_only));
    let wanted = all.filter(|fill| {
        filter.user.is_none_or(|_| wallet == Some(fill.account))
            && markets.as_ref().is_none_or(|markets| markets.contains(&fill.market))
            && filter.takes(fill)
    });
    Ok(wanted.collect())
}

/// Something a wallet did.
pub(super) enum Deed {
    Traded(Fill),
    Moved(Moved),
}

/// Something that moved a wallet's money beside trading.
pub(super) struct Moved {
    pub key: Key,
    pub word: &'static str,
    pub market: Option<MarketId>,
    pub qty: Qty,
    pub cash: Money,
    pub at: Timestamp,
    pub transaction: B256,
}

impl Deed {
    pub(super) const fn key(&self) -> Key {
        match self {
            Self::Traded(fill) => fill.key,
            Self::Moved(it) => it.key,
        }
    }
}

/// Everything a wallet did that a query asks for, in no order.
pub(super) fn deeds(
    state: &State,
    params: &Params,
    account: AccountId,
    with_money: bool,
) -> Result<Vec<Deed>, Failure> {
    let (filter, markets) = (Filter::new(params)?, named_markets(state, params)?);
    let words: Vec<String> = params.list("type").into_iter().map(str::to_ascii_uppercase).collect();
    let is_wanted = |word: &str| words.is_empty() || words.iter().any(|it| it == word);
    let mut deeds = Vec::new();
    if is_wanted("TRADE") {
        deeds.extend(fills(state, params, false)?.into_iter().map(Deed::Traded));
    }
    for (number, it) in (0_i64..).zip(&state.wallet(account).activity) {
        let is_money = matches!(it.word, "DEPOSIT" | "WITHDRAWAL");
        let of_market = markets.as_ref().is_none_or(|all| it.market.is_some_and(|market| all.contains(&market)));
        if is_wanted(it.word)
            && (with_money || !is_money)
            && of_market
            && filter.is_within(it.at)
            && filter.side.is_none()
        {
            deeds.push(Deed::Moved(Moved {
                key: (it.at.nanos(), number),
                word: it.word,
                market: it.market,
                qty: it.qty,
                cash: if it.cash < Money::ZERO { it.cash.checked_neg().unwrap_or(Money::MAX) } else { it.cash },
                at: it.at,
                // No chain has it; it is a name.
                transaction: keccak256(format!("brier activity {} {number}", account.0)),
            }));
        }
    }
    Ok(deeds)
}
