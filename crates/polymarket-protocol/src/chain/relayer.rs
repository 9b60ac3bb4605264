//! What goes to the relayer, which pays the gas of wallets that are contracts, and what it answers.
//!
//! Invariants: a body writes numbers as decimal text, addresses with their checksum and bytes as `0x` and hex; it reads
//! hex of either case. Signatures come from `wallet`; here they are only carried.
//!
//! Source: reference, section 16.5, 2026-11-20.

use std::fmt;

use alloy_primitives::{Address, B256, Bytes, U256};
use serde::{Deserialize, Serialize};

use super::call::{Call, ProxyCall};
use super::multisend::{InnerCall, pack};
use super::operation::Step;
use crate::wallet::SafeOperation;

/// The longest note that may be attached.
pub const MAX_METADATA: usize = 500;

/// `POST /submit`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum Submit {
    /// A Safe's transaction.
    #[serde(rename = "SAFE")]
    Safe(SafeSubmit),
    /// A Safe is made.
    #[serde(rename = "SAFE-CREATE")]
    SafeCreate(SafeCreateSubmit),
    /// A proxy wallet's calls.
    #[serde(rename = "PROXY")]
    Proxy(ProxySubmit),
    /// A deposit wallet's calls.
    #[serde(rename = "WALLET")]
    Wallet(WalletSubmit),
    /// A deposit wallet is made.
    #[serde(rename = "WALLET-CREATE")]
    WalletCreate(WalletCreateSubmit),
}

/// A transaction of a Safe.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SafeSubmit {
    /// The owner.
    #[serde(with = "address")]
    pub from: Address,
    /// The contract called.
    #[serde(with = "address")]
    pub to: Address,
    /// The Safe.
    #[serde(with = "address")]
    pub proxy_wallet: Address,
    /// The encoded call.
    #[serde(with = "bytes")]
    pub data: Bytes,
    /// The Safe's nonce, as the relayer gave it.
    pub nonce: String,
    /// The owner's signature, v raised by 4.
    #[serde(with = "bytes")]
    pub signature: Bytes,
    /// A note.
    #[serde(default)]
    pub metadata: String,
    /// What was signed beside the call.
    pub signature_params: SafeParams,
    /// POL sent along, in wei; absent for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

/// The rest of a Safe's transaction, all zero but the operation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SafeParams {
    /// Gas that does not depend on the call.
    pub base_gas: String,
    /// What the relayer is refunded per gas.
    pub gas_price: String,
    /// In which token.
    #[serde(with = "address")]
    pub gas_token: Address,
    /// 0 for a call, 1 for the multisend library.
    pub operation: String,
    /// Who is refunded.
    #[serde(with = "address")]
    pub refund_receiver: Address,
    /// Gas for the call.
    pub safe_txn_gas: String,
}

impl SafeParams {
    /// A call or a batch, refunding nothing.
    pub fn new(operation: SafeOperation) -> Self {
        let zero = || "0".to_owned();
        Self {
            base_gas: zero(),
            gas_price: zero(),
            gas_token: Address::ZERO,
            operation: (operation as u8).to_string(),
            refund_receiver: Address::ZERO,
            safe_txn_gas: zero(),
        }
    }
}

/// A Safe is made for its owner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SafeCreateSubmit {
    /// The owner.
    #[serde(with = "address")]
    pub from: Address,
    /// The factory.
    #[serde(with = "address")]
    pub to: Address,
    /// The Safe that will be.
    #[serde(with = "address")]
    pub proxy_wallet: Address,
    /// Nothing.
    #[serde(with = "bytes")]
    pub data: Bytes,
    /// The owner's signature.
    #[serde(with = "bytes")]
    pub signature: Bytes,
    /// A note.
    #[serde(default)]
    pub metadata: String,
    /// What was signed: nobody is paid.
    pub signature_params: SafeCreateParams,
}

