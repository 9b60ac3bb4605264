//! Signing strings and headers of signed requests.
//!
//! Invariants: what is signed is the time in milliseconds, the method in upper case and the path exactly as it goes on the
//! wire, joined by nothing: prefix and percent-encoding included, host, query, fragment and body left out. Each attempt is
//! signed anew, with its own time. This module holds no key and makes no signature: RSA keys sign the string with
//! RSASSA-PSS, SHA-256, MGF1 with SHA-256 and a salt of 32 bytes; Ed25519 keys sign it as it is.
//!
//! Source: reference sections 3.1, 3.4 and 3.5 (docs.kalshi.com "API keys"), 2026-11-20.

use brier_types::Timestamp;

use crate::rest::Method;
use crate::ws::WS_PATH;

/// The header with the key id, a UUID.
pub const KEY_HEADER: &str = "KALSHI-ACCESS-KEY";
/// The header with the time of signing: Unix milliseconds in decimal digits.
pub const TIMESTAMP_HEADER: &str = "KALSHI-ACCESS-TIMESTAMP";
/// The header with the signature in padded standard base64.
pub const SIGNATURE_HEADER: &str = "KALSHI-ACCESS-SIGNATURE";

/// Bytes of salt in an RSA-PSS signature. A verifier takes any length.
pub const PSS_SALT_BYTES: usize = 32;

/// How far the time of signing may lie from the server's clock, in milliseconds, either way.
///
/// The venue's window is not documented; recordings accept 10 s and refuse 60 s in production. This is the server's choice;
/// a client keeps its clock within a second.
pub const TIMESTAMP_WINDOW_MS: u64 = 30_000;

/// `details` of `authentication_error` when the signature does not verify.
pub const DETAILS_WRONG_SIGNATURE: &str = "INCORRECT_API_KEY_SIGNATURE";
/// `details` of `authentication_error` when the key id is unknown.
pub const DETAILS_UNKNOWN_KEY: &str = "NOT_FOUND";

/// The part of a request target that is signed: all before the query or fragment, undecoded.
///
/// ```
/// use brier_kalshi_protocol::auth::signed_path;
/// assert_eq!(signed_path("/trade-api/v2/markets/A%2FB?limit=5#top"), "/trade-api/v2/markets/A%2FB");
/// ```
pub fn signed_path(target: &str) -> &str {
    target.split(['?', '#']).next().unwrap_or(target)
}

/// The string that a request's signature covers. `target` may carry a query: it is cut off.
///
/// ```
/// use brier_kalshi_protocol::{auth::signing_string, rest::Method};
/// use brier_types::Timestamp;
/// let time = Timestamp::from_millis(1_795_176_000_123).expect("in range");
/// assert_eq!(
///     signing_string(time, Method::Get, "/trade-api/v2/portfolio/orders?limit=5"),
///     "1795176000123GET/trade-api/v2/portfolio/orders"
/// );
/// ```
pub fn signing_string(time: Timestamp, method: Method, target: &str) -> String {
    signing_string_as_sent(&time.millis().to_string(), method.as_str(), target)
}

/// As [`signing_string`], from the texts that a server received: the timestamp header, the method, the raw target.
pub fn signing_string_as_sent(timestamp: &str, method: &str, target: &str) -> String {
    let path = signed_path(target);
    let mut text = String::with_capacity(timestamp.len() + method.len() + path.len());
    text.push_str(timestamp);
    text.push_str(method);
    text.push_str(path);
    text
}

/// The string that the signature of a WebSocket upgrade covers.
pub fn websocket_signing_string(time: Timestamp) -> String {
    signing_string(time, Method::Get, WS_PATH)
}

/// Reads the timestamp header, or `None` when it is not plain decimal digits that fit.
pub fn parse_timestamp(text: &str) -> Option<Timestamp> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok().and_then(Timestamp::from_millis)
}

/// Whether a request signed at `signed` may be taken at `now`.
pub fn is_within_window(signed: Timestamp, now: Timestamp) -> bool {
    signed.millis().abs_diff(now.millis()) <= TIMESTAMP_WINDOW_MS
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIME: Timestamp = Timestamp::from_nanos(1_795_176_000_123_000_000);

    #[test]
    fn the_reference_vectors() {
        assert_eq!(
            signing_string(TIME, Method::Get, "/trade-api/v2/portfolio/orders?limit=5"),
            "1795176000123GET/trade-api/v2/portfolio/orders"
        );
        assert_eq!(
            signing_string(TIME, Method::Delete, "/trade-api/v2/portfolio/events/orders/9a3c"),
            "1795176000123DELETE/trade-api/v2/portfolio/events/orders/9a3c"
        );
        assert_eq!(websocket_signing_string(TIME), "1795176000123GET/trade-api/ws/v2");
    }

    #[test]
    fn encoded_segments_are_signed_encoded_and_nothing_is_normalized() {
        assert_eq!(signing_string_as_sent("1", "GET", "/paper/a%2Fb//c/?x=/y"), "1GET/paper/a%2Fb//c/");
    }

    #[test]
    fn a_timestamp_is_digits_only() {
        assert_eq!(parse_timestamp("1795176000123"), Some(TIME));
        for text in ["", "+1", "-1", "1e3", " 1", "1795176000123.5", "99999999999999999999"] {
            assert_eq!(parse_timestamp(text), None, "{text:?}");
        }
    }

    #[test]
    fn the_window_is_closed_at_both_ends() {
        let at = |offset: i64| Timestamp::from_millis(TIME.millis() + offset).unwrap();
        assert!(is_within_window(at(30_000), TIME) && is_within_window(at(-30_000), TIME));
        assert!(!is_within_window(at(30_001), TIME) && !is_within_window(at(-30_001), TIME));
        // Seconds where milliseconds belong are decades away.
        assert!(!is_within_window(parse_timestamp("1795176000").unwrap(), TIME));
    }
}
