//! The demo's bot: what it knows of one market, what it thinks it is worth, and when it trades.
//!
//! Pure: book, spot and time go in, at most one order comes out. It takes with limit orders, only what is better than its
//! fair value by more than the exact fee and a margin, and only within its cap. It never rests, so it has nothing to pull
//! when a book cannot be read: it just waits.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Context as _;
use brier_book::BookView;
use brier_kalshi_protocol::fees::{FeeSchedule as KalshiFees, Role};
use brier_models::digital::Digital;
use brier_models::volatility::RealizedVolatility;
use brier_polymarket_protocol::fees::FeeSchedule as PolymarketFees;
use brier_types::{
    BookSide, Fill, FillStatusUpdate, Money, Price, Prob, Qty, Rounding, SignedQty, Timestamp, TradeId, VenueOrderId,
    notional,
};

/// What bounds the bot.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Most contracts held in one market, YES or NO.
    pub(crate) cap: Qty,
    /// Most contracts of one order.
    pub(crate) clip: Qty,
    /// Least gain a contract must promise after fees.
    pub(crate) margin: Money,
    /// Time between two orders in one market.
    pub(crate) pause: Duration,
    /// How long after the spot was seen it still decides; none where spot is recorded trade by trade.
    pub(crate) stale_after: Option<Duration>,
    /// Least dollars of one order: the venue takes no smaller one.
    pub(crate) least: Money,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            cap: Qty::from_contracts(100).expect("fits"),
            clip: Qty::from_contracts(20).expect("fits"),
            margin: Money::from_micros(20_000),
            pause: Duration::from_secs(2),
            stale_after: None,
            least: Money::ZERO,
        }
    }
}

/// What a taker pays, by the schedule of the market's venue.
#[derive(Clone, Copy, Debug)]
pub(crate) enum TakerFee {
    Kalshi(KalshiFees),
    Polymarket(PolymarketFees),
}

impl TakerFee {
    fn of(&self, price: Price, qty: Qty) -> Money {
        match self {
            Self::Kalshi(schedule) => schedule.trade_fee(Role::Taker, price, qty),
            Self::Polymarket(schedule) => schedule.taker_fee(price, qty),
        }
    }
}

/// An order the bot wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Want {
    pub(crate) side: BookSide,
    pub(crate) price: Price,
    pub(crate) qty: Qty,
}

/// What the bot thinks of one side of the book.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Edge {
    pub(crate) side: BookSide,
    pub(crate) price: Price,
    pub(crate) available: Qty,
    /// Fair value less price and fee of one contract, for a buyer; the other way round for a seller.
    pub(crate) per_contract: Money,
}

/// The bot in one market.
#[derive(Debug)]
pub(crate) struct Bot {
    strike: f64,
    close_time: Timestamp,
    fees: TakerFee,
    limits: Limits,
    volatility: RealizedVolatility,
    spot: Option<f64>,
    spot_at: Timestamp,
    next_order_at: Timestamp,
    pub(crate) account: Account,
}

impl Bot {
    /// A bot for one market. It believes in an annual volatility of 45 % until it has seen the price move.
    pub(crate) fn new(strike: f64, close_time: Timestamp, fees: TakerFee, limits: Limits) -> Self {
        const SECONDS_A_YEAR: f64 = 365.25 * 86_400.0;
        let belief = 0.45 / SECONDS_A_YEAR.sqrt();
        Self {
            strike,
            close_time,
            fees,
            limits,
            volatility: RealizedVolatility::new(Duration::from_mins(3), belief, Duration::from_mins(1)),
            spot: None,
            spot_at: Timestamp::EPOCH,
            next_order_at: Timestamp::EPOCH,
            account: Account::default(),
        }
    }

    /// The last spot price of a step, at the step's time.
    pub(crate) fn observe(&mut self, now: Timestamp, spot: f64) {
        self.spot = Some(spot);
        self.spot_at = now;
        self.volatility.observe(now, spot);
    }

    /// The last spot price seen.
    pub(crate) fn spot(&self) -> Option<f64> {
        self.spot
    }

