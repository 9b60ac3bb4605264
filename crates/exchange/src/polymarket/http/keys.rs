//! API keys: made and derived by a wallet's signature, listed and removed under a key.
//!
//! Source: reference (Polymarket), section 3.3, 2026-11-20.

use alloy_primitives::Address;
use axum::extract::{FromRequest as _, Request, State};
use axum::http::{HeaderMap, Method};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;
use brier_polymarket_protocol::clob::{
    ApiKeyReply, ApiKeysReply, BuilderApiKeyEntry, BuilderApiKeyReply, ClosedOnlyReply, DeleteKeyRequest,
    ReadonlyApiKeyReply, ReadonlyApiKeysReply,
};
use brier_polymarket_protocol::errors::text;
use brier_polymarket_protocol::ids::SignatureType;
use brier_polymarket_protocol::wallet;
use brier_types::Money;

use super::{App, Failure, Params, Reply, json};
use crate::chance;
use crate::clock::wall_now;
use crate::core::Core;
use crate::ids;
use crate::polymarket::auth::{Signed, WalletSigned, Writer, check_builder};
use crate::polymarket::record::{KeyKind, KeyRecord, Record, Restriction, WalletRecord};
use crate::polymarket::state::Refused;

/// Credentials nobody can guess: 32 bytes of secret, 32 of passphrase.
pub(crate) fn make(owner: Address, nonce: u64, kind: KeyKind) -> Result<KeyRecord, Failure> {
    let unlucky = |_unspecified| Failure::text(500, text::INTERNAL);
    let (mut secret, mut passphrase) = ([0_u8; 32], [0_u8; 32]);
    chance::fill(&mut secret).map_err(unlucky)?;
    chance::fill(&mut passphrase).map_err(unlucky)?;
    Ok(KeyRecord {
        key: ids::random_uuid().map_err(unlucky)?,
        owner,
        nonce,
        secret: URL_SAFE.encode(secret),
        passphrase: alloy_primitives::hex::encode(passphrase),
        kind,
    })
}

/// Opens the wallets of a key that are not open yet: EOA, proxy, Safe and both forms of deposit wallet. The EOA and the
/// deposit wallet of today get the grant.
///
/// # Errors
/// When the journal takes no more, or the grant is out of range.
pub(crate) fn open_wallets(core: &mut Core, owner: Address, grant: Money) -> Result<(), Refused> {
    let wallets = [
        (owner, SignatureType::Eoa, true),
        (wallet::proxy(owner), SignatureType::Proxy, false),
        (wallet::safe(owner), SignatureType::Safe, false),
        (wallet::deposit_wallet(owner), SignatureType::DepositWallet, true),
        (wallet::early_deposit_wallet(owner), SignatureType::DepositWallet, false),
    ];
    for (address, kind, granted) in wallets {
        if core.polymarket.accounts.contains_key(&address) {
            continue;
        }
        core.submit_polymarket(Record::OpenWallet(WalletRecord { address, owner, kind }))?;
        if granted && grant != Money::ZERO {
            let account = core.polymarket.accounts[&address];
            core.submit_polymarket(Record::Fund { account, amount: grant })?;
        }
    }
    Ok(())
}

fn credentials(record: &KeyRecord) -> Reply {
    json(&ApiKeyReply {
        api_key: record.key.clone(),
        secret: record.secret.clone(),
        passphrase: record.passphrase.clone(),
    })
}

pub(super) async fn create(State(app): State<App>, WalletSigned { address, nonce }: WalletSigned) -> Reply {
    let record = make(address, nonce, KeyKind::Trading)?;
    let (added, grant) = (record.clone(), app.grant);
    let work = move |core: &mut Core| {
        let taken = core
            .polymarket
            .keys
            .values()
            .any(|row| row.record.is_for_trading() && (row.record.owner, row.record.nonce) == (address, nonce));
        if taken {
            return Err(Failure::text(400, text::COULD_NOT_CREATE_KEY));
        }
        let failed = |_refused| Failure::text(400, text::COULD_NOT_CREATE_KEY);
        open_wallets(core, address, grant).map_err(failed)?;
        core.submit_polymarket(Record::AddKey(added)).map_err(failed)
    };
    app.core.call(work).await??;
    credentials(&record)
}

pub(super) async fn derive(State(app): State<App>, WalletSigned { address, nonce }: WalletSigned) -> Reply {
    let table = app.doors.table();
    let key = table.by_nonce.get(&(address, nonce)).and_then(|key| table.keys.get(key));
    credentials(&key.ok_or_else(|| Failure::text(400, text::COULD_NOT_DERIVE_KEY))?.record)
}

