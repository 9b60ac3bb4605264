use brier_polymarket_protocol::gamma;

use super::*;

fn market(extra: &str) -> gamma::Market {
    let text = format!(
        concat!(
            r#"{{"id":"512345","question":"Example?","conditionId":"0x{}","slug":"example","active":true,"closed":false,"#,
            r#""acceptingOrders":true,"outcomes":"[\"Up\", \"Down\"]","clobTokenIds":"[\"7132\", \"5211\"]","#,
            r#""orderPriceMinTickSize":0.01,"orderMinSize":5,"endDate":"2026-12-31T00:00:00Z"{}}}"#
        ),
        "c0".repeat(32),
        extra
    );
    let members: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&text).unwrap();
    serde_json::from_value(members.into()).unwrap()
}

fn listed(extra: &str) -> Listing {
    Listing::from_gamma(&market(extra), None).unwrap()
}

#[test]
fn a_market_is_put_into_our_terms() {
    let listing =
        listed(r#","feesEnabled":true,"feeSchedule":{"exponent":1,"rate":0.05,"takerOnly":true,"rebateRate":0.25}"#);
    assert_eq!((listing.yes_name.as_str(), listing.yes.to_string().as_str()), ("Up", "7132"));
    assert_eq!((listing.fees.rate_micros(), listing.fees.rebate_micros()), (50_000, 250_000));
    assert_eq!(listing.status, MarketStatus::Active);
    let market = listing.to_market();
    assert_eq!((market.ticker.as_str(), market.event.as_str()), (listing.ticker.as_str(), listing.ticker.as_str()));
    assert_eq!(market.close_time.to_string(), "2026-12-31T00:00:00Z");
}

#[test]
fn life_and_result() {
    let end = |resolution: &str, prices: &str| {
        let listing = listed(&format!(
            r#","closed":true,"umaResolutionStatus":"{resolution}","outcomePrices":"[\"{}\", \"{}\"]""#,
            prices.split('/').next().unwrap(),
            prices.split('/').next_back().unwrap()
        ));
        (listing.status, listing.result)
    };
    assert_eq!(end("resolved", "1/0"), (MarketStatus::Finalized, Some(MarketResult::Yes)));
    assert_eq!(end("resolved", "0/1"), (MarketStatus::Finalized, Some(MarketResult::No)));
    let half = Price::new(5_000).unwrap();
    assert_eq!(end("resolved", "0.5/0.5"), (MarketStatus::Finalized, Some(MarketResult::Scalar(half))));
    assert_eq!(end("resolved", "0/0"), (MarketStatus::Finalized, None));
    assert_eq!(end("proposed", "1/0"), (MarketStatus::Determined, None));
    assert_eq!(end("disputed", "1/0"), (MarketStatus::Disputed, None));
}

#[test]
fn legs_of_negative_risk_events_are_marked() {
    let id = format!("0x{}00", "e8".repeat(31));
    let role = |extra: &str| {
        listed(&format!(
            r#","negRisk":true,"negRiskMarketID":"{id}","events":[{{"id":"1","slug":"who","negRiskAugmented":true}}]{extra}"#
        ))
    };
    let named = role(r#","groupItemTitle":"Netflix""#);
    assert_eq!(named.event.as_deref(), Some("who"));
    assert_eq!(named.group.map(|group| (group.role, group.augmented)), Some((NegRiskRole::Named, true)));
    let other = role(r#","groupItemTitle":"Other","negRiskOther":true"#);
    assert_eq!(other.group.unwrap().role, NegRiskRole::Other);
    let place = role(r#","groupItemTitle":"Company C","active":false"#);
    assert_eq!(place.group.unwrap().role, NegRiskRole::Placeholder);
    let called = role(r#","groupItemTitle":"Other","negRiskOther":false"#);
    assert_eq!(called.group.unwrap().role, NegRiskRole::Other);
    let name = role(r#","groupItemTitle":"Reform UK","active":false"#);
    assert_eq!(name.group.unwrap().role, NegRiskRole::Named);
    assert_eq!(listed("").group, None);
}

#[test]
fn what_is_no_market_says_why() {
    let why = |extra: &str| Listing::from_gamma(&market(extra), None).unwrap_err().to_string();
    assert!(why(r#","clobTokenIds":"[\"7132\"]""#).contains("expected two tokens"));
    assert!(why(r#","clobTokenIds":"[\"\", \"\"]""#).contains("expected two tokens"));
    assert!(why(r#","orderPriceMinTickSize":0.02"#).contains("price step of the venue"));
    assert!(why(r#","conditionId":"0x12""#).starts_with("market 512345: expected a condition, found condition id:"));
    assert!(why(r#","feesEnabled":true,"feeType":"new_fees""#).contains("fee schedule"));
}

#[test]
fn the_order_book_tells_what_an_order_needs() {
    let record = |tokens: &str| -> clob::ClobMarket {
        let condition = "c0".repeat(32);
        let text = format!(
            r#"{{"c":"0x{condition}","t":[{tokens}],"mts":0.001,"mos":15,"fd":{{"r":0.05,"e":1,"to":true}},"nr":true,"ao":false}}"#
        );
        serde_json::from_str(&text).unwrap()
    };
    let token = |id: &str, outcome: &str| format!(r#"{{"t":"{id}","o":"{outcome}"}}"#);
    let listing = Listing::from_clob(&record(&[token("71", "Up"), token("52", "Down")].join(","))).unwrap();
    assert_eq!((listing.yes.to_string(), listing.no.to_string()), ("71".to_owned(), "52".to_owned()));
    assert_eq!((listing.yes_name.as_str(), listing.tick, listing.neg_risk), ("Up", TickSize::Thousandth, true));
    assert_eq!((listing.fees.rate_micros(), listing.min_size), (50_000, Qty::from_contracts(15).unwrap()));
    assert_eq!((listing.accepting_orders, listing.status), (false, MarketStatus::Inactive));
    let one = Listing::from_clob(&record(&token("71", "Up"))).unwrap_err();
    assert_eq!((one.expected, one.found.as_str()), ("two tokens", "1"));
}
