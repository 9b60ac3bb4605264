//! Feeds as strategies know them: numbers by name, each as old as its source says.
//!
//! A [`Spec`] is what an operator writes: which vendor, what of it, and what the series shall be called. A [`Source`] is a spec
//! that has been understood; it is asked from time to time ([`Source::read`]), or listens ([`Source::open`]), and gives
//! [`Reading`]s. What a vendor's answer does not say is not made up: no reading is one too.
//!
//! | vendor | `of` | what the numbers are |
//! |---|---|---|
//! | `nws`, `open-meteo`, `open-meteo-ensemble`, `tomorrow` | a station of the settlement table: `KNYC` | the climate day's extreme that is forecast, °F; an ensemble's members |
//! | `metar` | the same | the climate day's extreme measured so far, in whole °F |
//! | `coinbase`, `binance`, `twelve-data`, `yahoo` | a symbol as the vendor writes it | the price |
//! | `chainlink` | `BTC/USD`, `ETH/USD`, `EUR/USD` | the oracle's answer on Polygon |
//! | `rtds` | `btc/usd`, with `mean` 0, 30 or 60 | the oracle's price, or its mean |
//! | `deribit` | `BTC`, `ETH` | implied annual volatility, as a share |
//! | `fred`, `bls`, `bea` | a series, or `TABLE:LINE`; behind it `@2026-10` or `@2026Q3` | the number of that period, or the newest published |
//! | `cleveland` | a series in the bank's words: `CPI Inflation@2026-11` | the nowcast of that month, percent over one month |
//! | `fed` | `meetings` | when the next decision comes, in seconds since 1970 |
//! | `trading-economics` | an event's exact name: `Inflation Rate MoM` | when its next release comes, in seconds since 1970 |
//! | `odds-api` | `SPORT/TEAM/DATE` | the team's chance to win its game of that day, margins removed, before it begins |
//! | `newsapi`, `gdelt`, `syndication` | words, or a feed's address | `direction`, as long as an article is fresh |

mod ask;

use std::fmt;
use std::time::Duration;

use brier_types::Timestamp;
use jiff::civil;

use crate::client::{Client, ClientOptions};
use crate::error::FeedError;
use crate::fresh::FreshValue;
use crate::news::Article;
use crate::prices::{Tick, TickKind, binance, coinbase, deribit, rtds, twelve_data};
use crate::settlement::{Station, Table};
use crate::stream::driver::{PriceStream, StreamItem};
use crate::vendor::Vendor;

/// The mark in a weather series' name that the climate day takes: `2026-11-29`.
pub const DATE_MARK: &str = "{date}";
/// Prices of a stream that wait for a slow reader.
const QUEUE: usize = 256;

/// Which end of a day's temperatures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Extreme {
    /// The highest.
    High,
    /// The lowest.
    Low,
}

impl fmt::Display for Extreme {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::High => "high",
            Self::Low => "low",
        })
    }
}

/// What an operator wants to know.
#[derive(Clone, Debug, PartialEq)]
pub struct Spec {
    /// Who is asked.
    pub vendor: Vendor,
    /// What of it; see the table of the module.
    pub of: String,
    /// What the series is called. A weather series names its day with [`DATE_MARK`].
    pub series: String,
    /// Which extreme, of weather.
    pub extreme: Extreme,
    /// Seconds of the oracle's mean, of `rtds`: 0, 30 or 60.
    pub mean: u32,
    /// What a fresh article's number is: 1 where it speaks for YES, −1 against.
    pub direction: i8,
    /// A limit on the age that is stricter than the vendor's own.
    pub max_age: Option<Duration>,
}

/// Numbers of one series, with their age limit.
#[derive(Clone, Debug)]
pub struct Reading {
    /// The series.
    pub series: String,
    /// The numbers: one, or an ensemble's members.
    pub numbers: FreshValue<Vec<f64>>,
}

