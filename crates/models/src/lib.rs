//! Fair values as pure functions.
