//! The embedded exchange of a paper run: started before the venues are reached, stopped after everything else.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use brier_connect::private_file;
use brier_exchange::{RunningServer, Server, ServerConfig, StartError, play_wallet};
use brier_kalshi::keys::{Credentials, KeyKind, PrivateKey};
use brier_polymarket::keys::Wallet;
use brier_polymarket_protocol::ids::SignatureType;
use serde::{Deserialize, Serialize};

use crate::config::PaperConfig;
use crate::run::{KalshiAccess, PolymarketAccess};

/// Why there is no exchange to trade at.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PaperError {
    /// It did not start.
    #[error("embedded exchange: {0}")]
    Start(#[from] StartError),
    /// What it shall list cannot be read.
    #[error("catalog {path}: {problem}")]
    Catalog {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// The keys that it made cannot be used.
    #[error("embedded exchange: {0}")]
    Keys(String),
}

/// Starts it with both faces, and lists its catalog.
pub(super) async fn start(config: &PaperConfig) -> Result<RunningServer, PaperError> {
    let any_port = SocketAddr::from(([127, 0, 0, 1], 0));
    let server = Server::start(ServerConfig {
        listen: any_port,
        data_dir: Some(config.data_dir.clone()),
        admin: true,
        operator_funds: config.funds,
        polymarket_listen: Some(any_port),
        ..ServerConfig::default()
    })
    .await?;
    if let Some(path) = &config.catalog {
        list(&server, path).await?;
    }
    Ok(server)
}

async fn list(server: &RunningServer, path: &Path) -> Result<(), PaperError> {
    let failed =
        |problem: &dyn std::fmt::Display| PaperError::Catalog { path: path.into(), problem: problem.to_string() };
    let text = std::fs::read_to_string(path).map_err(|error| failed(&error))?;
    let report = server.load_catalog_text(&text).await.map_err(|problem| failed(&problem))?;
    tracing::info!(listed = report.listed, kept = report.kept.len(), "catalog");
    Ok(())
}

/// The run's own account on Kalshi's face: its key's id, once it is funded.
#[derive(Serialize, Deserialize)]
struct Account {
    key_id: String,
}

/// Kalshi's face, with an account of the run's own. The operator's stays free to trade against it.
pub(super) async fn kalshi(server: &RunningServer, config: &PaperConfig) -> Result<KalshiAccess, PaperError> {
    let wrong = |error: &dyn std::fmt::Display| PaperError::Keys(error.to_string());
    let env = brier_kalshi::Env::local(&server.rest_url()).map_err(|error| wrong(&error))?;
    let (key_file, account_file) = (config.data_dir.join("run-kalshi.pem"), config.data_dir.join("run-kalshi.json"));
    if let Ok(text) = std::fs::read_to_string(&account_file) {
        let account: Account = serde_json::from_str(&text).map_err(|error| wrong(&error))?;
        let credentials = Credentials::from_file(&account.key_id, &key_file).map_err(|error| wrong(&error))?;
        return Ok(KalshiAccess::At { env, credentials });
    }
    let key = PrivateKey::generate(KeyKind::Ed25519).map_err(|error| wrong(&error))?;
    let pem = key.to_pkcs8_pem().map_err(|error| wrong(&error))?;
    private_file::write(&key_file, &pem).map_err(|error| wrong(&error))?;
    let public = key.public_key().to_pem().map_err(|error| wrong(&error))?;
    let admin = server.admin();
    let account = admin.create_account("run", KeyKind::Ed25519, Some(public)).await.map_err(|error| wrong(&error))?;
    admin.fund(&account.user_id, config.funds).await.map_err(|error| wrong(&error))?;
    // Last: what died before begins anew, with another account.
    let text = serde_json::to_string(&Account { key_id: account.key_id.clone() }).expect("a text is JSON");
    private_file::write(&account_file, &text).map_err(|error| wrong(&error))?;
    let credentials = Credentials::from_pem(&account.key_id, &pem).map_err(|error| wrong(&error))?;
    Ok(KalshiAccess::At { env, credentials })
}

/// Polymarket's face, with a wallet of the run's own.
pub(super) async fn polymarket(server: &RunningServer, config: &PaperConfig) -> Result<PolymarketAccess, PaperError> {
    let wrong = |error: &dyn std::fmt::Display| PaperError::Keys(error.to_string());
    let addresses = server.polymarket().ok_or_else(|| wrong(&"it has no Polymarket face"))?;
    let env = brier_polymarket::Env::local(&addresses.clob).map_err(|error| wrong(&error))?;
    let (text, key) = play_wallet(&config.data_dir.join("run-wallet.key")).map_err(|error| wrong(&error))?;
    let admin = server.admin().polymarket();
    if admin.balances(key.address()).await.is_err() {
        admin.fund(key.address(), config.funds).await.map_err(|error| wrong(&error))?;
    }
    let wallet = Wallet::from_hex(&text, SignatureType::Eoa, None).map_err(|error| wrong(&error))?;
    Ok(PolymarketAccess::At { env, wallet })
}
