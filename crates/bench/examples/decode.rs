//! Runs a stream of frames, ours and the plain decoder by turns: `cargo run --release -p brier-bench --example decode --
//! FILE [ROUNDS]`.

#![allow(clippy::print_stdout, reason = "an example talks to its reader")]

fn main() {
    let mut args = std::env::args().skip(1);
    let path = args.next().expect("a file of one frame a line");
    let rounds = args.next().and_then(|count| count.parse().ok()).unwrap_or(5);
    let baseline = args.next().is_none();
    let file = std::fs::read(path).expect("readable");
    let frames = brier_bench::decode::frames(&file).expect("text");
    for _ in 0..rounds {
        let ours = brier_bench::decode::run(&frames).expect("well-formed");
        print!("brier {:.1} ns/frame {:016x} levels {}", ours.ns_per_frame(), ours.fnv_books, ours.levels);
        if baseline {
            let plain = brier_bench::decode::run_baseline(&frames).expect("well-formed");
            print!("; plain {:.1} ns/frame {:016x}", plain.ns_per_frame(), plain.fnv_books);
            print!("; ratio {:.2}", plain.ns_per_frame() / ours.ns_per_frame());
        }
        println!("; losses {}", ours.losses);
    }
}
