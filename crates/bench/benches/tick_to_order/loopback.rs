//! The same over sockets of this machine: an exchange's end that sends frames and reads orders, and the ways between.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use brier_connect::clock::Clock;
use brier_connect::http::{self, HttpOptions};
use brier_connect::line::{Answer, LineConfig, Lines};
use brier_kalshi::keys::{Credentials, KeyKind};
use brier_kalshi::rest::create_request;
use brier_kalshi_protocol::rest::Operation;
use brier_runtime::caller::{Address, Caller};
use brier_runtime::core::{Sink, Unwritten};
use brier_runtime::gateway::{Host, Outcome};
use brier_runtime::journal::{Durability, RunJournal};
use brier_runtime::node::Effect;
use brier_store::Journal;
use brier_types::{BookSide, ClientOrderId, NewOrder, Price, TimeInForce, Timestamp};
use reqwest::Url;
use tokio_tungstenite::tungstenite::protocol::Role;
use tokio_tungstenite::tungstenite::{Message, WebSocket};

use crate::rig::{Live, Markets, Parts, credentials, qty};
use crate::{Memory, Sorted, kalshi_gateway};

const ROUNDS: usize = 40;
const EACH: usize = 25;
const BODY: &str =
    r#"{"order_id":"o-1","client_order_id":"b-1","fill_count":"0.00","remaining_count":"0.00","ts_ms":1795176000456}"#;
const PATIENCE: Duration = Duration::from_secs(20);

/// Whether these bytes are a whole request.
fn is_whole(bytes: &[u8]) -> bool {
    let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else { return false };
    let head = std::str::from_utf8(&bytes[..end]).unwrap_or_default().to_ascii_lowercase();
    let length = head.split("content-length: ").nth(1).and_then(|rest| rest.lines().next()?.parse::<usize>().ok());
    bytes.len() >= end + 4 + length.unwrap_or(0)
}

/// The end that takes orders: says when it had read a whole one, then answers.
fn take_orders(arrived: &Sender<Instant>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let arrived = arrived.clone();
    let answer = format!(
        "HTTP/1.1 201 Created\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{BODY}",
        BODY.len()
    );
    thread::spawn(move || {
        for socket in listener.incoming() {
            let (mut socket, arrived, answer) = (socket.expect("a connection"), arrived.clone(), answer.clone());
            socket.set_nodelay(true).expect("a socket");
            thread::spawn(move || {
                let (mut bytes, mut buffer) = (Vec::new(), [0; 16 * 1024]);
                while let Ok(read) = socket.read(&mut buffer)
                    && read > 0
                {
                    let at = Instant::now();
                    bytes.extend_from_slice(&buffer[..read]);
                    if is_whole(&bytes) {
                        bytes.clear();
                        if socket.write_all(answer.as_bytes()).is_err() || arrived.send(at).is_err() {
                            return;
                        }
                    }
                }
            });
        }
    });
    address
}

/// A text frame as a server writes it.
fn framed(text: &str) -> Vec<u8> {
    let mut bytes = vec![0x81];
    match u8::try_from(text.len()) {
        Ok(short) if short < 126 => bytes.push(short),
        _ => {
            bytes.push(126);
            bytes.extend_from_slice(&u16::try_from(text.len()).expect("a short frame").to_be_bytes());
        }
    }
    bytes.extend_from_slice(text.as_bytes());
    bytes
}

fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let client = TcpStream::connect(listener.local_addr().expect("an address")).expect("a connection");
    let (server, _) = listener.accept().expect("a connection");
    for socket in [&client, &server] {
        socket.set_nodelay(true).expect("a socket");
    }
    (server, client)
}

/// What reading a frame takes when it is there: the system's read and the WebSocket's head. In nanoseconds, p50.
pub(crate) fn read_share(markets: &Markets) -> u64 {
    let (mut server, client) = pair();
    let mut socket = WebSocket::from_raw_socket(client, Role::Client, None);
    let frame = framed(&markets.tick(0, true));
    let nanos = (0..4_000).map(|_| {
        server.write_all(&frame).expect("a connection");
        // The bytes are there when the write returns: both ends are this machine's.
        let began = Instant::now();
        let message = socket.read().expect("a frame");
        let took = began.elapsed().as_nanos() as u64;
        assert!(matches!(message, Message::Text(_)));
        took
    });
    Sorted::new(nanos.collect()).at(500)
}

