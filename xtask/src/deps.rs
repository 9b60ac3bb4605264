//! The dependency checks: licences, duplicates, unused ones, and that `ring` stays out.
//!
//! Done here over `cargo metadata`, not by cargo-deny and cargo-machete. Measured 2026-11-20 on two cores: installing
//! cargo-machete takes 71 s (113 CPU-seconds, 76 crates) and cargo-deny has 211 crates, in front of the first check on
//! every new machine; its advisory database is a GitHub clone besides, which a machine with registries alone cannot have.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::Context;
use crate::cargo::{cargo, output};
use crate::failure::Failure;
use crate::policy::Policy;
use crate::scan::{self, Source};

/// Licence of every crate of ours.
const OWN_LICENSE: &str = "MIT OR Apache-2.0";

/// Runs all dependency checks.
pub(crate) fn check(context: &Context) -> Result<(), Failure> {
    let policy = Policy::read(&context.root)?;
    let metadata = metadata(context)?;
    Failure::unless_all_passed([
        licenses(context, &metadata, &policy),
        duplicates(context, &policy),
        unused(&metadata, &policy),
        unused_in_workspace_table(context, &metadata),
        no_ring(context),
        policy.no_leftovers(&["license", "duplicate", "unused"]),
    ])
}

/// `cargo metadata` for this machine's target: crates that only Windows builds are nobody's licence or duplicate here.
pub(crate) fn metadata(context: &Context) -> Result<Value, Failure> {
    let version = output(cargo(context).args(["version", "--verbose"]))?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    let host = host.ok_or_else(|| Failure::new("`cargo version --verbose` names no host"))?;
    let text =
        output(cargo(context).args(["metadata", "--format-version", "1", "--locked", "--filter-platform", host]))?;
    serde_json::from_str(&text).map_err(|error| Failure::new(format!("`cargo metadata` wrote no JSON: {error}")))
}

/// The array at `key`, or none.
pub(crate) fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().map_or(&[], Vec::as_slice)
}

/// The string at `key`, or an empty one.
pub(crate) fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

/// Packages of the workspace itself.
pub(crate) fn members(metadata: &Value) -> impl Iterator<Item = &Value> {
    list(metadata, "packages").iter().filter(|package| package["source"].is_null())
}

/// Every dependency's licence is one we accept; every crate of ours carries ours and the texts are there.
fn licenses(context: &Context, metadata: &Value, policy: &Policy) -> Result<(), Failure> {
    // The metadata lists optional crates that nobody asked for as well; the tree holds what is built here.
    let built = tree(context, &["--workspace", "--edges", "normal,build,dev"])?;
    let mut places = Vec::new();
    for package in list(metadata, "packages") {
        let (name, version, expression) = (text(package, "name"), text(package, "version"), text(package, "license"));
        if package["source"].is_null() {
            if expression != OWN_LICENSE {
                places.push(format!("{name}: expected `{OWN_LICENSE}`, found `{expression}`"));
            }
        } else if built.contains(&(name.to_owned(), version.to_owned()))
            && !accepted(expression, &|license| policy.allows("license", &[license]))
        {
            places.push(format!("{name} {version}: `{expression}`"));
        }
    }
    for file in ["LICENSE-MIT", "LICENSE-APACHE"] {
        if !context.root.join(file).is_file() {
            places.push(format!("{file}: expected at the root, found nothing"));
        }
    }
    println!("   {} packages are built", built.len());
    Failure::unless_empty(
        "licences not accepted; choose another crate, or argue the licence in xtask/policy.txt",
        places,
    )
}

/// Whether an SPDX expression can be satisfied by accepted licences. `OR` binds loosest; `/` is its old spelling.
fn accepted(expression: &str, accepts: &dyn Fn(&str) -> bool) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let tokens: Vec<&str> = spaced.split_whitespace().collect();
    let mut at = 0;
    let value = any_of(&tokens, &mut at, accepts);
    value && at == tokens.len()
}

fn any_of(tokens: &[&str], at: &mut usize, accepts: &dyn Fn(&str) -> bool) -> bool {
    let mut value = all_of(tokens, at, accepts);
    while tokens.get(*at) == Some(&"OR") {
        *at += 1;
        value |= all_of(tokens, at, accepts);
    }
    value
}

