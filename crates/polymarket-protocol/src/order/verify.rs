//! Whether an order was signed by who may sign it.
//!
//! What is accepted is what the exchange contract accepts, since nothing else could be settled: signatures of 65 bytes with
//! v of 27 or 28 and s in the lower half, the CREATE2 wallet of the signer as maker for types 1 and 2, and the wrapped form
//! for type 3. Signatures of session keys are not: which keys a wallet allows stands on the chain alone.
//!
//! Source: reference, sections 3.5, 4, 5.4 and 7.7, 2026-11-20.

use alloy_primitives::{Address, B256};

use super::signature::wrapped_digest;
use super::{Order, OrderV1, Signature, SignatureFormError};
use crate::auth::{EcdsaSignature, RecoverError, recover};
use crate::contracts::{Chain, Domain, OrderVersion};
use crate::eip712;
use crate::ids::{OrderHash, SignatureType};
use crate::wallet;

/// An order that was signed by who may sign it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verified {
    /// The order's id.
    pub hash: OrderHash,
    /// The key that signed: the signer, or the owner of the deposit wallet.
    pub owner: Address,
}

/// Why an order's signature does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// It is none of the order's type.
    #[error(transparent)]
    Form(#[from] SignatureFormError),
    /// No address can be told from it.
    #[error(transparent)]
    Recover(#[from] RecoverError),
    /// Somebody else signed, or something else.
    #[error(
        "signature: expected one by {expected}, found one by {found}; check key, amounts and the market's neg-risk flag"
    )]
    Signer {
        /// Who should have.
        expected: Address,
        /// Whom it recovers to.
        found: Address,
    },
    /// Maker and signer do not belong together as the type says.
    #[error("maker: expected {expected} for signature type {}, found {found}", *.signature_type as u8)]
    Maker {
        /// The order's type.
        signature_type: SignatureType,
        /// The only maker of this signer.
        expected: Address,
        /// The order's.
        found: Address,
    },
    /// The one who signed for a deposit wallet does not own it, as far as is known.
    #[error("signature: expected one by the owner of deposit wallet {wallet}, found one by {found}")]
    NotOwner {
        /// The order's maker.
        wallet: Address,
        /// Whom the signature recovers to.
        found: Address,
    },
    /// The wrapped form covers another order or another domain than this one.
    #[error("signature: expected the order's own {part} inside, found another")]
    OtherContents {
        /// Which part of the wrapped form.
        part: &'static str,
    },
    /// It holds for another generation of the exchange: the client is to ask for the version and sign again.
    #[error("order_version_mismatch: expected a signature for version {expected}, found one for version {found}")]
    VersionMismatch {
        /// The exchange's generation.
        expected: OrderVersion,
        /// What it is signed for.
        found: OrderVersion,
    },
    /// It holds for the other exchange of the same generation: the market's neg-risk flag was taken wrongly.
    #[error("signature: expected one for the exchange with neg_risk={expected}, found one for the other")]
    WrongExchange {
        /// The market's flag.
        expected: bool,
    },
    /// Deposit wallets came with V2.
    #[error("signature type 3: expected an order of V2 or V3, found one of V1")]
    NoDepositWalletInV1,
}

/// Checks an order of V2 or V3 against the bytes of its signature.
///
/// `owner_on_file` is who is known to own the deposit wallet of an order of type 3; without it, the wallet has to be one of
/// the two that are derived from who signed. Recovers once if all is well, and up to four times more to name what is wrong.
///
/// # Errors
/// [`SignatureError`]; the order is to be refused.
pub fn verify(
    order: &Order,
    signature: &[u8],
    domain: Domain,
    owner_on_file: Option<Address>,
) -> Result<Verified, SignatureError> {
    let signature = Signature::from_bytes(signature, order.signature_type)?;
    let contents = order.struct_hash();
    let hash = OrderHash(eip712::digest(domain.separator(), contents));
    check_maker(order.signature_type, order.maker, order.signer)?;
    let judged = match &signature {
        Signature::Ecdsa(signature) => expect_signer(hash.0, signature, order.signer),
        Signature::DepositWallet { owner, domain_separator, contents: covered } => {
            if *covered != contents {
                return Err(SignatureError::OtherContents { part: "contents hash" });
            }
            if *domain_separator == domain.separator() {
                expect_owner(wrapped_digest(domain, contents, order.maker), owner, order.maker, owner_on_file)
            } else {
                Err(SignatureError::OtherContents { part: "domain separator" })
            }
        }
    };
    match judged {
        Ok(owner) => Ok(Verified { hash, owner }),
        Err(error) => Err(elsewhere(order, &signature, contents, domain, owner_on_file).unwrap_or(error)),
    }
}

