//! The vendors' refusals in their own forms.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Day, Reply};
use crate::time::to_jiff;
use crate::vendor::Vendor;

/// How long a refusal asks to wait.
const WAIT: Duration = Duration::from_secs(30);

/// A spent quota.
pub(super) fn quota(vendor: Vendor, day: &Day, as_date: bool) -> Reply {
    let retry_after = if as_date {
        to_jiff(day.now.plus(WAIT)).strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
    } else {
        WAIT.as_secs().to_string()
    };
    let body = match vendor {
        Vendor::Nws => json!({ "title": "Too Many Requests", "status": 429, "detail": "rate limit exceeded" }),
        Vendor::OpenMeteo | Vendor::OpenMeteoEnsemble | Vendor::OpenMeteoPrevious => open_meteo_limit(),
        Vendor::Tomorrow => json!({ "code": 429_001, "type": "Too Many Calls", "message": "hourly limit reached" }),
        Vendor::TwelveData => twelve_credits(),
        Vendor::Binance => json!({ "code": -1003, "msg": "Too much request weight used; IP banned" }),
        Vendor::Deribit => json!({ "jsonrpc": "2.0", "error": { "code": 10_028, "message": "too_many_requests" } }),
        Vendor::Chainlink => {
            json!({ "jsonrpc": "2.0", "id": 1, "error": { "code": -32_005, "message": "limit exceeded" } })
        }
        Vendor::OddsApi => json!({ "message": "Usage quota has been reached", "error_code": "OUT_OF_USAGE_CREDITS" }),
        Vendor::Fred => json!({ "error_code": 429, "error_message": "Too Many Requests. Exceeded Rate Limit" }),
        Vendor::NewsApi => json!({ "status": "error", "code": "rateLimited", "message": "too many requests" }),
        Vendor::Coinbase => json!({ "message": "Public rate limit exceeded" }),
        Vendor::TradingEconomics => json!({ "message": "Too many requests" }),
        _ => return Reply::text(429, "Too Many Requests").with("retry-after", retry_after),
    };
    let status = match vendor {
        Vendor::OddsApi => 401,
        Vendor::Binance => 418,
        _ => 429,
    };
    Reply::json(&body).with_status(status).with("retry-after", retry_after)
}

fn open_meteo_limit() -> Value {
    json!({ "error": true, "reason": "Hourly API request limit exceeded. Please try again in the next hour." })
}

fn twelve_credits() -> Value {
    json!({ "code": 429, "message": "You have run out of API credits for the current minute.", "status": "error" })
}

/// An error with HTTP 200: the vendor's habit, or its error body behind a cache that lost the status.
pub(super) fn inside_200(vendor: Vendor) -> Reply {
    let body = match vendor {
        Vendor::Nws => {
            json!({ "type": "urn:noaa:nws:api:UnexpectedProblem", "title": "Unexpected Problem", "status": 500,
            "detail": "An unexpected problem has occurred." })
        }
        Vendor::Metar => json!({ "status": "error", "error": "database not available" }),
        Vendor::OpenMeteo | Vendor::OpenMeteoEnsemble | Vendor::OpenMeteoPrevious => {
            json!({ "error": true, "reason": "Cannot initialize WeatherVariable from invalid String value tempeture_2m" })
        }
        Vendor::Tomorrow => json!({ "code": 400_001, "type": "Invalid Body Parameters", "message": "units" }),
        Vendor::TwelveData => twelve_credits(),
        Vendor::Yahoo => {
            json!({ "chart": { "result": null, "error": { "code": "Not Found", "description": "No data found" } } })
        }
        Vendor::Coinbase => json!({ "message": "NotFound" }),
        Vendor::Binance => json!({ "code": -1121, "msg": "Invalid symbol." }),
        Vendor::Chainlink => {
            json!({ "jsonrpc": "2.0", "id": 1, "error": { "code": 3, "message": "execution reverted" } })
        }
        Vendor::Deribit => json!({ "jsonrpc": "2.0", "error": { "code": 10_028, "message": "too_many_requests" } }),
        Vendor::OddsApi => json!({ "message": "Unknown sport", "error_code": "UNKNOWN_SPORT" }),
        Vendor::Fred => json!({ "error_code": 400, "error_message": "Bad Request. The series does not exist." }),
        Vendor::Bls => json!({ "status": "REQUEST_NOT_PROCESSED", "responseTime": 1, "Results": {},
            "message": ["Request could not be serviced, as the daily threshold for total number of requests has been reached"] }),
        Vendor::Bea => {
            json!({ "BEAAPI": { "Results": { "Error": { "APIErrorCode": "40", "APIErrorDescription": "bad table" } } } })
        }
        Vendor::TradingEconomics => json!({ "message": "You have no access to this endpoint" }),
        Vendor::NewsApi => json!({ "status": "error", "code": "parameterInvalid", "message": "q" }),
        Vendor::Gdelt => return Reply::text(200, "The specified phrase is too short."),
        Vendor::Fed | Vendor::Cleveland | Vendor::Syndication | Vendor::Rtds => {
            return Reply::text(200, "<html><body>Service temporarily unavailable</body></html>");
        }
    };
    Reply::json(&body)
}

/// A key that is missing or wrong.
pub(super) fn bad_key(vendor: Vendor) -> Reply {
    let body = match vendor {
        Vendor::Tomorrow => {
            json!({ "code": 401_001, "type": "Invalid Auth", "message": "The method requires authentication" })
        }
        Vendor::TwelveData => json!({ "code": 401, "message": "apikey parameter is incorrect", "status": "error" }),
        Vendor::OddsApi => json!({ "message": "API key is not valid", "error_code": "INVALID_KEY" }),
        Vendor::Bea => {
            let error = json!({ "APIErrorCode": "3", "APIErrorDescription": "The user id is not active" });
            return Reply::json(&json!({ "BEAAPI": { "Results": { "Error": error } } }));
        }
        Vendor::Fred => {
            let said = "Bad Request. The value for variable api_key is not registered.";
            return Reply::json(&json!({ "error_code": 400, "error_message": said })).with_status(400);
        }
        Vendor::NewsApi => json!({ "status": "error", "code": "apiKeyInvalid", "message": "Your API key is invalid" }),
        _ => json!({ "message": "Unauthorized" }),
    };
    Reply::json(&body).with_status(401)
}
