//! What a venue publishes about one market, as plain text: the only input of this crate.

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
    /// Kalshi's `yes_sub_title`, or Polymarket's group item title.
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
