//! Our orders and trades as one account: fed by the user channel, mended by REST, the same way for both.
//!
//! Invariants: an order or trade that is told twice changes nothing the second time, whoever tells it; REST mends what the
//! channel missed and takes nothing back that the channel proved.
//!
//! Source: reference, sections 7.2, 8.4, 8.5 and 10.3, 2026-11-20.

use std::collections::{BTreeMap, BTreeSet};

use brier_polymarket_protocol::clob::{OpenOrder, Trade};
use brier_polymarket_protocol::convert::{
    ConvertError, Listing, TokenMap, open_order, order_update, own_fills, trade_status,
};
use brier_polymarket_protocol::fees::FeeSchedule;
use brier_polymarket_protocol::stream::user::{UserOrder, UserTrade};
use brier_types::{Input, MarketTicker, Money, OrderStatus, OrderUpdate, Qty, VenueOrderId};

use super::trades::TradeBook;

/// How many shares a fill may be short of its order and still count as the whole of it. Source: reference, section 7.4.
const SHORT_FILL: u64 = 10_000;

/// One of our orders as last told.
pub type OpenOrderView = OrderUpdate;

/// The account as stream and REST tell it.
#[derive(Debug)]
pub struct Account {
    api_key: String,
    tokens: TokenMap,
    fees: BTreeMap<MarketTicker, FeeSchedule>,
    trades: TradeBook,
    /// Orders that rest as far as we know, each with the count of orders told before it.
    resting: BTreeMap<VenueOrderId, (u64, OrderUpdate)>,
    /// How many orders were told so far.
    told: u64,
    /// Orders that are gone: a late message does not bring them back.
    gone: BTreeSet<VenueOrderId>,
}

impl Account {
    /// The account of this API key, which trades these tokens; nothing is known of it yet.
    pub fn new(api_key: &str, tokens: TokenMap) -> Self {
        Self {
            api_key: api_key.to_owned(),
            tokens,
            fees: BTreeMap::new(),
            trades: TradeBook::new(),
            resting: BTreeMap::new(),
            told: 0,
            gone: BTreeSet::new(),
        }
    }

    /// Lists one more market with its fees. A market whose fees are not told counts as free.
    pub fn list(&mut self, listing: Listing, fees: FeeSchedule) {
        self.fees.insert(listing.market.clone(), fees);
        self.tokens.insert(listing);
    }

    /// Our trades and what they make of every token.
    pub const fn trades(&self) -> &TradeBook {
        &self.trades
    }

    /// Our orders that rest as far as we know.
    pub fn resting(&self) -> impl Iterator<Item = &OpenOrderView> {
        self.resting.values().map(|(_, order)| order)
    }

    /// An order changed, by the channel's word.
    ///
    /// # Errors
    /// [`ConvertError`] when it says something the core has no word for: reconcile.
    pub fn on_order(&mut self, order: &UserOrder) -> Result<Vec<Input>, ConvertError> {
        let update = order_update(order, &self.tokens)?;
        Ok(self.take_order(update))
    }

    fn take_order(&mut self, update: OrderUpdate) -> Vec<Input> {
        if self.gone.contains(&update.order) {
            return Vec::new();
        }
        if update.status == OrderStatus::Resting {
            // An order may be told by two sources: what was matched only grows.
            let known = self.resting.get(&update.order);
            if known.is_some_and(|(_, known)| *known == update || known.filled > update.filled) {
                return Vec::new();
            }
            self.told += 1;
            let first = known.map_or(self.told, |(first, _)| *first);
            self.resting.insert(update.order.clone(), (first, update.clone()));
        } else {
            self.resting.remove(&update.order);
            self.gone.insert(update.order.clone());
        }
        vec![Input::Order(update)]
    }

    /// A trade of ours, by the channel's word: inputs for the core, and what is wrong with it, if anything is.
    pub fn on_trade(&mut self, trade: &UserTrade) -> (Vec<Input>, Vec<String>) {
        let parts = trade_status(trade)
            .and_then(|status| own_fills(trade, &self.api_key, &self.tokens).map(|fills| (status, fills)));
        let (status, fills) = match parts {
            Ok(parts) => parts,
            Err(error) => return (Vec::new(), vec![error.to_string()]),
        };
        let (mut inputs, mut problems) = (Vec::new(), Vec::new());
        for fill in &fills {
            // Makers pay nothing. Source: reference, section 15.1.
            let schedule = self.fees.get(&fill.market).filter(|_schedule| fill.is_taker);
            let fee = schedule.map_or(Money::ZERO, |schedule| schedule.taker_fee(fill.price, fill.qty));
            let applied = self.trades.apply(fill, fee, status);
            inputs.extend(applied.inputs);
            problems.extend(applied.anomaly.map(|anomaly| anomaly.to_string()));
        }
        (inputs, problems)
    }

