//! What a recording holds, frame by frame: types, unknown fields, numbers, books. Pure: lines go in, a report comes out.

use std::collections::BTreeMap;

use brier_book::{
    BookSet, Effect, Ignored, LadderError, MarketSlot, SequencePolicy, StaleReason, Step, Trust, Untrusted,
};
use brier_kalshi_protocol::recording::{self, Form, Record, RecordError};
use brier_kalshi_protocol::stream::{Delta, Frame, Snapshot};
use brier_types::{MarketTicker, SubscriptionId, Timestamp};
use serde::Serialize;

use super::sequence::{Findings, SequenceAudit, Sequences};

/// How often something unknown came, and where first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Seen {
    /// How often.
    pub(super) count: u64,
    /// The line it was first seen on, from 1.
    pub(super) first_line: u64,
}

/// What the book changes of one recording did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct BookCounts {
    /// Snapshots applied.
    pub(super) snapshots: u64,
    /// Deltas applied.
    pub(super) deltas: u64,
    /// Deltas of a market before its first snapshot: nothing to apply them to.
    pub(super) before_first_snapshot: u64,
    /// Deltas that came after their book was lost, until its next snapshot.
    pub(super) while_stale: u64,
    /// How often a book became crossed (best bid at or above best ask).
    pub(super) crossings: u64,
    /// Book frames after which their book was crossed.
    pub(super) crossed_frames: u64,
    /// Levels that went below zero.
    pub(super) negative_levels: Findings,
    /// Other changes that cannot be: prices no order can have, a level named twice, sums that do not fit.
    pub(super) impossible: Findings,
}

/// Everything about one recording, the final books included.
#[derive(Clone, Debug)]
pub(super) struct Audited {
    /// How its lines are written; none if it has no readable line.
    pub(super) form: Option<Form>,
    /// Lines read.
    pub(super) lines: u64,
    /// First and last receive time.
    pub(super) span: Option<(Timestamp, Timestamp)>,
    /// Frames by type.
    pub(super) frames: BTreeMap<String, u64>,
    /// Fields and types that are neither the venue's nor the recorder's.
    pub(super) unknown: BTreeMap<String, Seen>,
    /// Lines that cannot be read.
    pub(super) malformed: Findings,
    /// What the numbers showed.
    pub(super) sequences: Sequences,
    /// What the books showed.
    pub(super) counts: BookCounts,
    /// The books at the end.
    pub(super) books: BookSet,
}

impl Audited {
    /// Whether nothing is wrong with the recording.
    pub(super) fn holds(&self) -> bool {
        self.lines > 0
            && self.unknown.is_empty()
            && self.malformed.count == 0
            && self.sequences.unexplained.count == 0
            && self.counts.negative_levels.count == 0
            && self.counts.impossible.count == 0
    }
}

/// One market's part in the audit.
#[derive(Clone, Copy, Debug, Default)]
struct Seat {
    had_snapshot: bool,
    crossed: bool,
}

/// Reads one recording.
#[derive(Debug)]
pub(super) struct Audit {
    found: Audited,
    sequence: SequenceAudit,
    seats: Vec<Seat>,
    /// Stands for the flat form's `sid`: one per announced subscription.
    epoch: u64,
}

impl Audit {
    /// Nothing read yet.
    pub(super) fn new() -> Self {
        let found = Audited {
            form: None,
            lines: 0,
            span: None,
            frames: BTreeMap::new(),
            unknown: BTreeMap::new(),
            malformed: Findings::default(),
            sequences: Sequences::default(),
            counts: BookCounts::default(),
            // The numbers are judged by `SequenceAudit`, which knows what a recording may leave out.
            books: BookSet::new(SequencePolicy::Increasing),
        };
        Self { found, sequence: SequenceAudit::default(), seats: Vec::new(), epoch: 0 }
    }

    /// Takes one line.
    ///
    /// # Errors
    /// [`RecordError`] when the first line is no record: then this is no recording, and nothing else is worth reading.
    pub(super) fn take(&mut self, line: &str) -> Result<(), RecordError> {
        self.found.lines += 1;
        let number = self.found.lines;
        let record = match Record::parse(line) {
            Ok(record) => record,
            Err(error) if self.found.form.is_none() => return Err(error),
            Err(error) => {
                self.found.malformed.push(|| format!("line {number}: {error}"));
                return Ok(());
            }
        };
        if *self.found.form.get_or_insert(record.form) != record.form {
            self.found
                .malformed
                .push(|| format!("line {number}: expected the form of the lines before, found another"));
            return Ok(());
        }
        let span = self.found.span.get_or_insert((record.received, record.received));
        span.1 = record.received;
        if let Err(problem) = self.frame(number, &record) {
            self.found.malformed.push(|| format!("line {number}: {problem}"));
        }
        Ok(())
    }

