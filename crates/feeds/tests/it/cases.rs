//! Every call of every adapter, with what its answer says about its age.

use std::time::Duration;

use brier_feeds::economy::{bea, bls, cleveland, fed, fred, trading_economics};
use brier_feeds::error::FeedError;
use brier_feeds::news::{self, gdelt, newsapi, syndication};
use brier_feeds::prices::{binance, chainlink, coinbase, deribit, twelve_data, yahoo};
use brier_feeds::request::Request;
use brier_feeds::sports::odds_api;
use brier_feeds::vendor::Vendor;
use brier_feeds::weather::{climate_report, metar, nws, open_meteo, tomorrow};
use brier_types::Timestamp;
use jiff::civil;

use crate::rig::now;

/// What a parser makes of a body: the time of the data, where it has one.
pub(crate) type Judge = fn(&[u8]) -> Result<Option<Timestamp>, FeedError>;

pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) request: Request,
    pub(crate) judge: Judge,
    /// How old it may be; `None` where the vendor gives no time, or it is of no account.
    pub(crate) max_age: Option<Duration>,
}

impl Case {
    pub(crate) fn vendor(&self) -> Vendor {
        self.request.vendor
    }
}

fn case(name: &'static str, request: Request, max_age: impl Into<Option<Duration>>, judge: Judge) -> Case {
    Case { name, request, judge, max_age: max_age.into() }
}

