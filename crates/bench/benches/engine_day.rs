//! A recorded day of frames through `Engine::step`, with a market maker and a taker seated and every limit of risk on.
//!
//! Two days of `../shared/data`: `kalshi_ws_btc15m`, 6.6 hours of one Bitcoin market at a time in 33 runs, whose frames their
//! recorder wrote anew (so they take the decoder's general way), and `kalshi_ws_gold15m`, 22 windows of gold as captured. They
//! are read from there and never copied; where they are not there, nothing is measured and the bench says so.
//!
//! A small venue answers what the engine sends: quotes rest, taking orders fill at their limit. Each file is taken three times
//! after that was written down, by engines that get the same inputs at the same times and so say the same: once for `step`
//! alone, once with the frames decoded from their bytes, once to count allocations. Nothing settles: positions of markets that
//! are over are held, so risk has more events to weigh as the day goes on. CPU time of one thread; the counting allocator
//! slows all of it a little.
//!
//! `cargo bench -p brier-bench --bench engine_day`.

#![allow(clippy::print_stdout, reason = "figures are what a bench is for")]

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::time::Duration;

use allocation_counter::measure;
use brier_bench::cpu::CpuTimer;
use brier_engine::risk::{Budget, Limits, Rate};
use brier_engine::{
    AccountSnapshot, Answer, Command, Custody, Engine, EngineConfig, FairValue, Fees, Input, Instrument, Request,
    VenueCash,
};
use brier_kalshi_protocol::fees::{FeeMultiplier, FeeSchedule, FeeType};
use brier_kalshi_protocol::recording::{Record, announces_subscription};
use brier_kalshi_protocol::stream::{Frame, decode};
use brier_strategies::{MarketMaker, MarketMakerParameters, Taker, TakerParameters};
use brier_types::{
    BookChange, BookInput, ConnectionInput, Fill, Input as FeedInput, Market, MarketStatus, MarketTicker, Money,
    NewOrder, Price, PriceGrid, Prob, Qty, SubscriptionId, TimeInForce, Timestamp, Venue,
};

const DATA: &str = "../../../shared/data";
const SETS: [&str; 2] = ["kalshi_ws_btc15m", "kalshi_ws_gold15m"];
const K: Venue = Venue::Kalshi;
/// Between two fair values.
const OPINION: Duration = Duration::from_secs(1);

/// What the engine is given, and how it came.
#[derive(Clone)]
enum Given {
    /// A frame of the recording: its text, and which subscription it came on.
    Frame { line: usize, subscription: u64 },
    /// Everything else.
    Input(Input),
}

/// One run of the recording as the engine took it.
struct Script {
    frames: Vec<String>,
    given: Vec<(Timestamp, Given)>,
}

fn contracts(count: u64) -> Qty {
    Qty::from_contracts(count).expect("a few contracts")
}

fn dollars(count: i64) -> Money {
    Money::from_micros(count * Money::DOLLAR.micros())
}

/// Finite limits that a day of small orders stays within, so that every check is made and most orders are admitted.
fn limits() -> Limits {
    let budget = Budget {
        max_position: contracts(50),
        max_exposure: dollars(4_000),
        max_orders: 20,
        max_day_loss: dollars(4_000),
        may_open_short: true,
        needs_fair: false,
    };
    Limits {
        max_position: contracts(100),
        max_event_loss: dollars(100),
        max_venue_exposure: [dollars(9_000); 2],
        max_exposure: dollars(9_000),
        max_day_loss: dollars(9_000),
        max_drawdown: dollars(9_000),
        rates: [Rate { per_second: 20, burst: 40 }; 2],
        budgets: vec![budget; 2],
        ..Limits::default()
    }
}

fn engine(markets: &[MarketTicker]) -> Engine {
    let mut config = EngineConfig::new("day", limits());
    for habits in &mut config.habits {
        habits.requests_per_second = 20;
        habits.burst = 40;
        // The small venue keeps no account that could be read.
        habits.reconcile_every = Duration::from_hours(24 * 365);
    }
    let mut engine = Engine::new(config);
    let places: Vec<(Venue, MarketTicker)> = markets.iter().map(|market| (K, market.clone())).collect();
    let maker = MarketMakerParameters {
        markets: places.clone(),
        half_spread_pips: 200,
        size: contracts(5),
        cap: contracts(20),
        skew_pips: 100,
    };
    let taker = TakerParameters { markets: places, cap: contracts(20), clip: contracts(2), margin: Money::CENTICENT };
    engine.seat("maker", Box::new(MarketMaker::new(maker)));
    engine.seat("taker", Box::new(Taker::new(taker)));
    engine
}

