//! The chain's tests: an EVM and contracts from their packages, and our client against them.
//!
//! - npm (of `node.rs`) installs what `tests/evm/package.json` names, at exact versions, into `target/evm`: the chain, the
//!   Solidity compiler,
//!   Conditional Tokens and Safe as compiled and published, OpenZeppelin's and Solady's sources. No install script runs.
//! - `tests/evm/compile.js` compiles our contracts of `tests/evm/contracts` and collects the published code.
//! - Then every test of the chain runs, and finds in the environment what it would be skipped without; that none is found is a
//!   failure.
//!
//! Source: reference, sections 5, 16 and 19, 2026-11-20.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Context;
use crate::cargo::{cargo, output, run};
use crate::failure::Failure;
use crate::node::Node;
use crate::scan;

/// Installs, compiles, and runs the tests named by the arguments, or all.
pub(crate) fn check(context: &Context) -> Result<(), Failure> {
    let node = Node::prepare(context)?;
    let packages = install(context, &node)?;
    let code = packages.join("code.json");
    let compiler = context.root.join("tests/evm/compile.js");
    run(Command::new(&node.program).arg(compiler).arg(&packages).arg(&code))?;
    let tests = || {
        let mut command = cargo(context);
        command.args(["test", "--locked", "--quiet", "--package", "brier-polymarket", "--test", "it", "--"]);
        command.arg("chain::");
        command
    };
    let listed = output(tests().arg("--list"))?;
    let count = listed.lines().filter(|line| line.ends_with(": test")).count();
    if count == 0 {
        return Err(Failure::new("no test that needs an EVM was found in crates/polymarket/tests/it/chain"));
    }
    println!("   {count} tests");
    run(tests().args(&context.args).env("BRIER_EVM_NODE", chain(&packages)?).env("BRIER_EVM_CODE", code))
}

/// The folder with the packages. Made anew when the list has changed.
fn install(context: &Context, node: &Node) -> Result<PathBuf, Failure> {
    let metadata = crate::deps::metadata(context)?;
    let folder = PathBuf::from(crate::deps::text(&metadata, "target_directory")).join("evm");
    let wanted = scan::read(&context.root.join("tests/evm/package.json"))?;
    let stamp = folder.join("made-from");
    if std::fs::read_to_string(&stamp).is_ok_and(|found| found == wanted) {
        return Ok(folder);
    }
    let failed = |path: &Path| {
        let path = path.display().to_string();
        move |error: std::io::Error| Failure::new(format!("cannot write `{path}`: {error}"))
    };
    std::fs::create_dir_all(&folder).map_err(failed(&folder))?;
    let list = folder.join("package.json");
    std::fs::write(&list, &wanted).map_err(failed(&list))?;
    run(node.npm(&folder).args([
        "install",
        "--ignore-scripts",
        "--no-package-lock",
        "--no-audit",
        "--no-fund",
        "--silent",
    ]))?;
    std::fs::write(&stamp, wanted).map_err(failed(&stamp))?;
    Ok(folder)
}

/// The chain's program. Its package brings one for each system and installs the one that fits.
fn chain(packages: &Path) -> Result<PathBuf, Failure> {
    let scope = packages.join("node_modules/@foundry-rs");
    let entries = std::fs::read_dir(&scope);
    let entries = entries.map_err(|error| Failure::new(format!("cannot read `{}`: {error}", scope.display())))?;
    let mut found = entries.filter_map(|entry| Some(entry.ok()?.path().join("bin/anvil")));
    found.find(|path| path.is_file()).ok_or_else(|| {
        Failure::new(format!(
            "`{}` has no program for this system; its packages are made for the usual ones",
            scope.display()
        ))
    })
}
