//! What became of our requests. Answers may come twice and late; each says something about one order, and the table in
//! [`crate::order`] decides what that changes.

use std::time::Duration;

use brier_types::{OrderUpdate, Qty, TimeInForce, Venue, VenueOrderId};

use super::{Engine, Kind, Pending};
use crate::command::{Alert, Command, Scope};
use crate::halts::Cause;
use crate::ids::{OrderKey, RequestId};
use crate::input::{Answer, NotNow, Reject, RejectCode};
use crate::order::{News, OrderState};
use crate::planted::Planted;

impl Engine {
    pub(super) fn on_answer(&mut self, venue: Venue, request: RequestId, answer: Answer, out: &mut Vec<Command>) {
        let Some(place) = self.pending.iter().position(|pending| pending.request == request && pending.venue == venue)
        else {
            // Of an earlier run, or told again after it was clear.
            self.counts.unknown += 1;
            return;
        };
        let pending = self.pending[place];
        // What is in doubt may be told more clearly later.
        if matches!(answer, Answer::InDoubt { .. }) {
            self.pending[place].until = brier_types::Timestamp::MAX;
        } else {
            self.pending.remove(place);
        }
        if let Some(order) = pending.order.and_then(|key| self.state.orders.get_mut(key))
            && order.request == Some(request)
        {
            order.request = None;
        }
        if let Answer::NotNow { why, retry_after } = &answer {
            self.on_not_now(venue, *why, *retry_after, out);
        }
        match (pending.kind, pending.order) {
            (Kind::Place, Some(key)) => self.on_place_answer(key, answer, out),
            (Kind::Amend, Some(key)) => self.on_amend_answer(key, answer, out),
            (Kind::Cancel, Some(key)) => self.on_cancel_answer(key, answer, out),
            (Kind::Lookup, Some(key)) => self.on_lookup_answer(key, answer, out),
            (Kind::CancelAll, _) => self.on_cancel_all_answer(venue, &answer),
            (Kind::Group(strategy), _) => {
                if let Answer::Group(group) = answer {
                    self.desk.set_group(strategy, group);
                }
            }
            (Kind::Place | Kind::Amend | Kind::Cancel | Kind::Lookup, None) => {}
        }
    }

    /// A venue that takes nothing now: execution waits, and longer each time.
    fn on_not_now(&mut self, venue: Venue, why: NotNow, retry_after: Option<Duration>, out: &mut Vec<Command>) {
        let wait = self.desk.hold(venue, self.now, retry_after);
        if why != NotNow::RateLimited {
            let until = self.now.plus(wait);
            let reason = match why {
                NotNow::NotSent => "no connection",
                NotNow::RateLimited => "rate limit",
                NotNow::Restarting => "the venue restarts",
                NotNow::PostOnlyMode => "the venue takes post-only orders only",
                NotNow::CancelOnlyMode => "the venue takes cancels only",
            };
            self.halt(Scope::Venue(venue), Cause::VenueAway { until }, reason, out);
        }
    }

    fn on_place_answer(&mut self, key: OrderKey, answer: Answer, out: &mut Vec<Command>) {
        let Some(order) = self.state.orders.get(key) else { return };
        let (venue, market) = (order.venue, order.market);
        match answer {
            Answer::Placed { order: venue_id, filled, remaining } => {
                self.placed(key, &venue_id, out);
                self.tell(key, filled);
                let news = self.after_placing(key, filled, remaining);
                self.news(key, news, out);
            }
            Answer::PlacedUnclear { order: venue_id } => {
                self.placed(key, &venue_id, out);
                self.news(key, News::Exists, out);
                self.ask_soon(key);
            }
            Answer::Rejected(reject) if reject.code == RejectCode::Duplicate => {
                // The id is known there: the order exists or once did. Looking it up tells.
                self.news(key, News::PlaceInDoubt, out);
            }
            Answer::Rejected(reject) => {
                self.rejected(venue, market, key, &reject, out);
                self.news(key, News::Rejected, out);
            }
            Answer::NotNow { .. } => self.news(key, News::NotSent, out),
            Answer::InDoubt { .. } => {
                let timeout = self.config.planted == Some(Planted::TimeoutMeansRejected);
                self.news(key, if timeout { News::Rejected } else { News::PlaceInDoubt }, out);
                if self.config.planted == Some(Planted::DoubtIsFree)
                    && let Some(order) = self.state.orders.get_mut(key)
                {
                    order.total = order.filled();
                }
            }
            other @ (Answer::Amended { .. }
            | Answer::Decreased { .. }
            | Answer::Canceled { .. }
            | Answer::CanceledAll
            | Answer::Group(_)
            | Answer::Gone
            | Answer::Found(_)
            | Answer::NotFound { .. }) => self.misfit(venue, "placing", &other, out),
        }
    }

