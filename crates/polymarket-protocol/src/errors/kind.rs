//! What a refusal's text says.

use super::text;

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $status:literal, [$($text:expr),+ $(,)?]);+ $(;)?) => {
        /// What the text of an error says. Found by the part of the text that does not change.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum ErrorKind {
            $($(#[$doc])* $kind,)+
            /// None of them.
            Other,
        }

        impl ErrorKind {
            /// Every kind with its status and the parts of texts that tell it. The first that fits counts.
            const TABLE: &[(Self, u16, &[&str])] = &[$((Self::$kind, $status, &[$($text),+])),+];
        }
    };
}

kinds! {
    /// [`text::UNAUTHORIZED`].
    Unauthorized = 401, [text::UNAUTHORIZED];
    /// [`text::INVALID_L1_HEADERS`].
    InvalidL1Headers = 401, [text::INVALID_L1_HEADERS];
    /// [`text::duplicated`].
    Duplicated = 400, ["is invalid. Duplicated"];
    /// [`text::tick_size`].
    TickSize = 400, ["breaks minimum tick size rule"];
    /// [`text::min_size`].
    MinSize = 400, ["lower than the minimum:"];
    /// [`text::POST_ONLY_CROSSES`] and [`text::crosses`].
    CrossesBook = 400, [text::POST_ONLY_CROSSES, "crosses the book", "order crosses book"];
    /// [`text::NOT_ENOUGH_BALANCE`].
    NotEnoughBalance = 400, [text::NOT_ENOUGH_BALANCE, "insufficient balance"];
    /// The amounts have too many digits or do not agree with the price.
    InvalidAmounts = 400, ["invalid amounts,"];
    /// A marketable buy of less than a dollar.
    MarketableMinimum = 400, ["invalid amount for a marketable BUY order"];
    /// [`text::INVALID_ORDER_PAYLOAD`].
    InvalidOrderPayload = 400, [text::INVALID_ORDER_PAYLOAD];
    /// [`text::OWNER_MISMATCH`].
    OwnerMismatch = 400, [text::OWNER_MISMATCH];
    /// [`text::SIGNER_MISMATCH`].
    SignerMismatch = 400, [text::SIGNER_MISMATCH];
    /// [`text::banned`].
    Banned = 400, ["address banned"];
    /// [`text::closed_only`].
    ClosedOnly = 400, ["address in closed only mode"];
    /// [`text::DEPOSIT_WALLET_REQUIRED`].
    DepositWalletRequired = 400, [text::DEPOSIT_WALLET_REQUIRED];
    /// [`text::VERSION_MISMATCH`].
    VersionMismatch = 400, [text::VERSION_MISMATCH];
    /// [`text::INVALID_SIGNATURE_TYPE`].
    InvalidSignatureType = 400, [text::INVALID_SIGNATURE_TYPE];
    /// [`text::INVALID_SIGNATURE`].
    InvalidSignature = 400, [text::INVALID_SIGNATURE];
    /// [`text::INVALID_EXPIRATION`].
    InvalidExpiration = 400, [text::INVALID_EXPIRATION];
    /// [`text::CANCELED_ON_CHAIN`].
    CanceledOnChain = 400, [text::CANCELED_ON_CHAIN];
    /// [`text::MATCH_DELAYED`].
    MatchDelayed = 400, [text::MATCH_DELAYED];
    /// [`text::FOK_NOT_FILLED`] and [`text::FOK_KILLED`].
    FokNotFilled = 400, [text::FOK_NOT_FILLED, "FOK orders are fully filled or killed", text::FOK_KILLED];
    /// [`text::FAK_NOT_FILLED`] and [`text::NO_MATCHING_ORDERS`].
    NoMatch = 400, ["no orders found to match with FAK order", text::NO_MATCHING_ORDERS];
    /// [`text::MARKET_NOT_READY`].
    MarketNotReady = 400, [text::MARKET_NOT_READY];
    /// [`text::too_many_orders`] and [`text::too_many_cancels`].
    TooManyOrders = 400, ["Too many orders in payload"];
    /// [`text::INVALID_HEARTBEAT`].
    InvalidHeartbeat = 400, [text::INVALID_HEARTBEAT];
    /// [`text::COULD_NOT_CREATE_KEY`].
    CouldNotCreateKey = 400, [text::COULD_NOT_CREATE_KEY];
    /// [`text::COULD_NOT_DERIVE_KEY`].
    CouldNotDeriveKey = 400, ["Could not derive api key"];
    /// [`text::NO_ORDERBOOK`].
    NoOrderbook = 404, [text::NO_ORDERBOOK];
    /// [`text::MARKET_NOT_FOUND`], [`text::FEE_RATE_NOT_FOUND`] and anything else that is not there.
    NotFound = 404, ["not found"];
    /// A parameter of a read is wrong.
    InvalidQuery = 400, [
        text::INVALID_TOKEN_ID, text::INVALID_SIDE, text::INVALID_PAYLOAD, text::PAYLOAD_TOO_LARGE, text::INVALID_ORDER_ID,
        text::INVALID_ORDER_PARAMS, text::INVALID_TRADE_PARAMS, text::INVALID_MARKET, text::INVALID_ASSET_TYPE,
        text::START_REQUIRED, text::ASSET_REQUIRED, text::MARKET_OR_ASSET_REQUIRED, text::LIMIT_TOO_LARGE,
        "invalid fidelity:",
    ];
    /// [`text::TOO_MANY_REQUESTS`].
    TooManyRequests = 429, [text::TOO_MANY_REQUESTS, "rate limit"];
    /// [`text::ORDER_TIMED_OUT`]: it never reached the book.
    OrderTimedOut = 500, [text::ORDER_TIMED_OUT];
    /// [`text::ROUNDING_ISSUES`].
    RoundingIssues = 500, [text::ROUNDING_ISSUES];
    /// [`text::PRICE_DISCREPANCY`].
    PriceDiscrepancy = 500, [text::PRICE_DISCREPANCY];
    /// [`text::COULD_NOT_INSERT`]: it may be in the book.
    CouldNotInsert = 500, [text::COULD_NOT_INSERT];
    /// [`text::INTERNAL`].
    Internal = 500, [text::INTERNAL];
    /// [`text::POST_ONLY_MODE`].
    PostOnlyMode = 503, ["post-only mode:"];
    /// [`text::CANCEL_ONLY`].
    CancelOnly = 503, ["currently cancel-only"];
    /// [`text::TRADING_DISABLED`].
    TradingDisabled = 503, ["Trading is currently disabled"];
}

