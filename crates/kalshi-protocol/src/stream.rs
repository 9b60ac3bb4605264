//! The hot market-data frames, decoded without copying.
