//! `[feeds]` and `[[feed]]`: what is asked of whom, understood as far as that is possible without asking.

use std::fmt;

use brier_connect::host::is_near;
use brier_feeds::settlement::Table;
use brier_feeds::source::{DATE_MARK, Extreme, Source, Spec, tells};
use brier_feeds::vendor::{KeyNeed, Vendor};

use super::layers::Values;
use super::problem::{Origin, Problem, nearest};
use super::settings::{Config, FeedConfig, FeedsConfig, Mode, OnDisagreement, Tables};
use super::value::MarketName;

pub(super) fn feeds(tables: &Tables, mode: Mode, problems: &mut Vec<Problem>) -> FeedsConfig {
    let set = tables.section("feeds");
    let (emulator, settlement) = (set.maybe_text("emulator"), set.maybe_path("settlement"));
    let rules = if set.text("rules") == "warn" { OnDisagreement::Warn } else { OnDisagreement::Refuse };
    let mut wrong = |name: &str, text: &str, hint: &str| {
        problems.push(Problem::new(set.origin(name), format!("feeds.{name}"), text).hint(hint));
    };
    if let Some(url) = &emulator {
        if mode == Mode::Live {
            wrong("emulator", "a live run would trade on made-up data", "leave it out, or say `run.mode = \"paper\"`");
        } else if !host(url).is_some_and(is_near) {
            wrong(
                "emulator",
                "expected an address of this machine or network",
                "use the one that `brier feeds emulate` prints",
            );
        }
    }
    if mode == Mode::Live && rules == OnDisagreement::Warn {
        let text = "a live run would trade markets that may settle on something else";
        wrong("rules", text, "leave it at \"refuse\", or correct the table and name it in `feeds.settlement`");
    }
    let mut list: Vec<(FeedConfig, &Origin)> = Vec::new();
    for (values, origin) in &tables.feeds {
        let Some(feed) = feed(values, settlement.is_none(), problems) else { continue };
        if list.iter().any(|(other, _)| other.name == feed.name) {
            let text = "another feed has this name already";
            problems.push(Problem::new(origin, format!("feed.{}.name", feed.name), text));
        }
        let twin = list.iter().find(|(other, _)| other.spec.series == feed.spec.series);
        if let Some((other, _)) = twin.filter(|_| values.flag("enabled")) {
            let text = format!("feed `{}` tells `{}` already", other.name, feed.spec.series);
            let problem = Problem::new(values.origin("series"), format!("feed.{}.series", feed.name), text);
            problems.push(problem.hint("two sources of one number take turns at being believed; give each its name"));
        }
        if values.flag("enabled") {
            list.push((feed, origin));
        }
    }
    for (feed, origin) in &list {
        let vendor = feed.spec.vendor;
        let has_key = emulator.is_some() || list.iter().any(|(it, _)| it.spec.vendor == vendor && it.key.is_some());
        if vendor.key_need() == KeyNeed::Required && !has_key {
            let text = format!("has to be set: {vendor} answers nobody without a key");
            let problem = Problem::new(origin, format!("feed.{}.key", feed.name), text);
            problems.push(problem.hint("say where it is: \"env:NAME\" or \"file:PATH\""));
        }
    }
    let list = list.into_iter().map(|(feed, _)| feed).collect();
    FeedsConfig { emulator, contact: set.maybe_text("contact"), settlement, rules, list }
}

/// A series that somebody wants and no feed tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unfed {
    /// Who wants it: ``strategy `nyc` ``.
    pub who: String,
    /// The series.
    pub series: String,
    /// The series of a feed that may be meant.
    pub meant: Option<String>,
}

impl fmt::Display for Unfed {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} wants to know `{}`, and nobody tells it", self.who, self.series)?;
        self.meant.as_ref().map_or(Ok(()), |meant| write!(out, "; did you mean `{meant}`?"))
    }
}

