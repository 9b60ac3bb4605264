//! The third part of the demo: one event that both venues list, quoted on both as it was at the same time.
//!
//! House accounts keep both books equal to the recorded quotes, on one clock, and one engine is connected to both venues with an
//! account at each. What each venue publishes about its market is read as a run reads it, and proves that both pay together. So
//! the strategy `arbitrage` buys YES here and NO there where that costs less than a dollar, and both are settled by the match.
//!
//! The bot decides on quotes when they come, and its orders arrive before the next ones: without latency. `brier arb replay` has
//! the same recording with it.

mod recorded;
mod traded;

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use brier_book::{Book, BookView};
use brier_engine::{Fees, MarketId};
use brier_exchange::Admin;
use brier_kalshi::Client;
use brier_kalshi_protocol::rest::{BalanceQuery, FillsQuery};
use brier_pairing::standing::{Judged, Standing, standing};
use brier_pairing::{Decisions, Listing as Texts, read};
use brier_polymarket::discovery::Listing;
use brier_polymarket::rest::TradesQuery;
use brier_polymarket_protocol::clob;
use brier_runtime::live::venues::{self, Wanted};
use brier_types::{BookSide, MarketTicker, Money, Price, Prob, Qty, Timestamp, Venue};

use super::house::Account;
use super::party;
use super::polymarket::compare::{Tally, dollars, equals};
use super::polymarket::maker::Maker;
use super::polymarket::party::Party;
use super::polymarket::stage;
use super::run::{Chance, Plan, Stage};
use super::screen::{Row, left, toward_zero};
use super::strategies;
use super::summary::{Cash, PairMarket, PairSummary};
use super::trader::{Figures, Trader};
use recorded::Moment;
pub(crate) use recorded::{Recording, kept};
pub(crate) use traded::Tries;

/// Rounds between two comparisons with REST when not every one is compared.
const COMPARE_EVERY: usize = 20;
const FUNDS: Money = Money::from_micros(10_000_000_000);
/// Shares of both outcomes that the house starts with at Polymarket: more than any recorded quantity.
const HOUSE_SHARES: u64 = 1_000_000;
/// By then every account has been paid, and the venues' reads show it.
const PAID_AFTER: Duration = Duration::from_secs(65);
/// Contracts by which a gain is reckoned: fees are rounded once, as for an order of some size.
const RECKONED: u64 = 100;
/// The event, short enough for a column of the screen.
const LABEL: &str = "Mexico wins cup";
/// What is said of the contracts, in short: their texts were not recorded.
const PROVED: &str = "the same by texts of our own";
/// Market time for which the end stays on the screen.
const SEEN_FOR: Duration = Duration::from_mins(2);
/// Another chance than that of other parts, so that neither depends on the other.
const OF_ITS_OWN: u64 = 0x0C0F_FEE5;

impl Recording {
    /// When it begins.
    pub(crate) fn start(&self) -> Option<Timestamp> {
        self.moments.first().map(|moment| moment.at)
    }

    /// How much market time it takes.
    pub(crate) fn duration(&self) -> Duration {
        self.moments.last().zip(self.start()).map_or(Duration::ZERO, |(last, start)| last.at.since(start))
    }

    /// Both rows before anything happened, Kalshi's first.
    pub(crate) fn waiting_rows() -> [Row; 2] {
        ["Kalshi", "Poly"].map(|venue| Row { venue, market: LABEL.to_owned(), ..Row::default() })
    }
}

/// What buying YES at one venue and NO at the other gains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Gain {
    /// Where YES is bought.
    pub(crate) yes_at: Venue,
    /// A dollar less both prices and both taker fees, of one contract; below zero it is a loss.
    pub(crate) per_contract: Money,
}

