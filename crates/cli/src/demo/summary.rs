//! The end of the demo: what the bot's own books say, what each exchange says, and the difference.

use std::fmt;
use std::time::Duration;

use brier_types::{MarketResult, Money, Prob, Qty, SignedQty, Venue};
use serde_json::value::RawValue;

use super::pair::Tries;
use super::screen::{left, short, toward_zero};
use super::versus::{Mark, Score, loss, scores};

/// How one market went.
#[derive(Clone, Debug)]
pub(crate) struct MarketSummary {
    pub(crate) venue: Venue,
    pub(crate) market: String,
    /// What traded it.
    pub(crate) strategy: &'static str,
    pub(crate) result: MarketResult,
    pub(crate) fills: usize,
    pub(crate) contracts: Qty,
    pub(crate) fees: Money,
    pub(crate) position: SignedQty,
    pub(crate) profit: Money,
    /// Steps at which the exchange's book equalled the recorded one, and steps at which the recorded one could be read.
    pub(crate) equal_steps: usize,
    pub(crate) readable_steps: usize,
    /// Comparisons of the connector's book with the exchange's REST answer, and those that found them equal.
    pub(crate) rest_equal: usize,
    pub(crate) rest_compared: usize,
    /// What its strategy thought and where it was quoted, before the close.
    pub(crate) marks: Vec<Mark>,
}

/// What was replayed at a venue.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Recorded {
    /// Every change of the books.
    Frames(usize),
    /// Moments only; between them the last one stands.
    Samples(usize),
}

/// Something else that was compared, so often.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Check {
    pub(crate) what: &'static str,
    pub(crate) equal: usize,
    pub(crate) compared: usize,
}

/// How one venue went.
#[derive(Clone, Debug)]
pub(crate) struct VenueSummary {
    pub(crate) venue: Venue,
    pub(crate) markets: Vec<MarketSummary>,
    pub(crate) recorded: Recorded,
    pub(crate) house_orders: u64,
    pub(crate) start_cash: Money,
    /// What the exchange says the bot has.
    pub(crate) end_cash: Money,
    /// What the bot's own books say it has.
    pub(crate) reckoned_cash: Money,
    /// What external money, cash, collateral and fees of the exchange sum to.
    pub(crate) exchange_difference: Money,
    /// Fills by the exchange's list, to be held against the bot's.
    pub(crate) exchange_fills: usize,
    /// Fills of the bot whose match failed afterwards: by its own books, and by the exchange's list.
    pub(crate) undone_fills: usize,
    pub(crate) exchange_undone: usize,
    pub(crate) checks: Vec<Check>,
    pub(crate) state_hash: u64,
}

impl VenueSummary {
    pub(crate) fn fills(&self) -> usize {
        self.markets.iter().map(|market| market.fills).sum()
    }

    pub(crate) fn profit(&self) -> Money {
        self.end_cash.checked_sub(self.start_cash).expect("play money is bounded")
    }

    /// What does not add up: the bot's books against the exchange's, and the exchange's ledger within itself.
    pub(crate) fn ledger_difference(&self) -> Money {
        let own = self.end_cash.checked_sub(self.reckoned_cash).expect("play money is bounded");
        let sum = |a: Money, b: Money| Money::from_micros(a.micros().abs() + b.micros().abs());
        sum(own, self.exchange_difference)
    }

    /// How good the strategy's fair values and the market's mids were.
    pub(crate) fn scores(&self) -> Vec<Score> {
        let markets = self.markets.iter().map(|market| (market.marks.as_slice(), market.result));
        scores(&markets.collect::<Vec<_>>())
    }

    fn reconciles(&self) -> bool {
        let books = |market: &MarketSummary| {
            market.equal_steps == market.readable_steps && market.rest_equal == market.rest_compared
        };
        self.ledger_difference() == Money::ZERO
            && self.exchange_fills == self.fills()
            && self.exchange_undone == self.undone_fills
            && self.markets.iter().all(books)
            && self.checks.iter().all(|check| check.equal == check.compared)
    }
}

