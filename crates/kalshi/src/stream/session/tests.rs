use brier_types::BookInput;
use serde_json::Value;

use super::*;

const A: &str = "KXA-1";
const B: &str = "KXB-1";

/// A session with its clock and everything it said, in short words.
struct Bench {
    session: Session,
    now: Timestamp,
    said: Vec<String>,
    /// The commands that were sent, newest last.
    sent: Vec<Value>,
}

fn market(ticker: &str) -> MarketTicker {
    MarketTicker::new(ticker).unwrap()
}

fn config() -> SessionConfig {
    SessionConfig { markets_per_command: 2, ..SessionConfig::new(3) }
}

impl Bench {
    fn new(channels: &[Channel], markets: &[&str]) -> Self {
        let markets = markets.iter().map(|ticker| market(ticker)).collect();
        let interest = Interest { channels: channels.to_vec(), markets, all_markets: false };
        let session = Session::new(config(), &interest);
        let now = Timestamp::from_secs(1_795_176_000).unwrap();
        Self { session, now, said: Vec::new(), sent: Vec::new() }
    }

    /// A session on books alone, open, acknowledged and fed.
    fn fed(markets: &[&str]) -> Self {
        let mut bench = Self::new(&[Channel::OrderbookDelta], markets);
        bench.open();
        bench.subscribed("orderbook_delta", 1);
        for (seq, ticker) in (1..).zip(markets) {
            bench.snapshot(seq, ticker);
        }
        bench.said.clear();
        bench
    }

    fn act(&mut self, act: impl FnOnce(&mut Session, Timestamp, &mut Vec<Action>)) {
        let mut out = Vec::new();
        act(&mut self.session, self.now, &mut out);
        for action in out {
            let word = match action {
                Action::Connect(at) => format!("connect in {} ms", at.since(self.now).as_millis() / 1_000 * 1_000),
                Action::Send(text) => {
                    let command: Value = serde_json::from_str(&text).unwrap();
                    let params = &command["params"];
                    let what = params["action"].as_str().or(command["cmd"].as_str()).unwrap();
                    let channel = params["channels"][0].as_str().unwrap_or_default();
                    let tickers = params["market_tickers"].as_array().map_or(String::new(), |list| {
                        list.iter().map(|ticker| ticker.as_str().unwrap()).collect::<Vec<_>>().join("+")
                    });
                    self.sent.push(command.clone());
                    format!("send {what} {channel} {tickers}").split_whitespace().collect::<Vec<_>>().join(" ")
                }
                Action::Ping => "ping".to_owned(),
                Action::Close => "close".to_owned(),
                Action::Emit(stamped) => match stamped.body {
                    Input::Book(BookInput { market, change: BookChange::Snapshot { .. }, .. }) => {
                        format!("book {market}")
                    }
                    Input::Book(BookInput { market, change: BookChange::Delta { price, change, .. }, .. }) => {
                        format!("delta {market} {price} {change}")
                    }
                    Input::BookLost(loss) => {
                        let names: Vec<_> = loss.markets.iter().map(ToString::to_string).collect();
                        format!("lost {}: {}", names.join("+"), loss.reason)
                    }
                    Input::Connection(ConnectionInput::Up { .. }) => "up".to_owned(),
                    Input::Connection(ConnectionInput::Down { reason, .. }) => format!("down: {reason}"),
                    other => format!("{other:?}").split(['(', ' ']).next().unwrap().to_lowercase(),
                },
                Action::Notice(notice) => {
                    format!("notice {}", format!("{notice:?}").split([' ', '{']).next().unwrap())
                }
            };
            self.said.push(word);
        }
    }

    fn open(&mut self) {
        self.act(Session::start);
        self.act(Session::on_open);
    }

    fn frame(&mut self, text: &str) {
        self.act(|session, now, out| session.on_frame(now, text, out));
    }

    /// The id of the newest command.
    fn id(&self) -> u64 {
        self.sent.last().unwrap()["id"].as_u64().unwrap()
    }

