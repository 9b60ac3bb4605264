//! Fills as they are kept, what is said of them, and which word on how final one is counts.

use brier_types::{BookSide, FillStatus, MarketResult, Money, Price, Qty, Timestamp, TradeId, Venue, VenueOrderId};

use crate::command::Funding;
use crate::ids::{MarketId, OrderKey, StrategyId};
use crate::instrument::Custody;

/// One of our fills, with whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnFill {
    /// The venue's name for the match.
    pub trade: TradeId,
    /// The venue's name for our order.
    pub order: VenueOrderId,
    /// Our order, if it is one that we know.
    pub key: Option<OrderKey>,
    /// Whose it is.
    pub strategy: StrategyId,
    /// The market.
    pub market: MarketId,
    /// Where.
    pub venue: Venue,
    /// Whose cash it moves.
    pub shard: u16,
    /// How the venue holds what is owned.
    pub custody: Custody,
    /// Our side of the YES book.
    pub side: BookSide,
    /// With what it was done.
    pub funding: Funding,
    /// YES price.
    pub price: Price,
    /// Contracts.
    pub qty: Qty,
    /// Net fee; negative for a rebate.
    pub fee: Money,
    /// Whether our order took.
    pub is_taker: bool,
    /// When we were told.
    pub at: Timestamp,
    /// How final it is.
    pub status: FillStatus,
}

/// The match and our order in it: one match may hold several of ours.
pub(crate) type FillKey = (TradeId, VenueOrderId);

/// What is kept of a fill.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Kept {
    pub fill: OwnFill,
    /// It failed: kept so that it cannot come back.
    pub failed: bool,
}

impl Kept {
    /// What it means that this fill is told again. Its fee and status are not compared: channels differ in when they know them.
    pub(super) fn told_again(&self, fill: &OwnFill) -> Booked {
        let terms = |fill: &OwnFill| (fill.market, fill.side, fill.price, fill.qty);
        if terms(&self.fill) == terms(fill) { Booked::Duplicate } else { Booked::Changed }
    }
}

/// What came of booking a fill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Booked {
    /// It counts now.
    New,
    /// It was told before, or is known to have failed: nothing changed.
    Duplicate,
    /// It was told before with other terms: nothing changed.
    Changed,
}

/// What came of a fill's status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StatusNews {
    /// The fill was not told yet; its status is remembered.
    Unknown,
    /// Nothing new, or an older word on a slower channel.
    Same,
    /// It came closer to being final.
    Moved,
    /// It failed, and everything is as if it had never been.
    Failed(Box<OwnFill>),
    /// It had ended one way and is said to have ended the other: nothing changed.
    Contradiction,
}

/// Why a fill cannot be booked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PortfolioError {
    /// Some figure would exceed 10^12 contracts or dollars: no venue has that many, so the fill was misread.
    #[error("positions or cash would exceed a trillion contracts or dollars")]
    Overflow,
}

/// Which of two words on the same fill counts: the first final one, else the further one. Channels are not ordered against
/// each other, and a fill does not go back.
pub(super) fn further(known: FillStatus, told: FillStatus) -> FillStatus {
    if known.is_final() { known } else { known.max(told) }
}

/// Where a market is on its way to being paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// It trades, or waits for its result.
    Trading,
    /// The result is known and not paid.
    Resolved(MarketResult),
    /// The result is challenged.
    Disputed(MarketResult),
    /// Paid. Final.
    Paid(MarketResult),
}

impl Stage {
    /// The stage after the venue told a result. It may be told again, or amended, until it is paid; it ends a dispute.
    pub(super) const fn resolved(self, result: MarketResult) -> Self {
        match self {
            Self::Trading | Self::Resolved(_) | Self::Disputed(_) => Self::Resolved(result),
            Self::Paid(_) => self,
        }
    }

    /// The stage after the venue told that the result is challenged; without a result there is nothing to challenge.
    pub(super) const fn disputed(self) -> Self {
        match self {
            Self::Resolved(result) => Self::Disputed(result),
            Self::Trading | Self::Disputed(_) | Self::Paid(_) => self,
        }
    }
}

/// What a market paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Payout {
    /// Cash received.
    pub cash: Money,
    /// Contracts of YES and of NO that were paid for.
    pub contracts: (Qty, Qty),
}
