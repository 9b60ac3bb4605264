//! Which venue and host a command talks to and with which key: flag, then environment, then what a running
//! `brier exchange` left in its ready file.

pub(crate) mod polymarket;

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use brier_kalshi::keys::{Credentials, ENV_KEY_ID, ENV_PRIVATE_KEY_PATH};
use brier_kalshi::{Client, Config, Env, KalshiError};
use serde::{Deserialize, Serialize};

use crate::error::CliError;

/// Where `brier exchange` says how to reach it, unless told otherwise.
const READY_FILE: &str = "ready.json";

/// What `brier exchange` writes once it serves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Ready {
    /// Base of the REST paths.
    pub(crate) rest: String,
    /// The WebSocket.
    pub(crate) ws: String,
    /// Base of the administration, or null when it was not asked for.
    pub(crate) admin: Option<String>,
    /// The operator's key id.
    pub(crate) key_id: String,
    /// Where its private key is.
    pub(crate) private_key_path: PathBuf,
    /// The Polymarket face, unless it was left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) polymarket: Option<PolymarketReady>,
}

/// Where Polymarket's clients find the exchange, and the operator's wallet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PolymarketReady {
    /// The order book API.
    pub(crate) clob: String,
    /// The metadata API.
    pub(crate) gamma: String,
    /// The Data API.
    pub(crate) data: String,
    /// The base of the streams.
    pub(crate) ws: String,
    /// The relayer.
    pub(crate) relayer: String,
    /// The stream of reference prices.
    pub(crate) rtds: String,
    /// The operator's address: maker of orders of type 0.
    pub(crate) address: String,
    /// The operator's deposit wallet: maker of orders of type 3.
    pub(crate) deposit_wallet: String,
    /// Where the wallet's private key is: hex, readable by its owner only.
    pub(crate) private_key_path: PathBuf,
}

/// Options of every command that talks to a venue.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Where")]
pub(crate) struct VenueArgs {
    /// Which venue's language is spoken
    #[arg(long, value_enum, env = "BRIER_VENUE", default_value = "kalshi")]
    pub(crate) venue: VenueWord,

    /// The host: real money, the play-money exchange (Kalshi's only), or a compatible exchange near by, which is the
    /// default [env: KALSHI_ENV, POLYMARKET_ENV]
    #[arg(long, value_enum)]
    env: Option<EnvWord>,

    /// Address of the local exchange; by default what a running `brier exchange` says, else http://127.0.0.1:8810, for
    /// Polymarket 8811 [env: KALSHI_URL, POLYMARKET_URL]
    #[arg(long, value_name = "URL")]
    url: Option<String>,

    /// Key id, for Kalshi [env: KALSHI_KEY_ID]
    #[arg(long, value_name = "UUID")]
    key_id: Option<String>,

    /// Private key, a file only you may read: PEM for Kalshi, hex digits for Polymarket [env: KALSHI_PRIVATE_KEY_PATH,
    /// POLYMARKET_PRIVATE_KEY_PATH]
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,

    /// Whose money the key trades, for Polymarket: eoa (the key's own, the default), proxy, safe or deposit
    /// [env: POLYMARKET_SIGNATURE_TYPE]
    #[arg(long, value_name = "WORD")]
    signature_type: Option<String>,

    /// That wallet, for Polymarket, where it is not the one that follows from the key [env: POLYMARKET_FUNDER]
    #[arg(long, value_name = "ADDRESS")]
    wallet: Option<String>,

    /// Ready file of a running `brier exchange`, which names its address and the operator's key
    #[arg(long, env = "BRIER_READY_FILE", value_name = "FILE")]
    ready_file: Option<PathBuf>,
}

/// A venue, in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum VenueWord {
    /// Kalshi
    Kalshi,
    /// Polymarket
    Polymarket,
}

/// A host, in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum EnvWord {
    Demo,
    Prod,
    Local,
}

/// How settings of the environment are looked up.
type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Names of one venue's settings in the environment.
struct Names {
    env: &'static str,
    url: &'static str,
    key_file: &'static str,
}

const KALSHI: Names = Names { env: "KALSHI_ENV", url: "KALSHI_URL", key_file: ENV_PRIVATE_KEY_PATH };

/// A host and a key, resolved and not yet tried.
#[derive(Clone, Debug)]
pub(crate) struct Venue {
    /// Where.
    pub(crate) env: Env,
    /// The key's id and file, if there is one.
    pub(crate) key: Option<(String, PathBuf)>,
    /// Where the key was named, for people.
    pub(crate) key_origin: &'static str,
}

impl VenueArgs {
    /// Options for reading what everybody may read.
    pub(crate) fn public(
        venue: VenueWord,
        env: Option<EnvWord>,
        url: Option<String>,
        ready_file: Option<PathBuf>,
    ) -> Self {
        Self { venue, env, url, key_id: None, key_file: None, signature_type: None, wallet: None, ready_file }
    }

    /// Finds Kalshi's host and key.
    ///
    /// # Errors
    /// When they contradict each other, or half a key is named.
    pub(crate) fn kalshi(&self) -> Result<Venue, CliError> {
        self.kalshi_with(&environment)
    }

