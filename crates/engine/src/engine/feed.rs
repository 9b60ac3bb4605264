//! What streams say: books, trades, our fills and orders, a market's life, the connection.

use brier_types::{
    ConnectionInput, Fill, FillStatus, FillStatusUpdate, Input as FeedInput, LifecycleInput, MarketResult,
    MarketStatus, OrderStatus, OrderUpdate, PositionUpdate, PriceGrid, Qty, Venue,
};

use super::{Engine, VENUES};
use crate::command::{Command, Funding, Scope};
use crate::fact::Fact;
use crate::halts::{Cause, STARTED};
use crate::ids::{MarketId, OrderKey, StrategyId};
use crate::input::FairValue;
use crate::instrument::{Custody, Instrument, venue_index};
use crate::order::{News, OrderState};
use crate::planted::Planted;
use crate::portfolio::{Booked, OwnFill, StatusNews};
use crate::strategy::Signal;

/// How many contracts a finished order may be short of its total and still count as filled: Polymarket's fills come out
/// short by up to a hundredth. Source: reference (Polymarket), section 7.4.
const SHORT_FILL: u64 = 10_000;

impl Engine {
    pub(super) fn on_feed(&mut self, venue: Venue, body: FeedInput, out: &mut Vec<Command>) {
        match body {
            FeedInput::Book(book) => {
                let Some(market) = self.state.universe.find(venue, book.market.as_str()) else {
                    self.counts.unknown += 1;
                    return;
                };
                if self.state.books.apply(market, &book) {
                    self.signal(market, Signal::Book(market), out);
                    self.after_book(market);
                }
            }
            FeedInput::BookLost(loss) => {
                if self.config.planted != Some(Planted::LostBooksTrusted) {
                    self.state.books.lose(venue, &loss);
                }
                for market in &loss.markets {
                    if let Some(market) = self.state.universe.find(venue, market.as_str()) {
                        self.signal(market, Signal::Book(market), out);
                        self.mark_work(market);
                    }
                }
            }
            FeedInput::Trade(trade) => {
                if let Some(market) = self.state.universe.find(venue, trade.market.as_str()) {
                    self.signal(market, Signal::Trade(market, &trade), out);
                }
            }
            // Best prices are the venue's summary; decisions are made from the book.
            FeedInput::Quote(_) => {}
            FeedInput::Fill(fill) => self.on_fill(venue, &fill, FillStatus::Confirmed, out),
            FeedInput::FillStatus(update) => self.on_fill_status(venue, &update, out),
            FeedInput::Order(update) => self.on_order_update(venue, &update, out),
            FeedInput::Position(update) => self.on_position(venue, &update),
            FeedInput::Lifecycle(life) => self.on_lifecycle(venue, &life, out),
            FeedInput::Connection(ConnectionInput::Up { .. }) => self.on_connected(venue, out),
            FeedInput::Connection(ConnectionInput::Down { reason, .. }) => {
                if self.config.planted != Some(Planted::LostBooksTrusted) {
                    self.state.books.disconnect(venue);
                }
                self.on_account_stream(venue, false, &reason, out);
                for market in 0..self.state.universe.len() as u32 {
                    if self.state.universe.get(MarketId(market)).venue() == venue {
                        self.signal(MarketId(market), Signal::Book(MarketId(market)), out);
                    }
                }
            }
        }
    }

    /// Work that a changed book makes: quotes in a market where something is wanted or owned.
    fn after_book(&mut self, market: MarketId) {
        if self.desk.watches(market)
            || self.state.orders.open_in(market).next().is_some()
            || !self.state.portfolio.account(market).is_flat()
        {
            self.mark_work(market);
        }
    }

    pub(super) fn on_account_stream(&mut self, venue: Venue, up: bool, reason: &str, out: &mut Vec<Command>) {
        if up {
            self.on_connected(venue, out);
            return;
        }
        // Private messages may have been lost: nothing new until the venue's own reads agree with us.
        self.halt(Scope::Venue(venue), Cause::Unreconciled, &format!("the stream is down: {reason}"), out);
        self.sync_mut(venue).connected = false;
    }

