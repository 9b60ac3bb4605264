//! `brier arb scan`: what gains now among a configuration's markets, whatever happens.

use std::time::Duration;

use brier_arbitrage::{Conditional, DivergenceRate, Hurdle, Opportunity};
use brier_runtime::config::Config;
use brier_runtime::scan::sets::{Known, short};
use brier_runtime::scan::{Assumed, Embedded, ScanError, Settings, Watcher};
use brier_types::{Action, Money, Outcome, Prob, Rounding, Timestamp, Venue};
use serde::Serialize;

use crate::commands::config::ConfigArgs;
use crate::commands::pairs::file::{DecisionsArgs, TailsArgs};
use crate::error::{CliError, EXIT_OK};
use crate::output::{Output, counted, table, tell};
use crate::venue::{block_on, read_ready, ready_file};

/// Look once for sets that gain whatever happens, among the markets of a configuration
///
/// Markets are those that the strategies of CONFIG name, their ties, those of confirmed pairs, and what stands in one event with
/// them. Rules, fees and books are read from the venues of CONFIG by their public reads: no key is used and nothing is traded.
/// Profit is that of the worst state of the world at the size, with each level one fill, as `brier arb ledger` will tell it, and at
/// worst, with every contract a fill of its own, each rounded against you. Pairs whose rules do not prove them stand apart.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    looked: LookArgs,
}

/// What is looked for, once or again and again.
#[derive(Debug, clap::Args)]
pub(super) struct LookArgs {
    #[command(flatten)]
    pub(super) config: ConfigArgs,

    /// What the same money earns elsewhere in a year, as a share: a set has to beat it until its last payout
    #[arg(long, default_value = "0.05", value_name = "SHARE", value_parser = hurdle)]
    hurdle: Hurdle,

    /// Days from a market's close to its payout
    #[arg(long, default_value_t = 2, value_name = "DAYS", value_parser = clap::value_parser!(u64).range(..=365))]
    payout_days: u64,

    /// Dollars that each venue has for one set [default: all that the books bear]
    #[arg(long, value_name = "DOLLARS", value_parser = dollars)]
    cash: Option<Money>,

    /// How likely the rules of an unproved pair end differently: what its edge has to pay for
    #[arg(long, default_value = "0.03", value_name = "SHARE", value_parser = chance)]
    divergence: Prob,

    #[command(flatten)]
    decisions: DecisionsArgs,

    #[command(flatten)]
    tails: TailsArgs,
}

fn hurdle(text: &str) -> Result<Hurdle, String> {
    let share: f64 = text.parse().map_err(|_| format!("expected a share a year such as 0.05, found `{text}`"))?;
    let found = (0.0..=1_000.0).contains(&share).then(|| Hurdle::from_micros((share * 1e6) as u32)).flatten();
    found.ok_or_else(|| format!("expected a share a year from 0 to 1000, found `{text}`"))
}

fn chance(text: &str) -> Result<Prob, String> {
    let share: f64 = text.parse().map_err(|_| format!("expected a chance such as 0.03, found `{text}`"))?;
    Prob::new(share).map_err(|_| format!("expected a chance from 0 to 1, found `{text}`"))
}

fn dollars(text: &str) -> Result<Money, String> {
    let amount: Money = text.parse().map_err(|_| format!("expected dollars such as 1000, found `{text}`"))?;
    if amount > Money::ZERO { Ok(amount) } else { Err(format!("expected more than nothing, found `{text}`")) }
}

impl LookArgs {
    pub(super) fn settings(&self) -> Result<Settings, CliError> {
        Ok(Settings {
            hurdle: self.hurdle,
            payout_after: Duration::from_hours(24 * self.payout_days),
            cash: self.cash,
            divergence: DivergenceRate::known(self.divergence),
            decisions: self.decisions.load_named()?,
            accepted: self.tails.accepted(),
        })
    }
}

/// Where the exchange of a run is, if a run of this configuration has it up.
pub(super) fn embedded(config: &Config) -> Result<Embedded, CliError> {
    let ready = ready_file(&config.paper.data_dir);
    if !config.embeds() || !ready.is_file() {
        return Ok(Embedded::default());
    }
    let ready = read_ready(&ready)?;
    Ok(Embedded {
        kalshi: brier_kalshi::Env::local(&ready.rest).ok(),
        polymarket: ready.polymarket.and_then(|it| brier_polymarket::Env::local(&it.clob).ok()),
    })
}

