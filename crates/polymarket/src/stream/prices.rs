//! Sessions for outside prices: RTDS and real-time v2, as one stream of ticks with their source's time.
//!
//! Both fall silent without closing, so a feed that should tick and does not is replaced.
//!
//! Source: reference, sections 11.1 and 11.2, 2026-11-20.

use std::collections::BTreeSet;
use std::time::Duration;

use brier_polymarket_protocol::stream::prices::{
    LIVE_MAX_FILTERS, LIVE_PING, LiveCommand, LiveMessage, LiveSubscription, RTDS_PING, RtdsAction, RtdsCommand,
    RtdsMessage, RtdsPrice, RtdsSubscription, SpotPrice, Topic, moment,
};
use brier_types::Timestamp;

use super::action::{Action, Machine, Notice, PriceTick, Stats, cut};
use super::link::{Link, LinkConfig};

/// Which prices, and from where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PriceFeed {
    /// RTDS.
    Rtds(Vec<RtdsSubscription>),
    /// Real-time v2; at most 64 subscriptions are taken on one connection.
    Live(Vec<LiveSubscription>),
}

/// The state machine. See the module's head.
#[derive(Debug)]
pub struct PriceSession {
    link: Link,
    feed: PriceFeed,
    /// How long no price may come.
    silence: Duration,
    last_price: Timestamp,
    stats: Stats,
    told_unknown: BTreeSet<String>,
}

impl PriceSession {
    /// A session that has not begun. `silence` is how long no price at all may come; closed markets need a long one.
    pub fn new(mut config: LinkConfig, feed: PriceFeed, silence: Duration) -> Self {
        let (ping, every) = match &feed {
            PriceFeed::Rtds(_) => (RTDS_PING, Duration::from_secs(5)),
            PriceFeed::Live(_) => (LIVE_PING, Duration::from_secs(30)),
        };
        ping.clone_into(&mut config.ping);
        config.ping_every = every;
        config.dead_after = config.dead_after.max(every * 2 + Duration::from_secs(5));
        Self {
            link: Link::new(config),
            feed,
            silence,
            last_price: Timestamp::EPOCH,
            stats: Stats::default(),
            told_unknown: BTreeSet::new(),
        }
    }

    fn unreadable(&mut self, text: &str, problem: String, out: &mut Vec<Action>) {
        self.stats.unreadable += 1;
        out.push(Action::Notice(Notice::Unreadable { problem, frame: cut(text) }));
    }

    fn unknown(&mut self, kind: &str, text: &str, out: &mut Vec<Action>) {
        self.stats.unknown += 1;
        if self.told_unknown.len() < 64 && self.told_unknown.insert(kind.to_owned()) {
            out.push(Action::Notice(Notice::UnknownFrame { kind: kind.to_owned(), frame: cut(text) }));
        }
    }

    fn on_rtds(&mut self, now: Timestamp, text: &str, out: &mut Vec<Action>) {
        let message = match RtdsMessage::from_frame(text) {
            Ok(message) => message,
            Err(error) => return self.unreadable(text, error.to_string(), out),
        };
        self.stats.count(message.topic.as_str());
        if matches!(message.topic, Topic::Comments | Topic::Activity | Topic::Other(_)) {
            let topic = message.topic.as_str().to_owned();
            return self.unknown(&topic, text, out);
        }
        match message.price() {
            Ok(price) => {
                let exact = price.price(&message.topic);
                self.ticks(now, message.topic.as_str(), message.timestamp, &price, exact, out);
            }
            Err(error) => self.unreadable(text, error.to_string(), out),
        }
    }

    fn on_live(&mut self, now: Timestamp, text: &str, out: &mut Vec<Action>) {
        let message = match LiveMessage::from_frame(text) {
            Ok(message) => message,
            Err(error) => return self.unreadable(text, error.to_string(), out),
        };
        let Some(channel) = &message.channel else {
            let op = message.op.as_deref().unwrap_or_default();
            self.stats.count(op);
            if message.code.is_some() || op == "error" {
                let code = message.code.as_deref().unwrap_or_default();
                let problem = format!("refused: {code} {}", message.message.as_deref().unwrap_or_default());
                self.unreadable(text, problem, out);
            }
            return;
        };
        self.stats.count(channel.as_str());
        match message.price() {
            Ok(Some(price)) => self.ticks(now, channel.as_str(), message.ts, &price, price.value, out),
            Ok(None) => {}
            Err(error) => self.unreadable(text, error.to_string(), out),
        }
    }

    /// The prices of one message: those of a first answer in order, or the one that changed.
    fn ticks(
        &mut self,
        now: Timestamp,
        source: &str,
        sent: Option<i64>,
        price: &RtdsPrice,
        exact: Option<SpotPrice>,
        out: &mut Vec<Action>,
    ) {
        self.last_price = now;
        let tick = |price_now: SpotPrice, time: Option<i64>| {
            Action::Price(PriceTick {
                source: source.to_owned(),
                symbol: price.symbol.clone(),
                price: price_now,
                source_time: moment(time),
                sent: moment(sent),
                received: now,
            })
        };
        out.extend(price.data.iter().map(|point| tick(point.value, Some(point.timestamp))));
        out.extend(exact.map(|value| tick(value, price.timestamp)));
    }

    fn hang_up(&mut self, now: Timestamp, reason: &str, out: &mut Vec<Action>) {
        out.push(Action::Close);
        self.on_close(now, reason, out);
    }
}

impl Machine for PriceSession {
    fn start(&mut self, now: Timestamp, out: &mut Vec<Action>) {
        out.push(Action::Connect(now));
    }

