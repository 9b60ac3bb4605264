//! The life of an order as a total table, and what an order may still do.
//!
//! Invariants: nothing but the venue's word moves an order out of doubt; a cancel under way does not end an order; what an
//! order may still fill is counted at its worst in every state; every pair of state and news is decided in [`next`].
//!
//! Fills are no part of this table: they are booked in whatever state they arrive (`portfolio`). What the venue says of an
//! order's cumulative fills is kept beside them, so that a fill which was never told shows as a difference.

use brier_types::{BookSide, ClientOrderId, Price, Qty, TimeInForce, Timestamp, Venue, VenueOrderId};

use crate::command::Funding;
use crate::ids::{MarketId, OrderKey, RequestId, StrategyId};
use crate::strategy::Purpose;

/// Where an order stands with its venue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderState {
    /// On the wire, no answer yet.
    Submitting,
    /// The answer was lost: it may be live. Only the venue's word moves it.
    InDoubt {
        /// Since when.
        since: Timestamp,
    },
    /// Accepted and waiting in the book.
    Resting,
    /// A change is on the wire: it has its old terms or the new ones.
    Amending {
        /// The price it may have.
        price: Price,
        /// The total it may have.
        total: Qty,
    },
    /// The answer to a change was lost: it has its old terms or the new ones.
    AmendInDoubt {
        /// Since when.
        since: Timestamp,
        /// The price it may have.
        price: Price,
        /// The total it may have.
        total: Qty,
    },
    /// A cancel is on the wire. It can fill until the venue says that it is gone.
    Canceling,
    /// The venue has no such resting order any more, and did not say how much of it filled.
    Vanished {
        /// Since when.
        since: Timestamp,
    },
    /// Over.
    Done {
        /// How it ended.
        reason: EndReason,
    },
}

/// How an order ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EndReason {
    /// Filled to the end.
    Filled,
    /// Taken back, by us or by the venue; immediate orders end so with what they did not fill.
    Canceled,
    /// The venue said no.
    Rejected,
    /// It certainly never reached the venue.
    NeverArrived,
}

/// What is said of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    /// It exists and rests, with these terms.
    Resting {
        /// Its price, where told.
        price: Option<Price>,
        /// Its total, where told: filled and resting.
        total: Option<Qty>,
    },
    /// It exists; whether it still rests was not told.
    Exists,
    /// It was filled to the end.
    Executed,
    /// It is canceled, and how much of it had filled was told.
    Canceled,
    /// It does not rest, and how much of it had filled was not told.
    Gone,
    /// The venue refused to place it.
    Rejected,
    /// The placing certainly did not reach the venue.
    NotSent,
    /// The answer to the placing was lost.
    PlaceInDoubt,
    /// A change was sent.
    AmendSent {
        /// The new price.
        price: Price,
        /// The new total.
        total: Qty,
    },
    /// The change was refused or not sent; the old terms hold.
    AmendRefused,
    /// The answer to the change was lost.
    AmendInDoubt,
    /// A cancel was sent.
    CancelSent,
    /// The cancel was refused or not sent, and the order still rests.
    CancelRefused,
    /// The venue's reads are true for a moment at which the placing could no longer arrive, and do not show it.
    NotFound,
}

/// What news do to a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// It moves.
    Moved(OrderState),
    /// Nothing new.
    Same,
    /// It cannot be: tell a person, and ask the venue.
    Anomaly(&'static str),
}

