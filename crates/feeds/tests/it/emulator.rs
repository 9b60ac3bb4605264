//! The emulator by itself: faults from outside, vendors by their host's name, recorded answers.

use std::sync::Arc;

use brier_feeds::client::Client;
use brier_feeds::emulator::recorded::Recording;
use brier_feeds::emulator::{Fault, Handle, Script, serve};
use brier_feeds::vendor::Vendor;
use brier_feeds::weather::nws;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::rig::{emulator, now, options};

/// One exchange by hand: a client that knows nothing.
async fn exchange(origin: &str, head: &str) -> String {
    let mut socket = TcpStream::connect(origin.trim_start_matches("http://")).await.unwrap();
    socket.write_all(format!("{head}\r\nuser-agent: by hand\r\nconnection: close\r\n\r\n").as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    socket.read_to_end(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn faults_are_set_from_outside() {
    let (handle, origin) = emulator(7).await;
    let set = "POST /admin/fault?vendor=nws&fault=down HTTP/1.1\r\nhost: x\r\ncontent-length: 0";
    assert!(exchange(&origin, set).await.starts_with("HTTP/1.1 200"));
    assert_eq!(handle.script().fault(Vendor::Nws), Fault::Down);
    let answer = exchange(&origin, "GET /nws/stations/KNYC/observations/latest HTTP/1.1\r\nhost: x").await;
    assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
    let wrong = set.replace("=down", "=sulking");
    let answer = exchange(&origin, &wrong).await;
    assert!(answer.starts_with("HTTP/1.1 400") && answer.contains("error-inside-200, cut"), "{answer}");
    assert!(exchange(&origin, "GET /admin/script HTTP/1.1\r\nhost: x").await.contains(r#""nws":"down""#));
}

#[tokio::test]
async fn a_vendor_is_found_by_its_hosts_name() {
    let (_handle, origin) = emulator(7).await;
    for (host, path, status) in [
        ("api.weather.gov", "/stations/KNYC/observations/latest", "200"),
        ("api.exchange.coinbase.com:80", "/products/BTC-USD/ticker", "200"),
        // A key is missing.
        ("api.the-odds-api.com", "/v4/sports", "401"),
        ("nobody.example", "/", "404"),
    ] {
        let answer = exchange(&origin, &format!("GET {path} HTTP/1.1\r\nhost: {host}")).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{host}: {answer}");
    }
}

#[tokio::test]
async fn a_recorded_answer_stands_before_a_generated_one() {
    let body = r#"{\"properties\":{\"gridId\":\"LOT\",\"gridX\":1,\"gridY\":2}}"#;
    let line =
        format!(r#"{{"at":"2026-11-20T12:00:00Z","vendor":"nws","path":"/points/41.79,-87.75","body":"{body}"}}"#);
    let recording = Arc::new(Recording::parse(&line).unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let handle = Handle::new(Script { recording, ..Script::at(7, now()) });
    tokio::spawn(serve(listener, handle.clone()));
    let client = Client::new(options(&origin)).unwrap();
    let office = |place: nws::Point| place.cell.office;
    let found = client.fetch(&nws::point(41.79, -87.75), nws::parse_point).await.unwrap();
    assert_eq!(office(found.value), "LOT");
    let found = client.fetch(&nws::point(40.78, -73.97), nws::parse_point).await.unwrap();
    assert_eq!(office(found.value), "OKX");
    handle.set(Vendor::Nws, Fault::Malformed);
    assert!(client.fetch(&nws::point(41.79, -87.75), nws::parse_point).await.is_err());
}