    fn on_open(&mut self, now: Timestamp, out: &mut Vec<Action>) {
        self.link.opened(now);
        self.last_price = now;
        self.stats.connections += 1;
        out.push(Action::Notice(Notice::Connected));
        let command = match &self.feed {
            PriceFeed::Rtds(subscriptions) => serde_json::to_string(&RtdsCommand {
                action: RtdsAction::Subscribe,
                subscriptions: subscriptions.clone(),
            }),
            // One command for all keeps the wanted gap between operations.
            PriceFeed::Live(subscriptions) => serde_json::to_string(&LiveCommand::Subscribe {
                subscriptions: subscriptions.iter().take(LIVE_MAX_FILTERS).cloned().collect(),
                rid: self.stats.connections.to_string(),
            }),
        };
        out.push(Action::Send(command.expect("texts and lists always serialize")));
    }

    fn on_close(&mut self, now: Timestamp, reason: &str, out: &mut Vec<Action>) {
        self.link.closed(now, reason, out);
    }

    fn on_frame(&mut self, now: Timestamp, text: &str, out: &mut Vec<Action>) {
        if !self.link.is_open() {
            return;
        }
        self.link.life(now);
        // RTDS answers its subscription with an empty text.
        if matches!(text.trim(), "PONG" | "") {
            return;
        }
        match self.feed {
            PriceFeed::Rtds(_) => self.on_rtds(now, text, out),
            PriceFeed::Live(_) => self.on_live(now, text, out),
        }
    }

    fn on_tick(&mut self, now: Timestamp, out: &mut Vec<Action>) {
        if let Some(reason) = self.link.tick(now, out) {
            self.hang_up(now, &reason, out);
        } else if self.link.is_open() && now.since(self.last_price) >= self.silence {
            let reason = format!("no price came for {} s on an open socket", now.since(self.last_price).as_secs());
            self.hang_up(now, &reason, out);
        }
    }

    fn next_deadline(&self) -> Option<Timestamp> {
        self.link.deadline().map(|deadline| deadline.min(self.last_price.plus(self.silence)))
    }

    fn stats(&self) -> &Stats {
        &self.stats
    }
}

#[cfg(test)]
mod tests {
    use brier_polymarket_protocol::stream::prices::{LiveChannel, LiveFilter};

    use super::*;

    fn words(out: &mut Vec<Action>) -> Vec<String> {
        let word = |action| match action {
            Action::Price(tick) => {
                format!("{} {} at {}", tick.symbol, tick.price, tick.source_time.map_or(0, Timestamp::millis))
            }
            Action::Send(text) => text,
            Action::Close => "close".to_owned(),
            Action::Connect(_) => "connect".to_owned(),
            Action::Notice(Notice::Unreadable { problem, .. }) => problem,
            Action::Notice(Notice::Connected) => "connected".to_owned(),
            Action::Notice(Notice::Disconnected { reason, .. }) => reason,
            other => panic!("{other:?}"),
        };
        out.drain(..).map(word).collect()
    }

    #[test]
    fn the_first_answer_of_a_topic_gives_its_past_prices_in_order() {
        let feed = PriceFeed::Rtds(vec![RtdsSubscription::prices(Topic::EquityPrices, "aapl")]);
        let (mut session, mut out) = (PriceSession::new(LinkConfig::new(1), feed, Duration::from_mins(1)), Vec::new());
        let now = Timestamp::from_secs(1_763_600_000).unwrap();
        session.on_open(now, &mut out);
        assert_eq!(
            words(&mut out)[1],
            r#"{"action":"subscribe","subscriptions":[{"topic":"equity_prices","type":"*","filters":"{\"symbol\":\"aapl\"}"}]}"#
        );
        let text = r#"{"topic":"equity_prices","type":"subscribe","timestamp":5,"payload":{"symbol":"aapl","data":[
            {"timestamp":1,"value":307.91},{"timestamp":2,"value":307.92}]}}"#;
        session.on_frame(now, text, &mut out);
        assert_eq!(words(&mut out), ["aapl 307.91 at 1", "aapl 307.92 at 2"]);
        session.on_tick(now.plus(Duration::from_secs(5)), &mut out);
        assert_eq!(words(&mut out), ["PING"]);
    }

    #[test]
    fn real_time_v2_tells_prices_and_refusals_and_pings_in_its_own_words() {
        let filter = LiveFilter { symbol: "btc/usd".to_owned(), window_seconds: None };
        let feed = PriceFeed::Live(vec![LiveSubscription { channel: LiveChannel::Crypto, filter }]);
        let (mut session, mut out) = (PriceSession::new(LinkConfig::new(1), feed, Duration::from_mins(5)), Vec::new());
        let now = Timestamp::from_secs(1_763_600_000).unwrap();
        session.on_open(now, &mut out);
        assert_eq!(
            words(&mut out)[1],
            r#"{"op":"subscribe","subscriptions":[{"channel":"price.crypto","filter":{"symbol":"btc/usd"}}],"rid":"1"}"#
        );
        let text = r#"{"v":1,"channel":"price.crypto","seq":9,"ts":7,"payload":{"symbol":"btc/usd","timestamp":6,"value":67234.5}}"#;
        session.on_frame(now, text, &mut out);
        session.on_frame(now, r#"{"op":"error","code":"sub_limit","message":"too many","rid":"1"}"#, &mut out);
        assert_eq!(words(&mut out), ["btc/usd 67234.5 at 6", "refused: sub_limit too many"]);
        session.on_tick(now.plus(Duration::from_secs(30)), &mut out);
        assert_eq!(words(&mut out), [r#"{"op":"ping"}"#]);
        session.on_tick(now.plus(Duration::from_secs(65)), &mut out);
        assert_eq!(words(&mut out)[..2], ["close", "nothing came for 65 s, not even the answer to a ping"]);
    }
}
