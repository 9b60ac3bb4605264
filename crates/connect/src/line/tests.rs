//! Lines against servers on loopback that do what servers do, and some that do what they should not.

use std::io::{Read as _, Write as _};
use std::net::SocketAddr;

use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::*;

/// Nothing waits this long unless it is broken.
const LONG: Duration = Duration::from_secs(20);
const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";

fn soon() -> Instant {
    Instant::now() + LONG
}

/// What a server does after it has read a request.
#[derive(Clone, Copy, Debug)]
enum Does {
    /// Says this and goes on.
    Says(&'static str),
    /// Says this and closes.
    Ends(&'static str),
    /// Nothing, with the connection open.
    Waits,
}

/// A request as a server read it: on which connection, and its first line.
type Heard = (usize, String);

/// Reads one request: a head without a body, or as many bytes as it says.
async fn read_request(socket: &mut TcpStream) -> Option<String> {
    let mut text = Vec::new();
    loop {
        if let Some(end) = text.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&text[..end]).into_owned();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            let length: usize = length.map_or(0, |length| length.parse().unwrap());
            if text.len() >= end + 4 + length {
                return Some(head);
            }
        }
        if socket.read_buf(&mut text).await.ok()? == 0 {
            return None;
        }
    }
}

async fn converse(mut socket: TcpStream, number: usize, does: fn(usize, &str) -> Does, heard: UnboundedSender<Heard>) {
    while let Some(head) = read_request(&mut socket).await {
        let line = head.lines().next().unwrap_or_default().to_owned();
        let does = does(number, &line);
        heard.send((number, line)).unwrap();
        match does {
            Does::Says(text) => socket.write_all(text.as_bytes()).await.unwrap(),
            Does::Ends(text) => return socket.write_all(text.as_bytes()).await.unwrap(),
            Does::Waits => {}
        }
    }
    heard.send((number, "closed".to_owned())).unwrap();
}

/// A server that numbers its connections from zero, and what it hears.
async fn serve(does: fn(usize, &str) -> Does) -> (SocketAddr, UnboundedReceiver<Heard>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (sender, receiver) = unbounded_channel();
    tokio::spawn(async move {
        for number in 0.. {
            let (socket, _) = listener.accept().await.unwrap();
            tokio::spawn(converse(socket, number, does, sender.clone()));
        }
    });
    (address, receiver)
}

fn config(address: SocketAddr, lines: usize) -> LineConfig {
    let origin = Url::parse(&format!("http://{address}")).unwrap();
    let backoff = Backoff { base: Duration::from_millis(2), cap: Duration::from_millis(20) };
    LineConfig { lines, backoff, ..LineConfig::new(origin, Arc::new(Clock::default()), 1) }
}

async fn open(address: SocketAddr, lines: usize) -> Lines {
    let opened = Lines::open(config(address, lines)).unwrap();
    assert_eq!(opened.ready(lines, soon()).await, lines);
    opened
}

fn get(path: &str) -> Vec<u8> {
    let mut out = Vec::new();
    write_request(&mut out, "GET", path, "test", [], None).unwrap();
    out
}

async fn heard(receiver: &mut UnboundedReceiver<Heard>) -> (usize, String) {
    tokio::time::timeout(LONG, receiver.recv()).await.expect("a server hears something in time").unwrap()
}

fn status(answer: &Answer) -> Option<(u16, &[u8], bool)> {
    match answer {
        Answer::Answered(response) => Some((response.status, &response.body, response.whole)),
        Answer::NotSent(_) | Answer::Silent(_) => None,
    }
}

#[tokio::test]
async fn an_answered_line_is_used_again() {
    let (address, mut server) = serve(|_, _| Does::Says(OK)).await;
    let lines = open(address, 1).await;
    for path in ["/a", "/b"] {
        let answer = lines.exchange(&get(path), soon()).await;
        assert_eq!(status(&answer), Some((200, &b"{}"[..], true)));
        assert_eq!(heard(&mut server).await, (0, format!("GET {path} HTTP/1.1")));
    }
}

