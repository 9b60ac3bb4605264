//! The conformance run on the Polymarket side: our exchange as a process, judged by the official SDKs of three languages.
//!
//! - Python (two packages), TypeScript and Rust SDKs at the exact versions of `tests/sdk/polymarket` and `oracle/Cargo.lock`.
//! - The runner (`tests/sdk/polymarket/run.py`) starts and stops the exchange itself and calls the other two languages' checks.
//!
//! Source: issue 3, show 2; reference, section 19, read 2026-11-20.

use std::process::Command;

use crate::Context;
use crate::cargo::{cargo, run};
use crate::failure::Failure;
use crate::oracle::{self, Tools};
use crate::sdk;

/// Builds `brier` and the Rust judge, prepares the interpreters, runs the checks named by the arguments, or all.
pub(crate) fn check(context: &Context) -> Result<(), Failure> {
    run(cargo(context).args(["build", "--locked", "--quiet", "--package", "brier-cli", "--bin", "brier"]))?;
    let judge = oracle::build(context)?;
    let tools = Tools::prepare(context)?;
    let program = sdk::target(context)?.join("debug").join("brier");
    let mut command = Command::new(tools.python);
    command.current_dir(&context.root).arg("-uB").arg("tests/sdk/polymarket/run.py");
    command.arg("--brier").arg(program).arg("--oracle").arg(judge);
    command.arg("--node").arg(tools.node).arg("--node-scripts").arg(tools.node_scripts);
    run(command.args(&context.args))
}
