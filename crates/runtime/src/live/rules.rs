//! Whether the markets of a run settle on what the settlement table says, and whether who has a model of them takes them for that:
//! each market's own rules are read at the start.

use brier_feeds::settlement::{Disagreement, Evidence, Kind, Rules, Settlement, SourceRef, Table, TickerTime};
use brier_feeds::source::{About, Source, day_of, tells};
use brier_types::{MarketTicker, Strike, Venue};

use crate::config::{
    AnalystConfig, Averaging, Config, MarketName, Mode, OnDisagreement, Premise, Role, StrategyConfig, Subject,
};

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
    /// What the settling number has to be, where the venue lists it in numbers.
    pub strike: Option<Strike>,
}

/// Why a market is not traded.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// Its rules are not what the settlement table says.
    #[error(transparent)]
    Rules(#[from] Disagreement),
    /// A model, or a feed behind it, is of something else than what settles it.
    #[error("{who} takes it for something else: {why}")]
    Premise {
        /// Whose model.
        who: String,
        /// What was expected and found.
        why: String,
    },
    /// The table's word on it is not the venue's own, and money would follow a model.
    #[error(
        "the settlement table knows the rules of {series} by others' descriptions only: read them, and say `evidence = \"recorded\"` \
         in a table of your own, which `feeds.settlement` names"
    )]
    Unread {
        /// Its series.
        series: String,
    },
}

/// Who says which markets may be traded.
#[derive(Clone, Debug)]
pub struct Judge<'a> {
    table: &'a Table,
    premises: Vec<Premise>,
    /// The feeds of the run, by the table's stations.
    sources: Vec<Source>,
    on: OnDisagreement,
    is_live: bool,
}

impl<'a> Judge<'a> {
    /// A judge for a run with this configuration.
    pub fn new(config: &Config, table: &'a Table) -> Self {
        let strategies = config.strategies.iter().filter_map(StrategyConfig::premise);
        let analysts = config.analysts.iter().filter_map(AnalystConfig::premise);
        let sources = config.feeds.list.iter().filter_map(|feed| Source::new(feed.spec.clone(), table).ok());
        Self {
            table,
            premises: strategies.chain(analysts).collect(),
            sources: sources.collect(),
            on: config.feeds.rules,
            is_live: config.run.mode == Mode::Live,
        }
    }

    /// Why a market must not be traded: its rules disagree with the table; the table does not know it, or knows it by others'
    /// descriptions only while money is at stake, and a model is about it; or a model, or a feed behind it, is of another station,
    /// day, extreme, price or mean. What no model looks at may settle on anything that the table does not know; an analyst that
    /// reads has read the rules.
    pub fn refuses(&self, rules: &MarketRules) -> Option<Refusal> {
        let why = self.finds(rules)?;
        let MarketRules { venue, market, .. } = rules;
        match self.on {
            OnDisagreement::Refuse => {
                tracing::error!(%venue, %market, %why, "it is not traded");
                Some(why)
            }
            OnDisagreement::Warn => {
                tracing::warn!(%venue, %market, %why, "this paper run trades it all the same");
                None
            }
        }
    }

    /// The same without a word in the log, and whatever a disagreement means.
    pub fn finds(&self, rules: &MarketRules) -> Option<Refusal> {
        let sources: Vec<SourceRef<'_>> = rules.sources.iter().map(|(name, url)| SourceRef { name, url }).collect();
        let MarketRules { venue, market, id, primary, secondary, strike, .. } = rules;
        let rules = Rules { venue: *venue, id, primary, secondary, sources: &sources, strike: *strike };
        let name = MarketName { venue: *venue, market: market.clone() };
        let mut about = self.premises.iter().filter(|it| it.is_about(&name)).peekable();
        let settlement = match self.table.check(&rules) {
            Ok(settlement) => settlement,
            Err(Disagreement::Unknown { .. }) if about.peek().is_none() => return None,
            Err(why) => return Some(why.into()),
        };
        if self.is_live && about.peek().is_some() && settlement.evidence() == Evidence::Reference {
            return Some(Refusal::Unread { series: settlement.series.name.clone() });
        }
        about.find_map(|premise| {
            let why = premise_fails(premise, &settlement, &self.sources, self.table)?;
            Some(Refusal::Premise { who: premise.who.clone(), why })
        })
    }
}

