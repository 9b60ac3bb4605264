//! `brier fills --venue polymarket`: our parts of trades, how final each is, and the fee that the schedule gives.
//!
//! The venue tells no fee and filters by market on the taker's side only, so fees are computed and filters applied here.
//!
//! Source: reference (Polymarket), sections 7.2, 8.5 and 15.1, 2026-11-20.

use std::collections::{BTreeMap, BTreeSet};

use brier_polymarket::Client;
use brier_polymarket::discovery::Listing;
use brier_polymarket::rest::TradesQuery;
use brier_polymarket_protocol::clob::{Trade, TradeStatus, TraderSide};
use brier_polymarket_protocol::convert::{ConvertError, OwnFill, TokenMap, own_fills, yes_terms};
use brier_polymarket_protocol::ids::{ConditionId, OrderHash, Side};
use brier_polymarket_protocol::stream::user::UserTrade;
use brier_types::{BookSide, Money, Price, Qty};
use serde::Serialize;

use super::Args;
use crate::error::{CliError, EXIT_OK};
use crate::output::{Output, as_text, counted, table};
use crate::venue::block_on;
use crate::venue::polymarket::{find, is_own, listings, token_of, word};

#[derive(Serialize)]
struct Document {
    /// Whether there are more than the limit.
    more: bool,
    /// Fees of the fills shown, in dollars; those of failed trades are not charged and not counted.
    #[serde(serialize_with = "as_text")]
    fees: Money,
    fills: Vec<Line>,
}

/// Our part of a trade. Names are Kalshi's where the thing is the same.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Line {
    pub(crate) trade_id: String,
    pub(crate) order_id: String,
    pub(crate) ticker: String,
    pub(crate) slug: String,
    /// What gains by the fill: `yes` or `no`.
    pub(crate) outcome_side: &'static str,
    #[serde(serialize_with = "as_text")]
    pub(crate) count_fp: Qty,
    #[serde(serialize_with = "as_text")]
    pub(crate) yes_price_dollars: Price,
    pub(crate) is_taker: bool,
    /// By the market's schedule: the venue tells none.
    #[serde(serialize_with = "as_text")]
    pub(crate) fee_cost: Money,
    pub(crate) created_time: String,
    /// The venue's word: matched, mined, confirmed, retrying, failed.
    pub(crate) status: String,
    /// Whether nothing more can happen to it.
    #[serde(rename = "final")]
    pub(crate) is_final: bool,
    /// Dollars that changed hands before the fee.
    #[serde(serialize_with = "as_text")]
    pub(crate) gross_dollars: Money,
    /// Our order in the venue's terms.
    pub(crate) token: String,
    pub(crate) token_outcome: &'static str,
    pub(crate) side: &'static str,
    #[serde(serialize_with = "as_text")]
    pub(crate) price_dollars: Price,
    pub(crate) transaction_hash: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<String>,
}

/// Shows the fills.
pub(super) fn run(args: &Args, output: &mut Output) -> Result<u8, CliError> {
    let limit = usize::try_from(args.limit).unwrap_or(usize::MAX);
    let order = args.order.as_ref().map(|order| order.as_str().parse::<OrderHash>());
    let order = order.transpose().map_err(|error| {
        CliError::usage(error.to_string())
            .hint("give the order's hash, as `brier order` and `brier portfolio` print it")
    })?;
    let venue = args.venue.polymarket()?;
    let mut lines = block_on(async {
        let client = venue.signed().await?;
        let market = match &args.market {
            Some(name) => Some(find(&client, name.as_str()).await?.listing.condition.to_string()),
            None => None,
        };
        let mut pages = client.trades(&TradesQuery::default());
        let mut found: Vec<Line> = Vec::new();
        while found.len() <= limit
            && let Some(mut page) = pages.next().await?
        {
            page.retain(|trade| market.as_ref().is_none_or(|market| trade.market.eq_ignore_ascii_case(market)));
            let lines = own_lines(&client, &page).await?;
            let order = order.map(|order| order.to_string());
            found.extend(lines.into_iter().filter(|line| order.as_ref().is_none_or(|order| line.order_id == *order)));
        }
        Ok(found)
    })?;
    let more = lines.len() > limit;
    lines.truncate(limit);
    let document = Document { more, fees: charged(&lines)?, fills: lines };
    output.either(&document, |output| document.print(output))?;
    if more {
        tracing::warn!(limit, "there are more fills; raise --limit to see them");
    }
    Ok(EXIT_OK)
}

/// The fees of what did not fail.
pub(crate) fn charged(lines: &[Line]) -> Result<Money, CliError> {
    let charged = lines.iter().filter(|line| !line.has_failed());
    charged.map(|line| line.fee_cost).try_fold(Money::ZERO, Money::checked_add).ok_or_else(|| {
        CliError::failure("the fees of these fills do not fit 64 bits").hint("the venue's figures make no sense")
    })
}

