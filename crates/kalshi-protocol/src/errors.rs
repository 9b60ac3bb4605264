//! The venue's error bodies, in all their shapes.