    fn subscribed(&mut self, channel: &str, sid: u64) {
        let id = self.id();
        self.frame(&format!(r#"{{"id":{id},"type":"subscribed","msg":{{"channel":"{channel}","sid":{sid}}}}}"#));
    }

    fn snapshot(&mut self, seq: u64, ticker: &str) {
        self.frame(&format!(
            r#"{{"type":"orderbook_snapshot","sid":1,"seq":{seq},"msg":{{"market_ticker":"{ticker}","market_id":"m",
            "yes_dollars_fp":[["0.4000","10.00"]],"no_dollars_fp":[["0.4500","5.00"]]}}}}"#
        ));
    }

    fn delta(&mut self, seq: u64, ticker: &str) {
        self.frame(&format!(
            r#"{{"type":"orderbook_delta","sid":1,"seq":{seq},"msg":{{"market_ticker":"{ticker}","market_id":"m",
            "price_dollars":"0.4000","delta_fp":"-1.00","side":"yes"}}}}"#
        ));
    }

    /// Lets time pass, with a sign of life at its end so that only other deadlines show.
    fn pass(&mut self, seconds: u64) {
        self.now = self.now.plus(Duration::from_secs(seconds));
        let now = self.now;
        self.session.on_life(now);
        self.act(Session::on_tick);
    }

    fn take(&mut self) -> Vec<String> {
        std::mem::take(&mut self.said)
    }
}

