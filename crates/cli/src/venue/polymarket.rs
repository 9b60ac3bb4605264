//! Polymarket's side of it: hosts, wallet, API credentials; and how a person's name for a market becomes a listing.
//!
//! A market is named by its condition id, by one of its tokens, or by its slug. What an order needs is always read from the
//! order book itself; Gamma is asked for names only.
//!
//! Source: reference (Polymarket), sections 1, 3, 4 and 8.3, 2026-11-20.

use std::collections::BTreeMap;
use std::path::PathBuf;

use brier_polymarket::creds::CredsFile;
use brier_polymarket::discovery::Listing;
use brier_polymarket::keys::{
    ENV_FUNDER, ENV_PRIVATE_KEY_PATH, ENV_SIGNATURE_TYPE, KeyError, Wallet, parse_signature_type,
};
use brier_polymarket::rest::OrdersQuery;
use brier_polymarket::{Client, Config, Env, Hosts, PolymarketError};
use brier_polymarket_protocol::clob::OpenOrder;
use brier_polymarket_protocol::ids::{ConditionId, SignatureType, TokenId};
use brier_types::{MarketResult, MarketStatus, Outcome};

use super::{EnvWord, Lookup, Names, PolymarketReady, VenueArgs, environment, foreign_address, read_only, seed};
use crate::error::CliError;

const NAMES: Names = Names { env: "POLYMARKET_ENV", url: "POLYMARKET_URL", key_file: ENV_PRIVATE_KEY_PATH };

/// Which API key of the wallet is used: the first.
pub(crate) const NONCE: u64 = 0;

/// A host and a wallet, resolved and not yet tried.
#[derive(Clone, Debug)]
pub(crate) struct Venue {
    /// Where.
    pub(crate) env: Env,
    /// The wallet's key, if there is one.
    pub(crate) key: Option<Key>,
    /// Where the key was named, for people.
    pub(crate) key_origin: &'static str,
}

/// A wallet's key, not yet read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    /// The file with 64 hex digits.
    pub(crate) file: PathBuf,
    /// Whose money it trades.
    pub(crate) signature_type: SignatureType,
    /// The wallet, where it is not the one that follows from the key.
    pub(crate) funder: Option<alloy_primitives::Address>,
}

impl VenueArgs {
    /// Finds Polymarket's host and key.
    ///
    /// # Errors
    /// When they contradict each other or a word is none.
    pub(crate) fn polymarket(&self) -> Result<Venue, CliError> {
        self.polymarket_with(&environment)
    }

    fn polymarket_with(&self, lookup: Lookup<'_>) -> Result<Venue, CliError> {
        if self.key_id.is_some() {
            return Err(CliError::usage("a key id is given for a venue that knows wallets only")
                .hint("leave out `--key-id`, or say `--venue kalshi`"));
        }
        let (word, url) = (self.env_word(&NAMES, lookup)?, self.url(&NAMES, lookup));
        let ready = if word == EnvWord::Local { self.ready()?.map(|ready| ready.polymarket) } else { None };
        let env = match (word, &url, &ready) {
            (EnvWord::Demo, _, _) => {
                return Err(CliError::usage("Polymarket has no play-money exchange")
                    .hint("use `--env local` with a running `brier exchange`, or `--env prod` to read"));
            }
            (EnvWord::Prod, None, _) => Env::Production,
            (EnvWord::Prod, Some(_), _) => return Err(foreign_address(&NAMES)),
            (EnvWord::Local, Some(url), _) => local(Env::local(url))?,
            (EnvWord::Local, None, Some(Some(ready))) => local(hosts(ready).and_then(Env::custom))?,
            (EnvWord::Local, None, Some(None)) => {
                return Err(CliError::failure("the running `brier exchange` does not serve Polymarket")
                    .hint("start it without `--polymarket-listen none`"));
            }
            (EnvWord::Local, None, None) => local(Env::local(Env::DEFAULT_LOCAL))?,
        };
        let signature_type = self.signature_type.clone().or_else(|| lookup(ENV_SIGNATURE_TYPE));
        let signature_type = signature_type.map_or(Ok(SignatureType::Eoa), |word| parse_signature_type(&word));
        let signature_type = signature_type.map_err(|error| CliError::usage(error.to_string()))?;
        let option = self.wallet.clone().map(|text| ("--wallet", text));
        let funder = option.or_else(|| lookup(ENV_FUNDER).map(|text| (ENV_FUNDER, text)));
        let funder = funder.map(|(named, text)| address(named, &text)).transpose()?;
        let (file, key_origin) = match (self.key_file(&NAMES, lookup), ready.flatten().filter(|_| url.is_none())) {
            (Some(file), _) => (Some(file), "options or environment"),
            // The operator's key belongs to this exchange: an address of another one does not get it.
            (None, Some(ready)) => (Some(ready.private_key_path), "the exchange's ready file"),
            (None, None) => (None, "nowhere"),
        };
        Ok(Venue { env, key: file.map(|file| Key { file, signature_type, funder }), key_origin })
    }
}