/// Keys of an owner, in the order of their names.
fn of_owner(app: &App, owner: Address, kind: KeyKind) -> Vec<String> {
    let table = app.doors.table();
    let keys = table.keys.values().filter(|key| key.record.owner == owner && key.record.kind == kind);
    let mut keys: Vec<String> = keys.map(|key| key.record.key.clone()).collect();
    keys.sort_unstable();
    keys
}

pub(super) async fn list(State(app): State<App>, signed: Signed) -> Reply {
    json(&ApiKeysReply { api_keys: of_owner(&app, signed.owner(), KeyKind::Trading) })
}

async fn remove(app: &App, key: String) -> Result<(), Failure> {
    let work = move |core: &mut Core| core.submit_polymarket(Record::RemoveKey { key });
    app.core.call(work).await?.map(drop).map_err(|_unknown| Failure::text(401, text::UNAUTHORIZED))
}

pub(super) async fn delete(State(app): State<App>, Writer(signed): Writer) -> Reply {
    remove(&app, signed.id().to_owned()).await?;
    json(&"OK")
}

async fn add(app: &App, owner: Address, kind: KeyKind) -> Result<KeyRecord, Failure> {
    let record = make(owner, 0, kind)?;
    let added = record.clone();
    let work = move |core: &mut Core| core.submit_polymarket(Record::AddKey(added));
    app.core.call(work).await?.map_err(|_refused| Failure::text(400, text::COULD_NOT_CREATE_KEY))?;
    Ok(record)
}

pub(super) async fn create_readonly(State(app): State<App>, Writer(signed): Writer) -> Reply {
    let record = add(&app, signed.owner(), KeyKind::Readonly).await?;
    json(&ReadonlyApiKeyReply { api_key: record.key })
}

pub(super) async fn list_readonly(State(app): State<App>, signed: Signed) -> Reply {
    json(&ReadonlyApiKeysReply { readonly_api_keys: of_owner(&app, signed.owner(), KeyKind::Readonly) })
}

pub(super) async fn delete_readonly(State(app): State<App>, Writer(signed): Writer) -> Reply {
    let request: DeleteKeyRequest =
        serde_json::from_slice(&signed.body).map_err(|_no_json| Failure::text(400, text::INVALID_PAYLOAD))?;
    let known = of_owner(&app, signed.owner(), KeyKind::Readonly).contains(&request.key);
    if known {
        remove(&app, request.key).await?;
    }
    json(&known)
}

/// Tells nothing but whether the two belong together, so it asks for no signature: clients send none.
pub(super) async fn validate_readonly(State(app): State<App>, params: Params) -> Reply {
    let owner = params.one("address").and_then(|address| address.parse::<Address>().ok());
    let table = app.doors.table();
    let key = params.one("key").and_then(|key| table.keys.get(key));
    let key = key.filter(|key| key.record.kind == KeyKind::Readonly);
    json(&key.is_some_and(|key| Some(key.record.owner) == owner))
}

pub(super) async fn create_builder(State(app): State<App>, Writer(signed): Writer) -> Reply {
    let record = add(&app, signed.owner(), KeyKind::Builder).await?;
    json(&BuilderApiKeyReply { key: record.key, secret: record.secret, passphrase: record.passphrase })
}

pub(super) async fn list_builder(State(app): State<App>, signed: Signed) -> Reply {
    let keys = of_owner(&app, signed.owner(), KeyKind::Builder).into_iter();
    let entries = keys.map(|key| BuilderApiKeyEntry { key, created_at: None, revoked_at: None });
    json(&entries.collect::<Vec<_>>())
}

/// Removes the builder's key that signed; signed by an API key instead, all builder's keys of its owner.
pub(super) async fn delete_builder(State(app): State<App>, headers: HeaderMap, request: Request) -> Reply {
    let path = request.uri().path().to_owned();
    let by_builder = check_builder(&app.doors.table(), &headers, (Method::DELETE.as_str(), &path), b"", wall_now());
    let keys = match by_builder {
        Ok(key) => vec![key.record.key.clone()],
        Err(_no_builder) => {
            let Writer(signed) = Writer::from_request(request, &app).await?;
            of_owner(&app, signed.owner(), KeyKind::Builder)
        }
    };
    for key in keys {
        remove(&app, key).await?;
    }
    json(&"OK")
}

pub(super) async fn closed_only(State(app): State<App>, signed: Signed) -> Reply {
    let owner = signed.owner();
    let closed_only =
        app.core.call(move |core| core.polymarket.restrictions.get(&owner) == Some(&Restriction::ClosedOnly)).await?;
    json(&ClosedOnlyReply { closed_only })
}
