//! The Odds API: a few games of a generated evening.

use std::time::Duration;

use serde_json::{Value, json};

use super::day::Day;
use super::{Call, Reply};

const TEAMS: [(&str, &str); 3] =
    [("Boston Celtics", "Miami Heat"), ("Chicago Bulls", "Denver Nuggets"), ("Phoenix Suns", "Utah Jazz")];

pub(super) fn answer(day: &Day, call: &Call) -> Reply {
    let value = if call.path.ends_with("/odds") {
        odds(day, call)
    } else if call.path.ends_with("/scores") {
        scores(day)
    } else if call.path == "/v4/sports" {
        json!([{ "key": "basketball_nba", "group": "Basketball", "title": "NBA", "active": true, "has_outrights": false }])
    } else {
        return Reply::json(&json!({ "message": "Unknown sport", "error_code": "UNKNOWN_SPORT" })).with_status(404);
    };
    Reply::json(&value).with("x-requests-remaining", "487").with("x-requests-used", "13").with("x-requests-last", "2")
}

fn id(number: usize) -> String {
    format!("e912304de2b2ce35b473ce2ecd3d15{number:02}")
}

fn odds(day: &Day, call: &Call) -> Value {
    let at = day.data.minus(Duration::from_secs(25)).to_string();
    let games = TEAMS.iter().enumerate().map(|(number, (home, away))| {
        // The chance of the home team in thousandths, and a margin of 4 %.
        let chance = 350 + day.dice(home, day.data.secs() / 600, 300);
        let price = |thousandths: i64| (100_000.0 / (thousandths as f64 * 1.04)).round() / 100.0;
        let markets: Vec<Value> = call
            .param("markets")
            .split(',')
            .map(|key| {
                let outcomes = match key {
                    "spreads" => json!([{ "name": home, "price": 1.95, "point": -3.5 }, { "name": away, "price": 1.91, "point": 3.5 }]),
                    "totals" => json!([{ "name": "Over", "price": 1.9, "point": 221.5 }, { "name": "Under", "price": 1.96, "point": 221.5 }]),
                    _ => json!([{ "name": home, "price": price(chance) }, { "name": away, "price": price(1_000 - chance) }]),
                };
                json!({ "key": key, "last_update": at, "outcomes": outcomes })
            })
            .collect();
        let books = ["pinnacle", "draftkings"].map(|book| json!({ "key": book, "title": book, "last_update": at, "markets": markets }));
        json!({ "id": id(number), "sport_key": "basketball_nba", "sport_title": "NBA", "home_team": home, "away_team": away,
            "commence_time": day.hour().plus(Duration::from_hours(6 + number as u64)).to_string(), "bookmakers": books })
    });
    Value::Array(games.collect())
}

fn scores(day: &Day) -> Value {
    let game = |(number, (home, away)): (usize, &(&str, &str))| {
        let over = number == 0;
        let points = json!([{ "name": home, "score": "112" }, { "name": away, "score": "104" }]);
        json!({ "id": id(number), "sport_key": "basketball_nba", "commence_time": day.hour().to_string(), "completed": over,
            "home_team": home, "away_team": away, "scores": if over { points } else { Value::Null },
            "last_update": if over { json!(day.data.to_string()) } else { Value::Null } })
    };
    Value::Array(TEAMS.iter().enumerate().map(game).collect())
}