    /// What the answer to a placing means for where the order stands.
    fn after_placing(&self, key: OrderKey, filled: Qty, remaining: Qty) -> News {
        let Some(order) = self.state.orders.get(key) else { return News::Exists };
        let immediate = matches!(order.time_in_force, TimeInForce::Ioc | TimeInForce::Fok);
        if self.is_whole(order.market, order.total, filled) {
            News::Executed
        } else if immediate || remaining.is_zero() {
            // A resting order that does not rest met our own: the venue took its rest back.
            News::Canceled
        } else {
            News::Resting { price: Some(order.price), total: filled.checked_add(remaining) }
        }
    }

    fn placed(&mut self, key: OrderKey, venue_id: &VenueOrderId, out: &mut Vec<Command>) {
        if let Some(order) = self.state.orders.get(key) {
            let (venue, market) = (order.venue, order.market);
            self.risk.on_accept(venue, market);
            self.desk.went_well(venue);
        }
        self.name_order(key, venue_id, out);
    }

    /// The venue's running count of an order's fills only grows.
    fn tell(&mut self, key: OrderKey, filled: Qty) {
        let (now, wait) = (self.now, self.config.ask_after * 4);
        if let Some(order) = self.state.orders.get_mut(key)
            && filled > order.told
        {
            order.told = filled;
            let due = now.plus(wait);
            order.ask_at = Some(order.ask_at.map_or(due, |known| known.min(due)));
        }
    }

    fn ask_soon(&mut self, key: OrderKey) {
        let at = self.now.plus(self.config.ask_after);
        if let Some(order) = self.state.orders.get_mut(key) {
            order.ask_at = Some(order.ask_at.map_or(at, |known| known.min(at)));
        }
    }

    fn rejected(
        &mut self,
        venue: Venue,
        market: crate::ids::MarketId,
        key: OrderKey,
        reject: &Reject,
        out: &mut Vec<Command>,
    ) {
        self.counts.rejected += 1;
        out.push(Command::Alert(Alert::Rejected { market, text: reject.text.clone() }));
        match reject.code {
            RejectCode::Fatal => self.halt(Scope::Venue(venue), Cause::Fatal, &reject.text, out),
            // Our picture of cash, holdings or steps may be wrong.
            RejectCode::InsufficientBalance | RejectCode::InvalidPrice => self.want_reconcile(venue, self.now),
            RejectCode::PostOnlyCross
            | RejectCode::InvalidSize
            | RejectCode::MarketClosed
            | RejectCode::NoLiquidity
            | RejectCode::SelfTrade
            | RejectCode::Duplicate
            | RejectCode::GroupTripped
            | RejectCode::Other => {}
        }
        if let Some(order) = self.state.orders.get(key) {
            self.desk.back_off(order.strategy, market, order.side, self.now);
        }
        let trip = self.risk.on_reject(self.now, venue, market, reject.code);
        self.trip(trip, out);
    }

