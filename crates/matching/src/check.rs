//! Invariants and the state hash: what must hold after every command, and one number that two equal states share.

use brier_kalshi_protocol::fees::{BalancePrecision, Role};
use brier_types::{BookSide, MarketStatus, Money, Price, Qty, SelfTradePrevention, SignedQty, Timestamp};

use crate::exchange::{Exchange, Timer};
use crate::ids::GroupId;
use crate::order_entry::reservation;
use crate::position::{History, Position, pairs};
use crate::refusal::MAX_ORDER_QTY;

#[cfg(test)]
mod tests;

const HALF: Price = match Price::from_cents(50) {
    Some(price) => price,
    None => panic!("half a dollar is a price"),
};

impl Exchange {
    /// Checks every invariant of the whole state. Its cost grows with the state: for tests, recovery and audits.
    ///
    /// # Panics
    /// When an invariant is broken, with its name: money may be wrong, so stop.
    pub fn check(&self) {
        assert_eq!(self.ledger.difference(), Money::ZERO, "external money, cash, collateral and fees sum to zero");
        let cash: Money = self.accounts.iter().map(|account| account.cash).sum();
        assert_eq!(self.ledger.cash, cash, "the ledger's cash is the accounts'");
        let escrow: Money = self.markets.iter().map(|market| market.escrow).sum();
        assert_eq!(self.ledger.escrow, escrow, "the ledger's collateral is the markets'");
        for market in &self.markets {
            market.book.check(&self.slab);
            assert_eq!(market.escrow, pairs(market.open_interest), "a market's collateral is a dollar a pair");
            let net = market.positions().map(|index| self.positions[index as usize].qty);
            let (yes, no) = net.fold((Qty::ZERO, Qty::ZERO), |(yes, no), qty| {
                let sum = |a: Qty, b: Qty| a.checked_add(b).expect("positions of bounded orders fit");
                (sum(yes, qty.yes()), sum(no, qty.no()))
            });
            assert_eq!((yes, no), (market.open_interest, market.open_interest), "YES and NO are equally many");
        }
        self.check_resting();
    }

    fn check_resting(&self) {
        let flat = |it: &Position| Position::new(it.account, it.market);
        let mut sums: Vec<Position> = self.positions.iter().map(flat).collect();
        for slot in self.slab.live() {
            let data = self.slab.data(slot);
            assert!(self.is_resting(self.order_id(slot)), "between commands every live order rests");
            sums[data.position as usize].add_order(self.slab.side(slot), (self.slab.qty(slot), data.reserved));
            let status = self.markets[self.slab.data(slot).market.0 as usize].status;
            assert!(
                matches!(status, MarketStatus::Active | MarketStatus::Inactive),
                "orders rest in open markets only"
            );
        }
        let mut held = vec![Money::ZERO; self.accounts.len()];
        for (position, sums) in self.positions.iter().zip(sums) {
            let parts = |it: &Position| (it.bids, it.asks, it.beyond);
            assert_eq!(parts(position), parts(&sums), "a position's sums are its orders'");
            assert_eq!(position.held, position.hold(), "held cash follows the resting orders");
            let total = &mut held[position.account.0 as usize];
            *total = total.checked_add(position.held).expect("held cash fits");
        }
        for slot in self.slab.live() {
            let (data, side) = (self.slab.data(slot), self.slab.side(slot));
            let fees = &self.markets[data.market.0 as usize].fees;
            let precision = self.accounts[data.account.0 as usize].precision;
            let reserved = reservation(fees, precision, side, self.slab.price(slot), self.slab.qty(slot));
            assert_eq!(data.reserved, reserved, "an order reserves what its remainder may cost by the market's fees");
        }
        for (account, held) in self.accounts.iter().zip(held) {
            assert_eq!(account.held, held, "an account's held cash is the sum over its positions");
        }
    }

    /// One number for the whole state: equal states share it, on every machine.
    ///
    /// FNV-1a over every field that decides a later answer, in a fixed order.
    pub fn state_hash(&self) -> u64 {
        let mut hash = Fnv::new();
        hash.i64(self.now.nanos());
        for (slot, generation) in self.slab.free_slots() {
            hash.u64(u64::from(generation) << 32 | u64::from(slot));
        }
        hash.u64(u64::from(self.active) | u64::from(self.trading_active) << 1);
        hash.u64(self.trades);
        for amount in [self.ledger.external, self.ledger.cash, self.ledger.escrow, self.ledger.fees] {
            hash.i64(amount.micros());
        }
        for account in &self.accounts {
            hash.u64(u64::from(account.precision == BalancePrecision::Cent));
            hash.i64(account.cash.micros());
            hash.i64(account.held.micros());
        }
        for market in &self.markets {
            self.hash_market(market, &mut hash);
        }
        for (id, group) in (0..).map(GroupId).zip(&self.groups) {
            for order in self.group_orders(id) {
                hash.u64(order.to_bits());
            }
            hash.u64(u64::from(group.account.0));
            hash.u64(group.limit.micros());
            hash.u64(u64::from(group.triggered) | u64::from(group.deleted) << 1);
            for (at, qty) in group.fills() {
                hash.i64(at.nanos());
                hash.u64(qty.micros());
            }
        }
        for ((at, number), timer) in &self.timers {
            hash.i64(at.nanos());
            hash.u64(*number);
            hash.timer(*timer);
        }
        for (account, id) in &self.client_order_ids {
            hash.u64(u64::from(account.0));
            hash.bytes(id.as_str().as_bytes());
        }
        hash.finish()
    }

