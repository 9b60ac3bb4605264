//! The Kalshi half of the demo: clock, house, bot, and again.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use brier_book::BookView;
use brier_engine::{MarketId, Strategy};
use brier_exchange::Admin;
use brier_kalshi::{Client, Env};
use brier_kalshi_protocol::rest::{BalanceQuery, FillsQuery};
use brier_runtime::live::venues::{self, Wanted};
use brier_types::{BookSide, MarketResult, MarketTicker, Money, Price, Prob, Qty, Timestamp, Venue};
use serde_json::json;

use super::feed::{self, Feed, spot_series};
use super::house::Account;
use super::party::join;
use super::run::{Chance, Plan, Stage};
use super::screen::{self, Row, detail};
use super::session::{Cursor, Session};
use super::strategies;
use super::summary::{MarketSummary, Recorded, VenueSummary};
use super::trader::{self, Figures, Trader};
use super::versus::Marks;

/// Steps between two comparisons with REST when not every step is compared.
const COMPARE_EVERY: usize = 20;

const BOT_FUNDS: Money = Money::from_micros(10_000_000_000);
/// How long a window lasts. Its strike is known when it begins.
const WINDOW: Duration = Duration::from_mins(15);
/// When fair value and market are held against each other, before the close.
const MARKS: [Duration; 4] =
    [Duration::from_mins(10), Duration::from_mins(5), Duration::from_mins(2), Duration::from_mins(1)];
/// From the venue's recorded metadata of a fifteen-minute series.
const SETTLEMENT_TIMER: Duration = Duration::from_secs(1);

/// Trades every session, one after the other, as they happened. Their rows begin at `rows` of the stage's.
pub(crate) async fn trade(
    sessions: &[Session],
    admin: &Admin,
    env: &Env,
    plan: Plan,
    stage: &mut Stage,
) -> anyhow::Result<VenueSummary> {
    Demo::open(admin.clone(), env, sessions, plan).await?.trade(sessions, stage).await
}

/// The rows of markets that wait for their turn.
pub(crate) fn waiting_rows(sessions: &[Session]) -> Vec<Row> {
    sessions.iter().map(waiting).collect()
}

/// How much market time the sessions take.
pub(crate) fn duration(sessions: &[Session]) -> Duration {
    sessions.iter().map(length).sum()
}

struct Demo {
    admin: Admin,
    house: Account,
    bot: Trader,
    /// The bot's account as REST shows it.
    account: Client,
    plan: Plan,
    chance: Chance,
}

/// What is alive while one market trades.
struct Trading<'a> {
    session: &'a Session,
    recorded: Cursor<'a>,
    feed: Feed,
    market: MarketId,
    /// The middle of the recorded book, as the bot saw it before it traded.
    mid: Option<Prob>,
    marks: Marks,
    equal_steps: usize,
    readable_steps: usize,
    rest_equal: usize,
    rest_compared: usize,
}

impl Demo {
    /// Lists every market, each to open when its recording begins, and lets both participants in.
    async fn open(admin: Admin, env: &Env, sessions: &[Session], plan: Plan) -> anyhow::Result<Self> {
        for session in sessions {
            list(&admin, session).await?;
        }
        let house = Account::join(&admin, env, "house").await?;
        let account = join(&admin, env, "bot", BOT_FUNDS).await?;
        let named = sessions.iter().map(|session| session.market.clone()).collect();
        let strategies = strategies_of(sessions)?;
        let (wanted, now) = (Wanted { named, ..Wanted::default() }, admin.now().await?);
        let reached = venues::kalshi(account.clone(), None, &wanted, (now, 1)).await?;
        let bot = Trader::open(vec![reached], strategies, trader::limits()?, now).await?;
        Ok(Self { admin, house, bot, account, plan, chance: Chance::new(plan.seed) })
    }

    async fn trade(mut self, sessions: &[Session], stage: &mut Stage) -> anyhow::Result<VenueSummary> {
        let mut markets = Vec::new();
        for (index, session) in sessions.iter().enumerate() {
            let market = self.trade_market(index, session, stage).await;
            let market = market.with_context(|| format!("while trading {}", session.market))?;
            stage.tell(&market);
            markets.push(market);
            stage.pass(length(session));
        }
        let balance = self.account.balance(&BalanceQuery::default()).await?;
        let fills = self.account.fills(FillsQuery::default())?.all().await?;
        self.admin.quiesce().await?;
        Ok(VenueSummary {
            venue: Venue::Kalshi,
            recorded: Recorded::Frames(sessions.iter().map(Session::frame_count).sum()),
            house_orders: self.house.orders(),
            start_cash: BOT_FUNDS,
            end_cash: balance.balance_dollars,
            reckoned_cash: self.bot.cash(Venue::Kalshi),
            exchange_difference: self.admin.ledger().await?.difference(),
            exchange_fills: fills.len(),
            undone_fills: 0,
            exchange_undone: 0,
            checks: Vec::new(),
            state_hash: self.admin.state_hash().await?,
            markets,
        })
    }

