//! The result of a fee check as JSON and as text.

use brier_types::{Money, Price, Qty, Rounding};
use serde::{Serialize, Serializer};

use super::check::{Against, CheckedFill, CheckedSettlement, Fills};
use super::rules::Rule;
use super::{DEMANDED_PERCENT, Read};
use crate::error::CliError;
use crate::output::{Output, as_text, counted, table};

/// Everything that is told. Money is dollars, quantities contracts, prices those of the outcome traded.
#[derive(Serialize)]
pub(super) struct Report {
    holds: bool,
    fills: u64,
    agreeing: u64,
    differing: u64,
    unexplained: u64,
    demanded_percent: u64,
    files: Vec<FileLine>,
    rules: Vec<RuleLine>,
    differences: Vec<Difference>,
    settlements_equal_to_fills: u64,
    settlements_compared_with_fills: u64,
    settlements_equal_to_one_order: u64,
    settlements: Vec<SettlementLine>,
}

#[derive(Serialize)]
struct FileLine {
    file: String,
    holds: &'static str,
    rows: u64,
    agreeing: Option<u64>,
    skipped: Option<String>,
}

#[derive(Serialize)]
struct RuleLine {
    rule: String,
    exact: u64,
}

#[derive(Serialize)]
struct Difference {
    file: String,
    line: u64,
    order: Option<String>,
    market: String,
    direction: String,
    #[serde(serialize_with = "as_text")]
    contracts: Qty,
    #[serde(serialize_with = "as_text")]
    price: Price,
    #[serde(serialize_with = "as_text")]
    recorded_fee: Money,
    #[serde(serialize_with = "as_text")]
    computed_fee: Money,
    why: &'static str,
}

#[derive(Serialize)]
struct SettlementLine {
    file: String,
    line: u64,
    market: String,
    bought: String,
    #[serde(serialize_with = "as_text")]
    recorded_fee: Money,
    #[serde(serialize_with = "optional_text")]
    one_order_fee: Option<Money>,
    #[serde(serialize_with = "optional_text")]
    fill_fees: Option<Money>,
    against_one_order: &'static str,
}

#[expect(clippy::ref_option, reason = "serde hands over a reference to the field")]
fn optional_text<S: Serializer>(value: &Option<Money>, out: S) -> Result<S::Ok, S::Error> {
    match value {
        Some(money) => as_text(money, out),
        None => out.serialize_none(),
    }
}

impl Report {
    pub(super) fn new(read: &Read, fills: &Fills<'_>, settlements: &[CheckedSettlement<'_>]) -> Self {
        let total = fills.all.len() as u64;
        let agreeing = fills.all.iter().filter(|fill| fill.why.is_none()).count() as u64;
        let unexplained = |fill: &&CheckedFill<'_>| {
            matches!(fill.why, Some(super::check::Why::Unexplained | super::check::Why::OneStep))
        };
        let equal = |line: &&CheckedSettlement<'_>| line.against == Against::Equal;
        let same = |line: &&CheckedSettlement<'_>| line.fills == Some(line.row.fee);
        Self {
            holds: total > 0 && agreeing * 100 >= total * DEMANDED_PERCENT,
            fills: total,
            agreeing,
            differing: total - agreeing,
            unexplained: fills.all.iter().filter(unexplained).count() as u64,
            demanded_percent: DEMANDED_PERCENT,
            files: file_lines(read, fills),
            rules: rule_lines(fills),
            differences: fills.all.iter().filter_map(|fill| Difference::new(read, fill)).collect(),
            settlements_equal_to_fills: settlements.iter().filter(same).count() as u64,
            settlements_compared_with_fills: settlements.iter().filter(|line| line.fills.is_some()).count() as u64,
            settlements_equal_to_one_order: settlements.iter().filter(equal).count() as u64,
            settlements: settlements.iter().map(|line| SettlementLine::new(read, line)).collect(),
        }
    }

    pub(super) const fn holds(&self) -> bool {
        self.holds
    }

    pub(super) const fn total(&self) -> u64 {
        self.fills
    }

    pub(super) const fn agreeing(&self) -> u64 {
        self.agreeing
    }

    /// Prints it for people.
    pub(super) fn print(&self, output: &mut Output) -> Result<(), CliError> {
        for file in &self.files {
            output.line(file.text())?;
        }
        output.line("")?;
        output.line(format_args!(
            "{}: {} agree with the documented rule ({}), {} differ, {} of them unexplained",
            counted(self.fills, "fill", "fills"),
            self.agreeing,
            percent(self.agreeing, self.fills),
            self.differing,
            self.unexplained
        ))?;
        let rules = self.rules.iter().map(|line| [line.exact.to_string(), line.rule.clone()]);
        output.line(table(["fills exact>", "rule"], rules))?;
        self.print_differences(output)?;
        self.print_settlements(output)
    }

    fn print_differences(&self, output: &mut Output) -> Result<(), CliError> {
        if self.differences.is_empty() {
            return Ok(());
        }
        output.line("")?;
        let rows = self.differences.iter().map(|line| {
            let place = format!("{}:{}", short(&line.file), line.line);
            let order = line.order.clone().unwrap_or_default();
            [
                place,
                order,
                line.direction.clone(),
                line.contracts.to_string(),
                dollars(line.price),
                fee(line.recorded_fee),
                fee(line.computed_fee),
                line.why.to_owned(),
            ]
        });
        output.line(table(
            ["differing fill", "order", "direction", "contracts>", "price>", "recorded>", "computed>", "why"],
            rows,
        ))
    }

    fn print_settlements(&self, output: &mut Output) -> Result<(), CliError> {
        if self.settlements.is_empty() {
            return Ok(());
        }
        output.line("")?;
        output.line(format_args!(
            "{}: {} of {} equal the fees of their fills; {} equal one taker order for the whole position",
            counted(self.settlements.len() as u64, "settlement", "settlements"),
            self.settlements_equal_to_fills,
            self.settlements_compared_with_fills,
            self.settlements_equal_to_one_order
        ))?;
        let rows = self.settlements.iter().map(|line| {
            let optional = |money: Option<Money>| money.map_or_else(|| "-".to_owned(), fee);
            [
                format!("{}:{}", short(&line.file), line.line),
                line.market.clone(),
                line.bought.clone(),
                fee(line.recorded_fee),
                optional(line.one_order_fee),
                optional(line.fill_fees),
                line.against_one_order.to_owned(),
            ]
        });
        output.line(table(
            ["settlement", "market", "bought", "recorded>", "one order>", "its fills>", "against one order"],
            rows,
        ))
    }
}