/// The better way round, by the best prices of both books.
fn gain(kalshi: &BookView<'_>, polymarket: &BookView<'_>, fees: [&Fees; 2]) -> Option<Gain> {
    let count = i64::try_from(RECKONED).ok()?;
    let qty = Qty::from_contracts(RECKONED)?;
    let best = |book: &BookView<'_>, side| match side {
        BookSide::Bid => book.best_bid().map(|level| level.price),
        BookSide::Ask => book.best_ask().map(|level| level.price),
    };
    // NO is bought by taking a bid for YES.
    let way = |yes_at, yes: &BookView<'_>, no: &BookView<'_>, [yes_fees, no_fees]: [&Fees; 2]| {
        let (ask, bid): (Price, Price) = (best(yes, BookSide::Ask)?, best(no, BookSide::Bid)?);
        let gross = (i64::from(bid.pips()) - i64::from(ask.pips())) * 100 * count;
        let paid = yes_fees.taker(ask, qty).micros() + no_fees.taker(bid, qty).micros();
        Some(Gain { yes_at, per_contract: Money::from_micros((gross - paid).div_euclid(count)) })
    };
    let [of_kalshi, of_polymarket] = fees;
    let ways = [
        way(Venue::Polymarket, polymarket, kalshi, [of_polymarket, of_kalshi]),
        way(Venue::Kalshi, kalshi, polymarket, [of_kalshi, of_polymarket]),
    ];
    ways.into_iter().flatten().max_by_key(|gain| gain.per_contract)
}

/// Both venues with all participants.
pub(crate) struct Demo<'a> {
    admin: Admin,
    recording: &'a Recording,
    house: Account,
    maker: Maker,
    bot: Trader,
    /// The bot's accounts as REST shows them.
    accounts: (Client, Party),
    ticker: MarketTicker,
    listing: Listing,
    /// Where the engine has both markets, Kalshi's first.
    markets: [MarketId; 2],
    /// What is said of both contracts.
    tie: Tie,
    plan: Plan,
    as_recorded: Tally,
    as_rest: Tally,
    gains: Vec<Money>,
}

/// What the texts of both prove, for people and in short.
#[derive(Clone, Debug)]
struct Tie {
    verdict: String,
    standing: &'static str,
    proof: String,
}

/// What the texts prove of two markets.
fn tie(kalshi: &Texts, polymarket: &Texts) -> anyhow::Result<Tie> {
    let (one, two) = (read(kalshi.clone()), read(polymarket.clone()));
    let judged = Judged::new(&one, &two).context("both are one market")?;
    // Nobody has said anything about them, and no tail is accepted.
    let (nothing, none) = (Decisions::default(), std::collections::BTreeSet::new());
    let standing = standing(&judged, &nothing.said(&judged), &none);
    ensure!(
        matches!(standing, Standing::Riskless(_)),
        "the texts do not prove that both pay together: {standing}\n{}",
        judged.verdict
    );
    Ok(Tie {
        verdict: format!("{} by the {}", judged.verdict.name(), judged.basis),
        standing: standing.word(),
        proof: judged.verdict.to_string(),
    })
}

impl<'a> Demo<'a> {
    /// Lists the event on both venues, and lets everybody in.
    pub(crate) async fn open(
        admin: &Admin,
        kalshi: &brier_kalshi::Env,
        polymarket: &brier_polymarket::Env,
        recording: &'a Recording,
        plan: Plan,
    ) -> anyhow::Result<Self> {
        let start = recording.start().context("nothing was recorded")?;
        admin.clock_set(start.max(admin.now().await?)).await?;
        let now = admin.now().await?;
        let venue = admin.polymarket();
        let mut chance = Chance::new(plan.seed ^ OF_ITS_OWN);
        let ticker = list_at_kalshi(admin, recording, now).await?;
        let condition = stage::list(&venue, recording.listings.polymarket.clone()).await?;
        let mut house = Account::join(admin, kalshi, "house of the event").await?;
        let mut maker = Maker {
            party: Party::new(polymarket, &mut chance)?,
            given: Qty::from_contracts(HOUSE_SHARES).context("too many shares")?,
            orders: 0,
        };
        stage::admit(&venue, &maker.party, Money::from_micros(FUNDS.micros() * 1_000)).await?;
        stage::split(&venue, &maker.party, condition, maker.given).await?;
        let at_kalshi = party::join(admin, kalshi, "bot of the event", FUNDS).await?;
        let at_polymarket = Party::new(polymarket, &mut chance)?;
        stage::admit(&venue, &at_polymarket, FUNDS).await?;
        let listing = at_polymarket.discover(&[condition]).await?.pop().context("Gamma does not list the event")?;
        // The first books are there when the bot comes.
        let first = &recording.moments[0];
        house.follow(&ticker, &first.kalshi.book()?.view().context("the first quote is crossed")?).await?;
        maker.follow(&listing, &first.polymarket.book()?.view().context("the first quote is crossed")?, now).await?;

        let wanted = |market: &MarketTicker| Wanted {
            named: [market.clone()].into(),
            tied: [market.clone()].into(),
            ..Wanted::default()
        };
        let reached = vec![
            venues::kalshi(at_kalshi.clone(), None, &wanted(&ticker), (now, 1)).await?,
            venues::polymarket(at_polymarket.client.clone(), None, &wanted(&listing.ticker), plan.seed).await?,
        ];
        let [one, two] = [0, 1].map(|place: usize| reached[place].texts.first().cloned());
        let tie = tie(&one.context("Kalshi tells no rules")?, &two.context("Polymarket tells no rules")?)?;
        let mut seats = Vec::new();
        if plan.with_bot {
            seats.push(strategies::arbitrage(ticker.clone(), listing.ticker.clone())?);
        }
        let bot = Trader::open(reached, seats, strategies::limits_of_sets()?, now).await?;
        let markets = [bot.find(Venue::Kalshi, &ticker)?, bot.find(Venue::Polymarket, &listing.ticker)?];
        Ok(Self {
            admin: admin.clone(),
            recording,
            house,
            maker,
            bot,
            accounts: (at_kalshi, at_polymarket),
            ticker,
            listing,
            markets,
            tie,
            plan,
            as_recorded: Tally::default(),
            as_rest: Tally::default(),
            gains: Vec::new(),
        })
    }