impl ErrorKind {
    /// What a text says.
    pub fn of(error: &str) -> Self {
        let error = error.to_ascii_lowercase();
        let told = |parts: &[&str]| parts.iter().any(|part| error.contains(&part.to_ascii_lowercase()));
        Self::TABLE.iter().find(|(_, _, parts)| told(parts)).map_or(Self::Other, |(kind, _, _)| *kind)
    }

    /// The HTTP status that it usually comes with; 400 for [`ErrorKind::Other`].
    pub fn status(self) -> u16 {
        Self::TABLE.iter().find(|(kind, _, _)| *kind == self).map_or(400, |(_, status, _)| *status)
    }

    /// Whether it says that an order was judged and refused, whatever the status.
    pub(super) const fn refuses(self) -> bool {
        matches!(
            self,
            Self::TickSize
                | Self::MinSize
                | Self::CrossesBook
                | Self::InvalidAmounts
                | Self::MarketableMinimum
                | Self::InvalidOrderPayload
                | Self::ClosedOnly
                | Self::InvalidSignature
                | Self::InvalidExpiration
                | Self::CanceledOnChain
                | Self::FokNotFilled
                | Self::NoMatch
                | Self::RoundingIssues
                | Self::PriceDiscrepancy
                | Self::TooManyOrders
                | Self::InvalidHeartbeat
        )
    }

    /// The next step, where the text alone does not name it.
    pub const fn hint(self) -> Option<&'static str> {
        Some(match self {
            Self::TickSize => "the market's tick changed, or the price is off it: read the tick and round",
            Self::MinSize => "order at least the market's minimum, or cross the spread",
            Self::CrossesBook => "the book moved: quote further away, or drop post-only",
            Self::InvalidAmounts | Self::RoundingIssues => {
                "round size to 0.01 share and amounts to the tick's decimals"
            }
            Self::MarketableMinimum => "a buy that matches at once must cost a dollar or more",
            Self::ClosedOnly => "the venue lets this account only shrink its positions",
            Self::InvalidExpiration => "a GTD order must live at least a minute and a half from now; others carry none",
            Self::FokNotFilled | Self::NoMatch | Self::PriceDiscrepancy => {
                "the book has less than was asked for at this price"
            }
            Self::CouldNotCreateKey => "one exists for this wallet and nonce: derive it",
            Self::CouldNotDeriveKey => "none exists for this wallet and nonce: create it",
            _ => return None,
        })
    }
}