/// Who is paid for making a Safe.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SafeCreateParams {
    /// In which token.
    #[serde(with = "address")]
    pub payment_token: Address,
    /// How much.
    pub payment: String,
    /// Who.
    #[serde(with = "address")]
    pub payment_receiver: Address,
}

/// Calls of a proxy wallet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProxySubmit {
    /// The owner.
    #[serde(with = "address")]
    pub from: Address,
    /// The factory.
    #[serde(with = "address")]
    pub to: Address,
    /// The proxy wallet.
    #[serde(with = "address")]
    pub proxy_wallet: Address,
    /// [`Call::Proxy`], encoded.
    #[serde(with = "bytes")]
    pub data: Bytes,
    /// The relay hub's nonce of the owner.
    pub nonce: String,
    /// The owner's signature.
    #[serde(with = "bytes")]
    pub signature: Bytes,
    /// A note.
    #[serde(default)]
    pub metadata: String,
    /// What was signed beside the calls.
    pub signature_params: ProxyParams,
}

/// The rest of a proxy wallet's transaction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProxyParams {
    /// The most gas it may use.
    pub gas_limit: String,
    /// Zero.
    pub gas_price: String,
    /// Who relays.
    #[serde(with = "address")]
    pub relay: Address,
    /// The relay hub.
    #[serde(with = "address")]
    pub relay_hub: Address,
    /// Zero.
    pub relayer_fee: String,
}

/// Calls of a deposit wallet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WalletSubmit {
    /// The owner.
    #[serde(with = "address")]
    pub from: Address,
    /// The factory.
    #[serde(with = "address")]
    pub to: Address,
    /// The wallet's nonce.
    pub nonce: String,
    /// The owner's signature of the batch.
    #[serde(with = "bytes")]
    pub signature: Bytes,
    /// A note.
    #[serde(default)]
    pub metadata: String,
    /// The batch.
    pub deposit_wallet_params: WalletBatch,
}

/// A deposit wallet's batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WalletBatch {
    /// The wallet.
    #[serde(with = "address")]
    pub deposit_wallet: Address,
    /// Until when the signature holds, in Unix seconds.
    pub deadline: String,
    /// The calls.
    pub calls: Vec<WalletCall>,
}

/// One call of a batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WalletCall {
    /// The contract.
    #[serde(with = "address")]
    pub target: Address,
    /// POL sent along, in wei.
    #[serde(with = "decimal")]
    pub value: U256,
    /// The encoded call.
    #[serde(with = "bytes")]
    pub data: Bytes,
}

/// A deposit wallet is made for its owner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WalletCreateSubmit {
    /// The owner.
    #[serde(with = "address")]
    pub from: Address,
    /// The factory.
    #[serde(with = "address")]
    pub to: Address,
    /// A note.
    #[serde(default)]
    pub metadata: String,
}

/// Which kind of wallet a question to the relayer is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WalletKind {
    /// A Safe.
    Safe,
    /// A proxy wallet.
    Proxy,
    /// A deposit wallet.
    Wallet,
}

impl WalletKind {
    /// The word in queries.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Safe => "SAFE",
            Self::Proxy => "PROXY",
            Self::Wallet => "WALLET",
        }
    }
}

/// Calls as a Safe carries them out: one as it is, several through the multisend library.
pub fn safe_call(steps: &[Step], multisend: Address) -> (Address, Bytes, SafeOperation) {
    if let [only] = steps {
        return (only.to, only.call.encode(), SafeOperation::Call);
    }
    let inner: Vec<InnerCall> = steps.iter().map(Step::inner).collect();
    (multisend, Call::MultiSend { transactions: pack(&inner) }.encode(), SafeOperation::DelegateCall)
}

/// Calls as the proxy wallets' factory takes them.
pub fn proxy_call(steps: &[Step]) -> Bytes {
    let call =
        |step: &Step| ProxyCall { kind: ProxyCall::CALL, to: step.to, value: U256::ZERO, data: step.call.encode() };
    Call::Proxy { calls: steps.iter().map(call).collect() }.encode()
}

