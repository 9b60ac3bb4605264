//! What Polymarket's contracts expect and say: ids, calls, events, transactions, and the relayer's bodies.
//!
//! Invariants: whatever is encoded here decodes to itself; only canonical encodings are accepted, so that one call has one
//! form; outside bytes never panic. It deliberately asks no chain, knows no gas price and holds no key: signing hashes go
//! out, signatures come in.
//!
//! Source: reference, sections 5.5 and 16, 2026-11-20.

pub mod abi;
mod call;
mod curve;
mod events;
mod ids;
mod multisend;
mod operation;
pub mod relayer;
mod rlp;
mod transaction;

pub use call::{Call, CallError, ProxyCall};
pub use curve::BadCollection;
pub use events::{
    EventError, ExchangeEvent, FEE_CHARGED, Log, ORDER_FILLED_V1, ORDER_FILLED_V2, ORDERS_MATCHED_V1,
    ORDERS_MATCHED_V2, OrderFilled,
};
pub use ids::{
    EventId, Module, PositionCondition, collection_id, condition_id, neg_risk_market_id, outcome_tokens, position_id,
    question_id, question_parts,
};
pub use multisend::{InnerCall, MultiSendError, pack, unpack};
pub use operation::{MarketKind, PositionOp, Step, Venue};
pub use transaction::{SignedTransaction, Transaction};