    fn on_connected(&mut self, venue: Venue, out: &mut Vec<Command>) {
        self.halt(Scope::Venue(venue), Cause::Unreconciled, "connected; the account is not compared yet", out);
        self.sync_mut(venue).connected = true;
        self.sync_mut(venue).forget_question();
        self.want_reconcile(venue, self.now);
    }

    pub(super) fn on_listed(&mut self, instrument: Instrument) {
        let market = self.state.universe.list(instrument);
        self.state.books.add(&self.state.universe, market);
        self.state.orders.add_market(market);
        self.state.portfolio.add_market(market);
        while self.state.fairs.len() <= market.index() {
            self.state.fairs.push(None);
            self.is_work.push(false);
        }
        self.risk.touch(market);
        let instrument = self.state.universe.get(market);
        for (place, seat) in self.seats.iter_mut().enumerate() {
            let listens = seat.all_markets || self.desk.wishes(place, instrument.venue(), &instrument.market.ticker);
            seat.listens.resize(market.index() + 1, false);
            seat.listens[market.index()] = listens;
        }
        self.mark_work(market);
    }

    /// The steps changed while orders may rest: those off the new steps are moved by execution, as their quotes are.
    pub(super) fn on_grid(&mut self, venue: Venue, ticker: &str, grid: PriceGrid) {
        let Some(market) = self.state.universe.find(venue, ticker) else {
            self.counts.unknown += 1;
            return;
        };
        self.state.universe.get_mut(market).market.grid = grid;
        self.mark_work(market);
    }

    pub(super) fn on_fair(&mut self, fair: FairValue, out: &mut Vec<Command>) {
        let Some(market) = self.state.universe.find(fair.venue, fair.market.as_str()) else {
            self.counts.unknown += 1;
            return;
        };
        // An older word than the one that is known says nothing.
        if self.state.fairs[market.index()].as_ref().is_some_and(|known| known.as_of > fair.as_of) {
            return;
        }
        self.state.fairs[market.index()] = Some(fair);
        self.signal(market, Signal::Fair(market), out);
    }

    pub(super) fn on_fact(&mut self, fact: Fact, out: &mut Vec<Command>) {
        if !fact.is_sound() {
            self.counts.anomalies += 1;
            return;
        }
        let told = fact.clone();
        if !self.state.facts.learn(fact) {
            return;
        }
        for seat in 0..self.seats.len() {
            if self.seats[seat].series.binary_search(&told.series).is_ok() {
                self.signal_one(StrategyId(seat as u16), Signal::Fact(&told), out);
            }
        }
    }

    // --- Fills ------------------------------------------------------------------------------------------------------

    /// Finds our order by the venue's name or by ours.
    pub(super) fn find_order(&self, venue_id: &str, client_id: Option<&str>) -> Option<OrderKey> {
        client_id.and_then(|id| self.state.orders.by_client_id(id)).or_else(|| self.state.orders.by_venue_id(venue_id))
    }

    /// Whether an order of this market is unanswered and has no name at the venue yet: an unknown name may be its.
    pub(super) fn may_be_ours(&self, market: MarketId) -> bool {
        self.state.orders.live_in(market).any(|order| order.venue_id.is_none())
    }