    /// Shows every round, and settles both markets by the recorded result. The rows begin at `first_row`.
    pub(crate) async fn show(mut self, stage: &mut Stage, first_row: usize) -> anyhow::Result<PairSummary> {
        tracing::debug!(proof = self.tie.proof, "both contracts pay together");
        let recording = self.recording;
        let start = recording.moments[0].at;
        let began = Instant::now();
        for (number, moment) in recording.moments.iter().enumerate() {
            let passed = moment.at.since(start);
            self.plan.pace.wait(began, passed).await;
            self.step(number, moment).await.with_context(|| format!("in the round of {}", moment.at))?;
            let [kalshi, polymarket] = self.rows(moment.at)?;
            stage.set(first_row, kalshi);
            stage.show(first_row + 1, polymarket, moment.at, passed);
        }
        let pace = self.plan.pace;
        let summary = self.settle().await?;
        let [kalshi, polymarket] = settled(&summary);
        stage.set(first_row, kalshi);
        let (end, _) = recording.happened.last().context("the match has no end")?;
        stage.show(first_row + 1, polymarket, *end, recording.duration());
        stage.pass(recording.duration());
        stage.tell_pair(&summary);
        pace.wait(Instant::now(), SEEN_FOR).await;
        Ok(summary)
    }

    async fn step(&mut self, number: usize, moment: &Moment) -> anyhow::Result<()> {
        let now = moment.at.max(self.admin.now().await?);
        self.admin.clock_set(now).await?;
        let books = [moment.kalshi.book()?, moment.polymarket.book()?];
        let views = books.each_ref().map(Book::view);
        let [Ok(kalshi), Ok(polymarket)] = views else { anyhow::bail!("a recorded quote is crossed") };
        self.house.hear().await?;
        self.house.follow(&self.ticker, &kalshi).await?;
        self.maker.follow(&self.listing, &polymarket, now).await?;
        // Nothing is decided on quotes that are over, and orders wait until the books have been compared.
        self.bot.listen_at(now).await?;
        for (market, recorded) in self.markets.into_iter().zip([&kalshi, &polymarket]) {
            self.as_recorded.count(self.bot.book(market).is_some_and(|book| equals(&book, recorded)));
        }
        if self.plan.verify || number.is_multiple_of(COMPARE_EVERY) {
            self.compare_with_rest().await?;
        }
        if let Some(gain) = self.gain() {
            self.gains.push(gain.per_contract);
        }
        self.bot.hear().await
    }

    /// What could be gained by what the bot sees.
    fn gain(&self) -> Option<Gain> {
        let universe = &self.bot.engine().state().universe;
        let fees = self.markets.map(|market| &universe.get(market).fees);
        gain(&self.bot.book(self.markets[0])?, &self.bot.book(self.markets[1])?, fees)
    }

