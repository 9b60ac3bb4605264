//! The Polymarket half of the demo: sampled windows that the bot trades, and recorded books that are only shown.
//!
//! As at Kalshi, a house account keeps the exchange's book equal to the recorded one and the bot is an outside client. What
//! differs is the venue's: orders are signed, the bot buys Up or Down and never sells, a match is only a promise until the
//! chain confirms it, and one of them fails here on purpose, chosen by the seed.
//!
//! The bot decides only shortly after a sample, as the quote that stands until the next one is not the market's.

mod compare;
mod maker;
mod party;
mod recorded;
mod stage;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use brier_book::{Book, BookView};
use brier_exchange::{Admin, PolymarketAdmin};
use brier_polymarket::Env;
use brier_polymarket::discovery::Listing;
use brier_polymarket::orders::Leg;
use brier_polymarket::rest::{Placed, TradesQuery};
use brier_polymarket_protocol::clob::{Level, TradeStatus};
use brier_types::{
    BookSide, ClientOrderId, FillStatus, MarketResult, Money, Price, Prob, Qty, SignedQty, TimeInForce, Timestamp,
    TradeId, Venue,
};

use super::bot::{Bot, Limits, TakerFee, Want};
use super::run::{Chance, Plan, Stage, order};
use super::screen::{self, Row, detail};
use super::summary::{MarketSummary, Recorded, VenueSummary, undone};
use compare::{Tally, dollars, equals, rehash};
use maker::Maker;
use party::{Ears, Party};
use recorded::{Series, Shown, Window};

const BOT_FUNDS: Money = Money::from_micros(10_000_000_000);
const HOUSE_FUNDS: Money = Money::from_micros(100_000_000_000_000);
/// Shares of both outcomes that the house starts each market with: more than any recorded depth.
const HOUSE_SHARES: u64 = 3_000_000;
/// How long after a sample the bot still decides by it.
const FRESH: Duration = Duration::from_secs(5);
/// The venue takes no order for less that is to match at once.
const LEAST_ORDER: Money = Money::from_micros(1_000_000);
/// By then every match is final: mined and confirmed, or tried twice and failed.
const FINAL_AFTER: Duration = Duration::from_secs(20);
/// The match that fails is one of the first so many.
const DOOMED_AMONG: u64 = 3;

/// What was recorded of the venue.
#[derive(Debug)]
pub(crate) struct Recording {
    windows: Vec<Window>,
    shown: Vec<Shown>,
    series: Series,
}

/// The recordings kept in the program.
pub(crate) fn kept() -> anyhow::Result<Recording> {
    Ok(Recording { windows: recorded::windows()?, shown: recorded::shown()?, series: recorded::series()? })
}

impl Recording {
    /// Only the first so many windows, and no books that are only shown.
    #[cfg(test)]
    pub(crate) fn first_windows(mut self, count: usize) -> Self {
        self.windows.truncate(count);
        self.shown.clear();
        self
    }

    /// When the first window starts.
    pub(crate) fn start(&self) -> Option<Timestamp> {
        self.windows.first().map(Window::start)
    }

    /// How much market time the windows take.
    pub(crate) fn duration(&self) -> Duration {
        self.windows.iter().map(length).sum()
    }

    /// The rows before anything happened: windows, then books.
    pub(crate) fn waiting_rows(&self) -> Vec<Row> {
        self.windows.iter().map(waiting).chain(self.shown.iter().map(|shown| shown_row(shown, false))).collect()
    }
}

/// The venue with both participants.
pub(crate) struct Demo<'a> {
    admin: Admin,
    venue: PolymarketAdmin,
    recording: &'a Recording,
    maker: Maker,
    bot: Party,
    ears: Ears,
    /// Of the windows, in their order.
    listings: Vec<Listing>,
    plan: Plan,
    chance: Chance,
    bot_orders: u64,
    /// The bot's order whose match will fail.
    doomed: u64,
    /// What the bot's own books say it has in dollars.
    reckoned: Money,
    /// What its winning shares were paid.
    redeemed: Money,
    /// Its books when the order was sent whose match fails; until that has failed it sends no other.
    before_failure: Option<Figures>,
    listed_books: Tally,
    hashes: Tally,
    balances: Tally,
    positions: Tally,
    failures: Tally,
}

/// The bot's books: its account's figures, and the dollars by the connector's book.
type Figures = ((SignedQty, Money, Money, usize, Qty), Money);

