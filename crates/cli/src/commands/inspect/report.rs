//! An audited recording as JSON and as text.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use brier_book::{Book, BookView, Level, Trust, Untrusted};
use brier_types::{BookSide, MarketTicker, Price, Qty, Timestamp};
use serde::Serialize;

use super::audit::{Audited, BookCounts, Seen};
use super::sequence::{Findings, Sequences};
use crate::error::CliError;
use crate::output::{Output, as_text, counted};

/// One recording's report. Prices are YES prices in dollars, quantities contracts, times UTC by the recorder's clock.
#[derive(Serialize)]
pub(super) struct FileReport {
    file: String,
    holds: bool,
    form: Option<String>,
    lines: u64,
    first_received: Option<String>,
    last_received: Option<String>,
    frames: BTreeMap<String, u64>,
    unknown: BTreeMap<String, Seen>,
    malformed: Findings,
    sequence: Sequences,
    books: BookCounts,
    markets: Vec<MarketReport>,
}

/// A market's book when the recording ends.
#[derive(Serialize)]
struct MarketReport {
    market: String,
    /// `trusted`, `crossed`, or why it is not to be trusted.
    state: String,
    bid_levels: usize,
    #[serde(serialize_with = "as_text")]
    bid_contracts: Qty,
    ask_levels: usize,
    #[serde(serialize_with = "as_text")]
    ask_contracts: Qty,
    bids: Vec<LevelReport>,
    asks: Vec<LevelReport>,
}

#[derive(Serialize)]
struct LevelReport {
    #[serde(serialize_with = "as_text")]
    price: Price,
    #[serde(serialize_with = "as_text")]
    contracts: Qty,
}

/// Sums over several recordings.
#[derive(Debug, Default, Serialize)]
pub(super) struct Totals {
    pub(super) files: u64,
    pub(super) failing: u64,
    frames: BTreeMap<String, u64>,
    unknown: u64,
    malformed: u64,
    unexplained_jumps: u64,
    explained_jumps: u64,
    negative_levels: u64,
    impossible: u64,
    before_first_snapshot: u64,
    crossings: u64,
    crossed_frames: u64,
}

impl FileReport {
    /// The report of `audited` with at most `levels` levels of each side of each book.
    pub(super) fn new(file: &str, audited: &Audited, levels: usize) -> Self {
        let time = |pick: fn((Timestamp, Timestamp)) -> Timestamp| audited.span.map(|span| pick(span).to_string());
        Self {
            file: file.to_owned(),
            holds: audited.holds(),
            form: audited.form.map(|form| form.to_string()),
            lines: audited.lines,
            first_received: time(|span| span.0),
            last_received: time(|span| span.1),
            frames: audited.frames.clone(),
            unknown: audited.unknown.clone(),
            malformed: audited.malformed.clone(),
            sequence: audited.sequences.clone(),
            books: audited.counts.clone(),
            markets: audited.books.iter().map(|(_, ticker, book)| MarketReport::new(ticker, book, levels)).collect(),
        }
    }

    /// Prints it for people.
    pub(super) fn print(&self, output: &mut Output) -> Result<(), CliError> {
        output.line(&self.file)?;
        output.line(format_args!("  frames    {}", self.frames_line()))?;
        output.line(format_args!("  by type   {}", by_count(&self.frames)))?;
        if self.unknown.is_empty() {
            output.line("  unknown   none")?;
        }
        for (name, seen) in &self.unknown {
            output.line(format_args!("  unknown   {name}: {}, first on line {}", seen.count, seen.first_line))?;
        }
        findings(output, "malformed", &self.malformed)?;
        output.line(format_args!("  sequence  {}", self.sequence_line()))?;
        findings(output, "jump", &self.sequence.unexplained)?;
        output.line(format_args!("  books     {}", self.books_line()))?;
        findings(output, "negative", &self.books.negative_levels)?;
        findings(output, "impossible", &self.books.impossible)?;
        for market in &self.markets {
            market.print(output)?;
        }
        output.line(format_args!("  result    {}", if self.holds { "holds" } else { "does not hold" }))
    }

    fn frames_line(&self) -> String {
        let (Some(form), Some(first), Some(last)) = (&self.form, &self.first_received, &self.last_received) else {
            return "none: expected at least one recorded frame".to_owned();
        };
        format!("{} ({form}), received {first} to {last}", self.lines)
    }

    fn sequence_line(&self) -> String {
        let Sequences { started, restarted, begins_inside, explained_jumps, missing_numbers, unexplained } =
            &self.sequence;
        let mut line = counted(*started, "counter", "counters");
        if *begins_inside {
            line.push_str(", begins inside a subscription");
        }
        if *restarted > 0 {
            write!(line, ", {restarted} restarted at a snapshot").expect("a string takes any text");
        }
        if *explained_jumps > 0 {
            let jumps = counted(*explained_jumps, "jump", "jumps");
            write!(line, ", {jumps} over {missing_numbers} numbers of markets that were cut out")
                .expect("a string takes any text");
        }
        format!("{line}; {} unexplained", counted(unexplained.count, "jump", "jumps"))
    }

