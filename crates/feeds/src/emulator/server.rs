//! The emulator on the wire.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, Uri};
use axum::response::IntoResponse as _;
use axum::routing::{get, post};
use futures_util::{StreamExt as _, stream};
use tokio::net::TcpListener;

use super::streams::{self, Heard};
use super::{Call, Fault, Handle, Reply, Ticks, answer};
use crate::vendor::Vendor;

/// Serves all vendors until the future is dropped.
///
/// # Errors
/// What the system says about the listener.
pub async fn serve(listener: TcpListener, handle: Handle) -> std::io::Result<()> {
    let router = Router::new()
        .route("/admin/fault", post(set_fault))
        .route("/admin/script", get(show))
        .fallback(any)
        .with_state(handle);
    axum::serve(listener, router).await
}

async fn set_fault(
    State(handle): State<Handle>,
    Query(query): Query<BTreeMap<String, String>>,
) -> (StatusCode, String) {
    let text = |name: &str| query.get(name).map(String::as_str).unwrap_or_default();
    let vendor = text("vendor").parse::<Vendor>().map_err(|error| error.to_string());
    match (vendor, text("fault").parse::<Fault>()) {
        (Ok(vendor), Ok(fault)) => {
            handle.set(vendor, fault);
            (StatusCode::OK, format!("{vendor}: {}\n", text("fault")))
        }
        (Err(error), _) | (_, Err(error)) => (StatusCode::BAD_REQUEST, error + "\n"),
    }
}

async fn show(State(handle): State<Handle>) -> String {
    let script = handle.script();
    let faults: BTreeMap<&str, &str> = Vendor::ALL
        .into_iter()
        .map(|vendor| {
            let fault = script.fault(vendor);
            let name = Fault::ALL.into_iter().find(|(one, _)| *one == fault).map_or("none", |(_, name)| name);
            (vendor.name(), name)
        })
        .collect();
    serde_json::json!({ "seed": script.seed, "now": (script.now)().to_string(), "faults": faults }).to_string()
}

/// The vendor of a call, and its path under it: by the first part of the path, else by the host's name.
fn route(uri: &Uri, headers: &HeaderMap) -> Option<(Vendor, String)> {
    let path = uri.path();
    let (first, rest) = path.trim_start_matches('/').split_once('/').unwrap_or((path.trim_start_matches('/'), ""));
    if let Ok(vendor) = first.parse() {
        return Some((vendor, format!("/{rest}")));
    }
    let host = headers.get("host")?.to_str().ok()?;
    let host = host.rsplit_once(':').map_or(host, |(name, _)| name);
    let played = |vendor: &Vendor| {
        let addresses = [Some(vendor.rest_base()), vendor.stream_base()];
        addresses
            .iter()
            .flatten()
            .any(|address| address.split_once("://").is_some_and(|(_, own)| own.split(':').next() == Some(host)))
    };
    Vendor::ALL.into_iter().find(played).map(|vendor| (vendor, path.to_owned()))
}

async fn any(
    State(handle): State<Handle>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
    uri: Uri,
    query: Query<BTreeMap<String, String>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let Some((vendor, path)) = route(&uri, &headers) else {
        return (StatusCode::NOT_FOUND, "no vendor of this name; see /admin/script\n").into_response();
    };
    handle.count(vendor);
    let script = handle.script();
    let (day, fault) = (script.day(vendor), script.fault(vendor));
    let text = |(name, value): (&axum::http::HeaderName, &HeaderValue)| {
        Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
    };
    let call = Call { path, query: query.0, headers: headers.iter().filter_map(text).collect(), body: body.to_vec() };
    if let (Ok(upgrade), Some(_)) = (upgrade, vendor.stream_base()) {
        let refused = matches!(fault, Fault::Quota | Fault::QuotaUntil | Fault::Down | Fault::BadKey);
        let keyless = vendor == Vendor::TwelveData && call.param("apikey").is_empty();
        if refused || keyless {
            return wire(answer(vendor, &day, if keyless { Fault::BadKey } else { fault }, &call), Fault::None);
        }
        let address = call.param("streams").to_owned();
        return upgrade.on_upgrade(move |socket| talk(socket, vendor, handle, address));
    }
    wire(script.answer(vendor, &call), fault)
}

