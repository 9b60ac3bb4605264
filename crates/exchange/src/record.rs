//! What the journal holds: every command with the time it was applied at, as one JSON object a record.
//!
//! JSON rather than a packed form: a record is about 250 bytes and costs under a microsecond, while the `fdatasync` it
//! shares with its batch costs a thousand times that; in return a journal can be read by eye and fields can be added.
//! Amounts are integers of the units of `brier-types`, never floats. Refused commands are recorded too: one kind of
//! refusal spends a client order id, and a replay that runs the very same commands needs no argument about the others.

use brier_kalshi_protocol::rest;
use brier_matching::{
    AccountId, AmendOrder, Decrease, ExpiryChange, GroupCommand, GroupId, MarketId, OrderId, PlaceOrder,
};
use brier_types::{
    BookSide, ClientOrderId, MarketResult, Money, Price, Qty, SelfTradePrevention, TimeInForce, Timestamp,
};
use serde::{Deserialize, Serialize};

use crate::clock::Pace;
use crate::limits::Limits;

/// Version of what records mean, in the journal's head.
pub(crate) const CONTENT_VERSION: u32 = 1;

/// One record: a command and its time.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Entry {
    #[serde(with = "time")]
    pub at: Timestamp,
    #[serde(rename = "do")]
    pub record: Record,
}

impl Entry {
    pub(crate) fn encode(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("records are strings, integers and lists, which are JSON")
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(bytes)
    }
}

/// Everything that changes the exchange.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Record {
    /// Time passed and something was due.
    Tick,
    Place(#[serde(with = "PlaceForm")] PlaceOrder),
    Amend(#[serde(with = "AmendForm")] AmendOrder),
    Decrease {
        #[serde(with = "account")]
        account: AccountId,
        #[serde(with = "order")]
        order: OrderId,
        #[serde(with = "DecreaseForm")]
        by: Decrease,
    },
    Cancel {
        #[serde(with = "account")]
        account: AccountId,
        #[serde(with = "order")]
        order: OrderId,
    },
    CancelAll {
        #[serde(with = "account")]
        account: AccountId,
    },
    CreateGroup {
        #[serde(with = "account")]
        account: AccountId,
        #[serde(with = "qty")]
        limit: Qty,
    },
    ChangeGroup {
        #[serde(with = "account")]
        account: AccountId,
        #[serde(with = "group")]
        group: GroupId,
        #[serde(with = "GroupForm")]
        change: GroupCommand,
    },
    Fund {
        #[serde(with = "account")]
        account: AccountId,
        #[serde(with = "money")]
        amount: Money,
    },
    SetActive {
        exchange: bool,
        trading: bool,
    },
    /// A new series, or other words for one that exists, which left the fees of its markets as they were. No longer
    /// written; older journals hold it.
    PutSeries(Box<rest::Series>),
    /// The same of an event.
    PutEvent(Box<rest::EventData>),
    /// A new series, or other words for one that exists; its open markets charge what it says from now on.
    ListSeries(Box<rest::Series>),
    /// A new event, or other words for one that exists; its open markets charge what it says from now on.
    ListEvent(Box<rest::EventData>),
    /// A new market.
    ListMarket(Box<rest::Market>),
    ChangeMarket {
        #[serde(with = "market")]
        market: MarketId,
        change: MarketChange,
    },
    OpenUser {
        name: String,
    },
    AddKey(KeyRecord),
    RemoveKey {
        key_id: String,
    },
    SetLimits {
        #[serde(with = "account")]
        account: AccountId,
        limits: Limits,
    },
    /// The clock was moved to the time of this record and goes on at this pace.
    SetClock {
        /// Market seconds per wall second in 1e-6; absent for a clock that stands.
        factor: Option<u64>,
    },
    /// Of the other face. Kalshi's core knows nothing of it.
    Polymarket(crate::polymarket::Record),
}

/// A change of a market that the administration can ask for.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum MarketChange {
    Open,
    Pause,
    Resume,
    Close,
    MoveClose {
        #[serde(with = "time")]
        to: Timestamp,
    },
    Determine {
        #[serde(with = "ResultForm")]
        result: MarketResult,
        /// The observed value, as text.
        expiration_value: Option<String>,
    },
    Settle,
}

/// A key that may sign for a user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KeyRecord {
    pub key_id: String,
    #[serde(with = "account")]
    pub account: AccountId,
    pub name: String,
    pub public_pem: String,
    pub scopes: Vec<String>,
}

