//! From an order to its signed request's bytes, and from the bytes to a server that has read them.
//!
//! `bytes`: what a request costs to make on the fast path, with a ring of headers signed ahead (`ring`), with a signature made
//! at once (`at_once`), and as the ordinary client makes it (`client`: serde, headers, an HTTP request that is built and not
//! sent). A ring is refilled outside of what is timed.
//!
//! `loopback`: a server on a thread of its own that reads a request and answers it. `one_way` is from before the write to the
//! moment that the server's last read returned; `round_trip` to the answer. `bare` is two blocking sockets with the same
//! bytes, `line` the fast path, `client` an HTTP client whose connection is open. All in one run; compare within it only.
//!
//! `cargo bench -p brier-bench --bench order_path`.

use std::hint::black_box;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use alloy_primitives::{B256, U256};
use brier_connect::clock::Clock;
use brier_connect::http::{self, HttpOptions};
use brier_connect::line::{Answer, LineConfig, Lines};
use brier_kalshi::Env;
use brier_kalshi::keys::{Credentials, KeyKind, PrivateKey};
use brier_kalshi::order_path::{HeaderRing, RequestWriter, RingConfig, Signing};
use brier_kalshi::rest::create_request;
use brier_kalshi_protocol::rest::Operation;
use brier_polymarket::discovery::Listing;
use brier_polymarket::keys::Wallet;
use brier_polymarket::order_path as poly;
use brier_polymarket::orders::{Leg, Maker, prepare};
use brier_polymarket_protocol::auth::{ApiCreds, WalletKey, l2_headers};
use brier_polymarket_protocol::contracts::Chain;
use brier_polymarket_protocol::ids::{ConditionId, SignatureType, TokenId};
use brier_polymarket_protocol::order_body;
use brier_polymarket_protocol::tick::TickSize;
use brier_types::{
    BookSide, ClientOrderId, MarketTicker, NewOrder, Price, Qty, SelfTradePrevention, TimeInForce, Timestamp,
};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use reqwest::Url;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};

const ANSWER: &[u8] = b"HTTP/1.1 201 Created\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}";
const NOW: Timestamp = Timestamp::from_nanos(1_795_176_000_000_000_000);

fn order(market: &str) -> NewOrder {
    NewOrder {
        client_order_id: ClientOrderId::new("b-000017-4711").expect("an id"),
        market: MarketTicker::new(market).expect("a ticker"),
        side: BookSide::Bid,
        price: Price::from_cents(42).expect("a price"),
        qty: Qty::from_contracts(10).expect("a size"),
        time_in_force: TimeInForce::Gtc,
        post_only: true,
        reduce_only: false,
        self_trade_prevention: SelfTradePrevention::TakerAtCross,
        cancel_on_pause: false,
        group: None,
    }
}

fn kalshi_order() -> NewOrder {
    order("KXBTC15M-26MAY130900-00")
}

fn credentials(kind: KeyKind) -> Credentials {
    let key = PrivateKey::generate(kind).expect("the system has randomness");
    Credentials::new("5f0c2b8e-6a77-4d0e-9a55-0d0f7d6f1c11", key).expect("an id")
}

/// An HTTP client as the connectors make it, for hosts near by.
fn client() -> reqwest::Client {
    let bound = Duration::from_secs(10);
    http::client(HttpOptions { connect_timeout: bound, timeout: bound, tls: false, near: true }).expect("a client")
}

/// The ordinary client's way to a request: serde, a signature, headers, a request of the HTTP client.
fn as_the_client(http: &reqwest::Client, url: &Url, credentials: &Credentials, order: &NewOrder) -> reqwest::Request {
    let operation = Operation::CreateOrder;
    let path = operation.path(&[]);
    let body = serde_json::to_vec(&create_request(order)).expect("a request is JSON");
    let mut url = url.clone();
    url.set_path(&path);
    let signed = credentials.sign_request(NOW, operation.method(), url.path()).expect("a signature");
    let mut headers = HeaderMap::with_capacity(4);
    for (name, value) in signed {
        let mut value = HeaderValue::from_str(&value).expect("ASCII");
        value.set_sensitive(true);
        headers.insert(HeaderName::from_bytes(name.as_bytes()).expect("a name"), value);
    }
    let request = http.post(url).headers(headers).timeout(Duration::from_secs(5));
    request.header(CONTENT_TYPE, HeaderValue::from_static("application/json")).body(body).build().expect("a request")
}

