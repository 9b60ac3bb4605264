//! What bounds the engine, besides risk's limits: times, rates and habits of its venues.

use std::time::Duration;

use brier_types::{Price, Qty, Venue};

use crate::instrument::venue_index;
use crate::planted::Planted;
use crate::risk::Limits;

/// How one venue is worked with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VenueHabits {
    /// Whether resting orders can be changed in place.
    pub amends: bool,
    /// Requests a second that execution may spend on placing and changing orders; cancels are not counted against it.
    pub requests_per_second: u32,
    /// Most requests at once.
    pub burst: u32,
    /// After this long the venue can no longer accept a request: its signature has expired there. A read that is true for a
    /// later moment and does not show an order proves that the order never arrived.
    pub request_life: Duration,
    /// By how much reads may lag writes.
    pub read_lag: Duration,
    /// Time between two reconciliations.
    pub reconcile_every: Duration,
    /// Whether the venue pays a resolved market by itself. Where not, a position is paid when the venue no longer shows it.
    pub pays_itself: bool,
}

impl VenueHabits {
    /// Kalshi's. The signature window is not documented; 30 s and a minute's allowance for clocks are assumed.
    pub const KALSHI: Self = Self {
        amends: true,
        requests_per_second: 10,
        burst: 20,
        request_life: Duration::from_secs(90),
        read_lag: Duration::from_secs(2),
        reconcile_every: Duration::from_mins(1),
        pays_itself: true,
    };

    /// Polymarket's. Requests are signed with seconds; the same allowance.
    pub const POLYMARKET: Self = Self {
        amends: false,
        requests_per_second: 20,
        burst: 40,
        request_life: Duration::from_secs(90),
        read_lag: Duration::from_secs(3),
        reconcile_every: Duration::from_mins(1),
        pays_itself: false,
    };
}

/// When positions are closed without their strategy's word. Nothing is closed by default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExitRules {
    /// Take profit when what is left to earn on a contract is at most this, in price steps of $0.0001, plus what
    /// `hurdle_bps` asks for the capital until the market closes: the risk that the near-certain does not happen.
    pub converged_within: Option<Price>,
    /// What capital must earn, in hundredths of a percent a year.
    pub hurdle_bps: u32,
    /// Close when the market bids this much less than the position cost on average.
    pub stop_loss: Option<Price>,
    /// Close this long before the market does.
    pub before_close: Option<Duration>,
    /// How far through the best price an exit may go.
    pub slippage: Price,
}

/// Everything that is fixed for a run.
#[derive(Clone, Debug, PartialEq)]
pub struct EngineConfig {
    /// What every client order id of this journal starts with: letters and digits that no other journal of the account has.
    pub prefix: String,
    /// Risk's limits.
    pub limits: Limits,
    /// Kalshi's and Polymarket's habits.
    pub habits: [VenueHabits; 2],
    /// A quote whose price is at most this far from where it is wanted stays: its place in the queue is worth more.
    pub keep_within: Price,
    /// Remainders that differ by at most this from what is wanted stay.
    pub keep_qty: Qty,
    /// How long an answer may take before the engine stops waiting for the gateway.
    pub answer_timeout: Duration,
    /// First wait before the venue is asked about something unclear; doubles up to 32 times.
    pub ask_after: Duration,
    /// How many reads in a row must show the same difference before the venue's word is adopted.
    pub adopt_after: u32,
    /// Time between two timer signals.
    pub tick: Duration,
    /// Exit rules by strategy; missing ones close nothing.
    pub exits: Vec<ExitRules>,
    /// Contracts that may fill within Kalshi's 15 seconds in one order group, by strategy; none makes no group.
    pub group_limits: Vec<Option<Qty>>,
    /// Room for orders that is made at the start.
    pub room: u32,
    /// A bug planted by a test of the simulator.
    #[doc(hidden)]
    pub planted: Option<Planted>,
}

impl EngineConfig {
    /// Usual bounds under these limits.
    pub fn new(prefix: &str, limits: Limits) -> Self {
        Self {
            prefix: prefix.to_owned(),
            limits,
            habits: [VenueHabits::KALSHI, VenueHabits::POLYMARKET],
            keep_within: Price::ZERO,
            keep_qty: Qty::ZERO,
            answer_timeout: Duration::from_secs(20),
            ask_after: Duration::from_millis(500),
            adopt_after: 3,
            tick: Duration::from_secs(1),
            exits: Vec::new(),
            group_limits: Vec::new(),
            room: 8_192,
            planted: None,
        }
    }

    /// A venue's habits.
    pub const fn habits(&self, venue: Venue) -> &VenueHabits {
        &self.habits[venue_index(venue)]
    }
}
