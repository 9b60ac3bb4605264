//! Runs an order-flow workload: `cargo run --release -p brier-bench --example lob -- FILE PREFILL`.
fn main() {
    let mut args = std::env::args().skip(1);
    let path = args.next().expect("a file");
    let prefill = args.next().and_then(|n| n.parse().ok()).unwrap_or(0);
    let operations = brier_bench::lob::parse(&std::fs::read(path).expect("readable")).expect("well-formed");
    for _ in 0..3 {
        for (name, run) in [
            ("bare", brier_bench::lob::run_bare(&operations, prefill)),
            ("full", brier_bench::lob::run_full(&operations, prefill)),
        ] {
            println!(
                "{name} {:.2} Mops/s trades {} resting {} fnv {:016x}",
                run.operations as f64 / run.elapsed.as_secs_f64() / 1e6,
                run.trades,
                run.resting,
                run.fnv_fills
            );
        }
    }
}
