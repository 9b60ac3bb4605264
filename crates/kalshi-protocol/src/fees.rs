//! Exact trade fees and their rounding.
