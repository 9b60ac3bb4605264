//! Whether the markets of a run settle on what the settlement table says: each market's own rules are read at the start.

use brier_feeds::settlement::{Disagreement, Rules, SourceRef, Table};
use brier_types::{MarketTicker, Venue};

use crate::config::{AnalystConfig, OnDisagreement, StrategyConfig};

/// What a market says about its settlement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MarketRules {
    /// Its venue.
    pub venue: Venue,
    /// Its name.
    pub market: MarketTicker,
    /// What the table finds it by: the ticker, or Polymarket's slug.
    pub id: String,
    /// The rule.
    pub primary: String,
    /// What is said besides.
    pub secondary: String,
    /// Names and addresses of its sources.
    pub sources: Vec<(String, String)>,
}

/// Who says which markets may be traded.
#[derive(Clone, Copy, Debug)]
pub struct Judge<'a> {
    /// The settlement table.
    pub table: &'a Table,
    /// Who trades what.
    pub strategies: &'a [StrategyConfig],
    /// Who tells what a market is worth.
    pub analysts: &'a [AnalystConfig],
    /// What a disagreement means.
    pub on: OnDisagreement,
}

impl Judge<'_> {
    /// Why a market must not be traded: its rules disagree with the table, or the table does not know it and a strategy with a model
    /// trades it, or an analyst with one tells what it is worth. What no model looks at may settle on anything that the table does
    /// not know; an analyst that reads has read the rules.
    pub fn refuses(&self, rules: &MarketRules) -> Option<Disagreement> {
        let sources: Vec<SourceRef<'_>> = rules.sources.iter().map(|(name, url)| SourceRef { name, url }).collect();
        let MarketRules { venue, id, primary, secondary, .. } = rules;
        let why = self.table.check(&Rules { venue: *venue, id, primary, secondary, sources: &sources }).err()?;
        let by_a_model = |strategy: &StrategyConfig| {
            let named = strategy.markets.iter().any(|name| name.venue == *venue && name.market == rules.market);
            strategy.enabled && strategy.has_model() && (named || strategy.all_markets)
        };
        let told_by_a_model = |analyst: &AnalystConfig| {
            let named = analyst.markets.iter().any(|name| name.venue == *venue && name.market == rules.market);
            analyst.enabled && analyst.tells && analyst.is_model() && named
        };
        let modeled = self.strategies.iter().any(by_a_model) || self.analysts.iter().any(told_by_a_model);
        if matches!(why, Disagreement::Unknown { .. }) && !modeled {
            return None;
        }
        let market = &rules.market;
        match self.on {
            OnDisagreement::Refuse => {
                tracing::error!(%venue, %market, %why, "its rules are not what the settlement table says: it is not traded");
                Some(why)
            }
            OnDisagreement::Warn => {
                tracing::warn!(%venue, %market, %why, "its rules are not what the settlement table says; this paper run trades it");
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Environment, Sources, load};

    const RULES: &str = "If the highest temperature recorded in Central Park, New York for November 29, 2026 as reported by the \
         National Weather Service's Climatological Report (Daily), is greater than 52, then the market resolves to Yes.";

    fn strategies(kind: &str, market: &str, parameters: &str) -> Vec<StrategyConfig> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("b.toml");
        let text = format!(
            "[run]\ndata_dir = \"d\"\n[[strategy]]\nname = \"a\"\nkind = \"{kind}\"\nmarkets = [\"{market}\"]\n[strategy.parameters]\n{parameters}\n"
        );
        std::fs::write(&file, text).unwrap();
        let environment = Environment::from_pairs([("HOME".to_owned(), "/".to_owned())]);
        let sources = Sources { project: Some(file), environment, ..Sources::default() };
        load(sources).into_config().unwrap().0.strategies
    }

    fn rules(ticker: &str, primary: &str) -> MarketRules {
        let url = "https://forecast.weather.gov/product.php?site=OKX&product=CLI&issuedby=NYC".to_owned();
        MarketRules {
            venue: Venue::Kalshi,
            market: ticker.parse().unwrap(),
            id: ticker.to_owned(),
            primary: primary.to_owned(),
            secondary: String::new(),
            sources: vec![("National Weather Service".to_owned(), url)],
        }
    }

    fn refuses(strategies: &[StrategyConfig], rules: &MarketRules, on: OnDisagreement) -> Option<Disagreement> {
        Judge { table: Table::embedded(), strategies, analysts: &[], on }.refuses(rules)
    }

    #[test]
    fn a_market_whose_rules_name_another_station_is_not_traded_by_anybody() {
        let market = "KXHIGHNY-26NOV29-T52";
        let maker = strategies("market_maker", &format!("kalshi:{market}"), "");
        let good = rules(market, RULES);
        assert_eq!(refuses(&maker, &good, OnDisagreement::Refuse), None);
        let other = rules(market, &RULES.replace("Central Park", "LaGuardia Airport"));
        assert!(refuses(&maker, &other, OnDisagreement::Refuse).is_some());
        assert_eq!(refuses(&maker, &other, OnDisagreement::Warn), None, "a paper run may be told to go on");
        let report = MarketRules {
            sources: vec![("NWS".to_owned(), "https://x.test/?issuedby=LGA".to_owned())],
            ..rules(market, RULES)
        };
        assert!(refuses(&maker, &report, OnDisagreement::Refuse).is_some());
    }

    #[test]
    fn what_the_table_does_not_know_is_for_strategies_without_a_model() {
        let market = "KXTEST-27JAN01-A";
        let unknown = rules(market, "If it happens.");
        let maker = strategies("market_maker", &format!("kalshi:{market}"), "");
        assert_eq!(refuses(&maker, &unknown, OnDisagreement::Refuse), None);
        let model = strategies("up_or_down", &format!("kalshi:{market}"), "spot_series = \"spot:BTC\"");
        assert!(matches!(refuses(&model, &unknown, OnDisagreement::Refuse), Some(Disagreement::Unknown { .. })));
    }
}
