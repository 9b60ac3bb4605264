//! Listings from the venues' types and from recordings: one reading of both, and what is no bet on yes or no.

use brier_kalshi_protocol::rest::EventData;
use brier_pairing::listing::record::{RecordError, Records};
use brier_pairing::proof::Topic;
use brier_pairing::{Listing, Strike, StrikeKind, from_gamma, from_kalshi, read};
use brier_polymarket_protocol::gamma;
use brier_types::Venue;
use serde_json::{Value, json};

use super::{judge, polymarket};

/// The only record of one document.
fn recorded(venue: Venue, value: &Value) -> Listing {
    let mut records = Records::default();
    records.add(venue, 1, &value.to_string()).expect("a record");
    assert_eq!((records.records.len(), records.refused.len()), (1, 0));
    records.records.remove(0).listing
}

/// Why the only market of one document gives no listing.
fn refused(venue: Venue, value: &Value) -> String {
    let mut records = Records::default();
    records.add(venue, 1, &value.to_string()).expect("a record");
    assert!(records.records.is_empty());
    records.refused.remove(0).to_string()
}

#[test]
fn a_kalshi_event_reads_alike_as_a_type_and_as_a_recording() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../kalshi-protocol/testdata/recorded.json");
    let all: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let event: EventData = serde_json::from_value(all["event"].clone()).unwrap();
    let market = &event.markets.as_ref().unwrap()[0];
    let typed = from_kalshi(Some(&event), market).unwrap();
    assert_eq!(typed, recorded(Venue::Kalshi, &all["event"]));
    assert_eq!((typed.id.as_str(), typed.event.as_str()), (market.ticker.as_str(), "KXNBA-27"));
    assert!(typed.exclusive && typed.has_rules() && !typed.sources.is_empty());
    let alone = from_kalshi(None, market).unwrap();
    assert_eq!((alone.event_title.as_str(), alone.exclusive, alone.sources.len()), ("", false, 0));
}

fn gamma_market() -> Value {
    json!({
        "id": "512345", "question": "Will Ada Quill win the 2027 Chile election?", "conditionId": "0xc0",
        "slug": "ada-quill", "description": "Resolves to the winner.", "resolutionSource": "https://example.invalid",
        "endDate": "2027-12-31T00:00:00Z", "outcomes": "[\"Yes\", \"No\"]", "groupItemTitle": "Ada Quill", "negRisk": true,
        "active": true
    })
}

#[test]
fn a_gamma_event_reads_alike_as_a_type_and_as_a_recording() {
    let value = json!({"id": "1", "slug": "chile", "title": "Chile election", "markets": [gamma_market()]});
    let event: gamma::Event = serde_json::from_value(value.clone()).unwrap();
    let typed = from_gamma(Some(&event), &event.markets[0]).unwrap();
    assert_eq!(typed, recorded(Venue::Polymarket, &value));
    assert_eq!(typed.outcomes, ["Yes", "No"]);
    assert_eq!((typed.event.as_str(), typed.event_title.as_str()), ("chile", "Chile election"));
    assert!(typed.exclusive && !typed.other);
    let mut records = Records::default();
    records.add(Venue::Polymarket, 1, &value.to_string()).unwrap();
    assert_eq!(records.records[0].names, ["ada-quill", "512345"]);
}

#[test]
fn forms_that_recorders_write_are_known() {
    let mut market = gamma_market();
    market["outcomes"] = json!(["Yes", "No"]);
    market["event"] = json!({"slug": "chile", "title": "Chile election"});
    let line = recorded(Venue::Polymarket, &market);
    assert_eq!((line.event.as_str(), line.outcomes.len()), ("chile", 2));
    let clob = json!({"condition_id": "0x1", "question": "Q?", "tokens": [{"outcome": "Over"}, {"outcome": "Under"}]});
    assert_eq!(recorded(Venue::Polymarket, &clob).outcomes, ["Over", "Under"]);
    let title = json!({"ticker": "KXA-27-B", "title": "Will B win?"});
    assert_eq!(recorded(Venue::Kalshi, &title), Listing::new(Venue::Kalshi, "KXA-27-B", "Will B win?"));
    let catalog =
        json!({"event_ticker": "KXA-27", "title": "Who will win?", "sub_title": "In 2027", "series_ticker": "KXA"});
    let event = recorded(Venue::Kalshi, &catalog);
    assert_eq!((event.id.as_str(), event.event.as_str(), event.subtitle.as_str()), ("KXA-27", "KXA-27", "In 2027"));
    let enveloped =
        json!({"at": 1, "body": {"response": {"markets": [{"ticker": "KXA-27-B", "title": "Will B win?"}]}}});
    assert_eq!(recorded(Venue::Kalshi, &enveloped).id, "KXA-27-B");
    let beside =
        json!({"event": {"title": "T", "mutually_exclusive": true}, "markets": [{"ticker": "A", "title": "B"}]});
    assert!(recorded(Venue::Kalshi, &beside).exclusive);
}

