//! From a change of a book to the answer, with ten thousand sets watched: what one change costs, and how long the slowest take.
//!
//! Four thousand pairs of two venues, three thousand exclusive sets of six, two thousand ladders of six, and a thousand of thresholds
//! with the buckets between them, which only the program knows; each pair's first market is in an exclusive set or a ladder too.
//! Every change moves a best price by a tick or a quantity, so that now and then a set gains and is solved.
//!
//! `cargo bench -p brier-bench --bench arbitrage`. Times of single changes are wall time, so on a shared machine the highest are the
//! neighbours'; means are CPU time of one thread.

#![allow(clippy::print_stdout, reason = "figures are what a bench is for")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use brier_arbitrage::{
    Books, Change, Hurdle, Limits, Member, Problem, Relation, Scanner, Set, Terms, Unlimited, program, shapes,
};
use brier_bench::cpu::CpuTimer;
use brier_book::{Book, BookView};
use brier_engine::{Custody, Fees, MarketId};
use brier_kalshi_protocol::fees as kalshi;
use brier_polymarket_protocol::fees as polymarket;
use brier_types::{BookSide, Money, Price, Qty, Timestamp, Venue};
use criterion::Criterion;

const SETS: u32 = 10_000;
const CHANGES: usize = 1_000_000;
const NOW: Timestamp = Timestamp::from_nanos(1_780_000_000_000_000_000);

struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }
}

struct Shelf(Vec<Book>);

impl Books for Shelf {
    fn book(&self, market: MarketId) -> Option<BookView<'_>> {
        self.0[market.index()].view().ok()
    }
}

/// Cents of a market's middle, and its book: three levels a side from two cents away.
fn book(middle: u64, numbers: &mut Numbers) -> Book {
    let mut book = Book::new();
    let cents = |cents: u64| Price::from_cents(cents.clamp(1, 99) as u8).expect("cents");
    let mut levels = Vec::new();
    for step in 0..3 {
        let mut qty = || Qty::from_contracts(10 + numbers.below(300)).expect("a quantity");
        if let Some(bid) = middle.checked_sub(2 + step).filter(|bid| *bid > 0) {
            levels.push((BookSide::Bid, cents(bid), qty()));
        }
        if middle + 2 + step < 100 {
            levels.push((BookSide::Ask, cents(middle + 2 + step), qty()));
        }
    }
    book.load(levels).expect("levels that can be");
    book
}

fn member(market: u32, polymarket: bool) -> Member {
    let standard = kalshi::FeeSchedule::new(kalshi::FeeType::Quadratic, kalshi::FeeMultiplier::ONE);
    let fees = if polymarket {
        Fees::Polymarket(polymarket::FeeSchedule::new(40_000, 1, true, 0).expect("a rate"))
    } else {
        Fees::Kalshi(standard)
    };
    let terms = Terms {
        venue: if polymarket { Venue::Polymarket } else { Venue::Kalshi },
        shard: 0,
        fees,
        custody: if polymarket { Custody::Tokens } else { Custody::Netted },
        size_step: Qty::HUNDREDTH,
        min_qty: if polymarket { Qty::from_contracts(5).expect("five") } else { Qty::HUNDREDTH },
        min_taking: if polymarket { Money::DOLLAR } else { Money::ZERO },
        surcharge: Money::ZERO,
        payout: NOW.plus(Duration::from_hours(30 * 24)),
    };
    Member { market: MarketId(market), terms }
}