    /// Whether the spot is too old to decide by.
    pub(crate) fn is_stale(&self, now: Timestamp) -> bool {
        self.limits.stale_after.is_some_and(|limit| now.since(self.spot_at) > limit)
    }

    /// The chance of YES.
    pub(crate) fn fair(&self, now: Timestamp) -> Option<Prob> {
        let digital = Digital {
            spot: self.spot?,
            strike: self.strike,
            volatility: self.volatility.per_sqrt_second(),
            seconds_left: self.close_time.since(now).as_secs_f64(),
        };
        digital.probability()
    }

    /// The better side of the book after fees, and what it promises.
    pub(crate) fn edge(&self, now: Timestamp, book: &BookView<'_>) -> Option<Edge> {
        let fair = self.fair(now)?;
        let edges = [BookSide::Bid, BookSide::Ask].into_iter().filter_map(|side| self.edge_of(side, fair, book));
        edges.max_by_key(|edge| edge.per_contract)
    }

    fn edge_of(&self, side: BookSide, fair: Prob, book: &BookView<'_>) -> Option<Edge> {
        const ONE: Qty = match Qty::from_contracts(1) {
            Some(one) => one,
            None => panic!("one contract fits"),
        };
        let level = book.best(side.opposite())?;
        // Fair value is rounded against the trade.
        let (gain, cost) = match side {
            BookSide::Bid => (fair.floor_price(), level.price),
            BookSide::Ask => (level.price, fair.ceil_price()),
        };
        let worth = |price| notional(price, ONE, Rounding::Floor);
        let fee = self.fees.of(level.price, ONE);
        let per_contract = worth(gain).checked_sub(worth(cost))?.checked_sub(fee)?;
        Some(Edge { side, price: level.price, available: level.qty, per_contract })
    }

    /// The order it wants now, if any. Stays away from the last seconds, in which the recorded spot is late, and from a
    /// spot that is too old to say anything.
    pub(crate) fn decide(&mut self, now: Timestamp, book: &BookView<'_>, jitter: Duration) -> Option<Want> {
        if now < self.next_order_at || self.close_time.since(now) < Duration::from_secs(10) {
            return None;
        }
        if self.is_stale(now) {
            return None;
        }
        let edge = self.edge(now, book).filter(|edge| edge.per_contract >= self.limits.margin)?;
        let qty = edge.available.min(self.limits.clip).min(self.room(edge.side));
        // Whole contracts: a rest of some hundredths would pay more in rounding than it can gain.
        let qty = Qty::from_contracts(qty.micros() / Qty::PER_CONTRACT).filter(|qty| !qty.is_zero())?;
        let paid = match edge.side {
            BookSide::Bid => edge.price,
            BookSide::Ask => edge.price.complement(),
        };
        if notional(paid, qty, Rounding::Floor) < self.limits.least {
            return None;
        }
        self.next_order_at = now.plus(self.limits.pause).plus(jitter);
        Some(Want { side: edge.side, price: edge.price, qty })
    }

    /// Contracts it may still add on a side before its cap.
    fn room(&self, side: BookSide) -> Qty {
        let cap = self.limits.cap.signed();
        let held = match side {
            BookSide::Bid => self.account.position,
            BookSide::Ask => self.account.position.negated(),
        };
        Qty::from_micros(u64::try_from(cap.micros() - held.micros()).unwrap_or(0)).unwrap_or(Qty::ZERO)
    }
}

/// The bot's own books: what its fills say it has, without asking the exchange.
#[derive(Debug, Default)]
pub(crate) struct Account {
    pub(crate) position: SignedQty,
    /// What fills paid and brought in at YES prices: a NO contract counts as a sold YES contract.
    pub(crate) cash: Money,
    pub(crate) fees: Money,
    pub(crate) fills: usize,
    pub(crate) contracts: Qty,
    /// Fills that were undone, as their match failed.
    pub(crate) undone: usize,
    /// What was booked, by match and order; nothing where it was undone, so that it cannot come back.
    seen: BTreeMap<(TradeId, VenueOrderId), Option<Fill>>,
}

