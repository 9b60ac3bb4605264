//! What a model takes for granted of the markets that it looks at, as far as a configuration says it.

use brier_analyst::quantitative::Model;
use brier_feeds::source::Extreme;
use brier_models::average::Sampling;
use brier_models::weather;

use super::analysts::{AnalystConfig, Mind};
use super::settings::StrategyConfig;
use super::value::MarketName;

/// What one model takes for granted.
#[derive(Clone, Debug, PartialEq)]
pub struct Premise {
    /// Whose model it is, for people: ``strategy `nyc` ``.
    pub who: String,
    /// The markets that it names.
    pub markets: Vec<MarketName>,
    /// Whether it looks at every market besides.
    pub all_markets: bool,
    /// The series that it reads.
    pub series: Vec<String>,
    /// The extreme of a day that it is about, if it is about one.
    pub extreme: Option<Extreme>,
    /// Prints whose mean it takes for what settles, 0 where one price does; `None` if it is not about a price.
    pub prints: Option<u32>,
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
        if !self.enabled || !self.has_model() {
            return None;
        }
        let set = &self.parameters;
        let low = set.has("extreme") && set.text("extreme") == "low";
        Some(Premise {
            who: format!("strategy `{}`", self.name),
            markets: self.markets.clone(),
            all_markets: self.all_markets,
            series: self.make().map(|it| it.interest().series).unwrap_or_default(),
            extreme: set.has("extreme").then_some(if low { Extreme::Low } else { Extreme::High }),
            prints: set.has("prints").then(|| set.count("prints")),
        })
    }
}

impl AnalystConfig {
    /// What its model takes for granted; `None` for one that reads the rules, is switched off, or tells nobody.
    pub fn premise(&self) -> Option<Premise> {
        let Mind::Model(form) = &self.mind else { return None };
        if !self.enabled || !self.tells {
            return None;
        }
        let (extreme, prints) = match form.model() {
            Model::DayExtreme { extreme: it, .. } => (Some(extreme(*it)), None),
            Model::Terminal { .. } => (None, Some(0)),
            Model::Average { window, .. } | Model::UpOrDown { window, .. } => match window.sampling {
                Sampling::Prints(prints) => (None, Some(prints)),
                // Of a continuous mean nobody says how many prints it has.
                Sampling::Continuous => (None, None),
            },
            Model::Release { .. } | Model::Meeting { .. } | Model::Odds { .. } | Model::Pool { .. } => (None, None),
        };
        Some(Premise {
            who: format!("analyst `{}`", self.name),
            markets: self.markets.clone(),
            all_markets: false,
            series: self.series().into_iter().map(str::to_owned).collect(),
            extreme,
            prints,
        })
    }
}