    /// Counts whether the bot's books are what both venues answer over REST.
    async fn compare_with_rest(&mut self) -> anyhow::Result<()> {
        let rest = self.accounts.0.orderbook(&self.ticker, None).await?.to_yes_terms();
        let side = |side, levels: &[(Price, Qty)]| levels.iter().map(|it| (side, it.0, it.1)).collect::<Vec<_>>();
        let kalshi = [side(BookSide::Bid, &rest.bids), side(BookSide::Ask, &rest.asks)].concat();
        let rest = self.accounts.1.client.book(self.listing.yes).await?;
        let side = |side, levels: &[clob::Level]| levels.iter().map(|it| (side, it.price, it.size)).collect::<Vec<_>>();
        let polymarket = [side(BookSide::Bid, &rest.bids), side(BookSide::Ask, &rest.asks)].concat();
        for (market, levels) in self.markets.into_iter().zip([kalshi, polymarket]) {
            let mut told = Book::new();
            told.load(levels)?;
            let told = told.view_untrusted();
            self.as_rest.count(self.bot.book(market).is_some_and(|book| equals(&book, &told)));
        }
        Ok(())
    }

    /// Both rows. What stands below the table goes with the second.
    fn rows(&self, now: Timestamp) -> anyhow::Result<[Row; 2]> {
        let mut rows = Recording::waiting_rows();
        for (row, market) in rows.iter_mut().zip(self.markets) {
            let (view, figures) = (self.bot.book(market), self.bot.figures(market)?);
            row.bid = view.as_ref().and_then(BookView::best_bid).map(|level| level.price);
            row.ask = view.as_ref().and_then(BookView::best_ask).map(|level| level.price);
            (row.position, row.fills) = (figures.position, figures.fills);
            row.state = self.recording.happened.last().map_or_else(String::new, |(end, _)| left(end.since(now)));
            // As the market values it now.
            row.profit = self.bot.profit(market, self.bot.mid(market).map_or(Price::ZERO, Prob::floor_price))?;
        }
        rows[1].detail = self.detail(now);
        Ok(rows)
    }

    fn detail(&self, now: Timestamp) -> String {
        let gain = match self.gain() {
            Some(Gain { yes_at, per_contract }) if per_contract > Money::ZERO => {
                let (yes, no) =
                    if yes_at == Venue::Kalshi { ("Kalshi", "Polymarket") } else { ("Polymarket", "Kalshi") };
                let dollars = per_contract.to_dollars4(brier_types::Rounding::Floor);
                format!("YES at {yes}, NO at {no}: ${dollars} a contract after fees")
            }
            _ => "no difference survives the fees".to_owned(),
        };
        let noted = self.recording.happened.iter().rev().find(|(at, _)| *at <= now);
        let score = noted.map_or("England 0 Mexico 0", |(_, what)| what.rsplit(": ").next().unwrap_or(what));
        let tried = if self.plan.with_bot { tried(&self.tries()) } else { "not traded".to_owned() };
        format!("{score}; quotes as recorded, {PROVED}\n{gain}\n{tried}")
    }

    /// What the bot has tried so far.
    fn tries(&self) -> Tries {
        Tries::of(self.bot.engine().attempts())
    }

    fn figures(&self) -> anyhow::Result<[Figures; 2]> {
        Ok([self.bot.figures(self.markets[0])?, self.bot.figures(self.markets[1])?])
    }

