//! Chains, contract addresses and the domains under which orders are signed.
//!
//! Invariants: a domain separator is a constant, and a test recomputes each. Not here: encoding of calls (`chain`).
//!
//! Source: reference, sections 4, 5.1 and 16.1, 2026-11-20. Amoy's negative-risk V1 exchange is not in the reference: the
//! public clients disagree, and this is the address of the exchange, where one of them names the adapter.

use std::fmt;

use alloy_primitives::{Address, B256, address, b256};

/// A chain on which the venue's contracts stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Chain {
    /// Polygon, 137: the venue.
    Polygon,
    /// Amoy, 80002: Polygon's test network.
    Amoy,
}

impl Chain {
    /// The number in signatures and transactions.
    pub const fn id(self) -> u64 {
        match self {
            Self::Polygon => 137,
            Self::Amoy => 80_002,
        }
    }

    /// The chain of this number.
    pub const fn from_id(id: u64) -> Option<Self> {
        match id {
            137 => Some(Self::Polygon),
            80_002 => Some(Self::Amoy),
            _ => None,
        }
    }
}

/// Generation of the exchange contract, and so of the struct that is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OrderVersion {
    /// Dead since 2026-04-28: the venue refuses it.
    V1,
    /// Live: CTF outcome tokens.
    V2,
    /// Live: PolyV2 position ids.
    V3,
}

impl OrderVersion {
    /// As the domain has it.
    pub const fn text(self) -> &'static str {
        match self {
            Self::V1 => "1",
            Self::V2 => "2",
            Self::V3 => "3",
        }
    }
}

impl fmt::Display for OrderVersion {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.text())
    }
}

/// Name in the domain of every exchange.
pub const EXCHANGE_NAME: &str = "Polymarket CTF Exchange";

/// Where an order is to be settled: the domain it is signed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Domain {
    /// The chain.
    pub chain: Chain,
    /// The exchange's generation.
    pub version: OrderVersion,
    /// Whether the market is a negative-risk one. V3 has one exchange for all and ignores this.
    pub neg_risk: bool,
}

impl Domain {
    /// The domain of these three.
    pub const fn new(chain: Chain, version: OrderVersion, neg_risk: bool) -> Self {
        Self { chain, version, neg_risk }
    }

    /// The exchange contract.
    pub const fn exchange(self) -> Address {
        exchange_for(self.chain, self.version, self.neg_risk)
    }

    /// The domain separator, a constant.
    pub const fn separator(self) -> B256 {
        domain_separator(self.chain, self.version, self.neg_risk)
    }
}

/// The exchange contract that settles such orders.
pub const fn exchange_for(chain: Chain, version: OrderVersion, neg_risk: bool) -> Address {
    match (chain, version, neg_risk) {
        (Chain::Polygon, OrderVersion::V1, false) => address!("0x4bFb41d5B3570DeFd03C39a9A4D8dE6Bd8B8982E"),
        (Chain::Amoy, OrderVersion::V1, false) => address!("0xdFE02Eb6733538f8Ea35D585af8DE5958AD99E40"),
        (_, OrderVersion::V1, true) => address!("0xC5d563A36AE78145C45a50134d48A1215220f80a"),
        (_, OrderVersion::V2, false) => address!("0xE111180000d2663C0091e4f400237545B87B996B"),
        (_, OrderVersion::V2, true) => address!("0xe2222d279d744050d28e00520010520000310F59"),
        (Chain::Polygon, OrderVersion::V3, _) => address!("0xe3333700cA9d93003F00f0F71f8515005F6c00Aa"),
        (Chain::Amoy, OrderVersion::V3, _) => address!("0x9fE6e61422AdB6F610d8597F9684b16912D50C3D"),
    }
}