    /// Books a fill, in whatever state its order is. `status` is how final the venue's kind of fill is at once.
    pub(super) fn on_fill(&mut self, venue: Venue, fill: &Fill, status: FillStatus, out: &mut Vec<Command>) {
        let Some(market) = self.state.universe.find(venue, fill.market.as_str()) else {
            self.counts.unknown += 1;
            self.anomaly(venue, None, format!("a fill in {}, which is not listed here", fill.market), out);
            return;
        };
        let key = self.find_order(fill.order.as_str(), fill.client_order_id.as_ref().map(AsRef::as_ref));
        let over = key.and_then(|key| self.state.orders.get(key)).is_some_and(|order| !order.is_live());
        if over && self.config.planted == Some(Planted::LateFillsDropped) {
            return;
        }
        if let Some(key) = key {
            self.name_order(key, &fill.order, out);
        } else if self.may_be_ours(market) {
            // The answer that names our order may be behind this fill: it waits for that, and the order counts at its worst.
            let now = self.now;
            self.sync_mut(venue).keep_orphan(now, fill.clone(), status);
            return;
        }
        self.book_fill(venue, market, key, fill, status, out);
    }

    pub(super) fn book_fill(
        &mut self,
        venue: Venue,
        market: MarketId,
        key: Option<OrderKey>,
        fill: &Fill,
        status: FillStatus,
        out: &mut Vec<Command>,
    ) {
        let instrument = self.state.universe.get(market);
        let (custody, shard) = (instrument.custody, instrument.shard);
        // Fills that settle on a chain start provisional, whatever channel tells them first.
        let status =
            if custody == Custody::Tokens && status == FillStatus::Confirmed { FillStatus::Matched } else { status };
        let (strategy, funding) = match key.and_then(|key| self.state.orders.get(key)) {
            Some(order) => (order.strategy, order.funding),
            None => (StrategyId::OPERATOR, Funding::Cash),
        };
        let own = OwnFill {
            trade: fill.trade.clone(),
            order: fill.order.clone(),
            key,
            strategy,
            market,
            venue,
            shard,
            custody,
            side: fill.side,
            funding,
            price: fill.price,
            qty: fill.qty,
            fee: fill.fee,
            is_taker: fill.is_taker,
            at: self.now,
            status,
        };
        match self.state.portfolio.book(own.clone()) {
            Ok(Booked::New) => {}
            Ok(Booked::Duplicate) => return,
            Ok(Booked::Changed) => {
                let text = format!("fill {} of order {} was told twice with other terms", fill.trade, fill.order);
                return self.anomaly(venue, Some(market), text, out);
            }
            Err(error) => {
                let text = format!("fill {} of order {}: {error}", fill.trade, fill.order);
                return self.anomaly(venue, Some(market), text, out);
            }
        }
        self.counts.fills += 1;
        let now = self.now;
        self.sync_mut(venue).touch(market, now);
        self.sync_mut(venue).may_round(custody, false);
        self.risk.touch(market);
        self.risk.note_fill();
        if let Some(key) = key {
            self.count_fill(key, fill.qty, out);
            self.count_leg(key, &own, false, out);
            if Self::is_final(&own) {
                self.count_other_sale(&own, out);
            }
        } else {
            let text =
                format!("fill {} in {} of order {}, which nobody here placed", fill.trade, fill.market, fill.order);
            self.anomaly(venue, Some(market), text, out);
        }
        if let Some(after) = fill.position_after
            && custody == Custody::Netted
            && after != self.state.portfolio.account(market).net()
        {
            self.want_reconcile(venue, self.now.plus(self.config.habits(venue).read_lag));
        }
        self.mark_work(market);
        self.signal_one(strategy, Signal::Fill(market), out);
    }

    fn count_fill(&mut self, key: OrderKey, qty: Qty, out: &mut Vec<Command>) {
        let Some(order) = self.state.orders.get_mut(key) else { return };
        order.booked = order.booked.checked_add(qty).unwrap_or(Qty::MAX);
        order.touched = self.now;
        let (heard, venue, market) = (order.heard(), order.venue, order.market);
        let total = order.worst_total();
        if heard > total {
            let text = format!("order {}: filled {heard} of {total}", order.client_order_id);
            self.anomaly(venue, Some(market), text, out);
        }
        self.forgive_dust(key);
        let Some(order) = self.state.orders.get(key) else { return };
        let is_amending = matches!(order.state, OrderState::Amending { .. } | OrderState::AmendInDoubt { .. });
        if order.is_live() && !is_amending && total.saturating_sub(heard).is_zero() {
            self.news(key, News::Executed, out);
        } else {
            self.settle_order(key);
        }
    }