impl Record {
    pub(crate) const fn set_clock(pace: Pace) -> Self {
        Self::SetClock {
            factor: match pace {
                Pace::Frozen => None,
                Pace::Scaled(factor) => Some(factor),
            },
        }
    }
}

/// A module that writes a value as an integer, and an option of it as an integer or null.
macro_rules! integer {
    ($module:ident, $ty:ty, $int:ty, $out:expr, $into:expr) => {
        pub(crate) mod $module {
            #[allow(clippy::wildcard_imports, reason = "a macro does not know which of the names its types need")]
            use super::*;
            use serde::{Deserializer, Serializer, de::Error as _};

            #[allow(clippy::trivially_copy_pass_by_ref, reason = "the shape serde asks for")]
            pub(crate) fn serialize<S: Serializer>(value: &$ty, out: S) -> Result<S::Ok, S::Error> {
                let raw: $int = $out(*value);
                raw.serialize(out)
            }

            pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<$ty, D::Error> {
                let raw = <$int>::deserialize(from)?;
                let value: Option<$ty> = $into(raw);
                value.ok_or_else(|| D::Error::custom(concat!(stringify!($module), " out of range")))
            }
        }
    };
}

integer!(time, Timestamp, i64, Timestamp::nanos, |raw| Some(Timestamp::from_nanos(raw)));
integer!(account, AccountId, u32, |id: AccountId| id.0, |raw| Some(AccountId(raw)));
integer!(market, MarketId, u32, |id: MarketId| id.0, |raw| Some(MarketId(raw)));
integer!(group, GroupId, u32, |id: GroupId| id.0, |raw| Some(GroupId(raw)));
integer!(order, OrderId, u64, OrderId::to_bits, |raw| Some(OrderId::from_bits(raw)));
integer!(price, Price, u16, Price::pips, Price::new);
integer!(qty, Qty, u64, Qty::micros, Qty::from_micros);
integer!(money, Money, i64, Money::micros, |raw| Some(Money::from_micros(raw)));
integer!(opt_group, Option<GroupId>, Option<u32>, |id: Option<GroupId>| id.map(|id| id.0), |raw: Option<u32>| Some(
    raw.map(GroupId)
));

mod client_order_id {
    use super::{ClientOrderId, Deserialize, Serialize};
    use serde::{Deserializer, Serializer, de::Error as _};

    #[expect(clippy::ref_option, reason = "the shape serde asks for")]
    pub(super) fn serialize<S: Serializer>(id: &Option<ClientOrderId>, out: S) -> Result<S::Ok, S::Error> {
        id.as_ref().map(ClientOrderId::as_str).serialize(out)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<ClientOrderId>, D::Error> {
        Option::<String>::deserialize(from)?.map(|text| text.parse().map_err(D::Error::custom)).transpose()
    }
}

mod prevention {
    use super::{Deserialize, PreventionForm, SelfTradePrevention, Serialize};
    use serde::{Deserializer, Serializer};

    #[derive(Serialize, Deserialize)]
    struct Form(#[serde(with = "PreventionForm")] SelfTradePrevention);

    #[expect(clippy::ref_option, clippy::trivially_copy_pass_by_ref, reason = "the shape serde asks for")]
    pub(super) fn serialize<S: Serializer>(it: &Option<SelfTradePrevention>, out: S) -> Result<S::Ok, S::Error> {
        it.map(Form).serialize(out)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<SelfTradePrevention>, D::Error> {
        Ok(Option::<Form>::deserialize(from)?.map(|form| form.0))
    }
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "PlaceOrder")]
struct PlaceForm {
    #[serde(with = "account")]
    account: AccountId,
    #[serde(with = "market")]
    market: MarketId,
    #[serde(with = "SideForm")]
    side: BookSide,
    #[serde(with = "price")]
    price: Price,
    #[serde(with = "qty")]
    qty: Qty,
    #[serde(rename = "tif", with = "TimeInForceForm")]
    time_in_force: TimeInForce,
    post_only: bool,
    reduce_only: bool,
    cancel_on_pause: bool,
    #[serde(rename = "stp", with = "prevention")]
    self_trade_prevention: Option<SelfTradePrevention>,
    #[serde(with = "client_order_id")]
    client_order_id: Option<ClientOrderId>,
    #[serde(with = "opt_group")]
    group: Option<GroupId>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "AmendOrder")]
struct AmendForm {
    #[serde(with = "account")]
    account: AccountId,
    #[serde(with = "order")]
    order: OrderId,
    #[serde(with = "market")]
    market: MarketId,
    #[serde(with = "SideForm")]
    side: BookSide,
    #[serde(with = "price")]
    price: Price,
    #[serde(with = "qty")]
    total: Qty,
    #[serde(with = "client_order_id")]
    client_order_id: Option<ClientOrderId>,
    #[serde(with = "client_order_id")]
    new_client_order_id: Option<ClientOrderId>,
    #[serde(with = "ExpiryForm")]
    expiry: ExpiryChange,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "BookSide", rename_all = "snake_case")]