#[tokio::test]
async fn the_lowest_free_line_is_taken_and_none_free_is_not_sent() {
    let (address, _server) = serve(|_, line| if line.contains("wait") { Does::Waits } else { Does::Says(OK) }).await;
    let lines = open(address, 2).await;
    let first = lines.send(&get("/a"), soon()).unwrap();
    let second = lines.send(&get("/wait"), soon()).unwrap();
    assert_eq!((first.line(), second.line()), (0, 1));
    assert!(first.has_left());
    let third = lines.send(&get("/c"), soon()).unwrap_err();
    assert_eq!(third.to_string(), "not sent: none of 2 lines is free");
    assert_eq!(lines.states(), [LineState::Busy, LineState::Busy]);
    assert!(status(&first.answer().await).is_some());
    let again = lines.send(&get("/d"), soon()).unwrap();
    assert_eq!(again.line(), 0);
    assert!(status(&again.answer().await).is_some());
    drop(second);
    assert_eq!(lines.ready(2, soon()).await, 2, "a line that was given up is connected anew");
}

#[tokio::test]
async fn a_server_that_closes_after_its_answer_is_connected_anew() {
    let (address, mut server) =
        serve(move |_, _| Does::Ends("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n")).await;
    let lines = open(address, 1).await;
    for number in 0..3 {
        assert_eq!(lines.ready(1, soon()).await, 1);
        assert_eq!(status(&lines.exchange(&get("/"), soon()).await), Some((200, &b""[..], true)));
        assert_eq!(heard(&mut server).await.0, number);
    }
}

#[tokio::test]
async fn a_request_that_was_read_and_not_answered_is_silent() {
    let (address, _server) = serve(|_, _| Does::Ends("")).await;
    let answer = open(address, 1).await.exchange(&get("/"), soon()).await;
    assert_eq!(answer, Answer::Silent("the connection was closed before an answer came".to_owned()));
}

#[tokio::test]
async fn a_cut_success_is_silent_and_a_cut_refusal_is_a_refusal() {
    let (address, _server) = serve(|_, line| {
        Does::Ends(if line.contains("good") {
            "HTTP/1.1 201 Created\r\ncontent-length: 10\r\n\r\n{\"ord"
        } else {
            "HTTP/1.1 400 Bad Request\r\ncontent-length: 10\r\n\r\n{\"err"
        })
    })
    .await;
    let lines = open(address, 2).await;
    let good = lines.exchange(&get("/good"), soon()).await;
    assert_eq!(good, Answer::Silent("the connection was closed after 5 bytes of the body".to_owned()));
    let bad = lines.exchange(&get("/bad"), soon()).await;
    assert_eq!(status(&bad), Some((400, &b"{\"err"[..], false)));
}

#[tokio::test]
async fn what_is_no_http_is_silent_after_the_request_left() {
    let (address, _server) = serve(|_, _| Does::Says("hello there\r\n\r\n")).await;
    let answer = open(address, 1).await.exchange(&get("/"), soon()).await;
    assert!(
        matches!(&answer, Answer::Silent(why) if why.starts_with("expected the head of an HTTP answer")),
        "{answer:?}"
    );
}

#[tokio::test]
async fn no_connection_is_not_sent_and_says_why() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let lines = Lines::open(config(address, 1)).unwrap();
    let answer = lines.exchange(&get("/"), soon()).await;
    assert!(matches!(&answer, Answer::NotSent(why) if why.starts_with("no line is open: ")), "{answer:?}");
    assert_eq!(lines.ready(1, Instant::now() + Duration::from_millis(30)).await, 0);
}

