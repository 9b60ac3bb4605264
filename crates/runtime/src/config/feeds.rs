//! `[feeds]` and `[[feed]]`: what is asked of whom, understood as far as that is possible without asking.

use brier_connect::host::is_near;
use brier_feeds::settlement::Table;
use brier_feeds::source::{DATE_MARK, Extreme, Source, Spec};
use brier_feeds::vendor::{KeyNeed, Vendor};

use super::layers::Values;
use super::problem::{Origin, Problem, nearest};
use super::settings::{Config, FeedConfig, FeedsConfig, Mode, OnDisagreement, Tables};

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

/// Whether a feed whose series is called `given` tells `wanted`: a weather series has a mark for the day.
pub(crate) fn tells(given: &str, wanted: &str) -> bool {
    match given.split_once(DATE_MARK) {
        Some((before, after)) => wanted.starts_with(before) && wanted.ends_with(after),
        None => wanted == given,
    }
}

/// Series that an enabled strategy or analyst wants and no feed gives, with who wants them. With `[remote]` another program may
/// tell them.
pub fn unfed(config: &Config) -> Vec<(String, String)> {
    let given = |wanted: &str| config.feeds.list.iter().any(|feed| tells(&feed.spec.series, wanted));
    let mut unfed = Vec::new();
    for it in config.strategies.iter().filter(|it| it.enabled) {
        let wanted = it.make().map(|strategy| strategy.interest().series).unwrap_or_default();
        let wanted = wanted.into_iter().filter(|series| !given(series));
        unfed.extend(wanted.map(|series| (format!("strategy `{}`", it.name), series)));
    }
    for it in config.analysts.iter().filter(|it| it.enabled) {
        let wanted = it.series().into_iter().filter(|series| !given(series));
        unfed.extend(wanted.map(|series| (format!("analyst `{}`", it.name), series.to_owned())));
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
        problems.push(Problem::new(values.origin("of"), format!("feed.{name}.of"), error.to_string()));
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