    fn on_amend_answer(&mut self, key: OrderKey, answer: Answer, out: &mut Vec<Command>) {
        let Some(order) = self.state.orders.get(key) else { return };
        let (venue, market) = (order.venue, order.market);
        match answer {
            Answer::Amended { filled, remaining } => {
                self.tell(key, filled);
                let now = self.now;
                let Some(order) = self.state.orders.get_mut(key) else { return };
                let (OrderState::Amending { price, .. } | OrderState::AmendInDoubt { price, .. }) = order.state else {
                    // The stream told it first.
                    return self.settle_order(key);
                };
                let total = filled.checked_add(remaining).unwrap_or(Qty::MAX);
                let wanted = match order.state {
                    OrderState::Amending { total, .. } | OrderState::AmendInDoubt { total, .. } => total,
                    OrderState::Submitting
                    | OrderState::InDoubt { .. }
                    | OrderState::Resting
                    | OrderState::Canceling
                    | OrderState::Vanished { .. }
                    | OrderState::Done { .. } => total,
                };
                order.price = price;
                order.total = total;
                order.terms_since = now;
                order.state = OrderState::Resting;
                order.ask_at = None;
                order.asks = 0;
                let news = if !remaining.is_zero() {
                    News::Resting { price: Some(price), total: Some(total) }
                } else if self.is_whole(market, wanted, filled) {
                    News::Executed
                } else {
                    News::Canceled
                };
                self.risk.on_accept(venue, market);
                self.news(key, news, out);
            }
            Answer::Rejected(reject) => {
                self.rejected(venue, market, key, &reject, out);
                self.news(key, News::AmendRefused, out);
            }
            Answer::NotNow { .. } => self.news(key, News::AmendRefused, out),
            Answer::InDoubt { .. } => self.news(key, News::AmendInDoubt, out),
            Answer::Gone => self.news(key, News::Gone, out),
            other @ (Answer::Placed { .. }
            | Answer::PlacedUnclear { .. }
            | Answer::Decreased { .. }
            | Answer::Canceled { .. }
            | Answer::CanceledAll
            | Answer::Group(_)
            | Answer::Found(_)
            | Answer::NotFound { .. }) => self.misfit(venue, "a change", &other, out),
        }
    }

    fn on_cancel_answer(&mut self, key: OrderKey, answer: Answer, out: &mut Vec<Command>) {
        let Some(order) = self.state.orders.get(key) else { return };
        let venue = order.venue;
        match answer {
            Answer::Canceled { reduced_by: Some(reduced_by) } => {
                // What was taken back tells what had filled, if its total is known.
                let certain = order.state == OrderState::Canceling;
                let filled = order.total.saturating_sub(reduced_by);
                if certain {
                    self.tell(key, filled);
                    self.news(key, News::Canceled, out);
                } else {
                    self.news(key, News::Gone, out);
                }
            }
            Answer::Canceled { reduced_by: None } | Answer::Gone => self.news(key, News::Gone, out),
            Answer::Rejected(reject) => {
                if reject.code == RejectCode::Fatal {
                    self.halt(Scope::Venue(venue), Cause::Fatal, &reject.text, out);
                }
                self.cancel_again(key, out);
            }
            Answer::NotNow { .. } | Answer::InDoubt { .. } => self.cancel_again(key, out),
            other @ (Answer::Placed { .. }
            | Answer::PlacedUnclear { .. }
            | Answer::Amended { .. }
            | Answer::Decreased { .. }
            | Answer::CanceledAll
            | Answer::Group(_)
            | Answer::Found(_)
            | Answer::NotFound { .. }) => self.misfit(venue, "a cancel", &other, out),
        }
    }

    /// A cancel that did not go through is made again: it is safe to repeat, and the order counts as live until it has.
    fn cancel_again(&mut self, key: OrderKey, _out: &mut Vec<Command>) {
        let (now, first) = (self.now, self.config.ask_after);
        if let Some(order) = self.state.orders.get_mut(key)
            && order.state == OrderState::Canceling
        {
            order.ask_at = Some(now.plus(first * (1 << order.asks.min(5))));
            order.asks += 1;
            order.cancel_wanted = true;
        }
    }

