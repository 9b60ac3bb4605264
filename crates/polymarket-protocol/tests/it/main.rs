//! The wire types held against recorded answers and frames.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "helpers of tests may fail and talk as tests do")]

mod chain;
mod known;
mod rest;
mod stream;
mod vectors;

use std::path::{Path, PathBuf};

/// A file beside the workspace that need not be there.
fn shared(path: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared").join(path);
    if path.exists() {
        return Some(path);
    }
    println!("skipped: {} is not there", path.display());
    None
}
