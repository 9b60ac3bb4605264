//! Durable storage: the append-only journal.
