//! The Polymarket half of the demo: sampled windows that the bot trades, and recorded books that are only shown.
//!
//! As at Kalshi, a house account keeps the exchange's book equal to the recorded one and the bot is an outside client. What
//! differs is the venue's: orders are signed, the bot buys Up or Down and never sells, a match is only a promise until the
//! chain confirms it, and one of them fails here on purpose, chosen by the seed.
//!
//! The bot decides only shortly after a sample, as the quote that stands until the next one is not the market's: the spot that
//! came with it goes stale.

pub(crate) mod compare;
pub(crate) mod maker;
pub(crate) mod party;
mod recorded;
pub(crate) mod stage;

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use brier_book::{Book, BookView};
use brier_engine::{MarketId, Strategy};
use brier_exchange::{Admin, PolymarketAdmin};
use brier_polymarket::Env;
use brier_polymarket::discovery::Listing;
use brier_polymarket::rest::TradesQuery;
use brier_polymarket_protocol::clob::{Level, TradeStatus};
use brier_polymarket_protocol::ids::TokenId;
use brier_runtime::live::venues::{self, Wanted};
use brier_types::{BookSide, FillStatus, MarketResult, Money, Price, Prob, Qty, Timestamp, TradeId, Venue};

use super::feed::{self, Feed, spot_series};
use super::run::{Chance, Plan, Stage};
use super::screen::{self, Row, detail};
use super::strategies;
use super::summary::{MarketSummary, Recorded, VenueSummary, undone};
use super::trader::{self, Figures, Trader};
use super::versus::Marks;
use compare::{Tally, dollars, equals, rehash};
use maker::Maker;
use party::Party;
use recorded::{Series, Shown, Window};

const BOT_FUNDS: Money = Money::from_micros(10_000_000_000);
const HOUSE_FUNDS: Money = Money::from_micros(100_000_000_000_000);
/// Shares of both outcomes that the house starts each market with: more than any recorded depth.
const HOUSE_SHARES: u64 = 3_000_000;
/// What the windows are about.
const UNDERLYING: &str = "BTC";
/// How long after a sample the bot still decides by it.
const FRESH: Duration = Duration::from_secs(5);
/// When fair value and market are held against each other: a little after the samples at 120, 90, 60 and 30 seconds before the
/// end, when they have come and are fresh.
const MARKS: [Duration; 4] =
    [Duration::from_secs(117), Duration::from_secs(87), Duration::from_secs(57), Duration::from_secs(27)];
/// By then every match is final: mined and confirmed, or tried twice and failed.
const FINAL_AFTER: Duration = Duration::from_secs(20);
/// By then the venue's reads show what was paid.
const READ_AFTER: Duration = Duration::from_secs(5);
/// The match that fails is one of the first so many.
const DOOMED_AMONG: u64 = 3;

/// What was recorded of the venue.
#[derive(Debug)]
pub(crate) struct Recording {
    windows: Vec<Window>,
    /// The spot price from the first window to the last, and between them.
    spot: Vec<(Timestamp, f64)>,
    shown: Vec<Shown>,
    series: Series,
}

/// The recordings kept in the program.
pub(crate) fn kept() -> anyhow::Result<Recording> {
    let windows = recorded::windows()?;
    let spot = recorded::spot(&windows)?;
    Ok(Recording { windows, spot, shown: recorded::shown()?, series: recorded::series()? })
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
    bot: Trader,
    /// The bot's account as REST shows it.
    account: Party,
    /// Of the windows, in their order.
    listings: Vec<Listing>,
    plan: Plan,
    /// The bot's order whose match will fail.
    doomed: u64,
    /// The spot price on its way to the bot.
    feed: Feed,
    /// The order was sent whose match fails, and that has not been seen yet.
    awaits_failure: bool,
    /// Orders of the bot that have been noticed.
    noticed: u64,
    listed_books: Tally,
    hashes: Tally,
    balances: Tally,
    positions: Tally,
    failures: Tally,
}

