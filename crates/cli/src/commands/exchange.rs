//! `brier exchange`: the embedded exchange as a process of its own.

mod told;

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Instant;

use brier_exchange::{ClockConfig, RunningServer, Server, ServerConfig};
use brier_types::{Money, Rounding};
use serde::Serialize;

use crate::error::{CliError, EXIT_OK};
use crate::output::{Output, as_text, counted, tell};
use crate::venue::{PolymarketReady, Ready, default_data_dir, ready_file};

/// Run an exchange on this machine that speaks Kalshi's and Polymarket's APIs, with play money
///
/// Serves Kalshi's REST under /trade-api/v2 and its WebSocket at /trade-api/ws/v2 on one port, and on another Polymarket's order
/// book API at the root, its streams under /ws, and Gamma, Data API and relayer under /gamma, /data-api, /relayer. State is kept in the data folder
/// and found again at the next start. The operator's keys are made at the first start; point a bot or an official SDK at
/// the printed address. Ctrl-C or SIGTERM stops it.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Folder for journal and keys; by default $XDG_DATA_HOME/brier/exchange or ~/.local/share/brier/exchange
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,

    /// Address to listen on; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8810")]
    listen: SocketAddr,

    /// Address for Polymarket's clients, or `none`; by default the port after that of --listen, or any free one if that is 0
    #[arg(long, value_name = "ADDRESS", value_parser = other_listen)]
    polymarket_listen: Option<OtherListen>,

    /// Play money in dollars for each wallet of a new Polymarket API key: its own and its deposit wallet
    #[arg(long, value_name = "DOLLARS", default_value = "0")]
    polymarket_grant: Money,

    /// Serve the administration under /admin/v1 to callers on this machine; it asks for no key
    #[arg(long)]
    admin: bool,

    /// The market's clock; a simulated one stands still until the administration moves it
    #[arg(long, value_enum, default_value = "wall")]
    clock: ClockWord,

    /// Write addresses and the operator's key as JSON to this file once the exchange serves
    #[arg(long, value_name = "FILE")]
    ready_file: Option<PathBuf>,

    /// List the series, events and markets of this JSON file, and Polymarket's under `polymarket`
    #[arg(long, value_name = "FILE")]
    catalog: Option<PathBuf>,
}

/// Where the second face listens, if at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct OtherListen(Option<SocketAddr>);

fn other_listen(text: &str) -> Result<OtherListen, String> {
    if text == "none" {
        return Ok(OtherListen(None));
    }
    let addr = text.parse().map_err(|error| format!("{error}; give one such as 127.0.0.1:8811, or `none`"))?;
    Ok(OtherListen(Some(addr)))
}

impl Args {
    fn polymarket_listen(&self) -> Option<SocketAddr> {
        let next = match self.listen.port() {
            0 => 0,
            port => port.checked_add(1).unwrap_or(0),
        };
        self.polymarket_listen.map_or(Some(SocketAddr::new(self.listen.ip(), next)), |OtherListen(addr)| addr)
    }
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum ClockWord {
    Wall,
    Simulated,
}

#[derive(Serialize)]
struct Started<'a> {
    #[serde(flatten)]
    ready: &'a Ready,
    user_id: &'a str,
    rsa_key_id: &'a str,
    rsa_private_key_path: Option<&'a PathBuf>,
    records_recovered: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    journal_cut: Option<Cut>,
    python: String,
    typescript: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    polymarket_cash: Option<Cash>,
    #[serde(skip_serializing_if = "Option::is_none")]
    polymarket_python: Option<String>,
}

/// Play money of the operator's wallets, in dollars.
#[derive(Clone, Copy, Serialize)]
struct Cash {
    #[serde(serialize_with = "as_text")]
    eoa: Money,
    #[serde(serialize_with = "as_text")]
    deposit_wallet: Money,
}

/// The end of the journal that a crash left and that is gone.
#[derive(Clone, Copy, Serialize)]
struct Cut {
    offset: u64,
    bytes: u64,
}

/// Serves until it is told to stop.
pub(crate) fn run(args: &Args, output: &mut Output) -> Result<u8, CliError> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| CliError::failure(format!("the runtime does not start: {error}")))?;
    runtime.block_on(serve(args, output))
}

