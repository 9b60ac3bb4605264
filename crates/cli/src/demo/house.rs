//! The house account: makes the exchange's book follow the recorded one, through the ordinary order path.
//!
//! It rests one or more orders at every recorded level. A level that shrank loses its youngest orders first, as queue
//! positions would; one that grew gets a new order behind the others. What others took from it is put back at the next
//! step, as the recording did not know them. While the recorded book is crossed it waits.

use std::collections::BTreeMap;

use anyhow::{Context as _, ensure};
use brier_book::BookView;
use brier_exchange::Admin;
use brier_kalshi::Env;
use brier_kalshi::stream::Interest;
use brier_kalshi_protocol::ws::Channel;
use brier_types::{
    BookSide, ClientOrderId, Input, MarketTicker, Money, NewOrder, OrderStatus, Price, Qty, TimeInForce, VenueOrderId,
};

use super::party::Party;

const FUNDS: Money = Money::from_micros(100_000_000_000_000);

/// One of the house's resting orders.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Resting {
    order: VenueOrderId,
    remaining: Qty,
}

/// What rests, by level, oldest first.
#[derive(Debug, Default)]
pub(crate) struct House {
    levels: BTreeMap<(BookSide, Price), Vec<Resting>>,
    places: BTreeMap<VenueOrderId, (BookSide, Price)>,
}

/// What brings the book to the recorded one. Cancels and decreases go first, so that the house never meets itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Plan {
    pub(crate) cancels: Vec<VenueOrderId>,
    pub(crate) decreases: Vec<(VenueOrderId, Qty)>,
    pub(crate) creates: Vec<(BookSide, Price, Qty)>,
}

impl House {
    /// An order was accepted and rests.
    pub(crate) fn placed(&mut self, order: VenueOrderId, side: BookSide, price: Price, remaining: Qty) {
        if !remaining.is_zero() {
            self.places.insert(order.clone(), (side, price));
            self.levels.entry((side, price)).or_default().push(Resting { order, remaining });
        }
    }

    /// An order rests with this much now; with nothing it is over.
    pub(crate) fn remaining(&mut self, order: &VenueOrderId, remaining: Qty) {
        let Some(place) = self.places.get(order).copied() else { return };
        let Some(level) = self.levels.get_mut(&place) else { return };
        if remaining.is_zero() {
            level.retain(|resting| resting.order != *order);
            self.places.remove(order);
        } else if let Some(resting) = level.iter_mut().find(|resting| resting.order == *order) {
            resting.remaining = remaining;
        }
        if level.is_empty() {
            self.levels.remove(&place);
        }
    }

    /// What rests at one level.
    fn resting(&self, side: BookSide, price: Price) -> Qty {
        let orders = self.levels.get(&(side, price)).map(Vec::as_slice).unwrap_or_default();
        orders.iter().fold(Qty::ZERO, |sum, resting| sum.checked_add(resting.remaining).unwrap_or(Qty::MAX))
    }

    /// What brings what rests to the recorded book.
    pub(crate) fn plan(&self, recorded: &BookView<'_>) -> Plan {
        let mut plan = Plan::default();
        for ((side, price), orders) in &self.levels {
            let mut surplus = self.resting(*side, *price).saturating_sub(recorded.qty_at(*side, *price));
            for resting in orders.iter().rev() {
                if surplus.is_zero() {
                    break;
                }
                if resting.remaining <= surplus {
                    plan.cancels.push(resting.order.clone());
                    surplus = surplus.saturating_sub(resting.remaining);
                } else {
                    plan.decreases.push((resting.order.clone(), resting.remaining.saturating_sub(surplus)));
                    surplus = Qty::ZERO;
                }
            }
        }
        for side in [BookSide::Bid, BookSide::Ask] {
            for level in recorded.levels(side) {
                let missing = level.qty.saturating_sub(self.resting(side, level.price));
                if !missing.is_zero() {
                    plan.creates.push((side, level.price, missing));
                }
            }
        }
        plan
    }
}

/// The house with its account at Kalshi, in one market at a time.
pub(crate) struct Account {
    party: Party,
    house: House,
    /// Orders sent so far, for client order ids.
    orders: u64,
}

impl Account {
    /// Opens the account, and listens to what becomes of its orders.
    pub(crate) async fn join(admin: &Admin, env: &Env, name: &str) -> anyhow::Result<Self> {
        let interest = Interest { channels: vec![Channel::Fill, Channel::UserOrders], ..Interest::default() };
        let party = Party::join(admin, env, name, FUNDS, &interest).await?;
        Ok(Self { party, house: House::default(), orders: 0 })
    }

