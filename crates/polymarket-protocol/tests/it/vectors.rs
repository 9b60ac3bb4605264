//! The signed examples of the reference, all of them, and files that are none.

use brier_polymarket_protocol::vectors::{self, Outcome, VectorsError};

const MAIN: &str = include_str!("../../testdata/polymarket_vectors.json");

fn failures(outcomes: &[Outcome]) -> String {
    let lines = outcomes.iter().flat_map(|outcome| {
        outcome.mismatches.iter().map(move |mismatch| {
            format!("{} {}: expected {}, found {}\n", outcome.id, mismatch.field, mismatch.expected, mismatch.found)
        })
    });
    lines.collect()
}

#[test]
fn every_vector_of_the_reference_is_reproduced() {
    let outcomes = vectors::run(MAIN).unwrap();
    assert_eq!(failures(&outcomes), "");
    assert_eq!(outcomes.len(), 113);
}

/// The copy in the crate is the reference's.
#[test]
fn the_copy_is_the_original() {
    if let Some(path) = crate::shared("reference/polymarket_vectors.json") {
        assert!(std::fs::read_to_string(path).unwrap() == MAIN, "testdata/polymarket_vectors.json is out of date");
    }
}

/// Change anything in an output, and the vector fails: the check looks at every field.
#[test]
fn a_changed_output_is_found() {
    let mut file: serde_json::Value = serde_json::from_str(MAIN).unwrap();
    let vectors = file["vectors"].as_array_mut().unwrap();
    let count = vectors.len();
    for vector in vectors.iter_mut() {
        spoil(&mut vector["output"]);
    }
    let outcomes = vectors::run(&file.to_string()).unwrap();
    assert_eq!(outcomes.iter().filter(|outcome| !outcome.passed()).count(), count);
}

/// Changes the last value of the last member, as deep as it goes.
fn spoil(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::Object(members) => spoil(members.values_mut().next_back().unwrap()),
        serde_json::Value::String(text) => {
            let last = text.pop();
            text.push(if last == Some('1') { '2' } else { '1' });
        }
        other => *other = serde_json::json!(7),
    }
}

#[test]
fn what_cannot_be_checked_fails_by_name() {
    let file = |vector: &str| format!(r#"{{"format":"polymarket-vectors/1","vectors":[{vector}]}}"#);
    let one = |vector: &str| failures(&vectors::run(&file(vector)).unwrap());
    assert_eq!(
        one(r#"{"id":"a","kind":"order_v9","input":{},"output":{}}"#),
        "a kind: expected a kind of polymarket-vectors/1, found `order_v9`, which is not known\n"
    );
    assert!(one(r#"{"kind":"order_v2"}"#).starts_with("vector 1 vector: expected id, kind, input and output, found"));
    assert!(one(r#"{"id":"a","kind":"l1_auth","input":{},"output":{}}"#).starts_with("a input: expected the members"));
    assert!(
        one(r#"{"id":"a","kind":"limit_amounts","input":{"price":0.5,"size":1e40,"side":"BUY","tick_size":"0.01"},"output":{}}"#)
            .starts_with("a input.size: expected")
    );
    assert!(matches!(vectors::run("{}"), Err(VectorsError::Json(_))));
    assert!(matches!(vectors::run(&file("")), Err(VectorsError::Empty)));
    assert_eq!(
        vectors::run(r#"{"format":"other/1","vectors":[]}"#).unwrap_err().to_string(),
        "expected the format polymarket-vectors/1, found `other/1`"
    );
}

/// The Rust client's body: Python's members in the order, others around it, addresses without capitals.
#[test]
fn the_rust_client_s_body_is_known() {
    let mut file: serde_json::Value = serde_json::from_str(MAIN).unwrap();
    let vectors = file["vectors"].as_array_mut().unwrap();
    let python = vectors.iter_mut().find(|vector| vector["id"] == "post_order_request-01").unwrap();
    let body = python["output"]["body"].as_str().unwrap().to_owned();
    python["input"]["client"] = "polymarket_client_sdk_v2 0.9.0 (Rust)".into();
    let outcomes = vectors::run(&file.to_string()).unwrap();
    let outcome = outcomes.iter().find(|outcome| outcome.id == "post_order_request-01").unwrap();
    let found = outcome.mismatches.iter().find(|mismatch| mismatch.field.ends_with("body")).unwrap();
    let address = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
    let (order, around) = body.split_once("},\"owner\":").unwrap();
    let owner = around.split(',').next().unwrap();
    let order = order.replace(address, &address.to_lowercase());
    let expected =
        format!("{order}}},\"orderType\":\"GTC\",\"owner\":{owner},\"postOnly\":false,\"deferExec\":false}}");
    assert_eq!(serde_json::from_str::<String>(&found.found).unwrap_or_else(|_| found.found.clone()), expected);
}
