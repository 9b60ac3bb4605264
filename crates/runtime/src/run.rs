//! Before a run: what has to hold before anything is started.
//!
//! Invariants: real money needs the configuration's word and the command line's; nothing starts while the folder is halted,
//! while another process has the folder or the account, or with a key that cannot be read.

use std::path::PathBuf;

use brier_engine::Engine;
use brier_kalshi::keys::Credentials;
use brier_polymarket::keys::Wallet;
use zeroize::Zeroizing;

use crate::config::{Config, Environment, KalshiConfig, KeySource, Mode, PolymarketConfig};
use crate::control;
use crate::gateway::LiveToken;
use crate::lock::{self, FileLock, LockError};
use crate::secrets::SecretError;
use crate::standing::{self, StandingError};

/// Why a run does not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PrepareError {
    /// The configuration asks for real money and the command line does not.
    #[error("`run.mode` is \"live\": this run would trade real money, and `--live` was not given")]
    LiveWithoutFlag,
    /// The command line asks for real money and the configuration does not.
    #[error("`--live` was given, and `run.mode` is \"paper\"")]
    FlagWithoutLive,
    /// A strategy's model, or an analyst, has not shown that it beats the market.
    #[error(transparent)]
    Standing(#[from] StandingError),
    /// The kill switch is down.
    #[error("{folder} is halted since {at}: {reason}")]
    Halted {
        /// The data folder.
        folder: PathBuf,
        /// Since when.
        at: String,
        /// Why.
        reason: String,
    },
    /// The data folder cannot be used.
    #[error("data folder {folder}: {source}")]
    Folder {
        /// Which.
        folder: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Another process is there.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// No folder is known for the locks of accounts.
    #[error("neither XDG_STATE_HOME nor HOME names a folder, where the lock of the account would be")]
    NoStateFolder,
    /// A secret cannot be read.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// Kalshi's key cannot be used.
    #[error("Kalshi: {0}")]
    KalshiKey(#[from] brier_kalshi::keys::KeyError),
    /// Polymarket's wallet cannot be used.
    #[error("Polymarket: {0}")]
    PolymarketKey(#[from] brier_polymarket::keys::KeyError),
}

impl PrepareError {
    /// What to do.
    pub const fn hint(&self) -> Option<&'static str> {
        match self {
            Self::LiveWithoutFlag => Some("add `--live` if real orders are meant, or say `run.mode = \"paper\"`"),
            Self::FlagWithoutLive => {
                Some("say `run.mode = \"live\"` in the configuration if real orders are meant, or leave out `--live`")
            }
            Self::Standing(_) => Some(
                "run it on paper, score it on settled markets, and name the record; `brier score --records FOLDER` writes those of recorded sets",
            ),
            Self::Halted { .. } => Some("find out why, then lift it with `brier resume`"),
            Self::Lock(LockError::DataInUse { .. }) => {
                Some("stop that process, or give this run another `run.data_dir`")
            }
            Self::Lock(LockError::AccountInUse { .. }) => Some(
                "two processes on one account cannot know what they risk together: stop one, or give it a key of another account",
            ),
            Self::Folder { .. } => Some("set `run.data_dir` to a folder that this user can write"),
            Self::NoStateFolder => Some("set HOME"),
            Self::Lock(LockError::Io { .. }) | Self::Secret(_) | Self::KalshiKey(_) | Self::PolymarketKey(_) => None,
        }
    }
}

/// Kalshi, ready to be talked to.
#[derive(Clone, Debug)]
pub enum KalshiAccess {
    /// The embedded exchange, on which the run opens an account of its own.
    Embedded,
    /// A host, with the key.
    At {
        /// Where.
        env: brier_kalshi::Env,
        /// Whose.
        credentials: Credentials,
    },
}

/// Polymarket, ready to be talked to.
#[derive(Clone, Debug)]
pub enum PolymarketAccess {
    /// The embedded exchange, on which the run has a wallet of its own.
    Embedded,
    /// A host, with the wallet.
    At {
        /// Where.
        env: brier_polymarket::Env,
        /// Whose.
        wallet: Wallet,
    },
}

/// Everything that has to hold before a run holds.
#[derive(Debug)]
pub struct Prepared {
    /// What was configured.
    pub config: Config,
    /// What other secrets, such as the token of `[remote]`, are read from.
    pub environment: Environment,
    /// The proof that real orders are wanted.
    pub live: Option<LiveToken>,
    /// Kalshi, if it is traded.
    pub kalshi: Option<KalshiAccess>,
    /// Polymarket, if it is traded.
    pub polymarket: Option<PolymarketAccess>,
    /// What every client order id of this journal starts with.
    pub order_prefix: String,
    /// The folder's and the accounts' locks: held until this is dropped.
    pub locks: Vec<FileLock>,
}

/// Checks what has to hold, takes the locks, and reads the keys.
///
/// # Errors
/// [`PrepareError`]: nothing was started.
pub fn prepare(config: Config, environment: Environment, live_flag: bool) -> Result<Prepared, PrepareError> {
    let by_configuration = config.run.mode == Mode::Live;
    match (by_configuration, live_flag) {
        (true, false) => return Err(PrepareError::LiveWithoutFlag),
        (false, true) => return Err(PrepareError::FlagWithoutLive),
        (true, true) | (false, false) => {}
    }
    if by_configuration {
        config.strategies.iter().filter(|it| it.enabled).try_for_each(standing::check)?;
        config.analysts.iter().filter(|it| it.enabled).try_for_each(standing::check_analyst)?;
        standing::check_told(&config)?;
    }
    let folder = &config.run.data_dir;
    let failed = |source| PrepareError::Folder { folder: folder.clone(), source };
    lock::make_private(folder).map_err(failed)?;
    if let Some(halt) = control::halted(folder).map_err(failed)? {
        return Err(PrepareError::Halted { folder: folder.clone(), at: halt.at, reason: halt.reason });
    }
    let mut locks = vec![lock::data(folder)?];
    let kalshi = config.kalshi.as_ref().map(|venue| kalshi(venue, &environment)).transpose()?;
    let polymarket = config.polymarket.as_ref().map(|venue| polymarket(venue, &environment)).transpose()?;
    for account in accounts(kalshi.as_ref(), polymarket.as_ref()) {
        let state = environment.state_folder().ok_or(PrepareError::NoStateFolder)?;
        let words: Vec<&str> = account.iter().map(String::as_str).collect();
        locks.push(lock::account(&state, &words)?);
    }
    let order_prefix = order_prefix(folder).map_err(failed)?;
    let live = LiveToken::granted(by_configuration, live_flag);
    Ok(Prepared { config, environment, live, kalshi, polymarket, order_prefix, locks })
}

/// Venue, host and key of each account that is no embedded one: those belong to the data folder.
fn accounts(kalshi: Option<&KalshiAccess>, polymarket: Option<&PolymarketAccess>) -> Vec<[String; 3]> {
    let mut accounts = Vec::new();
    if let Some(KalshiAccess::At { env, credentials }) = kalshi {
        accounts.push(["kalshi".to_owned(), env.to_string(), credentials.key_id().to_owned()]);
    }
    if let Some(PolymarketAccess::At { env, wallet }) = polymarket {
        accounts.push(["polymarket".to_owned(), env.to_string(), wallet.funder().to_string()]);
    }
    accounts
}

/// Reads Kalshi's key.
///
/// # Errors
/// [`PrepareError`]: nothing of the key is in it.
pub fn kalshi(venue: &KalshiConfig, environment: &Environment) -> Result<KalshiAccess, PrepareError> {
    let (Some(env), Some((id, source))) = (&venue.at, &venue.key) else { return Ok(KalshiAccess::Embedded) };
    let id = id.read(environment)?;
    let credentials = match source {
        KeySource::File(path) => Credentials::from_file(&id, path)?,
        KeySource::Reference(reference) => Credentials::from_pem(&id, &reference.read(environment)?)?,
    };
    Ok(KalshiAccess::At { env: env.clone(), credentials })
}

/// Reads Polymarket's wallet.
///
/// # Errors
/// [`PrepareError`]: nothing of the key is in it.
pub fn polymarket(venue: &PolymarketConfig, environment: &Environment) -> Result<PolymarketAccess, PrepareError> {
    use brier_polymarket::keys;
    let (Some(env), Some(source)) = (&venue.at, &venue.key) else { return Ok(PolymarketAccess::Embedded) };
    // The connector's own door takes all four as its environment has them.
    let reference: Option<Zeroizing<String>> = match source {
        KeySource::File(_) => None,
        KeySource::Reference(reference) => Some(reference.read(environment)?),
    };
    let lookup = |name: &str| match (name, source, &reference) {
        (keys::ENV_PRIVATE_KEY_PATH, KeySource::File(path), _) => Some(path.display().to_string()),
        (keys::ENV_PRIVATE_KEY, _, Some(key)) => Some(key.as_str().to_owned()),
        (keys::ENV_SIGNATURE_TYPE, ..) => Some(venue.signature_type.clone()),
        (keys::ENV_FUNDER, ..) => venue.wallet.clone(),
        _ => None,
    };
    let wallet = Wallet::from_lookup(lookup)?.expect("one of the two forms of a key was given");
    Ok(PolymarketAccess::At { env: env.clone(), wallet })
}

/// The letters and digits that this journal's client order ids begin with, made at the first start.
fn order_prefix(folder: &std::path::Path) -> std::io::Result<String> {
    let path = folder.join("order-prefix");
    match std::fs::read_to_string(&path) {
        Ok(text) if is_prefix(text.trim()) => return Ok(text.trim().to_owned()),
        Ok(_) => {
            let text = format!("{}: expected 7 small letters and digits; restore it from a copy", path.display());
            return Err(std::io::Error::new(std::io::ErrorKind::InvalidData, text));
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    // 36^6 names and the moment: two journals of one account get the same with a chance of one in two billion.
    let mut rest = u64::from(std::process::id()).wrapping_mul(0x9E37_79B9_7F4A_7C15)
        ^ brier_connect::clock::Clock::local_now().nanos().unsigned_abs().wrapping_mul(0xD6E8_FEB8_6659_FD93);
    let mut prefix = String::from("b");
    for _ in 0..6 {
        rest ^= rest >> 29;
        prefix.push(char::from_digit((rest % 36) as u32, 36).expect("a remainder of 36 is a digit of it"));
        rest /= 36;
    }
    brier_connect::private_file::write(&path, &format!("{prefix}\n"))?;
    Ok(prefix)
}

fn is_prefix(text: &str) -> bool {
    text.len() == 7 && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}

impl Config {
    /// An engine with all strategies seated in their places. Those that are off, and those that connect from outside, have a
    /// place that says nothing by itself.
    pub fn make_engine(&self, order_prefix: &str) -> Engine {
        let mut engine = Engine::new(self.engine(order_prefix));
        for it in &self.strategies {
            match it.make().filter(|_| it.enabled) {
                Some(strategy) => engine.seat(&it.name, strategy),
                None => engine.seat_remote(&it.name),
            };
        }
        engine
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::config::{Sources, load};

    const WALLET: &str = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";

    struct Case(tempfile::TempDir);

    impl Case {
        fn new(mode: &str, wallet_mode: u32) -> Self {
            let folder = tempfile::tempdir().unwrap();
            let key = folder.path().join("wallet.key");
            std::fs::write(&key, WALLET).unwrap();
            std::fs::set_permissions(&key, std::fs::Permissions::from_mode(wallet_mode)).unwrap();
            let env = if mode == "live" { "production" } else { "local" };
            std::fs::write(
                folder.path().join("b.toml"),
                format!(
                    "[run]\nmode = \"{mode}\"\n[kalshi]\nenabled = {}\n[polymarket]\nenv = \"{env}\"\nenabled = true\nkey_path = \"wallet.key\"\n",
                    mode == "paper"
                ),
            )
            .unwrap();
            Self(folder)
        }

        fn prepare(&self, data: &str, live: bool) -> Result<Prepared, PrepareError> {
            let home = self.0.path().join("home").display().to_string();
            let sources = Sources {
                project: Some(self.0.path().join("b.toml")),
                flags: vec![format!("run.data_dir={}", self.0.path().join(data).display())],
                environment: Environment::from_pairs([("HOME".to_owned(), home)]),
                ..Sources::default()
            };
            let (config, environment) = load(sources).into_config().unwrap();
            prepare(config, environment, live)
        }
    }

    #[test]
    fn real_money_needs_two_words() {
        assert!(matches!(Case::new("live", 0o600).prepare("d", false), Err(PrepareError::LiveWithoutFlag)));
        assert!(matches!(Case::new("paper", 0o600).prepare("d", true), Err(PrepareError::FlagWithoutLive)));
        assert!(Case::new("live", 0o600).prepare("d", true).unwrap().live.is_some());
        assert!(Case::new("paper", 0o600).prepare("d", false).unwrap().live.is_none());
    }

    #[test]
    fn a_model_that_has_not_beaten_the_market_trades_on_paper_only() {
        for (mode, live) in [("paper", false), ("live", true)] {
            let case = Case::new(mode, 0o600);
            let file = case.0.path().join("b.toml");
            let strategy = format!(
                "[[strategy]]\nname = \"updown\"\nkind = \"up_or_down\"\nmarkets = [\"polymarket:0x{}\"]\n[strategy.parameters]\nspot_series = \"spot:BTC\"\n",
                "ab".repeat(32)
            );
            std::fs::write(&file, std::fs::read_to_string(&file).unwrap() + &strategy).unwrap();
            match case.prepare("d", live) {
                Ok(_) => assert!(!live),
                Err(error) => {
                    assert!(live && matches!(error, PrepareError::Standing(StandingError::NoRecord { .. })), "{error}");
                    assert!(error.hint().is_some());
                }
            }
        }
    }

    #[test]
    fn an_analyst_that_has_not_beaten_the_market_is_traded_on_paper_only() {
        let market = format!("polymarket:0x{}", "ab".repeat(32));
        let table = |more: &str| {
            format!(
                "[[analyst]]\nname = \"pool\"\nkind = \"pool\"\nmarkets = [\"{market}\"]\n{more}[analyst.inputs.one]\nstated = 0.5\n"
            )
        };
        let prepare = |mode: &str, more: &str, record: Option<String>| {
            let case = Case::new(mode, 0o600);
            let file = case.0.path().join("b.toml");
            std::fs::write(&file, std::fs::read_to_string(&file).unwrap() + &table(more)).unwrap();
            if let Some(record) = record {
                std::fs::write(case.0.path().join("r.jsonl"), record).unwrap();
            }
            case.prepare("d", mode == "live").map(drop).map_err(|error| error.to_string())
        };
        let record = |right: usize| {
            let line = |number: usize| {
                let model = if number % 10 < right { 0.9 } else { 0.1 };
                let owner = format!("\"kind\":\"analyst:pool\",\"series\":\"polymarket\",\"ticker\":\"M{number}\"");
                format!("{{{owner},\"event\":\"E{number}\",\"model\":{model},\"market\":0.5,\"happened\":true}}\n")
            };
            Some((0..120).map(line).collect::<String>())
        };
        assert_eq!(prepare("paper", "", None), Ok(()));
        let none = "analyst `pool` trades the opinion of its own model, and names no `record` of it";
        assert_eq!(prepare("live", "", None), Err(none.to_owned()));
        assert_eq!(prepare("live", "tells = false\n", None), Ok(()), "nobody trades what is only written down");
        assert_eq!(prepare("live", "enabled = false\n", None), Ok(()));
        assert_eq!(prepare("live", "record = \"r.jsonl\"\n", record(9)), Ok(()));
        let worse = prepare("live", "record = \"r.jsonl\"\n", record(5)).unwrap_err();
        assert!(worse.contains("of analyst `pool`: ") && worse.contains("as good or better"), "{worse}");
        assert!(prepare("live", "record = \"r.jsonl\"\n", None).unwrap_err().contains("r.jsonl of analyst `pool`"));
    }

    #[test]
    fn two_processes_on_one_account_are_refused_with_the_others_number() {
        let case = Case::new("paper", 0o600);
        let first = case.prepare("one", false).unwrap();
        let me = std::process::id();
        let folder = case.prepare("one", false).unwrap_err();
        assert!(matches!(folder, PrepareError::Lock(LockError::DataInUse { pid: Some(pid), .. }) if pid == me));
        let account = case.prepare("two", false).unwrap_err();
        assert!(
            matches!(&account, PrepareError::Lock(LockError::AccountInUse { pid: Some(pid), .. }) if *pid == me),
            "{account}"
        );
        drop(first);
        assert!(case.prepare("two", false).is_ok());
    }

    #[test]
    fn a_halted_folder_starts_nothing() {
        let case = Case::new("paper", 0o600);
        drop(case.prepare("d", false).unwrap());
        control::put(&case.0.path().join("d"), "storm").unwrap();
        let halted = case.prepare("d", false).unwrap_err();
        assert!(halted.to_string().ends_with(": storm") && halted.hint().unwrap().contains("brier resume"), "{halted}");
        control::clear(&case.0.path().join("d")).unwrap();
        assert!(case.prepare("d", false).is_ok());
    }

    #[test]
    fn a_key_that_others_can_read_is_refused_and_locks_nothing() {
        let case = Case::new("paper", 0o644);
        assert!(matches!(case.prepare("d", false), Err(PrepareError::PolymarketKey(_))));
        assert_eq!(lock::data_holder(&case.0.path().join("d")).unwrap(), None);
    }

    #[test]
    fn a_journal_keeps_its_prefix_and_another_has_another() {
        let case = Case::new("paper", 0o600);
        let prefix = |data| case.prepare(data, false).unwrap().order_prefix;
        let first = prefix("one");
        assert!(is_prefix(&first), "{first}");
        assert_eq!((prefix("one"), prefix("one") == prefix("two")), (first, false));
        std::fs::write(case.0.path().join("one/order-prefix"), "x").unwrap();
        assert!(matches!(case.prepare("one", false), Err(PrepareError::Folder { .. })));
    }

    #[test]
    fn the_data_folder_is_its_owners() {
        let case = Case::new("paper", 0o600);
        drop(case.prepare("d", false).unwrap());
        assert_eq!(std::fs::metadata(case.0.path().join("d")).unwrap().permissions().mode() & 0o077, 0);
    }
}
