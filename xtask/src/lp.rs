//! Random sets, solved by `brier-arbitrage` and judged by HiGHS.
//!
//! - The instances and our answers come from the example `instances` of the crate; the judge is `tests/lp/judge.py`, which builds
//!   everything anew from the raw books.
//! - Its packages live in `target/lp-venv`, at the exact versions of `tests/lp/requirements.txt`.
//! - `cargo xtask lp 20000 7` draws other instances: a count and a seed.

use std::process::{Command, Stdio};

use crate::Context;
use crate::cargo::{cargo, run};
use crate::failure::Failure;
use crate::sdk;

/// Instances drawn when no count is given.
const COUNT: &str = "10000";

/// Draws, solves, and lets HiGHS judge.
pub(crate) fn check(context: &Context) -> Result<(), Failure> {
    run(cargo(context).args([
        "build",
        "--locked",
        "--quiet",
        "--package",
        "brier-arbitrage",
        "--example",
        "instances",
    ]))?;
    let python = sdk::environment(context, "lp-venv", "tests/lp/requirements.txt")?;
    let target = sdk::target(context)?;
    let path = target.join("lp-instances.jsonl");
    let failed = |error: std::io::Error| Failure::new(format!("cannot write `{}`: {error}", path.display()));
    let file = std::fs::File::create(&path).map_err(failed)?;
    let count: Vec<&str> = context.args.iter().map(String::as_str).collect();
    let words = if count.is_empty() { vec![COUNT] } else { count };
    let drawn = target.join("debug").join("examples").join("instances");
    run(Command::new(drawn).args(words).stdout(Stdio::from(file)))?;
    run(Command::new(python).current_dir(&context.root).arg("-uB").arg("tests/lp/judge.py").arg(path))
}