/// Why there is no wallet to trade with.
fn unusable(error: KeyError) -> CliError {
    let foreign = matches!(error, KeyError::FunderOfEoa { .. });
    let told = CliError::from(PolymarketError::from(error));
    if foreign { told.hint(FOREIGN_WALLET) } else { told }
}

/// The wallet whose money is traded, as `named` gives it.
fn address(named: &str, text: &str) -> Result<alloy_primitives::Address, CliError> {
    text.trim().parse().map_err(|_no_address| {
        let found: String = text.chars().take(64).collect();
        CliError::usage(format!("{named}: expected an address of 0x and 40 hex digits, found `{found}`"))
            .hint("leave it out where the wallet follows from the key; `brier auth check` shows the addresses that do")
    })
}

fn hosts(ready: &PolymarketReady) -> Result<Hosts, brier_polymarket::EnvError> {
    let url = |text: &str| {
        text.parse().map_err(|_no_url| brier_polymarket::EnvError::Unknown { found: text.chars().take(128).collect() })
    };
    Ok(Hosts {
        clob: url(&ready.clob)?,
        gamma: url(&ready.gamma)?,
        data: url(&ready.data)?,
        ws_market: url(&format!("{}/ws/market", ready.ws))?,
        ws_user: url(&format!("{}/ws/user", ready.ws))?,
        ws_live: url(&ready.rtds)?,
        relayer: url(&ready.relayer)?,
    })
}

fn local(env: Result<Env, brier_polymarket::EnvError>) -> Result<Env, CliError> {
    env.map_err(|error| {
        CliError::usage(error.to_string())
            .hint("give the address that `brier exchange` printed, such as http://127.0.0.1:8811")
    })
}

impl Key {
    /// Reads the key.
    pub(crate) fn wallet(&self) -> Result<Wallet, KeyError> {
        Wallet::from_file(&self.file, self.signature_type, self.funder)
    }

    /// Where the API credentials of this wallet at this host are kept.
    pub(crate) fn creds_file(&self, env: &Env) -> CredsFile {
        CredsFile::beside(&self.file, env)
    }
}

impl Venue {
    /// A client for public reads.
    pub(crate) fn public(&self) -> Result<Client, CliError> {
        Ok(Client::new(self.env.clone(), None, Config::new(seed()))?)
    }

    /// A client with the wallet and its API credentials, which are created or derived when there are none yet.
    pub(crate) async fn signed(&self) -> Result<Client, CliError> {
        let key = self.key.as_ref().ok_or_else(|| CliError::failure("no wallet key is named").hint(NO_KEY))?;
        let wallet = key.wallet().map_err(unusable)?;
        let client = Client::new(self.env.clone(), Some(wallet), Config::new(seed()))?;
        client.ensure_credentials(&key.creds_file(&self.env), NONCE).await?;
        Ok(client)
    }

    /// Refuses hosts that take no orders from here.
    pub(crate) fn demand_writes(&self, what: &str) -> Result<(), CliError> {
        if self.env.writes_allowed() { Ok(()) } else { Err(read_only(what, &self.env, "a local `brier exchange`")) }
    }
}

/// What to do without a key.
pub(crate) const NO_KEY: &str = "set POLYMARKET_PRIVATE_KEY_PATH, or give --key-file; the key of a running `brier \
                                 exchange` is found through its ready file";

/// What to do where an account without a wallet of its own names one.
pub(crate) const FOREIGN_WALLET: &str = "leave out `--wallet`, or say `--signature-type proxy`, `safe` or `deposit`, whose \
                                         money is in a wallet";

/// A market that a person named, and the outcome, if a token was.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) listing: Listing,
    pub(crate) outcome: Option<Outcome>,
}