fn kalshi(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("bytes/kalshi");
    group.throughput(Throughput::Elements(1));
    let (order, http) = (kalshi_order(), client());
    let url = Url::parse("http://127.0.0.1:8810").expect("a URL");
    for (name, kind) in [("rsa", KeyKind::Rsa), ("ed25519", KeyKind::Ed25519)] {
        let credentials = credentials(kind);
        let mut writer = RequestWriter::new(&Env::Demo).expect("the demo takes orders");
        group.bench_function(format!("ring/{name}"), |bench| {
            // One use each costs a signature an order; here a full ring is taken from as if it were filled meanwhile.
            let config = RingConfig { uses: u32::MAX, spacing: Duration::from_millis(50), ..RingConfig::default() };
            let mut ring =
                HeaderRing::new(credentials.clone(), Operation::CreateOrder, config).expect("bounds within bounds");
            ring.refill(NOW, 1_000).expect("signatures");
            bench.iter(|| {
                let headers = ring.take(black_box(NOW)).expect("a header within the window");
                let request = writer.create(black_box(&order), Some(0), Signing::Ahead(&headers));
                black_box(request.expect("a request").len())
            });
        });
        group.bench_function(format!("at_once/{name}"), |bench| {
            bench.iter(|| {
                let request = writer.create(black_box(&order), Some(0), Signing::Now(&credentials, NOW));
                black_box(request.expect("a request").len())
            });
        });
        group.bench_function(format!("client/{name}"), |bench| {
            bench.iter(|| black_box(as_the_client(&http, &url, &credentials, black_box(&order))));
        });
    }
    group.finish();
}

fn polymarket(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("bytes/polymarket");
    group.throughput(Throughput::Elements(1));
    let (yes, no) = (TokenId(U256::MAX >> 1), TokenId(U256::MAX >> 2));
    let listing = Listing::minimal(ConditionId(B256::repeat_byte(7)), yes, no, TickSize::Cent, Qty::ZERO);
    let order = order(listing.ticker.as_str());
    let creds = ApiCreds::new("00000000-0000-4000-8000-000000000001", "c2VjcmV0LXNlY3JldC1zZWNyZXQ=", "passphrase");
    let creds = Arc::new(creds.expect("credentials"));
    let env = brier_polymarket::Env::local("http://127.0.0.1:8811").expect("a URL");
    for (name, kind) in [("eoa", SignatureType::Eoa), ("deposit_wallet", SignatureType::DepositWallet)] {
        let key = WalletKey::from_bytes(&[0x42; 32]).expect("a key");
        let wallet = Wallet::new(key, kind, None).expect("a wallet");
        let mut writer = poly::RequestWriter::new(&env, wallet.address(), Arc::clone(&creds)).expect("it takes orders");
        let maker = Maker { wallet: &wallet, chain: Chain::Polygon, builder: B256::ZERO };
        let make = || prepare(black_box(&order), Leg::Buy, &listing, maker, NOW).expect("an order");
        let made = make();
        group.bench_function(format!("prepare_and_write/{name}"), |bench| {
            bench.iter(|| {
                let made = make();
                black_box(writer.post(&made.signed, made.terms, NOW).len())
            });
        });
        group.bench_function(format!("write/{name}"), |bench| {
            bench.iter(|| black_box(writer.post(black_box(&made.signed), made.terms, NOW).len()));
        });
        group.bench_function(format!("client_write/{name}"), |bench| {
            bench.iter(|| {
                let body = order_body::write(black_box(&made.signed), creds.key(), made.terms);
                let secs = NOW.secs().unsigned_abs();
                let headers = l2_headers(&creds, wallet.address(), secs, "POST", "/order", body.as_bytes());
                black_box((body, headers))
            });
        });
    }
    group.finish();
}

/// When the server's last read returned, in nanoseconds after the run began.
struct Arrivals {
    began: Instant,
    last: AtomicU64,
}

impl Arrivals {
    fn stamp(&self) {
        self.last.store(self.began.elapsed().as_nanos() as u64, Ordering::Release);
    }

    fn since(&self, sent: Instant) -> Duration {
        let arrived = Duration::from_nanos(self.last.load(Ordering::Acquire));
        arrived.saturating_sub(sent.duration_since(self.began))
    }
}