fn instrument(ticker: &MarketTicker, open: Timestamp) -> Instrument {
    Instrument {
        market: Market {
            venue: K,
            ticker: ticker.clone(),
            event: ticker.as_str().parse().expect("a ticker names an event too"),
            title: String::new(),
            grid: PriceGrid::uniform(Price::new(10).expect("a tenth of a cent")).expect("a step"),
            size_step: Qty::HUNDREDTH,
            open_time: open,
            close_time: open.plus(Duration::from_hours(24 * 7)),
            status: MarketStatus::Active,
            result: None,
        },
        fees: Fees::Kalshi(FeeSchedule::new(FeeType::Quadratic, FeeMultiplier::ONE)),
        custody: Custody::Netted,
        shard: 0,
        min_qty: Qty::HUNDREDTH,
        min_taking: Money::ZERO,
        exclusive: false,
        strike: None,
    }
}

/// The input that a frame is, with the name of its market shared as a session shares it.
fn input_of(text: &str, subscription: u64, names: &Names) -> Option<Input> {
    let frame = decode(text).ok()?;
    let book = |market: &str, sequence: Option<u64>, change| {
        let market = names.find(market)?;
        let (subscription, sequence) = (SubscriptionId(subscription), sequence.unwrap_or_default());
        Some(FeedInput::Book(BookInput { market, subscription, sequence, change }))
    };
    let body = match &frame {
        Frame::Delta(delta) => {
            let (side, price) = delta.in_yes_terms(false);
            let change = BookChange::Delta { side, price, change: delta.delta };
            book(&delta.market_ticker, delta.head.seq, change)?
        }
        Frame::Snapshot(snapshot) => {
            let change = snapshot.to_input(false).ok()?.change;
            book(&snapshot.market_ticker, snapshot.head.seq, change)?
        }
        Frame::Ticker(ticker) => FeedInput::Quote(ticker.to_input().ok()?),
        Frame::Trade(trade) => FeedInput::Trade(trade.to_input().ok()??),
        Frame::Other(_) => return None,
    };
    Some(Input::Feed { venue: K, body })
}

/// Names of markets; the last one first, as one market at a time is recorded.
#[derive(Default)]
struct Names(Vec<MarketTicker>);

impl Names {
    fn find(&self, name: &str) -> Option<MarketTicker> {
        self.0.iter().rev().find(|known| known.as_str() == name).cloned()
    }
}

/// Answers what the engine sends.
#[derive(Default)]
struct SmallVenue {
    orders: u64,
    totals: BTreeMap<String, Qty>,
}

impl SmallVenue {
    fn answer(&mut self, body: &Request, fills: &mut Vec<Fill>) -> Answer {
        match body {
            Request::Place(place) => {
                let new = &place.get().new;
                self.orders += 1;
                let order = format!("o-{}", self.orders);
                self.totals.insert(order.clone(), new.qty);
                let order = order.parse().expect("an id");
                let rests = matches!(new.time_in_force, TimeInForce::Gtc | TimeInForce::Gtd(_));
                if rests {
                    return Answer::Placed { order, filled: Qty::ZERO, remaining: new.qty };
                }
                fills.push(self.fill(new));
                Answer::Placed { order, filled: new.qty, remaining: Qty::ZERO }
            }
            Request::Amend(change) => {
                let amend = &change.get().amend;
                self.totals.insert(amend.order.to_string(), amend.total);
                Answer::Amended { filled: Qty::ZERO, remaining: amend.total }
            }
            Request::DecreaseTo { remaining, .. } => Answer::Decreased { remaining: *remaining },
            Request::Cancel { venue_id, .. } => Answer::Canceled { reduced_by: self.totals.remove(venue_id.as_str()) },
            Request::CancelAll => Answer::CanceledAll,
            Request::Lookup(_) | Request::CreateGroup { .. } | Request::ResetGroup { .. } => Answer::Gone,
        }
    }

