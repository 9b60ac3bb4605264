//! What is reachable, how old what it says is, and how far from its quota: one small question to every vendor.
//!
//! The command `brier feeds check` prints what this gives.

use std::time::Duration;

use brier_types::Timestamp;

use crate::client::Client;
use crate::client::quota::QuotaSeen;
use crate::economy::{bea, bls, cleveland, fed, fred, trading_economics};
use crate::error::{FeedError, Problem};
use crate::news::{self, gdelt, newsapi, syndication};
use crate::prices::{binance, chainlink, coinbase, deribit, rtds, twelve_data, yahoo};
use crate::request::Request;
use crate::sports::odds_api;
use crate::stream::driver::{PriceStream, StreamItem};
use crate::time::date_at;
use crate::vendor::{Allowance, Vendor};
use crate::weather::{metar, nws, open_meteo, tomorrow};

/// Longest wait for the first price of a stream.
const STREAM_WAIT: Duration = Duration::from_secs(15);

/// What an answer says about its age.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// When its newest datum was so; `None` where the vendor gives no time.
    pub observed_at: Option<Timestamp>,
    /// What it was, for people.
    pub what: String,
}

/// The question that is put to a vendor.
#[derive(Clone, Debug)]
pub struct Probe {
    /// What is asked.
    pub request: Request,
    /// What the answer says.
    pub judge: fn(&[u8]) -> Result<Seen, FeedError>,
    /// How old it may be.
    pub max_age: Duration,
}

/// What was found out about a vendor.
#[derive(Clone, Debug)]
pub struct FeedReport {
    /// Whose.
    pub vendor: Vendor,
    /// What it said, or why it said nothing.
    pub outcome: Result<Seen, FeedError>,
    /// How old its newest datum is, from its own time or the receipt.
    pub age: Option<Duration>,
    /// How old it may be.
    pub max_age: Duration,
    /// What its headers say about the quota.
    pub quota: QuotaSeen,
    /// Our own count of its tightest allowance: the limit and what is left.
    pub left: Option<(Allowance, u32)>,
    /// How long it took.
    pub took: Duration,
    /// What its free use does not allow.
    pub licence: Option<&'static str>,
}

impl FeedReport {
    /// Whether it answered and what it said is young enough to trade on.
    pub fn is_good(&self) -> bool {
        self.outcome.is_ok() && self.age.is_some_and(|age| age <= self.max_age)
    }

    /// One word for what is the matter: `ok`, `stale`, `no key`, or the kind of error.
    pub fn word(&self) -> &'static str {
        match &self.outcome {
            Ok(_) if self.is_good() => "ok",
            Ok(_) => "stale",
            Err(FeedError { problem: Problem::Setup { .. }, .. }) => "not set up",
            Err(error) => error.class(),
        }
    }
}

fn seen(observed_at: Option<Timestamp>, what: impl Into<String>) -> Seen {
    Seen { observed_at, what: what.into() }
}

fn tick(tick: &crate::prices::Tick) -> Seen {
    seen(tick.observed_at, format!("{} {}", tick.symbol, tick.price))
}

fn articles(list: &[news::Article]) -> Seen {
    seen(news::newest(list), format!("{} articles", list.len()))
}

fn hours(vendor: Vendor, body: &[u8]) -> Result<Seen, FeedError> {
    let meta = open_meteo::parse_model_meta(vendor, body)?;
    Ok(seen(Some(meta.available_at), format!("run of {}", meta.initialised_at)))
}

/// One line for people: `nws: ok, 570 s old (at most 4500 s), 9 of 10 left in 10 s, KNYC …`.
impl std::fmt::Display for FeedReport {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}: {}", self.vendor, self.word())?;
        if let Some(age) = self.age {
            write!(out, ", {} s old (at most {} s)", age.as_secs(), self.max_age.as_secs())?;
        }
        if let Some(left) = self.quota.left {
            write!(out, ", {left} left by its own count")?;
        } else if let Some((allowance, left)) = self.left {
            write!(out, ", {left} of {} left in {} s", allowance.requests, allowance.per.as_secs())?;
        }
        match &self.outcome {
            Ok(seen) if seen.observed_at.is_none() => write!(out, ", {} (gives no time of its data)", seen.what),
            Ok(seen) => write!(out, ", {}", seen.what),
            Err(error) => write!(out, ", {error}"),
        }
    }
}

