//! One question to a vendor, and what of its answer is a number with an age.

use std::time::Duration;

use brier_models::odds::Margin;
use brier_types::Timestamp;
use jiff::civil;

use super::{Answered, Ask, DATE_MARK, Extreme, Period, Reading, Source};
use crate::client::Client;
use crate::economy::{bea, bls, cleveland, fed, fred, trading_economics};
use crate::error::FeedError;
use crate::news::{self, gdelt, newsapi, syndication};
use crate::prices::{binance, chainlink, coinbase, deribit, twelve_data, yahoo};
use crate::request::Request;
use crate::settlement::Station;
use crate::sports::odds_api::{self, Game};
use crate::time::{ClimateDay, date_at, eastern, from_eastern};
use crate::vendor::Vendor;
use crate::weather::{HourValue, max_within, metar, min_within, nws, open_meteo, tomorrow, whole_fahrenheit};

/// Climate days that a forecast is told of: today and the next two.
const DAYS_AHEAD: i64 = 2;
/// The widest spread of bookmakers' log odds at which they count as one opinion. Source: reference (feeds), section 3.3.
const WIDEST_SPREAD: f64 = 0.025;
/// Fewest bookmakers that are an opinion. Source: reference (feeds), section 3.3.
const LEAST_BOOKS: usize = 2;
/// How old the newest observation of a quarterly series may be: it is dated by the quarter's first day.
const QUARTERLY_MAX_AGE: Duration = Duration::from_hours(215 * 24);
/// Observations that a pinned month is looked for among: a year of weeks.
const FRED_BACK: u16 = 60;
/// The hour of standard time from which a grid's daytime maximum is no news: what of it is to come stands in the hours.
const AFTERNOON: Duration = Duration::from_hours(14);
/// Where an average of log odds is cut. Source: reference (feeds), section 9.3.
const CLIP: f64 = 0.005;

pub(super) async fn ask(source: &Source, client: &Client) -> Result<Answered, FeedError> {
    if let Ask::Articles(words) = &source.ask {
        return articles(source, client, source.vendor(), words).await;
    }
    Ok(Answered { readings: numbers(source, client).await?, articles: Vec::new() })
}

async fn numbers(source: &Source, client: &Client) -> Result<Vec<Reading>, FeedError> {
    let vendor = source.vendor();
    match &source.ask {
        Ask::Forecast(station) => forecast(source, client, station).await,
        Ask::Observed(station) => observed(source, client, station).await,
        Ask::Price(symbol) => price(source, client, vendor, symbol).await,
        Ask::Oracle(feed) => {
            let found =
                client.fetch(&chainlink::latest_round(feed.proxy), |body| chainlink::parse_price(feed, body)).await?;
            Ok(source.reading_of(&found.value, found.answer.received_at, feed.max_age()).into_iter().collect())
        }
        // One has a stream and nothing else, the other has words.
        Ask::Settling(_) | Ask::Articles(_) => Ok(Vec::new()),
        Ask::Volatility(currency) => {
            let now = client.now();
            let request = deribit::volatility(currency, now.minus(Duration::from_hours(1)), now, 60);
            let found = client.fetch(&request, |body| deribit::parse_volatility(currency, body)).await?;
            Ok(source.reading_of(&found.value, found.answer.received_at, deribit::MAX_AGE).into_iter().collect())
        }
        Ask::Number(series, period) => number(source, client, vendor, series, *period).await,
        Ask::Nowcast { series, month } => {
            let found = client.fetch(&cleveland::months(), cleveland::parse_months).await?;
            // Another month's number is another contract's.
            let of_month = found.value.iter().filter(|it| is_month(&it.month, *month));
            let newest = of_month.filter_map(|it| Some((it.as_of, it.newest(series)?))).max_by_key(|it| it.0);
            let received = found.answer.received_at;
            let reading = |(as_of, value)| source.reading(vec![value], as_of, received, cleveland::MAX_AGE);
            Ok(newest.map(reading).into_iter().collect())
        }
        Ask::TableLine(table, line, period) => {
            let request = bea::national_accounts(table, date_at(client.now(), -5).year());
            let found = client.fetch(&request, bea::parse_table).await?;
            let quarter = |it: &Period| format!("{}Q{}", it.year, (it.month + 2) / 3);
            // Another quarter's number is another contract's.
            let newest = match period {
                None => found.value.newest(*line),
                Some(of) => found.value.cells.iter().find(|cell| cell.line == *line && cell.period == quarter(of)),
            };
            let newest = newest.map(|cell| cell.value.value);
            Ok(unclocked(source, newest, found.answer.received_at, bea::MAX_AGE))
        }
        Ask::Meetings => {
            let found = client.fetch(&fed::calendar(), fed::parse_calendar).await?;
            let next = fed::next(&found.value, client.now()).map(|meeting| meeting.decision_at.secs() as f64);
            Ok(unclocked(source, next, found.answer.received_at, fed::MAX_AGE))
        }
        Ask::Release(event) => {
            let now = client.now();
            let (from, to) = (date_at(now, 0), date_at(now.plus(Duration::from_hours(45 * 24)), 0));
            let request = trading_economics::calendar(from, to, 1);
            let found = client.fetch(&request, trading_economics::parse_calendar).await?;
            let coming = found.value.iter().filter(|release| release.event == *event && release.at > now);
            let next = coming.map(|release| release.at.secs()).min().map(|seconds| seconds as f64);
            Ok(unclocked(source, next, found.answer.received_at, trading_economics::MAX_AGE))
        }
        Ask::Odds { sport, team, date } => {
            let found = client.fetch(&odds_api::odds(sport, &["us", "eu"], &["h2h"]), odds_api::parse_odds).await?;
            let (now, received) = (client.now(), found.answer.received_at);
            // The game of that day or none: a team's next game is another contract's.
            let that = |game: &&Game| {
                date_in_new_york(game.starts_at) == Some(*date) && [&game.home, &game.away].contains(&team)
            };
            let next = found.value.iter().find(that).filter(|game| !game.has_begun(now));
            let chance = next.and_then(|game| consensus(game, team, now));
            Ok(chance
                .map(|(chance, as_of)| source.reading(vec![chance], Some(as_of), received, odds_api::MAX_AGE))
                .into_iter()
                .collect())
        }
    }
}

