//! Which nonces are used, by what, and which are free again: pure bookkeeping over a journal's records.
//!
//! Invariants: a nonce is handed out once, and once more only after the node refused what it was used for; the bookkeeping
//! is rebuilt from the records alone; a nonce that is decided is never handed out again. Not here: the node.

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256, Bytes, U256};
use serde::{Deserialize, Serialize};

use super::gas::Fees;

/// What stands in the journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "record", rename_all = "snake_case")]
pub(super) enum Record {
    /// Whose journal it is; comes first.
    Account {
        /// The key's address.
        #[serde(with = "text")]
        address: Address,
        /// The chain's number.
        chain_id: u64,
    },
    /// A transaction was signed and will be sent.
    Signed(Attempt),
    /// The node refused all that was sent with the nonce, and has none of it.
    Freed {
        /// The nonce.
        nonce: u64,
    },
    /// A transaction with the nonce is final.
    Closed {
        /// The nonce.
        nonce: u64,
    },
}

/// A signed transaction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Attempt {
    pub(super) nonce: u64,
    #[serde(with = "text")]
    pub(super) hash: B256,
    #[serde(with = "text")]
    pub(super) raw: Bytes,
    #[serde(with = "text")]
    pub(super) max_fee: u128,
    #[serde(with = "text")]
    pub(super) tip: u128,
    /// Whether it only makes sure that the others with its nonce never happen.
    pub(super) cancels: bool,
    #[serde(with = "text")]
    pub(super) to: Address,
    #[serde(with = "text")]
    pub(super) value: U256,
    #[serde(with = "text")]
    pub(super) data: Bytes,
    pub(super) gas_limit: u64,
}

impl Attempt {
    pub(super) fn fees(&self) -> Fees {
        Fees { max_fee: self.max_fee, tip: self.tip }
    }
}

/// A nonce to use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slot {
    pub(super) nonce: u64,
    /// What a refused transaction with this nonce offered: more must be offered now, in case it turns up after all.
    pub(super) refused: Option<Fees>,
}

/// All nonces of one key.
#[derive(Debug, Default)]
pub(super) struct Nonces {
    /// The first that was never used.
    next: u64,
    /// The first that may be a gap: everything below is decided.
    floor: u64,
    open: BTreeMap<u64, Vec<Attempt>>,
    /// Used by nothing that the node has; must be used before any higher one takes effect.
    free: BTreeMap<u64, Option<Fees>>,
}

impl Nonces {
    /// Applies a record, read or just written.
    pub(super) fn apply(&mut self, record: Record) {
        match record {
            Record::Account { .. } => {}
            Record::Signed(attempt) => {
                self.next = self.next.max(attempt.nonce + 1);
                self.free.remove(&attempt.nonce);
                self.open.entry(attempt.nonce).or_default().push(attempt);
            }
            Record::Freed { nonce } => {
                let offered = self.open.remove(&nonce).unwrap_or_default();
                let fees = offered.iter().map(Attempt::fees);
                let highest = fees.reduce(|a, b| Fees { max_fee: a.max_fee.max(b.max_fee), tip: a.tip.max(b.tip) });
                self.free.insert(nonce, highest);
            }
            Record::Closed { nonce } => {
                self.open.remove(&nonce);
                self.free.remove(&nonce);
                self.floor = self.floor.max(nonce + 1);
                self.next = self.next.max(nonce + 1);
            }
        }
    }

    /// Takes in what the node counts: `latest` in blocks, `pending` with those that wait.
    pub(super) fn observe(&mut self, latest: u64, pending: u64) {
        self.floor = self.floor.max(latest);
        self.next = self.next.max(pending).max(self.floor);
        self.free = self.free.split_off(&self.floor);
        // Below `pending` the node has a transaction, ours or not; from there on only those that are open are accounted for.
        for nonce in pending.max(self.floor)..self.next {
            if !self.open.contains_key(&nonce) {
                self.free.entry(nonce).or_insert(None);
            }
        }
    }

