//! Token costs of every operation and the tiers' buckets.