    /// Take this before asking REST, for [`Account::reconcile`].
    pub const fn mark(&self) -> u64 {
        self.told
    }

    /// Mends the account with REST's whole list of open orders and its trades since the last reconciliation: what the core
    /// must still be told, and what is wrong, if anything is.
    ///
    /// `asked` is [`Account::mark`] from before REST was asked. An order that rested then and that REST does not list is gone:
    /// executed if its trades make it whole, else canceled; one that was first told later may be too young for the list and
    /// stays. Read the trades after the open orders, so that an order which vanished in between has its trades.
    pub fn reconcile(&mut self, asked: u64, open_orders: &[OpenOrder], trades: &[Trade]) -> (Vec<Input>, Vec<String>) {
        let (mut inputs, mut problems) = (Vec::new(), Vec::new());
        for trade in trades {
            let (told, wrong) = self.on_trade(&UserTrade::from(trade.clone()));
            inputs.extend(told);
            problems.extend(wrong);
        }
        let mut listed = BTreeSet::new();
        for order in open_orders {
            match open_order(order, &self.tokens) {
                Ok(update) => {
                    listed.insert(update.order.clone());
                    inputs.extend(self.take_order(update));
                }
                Err(error) => problems.push(error.to_string()),
            }
        }
        let missing: Vec<OrderUpdate> = self
            .resting
            .values()
            .filter(|(first, order)| *first <= asked && !listed.contains(&order.order))
            .map(|(_, order)| order.clone())
            .collect();
        for order in missing {
            let whole = order.filled.checked_add(order.remaining).unwrap_or(Qty::MAX);
            let filled = self.trades.filled(&order.order).unwrap_or(order.filled).max(order.filled);
            let executed = whole.saturating_sub(filled).micros() <= SHORT_FILL;
            let status = if executed { OrderStatus::Executed } else { OrderStatus::Canceled };
            let reason = Some("not among the open orders".to_owned());
            inputs.extend(self.take_order(OrderUpdate { status, filled, remaining: Qty::ZERO, reason, ..order }));
        }
        (inputs, problems)
    }
}

#[cfg(test)]
mod tests {
    use brier_polymarket_protocol::stream::user::UserEvent;
    use brier_types::FillStatus;

    use super::*;

    fn account() -> Account {
        let mut tokens = TokenMap::new();
        let market = MarketTicker::new("0xdd").unwrap();
        tokens.insert(Listing { market, yes: "7132".to_owned(), no: "5211".to_owned() });
        Account::new("us", tokens)
    }

