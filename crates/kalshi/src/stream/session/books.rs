//! Books: which are fed, which wait for a snapshot, and how a lost one is asked for again.

use std::collections::BTreeMap;

use brier_kalshi_protocol::stream::Head;
use brier_kalshi_protocol::ws::{Action as UpdateAction, Channel};
use brier_types::{BookChange, BookInput, BookLoss, IdError, Input, SubscriptionId, Timestamp};

use super::{Action, BookState, Session, emit};
use crate::stream::stats::Notice;

impl Session {
    pub(super) fn on_book(
        &mut self,
        now: Timestamp,
        head: Head,
        ticker: &str,
        change: Result<BookChange, IdError>,
        venue_time: Option<Timestamp>,
        out: &mut Vec<Action>,
    ) {
        if !self.in_order(Channel::OrderbookDelta, head, out) {
            return;
        }
        let (Ok(change), Some(slot)) = (change, self.index.get(ticker)) else {
            self.stats.unwanted += 1;
            return;
        };
        let is_snapshot = matches!(change, BookChange::Snapshot { .. });
        match (self.markets[slot as usize].book, is_snapshot) {
            (BookState::Off, _) => {
                self.stats.unwanted += 1;
                return;
            }
            // What is owed was not delivered, so the book cannot go on before the loss is told.
            (BookState::Owed, _) | (BookState::Waiting { .. }, false) => {
                self.stats.before_snapshot += 1;
                return;
            }
            (BookState::Waiting { .. }, true) if self.is_leaving(ticker) => {
                self.stats.before_snapshot += 1;
                return;
            }
            (BookState::Waiting { .. }, true) => self.set_book(slot, BookState::Fed),
            (BookState::Fed, _) => {}
        }
        let input = BookInput {
            market: self.markets[slot as usize].ticker.clone(),
            subscription: head.sid.unwrap_or(SubscriptionId(0)),
            sequence: head.seq.unwrap_or(0),
            change,
        };
        out.push(emit(now, venue_time, Input::Book(input)));
    }

    /// Loses the books of every market that has one.
    pub(super) fn lose_books(&mut self, now: Timestamp, reason: &str, out: &mut Vec<Action>) {
        let slots = self.slots(|market| market.wanted && market.book != BookState::Off);
        self.lose(now, &slots, reason, out);
    }

    /// Tells that books are lost, and asks for snapshots of those that none is under way for.
    pub(super) fn lose(&mut self, now: Timestamp, slots: &[u32], reason: &str, out: &mut Vec<Action>) {
        let fed: Vec<u32> =
            slots.iter().copied().filter(|slot| self.markets[*slot as usize].book == BookState::Fed).collect();
        if fed.is_empty() {
            return;
        }
        let markets = fed.iter().map(|slot| self.markets[*slot as usize].ticker.clone()).collect();
        out.push(emit(now, None, Input::BookLost(BookLoss { markets, reason: reason.to_owned() })));
        self.ask_snapshots(now, &fed, 1, out);
    }

    pub(super) fn ask_snapshots(&mut self, now: Timestamp, slots: &[u32], asks: u32, out: &mut Vec<Action>) {
        let patience = 1 << asks.saturating_sub(self.config.max_asks).min(6);
        let until = now.plus(self.config.snapshot_timeout.saturating_mul(patience));
        for slot in slots {
            self.set_book(*slot, BookState::Waiting { until, asks });
        }
        // Without a subscription the snapshot comes with the next one.
        let Some(sid) = self.sid(Channel::OrderbookDelta) else { return };
        self.stats.repairs += slots.len() as u64;
        for chunk in slots.chunks(self.config.markets_per_command) {
            self.update(now, Channel::OrderbookDelta, sid, UpdateAction::GetSnapshot, chunk, out);
        }
    }

    /// Asks again for snapshots that did not come, less and less often: a market that is gone has none.
    pub(super) fn ask_again(&mut self, now: Timestamp, out: &mut Vec<Action>) {
        if self.sid(Channel::OrderbookDelta).is_none() {
            return;
        }
        let mut late: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for (_, slot) in self.waiting.iter().take_while(|(until, _)| now >= *until) {
            if let BookState::Waiting { asks, .. } = self.markets[*slot as usize].book {
                late.entry(asks).or_default().push(*slot);
            }
        }
        for (asks, slots) in late {
            if asks == self.config.max_asks {
                let markets = slots.iter().map(|slot| self.markets[*slot as usize].ticker.clone()).collect();
                out.push(Action::Notice(Notice::NoSnapshot { markets, asks }));
            }
            self.ask_snapshots(now, &slots, asks.saturating_add(1), out);
        }
    }
}
