//! An exchange's core as a pure state machine: matching, ledger, positions, fees and settlement.