/// Our parts of these trades, in their order.
pub(crate) async fn own_lines(client: &Client, trades: &[Trade]) -> Result<Vec<Line>, CliError> {
    let conditions: BTreeSet<ConditionId> = trades.iter().filter_map(|trade| trade.market.parse().ok()).collect();
    let known = listings(client, &conditions.into_iter().collect::<Vec<_>>()).await?;
    let mut tokens = TokenMap::new();
    for listing in known.values() {
        tokens.insert(listing.tokens());
    }
    let key = client.credentials().map(|creds| creds.key().to_owned()).unwrap_or_default();
    let mut lines = Vec::new();
    for trade in trades {
        let ours = by_wallet(client, trade, &key);
        match own_fills(&ours, &key, &tokens) {
            Ok(fills) => lines.extend(fills.iter().filter_map(|fill| line(trade, fill, &known))),
            Err(ConvertError::NotOurs { .. }) => {}
            Err(error) => tracing::warn!(trade = trade.id, %error, "a trade that cannot be told in our terms"),
        }
    }
    Ok(lines)
}

/// The trade with the parts of our wallet, and no others, under the key in use: an older key of the same wallet is ours too,
/// and another wallet of the same key is not.
fn by_wallet(client: &Client, trade: &Trade, key: &str) -> UserTrade {
    let mut ours = UserTrade::from(trade.clone());
    for maker in ours.maker_orders.iter_mut().filter(|maker| !maker.maker_address.is_empty()) {
        let owner = if is_own(client, &maker.maker_address) { key } else { "" };
        owner.clone_into(&mut maker.owner);
    }
    if !trade.maker_address.is_empty() {
        let took = is_own(client, &trade.maker_address);
        ours.trader_side = Some(if took { TraderSide::Taker } else { TraderSide::Maker });
    }
    ours
}

fn line(trade: &Trade, fill: &OwnFill, known: &BTreeMap<ConditionId, Listing>) -> Option<Line> {
    let listing = known.get(&fill.market.as_str().parse().ok()?)?;
    let (side, yes_price) = yes_terms(fill.outcome, fill.side, fill.price);
    Some(Line {
        trade_id: fill.trade.to_string(),
        order_id: fill.order.to_string(),
        ticker: fill.market.to_string(),
        slug: listing.slug.clone(),
        outcome_side: match side {
            BookSide::Bid => "yes",
            BookSide::Ask => "no",
        },
        count_fp: fill.qty,
        yes_price_dollars: yes_price,
        is_taker: fill.is_taker,
        fee_cost: if fill.is_taker { taker_fee(trade, fill, listing) } else { Money::ZERO },
        created_time: trade.match_time.to_string(),
        status: trade.status.as_str().to_lowercase(),
        is_final: trade.status.is_final(),
        gross_dollars: fill.gross,
        token: token_of(listing, fill.outcome).to_string(),
        token_outcome: word(fill.outcome),
        side: fill.side.word(),
        price_dollars: fill.price,
        transaction_hash: trade.transaction_hash.clone(),
        error: trade.err_msg.clone().filter(|text| !text.is_empty()),
    })
}

/// The schedule's fee on each resting order that was met, at its price; a seller pays no more than it gets.
fn taker_fee(trade: &Trade, fill: &OwnFill, listing: &Listing) -> Money {
    let parts = trade.maker_orders.iter().try_fold((Qty::ZERO, Money::ZERO), |(qty, fees), maker| {
        let price = if maker.asset_id == trade.asset_id { maker.price } else { maker.price.complement() };
        let fee = listing.fees.taker_fee(price, maker.matched_amount);
        Some((qty.checked_add(maker.matched_amount)?, fees.checked_add(fee)?))
    });
    let fee = match parts {
        Some((qty, fees)) if qty == trade.size => fees,
        _ => listing.fees.taker_fee(fill.price, fill.qty),
    };
    if fill.side == Side::Sell { fee.min(fill.gross) } else { fee }
}

impl Line {
    /// Whether nothing changed hands.
    pub(crate) fn has_failed(&self) -> bool {
        self.status.eq_ignore_ascii_case(TradeStatus::Failed.as_str())
    }

    /// Whether its tokens and dollars stand in the balances, or never will.
    pub(crate) fn is_settled(&self) -> bool {
        self.is_final || self.status.eq_ignore_ascii_case(TradeStatus::Mined.as_str())
    }

    fn cells(&self) -> [String; 9] {
        let market = if self.slug.is_empty() { &self.ticker } else { &self.slug };
        [
            self.created_time.clone(),
            market.clone(),
            self.outcome_side.to_uppercase(),
            self.count_fp.to_string(),
            self.yes_price_dollars.to_string(),
            if self.is_taker { "taker" } else { "maker" }.to_owned(),
            self.fee_cost.to_string(),
            if self.is_final { self.status.clone() } else { format!("{} *", self.status) },
            self.order_id.clone(),
        ]
    }
}

impl Document {
    fn print(&self, output: &mut Output) -> Result<(), CliError> {
        if self.fills.is_empty() {
            return output.line("no fills");
        }
        output.line(table(
            ["time", "market", "gains on", "contracts>", "YES price $>", "role", "fee $>", "status", "order"],
            self.fills.iter().map(Line::cells),
        ))?;
        let fills = counted(self.fills.len() as u64, "fill", "fills");
        output.line(format_args!("\n{fills}, fees ${} by the markets' schedules", self.fees))?;
        let open = self.fills.iter().filter(|line| !line.is_final).count() as u64;
        if open > 0 {
            let are = if open == 1 { "is" } else { "are" };
            output.line(format_args!(
                "* {} {are} not final: a trade can fail until it is confirmed",
                counted(open, "fill", "fills")
            ))?;
        }
        Ok(())
    }
}
