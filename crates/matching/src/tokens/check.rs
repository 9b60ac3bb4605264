//! Invariants and the state hash of a token exchange.

use std::collections::BTreeMap;

use brier_types::{Action, BookSide, Money, Outcome, Price, Qty, Rounding, notional};

use super::event::MatchSide;
use super::{Market, Pool, TokenExchange, own_price};
use crate::check::Fnv;
use crate::position::pairs;

impl TokenExchange {
    /// Checks every invariant of the whole state. Its cost grows with the state: for tests, recovery and audits.
    ///
    /// # Panics
    /// When an invariant is broken, with its name: money may be wrong, so stop.
    pub fn check(&self) {
        assert_eq!(self.ledger.difference(), Money::ZERO, "external money, cash, collateral and fees sum to zero");
        let cash: Money = self.accounts.iter().map(|it| it.cash).sum();
        assert_eq!(self.ledger.cash, cash, "the ledger's cash is the accounts'");
        let escrow: Money = self.pools.iter().map(|it| it.escrow).sum();
        assert_eq!(self.ledger.escrow, escrow, "the ledger's collateral is the pools'");
        self.check_supply();
        self.check_holds();
        for pool in &self.pools {
            self.check_pool(pool);
        }
        for market in &self.markets {
            market.book.check(&self.slab);
        }
    }

    /// The tokens that exist are those that accounts own.
    fn check_supply(&self) {
        let mut owned = vec![(0_u64, 0_u64); self.markets.len()];
        for holding in &self.holdings {
            let (yes, no) = &mut owned[holding.market.0 as usize];
            *yes += holding.yes.balance.micros();
            *no += holding.no.balance.micros();
        }
        for (market, owned) in self.markets.iter().zip(owned) {
            assert_eq!((market.yes.micros(), market.no.micros()), owned, "the tokens that exist are owned");
        }
    }

    /// What is held follows from the resting orders and the matches that wait, and is owned.
    fn check_holds(&self) {
        let mut cash = vec![(Money::ZERO, Money::ZERO); self.accounts.len()];
        let mut tokens: BTreeMap<(u32, u32, Outcome), (u64, u64)> = BTreeMap::new();
        let add = |sum: &mut Money, amount: Money| *sum = sum.checked_add(amount).expect("held cash fits");
        for slot in self.slab.live() {
            let data = self.slab.data(slot);
            assert!(self.slab.rests(slot, self.slab.generation(slot)), "between commands every live order rests");
            let (price, qty) = (own_price(data.outcome, self.slab.price(slot)), self.slab.qty(slot));
            let rounding = if data.action == Action::Buy { Rounding::Ceil } else { Rounding::Floor };
            assert_eq!(data.amount, notional(price, qty, rounding), "an order holds what its remainder costs");
            assert!(self.markets[data.market.0 as usize].result.is_none(), "orders rest in open markets only");
            match data.action {
                Action::Buy => add(&mut cash[data.account.0 as usize].0, data.amount),
                Action::Sell => {
                    tokens.entry((data.account.0, data.market.0, data.outcome)).or_default().0 += qty.micros();
                }
            }
        }
        let waiting = self.pending.values().filter(|pending| pending.status != brier_types::FillStatus::Mined);
        for pending in waiting {
            for side in pending.it.sides() {
                match side.action {
                    Action::Buy => {
                        let outlay = side.cash.checked_add(side.fee).expect("cash fits");
                        add(&mut cash[side.account.0 as usize].1, outlay);
                    }
                    Action::Sell => {
                        let key = (side.account.0, pending.it.market.0, side.outcome);
                        tokens.entry(key).or_default().1 += side.qty.micros();
                    }
                }
            }
        }
        for (account, held) in self.accounts.iter().zip(cash) {
            assert_eq!((account.resting, account.matched), held, "held cash follows from orders and matches");
            assert!(account.free() >= Money::ZERO, "no more cash is held than owned");
        }
        for holding in &self.holdings {
            for outcome in [Outcome::Yes, Outcome::No] {
                let token = holding.token(outcome);
                let held = tokens.remove(&(holding.account.0, holding.market.0, outcome)).unwrap_or_default();
                assert_eq!(
                    (token.resting.micros(), token.matched.micros()),
                    held,
                    "held tokens follow from orders and matches"
                );
                assert!(held.0 + held.1 <= token.balance.micros(), "no more is offered than owned");
            }
        }
        assert!(tokens.is_empty(), "whoever offers a token has a holding of it");
    }

