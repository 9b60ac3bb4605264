//! Random orders: everything that an order, its signature and its authentication depend on, drawn from a seed.
//!
//! - The same seed gives the same cases on every machine, so that a failure's seed and number repeat it.
//! - Prices lie on the tick grid; sizes have two decimals mostly and up to six at times, as people type both.
//! - Keys, wallets and salts are made up; nothing here has ever held money.
//!
//! Source: reference, sections 3 to 6, read 2026-11-20.

use alloy::hex;
use alloy::primitives::{Address, B256, U256};
use alloy::signers::local::PrivateKeySigner;
use anyhow::{Context, Result};
use serde::Serialize;

use crate::ours::wallets;
use crate::rounding::{TICKS, Typed, decimal};

/// Largest salt: what a JSON number holds exactly.
const SALT_MAX: u64 = (1 << 53) - 1;

/// One random order with its surroundings, as the judges read it.
#[derive(Debug, Serialize)]
pub(crate) struct Case {
    pub(crate) id: u64,
    /// Private key, `0x` and 64 hex digits.
    pub(crate) key: String,
    #[serde(skip)]
    pub(crate) address: Address,
    pub(crate) chain_id: u64,
    /// Order version: 2, or 3 for a PolyV2 position.
    pub(crate) version: u8,
    pub(crate) neg_risk: bool,
    pub(crate) tick: &'static str,
    pub(crate) signature_type: u8,
    /// What a user passes as `funder`; none for an EOA.
    pub(crate) funder: Option<String>,
    pub(crate) maker: String,
    pub(crate) signer: String,
    /// Token or position id, decimal.
    pub(crate) token: String,
    pub(crate) side: &'static str,
    pub(crate) market: bool,
    pub(crate) order_type: &'static str,
    pub(crate) price: String,
    /// Shares, or the collateral of a market BUY.
    pub(crate) size: String,
    pub(crate) builder: String,
    pub(crate) metadata: String,
    pub(crate) salt: u64,
    pub(crate) timestamp_ms: u64,
    /// Unix seconds, 0 for none.
    pub(crate) expiration: u64,
    pub(crate) l1: L1,
    pub(crate) l2: L2,
    #[serde(skip)]
    pub(crate) typed: Typed,
}

/// What the wallet's own headers depend on besides the key.
#[derive(Debug, Serialize)]
pub(crate) struct L1 {
    /// Unix seconds.
    pub(crate) timestamp: u64,
    pub(crate) nonce: u32,
}

/// What the API key's headers depend on.
#[derive(Debug, Serialize)]
pub(crate) struct L2 {
    pub(crate) api_key: String,
    /// base64url with padding, as issued.
    pub(crate) secret: String,
    pub(crate) passphrase: String,
    /// Unix seconds.
    pub(crate) timestamp: u64,
    pub(crate) method: &'static str,
    pub(crate) path: &'static str,
    pub(crate) body: String,
}

/// Requests of the trading path: method, path, and whether a body goes with it.
const REQUESTS: [(&str, &str, bool); 5] = [
    ("POST", "/order", true),
    ("DELETE", "/order", true),
    ("DELETE", "/cancel-all", false),
    ("GET", "/data/orders", false),
    ("DELETE", "/cancel-market-orders", true),
];

