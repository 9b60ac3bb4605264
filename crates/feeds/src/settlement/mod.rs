//! What settles which market: a reviewed table, and its comparison with every market's own rules.
//!
//! The table is data (`data/settlement.toml`, embedded): stations with their standard time, families of rules, series. It is
//! a seed and not the truth: at start-up each market's rules are compared with it ([`Table::check`]), and a market whose
//! rules disagree, or that is not in the table, is not traded. Guides map cities to the wrong stations often enough; venues
//! mistype their own rules sometimes.
//!
//! Source: reference (feeds), sections 1.3, 2.3, 2.4, 10 and 12, 2026-11-20.

mod check;
mod terms;

use std::collections::BTreeSet;
use std::sync::LazyLock;

use brier_types::Venue;
use jiff::civil;
use serde::Deserialize;

pub use self::check::{Disagreement, Rules, Settlement, SourceRef};
pub use self::terms::ticker_date;
use crate::source::Extreme;
use crate::time::ClimateDay;
use crate::vendor::Vendor;

const EMBEDDED: &str = include_str!("../../data/settlement.toml");

/// A station of climate reports.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Station {
    /// The letters of its report: `NYC` of `CLINYC`.
    pub report: String,
    /// Its name.
    pub name: String,
    /// Its name in METAR.
    pub icao: String,
    /// The office that forecasts for it.
    pub office: String,
    /// Standard time in hours from UTC, all year.
    pub standard_hours: i8,
    /// Degrees north.
    pub latitude: f64,
    /// Degrees east.
    pub longitude: f64,
    /// How rules name it.
    pub places: Vec<String>,
    /// Places near by that rules must not name.
    pub not_places: Vec<String>,
}

impl Station {
    /// Its climate day; `None` outside the years that nanoseconds hold.
    pub fn climate_day(&self, date: civil::Date) -> Option<ClimateDay> {
        ClimateDay::new(date, self.standard_hours)
    }
}

/// What a price is of.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Underlying {
    /// Its name in the table.
    pub name: String,
    /// How vendors write it, in capitals and without signs.
    pub symbols: Vec<String>,
}

/// How the rules of one kind of market read.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Family {
    /// Its name.
    pub name: String,
    /// What settles it, in words.
    pub datum: String,
    /// The vendor whose feed has the settlement value; `None` where none here has it.
    #[serde(default, deserialize_with = "vendor")]
    pub feed: Option<Vendor>,
    /// Whether the station's report must be named.
    #[serde(default)]
    pub report: bool,
    /// Phrases of the primary rules: one of each list.
    pub all: Vec<Vec<String>>,
    /// Phrases of the rules, primary or secondary: one of each list.
    #[serde(default)]
    pub anywhere: Vec<Vec<String>>,
    /// Phrases that the primary rules must not have.
    #[serde(default)]
    pub none: Vec<String>,
    /// Phrases that no part of the rules may have.
    #[serde(default)]
    pub nowhere: Vec<String>,
    /// Whether the primary rules name the day that is in the ticker.
    #[serde(default)]
    pub dated: bool,
    /// Whether the primary rules name the bounds that the market is listed with, and how they compare.
    #[serde(default)]
    pub strike: bool,
    /// Which extreme of a climate day settles, of the two that reports have.
    #[serde(default)]
    pub extreme: Option<Extreme>,
    /// Prints, one a second, whose mean settles; 0 where one price does. `None` where no price does.
    #[serde(default)]
    pub prints: Option<u32>,
    /// Names or addresses of settlement sources: one of them.
    #[serde(default)]
    pub sources: Vec<String>,
}

/// What the phrases of a series were checked against.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Evidence {
    /// The venue's own text, at the date of the review.
    Recorded,
    /// Others' descriptions of it: whoever trades on it should have read the venue's text.
    Reference,
}

/// A series of markets.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Series {
    /// The venue.
    #[serde(deserialize_with = "venue")]
    pub venue: Venue,
    /// Kalshi's series, or the beginning of Polymarket's slugs.
    pub name: String,
    /// The name of its family.
    pub family: String,
    /// The letters of its station's report.
    #[serde(default)]
    pub station: Option<String>,
    /// What its price is of, by the table's name.
    #[serde(default)]
    pub underlying: Option<String>,
    /// Phrases of the primary rules: one of each list.
    #[serde(default)]
    pub words: Vec<Vec<String>>,
    /// Names or addresses of settlement sources, besides those of the family: one of them.
    #[serde(default)]
    pub sources: Vec<String>,
    /// What its phrases were checked against.
    pub evidence: Evidence,
}

fn vendor<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<Vendor>, D::Error> {
    let name = String::deserialize(from)?;
    name.parse().map(Some).map_err(serde::de::Error::custom)
}

fn venue<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Venue, D::Error> {
    match String::deserialize(from)?.as_str() {
        "kalshi" => Ok(Venue::Kalshi),
        "polymarket" => Ok(Venue::Polymarket),
        other => Err(serde::de::Error::custom(format_args!("expected kalshi or polymarket, found `{other}`"))),
    }
}

/// The table.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    /// The day it was last read by a person.
    pub reviewed: String,
    #[serde(rename = "station")]
    stations: Vec<Station>,
    #[serde(rename = "underlying", default)]
    underlyings: Vec<Underlying>,
    #[serde(rename = "family")]
    families: Vec<Family>,
    #[serde(rename = "series")]
    series: Vec<Series>,
}

/// A symbol in capitals and without signs.
fn plain_symbol(symbol: &str) -> String {
    symbol.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_uppercase()
}

/// A table cannot be used. The text says where and what.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("settlement table: {0}")]
pub struct TableError(String);

