//! Our picture of the account against the venue's own reads.
//!
//! Reads lag writes, so a read is believed for what did not move since the moment it is true for; the rest is looked at next
//! time. Fills are booked from it as from the stream. A difference that fills do not explain halts its market at once and is
//! told; it heals when a later read agrees, or, when several reads in a row show the same, by taking the venue's word.

use std::collections::{BTreeMap, BTreeSet};

use brier_types::{Fill, FillStatus, Money, OrderStatus, OrderUpdate, Price, Qty, Timestamp, Venue, VenueOrderId};

use super::Engine;
use crate::command::{Alert, Command, Scope};
use crate::halts::Cause;
use crate::ids::{MarketId, OrderKey};
use crate::input::{AccountSnapshot, VenueCash, VenuePosition};
use crate::instrument::{Custody, venue_index};
use crate::order::{News, OrderState};
use crate::planted::Planted;
use crate::portfolio::Stage;

/// How many orphaned fills and updates are kept for orders whose name is not known yet.
const MAX_ORPHANS: usize = 1_024;
/// How many foreign orders are remembered as told.
const MAX_FOREIGN: usize = 4_096;
/// Cash may differ by this many millionths of a dollar for each fill of tokens since the last agreement: their amounts have
/// more digits than a price and a quantity can tell. Source: reference (Polymarket), section 6.
const ROUNDING_PER_TOKEN_FILL: i64 = 2;
/// Kalshi rounds the balance down to $0.0001 once for each payout. Source: reference (Kalshi), section 11.
const ROUNDING_PER_PAYOUT: i64 = 100;

/// How far the comparison with one venue is.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct VenueSync {
    pub connected: bool,
    /// The number of the last question.
    pub asked: u64,
    /// When it was asked, while it has no answer.
    pub open_since: Option<Timestamp>,
    /// When to ask next.
    pub next: Option<Timestamp>,
    /// Reads have agreed once in this run.
    pub agreed: bool,
    /// Reads have agreed once ever on this journal: what is there before is no difference.
    pub opened: bool,
    /// Fills are complete up to here, and booked.
    pub fills_until: Timestamp,
    /// When each market last moved, by our own clock.
    pub touched: BTreeMap<MarketId, Timestamp>,
    /// Differences of positions: what the venue showed, and how often in a row.
    pub suspects: BTreeMap<MarketId, (i64, u32)>,
    /// A difference of cash by shard, likewise.
    pub cash_suspects: BTreeMap<u16, (i64, u32)>,
    /// Millionths of a dollar by which the venue's rounding may have moved cash since it last agreed.
    pub slack: i64,
    orphans: Vec<(Timestamp, Fill, FillStatus)>,
    orphan_updates: Vec<(Timestamp, OrderUpdate)>,
    foreign: BTreeSet<VenueOrderId>,
}

impl VenueSync {
    pub(crate) fn restart(&mut self) {
        self.connected = false;
        self.open_since = None;
        self.next = None;
        self.agreed = false;
        self.orphans.clear();
        self.orphan_updates.clear();
    }

    pub(crate) fn forget_question(&mut self) {
        self.open_since = None;
    }

    pub(crate) fn due(&self) -> Timestamp {
        match (self.open_since, self.next) {
            (None, Some(next)) => next,
            // A question that is not answered is the gateway's fault; it is asked again a minute later.
            (Some(since), _) => since.plus(std::time::Duration::from_mins(1)),
            (None, None) => Timestamp::MAX,
        }
    }

    pub(crate) fn touch(&mut self, market: MarketId, now: Timestamp) {
        self.touched.insert(market, now);
    }

    /// A fill or a payout that the venue rounds in its own way.
    pub(crate) const fn may_round(&mut self, custody: Custody, is_payout: bool) {
        self.slack += match (custody, is_payout) {
            (Custody::Tokens, _) => ROUNDING_PER_TOKEN_FILL,
            (Custody::Netted, true) => ROUNDING_PER_PAYOUT,
            // Net fees are told to the last digit.
            (Custody::Netted, false) => 0,
        };
    }

