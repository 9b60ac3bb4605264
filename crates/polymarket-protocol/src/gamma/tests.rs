use super::*;

const MARKET: &str = concat!(
    r#"{"id":"512345","question":"Example?","conditionId":"0xc0","slug":"example","endDate":"2026-12-31T00:00:00Z","#,
    r#""active":true,"closed":false,"acceptingOrders":true,"enableOrderBook":true,"orderPriceMinTickSize":0.01,"#,
    r#""orderMinSize":5,"feesEnabled":true,"feeSchedule":{"exponent":1,"rate":0.05,"takerOnly":true,"rebateRate":0.25},"#,
    r#""outcomes":"[\"Yes\", \"No\"]","outcomePrices":"[\"0.525\", \"0.475\"]","clobTokenIds":"[\"7132\", \"5211\"]","#,
    r#""bestBid":0.52,"bestAsk":0.53,"spread":0.01,"lastTradePrice":0.53,"volume":"120345.6","volumeNum":120345.6,"#,
    r#""negRisk":false}"#
);

#[test]
fn a_market_of_the_reference_reads_and_writes_alike() {
    let market: Market = serde_json::from_str(MARKET).unwrap();
    assert_eq!(market.clob_token_ids.as_deref(), Some(["7132".to_owned(), "5211".to_owned()].as_slice()));
    assert_eq!(market.order_price_min_tick_size, Price::new(100));
    assert_eq!(market.fee_schedule.as_ref().unwrap().rate.scaled(6), Some(50_000));
    assert_eq!(serde_json::to_string(&market).unwrap(), MARKET);
}

#[test]
fn a_page_ends_without_a_cursor() {
    let next = |text: &str| serde_json::from_str::<MarketsPage>(text).unwrap().next().map(str::to_owned);
    assert_eq!(next(r#"{"markets":[],"next_cursor":"abc"}"#).as_deref(), Some("abc"));
    for last in [r#"{"markets":[]}"#, r#"{"markets":[],"next_cursor":""}"#, r#"{"markets":null,"next_cursor":null}"#] {
        assert_eq!(next(last), None, "{last}");
    }
}
