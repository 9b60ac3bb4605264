//! The market session by hand: frames and time in, words out.

use super::*;

const YES: &str = "7132";
const NO: &str = "5211";
const NOTHING: [&str; 0] = [];

fn listing(place: u32) -> Listing {
    let market = MarketTicker::new(&format!("0x{place}")).unwrap();
    let token = |text: &str| if place == 0 { text.to_owned() } else { format!("{text}{place}") };
    Listing { market, yes: token(YES), no: token(NO) }
}

struct Bench {
    session: MarketSession,
    now: Timestamp,
    out: Vec<Action>,
}

impl Bench {
    fn new(markets: u32) -> Self {
        let mut config = MarketConfig::new(1);
        config.audit_every = Duration::from_hours(1);
        let session = MarketSession::new(config, (0..markets).map(listing).collect());
        let mut bench = Self { session, now: Timestamp::from_secs(1_763_600_000).unwrap(), out: Vec::new() };
        bench.session.start(bench.now, &mut bench.out);
        bench.session.on_open(bench.now, &mut bench.out);
        bench
    }

    /// What was asked and told since the last call, in words.
    fn words(&mut self) -> Vec<String> {
        let word = |action: Action| match action {
            Action::Connect(_) => "connect".to_owned(),
            Action::Send(text) => text,
            Action::Close => "close".to_owned(),
            Action::Audit(token) => format!("audit {token}"),
            Action::Emit(input) => match input.body {
                Input::Book(book) => match book.change {
                    BookChange::Snapshot { bids, asks } => {
                        format!("{}: book {}/{}", book.sequence, bids.len(), asks.len())
                    }
                    BookChange::Level { side, price, qty } => format!("{}: {side:?} {price} {qty}", book.sequence),
                    BookChange::Delta { .. } => panic!("the venue says totals"),
                },
                Input::BookLost(loss) => format!("lost {}: {}", loss.markets.len(), loss.reason),
                Input::Trade(trade) => format!("trade {:?} {} {}", trade.taker_side, trade.price, trade.qty),
                Input::Lifecycle(change) => format!("{:?} {:?}", change.status.unwrap(), change.result),
                other => panic!("{other:?}"),
            },
            Action::Price(tick) => format!("{tick:?}"),
            Action::Notice(Notice::Connected) => "connected".to_owned(),
            Action::Notice(Notice::Unreadable { .. }) => "unreadable".to_owned(),
            Action::Notice(Notice::UnknownFrame { kind, .. }) => format!("unknown {kind}"),
            Action::Notice(notice) => format!("{notice:?}"),
        };
        std::mem::take(&mut self.out).into_iter().map(word).collect()
    }

    fn say(&mut self, text: &str) -> Vec<String> {
        self.session.on_frame(self.now, text, &mut self.out);
        self.words()
    }

    fn book(&mut self) -> Vec<String> {
        self.say(&book(YES, "1763600000000"))
    }

    fn wait(&mut self, seconds: u64) -> Vec<String> {
        let end = self.now.plus(Duration::from_secs(seconds));
        while let Some(deadline) = self.session.next_deadline().filter(|deadline| *deadline <= end) {
            self.now = self.now.max(deadline);
            self.session.on_tick(self.now, &mut self.out);
            // The venue answers heartbeats.
            if self.out.iter().any(|action| matches!(action, Action::Send(text) if text == "PING")) {
                self.session.on_frame(self.now, "PONG", &mut self.out);
            }
        }
        self.now = end;
        let mut words = self.words();
        words.retain(|word| word != "PING");
        words
    }

    fn audit(&mut self, hash: &str, millis: i64, bids: &[(&str, &str)]) -> Vec<String> {
        let level = |(price, qty): &(&str, &str)| (price.parse().unwrap(), qty.parse().unwrap());
        let timestamp = Timestamp::from_millis(millis).unwrap();
        let asks = vec![level(&("0.6", "7"))];
        let book = AuditBook { hash: hash.to_owned(), timestamp, bids: bids.iter().map(level).collect(), asks };
        self.session.on_audit(self.now, YES, Ok(book), &mut self.out);
        self.words()
    }
}