pub(super) fn failed(error: &ScanError) -> CliError {
    let told = CliError::failure(error.to_string());
    match error.hint() {
        Some(hint) => told.hint(hint),
        None => told,
    }
}

/// Everything as it stands. Amounts are dollars, quantities contracts.
#[derive(Serialize)]
pub(super) struct Document {
    at: String,
    markets: usize,
    sets: usize,
    hurdle_a_year: f64,
    divergence: f64,
    pub(super) riskless: Vec<SetLine>,
    /// Never riskless: what they gain is lost, and more, if the rules diverge.
    unproved: Vec<UnprovedLine>,
    /// Markets whose books cannot be believed or traded on now.
    unread: Vec<String>,
    notes: Vec<String>,
}

/// A set that gains in every state of the world.
#[derive(Clone, Serialize)]
pub(super) struct SetLine {
    pub(super) set: String,
    pub(super) shape: &'static str,
    pub(super) markets: Vec<String>,
    /// Dollars paid in the worst state, and at once by conversion: as many as whole sets.
    size: String,
    cost_dollars: String,
    worst_payoff_dollars: String,
    /// In the worst state, if every contract is a fill of its own.
    pub(super) worst_profit_dollars: String,
    /// In the worst state, if each level is one fill: what `brier arb ledger` calls sure then.
    profit_dollars: String,
    hurdle_dollars: String,
    annual_return: Option<f64>,
    days_locked: f64,
    proof: String,
    see: Vec<String>,
    legs: Vec<LegLine>,
    steps: Vec<String>,
    #[serde(skip)]
    pub(super) profit: Money,
}

/// One order of a set.
#[derive(Clone, Serialize)]
struct LegLine {
    market: String,
    action: &'static str,
    outcome: &'static str,
    contracts: String,
    /// The worst price of that outcome.
    limit: String,
    cost_dollars: String,
    fees_dollars: String,
    #[serde(skip)]
    short: String,
}

/// A pair that is not proved.
#[derive(Serialize)]
struct UnprovedLine {
    pair: String,
    tie: &'static str,
    markets: Vec<String>,
    why: String,
    see: String,
    /// What there is if the rules agree: size, cost, edge.
    contracts: Option<String>,
    cost_dollars: Option<String>,
    edge_dollars: Option<String>,
    edge_a_contract_dollars: Option<String>,
    /// What a contract's edge has to be to pay for the divergence.
    needed_a_contract_dollars: String,
    /// Contracts whose edge does.
    contracts_that_pay: Option<String>,
}

impl Document {
    pub(super) fn of(watcher: &Watcher, args: &LookArgs) -> Self {
        Self {
            at: watcher.at().to_string(),
            markets: watcher.markets().len(),
            sets: watcher.sets().len(),
            hurdle_a_year: f64::from(args.hurdle.micros()) / 1e6,
            divergence: args.divergence.get(),
            riskless: watcher.riskless().iter().map(|(known, found)| SetLine::new(watcher, known, found)).collect(),
            unproved: watcher.unproved().iter().map(|it| UnprovedLine::new(it, args.divergence)).collect(),
            unread: watcher.unread().map(|market| market.name.to_string()).collect(),
            notes: watcher.notes().to_vec(),
        }
    }
}

