//! What a comparison found, field by field, with the texts it rests on.

use std::fmt;

use crate::contract::{Certainty, Contract, Source, Span};

/// What is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Topic {
    /// What happens.
    Act,
    /// Which contest, show, league or prize.
    Contest,
    /// Which office, seat or district.
    Office,
    /// Which part of an election.
    Stage,
    /// Which party.
    Party,
    /// Which country, state or city.
    Place,
    /// Which rank.
    Rank,
    /// Which part of a game or contest.
    Part,
    /// What is measured.
    Measure,
    /// Which price.
    Asset,
    /// Who or what it is about.
    Subject,
    /// Words that no table knows.
    Wording,
    /// Who does it to whom.
    Roles,
    /// Which values pay.
    Threshold,
    /// The last day that counts.
    Deadline,
    /// The day, month or window it is about.
    Window,
    /// Hours and zones at its ends.
    Seam,
    /// The year or season.
    Edition,
    /// The game.
    Game,
    /// Whose outcome pays.
    Outcome,
    /// Where the result comes from.
    Settlement,
    /// Which station measures.
    Station,
    /// Whether an announcement is enough.
    Announcement,
    /// What else is enough.
    Grounds,
    /// How winning is measured.
    Winning,
    /// What key words are said to mean.
    Definitions,
    /// Overtime and regular time.
    Overtime,
    /// A listing that contradicts itself.
    Consistency,
}

impl Topic {
    /// Every topic, in their order.
    pub const ALL: [Self; 28] = [
        Self::Act,
        Self::Contest,
        Self::Office,
        Self::Stage,
        Self::Party,
        Self::Place,
        Self::Rank,
        Self::Part,
        Self::Measure,
        Self::Asset,
        Self::Subject,
        Self::Wording,
        Self::Roles,
        Self::Threshold,
        Self::Deadline,
        Self::Window,
        Self::Seam,
        Self::Edition,
        Self::Game,
        Self::Outcome,
        Self::Settlement,
        Self::Station,
        Self::Announcement,
        Self::Grounds,
        Self::Winning,
        Self::Definitions,
        Self::Overtime,
        Self::Consistency,
    ];

    /// Its name in proofs and files.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Act => "act",
            Self::Contest => "contest",
            Self::Office => "office",
            Self::Stage => "stage",
            Self::Party => "party",
            Self::Place => "place",
            Self::Rank => "rank",
            Self::Part => "part",
            Self::Measure => "measure",
            Self::Asset => "asset",
            Self::Subject => "subject",
            Self::Wording => "wording",
            Self::Roles => "roles",
            Self::Threshold => "threshold",
            Self::Deadline => "deadline",
            Self::Window => "window",
            Self::Seam => "seam",
            Self::Edition => "edition",
            Self::Game => "game",
            Self::Outcome => "outcome",
            Self::Settlement => "settlement",
            Self::Station => "station",
            Self::Announcement => "announcement",
            Self::Grounds => "grounds",
            Self::Winning => "winning",
            Self::Definitions => "definitions",
            Self::Overtime => "overtime",
            Self::Consistency => "consistency",
        }
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(self.word())
    }
}

/// What a comparison of one topic came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Finding {
    /// Both say the same.
    Agrees,
    /// One leaves it out, and what it does say allows nothing else.
    Follows,
    /// One leaves it out and both are taken to mean the same; said in the proof, never hidden.
    Assumed,
    /// Something is needed that a text does not say.
    Missing,
    /// Both say it, and differently.
    Contradicts,
}

impl fmt::Display for Finding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(match self {
            Self::Agrees => "agrees",
            Self::Follows => "follows",
            Self::Assumed => "assumed",
            Self::Missing => "missing",
            Self::Contradicts => "CONTRADICTS",
        })
    }
}

/// A text that supports one side of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quote {
    /// Which text.
    pub source: Source,
    /// Its words, cut to 1,000 characters.
    pub text: String,
}

impl Quote {
    /// The words of `span`.
    pub fn of(contract: &Contract, span: Span) -> Self {
        Self { source: span.source, text: contract.quote(span).trim().chars().take(1_000).collect() }
    }
}

impl fmt::Display for Quote {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} \"{}\"", self.source, self.text.replace('\n', " "))
    }
}

/// One line of a proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// What was compared.
    pub topic: Topic,
    /// What came of it.
    pub finding: Finding,
    /// What the first contract's texts say.
    pub first: Option<Quote>,
    /// What the second contract's texts say.
    pub second: Option<Quote>,
    /// Why, in words.
    pub note: String,
    /// Whether every reading behind it is stated, or some rest on a venue's habit.
    pub certainty: Certainty,
}

impl Line {
    /// What it says, with the words that it rests on, in one line and without the finding.
    pub fn wording(&self) -> String {
        let quotes = [&self.first, &self.second].into_iter().flatten();
        quotes.fold(self.note.clone(), |text, quote| format!("{text} | {quote}"))
    }
}

impl fmt::Display for Line {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:<12} {:<11} {}", self.topic, self.finding, self.note)?;
        if self.certainty == Certainty::Convention {
            out.write_str(" (by the venue's habit)")?;
        }
        if let Some(first) = &self.first {
            write!(out, " | {first}")?;
        }
        if let Some(second) = &self.second {
            write!(out, " | {second}")?;
        }
        Ok(())
    }
}

/// All lines of one comparison, in the order in which they were made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proof {
    /// The lines.
    pub lines: Vec<Line>,
}

impl Proof {
    /// The lines with this finding.
    pub fn with(&self, finding: Finding) -> impl Iterator<Item = &Line> {
        self.lines.iter().filter(move |line| line.finding == finding)
    }
}

impl fmt::Display for Proof {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.lines {
            writeln!(out, "{line}")?;
        }
        Ok(())
    }
}