    /// A line that could not even be read as text.
    pub(super) fn unreadable(&mut self, problem: impl FnOnce() -> String) {
        self.found.lines += 1;
        self.found.malformed.push(problem);
    }

    /// The report.
    pub(super) fn finish(mut self) -> Audited {
        self.found.sequences = self.sequence.finish();
        self.found
    }

    fn frame(&mut self, number: u64, record: &Record<'_>) -> Result<(), String> {
        for name in record.unknown_fields().map_err(|error| error.to_string())? {
            self.found.unknown.entry(name).or_insert(Seen { count: 0, first_line: number }).count += 1;
        }
        let frame = record.decode().map_err(|error| error.to_string())?;
        let kind = match &frame {
            Frame::Snapshot(_) => "orderbook_snapshot",
            Frame::Delta(_) => "orderbook_delta",
            Frame::Ticker(_) => "ticker",
            Frame::Trade(_) => "trade",
            Frame::Other(other) => other.kind.as_ref(),
        };
        match self.found.frames.get_mut(kind) {
            Some(count) => *count += 1,
            None => drop(self.found.frames.insert(kind.to_owned(), 1)),
        }
        if recording::announces_subscription(kind) && record.form == Form::Flat {
            self.announce();
        }
        let head = frame.head();
        if let Some(seq) = head.seq {
            let is_snapshot = matches!(frame, Frame::Snapshot(_));
            self.sequence.take(record.form, number, head.sid.map(|sid| sid.0), seq, is_snapshot);
        }
        match &frame {
            Frame::Snapshot(snapshot) => self.snapshot(number, snapshot),
            Frame::Delta(delta) => self.delta(number, delta),
            Frame::Ticker(_) | Frame::Trade(_) | Frame::Other(_) => Ok(()),
        }
    }

    /// The flat form does not say which subscription a frame belongs to: an announced one ends those before.
    fn announce(&mut self) {
        self.sequence.announce();
        self.epoch += 1;
        self.found.books.disconnect();
    }

    fn place(&mut self, sid: Option<SubscriptionId>, market: &str) -> Result<(SubscriptionId, MarketSlot), String> {
        let slot = match self.found.books.slot(market) {
            Some(slot) => slot,
            None => self.found.books.add(&MarketTicker::new(market).map_err(|error| error.to_string())?),
        };
        if slot.index() >= self.seats.len() {
            self.seats.resize(slot.index() + 1, Seat::default());
        }
        Ok((sid.unwrap_or(SubscriptionId(self.epoch)), slot))
    }

    fn snapshot(&mut self, number: u64, snapshot: &Snapshot<'_>) -> Result<(), String> {
        let (sid, slot) = self.place(snapshot.head.sid, &snapshot.market_ticker)?;
        let seq = snapshot.head.seq.ok_or("an orderbook_snapshot without `seq`")?;
        let step = self.found.books.apply_snapshot(sid, seq, slot, snapshot.in_yes_terms(false));
        self.seats[slot.index()].had_snapshot = true;
        self.after(number, slot, &step);
        Ok(())
    }

    fn delta(&mut self, number: u64, delta: &Delta<'_>) -> Result<(), String> {
        let (sid, slot) = self.place(delta.head.sid, &delta.market_ticker)?;
        let seq = delta.head.seq.ok_or("an orderbook_delta without `seq`")?;
        let (side, price) = delta.in_yes_terms(false);
        let step = self.found.books.apply_delta(sid, seq, slot, side, price, delta.delta);
        self.after(number, slot, &step);
        Ok(())
    }

    /// Counts what a message did and looks at the book it left.
    fn after(&mut self, number: u64, slot: MarketSlot, step: &Step) {
        let counts = &mut self.found.counts;
        match step.effect {
            Effect::Changed => counts.deltas += 1,
            Effect::Rebuilt => counts.snapshots += 1,
            Effect::Ignored(Ignored::BeforeSnapshot | Ignored::OtherSubscription | Ignored::Old) => {
                if self.seats[slot.index()].had_snapshot {
                    counts.while_stale += 1;
                } else {
                    counts.before_first_snapshot += 1;
                }
            }
            Effect::Refused => {
                let ticker = self.found.books.ticker(slot);
                let Trust::Stale(reason) = self.found.books.book(slot).trust() else { return };
                let finding = || format!("line {number}: {ticker}: {reason}");
                match reason {
                    StaleReason::Level { error: LadderError::Negative { .. }, .. } => {
                        counts.negative_levels.push(finding);
                    }
                    _ => counts.impossible.push(finding),
                }
            }
        }
        let crossed = matches!(self.found.books.book(slot).view(), Err(Untrusted::Crossed { .. }));
        let seat = &mut self.seats[slot.index()];
        counts.crossed_frames += u64::from(crossed);
        counts.crossings += u64::from(crossed && !seat.crossed);
        seat.crossed = crossed;
    }
}

#[cfg(test)]
mod tests;
