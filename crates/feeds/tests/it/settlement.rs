//! The table against rules that the venues published.

use brier_feeds::settlement::{Disagreement, Evidence, Rules, SourceRef, Table, TableError};
use brier_types::{Bound, Strike, Venue};
use serde::Deserialize;

/// Rules of Kalshi's temperature series, recorded 2026-07-16 to 2026-07-20.
const RECORDED: &str = include_str!("../../testdata/kalshi_weather_rules_2026-07.jsonl");

#[derive(Deserialize)]
struct Source {
    name: String,
    url: String,
}

#[derive(Deserialize)]
struct Row {
    series: String,
    ticker: String,
    rules_primary: String,
    rules_secondary: String,
    sources: Vec<Source>,
}

fn rows() -> Vec<Row> {
    RECORDED.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// What the fields of the recorded markets say: all of them are thresholds.
fn strike(row: &Row) -> Strike {
    let bound = Bound::parse(row.ticker.rsplit_once("-T").unwrap().1).unwrap();
    let below = row.rules_primary.contains("less than");
    if below { Strike::Below(bound) } else { Strike::Above(bound) }
}

fn check(row: &Row) -> Result<Option<&'static str>, Disagreement> {
    check_as(row, strike(row))
}

fn check_as(row: &Row, strike: Strike) -> Result<Option<&'static str>, Disagreement> {
    let sources: Vec<SourceRef<'_>> =
        row.sources.iter().map(|source| SourceRef { name: &source.name, url: &source.url }).collect();
    let rules = Rules {
        venue: Venue::Kalshi,
        id: &row.ticker,
        primary: &row.rules_primary,
        secondary: &row.rules_secondary,
        sources: &sources,
        strike: Some(strike),
    };
    let settled = Table::embedded().check(&rules)?;
    assert_eq!(settled.evidence(), Evidence::Recorded, "{}", row.ticker);
    Ok(settled.station.map(|station| station.report.as_str()))
}

#[test]
fn every_recorded_rule_agrees_with_the_table() {
    let rows = rows();
    assert_eq!(rows.len(), 45);
    for row in &rows {
        let station = check(row).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(station.is_none(), row.series.starts_with("KXTEMP"), "{}", row.series);
    }
}

#[test]
fn a_rule_of_another_station_or_kind_disagrees() {
    let row = |series: &str| rows().into_iter().find(|row| row.series == series).unwrap();
    // The rules of one city under the ticker of another.
    let mut wrong = row("KXHIGHCHI");
    wrong.ticker = "KXHIGHNY-26JUL20-T84".to_owned();
    assert!(matches!(check(&wrong), Err(Disagreement::Missing { .. })));
    // The right city, another of its airports.
    let mut wrong = row("KXHIGHTHOU");
    wrong.sources[0].url = wrong.sources[0].url.replace("issuedby=HOU", "issuedby=IAH");
    assert!(matches!(check(&wrong), Err(Disagreement::OtherStation { found, .. }) if found == "IAH"));
    let mut wrong = row("KXLOWTCHI");
    wrong.rules_secondary = wrong.rules_secondary.replace("CLIMDW", "CLIORD");
    assert!(matches!(check(&wrong), Err(Disagreement::OtherStation { found, .. }) if found == "ORD"));
    // A low under the ticker of a high.
    let mut wrong = row("KXLOWTBOS");
    wrong.ticker = "KXHIGHTBOS-26JUL20-T54".to_owned();
    assert!(check(&wrong).is_err());
    // Another source.
    let mut wrong = row("KXHIGHMIA");
    wrong.rules_primary = wrong.rules_primary.replace("National Weather Service", "Weather Company");
    assert!(check(&wrong).is_err());
    // Nothing that names the report.
    let mut wrong = row("KXHIGHAUS");
    wrong.sources.clear();
    assert!(matches!(check(&wrong), Err(Disagreement::NoReport { .. })));
    // A series that nobody read.
    let mut wrong = row("KXHIGHAUS");
    wrong.ticker = "KXHIGHMARS-26JUL20-T93".to_owned();
    assert!(matches!(check(&wrong), Err(Disagreement::Unknown { .. })));
    wrong.ticker = "KXHIGHAUS-B-26JUL20-T93".to_owned();
    assert!(matches!(check(&wrong), Err(Disagreement::Unknown { .. })));
}

