//! What the engine must know of a market to trade it, and the table of all of them.

use brier_book::TickerIndex;
use brier_kalshi_protocol::fees as kalshi;
use brier_polymarket_protocol::fees as polymarket;
use brier_types::{
    EventTicker, Market, MarketStatus, MarketTicker, Money, Price, Qty, Strike, Timestamp, Venue, notional,
};

use crate::ids::{EventId, MarketId};

/// What a fill costs, by the schedule of the market's venue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fees {
    /// Kalshi's. Source: reference (Kalshi), section 10.
    Kalshi(kalshi::FeeSchedule),
    /// Polymarket's. Source: reference (Polymarket), section 15.1.
    Polymarket(polymarket::FeeSchedule),
}

impl Fees {
    /// Nobody pays.
    pub const FREE: Self = Self::Kalshi(kalshi::FeeSchedule::FREE);

    /// What a taker pays for one fill, before Kalshi's rounding of the balance.
    pub fn taker(&self, price: Price, qty: Qty) -> Money {
        match self {
            Self::Kalshi(schedule) => schedule.trade_fee(kalshi::Role::Taker, price, qty),
            Self::Polymarket(schedule) => schedule.taker_fee(price, qty),
        }
    }

    /// What a maker pays for one fill.
    pub fn maker(&self, price: Price, qty: Qty) -> Money {
        match self {
            Self::Kalshi(schedule) => schedule.trade_fee(kalshi::Role::Maker, price, qty),
            Self::Polymarket(_) => Money::ZERO,
        }
    }

    /// The most that a fill in one piece can pay: its fee and what the venue's rounding of a balance may add.
    pub fn one_fill(&self, is_taker: bool, price: Price, qty: Qty) -> Money {
        let fee = if is_taker { self.taker(price, qty) } else { self.maker(price, qty) };
        if fee == Money::ZERO { fee } else { Money::from_micros(fee.micros().saturating_add(self.step())) }
    }

    /// What rounding may add to the fee of one fill, in $0.000001.
    const fn step(&self) -> i64 {
        match self {
            Self::Kalshi(_) => Money::CENTICENT.micros() * 2,
            Self::Polymarket(_) => polymarket::FEE_STEP.micros(),
        }
    }

    /// The most that an order of `qty` can pay in fees, at whatever prices up to its limit and in however many fills it
    /// trades: the taker's rate at the price in reach where the fee is highest (nearest to $0.50), and a step of the
    /// venue's rounding for each of at most `fills` fills.
    pub fn most(&self, reach: (Price, Price), qty: Qty, fills: u64) -> Money {
        let half = Price::new(5_000).expect("half a dollar is a price");
        let (low, high) = reach;
        let at = if high < half {
            high
        } else if low > half {
            low
        } else {
            half
        };
        let extra = i64::try_from(fills).unwrap_or(i64::MAX).saturating_mul(self.step());
        Money::from_micros(self.taker(at, qty).micros().saturating_add(extra))
    }
}

/// How a venue holds what accounts own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Custody {
    /// One signed number a market: buying the other outcome closes pairs at once (Kalshi).
    Netted,
    /// YES and NO are tokens of their own; only what is held can be sold (Polymarket).
    Tokens,
}

/// A market and how it is traded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instrument {
    /// The market as the venue lists it.
    pub market: Market,
    /// What fills cost.
    pub fees: Fees,
    /// How the venue holds what is owned.
    pub custody: Custody,
    /// The venue's shard: cash is per shard. 0 where there is one.
    pub shard: u16,
    /// The smallest order that rests.
    pub min_qty: Qty,
    /// The smallest worth of an order that takes.
    pub min_taking: Money,
    /// Whether at most one market of its event resolves YES.
    pub exclusive: bool,
    /// What the settling number has to be for YES, where the venue says so in numbers.
    pub strike: Option<Strike>,
}

impl Instrument {
    /// Where it trades.
    pub const fn venue(&self) -> Venue {
        self.market.venue
    }

    /// Where the market is in its life at `now`: venues do not tell what the clock does.
    ///
    /// Source: reference (Kalshi), section 7: opening and closing by the clock emit no stream event.
    pub fn status_at(&self, now: Timestamp) -> MarketStatus {
        let (told, market) = (self.market.status, &self.market);
        let by_clock = matches!(told, MarketStatus::Initialized | MarketStatus::Active);
        if by_clock && market.close_time <= now {
            MarketStatus::Closed
        } else if by_clock && market.open_time <= now {
            MarketStatus::Active
        } else {
            told
        }
    }