/// Dollars of the bot at one venue.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cash {
    pub(crate) venue: Venue,
    pub(crate) start: Money,
    /// What the exchange says it has.
    pub(crate) end: Money,
    /// What its own books say it has.
    pub(crate) reckoned: Money,
}

/// One of the two markets of an event.
#[derive(Clone, Debug)]
pub(crate) struct PairMarket {
    pub(crate) venue: Venue,
    /// Kalshi's ticker, or Polymarket's name in addresses.
    pub(crate) name: String,
    pub(crate) fills: usize,
    pub(crate) contracts: Qty,
    pub(crate) fees: Money,
    /// What was held when the match ended.
    pub(crate) position: SignedQty,
    pub(crate) profit: Money,
}

/// How one event on both venues went. It has accounts of its own.
#[derive(Clone, Debug)]
pub(crate) struct PairSummary {
    pub(crate) question: String,
    /// What traded it, if anything did.
    pub(crate) strategy: Option<&'static str>,
    /// Kalshi's first.
    pub(crate) markets: [PairMarket; 2],
    /// What was tried, and what it came to.
    pub(crate) tries: Tries,
    /// What the rules of both prove: `same by the rules of both`.
    pub(crate) verdict: String,
    /// What may be done with it.
    pub(crate) standing: &'static str,
    pub(crate) result: MarketResult,
    /// Rounds of quotes on one clock.
    pub(crate) moments: usize,
    pub(crate) house_orders: u64,
    pub(crate) cash: [Cash; 2],
    /// What external money, cash, collateral and fees of both exchanges sum to.
    pub(crate) exchange_difference: Money,
    /// Rounds in which YES here and NO there cost less than a dollar after fees, and the most that a contract of both gained.
    pub(crate) gains: usize,
    pub(crate) most: Money,
    pub(crate) checks: Vec<Check>,
    pub(crate) state_hash: u64,
}

impl PairSummary {
    pub(crate) fn fills(&self) -> usize {
        self.markets.iter().map(|market| market.fills).sum()
    }

    fn cash(&self, of: impl Fn(&Cash) -> Money) -> Money {
        self.cash.iter().map(of).sum()
    }

    pub(crate) fn profit(&self) -> Money {
        self.cash.iter().map(|cash| cash.end.checked_sub(cash.start).expect("play money is bounded")).sum()
    }

    pub(crate) fn ledger_difference(&self) -> Money {
        let own = |cash: &Cash| cash.end.checked_sub(cash.reckoned).expect("play money is bounded").micros().abs();
        let own: i64 = self.cash.iter().map(own).sum();
        Money::from_micros(own + self.exchange_difference.micros().abs())
    }

    fn reconciles(&self) -> bool {
        self.ledger_difference() == Money::ZERO && self.checks.iter().all(|check| check.equal == check.compared)
    }
}

/// How the demo went.
#[derive(Clone, Debug)]
pub(crate) struct Summary {
    pub(crate) seed: u64,
    pub(crate) venues: Vec<VenueSummary>,
    /// The event on both venues.
    pub(crate) pair: Option<PairSummary>,
    pub(crate) elapsed_seconds: f64,
}

impl Summary {
    pub(crate) fn markets(&self) -> impl Iterator<Item = &MarketSummary> {
        self.venues.iter().flat_map(|venue| &venue.markets)
    }

    pub(crate) fn fills(&self) -> usize {
        let pair = self.pair.as_ref().map_or(0, PairSummary::fills);
        self.venues.iter().map(VenueSummary::fills).sum::<usize>() + pair
    }

    fn total(&self, of: impl Fn(&VenueSummary) -> Money, of_pair: impl Fn(&PairSummary) -> Money) -> Money {
        self.venues.iter().map(of).chain(self.pair.iter().map(of_pair)).sum()
    }

