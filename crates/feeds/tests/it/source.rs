//! Feeds as strategies know them: a reading of every vendor from its emulator, and the specs that are refused.

use std::time::Duration;

use brier_feeds::emulator::Fault;
use brier_feeds::settlement::Table;
use brier_feeds::source::{Extreme, Reading, Source, Spec};
use brier_feeds::vendor::Vendor;

use crate::rig::{emulator, now, options, rig};

fn spec(vendor: Vendor, of: &str, series: &str) -> Spec {
    Spec {
        vendor,
        of: of.to_owned(),
        series: series.to_owned(),
        extreme: Extreme::High,
        mean: 0,
        direction: 1,
        max_age: None,
    }
}

fn source(vendor: Vendor, of: &str, series: &str) -> Source {
    Source::new(spec(vendor, of, series), Table::embedded()).unwrap()
}

async fn read(source: &Source) -> Vec<Reading> {
    let (_, client) = rig(7).await;
    source.read(&client).await.unwrap()
}

fn one(readings: &[Reading]) -> f64 {
    assert_eq!(readings.len(), 1, "{readings:?}");
    let numbers = readings[0].numbers.get(now()).unwrap();
    assert_eq!(numbers.len(), 1);
    numbers[0]
}

#[tokio::test]
async fn prices_are_numbers_in_dollars_and_volatility_a_share() {
    for (vendor, of) in [
        (Vendor::Coinbase, "BTC-USD"),
        (Vendor::Binance, "BTCUSDT"),
        (Vendor::TwelveData, "BTC/USD"),
        (Vendor::Yahoo, "BTC-USD"),
        (Vendor::Chainlink, "BTC/USD"),
    ] {
        let readings = read(&source(vendor, of, "spot:BTC")).await;
        assert!((90_000.0..110_000.0).contains(&one(&readings)), "{vendor}: {readings:?}");
        assert_eq!(readings[0].series, "spot:BTC");
    }
    let dvol = one(&read(&source(Vendor::Deribit, "btc", "dvol:BTC")).await);
    assert!((0.05..3.0).contains(&dvol), "{dvol}");
}

#[tokio::test]
async fn a_weather_series_has_its_day_in_its_name() {
    for vendor in [Vendor::Nws, Vendor::OpenMeteo, Vendor::Tomorrow] {
        let readings = read(&source(vendor, "KNYC", "forecast:KNYC:high:{date}")).await;
        let names: Vec<&str> = readings.iter().map(|reading| reading.series.as_str()).collect();
        assert_eq!(names.first(), Some(&"forecast:KNYC:high:2026-11-20"), "{vendor}");
        assert!(names.contains(&"forecast:KNYC:high:2026-11-21"), "{vendor}: {names:?}");
        for reading in &readings {
            let numbers = reading.numbers.get(now()).unwrap();
            assert!(numbers.len() == 1 && (-60.0..130.0).contains(&numbers[0]), "{vendor}: {numbers:?}");
        }
    }
    let members = read(&source(Vendor::OpenMeteoEnsemble, "NYC", "members:{date}")).await;
    assert!(members.iter().all(|reading| reading.numbers.get(now()).unwrap().len() > 20), "{members:?}");

    let high = one(&read(&source(Vendor::Metar, "KNYC", "observed:{date}")).await);
    let low = Spec { extreme: Extreme::Low, ..spec(Vendor::Metar, "KNYC", "observed:{date}") };
    let low = one(&read(&Source::new(low, Table::embedded()).unwrap()).await);
    assert!(low <= high && (-60.0..130.0).contains(&low), "{low} {high}");
}

#[tokio::test]
async fn the_economy_the_calendar_and_the_news() {
    for (vendor, of, least, most) in [
        (Vendor::Fred, "CPIAUCSL", 100.0, 500.0),
        (Vendor::Bls, "CUSR0000SA0", 100.0, 500.0),
        (Vendor::Bea, "T10101:1", -30.0, 40.0),
        (Vendor::Cleveland, "CPI Inflation@2026-11", -5.0, 5.0),
        (Vendor::NewsApi, "federal reserve", 1.0, 1.0),
        (Vendor::Gdelt, "\"federal reserve\"", 1.0, 1.0),
    ] {
        let readings = read(&source(vendor, of, "x")).await;
        assert!((least..=most).contains(&one(&readings)), "{vendor}: {readings:?}");
    }
    let after = |number: f64| number as i64 > now().secs();
    assert!(after(one(&read(&source(Vendor::Fed, "meetings", "release:FOMC")).await)));
    assert!(after(one(&read(&source(Vendor::TradingEconomics, "Inflation Rate MoM", "release:CPI")).await)));
}

/// The newest number once stood in for that of a month which was not out yet.
#[tokio::test]
async fn a_pinned_period_has_its_own_number_or_none() {
    for (vendor, of, months) in [
        (Vendor::Fred, "CPIAUCSL", ["2026-08", "2026-09", "2026-10", "2026-11"]),
        (Vendor::Bls, "CUSR0000SA0", ["2026-08", "2026-09", "2026-10", "2026-11"]),
        (Vendor::Bea, "T10101:1", ["2026Q1", "2026Q2", "2026Q3", "2026Q4"]),
    ] {
        let newest = one(&read(&source(vendor, of, "x")).await);
        let mut told = Vec::new();
        for month in months {
            told.extend(read(&source(vendor, &format!("{of}@{month}"), "x")).await);
        }
        let numbers: Vec<f64> = told.iter().map(|it| it.numbers.get(now()).map_or(f64::NAN, |it| it[0])).collect();
        assert!(numbers.iter().any(|it| (it - newest).abs() < 1e-9), "{vendor}: {newest} of {numbers:?}");
        let ancient = read(&source(vendor, &format!("{of}@1950{}", &months[0][4..]), "x")).await;
        assert!(ancient.is_empty(), "{vendor}: {ancient:?}");
    }
}

