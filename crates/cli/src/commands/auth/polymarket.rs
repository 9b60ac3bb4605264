//! `brier auth check --venue polymarket`: goes through everything that a signed call and an order need.
//!
//! Source: reference (Polymarket), sections 3, 4 and 16.1, 2026-11-20.

use brier_polymarket::keys::{KeyError, Wallet};
use brier_polymarket::{Client, Config, PolymarketError};
use brier_polymarket_protocol::contracts::{Chain, Domain, OrderVersion};
use brier_polymarket_protocol::ids::SignatureType;
use brier_polymarket_protocol::wallet;
use brier_types::VenueError as _;

use super::{CheckArgs, Document, Step, bad, clock_step, good};
use crate::error::{CliError, without_advice};
use crate::venue::polymarket::{FOREIGN_WALLET, Key, NO_KEY, NONCE, Venue};
use crate::venue::{block_on, seed};

/// How often the venue's time is asked for: each answer narrows the bounds.
const CLOCK_SAMPLES: u32 = 3;

/// Makes the check.
pub(super) fn check(args: &CheckArgs) -> Result<Document, CliError> {
    let venue = args.venue.polymarket()?;
    let steps = block_on(async { Ok(steps(&venue).await) })?;
    Ok(Document { ok: steps.iter().all(|step| step.ok), host: venue.env.to_string(), steps })
}

/// Every step up to the first that fails.
async fn steps(venue: &Venue) -> Vec<Step> {
    let Some(key) = &venue.key else { return vec![bad("key source", "no wallet key is named", NO_KEY)] };
    let file = key.file.display();
    if matches!(key.file.try_exists(), Ok(false)) {
        let found = format!("there is no file {file}, named by {}", venue.key_origin);
        return vec![bad("key source", found, format!("nothing is at {file}: check the path"))];
    }
    let mut steps = vec![good("key source", format!("{file} from {}", venue.key_origin))];
    match key.wallet() {
        Ok(wallet) => {
            steps.push(good("key file", "a private key only you may read"));
            steps.extend(wallet_steps(&wallet));
            talk(venue, key, wallet, &mut steps).await;
        }
        Err(error) => steps.push(key_problem(&error, key)),
    }
    steps
}

/// What is wrong with a key file. The error itself says it; the next step depends on its kind.
fn key_problem(error: &KeyError, key: &Key) -> Step {
    let file = key.file.display();
    let (step, next) = match error {
        KeyError::Io { .. } => ("key file", format!("make {file} readable for this user")),
        KeyError::Permissions { .. } => ("key file", format!("run `chmod 600 {file}`")),
        KeyError::NotAFile { .. } => ("key file", "give the file with the key itself".to_owned()),
        KeyError::FunderOfEoa { .. } => ("wallet", FOREIGN_WALLET.to_owned()),
        _ => (
            "key file",
            "give a file with the wallet's private key alone: 64 hex digits, with or without 0x".to_owned(),
        ),
    };
    bad(step, without_advice(error.to_string(), &next), next)
}

/// The addresses that belong to the key, and the one that trades.
fn wallet_steps(key: &Wallet) -> [Step; 3] {
    let owner = key.address();
    let derived = format!(
        "proxy {}, safe {}, deposit {}",
        wallet::proxy(owner),
        wallet::safe(owner),
        wallet::deposit_wallet(owner)
    );
    let kind = match key.signature_type() {
        SignatureType::Eoa => "eoa",
        SignatureType::Proxy => "proxy",
        SignatureType::Safe => "safe",
        SignatureType::DepositWallet => "deposit",
    };
    let number = key.signature_type() as u8;
    [
        good("address", owner.to_string()),
        good("wallets", derived),
        good("trades as", format!("{kind} (signature type {number}), with the money of {}", key.funder())),
    ]
}

/// The steps that need the venue.
async fn talk(venue: &Venue, key: &Key, wallet: Wallet, steps: &mut Vec<Step>) {
    let client = match Client::new(venue.env.clone(), Some(wallet), Config::new(seed())) {
        Ok(client) => client,
        Err(error) => {
            steps.push(bad("host", error.to_string(), error.hint().unwrap_or_default()));
            return;
        }
    };
    // Public first: if this fails it is no matter of keys.
    if let Err(error) = client.sync_clock(CLOCK_SAMPLES).await {
        let next = "check the network and `--env` or `--url`; a local exchange has to run";
        steps.push(bad("host", error.to_string(), next));
        return;
    }
    steps.push(good("host", "answers public calls"));
    let clock = clock_step(client.clock_offset().bounds());
    let clock_is_good = clock.ok;
    steps.push(clock);
    if clock_is_good {
        signed(venue, key, &client, steps).await;
    }
}