/// The domain separator of that contract.
pub const fn domain_separator(chain: Chain, version: OrderVersion, neg_risk: bool) -> B256 {
    match (chain, version, neg_risk) {
        (Chain::Polygon, OrderVersion::V1, false) => {
            b256!("0x1a573e3617c78403b5b4b892827992f027b03d4eaf570048b8ee8cdd84d151be")
        }
        (Chain::Polygon, OrderVersion::V1, true) => {
            b256!("0x82cb6aa85babb812f4b521a12b10f0cbc68d2b44be7bc02c047004f544adb49f")
        }
        (Chain::Polygon, OrderVersion::V2, false) => {
            b256!("0x3264e159346253e26a64e00b69032db0e7d32f94628de3e6eecb50304d7af3d2")
        }
        (Chain::Polygon, OrderVersion::V2, true) => {
            b256!("0x9b858f53327b0bd13af8ec14cfb35234fb9eb7b0504d1a4e61f433840d30e81a")
        }
        (Chain::Polygon, OrderVersion::V3, _) => {
            b256!("0x466c63910185bbd55e8679264200c4e0abdcbb0c6264eb3d41d13326022e095b")
        }
        (Chain::Amoy, OrderVersion::V1, false) => {
            b256!("0x44b180a7e548e2d916b5410176db13a07744966f9b6c93c4bccdabebbcdfca93")
        }
        (Chain::Amoy, OrderVersion::V1, true) => {
            b256!("0x9fa10822e4b86fd1eed68ea1c2628e0ee9a6c523cb2570592768432cfdb09bf1")
        }
        (Chain::Amoy, OrderVersion::V2, false) => {
            b256!("0xa440cbd865bc0c6243d7a8df9a8bf48a8827b0a4abbb61c30e96d305423af148")
        }
        (Chain::Amoy, OrderVersion::V2, true) => {
            b256!("0x1468e39841f0a0e05d3762b235cb7acecabf8cd7b6d3a672965a5d415bf9378e")
        }
        (Chain::Amoy, OrderVersion::V3, _) => {
            b256!("0xdf8b5fd204134b8d562677d7fc9346884e8f02ef2fd43358239393723e8833e6")
        }
    }
}

/// Every other contract of a chain. Amoy has only few of them, and where one is not known it is absent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contracts;

impl Contracts {
    /// Conditional Tokens (CTF), the ERC-1155 of outcome tokens.
    pub const fn conditional_tokens(chain: Chain) -> Address {
        match chain {
            Chain::Polygon => address!("0x4D97DCd97eC945f40cF65F87097ACe5EA0476045"),
            Chain::Amoy => address!("0x69308FB512518e39F9b16112fA8d994F4e2Bf8bB"),
        }
    }
}