#[test]
fn rules_of_another_day_strike_or_unit_disagree() {
    let row = |series: &str| rows().into_iter().find(|row| row.series == series).unwrap();
    let changed = |from: &str, to: &str| {
        let mut row = row("KXHIGHNY");
        assert!(row.rules_primary.contains(from), "{from}");
        let listed = strike(&row);
        row.rules_primary = row.rules_primary.replace(from, to);
        check_as(&row, listed)
    };
    for day in ["July 21, 2026", "July 20, 2025", "June 20, 2026"] {
        let error = changed("July 20, 2026", day).unwrap_err();
        assert!(matches!(error, Disagreement::OtherDay { .. }), "{error}");
    }
    assert!(
        matches!(changed("July 20, 2026", "that day"), Err(Disagreement::OtherDay { found, .. }) if found == "none")
    );
    for (from, to) in [
        ("84°", "85°"),
        ("greater than", "less than"),
        ("greater than", "at least"),
        ("greater than 84°", "greater than or equal to 84°"),
        ("greater than 84°", "84° or above"),
        ("greater than 84°", "not above 84°"),
        ("greater than 84°", "no more than 84°"),
    ] {
        let error = changed(from, to).unwrap_err();
        assert!(matches!(error, Disagreement::OtherStrike { .. }), "{error}");
    }
    for celsius in ["84 degrees Celsius", "84°C", "84 °C", "84C", "84 C"] {
        assert!(matches!(changed("84°", celsius), Err(Disagreement::Forbidden { .. })), "{celsius}");
    }
    let index = [SourceRef { name: "INX", url: "https://www.google.com/finance/quote/.INX:INDEXSP" }];
    let level = |primary: &str| {
        let (id, strike) = ("KXINXU-26NOV20H1600-T6074.9999", Bound::parse("6074.9999").map(Strike::Above));
        Table::embedded()
            .check(&Rules { venue: Venue::Kalshi, id, primary, secondary: "", sources: &index, strike })
            .map(|_| ())
    };
    assert_eq!(level("If the S&P 500 on November 20, 2026 at 4 PM EST is above 6074.9999, then Yes."), Ok(()));
    for wrong in [
        "If the S&P 500 on November 13, 2026 at 4 PM EST is above 6074.9999, then Yes.",
        "If the S&P 500 on 11/13/2026 at 4 PM EST is above 6074.9999, then Yes.",
        "If the S&P 500 on November 20, 2026 at 10 AM EST is above 6074.9999, then Yes.",
    ] {
        assert!(matches!(level(wrong), Err(Disagreement::OtherDay { .. })), "{wrong}");
    }
    let wrong = level("If the S&P 500 on November 20, 2026 at 4 PM EST is above 9999, then Yes.");
    assert!(matches!(wrong, Err(Disagreement::OtherStrike { .. })), "{wrong:?}");
    // The rule that counts may stand in the second text.
    let mut wrong = row("KXHIGHNY");
    wrong.rules_secondary.push_str(" If that report is late, the one of LaGuardia counts.");
    assert!(matches!(check(&wrong), Err(Disagreement::Forbidden { place: "the rules", .. })));
    let mut wrong = row("KXHIGHNY");
    wrong.sources[0].url = wrong.sources[0].url.replace("issuedby=NYC", "IssuedBy=lga");
    assert!(matches!(check(&wrong), Err(Disagreement::OtherStation { found, .. }) if found == "LGA"));
}

#[test]
fn a_missing_phrase_is_told_with_what_was_found() {
    let mut wrong = rows().into_iter().find(|row| row.series == "KXHIGHAUS").unwrap();
    wrong.sources[0].url = "https://weather.test".to_owned();
    let error = polymarket("btc-updown-5m-1795190400", "Up if it is up.").unwrap_err().to_string();
    assert_eq!(error, "btc-updown-5m-1795190400: expected `Chainlink` in the primary rules, found `up if it is up.`");
    let told = check(&wrong).unwrap_err().to_string();
    assert_eq!(
        told,
        "KXHIGHAUS-26JUL20-T93: expected a link to the report CLIAUS, or its name, in the rules or the listing's `settlement_sources`, found neither"
    );
}

#[test]
fn every_change_of_a_required_word_is_noticed() {
    for row in rows() {
        for phrase in
            ["National Weather Service", "Climatological Report (Daily)", "temperature", "The Weather Company"]
        {
            if !row.rules_primary.contains(phrase) {
                continue;
            }
            let rules_primary = row.rules_primary.replace(phrase, "something else");
            let sources =
                row.sources.iter().map(|source| Source { name: source.name.clone(), url: source.url.clone() });
            let changed = Row {
                rules_primary,
                series: row.series.clone(),
                ticker: row.ticker.clone(),
                rules_secondary: row.rules_secondary.clone(),
                sources: sources.collect(),
            };
            assert!(check(&changed).is_err(), "{} without `{phrase}`", row.ticker);
        }
    }
}

