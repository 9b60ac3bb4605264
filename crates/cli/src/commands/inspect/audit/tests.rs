use super::*;

fn audit(lines: &[&str]) -> Audited {
    let mut audit = Audit::new();
    for line in lines {
        audit.take(line).unwrap();
    }
    audit.finish()
}

const SUBSCRIBED: &str = r#"{"recv_ns":1,"type":"ws_subscribed","msg":{"id":1,"msg":{"channel":"orderbook_delta","sid":2},"type":"subscribed"}}"#;
const SNAPSHOT: &str = r#"{"recv_ns":2,"type":"orderbook_snapshot","seq":1,"msg":{"market_ticker":"KXA-1","market_id":"m","yes_dollars_fp":[["0.4000","10.00"]],"no_dollars_fp":[["0.5000","5.00"]]}}"#;

fn delta(seq: u64, side: &str, price: &str, change: &str) -> String {
    format!(
        r#"{{"recv_ns":3,"type":"orderbook_delta","seq":{seq},"msg":{{"market_ticker":"KXA-1","market_id":"m","price_dollars":"{price}","delta_fp":"{change}","side":"{side}","ts_ms":1}}}}"#
    )
}

#[test]
fn a_whole_recording_holds_and_leaves_its_final_book() {
    let found = audit(&[SUBSCRIBED, SNAPSHOT, &delta(2, "yes", "0.4000", "-4.00")]);
    assert!(found.holds(), "{found:?}");
    let book = found.books.book_of("KXA-1").unwrap().view().unwrap();
    let (bid, ask) = (book.best_bid().unwrap(), book.best_ask().unwrap());
    assert_eq!((bid.price.to_string(), bid.qty.to_string()), ("0.4000".into(), "6.00".into()));
    assert_eq!((ask.price.to_string(), ask.qty.to_string()), ("0.5000".into(), "5.00".into()));
}

#[test]
fn deltas_before_the_first_snapshot_are_counted_and_no_failure() {
    let found =
        audit(&[&delta(70, "yes", "0.4000", "1.00"), &delta(71, "yes", "0.4000", "1.00"), SUBSCRIBED, SNAPSHOT]);
    assert!(found.holds(), "{found:?}");
    assert_eq!((found.counts.before_first_snapshot, found.counts.while_stale), (2, 0));
}

#[test]
fn a_crossed_book_is_counted_and_no_failure() {
    let cross = delta(2, "yes", "0.5000", "1.00");
    let still = delta(3, "yes", "0.1000", "1.00");
    let mend = delta(4, "yes", "0.5000", "-1.00");
    let found = audit(&[SUBSCRIBED, SNAPSHOT, &cross, &still, &mend]);
    assert!(found.holds());
    assert_eq!((found.counts.crossings, found.counts.crossed_frames), (1, 2));
}

#[test]
fn a_negative_level_is_a_failure_and_what_follows_is_stale() {
    let found =
        audit(&[SUBSCRIBED, SNAPSHOT, &delta(2, "yes", "0.4000", "-10.01"), &delta(3, "yes", "0.4000", "1.00")]);
    assert!(!found.holds());
    assert_eq!((found.counts.negative_levels.count, found.counts.while_stale), (1, 1));
    assert!(found.counts.negative_levels.first[0].starts_with("line 3: KXA-1: bid side: level 0.4000 holds 10.00"));
}

#[test]
fn an_unknown_field_and_an_unknown_type_are_failures_with_their_line() {
    let found = audit(&[
        SUBSCRIBED,
        r#"{"recv_ns":3,"type":"trade_v9","msg":{}}"#,
        r#"{"recv_ns":3,"type":"ok","lag":1,"msg":{}}"#,
    ]);
    let names: Vec<_> = found.unknown.iter().map(|(name, seen)| (name.as_str(), seen.first_line)).collect();
    assert_eq!((names, found.holds()), (vec![("lag", 3), ("type=trade_v9", 2)], false));
}

#[test]
fn lines_that_cannot_be_read_are_failures_after_the_first_and_an_error_there() {
    assert!(Audit::new().take("ts,price").is_err());
    let found = audit(&[SUBSCRIBED, "{", &delta(2, "maybe", "0.1", "1"), r#"{"recv_ms":1,"event":{"type":"ok"}}"#]);
    assert_eq!((found.malformed.count, found.holds()), (3, false));
    assert!(!Audit::new().finish().holds(), "a file without frames shows nothing");
}
