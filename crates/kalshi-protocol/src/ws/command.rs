//! What a client may say on the socket.
//!
//! Source: reference section 15.2 (docs.kalshi.com AsyncAPI 2.0.0 "commands"), 2026-11-20.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::error::ErrorCode;
use crate::wire::closed_words;

closed_words! {
    /// What can be subscribed to.
    Channel, "channel" {
        /// Books: `orderbook_snapshot` and `orderbook_delta`.
        OrderbookDelta = "orderbook_delta",
        /// `ticker`.
        Ticker = "ticker",
        /// `trade`.
        Trade = "trade",
        /// `fill`; private.
        Fill = "fill",
        /// `market_position`; private.
        MarketPositions = "market_positions",
        /// `user_order`; private.
        UserOrders = "user_orders",
        /// `order_group_updates`; private.
        OrderGroupUpdates = "order_group_updates",
        /// Requests for quotes; private.
        Communications = "communications",
        /// `market_lifecycle_v2`, `event_lifecycle`, `event_fee_update`, for all but combos.
        MarketLifecycleV2 = "market_lifecycle_v2",
        /// The same for combos.
        MultivariateMarketLifecycle = "multivariate_market_lifecycle",
        /// Index values.
        CfbenchmarksValue = "cfbenchmarks_value",
        /// Index values five times a second.
        CfbenchmarksValue5hz = "cfbenchmarks_value_5hz",
        /// Prices of underlyings.
        PythValue = "pyth_value",
    }
}

impl Channel {
    /// Whether its messages concern the account alone. (Every connection is authenticated, private channel or not.)
    pub const fn is_private(self) -> bool {
        matches!(
            self,
            Self::Fill | Self::MarketPositions | Self::UserOrders | Self::OrderGroupUpdates | Self::Communications
        )
    }

    /// Whether its messages are numbered. On the others a loss cannot be seen: reconcile by REST.
    ///
    /// Source: reference section 15.3.
    pub const fn has_sequence(self) -> bool {
        !matches!(self, Self::Ticker | Self::Fill | Self::MarketPositions | Self::UserOrders)
    }

    /// Whether a subscription must name its markets.
    pub const fn needs_markets(self) -> bool {
        matches!(self, Self::OrderbookDelta)
    }
}

/// One command with the client's number for it; 0 means that no answer needs to name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// The client's number.
    pub id: u64,
    /// What is wanted.
    pub body: CommandBody,
}

/// What is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CommandBody {
    /// Messages of these channels, please.
    Subscribe(Subscribe),
    /// No more of these subscriptions.
    Unsubscribe {
        /// The subscriptions.
        sids: Vec<u64>,
    },
    /// Other markets in a subscription, or a fresh snapshot.
    UpdateSubscription(UpdateSubscription),
    /// Which subscriptions are there?
    ListSubscriptions,
}

/// A wish for messages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subscribe {
    /// The channels; each becomes a subscription of its own.
    pub channels: Vec<Channel>,
    /// The markets by ticker; empty means all where the channel allows it.
    pub market_tickers: Vec<String>,
    /// The markets by id; `ticker` only.
    pub market_ids: Vec<String>,
    /// Begin with the present state; `ticker` only.
    pub send_initial_snapshot: bool,
    /// Leave the list of markets out of `ok`.
    pub skip_ticker_ack: bool,
    /// Write NO levels in YES prices. The venue announced to change the default: always say what is meant.
    pub use_yes_price: Option<bool>,
}

/// A change of one subscription.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpdateSubscription {
    /// The subscription.
    pub sid: u64,
    /// What changes.
    pub action: Action,
    /// The markets.
    pub market_tickers: Vec<String>,
    /// Begin with the present state; `ticker` only.
    pub send_initial_snapshot: bool,
}

closed_words! {
    /// How a subscription changes.
    Action, "action" {
        /// More markets.
        AddMarkets = "add_markets",
        /// Fewer markets.
        DeleteMarkets = "delete_markets",
        /// A fresh `orderbook_snapshot` of these markets, carrying the command's id.
        GetSnapshot = "get_snapshot",
    }
}

/// A command the server cannot do: the code to answer with, and the command's id if it could be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("websocket command refused: {code}")]
pub struct CommandError {
    /// The client's number for it, 0 if none.
    pub id: u64,
    /// What is wrong.
    pub code: ErrorCode,
}

#[derive(Default, Serialize, Deserialize)]
struct RawCommand {
    #[serde(default)]
    id: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cmd: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    params: Option<Value>,
}

#[derive(Default, Serialize, Deserialize)]
struct RawParams {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    channels: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sid: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sids: Option<Vec<u64>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    action: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    market_ticker: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    market_tickers: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    market_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    market_ids: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    send_initial_snapshot: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    skip_ticker_ack: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    use_yes_price: Option<bool>,
}

