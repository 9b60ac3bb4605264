//! The house account at Polymarket: makes the exchange's book follow the recorded one, through ordinary signed orders.
//!
//! It rests one order at every level, and replaces those that are not what they should be. What others took is put back at
//! the next step, as the recording did not know them. It asks for its open orders instead of remembering them.

use anyhow::{Context as _, ensure};
use brier_book::BookView;
use brier_polymarket::discovery::Listing;
use brier_polymarket::orders::{Leg, Prepared};
use brier_polymarket::rest::OrdersQuery;
use brier_polymarket_protocol::clob::{MAX_BATCH_ORDERS, OpenOrder};
use brier_polymarket_protocol::ids::{OrderHash, Side};
use brier_types::{BookSide, ClientOrderId, NewOrder, Price, Qty, TimeInForce, Timestamp};

use super::party::Party;

/// The house.
pub(crate) struct Maker {
    pub(crate) party: Party,
    /// Shares of YES that it was given in each market: it sells no more.
    pub(crate) given: Qty,
    /// Orders sent so far, for client order ids.
    pub(crate) orders: u64,
}

/// A level as it should be.
type Level = (BookSide, Price, Qty);

impl Maker {
    /// Brings the exchange's book to `wanted`. Cancels go first, so that the house never meets itself.
    pub(crate) async fn follow(
        &mut self,
        listing: &Listing,
        wanted: &BookView<'_>,
        now: Timestamp,
    ) -> anyhow::Result<()> {
        let query = OrdersQuery { market: Some(listing.condition), ..OrdersQuery::default() };
        let resting = self.party.client.open_orders(&query).all().await?;
        let wanted: Vec<Level> = [BookSide::Bid, BookSide::Ask]
            .into_iter()
            .flat_map(|side| wanted.levels(side).map(move |level| (side, level.price, level.qty)))
            .collect();
        let (cancels, creates) = plan(&resting, &wanted)?;
        if !cancels.is_empty() {
            let reply = self.party.client.cancel_orders(&cancels).await?;
            ensure!(reply.not_canceled.is_empty(), "the exchange would not cancel: {:?}", reply.not_canceled);
        }
        let mut prepared = Vec::with_capacity(creates.len());
        for level in creates {
            prepared.push(self.prepare(listing, level, now)?);
        }
        for chunk in prepared.chunks(MAX_BATCH_ORDERS) {
            for (order, placed) in chunk.iter().zip(self.party.client.post_orders(chunk).await?) {
                placed.with_context(|| format!("the exchange refused an order of the house at {}", order.price))?;
            }
        }
        Ok(())
    }

    fn prepare(&mut self, listing: &Listing, (side, price, qty): Level, now: Timestamp) -> anyhow::Result<Prepared> {
        self.orders += 1;
        let id = ClientOrderId::new(&format!("house-{}", self.orders))?;
        let leg = match side {
            BookSide::Bid => Leg::Buy,
            BookSide::Ask => Leg::Sell { held: self.given },
        };
        let order = NewOrder::limit(id, listing.ticker.clone(), side, (price, qty), TimeInForce::Gtc);
        Ok(self.party.client.prepare_order(&order, leg, listing, now)?)
    }

    /// Takes everything back.
    pub(crate) async fn leave(&self, listing: &Listing) -> anyhow::Result<()> {
        let reply = self.party.client.cancel_market(listing.condition, None).await?;
        ensure!(reply.not_canceled.is_empty(), "the exchange would not cancel: {:?}", reply.not_canceled);
        Ok(())
    }
}

/// What is not as it should be, and what should be there instead. The house trades YES tokens only.
fn plan(resting: &[OpenOrder], wanted: &[Level]) -> anyhow::Result<(Vec<OrderHash>, Vec<Level>)> {
    let level = |order: &OpenOrder| {
        let side = match order.side {
            Side::Buy => BookSide::Bid,
            Side::Sell => BookSide::Ask,
        };
        (side, order.price, order.original_size.saturating_sub(order.size_matched))
    };
    let (mut cancels, mut missing) = (Vec::new(), wanted.to_vec());
    for order in resting {
        match missing.iter().position(|wanted| *wanted == level(order)) {
            Some(found) => drop(missing.remove(found)),
            None => cancels.push(order.id.parse::<OrderHash>()?),
        }
    }
    Ok((cancels, missing))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resting(id: char, side: &str, price: &str, matched: &str) -> OpenOrder {
        let hash = id.to_string().repeat(64);
        serde_json::from_str(&format!(
            r#"{{"id":"0x{hash}","status":"LIVE","owner":"us","maker_address":"0x1","market":"0xdd","asset_id":"7132",
            "side":"{side}","original_size":"10","size_matched":"{matched}","price":"{price}","outcome":"Yes",
            "expiration":"0","order_type":"GTC","associate_trades":[],"created_at":1763600000}}"#
        ))
        .unwrap()
    }

    #[test]
    fn what_is_not_as_it_should_be_is_replaced_and_the_rest_stays() {
        let level =
            |side, cents, shares| (side, Price::from_cents(cents).unwrap(), Qty::from_contracts(shares).unwrap());
        let wanted = [level(BookSide::Bid, 40, 10), level(BookSide::Ask, 41, 10), level(BookSide::Ask, 42, 10)];
        let orders = [
            resting('a', "BUY", "0.4", "0"),
            resting('b', "SELL", "0.41", "3"),
            resting('c', "BUY", "0.39", "0"),
            resting('d', "BUY", "0.4", "0"),
        ];
        let (cancels, creates) = plan(&orders, &wanted).unwrap();
        let named: Vec<_> = cancels.iter().map(|hash| hash.to_string().pop().unwrap()).collect();
        assert_eq!(named, ['b', 'c', 'd'], "touched, unwanted, and one too many");
        assert_eq!(creates, [wanted[1], wanted[2]]);
    }
}
