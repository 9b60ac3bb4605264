//! Random orders and headers, held against every official Polymarket SDK byte for byte.
//!
//! - The judge is the workspace in `oracle/`: it has the Rust SDK in itself, and asks the Python and TypeScript SDKs through
//!   `tests/sdk/polymarket/orders.{py,mjs}`. Its build has its own folder, `target/oracle`, and its own lock file.
//! - Node comes from the same list of Python packages as the Python SDKs, so that a new machine needs nothing but Python.
//! - `cargo xtask oracle --seed 7 --count 5000` draws other orders; without words, always the same.
//!
//! Source: issue 3, show 1; reference, section 6.2, read 2026-11-20.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Context;
use crate::cargo::{cargo, run};
use crate::failure::Failure;
use crate::node::Node;
use crate::{scan, sdk};

/// Where scripts, packages and their exact versions are.
const SCRIPTS: &str = "tests/sdk/polymarket";
/// What the Node side is made of.
const NODE_FILES: [&str; 3] = ["package.json", "package-lock.json", ".npmrc"];
/// Orders per SDK; one of them knows one chain only and is not asked about an eighth.
const COUNT: &str = "1200";

/// Builds the oracle, tests it, and lets every SDK judge.
pub(crate) fn check(context: &Context) -> Result<(), Failure> {
    let manifest = context.root.join("oracle/Cargo.toml");
    run(cargo(context).args(["fmt", "--check", "--manifest-path"]).arg(&manifest))?;
    let target = sdk::target(context)?.join("oracle");
    run(&mut oracle_cargo(context, "test", &manifest, &target))?;
    let oracle = build(context)?;
    let tools = Tools::prepare(context)?;
    let mut command = Command::new(oracle);
    command.args(["orders", "--count", COUNT]).args(["--scripts", SCRIPTS]).current_dir(&context.root);
    command
        .arg("--python")
        .arg(tools.python)
        .arg("--node")
        .arg(tools.node)
        .arg("--node-scripts")
        .arg(tools.node_scripts);
    run(command.args(&context.args))
}

/// The program of `oracle/`, built with optimization: its benchmark is part of it.
pub(crate) fn build(context: &Context) -> Result<PathBuf, Failure> {
    let target = sdk::target(context)?.join("oracle");
    run(&mut oracle_cargo(context, "build", &context.root.join("oracle/Cargo.toml"), &target))?;
    Ok(target.join("release").join("brier-oracle"))
}

fn oracle_cargo(context: &Context, verb: &str, manifest: &Path, target: &Path) -> Command {
    let mut command = cargo(context);
    command.args([verb, "--release", "--locked", "--quiet", "--manifest-path"]).arg(manifest);
    command.arg("--target-dir").arg(target);
    command
}

/// The interpreters with the SDKs in their reach.
pub(crate) struct Tools {
    pub(crate) python: PathBuf,
    pub(crate) node: PathBuf,
    /// Folder with the `.mjs` scripts and, beside them, the packages they import.
    pub(crate) node_scripts: PathBuf,
}

impl Tools {
    /// Installs what is missing, at exact versions.
    pub(crate) fn prepare(context: &Context) -> Result<Self, Failure> {
        let node = Node::prepare(context)?;
        let scripts = context.root.join(SCRIPTS);
        let folder = sdk::target(context)?.join("sdk-polymarket-node");
        let mut wanted = node.program.display().to_string();
        for name in NODE_FILES {
            wanted.push_str(&scan::read(&scripts.join(name))?);
        }
        let stamp = folder.join("made-from");
        if std::fs::read_to_string(&stamp).is_ok_and(|found| found == wanted) {
            copy_scripts(&scripts, &folder)?;
            return Ok(Self { python: node.python, node: node.program, node_scripts: folder });
        }
        std::fs::create_dir_all(&folder).map_err(|error| failed("make", &folder, &error))?;
        for name in NODE_FILES {
            copy(&scripts.join(name), &folder.join(name))?;
        }
        run(node.npm(&folder).args(["ci", "--loglevel", "error"]))?;
        copy_scripts(&scripts, &folder)?;
        std::fs::write(&stamp, wanted).map_err(|error| failed("write", &stamp, &error))?;
        Ok(Self { python: node.python, node: node.program, node_scripts: folder })
    }
}

/// An import looks for packages beside the script, and `target` is where they may lie.
fn copy_scripts(from: &Path, to: &Path) -> Result<(), Failure> {
    for entry in std::fs::read_dir(from).map_err(|error| failed("read", from, &error))? {
        let path = entry.map_err(|error| failed("read", from, &error))?.path();
        if path.extension().is_some_and(|extension| extension == "mjs") {
            copy(&path, &to.join(path.file_name().unwrap_or_default()))?;
        }
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Result<(), Failure> {
    std::fs::copy(from, to).map_err(|error| failed("copy", from, &error))?;
    Ok(())
}

fn failed(what: &str, path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(format!("cannot {what} `{}`: {error}", path.display()))
}
