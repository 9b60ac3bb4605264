//! Subscriptions and commands: what is asked of the venue, what it answers, and when its silence is a failure.

use std::collections::BTreeSet;

use brier_book::{SequenceCheck, SequencePolicy};
use brier_kalshi_protocol::ws::{
    Action as UpdateAction, Channel, Command, CommandBody, ErrorCode, ErrorMessage, Subscribe, UpdateSubscription,
};
use brier_types::{BookLoss, ConnectionInput, Input, MarketTicker, Timestamp, Venue};

use super::{Action, BookState, Link, Pending, Phase, Purpose, Session, Subscription, emit};
use crate::stream::stats::Notice;

impl Session {
    pub(super) fn on_subscribed(
        &mut self,
        now: Timestamp,
        id: Option<u64>,
        channel: Channel,
        sid: u64,
        out: &mut Vec<Action>,
    ) {
        let asked = id.and_then(|id| self.pending.remove(&id)).map(|pending| pending.purpose);
        let known = self.subscriptions.iter_mut().find(|known| known.channel == channel);
        let Some(subscription) = known.filter(|_| asked == Some(Purpose::Subscribe(channel))) else {
            self.stats.unwanted += 1;
            return;
        };
        subscription.phase = Phase::Active(sid);
        subscription.sequence = SequenceCheck::new(SequencePolicy::Continuous);
        self.settle(now, out);
    }

    pub(super) fn on_error(
        &mut self,
        now: Timestamp,
        id: Option<u64>,
        sid: Option<u64>,
        error: &ErrorMessage,
        out: &mut Vec<Action>,
    ) {
        let asked = id.and_then(|id| self.pending.remove(&id)).map(|pending| pending.purpose);
        let by_sid = sid.and_then(|sid| {
            self.subscriptions.iter().find(|known| known.phase == Phase::Active(sid)).map(|known| known.channel)
        });
        let channel = by_sid.or(match &asked {
            Some(Purpose::Subscribe(channel) | Purpose::Update(channel, _) | Purpose::Delete(channel, _)) => {
                Some(*channel)
            }
            Some(Purpose::Snapshot) => Some(Channel::OrderbookDelta),
            Some(Purpose::Unsubscribe | Purpose::Sync(_)) | None => None,
        });
        let markets = match &asked {
            Some(Purpose::Update(_, markets) | Purpose::Delete(_, markets)) => markets.clone(),
            _ => Vec::new(),
        };
        let message = error.msg.clone();
        out.push(Action::Notice(Notice::Refused { channel, code: error.code, message, markets: markets.clone() }));
        let gone = error.code.is_terminal() || error.code == ErrorCode::UnknownSid;
        let later = matches!(error.code, ErrorCode::CommandTimeout | ErrorCode::TooManyCommands);
        match (channel, asked) {
            (None, _) if gone => {
                // Some subscription is dead and nobody says which.
                out.push(Action::Close);
                self.on_close(now, &format!("error {} without its subscription", error.code), out);
            }
            (Some(channel), _) if gone => self.resubscribe(now, channel, &format!("error {}", error.code), out),
            (Some(channel), Some(Purpose::Subscribe(_))) if later => {
                self.resubscribe(now, channel, "refused for now", out);
            }
            (Some(channel), Some(Purpose::Update(_, _) | Purpose::Delete(_, _))) if later => {
                self.resubscribe(now, channel, "refused for now", out);
            }
            (Some(channel), Some(Purpose::Subscribe(_))) => {
                if let Some(subscription) = self.subscriptions.iter_mut().find(|known| known.channel == channel) {
                    subscription.phase = Phase::Refused;
                }
                let slots = self.slots(|market| matches!(market.book, BookState::Waiting { .. }));
                self.switch_off(channel, &slots);
            }
            // They stay without data on this connection; on the next one they are asked for again.
            (Some(channel), Some(Purpose::Update(_, _) | Purpose::Delete(_, _))) => {
                let slots: Vec<u32> = markets.iter().filter_map(|market| self.index.get(market.as_str())).collect();
                self.switch_off(channel, &slots);
            }
            // A refused snapshot is asked for again when its time is up.
            _ => {}
        }
        self.settle(now, out);
    }

