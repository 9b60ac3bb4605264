//! What a venue publishes about one market, as plain text: the only input of this crate.
//!
//! Listings come from a venue's own types ([`from_kalshi`], [`from_gamma`]) or from recorded JSON ([`record`]), by one
//! set of rules. What is no bet on yes or no gives no listing, and says why.

pub mod record;
mod rest;

pub use rest::{from_gamma, from_kalshi};

use brier_types::Venue;

use crate::text::Decimal;

/// How Kalshi's strike fields compare.
///
/// Source: reference kalshi.md, market fields (`strike_type`), 2026-11-20.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StrikeKind {
    /// Strictly above the floor.
    Greater,
    /// At or above the floor.
    GreaterOrEqual,
    /// Strictly below the cap.
    Less,
    /// At or below the cap.
    LessOrEqual,
    /// From floor to cap, both included.
    Between,
}

impl StrikeKind {
    /// Every kind.
    pub const ALL: [Self; 5] = [Self::Greater, Self::GreaterOrEqual, Self::Less, Self::LessOrEqual, Self::Between];

    /// Kalshi's word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Greater => "greater",
            Self::GreaterOrEqual => "greater_or_equal",
            Self::Less => "less",
            Self::LessOrEqual => "less_or_equal",
            Self::Between => "between",
        }
    }
}

/// Kalshi's strike fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Strike {
    /// How to compare.
    pub kind: StrikeKind,
    /// `floor_strike`, in the market's own unit.
    pub floor: Option<Decimal>,
    /// `cap_strike`, in the market's own unit.
    pub cap: Option<Decimal>,
}

/// Everything a venue says about one market that a reader may use. Empty text means that the venue, or our source,
/// does not say it; nothing is inferred from absence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    /// Where it trades.
    pub venue: Venue,
    /// The venue's name for it: market ticker, or condition id.
    pub id: String,
    /// The venue's name for the event it belongs to.
    pub event: String,
    /// Title or question.
    pub title: String,
    /// Kalshi's `yes_sub_title`, which may carry the question; or Polymarket's group item title, which is a label and
    /// never changes it.
    pub subtitle: String,
    /// Kalshi's `rules_primary`, or Polymarket's description.
    pub rules: String,
    /// Kalshi's `rules_secondary`.
    pub more_rules: String,
    /// Title of the event.
    pub event_title: String,
    /// Polymarket's outcome names in the order of their tokens; empty on Kalshi, where they are Yes and No.
    pub outcomes: Vec<String>,
    /// Kalshi's `close_time` or Polymarket's `endDate`, as written.
    pub ends: String,
    /// Strike fields, where the venue has them.
    pub strike: Option<Strike>,
    /// Names and links of settlement sources.
    pub sources: Vec<String>,
    /// At most one market of the event pays Yes (Kalshi `mutually_exclusive`, Polymarket `negRisk`).
    pub exclusive: bool,
    /// This market stands for what is not listed yet (Polymarket's augmented negative risk, `negRiskOther`).
    pub other: bool,
}

/// A market that is no bet on yes or no, or of which too little is known to read it as one. It is not compared.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{venue} market {id}: expected {expected}, found {found}")]
pub struct NoListing {
    /// Where it trades.
    pub venue: Venue,
    /// The venue's name for it.
    pub id: String,
    /// What a listing needs.
    pub expected: &'static str,
    /// What was there, cut to 80 characters.
    pub found: String,
}

/// What both kinds of Kalshi's records say about one market, not yet checked.
#[derive(Default)]
struct KalshiFields<'a> {
    ticker: &'a str,
    event: &'a str,
    title: &'a str,
    subtitle: &'a str,
    rules: &'a str,
    more_rules: &'a str,
    event_title: &'a str,
    ends: String,
    market_type: &'a str,
    combo: bool,
    strike_type: &'a str,
    floor: Option<String>,
    cap: Option<String>,
    sources: Vec<String>,
    exclusive: bool,
}