/// Decides one pair. No wildcard stands for a state or for news: a new one does not compile until someone decides.
#[expect(clippy::match_same_arms, reason = "a table is read row by row; rows that happen to agree are not one row")]
pub fn next(now: Timestamp, state: OrderState, news: News) -> Next {
    use EndReason::{Canceled, Filled, NeverArrived, Rejected};
    use Next::{Anomaly, Moved, Same};
    use OrderState as S;

    let done = |reason| Moved(S::Done { reason });
    match (news, state) {
        // Whatever we thought: the venue says that it is over. Late copies for finished orders say nothing new.
        (News::Executed, S::Done { reason: Filled }) => Same,
        (News::Executed, S::Done { reason: Canceled }) => done(Filled),
        (News::Canceled, S::Done { reason: Filled | Canceled }) => Same,
        (News::Executed | News::Canceled, S::Done { reason: Rejected | NeverArrived }) => {
            Anomaly("an order that was refused or never arrived has a life at the venue")
        }
        (
            News::Executed,
            S::Submitting
            | S::InDoubt { .. }
            | S::Resting
            | S::Amending { .. }
            | S::AmendInDoubt { .. }
            | S::Canceling
            | S::Vanished { .. },
        ) => done(Filled),
        // Orders that never rested land here too: immediate ones end without.
        (
            News::Canceled,
            S::Submitting
            | S::InDoubt { .. }
            | S::Resting
            | S::Amending { .. }
            | S::AmendInDoubt { .. }
            | S::Canceling
            | S::Vanished { .. },
        ) => done(Canceled),

        // It does not rest, and that is all we know: what it filled may still be on its way to us.
        (News::Gone, S::Resting | S::Amending { .. } | S::AmendInDoubt { .. } | S::Canceling | S::InDoubt { .. }) => {
            Moved(S::Vanished { since: now })
        }
        (News::Gone, S::Submitting | S::Vanished { .. } | S::Done { .. }) => Same,

        // It exists.
        (News::Resting { .. } | News::Exists, S::Submitting | S::InDoubt { .. }) => Moved(S::Resting),
        (News::Resting { .. } | News::Exists, S::Resting | S::Canceling) => Same,
        // A stream's word may be older than our change: only terms that are the new ones end the wait.
        (News::Resting { price, total }, S::Amending { price: new, total: size }) => {
            if price == Some(new) && total == Some(size) { Moved(S::Resting) } else { Same }
        }
        // Out of doubt by either word: the old terms told by a read that was asked later, or the new ones.
        (News::Resting { .. }, S::AmendInDoubt { .. }) => Moved(S::Resting),
        (News::Exists, S::Amending { .. } | S::AmendInDoubt { .. } | S::Vanished { .. }) => Same,
        // An older word on a slower channel: what is gone does not come back.
        (News::Resting { .. }, S::Vanished { .. }) => Same,
        (News::Resting { .. } | News::Exists, S::Done { reason: Filled | Canceled }) => Same,
        (News::Resting { .. } | News::Exists, S::Done { reason: Rejected | NeverArrived }) => {
            Anomaly("an order that was refused or never arrived rests at the venue")
        }

        // The placing.
        (News::Rejected, S::Submitting | S::InDoubt { .. }) => done(Rejected),
        (News::NotSent, S::Submitting) => done(NeverArrived),
        (
            News::Rejected | News::NotSent,
            S::Resting | S::Amending { .. } | S::AmendInDoubt { .. } | S::Canceling | S::Vanished { .. },
        ) => Anomaly("refused by an answer, accepted by the stream"),
        (News::NotSent, S::InDoubt { .. }) => Same,
        (News::Rejected | News::NotSent, S::Done { .. }) => Same,
        (News::PlaceInDoubt, S::Submitting) => Moved(S::InDoubt { since: now }),
        // The stream was faster than the answer, and it knows.
        (
            News::PlaceInDoubt,
            S::InDoubt { .. }
            | S::Resting
            | S::Amending { .. }
            | S::AmendInDoubt { .. }
            | S::Canceling
            | S::Vanished { .. }
            | S::Done { .. },
        ) => Same,
        (News::NotFound, S::InDoubt { .. }) => done(NeverArrived),
        // It was there once, so what is not shown has ended; the stream or the fills say how.
        (News::NotFound, S::Resting | S::Amending { .. } | S::AmendInDoubt { .. } | S::Canceling) => {
            Moved(S::Vanished { since: now })
        }
        (News::NotFound, S::Vanished { .. }) => done(Canceled),
        (News::NotFound, S::Submitting | S::Done { .. }) => Same,

        // Changes.
        (News::AmendSent { price, total }, S::Resting) => Moved(S::Amending { price, total }),
        (
            News::AmendSent { .. },
            S::Submitting
            | S::InDoubt { .. }
            | S::Amending { .. }
            | S::AmendInDoubt { .. }
            | S::Canceling
            | S::Vanished { .. }
            | S::Done { .. },
        ) => Anomaly("a change was sent for an order that takes none"),
        (News::AmendRefused, S::Amending { .. }) => Moved(S::Resting),
        (News::AmendInDoubt, S::Amending { price, total }) => Moved(S::AmendInDoubt { since: now, price, total }),
        (
            News::AmendRefused | News::AmendInDoubt,
            S::Submitting
            | S::InDoubt { .. }
            | S::Resting
            | S::AmendInDoubt { .. }
            | S::Canceling
            | S::Vanished { .. }
            | S::Done { .. },
        ) => Same,

        // Cancels.
        (News::CancelSent, S::Resting | S::AmendInDoubt { .. } | S::InDoubt { .. }) => Moved(S::Canceling),
        (News::CancelSent, S::Canceling | S::Vanished { .. } | S::Done { .. }) => Same,
        (News::CancelSent, S::Submitting | S::Amending { .. }) => {
            Anomaly("a cancel was sent for an order that something else is under way for")
        }
        (News::CancelRefused, S::Canceling) => Moved(S::Resting),
        (
            News::CancelRefused,
            S::Submitting
            | S::InDoubt { .. }
            | S::Resting
            | S::Amending { .. }
            | S::AmendInDoubt { .. }
            | S::Vanished { .. }
            | S::Done { .. },
        ) => Same,
    }
}

