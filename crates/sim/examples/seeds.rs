//! Runs seeds and says how each ended: `seeds FIRST COUNT`, or `seeds SEED story`.

use brier_sim::plan::Plan;
use brier_sim::torture::{run_seeds, story, words};

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let seed: u64 = args[0].parse().expect("a seed");
    if args[1] == "story" {
        let plan = Plan::of(seed);
        println!("{plan:?} {}", words(plan.faults));
        for (at, line) in story(&plan, None).lines() {
            println!("{at} {line}");
        }
        return;
    }
    let began = std::time::Instant::now();
    let mut count = 0;
    run_seeds(seed, args[1].parse().expect("a count"), 2, None, |_| true, |verdict| {
        count += 1;
        let ended = &verdict.ended;
        match &verdict.violation {
            Some(it) => println!("{} FAILS {it:.300}", verdict.seed),
            None => println!(
                "{} ok: {} happenings, {} placed, {} fills, {} crashes, {} s",
                verdict.seed, ended.happenings, ended.placed, ended.fills, ended.crashes, ended.seconds
            ),
        }
        true
    });
    println!("{count} in {:?}", began.elapsed());
}