/// The day of a moment by New York's clock, on which leagues date their games.
fn date_in_new_york(moment: Timestamp) -> Option<civil::Date> {
    let moment = jiff::Timestamp::from_nanosecond(i128::from(moment.nanos())).ok()?;
    Some(moment.to_zoned(eastern()).date())
}

/// Whether the bank's words name a month: `2026-11`, `2026:11`, `November 2026`.
fn is_month(words: &str, month: civil::Date) -> bool {
    let named = month.strftime("%B %Y").to_string();
    let digits: String = words.chars().filter(char::is_ascii_digit).collect();
    words.eq_ignore_ascii_case(&named) || digits == month.strftime("%Y%m").to_string()
}

/// A number whose source says nothing about its age.
fn unclocked(source: &Source, number: Option<f64>, received: Timestamp, max_age: Duration) -> Vec<Reading> {
    number.map(|number| source.reading(vec![number], None, received, max_age)).into_iter().collect()
}

async fn price(source: &Source, client: &Client, vendor: Vendor, symbol: &str) -> Result<Vec<Reading>, FeedError> {
    let (found, max_age) = match vendor {
        Vendor::Coinbase => (
            client.fetch(&coinbase::ticker(symbol), |body| coinbase::parse_ticker(symbol, body)).await?,
            coinbase::MAX_AGE,
        ),
        Vendor::Binance => {
            let symbol = symbol.to_ascii_uppercase();
            let parse = |body: &[u8]| binance::parse_last_trade(&symbol, body);
            (client.fetch(&binance::last_trade(&symbol), parse).await?, binance::MAX_AGE)
        }
        Vendor::TwelveData => {
            (client.fetch(&twelve_data::quote(symbol), twelve_data::parse_quote).await?, twelve_data::MAX_AGE)
        }
        _ => {
            let parse = |body: &[u8]| yahoo::parse_chart(body).map(|chart| chart.last);
            (client.fetch(&yahoo::chart(symbol), parse).await?, yahoo::MAX_AGE)
        }
    };
    Ok(source.reading_of(&found.value, found.answer.received_at, max_age).into_iter().collect())
}

async fn number(
    source: &Source,
    client: &Client,
    vendor: Vendor,
    series: &str,
    period: Option<Period>,
) -> Result<Vec<Reading>, FeedError> {
    if vendor == Vendor::Fred {
        // Of a pinned period there may be many newer ones.
        let count = if period.is_some() { FRED_BACK } else { 5 };
        let found = client.fetch(&fred::observations(series, count), fred::parse_observations).await?;
        let mut dated: Vec<(civil::Date, f64)> =
            found.value.iter().filter_map(|it| Some((it.date, it.value.as_ref()?.value))).collect();
        dated.sort_by_key(|it| std::cmp::Reverse(it.0));
        let received = found.answer.received_at;
        let [(newest, _), (before, _), ..] = dated[..] else { return Ok(Vec::new()) };
        // Another month's number is another contract's.
        let of = |date: civil::Date| period.is_none_or(|it| (it.year, it.month) == (date.year(), date.month()));
        let Some(&(date, value)) = dated.iter().find(|(date, _)| of(*date)) else { return Ok(Vec::new()) };
        // How often a series comes is seen from its own dates.
        let max_age = match newest.since(before).map_or(0, |span| span.get_days()) {
            ..=6 => fred::DAILY_MAX_AGE,
            7..=45 => fred::MONTHLY_MAX_AGE,
            _ => QUARTERLY_MAX_AGE,
        };
        return Ok(vec![source.reading(vec![value], from_eastern(date.at(0, 0, 0, 0)), received, max_age)]);
    }
    let year = date_at(client.now(), -5).year();
    let found = client.fetch(&bls::series(&[series], year - 1, year), bls::parse_series).await?;
    let series = found.value.first();
    let newest = match period {
        None => series.and_then(bls::Series::newest),
        Some(of) => {
            let is = |it: &&bls::Period| (it.year, it.month.cast_signed()) == (of.year, of.month);
            series.and_then(|series| series.periods.iter().find(is))
        }
    };
    let newest = newest.and_then(|period| period.value.as_ref());
    Ok(unclocked(source, newest.map(|printed| printed.value), found.answer.received_at, bls::MAX_AGE))
}

