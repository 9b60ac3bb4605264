//! Words of the order book API.
//!
//! Source: reference, sections 7.1 and 7.2, 2026-11-20.

use crate::wire::words;

words! {
    /// Where an order is in its life. Written bare; `ORDER_STATUS_` is read too.
    OrderStatus, prefix "ORDER_STATUS_" {
        /// It rests.
        Live = "LIVE",
        /// It is wholly matched.
        Matched = "MATCHED",
        /// It waits out the delay of a sports market.
        Delayed = "DELAYED",
        /// It waited, did not match, and rests.
        Unmatched = "UNMATCHED",
        /// It was canceled.
        Canceled = "CANCELED",
        /// It was canceled because its market resolved.
        CanceledMarketResolved = "CANCELED_MARKET_RESOLVED",
        /// It became invalid, for example for want of balance.
        Invalid = "INVALID",
    }
}

words! {
    /// What became of an order at once, in the answer to its post. Empty when it was rejected inside a batch.
    PostStatus, prefix "ORDER_STATUS_" {
        /// Nothing: it was rejected.
        None = "",
        /// It rests.
        Live = "live",
        /// It matched, wholly or in part.
        Matched = "matched",
        /// It waits; it may match or rest later. Sending it again could double it.
        Delayed = "delayed",
        /// It was marketable, did not match, and rests.
        Unmatched = "unmatched",
    }
}

#[expect(clippy::derivable_impls, reason = "the macro makes the enum")]
impl Default for PostStatus {
    fn default() -> Self {
        Self::None
    }
}

words! {
    /// Where a trade is in its life. Written bare; `TRADE_STATUS_` is read too.
    TradeStatus, prefix "TRADE_STATUS_" {
        /// It matched and was not sent to the chain yet.
        MatchedNotBroadcasted = "MATCHED_NOT_BROADCASTED",
        /// It matched and was sent.
        Matched = "MATCHED",
        /// It is in a block.
        Mined = "MINED",
        /// It is final.
        Confirmed = "CONFIRMED",
        /// Its transaction failed and is sent again.
        Retrying = "RETRYING",
        /// It failed for good: nothing changed hands.
        Failed = "FAILED",
    }
}

impl TradeStatus {
    /// Whether nothing more can happen to it.
    pub const fn is_final(&self) -> bool {
        matches!(self, Self::Confirmed | Self::Failed)
    }
}

words! {
    /// Which part the asking account has in a trade.
    TraderSide, prefix "TRADER_SIDE_" {
        /// Its order took.
        Taker = "TAKER",
        /// Its order rested.
        Maker = "MAKER",
    }
}

words! {
    /// How long an order lives, as the venue lists it.
    OrderType, prefix "ORDER_TYPE_" {
        /// Until canceled.
        Gtc = "GTC",
        /// Until a time.
        Gtd = "GTD",
        /// All at once or nothing.
        Fok = "FOK",
        /// What can be had at once.
        Fak = "FAK",
    }
}

words! {
    /// What a balance is of, in the query of `GET /balance-allowance`.
    AssetType, prefix "" {
        /// Dollars.
        Collateral = "COLLATERAL",
        /// One outcome token.
        Conditional = "CONDITIONAL",
        /// One PolyV2 position.
        ConditionalV2 = "CONDITIONAL-V2",
    }
}
