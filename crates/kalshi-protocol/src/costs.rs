//! Token costs of every operation, the buckets they drain, and the tiers' sizes.
//!
//! Invariants: costs are the venue's; a batch costs the sum of its items and passes or fails whole; a concrete path finds
//! the most literal template that fits. No bucket is kept here: that needs a clock.
//!
//! Source: reference sections 5 and 13 (docs.kalshi.com "rate limits"; costs as served by the demo exchange on 2026-09-15),
//! 2026-11-20.

use crate::rest::{BASE_PATH, BucketLimit, EndpointTokenCost, GetAccountEndpointCostsResponse, Method};

mod table;

/// What an operation costs unless the table says otherwise.
pub const DEFAULT_COST: u32 = 10;

/// One of the two buckets of an account. REST and FIX drain the same ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Bucket {
    /// Everything that is not [`Bucket::Write`], some POSTs included.
    Read,
    /// Orders, order groups, the flow of requests for quotes, acceptance of block trades.
    Write,
}

/// What one operation costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OperationCost {
    /// HTTP method.
    pub method: Method,
    /// Path below [`BASE_PATH`] with `{name}` for each part, or a `*` for the rest.
    pub template: &'static str,
    /// Tokens, of one item for batches.
    pub tokens: u32,
    /// Which bucket.
    pub bucket: Bucket,
    /// Whether the cost is for each item of a batch.
    pub per_item: bool,
}

/// Tokens, and the bucket they come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// Which bucket.
    pub bucket: Bucket,
    /// Tokens, of all items.
    pub tokens: u32,
}

/// Every operation of the venue with its cost.
pub fn operations() -> &'static [OperationCost] {
    table::OPERATIONS
}

/// What a call costs by the reference: [`CostTable::reference`] without its own copy.
///
/// `path` is the full path as sent, with or without query. `items` counts the orders of a batch and is 1 elsewhere.
pub fn cost(method: Method, path: &str, items: u32) -> Cost {
    let path = below_base(path);
    let found = best_match(table::OPERATIONS.iter().filter(|row| row.method == method), |row| row.template, path);
    found.map_or(Cost { bucket: bucket_of(method, path), tokens: DEFAULT_COST }, |(_, row)| Cost {
        bucket: row.bucket,
        tokens: if row.per_item { row.tokens.saturating_mul(items) } else { row.tokens },
    })
}

/// The bucket of a call, by the documented rule, for paths the table does not know.
fn bucket_of(method: Method, below_base: &str) -> Bucket {
    const WRITES: [&str; 4] =
        ["/portfolio/events/orders", "/portfolio/orders", "/portfolio/order_groups", "/communications/"];
    let writes = method.is_write() && WRITES.iter().any(|prefix| below_base.starts_with(prefix));
    if writes { Bucket::Write } else { Bucket::Read }
}

/// The path without query, fragment and [`BASE_PATH`].
fn below_base(path: &str) -> &str {
    let path = crate::auth::signed_path(path);
    path.strip_prefix(BASE_PATH).unwrap_or(path)
}

/// The row whose template fits `path` with the most literal segments, the earlier one leading.
fn best_match<'a, T>(
    rows: impl Iterator<Item = &'a T>,
    template: impl Fn(&'a T) -> &'a str,
    path: &str,
) -> Option<(Vec<u8>, &'a T)> {
    let mut best: Option<(Vec<u8>, &'a T)> = None;
    for row in rows {
        if let Some(fit) = fit(template(row), path)
            && best.as_ref().is_none_or(|(best_fit, _)| fit > *best_fit)
        {
            best = Some((fit, row));
        }
    }
    best
}

/// How well a template fits a path: for each segment whether it is literal (2), a part (1) or the rest (0), so that an
/// earlier literal leads. `None` when it does not fit.
///
/// Parts are written `{name}` or `:name`, the rest `*` or `*name`.
fn fit(template: &str, path: &str) -> Option<Vec<u8>> {
    let mut segments = path.split('/');
    let mut fit = Vec::new();
    for wanted in template.split('/') {
        if wanted.starts_with('*') {
            segments.next()?;
            fit.push(0);
            return Some(fit);
        }
        let found = segments.next()?;
        let is_part = wanted.starts_with('{') || wanted.starts_with(':');
        if is_part && !found.is_empty() {
            fit.push(1);
        } else if wanted == found {
            fit.push(2);
        } else {
            return None;
        }
    }
    segments.next().is_none().then_some(fit)
}

/// Costs as an account's venue states them, over the reference's.
///
/// Read from `GET /account/endpoint_costs`: its list names the exceptions, its default is for every other call. Which bucket
/// a call drains, and whether its cost is per item, the venue does not say there; the reference does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CostTable {
    default_cost: u32,
    exceptions: Vec<EndpointTokenCost>,
}