    /// Ends the match and with it both markets, and holds the bot's books against the venues'.
    async fn settle(mut self) -> anyhow::Result<PairSummary> {
        let recording = self.recording;
        // What was quoted last does not stand until the match ends.
        self.house.hear().await?;
        self.house.follow(&self.ticker, &Book::new().view_untrusted()).await?;
        self.maker.leave(&self.listing).await?;
        self.bot.hear().await?;
        let (end, _) = recording.happened.last().context("the match has no end")?;
        self.admin.clock_set(*end).await?;
        self.bot.set_time(*end).await?;
        let provisional = self.bot.engine().state().portfolio.provisional().next();
        ensure!(provisional.is_none(), "a match at Polymarket is not final when the match is over");
        let before = self.figures()?;
        self.admin.determine(self.ticker.as_str(), recording.result, None).await?;
        stage::resolve(&self.admin.polymarket(), self.listing.condition, recording.result).await?;
        self.bot.hear().await?;
        let paid = end.plus(PAID_AFTER);
        self.admin.clock_set(paid).await?;
        self.bot.set_time(paid).await?;
        for venue in [Venue::Kalshi, Venue::Polymarket] {
            self.bot.reconcile(venue).await?;
        }
        self.admin.quiesce().await?;
        let at_kalshi = self.accounts.0.balance(&BalanceQuery::default()).await?.balance_dollars;
        let at_polymarket = self.accounts.1.client.funds(None).await?.balance;
        let cash = |venue, end| Cash { venue, start: FUNDS, end, reckoned: self.bot.cash(venue) };
        let differences =
            [self.admin.ledger().await?.difference(), self.admin.polymarket().ledger().await?.difference()];
        let markets = self.summarize(before)?;
        let (tries, mut fills, mut paid) = (self.tries(), Tally::default(), Tally::default());
        let at_venues = [
            self.accounts.0.fills(FillsQuery::default())?.all().await?.len(),
            self.accounts.1.client.trades(&TradesQuery::default()).all().await?.len(),
        ];
        for (market, at_venue) in markets.iter().zip(at_venues) {
            fills.count(market.fills == at_venue);
        }
        // Neither match nor rules can have made it less.
        paid.count(markets.iter().map(|market| market.profit).sum::<Money>() >= tries.sure);
        let hashes = [self.admin.state_hash().await?, self.admin.polymarket().state_hash().await?];
        Ok(PairSummary {
            question: recording.listings.kalshi.market["title"].as_str().unwrap_or_default().to_owned(),
            strategy: self.plan.with_bot.then_some(strategies::ARBITRAGE),
            markets,
            tries,
            verdict: self.tie.verdict,
            standing: self.tie.standing,
            result: recording.result,
            moments: recording.moments.len(),
            house_orders: self.house.orders() + self.maker.orders,
            cash: [
                cash(Venue::Kalshi, at_kalshi),
                cash(Venue::Polymarket, dollars(at_polymarket).context("cash out of range")?),
            ],
            exchange_difference: differences.iter().map(|it| Money::from_micros(it.micros().abs())).sum(),
            gains: self.gains.iter().filter(|gain| **gain > Money::ZERO).count(),
            most: self.gains.iter().copied().max().unwrap_or(Money::ZERO),
            checks: vec![
                self.as_recorded.check("books of the event = recorded"),
                self.as_rest.check("books of the event = REST"),
                fills.check("fills of the event = REST"),
                paid.check("paid out what was sure"),
            ],
            state_hash: hashes[0].rotate_left(17) ^ hashes[1],
        })
    }

    /// Both markets, Kalshi's first, with what was held before anything was paid.
    fn summarize(&self, before: [Figures; 2]) -> anyhow::Result<[PairMarket; 2]> {
        let [at_kalshi, at_polymarket] = self.figures()?;
        let market = |venue, name: &str, before: Figures, after: Figures| PairMarket {
            venue,
            name: name.to_owned(),
            fills: after.fills,
            contracts: after.contracts,
            fees: after.fees,
            position: before.position,
            profit: after.flow,
        };
        Ok([
            market(Venue::Kalshi, self.ticker.as_str(), before[0], at_kalshi),
            market(Venue::Polymarket, &self.listing.slug, before[1], at_polymarket),
        ])
    }
}

/// Both rows at the end, and below the table what was paid.
fn settled(summary: &PairSummary) -> [Row; 2] {
    let mut rows = Recording::waiting_rows();
    for (row, market) in rows.iter_mut().zip(&summary.markets) {
        (row.state, row.position) = (summary.result.to_string(), market.position);
        (row.fills, row.profit) = (market.fills, market.profit);
    }
    let (paid, tries) = (summary.profit(), &summary.tries);
    let paid = paid.to_dollars2(toward_zero(paid));
    let difference = summary.ledger_difference();
    rows[1].detail = format!(
        "the match is over: Mexico does not win the cup; {PROVED}\n{}\nboth venues paid: ${paid} in all, ledger difference ${difference}",
        tried(tries)
    );
    rows
}

/// What was tried and what is sure of it, on one line.
fn tried(it: &Tries) -> String {
    let shown = |amount: Money| amount.to_dollars2(toward_zero(amount));
    format!(
        "{} of {} tries filled on both legs, {} sets: ${} expected, ${} sure",
        it.whole + it.part,
        it.sent,
        it.sets.to_string().trim_end_matches(".00"),
        shown(it.expected),
        shown(it.sure)
    )
}

/// Lists series, event and market, open from now on.
async fn list_at_kalshi(admin: &Admin, recording: &Recording, now: Timestamp) -> anyhow::Result<MarketTicker> {
    let listing = &recording.listings.kalshi;
    admin.put_series(listing.series.clone()).await?;
    admin.put_event(listing.event.clone()).await?;
    let mut market = listing.market.clone();
    market["open_time"] = now.to_string().into();
    Ok(admin.create_market(market).await?.ticker.parse()?)
}

