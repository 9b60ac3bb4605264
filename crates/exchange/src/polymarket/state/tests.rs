//! The state from records alone.