/// The market of a condition id, a token id or a slug, with the terms that the order book has now.
pub(crate) async fn find(client: &Client, name: &str) -> Result<Found, CliError> {
    let unknown = |error: PolymarketError| {
        if error.status() == Some(404) {
            return CliError::failure(format!("no market is called {name}"))
                .hint("give a condition id, a token id or a slug as `brier markets --venue polymarket` lists them");
        }
        CliError::from(error)
    };
    if let Ok(condition) = name.parse::<ConditionId>() {
        let market = client.clob_market(condition).await.map_err(unknown)?;
        return Ok(Found { listing: Listing::from_clob(&market).map_err(unreadable)?, outcome: None });
    }
    if let Ok(token) = name.parse::<TokenId>() {
        let market = client.market_by_token(token).await.map_err(unknown)?;
        let condition = market.condition_id.parse().map_err(unreadable)?;
        let listing = Listing::from_clob(&client.clob_market(condition).await.map_err(unknown)?).map_err(unreadable)?;
        let outcome = if listing.yes == token { Outcome::Yes } else { Outcome::No };
        return Ok(Found { listing, outcome: Some(outcome) });
    }
    let named = Listing::from_gamma(&client.gamma_market(name).await.map_err(unknown)?, None).map_err(unreadable)?;
    let fresh = Listing::from_clob(&client.clob_market(named.condition).await.map_err(unknown)?).map_err(unreadable)?;
    let listing = Listing {
        tick: fresh.tick,
        min_size: fresh.min_size,
        neg_risk: fresh.neg_risk,
        fees: fresh.fees,
        accepting_orders: fresh.accepting_orders && named.accepting_orders,
        ..named
    };
    Ok(Found { listing, outcome: None })
}

fn unreadable(error: impl std::fmt::Display) -> CliError {
    CliError::failure(error.to_string()).hint("the venue lists it in a form that cannot be traded here")
}

/// The listings of these markets: from Gamma, which knows names; those it does not show from the order book.
pub(crate) async fn listings(
    client: &Client,
    conditions: &[ConditionId],
) -> Result<BTreeMap<ConditionId, Listing>, CliError> {
    let mut known = BTreeMap::new();
    match client.listings(conditions).await {
        Ok(found) => known.extend(found.listings.into_iter().map(|listing| (listing.condition, listing))),
        Err(error) => tracing::warn!(%error, "the catalog cannot be read; markets are shown without their names"),
    }
    for condition in conditions {
        if !known.contains_key(condition) {
            let market = client.clob_market(*condition).await?;
            known.insert(*condition, Listing::from_clob(&market).map_err(unreadable)?);
        }
    }
    Ok(known)
}

/// The token's outcome in its market.
pub(crate) fn outcome_of(listing: &Listing, token: &str) -> Option<Outcome> {
    match token.parse::<TokenId>() {
        Ok(token) if token == listing.yes => Some(Outcome::Yes),
        Ok(token) if token == listing.no => Some(Outcome::No),
        _ => None,
    }
}

/// The token of an outcome.
pub(crate) const fn token_of(listing: &Listing, outcome: Outcome) -> TokenId {
    match outcome {
        Outcome::Yes => listing.yes,
        Outcome::No => listing.no,
    }
}

/// `YES` or `NO`.
pub(crate) const fn word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Yes => "YES",
        Outcome::No => "NO",
    }
}

/// The open orders of the wallet that trades. The venue lists those of every wallet of the key.
pub(crate) async fn open_orders(client: &Client, query: &OrdersQuery) -> Result<Vec<OpenOrder>, CliError> {
    let mut open = client.open_orders(query).all().await?;
    open.retain(|order| is_own(client, &order.maker_address));
    Ok(open)
}

/// Whether something is of the wallet that trades, not of another one of the same key. What names no wallet counts.
pub(crate) fn is_own(client: &Client, maker: &str) -> bool {
    let funder = client.wallet().map(|wallet| wallet.funder().to_string());
    maker.is_empty() || funder.is_some_and(|funder| funder.eq_ignore_ascii_case(maker))
}

/// What a person calls the market: its slug, else its condition id.
pub(crate) fn name_of(listing: &Listing) -> &str {
    if listing.slug.is_empty() { listing.ticker.as_str() } else { &listing.slug }
}