    /// A finished order of tokens whose fills come out a hundredth short is whole: nothing more will be told of it.
    fn forgive_dust(&mut self, key: OrderKey) {
        let Some(order) = self.state.orders.get_mut(key) else { return };
        let tokens = self.state.universe.get(order.market).custody == Custody::Tokens;
        if tokens && !order.is_live() && order.unbooked().micros() <= SHORT_FILL {
            order.told = order.heard();
        }
    }

    pub(super) fn on_fill_status(&mut self, venue: Venue, update: &FillStatusUpdate, out: &mut Vec<Command>) {
        if update.status == FillStatus::Failed && self.config.planted == Some(Planted::FailedFillsStay) {
            return;
        }
        let news = self.state.portfolio.set_status(&update.trade, &update.order, update.status);
        let Some(market) = self.state.universe.find(venue, update.market.as_str()) else {
            self.counts.unknown += 1;
            return;
        };
        match news {
            // A status before its fill is remembered by the portfolio.
            StatusNews::Unknown | StatusNews::Same => {}
            StatusNews::Moved => {
                let now = self.now;
                self.sync_mut(venue).touch(market, now);
                self.risk.touch(market);
                self.mark_work(market);
                if update.status == FillStatus::Confirmed
                    && let Some(fill) = self.state.portfolio.fill(&update.trade, &update.order).cloned()
                {
                    self.count_other_sale(&fill, out);
                }
            }
            StatusNews::Failed(fill) => {
                self.counts.failed += 1;
                let now = self.now;
                self.sync_mut(venue).touch(market, now);
                self.risk.touch(market);
                self.risk.note_fill();
                if let Some(order) = fill.key.and_then(|key| self.state.orders.get_mut(key)) {
                    order.booked = order.booked.saturating_sub(fill.qty);
                    order.failed = order.failed.checked_add(fill.qty).unwrap_or(Qty::MAX);
                    let key = order.key;
                    self.settle_order(key);
                }
                if let Some(key) = fill.key {
                    self.count_leg(key, &fill, true, out);
                }
                self.mark_work(market);
                self.signal_one(fill.strategy, Signal::Fill(market), out);
            }
            StatusNews::Contradiction => {
                let text = format!("fill {} ended one way and then the other", update.trade);
                self.anomaly(venue, Some(market), text, out);
            }
        }
    }

    // --- Orders -----------------------------------------------------------------------------------------------------

    /// Notes the venue's name of an order, and books what waited for it.
    pub(super) fn name_order(&mut self, key: OrderKey, venue_id: &brier_types::VenueOrderId, out: &mut Vec<Command>) {
        let Some(order) = self.state.orders.get(key) else { return };
        if order.venue_id.as_ref() == Some(venue_id) {
            return;
        }
        let (venue, market) = (order.venue, order.market);
        if !self.state.orders.name(key, venue_id) {
            let text = format!("order {venue_id} answers to a name that another order has");
            return self.anomaly(venue, Some(market), text, out);
        }
        for (fill, status) in self.sync_mut(venue).take_orphans(venue_id) {
            self.book_fill(venue, market, Some(key), &fill, status, out);
        }
        for update in self.sync_mut(venue).take_orphan_updates(venue_id) {
            self.on_order_update(venue, &update, out);
        }
    }

