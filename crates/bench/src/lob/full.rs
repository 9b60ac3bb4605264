//! The whole core: ledger, holds, fees, positions and events.

use std::time::Duration;

use brier_kalshi_protocol::fees::{BalancePrecision, FeeMultiplier, FeeSchedule, FeeType};
use brier_matching::{
    AccountId, Command, Event, EventSink, Exchange, MarketId, MarketSpec, OrderId, PlaceOrder, Refusal,
};
use brier_types::{Money, Price, PriceGrid, Qty, TimeInForce, Timestamp};

use super::{Engine, Fill, Limit, Operation, highest_id, markets};

/// Number of accounts the flow is spread over.
const OWNERS: u64 = 64;

/// An exchange whose accounts have ample cash.
#[derive(Clone, Debug)]
pub struct Full {
    exchange: Exchange,
    recorder: Recorder,
}

impl Full {
    /// An exchange with open markets for this flow.
    pub fn new(operations: &[Operation]) -> Self {
        let start = Timestamp::from_secs(1_795_000_000).expect("fits");
        let mut exchange = Exchange::new();
        for account in 0..OWNERS {
            exchange
                .apply(start, &Command::OpenAccount { precision: BalancePrecision::CentiCent }, &mut ())
                .expect("accounts open");
            let fund = Command::Fund {
                account: AccountId(account as u32),
                amount: Money::from_micros(10_000_000_000_000_000),
            };
            exchange.apply(start, &fund, &mut ()).expect("accounts are funded");
        }
        for _ in 0..markets(operations) {
            exchange.apply(start, &Command::CreateMarket(spec(start)), &mut ()).expect("markets are listed");
        }
        let recorder = Recorder {
            handles: vec![OrderId::from_bits(u64::MAX); highest_id(operations) + 1],
            ids: Vec::new(),
            taker: 0,
            fills: Vec::with_capacity(operations.len()),
        };
        Self { exchange, recorder }
    }
}

/// Keeps the order ids and fills of a run.
#[derive(Clone, Debug)]
struct Recorder {
    handles: Vec<OrderId>,
    ids: Vec<u64>,
    taker: u64,
    fills: Vec<Fill>,
}

impl EventSink for Recorder {
    #[expect(
        clippy::inline_always,
        reason = "each place in the core says one kind of event; inlined, the others cost nothing"
    )]
    #[inline(always)]
    fn event(&mut self, event: Event) {
        match event {
            Event::OrderAccepted { order, .. } => {
                let slot = order.slot() as usize;
                if slot == self.ids.len() {
                    self.ids.push(self.taker);
                } else {
                    self.ids[slot] = self.taker;
                }
                self.handles[self.taker as usize] = order;
            }
            Event::Trade(trade) => self.fills.push(Fill {
                maker: self.ids[trade.maker.order.slot() as usize],
                taker: self.taker,
                cents: trade.price.pips() / 100,
                contracts: trade.qty.micros() / Qty::PER_CONTRACT,
            }),
            _ => {}
        }
    }
}

impl Engine for Full {
    /// # Panics
    /// When the core refuses an order: with ample cash it takes every order of a well-formed flow.
    #[inline]
    fn apply(&mut self, operation: &Operation) {
        let account = AccountId((operation.id % OWNERS) as u32);
        let Some(Limit { side, price, qty }) = operation.order else {
            let order = self.recorder.handles[operation.id as usize];
            match self.exchange.cancel(account, order, &mut self.recorder) {
                Ok(_) | Err(Refusal::UnknownOrder) => return,
                Err(refusal) => panic!("cancels are refused only for orders that are over, found {refusal}"),
            }
        };
        self.recorder.taker = operation.id;
        let order = PlaceOrder {
            account,
            market: MarketId(operation.market),
            side,
            price,
            qty,
            time_in_force: TimeInForce::Gtc,
            post_only: false,
            reduce_only: false,
            cancel_on_pause: false,
            self_trade_prevention: None,
            client_order_id: None,
            group: None,
        };
        self.exchange.place(&order, &mut self.recorder).expect("a well-formed order with ample cash is accepted");
    }

    fn fills(&self) -> &[Fill] {
        &self.recorder.fills
    }

    fn resting(&self) -> usize {
        self.exchange.order_count()
    }

    fn check(&self) {
        self.exchange.check();
    }
}

fn spec(start: Timestamp) -> MarketSpec {
    MarketSpec {
        grid: PriceGrid::uniform(Price::from_cents(1).expect("a cent is a price")).expect("a cent divides a dollar"),
        size_step: Qty::HUNDREDTH,
        open_time: start,
        close_time: start.plus(Duration::from_hours(24)),
        settlement_timer: Duration::from_mins(1),
        fees: FeeSchedule::new(FeeType::Quadratic, FeeMultiplier::ONE),
        fee_waiver_until: None,
    }
}
