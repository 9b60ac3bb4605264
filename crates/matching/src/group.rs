//! Order groups: a cap on contracts filled within a rolling window, over which a group's orders are canceled.
//!
//! Source: reference section 12.1.

use std::collections::VecDeque;

use brier_types::{Qty, Timestamp};

use crate::command::GROUP_WINDOW;
use crate::ids::{AccountId, OrderId};

#[derive(Clone, Debug)]
pub(crate) struct Group {
    pub account: AccountId,
    pub limit: Qty,
    pub triggered: bool,
    pub deleted: bool,
    /// Orders that joined, in that order; those that ended are dropped when the list is next tidied.
    pub orders: Vec<OrderId>,
    /// Fills within the window, oldest first.
    fills: VecDeque<(Timestamp, Qty)>,
}

impl Group {
    pub(crate) fn new(account: AccountId, limit: Qty) -> Self {
        Self { account, limit, triggered: false, deleted: false, orders: Vec::new(), fills: VecDeque::new() }
    }

    /// Contracts filled within the window that ends `now`.
    pub(crate) fn filled(&mut self, now: Timestamp) -> Qty {
        let start = now.minus(GROUP_WINDOW);
        while self.fills.front().is_some_and(|(at, _)| *at <= start) {
            self.fills.pop_front();
        }
        self.fills.iter().fold(Qty::ZERO, |sum, (_, qty)| sum.checked_add(*qty).unwrap_or(Qty::MAX))
    }

    /// Counts a fill and says whether the cap is now exceeded.
    pub(crate) fn record(&mut self, now: Timestamp, qty: Qty) -> bool {
        self.fills.push_back((now, qty));
        self.filled(now) > self.limit
    }

    pub(crate) fn reset(&mut self) {
        self.fills.clear();
        self.triggered = false;
    }

    pub(crate) fn fills(&self) -> impl Iterator<Item = &(Timestamp, Qty)> {
        self.fills.iter()
    }
}
