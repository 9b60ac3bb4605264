//! Price structures and grids in the venue's words.