    pub(crate) fn profit(&self) -> Money {
        self.total(VenueSummary::profit, PairSummary::profit)
    }

    /// What does not add up, over everything.
    pub(crate) fn ledger_difference(&self) -> Money {
        self.total(VenueSummary::ledger_difference, PairSummary::ledger_difference)
    }

    /// Of all parts together; with one it is that one's.
    pub(crate) fn state_hash(&self) -> u64 {
        let parts =
            self.venues.iter().map(|venue| venue.state_hash).chain(self.pair.iter().map(|pair| pair.state_hash));
        parts.fold(0, |hash, part| hash.rotate_left(17) ^ part)
    }

    /// Whether everything adds up.
    pub(crate) fn reconciles(&self) -> bool {
        self.venues.iter().all(VenueSummary::reconciles) && self.pair.as_ref().is_none_or(PairSummary::reconciles)
    }

    /// The machine-readable form. Dollars are numbers written with six decimals, exactly; what stands outside `venues` is
    /// over all of them.
    pub(crate) fn to_json(&self) -> serde_json::Result<SummaryJson<'_>> {
        let frames = |venue: &VenueSummary| match venue.recorded {
            Recorded::Frames(count) => count,
            Recorded::Samples(_) => 0,
        };
        let samples = |venue: &VenueSummary| match venue.recorded {
            Recorded::Frames(_) => 0,
            Recorded::Samples(count) => count,
        };
        Ok(SummaryJson {
            seed: self.seed,
            fills: self.fills(),
            ledger_difference: dollars(self.ledger_difference())?,
            pnl: dollars(self.profit())?,
            start_cash: dollars(self.total(|it| it.start_cash, |it| it.cash(|cash| cash.start)))?,
            end_cash: dollars(self.total(|it| it.end_cash, |it| it.cash(|cash| cash.end)))?,
            frames: self.venues.iter().map(frames).sum(),
            samples: self.venues.iter().map(samples).sum(),
            house_orders: self.venues.iter().map(|venue| venue.house_orders).sum::<u64>()
                + self.pair.as_ref().map_or(0, |pair| pair.house_orders),
            state_hash: format!("{:016x}", self.state_hash()),
            elapsed_seconds: (self.elapsed_seconds * 1_000.0).round() / 1_000.0,
            venues: self.venues.iter().map(venue_json).collect::<serde_json::Result<_>>()?,
            markets: self.markets().map(market_json).collect::<serde_json::Result<_>>()?,
            pair: self.pair.as_ref().map(pair_json).transpose()?,
        })
    }
}

fn pair_json(pair: &PairSummary) -> serde_json::Result<PairJson<'_>> {
    let [kalshi, polymarket] = &pair.markets;
    let tries = &pair.tries;
    Ok(PairJson {
        question: &pair.question,
        kalshi: &kalshi.name,
        polymarket: &polymarket.name,
        verdict: &pair.verdict,
        standing: pair.standing,
        texts: OUR_TEXTS,
        quotes: RECORDED_QUOTES,
        traded: pair.strategy.is_some(),
        strategy: pair.strategy,
        result: pair.result.to_string(),
        moments: pair.moments,
        fills: pair.fills(),
        house_orders: pair.house_orders,
        pnl: dollars(pair.profit())?,
        ledger_difference: dollars(pair.ledger_difference())?,
        moments_with_gain: pair.gains,
        most_gain_per_contract: dollars(pair.most)?,
        tries: tries.sent,
        filled_whole: tries.whole,
        filled_in_part: tries.part,
        sets: tries.sets.to_string(),
        expected: dollars(tries.expected)?,
        sure: dollars(tries.sure)?,
        markets: pair.markets.iter().map(pair_market_json).collect::<serde_json::Result<_>>()?,
        checks: checks_json(&pair.checks),
        state_hash: format!("{:016x}", pair.state_hash),
    })
}

