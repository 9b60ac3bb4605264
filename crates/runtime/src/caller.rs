//! How calls reach the venues: orders and cancels on lines that are held open, written by the thread that decided them;
//! everything else, and whatever no line takes, by an HTTP client.
//!
//! Invariants: a call is made once; only one of which no byte has left a line is given to the client; each has exactly one
//! outcome, by its deadline at the latest.

use std::collections::BTreeMap;
use std::time::Duration;

use brier_connect::clock::parse_http_date;
use brier_connect::http::chain;
use brier_connect::line::{Answer, InFlight, Lines, Response, write_request};

use crate::gateway::{CallId, Host, HttpCall, Lane, Method, Outcome};

/// Where a host is.
#[derive(Clone, Debug)]
pub struct Address {
    /// Scheme, host and port.
    pub origin: String,
    /// What the `host` header says.
    pub authority: String,
    /// Lines for orders, where there are any.
    pub lines: Option<Lines>,
}

impl Address {
    /// An address that calls reach by the HTTP client alone, with a scheme and without a path.
    pub fn new(origin: impl Into<String>) -> Self {
        let origin = origin.into();
        let authority = origin.split_once("://").map_or(origin.as_str(), |(_, rest)| rest).to_owned();
        Self { origin, authority, lines: None }
    }

    /// The same with lines for orders.
    #[must_use]
    pub fn with_lines(mut self, lines: Option<Lines>) -> Self {
        self.lines = lines;
        self
    }
}

/// Makes calls.
#[derive(Debug)]
pub struct Caller {
    http: reqwest::Client,
    hosts: BTreeMap<Host, Address>,
    /// The request that is being written.
    request: Vec<u8>,
}

impl Caller {
    /// Makes calls to these hosts.
    pub fn new(http: reqwest::Client, hosts: BTreeMap<Host, Address>) -> Self {
        Self { http, hosts, request: Vec::with_capacity(4_096) }
    }

    /// Makes one call that has to be answered within `limit`: where a line takes it, it is written when this returns. What
    /// becomes of it is told to `done`.
    pub fn call(
        &mut self,
        runtime: &tokio::runtime::Handle,
        call: HttpCall,
        limit: Duration,
        done: impl FnOnce(CallId, Outcome) + Send + 'static,
    ) {
        let Some(address) = self.hosts.get(&call.host) else {
            return done(call.id, Outcome::NotSent("no address is configured for it".to_owned()));
        };
        if let Some(flight) = on_a_line(address, &call, limit, &mut self.request) {
            let id = call.id;
            runtime.spawn(async move { done(id, told(flight.answer().await)) });
            return;
        }
        let (http, origin) = (self.http.clone(), address.origin.clone());
        runtime.spawn(async move {
            let id = call.id;
            done(id, by_client(&http, &origin, call, limit).await);
        });
    }
}

/// Writes an order or a cancel on a free line. `None` when no byte of it left.
fn on_a_line(address: &Address, call: &HttpCall, limit: Duration, request: &mut Vec<u8>) -> Option<InFlight> {
    let lines = address.lines.as_ref()?;
    match call.lane {
        Lane::Order | Lane::Cancel => {}
        Lane::Read => return None,
    }
    request.clear();
    let headers = call.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    // A body that is expected is named though it is empty.
    let may_be_absent = matches!(call.method, Method::Get | Method::Delete);
    let body = (!call.body.is_empty() || !may_be_absent).then_some(call.body.as_slice());
    write_request(request, call.method.as_str(), &call.target, &address.authority, headers, body).ok()?;
    match lines.send(request, tokio::time::Instant::now() + limit) {
        Ok(flight) => Some(flight),
        Err(not_sent) => {
            tracing::debug!(%not_sent, target = call.target, "no line takes it");
            None
        }
    }
}

fn told(answer: Answer) -> Outcome {
    match answer {
        Answer::NotSent(why) => Outcome::NotSent(why),
        Answer::Silent(why) => Outcome::Silent(why),
        Answer::Answered(response) => {
            let (date, retry_after) = (response.date(), retry_after(response.header("retry-after")));
            // Of a refusal whose text was cut the status stands.
            let Response { status, body, whole, .. } = response;
            Outcome::Answered { status, date, retry_after, body: if whole { body } else { Vec::new() } }
        }
    }
}

fn retry_after(header: Option<&str>) -> Option<Duration> {
    header.and_then(|text| text.trim().parse().ok()).map(Duration::from_secs)
}

