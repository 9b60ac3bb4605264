//! The Odds API: odds of many bookmakers, and scores. Every answer costs credits: markets times regions.
//!
//! A spent quota is refused with 401 or 429; the `error_code` tells it from a bad key, and the headers say what is left. The
//! age of a price is its market's `last_update`, else its bookmaker's; the poll's own time says nothing. Prices of a game
//! that has begun are too slow to trade on.
//!
//! Source: reference (feeds), section 3.1, 2026-11-20.

use std::time::Duration;

use brier_types::Timestamp;
use serde::Deserialize;

use crate::client::refusal;
use crate::error::FeedError;
use crate::json;
use crate::request::{KeyPlace, Request, segment};
use crate::time::rfc3339;
use crate::vendor::Vendor;

/// How old odds may be before the game.
pub const MAX_AGE: Duration = Duration::from_mins(2);
/// Least decimal odds that mean anything: bookmakers show less for what is suspended.
pub const LEAST_ODDS: f64 = 1.01;

const VENDOR: Vendor = Vendor::OddsApi;
/// The service wants it in the query and knows no other place.
const KEY: KeyPlace = KeyPlace::Query("apiKey");

/// Asks for the odds of a sport (`basketball_nba`): `regions` such as `us,us_ex`, `markets` such as `h2h,spreads`.
pub fn odds(sport: &str, regions: &[&str], markets: &[&str]) -> Request {
    let cost = u32::try_from(regions.len().max(1) * markets.len().max(1)).unwrap_or(u32::MAX);
    Request::get(VENDOR, format!("/v4/sports/{}/odds", segment(sport)))
        .with("regions", regions.join(","))
        .with("markets", markets.join(","))
        .with("oddsFormat", "decimal")
        .with("dateFormat", "iso")
        .keyed(KEY)
        .costing(cost)
}

/// Asks for the scores of a sport, with those of so many days back (0 to 3).
pub fn scores(sport: &str, days_back: u8) -> Request {
    let request = Request::get(VENDOR, format!("/v4/sports/{}/scores", segment(sport))).keyed(KEY);
    if days_back == 0 { request } else { request.with("daysFrom", days_back.min(3).to_string()).costing(2) }
}

/// Asks which sports there are: free.
pub fn sports() -> Request {
    Request::get(VENDOR, "/v4/sports").keyed(KEY).costing(0)
}

/// One outcome at one bookmaker.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// The team, `Draw`, `Over` or `Under`.
    pub name: String,
    /// Decimal odds, above [`LEAST_ODDS`].
    pub odds: f64,
    /// The line, of spreads and totals.
    pub point: Option<f64>,
}

/// One market at one bookmaker.
#[derive(Clone, Debug, PartialEq)]
pub struct BookMarket {
    /// The bookmaker.
    pub bookmaker: String,
    /// The market, such as `h2h`.
    pub key: String,
    /// When the bookmaker last said so: its age.
    pub observed_at: Timestamp,
    /// What is offered, without suspended outcomes and without lines that lack their point.
    pub outcomes: Vec<Outcome>,
}

impl BookMarket {
    /// Whether all outcomes are there that a head-to-head needs: two teams, and the draw where `draws` are possible.
    pub fn is_complete(&self, draws: bool) -> bool {
        self.outcomes.len() == if draws { 3 } else { 2 }
    }
}

/// One game.
#[derive(Clone, Debug, PartialEq)]
pub struct Game {
    /// The service's id.
    pub id: String,
    /// The sport.
    pub sport: String,
    /// When it begins.
    pub starts_at: Timestamp,
    /// The home team.
    pub home: String,
    /// The away team.
    pub away: String,
    /// The markets of all bookmakers.
    pub markets: Vec<BookMarket>,
}

impl Game {
    /// Whether it has begun: then the prices of this service are too slow to trade on.
    pub fn has_begun(&self, now: Timestamp) -> bool {
        now >= self.starts_at
    }

    /// The newest word of any bookmaker.
    pub fn newest(&self) -> Option<Timestamp> {
        self.markets.iter().map(|market| market.observed_at).max()
    }
}

#[derive(Deserialize)]
struct OutcomeRow {
    name: String,
    #[serde(default, deserialize_with = "json::number")]
    price: Option<f64>,
    #[serde(default, deserialize_with = "json::number")]
    point: Option<f64>,
}

#[derive(Deserialize)]
struct MarketRow {
    key: String,
    last_update: Option<String>,
    #[serde(default)]
    outcomes: Vec<OutcomeRow>,
}

#[derive(Deserialize)]
struct BookRow {
    key: String,
    last_update: Option<String>,
    #[serde(default)]
    markets: Vec<MarketRow>,
}

#[derive(Deserialize)]
struct GameRow {
    id: String,
    #[serde(default)]
    sport_key: String,
    commence_time: String,
    home_team: Option<String>,
    away_team: Option<String>,
    #[serde(default)]
    bookmakers: Vec<BookRow>,
}

/// A list, or the service's refusal in its place.
fn rows<'a, T: Deserialize<'a>>(at: &str, body: &'a [u8]) -> Result<Vec<T>, FeedError> {
    if json::first(body) == Some(b'{') {
        let said = refusal::said(body).unwrap_or_default();
        let status = if said.contains("KEY") { 401 } else { 422 };
        // The credits' codes are sorted before the status is looked at.
        let status = if said.contains("CREDITS") || said.contains("FREQ") { 429 } else { status };
        return Err(refusal::of_status(VENDOR, at, status, None, body));
    }
    json::parse(VENDOR, at, body)
}