fn pair_market_json(market: &PairMarket) -> serde_json::Result<PairMarketJson<'_>> {
    Ok(PairMarketJson {
        venue: market.venue.to_string(),
        market: &market.name,
        fills: market.fills,
        contracts: market.contracts.to_string(),
        position: market.position.to_string(),
        fees: dollars(market.fees)?,
        pnl: dollars(market.profit)?,
    })
}

fn checks_json(checks: &[Check]) -> Vec<CheckJson> {
    checks.iter().map(|check| CheckJson { what: check.what, equal: check.equal, compared: check.compared }).collect()
}

fn dollars(amount: Money) -> serde_json::Result<Box<RawValue>> {
    RawValue::from_string(amount.to_string())
}

fn market_json(market: &MarketSummary) -> serde_json::Result<MarketJson<'_>> {
    Ok(MarketJson {
        venue: market.venue.to_string(),
        market: &market.market,
        strategy: market.strategy,
        result: market.result.to_string(),
        fills: market.fills,
        contracts: market.contracts.to_string(),
        position: market.position.to_string(),
        fees: dollars(market.fees)?,
        pnl: dollars(market.profit)?,
        book_equal_steps: market.equal_steps,
        book_readable_steps: market.readable_steps,
        rest_equal: market.rest_equal,
        rest_compared: market.rest_compared,
        fair_value: market.marks.iter().map(|mark| mark_json(mark, market.result)).collect(),
    })
}

/// A chance or a score, with as many digits as mean something.
fn rounded(number: f64) -> f64 {
    (number * 1e6).round() / 1e6
}

fn mark_json(mark: &Mark, result: MarketResult) -> MarkJson {
    let loss = |forecast: Option<Prob>| forecast.and_then(|prob| loss(prob, result)).map(rounded);
    MarkJson {
        before_close_seconds: mark.before_close.as_secs(),
        fair: mark.fair.map(|fair| rounded(fair.get())),
        mid: mark.mid.map(|mid| rounded(mid.get())),
        difference: mark.difference().map(rounded),
        fair_log_score: loss(mark.fair),
        mid_log_score: loss(mark.mid),
    }
}

fn scores_json(scores: &[Score]) -> Vec<ScoreJson> {
    let json = |score: &Score| ScoreJson {
        before_close_seconds: score.before_close.as_secs(),
        markets: score.markets,
        fair_log_score: rounded(score.fair),
        mid_log_score: rounded(score.mid),
    };
    scores.iter().map(json).collect()
}

fn venue_json(venue: &VenueSummary) -> serde_json::Result<VenueJson> {
    Ok(VenueJson {
        venue: venue.venue.to_string(),
        fills: venue.fills(),
        failed_matches: venue.undone_fills,
        ledger_difference: dollars(venue.ledger_difference())?,
        pnl: dollars(venue.profit())?,
        start_cash: dollars(venue.start_cash)?,
        end_cash: dollars(venue.end_cash)?,
        house_orders: venue.house_orders,
        simulated: simulated(venue.recorded),
        fair_value: FairValueJson { by_time: scores_json(&venue.scores()), sample: SMALL_SAMPLE },
        checks: checks_json(&venue.checks),
        state_hash: format!("{:016x}", venue.state_hash),
    })
}

/// What of the books was not recorded, for people.
const fn simulated(recorded: Recorded) -> Option<&'static str> {
    match recorded {
        Recorded::Frames(_) => None,
        Recorded::Samples(_) => Some(
            "best prices and depth were recorded at a few moments of each window; between them the last quote stands, and \
             how the depth spreads over three levels is simulated",
        ),
    }
}

/// What the scores are worth.
const SMALL_SAMPLE: &str = "small: these scores say nothing of which is better; `brier score` has more markets";

/// Fair value and market at one time before a market's close.
#[derive(serde::Serialize)]
pub(crate) struct MarkJson {
    before_close_seconds: u64,
    fair: Option<f64>,
    mid: Option<f64>,
    difference: Option<f64>,
    /// The negative logarithm of the chance given to what happened.
    fair_log_score: Option<f64>,
    mid_log_score: Option<f64>,
}

