//! What is due by time beside the core's own expiries: settlement, delayed orders, missing signs of life.

use std::time::Duration;

use brier_matching::TradeNo;
use brier_matching::tokens::{Command, SettlementStep};
use brier_types::{FillStatus, Timestamp};

use super::State;

/// Something that is due. A timer of something that is over rings for nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Timer {
    /// A match moves on.
    Settle { trade: TradeNo, step: SettlementStep },
    /// The delay of an order is over.
    Release { order: u32 },
    /// A sign of life is late, unless another came.
    Silence { key: String, beats: u64 },
}

/// How late a sign of life may be.
///
/// Source: reference (Polymarket), section 7.5.
pub(super) const SILENCE: Duration = Duration::from_secs(10);

impl State {
    pub(super) fn set_timer(&mut self, at: Timestamp, timer: Timer) {
        self.timers_set += 1;
        self.timers.insert((at, self.timers_set), timer);
    }

    /// Runs what is due up to `now`, one by one, so that each thing that happens carries its own time.
    ///
    /// Returns whether anything was due.
    pub(crate) fn advance(&mut self, now: Timestamp) -> bool {
        let mut any = false;
        while let Some(due) = self.next_timer().filter(|due| *due <= now) {
            any = true;
            let at = due.max(self.core.now());
            // The core's own first: an order whose time is over fills no more.
            self.apply(at, &Command::Tick).expect("time can always pass");
            if let Some(entry) = self.timers.first_entry().filter(|entry| entry.key().0 <= due) {
                let timer = entry.remove();
                self.ring(at, timer);
            }
        }
        any
    }

    fn ring(&mut self, at: Timestamp, timer: Timer) {
        match timer {
            // The hand has them now; the clock takes them up again when it is told to.
            Timer::Settle { .. } if !self.settlement.automatic => {}
            Timer::Settle { trade, step } => {
                if self.apply(at, &Command::Settle { trade, step }).is_err() {
                    tracing::debug!(trade = trade.0, "settled by hand before its time");
                    return;
                }
                self.schedule(at, trade);
            }
            Timer::Release { order } => self.release(at, order),
            Timer::Silence { key, beats } => {
                if self.keys.get(&key).is_some_and(|row| row.beats == beats) {
                    self.cancel_of_key(at, &key);
                }
            }
        }
    }

    /// Sets the timers of all matches that are not final: the clock settles them from now on.
    pub(super) fn schedule_all(&mut self, at: Timestamp) {
        let open = self.trades.iter().filter(|row| !row.status.is_final()).map(|row| row.no);
        // The trades of one match stand together.
        let mut matches: Vec<TradeNo> = open.collect();
        matches.dedup();
        for trade in matches {
            self.schedule(at, trade);
        }
    }

    /// Sets the timer of a match's next step, if the clock settles matches.
    pub(super) fn schedule(&mut self, at: Timestamp, trade: TradeNo) {
        if !self.settlement.automatic {
            return;
        }
        let after = |millis| at.plus(Duration::from_millis(millis));
        let (mine, confirm) = (after(self.settlement.mine_after_ms), after(self.settlement.confirm_after_ms));
        let doomed = self.doomed.contains(&trade);
        let (due, step) = match self.core.settlement(trade) {
            Some(FillStatus::Matched) if doomed => (mine, SettlementStep::Retry),
            Some(FillStatus::Retrying) if doomed => (mine, SettlementStep::Fail),
            Some(FillStatus::Matched | FillStatus::Retrying) => (mine, SettlementStep::Mine),
            Some(FillStatus::Mined) => (confirm, SettlementStep::Confirm),
            Some(FillStatus::Confirmed | FillStatus::Failed) | None => return,
        };
        self.set_timer(due, Timer::Settle { trade, step });
    }
}