/// What of a premise is not so; `None` if all that can be known is.
fn premise_fails(premise: &Premise, settled: &Settlement<'_>, sources: &[Source], table: &Table) -> Option<String> {
    let family = settled.family;
    let mean = |prints| match prints {
        0 => "one price".to_owned(),
        prints => format!("the mean of {prints} prints, one a second"),
    };
    let model = match premise.subject {
        Subject::Extreme(extreme) if family.extreme == Some(extreme) => None,
        Subject::Extreme(extreme) => Some(format!("a day's {extreme}")),
        Subject::Price(Averaging::Prints(prints)) if family.prints == Some(prints) => None,
        Subject::Price(Averaging::Prints(prints)) => Some(mean(prints)),
        Subject::Price(Averaging::Other) => Some("another mean than one of a print a second".to_owned()),
        Subject::Known(kind) if family.kind == Some(kind) => None,
        Subject::Known(kind) => Some(format!("a {kind}")),
        Subject::Unknown => Some("what the settlement table has no word for".to_owned()),
    };
    if let Some(model) = model {
        return Some(format!("expected a model of the {}, found one of {model}", family.datum));
    }
    for (series, role) in &premise.series {
        // What another program tells is its own affair.
        for source in sources.iter().filter(|source| tells(source.series(), series)) {
            let why = source_fails(source, series, settled, table).or_else(|| role_fails(source, *role));
            if let Some(why) = why {
                return Some(format!("series `{series}`: {why}"));
            }
        }
    }
    None
}

/// What a feed is taken for and is not.
fn role_fails(source: &Source, role: Role) -> Option<String> {
    let (found, fits) = match source.about() {
        About::Forecast(..) => ("a forecast", role == Role::Forecast),
        About::Measured(..) => ("what was measured", role == Role::Measured),
        About::Price(_) => ("a price", role == Role::Spot),
        About::Mean(_) => ("a mean of prices", role == Role::MeanSoFar),
        About::Volatility(_) => ("a volatility", role == Role::Volatility),
        About::Statistic(_) | About::Other => ("something else", role == Role::Other),
    };
    let expected = match role {
        Role::Forecast => "a forecast",
        Role::Measured => "what was measured",
        Role::Spot => "a price",
        Role::Volatility => "a volatility",
        Role::MeanSoFar => "a mean of prices",
        Role::Other => "another number",
    };
    (!fits).then(|| format!("expected {expected}, found {found}"))
}