#[tokio::test]
async fn a_late_answer_never_answers_the_next_request() {
    let (address, mut server) = serve(|number, _| if number == 0 { Does::Waits } else { Does::Says(OK) }).await;
    let lines = open(address, 1).await;
    let answer = lines.exchange(&get("/late"), Instant::now() + Duration::from_millis(30)).await;
    assert_eq!(answer, Answer::Silent("no answer came in time".to_owned()));
    assert_eq!(heard(&mut server).await.0, 0);
    assert_eq!(heard(&mut server).await, (0, "closed".to_owned()), "its connection is given up");
    assert_eq!(lines.ready(1, soon()).await, 1);
    assert!(status(&lines.exchange(&get("/next"), soon()).await).is_some());
    assert_eq!(heard(&mut server).await, (1, "GET /next HTTP/1.1".to_owned()));
}

#[tokio::test]
async fn an_idle_line_that_the_venue_closes_is_replaced_before_it_is_needed() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let lines = Lines::open(config(listener.local_addr().unwrap(), 1)).unwrap();
    let (first, _) = listener.accept().await.unwrap();
    assert_eq!(lines.ready(1, soon()).await, 1);
    drop(first);
    // The keeper has noticed: a new connection comes without anything being sent.
    let (mut second, _) = tokio::time::timeout(LONG, listener.accept()).await.expect("a new connection").unwrap();
    assert_eq!(lines.ready(1, soon()).await, 1);
    let flight = lines.send(&get("/"), soon()).unwrap();
    assert!(read_request(&mut second).await.is_some());
    second.write_all(OK.as_bytes()).await.unwrap();
    assert!(status(&flight.answer().await).is_some());
}

#[tokio::test]
async fn a_request_on_a_line_that_was_just_closed_is_silent_and_never_not_sent_once_a_byte_left() {
    // One thread: between the close and the request nothing can notice.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let lines = Lines::open(config(listener.local_addr().unwrap(), 1)).unwrap();
    let (first, _) = listener.accept().await.unwrap();
    assert_eq!(lines.ready(1, soon()).await, 1);
    drop(first);
    let flight = lines.send(&get("/"), soon()).unwrap();
    assert!(flight.has_left());
    let answer = flight.answer().await;
    assert!(matches!(answer, Answer::Silent(_)), "{answer:?}");
}

#[tokio::test]
async fn bytes_that_nobody_asked_for_end_an_idle_line() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let lines = Lines::open(config(listener.local_addr().unwrap(), 1)).unwrap();
    let (mut first, _) = listener.accept().await.unwrap();
    assert_eq!(lines.ready(1, soon()).await, 1);
    first.write_all(b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\n\r\n").await.unwrap();
    tokio::time::timeout(LONG, listener.accept()).await.expect("a new connection").unwrap();
}

#[tokio::test]
async fn a_line_is_warmed_at_first_and_when_it_is_idle_and_tells_the_time() {
    let (address, mut server) =
        serve(|_, _| Does::Says("HTTP/1.1 200 OK\r\ndate: Thu, 01 Jan 1970 00:00:10 GMT\r\ncontent-length: 0\r\n\r\n"))
            .await;
    let keep_warm = Some(KeepWarm { request: get("/warm"), after: Duration::from_millis(10) });
    let config = LineConfig { keep_warm, ..config(address, 1) };
    let clock = Arc::clone(&config.clock);
    let lines = Lines::open(config).unwrap();
    for _ in 0..3 {
        assert_eq!(heard(&mut server).await, (0, "GET /warm HTTP/1.1".to_owned()));
    }
    assert_eq!(lines.ready(1, soon()).await, 1);
    assert!(clock.offset().nanos() < -1_000_000_000_000, "the venue's clock is learned: {:?}", clock.offset());
}