    fn order(id: &str, matched: &str, kind: &str, status: &str) -> UserOrder {
        let text = format!(
            r#"{{"event_type":"order","type":"{kind}","id":"{id}","owner":"us","market":"0xdd","asset_id":"7132","side":"BUY",
            "original_size":"10","size_matched":"{matched}","price":"0.4","status":"{status}","timestamp":"1763600000000"}}"#
        );
        match UserEvent::from_frame(&text).unwrap() {
            UserEvent::Order(order) => *order,
            other => panic!("an order, not {other:?}"),
        }
    }

    fn open(id: &str, matched: &str) -> OpenOrder {
        serde_json::from_str(&format!(
            r#"{{"id":"{id}","status":"LIVE","owner":"us","maker_address":"0x1","market":"0xdd","asset_id":"7132","side":"BUY",
            "original_size":"10","size_matched":"{matched}","price":"0.4","outcome":"Yes","expiration":"0","order_type":"GTC",
            "associate_trades":[],"created_at":1763600000}}"#
        ))
        .unwrap()
    }

    fn trade(id: &str, order: &str, size: &str, status: &str) -> Trade {
        serde_json::from_str(&format!(
            r#"{{"id":"{id}","taker_order_id":"0xt","market":"0xdd","asset_id":"7132","side":"SELL","size":"{size}",
            "fee_rate_bps":"0","price":"0.4","status":"{status}","match_time":"1763600000","last_update":"1763600005",
            "outcome":"Yes","bucket_index":0,"owner":"them","maker_address":"0x2","transaction_hash":"0x3",
            "trader_side":"MAKER","maker_orders":[{{"order_id":"{order}","owner":"us","maker_address":"0x1",
            "matched_amount":"{size}","price":"0.4","fee_rate_bps":"0","asset_id":"7132","outcome":"Yes","side":"BUY"}}]}}"#
        ))
        .unwrap()
    }

    fn words(inputs: &[Input]) -> Vec<String> {
        inputs
            .iter()
            .map(|input| match input {
                Input::Order(order) => format!("{} {:?} {}", order.order, order.status, order.filled),
                Input::Fill(fill) => format!("fill {} {} {:?}", fill.trade, fill.qty, fill.side),
                Input::FillStatus(update) => format!("{} {:?}", update.trade, update.status),
                other => panic!("{other:?}"),
            })
            .collect()
    }

    #[test]
    fn rest_tells_what_the_channel_missed_and_only_that() {
        let mut account = account();
        for id in ["0xa", "0xb", "0xc"] {
            assert_eq!(account.on_order(&order(id, "0", "PLACEMENT", "LIVE")).unwrap().len(), 1);
        }
        // Away: 0xa was wholly matched, 0xb canceled, 0xc partly matched, and 0xd is one we never heard of.
        let orders = [open("0xc", "4"), open("0xd", "0")];
        let trades = [trade("t1", "0xa", "9.997714", "MATCHED"), trade("t2", "0xc", "4", "CONFIRMED")];
        let (inputs, problems) = account.reconcile(account.mark(), &orders, &trades);
        assert_eq!(problems, Vec::<String>::new());
        assert_eq!(
            words(&inputs),
            [
                "fill t1 9.997714 Bid",
                "fill t2 4.00 Bid",
                "t2 Confirmed",
                "0xc Resting 4.00",
                "0xd Resting 0.00",
                "0xa Executed 9.997714",
                "0xb Canceled 0.00",
            ]
        );
        assert_eq!(
            account.reconcile(account.mark(), &orders, &trades),
            (Vec::new(), Vec::new()),
            "twice tells nothing new"
        );
        // The channel comes late with what REST told.
        let late = UserTrade::from(trade("t2", "0xc", "4", "MINED"));
        assert_eq!(account.on_trade(&late), (Vec::new(), Vec::new()));
        assert_eq!(account.on_order(&order("0xa", "9", "UPDATE", "LIVE")).unwrap(), []);
        assert_eq!(account.resting().map(|order| order.order.to_string()).collect::<Vec<_>>(), ["0xc", "0xd"]);
    }

    #[test]
    fn an_order_told_after_rest_was_asked_is_not_taken_for_gone() {
        let mut account = account();
        account.on_order(&order("0xa", "0", "PLACEMENT", "LIVE")).unwrap();
        let asked = account.mark();
        account.on_order(&order("0xb", "0", "PLACEMENT", "LIVE")).unwrap();
        let (inputs, _) = account.reconcile(asked, &[], &[]);
        assert_eq!(words(&inputs), ["0xa Canceled 0.00"]);
        let (inputs, _) = account.reconcile(account.mark(), &[], &[]);
        assert_eq!(words(&inputs), ["0xb Canceled 0.00"]);
    }

    #[test]
    fn a_trade_that_failed_while_we_were_away_is_undone() {
        let mut account = account();
        let before = account.trades().totals();
        account.on_trade(&UserTrade::from(trade("t1", "0xa", "10", "MATCHED")));
        assert_ne!(account.trades().totals(), before);
        let (inputs, _) = account.reconcile(0, &[], &[trade("t1", "0xa", "10", "FAILED")]);
        assert_eq!(words(&inputs), ["t1 Failed"]);
        assert_eq!(account.trades().totals(), before);
        let (trade, order) = ("t1".parse().unwrap(), "0xa".parse().unwrap());
        assert_eq!(account.trades().status(&trade, &order), Some(FillStatus::Failed));
    }

    #[test]
    fn takers_pay_by_the_markets_schedule() {
        let mut account = account();
        let market = MarketTicker::new("0xdd").unwrap();
        let listing = Listing { market, yes: "7132".to_owned(), no: "5211".to_owned() };
        account.list(listing, FeeSchedule::new(50_000, 1, true, 0).unwrap());
        let mut taker = trade("t1", "0xa", "10", "MATCHED");
        taker.trader_side = Some(brier_polymarket_protocol::clob::TraderSide::Taker);
        taker.maker_orders[0].owner = "them".to_owned();
        let (inputs, _) = account.on_trade(&UserTrade::from(taker));
        let [Input::Fill(fill)] = inputs.as_slice() else { panic!("{inputs:?}") };
        assert_eq!(fill.fee, Money::from_micros(120_000), "10 x 0.05 x 0.4 x 0.6");
    }
}
