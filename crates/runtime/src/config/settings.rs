//! The configuration as the program uses it, and the rules between settings that no single key can hold.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use brier_connect::host::is_near;
use brier_engine::risk::{Budget, Limits};
use brier_engine::{EngineConfig, ExitRules, Strategy, VenueHabits};
use brier_feeds::source::Spec;
use brier_pairing::verdict::TailKind;
use brier_types::{Money, Price, Qty, Venue};

use super::analysts::{self, AnalystConfig, AnalystTables};
use super::feeds;
use super::kinds::{self, REMOTE, StrategyKind};
use super::layers::Values;
use super::problem::{Origin, Problem};
use super::risk;
use super::value::{MarketName, TieName, Value};
use crate::journal::Durability;
use crate::secrets::Reference;

/// Everything that is fixed for a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// The run as a whole.
    pub run: RunConfig,
    /// The embedded exchange.
    pub paper: PaperConfig,
    /// Kalshi; `None` when it is not traded.
    pub kalshi: Option<KalshiConfig>,
    /// Polymarket; `None` when it is not traded.
    pub polymarket: Option<PolymarketConfig>,
    /// What no order may exceed.
    pub risk: Limits,
    /// How wants become requests.
    pub execution: ExecutionConfig,
    /// Comparing with the venues.
    pub reconcile: ReconcileConfig,
    /// Strategies in the order of the file: their place is their [`brier_engine::StrategyId`]. Those that are off keep theirs.
    pub strategies: Vec<StrategyConfig>,
    /// Data from outside.
    pub feeds: FeedsConfig,
    /// Who forms opinions, in the order of the file; those that are off too.
    pub analysts: Vec<AnalystConfig>,
    /// Strategies of other programs.
    pub remote: Option<RemoteConfig>,
    /// How the process is reached.
    pub control: ControlConfig,
    /// What the process says.
    pub log: LogConfig,
    /// All of it as a file: what [`super::read_back`] makes the same configuration of.
    pub text: String,
}

/// Play money or real money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Play money.
    Paper,
    /// Real money.
    Live,
}

/// `[run]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunConfig {
    /// What the run is called.
    pub name: String,
    /// Where journal, snapshots, lock and control socket are.
    pub data_dir: PathBuf,
    /// Play money or real money, by the configuration's word.
    pub mode: Mode,
    /// What the journal waits for before anything is sent.
    pub durability: Durability,
    /// How long an orderly end may wait.
    pub shutdown_timeout: Duration,
}

/// `[paper]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaperConfig {
    /// What the embedded exchange lists.
    pub catalog: Option<PathBuf>,
    /// Play money on each venue.
    pub funds: Money,
    /// Where the embedded exchange keeps its journal.
    pub data_dir: PathBuf,
}

/// Where a private key is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeySource {
    /// A file that only its owner can read.
    File(PathBuf),
    /// Elsewhere.
    Reference(Reference),
}

/// `[kalshi]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KalshiConfig {
    /// Where it is; `None` is the embedded exchange, which makes its own key.
    pub at: Option<brier_kalshi::Env>,
    /// The API key's id and private half. Always there unless embedded.
    pub key: Option<(Reference, KeySource)>,
    /// How it is worked with.
    pub habits: VenueHabits,
}

/// `[polymarket]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolymarketConfig {
    /// Where it is; `None` is the embedded exchange, which makes its own wallet.
    pub at: Option<brier_polymarket::Env>,
    /// The wallet's private key. Always there unless embedded.
    pub key: Option<KeySource>,
    /// `eoa`, `proxy`, `safe` or `deposit`.
    pub signature_type: String,
    /// The account's wallet, where it does not follow from the key.
    pub wallet: Option<String>,
    /// Where API credentials are kept.
    pub credentials_path: PathBuf,
    /// How it is worked with.
    pub habits: VenueHabits,
}