    fn hash_market(&self, market: &crate::market::Market, hash: &mut Fnv) {
        hash.u64(market.status as u64);
        hash.u64(market.result.map_or(u64::MAX, |result| u64::from(result.yes_payout().pips())));
        hash.time(Some(market.open_time));
        hash.time(Some(market.close_time));
        hash.time(market.fee_waiver_until);
        hash.u64(market.settlement_floor.map_or(u64::MAX, |floor| u64::from(floor.pips())));
        hash.u64(market.settlement_timer.as_nanos() as u64);
        hash.u64(market.size_step.micros());
        for role in [Role::Taker, Role::Maker] {
            // What a billion contracts cost tells schedules apart to the last digit of their multiplier.
            hash.i64(market.fees.trade_fee(role, HALF, MAX_ORDER_QTY).micros());
        }
        hash.u64(u64::from(market.placed) << 32 | u64::from(market.epoch));
        hash.i64(market.escrow.micros());
        for band in market.grid().bands() {
            hash.u64(
                u64::from(band.start.pips()) << 32 | u64::from(band.end.pips()) << 16 | u64::from(band.step.pips()),
            );
        }
        for index in market.positions() {
            let (position, history) = (&self.positions[index as usize], &self.histories[index as usize]);
            let resting = !position.bids.qty.is_zero() || !position.asks.qty.is_zero();
            if *history == History::default() && !resting {
                continue;
            }
            hash.u64(u64::from(position.account.0));
            hash.signed(position.qty);
            for amount in [history.cost, history.realized, history.fees, history.traded, position.held] {
                hash.i64(amount.micros());
            }
        }
        for side in [BookSide::Bid, BookSide::Ask] {
            for slot in market.book.orders(&self.slab, side) {
                let (data, extra) = (self.slab.data(slot), self.extra(slot));
                hash.u64(self.order_id(slot).to_bits());
                hash.u64(u64::from(data.account.0) << 32 | u64::from(self.slab.price(slot).pips()));
                hash.u64(self.slab.qty(slot).micros());
                hash.u64(data.filled.micros());
                hash.u64(u64::from(data.owed_micros) << 32 | u64::from(data.number));
                hash.i64(data.reserved.micros());
                hash.time(extra.expires);
                hash.u64(extra.group.map_or(u64::MAX, |group| u64::from(group.0)));
                hash.bytes(extra.client_order_id.as_ref().map_or(&[], |id| id.as_str().as_bytes()));
                let prevention = match data.self_trade_prevention {
                    None => 0,
                    Some(SelfTradePrevention::TakerAtCross) => 8,
                    Some(SelfTradePrevention::Maker) => 16,
                };
                hash.u64(prevention | u64::from(data.post_only) << 1 | u64::from(data.cancel_on_pause) << 2);
            }
        }
    }
}

/// FNV-1a, 64 bits.
pub(crate) struct Fnv(u64);

impl Fnv {
    pub(crate) fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    /// The number.
    pub(crate) fn finish(&self) -> u64 {
        self.0
    }

    fn bytes(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
        self.u64(bytes.len() as u64);
    }

    pub(crate) fn u64(&mut self, value: u64) {
        for byte in value.to_le_bytes() {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    pub(crate) fn i64(&mut self, value: i64) {
        self.u64(value as u64);
    }

    fn signed(&mut self, qty: SignedQty) {
        self.i64(qty.micros());
    }

    fn time(&mut self, time: Option<Timestamp>) {
        self.i64(time.map_or(i64::MIN, Timestamp::nanos));
    }

    fn timer(&mut self, timer: Timer) {
        match timer {
            Timer::Open { market, epoch } => self.u64(u64::from(market.0) << 32 | u64::from(epoch)),
            Timer::Close { market, epoch } => self.u64(1 << 63 | u64::from(market.0) << 32 | u64::from(epoch)),
            Timer::Settle { market, epoch } => self.u64(1 << 62 | u64::from(market.0) << 32 | u64::from(epoch)),
            Timer::Expire(order) => self.u64(order.to_bits()),
        }
    }
}
