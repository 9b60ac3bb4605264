//! The words of the venue's errors.

use std::borrow::Cow;

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $word:literal, $status:literal, $message:literal;)+) => {
        /// A known error code.
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        pub enum Code {
            $($(#[$doc])* $variant,)+
            /// A code this version does not know.
            Other(String),
        }

        impl Code {
            /// The venue's word.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $word,)+
                    Self::Other(word) => word,
                }
            }

            /// The HTTP status the code comes with; 400 for an unknown one.
            pub const fn status(&self) -> u16 {
                match self {
                    $(Self::$variant => $status,)+
                    Self::Other(_) => 400,
                }
            }

            /// The words for people that go with it.
            pub fn message(&self) -> Cow<'static, str> {
                match self {
                    $(Self::$variant => Cow::Borrowed($message),)+
                    Self::Other(word) => Cow::Owned(word.replace('_', " ")),
                }
            }

            /// Every known code.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];
        }
    };
}

codes! {
    /// The body or a filter does not decode.
    BadRequest = "bad_request", 400, "bad request";
    /// A body without `application/json`.
    InvalidContentType = "invalid_content_type", 400, "invalid content type";
    /// The order is refused; `details` says why, for example `post only cross`.
    InvalidOrder = "invalid_order", 400, "invalid order";
    /// Off the grid, or outside 0 to 1.
    InvalidPrice = "invalid_price", 400, "invalid price";
    /// Zero, or not a multiple of 0.01.
    InvalidOrderSize = "invalid_order_size", 400, "invalid order size";
    /// Not enough cash on the order's shard.
    InsufficientBalance = "insufficient_balance", 400, "insufficient balance";
    /// The same, in third-party lists.
    AvailableBalanceTooLow = "available_balance_too_low", 400, "available balance too low";
    /// An amend names another client order id.
    OrderIdAndClientOrderIdMismatch = "order_id_and_client_order_id_mismatch", 400, "order id and client order id mismatch";
    /// An amend names another side.
    OrderSideMismatch = "order_side_mismatch", 400, "order side mismatch";
    /// An amend names another market.
    OrderTickerMismatch = "order_ticker_mismatch", 400, "order ticker mismatch";
    /// Parameters that do not go together.
    InvalidParameters = "invalid_parameters", 400, "invalid parameters";
    /// A combo's parts exclude each other.
    ConflictingLegOutcomes = "conflicting_leg_outcomes", 400, "conflicting leg outcomes";
    /// A combo names a part twice.
    DuplicatedLegs = "duplicated_legs", 400, "duplicated legs";
    /// A combo's markets cannot be combined.
    InvalidMarketCombination = "invalid_market_combination", 400, "invalid market combination";
    /// The market does not trade: not yet, paused, or after its close. The status is our choice; the reference has none.
    MarketInactive = "MARKET_INACTIVE", 400, "market is not active";
    /// Trading is paused. As FIX names it; the status is our choice.
    TradingPaused = "TRADING_PAUSED", 400, "trading is paused";
    /// The exchange is paused. As FIX names it; the status is our choice.
    ExchangePaused = "EXCHANGE_PAUSED", 400, "exchange is paused";
    /// The order's group is triggered or over its limit. As FIX names it; the status is our choice.
    ExceededOrderGroupRiskLimit = "EXCEEDED_ORDER_GROUP_RISK_LIMIT", 400, "order group limit exceeded";
    /// The request for quotes is closed.
    RfqClosed = "RFQ_CLOSED", 400, "rfq is closed";
    /// No auth headers at all.
    TokenAuthenticationFailure = "token_authentication_failure", 401, "token_authentication_failure";
    /// The signature header is missing.
    SignatureIsMissingFromHeaders = "signature_is_missing_from_headers", 401, "signature_is_missing_from_headers";
    /// The timestamp is outside the window.
    HeaderTimestampExpired = "header_timestamp_expired", 401, "header_timestamp_expired";
    /// Wrong signature (`INCORRECT_API_KEY_SIGNATURE`) or unknown key (`NOT_FOUND`), as `details` says.
    AuthenticationError = "authentication_error", 401, "authentication_error";
    /// Scope, subaccount, tier or region.
    PermissionDenied = "permission_denied", 403, "permission denied";
    /// Market, order, group or route; also the cancel of a finished order.
    NotFound = "not_found", 404, "not found";
    /// No such user.
    UserNotFound = "user_not_found", 404, "user not found";
    /// The client order id was used before, and is spent for good.
    OrderAlreadyExists = "order_already_exists", 409, "order already exists";
    /// A fill-or-kill could not fill. Its client order id is spent.
    FillOrKillInsufficientRestingVolume = "fill_or_kill_insufficient_resting_volume", 409,
        "fill or kill insufficient resting volume";
    /// An immediate-or-cancel met nothing; claimed by third parties.
    ImmediateOrCancelInsufficientRestingVolume = "immediate_or_cancel_insufficient_resting_volume", 409,
        "immediate or cancel insufficient resting volume";
    /// A V1 order write.
    DeprecatedV1OrderEndpoint = "deprecated_v1_order_endpoint", 410, "deprecated v1 order endpoint";
    /// The bucket is empty. The text of the 429 body, not a code.
    TooManyRequests = "too many requests", 429, "too many requests";
    /// The venue failed.
    InternalServerError = "internal_server_error", 500, "internal server error";
    /// The venue cannot be reached from its own door.
    ServiceUnavailable = "service_unavailable", 503, "service unavailable";
}

impl Code {
    /// Reads a code by its longest known prefix, ignoring case.
    ///
    /// ```
    /// use brier_kalshi_protocol::errors::Code;
    /// assert_eq!(Code::parse("insufficient_balance"), Code::InsufficientBalance);
    /// assert_eq!(Code::parse("INSUFFICIENT_BALANCE"), Code::InsufficientBalance);
    /// assert_eq!(Code::parse("invalid_order_size_of_leg_2"), Code::InvalidOrderSize);
    /// assert_eq!(Code::parse("teapot"), Code::Other("teapot".into()));
    /// ```
    pub fn parse(text: &str) -> Self {
        let starts_with = |word: &str| text.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word));
        Self::ALL
            .iter()
            .filter(|code| starts_with(code.as_str()))
            .max_by_key(|code| code.as_str().len())
            .cloned()
            .unwrap_or_else(|| Self::Other(text.to_owned()))
    }

    /// The next step for a person, where the code alone tells it.
    pub const fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::InvalidPrice => {
                "look at the market's `price_ranges`: the price must be on its grid, above 0 and below 1"
            }
            Self::InvalidOrderSize => "the count must be a positive multiple of 0.01",
            Self::InsufficientBalance | Self::AvailableBalanceTooLow => {
                "fund the account, or move cash to the shard of this market"
            }
            Self::FillOrKillInsufficientRestingVolume => {
                "the book cannot fill it all now; its client order id is spent"
            }
            Self::TokenAuthenticationFailure | Self::SignatureIsMissingFromHeaders => {
                "this call must be signed: name a key id and a key file"
            }
            Self::AuthenticationError => {
                "check that the key file belongs to the key id and that the key belongs to this environment"
            }
            Self::PermissionDenied => "check the key's scopes, its subaccount, and the account's tier",
            Self::OrderIdAndClientOrderIdMismatch | Self::OrderSideMismatch | Self::OrderTickerMismatch => {
                "read the order again: the amend does not describe it"
            }
            _ => return None,
        })
    }
}
