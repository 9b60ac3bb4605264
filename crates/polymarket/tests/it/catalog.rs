//! Records of Gamma, where the recordings are beside the workspace, put into our terms.

use std::io::Read as _;
use std::path::Path;

use brier_polymarket::discovery::NegRiskRole;
use brier_polymarket::rest::Listings;
use brier_polymarket_protocol::gamma;
use serde_json::Value;

#[test]
fn every_market_of_the_recorded_catalog_gives_a_listing() {
    let path = "../../../shared/data/catalog/polymarket_markets_2026-03-11.jsonl.zst";
    let Ok(file) = std::fs::File::open(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)) else {
        println!("skipped: {path} is not there");
        return;
    };
    let mut text = String::new();
    ruzstd::decoding::StreamingDecoder::new(std::io::BufReader::new(file)).unwrap().read_to_string(&mut text).unwrap();
    let mut found = Listings::default();
    for line in text.split('\n').filter(|line| !line.is_empty()) {
        let mut row: Value = serde_json::from_str(line).unwrap();
        let event = row.as_object_mut().unwrap().remove("event").unwrap();
        let mut event = event.as_object().unwrap().clone();
        // The collector put the series' slug here.
        event.remove("series");
        let event: gamma::Event = serde_json::from_value(event.into()).unwrap();
        let market: gamma::Market = serde_json::from_value(row).unwrap();
        found.add(&market, Some(&event));
    }
    assert!(found.unlisted.is_empty(), "{:#?}", &found.unlisted[..found.unlisted.len().min(5)]);
    let with = |role| found.listings.iter().filter(|one| one.group.is_some_and(|group| group.role == role)).count();
    let paid = found.listings.iter().filter(|listing| !listing.fees.is_free()).count();
    let figures =
        (found.listings.len(), with(NegRiskRole::Named), with(NegRiskRole::Other), with(NegRiskRole::Placeholder));
    // Eight legs called `Other`, and one that carries the flag though it names a team.
    assert_eq!(figures, (21_441, 8_734, 9, 0));
    assert_eq!(paid, 1_788);
    for listing in &found.listings {
        assert_eq!(listing.to_market().ticker, listing.ticker);
    }
}
