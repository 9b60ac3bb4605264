//! Where one side of a book keeps its levels: the ladder in use (cents inline, finer pages on demand) against a flat array
//! of every price with a bitmap, a sorted vector and a B-tree, on 1 and on 1,000 markets.
//!
//! Every change is followed by a look at the best price, as a reader does. One element is one change.
//! `cargo bench -p brier-bench --bench book`.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::Duration;

use brier_book::Ladder;
use brier_types::{Price, SignedQty};
use criterion::{
    BatchSize, BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main, measurement::WallTime,
};

/// One side, best is highest.
trait Side: Clone {
    fn new() -> Self;
    /// Changes a level and tells the best.
    fn change(&mut self, pips: u16, change: i64) -> Option<u16>;
}

impl Side for Ladder {
    fn new() -> Self {
        Self::new()
    }

    fn change(&mut self, pips: u16, change: i64) -> Option<u16> {
        let (price, change) = (Price::new(pips).expect("a price"), SignedQty::from_micros(change).expect("a change"));
        self.change(price, change).expect("never negative");
        self.highest().map(Price::pips)
    }
}

/// Every price has its place; 157 words say which are taken, three more say which words are.
#[derive(Clone)]
struct Flat {
    quantities: Vec<u64>,
    taken: [u64; 157],
    words: [u64; 3],
}

impl Side for Flat {
    fn new() -> Self {
        Self { quantities: vec![0; Price::COUNT], taken: [0; 157], words: [0; 3] }
    }

    fn change(&mut self, pips: u16, change: i64) -> Option<u16> {
        let level = &mut self.quantities[usize::from(pips)];
        *level = level.checked_add_signed(change).expect("never negative");
        let (word, bit) = (usize::from(pips) / 64, pips % 64);
        self.taken[word] = (self.taken[word] & !(1 << bit)) | (u64::from(*level != 0) << bit);
        self.words[word / 64] =
            (self.words[word / 64] & !(1 << (word % 64))) | (u64::from(self.taken[word] != 0) << (word % 64));
        let top = self.words.iter().rposition(|words| *words != 0)?;
        let word = top * 64 + 63 - self.words[top].leading_zeros() as usize;
        Some((word * 64 + 63 - self.taken[word].leading_zeros() as usize) as u16)
    }
}

/// Levels in ascending order, the best at the end.
#[derive(Clone)]
struct Sorted(Vec<(u16, u64)>);

impl Side for Sorted {
    fn new() -> Self {
        Self(Vec::new())
    }

    fn change(&mut self, pips: u16, change: i64) -> Option<u16> {
        match self.0.binary_search_by_key(&pips, |level| level.0) {
            Ok(place) => {
                let after = self.0[place].1.checked_add_signed(change).expect("never negative");
                if after == 0 {
                    self.0.remove(place);
                } else {
                    self.0[place].1 = after;
                }
            }
            Err(place) => self.0.insert(place, (pips, u64::try_from(change).expect("never negative"))),
        }
        self.0.last().map(|level| level.0)
    }
}

#[derive(Clone)]
struct Tree(BTreeMap<u16, u64>);

impl Side for Tree {
    fn new() -> Self {
        Self(BTreeMap::new())
    }

    fn change(&mut self, pips: u16, change: i64) -> Option<u16> {
        let level = self.0.entry(pips).or_insert(0);
        *level = level.checked_add_signed(change).expect("never negative");
        if *level == 0 {
            self.0.remove(&pips);
        }
        self.0.last_key_value().map(|(pips, _)| *pips)
    }
}

/// Changes that never take more than is there: grow, shrink or empty a level near a wandering best.
fn changes(markets: usize, count: usize, tick: u16) -> Vec<(usize, u16, i64)> {
    let mut state = 20_261_120_u64;
    let mut random = |bound: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((u128::from(state ^ (state >> 32)) * u128::from(bound)) >> 64) as u64
    };
    let mut held: Vec<BTreeMap<u16, i64>> = vec![BTreeMap::new(); markets];
    (0..count)
        .map(|_| {
            let market = random(markets as u64).min(random(markets as u64)) as usize;
            let depth = random(40).min(random(40)).min(random(40)) as u16;
            let pips = (6_000 / tick - depth) * tick;
            let level = held[market].entry(pips).or_insert(0);
            let change = match random(6) {
                0..=2 => 1_000_000 * (1 + random(500)) as i64,
                3 if *level > 0 => -*level,
                _ if *level > 0 => -1 - random(*level as u64) as i64,
                _ => 1_000_000,
            };
            *level += change;
            (market, pips, change)
        })
        .collect()
}

fn run<S: Side>(group: &mut BenchmarkGroup<'_, WallTime>, name: &str, markets: usize, flow: &[(usize, u16, i64)]) {
    group.bench_function(name, |bencher| {
        bencher.iter_batched_ref(
            || vec![S::new(); markets],
            |sides| {
                for (market, pips, change) in flow {
                    black_box(sides[*market].change(*pips, *change));
                }
            },
            BatchSize::LargeInput,
        );
    });
}

fn benches(criterion: &mut Criterion) {
    for (markets, tick) in [(1, 100), (1_000, 100), (1, 10), (1_000, 10)] {
        let flow = changes(markets, 200_000, tick);
        let mut group = criterion.benchmark_group(format!("{markets} markets, tick {tick} pips"));
        group.sample_size(10).warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(1));
        group.throughput(Throughput::Elements(flow.len() as u64));
        run::<Ladder>(&mut group, "cents and pages (in use)", markets, &flow);
        run::<Flat>(&mut group, "flat array", markets, &flow);
        run::<Sorted>(&mut group, "sorted vector", markets, &flow);
        run::<Tree>(&mut group, "B-tree", markets, &flow);
        group.finish();
    }
}

criterion_group!(all, benches);
criterion_main!(all);
