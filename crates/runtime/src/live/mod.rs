//! A live run, from its first word to its last.
//!
//! It starts in five acts: the embedded exchange where one is wanted; the last run's journal, which brings the engine to where
//! that run left it; the doors (control socket, remote strategies, signals), which may not open and answer from here on; the
//! venues; the new run's journal and the thread that owns the engine. It ends in four: stop quoting and take back what rests;
//! wait for the venues' word; bring the journal to the disk and end the thread; stop the embedded exchange and give the locks
//! back.
//!
//! Invariants: a run that ended by its journal's failure has sent nothing that the journal does not have; a run that ends
//! otherwise than in peace asks every venue at which an order of its may rest to cancel all; a start that fails leaves no run.

mod analysts;
mod board;
pub(crate) mod feeds;
mod handler;
mod paper;
pub(crate) mod proof;
pub mod rules;
#[cfg(test)]
#[cfg(unix)]
mod tests;
pub mod venues;
mod vetoes;

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use brier_connect::clock::Clock;
use brier_connect::http::{self, HttpOptions};
use brier_engine::{Alert, Ended as ComboEnded, Engine, Input, Instrument, Operator, Scope};
use brier_exchange::RunningServer;
use brier_feeds::settlement::Table;
use brier_store::JournalError;
use brier_types::{Input as FeedInput, LifecycleInput, MarketStatus, MarketTicker, Timestamp, Venue};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

use crate::analysts::terms::MarketTerms;
use crate::analysts::told::OpinionLog;
use crate::analysts::{AnalystsError, Seat};
use crate::caller::{Address, Caller};
use crate::config::{Config, Environment, PaperConfig, RemoteConfig, StrategyConfig, TieName};
use crate::control::{self, ControlServer};
use crate::core::Core;
use crate::driver::{CLOCK_BACK, Driver, DriverEnd, Routes, Word, look};
use crate::gateway::LiveToken;
use crate::journal::{self, RunJournal};
use crate::ledger::LedgerFile;
use crate::mailbox::{Mailbox, Teller, mailbox};
use crate::node::{Effect, Node, Wiring};
use crate::recovery::RecoveryError;
use crate::remote;
use crate::run::{KalshiAccess, PolymarketAccess, Prepared};
use crate::secrets::SecretError;
use crate::take_back::{self, TakenBack};
use analysts::Desk;
use board::Board;
pub use feeds::{FeedsError, LEAST_GAP as LEAST_GAP_OF_FACTS, check as check_feeds, fact_at};
use handler::{Handler, scope};
pub use paper::PaperError;
pub use proof::ProofError;
use rules::{Judge, Refusal};
pub use venues::VenueError;
use venues::{Pulse, Reached, Wanted};

/// How often it is looked whether everything has come to rest.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// After an unhappy end the venues are asked once more after this long: orders may have been on their way.
const ASK_AGAIN: Duration = Duration::from_secs(5);

/// A run that trades from now on.
#[derive(Clone, Debug)]
pub struct Started<'a> {
    /// Counts the runs on this journal from 1.
    pub run: u32,
    /// Inputs of the last run that were replayed.
    pub replayed: u64,
    /// Markets that are traded.
    pub markets: usize,
    /// Why everything is halted, if it is since an earlier run.
    pub halted: Option<String>,
    /// The embedded exchange, where one was started.
    pub exchange: Option<&'a RunningServer>,
    /// Where remote strategies connect.
    pub remote: Option<SocketAddr>,
}

/// How a run ended in peace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Why.
    pub reason: String,
    /// Orders that may still fill at the venues.
    pub left: u32,
}