#[cfg(test)]
mod tests {
    use brier_kalshi_protocol::fees as kalshi;
    use brier_polymarket_protocol::fees as polymarket;

    use super::recorded::Quote;
    use super::*;

    fn quote(bid: u16, ask: u16) -> Book {
        let level = |pips| (Price::new(pips).unwrap(), Qty::from_contracts(50).unwrap());
        Quote { bid: level(bid), ask: level(ask) }.book().unwrap()
    }

    /// The texts of both listings as the venues publish them.
    fn texts() -> [Texts; 2] {
        let listings = kept().unwrap().listings;
        let (market, gamma) = (listings.kalshi.market, listings.polymarket);
        let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
        let kalshi = Texts::new(Venue::Kalshi, &text(&market["ticker"]), &text(&market["title"]));
        let polymarket = Texts::new(Venue::Polymarket, "0x1", &text(&gamma["question"]));
        [
            Texts {
                subtitle: text(&market["yes_sub_title"]),
                rules: text(&market["rules_primary"]),
                more_rules: text(&market["rules_secondary"]),
                ..kalshi
            },
            Texts {
                rules: text(&gamma["description"]),
                outcomes: vec!["Yes".to_owned(), "No".to_owned()],
                ..polymarket
            },
        ]
    }

    #[test]
    fn the_rules_of_both_prove_that_both_pay_together_and_no_end_is_left_to_accept() {
        let [kalshi, polymarket] = texts();
        let proved = tie(&kalshi, &polymarket).unwrap();
        assert_eq!((proved.verdict.as_str(), proved.standing), ("same by the rules of both", "riskless"));
        assert!(!proved.proof.contains("tail"), "{}", proved.proof);
        expect_test::expect![[r#"
            same: pays with outcome Yes (rules of both)
            act          agrees      win | title "win" | title "win"
            contest      agrees      world cup | title "FIFA World Cup" | title "FIFA World Cup"
            place        agrees      mexico | title "Mexico" | title "Mexico"
            edition      agrees      2026 and 2026 | title "2026" | title "2026"
        "#]]
        .assert_eq(&proved.proof);
        // Without rules on one side, or about another cup, nothing may be shown as riskless.
        let bare = Texts { rules: String::new(), ..polymarket.clone() };
        let another = Texts { title: "Will Mexico win the 2030 FIFA World Cup?".to_owned(), ..polymarket };
        for other in [bare, another] {
            let error = tie(&kalshi, &other).unwrap_err().to_string();
            assert!(error.starts_with("the texts do not prove that both pay together: "), "{error}");
        }
    }

    #[test]
    fn the_better_way_round_is_reckoned_after_both_fees() {
        let schedule = kalshi::FeeSchedule::new(kalshi::FeeType::QuadraticWithMakerFees, kalshi::FeeMultiplier::ONE);
        let rate = polymarket::FeeSchedule::new(30_000, 1, true, 150_000).unwrap();
        let fees = [&Fees::Kalshi(schedule), &Fees::Polymarket(rate)];
        let gain = |at_kalshi: (u16, u16), at_polymarket: (u16, u16)| {
            let (one, two) = (quote(at_kalshi.0, at_kalshi.1), quote(at_polymarket.0, at_polymarket.1));
            let found = gain(&one.view().unwrap(), &two.view().unwrap(), fees).unwrap();
            (found.yes_at, found.per_contract.to_string())
        };
        // Of a hundred: 2.60, less 7 x 0.067 x 0.933 = 0.437577, rounded up to 0.4376, and 3 x 0.041 x 0.959 = 0.117957, to 0.11796.
        assert_eq!(gain((670, 680), (390, 410)), (Venue::Polymarket, "0.020444".to_owned()));
        assert_eq!(gain((200, 210), (300, 310)).0, Venue::Kalshi);
        let (_, loss) = gain((410, 420), (400, 420));
        assert!(loss.starts_with('-'), "equal books lose both fees: {loss}");
    }

    #[test]
    fn what_is_said_of_tries_fits_a_line_of_the_screen() {
        let (sets, money) = (Qty::from_micros(12_345_670_000).unwrap(), Money::from_micros(1_234_567_890));
        let tries = Tries { sent: 188, whole: 150, part: 38, refused: 0, sets, expected: money, sure: money };
        let line = tried(&tries);
        assert_eq!(line, "188 of 188 tries filled on both legs, 12345.67 sets: $1234.56 expected, $1234.56 sure");
    }
}
