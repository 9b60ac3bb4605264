//! The `brier` program.

fn main() {}