    pub(crate) fn keep_orphan(&mut self, now: Timestamp, fill: Fill, status: FillStatus) {
        let known = self.orphans.iter().any(|(_, it, _)| it.trade == fill.trade && it.order == fill.order);
        if !known && self.orphans.len() < MAX_ORPHANS {
            self.orphans.push((now, fill, status));
        }
    }

    pub(crate) fn take_orphans(&mut self, order: &VenueOrderId) -> Vec<(Fill, FillStatus)> {
        let (mine, others) =
            std::mem::take(&mut self.orphans).into_iter().partition(|(_, fill, _)| fill.order == *order);
        self.orphans = others;
        let mine: Vec<(Timestamp, Fill, FillStatus)> = mine;
        mine.into_iter().map(|(_, fill, status)| (fill, status)).collect()
    }

    pub(crate) fn keep_orphan_update(&mut self, now: Timestamp, update: OrderUpdate) {
        if self.orphan_updates.len() < MAX_ORPHANS {
            self.orphan_updates.push((now, update));
        }
    }

    pub(crate) fn take_orphan_updates(&mut self, order: &VenueOrderId) -> Vec<OrderUpdate> {
        let (mine, others) =
            std::mem::take(&mut self.orphan_updates).into_iter().partition(|(_, update)| update.order == *order);
        self.orphan_updates = others;
        let mine: Vec<(Timestamp, OrderUpdate)> = mine;
        mine.into_iter().map(|(_, update)| update).collect()
    }

    /// Foreign orders that were told.
    pub(crate) fn foreign(&self) -> impl Iterator<Item = &VenueOrderId> {
        self.foreign.iter()
    }

    /// Whether a foreign order is news.
    pub(crate) fn note_foreign(&mut self, order: &VenueOrderId) -> bool {
        self.foreign.len() < MAX_FOREIGN && self.foreign.insert(order.clone())
    }
}

impl Engine {
    /// Wants a comparison at this time, or earlier if one is due before.
    pub(super) fn want_reconcile(&mut self, venue: Venue, at: Timestamp) {
        let sync = self.sync_mut(venue);
        sync.next = Some(sync.next.map_or(at, |known| known.min(at)));
    }

    pub(super) fn run_reconcile(&mut self, venue: Venue, out: &mut Vec<Command>) {
        let now = self.now;
        let every = self.config.habits(venue).reconcile_every;
        let lag = self.config.habits(venue).read_lag;
        let sync = self.sync_mut(venue);
        if now < sync.due() || !sync.connected {
            return;
        }
        sync.asked += 1;
        sync.open_since = Some(now);
        sync.next = Some(now.plus(every));
        let asked = sync.asked;
        let fills_since = sync.fills_until.minus(lag * 4);
        out.push(Command::Reconcile { venue, asked, fills_since });
    }

    pub(super) fn on_account_unread(&mut self, venue: Venue, reason: &str, out: &mut Vec<Command>) {
        let again = self.now.plus(self.config.ask_after * 8);
        self.sync_mut(venue).open_since = None;
        self.want_reconcile(venue, again);
        if !self.sync[venue_index(venue)].agreed {
            self.halt(Scope::Venue(venue), Cause::Unreconciled, &format!("the account cannot be read: {reason}"), out);
        }
    }

    pub(super) fn on_account(&mut self, snapshot: &AccountSnapshot, out: &mut Vec<Command>) {
        let venue = snapshot.venue;
        if self.sync[venue_index(venue)].asked != snapshot.asked || self.sync[venue_index(venue)].open_since.is_none() {
            // The answer to an earlier question: a newer one is on its way.
            return;
        }
        self.sync_mut(venue).open_since = None;
        self.book_missing_fills(snapshot, out);
        self.believe_fills(snapshot);
        self.compare_orders(snapshot, out);
        let positions_agree = self.compare_positions(snapshot, out);
        let cash_agrees = self.compare_cash(snapshot, out);
        // A fill that waits for its order's name is in no journal that way: a restart reads it again.
        if self.sync[venue_index(venue)].orphans.is_empty() {
            self.sync_mut(venue).fills_until = snapshot.as_of;
        }
        if positions_agree && cash_agrees {
            self.sync_mut(venue).agreed = true;
            self.sync_mut(venue).opened = true;
            if self.sync[venue_index(venue)].connected {
                self.lift(Scope::Venue(venue), Cause::Unreconciled, "the venue's reads agree", out);
            }
            self.want_groups(out);
        } else {
            let soon = self.now.plus(self.config.habits(venue).read_lag * 2);
            self.want_reconcile(venue, soon);
        }
        self.mark_all_work();
    }

