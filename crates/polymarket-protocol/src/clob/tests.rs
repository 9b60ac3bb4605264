use serde::de::DeserializeOwned;

use super::*;

/// Reads `text` and writes it back the same.
fn same<T: Serialize + DeserializeOwned>(text: &str) -> T {
    let value: T = serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"));
    assert_eq!(serde_json::to_string(&value).unwrap(), text);
    value
}

fn read<T: DeserializeOwned>(text: &str) -> T {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn a_book_is_written_in_the_order_of_its_hash() {
    let book: Book = same(concat!(
        r#"{"market":"0xc0","asset_id":"7132","timestamp":"1763600000000","hash":"46074fcd139c433a812251cefe117737e3509379","#,
        r#""bids":[{"price":"0.01","size":"500"},{"price":"0.52","size":"100"}],"asks":[{"price":"0.99","size":"400"}],"#,
        r#""min_order_size":"5","tick_size":"0.01","neg_risk":false,"last_trade_price":"0.53"}"#
    ));
    assert_eq!(book.bids.last().unwrap().price.pips(), 5_200);
    assert!(read::<Book>(r#"{"market":"0xc0","asset_id":"1","timestamp":"1","bids":null,"asks":[]}"#).bids.is_empty());
}

#[test]
fn small_answers() {
    same::<Version>(r#"{"version":2}"#);
    same::<TickSizeReply>(r#"{"minimum_tick_size":0.0025}"#);
    same::<Midpoint>(r#"{"mid":"0.525","mid_price":"0.525"}"#);
    same::<SpreadReply>(r#"{"spread":"0.01"}"#);
    same::<LastTradePrice>(r#"{"price":"0.53","side":"BUY"}"#);
    same::<MarketByToken>(r#"{"condition_id":"0xc0","primary_token_id":"1","secondary_token_id":"2"}"#);
    same::<ApiKeysReply>(r#"{"apiKeys":["019a"]}"#);
    same::<ClosedOnlyReply>(r#"{"closed_only":false}"#);
    same::<HeartbeatRefusal>(
        r#"{"error":"Invalid Heartbeat ID","error_msg":"Invalid Heartbeat ID","heartbeat_id":"u"}"#,
    );
    same::<std::collections::BTreeMap<String, SidePrices>>(r#"{"7132":{"BUY":"0.52","SELL":"0.53"}}"#);
    same::<PriceHistory>(r#"{"history":[{"t":1763600000,"p":0.52}]}"#);
    same::<Rebate>(
        r#"{"date":"2026-11-20","condition_id":"0xc0","asset_address":"0xa","maker_address":"0xm","rebated_fees_usdc":1.25}"#,
    );
    assert_eq!(read::<PriceReply>(r#"{"price":0.52}"#).price.pips(), 5_200);
    assert_eq!(read::<LastTradePrice>(r#"{"price":"0.5","side":""}"#).side, None);
    assert_eq!(read::<FeeRateReply>(r#"{"base_fee":"150"}"#).base_fee, 150);
    assert_eq!(read::<HeartbeatRequest>(r#"{"heartbeat_id":null}"#).heartbeat_id, None);
}

#[test]
fn a_compact_market() {
    let market: ClobMarket = read(concat!(
        r#"{"c":"0xc0","t":[{"t":"7132","o":"Yes"},{"t":"5211","o":"No"}],"mts":0.01,"mos":5,"mbf":0,"tbf":1000,"#,
        r#""fd":{"r":0.05,"e":1,"to":true},"r":{},"rfqe":false,"itode":false,"ibce":false,"oas":0,"gst":null}"#
    ));
    assert_eq!((market.tick_size.pips(), market.min_order_size.micros()), (100, 5_000_000));
    assert_eq!(market.fees.unwrap().rate.scaled(5), Some(5_000));
    assert_eq!(market.neg_risk, None);
}

#[test]
fn an_answer_to_a_post_is_judged_by_id_and_message() {
    let text = concat!(
        r#"{"success":true,"errorMsg":"","orderID":"0x7898","status":"matched","makingAmount":"5.3","takingAmount":"10","#,
        r#""tradeIDs":["8f6c"]}"#
    );
    assert!(same::<PostOrderReply>(text).accepted());
    let live =
        r#"{"success":true,"errorMsg":"","orderID":"0x7898","status":"live","makingAmount":"","takingAmount":""}"#;
    assert_eq!(same::<PostOrderReply>(live).making_amount, None);
    let rejected: PostOrderReply = read(r#"{"success":true,"errorMsg":"no","orderID":"","status":""}"#);
    assert!(!rejected.accepted());
    assert_eq!(rejected.status, PostStatus::None);
    assert!(
        !read::<PostOrderReply>(r#"{"success":false,"orderID":null,"errorMsg":"Insufficient balance"}"#).accepted()
    );
    assert_eq!(
        serde_json::to_string(&PostOrderReply::rejected("no")).unwrap(),
        r#"{"success":true,"errorMsg":"no","orderID":"","status":"","makingAmount":"","takingAmount":""}"#
    );
}

#[test]
fn orders_and_trades_read_every_form_of_their_words() {
    let order = |status: &str| {
        format!(
            concat!(
                r#"{{"id":"0x78","status":"{}","owner":"019a","maker_address":"0xf3","market":"0xc0","asset_id":"7132","#,
                r#""side":"BUY","original_size":"10","size_matched":"0","price":"0.5","outcome":"Yes","expiration":"0","#,
                r#""order_type":"GTC","associate_trades":[],"created_at":1763600000}}"#
            ),
            status
        )
    };
    assert_eq!(same::<OpenOrder>(&order("LIVE")).expiration, None);
    assert_eq!(read::<OpenOrder>(&order("ORDER_STATUS_LIVE")).status, OrderStatus::Live);
    assert_eq!(read::<OpenOrder>(&order("NEWS")).status, OrderStatus::Other("NEWS".to_owned()));
    let trade: Trade = read(concat!(
        r#"{"id":"8f6c","taker_order_id":"0x1","market":"0xc0","asset_id":"7132","side":"BUY","size":"10","price":"0.53","#,
        r#""status":"TRADE_STATUS_CONFIRMED","match_time":"1763600000","last_update":"1763600005","trader_side":"TAKER","#,
        r#""maker_orders":[{"order_id":"0x2","matched_amount":"10","price":"0.47","asset_id":"5211","side":"BUY"}]}"#
    ));
    assert!(trade.status.is_final() && trade.maker_orders[0].price.pips() == 4_700);
    assert!(serde_json::to_string(&trade).unwrap().contains(r#""status":"CONFIRMED","match_time":"1763600000""#));
}

#[test]
fn pages_end_with_either_cursor() {
    let page = |cursor: &str| read::<Page<String>>(&format!(r#"{{"data":["a"],"next_cursor":"{cursor}"}}"#));
    assert_eq!(page("MTAw").next(), Some("MTAw"));
    assert_eq!((page(LAST_CURSOR).next(), page("").next()), (None, None));
    assert_eq!(
        serde_json::to_string(&Page::only(vec![1], 100)).unwrap(),
        r#"{"limit":100,"count":1,"next_cursor":"LTE=","data":[1]}"#
    );
}

#[test]
fn balances_count_millionths() {
    let text = r#"{"balance":"1000000000","allowances":{"0xE111":"115792"}}"#;
    assert_eq!(same::<BalanceAllowance>(text).balance.to_string(), "1000.00");
    assert_eq!(read::<BalanceAllowance>(r#"{"balance":"250.500000"}"#).balance.to_string(), "250.50");
    assert!(serde_json::from_str::<BalanceAllowance>(r#"{"balance":"-1"}"#).is_err());
}

#[test]
fn secrets_are_not_shown() {
    let key: ApiKeyReply = same(r#"{"apiKey":"019a","secret":"c2VjcmV0","passphrase":"open"}"#);
    assert_eq!(format!("{key:?}"), r#"ApiKeyReply { api_key: "019a", .. }"#);
}