/// One way from a frame to an order, on threads or in a process of its own.
struct Way {
    name: String,
    feed: TcpStream,
    arrived: Receiver<Instant>,
    nanos: Vec<u64>,
    frame: Box<dyn FnMut(usize) -> String>,
    child: Option<Child>,
}

impl Way {
    /// Sends one frame, and waits until its order was read and the way is ready for the next.
    fn sample(&mut self, number: usize) -> u64 {
        let frame = framed(&(self.frame)(number));
        let began = Instant::now();
        self.feed.write_all(&frame).expect("a connection");
        let at = self.arrived.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("{}: no order came", self.name));
        self.feed.read_exact(&mut [0]).expect("a connection");
        at.duration_since(began).as_nanos() as u64
    }
}

/// Reads frames and acts on each; a byte back says that all is done.
fn bot(feed: TcpStream, mut act: impl FnMut(&str)) {
    let mut socket = WebSocket::from_raw_socket(feed, Role::Client, None);
    while let Ok(message) = socket.read() {
        if let Message::Text(text) = message {
            act(&text);
            if socket.get_mut().write_all(b".").is_err() {
                return;
            }
        }
    }
}

fn way(
    name: &str,
    make: impl FnOnce(SocketAddr, TcpStream) -> Option<Child>,
    frame: impl FnMut(usize) -> String + 'static,
) -> Way {
    let (sender, arrived) = channel();
    let orders = take_orders(&sender);
    let (server, client) = pair();
    let child = make(orders, client);
    Way { name: name.to_owned(), feed: server, arrived, nanos: Vec::new(), frame: Box::new(frame), child }
}

/// Frames whose numbers go on by two: the other half is the bot's own, which takes the offer away again.
fn every_other(markets: &Markets) -> impl FnMut(usize) -> String + use<> {
    let (markets, mut number) = (markets.clone(), 0);
    move |_| {
        number += 2;
        markets.tick(number - 2, true)
    }
}