impl SetLine {
    fn new(watcher: &Watcher, known: &Known, found: &Opportunity) -> Self {
        let legs = found.legs.iter().map(|leg| {
            let market = watcher.market(leg.market);
            let venue = if leg.venue == Venue::Kalshi { "K" } else { "P" };
            LegLine {
                market: market.name.to_string(),
                action: if leg.action == Action::Buy { "buy" } else { "sell" },
                outcome: if leg.outcome == Outcome::Yes { "yes" } else { "no" },
                contracts: leg.qty.to_string(),
                limit: leg.limit.to_string(),
                cost_dollars: leg.cost.to_string(),
                fees_dollars: leg.fees.to_string(),
                short: format!("{venue}:{}", short(&market.name)),
            }
        });
        let steps = found.steps.iter().map(|step| match step {
            brier_arbitrage::Conversion::Convert { members, qty, .. } => {
                let names: Vec<String> = members.iter().map(|it| watcher.market(*it).name.to_string()).collect();
                format!("convert {qty} NO of {}", names.join(", "))
            }
            brier_arbitrage::Conversion::Join { market, qty } => {
                format!("join {qty} pairs of {}", watcher.market(*market).name)
            }
        });
        let paid: Money = [found.payoff, found.released].into_iter().sum();
        Self {
            set: known.name.clone(),
            shape: known.shape,
            markets: known.markets.iter().map(ToString::to_string).collect(),
            size: plain(paid),
            cost_dollars: found.cost.to_string(),
            worst_payoff_dollars: paid.to_string(),
            worst_profit_dollars: found.profit().to_string(),
            profit_dollars: found.profit_in_one_fill().to_string(),
            hurdle_dollars: found.hurdle.to_string(),
            annual_return: found.annual_return().map(|it| (it * 1e6).round() / 1e6),
            days_locked: days(found.payout, found.now),
            proof: known.proof.clone(),
            see: known.see.clone(),
            legs: legs.collect(),
            steps: steps.collect(),
            profit: found.profit(),
        }
    }

    /// What is bought, in a cell.
    fn orders(&self) -> String {
        let leg = |it: &LegLine| {
            let sign = if it.action == "buy" { "" } else { "sell " };
            format!("{sign}{} {} {}@{}", whole(&it.contracts), it.outcome, it.short, it.limit)
        };
        self.legs.iter().map(leg).chain(self.steps.iter().cloned()).collect::<Vec<_>>().join(" + ")
    }

    pub(super) fn annual(&self) -> String {
        self.annual_return.map_or_else(|| "at once".to_owned(), |it| format!("{:.1} %", it * 100.0))
    }

    pub(super) fn row(&self) -> [String; 10] {
        let shown = |text: &str| cents(text);
        [
            self.set.clone(),
            self.shape.to_owned(),
            self.size.clone(),
            shown(&self.cost_dollars),
            shown(&self.profit_dollars),
            shown(&self.worst_profit_dollars),
            self.annual(),
            format!("{:.1}", self.days_locked),
            self.proof.clone(),
            self.orders(),
        ]
    }
}

impl UnprovedLine {
    fn new(it: &Assumed<'_>, divergence: Prob) -> Self {
        let size = |found: &Conditional| found.legs.first().map_or_else(String::new, |leg| leg.qty.to_string());
        let each = |found: &Conditional| {
            let (edge, paid) = (i128::from(found.edge.micros()), i128::from(found.if_same.micros()));
            let each = (edge * 1_000_000).checked_div(paid).and_then(|it| i64::try_from(it).ok());
            each.map(|micros| Money::from_micros(micros).to_string())
        };
        let same = it.if_same.as_ref();
        Self {
            pair: it.pair.name.clone(),
            tie: it.pair.tie.word(),
            markets: it.pair.markets.iter().map(ToString::to_string).collect(),
            why: it.pair.why.clone(),
            see: it.pair.see.clone(),
            contracts: same.map(size),
            cost_dollars: same.map(|found| found.cost.to_string()),
            edge_dollars: same.map(|found| found.edge.to_string()),
            edge_a_contract_dollars: same.and_then(each),
            needed_a_contract_dollars: brier_arbitrage::divergence::edge_needed(divergence).to_string(),
            contracts_that_pay: it.pays.as_ref().map(size),
        }
    }

    fn row(&self) -> [String; 8] {
        let or_dash = |text: &Option<String>| text.as_deref().map_or("-", whole).to_owned();
        let money = |text: &Option<String>| text.as_deref().map_or_else(|| "-".to_owned(), cents);
        [
            self.pair.clone(),
            self.tie.to_owned(),
            or_dash(&self.contracts),
            money(&self.cost_dollars),
            money(&self.edge_a_contract_dollars),
            cents(&self.needed_a_contract_dollars),
            or_dash(&self.contracts_that_pay),
            self.why.clone(),
        ]
    }
}