fn polymarket(slug: &str, description: &str) -> Result<(), Disagreement> {
    let sources = [SourceRef { name: "", url: "https://data.chain.link/streams/btc-usd" }];
    let rules = Rules {
        venue: Venue::Polymarket,
        id: slug,
        primary: description,
        secondary: "",
        sources: &sources,
        strike: None,
    };
    Table::embedded().check(&rules).map(|_| ())
}

#[test]
fn the_point_price_of_july_is_no_mean() {
    // The text of these markets before means settled them, recorded 2026-07-24.
    let old = "This market will resolve to \"Up\" if the Bitcoin price at the end of the time range specified in the title is \
               greater than or equal to the price at the beginning of that range. Otherwise, it will resolve to \"Down\".\nThe \
               resolution source for this market is information from Chainlink, specifically the BTC/USD data stream available \
               at https://data.chain.link/streams/btc-usd.";
    assert!(matches!(polymarket("btc-updown-5m-1784850900", old), Err(Disagreement::Missing { .. })));
    let new =
        "Up if Chainlink's 60-second TWAP of BTC/USD at the end is greater than or equal to that at the beginning.";
    assert_eq!(polymarket("btc-updown-5m-1795190400", new), Ok(()));
    assert!(polymarket("eth-updown-5m-1795190400", new).is_err());
    assert!(matches!(polymarket("btc-updown-4h-1795190400", new), Err(Disagreement::Unknown { .. })));
}

#[test]
fn the_venues_own_mistakes_are_noticed() {
    // Recorded 2026-01-31: the range of Solana names the index of another coin.
    let sources = [SourceRef { name: "CF Benchmarks", url: "https://www.cfbenchmarks.com/data/indices/DOTUSD_RTI" }];
    let primary = "If the simple average of the sixty seconds of CF Benchmarks' DOTUSD_RTI before 5 PM EST is between 150 and 160, \
                   then the market resolves to Yes.";
    let rules =
        Rules { venue: Venue::Kalshi, id: "KXSOL-26NOV2017", primary, secondary: "", sources: &sources, strike: None };
    assert!(matches!(Table::embedded().check(&rules), Err(Disagreement::Missing { .. })));
    // Recorded 2026-08-05: gold settles on Pyth.
    let sources = [SourceRef { name: "Pyth - Gold", url: "https://app.pyth.com/explore/Metal.Index.GOLD%2FUSD" }];
    let primary = "If the close price of the 1-minute candlestick for Gold on Aug 5, 2026 at 12:00 AM EDT is at least the close \
                   price of the 1-minute Pyth GOLD candlestick at 11:45 PM EDT on August 4, 2026 USD/|| Unit ||, then the market \
                   resolves to Yes.";
    let secondary = "The settlement value is rounded to the nearest 2 decimal places. When confirming the settlement value, note \
                     the close price for the 1-minute candlestick at a given time is the price at the end of the immediately \
                     preceding one-minute interval.";
    let rules = Rules {
        venue: Venue::Kalshi,
        id: "KXGOLD15M-26AUG050000-00",
        primary,
        secondary,
        sources: &sources,
        strike: None,
    };
    assert!(Table::embedded().check(&rules).is_ok());
    let rules = Rules { secondary: "The settlement value is rounded to the nearest dollar.", ..rules };
    assert!(Table::embedded().check(&rules).is_err());
}

#[test]
fn a_table_that_does_not_hold_together_is_refused() {
    let table = include_str!("../../data/settlement.toml");
    let refused = |from: &str, to: &str| -> TableError {
        assert!(table.contains(from));
        Table::parse(&table.replacen(from, to, 1)).unwrap_err()
    };
    for (from, to, word) in [
        ("standard_hours = -5", "standard_hours = 5", "time cannot be"),
        ("family = \"daily-high\"", "family = \"daily-hihg\"", "no family"),
        ("station = \"NYC\"", "station = \"LGA\"", "no station"),
        ("feed = \"nws\"", "feed = \"noaa\"", "expected one of nws"),
        ("name = \"KXLOWTNYC\"", "name = \"KXHIGHNY\"", "twice"),
        ("reviewed = \"2026-11-28\"", "reviewed = \"soon\"", "expected a date"),
        ("places = [\"Boston\"]", "place = [\"Boston\"]", "unknown field"),
        ("name = \"tsa-checkpoints\"", "name = \"tsa\"", "no series is of it"),
        ("places = [\"Boston\"]", "places = [\" \"]", "expected the places"),
        ("underlying = \"BTC\"", "underlying = \"BTX\"", "no underlying"),
        ("\"ETHUSDC\"", "\"BTCUSDC\"", "a symbol is"),
        ("\"ETHUSDC\"", "\"ETH-USDC\"", "without signs"),
    ] {
        let error = refused(from, to).to_string();
        assert!(error.contains(word), "{error}");
    }
}
