//! `brier polymarket vectors` and `brier bench sign`.

use std::path::Path;

use expect_test::expect;

use crate::support::{run, shown};

fn vectors() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../polymarket-protocol/testdata/polymarket_vectors.json");
    path.to_str().unwrap().to_owned()
}

#[test]
fn every_vector_of_the_reference_passes() {
    let output = run(&["polymarket", "vectors", &vectors()]);
    expect![[r#"
        exit 0
        --- stdout
        113 passed, 0 failed
    "#]]
    .assert_eq(&shown(&output));
}

#[test]
fn a_failing_vector_is_named_with_its_field() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vectors.json");
    let wish = r#"{"price":0.5,"size":8.2,"side":"BUY","tick_size":"0.01"}"#;
    let text = format!(
        r#"{{"format":"polymarket-vectors/1","vectors":[
            {{"id":"good","kind":"limit_amounts","input":{wish},"output":{{"maker_amount":"4100000","taker_amount":"8200000"}}}},
            {{"id":"float","kind":"limit_amounts","input":{wish},"output":{{"maker_amount":"4095000","taker_amount":"8190000"}}}},
            {{"id":"new","kind":"order_v9","input":{{}},"output":{{}}}}]}}"#
    );
    std::fs::write(&path, text).unwrap();
    let path = path.to_str().unwrap();
    expect![[r#"
        exit 1
        --- stdout
        float output.maker_amount: expected 4095000, found 4100000
        float output.taker_amount: expected 8190000, found 8200000
        new kind: expected a kind of polymarket-vectors/1, found `order_v9`, which is not known
        1 passed, 2 failed
    "#]]
    .assert_eq(&shown(&run(&["polymarket", "vectors", path])));
    let document = run(&["--json", "polymarket", "vectors", path]);
    let document: serde_json::Value = serde_json::from_slice(&document.stdout).unwrap();
    assert_eq!((&document["passed"], &document["failed"]), (&1.into(), &2.into()));
    assert_eq!(document["failures"][2]["id"], "new");
}

#[test]
fn what_is_no_file_of_vectors_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vectors.json");
    for (text, told) in [
        ("nothing", "expected a JSON document of the format polymarket-vectors/1"),
        (r#"{"format":"polymarket-vectors/1","vectors":[]}"#, "expected at least one vector, found none"),
        (r#"{"format":"polymarket-vectors/2","vectors":[{}]}"#, "expected the format polymarket-vectors/1, found"),
    ] {
        std::fs::write(&path, text).unwrap();
        let shown = shown(&run(&["polymarket", "vectors", path.to_str().unwrap()]));
        assert!(
            shown.starts_with("exit 1\n") && shown.contains(told) && shown.contains("hint: give a JSON file"),
            "{shown}"
        );
    }
    let missing = shown(&run(&["polymarket", "vectors", "no/such/file"]));
    assert!(missing.contains("error: no/such/file: ") && missing.contains("hint: "), "{missing}");
}

#[test]
fn signing_is_timed_on_every_path() {
    let output = run(&["bench", "sign", "--orders", "3", "--rounds", "1"]);
    let lines: Vec<serde_json::Value> =
        output.stdout.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect();
    let paths: Vec<_> = lines.iter().map(|line| line["path"].as_str().unwrap()).collect();
    assert_eq!(paths, ["sign_eoa", "sign_deposit_wallet", "verify_eoa", "verify_deposit_wallet"]);
    assert!(lines.iter().all(|line| line["operations"] == 3 && line["ns_per_operation"].as_f64().unwrap() > 0.0));
}
