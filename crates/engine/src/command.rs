//! Everything the engine can ask of the shell, as plain data. Written down before it is done.

use brier_types::{ClientOrderId, MarketTicker, OrderGroupId, Price, Qty, Timestamp, Venue, VenueOrderId};

use crate::ids::{MarketId, OrderKey, RequestId};
use crate::risk::{Approved, Refusal};

/// One thing to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Send a request to a venue, once, and tell its [`crate::Answer`].
    Send {
        /// Where.
        venue: Venue,
        /// Its number, carried back by the answer.
        request: RequestId,
        /// What.
        body: Request,
    },
    /// Read the account and tell an [`crate::AccountSnapshot`] with this number.
    Reconcile {
        /// Where.
        venue: Venue,
        /// The number to carry back.
        asked: u64,
        /// Fills are needed from this time on.
        fills_since: Timestamp,
    },
    /// Tell [`crate::Input::Timer`] at this time, or later. The earliest one counts; earlier wishes are kept.
    WakeAt(Timestamp),
    /// Tell people.
    Alert(Alert),
}

/// What a venue is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// Place an order that risk has admitted.
    Place(Approved<PlaceOrder>),
    /// Change price or total of a resting order; risk has admitted the change.
    Amend(Approved<ChangeOrder>),
    /// Shrink a resting order to this remainder; it keeps its place. Safe to repeat.
    DecreaseTo {
        /// Ours.
        order: OrderKey,
        /// Its market.
        market: MarketTicker,
        /// The venue's name for it.
        venue_id: VenueOrderId,
        /// What shall rest.
        remaining: Qty,
    },
    /// Take a resting order back. Safe to repeat.
    Cancel {
        /// Ours.
        order: OrderKey,
        /// Its market.
        market: MarketTicker,
        /// The venue's name for it.
        venue_id: VenueOrderId,
    },
    /// Take back everything of this account. Safe to repeat.
    CancelAll,
    /// Find out about an order whose placing had no clear answer: answered with `Found` or `NotFound`.
    Lookup(Lookup),
    /// Make a set of orders that the venue cancels together when more than `limit` contracts fill within its window.
    CreateGroup {
        /// Contracts.
        limit: Qty,
    },
    /// Let a tripped set take orders again.
    ResetGroup {
        /// Which.
        group: OrderGroupId,
    },
}

/// An order to be placed, in YES terms, with everything that is needed to make the same bytes again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlaceOrder {
    /// Ours.
    pub order: OrderKey,
    /// The market, by its place and by its name.
    pub market_id: MarketId,
    /// What the connectors place.
    pub new: brier_types::NewOrder,
    /// With what it is done, on a venue of tokens.
    pub funding: Funding,
    /// When it was decided: part of what Polymarket orders are signed over.
    pub created: Timestamp,
}

/// With what an order is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Funding {
    /// Cash: the outcome that the order's side wants is bought.
    Cash,
    /// Contracts of the other outcome that are held are given.
    Holdings,
}

/// A change of a resting order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeOrder {
    /// Ours.
    pub order: OrderKey,
    /// What the connectors send: the new price and the new total, filled part included.
    pub amend: brier_types::AmendOrder,
}

/// What is needed to find an order at its venue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lookup {
    /// Ours.
    pub order: OrderKey,
    /// The order as it was sent, from which Polymarket's hash is made again.
    pub placed: PlaceOrder,
    /// The venue's name for it, if it is known.
    pub venue_id: Option<VenueOrderId>,
}

impl Lookup {
    /// Our name for it.
    pub const fn client_order_id(&self) -> &ClientOrderId {
        &self.placed.new.client_order_id
    }
}

/// Something a person should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Alert {
    /// An order was refused by our own risk.
    Refused {
        /// The market.
        market: MarketId,
        /// Why, what it was and what would have fitted.
        refusal: Refusal,
    },
    /// Something was halted.
    Halted {
        /// What.
        scope: Scope,
        /// Why.
        reason: String,
    },
    /// A halt was lifted.
    Resumed {
        /// What.
        scope: Scope,
        /// Why.
        reason: String,
    },
    /// Our picture of the account differs from the venue's.
    Discrepancy {
        /// Where.
        venue: Venue,
        /// Which market, if it is about one.
        market: Option<MarketId>,
        /// What differs, ours and theirs.
        text: String,
    },
    /// A venue's message does not fit what is known.
    Anomaly {
        /// Where.
        venue: Venue,
        /// What.
        text: String,
    },
    /// The venue said no.
    Rejected {
        /// The market.
        market: MarketId,
        /// Its words.
        text: String,
    },
    /// Something that was told before, as it stands in a journal.
    Told(String),
    /// A leg of a combo failed and the plan for it began.
    Combo {
        /// What happens.
        text: String,
    },
    /// The ledger's record of a combo, when it ends and whenever something happens to it after that. The last one counts.
    Attempt(Box<crate::attempt::Attempt>),
}

/// What a halt covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// Everything.
    All,
    /// One venue.
    Venue(Venue),
    /// One market.
    Market(MarketId),
    /// One strategy.
    Strategy(crate::ids::StrategyId),
}

/// The least and the highest price at which a bid or ask may trade, in terms of the outcome that it buys: what it can pay.
pub(crate) const fn paid(side: brier_types::BookSide, price: Price) -> Price {
    match side {
        brier_types::BookSide::Bid => price,
        brier_types::BookSide::Ask => price.complement(),
    }
}