    pub(super) fn on_order_update(&mut self, venue: Venue, update: &OrderUpdate, out: &mut Vec<Command>) {
        let Some(market) = self.state.universe.find(venue, update.market.as_str()) else {
            self.counts.unknown += 1;
            return;
        };
        let client_id = update.client_order_id.as_ref().map(AsRef::as_ref);
        let Some(key) = self.find_order(update.order.as_str(), client_id) else {
            if client_id.is_none_or(|id| self.state.orders.is_ours(id)) && self.may_be_ours(market) {
                let now = self.now;
                self.sync_mut(venue).keep_orphan_update(now, update.clone());
            } else if update.status == OrderStatus::Resting {
                self.on_foreign_order(venue, market, update, out);
            }
            return;
        };
        self.name_order(key, &update.order, out);
        self.apply_update(key, update, false, out);
    }

    /// Applies the venue's word on an order. `asked` says that it answers a question asked after the order last changed.
    pub(super) fn apply_update(&mut self, key: OrderKey, update: &OrderUpdate, asked: bool, out: &mut Vec<Command>) {
        let (now, venue) = (self.now, self.state.orders.get(key).map(|order| order.venue));
        let Some(order) = self.state.orders.get_mut(key) else { return };
        if update.filled > order.told {
            order.told = update.filled;
            order.touched = now;
            // A fill is on its way; if it does not come, the reads have it.
            let due = now.plus(self.config.ask_after * 4);
            order.ask_at = Some(order.ask_at.map_or(due, |known| known.min(due)));
        }
        let market = order.market;
        let total = update.filled.checked_add(update.remaining).unwrap_or(Qty::MAX);
        let news = match update.status {
            OrderStatus::Resting => News::Resting { price: Some(update.price), total: Some(total) },
            OrderStatus::Canceled => News::Canceled,
            OrderStatus::Executed => News::Executed,
        };
        let before = order.state;
        if update.status == OrderStatus::Resting {
            // A stream's word, and that of a read which began before our last change, may be older than that change.
            let takes_terms = match before {
                OrderState::Submitting | OrderState::InDoubt { .. } => true,
                OrderState::Amending { price, total: new } => price == update.price && new == total,
                OrderState::AmendInDoubt { .. } | OrderState::Resting | OrderState::Canceling => asked,
                OrderState::Vanished { .. } | OrderState::Done { .. } => false,
            };
            if takes_terms {
                order.price = update.price;
                order.total = total;
                order.terms_since = now;
            }
        }
        // A read that was asked while a change was in doubt may still show the state before it: only an asked one counts.
        let skip = matches!(before, OrderState::AmendInDoubt { .. }) && update.status == OrderStatus::Resting && !asked;
        if let Some(venue) = venue {
            self.sync_mut(venue).touch(market, now);
        }
        if skip {
            self.settle_order(key);
        } else {
            self.news(key, news, out);
        }
    }

    /// Whether an order's fills make it whole: to the last digit, or nearly where fills of tokens come out short.
    pub(super) fn is_whole(&self, market: MarketId, total: Qty, filled: Qty) -> bool {
        let short = total.saturating_sub(filled);
        let comes_short = self.state.universe.get(market).custody == Custody::Tokens && !filled.is_zero();
        short.is_zero() || (comes_short && short.micros() <= SHORT_FILL)
    }

    fn on_foreign_order(&mut self, venue: Venue, market: MarketId, update: &OrderUpdate, out: &mut Vec<Command>) {
        if !self.sync_mut(venue).note_foreign(&update.order) {
            return;
        }
        let text = format!(
            "order {} rests in {} and nobody here placed it: another program trades on this account",
            update.order, update.market
        );
        self.anomaly(venue, Some(market), text, out);
    }

    fn on_position(&mut self, venue: Venue, update: &PositionUpdate) {
        let Some(market) = self.state.universe.find(venue, update.market.as_str()) else { return };
        if self.state.portfolio.account(market).net() != update.position {
            // The channels are not ordered against each other: look again when both have been heard.
            self.want_reconcile(venue, self.now.plus(self.config.habits(venue).read_lag));
        }
    }

    // --- Life of a market -------------------------------------------------------------------------------------------