fn book(token: &str, time: &str) -> String {
    format!(
        r#"{{"event_type":"book","market":"0x0","asset_id":"{token}","timestamp":"{time}","hash":"h0","bids":[{{"price":"0.4","size":"5"}}],"asks":[{{"price":"0.6","size":"7"}}]}}"#
    )
}

fn change(price: &str, size: &str, side: &str, best_bid: &str, best_ask: &str) -> String {
    format!(
        r#"{{"event_type":"price_change","market":"0x0","timestamp":"1763600001000","price_changes":[{{"asset_id":"{YES}","price":"{price}","size":"{size}","side":"{side}","hash":"h1","best_bid":"{best_bid}","best_ask":"{best_ask}"}},{{"asset_id":"{NO}","price":"0.01","size":"{size}","side":"SELL","hash":"h2","best_bid":"0.1","best_ask":"0.9"}}]}}"#
    )
}

#[test]
fn the_first_frame_is_the_subscription_and_tokens_come_in_chunks() {
    let mut bench = Bench::new(120);
    let words = bench.words();
    let commands: Vec<Command> = words.iter().filter_map(|word| Command::from_frame(word).ok()).collect();
    assert_eq!(words[0], "connect");
    assert_eq!(commands.iter().map(|command| command.assets_ids.len()).collect::<Vec<_>>(), [100, 100, 40]);
    let kinds: Vec<_> = commands.iter().map(|command| (command.channel.is_some(), command.operation)).collect();
    assert_eq!(kinds[0], (true, None));
    assert_eq!(kinds[1..], [(false, Some(Operation::Subscribe)); 2]);
}

#[test]
fn markets_are_spread_over_sockets() {
    let sessions = shards(&MarketConfig::new(1), &(0..250).map(listing).collect::<Vec<_>>());
    assert_eq!(sessions.iter().map(|session| session.markets.len()).collect::<Vec<_>>(), [100, 100, 50]);
    assert_eq!(sessions[2].config.shard, 2);
}

#[test]
fn both_tokens_give_one_book_and_each_change_once() {
    let mut bench = Bench::new(1);
    bench.words();
    assert_eq!(bench.say(&change("0.41", "3", "BUY", "0.41", "0.6")), NOTHING, "no book yet");
    let both = format!("[{},{}]", book(YES, "1763600000000"), book(NO, "1763600000000"));
    assert_eq!(bench.say(&both), ["1: book 1/1"]);
    assert_eq!(bench.say(&change("0.41", "3", "BUY", "0.41", "0.6")), ["2: Bid 0.4100 3.00"]);
    assert_eq!(bench.say(&change("0.41", "0", "BUY", "0.4", "0.6")), ["3: Bid 0.4100 0.00"]);
    let stats = bench.session.stats();
    assert_eq!((stats.before_snapshot, stats.best_mismatches), (1, 0));
}