#[test]
fn what_holds_no_market_is_refused_with_its_place() {
    let mut records = Records::default();
    let error = records.add(Venue::Kalshi, 7, "{").unwrap_err();
    assert!(matches!(&error, RecordError::Json { line: 7, .. }), "{error}");
    let error = records.add(Venue::Kalshi, 3, r#"{"cursor":"","total":2}"#).unwrap_err();
    assert_eq!(error.to_string(), "line 3: expected a kalshi market, event or answer, found cursor, total");
    assert!(records.add(Venue::Polymarket, 1, "12").is_err());
    assert!(records.add(Venue::Kalshi, 1, r#"{"markets":[]}"#).is_ok(), "an empty list is an answer");
    assert_eq!(records, Records::default());
}

#[test]
fn combos_values_in_between_and_strikes_without_numbers_give_no_listing() {
    let market = |more: Value| {
        let mut market = json!({"ticker": "KXA-1", "title": "A?", "market_type": "binary"});
        market.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        market
    };
    let told = |more: Value| refused(Venue::Kalshi, &market(more));
    assert_eq!(
        told(json!({"mve_collection_ticker": "KXMV"})),
        "kalshi market KXA-1: expected a question of its own, found a combo, whose legs are other markets"
    );
    assert!(
        told(json!({"market_type": "scalar"})).ends_with("expected a market that pays all or nothing, found scalar")
    );
    assert!(told(json!({"strike_type": "greater"})).contains("expected a strike with the numbers of its type"));
    let half = told(json!({"strike_type": "between", "floor_strike": 1}));
    assert!(half.contains("found between with Some(\"1\") and None"), "{half}");
    assert!(told(json!({"strike_type": "less", "cap_strike": 1e300})).contains("expected a strike"));
    let listing =
        recorded(Venue::Kalshi, &market(json!({"strike_type": "less", "cap_strike": -0.5, "floor_strike": 2})));
    let strike = listing.strike.unwrap();
    assert_eq!((strike.kind, strike.cap.unwrap().to_string().as_str()), (StrikeKind::Less, "-0.5"));
    let three = json!({"conditionId": "0x1", "question": "Q?", "outcomes": ["A", "B", "C"]});
    assert!(refused(Venue::Polymarket, &three).starts_with("polymarket market 0x1: expected two outcomes, found"));
    let none = gamma::Market { condition_id: "0x1".to_owned(), ..gamma::Market::default() };
    assert!(from_gamma(None, &none).is_err(), "the venue always names outcomes");
}

#[test]
fn places_kept_for_others_are_marked() {
    let of = |group: &str, flag: bool, active: bool| {
        let mut market = gamma_market();
        market["groupItemTitle"] = json!(group);
        market["negRiskOther"] = json!(flag);
        market["active"] = json!(active);
        recorded(Venue::Polymarket, &market).other
    };
    assert!(of("Anyone", true, true) && of("Other", false, true) && of("Person C", false, false));
    assert!(!of("Person C", false, true) && !of("Ada Quill", false, false));
}

/// A listing with strike fields.
fn struck(title: &str, subtitle: &str, kind: StrikeKind, bound: i64) -> Listing {
    let bound = Some(brier_pairing::Decimal::whole(bound));
    let low = matches!(kind, StrikeKind::Greater | StrikeKind::GreaterOrEqual);
    let strike = Strike { kind, floor: bound.filter(|_| low), cap: bound.filter(|_| !low) };
    Listing {
        subtitle: subtitle.to_owned(),
        strike: Some(strike),
        rules: format!("If {title} holds, then the market resolves to Yes."),
        ..Listing::new(Venue::Kalshi, "KXANY-27", title)
    }
}

/// Kalshi lists `KXIRANDEMOCRACY-27MAR01-T6` with "at least 6" in title and rules and a strike field that says above 6.
#[test]
fn words_and_strike_fields_that_differ_are_never_matched() {
    let title = "Will the Harbour index be at least 6 in 2027?";
    let odd = struck(title, "", StrikeKind::Greater, 6);
    assert!(read(odd.clone()).inconsistent.is_some());
    for other in [title, "Will the Harbour index be more than 6 in 2027?"] {
        let found = judge(&odd, &polymarket(other));
        assert!(matches!(found.name(), "different" | "unproven"), "{found}");
        assert!(found.proof().lines.iter().any(|line| line.topic == Topic::Consistency), "{found}");
    }
    let right = struck(title, "", StrikeKind::GreaterOrEqual, 6);
    assert!(read(right).inconsistent.is_none());
    // Whole degrees: more than 85 is 86 or above.
    let weather = "Highest temperature in Denver on Jul 4, 2027?";
    assert!(read(struck(weather, "86° or above", StrikeKind::Greater, 85)).inconsistent.is_none());
    assert!(read(struck(weather, "86° or above", StrikeKind::Greater, 84)).inconsistent.is_some());
}

#[test]
fn a_strike_takes_its_unit_from_the_words() {
    let percent = struck("Will turnout be above 60% in the 2027 Chile election?", "", StrikeKind::Greater, 60);
    let dollars = polymarket("Will turnout be above $60 in the 2027 Chile election?");
    assert_eq!(judge(&percent, &dollars).name(), "different");
}

#[test]
fn a_label_of_polymarket_changes_no_question() {
    let question = "Will the 2027 Chile GDP growth be greater than 3.5%?";
    let labelled = |label: &str| Listing { subtitle: label.to_owned(), ..polymarket(question) };
    let plain = read(labelled(""));
    for label in [">3.5%", "Above", "3.5-4%", "December 31"] {
        let read = read(labelled(label));
        let same = (read.range, &read.words, &read.times) == (plain.range, &plain.words, &plain.times);
        assert!(same && read.inconsistent.is_none(), "{label}");
    }
    assert!(read(labelled("≥3.5%")).inconsistent.is_some(), "whether 3.5 itself pays is said in two ways");
}
