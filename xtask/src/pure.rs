//! The proof that the crates which decide (prices, books, matching, models) are pure, and that floors stand in order.
//!
//! Two independent looks: what each pure crate can reach by its dependencies, and what its own source says. An
//! exception needs a line with a reason in `xtask/policy.txt`.

use crate::Context;
use crate::deps;
use crate::failure::Failure;
use crate::policy::Policy;
use crate::scan::{self, Source};

/// Crates of the workspace from the ground up, and whether each is pure. A crate uses only crates above it in this list.
const FLOORS: &[(&str, bool)] = &[
    ("brier-types", true),
    ("brier-book", true),
    ("brier-kalshi-protocol", true),
    ("brier-polymarket-protocol", true),
    ("brier-matching", true),
    ("brier-models", true),
    ("brier-pairing", true),
    ("brier-engine", true),
    ("brier-arbitrage", true),
    ("brier-strategies", true),
    ("brier-store", false),
    ("brier-backtest", false),
    ("brier-connect", false),
    ("brier-feeds", false),
    ("brier-analyst", false),
    ("brier-kalshi", false),
    ("brier-polymarket", false),
    ("brier-exchange", false),
    ("brier-runtime", false),
    ("brier-sim", false),
    ("brier-bench", false),
    ("brier-cli", false),
    ("xtask", false),
];

/// Packages that bring a runtime, sockets, a clock, a random source or a thread pool.
const UNREACHABLE: &[&str] = &[
    "async-executor",
    "async-io",
    "async-std",
    "aws-lc-rs",
    "aws-lc-sys",
    "axum",
    "chrono",
    "crossbeam-channel",
    "fastrand",
    "getrandom",
    "h2",
    "hyper",
    "hyper-util",
    "mio",
    "native-tls",
    "polling",
    "quanta",
    "rand",
    "rand_core",
    "rayon",
    "reqwest",
    "ring",
    "rustls",
    "signal-hook-registry",
    "smol",
    "socket2",
    "tempfile",
    "time",
    "tokio",
    "tokio-tungstenite",
    "tracing",
    "tungstenite",
    "uuid",
    "web-time",
];

/// Words no pure source may hold: the clock, global state, randomness by hash order, output, async.
const FORBIDDEN_WORDS: &[&str] = &[
    "SystemTime",
    "Instant",
    "::now(",
    "HashMap",
    "HashSet",
    "RandomState",
    "LazyLock",
    "OnceLock",
    "LazyCell",
    "thread_local!",
    "static mut",
    "async fn",
    "async move",
    ".await",
    "println!",
    "eprintln!",
    "print!",
    "eprint!",
    "dbg!",
];

/// Modules of `std` that mean I/O, threads or the outside.
const FORBIDDEN_MODULES: &[&str] = &["env", "fs", "io", "net", "os", "path", "process", "thread"];

/// Runs the proof.
pub(crate) fn check(context: &Context) -> Result<(), Failure> {
    let policy = Policy::read(&context.root)?;
    let mut results = vec![floors(context)];
    for (name, _) in FLOORS.iter().filter(|(_, pure)| *pure) {
        let found = [reach(context, name, &policy), sources(context, name, &policy)];
        let verdict = if found.iter().all(Result::is_ok) { "is pure" } else { "is not pure" };
        println!("   {name} {verdict}");
        results.extend(found);
    }
    results.push(policy.no_leftovers(&["reach", "source"]));
    Failure::unless_all_passed(results)
}

/// Every crate has its floor, and builds only on crates below it.
fn floors(context: &Context) -> Result<(), Failure> {
    let metadata = deps::metadata(context)?;
    let floor = |name: &str| FLOORS.iter().position(|(one, _)| *one == name);
    let mut places = Vec::new();
    for package in deps::members(&metadata) {
        let name = deps::text(package, "name");
        let Some(own) = floor(name) else {
            places.push(format!(
                "{name}: not in FLOORS of xtask/src/pure.rs; say where it stands and whether it is pure"
            ));
            continue;
        };
        // Tests may look upward (a pure crate judged by one above it); what ships may not.
        let ships = deps::list(package, "dependencies").iter().filter(|one| one["kind"] != "dev");
        let used = ships.map(|one| deps::text(one, "name"));
        let upward = used.filter(|used| floor(used).is_some_and(|floor| own <= floor));
        places.extend(upward.map(|used| format!("{name} uses {used}, which stands above it")));
    }
    Failure::unless_empty("a crate may use only crates on lower floors, or before it on its own", places)
}

