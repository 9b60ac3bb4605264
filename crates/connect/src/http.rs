//! The HTTP client of a connector, and text in its addresses.

use std::fmt::Write as _;
use std::time::Duration;

use crate::{ConnectError, tls};

/// What an HTTP client is made for.
#[derive(Clone, Copy, Debug)]
pub struct HttpOptions {
    /// Longest wait for a connection.
    pub connect_timeout: Duration,
    /// Longest wait for an answer; callers set shorter ones by call.
    pub timeout: Duration,
    /// Whether any address is `https`: without one no root certificate is read.
    pub tls: bool,
    /// Whether the host is near by: then no proxy of the system stands between.
    pub near: bool,
}

/// A client that follows no redirect and repeats nothing by itself.
///
/// # Errors
/// [`ConnectError`] when the system has no root certificates.
pub fn client(options: HttpOptions) -> Result<reqwest::Client, ConnectError> {
    let tls = if options.tls { tls::client_config(&[b"h2", b"http/1.1"]) } else { tls::without_roots() };
    let mut builder = reqwest::Client::builder()
        .user_agent(concat!("brier/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(options.connect_timeout)
        .timeout(options.timeout)
        .pool_idle_timeout(Duration::from_mins(1))
        .tcp_nodelay(true)
        .tcp_keepalive(Duration::from_secs(30))
        // A redirect would carry signed headers elsewhere, and a retry below us would hide a doubt.
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .tls_backend_preconfigured(tls?);
    if options.near {
        builder = builder.no_proxy();
    }
    builder.build().map_err(|error| ConnectError(chain(&error)))
}

/// An error with all its causes: the outermost text alone seldom says why.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.ends_with(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text
}

/// Percent-encodes everything but RFC 3986's unreserved characters.
///
/// ```
/// let mut out = String::new();
/// brier_connect::http::percent_encode("a/b c", &mut out);
/// assert_eq!(out, "a%2Fb%20c");
/// ```
pub fn percent_encode(text: &str, out: &mut String) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            write!(out, "%{byte:02X}").expect("writing to a string cannot fail");
        }
    }
}
