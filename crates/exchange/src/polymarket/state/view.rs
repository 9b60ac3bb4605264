//! Orders and trades as the wire says them, for REST and streams alike.

use alloy_primitives::{Address, keccak256};
use brier_polymarket_protocol::clob::{MakerOrder, OpenOrder, OrderStatus, OrderType, Trade, TradeStatus, TraderSide};
use brier_polymarket_protocol::order::OrderKind;
use brier_types::{FillStatus, Timestamp};

use super::say::side_of;
use super::{OrderRow, Standing, State, TradeRow};

impl State {
    /// Orders that have a part in a trade: the taker's, then the makers'.
    pub(crate) fn orders_of_trade(&self, trade: u32) -> Vec<u32> {
        let row = &self.trades[trade as usize];
        std::iter::once(row.taker).chain(row.makers.iter().map(|maker| maker.order)).collect()
    }

    /// The key's owner behind an order.
    pub(crate) fn owner_of(&self, order: u32) -> Address {
        self.wallet(self.order(order).account).owner
    }

    /// Owners of keys that have a part in a trade, each once, the taker's first.
    pub(crate) fn owners_of_trade(&self, trade: u32) -> Vec<Address> {
        let mut owners = Vec::new();
        for order in self.orders_of_trade(trade) {
            let owner = self.owner_of(order);
            if !owners.contains(&owner) {
                owners.push(owner);
            }
        }
        owners
    }

    /// The API key with which an owner has a part in a trade: the taker's if he took, else of his first resting order.
    pub(crate) fn key_in_trade(&self, trade: u32, owner: Address) -> String {
        let own = self.orders_of_trade(trade).into_iter().find(|order| self.owner_of(*order) == owner);
        own.map(|order| self.order(order).key.to_string()).unwrap_or_default()
    }

    /// Orders that were resting in a market when it resolved.
    pub(crate) fn market_orders(&self, market: brier_matching::MarketId) -> Vec<u32> {
        let at = |row: &OrderRow| row.market == market && row.standing == Standing::Resolved;
        (0..).zip(&self.orders).filter(|(_, row)| at(row)).map(|(index, _)| index).collect()
    }

    /// An order as the book API tells it.
    pub(crate) fn open_order(&self, index: u32) -> OpenOrder {
        let row = self.order(index);
        let market = self.market(row.market);
        OpenOrder {
            id: row.hash.to_string(),
            status: row.status(),
            owner: row.key.to_string(),
            maker_address: self.wallet(row.account).address.to_string(),
            market: market.condition_text.to_string(),
            asset_id: market.token_text(row.outcome).to_string(),
            side: side_of(row.action),
            original_size: row.size,
            size_matched: row.filled,
            price: row.price,
            outcome: market.outcome_text(row.outcome).to_owned(),
            expiration: row.expires(),
            order_type: row.order_type(),
            associate_trades: Some(
                row.trades.iter().map(|trade| self.trades[*trade as usize].uuid.to_string()).collect(),
            ),
            created_at: row.created,
        }
    }

    /// A trade as the book API tells it to `viewer`.
    pub(crate) fn trade(&self, index: u32, viewer: Address) -> Trade {
        let row = &self.trades[index as usize];
        let (market, taker) = (self.market(row.market), self.order(row.taker));
        let makers = row.makers.iter().map(|part| {
            let order = self.order(part.order);
            MakerOrder {
                order_id: order.hash.to_string(),
                owner: order.key.to_string(),
                maker_address: self.wallet(order.account).address.to_string(),
                matched_amount: part.qty,
                price: part.price,
                fee_rate_bps: "0".to_owned(),
                asset_id: market.token_text(order.outcome).to_string(),
                outcome: market.outcome_text(order.outcome).to_owned(),
                side: Some(side_of(order.action)),
            }
        });
        let is_taker = self.owner_of(row.taker) == viewer;
        Trade {
            id: row.uuid.to_string(),
            taker_order_id: taker.hash.to_string(),
            market: market.condition_text.to_string(),
            asset_id: market.token_text(row.outcome).to_string(),
            side: side_of(row.action),
            size: row.qty,
            fee_rate_bps: "0".to_owned(),
            price: row.price,
            status: row.word(),
            match_time: row.matched,
            match_time_nano: None,
            last_update: row.updated,
            outcome: market.outcome_text(row.outcome).to_owned(),
            bucket_index: row.bucket,
            owner: taker.key.to_string(),
            maker_address: self.wallet(taker.account).address.to_string(),
            transaction_hash: row.known_transaction(),
            trader_side: Some(if is_taker { TraderSide::Taker } else { TraderSide::Maker }),
            err_msg: (row.status == FillStatus::Failed).then(|| "execution reverted".to_owned()),
            maker_orders: makers.collect(),
        }
    }
}

impl OrderRow {
    pub(crate) const fn status(&self) -> OrderStatus {
        match self.standing {
            Standing::Delayed => OrderStatus::Delayed,
            Standing::Live => OrderStatus::Live,
            Standing::Matched => OrderStatus::Matched,
            Standing::Canceled(_) => OrderStatus::Canceled,
            Standing::Resolved => OrderStatus::CanceledMarketResolved,
        }
    }

    pub(crate) const fn order_type(&self) -> OrderType {
        match self.kind {
            OrderKind::Gtc => OrderType::Gtc,
            OrderKind::Gtd => OrderType::Gtd,
            OrderKind::Fok => OrderType::Fok,
            OrderKind::Fak => OrderType::Fak,
        }
    }

    /// When it ends by itself, as stated.
    pub(crate) fn expires(&self) -> Option<Timestamp> {
        let secs = i64::try_from(self.expiration).ok().filter(|secs| *secs > 0)?;
        Timestamp::from_secs(secs)
    }
}

impl TradeRow {
    /// Its status on the wire.
    pub(crate) const fn word(&self) -> TradeStatus {
        match self.status {
            FillStatus::Matched => TradeStatus::Matched,
            FillStatus::Retrying => TradeStatus::Retrying,
            FillStatus::Mined => TradeStatus::Mined,
            FillStatus::Confirmed => TradeStatus::Confirmed,
            FillStatus::Failed => TradeStatus::Failed,
        }
    }

    /// The transaction it settles in; the empty text until it is sent.
    pub(crate) fn known_transaction(&self) -> String {
        if self.broadcast { self.transaction() } else { String::new() }
    }

    /// The transaction it settles in: all trades of a match share it. No chain has it; it is a name.
    pub(crate) fn transaction(&self) -> String {
        format!("{:#x}", keccak256(format!("brier match {}", self.no.0)))
    }
}