/// Why a run ended otherwise.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// The embedded exchange.
    #[error(transparent)]
    Paper(#[from] PaperError),
    /// The embedded exchange stopped by itself.
    #[error("the embedded exchange stopped: {0}")]
    ExchangeGone(String),
    /// What the last run left cannot be brought back.
    #[error(transparent)]
    Recovery(#[from] RecoveryError),
    /// A venue.
    #[error(transparent)]
    Venue(#[from] VenueError),
    /// The journal failed while trading: nothing that it does not have was sent.
    #[error("the journal failed, and nothing was sent any more: {0}")]
    Journal(JournalError),
    /// The token of remote strategies.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// What people decided about tied markets.
    #[error(transparent)]
    Proof(#[from] ProofError),
    /// A feed, or the settlement table.
    #[error(transparent)]
    Feeds(#[from] FeedsError),
    /// Every market that was asked for was refused.
    #[error("nothing is left to trade: {refused} markets were refused, the first because {first}")]
    NothingToTrade {
        /// How many.
        refused: usize,
        /// The first one's reason.
        first: Refusal,
    },
    /// An analyst.
    #[error(transparent)]
    Analysts(#[from] AnalystsError),
    /// Something of the system's.
    #[error("{what}: {source}")]
    System {
        /// What was wanted.
        what: &'static str,
        /// What it said.
        source: std::io::Error,
    },
    /// The engine's thread is gone.
    #[error("the engine's thread panicked; the journal is whole, and the next run goes on from it")]
    Panicked,
    /// The wall's clock is behind what the journal has seen.
    #[error(
        "this machine's clock says {wall}, and the journal already has {engine}: nothing that is due by time would be done"
    )]
    Clock {
        /// The clock's time.
        wall: String,
        /// The engine's.
        engine: String,
    },
}

/// A run that did not end in peace, and what was done about its orders.
#[derive(Debug)]
pub struct Failed {
    /// Why.
    pub error: RunError,
    /// What the venues said to "cancel all", where an order may have rested.
    pub taken_back: Vec<TakenBack>,
}

impl From<RunError> for Failed {
    fn from(error: RunError) -> Self {
        Self { error, taken_back: Vec::new() }
    }
}

impl std::fmt::Display for Failed {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.error.fmt(out)?;
        self.taken_back.iter().try_for_each(|it| write!(out, "\n{it}"))
    }
}

impl std::error::Error for Failed {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.error.source()
    }
}

impl Failed {
    /// What to do.
    pub fn hint(&self) -> Option<&'static str> {
        if self.taken_back.iter().any(|it| it.said.is_err()) {
            return Some("orders may still rest there: `brier halt CONFIG --cancel-all`, or the venue's own site");
        }
        self.error.hint()
    }
}

impl RunError {
    /// What to do.
    pub const fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Venue(VenueError::Unlisted { .. }) => Some(
                "correct the `markets` or `pairs` of the strategy, or the analyst's; a paper run lists what `paper.catalog` names",
            ),
            Self::Venue(VenueError::Unreachable { .. }) => Some("`brier doctor` looks at keys, clock and venues"),
            Self::Paper(PaperError::Catalog { .. }) => Some("correct `paper.catalog`"),
            Self::Proof(ProofError::Decisions { .. }) => Some(
                "`brier pairs confirm A B --why TEXT --decisions FILE` writes it; a file with a wrong line counts for nothing until it is repaired, and its history shows the last good one",
            ),
            Self::Feeds(_) => Some("correct `[feeds]` and its `[[feed]]`; `brier feeds check` asks the vendors"),
            Self::NothingToTrade { .. } => Some(
                "correct the strategy, its feeds, a paper catalog's listing (docs/feeds.md says what it needs), or the table that `feeds.settlement` names; `feeds.rules = \"warn\"` lets a paper run trade all the same",
            ),
            Self::Analysts(_) => Some("correct the `[[analyst]]` that is named, or say `enabled = false` in it"),
            Self::Recovery(RecoveryError::In { .. }) => Some(
                "run the version that wrote it, or give the run a new `run.data_dir` once the account is flat; orders of that run may still rest: `brier halt CONFIG --cancel-all`",
            ),
            Self::Journal(_) => Some("make room on the disk, then start it again: it goes on from the journal"),
            Self::Panicked => {
                Some("start it again: it goes on from the journal; report what it wrote to standard error")
            }
            Self::Clock { .. } => Some(
                "set the clock right; if it was the journal's time that was wrong, give the run a new `run.data_dir` once the account is flat",
            ),
            _ => None,
        }
    }
}

/// The ties that enabled strategies trade, by strategy.
fn ties(config: &Config) -> Vec<(&str, TieName)> {
    let enabled = config.strategies.iter().filter(|it| it.enabled);
    enabled.flat_map(|it| it.ties().into_iter().map(|tie| (it.name.as_str(), tie))).collect()
}

/// Says which ties trade; those that do not have been told, each with its reason.
fn tell_ties(named: usize, config: &Config) {
    let traded = ties(config);
    for (strategy, tie) in &traded {
        tracing::info!(strategy, %tie, "the rules of both prove this tie: it is traded");
    }
    match (named, traded.len()) {
        (0, _) => {}
        (_, 0) => tracing::warn!(traded = 0, left_out = named, "no tie is traded"),
        (_, traded) => tracing::info!(traded, left_out = named - traded, "ties"),
    }
}

const fn system(what: &'static str) -> impl FnOnce(std::io::Error) -> RunError {
    move |source| RunError::System { what, source }
}

