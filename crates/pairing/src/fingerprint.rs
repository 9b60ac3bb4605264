//! The rules of one contract in a fixed form, to see at a glance what two venues settle by, and to notice a venue
//! changing its text.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest as _, Sha256};

use crate::calendar::When;
use crate::contract::{Contract, Span};
use crate::listing::{Listing, Strike};
use crate::text::Decimal;

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

/// A hash of everything in a listing that a reading can rest on, for whatever stands only while no word of it changes.
///
/// SHA-256 cut to 128 bits, over title, subtitle, both rules, event title, outcomes in their order, end, strike fields,
/// settlement sources and what the market stands for. Runs of space count as one, and so do runs of line
/// breaks. Written as 32 hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seal([u8; 16]);

impl Seal {
    /// The seal of a listing. The venue's names for it are no part of it.
    pub fn of(listing: &Listing) -> Self {
        let Listing {
            venue: _,
            id: _,
            event: _,
            title,
            subtitle,
            rules,
            more_rules,
            event_title,
            outcomes,
            ends,
            strike,
            sources,
            // Decides about sets, not about pairs.
            exclusive: _,
            other,
        } = listing;
        let mut hash = Sha256::new();
        let mut add = |text: &str| {
            // A line break ends a sentence and so counts; other runs of space are one.
            for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
                for word in line.split_whitespace() {
                    hash.update(word.as_bytes());
                    hash.update(b" ");
                }
                hash.update(b"\n");
            }
            // No text holds this byte, so no two lists of texts run together.
            hash.update([0xff]);
        };
        for text in [title, subtitle, rules, more_rules, event_title, ends] {
            add(text);
        }
        for list in [outcomes, sources] {
            add(&list.len().to_string());
            for text in list {
                add(text);
            }
        }
        match strike {
            None => add("no strike"),
            Some(Strike { kind, floor, cap }) => {
                let number =
                    |bound: Option<Decimal>| bound.map_or_else(String::new, |bound| bound.micros().to_string());
                add(kind.word());
                add(&number(*floor));
                add(&number(*cap));
            }
        }
        add(if *other { "stands for others" } else { "stands for itself" });
        let whole: [u8; 32] = hash.finalize().into();
        let mut seal = [0; 16];
        seal.copy_from_slice(&whole[..16]);
        Self(seal)
    }
}

impl fmt::Display for Seal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
    }
}

impl fmt::Debug for Seal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Seal({self})")
    }
}

/// A text that is no [`Seal`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected 32 hex digits, found `{found}`")]
pub struct SealError {
    /// The text, cut to 40 characters.
    pub found: String,
}

impl FromStr for Seal {
    type Err = SealError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || SealError { found: text.chars().take(40).collect() };
        // Small letters only, so that a file has one form.
        let plain = text.len() == 32 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let bits = u128::from_str_radix(text, 16).ok().filter(|_| plain).ok_or_else(error)?;
        Ok(Self(bits.to_be_bytes()))
    }
}