/// The scanner, the books and what is watched by kind.
fn world() -> (Scanner, Shelf) {
    let mut numbers = Numbers(7);
    let limits = Limits { hurdle: Hurdle::from_micros(50_000).expect("5 %"), ..Limits::default() };
    let (mut scanner, mut shelf) = (Scanner::new(limits), Shelf(Vec::new()));
    let mut fresh = Vec::new();
    let add = |shelf: &mut Shelf, middle: u64, polymarket: bool, numbers: &mut Numbers| {
        shelf.0.push(book(middle, numbers));
        member(shelf.0.len() as u32 - 1, polymarket)
    };
    for number in 0..SETS * 6 / 10 {
        let (members, relations) = match number % 6 {
            0..3 => {
                let members = (0..6).map(|_| add(&mut shelf, 16, false, &mut numbers)).collect::<Vec<_>>();
                fresh.extend(members.iter().copied().take(1));
                (members, vec![Relation::Exclusive { members: (0..6).collect(), one_must_pay: true }])
            }
            3 | 4 => {
                let members =
                    (0..6).map(|rung| add(&mut shelf, 85 - 14 * rung, false, &mut numbers)).collect::<Vec<_>>();
                fresh.extend(members.iter().copied().take(1));
                (members, vec![Relation::Ladder { rungs: (0..6).rev().collect() }])
            }
            _ => {
                // At least 1, 2, 3, and exactly 1, exactly 2.
                let middles = [75, 50, 25, 25, 25];
                let members = middles.map(|middle| add(&mut shelf, middle, false, &mut numbers)).to_vec();
                let mut relations = vec![Relation::Ladder { rungs: vec![2, 1, 0] }];
                for bucket in 0..2 {
                    relations.push(Relation::Implies { first: 3 + bucket, second: bucket });
                    relations.push(Relation::Excludes { first: 3 + bucket, second: bucket + 1 });
                }
                (members, relations)
            }
        };
        let set = Set::new(members, &relations, Vec::new()).expect("a set");
        scanner.register(set).expect("one set of terms");
    }
    for number in 0..(SETS * 4 / 10) as usize {
        let first = fresh[number % fresh.len()];
        let middle =
            shelf.0[first.market.index()].view().expect("a book").best_bid().expect("a bid").price.pips() / 100 + 2;
        // One in ten is priced apart, so that it gains now and then.
        let apart = if numbers.below(10) == 0 { numbers.below(5) } else { 0 };
        let second = add(&mut shelf, u64::from(middle) + apart, true, &mut numbers);
        let set = Set::new(vec![first, second], &[Relation::Same { first: 0, second: 1 }], Vec::new()).expect("a set");
        scanner.register(set).expect("one set of terms");
    }
    let mut changes = Vec::new();
    for market in 0..shelf.0.len() as u32 {
        scanner.on_book(MarketId(market), &shelf, &Unlimited, NOW, &mut changes);
    }
    (scanner, shelf)
}

/// Changes one book: a quantity at the best price, or the best price by a tick, never far from where it began.
fn change(shelf: &mut Shelf, numbers: &mut Numbers) -> MarketId {
    let market = MarketId(numbers.below(shelf.0.len() as u64) as u32);
    let book = &mut shelf.0[market.index()];
    let side = if numbers.below(2) == 0 { BookSide::Bid } else { BookSide::Ask };
    let qty = Qty::from_contracts(10 + numbers.below(300)).expect("a quantity");
    let (best, levels, other) = {
        let view = book.view().expect("a book");
        (view.best(side), view.level_count(side), view.best(side.opposite()))
    };
    let (Some(best), Some(other)) = (best, other) else { return market };
    let inward = |price: Price| {
        let pips = price.pips();
        let pips = if side == BookSide::Bid { pips + 100 } else { pips - 100 };
        Price::new(pips).filter(|price| price.is_tradable())
    };
    let change = match numbers.below(10) {
        // A tick better, where that leaves a cent between the sides.
        0 if levels < 5 && other.price.pips().abs_diff(best.price.pips()) > 100 => {
            (inward(best.price).unwrap_or(best.price), qty)
        }
        // A tick worse.
        1 if levels > 2 => (best.price, Qty::ZERO),
        _ => (best.price, qty),
    };
    book.set_level(side, change.0, change.1).expect("a level that can be");
    market
}