#[derive(serde::Serialize)]
pub(crate) struct ScoreJson {
    before_close_seconds: u64,
    markets: usize,
    fair_log_score: f64,
    mid_log_score: f64,
}

#[derive(serde::Serialize)]
pub(crate) struct FairValueJson {
    by_time: Vec<ScoreJson>,
    sample: &'static str,
}

#[derive(serde::Serialize)]
pub(crate) struct MarketJson<'a> {
    venue: String,
    market: &'a str,
    strategy: &'static str,
    result: String,
    fills: usize,
    contracts: String,
    position: String,
    fees: Box<RawValue>,
    pnl: Box<RawValue>,
    book_equal_steps: usize,
    book_readable_steps: usize,
    rest_equal: usize,
    rest_compared: usize,
    fair_value: Vec<MarkJson>,
}

#[derive(serde::Serialize)]
pub(crate) struct VenueJson {
    venue: String,
    fills: usize,
    failed_matches: usize,
    ledger_difference: Box<RawValue>,
    pnl: Box<RawValue>,
    start_cash: Box<RawValue>,
    end_cash: Box<RawValue>,
    house_orders: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    simulated: Option<&'static str>,
    fair_value: FairValueJson,
    checks: Vec<CheckJson>,
    state_hash: String,
}

#[derive(serde::Serialize)]
pub(crate) struct CheckJson {
    what: &'static str,
    equal: usize,
    compared: usize,
}

#[derive(serde::Serialize)]
pub(crate) struct SummaryJson<'a> {
    seed: u64,
    fills: usize,
    ledger_difference: Box<RawValue>,
    pnl: Box<RawValue>,
    start_cash: Box<RawValue>,
    end_cash: Box<RawValue>,
    frames: usize,
    samples: usize,
    house_orders: u64,
    state_hash: String,
    elapsed_seconds: f64,
    venues: Vec<VenueJson>,
    markets: Vec<MarketJson<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pair: Option<PairJson<'a>>,
}

/// What the texts of the event are.
const OUR_TEXTS: &str =
    "titles and rules were written for the demo and are not the venues' text, which was not recorded";

/// What the quotes of the event are, and what of them could not be had.
const RECORDED_QUOTES: &str = "best prices and quantities were recorded; the house puts back what was taken, and orders arrive \
     without latency: `brier arb replay` has the same recording with it";

#[derive(serde::Serialize)]
pub(crate) struct PairJson<'a> {
    question: &'a str,
    kalshi: &'a str,
    polymarket: &'a str,
    verdict: &'a str,
    standing: &'static str,
    texts: &'static str,
    quotes: &'static str,
    traded: bool,
    strategy: Option<&'static str>,
    result: String,
    moments: usize,
    fills: usize,
    house_orders: u64,
    pnl: Box<RawValue>,
    ledger_difference: Box<RawValue>,
    moments_with_gain: usize,
    most_gain_per_contract: Box<RawValue>,
    /// Sets that were tried, and those that filled on both legs.
    tries: usize,
    filled_whole: usize,
    filled_in_part: usize,
    sets: String,
    /// Before the first leg was sent, and once the legs were filled.
    expected: Box<RawValue>,
    sure: Box<RawValue>,
    markets: Vec<PairMarketJson<'a>>,
    checks: Vec<CheckJson>,
    state_hash: String,
}

#[derive(serde::Serialize)]
pub(crate) struct PairMarketJson<'a> {
    venue: String,
    market: &'a str,
    fills: usize,
    contracts: String,
    position: String,
    fees: Box<RawValue>,
    pnl: Box<RawValue>,
}

/// What became of matches that the chain refused.
pub(crate) fn undone(matches: usize) -> String {
    let (count, was) =
        (crate::output::counted(matches as u64, "match", "matches"), if matches == 1 { "was" } else { "were" });
    format!("{count} failed on the chain and {was} undone everywhere")
}