    fn kalshi_with(&self, lookup: Lookup<'_>) -> Result<Venue, CliError> {
        if self.signature_type.is_some() || self.wallet.is_some() {
            return Err(CliError::usage("a wallet is named for a venue without wallets")
                .hint("leave out `--signature-type` and `--wallet`, or say `--venue polymarket`"));
        }
        let (word, url) = (self.env_word(&KALSHI, lookup)?, self.url(&KALSHI, lookup));
        let ready = if word == EnvWord::Local { self.ready()? } else { None };
        let env = match (word, &url) {
            (EnvWord::Demo, None) => Env::Demo,
            (EnvWord::Prod, None) => Env::Prod,
            (EnvWord::Local, Some(url)) => local(url)?,
            (EnvWord::Local, None) => local(ready.as_ref().map_or(Env::DEFAULT_LOCAL, |ready| &ready.rest))?,
            (EnvWord::Demo | EnvWord::Prod, Some(_)) => return Err(foreign_address(&KALSHI)),
        };
        let key_id = self.key_id.clone().or_else(|| lookup(ENV_KEY_ID));
        let (key, key_origin) = match (key_id, self.key_file(&KALSHI, lookup)) {
            (Some(id), Some(file)) => (Some((id, file)), "options or environment"),
            (Some(_), None) => {
                return Err(CliError::usage("a key id is given without its private key")
                    .hint("set `--key-file` (KALSHI_PRIVATE_KEY_PATH) to the PEM file that came with this id"));
            }
            (None, Some(_)) => {
                return Err(CliError::usage("a private key is given without its id")
                    .hint("set `--key-id` (KALSHI_KEY_ID) to the id shown beside the key"));
            }
            // A key belongs to one exchange: an address of another one does not get it.
            (None, None) => match ready.filter(|_| url.is_none()) {
                Some(ready) => (Some((ready.key_id, ready.private_key_path)), "the exchange's ready file"),
                None => (None, "nowhere"),
            },
        };
        Ok(Venue { env, key, key_origin })
    }

    fn env_word(&self, names: &Names, lookup: Lookup<'_>) -> Result<EnvWord, CliError> {
        match (self.env, lookup(names.env)) {
            (Some(word), _) => Ok(word),
            (None, None) => Ok(EnvWord::Local),
            (None, Some(text)) => <EnvWord as clap::ValueEnum>::from_str(&text, true).map_err(|_no_word| {
                CliError::usage(format!("{}: expected demo, prod or local, found `{text:.40}`", names.env))
                    .hint(format!("unset {}, or give `--env`", names.env))
            }),
        }
    }

    fn url(&self, names: &Names, lookup: Lookup<'_>) -> Option<String> {
        self.url.clone().or_else(|| lookup(names.url))
    }

    fn key_file(&self, names: &Names, lookup: Lookup<'_>) -> Option<PathBuf> {
        self.key_file.clone().or_else(|| lookup(names.key_file).map(PathBuf::from))
    }

    /// The ready file that was named, which has to be there, or the one of the default data folder, if it is.
    fn ready(&self) -> Result<Option<Ready>, CliError> {
        if let Some(path) = &self.ready_file {
            return read_ready(path).map(Some);
        }
        let default = default_data_dir().map(|folder| folder.join(READY_FILE)).filter(|path| path.is_file());
        default.map(|path| read_ready(&path)).transpose()
    }
}

/// A setting of the environment. An empty one counts as unset.
fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.trim().is_empty())
}

fn foreign_address(names: &Names) -> CliError {
    CliError::usage("an address is given for a host of the venue's own")
        .hint(format!("leave out `--url` ({}), or use `--env local`", names.url))
}

/// Why a host takes no orders from here.
fn read_only(what: &str, env: &impl fmt::Display, next: &str) -> CliError {
    CliError::failure(format!("`brier {what}` sends nothing to {env}: it would trade real money without risk limits"))
        .hint(format!("use {next}; production is read only so far"))
}

impl Venue {
    /// A client with the key, if there is one.
    pub(crate) fn client(&self) -> Result<Client, CliError> {
        let credentials = match &self.key {
            Some((id, file)) => Some(Credentials::from_file(id, file).map_err(KalshiError::from)?),
            None => None,
        };
        Ok(Client::new(self.env.clone(), credentials, Config::new(seed()))?)
    }

    /// A client for public reads, without a key.
    pub(crate) fn public(&self) -> Result<Client, CliError> {
        Ok(Client::new(self.env.clone(), None, Config::new(seed()))?)
    }

    /// Refuses hosts that take no orders from here.
    pub(crate) fn demand_writes(&self, what: &str) -> Result<(), CliError> {
        if self.env.writes_allowed() {
            return Ok(());
        }
        Err(read_only(what, &self.env, "`--env demo`, or a local `brier exchange`"))
    }
}

/// Where the exchange keeps its data unless told otherwise.
pub(crate) fn default_data_dir() -> Option<PathBuf> {
    Some(data_home()?.join("exchange"))
}

