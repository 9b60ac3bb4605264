//! One participant at Polymarket: an ordinary outside client with a wallet key and API credentials.

use anyhow::{Context as _, ensure};
use brier_polymarket::discovery::Listing;
use brier_polymarket::keys::Wallet;
use brier_polymarket::{Client, Config, Env};
use brier_polymarket_protocol::auth::WalletKey;
use brier_polymarket_protocol::ids::{ConditionId, SignatureType};

use super::super::run::Chance;

/// A client of the venue's REST APIs.
pub(crate) struct Party {
    pub(crate) client: Client,
}

impl Party {
    /// A client with a wallet of its own. Its key follows from the seed, as hashes of orders follow from the key; it holds
    /// play money on the embedded exchange and nothing anywhere else.
    pub(crate) fn new(env: &Env, chance: &mut Chance) -> anyhow::Result<Self> {
        let mut bytes = [0_u8; 32];
        for part in bytes.chunks_exact_mut(8) {
            part.copy_from_slice(&chance.below(u64::MAX).to_be_bytes());
        }
        let wallet = Wallet::new(WalletKey::from_bytes(&bytes)?, SignatureType::Eoa, None)?;
        Ok(Self { client: Client::new(env.clone(), Some(wallet), Config::new(1))? })
    }

    /// The address that holds its money.
    pub(crate) fn address(&self) -> alloy_primitives::Address {
        self.client.wallet().expect("it was made with one").funder()
    }

    /// The markets as Gamma lists them, in the order asked for.
    pub(crate) async fn discover(&self, conditions: &[ConditionId]) -> anyhow::Result<Vec<Listing>> {
        let found = self.client.listings(conditions).await?;
        ensure!(found.unlisted.is_empty(), "Gamma lists a market that cannot be read: {:?}", found.unlisted);
        let listing = |condition: &ConditionId| {
            let listing = found.listings.iter().find(|listing| listing.condition == *condition);
            listing.cloned().with_context(|| format!("Gamma does not list {condition}"))
        };
        conditions.iter().map(listing).collect()
    }
}