fn source_fails(source: &Source, series: &str, settled: &Settlement<'_>, table: &Table) -> Option<String> {
    match source.about() {
        About::Forecast(station, extreme) | About::Measured(station, extreme) => {
            let (Some(expected), Some(day_extreme)) = (settled.station, settled.family.extreme) else {
                return Some(format!("expected {}, found temperatures at {}", settled.family.datum, station.icao));
            };
            if expected.report != station.report {
                return Some(format!("expected station {}, found a feed of {}", expected.icao, station.icao));
            }
            if day_extreme != extreme {
                return Some(format!("expected the day's {day_extreme}, found a feed of its {extreme}"));
            }
            match (settled.time.and_then(TickerTime::date), day_of(source.series(), series)) {
                (Some(expected), Some(day)) if expected == day => None,
                (Some(expected), Some(day)) => Some(format!("expected the day {expected}, found {day}")),
                _ => Some("expected a day in the market's name and in the series', found none".to_owned()),
            }
        }
        About::Price(symbol) | About::Mean(symbol) | About::Volatility(symbol) => {
            let Some(expected) = settled.underlying else {
                return Some(format!("expected {}, found a feed of `{symbol}`", settled.family.datum));
            };
            let found = table.underlying_of(symbol);
            (found != Some(expected)).then(|| {
                let known = expected.symbols.join(", ");
                format!("expected a feed of {} ({known}), found `{symbol}`", expected.name)
            })
        }
        About::Statistic(period) => match (settled.family.kind, period, settled.time) {
            (None, ..) => Some(format!("expected {}, found a statistic", settled.family.datum)),
            // A release is of the month in its market's name.
            (Some(Kind::Release), Some((year, month)), Some(time)) if time.day.is_none() => {
                let fits = (year, month) == (time.year, time.month);
                let expected = format!("{}-{:02}", time.year, time.month);
                (!fits).then(|| format!("expected the number of {expected}, found that of {year}-{month:02}"))
            }
            (Some(_), ..) => None,
        },
        About::Other => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use brier_types::Bound;

    use crate::config::{Environment, Sources, load};

    const RULES: &str = "If the highest temperature recorded in Central Park, New York for November 29, 2026 as reported by the \
         National Weather Service's Climatological Report (Daily), is greater than 52, then the market resolves to Yes.";

    /// Two feeds of New York's high, one of Chicago's, and one of each of two coins.
    const FEEDS: [(&str, &str, &str, &str); 9] = [
        ("metar", "KNYC", "seen:NYC:{date}", "high"),
        ("deribit", "BTC", "dvol:BTC", "high"),
        ("cleveland", "CPI Inflation@2026-10", "cpi:october", "high"),
        ("cleveland", "CPI Inflation@2026-11", "cpi:november", "high"),
        ("nws", "KNYC", "high:NYC:{date}", "high"),
        ("metar", "KNYC", "low:NYC:{date}", "low"),
        ("nws", "KMDW", "high:MDW:{date}", "high"),
        ("coinbase", "BTC-USD", "spot:BTC", "high"),
        ("coinbase", "ETH-USD", "spot:ETH", "high"),
    ];

    fn config(strategy: &str) -> Config {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("b.toml");
        let feeds = FEEDS.map(|(vendor, of, series, extreme)| {
            let name = series.replace([':', '{', '}'], "-").to_lowercase();
            let keys = format!("vendor = \"{vendor}\"\nof = \"{of}\"\nseries = \"{series}\"\nextreme = \"{extreme}\"");
            format!("[[feed]]\nname = \"{name}\"\n{keys}\n")
        });
        let text = format!("[run]\ndata_dir = \"d\"\n{strategy}\n{}", feeds.concat());
        std::fs::write(&file, text).unwrap();
        let environment = Environment::from_pairs([("HOME".to_owned(), "/".to_owned())]);
        let sources = Sources { project: Some(file), environment, ..Sources::default() };
        load(sources).into_config().unwrap().0
    }

    fn strategy(kind: &str, market: &str, parameters: &str) -> Config {
        config(&format!(
            "[[strategy]]\nname = \"a\"\nkind = \"{kind}\"\nmarkets = [\"{market}\"]\n[strategy.parameters]\n{parameters}"
        ))
    }

    fn analyst(kind: &str, market: &str, parameters: &str) -> Config {
        config(&format!(
            "[[analyst]]\nname = \"a\"\nkind = \"{kind}\"\nmarkets = [\"kalshi:{market}\"]\n[analyst.parameters]\n{parameters}"
        ))
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
            strike: Bound::parse("52").map(Strike::Above),
        }
    }

    fn refuses(config: &Config, rules: &MarketRules) -> Option<String> {
        Judge::new(config, Table::embedded()).refuses(rules).map(|why| why.to_string())
    }

    #[test]
    fn a_market_whose_rules_name_another_station_is_not_traded_by_anybody() {
        let market = "KXHIGHNY-26NOV29-T52";
        let mut maker = strategy("market_maker", &format!("kalshi:{market}"), "");
        let good = rules(market, RULES);
        assert_eq!(refuses(&maker, &good), None);
        let other = rules(market, &RULES.replace("Central Park", "LaGuardia Airport"));
        assert!(refuses(&maker, &other).is_some());
        let report = MarketRules {
            sources: vec![("NWS".to_owned(), "https://x.test/?issuedby=LGA".to_owned())],
            ..rules(market, RULES)
        };
        assert!(refuses(&maker, &report).is_some());
        maker.feeds.rules = OnDisagreement::Warn;
        assert_eq!(refuses(&maker, &other), None, "a paper run may be told to go on");
    }

    #[test]
    fn what_the_table_does_not_know_is_for_strategies_without_a_model() {
        let market = "KXTEST-27JAN01-A";
        let unknown = rules(market, "If it happens.");
        assert_eq!(refuses(&strategy("market_maker", &format!("kalshi:{market}"), ""), &unknown), None);
        let model = strategy("up_or_down", &format!("kalshi:{market}"), "spot_series = \"spot:BTC\"");
        assert!(refuses(&model, &unknown).unwrap().contains("no series of the settlement table"));
    }

    fn weather(extreme: &str, series: &str) -> Config {
        let parameters = format!("extreme = \"{extreme}\"\nforecast_series = \"{series}\"");
        strategy("weather", "kalshi:KXHIGHNY-26NOV29-T52", &parameters)
    }

    #[test]
    fn a_feed_of_another_station_day_or_extreme_is_no_basis_for_a_trade() {
        let market = rules("KXHIGHNY-26NOV29-T52", RULES);
        assert_eq!(refuses(&weather("high", "high:NYC:2026-11-29"), &market), None);
        for (extreme, series, why) in [
            (
                "high",
                "high:MDW:2026-11-29",
                "series `high:MDW:2026-11-29`: expected station KNYC, found a feed of KMDW",
            ),
            (
                "high",
                "high:NYC:2026-11-28",
                "series `high:NYC:2026-11-28`: expected the day 2026-11-29, found 2026-11-28",
            ),
            (
                "high",
                "low:NYC:2026-11-29",
                "series `low:NYC:2026-11-29`: expected the day's high, found a feed of its low",
            ),
        ] {
            let found = refuses(&weather(extreme, series), &market).unwrap();
            assert_eq!(found, format!("strategy `a` takes it for something else: {why}"));
        }
        let low = refuses(&weather("low", "low:NYC:2026-11-29"), &market).unwrap();
        assert!(low.ends_with("found one of a day's low"), "{low}");
        let metar = refuses(&weather("high", "seen:NYC:2026-11-29"), &market).unwrap();
        assert!(metar.ends_with("expected a forecast, found what was measured"), "{metar}");
        // A price is no temperature, and a model of prices none of weather.
        let spot = refuses(&weather("high", "spot:BTC"), &market).unwrap();
        assert!(spot.ends_with("found a feed of `BTC-USD`"), "{spot}");
        let range = strategy("range", "kalshi:KXHIGHNY-26NOV29-T52", "spot_series = \"spot:BTC\"\nprints = 60");
        let range = refuses(&range, &market).unwrap();
        assert!(range.ends_with("found one of the mean of 60 prints, one a second"), "{range}");
        // What another program tells is its own affair, and who has no model takes nothing for granted.
        assert_eq!(refuses(&weather("high", "mine:NYC"), &market), None);
    }

    const BITCOIN: &str = "If the simple average of the sixty seconds of CF Benchmarks' Bitcoin Real-Time Index (BRTI) before 5 PM EST is \
         above 98,749.99 at 5 PM EST on Nov 29, 2026, then the market resolves to Yes.";

    #[test]
    fn a_feed_of_another_coin_or_a_model_of_another_mean_is_no_basis_for_a_trade() {
        let name = "KXBTCD-26NOV2917-T98749.99";
        let index = ("CF Benchmarks".to_owned(), "https://www.cfbenchmarks.com/data/indices/BRTI".to_owned());
        let market = MarketRules {
            strike: Bound::parse("98749.99").map(Strike::Above),
            sources: vec![index],
            ..rules(name, BITCOIN)
        };
        let range = |spot: &str, prints: u32| {
            let parameters = format!("spot_series = \"spot:{spot}\"\nprints = {prints}");
            strategy("range", &format!("kalshi:{name}"), &parameters)
        };
        assert_eq!(refuses(&range("BTC", 60), &market), None);
        let coin = refuses(&range("ETH", 60), &market).unwrap();
        assert!(coin.contains("expected a feed of BTC (BTC, BTCUSD, "), "{coin}");
        assert!(coin.ends_with("found `ETH-USD`"), "{coin}");
        let last = refuses(&range("BTC", 0), &market).unwrap();
        assert!(last.ends_with("found one of one price"), "{last}");
        let other = MarketRules { strike: Bound::parse("98999.99").map(Strike::Above), ..market.clone() };
        assert!(refuses(&range("BTC", 60), &other).unwrap().contains("expected the listed strike, above 98999.99"));
        let swapped = "spot_series = \"dvol:BTC\"\nimplied_series = \"spot:BTC\"\nprints = 60";
        let swapped = refuses(&strategy("range", &format!("kalshi:{name}"), swapped), &market).unwrap();
        assert!(swapped.ends_with("series `dvol:BTC`: expected a price, found a volatility"), "{swapped}");
        let hour = "window_s = 3600\nprints = 60\n[analyst.inputs.spot]\nseries = \"spot:BTC\"\nbaseline = 98000\n\
                    [analyst.inputs.volatility]\nstated = 0.0001\n";
        let hour = refuses(&analyst("average", name, hour), &market).unwrap();
        assert!(hour.ends_with("found one of another mean than one of a print a second"), "{hour}");
        // The rules of this series are known by others' descriptions, which is not enough for money.
        let mut judge = Judge::new(&range("BTC", 60), Table::embedded());
        judge.is_live = true;
        assert!(matches!(judge.refuses(&market), Some(Refusal::Unread { series }) if series == "KXBTCD"));
        let mut judge = Judge::new(&strategy("market_maker", &format!("kalshi:{name}"), ""), Table::embedded());
        judge.is_live = true;
        assert_eq!(judge.refuses(&market), None);
    }

    #[test]
    fn a_release_of_another_month_or_another_kind_of_model_is_no_basis_for_a_trade() {
        let name = "KXCPI-26NOV-T0.2";
        let of = |month: &str| MarketRules {
            strike: Bound::parse("0.2").map(Strike::Above),
            sources: vec![("BLS".to_owned(), "https://www.bls.gov/".to_owned())],
            ..rules(name, &format!("If the CPI by the BLS for {month} is above 0.2, then the market resolves to Yes."))
        };
        let inputs = |series: &str| {
            format!(
                "step = 0.1\n[analyst.inputs.nowcast]\nseries = \"{series}\"\nbaseline = 0.2\n[analyst.inputs.nowcast_error]\nstated = 0.1\n"
            )
        };
        let november = analyst("release", name, &inputs("cpi:november"));
        assert_eq!(refuses(&november, &of("November 2026")), None);
        let other = refuses(&november, &of("October 2025")).unwrap();
        assert!(other.contains("expected 2026-11, as its ticker says, in the primary rules, found 2025-10"), "{other}");
        let october = refuses(&analyst("release", name, &inputs("cpi:october")), &of("November 2026")).unwrap();
        assert!(october.ends_with("expected the number of 2026-11, found that of 2026-10"), "{october}");
        let weather = "KXHIGHNY-26NOV29-T52";
        let refused = refuses(&analyst("release", weather, &inputs("cpi:november")), &rules(weather, RULES)).unwrap();
        assert!(refused.ends_with("found one of a release"), "{refused}");
        // What people think is theirs.
        let pool = analyst("pool", "KXTEST-27JAN01-A", "[analyst.inputs.me]\nstated = 0.4\n");
        assert_eq!(refuses(&pool, &rules("KXTEST-27JAN01-A", "If it happens.")), None);
    }
}
