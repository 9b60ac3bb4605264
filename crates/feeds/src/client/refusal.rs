//! What a vendor's refusal means: its status and the words of its error body, which every vendor writes in its own form.
//!
//! Pure, and total over any body.

use serde_json::Value;

use crate::error::{FeedError, Problem, RetryAfter, excerpt, excerpt_bytes};
use crate::vendor::Vendor;

/// The error behind a status of 400 or more.
pub(crate) fn of_status(
    vendor: Vendor,
    at: &str,
    status: u16,
    retry_after: Option<RetryAfter>,
    body: &[u8],
) -> FeedError {
    let said = said(body).unwrap_or_else(|| format!("HTTP {status}"));
    let problem = match (vendor, status) {
        // Credits are refused with 401 or 429: only the code tells them from a bad key.
        (Vendor::OddsApi, 401 | 403 | 429) if is_credit_code(&said) => Problem::Quota { said, retry_after },
        (Vendor::Binance, 451) => Problem::Refused {
            said: format!("{said} (not served in this jurisdiction: use data-api.binance.vision or Binance.US)"),
        },
        (Vendor::Nws, 403) => Problem::Auth { said: format!("{said} (a User-Agent with a contact is wanted)") },
        // FRED refuses a bad key as a bad request.
        (Vendor::Fred, 400) if said.contains("api_key") => Problem::Auth { said },
        // 426 is NewsAPI's word for a plan that does not cover the question.
        (_, 401..=403 | 407) | (Vendor::NewsApi, 426) => Problem::Auth { said },
        // 418 is Binance's ban for having gone on after 429.
        (_, 429) | (Vendor::Binance, 418) => Problem::Quota { said, retry_after },
        (_, 404 | 410) => Problem::NoData { said },
        (_, 408 | 425 | 500..) => Problem::Upstream { status, said, retry_after },
        _ => Problem::Refused { said },
    };
    FeedError::new(vendor, at, problem)
}

fn is_credit_code(said: &str) -> bool {
    ["OUT_OF_USAGE_CREDITS", "EXCEEDED_FREQ_LIMIT"].iter().any(|code| said.contains(code))
}

/// The words of an error body: the fields that vendors use, the most telling first; else the text itself.
pub(crate) fn said(body: &[u8]) -> Option<String> {
    let Ok(Value::Object(fields)) = serde_json::from_slice::<Value>(body) else {
        let text = excerpt_bytes(body);
        return (!text.is_empty()).then_some(text);
    };
    let mut words: Vec<String> = Vec::new();
    for name in [
        "error_code",
        "code",
        "title",
        "detail",
        "message",
        "msg",
        "reason",
        "error_message",
        "error",
        "Error Message",
        "errors",
        "description",
    ] {
        match fields.get(name) {
            Some(Value::String(text)) if !text.is_empty() => words.push(text.clone()),
            Some(Value::Number(number)) => words.push(number.to_string()),
            Some(Value::Object(inner)) => {
                let inner = ["code", "message", "description"].iter().filter_map(|name| inner.get(*name));
                words.extend(inner.map(|value| value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned)));
            }
            _ => {}
        }
    }
    if words.is_empty() { Some(excerpt_bytes(body)) } else { Some(excerpt(&words.join(" "))) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(vendor: Vendor, status: u16, body: &str) -> (&'static str, String) {
        let error = of_status(vendor, "/x", status, None, body.as_bytes());
        (error.class(), error.to_string())
    }

    #[test]
    fn the_same_status_means_different_things() {
        let credits = r#"{"message":"Usage quota has been reached.","error_code":"OUT_OF_USAGE_CREDITS"}"#;
        assert_eq!(class(Vendor::OddsApi, 401, credits).0, "quota");
        assert_eq!(class(Vendor::OddsApi, 401, r#"{"message":"x","error_code":"INVALID_KEY"}"#).0, "auth");
        assert_eq!(class(Vendor::Binance, 418, r#"{"code":-1003,"msg":"banned"}"#).0, "quota");
        assert_eq!(class(Vendor::Binance, 451, "").0, "refused");
        assert_eq!(class(Vendor::Yahoo, 429, "Too Many Requests").0, "quota");
        assert_eq!(class(Vendor::Nws, 503, "").0, "upstream");
        assert_eq!(class(Vendor::Nws, 400, r#"{"title":"Bad Request","detail":"Query parameter"}"#).0, "refused");
    }

    #[test]
    fn the_vendors_words_are_found() {
        for (body, want) in [
            (r#"{"code":429001,"type":"Too Many Calls","message":"limit reached"}"#, "429001 limit reached"),
            (r#"{"error":true,"reason":"Minutely API request limit exceeded."}"#, "Minutely API request limit"),
            (r#"{"error_code":400,"error_message":"Bad Request. no api_key"}"#, "Bad Request. no api_key"),
            (r#"{"error":{"code":10028,"message":"too_many_requests"}}"#, "10028 too_many_requests"),
            ("plain words", "plain words"),
            ("[1]", "[1]"),
        ] {
            assert!(said(body.as_bytes()).unwrap().contains(want), "{body}");
        }
        assert_eq!(said(b""), None);
    }
}
