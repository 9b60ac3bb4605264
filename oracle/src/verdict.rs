//! Compares a judge's answer with Brier's: equal, a departure that the reference lists and a calculation confirms, or wrong.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyhow::{Result, ensure};
use brier_polymarket_protocol::amounts::Decimals;

use crate::answer::{Answer, Headers};
use crate::case::{Case, shares};
use crate::ours::{self, Ours};
use crate::rounding::{Amounts, Judge, Rule};

/// What is counted for one judge.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// Orders equal to Brier's byte for byte, and their count by departure otherwise.
    equal: u64,
    departures: BTreeMap<String, u64>,
    headers_equal: u64,
    header_departures: BTreeMap<&'static str, u64>,
    skipped: BTreeMap<String, u64>,
    unexplained: Vec<String>,
}

/// A body whose apostrophes the SDK turns into quotation marks before it signs.
const APOSTROPHES: &str = "apostrophes of the body signed as quotation marks (3.2)";

impl Tally {
    /// Judges one answer.
    pub(crate) fn add(&mut self, judge: Judge, case: &Case, ours: &Ours, answer: &Answer) {
        match order(judge, case, ours, answer) {
            Ok(departures) if departures.is_empty() => self.equal += 1,
            Ok(departures) => *self.departures.entry(departures).or_default() += 1,
            Err(error) => self.fail(case, &error.to_string()),
        }
        match headers(judge, case, ours, answer) {
            Ok(None) => self.headers_equal += 1,
            Ok(Some(departure)) => *self.header_departures.entry(departure).or_default() += 1,
            Err(error) => self.fail(case, &error.to_string()),
        }
    }

    /// The judge cannot be asked about this case.
    pub(crate) fn skip(&mut self, reason: &str) {
        *self.skipped.entry(reason.to_owned()).or_default() += 1;
    }

    /// Something that nothing in the reference explains.
    pub(crate) fn fail(&mut self, case: &Case, what: &str) {
        let market = if case.market { "market " } else { "" };
        let Case { id, side, size, price, tick, version, signature_type, .. } = case;
        self.unexplained.push(format!(
            "case {id}: {market}{side} {size} at {price}, tick {tick}, version {version}, signature type {signature_type}: {what}"
        ));
    }

    /// Orders that were compared.
    pub(crate) fn orders(&self) -> u64 {
        self.equal + self.departures.values().sum::<u64>()
    }

    /// Whether nothing is left unexplained.
    pub(crate) fn is_clean(&self) -> bool {
        self.unexplained.is_empty()
    }

    /// The counts as a person reads them, with the first of what is unexplained.
    pub(crate) fn report(&self, judge: Judge) -> String {
        let mut text = format!("{}\n", judge.name());
        let mut line = |count: u64, what: &str| writeln!(text, "  {count:>6}  {what}").expect("a string takes all");
        line(self.equal, "orders equal byte for byte");
        for (name, count) in &self.departures {
            line(*count, &format!("orders differ as listed: {name}"));
        }
        line(self.headers_equal, "header pairs (L1 and L2) equal");
        for (name, count) in &self.header_departures {
            line(*count, &format!("header pairs differ as listed: {name}"));
        }
        for (reason, count) in &self.skipped {
            line(*count, &format!("not asked: {reason}"));
        }
        line(self.unexplained.len() as u64, "unexplained");
        for what in self.unexplained.iter().take(10) {
            writeln!(text, "          {what}").expect("a string takes all");
        }
        text
    }
}