/// Calls as a deposit wallet takes them.
pub fn wallet_calls(steps: &[Step]) -> Vec<WalletCall> {
    steps.iter().map(|step| WalletCall { target: step.to, value: U256::ZERO, data: step.call.encode() }).collect()
}

/// How far the relayer has come with a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum State {
    /// Taken.
    #[serde(rename = "STATE_NEW")]
    New,
    /// Sent to the chain.
    #[serde(rename = "STATE_EXECUTED")]
    Executed,
    /// In a block.
    #[serde(rename = "STATE_MINED")]
    Mined,
    /// Deep enough: final.
    #[serde(rename = "STATE_CONFIRMED")]
    Confirmed,
    /// Refused before it reached the chain: final.
    #[serde(rename = "STATE_INVALID")]
    Invalid,
    /// Reverted or given up: final.
    #[serde(rename = "STATE_FAILED")]
    Failed,
}

impl State {
    /// Whether nothing more will happen.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Confirmed | Self::Invalid | Self::Failed)
    }
}

impl fmt::Display for State {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::New => "STATE_NEW",
            Self::Executed => "STATE_EXECUTED",
            Self::Mined => "STATE_MINED",
            Self::Confirmed => "STATE_CONFIRMED",
            Self::Invalid => "STATE_INVALID",
            Self::Failed => "STATE_FAILED",
        })
    }
}

/// A transaction as the relayer tells of it: in answer to `/submit`, and in either form of the status query.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Relayed {
    /// Its name at the relayer.
    #[serde(rename = "transactionID", alias = "transaction_id", alias = "id")]
    pub id: String,
    /// How far it is.
    pub state: State,
    /// Its name on the chain; none before it was sent.
    #[serde(rename = "transactionHash", alias = "transaction_hash", default, with = "hash")]
    pub hash: Option<B256>,
}

/// `GET /nonce` and `GET /v1/account/transactions/params`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Nonce {
    /// Decimal.
    pub nonce: String,
}

/// `GET /relay-payload`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RelayPayload {
    /// Who will relay.
    #[serde(with = "address")]
    pub address: Address,
    /// The owner's nonce at the relay hub, decimal.
    pub nonce: String,
}

/// `GET /deployed`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deployed {
    /// Whether the wallet is on the chain.
    pub deployed: bool,
}

mod address {
    use super::Address;
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};
    use std::borrow::Cow;

    pub(super) fn serialize<S: Serializer>(value: &Address, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_str(&value.to_checksum(None))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Address, D::Error> {
        let text = Cow::<str>::deserialize(from)?;
        text.parse().map_err(|_| D::Error::custom(format!("expected 0x and 40 hex digits, found `{text}`")))
    }
}

mod bytes {
    use super::Bytes;
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};
    use std::borrow::Cow;

    pub(super) fn serialize<S: Serializer>(value: &Bytes, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_str(&value.to_string())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Bytes, D::Error> {
        let text = Cow::<str>::deserialize(from)?;
        let parsed = if text.starts_with("0x") { text.parse().ok() } else { None };
        parsed.ok_or_else(|| D::Error::custom("expected 0x and an even number of hex digits"))
    }
}

mod decimal {
    use super::U256;
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};
    use std::borrow::Cow;

    pub(super) fn serialize<S: Serializer>(value: &U256, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_str(&value.to_string())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<U256, D::Error> {
        let text = Cow::<str>::deserialize(from)?;
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let parsed = if digits { U256::from_str_radix(&text, 10).ok() } else { None };
        parsed.ok_or_else(|| D::Error::custom(format!("expected a decimal integer below 2^256, found `{text}`")))
    }
}