    fn fill(&self, new: &NewOrder) -> Fill {
        let fees = FeeSchedule::new(FeeType::Quadratic, FeeMultiplier::ONE);
        Fill {
            trade: format!("t-{}", self.orders).parse().expect("an id"),
            order: format!("o-{}", self.orders).parse().expect("an id"),
            client_order_id: Some(new.client_order_id.clone()),
            market: new.market.clone(),
            side: new.side,
            price: new.price,
            qty: new.qty,
            is_taker: true,
            fee: fees.trade_fee(brier_kalshi_protocol::fees::Role::Taker, new.price, new.qty),
            position_after: None,
        }
    }
}

/// The engine that says what there is to answer, and everything that it was given.
struct Author {
    engine: Engine,
    venue: SmallVenue,
    now: Timestamp,
    wake: Option<Timestamp>,
    next_opinion: Timestamp,
    opinions: u64,
    out: Vec<Command>,
}

impl Author {
    fn give(&mut self, at: Timestamp, given: Given, input: Input, script: &mut Script) {
        self.now = at.max(Timestamp::from_nanos(self.now.nanos() + 1));
        script.given.push((self.now, given));
        self.engine.step(self.now, input, &mut self.out);
        let mut waiting: Vec<Input> = Vec::new();
        let mut fills = Vec::new();
        for command in self.out.drain(..) {
            match command {
                Command::Send { venue, request, body } => {
                    let answer = self.venue.answer(&body, &mut fills);
                    waiting.push(Input::Answer { venue, request, answer });
                }
                Command::Reconcile { venue, asked, fills_since } => {
                    let cash = vec![VenueCash { shard: 0, free: None, total: Some(dollars(10_000)) }];
                    waiting.push(Input::Account(Box::new(AccountSnapshot {
                        venue,
                        asked,
                        as_of: self.now,
                        orders: Vec::new(),
                        fills: Vec::new(),
                        statuses: Vec::new(),
                        fills_since,
                        positions: Vec::new(),
                        cash,
                    })));
                }
                Command::WakeAt(at) => self.wake = Some(self.wake.map_or(at, |known| known.min(at))),
                Command::Alert(_) => {}
            }
        }
        waiting.extend(fills.into_iter().map(|fill| Input::Feed { venue: K, body: FeedInput::Fill(fill) }));
        for input in waiting {
            self.tell(self.now, input, script);
        }
    }

    fn tell(&mut self, at: Timestamp, input: Input, script: &mut Script) {
        self.give(at, Given::Input(input.clone()), input, script);
    }

    /// A fair value around the middle of the book, now above it and now below, so that the taker finds something to do.
    fn opine(&mut self, at: Timestamp, market: &MarketTicker, script: &mut Script) {
        let state = self.engine.state();
        let Some(mid) = state.universe.find(K, market.as_str()).and_then(|market| state.mark(market)) else { return };
        self.opinions += 1;
        let off = if (self.opinions / 20).is_multiple_of(2) { 0.03 } else { -0.03 };
        let prob = (f64::from(mid.pips()) / 10_000.0 + off).clamp(0.01, 0.99);
        let Ok(prob) = Prob::new(prob) else { return };
        let fair = FairValue { venue: K, market: market.clone(), prob, as_of: at, valid_for: Duration::from_secs(5) };
        self.tell(at, Input::Fair(fair), script);
    }
}

fn files(set: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(DATA).join(set);
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let mut files: Vec<PathBuf> = paths
        .filter(|path| path.to_string_lossy().ends_with(".ndjson.zst") && !path.to_string_lossy().contains("metadata"))
        .collect();
    files.sort();
    files
}

fn lines(path: &Path) -> Vec<String> {
    let file = std::fs::File::open(path).expect("a file that was listed");
    let text = ruzstd::decoding::StreamingDecoder::new(BufReader::new(file)).expect("a zstd file");
    BufReader::new(text).lines().map(|line| line.expect("lines of text")).collect()
}

/// Every market that is recorded, in order.
fn markets(files: &[PathBuf]) -> Vec<MarketTicker> {
    let mut markets: Vec<MarketTicker> = Vec::new();
    for path in files {
        for line in lines(path) {
            if let Ok(record) = Record::parse(&line)
                && let Ok(Frame::Snapshot(snapshot)) = record.decode()
                && !markets.iter().any(|known| known.as_str() == snapshot.market_ticker)
            {
                markets.push(snapshot.market_ticker.parse().expect("a ticker"));
            }
        }
    }
    markets
}

