//! The order of messages, and every message that is no market data.

use brier_book::SequenceOrder;
use brier_kalshi_protocol::stream::Head;
use brier_kalshi_protocol::ws::{Body, Channel, ServerMessage};
use brier_types::{Input, Timestamp};

use super::{Action, Phase, Purpose, Session, cut, emit, head};
use crate::stream::convert;
use crate::stream::stats::Notice;

impl Session {
    /// Checks a message's number. `false` when the message must not be used: a repeat, or another subscription's.
    pub(super) fn in_order(&mut self, channel: Channel, head: Head, out: &mut Vec<Action>) -> bool {
        let Some(position) = self.subscriptions.iter().position(|known| known.channel == channel) else {
            self.stats.unwanted += 1;
            return false;
        };
        let subscription = &mut self.subscriptions[position];
        let sid = head.sid.map(|sid| sid.0);
        if !matches!(subscription.phase, Phase::Active(active) if Some(active) == sid) {
            self.stats.unwanted += 1;
            return false;
        }
        // A message without a number on a channel that counts is a break of the count.
        let order = subscription.sequence.next(head.seq.unwrap_or_default());
        self.after_sequence(channel, order, out)
    }

    pub(super) fn after_sequence(&mut self, channel: Channel, order: SequenceOrder, out: &mut Vec<Action>) -> bool {
        let (expected, found) = match order {
            SequenceOrder::Next => return true,
            SequenceOrder::Old => {
                self.stats.repeats += 1;
                return false;
            }
            SequenceOrder::Gap { expected, found } => (expected, found),
            SequenceOrder::Restarted { last, found } => (last + 1, found),
        };
        self.stats.gaps += 1;
        if channel == Channel::OrderbookDelta {
            let reason = format!("sequence gap: expected {expected}, found {found}");
            self.lose_books(self.last_life, &reason, out);
        } else {
            out.push(Action::Notice(Notice::Missed { channel, expected, found }));
        }
        true
    }

    /// Counts a message that carries a number of its subscription but no data.
    pub(super) fn count_number(&mut self, sid: Option<u64>, seq: Option<u64>, out: &mut Vec<Action>) {
        let (Some(sid), Some(seq)) = (sid, seq) else { return };
        let found = self.subscriptions.iter_mut().find(|known| known.phase == Phase::Active(sid));
        if let Some(subscription) = found.filter(|known| known.channel.has_sequence()) {
            let (channel, order) = (subscription.channel, subscription.sequence.next(seq));
            self.after_sequence(channel, order, out);
        }
    }

    pub(super) fn on_other(&mut self, now: Timestamp, text: &str, out: &mut Vec<Action>) {
        let message = match ServerMessage::parse(text) {
            Ok(message) => message,
            Err(error) => {
                self.unreadable(text, error.to_string(), out);
                return;
            }
        };
        let (id, sid, seq) = (message.id, message.sid, message.seq);
        let sent = message.sending_ts_ms;
        let failed = |error: convert::ConvertError| error.to_string();
        match message.body {
            Body::Subscribed(done) => self.on_subscribed(now, id, done.channel, done.sid, out),
            Body::Ok(_) | Body::Unsubscribed => {
                self.count_number(sid, seq, out);
                let answered = self.pending.remove(&id.unwrap_or(0));
                if let Some(Purpose::Sync(token)) = answered.map(|pending| pending.purpose) {
                    out.push(Action::Notice(Notice::Synced { token }));
                }
                self.settle(now, out);
            }
            Body::Error(error) => {
                self.count_number(sid, seq, out);
                self.on_error(now, id, sid, &error, out);
            }
            Body::Fill(fill) => {
                let venue_time = fill.ts_ms.or(Some(fill.ts));
                self.deliver(
                    now,
                    text,
                    convert::fill(&fill).map(|fill| Some(Input::Fill(fill))).map_err(failed),
                    venue_time,
                    out,
                );
            }
            Body::UserOrder(order) => {
                let venue_time = order.last_updated_ts_ms.or(order.created_ts_ms).or(sent);
                let input = convert::order(&order).map(|order| Some(Input::Order(order))).map_err(failed);
                self.deliver(now, text, input, venue_time, out);
            }
            Body::MarketPosition(position) => {
                let input = convert::position(&position).map(|found| Some(Input::Position(found))).map_err(failed);
                self.deliver(now, text, input, sent, out);
            }
            Body::MarketLifecycle(lifecycle) => {
                let head = head(sid, seq);
                if self.in_order(Channel::MarketLifecycleV2, head, out) {
                    let input =
                        convert::lifecycle(&lifecycle).map(|found| Some(Input::Lifecycle(found))).map_err(failed);
                    self.deliver(now, text, input, sent, out);
                }
            }
            // Numbers of the same counter, for channels and facts that the core has no input for yet.
            Body::EventLifecycle(_)
            | Body::EventFeeUpdate(_)
            | Body::OrderGroupUpdates(_)
            | Body::MultivariateMarketLifecycle(_) => self.count_number(sid, seq, out),
            Body::Unknown { kind, .. } => {
                self.stats.unknown += 1;
                self.count_number(sid, seq, out);
                if self.told_unknown.len() < 64 && self.told_unknown.insert(kind.clone()) {
                    out.push(Action::Notice(Notice::UnknownFrame { kind, frame: cut(text) }));
                }
            }
            // The fast decoder takes these, and what it refuses is no `Other`.
            Body::OrderbookSnapshot(_) | Body::OrderbookDelta(_) | Body::Ticker(_) | Body::Trade(_) => {}
        }
    }

    pub(super) fn deliver(
        &mut self,
        now: Timestamp,
        text: &str,
        input: Result<Option<Input>, String>,
        venue_time: Option<Timestamp>,
        out: &mut Vec<Action>,
    ) {
        match input {
            Ok(Some(input)) => out.push(emit(now, venue_time, input)),
            Ok(None) => {}
            Err(problem) => self.unreadable(text, problem, out),
        }
    }

    pub(super) fn unreadable(&mut self, text: &str, problem: String, out: &mut Vec<Action>) {
        self.stats.unreadable += 1;
        out.push(Action::Notice(Notice::Unreadable { problem, frame: cut(text) }));
    }
}