/// The question for a vendor; `None` for those that have a stream only.
pub fn probe(vendor: Vendor, now: Timestamp) -> Option<Probe> {
    let today = date_at(now, 0);
    let probe = |request: Request, max_age: Duration, judge: fn(&[u8]) -> Result<Seen, FeedError>| Probe {
        request,
        judge,
        max_age,
    };
    Some(match vendor {
        Vendor::Nws => probe(nws::latest_observation("KNYC"), nws::OBSERVATION_MAX_AGE, |body| {
            let found = nws::parse_observation(body)?;
            Ok(seen(
                Some(found.observed_at),
                found
                    .temperature
                    .map_or_else(|| "KNYC, no temperature".to_owned(), |celsius| format!("KNYC {celsius} °C")),
            ))
        }),
        Vendor::Metar => probe(metar::metars(&["KNYC"], 2), metar::MAX_AGE, |body| {
            let found = metar::parse_metars(body)?;
            let newest =
                found.last().ok_or_else(|| FeedError::no_data(Vendor::Metar, "/api/data/metar", "no report"))?;
            Ok(seen(Some(newest.observed_at), format!("{} reports", found.len())))
        }),
        // Their forecasts say nothing about their run's age; the model's own page does.
        Vendor::OpenMeteo => probe(open_meteo::model_meta(vendor, "ncep_gfs025"), open_meteo::RUN_MAX_AGE, |body| {
            hours(Vendor::OpenMeteo, body)
        }),
        Vendor::OpenMeteoEnsemble => {
            probe(open_meteo::model_meta(vendor, "ncep_gefs025"), open_meteo::RUN_MAX_AGE, |body| {
                hours(Vendor::OpenMeteoEnsemble, body)
            })
        }
        Vendor::OpenMeteoPrevious => {
            let mut query = open_meteo::Query::temperature(40.78, -73.97);
            query.forecast_days = 1;
            probe(query.previous_runs(1), open_meteo::MAX_AGE, |body| {
                let found = open_meteo::parse_hourly(Vendor::OpenMeteoPrevious, body)?;
                Ok(seen(None, format!("{} hours", found.times.len())))
            })
        }
        Vendor::Tomorrow => probe(tomorrow::forecast(40.78, -73.97), tomorrow::MAX_AGE, |body| {
            Ok(seen(None, format!("{} hours", tomorrow::parse_forecast(body)?.len())))
        }),
        Vendor::TwelveData => probe(twelve_data::quote("EUR/USD"), twelve_data::MAX_AGE, |body| {
            Ok(tick(&twelve_data::parse_quote(body)?))
        }),
        Vendor::Yahoo => {
            probe(yahoo::chart("BTC-USD"), yahoo::MAX_AGE, |body| Ok(tick(&yahoo::parse_chart(body)?.last)))
        }
        Vendor::Coinbase => probe(coinbase::ticker("BTC-USD"), coinbase::MAX_AGE, |body| {
            Ok(tick(&coinbase::parse_ticker("BTC-USD", body)?))
        }),
        Vendor::Binance => probe(binance::last_trade("BTCUSDT"), binance::MAX_AGE, |body| {
            Ok(tick(&binance::parse_last_trade("BTCUSDT", body)?))
        }),
        Vendor::Chainlink => {
            let feed = chainlink::POLYGON_BTC_USD;
            probe(chainlink::latest_round(feed.proxy), feed.max_age(), |body| {
                Ok(tick(&chainlink::parse_price(&chainlink::POLYGON_BTC_USD, body)?))
            })
        }
        Vendor::Rtds => return None,
        Vendor::Deribit => {
            let from = now.minus(Duration::from_hours(1));
            probe(deribit::volatility("BTC", from, now, 60), deribit::MAX_AGE, |body| {
                Ok(tick(&deribit::parse_volatility("BTC", body)?))
            })
        }
        // The list of sports costs nothing and tells the quota, and has no age.
        Vendor::OddsApi => probe(odds_api::odds("basketball_nba", &["us"], &["h2h"]), odds_api::MAX_AGE, |body| {
            let games = odds_api::parse_odds(body)?;
            Ok(seen(games.iter().filter_map(odds_api::Game::newest).max(), format!("{} games", games.len())))
        }),
        Vendor::Fred => probe(fred::series("DGS10"), fred::DAILY_MAX_AGE, |body| {
            Ok(seen(Some(fred::parse_last_updated(body)?), "DGS10"))
        }),
        Vendor::Bls => probe(bls::series(&[bls::CPI_ADJUSTED], today.year() - 1, today.year()), bls::MAX_AGE, |body| {
            let found = bls::parse_series(body)?;
            let newest = found.first().and_then(bls::Series::newest);
            Ok(seen(
                None,
                newest.map_or_else(String::new, |period| format!("CPI of {}-{:02}", period.year, period.month)),
            ))
        }),
        Vendor::Bea => probe(bea::national_accounts("T10101", today.year()), bea::MAX_AGE, |body| {
            let found = bea::parse_table(body)?;
            // The time of the answer is no time of the data.
            Ok(seen(
                None,
                found.newest(1).map_or_else(String::new, |cell| format!("{} {} %", cell.period, cell.value.text)),
            ))
        }),
        Vendor::Fed => probe(fed::calendar(), fed::MAX_AGE, |body| {
            Ok(seen(None, format!("{} meetings", fed::parse_calendar(body)?.len())))
        }),
        Vendor::Cleveland => probe(cleveland::months(), cleveland::MAX_AGE, |body| {
            let found = cleveland::parse_months(body)?;
            Ok(seen(cleveland::newest(&found), format!("{} months", found.len())))
        }),
        Vendor::TradingEconomics => {
            let to = today.tomorrow().unwrap_or(today);
            probe(trading_economics::calendar(today, to, 3), trading_economics::MAX_AGE, |body| {
                Ok(seen(None, format!("{} releases", trading_economics::parse_calendar(body)?.len())))
            })
        }
        Vendor::NewsApi => probe(newsapi::everything("federal reserve", 10), newsapi::MAX_AGE, |body| {
            Ok(articles(&newsapi::parse_articles(body)?))
        }),
        Vendor::Gdelt => probe(gdelt::articles("\"federal reserve\"", "1d", 10), gdelt::MAX_AGE, |body| {
            Ok(articles(&gdelt::parse_articles(body)?))
        }),
        // A press feed is quiet for weeks: that it answers is what counts.
        Vendor::Syndication => {
            probe(syndication::feed(syndication::FED_PRESS), Duration::from_hours(60 * 24), |body| {
                Ok(articles(&syndication::parse_feed(body)?.articles))
            })
        }
    })
}

