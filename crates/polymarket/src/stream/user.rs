//! The user session: our orders and our trades through their whole life, and a reconciliation after every connection.
//!
//! The channel repeats nothing, so what happened while the socket was away is only known to REST: every connection is
//! followed by [`Notice::NeedsReconcile`], whose answer goes into [`Account::reconcile`].
//!
//! Source: reference, sections 7.2 and 10.3, 2026-11-20.

use std::collections::BTreeSet;

use brier_polymarket_protocol::convert::TokenMap;
use brier_polymarket_protocol::stream::command::{Command, INVALID_OPERATION, PONG, StreamAuth};
use brier_polymarket_protocol::stream::split;
use brier_polymarket_protocol::stream::user::UserEvent;
use brier_types::{ConnectionInput, Input, Timestamp, Venue};

use super::account::Account;
use super::action::{Action, Machine, Notice, Stats, cut, emit};
use super::link::{Link, LinkConfig};

/// The state machine. See the module's head.
#[derive(Debug)]
pub struct UserSession {
    link: Link,
    auth: StreamAuth,
    /// The account as the stream tells it.
    account: Account,
    markets: Vec<String>,
    stats: Stats,
    told_unknown: BTreeSet<String>,
}

impl UserSession {
    /// A session for the account of this API key that has not begun. `markets` are condition ids, none for everything;
    /// `tokens` must list every market that the account trades.
    pub fn new(config: LinkConfig, auth: StreamAuth, markets: Vec<String>, tokens: TokenMap) -> Self {
        let account = Account::new(&auth.api_key, tokens);
        Self { link: Link::new(config), auth, account, markets, stats: Stats::default(), told_unknown: BTreeSet::new() }
    }

    /// The account as the stream tells it.
    pub const fn account(&self) -> &Account {
        &self.account
    }

    /// The account, to be reconciled and told of more markets.
    pub const fn account_mut(&mut self) -> &mut Account {
        &mut self.account
    }

    fn on_part(&mut self, now: Timestamp, text: &str, out: &mut Vec<Action>) {
        let (inputs, time, problem) = match UserEvent::from_frame(text) {
            Ok(UserEvent::Order(order)) => {
                self.stats.count("order");
                match self.account.on_order(&order) {
                    Ok(inputs) => (inputs, Some(order.timestamp), None),
                    Err(error) => (Vec::new(), None, Some(error.to_string())),
                }
            }
            Ok(UserEvent::Trade(trade)) => {
                self.stats.count("trade");
                let (inputs, problems) = self.account.on_trade(&trade);
                let problem = (!problems.is_empty()).then(|| problems.join("; "));
                (inputs, trade.timestamp.or(trade.last_update), problem)
            }
            Ok(UserEvent::Other(kind)) => {
                self.stats.count(&kind);
                self.stats.unknown += 1;
                if self.told_unknown.len() < 64 && self.told_unknown.insert(kind.clone()) {
                    out.push(Action::Notice(Notice::UnknownFrame { kind, frame: cut(text) }));
                }
                return;
            }
            Err(error) => (Vec::new(), None, Some(error.to_string())),
        };
        out.extend(inputs.into_iter().map(|input| emit(now, time, input)));
        if let Some(problem) = problem {
            self.stats.unreadable += 1;
            out.push(Action::Notice(Notice::Unreadable { problem: problem.clone(), frame: cut(text) }));
            out.push(Action::Notice(Notice::NeedsReconcile { reason: problem }));
        }
    }

    fn hang_up(&mut self, now: Timestamp, reason: &str, out: &mut Vec<Action>) {
        out.push(Action::Close);
        self.on_close(now, reason, out);
    }
}

impl Machine for UserSession {
    fn start(&mut self, now: Timestamp, out: &mut Vec<Action>) {
        out.push(Action::Connect(now));
    }

    fn on_open(&mut self, now: Timestamp, out: &mut Vec<Action>) {
        self.link.opened(now);
        self.stats.connections += 1;
        // Once only: a second subscription of the same markets would send every event twice.
        out.push(Action::Send(Command::user(self.auth.clone(), self.markets.clone()).to_frame()));
        out.push(Action::Notice(Notice::Connected));
        out.push(emit(now, None, Input::Connection(ConnectionInput::Up { venue: Venue::Polymarket })));
        let reason = if self.stats.connections == 1 { "connected" } else { "connected again; nothing is repeated" };
        out.push(Action::Notice(Notice::NeedsReconcile { reason: reason.to_owned() }));
    }

    fn on_close(&mut self, now: Timestamp, reason: &str, out: &mut Vec<Action>) {
        if self.link.is_open() {
            let (venue, reason) = (Venue::Polymarket, reason.to_owned());
            out.push(emit(now, None, Input::Connection(ConnectionInput::Down { venue, reason })));
        }
        self.link.closed(now, reason, out);
    }