/// Lets the author take one file, and writes down what it was given.
fn write_down(author: &mut Author, subscription: &mut u64, names: &Names, path: &Path) -> Script {
    let mut script = Script { frames: Vec::new(), given: Vec::new() };
    let texts = lines(path);
    // Nobody waits through the hours between two files.
    author.wake = None;
    if let Some(Ok(first)) = texts.first().map(|text| Record::parse(text)) {
        author.tell(first.received, Input::Timer, &mut script);
    }
    for (line, text) in texts.iter().enumerate() {
        let Ok(record) = Record::parse(text) else { continue };
        let at = record.received;
        while let Some(wake) = author.wake.filter(|wake| *wake <= at) {
            author.wake = None;
            author.tell(wake, Input::Timer, &mut script);
        }
        if let Ok(Frame::Other(other)) = record.decode() {
            *subscription += u64::from(announces_subscription(&other.kind));
            continue;
        }
        let Some(input) = input_of(record.frame, *subscription, names) else { continue };
        let market = match &input {
            Input::Feed { body: FeedInput::Book(book), .. } => Some(book.market.clone()),
            _ => None,
        };
        author.give(at, Given::Frame { line, subscription: *subscription }, input, &mut script);
        if let Some(market) = market
            && at >= author.next_opinion
        {
            author.next_opinion = at.plus(OPINION);
            author.opine(at, &market, &mut script);
        }
    }
    let frame = |line: String| Record::parse(&line).map_or_else(|_| String::new(), |record| record.frame.to_owned());
    script.frames = texts.into_iter().map(frame).collect();
    script
}

/// Inputs of one kind, how many of them allocated, and how often in all.
#[derive(Clone, Copy, Debug, Default)]
struct Allocations {
    inputs: u64,
    allocating: u64,
    total: u64,
}

fn kind_of(input: &Input) -> &'static str {
    match input {
        Input::Feed { body: FeedInput::Book(book), .. } => match book.change {
            BookChange::Snapshot { .. } => "book snapshots",
            BookChange::Delta { .. } | BookChange::Level { .. } => "book changes",
        },
        Input::Feed { body: FeedInput::Quote(_) | FeedInput::Trade(_), .. } => "quotes and trades",
        Input::Feed { body: FeedInput::Fill(_), .. } => "fills",
        Input::Answer { .. } => "answers",
        Input::Fair(_) => "fair values",
        Input::Timer => "timers",
        _ => "listings, connections, accounts",
    }
}

struct Takers {
    plain: Engine,
    decoding: Engine,
    counting: Engine,
}

fn main() {
    for set in SETS {
        let files = files(set);
        if files.is_empty() {
            println!("{set}: skipped, as ../shared/data/{set} is not there; nothing was measured");
        } else {
            println!("{set}:");
            run(&files);
        }
    }
}

fn run(files: &[PathBuf]) {
    let names = Names(markets(files));
    let new = || engine(&names.0);
    let mut takers = Takers { plain: new(), decoding: new(), counting: new() };
    let mut author = Author {
        engine: new(),
        venue: SmallVenue::default(),
        now: Timestamp::EPOCH,
        wake: None,
        next_opinion: Timestamp::EPOCH,
        opinions: 0,
        out: Vec::with_capacity(64),
    };
    let mut figures = Figures::default();
    let mut subscription = 0;
    let start = lines(&files[0]).first().and_then(|line| Some(Record::parse(line).ok()?.received));
    let start = start.expect("a recording begins with a record").minus(Duration::from_secs(1));
    let mut opening = Script { frames: Vec::new(), given: Vec::new() };
    for market in &names.0 {
        author.tell(start, Input::Listed(Box::new(instrument(market, start))), &mut opening);
    }
    author.tell(start, Input::Started { run: 1 }, &mut opening);
    let up = FeedInput::Connection(ConnectionInput::Up { venue: K });
    author.tell(start, Input::Feed { venue: K, body: up }, &mut opening);
    figures.take(&opening, &names, &mut takers);
    for path in files {
        let script = write_down(&mut author, &mut subscription, &names, path);
        figures.take(&script, &names, &mut takers);
    }
    let same = [&takers.plain, &takers.decoding, &takers.counting]
        .iter()
        .all(|taker| taker.checkpoint() == author.engine.checkpoint());
    assert!(same, "the same inputs at the same times lead to the same state");
    figures.print(&author.engine);
}