/// What is alive while one window trades.
struct Trading<'a> {
    window: &'a Window,
    listing: Listing,
    bot: Bot,
    /// The sample that the book follows, by its moment.
    seen: Option<Timestamp>,
    /// Whether somebody traded or a match failed since the house last looked.
    touched: bool,
    as_recorded: Tally,
    as_rest: Tally,
}

impl<'a> Demo<'a> {
    /// Lists everything, and lets both participants in. The rows of recorded books are filled in; `first_row` is that of
    /// the first window.
    pub(crate) async fn open(
        admin: &Admin,
        env: &Env,
        recording: &'a Recording,
        plan: Plan,
        stage: &mut Stage,
        first_row: usize,
    ) -> anyhow::Result<Self> {
        let venue = admin.polymarket();
        let mut chance = Chance::new(plan.seed);
        let doomed = 1 + chance.below(DOOMED_AMONG);
        let house = Party::new(env, &mut chance)?;
        let bot = Party::new(env, &mut chance)?;
        stage::admit(&venue, &house, HOUSE_FUNDS).await?;
        stage::admit(&venue, &bot, BOT_FUNDS).await?;
        let given = Qty::from_contracts(HOUSE_SHARES).context("too many shares")?;
        let mut conditions = Vec::new();
        for shown in &recording.shown {
            conditions.push(stage::list_shown(&venue, shown).await?);
        }
        for window in &recording.windows {
            conditions.push(stage::list_window(&venue, window, &recording.series).await?);
        }
        for condition in &conditions {
            stage::split(&venue, &house, *condition, given).await?;
        }
        let mut listings = bot.discover(&conditions).await?;
        let ears = Ears::open(&bot.client, &listings).await?;
        let windows = listings.split_off(recording.shown.len());
        let mut demo = Self {
            admin: admin.clone(),
            venue,
            recording,
            maker: Maker { party: house, given, orders: 0 },
            bot,
            ears,
            listings: windows,
            plan,
            chance,
            bot_orders: 0,
            doomed,
            reckoned: BOT_FUNDS,
            redeemed: Money::ZERO,
            before_failure: None,
            listed_books: Tally::default(),
            hashes: Tally::default(),
            balances: Tally::default(),
            positions: Tally::default(),
            failures: Tally::default(),
        };
        let row = first_row + recording.windows.len();
        for ((shown, listing), row) in recording.shown.iter().zip(&listings).zip(row..) {
            demo.show(shown, listing).await.with_context(|| format!("the book of {}", shown.question))?;
            stage.set(row, shown_row(shown, true));
        }
        Ok(demo)
    }

    /// Puts a recorded book on the exchange, and compares what the bot's stream makes of it.
    async fn show(&mut self, shown: &Shown, listing: &Listing) -> anyhow::Result<()> {
        let book = shown.book()?;
        let wanted = book.view().context("the recorded book is crossed")?;
        self.maker.follow(listing, &wanted, self.admin.now().await?).await?;
        let rest = self.bot.client.book(listing.yes).await?;
        let as_recorded = self.ears.await_book(&listing.ticker, |book| equals(book, &wanted)).await?;
        self.listed_books.count(as_recorded);
        let streamed = self.ears.books.book_of(listing.ticker.as_str());
        self.hashes.count(streamed.is_some_and(|book| rehash(&rest, book).is_some_and(|hash| hash == rest.hash)));
        Ok(())
    }