impl KalshiFields<'_> {
    fn listing(self) -> Result<Listing, NoListing> {
        let refuse = |expected, found: &str| {
            let found = found.chars().take(80).collect();
            Err(NoListing { venue: Venue::Kalshi, id: self.ticker.to_owned(), expected, found })
        };
        if self.combo {
            return refuse("a question of its own", "a combo, whose legs are other markets");
        }
        if !matches!(self.market_type, "" | "binary") {
            return refuse("a market that pays all or nothing", self.market_type);
        }
        let number = |text: &Option<String>| text.as_deref().map(Decimal::parse_signed);
        let (floor, cap) = (number(&self.floor), number(&self.cap));
        // Others go by formula or by name: the words say it, not a number.
        let kind = StrikeKind::ALL.into_iter().find(|kind| kind.word() == self.strike_type);
        let strike = match (kind, floor, cap) {
            (None, _, _) => None,
            (Some(kind), floor, cap) => {
                let wanted = match kind {
                    StrikeKind::Greater | StrikeKind::GreaterOrEqual => floor.flatten().is_some(),
                    StrikeKind::Less | StrikeKind::LessOrEqual => cap.flatten().is_some(),
                    StrikeKind::Between => floor.flatten().is_some() && cap.flatten().is_some(),
                };
                if !wanted {
                    let found = format!("{} with {:?} and {:?}", self.strike_type, self.floor, self.cap);
                    return refuse("a strike with the numbers of its type", &found);
                }
                Some(Strike { kind, floor: floor.flatten(), cap: cap.flatten() })
            }
        };
        Ok(Listing {
            event: self.event.to_owned(),
            subtitle: self.subtitle.to_owned(),
            rules: self.rules.to_owned(),
            more_rules: self.more_rules.to_owned(),
            event_title: self.event_title.to_owned(),
            ends: self.ends,
            strike,
            sources: self.sources,
            exclusive: self.exclusive,
            ..Listing::new(Venue::Kalshi, self.ticker, self.title)
        })
    }
}

/// What both kinds of Polymarket's records say about one market, not yet checked.
#[derive(Default)]
struct GammaFields<'a> {
    condition: &'a str,
    event: &'a str,
    question: &'a str,
    group_title: &'a str,
    description: &'a str,
    event_title: &'a str,
    outcomes: Vec<String>,
    ends: &'a str,
    source: &'a str,
    neg_risk: bool,
    neg_risk_other: bool,
    active: Option<bool>,
}

impl GammaFields<'_> {
    /// `known`: outcomes that are not named are an error. Recorded lines may leave them out.
    fn listing(self, known: bool) -> Result<Listing, NoListing> {
        if self.outcomes.len() != 2 && (known || !self.outcomes.is_empty()) {
            let found = format!("{:?}", self.outcomes).chars().take(80).collect();
            let id = self.condition.to_owned();
            return Err(NoListing { venue: Venue::Polymarket, id, expected: "two outcomes", found });
        }
        // The flag alone does not tell: legs called `Other` are recorded without it. A place kept for a name that is
        // not known yet, such as `Person A`, is listed and not active.
        let group = self.group_title.trim();
        let letter = group.rsplit_once(' ').is_some_and(|(_, last)| matches!(last.as_bytes(), [b'A'..=b'Z']));
        let kept = self.neg_risk && letter && self.active == Some(false);
        Ok(Listing {
            event: self.event.to_owned(),
            rules: self.description.to_owned(),
            event_title: self.event_title.to_owned(),
            outcomes: self.outcomes,
            ends: self.ends.to_owned(),
            sources: Some(self.source).filter(|text| !text.is_empty()).map(str::to_owned).into_iter().collect(),
            exclusive: self.neg_risk,
            other: self.neg_risk_other || group.eq_ignore_ascii_case("other") || kept,
            subtitle: self.group_title.to_owned(),
            ..Listing::new(Venue::Polymarket, self.condition, self.question)
        })
    }
}

impl Listing {
    /// A listing of `venue` with an id and a title; the rest is empty.
    pub fn new(venue: Venue, id: &str, title: &str) -> Self {
        Self {
            venue,
            id: id.to_owned(),
            event: String::new(),
            title: title.to_owned(),
            subtitle: String::new(),
            rules: String::new(),
            more_rules: String::new(),
            event_title: String::new(),
            outcomes: Vec::new(),
            ends: String::new(),
            strike: None,
            sources: Vec::new(),
            exclusive: false,
            other: false,
        }
    }

    /// Whether any rules text is at hand.
    pub fn has_rules(&self) -> bool {
        !self.rules.trim().is_empty() || !self.more_rules.trim().is_empty()
    }
}
