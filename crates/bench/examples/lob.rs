//! Runs an order-flow workload, the best of some rounds:
//! `cargo run --release -p brier-bench --example lob -- FILE PREFILL [ROUNDS]`.
#![expect(clippy::print_stdout, reason = "an example talks to whoever runs it")]

use brier_bench::lob::{LobRun, Operation, best_of, parse, run_bare, run_baseline, run_full};

type Run = fn(&[Operation], usize) -> LobRun;

fn main() {
    let mut args = std::env::args().skip(1);
    let path = args.next().expect("a file");
    let prefill = args.next().and_then(|n| n.parse().ok()).unwrap_or(0);
    let rounds = args.next().and_then(|n| n.parse().ok()).unwrap_or(5);
    let operations = parse(&std::fs::read(path).expect("readable")).expect("well-formed");
    let engines: [(&str, Run); 3] = [("bare", run_bare), ("full", run_full), ("plain", run_baseline)];
    for (name, run) in engines {
        let best = best_of(rounds, || run(&operations, prefill));
        println!(
            "{name} {:.2} Mops/s trades {} resting {} fnv {:016x}",
            best.operations_per_second() / 1e6,
            best.trades,
            best.resting,
            best.fnv_fills
        );
    }
}