    /// Trades every window, one after the other, as they happened.
    pub(crate) async fn trade(mut self, stage: &mut Stage, first_row: usize) -> anyhow::Result<VenueSummary> {
        let recording = self.recording;
        let mut markets = Vec::new();
        for (index, window) in recording.windows.iter().enumerate() {
            let market = self.trade_window(index, window, stage, first_row + index).await;
            let market = market.with_context(|| format!("while trading {}", window.slug))?;
            self.reckoned = self.reckoned.checked_add(market.profit).context("cash out of range")?;
            // What is owed was paid: own books, REST and chain must say the same dollars.
            let held = self.bot.client.funds(None).await?.balance;
            self.balances.count(dollars(held) == Some(self.reckoned));
            stage.tell(&market);
            markets.push(market);
            stage.pass(length(window));
        }
        let trades = self.bot.client.trades(&TradesQuery::default()).all().await?;
        let failed = trades.iter().filter(|trade| trade.status == TradeStatus::Failed).count();
        self.admin.quiesce().await?;
        let end_cash = dollars(self.bot.client.funds(None).await?.balance).context("cash out of range")?;
        let mut matches = Tally::default();
        for trade in &trades {
            let heard = self.ears.matches.get(&TradeId::new(&trade.id)?);
            matches.count(heard == Some(&fill_status(&trade.status)?));
        }
        Ok(VenueSummary {
            venue: Venue::Polymarket,
            recorded: Recorded::Samples(recording.windows.iter().map(|window| window.samples.len()).sum()),
            house_orders: self.maker.orders,
            start_cash: BOT_FUNDS,
            end_cash,
            reckoned_cash: self.reckoned,
            exchange_difference: self.venue.ledger().await?.difference(),
            exchange_fills: trades.len() - failed,
            undone_fills: self.ears.failed(),
            exchange_undone: failed,
            checks: vec![
                self.listed_books.check("books only shown = recorded"),
                self.hashes.check("book hashes = REST"),
                matches.check("fates of matches = REST"),
                self.balances.check("balances = REST"),
                self.positions.check("positions = Data API"),
                self.failures.check("failed matches without a trace"),
            ],
            state_hash: self.venue.state_hash().await?,
            markets,
        })
    }

    async fn trade_window(
        &mut self,
        index: usize,
        window: &Window,
        stage: &mut Stage,
        row_index: usize,
    ) -> anyhow::Result<MarketSummary> {
        let start = window.start().max(self.admin.now().await?);
        ensure!(start < window.close_time, "it ends before the one before it has settled");
        let listing = self.listings[index].clone();
        let limits = Limits { stale_after: Some(FRESH), least: LEAST_ORDER, ..Limits::default() };
        let bot = Bot::new(window.strike, window.close_time, TakerFee::Polymarket(listing.fees), limits);
        let mut trading = Trading {
            window,
            listing,
            bot,
            seen: None,
            touched: false,
            as_recorded: Tally::default(),
            as_rest: Tally::default(),
        };
        let (mut now, began) = (start, Instant::now());
        while now < window.close_time {
            self.admin.clock_set(now).await?;
            self.step(&mut trading, now).await?;
            let shown = self.row(&trading, now);
            stage.show(row_index, shown, now, now.since(start));
            now = now.plus(self.plan.pace.step);
            self.plan.pace.wait(began, now.since(start)).await;
        }
        self.settle(&mut trading).await?;
        let settled = self.settled(&trading);
        stage.show(row_index, settled, now, length(window));
        summarize(&trading)
    }

    async fn step(&mut self, trading: &mut Trading<'_>, now: Timestamp) -> anyhow::Result<()> {
        let sample = trading.window.at(now).context("no sample yet")?;
        let is_new = trading.seen != Some(sample.at);
        self.hear_matches(trading).await?;
        let book = sample.book()?;
        let recorded = book.view().context("the sampled book is crossed")?;
        let changed = is_new || trading.touched;
        if changed {
            self.maker.follow(&trading.listing, &recorded, now).await?;
            (trading.seen, trading.touched) = (Some(sample.at), false);
        }
        if changed || self.plan.verify {
            self.compare_with_rest(trading).await?;
        }
        let streamed = self.ears.books.book_of(trading.listing.ticker.as_str());
        trading.as_recorded.count(streamed.is_some_and(|book| equals(book, &recorded)));
        if is_new {
            trading.bot.observe(now, sample.spot);
        }
        let jitter = Duration::from_millis(self.chance.below(1_000));
        if !self.plan.with_bot || self.before_failure.is_some() {
            return Ok(());
        }
        // A book that cannot be believed is not read: the bot waits.
        let view = streamed.and_then(|book| book.view().ok());
        if let Some(want) = view.and_then(|book| trading.bot.decide(now, &book, jitter)) {
            self.send(trading, want, now).await?;
        }
        Ok(())
    }

    /// Waits until the bot's stream has said what REST says of its matches, if any of them is not final.
    async fn hear_matches(&mut self, trading: &mut Trading<'_>) -> anyhow::Result<()> {
        if !self.ears.is_provisional() {
            return Ok(());
        }
        let query = TradesQuery { market: Some(trading.listing.condition), ..TradesQuery::default() };
        let mut wanted = BTreeMap::new();
        for trade in self.bot.client.trades(&query).all().await? {
            wanted.insert(TradeId::new(&trade.id)?, fill_status(&trade.status)?);
        }
        let undone = trading.bot.account.undone;
        self.ears.await_matches(&wanted, &mut trading.bot.account).await?;
        if trading.bot.account.undone > undone {
            trading.touched = true;
            let now = (trading.bot.account.figures(), self.ears.cash().await?);
            self.failures.count(self.before_failure.take() == Some(now));
        }
        Ok(())
    }