    /// The collateral covers whatever the tokens can still pay, and exactly so while nothing has resolved.
    fn check_pool(&self, pool: &Pool) {
        let markets: Vec<&Market> = pool.markets.iter().map(|market| &self.markets[market.0 as usize]).collect();
        if !pool.negative_risk {
            let [market] = markets[..] else { panic!("a pool of its own has one market") };
            match market.result {
                None => {
                    assert_eq!(market.yes, market.no, "YES and NO are equally many");
                    assert_eq!(pool.escrow, pairs(market.yes), "a market's collateral is a dollar a pair");
                }
                Some(result) => {
                    let yes = notional(result.yes_payout(), market.yes, Rounding::Ceil);
                    let no = notional(result.yes_payout().complement(), market.no, Rounding::Ceil);
                    let owed = yes.checked_add(no).expect("payouts fit");
                    // Half a millionth a token may be rounded down.
                    assert!(owed.micros() <= pool.escrow.micros() + 1, "collateral covers what is owed");
                }
            }
            return;
        }
        let no: u64 = markets.iter().map(|it| it.no.micros()).sum();
        let escrow = pool.escrow.micros() as u64;
        if markets.iter().all(|it| it.result.is_none()) {
            for market in &markets {
                let surplus = market.yes.micros().checked_sub(market.no.micros());
                assert_eq!(surplus, Some(pool.converted.micros()), "YES outnumbers NO by what was converted");
            }
            assert_eq!(escrow, no + if markets.is_empty() { 0 } else { pool.converted.micros() });
            return;
        }
        let won = markets.iter().find(|it| it.result.is_some_and(|result| result.yes_payout() == Price::ONE));
        let owed_if = |winner: &Market| winner.yes.micros() + no - winner.no.micros();
        let worst = if let Some(winner) = won {
            owed_if(winner)
        } else {
            let open = markets.iter().filter(|it| it.result.is_none()).map(|it| owed_if(it));
            open.max().unwrap_or(0).max(no)
        };
        assert!(worst <= escrow, "collateral covers the worst outcome: owed {worst}, there {escrow}");
    }

    /// One number for the whole state: equal states share it, on every machine.
    pub fn state_hash(&self) -> u64 {
        let mut hash = Fnv::new();
        hash.i64(self.now.nanos());
        for (slot, generation) in self.slab.free_slots() {
            hash.u64(u64::from(generation) << 32 | u64::from(slot));
        }
        hash.u64(self.trades);
        for amount in [self.ledger.external, self.ledger.cash, self.ledger.escrow, self.ledger.fees] {
            hash.i64(amount.micros());
        }
        for account in &self.accounts {
            for amount in [account.cash, account.resting, account.matched] {
                hash.i64(amount.micros());
            }
        }
        for holding in &self.holdings {
            hash.u64(u64::from(holding.account.0) << 32 | u64::from(holding.market.0));
            for token in [&holding.yes, &holding.no] {
                for qty in [token.balance, token.resting, token.matched, token.bought] {
                    hash.u64(qty.micros());
                }
                for amount in [token.cost, token.entry_fees, token.realized, token.fees] {
                    hash.i64(amount.micros());
                }
            }
        }
        for pool in &self.pools {
            hash.i64(pool.escrow.micros());
            hash.u64(pool.converted.micros());
            hash.u64(u64::from(pool.negative_risk));
            hash.u64(pool.markets.len() as u64);
            for market in &pool.markets {
                hash.u64(u64::from(market.0));
            }
        }
        for pool in &self.groups {
            hash.u64(u64::from(*pool));
        }
        for market in &self.markets {
            self.hash_market(market, &mut hash);
        }
        for (trade, pending) in &self.pending {
            hash.u64(trade.0 << 3 | pending.status as u64);
            hash.u64(u64::from(pending.it.market.0));
            for side in pending.it.sides() {
                hash_side(side, &mut hash);
            }
        }
        hash.finish()
    }

    fn hash_market(&self, market: &Market, hash: &mut Fnv) {
        hash.u64(market.result.map_or(u64::MAX, |result| u64::from(result.yes_payout().pips())));
        hash.u64(u64::from(market.accepting));
        hash.u64(market.yes.micros());
        hash.u64(market.no.micros());
        for band in market.grid.bands() {
            hash.u64(
                u64::from(band.start.pips()) << 32 | u64::from(band.end.pips()) << 16 | u64::from(band.step.pips()),
            );
        }
        hash.u64(u64::from(market.fees.taker_only()) << 32 | u64::from(market.fees.rebate_micros()));
        for pips in [1_000, 5_000] {
            let price = Price::new(pips).expect("a price");
            hash.i64(market.fees.taker_fee(price, Qty::from_micros(1_000_000_000_000).expect("a million")).micros());
        }
        for side in [BookSide::Bid, BookSide::Ask] {
            for slot in market.book.orders(&self.slab, side) {
                let data = self.slab.data(slot);
                hash.u64(self.order_id(slot).to_bits());
                hash.u64(u64::from(data.account.0) << 32 | u64::from(self.slab.price(slot).pips()));
                hash.u64(self.slab.qty(slot).micros());
                hash.u64(data.filled.micros());
                hash.u64(u64::from(data.outcome == Outcome::No) << 1 | u64::from(data.action == Action::Sell));
                hash.i64(data.expires.map_or(i64::MIN, brier_types::Timestamp::nanos));
            }
        }
    }
}

/// What a match that waits will move.
fn hash_side(side: &MatchSide, hash: &mut Fnv) {
    hash.u64(side.order.to_bits());
    hash.u64(u64::from(side.account.0) << 32 | u64::from(side.price.pips()));
    hash.u64(u64::from(side.outcome == Outcome::No) << 1 | u64::from(side.action == Action::Sell));
    hash.u64(side.qty.micros());
    hash.i64(side.cash.micros());
    hash.i64(side.fee.micros());
}
