//! Tokens, sides and fills of every kind of match.

use super::*;
use crate::stream::user::UserEvent;

fn tokens() -> TokenMap {
    let mut map = TokenMap::new();
    let market = MarketTicker::new("0xdd").unwrap();
    map.insert(Listing { market, yes: "7132".to_owned(), no: "5211".to_owned() });
    map
}

fn trade(maker_token: &str, maker_side: &str, trader_side: &str) -> UserTrade {
    let text = format!(
        r#"{{"event_type":"trade","id":"t","taker_order_id":"0xt","market":"0xdd","asset_id":"7132","side":"BUY","size":"10",
            "price":"0.6","status":"MATCHED","owner":"them","maker_orders":[
            {{"order_id":"0xm","owner":"us","matched_amount":"10","price":"0.4","asset_id":"{maker_token}"{maker_side}}}],
            "trader_side":"{trader_side}","type":"TRADE"}}"#
    );
    match UserEvent::from_frame(&text).unwrap() {
        UserEvent::Trade(trade) => *trade,
        other => panic!("a trade, not {other:?}"),
    }
}

#[test]
fn tokens_are_found_by_their_text() {
    let mut map = TokenMap::new();
    assert_eq!(map.get("1"), None);
    for place in 0..500_u32 {
        let market = MarketTicker::new(&format!("0x{place}")).unwrap();
        let token = |outcome: u32| format!("{:077}", u64::from(place) * 2 + u64::from(outcome));
        let listing = Listing { market, yes: token(0), no: token(1) };
        assert_eq!(map.insert(listing.clone()), place);
        assert_eq!(map.insert(listing), place);
    }
    for place in 0..500_u32 {
        let yes = format!("{:077}", place * 2);
        assert_eq!(map.get(&yes), Some(TokenRef { market: place, outcome: Outcome::Yes }));
        let no = format!("{:077}", place * 2 + 1);
        assert_eq!(map.get(&no), Some(TokenRef { market: place, outcome: Outcome::No }));
        assert_eq!(map.get(&no[1..]), None, "the same last digits are not the same token");
    }
}

#[test]
fn a_mint_gives_the_maker_the_other_token() {
    // YES is bought against our bid for NO: without a side of its own, it can only be a buy.
    for side in ["", r#","side":"BUY""#, r#","side":"""#] {
        let fills = own_fills(&trade("5211", side, "MAKER"), "us", &tokens()).unwrap();
        let [fill] = fills.as_slice() else { panic!("one fill") };
        assert_eq!((fill.outcome, fill.side, fill.is_taker), (Outcome::No, Side::Buy, false));
        let core = fill.to_fill(Money::ZERO);
        assert_eq!((core.side, core.price.to_string().as_str()), (BookSide::Ask, "0.6000"));
        assert_eq!(fill.gross, Money::from_micros(4_000_000));
    }
}

#[test]
fn a_match_of_one_token_flips_a_missing_side() {
    let fills = own_fills(&trade("7132", "", "MAKER"), "us", &tokens()).unwrap();
    assert_eq!((fills[0].outcome, fills[0].side), (Outcome::Yes, Side::Sell));
    let core = fills[0].to_fill(Money::ZERO);
    assert_eq!((core.side, core.price.to_string().as_str()), (BookSide::Ask, "0.4000"));
}

#[test]
fn a_taker_pays_the_makers_price() {
    let mut trade = trade("5211", "", "TAKER");
    trade.price = "0.61".parse().unwrap();
    trade.maker_orders[0].owner = "them".to_owned();
    let fills = own_fills(&trade, "us", &tokens()).unwrap();
    assert_eq!((fills.len(), fills[0].is_taker, fills[0].gross), (1, true, Money::from_micros(6_000_000)));
    trade.maker_orders.clear();
    assert_eq!(own_fills(&trade, "us", &tokens()).unwrap()[0].gross, Money::from_micros(6_100_000));
}

#[test]
fn what_is_not_ours_or_not_listed_is_refused() {
    assert_eq!(
        own_fills(&trade("7132", "", "MAKER"), "nobody", &tokens()).unwrap_err(),
        ConvertError::NotOurs { trade: "t".to_owned() }
    );
    let error = own_fills(&trade("9", "", "MAKER"), "us", &tokens()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "token: expected one of a listed market, found `9`; discover its market, then reconcile"
    );
}

#[test]
fn parts_of_one_order_join() {
    let mut twice = trade("7132", "", "MAKER");
    twice.maker_orders.push(twice.maker_orders[0].clone());
    let fills = own_fills(&twice, "us", &tokens()).unwrap();
    assert_eq!((fills.len(), fills[0].qty), (1, Qty::from_contracts(20).unwrap()));
    twice.maker_orders[1].price = "0.39".parse().unwrap();
    assert!(matches!(own_fills(&twice, "us", &tokens()), Err(ConvertError::Twice { .. })));
}

#[test]
fn an_order_for_no_is_the_other_side_of_yes() {
    let text = r#"{"event_type":"order","type":"UPDATE","id":"0x1","owner":"us","market":"0xdd","asset_id":"5211","side":"BUY",
        "original_size":"10","size_matched":"4","price":"0.3","status":"LIVE","timestamp":"1763600000000"}"#;
    let UserEvent::Order(order) = UserEvent::from_frame(text).unwrap() else { panic!("an order") };
    let update = order_update(&order, &tokens()).unwrap();
    assert_eq!((update.side, update.price.to_string().as_str()), (BookSide::Ask, "0.7000"));
    assert_eq!((update.status, update.remaining), (OrderStatus::Resting, Qty::from_contracts(6).unwrap()));
}

/// Asked for by its hash, an order is shown for a while after it has ended: `brier torture`, seed 8.
#[test]
fn an_order_that_has_ended_is_not_read_as_resting() {
    let shown = |status: &str| {
        let text = format!(
            r#"{{"id":"0xo","status":"{status}","market":"0xdd","asset_id":"5211","side":"BUY","original_size":"8",
                "size_matched":"3","price":"0.52","order_type":"GTC","created_at":1790000000}}"#
        );
        open_order(&serde_json::from_str::<OpenOrder>(&text).unwrap(), &tokens())
    };
    let terms = |status| shown(status).map(|it| (it.status, it.filled.micros(), it.remaining.micros())).unwrap();
    assert_eq!(terms("LIVE"), (OrderStatus::Resting, 3_000_000, 5_000_000));
    assert_eq!(terms("MATCHED"), (OrderStatus::Executed, 3_000_000, 0));
    for ended in ["CANCELED", "CANCELED_MARKET_RESOLVED", "INVALID"] {
        assert_eq!(terms(ended), (OrderStatus::Canceled, 3_000_000, 0), "{ended}");
    }
    assert!(matches!(shown("NEWS"), Err(ConvertError::Status { kind: "order", .. })));
}