impl FileLine {
    fn text(&self) -> String {
        match (&self.skipped, self.agreeing) {
            (Some(reason), _) => format!("{}: skipped, {reason}", self.file),
            (None, Some(agreeing)) => {
                format!("{}: {}, {agreeing} agree", self.file, counted(self.rows, "fill", "fills"))
            }
            (None, None) => format!("{}: {} {}", self.file, self.rows, self.holds),
        }
    }
}

impl Difference {
    fn new(read: &Read, fill: &CheckedFill<'_>) -> Option<Self> {
        let why = fill.why?;
        let row = fill.row;
        Some(Self {
            file: read.names[fill.file].clone(),
            line: row.line,
            order: row.order.clone(),
            market: row.market.clone(),
            direction: format!("{} {}", if row.buys { "buy" } else { "sell" }, row.outcome),
            contracts: row.qty,
            price: row.price,
            recorded_fee: row.fee,
            computed_fee: fill.computed,
            why: why.describe(),
        })
    }
}

impl SettlementLine {
    fn new(read: &Read, line: &CheckedSettlement<'_>) -> Self {
        let bought: Vec<String> =
            line.row.bought.iter().map(|(outcome, qty, cost)| format!("{qty} {outcome} for ${}", fee(*cost))).collect();
        Self {
            file: read.names[line.file].clone(),
            line: line.row.line,
            market: line.row.market.clone(),
            bought: bought.join(", "),
            recorded_fee: line.row.fee,
            one_order_fee: line.one_order,
            fill_fees: line.fills,
            against_one_order: line.against.describe(),
        }
    }
}

fn file_lines(read: &Read, fills: &Fills<'_>) -> Vec<FileLine> {
    let line = |file: usize| {
        let found = |rows: usize, holds| (rows as u64, holds, None);
        let reason = read.skipped.iter().find(|(skipped, _)| *skipped == file).map(|(_, reason)| reason.clone());
        let (rows, holds, skipped) = if let Some((_, rows)) = read.fills.iter().find(|(of, _)| *of == file) {
            found(rows.len(), "fills")
        } else if let Some((_, rows)) = read.settlements.iter().find(|(of, _)| *of == file) {
            found(rows.len(), "settlements")
        } else if read.metadata.contains(&file) {
            found(1, "document with fee fields of series")
        } else {
            (0, "nothing", reason)
        };
        let agree = |fill: &&CheckedFill<'_>| fill.file == file && fill.why.is_none();
        let agreeing = (holds == "fills").then(|| fills.all.iter().filter(agree).count() as u64);
        FileLine { file: read.names[file].clone(), holds, rows, agreeing, skipped }
    };
    (0..read.names.len()).map(line).collect()
}

fn rule_lines(fills: &Fills<'_>) -> Vec<RuleLine> {
    let counts = fills.rules;
    let any = "; fills of one time in any sequence";
    let line = |rule: Rule, more: &str, exact| RuleLine { rule: format!("{}{more}", rule.describe()), exact };
    vec![
        line(Rule::EachFillAlone, "", counts.each_alone),
        line(Rule::Documented, "", counts.documented),
        line(Rule::Documented, any, counts.documented_any_sequence),
        line(Rule::RebateWithinFee, any, counts.within_fee_any_sequence),
    ]
}

/// The file's own name: the whole path stands above.
fn short(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn dollars(price: Price) -> String {
    price.to_string()
}

/// Four decimals, or six where four would lose a digit.
fn fee(money: Money) -> String {
    let whole = money.round_to(Money::CENTICENT, Rounding::Floor) == money;
    if whole { money.to_dollars4(Rounding::Floor) } else { money.to_string() }
}

/// A share with two decimals, rounded down so that it never claims more than there is.
fn percent(part: u64, whole: u64) -> String {
    match (part * 10_000).checked_div(whole) {
        Some(hundredths) => format!("{}.{:02} %", hundredths / 100, hundredths % 100),
        None => "none".to_owned(),
    }
}