mod hash {
    use super::B256;
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};
    use std::borrow::Cow;

    #[expect(clippy::ref_option, reason = "serde hands over the field as it is")]
    pub(super) fn serialize<S: Serializer>(value: &Option<B256>, out: S) -> Result<S::Ok, S::Error> {
        match value {
            Some(hash) => out.serialize_str(&hash.to_string()),
            None => out.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<B256>, D::Error> {
        let text = Option::<Cow<'de, str>>::deserialize(from)?;
        match text.as_deref() {
            None | Some("") => Ok(None),
            Some(text) => text
                .parse()
                .map(Some)
                .map_err(|_| D::Error::custom(format!("expected 0x and 64 hex digits, found `{text}`"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::address;

    /// Source: reference, section 16.5.
    #[test]
    fn a_deposit_wallet_batch_has_the_form_of_the_reference() {
        let submit = Submit::Wallet(WalletSubmit {
            from: address!("0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"),
            to: address!("0x00000000000Fb5C9ADea0298D729A0CB3823Cc07"),
            nonce: "3".to_owned(),
            signature: Bytes::from_static(&[0xab; 2]),
            metadata: String::new(),
            deposit_wallet_params: WalletBatch {
                deposit_wallet: address!("0xBc0fF067b7740Eff76C1ca93c875Ba6B890d6B50"),
                deadline: "1763603600".to_owned(),
                calls: vec![WalletCall { target: Address::ZERO, value: U256::ZERO, data: Bytes::from_static(&[1]) }],
            },
        });
        let text = serde_json::to_string(&submit).unwrap();
        assert_eq!(
            text,
            r#"{"type":"WALLET","from":"0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266","to":"0x00000000000Fb5C9ADea0298D729A0CB3823Cc07","nonce":"3","signature":"0xabab","metadata":"","depositWalletParams":{"depositWallet":"0xBc0fF067b7740Eff76C1ca93c875Ba6B890d6B50","deadline":"1763603600","calls":[{"target":"0x0000000000000000000000000000000000000000","value":"0","data":"0x01"}]}}"#
        );
        assert_eq!(serde_json::from_str::<Submit>(&text).unwrap(), submit);
        let wrong = serde_json::from_str::<Submit>(&text.replace("\"0x01\"", "\"01\"")).unwrap_err();
        assert!(wrong.to_string().contains("expected 0x and an even number"), "{wrong}");
    }

    #[test]
    fn answers_read_in_every_form_the_relayer_writes() {
        let hash = B256::repeat_byte(0xab);
        for text in [
            format!(r#"{{"transactionID":"t1","state":"STATE_MINED","transactionHash":"{hash}","hash":"x"}}"#),
            format!(r#"{{"transaction_id":"t1","state":"STATE_MINED","transaction_hash":"{hash}"}}"#),
        ] {
            let found: Relayed = serde_json::from_str(&text).unwrap();
            assert_eq!(found, Relayed { id: "t1".to_owned(), state: State::Mined, hash: Some(hash) });
        }
        for empty in [r#""""#, "null"] {
            let text = format!(r#"{{"transactionID":"t1","state":"STATE_NEW","transactionHash":{empty}}}"#);
            assert_eq!(serde_json::from_str::<Relayed>(&text).unwrap().hash, None);
        }
    }

    #[test]
    fn one_call_of_a_safe_stays_itself_and_several_go_through_multisend() {
        let step = |byte| Step { to: Address::repeat_byte(byte), call: Call::BalanceOf { owner: Address::ZERO } };
        let library = Address::repeat_byte(0xff);
        assert_eq!(safe_call(&[step(1)], library).0, Address::repeat_byte(1));
        let (to, data, operation) = safe_call(&[step(1), step(2)], library);
        assert_eq!((to, operation), (library, SafeOperation::DelegateCall));
        let Call::MultiSend { transactions } = Call::decode(&data).unwrap() else { panic!("no multisend") };
        let inner = super::super::unpack(&transactions).unwrap();
        assert_eq!(inner[1], step(2).inner());
        let Call::Proxy { calls } = Call::decode(&proxy_call(&[step(1), step(2)])).unwrap() else { panic!("no proxy") };
        assert_eq!((calls.len(), calls[0].kind), (2, 1));
    }
}