    fn on_lookup_answer(&mut self, key: OrderKey, answer: Answer, out: &mut Vec<Command>) {
        let Some(order) = self.state.orders.get(key) else { return };
        let (venue, created) = (order.venue, order.created);
        match answer {
            Answer::Found(update) => self.found(key, &update, out),
            Answer::NotFound { as_of } => {
                // Only a read of a moment at which the placing could no longer arrive proves that it never did.
                let habits = self.config.habits(venue);
                let provable = created.max(order.terms_since).plus(habits.request_life);
                let planted = self.config.planted == Some(Planted::NotFoundAtOnce);
                if planted
                    || as_of > provable
                    || (order.venue_id.is_some() && as_of > order.touched.plus(habits.read_lag))
                {
                    self.news(key, News::NotFound, out);
                } else {
                    self.ask_later(key);
                }
            }
            Answer::Rejected(_) | Answer::NotNow { .. } | Answer::InDoubt { .. } | Answer::Gone => self.ask_later(key),
            other @ (Answer::Placed { .. }
            | Answer::PlacedUnclear { .. }
            | Answer::Amended { .. }
            | Answer::Decreased { .. }
            | Answer::Canceled { .. }
            | Answer::CanceledAll
            | Answer::Group(_)) => self.misfit(venue, "a lookup", &other, out),
        }
    }

    fn found(&mut self, key: OrderKey, update: &OrderUpdate, out: &mut Vec<Command>) {
        self.name_order(key, &update.order, out);
        self.apply_update(key, update, true, out);
        let Some(order) = self.state.orders.get(key) else { return };
        // A vanished order that a lagging read still shows as resting: ask again. A missing fill: the account's reads have it.
        if order.is_in_doubt() {
            self.ask_later(key);
        } else if !order.unbooked().is_zero() {
            let venue = order.venue;
            self.want_reconcile(venue, self.now);
        }
    }

    pub(super) fn ask_later(&mut self, key: OrderKey) {
        let (now, first) = (self.now, self.config.ask_after);
        if let Some(order) = self.state.orders.get_mut(key) {
            order.asks += 1;
            order.ask_at = Some(now.plus(first * (1 << order.asks.min(5))));
        }
    }

    fn on_cancel_all_answer(&mut self, venue: Venue, answer: &Answer) {
        match answer {
            Answer::CanceledAll => {
                // The streams tell each order's end; what they do not tell, the reads do.
                let wait = self.config.habits(venue).read_lag;
                self.want_reconcile(venue, self.now.plus(wait));
            }
            // Each order is canceled on its own as well.
            Answer::Placed { .. }
            | Answer::PlacedUnclear { .. }
            | Answer::Amended { .. }
            | Answer::Decreased { .. }
            | Answer::Canceled { .. }
            | Answer::Group(_)
            | Answer::Gone
            | Answer::Rejected(_)
            | Answer::NotNow { .. }
            | Answer::InDoubt { .. }
            | Answer::Found(_)
            | Answer::NotFound { .. } => {}
        }
    }

    /// The gateway's bug: told, and nothing is believed.
    fn misfit(&mut self, venue: Venue, what: &str, answer: &Answer, out: &mut Vec<Command>) {
        self.anomaly(venue, None, format!("{what} was answered with {answer:?}"), out);
    }

    /// Answers that the gateway owes and did not give in time.
    pub(super) fn give_up_waiting(&mut self, out: &mut Vec<Command>) {
        let now = self.now;
        while let Some(place) = self.pending.iter().position(|pending| pending.until <= now) {
            self.pending[place].until = brier_types::Timestamp::MAX;
            let Pending { order, kind, .. } = self.pending[place];
            if let Some(order) = order.and_then(|key| self.state.orders.get_mut(key)) {
                order.request = None;
            }
            match (kind, order) {
                (Kind::Place, Some(key)) => self.news(key, News::PlaceInDoubt, out),
                (Kind::Amend, Some(key)) => self.news(key, News::AmendInDoubt, out),
                (Kind::Cancel, Some(key)) => self.cancel_again(key, out),
                (Kind::Lookup, Some(key)) => self.ask_later(key),
                (Kind::CancelAll | Kind::Group(_), _)
                | (Kind::Place | Kind::Amend | Kind::Cancel | Kind::Lookup, None) => {}
            }
        }
        // What nobody will answer any more, as its order is over.
        let orders = &self.state.orders;
        self.pending.retain(|pending| {
            pending.until < brier_types::Timestamp::MAX
                || pending.order.and_then(|key| orders.get(key)).is_some_and(crate::order::Order::is_live)
        });
    }
}