/// The steps that sign: the wallet's signature (L1), and that of its API credentials (L2).
async fn signed(venue: &Venue, key: &Key, client: &Client, steps: &mut Vec<Step>) {
    let file = key.creds_file(&venue.env);
    let kept = file.path().exists();
    if let Err(error) = client.ensure_credentials(&file, NONCE).await {
        steps.push(wallet_refusal(&error));
        return;
    }
    let found = if kept { "kept in" } else { "created or derived, and kept in" };
    steps.push(good("credentials", format!("{found} {file}, only for you to read")));
    match client.api_keys().await {
        Ok(keys) => {
            let own = client.credentials().map(|creds| creds.key().to_owned()).unwrap_or_default();
            steps.push(good(
                "signature",
                format!("the venue accepts what API key {own} signs; the wallet has {}", keys.len()),
            ));
        }
        Err(error) => {
            steps.push(refusal(&error, &file.to_string()));
            return;
        }
    }
    match client.closed_only().await {
        Ok(false) => steps.push(good("account", "may open positions")),
        Ok(true) => {
            let next = "only sales and cancels are taken from this account; ask the venue why";
            steps.push(bad("account", "may only close positions", next));
            return;
        }
        Err(error) => {
            steps.push(refusal(&error, &file.to_string()));
            return;
        }
    }
    steps.push(funds(client).await);
}

/// Dollars, and whether every exchange contract may move them.
async fn funds(client: &Client) -> Step {
    let funds = match client.funds(None).await {
        Ok(funds) => funds,
        Err(error) => return bad("allowances", error.to_string(), error.hint().unwrap_or_default()),
    };
    let exchanges =
        [(OrderVersion::V2, false, "CTF"), (OrderVersion::V2, true, "negative-risk"), (OrderVersion::V3, false, "V3")];
    let missing = exchanges.into_iter().filter_map(|(version, neg_risk, name)| {
        let spender = Domain::new(client.chain(), version, neg_risk).exchange();
        // Nothing to be moved is no reason for an approval to be missing.
        let allowed =
            funds.allowances.iter().any(|allowance| allowance.spender == spender && !allowance.amount.is_zero());
        (!allowed).then(|| format!("{name} exchange {spender}"))
    });
    let missing: Vec<String> = missing.collect();
    if missing.is_empty() {
        return good("allowances", format!("${} in the wallet, and every exchange may move them", funds.balance));
    }
    bad(
        "allowances",
        format!("${} in the wallet, and these may not move them: {}", funds.balance, missing.join(", ")),
        if client.chain() == Chain::Polygon {
            "approve these contracts for pUSD and outcome tokens from this wallet, on the venue's site or on-chain; orders on \
             their markets are refused until then"
        } else {
            "approve these contracts from this wallet"
        },
    )
}

/// Why the wallet's own signature got no credentials.
fn wallet_refusal(error: &PolymarketError) -> Step {
    match error {
        PolymarketError::Store(error) => bad(
            "credentials",
            error.to_string(),
            "make the folder of the key writable, or delete the file of credentials",
        ),
        _ if error.status() == Some(401) => bad(
            "wallet signature",
            format!("the venue refuses what the wallet signs ({error})"),
            "set this machine's clock (NTP); and check that the key is that of this account",
        ),
        _ => bad("wallet signature", error.to_string(), error.hint().unwrap_or_else(|| "try again later".to_owned())),
    }
}

/// Why a call with credentials was refused.
fn refusal(error: &PolymarketError, file: &str) -> Step {
    if error.status() == Some(401) {
        return bad(
            "signature",
            format!("the venue refuses the API credentials in {file} ({error})"),
            format!("delete {file} and run this again: they are derived anew from the wallet"),
        );
    }
    bad("call", error.to_string(), error.hint().unwrap_or_else(|| "try again later".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_addresses_of_the_reference() {
        let key = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
        let wallet = Wallet::from_hex(key, SignatureType::DepositWallet, None).unwrap();
        let [address, wallets, trades] = wallet_steps(&wallet);
        assert_eq!(address.found, "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266");
        assert!(wallets.found.starts_with("proxy 0x365f0CA36Ae1f641E02fE3B7743673da42A13A70, safe 0xd93B25cb"));
        assert!(
            trades.found.contains("deposit (signature type 3)")
                && trades.found.ends_with("0xBc0fF067b7740Eff76C1ca93c875Ba6B890d6B50")
        );
    }
}