async fn serve(args: &Args, output: &mut Output) -> Result<u8, CliError> {
    let data_dir = args.data_dir.clone().or_else(default_data_dir).ok_or_else(|| {
        CliError::failure("there is no folder for the exchange's data: HOME is not set")
            .hint("name one with `--data-dir`")
    })?;
    // Before anything is announced, so that a signal right after the announcement is not missed.
    let mut stop = Stop::new()?;
    let config = ServerConfig {
        listen: args.listen,
        data_dir: Some(data_dir.clone()),
        admin: args.admin,
        clock: match args.clock {
            ClockWord::Wall => ClockConfig::Wall,
            ClockWord::Simulated => ClockConfig::Simulated { start: None },
        },
        polymarket_listen: args.polymarket_listen(),
        polymarket_grant: args.polymarket_grant,
        ..ServerConfig::default()
    };
    // Talk that cannot be said must not keep the exchange from its work.
    if let Some(line) = told::recovering(&data_dir) {
        drop(tell(line));
    }
    let began = Instant::now();
    let server = Server::start(config).await.map_err(|error| told::not_started(&error))?;
    for line in told::recovered(&server.recovery(), began.elapsed()) {
        drop(tell(line));
    }
    let announced = announce(args, &data_dir, &server, output).await;
    let files = [Some(ready_file(&data_dir)), args.ready_file.clone()];
    let ended = match announced {
        Ok(()) => tokio::select! {
            biased;
            () = stop.asked() => Ok(EXIT_OK),
            () = server.failed() => Err(told::stopped(server.journal_failure())),
        },
        Err(error) => Err(error),
    };
    tracing::info!("stopping");
    for file in files.iter().flatten() {
        // Whoever reads it next must not find an exchange that is gone.
        if let Err(error) = std::fs::remove_file(file) {
            tracing::debug!(file = %file.display(), %error, "no ready file to remove");
        }
    }
    server.shutdown().await;
    ended
}

/// Lists the catalog, prints what a user needs, and then says that all is ready.
async fn announce(args: &Args, data_dir: &Path, server: &RunningServer, output: &mut Output) -> Result<(), CliError> {
    if let Some(path) = &args.catalog {
        load(path, server).await?;
    }
    let operator = server.operator();
    let ready = ready(server, args.admin)?;
    let started = Started {
        ready: &ready,
        user_id: &operator.user_id,
        rsa_key_id: &operator.rsa.key_id,
        rsa_private_key_path: operator.rsa.path.as_ref(),
        records_recovered: server.recovery().records,
        journal_cut: server.recovery().torn.map(|torn| Cut { offset: torn.offset, bytes: torn.bytes }),
        python: operator.python_lines(&ready.rest),
        typescript: operator.typescript_lines(&ready.rest),
        polymarket_cash: cash(server).await,
        polymarket_python: server
            .operator_wallet()
            .zip(server.polymarket())
            .map(|(wallet, addresses)| wallet.python_lines(&addresses.clob)),
    };
    write_whole(&ready_file(data_dir), &ready)?;
    if let Some(path) = &args.ready_file {
        write_whole(path, &ready)?;
    }
    // Last, so that whoever has read it finds the files.
    output.either(&started, |output| print(&started, output))?;
    output.flush()
}

/// What clients of a server need.
fn ready(server: &RunningServer, admin: bool) -> Result<Ready, CliError> {
    let operator = server.operator();
    let private_key_path = operator
        .ed25519
        .path
        .clone()
        .ok_or_else(|| CliError::failure("the operator's key has no file, though there is a data folder"))?;
    let private_key_path = std::path::absolute(&private_key_path).unwrap_or(private_key_path);
    Ok(Ready {
        rest: server.rest_url(),
        ws: server.ws_url(),
        admin: admin.then(|| server.admin_url()),
        key_id: operator.ed25519.key_id.clone(),
        private_key_path,
        polymarket: polymarket(server),
    })
}

/// Writes what clients of a paper run's exchange need into its data folder, and says where.
pub(crate) fn write_ready(data_dir: &Path, server: &RunningServer) -> Result<PathBuf, CliError> {
    let path = ready_file(data_dir);
    write_whole(&path, &ready(server, true)?)?;
    Ok(path)
}

/// What a client of the Polymarket face needs.
fn polymarket(server: &RunningServer) -> Option<PolymarketReady> {
    let (addresses, wallet) = server.polymarket().zip(server.operator_wallet())?;
    let path = wallet.path.clone()?;
    Some(PolymarketReady {
        clob: addresses.clob.clone(),
        gamma: addresses.gamma.clone(),
        data: addresses.data.clone(),
        ws: addresses.ws.clone(),
        relayer: addresses.relayer.clone(),
        rtds: addresses.rtds.clone(),
        address: wallet.address.clone(),
        deposit_wallet: wallet.deposit_wallet.clone(),
        private_key_path: std::path::absolute(&path).unwrap_or(path),
    })
}

/// What the operator's wallets have now.
async fn cash(server: &RunningServer) -> Option<Cash> {
    let (wallet, admin) = (server.operator_wallet()?, server.admin().polymarket());
    let eoa = admin.balances(wallet.address.parse().ok()?).await.ok()?.cash;
    let deposit_wallet = admin.balances(wallet.deposit_wallet.parse().ok()?).await.ok()?.cash;
    Some(Cash { eoa, deposit_wallet })
}