/// What is alive while one window trades.
struct Trading<'a> {
    window: &'a Window,
    listing: Listing,
    market: MarketId,
    /// The middle of the sampled book, as the bot saw it before it traded.
    mid: Option<Prob>,
    marks: Marks,
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
        let account = Party::new(env, &mut chance)?;
        stage::admit(&venue, &house, HOUSE_FUNDS).await?;
        stage::admit(&venue, &account, BOT_FUNDS).await?;
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
        let mut listings = account.discover(&conditions).await?;
        let bot = connect(admin, &account, &listings, Vec::new(), plan.seed).await?;
        let windows = listings.split_off(recording.shown.len());
        let feed = Feed::open(UNDERLYING, &recording.spot, Some(FRESH), &mut chance)?;
        let mut demo = Self {
            admin: admin.clone(),
            venue,
            recording,
            maker: Maker { party: house, given, orders: 0 },
            bot,
            account,
            listings: windows,
            plan,
            doomed,
            feed,
            awaits_failure: false,
            noticed: 0,
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
        self.bot.hear().await?;
        let rest = self.account.client.book(listing.yes).await?;
        let streamed = self.bot.book(self.bot.find(Venue::Polymarket, &listing.ticker)?);
        self.listed_books.count(streamed.as_ref().is_some_and(|book| equals(book, &wanted)));
        self.hashes.count(streamed.is_some_and(|book| rehash(&rest, &book).is_some_and(|hash| hash == rest.hash)));
        Ok(())
    }

    /// Trades every window, one after the other, as they happened.
    pub(crate) async fn trade(mut self, stage: &mut Stage, first_row: usize) -> anyhow::Result<VenueSummary> {
        let recording = self.recording;
        // Connected anew: minutes may have passed, and the venue drops whoever says nothing.
        let tickers = self.listings.iter().map(|listing| listing.ticker.clone()).collect();
        let strategies = vec![strategies::range(tickers, spot_series(UNDERLYING))?];
        self.bot = connect(&self.admin, &self.account, &self.listings, strategies, self.plan.seed).await?;
        let (chain, doomed) = (self.venue.clone(), self.doomed);
        self.bot.before_order(Box::new(move |number| {
            let chain = chain.clone();
            Box::pin(async move {
                if number == doomed && stage::fail_next(&chain).await.is_err() {
                    tracing::warn!("the exchange would not fail a match");
                }
            })
        }));
        let mut markets = Vec::new();
        for (index, window) in recording.windows.iter().enumerate() {
            let market = self.trade_window(index, window, stage, first_row + index).await;
            let market = market.with_context(|| format!("while trading {}", window.slug))?;
            // What is owed was paid: own books, REST and chain must say the same dollars.
            let held = self.account.client.funds(None).await?.balance;
            self.balances.count(dollars(held) == Some(self.cash()));
            stage.tell(&market);
            markets.push(market);
            stage.pass(length(window));
        }
        let trades = self.account.client.trades(&TradesQuery::default()).all().await?;
        let failed = trades.iter().filter(|trade| trade.status == TradeStatus::Failed).count();
        self.admin.quiesce().await?;
        let end_cash = dollars(self.account.client.funds(None).await?.balance).context("cash out of range")?;
        let mut matches = Tally::default();
        for trade in &trades {
            let (id, status) = (TradeId::new(&trade.id)?, fill_status(&trade.status)?);
            let portfolio = &self.bot.engine().state().portfolio;
            let heard = portfolio.fills().chain(portfolio.failed()).find(|fill| fill.trade == id);
            matches.count(heard.is_some_and(|fill| fill.status == status));
        }
        Ok(VenueSummary {
            venue: Venue::Polymarket,
            recorded: Recorded::Samples(recording.windows.iter().map(|window| window.samples.len()).sum()),
            house_orders: self.maker.orders,
            start_cash: BOT_FUNDS,
            end_cash,
            reckoned_cash: self.cash(),
            exchange_difference: self.venue.ledger().await?.difference(),
            exchange_fills: trades.len() - failed,
            undone_fills: self.bot.failed(),
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
        let market = self.bot.find(Venue::Polymarket, &listing.ticker)?;
        if self.plan.with_bot {
            // Its bounds stand in the question's words, so they are told.
            let known = window.close_time.minus(recorded::WINDOW);
            self.bot.tell(vec![feed::strike(&listing.ticker, window.strike, known, window.close_time)]).await?;
        }
        let mut trading = Trading {
            window,
            listing,
            market,
            mid: None,
            marks: Marks::new(&MARKS, start, window.close_time),
            seen: None,
            touched: false,
            as_recorded: Tally::default(),
            as_rest: Tally::default(),
        };
        let (mut now, began) = (start, Instant::now());
        while now < window.close_time {
            self.set_time(now).await?;
            self.step(&mut trading, now).await?;
            let shown = self.row(&trading, now)?;
            stage.show(row_index, shown, now, now.since(start));
            now = now.plus(self.plan.pace.step);
            self.plan.pace.wait(began, now.since(start)).await;
        }
        let before = self.settle(&mut trading).await?;
        let after = Figures { position: before.position, ..self.bot.figures(market)? };
        let settled = self.settled(&trading, &after);
        stage.show(row_index, settled, now, length(window));
        summarize(trading, &after)
    }

    /// The exchange's clock first, then the bot's, which hears what time brought.
    async fn set_time(&mut self, now: Timestamp) -> anyhow::Result<()> {
        self.admin.clock_set(now).await?;
        self.bot.set_time(now).await
    }

    /// What the bot's own books say it has in dollars.
    fn cash(&self) -> Money {
        self.bot.cash(Venue::Polymarket)
    }

    async fn step(&mut self, trading: &mut Trading<'_>, now: Timestamp) -> anyhow::Result<()> {
        let sample = trading.window.at(now).context("no sample yet")?;
        let is_new = trading.seen != Some(sample.at);
        self.notice_orders(trading);
        self.note_failure(trading).await?;
        let book = sample.book()?;
        let recorded = book.view().context("the sampled book is crossed")?;
        let changed = is_new || trading.touched;
        if changed {
            self.maker.follow(&trading.listing, &recorded, now).await?;
            (trading.seen, trading.touched) = (Some(sample.at), false);
        }
        // Orders wait until the books have been compared.
        self.bot.listen().await?;
        if changed || self.plan.verify {
            self.compare_with_rest(trading).await?;
        }
        let streamed = self.bot.book(trading.market);
        trading.as_recorded.count(streamed.is_some_and(|book| equals(&book, &recorded)));
        trading.mid = self.bot.mid(trading.market);
        self.bot.hear().await?;
        if self.plan.with_bot {
            self.bot.tell(self.feed.due(now)?).await?;
        }
        self.notice_orders(trading);
        trading.marks.observe(now, self.bot.fair(trading.market, now), trading.mid);
        Ok(())
    }

    /// Notices orders that the bot has sent: the house puts back what they took, and the match of one of them fails.
    fn notice_orders(&mut self, trading: &mut Trading<'_>) {
        let sent = self.bot.orders();
        trading.touched |= sent > self.noticed;
        self.awaits_failure |= self.noticed < self.doomed && sent >= self.doomed;
        self.noticed = sent;
    }

    /// Counts whether the match that failed left no trace: dollars and shares of the bot's books are those of the chain.
    async fn note_failure(&mut self, trading: &mut Trading<'_>) -> anyhow::Result<()> {
        if self.awaits_failure && self.bot.failed() > 0 && !self.is_provisional() {
            (self.awaits_failure, trading.touched) = (false, true);
            let mut traceless = true;
            for (token, own) in self.shares(trading) {
                traceless &= self.account.client.funds(Some(token)).await?.balance == own;
            }
            let cash = dollars(self.account.client.funds(None).await?.balance);
            self.failures.count(traceless && cash == Some(self.cash()));
        }
        Ok(())
    }

    /// What the bot's own books say it holds of each outcome's token.
    fn shares(&self, trading: &Trading<'_>) -> [(TokenId, Qty); 2] {
        let position = self.bot.engine().state().portfolio.account(trading.market);
        [(trading.listing.yes, position.yes.qty), (trading.listing.no, position.no.qty)]
    }

    /// Whether a match of the bot's may still fail.
    fn is_provisional(&self) -> bool {
        self.bot.engine().state().portfolio.provisional().next().is_some()
    }

    /// Counts whether the stream made the same book as REST shows, by levels and by hash.
    async fn compare_with_rest(&mut self, trading: &mut Trading<'_>) -> anyhow::Result<()> {
        let rest = self.account.client.book(trading.listing.yes).await?;
        let mut expected = Book::new();
        let side = |side, levels: &[Level]| levels.iter().map(|it| (side, it.price, it.size)).collect::<Vec<_>>();
        expected.load([side(BookSide::Bid, &rest.bids), side(BookSide::Ask, &rest.asks)].concat())?;
        let expected = expected.view_untrusted();
        self.bot.listen().await?;
        let streamed = self.bot.book(trading.market);
        trading.as_rest.count(streamed.as_ref().is_some_and(|book| equals(book, &expected)));
        self.hashes.count(streamed.is_some_and(|book| rehash(&rest, &book).is_some_and(|hash| hash == rest.hash)));
        Ok(())
    }

    /// Lets every match become final, states the recorded winner, and holds everything against the exchange's answers. What
    /// the bot's books said before anything was paid.
    async fn settle(&mut self, trading: &mut Trading<'_>) -> anyhow::Result<Figures> {
        self.set_time(trading.window.close_time).await?;
        self.maker.leave(&trading.listing).await?;
        let end = trading.window.close_time.plus(FINAL_AFTER);
        self.set_time(end).await?;
        self.note_failure(trading).await?;
        ensure!(!self.is_provisional(), "a match is not final {} s after the end", FINAL_AFTER.as_secs());
        self.compare_holdings(trading).await?;
        let figures = self.bot.figures(trading.market)?;
        stage::resolve(&self.venue, trading.listing.condition, trading.window.result).await?;
        self.bot.hear().await?;
        self.set_time(end.plus(READ_AFTER)).await?;
        self.bot.reconcile(Venue::Polymarket).await?;
        Ok(figures)
    }

    /// Counts whether the bot's own shares and dollars are those that REST and the Data API tell, before anything is paid.
    async fn compare_holdings(&mut self, trading: &Trading<'_>) -> anyhow::Result<()> {
        let positions = self.account.client.data_positions(self.account.address()).all().await?;
        for (token, own) in self.shares(trading) {
            let held = self.account.client.funds(Some(token)).await?.balance;
            self.balances.count(held == own);
            let name = token.to_string();
            let told = positions.iter().find(|position| position.token_id == name);
            self.positions.count(told.map_or(Qty::ZERO, |position| position.current_size) == own);
        }
        let cash = dollars(self.account.client.funds(None).await?.balance);
        self.balances.count(cash == Some(self.cash()));
        Ok(())
    }

    fn row(&self, trading: &Trading<'_>, now: Timestamp) -> anyhow::Result<Row> {
        let (bot, market) = (&self.bot, trading.market);
        let (view, opinion) = (bot.book(market), bot.opinion(market).map(|fair| fair.prob));
        let figures = bot.figures(market)?;
        Ok(Row {
            state: screen::left(trading.window.close_time.since(now)),
            bid: view.as_ref().and_then(BookView::best_bid).map(|level| level.price),
            ask: view.as_ref().and_then(BookView::best_ask).map(|level| level.price),
            fair: opinion.map(Prob::get),
            above_mid: bot.fair(market, now).zip(trading.mid).map(|(fair, mid)| fair.get() - mid.get()),
            position: figures.position,
            fills: figures.fills,
            profit: bot.profit(market, opinion.map_or(Price::ZERO, Prob::floor_price))?,
            detail: self.details(trading),
            ..waiting(trading.window)
        })
    }

    fn settled(&self, trading: &Trading<'_>, figures: &Figures) -> Row {
        Row {
            state: trading.window.result.to_string(),
            position: figures.position,
            fills: figures.fills,
            profit: figures.flow,
            detail: self.details(trading),
            ..waiting(trading.window)
        }
    }

    /// What stands below the table: how much of it was recorded, and what the chain did.
    fn details(&self, trading: &Trading<'_>) -> String {
        let spot = self.bot.told(&spot_series(UNDERLYING));
        let line = detail(&trading.window.slug, strategies::RANGE, spot, trading.window.strike);
        let samples = trading.window.samples.len();
        let failed = self.bot.failed();
        let failed = if failed == 0 { String::new() } else { undone(failed) };
        format!("{line}\nquotes recorded at {samples} moments, simulated between\n{failed}")
    }
}

/// The bot, connected and ready to trade these markets by these strategies.
async fn connect(
    admin: &Admin,
    account: &Party,
    listings: &[Listing],
    strategies: Vec<Box<dyn Strategy>>,
    seed: u64,
) -> anyhow::Result<Trader> {
    let named = listings.iter().map(|listing| listing.ticker.clone()).collect();
    let wanted = Wanted { named, ..Wanted::default() };
    let reached = venues::polymarket(account.client.clone(), None, &wanted, seed).await?;
    Trader::open(vec![reached], strategies, trader::limits()?, admin.now().await?).await
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

fn summarize(trading: Trading<'_>, figures: &Figures) -> anyhow::Result<MarketSummary> {
    let result: MarketResult = trading.window.result;
    ensure!(trading.as_recorded.compared > 0, "it never had a book");
    Ok(MarketSummary {
        venue: Venue::Polymarket,
        market: trading.window.slug.clone(),
        strategy: strategies::RANGE,
        result,
        fills: figures.fills,
        contracts: figures.contracts,
        fees: figures.fees,
        position: figures.position,
        profit: figures.flow,
        equal_steps: trading.as_recorded.equal,
        readable_steps: trading.as_recorded.compared,
        rest_equal: trading.as_rest.equal,
        rest_compared: trading.as_rest.compared,
        marks: trading.marks.into_taken(),
    })
}
