//! What calls cost in tokens: the documented costs until the venue says its own.
//!
//! Source: reference sections 5 and 13, 2026-11-20.

use std::collections::BTreeMap;

use brier_kalshi_protocol::rest::GetAccountEndpointCostsResponse;
use reqwest::Method;

use crate::env::REST_PREFIX;

/// Token costs by method and documented path.
#[derive(Clone, Debug)]
pub(crate) struct Costs {
    default: u32,
    exceptions: BTreeMap<(String, String), u32>,
}

impl Default for Costs {
    fn default() -> Self {
        let exceptions = [
            ("DELETE", "/portfolio/events/orders", 2),
            ("DELETE", "/portfolio/events/orders/batched", 2),
            ("DELETE", "/portfolio/events/orders/{order_id}", 2),
            ("GET", "/portfolio/orders/{order_id}", 2),
        ];
        let exceptions =
            exceptions.into_iter().map(|(method, path, cost)| ((method.to_owned(), normal(path)), cost)).collect();
        Self { default: 10, exceptions }
    }
}

impl Costs {
    /// The costs as the venue states them; what it does not name costs its default.
    pub(crate) fn stated(costs: &GetAccountEndpointCostsResponse) -> Self {
        let exceptions = costs
            .endpoint_costs
            .iter()
            .map(|entry| ((entry.method.to_ascii_uppercase(), normal(&entry.path)), entry.cost))
            .collect();
        Self { default: costs.default_cost, exceptions }
    }

    /// What `items` of a call cost together.
    pub(crate) fn of(&self, method: &Method, template: &str, items: u32) -> u32 {
        let each = self.exceptions.get(&(method.as_str().to_owned(), normal(template))).unwrap_or(&self.default);
        each.saturating_mul(items)
    }
}

/// A documented path without its prefix and without the names of its parameters, which differ between documents.
fn normal(path: &str) -> String {
    let path = path.strip_prefix(REST_PREFIX).unwrap_or(path);
    let segments: Vec<&str> =
        path.split('/').map(|segment| if segment.starts_with(['{', ':']) { "{}" } else { segment }).collect();
    segments.join("/")
}

#[cfg(test)]
mod tests {
    use brier_kalshi_protocol::rest::EndpointTokenCost;

    use super::*;

    #[test]
    fn documented_costs_hold_until_the_venue_states_its_own() {
        let documented = Costs::default();
        assert_eq!(documented.of(&Method::POST, "/portfolio/events/orders", 1), 10);
        assert_eq!(documented.of(&Method::DELETE, "/portfolio/events/orders/{order_id}", 1), 2);
        assert_eq!(documented.of(&Method::DELETE, "/portfolio/events/orders/batched", 7), 14);
        assert_eq!(documented.of(&Method::GET, "/portfolio/orders/{order_id}", 1), 2);
        let stated = Costs::stated(&GetAccountEndpointCostsResponse {
            default_cost: 5,
            endpoint_costs: vec![EndpointTokenCost {
                method: "delete".to_owned(),
                path: "/trade-api/v2/portfolio/events/orders/:id".to_owned(),
                cost: 1,
            }],
        });
        assert_eq!(stated.of(&Method::DELETE, "/portfolio/events/orders/{order_id}", 1), 1);
        assert_eq!(stated.of(&Method::GET, "/markets", 1), 5);
    }
}
