//! Help, completions, mistakes of usage, closed pipes.

use std::process::Stdio;

use expect_test::expect;

use crate::support::{brier, run, shown, testdata};

/// The form of a key id; nobody's.
const ID: &str = "0b1c2d3e-4f50-6172-8394-a5b6c7d8e9f0";

#[test]
fn mistakes_of_usage_end_with_status_2_and_say_what_to_do() {
    expect![[r#"
        exit 2
        --- stderr
        error: the following required arguments were not provided:
          <FILE>...

        Usage: brier inspect <FILE>...

        For more information, try '--help'.
    "#]]
    .assert_eq(&shown(&run(&["inspect"])));
    expect![[r#"
        exit 2
        --- stderr
        error: invalid value '10@42' for '<CONTRACTS@PRICE>': price: expected dollars from 0 to 1 in steps of 0.0001, found `42`; write cents with a `c`, such as 42c

        For more information, try '--help'.
    "#]].assert_eq(&shown(&run(&["order", "buy", "yes", "10@42", "KXA-1"])));
    expect![[r#"
        exit 2
        --- stderr
        error: --reduce-only needs --tif ioc: the venue reduces at once or not at all
    "#]]
    .assert_eq(&shown(&run(&["order", "buy", "yes", "10@0.42", "KXA-1", "--reduce-only"])));
    expect![[r#"
        exit 2
        --- stderr
        error: an address is given for a host of the venue's own
        hint: leave out `--url` (KALSHI_URL), or use `--env local`
    "#]]
    .assert_eq(&shown(&run(&["markets", "--env", "demo", "--url", "http://127.0.0.1:1"])));
    assert_eq!(run(&["nonsense"]).status.code(), Some(2));
    assert_eq!(run(&[]).status.code(), Some(2));
}

#[test]
fn failures_are_documents_too() {
    expect![[r#"
        exit 1
        --- stdout
        {"error":"`brier order` sends nothing to prod: it would trade real money without risk limits","hint":"use `--env demo`, or a local `brier exchange`; production is read only so far","code":"failed","exit_status":1}
        --- stderr
        error: `brier order` sends nothing to prod: it would trade real money without risk limits
        hint: use `--env demo`, or a local `brier exchange`; production is read only so far
    "#]]
    .assert_eq(&shown(&run(&["order", "buy", "yes", "10@42c", "KXA-1", "--env", "prod", "--json"])));
    expect![[r#"
        exit 2
        --- stdout
        {"error":"invalid value '0' for '--limit <COUNT>': 0 is not in 1..=4294967295","hint":"For more information, try '--help'.","code":"usage","exit_status":2}
        --- stderr
        error: invalid value '0' for '--limit <COUNT>': 0 is not in 1..=4294967295

        For more information, try '--help'.
    "#]]
    .assert_eq(&shown(&run(&["markets", "--limit", "0", "--json"])));
    expect![[r#"
        exit 2
        --- stdout
        {"error":"an address is given for a host of the venue's own","hint":"leave out `--url` (KALSHI_URL), or use `--env local`","code":"usage","exit_status":2}
        --- stderr
        error: an address is given for a host of the venue's own
        hint: leave out `--url` (KALSHI_URL), or use `--env local`
    "#]]
    .assert_eq(&shown(&run(&["--json", "markets", "--url", "http://127.0.0.1:1", "--env", "demo"])));
    // A report that says what does not hold is the one document.
    let output = run(&["fees", "check", "--json", "fills_2026-05.jsonl"]);
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((output.status.code(), report["agreeing"].as_u64(), report.get("error")), (Some(1), Some(7), None));
    let output = run(&["--json"]);
    let failure: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&failure["code"], failure["exit_status"].as_u64()), (&"usage".into(), Some(2)));
}

#[test]
fn nothing_is_sent_to_production() {
    expect![[r#"
        exit 1
        --- stderr
        error: `brier order` sends nothing to prod: it would trade real money without risk limits
        hint: use `--env demo`, or a local `brier exchange`; production is read only so far
    "#]]
    .assert_eq(&shown(&run(&["order", "buy", "yes", "10@42c", "KXA-1", "--env", "prod"])));
    expect![[r#"
        exit 1
        --- stderr
        error: `brier cancel` sends nothing to prod: it would trade real money without risk limits
        hint: use `--env demo`, or a local `brier exchange`; production is read only so far
    "#]]
    .assert_eq(&shown(&run(&["cancel", "--all", "--env", "prod"])));
}

#[test]
fn help_names_the_exit_statuses() {
    let help = run(&["--help"]);
    let text = String::from_utf8(help.stdout).unwrap();
    assert_eq!(help.status.code(), Some(0));
    for line in ["\"exit_status\":NUMBER", "  0  done", "  1  failed", "  2  the command line", "  3  in doubt"] {
        assert!(text.contains(line), "{line} in {text}");
    }
}

/// Those that need nothing but the repository.
#[test]
fn the_guides_commands_do_what_they_say() {
    let root = testdata().join("../../..");
    let mut statuses = Vec::new();
    for guide in ["check-fees", "check-polymarket-vectors", "inspect-recordings"] {
        let text = std::fs::read_to_string(root.join("docs").join(guide).with_extension("md")).unwrap();
        for command in text.lines().filter_map(|line| line.strip_prefix("cargo run -- ")) {
            let output = brier().current_dir(&root).args(command.split(' ')).output().unwrap();
            statuses.push((guide, output.status.code().unwrap()));
        }
    }
    let (fees, vectors, inspect) = ("check-fees", "check-polymarket-vectors", "inspect-recordings");
    assert_eq!(statuses, [(fees, 0), (fees, 1), (vectors, 0), (inspect, 0), (inspect, 0)]);
}

#[test]
fn every_shell_gets_its_completions() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let output = run(&["completions", shell]);
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success() && text.contains("inspect") && text.contains("brier"), "{shell}: {text}");
    }
    let json = run(&["completions", "bash", "--json"]).stdout;
    assert!(String::from_utf8(json).unwrap().starts_with(r#"{"shell":"bash","script":""#));
}

#[test]
fn a_reader_that_stops_reading_is_no_failure() {
    let mut child = brier()
        .args(["inspect", "--full", "btc15m.ndjson"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stderr).as_ref()), (Some(0), ""));
}

#[cfg(unix)]
#[test]
fn a_key_that_cannot_be_used_is_told_precisely() {
    use std::os::unix::fs::PermissionsExt as _;
    expect![[r#"
        exit 1
        --- stdout
        host        local (http://127.0.0.1:8810)
        key source  FAILED  no key is named
        --- stderr
        error: key source: no key is named
        hint: set KALSHI_KEY_ID and KALSHI_PRIVATE_KEY_PATH, or give --key-id and --key-file; the key of a running `brier exchange` is found through its ready file
    "#]].assert_eq(&shown(&run(&["auth", "check"])));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key.pem");
    let check = || {
        let output = run(&["auth", "check", "--key-id", ID, "--key-file", path.to_str().unwrap()]);
        shown(&output).replace(folder.path().to_str().unwrap(), "FOLDER")
    };
    expect![[r#"
        exit 1
        --- stdout
        host        local (http://127.0.0.1:8810)
        key source  FAILED  there is no file FOLDER/key.pem, named by options or environment
        --- stderr
        error: key source: there is no file FOLDER/key.pem, named by options or environment
        hint: nothing is at FOLDER/key.pem: check the path
    "#]]
    .assert_eq(&check());
    std::fs::write(&path, "no key").unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
    expect![[r#"
        exit 1
        --- stdout
        host        local (http://127.0.0.1:8810)
        key source  ok      FOLDER/key.pem from options or environment
        key id      ok      0b1c2d3e-4f50-6172-8394-a5b6c7d8e9f0
        key file    FAILED  key file FOLDER/key.pem: expected permissions 0600 or stricter, found 0640
        --- stderr
        error: key file FOLDER/key.pem: expected permissions 0600 or stricter, found 0640
        hint: run `chmod 600 FOLDER/key.pem`
    "#]]
    .assert_eq(&check());
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    expect![[r#"
        exit 1
        --- stdout
        host        local (http://127.0.0.1:8810)
        key source  ok      FOLDER/key.pem from options or environment
        key id      ok      0b1c2d3e-4f50-6172-8394-a5b6c7d8e9f0
        key file    FAILED  private key: expected PEM text beginning with `-----BEGIN`, found none; give the file's content, not its name
        --- stderr
        error: key file: private key: expected PEM text beginning with `-----BEGIN`, found none; give the file's content, not its name
        hint: give the PEM file the venue showed once, when the key was made, unchanged
    "#]].assert_eq(&check());
}
