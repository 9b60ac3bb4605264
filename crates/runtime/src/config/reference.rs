//! The reference page of every key, written from the same table that the configuration is read by.