impl CostTable {
    /// The costs of the reference.
    pub fn reference() -> Self {
        Self::from_response(reference_response())
    }

    /// The costs an answer states.
    pub fn from_response(response: GetAccountEndpointCostsResponse) -> Self {
        Self { default_cost: response.default_cost, exceptions: response.endpoint_costs }
    }

    /// The answer that states these costs.
    pub fn to_response(&self) -> GetAccountEndpointCostsResponse {
        GetAccountEndpointCostsResponse { default_cost: self.default_cost, endpoint_costs: self.exceptions.clone() }
    }

    /// What a call costs. `path` is the full path as sent, with or without query; `items` counts the orders of a batch and
    /// is 1 elsewhere.
    pub fn cost(&self, method: Method, path: &str, items: u32) -> Cost {
        let path = below_base(path);
        let stated = best_match(
            self.exceptions.iter().filter(|row| Method::parse(&row.method) == Some(method)),
            |row| below_base(&row.path),
            path,
        );
        let known = best_match(table::OPERATIONS.iter().filter(|row| row.method == method), |row| row.template, path);
        // `/portfolio/orders/:order_id` must not price `/portfolio/orders/queue_positions`, which is an operation of its own.
        let tokens = match (&stated, &known) {
            (Some((fit, row)), known) if known.as_ref().is_none_or(|(known_fit, _)| fit >= known_fit) => row.cost,
            _ => self.default_cost,
        };
        let known = known.map(|(_, row)| row);
        let per_item = known.is_some_and(|row| row.per_item);
        Cost {
            bucket: known.map_or_else(|| bucket_of(method, path), |row| row.bucket),
            tokens: if per_item { tokens.saturating_mul(items) } else { tokens },
        }
    }
}

/// What `GET /account/endpoint_costs` answers by the reference: full paths, `:name` for parts, `*name` for the rest.
pub fn reference_response() -> GetAccountEndpointCostsResponse {
    let exceptions = table::OPERATIONS.iter().filter(|row| row.tokens != DEFAULT_COST);
    GetAccountEndpointCostsResponse {
        default_cost: DEFAULT_COST,
        endpoint_costs: exceptions
            .map(|row| EndpointTokenCost {
                method: row.method.as_str().to_owned(),
                path: format!("{BASE_PATH}{}", colon_form(row.template)),
                cost: row.tokens,
            })
            .collect(),
    }
}

/// A template with `:name` for `{name}` and `*path` for `*`.
fn colon_form(template: &str) -> String {
    template.replace('{', ":").replace('}', "").replace('*', "*path")
}

/// How much an account may do. The words are those of `usage_tier`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tier {
    /// After sign-up.
    Basic,
    /// By `POST /account/api_usage_level/upgrade`.
    Advanced,
    /// By volume share, or assigned.
    Expert,
    /// By volume share.
    Premier,
    /// By volume share.
    Paragon,
    /// By volume share.
    Prime,
    /// By volume share.
    Prestige,
}

impl Tier {
    /// Every tier, lowest first.
    pub const ALL: [Self; 7] =
        [Self::Basic, Self::Advanced, Self::Expert, Self::Premier, Self::Paragon, Self::Prime, Self::Prestige];

    /// The word of `usage_tier`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Basic => "basic",
            Self::Advanced => "advanced",
            Self::Expert => "expert",
            Self::Premier => "premier",
            Self::Paragon => "paragon",
            Self::Prime => "prime",
            Self::Prestige => "prestige",
        }
    }

    /// Reads the word of `usage_tier`.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tier| tier.as_str().eq_ignore_ascii_case(word))
    }

    /// The size of one bucket.
    ///
    /// Capacity is three seconds of refill for reads of Basic and Advanced and for writes above Basic, else one.
    pub const fn limit(self, bucket: Bucket) -> BucketLimit {
        let (read, write) = match self {
            Self::Basic => (200, 100),
            Self::Advanced => (300, 300),
            Self::Expert => (600, 600),
            Self::Premier => (1_200, 1_200),
            Self::Paragon => (2_400, 2_400),
            Self::Prime => (4_800, 4_800),
            Self::Prestige => (12_000, 9_600),
        };
        let (refill_rate, seconds) = match bucket {
            Bucket::Read => (read, if matches!(self, Self::Basic | Self::Advanced) { 3 } else { 1 }),
            Bucket::Write => (write, if matches!(self, Self::Basic) { 1 } else { 3 }),
        };
        BucketLimit { refill_rate, bucket_capacity: refill_rate * seconds }
    }
}

#[cfg(test)]
mod tests;