#[tokio::test]
async fn a_team_has_a_chance_when_its_bookmakers_agree() {
    let (_, client) = rig(7).await;
    let readings = |team: &str| source(Vendor::OddsApi, &format!("basketball_nba/{team}/2026-11-20"), "odds");
    let home = readings("Boston Celtics").read(&client).await.unwrap();
    let away = readings("Miami Heat").read(&client).await.unwrap();
    let sum = one(&home) + one(&away);
    assert!((sum - 1.0).abs() < 1e-9, "{sum}");
    assert!(readings("Nobody").read(&client).await.unwrap().is_empty());
    // Another day's game of the team is another contract's.
    let other = source(Vendor::OddsApi, "basketball_nba/Boston Celtics/2026-11-27", "odds");
    assert!(other.read(&client).await.unwrap().is_empty());
    let other = source(Vendor::Cleveland, "CPI Inflation@2025-03", "nowcast");
    assert!(other.read(&client).await.unwrap().is_empty(), "another month's number is another contract's");
}

#[tokio::test]
async fn streams_give_the_kind_that_was_asked_for() {
    let (_, origin) = emulator(7).await;
    let with = options(&origin);
    let mean = Spec { mean: 60, ..spec(Vendor::Rtds, "btc/usd", "twap:BTC") };
    for source in [
        source(Vendor::Coinbase, "BTC-USD", "spot:BTC"),
        source(Vendor::Binance, "btcusdt", "spot:BTC"),
        source(Vendor::Deribit, "BTC", "dvol:BTC"),
        Source::new(mean, Table::embedded()).unwrap(),
    ] {
        let mut stream = source.open(&with).unwrap().unwrap();
        let reading = loop {
            if let Some(reading) = source.heard(stream.next().await.unwrap()) {
                break reading;
            }
        };
        assert_eq!(reading.series, source.series());
        // A stream's clock runs on from the moment at which it was opened.
        let soon = now().plus(Duration::from_secs(5));
        assert!(reading.numbers.get(soon).is_ok(), "{source:?}: {reading:?}");
    }
    assert!(source(Vendor::Yahoo, "BTC-USD", "spot:BTC").open(&with).is_none());
}

#[tokio::test]
async fn what_is_stale_or_refused_is_no_reading_that_can_be_read() {
    for vendor in [Vendor::Coinbase, Vendor::Chainlink, Vendor::Yahoo] {
        let (handle, client) = rig(7).await;
        handle.set(vendor, Fault::Stale);
        let of = if vendor == Vendor::Chainlink { "BTC/USD" } else { "BTC-USD" };
        let source = source(vendor, of, "spot:BTC");
        for reading in source.read(&client).await.unwrap_or_default() {
            assert!(reading.numbers.get(now()).is_err(), "{vendor}");
        }
        handle.set(vendor, Fault::ErrorInside200);
        assert!(source.read(&client).await.is_err(), "{vendor}");
    }
    let strict = Spec { max_age: Some(Duration::ZERO), ..spec(Vendor::Metar, "KNYC", "observed:{date}") };
    let readings = read(&Source::new(strict, Table::embedded()).unwrap()).await;
    assert!(readings[0].numbers.get(now()).is_err(), "a stricter limit holds");
}

#[test]
fn specs_that_cannot_be_are_refused_with_what_was_expected() {
    let refused = |spec: Spec| Source::new(spec, Table::embedded()).unwrap_err().to_string();
    for (spec, words) in [
        (spec(Vendor::Nws, "KXXX", "f:{date}"), "expected a station"),
        (spec(Vendor::Nws, "KNYC", "forecast"), "expected `{date}`"),
        (spec(Vendor::Coinbase, "BTC-USD", "spot:{date}"), "only weather series"),
        (spec(Vendor::Chainlink, "DOGE/USD", "x"), "BTC/USD, ETH/USD or EUR/USD"),
        (spec(Vendor::Bea, "T10101", "x"), "TABLE:LINE"),
        (spec(Vendor::OddsApi, "basketball_nba/Boston Celtics", "x"), "SPORT/TEAM/DATE"),
        (spec(Vendor::Cleveland, "CPI Inflation", "x"), "SERIES@YEAR-MONTH"),
        (spec(Vendor::Bls, "CUSR0000SA0@2026-13", "x"), "SERIES@2026-10"),
        (spec(Vendor::Fred, "@2026-10", "x"), "SERIES@2026-10"),
        (spec(Vendor::Bea, "T10101:1@2026Q100", "x"), "T10101:1@2026Q3"),
        (spec(Vendor::Fed, "minutes", "x"), "`meetings`"),
        (spec(Vendor::OpenMeteoPrevious, "KNYC", "x"), "no strategy"),
        (spec(Vendor::Fred, " ", "x"), "found nothing"),
        (Spec { direction: 0, ..spec(Vendor::Gdelt, "rain", "x") }, "1 or -1"),
        (Spec { mean: 60, ..spec(Vendor::Rtds, "btcusdt", "x") }, "btc/usd"),
        (Spec { mean: 45, ..spec(Vendor::Rtds, "btc/usd", "x") }, "0, 30 or 60"),
    ] {
        let said = refused(spec);
        assert!(said.contains(words), "{said}");
    }
}
