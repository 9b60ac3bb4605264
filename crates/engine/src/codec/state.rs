//! The forms of what a checkpoint keeps.

use super::{CodecError, Reader, Wire, fields, variants};
use crate::engine::{ComboRun, Counts, LegOrder, Tally};
use crate::halts::{Halt, Halts};
use crate::order::{EndReason, Order, OrderState, Role};
use crate::portfolio::{Account, Entry, Folded, Holding, Kept, Ledger, OwnFill, Portfolio, Position, Stage};
use crate::risk::{Bucket, Day, Memory, Rejections};

variants!(EndReason, "end of an order" { 0 => Filled, 1 => Canceled, 2 => Rejected, 3 => NeverArrived });
variants!(OrderState, "order state" {
    0 => Submitting, 1 => InDoubt { since }, 2 => Resting, 3 => Amending { price, total },
    4 => AmendInDoubt { since, price, total }, 5 => Canceling, 6 => Vanished { since }, 7 => Done { reason }
});
variants!(Role, "role" { 0 => Quote, 1 => Take, 2 => Leg(combo), 3 => Exit, 4 => Manual });
variants!(Stage, "stage of a market" { 0 => Trading, 1 => Resolved(result), 2 => Disputed(result), 3 => Paid(result) });
variants!(Account, "account" {
    0 => Cash(venue, shard), 1 => Positions(market), 2 => Realized(venue), 3 => Fees(venue), 4 => Deposits(venue),
    5 => Adjustments(venue)
});
variants!(Entry, "entry of a position" {
    0 => Fill(key), 1 => Late(key, payout), 2 => Adopted { yes, no, price }, 3 => Shifted { custody, yes, no, price },
    4 => Paid(payout), 5 => Counted
});

fields! {
    Order {
        key, client_order_id, venue_id, strategy, role, venue, market, side, price, total, time_in_force, post_only, purpose,
        funding, created, state, booked, failed, told, request, cancel_wanted, ask_at, asks, terms_since, touched,
    }
    OwnFill {
        trade, order, key, strategy, market, venue, shard, custody, side, funding, price, qty, fee, is_taker, at, status,
    }
    Kept { fill, failed }
    Holding { qty, cost, pending, oversold }
    Position { yes, no, realized, fees, flow }
    Folded { base, open, now }
    Ledger { sums }
    Portfolio { fills, early, accounts, strategies, stages, cash, ledger }
    Halt { scope, cause, reason, since }
    Bucket { level, at }
    Rejections { markets, venues }
    Day { number, start, high, strategies, strategies_tripped, tripped, next_look, fill_came }
    Memory { rates, rejections, mids, day }
    LegOrder { key, leg, closes }
    Tally { asked, bought, cost, sold, got, fees, sale_fees, failed }
    ComboRun {
        id, strategy, combo, wanted, expected, began, rests_until, orders, tallies, since, not_before, tries, selling, mended, told, ended,
        quiet, paid,
    }
    Counts {
        inputs, placed, amended, canceled, lookups, refused, rejected, fills, failed, unknown, anomalies, discrepancies,
    }
}

impl Wire for Halts {
    fn put(&self, out: &mut Vec<u8>) {
        self.iter().cloned().collect::<Vec<Halt>>().put(out);
    }
    fn take(from: &mut Reader<'_>) -> Result<Self, CodecError> {
        Vec::<Halt>::take(from).map(Self::restore)
    }
}
