//! From a tick to an order: what lies between the last byte of a frame and the signed request's bytes, with every limit of risk
//! on, and then over loopback between a frame's first byte and the moment that the exchange's end has read the order.
//!
//! `in process`: `live` is the path that a run has, `Node::handle` from a frame to the call that its gateway hands out, the
//! wake-up after it included and its journal in memory; once signing at once and once with headers signed ahead. `parts` are the
//! same stream, engine and journal with the order path's writer behind them and no gateway between. Each line is one kind of
//! key. Rings are refilled outside of what is timed. Then the share of each part.
//!
//! `loopback`: one exchange end, threads and connections of the same kind for all. `bare` answers a frame's bytes with an
//! order's bytes and does nothing else; all are interleaved in one run, and only ratios within it mean anything.
//!
//! `cargo bench -p brier-bench --bench tick_to_order`. The official Python SDK is measured with the interpreter that
//! `BRIER_SDK_PYTHON` names, or `target/sdk-venv`, which `cargo xtask sdk` makes.

#![allow(clippy::print_stdout, reason = "figures are what a bench is for")]

mod loopback;
mod rig;

use std::convert::Infallible;
use std::hint::black_box;
use std::time::Instant;

use allocation_counter::measure;
use brier_engine::codec::Record;
use brier_engine::{Command, Input, Purpose, Request, Role, StrategyId, risk::Proposal};
use brier_kalshi::keys::KeyKind;
use brier_kalshi::order_path::SharedRing;
use brier_polymarket_protocol::contracts::Chain;
use brier_polymarket_protocol::tiers::Tier;
use brier_runtime::core::Sink;
use brier_runtime::gateway::{Gateway, KalshiConfig, KalshiGateway, Permit, PolymarketConfig, PolymarketGateway};
use brier_runtime::node::Effect;
use brier_types::{BookChange, BookInput, BookSide, Input as FeedInput, SignedQty, SubscriptionId, Timestamp, Venue};
use rig::{Live, Markets, Parts, REFILL, RING, Tame, credentials, polymarket_env, wallet};

const WARM: usize = 500;
const SAMPLES: usize = 2_000;

/// A journal in memory.
#[derive(Debug)]
pub(crate) struct Memory(Vec<u8>);

impl Memory {
    pub(crate) fn new() -> Self {
        Self(Vec::with_capacity(1 << 21))
    }
}

impl Sink for Memory {
    type Error = Infallible;

    fn append(&mut self, record: &[u8]) -> Result<(), Infallible> {
        self.0.extend_from_slice(record);
        Ok(())
    }

    fn commit(&mut self) -> Result<(), Infallible> {
        if self.0.len() > 1 << 20 {
            self.0.clear();
        }
        Ok(())
    }
}

/// Nanoseconds in order of size.
pub(crate) struct Sorted(Vec<u64>);

impl Sorted {
    pub(crate) fn new(mut nanos: Vec<u64>) -> Self {
        nanos.sort_unstable();
        Self(nanos)
    }

    pub(crate) fn at(&self, per_mille: usize) -> u64 {
        let at = (self.0.len() * per_mille / 1_000).min(self.0.len().saturating_sub(1));
        self.0.get(at).copied().unwrap_or_default()
    }

    pub(crate) fn micros(&self, per_mille: usize) -> f64 {
        self.at(per_mille) as f64 / 1e3
    }
}

/// Times and allocations of one path.
fn show(name: &str, nanos: Vec<u64>, allocations: &[u64]) {
    let sorted = Sorted::new(nanos);
    let mean = allocations.iter().sum::<u64>() as f64 / allocations.len().max(1) as f64;
    let least = allocations.iter().min().copied().unwrap_or_default();
    println!(
        "{name:<44} p50 {:>8.2} us  p99 {:>8.2} us  allocations {mean:>6.2} an order, at least {least}",
        sorted.micros(500),
        sorted.micros(990)
    );
}

pub(crate) struct Ahead {
    ring: Option<SharedRing>,
    calls: u32,
}

impl Ahead {
    const fn new(ring: Option<SharedRing>) -> Self {
        Self { ring, calls: 0 }
    }