impl Command {
    /// The command as the text of a frame.
    pub fn to_json(&self) -> String {
        let some = |list: &Vec<String>| (!list.is_empty()).then(|| list.clone());
        let (cmd, params) = match &self.body {
            CommandBody::Subscribe(subscribe) => (
                "subscribe",
                Some(RawParams {
                    channels: Some(subscribe.channels.iter().map(|channel| channel.as_str().to_owned()).collect()),
                    market_tickers: some(&subscribe.market_tickers),
                    market_ids: some(&subscribe.market_ids),
                    send_initial_snapshot: subscribe.send_initial_snapshot.then_some(true),
                    skip_ticker_ack: subscribe.skip_ticker_ack.then_some(true),
                    use_yes_price: subscribe.use_yes_price,
                    ..RawParams::default()
                }),
            ),
            CommandBody::Unsubscribe { sids } => {
                ("unsubscribe", Some(RawParams { sids: Some(sids.clone()), ..RawParams::default() }))
            }
            CommandBody::UpdateSubscription(update) => (
                "update_subscription",
                Some(RawParams {
                    sids: Some(vec![update.sid]),
                    action: Some(update.action.as_str().to_owned()),
                    market_tickers: some(&update.market_tickers),
                    send_initial_snapshot: update.send_initial_snapshot.then_some(true),
                    ..RawParams::default()
                }),
            ),
            CommandBody::ListSubscriptions => ("list_subscriptions", None),
        };
        let params = params.map(|params| serde_json::to_value(params).expect("plain fields are JSON"));
        let raw = RawCommand { id: self.id, cmd: Some(cmd.to_owned()), params };
        serde_json::to_string(&raw).expect("plain fields are JSON")
    }

    /// Reads a frame of a client.
    ///
    /// # Errors
    /// [`CommandError`] with the code the venue answers such a frame with; send it back, the connection stays.
    pub fn parse(text: &str) -> Result<Self, CommandError> {
        let unreadable = |_: serde_json::Error| CommandError { id: 0, code: ErrorCode::NotUnderstood };
        let value: Value = serde_json::from_str(text).map_err(unreadable)?;
        let id = value.get("id").and_then(Value::as_u64).unwrap_or(0);
        let refuse = |code| CommandError { id, code };
        let raw: RawCommand =
            serde_json::from_value(value).map_err(|_: serde_json::Error| refuse(ErrorCode::NotUnderstood))?;
        let params = || -> Result<RawParams, CommandError> {
            let params = raw.params.clone().filter(|params| !params.is_null());
            serde_json::from_value(params.ok_or(refuse(ErrorCode::ParamsMissing))?)
                .map_err(|_: serde_json::Error| refuse(ErrorCode::BadParameter))
        };
        let body = match raw.cmd.as_deref() {
            Some("subscribe") => CommandBody::Subscribe(params()?.subscribe().map_err(refuse)?),
            Some("unsubscribe") => CommandBody::Unsubscribe { sids: params()?.unsubscribe().map_err(refuse)? },
            Some("update_subscription") => CommandBody::UpdateSubscription(params()?.update().map_err(refuse)?),
            Some("list_subscriptions") => CommandBody::ListSubscriptions,
            Some(_) => return Err(refuse(ErrorCode::UnknownCommand)),
            None => return Err(refuse(ErrorCode::NotUnderstood)),
        };
        Ok(Self { id, body })
    }
}

/// The one list that `one` and `many` state; never both.
fn either(one: Option<String>, many: Option<Vec<String>>) -> Result<Vec<String>, ErrorCode> {
    match (one, many) {
        (Some(_), Some(_)) => Err(ErrorCode::BadParameter),
        (Some(one), None) => Ok(vec![one]),
        (None, many) => Ok(many.unwrap_or_default()),
    }
}

impl RawParams {
    fn subscribe(self) -> Result<Subscribe, ErrorCode> {
        let channels = self.channels.filter(|channels| !channels.is_empty()).ok_or(ErrorCode::ChannelsMissing)?;
        let channels = channels
            .iter()
            .map(|channel| channel.parse().map_err(|_: crate::wire::UnknownWord| ErrorCode::UnknownChannel))
            .collect::<Result<Vec<Channel>, ErrorCode>>()?;
        let market_tickers = either(self.market_ticker, self.market_tickers)?;
        if market_tickers.is_empty() && channels.iter().any(|channel| channel.needs_markets()) {
            return Err(ErrorCode::MarketMissing);
        }
        Ok(Subscribe {
            channels,
            market_tickers,
            market_ids: either(self.market_id, self.market_ids)?,
            send_initial_snapshot: self.send_initial_snapshot.unwrap_or(false),
            skip_ticker_ack: self.skip_ticker_ack.unwrap_or(false),
            use_yes_price: self.use_yes_price,
        })
    }

    fn unsubscribe(self) -> Result<Vec<u64>, ErrorCode> {
        let sids = self.sids.or_else(|| self.sid.map(|sid| vec![sid]));
        sids.filter(|sids| !sids.is_empty()).ok_or(ErrorCode::SidsMissing)
    }

    fn update(self) -> Result<UpdateSubscription, ErrorCode> {
        let ((Some(sid), None) | (None, Some(&[sid]))) = (self.sid, self.sids.as_deref()) else {
            return Err(ErrorCode::OneSidNeeded);
        };
        let action = self.action.ok_or(ErrorCode::ActionMissing)?;
        let action = action.parse().map_err(|_: crate::wire::UnknownWord| ErrorCode::UnsupportedAction)?;
        let market_tickers = either(self.market_ticker, self.market_tickers)?;
        if market_tickers.is_empty() && self.market_id.is_none() && self.market_ids.is_none() {
            return Err(ErrorCode::MarketMissing);
        }
        let send_initial_snapshot = self.send_initial_snapshot.unwrap_or(false);
        Ok(UpdateSubscription { sid, action, market_tickers, send_initial_snapshot })
    }
}
