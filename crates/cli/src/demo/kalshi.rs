//! The Kalshi half of the demo: clock, house, bot, and again.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use brier_book::{Book, BookSet, BookView, SequencePolicy};
use brier_exchange::Admin;
use brier_kalshi::Env;
use brier_kalshi::rest::Placed;
use brier_kalshi::stream::Interest;
use brier_kalshi_protocol::rest::{BalanceQuery, FillsQuery};
use brier_kalshi_protocol::ws::Channel;
use brier_types::{
    BookSide, ClientOrderId, EventTicker, Input, MarketResult, MarketTicker, Money, OrderStatus, Price, Qty,
    SeriesTicker, TimeInForce, Timestamp, Venue, VenueOrderId,
};
use serde_json::json;

use super::bot::{Bot, Limits, TakerFee, Want};
use super::house::House;
use super::party::{PATIENCE, Party};
use super::run::{Chance, Plan, Stage, order};
use super::screen::{self, Row, detail};
use super::session::{Cursor, Session};
use super::summary::{MarketSummary, Recorded, VenueSummary};

/// Steps between two comparisons with REST when not every step is compared.
const COMPARE_EVERY: usize = 20;

const BOT_FUNDS: Money = Money::from_micros(10_000_000_000);
const HOUSE_FUNDS: Money = Money::from_micros(100_000_000_000_000);
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
    Demo::open(admin.clone(), env, plan).await?.trade(sessions, stage).await
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
    house: Party,
    bot: Party,
    plan: Plan,
    chance: Chance,
    /// Orders sent so far, for client order ids.
    house_orders: u64,
    bot_orders: u64,
}

/// What is alive while one market trades.
struct Trading<'a> {
    session: &'a Session,
    recorded: Cursor<'a>,
    house: House,
    bot: Bot,
    books: BookSet,
    equal_steps: usize,
    readable_steps: usize,
    rest_equal: usize,
    rest_compared: usize,
}

impl Demo {
    async fn open(admin: Admin, env: &Env, plan: Plan) -> anyhow::Result<Self> {
        let account = Interest { channels: vec![Channel::Fill, Channel::UserOrders], ..Interest::default() };
        let house = Party::join(&admin, env, "house", HOUSE_FUNDS, &account).await?;
        let bot = Party::join(&admin, env, "bot", BOT_FUNDS, &Interest::trading(Vec::new())).await?;
        let chance = Chance::new(plan.seed);
        Ok(Self { admin, house, bot, plan, chance, house_orders: 0, bot_orders: 0 })
    }