/// No work at all: as many bytes as a frame has in, as many as an order has out.
fn bare(markets: &Markets) -> Way {
    let mut parts = Parts::new(markets.clone(), KeyKind::Ed25519, Memory::new());
    let frame = parts.next();
    let request = parts.tick(&frame, || ()).to_vec();
    let make = move |orders: SocketAddr, mut feed: TcpStream| {
        thread::spawn(move || {
            let mut order = TcpStream::connect(orders).expect("a connection");
            order.set_nodelay(true).expect("a socket");
            let (mut buffer, mut answer) = ([0; 4_096], [0; 4_096]);
            while let Ok(read) = feed.read(&mut buffer)
                && read > 0
            {
                order.write_all(&request).expect("a connection");
                let read = order.read(&mut answer).expect("a connection");
                assert!(read > 0);
                if feed.write_all(b".").is_err() {
                    return;
                }
            }
        });
        None
    };
    way(&format!("bare, {}", markets.venue), make, every_other(markets))
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

/// Makes calls as a run does, its lines open.
async fn caller(orders: SocketAddr) -> Caller {
    let lines = Lines::open(LineConfig::new(origin(orders), Arc::new(Clock::default()), 1)).expect("lines");
    lines.ready(4, tokio::time::Instant::now() + PATIENCE).await;
    let address = Address::new(format!("http://{orders}")).with_lines(Some(lines));
    Caller::new(client(), [(Host::Kalshi, address)].into())
}

fn origin(orders: SocketAddr) -> Url {
    Url::parse(&format!("http://{orders}")).expect("a URL")
}

/// The fast parts on lines that are open.
fn line<S: Sink<Error: std::fmt::Debug>>(
    name: &str,
    markets: &Markets,
    sink: impl FnOnce() -> S + Send + 'static,
) -> Way {
    let markets = markets.clone();
    let frames = every_other(&markets);
    let make = move |orders: SocketAddr, feed: TcpStream| {
        thread::spawn(move || {
            let runtime = runtime();
            let lines = runtime.block_on(async {
                let clock = Arc::new(Clock::default());
                let lines = Lines::open(LineConfig { lines: 1, ..LineConfig::new(origin(orders), clock, 1) });
                let lines = lines.expect("lines");
                lines.ready(1, tokio::time::Instant::now() + PATIENCE).await;
                lines
            });
            let mut parts = Parts::new(markets, KeyKind::Ed25519, sink());
            let _frame = parts.next();
            bot(feed, |text| {
                let until = tokio::time::Instant::now() + PATIENCE;
                let flight = lines.send(parts.tick(text, || ()), until).expect("a free line");
                let answer = runtime.block_on(flight.answer());
                assert!(matches!(answer, Answer::Answered(_)), "{answer:?}");
                parts.after();
                let _frame = parts.next();
            });
        });
        None
    };
    way(name, make, frames)
}

/// An HTTP client as a run has it.
fn client() -> reqwest::Client {
    let bound = Duration::from_secs(10);
    http::client(HttpOptions { connect_timeout: bound, timeout: bound, tls: false, near: true }).expect("a client")
}

/// The program as a run has it: node, gateway and what makes its calls.
fn live(markets: &Markets) -> Way {
    let markets = markets.clone();
    let frames = every_other(&markets);
    let make = move |orders: SocketAddr, feed: TcpStream| {
        thread::spawn(move || {
            let runtime = runtime();
            let mut caller = runtime.block_on(caller(orders));
            let (gateway, mut ahead) = kalshi_gateway(KeyKind::Ed25519, true);
            let mut live = Live::new(markets, gateway, Memory::new());
            let _frame = live.next();
            ahead.refill(live.now);
            bot(feed, |text| {
                live.tick(text);
                let call = live.effects.iter().find_map(|effect| match effect {
                    Effect::Call(_, call) => Some(call.clone()),
                    _ => None,
                });
                let call = call.expect("the tick makes the taker buy");
                let (told, outcome) = tokio::sync::oneshot::channel();
                caller.call(runtime.handle(), call, PATIENCE, move |_, outcome| drop(told.send(outcome)));
                let outcome = runtime.block_on(outcome).expect("an outcome");
                assert!(matches!(outcome, Outcome::Answered { status: 201, .. }), "{outcome:?}");
                live.after();
                let _frame = live.next();
                ahead.refill(live.now);
            });
        });
        None
    };
    way("kalshi, as a run does it", make, frames)
}

/// A program without an engine: JSON in, the order that it was going to place anyway, serde and a signature, an HTTP client.
fn plain(markets: &Markets, kind: KeyKind, name: &str) -> Way {
    let market = markets.tickers[0].clone();
    let make = move |orders: SocketAddr, feed: TcpStream| {
        thread::spawn(move || {
            let (runtime, http, credentials) = (runtime(), client(), credentials(kind));
            let url = origin(orders);
            let mut count = 0_u64;
            bot(feed, |text| {
                let frame: serde_json::Value = serde_json::from_str(text).expect("JSON");
                let price = frame["msg"]["price_dollars"].as_str().and_then(|text| text.parse::<Price>().ok());
                count += 1;
                let id = ClientOrderId::new(&format!("p-{count}")).expect("an id");
                let terms = (price.expect("a price"), qty(10));
                let order = NewOrder::limit(id, market.clone(), BookSide::Bid, terms, TimeInForce::Ioc);
                runtime.block_on(place_plainly(&http, &url, &credentials, &order));
            });
        });
        None
    };
    way(name, make, every_other(markets))
}

async fn place_plainly(http: &reqwest::Client, url: &Url, credentials: &Credentials, order: &NewOrder) {
    let operation = Operation::CreateOrder;
    let path = operation.path(&[]);
    let mut url = url.clone();
    url.set_path(&path);
    let now: Timestamp = Clock::local_now();
    let signed = credentials.sign_request(now, operation.method(), &path).expect("a signature");
    let mut request = http.post(url);
    for (name, value) in signed {
        request = request.header(name, value);
    }
    let body = serde_json::to_vec(&create_request(order)).expect("JSON");
    let request = request.header("content-type", "application/json").body(body);
    request.send().await.expect("an answer").bytes().await.expect("a body");
}

/// The interpreter that has the official SDK.
fn interpreter() -> Option<PathBuf> {
    let named = std::env::var_os("BRIER_SDK_PYTHON").map(PathBuf::from);
    let made = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().map(|target| target.join("sdk-venv/bin/python"));
    named.or(made).filter(|path| path.is_file())
}

/// The official SDK for Python, which gets the same frames.
fn sdk(markets: &Markets, kind: KeyKind, name: &str, python: &Path) -> Way {
    let key = brier_kalshi::keys::PrivateKey::generate(kind).expect("the system has randomness");
    let pem = key.to_pkcs8_pem().expect("a key can be written").to_string();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let (sender, arrived) = channel();
    let orders = take_orders(&sender);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/tick_to_order/sdk.py");
    let feed = listener.local_addr().expect("an address").port().to_string();
    let child = std::process::Command::new(python)
        .arg("-B")
        .arg(script)
        .args([feed, orders.port().to_string()])
        .env("BENCH_KEY", pem)
        .stdin(Stdio::null())
        .spawn()
        .expect("the interpreter runs");
    let (server, _) = listener.accept().expect("a connection");
    server.set_nodelay(true).expect("a socket");
    let frame = Box::new(every_other(markets));
    Way { name: name.to_owned(), feed: server, arrived, nanos: Vec::new(), frame, child: Some(child) }
}

fn on_disk(folder: &Path, name: &str, durability: Durability) -> impl FnOnce() -> RunJournal + Send + use<> {
    let folder = folder.join(name);
    move || RunJournal::new(Journal::open(&folder, 1).expect("a folder").0, durability)
}

pub(crate) fn run(kalshi: &Markets, polymarket: &Markets) {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
    let mut ways = vec![
        bare(kalshi),
        line("kalshi, line, no journal", kalshi, || Unwritten),
        line("kalshi, line, journal never waited for", kalshi, on_disk(folder.path(), "none", Durability::None)),
        line("kalshi, line, journal handed to the system", kalshi, on_disk(folder.path(), "write", Durability::Write)),
        line("kalshi, line, journal on the disk", kalshi, on_disk(folder.path(), "fsync", Durability::Fsync)),
        live(kalshi),
        plain(kalshi, KeyKind::Ed25519, "kalshi, plain HTTP client, Ed25519"),
        plain(kalshi, KeyKind::Rsa, "kalshi, plain HTTP client, RSA-2048"),
    ];
    match interpreter() {
        Some(python) => ways.push(sdk(kalshi, KeyKind::Rsa, "kalshi, official Python SDK, RSA-2048", &python)),
        None => println!("the official Python SDK is not measured: no interpreter has it; `cargo xtask sdk` makes one"),
    }
    ways.push(bare(polymarket));
    ways.push(line("polymarket, line, no journal", polymarket, || Unwritten));
    let mut file = File::create(folder.path().join("syncs")).expect("a file");
    let mut syncs = Vec::new();
    for round in 0..=ROUNDS {
        for way in &mut ways {
            for _ in 0..EACH {
                let nanos = way.sample(round);
                // The first round opens connections and fills caches.
                if round > 0 {
                    way.nanos.push(nanos);
                }
            }
        }
        for _ in 0..EACH {
            file.write_all(&[7; 400]).expect("a disk");
            let began = Instant::now();
            file.sync_data().expect("a disk");
            syncs.push(began.elapsed().as_nanos() as u64);
        }
    }
    let syncs = Sorted::new(syncs);
    println!(
        "loopback, from before a frame's first byte is written until its order was read whole, {} each",
        ROUNDS * EACH
    );
    let mut base = 1.0;
    for way in ways {
        let (name, sorted) = (way.name, Sorted::new(way.nanos));
        if name.starts_with("bare") {
            base = sorted.micros(500);
        }
        println!(
            "{name:<44} p50 {:>9.1} us  p99 {:>9.1} us  {:>7.2} times bare",
            sorted.micros(500),
            sorted.micros(990),
            sorted.micros(500) / base
        );
        drop(way.feed);
        if let Some(mut child) = way.child {
            child.wait().expect("it ends with its connection");
        }
    }
    println!(
        "one fdatasync of 400 bytes{:<18} p50 {:>9.1} us  p99 {:>9.1} us",
        "",
        syncs.micros(500),
        syncs.micros(990)
    );
}
