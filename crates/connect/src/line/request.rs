//! Requests written by hand: HTTP/1.1 heads, numbers and JSON texts appended to a buffer that is used again.
//!
//! Invariants: nothing here allocates but the growth of the caller's buffer; text from outside can end neither a line, nor a
//! JSON text, nor a path segment.

use reqwest::Url;

use crate::ConnectError;

/// The head line that names this program.
pub const USER_AGENT: &str = concat!("user-agent: brier/", env!("CARGO_PKG_VERSION"), "\r\n");

/// What the `host` header says for an address: host and, where it is not the scheme's own, port.
pub fn authority(origin: &Url) -> String {
    let host = origin.host_str().unwrap_or_default();
    origin.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// Appends a number in decimal digits.
///
/// ```
/// let mut out = Vec::new();
/// brier_connect::line::push_number(&mut out, 1_795_176_000_123);
/// assert_eq!(out, b"1795176000123");
/// ```
pub fn push_number(out: &mut Vec<u8>, value: u64) {
    push_digits(out, value, 1);
}

/// Appends `value`, a count of 10^-`decimals`, with exactly so many decimals.
///
/// ```
/// let mut out = Vec::new();
/// brier_connect::line::push_fixed(&mut out, 4_200, 4);
/// assert_eq!(out, b"0.4200");
/// ```
pub fn push_fixed(out: &mut Vec<u8>, value: u64, decimals: u32) {
    let unit = 10_u64.pow(decimals);
    push_number(out, value / unit);
    if decimals > 0 {
        out.push(b'.');
        push_digits(out, value % unit, decimals as usize);
    }
}

/// Appends at least `width` digits, zeros before.
pub fn push_digits(out: &mut Vec<u8>, mut value: u64, width: usize) {
    const MOST: usize = 20;
    let mut digits = [b'0'; MOST];
    let mut at = MOST;
    while value > 0 {
        at -= 1;
        digits[at] = b'0' + (value % 10) as u8;
        value /= 10;
    }
    out.extend_from_slice(&digits[at.min(MOST - width.min(MOST))..]);
}

/// Appends a JSON text with its quotation marks, escaped as `serde_json` does it.
///
/// ```
/// let mut out = Vec::new();
/// brier_connect::line::push_json_text(&mut out, "a\"b");
/// assert_eq!(out, br#""a\"b""#);
/// ```
pub fn push_json_text(out: &mut Vec<u8>, text: &str) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    out.push(b'"');
    if text.bytes().all(|byte| byte >= b' ' && byte != b'"' && byte != b'\\') {
        out.extend_from_slice(text.as_bytes());
    } else {
        for byte in text.bytes() {
            match byte {
                b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
                b'\n' => out.extend_from_slice(b"\\n"),
                b'\r' => out.extend_from_slice(b"\\r"),
                b'\t' => out.extend_from_slice(b"\\t"),
                0x08 => out.extend_from_slice(b"\\b"),
                0x0c => out.extend_from_slice(b"\\f"),
                0..=0x1f => {
                    out.extend_from_slice(b"\\u00");
                    out.extend_from_slice(&[HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
                }
                _ => out.push(byte),
            }
        }
    }
    out.push(b'"');
}

/// Appends text with everything but RFC 3986's unreserved characters percent-encoded.
pub fn push_encoded(out: &mut Vec<u8>, text: &str) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(byte);
        } else {
            out.extend_from_slice(&[b'%', HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
        }
    }
}

/// Appends the end of a head and the body. An empty body that the method lets be absent is left out.
pub fn push_body(out: &mut Vec<u8>, body: Option<&[u8]>) {
    if let Some(body) = body {
        out.extend_from_slice(b"content-type: application/json\r\ncontent-length: ");
        push_number(out, body.len() as u64);
        out.extend_from_slice(b"\r\n\r\n");
        out.extend_from_slice(body);
    } else {
        out.extend_from_slice(b"\r\n");
    }
}

/// Writes a whole request into `out`, which is emptied before: the general form, for calls without a writer of their own.
///
/// # Errors
/// [`ConnectError`] when a part holds a character that would end its line.
pub fn write_request<'a>(
    out: &mut Vec<u8>,
    method: &str,
    target: &str,
    authority: &str,
    headers: impl IntoIterator<Item = (&'a str, &'a str)>,
    body: Option<&[u8]>,
) -> Result<(), ConnectError> {
    out.clear();
    let visible = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
    if !visible(method) || !visible(target) || !target.starts_with('/') || !visible(authority) {
        return Err(ConnectError("request: expected method, path and host of visible ASCII, found others".to_owned()));
    }
    for part in [method, " ", target, " HTTP/1.1\r\nhost: ", authority, "\r\n", USER_AGENT, "accept: */*\r\n"] {
        out.extend_from_slice(part.as_bytes());
    }
    for (name, value) in headers {
        if !visible(name) || name.contains(':') || !value.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
            out.clear();
            return Err(ConnectError(format!(
                "header {name:.64}: expected a name and a value of visible ASCII, found another character"
            )));
        }
        for part in [name, ": ", value, "\r\n"] {
            out.extend_from_slice(part.as_bytes());
        }
    }
    push_body(out, body);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_whole_request() {
        let mut out = b"left from before".to_vec();
        write_request(&mut out, "POST", "/a?b=c", "127.0.0.1:80", [("x-key", "1 2")], Some(b"{}")).unwrap();
        let text = String::from_utf8(out).unwrap();
        let expected = format!(
            "POST /a?b=c HTTP/1.1\r\nhost: 127.0.0.1:80\r\n{USER_AGENT}accept: */*\r\nx-key: 1 2\r\n\
             content-type: application/json\r\ncontent-length: 2\r\n\r\n{{}}"
        );
        assert_eq!(text, expected);
    }

    #[test]
    fn nothing_from_outside_ends_a_line() {
        let mut out = Vec::new();
        for (target, name, value) in [
            ("/a\r\nx: y", "a", "b"),
            ("a", "a", "b"),
            ("/a b", "a", "b"),
            ("/", "a: b\r\nc", "d"),
            ("/", "a", "b\r\nc: d"),
        ] {
            assert!(write_request(&mut out, "GET", target, "h", [(name, value)], None).is_err(), "{target} {name}");
        }
        assert!(out.is_empty());
    }

    #[test]
    fn the_host_has_the_port_that_is_not_the_schemes_own() {
        let host = |url: &str| authority(&Url::parse(url).unwrap());
        assert_eq!(host("https://a.test:443/x"), "a.test");
        assert_eq!(host("http://[::1]:8810"), "[::1]:8810");
    }

    proptest! {
        #[test]
        fn numbers_are_what_the_formatter_writes(value: u64, decimals in 0_u32..=6) {
            let mut out = Vec::new();
            push_number(&mut out, value);
            prop_assert_eq!(String::from_utf8(std::mem::take(&mut out)).unwrap(), value.to_string());
            push_fixed(&mut out, value >> 1, decimals);
            let mut text = String::new();
            brier_types::write_fixed(&mut text, (value >> 1) as i64, decimals).unwrap();
            prop_assert_eq!(String::from_utf8(out).unwrap(), text);
        }

        #[test]
        fn encoded_text_is_as_the_client_writes_it(text in any::<String>()) {
            let (mut ours, mut theirs) = (Vec::new(), String::new());
            push_encoded(&mut ours, &text);
            crate::http::percent_encode(&text, &mut theirs);
            prop_assert_eq!(ours, theirs.into_bytes());
        }
    }
}