/// What an order is for: a quote that execution keeps at what a strategy wants, or something that is done once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Rests as long as it is wanted.
    Quote,
    /// Takes now or never.
    Take,
    /// A leg of a combo, by the combo's number.
    Leg(u32),
    /// Closes a position by an exit rule.
    Exit,
    /// Placed by hand.
    Manual,
}

/// One of our orders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// Its key.
    pub key: OrderKey,
    /// Ours, minted before it is sent: the idempotency key.
    pub client_order_id: ClientOrderId,
    /// The venue's name for it, once known.
    pub venue_id: Option<VenueOrderId>,
    /// Whose it is.
    pub strategy: StrategyId,
    /// What it is for.
    pub role: Role,
    /// Where.
    pub venue: Venue,
    /// The market.
    pub market: MarketId,
    /// The side of the YES book.
    pub side: BookSide,
    /// Limit price of one YES contract, by the last terms that the venue acknowledged or that were sent first.
    pub price: Price,
    /// Contracts in all, filled ones included, by the same terms.
    pub total: Qty,
    /// How long it lives.
    pub time_in_force: TimeInForce,
    /// Refuse rather than take.
    pub post_only: bool,
    /// What it may do to the position.
    pub purpose: Purpose,
    /// With what it is done.
    pub funding: Funding,
    /// When it was decided and sent.
    pub created: Timestamp,
    /// Where it stands.
    pub state: OrderState,
    /// Contracts filled by fills that were booked and have not failed.
    pub booked: Qty,
    /// Contracts of fills that were booked and failed on the venue's chain: they stay matched, and give nothing.
    pub failed: Qty,
    /// Contracts filled by the venue's own running count.
    pub told: Qty,
    /// The newest request about it that has no answer yet.
    pub request: Option<RequestId>,
    /// It is to be taken back as soon as that is possible.
    pub cancel_wanted: bool,
    /// When to ask about it again, if nothing is heard.
    pub ask_at: Option<Timestamp>,
    /// How often it has been asked about since it was last clear.
    pub asks: u32,
    /// When its terms last changed by the venue's word: an older message cannot shrink them.
    pub terms_since: Timestamp,
    /// When something about it last changed.
    pub touched: Timestamp,
}

impl Order {
    /// Contracts that have filled, by fills or by the venue's count, whichever knows more.
    pub fn filled(&self) -> Qty {
        self.heard().max(self.told)
    }

    /// Contracts of all fills that were told one by one, failed ones too.
    pub fn heard(&self) -> Qty {
        self.booked.checked_add(self.failed).unwrap_or(Qty::MAX)
    }

    /// Contracts that the venue counts as filled and no fill was booked for yet: they count as owned, at the limit.
    pub fn unbooked(&self) -> Qty {
        self.told.saturating_sub(self.heard())
    }

    /// Whether it may still fill.
    pub const fn is_live(&self) -> bool {
        !matches!(self.state, OrderState::Done { .. })
    }

    /// Whether something must still be heard about it: it may fill, or a fill is missing.
    pub fn is_open(&self) -> bool {
        self.is_live() || !self.unbooked().is_zero()
    }

    /// Whether nothing is clear: not accepted, not refused.
    pub const fn is_in_doubt(&self) -> bool {
        matches!(self.state, OrderState::InDoubt { .. } | OrderState::AmendInDoubt { .. } | OrderState::Vanished { .. })
    }

    /// Price and total that it has if its latest change was made; its own where none is under way.
    pub const fn changed_terms(&self) -> (Price, Qty) {
        match self.state {
            OrderState::Amending { price, total } | OrderState::AmendInDoubt { price, total, .. } => (price, total),
            OrderState::Submitting
            | OrderState::InDoubt { .. }
            | OrderState::Resting
            | OrderState::Canceling
            | OrderState::Vanished { .. }
            | OrderState::Done { .. } => (self.price, self.total),
        }
    }

    /// The most contracts that it may be for.
    pub fn worst_total(&self) -> Qty {
        self.total.max(self.changed_terms().1)
    }

    /// The most contracts that it may still fill.
    pub fn worst_open(&self) -> Qty {
        if self.is_live() { self.worst_total().saturating_sub(self.filled()) } else { Qty::ZERO }
    }

