//! Ours and the plain decoder give the same books, and a bad stream says where it is bad.

use super::*;

#[test]
fn both_decoders_build_the_same_books() {
    let texts = generate(40, 4_000, 7);
    let frames: Vec<&str> = texts.iter().map(String::as_str).collect();
    let (ours, plain) = (run(&frames).unwrap(), run_baseline(&frames).unwrap());
    assert_eq!((ours.frames, ours.losses), (4_040, 0));
    assert_eq!((ours.fnv_books, ours.levels, ours.losses), (plain.fnv_books, plain.levels, plain.losses));
    assert!(ours.levels > 1_000);
}

#[test]
fn the_checksum_is_that_of_the_workloads() {
    // One market with YES 0.01 x 1.00: FNV-1a over 100 as i64 and 197 zeros, computed by hand elsewhere.
    let frame = r#"{"type":"orderbook_snapshot","sid":2,"seq":1,"msg":{"market_ticker":"A","market_id":"b","yes_dollars_fp":[["0.0100","1.00"]]}}"#;
    let mut expected = 0xCBF2_9CE4_8422_2325_u64;
    for byte in [100].into_iter().chain(std::iter::repeat_n(0, 198 * 8 - 1)) {
        expected = (expected ^ byte).wrapping_mul(0x0100_0000_01B3);
    }
    assert_eq!(run(&[frame]).unwrap().fnv_books, expected);
}

#[test]
fn a_gap_counts_as_a_loss() {
    let texts = generate(3, 200, 1);
    let frames: Vec<&str> =
        texts.iter().enumerate().filter(|(index, _)| *index != 100).map(|(_, text)| text.as_str()).collect();
    assert_eq!((run(&frames).unwrap().losses, run_baseline(&frames).unwrap().losses), (1, 1));
}

#[test]
fn a_bad_stream_says_where() {
    let failure = frames(b"{}\n\xFF").unwrap_err();
    assert_eq!(failure.to_string(), "expected lines of UTF-8, found other bytes at 3; give a file of one frame a line");
    let failure = run(&[r#"{"type":"subscribed"}"#, "{"]).unwrap_err();
    assert!(failure.to_string().starts_with("line 2: frame: expected a JSON object"), "{failure}");
}