    pub(crate) fn refill(&mut self, now: Timestamp) {
        if let Some(ring) = &self.ring
            && self.calls.is_multiple_of(REFILL)
        {
            ring.refill(now, 512).expect("signatures");
        }
        self.calls += 1;
    }
}

fn kalshi_gateway(kind: KeyKind, ahead: bool) -> (Box<dyn Gateway + Send>, Ahead) {
    let permit = Permit::kalshi(&brier_kalshi::Env::Demo, None);
    let plenty = (1_000_000, 1_000_000);
    let config = KalshiConfig { reads: plenty, writes: plenty, ..KalshiConfig::new(permit) };
    let mut gateway = KalshiGateway::new(credentials(kind), config);
    let ring = ahead.then(|| gateway.sign_ahead(RING).expect("bounds within bounds"));
    (Box::new(Tame::new(gateway)), Ahead::new(ring))
}

fn polymarket_gateway(markets: &Markets) -> (Box<dyn Gateway + Send>, Ahead) {
    let (wallet, creds) = wallet();
    let permit = Permit::polymarket(&polymarket_env(), None);
    let config = PolymarketConfig { tier: Tier::Elite, ..PolymarketConfig::new(Chain::Polygon, permit) };
    let mut gateway = PolymarketGateway::new(wallet, creds, config);
    for listing in &markets.listings {
        gateway.list(listing.clone());
    }
    (Box::new(Tame::new(gateway)), Ahead::new(None))
}

fn live(name: &str, markets: &Markets, (gateway, mut ahead): (Box<dyn Gateway + Send>, Ahead)) {
    let mut live = Live::new(markets.clone(), gateway, Memory::new());
    let (mut nanos, mut allocations) = (Vec::with_capacity(SAMPLES), Vec::with_capacity(SAMPLES));
    for sample in 0..WARM + 2 * SAMPLES {
        let frame = live.next();
        ahead.refill(live.now);
        let counts = sample >= WARM + SAMPLES;
        if counts {
            allocations.push(measure(|| live.tick(&frame)).count_total);
        } else {
            let began = Instant::now();
            live.tick(&frame);
            let took = began.elapsed().as_nanos() as u64;
            if sample >= WARM {
                nanos.push(took);
            }
        }
        let calls = live.effects.iter().filter(|effect| matches!(effect, Effect::Call(..))).count();
        assert_eq!(calls, 1, "one tick, one order: {:?}", live.effects);
        live.after();
    }
    show(name, nanos, &allocations);
}

fn parts(name: &str, markets: &Markets, kind: KeyKind) {
    let mut parts = Parts::new(markets.clone(), kind, Memory::new());
    let (mut nanos, mut allocations) = (Vec::with_capacity(SAMPLES), Vec::with_capacity(SAMPLES));
    for sample in 0..WARM + 2 * SAMPLES {
        let frame = parts.next();
        if sample >= WARM + SAMPLES {
            allocations.push(measure(|| drop_bytes(black_box(parts.tick(&frame, || ())))).count_total);
        } else {
            let began = Instant::now();
            black_box(parts.tick(&frame, || ()));
            let took = began.elapsed().as_nanos() as u64;
            if sample >= WARM {
                nanos.push(took);
            }
        }
        parts.after();
    }
    show(name, nanos, &allocations);
}

/// Nothing is done with a request that is only counted.
const fn drop_bytes(_: &[u8]) {}