    /// Waits for the book that REST shows, and counts whether the stream made the same of it, by levels and by hash.
    async fn compare_with_rest(&mut self, trading: &mut Trading<'_>) -> anyhow::Result<()> {
        let rest = self.bot.client.book(trading.listing.yes).await?;
        let mut expected = Book::new();
        let side = |side, levels: &[Level]| levels.iter().map(|it| (side, it.price, it.size)).collect::<Vec<_>>();
        expected.load([side(BookSide::Bid, &rest.bids), side(BookSide::Ask, &rest.asks)].concat())?;
        let expected = expected.view_untrusted();
        let ticker = &trading.listing.ticker;
        trading.as_rest.count(self.ears.await_book(ticker, |book| equals(book, &expected)).await?);
        let streamed = self.ears.books.book_of(ticker.as_str());
        self.hashes.count(streamed.is_some_and(|book| rehash(&rest, book).is_some_and(|hash| hash == rest.hash)));
        Ok(())
    }

    /// Buys Up or Down at the price wanted, and waits until the bot has heard of it.
    async fn send(&mut self, trading: &mut Trading<'_>, want: Want, now: Timestamp) -> anyhow::Result<()> {
        self.bot_orders += 1;
        if self.bot_orders == self.doomed {
            stage::fail_next(&self.venue).await?;
            self.before_failure = Some((trading.bot.account.figures(), self.ears.cash().await?));
        }
        let id = ClientOrderId::new(&format!("bot-{}-{}", self.plan.seed, self.bot_orders))?;
        // All of it or nothing, and as much as there is, in turn.
        let life = if self.bot_orders.is_multiple_of(2) { TimeInForce::Fok } else { TimeInForce::Ioc };
        let order = order(id, &trading.listing.ticker, want.side, want.price, want.qty, life);
        let prepared = self.bot.client.prepare_order(&order, Leg::Buy, &trading.listing, now)?;
        let placed = self.bot.client.post_order(&prepared).await?;
        let Placed::Answered(reply) = placed else { anyhow::bail!("the exchange gave no clear answer: {placed:?}") };
        let wanted: Result<BTreeMap<_, _>, _> = reply
            .trade_ids
            .iter()
            .flatten()
            .map(|id| TradeId::new(id).map(|trade| (trade, FillStatus::Matched)))
            .collect();
        trading.touched = true;
        self.ears.await_matches(&wanted?, &mut trading.bot.account).await
    }

    /// Lets every match become final, states the recorded winner, and holds everything against the exchange's answers.
    async fn settle(&mut self, trading: &mut Trading<'_>) -> anyhow::Result<()> {
        self.admin.clock_set(trading.window.close_time).await?;
        self.maker.leave(&trading.listing).await?;
        self.admin.clock_step(FINAL_AFTER).await?;
        self.hear_matches(trading).await?;
        ensure!(!self.ears.is_provisional(), "a match is not final {} s after the end", FINAL_AFTER.as_secs());
        self.compare_holdings(trading).await?;
        stage::resolve(&self.venue, trading.listing.condition, trading.window.result).await
    }

    /// Counts whether the bot's own shares and dollars are those that REST and the Data API tell, before anything is paid.
    async fn compare_holdings(&mut self, trading: &Trading<'_>) -> anyhow::Result<()> {
        let listing = &trading.listing;
        let positions = self.bot.client.data_positions(self.bot.address()).all().await?;
        let mut net = 0_i64;
        for (token, is_no) in [(listing.yes, false), (listing.no, true)] {
            let own = self.ears.shares(&listing.ticker, is_no).await?;
            net += if is_no { -own.micros() } else { own.micros() };
            let held = self.bot.client.funds(Some(token)).await?.balance;
            self.balances.count(held.signed() == own);
            let name = token.to_string();
            let told = positions.iter().find(|position| position.token_id == name);
            let told = told.map_or(Qty::ZERO, |position| position.current_size);
            self.positions.count(told.signed() == own);
        }
        let cash = self.ears.cash().await?.checked_add(BOT_FUNDS).and_then(|cash| cash.checked_add(self.redeemed));
        self.balances.count(dollars(self.bot.client.funds(None).await?.balance) == cash);
        let won = match trading.window.result {
            MarketResult::No => self.ears.shares(&listing.ticker, true).await?,
            MarketResult::Yes | MarketResult::Scalar(_) => self.ears.shares(&listing.ticker, false).await?,
        };
        // A winning share pays a dollar.
        self.redeemed = self.redeemed.checked_add(Money::from_micros(won.micros())).context("cash out of range")?;
        // The bot's account counts in YES terms, the connector's book token by token.
        self.positions.count(net == trading.bot.account.position.micros());
        Ok(())
    }