#[test]
fn a_session_subscribes_with_yes_prices_and_is_up_when_all_is_acknowledged() {
    let mut bench = Bench::new(&[Channel::OrderbookDelta, Channel::Fill], &[A, B, "KXC-1"]);
    bench.open();
    assert_eq!(bench.take(), ["connect in 0 ms", "send subscribe fill", "send subscribe orderbook_delta KXA-1+KXB-1"]);
    assert_eq!(bench.sent[1]["params"]["use_yes_price"], true);
    bench.subscribed("orderbook_delta", 1);
    // The markets beyond one command's size follow the acknowledgement.
    assert_eq!(bench.take(), ["send add_markets KXC-1"]);
    bench.frame(r#"{"id":1,"type":"subscribed","msg":{"channel":"fill","sid":2}}"#);
    assert_eq!(bench.take(), ["up"]);
    assert!(bench.session.is_up());
}

#[test]
fn deltas_before_the_snapshot_are_dropped_and_counted() {
    let mut bench = Bench::new(&[Channel::OrderbookDelta], &[A, B]);
    bench.open();
    bench.subscribed("orderbook_delta", 1);
    bench.take();
    bench.delta(1, A);
    bench.snapshot(2, A);
    bench.delta(3, B);
    bench.delta(4, A);
    assert_eq!(bench.take(), ["book KXA-1", "delta KXA-1 0.4000 -1.00"]);
    assert_eq!(bench.session.stats().before_snapshot, 2);
}

#[test]
fn a_gap_loses_every_book_of_the_subscription_and_snapshots_mend_them() {
    let mut bench = Bench::fed(&[A, B]);
    bench.delta(4, A);
    assert_eq!(bench.take(), ["lost KXA-1+KXB-1: sequence gap: expected 3, found 4", "send get_snapshot KXA-1+KXB-1"]);
    bench.delta(5, B);
    bench.snapshot(6, B);
    bench.delta(7, B);
    bench.delta(8, A);
    assert_eq!(bench.take(), ["book KXB-1", "delta KXB-1 0.4000 -1.00"]);
    bench.snapshot(9, A);
    assert_eq!(bench.take(), ["book KXA-1"]);
    assert_eq!((bench.session.stats().gaps, bench.session.stats().repairs), (1, 2));
}

#[test]
fn a_second_gap_asks_for_nothing_that_is_already_under_way() {
    let mut bench = Bench::fed(&[A, B]);
    bench.delta(9, A);
    bench.snapshot(10, A);
    bench.take();
    bench.delta(20, B);
    assert_eq!(bench.take(), ["lost KXA-1: sequence gap: expected 11, found 20", "send get_snapshot KXA-1"]);
}

#[test]
fn a_gap_shown_by_a_snapshot_feeds_that_book_at_once() {
    let mut bench = Bench::fed(&[A, B]);
    bench.snapshot(7, A);
    assert_eq!(
        bench.take(),
        ["lost KXA-1+KXB-1: sequence gap: expected 3, found 7", "send get_snapshot KXA-1+KXB-1", "book KXA-1",]
    );
}

#[test]
fn acknowledgements_take_numbers_of_their_subscription() {
    let mut bench = Bench::fed(&[A]);
    bench.act(|session, now, out| session.add_markets(now, &[market(B)], out));
    let id = bench.id();
    bench.frame(&format!(r#"{{"id":{id},"sid":1,"seq":2,"type":"ok"}}"#));
    bench.snapshot(3, B);
    bench.delta(4, A);
    assert_eq!(bench.take(), ["send add_markets KXB-1", "book KXB-1", "delta KXA-1 0.4000 -1.00"]);
    assert_eq!(bench.session.stats().gaps, 0);
}

#[test]
fn a_sync_is_answered_after_everything_that_was_sent_before() {
    let mut bench = Bench::fed(&[A]);
    bench.act(|session, now, out| session.sync(now, 7, out));
    let id = bench.id();
    bench.delta(2, A);
    bench.frame(&format!(r#"{{"id":{id},"type":"ok","msg":[{{"channel":"orderbook_delta","sid":1}}]}}"#));
    assert_eq!(bench.take(), ["send list_subscriptions", "delta KXA-1 0.4000 -1.00", "notice Synced"]);
}

#[test]
fn repeats_are_ignored_and_a_counter_that_goes_back_is_a_gap() {
    let mut bench = Bench::fed(&[A]);
    bench.delta(2, A);
    bench.delta(2, A);
    assert_eq!(bench.take(), ["delta KXA-1 0.4000 -1.00"]);
    bench.delta(1, A);
    assert_eq!(bench.take(), ["lost KXA-1: sequence gap: expected 3, found 1", "send get_snapshot KXA-1"]);
    assert_eq!(bench.session.stats().repeats, 1);
}

#[test]
fn a_book_message_that_cannot_be_read_loses_the_books() {
    let mut bench = Bench::fed(&[A]);
    bench.frame(r#"{"type":"orderbook_delta","sid":1,"seq":2,"msg":{"market_ticker":"KXA-1","price_dollars":"x"}}"#);
    assert_eq!(bench.take(), ["notice Unreadable", "lost KXA-1: a frame could not be read", "send get_snapshot KXA-1"]);
    assert_eq!(bench.session.stats().unreadable, 1);
}

#[test]
fn markets_come_and_go_while_it_runs() {
    let mut bench = Bench::fed(&[A]);
    bench.act(|session, now, out| session.add_markets(now, &[market(A), market(B)], out));
    assert_eq!(bench.take(), ["send add_markets KXB-1"]);
    bench.act(|session, now, out| session.remove_markets(now, &[market(A)], out));
    bench.delta(2, A);
    assert_eq!(bench.take(), ["send delete_markets KXA-1"]);
    assert_eq!(bench.session.stats().unwanted, 1);
    // Without any market a subscription would mean all of them, so it ends; with the next one it begins anew.
    bench.act(|session, now, out| session.remove_markets(now, &[market(B)], out));
    assert_eq!(bench.take(), ["send unsubscribe"]);
    bench.act(|session, now, out| session.add_markets(now, &[market(B)], out));
    assert_eq!(bench.take(), ["send subscribe orderbook_delta KXB-1"]);
}

#[test]
fn a_market_put_back_before_the_venue_heard_that_it_left_waits_for_its_book_again() {
    let mut bench = Bench::new(&[Channel::OrderbookDelta], &[A]);
    bench.open();
    bench.act(|session, now, out| session.remove_markets(now, &[market(A)], out));
    bench.act(|session, now, out| session.add_markets(now, &[market(A)], out));
    bench.subscribed("orderbook_delta", 1);
    bench.said.clear();
    bench.snapshot(1, A);
    assert_eq!(bench.take(), ["book KXA-1"]);
}

#[test]
fn a_snapshot_from_before_a_market_left_does_not_feed_it_when_it_comes_back() {
    let mut bench = Bench::fed(&[A, B]);
    bench.act(|session, now, out| session.remove_markets(now, &[market(B)], out));
    let left = bench.id();
    bench.act(|session, now, out| session.add_markets(now, &[market(B)], out));
    let back = bench.id();
    bench.said.clear();
    bench.snapshot(3, B);
    bench.frame(&format!(r#"{{"id":{left},"sid":1,"seq":4,"type":"ok"}}"#));
    bench.frame(&format!(r#"{{"id":{back},"sid":1,"seq":5,"type":"ok"}}"#));
    assert!(bench.take().is_empty(), "between leaving and coming back trades are not told");
    bench.snapshot(6, B);
    assert_eq!(bench.take(), ["book KXB-1"]);
}

#[test]
fn silence_is_found_out() {
    let mut bench = Bench::fed(&[A]);
    let config = config();
    assert_eq!(bench.session.next_deadline(), Some(bench.now.plus(config.silence)));
    bench.now = bench.now.plus(config.silence);
    bench.act(Session::on_tick);
    assert_eq!(bench.take(), ["ping"]);
    // A pong is enough.
    bench.session.on_life(bench.now);
    bench.now = bench.now.plus(config.silence);
    bench.act(Session::on_tick);
    bench.now = bench.now.plus(config.pong_timeout);
    bench.act(Session::on_tick);
    assert_eq!(
        bench.take(),
        ["ping", "close", "down: no sign of life for 30s", "notice Disconnected", "connect in 0 ms"]
    );
    assert_eq!(bench.session.next_deadline(), None);
}

#[test]
fn a_command_without_acknowledgement_ends_the_connection() {
    let mut bench = Bench::new(&[Channel::Fill], &[]);
    bench.open();
    bench.take();
    bench.pass(10);
    assert_eq!(bench.take()[..2], ["close", "down: no acknowledgement in 10s of Subscribe(Fill)"]);
}

#[test]
fn a_reconnect_subscribes_to_everything_again() {
    let mut bench = Bench::fed(&[A]);
    bench.act(|session, now, out| session.add_markets(now, &[market(B)], out));
    bench.act(|session, now, out| session.on_close(now, "reset by peer", out));
    assert_eq!(bench.take()[1..], ["down: reset by peer", "notice Disconnected", "connect in 0 ms"]);
    bench.act(Session::on_open);
    assert_eq!(bench.take(), ["send subscribe orderbook_delta KXA-1+KXB-1"]);
    // What is still on its way from before belongs to nothing.
    bench.delta(1, A);
    bench.subscribed("orderbook_delta", 1);
    bench.snapshot(1, A);
    assert_eq!(bench.take(), ["up", "book KXA-1"]);
    assert_eq!(bench.session.stats().connections, 2);
}

#[test]
fn waits_grow_until_a_connection_lasts() {
    let mut bench = Bench::new(&[], &[]);
    bench.open();
    let mut bounds = Vec::new();
    for _ in 0..9 {
        bench.act(|session, now, out| session.on_close(now, "refused", out));
        bounds.push(bench.session.config.backoff.bound(bench.session.failures).as_millis());
    }
    assert_eq!(bounds, [250, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
    bench.act(Session::on_open);
    bench.now = bench.now.plus(Duration::from_secs(31));
    bench.act(|session, now, out| session.on_close(now, "reset", out));
    assert_eq!(bench.session.failures, 1);
}

#[test]
fn terminal_errors_lose_the_books_and_subscribe_again_after_a_wait() {
    for code in [10, 25] {
        let mut bench = Bench::fed(&[A]);
        bench.frame(&format!(r#"{{"type":"error","sid":1,"seq":2,"msg":{{"code":{code},"msg":"over"}}}}"#));
        let said = bench.take();
        assert_eq!(said[0], "notice Refused");
        assert!(said[1].starts_with(&format!("lost KXA-1: error {code}")), "{said:?}");
        assert_eq!(said.len(), 2);
        bench.delta(3, A);
        bench.pass(1);
        assert_eq!(bench.take(), ["send subscribe orderbook_delta KXA-1"]);
        bench.subscribed("orderbook_delta", 1);
        bench.snapshot(1, A);
        assert_eq!(bench.take(), ["book KXA-1"]);
    }
}

#[test]
fn a_terminal_error_of_nobody_ends_the_connection() {
    let mut bench = Bench::fed(&[A]);
    bench.frame(r#"{"type":"error","msg":{"code":25,"msg":"overflow"}}"#);
    assert!(bench.take().contains(&"close".to_owned()));
}

#[test]
fn a_refused_subscription_is_told_and_stays_refused() {
    let mut bench = Bench::new(&[Channel::OrderbookDelta, Channel::Fill], &[A]);
    bench.open();
    let id = bench.id();
    bench.take();
    bench.frame(&format!(r#"{{"id":{id},"type":"error","msg":{{"code":8,"msg":"Unknown channel name"}}}}"#));
    bench.frame(r#"{"id":1,"type":"subscribed","msg":{"channel":"fill","sid":2}}"#);
    assert_eq!(bench.take(), ["notice Refused", "up"]);
    bench.pass(60);
    assert_eq!(bench.take(), Vec::<String>::new());
}

#[test]
fn a_snapshot_that_does_not_come_is_asked_for_again_then_less_often() {
    let mut bench = Bench::fed(&[A, B]);
    bench.act(|session, now, out| session.resync(now, &[market(A)], "differs from REST", out));
    assert_eq!(bench.take(), ["lost KXA-1: differs from REST", "send get_snapshot KXA-1"]);
    bench.pass(10);
    bench.pass(10);
    assert_eq!(bench.take(), ["send get_snapshot KXA-1", "send get_snapshot KXA-1"]);
    bench.pass(10);
    assert_eq!(bench.take(), ["notice NoSnapshot", "send get_snapshot KXA-1"]);
    bench.pass(10);
    assert_eq!(bench.take(), Vec::<String>::new());
    bench.pass(10);
    assert_eq!(bench.take(), ["send get_snapshot KXA-1"]);
}

#[test]
fn when_no_book_is_fed_at_all_the_connection_is_broken() {
    let mut bench = Bench::fed(&[A]);
    bench.act(|session, now, out| session.resync(now, &[market(A)], "test", out));
    for _ in 0..3 {
        bench.pass(10);
    }
    assert!(bench.take().contains(&"down: no snapshot of any market after asking 3 times".to_owned()));
}

#[test]
fn unknown_frames_are_counted_and_told_once() {
    let mut bench = Bench::fed(&[A]);
    for _ in 0..3 {
        bench.frame(r#"{"type":"rfq_batch_created","sid":9,"msg":{"id":"x"}}"#);
    }
    assert_eq!(bench.take(), ["notice UnknownFrame"]);
    let stats = bench.session.stats();
    assert_eq!((stats.unknown, stats.frames["rfq_batch_created"], stats.frames["orderbook_snapshot"]), (3, 3, 1));
}

#[test]
fn a_gap_on_a_channel_without_books_is_told() {
    let mut bench = Bench::new(&[Channel::Trade], &[A]);
    bench.open();
    bench.subscribed("trade", 4);
    bench.take();
    for seq in [1, 3] {
        bench.frame(&format!(
            r#"{{"type":"trade","sid":4,"seq":{seq},"msg":{{"trade_id":"t{seq}","market_ticker":"KXA-1",
            "yes_price_dollars":"0.4100","no_price_dollars":"0.5900","count_fp":"5.50","taker_side":"no",
            "taker_outcome_side":"no","taker_book_side":"ask","ts":1795176000,"ts_ms":1795176000500}}}}"#
        ));
    }
    assert_eq!(bench.take(), ["trade", "notice Missed", "trade"]);
}

#[test]
fn a_full_queue_loses_books_until_there_is_room() {
    let mut bench = Bench::fed(&[A, B]);
    let dropped = Input::Book(BookInput {
        market: market(A),
        subscription: SubscriptionId(1),
        sequence: 3,
        change: BookChange::Snapshot { bids: Vec::new(), asks: Vec::new() },
    });
    bench.session.on_overflow(&dropped);
    assert!(bench.session.owes());
    bench.delta(3, A);
    bench.delta(4, B);
    assert_eq!(bench.take(), ["delta KXB-1 0.4000 -1.00"]);
    bench.act(Session::on_room);
    assert_eq!(
        bench.take(),
        ["notice Overflow", "lost KXA-1: the consumer's queue was full", "send get_snapshot KXA-1"]
    );
    assert!(!bench.session.owes());
    bench.snapshot(5, A);
    assert_eq!(bench.take(), ["book KXA-1"]);
}

#[test]
fn private_messages_become_inputs_with_the_venue_s_time() {
    let mut bench = Bench::new(&[Channel::Fill, Channel::UserOrders, Channel::MarketPositions], &[]);
    bench.open();
    bench.take();
    let mut inputs = Vec::new();
    for text in [FILL, ORDER, POSITION] {
        let mut out = Vec::new();
        bench.session.on_frame(bench.now, text, &mut out);
        let [Action::Emit(stamped)] = out.as_slice() else { panic!("{out:?}") };
        inputs.push(stamped.clone());
    }
    assert_eq!(inputs[0].venue_time, Timestamp::from_millis(1_795_176_000_500));
    let Input::Fill(fill) = &inputs[0].body else { panic!("{inputs:?}") };
    assert_eq!(
        (fill.side, fill.qty.to_string(), fill.fee.to_string()),
        (brier_types::BookSide::Bid, "5.50".to_owned(), "0.017500".to_owned())
    );
    let Input::Order(order) = &inputs[1].body else { panic!("{inputs:?}") };
    assert_eq!((order.remaining.to_string(), order.reason.as_deref()), ("4.50".to_owned(), Some("Trade")));
    let Input::Position(position) = &inputs[2].body else { panic!("{inputs:?}") };
    assert_eq!(position.position.micros(), 5_500_000);
    // A status that says nothing cannot be acted on: it is told, not guessed.
    bench.frame(&ORDER.replace("resting", "unknown"));
    assert_eq!(bench.take(), ["notice Unreadable"]);
}

const FILL: &str = r#"{"type":"fill","sid":4,"msg":{"trade_id":"t","order_id":"o","client_order_id":"b-18",
    "market_ticker":"KXA-1","exchange_index":0,"is_taker":false,"side":"yes","action":"buy","purchased_side":"yes",
    "outcome_side":"yes","book_side":"bid","yes_price_dollars":"0.4100","count_fp":"5.50","fee_cost":"0.0175",
    "post_position_fp":"5.50","ts":1795176000,"ts_ms":1795176000500}}"#;
const ORDER: &str = r#"{"type":"user_order","sid":6,"msg":{"order_id":"o","user_id":"u","client_order_id":"b-18",
    "ticker":"KXA-1","exchange_index":0,"status":"resting","side":"yes","is_yes":true,"outcome_side":"yes",
    "book_side":"bid","yes_price_dollars":"0.4100","initial_count_fp":"10.00","fill_count_fp":"5.50",
    "remaining_count_fp":"4.50","taker_fill_cost_dollars":"0.000000","maker_fill_cost_dollars":"2.255000",
    "taker_fees_dollars":"0.000000","maker_fees_dollars":"0.000000","created_time":"2026-11-20T11:59:58Z",
    "created_ts_ms":1795175998000,"last_updated_ts_ms":1795176000500,"last_update_reason":"Trade"}}"#;
const POSITION: &str = r#"{"type":"market_position","sid":5,"msg":{"user_id":"u","market_ticker":"KXA-1",
    "position_fp":"5.50","position_cost_dollars":"2.2550","realized_pnl_dollars":"0.0000","fees_paid_dollars":"0.0000",
    "position_fee_cost_dollars":"0.0000","volume_fp":"5.50"}}"#;
