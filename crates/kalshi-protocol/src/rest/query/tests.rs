use expect_test::{Expect, expect};

use super::*;

#[test]
fn queries_are_written_in_the_venues_forms_and_read_back() {
    let markets = MarketsQuery {
        limit: Some(1000),
        status: Some(MarketStatusFilter::Open),
        tickers: vec!["A".into(), "B C".into()],
        min_close_ts: Timestamp::from_secs(1_795_176_000),
        mve_filter: Some(MveFilter::Exclude),
        ..MarketsQuery::default()
    };
    expect!["limit=1000&min_close_ts=1795176000&status=open&tickers=A%2CB%20C&mve_filter=exclude"]
        .assert_eq(&markets.encode());
    assert_eq!(MarketsQuery::parse(&markets.encode()), Ok(markets));
    let books = OrderbooksQuery { tickers: vec!["A".into(), "B".into()] };
    expect!["tickers=A&tickers=B"].assert_eq(&books.encode());
    assert_eq!(OrderbooksQuery::parse(&books.encode()), Ok(books));
    let second = |secs| Timestamp::from_secs(secs).unwrap();
    let candles = BatchCandlesticksQuery {
        market_tickers: vec!["A".into(), "B".into()],
        start_ts: second(60),
        end_ts: second(120),
        period_interval: 1,
        include_latest_before_start: Some(true),
    };
    expect!["market_tickers=A%2CB&start_ts=60&end_ts=120&period_interval=1&include_latest_before_start=true"]
        .assert_eq(&candles.encode());
    assert_eq!(BatchCandlesticksQuery::parse(&candles.encode()), Ok(candles));
    assert_eq!(MarketsQuery::default().encode(), "");
}

#[test]
fn absent_empty_and_unknown_parameters_read_as_nothing() {
    for query in ["", "&", "status=", "limit=&cursor=", "future=1"] {
        assert_eq!(MarketsQuery::parse(query), Ok(MarketsQuery::default()), "{query}");
    }
    assert_eq!(OrdersQuery::parse("ticker=a+b&ticker=c").unwrap().ticker.as_deref(), Some("a b"));
    assert_eq!(FillsQuery::parse("ticker=A,B&ticker=C").unwrap().ticker, ["A", "B", "C"]);
}

#[test]
fn refusals_have_the_venues_bodies() {
    let check = |refusal: QueryError, expected: Expect| expected.assert_eq(&refusal.to_body().to_json());
    check(
        MarketsQuery::parse("limit=1001").unwrap_err(),
        expect![[r#"{"msg":"parameter limit must be between 0 and 1000, found 1001"}"#]],
    );
    check(
        OrdersQuery::parse("limit=0").unwrap_err(),
        expect![[r#"{"msg":"parameter limit must be between 1 and 1000, found 0"}"#]],
    );
    check(
        MarketsQuery::parse("limit=ten").unwrap_err(),
        expect![[r#"{"msg":"invalid value for parameter limit: expected an integer, found `ten`"}"#]],
    );
    check(
        MarketsQuery::parse("status=finalized").unwrap_err(),
        expect![[r#"{"error":{"code":"bad_request","message":"bad request","details":"invalid status filter"}}"#]],
    );
    check(
        CandlesticksQuery::parse("start_ts=1&end_ts=2").unwrap_err(),
        expect![[r#"{"msg":"missing required parameter period_interval"}"#]],
    );
    check(
        OrderbooksQuery::parse("").unwrap_err(),
        expect![[r#"{"msg":"parameter tickers must name 1 to 200 items, found 0"}"#]],
    );
    check(
        OrderbookQuery::parse("depth=-1").unwrap_err(),
        expect![[r#"{"msg":"parameter depth must be between 0 and 100, found -1"}"#]],
    );
}

#[test]
fn the_last_page_has_an_empty_cursor() {
    let page = |cursor: &str| crate::rest::GetFillsResponse { fills: vec![], cursor: cursor.into() };
    assert_eq!(page("").next_cursor(), None);
    assert_eq!(page("abc").next_cursor(), Some("abc"));
    let mut query = FillsQuery::default();
    query.set_cursor("abc".into());
    assert_eq!(query.encode(), "cursor=abc");
}
