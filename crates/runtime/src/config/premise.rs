//! What a model takes for granted of the markets that it looks at, as far as a configuration says it.

use brier_analyst::quantitative::Model;
use brier_feeds::settlement::Kind;
use brier_feeds::source::Extreme;
use brier_models::average::Sampling;
use brier_models::weather;

use super::analysts::{AnalystConfig, Mind};
use super::settings::StrategyConfig;
use super::value::MarketName;

/// What a model takes a series for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A forecast of a day's extreme.
    Forecast,
    /// What has been measured of it.
    Measured,
    /// A price as it is now.
    Spot,
    /// A volatility.
    Volatility,
    /// The mean of the window so far.
    MeanSoFar,
    /// Something else.
    Other,
}

/// How a model takes a price to settle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Averaging {
    /// The mean of so many prints, one a second; one price for 0.
    Prints(u32),
    /// Another mean.
    Other,
}

/// What a model's number is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A day's extreme.
    Extreme(Extreme),
    /// A price.
    Price(Averaging),
    /// Another number that the settlement table knows.
    Known(Kind),
    /// What the table knows nothing of.
    Unknown,
}

/// What one model takes for granted.
#[derive(Clone, Debug, PartialEq)]
pub struct Premise {
    /// Whose model it is, for people: ``strategy `nyc` ``.
    pub who: String,
    /// The markets that it names.
    pub markets: Vec<MarketName>,
    /// Whether it looks at every market besides.
    pub all_markets: bool,
    /// The series that it reads, and for what.
    pub series: Vec<(String, Role)>,
    /// What it is about.
    pub subject: Subject,
}

impl Premise {
    /// Whether it is about a market.
    pub fn is_about(&self, market: &MarketName) -> bool {
        self.all_markets || self.markets.contains(market)
    }
}

const fn extreme(it: weather::Extreme) -> Extreme {
    match it {
        weather::Extreme::High => Extreme::High,
        weather::Extreme::Low => Extreme::Low,
    }
}

impl StrategyConfig {
    /// What its own model takes for granted; `None` without one, or while it is switched off.
    pub fn premise(&self) -> Option<Premise> {
        const ROLES: [(&str, Role); 4] = [
            ("forecast_series", Role::Forecast),
            ("observed_series", Role::Measured),
            ("spot_series", Role::Spot),
            ("implied_series", Role::Volatility),
        ];
        if !self.enabled || !self.has_model() {
            return None;
        }
        let set = &self.parameters;
        let series = ROLES.into_iter().filter(|(key, _)| set.has(key));
        let series = series.filter_map(|(key, role)| Some((set.maybe_text(key)?, role)));
        let subject = if set.has("extreme") {
            Subject::Extreme(if set.text("extreme") == "low" { Extreme::Low } else { Extreme::High })
        } else if set.has("prints") {
            Subject::Price(Averaging::Prints(set.count("prints")))
        } else {
            Subject::Unknown
        };
        Some(Premise {
            who: format!("strategy `{}`", self.name),
            markets: self.markets.clone(),
            all_markets: self.all_markets,
            series: series.collect(),
            subject,
        })
    }
}

impl AnalystConfig {
    /// What its model takes for granted; `None` for one that reads the rules or pools what others say, is switched off, or tells
    /// nobody.
    pub fn premise(&self) -> Option<Premise> {
        let Mind::Model(form) = &self.mind else { return None };
        if !self.enabled || !self.tells {
            return None;
        }
        let subject = match form.model() {
            Model::DayExtreme { extreme: it, .. } => Subject::Extreme(extreme(*it)),
            Model::Terminal { .. } => Subject::Price(Averaging::Prints(0)),
            Model::Average { window, .. } | Model::UpOrDown { window, .. } => match window.sampling {
                Sampling::Prints(prints) if (window.seconds - f64::from(prints)).abs() < 0.5 => {
                    Subject::Price(Averaging::Prints(prints))
                }
                Sampling::Prints(_) | Sampling::Continuous => Subject::Price(Averaging::Other),
            },
            Model::Release { .. } => Subject::Known(Kind::Release),
            Model::Meeting { .. } => Subject::Known(Kind::Meeting),
            Model::Odds { .. } => Subject::Unknown,
            // What people think is of whatever they think of.
            Model::Pool { .. } => return None,
        };
        let role = |name: &str| match name {
            "forecast" | "forecast error" => Role::Forecast,
            "observed so far" => Role::Measured,
            "spot" => Role::Spot,
            "volatility" => Role::Volatility,
            "mean so far" => Role::MeanSoFar,
            _ => Role::Other,
        };
        let series = form.inputs().iter().filter_map(|it| Some((it.reading.series()?.to_owned(), role(&it.name))));
        Some(Premise {
            who: format!("analyst `{}`", self.name),
            markets: self.markets.clone(),
            all_markets: false,
            series: series.collect(),
            subject,
        })
    }
}