enum SideForm {
    Bid,
    Ask,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "SelfTradePrevention", rename_all = "snake_case")]
enum PreventionForm {
    TakerAtCross,
    Maker,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "TimeInForce", rename_all = "snake_case")]
enum TimeInForceForm {
    Gtc,
    Gtd(#[serde(with = "time")] Timestamp),
    Ioc,
    Fok,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "ExpiryChange", rename_all = "snake_case")]
enum ExpiryForm {
    Keep,
    Clear,
    Set(#[serde(with = "time")] Timestamp),
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Decrease", rename_all = "snake_case")]
enum DecreaseForm {
    By(#[serde(with = "qty")] Qty),
    To(#[serde(with = "qty")] Qty),
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "GroupCommand", rename_all = "snake_case")]
enum GroupForm {
    Reset,
    Trigger,
    SetLimit(#[serde(with = "qty")] Qty),
    Delete,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "MarketResult", rename_all = "snake_case")]
enum ResultForm {
    Yes,
    No,
    Scalar(#[serde(with = "price")] Price),
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;

    fn round_trip(record: Record) -> String {
        let entry = Entry { at: Timestamp::from_secs(1).unwrap(), record };
        let bytes = entry.encode();
        let again = Entry::decode(&bytes).unwrap();
        assert_eq!(format!("{entry:?}"), format!("{again:?}"));
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn orders_are_written_as_integers_and_read_back() {
        let place = Record::Place(PlaceOrder {
            account: AccountId(3),
            market: MarketId(1),
            side: BookSide::Ask,
            price: Price::new(4_200).unwrap(),
            qty: Qty::from_hundredths(1_050).unwrap(),
            time_in_force: TimeInForce::Gtd(Timestamp::from_secs(9).unwrap()),
            post_only: true,
            reduce_only: false,
            cancel_on_pause: false,
            self_trade_prevention: Some(SelfTradePrevention::Maker),
            client_order_id: Some("b-1".parse().unwrap()),
            group: Some(GroupId(2)),
        });
        expect![[r#"{"at":1000000000,"do":{"place":{"account":3,"market":1,"side":"ask","price":4200,"qty":10500000,"tif":{"gtd":9000000000},"post_only":true,"reduce_only":false,"cancel_on_pause":false,"stp":"maker","client_order_id":"b-1","group":2}}}"#]]
        .assert_eq(&round_trip(place));
    }

    #[test]
    fn the_other_commands_read_back() {
        let (account, order) = (AccountId(1), OrderId::from_bits(u64::MAX));
        for record in [
            Record::Tick,
            Record::Amend(AmendOrder {
                account,
                order,
                market: MarketId(0),
                side: BookSide::Bid,
                price: Price::ONE,
                total: Qty::ZERO,
                client_order_id: None,
                new_client_order_id: Some("c".parse().unwrap()),
                expiry: ExpiryChange::Set(Timestamp::EPOCH),
            }),
            Record::Decrease { account, order, by: Decrease::To(Qty::HUNDREDTH) },
            Record::ChangeGroup { account, group: GroupId(0), change: GroupCommand::SetLimit(Qty::HUNDREDTH) },
            Record::ChangeMarket {
                market: MarketId(0),
                change: MarketChange::Determine {
                    result: MarketResult::Scalar(Price::new(2_500).unwrap()),
                    expiration_value: None,
                },
            },
            Record::set_clock(Pace::Scaled(60_000_000)),
        ] {
            round_trip(record);
        }
    }

    #[test]
    fn a_number_out_of_range_is_an_error() {
        let text = br#"{"at":1,"do":{"place":{"account":3,"market":1,"side":"ask","price":10001,"qty":1,"tif":"gtc","post_only":true,"reduce_only":false,"cancel_on_pause":false,"stp":null,"client_order_id":null,"group":null}}}"#;
        assert!(Entry::decode(text).unwrap_err().to_string().starts_with("price out of range"));
    }
}