    /// Fills that no stream told. The first read of a journal begins it: what happened before is not its trade.
    fn book_missing_fills(&mut self, snapshot: &AccountSnapshot, out: &mut Vec<Command>) {
        let venue = snapshot.venue;
        let opened = self.sync[venue_index(venue)].opened;
        for fill in &snapshot.fills {
            let Some(market) = self.state.universe.find(venue, fill.market.as_str()) else { continue };
            let again = self.config.planted == Some(Planted::FillsCountTwice);
            if self.state.portfolio.has_fill(&fill.trade, &fill.order) && !again {
                continue;
            }
            let client_id = fill.client_order_id.as_ref().map(AsRef::as_ref);
            let key = self.find_order(fill.order.as_str(), client_id);
            if key.is_none() && !opened {
                continue;
            }
            if key.is_none() && self.may_be_ours(market) {
                let now = self.now;
                self.sync_mut(venue).keep_orphan(now, fill.clone(), FillStatus::Confirmed);
                continue;
            }
            if let Some(key) = key {
                self.name_order(key, &fill.order, out);
            }
            let mut fill = fill.clone();
            if again && let Ok(other) = format!("again-{}", fill.trade).parse() {
                fill.trade = other;
            }
            self.book_fill(venue, market, key, &fill, FillStatus::Confirmed, out);
        }
        for (trade, order, status) in &snapshot.statuses {
            let Some(fill) = snapshot.fills.iter().find(|fill| fill.trade == *trade && fill.order == *order) else {
                continue;
            };
            let update = brier_types::FillStatusUpdate {
                trade: trade.clone(),
                order: order.clone(),
                market: fill.market.clone(),
                status: *status,
            };
            self.on_fill_status(venue, &update, out);
        }
    }

    /// An order that is over and was said to have filled further than any fill shows: what it had filled was worked out from a
    /// total that a change in doubt had made wrong. The reads of fills have no gap, so what they do not show is not there.
    fn believe_fills(&mut self, snapshot: &AccountSnapshot) {
        let venue = snapshot.venue;
        let lag = self.config.habits(venue).read_lag;
        let short: Vec<OrderKey> = self
            .state
            .orders
            .iter_open()
            .filter(|order| {
                order.venue == venue
                    && matches!(order.state, OrderState::Done { .. })
                    && !order.unbooked().is_zero()
                    && order.touched.plus(lag * 2) < snapshot.as_of
            })
            .map(|order| order.key)
            .collect();
        for key in short {
            if let Some(order) = self.state.orders.get_mut(key) {
                order.told = order.heard();
                let market = order.market;
                self.settle_order(key);
                self.risk.touch(market);
            }
        }
    }

