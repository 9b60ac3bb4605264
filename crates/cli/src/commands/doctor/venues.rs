//! Keys, reachability, clock, account and foreign orders of each venue.

use std::collections::BTreeSet;
use std::time::Instant;

use brier_kalshi_protocol::rest::{BalanceQuery, OrderStatusFilter, OrdersQuery};
use brier_polymarket::creds::CredsFile;
use brier_runtime::config::{Config, Environment, KalshiConfig, PolymarketConfig};
use brier_runtime::run::{self, KalshiAccess, PolymarketAccess, PrepareError};
use brier_types::{Rounding, Venue};
use serde_json::Value;

use super::Check;
use crate::commands::run::unprepared;
use crate::error::CliError;
use crate::output::counted;
use crate::venue::polymarket::{NONCE, open_orders};
use crate::venue::seed;

/// Offsets beyond this are told, though requests are signed with the venue's time.
const MUCH_NANOS: i64 = 1_000_000_000;

fn failed(what: &'static str, error: &CliError) -> Check {
    Check::fail(what, error.to_string(), error.next().map(str::to_owned))
}

fn no_key(what: &'static str, error: &PrepareError) -> Vec<Check> {
    vec![failed(what, &unprepared(error))]
}

fn clock(what: &'static str, offset: brier_kalshi::clock::ClockOffset) -> Check {
    let Some((low, high)) = offset.bounds() else {
        return Check::warn(what, "the venue's answers have no date", "nothing can be said of the clock");
    };
    let seconds = |nanos: i64| nanos as f64 / 1e9;
    let found = format!("venue's time less ours is between {:+.2} s and {:+.2} s", seconds(low), seconds(high));
    if offset.nanos().abs() > MUCH_NANOS {
        return Check::warn(
            what,
            found,
            "requests are signed with the venue's time, but set this machine's clock right",
        );
    }
    Check::ok(what, found)
}

/// Kalshi.
pub(super) async fn kalshi(
    venue: &KalshiConfig,
    environment: &Environment,
    prefix: Option<&str>,
    offline: bool,
) -> Vec<Check> {
    let (env, credentials) = match run::kalshi(venue, environment) {
        Ok(KalshiAccess::Embedded) => return vec![Check::ok("kalshi", "embedded exchange, started by the run")],
        Ok(KalshiAccess::At { env, credentials }) => (env, credentials),
        Err(error) => return no_key("kalshi key", &error),
    };
    let found = format!("{} key {}", credentials.kind(), credentials.key_id());
    let mut checks = vec![Check::ok("kalshi key", found)];
    if offline {
        return checks;
    }
    let client = match brier_kalshi::Client::new(env, Some(credentials), brier_kalshi::Config::new(seed())) {
        Ok(client) => client,
        Err(error) => {
            checks.push(failed("kalshi", &error.into()));
            return checks;
        }
    };
    let begun = Instant::now();
    match client.exchange_status().await {
        Ok(status) => {
            let found = format!("{} answers in {} ms", client.env(), begun.elapsed().as_millis());
            checks.push(if status.trading_active {
                Check::ok("kalshi", found)
            } else {
                Check::warn("kalshi", format!("{found}; trading is not active"), "wait until the exchange opens")
            });
        }
        Err(error) => {
            checks.push(failed("kalshi", &error.into()));
            return checks;
        }
    }
    checks.push(clock("kalshi clock", client.clock_offset()));
    match client.balance(&BalanceQuery::default()).await {
        Ok(balance) => {
            let cash = balance.balance_dollars.to_dollars4(Rounding::Floor);
            checks.push(Check::ok("kalshi account", format!("key accepted, cash ${cash}")));
        }
        Err(error) => {
            checks.push(failed("kalshi account", &error.into()));
            return checks;
        }
    }
    checks.push(match client.account_limits().await {
        Ok(limits) => {
            let (reads, writes) = (limits.read.refill_rate, limits.write.refill_rate);
            Check::ok(
                "kalshi limits",
                format!("tier {}: {reads} read and {writes} write tokens a second", limits.usage_tier),
            )
        }
        Err(error) => failed("kalshi limits", &error.into()),
    });
    checks.push(kalshi_orders(&client, prefix).await);
    checks
}

async fn kalshi_orders(client: &brier_kalshi::Client, prefix: Option<&str>) -> Check {
    const WHAT: &str = "kalshi orders";
    let resting = OrdersQuery { status: Some(OrderStatusFilter::Resting), ..OrdersQuery::default() };
    let orders = match client.orders(resting) {
        Ok(pages) => pages.all().await,
        Err(error) => Err(error),
    };
    let orders = match orders {
        Ok(orders) => orders,
        Err(error) => return failed(WHAT, &error.into()),
    };
    let ours =
        orders.iter().filter(|order| prefix.is_some_and(|prefix| order.client_order_id.starts_with(prefix))).count();
    let (ours, foreign) = (ours as u64, (orders.len() - ours) as u64);
    if foreign == 0 {
        return Check::ok(WHAT, format!("{} of this run rest, and no other", counted(ours, "order", "orders")));
    }
    let found = format!("{} of other programs rest on this account", counted(foreign, "order", "orders"));
    Check::warn(
        WHAT,
        found,
        "risk counts only what this run knows: cancel them with `brier cancel`, or use an account of its own",
    )
}

