//! `brier bench` on workloads of a few records, with answers made here by hand.

use std::path::Path;

use expect_test::expect;

use crate::support::{run, shown};

/// FNV-1a over little-endian words, as the workloads define their answers.
fn fnv(words: impl IntoIterator<Item = u64>) -> String {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in words.into_iter().flat_map(u64::to_le_bytes) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    format!("{hash:016x}")
}

fn record(id: u64, qty: u32, operation: u8, side: u8, cents: u8) -> [u8; 32] {
    let mut record = [0; 32];
    record[..8].copy_from_slice(&id.to_le_bytes());
    record[12..16].copy_from_slice(&qty.to_le_bytes());
    record[16..19].copy_from_slice(&[operation, side, cents]);
    record
}

fn bench(folder: &Path, kind: &str, file: &str) -> (std::process::Output, serde_json::Value) {
    let path = folder.join(file);
    let output = run(&["bench", kind, "--rounds", "1", path.to_str().unwrap()]);
    let line = serde_json::from_slice(&output.stdout).unwrap_or_default();
    (output, line)
}

#[test]
fn order_flow_is_matched_and_its_answer_checked() {
    let folder = tempfile::tempdir().unwrap();
    // A sell of 10 at 60, a canceled one at 59, a buy of 4 at 60 that trades with the first.
    let records = [record(1, 10, 0, 1, 60), record(2, 5, 0, 1, 59), record(2, 5, 1, 1, 59), record(3, 4, 0, 0, 60)];
    std::fs::write(folder.path().join("lob.bin"), records.concat()).unwrap();
    let answer = fnv([1, 3, 60, 4]);
    let figures = "ops=4 prefill=1 trades=1 traded_qty=4 resting=1";
    std::fs::write(folder.path().join("lob.expect"), format!("{figures} fnv_fills={answer}\n")).unwrap();
    let (output, line) = bench(folder.path(), "match", "lob.bin");
    assert!(output.status.success(), "{}", shown(&output));
    assert_eq!((&line["checksum"], &line["full_checksum"]), (&answer.clone().into(), &answer.clone().into()));
    assert_eq!((line["trades"].as_u64(), line["bare"]["operations"].as_u64()), (Some(1), Some(3)));

    for (name, right, wrong) in [
        ("trades", "trades=1", "trades=2"),
        ("traded_qty", "traded_qty=4", "traded_qty=5"),
        ("resting", "resting=1", "resting=0"),
        ("fnv_fills", answer.as_str(), "0"),
    ] {
        let expect = format!("{figures} fnv_fills={answer}\n").replace(right, wrong);
        std::fs::write(folder.path().join("lob.expect"), expect).unwrap();
        let (output, line) = bench(folder.path(), "match", "lob.bin");
        assert_eq!((output.status.code(), &line["matches"]), (Some(1), &false.into()), "{name}");
        let told = shown(&output);
        assert!(told.contains(&format!("error: bare {name}: expected ")), "{told}");
        assert_eq!(line["differences"].as_array().unwrap().len(), 2, "both engines are wrong: {told}");
    }
}

#[test]
fn frames_are_decoded_and_their_answer_checked() {
    let folder = tempfile::tempdir().unwrap();
    let frames = r#"{"type":"orderbook_snapshot","sid":1,"seq":1,"msg":{"market_ticker":"KXA-1","market_id":"m","yes_dollars_fp":[["0.0200","7.00"]],"no_dollars_fp":[["0.9900","1.50"]]}}
{"type":"orderbook_delta","sid":1,"seq":2,"msg":{"market_ticker":"KXA-1","market_id":"m","price_dollars":"0.0200","delta_fp":"-2.00","side":"yes","ts":"2026-01-01T00:00:00Z","ts_ms":1}}
"#;
    std::fs::write(folder.path().join("kalshi.ndjson"), frames).unwrap();
    let mut cells = vec![0_u64; 198];
    (cells[1], cells[197]) = (500, 150);
    let answer = fnv(cells);
    std::fs::write(folder.path().join("kalshi.expect"), format!("messages=2 fnv_books={answer}\n")).unwrap();
    let (output, line) = bench(folder.path(), "decode", "kalshi.ndjson");
    assert!(output.status.success(), "{}", shown(&output));
    assert_eq!((&line["venue"], &line["checksum"]), (&"kalshi".into(), &answer.into()));
    assert_eq!((line["operations"].as_u64(), line["levels"].as_u64()), (Some(2), Some(2)));
}

#[test]
fn polymarket_frames_are_decoded_and_their_answer_checked() {
    let folder = tempfile::tempdir().unwrap();
    let frames = r#"{"event_type":"book","asset_id":"1","market":"0xa","bids":[{"price":"0.02","size":"7"}],"asks":[{"price":"0.03","size":"1.5"}],"timestamp":"1795192200000","hash":"aa"}
{"event_type":"book","asset_id":"2","market":"0xa","bids":[{"price":"0.97","size":"1.5"}],"asks":[{"price":"0.98","size":"7"}],"timestamp":"1795192200000","hash":"bb"}
{"market":"0xa","price_changes":[{"asset_id":"1","price":"0.02","size":"5","side":"BUY","hash":"cc","best_bid":"0.02","best_ask":"0.03"},{"asset_id":"2","price":"0.98","size":"5","side":"SELL","hash":"dd","best_bid":"0.97","best_ask":"0.98"}],"timestamp":"1795192200001","event_type":"price_change"}
"#;
    std::fs::write(folder.path().join("polymarket.ndjson"), frames).unwrap();
    let mut cells = vec![0_u64; 198];
    (cells[1], cells[99 + 2]) = (500, 150);
    let answer = fnv(cells);
    std::fs::write(folder.path().join("polymarket.expect"), format!("lines=3 fnv_yes_books={answer}\n")).unwrap();
    let (output, line) = bench(folder.path(), "decode", "polymarket.ndjson");
    assert!(output.status.success(), "{}", shown(&output));
    assert_eq!((&line["venue"], &line["checksum"]), (&"polymarket".into(), &answer.into()));
    assert_eq!((line["operations"].as_u64(), line["plain"]["operations"].as_u64()), (Some(3), Some(3)));
}

#[test]
fn without_its_answer_a_workload_is_not_run() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("lob.bin"), [0; 32]).unwrap();
    let (output, _) = bench(folder.path(), "match", "lob.bin");
    expect![[r#"
        exit 1
        --- stderr
        error: the answer FOLDER/lob.expect: No such file or directory (os error 2)
        hint: the workload generator writes FILE.expect beside each file: run `cargo run --release -- DIR` in its folder
    "#]]
    .assert_eq(&shown(&output).replace(folder.path().to_str().unwrap(), "FOLDER"));
    std::fs::write(folder.path().join("lob.expect"), "messages=2 fnv_books=0\n").unwrap();
    let (output, _) = bench(folder.path(), "match", "lob.bin");
    expect![[r#"
        exit 1
        --- stderr
        error: FOLDER/lob.expect: expected `fnv_fills=`, found none
        hint: this is the answer of another kind of workload: `decode` takes kalshi.ndjson or polymarket.ndjson, `match` takes lob_*.bin
    "#]]
    .assert_eq(&shown(&output).replace(folder.path().to_str().unwrap(), "FOLDER"));
}
