//! The feeds from outside: the table of settlement, every adapter against its emulator, mutated payloads.

mod settlement;