    async fn trade_market(
        &mut self,
        index: usize,
        session: &Session,
        stage: &mut Stage,
    ) -> anyhow::Result<MarketSummary> {
        let start = session.start().max(self.admin.now().await?);
        ensure!(start < session.close_time, "it closes before the market before it has settled");
        self.set_time(start).await?;
        self.house.turn();
        let market = self.bot.find(Venue::Kalshi, &session.market)?;
        let (ticker, began_at) = (&session.market, session.close_time.minus(WINDOW));
        if self.plan.with_bot {
            self.bot.tell(vec![feed::strike(ticker, session.strike, began_at, session.close_time)]).await?;
        }
        let spot = Cursor::new(session).spot(session.close_time);
        let mut trading = Trading {
            session,
            recorded: Cursor::new(session),
            feed: Feed::open(&underlying(ticker), spot, None, &mut self.chance)?,
            market,
            mid: None,
            marks: Marks::new(&MARKS, start, session.close_time),
            equal_steps: 0,
            readable_steps: 0,
            rest_equal: 0,
            rest_compared: 0,
        };
        let (mut now, began) = (start, Instant::now());
        while now < session.close_time {
            self.set_time(now).await?;
            self.step(&mut trading, now).await?;
            stage.show(index, self.row(&trading, now)?, now, now.since(start));
            now = now.plus(self.plan.pace.step);
            self.plan.pace.wait(began, now.since(start)).await;
        }
        let before = self.bot.figures(market)?;
        self.settle(session).await?;
        let after = Figures { position: before.position, ..self.bot.figures(market)? };
        let row = Row { detail: self.detail(session), ..settled(session, &after) };
        stage.show(index, row, now, length(session));
        summarize(trading, &after)
    }

    /// The exchange's clock first, then the bot's, which hears what time brought.
    async fn set_time(&mut self, now: Timestamp) -> anyhow::Result<()> {
        self.admin.clock_set(now).await?;
        self.bot.set_time(now).await
    }

    async fn step(&mut self, trading: &mut Trading<'_>, now: Timestamp) -> anyhow::Result<()> {
        self.house.hear().await?;
        trading.recorded.advance(now)?;
        // While the recorded book is crossed the house waits.
        if let Ok(recorded) = trading.recorded.book.view() {
            self.house.follow(&trading.session.market, &recorded).await?;
        }
        // Orders wait until the books have been compared.
        self.bot.listen().await?;
        self.compare(trading);
        trading.mid = self.bot.mid(trading.market);
        if self.plan.verify || trading.readable_steps % COMPARE_EVERY == 1 {
            self.compare_with_rest(trading).await?;
        }
        self.bot.hear().await?;
        if self.plan.with_bot {
            self.bot.tell(trading.feed.due(now)?).await?;
        }
        trading.marks.observe(now, self.bot.fair(trading.market, now), trading.mid);
        Ok(())
    }

    /// Counts whether the bot's book, fed by the exchange, is the recorded one.
    fn compare(&self, trading: &mut Trading<'_>) {
        let Ok(recorded) = trading.recorded.book.view() else { return };
        trading.readable_steps += 1;
        let equal = self.bot.book(trading.market).is_some_and(|book| {
            [BookSide::Bid, BookSide::Ask].into_iter().all(|side| book.levels(side).eq(recorded.levels(side)))
        });
        trading.equal_steps += usize::from(equal);
    }

    /// Counts whether the connector's book is what the exchange answers over REST.
    async fn compare_with_rest(&self, trading: &mut Trading<'_>) -> anyhow::Result<()> {
        let answer = self.account.orderbook(&trading.session.market, None).await?.to_yes_terms();
        // One that is crossed for a moment is not shown to a trader: there is nothing to compare.
        let Some(book) = self.bot.book(trading.market) else { return Ok(()) };
        let side = |side, mut rest: Vec<(Price, Qty)>| {
            rest.sort_unstable();
            let mut streamed: Vec<_> = book.levels(side).map(|level| (level.price, level.qty)).collect();
            streamed.sort_unstable();
            rest == streamed
        };
        trading.rest_compared += 1;
        trading.rest_equal += usize::from(side(BookSide::Bid, answer.bids) && side(BookSide::Ask, answer.asks));
        Ok(())
    }