    fn row(&self, trading: &Trading<'_>, now: Timestamp) -> Row {
        let bot = &trading.bot;
        let view = self.ears.books.book_of(trading.listing.ticker.as_str()).and_then(|book| book.view().ok());
        let fair = bot.fair(now);
        Row {
            state: screen::left(trading.window.close_time.since(now)),
            bid: view.as_ref().and_then(BookView::best_bid).map(|level| level.price),
            ask: view.as_ref().and_then(BookView::best_ask).map(|level| level.price),
            fair: fair.map(Prob::get),
            // By an old sample it would not trade, so there is none.
            edge: view.as_ref().filter(|_| !bot.is_stale(now)).and_then(|view| bot.edge(now, view)),
            position: bot.account.position,
            fills: bot.account.fills,
            profit: bot.account.profit(fair.map_or(Price::ZERO, Prob::floor_price)),
            detail: self.details(trading),
            ..waiting(trading.window)
        }
    }

    fn settled(&self, trading: &Trading<'_>) -> Row {
        let account = &trading.bot.account;
        Row {
            state: trading.window.result.to_string(),
            position: account.position,
            fills: account.fills,
            profit: account.profit(trading.window.result.yes_payout()),
            detail: self.details(trading),
            ..waiting(trading.window)
        }
    }

    /// What stands below the table: how much of it was recorded, and what the chain did.
    fn details(&self, trading: &Trading<'_>) -> String {
        let line = detail(&trading.window.slug, trading.bot.spot(), trading.window.strike);
        let samples = trading.window.samples.len();
        let failed = self.ears.failed();
        let failed = if failed == 0 { String::new() } else { undone(failed) };
        format!("{line}\nquotes recorded at {samples} moments, simulated between\n{failed}")
    }
}

fn fill_status(status: &TradeStatus) -> anyhow::Result<FillStatus> {
    Ok(match status {
        TradeStatus::Matched => FillStatus::Matched,
        TradeStatus::Mined => FillStatus::Mined,
        TradeStatus::Confirmed => FillStatus::Confirmed,
        TradeStatus::Retrying => FillStatus::Retrying,
        TradeStatus::Failed => FillStatus::Failed,
        other => anyhow::bail!("expected a documented status of a match, found {other:?}"),
    })
}

fn length(window: &Window) -> Duration {
    window.close_time.since(window.start())
}

fn waiting(window: &Window) -> Row {
    Row { venue: "Poly", market: screen::label("BTC", window.close_time), ..Row::default() }
}

/// A recorded book; its best prices once it is listed.
fn shown_row(shown: &Shown, listed: bool) -> Row {
    let best = |levels: &[(Price, Qty)]| levels.first().filter(|_| listed).map(|(price, _)| *price);
    Row {
        venue: "Poly",
        market: shown.label.clone(),
        state: if listed { "shown".to_owned() } else { String::new() },
        bid: best(&shown.bids),
        ask: best(&shown.asks),
        ..Row::default()
    }
}

fn summarize(trading: &Trading<'_>) -> anyhow::Result<MarketSummary> {
    let account = &trading.bot.account;
    let result = trading.window.result;
    ensure!(trading.as_recorded.compared > 0, "it never had a book");
    Ok(MarketSummary {
        venue: Venue::Polymarket,
        market: trading.window.slug.clone(),
        result,
        fills: account.fills,
        contracts: account.contracts,
        fees: account.fees,
        position: account.position,
        profit: account.profit(result.yes_payout()),
        equal_steps: trading.as_recorded.equal,
        readable_steps: trading.as_recorded.compared,
        rest_equal: trading.as_rest.equal,
        rest_compared: trading.as_rest.compared,
    })
}