    fn books_line(&self) -> String {
        let counts = &self.books;
        format!(
            "{}, {}, {} before a first snapshot, {} while stale; crossed {} for {}; {} negative",
            counted(counts.snapshots, "snapshot", "snapshots"),
            counted(counts.deltas, "delta", "deltas"),
            counts.before_first_snapshot,
            counts.while_stale,
            counted(counts.crossings, "time", "times"),
            counted(counts.crossed_frames, "frame", "frames"),
            counted(counts.negative_levels.count, "level", "levels"),
        )
    }
}

impl MarketReport {
    fn new(ticker: &MarketTicker, book: &Book, levels: usize) -> Self {
        let view = book.view_untrusted();
        let side = |side| {
            view.levels(side).take(levels).map(|Level { price, qty }| LevelReport { price, contracts: qty }).collect()
        };
        Self {
            market: ticker.to_string(),
            state: state(book),
            bid_levels: view.level_count(BookSide::Bid),
            bid_contracts: view.total(BookSide::Bid),
            ask_levels: view.level_count(BookSide::Ask),
            ask_contracts: view.total(BookSide::Ask),
            bids: side(BookSide::Bid),
            asks: side(BookSide::Ask),
        }
    }

    fn print(&self, output: &mut Output) -> Result<(), CliError> {
        let Self { market, state, bid_levels, bid_contracts, ask_levels, ask_contracts, .. } = self;
        output.line(format_args!(
            "  book      {market} ({state}): bids {bid_contracts} contracts at {bid_levels} prices, asks \
             {ask_contracts} at {ask_levels}"
        ))?;
        for row in 0..self.bids.len().max(self.asks.len()) {
            let cell = |level: Option<&LevelReport>| match level {
                Some(level) => format!("{} x {}", level.price, level.contracts),
                None => String::new(),
            };
            let line = format!("            bid {:<20} ask {}", cell(self.bids.get(row)), cell(self.asks.get(row)));
            output.line(line.trim_end())?;
        }
        Ok(())
    }
}

/// The trust of a book in a word or two.
fn state(book: &Book) -> String {
    match (book.view(), book.trust()) {
        (Ok(view), _) if is_empty(&view) => "trusted, empty".to_owned(),
        (Ok(_), _) => "trusted".to_owned(),
        (Err(Untrusted::Crossed { .. }), _) => "crossed".to_owned(),
        (Err(_), Trust::Stale(brier_book::StaleReason::Disconnected)) => "its subscription ended".to_owned(),
        (Err(_), Trust::Stale(reason)) => format!("stale: {reason}"),
        (Err(_), Trust::Empty | Trust::Building | Trust::Trusted) => "no snapshot".to_owned(),
    }
}

fn is_empty(view: &BookView<'_>) -> bool {
    view.best_bid().is_none() && view.best_ask().is_none()
}

/// `orderbook_delta 70962, ticker 788`, most frequent first.
fn by_count(frames: &BTreeMap<String, u64>) -> String {
    let mut sorted: Vec<_> = frames.iter().collect();
    sorted.sort_by_key(|(name, count)| (std::cmp::Reverse(**count), *name));
    let texts: Vec<String> = sorted.into_iter().map(|(name, count)| format!("{name} {count}")).collect();
    if texts.is_empty() { "none".to_owned() } else { texts.join(", ") }
}

fn findings(output: &mut Output, title: &str, findings: &Findings) -> Result<(), CliError> {
    for finding in &findings.first {
        output.line(format_args!("  {title:<9} {finding}"))?;
    }
    match findings.count.saturating_sub(findings.first.len() as u64) {
        0 => Ok(()),
        more => output.line(format_args!("  {title:<9} and {more} more")),
    }
}

impl Totals {
    /// Adds one file's figures.
    pub(super) fn add(&mut self, report: &FileReport) {
        self.files += 1;
        self.failing += u64::from(!report.holds);
        for (name, count) in &report.frames {
            *self.frames.entry(name.clone()).or_default() += count;
        }
        self.unknown += report.unknown.values().map(|seen| seen.count).sum::<u64>();
        self.malformed += report.malformed.count;
        self.unexplained_jumps += report.sequence.unexplained.count;
        self.explained_jumps += report.sequence.explained_jumps;
        self.negative_levels += report.books.negative_levels.count;
        self.impossible += report.books.impossible.count;
        self.before_first_snapshot += report.books.before_first_snapshot;
        self.crossings += report.books.crossings;
        self.crossed_frames += report.books.crossed_frames;
    }

    /// Prints the sums for people.
    pub(super) fn print(&self, output: &mut Output) -> Result<(), CliError> {
        output.line(format_args!(
            "{} recordings: {} hold, {} do not",
            self.files,
            self.files - self.failing,
            self.failing
        ))?;
        output.line(format_args!("  frames    {}", self.frames.values().sum::<u64>()))?;
        output.line(format_args!("  by type   {}", by_count(&self.frames)))?;
        output.line(format_args!("  unknown   {}; malformed {}", self.unknown, self.malformed))?;
        output.line(format_args!(
            "  sequence  {} unexplained, {} explained",
            counted(self.unexplained_jumps, "jump", "jumps"),
            self.explained_jumps
        ))?;
        output.line(format_args!(
            "  books     {} before a first snapshot; crossed {} for {}; {} negative, {} otherwise impossible",
            counted(self.before_first_snapshot, "delta", "deltas"),
            counted(self.crossings, "time", "times"),
            counted(self.crossed_frames, "frame", "frames"),
            counted(self.negative_levels, "level", "levels"),
            self.impossible
        ))
    }
}