/// What a vendor said.
#[derive(Clone, Debug, Default)]
pub struct Answered {
    /// Its numbers.
    pub readings: Vec<Reading>,
    /// What it wrote, of news: whoever wrote it is not trusted.
    pub articles: Vec<Article>,
}

/// A feed cannot be what its spec says. The text says what was expected and what was found.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SpecError(String);

/// What is asked for, understood.
#[derive(Clone, Debug, PartialEq)]
enum Ask {
    Forecast(Station),
    Observed(Station),
    Price(String),
    Oracle(crate::prices::chainlink::Feed),
    Settling(rtds::Series),
    Volatility(String),
    Number(String, Option<Period>),
    TableLine(String, i64, Option<Period>),
    Meetings,
    Release(String),
    Odds { sport: String, team: String, date: civil::Date },
    Nowcast { series: String, month: civil::Date },
    Articles(String),
}

/// What a feed's numbers are of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum About<'a> {
    /// What is forecast of a climate day's extreme at a station, for the rest of the day.
    Forecast(&'a Station, Extreme),
    /// What has been measured of it.
    Measured(&'a Station, Extreme),
    /// The price of this symbol, as the vendor writes it.
    Price(&'a str),
    /// A mean of that price over a window.
    Mean(&'a str),
    /// A published statistic, or its nowcast: of the period that begins in this year and month, or of whichever is newest.
    Statistic(Option<(i16, i8)>),
    /// The implied volatility of this symbol.
    Volatility(&'a str),
    /// What the settlement table has no word for.
    Other,
}

/// A feed that can be asked.
#[derive(Clone, PartialEq)]
pub struct Source {
    spec: Spec,
    ask: Ask,
}

impl fmt::Debug for Source {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Source")
            .field("vendor", &self.spec.vendor)
            .field("series", &self.spec.series)
            .finish_non_exhaustive()
    }
}

impl Source {
    /// Understands a spec, by the stations of a settlement table.
    ///
    /// # Errors
    /// [`SpecError`]: correct the configuration.
    pub fn new(spec: Spec, table: &Table) -> Result<Self, SpecError> {
        let of = spec.of.trim();
        if of.is_empty() {
            return Err(SpecError(format!("{}: expected what to ask for, found nothing", spec.vendor)));
        }
        if !matches!(spec.direction, -1 | 1) {
            return Err(SpecError(format!("expected a direction of 1 or -1, found {}", spec.direction)));
        }
        if spec.mean != 0 && spec.vendor != Vendor::Rtds {
            return Err(SpecError(format!("{}: it tells no mean; only rtds does, found {} s", spec.vendor, spec.mean)));
        }
        let ask = match spec.vendor {
            Vendor::Nws | Vendor::OpenMeteo | Vendor::OpenMeteoEnsemble | Vendor::Tomorrow => {
                Ask::Forecast(station(table, of)?)
            }
            Vendor::Metar => Ask::Observed(station(table, of)?),
            Vendor::Coinbase | Vendor::Binance | Vendor::TwelveData | Vendor::Yahoo => Ask::Price(of.to_owned()),
            Vendor::Chainlink => Ask::Oracle(oracle(of)?),
            Vendor::Rtds => Ask::Settling(settling(of, spec.mean)?),
            Vendor::Deribit => Ask::Volatility(of.to_ascii_uppercase()),
            Vendor::Fred | Vendor::Bls => {
                let (series, period) = pinned(spec.vendor, of)?;
                Ask::Number(series.to_owned(), period)
            }
            Vendor::Cleveland => nowcast(of)?,
            Vendor::Bea => {
                let (of, period) = pinned(spec.vendor, of)?;
                let line = of.split_once(':').and_then(|(table, line)| Some((table, line.parse::<i64>().ok()?)));
                let (table, line) =
                    line.ok_or_else(|| SpecError(format!("bea: expected TABLE:LINE, found `{of:.64}`")))?;
                Ask::TableLine(table.to_owned(), line, period)
            }
            Vendor::Fed if of == "meetings" => Ask::Meetings,
            Vendor::Fed => return Err(SpecError(format!("fed: expected `meetings`, found `{of:.64}`"))),
            Vendor::TradingEconomics => Ask::Release(of.to_owned()),
            Vendor::OddsApi => game(of)?,
            Vendor::NewsApi | Vendor::Gdelt | Vendor::Syndication => Ask::Articles(of.to_owned()),
            Vendor::OpenMeteoPrevious => {
                return Err(SpecError("open-meteo-previous fits errors by lead and feeds no strategy".to_owned()));
            }
        };
        let dated = matches!(ask, Ask::Forecast(_) | Ask::Observed(_));
        if dated != spec.series.contains(DATE_MARK) {
            let text = if dated {
                "expected `{date}` in a weather series' name"
            } else {
                "only weather series have a `{date}`"
            };
            return Err(SpecError(format!("{text}, found `{:.128}`", spec.series)));
        }
        Ok(Self { spec, ask })
    }

    /// Who is asked.
    pub const fn vendor(&self) -> Vendor {
        self.spec.vendor
    }

    /// What its numbers are of.
    pub fn about(&self) -> About<'_> {
        match &self.ask {
            Ask::Forecast(station) => About::Forecast(station, self.spec.extreme),
            Ask::Observed(station) => About::Measured(station, self.spec.extreme),
            Ask::Price(symbol) => About::Price(symbol),
            Ask::Oracle(_) | Ask::Settling(_) if self.spec.mean == 0 => About::Price(self.spec.of.trim()),
            Ask::Oracle(_) | Ask::Settling(_) => About::Mean(self.spec.of.trim()),
            Ask::Volatility(currency) => About::Volatility(currency),
            Ask::Number(_, period) | Ask::TableLine(_, _, period) => {
                About::Statistic(period.map(|it| (it.year, it.month)))
            }
            Ask::Nowcast { month, .. } => About::Statistic(Some((month.year(), month.month()))),
            Ask::Meetings | Ask::Release(_) | Ask::Odds { .. } | Ask::Articles(_) => About::Other,
        }
    }

    /// What the series is called, its day still a mark.
    pub fn series(&self) -> &str {
        &self.spec.series
    }

    /// How often it is asked unless somebody says otherwise: so that two missed answers do not make it stale, and no faster than
    /// the vendor's own allowance bears.
    pub fn default_interval(&self) -> Duration {
        let seconds = match self.spec.vendor {
            Vendor::Coinbase | Vendor::Binance => 2,
            Vendor::Chainlink | Vendor::Yahoo => 20,
            Vendor::Deribit => 30,
            // Twelve Data's free plan has 800 questions a day.
            Vendor::TwelveData | Vendor::Metar | Vendor::Syndication => 120,
            // 500 credits a month.
            Vendor::OddsApi => 3_600,
            Vendor::Gdelt => 300,
            Vendor::Nws | Vendor::Tomorrow => 600,
            _ => 900,
        };
        Duration::from_secs(seconds)
    }

    /// Whether its vendor streams it.
    pub const fn streams(&self) -> bool {
        matches!(
            self.spec.vendor,
            Vendor::Coinbase | Vendor::Binance | Vendor::TwelveData | Vendor::Rtds | Vendor::Deribit
        )
    }

    /// Listens, where the vendor has a stream; `None` where it is asked instead.
    ///
    /// # Errors
    /// [`FeedError`] when a key is missing.
    pub fn open(&self, options: &ClientOptions) -> Option<Result<PriceStream, FeedError>> {
        Some(match (&self.ask, self.spec.vendor) {
            (Ask::Price(symbol), Vendor::Coinbase) => {
                PriceStream::open(options, coinbase::Stream::new([symbol]), QUEUE)
            }
            (Ask::Price(symbol), Vendor::Binance) => PriceStream::open(options, binance::Stream::new([symbol]), QUEUE),
            (Ask::Price(symbol), Vendor::TwelveData) => {
                PriceStream::open(options, twelve_data::Stream::new([symbol]), QUEUE)
            }
            (Ask::Settling(series), Vendor::Rtds) => {
                PriceStream::open(options, rtds::Stream::new([*series], [self.spec.of.trim()]), QUEUE)
            }
            (Ask::Volatility(currency), Vendor::Deribit) => {
                let index = format!("{}_usd", currency.to_ascii_lowercase());
                PriceStream::open(options, deribit::Stream::new([index]), QUEUE)
            }
            _ => return None,
        })
    }

    /// What an item of the stream says; `None` where it is no price of this feed.
    pub fn heard(&self, item: StreamItem) -> Option<Reading> {
        let StreamItem::Tick(tick, received) = item else { return None };
        let wanted = match (&self.ask, tick.kind) {
            // A mean and a price are different numbers.
            (Ask::Settling(rtds::Series::Mean60), TickKind::Mean60)
            | (Ask::Settling(rtds::Series::Mean30), TickKind::Mean30)
            | (Ask::Settling(rtds::Series::Chainlink), TickKind::Index)
            | (Ask::Settling(rtds::Series::Binance), TickKind::Trade)
            | (Ask::Volatility(_), TickKind::Volatility)
            | (Ask::Price(_), _) => true,
            _ => false,
        };
        wanted.then(|| self.reading_of(&tick, received, self.stream_max_age()))?
    }

    fn stream_max_age(&self) -> Duration {
        match self.spec.vendor {
            Vendor::Coinbase => coinbase::MAX_AGE,
            Vendor::Binance => binance::MAX_AGE,
            Vendor::TwelveData => twelve_data::MAX_AGE,
            Vendor::Deribit => deribit::MAX_AGE,
            _ => rtds::MAX_AGE,
        }
    }

    /// Asks once. No reading means that the vendor knows none now.
    ///
    /// # Errors
    /// [`FeedError`].
    pub async fn read(&self, client: &Client) -> Result<Vec<Reading>, FeedError> {
        Ok(self.ask(client).await?.readings)
    }

    /// Asks once, for the numbers and for what news say in words.
    ///
    /// # Errors
    /// [`FeedError`].
    pub async fn ask(&self, client: &Client) -> Result<Answered, FeedError> {
        ask::ask(self, client).await
    }

    fn reading_of(&self, tick: &Tick, received: Timestamp, max_age: Duration) -> Option<Reading> {
        let number = match self.ask {
            Ask::Volatility(_) => deribit::fraction(tick.price),
            _ => tick.price.to_string().parse().ok()?,
        };
        Some(self.reading(vec![number], tick.observed_at, received, max_age))
    }

    fn reading(
        &self,
        numbers: Vec<f64>,
        observed: Option<Timestamp>,
        received: Timestamp,
        max_age: Duration,
    ) -> Reading {
        let fresh = FreshValue::new(numbers, observed, received, max_age);
        let numbers = self.spec.max_age.map_or_else(|| fresh.clone(), |limit| fresh.clone().at_most(limit));
        Reading { series: self.spec.series.clone(), numbers }
    }
}

/// Whether a feed whose series is called `given` tells `wanted`: a weather series has a mark for the day.
///
/// ```
/// use brier_feeds::source::tells;
/// assert!(tells("high:{date}", "high:2026-11-29") && !tells("high:{date}", "high:2026-11-31"));
/// ```
pub fn tells(given: &str, wanted: &str) -> bool {
    !given.contains(DATE_MARK) && wanted == given || day_of(given, wanted).is_some()
}

/// The day of `wanted`, by the mark in the name of its feed's series.
pub fn day_of(given: &str, wanted: &str) -> Option<civil::Date> {
    let (before, after) = given.split_once(DATE_MARK)?;
    wanted.strip_prefix(before)?.strip_suffix(after)?.parse().ok()
}

fn station(table: &Table, of: &str) -> Result<Station, SpecError> {
    let found = table.stations().iter().find(|station| station.icao == of || station.report == of);
    found.cloned().ok_or_else(|| {
        let known: Vec<&str> = table.stations().iter().map(|station| station.icao.as_str()).collect();
        SpecError(format!("expected a station of the settlement table ({}), found `{of:.16}`", known.join(", ")))
    })
}

/// What a number has to be of: a month, or a quarter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Period {
    year: i16,
    /// Its first month.
    month: i8,
}

/// `CUSR0000SA0@2026-10`, `T10101:1@2026Q3`: the number of that period or none; of whatever is newest without.
fn pinned(vendor: Vendor, of: &str) -> Result<(&str, Option<Period>), SpecError> {
    let Some((series, period)) = of.split_once('@') else { return Ok((of, None)) };
    let quarters = vendor == Vendor::Bea;
    let parts = if quarters { period.split_once('Q') } else { period.split_once('-') };
    let parsed = parts.and_then(|(year, part)| {
        let (year, part): (i16, i8) = (year.parse().ok()?, part.parse().ok()?);
        let (months, most) = if quarters { (3, 4) } else { (1, 12) };
        let known = (1_900..=2_100).contains(&year) && (1..=most).contains(&part);
        known.then(|| Period { year, month: months * (part - 1) + 1 })
    });
    match parsed {
        Some(period) if !series.is_empty() => Ok((series, Some(period))),
        _ => {
            let example = if quarters { "T10101:1@2026Q3" } else { "SERIES@2026-10" };
            Err(SpecError(format!("{vendor}: expected the period as in `{example}`, found `{of:.64}`")))
        }
    }
}

/// `basketball_nba/Boston Celtics/2026-11-20`.
fn game(of: &str) -> Result<Ask, SpecError> {
    let parts: Vec<&str> = of.split('/').collect();
    if let [sport, team, date] = parts[..]
        && let Ok(date) = date.parse()
        && !sport.is_empty()
        && !team.is_empty()
    {
        return Ok(Ask::Odds { sport: sport.to_owned(), team: team.to_owned(), date });
    }
    Err(SpecError(format!("odds-api: expected SPORT/TEAM/DATE with the day of the game in New York, found `{of:.64}`")))
}

/// `CPI Inflation@2026-11`.
fn nowcast(of: &str) -> Result<Ask, SpecError> {
    let parts = of.split_once('@').and_then(|(series, month)| Some((series, format!("{month}-01").parse().ok()?)));
    match parts {
        Some((series, month)) if !series.is_empty() => Ok(Ask::Nowcast { series: series.to_owned(), month }),
        _ => Err(SpecError(format!(
            "cleveland: expected SERIES@YEAR-MONTH, as `CPI Inflation@2026-11`, found `{of:.64}`"
        ))),
    }
}

fn oracle(of: &str) -> Result<crate::prices::chainlink::Feed, SpecError> {
    use crate::prices::chainlink::{POLYGON_BTC_USD, POLYGON_ETH_USD, POLYGON_EUR_USD};
    let known = [POLYGON_BTC_USD, POLYGON_ETH_USD, POLYGON_EUR_USD];
    let found = known.into_iter().find(|feed| feed.pair.eq_ignore_ascii_case(of));
    found.ok_or_else(|| SpecError(format!("chainlink: expected BTC/USD, ETH/USD or EUR/USD, found `{of:.32}`")))
}

fn settling(of: &str, mean: u32) -> Result<rtds::Series, SpecError> {
    match (mean, of.contains('/')) {
        (0, true) => Ok(rtds::Series::Chainlink),
        (0, false) => Ok(rtds::Series::Binance),
        (30, true) => Ok(rtds::Series::Mean30),
        (60, true) => Ok(rtds::Series::Mean60),
        _ => Err(SpecError(format!(
            "rtds: expected a mean over 0, 30 or 60 seconds, and for 30 and 60 a symbol such as btc/usd; found {mean} and `{of:.32}`"
        ))),
    }
}
