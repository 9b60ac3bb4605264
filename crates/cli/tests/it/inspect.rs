//! `brier inspect` on excerpts of both forms, on what is broken, and on every recording that is at hand.

use expect_test::expect;

use crate::support::{files, run, shared, shown, testdata};

#[test]
fn both_forms_are_inspected() {
    expect![[r#"
        exit 0
        --- stdout
        btc15m.ndjson
          frames    40 (flat), received 2026-05-11T05:37:43.278419968Z to 2026-05-11T05:37:44.149458944Z
          by type   orderbook_delta 35, ws_subscribed 2, orderbook_snapshot 1, watch_market 1, ws_connected 1
          unknown   none
          sequence  1 counter; 0 jumps unexplained
          books     1 snapshot, 35 deltas, 0 before a first snapshot, 0 while stale; crossed 0 times for 0 frames; 0 levels negative
          book      KXBTC15M-26MAY110145-45 (trusted): bids 37293.38 contracts at 67 prices, asks 150679.09 at 132
                    bid 0.2000 x 520.95      ask 0.2100 x 304.65
                    bid 0.1900 x 2681.09     ask 0.2200 x 110.00
          result    holds
        gold15m.ndjson.zst
          frames    30 (wrapped), received 2026-08-05T03:45:40.025Z to 2026-08-05T03:45:41.914Z
          by type   orderbook_delta 25, trade 4, orderbook_snapshot 1
          unknown   none
          sequence  2 counters, 11 jumps over 430 numbers of markets that were cut out; 0 jumps unexplained
          books     1 snapshot, 25 deltas, 0 before a first snapshot, 0 while stale; crossed 0 times for 0 frames; 0 levels negative
          book      KXGOLD15M-26AUG050000-00 (trusted): bids 2057.35 contracts at 37 prices, asks 1603.77 at 21
                    bid 0.6100 x 42.33       ask 0.6800 x 80.00
                    bid 0.5900 x 8.10        ask 0.6900 x 53.00
          result    holds
        2 recordings: 2 hold, 0 do not
          frames    70
          by type   orderbook_delta 60, trade 4, orderbook_snapshot 2, ws_subscribed 2, watch_market 1, ws_connected 1
          unknown   0; malformed 0
          sequence  0 jumps unexplained, 11 explained
          books     0 deltas before a first snapshot; crossed 0 times for 0 frames; 0 levels negative, 0 otherwise impossible
    "#]].assert_eq(&shown(&run(&["inspect", "--levels", "2", "btc15m.ndjson", "gold15m.ndjson.zst"])));
}

#[test]
fn the_report_is_one_json_document() {
    let output = run(&["inspect", "--json", "--levels", "1", "btc15m.ndjson"]);
    expect![[r#"
        exit 0
        --- stdout
        {"holds":true,"total":{"files":1,"failing":0,"frames":{"orderbook_delta":35,"orderbook_snapshot":1,"watch_market":1,"ws_connected":1,"ws_subscribed":2},"unknown":0,"malformed":0,"unexplained_jumps":0,"explained_jumps":0,"negative_levels":0,"impossible":0,"before_first_snapshot":0,"crossings":0,"crossed_frames":0},"files":[{"file":"btc15m.ndjson","holds":true,"form":"flat","lines":40,"first_received":"2026-05-11T05:37:43.278419968Z","last_received":"2026-05-11T05:37:44.149458944Z","frames":{"orderbook_delta":35,"orderbook_snapshot":1,"watch_market":1,"ws_connected":1,"ws_subscribed":2},"unknown":{},"malformed":{"count":0,"first":[]},"sequence":{"started":1,"restarted":0,"begins_inside":false,"explained_jumps":0,"missing_numbers":0,"unexplained":{"count":0,"first":[]}},"books":{"snapshots":1,"deltas":35,"before_first_snapshot":0,"while_stale":0,"crossings":0,"crossed_frames":0,"negative_levels":{"count":0,"first":[]},"impossible":{"count":0,"first":[]}},"markets":[{"market":"KXBTC15M-26MAY110145-45","state":"trusted","bid_levels":67,"bid_contracts":"37293.38","ask_levels":132,"ask_contracts":"150679.09","bids":[{"price":"0.2000","contracts":"520.95"}],"asks":[{"price":"0.2100","contracts":"304.65"}]}]}]}
    "#]].assert_eq(&shown(&output));
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["files"][0]["markets"][0]["bids"].as_array().unwrap().len(), 1);
}

#[test]
fn a_recording_that_does_not_hold_is_told_finding_by_finding() {
    let text = std::fs::read_to_string(testdata().join("btc15m.ndjson")).unwrap();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    lines.truncate(10);
    let sequence = lines[6].clone();
    lines.remove(6);
    lines[6] = lines[6].replace(r#""delta_fp":""#, r#""mood":"good","delta_fp":""#);
    lines.push("{\"recv_ns\":1,".to_owned());
    lines.push(sequence.replace(r#""delta_fp":""#, r#""delta_fp":"-99999"#));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("broken.ndjson");
    std::fs::write(&path, lines.join("\n")).unwrap();
    let shown = shown(&run(&["inspect", "--levels", "0", path.to_str().unwrap()]));
    expect![[r#"
        exit 1
        --- stdout
        FOLDER/broken.ndjson
          frames    11 (flat), received 2026-05-11T05:37:43.278419968Z to 2026-05-11T05:37:43.547742976Z
          by type   orderbook_delta 5, ws_subscribed 2, orderbook_snapshot 1, watch_market 1, ws_connected 1
          unknown   msg.mood: 1, first on line 7
          malformed line 10: expected a recorded frame (`{"recv_ns":…,"type":…}` or `{"recv_ms":…,"event":…}`), found EOF while parsing a value at line 1 column 13 in `{"recv_ns":1,`
          sequence  1 counter; 2 jumps unexplained
          jump      line 7: expected 3 as no subscription was announced, found 4
          jump      line 11: expected 7 as no subscription was announced, found 3
          books     1 snapshot, 4 deltas, 0 before a first snapshot, 1 while stale; crossed 0 times for 0 frames; 0 levels negative
          book      KXBTC15M-26MAY110145-45 (trusted): bids 37282.38 contracts at 67 prices, asks 150821.74 at 132
          result    does not hold
        --- stderr
        error: 1 of 1 recordings do not hold together
        hint: the report names each finding with its line
    "#]].assert_eq(&shown.replace(folder.path().to_str().unwrap(), "FOLDER"));
}

#[test]
fn what_is_no_recording_is_refused() {
    expect![[r#"
        exit 1
        --- stderr
        error: live_trades_2026-03.csv: line 1: expected a recorded frame (`{"recv_ns":…,"type":…}` or `{"recv_ms":…,"event":…}`), found expected value at line 1 column 1 in `placed_at,settled_at,ticker,side,action,price_cents,count,result`
        hint: give recordings of WebSocket frames; this file is none from its first line on
    "#]].assert_eq(&shown(&run(&["inspect", "live_trades_2026-03.csv"])));
    expect![[r#"
        exit 1
        --- stderr
        error: nowhere.ndjson: No such file or directory (os error 2)
        hint: check the path and that the file is whole; plain and zstd files are read
    "#]]
    .assert_eq(&shown(&run(&["inspect", "nowhere.ndjson"])));
}

#[test]
fn the_recordings_kept_here_hold() {
    let mut recordings = Vec::new();
    for (folder, count) in [("demo", 4), ("gold", 2)] {
        let found = files(&testdata().join("../data").join(folder), ".ndjson.zst");
        assert_eq!(found.len(), count, "{folder}");
        recordings.extend(found);
    }
    let mut args = vec!["inspect", "--json", "--levels", "0"];
    args.extend(recordings.iter().map(String::as_str));
    let output = run(&args);
    assert!(output.status.success(), "{}", shown(&output));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let total = &report["total"];
    assert_eq!((total["files"].as_u64(), total["failing"].as_u64()), (Some(6), Some(0)));
    let frames = ["orderbook_snapshot", "orderbook_delta", "trade"].map(|name| total["frames"][name].as_u64());
    expect!["[Some(9), Some(154566), Some(1962)]"].assert_eq(&format!("{frames:?}"));
}

/// Minutes in a debug build, so by default only the shortest recording of each set; `BRIER_ALL_RECORDINGS=1` takes all.
#[test]
fn every_recording_at_hand_holds() {
    for (folder, count) in [("kalshi_ws_btc15m", 33), ("kalshi_ws_gold15m", 22)] {
        let Some(folder) = shared(folder) else { continue };
        let mut recordings: Vec<String> =
            files(&folder, ".ndjson.zst").into_iter().filter(|path| !path.contains("metadata")).collect();
        assert_eq!(recordings.len(), count);
        if std::env::var_os("BRIER_ALL_RECORDINGS").is_none() {
            recordings.sort_by_key(|path| std::fs::metadata(path).unwrap().len());
            recordings.truncate(1);
        }
        let mut args = vec!["inspect", "--levels", "0"];
        args.extend(recordings.iter().map(String::as_str));
        let output = run(&args);
        assert!(output.status.success(), "{}", shown(&output));
    }
}