fn days(payout: Timestamp, now: Timestamp) -> f64 {
    (payout.since(now).as_secs_f64() / 8_640.0).round() / 10.0
}

/// Dollars of which each is one contract's payout.
fn plain(amount: Money) -> String {
    whole(&amount.to_dollars2(Rounding::Floor)).to_owned()
}

/// Without decimals that say nothing.
fn whole(number: &str) -> &str {
    number.strip_suffix(".00").unwrap_or(number)
}

fn cents(dollars: &str) -> String {
    dollars.parse::<Money>().map_or_else(|_| dollars.to_owned(), |it| it.to_dollars4(Rounding::Floor))
}

pub(super) const TITLES: [&str; 10] =
    ["set", "shape", "size>", "cost $>", "profit $>", "worst profit $>", "a year>", "days>", "proof", "orders"];

/// Looks once.
pub(crate) fn run(args: &Args, output: &mut Output) -> Result<u8, CliError> {
    let args = &args.looked;
    let (config, _environment) = args.config.demand()?;
    let (embedded, settings) = (embedded(&config)?, args.settings()?);
    let document = block_on(async {
        let mut watcher = Box::pin(Watcher::open(&config, embedded, settings)).await.map_err(|error| failed(&error))?;
        watcher.look().await.map_err(|error| failed(&error))?;
        Ok(Document::of(&watcher, args))
    })?;
    output.either(&document, |output| output.line(shown(&document)))?;
    if !output.json() {
        document.tell()?;
    }
    Ok(EXIT_OK)
}

impl Document {
    /// Says what was looked at and what could not be.
    pub(super) fn tell(&self) -> Result<(), CliError> {
        let (markets, sets) =
            (counted(self.markets as u64, "market", "markets"), counted(self.sets as u64, "set", "sets"));
        tell(format_args!("{markets} in {sets}; hurdle {:.1} % a year", self.hurdle_a_year * 100.0))?;
        if !self.unread.is_empty() {
            tell(format_args!("no book to trade on now: {}", self.unread.join(", ")))?;
        }
        self.notes.iter().try_for_each(|note| tell(format_args!("note  {note}")))
    }
}

pub(super) fn shown(document: &Document) -> String {
    let mut parts = Vec::new();
    if document.riskless.is_empty() {
        parts.push("no set gains now in every state of the world".to_owned());
    } else {
        parts.push(table(TITLES, document.riskless.iter().map(SetLine::row)));
        parts.push("profit: each level one fill; worst profit, and cost: every contract a fill of its own".to_owned());
        let mut proofs: Vec<&String> = document.riskless.iter().flat_map(|it| &it.see).collect();
        proofs.sort();
        proofs.dedup();
        parts.extend(proofs.into_iter().map(|see| format!("proof  {see}")));
    }
    if !document.unproved.is_empty() {
        let titles =
            ["not proved", "seems", "size>", "cost $>", "edge $>", "needed $>", "pays for>", "what is missing"];
        parts.push(format!("\n{}", table(titles, document.unproved.iter().map(UnprovedLine::row))));
        parts.push(format!(
            "not riskless: edge and what is needed are of one contract, if a divergence of {:.1} % loses both legs",
            document.divergence * 100.0
        ));
        parts.extend(document.unproved.iter().map(|it| format!("read   {}", it.see)));
    }
    parts.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_chances_and_dollars_out_of_range_are_told() {
        assert_eq!(hurdle("0.05").unwrap().micros(), 50_000);
        assert!(hurdle("5%").unwrap_err().contains("expected a share a year such as 0.05, found `5%`"));
        assert!(hurdle("-1").unwrap_err().contains("from 0 to 1000"));
        assert!(chance("2").unwrap_err().contains("from 0 to 1"));
        assert!(dollars("0").unwrap_err().contains("more than nothing"));
        assert!(dollars("all").unwrap_err().contains("dollars such as 1000"));
    }

    #[test]
    fn a_size_is_told_in_whole_sets_where_it_is_whole() {
        assert_eq!(plain(Money::from_micros(12_000_000)), "12");
        assert_eq!(plain(Money::from_micros(12_500_000)), "12.50");
    }
}