/// `[execution]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExecutionConfig {
    /// A quote this close to where it is wanted stays.
    pub keep_within: Price,
    /// Remainders this close to what is wanted stay.
    pub keep_qty: Qty,
    /// After this long without an answer an order is in doubt.
    pub answer_timeout: Duration,
    /// First wait before the venue is asked.
    pub ask_after: Duration,
    /// Time between two timer signals.
    pub timer: Duration,
    /// Orders for which memory is made at the start.
    pub order_room: u32,
}

/// `[reconcile]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReconcileConfig {
    /// Time between two comparisons.
    pub interval: Duration,
    /// Comparisons that must agree before the venue's word is adopted.
    pub adopt_after: u32,
}

/// One `[[strategy]]`.
#[derive(Clone, Debug, PartialEq)]
pub struct StrategyConfig {
    /// What it is called.
    pub name: String,
    /// Which strategy.
    pub kind: String,
    /// Whether it trades.
    pub enabled: bool,
    /// What it trades.
    pub markets: Vec<MarketName>,
    /// Whether it sees every market.
    pub all_markets: bool,
    /// Where its model's scored markets are.
    pub record: Option<PathBuf>,
    /// Contracts that may fill within Kalshi's 15 seconds.
    pub group_limit: Option<Qty>,
    /// What it may use of the limits.
    pub budget: Budget,
    /// When its positions are closed without its word.
    pub exits: ExitRules,
    /// Its parameters, checked against its kind.
    pub parameters: Values,
}

impl StrategyConfig {
    /// Makes the strategy; `None` when it runs in another program, or is of a kind nobody knows, which [`super::load`] refuses.
    pub fn make(&self) -> Option<Box<dyn Strategy>> {
        kinds::find(&self.kind).and_then(|kind| kind.make).map(|make| make(self))
    }

    /// Whether it trades the opinion of a model of its own.
    pub fn has_model(&self) -> bool {
        kinds::find(&self.kind).is_some_and(|kind| kind.has_model)
    }

    /// Whether it trades, or quotes around, what somebody says that a market is worth.
    pub fn reads_fair(&self) -> bool {
        matches!(self.kind.as_str(), "taker" | "fundamental" | "carry" | "market_maker" | "logit_maker")
    }

    /// Whether it does nothing unless somebody says what a market is worth.
    pub fn needs_fair(&self) -> bool {
        matches!(self.kind.as_str(), "taker" | "fundamental" | "carry")
    }

    /// The ties of markets that it trades.
    pub fn ties(&self) -> Vec<TieName> {
        // Without a value where what was written is none: that is a problem of its own, told by name and line.
        let known = self.parameters.has("pairs");
        known.then(|| self.parameters.maybe_ties("pairs")).flatten().unwrap_or_default()
    }

    /// The file in which people decided about its ties.
    pub fn decisions(&self) -> Option<PathBuf> {
        self.parameters.has("decisions").then(|| self.parameters.maybe_path("decisions")).flatten()
    }

    /// Ends that are not ordinary and that its operator accepts for every tie.
    pub fn accepted_tails(&self) -> BTreeSet<TailKind> {
        self.tail_words().split(',').filter_map(|word| word.trim().parse().ok()).collect()
    }

    fn tail_words(&self) -> String {
        let known = self.parameters.has("accept_tails");
        known.then(|| self.parameters.maybe_text("accept_tails")).flatten().unwrap_or_default()
    }

    /// Whether it connects from outside.
    pub fn is_remote(&self) -> bool {
        self.kind == REMOTE
    }
}

/// What happens to a market whose rules are not what the settlement table says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnDisagreement {
    /// It is left out of the run.
    Refuse,
    /// It is told, and traded.
    Warn,
}

