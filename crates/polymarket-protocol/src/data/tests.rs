use super::*;

#[test]
fn rows_of_the_reference_read_and_write_alike() {
    let text = concat!(
        r#"[{"proxyWallet":"0x365f","asset":"7132","conditionId":"0xc0","size":25,"avgPrice":0.52,"initialValue":13,"#,
        r#""currentValue":13.25,"cashPnl":-0.25,"percentPnl":1.92,"totalBought":25,"realizedPnl":0,"curPrice":0.53,"#,
        r#""redeemable":false,"mergeable":false,"title":"Example?","slug":"example","eventSlug":"example","outcome":"Yes","#,
        r#""outcomeIndex":0,"oppositeOutcome":"No","oppositeAsset":"5211","endDate":"2026-12-31","negativeRisk":false}]"#
    );
    let rows: Vec<v1::Position> = serde_json::from_str(text).unwrap();
    assert_eq!(rows[0].cash_pnl.unwrap().micros(), -250_000);
    assert_eq!(serde_json::to_string(&rows).unwrap(), text);
}

#[test]
fn floats_are_rounded_to_a_millionth() {
    let text = r#"{"user":"0x365f","value":0.30000000000000004}"#;
    assert_eq!(serde_json::from_str::<v1::Value>(text).unwrap().value.micros(), 300_000);
}

#[test]
fn a_list_of_v2_knows_its_end() {
    let list = |text: &str| serde_json::from_str::<v2::List<v2::Trade>>(text).unwrap();
    let text = concat!(
        r#"{"data":[{"proxy_wallet":"0x365f","token_id":"7132","condition_id":"0xc0","side":"BUY","size":25,"price":0.53,"#,
        r#""timestamp":1763600000,"transaction_hash":"0xab","outcome":"Yes","outcome_index":0}],"#,
        r#""pagination":{"has_more":false,"next_cursor":null}}"#
    );
    assert_eq!(serde_json::to_string(&list(text)).unwrap(), text);
    assert_eq!(list(text).pagination.next(), Ok(None));
    let more = r#"{"data":[],"pagination":{"has_more":true,"next_cursor":"abc"}}"#;
    assert_eq!(list(more).pagination.next(), Ok(Some("abc")));
    for torn in [r#"{"has_more":true,"next_cursor":null}"#, r#"{"has_more":false,"next_cursor":"abc"}"#] {
        assert!(list(&format!(r#"{{"data":[],"pagination":{torn}}}"#)).pagination.next().is_err(), "{torn}");
    }
}

#[test]
fn activity_words_are_kept_when_unknown() {
    assert_eq!(ActivityType::from("split"), ActivityType::Split);
    assert_eq!(ActivityType::from("AIRDROP").as_str(), "AIRDROP");
}