    /// The most that buying at `price` (in YES terms of the side) can cost, without fees.
    pub fn cost(&self, paid: Price, qty: Qty) -> Money {
        notional(paid, qty, brier_types::Rounding::Ceil)
    }
}

/// One real-world question and its markets on one venue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventEntry {
    /// Where it trades.
    pub venue: Venue,
    /// The venue's name.
    pub ticker: EventTicker,
    /// Whether at most one of its markets resolves YES.
    pub exclusive: bool,
    /// Its markets, in the order of listing.
    pub markets: Vec<MarketId>,
}

/// All markets that the engine may be told of.
#[derive(Clone, Debug, Default)]
pub struct Universe {
    instruments: Vec<Instrument>,
    event_of: Vec<EventId>,
    events: Vec<EventEntry>,
    index: [TickerIndex; 2],
    /// Market by the number of its ticker in the index.
    by_number: [Vec<MarketId>; 2],
}

pub(crate) const fn venue_index(venue: Venue) -> usize {
    match venue {
        Venue::Kalshi => 0,
        Venue::Polymarket => 1,
    }
}

impl Universe {
    /// No markets.
    pub fn new() -> Self {
        Self::default()
    }

    /// Lists a market, or takes over what the venue now says of one that is known; its place stays.
    pub fn list(&mut self, instrument: Instrument) -> MarketId {
        let venue = venue_index(instrument.venue());
        let number = self.index[venue].insert(instrument.market.ticker.as_str()) as usize;
        if let Some(known) = self.by_number[venue].get(number) {
            let id = *known;
            let event = &mut self.events[self.event_of[id.index()].index()];
            event.exclusive |= instrument.exclusive;
            self.instruments[id.index()] = instrument;
            return id;
        }
        let id = MarketId(u32::try_from(self.instruments.len()).expect("fewer than 2^32 markets"));
        self.by_number[venue].push(id);
        let event = self.event_entry(&instrument);
        self.events[event.index()].markets.push(id);
        self.event_of.push(event);
        self.instruments.push(instrument);
        id
    }

    fn event_entry(&mut self, instrument: &Instrument) -> EventId {
        let found = self
            .events
            .iter()
            .position(|event| event.venue == instrument.venue() && event.ticker == instrument.market.event);
        if let Some(found) = found {
            self.events[found].exclusive |= instrument.exclusive;
            return EventId(found as u32);
        }
        self.events.push(EventEntry {
            venue: instrument.venue(),
            ticker: instrument.market.event.clone(),
            exclusive: instrument.exclusive,
            markets: Vec::new(),
        });
        EventId(u32::try_from(self.events.len() - 1).expect("fewer than 2^32 events"))
    }

    /// The place of a market, if it is listed.
    #[inline]
    pub fn find(&self, venue: Venue, ticker: &str) -> Option<MarketId> {
        let venue = venue_index(venue);
        self.index[venue].get(ticker).and_then(|number| self.by_number[venue].get(number as usize)).copied()
    }

    /// A market.
    ///
    /// # Panics
    /// When the place is another universe's.
    #[inline]
    pub fn get(&self, market: MarketId) -> &Instrument {
        &self.instruments[market.index()]
    }

    pub(crate) fn get_mut(&mut self, market: MarketId) -> &mut Instrument {
        &mut self.instruments[market.index()]
    }

    /// The name of a market.
    ///
    /// # Panics
    /// When the place is another universe's.
    pub fn ticker(&self, market: MarketId) -> &MarketTicker {
        &self.get(market).market.ticker
    }

    /// The event of a market.
    ///
    /// # Panics
    /// When the place is another universe's.
    #[inline]
    pub fn event_of(&self, market: MarketId) -> EventId {
        self.event_of[market.index()]
    }

    /// An event.
    ///
    /// # Panics
    /// When the place is another universe's.
    #[inline]
    pub fn event(&self, event: EventId) -> &EventEntry {
        &self.events[event.index()]
    }

    /// All markets in the order of listing.
    pub fn iter(&self) -> impl Iterator<Item = (MarketId, &Instrument)> {
        (0..).map(MarketId).zip(&self.instruments)
    }

    /// How many markets there are.
    pub const fn len(&self) -> usize {
        self.instruments.len()
    }

    /// How many events there are.
    pub const fn event_count(&self) -> usize {
        self.events.len()
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.instruments.is_empty()
    }
}