fn distribution() {
    let (mut scanner, mut shelf) = world();
    let mut numbers = Numbers(1);
    let (mut times, mut found, mut changes) = (Vec::with_capacity(CHANGES), 0_usize, Vec::with_capacity(8));
    let solved = scanner.solved();
    println!("{} sets, {} books, {CHANGES} changes", scanner.len(), shelf.0.len());
    for _ in 0..CHANGES {
        let market = change(&mut shelf, &mut numbers);
        let before = Instant::now();
        scanner.on_book(market, &shelf, &Unlimited, NOW, &mut changes);
        times.push(before.elapsed());
        found += changes.iter().filter(|change| matches!(change, Change::Found(..))).count();
        changes.clear();
    }
    times.sort_unstable();
    let at = |share: f64| times[((times.len() as f64 * share) as usize).min(times.len() - 1)].as_nanos();
    println!(
        "one change, wall time: {} ns in the middle, {} at 99 in 100, {} at 999 in 1,000, {} at most",
        at(0.5),
        at(0.99),
        at(0.999),
        at(1.0)
    );
    let solved = scanner.solved() - solved;
    println!(
        "{solved} of the changes made {found} answers: in {:.2} % a set was solved",
        solved as f64 / CHANGES as f64 * 100.0
    );
    let timer = CpuTimer::start();
    for _ in 0..CHANGES {
        let market = change(&mut shelf, &mut numbers);
        scanner.on_book(market, &shelf, &Unlimited, NOW, &mut changes);
        changes.clear();
    }
    let with = timer.elapsed();
    let timer = CpuTimer::start();
    for _ in 0..CHANGES {
        black_box(change(&mut shelf, &mut numbers));
    }
    let each = with.saturating_sub(timer.elapsed()).as_nanos() as f64 / CHANGES as f64;
    println!("one change, CPU time, mean, without the change of the book itself: {each:.0} ns");
}

/// One set solved whole: what a passed bound costs.
fn solving(criterion: &mut Criterion) {
    let limits = Limits::default();
    let kinds: [(&str, Vec<u64>, Vec<Relation>); 4] = [
        ("pair", vec![48, 55], vec![Relation::Same { first: 0, second: 1 }]),
        ("exclusive of six", vec![13; 6], vec![Relation::Exclusive { members: (0..6).collect(), one_must_pay: true }]),
        ("ladder of six", vec![70, 76, 50, 40, 45, 10], vec![Relation::Ladder { rungs: (0..6).rev().collect() }]),
        (
            "thresholds and buckets",
            vec![75, 55, 25, 14, 15],
            vec![
                Relation::Ladder { rungs: vec![2, 1, 0] },
                Relation::Implies { first: 3, second: 0 },
                Relation::Excludes { first: 3, second: 1 },
                Relation::Implies { first: 4, second: 1 },
                Relation::Excludes { first: 4, second: 2 },
            ],
        ),
    ];
    for (name, middles, relations) in kinds {
        let mut numbers = Numbers(3);
        let members = (0..middles.len() as u32).map(|market| member(market, false)).collect();
        let set = Set::new(members, &relations, Vec::new()).expect("a set");
        let books: Vec<Book> = middles.iter().map(|middle| book(*middle, &mut numbers)).collect();
        let problem = || {
            let mut problem = Problem::new(&set, limits, &Unlimited, NOW).expect("whole lots fit");
            for (slot, book) in books.iter().enumerate() {
                problem.offer_book(slot, &book.view().expect("a book"), &Unlimited);
            }
            problem
        };
        criterion.bench_function(&format!("{name}: answer"), |bencher| bencher.iter(|| black_box(problem().solve())));
        let posed = problem();
        criterion.bench_function(&format!("{name}: program"), |bencher| {
            bencher.iter(|| black_box(program::optimum(&posed)));
        });
        if shapes::optimum(&posed).is_some() {
            criterion.bench_function(&format!("{name}: closed form"), |bencher| {
                bencher.iter(|| black_box(shapes::optimum(&posed)));
            });
        }
    }
}

fn main() {
    distribution();
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1))
        .configure_from_args();
    solving(&mut criterion);
    criterion.final_summary();
}