/// Where a market is in its life, as `brier markets` says it.
pub(crate) const fn status_word(status: MarketStatus) -> &'static str {
    match status {
        MarketStatus::Initialized => "unopened",
        MarketStatus::Active => "active",
        MarketStatus::Inactive => "inactive",
        MarketStatus::Closed => "closed",
        MarketStatus::Determined => "determined",
        MarketStatus::Disputed => "disputed",
        MarketStatus::Amended => "amended",
        MarketStatus::Finalized => "finalized",
    }
}

/// What it resolved to.
pub(crate) fn result_word(result: MarketResult) -> String {
    match result {
        MarketResult::Yes => "yes".to_owned(),
        MarketResult::No => "no".to_owned(),
        MarketResult::Scalar(value) => format!("YES pays {value}"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::args;
    use super::super::{Ready, ready_file};
    use super::*;

    fn resolve(args: &VenueArgs) -> Result<Venue, CliError> {
        args.polymarket_with(&|_| None)
    }

    #[test]
    fn what_is_no_thing_of_this_venue_is_refused() {
        assert!(resolve(&args("demo")).is_err());
        assert!(resolve(&VenueArgs { key_id: Some("x".into()), ..args("prod") }).is_err());
        let wallet = resolve(&VenueArgs { wallet: Some("0x1".into()), ..args("prod") }).unwrap_err();
        assert_eq!(wallet.to_string(), "--wallet: expected an address of 0x and 40 hex digits, found `0x1`");
        assert!(resolve(&VenueArgs { signature_type: Some("ledger".into()), ..args("prod") }).is_err());
        assert!(resolve(&VenueArgs { url: Some("http://127.0.0.1:1".into()), ..args("prod") }).is_err());
        assert!(resolve(&VenueArgs { url: Some("https://clob.polymarket.com".into()), ..args("local") }).is_err());
    }

    #[test]
    fn a_wallet_of_an_account_without_one_is_told_with_the_way_out() {
        let error = unusable(KeyError::FunderOfEoa { found: alloy_primitives::Address::ZERO });
        let mut out = Vec::new();
        error.print(&mut out);
        let told = String::from_utf8(out).unwrap();
        assert!(told.starts_with("error: wallet (funder): expected the key's own address"), "{told}");
        assert!(told.contains("\nhint: leave out `--wallet`, or say `--signature-type proxy`"), "{told}");
    }

    #[test]
    fn a_ready_file_gives_every_address_and_the_wallet() {
        let folder = tempfile::tempdir().unwrap();
        let path = ready_file(folder.path());
        let at = |path: &str| format!("http://127.0.0.1:4322{path}");
        let mut ready = Ready {
            rest: "http://127.0.0.1:4321/trade-api/v2".into(),
            ws: "ws://127.0.0.1:4321/trade-api/ws/v2".into(),
            admin: None,
            key_id: "id".into(),
            private_key_path: "key.pem".into(),
            polymarket: Some(PolymarketReady {
                clob: at(""),
                gamma: at("/gamma"),
                data: at("/data-api"),
                ws: "ws://127.0.0.1:4322".into(),
                relayer: at("/relayer"),
                rtds: "ws://127.0.0.1:4322/rtds".into(),
                address: "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266".into(),
                deposit_wallet: "0xBc0fF067b7740Eff76C1ca93c875Ba6B890d6B50".into(),
                private_key_path: "wallet.key".into(),
            }),
        };
        let write = |ready: &Ready| std::fs::write(&path, serde_json::to_string(ready).unwrap()).unwrap();
        write(&ready);
        let with_file = VenueArgs { ready_file: Some(path.clone()), ..args("local") };
        let venue = resolve(&with_file).unwrap();
        assert_eq!(venue.env, Env::local(&at("")).unwrap());
        assert_eq!(
            venue.key.map(|key| (key.file, key.signature_type)),
            Some(("wallet.key".into(), SignatureType::Eoa))
        );
        let elsewhere = VenueArgs { url: Some("http://127.0.0.1:1".into()), ..with_file.clone() };
        assert_eq!(resolve(&elsewhere).unwrap().key, None);
        ready.polymarket = None;
        write(&ready);
        assert!(resolve(&with_file).unwrap_err().to_string().contains("does not serve Polymarket"));
    }

    #[test]
    fn production_takes_no_orders() {
        let venue = resolve(&args("prod")).unwrap();
        assert!(venue.demand_writes("order").unwrap_err().to_string().contains("sends nothing to prod"));
        assert!(resolve(&args("local")).unwrap().demand_writes("order").is_ok());
    }
}