impl Case {
    /// Draws case `id`.
    pub(crate) fn draw(random: &mut Random, id: u64) -> Result<Self> {
        let key = random.bytes32();
        let signer = PrivateKeySigner::from_bytes(&key).context("a random 256-bit number is a private key")?;
        let address = signer.address();
        let chain_id = if random.one_in(8) { 80_002 } else { 137 };
        let version = if random.one_in(4) { 3 } else { 2 };
        let signature_type = random.below(4) as u8;
        let wallet = match (signature_type, random.one_in(2)) {
            (0, _) => None,
            (1, _) => Some("proxy"),
            (2, _) => Some("safe"),
            (_, false) => Some("deposit_beacon"),
            (_, true) => Some("deposit_uups"),
        };
        let wallet = wallet.map(|kind| wallets(address)[kind]);
        let maker = wallet.unwrap_or(address);
        let order_signer = if signature_type == 3 { maker } else { address };
        let typed = Typed::draw(random);
        let order_type = match (typed.market, random.one_in(2)) {
            (true, true) => "FOK",
            (true, false) => "FAK",
            (false, true) => "GTC",
            (false, false) => "GTD",
        };
        let timestamp_ms = 1_763_600_000_000 + random.below(40_000_000_000);
        let seconds = timestamp_ms / 1000;
        let (method, path, with_body) = REQUESTS[random.below(REQUESTS.len() as u64) as usize];
        let apostrophe = if random.one_in(3) { "it's" } else { "its" };
        let body = if with_body {
            format!("{{\"orderID\":\"{}\",\"note\":\"{apostrophe} ü\"}}", random.bytes32())
        } else {
            String::new()
        };
        Ok(Self {
            id,
            key: format!("{key:#x}"),
            address,
            chain_id,
            version,
            neg_risk: random.one_in(2),
            tick: typed.tick.text,
            signature_type,
            funder: wallet.map(|wallet| wallet.to_checksum(None)),
            maker: maker.to_checksum(None),
            signer: order_signer.to_checksum(None),
            token: random.token(version).to_string(),
            side: if typed.buy { "BUY" } else { "SELL" },
            market: typed.market,
            order_type,
            price: typed.price_text(),
            size: typed.size_text(),
            builder: random.sometimes_zero(),
            metadata: random.sometimes_zero(),
            salt: if random.one_in(16) { SALT_MAX } else { random.below(SALT_MAX) >> random.below(40) },
            timestamp_ms,
            expiration: if order_type == "GTD" { seconds + 180 + random.below(1_000_000) } else { 0 },
            l1: L1 { timestamp: seconds, nonce: if random.one_in(2) { 0 } else { random.below(1 << 31) as u32 } },
            l2: L2 {
                api_key: random.uuid(),
                secret: base64url(random.bytes32().as_slice()),
                passphrase: hex::encode(random.bytes32()),
                timestamp: seconds,
                method,
                path,
                body,
            },
            typed,
        })
    }
}

impl Typed {
    /// Draws until there is something to sign: a market order may be too small for the decimals it may have.
    fn draw(random: &mut Random) -> Self {
        loop {
            let tick = &TICKS[random.below(TICKS.len() as u64) as usize];
            let price = tick.step * (1 + random.below(10_000 / tick.step - 1));
            // Two decimals mostly; a magnitude between a cent and 100,000.
            let decimals = if random.one_in(5) { 3 + random.below(4) as u32 } else { random.below(3) as u32 };
            let magnitude = 10_u64.pow(random.below(7) as u32);
            let unit = 10_u64.pow(6 - decimals);
            let size = (10_000 * magnitude + random.below(90_000 * magnitude)) / unit * unit;
            let (buy, market) = (random.one_in(2), random.one_in(3));
            let typed = Self { buy, market, tick, price, size: size.max(unit.max(10_000)) };
            let (maker, taker) = typed.amounts(&[]);
            if maker > 0 && taker > 0 {
                return typed;
            }
        }
    }
}

/// Bytes as base64url with padding.
fn base64url(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let word = chunk.iter().fold(0_u32, |word, byte| word << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for digit in 0..4 {
            let index = (word >> (18 - 6 * digit) & 63) as usize;
            text.push(if digit <= chunk.len() { ALPHABET[index] as char } else { '=' });
        }
    }
    text
}

/// A seeded generator (splitmix64): the same numbers on every machine, and good enough to draw test cases with.
#[derive(Debug)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) const fn seeded(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 up to, but not including, `end`.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(end)) >> 64) as u64
    }

    pub(crate) fn one_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }

    pub(crate) fn bytes32(&mut self) -> B256 {
        let mut bytes = [0; 32];
        for chunk in bytes.chunks_mut(8) {
            chunk.copy_from_slice(&self.next().to_be_bytes());
        }
        B256::from(bytes)
    }

    fn sometimes_zero(&mut self) -> String {
        let value = if self.one_in(2) { B256::ZERO } else { self.bytes32() };
        format!("{value:#x}")
    }

    /// A token id, or a PolyV2 position id: bytes 19 to 26 zero, first byte the module, last the outcome.
    fn token(&mut self, version: u8) -> U256 {
        let mut bytes = self.bytes32().0;
        if version == 3 {
            bytes[19..27].fill(0);
            bytes[0] = 1 + self.below(3) as u8;
            bytes[31] = self.below(2) as u8;
        } else {
            bytes[20] |= 1;
        }
        U256::from_be_bytes(bytes)
    }

    fn uuid(&mut self) -> String {
        let digits = hex::encode(&self.bytes32()[..16]);
        format!("{}-{}-4{}-8{}-{}", &digits[..8], &digits[8..12], &digits[13..16], &digits[17..20], &digits[20..])
    }
}

/// `units / 10^6` as text, for amounts on screen.
pub(crate) fn shares(units: u128) -> String {
    decimal(u64::try_from(units).unwrap_or(u64::MAX), 6)
}
