//! Whether the numbers of a recording's frames run as its form allows, and which jumps nothing explains.
//!
//! In the flat form numbers are continuous within a subscription and restart at each resubscription, which the recorder
//! announces; a recording may begin inside a subscription. In the wrapped form other markets were cut out, so numbers
//! only increase per `sid`, until a fresh snapshot.

use std::collections::BTreeMap;

use brier_kalshi_protocol::recording::Form;
use serde::Serialize;

/// How many findings are kept word for word; the others are counted.
const KEPT: usize = 20;

/// Findings that are counted, and told word for word while they are few.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Findings {
    /// How many there were.
    pub(super) count: u64,
    /// The first ones.
    pub(super) first: Vec<String>,
}

impl Findings {
    /// Counts one and keeps it if few came before.
    pub(super) fn push(&mut self, finding: impl FnOnce() -> String) {
        self.count += 1;
        if self.first.len() < KEPT {
            self.first.push(finding());
        }
    }
}

/// What the numbers of one recording showed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Sequences {
    /// Counters that began: subscriptions, or the first number of a `sid`.
    pub(super) started: u64,
    /// Counters that began anew after a fresh snapshot (wrapped form).
    pub(super) restarted: u64,
    /// Whether the recording begins inside a subscription.
    pub(super) begins_inside: bool,
    /// Jumps that the form explains: other markets were cut out.
    pub(super) explained_jumps: u64,
    /// Numbers that are missing in these jumps.
    pub(super) missing_numbers: u64,
    /// Jumps that nothing explains.
    pub(super) unexplained: Findings,
}

#[derive(Clone, Copy, Debug)]
struct Counter {
    last: u64,
    /// Whether a snapshot came since this counter's last number.
    snapshot_since: bool,
}

/// Watches the numbers of one recording.
#[derive(Clone, Debug, Default)]
pub(super) struct SequenceAudit {
    found: Sequences,
    counters: BTreeMap<u64, Counter>,
    announced: bool,
    any: bool,
}

impl SequenceAudit {
    /// A new connection or subscription was announced: the flat form's counter begins anew.
    pub(super) fn announce(&mut self) {
        self.counters.clear();
        self.announced = true;
    }

    /// Takes the number of one frame.
    pub(super) fn take(&mut self, form: Form, line: u64, sid: Option<u64>, seq: u64, is_snapshot: bool) {
        let sid = sid.unwrap_or(0);
        if is_snapshot {
            self.counters.values_mut().for_each(|counter| counter.snapshot_since = true);
        }
        match self.counters.get(&sid).copied() {
            None => self.first(form, line, seq),
            Some(Counter { last, .. }) if last.checked_add(1) == Some(seq) => {}
            Some(counter) => self.jump(form, line, sid, counter, seq),
        }
        self.any = true;
        self.counters.insert(sid, Counter { last: seq, snapshot_since: false });
    }

    /// What the numbers showed.
    pub(super) fn finish(self) -> Sequences {
        self.found
    }

    fn first(&mut self, form: Form, line: u64, seq: u64) {
        self.found.started += 1;
        if form == Form::Wrapped || seq == 1 {
            return;
        }
        if self.any || self.announced {
            self.found.unexplained.push(|| format!("line {line}: expected 1 after a subscription, found {seq}"));
        } else {
            self.found.begins_inside = true;
        }
    }

    fn jump(&mut self, form: Form, line: u64, sid: u64, counter: Counter, seq: u64) {
        let Counter { last, snapshot_since } = counter;
        match form {
            Form::Wrapped if seq > last => {
                self.found.explained_jumps += 1;
                self.found.missing_numbers += seq - last - 1;
            }
            Form::Wrapped if snapshot_since => self.found.restarted += 1,
            Form::Wrapped => self
                .found
                .unexplained
                .push(|| format!("line {line}: sid {sid}: expected more than {last} as no snapshot came, found {seq}")),
            Form::Flat => self.found.unexplained.push(|| {
                format!(
                    "line {line}: expected {} as no subscription was announced, found {seq}",
                    last.saturating_add(1)
                )
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flat(numbers: &[Option<u64>]) -> Sequences {
        let mut audit = SequenceAudit::default();
        for (line, number) in (1..).zip(numbers) {
            match number {
                Some(seq) => audit.take(Form::Flat, line, None, *seq, *seq == 1),
                None => audit.announce(),
            }
        }
        audit.finish()
    }

    #[test]
    fn a_flat_recording_restarts_only_where_a_subscription_is_announced() {
        let good = flat(&[None, Some(1), Some(2), None, None, Some(1), Some(2)]);
        assert_eq!((good.started, good.unexplained.count, good.begins_inside), (2, 0, false));
        let silent = flat(&[None, Some(1), Some(2), Some(1)]);
        assert_eq!(silent.unexplained.first, ["line 4: expected 3 as no subscription was announced, found 1"]);
        let gap = flat(&[Some(1), Some(3), Some(4)]);
        assert_eq!(gap.unexplained.first, ["line 2: expected 2 as no subscription was announced, found 3"]);
        let late = flat(&[None, Some(2)]);
        assert_eq!(late.unexplained.first, ["line 2: expected 1 after a subscription, found 2"]);
    }

    #[test]
    fn a_flat_recording_may_begin_inside_a_subscription() {
        let inside = flat(&[Some(71_317), Some(71_318), None, Some(1)]);
        assert_eq!((inside.begins_inside, inside.unexplained.count, inside.started), (true, 0, 2));
    }

    #[test]
    fn a_wrapped_recording_may_jump_up_and_restart_at_a_snapshot_on_every_sid() {
        let mut audit = SequenceAudit::default();
        for (line, (sid, seq, is_snapshot)) in
            (1..).zip([(1, 50, true), (2, 9, false), (1, 55, false), (1, 56, false), (1, 22, true), (2, 3, false)])
        {
            audit.take(Form::Wrapped, line, Some(sid), seq, is_snapshot);
        }
        let found = audit.finish();
        assert_eq!((found.started, found.restarted, found.explained_jumps, found.missing_numbers), (2, 2, 1, 4));
        assert_eq!(found.unexplained.count, 0);
    }

    #[test]
    fn a_wrapped_recording_may_not_go_back_without_a_snapshot() {
        let mut audit = SequenceAudit::default();
        for seq in [5, 5, 4] {
            audit.take(Form::Wrapped, seq, Some(1), seq, false);
        }
        assert_eq!(audit.finish().unexplained.count, 2);
    }

    #[test]
    fn findings_are_counted_beyond_those_that_are_kept() {
        let mut findings = Findings::default();
        (0..30).for_each(|number| findings.push(|| number.to_string()));
        assert_eq!((findings.count, findings.first.len()), (30, KEPT));
    }
}
