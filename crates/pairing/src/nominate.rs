//! Pairs that others nominate: read, proved again from the texts, and told how far we agree. Their word counts for
//! nothing.
//!
//! Forms that are read, one JSON object a line: both sides as objects `kalshi` and `polymarket` with `label`, as
//! [`crate::eval`] scores them; flat market lists (`kalshi_ticker`, `kalshi_title`, `polymarket_id`,
//! `polymarket_question`, with `label` or `in_matching_set`); flat event lists (`kalshi_event`, `polymarket_event_id`,
//! `same_question`).

use std::fmt;

use brier_types::Venue;
use serde_json::{Map, Value};

use crate::listing::{Listing, NoListing, record};
use crate::verdict::Verdict;

/// What its author says about a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Claim {
    /// They pay together.
    Same,
    /// Exactly one of them pays.
    Inverse,
    /// The same question, which a stated rule can split.
    Conditional,
    /// They do not pay together.
    Different,
    /// Only that somebody should look.
    Open,
}

impl fmt::Display for Claim {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(match self {
            Self::Same => "same",
            Self::Inverse => "inverse",
            Self::Conditional => "conditional",
            Self::Different => "different",
            Self::Open => "open",
        })
    }
}

/// One nominated pair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nomination {
    /// Its place in the file, from 1.
    pub line: usize,
    /// The Kalshi side with the texts of the file.
    pub kalshi: Listing,
    /// The Polymarket side with the texts of the file.
    pub polymarket: Listing,
    /// What its author says.
    pub claim: Claim,
    /// The Polymarket outcome that pays with Kalshi's Yes, as its author says.
    pub outcome: Option<String>,
}

/// How far a verdict agrees with a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Answer {
    /// The texts prove what is claimed.
    Agrees,
    /// The texts prove something else: another link, another outcome, a pair where none is claimed, or none where one
    /// is.
    Contradicts,
    /// The texts prove neither.
    Unproven,
    /// Nothing was claimed, and the texts prove a link.
    Found,
    /// Nothing was claimed, and the texts prove that they ask different questions.
    Rejected,
}

impl Answer {
    /// Its name.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Agrees => "agrees",
            Self::Contradicts => "contradicts",
            Self::Unproven => "unproven",
            Self::Found => "found",
            Self::Rejected => "rejected",
        }
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(self.word())
    }
}

/// A line that nominates nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NominationError {
    /// No JSON object.
    #[error("line {line}: expected a JSON object: {why}")]
    Json {
        /// From 1.
        line: usize,
        /// What the parser said.
        why: String,
    },
    /// An object of no known form.
    #[error(
        "line {line}: expected `kalshi` and `polymarket`, or `kalshi_ticker` and `polymarket_id`, or \
         `kalshi_event` and `polymarket_event_id`; found {found}"
    )]
    Form {
        /// From 1.
        line: usize,
        /// The keys that were there, cut to 120 characters.
        found: String,
    },
    /// A word of the author that is not known.
    #[error("line {line}: expected {expected} at `{path}`, found `{found}`")]
    Word {
        /// From 1.
        line: usize,
        /// Where.
        path: &'static str,
        /// What is known there.
        expected: &'static str,
        /// What was there, cut to 40 characters.
        found: String,
    },
    /// A side is no bet on yes or no.
    #[error("line {line}: {why}")]
    Refused {
        /// From 1.
        line: usize,
        /// Why.
        why: NoListing,
    },
}