    fn on_frame(&mut self, now: Timestamp, text: &str, out: &mut Vec<Action>) {
        if !self.link.is_open() {
            return;
        }
        self.link.life(now);
        match text.trim() {
            // Counted: what was sent before the ping has been taken by then.
            PONG => self.stats.count(PONG),
            "" => {}
            INVALID_OPERATION => self.hang_up(now, "the venue refused a command: INVALID OPERATION", out),
            _ => match split(text) {
                Ok(parts) => {
                    for part in parts.as_slice() {
                        self.on_part(now, part, out);
                    }
                }
                Err(_not_an_array) => self.on_part(now, text, out),
            },
        }
    }

    fn on_tick(&mut self, now: Timestamp, out: &mut Vec<Action>) {
        if let Some(reason) = self.link.tick(now, out) {
            self.hang_up(now, &reason, out);
        }
    }

    fn next_deadline(&self) -> Option<Timestamp> {
        self.link.deadline()
    }

    fn stats(&self) -> &Stats {
        &self.stats
    }
}

#[cfg(test)]
mod tests {
    use brier_polymarket_protocol::convert::Listing;
    use brier_types::MarketTicker;

    use super::*;

    fn session() -> UserSession {
        let auth = StreamAuth { api_key: "us".into(), secret: "s".into(), passphrase: "p".into() };
        let mut tokens = TokenMap::new();
        let market = MarketTicker::new("0xdd").unwrap();
        tokens.insert(Listing { market, yes: "7132".to_owned(), no: "5211".to_owned() });
        UserSession::new(LinkConfig::new(1), auth, Vec::new(), tokens)
    }

    fn word(action: Action) -> String {
        match action {
            Action::Emit(input) => match input.body {
                Input::Connection(ConnectionInput::Up { .. }) => "up".to_owned(),
                Input::Connection(ConnectionInput::Down { .. }) => "down".to_owned(),
                Input::Order(order) => format!("order {} {:?}", order.order, order.status),
                Input::Fill(fill) => format!("fill {}", fill.trade),
                Input::FillStatus(update) => format!("{} {:?}", update.trade, update.status),
                other => panic!("{other:?}"),
            },
            Action::Send(_) => "send".to_owned(),
            Action::Connect(_) => "connect".to_owned(),
            Action::Close => "close".to_owned(),
            Action::Notice(Notice::NeedsReconcile { .. }) => "reconcile".to_owned(),
            Action::Notice(Notice::Unreadable { .. }) => "unreadable".to_owned(),
            Action::Notice(Notice::Connected) => "connected".to_owned(),
            Action::Notice(Notice::Disconnected { reason, .. }) => reason,
            other => panic!("{other:?}"),
        }
    }

    fn trade(status: &str) -> String {
        format!(
            r#"{{"event_type":"trade","id":"t1","taker_order_id":"0x1","market":"0xdd","asset_id":"7132","side":"BUY","size":"10",
            "price":"0.4","status":"{status}","owner":"us","trader_side":"TAKER","maker_orders":[]}}"#
        )
    }

    #[test]
    fn every_connection_asks_for_a_reconciliation_and_a_trade_is_told_once_per_status() {
        let (mut session, mut out, now) = (session(), Vec::new(), Timestamp::from_secs(1_763_600_000).unwrap());
        let mut run = |session: &mut UserSession, step: &dyn Fn(&mut UserSession, &mut Vec<Action>)| {
            step(session, &mut out);
            out.drain(..).map(word).collect::<Vec<_>>()
        };
        assert_eq!(
            run(&mut session, &|session, out| session.on_open(now, out)),
            ["send", "connected", "up", "reconcile"]
        );
        for (status, told) in [
            ("MATCHED_NOT_BROADCASTED", &["fill t1"][..]),
            ("MATCHED", &[]),
            ("MATCHED", &[]),
            ("RETRYING", &["t1 Retrying"]),
            ("MINED", &["t1 Mined"]),
            ("RETRYING", &["t1 Retrying"]),
            ("FAILED", &["t1 Failed"]),
            ("MINED", &[]),
            ("CONFIRMED", &["unreadable", "reconcile"]),
            ("SETTLING", &["unreadable", "reconcile"]),
        ] {
            assert_eq!(run(&mut session, &|session, out| session.on_frame(now, &trade(status), out)), told, "{status}");
        }
        let ended = run(&mut session, &|session, out| session.on_close(now, "reset", out));
        assert_eq!(ended, ["down", "reset", "connect"]);
        let again = run(&mut session, &|session, out| session.on_open(now, out));
        assert_eq!(again.last().unwrap(), "reconcile");
        let refused = run(&mut session, &|session, out| session.on_frame(now, "INVALID OPERATION", out));
        assert_eq!(refused[..2], ["close", "down"]);
    }
}