async fn articles(source: &Source, client: &Client, vendor: Vendor, words: &str) -> Result<Answered, FeedError> {
    let (request, max_age): (Request, Duration) = match vendor {
        Vendor::NewsApi => (newsapi::everything(words, 10), newsapi::MAX_AGE),
        Vendor::Gdelt => (gdelt::articles(words, "1h", 10), gdelt::MAX_AGE),
        _ => (syndication::feed(words), syndication::MAX_AGE),
    };
    let parse: fn(&[u8]) -> Result<Vec<news::Article>, FeedError> = match vendor {
        Vendor::NewsApi => newsapi::parse_articles,
        Vendor::Gdelt => gdelt::parse_articles,
        _ => |body| syndication::parse_feed(body).map(|feed| feed.articles),
    };
    let found = client.fetch(&request, parse).await?;
    let received = found.answer.received_at;
    // An article without a date may be of last year.
    let newest = news::newest(&found.value);
    let number = f64::from(source.spec.direction);
    let readings = newest.map(|at| source.reading(vec![number], Some(at), received, max_age));
    Ok(Answered { readings: readings.into_iter().collect(), articles: found.value })
}

/// The team's chance by the mean of its bookmakers' log odds, their margins removed by Shin's model, and the age of the oldest that
/// counts. `None` unless enough of them are young and agree.
///
/// Source: reference (feeds), section 3.3.
fn consensus(game: &Game, team: &str, now: Timestamp) -> Option<(f64, Timestamp)> {
    let draws = game.sport.starts_with("soccer");
    let (mut logits, mut oldest) = (Vec::new(), now);
    for market in &game.markets {
        if market.key != "h2h" || !market.is_complete(draws) || now.since(market.observed_at) > odds_api::MAX_AGE {
            continue;
        }
        let odds: Vec<f64> = market.outcomes.iter().map(|outcome| outcome.odds).collect();
        let Some(outcome) = market.outcomes.iter().position(|outcome| outcome.name == team) else { continue };
        let Some(chance) = brier_models::odds::fair(Margin::Shin, &odds, outcome) else { continue };
        let chance = chance.get().clamp(CLIP, 1.0 - CLIP);
        logits.push((chance / (1.0 - chance)).ln());
        oldest = oldest.min(market.observed_at);
    }
    let count = logits.len() as f64;
    let mean = logits.iter().sum::<f64>() / count;
    let spread = (logits.iter().map(|logit| (logit - mean) * (logit - mean)).sum::<f64>() / count).sqrt();
    (logits.len() >= LEAST_BOOKS && spread <= WIDEST_SPREAD).then(|| (1.0 / (1.0 + (-mean).exp()), oldest))
}

impl Source {
    /// The reading of a climate day.
    fn of_day(
        &self,
        date: civil::Date,
        numbers: Vec<f64>,
        observed: Option<Timestamp>,
        received: Timestamp,
        max_age: Duration,
    ) -> Reading {
        let mut reading = self.reading(numbers, observed, received, max_age);
        reading.series = reading.series.replace(DATE_MARK, &date.to_string());
        reading
    }

    /// The extreme of what is forecast for the rest of a day, unless an hour of it is missing.
    fn extreme(&self, hours: impl IntoIterator<Item = HourValue>, day: ClimateDay, now: Timestamp) -> Option<f64> {
        let (from, hour) = (day.start.max(now), Duration::from_hours(1));
        let rest = ClimateDay { start: from.minus(hour).max(day.start), end: day.end };
        let hours: Vec<HourValue> = hours.into_iter().collect();
        // Every whole hour that is to come has to be there; of the one that has begun the vendors tell or not.
        let wanted = day.end.since(from).as_secs() / 3_600;
        let count = hours.iter().filter(|value| from <= value.at && value.at < day.end).count();
        let (value, _) = match self.spec.extreme {
            Extreme::High => max_within(hours, rest),
            Extreme::Low => min_within(hours, rest),
        }?;
        (count as u64 >= wanted).then_some(value)
    }
}