/// Reads one line.
///
/// # Errors
/// [`NominationError`]: it is in no form that is known.
pub fn parse(line: usize, text: &str) -> Result<Nomination, NominationError> {
    let value: Value =
        serde_json::from_str(text).map_err(|error| NominationError::Json { line, why: error.to_string() })?;
    let Value::Object(object) = value else {
        return Err(NominationError::Json { line, why: "found another kind of value".to_owned() });
    };
    let object = &object;
    let (claim, outcome) = claim(line, object)?;
    if let (Some(Value::Object(first)), Some(Value::Object(second))) = (object.get("kalshi"), object.get("polymarket"))
    {
        let refused = |why| NominationError::Refused { line, why };
        let kalshi = record::kalshi(first, None).map_err(refused)?;
        let mut polymarket = record::polymarket(second, None).map_err(refused)?;
        if polymarket.id.is_empty() {
            // Some lists know only Gamma's number.
            polymarket.id = word(second, "market_id");
        }
        return Ok(Nomination { line, kalshi, polymarket, claim, outcome });
    }
    let [first, second, first_title, second_title] = if object.contains_key("kalshi_ticker") {
        ["kalshi_ticker", "polymarket_id", "kalshi_title", "polymarket_question"]
    } else {
        ["kalshi_event", "polymarket_event_id", "kalshi_title", "polymarket_title"]
    };
    let found = [first, second, first_title, second_title].map(|key| word(object, key));
    if found.iter().any(String::is_empty) {
        let keys = object.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
        return Err(NominationError::Form { line, found: keys.chars().take(120).collect() });
    }
    let [first, second, first_title, second_title] = found;
    let kalshi = Listing {
        subtitle: word(object, "kalshi_yes_sub_title"),
        rules: word(object, "kalshi_rules"),
        ends: word(object, "kalshi_close_time"),
        ..Listing::new(Venue::Kalshi, &first, &first_title)
    };
    let polymarket = Listing {
        rules: word(object, "polymarket_rules"),
        ends: word(object, "polymarket_end"),
        ..Listing::new(Venue::Polymarket, &second, &second_title)
    };
    Ok(Nomination { line, kalshi, polymarket, claim, outcome })
}

fn word(object: &Map<String, Value>, key: &str) -> String {
    match object.get(key) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        Some(Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_)) | None => String::new(),
    }
}

fn claim(line: usize, object: &Map<String, Value>) -> Result<(Claim, Option<String>), NominationError> {
    let polarity = word(object, "polarity");
    let together = if matches!(polarity.as_str(), "inverse" | "inverted") { Claim::Inverse } else { Claim::Same };
    let unknown = |path, expected, found: String| {
        Err(NominationError::Word { line, path, expected, found: found.chars().take(40).collect() })
    };
    let label = word(object, "label");
    let claim = match label.as_str() {
        "equivalent" | "true_match" => together,
        "conditional" => Claim::Conditional,
        "different" | "false_match" => Claim::Different,
        "" => match object.get("in_matching_set") {
            Some(Value::Bool(true)) => together,
            Some(Value::Bool(false)) => Claim::Different,
            Some(other) => return unknown("in_matching_set", "true or false", other.to_string()),
            None => match word(object, "same_question").as_str() {
                "TRUE" => together,
                "FALSE" => Claim::Different,
                "UNCLEAR" | "" => Claim::Open,
                other => return unknown("same_question", "TRUE, FALSE or UNCLEAR", other.to_owned()),
            },
        },
        other => {
            let known = "equivalent, true_match, conditional, different or false_match";
            return unknown("label", known, other.to_owned());
        }
    };
    let outcome = word(object, "polymarket_outcome");
    Ok((claim, Some(outcome).filter(|outcome| !outcome.is_empty())))
}

/// How far a verdict, with Kalshi first, agrees with a claim.
pub fn answer(claim: Claim, outcome: Option<&str>, verdict: &Verdict) -> Answer {
    let outcome_agrees = |found: &str| outcome.is_none_or(|claimed| claimed.eq_ignore_ascii_case(found));
    match (claim, verdict) {
        (_, Verdict::Unproven(_)) => Answer::Unproven,
        (Claim::Open, Verdict::Different(_)) => Answer::Rejected,
        (Claim::Open, _) => Answer::Found,
        (Claim::Same, Verdict::Same(found)) | (Claim::Inverse, Verdict::Inverse(found))
            if outcome_agrees(&found.outcome) =>
        {
            Answer::Agrees
        }
        // Not the same, or the same but for a stated rule: both end in no pair that pays together for sure.
        (
            Claim::Different | Claim::Conditional,
            Verdict::Different(_) | Verdict::Excludes(_) | Verdict::Implies { .. },
        ) => Answer::Agrees,
        (
            Claim::Same | Claim::Inverse | Claim::Different | Claim::Conditional,
            Verdict::Same(_)
            | Verdict::Inverse(_)
            | Verdict::Different(_)
            | Verdict::Excludes(_)
            | Verdict::Implies { .. },
        ) => Answer::Contradicts,
    }
}
