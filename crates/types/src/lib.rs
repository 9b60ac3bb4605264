//! Units, ids, instruments, inputs and commands: the words every crate of Brier shares.