impl Table {
    /// The table that comes with the program.
    ///
    /// # Panics
    /// Never: a test reads it.
    pub fn embedded() -> &'static Self {
        static TABLE: LazyLock<Table> =
            LazyLock::new(|| Table::parse(EMBEDDED).expect("the embedded table is read by a test"));
        &TABLE
    }

    /// Reads a table, such as an operator's own, and checks that it holds together.
    ///
    /// # Errors
    /// [`TableError`].
    pub fn parse(text: &str) -> Result<Self, TableError> {
        let table: Self = toml::from_str(text).map_err(|error| TableError(error.to_string()))?;
        table.hold_together().map_err(TableError)?;
        Ok(table)
    }

    fn hold_together(&self) -> Result<(), String> {
        self.reviewed
            .parse::<civil::Date>()
            .map_err(|_| format!("expected a date in `reviewed`, found `{}`", self.reviewed))?;
        let mut seen = BTreeSet::new();
        for station in &self.stations {
            let letters = station.report.len() == 3 && station.report.bytes().all(|byte| byte.is_ascii_uppercase());
            let place = (-90.0..=90.0).contains(&station.latitude) && (-180.0..=180.0).contains(&station.longitude);
            if !letters || !place || !(-11..=-4).contains(&station.standard_hours) || !seen.insert(&station.report) {
                return Err(format!("station `{}`: twice, or its letters, place or time cannot be", station.report));
            }
            if station.places.is_empty() || station.places.iter().any(|place| place.trim().is_empty()) {
                return Err(format!("station `{}`: expected the places that rules name it by", station.report));
            }
        }
        let (mut seen, mut names) = (BTreeSet::new(), BTreeSet::new());
        for underlying in &self.underlyings {
            let plain = |symbol: &String| !symbol.is_empty() && *symbol == plain_symbol(symbol);
            if !names.insert(&underlying.name) || !underlying.symbols.iter().all(|it| plain(it) && seen.insert(it)) {
                let name = &underlying.name;
                return Err(format!("underlying `{name}`: twice, or a symbol is, or is not in capitals without signs"));
            }
        }
        let mut seen = BTreeSet::new();
        for family in &self.families {
            let lists = family.all.iter().chain(&family.anywhere);
            if !self.series.iter().any(|series| series.family == family.name) {
                return Err(format!("family `{}`: no series is of it", family.name));
            }
            if family.all.is_empty() || lists.clone().any(Vec::is_empty) || !seen.insert(&family.name) {
                return Err(format!("family `{}`: twice, or a list of phrases is empty", family.name));
            }
            let never = family.none.iter().chain(&family.nowhere);
            if lists.flatten().chain(never).chain(&family.sources).any(|phrase| phrase.trim().is_empty()) {
                return Err(format!("family `{}`: an empty phrase stands in every text", family.name));
            }
        }
        let mut seen = BTreeSet::new();
        for series in &self.series {
            let family = self.family(&series.family);
            let family = family.ok_or_else(|| format!("series `{}`: no family `{}`", series.name, series.family))?;
            if !seen.insert((series.venue.to_string(), &series.name)) {
                return Err(format!("series `{}`: twice", series.name));
            }
            match &series.station {
                Some(report) if self.station(report).is_none() => {
                    return Err(format!("series `{}`: no station `{report}`", series.name));
                }
                None if family.report => return Err(format!("series `{}`: expected a station", series.name)),
                _ => {}
            }
            if let Some(name) = &series.underlying
                && self.underlying(name).is_none()
            {
                return Err(format!("series `{}`: no underlying `{name}`", series.name));
            }
            if series.words.iter().any(Vec::is_empty)
                || series.words.iter().flatten().chain(&series.sources).any(|phrase| phrase.trim().is_empty())
            {
                return Err(format!("series `{}`: an empty phrase stands in every text", series.name));
            }
        }
        Ok(())
    }

    /// A station by the letters of its report.
    pub fn station(&self, report: &str) -> Option<&Station> {
        self.stations.iter().find(|station| station.report == report)
    }

    /// All stations.
    pub fn stations(&self) -> &[Station] {
        &self.stations
    }

    /// What a price is of, by the table's name of it.
    pub fn underlying(&self, name: &str) -> Option<&Underlying> {
        self.underlyings.iter().find(|it| it.name == name)
    }

    /// What a vendor's symbol is of: `BTC-USD`, `btc/usd` and `BTCUSDT` are one.
    pub fn underlying_of(&self, symbol: &str) -> Option<&Underlying> {
        let symbol = plain_symbol(symbol);
        self.underlyings.iter().find(|it| it.symbols.contains(&symbol))
    }

    fn family(&self, name: &str) -> Option<&Family> {
        self.families.iter().find(|family| family.name == name)
    }

    /// The series of a market: by Kalshi's series ticker or market ticker, or by Polymarket's slug.
    pub fn series(&self, venue: Venue, id: &str) -> Option<&Series> {
        let fits = |series: &&Series| match venue {
            // What follows a series is a date; `KXBTCD-B` is another series than `KXBTCD`.
            Venue::Kalshi => match id.split_once('-') {
                Some((name, rest)) => name == series.name && rest.starts_with(|first: char| first.is_ascii_digit()),
                None => id == series.name,
            },
            Venue::Polymarket => id
                .strip_prefix(series.name.as_str())
                .is_some_and(|start| !start.is_empty() && start.bytes().all(|byte| byte.is_ascii_digit())),
        };
        self.series.iter().filter(|series| series.venue == venue).find(fits)
    }

    /// All series.
    pub fn all_series(&self) -> &[Series] {
        &self.series
    }
}