/// The climate days that a forecast is told of, today's first.
fn days(station: &Station, now: Timestamp) -> Vec<(civil::Date, ClimateDay)> {
    let today = date_at(now, station.standard_hours);
    let dates = (0..=DAYS_AHEAD).filter_map(|ahead| today.checked_add(jiff::Span::new().days(ahead)).ok());
    dates.filter_map(|date| Some((date, station.climate_day(date)?))).filter(|(_, day)| day.end > now).collect()
}

async fn forecast(source: &Source, client: &Client, station: &Station) -> Result<Vec<Reading>, FeedError> {
    let (latitude, longitude) = (station.latitude, station.longitude);
    let now = client.now();
    match source.vendor() {
        Vendor::Nws => {
            let point = client.fetch(&nws::point(latitude, longitude), nws::parse_point).await?;
            let hourly = client.fetch(&nws::hourly(&point.value.cell), nws::parse_forecast).await?;
            let grid = client.fetch(&nws::grid(&point.value.cell), nws::parse_grid).await?;
            let as_of = hourly.value.updated_at.min(grid.value.updated_at);
            let reading = |(date, day)| {
                let mut value = source.extreme(hourly.value.temperatures(), day, now)?;
                // After a cold front the day's high may stand in the grid alone.
                if source.spec.extreme == Extreme::High
                    && now < day.start.plus(AFTERNOON)
                    && let Some((high, _)) = nws::day_max(&hourly.value, &grid.value, day)
                {
                    value = value.max(high);
                }
                Some(source.of_day(date, vec![value], Some(as_of), hourly.answer.received_at, nws::FORECAST_MAX_AGE))
            };
            Ok(days(station, now).into_iter().filter_map(reading).collect())
        }
        Vendor::Tomorrow => {
            let found = client.fetch(&tomorrow::forecast(latitude, longitude), tomorrow::parse_forecast).await?;
            let reading = |(date, day)| {
                let value = source.extreme(found.value.iter().copied(), day, now)?;
                Some(source.of_day(date, vec![value], None, found.answer.received_at, tomorrow::MAX_AGE))
            };
            Ok(days(station, now).into_iter().filter_map(reading).collect())
        }
        vendor => {
            let mut query = open_meteo::Query::temperature(latitude, longitude);
            query.forecast_days = u8::try_from(DAYS_AHEAD + 2).unwrap_or(4);
            // Whose run it is decides its age, so the model is named.
            let (request, model) = if vendor == Vendor::OpenMeteoEnsemble {
                query.models = vec!["ncep_gefs025".to_owned()];
                (query.ensemble(), "ncep_gefs025")
            } else {
                query.models = vec!["ncep_gfs025".to_owned()];
                (query.forecast(), "ncep_gfs025")
            };
            let run = client
                .fetch(&open_meteo::model_meta(vendor, model), |body| open_meteo::parse_model_meta(vendor, body))
                .await?;
            let found = client.fetch(&request, |body| open_meteo::parse_hourly(vendor, body)).await?;
            let as_of = run.value.available_at;
            let reading = |(date, day)| {
                let columns = found.value.members("temperature_2m");
                let values = columns.iter().map(|name| source.extreme(found.value.column(name)?, day, now));
                // An ensemble that lacks members is narrower than it is.
                let values: Vec<f64> = values.collect::<Option<_>>().filter(|values: &Vec<f64>| !values.is_empty())?;
                Some(source.of_day(date, values, Some(as_of), found.answer.received_at, open_meteo::RUN_MAX_AGE))
            };
            Ok(days(station, now).into_iter().filter_map(reading).collect())
        }
    }
}

async fn observed(source: &Source, client: &Client, station: &Station) -> Result<Vec<Reading>, FeedError> {
    let found = client.fetch(&metar::metars(&[station.icao.as_str()], 30), metar::parse_metars).await?;
    let now = client.now();
    let date = date_at(now, station.standard_hours);
    let Some(day) = station.climate_day(date) else { return Ok(Vec::new()) };
    let extreme = match source.spec.extreme {
        Extreme::High => metar::max_so_far(&found.value, &station.icao, day),
        Extreme::Low => metar::min_so_far(&found.value, &station.icao, day),
    };
    let of_day = found.value.iter().filter(|report| report.station == station.icao && day.contains(report.observed_at));
    let newest = of_day.map(|report| report.observed_at).max();
    let reading = |(tenths, at)| {
        let degrees = f64::from(whole_fahrenheit(tenths));
        source.of_day(date, vec![degrees], Some(at), found.answer.received_at, metar::MAX_AGE)
    };
    Ok(extreme.zip(newest).map(reading).into_iter().collect())
}