    pub(super) fn switch_off(&mut self, channel: Channel, slots: &[u32]) {
        if channel == Channel::OrderbookDelta {
            for slot in slots {
                self.set_book(*slot, BookState::Off);
            }
        }
    }

    /// A subscription ended: its books are lost, and it is asked for anew after a wait that grows.
    pub(super) fn resubscribe(&mut self, now: Timestamp, channel: Channel, reason: &str, out: &mut Vec<Action>) {
        if channel == Channel::OrderbookDelta {
            let slots = self.slots(|market| market.book != BookState::Off);
            let fed = slots.iter().filter(|slot| self.markets[**slot as usize].book == BookState::Fed);
            let markets: Vec<MarketTicker> = fed.map(|slot| self.markets[*slot as usize].ticker.clone()).collect();
            if !markets.is_empty() {
                out.push(emit(now, None, Input::BookLost(BookLoss { markets, reason: reason.to_owned() })));
            }
            for slot in slots {
                // What is owed to the consumer stays owed.
                if self.markets[slot as usize].book != BookState::Owed {
                    self.set_book(slot, BookState::Off);
                }
            }
        }
        let Some(position) = self.subscriptions.iter().position(|known| known.channel == channel) else { return };
        let failures = self.subscriptions[position].failures.saturating_add(1);
        let wait = self.config.backoff.wait(failures, &mut self.jitter);
        let fresh = Subscription::new(channel);
        self.subscriptions[position] = Subscription { phase: Phase::Idle(now.plus(wait)), failures, ..fresh };
    }

    /// Brings what is subscribed to what is wanted, and tells when everything is.
    pub(super) fn settle(&mut self, now: Timestamp, out: &mut Vec<Action>) {
        if !matches!(self.link, Link::Open { .. }) {
            return;
        }
        for position in 0..self.subscriptions.len() {
            let channel = self.subscriptions[position].channel;
            match self.subscriptions[position].phase {
                Phase::Idle(at) if now >= at && self.wants(channel) => self.subscribe(now, position, out),
                Phase::Active(sid) if self.by_market(channel) => self.name_markets(now, position, sid, out),
                Phase::Idle(_) | Phase::Active(_) | Phase::Asked | Phase::Refused => {}
            }
        }
        let settled = self.subscriptions.iter().all(|subscription| match subscription.phase {
            Phase::Active(_) | Phase::Refused => true,
            Phase::Idle(_) => !self.wants(subscription.channel),
            Phase::Asked => false,
        });
        if let Link::Open { up, .. } = &mut self.link
            && settled
            && !*up
        {
            *up = true;
            out.push(emit(now, None, Input::Connection(ConnectionInput::Up { venue: Venue::Kalshi })));
        }
    }

    pub(super) fn subscribe(&mut self, now: Timestamp, position: usize, out: &mut Vec<Action>) {
        let channel = self.subscriptions[position].channel;
        let mut subscribe = Subscribe { channels: vec![channel], skip_ticker_ack: true, ..Subscribe::default() };
        if channel == Channel::OrderbookDelta {
            subscribe.use_yes_price = Some(true);
        }
        subscribe.send_initial_snapshot = channel == Channel::Ticker;
        if self.by_market(channel) {
            let slots: Vec<u32> = self.slots(|market| market.wanted);
            let first = &slots[..slots.len().min(self.config.markets_per_command)];
            subscribe.market_tickers =
                first.iter().map(|slot| self.markets[*slot as usize].ticker.to_string()).collect();
            self.subscriptions[position].named = first.iter().copied().collect();
            self.await_books(now, channel, first);
        }
        self.subscriptions[position].phase = Phase::Asked;
        self.command(now, Purpose::Subscribe(channel), CommandBody::Subscribe(subscribe), out);
    }

