//! Fair values of ten thousand markets, made anew after one word from outside: a spot price, a forecast.
//!
//! Closed forms only, in batches that allocate nothing, beside the same markets valued one by one. CPU time of one thread, the best
//! of several tries, as the machines are shared. The aim is one microsecond a market.
//!
//! `cargo bench -p brier-bench --bench fair_values`.

#![allow(clippy::print_stdout, reason = "figures are what a bench is for")]

use std::hint::black_box;

use brier_bench::cpu::CpuTimer;
use brier_models::average::{Now, Sampling, Window};
use brier_models::digital::{Digital, Ladder, Terminal};
use brier_models::distribution::Shape;
use brier_models::rounded::Bucket;
use brier_models::touch::OneTouch;
use brier_models::weather::{DayExtreme, Extreme, Observed, Slack};
use brier_types::Prob;

const MARKETS: usize = 10_000;
/// Updates that are timed together: the system counts CPU time in steps of milliseconds.
const ROUNDS: usize = 100;
/// How often that is done; the best counts.
const TRIES: usize = 5;
/// Strikes of one event.
const LADDER: usize = 50;
/// Buckets of one city's day.
const BUCKETS: usize = 6;
const VOLATILITY: f64 = 8.33e-5;

/// Nanoseconds a market. Each round begins with another word from outside.
fn measure(name: &str, mut round: impl FnMut(f64)) {
    let mut best = f64::INFINITY;
    for _ in 0..TRIES {
        let timer = CpuTimer::start();
        for number in 0..ROUNDS {
            round(number as f64);
        }
        best = best.min(timer.elapsed().as_nanos() as f64 / (MARKETS * ROUNDS) as f64);
    }
    println!("{name:<44} {best:>8.1} ns a market");
}

fn main() {
    println!("{MARKETS} markets on one update");
    let strikes: Vec<f64> = (0..LADDER).map(|at| 90_000.0 + 400.0 * at as f64).collect();
    let ladder = Ladder::new(&strikes).expect("strikes in order");
    let (mut above, mut ranges) = (vec![0.0; LADDER], vec![0.0; LADDER + 1]);
    for (name, shape) in [("normal", Shape::Normal), ("Student", Shape::student(4.0).expect("four degrees"))] {
        measure(&format!("thresholds, ladders of {LADDER}, {name}"), |word| {
            for event in 0..MARKETS / LADDER {
                let law = Terminal::new(98_500.0 + word, VOLATILITY, 3_600.0 + event as f64, shape).expect("a law");
                ladder.at_or_above(&law, &mut above);
                black_box(&above);
            }
        });
    }
    measure(&format!("ranges, ladders of {LADDER}, normal"), |word| {
        for event in 0..MARKETS / LADDER {
            let law = Terminal::new(98_500.0 + word, VOLATILITY, 3_600.0 + event as f64, Shape::Normal).expect("a law");
            ladder.ranges(&law, &mut ranges);
            black_box(&ranges);
        }
    });
    measure("thresholds, one by one", |word| {
        for market in 0..MARKETS {
            let strike = strikes[market % LADDER];
            let digital = Digital { spot: 98_500.0 + word, strike, volatility: VOLATILITY, seconds_left: 3_600.0 };
            black_box(digital.probability());
        }
    });
    let window = Window { seconds: 60.0, sampling: Sampling::Prints(60) };
    measure("mean of sixty prints, one by one", |word| {
        for market in 0..MARKETS {
            let now = Now {
                spot: 98_500.0 + word,
                volatility: VOLATILITY,
                seconds_left: 20.0,
                observed_mean: Some(98_490.0),
            };
            black_box(window.law(&now).and_then(|law| law.at_or_above(strikes[market % LADDER])));
        }
    });
    measure("touched before the close, one by one", |word| {
        for market in 0..MARKETS {
            let barrier = 100_000.0 + strikes[market % LADDER] / 10.0;
            let touch = OneTouch { spot: 98_500.0 + word, barrier, volatility: VOLATILITY, seconds_left: 2_592_000.0 };
            black_box(touch.probability());
        }
    });
    let buckets: Vec<Bucket> = [Bucket::AtMost(47)]
        .into_iter()
        .chain((0..BUCKETS as i32 - 2).map(|at| Bucket::Between(48 + 2 * at, 49 + 2 * at)))
        .chain([Bucket::AtLeast(48 + 2 * (BUCKETS as i32 - 2))])
        .collect();
    let mut chances = vec![Prob::new(0.0).expect("a chance"); BUCKETS];
    for (name, shape) in [("normal", Shape::Normal), ("Student", Shape::student(5.0).expect("five degrees"))] {
        measure(&format!("weather, {BUCKETS} buckets a day, {name}"), |word| {
            for city in 0..MARKETS / BUCKETS {
                let mean = 52.3 + word / 100.0 + (city % 7) as f64;
                let law = DayExtreme::new(Extreme::High, mean, 2.8, shape).expect("a law");
                let law = law.observed(Observed { extreme: 50, slack: Slack::NONE });
                law.fill(&buckets, &mut chances).expect("chances");
                black_box(&chances);
            }
        });
    }
}