    /// Orders that rest by our picture, and those that rest by the venue's.
    fn compare_orders(&mut self, snapshot: &AccountSnapshot, out: &mut Vec<Command>) {
        let venue = snapshot.venue;
        let lag = self.config.habits(venue).read_lag;
        let asked_at = snapshot.as_of;
        let mut listed: BTreeSet<OrderKey> = BTreeSet::new();
        for update in &snapshot.orders {
            if self.state.universe.find(venue, update.market.as_str()).is_none() {
                continue;
            }
            let client_id = update.client_order_id.as_ref().map(AsRef::as_ref);
            match self.find_order(update.order.as_str(), client_id) {
                Some(key) => {
                    listed.insert(key);
                    self.name_order(key, &update.order, out);
                    let quiet = self
                        .state
                        .orders
                        .get(key)
                        .is_some_and(|order| order.touched.plus(lag) < asked_at && order.request.is_none());
                    self.apply_update(key, update, quiet, out);
                    self.revive(key, update, quiet, out);
                }
                None => {
                    self.on_order_update(venue, &OrderUpdate { status: OrderStatus::Resting, ..update.clone() }, out);
                }
            }
        }
        let missing: Vec<OrderKey> = self
            .state
            .orders
            .iter_open()
            .filter(|order| {
                order.venue == venue
                    && order.venue_id.is_some()
                    && matches!(order.state, OrderState::Resting | OrderState::AmendInDoubt { .. })
                    && order.request.is_none()
                    && order.touched.plus(lag) < asked_at
                    && !listed.contains(&order.key)
            })
            .map(|order| order.key)
            .collect();
        for key in missing {
            // It ended, and how is for its own lookup to tell.
            self.news(key, News::Gone, out);
        }
    }

    /// An order that we hold for over and that rests at the venue: it is taken back.
    fn revive(&mut self, key: OrderKey, update: &OrderUpdate, quiet: bool, out: &mut Vec<Command>) {
        let Some(order) = self.state.orders.get(key) else { return };
        let ended = matches!(order.state, OrderState::Done { .. } | OrderState::Vanished { .. });
        if !ended || !quiet {
            return;
        }
        let (venue, market, text) = (
            order.venue,
            order.market,
            format!(
                "order {} rests at the venue with {} and was held for over",
                order.client_order_id, update.remaining
            ),
        );
        let Some(order) = self.state.orders.get_mut(key) else { return };
        order.state = OrderState::Resting;
        order.total = update.filled.checked_add(update.remaining).unwrap_or(Qty::MAX);
        order.cancel_wanted = true;
        self.settle_order(key);
        self.anomaly(venue, Some(market), text, out);
        self.cancel(key, out);
    }

    /// Whether a market stood still long enough for a read of `as_of` to show it.
    fn is_quiet(&self, venue: Venue, market: MarketId, as_of: Timestamp) -> bool {
        let sync = &self.sync[venue_index(venue)];
        let moved = sync.touched.get(&market).copied().unwrap_or(Timestamp::from_nanos(i64::MIN));
        let lag = self.config.habits(venue).read_lag;
        // The venue's balances leave out what is matched and not yet on the chain.
        let unsettled = self.state.portfolio.provisional_in(market).next().is_some();
        moved.plus(lag) < as_of
            && !unsettled
            && !sync
                .orphans
                .iter()
                .any(|(_, fill, _)| self.state.universe.find(venue, fill.market.as_str()) == Some(market))
            && !self.state.orders.open_in(market).any(|order| {
                order.request.is_some()
                    || order.is_in_doubt()
                    || !order.unbooked().is_zero()
                    || order.touched.plus(lag) >= as_of
            })
    }

    fn compare_positions(&mut self, snapshot: &AccountSnapshot, out: &mut Vec<Command>) -> bool {
        let venue = snapshot.venue;
        let mut theirs: BTreeMap<MarketId, &VenuePosition> = BTreeMap::new();
        for position in &snapshot.positions {
            if let Some(market) = self.state.universe.find(venue, position.market.as_str()) {
                theirs.insert(market, position);
            }
        }
        let mut agree = true;
        for market in (0..self.state.universe.len() as u32).map(MarketId) {
            if self.state.universe.get(market).venue() != venue {
                continue;
            }
            agree &= self.compare_position(snapshot, market, theirs.get(&market).copied(), out);
        }
        agree
    }

