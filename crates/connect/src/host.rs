//! Which hosts can only be our own.

use std::net::IpAddr;

/// Whether `host` can only be this machine or a network of ours.
pub fn is_near(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    match bare.parse::<IpAddr>() {
        Ok(IpAddr::V4(ip)) => ip.is_loopback() || ip.is_private() || ip.is_link_local(),
        Ok(IpAddr::V6(ip)) => ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local(),
        // A name without a dot, or under a suffix that is reserved for private use (RFC 6761, 6762, ICANN `internal`).
        Err(_) => {
            let name = bare.trim_end_matches('.').to_ascii_lowercase();
            !name.contains('.')
                || [".localhost", ".local", ".internal", ".test"].iter().any(|suffix| name.ends_with(suffix))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_addresses_of_ours_are_near() {
        for host in ["127.0.0.1", "[::1]", "10.1.2.3", "localhost", "exchange", "box.local", "a.internal."] {
            assert!(is_near(host), "{host}");
        }
        for host in ["8.8.8.8", "[2606:4700::1]", "clob.polymarket.com", "api.localhost.com"] {
            assert!(!is_near(host), "{host}");
        }
    }
}
