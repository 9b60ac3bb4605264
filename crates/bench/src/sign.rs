//! Orders of Polymarket built, hashed and signed, and signatures verified: how long one takes on this machine.
//!
//! Every operation is another order: nothing is computed once and used again.

use std::hint::black_box;
use std::time::Duration;

use alloy_primitives::{B256, U256};
use brier_polymarket_protocol::amounts;
use brier_polymarket_protocol::auth::WalletKey;
use brier_polymarket_protocol::contracts::{Chain, Domain, OrderVersion};
use brier_polymarket_protocol::ids::{Side, SignatureType, TokenId};
use brier_polymarket_protocol::order::{self, Order, Signature};
use brier_polymarket_protocol::tick::TickSize;
use brier_polymarket_protocol::wallet;
use brier_types::{Price, Qty};

use crate::cpu::CpuTimer;
use crate::fnv::Fnv;

/// Where the orders are meant for.
pub const DOMAIN: Domain = Domain::new(Chain::Polygon, OrderVersion::V2, false);

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignPath {
    /// Amounts, order, hash and signature of a key that trades for itself.
    SignEoa,
    /// The same for a deposit wallet, with the wrapped form.
    SignDepositWallet,
    /// A signature of a key recovered and the order checked, as an exchange does.
    Verify,
    /// The same for a deposit wallet, whose address is derived from who signed.
    VerifyDepositWallet,
}

impl SignPath {
    /// Every path, in the order in which they are shown.
    pub const ALL: [Self; 4] = [Self::SignEoa, Self::SignDepositWallet, Self::Verify, Self::VerifyDepositWallet];

    /// Its name in the output.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SignEoa => "sign_eoa",
            Self::SignDepositWallet => "sign_deposit_wallet",
            Self::Verify => "verify_eoa",
            Self::VerifyDepositWallet => "verify_deposit_wallet",
        }
    }

    const fn signature_type(self) -> SignatureType {
        match self {
            Self::SignEoa | Self::Verify => SignatureType::Eoa,
            Self::SignDepositWallet | Self::VerifyDepositWallet => SignatureType::DepositWallet,
        }
    }
}

/// One timed run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignRun {
    /// Orders.
    pub operations: u64,
    /// CPU time.
    pub elapsed: Duration,
    /// Of all signatures, or of the hashes of all orders verified: the same on every machine.
    pub checksum: u64,
}

/// A trader: a key, and the maker and signer that follow from the signature type.
pub struct Trader {
    key: WalletKey,
    template: Order,
}

impl Trader {
    /// The trader of the benchmark, whose key everybody knows.
    pub fn new(signature_type: SignatureType) -> Self {
        let key = WalletKey::from_bytes(&[0x42; 32]).expect("a number below the order of the curve");
        let owner = key.address();
        let deposit_wallet = wallet::deposit_wallet(owner);
        let (maker, signer) = match signature_type {
            SignatureType::Eoa => (owner, owner),
            SignatureType::Proxy => (wallet::proxy(owner), owner),
            SignatureType::Safe => (wallet::safe(owner), owner),
            SignatureType::DepositWallet => (deposit_wallet, deposit_wallet),
        };
        let template = Order {
            salt: 0,
            maker,
            signer,
            token: TokenId(U256::MAX >> 1),
            maker_amount: 0,
            taker_amount: 0,
            side: Side::Buy,
            signature_type,
            timestamp_ms: 1_763_600_000_000,
            metadata: B256::ZERO,
            builder: B256::ZERO,
        };
        Self { key, template }
    }

    /// Order number `index`, from price and size to its signature.
    pub fn sign(&self, index: u64) -> (Order, Signature) {
        let price = Price::new(100 + (index % 98) as u16 * 100).expect("from 0.01 to 0.98");
        let size = Qty::from_hundredths(500 + index % 100_000).expect("a small size");
        let side = if index.is_multiple_of(2) { Side::Buy } else { Side::Sell };
        let made = amounts::limit(side, price, size, TickSize::Cent).expect("a price on the grid and a lot or more");
        let order = Order {
            salt: index,
            maker_amount: made.maker,
            taker_amount: made.taker,
            side,
            timestamp_ms: self.template.timestamp_ms + index,
            ..self.template
        };
        (order, order::sign(&order, DOMAIN, &self.key))
    }
}

/// Times `operations` orders on one path.
pub fn run(path: SignPath, operations: u64) -> SignRun {
    let trader = Trader::new(path.signature_type());
    let mut checksum = Fnv::new();
    match path {
        SignPath::SignEoa | SignPath::SignDepositWallet => {
            let timer = CpuTimer::start();
            let signed: Vec<_> = (0..operations).map(|index| black_box(trader.sign(black_box(index))).1).collect();
            let elapsed = timer.elapsed();
            for signature in &signed {
                add(&mut checksum, &signature.to_bytes());
            }
            SignRun { operations, elapsed, checksum: checksum.value() }
        }
        SignPath::Verify | SignPath::VerifyDepositWallet => {
            let posted: Vec<_> = (0..operations)
                .map(|index| trader.sign(index))
                .map(|(order, signature)| (order, signature.to_bytes()))
                .collect();
            let timer = CpuTimer::start();
            let verified: Vec<_> = posted
                .iter()
                .map(|(order, bytes)| order::verify(black_box(order), bytes, DOMAIN, None).expect("it was just signed"))
                .collect();
            let elapsed = timer.elapsed();
            for verified in &verified {
                add(&mut checksum, verified.hash.0.as_slice());
            }
            SignRun { operations, elapsed, checksum: checksum.value() }
        }
    }
}

fn add(checksum: &mut Fnv, bytes: &[u8]) {
    for byte in bytes {
        checksum.i64(i64::from(*byte));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_does_the_same_work_each_time() {
        for path in SignPath::ALL {
            let (first, second) = (run(path, 20), run(path, 20));
            assert_eq!((first.operations, first.checksum), (20, second.checksum), "{}", path.name());
        }
        assert_ne!(run(SignPath::SignEoa, 20).checksum, run(SignPath::SignEoa, 21).checksum);
    }
}
