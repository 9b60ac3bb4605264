//! One TLS configuration for REST and WebSocket: rustls with aws-lc and the system's root certificates.
//!
//! The provider is named here, not installed for the whole process, so no other crate's choice can make this one panic.
//! Plain http and ws, which only local environments use, need none of it: no certificate is read for them.

use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore};

use crate::ConnectError;

/// A client configuration that trusts what the system trusts; `alpn` in order of preference.
///
/// # Errors
/// [`ConnectError`] when the system has no root certificates.
pub fn client_config(alpn: &[&[u8]]) -> Result<ClientConfig, ConnectError> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    let (added, _unreadable) = roots.add_parsable_certificates(found.certs);
    if added == 0 {
        let why = found.errors.first().map_or_else(|| "the store is empty".to_owned(), ToString::to_string);
        return Err(ConnectError(format!("no root certificate found: {why}; install the system's `ca-certificates`")));
    }
    build(roots, alpn)
}

/// A configuration that trusts nobody: for plain http, where the HTTP client wants one all the same.
///
/// # Errors
/// [`ConnectError`] never in practice: the provider supports the default versions.
pub fn without_roots() -> Result<ClientConfig, ConnectError> {
    build(RootCertStore::empty(), &[])
}

fn build(roots: RootCertStore, alpn: &[&[u8]]) -> Result<ClientConfig, ConnectError> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| ConnectError(error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
    Ok(config)
}