    async fn trade(mut self, sessions: &[Session], stage: &mut Stage) -> anyhow::Result<VenueSummary> {
        let mut markets = Vec::new();
        let mut profit = Money::ZERO;
        for (index, session) in sessions.iter().enumerate() {
            let market = self.trade_market(index, session, stage).await;
            let market = market.with_context(|| format!("while trading {}", session.market))?;
            profit = profit.checked_add(market.profit).context("profit out of range")?;
            stage.tell(&market);
            markets.push(market);
            stage.pass(length(session));
        }
        let balance = self.bot.client.balance(&BalanceQuery::default()).await?;
        let fills = self.bot.client.fills(FillsQuery::default())?.all().await?;
        self.admin.quiesce().await?;
        Ok(VenueSummary {
            venue: Venue::Kalshi,
            recorded: Recorded::Frames(sessions.iter().map(Session::frame_count).sum()),
            house_orders: self.house_orders,
            start_cash: BOT_FUNDS,
            end_cash: balance.balance_dollars,
            reckoned_cash: BOT_FUNDS.checked_add(profit).context("cash out of range")?,
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
        self.admin.clock_set(start).await?;
        self.list(session, start).await?;
        let market = session.market.clone();
        self.bot.control.add_markets(vec![market.clone()]).await;
        let bot = self.learn(&market).await?;
        let mut books = BookSet::new(SequencePolicy::Increasing);
        books.add(&market);
        let mut trading = Trading {
            session,
            recorded: Cursor::new(session),
            house: House::default(),
            bot,
            books,
            equal_steps: 0,
            readable_steps: 0,
            rest_equal: 0,
            rest_compared: 0,
        };
        self.await_book(&mut trading).await?;
        let (mut now, began) = (start, Instant::now());
        while now < session.close_time {
            self.admin.clock_set(now).await?;
            self.step(&mut trading, now).await?;
            stage.show(index, row(&trading, now), now, now.since(start));
            now = now.plus(self.plan.pace.step);
            self.plan.pace.wait(began, now.since(start)).await;
        }
        self.bot.control.remove_markets(vec![market]).await;
        self.settle(&mut trading).await?;
        stage.show(index, settled(&trading), now, length(session));
        summarize(&trading)
    }

    /// Lists the market as the venue had it, open now and until its recorded close.
    async fn list(&self, session: &Session, start: Timestamp) -> anyhow::Result<()> {
        let ticker = session.market.as_str();
        let (event, _) = ticker.rsplit_once('-').context("a market ticker ends with its strike")?;
        let (series, _) = event.split_once('-').context("a market ticker starts with its series")?;
        let title = "Price up in the next 15 minutes?";
        self.admin.put_series(json!({
            "ticker": series, "title": title, "frequency": "fifteen_min", "fee_type": "quadratic", "fee_multiplier": 1,
        })).await?;
        self.admin.put_event(json!({ "event_ticker": event, "series_ticker": series, "title": title })).await?;
        self.admin
            .create_market(json!({
                "ticker": ticker, "event_ticker": event, "title": title,
                "yes_sub_title": format!("Price to beat: ${}", session.strike),
                "open_time": start.to_string(), "close_time": session.close_time.to_string(),
                "strike_type": "greater_or_equal", "floor_strike": session.strike,
                "settlement_timer_seconds": SETTLEMENT_TIMER.as_secs(),
                "price_level_structure": session.price_structure,
            }))
            .await?;
        Ok(())
    }

    async fn step(&mut self, trading: &mut Trading<'_>, now: Timestamp) -> anyhow::Result<()> {
        let house = &mut trading.house;
        self.house
            .hear(|input| {
                note_order(house, &input);
                Ok(())
            })
            .await?;
        trading.recorded.advance(now)?;
        self.follow(trading).await?;

        self.listen(trading).await?;
        trading.compare();
        if self.plan.verify || trading.readable_steps % COMPARE_EVERY == 1 {
            self.compare_with_rest(trading).await?;
        }
        if let Some((_, spot)) = trading.recorded.spot(now).last() {
            trading.bot.observe(now, *spot);
        }
        let jitter = Duration::from_millis(self.chance.below(1_000));
        if !self.plan.with_bot {
            return Ok(());
        }
        let Some(book) = trading.books.book_of(trading.session.market.as_str()) else { return Ok(()) };
        // A book that cannot be believed is not read: the bot waits.
        let want = book.view().ok().and_then(|book| trading.bot.decide(now, &book, jitter));
        if let Some(want) = want {
            self.send(&trading.session.market, want).await?;
        }
        Ok(())
    }

    /// What the bot must know of a market, read from the exchange as any client would: strike, close and fees.
    async fn learn(&self, ticker: &MarketTicker) -> anyhow::Result<Bot> {
        let client = &self.bot.client;
        let market = client.market(ticker).await?;
        let event = client.event(&EventTicker::new(&market.event_ticker)?).await?.event;
        let series = client.series(&SeriesTicker::new(&event.series_ticker)?).await?;
        let strike = market.floor_strike.as_ref().and_then(serde_json::Number::as_f64);
        let strike = strike.context("the market has no strike to price it by")?;
        let fees = TakerFee::Kalshi(event.fees(&series)?);
        Ok(Bot::new(strike, market.close_time, fees, Limits::default()))
    }

    /// Lets the bot hear everything the exchange has said.
    async fn listen(&mut self, trading: &mut Trading<'_>) -> anyhow::Result<()> {
        let (books, account) = (&mut trading.books, &mut trading.bot.account);
        let take = |input| match input {
            Input::Book(book) => match books.apply(&book).lost {
                // The connector has already checked the sequence, and in one process nothing is lost.
                Some(lost) => Err(anyhow::anyhow!("a book was lost: {lost:?}")),
                None => Ok(()),
            },
            Input::BookLost(loss) => {
                books.lose(&loss);
                Ok(())
            }
            Input::Fill(fill) => account.fill(&fill),
            Input::Quote(_)
            | Input::Trade(_)
            | Input::FillStatus(_)
            | Input::Order(_)
            | Input::Position(_)
            | Input::Lifecycle(_)
            | Input::Connection(_) => Ok(()),
        };
        self.bot.hear(take).await
    }

    /// Waits until the bot is subscribed to the market: the subscription takes several messages, and a step that did not
    /// wait for them would depend on how fast this machine is.
    async fn await_book(&mut self, trading: &mut Trading<'_>) -> anyhow::Result<()> {
        let waiting = async {
            while trading.books.book_of(trading.session.market.as_str()).is_none_or(|book| book.view().is_err()) {
                self.listen(trading).await?;
            }
            Ok(())
        };
        tokio::time::timeout(PATIENCE, waiting).await.context("the book of a new market did not come")?
    }

    /// Counts whether the connector's book is what the exchange answers over REST.
    async fn compare_with_rest(&self, trading: &mut Trading<'_>) -> anyhow::Result<()> {
        let answer = self.bot.client.orderbook(&trading.session.market, None).await?.to_yes_terms();
        let Some(book) = trading.books.book_of(trading.session.market.as_str()) else { return Ok(()) };
        let side = |side, mut rest: Vec<(Price, Qty)>| {
            rest.sort_unstable();
            let mut streamed: Vec<_> =
                book.view_untrusted().levels(side).map(|level| (level.price, level.qty)).collect();
            streamed.sort_unstable();
            rest == streamed
        };
        trading.rest_compared += 1;
        trading.rest_equal += usize::from(side(BookSide::Bid, answer.bids) && side(BookSide::Ask, answer.asks));
        Ok(())
    }

    /// Brings the exchange's book to the recorded one, unless that is crossed.
    async fn follow(&mut self, trading: &mut Trading<'_>) -> anyhow::Result<()> {
        let Ok(recorded) = trading.recorded.book.view() else { return Ok(()) };
        let plan = trading.house.plan(&recorded);
        let market = &trading.session.market;
        let client = &self.house.client;
        if !plan.cancels.is_empty() {
            let orders: Vec<_> = plan.cancels.iter().map(|order| (market.clone(), order.clone())).collect();
            for (item, order) in client.cancel_orders(&orders).await?.iter().zip(&plan.cancels) {
                ensure!(item.error.is_none(), "the exchange would not cancel {order}: {:?}", item.error);
                trading.house.remaining(order, Qty::ZERO);
            }
        }
        for (order, to) in &plan.decreases {
            let answer = client.decrease_to(market, order, *to).await?;
            trading.house.remaining(order, answer.remaining_count);
        }
        if plan.creates.is_empty() {
            return Ok(());
        }
        let mut orders = Vec::with_capacity(plan.creates.len());
        for (side, price, qty) in &plan.creates {
            self.house_orders += 1;
            let id = ClientOrderId::new(&format!("house-{}", self.house_orders))?;
            orders.push(order(id, market, *side, *price, *qty, TimeInForce::Gtc));
        }
        for (item, (side, price, _)) in client.create_orders(&orders).await?.iter().zip(&plan.creates) {
            ensure!(item.error.is_none(), "the exchange refused an order of the house at {price}: {:?}", item.error);
            let id = item.order_id.as_deref().context("a created order has no id")?;
            let remaining = item.remaining_count.context("a created order tells no remainder")?;
            trading.house.placed(VenueOrderId::new(id)?, *side, *price, remaining);
        }
        Ok(())
    }

    async fn send(&mut self, market: &MarketTicker, want: Want) -> anyhow::Result<Placed> {
        self.bot_orders += 1;
        let id = ClientOrderId::new(&format!("bot-{}-{}", self.plan.seed, self.bot_orders))?;
        let order = order(id, market, want.side, want.price, want.qty, TimeInForce::Ioc);
        Ok(self.bot.client.create_order(&order).await?)
    }

    /// Lets the market close by the clock, states the recorded result, and waits until it is paid out.
    async fn settle(&mut self, trading: &mut Trading<'_>) -> anyhow::Result<()> {
        let session = trading.session;
        let ticker = session.market.as_str();
        self.admin.clock_set(session.close_time).await?;
        self.admin.determine(ticker, session.result, Some(session.settlement_price.clone())).await?;
        self.admin.clock_step(SETTLEMENT_TIMER).await?;
        self.listen(trading).await?;
        let house = &mut trading.house;
        self.house
            .hear(|input| {
                note_order(house, &input);
                Ok(())
            })
            .await
    }
}

impl Trading<'_> {
    /// Counts whether the bot's book, fed by the exchange, is the recorded one.
    fn compare(&mut self) {
        let Ok(recorded) = self.recorded.book.view() else { return };
        self.readable_steps += 1;
        let levels = |book: &Book, side| book.view().map(|view| view.levels(side).collect::<Vec<_>>());
        let Some(book) = self.books.book_of(self.session.market.as_str()) else { return };
        let equal = [BookSide::Bid, BookSide::Ask]
            .into_iter()
            .all(|side| levels(book, side).is_ok_and(|levels| levels == recorded.levels(side).collect::<Vec<_>>()));
        self.equal_steps += usize::from(equal);
    }
}

/// What the stream says of the house's orders.
fn note_order(house: &mut House, input: &Input) {
    if let Input::Order(update) = input {
        let remaining = if update.status == OrderStatus::Resting { update.remaining } else { Qty::ZERO };
        house.remaining(&update.order, remaining);
    }
}

fn length(session: &Session) -> Duration {
    session.close_time.since(session.start())
}

fn waiting(session: &Session) -> Row {
    Row { venue: "Kalshi", market: label(session.market.as_str(), session.close_time), ..Row::default() }
}

/// A name that leaves room for figures: what is traded, and the moment of the close.
fn label(ticker: &str, close: Timestamp) -> String {
    let series = ticker.split('-').next().unwrap_or(ticker).trim_start_matches("KX");
    let what: String = series.chars().take_while(char::is_ascii_alphabetic).take(5).collect();
    screen::label(&what, close)
}

fn row(trading: &Trading<'_>, now: Timestamp) -> Row {
    let bot = &trading.bot;
    let book = trading.books.book_of(trading.session.market.as_str());
    let view = book.and_then(|book| book.view().ok());
    let fair = bot.fair(now);
    Row {
        state: screen::left(trading.session.close_time.since(now)),
        bid: view.as_ref().and_then(BookView::best_bid).map(|level| level.price),
        ask: view.as_ref().and_then(BookView::best_ask).map(|level| level.price),
        fair: fair.map(brier_types::Prob::get),
        edge: view.as_ref().and_then(|view| bot.edge(now, view)),
        position: bot.account.position,
        fills: bot.account.fills,
        profit: bot.account.profit(fair.map_or(Price::ZERO, brier_types::Prob::floor_price)),
        detail: detail(trading.session.market.as_str(), bot.spot(), trading.session.strike),
        ..waiting(trading.session)
    }
}

fn settled(trading: &Trading<'_>) -> Row {
    let account = &trading.bot.account;
    Row {
        state: trading.session.result.to_string(),
        position: account.position,
        fills: account.fills,
        profit: account.profit(trading.session.result.yes_payout()),
        detail: detail(trading.session.market.as_str(), trading.bot.spot(), trading.session.strike),
        ..waiting(trading.session)
    }
}

fn summarize(trading: &Trading<'_>) -> anyhow::Result<MarketSummary> {
    let account = &trading.bot.account;
    let result: MarketResult = trading.session.result;
    ensure!(trading.readable_steps > 0, "its recorded book could never be read");
    Ok(MarketSummary {
        venue: Venue::Kalshi,
        market: trading.session.market.to_string(),
        result,
        fills: account.fills,
        contracts: account.contracts,
        fees: account.fees,
        position: account.position,
        profit: account.profit(result.yes_payout()),
        equal_steps: trading.equal_steps,
        readable_steps: trading.readable_steps,
        rest_equal: trading.rest_equal,
        rest_compared: trading.rest_compared,
    })
}