    fn compare_position(
        &mut self,
        snapshot: &AccountSnapshot,
        market: MarketId,
        theirs: Option<&VenuePosition>,
        out: &mut Vec<Command>,
    ) -> bool {
        let venue = snapshot.venue;
        let ours = self.state.portfolio.account(market);
        let net = theirs.map_or(0, |position| position.net.micros());
        let tokens = theirs.and_then(|position| position.tokens);
        let ignored = self.config.planted == Some(Planted::DifferencesIgnored);
        let same = ignored
            || match tokens {
                Some((yes, no)) => (ours.yes.qty, ours.no.qty) == (yes, no),
                None => ours.net().micros() == net,
            };
        if same {
            self.sync_mut(venue).suspects.remove(&market);
            self.lift(Scope::Market(market), Cause::Discrepancy, "the venue's reads agree", out);
            self.heal_anomaly(venue, market, snapshot.as_of, out);
            return true;
        }
        if !self.is_quiet(venue, market, snapshot.as_of) {
            // Something moved meanwhile; the next read tells.
            let soon = self.now.plus(self.config.habits(venue).read_lag * 2);
            self.want_reconcile(venue, soon);
            return true;
        }
        if let (Stage::Resolved(result), 0) = (self.state.portfolio.stage(market), net) {
            // Paid out: the position is gone from the venue's list.
            self.pay(market, result);
            return true;
        }
        self.differ(venue, market, net, tokens, out)
    }

    fn differ(
        &mut self,
        venue: Venue,
        market: MarketId,
        net: i64,
        tokens: Option<(Qty, Qty)>,
        out: &mut Vec<Command>,
    ) -> bool {
        let opened = self.sync[venue_index(venue)].opened;
        let adopt_after = if opened { self.config.adopt_after } else { 1 };
        let times = {
            let suspect = self.sync_mut(venue).suspects.entry(market).or_insert((net, 0));
            if suspect.0 != net {
                *suspect = (net, 0);
            }
            suspect.1 += 1;
            suspect.1
        };
        let ours = self.state.portfolio.account(market).net();
        let custody = self.state.universe.get(market).custody;
        let text = format!(
            "{}: our fills add up to {ours}, the venue shows {}",
            self.state.universe.ticker(market),
            brier_types::SignedQty::from_micros(net).unwrap_or(brier_types::SignedQty::ZERO)
        );
        if opened {
            self.counts.discrepancies += 1;
            self.halt(Scope::Market(market), Cause::Discrepancy, &text, out);
            out.push(Command::Alert(Alert::Discrepancy { venue, market: Some(market), text: text.clone() }));
        }
        if times < adopt_after {
            return false;
        }
        let side = |micros: i64| Qty::from_micros(u64::try_from(micros).unwrap_or(0)).unwrap_or(Qty::ZERO);
        let (yes, no) = tokens.unwrap_or((side(net), side(net.saturating_neg())));
        let price = self.state.mark(market).unwrap_or(Price::new(5_000).expect("half a dollar is a price"));
        self.state.portfolio.adopt_position(venue, market, custody, yes, no, price);
        self.risk.touch(market);
        self.sync_mut(venue).suspects.remove(&market);
        let why = format!("the venue's word was taken after {times} reads: {text}");
        self.lift(Scope::Market(market), Cause::Discrepancy, &why, out);
        true
    }

    /// An anomaly in a market is over when the venue's reads agree and nothing about it is open.
    fn heal_anomaly(&mut self, venue: Venue, market: MarketId, as_of: Timestamp, out: &mut Vec<Command>) {
        if self.is_quiet(venue, market, as_of) {
            self.lift(Scope::Market(market), Cause::Anomaly, "the venue's reads agree", out);
        }
    }

    fn compare_cash(&mut self, snapshot: &AccountSnapshot, out: &mut Vec<Command>) -> bool {
        let mut agree = true;
        for cash in &snapshot.cash {
            agree &= self.compare_shard(snapshot, *cash, out);
        }
        agree
    }