    fn row(&self, trading: &Trading<'_>, now: Timestamp) -> anyhow::Result<Row> {
        let (bot, market) = (&self.bot, trading.market);
        let (view, opinion) = (bot.book(market), bot.opinion(market).map(|fair| fair.prob));
        let figures = bot.figures(market)?;
        Ok(Row {
            state: screen::left(trading.session.close_time.since(now)),
            bid: view.as_ref().and_then(BookView::best_bid).map(|level| level.price),
            ask: view.as_ref().and_then(BookView::best_ask).map(|level| level.price),
            fair: opinion.map(Prob::get),
            above_mid: bot.fair(market, now).zip(trading.mid).map(|(fair, mid)| fair.get() - mid.get()),
            position: figures.position,
            fills: figures.fills,
            profit: bot.profit(market, opinion.map_or(Price::ZERO, Prob::floor_price))?,
            detail: self.detail(trading.session),
            ..waiting(trading.session)
        })
    }

    fn detail(&self, session: &Session) -> String {
        let spot = self.bot.told(&spot_series(&underlying(&session.market)));
        detail(session.market.as_str(), strategies::UP_OR_DOWN, spot, session.strike)
    }

    /// Lets the market close by the clock, states the recorded result, and waits until it is paid out.
    async fn settle(&mut self, session: &Session) -> anyhow::Result<()> {
        let ticker = session.market.as_str();
        self.set_time(session.close_time).await?;
        self.admin.determine(ticker, session.result, Some(session.settlement_price.clone())).await?;
        self.set_time(session.close_time.plus(SETTLEMENT_TIMER)).await?;
        self.house.hear().await
    }
}

/// One strategy for each underlying, on all its markets.
fn strategies_of(sessions: &[Session]) -> anyhow::Result<Vec<Box<dyn Strategy>>> {
    let mut markets: BTreeMap<String, Vec<MarketTicker>> = BTreeMap::new();
    for session in sessions {
        markets.entry(underlying(&session.market)).or_default().push(session.market.clone());
    }
    let strategy = |(underlying, markets): (String, _)| strategies::up_or_down(markets, spot_series(&underlying));
    markets.into_iter().map(strategy).collect()
}

/// Lists the market as the venue had it, open from the beginning of its recording to its recorded close. The venue fills in
/// the strike when the window begins, hours from now for some: until then nobody can know it, so it is not listed.
async fn list(admin: &Admin, session: &Session) -> anyhow::Result<()> {
    let ticker = session.market.as_str();
    let (event, _) = ticker.rsplit_once('-').context("a market ticker ends with its strike")?;
    let (series, _) = event.split_once('-').context("a market ticker starts with its series")?;
    let title = "Price up in the next 15 minutes?";
    admin
        .put_series(json!({
            "ticker": series, "title": title, "frequency": "fifteen_min", "fee_type": "quadratic", "fee_multiplier": 1,
        }))
        .await?;
    admin.put_event(json!({ "event_ticker": event, "series_ticker": series, "title": title })).await?;
    admin
        .create_market(json!({
            "ticker": ticker, "event_ticker": event, "title": title,
            "open_time": session.start().to_string(), "close_time": session.close_time.to_string(),
            "strike_type": "greater_or_equal",
            "settlement_timer_seconds": SETTLEMENT_TIMER.as_secs(),
            "price_level_structure": session.price_structure,
        }))
        .await?;
    Ok(())
}

fn length(session: &Session) -> Duration {
    session.close_time.since(session.start())
}

fn waiting(session: &Session) -> Row {
    Row { venue: "Kalshi", market: label(&session.market, session.close_time), ..Row::default() }
}

/// A name that leaves room for figures: what is traded, and the moment of the close.
fn label(ticker: &MarketTicker, close: Timestamp) -> String {
    screen::label(&underlying(ticker), close)
}

/// What a window is about, from its ticker: `BTC` of `KXBTC15M-26MAY130915-15`.
fn underlying(ticker: &MarketTicker) -> String {
    let series = ticker.as_str().split('-').next().unwrap_or_default().trim_start_matches("KX");
    series.chars().take_while(char::is_ascii_alphabetic).take(5).collect()
}

fn settled(session: &Session, figures: &Figures) -> Row {
    Row {
        state: session.result.to_string(),
        position: figures.position,
        fills: figures.fills,
        profit: figures.flow,
        ..waiting(session)
    }
}

fn summarize(trading: Trading<'_>, figures: &Figures) -> anyhow::Result<MarketSummary> {
    let result: MarketResult = trading.session.result;
    ensure!(trading.readable_steps > 0, "its recorded book could never be read");
    Ok(MarketSummary {
        venue: Venue::Kalshi,
        market: trading.session.market.to_string(),
        strategy: strategies::UP_OR_DOWN,
        result,
        fills: figures.fills,
        contracts: figures.contracts,
        fees: figures.fees,
        position: figures.position,
        profit: figures.flow,
        equal_steps: trading.equal_steps,
        readable_steps: trading.readable_steps,
        rest_equal: trading.rest_equal,
        rest_compared: trading.rest_compared,
        marks: trading.marks.into_taken(),
    })
}