#[test]
fn other_best_prices_twice_in_a_row_cost_the_book() {
    let mut bench = Bench::new(1);
    bench.book();
    assert_eq!(
        bench.say(&change("0.41", "3", "BUY", "0.42", "0.6")),
        ["1: Bid 0.4100 3.00"].map(|w| w.replace("1:", "2:"))
    );
    assert_eq!(bench.say(&change("0.41", "4", "BUY", "0.41", "0.6")), ["3: Bid 0.4100 4.00"], "once may be a moment");
    bench.say(&change("0.41", "5", "BUY", "0.42", "0.6"));
    let words = bench.say(&change("0.41", "6", "BUY", "0.42", "0.6"));
    assert_eq!(words[1], "lost 1: best prices: expected 0.4200 and 0.6000, found 0.4100 and 0.6000");
    assert_eq!(words[2], r#"{"operation":"unsubscribe","assets_ids":["7132","5211"],"custom_feature_enabled":true}"#);
    assert_eq!(words[3], r#"{"operation":"subscribe","assets_ids":["7132","5211"],"custom_feature_enabled":true}"#);
    assert_eq!(bench.book(), ["6: book 1/1"], "the next book mends it");
}

#[test]
fn a_new_tick_size_drops_the_book_until_the_next() {
    let mut bench = Bench::new(1);
    bench.book();
    let text = r#"{"event_type":"tick_size_change","market":"0x0","asset_id":"7132","old_tick_size":"0.01","new_tick_size":"0.001","timestamp":"1763600002000"}"#;
    let words = bench.say(text);
    assert_eq!(words[0], "lost 1: tick size changed from 0.0100 to 0.0010");
    let again = bench.say(&text.replace("7132", "5211"));
    assert_eq!(again, NOTHING, "the other token's says it again");
    assert_eq!(bench.say(&change("0.41", "3", "BUY", "0.41", "0.6")), NOTHING);
    assert_eq!(bench.book(), ["2: book 1/1"]);
}

#[test]
fn an_unreadable_frame_costs_every_book() {
    let mut bench = Bench::new(1);
    bench.book();
    let words = bench.say(r#"{"event_type":"price_change","market":"0x0","timestamp":"soon","price_changes":[]}"#);
    assert_eq!(words[..2], ["unreadable", "lost 1: a frame could not be read"]);
    assert_eq!(bench.session.stats().unreadable, 1);
}

#[test]
fn a_book_that_does_not_come_is_asked_for_again_and_then_given_up() {
    let mut bench = Bench::new(1);
    bench.words();
    let words = bench.wait(31);
    let asks = words.iter().filter(|word| word.contains("\"subscribe\"")).count();
    assert_eq!(asks, 2, "{words:?}");
    assert!(words.last().unwrap().starts_with("NoSnapshot"), "{words:?}");
}

#[test]
fn resolution_is_told_and_unknown_events_are_counted() {
    let mut bench = Bench::new(1);
    bench.book();
    let text = r#"{"event_type":"market_resolved","id":"1","market":"0x0","assets_ids":["7132","5211"],"winning_asset_id":"5211","winning_outcome":"No","timestamp":"1763600003000","tags":[]}"#;
    assert_eq!(bench.say(text), ["Determined Some(No)"]);
    assert_eq!(bench.say(r#"{"event_type":"whale_alert"}"#), ["unknown whale_alert"]);
    assert_eq!(bench.say(r#"{"event_type":"whale_alert"}"#), NOTHING, "told once");
    assert_eq!((bench.session.stats().unknown, bench.session.stats().frames["whale_alert"]), (2, 2));
}

#[test]
fn trades_are_in_yes_terms() {
    let mut bench = Bench::new(1);
    bench.words();
    let text = r#"{"event_type":"last_trade_price","market":"0x0","asset_id":"5211","price":"0.3","size":"2","side":"BUY","fee_rate_bps":"0","timestamp":"1763600003000","transaction_hash":"0x9"}"#;
    assert_eq!(bench.say(text), ["trade Ask 0.7000 2.00"]);
}

#[test]
fn a_dead_socket_is_replaced() {
    let mut bench = Bench::new(1);
    bench.book();
    bench.now = bench.now.plus(Duration::from_secs(26));
    bench.session.on_tick(bench.now, &mut bench.out);
    let words = bench.words();
    assert_eq!(words[0], "close");
    assert!(words[1].starts_with("lost 1: disconnected: nothing came for 26 s"), "{words:?}");
    assert_eq!(words.last().unwrap(), "connect");
}

#[test]
fn a_silent_socket_that_rest_contradicts_is_replaced() {
    let mut bench = Bench::new(1);
    bench.book();
    let words = bench.wait(20);
    assert_eq!(words, ["audit 7132"]);
    // REST agrees by its hash, then by its levels, then shows an older book: nothing happens.
    assert_eq!(bench.audit("h0", 1_763_600_010_000, &[]), NOTHING);
    assert_eq!(bench.wait(20), ["audit 7132"]);
    assert_eq!(bench.audit("h9", 1_763_600_010_000, &[("0.4", "5")]), NOTHING);
    assert_eq!(bench.wait(20), ["audit 7132"]);
    assert_eq!(bench.audit("h9", 1_763_599_990_000, &[("0.4", "9")]), NOTHING);
    // A later book that differs is believed the second time.
    assert_eq!(bench.wait(20), ["audit 7132"]);
    assert_eq!(bench.audit("h9", 1_763_600_010_000, &[("0.4", "9")]), ["audit 7132"]);
    let words = bench.audit("h9", 1_763_600_010_000, &[("0.4", "9")]);
    assert_eq!(words[0], "close");
    assert!(words[1].starts_with("lost 1: disconnected: the socket is open and silent"), "{words:?}");
    assert_eq!(bench.session.stats().audits, (5, 2));
}

#[test]
fn a_change_while_rest_is_asked_explains_a_difference() {
    let mut bench = Bench::new(1);
    bench.book();
    assert_eq!(bench.wait(20), ["audit 7132"]);
    bench.say(&change("0.41", "3", "BUY", "0.41", "0.6"));
    assert_eq!(bench.audit("h9", 1_763_600_010_000, &[("0.4", "9")]), NOTHING);
}

#[test]
fn a_full_queue_costs_the_books_that_did_not_fit() {
    let mut bench = Bench::new(1);
    bench.book();
    bench.session.on_frame(bench.now, &change("0.41", "3", "BUY", "0.41", "0.6"), &mut bench.out);
    let Some(Action::Emit(input)) = bench.out.pop() else { panic!("a change") };
    bench.session.on_overflow(&input.body);
    assert!(bench.session.owes());
    assert_eq!(bench.book(), NOTHING, "no room yet");
    bench.session.on_room(bench.now, &mut bench.out);
    let words = bench.words();
    assert!(words[0].starts_with("Overflow") && words[1].starts_with("lost 1"), "{words:?}");
    assert_eq!(bench.book(), ["3: book 1/1"]);
}

#[test]
fn a_new_connection_counts_anew_under_another_number() {
    let mut bench = Bench::new(1);
    bench.book();
    let first = bench.session.subscription;
    bench.session.on_close(bench.now, "reset", &mut bench.out);
    assert_eq!(bench.session.next_deadline(), None);
    bench.session.on_open(bench.now, &mut bench.out);
    bench.words();
    assert_eq!(bench.book(), ["1: book 1/1"]);
    assert_ne!(bench.session.subscription, first);
}

#[test]
fn markets_come_and_go_while_the_socket_is_open() {
    let mut bench = Bench::new(1);
    bench.book();
    bench.session.add_markets(bench.now, vec![listing(1), listing(0)], &mut bench.out);
    assert_eq!(
        bench.words(),
        [r#"{"operation":"subscribe","assets_ids":["71321","52111"],"custom_feature_enabled":true}"#]
    );
    assert_eq!(bench.say(&book("71321", "1763600000000")), ["2: book 1/1"]);
    let gone = [listing(0).market];
    bench.session.remove_markets(bench.now, &gone, &mut bench.out);
    let words = bench.words();
    assert_eq!(words[0], "lost 1: not wanted any more");
    assert_eq!(words[1], r#"{"operation":"unsubscribe","assets_ids":["7132","5211"],"custom_feature_enabled":true}"#);
    assert_eq!(bench.book(), NOTHING);
    bench.session.on_close(bench.now, "reset", &mut bench.out);
    bench.session.on_open(bench.now, &mut bench.out);
    let first = bench.words().into_iter().find_map(|word| Command::from_frame(&word).ok()).unwrap();
    assert_eq!(first.assets_ids, ["71321", "52111"]);
    bench.session.add_markets(bench.now, vec![listing(0)], &mut bench.out);
    assert_eq!(bench.words().len(), 1);
    assert_eq!(bench.book(), ["1: book 1/1"]);
}