/// Asks these vendors, all at once, and reports in their order.
pub async fn run(client: &Client, vendors: &[Vendor]) -> Vec<FeedReport> {
    futures_util::future::join_all(vendors.iter().map(|vendor| one(client, *vendor))).await
}

async fn one(client: &Client, vendor: Vendor) -> FeedReport {
    let begun = client.now();
    let (outcome, max_age) = match probe(vendor, begun) {
        Some(probe) => {
            let fetched = client.fetch(&probe.request, probe.judge).await;
            let outcome = fetched.map(|fetched| (fetched.value, fetched.answer.received_at));
            (outcome, probe.max_age)
        }
        None => (stream(client, vendor).await, rtds::MAX_AGE),
    };
    let now = client.now();
    let age = outcome
        .as_ref()
        .ok()
        .map(|(seen, received)| now.since(seen.observed_at.map_or(*received, |observed| observed.min(*received))));
    let (quota, left) = client.quota(vendor);
    FeedReport {
        vendor,
        outcome: outcome.map(|(seen, _)| seen),
        age,
        max_age,
        quota,
        left,
        took: now.since(begun),
        licence: vendor.licence_note(),
    }
}

/// The first price of RTDS.
async fn stream(client: &Client, vendor: Vendor) -> Result<(Seen, Timestamp), FeedError> {
    let protocol = rtds::Stream::new([rtds::Series::Mean60], [""; 0]);
    let mut items = PriceStream::open(client.options(), protocol, 64)?;
    let first = async {
        while let Some(item) = items.next().await {
            match item {
                StreamItem::Tick(found, received) => return Ok((tick(&found), received)),
                StreamItem::Problem(error) | StreamItem::Ended(error) => return Err(error),
                StreamItem::Lost(reason) => {
                    return Err(FeedError::new(vendor, "stream", Problem::Transport { said: reason }));
                }
                StreamItem::Connected => {}
            }
        }
        Err(FeedError::no_data(vendor, "stream", "no price came"))
    };
    let outcome = tokio::time::timeout(STREAM_WAIT.min(client.options().timeout), first).await;
    outcome.unwrap_or_else(|_| {
        let said = "no price came in time".to_owned();
        Err(FeedError::new(vendor, "stream", Problem::Transport { said }))
    })
}