#[derive(Debug, Default)]
struct Figures {
    inputs: u64,
    books: u64,
    commands: u64,
    bytes: u64,
    step: Duration,
    with_decoding: Duration,
    allocations: BTreeMap<&'static str, Allocations>,
    /// Book changes that led to a command, apart from those that did not.
    deciding: Allocations,
}

impl Figures {
    fn take(&mut self, script: &Script, names: &Names, takers: &mut Takers) {
        let read = |given: &Given| match given {
            Given::Frame { line, subscription } => input_of(&script.frames[*line], *subscription, names),
            Given::Input(input) => Some(input.clone()),
        };
        let inputs = || -> Vec<(Timestamp, Input)> {
            let read = |(at, given): &(Timestamp, Given)| Some((*at, read(given)?));
            script.given.iter().filter_map(read).collect()
        };
        self.inputs += script.given.len() as u64;
        let mut out = Vec::with_capacity(256);

        let ready = inputs();
        let timer = CpuTimer::start();
        for (at, input) in ready {
            takers.plain.step(at, input, &mut out);
            self.commands += out.len() as u64;
            out.clear();
        }
        self.step += timer.elapsed();

        // What came as no frame is cloned outside of the time.
        let mut others = script.given.iter().filter_map(|(_, given)| match given {
            Given::Frame { .. } => None,
            Given::Input(input) => Some(input.clone()),
        });
        let others: Vec<Input> = others.by_ref().collect();
        let mut others = others.into_iter();
        let timer = CpuTimer::start();
        for (at, given) in &script.given {
            let input = match given {
                Given::Frame { line, subscription } => input_of(&script.frames[*line], *subscription, names),
                Given::Input(_) => others.next(),
            };
            takers.decoding.step(*at, input.expect("what was read before"), &mut out);
            out.clear();
        }
        self.with_decoding += timer.elapsed();

        for (_, given) in &script.given {
            if let Given::Frame { line, .. } = given {
                self.bytes += script.frames[*line].len() as u64;
                self.books += 1;
            }
        }

        for (at, input) in inputs() {
            let kind = kind_of(&input);
            let engine = &mut takers.counting;
            let counted = measure(|| engine.step(at, input, &mut out)).count_total;
            let count = |sums: &mut Allocations| {
                sums.inputs += 1;
                sums.allocating += u64::from(counted > 0);
                sums.total += counted;
            };
            count(self.allocations.entry(kind).or_default());
            if kind == "book changes" && !out.is_empty() {
                count(&mut self.deciding);
            }
            out.clear();
        }
    }

    fn print(&self, engine: &Engine) {
        let per =
            |time: Duration| (self.inputs as f64 / time.as_secs_f64(), time.as_nanos() as f64 / self.inputs as f64);
        let counts = engine.counts();
        println!(
            "{} inputs, {} of them frames of {:.0} bytes on average; {} commands; {} placed, {} amended, {} canceled, {} \
             refused by risk, {} fills, {} anomalies, {} markets",
            self.inputs,
            self.books,
            self.bytes as f64 / self.books.max(1) as f64,
            self.commands,
            counts.placed,
            counts.amended,
            counts.canceled,
            counts.refused,
            counts.fills,
            counts.anomalies,
            engine.state().universe.len(),
        );
        for (what, time) in [("step", self.step), ("decode and step", self.with_decoding)] {
            let (rate, nanos) = per(time);
            println!("{what:<16} {rate:>12.0} inputs a second on one core, {nanos:>7.0} ns an input");
        }
        println!("{:<34} {:>9} {:>11} {:>12} {:>10}", "allocations", "inputs", "allocating", "allocations", "an input");
        let deciding = [("book changes that led to a command", self.deciding)];
        for (kind, sums) in self.allocations.iter().map(|(kind, sums)| (*kind, *sums)).chain(deciding) {
            let each = sums.total as f64 / sums.inputs.max(1) as f64;
            println!("{kind:<34} {:>9} {:>11} {:>12} {each:>10.4}", sums.inputs, sums.allocating, sums.total);
        }
    }
}