fn all_of(tokens: &[&str], at: &mut usize, accepts: &dyn Fn(&str) -> bool) -> bool {
    let mut value = one(tokens, at, accepts);
    while tokens.get(*at) == Some(&"AND") {
        *at += 1;
        value &= one(tokens, at, accepts);
    }
    value
}

fn one(tokens: &[&str], at: &mut usize, accepts: &dyn Fn(&str) -> bool) -> bool {
    let Some(first) = tokens.get(*at) else { return false };
    *at += 1;
    if *first == "(" {
        let value = any_of(tokens, at, accepts);
        *at += 1; // The closing parenthesis; if it is missing, `at` runs past the end and the whole is refused.
        return value;
    }
    if tokens.get(*at) == Some(&"WITH") {
        let exception = tokens.get(*at + 1).copied().unwrap_or_default();
        *at += 2;
        return accepts(&format!("{first}-WITH-{exception}"));
    }
    accepts(first)
}

/// No crate is built twice into what we ship. Development dependencies are left out: they reach no user, and the peers
/// we measure against bring a world of their own.
fn duplicates(context: &Context, policy: &Policy) -> Result<(), Failure> {
    let mut places = Vec::new();
    for (name, versions) in doubles(&tree(context, &["--workspace", "--edges", "normal,build"])?) {
        if !policy.allows("duplicate", &[&name]) {
            places.push(format!("{name}: {} (see `cargo tree --duplicates`)", versions.join(", ")));
        }
    }
    Failure::unless_empty("crates in more than one version; align them, or argue each in xtask/policy.txt", places)
}

/// Packages, as `(name, version)`, that `cargo tree` reaches with these arguments on this machine's target.
pub(crate) fn tree(context: &Context, args: &[&str]) -> Result<BTreeSet<(String, String)>, Failure> {
    let listing = output(cargo(context).args(["tree", "--locked", "--prefix", "none", "--format", "{p}"]).args(args))?;
    let pair = |line: &str| {
        let mut words = line.split_whitespace();
        Some((words.next()?.to_owned(), words.next()?.trim_start_matches('v').to_owned()))
    };
    Ok(listing.lines().filter_map(pair).collect())
}

/// Names that stand there in more than one version.
fn doubles(packages: &BTreeSet<(String, String)>) -> BTreeMap<String, Vec<String>> {
    let mut by_name: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, version) in packages {
        by_name.entry(name.clone()).or_default().push(version.clone());
    }
    by_name.retain(|_, versions| versions.len() > 1);
    by_name
}

/// Every dependency a crate of ours names is used by its source; one that only tests use stands among those for tests.
fn unused(metadata: &Value, policy: &Policy) -> Result<(), Failure> {
    let mut places = Vec::new();
    for package in members(metadata) {
        let name = text(package, "name");
        let folder = std::path::Path::new(text(package, "manifest_path")).parent().map(std::path::Path::to_path_buf);
        let folder = folder.ok_or_else(|| Failure::new(format!("`cargo metadata` gives {name} no manifest")))?;
        let (mut sources, mut tests) = (String::new(), String::new());
        for path in scan::rust_files(&folder)? {
            let source = Source::new(&scan::read(&path)?);
            tests.push_str(&source.code);
            // Doc examples count as tests; they live in comments.
            tests.push_str(&source.comments);
            let ships = path.starts_with(folder.join("src"))
                && !scan::is_test_file(path.strip_prefix(&folder).unwrap_or(&path));
            if ships || path.ends_with("build.rs") {
                sources.push_str(&source.without_tests().code);
            }
        }
        for (crate_name, package_name, only_tests) in dependencies(metadata, package) {
            let (kind, searched) = if only_tests { ("development", &tests) } else { ("shipped", &sources) };
            if !uses(searched, &crate_name) && !policy.allows("unused", &[name, &package_name]) {
                places.push(format!("{name}: {kind} dependency `{package_name}`"));
            }
        }
    }
    Failure::unless_empty("dependencies that no source uses; remove them, or move them to [dev-dependencies]", places)
}