fn moment(at: &str, text: &str) -> Result<Timestamp, FeedError> {
    rfc3339(text).ok_or_else(|| FeedError::unreadable(VENDOR, at, "a time with its zone", text))
}

/// Reads the answer of [`odds`]. Markets whose age is unknown are refused; suspended outcomes are left out.
///
/// # Errors
/// [`FeedError`].
pub fn parse_odds(body: &[u8]) -> Result<Vec<Game>, FeedError> {
    let at = "/odds";
    let mut out = Vec::new();
    for row in rows::<GameRow>(at, body)? {
        let mut markets = Vec::new();
        for book in row.bookmakers {
            for market in book.markets {
                let time = market.last_update.as_deref().or(book.last_update.as_deref()).unwrap_or_default();
                let lined = !matches!(market.key.as_str(), "h2h" | "h2h_lay" | "outrights" | "outrights_lay");
                let outcome = |row: OutcomeRow| {
                    let odds = row.price.filter(|odds| *odds > LEAST_ODDS && *odds <= 10_000.0)?;
                    (!lined || row.point.is_some()).then_some(Outcome { name: row.name, odds, point: row.point })
                };
                markets.push(BookMarket {
                    bookmaker: book.key.clone(),
                    observed_at: moment("last_update", time)?,
                    outcomes: market.outcomes.into_iter().filter_map(outcome).collect(),
                    key: market.key,
                });
            }
        }
        out.push(Game {
            id: row.id,
            sport: row.sport_key,
            starts_at: moment("commence_time", &row.commence_time)?,
            home: row.home_team.unwrap_or_default(),
            away: row.away_team.unwrap_or_default(),
            markets,
        });
    }
    Ok(out)
}

/// One game's score.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Score {
    /// The service's id of the game.
    pub id: String,
    /// Whether it is over.
    pub completed: bool,
    /// The teams with their points, in the service's order; empty before the game.
    pub points: Vec<(String, i64)>,
    /// When the score was last looked at; absent before the game.
    pub observed_at: Option<Timestamp>,
}

/// Reads the answer of [`scores`].
///
/// # Errors
/// [`FeedError`].
pub fn parse_scores(body: &[u8]) -> Result<Vec<Score>, FeedError> {
    #[derive(Deserialize)]
    struct Points {
        name: String,
        #[serde(default, deserialize_with = "json::whole")]
        score: Option<i64>,
    }
    #[derive(Deserialize)]
    struct Row {
        id: String,
        #[serde(default)]
        completed: bool,
        scores: Option<Vec<Points>>,
        last_update: Option<String>,
    }
    let at = "/scores";
    let read = |row: Row| {
        let observed_at = row.last_update.as_deref().map(|text| moment("last_update", text)).transpose()?;
        let points = row.scores.unwrap_or_default().into_iter();
        let points = points.filter_map(|points| Some((points.name, points.score?))).collect();
        Ok(Score { id: row.id, completed: row.completed, points, observed_at })
    };
    rows::<Row>(at, body)?.into_iter().map(read).collect()
}

/// American odds as decimal odds; `None` for what is none (-100 to 100).
pub fn from_american(odds: i32) -> Option<f64> {
    match odds {
        100.. => Some(1.0 + f64::from(odds) / 100.0),
        ..=-100 => Some(1.0 + 100.0 / f64::from(odds.unsigned_abs())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suspended_outcomes_and_lines_without_a_point_are_left_out() {
        let body = br#"[{"id":"e","sport_key":"basketball_nba","commence_time":"2026-11-21T00:10:00Z","home_team":"B","away_team":"M",
            "bookmakers":[{"key":"pinnacle","last_update":"2026-11-20T16:20:31Z","markets":[
              {"key":"h2h","last_update":"2026-11-20T16:20:40Z","outcomes":[{"name":"B","price":1.42},{"name":"M","price":1.01}]},
              {"key":"spreads","outcomes":[{"name":"B","price":"1.95","point":-7.5},{"name":"M","price":1.91}]}]}]}]"#;
        let games = parse_odds(body).unwrap();
        let [h2h, spreads] = &games[0].markets[..] else { panic!("two markets") };
        assert_eq!((h2h.outcomes.len(), spreads.outcomes.len(), h2h.is_complete(false)), (1, 1, false));
        assert!(h2h.observed_at > spreads.observed_at, "the bookmaker's time stands in for the market's");
        assert!(!games[0].has_begun(h2h.observed_at) && games[0].has_begun(games[0].starts_at));
    }

    #[test]
    fn credits_and_keys_are_told_apart() {
        let body = br#"{"message":"quota","error_code":"OUT_OF_USAGE_CREDITS"}"#;
        assert_eq!(parse_odds(body).unwrap_err().class(), "quota");
        assert_eq!(parse_odds(br#"{"message":"key","error_code":"INVALID_KEY"}"#).unwrap_err().class(), "auth");
        assert_eq!(parse_odds(br#"{"message":"x","error_code":"INVALID_MARKET"}"#).unwrap_err().class(), "refused");
    }

    #[test]
    fn scores_are_texts() {
        let body = br#"[{"id":"e","completed":true,"scores":[{"name":"B","score":"101"},{"name":"M","score":"99"}],"last_update":"2026-11-21T03:00:00Z"},
            {"id":"f","completed":false,"scores":null,"last_update":null}]"#;
        let scores = parse_scores(body).unwrap();
        assert_eq!(scores[0].points[0], ("B".to_owned(), 101));
        assert!(scores[1].points.is_empty());
        assert_eq!([from_american(150), from_american(-200), from_american(50)], [Some(2.5), Some(1.5), None]);
    }
}