    /// Names markets that came since, and drops those that went.
    pub(super) fn name_markets(&mut self, now: Timestamp, position: usize, sid: u64, out: &mut Vec<Action>) {
        let channel = self.subscriptions[position].channel;
        let wanted: BTreeSet<u32> = self.slots(|market| market.wanted).into_iter().collect();
        let named = &self.subscriptions[position].named;
        let fresh: Vec<u32> = wanted.difference(named).copied().collect();
        let gone: Vec<u32> = named.difference(&wanted).copied().collect();
        if fresh.is_empty() && gone.is_empty() {
            return;
        }
        if wanted.is_empty() {
            // A subscription without markets would mean all of them on some channels.
            self.subscriptions[position] = Subscription::new(channel);
            self.command(now, Purpose::Unsubscribe, CommandBody::Unsubscribe { sids: vec![sid] }, out);
            return;
        }
        self.subscriptions[position].named = wanted;
        self.await_books(now, channel, &fresh);
        for (action, slots) in [(UpdateAction::AddMarkets, fresh), (UpdateAction::DeleteMarkets, gone)] {
            for chunk in slots.chunks(self.config.markets_per_command) {
                self.update(now, channel, sid, action, chunk, out);
            }
        }
    }

    /// Snapshots of these markets come by themselves.
    pub(super) fn await_books(&mut self, now: Timestamp, channel: Channel, slots: &[u32]) {
        if channel != Channel::OrderbookDelta {
            return;
        }
        let until = now.plus(self.config.snapshot_timeout);
        for slot in slots {
            if self.markets[*slot as usize].book != BookState::Owed {
                self.set_book(*slot, BookState::Waiting { until, asks: 1 });
            }
        }
    }

    /// Whether the venue has yet to say that it took this market out of the books' subscription. What it sends of the
    /// market until then belongs to the subscription that ends, and what happens after it is not sent at all.
    pub(super) fn is_leaving(&self, ticker: &str) -> bool {
        self.pending.values().any(|pending| match &pending.purpose {
            Purpose::Delete(Channel::OrderbookDelta, markets) => markets.iter().any(|market| market.as_str() == ticker),
            _ => false,
        })
    }

    pub(super) fn update(
        &mut self,
        now: Timestamp,
        channel: Channel,
        sid: u64,
        action: UpdateAction,
        slots: &[u32],
        out: &mut Vec<Action>,
    ) {
        let markets: Vec<MarketTicker> = slots.iter().map(|slot| self.markets[*slot as usize].ticker.clone()).collect();
        let update = UpdateSubscription {
            sid,
            action,
            market_tickers: markets.iter().map(ToString::to_string).collect(),
            send_initial_snapshot: channel == Channel::Ticker && action == UpdateAction::AddMarkets,
        };
        let purpose = match action {
            UpdateAction::GetSnapshot => Purpose::Snapshot,
            UpdateAction::AddMarkets => Purpose::Update(channel, markets),
            UpdateAction::DeleteMarkets => Purpose::Delete(channel, markets),
        };
        self.command(now, purpose, CommandBody::UpdateSubscription(update), out);
    }

    pub(super) fn command(&mut self, now: Timestamp, purpose: Purpose, body: CommandBody, out: &mut Vec<Action>) {
        let id = self.next_id;
        self.next_id += 1;
        self.pending.insert(id, Pending { purpose, until: now.plus(self.config.ack_timeout) });
        out.push(Action::Send(Command { id, body }.to_json()));
    }

    /// Why the connection must be given up, if it must.
    pub(super) fn broken(&self, now: Timestamp) -> Option<String> {
        if self.pong_until.is_some_and(|until| now >= until) {
            return Some(format!("no sign of life for {:?}", now.since(self.last_life)));
        }
        if let Some(pending) = self.pending.values().find(|pending| now >= pending.until) {
            return Some(format!("no acknowledgement in {:?} of {:?}", self.config.ack_timeout, pending.purpose));
        }
        // One market without a snapshot may be gone; all of them without one is a subscription that died in silence.
        let mut late = self.waiting.iter().take_while(|(until, _)| now >= *until);
        let given_up = late.any(|(_, slot)| {
            matches!(self.markets[*slot as usize].book, BookState::Waiting { asks, .. } if asks == self.config.max_asks)
        });
        let fed = || self.markets.iter().any(|market| market.book == BookState::Fed);
        (given_up && !fed()).then(|| format!("no snapshot of any market after asking {} times", self.config.max_asks))
    }
}
