//! A session against a model of the venue that loses frames, breaks connections and ends subscriptions at random.
//!
//! Every market of the model has one level whose quantity is its version; each trade raises it by one contract. Whatever is
//! lost on the way, a book that the session's consumer believes in equals the model's, and once nothing goes wrong any more
//! every book is believed in again.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use brier_kalshi::stream::{Action, Interest, Session, SessionConfig};
use brier_kalshi_protocol::ws::{Action as Update, Channel, Command, CommandBody};
use brier_types::{BookChange, ConnectionInput, Input, MarketTicker, Timestamp};
use proptest::prelude::*;

const TICKERS: [&str; 4] = ["KXA-1", "KXB-1", "KXC-1", "KXD-1"];

type Versions = BTreeMap<String, u64>;

/// A frame on its way, with the model's books as of then if it belongs to the books' subscription.
struct Sent {
    text: String,
    versions: Option<Versions>,
}

/// The venue.
struct Model {
    sid: u64,
    seq: u64,
    subscribed: BTreeSet<String>,
    versions: Versions,
    way: VecDeque<Sent>,
}

impl Model {
    fn number(&mut self) -> String {
        self.seq += 1;
        format!(r#""sid":{},"seq":{}"#, self.sid, self.seq)
    }

    fn send(&mut self, text: String) {
        self.way.push_back(Sent { text, versions: Some(self.versions.clone()) });
    }

    fn snapshot(&mut self, ticker: &str) {
        if self.subscribed.contains(ticker) {
            let (number, version) = (self.number(), self.versions[ticker]);
            self.send(format!(
                r#"{{"type":"orderbook_snapshot",{number},"msg":{{"market_ticker":"{ticker}","market_id":"m",
                "yes_dollars_fp":[["0.4000","{version}.00"]]}}}}"#
            ));
        }
    }

    fn trade(&mut self, ticker: &str) {
        *self.versions.get_mut(ticker).unwrap() += 1;
        if self.subscribed.contains(ticker) {
            let number = self.number();
            self.send(format!(
                r#"{{"type":"orderbook_delta",{number},"msg":{{"market_ticker":"{ticker}","market_id":"m",
                "price_dollars":"0.4000","delta_fp":"1.00","side":"yes"}}}}"#
            ));
        }
    }

    fn command(&mut self, command: &Command) {
        let id = command.id;
        match &command.body {
            CommandBody::Subscribe(subscribe) => {
                (self.sid, self.seq) = (self.sid + 1, 0);
                self.subscribed = subscribe.market_tickers.iter().cloned().collect();
                let sid = self.sid;
                let text =
                    format!(r#"{{"id":{id},"type":"subscribed","msg":{{"channel":"orderbook_delta","sid":{sid}}}}}"#);
                self.way.push_back(Sent { text, versions: None });
                subscribe.market_tickers.iter().for_each(|ticker| self.snapshot(ticker));
            }
            CommandBody::UpdateSubscription(update) if update.action == Update::GetSnapshot => {
                update.market_tickers.iter().for_each(|ticker| self.snapshot(ticker));
            }
            CommandBody::UpdateSubscription(update) => {
                for ticker in &update.market_tickers {
                    match update.action {
                        Update::AddMarkets => self.subscribed.extend([ticker.clone()]),
                        Update::DeleteMarkets | Update::GetSnapshot => self.subscribed.retain(|known| known != ticker),
                    }
                }
                let number = self.number();
                self.send(format!(r#"{{"id":{id},{number},"type":"ok"}}"#));
                if update.action == Update::AddMarkets {
                    update.market_tickers.iter().for_each(|ticker| self.snapshot(ticker));
                }
            }
            CommandBody::Unsubscribe { .. } => {
                let number = self.number();
                self.send(format!(r#"{{"id":{id},{number},"type":"unsubscribed"}}"#));
                self.subscribed.clear();
            }
            CommandBody::ListSubscriptions => {}
        }
    }

    fn end_subscription(&mut self) {
        let number = self.number();
        self.send(format!(r#"{{"type":"error",{number},"msg":{{"code":25,"msg":"overflow"}}}}"#));
        self.subscribed.clear();
    }
}

struct World {
    session: Session,
    model: Model,
    now: Timestamp,
    open: bool,
    dial_at: Option<Timestamp>,
    /// The consumer's books, those it believes in.
    believed: Versions,
    wanted: BTreeSet<String>,
    /// Whether the consumer's queue is full.
    full: bool,
}

impl World {
    fn new() -> Self {
        let wanted: BTreeSet<String> = TICKERS[..3].iter().map(ToString::to_string).collect();
        let interest = Interest {
            channels: vec![Channel::OrderbookDelta],
            markets: wanted.iter().map(|ticker| MarketTicker::new(ticker).unwrap()).collect(),
            all_markets: false,
        };
        let config = SessionConfig { markets_per_command: 2, ..SessionConfig::new(5) };
        let versions = TICKERS.iter().map(|ticker| (ticker.to_string(), 1)).collect();
        let model = Model { sid: 0, seq: 0, subscribed: BTreeSet::new(), versions, way: VecDeque::new() };
        let mut world = Self {
            session: Session::new(config, &interest),
            model,
            now: Timestamp::from_secs(1_795_176_000).unwrap(),
            open: false,
            dial_at: None,
            believed: Versions::new(),
            wanted,
            full: false,
        };
        world.act(Session::start);
        world
    }

    fn act(&mut self, act: impl FnOnce(&mut Session, Timestamp, &mut Vec<Action>)) {
        let mut out = Vec::new();
        act(&mut self.session, self.now, &mut out);
        for action in out {
            match action {
                Action::Connect(at) => self.dial_at = Some(at),
                Action::Send(text) => self.model.command(&Command::parse(&text).unwrap()),
                // The model always answers a ping.
                Action::Ping => self.session.on_life(self.now),
                Action::Close => self.hang_up(),
                Action::Emit(stamped) => self.consume(stamped.body),
                Action::Notice(_) => {}
            }
        }
    }

    fn consume(&mut self, input: Input) {
        let is_market = matches!(input, Input::Book(_) | Input::BookLost(_));
        if is_market && self.full {
            // A real consumer would still believe in what it has until it hears of the loss; so does this one, but the
            // comparison is made only for books that nothing was dropped of.
            match &input {
                Input::Book(book) => self.believed.retain(|ticker, _| book.market.as_str() != ticker),
                Input::BookLost(loss) => {
                    self.believed.retain(|ticker, _| loss.markets.iter().all(|market| market.as_str() != ticker));
                }
                _ => {}
            }
            self.session.on_overflow(&input);
            return;
        }
        match input {
            Input::Book(book) => match book.change {
                BookChange::Snapshot { bids, .. } => {
                    self.believed.insert(book.market.to_string(), bids[0].1.micros() / 1_000_000);
                }
                BookChange::Delta { .. } => {
                    *self.believed.get_mut(book.market.as_str()).expect("a delta only of a book that was given") += 1;
                }
                BookChange::Level { .. } => panic!("Kalshi says changes, never totals"),
            },
            Input::BookLost(loss) => {
                for market in &loss.markets {
                    self.believed.remove(market.as_str());
                }
            }
            Input::Connection(ConnectionInput::Down { .. }) => self.believed.clear(),
            _ => {}
        }
    }

    fn hang_up(&mut self) {
        self.open = false;
        self.model.way.clear();
        self.model.subscribed.clear();
    }

    /// Delivers the next frame and compares what the consumer believes with the model as of that frame.
    fn deliver(&mut self) {
        let Some(sent) = self.model.way.pop_front() else { return };
        self.act(|session, now, out| session.on_frame(now, &sent.text, out));
        if let Some(versions) = sent.versions {
            for (ticker, believed) in &self.believed {
                if self.wanted.contains(ticker) {
                    assert_eq!(*believed, versions[ticker], "{ticker} after {}", sent.text);
                }
            }
        }
    }

    fn pass(&mut self, time: Duration) {
        self.now = self.now.plus(time);
        if self.open {
            self.act(Session::on_tick);
        } else if self.dial_at.is_some_and(|at| self.now >= at) {
            self.dial_at = None;
            self.open = true;
            self.act(Session::on_open);
        }
    }

    fn change(&mut self, ticker: &str) {
        let market = [MarketTicker::new(ticker).unwrap()];
        if self.wanted.remove(ticker) {
            // The consumer forgets what it no longer wants.
            self.believed.remove(ticker);
            self.act(|session, now, out| session.remove_markets(now, &market, out));
        } else {
            self.wanted.insert(ticker.to_owned());
            self.act(|session, now, out| session.add_markets(now, &market, out));
        }
    }

    fn step(&mut self, what: u8, which: usize) {
        let ticker = TICKERS[which % TICKERS.len()];
        match what {
            0..=39 => self.model.trade(ticker),
            40..=69 => self.deliver(),
            // What gets lost is data. A lost word that the subscription ended would show nowhere but in REST.
            70..=77 if self.model.way.front().is_some_and(|sent| sent.text.contains("orderbook")) => {
                self.model.way.pop_front();
            }
            78..=85 => self.pass(Duration::from_millis(300 * (which as u64 + 1))),
            86..=87 if self.open => {
                self.hang_up();
                self.act(|session, now, out| session.on_close(now, "reset", out));
            }
            88..=89 if !self.model.subscribed.is_empty() => self.model.end_subscription(),
            90..=93 => self.change(ticker),
            94..=95 => self.full = true,
            96..=97 => {
                self.full = false;
                self.act(Session::on_room);
            }
            98 => self.act(|session, now, out| session.on_frame(now, "{\"type\":\"orderbook_delta\",\"sid\":", out)),
            _ => {}
        }
    }

    /// Nothing goes wrong any more.
    fn heal(&mut self) {
        self.full = false;
        self.wanted.insert(TICKERS[0].to_owned());
        let market = [MarketTicker::new(TICKERS[0]).unwrap()];
        self.act(|session, now, out| session.add_markets(now, &market, out));
        for _ in 0..400 {
            self.act(Session::on_room);
            for ticker in TICKERS {
                self.model.trade(ticker);
            }
            while !self.model.way.is_empty() {
                self.deliver();
            }
            self.pass(Duration::from_secs(1));
        }
        while !self.model.way.is_empty() {
            self.deliver();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 120, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_believed_is_true_and_everything_heals(steps in proptest::collection::vec((0_u8..100, 0_usize..8), 0..300)) {
        let mut world = World::new();
        for (what, which) in steps {
            world.step(what, which);
        }
        world.heal();
        for ticker in &world.wanted {
            prop_assert_eq!(world.believed.get(ticker), Some(&world.model.versions[ticker]), "{} has not healed", ticker);
        }
    }
}
