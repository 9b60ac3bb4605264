//! A live run, from its first word to its last.
//!
//! It starts in five acts: the embedded exchange where one is wanted; the journal, which brings the engine to where the last
//! run left it; the venues; the thread that owns the engine; the doors (control socket, remote strategies, halt file,
//! signals). It ends in four: stop quoting and take back what rests; wait for the venues' word; bring the journal to the disk
//! and end the thread; stop the embedded exchange and give the locks back.
//!
//! Invariant: a run that ended by its journal's failure has sent nothing that the journal does not have.

mod handler;
mod paper;
#[cfg(test)]
#[cfg(unix)]
mod tests;
pub mod venues;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::mpsc::Sender;
use std::time::Duration;

use brier_connect::clock::Clock;
use brier_connect::http::{self, HttpOptions};
use brier_engine::{Alert, Engine, Input, Instrument, Operator};
use brier_exchange::RunningServer;
use brier_store::JournalError;
use brier_types::{Input as FeedInput, LifecycleInput, MarketStatus, Venue};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

use crate::config::{Config, Environment, PaperConfig, RemoteConfig};
use crate::control::{self, ControlServer};
use crate::core::Core;
use crate::driver::{Driver, DriverEnd, Routes, Word, look};
use crate::gateway::LiveToken;
use crate::journal::{self, RunJournal};
use crate::node::{Effect, Node, Wiring};
use crate::recovery::RecoveryError;
use crate::remote;
use crate::run::{KalshiAccess, PolymarketAccess, Prepared};
use crate::secrets::SecretError;
use handler::Handler;
pub use paper::PaperError;
pub use venues::VenueError;
use venues::{Pulse, Reached, Wanted};

/// How often it is looked whether everything has come to rest.
const LOOK_EVERY: Duration = Duration::from_millis(50);

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
}

impl RunError {
    /// What to do.
    pub const fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Venue(VenueError::Unlisted { .. }) => {
                Some("correct the strategy's `markets`; a paper run lists what `paper.catalog` names")
            }
            Self::Venue(VenueError::Unreachable { .. }) => Some(
                "`brier doctor` looks at keys, clock and venues; orders of an earlier run may still rest: `brier halt CONFIG --cancel-all`",
            ),
            Self::Recovery(RecoveryError::In { .. }) => {
                Some("run the version that wrote it, or give the run a new `run.data_dir` once the account is flat")
            }
            Self::Journal(_) | Self::Panicked => Some(
                "its orders may still rest at the venues: start it again, or take them back with `brier halt CONFIG --cancel-all`",
            ),
            _ => None,
        }
    }
}

const fn system(what: &'static str) -> impl FnOnce(std::io::Error) -> RunError {
    move |source| RunError::System { what, source }
}