/// What each part takes. The journal's part is made again by itself, and so is risk's, on the state that it had.
fn shares(markets: &Markets, kind: KeyKind, read: Option<u64>) {
    const NAMES: [&str; 7] =
        ["decode", "step with journal", "signing", "write", "of it journal", "of it risk", "clock"];
    let mut parts = Parts::new(markets.clone(), kind, Memory::new());
    let mut laps: [Vec<u64>; 7] = Default::default();
    let (mut record, mut sink) = (Vec::with_capacity(4_096), Memory::new());
    for sample in 0..WARM + SAMPLES {
        let frame = parts.next();
        let mut times = [Instant::now(); 5];
        let mut at = 0;
        times[0] = Instant::now();
        black_box(parts.tick(&frame, || {
            at += 1;
            times[at] = Instant::now();
        }));
        times[4] = Instant::now();
        let mut nanos = [0; 7];
        for part in 0..4 {
            nanos[part] = times[part + 1].duration_since(times[part]).as_nanos() as u64;
        }
        // The order as the engine made it, once more.
        let state = parts.core.engine().state();
        let order = state.orders.iter_open().find(|order| order.role == Role::Take).expect("the order under way");
        let place = brier_engine::PlaceOrder {
            order: order.key,
            market_id: order.market,
            new: brier_types::NewOrder {
                client_order_id: order.client_order_id.clone(),
                market: state.universe.ticker(order.market).clone(),
                side: order.side,
                price: order.price,
                qty: order.total,
                time_in_force: order.time_in_force,
                post_only: order.post_only,
                reduce_only: false,
                self_trade_prevention: brier_types::SelfTradePrevention::TakerAtCross,
                cancel_on_pause: false,
                group: None,
            },
            funding: order.funding,
            created: parts.now,
        };
        let (market, now) = (order.market, parts.now);
        let change = BookChange::Delta { side: BookSide::Ask, price: place.new.price, change: SignedQty::ZERO };
        let (subscription, sequence) = (SubscriptionId(1), parts.ticks);
        let book = BookInput { market: place.new.market.clone(), subscription, sequence, change };
        let input = Input::Feed { venue: markets.venue, body: FeedInput::Book(book) };
        let proposal = Proposal { place, strategy: StrategyId(1), role: Role::Take, purpose: Purpose::Any };
        let (risk, state) = parts.core.engine_mut().risk_mut();
        risk.touch(market);
        let began = Instant::now();
        let admitted = risk.admit(now, state, proposal);
        nanos[5] = began.elapsed().as_nanos() as u64;
        let admitted = admitted.expect("as it was admitted before");
        let (venue, (request, _)) = (markets.venue, parts.last.expect("it was sent"));
        let send = Command::Send { venue, request, body: Request::Place(admitted) };
        let began = Instant::now();
        record.clear();
        Record::put_input(now, &input, &mut record);
        sink.append(&record).expect("memory");
        for command in [&send, &Command::WakeAt(now)] {
            record.clear();
            Record::put_command(command, &mut record);
            sink.append(&record).expect("memory");
        }
        sink.commit().expect("memory");
        nanos[4] = began.elapsed().as_nanos() as u64;
        let began = Instant::now();
        nanos[6] = began.elapsed().as_nanos() as u64;
        if sample >= WARM {
            for (all, nanos) in laps.iter_mut().zip(nanos) {
                all.push(nanos);
            }
        }
        parts.after();
    }
    let shares: Vec<String> =
        NAMES.iter().zip(laps).map(|(name, nanos)| format!("{name} {}", Sorted::new(nanos).at(500))).collect();
    let read = read.map_or_else(String::new, |nanos| format!("read {nanos}, "));
    println!("shares, p50 in ns: {read}{}", shares.join(", "));
}

fn main() {
    let kinds = [("Ed25519", KeyKind::Ed25519), ("RSA-2048", KeyKind::Rsa)];
    let kalshi = Markets::of(Venue::Kalshi);
    let polymarket = Markets::of(Venue::Polymarket);
    println!("in process, from a frame's last byte to the signed request");
    for (name, kind) in kinds {
        if kind == KeyKind::Ed25519 {
            live(&format!("kalshi live, signed at once, {name}"), &kalshi, kalshi_gateway(kind, false));
        }
        live(&format!("kalshi live, signed ahead, {name}"), &kalshi, kalshi_gateway(kind, true));
        parts(&format!("kalshi parts, signed ahead, {name}"), &kalshi, kind);
    }
    live("polymarket live", &polymarket, polymarket_gateway(&polymarket));
    parts("polymarket parts", &polymarket, KeyKind::Ed25519);
    let read = loopback::read_share(&kalshi);
    shares(&kalshi, KeyKind::Ed25519, Some(read));
    let read = loopback::read_share(&polymarket);
    shares(&polymarket, KeyKind::Ed25519, Some(read));
    println!();
    loopback::run(&kalshi, &polymarket);
}
