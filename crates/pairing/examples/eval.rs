//! Scores a file of labelled pairs: `cargo run --example eval -- FILE [all]`.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "an example talks to its terminal")]

use std::process::ExitCode;

use brier_pairing::eval::{self, Mark};

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let Some(path) = args.next() else {
        eprintln!("error: expected a file of labelled pairs");
        return ExitCode::FAILURE;
    };
    let all = args.next().is_some();
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) => {
            eprintln!("error: cannot read `{path}`: {error}");
            return ExitCode::FAILURE;
        }
    };
    if all {
        for (at, line) in text.lines().enumerate() {
            if let Ok(pair) = eval::parse(at + 1, line) {
                println!("## {} | {} || {}\n{}", at + 1, pair.kalshi.title, pair.polymarket.title, eval::judge(&pair));
            }
        }
    }
    match eval::run(&text) {
        Ok(report) => {
            for miss in &report.misses {
                let what = if miss.mark == Mark::FalsePair { "FALSE PAIR" } else { "missed" };
                println!("-- line {} {what}\n   {}\n   {}\n{}", miss.line, miss.kalshi, miss.polymarket, miss.verdict);
            }
            println!(
                "pairs {}  precision {:.3}  recall {:.3}  right {} of {}  false {}  {:?}",
                report.pairs,
                report.precision(),
                report.recall(),
                report.right,
                report.equivalent,
                report.false_pairs,
                report.verdicts
            );
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