#[tokio::test]
async fn a_request_larger_than_the_systems_buffers_goes_out_in_parts() {
    let body = vec![b'x'; 16 * 1024 * 1024];
    let mut request = Vec::new();
    write_request(&mut request, "POST", "/", "test", [], Some(&body)).unwrap();
    let (address, _server) = serve(|_, _| Does::Says(OK)).await;
    let answer = open(address, 1).await.exchange(&request, soon()).await;
    assert_eq!(status(&answer), Some((200, &b"{}"[..], true)));
    // And to one that never reads: some of it left.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let lines = open(listener.local_addr().unwrap(), 1).await;
    let answer = lines.exchange(&request, Instant::now() + Duration::from_millis(30)).await;
    assert_eq!(answer, Answer::Silent("no answer came in time".to_owned()));
}

/// A TLS server of one connection that answers `answers` requests and then closes without a word; and who trusts it.
fn tls_server(answers: usize) -> (SocketAddr, Arc<ClientConfig>) {
    let cert = CertificateDer::from(include_bytes!("testdata/loopback.cert.der").as_slice());
    let key = PrivateKeyDer::try_from(include_bytes!("testdata/loopback.key.der").as_slice()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let server =
        ServerConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions().unwrap();
    let server = Arc::new(server.with_no_client_auth().with_single_cert(vec![cert.clone()], key).unwrap());
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for socket in listener.incoming() {
            let mut stream = StreamOwned::new(ServerConnection::new(Arc::clone(&server)).unwrap(), socket.unwrap());
            let mut answered = 0;
            let mut buffer = [0; 4096];
            while answered < answers && stream.read(&mut buffer).is_ok_and(|read| read > 0) {
                stream.write_all(OK.as_bytes()).unwrap();
                answered += 1;
            }
        }
    });
    let mut roots = RootCertStore::empty();
    roots.add(cert).unwrap();
    let client = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    (address, Arc::new(client.with_root_certificates(roots).with_no_client_auth()))
}

#[tokio::test]
async fn a_line_speaks_tls() {
    let (address, trust) = tls_server(2);
    let origin = Url::parse(&format!("https://{address}")).unwrap();
    let lines = Lines::open(LineConfig { origin, tls: Some(trust), ..config(address, 1) }).unwrap();
    for _ in 0..3 {
        // The server closes after two answers; the third goes over a connection of its own.
        loop {
            assert_eq!(lines.ready(1, soon()).await, 1);
            match lines.exchange(&get("/"), soon()).await {
                Answer::Answered(answer) => {
                    assert_eq!((answer.status, answer.body.as_slice()), (200, &b"{}"[..]));
                    break;
                }
                // The close crossed the request.
                Answer::Silent(_) | Answer::NotSent(_) => {}
            }
        }
    }
}

#[tokio::test]
async fn who_is_not_trusted_gets_no_byte_of_a_request() {
    let (address, _trust) = tls_server(1);
    let origin = Url::parse(&format!("https://{address}")).unwrap();
    let nobody = Arc::new(tls::without_roots().unwrap());
    let lines = Lines::open(LineConfig { origin, tls: Some(nobody), ..config(address, 1) }).unwrap();
    let end = soon();
    loop {
        match lines.exchange(&get("/"), soon()).await {
            Answer::NotSent(why) if why.contains("certificate") => break,
            Answer::NotSent(why) => assert!(Instant::now() < end, "{why}"),
            other => panic!("{other:?}"),
        }
        assert_eq!(lines.ready(1, Instant::now() + Duration::from_millis(1)).await, 0);
    }
}

#[test]
fn addresses_that_are_no_lines_are_refused() {
    let refused = |url: &str| {
        let config = LineConfig::new(Url::parse(url).unwrap(), Arc::new(Clock::default()), 1);
        config.target().err().map(|error| error.to_string())
    };
    assert_eq!(refused("http://127.0.0.1:1"), None);
    assert_eq!(refused("ws://127.0.0.1/").unwrap(), "lines: expected http or https, found `ws://127.0.0.1/`");
    assert_eq!(refused("data:x").unwrap(), "lines: expected an address with a host, found `data:x`");
}