/// A venue's name as people write it.
const fn name(venue: Venue) -> &'static str {
    match venue {
        Venue::Kalshi => "Kalshi",
        Venue::Polymarket => "Polymarket",
    }
}

/// Fair value and mid of each market at each time before its close, and how good both were: a line a market.
fn versus(venue: &VenueSummary) -> String {
    let mut times: Vec<Duration> =
        venue.markets.iter().flat_map(|market| market.marks.iter().map(|mark| mark.before_close)).collect();
    times.sort_unstable();
    times.dedup();
    let times: Vec<Duration> = times.into_iter().rev().collect();
    let chance = |prob: Option<Prob>| prob.map_or_else(|| "-".to_owned(), |prob| short(&format!("{:.3}", prob.get())));
    let row = |name: &str, result: &str, cell: &dyn Fn(Duration) -> String| {
        let cell = |place: usize| times.get(place).map_or_else(String::new, |time| cell(*time));
        [name.to_owned(), cell(0), cell(1), cell(2), cell(3), result.to_owned()]
    };
    let of_market = |market: &MarketSummary| {
        row(&market.market, &market.result.to_string(), &|time| {
            let mark = market.marks.iter().find(|mark| mark.before_close == time);
            mark.map_or_else(|| "-".to_owned(), |mark| format!("{} {}", chance(mark.fair), chance(mark.mid)))
        })
    };
    let scores = venue.scores();
    let found = |time| scores.iter().find(|score| score.before_close == time);
    let score = |time| {
        let text =
            |score: &Score| format!("{} {}", short(&format!("{:.3}", score.fair)), short(&format!("{:.3}", score.mid)));
        found(time).map_or_else(|| "-".to_owned(), text)
    };
    let counted = |time| found(time).map_or(0, |score| score.markets).to_string();
    let last = [row("mean log score of both", "", &score), row("markets that had both", "", &counted)];
    let titles: Vec<String> =
        (0..4).map(|place| times.get(place).map_or_else(String::new, |time| left(*time)) + ">").collect();
    let titles = ["fair value, market's mid", &titles[0], &titles[1], &titles[2], &titles[3], "result"];
    let table = crate::output::table(titles, venue.markets.iter().map(of_market).chain(last));
    format!(
        "{table}\nchances of YES so long before the close, the strategy's and the market's; of log scores less is better, and so\n\
         few markets say nothing of which is"
    )
}

fn write_pair(out: &mut fmt::Formatter<'_>, pair: &PairSummary) -> fmt::Result {
    let shown = |amount: Money| amount.to_dollars4(toward_zero(amount));
    writeln!(out, "\nOne event on both venues")?;
    writeln!(out, "{} {}", pair.question, pair.result)?;
    writeln!(out, "the same event: {}; these were written for the demo and are not the venues' text", pair.verdict)?;
    writeln!(out, "strategy                      {:>14}", pair.strategy.unwrap_or("none"))?;
    let titles = ["venue", "market", "fills>", "contracts>", "fees $>", "held>", "P&L $>"];
    let rows = pair.markets.iter().map(|it| {
        let (fees, profit) = (shown(it.fees), shown(it.profit));
        let (contracts, position) = (it.contracts.to_string(), it.position.to_string());
        [name(it.venue).to_owned(), it.name.clone(), it.fills.to_string(), contracts, fees, position, profit]
    });
    writeln!(out, "{}", crate::output::table(titles, rows))?;
    writeln!(out, "best quotes were recorded, what the bot took is put back with the next ones, and its")?;
    writeln!(out, "orders arrive without latency; `brier arb replay` has the same quotes with it")?;
    writeln!(out, "recorded rounds replayed      {:>14}", pair.moments)?;
    writeln!(out, "orders of the house           {:>14}", pair.house_orders)?;
    writeln!(out, "YES here and NO there cost less than a dollar after fees in {} of them,", pair.gains)?;
    writeln!(out, "at most this less a contract$ {:>14}", pair.most)?;
    let tries = &pair.tries;
    writeln!(out, "tries, filled on both legs    {:>14}", format!("{}, {}", tries.sent, tries.whole + tries.part))?;
    writeln!(out, "sets bought                   {:>14}", tries.sets)?;
    writeln!(out, "expected of them            $ {:>14}", tries.expected)?;
    writeln!(out, "sure once they were filled  $ {:>14}", tries.sure)?;
    for check in &pair.checks {
        writeln!(out, "{:<30}{:>14}", check.what, format!("{}/{}", check.equal, check.compared))?;
    }
    for cash in &pair.cash {
        writeln!(out, "cash at {:<20}$ {:>14}", name(cash.venue), cash.end)?;
    }
    writeln!(out, "profit and loss, paid out   $ {:>14}", pair.profit())?;
    writeln!(out, "ledger difference           $ {:>14}", pair.ledger_difference())
}