fn print(started: &Started<'_>, output: &mut Output) -> Result<(), CliError> {
    let ready = started.ready;
    output.line(format_args!("REST          {}", ready.rest))?;
    output.line(format_args!("WebSocket     {}", ready.ws))?;
    if let Some(admin) = &ready.admin {
        output.line(format_args!("administer    {admin} (asks for no key: whoever is on this machine may use it)"))?;
    }
    output.line(format_args!("key id        {}", ready.key_id))?;
    output.line(format_args!("private key   {}", ready.private_key_path.display()))?;
    if let Some(path) = started.rsa_private_key_path {
        output.line(format_args!("RSA key       {} in {}", started.rsa_key_id, path.display()))?;
    }
    output.line(format_args!("recovered     {}", counted(started.records_recovered, "record", "records")))?;
    output.line("\nPython SDK:")?;
    output.line(started.python.trim_end())?;
    output.line("\nTypeScript SDK:")?;
    output.line(started.typescript.trim_end())?;
    if let Some(polymarket) = &ready.polymarket {
        output.line("\nPolymarket:")?;
        output.line(format_args!("order book    {}", polymarket.clob))?;
        output.line(format_args!("Gamma         {}", polymarket.gamma))?;
        output.line(format_args!("Data API      {}", polymarket.data))?;
        output.line(format_args!("streams       {}/ws/market and /ws/user", polymarket.ws))?;
        output.line(format_args!("wallet key    {} (the operator's)", polymarket.private_key_path.display()))?;
        let has = |cash: Option<Money>| {
            cash.map_or_else(String::new, |cash| format!(", play money ${}", cash.to_dollars2(Rounding::Floor)))
        };
        let cash = started.polymarket_cash;
        output.line(format_args!("EOA           {}{}", polymarket.address, has(cash.map(|cash| cash.eoa))))?;
        output.line(format_args!(
            "deposit       {}{} (the deposit wallet: --signature-type deposit)",
            polymarket.deposit_wallet,
            has(cash.map(|cash| cash.deposit_wallet))
        ))?;
    }
    if let Some(python) = &started.polymarket_python {
        output.line("\nPolymarket's Python SDK:")?;
        output.line(python.trim_end())?;
    }
    output.line("\nFrom here: `brier markets`, `brier order --help`. Ctrl-C stops the exchange.")
}

/// Lists a catalog. One that a recovered journal has listed before is kept as it is.
async fn load(path: &Path, server: &RunningServer) -> Result<(), CliError> {
    const HINT: &str = "give an object with `series`, `events` and `markets`, each a list; events may hold their markets; Polymarket's stand \
         under `polymarket` as an object with `events` and `markets`";
    let text = std::fs::read_to_string(path).map_err(|error| {
        CliError::failure(format!("catalog {}: {error}", path.display()))
            .hint("name a file that is there and can be read")
    })?;
    let report = server
        .load_catalog_text(&text)
        .await
        .map_err(|problem| CliError::failure(format!("catalog {}: {problem}", path.display())).hint(HINT))?;
    tracing::info!(listed = report.listed, "catalog listed");
    if let Some(first) = report.kept.first() {
        tracing::warn!(kept = report.kept.len(), first, "the catalog is listed already and kept as it is");
    }
    Ok(())
}

/// Writes a file so that a reader finds it whole or not at all.
fn write_whole(path: &Path, ready: &Ready) -> Result<(), CliError> {
    let failed = |error: std::io::Error| {
        CliError::failure(format!("ready file {}: {error}", path.display())).hint("name a file in a folder that exists")
    };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let part = folder.join(format!(".{name}.{}", std::process::id()));
    let write = || {
        let mut file = std::fs::File::create(&part)?;
        serde_json::to_writer_pretty(&mut file, ready)?;
        file.write_all(b"\n")?;
        std::fs::rename(&part, path)
    };
    write().map_err(failed)
}

/// The signals that end a server in peace.
struct Stop {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
}

impl Stop {
    #[cfg(unix)]
    fn new() -> Result<Self, CliError> {
        use tokio::signal::unix::{SignalKind, signal};
        let listen =
            |kind| signal(kind).map_err(|error| CliError::failure(format!("cannot listen for signals: {error}")));
        Ok(Self { terminate: listen(SignalKind::terminate())?, interrupt: listen(SignalKind::interrupt())? })
    }

    #[cfg(not(unix))]
    #[expect(clippy::unnecessary_wraps, reason = "same signature as on unix")]
    fn new() -> Result<Self, CliError> {
        Ok(Self {})
    }

    #[cfg(unix)]
    async fn asked(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }

    #[cfg(not(unix))]
    async fn asked(&mut self) {
        drop(tokio::signal::ctrl_c().await);
    }
}
