//! An emulator on loopback at a fixed moment, and a client of it.

use std::sync::Arc;
use std::time::Duration;

use brier_connect::backoff::Backoff;
use brier_feeds::client::{Client, ClientOptions};
use brier_feeds::emulator::{self, Handle, Script};
use brier_feeds::secret::{Keys, Secret};
use brier_feeds::vendor::Vendor;
use brier_types::Timestamp;
use tokio::net::TcpListener;

/// A key that no text may contain.
pub(crate) const KEY: &str = "s3cr3t/key+of=tests";

/// Friday 2026-11-20, 16:00:30 UTC.
pub(crate) fn now() -> Timestamp {
    "2026-11-20T16:00:30Z".parse().unwrap()
}

pub(crate) fn keys() -> Keys {
    let mut keys = Keys::default();
    for vendor in Vendor::ALL {
        keys.insert(vendor, Secret::new(KEY.to_owned().into()));
    }
    keys
}

/// Options of a client that waits for nothing and asks once.
pub(crate) fn options(origin: &str) -> ClientOptions {
    ClientOptions {
        attempts: 1,
        backoff: Backoff { base: Duration::ZERO, cap: Duration::ZERO },
        keys: keys(),
        now: Arc::new(now),
        timeout: Duration::from_secs(10),
        ..ClientOptions::default()
    }
    .emulated(origin)
}

/// An emulator, and where it is.
pub(crate) async fn emulator(seed: u64) -> (Handle, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let handle = Handle::new(Script::at(seed, now()));
    tokio::spawn(emulator::serve(listener, handle.clone()));
    (handle, origin)
}

pub(crate) async fn rig(seed: u64) -> (Handle, Client) {
    let (handle, origin) = emulator(seed).await;
    (handle, Client::new(options(&origin)).unwrap())
}