    fn compare_shard(&mut self, snapshot: &AccountSnapshot, cash: VenueCash, out: &mut Vec<Command>) -> bool {
        let (venue, shard) = (snapshot.venue, cash.shard);
        let instrument = |market| self.state.universe.get(market);
        let on_shard = |market: MarketId| instrument(market).venue() == venue && instrument(market).shard == shard;
        let lag = self.config.habits(venue).read_lag;
        let sync = &self.sync[venue_index(venue)];
        let moved = sync.touched.iter().any(|(market, at)| on_shard(*market) && at.plus(lag) >= snapshot.as_of);
        let open = self.state.orders.iter_open().any(|order| on_shard(order.market));
        let unsettled = self.state.portfolio.provisional().any(|fill| fill.venue == venue && fill.shard == shard);
        let opened = sync.opened;
        // What cannot be judged now is judged next time. The first time it has to be: without it there is no cash to trade with.
        let Some(total) = cash.total.or(cash.free.filter(|_| !open)) else { return opened };
        if moved || unsettled {
            return opened;
        }
        let ours = self.state.portfolio.cash(venue, shard);
        let difference = total.micros().saturating_sub(ours.micros());
        if difference == 0 {
            let sync = self.sync_mut(venue);
            sync.cash_suspects.remove(&shard);
            sync.slack = 0;
            self.lift(Scope::Venue(venue), Cause::Discrepancy, "the venue's reads agree", out);
            return true;
        }
        if !opened || difference.abs() <= self.sync[venue_index(venue)].slack {
            self.sync_mut(venue).slack = 0;
            let adopted = self.state.portfolio.adopt_cash(venue, shard, total);
            if !opened {
                self.risk.on_cash_flow(adopted);
            }
            return true;
        }
        self.cash_differs(venue, shard, total, difference, out)
    }

    fn cash_differs(
        &mut self,
        venue: Venue,
        shard: u16,
        total: Money,
        difference: i64,
        out: &mut Vec<Command>,
    ) -> bool {
        self.counts.discrepancies += 1;
        let times = {
            let suspect = self.sync_mut(venue).cash_suspects.entry(shard).or_insert((difference, 0));
            if suspect.0 != difference {
                *suspect = (difference, 0);
            }
            suspect.1 += 1;
            suspect.1
        };
        let text = format!(
            "cash of {venue} shard {shard}: ours is ${}, the venue's ${total}",
            self.state.portfolio.cash(venue, shard)
        );
        out.push(Command::Alert(Alert::Discrepancy { venue, market: None, text: text.clone() }));
        if times < self.config.adopt_after {
            self.halt(Scope::Venue(venue), Cause::Discrepancy, &text, out);
            return false;
        }
        // A deposit, a withdrawal, or a payout by the venue's own rounding: it is the venue's word now.
        let adopted = self.state.portfolio.adopt_cash(venue, shard, total);
        self.risk.on_cash_flow(adopted);
        self.sync_mut(venue).cash_suspects.remove(&shard);
        self.lift(Scope::Venue(venue), Cause::Discrepancy, &format!("the venue's word was taken: {text}"), out);
        true
    }

    /// Fills and updates whose order never got a name here: they are somebody else's.
    pub(super) fn expire_orphans(&mut self, venue: Venue, out: &mut Vec<Command>) {
        let now = self.now;
        let patience = self.config.habits(venue).request_life;
        let sync = self.sync_mut(venue);
        if sync.orphans.is_empty() && sync.orphan_updates.is_empty() {
            return;
        }
        let due = |at: &Timestamp| at.plus(patience) <= now;
        let (late, kept) = std::mem::take(&mut sync.orphans).into_iter().partition(|(at, _, _)| due(at));
        sync.orphans = kept;
        let (late_updates, kept) = std::mem::take(&mut sync.orphan_updates).into_iter().partition(|(at, _)| due(at));
        sync.orphan_updates = kept;
        let late: Vec<(Timestamp, Fill, FillStatus)> = late;
        let late_updates: Vec<(Timestamp, OrderUpdate)> = late_updates;
        for (_, fill, status) in late {
            if let Some(market) = self.state.universe.find(venue, fill.market.as_str()) {
                self.book_fill(venue, market, None, &fill, status, out);
            }
        }
        // What rests and is nobody's shows in the reads.
        if !late_updates.is_empty() {
            self.want_reconcile(venue, self.now);
        }
    }

    /// Whether every venue that trades agrees with us.
    pub fn is_reconciled(&self) -> bool {
        self.sync.iter().all(|sync| !sync.connected || (sync.agreed && sync.suspects.is_empty()))
    }
}