    /// Orders sent so far.
    pub(crate) const fn orders(&self) -> u64 {
        self.orders
    }

    /// Turns to another market: in the last one nothing rests any more.
    pub(crate) fn turn(&mut self) {
        self.house = House::default();
    }

    /// Hears what became of its orders.
    pub(crate) async fn hear(&mut self) -> anyhow::Result<()> {
        let house = &mut self.house;
        self.party
            .hear(|input| {
                if let Input::Order(update) = &input {
                    let rests = update.status == OrderStatus::Resting;
                    house.remaining(&update.order, if rests { update.remaining } else { Qty::ZERO });
                }
                Ok(())
            })
            .await
    }

    /// Brings the exchange's book to the recorded one.
    pub(crate) async fn follow(&mut self, market: &MarketTicker, recorded: &BookView<'_>) -> anyhow::Result<()> {
        let (plan, client) = (self.house.plan(recorded), &self.party.client);
        if !plan.cancels.is_empty() {
            let orders: Vec<_> = plan.cancels.iter().map(|order| (market.clone(), order.clone())).collect();
            for (item, order) in client.cancel_orders(&orders).await?.iter().zip(&plan.cancels) {
                ensure!(item.error.is_none(), "the exchange would not cancel {order}: {:?}", item.error);
                self.house.remaining(order, Qty::ZERO);
            }
        }
        for (order, to) in &plan.decreases {
            let answer = client.decrease_to(market, order, *to).await?;
            self.house.remaining(order, answer.remaining_count);
        }
        if plan.creates.is_empty() {
            return Ok(());
        }
        let mut orders = Vec::with_capacity(plan.creates.len());
        for (side, price, qty) in &plan.creates {
            self.orders += 1;
            let id = ClientOrderId::new(&format!("house-{}", self.orders))?;
            orders.push(NewOrder::limit(id, market.clone(), *side, (*price, *qty), TimeInForce::Gtc));
        }
        for (item, (side, price, _)) in client.create_orders(&orders).await?.iter().zip(&plan.creates) {
            ensure!(item.error.is_none(), "the exchange refused an order of the house at {price}: {:?}", item.error);
            let id = item.order_id.as_deref().context("a created order has no id")?;
            let remaining = item.remaining_count.context("a created order tells no remainder")?;
            self.house.placed(VenueOrderId::new(id)?, *side, *price, remaining);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use brier_book::Book;

    fn price(cents: u8) -> Price {
        Price::from_cents(cents).unwrap()
    }

    fn qty(contracts: u64) -> Qty {
        Qty::from_contracts(contracts).unwrap()
    }

    fn id(text: &str) -> VenueOrderId {
        text.parse().unwrap()
    }

    fn book(levels: &[(BookSide, u8, u64)]) -> Book {
        let mut book = Book::new();
        book.load(levels.iter().map(|(side, cents, count)| (*side, price(*cents), qty(*count)))).unwrap();
        book
    }

    #[test]
    fn levels_grow_behind_and_shrink_from_the_youngest() {
        let mut house = House::default();
        house.placed(id("a"), BookSide::Bid, price(40), qty(10));
        house.placed(id("b"), BookSide::Bid, price(40), qty(5));
        house.placed(id("c"), BookSide::Ask, price(50), qty(7));
        let recorded = book(&[(BookSide::Bid, 40, 8), (BookSide::Bid, 39, 3), (BookSide::Ask, 50, 9)]);
        assert_eq!(
            house.plan(&recorded.view().unwrap()),
            Plan {
                cancels: vec![id("b")],
                decreases: vec![(id("a"), qty(8))],
                creates: vec![(BookSide::Bid, price(39), qty(3)), (BookSide::Ask, price(50), qty(2))],
            }
        );
    }

    #[test]
    fn what_was_taken_is_put_back() {
        let mut house = House::default();
        house.placed(id("a"), BookSide::Ask, price(50), qty(7));
        house.remaining(&id("a"), qty(2));
        let recorded = book(&[(BookSide::Ask, 50, 7)]);
        assert_eq!(house.plan(&recorded.view().unwrap()).creates, vec![(BookSide::Ask, price(50), qty(5))]);
        house.remaining(&id("a"), Qty::ZERO);
        assert_eq!(house.plan(&recorded.view().unwrap()).creates, vec![(BookSide::Ask, price(50), qty(7))]);
    }
}