/// The crate's ordinary dependencies, with only the features it asks for itself, bring in nothing forbidden.
fn reach(context: &Context, name: &str, policy: &Policy) -> Result<(), Failure> {
    let reached = deps::tree(context, &["--package", name, "--edges", "normal", "--target", "all"])?;
    let forbidden = reached.iter().filter(|(package, _)| UNREACHABLE.contains(&package.as_str()));
    let places = forbidden.filter(|(package, _)| !policy.allows("reach", &[name, package]));
    let places =
        places.map(|(package, _)| format!("{package}: see `cargo tree -p {name} -e normal --target all -i {package}`"));
    Failure::unless_empty(format!("{name} is pure, but reaches"), places.collect())
}

/// The crate's own source, tests left out, names nothing forbidden.
fn sources(context: &Context, name: &str, policy: &Policy) -> Result<(), Failure> {
    let folder = context.root.join("crates").join(name.trim_start_matches("brier-"));
    let files = scan::rust_files(&folder.join("src"))?;
    if files.is_empty() {
        return Err(Failure::new(format!("{name}: expected sources in `{}/src`, found none", folder.display())));
    }
    let mut places = Vec::new();
    for path in files {
        let shown = path.strip_prefix(&context.root).unwrap_or(&path);
        if scan::is_test_file(shown) {
            continue;
        }
        let shown = shown.display().to_string();
        let source = Source::new(&scan::read(&path)?).without_tests();
        for (at, word) in violations(&source.code) {
            if !policy.allows("source", &[&shown, &word.replace(' ', "_")]) {
                places.push(format!("{shown}:{}: `{word}`", scan::line_of(&source.code, at)));
            }
        }
    }
    Failure::unless_empty(format!("{name} is pure, but its source names"), places)
}

/// Offsets and names of all that a pure source may not hold.
fn violations(code: &str) -> Vec<(usize, String)> {
    let words = FORBIDDEN_WORDS
        .iter()
        .flat_map(|word| scan::find_words(code, word).into_iter().map(|at| (at, (*word).to_owned())));
    let modules = scan::find_words(code, "std::").into_iter().flat_map(|at| {
        let named = first_names(code[at + "std::".len()..].trim_start());
        let bad = named.into_iter().filter(|name| FORBIDDEN_MODULES.contains(name));
        bad.map(move |name| (at, format!("std::{name}"))).collect::<Vec<_>>()
    });
    let mut found: Vec<(usize, String)> = words.chain(modules).collect();
    found.sort();
    found
}

/// The names directly after `std::`: one, or each first name of a group in braces.
fn first_names(after: &str) -> Vec<&str> {
    let leading = |text: &str| text.find(|c| !scan::is_word(c)).unwrap_or(text.len());
    let Some(group) = after.strip_prefix('{') else { return vec![&after[..leading(after)]] };
    let (mut names, mut depth, mut start) = (Vec::new(), 0_u32, 0);
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if 0 < depth => depth -= 1,
            ',' | '}' if depth == 0 => {
                let name = group[start..at].trim_start();
                names.push(&name[..leading(name)]);
                start = at + 1;
                if c == '}' {
                    break;
                }
            }
            _ => {}
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(code: &str) -> Vec<String> {
        violations(code).into_iter().map(|(_, name)| name).collect()
    }

    #[test]
    fn clocks_and_modules_are_found() {
        assert_eq!(names("let t = Instant::now();"), vec!["Instant", "::now("]);
        assert_eq!(
            names("use std::{collections::BTreeMap, fs, net::{TcpStream, UdpSocket}};"),
            vec!["std::fs", "std::net"]
        );
        assert_eq!(names("std::thread::spawn(f)"), vec!["std::thread"]);
        assert_eq!(names("use std::collections::{BTreeMap, HashMap};"), vec!["HashMap"]);
    }

    #[test]
    fn innocent_code_passes() {
        let code = "use std::{fmt, collections::{BTreeMap, btree_map}}; use std::time::Duration; core::mem::swap(a, b); instant";
        assert_eq!(names(code), Vec::<String>::new());
    }
}