    /// What a book may show of it, by price: a change under way is shown at either price. Immediate orders are never shown.
    pub(crate) fn offered(&self) -> [Option<(Price, Qty)>; 2] {
        let qty = self.worst_open();
        if qty.is_zero() || matches!(self.time_in_force, TimeInForce::Ioc | TimeInForce::Fok) {
            return [None; 2];
        }
        let (other, _) = self.changed_terms();
        [Some((self.price, qty)), (other != self.price).then_some((other, qty))]
    }

    /// The worst price at which it may fill: the highest a bid may pay, the lowest an ask may get.
    pub fn worst_price(&self) -> Price {
        let (other, _) = self.changed_terms();
        match self.side {
            BookSide::Bid => self.price.max(other),
            BookSide::Ask => self.price.min(other),
        }
    }

    /// Whether it might match an order of ours on the other side at `price`.
    pub fn may_cross(&self, side: BookSide, price: Price) -> bool {
        self.is_live()
            && self.side != side
            && !self.worst_open().is_zero()
            && match side {
                // Of the prices it may have, the worst is the one that another order meets first.
                BookSide::Bid => self.worst_price() <= price,
                BookSide::Ask => self.worst_price() >= price,
            }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const T: Timestamp = Timestamp::EPOCH;

    fn states() -> Vec<OrderState> {
        let (price, total) = (Price::from_cents(40).unwrap(), Qty::HUNDREDTH);
        let mut all = vec![
            OrderState::Submitting,
            OrderState::InDoubt { since: T },
            OrderState::Resting,
            OrderState::Amending { price, total },
            OrderState::AmendInDoubt { since: T, price, total },
            OrderState::Canceling,
            OrderState::Vanished { since: T },
        ];
        for reason in [EndReason::Filled, EndReason::Canceled, EndReason::Rejected, EndReason::NeverArrived] {
            all.push(OrderState::Done { reason });
        }
        all
    }

    fn news() -> Vec<News> {
        let (price, total) = (Price::from_cents(40).unwrap(), Qty::HUNDREDTH);
        vec![
            News::Resting { price: Some(price), total: Some(total) },
            News::Resting { price: None, total: None },
            News::Exists,
            News::Executed,
            News::Canceled,
            News::Gone,
            News::Rejected,
            News::NotSent,
            News::PlaceInDoubt,
            News::AmendSent { price, total },
            News::AmendRefused,
            News::AmendInDoubt,
            News::CancelSent,
            News::CancelRefused,
            News::NotFound,
        ]
    }

    #[test]
    fn no_guess_leads_out_of_doubt() {
        // Of all news, only the venue's word on this order moves it on.
        let moved: Vec<_> = news()
            .into_iter()
            .filter(|news| matches!(next(T, OrderState::InDoubt { since: T }, *news), Next::Moved(_)))
            .collect();
        for told in &moved {
            assert!(
                matches!(
                    told,
                    News::Resting { .. }
                        | News::Exists
                        | News::Executed
                        | News::Canceled
                        | News::Gone
                        | News::Rejected
                        | News::NotFound
                        | News::CancelSent
                ),
                "{told:?}"
            );
        }
        assert!(!moved.contains(&News::PlaceInDoubt) && !moved.contains(&News::NotSent));
    }

    #[test]
    fn what_is_done_never_lives_again() {
        for state in states().into_iter().filter(|state| matches!(state, OrderState::Done { .. })) {
            for told in news() {
                match next(T, state, told) {
                    Next::Moved(after) => assert!(matches!(after, OrderState::Done { .. }), "{state:?} {told:?}"),
                    Next::Same | Next::Anomaly(_) => {}
                }
            }
        }
    }

    #[test]
    fn a_cancel_that_is_sent_leaves_the_order_fillable() {
        let Next::Moved(state) = next(T, OrderState::Resting, News::CancelSent) else {
            panic!("a resting order can go")
        };
        assert_eq!(state, OrderState::Canceling);
        assert_eq!(next(T, state, News::Executed), Next::Moved(OrderState::Done { reason: EndReason::Filled }));
    }

    #[test]
    fn fill_racing_cancel_leaves_no_order_undead() {
        // The cancel is answered with "no such order": it is no longer resting, yet what it filled must still be heard.
        let Next::Moved(state) = next(T, OrderState::Canceling, News::Gone) else { panic!("it vanished") };
        assert_eq!(state, OrderState::Vanished { since: T });
        assert_eq!(next(T, state, News::Resting { price: None, total: None }), Next::Same);
        assert_eq!(next(T, state, News::Executed), Next::Moved(OrderState::Done { reason: EndReason::Filled }));
    }
}