/// Runs until a person, a signal or a broken journal ends it. `on_start` is told once, when everything has begun.
///
/// # Errors
/// [`RunError`].
pub async fn run(prepared: Prepared, on_start: impl FnOnce(&Started<'_>)) -> Result<Ended, RunError> {
    let Prepared { config, environment, live, kalshi, polymarket, order_prefix, locks } = prepared;
    let mut signals = Signals::new().map_err(system("signals"))?;
    let exchange = if config.embeds() { Some(paper::start(&config.paper).await?) } else { None };
    let accesses = open_accesses(exchange.as_ref(), &config.paper, kalshi, polymarket).await?;
    let trading = Trading { config, environment, live, order_prefix };
    let ended = trading.trade(accesses, exchange.as_ref(), &mut signals, on_start).await;
    if let Some(exchange) = exchange {
        exchange.shutdown().await;
    }
    drop(locks);
    ended
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
}

impl Trading {
    async fn trade(
        self,
        accesses: Accesses,
        exchange: Option<&RunningServer>,
        signals: &mut Signals,
        on_start: impl FnOnce(&Started<'_>),
    ) -> Result<Ended, RunError> {
        let opened = journal::open(&self.config, &self.order_prefix)?;
        if let Some(replayed) = &opened.replayed {
            tracing::info!(run = replayed.run, inputs = replayed.inputs, "replayed");
        }
        let wanted = [Venue::Kalshi, Venue::Polymarket].map(|venue| self.wanted(venue, &opened.engine));
        let venues = self.reach(accesses, wanted).await?;
        let names: Vec<Venue> = venues.iter().map(|reached| reached.gateway.venue()).collect();
        let Assembled { wiring, routes, instruments, pulses } = assemble(venues).map_err(system("HTTP"))?;
        let news = settled(&opened.engine, &instruments);
        let markets = instruments.len();
        let was_killed = opened.engine.is_killed();

        let (words, receiver) = std::sync::mpsc::channel();
        let node = Node::new(Core::new(opened.engine, opened.journal), wiring);
        let handle = tokio::runtime::Handle::current();
        let driver = Driver::new(node, routes, (words.clone(), receiver), handle, Box::new(|_, effect| log(effect)));
        let run = opened.run;
        let (over, end) = oneshot::channel();
        std::thread::Builder::new()
            .name("engine".to_owned())
            .spawn(move || drop(over.send(driver.run(run, instruments))))
            .map_err(system("the engine's thread"))?;
        let lifecycle = |it: (Venue, LifecycleInput)| Input::Feed { venue: it.0, body: FeedInput::Lifecycle(it.1) };
        for input in news.into_iter().map(lifecycle) {
            drop(words.send(Word::Input(input)));
        }
        if was_killed {
            self.lift_or_stay_down(&words)?;
        }

        let (stop, mut asked) = mpsc::channel(1);
        let handler = Handler {
            words: words.clone(),
            stop,
            name: self.config.run.name.clone(),
            mode: if self.live.is_some() { "live" } else { "paper" },
            run,
            folder: self.config.run.data_dir.clone(),
            venues: names.clone(),
        };
        let mut tasks = JoinSet::new();
        for pulse in pulses {
            let words = words.clone();
            tasks.spawn(pulse.run(words));
        }
        tasks.spawn(watch_halt_file(handler.clone(), self.config.control.poll));
        let remote = self.open_remote(&words, &mut tasks).await?;
        let control = self.config.control.socket.then(|| open_control(&self.config.run.data_dir, &handler));
        let control = control.transpose().map_err(system("the control socket"))?;

        let halted = look(&words, |engine| {
            let needs_a_person = engine.state().halts.iter().find(|halt| halt.cause.needs_a_person());
            needs_a_person.map(|halt| format!("{}: {}", halt.cause, halt.reason))
        });
        let halted = halted.await.flatten();
        let replayed = opened.replayed.as_ref().map_or(0, |replayed| replayed.inputs);
        on_start(&Started { run, replayed, markets, halted, exchange, remote });
        let ended = self.attend(&words, end, &mut asked, exchange, signals, &handler).await;
        drop(control);
        tasks.abort_all();
        ended
    }

    /// A kill switch that the last run left pulled is lifted by a person's leave alone; the file may be gone for other reasons.
    fn lift_or_stay_down(&self, words: &Sender<Word>) -> Result<(), RunError> {
        let folder = &self.config.run.data_dir;
        if let Some(reason) = control::take_leave(folder).map_err(system("the leave to resume"))? {
            drop(words.send(Word::Input(Input::Operator(Operator::Resume { reason }))));
        } else {
            let put = control::put(folder, "the last run was halted, and nobody has resumed it");
            put.map_err(system("the halt file"))?;
        }
        Ok(())
    }

    /// Reaches every venue that is traded.
    async fn reach(
        &self,
        (kalshi, polymarket): Accesses,
        [at_kalshi, at_polymarket]: [Wanted; 2],
    ) -> Result<Vec<Reached>, RunError> {
        let now = Clock::local_now();
        let seed = now.nanos().unsigned_abs() ^ u64::from(std::process::id());
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

    fn wanted(&self, venue: Venue, engine: &Engine) -> Wanted {
        let enabled = || self.config.strategies.iter().filter(|it| it.enabled);
        let named = enabled().flat_map(|it| &it.markets).filter(|market| market.venue == venue);
        let state = engine.state();
        let held = state.universe.iter().filter(|(market, instrument)| {
            let over = instrument.market.status == MarketStatus::Finalized;
            let flat = state.portfolio.account(*market).is_flat();
            let quiet = state.orders.open_in(*market).next().is_none();
            instrument.venue() == venue && !(over && flat && quiet)
        });
        Wanted {
            named: named.map(|market| market.market.clone()).collect(),
            held: held.map(|(_, instrument)| instrument.market.ticker.clone()).collect(),
            all: enabled().any(|it| it.all_markets),
        }
    }

    /// Opens the door of remote strategies, where one is configured.
    async fn open_remote(&self, words: &Sender<Word>, tasks: &mut JoinSet<()>) -> Result<Option<SocketAddr>, RunError> {
        let Some(RemoteConfig { listen, token, max_clients }) = &self.config.remote else { return Ok(None) };
        let token = token.read(&self.environment)?;
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
        let listener = tokio::net::TcpListener::bind(listen).await.map_err(system("remote.listen"))?;
        let addr = listener.local_addr().map_err(system("remote.listen"))?;
        let config = remote::RemoteConfig { token, max_clients: *max_clients, places };
        tasks.spawn(remote::serve(listener, config, words.clone()));
        Ok(Some(addr))
    }

    /// Waits for the end, and makes it an orderly one.
    async fn attend(
        &self,
        words: &Sender<Word>,
        mut end: oneshot::Receiver<DriverEnd<RunJournal>>,
        asked: &mut mpsc::Receiver<String>,
        exchange: Option<&RunningServer>,
        signals: &mut Signals,
        handler: &Handler,
    ) -> Result<Ended, RunError> {
        let reason = loop {
            tokio::select! {
                over = &mut end => return over_before_time(over),
                signal = signals.next() => match signal {
                    Signal::End(word) => break word.to_owned(),
                    Signal::Kill => {
                        if let Err(error) = handler.kill("SIGUSR1") {
                            tracing::error!(%error, "the halt file could not be written: a next run would start");
                        }
                    }
                },
                Some(who) = asked.recv() => break who,
                why = exchange_gone(exchange) => return Err(RunError::ExchangeGone(why)),
            }
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
async fn live_orders(words: &Sender<Word>) -> (u32, bool) {
    let counted = look(words, |engine| {
        let live = engine.state().orders.iter_live().count();
        (u32::try_from(live).unwrap_or(u32::MAX), engine.is_idle())
    });
    counted.await.unwrap_or_default()
}

fn over_before_time(over: Result<DriverEnd<RunJournal>, oneshot::error::RecvError>) -> Result<Ended, RunError> {
    match over {
        Ok(DriverEnd::Journal(error)) => Err(RunError::Journal(error)),
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
    /// What is done at the venues beside the engine.
    pub pulses: Vec<Pulse>,
}

/// Puts what the venues gave together.
///
/// # Errors
/// When the system has no root certificates, and a venue needs them.
pub fn assemble(venues: Vec<Reached>) -> Result<Assembled, std::io::Error> {
    let mut wiring = Wiring { kalshi: None, books: Vec::new(), user: None, gateways: Vec::new() };
    let (mut sockets, mut origins) = (BTreeMap::new(), BTreeMap::new());
    let (mut instruments, mut pulses) = (Vec::new(), Vec::new());
    for reached in venues {
        wiring.kalshi = wiring.kalshi.or(reached.kalshi);
        wiring.books.extend(reached.books);
        wiring.user = wiring.user.or(reached.user);
        wiring.gateways.push(reached.gateway);
        sockets.extend(reached.sockets);
        origins.extend(reached.origins);
        instruments.extend(reached.instruments);
        pulses.push(reached.pulse);
    }
    let tls = origins.values().any(|origin: &String| origin.starts_with("https:"));
    // Calls bring their own, shorter deadlines.
    let (connect_timeout, timeout) = (Duration::from_secs(5), Duration::from_secs(30));
    let client = http::client(HttpOptions { connect_timeout, timeout, tls, near: !tls });
    let http = client.map_err(std::io::Error::other)?;
    Ok(Assembled { wiring, routes: Routes { sockets, origins, http }, instruments, pulses })
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
fn log(effect: &Effect) {
    match effect {
        // Refused by our own risk is everyday; everything else somebody should look at.
        Effect::Alert(alert @ Alert::Refused { .. }) => tracing::info!(?alert, "alert"),
        Effect::Alert(alert) => tracing::warn!(?alert, "alert"),
        Effect::Notice(text) => tracing::info!(text, "notice"),
        Effect::Connect(socket, wait) => tracing::info!(?socket, ?wait, "connecting"),
        Effect::Hangup(socket) => tracing::info!(?socket, "hanging up"),
        Effect::Call(venue, call) => {
            tracing::debug!(%venue, id = call.id.0, method = call.method.as_str(), target = call.target, "call");
        }
        Effect::Send(..) | Effect::Ping(_) => {}
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