/// `[feeds]`, with every `[[feed]]`.
#[derive(Clone, Debug, PartialEq)]
pub struct FeedsConfig {
    /// Who is asked instead of the vendors.
    pub emulator: Option<String>,
    /// Whom a vendor can write to.
    pub contact: Option<String>,
    /// The settlement table; the embedded one without.
    pub settlement: Option<PathBuf>,
    /// What its disagreements mean.
    pub rules: OnDisagreement,
    /// The feeds that are on.
    pub list: Vec<FeedConfig>,
}

/// One `[[feed]]`.
#[derive(Clone, Debug, PartialEq)]
pub struct FeedConfig {
    /// What it is called.
    pub name: String,
    /// What is asked.
    pub spec: Spec,
    /// How often, where it does not stream; by the vendor's habits without.
    pub every: Option<Duration>,
    /// The vendor's key.
    pub key: Option<Reference>,
}

/// `[remote]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteConfig {
    /// Where they connect.
    pub listen: SocketAddr,
    /// What they have to know.
    pub token: Reference,
    /// The most connections at once.
    pub max_clients: u32,
    /// Where scored markets are that show that their fair values beat the market.
    pub record: Option<PathBuf>,
}

/// `[control]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ControlConfig {
    /// How often the halt file is looked for.
    pub poll: Duration,
    /// Whether the socket is opened.
    pub socket: bool,
}

/// `[log]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogConfig {
    /// One JSON object a line.
    pub json: bool,
    /// What is said.
    pub level: String,
    /// Where it goes; stderr without.
    pub file: Option<PathBuf>,
}