/// Series that an enabled strategy or analyst wants and no feed gives. With `[remote]` another program may tell them.
pub fn unfed(config: &Config) -> Vec<Unfed> {
    let given = || config.feeds.list.iter().map(|feed| feed.spec.series.as_str());
    let mut unfed = Vec::new();
    let mut want = |who: String, wanted: Vec<String>| {
        for series in wanted.into_iter().filter(|series| !given().any(|given| tells(given, series))) {
            // Days aside: a feed has a mark where a series has one.
            let day =
                series.split(':').find(|part| part.len() == 10 && part.split('-').count() == 3).unwrap_or(DATE_MARK);
            let bare: Vec<String> = given().map(|given| given.replace(DATE_MARK, "")).collect();
            let meant = nearest(&series.replace(day, ""), bare.iter().map(String::as_str));
            let meant = meant.and_then(|meant| bare.iter().position(|it| it == meant)).and_then(|at| given().nth(at));
            let meant = meant.map(|meant| meant.replace(DATE_MARK, day));
            unfed.push(Unfed { who: who.clone(), series, meant });
        }
    };
    for it in config.strategies.iter().filter(|it| it.enabled) {
        let wanted = it.make().map(|strategy| strategy.interest().series).unwrap_or_default();
        want(format!("strategy `{}`", it.name), wanted);
    }
    let is_told =
        |market: &MarketName| config.analysts.iter().any(|it| it.enabled && it.tells && it.markets.contains(market));
    for it in config.strategies.iter().filter(|it| it.enabled && it.needs_fair()) {
        let untold = it.markets.iter().filter(|market| !is_told(market));
        want(format!("strategy `{}`", it.name), untold.map(|market| format!("fair value of {market}")).collect());
    }
    for it in config.analysts.iter().filter(|it| it.enabled) {
        want(format!("analyst `{}`", it.name), it.series().into_iter().map(str::to_owned).collect());
    }
    unfed
}

/// One feed; `None` where its vendor is none. With `is_embedded` its stations are those that come with the program.
fn feed(values: &Values, is_embedded: bool, problems: &mut Vec<Problem>) -> Option<FeedConfig> {
    let name = values.maybe_text("name").unwrap_or_default();
    let (vendor, of, series) = (values.maybe_text("vendor")?, values.maybe_text("of")?, values.maybe_text("series")?);
    let vendor: Vendor = match vendor.parse() {
        Ok(vendor) => vendor,
        Err(error) => {
            let names = || Vendor::ALL.iter().map(|vendor| vendor.name());
            let problem = Problem::new(
                values.origin("vendor"),
                format!("feed.{name}.vendor"),
                format!("unknown vendor `{vendor:.64}`"),
            );
            problems.push(match nearest(&vendor, names()) {
                Some(meant) => problem.hint(format!("did you mean \"{meant}\"?")),
                None => problem.hint(error.to_string()),
            });
            return None;
        }
    };
    let spec = Spec {
        vendor,
        of,
        series,
        extreme: if values.text("extreme") == "low" { Extreme::Low } else { Extreme::High },
        mean: values.count("mean_s"),
        direction: i8::try_from(values.integer("direction")).unwrap_or_default(),
        max_age: values.maybe_secs("max_age_s"),
    };
    // Of another table the stations are known at the start of the run.
    if is_embedded && let Err(error) = Source::new(spec.clone(), Table::embedded()) {
        let text = error.to_string();
        let key = if text.contains(DATE_MARK) { "series" } else { "of" };
        problems.push(Problem::new(values.origin(key), format!("feed.{name}.{key}"), text));
    }
    Some(FeedConfig { name, spec, every: values.maybe_secs("every_s"), key: values.maybe_reference("key") })
}

/// The host of an address.
fn host(url: &str) -> Option<&str> {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next()?;
    if let Some(six) = authority.strip_prefix('[') {
        return six.split(']').next();
    }
    authority.split(':').next().filter(|host| !host.is_empty() && !host.contains('@'))
}