macro_rules! polygon {
    ($($(#[$doc:meta])* $name:ident = $address:literal;)*) => {
        /// Contracts of Polygon.
        impl Contracts {
            $($(#[$doc])* pub const $name: Address = address!($address);)*
        }
    };
}

polygon! {
    /// pUSD, the collateral: an ERC-20 of 6 decimals behind a proxy.
    PUSD = "0xC011a7E12a19f7B1f670d46F03B03f3342E82DFB";
    /// What pUSD's proxy runs.
    PUSD_IMPLEMENTATION = "0x6bBCef9f7ef3B6C592c99e0f206a0DE94Ad0925f";
    /// USDC.e, the collateral of V1 and still that of the CTF.
    USDC_E = "0x2791Bca1f2de4661ED88A30C99A7a9449Aa84174";
    /// Makes pUSD of USDC.
    COLLATERAL_ONRAMP = "0x93070a847efEf7F70739046A929D47a521F5B8ee";
    /// Makes USDC of pUSD.
    COLLATERAL_OFFRAMP = "0x2957922Eb93258b93368531d39fAcCA3B4dC5854";
    /// The ramp that wants a signature.
    PERMISSIONED_RAMP = "0xebC2459Ec962869ca4c0bd1E06368272732BCb08";
    /// Splits, merges and redeems positions of ordinary markets in pUSD.
    CTF_COLLATERAL_ADAPTER = "0xAdA100Db00Ca00073811820692005400218FcE1f";
    /// Splits, merges and redeems positions of negative-risk markets in pUSD.
    NEG_RISK_COLLATERAL_ADAPTER = "0xadA2005600Dec949baf300f4C6120000bDB6eAab";
    /// The old negative-risk adapter, retired for the relayer.
    NEG_RISK_ADAPTER = "0xd91E80cF2E7be2e162c6513ceD06f1dD0dA35296";
    /// What the V3 exchange's proxy runs.
    V3_EXCHANGE_IMPLEMENTATION = "0x7345C6842b244926125ed4054905cAc49620B5dc";
    /// PolyV2's router: split, merge, redeem.
    POLY_V2_ROUTER = "0x12121212006e4CD160D18e3f00711DA5c3372600";
    /// PolyV2's position manager: holds position ids.
    POLY_V2_POSITION_MANAGER = "0x006F54F7f9A22e0000CC2AB60031000000ae9fEF";
    /// PolyV2's module of binary markets.
    POLY_V2_BINARY_MODULE = "0x1000008dD9001B968442c1000017eaE6E0dA00Ba";
    /// PolyV2's module of negative-risk markets.
    POLY_V2_NEG_RISK_MODULE = "0x200000900045e3B6259600682756002200028933";
    /// PolyV2's module of combinations.
    POLY_V2_COMBINATORIAL_MODULE = "0x30000034706c7d8e12009dab006be20000c031a8";
    /// Redeems for wallets that allow it.
    AUTO_REDEEMER = "0xa1200000d0002264C9a1698e001292D00E1b00af";
    /// Makes Safes, by CREATE2.
    SAFE_FACTORY = "0xaacFeEa03eb1561C4e67d661e40682Bd20E3541b";
    /// Makes proxy wallets, by CREATE2.
    PROXY_FACTORY = "0xaB45c5A4B0c941a2F231C04C3f49182e1A254052";
    /// What proxy wallets run.
    PROXY_IMPLEMENTATION = "0x44e999d5c2F66Ef0861317f9A4805AC2e90aEB4f";
    /// Makes deposit wallets, by CREATE2.
    DEPOSIT_WALLET_FACTORY = "0x00000000000Fb5C9ADea0298D729A0CB3823Cc07";
    /// The beacon that names what today's deposit wallets run.
    DEPOSIT_WALLET_BEACON = "0x7A18EDfe055488A3128f01F563e5B479D92ffc3a";
    /// What the early deposit wallets run.
    DEPOSIT_WALLET_UUPS_IMPLEMENTATION = "0x58CA52ebe0DadfdF531Cde7062e76746de4Db1eB";
    /// Runs several calls of a Safe as one.
    SAFE_MULTISEND = "0xA238CBeb142c10Ef7Ad8442C6D1f9E89e07e7761";
    /// The relay hub of proxy wallets.
    RELAY_HUB = "0xD216153c06E857cD7f72665E0aF1d7D82172F494";
    /// UMA's adapter, third generation.
    UMA_CTF_ADAPTER_V3 = "0x157Ce2d672854c848c9b79C49a8Cc6cc89176a49";
    /// UMA's adapter, second generation.
    UMA_CTF_ADAPTER_V2 = "0x6A9D222616C90FcA5754cd1333cFD9b7fb6a4F74";
    /// UMA's adapter, first generation.
    UMA_CTF_ADAPTER_V1 = "0xCB1822859cEF82Cd2Eb4E6276C7916e692995130";
    /// Deposits for perpetuals.
    PERPS_DEPOSIT = "0xDCa4af75705dbB50f62437045afF9921947917d2";
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eip712;

    #[test]
    fn every_domain_separator_is_what_its_domain_hashes_to() {
        for chain in [Chain::Polygon, Chain::Amoy] {
            for version in [OrderVersion::V1, OrderVersion::V2, OrderVersion::V3] {
                for neg_risk in [false, true] {
                    let domain = Domain::new(chain, version, neg_risk);
                    let computed =
                        eip712::domain_separator(EXCHANGE_NAME, version.text(), chain.id(), domain.exchange());
                    assert_eq!(computed, domain.separator(), "{domain:?}");
                }
            }
        }
    }

    #[test]
    fn a_chain_is_its_number() {
        for chain in [Chain::Polygon, Chain::Amoy] {
            assert_eq!(Chain::from_id(chain.id()), Some(chain));
        }
        assert_eq!(Chain::from_id(1), None);
    }
}