/// Checks an order of V1.
///
/// # Errors
/// [`SignatureError`]; the order is to be refused.
pub fn verify_v1(order: &OrderV1, signature: &[u8], chain: Chain, neg_risk: bool) -> Result<Verified, SignatureError> {
    if order.signature_type == SignatureType::DepositWallet {
        return Err(SignatureError::NoDepositWalletInV1);
    }
    let Signature::Ecdsa(signature) = Signature::from_bytes(signature, order.signature_type)? else {
        return Err(SignatureError::NoDepositWalletInV1);
    };
    check_maker(order.signature_type, order.maker, order.signer)?;
    let hash = order.hash(chain, neg_risk);
    match expect_signer(hash.0, &signature, order.signer) {
        Ok(owner) => Ok(Verified { hash, owner }),
        Err(error) => {
            let other = order.hash(chain, !neg_risk);
            let elsewhere = expect_signer(other.0, &signature, order.signer).is_ok();
            Err(if elsewhere { SignatureError::WrongExchange { expected: neg_risk } } else { error })
        }
    }
}

/// Whether this maker may stand beside this signer.
fn check_maker(signature_type: SignatureType, maker: Address, signer: Address) -> Result<(), SignatureError> {
    let expected = match signature_type {
        SignatureType::Eoa | SignatureType::DepositWallet => signer,
        SignatureType::Proxy => wallet::proxy(signer),
        SignatureType::Safe => wallet::safe(signer),
    };
    if maker == expected { Ok(()) } else { Err(SignatureError::Maker { signature_type, expected, found: maker }) }
}

fn expect_signer(digest: B256, signature: &EcdsaSignature, signer: Address) -> Result<Address, SignatureError> {
    let found = recover(digest, signature)?;
    if found == signer { Ok(found) } else { Err(SignatureError::Signer { expected: signer, found }) }
}

fn expect_owner(
    digest: B256,
    signature: &EcdsaSignature,
    deposit_wallet: Address,
    on_file: Option<Address>,
) -> Result<Address, SignatureError> {
    let found = recover(digest, signature)?;
    if on_file == Some(found) || wallet::is_deposit_wallet_of(deposit_wallet, found) {
        Ok(found)
    } else {
        Err(SignatureError::NotOwner { wallet: deposit_wallet, found })
    }
}

/// Whether the signature holds in another domain of the chain, and what to say then.
fn elsewhere(
    order: &Order,
    signature: &Signature,
    contents: B256,
    domain: Domain,
    on_file: Option<Address>,
) -> Option<SignatureError> {
    let others = [(OrderVersion::V2, false), (OrderVersion::V2, true), (OrderVersion::V3, false)];
    let others = others.map(|(version, neg_risk)| Domain::new(domain.chain, version, neg_risk));
    let found =
        others.into_iter().filter(|other| other.separator() != domain.separator()).find(|other| match signature {
            Signature::Ecdsa(signature) => {
                expect_signer(eip712::digest(other.separator(), contents), signature, order.signer).is_ok()
            }
            Signature::DepositWallet { owner, domain_separator, .. } => {
                *domain_separator == other.separator()
                    && expect_owner(wrapped_digest(*other, contents, order.maker), owner, order.maker, on_file).is_ok()
            }
        })?;
    Some(if found.version == domain.version {
        SignatureError::WrongExchange { expected: domain.neg_risk }
    } else {
        SignatureError::VersionMismatch { expected: domain.version, found: found.version }
    })
}
