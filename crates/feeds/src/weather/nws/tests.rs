use super::*;
use jiff::civil;

#[test]
fn merged_hours_are_expanded_and_holes_left_out() {
    let body = br#"{"properties":{"updateTime":"2026-11-20T15:41:12+00:00","temperature":{"uom":"wmoUnit:degC","values":[
        {"validTime":"2026-11-20T12:00:00+00:00/PT3H","value":11.1},{"validTime":"2026-11-20T15:00:00+00:00/PT1H","value":null}]}}}"#;
    let grid = parse_grid(body).unwrap();
    let hours = expand(&grid.temperature);
    assert_eq!((hours.len(), hours[2].at.to_string()), (3, "2026-11-20T14:00:00Z".to_owned()));
    let endless = Interval { start: Timestamp::EPOCH, length: Duration::MAX, value: Some(1.0) };
    assert_eq!(expand(&[endless]).len(), 336);
}

#[test]
fn the_days_maximum_may_be_at_midnight_or_in_the_daytime_layer() {
    let day = ClimateDay::new(civil::date(2026, 11, 20), -5).unwrap();
    let period = |hour: u64, temperature: f64| {
        let start = day.start.plus(Duration::from_hours(hour));
        let end = start.plus(Duration::from_hours(1));
        Period { start, end, temperature: Some(temperature), precipitation_chance: None }
    };
    let forecast = |periods| Forecast { updated_at: day.start, generated_at: None, periods };
    let daytime = |celsius| {
        let start = day.start.plus(Duration::from_hours(7));
        vec![Interval { start, length: Duration::from_hours(13), value: Some(celsius) }]
    };
    let grid = |celsius| Grid {
        updated_at: day.start,
        temperature: Vec::new(),
        max_temperature: daytime(celsius),
        min_temperature: Vec::new(),
        precipitation_chance: Vec::new(),
        precipitation: Vec::new(),
    };
    // The front has passed by morning; the hour after the day's end does not count.
    let falling = forecast(vec![period(0, 61.0), period(12, 45.0), period(24, 70.0)]);
    assert_eq!(day_max(&falling, &grid(8.0), day), Some((61.0, 2)));
    assert_eq!(day_max(&falling, &grid(20.0), day), Some((68.0, 2)));
    assert_eq!(day_max(&forecast(Vec::new()), &grid(20.0), day), None);
}

#[test]
fn doubted_observations_are_absent_and_problems_are_told() {
    let body = |quality: &str| {
        format!(
            r#"{{"properties":{{"timestamp":"2026-11-20T15:51:00+00:00","temperature":{{"unitCode":"wmoUnit:degC","value":10.6,"qualityControl":"{quality}"}}}}}}"#
        )
    };
    for (quality, kept) in [("V", true), ("Z", true), ("X", false), ("Q", false), ("B", false)] {
        let seen = parse_observation(body(quality).as_bytes()).unwrap();
        assert_eq!(seen.temperature.is_some(), kept, "{quality}");
    }
    let problem = br#"{"title":"Data Unavailable For Requested Point","status":404,"detail":"none"}"#;
    assert_eq!(parse_point(problem).unwrap_err().class(), "no data");
    assert_eq!(point(40.779_04, -73.969_25).path, "/points/40.779,-73.9693");
}