    /// The nonce that the next transaction will have: the lowest free one, so that no gap stays.
    pub(super) fn slot(&self) -> Slot {
        match self.free.first_key_value() {
            Some((nonce, refused)) => Slot { nonce: *nonce, refused: *refused },
            None => Slot { nonce: self.next, refused: None },
        }
    }

    /// What was sent with a nonce that is not decided.
    pub(super) fn attempts(&self, nonce: u64) -> Option<&[Attempt]> {
        self.open.get(&nonce).map(Vec::as_slice)
    }

    /// The newest transaction of every nonce that is not decided.
    pub(super) fn open(&self) -> impl Iterator<Item = &Attempt> {
        self.open.values().filter_map(|attempts| attempts.last())
    }
}

/// Values as the texts that they display as and parse from.
mod text {
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};
    use std::fmt::Display;
    use std::str::FromStr;

    pub(super) fn serialize<T: Display, S: Serializer>(value: &T, out: S) -> Result<S::Ok, S::Error> {
        out.collect_str(value)
    }

    pub(super) fn deserialize<'de, T: FromStr, D: Deserializer<'de>>(from: D) -> Result<T, D::Error> {
        let text = String::deserialize(from)?;
        text.parse().map_err(|_| D::Error::custom(format!("cannot read `{text}`")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signed(nonce: u64, max_fee: u128) -> Record {
        Record::Signed(Attempt {
            nonce,
            hash: B256::repeat_byte(nonce as u8),
            raw: Bytes::from_static(&[2, 0xab]),
            max_fee,
            tip: 1,
            cancels: false,
            to: Address::ZERO,
            value: U256::from(7),
            data: Bytes::new(),
            gas_limit: 21_000,
        })
    }

    fn slot(nonces: &Nonces) -> (u64, bool) {
        let slot = nonces.slot();
        (slot.nonce, slot.refused.is_some())
    }

    #[test]
    fn records_read_as_they_were_written() {
        let account = Record::Account { address: Address::repeat_byte(0xab), chain_id: 137 };
        for record in [account, signed(7, 5), Record::Freed { nonce: 7 }, Record::Closed { nonce: 7 }] {
            let text = serde_json::to_string(&record).unwrap();
            assert_eq!(serde_json::from_str::<Record>(&text).unwrap(), record, "{text}");
        }
    }

    #[test]
    fn nonces_go_up_and_a_refused_one_comes_back_for_more_money() {
        let mut nonces = Nonces::default();
        nonces.observe(3, 5);
        assert_eq!(slot(&nonces), (5, false), "3 and 4 wait at the node already");
        nonces.apply(signed(5, 10));
        nonces.apply(signed(6, 10));
        assert_eq!(slot(&nonces), (7, false));
        nonces.apply(Record::Freed { nonce: 5 });
        assert_eq!(nonces.slot(), Slot { nonce: 5, refused: Some(Fees { max_fee: 10, tip: 1 }) });
        nonces.apply(signed(5, 12));
        assert_eq!(slot(&nonces), (7, false));
    }

    #[test]
    fn a_gap_is_filled_first_and_what_is_decided_is_no_gap() {
        let mut nonces = Nonces::default();
        nonces.apply(signed(8, 10));
        nonces.observe(5, 6);
        assert_eq!(slot(&nonces), (6, false), "5 waits, 6 and 7 are missing, 8 is ours");
        nonces.apply(signed(6, 10));
        assert_eq!(slot(&nonces), (7, false));
        nonces.apply(signed(7, 10));
        for nonce in 5..=8 {
            nonces.apply(Record::Closed { nonce });
        }
        // A node that lags behind tells of an older count.
        nonces.observe(4, 4);
        assert_eq!(slot(&nonces), (9, false));
        assert_eq!(nonces.open().count(), 0);
    }

    #[test]
    fn foreign_transactions_move_the_next_nonce() {
        let mut nonces = Nonces::default();
        nonces.apply(signed(0, 10));
        nonces.apply(Record::Freed { nonce: 0 });
        nonces.observe(2, 2);
        assert_eq!(slot(&nonces), (2, false));
    }
}