/// Whether these bytes are a whole request.
fn is_whole(bytes: &[u8]) -> bool {
    let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else { return false };
    let head = std::str::from_utf8(&bytes[..end]).unwrap_or_default().to_ascii_lowercase();
    let length = head.split("content-length: ").nth(1).and_then(|rest| rest.lines().next()?.parse::<usize>().ok());
    bytes.len() >= end + 4 + length.unwrap_or(0)
}

/// A server that reads requests and answers them, one thread a connection.
fn serve(arrivals: &Arc<Arrivals>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let arrivals = Arc::clone(arrivals);
    thread::spawn(move || {
        for socket in listener.incoming() {
            let (mut socket, arrivals) = (socket.expect("a connection"), Arc::clone(&arrivals));
            socket.set_nodelay(true).expect("a socket");
            thread::spawn(move || {
                let (mut bytes, mut buffer) = (Vec::new(), [0; 16 * 1024]);
                while let Ok(read) = socket.read(&mut buffer)
                    && read > 0
                {
                    arrivals.stamp();
                    bytes.extend_from_slice(&buffer[..read]);
                    if is_whole(&bytes) {
                        bytes.clear();
                        if socket.write_all(ANSWER).is_err() {
                            return;
                        }
                    }
                }
            });
        }
    });
    address
}

fn loopback(criterion: &mut Criterion) {
    let arrivals = Arc::new(Arrivals { began: Instant::now(), last: AtomicU64::new(0) });
    let address = serve(&arrivals);
    let credentials = credentials(KeyKind::Ed25519);
    let order = kalshi_order();
    let mut writer = RequestWriter::new(&Env::Demo).expect("the demo takes orders");
    let request = writer.create(&order, Some(0), Signing::Now(&credentials, NOW)).expect("a request").to_vec();

    let mut bare = TcpStream::connect(address).expect("a connection");
    bare.set_nodelay(true).expect("a socket");
    let mut answer = [0; 4096];
    let mut ping = |arrivals: &Arrivals| {
        let sent = Instant::now();
        bare.write_all(&request).expect("a connection");
        let read = bare.read(&mut answer).expect("a connection");
        assert_eq!(&answer[..read], ANSWER);
        (sent.elapsed(), arrivals.since(sent))
    };

    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let origin = Url::parse(&format!("http://{address}")).expect("a URL");
    let lines = runtime.block_on(async {
        let config = LineConfig { lines: 1, ..LineConfig::new(origin.clone(), Arc::new(Clock::default()), 1) };
        let lines = Lines::open(config).expect("lines");
        lines.ready(1, tokio::time::Instant::now() + Duration::from_secs(10)).await;
        lines
    });
    let line = |arrivals: &Arrivals| {
        runtime.block_on(async {
            let sent = Instant::now();
            let flight =
                lines.send(&request, tokio::time::Instant::now() + Duration::from_secs(5)).expect("a free line");
            let answer = flight.answer().await;
            assert!(matches!(answer, Answer::Answered(_)), "{answer:?}");
            (sent.elapsed(), arrivals.since(sent))
        })
    };

    let http = client();
    let url = origin;
    let ordinary = |arrivals: &Arrivals| {
        runtime.block_on(async {
            let request = as_the_client(&http, &url, &credentials, &order);
            let sent = Instant::now();
            let answer = http.execute(request).await.expect("an answer");
            answer.bytes().await.expect("a body");
            (sent.elapsed(), arrivals.since(sent))
        })
    };

    let mut group = criterion.benchmark_group("loopback");
    group.throughput(Throughput::Elements(1));
    let mut measure = |name: &str, act: &mut dyn FnMut(&Arrivals) -> (Duration, Duration)| {
        group.bench_function(format!("one_way/{name}"), |bench| {
            bench.iter_custom(|count| (0..count).map(|_| act(&arrivals).1).sum());
        });
        group.bench_function(format!("round_trip/{name}"), |bench| {
            bench.iter_custom(|count| (0..count).map(|_| act(&arrivals).0).sum());
        });
    };
    measure("bare", &mut ping);
    measure("line", &mut { line });
    measure("client", &mut { ordinary });
    group.finish();
}

criterion_group!(benches, kalshi, polymarket, loopback);
criterion_main!(benches);
