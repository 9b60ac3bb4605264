//! Orders as we state them to a venue, and the words for their direction and life.

use std::fmt;

use crate::ids::{ClientOrderId, MarketTicker, OrderGroupId, Venue, VenueOrderId};
use crate::price::Price;
use crate::qty::Qty;
use crate::time::Timestamp;

/// The side of a market a contract pays on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// Pays if the event happens.
    Yes,
    /// Pays if it does not.
    No,
}

/// What a person does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// Acquire contracts.
    Buy,
    /// Give contracts up.
    Sell,
}

/// The side of the one YES book an order stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BookSide {
    /// Wants YES at its price or lower.
    Bid,
    /// Gives YES (or wants NO) at its price or higher.
    Ask,
}

impl BookSide {
    /// The side it trades against.
    #[must_use]
    pub const fn opposite(self) -> Self {
        match self {
            Self::Bid => Self::Ask,
            Self::Ask => Self::Bid,
        }
    }

    /// The outcome a buyer on this side ends up with.
    pub const fn outcome(self) -> Outcome {
        match self {
            Self::Bid => Outcome::Yes,
            Self::Ask => Outcome::No,
        }
    }
}

/// What a person wants, before it is put into YES terms.
///
/// ```
/// use brier_types::{Action, BookSide, Direction, Outcome, Price};
/// let buy_no = Direction { action: Action::Buy, outcome: Outcome::No };
/// let (side, price) = buy_no.in_yes_terms(Price::new(5_500).unwrap());
/// assert_eq!((side, price.pips()), (BookSide::Ask, 4_500));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Direction {
    /// Buy or sell.
    pub action: Action,
    /// Which contract.
    pub outcome: Outcome,
}

impl Direction {
    /// The book side and YES price that mean the same as this direction at `price` of its own outcome.
    ///
    /// Source: reference section 6.3.
    pub const fn in_yes_terms(self, price: Price) -> (BookSide, Price) {
        match (self.action, self.outcome) {
            (Action::Buy, Outcome::Yes) => (BookSide::Bid, price),
            (Action::Sell, Outcome::Yes) => (BookSide::Ask, price),
            (Action::Buy, Outcome::No) => (BookSide::Ask, price.complement()),
            (Action::Sell, Outcome::No) => (BookSide::Bid, price.complement()),
        }
    }
}

/// How long an order lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TimeInForce {
    /// Good till canceled.
    Gtc,
    /// Good till a time.
    Gtd(Timestamp),
    /// Fill what can be filled now, cancel the rest. Polymarket's FAK.
    Ioc,
    /// All now or nothing.
    Fok,
}

/// What the venue does when an order would match one of the same account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SelfTradePrevention {
    /// The incoming order is canceled at the cross; what filled before stands.
    TakerAtCross,
    /// The resting order is canceled and the incoming one goes on.
    Maker,
}

/// An order to be placed, in YES terms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewOrder {
    /// Ours, minted and recorded before the order is sent.
    pub client_order_id: ClientOrderId,
    /// The market.
    pub market: MarketTicker,
    /// Bid or ask in the YES book.
    pub side: BookSide,
    /// Limit price of one YES contract.
    pub price: Price,
    /// Contracts.
    pub qty: Qty,
    /// How long it lives.
    pub time_in_force: TimeInForce,
    /// Refuse rather than take.
    pub post_only: bool,
    /// Only shrink a position, never open or turn one.
    pub reduce_only: bool,
    /// What happens when it meets our own order.
    pub self_trade_prevention: SelfTradePrevention,
    /// Cancel when the venue pauses trading.
    pub cancel_on_pause: bool,
    /// The venue's set it belongs to, if any.
    pub group: Option<OrderGroupId>,
}

impl NewOrder {
    /// A limit, and nothing special: what meets our own order is canceled, nothing else is bounded.
    pub const fn limit(
        client_order_id: ClientOrderId,
        market: MarketTicker,
        side: BookSide,
        (price, qty): (Price, Qty),
        time_in_force: TimeInForce,
    ) -> Self {
        Self {
            client_order_id,
            market,
            side,
            price,
            qty,
            time_in_force,
            post_only: false,
            reduce_only: false,
            self_trade_prevention: SelfTradePrevention::TakerAtCross,
            cancel_on_pause: false,
            group: None,
        }
    }
}

/// A change of a resting order. `total` counts what has filled and what shall remain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AmendOrder {
    /// The venue's name for it.
    pub order: VenueOrderId,
    /// Its market.
    pub market: MarketTicker,
    /// Its side, which cannot change.
    pub side: BookSide,
    /// The new limit price.
    pub price: Price,
    /// The new total: filled so far plus wanted remainder.
    pub total: Qty,
    /// A new client order id, if it shall change.
    pub new_client_order_id: Option<ClientOrderId>,
}

/// What the core asks the shell to do. Written down before it is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Place an order.
    Submit {
        /// Where.
        venue: Venue,
        /// What.
        order: NewOrder,
    },
    /// Change an order.
    Amend {
        /// Where.
        venue: Venue,
        /// How.
        amend: AmendOrder,
    },
    /// Shrink an order by a number of contracts; it keeps its place in the queue.
    Decrease {
        /// Where.
        venue: Venue,
        /// Its market.
        market: MarketTicker,
        /// Which order.
        order: VenueOrderId,
        /// By how much.
        by: Qty,
    },
    /// Take an order back.
    Cancel {
        /// Where.
        venue: Venue,
        /// Its market.
        market: MarketTicker,
        /// Which order.
        order: VenueOrderId,
    },
    /// Take everything back.
    CancelAll {
        /// Where.
        venue: Venue,
    },
}

macro_rules! words {
    ($name:ident { $($variant:ident => $word:literal),+ $(,)? }) => {
        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.pad(match self { $(Self::$variant => $word),+ })
            }
        }
    };
}

words!(Outcome { Yes => "yes", No => "no" });
words!(Action { Buy => "buy", Sell => "sell" });
words!(BookSide { Bid => "bid", Ask => "ask" });

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_direction_has_one_place_in_the_yes_book() {
        let at = |action, outcome, pips| {
            let (side, price) = Direction { action, outcome }.in_yes_terms(Price::new(pips).unwrap());
            (side, price.pips())
        };
        assert_eq!(at(Action::Buy, Outcome::Yes, 4_200), (BookSide::Bid, 4_200));
        assert_eq!(at(Action::Sell, Outcome::Yes, 4_200), (BookSide::Ask, 4_200));
        assert_eq!(at(Action::Buy, Outcome::No, 4_200), (BookSide::Ask, 5_800));
        assert_eq!(at(Action::Sell, Outcome::No, 4_200), (BookSide::Bid, 5_800));
    }
}