/// All tables, resolved.
pub(super) struct Tables {
    pub(super) sections: Vec<(&'static str, Values)>,
    pub(super) strategies: Vec<StrategyTables>,
    pub(super) feeds: Vec<(Values, Origin)>,
    pub(super) analysts: Vec<AnalystTables>,
}

/// The tables of one strategy.
pub(super) struct StrategyTables {
    pub(super) keys: Values,
    pub(super) kind: Option<&'static StrategyKind>,
    pub(super) parameters: Values,
    pub(super) exits: Values,
    /// Where it stands.
    pub(super) origin: Origin,
}

impl Tables {
    pub(super) fn section(&self, name: &str) -> &Values {
        let found = self.sections.iter().find(|(known, _)| *known == name);
        &found.unwrap_or_else(|| panic!("`{name}` is a section")).1
    }
}

/// Builds the configuration. What contradicts goes to `problems`; the configuration must not be used then.
pub(super) fn build(tables: &Tables, data_folder: Option<PathBuf>, problems: &mut Vec<Problem>) -> Config {
    let run = run(tables.section("run"), data_folder, problems);
    let paper = paper(tables.section("paper"), &run);
    let strategies: Vec<StrategyConfig> = tables.strategies.iter().map(strategy).collect();
    let analysts = analysts::analysts(tables, &run, problems);
    let traded = |venue| {
        let traded = strategies.iter().filter(|it| it.enabled).flat_map(|it| &it.markets);
        // By its table: an analyst that is wrong elsewhere shall not make its venue one that nobody trades.
        let assessed = tables.analysts.iter().filter(|it| it.keys.flag("enabled"));
        let assessed = assessed.flat_map(|it| it.keys.markets("markets"));
        traded.cloned().chain(assessed).any(|market| market.venue == venue)
    };
    let reconcile = reconcile(tables.section("reconcile"));
    let kalshi = tables.section("kalshi");
    let kalshi = enabled(kalshi, traded(Venue::Kalshi)).then(|| self::kalshi(kalshi, &run, &reconcile, problems));
    let polymarket = tables.section("polymarket");
    let polymarket = enabled(polymarket, traded(Venue::Polymarket))
        .then(|| self::polymarket(polymarket, &run, &reconcile, problems));
    let config = Config {
        paper,
        kalshi,
        polymarket,
        risk: risk::limits(tables.section("risk"), strategies.iter().map(|it| it.budget).collect()),
        execution: execution(tables.section("execution")),
        reconcile,
        strategies,
        feeds: feeds::feeds(tables, run.mode, problems),
        analysts,
        remote: remote(tables.section("remote"), problems),
        control: control(tables.section("control")),
        log: log(tables.section("log"), problems),
        text: String::new(),
        run,
    };
    check_strategies(tables, &config, problems);
    // Where something else is wrong, that is why.
    if problems.is_empty() {
        check_venues(&config, problems);
    }
    config
}

fn run(set: &Values, data_folder: Option<PathBuf>, problems: &mut Vec<Problem>) -> RunConfig {
    let name = set.text("name");
    let mode = if set.text("mode") == "live" { Mode::Live } else { Mode::Paper };
    let durability = match set.text("durability").as_str() {
        "write" => Durability::Write,
        "none" => Durability::None,
        _ => Durability::Fsync,
    };
    if mode == Mode::Live && durability != Durability::Fsync {
        problems.push(
            Problem::new(
                set.origin("durability"),
                "run.durability",
                "a live run has to keep its intents before it acts on them",
            )
            .hint("leave it at \"fsync\""),
        );
    }
    let data_dir = set.maybe_path("data_dir").or_else(|| data_folder.map(|folder| folder.join("run").join(&name)));
    let data_dir = data_dir.unwrap_or_else(|| {
        problems.push(Problem::new(
            &Origin::Default,
            "run.data_dir",
            "has to be set: neither XDG_DATA_HOME nor HOME names a folder",
        ));
        PathBuf::new()
    });
    RunConfig { data_dir, mode, durability, shutdown_timeout: set.secs("shutdown_timeout_s"), name }
}

fn paper(set: &Values, run: &RunConfig) -> PaperConfig {
    PaperConfig {
        catalog: set.maybe_path("catalog"),
        funds: set.dollars("funds_dollars"),
        data_dir: set.maybe_path("data_dir").unwrap_or_else(|| run.data_dir.join("exchange")),
    }
}

fn enabled(set: &Values, traded: bool) -> bool {
    set.maybe_flag("enabled").unwrap_or(traded)
}

/// What a venue's `env`, `url` and the run's mode must not say together.
fn check_place(section: &str, set: &Values, run: &RunConfig, problems: &mut Vec<Problem>) {
    let (word, url) = (set.text("env"), set.maybe_text("url"));
    let env_key = format!("{section}.env");
    if url.is_some() && word != "local" {
        problems.push(
            Problem::new(
                set.origin("url"),
                format!("{section}.url"),
                format!("an address is given, and `{env_key}` is \"{word}\""),
            )
            .hint(format!("leave one of them out; `url` is for `{env_key} = \"local\"`")),
        );
    }
    match (run.mode, word.as_str()) {
        (Mode::Paper, "production") => problems.push(
            Problem::new(set.origin("env"), env_key, "production is real money, and `run.mode` is \"paper\"")
                .hint("use \"embedded\", \"local\" or a demo; or say `run.mode = \"live\"` and start with `--live`"),
        ),
        (Mode::Live, "embedded" | "local" | "demo") => problems.push(
            Problem::new(
                set.origin("env"),
                env_key,
                format!("`run.mode` is \"live\", and this venue is \"{word}\", which is play money"),
            )
            .hint("say \"production\", or `run.mode = \"paper\"`, or `enabled = false`"),
        ),
        _ => {}
    }
}

/// An address of a host that may be the venue's own.
fn not_near(section: &str, set: &Values, url: &str) -> Problem {
    let text = format!("expected an address of this machine or network, found `{url:.128}`");
    Problem::new(set.origin("url"), format!("{section}.url"), text)
        .hint("name a local exchange; the venue's own hosts are found by `env` alone")
}

fn key_source(section: &str, set: &Values, problems: &mut Vec<Problem>) -> Option<KeySource> {
    match (set.maybe_path("key_path"), set.maybe_reference("key")) {
        (Some(_), Some(_)) => {
            let text = format!("`{section}.key_path` and `{section}.key` are both set");
            problems
                .push(Problem::new(set.origin("key"), format!("{section}.key"), text).hint("leave one of them out"));
            None
        }
        (Some(path), None) => Some(KeySource::File(path)),
        (None, Some(reference)) => Some(KeySource::Reference(reference)),
        (None, None) => None,
    }
}

fn kalshi(set: &Values, run: &RunConfig, reconcile: &ReconcileConfig, problems: &mut Vec<Problem>) -> KalshiConfig {
    check_place("kalshi", set, run, problems);
    let word = set.text("env");
    let at = match word.as_str() {
        "production" => Some(brier_kalshi::Env::Prod),
        "demo" => Some(brier_kalshi::Env::Demo),
        "local" => {
            let url = set.maybe_text("url").unwrap_or_else(|| brier_kalshi::Env::DEFAULT_LOCAL.to_owned());
            let env = brier_kalshi::Env::local(&url);
            if env.is_err() {
                problems.push(not_near("kalshi", set, &url));
            }
            env.ok()
        }
        _ => None,
    };
    let given = problems.len();
    let source = key_source("kalshi", set, problems);
    let key = match (set.maybe_reference("key_id"), source) {
        (Some(id), Some(source)) => Some((id, source)),
        (Some(_), None) if problems.len() == given => {
            let text = "a key's id is given without its private key";
            problems.push(
                Problem::new(set.origin("key_id"), "kalshi.key_path", text)
                    .hint("name the PEM file that came with this id"),
            );
            None
        }
        (None, Some(_)) => {
            let origin = set.maybe_path("key_path").map_or_else(|| set.origin("key"), |_| set.origin("key_path"));
            problems.push(
                Problem::new(origin, "kalshi.key_id", "a private key is given without its id")
                    .hint("set `key_id` to the id shown beside the key on the venue's site"),
            );
            None
        }
        (None, None) if word != "embedded" && problems.len() == given => {
            problems.push(
                Problem::new(
                    set.origin("env"),
                    "kalshi.key_path",
                    format!("has to be set: Kalshi is \"{word}\" and orders need a key"),
                )
                .hint("set `key_id` and `key_path`"),
            );
            None
        }
        _ => None,
    };
    let habits = VenueHabits {
        amends: set.flag("amends"),
        requests_per_second: set.count("requests_per_s"),
        burst: set.count("request_burst"),
        request_life: set.secs("request_life_s"),
        read_lag: set.millis("read_lag_ms"),
        reconcile_every: reconcile.interval,
        ..VenueHabits::KALSHI
    };
    KalshiConfig { at, key, habits }
}

fn polymarket(
    set: &Values,
    run: &RunConfig,
    reconcile: &ReconcileConfig,
    problems: &mut Vec<Problem>,
) -> PolymarketConfig {
    check_place("polymarket", set, run, problems);
    let word = set.text("env");
    let at = match word.as_str() {
        "production" => Some(brier_polymarket::Env::Production),
        "local" => {
            let url = set.maybe_text("url").unwrap_or_else(|| brier_polymarket::Env::DEFAULT_LOCAL.to_owned());
            let env = brier_polymarket::Env::local(&url);
            if env.is_err() {
                problems.push(not_near("polymarket", set, &url));
            }
            env.ok()
        }
        _ => None,
    };
    let given = problems.len();
    let key = key_source("polymarket", set, problems);
    if key.is_none() && word != "embedded" && problems.len() == given {
        problems.push(
            Problem::new(
                set.origin("env"),
                "polymarket.key_path",
                format!("has to be set: Polymarket is \"{word}\" and orders need a wallet"),
            )
            .hint("name the file with the wallet's private key"),
        );
    }
    let beside = match (&at, &key) {
        (Some(env), Some(KeySource::File(path))) => {
            Some(brier_polymarket::creds::CredsFile::beside(path, env).path().to_owned())
        }
        _ => None,
    };
    let wallet = set.maybe_text("wallet");
    if let Some(wallet) = &wallet
        && !is_address(wallet)
    {
        let text = format!("expected an address of 0x and 40 hex digits, found `{wallet:.64}`");
        problems.push(Problem::new(set.origin("wallet"), "polymarket.wallet", text));
    }
    let habits = VenueHabits {
        requests_per_second: set.count("requests_per_s"),
        burst: set.count("request_burst"),
        request_life: set.secs("request_life_s"),
        read_lag: set.millis("read_lag_ms"),
        reconcile_every: reconcile.interval,
        ..VenueHabits::POLYMARKET
    };
    let credentials_path =
        set.maybe_path("credentials_path").or(beside).unwrap_or_else(|| run.data_dir.join("polymarket.creds"));
    PolymarketConfig { at, key, signature_type: set.text("signature_type"), wallet, credentials_path, habits }
}

fn is_address(text: &str) -> bool {
    text.strip_prefix("0x").is_some_and(|hex| hex.len() == 40 && hex.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

fn execution(set: &Values) -> ExecutionConfig {
    ExecutionConfig {
        keep_within: set.price("keep_within_dollars"),
        keep_qty: set.contracts("keep_within_contracts"),
        answer_timeout: set.millis("answer_timeout_ms"),
        ask_after: set.millis("ask_after_ms"),
        timer: set.millis("timer_ms"),
        order_room: set.count("order_room"),
    }
}

fn reconcile(set: &Values) -> ReconcileConfig {
    ReconcileConfig { interval: set.secs("interval_s"), adopt_after: set.count("adopt_after") }
}

fn exits(set: &Values) -> ExitRules {
    ExitRules {
        converged_within: set.maybe_price("converged_within_dollars"),
        hurdle_bps: set.count("hurdle_bps"),
        stop_loss: set.maybe_price("stop_loss_dollars"),
        before_close: set.maybe_secs("before_close_s"),
        slippage: set.price("slippage_dollars"),
    }
}

fn strategy(tables: &StrategyTables) -> StrategyConfig {
    let set = &tables.keys;
    let mut strategy = StrategyConfig {
        name: set.maybe_text("name").unwrap_or_default(),
        kind: set.maybe_text("kind").unwrap_or_default(),
        enabled: set.flag("enabled"),
        markets: set.markets("markets"),
        all_markets: set.flag("all_markets"),
        record: set.maybe_path("record"),
        group_limit: set.maybe_contracts("group_limit_contracts"),
        budget: risk::budget(set),
        exits: exits(&tables.exits),
        parameters: tables.parameters.clone(),
    };
    // What is tied is traded.
    for market in strategy.ties().into_iter().flat_map(|tie| [tie.first, tie.second]) {
        if !strategy.markets.contains(&market) {
            strategy.markets.push(market);
        }
    }
    strategy
}

fn remote(set: &Values, problems: &mut Vec<Problem>) -> Option<RemoteConfig> {
    let listen = set.maybe_listen("listen")?;
    if !is_near(&listen.ip().to_string()) {
        let text =
            format!("expected an address of this machine or network, found {listen}: whoever reaches it could trade");
        problems.push(Problem::new(set.origin("listen"), "remote.listen", text).hint("listen on 127.0.0.1"));
    }
    let Some(token) = set.maybe_reference("token") else {
        problems.push(
            Problem::new(set.origin("listen"), "remote.token", "has to be set with `remote.listen`")
                .hint("name where it is: \"env:NAME\" or \"file:PATH\""),
        );
        return None;
    };
    Some(RemoteConfig { listen, token, max_clients: set.count("max_clients"), record: set.maybe_path("record") })
}

fn control(set: &Values) -> ControlConfig {
    ControlConfig { poll: set.millis("poll_ms"), socket: set.flag("socket") }
}

fn log(set: &Values, problems: &mut Vec<Problem>) -> LogConfig {
    let level = set.text("level");
    if crate::logging::filter(&level).is_none() {
        let text = format!(
            "expected error, warn, info, debug or trace, also by module (`info,brier_kalshi=debug`), found `{level:.64}`"
        );
        problems.push(Problem::new(set.origin("level"), "log.level", text));
    }
    LogConfig { json: set.text("format") == "json", level, file: set.maybe_path("file") }
}

fn check_strategies(tables: &Tables, config: &Config, problems: &mut Vec<Problem>) {
    for (index, (it, from)) in config.strategies.iter().zip(&tables.strategies).enumerate() {
        let key = |name: &str| format!("strategy.{}.{name}", it.name);
        let known = config.strategies[..index].iter().any(|other| other.name == it.name && !it.name.is_empty());
        if known {
            problems.push(Problem::new(
                from.keys.origin("name"),
                key("name"),
                "another strategy has this name already",
            ));
        }
        if from.kind.is_none() && !it.kind.is_empty() {
            let names = || kinds::KINDS.iter().map(|kind| kind.name);
            let hint = super::problem::nearest(&it.kind, names()).map_or_else(
                || format!("there are {}", names().collect::<Vec<_>>().join(", ")),
                |meant| format!("did you mean \"{meant}\"?"),
            );
            problems.push(
                Problem::new(from.keys.origin("kind"), key("kind"), format!("unknown kind `{:.64}`", it.kind))
                    .hint(hint),
            );
        }
        // What connects from outside may only tell facts; a list of ties that is none is a problem of its own.
        let untied = it.parameters.has("pairs") && it.parameters.maybe_ties("pairs").is_none();
        if it.enabled && !untied && it.markets.is_empty() && !it.all_markets && !it.is_remote() {
            problems.push(
                Problem::new(&from.origin, key("markets"), "it trades nothing")
                    .hint("name markets, or say `all_markets = true`, or `enabled = false`"),
            );
        }
        let words = it.tail_words();
        for word in words.split(',').map(str::trim).filter(|word| !word.is_empty()) {
            if let Err(error) = word.parse::<TailKind>() {
                let origin = it.parameters.origin("accept_tails");
                problems.push(Problem::new(origin, key("parameters.accept_tails"), error.to_string()));
            }
        }
        if it.enabled && it.is_remote() && config.remote.is_none() {
            problems.push(
                Problem::new(
                    from.keys.origin("kind"),
                    key("kind"),
                    "it connects from outside, and `remote.listen` is unset",
                )
                .hint("set `listen` and `token` in `[remote]`"),
            );
        }
        for market in it.markets.iter().filter(|_| it.enabled) {
            problems.extend(not_traded(config, market, from.keys.origin("markets"), key("markets")));
        }
    }
    for it in config.analysts.iter().filter(|it| it.enabled) {
        let from = tables.analysts.iter().find(|from| from.keys.maybe_text("name").as_ref() == Some(&it.name));
        for (market, from) in it.markets.iter().zip(from.into_iter().cycle()) {
            let key = format!("analyst.{}.markets", it.name);
            problems.extend(not_traded(config, market, from.keys.origin("markets"), key));
        }
        for (news, from) in it.news().iter().zip(from.into_iter().cycle()) {
            let feeds =
                || config.feeds.list.iter().filter(|feed| feed.spec.vendor.is_news()).map(|feed| feed.name.as_str());
            if feeds().any(|feed| feed == news) {
                continue;
            }
            let key = format!("analyst.{}.parameters.news", it.name);
            let known = feeds().collect::<Vec<_>>().join(", ");
            let text = format!("expected feeds of news ({known}), found `{news:.64}`");
            problems.push(Problem::new(from.parameters.origin("news"), key, text));
        }
    }
    if config.strategies.len() >= usize::from(u16::MAX) {
        problems.push(Problem::new(&Origin::Default, "strategy", "expected fewer than 65,535 strategies"));
    }
}

/// A market on a venue that is switched off.
fn not_traded(config: &Config, market: &MarketName, origin: &Origin, key: String) -> Option<Problem> {
    let traded = match market.venue {
        Venue::Kalshi => config.kalshi.is_some(),
        Venue::Polymarket => config.polymarket.is_some(),
    };
    let hint = format!("say `enabled = true` in `[{}]`", market.venue);
    let problem = || Problem::new(origin, key, format!("{market} is on a venue that is not enabled")).hint(hint);
    (!traded).then(problem)
}

fn check_venues(config: &Config, problems: &mut Vec<Problem>) {
    if config.kalshi.is_none() && config.polymarket.is_none() {
        problems.push(
            Problem::new(&Origin::Default, "", "no venue is traded")
                .hint("name a strategy's markets, or say `enabled = true` in `[kalshi]` or `[polymarket]`"),
        );
    }
}

impl Config {
    /// What the engine is given. `prefix` begins every client order id of the journal.
    pub fn engine(&self, prefix: &str) -> EngineConfig {
        EngineConfig {
            habits: [
                self.kalshi.as_ref().map_or(VenueHabits::KALSHI, |venue| venue.habits),
                self.polymarket.as_ref().map_or(VenueHabits::POLYMARKET, |venue| venue.habits),
            ],
            keep_within: self.execution.keep_within,
            keep_qty: self.execution.keep_qty,
            answer_timeout: self.execution.answer_timeout,
            ask_after: self.execution.ask_after,
            adopt_after: self.reconcile.adopt_after,
            tick: self.execution.timer,
            exits: self.strategies.iter().map(|it| it.exits).collect(),
            group_limits: self.strategies.iter().map(|it| it.group_limit).collect(),
            room: self.execution.order_room,
            ..EngineConfig::new(prefix, self.risk.clone())
        }
    }

    /// Takes a tie out of a strategy, also where the configuration stands as a text: a replay must not trade it either. Its
    /// markets stay: they are listed, something of them may be held, and a strategy without any would not be read back.
    pub(crate) fn untie(&mut self, strategy: &str, tie: &TieName) {
        let Some(it) = self.strategies.iter_mut().find(|it| it.name == strategy) else { return };
        let after: Vec<TieName> = it.ties().into_iter().filter(|known| known != tie).collect();
        let pairs = format!("pairs = {}", Value::Ties(after.clone()));
        let markets = format!("markets = {}", Value::Markets(it.markets.clone()));
        it.parameters.put("pairs", Value::Ties(after));
        let name = format!("name = {}", Value::Text(strategy.to_owned()));
        let mut lines: Vec<&str> = self.text.lines().collect();
        // From one `[[strategy]]` to the next, its own tables with it: another strategy may have the same ties and keep them.
        let heads: Vec<usize> = (0..lines.len()).filter(|at| lines[*at].starts_with("[[")).collect();
        let ends = heads.iter().skip(1).copied().chain([lines.len()]);
        let own = heads
            .iter()
            .copied()
            .zip(ends)
            .find(|(from, to)| lines[*from] == "[[strategy]]" && lines[*from..*to].contains(&name.as_str()));
        let Some((from, to)) = own else { return };
        if let Some(at) = (from..to).find(|at| lines[*at].starts_with("pairs = ")) {
            lines[at] = &pairs;
        }
        let table = (from + 1..to).find(|at| lines[*at].starts_with('[')).unwrap_or(to);
        match (from..table).find(|at| lines[*at].starts_with("markets = ")) {
            Some(at) => lines[at] = &markets,
            None => lines.insert(from + 1, &markets),
        }
        self.text = lines.join("\n") + "\n";
    }

    /// Whether the embedded exchange has to be started.
    pub fn embeds(&self) -> bool {
        self.kalshi.as_ref().is_some_and(|venue| venue.at.is_none())
            || self.polymarket.as_ref().is_some_and(|venue| venue.at.is_none())
    }
}
