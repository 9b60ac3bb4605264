//! The rules of one contract in a fixed form, to see at a glance what two venues settle by, and to notice a venue
//! changing its text.

use std::fmt;

use crate::calendar::When;
use crate::contract::{Contract, Span};

/// One entry of a fingerprint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What it is about.
    pub name: &'static str,
    /// What the contract says; none when it says nothing.
    pub value: Option<String>,
}

/// The rules of one contract in a fixed form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fingerprint {
    /// The entries, always the same ones in the same order.
    pub entries: Vec<Entry>,
    /// Hash of all rules texts (FNV-1a 64, letters folded, runs of space as one): changes when a venue edits them.
    pub text: u64,
}

impl Fingerprint {
    /// The fingerprint of a contract.
    pub fn of(contract: &Contract) -> Self {
        let clauses = &contract.clauses;
        let quoted = |span: Option<Span>| span.map(|span| contract.quote(span).trim().to_owned());
        let flag = |span: Option<Span>| span.map(|_| "yes".to_owned());
        let join = |all: Vec<String>| if all.is_empty() { None } else { Some(all.join(", ")) };
        let times = |wanted: fn(When) -> bool| {
            let all = contract.times.iter().chain(&contract.rule_times).filter(|time| wanted(time.value.when));
            let mut shown: Vec<String> = all
                .map(|time| {
                    let hour = time
                        .value
                        .clock
                        .map_or(String::new(), |minutes| format!(" {:02}:{:02}", minutes / 60, minutes % 60));
                    let zone = time.value.zone.map_or(String::new(), |zone| format!(" {zone}"));
                    format!("{}{hour}{zone}", time.value.when)
                })
                .collect();
            shown.dedup();
            join(shown)
        };
        let entries = vec![
            Entry { name: "family", value: Some(contract.family.to_string()) },
            Entry { name: "source", value: join(clauses.sources.iter().map(|one| one.value.to_owned()).collect()) },
            Entry { name: "station", value: join(clauses.stations.iter().map(|one| one.value.clone()).collect()) },
            Entry { name: "deadline", value: times(|when| matches!(when, When::Until(_))) },
            Entry { name: "window", value: times(|when| !matches!(when, When::Until(_))) },
            Entry { name: "comparator", value: contract.range.map(|range| range.value.to_string()) },
            Entry { name: "negated", value: contract.negated.then(|| "yes".to_owned()) },
            Entry { name: "announcement", value: flag(clauses.announcement) },
            Entry { name: "detention", value: flag(clauses.detention) },
            Entry { name: "incapacity", value: flag(clauses.incapacity) },
            Entry { name: "death", value: quoted(clauses.death_excluded) },
            Entry { name: "tie", value: quoted(clauses.tie) },
            Entry { name: "void", value: quoted(clauses.half.or(clauses.fair_price)) },
            Entry { name: "postponement", value: quoted(clauses.postponed) },
            Entry { name: "cancellation", value: quoted(clauses.canceled) },
            Entry { name: "other", value: quoted(clauses.other) },
            Entry {
                name: "time",
                value: flag(clauses.regular_time)
                    .map(|_| "regular".to_owned())
                    .or(flag(clauses.overtime).map(|_| "with overtime".to_owned())),
            },
            Entry { name: "winning", value: flag(clauses.by_seats).map(|_| "by seats".to_owned()) },
            Entry { name: "early close", value: quoted(clauses.early_close) },
            Entry {
                name: "definitions",
                value: join(clauses.definitions.iter().map(|span| contract.quote(*span).trim().to_owned()).collect()),
            },
        ];
        Self { entries, text: text_hash(contract) }
    }

    /// The entries in which two fingerprints differ: name, this value, the other value.
    pub fn differences<'a>(&'a self, other: &'a Self) -> Vec<(&'static str, Option<&'a str>, Option<&'a str>)> {
        self.entries
            .iter()
            .zip(&other.entries)
            .filter(|(one, two)| one.value != two.value)
            .map(|(one, two)| (one.name, one.value.as_deref(), two.value.as_deref()))
            .collect()
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for entry in &self.entries {
            writeln!(out, "{:<13} {}", entry.name, entry.value.as_deref().unwrap_or("-").replace('\n', " "))?;
        }
        write!(out, "{:<13} {:016x}", "text", self.text)
    }
}

fn text_hash(contract: &Contract) -> u64 {
    let listing = &contract.listing;
    let mut state: u64 = 0xcbf2_9ce4_8422_2325;
    let texts = [&listing.title, &listing.subtitle, &listing.rules, &listing.more_rules];
    for text in texts {
        for word in text.split_whitespace() {
            for byte in crate::text::fold(word).bytes().chain([b' ']) {
                state = (state ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
            }
        }
        state = (state ^ 0xff).wrapping_mul(0x100_0000_01b3);
    }
    state
}