pub(crate) fn cases() -> Vec<Case> {
    let cell = nws::Cell { office: "OKX".to_owned(), x: 34, y: 38 };
    let day = civil::date(2026, 11, 20);
    let query = open_meteo::Query { forecast_days: 2, ..open_meteo::Query::temperature(40.78, -73.97) };
    vec![
        case("points", nws::point(40.779_04, -73.969_25), None, |body| nws::parse_point(body).map(|_| None)),
        case("grid", nws::grid(&cell), nws::FORECAST_MAX_AGE, |body| {
            let grid = nws::parse_grid(body)?;
            assert!(nws::expand(&grid.temperature).len() < 100_000);
            Ok(Some(grid.updated_at))
        }),
        case("hourly", nws::hourly(&cell), nws::FORECAST_MAX_AGE, |body| {
            Ok(Some(nws::parse_forecast(body)?.updated_at))
        }),
        case("forecast", nws::forecast(&cell), nws::FORECAST_MAX_AGE, |body| {
            Ok(Some(nws::parse_forecast(body)?.updated_at))
        }),
        case("latest observation", nws::latest_observation("KNYC"), nws::OBSERVATION_MAX_AGE, |body| {
            Ok(Some(nws::parse_observation(body)?.observed_at))
        }),
        case("observations", nws::observations("KMDW", now(), 24), nws::OBSERVATION_MAX_AGE, |body| {
            Ok(nws::parse_observations(body)?.last().map(|last| last.observed_at))
        }),
        case("list of reports", nws::climate_reports("NYC"), Duration::from_hours(24), |body| {
            Ok(nws::parse_products(body)?.first().map(|first| first.issued_at))
        }),
        case("report", nws::product("NYC-2026-11-19-final"), None, |body| {
            let product = nws::parse_product(body)?;
            climate_report::parse(&product.text).map(|_| Some(product.issued_at))
        }),
        case("metar", metar::metars(&["KNYC", "KMDW"], 8), metar::MAX_AGE, |body| {
            Ok(metar::parse_metars(body)?.last().map(|last| last.observed_at))
        }),
        case("open-meteo forecast", query.forecast(), None, |body| {
            open_meteo::parse_hourly(Vendor::OpenMeteo, body).map(|_| None)
        }),
        case("open-meteo ensemble", query.ensemble(), None, |body| {
            let hourly = open_meteo::parse_hourly(Vendor::OpenMeteoEnsemble, body)?;
            let columns = hourly.members("temperature_2m").into_iter().filter_map(|name| hourly.column(name));
            assert!(columns.flatten().all(|hour| hour.value.is_finite()));
            Ok(None)
        }),
        case("open-meteo previous runs", query.previous_runs(2), None, |body| {
            open_meteo::parse_hourly(Vendor::OpenMeteoPrevious, body).map(|_| None)
        }),
        case(
            "open-meteo model",
            open_meteo::model_meta(Vendor::OpenMeteo, "ncep_gfs025"),
            open_meteo::RUN_MAX_AGE,
            |body| Ok(Some(open_meteo::parse_model_meta(Vendor::OpenMeteo, body)?.available_at)),
        ),
        case("tomorrow", tomorrow::forecast(40.78, -73.97), None, |body| tomorrow::parse_forecast(body).map(|_| None)),
        case("twelve quote", twelve_data::quote("EUR/USD"), twelve_data::MAX_AGE, |body| {
            Ok(twelve_data::parse_quote(body)?.observed_at)
        }),
        case("twelve minutes", twelve_data::minutes("EUR/USD", 30), twelve_data::MAX_AGE, |body| {
            Ok(twelve_data::parse_minutes(body)?.last().map(|bar| bar.at))
        }),
        case("yahoo", yahoo::chart("^GSPC"), yahoo::MAX_AGE, |body| Ok(yahoo::parse_chart(body)?.last.observed_at)),
        case("coinbase", coinbase::ticker("BTC-USD"), coinbase::MAX_AGE, |body| {
            Ok(coinbase::parse_ticker("BTC-USD", body)?.observed_at)
        }),
        case("binance trade", binance::last_trade("BTCUSDT"), binance::MAX_AGE, |body| {
            Ok(binance::parse_last_trade("BTCUSDT", body)?.observed_at)
        }),
        case("binance quote", binance::best_prices("BTCUSDT"), None, |body| {
            Ok(binance::parse_best_prices(body)?.observed_at)
        }),
        case(
            "binance candles",
            binance::candles("BTCUSDT", "1m", now().minus(Duration::from_mins(9)), 100),
            None,
            |body| Ok(binance::parse_candles(body)?.last().map(|candle| candle.open_at)),
        ),
        case(
            "chainlink",
            chainlink::latest_round(chainlink::POLYGON_BTC_USD.proxy),
            Duration::from_secs(132),
            |body| {
                drop(chainlink::parse_sequencer(body, now()));
                Ok(chainlink::parse_price(&chainlink::POLYGON_BTC_USD, body)?.observed_at)
            },
        ),
        case("chainlink decimals", chainlink::decimals(chainlink::POLYGON_BTC_USD.proxy), None, |body| {
            chainlink::parse_decimals(body).map(|_| None)
        }),
        case("deribit volatility", deribit::volatility("BTC", now(), now(), 60), deribit::MAX_AGE, |body| {
            Ok(deribit::parse_volatility("BTC", body)?.observed_at)
        }),
        case("deribit option", deribit::ticker("BTC-27NOV26-100000-C"), deribit::MAX_AGE, |body| {
            Ok(Some(deribit::parse_option(body)?.observed_at))
        }),
        case("odds", odds_api::odds("basketball_nba", &["us"], &["h2h", "spreads"]), odds_api::MAX_AGE, |body| {
            Ok(odds_api::parse_odds(body)?.iter().filter_map(odds_api::Game::newest).max())
        }),
        case("scores", odds_api::scores("basketball_nba", 1), None, |body| odds_api::parse_scores(body).map(|_| None)),
        case("fred observations", fred::observations("CPIAUCSL", 8), None, |body| {
            fred::parse_observations(body).map(|_| None)
        }),
        case("fred series", fred::series("CPIAUCSL"), fred::DAILY_MAX_AGE, |body| {
            Ok(Some(fred::parse_last_updated(body)?))
        }),
        case("fred dates", fred::release_dates(10), None, |body| fred::parse_release_dates(body).map(|_| None)),
        case("bls", bls::series(&[bls::CPI_ADJUSTED, bls::PAYROLLS], 2025, 2026), None, |body| {
            bls::parse_series(body).map(|_| None)
        }),
        case("bea", bea::national_accounts("T10101", 2026), bea::MAX_AGE, |body| {
            Ok(bea::parse_table(body)?.produced_at)
        }),
        case("fed", fed::calendar(), None, |body| {
            let meetings = fed::parse_calendar(body)?;
            Ok(fed::next(&meetings, now()).map(|_| now()))
        }),
        case("cleveland", cleveland::months(), cleveland::MAX_AGE, |body| {
            Ok(cleveland::newest(&cleveland::parse_months(body)?))
        }),
        case("calendar", trading_economics::calendar(day, day, 3), trading_economics::MAX_AGE, |body| {
            Ok(trading_economics::parse_calendar(body)?.iter().filter_map(|release| release.updated_at).max())
        }),
        case("newsapi", newsapi::everything("fed", 10), newsapi::MAX_AGE, |body| {
            Ok(news::newest(&newsapi::parse_articles(body)?))
        }),
        case("gdelt articles", gdelt::articles("fed", "1h", 10), gdelt::MAX_AGE, |body| {
            Ok(news::newest(&gdelt::parse_articles(body)?))
        }),
        case("gdelt volume", gdelt::volume("fed", "1d"), gdelt::MAX_AGE, |body| {
            Ok(gdelt::parse_volume(body)?.last().map(|step| step.at))
        }),
        case("rss", syndication::feed(syndication::FED_PRESS), syndication::MAX_AGE, |body| {
            Ok(news::newest(&syndication::parse_feed(body)?.articles))
        }),
    ]
}