/// Runs until a person, a signal or a broken journal ends it. `on_start` is told once, when everything has begun.
///
/// # Errors
/// [`Failed`]: why, and what became of orders that may have rested.
pub async fn run(prepared: Prepared, on_start: impl FnOnce(&Started<'_>)) -> Result<Ended, Failed> {
    // It is large, and whoever awaits it need not carry it.
    Box::pin(run_with(prepared, mailbox(), on_start)).await
}

async fn run_with(
    prepared: Prepared,
    mailbox: (Teller, Mailbox),
    on_start: impl FnOnce(&Started<'_>),
) -> Result<Ended, Failed> {
    let Prepared { config, environment, live, kalshi, polymarket, order_prefix, locks } = prepared;
    let mut signals = Signals::new().map_err(system("signals"))?;
    let exchange =
        if config.embeds() { Some(paper::start(&config.paper).await.map_err(RunError::from)?) } else { None };
    let accesses = open_accesses(exchange.as_ref(), &config.paper, kalshi, polymarket).await.map_err(RunError::from)?;
    let mut trading = Trading { config, environment, live, order_prefix, accesses, may_rest: Vec::new() };
    let mut ended = trading.trade(mailbox, exchange.as_ref(), &mut signals, on_start).await.map_err(Failed::from);
    if let Err(failed) = &mut ended {
        tracing::error!(error = %failed.error, "the run ends");
        failed.taken_back = trading.take_back(&failed.error).await;
    }
    if let Some(exchange) = exchange {
        exchange.shutdown().await;
    }
    drop(locks);
    ended
}

/// Where remote strategies knock, and what they have to know.
struct Door {
    listener: TcpListener,
    addr: SocketAddr,
    token: zeroize::Zeroizing<String>,
}

type Accesses = (Option<KalshiAccess>, Option<PolymarketAccess>);

async fn open_accesses(
    exchange: Option<&RunningServer>,
    config: &PaperConfig,
    kalshi: Option<KalshiAccess>,
    polymarket: Option<PolymarketAccess>,
) -> Result<Accesses, PaperError> {
    let kalshi = match (kalshi, exchange) {
        (Some(KalshiAccess::Embedded), Some(exchange)) => Some(paper::kalshi(exchange, config).await?),
        (access, _) => access,
    };
    let polymarket = match (polymarket, exchange) {
        (Some(PolymarketAccess::Embedded), Some(exchange)) => Some(paper::polymarket(exchange, config).await?),
        (access, _) => access,
    };
    Ok((kalshi, polymarket))
}

struct Trading {
    config: Config,
    environment: Environment,
    live: Option<LiveToken>,
    order_prefix: String,
    accesses: Accesses,
    /// Where an order of ours may rest, as far as is known now.
    may_rest: Vec<Venue>,
}

impl Trading {
    async fn trade(
        &mut self,
        (words, mailbox): (Teller, Mailbox),
        exchange: Option<&RunningServer>,
        signals: &mut Signals,
        on_start: impl FnOnce(&Started<'_>),
    ) -> Result<Ended, RunError> {
        let recovered = journal::recover(&self.config, &self.order_prefix)?;
        let (run, replayed) = (recovered.run, recovered.replayed.as_ref().map_or(0, |it| it.inputs));
        if let Some(replayed) = &recovered.replayed {
            tracing::info!(run = replayed.run, inputs = replayed.inputs, "replayed");
        }
        let traded = self.traded();
        let orders = &recovered.engine.state().orders;
        self.may_rest =
            traded.iter().copied().filter(|venue| orders.iter_live().any(|it| it.venue == *venue)).collect();
        if recovered.engine.now().since(Clock::local_now()) > CLOCK_BACK {
            return Err(clock_is_behind(recovered.engine.now()));
        }

        let (stop, mut asked) = mpsc::channel(1);
        let board = Board::default();
        let handler = Handler {
            feeds: board.clone(),
            words: words.clone(),
            stop,
            name: self.config.run.name.clone(),
            mode: if self.live.is_some() { "live" } else { "paper" },
            run,
            folder: self.config.run.data_dir.clone(),
            off: self.config.strategies.iter().filter(|it| !it.enabled).map(|it| it.name.clone()).collect(),
            venues: traded.clone(),
        };
        let table = feeds::table(&self.config.feeds)?;
        let outside = feeds::open(&self.config.feeds, &table, &self.environment, seed(Clock::local_now()))?;
        let seats = crate::analysts::open(self.config.analysts.iter().filter(|it| it.enabled), &self.environment)?;
        for unfed in crate::config::unfed(&self.config) {
            tracing::warn!("{unfed}; another program may");
        }
        let remote = self.open_remote().await?;
        let control = self.config.control.socket.then(|| open_control(&self.config.run.data_dir, &handler));
        let control = control.transpose().map_err(system("the control socket"))?;

        let wanted = [Venue::Kalshi, Venue::Polymarket].map(|venue| self.wanted(venue, &recovered.engine, &table));
        let venues = tokio::select! {
            venues = self.reach(wanted) => venues?,
            why = asked_to_end(signals, &mut asked, &handler) => {
                // Of an earlier run: what rests still does, and the next one takes it up.
                let left = u32::try_from(recovered.engine.state().orders.iter_live().count()).unwrap_or(u32::MAX);
                return Ok(Ended { reason: why, left });
            }
        };
        let refused: Vec<&Refusal> = venues.iter().flat_map(|venue| &venue.refused).collect();
        if let Some(first) = refused.first()
            && venues.iter().all(|venue| venue.instruments.is_empty())
        {
            return Err(RunError::NothingToTrade { refused: refused.len(), first: (*first).clone() });
        }
        let texts: Vec<_> = venues.iter().flat_map(|venue| venue.texts.iter().cloned()).collect();
        let named = ties(&self.config).len();
        proof::prove(&mut self.config, &texts)?;
        tell_ties(named, &self.config);
        let watch = vetoes::Watch::of(&self.config, texts);
        let Assembled { wiring, routes, instruments, halted, terms, pulses } =
            assemble(venues).map_err(system("HTTP"))?;
        let news = settled(&recovered.engine, &instruments);
        let markets = instruments.len();
        // From here on nothing may fail but the journal: the engine's thread would trade without anybody to attend to it.
        let resume = if recovered.engine.is_killed() { self.lift_or_stay_down()? } else { None };
        let (engine, journal) = recovered.begin(&self.config, &self.order_prefix)?;
        // It is for people; a run does not hang on it.
        let mut ledger = LedgerFile::open(&self.config.run.data_dir, &engine)
            .inspect_err(|error| tracing::error!(%error, "the ledger of combos is not written"))
            .ok();
        self.may_rest = traded;
        let node = Node::new(Core::new(engine, journal), wiring);
        let handle = tokio::runtime::Handle::current();
        let told = move |engine: &Engine, effect: &Effect| {
            log(engine, effect);
            if let Some(ledger) = &mut ledger {
                ledger.note(engine, effect);
            }
        };
        let driver = Driver::new(node, routes, (words.clone(), mailbox), handle, Box::new(told));
        let (over, end) = oneshot::channel();
        std::thread::Builder::new()
            .name("engine".to_owned())
            .spawn(move || drop(over.send(driver.run(run, instruments))))
            .map_err(system("the engine's thread"))?;
        let lifecycle = |it: (Venue, LifecycleInput)| Input::Feed { venue: it.0, body: FeedInput::Lifecycle(it.1) };
        for input in news.into_iter().map(lifecycle) {
            drop(words.send(Word::Input(input)));
        }
        for (venue, market, reason) in halted {
            let reason = format!("its rules are not what the settlement table says: {reason}");
            drop(words.send(Word::Input(Input::Operator(Operator::HaltMarket { venue, market, reason }))));
        }
        if let Some(resume) = resume {
            drop(words.send(Word::Input(resume)));
        }

        let mut tasks = JoinSet::new();
        for pulse in pulses {
            let words = words.clone();
            tasks.spawn(pulse.run(words));
        }
        for (client, feed) in
            outside.into_iter().flat_map(|(client, feeds)| feeds.into_iter().map(move |it| (client.clone(), it)))
        {
            tasks.spawn(feeds::follow(feed, client, words.clone(), board.clone()));
        }
        for desk in self.desks(seats, &terms, &board) {
            tasks.spawn(desk.follow(words.clone()));
        }
        tasks.spawn(feeds::watch(board));
        tasks.spawn(watch.follow(handler.clone()));
        tasks.spawn(watch_halt_file(handler.clone(), self.config.control.poll));
        let remote = match remote {
            Some(door) => Some(self.serve_remote(door, &words, &mut tasks).await),
            None => None,
        };

        let halted = look(&words, |engine| {
            let needs_a_person = engine.state().halts.iter().find(|halt| halt.cause.needs_a_person());
            needs_a_person.map(|halt| format!("{}: {}", halt.cause, halt.reason))
        });
        let halted = halted.await.flatten();
        on_start(&Started { run, replayed, markets, halted, exchange, remote });
        let ended = self.attend(&words, end, &mut asked, exchange, signals, &handler).await;
        drop(control);
        tasks.abort_all();
        ended
    }

    /// A kill switch that the last run left pulled is lifted by a person's leave alone; the file may be gone for other reasons.
    fn lift_or_stay_down(&self) -> Result<Option<Input>, RunError> {
        let folder = &self.config.run.data_dir;
        if let Some(reason) = control::take_leave(folder).map_err(system("the leave to resume"))? {
            return Ok(Some(Input::Operator(Operator::Resume { reason })));
        }
        let put = control::put(folder, "the last run was halted, and nobody has resumed it");
        put.map_err(system("the halt file"))?;
        Ok(None)
    }

    /// Takes back what may rest, by the venues' word for "all". In doubt about what was on its way, it asks twice.
    async fn take_back(&self, error: &RunError) -> Vec<TakenBack> {
        if matches!(error, RunError::ExchangeGone(_)) || self.may_rest.is_empty() {
            return Vec::new();
        }
        let taken = self.cancel_all().await;
        let was_trading = matches!(error, RunError::Journal(_) | RunError::Panicked | RunError::Clock { .. });
        if !was_trading {
            return taken;
        }
        tokio::time::sleep(ASK_AGAIN).await;
        self.cancel_all().await
    }

    async fn cancel_all(&self) -> Vec<TakenBack> {
        let (live, mut taken) = (self.live.is_some(), Vec::new());
        let (kalshi, polymarket) = self.accesses.clone();
        if let Some(access) = kalshi.filter(|_| self.may_rest.contains(&Venue::Kalshi)) {
            taken.push(take_back::kalshi(access, live, seed(Clock::local_now())).await);
        }
        if let (Some(access), Some(venue)) = (polymarket, &self.config.polymarket)
            && self.may_rest.contains(&Venue::Polymarket)
        {
            let seed = seed(Clock::local_now());
            taken.push(take_back::polymarket(access, &venue.credentials_path, live, seed).await);
        }
        for it in &taken {
            tracing::warn!(venue = %it.venue, done = it.said.is_ok(), "{it}");
        }
        taken
    }

    /// The venues of this run.
    fn traded(&self) -> Vec<Venue> {
        let (kalshi, polymarket) = (self.accesses.0.is_some(), self.accesses.1.is_some());
        [(Venue::Kalshi, kalshi), (Venue::Polymarket, polymarket)]
            .into_iter()
            .filter(|it| it.1)
            .map(|it| it.0)
            .collect()
    }

    /// Reaches every venue that is traded.
    async fn reach(&self, [at_kalshi, at_polymarket]: [Wanted<'_>; 2]) -> Result<Vec<Reached>, RunError> {
        let now = Clock::local_now();
        let seed = seed(now);
        let (kalshi, polymarket) = self.accesses.clone();
        let mut reached = Vec::new();
        if let Some(KalshiAccess::At { env, credentials }) = kalshi {
            let client = venues::kalshi_client(env, credentials, seed)?;
            reached.push(venues::kalshi(client, self.live.as_ref(), &at_kalshi, (now, seed)).await?);
        }
        if let (Some(PolymarketAccess::At { env, wallet }), Some(venue)) = (polymarket, &self.config.polymarket) {
            let (path, live) = (&venue.credentials_path, self.live.as_ref());
            let client = venues::polymarket_client(env, wallet, path, live, seed).await?;
            reached.push(venues::polymarket(client, live, &at_polymarket, seed).await?);
        }
        Ok(reached)
    }

    fn wanted<'a>(&'a self, venue: Venue, engine: &Engine, table: &'a Table) -> Wanted<'a> {
        let enabled = || self.config.strategies.iter().filter(|it| it.enabled);
        let analysts = self.config.analysts.iter().filter(|it| it.enabled);
        let assessed = analysts.flat_map(|it| &it.markets).filter(|market| market.venue == venue);
        let assessed: BTreeSet<MarketTicker> = assessed.map(|market| market.market.clone()).collect();
        let named = enabled().flat_map(|it| &it.markets).filter(|market| market.venue == venue);
        let state = engine.state();
        let held = state.universe.iter().filter(|(market, instrument)| {
            let over = instrument.market.status == MarketStatus::Finalized;
            let flat = state.portfolio.account(*market).is_flat();
            let quiet = state.orders.open_in(*market).next().is_none();
            instrument.venue() == venue && !(over && flat && quiet)
        });
        let tied = enabled().flat_map(StrategyConfig::ties).flat_map(|tie| [tie.first, tie.second]);
        Wanted {
            named: named.map(|market| market.market.clone()).chain(assessed.iter().cloned()).collect(),
            held: held.map(|(_, instrument)| instrument.market.ticker.clone()).collect(),
            all: enabled().any(|it| it.all_markets),
            tied: tied.filter(|market| market.venue == venue).map(|market| market.market).collect(),
            assessed,
            judge: Some(Judge::new(&self.config, table)),
        }
    }

    /// Every analyst with what it assesses. One that reads wants to know how much was traded; without, it does as well.
    fn desks(&self, seats: Vec<Seat>, terms: &[MarketTerms], board: &Board) -> Vec<Desk> {
        let log = Arc::new(OpinionLog::new(&self.config.run.data_dir));
        let mut client = None;
        if let (Some(KalshiAccess::At { env, .. }), true) = (&self.accesses.0, seats.iter().any(Seat::reads)) {
            let config = brier_kalshi::Config::new(seed(Clock::local_now()));
            match brier_kalshi::Client::new(env.clone(), None, config) {
                Ok(public) => client = Some(public),
                Err(error) => tracing::warn!(%error, "analysts are not told how much was traded"),
            }
        }
        seats
            .into_iter()
            .map(|seat| Desk::new(seat, terms, client.clone(), board.clone(), (Arc::clone(&log), self.live.is_some())))
            .collect()
    }

    /// Opens the door of remote strategies, where one is configured. Whoever knocks waits.
    async fn open_remote(&self) -> Result<Option<Door>, RunError> {
        let Some(RemoteConfig { listen, token, .. }) = &self.config.remote else { return Ok(None) };
        let token = token.read(&self.environment)?;
        let listener = TcpListener::bind(listen).await.map_err(system("remote.listen"))?;
        let addr = listener.local_addr().map_err(system("remote.listen"))?;
        Ok(Some(Door { listener, addr, token }))
    }

    /// Answers whoever knocks.
    async fn serve_remote(
        &self,
        Door { listener, addr, token }: Door,
        words: &Teller,
        tasks: &mut JoinSet<()>,
    ) -> SocketAddr {
        let mut places = BTreeMap::new();
        for (place, it) in (0..).zip(&self.config.strategies) {
            if !it.enabled || !it.is_remote() {
                continue;
            }
            let markets = if it.all_markets {
                look(words, |engine| {
                    let all = engine.state().universe.iter();
                    all.map(|(_, it)| (it.venue(), it.market.ticker.to_string())).collect()
                })
                .await
                .unwrap_or_default()
            } else {
                it.markets.iter().map(|market| (market.venue, market.market.to_string())).collect()
            };
            places.insert(it.name.clone(), (brier_engine::StrategyId(place), markets));
        }
        let max_clients = self.config.remote.as_ref().map_or(0, |remote| remote.max_clients);
        let has_record = self.config.remote.as_ref().is_some_and(|remote| remote.record.is_some());
        let takes_fairs = self.live.is_none() || has_record;
        let config = remote::RemoteConfig { token, max_clients, takes_fairs, places };
        tasks.spawn(remote::serve(listener, config, words.clone()));
        addr
    }

    /// Waits for the end, and makes it an orderly one.
    async fn attend(
        &self,
        words: &Teller,
        mut end: oneshot::Receiver<DriverEnd<RunJournal>>,
        asked: &mut mpsc::Receiver<String>,
        exchange: Option<&RunningServer>,
        signals: &mut Signals,
        handler: &Handler,
    ) -> Result<Ended, RunError> {
        let reason = tokio::select! {
            over = &mut end => return over_before_time(over),
            why = asked_to_end(signals, asked, handler) => why,
            why = exchange_gone(exchange) => return Err(RunError::ExchangeGone(why)),
        };
        tracing::info!(reason, "winding down");
        drop(words.send(Word::Input(Input::Operator(Operator::WindDown))));
        let deadline = tokio::time::Instant::now() + self.config.run.shutdown_timeout;
        let mut left = live_orders(words).await;
        while !left.1 && tokio::time::Instant::now() < deadline {
            tokio::select! {
                over = &mut end => return over_before_time(over),
                () = tokio::time::sleep(LOOK_EVERY) => {}
                signal = signals.next() => match signal {
                    // Asked again, it waits no longer.
                    Signal::End(_) => break,
                    Signal::Kill => drop(handler.kill("SIGUSR1")),
                },
            }
            left = live_orders(words).await;
        }
        drop(words.send(Word::Stop));
        match end.await {
            Ok(DriverEnd::Stopped(mut node)) => {
                node.core_mut().sink_mut().close().map_err(RunError::Journal)?;
                Ok(Ended { reason, left: left.0 })
            }
            other => over_before_time(other),
        }
    }
}

/// How many orders may still fill, and whether everything has come to rest.
async fn live_orders(words: &Teller) -> (u32, bool) {
    let counted = look(words, |engine| {
        let live = engine.state().orders.iter_live().count();
        (u32::try_from(live).unwrap_or(u32::MAX), engine.is_idle())
    });
    counted.await.unwrap_or_default()
}

/// Waits until somebody wants the run to end, and says who. A signal to halt halts.
async fn asked_to_end(signals: &mut Signals, asked: &mut mpsc::Receiver<String>, handler: &Handler) -> String {
    loop {
        tokio::select! {
            signal = signals.next() => match signal {
                Signal::End(word) => return word.to_owned(),
                Signal::Kill => {
                    if let Err(error) = handler.kill("SIGUSR1") {
                        tracing::error!(%error, "the halt file could not be written: a next run would start");
                    }
                }
            },
            Some(who) = asked.recv() => return who,
        }
    }
}

/// A seed for what may differ from run to run, such as waits before a retry.
pub(crate) fn seed(now: Timestamp) -> u64 {
    now.nanos().unsigned_abs() ^ u64::from(std::process::id())
}

fn clock_is_behind(engine: Timestamp) -> RunError {
    RunError::Clock { wall: Clock::local_now().to_string(), engine: engine.to_string() }
}

fn over_before_time(over: Result<DriverEnd<RunJournal>, oneshot::error::RecvError>) -> Result<Ended, RunError> {
    match over {
        Ok(DriverEnd::Journal(error)) => Err(RunError::Journal(error)),
        Ok(DriverEnd::Clock(behind)) => Err(clock_is_behind(Clock::local_now().plus(behind))),
        Ok(DriverEnd::Stopped(_)) => Ok(Ended { reason: "stopped".to_owned(), left: 0 }),
        Err(_gone) => Err(RunError::Panicked),
    }
}

async fn exchange_gone(exchange: Option<&RunningServer>) -> String {
    match exchange {
        Some(exchange) => {
            exchange.failed().await;
            exchange.journal_failure().unwrap_or("its thread ended").to_owned()
        }
        None => std::future::pending().await,
    }
}

fn open_control(folder: &Path, handler: &Handler) -> std::io::Result<ControlServer> {
    ControlServer::start(folder, handler.clone())
}

/// Venues put together: what a node and its shell are made of.
#[derive(Debug)]
pub struct Assembled {
    /// Streams and gateways.
    pub wiring: Wiring,
    /// Where they lead.
    pub routes: Routes,
    /// What is to be listed.
    pub instruments: Vec<Instrument>,
    /// Markets that are listed and to be halted, with why.
    pub halted: Vec<(Venue, MarketTicker, String)>,
    /// What the contracts of the markets that analysts assess say.
    pub terms: Vec<MarketTerms>,
    /// What is done at the venues beside the engine.
    pub pulses: Vec<Pulse>,
}

/// Puts what the venues gave together.
///
/// # Errors
/// When the system has no root certificates, and a venue needs them.
pub fn assemble(venues: Vec<Reached>) -> Result<Assembled, std::io::Error> {
    let mut wiring = Wiring { kalshi: None, books: Vec::new(), user: None, gateways: Vec::new() };
    let (mut sockets, mut hosts) = (BTreeMap::new(), BTreeMap::new());
    let (mut instruments, mut halted, mut pulses) = (Vec::new(), Vec::new(), Vec::new());
    let mut terms = Vec::new();
    for reached in venues {
        wiring.kalshi = wiring.kalshi.or(reached.kalshi);
        wiring.books.extend(reached.books);
        wiring.user = wiring.user.or(reached.user);
        wiring.gateways.push(reached.gateway);
        sockets.extend(reached.sockets);
        hosts.extend(reached.hosts);
        let venue = reached.instruments.first().map(Instrument::venue);
        halted.extend(
            venue
                .into_iter()
                .flat_map(|venue| reached.halted.iter().map(move |it| (venue, it.0.clone(), it.1.clone()))),
        );
        instruments.extend(reached.instruments);
        terms.extend(reached.terms);
        pulses.push(reached.pulse);
    }
    let tls = hosts.values().any(|it: &Address| it.origin.starts_with("https:"));
    // Calls bring their own, shorter deadlines.
    let (connect_timeout, timeout) = (Duration::from_secs(5), Duration::from_secs(30));
    let client = http::client(HttpOptions { connect_timeout, timeout, tls, near: !tls });
    let http = client.map_err(std::io::Error::other)?;
    let routes = Routes { sockets, caller: Caller::new(http, hosts) };
    Ok(Assembled { wiring, routes, instruments, halted, terms, pulses })
}

/// What happened to markets of an earlier run while nobody listened.
fn settled(engine: &Engine, instruments: &[Instrument]) -> Vec<(Venue, LifecycleInput)> {
    let known = |it: &&Instrument| engine.state().universe.find(it.venue(), it.market.ticker.as_str()).is_some();
    instruments
        .iter()
        .filter(known)
        .filter(|it| it.market.result.is_some() || it.market.status == MarketStatus::Finalized)
        .map(|it| {
            let life = LifecycleInput {
                market: it.market.ticker.clone(),
                status: Some(it.market.status),
                result: it.market.result,
                close_time: Some(it.market.close_time),
            };
            (it.venue(), life)
        })
        .collect()
}

/// Looks for the halt file. What cannot be looked at halts as well.
async fn watch_halt_file(handler: Handler, poll: Duration) {
    let mut ticks = tokio::time::interval(poll);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let reason = match control::halted(&handler.folder) {
            Ok(None) => continue,
            Ok(Some(halt)) => halt.reason,
            Err(error) => format!("the file {} cannot be looked for: {error}", control::HALT_FILE),
        };
        // As long as it is there, not only when it comes: it may have been put back between two looks.
        if look(&handler.words, Engine::is_killed).await == Some(false) {
            tracing::warn!(reason, "halted by file");
            drop(handler.words.send(Word::Input(Input::Operator(Operator::Halt { reason }))));
        }
    }
}

/// What people are told as it happens.
fn log(engine: &Engine, effect: &Effect) {
    match effect {
        // Every start waits for the venues' word.
        Effect::Alert(alert @ Alert::Halted { reason, .. }) if reason == brier_engine::halts::STARTED => {
            tracing::info!(alert = kind(alert), "{}", text(engine, alert));
        }
        // Everything but the everyday somebody should look at.
        Effect::Alert(alert) if is_everyday(alert) => tracing::info!(alert = kind(alert), "{}", text(engine, alert)),
        Effect::Alert(alert) => tracing::warn!(alert = kind(alert), "{}", text(engine, alert)),
        Effect::Notice(text) => tracing::info!(text, "notice"),
        Effect::Connect(socket, wait) => tracing::info!(?socket, ?wait, "connecting"),
        Effect::Hangup(socket) => tracing::info!(?socket, "hanging up"),
        Effect::Call(venue, call) => {
            tracing::debug!(%venue, id = call.id.0, method = call.method.as_str(), target = call.target, "call");
        }
        Effect::Send(..) | Effect::Ping(_) => {}
    }
}

/// Refused by our own risk, or a combo that ended as it may.
fn is_everyday(alert: &Alert) -> bool {
    match alert {
        Alert::Refused { .. } => true,
        Alert::Attempt(it) => matches!(it.ended, ComboEnded::Refused | ComboEnded::Nothing | ComboEnded::Complete),
        _ => false,
    }
}

/// The kind of an alert, to filter a log by.
const fn kind(alert: &Alert) -> &'static str {
    match alert {
        Alert::Refused { .. } => "refused",
        Alert::Halted { .. } => "halted",
        Alert::Resumed { .. } => "resumed",
        Alert::Discrepancy { .. } => "discrepancy",
        Alert::Anomaly { .. } => "anomaly",
        Alert::Rejected { .. } => "rejected",
        Alert::Told(_) => "told",
        Alert::Combo { .. } => "combo",
        Alert::Attempt(_) => "attempt",
    }
}

/// An alert for people.
fn text(engine: &Engine, alert: &Alert) -> String {
    let name = |it| scope(engine, it);
    match alert {
        Alert::Refused { market, refusal } => format!("{} refused by risk: {refusal}", name(Scope::Market(*market))),
        Alert::Halted { scope, reason } => format!("{} halted: {reason}", name(*scope)),
        Alert::Resumed { scope, reason } => format!("{} goes on: {reason}", name(*scope)),
        Alert::Discrepancy { venue, market: None, text } => format!("{venue} differs: {text}"),
        Alert::Discrepancy { market: Some(market), text, .. } => {
            format!("{} differs: {text}", name(Scope::Market(*market)))
        }
        Alert::Anomaly { venue, text } => format!("{venue} says what cannot be: {text}"),
        Alert::Rejected { market, text } => format!("{} refused by the venue: {text}", name(Scope::Market(*market))),
        Alert::Told(text) | Alert::Combo { text } => text.clone(),
        Alert::Attempt(it) => {
            let why = if it.why.is_empty() { String::new() } else { format!(": {}", it.why) };
            let made = it.realised.map_or_else(String::new, |made| format!(", ${made} made"));
            format!(
                "combo {} {}{why}; {} sets of {}, ${} expected and ${} sure{made}",
                it.combo,
                it.ended.word(),
                it.sets,
                it.qty,
                it.expected,
                it.locked_in
            )
        }
    }
}

/// What a signal asks for.
enum Signal {
    End(&'static str),
    Kill,
}

/// The signals that end a run in peace, and the one that halts it.
struct Signals {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    kill: tokio::signal::unix::Signal,
}

impl Signals {
    #[cfg(unix)]
    fn new() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            kill: signal(SignalKind::user_defined1())?,
        })
    }

    #[cfg(not(unix))]
    #[expect(clippy::unnecessary_wraps, reason = "same signature as on unix")]
    fn new() -> std::io::Result<Self> {
        Ok(Self {})
    }

    #[cfg(unix)]
    async fn next(&mut self) -> Signal {
        tokio::select! {
            _ = self.terminate.recv() => Signal::End("SIGTERM"),
            _ = self.interrupt.recv() => Signal::End("Ctrl-C"),
            _ = self.kill.recv() => Signal::Kill,
        }
    }

    #[cfg(not(unix))]
    async fn next(&mut self) -> Signal {
        drop(tokio::signal::ctrl_c().await);
        Signal::End("Ctrl-C")
    }
}
