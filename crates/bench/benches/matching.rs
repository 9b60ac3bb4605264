//! Order flow through matching engines: Brier's bare book and its whole core (ledger, fees, positions) against a plain book
//! of B-trees and queues and the public crate `orderbook-rs`, on 1 and on 1,000 markets.
//!
//! The flow is made on the spot by `brier_bench::lob::generate`: 200,000 timed operations, 55 % passive orders, 35 % cancels
//! and 10 % orders that cross, on books that are filled first, untimed: 10,000 orders in one market, 100,000 in a thousand.
//! All engines keep every fill, and must agree on all of them before anything is timed. One element is one operation, on
//! one core. `cargo bench -p brier-bench --bench matching`; for a figure on a workload file use `brier bench match FILE`.

use std::time::Duration;

use brier_bench::lob::{Bare, Baseline, Engine, Fill, Flow, Full, Limit, Operation, generate, markets};
use brier_types::{BookSide, Qty};
use criterion::{
    BatchSize, BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main, measurement::WallTime,
};
use orderbook_rs::{Id, OrderBook, Side, TimeInForce};

/// One book of `orderbook-rs` a market. Its ids are hashed; it knows no accounts here, and charges nothing.
struct OrderbookRs {
    books: Vec<OrderBook>,
    fills: Vec<Fill>,
}

impl OrderbookRs {
    fn new(operations: &[Operation]) -> Self {
        Self {
            books: (0..markets(operations)).map(|market| OrderBook::new(&market.to_string())).collect(),
            fills: Vec::with_capacity(operations.len()),
        }
    }
}

fn maker(id: Id) -> u64 {
    match id {
        Id::Sequential(id) => id,
        Id::Uuid(_) | Id::Ulid(_) => unreachable!("all ids were made from numbers"),
    }
}

impl Engine for OrderbookRs {
    fn apply(&mut self, operation: &Operation) {
        let (book, id) = (&self.books[operation.market as usize], Id::Sequential(operation.id));
        let Some(Limit { side, price, qty }) = operation.order else {
            book.cancel_order(id).expect("a level gives its order back");
            return;
        };
        let side = match side {
            BookSide::Bid => Side::Buy,
            BookSide::Ask => Side::Sell,
        };
        let (cents, contracts) = (u128::from(price.pips() / 100), qty.micros() / Qty::PER_CONTRACT);
        let (_, result) = book
            .add_limit_order_with_result(id, cents, contracts, side, TimeInForce::Gtc, None)
            .expect("a well-formed order is accepted");
        let trades = result.iter().flat_map(|result| result.match_result.trades().as_vec());
        self.fills.extend(trades.map(|trade| Fill {
            maker: maker(trade.maker_order_id()),
            taker: operation.id,
            cents: trade.price().as_u128() as u16,
            contracts: trade.quantity().as_u64(),
        }));
    }

    fn fills(&self) -> &[Fill] {
        &self.fills
    }

    fn resting(&self) -> usize {
        self.books.iter().map(|book| book.get_all_orders().len()).sum()
    }
}

/// All fills and what rests, after the whole flow.
fn answer(mut engine: impl Engine, flow: &Flow) -> (Vec<Fill>, usize) {
    for operation in &flow.operations {
        engine.apply(operation);
    }
    engine.check();
    (engine.fills().to_vec(), engine.resting())
}

fn time<E: Engine>(group: &mut BenchmarkGroup<'_, WallTime>, name: &str, flow: &Flow, new: impl Fn(&[Operation]) -> E) {
    let (before, timed) = flow.operations.split_at(flow.prefill);
    group.bench_function(name, |bencher| {
        bencher.iter_batched_ref(
            || {
                let mut engine = new(&flow.operations);
                for operation in before {
                    engine.apply(operation);
                }
                engine
            },
            |engine| {
                for operation in timed {
                    engine.apply(operation);
                }
            },
            BatchSize::PerIteration,
        );
    });
}

fn benches(criterion: &mut Criterion) {
    for (markets, prefill) in [(1, 10_000), (1_000, 100)] {
        let flow = generate(markets, prefill, 200_000, 20_261_120);
        let expected = answer(Baseline::new(&flow.operations), &flow);
        assert_eq!(answer(Bare::new(&flow.operations), &flow), expected, "the bare book agrees with the plain one");
        assert_eq!(answer(Full::new(&flow.operations), &flow), expected, "the core agrees with the plain book");
        assert_eq!(answer(OrderbookRs::new(&flow.operations), &flow), expected, "orderbook-rs agrees");

        let mut group = criterion.benchmark_group(format!("{markets} markets"));
        group.sample_size(10).warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(2));
        group.throughput(Throughput::Elements((flow.operations.len() - flow.prefill) as u64));
        time(&mut group, "brier, bare book", &flow, Bare::new);
        time(&mut group, "brier, whole core", &flow, Full::new);
        time(&mut group, "B-trees and queues", &flow, Baseline::new);
        time(&mut group, "orderbook-rs", &flow, OrderbookRs::new);
        group.finish();
    }
}

criterion_group!(all, benches);
criterion_main!(all);