/// Puts an answer on the wire, or as much of it as the fault leaves.
fn wire(reply: Reply, fault: Fault) -> Response<Body> {
    let length = reply.body.len();
    let half = Bytes::copy_from_slice(reply.body.get(..length / 2).unwrap_or_default());
    let body = match fault {
        Fault::Cut => {
            let cut = Err(std::io::Error::new(std::io::ErrorKind::ConnectionReset, "cut"));
            Body::from_stream(stream::iter([Ok(half), cut]))
        }
        Fault::Slow => Body::from_stream(stream::iter([Ok::<_, std::io::Error>(half)]).chain(stream::pending())),
        _ => Body::from(reply.body),
    };
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in reply.headers {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

/// One client of a stream.
async fn talk(mut socket: WebSocket, vendor: Vendor, handle: Handle, address: String) {
    let mut names = streams::by_address(vendor, &address);
    let mut count = 0;
    if names.is_some()
        && begin(&mut socket, vendor, &handle, names.as_deref().unwrap_or_default(), &mut count).await.is_none()
    {
        return;
    }
    let every = match handle.script().ticks {
        Ticks::Every(every) => every.max(Duration::from_millis(1)),
        Ticks::Burst(_) => Duration::MAX,
    };
    loop {
        let due = async {
            if names.is_some() && every != Duration::MAX {
                tokio::time::sleep(every).await;
            } else {
                std::future::pending::<()>().await;
            }
        };
        tokio::select! {
            heard = socket.recv() => {
                let text = match heard {
                    Some(Ok(Message::Text(text))) => text,
                    Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                    Some(Ok(_)) => continue,
                };
                let frames = match streams::hear(vendor, text.as_str()) {
                    Heard::Say(frames) => frames,
                    Heard::Subscribed(frames, wanted) => {
                        if say(&mut socket, frames).await.is_none()
                            || begin(&mut socket, vendor, &handle, &wanted, &mut count).await.is_none()
                        {
                            return;
                        }
                        names = Some(wanted);
                        Vec::new()
                    }
                };
                if say(&mut socket, frames).await.is_none() {
                    return;
                }
            }
            () = due => {
                if tick(&mut socket, vendor, &handle, names.as_deref().unwrap_or_default(), &mut count).await.is_none() {
                    return;
                }
            }
        }
    }
}

async fn say(socket: &mut WebSocket, frames: Vec<String>) -> Option<()> {
    for frame in frames {
        socket.send(Message::text(frame)).await.ok()?;
    }
    Some(())
}

/// The first ticks after a subscription. `None` when the connection shall end.
async fn begin(
    socket: &mut WebSocket,
    vendor: Vendor,
    handle: &Handle,
    names: &[String],
    count: &mut u32,
) -> Option<()> {
    let first = match handle.script().ticks {
        Ticks::Burst(count) => count,
        Ticks::Every(_) => 1,
    };
    for _ in 0..first {
        tick(socket, vendor, handle, names, count).await?;
    }
    Some(())
}

async fn tick(
    socket: &mut WebSocket,
    vendor: Vendor,
    handle: &Handle,
    names: &[String],
    count: &mut u32,
) -> Option<()> {
    let script = handle.script();
    let day = script.day(vendor);
    // Ticks of a burst are a second apart and end at the present.
    let back = match script.ticks {
        Ticks::Burst(all) => u64::from(all.saturating_sub(*count + 1)),
        Ticks::Every(_) => 0,
    };
    let at = day.data.minus(Duration::from_secs(back));
    let mut frames = match script.fault(vendor) {
        // An open connection that says nothing.
        Fault::Slow => Vec::new(),
        Fault::ErrorInside200 => vec![streams::error(vendor)],
        Fault::Page => vec!["<html>".to_owned()],
        _ => streams::tick(vendor, &day, at, *count, names),
    };
    if script.fault(vendor) == Fault::Malformed {
        for frame in &mut frames {
            let half = frame.len() / 2;
            frame.truncate((half..frame.len()).find(|at| frame.is_char_boundary(*at)).unwrap_or(half));
        }
    }
    *count += 1;
    say(socket, frames).await?;
    // Without a closing frame, as a broken line does.
    (script.fault(vendor) != Fault::Cut).then_some(())
}