    fn on_lifecycle(&mut self, venue: Venue, life: &LifecycleInput, out: &mut Vec<Command>) {
        let Some(market) = self.state.universe.find(venue, life.market.as_str()) else {
            self.counts.unknown += 1;
            return;
        };
        let listed = &mut self.state.universe.get_mut(market).market;
        if let Some(close_time) = life.close_time {
            listed.close_time = close_time;
        }
        if let Some(result) = life.result {
            listed.result = Some(result);
        }
        if let Some(status) = life.status {
            listed.status = status;
        }
        self.climb(market, life.status, life.result);
        self.signal(market, Signal::Status(market), out);
        self.mark_work(market);
    }

    /// Takes a market up its settlement ladder.
    fn climb(&mut self, market: MarketId, status: Option<MarketStatus>, result: Option<MarketResult>) {
        let venue = self.state.universe.get(market).venue();
        let known = self.state.universe.get(market).market.result;
        if let Some(result) = result {
            self.state.portfolio.resolve(market, result);
        }
        match (status, known) {
            (Some(MarketStatus::Disputed), _) => self.state.portfolio.dispute(market),
            (Some(MarketStatus::Finalized), Some(result)) if self.config.habits(venue).pays_itself => {
                self.pay(market, result);
            }
            // Paid, and nobody told the result: the reads have it.
            (Some(MarketStatus::Finalized), None) => self.want_reconcile(venue, self.now),
            _ => {}
        }
    }

    /// Books the payout of a market, once.
    pub(super) fn pay(&mut self, market: MarketId, result: MarketResult) {
        let instrument = self.state.universe.get(market);
        let (venue, shard, custody) = (instrument.venue(), instrument.shard, instrument.custody);
        if self.config.planted == Some(Planted::PaidTwice) {
            self.state.portfolio.forget_payout(market);
        }
        if self.state.portfolio.settle(market, venue, shard, result).is_some() {
            self.risk.touch(market);
            self.risk.note_fill();
            let now = self.now;
            self.sync_mut(venue).touch(market, now);
            self.sync_mut(venue).may_round(custody, true);
            // The venue rounds its payout in its own way: cash follows by its word.
            self.want_reconcile(venue, self.now.plus(self.config.habits(venue).read_lag));
        }
    }

    pub(super) fn on_started(&mut self, run: u32, out: &mut Vec<Command>) {
        self.run = run;
        if self.config.planted == Some(Planted::KillForgotten) {
            self.state.halts.lift_all_that_need_a_person();
        }
        self.winding_down = false;
        self.armed = None;
        self.pending.clear();
        self.next_tick = self.now;
        for venue in VENUES {
            self.state.books.disconnect(venue);
            if self.state.universe.iter().any(|(_, instrument)| instrument.venue() == venue) || run > 1 {
                self.halt(Scope::Venue(venue), Cause::Unreconciled, STARTED, out);
            }
            self.sync[venue_index(venue)].restart();
        }
        // Whatever was under way when the last run ended may or may not have happened.
        let keys: Vec<OrderKey> = self.state.orders.iter_open().map(|order| order.key).collect();
        for key in keys {
            let Some(order) = self.state.orders.get_mut(key) else { continue };
            order.request = None;
            match order.state {
                OrderState::Submitting => self.news(key, News::PlaceInDoubt, out),
                OrderState::Amending { .. } => self.news(key, News::AmendInDoubt, out),
                OrderState::Canceling
                | OrderState::InDoubt { .. }
                | OrderState::AmendInDoubt { .. }
                | OrderState::Vanished { .. }
                | OrderState::Resting
                | OrderState::Done { .. } => {
                    let order = self.state.orders.get_mut(key).expect("it was just there");
                    order.asks = 0;
                    order.ask_at = Some(self.now.plus(self.config.ask_after));
                }
            }
        }
        self.desk.restart(self.now);
        self.restart_combos();
        for seat in 0..self.seats.len() {
            self.signal_one(StrategyId(seat as u16), Signal::Start, out);
        }
        self.mark_all_work();
    }
}