/// Where the program keeps what it is not told to keep elsewhere.
pub(crate) fn data_home() -> Option<PathBuf> {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let base = set("XDG_DATA_HOME").or_else(|| set("HOME").map(|home| home.join(".local").join("share")))?;
    Some(base.join("brier"))
}

/// The ready file of a data folder.
pub(crate) fn ready_file(data_dir: &Path) -> PathBuf {
    data_dir.join(READY_FILE)
}

fn local(url: &str) -> Result<Env, CliError> {
    Env::local(url).map_err(|error| {
        CliError::usage(error.to_string())
            .hint("give the address that `brier exchange` printed, such as http://127.0.0.1:8810")
    })
}

pub(crate) fn read_ready(path: &Path) -> Result<Ready, CliError> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        CliError::failure(format!("ready file {}: {error}", path.display()))
            .hint("start the exchange first: `brier exchange` writes it once it serves")
    })?;
    serde_json::from_str(&text).map_err(|error| {
        CliError::failure(format!("ready file {}: {error}", path.display()))
            .hint("give the file that `brier exchange --ready-file FILE` wrote")
    })
}

/// Where the jitter of retries starts: another place in each process.
pub(crate) fn seed() -> u64 {
    let nanos = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
    (nanos as u64).rotate_left(32) ^ u64::from(std::process::id())
}

/// Runs one asynchronous command to its end.
pub(crate) fn block_on<T>(work: impl Future<Output = Result<T, CliError>>) -> Result<T, CliError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| CliError::failure(format!("the runtime does not start: {error}")))?.block_on(work)
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn args(env: &str) -> VenueArgs {
        let env = <EnvWord as clap::ValueEnum>::from_str(env, false).unwrap();
        VenueArgs {
            venue: VenueWord::Kalshi,
            env: Some(env),
            url: None,
            key_id: None,
            key_file: None,
            signature_type: None,
            wallet: None,
            ready_file: None,
        }
    }

    fn kalshi(args: &VenueArgs) -> Result<Venue, CliError> {
        args.kalshi_with(&|_| None)
    }

    #[test]
    fn half_a_key_and_a_foreign_address_are_refused() {
        assert!(kalshi(&VenueArgs { key_id: Some("x".into()), ..args("demo") }).is_err());
        assert!(kalshi(&VenueArgs { key_file: Some("x".into()), ..args("demo") }).is_err());
        let url = Some("http://127.0.0.1:1".to_owned());
        assert!(kalshi(&VenueArgs { url: url.clone(), ..args("prod") }).is_err());
        let public = Some("https://external-api.kalshi.com".to_owned());
        assert!(kalshi(&VenueArgs { url: public, ..args("local") }).is_err());
    }

    #[test]
    fn a_ready_file_gives_address_and_key_but_no_key_for_another_address() {
        let folder = tempfile::tempdir().unwrap();
        let path = ready_file(folder.path());
        let ready = Ready {
            rest: "http://127.0.0.1:4321/trade-api/v2".into(),
            ws: "ws://127.0.0.1:4321/trade-api/ws/v2".into(),
            admin: None,
            key_id: "id".into(),
            private_key_path: "key.pem".into(),
            polymarket: None,
        };
        std::fs::write(&path, serde_json::to_string(&ready).unwrap()).unwrap();
        let with_file = VenueArgs { ready_file: Some(path), ..args("local") };
        let venue = kalshi(&with_file).unwrap();
        assert_eq!(venue.env.rest_origin().as_str(), "http://127.0.0.1:4321/");
        assert_eq!(venue.key, Some(("id".to_owned(), "key.pem".into())));
        let elsewhere = VenueArgs { url: Some("http://127.0.0.1:1".into()), ..with_file };
        assert_eq!(kalshi(&elsewhere).unwrap().key, None);
        let missing = VenueArgs { ready_file: Some("/nowhere/ready.json".into()), ..args("local") };
        assert!(kalshi(&missing).is_err());
    }

    #[test]
    fn the_environment_fills_what_no_option_says() {
        let set = |name: &str| (name == "KALSHI_ENV").then(|| "prod".to_owned());
        let unset = VenueArgs { env: None, ..args("demo") };
        assert_eq!(unset.kalshi_with(&set).unwrap().env, Env::Prod);
        assert_eq!(args("demo").kalshi_with(&set).unwrap().env, Env::Demo);
        let wrong = unset.kalshi_with(&|name| (name == "KALSHI_ENV").then(|| "moon".to_owned())).unwrap_err();
        assert!(wrong.to_string().contains("KALSHI_ENV: expected demo, prod or local, found `moon`"), "{wrong}");
        let wallet = VenueArgs { wallet: Some("0x1".into()), ..args("demo") };
        assert!(kalshi(&wallet).is_err());
    }

    #[test]
    fn production_takes_no_orders() {
        let venue = kalshi(&args("prod")).unwrap();
        assert!(venue.demand_writes("order").unwrap_err().to_string().contains("prod"));
        assert!(kalshi(&args("demo")).unwrap().demand_writes("order").is_ok());
    }
}