impl Account {
    /// Books a fill once, however often it is told.
    pub(crate) fn fill(&mut self, fill: &Fill) -> anyhow::Result<()> {
        let key = (fill.trade.clone(), fill.order.clone());
        if self.seen.contains_key(&key) {
            return Ok(());
        }
        self.seen.insert(key, Some(fill.clone()));
        self.add(fill, fill.side, fill.fee)?;
        self.contracts = self.contracts.checked_add(fill.qty).context("contracts out of range")?;
        self.fills += 1;
        Ok(())
    }

    /// Undoes a fill whose match failed: everything is as if it had never been.
    pub(crate) fn undo(&mut self, failed: &FillStatusUpdate) -> anyhow::Result<()> {
        let key = (failed.trade.clone(), failed.order.clone());
        let told = self.seen.get_mut(&key);
        let told = told.with_context(|| format!("match {} failed, and was never told", failed.trade))?;
        let Some(fill) = told.take() else { return Ok(()) };
        let returned = fill.fee.checked_neg().context("fee out of range")?;
        self.add(&fill, fill.side.opposite(), returned)?;
        self.contracts = self.contracts.saturating_sub(fill.qty);
        self.fills -= 1;
        self.undone += 1;
        Ok(())
    }

    fn add(&mut self, fill: &Fill, side: BookSide, fee: Money) -> anyhow::Result<()> {
        let value = notional(fill.price, fill.qty, Rounding::Floor);
        let (position, cash) = match side {
            BookSide::Bid => (self.position.checked_add(fill.qty.signed()), self.cash.checked_sub(value)),
            BookSide::Ask => (self.position.checked_sub(fill.qty.signed()), self.cash.checked_add(value)),
        };
        self.position = position.context("position out of range")?;
        self.cash = cash.context("cash out of range")?;
        self.fees = self.fees.checked_add(fee).context("fees out of range")?;
        Ok(())
    }

    /// Everything that fills change.
    pub(crate) const fn figures(&self) -> (SignedQty, Money, Money, usize, Qty) {
        (self.position, self.cash, self.fees, self.fills, self.contracts)
    }