impl fmt::Display for Summary {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |amount: Money| amount.to_dollars4(toward_zero(amount));
        writeln!(out, "\nSummary (seed {})\n", self.seed)?;
        let titles = ["venue", "market", "result", "fills>", "fees $>", "held>", "P&L $>", "= recorded>", "= REST>"];
        let rows = self.markets().map(|market| {
            [
                name(market.venue).to_owned(),
                market.market.clone(),
                market.result.to_string(),
                market.fills.to_string(),
                shown(market.fees),
                market.position.to_string(),
                shown(market.profit),
                format!("{}/{}", market.equal_steps, market.readable_steps),
                format!("{}/{}", market.rest_equal, market.rest_compared),
            ]
        });
        writeln!(out, "{}", crate::output::table(titles, rows))?;
        for venue in &self.venues {
            writeln!(out, "\n{}", name(venue.venue))?;
            if let Some(market) = venue.markets.first() {
                writeln!(out, "strategy                      {:>14}", market.strategy)?;
            }
            writeln!(out, "{}", versus(venue))?;
            match venue.recorded {
                Recorded::Frames(count) => writeln!(out, "recorded frames replayed      {count:>14}")?,
                Recorded::Samples(count) => {
                    writeln!(out, "between recorded quotes the last one stands, and how the recorded depth")?;
                    writeln!(out, "spreads over three levels is simulated; the bot trades within 5 s of a quote")?;
                    writeln!(out, "recorded quotes replayed      {count:>14}")?;
                }
            }
            writeln!(out, "orders of the house           {:>14}", venue.house_orders)?;
            writeln!(out, "fills of the bot              {:>14}", venue.fills())?;
            if venue.undone_fills > 0 {
                writeln!(out, "{}", undone(venue.undone_fills))?;
            }
            for check in &venue.checks {
                writeln!(out, "{:<30}{:>14}", check.what, format!("{}/{}", check.equal, check.compared))?;
            }
            writeln!(out, "cash at the start           $ {:>14}", venue.start_cash)?;
            writeln!(out, "cash by the bot's own books $ {:>14}", venue.reckoned_cash)?;
            writeln!(out, "cash by the exchange        $ {:>14}", venue.end_cash)?;
            writeln!(out, "profit and loss             $ {:>14}", venue.profit())?;
            writeln!(out, "ledger difference           $ {:>14}", venue.ledger_difference())?;
        }
        if let Some(pair) = &self.pair {
            write_pair(out, pair)?;
        }
        if self.venues.len() > 1 {
            writeln!(out, "\nEverything together")?;
            writeln!(out, "fills of the bot              {:>14}", self.fills())?;
            writeln!(out, "profit and loss             $ {:>14}", self.profit())?;
            writeln!(out, "ledger difference           $ {:>14}", self.ledger_difference())?;
        }
        write!(out, "\ntook {:.1} s", self.elapsed_seconds)
    }
}
