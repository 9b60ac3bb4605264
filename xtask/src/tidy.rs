//! House rules that no other tool checks: nothing unfinished, every file introduced, every crate on the map, and no
//! path of somebody's machine.

use std::path::Path;

use crate::Context;
use crate::cargo::output;
use crate::deps;
use crate::failure::Failure;
use crate::scan::{self, Source};

/// Code that says it is not done, or a test that does not run.
const UNFINISHED_CODE: &[&str] = &["todo!", "unimplemented!", "#[ignore"];
/// Comments that say so.
const UNFINISHED_TALK: &[&str] = &["FIXME", "XXX", "HACK"];
/// Folders of machines this was written on. In two halves, so that this file passes its own check.
const MACHINE_PATHS: &[&str] = &[concat!("/wo", "rk/"), concat!("/ro", "ot/")];

/// Runs all of them and reports everything found at once.
pub(crate) fn check(context: &Context) -> Result<(), Failure> {
    let listing = output(std::process::Command::new("git").current_dir(&context.root).args([
        // A checkout that belongs to another user is common in CI, and a listing of it harms nobody.
        "-c",
        "safe.directory=*",
        "ls-files",
        "-z",
        "--cached",
        "--others",
        "--exclude-standard",
    ]))?;
    let mut places = Vec::new();
    let files: Vec<&str> = listing.split('\0').filter(|name| !name.is_empty()).collect();
    for name in &files {
        let path = context.root.join(name);
        // Deleted but not yet committed; and recordings, which are bytes.
        let Ok(bytes) = std::fs::read(&path) else { continue };
        let Ok(text) = String::from_utf8(bytes) else { continue };
        machine_paths(name, &text, &mut places);
        if path.extension().is_some_and(|extension| extension == "rs") {
            rust_file(name, &text, &mut places);
        }
    }
    crates_on_the_map(context, &mut places)?;
    println!("   {} files read", files.len());
    Failure::unless_empty("not tidy", places)
}

fn machine_paths(name: &str, text: &str, places: &mut Vec<String>) {
    for folder in MACHINE_PATHS {
        for (at, _) in text.match_indices(folder) {
            // `https://host/work/` and `src/home/` are no paths from the root of a machine.
            let absolute = !text[..at].ends_with(|c: char| scan::is_word(c) || "./-~}*".contains(c));
            if absolute {
                places.push(format!("{name}:{}: a path of one machine, `{folder}`", scan::line_of(text, at)));
            }
        }
    }
}

fn rust_file(name: &str, text: &str, places: &mut Vec<String>) {
    let source = Source::new(text);
    let code = UNFINISHED_CODE
        .iter()
        .flat_map(|word| scan::find_words(&source.code, word).into_iter().map(move |at| (at, word)));
    let talk = UNFINISHED_TALK
        .iter()
        .flat_map(|word| scan::find_words(&source.comments, word).into_iter().map(move |at| (at, word)));
    places
        .extend(code.chain(talk).map(|(at, word)| format!("{name}:{}: unfinished, `{word}`", scan::line_of(text, at))));
    let introduces_itself = text.starts_with("//!");
    if !introduces_itself && name.contains("src/") && !scan::is_test_file(Path::new(name)) {
        places.push(format!("{name}:1: expected a `//!` head that says what this file is"));
    }
}

/// Every crate is described in ARCHITECTURE.md, by its package name or its folder.
fn crates_on_the_map(context: &Context, places: &mut Vec<String>) -> Result<(), Failure> {
    let Ok(map) = std::fs::read_to_string(context.root.join("ARCHITECTURE.md")) else {
        places.push("ARCHITECTURE.md: expected the map of the house at the root, found nothing to read".to_owned());
        return Ok(());
    };
    let metadata = deps::metadata(context)?;
    for package in deps::members(&metadata) {
        let name = deps::text(package, "name");
        let folder = format!("crates/{}", name.trim_start_matches("brier-"));
        if scan::find_words(&map, name).is_empty() && scan::find_words(&map, &folder).is_empty() {
            places.push(format!("ARCHITECTURE.md: expected a word on {name} (or `{folder}`)"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(name: &str, text: &str) -> Vec<String> {
        let mut places = Vec::new();
        machine_paths(name, text, &mut places);
        rust_file(name, text, &mut places);
        places
    }

    #[test]
    fn unfinished_code_is_found_where_it_is_code() {
        let text = "//! Head.\nfn a() { todo!() }\n#[ignore = \"slow\"]\n// FIXME later\nconst A: &str = \"todo!\";\n";
        assert_eq!(found("src/a.rs", text).len(), 3);
        assert!(found("src/a.rs", "//! Head.\n// The word todo! in talk.\n").is_empty());
    }

    #[test]
    fn every_source_introduces_itself_and_tests_need_not() {
        assert_eq!(found("src/a.rs", "fn a() {}").len(), 1);
        assert!(found("src/a/tests.rs", "fn a() {}").is_empty());
    }

    #[test]
    fn machine_paths_start_at_the_root() {
        let folder = MACHINE_PATHS[0];
        assert_eq!(found("a.md", &format!("see {folder}x")).len(), 1);
        assert!(found("a.md", &format!("https://host.example{folder}x")).is_empty());
    }
}
