//! Which Kalshi host a command talks to and with which key: flag, then environment, then what a running
//! `brier exchange` left in its ready file.

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
}

/// Options of every command that talks to a venue.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Where")]
pub(crate) struct VenueArgs {
    /// The host: real money, Kalshi's play-money exchange, or a compatible exchange near by
    #[arg(long, value_enum, env = "KALSHI_ENV", default_value = "local")]
    env: EnvWord,

    /// Address of the local exchange; by default what a running `brier exchange` says, else http://127.0.0.1:8810
    #[arg(long, env = "KALSHI_URL", value_name = "URL")]
    url: Option<String>,

    /// Key id
    #[arg(long, env = ENV_KEY_ID, value_name = "UUID")]
    key_id: Option<String>,

    /// Private key, a PEM file only you may read
    #[arg(long, env = ENV_PRIVATE_KEY_PATH, value_name = "FILE")]
    key_file: Option<PathBuf>,

    /// Ready file of a running `brier exchange`, which names its address and the operator's key
    #[arg(long, env = "BRIER_READY_FILE", value_name = "FILE")]
    ready_file: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum EnvWord {
    Demo,
    Prod,
    Local,
}

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
    /// Finds host and key.
    ///
    /// # Errors
    /// When they contradict each other, or half a key is named.
    pub(crate) fn resolve(&self) -> Result<Venue, CliError> {
        let ready = if self.env == EnvWord::Local { self.ready()? } else { None };
        let env = match (self.env, &self.url) {
            (EnvWord::Demo, None) => Env::Demo,
            (EnvWord::Prod, None) => Env::Prod,
            (EnvWord::Local, Some(url)) => local(url)?,
            (EnvWord::Local, None) => local(ready.as_ref().map_or(Env::DEFAULT_LOCAL, |ready| &ready.rest))?,
            (EnvWord::Demo | EnvWord::Prod, Some(_)) => {
                return Err(CliError::usage("an address is given for a host of the venue's own")
                    .hint("leave out `--url` (KALSHI_URL), or use `--env local`"));
            }
        };
        let (key, key_origin) = match (&self.key_id, &self.key_file) {
            (Some(id), Some(file)) => (Some((id.clone(), file.clone())), "options or environment"),
            (Some(_), None) => {
                return Err(CliError::usage("a key id is given without its private key")
                    .hint("set `--key-file` (KALSHI_PRIVATE_KEY_PATH) to the PEM file that came with this id"));
            }
            (None, Some(_)) => {
                return Err(CliError::usage("a private key is given without its id")
                    .hint("set `--key-id` (KALSHI_KEY_ID) to the id shown beside the key"));
            }
            // A key belongs to one exchange: an address of another one does not get it.
            (None, None) => match ready.filter(|_| self.url.is_none()) {
                Some(ready) => (Some((ready.key_id, ready.private_key_path)), "the exchange's ready file"),
                None => (None, "nowhere"),
            },
        };
        Ok(Venue { env, key, key_origin })
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

impl Venue {
    /// A client with the key, if there is one.
    pub(crate) fn client(&self) -> Result<Client, CliError> {
        let credentials = match &self.key {
            Some((id, file)) => Some(Credentials::from_file(id, file).map_err(KalshiError::from)?),
            None => None,
        };
        Ok(Client::new(self.env.clone(), credentials, Config::new(seed()))?)
    }

    /// Refuses hosts that take no orders from here.
    pub(crate) fn demand_writes(&self, what: &str) -> Result<(), CliError> {
        if self.env.writes_allowed() {
            return Ok(());
        }
        Err(CliError::failure(format!(
            "`brier {what}` sends nothing to {}: it would trade real money without risk limits",
            self.env
        ))
        .hint("use `--env demo`, or a local `brier exchange`; production is read only so far"))
    }
}

/// Where the exchange keeps its data unless told otherwise.
pub(crate) fn default_data_dir() -> Option<PathBuf> {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let base = set("XDG_DATA_HOME").or_else(|| set("HOME").map(|home| home.join(".local").join("share")))?;
    Some(base.join("brier").join("exchange"))
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

fn read_ready(path: &Path) -> Result<Ready, CliError> {
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

    fn args(env: EnvWord) -> VenueArgs {
        VenueArgs { env, url: None, key_id: None, key_file: None, ready_file: None }
    }

    #[test]
    fn half_a_key_and_a_foreign_address_are_refused() {
        assert!(VenueArgs { key_id: Some("x".into()), ..args(EnvWord::Demo) }.resolve().is_err());
        assert!(VenueArgs { key_file: Some("x".into()), ..args(EnvWord::Demo) }.resolve().is_err());
        let url = Some("http://127.0.0.1:1".to_owned());
        assert!(VenueArgs { url: url.clone(), ..args(EnvWord::Prod) }.resolve().is_err());
        let public = Some("https://external-api.kalshi.com".to_owned());
        assert!(VenueArgs { url: public, ..args(EnvWord::Local) }.resolve().is_err());
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
        };
        std::fs::write(&path, serde_json::to_string(&ready).unwrap()).unwrap();
        let with_file = VenueArgs { ready_file: Some(path), ..args(EnvWord::Local) };
        let venue = with_file.resolve().unwrap();
        assert_eq!(venue.env.rest_origin().as_str(), "http://127.0.0.1:4321/");
        assert_eq!(venue.key, Some(("id".to_owned(), "key.pem".into())));
        let elsewhere = VenueArgs { url: Some("http://127.0.0.1:1".into()), ..with_file };
        assert_eq!(elsewhere.resolve().unwrap().key, None);
        let missing = VenueArgs { ready_file: Some("/nowhere/ready.json".into()), ..args(EnvWord::Local) };
        assert!(missing.resolve().is_err());
    }

    #[test]
    fn production_takes_no_orders() {
        let venue = args(EnvWord::Prod).resolve().unwrap();
        assert!(venue.demand_writes("order").unwrap_err().to_string().contains("prod"));
        assert!(args(EnvWord::Demo).resolve().unwrap().demand_writes("order").is_ok());
    }
}