    /// Profit so far if a YES contract is worth `value`: cash, plus the position at that value, less fees.
    pub(crate) fn profit(&self, value: Price) -> Money {
        let worth = notional(value, self.position.abs(), Rounding::Floor);
        let worth = if self.position.micros() < 0 { worth.checked_neg() } else { Some(worth) };
        worth
            .and_then(|worth| self.cash.checked_add(worth))
            .and_then(|total| total.checked_sub(self.fees))
            .expect("a capped position is worth a bounded amount")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use brier_book::Book;
    use brier_kalshi_protocol::fees::{FeeMultiplier, FeeType};

    const NOON: Timestamp = Timestamp::from_nanos(1_778_673_600_000_000_000);

    fn bot() -> Bot {
        let fees = TakerFee::Kalshi(KalshiFees::new(FeeType::Quadratic, FeeMultiplier::ONE));
        let mut bot = Bot::new(80_000.0, NOON.plus(Duration::from_mins(5)), fees, Limits::default());
        bot.observe(NOON, 80_000.0);
        bot
    }

    fn book(bid: u8, ask: u8, count: u64) -> Book {
        let mut book = Book::new();
        let level = |side, cents| (side, Price::from_cents(cents).unwrap(), Qty::from_contracts(count).unwrap());
        book.load([level(BookSide::Bid, bid), level(BookSide::Ask, ask)]).unwrap();
        book
    }

    fn decide(bot: &mut Bot, book: &Book) -> Option<(BookSide, u16, String)> {
        let want = bot.decide(NOON, &book.view().unwrap(), Duration::ZERO)?;
        Some((want.side, want.price.pips(), want.qty.to_string()))
    }

    #[test]
    fn it_takes_only_what_survives_the_fee_and_the_margin() {
        // At the money it is worth 0.50; the fee of one contract is 0.0175, the margin 0.02.
        assert_eq!(decide(&mut bot(), &book(45, 47, 50)), None);
        assert_eq!(decide(&mut bot(), &book(44, 46, 50)), Some((BookSide::Bid, 4_600, "20.00".to_owned())));
        assert_eq!(decide(&mut bot(), &book(54, 56, 50)), Some((BookSide::Ask, 5_400, "20.00".to_owned())));
    }

    #[test]
    fn it_waits_between_orders_and_before_the_close() {
        let mut bot = bot();
        assert!(decide(&mut bot, &book(44, 46, 50)).is_some());
        assert_eq!(decide(&mut bot, &book(44, 46, 50)), None);
        let late = NOON.plus(Duration::from_secs(295));
        assert_eq!(bot.decide(late, &book(1, 2, 50).view().unwrap(), Duration::ZERO), None);
    }

    #[test]
    fn it_stays_within_its_cap_and_counts_a_fill_once() {
        let mut bot = bot();
        let mut fill = Fill {
            trade: "t1".parse().unwrap(),
            order: "o1".parse().unwrap(),
            client_order_id: None,
            market: "M".parse().unwrap(),
            side: BookSide::Bid,
            price: Price::from_cents(46).unwrap(),
            qty: Qty::from_contracts(95).unwrap(),
            is_taker: true,
            fee: Money::from_micros(1_652_000),
            position_after: None,
        };
        bot.account.fill(&fill).unwrap();
        bot.account.fill(&fill).unwrap();
        assert_eq!((bot.account.fills, bot.account.position.to_string().as_str()), (1, "95.00"));
        assert_eq!(bot.account.profit(Price::from_cents(50).unwrap()).to_string(), "2.148000");
        assert_eq!(decide(&mut bot, &book(44, 46, 50)), Some((BookSide::Bid, 4_600, "5.00".to_owned())));
        fill.trade = "t2".parse().unwrap();
        fill.side = BookSide::Ask;
        bot.account.fill(&fill).unwrap();
        assert!(bot.account.position.is_zero());
    }

    #[test]
    fn a_match_that_failed_leaves_its_books_as_they_were_and_cannot_come_back() {
        let mut account = Account::default();
        let fill = |trade: &str, side, cents| Fill {
            trade: trade.parse().unwrap(),
            order: "o1".parse().unwrap(),
            client_order_id: None,
            market: "M".parse().unwrap(),
            side,
            price: Price::from_cents(cents).unwrap(),
            qty: Qty::from_contracts(20).unwrap(),
            is_taker: true,
            fee: Money::from_micros(123_450),
            position_after: None,
        };
        account.fill(&fill("t1", BookSide::Bid, 40)).unwrap();
        let before = account.figures();
        let doomed = fill("t2", BookSide::Ask, 61);
        account.fill(&doomed).unwrap();
        let (trade, order, market) = (doomed.trade.clone(), doomed.order.clone(), doomed.market.clone());
        let failed = FillStatusUpdate { trade, order, market, status: brier_types::FillStatus::Failed };
        account.undo(&failed).unwrap();
        account.undo(&failed).unwrap();
        account.fill(&doomed).unwrap();
        assert_eq!(account.figures(), before);
        assert_eq!(account.undone, 1);
        assert!(account.undo(&FillStatusUpdate { trade: "t3".parse().unwrap(), ..failed }).is_err());
    }

    #[test]
    fn it_trusts_no_old_spot_and_sends_no_order_that_is_too_small() {
        let fees = TakerFee::Polymarket(PolymarketFees::new(70_000, 1, true, 200_000).unwrap());
        let limits = Limits {
            stale_after: Some(Duration::from_secs(5)),
            least: Money::from_micros(1_000_000),
            ..Limits::default()
        };
        let mut bot = Bot::new(80_000.0, NOON.plus(Duration::from_mins(5)), fees, limits);
        bot.observe(NOON, 80_000.0);
        let late = NOON.plus(Duration::from_secs(6));
        assert_eq!(bot.decide(late, &book(44, 46, 50).view().unwrap(), Duration::ZERO), None);
        assert_eq!(decide(&mut bot, &book(44, 46, 2)), None);
        assert_eq!(decide(&mut bot, &book(44, 46, 3)), Some((BookSide::Bid, 4_600, "3.00".to_owned())));
    }
}