/// Direct dependencies of `package` as `(name in source, name in the manifest, only for tests)`.
fn dependencies(metadata: &Value, package: &Value) -> Vec<(String, String, bool)> {
    let node = list(&metadata["resolve"], "nodes").iter().find(|node| node["id"] == package["id"]);
    let Some(node) = node else { return Vec::new() };
    let name_of =
        |id: &Value| list(metadata, "packages").iter().find(|one| one["id"] == *id).map(|one| text(one, "name"));
    let entry = |dependency: &Value| {
        let only_tests = list(dependency, "dep_kinds").iter().all(|kind| kind["kind"] == "dev");
        (text(dependency, "name").to_owned(), name_of(&dependency["pkg"]).unwrap_or_default().to_owned(), only_tests)
    };
    list(node, "deps").iter().map(entry).collect()
}

/// Whether `code` names the crate in a path, an import or a macro path.
fn uses(code: &str, crate_name: &str) -> bool {
    scan::find_words(code, crate_name).into_iter().any(|at| {
        let before = code[..at].trim_end();
        let after = &code[at + crate_name.len()..];
        after.starts_with("::") || before.ends_with("use") || before.ends_with("extern crate")
    })
}

/// Every entry of `[workspace.dependencies]` is named by a member.
fn unused_in_workspace_table(context: &Context, metadata: &Value) -> Result<(), Failure> {
    let root = scan::read(&context.root.join("Cargo.toml"))?;
    let table = root.lines().skip_while(|line| line.trim() != "[workspace.dependencies]").skip(1);
    let names = table.take_while(|line| !line.starts_with('[')).filter_map(|line| Some(line.split_once('=')?.0.trim()));
    let mut manifests = String::new();
    for package in members(metadata) {
        manifests.push_str(&scan::read(text(package, "manifest_path").as_ref())?);
    }
    let named = |name: &str| {
        manifests
            .lines()
            .any(|line| line.trim_start().strip_prefix(name).is_some_and(|rest| rest.starts_with([' ', '.', '='])))
    };
    let places =
        names.filter(|name| !name.starts_with('#') && !named(name)).map(|name| format!("Cargo.toml: {name}")).collect();
    Failure::unless_empty("entries of [workspace.dependencies] that no crate names; remove them", places)
}

/// One crypto provider: with a second one rustls cannot choose and panics when the first connection is made.
fn no_ring(context: &Context) -> Result<(), Failure> {
    let all = tree(context, &["--workspace", "--edges", "normal,build,dev", "--target", "all"])?;
    let ring =
        all.iter().filter(|(name, _)| name == "ring").map(|(name, version)| format!("{name} {version}")).collect();
    Failure::unless_empty("`ring` came in; find who brings it with `cargo tree -i ring --target all`", ring)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn licence_expressions() {
        let accepts = |license: &str| ["MIT", "Unicode-3.0", "Apache-2.0-WITH-LLVM-exception"].contains(&license);
        let cases = [
            ("MIT", true),
            ("GPL-3.0", false),
            ("MIT/Apache-2.0", true),
            ("GPL-3.0 OR MIT", true),
            ("(MIT OR Apache-2.0) AND Unicode-3.0", true),
            ("MIT AND GPL-3.0 OR GPL-2.0", false),
            ("Apache-2.0 WITH LLVM-exception", true),
            ("(MIT", false),
            ("MIT MIT", false),
            ("", false),
        ];
        for (expression, expected) in cases {
            assert_eq!(accepted(expression, &accepts), expected, "{expression}");
        }
    }

    #[test]
    fn a_use_is_a_path_or_an_import() {
        assert!(uses("use serde::Serialize;", "serde") && uses("#[derive(thiserror::Error)]", "thiserror"));
        assert!(uses("use serde_json as json;", "serde_json") && uses("use jiff;", "jiff"));
        assert!(!uses("let tokio = 1; serde_json::to_string(x)", "tokio") && !uses("serde_json::x", "serde"));
    }

    #[test]
    fn doubles_are_found_by_name() {
        let packages = [("syn", "1.0.0"), ("syn", "2.0.0"), ("libc", "0.2.0")];
        let packages = packages.map(|(name, version)| (name.to_owned(), version.to_owned())).into_iter().collect();
        assert_eq!(doubles(&packages).into_keys().collect::<Vec<_>>(), vec!["syn"]);
    }
}