/// Polymarket.
pub(super) async fn polymarket(venue: &PolymarketConfig, environment: &Environment, offline: bool) -> Vec<Check> {
    let (env, wallet) = match run::polymarket(venue, environment) {
        Ok(PolymarketAccess::Embedded) => {
            return vec![Check::ok("polymarket", "embedded exchange, started by the run")];
        }
        Ok(PolymarketAccess::At { env, wallet }) => (env, wallet),
        Err(error) => return no_key("polymarket key", &error),
    };
    let mut checks =
        vec![Check::ok("polymarket key", format!("signs as {} for wallet {}", wallet.address(), wallet.funder()))];
    if offline {
        return checks;
    }
    let (file, owner) = (CredsFile::at(venue.credentials_path.clone(), &env), wallet.address());
    let client = match brier_polymarket::Client::new(env, Some(wallet), brier_polymarket::Config::new(seed())) {
        Ok(client) => client,
        Err(error) => {
            checks.push(failed("polymarket", &error.into()));
            return checks;
        }
    };
    let begun = Instant::now();
    match client.sync_clock(1).await {
        Ok(_) => {
            let found = format!("{} answers in {} ms", client.env(), begun.elapsed().as_millis());
            checks.push(Check::ok("polymarket", found));
        }
        Err(error) => {
            checks.push(failed("polymarket", &error.into()));
            return checks;
        }
    }
    checks.push(clock("polymarket clock", client.clock_offset()));
    // Deriving reads what was made before; nothing is created or kept.
    let entered = match file.load(owner, NONCE) {
        Ok(Some(creds)) => {
            client.set_credentials(creds);
            Ok(())
        }
        Ok(None) => client.derive_credentials(NONCE).await,
        Err(error) => Err(error.into()),
    };
    if let Err(error) = entered {
        let error = CliError::from(error);
        let next =
            "the run makes API credentials at its first start; `brier auth check --venue polymarket` does it now";
        checks.push(Check::warn("polymarket account", format!("no API credentials yet: {error}"), next));
        return checks;
    }
    match client.funds(None).await {
        Ok(funds) => {
            checks.push(Check::ok("polymarket account", format!("credentials accepted, cash ${}", funds.balance)));
        }
        Err(error) => {
            checks.push(failed("polymarket account", &error.into()));
            return checks;
        }
    }
    checks.push(match open_orders(&client, &brier_polymarket::rest::OrdersQuery::default()).await {
        Ok(orders) if orders.is_empty() => Check::ok("polymarket orders", "none rests"),
        Ok(orders) => {
            let found = format!("{} of this wallet rest", counted(orders.len() as u64, "order", "orders"));
            let next =
                "the venue keeps no client ids: those that the journal does not know are told at the start of a run";
            Check::warn("polymarket orders", found, next)
        }
        Err(error) => failed("polymarket orders", &error),
    });
    checks
}

/// What the embedded exchange lists, and whether that has the markets that strategies name.
pub(super) fn catalog(config: &Config) -> Check {
    const WHAT: &str = "embedded exchange";
    let Some(path) = config.paper.catalog.as_deref() else {
        return Check::warn(WHAT, "no catalog: it lists no market at its first start", "set `paper.catalog`");
    };
    let failed = |problem: &dyn std::fmt::Display| {
        let next = Some("correct `paper.catalog`, or the strategy's `markets`".to_owned());
        Check::fail(WHAT, format!("catalog {}: {problem}", path.display()), next)
    };
    let read = std::fs::read_to_string(path).map_err(|error| error.to_string());
    let catalog = match read.and_then(|text| serde_json::from_str::<Value>(&text).map_err(|error| error.to_string())) {
        Ok(catalog @ Value::Object(_)) => catalog,
        Ok(_) => return failed(&"expected an object"),
        Err(error) => return failed(&error),
    };
    // A market of Polymarket is named by a hash that the exchange makes, so only Kalshi's can be looked for.
    let embedded = config.kalshi.as_ref().is_some_and(|it| it.at.is_none());
    // What an earlier run listed is listed still.
    let begun = config.paper.data_dir.is_dir();
    let listed = words(&catalog);
    let traded = config.strategies.iter().filter(|it| it.enabled).flat_map(|it| &it.markets);
    let named = traded.chain(config.analysts.iter().filter(|it| it.enabled).flat_map(|it| &it.markets));
    let mut kalshi = named.filter(|it| embedded && it.venue == Venue::Kalshi);
    let missing = kalshi.find(|it| !listed.contains(it.market.as_str()));
    match missing {
        Some(it) if !begun => failed(&format!("expected market `{}:{}`, found none of that name", it.venue, it.market)),
        _ => Check::ok(WHAT, format!("catalog {}", path.display())),
    }
}

/// Every text in a catalog: a market's ticker is one of them.
fn words(value: &Value) -> BTreeSet<&str> {
    let (mut left, mut words) = (vec![value], BTreeSet::new());
    while let Some(value) = left.pop() {
        match value {
            Value::String(text) => drop(words.insert(text.as_str())),
            Value::Array(values) => left.extend(values),
            Value::Object(members) => left.extend(members.values()),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
    words
}