async fn by_client(http: &reqwest::Client, origin: &str, call: HttpCall, limit: Duration) -> Outcome {
    let url = format!("{origin}{}", call.target);
    let Ok(method) = reqwest::Method::from_bytes(call.method.as_str().as_bytes()) else {
        return Outcome::NotSent(format!("`{}` is no method", call.method.as_str()));
    };
    let mut request = http.request(method, url).timeout(limit);
    for (name, value) in &call.headers {
        request = request.header(name.as_str(), value.as_str());
    }
    if !call.body.is_empty() {
        request = request.header("content-type", "application/json").body(call.body);
    }
    let response = match request.send().await {
        Ok(response) => response,
        Err(error) if error.is_connect() || error.is_builder() => return Outcome::NotSent(chain(&error)),
        Err(error) => return Outcome::Silent(chain(&error)),
    };
    let header = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok());
    let (date, retry_after) = (header("date").and_then(parse_http_date), retry_after(header("retry-after")));
    let status = response.status().as_u16();
    match response.bytes().await {
        Ok(body) => Outcome::Answered { status, date, retry_after, body: body.to_vec() },
        // A refusal stays a refusal though its text was cut; of a success it is not known what it said.
        Err(_) if !(200..300).contains(&status) => Outcome::Answered { status, date, retry_after, body: Vec::new() },
        Err(error) => Outcome::Silent(chain(&error)),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use brier_connect::http::{HttpOptions, client};
    use brier_connect::line::LineConfig;
    use brier_types::Timestamp;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;
    use tokio::sync::{Barrier, mpsc};

    use super::*;

    const BOUND: Duration = Duration::from_secs(20);

    fn call(id: u64, lane: Lane) -> HttpCall {
        let method = if lane == Lane::Read { Method::Get } else { Method::Post };
        let (target, headers) = (format!("/{id}"), vec![("x-key".to_owned(), "k".to_owned())]);
        HttpCall {
            id: CallId(id),
            lane,
            host: Host::Kalshi,
            method,
            target,
            headers,
            body: Vec::new(),
            deadline: Timestamp::MAX,
        }
    }

    /// A server that answers when `together` requests have come, and the number of the connection that each came on.
    async fn serve(together: usize) -> (String, Arc<Mutex<Vec<(usize, String)>>>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, seen) = (listener.local_addr().unwrap(), Arc::new(Mutex::new(Vec::new())));
        let (record, all) = (seen.clone(), Arc::new(Barrier::new(together)));
        tokio::spawn(async move {
            for connection in 0.. {
                let (mut socket, _) = listener.accept().await.unwrap();
                let (record, all) = (record.clone(), all.clone());
                tokio::spawn(async move {
                    let mut bytes = [0; 4_096];
                    while let Ok(read @ 1..) = socket.read(&mut bytes).await {
                        let text = String::from_utf8_lossy(&bytes[..read]).into_owned();
                        record.lock().unwrap().push((connection, text));
                        all.wait().await;
                        let answer = b"HTTP/1.1 429 Too Many\r\nretry-after: 7\r\ncontent-length: 2\r\n\r\n{}";
                        socket.write_all(answer).await.unwrap();
                    }
                });
            }
        });
        (format!("http://{address}"), seen)
    }

    async fn caller(origin: &str, lines: usize) -> Caller {
        let config = LineConfig { lines, ..LineConfig::new(origin.parse().unwrap(), Arc::default(), 1) };
        let open = Lines::open(config).unwrap();
        assert_eq!(open.ready(lines, tokio::time::Instant::now() + BOUND).await, lines);
        let http = client(HttpOptions { connect_timeout: BOUND, timeout: BOUND, tls: false, near: true }).unwrap();
        Caller::new(http, [(Host::Kalshi, Address::new(origin).with_lines(Some(open)))].into())
    }

    #[tokio::test]
    async fn orders_go_on_lines_and_what_no_line_takes_by_the_client() {
        let (origin, seen) = serve(3).await;
        let mut caller = caller(&origin, 2).await;
        let (tell, mut told) = mpsc::unbounded_channel();
        for id in 0..3 {
            let tell = tell.clone();
            let done = move |id, outcome| tell.send((id, outcome)).unwrap();
            caller.call(&tokio::runtime::Handle::current(), call(id, Lane::Order), BOUND, done);
        }
        for _ in 0..3 {
            let (_, outcome) = told.recv().await.unwrap();
            let wait = Some(Duration::from_secs(7));
            assert_eq!(outcome, Outcome::Answered { status: 429, date: None, retry_after: wait, body: b"{}".to_vec() });
        }
        let mut seen = seen.lock().unwrap().clone();
        seen.sort();
        let ways: Vec<usize> = seen.iter().map(|(connection, _)| *connection).collect();
        assert_eq!(ways, [0, 1, 2], "two lines, and the client's own connection");
        assert!(seen[0].1.contains("content-length: 0\r\n") && seen[0].1.contains("x-key: k\r\n"), "{seen:?}");
        assert!(seen[2].1.starts_with("POST /2 "), "{seen:?}");
    }

    #[tokio::test]
    async fn reads_leave_the_lines_free() {
        let (origin, seen) = serve(1).await;
        let mut caller = caller(&origin, 1).await;
        let (tell, mut told) = mpsc::unbounded_channel();
        let done = move |id, _| tell.send(id).unwrap();
        caller.call(&tokio::runtime::Handle::current(), call(9, Lane::Read), BOUND, done);
        assert_eq!(told.recv().await, Some(CallId(9)));
        assert_eq!(seen.lock().unwrap()[0].0, 1);
    }

    #[tokio::test]
    async fn a_host_without_an_address_is_told() {
        let http = client(HttpOptions { connect_timeout: BOUND, timeout: BOUND, tls: false, near: true }).unwrap();
        let (tell, mut told) = mpsc::unbounded_channel();
        let done = move |_, outcome| tell.send(outcome).unwrap();
        Caller::new(http, BTreeMap::new()).call(&tokio::runtime::Handle::current(), call(1, Lane::Order), BOUND, done);
        assert!(matches!(told.recv().await, Some(Outcome::NotSent(_))));
    }
}