/// The names of the order's departures, or what is wrong with it.
fn order(judge: Judge, case: &Case, ours: &Ours, answer: &Answer) -> Result<String> {
    let exact = case.typed.amounts(&[]);
    let signed = (u128::from(ours.order.maker_amount), u128::from(ours.order.taker_amount));
    ensure!(signed == exact, "the exact rule gives {}, Brier {}", pair(exact), pair(signed));
    same("signature over Brier's amounts", &answer.over_ours, &ours.signature)?;
    if let Some(hash) = &answer.order_hash {
        same("order hash", hash, &ours.order_hash)?;
    }
    for (kind, found) in answer.wallets.iter().flatten() {
        let expected = ours.wallets.get(kind.as_str());
        ensure!(expected.is_some(), "a wallet of kind `{kind}`, which Brier derives none of");
        same(kind, found, &expected.map(ToString::to_string).unwrap_or_default())?;
    }
    let found = (answer.maker_amount.parse()?, answer.taker_amount.parse()?);
    let Some(rules) = case.typed.explain(judge, found) else {
        anyhow::bail!("expected amounts {}, the SDK gives {}", pair(exact), pair(found));
    };
    // Whatever the amounts are, all else is Brier's: the same bytes over them, and Brier's exchange takes the SDK's order.
    let (maker, taker) = (u64::try_from(found.0)?, u64::try_from(found.1)?);
    same("signature", &answer.signature, &ours.signature_with(maker, taker))?;
    ours.accepts(maker, taker, &answer.signature)?;
    if rules == [Rule::LimitDecimalsOnMarketOrder] {
        let made = ours::amounts(&case.typed, Decimals::Tick)?;
        ensure!(
            (made.maker, made.taker) == (maker, taker),
            "Brier reckons {made:?} with the decimals of the limit table"
        );
    }
    Ok(rules.iter().map(|rule| rule.name()).collect::<Vec<_>>().join(" + "))
}

/// The headers' departure if there is one, or what is wrong with them.
fn headers(judge: Judge, case: &Case, ours: &Ours, answer: &Answer) -> Result<Option<&'static str>> {
    equal_headers("L1", &answer.l1, &ours.l1)?;
    let (method, path, body) = match &answer.l2_request {
        Some(request) => (request.method.as_str(), request.path.as_str(), request.body.as_str()),
        None => (case.l2.method, case.l2.path, case.l2.body.as_str()),
    };
    let raw = equal_headers("L2", &answer.l2, &ours::l2(case, method, path, body)?);
    if raw.is_ok() || !matches!(judge, Judge::Py2 | Judge::Rs2) || !body.contains('\'') {
        return raw.map(|()| None);
    }
    equal_headers("L2 with quotation marks", &answer.l2, &ours::l2(case, method, path, &body.replace('\'', "\""))?)?;
    Ok(Some(APOSTROPHES))
}

/// Every header the SDK sends is one of Brier's, with the same value.
fn equal_headers(what: &str, found: &Headers, expected: &Headers) -> Result<()> {
    ensure!(found.contains_key("POLY_SIGNATURE"), "{what}: no signature among {found:?}");
    for (name, value) in found {
        let ours = expected.get(name.as_str());
        ensure!(ours.is_some(), "{what}: the SDK sends `{name}`, which Brier does not");
        let ours = ours.map_or("", String::as_str);
        // The address is the one value that may be written in either case: reference, section 3.1.
        let equal = if name == "POLY_ADDRESS" { value.eq_ignore_ascii_case(ours) } else { value == ours };
        ensure!(equal, "{what}: `{name}` is {value} from the SDK, {ours} from Brier");
    }
    Ok(())
}

/// Hex of the same bytes.
fn same(what: &str, found: &str, expected: &str) -> Result<()> {
    let (found, expected) = (found.to_ascii_lowercase(), expected.to_ascii_lowercase());
    let equal = found.bytes().zip(expected.bytes()).take_while(|(one, other)| one == other).count();
    let (of_found, of_expected) = (found.len(), expected.len());
    ensure!(
        equal == of_found && equal == of_expected,
        "{what}: {of_found} digits from the SDK, {of_expected} from Brier, and after `{}` the SDK has `{}`, Brier `{}`",
        excerpt(&found, 0, equal),
        excerpt(&found, equal, of_found),
        excerpt(&expected, equal, of_expected),
    );
    Ok(())
}

/// The part's first digits: a signature is too long for a line.
fn excerpt(hex: &str, from: usize, to: usize) -> String {
    hex.chars().take(to).skip(from).take(20).collect()
}

fn pair((maker, taker): Amounts) -> String {
    format!("{} / {}", shares(maker), shares(taker))
}
